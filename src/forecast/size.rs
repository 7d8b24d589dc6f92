//! Bytes of a row and of its index entries, as each server stores them.

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use dbmocker_core::schema::{Auto, Dialect, Key, Table};
use dbmocker_plan::TablePlan;

/// For each row, on average.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct RowSizes {
    /// Its values alone.
    pub sent: f64,
    /// In the table's pages.
    pub row: f64,
    /// In pages of indexes.
    pub indexes: f64,
    /// Index entries besides the primary key's.
    pub entries: f64,
}

/// Bytes that a server adds to a row and to an index entry, and the share of a page that is filled.
struct Layout {
    row: f64,
    entry: f64,
    filled: f64,
    /// Index pages, where keys arrive in order, and where they do not.
    ordered: f64,
    unordered: f64,
    /// Entries hold the primary key instead of a row's address.
    clustered: bool,
}

fn layout(dialect: Dialect, built: bool) -> Layout {
    let unordered = if built { 0.9 } else { 0.7 };
    match dialect {
        Dialect::Postgres => Layout { row: 28.0, entry: 12.0, filled: 0.99, ordered: 0.9, unordered, clustered: false },
        Dialect::Mysql => {
            Layout { row: 18.0, entry: 5.0, filled: 0.93, ordered: 0.93, unordered: 0.7, clustered: true }
        }
        Dialect::Sqlite => Layout { row: 6.0, entry: 5.0, filled: 0.97, ordered: 0.95, unordered, clustered: false },
    }
}

pub(super) fn of(dialect: Dialect, table: &Table, planned: &TablePlan, batch: &RecordBatch) -> RowSizes {
    let deferred = planned.deferred_indexes.as_ref();
    let built = deferred.is_some_and(|d| !d.indexes.is_empty() || !d.keys.is_empty());
    let layout = layout(dialect, built);
    let width = |name: &str| {
        let schema = batch.schema_ref();
        schema.index_of(name).map_or(8.0, |i| cell(dialect, batch.column(i).as_ref()))
    };
    let sent: f64 = batch.columns().iter().map(|c| cell(dialect, c.as_ref())).sum();
    let row =
        (aligned(dialect, layout.row + sent) + if dialect == Dialect::Postgres { 0.0 } else { 1.0 }) / layout.filled;
    let key_width = |key: &Key| key.parts.iter().map(|p| p.column.as_deref().map_or(16.0, width)).sum::<f64>();
    let primary = table.primary_key();
    let address = match primary {
        Some(primary) if layout.clustered => key_width(primary),
        _ => 4.0,
    };
    let mut sizes = RowSizes { sent, row, ..RowSizes::default() };
    for key in &table.keys {
        if key.primary && (layout.clustered || is_rowid(table)) {
            continue;
        }
        let filled = if key.primary { layout.ordered } else { layout.unordered };
        sizes.indexes += aligned(dialect, layout.entry + address + key_width(key)) / filled;
        sizes.entries += f64::from(u8::from(!key.primary));
    }
    for index in &table.indexes {
        let columns = table.columns.iter().filter(|c| names(&index.definition, &c.name)).map(|c| width(&c.name));
        sizes.indexes += aligned(dialect, layout.entry + address + columns.sum::<f64>().max(4.0)) / layout.unordered;
        sizes.entries += 1.0;
    }
    sizes
}

fn is_rowid(table: &Table) -> bool {
    table.columns.iter().any(|c| matches!(c.auto, Some(Auto::Rowid { .. })))
}

/// Whether the column is in the list of an index definition.
fn names(definition: &str, column: &str) -> bool {
    let list = definition.rsplit_once('(').map_or(definition, |(_, list)| list);
    list.split([',', ')', ' ', '"', '`']).any(|word| word == column)
}

/// PostgreSQL begins every row and entry at a multiple of eight.
fn aligned(dialect: Dialect, bytes: f64) -> f64 {
    if dialect == Dialect::Postgres { bytes + 3.5 } else { bytes }
}

/// Bytes of a cell on average.
fn cell(dialect: Dialect, array: &dyn Array) -> f64 {
    let rows = array.len().max(1) as f64;
    let given = (array.len() - array.null_count()) as f64 / rows;
    let varying = |bytes: usize| (bytes as f64 / rows) + given;
    match array.data_type() {
        DataType::Utf8 => varying(array.as_string::<i32>().value_data().len()),
        DataType::Binary => varying(array.as_binary::<i32>().value_data().len()),
        DataType::Utf8View => varying(array.as_string_view().iter().flatten().map(str::len).sum()),
        DataType::BinaryView => varying(array.as_binary_view().iter().flatten().map(<[u8]>::len).sum()),
        DataType::Boolean => given,
        // SQLite keeps small numbers small, and moments as texts.
        DataType::Timestamp(..) if dialect == Dialect::Sqlite => 20.0 * given,
        DataType::Date32 if dialect == Dialect::Sqlite => 11.0 * given,
        DataType::Date32 if dialect == Dialect::Mysql => 3.0 * given,
        DataType::Int64 | DataType::Int32 if dialect == Dialect::Sqlite => 4.0 * given,
        DataType::Decimal128(precision, _) => (4.0 + f64::from(*precision) / 2.0).min(10.0) * given,
        other => match other.primitive_width() {
            Some(width) => width as f64 * given,
            None => (array.get_array_memory_size() as f64 / rows).min(64.0) * given,
        },
    }
}
