//! Errors of writing files, each with its path and a remedy.

use std::io;
use std::path::{Path, PathBuf};

use dbmocker_core::humanize::bytes;

/// `Display` is one line, lower case; the operating system's message is in `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    #[error("`{}` exists already; remove it, choose another folder, or pass --overwrite", path.display())]
    Exists { path: PathBuf },
    #[error("`{}` is being written by another process; wait for it or choose another folder", path.display())]
    Busy { path: PathBuf },
    #[error("`{}` is {what}, and nothing is written to it; remove it or choose another folder", path.display())]
    Planted { path: PathBuf, what: &'static str },
    #[error("cannot create `{}`{}", path.display(), hint(source))]
    Create { path: PathBuf, source: io::Error },
    #[error("cannot write `{}`{}{}", path.display(), free_text(*free), hint(source))]
    Write {
        path: PathBuf,
        /// Bytes left on the file system, if known.
        free: Option<u64>,
        source: io::Error,
    },
    #[error(
        "`{}` cannot name `{}` in the words of the mysql client, because of its semicolon, backslash, control character or outer space; rename its folder",
        script.display(),
        file.escape_debug()
    )]
    Script { script: PathBuf, file: String },
    #[error("cannot encode `{}`: {message}", path.display())]
    Encode { path: PathBuf, message: String },
    #[error("column `{column}`: {arrow} has no form in {format} files; this is a fault of dbmocker, please report it")]
    Unsupported { column: String, arrow: String, format: &'static str },
    #[error(
        "`{}`: no column of this table is written, and Parquet cannot count rows without columns; \
         pass --format csv, or leave the table out with --exclude-tables",
        path.display()
    )]
    NoColumns { path: PathBuf },
    #[error("`{path}` takes ({expected}), but was given a batch of ({got})")]
    Schema { path: String, expected: String, got: String },
    #[error(
        "spilled files hold {} of the {} that --disk-limit allows, and {} more are needed; raise it, or load without --stage files",
        bytes(*used), bytes(*limit), bytes(*asked)
    )]
    DiskLimit { limit: u64, used: u64, asked: u64 },
}

impl StageError {
    pub fn create(path: &Path, source: io::Error) -> Self {
        StageError::Create { path: path.to_owned(), source }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        StageError::Write { path: path.to_owned(), free: free_space(path), source }
    }
}

/// Bytes that an unprivileged process may still write to the file system of `path`.
pub fn free_space(path: &Path) -> Option<u64> {
    let folder = path.ancestors().find(|p| p.is_dir()).unwrap_or(Path::new("."));
    let stat = rustix::fs::statvfs(folder).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

fn free_text(free: Option<u64>) -> String {
    free.map(|n| format!(" ({} free there)", bytes(n))).unwrap_or_default()
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => "; choose a folder that you may write to",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space or choose another folder",
        io::ErrorKind::ReadOnlyFilesystem => "; choose a folder on a file system that can be written",
        io::ErrorKind::NotADirectory | io::ErrorKind::NotFound => "; choose a folder that exists",
        io::ErrorKind::InvalidFilename => "; the name is too long or not allowed there",
        _ => "",
    }
}
