//! Converts the driver's errors to [`LoadError`]s with the server's message, the place, and its SQLSTATE.

use std::error::Error as StdError;

use tokio_postgres::error::{DbError, SqlState};

use super::session::StatementFailure;
use crate::LoadError;

/// SQLSTATE of a statement stopped by a cancel request.
const CANCELED: &str = "57014";

/// The server's message does not say which client sent the cancel request.
const BY_OTHERS: &str =
    "; another session stopped it (`pg_cancel_backend`, as administrators and monitoring programs call it)";

/// An error and its causes in one line, without causes that the error above already quotes.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = inner.source();
    }
    text
}

/// The error of a statement; `context` describes the operation.
pub fn statement(context: String, problem: &StatementFailure) -> LoadError {
    match said(problem) {
        None => LoadError::Cancelled,
        Some((message, code)) => LoadError::Statement { context, message, code },
    }
}

/// The error of a load into `table`.
pub fn table(table: &str, problem: &StatementFailure) -> LoadError {
    match said(problem) {
        None => LoadError::Cancelled,
        Some((message, code)) => LoadError::Table { table: table.to_owned(), message, code },
    }
}

/// The first words of a statement, as its context.
pub fn excerpt(sql: &str) -> String {
    const SHOWN: usize = 80;
    let mut words = String::new();
    for word in sql.split_whitespace() {
        if words.chars().count() + word.chars().count() > SHOWN {
            words.push_str(" ...");
            break;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    format!("`{words}`")
}

/// The server's own time limit has the same code as a cancel request.
fn timed_out(db: &DbError) -> bool {
    db.message().contains("timeout")
}

/// The message of an error outside of a load. `stopped` as for [`StatementFailure`].
pub fn text(db: &DbError, stopped: bool) -> String {
    let by_others = db.code().code() == CANCELED && !timed_out(db) && !stopped;
    format!("{}{}", one_line(db.message()), if by_others { BY_OTHERS } else { "" })
}

/// Message and SQLSTATE; `None` if this program cancelled the statement.
fn said(problem: &StatementFailure) -> Option<(String, Option<String>)> {
    let Some(db) = problem.error.as_db_error() else {
        return Some((format!("the connection was lost ({}); the server's log says why", chain(&problem.error)), None));
    };
    let mut message = server_message(db);
    if db.code().code() == CANCELED && !timed_out(db) {
        if problem.stopped {
            return None;
        }
        message += BY_OTHERS;
    }
    Some((message, Some(db.code().code().to_owned())))
}

/// Message, detail, constraint, row and hint of the server in one line.
fn server_message(db: &DbError) -> String {
    let mut text = one_line(db.message());
    if let Some(detail) = db.detail() {
        text = format!("{text}: {}", one_line(detail).trim_end_matches('.'));
    }
    let mut notes = Vec::new();
    if let Some(constraint) = db.constraint().filter(|c| !db.message().contains(*c)) {
        notes.push(format!("constraint `{constraint}`"));
    }
    if let Some(column) = db.column().filter(|c| !db.message().contains(*c)) {
        notes.push(format!("column `{column}`"));
    }
    if let Some(place) = db.where_() {
        notes.push(one_line(&copy_place(place).unwrap_or_else(|| place.to_owned())));
    }
    if !notes.is_empty() {
        text = format!("{text} ({})", notes.join(", "));
    }
    match db.hint() {
        Some(hint) => format!("{text}; {}", one_line(hint).trim_end_matches('.')),
        None if db.code() == &SqlState::INSUFFICIENT_PRIVILEGE => format!("{text}; its owner can grant the right"),
        None => text,
    }
}

/// `COPY users, line 3, column age: "x"` becomes `row 3 of this load, column age: "x"`: in both formats a line is a
/// row.
fn copy_place(place: &str) -> Option<String> {
    let at = if place.starts_with("COPY ") { 0 } else { place.find("\nCOPY ")? + 1 };
    let (before, copy) = place.split_at(at);
    let line = copy.find(", line ")?;
    let rest = &copy[line + ", line ".len()..];
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, rest) = rest.split_at(digits);
    Some(format!("{before}row {number} of this load{rest}"))
}

fn one_line(text: &str) -> String {
    text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_become_rows() {
        assert_eq!(copy_place("COPY users, line 3").unwrap(), "row 3 of this load");
        assert_eq!(
            copy_place("COPY users, line 12, column age: \"x\"").unwrap(),
            "row 12 of this load, column age: \"x\""
        );
        assert_eq!(copy_place("SQL function \"f\"\nCOPY t, line 2").unwrap(), "SQL function \"f\"\nrow 2 of this load");
        assert_eq!(copy_place("PL/pgSQL function f() line 3"), None);
    }

    #[test]
    fn excerpts_are_short() {
        assert_eq!(excerpt("SELECT\n  1"), "`SELECT 1`");
        assert!(excerpt(&"word ".repeat(100)).len() < 90);
    }
}
