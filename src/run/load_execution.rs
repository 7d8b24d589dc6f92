//! The threads of a load, each with one executor: a connection or a worker process.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, connect};

use super::jobs::Unit;
use super::ledger::Ledger;
use super::load_unit::{RunContext, UnitLoad, load_together};
use super::prefetch::Prefetcher;
use super::processes::{StagedFiles, WorkerConfig, WorkerHandle};
use super::ramp::Ramp;
use super::refused::refused;
use super::schedule::Schedule;
use super::tasks::{Needs, Task, Work, tasks};
use super::{RunError, Stop, session, start};
use crate::report::{LeftOut, TableReport, TaskTime};
use dbmocker_core::schema::TableName;

/// The threads of a load, each with one executor.
pub(super) struct LoadExecution<'a> {
    pub connection: &'a Connection,
    pub run: &'a RunContext<'a>,
    pub worker_config: Option<&'a WorkerConfig>,
    /// As in [`LoadOptions`](super::LoadOptions).
    pub skip_refused: Option<bool>,
    /// As in [`LoadOptions`](super::LoadOptions).
    pub measures_connections: bool,
    pub done: Mutex<Done>,
}

#[derive(Default)]
pub(super) struct Done {
    tables: Vec<TableReport>,
    /// What each executor did, and when.
    times: Vec<TaskTime>,
    /// By unit: when its first part began, and the bytes of its parts.
    parts: BTreeMap<usize, (Instant, u64)>,
    /// Units that are left out, with the reason.
    left_out: BTreeMap<usize, String>,
    /// The error of the first of them.
    first: Option<RunError>,
}

/// The executor of a task.
enum Executor<'a> {
    /// A connection of this process.
    Own(Box<dyn Loader>),
    Process(WorkerHandle<'a>),
}

impl LoadExecution<'_> {
    /// Executes all tasks of the run, the first one on the open connection.
    ///
    /// # Errors
    /// The first error of any thread, except those of tables that may be left out.
    pub fn fill(
        &self,
        connections: usize,
        first: Box<dyn Loader>,
        prefetcher: &Prefetcher<'_>,
        staged_files: Option<&StagedFiles>,
    ) -> Result<(), RunError> {
        let stop = &self.run.flow.stop;
        // SQLite's worker processes write files, and the one connection loads a table's files in one transaction.
        let cut = self.run.dialect != Dialect::Sqlite || self.worker_config.is_none();
        let (tasks, needs) = tasks(self.run.units, cut, self.begins_early());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let processes = self.worker_config.map_or(0, |c| c.processes);
        let hands = match self.run.dialect {
            Dialect::Sqlite => 1,
            _ if processes > 0 => processes.min(tasks.len()),
            _ => connections.clamp(1, tasks.len().max(1)),
        };
        let schedule = self
            .schedule(&tasks, needs, hands)
            .sharing(tasks.iter().map(|task| self.may_share(task)).collect(), hands.min(cores))
            .with_done(self.done_before(&tasks));
        std::thread::scope(|scope| {
            let mut first = Some(first);
            let failed = |e| schedule.fail(e, stop);
            let ahead =
                start(scope, || prefetcher.fill_ahead(self.run.flow).unwrap_or_else(|e| schedule.fail(e, stop)));
            ahead.map_or_else(failed, drop);
            let mut loaders = Vec::new();
            for number in 0..hands {
                let own = first.take();
                let (schedule, tasks) = (&schedule, &tasks);
                let started = start(scope, move || {
                    self.work((number, own), schedule, tasks).unwrap_or_else(|e| schedule.fail(e, stop));
                });
                match started {
                    Ok(loader) => loaders.push(loader),
                    Err(e) => {
                        failed(e);
                        break;
                    }
                }
            }
            for _ in 0..staged_files.map_or(0, |_| processes) {
                let schedule = &schedule;
                let started = start(scope, move || self.stage(staged_files).unwrap_or_else(|e| schedule.fail(e, stop)));
                started.map_or_else(failed, drop);
            }
            let ended: Vec<_> = loaders.into_iter().map(|l| l.join()).collect();
            prefetcher.close();
            staged_files.inspect(|s| s.close());
            if let Some(panic) = ended.into_iter().find_map(Result::err) {
                std::panic::resume_unwind(panic);
            }
        });
        self.run.note(schedule.note().into_iter().collect());
        self.ended(schedule.into_error())
    }

    /// Whether tables whose foreign keys are checked after their rows are loaded while their parents are. A table whose
    /// parent may be left out waits, and a worker process gets one task at a time.
    fn begins_early(&self) -> bool {
        self.worker_config.is_none() && self.skip_refused != Some(true) && !self.run.flow.pace.throttles()
    }

    /// A schedule that measures how many connections are fastest, if they are chosen so.
    fn schedule(&self, tasks: &[Task], needs: Vec<Needs>, connections: usize) -> Schedule {
        let schedule = Schedule::of(needs);
        if !self.measures_connections || self.worker_config.is_some() {
            return schedule;
        }
        let part = |task: &Task| match &task.work {
            Work::Part(rows) => Some((task.unit, rows.end - rows.start)),
            _ => None,
        };
        schedule.measuring(tasks.iter().map(part).collect(), Ramp::new(connections))
    }

    /// The result of the run, with additional information for its first error.
    fn ended(&self, error: Option<RunError>) -> Result<(), RunError> {
        let mut done = self.lock();
        let complete: Vec<String> = done.tables.iter().map(|t| t.name.clone()).collect();
        let complete = complete.join(", ");
        let Some(error) = error else {
            return match done.first.take().filter(|_| complete.is_empty()) {
                Some(error) => Err(RunError::Nothing { error: Box::new(error) }),
                None => Ok(()),
            };
        };
        let way_out = self.skip_refused == Some(false) && refused(self.run.dialect, &error).is_some();
        if complete.is_empty() && !way_out {
            return Err(error);
        }
        Err(RunError::After { complete, way_out, error: Box::new(error) })
    }

    /// Tasks that were committed before the run was resumed, as positions; they count as this run's.
    fn done_before(&self, tasks: &[Task]) -> Vec<usize> {
        let was = |task: &Task| self.run.done.is_some_and(|done| done.contains(&task.number));
        let done: Vec<usize> = (0..tasks.len()).filter(|&t| was(&tasks[t])).collect();
        for task in done.iter().map(|&t| &tasks[t]) {
            let unit = &self.run.units[task.unit];
            match &task.work {
                Work::Open => _ = self.lock().parts.insert(task.unit, (Instant::now(), 0)),
                Work::Part(rows) => self.run.progress.add(self.run.position(&unit.tables[0]), rows.end - rows.start, 0),
                Work::Whole => {
                    unit.tables.iter().for_each(|job| self.run.progress.add(self.run.position(job), job.rows, 0));
                }
                Work::Close | Work::Stage { .. } => {}
            }
            self.lock().add(task, unit, task.report(unit));
        }
        done
    }

    fn lock(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hand(&self, own: Option<Box<dyn Loader>>) -> Result<Executor<'_>, RunError> {
        if let Some(worker_config) = self.worker_config.filter(|_| self.run.dialect != Dialect::Sqlite) {
            own.map_or(Ok(()), Loader::finish)?;
            return Ok(Executor::Process(WorkerHandle::new(self.run, self.connection, worker_config)));
        }
        match own {
            Some(loader) => Ok(Executor::Own(loader)),
            None => {
                let mut loader = connect(self.connection)?;
                if let Some(ledger) = self.run.ledger {
                    register(ledger, &mut *loader, self.run.dialect)?;
                }
                Ok(Executor::Own(loader))
            }
        }
    }

    /// One thread's loop over tasks; the executor has a number, and is there from its first task on.
    fn work(
        &self,
        (number, own): (usize, Option<Box<dyn Loader>>),
        schedule: &Schedule,
        tasks: &[Task],
    ) -> Result<(), RunError> {
        let stop = &self.run.flow.stop;
        let canceller: Mutex<Option<Box<dyn Fn() + Send + Sync>>> = Mutex::default();
        let cancel = || canceller.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|cancel| cancel());
        let (mut own, mut hand) = (own, None);
        watched(&cancel, stop, || {
            schedule.work_sharing(stop, |taken| {
                let hand = match &mut hand {
                    Some(hand) => hand,
                    None => match self.hand(own.take()) {
                        // A server that gives no more connections is loaded by those that it gave.
                        Err(RunError::Load(LoadError::Connect { .. })) if number > 0 => return Ok(false),
                        new => {
                            let new = new?;
                            *canceller.lock().unwrap_or_else(PoisonError::into_inner) = Some(new.canceller());
                            hand.insert(new)
                        }
                    },
                };
                let taken: Vec<&Task> = taken.iter().map(|&t| &tasks[t]).collect();
                self.tasks((number, hand), &taken, schedule).map(|()| true)
            });
        });
        match hand {
            Some(Executor::Own(loader)) => Ok(loader.finish()?),
            Some(Executor::Process(worker_handle)) => worker_handle.finish(),
            None => own.map_or(Ok(()), |loader| Ok(loader.finish()?)),
        }
    }

    /// Executes tasks that were taken at once: those of units that may share a transaction in one, and each alone if
    /// the server refuses it.
    fn tasks(
        &self,
        (number, hand): (usize, &mut Executor<'_>),
        tasks: &[&Task],
        schedule: &Schedule,
    ) -> Result<(), RunError> {
        let mut left = Vec::new();
        for task in tasks {
            if task.work == Work::Open {
                self.lock().parts.insert(task.unit, (Instant::now(), 0));
            }
            if self.is_left_out(task.unit) {
                self.run.pass_over(&self.run.units[task.unit])?;
            } else {
                left.push(*task);
            }
        }
        let shared = !left.is_empty() && left.iter().all(|task| self.may_share(task));
        if let (Executor::Own(loader), true) = (&mut *hand, shared) {
            match self.together(number, &mut **loader, &left) {
                // None of these rows is taken from those that were generated ahead.
                Err(e) if self.may_succeed_alone(&e) => {
                    left.iter().try_for_each(|task| self.run.pass_over(&self.run.units[task.unit]))?;
                }
                outcome => return outcome,
            }
        }
        left.into_iter().try_for_each(|task| self.task((number, hand), task, (schedule, shared)))
    }

    fn may_share(&self, task: &Task) -> bool {
        // A worker process gets one task at a time; SQLite has no round trips to save.
        let alone = self.run.dialect == Dialect::Sqlite || self.worker_config.is_some();
        // A throttled transaction would be open for as long as all of its tables take.
        let throttled = self.run.flow.pace.throttles();
        !alone && !throttled && task.work == Work::Whole && self.run.units[task.unit].may_share()
    }

    /// Whether tables may be loaded alone after this error of several: not if the server or the connection is down. Locks
    /// and memory may be enough for one table.
    fn may_succeed_alone(&self, error: &RunError) -> bool {
        let answered = match error {
            RunError::Load(
                LoadError::Table { code: Some(code), .. } | LoadError::Statement { code: Some(code), .. },
            ) => !code.starts_with("08") && !code.starts_with("57"),
            error => refused(self.run.dialect, error).is_some(),
        };
        answered && !self.run.flow.stop.is_set()
    }

    /// Tasks in one transaction.
    fn together(&self, number: usize, loader: &mut dyn Loader, tasks: &[&Task]) -> Result<(), RunError> {
        let all: Vec<(&Task, &Unit)> = tasks.iter().map(|task| (*task, &self.run.units[task.unit])).collect();
        let begun = self.run.progress.seconds();
        let reports = load_together(loader, self.run, &all)?;
        let ended = self.run.progress.seconds();
        let mut done = self.lock();
        done.times.extend(TaskTime::together(all.iter().map(|(task, unit)| task.time(unit, number, (begun, ended)))));
        for ((task, unit), reports) in all.into_iter().zip(reports) {
            done.add(task, unit, reports);
        }
        Ok(())
    }

    /// One task; `again`: its rows were sent before, and rolled back.
    fn task(
        &self,
        (number, hand): (usize, &mut Executor<'_>),
        task: &Task,
        (schedule, again): (&Schedule, bool),
    ) -> Result<(), RunError> {
        let unit = &self.run.units[task.unit];
        if self.is_left_out(task.unit) {
            return self.run.pass_over(unit);
        }
        let begun = self.run.progress.seconds();
        let outcome = match hand {
            Executor::Own(loader) => {
                let load = UnitLoad::new(&mut **loader, self.run, unit).again(again);
                load.scheduled(schedule, usize::try_from(task.number).unwrap_or(usize::MAX)).task(task)
            }
            Executor::Process(worker_handle) => worker_handle.task(task),
        };
        match outcome {
            Ok(reports) => {
                let time = task.time(unit, number, (begun, self.run.progress.seconds()));
                let mut done = self.lock();
                done.times.push(time);
                done.add(task, unit, reports);
                Ok(())
            }
            Err(e) => self.leave_out(task.unit, e),
        }
    }

    /// One thread whose worker process writes files.
    fn stage(&self, staged_files: Option<&StagedFiles>) -> Result<(), RunError> {
        let (Some(worker_config), Some(staged_files)) = (self.worker_config, staged_files) else { return Ok(()) };
        let mut worker_handle = WorkerHandle::new(self.run, self.connection, worker_config);
        let cancel = worker_handle.canceller();
        let staged = watched(&cancel, &self.run.flow.stop, || worker_handle.stage(staged_files));
        let ended = worker_handle.finish();
        staged.and(ended)
    }

    /// Whether the unit, or one that it needs, is left out.
    fn is_left_out(&self, unit: usize) -> bool {
        let mut done = self.lock();
        if done.left_out.contains_key(&unit) {
            return true;
        }
        let Some(&needed) = self.run.units[unit].after.iter().find(|u| done.left_out.contains_key(u)) else {
            return false;
        };
        let names: Vec<String> = self.run.units[needed].tables.iter().map(|t| format!("`{}`", t.name)).collect();
        done.left_out.insert(unit, format!("it needs {}, which is left out", names.join(", ")));
        true
    }

    /// Leaves out a unit whose rows the server refuses, with `--skip-unsolved`.
    fn leave_out(&self, unit: usize, error: RunError) -> Result<(), RunError> {
        let message = refused(self.run.dialect, &error).filter(|_| self.skip_refused == Some(true));
        let Some(message) = message.filter(|_| !self.run.flow.stop.is_set()) else { return Err(error) };
        let mut done = self.lock();
        done.left_out.entry(unit).or_insert_with(|| format!("the server refuses its rows: {message}"));
        done.first.get_or_insert(error);
        drop(done);
        self.run.pass_over(&self.run.units[unit])
    }

    /// The tables that were loaded, and those that were left out, in the order of the jobs.
    pub fn reports(&self) -> (Vec<TableReport>, Vec<LeftOut>) {
        let mut done = self.lock();
        let left_out = std::mem::take(&mut done.left_out);
        let mut tables = std::mem::take(&mut done.tables);
        let positions: Vec<String> = self.run.positions.iter().map(TableName::to_string).collect();
        let place = |name: &str| positions.iter().position(|p| p == name);
        tables.sort_by_key(|t| place(&t.name));
        let of = |(unit, reason): (usize, String)| {
            let tables = self.run.units[unit].tables.iter();
            tables.map(move |t| LeftOut { name: t.name.to_string(), reason: reason.clone() })
        };
        let mut left_out: Vec<LeftOut> = left_out.into_iter().flat_map(of).collect();
        left_out.sort_by_key(|l| place(&l.name));
        (tables, left_out)
    }

    /// What each executor did, and when.
    pub fn times(&self) -> Vec<TaskTime> {
        std::mem::take(&mut self.lock().times)
    }
}

impl Executor<'_> {
    fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        match self {
            Executor::Own(loader) => loader.canceller(),
            Executor::Process(worker_handle) => worker_handle.canceller(),
        }
    }
}

impl Done {
    fn add(&mut self, task: &Task, unit: &Unit, reports: Vec<TableReport>) {
        match (&task.work, self.parts.get_mut(&task.unit)) {
            (Work::Part(_), Some((_, bytes))) => *bytes += reports.iter().map(|r| r.bytes).sum::<u64>(),
            (Work::Close, Some((begun, bytes))) => {
                let (seconds, bytes) = (begun.elapsed().as_secs_f64(), *bytes);
                let whole = |r: TableReport| TableReport {
                    level: unit.level,
                    before: r.before,
                    limited_by: r.limited_by,
                    ..TableReport::new(r.name, r.requested, r.rows, bytes, seconds)
                };
                self.tables.extend(reports.into_iter().map(whole));
            }
            _ => self.tables.extend(reports),
        }
    }
}

/// Records the session in the ledger, so that no other run restores anything while it is active.
///
/// # Errors
/// If the server refuses a statement.
pub(super) fn register(ledger: &Ledger, loader: &mut dyn Loader, dialect: Dialect) -> Result<(), RunError> {
    if let Some(id) = session::own(loader, dialect, ledger.run())? {
        ledger.add_session(loader, &id)?;
    }
    Ok(())
}

/// Runs `work`; cancels the statement in progress, once, if the run stops before the work is done.
fn watched<T>(cancel: &(dyn Fn() + Send + Sync), stop: &Stop, work: impl FnOnce() -> T) -> T {
    let finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !finished.load(Ordering::SeqCst) {
                if stop.is_set() {
                    return cancel();
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        // Also when it panics, so that the other thread ends.
        let _guard = Finished(&finished);
        work()
    })
}

struct Finished<'a>(&'a AtomicBool);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
