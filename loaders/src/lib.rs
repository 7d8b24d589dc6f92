//! Loads Arrow record batches, or staged CSV or Parquet files, into a database at the server's own bulk speed.
//!
//! Independent of mock data: a loader takes a [`Target`] and a [`Payload`] and returns the number of rows that the
//! server stored. PostgreSQL is loaded by `COPY`, MySQL/MariaDB by `LOAD DATA LOCAL`, SQLite by `INSERT ... SELECT`
//! from a virtual table. The interface is synchronous; a driver's runtime is private to its module.

use std::path::PathBuf;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

pub(crate) mod array_cells;
pub mod connection;
pub mod error;
pub use dbmocker_core::ident;
pub(crate) mod gate;
pub mod insert_statements;
pub mod mysql;
pub mod postgres;
pub mod script;
pub mod sqlite;
pub mod staged;
pub(crate) mod text;
pub mod tls;
pub mod trace;

pub use connection::{AuthMethod, ChannelBinding, ClientCertificate, Connection, Dialect, SessionOptions, TlsMode};
pub use error::LoadError;

/// The target of the rows: a table and those of its columns that the payload contains, in the payload's order.
#[derive(Debug, Clone)]
pub struct Target {
    pub schema: String,
    pub table: String,
    pub columns: Vec<TargetColumn>,
    /// PostgreSQL: the table was made or emptied in the transaction that is open, so its rows are stored frozen:
    /// neither the first scan nor VACUUM has to write their pages again.
    pub freeze: bool,
}

/// A column that is sent.
#[derive(Debug, Clone)]
pub struct TargetColumn {
    pub name: String,
    /// The server's name of the type, domains resolved: `character varying(24)`, `int(10) unsigned`, `jsonb`.
    pub sql_type: String,
    /// MySQL spatial columns: the spatial reference system of the text.
    pub srid: Option<i32>,
}

/// The rows of one load. Every batch has the target's columns by position.
pub enum Payload<'a> {
    Batches {
        schema: SchemaRef,
        batches: &'a mut dyn Iterator<Item = Result<RecordBatch, LoadError>>,
    },
    /// In dbmocker's CSV dialect: header line, `,`, every non-NULL text quoted, NULL unquoted and empty, UTF-8, `\n`.
    Csv {
        schema: SchemaRef,
        path: PathBuf,
    },
    Parquet {
        path: PathBuf,
    },
}

/// The result of a load, as counted by the server.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// Rows the payload held.
    pub sent: u64,
    /// Rows that the server reports as stored.
    pub stored: u64,
    /// Bytes sent to the server (or bound, for SQLite).
    pub bytes: u64,
    pub elapsed: Duration,
    /// Notes for the user, e.g. that a slower path was used and how to enable the fast one.
    pub notes: Vec<String>,
}

/// Opens a session with the server that `connection` names.
///
/// # Errors
/// [`LoadError::Connect`] with a remedy.
pub fn connect(connection: &Connection) -> Result<Box<dyn Loader>, LoadError> {
    let loader = match connection.dialect {
        Dialect::Postgres => postgres::connect(connection),
        Dialect::Mysql => mysql::connect(connection),
        Dialect::Sqlite => sqlite::connect(connection),
    }?;
    Ok(trace::traced(loader))
}

/// A session with one server, on one connection.
///
/// Dropping a loader rolls an open transaction back. Session settings that outlive the connection are restored by
/// [`Loader::finish`] and by `Drop` alike.
pub trait Loader: Send {
    /// Runs statements whose rows are not wanted; returns the rows affected by the last.
    fn execute(&mut self, sql: &str) -> Result<u64, LoadError>;

    /// A statement whose rows are not wanted, which is sent together with the next one: one request instead of two. The
    /// next statement runs only if it succeeds, and returns its error otherwise.
    fn send_with_next(&mut self, sql: &str) -> Result<(), LoadError> {
        self.execute(sql).map(drop)
    }

    /// Names the loads that come next, in this order, with nothing between them, in the transaction that is open or that
    /// [`Loader::send_with_next`] begins: what they need is then requested once, and each begins while the one before it
    /// ends. If one fails, the transaction must be rolled back as a whole.
    fn prepare_loads(&mut self, loads: &[(Target, SchemaRef)]) -> Result<(), LoadError> {
        let _ = loads;
        Ok(())
    }

    /// For the next statement, which may call functions of the schema: triggers, CHECKs, expressions of indexes. On
    /// PostgreSQL they find tables as in a session of the user; any other statement must qualify all names except those
    /// of the server's built-in objects.
    fn calling_functions(&mut self) -> &mut dyn Loader;

    /// Runs a query; every value as the server's text, `None` for NULL.
    fn query(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, LoadError>;

    /// Sends one payload by the bulk path, inside the open transaction, or in a separate one.
    /// `stored != sent` is an error, and so is any warning of the server that means a changed or lost value.
    fn load(&mut self, target: &Target, payload: Payload<'_>) -> Result<Loaded, LoadError>;

    /// Stops the statement in progress from another thread (Ctrl-C, first error elsewhere).
    fn canceller(&self) -> Box<dyn Fn() + Send + Sync>;

    /// PostgreSQL: the schema to which unqualified names refer in a session of the user.
    fn default_schema(&self) -> Option<String> {
        None
    }

    /// Restores the session's settings and closes.
    fn finish(self: Box<Self>) -> Result<(), LoadError>;
}
