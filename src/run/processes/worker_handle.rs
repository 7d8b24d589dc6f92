//! The parent's side: one worker process per thread, started again when it dies.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, connect};

use super::protocol::{Address, Begin, TableShare, WorkerFailure, WorkerOrder, WorkerReply};
use super::staged_files::StagedFiles;
use crate::report::TableReport;
use crate::run::ledger::Ledger;
use crate::run::load_unit::{Marks, RunContext};
use crate::run::session::SessionId;
use crate::run::tasks::{Task, Work};
use crate::run::{RunError, Stop, disable_triggers, session};
use dbmocker_core::schema::Schema;
use dbmocker_plan::Plan;

/// Workers that may die during one task; after that, the task is assumed to be the cause.
const MOST_DEATHS: u32 = 3;
/// How long a worker may take to stop once its input has ended.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the server may take to roll back a dead worker's transaction.
const ROLLBACK: Duration = Duration::from_secs(3600);
/// Environment variables with a password or a database: the worker gets both from its input.
const SECRETS: [&str; 4] = ["DBMOCKER_PASSWORD", "DBMOCKER_URL", "PGPASSWORD", "MYSQL_PWD"];

/// The input with which worker processes are started.
#[derive(Clone)]
pub struct WorkerConfig {
    pub processes: usize,
    share: TableShare,
    dialect: dbmocker_core::schema::Dialect,
    /// As lines of JSON.
    plan: Arc<str>,
    schema: Arc<str>,
}

impl WorkerConfig {
    /// # Panics
    /// Never: all values of a schema can be written as JSON.
    pub fn new(processes: usize, share: TableShare, plan: &Plan, schema: &Schema) -> Self {
        let schema_line = serde_json::to_string(schema).expect("numbers and texts always fit JSON");
        let (plan, dialect) = (plan.to_json().into(), schema.dialect);
        WorkerConfig { processes, share, dialect, plan, schema: schema_line.into() }
    }
}

/// Manages one worker process, and starts another one if it dies.
pub struct WorkerHandle<'a> {
    run: &'a RunContext<'a>,
    connection: &'a Connection,
    worker_config: &'a WorkerConfig,
    child_handle: Arc<ChildHandle>,
    worker: Option<Worker>,
    /// The largest resident memory of its workers, in bytes.
    peak: u64,
}

/// A handle with which another thread stops a worker.
#[derive(Default)]
struct ChildHandle {
    input: Mutex<Option<ChildStdin>>,
    child: Mutex<Option<Child>>,
}

struct Worker {
    lines: Lines<BufReader<ChildStdout>>,
    /// The worker's session on the server.
    session: Option<SessionId>,
}

/// Rows and bytes that a task has added to the progress of each table.
type CountedProgress = BTreeMap<usize, (u64, u64)>;

/// How an attempt at a task ended, if not by an error.
enum WorkerOutcome {
    Done(Vec<TableReport>),
    Died,
}

impl<'a> WorkerHandle<'a> {
    pub fn new(run: &'a RunContext<'a>, connection: &'a Connection, worker_config: &'a WorkerConfig) -> Self {
        WorkerHandle { run, connection, worker_config, child_handle: Arc::default(), worker: None, peak: 0 }
    }

    /// Stops the worker during its task.
    pub fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        let child_handle = self.child_handle.clone();
        Box::new(move || child_handle.stop())
    }

    /// Executes a task, with a new worker whenever one dies.
    ///
    /// # Errors
    /// The worker's error, or workers die repeatedly.
    pub fn task(&mut self, task: &Task) -> Result<Vec<TableReport>, RunError> {
        let mut how = String::new();
        for _ in 0..MOST_DEATHS {
            let mut counted = BTreeMap::new();
            if let WorkerOutcome::Done(reports) = self.attempt(task, &mut counted)? {
                return Ok(reports);
            }
            how = self.reap()?;
            let committed = !matches!(task.work, Work::Stage { .. }) && self.committed(task)?;
            if !self.run.flow.stop.is_set() {
                let next = if committed { "its task had been committed" } else { "another one does its task" };
                let what = self.described(task);
                self.run.note(vec![format!("a worker process died over {what} ({how}); {next}")]);
            }
            if committed {
                return Ok(task.report(&self.run.units[task.unit]));
            }
            for (table, (rows, bytes)) in counted {
                self.run.progress.take_back(table, rows, bytes);
            }
            if self.run.flow.stop.is_set() {
                return Err(RunError::Interrupted);
            }
        }
        Err(RunError::Workers { how, what: self.described(task) })
    }

    /// Writes files of a table queue until all are written.
    ///
    /// # Errors
    /// As for [`WorkerHandle::task`].
    pub fn stage(&mut self, staged_files: &StagedFiles) -> Result<(), RunError> {
        let mut attempt = 0;
        while let Some(task) = staged_files.next(&self.run.flow.stop) {
            attempt += 1;
            let task = staged_files.place(&task, attempt);
            self.task(&task)?;
            if let Work::Stage { path, .. } = &task.work {
                staged_files.put(task.number, path);
            }
        }
        Ok(())
    }

    fn attempt(&mut self, task: &Task, counted: &mut CountedProgress) -> Result<WorkerOutcome, RunError> {
        if self.worker.is_none() && !self.start()? {
            return Ok(WorkerOutcome::Died);
        }
        if self.run.flow.stop.is_set() {
            return Err(RunError::Interrupted);
        }
        if !self.child_handle.send(&WorkerOrder::Task(task.clone())) {
            return Ok(WorkerOutcome::Died);
        }
        loop {
            match self.recv() {
                None => return Ok(WorkerOutcome::Died),
                Some(WorkerReply::Ready { .. }) => {}
                Some(WorkerReply::Progress { table, rows, bytes }) => {
                    if rows < 0 || bytes < 0 {
                        self.run.progress.take_back(table, rows.unsigned_abs(), bytes.unsigned_abs());
                    } else {
                        self.run.progress.add(table, rows.unsigned_abs(), bytes.unsigned_abs());
                    }
                    let sum = counted.entry(table).or_default();
                    *sum = (sum.0.saturating_add_signed(rows), sum.1.saturating_add_signed(bytes));
                }
                Some(WorkerReply::Done { reports, notes, peak }) => {
                    self.peak = self.peak.max(peak);
                    self.run.note(notes);
                    return Ok(WorkerOutcome::Done(reports));
                }
                Some(WorkerReply::Failed { message, failure }) => return Err(failed(message, failure)),
            }
        }
    }

    /// Starts a worker and waits until it is connected; `false` if it died before.
    fn start(&mut self) -> Result<bool, RunError> {
        let no_start = |e: std::io::Error| RunError::Threads { message: format!("a worker process: {e}") };
        let program = std::env::current_exe().map_err(no_start)?;
        let mut command = Command::new(program);
        command.arg("worker").stdin(Stdio::piped()).stdout(Stdio::piped());
        for name in SECRETS {
            command.env_remove(name);
        }
        // Ctrl-C reaches only the parent, which stops its workers in order.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(no_start)?;
        let lines = BufReader::new(child.stdout.take().expect("stdout is a pipe")).lines();
        *lock(&self.child_handle.input) = child.stdin.take();
        *lock(&self.child_handle.child) = Some(child);
        self.worker = Some(Worker { lines, session: None });
        let address = Address::of(self.worker_config.dialect, self.connection);
        let named = |is: fn(&crate::run::TableJob) -> bool| {
            let jobs = self.run.units.iter().flat_map(|u| &u.tables);
            jobs.filter(|j| is(j)).map(|j| j.name.clone()).collect()
        };
        let (triggers_disabled, may_be_disabled) = (named(|j| j.triggers_disabled), named(|j| j.may_be_disabled));
        let ledger = self.run.ledger.map(Ledger::pass);
        let journal = self.run.marks.and_then(|m| if let Marks::Journal(j) = m { Some(j.pass()) } else { None });
        let begin =
            Begin { address, share: self.worker_config.share, ledger, journal, triggers_disabled, may_be_disabled };
        let said = self.child_handle.send(&begin)
            && self.child_handle.line(&self.worker_config.plan)
            && self.child_handle.line(&self.worker_config.schema);
        match said.then(|| self.recv()).flatten() {
            Some(WorkerReply::Ready { session }) => {
                self.worker.as_mut().expect("just started").session = session;
                Ok(true)
            }
            Some(WorkerReply::Failed { message, failure }) => Err(failed(message, failure)),
            _ => Ok(false),
        }
    }

    /// The worker's next message; `None` at the end of its output.
    fn recv(&mut self) -> Option<WorkerReply> {
        let line = self.worker.as_mut()?.lines.next()?.ok()?;
        serde_json::from_str(&line).ok()
    }

    /// Ensures that a worker and its session on the server have ended; returns how it ended.
    fn reap(&mut self) -> Result<String, RunError> {
        let status = self.child_handle.end();
        let worker = self.worker.take();
        if let Some(id) = worker.and_then(|w| w.session) {
            let mut loader = connect(self.connection)?;
            let dialect = self.run.dialect;
            session::end(&mut *loader, dialect, &id)?;
            // Waits even if the run stops: the next steps require that the transaction is rolled back.
            if !session::wait(&mut *loader, dialect, &id, ROLLBACK, &Stop::default())? {
                return Err(RunError::Alive { session: id.to_string() });
            }
            loader.finish()?;
        }
        Ok(status.map_or_else(|| "it did not start".to_owned(), |s| s.to_string()))
    }

    /// Whether the task of a worker that died was committed; triggers that it had dropped are created again.
    fn committed(&self, task: &Task) -> Result<bool, RunError> {
        let (Some(ledger), Some(marks)) = (self.run.ledger, self.run.marks) else { return Ok(false) };
        let mut loader = connect(self.connection)?;
        let known = marks.has(&mut *loader, task)?;
        if self.run.dialect == Dialect::Mysql {
            disable_triggers::recover_of(&mut *loader, ledger, &self.run.units[task.unit].tables)?;
        }
        loader.finish()?;
        Ok(known)
    }

    fn described(&self, task: &Task) -> String {
        let unit = &self.run.units[task.unit];
        let names: Vec<String> = unit.tables.iter().map(|j| format!("`{}`", j.name)).collect();
        match &task.work {
            Work::Part(rows) => format!("rows {} to {} of {}", rows.start, rows.end, names[0]),
            Work::Stage { table, rows, .. } => format!("rows {} to {} of {}", rows.start, rows.end, names[*table]),
            Work::Whole | Work::Open | Work::Close => names.join(", "),
        }
    }

    /// Ends the worker.
    ///
    /// # Errors
    /// The run stops, and it cannot be determined whether the worker's session has ended.
    pub fn finish(mut self) -> Result<(), RunError> {
        if self.run.flow.stop.is_set() {
            return self.reap().map(drop);
        }
        self.child_handle.end();
        lock(self.run.peaks).push(self.peak);
        Ok(())
    }
}

fn failed(message: String, failure: WorkerFailure) -> RunError {
    match failure {
        WorkerFailure::Stopped => RunError::Interrupted,
        WorkerFailure::Generation => RunError::Worker { message, generation: true, refused: false },
        WorkerFailure::Writing => RunError::Worker { message, generation: false, refused: false },
        WorkerFailure::Refused => RunError::Worker { message, generation: false, refused: true },
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ChildHandle {
    fn send(&self, what: &impl serde::Serialize) -> bool {
        let line = serde_json::to_string(what).expect("numbers and texts always fit JSON");
        self.line(&line)
    }

    /// `false` if the worker no longer reads its input.
    fn line(&self, line: &str) -> bool {
        let mut input = lock(&self.input);
        let Some(input) = &mut *input else { return false };
        input.write_all(line.as_bytes()).and_then(|()| input.write_all(b"\n")).and_then(|()| input.flush()).is_ok()
    }

    fn ended(&self) -> Option<ExitStatus> {
        match &mut *lock(&self.child) {
            Some(child) => child.try_wait().ok().flatten(),
            None => None,
        }
    }

    /// Closes the worker's input, and kills the worker if that is not enough.
    fn stop(&self) {
        drop(lock(&self.input).take());
        let begun = Instant::now();
        while self.ended().is_none() && lock(&self.child).is_some() {
            if begun.elapsed() > PATIENCE
                && let Some(child) = &mut *lock(&self.child)
            {
                // It may have ended by itself just now.
                let _ = child.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// As [`ChildHandle::stop`], and discards the handle.
    fn end(&self) -> Option<ExitStatus> {
        self.stop();
        let mut child = lock(&self.child).take()?;
        child.wait().ok()
    }
}
