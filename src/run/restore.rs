//! Restores a database after a run that was killed, or that failed while tables were loaded in parts.
//!
//! In: the ledger. Out: tables as they were before, and a line for each change made.

use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, connect, ident};

use super::deferred_indexes::{IndexDefinition, build_indexes};
use super::journal::{Journal, RunHistory, RunState};
use super::ledger::line::LedgerLine;
use super::ledger::{Ledger, LedgerObject, LeftoverLedger, parts_of, triggers_of};
use super::session::SessionId;
use super::{RunError, Stop, Who, disable_triggers, facts, session, sql};
use dbmocker_core::schema::TableName;
use dbmocker_files::spill::sweep;

/// How long sessions of a killed run may take to end by themselves.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a terminated session may take to roll back.
const ROLLBACK: Duration = Duration::from_secs(3600);

/// The options of `dbmocker restore`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Restoring {
    /// Terminate sessions of the run that are still active.
    pub force: bool,
    /// Use a ledger without a valid seal.
    pub trust: bool,
}

/// Empties tables that were loaded in parts, creates their indexes and dropped triggers again and removes the ledger.
/// Returns a line for each change, `None` if there is nothing to restore. The run's lock must be held.
///
/// # Errors
/// The run is still active, its ledger cannot be trusted, or the server refuses a statement.
pub fn restore(connection: &Connection, how: Restoring, stop: &Stop) -> Result<Option<Vec<String>>, RunError> {
    sweep(&std::env::temp_dir());
    let mut loader = connect(connection)?;
    let dialect = connection.dialect;
    let Some(left) = left_alone(&mut *loader, dialect, how, stop)? else { return Ok(None) };
    if !left.sealed && !how.trust {
        return Err(RunError::Unsealed { statements: statements(&left, dialect) });
    }
    // The tables are only read now: an active session may have completed a table, or blocked a query that counts its
    // rows.
    let mut lines = vec![format!("a run was killed: {}", unfinished(&mut *loader, dialect, &left)?)];
    let ledger = left.ledger.trusted(how.trust);
    let schema = default_schema(&mut *loader, dialect)?;
    // An untrusted journal is no reason to stop.
    let journal = RunHistory::read(&mut *loader, (dialect, &schema)).ok().and_then(|runs| runs.journal());
    let journal = journal.filter(|journal| journal.run() == ledger.run());
    let mended = repair(&mut *loader, dialect, &ledger, journal.as_ref())?;
    if mended.is_empty() {
        lines.push("nothing was dropped and no table is half full".into());
    }
    lines.extend(mended);
    ledger.end(&mut *loader)?;
    if let Some(journal) = journal {
        journal.add_state(&mut *loader, RunState::Restored, None)?;
    }
    loader.finish()?;
    Ok(Some(lines))
}

/// Fails if a run is active on the database, or left active sessions. Called before the schema is read, because reading
/// it may wait for that run's locks.
///
/// # Errors
/// [`RunError::Alive`] if a session stays active; or a query fails.
pub fn no_active_run(connection: &Connection, stop: &Stop) -> Result<(), RunError> {
    left_alone(&mut *connect(connection)?, connection.dialect, Restoring::default(), stop).map(|_| ())
}

/// The ledger of a run whose sessions have ended, or are terminated by `force`; `None` if there is no ledger.
fn left_alone(
    loader: &mut dyn Loader,
    dialect: Dialect,
    how: Restoring,
    stop: &Stop,
) -> Result<Option<LeftoverLedger>, RunError> {
    let schema = default_schema(loader, dialect)?;
    let left = match Ledger::find(loader, dialect, &schema)? {
        LedgerObject::Nothing => return Ok(None),
        LedgerObject::Blank(ledger) => {
            ledger.end(loader)?;
            return Ok(None);
        }
        LedgerObject::Lines(left) => left,
    };
    // Sessions in a ledger that another account may have written are neither waited for nor terminated.
    let known = left.sealed || how.trust;
    let begun = Instant::now();
    for line in left.lines.iter().filter(|_| known) {
        let LedgerLine::Session { session } = line else { continue };
        let patience = PATIENCE.saturating_sub(begun.elapsed());
        gone(loader, dialect, session, (patience, how.force), stop)?;
    }
    // Reads the ledger again: it includes lines written until the last session ended.
    match Ledger::find(loader, dialect, &schema)? {
        LedgerObject::Lines(left) => Ok(Some(left)),
        LedgerObject::Nothing | LedgerObject::Blank(_) => Ok(None),
    }
}

/// The schema of the ledger. Nothing else of the schema is read: catalogue queries may wait for a lock that the run to
/// be terminated holds on a table.
pub(super) fn default_schema(loader: &mut dyn Loader, dialect: Dialect) -> Result<String, LoadError> {
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
    id: &SessionId,
    (patience, force): (Duration, bool),
    stop: &Stop,
) -> Result<(), RunError> {
    if session::wait(loader, dialect, id, patience, stop)? {
        return Ok(());
    }
    if !force {
        return Err(RunError::Alive { session: id.to_string() });
    }
    session::end(loader, dialect, id)?;
    if session::wait(loader, dialect, id, ROLLBACK, stop)? { Ok(()) } else { Err(RunError::Interrupted) }
}

/// Describes what an earlier run left unfinished.
///
/// # Errors
/// If a query fails.
pub(super) fn unfinished(loader: &mut dyn Loader, dialect: Dialect, left: &LeftoverLedger) -> Result<String, RunError> {
    let half = parts_of(&left.lines);
    let (mut lines, mut begun) = (Vec::new(), String::new());
    for line in &left.lines {
        match line {
            LedgerLine::Run { started, by, .. } => {
                let by = Who::read(by).map_or_else(String::new, |who| format!(", {who}"));
                begun = format!("it started {}{by}", plain(started));
            }
            LedgerLine::Table { table, before, planned } => {
                let Some(held) = held(loader, dialect, table, left.sealed)? else { continue };
                lines.push(match held.saturating_sub(*before) {
                    n if half.iter().any(|(name, _)| name == table) => {
                        format!("  {table}: {n} of {planned} rows, in parts; its indexes may be missing")
                    }
                    0 => format!("  {table}: nothing was loaded ({before} rows before)"),
                    n if n >= *planned => format!("  {table}: complete, {n} rows"),
                    n => format!("  {table}: {n} of {planned} rows"),
                });
            }
            _ => {}
        }
    }
    lines.sort();
    Ok(format!("{begun}\n{}", lines.join("\n")))
}

/// A timestamp from a text that any user may have written.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_digit() || " :.-".contains(*c)).take(30).collect()
}

/// The row count of a table; `None` if it does not exist, or counting its rows could call functions of other roles.
fn held(loader: &mut dyn Loader, dialect: Dialect, table: &TableName, known: bool) -> Result<Option<u64>, RunError> {
    let Some(facts) = facts::table(loader, dialect, table)?.filter(|f| known && !f.policies) else { return Ok(None) };
    let only = if dialect == Dialect::Postgres && !facts.partitioned { "ONLY " } else { "" };
    let name = ident::qualified(dialect, &table.schema, &table.name);
    // A table that this role may not read is left out.
    let Ok(rows) = loader.query(&format!("SELECT count(*) FROM {only}{name}")) else { return Ok(None) };
    Ok(rows.first().and_then(|row| row.first()?.as_deref()?.parse().ok()))
}

/// Undoes the changes listed in the ledger, one transaction per table, and creates triggers again. No other run may be
/// active on the tables.
///
/// # Errors
/// The server refuses a statement; the ledger keeps what has not been undone.
pub(super) fn repair(
    loader: &mut dyn Loader,
    dialect: Dialect,
    ledger: &Ledger,
    journal: Option<&Journal>,
) -> Result<Vec<String>, RunError> {
    let mut lines = Vec::new();
    for (table, indexes) in ledger.parts(loader)? {
        loader.execute(sql::begin(dialect))?;
        let struck = journal.map_or(Ok(()), |journal| journal.forget_tasks(loader, &table)).map_err(RunError::from);
        let done = struck.and_then(|()| undone(loader, dialect, ledger, &table, &indexes));
        match &done {
            Ok(_) => drop(loader.calling_functions().execute("COMMIT")?),
            // The error is reported, not a rollback that fails because the connection is closed.
            Err(_) => drop(loader.execute("ROLLBACK")),
        }
        lines.push(done?);
    }
    if dialect == Dialect::Mysql {
        lines.extend(disable_triggers::recover(loader, ledger)?);
    }
    Ok(lines)
}

fn undone(
    loader: &mut dyn Loader,
    dialect: Dialect,
    ledger: &Ledger,
    table: &TableName,
    indexes: &[IndexDefinition],
) -> Result<String, RunError> {
    let Some(facts) = facts::table(loader, dialect, table)? else {
        ledger.forget_parts(loader, table)?;
        return Ok(format!("{table} is gone: nothing to restore"));
    };
    let removed = loader.calling_functions().execute(&empty(dialect, table, facts.partitioned))?;
    let (mut missing, mut there) = (Vec::new(), Vec::new());
    for index in indexes {
        match facts::has_index(loader, dialect, table, (&index.name, index.constraint.is_some()))? {
            true => there.push(index.name.as_str()),
            false => missing.push(index),
        }
    }
    let made = missing.len();
    let statements = IndexDefinition::create_all(missing, dialect, table)
        .map_err(|e| RunError::Table { table: table.to_string(), message: e.to_string() })?;
    build_indexes(loader, dialect, &statements)?;
    ledger.forget_parts(loader, table)?;
    let name = ident::qualified(dialect, &table.schema, &table.name);
    let mut line = format!("{name}: {removed} rows of finished parts removed, {made} indexes made again");
    if !there.is_empty() {
        line += &format!(" ({} had been made by somebody else)", there.join(", "));
    }
    Ok(line)
}

/// The statement that empties a table that was loaded in parts.
fn empty(dialect: Dialect, table: &TableName, partitioned: bool) -> String {
    let only = if dialect == Dialect::Postgres && !partitioned { "ONLY " } else { "" };
    format!("DELETE FROM {only}{}", ident::qualified(dialect, &table.schema, &table.name))
}

/// All statements that a restore with this ledger would execute, for the user to inspect.
fn statements(left: &LeftoverLedger, dialect: Dialect) -> Vec<String> {
    let mut all = Vec::new();
    for (table, indexes) in parts_of(&left.lines) {
        all.push(empty(dialect, &table, false));
        all.extend(IndexDefinition::create_all(&indexes, dialect, &table).unwrap_or_default());
    }
    for (table, trigger) in triggers_of(&left.lines) {
        all.extend(trigger.statements(&table).unwrap_or_else(|why| vec![format!("(nothing: {why})")]));
    }
    let ends = |line: &LedgerLine| matches!(line, LedgerLine::Session { .. });
    if left.lines.iter().any(ends) {
        all.push("(with --force: sessions that hold the run's own locks are ended)".into());
    }
    // Control characters must not reach the terminal.
    all.iter().map(|s| s.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()).collect()
}
