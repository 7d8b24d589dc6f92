//! Lists of rows and values: `groups` of columns, `values_from` a file.

use saphyr::YamlDataOwned;

use super::{ConfigReader, YamlNode};
use crate::cli::file::keys::{ConfigKey, GROUP, RULE, VALUE_FILE};
use crate::cli::file::{FileError, csv};
use dbmocker_plan::Scalar;
use dbmocker_planner::{ColumnGroup, FixedRow, FixedRows, RuleOverride, RuleValue, ValueFile, nearest};

impl ConfigReader<'_> {
    pub(super) fn groups(&self, node: &YamlNode, key: &ConfigKey) -> Result<Vec<ColumnGroup>, FileError> {
        let YamlDataOwned::Sequence(items) = &node.data else { return Err(self.wrong(node, key, "a list of groups")) };
        items.iter().map(|item| self.group(item)).collect()
    }

    fn group(&self, node: &YamlNode) -> Result<ColumnGroup, FileError> {
        let (mut columns, mut rows, mut weight) = (None, Vec::new(), None);
        for (key, value) in self.section(node, "a group", GROUP)? {
            match key.name {
                "columns" => {
                    let names = self.scalars(value, key)?;
                    columns = Some((names.iter().map(ToString::to_string).collect::<Vec<String>>(), value));
                }
                "rows_from" => {
                    let file = self.text(value, key)?;
                    rows.push(csv::read(&self.path(value, &file)?, &file)?);
                }
                "rows" => rows.push(self.rows(value, key)?),
                _ => weight = Some((self.text(value, key)?, value)),
            }
        }
        let rows = match (rows.pop(), rows.is_empty()) {
            (Some(rows), true) => rows,
            _ => return Err(self.error(node, "a group has `rows` or `rows_from`, one of them")),
        };
        let weights = match &weight {
            Some((name, at)) => self.list_weights(&rows, name, at)?,
            None => Vec::new(),
        };
        let of_weight = |name: &String| weight.as_ref().is_some_and(|(w, _)| w == name);
        let (columns, at) =
            columns.unwrap_or_else(|| (rows.columns.iter().filter(|name| !of_weight(name)).cloned().collect(), node));
        Ok(ColumnGroup { rows: self.only(&rows, &columns, at)?, weights, origin: self.origin(node) })
    }

    pub(super) fn value_file(&self, node: &YamlNode, key: &ConfigKey) -> Result<ValueFile, FileError> {
        let (mut file, mut column, mut weight) = (None, None, None);
        if let Some(Scalar::Text(name)) = self.plain(node) {
            file = Some((name, node));
        } else {
            for (key, value) in self.section(node, "`values_from`", VALUE_FILE)? {
                let named = Some((self.text(value, key)?, value));
                match key.name {
                    "file" => file = named,
                    "column" => column = named,
                    _ => weight = named,
                }
            }
        }
        let Some((file, at)) = file else { return Err(self.wrong(node, key, "the name of a file")) };
        let path = self.path(at, &file)?;
        let of_columns = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
        let rows = if of_columns || column.is_some() || weight.is_some() {
            csv::read(&path, &file)?
        } else {
            csv::lines(&path, &file)?
        };
        let weights = match &weight {
            Some((name, at)) => self.list_weights(&rows, name, at)?,
            None => Vec::new(),
        };
        let others = || rows.columns.iter().filter(|name| weight.as_ref().is_none_or(|(w, _)| w != *name));
        let (column, at) = match column {
            Some(named) => named,
            None if others().count() == 1 => (others().cloned().collect(), at),
            None => {
                let all = rows.columns.join(", ");
                let message =
                    format!("`{file}` has several columns ({all}); name one, as in `{{file: {file}, column: ...}}`");
                return Err(self.error(at, message));
            }
        };
        Ok(ValueFile { rows: self.only(&rows, &[column], at)?, weights })
    }

    pub(super) fn rules(&self, node: &YamlNode, key: &ConfigKey) -> Result<Vec<RuleOverride>, FileError> {
        let YamlDataOwned::Sequence(items) = &node.data else { return Err(self.wrong(node, key, "a list of rules")) };
        let rules = items.iter().map(|item| self.rule(item)).collect::<Result<Vec<_>, _>>()?;
        let early = rules.iter().rev().skip(1).rev().position(|rule| rule.when.is_none());
        match early {
            _ if rules.is_empty() => Err(self.wrong(node, key, "a list of one rule or more")),
            Some(i) => Err(self.error(&items[i], "only the last rule can be without `when`: it is for all other rows")),
            None => Ok(rules),
        }
    }

    fn rule(&self, node: &YamlNode) -> Result<RuleOverride, FileError> {
        let (mut when, mut then) = (None, Vec::new());
        for (key, value) in self.section(node, "a rule", RULE)? {
            match (key.name, &value.data) {
                ("when", _) => when = Some(self.text(value, key)?),
                ("null", _) => {
                    if !self.flag(value, key)? {
                        return Err(self.wrong(value, key, "true"));
                    }
                    then.push(RuleValue::Null);
                }
                ("expression", _) => then.push(RuleValue::Expression(self.text(value, key)?)),
                (_, YamlDataOwned::Sequence(items)) if items.iter().all(|i| self.plain(i).is_some()) => {
                    let values = self.scalars(value, key)?;
                    then.push(RuleValue::Values(values.into_iter().map(|v| (v, 1.0)).collect()));
                }
                _ => then.push(RuleValue::Values(self.weights(value, key)?)),
            }
        }
        match (then.pop(), then.is_empty()) {
            (Some(then), true) => Ok(RuleOverride { when, then, origin: self.origin(node) }),
            _ => Err(self.error(node, "a rule has `values`, `null: true` or `expression`, one of them")),
        }
    }

    /// Returns the numbers of a column of weights.
    fn list_weights(&self, rows: &FixedRows, name: &str, at: &YamlNode) -> Result<Vec<f64>, FileError> {
        let column = self.list_column(rows, name, at)?;
        let weight = |(i, row): (usize, &FixedRow)| {
            let cell = &row.cells[column];
            let number = cell.to_string().trim().parse::<f64>().ok().filter(|w| w.is_finite() && *w >= 0.0);
            number.ok_or_else(|| {
                let message = format!("{}: the weight `{cell}` is no number, 0 or more", rows.place(i));
                self.error(at, message)
            })
        };
        rows.rows.iter().enumerate().map(weight).collect()
    }

    fn list_column(&self, rows: &FixedRows, name: &str, at: &YamlNode) -> Result<usize, FileError> {
        rows.columns.iter().position(|c| c == name).ok_or_else(|| {
            let like = nearest(name, rows.columns.iter().cloned());
            let like = like
                .map_or_else(|| format!("; it has {}", rows.columns.join(", ")), |n| format!("; did you mean `{n}`?"));
            self.error(at, format!("`{}` has no column `{name}`{like}", rows.file))
        })
    }

    /// Returns the list with only these columns.
    fn only(&self, rows: &FixedRows, columns: &[String], at: &YamlNode) -> Result<FixedRows, FileError> {
        let found = columns.iter().map(|name| self.list_column(rows, name, at)).collect::<Result<Vec<_>, _>>()?;
        let row =
            |row: &FixedRow| FixedRow { line: row.line, cells: found.iter().map(|&c| row.cells[c].clone()).collect() };
        let rows =
            FixedRows { file: rows.file.clone(), columns: columns.to_vec(), rows: rows.rows.iter().map(row).collect() };
        Ok(rows)
    }
}
