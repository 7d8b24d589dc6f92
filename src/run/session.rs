//! Identifies server sessions: whether one is still active, and how to terminate it.
//!
//! The session of a dead process may still exist: the server detects the closed connection when it next reads or
//! writes, and until then the transaction is open. Session numbers are reused, by MySQL after a restart, by PostgreSQL
//! soon; so each session also has a unique mark.

use std::fmt;
use std::time::{Duration, Instant};

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};
use serde::{Deserialize, Serialize};

use super::Stop;

const LOOK: Duration = Duration::from_millis(50);

/// The unique identity of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionId {
    number: u64,
    /// PostgreSQL: its start time. MySQL: the name of a lock that it holds, unique to this run.
    mark: String,
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)
    }
}

/// The loader's session, marked as one of the `run`; `None` for SQLite, which has no server.
///
/// # Errors
/// A query fails.
pub fn own(loader: &mut dyn Loader, dialect: Dialect, run: &str) -> Result<Option<SessionId>, LoadError> {
    let sql = match dialect {
        Dialect::Sqlite => return Ok(None),
        Dialect::Mysql => "SELECT CONNECTION_ID(), ''",
        Dialect::Postgres => {
            "SELECT pid, extract(epoch from backend_start) FROM pg_catalog.pg_stat_activity \
             WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()"
        }
    };
    let row = loader.query(sql)?.into_iter().next().unwrap_or_default();
    let mut texts = row.into_iter().map(Option::unwrap_or_default);
    let (number, mut mark) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
    let unknown = |message: &str| LoadError::Statement {
        context: "marking the session".into(),
        message: message.into(),
        code: None,
    };
    let number = number.parse().map_err(|_| unknown("the server does not report the session's number"))?;
    if dialect == Dialect::Mysql {
        mark = lock_name(run, number);
        let taken = loader.query(&format!("SELECT GET_LOCK({}, 0)", ident::literal(dialect, &mark)))?;
        if taken.first().and_then(|row| row.first()?.as_deref()) != Some("1") {
            return Err(unknown("the session cannot take a user lock"));
        }
    }
    Ok(Some(SessionId { number, mark }))
}

/// At most 64 characters.
fn lock_name(run: &str, number: u64) -> String {
    format!("dbmocker-{run}-{number}")
}

/// A condition on `pg_stat_activity` that is true for this session only.
fn postgres(session: &SessionId) -> String {
    format!(
        "pid OPERATOR(pg_catalog.=) {} AND extract(epoch from backend_start)::pg_catalog.text OPERATOR(pg_catalog.=) {}",
        i32::try_from(session.number).unwrap_or(0),
        ident::literal(Dialect::Postgres, &session.mark)
    )
}

/// Whether a session exists.
///
/// # Errors
/// A query fails.
pub fn is_alive(loader: &mut dyn Loader, dialect: Dialect, session: &SessionId) -> Result<bool, LoadError> {
    let sql = match dialect {
        Dialect::Sqlite => return Ok(false),
        Dialect::Mysql => {
            let lock = ident::literal(dialect, &session.mark);
            format!("SELECT 1 FROM DUAL WHERE IS_USED_LOCK({lock}) = {}", session.number)
        }
        Dialect::Postgres => format!("SELECT 1 FROM pg_catalog.pg_stat_activity WHERE {}", postgres(session)),
    };
    Ok(!loader.query(&sql)?.is_empty())
}

/// Terminates a session; its transaction is rolled back. If it has ended already, another session with its number is
/// not affected.
///
/// # Errors
/// The server refuses a statement.
pub fn end(loader: &mut dyn Loader, dialect: Dialect, session: &SessionId) -> Result<(), LoadError> {
    let asked = match dialect {
        Dialect::Sqlite => return Ok(()),
        Dialect::Mysql if !is_alive(loader, dialect, session)? => return Ok(()),
        Dialect::Mysql => loader.execute(&format!("KILL {}", session.number)).map(drop),
        Dialect::Postgres => loader
            .query(&format!(
                "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE {}",
                postgres(session)
            ))
            .map(drop),
    };
    match asked {
        Err(_) if !is_alive(loader, dialect, session)? => Ok(()), // it ended by itself in the meantime
        other => other,
    }
}

/// Waits until a session has ended; `false` if it still exists after `patience`, or the run stops.
///
/// # Errors
/// A query fails.
pub fn wait(
    loader: &mut dyn Loader,
    dialect: Dialect,
    session: &SessionId,
    patience: Duration,
    stop: &Stop,
) -> Result<bool, LoadError> {
    let begun = Instant::now();
    while is_alive(loader, dialect, session)? {
        if begun.elapsed() > patience || stop.is_set() {
            return Ok(false);
        }
        std::thread::sleep(LOOK);
    }
    Ok(true)
}
