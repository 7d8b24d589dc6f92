//! A live schema, read once: data in is a [`Connection`], data out is a [`Schema`].
//!
//! `connect` turns what was typed into a connection, `session` runs catalogue queries over it, `postgres`, `mysql` and
//! `sqlite` fill the model, `data` reads key tuples of rows that are already there, `check_oracle` asks the
//! server about rows that are not, `describe` prints the model.

use dbmocker_loaders::{Connection, Dialect as Server};

mod check_oracle;
pub mod connect;
mod credentials;
pub mod error;
pub mod key_reader;
mod mysql;
mod parameters;
mod postgres;
mod row_counts;
pub mod session;
pub mod sqlite;
mod trigger_constraints;
mod trigger_writes;

pub use check_oracle::{Judge, calls_functions};
pub use connect::{ConnectArgs, Found, connection};
pub use credentials::os_user;
pub use error::SchemaError;
pub use key_reader::read_rows;
pub use postgres::LEFT_OUT;

use dbmocker_core::schema::Schema;
use session::Session;

/// Reads the whole schema of a database: its tables, constraints, row counts and the settings that loading depends on.
///
/// # Errors
/// [`SchemaError`] names what is wrong with the connection, or which catalogue could not be read.
pub fn read(conn: &Connection) -> Result<Schema, SchemaError> {
    let mut session = Session::open(conn)?;
    match conn.dialect {
        Server::Postgres => postgres::read(&mut session, conn.trust_schema),
        Server::Mysql => mysql::read(&mut session),
        Server::Sqlite => sqlite::read(&mut session, &conn.database),
    }
}

/// Tries to log in to the servers that were named, one after the other; where one wants a password and none is known,
/// asks for it once if there is a terminal. Returns the connection that works.
///
/// # Errors
/// As [`read`], of the last server; [`SchemaError::Login`] if there is no terminal or the password is wrong.
pub fn authenticate(found: &Found) -> Result<Connection, SchemaError> {
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
