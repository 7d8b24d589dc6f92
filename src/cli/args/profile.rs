//! The commands that read a database's shape, and compare shapes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::groups::{Database, Tables};
use crate::cli::parse;

#[derive(Debug, Args)]
pub struct Learn {
    /// File for the profile: JSON if its name ends so, else YAML
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Replaces a file that is in the way
    #[arg(long)]
    pub overwrite: bool,

    /// Keeps no label of any column, not even those that the schema lists
    #[arg(long, value_enum)]
    pub mask: Option<Mask>,

    /// Keeps the labels of these columns whatever they are, comma-separated; look at them first
    #[arg(long, value_name = "S.T.C,S.T.C", value_delimiter = ',')]
    pub keep: Vec<String>,

    /// Of the random numbers by which quantiles are moved; whoever knows it can undo that [default: 42]
    #[arg(long, value_name = "N", value_parser = parse::seed)]
    pub seed: Option<u64>,

    /// More words and meanings of column names, among them what is personal; the syntax is that of the files in
    /// crates/semantics/src/data
    #[arg(long, value_name = "FILE")]
    pub dictionary: Option<PathBuf>,

    #[command(flatten)]
    pub database: Database,
    #[command(flatten)]
    pub tables: Tables,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mask {
    All,
}
