//! Runs the statements of a script one at a time, as the server's client program does: the session has the server's
//! settings, and settings made by a statement apply to the following ones.
//!
//! Data in: a [`Connection`], then statements. Data out: nothing, or the server's message with its place.

use rusqlite::fallible_iterator::FallibleIterator;
use tokio_postgres::error::ErrorPosition;

use crate::{Connection, Dialect, LoadError, mysql, postgres};

/// Why the server refuses a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScriptError {
    pub message: String,
    /// SQLSTATE (PostgreSQL), or the server's error number (MySQL).
    pub code: Option<String>,
    /// The character of the statement, counted from 1.
    pub character: Option<usize>,
}

impl ScriptError {
    /// An error without a place.
    pub fn new(message: impl Into<String>, code: Option<String>) -> Self {
        ScriptError { message: message.into(), code, character: None }
    }
}

/// A session that runs the statements of a script.
pub trait Script {
    /// Runs one statement, and drops its rows.
    ///
    /// # Errors
    /// The server refuses it.
    fn run(&mut self, sql: &str) -> Result<(), ScriptError>;

    /// The first column of a query's rows.
    ///
    /// # Errors
    /// The server refuses it.
    fn column(&mut self, sql: &str) -> Result<Vec<String>, ScriptError>;
}

/// Opens a session. For SQLite, the file is made if it is missing.
///
/// # Errors
/// [`LoadError::Connect`] with a remedy.
pub fn open(to: &Connection) -> Result<Box<dyn Script>, LoadError> {
    Ok(match to.dialect {
        Dialect::Postgres => Box::new(postgres::plain_session(to)?),
        Dialect::Mysql => Box::new(mysql::Plain::open(to)?),
        Dialect::Sqlite => {
            let fail = |e: rusqlite::Error| LoadError::Connect { target: to.to_string(), message: e.to_string() };
            let db = rusqlite::Connection::open(&to.database).map_err(fail)?;
            // Prevents statements from accessing other files with ATTACH or VACUUM INTO.
            db.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_ATTACHED, 0).map_err(fail)?;
            Box::new(File { db })
        }
    })
}

struct File {
    db: rusqlite::Connection,
}

fn of_sqlite(e: rusqlite::Error) -> ScriptError {
    let code = e.sqlite_error().map(|e| e.extended_code.to_string());
    match e {
        rusqlite::Error::SqlInputError { msg, offset, .. } => {
            let character = usize::try_from(offset).ok().map(|offset| offset + 1);
            ScriptError { message: msg, code, character }
        }
        e => ScriptError::new(e.to_string(), code),
    }
}

impl Script for File {
    fn run(&mut self, sql: &str) -> Result<(), ScriptError> {
        let mut batch = rusqlite::Batch::new(&self.db, sql);
        let Some(mut statement) = batch.next().map_err(of_sqlite)? else { return Ok(()) };
        let mut rows = statement.raw_query();
        while rows.next().map_err(of_sqlite)?.is_some() {}
        match batch.next() {
            Ok(None) => Ok(()),
            _ => Err(ScriptError::new("this is more than one statement", None)),
        }
    }

    fn column(&mut self, sql: &str) -> Result<Vec<String>, ScriptError> {
        let mut statement = self.db.prepare(sql).map_err(of_sqlite)?;
        let rows = statement.query_map([], |row| row.get(0)).map_err(of_sqlite)?;
        rows.collect::<Result<_, _>>().map_err(of_sqlite)
    }
}

impl Script for postgres::PlainSession {
    fn run(&mut self, sql: &str) -> Result<(), ScriptError> {
        self.0.rows(sql).map(drop).map_err(|e| of_postgres(&e.error))
    }

    fn column(&mut self, sql: &str) -> Result<Vec<String>, ScriptError> {
        let rows = self.0.rows(sql).map_err(|e| of_postgres(&e.error))?;
        Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
    }
}

fn of_postgres(e: &tokio_postgres::Error) -> ScriptError {
    let Some(db) = e.as_db_error() else { return ScriptError::new(e.to_string(), None) };
    let character = match db.position() {
        Some(ErrorPosition::Original(at)) => usize::try_from(*at).ok(),
        _ => None,
    };
    let more = |text: Option<&str>| text.map(|t| format!(": {}", t.trim_end_matches('.'))).unwrap_or_default();
    let message = format!("{}{}{}", db.message(), more(db.detail()), more(db.hint()));
    ScriptError { message, code: Some(db.code().code().to_owned()), character }
}
