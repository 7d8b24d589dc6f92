//! A table's rows as `INSERT` statements, and the script that runs the files of all tables in order.

use std::fmt::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use dbmocker_files::manifest::SQL_SCRIPT;
use dbmocker_files::{FileOptions, FilePart, Manifest, OutFile, StageError};
use dbmocker_generate::arrow::SQL_TYPE_KEY;
use dbmocker_generate::generator::Generator;
use dbmocker_loaders::insert_statements::{ROWS, Statements};
use dbmocker_loaders::{Dialect, Target, TargetColumn};
use dbmocker_plan::Plan;

use super::export::{ExportOptions, Groups};
use super::{Batches, Flow, GeneratedRange, RunError};

/// Rows encoded at once: whole statements.
const STEP: u64 = 8 * ROWS as u64;

/// The statements of one table.
pub(super) struct SqlText {
    statements: Arc<Statements>,
    closing: String,
    row_bytes: u64,
}

impl SqlText {
    /// # Errors
    /// The rows by which their width is estimated cannot be generated.
    pub(super) fn of(plan: &Plan, generator: &Generator, t: usize) -> Result<Self, RunError> {
        let (table, schema) = (&plan.tables[t], &generator.table(t).schema);
        let column = |f: &arrow::datatypes::Field| TargetColumn {
            name: f.name().clone(),
            sql_type: f.metadata().get(SQL_TYPE_KEY).cloned().unwrap_or_default(),
            srid: None,
        };
        let target = Target {
            schema: table.name.schema.clone(),
            table: table.name.name.clone(),
            columns: schema.fields().iter().map(|f| column(f)).collect(),
            freeze: false,
        };
        let statements = Statements::new(plan.dialect, false, target, schema);
        let closing = statements.closing(schema);
        let row_bytes = Groups::of(generator, t, &dbmocker_files::ParquetOptions::default())?.row_bytes;
        Ok(SqlText { statements: Arc::new(statements), closing, row_bytes })
    }

    pub(super) fn begin(&self) -> &str {
        self.statements.preamble()
    }

    pub(super) fn end(&self) -> &str {
        &self.closing
    }

    /// The statements of these rows and how many rows they hold, in order.
    pub(super) fn batches(
        &self,
        generator: &Arc<Generator>,
        flow: &Flow,
        t: usize,
        rows: Range<u64>,
    ) -> impl Iterator<Item = Result<(u64, Vec<u8>), RunError>> + use<> {
        let statements = self.statements.clone();
        let make = move |generator: &Generator, t: usize, rows: Range<u64>| {
            let batch = generator.batch(t, rows)?;
            let mut text = Vec::new();
            statements.encode(&batch, &mut text).map_err(RunError::Load)?;
            let held = text.capacity() as u64;
            let peak = held + batch.get_array_memory_size() as u64;
            Ok(GeneratedRange { value: (batch.num_rows() as u64, text), held, peak })
        };
        Batches::steps(generator.clone(), flow, t, (STEP, self.row_bytes), make).part(rows)
    }
}

/// Checks that the script of an export can be written once its files are.
///
/// # Errors
/// Something is in its place.
pub(super) fn script_place(folder: &Path, overwrite: bool) -> Result<(), StageError> {
    OutFile::create(folder, SQL_SCRIPT, script_options(overwrite)).map(drop)
}

/// Writes the script of a whole export.
pub(super) fn script(plan: &Plan, options: &ExportOptions, files: &[Vec<FilePart>]) -> Result<(), StageError> {
    prepare_script(plan.dialect, &options.folder, files.iter().flatten(), options.replaces())?.finish()
}

/// A script that is written, except that it has not got its name.
#[must_use]
pub struct PreparedScript(OutFile);

impl PreparedScript {
    /// Gives it its name.
    ///
    /// # Errors
    /// It cannot be written, or renamed.
    pub fn finish(self) -> Result<(), StageError> {
        self.0.finish(0).map(drop)
    }
}

/// Prepares the script of an export that was joined from parts; `None` if it needs none.
///
/// # Errors
/// The script exists and `overwrite` is not set, it cannot be written, or it cannot name a file.
pub fn joined_script(
    manifest: &Manifest,
    folder: &Path,
    overwrite: bool,
) -> Result<Option<PreparedScript>, StageError> {
    if !manifest.has_script() {
        return Ok(None);
    }
    let files = manifest.tables.iter().flat_map(|table| &table.files);
    prepare_script(manifest.dialect, folder, files, overwrite).map(Some)
}

fn script_options(overwrite: bool) -> FileOptions {
    FileOptions { overwrite, checksum: false, ..FileOptions::default() }
}

/// Writes the script, for the server's client. It is run in the folder of the files.
fn prepare_script<'a>(
    dialect: Dialect,
    folder: &Path,
    files: impl Iterator<Item = &'a FilePart>,
    overwrite: bool,
) -> Result<PreparedScript, StageError> {
    let (begin, run, end) = match dialect {
        Dialect::Postgres => ("\\set ON_ERROR_STOP on\nBEGIN;\nSET CONSTRAINTS ALL DEFERRED;\n", "\\ir", "COMMIT;\n"),
        Dialect::Mysql => (
            "SET @dbmocker_checks = @@foreign_key_checks, foreign_key_checks = 0, autocommit = 0;\n",
            "SOURCE",
            "COMMIT;\nSET foreign_key_checks = @dbmocker_checks, autocommit = 1;\n",
        ),
        Dialect::Sqlite => (".bail on\nPRAGMA foreign_keys = OFF;\nBEGIN;\n", ".read", "COMMIT;\n"),
    };
    let mut text = String::from(begin);
    for file in files {
        let name = client_name(dialect, &file.path)
            .ok_or_else(|| StageError::Script { script: folder.join(SQL_SCRIPT), file: file.path.clone() })?;
        let _ = writeln!(text, "{run} {name}");
    }
    text += end;
    let mut script = OutFile::create(folder, SQL_SCRIPT, script_options(overwrite))?;
    script.put(text.as_bytes())?;
    Ok(PreparedScript(script))
}

/// A file's name as an argument of the client's command that runs it; `None` if the client cannot be given it.
fn client_name(dialect: Dialect, path: &str) -> Option<String> {
    let (quote, escaped) = match dialect {
        // `SOURCE` takes the rest of the line as it is, without white space around it; statements end at the delimiter.
        Dialect::Mysql => {
            let plain = !path.chars().any(|c| c.is_control() || c == ';' || c == '\\');
            return (plain && path.trim() == path).then(|| path.to_owned());
        }
        Dialect::Postgres => ('\'', "\\'"),
        Dialect::Sqlite => ('"', "\\\""),
    };
    let mut name = String::from(quote);
    // `.read |command` runs the command.
    if path.starts_with('|') {
        name += "./";
    }
    for c in path.chars() {
        match c {
            '\n' => name += "\\n",
            '\r' => name += "\\r",
            '\t' => name += "\\t",
            '\\' => name += "\\\\",
            c if c == quote => name += escaped,
            c if c.is_ascii_control() => name += &format!("\\{:03o}", u32::from(c)),
            c => name.push(c),
        }
    }
    name.push(quote);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_quoted_for_the_client() {
        let of = |dialect, path| client_name(dialect, path);
        for (path, postgres, mysql, sqlite) in [
            ("a b/t.sql", "'a b/t.sql'", Some("a b/t.sql"), "\"a b/t.sql\""),
            ("it's/t.sql", "'it\\'s/t.sql'", Some("it's/t.sql"), "\"it's/t.sql\""),
            ("\"x\"/t.sql", "'\"x\"/t.sql'", Some("\"x\"/t.sql"), "\"\\\"x\\\"/t.sql\""),
            ("a\nb/t.sql", "'a\\nb/t.sql'", None, "\"a\\nb/t.sql\""),
            ("a;b/t.sql", "'a;b/t.sql'", None, "\"a;b/t.sql\""),
            (" a/t.sql", "' a/t.sql'", None, "\" a/t.sql\""),
            ("|ls/t.sql", "'./|ls/t.sql'", Some("|ls/t.sql"), "\"./|ls/t.sql\""),
            ("\u{1}/t.sql", "'\\001/t.sql'", None, "\"\\001/t.sql\""),
        ] {
            assert_eq!(of(Dialect::Postgres, path).as_deref(), Some(postgres));
            assert_eq!(of(Dialect::Mysql, path).as_deref(), mysql);
            assert_eq!(of(Dialect::Sqlite, path).as_deref(), Some(sqlite));
        }
    }
}
