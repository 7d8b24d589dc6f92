//! Reads the server's statistics of its tables: data in is a [`Connection`] and its [`Schema`], data out is
//! [`Statistics`].
//!
//! Only catalogues are read, in read-only transactions. For texts, only lengths are read, never the texts; [`labels`]
//! reads values only of columns that the caller names.

use std::collections::BTreeMap;

use dbmocker_loaders::{Connection, Dialect as Server};

use crate::error::SchemaError;
use crate::session::Session;
use dbmocker_core::schema::{Schema, TableName};

pub mod dump;
mod mysql;
mod postgres;
pub mod scan;
mod sqlite;

/// The statistics of a database.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    /// The catalogues that were read, for messages.
    pub read: Vec<&'static str>,
    pub tables: BTreeMap<TableName, TableStatistics>,
}

/// The statistics of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableStatistics {
    /// The row count, estimated or counted by the server; `None` if there is none.
    pub rows: Option<f64>,
    /// When the statistics were made: `YYYY-MM-DD`.
    pub analyzed: Option<String>,
    /// Rows that changed since, as a share of the rows.
    pub changed: f64,
    /// The command that makes statistics.
    pub command: String,
    /// The account may not see statistics of the table, and why.
    pub hidden: Option<String>,
    pub columns: BTreeMap<String, ColumnStatistics>,
    pub groups: Vec<GroupStatistics>,
}

/// The statistics of a column. Shares are of all rows, NULLs included.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnStatistics {
    pub nulls: Option<f64>,
    /// The number of distinct values; if negative, its absolute value is their share of the rows that are not NULL.
    pub distinct: Option<f64>,
    /// Mean bytes, as the server counts them.
    pub width: Option<f64>,
    /// The correlation of physical and logical order.
    pub correlation: Option<f64>,
    /// Shares of the common values, most frequent first.
    pub common: Vec<f64>,
    /// The common values themselves; empty for texts.
    pub values: Vec<String>,
    /// Lengths of the common values, where they are texts.
    pub lengths: Vec<u32>,
    /// The values that are not common.
    pub buckets: Vec<HistogramBucket>,
    /// Lengths of some of the values that are not common, where they are texts.
    pub sample_lengths: Vec<u32>,
    pub elements: Option<ElementStatistics>,
    /// The last number of the column's sequence.
    pub sequence: Option<f64>,
    /// `common` has all values of the column, not only the most frequent ones.
    pub complete: bool,
    /// The values are interpolated between the least and the greatest, not read.
    pub computed: bool,
}

/// A range of values that are equally likely.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramBucket {
    pub from: String,
    pub to: String,
    /// Of all rows.
    pub share: f64,
}

/// The elements of arrays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ElementStatistics {
    /// Shares of the rows that hold a common element.
    pub common: Vec<f64>,
    /// Numbers of different elements at equal distances of rank, and their mean.
    pub counts: Vec<f64>,
    pub mean: Option<f64>,
}

/// The statistics of several columns together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupStatistics {
    pub columns: Vec<String>,
    /// The distinct combinations, as [`ColumnStatistics::distinct`].
    pub distinct: Option<f64>,
    /// Columns that determine another column, and the share of the rows in which they do.
    pub depends: Vec<(Vec<String>, String, f64)>,
}

/// Reads the statistics of the tables of a schema.
///
/// # Errors
/// [`SchemaError`] with the catalogue that could not be read.
pub fn read(conn: &Connection, schema: &Schema) -> Result<Statistics, SchemaError> {
    let mut session = Session::open(conn)?;
    match conn.dialect {
        Server::Postgres => postgres::read(&mut session, schema),
        Server::Mysql => mysql::read(&mut session, schema),
        Server::Sqlite => sqlite::read(&mut session, schema),
    }
}

/// Common combinations of the values of several columns, by table and columns, with their shares of the rows.
pub type Combinations = BTreeMap<(TableName, Vec<String>), Vec<(f64, Vec<Option<String>>)>>;

/// The common combinations of the given columns; values of other columns are not read. Only PostgreSQL has them.
///
/// # Errors
/// As [`read`].
pub fn combinations(conn: &Connection, wanted: &[(TableName, Vec<String>)]) -> Result<Combinations, SchemaError> {
    if wanted.is_empty() || conn.dialect != Server::Postgres {
        return Ok(Combinations::new());
    }
    postgres::combinations(&mut Session::open(conn)?, wanted)
}

/// The common values of the given columns, most frequent first; values of other columns are not read.
///
/// # Errors
/// As [`read`].
pub fn labels(
    conn: &Connection,
    schema: &Schema,
    columns: &[(TableName, String)],
) -> Result<BTreeMap<(TableName, String), Vec<String>>, SchemaError> {
    if columns.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut session = Session::open(conn)?;
    match conn.dialect {
        Server::Postgres => postgres::labels(&mut session, columns),
        Server::Mysql => mysql::labels(&mut session, schema, columns),
        Server::Sqlite => sqlite::labels(&mut session, columns),
    }
}
