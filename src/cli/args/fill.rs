//! Commands that fill a database: `load`, and the Python tool's `generate` and `high-performance`.

use std::path::PathBuf;

use clap::Args;

use super::groups::{
    Closing, DatabaseArgs, DuplicatesArgs, Indexes, LockArgs, PaceArgs, Processes, ROWS_OF_A_PLAN, ResourceArgs,
    RowsArgs, Safety, StagingArgs, TablesArgs, ValuesArgs,
};
use crate::cli::parse;
use crate::cli::row_counts::{RowCounts, row_counts};
use dbmocker_planner::chunking::ROWS;

#[derive(Debug, Args)]
pub struct LoadArgs {
    /// Loads the files that `dbmocker export` wrote to this folder or store (s3://, gs://, az://), instead of generating
    #[arg(long, value_name = "DIR", conflicts_with_all = ["max_rate", "rows", "size", "shape", "profile", "seed", "now", "strict", "skip_unsolved", "no_coherence", "edge_cases", "config", "processes", "stage", "spill_dir", "spill_format", "disk_limit"])]
    pub from: Option<PathBuf>,

    /// Loads the rows of a plan that `dbmocker plan --save` wrote; the database must have the plan's tables and rows
    #[arg(long, value_name = "FILE", conflicts_with_all = ROWS_OF_A_PLAN, conflicts_with_all = ["from", "resume", "tables", "exclude_tables", "schema"])]
    pub plan: Option<PathBuf>,

    /// Also writes a manifest, from which `dbmocker verify --rows` makes the rows again to compare them
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    pub manifest: Option<PathBuf>,

    /// Prints the plan and writes nothing
    #[arg(long, conflicts_with_all = ["from", "resume"])]
    pub dry_run: bool,

    /// Empties the tables first
    #[arg(long)]
    pub truncate: bool,

    /// Continues where an earlier run was killed, adding to the rows that it left
    #[arg(long, conflicts_with = "truncate")]
    pub append: bool,

    /// Goes on with the last run, which did not come to its end, by its own options and plan: what was committed is
    /// skipped, what was not is loaded
    #[arg(long, conflicts_with_all = ["append", "from"])]
    pub resume: bool,

    /// Skips the trial in which the server judges some rows before anything is written
    #[arg(long, conflicts_with = "from")]
    pub no_probe: bool,

    /// Stops where triggers stand in the way, instead of switching them off while their tables are loaded
    #[arg(long, conflicts_with = "from")]
    pub keep_triggers: bool,

    /// Leaves the verification at the end out
    #[arg(long)]
    pub no_verify: bool,

    /// Also writes the closing report: JSON, or a page for a browser (rows a second, memory, waits, a timeline, the
    /// verification) or Markdown if the file's name ends with `.html` or `.md`
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub turn: LockArgs,
    #[command(flatten)]
    pub safety: Safety,
    #[command(flatten)]
    pub tables: TablesArgs,
    #[command(flatten)]
    pub rows: RowsArgs,
    #[command(flatten)]
    pub resources: ResourceArgs,
    #[command(flatten)]
    pub pace: PaceArgs,
    #[command(flatten)]
    pub processes: Processes,
    #[command(flatten)]
    pub staging: StagingArgs,
    #[command(flatten)]
    pub indexes: Indexes,
}

#[derive(Debug, Args)]
pub struct Generate {
    /// Does not fill these, comma-separated; foreign keys are drawn from the rows they hold
    #[arg(long, value_name = "T,T", value_parser = parse::tables)]
    pub use_existing_tables: Vec<parse::TableList>,

    /// Also writes a manifest, from which `dbmocker verify --rows` makes the rows again to compare them
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,

    /// Empties the tables first
    #[arg(long)]
    pub truncate: bool,

    /// Prints the plan and writes nothing
    #[arg(long)]
    pub dry_run: bool,

    #[command(flatten)]
    pub closing: Closing,
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub turn: LockArgs,
    #[command(flatten)]
    pub safety: Safety,
    #[command(flatten)]
    pub tables: TablesArgs,
    #[command(flatten)]
    pub rows: RowsArgs,
    #[command(flatten)]
    pub resources: ResourceArgs,
    #[command(flatten)]
    pub pace: PaceArgs,
    #[command(flatten)]
    pub staging: StagingArgs,
    #[command(flatten)]
    pub indexes: Indexes,
    #[command(flatten)]
    pub processes: Processes,
}

#[derive(Debug, Args)]
pub struct HighPerformance {
    /// Rows for each table without rows of its own, and for single tables or patterns of names: 1M,users=2k
    /// [default: 1000000]
    #[arg(long, value_name = "N,T=N", value_parser = row_counts)]
    pub rows: Vec<RowCounts>,

    /// Rows of a batch [default: by the memory that is available: 50000, 25000 or 10000]
    #[arg(long, value_name = "N", value_parser = parse::some_rows)]
    pub batch_size: Option<u64>,

    /// Threads that generate [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub max_workers: Option<u16>,

    /// Worker processes at most [default: 4, by memory and cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub max_processes: Option<u16>,

    /// A table with more rows is cut among processes
    #[arg(long, value_name = "N", default_value_t = ROWS, value_parser = parse::some_rows)]
    pub rows_per_process: u64,

    /// Leaves tables out that cannot be planned, whose CHECKs cannot be solved or whose rows the server refuses, with
    /// the tables that need them, instead of stopping
    #[arg(long)]
    pub skip_unsolved: bool,

    /// Rows keep what the schema says and nothing more: totals need not be sums, values are equally frequent, moments
    /// follow no status, names make no references
    #[arg(long)]
    pub no_coherence: bool,

    /// Empties the tables first
    #[arg(long)]
    pub truncate: bool,

    /// Prints the plan and writes nothing
    #[arg(long)]
    pub dry_run: bool,

    /// The same seed gives the same rows [default: 42]
    #[arg(long, value_name = "N", value_parser = parse::seed)]
    pub seed: Option<u64>,

    /// "Today" of the generated rows, UTC; `today` is the current day [default: 2026-01-01]
    #[arg(long, value_name = "DATE", value_parser = parse::instant)]
    pub now: Option<i64>,

    /// YAML or JSON with rules for tables and columns; flags override it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    pub values: ValuesArgs,
    #[command(flatten)]
    pub closing: Closing,
    #[command(flatten)]
    pub duplicates: DuplicatesArgs,
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub turn: LockArgs,
    #[command(flatten)]
    pub safety: Safety,
    #[command(flatten)]
    pub tables: TablesArgs,
    #[command(flatten)]
    pub staging: StagingArgs,
}
