//! A batch's cells as SQLite's five storage classes, by the affinity of the column they go to.
//!
//! Data in: [`ArrayCells`] and the column's declared type. Data out: [`ValueRef`]s, borrowed from the batch or from a
//! scratch buffer. Values that SQLite cannot store (integers beyond 64 bits, NaN) are rejected once per batch, before
//! any row of it is written.

use rusqlite::types::ValueRef;

use crate::array_cells::{self, ArrayCells};
use crate::{LoadError, Target, text};

/// See <https://sqlite.org/datatype3.html#determination_of_column_affinity>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

impl Affinity {
    pub fn of(declared: &str) -> Affinity {
        let declared = declared.to_ascii_uppercase();
        let has = |part| declared.contains(part);
        if has("INT") {
            Affinity::Integer
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Affinity::Text
        } else if has("BLOB") || declared.trim().is_empty() {
            Affinity::Blob
        } else if has("REAL") || has("FLOA") || has("DOUB") {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }
}

/// The form for values that SQLite can store in several forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SqliteForm {
    /// The number, or for UUIDs the 16 bytes.
    Native,
    /// The text form.
    Text,
}

#[derive(Debug)]
pub struct BoundColumn {
    cells: ArrayCells,
    form: SqliteForm,
}

/// The batch's columns, each checked to hold only what SQLite can store.
pub fn of_batch(target: &Target, batch: &arrow::record_batch::RecordBatch) -> Result<Vec<BoundColumn>, LoadError> {
    let cells = array_cells::of_batch(target, batch)?;
    let columns = cells.into_iter().zip(&target.columns).map(|(cells, column)| {
        let affinity = Affinity::of(&column.sql_type);
        let form = match &cells {
            ArrayCells::Uuid(_) if column.sql_type.to_ascii_uppercase().contains("BLOB") => SqliteForm::Native,
            ArrayCells::Uuid(_) => SqliteForm::Text,
            _ if affinity == Affinity::Text => SqliteForm::Text,
            _ => SqliteForm::Native,
        };
        let checked = BoundColumn { cells, form };
        match checked.unfit() {
            None => Ok(checked),
            Some(reason) => Err(LoadError::Table {
                table: array_cells::label(target),
                message: format!("`{}`: {reason}", column.name),
                code: None,
            }),
        }
    });
    columns.collect()
}

impl BoundColumn {
    /// Why the column contains a value that SQLite would change.
    fn unfit(&self) -> Option<String> {
        let too_large = |n: &dyn std::fmt::Display| {
            format!("SQLite holds whole numbers up to {}, not {n}; declare the column as text", i64::MAX)
        };
        match &self.cells {
            ArrayCells::UInt(a) if self.form == SqliteForm::Native => {
                let n = arrow::compute::max(a)?;
                i64::try_from(n).is_err().then(|| too_large(&n))
            }
            ArrayCells::Decimal(a) if self.form == SqliteForm::Native && a.scale() <= 0 => {
                let large = |n: &i128| whole(*n, a.scale()).is_none();
                a.iter().flatten().find(large).map(|n| too_large(&n))
            }
            ArrayCells::F64(a) => a.iter().flatten().any(f64::is_nan).then(|| "SQLite stores NaN as NULL".to_owned()),
            ArrayCells::F32(a) => a.iter().flatten().any(f32::is_nan).then(|| "SQLite stores NaN as NULL".to_owned()),
            _ => None,
        }
    }

    /// The value of a row; `scratch` is overwritten where a text form has to be built.
    pub fn value<'a>(&'a self, row: usize, scratch: &'a mut Vec<u8>) -> ValueRef<'a> {
        if self.cells.is_null(row) {
            return ValueRef::Null;
        }
        scratch.clear();
        match &self.cells {
            ArrayCells::Null => return ValueRef::Null,
            ArrayCells::Bool(a) => return ValueRef::Integer(i64::from(a.value(row))),
            ArrayCells::Int(a) => return ValueRef::Integer(a.value(row)),
            ArrayCells::UInt(a) => match i64::try_from(a.value(row)) {
                Ok(n) => return ValueRef::Integer(n),
                Err(_) => text::put_u64(scratch, a.value(row)),
            },
            ArrayCells::F32(a) => return ValueRef::Real(a.value(row).into()),
            ArrayCells::F64(a) => return ValueRef::Real(a.value(row)),
            ArrayCells::Text(a) => return ValueRef::Text(a.value(row).as_bytes()),
            ArrayCells::Bytes(a) => return ValueRef::Blob(a.value(row)),
            ArrayCells::Uuid(a) if self.form == SqliteForm::Native => return ValueRef::Blob(a.value(row)),
            ArrayCells::Decimal(a) if self.form == SqliteForm::Native => return number(a.value(row), a.scale()),
            ArrayCells::Decimal(a) => text::put_decimal(scratch, a.value(row), a.scale()),
            ArrayCells::Uuid(a) => text::put_uuid(scratch, a.value(row)),
            ArrayCells::Date(a) => text::put_date(scratch, a.value(row)),
            ArrayCells::Time(a) => text::put_time(scratch, a.value(row)),
            ArrayCells::Timestamp(a) => text::put_timestamp(scratch, a.value(row)),
            ArrayCells::Duration(a) => text::put_time(scratch, a.value(row)),
        }
        ValueRef::Text(scratch)
    }
}

/// A decimal as an integer where its type has no fraction, else as the nearest double.
fn number(unscaled: i128, scale: i8) -> ValueRef<'static> {
    if let (..=0, Some(n)) = (scale, whole(unscaled, scale)) {
        return ValueRef::Integer(n);
    }
    ValueRef::Real(nearest(unscaled, scale))
}

/// `unscaled * 10^-scale` for a scale that is not positive, if it fits.
fn whole(unscaled: i128, scale: i8) -> Option<i64> {
    let factor = 10_i128.checked_pow(u32::from(scale.unsigned_abs()))?;
    i64::try_from(unscaled.checked_mul(factor)?).ok()
}

fn nearest(unscaled: i128, scale: i8) -> f64 {
    /// Powers of ten up to here, and whole numbers below 2^53, are exact doubles: their quotient is rounded once.
    const EXACT_POWER: u8 = 22;
    let scale = scale.unsigned_abs();
    if let (Ok(n), true) = (i64::try_from(unscaled), scale <= EXACT_POWER)
        && n.unsigned_abs() < 1 << 53
    {
        return n as f64 / 10_f64.powi(i32::from(scale));
    }
    format!("{unscaled}e-{scale}").parse().expect("digits with an exponent are a number")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn affinities_as_documented() {
        for (declared, expected) in [
            ("INTEGER", Affinity::Integer),
            ("bigint unsigned", Affinity::Integer),
            ("CHARINT", Affinity::Integer),
            ("nvarchar(100)", Affinity::Text),
            ("BLOB", Affinity::Blob),
            ("", Affinity::Blob),
            ("double precision", Affinity::Real),
            ("DECIMAL(10,5)", Affinity::Numeric),
            ("DATETIME", Affinity::Numeric),
        ] {
            assert_eq!(Affinity::of(declared), expected, "{declared}");
        }
    }

    proptest! {
        #[test]
        fn decimals_are_the_nearest_double(unscaled in any::<i128>().prop_map(|n| n >> 40), scale in 1i8..38) {
            let mut written = Vec::new();
            text::put_decimal(&mut written, unscaled, scale);
            let expected: f64 = String::from_utf8(written).unwrap().parse().unwrap();
            prop_assert_eq!(nearest(unscaled, scale).to_bits(), expected.to_bits());
        }
    }
}
