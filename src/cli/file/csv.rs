//! A table's rows from a CSV file: a header line that names the columns, then one record per row. An empty unquoted
//! field is NULL, `""` is an empty text.

use std::path::Path;

use super::{FileError, text_of};
use dbmocker_plan::Scalar;
use dbmocker_planner::{FixedRow, FixedRows};

/// Reads a file; `name` is its name in messages.
///
/// # Errors
/// [`FileError`]: the file cannot be read, or a line is not valid CSV or has another number of fields than the header.
pub fn read(path: &Path, name: &str) -> Result<FixedRows, FileError> {
    let text = text_of(path, u64::MAX).map_err(|source| FileError::Rows { path: path.to_path_buf(), source })?;
    parse(&text, name)
}

/// Reads a text file, each line of which is a value; empty lines are left out.
///
/// # Errors
/// [`FileError`]: the file cannot be read, or has no line.
pub fn lines(path: &Path, name: &str) -> Result<FixedRows, FileError> {
    let text = text_of(path, u64::MAX).map_err(|source| FileError::Rows { path: path.to_path_buf(), source })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    let row = |(i, line): (usize, &str)| FixedRow { line: i + 1, cells: vec![Scalar::Text(line.to_owned())] };
    let rows: Vec<FixedRow> = lines.map(row).collect();
    if rows.is_empty() {
        return Err(FileError::At { file: name.into(), line: 1, column: 1, message: "the file has no line".into() });
    }
    Ok(FixedRows { file: name.into(), columns: vec!["value".into()], rows })
}

fn parse(text: &str, name: &str) -> Result<FixedRows, FileError> {
    let mut records = Records { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1, file: name };
    let header =
        records.next()?.ok_or_else(|| records.error(1, 1, "no header line: name the columns in the first line"))?;
    let mut columns: Vec<String> = Vec::with_capacity(header.fields.len());
    for (i, field) in header.fields.into_iter().enumerate() {
        let name = field.map(|f| f.trim().to_owned()).filter(|n| !n.is_empty());
        let name = name.ok_or_else(|| records.error(1, i + 1, "the header names no column here"))?;
        if columns.contains(&name) {
            return Err(records.error(1, i + 1, format!("the header names column `{name}` twice")));
        }
        columns.push(name);
    }
    let mut rows = Vec::new();
    while let Some(record) = records.next()? {
        let (found, wanted) = (record.fields.len(), columns.len());
        if found != wanted {
            let message = format!("{found} fields, but the header names {wanted} columns");
            return Err(records.error(record.line, found.min(wanted) + 1, message));
        }
        let cells = record.fields.into_iter().map(|f| f.map_or(Scalar::Null, Scalar::Text)).collect();
        rows.push(FixedRow { line: record.line, cells });
    }
    if rows.is_empty() {
        return Err(records.error(records.line, 1, "no rows after the header"));
    }
    Ok(FixedRows { file: name.into(), columns, rows })
}

struct Record {
    line: usize,
    /// `None`: empty and not quoted.
    fields: Vec<Option<String>>,
}

struct Records<'a> {
    rest: &'a str,
    line: usize,
    file: &'a str,
}

impl Records<'_> {
    /// `column` counts fields.
    fn error(&self, line: usize, column: usize, message: impl Into<String>) -> FileError {
        FileError::At { file: self.file.into(), line, column, message: message.into() }
    }

    /// The next record; empty lines are skipped.
    fn next(&mut self) -> Result<Option<Record>, FileError> {
        loop {
            let empty = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix('\n'));
            let Some(rest) = empty else { break };
            (self.rest, self.line) = (rest, self.line + 1);
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut record = Record { line: self.line, fields: Vec::new() };
        loop {
            let field = self.field(record.fields.len() + 1)?;
            record.fields.push(field);
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                continue;
            }
            self.rest = self.rest.strip_prefix('\r').unwrap_or(self.rest);
            self.rest = self.rest.strip_prefix('\n').unwrap_or(self.rest);
            self.line += 1;
            return Ok(Some(record));
        }
    }

    /// Up to the comma or the end of the line.
    fn field(&mut self, column: usize) -> Result<Option<String>, FileError> {
        let begun = self.line;
        let Some(mut inside) = self.rest.strip_prefix('"') else {
            let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
            let text = self.rest[..end].strip_suffix('\r').unwrap_or(&self.rest[..end]);
            self.rest = &self.rest[text.len()..];
            return Ok((!text.is_empty()).then(|| text.to_owned()));
        };
        let mut text = String::new();
        loop {
            let Some(end) = inside.find('"') else {
                return Err(self.error(begun, column, "a quote is opened and never closed"));
            };
            text += &inside[..end];
            self.line += inside[..end].matches('\n').count();
            inside = &inside[end + 1..];
            match inside.strip_prefix('"') {
                Some(rest) => (text, inside) = (text + "\"", rest),
                None => break,
            }
        }
        self.rest = inside;
        if !inside.is_empty() && !inside.starts_with([',', '\n', '\r']) {
            return Err(self.error(
                self.line,
                column,
                "text after a closing quote; write a quote inside a field twice",
            ));
        }
        Ok(Some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_lines_and_nulls() {
        let rows =
            parse("\u{feff}id, name ,note\r\n1,\"a \"\"b\"\", c\",\n\n2,\"x\ny\",\"\"\r\n3,z,w", "f.csv").unwrap();
        assert_eq!(rows.columns, ["id", "name", "note"]);
        let text = |s: &str| Scalar::Text(s.into());
        assert_eq!(rows.rows[0], FixedRow { line: 2, cells: vec![text("1"), text("a \"b\", c"), Scalar::Null] });
        assert_eq!(rows.rows[1], FixedRow { line: 4, cells: vec![text("2"), text("x\ny"), text("")] });
        assert_eq!(rows.rows[2], FixedRow { line: 6, cells: vec![text("3"), text("z"), text("w")] });
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, message) in [
            ("", "`f.csv`, line 1, column 1: no header line: name the columns in the first line"),
            ("a,a\n", "`f.csv`, line 1, column 2: the header names column `a` twice"),
            ("a,,b\n1,2,3\n", "`f.csv`, line 1, column 2: the header names no column here"),
            ("a,b\n1,2\n3\n", "`f.csv`, line 3, column 2: 1 fields, but the header names 2 columns"),
            ("a,b\n1,\"x\n", "`f.csv`, line 2, column 2: a quote is opened and never closed"),
            (
                "a\n\"x\"y\n",
                "`f.csv`, line 2, column 1: text after a closing quote; write a quote inside a field twice",
            ),
            ("a\n", "`f.csv`, line 2, column 1: no rows after the header"),
        ] {
            assert_eq!(parse(text, "f.csv").unwrap_err().to_string(), message);
        }
    }
}
