//! Jobs -> server: one connection a thread, one transaction a unit, counts compared at every step.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, Payload, connect, ident, sqlite};

use super::jobs::{Source, TableJob, Unit, units};
use super::ledger::Ledger;
use super::postpone::Postponement;
use super::schedule::Schedule;
use super::silence::Silence;
use super::stock::{Stage, Staging, Stocks};
use super::{Flow, RunError, Stop};
use crate::report::{Progress, TableReport, Waits};
use crate::schema::{Deferrable, Schema, Table, TableName};
use crate::stage::Format;

/// How long staged rows wait for a server that cannot be reached, and how often it is tried.
const PATIENCE: Duration = Duration::from_secs(600);
const BETWEEN: Duration = Duration::from_secs(1);

const SMALLEST_CACHE_KIB: u64 = 2 << 10;

#[derive(Clone)]
pub struct LoadOptions {
    /// Connections that load side by side; SQLite always has one.
    pub connections: usize,
    /// Delete the tables' rows first.
    pub truncate: bool,
    /// Go on although an earlier run did not end.
    pub append: bool,
    /// When the run started, for the ledger.
    pub started: String,
    /// How rows wait for the server.
    pub staging: Staging,
    /// Bytes of pages that SQLite, which is inside this process, may keep in memory.
    pub page_cache: u64,
}

/// What a load left to say besides its counts.
#[derive(Debug, Default)]
pub struct Loaded {
    pub tables: Vec<TableReport>,
    pub notes: Vec<String>,
    pub waits: Waits,
    /// Bytes that waited on disk: in all, and at one time.
    pub spilled: (u64, u64),
}

/// Loads the jobs, parents first; `progress` counts them by their position.
///
/// # Errors
/// The first error of any table. Tables that were not complete are rolled back, settings and constraints restored.
pub fn load(
    connection: &Connection,
    schema: &Schema,
    jobs: Vec<TableJob>,
    options: &LoadOptions,
    flow: &Flow,
    progress: &Progress,
) -> Result<Loaded, RunError> {
    let stop = &flow.stop;
    let mut first = connect(connection)?;
    let ledger = Ledger::new(connection.dialect, &schema.default_schema);
    if let Some(found) = ledger.unfinished(&mut *first)?.filter(|_| !options.truncate && !options.append) {
        return Err(RunError::Unfinished { found });
    }
    let stocks = Stocks::new(&jobs, &options.staging);
    if options.staging.stage == Stage::Files {
        first.finish()?;
        stocks.fill_all(options.connections, progress)?;
        first = connect_again(connection, stop, progress)?;
    }
    let mut loaded = Loaded::default();
    let kept = ledger.begin(&mut *first, &jobs, &options.started);
    if let Err(e) = &kept {
        loaded.notes.push(format!("no ledger in the database, a killed run will not be told: {e}"));
    }
    let outcome = fill(connection, schema, jobs, options, flow, progress, first, &stocks, &mut loaded);
    if kept.is_ok() {
        let mut last = connect(connection)?;
        ledger.end(&mut *last)?;
        last.finish()?;
    }
    outcome?;
    loaded.waits = waits(flow, &options.staging);
    loaded.spilled = options.staging.store.as_ref().map_or((0, 0), |s| (s.total(), s.high_water()));
    if stop.is_set() { Err(RunError::Interrupted) } else { Ok(loaded) }
}

fn waits(flow: &Flow, staging: &Staging) -> Waits {
    let pace = &flow.pace;
    let first_to_files = Waits {
        rows_for_disk: staging.flow.pace.rows_waited().as_secs_f64(),
        disk_for_rows: staging.flow.pace.consumers_waited().as_secs_f64(),
        ..Waits::default()
    };
    Waits {
        server_for_rows: pace.consumers_waited().as_secs_f64(),
        server_for_disk: pace.read_waited().as_secs_f64(),
        rows_for_server: pace.rows_waited().as_secs_f64(),
        rows_for_memory: flow.budget.waited().as_secs_f64(),
        // What is made ahead with idle workers is nothing that anybody waits for.
        ..if staging.stage == Stage::Files { first_to_files } else { Waits::default() }
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one run, named")]
fn fill(
    connection: &Connection,
    schema: &Schema,
    jobs: Vec<TableJob>,
    options: &LoadOptions,
    flow: &Flow,
    progress: &Progress,
    mut first: Box<dyn Loader>,
    stocks: &Stocks<'_>,
    loaded: &mut Loaded,
) -> Result<(), RunError> {
    let stop = &flow.stop;
    if connection.dialect == Dialect::Sqlite {
        let kib = (options.page_cache >> 10).clamp(SMALLEST_CACHE_KIB, sqlite::CACHE_KIB.into());
        first.execute(&format!("PRAGMA cache_size = -{kib}"))?;
    }
    if options.truncate {
        truncate(&mut *first, connection.dialect, schema, &jobs)?;
    }
    let positions: Vec<_> = jobs.iter().map(|j| j.name.clone()).collect();
    let units = units(schema, jobs);
    let schedule = Schedule::new(units.iter().map(|u| u.after.clone()).collect());
    let done: Mutex<Vec<TableReport>> = Mutex::default();
    let notes: Mutex<Vec<String>> = Mutex::default();
    let connections =
        if connection.dialect == Dialect::Sqlite { 1 } else { options.connections.clamp(1, units.len().max(1)) };
    std::thread::scope(|scope| {
        let mut first = Some(first);
        scope.spawn(|| stocks.fill_ahead(flow).unwrap_or_else(|e| schedule.fail(e, stop)));
        let mut loaders = Vec::new();
        for _ in 0..connections {
            let own = first.take();
            let (schedule, units, done, notes, positions) = (&schedule, &units, &done, &notes, &positions);
            loaders.push(scope.spawn(move || {
                let mut loader = match own.map_or_else(|| connect(connection), Ok) {
                    Ok(loader) => loader,
                    Err(e) => return schedule.fail(e.into(), stop),
                };
                let (cancel, finished) = (loader.canceller(), Arc::new(AtomicBool::new(false)));
                let seen = finished.clone();
                scope.spawn(move || watch(&*cancel, &seen, stop));
                schedule.work(stop, |u| {
                    let mut work = UnitLoad {
                        loader: &mut *loader,
                        connection,
                        unit: &units[u],
                        flow,
                        progress,
                        stocks,
                        positions,
                        notes,
                    };
                    let reports = work.run()?;
                    done.lock().unwrap_or_else(PoisonError::into_inner).extend(reports);
                    Ok(())
                });
                finished.store(true, Ordering::SeqCst);
                if let Err(e) = loader.finish() {
                    schedule.fail(e.into(), stop);
                }
            }));
        }
        let ended: Vec<_> = loaders.into_iter().map(|l| l.join()).collect();
        stocks.close();
        if let Some(panic) = ended.into_iter().find_map(Result::err) {
            std::panic::resume_unwind(panic);
        }
    });
    let mut tables = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    tables.sort_by_key(|t| positions.iter().position(|p| p.to_string() == t.name));
    loaded.notes.extend(notes.into_inner().unwrap_or_else(PoisonError::into_inner));
    let complete: Vec<String> = tables.iter().map(|t| t.name.clone()).collect();
    loaded.tables = tables;
    match schedule.into_error() {
        None => Ok(()),
        Some(error) if complete.is_empty() => Err(error),
        Some(error) => Err(RunError::After { complete: complete.join(", "), error: Box::new(error) }),
    }
}

/// The server again, once its rows are staged: it may be out of reach for a while.
fn connect_again(connection: &Connection, stop: &Stop, progress: &Progress) -> Result<Box<dyn Loader>, RunError> {
    let begun = Instant::now();
    loop {
        match connect(connection) {
            Err(LoadError::Connect { .. }) if begun.elapsed() < PATIENCE => {
                progress.set_phase("waiting for the server");
                let asked = Instant::now();
                while asked.elapsed() < BETWEEN {
                    if stop.is_set() {
                        return Err(RunError::Interrupted);
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            connected => {
                progress.set_phase("");
                return Ok(connected?);
            }
        }
    }
}

/// Cancels the statement in progress, once, when the run stops before the worker has `finished`.
fn watch(cancel: &(dyn Fn() + Send + Sync), finished: &AtomicBool, stop: &Stop) {
    while !finished.load(Ordering::SeqCst) {
        if stop.is_set() {
            return cancel();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Empties the tables, children first.
fn truncate(loader: &mut dyn Loader, dialect: Dialect, schema: &Schema, jobs: &[TableJob]) -> Result<(), RunError> {
    let filled = |name: &TableName| jobs.iter().any(|j| &j.name == name);
    for child in schema.tables.iter().filter(|t| !filled(&t.name) && t.existing.rows > 0) {
        if let Some(fk) = child.foreign_keys.iter().find(|f| filled(&f.parent)) {
            return Err(RunError::Referenced { table: fk.parent.to_string(), child: child.name.to_string() });
        }
    }
    let name = |j: &TableJob| ident::qualified(dialect, &j.target.schema, &j.target.table);
    match dialect {
        Dialect::Postgres => {
            let beside = referring(schema, &filled)?;
            let beside = beside.iter().map(|t| ident::qualified(dialect, &t.name.schema, &t.name.name));
            let all: Vec<String> = jobs.iter().map(name).chain(beside).collect();
            loader.execute(&format!("TRUNCATE {}", all.join(", ")))?;
        }
        Dialect::Mysql => {
            for job in jobs {
                loader.execute(&format!("TRUNCATE TABLE {}", name(job)))?;
            }
        }
        Dialect::Sqlite => {
            loader.execute("BEGIN")?;
            for job in jobs.iter().rev() {
                loader.execute(&format!("DELETE FROM {}", name(job)))?;
            }
            loader.execute("COMMIT")?;
        }
    }
    Ok(())
}

/// Tables that PostgreSQL empties only together with those that are `filled`: all that refer to them, at any distance. They
/// must hold nothing.
fn referring<'a>(schema: &'a Schema, filled: &dyn Fn(&TableName) -> bool) -> Result<Vec<&'a Table>, RunError> {
    let mut beside: Vec<&Table> = Vec::new();
    loop {
        let known = |name: &TableName| filled(name) || beside.iter().any(|t| &t.name == name);
        let refers = |t: &&Table| !known(&t.name) && t.foreign_keys.iter().any(|f| known(&f.parent));
        let Some(more) = schema.tables.iter().find(refers) else { return Ok(beside) };
        if more.existing.rows > 0 {
            let parent = more.foreign_keys.iter().find(|f| known(&f.parent)).map(|f| f.parent.to_string());
            return Err(RunError::Referenced { table: parent.unwrap_or_default(), child: more.name.to_string() });
        }
        beside.push(more);
    }
}

/// One unit on one connection.
struct UnitLoad<'a> {
    loader: &'a mut dyn Loader,
    connection: &'a Connection,
    unit: &'a Unit,
    flow: &'a Flow,
    progress: &'a Progress,
    stocks: &'a Stocks<'a>,
    positions: &'a [crate::schema::TableName],
    notes: &'a Mutex<Vec<String>>,
}

impl UnitLoad<'_> {
    fn run(&mut self) -> Result<Vec<TableReport>, RunError> {
        // Before the transaction: MariaDB takes only its first statement in bulk.
        let unit = self.unit;
        let before = unit.tables.iter().map(|job| if job.recount { self.count(job) } else { Ok(job.existing) });
        let before = before.collect::<Result<Vec<u64>, _>>()?;
        let begin = if self.connection.dialect == Dialect::Mysql { "START TRANSACTION" } else { "BEGIN" };
        self.loader.execute(begin)?;
        match self.inside(&before) {
            Ok(reports) => {
                self.loader.execute("COMMIT")?;
                Ok(reports)
            }
            Err(e) => {
                // The error matters more than a rollback that fails because the connection is gone.
                let _ = self.loader.execute("ROLLBACK");
                Err(e)
            }
        }
    }

    fn inside(&mut self, before: &[u64]) -> Result<Vec<TableReport>, RunError> {
        self.defer(true)?;
        let unit = self.unit;
        let mut silences = Vec::new();
        for job in unit.tables.iter().filter(|job| job.silent) {
            silences.push(Silence::begin(self.loader, &job.target)?);
        }
        let reports = unit
            .tables
            .iter()
            .zip(before)
            .map(|(job, &before)| self.table(job, before))
            .collect::<Result<Vec<_>, _>>()?;
        self.defer(false)?;
        for silence in silences {
            silence.end(self.loader)?;
        }
        Ok(reports)
    }

    /// Lets foreign keys inside a ring wait for the end of the unit, and restores them once they have been checked.
    fn defer(&mut self, on: bool) -> Result<(), RunError> {
        if self.connection.dialect != Dialect::Postgres || self.unit.tables.iter().all(|j| j.deferred.is_empty()) {
            return Ok(());
        }
        if !on {
            // Fires every check that waited, here, where an error still rolls all of it back.
            self.loader.execute("SET CONSTRAINTS ALL IMMEDIATE")?;
        }
        for job in &self.unit.tables {
            let table = self.qualified(job);
            for (name, _) in job.deferred.iter().filter(|(_, declared)| *declared == Deferrable::No) {
                let how = if on { "DEFERRABLE INITIALLY DEFERRED" } else { "NOT DEFERRABLE" };
                let name = ident::quote(Dialect::Postgres, name);
                self.loader.execute(&format!("ALTER TABLE {table} ALTER CONSTRAINT {name} {how}"))?;
            }
        }
        if on {
            self.loader.execute("SET CONSTRAINTS ALL DEFERRED")?;
        }
        Ok(())
    }

    fn qualified(&self, job: &TableJob) -> String {
        ident::qualified(self.connection.dialect, &job.target.schema, &job.target.table)
    }

    fn count(&mut self, job: &TableJob) -> Result<u64, RunError> {
        let only = if job.only { "ONLY " } else { "" };
        let rows = self.loader.query(&format!("SELECT count(*) FROM {only}{}", self.qualified(job)))?;
        let text = rows.first().and_then(|r| r.first()).cloned().flatten().unwrap_or_default();
        text.parse()
            .map_err(|_| RunError::Table { table: job.name.to_string(), message: format!("count(*) gave `{text}`") })
    }

    fn table(&mut self, job: &TableJob, before: u64) -> Result<TableReport, RunError> {
        let begun = Instant::now();
        // A ring's foreign keys are the unit's business, and so are rows that came in the meantime.
        let postpones = !job.postponed.is_empty() && self.unit.tables.len() == 1 && before == 0;
        let dialect = self.connection.dialect;
        let waiting = postpones.then(|| Postponement::begin(self.loader, dialect, job)).transpose()?;
        let (sent, bytes) = if job.rows == 0 { (0, 0) } else { self.send(job)? };
        let held = if job.recount { i128::from(self.count(job)?) - i128::from(before) } else { i128::from(sent) };
        if sent != job.rows || held != i128::from(job.rows) {
            return Err(RunError::Count { table: job.name.to_string(), planned: job.rows, sent, held });
        }
        if let Some(waiting) = waiting {
            waiting.end(self.loader, dialect, job)?;
        }
        self.move_sequences(job)?;
        let seconds = begun.elapsed().as_secs_f64();
        Ok(TableReport {
            level: self.unit.level,
            limited_by: job.limited_by.clone(),
            ..TableReport::new(job.name.to_string(), job.requested, held as u64, bytes, seconds)
        })
    }

    /// Streams the job's payloads; returns rows and bytes sent.
    fn send(&mut self, job: &TableJob) -> Result<(u64, u64), RunError> {
        let position = self.positions.iter().position(|p| p == &job.name).expect("every job has a position");
        let (progress, stop) = (self.progress, &self.flow.stop);
        match &job.source {
            Source::Generated { generator, table } => {
                let schema = generator.table(*table).schema.clone();
                let batches = self.stocks.rows(generator, *table, self.flow);
                let mut batches = batches.map(|batch| {
                    if stop.is_set() {
                        return Err(LoadError::Cancelled);
                    }
                    let batch = batch.map_err(|e| LoadError::Source(Box::new(e)))?;
                    progress.add(position, batch.num_rows() as u64, batch.get_array_memory_size() as u64);
                    Ok(batch)
                });
                self.payload(job, Payload::Batches { schema, batches: &mut batches })
            }
            Source::Files { format, schema, paths } => {
                let mut total = (0, 0);
                for path in paths {
                    let payload = match format {
                        Format::Csv => Payload::Csv { schema: schema.clone(), path: path.clone() },
                        Format::Parquet => Payload::Parquet { path: path.clone() },
                    };
                    let (rows, bytes) = self.payload(job, payload)?;
                    progress.add(position, rows, bytes);
                    total = (total.0 + rows, total.1 + bytes);
                    if stop.is_set() {
                        return Err(RunError::Interrupted);
                    }
                }
                Ok(total)
            }
        }
    }

    fn payload(&mut self, job: &TableJob, payload: Payload<'_>) -> Result<(u64, u64), RunError> {
        let loaded = self.loader.load(&job.target, payload)?;
        if !loaded.notes.is_empty() {
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            for note in loaded.notes {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        if loaded.sent != loaded.stored {
            return Err(
                LoadError::Short { table: job.name.to_string(), sent: loaded.sent, stored: loaded.stored }.into()
            );
        }
        Ok((loaded.sent, loaded.bytes))
    }

    /// The next value that the server gives must be past the last one loaded.
    fn move_sequences(&mut self, job: &TableJob) -> Result<(), RunError> {
        for (column, sequence) in &job.sequences {
            let column = ident::quote(self.connection.dialect, column);
            let literal = ident::literal(self.connection.dialect, sequence);
            self.loader.query(&format!(
                "SELECT setval({literal}::regclass, m) FROM (SELECT max({column}) AS m FROM {}) AS x \
                 WHERE m >= (SELECT last_value FROM {sequence})",
                self.qualified(job)
            ))?;
        }
        Ok(())
    }
}
