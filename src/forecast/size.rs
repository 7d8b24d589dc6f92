//! Bytes of a row and of its index entries, as each server stores them.
//!
//! In: rows sampled from several ranges of a table. Out: bytes for each row on average, in pages of the table and of
//! its indexes, and what a table takes without rows.

use std::collections::HashMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, SortField};

use dbmocker_core::schema::{Auto, Column, Dialect, SqlType, Table};
use dbmocker_plan::{Plan, TablePlan};

mod cells;

/// For each row, on average.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct RowSizes {
    /// Bytes of the row's values alone.
    pub sent: f64,
    /// In the table's pages.
    pub row: f64,
    /// In pages of indexes.
    pub indexes: f64,
    /// Index entries besides the primary key's.
    pub entries: f64,
    /// Bytes of the table and its indexes besides those of rows.
    pub fixed: f64,
}

/// PostgreSQL: a page, its header, that of an index page, the pointer to a row or an entry.
const PAGE: f64 = 8192.0;
const PAGE_HEADER: f64 = 24.0;
const INDEX_PAGE_HEADER: f64 = 40.0;
const POINTER: f64 = 4.0;
/// PostgreSQL: the largest list of rows with one key, and bytes of a row in it.
const POSTING_LIST: f64 = 800.0;
const POSTING: f64 = 6.0;
/// PostgreSQL: maps of a table's pages, the index of its long values; the first page of an index.
const MAPS: f64 = 40_960.0;
/// SQLite: a page, its header, a cell's pointer.
const SQLITE_PAGE: f64 = 4096.0;
const SQLITE_HEADER: f64 = 8.0;
const SQLITE_POINTER: f64 = 2.0;
/// InnoDB: bytes of a row and of an index entry besides their values; a page, and the piece by which large tables and indexes
/// grow; the shares of pages that are filled with rows, and with index entries that were sorted.
const INNODB_ROW: f64 = 18.0;
const INNODB_ENTRY: f64 = 5.0;
const INNODB_PAGE: f64 = 16_384.0;
const INNODB_EXTENT: f64 = 1_048_576.0;
const INNODB_FILLED: f64 = 0.93;
const INNODB_IN_BULK: f64 = 0.8;
/// Shares of an index page that are filled: where keys arrive in order or the index is built, and where they do not.
const ORDERED: f64 = 0.9;
const UNORDERED: f64 = 0.7;

/// An index: its columns, where they are plain ones, and how it is filled.
struct IndexShape<'a> {
    columns: Vec<&'a Column>,
    expressions: usize,
    unique: bool,
    /// Keys arrive in order, or the index is built from sorted ones.
    ordered: bool,
    primary: bool,
}

/// `mariadb`: the server is MariaDB.
pub(super) fn of(plan: &Plan, (table, mariadb): (&Table, bool), planned: &TablePlan, batch: &RecordBatch) -> RowSizes {
    let dialect = plan.dialect;
    let sample = SampledTable { dialect, plan, table, planned, batch, in_bulk: mariadb && planned.existing == 0 };
    let sent: f64 = batch.columns().iter().map(|c| cell(dialect, c.as_ref())).sum();
    let indexes = sample.index_shapes();
    let entries = indexes.iter().filter(|i| !i.primary).count() as f64;
    let (row, in_indexes) = match dialect {
        Dialect::Postgres => (sample.postgres_row(), indexes.iter().map(|i| sample.postgres_entry(i)).sum()),
        Dialect::Sqlite => (sample.sqlite_row(), indexes.iter().map(|i| sample.sqlite_entry(i)).sum()),
        Dialect::Mysql => (sample.mysql_row(), indexes.iter().map(|i| sample.mysql_entry(i)).sum()),
    };
    let fixed = match dialect {
        Dialect::Postgres => MAPS + PAGE * indexes.len() as f64,
        Dialect::Sqlite => SQLITE_PAGE / 2.0 * (1.0 + indexes.len() as f64),
        Dialect::Mysql => sample.mysql_extents(&indexes, row),
    };
    RowSizes { sent, row, indexes: in_indexes, entries, fixed }
}

/// Some rows of a table.
struct SampledTable<'a> {
    dialect: Dialect,
    plan: &'a Plan,
    table: &'a Table,
    planned: &'a TablePlan,
    batch: &'a RecordBatch,
    /// MariaDB sorts the entries of an empty table's indexes before it writes them.
    in_bulk: bool,
}

impl SampledTable<'_> {
    fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// The average over the rows.
    fn average(&self, of: impl Fn(usize) -> f64) -> f64 {
        (0..self.rows()).map(of).sum::<f64>() / self.rows().max(1) as f64
    }

    fn array(&self, column: &Column) -> Option<&dyn Array> {
        self.batch.column_by_name(&column.name).map(AsRef::as_ref)
    }

    fn index_shapes(&self) -> Vec<IndexShape<'_>> {
        let deferred = self.planned.deferred_indexes.as_ref();
        let built = |name: &String| deferred.is_some_and(|d| d.indexes.contains(name) || d.keys.contains(name));
        let of_name = |name: &str| self.table.columns.iter().find(|c| c.name == name);
        let is_rowid = self.table.columns.iter().any(|c| matches!(c.auto, Some(Auto::Rowid { .. })));
        let clustered = self.dialect == Dialect::Mysql || is_rowid;
        let keys = self.table.keys.iter().filter(|key| !(key.primary && clustered)).map(|key| {
            let columns: Vec<&Column> =
                key.parts.iter().filter_map(|p| p.column.as_deref().and_then(of_name)).collect();
            let expressions = key.parts.len() - columns.len();
            let ordered = key.primary || built(&key.name);
            IndexShape { columns, expressions, unique: true, ordered, primary: key.primary }
        });
        let indexes = self.table.indexes.iter().map(|index| {
            let columns: Vec<&Column> =
                self.table.columns.iter().filter(|c| names(&index.definition, &c.name)).collect();
            let expressions = usize::from(columns.is_empty());
            IndexShape { columns, expressions, unique: false, ordered: built(&index.name), primary: false }
        });
        keys.chain(indexes).collect()
    }

    /// The offset after a row's values, each at its alignment, and whether one of them is NULL.
    fn postgres_values<'c>(&self, columns: impl Iterator<Item = &'c Column>, row: usize) -> (usize, bool) {
        columns.fold((0, false), |(end, nulls), column| match self.array(column) {
            Some(array) if array.is_null(row) => (end, true),
            found => {
                let (align, bytes) = found.map_or((8, 8), |array| cells::postgres(&column.ty, array, row));
                (end.next_multiple_of(align) + bytes, nulls)
            }
        })
    }

    fn postgres_row(&self) -> f64 {
        let bitmap = self.table.columns.len().div_ceil(8);
        let row = self.average(|row| {
            let (end, nulls) = self.postgres_values(self.table.columns.iter(), row);
            let header: usize = if nulls { 23 + bitmap } else { 23 };
            (header.next_multiple_of(8) + end).next_multiple_of(8) as f64
        });
        // The space at a page's end that the next row does not fit into.
        PAGE * (row + POINTER) / (PAGE - PAGE_HEADER - row.min(PAGE / 4.0) / 2.0)
    }

    fn postgres_entry(&self, index: &IndexShape<'_>) -> f64 {
        let entry = self.average(|row| {
            let (end, nulls) = self.postgres_values(index.columns.iter().copied(), row);
            let header = if nulls { 16 } else { 8 };
            (header + end + 16 * index.expressions).next_multiple_of(8) as f64
        });
        let alike = if index.unique { 1.0 } else { self.rows_of_a_key(&index.columns) };
        let bytes = if alike < 1.5 {
            entry + POINTER
        } else {
            // Rows with one key share an entry, up to a limit.
            let lists = (alike * POSTING / POSTING_LIST).max(1.0);
            (lists * (entry + POINTER + 4.0) + alike * POSTING) / alike
        };
        let filled = if index.ordered { ORDERED } else { UNORDERED };
        // Each page ends with the first key of the next one, and inner pages hold one entry per page.
        let usable = (PAGE - INDEX_PAGE_HEADER) * filled - entry - POINTER;
        PAGE * bytes / usable * (1.0 + (entry + POINTER) / (PAGE * 0.7))
    }

    fn sqlite_row(&self) -> f64 {
        let last = self.planned.existing + self.planned.rows;
        let row = self.average(|row| {
            let values = self.table.columns.iter().map(|column| match (&column.auto, self.array(column)) {
                (Some(Auto::Rowid { .. }), _) => 0,
                (_, Some(array)) => add(cells::sqlite(&column.type_name, array, row)),
                (_, None) => 4,
            });
            let payload = values.sum::<usize>() + self.table.columns.len() + 1;
            (payload + cells::varint(payload as u64) + cells::varint(last)) as f64
        });
        sqlite_page(row, 1.0)
    }

    fn sqlite_entry(&self, index: &IndexShape<'_>) -> f64 {
        let rowid = i64::try_from(self.planned.existing + self.planned.rows).unwrap_or(i64::MAX);
        let entry = self.average(|row| {
            let values = index.columns.iter().map(|column| match self.array(column) {
                Some(array) => add(cells::sqlite(&column.type_name, array, row)),
                None => 4,
            });
            let columns = index.columns.len() + index.expressions;
            let payload = values.sum::<usize>() + 8 * index.expressions + cells::sqlite_int(rowid) + columns + 2;
            (payload + cells::varint(payload as u64)) as f64
        });
        sqlite_page(entry, if index.ordered { 1.0 } else { UNORDERED })
    }

    fn mysql_row(&self) -> f64 {
        let values: f64 = self.table.columns.iter().map(|c| self.mysql_width(c)).sum();
        (INNODB_ROW + values + 1.0) / INNODB_FILLED
    }

    /// An entry holds the primary key's columns that are not its own.
    fn mysql_entry(&self, index: &IndexShape<'_>) -> f64 {
        let primary = self.table.primary_key().and_then(|key| key.plain_columns()).unwrap_or_default();
        let others = self.table.columns.iter().filter(|own| {
            primary.contains(&own.name.as_str()) && !index.columns.iter().any(|of_index| of_index.name == own.name)
        });
        // A table without a primary key has one of 6 bytes.
        let address = if primary.is_empty() { 6.0 } else { others.map(|c| self.mysql_width(c)).sum() };
        let key: f64 = index.columns.iter().map(|c| self.mysql_width(c)).sum::<f64>() + 16.0 * index.expressions as f64;
        (INNODB_ENTRY + address + key) / if self.in_bulk { INNODB_IN_BULK } else { UNORDERED }
    }

    /// Bytes that the table and its indexes take besides those of rows: each has a page, and a large one half an extent that
    /// is not filled.
    fn mysql_extents(&self, indexes: &[IndexShape<'_>], row: f64) -> f64 {
        let rows = self.planned.rows as f64;
        let entries = indexes.iter().filter(|i| !i.primary).map(|i| self.mysql_entry(i));
        let half = |bytes: f64| if bytes * rows > INNODB_EXTENT / 2.0 { INNODB_EXTENT / 2.0 } else { INNODB_PAGE };
        std::iter::once(row).chain(entries).map(half).sum()
    }

    /// InnoDB: bytes of a column on average.
    fn mysql_width(&self, column: &Column) -> f64 {
        let Some(array) = self.array(column) else { return 8.0 };
        let given = (array.len() - array.null_count()) as f64 / array.len().max(1) as f64;
        match column.ty {
            SqlType::Timestamp { precision, epoch_range, .. } => {
                given * f64::from(if epoch_range { 4 } else { 5 } + precision.div_ceil(2))
            }
            SqlType::Decimal { precision, scale, .. } => {
                let scale = u16::try_from(scale).unwrap_or(0);
                given * f64::from(cells::mysql_digits(precision.saturating_sub(scale)) + cells::mysql_digits(scale))
            }
            _ => cell(self.dialect, array),
        }
    }

    /// How many rows of the table have the same values in these columns, estimated from those of the sample (Chao): the
    /// the numbers of values seen once and twice give the number of values not seen.
    fn rows_of_a_key(&self, columns: &[&Column]) -> f64 {
        let arrays: Vec<_> = columns.iter().filter_map(|c| self.batch.column_by_name(&c.name)).cloned().collect();
        let fields: Vec<SortField> = arrays.iter().map(|a| SortField::new(a.data_type().clone())).collect();
        let rows = RowConverter::new(fields).and_then(|converter| converter.convert_columns(&arrays));
        let (Ok(rows), false) = (rows, arrays.is_empty()) else { return 1.0 };
        let mut seen: HashMap<Box<[u8]>, u32> = HashMap::new();
        rows.iter().for_each(|row| *seen.entry(row.as_ref().into()).or_default() += 1);
        let times = |n: u32| seen.values().filter(|&&m| m == n).count() as f64;
        let unseen = times(1) * times(1) / (2.0 * times(2).max(1.0));
        let parents = self.planned.foreign.iter().find(|f| {
            f.columns.iter().map(|&c| self.table.columns[c].name.as_str()).eq(columns.iter().map(|c| c.name.as_str()))
        });
        let most = parents.map_or(f64::MAX, |f| {
            (f.existing_count + f.parent_table.map_or(0, |p| self.plan.tables[p].rows)).max(1) as f64
        });
        let different = (seen.len() as f64 + unseen).min(most).min(self.planned.rows as f64);
        self.planned.rows as f64 / different.max(1.0)
    }
}

/// Bytes of a value, and of its type where that is longer than a byte.
fn add((value, ty): (usize, usize)) -> usize {
    value + ty
}

/// SQLite: bytes of a cell in its page, with the space at the page's end that the next cell does not fit into.
fn sqlite_page(cell: f64, filled: f64) -> f64 {
    let usable = SQLITE_PAGE - SQLITE_HEADER;
    SQLITE_PAGE * (cell + SQLITE_POINTER) / ((usable - cell.min(usable / 2.0) / 2.0) * filled) * 1.004
}

/// Whether the column is in the list of an index definition.
fn names(definition: &str, column: &str) -> bool {
    let list = definition.rsplit_once('(').map_or(definition, |(_, list)| list);
    list.split([',', ')', ' ', '"', '`']).any(|word| word == column)
}

/// Bytes of a cell on average.
fn cell(dialect: Dialect, array: &dyn Array) -> f64 {
    let rows = array.len().max(1) as f64;
    let given = (array.len() - array.null_count()) as f64 / rows;
    let varying = |bytes: usize| (bytes as f64 / rows) + given;
    match array.data_type() {
        DataType::Utf8 => varying(array.as_string::<i32>().value_data().len()),
        DataType::Binary => varying(array.as_binary::<i32>().value_data().len()),
        DataType::Boolean => given,
        DataType::FixedSizeBinary(16) => 16.0 * given,
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
