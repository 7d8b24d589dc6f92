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
mod postgres;
mod row_counts;
pub mod session;
pub mod sqlite;
mod trigger_constraints;
mod trigger_writes;

pub use check_oracle::{Judge, calls_functions};
pub use connect::{ConnectArgs, connection};
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

/// Tries to log in; where the server wants a password and none is known, asks for it once if there is a terminal.
/// Returns the connection that works.
///
/// # Errors
/// As [`read`]; [`SchemaError::Login`] if there is no terminal or the password is wrong.
pub fn authenticate(mut conn: Connection) -> Result<Connection, SchemaError> {
    match Session::open(&conn) {
        Ok(_) => Ok(conn),
        Err(e) if e.wants_password() => {
            let Some(password) = credentials::prompt(&conn)? else { return Err(e) };
            conn.password = Some(password);
            Session::open(&conn).map(|_| conn)
        }
        Err(e) => Err(e),
    }
}
