//! A table's rows as `INSERT` statements, and the script that runs the files of all tables in order.

use std::fmt::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use dbmocker_files::manifest::SQL_SCRIPT;
use dbmocker_files::{FileOptions, FilePart, FileType, Manifest, OutFile, Slice, StageError};
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

/// Whether an export has a script: a slice is only a piece, and clients do not read compressed files.
pub(super) fn has_script(options: &ExportOptions) -> bool {
    options.format == FileType::Sql && options.slice == Slice::Whole && options.packing.is_none()
}

/// Writes the script of a whole export.
pub(super) fn script(plan: &Plan, options: &ExportOptions, files: &[Vec<FilePart>]) -> Result<(), StageError> {
    let overwrite = options.overwrite || options.resume;
    write_script(plan.dialect, &options.folder, files.iter().flatten(), overwrite)
}

/// Writes the script of an export that was joined from parts; `false` if it needs none.
///
/// # Errors
/// The script exists and `overwrite` is not set, or it cannot be written.
pub fn joined_script(manifest: &Manifest, folder: &Path, overwrite: bool) -> Result<bool, StageError> {
    if !manifest.has_script() {
        return Ok(false);
    }
    let files = manifest.tables.iter().flat_map(|table| &table.files);
    write_script(manifest.dialect, folder, files, overwrite).map(|()| true)
}

/// Writes the script, for the server's client. It is run in the folder of the files.
fn write_script<'a>(
    dialect: Dialect,
    folder: &Path,
    files: impl Iterator<Item = &'a FilePart>,
    overwrite: bool,
) -> Result<(), StageError> {
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
        // psql and sqlite3 take a quoted name.
        let name = match dialect {
            Dialect::Mysql => file.path.clone(),
            _ => format!("'{}'", file.path.replace('\'', "''")),
        };
        let _ = writeln!(text, "{run} {name}");
    }
    text += end;
    let file = FileOptions { overwrite, checksum: false, ..FileOptions::default() };
    let mut script = OutFile::create(folder, SQL_SCRIPT, file)?;
    script.put(text.as_bytes())?;
    script.finish(0).map(drop)
}
