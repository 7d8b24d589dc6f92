//! The plan of a query, as the server prints it: EXPLAIN without ANALYZE, so that the query does not run.

use std::time::Duration;

use dbmocker_loaders::postgres::StatementMode;
use dbmocker_loaders::{Connection, Dialect as Server};

use crate::error::SchemaError;
use crate::session::Session;

/// A planner that takes longer is stopped (PostgreSQL).
const LIMIT: Duration = Duration::from_secs(30);

/// A session that explains queries.
pub struct Explainer {
    session: Session,
    dialect: Server,
}

impl Explainer {
    /// Opens a session.
    ///
    /// # Errors
    /// [`SchemaError`].
    pub fn open(conn: &Connection) -> Result<Explainer, SchemaError> {
        Ok(Explainer { session: Session::open(conn)?, dialect: conn.dialect })
    }

    /// The plan of one statement: JSON on PostgreSQL, MySQL and MariaDB; on SQLite one line a step.
    ///
    /// # Errors
    /// [`SchemaError::Query`] with the server's message.
    pub fn plan(&mut self, statement: &str) -> Result<String, SchemaError> {
        let sql = match self.dialect {
            Server::Postgres => format!("explain (format json) {statement}"),
            Server::Mysql => format!("explain format=json {statement}"),
            Server::Sqlite => format!("explain query plan {statement}"),
        };
        let manner = StatementMode { calls_functions: true, limit: Some(LIMIT), ..StatementMode::default() };
        let rows = self.session.rows_by("the plan of a query", &sql, manner)?;
        let last = |row: &crate::session::TextRow| row.values().last().cloned().flatten().unwrap_or_default();
        Ok(rows.iter().map(last).collect::<Vec<_>>().join("\n"))
    }
}
