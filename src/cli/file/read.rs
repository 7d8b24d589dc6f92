//! Converts the config file's tree to overrides. The YAML parser also reads JSON, and records the line and column of
//! every key.

mod counts;
mod distribution;
mod documents;
mod lists;
mod references;
mod series;
mod values;

use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, MarkedYamlOwned, YamlDataOwned};

use super::keys;
use super::keys::ConfigKey;
use super::{ConfigFile, FileError, Generation, Reading, csv, read_file};
use dbmocker_plan::Duplicates;
use dbmocker_plan::Scalar;
use dbmocker_planner::{ColumnOverride, FixedRow, FixedRows, RequestedRows, TableOverride};

/// The default of smart_duplicates, as in the original.
const PROBABILITY: f64 = 0.5;
const MAX_VALUES: u32 = 10;

type YamlNode = MarkedYamlOwned;
/// A key with its line and column, and its value.
type YamlEntry<'n> = ((String, &'n YamlNode), &'n YamlNode);

/// Only a file that a flag names may reach beyond its folder and the rows.
const NOT_FOUND_BY_ITSELF: &str =
    "no flag names this file, so that it sets no sessions and reads files of its folder only; name it by --config";
/// Files of a chain of `extends`.
const MOST_FILES: usize = 16;
/// Bytes of a file that is extended.
const MOST_BYTES: u64 = 16 << 20;

/// `folder`: the folder to which paths in the text are relative.
pub(super) fn parse(text: &str, file: &str, folder: &Path, reading: &mut Reading) -> Result<ConfigFile, FileError> {
    let documents = YamlNode::load_from_str(text).map_err(|e| FileError::At {
        file: file.into(),
        line: e.marker().line(),
        column: e.marker().col() + 1,
        message: format!("this is neither YAML nor JSON: {}", e.info()),
    })?;
    let reader = ConfigReader { file, folder, found: reading.found, chars: text.chars().collect() };
    match documents.as_slice() {
        [] => Ok(ConfigFile::default()),
        [one] => reader.file(one, reading),
        [_, second, ..] => Err(reader.error(second, "a second document; keep one in the file")),
    }
}

struct ConfigReader<'a> {
    file: &'a str,
    folder: &'a Path,
    /// No flag names the file.
    found: bool,
    /// The file's text.
    chars: Vec<char>,
}

impl ConfigReader<'_> {
    fn error(&self, at: &YamlNode, message: impl Into<String>) -> FileError {
        FileError::At {
            file: self.file.into(),
            line: at.span.start.line(),
            column: at.span.start.col() + 1,
            message: message.into(),
        }
    }

    fn origin(&self, at: &YamlNode) -> String {
        format!("`{}`, line {}", self.file, at.span.start.line())
    }

    fn file(&self, node: &YamlNode, reading: &mut Reading) -> Result<ConfigFile, FileError> {
        let (mut config, mut base) = (ConfigFile::default(), None);
        for (key, value) in self.section(node, "the file", keys::FILE)? {
            match key.name {
                "extends" => base = Some(self.extended(value, key, reading)?),
                "generation" => config.generation = self.generation(value)?,
                "references" => config.overrides.references = self.references(value, key)?,
                "session" if self.found => return Err(self.error(value, NOT_FOUND_BY_ITSELF)),
                "session" => config.session = self.session(value, key)?,
                "protect" => config.protect = self.patterns(value, key)?,
                _ => {
                    for (name, table) in self.named(value, "tables")? {
                        let override_ = TableOverride { origin: self.origin(name.1), ..self.table(table, &name.0)? };
                        config.overrides.tables.insert(name.0, override_);
                    }
                }
            }
        }
        Ok(match base {
            Some(base) => config.over(base),
            None => config,
        })
    }

    /// The path of a file that this one names.
    fn path(&self, node: &YamlNode, name: &str) -> Result<PathBuf, FileError> {
        let path = self.folder.join(name);
        let folder = if self.folder.as_os_str().is_empty() { Path::new(".") } else { self.folder };
        let inside = match (path.canonicalize(), folder.canonicalize()) {
            (Ok(path), Ok(folder)) => path.starts_with(folder),
            // A file that is not there is reported when it is read.
            _ => true,
        };
        if self.found && !inside { Err(self.error(node, NOT_FOUND_BY_ITSELF)) } else { Ok(path) }
    }

    /// The file that this one extends.
    fn extended(&self, node: &YamlNode, key: &ConfigKey, reading: &mut Reading) -> Result<ConfigFile, FileError> {
        let name = self.text(node, key)?;
        let path = self.path(node, &name)?;
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        if reading.before.iter().any(|known| real(known) == real(&path)) {
            return Err(
                self.error(node, format!("`{name}` extends this file, directly or by others; leave one `extends` out"))
            );
        }
        if reading.before.len() >= MOST_FILES {
            return Err(self.error(node, format!("more than {MOST_FILES} files extend each other; join some of them")));
        }
        if let Ok(file) = path.metadata()
            && (!file.is_file() || file.len() > MOST_BYTES)
        {
            return Err(self.error(node, format!("`{name}` is no config file: it is no file, or has more than 16 MiB")));
        }
        read_file(&path, reading).map_err(|e| match e {
            FileError::Unreadable { source, .. } => self.error(
                node,
                format!("`extends: {name}` cannot be read: {source}; its path is relative to this file's folder"),
            ),
            e => e,
        })
    }

    fn generation(&self, node: &YamlNode) -> Result<Generation, FileError> {
        let mut out = Generation::default();
        for (key, value) in self.section(node, "generation", keys::GENERATION)? {
            match key.name {
                "batch_size" => out.batch_size = Some(self.above_none(value, key)?),
                "max_workers" => {
                    let workers = u16::try_from(self.above_none(value, key)?).ok().filter(|n| *n <= 1024);
                    out.max_workers =
                        Some(workers.ok_or_else(|| self.error(value, "`max_workers` must be from 1 to 1024"))?);
                }
                "rows" => out.rows = Some(self.count(value, key)?),
                "seed" => out.seed = Some(self.count(value, key)?),
                "coherence" => out.coherence = Some(self.flag(value, key)?),
                _ => out.truncate_existing = Some(self.flag(value, key)?),
            }
        }
        Ok(out)
    }

    fn table(&self, node: &YamlNode, name: &str) -> Result<TableOverride, FileError> {
        let mut override_ = TableOverride::default();
        let mut sources = Vec::new();
        for (key, value) in self.section(node, &format!("table `{name}`"), keys::TABLE)? {
            if matches!(key.name, "rows_to_generate" | "count" | "rows" | "rows_from") {
                sources.push((key.name, value));
            }
            match key.name {
                "rows" => override_.fixed_rows = Some(self.rows(value, key)?),
                "rows_from" => {
                    let file = self.text(value, key)?;
                    override_.fixed_rows = Some(csv::read(&self.path(value, &file)?, &file)?);
                }
                "rows_to_generate" => override_.rows = Some(RequestedRows::Number(self.count(value, key)?)),
                "groups" => override_.groups = self.groups(value, key)?,
                "count" => override_.rows = Some(self.row_count(value, key)?),
                "use_existing_data" => override_.use_existing = Some(self.flag(value, key)?),
                "coherence" => override_.coherence = Some(self.flag(value, key)?),
                _ => {
                    for (column, node) in self.named(value, "column_configs")? {
                        let read = self.column(node, &format!("{name}.{}", column.0))?;
                        override_.columns.insert(column.0, ColumnOverride { origin: self.origin(column.1), ..read });
                    }
                }
            }
        }
        match sources.as_slice() {
            [_, (second, at), ..] => {
                let message = format!("table `{name}`: `{}` and `{second}` set its rows twice; keep one", sources[0].0);
                Err(self.error(at, message))
            }
            [(key, at)] if override_.use_existing == Some(true) && override_.fixed_rows.is_some() => {
                Err(self.error(at, format!("table `{name}`: `{key}` contradicts `use_existing_data`; keep one")))
            }
            _ => Ok(override_),
        }
    }

    /// Fixed rows, all with the same columns.
    fn rows(&self, node: &YamlNode, key: &ConfigKey) -> Result<FixedRows, FileError> {
        let YamlDataOwned::Sequence(items) = &node.data else { return Err(self.wrong(node, key, "a list of rows")) };
        let mut given = FixedRows { file: self.file.into(), ..FixedRows::default() };
        for item in items {
            let mut entries = self.named(item, "a row")?;
            if given.rows.is_empty() {
                given.columns = entries.iter().map(|((name, _), _)| name.clone()).collect();
            }
            let mut cells = Vec::with_capacity(given.columns.len());
            for column in &given.columns {
                let at = entries.iter().position(|((name, _), _)| name == column);
                let at = at.ok_or_else(|| {
                    self.error(
                        item,
                        format!("the row has no `{column}`, which the first row has; write null, or a value"),
                    )
                })?;
                cells.push(self.scalar(entries.swap_remove(at).1, key)?);
            }
            if let Some(((name, at), _)) = entries.first() {
                return Err(self.error(at, format!("the row has `{name}`, which the first row has not")));
            }
            given.rows.push(FixedRow { line: item.span.start.line(), cells });
        }
        if given.columns.is_empty() {
            return Err(self.wrong(node, key, "a list of one row or more"));
        }
        Ok(given)
    }

    fn column(&self, node: &YamlNode, name: &str) -> Result<ColumnOverride, FileError> {
        let mut override_ = ColumnOverride::default();
        let mut repeat = Repeat::default();
        for (key, value) in self.section(node, &format!("column `{name}`"), keys::COLUMN)? {
            match key.name {
                "expression" => override_.expression = Some(self.text(value, key)?),
                "rules" => override_.rules = self.rules(value, key)?,
                "series" => override_.series = Some(self.series(value)?),
                "random_walk" => override_.walk = Some(self.walk(value)?),
                "seasonality" => override_.season = Some(self.season(value)?),
                "distribution" => override_.distribution = Some(self.distribution(value, key)?),
                "default" => override_.default = self.flag(value, key)?,
                "edge_cases" => override_.edge_cases = Some(self.share(value, key)?),
                "duplicate_mode" => repeat.mode = Some((self.mode(value, key)?, value)),
                "duplicate_value" => repeat.value = Some((self.scalar(value, key)?, value)),
                "duplicate_probability" => repeat.probability = Some((self.share(value, key)?, value)),
                "max_duplicate_values" => repeat.max = Some((self.small(value, key)?.max(1), value)),
                _ => self.values(value, key, &mut override_, 0)?,
            }
        }
        override_.duplicates = self.duplicates(repeat)?;
        Ok(override_)
    }

    /// A key that columns share with members of documents.
    fn values(
        &self,
        value: &YamlNode,
        key: &ConfigKey,
        override_: &mut ColumnOverride,
        depth: usize,
    ) -> Result<(), FileError> {
        match key.name {
            "generator_function" => override_.generator = Some(self.generator(value, key)?),
            "min_value" => override_.min_value = Some(self.scalar(value, key)?),
            "max_value" => override_.max_value = Some(self.scalar(value, key)?),
            "min_length" => override_.min_length = Some(self.small(value, key)?),
            "max_length" => override_.max_length = Some(self.small(value, key)?),
            "length" => {
                let (min, max) = self.length(value, key)?;
                (override_.min_length, override_.max_length) = (Some(min), Some(max));
            }
            "pattern" => override_.pattern = Some(self.text(value, key)?),
            "possible_values" => override_.possible_values = self.listed(value, key, depth > 0)?,
            "weighted_values" => override_.weighted_values = self.weighted(value, key, depth > 0)?,
            "values_from" => override_.values_from = Some(self.value_file(value, key)?),
            "null_probability" => override_.null_probability = Some(self.share(value, key)?),
            "format_string" => override_.format_string = Some(self.text(value, key)?),
            _ => self.document(value, key, override_, depth)?,
        }
        Ok(())
    }

    fn duplicates(&self, repeat: Repeat<'_>) -> Result<Option<Duplicates>, FileError> {
        let Repeat { mode, value, probability, max } = repeat;
        let mode = mode.map_or("", |(m, _)| m);
        let misplaced = |at: Option<&YamlNode>, key: &str, wanted: &str| match at {
            Some(node) if mode != wanted => {
                Err(self.error(node, format!("`{key}` is for `duplicate_mode: {wanted}`; add that, or leave it out")))
            }
            _ => Ok(()),
        };
        misplaced(value.as_ref().map(|(_, n)| *n), "duplicate_value", "allow_duplicates")?;
        misplaced(probability.map(|(_, n)| n), "duplicate_probability", "smart_duplicates")?;
        misplaced(max.map(|(_, n)| n), "max_duplicate_values", "smart_duplicates")?;
        Ok(match mode {
            "" => None,
            "allow_duplicates" => Some(Duplicates::AllowDuplicates { value: value.map(|(v, _)| v) }),
            "smart_duplicates" => Some(Duplicates::SmartDuplicates {
                probability: probability.map_or(PROBABILITY, |(p, _)| p),
                max_values: max.map_or(MAX_VALUES, |(m, _)| m),
            }),
            _ => Some(Duplicates::GenerateNew),
        })
    }
}

/// The four keys that configure repeated values.
#[derive(Default)]
struct Repeat<'n> {
    mode: Option<(&'static str, &'n YamlNode)>,
    value: Option<(Scalar, &'n YamlNode)>,
    probability: Option<(f64, &'n YamlNode)>,
    max: Option<(u32, &'n YamlNode)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
generation: {rows: 2k, batch_size: 500, max_workers: 3, seed: 7, truncate_existing: true}
tables:
  users:
    rows_to_generate: 10k
    use_existing_data: false
    column_configs:
      email: {generator_function: email, min_length: 5, max_length: 50, null_probability: 0}
      age: {min_value: 18, max_value: 99.5}
      code: {pattern: "[A-Z]{3}"}
      kind: {possible_values: [a, 1, 2.5, true]}
      size: {weighted_values: {big: 1, 2: 3}, format_string: "<{}>"}
      place: {weighted_values: [{value: x, weight: 2}]}
      state: {duplicate_mode: allow_duplicates, duplicate_value: open}
      rating: {duplicate_mode: smart_duplicates, duplicate_probability: 0.7, max_duplicate_values: 15}
      other: {duplicate_mode: generate_new}
  lookup:
    rows: [{id: 1, name: open}, {name: null, id: 2}]
  empty:
"#;

    fn parse(text: &str, file: &str) -> Result<ConfigFile, FileError> {
        super::parse(text, file, Path::new(""), &mut Reading::default())
    }

    #[test]
    fn every_key_is_read() {
        let c = parse(WHOLE, "f").unwrap();
        let g = Generation {
            rows: Some(2_000),
            batch_size: Some(500),
            max_workers: Some(3),
            seed: Some(7),
            truncate_existing: Some(true),
            coherence: None,
        };
        assert_eq!(c.generation, g);
        let users = &c.overrides.tables["users"];
        assert_eq!((&users.rows, users.origin.as_str()), (&Some(RequestedRows::Number(10_000)), "`f`, line 4"));
        let of = |name: &str| users.columns[name].clone();
        assert_eq!((of("email").generator.as_deref(), of("email").min_length), (Some("email"), Some(5)));
        assert_eq!((of("email").max_length, of("email").null_probability), (Some(50), Some(0.0)));
        assert_eq!((of("age").min_value, of("age").max_value), (Some(Scalar::Int(18)), Some(Scalar::Float(99.5))));
        assert_eq!(of("code").pattern.as_deref(), Some("[A-Z]{3}"));
        assert_eq!(of("kind").possible_values.len(), 4);
        assert_eq!(of("size").weighted_values, [(Scalar::Text("big".into()), 1.0), (Scalar::Int(2), 3.0)]);
        assert_eq!(of("size").format_string.as_deref(), Some("<{}>"));
        assert_eq!(of("place").weighted_values.len(), 1);
        let open = Duplicates::AllowDuplicates { value: Some(Scalar::Text("open".into())) };
        assert_eq!(of("state").duplicates, Some(open));
        let smart = Duplicates::SmartDuplicates { probability: 0.7, max_values: 15 };
        assert_eq!(of("rating").duplicates, Some(smart));
        assert_eq!(of("other").duplicates, Some(Duplicates::GenerateNew));
        let given = c.overrides.tables["lookup"].fixed_rows.clone().unwrap();
        assert_eq!((given.columns, given.rows.len()), (vec!["id".to_owned(), "name".to_owned()], 2));
        assert_eq!(given.rows[1].cells, [Scalar::Int(2), Scalar::Null]);
        assert!(c.overrides.tables["empty"].columns.is_empty());
    }

    #[test]
    fn distributions_are_read() {
        let text = r#"
tables:
  t:
    column_configs:
      a: {distribution: zipf}
      b: {distribution: {normal: {mean: 70, sd: 12}}}
      c: {distribution: {buckets: [{to: 65, share: 0.3, from: 1}, {to: 100, share: 0.7}]}}
      d: {distribution: {quantiles: [1, 20, 400]}}
      e: {distribution: {growing: 3, hours: 9-17, weekdays: {sat: 0.2, sun: 0}}}
"#;
        let columns = &parse(text, "f").unwrap().overrides.tables["t"].columns;
        let of = |name: &str| columns[name].distribution.clone().unwrap();
        let laws: Vec<String> = ["a", "b", "c", "d", "e"].iter().map(|name| of(name).law).collect();
        assert_eq!(laws, ["zipf", "normal", "buckets", "quantiles", "calendar"]);
        assert_eq!(of("b").parameters["sd"], Scalar::Int(12));
        assert_eq!(of("b").text, "{normal: {mean: 70, sd: 12}}");
        assert_eq!(of("c").buckets, [(Scalar::Int(65), 0.3), (Scalar::Int(100), 0.7)]);
        assert_eq!(of("c").parameters["from"], Scalar::Int(1));
        assert_eq!(of("d").quantiles.len(), 3);
        assert_eq!(of("e").parameters["sat"], Scalar::Float(0.2));
    }

    #[test]
    fn json_is_read_as_well() {
        let text = r#"{"generation": {"seed": 9}, "tables": {"t": {"rows_to_generate": 0}}}"#;
        let c = parse(text, "f.json").unwrap();
        assert_eq!((c.generation.seed, &c.overrides.tables["t"].rows), (Some(9), &Some(RequestedRows::Number(0))));
        assert_eq!(parse("", "f").unwrap(), ConfigFile::default());
    }

    #[test]
    fn mistakes_are_shown_with_their_place() {
        let column = |rest: &str| format!("tables:\n  t:\n    column_configs:\n      c: {{{rest}}}\n");
        for (text, message) in [
            ("tabels: {}".into(), "`f`, line 1, column 1: unknown key `tabels` in the file; did you mean `tables`?"),
            (
                "tables: {users: {columns: {}}}".into(),
                "`f`, line 1, column 18: unknown key `columns` in table `users`; it is `column_configs` here",
            ),
            (
                column("when: paid"),
                "`f`, line 4, column 11: unknown key `when` in column `t.c`; it is `rules` here, e.g. `rules: \
                 [{when: \"status = 'cancelled'\", values: [too late, too dear]}, {null: true}]`",
            ),
            (
                column("possible_values: {new: 3}"),
                "`f`, line 4, column 28: `possible_values` must be a list; values with weights are `weighted_values: {new: 3, \
                 used: 1}`",
            ),
            (
                "tables:\n  users:\n    row_to_generate: 3\n".into(),
                "`f`, line 3, column 5: unknown key `row_to_generate` in table `users`; did you mean `rows_to_generate`?",
            ),
            (
                "generation: {xyz: 1}".into(),
                "`f`, line 1, column 14: unknown key `xyz` in generation; known are rows, batch_size, max_workers, seed, truncate_existing, coherence",
            ),
            (
                column("generator_function: emial"),
                "`f`, line 4, column 31: no generator `emial`; did you mean `email`? (`dbmocker generators` lists them)",
            ),
            (
                column("duplicate_value: 3"),
                "`f`, line 4, column 28: `duplicate_value` is for `duplicate_mode: allow_duplicates`; add that, or leave it out",
            ),
            (
                column("distribution: {normel: {mean: 3}}"),
                "`f`, line 4, column 26: unknown key `normel` in `distribution`; did you mean `normal`?",
            ),
            (
                column("distribution: {normal: {mean: 3, sdev: 1}}"),
                "`f`, line 4, column 44: unknown key `sdev` in `normal`; did you mean `sd`?",
            ),
            (
                column("distribution: normal"),
                "`f`, line 4, column 25: no distribution `normal` without numbers; write `distribution: {normal: {mean: 70, sd: 12}}`",
            ),
            (
                column("distribution: {buckets: [{to: 5}]}"),
                "`f`, line 4, column 36: a bucket must be `{to: ..., share: ...}`",
            ),
            (
                column("distribution: {buckets: [{to: 5, share: 0.5}, {to: 9, share: 70%}]}"),
                "`f`, line 4, column 35: the shares of `buckets` add up to 1.2, and not to 1",
            ),
            (
                column("null_probability: 2"),
                "`f`, line 4, column 29: `null_probability` must be a number from 0 to 1, or a percentage, e.g. `null_probability: 0.1`",
            ),
            (
                "tables:\n  t:\n    rows:\n      - {id: 1, name: a}\n      - {id: 2}\n".into(),
                "`f`, line 5, column 9: the row has no `name`, which the first row has; write null, or a value",
            ),
            (
                "tables:\n  t: {rows: [{id: 1}, {id: 2, x: 1}]}\n".into(),
                "`f`, line 2, column 31: the row has `x`, which the first row has not",
            ),
            (
                "tables:\n  t: {rows_to_generate: 5, rows: [{id: 1}]}\n".into(),
                "`f`, line 2, column 34: table `t`: `rows_to_generate` and `rows` set its rows twice; keep one",
            ),
            (
                "tables:\n  t: {rows: []}\n".into(),
                "`f`, line 2, column 13: `rows` must be a list of one row or more, e.g. `rows: [{id: 1, name: open}, {id: 2, name: closed}]`",
            ),
        ] {
            assert_eq!(parse(&text, "f").unwrap_err().to_string(), message);
        }
        for text in ["a: [", "tables: [1]", "tables: {t: {rows_to_generate: -1}}", "tables: {t: 3}", "- 1"] {
            assert!(parse(text, "f").is_err(), "{text}");
        }
    }
}
