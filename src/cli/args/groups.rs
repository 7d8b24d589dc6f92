//! Flags that several commands have, each under its own heading in their help.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::connections::Connections;
use crate::cli::parse;
use crate::cli::row_counts::{RowCounts, row_counts};
use dbmocker_core::Dialect;
use dbmocker_planner::LoaderPool;
use dbmocker_planner::chunking::{PART_ROWS, ROWS};
use dbmocker_planner::deferred_indexes::FROM_ROWS;

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseArgs {
    /// postgres://user@host:5432/db, mysql://user@host:3306/db (MariaDB too) or sqlite://path/to/file.db
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// Instead of a URL: sqlite, postgresql or mysql
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub driver: Option<String>,

    /// Server, with --driver [default: localhost]
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,

    /// Port, with --driver [default: 5432 or 3306]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,

    /// Database, or SQLite file, with --driver
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,

    /// User, with --driver
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,

    /// Password; better left to the environment or the prompt
    #[arg(long, value_name = "TEXT")]
    pub password: Option<String>,

    /// PostgreSQL: runs functions that other roles made, in CHECKs, triggers and the like, with this account's rights
    #[arg(long)]
    pub trust_schema: bool,

    /// A setting of every session, such as app.tenant_id=7 or role=loader; overrides `session` of the config file
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse::session_setting)]
    pub session: Vec<(String, String)>,
}

impl DatabaseArgs {
    /// Returns the database with these settings of its sessions as well; those of the flags override them.
    #[must_use]
    pub fn with_session(&self, settings: &[(String, String)]) -> DatabaseArgs {
        let typed = |name: &str| self.session.iter().any(|(known, _)| known == name);
        let own = settings.iter().filter(|(name, _)| !typed(name)).cloned();
        DatabaseArgs { session: own.chain(self.session.iter().cloned()).collect(), ..self.clone() }
    }
}

/// A schema that no database holds.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Database")]
pub struct Ddl {
    /// Instead of a database, files with its DDL: dumps of the schema, or migrations in order; `-` is the standard input, a
    /// folder holds migrations, ordered by version. A throw-away server of that kind reads them (SQLite: this program)
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = OF_A_DATABASE)]
    pub ddl: Vec<PathBuf>,

    /// The kind of server that --ddl is for [default: as the text shows]
    #[arg(long, value_enum, value_name = "NAME", requires = "ddl")]
    pub dialect: Option<DialectName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DialectName {
    #[value(name = "postgresql", alias = "postgres")]
    Postgres,
    #[value(name = "mysql", alias = "mariadb")]
    Mysql,
    Sqlite,
}

impl From<DialectName> for Dialect {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::Postgres => Dialect::Postgres,
            DialectName::Mysql => Dialect::Mysql,
            DialectName::Sqlite => Dialect::Sqlite,
        }
    }
}

/// Flags that name a database, which a saved plan does not need.
pub const OF_A_DATABASE: [&str; 9] =
    ["url", "driver", "host", "port", "database", "username", "password", "trust_schema", "session"];

/// Flags that decide about rows, which a saved plan has decided.
pub const ROWS_OF_A_PLAN: [&str; 15] = [
    "rows",
    "size",
    "edge_cases",
    "shape",
    "profile",
    "scale",
    "seed",
    "now",
    "strict",
    "skip_unsolved",
    "no_coherence",
    "config",
    "locale",
    "dictionary",
    "valid_phones",
];

/// What the commands that write do while another run is at work on the database.
#[derive(Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct LockArgs {
    /// Waits up to so many seconds for another run on the database to end, instead of refusing at once
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=604_800))]
    pub wait: u32,
}

/// What keeps a database from being filled by mistake, and tells later what was done.
#[derive(Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct Safety {
    /// Does not ask before rows that no run of dbmocker made are emptied, or added to on another machine
    #[arg(long)]
    pub yes: bool,

    /// Keeps the table `dbmocker_journal` when the run is complete, for `dbmocker runs` and for the question before
    /// --truncate; otherwise it is there only as long as the run can be resumed. DBMOCKER_JOURNAL=1 does the same
    #[arg(long, conflicts_with = "no_journal")]
    pub journal: bool,

    /// Leaves the table `dbmocker_journal` out: then the run cannot be resumed
    #[arg(long)]
    pub no_journal: bool,
}

impl Safety {
    /// Whether the journal is kept after the run has completed.
    pub fn keeps_journal(&self) -> bool {
        self.journal || std::env::var_os("DBMOCKER_JOURNAL").is_some_and(|v| v == "1")
    }
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Tables")]
pub struct TablesArgs {
    /// Only these, comma-separated ("a,b" in quotes is one name, 'app.*' a pattern); parents left out are reused if they hold rows
    #[arg(long, visible_alias = "include-tables", value_name = "T,T", value_parser = parse::tables)]
    pub tables: Vec<parse::TableList>,

    /// Only the tables of these schemas, comma-separated
    #[arg(long, value_name = "S,S", value_parser = parse::tables)]
    pub schema: Vec<parse::TableList>,

    /// All but these, comma-separated
    #[arg(long, value_name = "T,T", value_parser = parse::tables)]
    pub exclude_tables: Vec<parse::TableList>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Rows")]
pub struct RowsArgs {
    /// Rows for each table without rows of its own, and for single tables or patterns of names: 1000 or
    /// 1000,users=2k,orders=3x users,'audit.*=0' [default: by its role: a list is short, an entity has 1000, details and
    /// events more]
    #[arg(long, value_name = "N,T=N", value_parser = row_counts)]
    pub rows: Vec<RowCounts>,

    /// Instead of --rows: so many bytes of the chosen format for an export, of the database with its indexes for a load, e.g.
    /// 10GB; shared out by the tables' roles
    #[arg(long, value_name = "SIZE", value_parser = parse::size, conflicts_with_all = ["rows", "shape", "scale"])]
    pub size: Option<u64>,

    /// With --rows: so many for the largest table, and for the others what their roles say
    #[arg(long)]
    pub shape: bool,

    /// The same seed gives the same rows [default: 42]
    #[arg(long, value_name = "N", value_parser = parse::seed)]
    pub seed: Option<u64>,

    /// "Today" of the generated rows, UTC: what is past lies before it, due dates and the like after it;
    /// `today` is the current day [default: 2026-01-01]
    #[arg(long, value_name = "DATE", value_parser = parse::instant)]
    pub now: Option<i64>,

    /// Stops where a table could not get all its rows, instead of limiting it
    #[arg(long)]
    pub strict: bool,

    /// Leaves tables out that cannot be planned, whose CHECKs cannot be solved or whose rows the server refuses, with
    /// the tables that need them, instead of stopping
    #[arg(long)]
    pub skip_unsolved: bool,

    /// Rows keep what the schema says and nothing more: totals need not be sums, values are equally frequent, moments
    /// follow no status, names make no references
    #[arg(long)]
    pub no_coherence: bool,

    /// A share of the rows, in which a column holds a value that breaks programs: the empty and the longest text, quotes,
    /// control characters, emoji, the largest number, leap days; `preview --edge-cases` shows which rows these are
    #[arg(long, value_name = "SHARE", num_args = 0..=1, default_missing_value = "1%", value_parser = parse::percent)]
    pub edge_cases: Option<f64>,

    /// YAML or JSON with rules for tables and columns, as `dbmocker init-config` writes it; flags override it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Statistics that the rows are to have, as `dbmocker learn` writes them: row counts, NULLs, frequencies, quantiles,
    /// fan-outs; constraints, flags and --config override them
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,

    /// With --profile: so many times its rows; lists of up to 200 rows keep their size
    #[arg(long, value_name = "FACTOR", requires = "profile", value_parser = parse::factor)]
    pub scale: Option<f64>,

    #[command(flatten)]
    pub values: ValuesArgs,
}

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Values")]
pub struct ValuesArgs {
    /// Whose names, addresses, words and telephone numbers, with weights, e.g. de_DE=7,fr_FR=2,ja_JP [default: by the
    /// tables' language, by the row's country, else those of the world, most of them English]
    #[arg(long, value_name = "L=N,L", value_parser = parse::locales)]
    pub locale: Option<parse::ByLocale>,

    /// More words and meanings of column names; the syntax is that of the files in crates/semantics/src/data
    #[arg(long, value_name = "FILE")]
    pub dictionary: Option<PathBuf>,

    /// Telephone numbers that any check calls valid and that may be somebody's, instead of those that are nobody's
    #[arg(long)]
    pub valid_phones: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Resources")]
pub struct ResourceArgs {
    /// Threads that generate [default: the cores of the machine]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,

    /// Memory for rows in flight, e.g. 512MiB [default: half of what is free]
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    pub memory_limit: Option<u64>,
}

/// How fast rows are sent.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Resources")]
pub struct PaceArgs {
    /// Rows a second at most, of all tables together
    #[arg(long, value_name = "ROWS", value_parser = parse::some_rows)]
    pub max_rate: Option<u64>,

    /// No rows are sent while this query's value is true, asked every two seconds on a connection of its own (PostgreSQL,
    /// MySQL and MariaDB; loads by one process)
    #[arg(long, value_name = "SQL")]
    pub pause_when: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Staging")]
pub struct StagingArgs {
    /// Where generated rows wait for the server: memory, and disk if one of the next flags allows it; or all of them in
    /// files before the first is loaded
    #[arg(long, value_enum, default_value_t = StageArg::Memory)]
    pub stage: StageArg,

    /// Folder for rows that wait on disk; they are gone when the run ends [default: the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    pub spill_dir: Option<PathBuf>,

    /// What they are written as [default: parquet]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub spill_format: Option<FileFormat>,

    /// Disk that they may take, e.g. 20GiB; then generation waits [default: half of what is free]
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    pub disk_limit: Option<u64>,
}

impl StagingArgs {
    /// Anything was asked for.
    pub fn is_asked(&self) -> bool {
        self.stage == StageArg::Files
            || self.spill_dir.is_some()
            || self.spill_format.is_some()
            || self.disk_limit.is_some()
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Processes")]
pub struct Processes {
    /// Worker processes that load side by side, each with its own connection; 1: threads of this one
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64),
        conflicts_with_all = ["stage", "spill_dir", "spill_format", "disk_limit"])]
    pub processes: u16,

    /// Connections of this process that load side by side, a table or a part of a large empty one each (PostgreSQL, MySQL and
    /// MariaDB) [default: the cores of this machine, at most 8; for parts as many as is fastest by the rates of the first
    /// seconds; more to a server that is far away]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256),
        conflicts_with_all = ["processes", "stage", "spill_dir", "spill_format", "disk_limit"])]
    pub connections: Option<u16>,

    /// A table with more rows is loaded in parts, where it can be
    #[arg(long, value_name = "N", default_value_t = ROWS, value_parser = parse::some_rows)]
    pub rows_per_process: u64,

    /// Rows of a part of a long table, each in a transaction of its own: what a load that was stopped loses at most
    /// [default: 5000000, where parts cost nothing]
    #[arg(long, value_name = "N", value_parser = parse::some_rows,
        conflicts_with_all = ["stage", "spill_dir", "spill_format", "disk_limit"])]
    pub part_rows: Option<u64>,
}

impl Processes {
    /// The argument of [`dbmocker_planner::chunking::chunk`], with the connections that this process would use;
    /// `staged` rows are not split into parts.
    pub fn loaders(&self, connections: &Connections, staged: bool) -> LoaderPool {
        let processes = usize::from(self.processes);
        LoaderPool {
            processes,
            connections: if staged { 1 } else { connections.count },
            shared: connections.shared.clone(),
            nearby: connections.measured,
            rows: self.rows_per_process,
            part_rows: if staged { None } else { Some(self.part_rows.unwrap_or(PART_ROWS)) },
            parts_asked: self.part_rows.is_some(),
            from: 0,
            asked: processes > 1,
            because: format!("--processes {processes}"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StageArg {
    Memory,
    Files,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Indexes")]
pub struct Indexes {
    /// Keeps every index and foreign key in place while rows are loaded
    #[arg(long)]
    pub keep_indexes: bool,

    /// Rows into an empty table from which its indexes are built after them, and foreign keys checked once
    #[arg(long, value_name = "N", default_value_t = FROM_ROWS, value_parser = parse::rows, conflicts_with = "keep_indexes")]
    pub rebuild_from: u64,
}

impl Indexes {
    /// The argument of [`dbmocker_planner::deferred_indexes::defer_indexes`].
    pub fn postpone_from(&self) -> Option<u64> {
        (!self.keep_indexes).then_some(self.rebuild_from)
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Repeated values")]
pub struct DuplicatesArgs {
    /// One value for all rows of these columns, comma-separated
    #[arg(long, value_name = "T.C,T.C", value_delimiter = ',')]
    pub enable_duplicates: Vec<String>,

    /// Few values for all rows of these columns, some frequent and many rare
    #[arg(long, value_name = "T.C,T.C", value_delimiter = ',')]
    pub smart_duplicates: Vec<String>,

    /// Share of rows that follow the skewed law, with --smart-duplicates [default: 0.5]
    #[arg(long, value_name = "P", value_parser = parse::share)]
    pub duplicate_probability: Option<f64>,

    /// Different values at most, with --smart-duplicates [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_duplicate_values: Option<u32>,

    /// Lets every column repeat that may: one value for all rows
    #[arg(long)]
    pub allow_duplicates_global: bool,

    /// With --allow-duplicates-global: few values instead of one, this share of rows by the skewed law
    #[arg(long, value_name = "P", value_parser = parse::share, requires = "allow_duplicates_global")]
    pub global_duplicate_probability: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    Csv,
    Parquet,
}

/// What comes after the load, for the commands that the Python tool has as well.
#[derive(Debug, Args)]
pub struct Closing {
    /// Verifies the tables at the end, which is the default
    #[arg(long, overrides_with = "no_verify")]
    pub verify: bool,

    /// Leaves the verification at the end out
    #[arg(long, overrides_with = "verify")]
    pub no_verify: bool,

    /// Also writes the closing report: JSON, or a page for a browser (rows a second, memory, waits, a timeline, the
    /// verification) or Markdown if the file's name ends with `.html` or `.md`
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// How files are written, for programs that want them otherwise.
#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
pub struct Files {
    /// Of Parquet: none, snappy (the default) or zstd. Of CSV, NDJSON and SQL files as a whole: none (the default), gzip or
    /// zstd
    #[arg(long, value_enum)]
    pub compression: Option<CompressionArg>,

    /// The higher, the smaller and slower: 1 to 9 for gzip [default: 6], 1 to 22 for zstd [default: 3; Parquet: 1]
    #[arg(long, value_name = "N", requires = "compression", value_parser = clap::value_parser!(u8).range(1..=22))]
    pub compression_level: Option<u8>,

    /// Several files for each table, of so many rows
    #[arg(long, value_name = "N", value_parser = parse::some_rows, conflicts_with = "file_bytes")]
    pub file_rows: Option<u64>,

    /// Several files for each table, of about this size, e.g. 512MiB
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    pub file_bytes: Option<u64>,

    /// Parquet: folders by the values of a column (orders/country=DE/), comma-separated: COLUMN for every table that has
    /// it, TABLE.COLUMN for one
    #[arg(long, value_name = "C,T.C", value_delimiter = ',')]
    pub partition_by: Vec<String>,

    /// Parquet: rows of a row group at most
    #[arg(long, value_name = "N", value_parser = parse::some_rows)]
    pub row_group_rows: Option<u64>,

    /// Parquet and Arrow: UUIDs as their 16 bytes, or as text for readers that do not know those
    #[arg(long, value_enum, default_value_t = UuidForm::Bytes)]
    pub uuids: UuidForm,

    /// CSV: the character between fields, or `tab` [default: ,]
    #[arg(long, value_name = "C", value_parser = parse::character)]
    pub delimiter: Option<char>,

    /// CSV: the character around texts [default: "]
    #[arg(long, value_name = "C", value_parser = parse::character)]
    pub quote: Option<char>,

    /// CSV: what stands for NULL, unquoted [default: nothing]
    #[arg(long, value_name = "TEXT")]
    pub null: Option<String>,

    /// CSV: a line with the columns' names first, which is the default
    #[arg(long, overrides_with = "no_header")]
    pub header: bool,

    /// CSV: no line with the columns' names
    #[arg(long, overrides_with = "header")]
    pub no_header: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompressionArg {
    None,
    Snappy,
    Gzip,
    Zstd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UuidForm {
    Bytes,
    Text,
}
