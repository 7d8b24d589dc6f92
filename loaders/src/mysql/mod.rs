//! MySQL and MariaDB: `LOAD DATA LOCAL INFILE` from memory, multi-row `INSERT` where the server does not allow it.
//!
//! Data in: a [`Connection`], then payloads. Data out: rows in tables, counted by the server. Every load is one
//! transaction (or one savepoint of the transaction that is open): a failed load leaves no rows. The session runs with
//! both key checks off, so the caller verifies foreign keys afterwards.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

pub(crate) use self::plain::Plain;
use self::portions::Portions;
use self::session::MysqlSession;
use crate::{Connection, LoadError, Loaded, Loader, Payload, Target, array_cells, staged};

pub(crate) mod encode;
mod errors;
mod insert;
mod load_data;
mod plain;
mod portions;
mod session;
mod warnings;

type BatchIter<'a> = &'a mut dyn Iterator<Item = Result<RecordBatch, LoadError>>;

/// Opens a session, strict and in UTC, with key checks off.
///
/// # Errors
/// [`LoadError::Connect`]: no server, access denied, no such database (with near names), TLS.
pub fn connect(connection: &Connection) -> Result<Box<dyn Loader>, LoadError> {
    Ok(Box::new(Mysql { session: MysqlSession::open(connection)?, prepared: VecDeque::new() }))
}

/// The load path for a table, and its reason, for a plan that has the server's settings (`local_infile`).
pub fn path(settings: &BTreeMap<String, String>) -> (&'static str, String) {
    match settings.get("local_infile").map(|v| v.to_ascii_uppercase()).as_deref() {
        Some("OFF" | "0") => ("INSERT", format!("multi-row statements, {LOCAL_INFILE_OFF}")),
        Some(_) => ("LOAD DATA LOCAL", format!("one statement fed from memory, local_infile is on; {SMALL}")),
        None => ("LOAD DATA LOCAL", format!("one statement fed from memory, if the server allows it; {SMALL}")),
    }
}

const SMALL: &str = "small tables by INSERT, which takes one request";
const LOCAL_INFILE_OFF: &str =
    "because local_infile is off on the server; `SET GLOBAL local_infile = 1` makes loading faster";
const LOCAL_INFILE_REFUSED: &str = "multi-row INSERT was used, because the server or a proxy before it refused LOAD DATA \
     LOCAL though local_infile is on; allow it there to load faster";

#[derive(Debug, Default, Clone)]
struct Counts {
    sent: u64,
    stored: u64,
    bytes: u64,
    notes: Vec<String>,
}

impl Counts {
    fn loaded(self, begun: Instant) -> Loaded {
        let Counts { sent, stored, bytes, notes } = self;
        Loaded { sent, stored, bytes, elapsed: begun.elapsed(), notes }
    }
}

struct Mysql {
    session: MysqlSession,
    /// The loads that come next in the caller's transaction: table, and the rows that one statement may send.
    prepared: VecDeque<(String, Option<usize>)>,
}

impl Loader for Mysql {
    fn execute(&mut self, sql: &str) -> Result<u64, LoadError> {
        self.end_prepared();
        self.session.execute("running a statement", sql)
    }

    fn send_with_next(&mut self, sql: &str) -> Result<(), LoadError> {
        self.session.send_with_next(sql);
        Ok(())
    }

    fn prepare_loads(&mut self, loads: &[(Target, SchemaRef)]) -> Result<(), LoadError> {
        let targets: Vec<&Target> = loads.iter().map(|(target, _)| target).collect();
        self.session.send_with_next(insert::CHECKED);
        let found = self.session.query("preparing loads", &warnings::sources_of_warnings(&targets))?;
        let limits = warnings::rows_of_a_statement(found, targets.len());
        self.prepared = targets.into_iter().map(array_cells::label).zip(limits).collect();
        Ok(())
    }

    fn calling_functions(&mut self) -> &mut dyn Loader {
        self
    }

    fn query(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, LoadError> {
        self.end_prepared();
        self.session.query("running a query", sql)
    }

    fn load(&mut self, target: &Target, payload: Payload<'_>) -> Result<Loaded, LoadError> {
        let begun = Instant::now();
        if self.session.is_cancelled() {
            return Err(LoadError::Cancelled);
        }
        let mut rows = staged::open(payload)?;
        if let Some((label, limit)) = self.prepared.pop_front() {
            if label == array_cells::label(target) {
                let counts = insert::send(&mut self.session, target, &rows.schema, &mut rows.batches, limit);
                if self.prepared.is_empty() || counts.is_err() {
                    self.no_more_prepared();
                }
                return Ok(complete(&self.session, target, counts?)?.loaded(begun));
            }
            self.no_more_prepared();
        }
        let (scope, limit) = MysqlRollback::begin(&mut self.session, target)?;
        match send(&mut self.session, target, &rows.schema, &mut rows.batches, limit).and_then(|counts| {
            scope.keep(&mut self.session, target)?;
            Ok(counts)
        }) {
            Ok(counts) => Ok(counts.loaded(begun)),
            Err(e) => Err(scope.undo(&mut self.session, e)),
        }
    }

    fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        self.session.canceller()
    }

    fn finish(mut self: Box<Self>) -> Result<(), LoadError> {
        self.session.close()
    }
}

impl Mysql {
    /// Another statement ends the loads that were prepared.
    fn end_prepared(&mut self) {
        if !self.prepared.is_empty() {
            self.no_more_prepared();
        }
    }

    fn no_more_prepared(&mut self) {
        self.prepared.clear();
        let usual = insert::unchecked(&self.session.facts);
        self.session.send_with_next(&usual);
    }
}

/// Sends all rows by the fastest available path and compares the counts.
fn send(
    session: &mut MysqlSession,
    target: &Target,
    schema: &SchemaRef,
    batches: BatchIter<'_>,
    limit: Option<usize>,
) -> Result<Counts, LoadError> {
    let mut rows = Portions::new(batches, limit);
    let mut counts = None;
    let mut note = format!("multi-row INSERT was used, {LOCAL_INFILE_OFF}");
    if session.facts.local_infile {
        counts = load_data_statements(session, target, schema, &mut rows)?;
        note = LOCAL_INFILE_REFUSED.to_owned();
    }
    let counts = match counts {
        Some(counts) => counts,
        None => {
            let mut counts = insert::load(session, target, schema, &mut rows.all(), limit)?;
            counts.notes.insert(0, note);
            counts
        }
    };
    complete(session, target, counts)
}

/// The counts, if all rows were stored and nobody has stopped the load.
fn complete(session: &MysqlSession, target: &Target, counts: Counts) -> Result<Counts, LoadError> {
    if session.is_cancelled() {
        return Err(LoadError::Cancelled);
    }
    if counts.sent != counts.stored {
        return Err(LoadError::Short { table: array_cells::label(target), sent: counts.sent, stored: counts.stored });
    }
    Ok(counts)
}

/// `None` if the server refuses such statements.
fn load_data_statements(
    session: &mut MysqlSession,
    target: &Target,
    schema: &SchemaRef,
    rows: &mut Portions<'_>,
) -> Result<Option<Counts>, LoadError> {
    let mut all = Counts::default();
    while rows.begin() {
        let Some(counts) = load_data::load(session, target, schema, rows)? else { return Ok(None) };
        all.sent += counts.sent;
        all.stored += counts.stored;
        all.bytes += counts.bytes;
        all.notes.extend(warnings::read(session, target)?);
    }
    all.notes.dedup();
    Ok(Some(all))
}

/// The scope to which one load can be rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MysqlRollback {
    /// The caller's transaction: a savepoint inside it.
    Savepoint,
    Transaction,
}

impl MysqlRollback {
    /// Begins it; returns the rows that one statement may send.
    fn begin(session: &mut MysqlSession, target: &Target) -> Result<(MysqlRollback, Option<usize>), LoadError> {
        let scope = if session.in_transaction()? { MysqlRollback::Savepoint } else { MysqlRollback::Transaction };
        let sql = match scope {
            MysqlRollback::Savepoint => "SAVEPOINT dbmocker_load",
            MysqlRollback::Transaction => "START TRANSACTION",
        };
        session.send_with_next(sql);
        let found = session.query("beginning a load", &warnings::sources_of_warnings(&[target]))?;
        Ok((scope, warnings::rows_of_a_statement(found, 1).pop().flatten()))
    }

    /// A commit can still refuse rows: MariaDB builds the keys of a bulk insert at that point.
    fn keep(self, session: &mut MysqlSession, target: &Target) -> Result<(), LoadError> {
        let sql = match self {
            MysqlRollback::Savepoint => "RELEASE SAVEPOINT dbmocker_load",
            MysqlRollback::Transaction => "COMMIT",
        };
        match session.execute("keeping a load", sql) {
            Err(LoadError::Statement { message, code, .. }) => {
                Err(LoadError::Table { table: array_cells::label(target), message, code })
            }
            other => other.map(drop),
        }
    }

    /// Rolls the load back and returns `error`, with a warning where the storage engine has no transactions.
    fn undo(self, session: &mut MysqlSession, error: LoadError) -> LoadError {
        let sql = match self {
            MysqlRollback::Savepoint => "ROLLBACK TO SAVEPOINT dbmocker_load",
            MysqlRollback::Transaction => "ROLLBACK",
        };
        // A broken connection or a deadlock has rolled everything back already; a late KILL may stop this statement.
        if session.execute("taking a load back", sql).is_err() {
            let _ = session.execute("taking a load back", sql);
            return error;
        }
        if session.warning_count() == 0 {
            return error;
        }
        let stays = "the table's engine has no transactions: rows sent so far stay in it, delete them";
        match error {
            LoadError::Table { table, message, code } => {
                let message = message.trim_end_matches("; nothing of this load was kept");
                LoadError::Table { table, message: format!("{message}; {stays}"), code }
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_follows_the_setting_and_says_how_to_change_it() {
        let of = |value: &str| path(&BTreeMap::from([("local_infile".to_owned(), value.to_owned())]));
        assert_eq!(of("ON").0, "LOAD DATA LOCAL");
        assert_eq!(of("0").0, "INSERT");
        assert!(of("OFF").1.contains("SET GLOBAL local_infile = 1"));
        assert_eq!(path(&BTreeMap::new()).0, "LOAD DATA LOCAL");
    }
}
