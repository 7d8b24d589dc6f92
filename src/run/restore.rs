//! Puts back what a run left that was killed, or that failed while tables were loaded in parts.
//!
//! In: the ledger. Out: tables as they were before, and a line for each of what was done.

use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, connect};

use super::ledger::{Ledger, Undo};
use super::{RunError, Stop, disable_triggers, session, sql};

/// How long sessions of a run that was killed may take to end by themselves.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an ended session may take to roll back.
const ROLLBACK: Duration = Duration::from_secs(3600);

/// Empties tables that were loaded in parts, makes their indexes and dropped triggers again and removes the ledger; a
/// line for each of what was done, `None` where no run left anything. `force` ends sessions of the run that are still
/// at work.
///
/// # Errors
/// The run is still at work, or the server refuses.
pub fn restore(connection: &Connection, force: bool, stop: &Stop) -> Result<Option<Vec<String>>, RunError> {
    let mut loader = connect(connection)?;
    let Some(ledger) = left_alone(&mut *loader, connection.dialect, force, stop)? else { return Ok(None) };
    // Only now: a session that was at work may have finished a table, or kept whoever counts its rows waiting.
    let Some(found) = ledger.unfinished(&mut *loader)? else { return Ok(None) };
    let mut lines = vec![format!("a run was killed: {found}")];
    let mended = repair(&mut *loader, connection.dialect, &ledger)?;
    if mended.is_empty() {
        lines.push("nothing was dropped and no table is half full".into());
    }
    lines.extend(mended);
    ledger.end(&mut *loader)?;
    loader.finish()?;
    Ok(Some(lines))
}

/// Whether a run is at work on the database: asked before its schema is read, which may have to wait for that run's
/// locks.
///
/// # Errors
/// [`RunError::Alive`] if one is, and goes on; or the server cannot be asked.
pub fn no_active_run(connection: &Connection, stop: &Stop) -> Result<(), RunError> {
    left_alone(&mut *connect(connection)?, connection.dialect, false, stop).map(|_| ())
}

/// The ledger of a run whose sessions are gone, or are ended by `force`; `None` where there is none.
fn left_alone(loader: &mut dyn Loader, dialect: Dialect, force: bool, stop: &Stop) -> Result<Option<Ledger>, RunError> {
    let ledger = Ledger::new(dialect, &default_schema(loader, dialect)?);
    if !ledger.exists(loader) {
        return Ok(None);
    }
    let begun = Instant::now();
    for id in ledger.sessions(loader)? {
        let patience = PATIENCE.saturating_sub(begun.elapsed());
        gone(loader, dialect, &id, (patience, force), stop)?;
    }
    Ok(Some(ledger))
}

/// Where the ledger is. Nothing more of the schema is read: what the server says of a table waits for whoever has
/// locked it, and that may be the very run that is to end.
fn default_schema(loader: &mut dyn Loader, dialect: Dialect) -> Result<String, LoadError> {
    let sql = match dialect {
        Dialect::Sqlite => return Ok("main".into()),
        Dialect::Mysql => "SELECT database()",
        Dialect::Postgres => return Ok(loader.default_schema().unwrap_or_else(|| "public".into())),
    };
    let first = loader.query(sql)?.into_iter().next().and_then(|row| row.into_iter().next());
    Ok(first.flatten().unwrap_or_default())
}

fn gone(
    loader: &mut dyn Loader,
    dialect: Dialect,
    id: &str,
    (patience, force): (Duration, bool),
    stop: &Stop,
) -> Result<(), RunError> {
    if session::wait(loader, dialect, id, patience, stop)? {
        return Ok(());
    }
    if !force {
        return Err(RunError::Alive { session: id.to_owned() });
    }
    session::end(loader, dialect, id)?;
    if session::wait(loader, dialect, id, ROLLBACK, stop)? { Ok(()) } else { Err(RunError::Interrupted) }
}

/// Undoes what is written down, a transaction a table, and makes triggers again. Nobody else may be at work on the
/// tables.
///
/// # Errors
/// The server refuses; what is left to do stays written down.
pub fn repair(loader: &mut dyn Loader, dialect: Dialect, ledger: &Ledger) -> Result<Vec<String>, LoadError> {
    let all = ledger.undo(loader)?.into_iter();
    let mut lines = all.map(|undo| one(loader, dialect, ledger, undo)).collect::<Result<Vec<_>, LoadError>>()?;
    lines.extend(disable_triggers::recover(loader, ledger)?);
    Ok(lines)
}

fn one(loader: &mut dyn Loader, dialect: Dialect, ledger: &Ledger, undo: Undo) -> Result<String, LoadError> {
    loader.execute(sql::begin(dialect))?;
    let done = undone(loader, ledger, &undo);
    match &done {
        Ok(_) => drop(loader.calling_functions().execute("COMMIT")?),
        // The error matters more than a rollback that fails because the connection is gone.
        Err(_) => drop(loader.execute("ROLLBACK")),
    }
    done
}

fn undone(loader: &mut dyn Loader, ledger: &Ledger, undo: &Undo) -> Result<String, LoadError> {
    let mut statements = undo.statements.iter();
    let removed = statements.next().map_or(Ok(0), |empty| loader.calling_functions().execute(empty))?;
    let rest = statements.as_slice();
    for statement in rest {
        loader.calling_functions().execute(statement)?;
    }
    ledger.forget(loader, &undo.table)?;
    let made = rest.iter().filter(|s| !s.starts_with("SET ")).count();
    Ok(format!("{}: {removed} rows of finished parts removed, {made} statements run for its indexes", undo.table))
}
