//! Databases of files with DDL: data in are scripts, as `pg_dump --schema-only`, `mysqldump --no-data`, SQLite's `.schema` and
//! the migrations of frameworks print them; data out is a database that holds their tables, on a throw-away server of the
//! same kind, so that the server itself reads the DDL.
//!
//! `source` reads the files, `guess` infers the dialect, `statements` splits them, `rules` decides what is run,
//! `server` starts and ends servers, `apply` runs the statements.

use std::path::{Path, PathBuf};

use dbmocker_core::Dialect;
use dbmocker_loaders::{Connection, LoadError, TlsMode};

mod apply;
mod guess;
mod rules;
mod server;
mod source;
mod statements;
mod token;

/// Why there is no database. `Display` is one line with a remedy.
#[derive(Debug, thiserror::Error)]
pub enum DdlError {
    #[error("cannot read `{path}`: {message}")]
    File { path: String, message: String },
    #[error("cannot detect whether the DDL is for PostgreSQL, MySQL or SQLite; give --dialect")]
    Dialect,
    #[error("the DDL holds no statement")]
    Empty,
    #[error("`{file}`, line {line}: {message}")]
    Statement { file: String, line: usize, message: String },
    #[error("`{file}`, line {line}: `{statement}` is refused: {why}")]
    Refused { file: String, line: usize, statement: String, why: &'static str },
    #[error("the DDL makes tables in several databases ({0}); give that of one at a time")]
    Databases(String),
    #[error(
        "reading {dialect}'s DDL needs {dialect}'s own server, which is started temporarily; {program} is not installed \
         ({install}), or name a database with --url"
    )]
    NotInstalled { dialect: Dialect, program: &'static str, install: &'static str },
    #[error("the throw-away {dialect} server does not start: {message}")]
    Server { dialect: Dialect, message: String },
    #[error("the session with the throw-away server failed")]
    Session(#[from] LoadError),
}

impl DdlError {
    /// The command line is wrong, not the files.
    pub fn is_usage(&self) -> bool {
        matches!(self, DdlError::Dialect | DdlError::Refused { .. } | DdlError::Databases(_))
    }
}

/// A database made of DDL; removed when this is dropped or when the program ends, for any reason.
#[derive(Debug)]
pub struct ScratchDatabase {
    pub connection: Connection,
    /// Notes on the inferred dialect and on skipped statements.
    pub notes: Vec<String>,
    /// Held so that the server runs as long as this value.
    _server: Option<server::Server>,
}

/// Makes the database of these files, in their order; `-` is the standard input, a folder is one of migrations. `folder` is
/// an empty folder of this account's own for the server's files. If `dialect` is `None`, it is inferred from the text.
///
/// # Errors
/// A file that cannot be read, a server that is not installed, a statement that is refused or that the server refuses.
pub fn create(paths: &[PathBuf], dialect: Option<Dialect>, folder: &Path) -> Result<ScratchDatabase, DdlError> {
    let sources = source::read(paths)?;
    let mut notes = Vec::new();
    let dialect = match dialect {
        Some(dialect) => dialect,
        None => {
            let text: String = sources.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join("\n");
            let (dialect, mark) = guess::guess(&text).ok_or(DdlError::Dialect)?;
            notes.push(format!("the DDL is read as {dialect}'s, as `{mark}` shows; --dialect names another"));
            dialect
        }
    };
    // Every statement is checked before a server is started.
    let script = apply::judge(&sources, dialect)?;
    let (mut connection, server) = match dialect {
        Dialect::Sqlite => (sqlite(folder), None),
        _ => {
            let server = server::Server::start(dialect, folder)?;
            (server.connection.clone(), Some(server))
        }
    };
    let administrator = server.as_ref().map(|s| &s.administrator);
    let applied = apply::apply(&script, &connection, administrator)?;
    notes.extend(applied.notes);
    if let Some(database) = applied.database {
        connection.database = database;
    }
    Ok(ScratchDatabase { connection, notes, _server: server })
}

fn sqlite(folder: &Path) -> Connection {
    Connection {
        dialect: Dialect::Sqlite,
        database: folder.join("ddl.db").to_string_lossy().into_owned(),
        tls: TlsMode::Disable,
        ..Connection::default()
    }
}
