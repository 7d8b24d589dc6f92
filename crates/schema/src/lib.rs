//! Reads the schema of a database once: data in is a [`Connection`], data out is a [`Schema`].
//!
//! `connect` resolves the flags to a connection, `session` runs catalogue queries over it, `postgres`, `mysql` and
//! `sqlite` fill the model, `key_reader` reads key tuples of existing rows, `check_oracle` evaluates CHECKs for rows
//! that no table holds.

use dbmocker_loaders::{Connection, Dialect as Server};

mod check_oracle;
pub mod connect;
mod credentials;
pub mod error;
mod explain;
pub mod key_reader;
mod mysql;
mod parameters;
mod postgres;
mod row_counts;
pub mod session;
pub mod sqlite;
pub mod statistics;
mod trigger_constraints;
mod trigger_writes;

pub use check_oracle::{CheckAnswers, ServerCheckOracle, calls_functions};
pub use connect::{ConnectArgs, RequestedDatabase, connection};
pub use credentials::os_user;
pub use error::SchemaError;
pub use explain::Explainer;
pub use key_reader::read_rows;
pub use postgres::LEFT_OUT;

use dbmocker_core::schema::Schema;
use session::Session;

/// Reads the whole schema of a database: its tables, constraints, row counts and the settings on which loading depends.
///
/// # Errors
/// [`SchemaError`] for a failed connection, or with the catalogue that could not be read.
pub fn read(conn: &Connection) -> Result<Schema, SchemaError> {
    read_with(conn, RowCounting::Exact)
}

/// As [`read`], from catalogues only: no statement reads a table's rows, and the counts of existing rows are 0.
///
/// # Errors
/// As [`read`].
pub fn read_catalogue(conn: &Connection) -> Result<Schema, SchemaError> {
    read_with(conn, RowCounting::Unread)
}

/// Whether existing rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowCounting {
    Exact,
    Unread,
}

fn read_with(conn: &Connection, counts: RowCounting) -> Result<Schema, SchemaError> {
    let mut session = Session::open(conn)?;
    match conn.dialect {
        Server::Postgres => postgres::read(&mut session, conn.trust_schema, counts),
        Server::Mysql => mysql::read(&mut session, counts),
        Server::Sqlite => sqlite::read(&mut session, &conn.database, counts),
    }
}

/// Tries to log in to the given servers, one after the other. If one requires a password and none is known, prompts for
/// it once if there is a terminal. Returns the first working connection.
///
/// # Errors
/// As [`read`], of the last server; [`SchemaError::Login`] if there is no terminal or the password is wrong.
pub fn authenticate(found: &RequestedDatabase) -> Result<Connection, SchemaError> {
    let mut password = found.connection.password.clone();
    let mut last = None;
    for attributes in found.attempts() {
        for (host, port) in &found.addresses {
            let mut conn = Connection { host: host.clone(), port: *port, ..found.connection.clone() };
            conn.password.clone_from(&password);
            let mut opened = Session::open(&conn);
            if let Err(e) = &opened
                && e.wants_password()
                && let Some(typed) = credentials::prompt(&conn)?
            {
                conn.password = Some(typed);
                password.clone_from(&conn.password);
                opened = Session::open(&conn);
            }
            match opened.and_then(|mut session| connect::fits(&mut session, &conn, attributes)) {
                Ok(()) => return Ok(conn),
                Err(e) => last = Some(e),
            }
        }
    }
    Err(last.unwrap_or_else(|| SchemaError::usage("no server named", "write its address in the URL")))
}
