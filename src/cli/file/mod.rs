//! The config file: YAML or JSON in, the wishes it holds out.
//!
//! Every key is read, and a key that is not known is an error with its place and the nearest one that is.

use std::path::{Path, PathBuf};

use dbmocker_planner::Overrides;

mod csv;
pub mod json_schema;
pub mod keys;
mod read;
pub mod template;

/// What the file says about the run as a whole; `None` where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generation {
    pub batch_size: Option<u64>,
    pub max_workers: Option<u16>,
    pub seed: Option<u64>,
    pub truncate_existing: bool,
    /// `coherence: false`
    pub no_coherence: bool,
}

/// A file read whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConfigFile {
    pub generation: Generation,
    /// Hosts, or databases after `db:`, that are never filled.
    pub protect: Vec<String>,
    pub overrides: Overrides,
}

/// What is wrong with a config file, and where.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot read the config file `{}`: {source}; give the path of a YAML or JSON file with --config", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("cannot read the rows in `{}`: {source}; `rows_from` names a CSV file, from the config file's folder", path.display())]
    Rows { path: PathBuf, source: std::io::Error },
    #[error("`{file}`, line {line}, column {column}: {message}")]
    At { file: String, line: usize, column: usize, message: String },
}

/// Reads a file.
///
/// # Errors
/// [`FileError`]: where in the file, and what to write instead.
pub fn read(path: &Path) -> Result<ConfigFile, FileError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| FileError::Unreadable { path: path.to_path_buf(), source })?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    read::parse(&text, &name, path.parent().unwrap_or(Path::new("")))
}

/// As [`read`], for a text; `file` is its name in messages. Files that it names are looked for where the program runs.
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str, file: &str) -> Result<ConfigFile, FileError> {
    read::parse(text, file, Path::new(""))
}
