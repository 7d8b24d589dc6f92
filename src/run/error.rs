//! Errors that stop a run.

use dbmocker_loaders::LoadError;

use dbmocker_files::StageError;
use dbmocker_files::hive::HiveError;
use dbmocker_files::memory::BudgetError;
use dbmocker_files::objects::StoreError;
use dbmocker_generate::batch::GenerateError;

/// Why a run stopped: the first error of any thread, process or server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error(transparent)]
    Memory(#[from] BudgetError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("--partition-by: {0}")]
    Hive(#[from] HiveError),
    #[error(
        "rows cannot wait for the server on disk (--spill-dir names their folder, --disk-limit bounds what they take)"
    )]
    Spill(#[source] StageError),
    #[error("cannot write to the folder `{}`: {message}", path.display())]
    Folder { path: std::path::PathBuf, message: String },
    #[error("`{}` holds an export already; choose another --out, or replace it with --overwrite", path.display())]
    FolderTaken { path: std::path::PathBuf },
    #[error("the rows cannot be written to the stream")]
    Stream(#[source] std::io::Error),
    #[error("a Parquet file is written from its end; stream CSV, NDJSON or Arrow (--format arrow), or give a folder")]
    NotStreamed,
    #[error("`{}` holds a whole export, and this is a part of one; choose another --out, or remove what is there", path.display())]
    FolderWhole { path: std::path::PathBuf },
    #[error("another export writes into `{}`; wait for its end, or choose another --out", path.display())]
    ExportRuns { path: std::path::PathBuf },
    #[error(
        "an export into `{}` was stopped; go on with it by --resume, or replace what it has finished with --overwrite",
        path.display()
    )]
    ExportStopped { path: std::path::PathBuf },
    #[error(
        "an export into `{}` was stopped, and it had other options, another version or another state of the database; start again with --overwrite, or choose another --out",
        path.display()
    )]
    OtherExport { path: std::path::PathBuf },
    #[error("cannot start threads: {message}; try a smaller --workers, or raise the limits (`ulimit -u`, `ulimit -v`)")]
    Threads { message: String },
    #[error(
        "`{table}`: planned {planned} rows, sent {sent}, and the server holds {held} more than before; its rows were rolled back{}",
        take_rows(table, triggers)
    )]
    Count {
        table: String,
        planned: u64,
        sent: u64,
        held: i128,
        /// The table's triggers that fired for the rows.
        triggers: Vec<String>,
    },
    #[error(
        "an earlier run on this database did not end: {found}\nContinue with `dbmocker load --resume`, or restore with `dbmocker restore`; or start again with --truncate, or add to the existing rows with --append"
    )]
    Unfinished { found: String },
    #[error(
        "an earlier run on this database was killed while tables were loaded in parts, or without their triggers: {found}\nGo on with `dbmocker load --resume`, or put them back with `dbmocker restore` first"
    )]
    Unrestored { found: String },
    #[error(
        "an earlier run on this database did not end: {found}\nRun `dbmocker restore`; after that, `dbmocker undo` can remove its committed rows"
    )]
    LeftOpen { found: String },
    #[error(
        "a run on this database is still active (server session {session}); wait for it, or end it with `dbmocker restore --force`"
    )]
    Alive { session: String },
    #[error(
        "another run is still active on this database{}: {holder}; {way_out}",
        if *waited > 0 { format!(", after {waited} seconds") } else { String::new() }
    )]
    Busy { holder: Box<super::Holder>, waited: u64, way_out: &'static str },
    #[error("{message}")]
    Lock { message: String },
    #[error(
        "`{table}`, the ledger of a run, does not belong to this account: {why}. None of its statements was executed. If no other account loads this database with dbmocker, drop or rename it"
    )]
    ForeignLedger { table: String, why: String },
    #[error("`{table}`, the journal of runs, does not belong to this account: {why}. Its content was not used")]
    ForeignJournal { table: String, why: String },
    #[error(
        "`{table}` should hold {expected} rows, as the run left it, and holds {held}: another session has changed it since. Run `dbmocker restore`, and load again"
    )]
    ChangedSince { table: String, expected: u64, held: u64 },
    #[error(
        "the schema has changed since the run began:\n  {}\nRevert these changes to continue, or restore with `dbmocker restore`, and load again",
        differences.join("\n  ")
    )]
    OtherSchema { differences: Vec<String> },
    #[error(
        "{}\ntables that were loaded in parts keep the finished ones: go on with `dbmocker load --resume`, or empty these tables again with `dbmocker restore`",
        cause(error)
    )]
    Kept { error: Box<RunError> },
    #[error(
        "`{table}`, the ledger of this run, was removed or changed by another program; look for tables that are partly loaded or lack indexes"
    )]
    LedgerChanged { table: String },
    #[error(
        "the ledger of an earlier run is not signed by this account on this machine, so none of its statements was executed:\n  {}\nIf you trust them, run `dbmocker restore --trust-ledger`; if not, drop the table `dbmocker_run`",
        statements.join("\n  ")
    )]
    Unsealed { statements: Vec<String> },
    #[error(
        "the lock that keeps other runs from this database was lost ({message}), so this run stopped; look for another run, then see to what is left with `dbmocker restore`"
    )]
    LockLost { message: String },
    #[error(
        "`{table}` held {planned} rows when its load was planned, and holds {held} since the lock on the database was lost and taken again; run the command again"
    )]
    Changed { table: String, planned: u64, held: u64 },
    /// Tables that were loaded in parts could not be restored.
    #[error(
        "{error}\nTables that were loaded in parts could not be restored ({message}); continue with `dbmocker load --resume`, or restore them with `dbmocker restore`"
    )]
    Unmended { message: String, error: Box<RunError> },
    /// An error reported by a worker process.
    #[error("{message}")]
    Worker {
        message: String,
        generation: bool,
        /// The server refused rows.
        refused: bool,
    },
    #[error(
        "worker processes die again and again over {what}, the last one: {how}; is there enough memory? Try fewer of them, or --processes 1"
    )]
    Workers { what: String, how: String },
    #[error(
        "the server would refuse rows of {}; nothing was written:\n{}\nGive rules for their columns with --config (`dbmocker init-config` writes a file to start from), leave them out with the tables that need them by --skip-unsolved, or go on without this trial by --no-probe",
        super::preflight::count(refusals),
        super::preflight::list(refusals)
    )]
    Refused { refusals: Vec<super::Refusal> },
    #[error(
        "rows cannot be tried before writing, the account may make no temporary tables ({message}); grant it TEMP on the database, or go on without the trial by --no-probe"
    )]
    NoTrial { message: String },
    #[error(
        "cannot empty `{table}`: rows of `{child}`, which is not among the tables to fill, refer to it; add it with --tables or empty it first"
    )]
    Referenced { table: String, child: String },
    #[error(
        "the files do not fit this database:\n{}\nLoad these tables with them (--tables), or fill them first",
        problems.join("\n")
    )]
    Orphans { problems: Vec<String> },
    #[error("`{table}`: {message}")]
    Table { table: String, message: String },
    #[error("`{table}` was rolled back, because the load of a table that it refers to was; run the command again")]
    ParentRolledBack { table: String },
    /// Wraps the first error where some tables had been committed, or where the table may be left out.
    #[error(
        "{error}{}{}",
        if complete.is_empty() { String::new() } else { format!("\ncomplete before that: {complete}; no other table was changed") },
        if *way_out { "\nleave such a table out, with the tables that need it, by --skip-unsolved" } else { "" }
    )]
    After { complete: String, way_out: bool, error: Box<RunError> },
    /// Every table was left out; this is the error of the first.
    #[error("{error}\nno table is left to fill")]
    Nothing { error: Box<RunError> },
    #[error("interrupted; tables that were not complete were rolled back")]
    Interrupted,
}

/// The cause of the error that stopped a run whose finished parts are kept.
fn cause(error: &RunError) -> String {
    match error {
        RunError::Interrupted => "interrupted".into(),
        RunError::After { complete, error, .. } => format!("{}\ncomplete before that: {complete}", cause(error)),
        other => other.to_string(),
    }
}

/// Explains which triggers may have removed or added rows.
fn take_rows(table: &str, triggers: &[String]) -> String {
    if triggers.is_empty() {
        return String::new();
    }
    let names: Vec<String> = triggers.iter().map(|t| format!("`{t}`")).collect();
    format!(
        "; its triggers ({}) take rows away or add some: load it without them (leave --keep-triggers out), or leave it out (--exclude-tables {table})",
        names.join(", ")
    )
}

impl RunError {
    /// The cause, if this error only says that the run was stopped.
    #[must_use]
    pub(super) fn instead_of_stop(self, cause: RunError) -> RunError {
        match self {
            RunError::Interrupted | RunError::Load(LoadError::Cancelled) => cause,
            RunError::After { complete, way_out, error } => {
                RunError::After { complete, way_out, error: Box::new(error.instead_of_stop(cause)) }
            }
            other => other,
        }
    }
}
