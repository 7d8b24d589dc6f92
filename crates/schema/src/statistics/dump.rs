//! Statistics that `pg_dump --statistics-only` (PostgreSQL 18) wrote: the calls of `pg_restore_relation_stats` and
//! `pg_restore_attribute_stats` in its text.
//!
//! In: the text, and the schema to which its names refer. Out: [`Statistics`] as from a server, and common values,
//! which leave this module only for the columns that are passed to [`Dump::labels`].

use std::cell::Cell;
use std::collections::BTreeMap;

use dbmocker_loaders::Dialect as Sql;
use dbmocker_loaders::ident::qualified;

use super::postgres::RawColumn;
use super::{Statistics, TableStatistics};
use dbmocker_core::schema::{Column, Schema, SqlType, TableName};

/// The source of the figures, as printed in messages.
const READ: [&str; 1] = ["the file of --statistics"];

/// Statistics of a file.
#[derive(Debug, Clone, Default)]
pub struct Dump {
    pub statistics: Statistics,
    /// Tables of the file that the schema does not have.
    pub unknown: Vec<String>,
    common: BTreeMap<(TableName, String), Vec<String>>,
}

/// Why a file of statistics cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    #[error(
        "no statistics are in the file; write it by `pg_dump --statistics-only` of PostgreSQL 18 or later, after ANALYZE"
    )]
    Nothing,
    #[error("line {line}: {what}; write the file again by `pg_dump --statistics-only`")]
    Damaged { line: usize, what: String },
}

impl Dump {
    /// Reads the calls of a file; other statements are skipped.
    ///
    /// # Errors
    /// A call is damaged, or there is none.
    pub fn read(text: &str, schema: &Schema) -> Result<Self, DumpError> {
        let mut dump =
            Dump { statistics: Statistics { read: READ.to_vec(), ..Statistics::default() }, ..Dump::default() };
        let mut any = false;
        let mut reader = Reader { text, at: 0 };
        while let Some(function) = reader.next_call()? {
            let arguments = reader.arguments()?;
            any = true;
            let Some(name) = arguments.table() else { return Err(reader.damaged("a call names no table")) };
            if schema.table(&name).is_none() {
                let name = name.to_string();
                if !dump.unknown.contains(&name) {
                    dump.unknown.push(name);
                }
                continue;
            }
            let table = name.clone();
            let added = match function {
                RestoreCall::Relation => dump.relation(name, &arguments),
                RestoreCall::Attribute => dump.attribute(name, &arguments, schema),
            };
            added.ok_or_else(|| {
                let argument = arguments.unread.take().unwrap_or("an argument");
                reader.damaged(format!("the number or list `{argument}` of `{table}` cannot be read"))
            })?;
        }
        if any { Ok(dump) } else { Err(DumpError::Nothing) }
    }

    /// The common values of these columns.
    pub fn labels(&self, columns: &[(TableName, String)]) -> BTreeMap<(TableName, String), Vec<String>> {
        columns.iter().filter_map(|c| Some((c.clone(), self.common.get(c)?.clone()))).collect()
    }

    fn table(&mut self, name: &TableName) -> &mut TableStatistics {
        self.statistics.tables.entry(name.clone()).or_insert_with(|| TableStatistics {
            command: format!("ANALYZE {}", qualified(Sql::Postgres, &name.schema, &name.name)),
            ..TableStatistics::default()
        })
    }

    fn relation(&mut self, name: TableName, arguments: &Arguments) -> Option<()> {
        let rows = arguments.number("reltuples")?;
        // -1: never analysed.
        self.table(&name).rows = rows.filter(|rows| *rows >= 0.0);
        Some(())
    }

    fn attribute(&mut self, name: TableName, arguments: &Arguments, schema: &Schema) -> Option<()> {
        let table = schema.table(&name)?;
        let attribute = arguments.text("attname")?;
        // Statistics of a partitioned table are those with all of its partitions; of another one its own.
        let inherited = matches!(arguments.text("inherited"), Some("t" | "true"));
        let Some(column) = table.columns.iter().find(|c| c.name == attribute) else { return Some(()) };
        if inherited != table.partitioning.is_some() {
            return Some(());
        }
        let raw = raw(column, arguments)?;
        let common = arguments.list("most_common_vals")?;
        self.common.insert((name.clone(), column.name.clone()), common);
        self.table(&name).columns.insert(column.name.clone(), raw.into());
        Some(())
    }
}

fn raw(column: &Column, arguments: &Arguments) -> Option<RawColumn> {
    let (common, bounds) = (arguments.list("most_common_vals")?, arguments.list("histogram_bounds")?);
    let lengths = |texts: &[String]| texts.iter().map(|text| length(&column.ty, text)).collect();
    let measured = is_measured(&column.ty);
    Some(RawColumn {
        nulls: arguments.number("null_frac")?.unwrap_or(0.0),
        distinct: arguments.number("n_distinct")?.unwrap_or(0.0),
        width: arguments.number("avg_width")?,
        correlation: arguments.number("correlation")?,
        common: arguments.numbers("most_common_freqs")?,
        lengths: if measured { Vec::new() } else { lengths(&common) },
        bound_lengths: if measured { Vec::new() } else { lengths(&bounds) },
        values: if measured { common } else { Vec::new() },
        bounds: if measured { bounds } else { Vec::new() },
        elements: arguments.list("most_common_elems")?.len(),
        element_common: arguments.numbers("most_common_elem_freqs")?,
        element_counts: arguments.numbers("elem_count_histogram")?,
    })
}

/// Numbers and moments, whose values are kept as quantiles.
fn is_measured(ty: &SqlType) -> bool {
    matches!(
        ty,
        SqlType::Int { .. }
            | SqlType::Decimal { .. }
            | SqlType::Money
            | SqlType::Float { .. }
            | SqlType::Date
            | SqlType::Time { .. }
            | SqlType::Timestamp { .. }
            | SqlType::Oid
    )
}

fn length(ty: &SqlType, text: &str) -> u32 {
    let chars = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    match ty {
        SqlType::Binary { .. } => chars(text).saturating_sub(2) / 2,
        SqlType::Text { fixed: true, .. } => chars(text.trim_end_matches(' ')),
        _ => chars(text),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RestoreCall {
    Relation,
    Attribute,
}

const FUNCTIONS: [(&str, RestoreCall); 2] =
    [("pg_restore_relation_stats", RestoreCall::Relation), ("pg_restore_attribute_stats", RestoreCall::Attribute)];

/// The named arguments of a call; NULL is left out.
struct Arguments {
    values: BTreeMap<String, String>,
    /// The first argument that is not of the expected form.
    unread: Cell<Option<&'static str>>,
}

impl Arguments {
    fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// `schemaname` and `relname`; in early versions `relation`, as a qualified name.
    fn table(&self) -> Option<TableName> {
        if let (Some(schema), Some(name)) = (self.text("schemaname"), self.text("relname")) {
            return Some(TableName::new(schema, name));
        }
        let (schema, name) = split_qualified(self.text("relation")?)?;
        Some(TableName::new(schema, name))
    }

    /// The number, if the argument is given; `None` if it is not a number.
    fn number(&self, name: &'static str) -> Option<Option<f64>> {
        match self.text(name) {
            None => Some(None),
            Some(text) => self.noted(name, text.parse().ok().filter(|n: &f64| n.is_finite())).map(Some),
        }
    }

    /// Records the name of an argument that cannot be parsed.
    fn noted<T>(&self, name: &'static str, read: Option<T>) -> Option<T> {
        if read.is_none() {
            self.unread.set(Some(name));
        }
        read
    }

    /// The elements of an array as texts; `None` if the argument is not an array.
    fn list(&self, name: &'static str) -> Option<Vec<String>> {
        self.noted(name, self.text(name).map_or(Some(Vec::new()), array))
    }

    fn numbers(&self, name: &'static str) -> Option<Vec<f64>> {
        let numbers = self.list(name)?.iter().map(|n| n.parse().ok().filter(|n: &f64| n.is_finite())).collect();
        self.noted(name, numbers)
    }
}

/// Splits `"a b".c` into its two names.
fn split_qualified(text: &str) -> Option<(String, String)> {
    let mut names = vec![String::new()];
    let (mut quoted, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => names.last_mut()?.extend(chars.next()),
            '"' => quoted = !quoted,
            '.' if !quoted => names.push(String::new()),
            c => names.last_mut()?.push(c),
        }
    }
    match <[String; 2]>::try_from(names) {
        Ok([schema, name]) => Some((schema, name)),
        Err(_) => None,
    }
}

/// The elements of an array's text; nested arrays are kept as texts.
fn array(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let (mut out, mut element, mut any) = (Vec::new(), String::new(), false);
    let (mut quoted, mut depth, mut chars) = (false, 0u32, inner.chars());
    while let Some(c) = chars.next() {
        any = true;
        match c {
            '\\' => element.push(chars.next()?),
            '"' => quoted = !quoted,
            ',' if !quoted && depth == 0 => out.push(std::mem::take(&mut element)),
            c => {
                depth = match c {
                    '{' if !quoted => depth + 1,
                    '}' if !quoted => depth.checked_sub(1)?,
                    _ => depth,
                };
                element.push(c);
            }
        }
    }
    if any {
        out.push(element);
    }
    (!quoted && depth == 0).then_some(out)
}

/// Reads calls.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn damaged(&self, what: impl Into<String>) -> DumpError {
        let line = self.text[..self.at].matches('\n').count() + 1;
        DumpError::Damaged { line, what: what.into() }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Advances past the opening parenthesis of the next call; comments and texts are skipped.
    fn next_call(&mut self) -> Result<Option<RestoreCall>, DumpError> {
        while let Some(first) = self.rest().chars().next() {
            if self.rest().starts_with("--") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                continue;
            }
            if first == '\'' {
                self.literal()?;
                continue;
            }
            for (name, function) in FUNCTIONS {
                if let Some(after) = self.rest().strip_prefix(name)
                    && let Some(inside) = after.trim_start().strip_prefix('(')
                {
                    self.at = self.text.len() - inside.len();
                    return Ok(Some(function));
                }
            }
            self.at += first.len_utf8();
        }
        Ok(None)
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// `'name', 'value'::type, ...)`
    fn arguments(&mut self) -> Result<Arguments, DumpError> {
        let mut values: Vec<Option<String>> = Vec::new();
        loop {
            self.space();
            let rest = self.rest();
            match rest.chars().next() {
                Some(')') => {
                    self.at += 1;
                    break;
                }
                Some(',') => self.at += 1,
                Some('\'' | 'E' | 'e') => values.push(Some(self.literal()?)),
                Some(':') => {
                    let cast = rest.trim_start_matches(':');
                    let end = cast.find([',', ')', '\n']).ok_or_else(|| self.damaged("a call has no end"))?;
                    self.at = self.text.len() - cast.len() + end;
                }
                Some(c) if c.is_ascii_digit() || c == '-' || c.is_ascii_alphabetic() => {
                    let end = rest.find([',', ')', ':', '\n']).ok_or_else(|| self.damaged("a call has no end"))?;
                    let word = rest[..end].trim();
                    values.push((!word.eq_ignore_ascii_case("null")).then(|| word.to_owned()));
                    self.at += end;
                }
                Some(_) => return Err(self.damaged("an argument is neither a text nor a number")),
                None => return Err(self.damaged("a call has no end")),
            }
        }
        let pairs = values.chunks(2).filter_map(|pair| match pair {
            [Some(name), Some(value)] => Some((name.clone(), value.clone())),
            _ => None,
        });
        Ok(Arguments { values: pairs.collect(), unread: Cell::default() })
    }

    /// A text in quotes; with an `E` before it, `\` escapes.
    fn literal(&mut self) -> Result<String, DumpError> {
        let escapes = self.rest().starts_with(['E', 'e']);
        let begun = self.at + usize::from(escapes) + 1;
        if !self.text[self.at + usize::from(escapes)..].starts_with('\'') {
            return Err(self.damaged("an argument is neither a text nor a number"));
        }
        let mut out = String::new();
        let mut chars = self.text[begun..].char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            match c {
                '\'' if chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                    chars.next();
                    out.push('\'');
                }
                '\'' => {
                    self.at = begun + i + 1;
                    return Ok(out);
                }
                '\\' if escapes => out.extend(chars.next().map(|(_, c)| c)),
                c => out.push(c),
            }
        }
        Err(self.damaged("a text has no end"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::fixtures::{Fixture, table};

    #[test]
    fn arrays_and_names_are_read_as_the_server_writes_them() {
        assert_eq!(array("{}"), Some(vec![]));
        assert_eq!(array(r#"{a,"b, c","d\"e\\",NULL}"#).unwrap(), ["a", "b, c", "d\"e\\", "NULL"]);
        assert_eq!(array(r#"{"{1,2}",{3,4}}"#).unwrap(), ["{1,2}", "{3,4}"]);
        assert_eq!((array("a"), array("{\"a}"), array("{a\\}")), (None, None, None));
        assert_eq!(split_qualified(r#""a.""b".c"#), Some(("a.\"b".into(), "c".into())));
        assert_eq!(split_qualified("c"), None);
    }

    #[test]
    fn calls_are_found_and_damage_is_placed() {
        let schema = Fixture::new().with(table("t").int("id").primary(&["id"])).schema();
        let name = &schema.tables[0].name;
        let text = format!(
            "-- pg_restore_relation_stats(\nSET x = 'pg_restore_relation_stats(';\n\
             SELECT * FROM pg_catalog.pg_restore_relation_stats(\n\t'version', '180000'::integer,\n\t'schemaname', '{0}',\n\
             \t'relname', '{1}',\n\t'relpages', '5'::integer,\n\t'reltuples', '1000'::real\n);\n\
             SELECT * FROM pg_catalog.pg_restore_attribute_stats(\n\t'schemaname', '{0}',\n\t'relname', '{1}',\n\t'attname', 'id',\n\
             \t'inherited', 'f'::boolean,\n\t'null_frac', '0'::real,\n\t'n_distinct', '-1'::real,\n\
             \t'histogram_bounds', '{{1,500,1000}}'::text,\n\t'correlation', NULL\n);\n\
             SELECT pg_restore_relation_stats('schemaname', '{0}', 'relname', 'gone', 'reltuples', 5);",
            name.schema, name.name
        );
        let dump = Dump::read(&text, &schema).unwrap();
        let found = &dump.statistics.tables[name];
        assert_eq!(found.rows, Some(1000.0));
        assert_eq!(found.columns["id"].buckets.len(), 2);
        assert_eq!(dump.unknown.len(), 1);
        assert_eq!(Dump::read("SELECT 1;", &schema).unwrap_err(), DumpError::Nothing);
        for cut in (0..text.len()).filter(|&i| text.is_char_boundary(i)) {
            // A truncated file does not cause a panic.
            let _ = Dump::read(&text[..cut], &schema);
        }
        let error = Dump::read("\nSELECT pg_restore_relation_stats('relname', 'a", &schema).unwrap_err();
        assert!(error.to_string().starts_with("line 2: "), "{error}");
    }
}
