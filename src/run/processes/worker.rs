//! The worker's side: tasks from stdin, rows to the server or to a file, answers to stdout.

use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use dbmocker_loaders::{Dialect, Loader, connect};

use super::protocol::{Begin, WorkerOrder, WorkerReply};
use super::staged_files::format;
use crate::report::{Progress, TableReport, peak_memory};
use crate::run::jobs::{RowsSource, TableJob, Unit, jobs_from_plan, units};
use crate::run::journal::Journal;
use crate::run::ledger::Ledger;
use crate::run::load_unit::{Marks, RunContext, Supply, UnitLoad, add_owned};
use crate::run::tasks::{Task, Work};
use crate::run::{Batches, Flow, RunError, Stop, session};
use dbmocker_core::schema::Schema;
use dbmocker_files as files;
use dbmocker_files::{Compression, FileOptions, ParquetOptions};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;

/// How long a statement may take to stop once the parent has ended.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of rows held in memory until they are written.
const ROW_GROUP: usize = 16 << 20;

/// The output for answers, shared by the threads that count rows.
#[derive(Clone)]
struct WorkerReplies {
    output: Arc<Mutex<dyn Write + Send>>,
    stop: Stop,
}

impl WorkerReplies {
    fn give(&self, answer: &WorkerReply) {
        let mut line = serde_json::to_string(answer).expect("numbers and texts always fit JSON");
        line.push('\n');
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        if output.write_all(line.as_bytes()).and_then(|()| output.flush()).is_err() {
            self.stop.set(); // the parent has ended
        }
    }
}

/// Executes tasks until the input ends.
///
/// # Errors
/// A message of the parent cannot be parsed. Errors of tasks are reported to the parent.
pub fn worker(mut input: impl BufRead + Send + 'static, output: impl Write + Send + 'static) -> Result<(), RunError> {
    let stop = Stop::default();
    let answers = WorkerReplies { output: Arc::new(Mutex::new(output)), stop: stop.clone() };
    let mut line = || {
        let mut text = String::new();
        input.read_line(&mut text).map(|_| text).map_err(|e| odd(&e))
    };
    let (begin, plan, schema) = (line()?, line()?, line()?);
    if schema.is_empty() {
        return Ok(()); // the parent ended before it sent a task
    }
    let begin: Begin = serde_json::from_str(&begin).map_err(|e| odd(&e))?;
    let plan = Plan::from_json(plan.trim_end()).map_err(|e| odd(&e))?;
    let schema: Schema = serde_json::from_str(&schema).map_err(|e| odd(&e))?;
    let flow = begin.share.flow(stop)?;
    let connection = begin.address.connection();
    let place = (connection.dialect, &*schema.default_schema);
    let ledger = begin.ledger.as_ref().map(|pass| Ledger::joined(place, pass));
    let journal = begin.journal.as_ref().map(|pass| Journal::joined(place, pass));
    let mut loader = match begun(&connection, ledger.as_ref(), &answers) {
        Ok(loader) => loader,
        Err(e) => {
            answers.give(&WorkerReply::failed(e, connection.dialect));
            return Ok(());
        }
    };
    let orders = match listen(input, flow.stop.clone(), loader.as_ref().map(|l| l.canceller())) {
        Ok(orders) => orders,
        Err(e) => {
            answers.give(&WorkerReply::failed(RunError::Threads { message: e.to_string() }, connection.dialect));
            return Ok(());
        }
    };
    let mut jobs = jobs_from_plan(&schema, &plan, &Arc::new(Generator::new(&plan)));
    for job in &mut jobs {
        job.triggers_disabled = begin.triggers_disabled.contains(&job.name);
        job.may_be_disabled = begin.may_be_disabled.contains(&job.name);
    }
    if let Some(loader) = &mut loader
        && let Err(e) = add_owned(&mut **loader, connection.dialect, &mut jobs)
    {
        answers.give(&WorkerReply::failed(e.into(), connection.dialect));
        return Ok(());
    }
    work(jobs, &schema, &flow, (ledger.as_ref(), journal.as_ref()), &mut loader, &answers, &orders);
    loader.map_or(Ok(()), Loader::finish)?;
    Ok(())
}

fn odd(e: &dyn std::fmt::Display) -> RunError {
    RunError::Worker { message: format!("this command is for dbmocker itself: {e}"), generation: false, refused: false }
}

/// Connects and reports the session; for SQLite only the parent opens the file.
fn begun(
    connection: &dbmocker_loaders::Connection,
    ledger: Option<&Ledger>,
    answers: &WorkerReplies,
) -> Result<Option<Box<dyn Loader>>, RunError> {
    if connection.dialect == Dialect::Sqlite {
        answers.give(&WorkerReply::Ready { session: None });
        return Ok(None);
    }
    let mut loader = connect(connection)?;
    let run = ledger.map_or("", Ledger::run);
    let session = session::own(&mut *loader, connection.dialect, run)?;
    if let (Some(session), Some(ledger)) = (&session, ledger) {
        ledger.add_session(&mut *loader, session)?;
    }
    answers.give(&WorkerReply::Ready { session });
    Ok(Some(loader))
}

/// Reads tasks as they arrive. When the input ends, the parent has ended or needs no more tasks: the task in progress
/// is stopped.
fn listen(
    input: impl BufRead + Send + 'static,
    stop: Stop,
    cancel: Option<Box<dyn Fn() + Send + Sync>>,
) -> std::io::Result<mpsc::Receiver<Task>> {
    let (send, receive) = mpsc::sync_channel(1);
    std::thread::Builder::new().spawn(move || {
        for line in input.lines().map_while(Result::ok) {
            let Ok(WorkerOrder::Task(task)) = serde_json::from_str(&line) else { break };
            if send.send(task).is_err() {
                break;
            }
        }
        drop(send);
        stop.set();
        if let Some(cancel) = &cancel {
            cancel();
        }
        std::thread::sleep(PATIENCE);
        // The server rolls back the open transaction of a closed connection.
        std::process::exit(1);
    })?;
    Ok(receive)
}

fn work(
    jobs: Vec<TableJob>,
    schema: &Schema,
    flow: &Flow,
    (ledger, journal): (Option<&Ledger>, Option<&Journal>),
    loader: &mut Option<Box<dyn Loader>>,
    answers: &WorkerReplies,
    orders: &mpsc::Receiver<Task>,
) {
    let positions: Vec<_> = jobs.iter().map(|j| j.name.clone()).collect();
    let to_parent = answers.clone();
    let progress = Progress::new(jobs.iter().map(|j| (j.name.to_string(), j.rows)))
        .listener(move |table, rows, bytes| to_parent.give(&WorkerReply::Progress { table, rows, bytes }));
    let units = units(schema, jobs);
    let notes = Mutex::default();
    let run = RunContext {
        dialect: schema.dialect,
        units: &units,
        positions: &positions,
        flow,
        progress: &progress,
        notes: &notes,
        peaks: &Mutex::default(),
        supply: Supply::Live,
        ledger,
        marks: journal.map(Marks::Journal).or(ledger.map(Marks::Ledger)),
        done: None,
    };
    for task in orders {
        let unit = &units[task.unit];
        let done = match (&task.work, &mut *loader) {
            (Work::Stage { table, rows, path }, _) => stage(&run, unit, *table, rows.clone(), path),
            (_, Some(loader)) => UnitLoad::new(&mut **loader, &run, unit).task(&task),
            (_, None) => Err(odd(&"no connection")),
        };
        let notes = std::mem::take(&mut *notes.lock().unwrap_or_else(PoisonError::into_inner));
        answers.give(&match done {
            Ok(reports) => WorkerReply::Done { reports, notes, peak: peak_memory().unwrap_or(0) },
            Err(_) if flow.stop.is_set() => WorkerReply::failed(RunError::Interrupted, run.dialect),
            Err(e) => WorkerReply::failed(e, run.dialect),
        });
    }
}

/// Some rows of a table into a file.
fn stage(
    run: &RunContext<'_>,
    unit: &Unit,
    table: usize,
    rows: std::ops::Range<u64>,
    path: &Path,
) -> Result<Vec<TableReport>, RunError> {
    let job = &unit.tables[table];
    let RowsSource::Generated { generator, table: t } = &job.source else { return Err(odd(&"no rows")) };
    let schema = generator.table(*t).schema.clone();
    let (folder, name) = (path.parent().unwrap_or(Path::new(".")), path.file_name().unwrap_or_default());
    let options =
        FileOptions { overwrite: true, durable: false, checksum: false, private: true, ..FileOptions::default() };
    // The file is read once and soon: without compression the cost is lowest.
    let parquet =
        ParquetOptions { compression: Compression::None, row_group_bytes: ROW_GROUP, ..ParquetOptions::default() };
    let mut sink = files::create(folder, &name.to_string_lossy(), schema.clone(), format(&schema), &parquet, options)?;
    for batch in Batches::new(generator.clone(), run.flow, *t).part(rows) {
        if run.flow.stop.is_set() {
            return Err(RunError::Interrupted);
        }
        sink.write(&batch?)?;
    }
    let part = sink.finish()?;
    Ok(vec![TableReport::new(job.name.to_string(), part.rows, part.rows, part.bytes, 0.0)])
}
