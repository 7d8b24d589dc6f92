//! Server sessions by name: whether one is still at work, and how to end it.
//!
//! A process that is gone may have left its session behind: the server notices when it next reads or writes, and until
//! then its transaction is open.

use std::time::{Duration, Instant};

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::Stop;

const LOOK: Duration = Duration::from_millis(50);

/// The loader's own session; `None` where there is no server.
///
/// # Errors
/// The server cannot be asked.
pub fn own(loader: &mut dyn Loader, dialect: Dialect) -> Result<Option<String>, LoadError> {
    let sql = match dialect {
        Dialect::Sqlite => return Ok(None),
        Dialect::Mysql => "SELECT CONNECTION_ID()".to_owned(),
        Dialect::Postgres => {
            format!("SELECT {ID} FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()")
        }
    };
    Ok(loader.query(&sql)?.into_iter().flatten().flatten().next())
}

/// A process number is given again soon; with the time at which the session began it is not.
const ID: &str = "concat(pid, ' ', extract(epoch from backend_start))";

/// Whether a session is there.
///
/// # Errors
/// The server cannot be asked.
pub fn is_alive(loader: &mut dyn Loader, dialect: Dialect, session: &str) -> Result<bool, LoadError> {
    let session = ident::literal(dialect, session);
    let sql = match dialect {
        Dialect::Sqlite => return Ok(false),
        Dialect::Mysql => format!("SELECT 1 FROM information_schema.processlist WHERE id = {session}"),
        Dialect::Postgres => format!("SELECT 1 FROM pg_catalog.pg_stat_activity WHERE {ID} = {session}"),
    };
    Ok(!loader.query(&sql)?.is_empty())
}

/// Asks the server to end a session; its transaction is rolled back.
///
/// # Errors
/// The server refuses.
pub fn end(loader: &mut dyn Loader, dialect: Dialect, session: &str) -> Result<(), LoadError> {
    let literal = ident::literal(dialect, session);
    let asked = match dialect {
        Dialect::Sqlite => return Ok(()),
        Dialect::Mysql => {
            let number: u64 = session.parse().unwrap_or(0);
            loader.execute(&format!("KILL {number}")).map(drop)
        }
        Dialect::Postgres => loader
            .query(&format!(
                "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE {ID} = {literal}"
            ))
            .map(drop),
    };
    match asked {
        Err(_) if !is_alive(loader, dialect, session)? => Ok(()), // it ended by itself in the meantime
        other => other,
    }
}

/// Waits until a session is gone; `false` if it is still there after `patience`, or the run stops.
///
/// # Errors
/// The server cannot be asked.
pub fn wait(
    loader: &mut dyn Loader,
    dialect: Dialect,
    session: &str,
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
