//! SQLite's errors as [`LoadError`], with what to do about them.

use rusqlite::Error;
use rusqlite::ffi;

use crate::{Connection, LoadError};

pub fn connect(connection: &Connection, message: impl Into<String>) -> LoadError {
    LoadError::Connect { target: connection.to_string(), message: message.into() }
}

pub fn connecting(connection: &Connection, error: &Error) -> LoadError {
    connect(connection, explain(error).0)
}

pub fn statement(context: &str, error: &Error) -> LoadError {
    if is_interrupted(error) {
        return LoadError::Cancelled;
    }
    let (message, code) = explain(error);
    LoadError::Statement { context: context.to_owned(), message, code }
}

/// `place` says where in the payload it happened, e.g. ` at row 17`; may be empty.
pub fn table(table: &str, place: &str, error: &Error) -> LoadError {
    if is_interrupted(error) {
        return LoadError::Cancelled;
    }
    let (message, code) = explain(error);
    LoadError::Table { table: table.to_owned(), message: format!("{message}{place}"), code }
}

fn is_interrupted(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ffi::ErrorCode::OperationInterrupted)
}

/// Message with a hint, and the extended result code.
fn explain(error: &Error) -> (String, Option<String>) {
    let Error::SqliteFailure(failure, text) = error else {
        let text = match error {
            Error::SqlInputError { msg, .. } => msg.clone(),
            other => other.to_string(),
        };
        return (text, None);
    };
    let text = text.clone().unwrap_or_else(|| failure.to_string());
    let hint = match failure.code {
        ffi::ErrorCode::NotADatabase => "; the file is no SQLite database, or it is encrypted: check the path",
        ffi::ErrorCode::DatabaseBusy | ffi::ErrorCode::DatabaseLocked => {
            "; another program holds a lock on it: close that program, or its transaction, and try again"
        }
        ffi::ErrorCode::ReadOnly => "; give write permission to the file and to its folder",
        ffi::ErrorCode::CannotOpen => "; check the permissions of the file and of its folder",
        ffi::ErrorCode::DiskFull => "; the disk is full",
        ffi::ErrorCode::DatabaseCorrupt => "; the file is damaged: run `PRAGMA integrity_check` on it",
        _ => "",
    };
    (format!("{text}{hint}"), Some(failure.extended_code.to_string()))
}
