//! The rows of each table that one export writes, so that several exports together contain all rows.
//!
//! In: a table's label and row count. Out: its row range in this export, and the part of file names that distinguishes
//! exports.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The most parts that `--part I/N` accepts.
const MOST_PARTS: u32 = 1_000_000;

/// Some rows of a plan's tables; rows are numbered from 0 in each table.
///
/// ```
/// use dbmocker_files::Slice;
/// let second: Slice = "2/3".parse().unwrap();
/// assert_eq!(second.rows("orders", 10), Some(3..6));
/// let some: Slice = "orders:4..7".parse().unwrap();
/// assert_eq!((some.rows("orders", 10), some.rows("items", 10)), (Some(4..7), None));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Slice {
    /// Every row.
    #[default]
    Whole,
    /// The `index`-th (from 1) of `of` parts of every table, as equal as whole rows allow.
    Part { index: u32, of: u32 },
    /// A range of rows of one table.
    Rows { table: String, rows: Range<u64> },
}

impl Slice {
    /// The rows of a table with `rows` rows; `None` if the table is not concerned.
    pub fn rows(&self, label: &str, rows: u64) -> Option<Range<u64>> {
        match self {
            Slice::Whole => Some(0..rows),
            Slice::Part { index, of } => {
                let cut = |i: u32| {
                    let cut = u128::from(rows) * u128::from(i) / u128::from(*of);
                    u64::try_from(cut).expect("a share of the rows is no more than the rows")
                };
                Some(cut(index - 1)..cut(*index))
            }
            Slice::Rows { table, rows: range } => (table == label).then(|| range.start.min(rows)..range.end.min(rows)),
        }
    }

    /// The part of the names of its files and manifest that identifies it; `None` for a whole export.
    pub fn suffix(&self) -> Option<String> {
        match self {
            Slice::Whole => None,
            Slice::Part { index, of } => Some(format!("part-{index:05}-of-{of:05}")),
            Slice::Rows { rows, .. } => Some(format!("rows-{}-{}", rows.start, rows.end)),
        }
    }

    /// The name of its manifest.
    pub fn manifest_name(&self) -> String {
        match (self, self.suffix()) {
            (Slice::Rows { table, .. }, Some(suffix)) => {
                format!("{MANIFEST_PREFIX}{}.{suffix}.json", super::names::safe(table))
            }
            (_, Some(suffix)) => format!("{MANIFEST_PREFIX}{suffix}.json"),
            (_, None) => super::manifest::FILE_NAME.to_owned(),
        }
    }
}

const MANIFEST_PREFIX: &str = "manifest.";

/// Whether a file of this name is the manifest of a slice.
pub fn is_slice_manifest(name: &str) -> bool {
    let middle = name.strip_prefix(MANIFEST_PREFIX).and_then(|rest| rest.strip_suffix(".json"));
    middle.is_some_and(|middle| ends_as_slice(middle).is_some() || ends_as_slice(&format!(".{middle}")).is_some())
}

/// The position of the dot if a name ends like those of slices' files: `.part-00001-of-00004`, `.rows-0-100`.
pub fn ends_as_slice(name: &str) -> Option<usize> {
    let dot = name.rfind('.')?;
    let numbers = |text: &str, between: &str| {
        let number = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
        text.split_once(between).is_some_and(|(a, b)| number(a) && number(b))
    };
    let tail = &name[dot + 1..];
    let part = tail.strip_prefix("part-").is_some_and(|t| numbers(t, "-of-"));
    let rows = tail.strip_prefix("rows-").is_some_and(|t| numbers(t, "-"));
    (part || rows).then_some(dot)
}

/// Why a text is not a slice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SliceError {
    #[error("`{0}` is not a part; write 3/16 for the third of sixteen")]
    Part(String),
    #[error("at most {MOST_PARTS} parts, not {0}")]
    Parts(u32),
    #[error(
        "`{0}` is not a range of rows; write orders:1000..2000, the first row is 0 and the last number is beyond the end"
    )]
    Rows(String),
}

impl FromStr for Slice {
    type Err = SliceError;

    /// `3/16`, or `table:1000..2000`.
    fn from_str(text: &str) -> Result<Self, SliceError> {
        if let Some((table, range)) = text.rsplit_once(':') {
            let wrong = || SliceError::Rows(text.to_owned());
            let number = |n: &str| n.replace('_', "").parse::<u64>().map_err(|_| wrong());
            let (start, end) = range.split_once("..").ok_or_else(wrong)?;
            let rows = number(start)?..number(end)?;
            return if rows.is_empty() || table.is_empty() {
                Err(wrong())
            } else {
                Ok(Slice::Rows { table: table.to_owned(), rows })
            };
        }
        let numbers = text.split_once('/').and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        match numbers {
            Some((_, of)) if of > MOST_PARTS => Err(SliceError::Parts(of)),
            Some((index, of)) if index >= 1 && index <= of => Ok(Slice::Part { index, of }),
            _ => Err(SliceError::Part(text.to_owned())),
        }
    }
}

/// The slice as typed by the user.
impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Slice::Whole => f.write_str("all rows"),
            Slice::Part { index, of } => write!(f, "{index}/{of}"),
            Slice::Rows { table, rows } => write!(f, "{table}:{}..{}", rows.start, rows.end),
        }
    }
}

impl Serialize for Slice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Slice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_every_row_once(rows in 0..=1_000_000_000_000_000u64, of in 1..200u32) {
            let parts = (1..=of).map(|index| Slice::Part { index, of }.rows("t", rows).unwrap());
            let mut next = 0;
            for part in parts {
                prop_assert_eq!(part.start, next);
                prop_assert!(part.end - part.start <= rows / u64::from(of) + 1);
                next = part.end;
            }
            prop_assert_eq!(next, rows);
        }

        #[test]
        fn what_is_printed_is_read(index in 1..1000u32, more in 0..1000u32, from in 0..1000u64, rows in 1..1000u64) {
            let all = [
                Slice::Part { index, of: index + more },
                Slice::Rows { table: "a.b:c".into(), rows: from..from + rows },
            ];
            for slice in all {
                prop_assert_eq!(slice.to_string().parse::<Slice>(), Ok(slice.clone()));
                prop_assert!(is_slice_manifest(&slice.manifest_name()), "{}", slice.manifest_name());
            }
        }
    }

    #[test]
    fn others_are_refused() {
        for text in ["0/3", "4/3", "1/0", "x", "1/2000000", "t:5..5", "t:5", ":0..1", "t:-1..2", ""] {
            assert!(text.parse::<Slice>().is_err(), "{text}");
        }
        assert!(!is_slice_manifest("manifest.json") && !is_slice_manifest("orders.part-1-of-2.json"));
    }
}
