//! Rows for tests: one array a column, cut into batches.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use dbmocker_loaders::{LoadError, Loaded, Loader, Payload, Target, TargetColumn};

/// Texts that are often escaped incorrectly.
pub const NASTY: [&str; 14] = [
    "",
    "\\N",
    "NULL",
    "\\",
    "it's \"quoted\" `so`",
    "tab\there\nand newline\r\n",
    "\\t\\n\\0 not escapes",
    "nul\0inside",
    " padded ",
    "naïve 日本語 🦀",
    "a,b;c\u{1a}d",
    "\u{feff}bom",
    "' OR 1=1 -- ",
    "%_\\%\\_",
];

/// A target of (column name, type of the server).
pub fn target(schema: &str, table: &str, columns: &[(&str, &str)]) -> Target {
    let column = |(name, ty): &(&str, &str)| TargetColumn { name: (*name).into(), sql_type: (*ty).into(), srid: None };
    Target { schema: schema.into(), table: table.into(), columns: columns.iter().map(column).collect(), freeze: false }
}

/// One batch; every column nullable.
pub fn batch(target: &Target, arrays: Vec<ArrayRef>) -> RecordBatch {
    let field = |(c, a): (&TargetColumn, &ArrayRef)| Field::new(&c.name, a.data_type().clone(), true);
    let schema = Schema::new(target.columns.iter().zip(&arrays).map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), arrays).unwrap()
}

pub fn load(loader: &mut dyn Loader, target: &Target, arrays: Vec<ArrayRef>) -> Result<Loaded, LoadError> {
    let batch = batch(target, arrays);
    load_all(loader, target, batch.schema(), vec![Ok(batch)])
}

pub fn load_all(
    loader: &mut dyn Loader,
    target: &Target,
    schema: SchemaRef,
    batches: Vec<Result<RecordBatch, LoadError>>,
) -> Result<Loaded, LoadError> {
    loader.load(target, Payload::Batches { schema, batches: &mut batches.into_iter() })
}

/// The values of a one-column query.
pub fn column(loader: &mut dyn Loader, sql: &str) -> Vec<Option<String>> {
    loader.query(sql).unwrap().into_iter().map(|mut row| row.remove(0)).collect()
}

pub fn value(loader: &mut dyn Loader, sql: &str) -> String {
    column(loader, sql).remove(0).unwrap()
}
