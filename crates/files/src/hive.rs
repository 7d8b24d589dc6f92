//! Files in folders by a column's value (`country=DE/`), in the layout of Hive, Spark, DuckDB, pandas and polars.
//!
//! In: record batches. Out: the rows of each value without the column; and the reverse: the column of a file that lacks
//! it. The value in the manifest is what `load` reads; the folder's name is for other programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, UInt32Array};
use arrow::compute::{CastOptions, cast, cast_with_options, take, take_record_batch};
use arrow::datatypes::{DataType, Field, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use serde::{Deserialize, Serialize};

use dbmocker_generate::arrow::extension;

/// The most folders of one table that are written at a time: each has an open file and a row group in memory.
pub const MOST_FOLDERS: usize = 256;
/// The folder of NULL.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";
/// The most bytes of a folder's name, below the usual limit of 255.
const LONGEST_NAME: usize = 240;

/// The value of a column that every row of a file has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HivePartition {
    pub column: String,
    /// As text; `None` for NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The file's rows are taken from a range of this many table rows, which begins at the file's first row.
    pub among: u64,
}

/// Why rows cannot be written into folders by a column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HiveError {
    #[error(
        "column `{column}` is {arrow}, and folders are named by texts, whole numbers, days and booleans; choose another column"
    )]
    Type { column: String, arrow: String },
    #[error("column `{column}` holds an empty text, which folders cannot tell from NULL; choose another column")]
    Empty { column: String },
    #[error("column `{column}` holds `{value}`, which cannot name a folder; choose another column")]
    Name { column: String, value: String },
    #[error(
        "column `{column}` has more than {MOST_FOLDERS} values, and each would be a folder with a file that is open; choose a column with fewer"
    )]
    TooMany { column: String },
    #[error(
        "column `{column}` is the only one, and files hold the others; leave the table out, or choose another column"
    )]
    Only { column: String },
}

/// Checks that a column's values can name folders.
///
/// # Errors
/// [`HiveError::Type`].
pub fn check(field: &Field) -> Result<(), HiveError> {
    let kind = field.data_type();
    let fits = kind.is_integer() || matches!(kind, DataType::Utf8 | DataType::Boolean | DataType::Date32);
    match fits && extension(field).is_none() {
        true => Ok(()),
        false => {
            let arrow = extension(field).map_or_else(|| kind.to_string(), str::to_owned);
            Err(HiveError::Type { column: field.name().clone(), arrow })
        }
    }
}

/// The name of a folder: `country=DE`.
///
/// # Errors
/// The value cannot name one.
pub fn folder(column: &str, value: Option<&str>) -> Result<String, HiveError> {
    let Some(value) = value else { return Ok(format!("{}={NULL_FOLDER}", escaped(column))) };
    let name = format!("{}={}", escaped(column), escaped(value));
    match value {
        "" => Err(HiveError::Empty { column: column.to_owned() }),
        _ if value == NULL_FOLDER || name.len() > LONGEST_NAME => {
            let value = value.chars().take(60).collect();
            Err(HiveError::Name { column: column.to_owned(), value })
        }
        _ => Ok(name),
    }
}

/// Percent-encodes what is not safe in a file's name on every system; readers decode it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        match c {
            '.' if i > 0 => out.push(c),
            '-' | '_' | ' ' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| out.push_str(&format!("%{byte:02X}"))),
        }
    }
    // A space at the end is lost on some systems.
    if out.ends_with(' ') {
        out.truncate(out.len() - 1);
        out.push_str("%20");
    }
    out
}

/// The schema without a column.
///
/// # Panics
/// There is no column `at`.
pub fn schema_without(schema: &SchemaRef, at: usize) -> SchemaRef {
    let others: Vec<usize> = (0..schema.fields().len()).filter(|&i| i != at).collect();
    Arc::new(schema.project(&others).expect("these are columns of the schema"))
}

/// The rows of each value of a column, without it, in the order of the values; rows keep their order.
///
/// # Errors
/// The column has a type that [`check`] refuses, or too many values.
pub fn split(batch: &RecordBatch, at: usize) -> Result<Vec<(Option<String>, RecordBatch)>, HiveError> {
    let field = batch.schema_ref().field(at);
    let wrong = |_: ArrowError| HiveError::Type { column: field.name().clone(), arrow: field.data_type().to_string() };
    let texts = cast(batch.column(at), &DataType::Utf8).map_err(wrong)?;
    let mut rows: BTreeMap<Option<&str>, Vec<u32>> = BTreeMap::new();
    for (row, value) in (0u32..).zip(texts.as_string::<i32>()) {
        rows.entry(value).or_default().push(row);
        if rows.len() > MOST_FOLDERS {
            return Err(HiveError::TooMany { column: field.name().clone() });
        }
    }
    let others: Vec<usize> = (0..batch.num_columns()).filter(|&i| i != at).collect();
    let others = batch.project(&others).map_err(wrong)?;
    let part = |(value, rows): (Option<&str>, Vec<u32>)| {
        let part = take_record_batch(&others, &UInt32Array::from(rows)).map_err(wrong)?;
        Ok((value.map(str::to_owned), part))
    };
    rows.into_iter().map(part).collect()
}

/// The value of a partition as the column's type, an array of one.
///
/// # Errors
/// The text is not a value of this type.
pub fn value(field: &Field, partition: &HivePartition) -> Result<ArrayRef, ArrowError> {
    let text: ArrayRef = Arc::new(StringArray::from(vec![partition.value.as_deref()]));
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let value = cast_with_options(&text, field.data_type(), &strict)?;
    if value.is_null(0) && !field.is_nullable() {
        return Err(ArrowError::InvalidArgumentError("NULL in a column that takes none".into()));
    }
    Ok(value)
}

/// The batch with the column added. `value` is the result of [`value`], `schema` the schema of the whole table.
///
/// # Errors
/// The batch does not have the table's columns without this one.
pub fn with_column(
    batch: &RecordBatch,
    schema: &SchemaRef,
    at: usize,
    value: &ArrayRef,
) -> Result<RecordBatch, ArrowError> {
    let rows = batch.num_rows();
    let mut columns = batch.columns().to_vec();
    if at > columns.len() {
        return Err(ArrowError::SchemaError(format!("{} columns, and the table has {}", columns.len(), at + 1)));
    }
    columns.insert(at, take(value, &UInt32Array::from(vec![0; rows]), None)?);
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
}

#[cfg(test)]
mod tests {
    use arrow::array::{BooleanArray, Date32Array, Int32Array};
    use arrow::datatypes::Schema;

    use super::*;

    #[test]
    fn rows_are_split_and_put_together_again() {
        let columns: [(&str, ArrayRef); 4] = [
            ("text", Arc::new(StringArray::from(vec![Some("a/b"), None, Some("ü"), Some("a/b")]))),
            ("number", Arc::new(Int32Array::from(vec![Some(-7), None, Some(3), Some(-7)]))),
            ("flag", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true)]))),
            ("day", Arc::new(Date32Array::from(vec![Some(-1), None, Some(20_000), Some(-1)]))),
        ];
        let fields: Vec<_> = columns.iter().map(|(n, c)| Field::new(*n, c.data_type().clone(), true)).collect();
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), columns.map(|(_, c)| c).to_vec()).unwrap();
        for at in 0..4 {
            check(schema.field(at)).unwrap();
            let parts = split(&batch, at).unwrap();
            assert_eq!(parts.iter().map(|(_, rows)| rows.num_rows()).collect::<Vec<_>>().iter().sum::<usize>(), 4);
            assert_eq!(parts.len(), 3);
            for (text, rows) in parts {
                assert_eq!(*rows.schema_ref().fields(), *schema_without(&schema, at).fields());
                let partition =
                    HivePartition { column: schema.field(at).name().clone(), value: text.clone(), among: 4 };
                let one = value(schema.field(at), &partition).unwrap();
                let whole = with_column(&rows, &schema, at, &one).unwrap();
                let [(back, _)] = &split(&whole, at).unwrap()[..] else { panic!("one value") };
                assert_eq!(*back, text);
            }
        }
        let wrong = HivePartition { column: "number".into(), value: Some("x".into()), among: 4 };
        assert!(value(schema.field(1), &wrong).is_err());
    }

    #[test]
    fn names_of_folders() {
        assert_eq!(folder("c", Some("a/b=..")).unwrap(), "c=a%2Fb%3D..");
        assert_eq!(folder("c", Some("..")).unwrap(), "c=%2E.");
        assert_eq!(folder("c", Some("New York ")).unwrap(), "c=New York%20");
        assert_eq!(folder("c", None).unwrap(), format!("c={NULL_FOLDER}"));
        for odd in ["", NULL_FOLDER, &"x".repeat(300)] {
            assert!(folder("c", Some(odd)).is_err(), "{odd}");
        }
    }
}
