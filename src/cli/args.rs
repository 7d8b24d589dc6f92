//! The command line as it is typed. What it means is decided in [`config`](super::config).

mod fill;
mod groups;
mod profile;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub use fill::{Generate, HighPerformance, LoadArgs};
pub use groups::{
    Closing, CompressionArg, DatabaseArgs, Ddl, DuplicatesArgs, FileFormat, Files, Indexes, LockArgs, OF_A_DATABASE,
    PaceArgs, Processes, ROWS_OF_A_PLAN, ResourceArgs, RowsArgs, Safety, StageArg, StagingArgs, TablesArgs, UuidForm,
    ValuesArgs,
};

pub use profile::{Compare, Explain, Learn, Mask};

use super::parse;
use dbmocker_files::Slice;

/// Rows for each table where `--rows` is not given.
pub const DEFAULT_ROWS: u64 = 1000;
/// The seed where `--seed` is not given: a fixed one, so that a repeated run gives the same rows.
pub const DEFAULT_SEED: u64 = 42;
/// "Today" where `--now` is not given: fixed for the same reason.
pub const DEFAULT_NOW: &str = "2026-01-01";

/// Fills a PostgreSQL, MySQL/MariaDB or SQLite database with realistic rows that it accepts
#[derive(Debug, Parser)]
#[command(name = "dbmocker", version, long_version = env!("DBMOCKER_VERSION"), propagate_version = true, term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// Prints errors and the data that was asked for, nothing else
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Says more about what is being done: phases and statements; twice: the time of each statement
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Colours in messages; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto, hide_short_help = true, env = "DBMOCKER_COLOR", hide_env = true)]
    pub color: Color,

    /// Also writes all messages, phases and statements to a file, at its end
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        hide_short_help = true,
        env = "DBMOCKER_LOG_FILE",
        hide_env = true
    )]
    pub log_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 the verification found an error; 2 wrong usage; 3 the schema or the files to load cannot be read, \
or no plan fits; 4 writing failed, or another run is at work; 130 interrupted.
Passwords: the URL, DBMOCKER_PASSWORD, PGPASSWORD or MYSQL_PWD, ~/.pgpass, or a prompt. \
DBMOCKER_URL stands in for --url; without both, PostgreSQL's variables (PGHOST, PGDATABASE, PGSERVICE) or DATABASE_URL name the database.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows the schema as dbmocker understands it
    Analyze(Analyze),
    /// Shows what a load would do: order, row counts, and a rule with its reason for each column
    Plan(PlanArgs),
    /// Shows a few rows as they would be generated; writes nothing
    Preview(Preview),
    /// Writes generated rows to files: CSV, Parquet, Arrow, NDJSON
    Export(Export),
    /// Makes the manifest of a whole export from those of its parts
    Manifest(ManifestArgs),
    /// Fills the database with generated rows, or with those of exported files
    Load(LoadArgs),
    /// Restores what a killed load left: dropped indexes and triggers, tables loaded in part
    Restore(Restore),
    /// Removes exactly the rows that a load has added, and keeps all others
    Undo(Undo),
    /// Lists the runs that a database has seen
    Runs(RunsArgs),
    /// Reads the shape of a database from its statistics, never a row, into a profile
    Learn(Learn),
    /// Compares a filled copy with its profile, or to another database
    Compare(Compare),
    /// Takes the plans of queries, without running them, for `compare --queries`
    Explain(Explain),
    /// Looks for orphans, broken CHECKs and sequences that lag behind
    Verify(Verify),
    /// Fills the database with the flags, adaptive sizes and report of the Python tool of the same name
    HighPerformance(HighPerformance),
    /// Fills the database as a config file says
    Generate(Generate),
    /// Writes a commented config file for a schema
    InitConfig(InitConfig),
    /// Prints the JSON Schema of the config file
    ConfigSchema,
    /// Prints the JSON Schema of profiles
    ProfileSchema,
    /// Lists the generators that a config file may name, with an example each
    Generators,
    /// Prints completions for a shell
    Completions(Completions),
    /// Writes manual pages, one for each command
    Manual(Manual),
    /// What worker processes run; the parent speaks to it through pipes
    #[command(hide = true)]
    Worker,
    /// Shows version, machine, memory limits, what the adaptive rules choose, and conda environments
    Env,
}

#[derive(Debug, Args)]
pub struct Analyze {
    /// Prints JSON
    #[arg(long)]
    pub json: bool,

    /// Writes the schema to a file instead: JSON, or YAML if its name ends so
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub ddl: Ddl,
    #[command(flatten)]
    pub tables: TablesArgs,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Plans for tables that are emptied first
    #[arg(long)]
    pub truncate: bool,

    /// One screen: levels, the largest tables, and what needs attention
    #[arg(long, conflicts_with = "json")]
    pub summary: bool,

    /// Prints the plan of this table only; its rows are those beside all other tables
    #[arg(long, value_name = "T", conflicts_with_all = ["json", "summary"])]
    pub table: Option<String>,

    /// Prints JSON
    #[arg(long)]
    pub json: bool,

    /// Also writes the plan to a file, from which --plan of other commands makes the same rows without a database; it
    /// holds no secrets, but key values of rows that the database held
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,

    /// Also writes the plan as one page for a browser, which needs no network: a picture of the tables, rules, sample rows,
    /// distributions, estimates; Markdown or JSON if the file's name ends with `.md` or `.json`
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub ddl: Ddl,
    #[command(flatten)]
    pub tables: TablesArgs,
    #[command(flatten)]
    pub rows: RowsArgs,
    #[command(flatten)]
    pub indexes: Indexes,
}

#[derive(Debug, Args)]
pub struct Preview {
    /// Rows to show of each table
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub limit: u64,

    /// Rows of a saved plan, or of stdin if it is `-`; no database is asked
    #[arg(long, value_name = "FILE", conflicts_with_all = OF_A_DATABASE, conflicts_with_all = ROWS_OF_A_PLAN, conflicts_with = "ddl")]
    pub plan: Option<PathBuf>,

    /// Prints JSON: for each table its name and its rows
    #[arg(long)]
    pub json: bool,

    /// A line for each column instead of each row, with texts in full; by itself where rows are wider than the terminal
    #[arg(long, conflicts_with = "json")]
    pub expanded: bool,

    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub ddl: Ddl,
    #[command(flatten)]
    pub tables: TablesArgs,
    #[command(flatten)]
    pub rows: RowsArgs,
}

#[derive(Debug, Args)]
pub struct Export {
    /// Folder for the files and their manifest.json, made if it is missing; or s3://BUCKET/PREFIX, gs://... or az://... with
    /// credentials of the environment; `-` writes one table to stdout, which
    /// --tables names: CSV, NDJSON, SQL or an Arrow IPC stream
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// CSV as dbmocker and most programs read it, Parquet, Arrow IPC files, one JSON object a line, or INSERT statements
    /// (`load.sql` runs the files of all tables); `none` makes every row and drops it, to see how fast that is. A load
    /// takes CSV and Parquet
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    pub format: ExportFormat,

    /// Replaces existing files
    #[arg(long)]
    pub overwrite: bool,

    /// Goes on with an export of the same rows into the folder that was stopped: its finished files are kept if they are
    /// whole. If this one is stopped, its finished files stay as well
    #[arg(long, conflicts_with = "overwrite")]
    pub resume: bool,

    /// Makes the rows as if the tables were empty: keys begin at 1, and foreign keys refer to rows of the files only
    #[arg(long)]
    pub truncate: bool,

    /// Rows of a plan that `dbmocker plan --save` wrote, or `-` for stdin; no database is asked. --tables chooses among its
    /// tables
    #[arg(long, value_name = "FILE", conflicts_with_all = OF_A_DATABASE, conflicts_with_all = ROWS_OF_A_PLAN, conflicts_with_all = ["truncate", "ddl"])]
    pub plan: Option<PathBuf>,

    /// Only the I-th of N parts of every table; `dbmocker manifest --join` makes a whole of the parts, which machines can
    /// write side by side
    #[arg(long, value_name = "I/N", value_parser = parse::part)]
    pub part: Option<Slice>,

    /// Only these rows of one table, counted from 0, without the last
    #[arg(long, value_name = "T:A..B", value_parser = parse::rows_range, conflicts_with = "part")]
    pub rows_range: Option<Slice>,

    /// Arrow to stdout: only this column; repeat it for several, in their order
    #[arg(long, value_name = "C")]
    pub column: Vec<String>,

    /// Also writes the closing report: JSON, or a page for a browser or Markdown if the file's name ends with `.html` or `.md`
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub ddl: Ddl,
    #[command(flatten)]
    pub tables: TablesArgs,
    #[command(flatten)]
    pub rows: RowsArgs,
    #[command(flatten)]
    pub resources: ResourceArgs,
}

#[derive(Debug, Args)]
pub struct ManifestArgs {
    /// Folders with the parts of one export, or one URL of a store; nothing in them is moved
    #[arg(long, value_name = "DIR", required = true, num_args = 1..)]
    pub join: Vec<PathBuf>,

    /// Folder for the manifest.json, above all parts [default: the innermost folder that holds them all]
    #[arg(long, value_name = "DIR", value_parser = parse::folder)]
    pub out: Option<PathBuf>,

    /// Replaces an existing manifest
    #[arg(long)]
    pub overwrite: bool,
}

#[derive(Debug, Args)]
pub struct InitConfig {
    /// File to write [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Replaces an existing file
    #[arg(long, requires = "output")]
    pub overwrite: bool,

    /// Writes the count of every table, and the rule of every column that has one of its own, instead of comments
    #[arg(long)]
    pub full: bool,

    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub ddl: Ddl,
    #[command(flatten)]
    pub tables: TablesArgs,
}

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct Manual {
    /// Folder for the pages, made if it is missing
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// Ends sessions of the run that are still active on the server
    #[arg(long)]
    pub force: bool,

    /// Runs what a ledger asks for though nothing shows who wrote it (MySQL and MariaDB); without this flag it is only
    /// shown
    #[arg(long)]
    pub trust_ledger: bool,

    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub turn: LockArgs,
}

#[derive(Debug, Args)]
pub struct Undo {
    /// The manifest that the load wrote; without it the last run of the table `dbmocker_journal`
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,

    /// Says what would be removed, and removes nothing
    #[arg(long)]
    pub dry_run: bool,

    /// What to do with rows that were changed since the load; otherwise they stop the command before anything is
    /// removed. With `keep`, rows that rows of others refer to stay as well, and all rows that these need
    #[arg(long, value_enum)]
    pub changed: Option<KeepOrRemove>,

    /// Does not ask before rows are removed on another machine
    #[arg(long)]
    pub yes: bool,

    /// YAML or JSON; its `protect` names databases where nothing is removed
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Prints JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub turn: LockArgs,
}

/// Rows of a run that were changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeepOrRemove {
    Keep,
    Remove,
}

#[derive(Debug, Args)]
pub struct RunsArgs {
    /// Prints JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub struct Verify {
    /// Makes the rows of an export's folder or of a load's manifest again and compares them with the database's
    #[arg(long, value_name = "PATH")]
    pub rows: Option<PathBuf>,

    /// Also counts the rows that break `references` of this config file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// SQLite: leaves out what takes longest: whether every index has every row (`integrity_check`), and foreign keys of
    /// tables that are not chosen (`foreign_key_check`)
    #[arg(long)]
    pub quick: bool,

    /// Counts what the server could not check as an error
    #[arg(long)]
    pub strict: bool,

    /// Prints JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub tables: TablesArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    Csv,
    Parquet,
    Arrow,
    Ndjson,
    Sql,
    None,
}
