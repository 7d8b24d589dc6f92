//! SQLite's errors as [`LoadError`], with remedies.

use rusqlite::Error;
use rusqlite::ffi;

use crate::{Connection, LoadError};

pub fn connect(connection: &Connection, message: impl Into<String>) -> LoadError {
    LoadError::Connect { target: connection.to_string(), message: message.into() }
}

pub fn connecting(connection: &Connection, error: &Error) -> LoadError {
    let (text, way_out, _) = explain(error);
    connect(connection, text + way_out)
}

pub fn statement(context: &str, error: &Error) -> LoadError {
    if is_interrupted(error) {
        return LoadError::Cancelled;
    }
    let (text, way_out, code) = explain(error);
    LoadError::Statement { context: context.to_owned(), message: text + way_out, code }
}

/// `place` is the position in the payload, e.g. ` at row 17`; may be empty.
pub fn table(table: &str, place: &str, error: &Error) -> LoadError {
    if is_interrupted(error) {
        return LoadError::Cancelled;
    }
    let (text, way_out, code) = explain(error);
    LoadError::Table { table: table.to_owned(), message: format!("{text}{place}{way_out}"), code }
}

fn is_interrupted(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ffi::ErrorCode::OperationInterrupted)
}

/// Message, remedy, and the extended result code.
fn explain(error: &Error) -> (String, &'static str, Option<String>) {
    let Error::SqliteFailure(failure, text) = error else {
        let text = match error {
            Error::SqlInputError { msg, .. } => msg.clone(),
            other => other.to_string(),
        };
        return (text, "", None);
    };
    let text = text.clone().unwrap_or_else(|| failure.to_string());
    (text, way_out(failure.extended_code), Some(failure.extended_code.to_string()))
}

/// Whether a result code of SQLite (primary or extended) says that another connection holds a lock.
pub fn is_locked(code: i32) -> bool {
    matches!(ffi::Error::new(code).code, ffi::ErrorCode::DatabaseBusy | ffi::ErrorCode::DatabaseLocked)
}

/// The remedy for a result code of SQLite (primary or extended), as the end of a sentence; empty if the message already
/// contains it.
pub fn way_out(code: i32) -> &'static str {
    match ffi::Error::new(code).code {
        ffi::ErrorCode::NotADatabase => "; it is encrypted, or another program's: check the path",
        ffi::ErrorCode::DatabaseBusy | ffi::ErrorCode::DatabaseLocked => {
            "; another program holds a lock on it: close that program, or its transaction, and try again"
        }
        ffi::ErrorCode::ReadOnly => {
            "; give write permission to the file and to its folder (a file in WAL mode, or with a journal left by a crash, needs it even to be read)"
        }
        ffi::ErrorCode::CannotOpen => "; check the permissions of the file and of its folder",
        ffi::ErrorCode::DiskFull => "; free some space where the file is (indexes are sorted where SQLITE_TMPDIR says)",
        ffi::ErrorCode::DatabaseCorrupt => {
            "; the file is damaged: see `PRAGMA integrity_check`, and go back to a copy or save what `sqlite3 FILE .recover` finds"
        }
        _ => "",
    }
}
