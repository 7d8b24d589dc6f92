//! `--ddl`: the schema of DDL files instead of a database's, created on a throw-away server.

use std::path::PathBuf;

use super::args;
use super::printer::Printer;
use crate::error::{Exit, Failure, OrExit};
use dbmocker_core::Dialect;
use dbmocker_ddl::{DdlError, ScratchDatabase};
use dbmocker_files::spill;
use dbmocker_loaders::Connection;

/// A throw-away database; removed when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    /// Declared before the folder, so that the server ends before its folder is removed.
    database: ScratchDatabase,
    _folder: spill::Folder,
}

impl Scratch {
    /// Makes the database of `--ddl`.
    ///
    /// # Errors
    /// [`Exit::Usage`] for DDL of an unknown dialect, or with statements that are not run; [`Exit::Source`] for files
    /// that cannot be read, a server that is not installed, and statements that the server refuses.
    pub fn make(typed: &args::Ddl, printer: &Printer) -> Result<Self, Failure> {
        let parent = temporary();
        spill::sweep(&parent);
        let folder = spill::Folder::create(&parent, spill::SCRATCH).or_exit(Exit::Source)?;
        let dialect = typed.dialect.map(Dialect::from);
        printer.phase("making the database of --ddl on a throw-away server");
        let database = dbmocker_ddl::create(&typed.ddl, dialect, folder.path());
        printer.phase_over();
        let database = database.map_err(failure)?;
        database.notes.iter().for_each(|note| printer.note(note));
        Ok(Scratch { database, _folder: folder })
    }

    pub fn connection(&self) -> &Connection {
        &self.database.connection
    }
}

/// The files, as the schema's name.
pub fn name(typed: &args::Ddl) -> String {
    let names = typed.ddl.iter().map(|path| match path.as_os_str() == "-" {
        true => "standard input".into(),
        false => path.display().to_string(),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// The folder for temporary files; a short one, as the path of a socket has at most 107 bytes.
fn temporary() -> PathBuf {
    let usual = std::env::temp_dir();
    let short = PathBuf::from("/tmp");
    if usual.as_os_str().len() > 60 && short.is_dir() { short } else { usual }
}

fn failure(e: DdlError) -> Failure {
    match e {
        DdlError::Session(e) => Failure::new(Exit::Source, e),
        e if e.is_usage() => Failure::new(Exit::Usage, e),
        e => Failure::new(Exit::Source, e),
    }
}
