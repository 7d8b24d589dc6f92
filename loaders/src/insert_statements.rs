//! Rows as `INSERT` statements in a file, for a server's own client: `psql`, `mysql`, `sqlite3`.
//!
//! Data in: record batches of a [`Target`]. Data out: statements of up to [`ROWS`] rows. [`Statements::encode`] is pure:
//! the statements of a batch depend on nothing else, so that threads may encode different batches.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use rusqlite::types::ValueRef;

use crate::array_cells::ArrayCells;
use crate::ident::{literal, qualified, quote};
use crate::mysql::encode::{self, Literals};
use crate::{Dialect, LoadError, Target, array_cells, sqlite, text};

/// Rows of one statement at most, and its bytes, which are far below `max_allowed_packet` of MySQL.
pub const ROWS: usize = 500;
const BYTES: usize = 256 << 10;
/// A row without any value.
const DEFAULTS: &str = "DEFAULT VALUES";

/// How the rows of one table are written.
#[derive(Debug)]
pub struct Statements {
    dialect: Dialect,
    target: Target,
    /// Up to and including `VALUES`.
    head: Vec<u8>,
    /// MySQL and MariaDB.
    literals: Option<Literals>,
}

impl Statements {
    /// Statements for a table of this schema; `mariadb`: not MySQL.
    pub fn new(dialect: Dialect, mariadb: bool, target: Target, schema: &SchemaRef) -> Self {
        let names: Vec<String> = target.columns.iter().map(|c| quote(dialect, &c.name)).collect();
        // GENERATED ALWAYS identity columns accept values only with this clause.
        let overriding = if dialect == Dialect::Postgres { " OVERRIDING SYSTEM VALUE" } else { "" };
        let head = format!("INSERT INTO {} ({}){overriding} VALUES\n", table(dialect, &target), names.join(", "));
        let literals =
            (dialect == Dialect::Mysql).then(|| Literals::new(encode::travels(&target, schema, mariadb), false));
        Statements { dialect, target, head: head.into_bytes(), literals }
    }

    /// The settings that the statements rely on.
    pub fn preamble(&self) -> &'static str {
        match self.dialect {
            Dialect::Postgres => {
                "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET timezone = 'UTC';\n\
                 SET datestyle = 'ISO';\nSET intervalstyle = 'postgres';\n"
            }
            Dialect::Mysql => {
                "SET NAMES utf8mb4;\nSET time_zone = '+00:00';\n\
                 SET sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION';\n"
            }
            Dialect::Sqlite => "",
        }
    }

    /// The statements after the last row: they advance PostgreSQL's sequences past the inserted values.
    pub fn closing(&self, schema: &SchemaRef) -> String {
        if self.dialect != Dialect::Postgres {
            return String::new();
        }
        let table = table(self.dialect, &self.target);
        let whole = self.target.columns.iter().zip(schema.fields()).filter(|(_, f)| f.data_type().is_integer());
        let mut out = String::new();
        for (column, _) in whole {
            let (name, of) = (quote(self.dialect, &column.name), literal(self.dialect, &table));
            let own = literal(self.dialect, &column.name);
            out += &format!(
                "SELECT pg_catalog.setval(s::pg_catalog.regclass, m) FROM (SELECT pg_catalog.pg_get_serial_sequence({of}, {own}) AS s, \
                 (SELECT max({name}) FROM {table}) AS m) AS x WHERE s IS NOT NULL AND m > 0;\n"
            );
        }
        out
    }

    /// Appends the statements of a batch.
    ///
    /// # Errors
    /// A type without a literal, or a value that the server cannot store.
    pub fn encode(&self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), LoadError> {
        if self.target.columns.is_empty() {
            let all_default = format!("INSERT INTO {} {DEFAULTS};\n", table(self.dialect, &self.target));
            let mysql = format!("INSERT INTO {} () VALUES ();\n", table(self.dialect, &self.target));
            let one = if self.dialect == Dialect::Mysql { mysql } else { all_default };
            (0..batch.num_rows()).for_each(|_| out.extend_from_slice(one.as_bytes()));
            return Ok(());
        }
        let rows = ValueLists::of(self, batch)?;
        let mut begun = None;
        for row in 0..batch.num_rows() {
            match begun {
                Some((_, n)) if n < ROWS && out.len() - begun.map_or(0, |(at, _)| at) < BYTES => {
                    out.extend_from_slice(b",\n");
                    begun = begun.map(|(at, n)| (at, n + 1));
                }
                _ => {
                    if begun.is_some() {
                        out.extend_from_slice(b";\n");
                    }
                    begun = Some((out.len(), 1));
                    out.extend_from_slice(&self.head);
                }
            }
            rows.put(row, out);
        }
        if begun.is_some() {
            out.extend_from_slice(b";\n");
        }
        Ok(())
    }
}

fn table(dialect: Dialect, target: &Target) -> String {
    // MySQL's database and SQLite's file may have another name where the file is loaded.
    match dialect {
        Dialect::Postgres => qualified(dialect, &target.schema, &target.table),
        Dialect::Mysql | Dialect::Sqlite => quote(dialect, &target.table),
    }
}

/// The rows of a batch as parenthesised lists of literals.
enum ValueLists<'a> {
    Postgres(Vec<(ArrayCells, bool)>),
    Mysql(Vec<ArrayCells>, &'a Literals),
    Sqlite(Vec<sqlite::BoundColumn>),
}

impl<'a> ValueLists<'a> {
    fn of(statements: &'a Statements, batch: &RecordBatch) -> Result<Self, LoadError> {
        let Statements { target, .. } = statements;
        Ok(match (statements.dialect, &statements.literals) {
            (Dialect::Sqlite, _) => ValueLists::Sqlite(sqlite::bound_columns(target, batch)?),
            (Dialect::Mysql, Some(literals)) => ValueLists::Mysql(array_cells::of_batch(target, batch)?, literals),
            _ => {
                let zoned = |i: usize| {
                    matches!(batch.schema_ref().field(i).data_type(), arrow::datatypes::DataType::Timestamp(_, Some(_)))
                };
                let cells = array_cells::of_batch(target, batch)?;
                ValueLists::Postgres(cells.into_iter().enumerate().map(|(i, cells)| (cells, zoned(i))).collect())
            }
        })
    }

    fn put(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            ValueLists::Mysql(cells, literals) => literals.row(out, cells, row),
            ValueLists::Postgres(cells) => list(out, cells, |out, (cells, zoned)| postgres(out, cells, *zoned, row)),
            ValueLists::Sqlite(columns) => {
                let mut scratch = Vec::new();
                list(out, columns, |out, column| sqlite_value(out, column.value(row, &mut scratch)));
            }
        }
    }
}

fn list<T>(out: &mut Vec<u8>, cells: &[T], mut put: impl FnMut(&mut Vec<u8>, &T)) {
    out.push(b'(');
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(b", ");
        }
        put(out, cell);
    }
    out.push(b')');
}

fn postgres(out: &mut Vec<u8>, cells: &ArrayCells, zoned: bool, row: usize) {
    if cells.is_null(row) {
        return out.extend_from_slice(b"NULL");
    }
    match cells {
        ArrayCells::Null => out.extend_from_slice(b"NULL"),
        ArrayCells::Bool(a) => out.extend_from_slice(if a.value(row) { b"true" } else { b"false" }),
        ArrayCells::Int(a) => text::put_i64(out, a.value(row)),
        ArrayCells::UInt(a) => text::put_u64(out, a.value(row)),
        ArrayCells::Decimal(a) => text::put_decimal(out, a.value(row), a.scale()),
        ArrayCells::Text(a) => put_text(out, a.value(row).as_bytes()),
        other => {
            out.push(b'\'');
            match other {
                ArrayCells::F32(a) => text::put_f32(out, a.value(row)),
                ArrayCells::F64(a) => text::put_f64(out, a.value(row)),
                ArrayCells::Bytes(a) => {
                    out.extend_from_slice(b"\\x");
                    text::put_hex(out, a.value(row));
                }
                ArrayCells::Uuid(a) => text::put_uuid(out, a.value(row)),
                ArrayCells::Date(a) => text::put_date(out, a.value(row)),
                ArrayCells::Time(a) => text::put_time(out, a.value(row)),
                ArrayCells::Duration(a) => text::put_time(out, a.value(row)),
                ArrayCells::Timestamp(a) => {
                    text::put_timestamp(out, a.value(row));
                    if zoned {
                        out.extend_from_slice(b"+00");
                    }
                }
                _ => {}
            }
            out.push(b'\'');
        }
    }
}

fn sqlite_value(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => out.extend_from_slice(b"NULL"),
        ValueRef::Integer(n) => text::put_i64(out, n),
        // Infinity has no literal.
        ValueRef::Real(x) if x.is_infinite() => out.extend_from_slice(if x > 0.0 { b"9e999" } else { b"-9e999" }),
        ValueRef::Real(x) => {
            let from = out.len();
            text::put_f64(out, x);
            // Without a decimal point, SQLite would read an integral value as INTEGER.
            if !out[from..].iter().any(|b| matches!(b, b'.' | b'e' | b'E')) {
                out.extend_from_slice(b".0");
            }
        }
        ValueRef::Text(bytes) => put_text(out, bytes),
        ValueRef::Blob(bytes) => {
            out.extend_from_slice(b"X'");
            text::put_hex(out, bytes);
            out.push(b'\'');
        }
    }
}

/// A string literal, with quotes doubled.
fn put_text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'\'');
    for (i, piece) in bytes.split(|b| *b == b'\'').enumerate() {
        if i > 0 {
            out.extend_from_slice(b"''");
        }
        out.extend_from_slice(piece);
    }
    out.push(b'\'');
}
