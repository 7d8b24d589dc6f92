//! The commands that read a database's shape, and compare shapes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::groups::{DatabaseArgs, TablesArgs};
use crate::cli::parse;

#[derive(Debug, Args)]
pub struct Learn {
    /// File for the profile: JSON if its name ends so, else YAML
    #[arg(long, value_name = "FILE", required_unless_present = "dry_run")]
    pub out: Option<PathBuf>,

    /// Replaces an existing file
    #[arg(long)]
    pub overwrite: bool,

    /// Takes the statistics from this file, which `pg_dump --statistics-only` of PostgreSQL 18 wrote, and from the database only
    /// its schema: a copy without rows will do
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scan", "dry_run"])]
    pub statistics: Option<PathBuf>,

    /// Keeps no label that comes from rows: only those that the schema lists, and public codes (countries, currencies)
    #[arg(long, value_enum)]
    pub mask: Option<Mask>,

    /// Keeps the labels of these columns whatever they are, comma-separated; look at them first
    #[arg(long, value_name = "S.T.C,S.T.C", value_delimiter = ',')]
    pub keep: Vec<String>,

    /// Of the random numbers by which quantiles are moved; whoever knows it can undo that [default: 42]
    #[arg(long, value_name = "N", value_parser = parse::seed)]
    pub seed: Option<u64>,

    /// Also asks the tables what no statistics hold, by queries that aggregate: children per parent, lengths of texts,
    /// hours and weekdays, NULLs by status. On SQLite, which keeps next to no statistics, everything
    #[arg(long)]
    pub scan: bool,

    /// With --scan: prints the queries instead of asking them
    #[arg(long, requires = "scan")]
    pub dry_run: bool,

    /// With --scan: seconds that a query may take before it is left out (not on SQLite)
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "scan", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub query_limit: u32,

    /// More words and meanings of column names, among them what is personal; the syntax is that of the files in
    /// crates/semantics/src/data
    #[arg(long, value_name = "FILE")]
    pub dictionary: Option<PathBuf>,

    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub tables: TablesArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mask {
    All,
}

#[derive(Debug, Args)]
pub struct Compare {
    /// The profile that the copy was made after
    #[arg(long, value_name = "FILE", required_unless_present = "with", conflicts_with = "with")]
    pub profile: Option<PathBuf>,

    /// Another database instead of a profile: its statistics are compared with the copy's
    #[arg(long, value_name = "URL")]
    pub with: Option<String>,

    /// Also compares plans: those that `dbmocker explain` wrote or, using --with, those of a file of SQL statements
    #[arg(long, value_name = "FILE")]
    pub queries: Option<PathBuf>,

    /// SQLite: counts what the file's statistics do not hold, in the copy
    #[arg(long)]
    pub scan: bool,

    /// A line for each column, not only for the worst ten
    #[arg(long)]
    pub columns: bool,

    /// Prints JSON
    #[arg(long)]
    pub json: bool,

    /// Ends with exit code 1 where a smaller share of the columns is within 10 %
    #[arg(long, value_name = "P", value_parser = parse::share)]
    pub at_least: Option<f64>,

    #[command(flatten)]
    pub database: DatabaseArgs,
    #[command(flatten)]
    pub tables: TablesArgs,
}

#[derive(Debug, Args)]
pub struct Explain {
    /// File of SQL statements, each ending in a semicolon
    #[arg(long, value_name = "FILE")]
    pub queries: PathBuf,

    /// File for the plans, JSON
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Replaces an existing file
    #[arg(long)]
    pub overwrite: bool,

    #[command(flatten)]
    pub database: DatabaseArgs,
}
