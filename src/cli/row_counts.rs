//! `--rows`: a number for every table, and rows of single tables: `1000,users=2k,orders=3x users,'audit.*=0'`.

use std::fmt;

use super::parse;
use super::parse::ArgumentError;
use dbmocker_planner::{DependentCount, RequestedRows};

/// The value of one `--rows`.
#[derive(Debug, Clone, PartialEq)]
pub struct RowCounts {
    text: String,
    /// For tables that no entry names.
    pub all: Option<u64>,
    /// By a table's name, or a pattern.
    pub tables: Vec<(String, RequestedRows)>,
}

impl fmt::Display for RowCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<u64> for RowCounts {
    fn from(rows: u64) -> Self {
        RowCounts { text: rows.to_string(), all: Some(rows), tables: Vec::new() }
    }
}

/// Parses the value of `--rows`.
///
/// # Errors
/// An entry that is no number of rows, or a second one without a table's name.
pub fn row_counts(text: &str) -> Result<RowCounts, ArgumentError> {
    let mut out = RowCounts { text: text.trim().to_owned(), all: None, tables: Vec::new() };
    for entry in entries(text) {
        let Some((name, rows)) = named(entry) else {
            if out.all.replace(parse::rows(entry)?).is_some() {
                return Err(ArgumentError::RowsTwice);
            }
            continue;
        };
        let names = parse::tables(name)?.0;
        let rows = match times(rows) {
            Some(count) => RequestedRows::By(count),
            None => RequestedRows::Number(parse::rows(rows)?),
        };
        out.tables.extend(names.into_iter().map(|name| (name, rows.clone())));
    }
    Ok(out)
}

/// Splits at commas outside of double quotes.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// A table's name and its rows.
fn named(entry: &str) -> Option<(&str, &str)> {
    let (name, rows) = entry.rsplit_once('=')?;
    Some((name.trim(), rows.trim()))
}

/// `3x users`: three rows for each of a table's.
pub fn times(text: &str) -> Option<DependentCount> {
    let (factor, of) = text.trim().split_once(['x', 'X'])?;
    let factor: f64 = factor.trim().parse().ok().filter(|f: &f64| f.is_finite() && *f >= 0.0)?;
    let of = of.trim();
    (!of.is_empty()).then(|| DependentCount::Times { factor, of: of.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names() {
        let of = |text: &str| row_counts(text).unwrap();
        assert_eq!(of("100k").all, Some(100_000));
        let several = of("1000, users=2k,audit.*=0,\"a,b\"=5,orders=3x users");
        assert_eq!(several.all, Some(1_000));
        let users = RequestedRows::By(DependentCount::Times { factor: 3.0, of: "users".into() });
        let expected = [
            ("users", RequestedRows::Number(2_000)),
            ("audit.*", RequestedRows::Number(0)),
            ("a,b", RequestedRows::Number(5)),
            ("orders", users),
        ];
        assert_eq!(several.tables, expected.map(|(name, rows)| (name.to_owned(), rows)));
        for wrong in ["users=", "=5", "x", "1,2", "users=many", "users=-1", "users=x"] {
            assert!(row_counts(wrong).is_err(), "{wrong}");
        }
    }
}
