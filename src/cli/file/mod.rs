//! The config file: YAML or JSON in, overrides out.
//!
//! Every key is read; an unknown key is an error with its line and column and the nearest known key.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use dbmocker_planner::Overrides;

mod csv;
mod environment;
pub mod json_schema;
pub mod keys;
#[cfg(test)]
mod page;
mod read;
pub mod template;

/// The file's settings for the whole run; `None` where it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generation {
    /// Rows of tables that have no count.
    pub rows: Option<u64>,
    pub batch_size: Option<u64>,
    pub max_workers: Option<u16>,
    pub seed: Option<u64>,
    pub truncate_existing: Option<bool>,
    pub coherence: Option<bool>,
}

/// The content of a config file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConfigFile {
    pub generation: Generation,
    /// Hosts, or databases after `db:`, that are never filled.
    pub protect: Vec<String>,
    /// Settings of every session, by name.
    pub session: Vec<(String, String)>,
    pub overrides: Overrides,
}

/// An error in a config file, with its position.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot read the config file `{}`: {source}; give the path of a YAML or JSON file with --config", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("cannot read the rows in `{}`: {source}; `rows_from` and `values_from` name a file, from the config file's folder", path.display())]
    Rows { path: PathBuf, source: std::io::Error },
    #[error("`{file}`, line {line}, column {column}: {message}")]
    At { file: String, line: usize, column: usize, message: String },
}

/// The value of `--config` for no file, even if the folder contains one.
pub const NONE: &str = "none";

/// Reads a file.
///
/// # Errors
/// [`FileError`]: with the position in the file and a remedy.
pub fn read(path: &Path) -> Result<ConfigFile, FileError> {
    if path == Path::new(NONE) {
        return Ok(ConfigFile::default());
    }
    read_file(path, &mut Reading::default())
}

/// As [`read`], for a file that was found in the folder and that no flag names: it reads no variables, and files of its
/// folder only.
///
/// # Errors
/// As [`read`], and for what such a file must not do.
pub fn read_found(path: &Path) -> Result<ConfigFile, FileError> {
    read_file(path, &mut Reading { before: Vec::new(), found: true })
}

/// A file that is being read, with those that extend it.
#[derive(Debug, Default)]
struct Reading {
    /// The file, and those that extend it.
    before: Vec<PathBuf>,
    /// No flag names it.
    found: bool,
}

/// Reads a file of text that a config file names: no pipe or device, which might not end, and no more than `most` bytes.
fn text_of(path: &Path, most: u64) -> std::io::Result<String> {
    let refused = |why: String| std::io::Error::new(std::io::ErrorKind::InvalidInput, why);
    if !std::fs::metadata(path)?.is_file() {
        return Err(refused("it is no file".to_owned()));
    }
    let mut text = String::new();
    std::fs::File::open(path)?.take(most.saturating_add(1)).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        return Err(refused(format!("it has more than {most} bytes")));
    }
    Ok(text)
}

fn read_file(path: &Path, reading: &mut Reading) -> Result<ConfigFile, FileError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| FileError::Unreadable { path: path.to_path_buf(), source })?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let found = |_: &str| Err(environment::Unread::Found);
    let text = environment::expanded(&text, &name, if reading.found { &found } else { &environment::of_process })?;
    reading.before.push(path.to_path_buf());
    read::parse(&text, &name, path.parent().unwrap_or(Path::new("")), reading)
}

impl ConfigFile {
    /// Adds another file's settings; those of `self` take precedence.
    fn over(self, base: ConfigFile) -> ConfigFile {
        let mut out = base;
        let (own, general) = (self.generation, &mut out.generation);
        general.rows = own.rows.or(general.rows);
        general.batch_size = own.batch_size.or(general.batch_size);
        general.max_workers = own.max_workers.or(general.max_workers);
        general.seed = own.seed.or(general.seed);
        general.truncate_existing = own.truncate_existing.or(general.truncate_existing);
        general.coherence = own.coherence.or(general.coherence);
        out.protect.extend(self.protect);
        out.session.retain(|(name, _)| self.session.iter().all(|(own, _)| own != name));
        out.session.extend(self.session);
        out.overrides.references.extend(self.overrides.references);
        for (name, table) in self.overrides.tables {
            let merged = match out.overrides.tables.remove(&name) {
                Some(before) => table.over(before),
                None => table,
            };
            out.overrides.tables.insert(name, merged);
        }
        out
    }
}

/// As [`read`], for a text; `file` is its name in messages. Paths in it are relative to the current directory.
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str, file: &str) -> Result<ConfigFile, FileError> {
    read::parse(text, file, Path::new(""), &mut Reading::default())
}
