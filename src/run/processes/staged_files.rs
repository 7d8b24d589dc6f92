//! SQLite has one writer: workers write rows to files concurrently, and the one connection loads the files in order.
//!
//! Few files wait at a time, and each is removed once it is loaded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use dbmocker_loaders::Payload;

use crate::run::jobs::{RowsSource, Unit, payload};
use crate::run::tasks::{Task, Work};
use crate::run::{RunError, Stop};
use dbmocker_core::schema::TableName;
use dbmocker_files::spill::{Folder, PARTS};
use dbmocker_files::{FileType, Format, StageError};

const LOOK_UP: Duration = Duration::from_millis(100);

/// The files of a run, in the order in which they are loaded.
pub struct StagedFiles {
    folder: Folder,
    entries: Vec<StagedEntry>,
    /// Maximum number of waiting files.
    most: usize,
    state: Mutex<StagedState>,
    changed: Condvar,
}

struct StagedEntry {
    name: TableName,
    task: Task,
    schema: SchemaRef,
}

#[derive(Default)]
struct StagedState {
    begun: usize,
    taken: usize,
    ready: BTreeMap<usize, PathBuf>,
    closed: bool,
}

/// A file to load; removed with this value.
pub struct Staged {
    path: PathBuf,
    schema: SchemaRef,
}

/// Parquet cannot store rows without columns.
pub fn format(schema: &SchemaRef) -> Format {
    if schema.fields().is_empty() { Format::Csv } else { Format::Parquet }
}

impl Staged {
    pub fn payload(&self) -> Payload<'static> {
        payload(format(&self.schema), self.schema.clone(), self.path.clone())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // A file that cannot be removed now is removed with the folder.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl StagedFiles {
    /// # Errors
    /// The folder for the files cannot be created.
    pub fn new(units: &[Unit], most: usize) -> Result<Self, RunError> {
        let temporary = std::env::temp_dir();
        let folder = Folder::create(&temporary, PARTS).map_err(|e| StageError::create(&temporary, e))?;
        let mut entries = Vec::new();
        for (unit, u) in units.iter().enumerate() {
            for (table, job) in u.tables.iter().enumerate().filter(|(_, job)| !job.done) {
                let RowsSource::Generated { generator, table: t } = &job.source else { continue };
                for rows in job.parts() {
                    let work = Work::Stage { table, rows, path: PathBuf::new() };
                    let task = Task { number: entries.len() as u64, unit, work };
                    entries.push(StagedEntry {
                        name: job.name.clone(),
                        task,
                        schema: generator.table(*t).schema.clone(),
                    });
                }
            }
        }
        Ok(StagedFiles { folder, entries, most, state: Mutex::default(), changed: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, StagedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&'a self, state: MutexGuard<'a, StagedState>) -> MutexGuard<'a, StagedState> {
        self.changed.wait_timeout(state, LOOK_UP).unwrap_or_else(PoisonError::into_inner).0
    }

    /// The next file to write; waits until one more may. `None`: all files are started, or the run ends.
    pub fn next(&self, stop: &Stop) -> Option<Task> {
        let mut state = self.lock();
        while state.begun < self.entries.len() && !state.closed && !stop.is_set() {
            if state.begun < state.taken + self.most {
                state.begun += 1;
                return Some(self.entries[state.begun - 1].task.clone());
            }
            state = self.wait(state);
        }
        None
    }

    /// The path of a file, different for each attempt.
    pub fn place(&self, task: &Task, attempt: u32) -> Task {
        let Work::Stage { table, rows, .. } = &task.work else { return task.clone() };
        let schema = &self.entries[task.number as usize].schema;
        let name = format!("{:08}-{attempt}.{}", task.number, FileType::from(format(schema)).extension());
        let path = self.folder.path().join(name);
        Task { work: Work::Stage { table: *table, rows: rows.clone(), path }, ..task.clone() }
    }

    /// Marks a file as complete.
    pub fn put(&self, number: u64, path: &Path) {
        self.lock().ready.insert(number as usize, path.to_owned());
        self.changed.notify_all();
    }

    /// The table's next file, once it is complete; `None` after its last.
    ///
    /// # Errors
    /// The run stops.
    pub fn take(&self, table: &TableName, stop: &Stop) -> Result<Option<Staged>, RunError> {
        let mut state = self.lock();
        let at = state.taken;
        let Some(entry) = self.entries.get(at).filter(|e| &e.name == table) else { return Ok(None) };
        loop {
            if let Some(path) = state.ready.remove(&at) {
                state.taken += 1;
                self.changed.notify_all();
                return Ok(Some(Staged { path, schema: entry.schema.clone() }));
            }
            if stop.is_set() {
                return Err(RunError::Interrupted);
            }
            state = self.wait(state);
        }
    }

    /// No more files will be taken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}
