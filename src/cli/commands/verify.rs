//! `dbmocker verify`: checks that the database satisfies its own constraints.

use std::path::Path;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::cli::args;
use crate::cli::args::Verify;
use crate::cli::config;
use crate::cli::config::Source;
use crate::cli::file;
use crate::cli::file::Generation;
use crate::cli::printer::Printer;
use crate::cli::resources::Resources;
use crate::error::{Exit, Failure, OrExit};
use crate::report::TableReport;
use crate::run;
use crate::run::{Batches, Flow};
use crate::verify::rows;
use crate::verify::rows::{RowComparison, RowSet, RowSetError, RowsError, TableRows};
use crate::verify::{Depth, Finding, FindingKind, TableVerdict, Verification, verify_tables};
use dbmocker_core::humanize;
use dbmocker_core::schema::Table;
use dbmocker_files::Manifest;
use dbmocker_generate::generator::Generator;
use dbmocker_planner::select;

/// # Errors
/// The database cannot be read.
pub fn run(args: &Verify, printer: &Printer) -> Result<Exit, Failure> {
    let file = args.config.as_ref().map(|path| file::read(path).or_exit(Exit::Usage)).transpose()?;
    let file = file.unwrap_or_default();
    let mut source = config::open(&args.database.with_session(&file.session), printer)?;
    source.declare(&file.overrides)?;
    let (chosen, _) = select(&source.schema, &args.tables.selection()).map_err(config::plan_failure)?;
    let tables: Vec<_> = chosen.iter().map(|&t| &source.schema.tables[t]).collect();
    let depth = if args.quick { Depth::Loaded } else { Depth::Everything };
    let mut found = verify_tables(&source.connection, &source.schema, &tables, &source.references, depth)
        .map_err(config::schema_failure)?;
    if let Some(path) = &args.rows {
        found.rows_made_again = rows_of(path, &source, &tables, printer)?;
    }
    if args.json {
        printer.json(&found)?;
    } else {
        printer.data(&found)?;
    }
    Ok(exit(&found, args.strict))
}

/// Regenerates and compares the rows of the chosen tables of a manifest.
fn rows_of(path: &Path, source: &Source, chosen: &[&Table], printer: &Printer) -> Result<Vec<TableRows>, Failure> {
    let manifest = Manifest::find(path).or_exit(Exit::Source)?;
    let plan = manifest.plan(path).or_exit(Exit::Source)?;
    let resources = Resources::new(&args::ResourceArgs { workers: None, memory_limit: None }, &Generation::default());
    let flow = resources.flow()?;
    let generator = Arc::new(Generator::new(&plan));
    let mut out = Vec::new();
    for entry in &manifest.tables {
        let Some(t) = plan.tables.iter().position(|t| t.name.name == entry.name && t.name.schema == entry.schema)
        else {
            continue;
        };
        let table = run::table_of(&source.schema, entry).ok_or_else(|| missing(path, &entry.label, "table"))?;
        if !chosen.iter().any(|c| c.name == table.name) {
            continue;
        }
        printer.detail(format_args!("making the rows of {} again", table.name));
        let rows = Again { generator: &generator, flow: &flow, table: t };
        let comparison = RowComparison {
            table,
            columns: run::columns_of(table, entry).ok_or_else(|| missing(path, &entry.label, "column of table"))?,
            schema: generator.table(t).schema.clone(),
            rows: entry.rows,
            before: plan.tables[t].existing,
            source: &rows,
        };
        let compared =
            rows::compare(&source.connection, source.schema.dialect, &source.schema.server, &comparison, &|| {
                flow.stop.is_set()
            });
        out.push(compared.map_err(rows_failure)?);
    }
    Ok(out)
}

pub(super) fn missing(path: &Path, name: &str, what: &str) -> Failure {
    let message = format!(
        "a {what} `{name}`, which `{}` has, is not in the database; choose others with --tables",
        path.display()
    );
    Failure::new(Exit::Source, anyhow::Error::msg(message))
}

fn rows_failure(e: RowsError) -> Failure {
    match e {
        RowsError::Schema(e) => config::schema_failure(e),
        RowsError::Interrupted => Failure::new(Exit::Interrupted, e),
        other => Failure::new(Exit::Source, other),
    }
}

/// Regenerates a table's rows from its plan.
pub(super) struct Again<'a> {
    pub generator: &'a Arc<Generator>,
    pub flow: &'a Flow,
    pub table: usize,
}

impl RowSet for Again<'_> {
    fn batches(&self) -> Box<dyn Iterator<Item = Result<RecordBatch, RowSetError>> + '_> {
        let batches = Batches::new(self.generator.clone(), self.flow, self.table);
        Box::new(batches.map(|b| b.map_err(RowSetError::new)))
    }

    fn row(&self, row: u64) -> Result<RecordBatch, RowSetError> {
        self.generator.batch(self.table, row..row + 1).map_err(RowSetError::new)
    }
}

/// The verification of the filled tables at the end of a load.
///
/// # Errors
/// The database cannot be read.
pub fn after_load(source: &Source, filled: &[TableReport], printer: &Printer) -> Result<(Exit, Verification), Failure> {
    let named = |name: &str| source.schema.tables.iter().find(|t| t.name.to_string() == name);
    let (reports, tables): (Vec<_>, Vec<_>) = filled.iter().filter_map(|r| Some((r, named(&r.name)?))).unzip();
    printer.phase("verifying");
    let found = verify_tables(&source.connection, &source.schema, &tables, &source.references, Depth::Loaded);
    printer.phase_over();
    let mut found = found.map_err(config::schema_failure)?;
    for (verdict, report) in found.tables.iter_mut().zip(reports) {
        compare(verdict, report, printer);
    }
    if found.passed(false) {
        let unread = found.tables.iter().filter(|t| t.findings.iter().any(Finding::is_of_rows)).count() as u64;
        let beside = match unread {
            0 => String::new(),
            n => format!("; {} could not be read", humanize::plural(n, "table")),
        };
        let (count, rows) = (humanize::plural(tables.len() as u64 - unread, "table"), humanize::rows(found.rows()));
        if unread > 0 && unread == tables.len() as u64 {
            printer.warn(format_args!("no table could be verified"));
        } else {
            printer.note(format_args!("verified: {count}, {rows}, no error found{beside}"));
        }
        for (table, finding) in found.findings() {
            // SQLite refuses later statements on such tables, so this is reported without a flag.
            let foreign_keys = finding.kind == FindingKind::Unchecked && finding.name == "foreign_key_check";
            match table {
                Some(table) if finding.is_of_rows() => printer.warn(format_args!("`{table}`: {finding}")),
                _ if foreign_keys => printer.warn(finding),
                _ => printer.detail(finding),
            }
        }
    } else {
        printer.warn(format_args!("the verification found errors\n{found}"));
    }
    Ok((exit(&found, false), found))
}

/// Compares the current row counts with the counts before the load and the loaded rows.
fn compare(verdict: &mut TableVerdict, report: &TableReport, printer: &Printer) {
    let expected = report.before.saturating_add(report.rows);
    let uncounted = verdict.findings.iter().any(Finding::is_of_rows);
    if uncounted || verdict.rows == expected {
        return;
    }
    let counts = format!(
        "{} loaded, {} before, {} now",
        humanize::rows(report.rows),
        humanize::count(report.before),
        humanize::count(verdict.rows)
    );
    if verdict.rows > expected {
        printer.warn(format_args!(
            "{}: {counts}: triggers of other tables, or other sessions, wrote to it as well",
            verdict.name
        ));
        return;
    }
    let detail = format!("{counts}: triggers of other tables, or other sessions, deleted rows after they were loaded");
    verdict.findings.push(Finding {
        kind: FindingKind::Rows,
        name: "missing".into(),
        rows: expected - verdict.rows,
        detail,
    });
}

fn exit(found: &Verification, strict: bool) -> Exit {
    if found.passed(strict) { Exit::Ok } else { Exit::VerificationFailed }
}
