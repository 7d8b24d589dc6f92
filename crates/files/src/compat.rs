//! Compares exported columns with the columns of the target table.
//!
//! Lenient where servers only name a type differently (a PostgreSQL `uuid` fits a MySQL `char(36)`), strict where rows
//! would be refused or changed.

use std::fmt;

use super::manifest::{ColumnEntry, TableEntry};
use arrow::datatypes::DataType;
use dbmocker_core::schema::{Column, SqlType};
use dbmocker_generate::arrow::{JSON_EXTENSION, UUID_EXTENSION};

/// A difference between an export and its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The target has no such column.
    MissingInTarget { column: String },
    /// The server computes this column.
    Computed { column: String },
    /// The export has no values for a column of the target. `required`: NOT NULL, without a default.
    MissingInExport { column: String, required: bool },
    /// The target may refuse some of the values.
    Narrower { column: String, exported: String, target: String },
    /// The target cannot store the values.
    Incompatible { column: String, exported: String, target: String },
}

impl Difference {
    /// Whether the difference prevents the load.
    pub fn is_fatal(&self) -> bool {
        match self {
            Difference::MissingInTarget { .. } | Difference::Computed { .. } | Difference::Incompatible { .. } => true,
            Difference::MissingInExport { required, .. } => *required,
            Difference::Narrower { .. } => false,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::MissingInTarget { column } => {
                write!(f, "column `{column}` is exported, but the table has none")
            }
            Difference::Computed { column } => {
                write!(f, "column `{column}` is exported, but the server computes it here")
            }
            Difference::MissingInExport { column, required: true } => {
                write!(f, "column `{column}` is NOT NULL without a default, but was not exported")
            }
            Difference::MissingInExport { column, required: false } => {
                write!(f, "column `{column}` was not exported and is left to its default")
            }
            Difference::Narrower { column, exported, target } => {
                write!(f, "column `{column}` was exported as `{exported}` and is narrower here: `{target}`")
            }
            Difference::Incompatible { column, exported, target } => {
                write!(f, "column `{column}` was exported as `{exported}`, which `{target}` cannot take")
            }
        }
    }
}

/// Every relevant difference, the export's columns first, in their order.
pub fn compare(exported: &TableEntry, target: &[Column]) -> Vec<Difference> {
    let mut differences: Vec<Difference> = exported.columns.iter().filter_map(|c| column(c, target)).collect();
    let carried = exported.columns.iter().filter_map(|c| counterpart(&c.name, target));
    let carried: Vec<&str> = carried.map(|t| t.name.as_str()).collect();
    let left_out = target.iter().filter(|t| t.generated.is_none() && !carried.contains(&t.name.as_str()));
    differences.extend(left_out.map(|t| Difference::MissingInExport {
        column: t.name.clone(),
        required: !t.nullable && t.default.is_none() && t.auto.is_none(),
    }));
    differences
}

/// The target's column of a name; an exact match, otherwise the only match ignoring case, because servers fold case
/// differently.
pub fn counterpart<'a>(name: &str, target: &'a [Column]) -> Option<&'a Column> {
    let folded = || {
        let mut alike = target.iter().filter(|t| t.name.eq_ignore_ascii_case(name));
        alike.next().filter(|_| alike.next().is_none())
    };
    target.iter().find(|t| t.name == name).or_else(folded)
}

fn column(exported: &ColumnEntry, target: &[Column]) -> Option<Difference> {
    let name = exported.name.clone();
    let Some(found) = counterpart(&exported.name, target) else {
        return Some(Difference::MissingInTarget { column: name });
    };
    if found.generated.is_some() {
        return Some(Difference::Computed { column: name });
    }
    if exported.sql_type == found.type_name {
        return None;
    }
    let (was, is) = (exported.sql_type.clone(), found.type_name.clone());
    match fit(exported, &found.ty) {
        Fit::Whole => None,
        Fit::Narrower => Some(Difference::Narrower { column: name, exported: was, target: is }),
        Fit::No => Some(Difference::Incompatible { column: name, exported: was, target: is }),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Whole,
    Narrower,
    No,
}

/// Whether the target's type can store every value of the exported column.
fn fit(exported: &ColumnEntry, target: &SqlType) -> Fit {
    let Ok(from) = exported.arrow.parse::<DataType>() else { return Fit::No };
    let narrower_if = |narrower: bool| if narrower { Fit::Narrower } else { Fit::Whole };
    match target {
        // SQLite stores anything there.
        SqlType::Untyped => Fit::Whole,
        SqlType::Text { max_chars, .. } => text_fit(exported, &from, *max_chars),
        SqlType::Name => text_fit(exported, &from, Some(63)),
        SqlType::SingleChar => text_fit(exported, &from, Some(1)),
        SqlType::Bool => match from {
            DataType::Boolean => Fit::Whole,
            DataType::Int16 => Fit::Narrower,
            _ => Fit::No,
        },
        SqlType::Int { bytes, unsigned, .. } => whole_fit(&from, *bytes, *unsigned),
        SqlType::Year => narrower_if_whole(&from),
        SqlType::Decimal { precision: 0, .. } => {
            if is_number(&from) {
                Fit::Whole
            } else {
                Fit::No
            }
        }
        SqlType::Decimal { precision, scale, .. } => match decimal_digits(&from) {
            Some((whole, fraction)) => {
                let place = i32::from(*precision) - i32::from(*scale);
                narrower_if(whole > place || fraction > i32::from(*scale))
            }
            None if is_number(&from) => Fit::Narrower,
            None => Fit::No,
        },
        SqlType::Money | SqlType::Float { .. } => match from {
            DataType::Float64 if matches!(target, SqlType::Float { bytes: 4, .. }) => Fit::Narrower,
            from if is_number(&from) => Fit::Whole,
            _ => Fit::No,
        },
        SqlType::Binary { .. } => match from {
            DataType::Binary | DataType::FixedSizeBinary(_) | DataType::Utf8 => Fit::Whole,
            _ => Fit::No,
        },
        SqlType::Date => match from {
            DataType::Date32 => Fit::Whole,
            DataType::Timestamp(..) | DataType::Utf8 => Fit::Narrower,
            _ => Fit::No,
        },
        SqlType::Time { .. } => match from {
            DataType::Time64(_) => Fit::Whole,
            DataType::Utf8 => Fit::Narrower,
            _ => Fit::No,
        },
        SqlType::Timestamp { epoch_range, .. } => match from {
            DataType::Timestamp(..) | DataType::Date32 => narrower_if(*epoch_range),
            DataType::Utf8 => Fit::Narrower,
            _ => Fit::No,
        },
        SqlType::Uuid => match (&from, exported.extension.as_deref()) {
            (DataType::FixedSizeBinary(16), _) => Fit::Whole,
            (DataType::Utf8, _) => Fit::Narrower,
            _ => Fit::No,
        },
        SqlType::Json { .. } => match (&from, exported.extension.as_deref()) {
            (DataType::Utf8, Some(JSON_EXTENSION)) => Fit::Whole,
            (DataType::Utf8, _) => Fit::Narrower,
            _ => Fit::No,
        },
        SqlType::Unsupported { .. } => Fit::No,
        // Types exported as text in the server's syntax: only the server can check them.
        _ => narrower_if_text(&from),
    }
}

fn narrower_if_text(from: &DataType) -> Fit {
    if *from == DataType::Utf8 { Fit::Narrower } else { Fit::No }
}

fn narrower_if_whole(from: &DataType) -> Fit {
    match from {
        DataType::Int16 => Fit::Whole,
        DataType::Int32 | DataType::Int64 | DataType::UInt64 => Fit::Narrower,
        _ => Fit::No,
    }
}

/// Any value can be stored as text, if the length suffices.
fn text_fit(exported: &ColumnEntry, from: &DataType, limit: Option<u32>) -> Fit {
    let is_uuid = exported.extension.as_deref() == Some(UUID_EXTENSION);
    if matches!(from, DataType::Binary | DataType::FixedSizeBinary(_)) && !is_uuid {
        return Fit::No;
    }
    let Some(limit) = limit else { return Fit::Whole };
    let needed = match from {
        DataType::Utf8 => declared_length(&exported.sql_type),
        DataType::FixedSizeBinary(_) => Some(36),
        DataType::Boolean => Some(5),
        DataType::Date32 => Some(10),
        DataType::Time64(_) => Some(15),
        DataType::Timestamp(..) => Some(29),
        number => decimal_digits(number).and_then(|(whole, fraction)| u32::try_from(whole + fraction + 2).ok()),
    };
    if needed.is_some_and(|n| n <= limit) { Fit::Whole } else { Fit::Narrower }
}

/// The number in `varchar(24)`, `character(3)`, ...
fn declared_length(sql_type: &str) -> Option<u32> {
    let (name, rest) = sql_type.split_once('(')?;
    if !name.to_ascii_lowercase().contains("char") {
        return None;
    }
    rest.split_once(')')?.0.trim().parse().ok()
}

fn is_number(from: &DataType) -> bool {
    decimal_digits(from).is_some() || matches!(from, DataType::Float32 | DataType::Float64)
}

/// Digits before and after the point that a type's values may have.
fn decimal_digits(from: &DataType) -> Option<(i32, i32)> {
    Some(match from {
        DataType::Boolean => (1, 0),
        DataType::Int16 => (5, 0),
        DataType::Int32 => (10, 0),
        DataType::Int64 => (19, 0),
        DataType::UInt64 => (20, 0),
        DataType::Decimal128(precision, scale) => (i32::from(*precision) - i32::from(*scale), i32::from(*scale)),
        _ => return None,
    })
}

fn whole_fit(from: &DataType, bytes: u8, unsigned: bool) -> Fit {
    // The required bytes, and whether negative numbers may occur, of the exported values.
    let (needed, signed) = match from {
        DataType::Boolean => (0, false),
        DataType::Int16 => (2, true),
        DataType::Int32 => (4, true),
        DataType::Int64 => (8, true),
        DataType::UInt64 => (8, false),
        DataType::Decimal128(_, 0) => return Fit::Narrower,
        _ => return Fit::No,
    };
    let room = if signed || unsigned { needed <= bytes } else { needed < bytes };
    if room && !(signed && unsigned) { Fit::Whole } else { Fit::Narrower }
}

#[cfg(test)]
mod tests;
