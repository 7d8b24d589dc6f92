//! `dbmocker undo`: removes exactly the rows that a run has added.

use std::path::Path;
use std::sync::Arc;

use super::verify::{Again, missing};
use crate::cli::args;
use crate::cli::args::{KeepOrRemove, Undo};
use crate::cli::config;
use crate::cli::config::Source;
use crate::cli::file;
use crate::cli::file::Generation;
use crate::cli::guard;
use crate::cli::interrupt;
use crate::cli::printer::Printer;
use crate::cli::resources::Resources;
use crate::error::{Exit, Failure, OrExit};
use crate::run;
use crate::run::{History, RunState, Undoable};
use crate::undo;
use crate::undo::{Changed, RunTable, UndoError, UndoOptions};
use crate::verify::rows::RowsError;
use dbmocker_core::humanize;
use dbmocker_core::schema::TableName;
use dbmocker_files::Manifest;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;

/// # Errors
/// There is no run to undo, rows were changed or are referred to, or the server refuses a statement.
pub fn run(args: &Undo, printer: &Printer) -> Result<Exit, Failure> {
    let source = config::open_to_fill(&args.database, &args.turn, printer)?;
    let protect = match &args.config {
        Some(path) => file::read(path).or_exit(Exit::Usage)?.protect,
        None => Vec::new(),
    };
    guard::protected(&source, &protect)?;
    let Some((manifest, plan, journal)) = chosen(args, &source, printer)? else { return Ok(Exit::Ok) };
    let generator = Arc::new(Generator::new(&plan));
    let resources = Resources::new(&args::ResourceArgs { workers: None, memory_limit: None }, &Generation::default());
    let flow = resources.flow()?;
    let sets: Vec<(usize, Again<'_>)> = manifest
        .tables
        .iter()
        .enumerate()
        .filter_map(|(i, entry)| {
            let table = plan.tables.iter().position(|t| t.name.name == entry.name && t.name.schema == entry.schema)?;
            (entry.rows > 0).then_some((i, Again { generator: &generator, flow: &flow, table }))
        })
        .collect();
    let path = args.manifest.as_deref().unwrap_or(Path::new(run::JOURNAL_TABLE));
    let mut tables = Vec::new();
    for (i, rows) in &sets {
        let entry = &manifest.tables[*i];
        let table = run::table_of(&source.schema, entry).ok_or_else(|| missing(path, &entry.label, "table"))?;
        let columns = run::columns_of(table, entry).ok_or_else(|| missing(path, &entry.label, "column of table"))?;
        let schema = generator.table(rows.table).schema.clone();
        tables.push(RunTable { table, columns, schema, rows: entry.rows, source: rows });
    }
    printer.note(format_args!("looking up {} of {}", humanize::rows(manifest.tables.iter().map(|t| t.rows).sum()), {
        humanize::plural(tables.len() as u64, "table")
    }));
    let changed = match args.changed {
        None => Changed::Stop,
        Some(KeepOrRemove::Keep) => Changed::Keep,
        Some(KeepOrRemove::Remove) => Changed::Remove,
    };
    let lock = source.lock.as_ref();
    lock.inspect(|lock| lock.stops(Some(interrupt::stop())));
    let options = UndoOptions { changed, stop: &|| interrupt::stop().is_set() };
    let undone = remove(args, &source, tables, options, printer);
    lock.inspect(|lock| lock.stops(None));
    let undone = undone?;
    if let Some(journal) = journal.filter(|_| !undone.dry_run) {
        journal.undone(&source.connection, keeps_journal()).map_err(config::run_failure)?;
    }
    if args.json {
        printer.json(&undone)?;
    } else {
        printer.data(&undone)?;
    }
    Ok(Exit::Ok)
}

fn remove(
    args: &Undo,
    source: &Source,
    tables: Vec<RunTable<'_>>,
    options: UndoOptions<'_>,
    printer: &Printer,
) -> Result<undo::Undone, Failure> {
    let prepared = undo::prepare(&source.connection, &source.schema, tables, options).map_err(failure)?;
    if args.dry_run {
        return Ok(prepared.found().clone());
    }
    if prepared.found().removed() > 0 && !args.yes {
        let tables: Vec<(&TableName, u64)> =
            prepared.found().tables.iter().filter(|t| t.removed > 0).map(|t| (&t.name, t.removed)).collect();
        guard::ask_to_undo(source, &tables, printer)?;
    }
    prepared.remove().map_err(failure)
}

fn keeps_journal() -> bool {
    std::env::var_os("DBMOCKER_JOURNAL").is_some_and(|v| v == "1")
}

/// The run of a manifest, or the last run in the journal. `None`, with a note, if it has already been undone.
fn chosen(
    args: &Undo,
    source: &Source,
    printer: &Printer,
) -> Result<Option<(Manifest, Plan, Option<Undoable>)>, Failure> {
    if let Some(path) = &args.manifest {
        let manifest = Manifest::find(path).or_exit(Exit::Source)?;
        let plan = manifest.plan(path).or_exit(Exit::Source)?;
        let same = |run: &History| is_run_of(&manifest, run);
        let journal = run::undoable(&source.connection, Some(&same)).map_err(config::run_failure)?;
        return Ok(Some((manifest, plan, journal)));
    }
    let last = run::undoable(&source.connection, None).map_err(config::run_failure)?;
    let Some(last) = last else {
        return Err(cannot(
            "no run is recorded on this database; name what its load wrote by --manifest FILE, or load with --journal",
        ));
    };
    if last.history.state == RunState::Undone {
        printer.note(format_args!("the last run, of {}, is undone already", last.history.started));
        return Ok(None);
    }
    if last.history.entry.truncate && last.history.emptied {
        printer.warn("the run emptied its tables first: rows that were there before do not come back");
    }
    if last.plan.is_empty() {
        return Err(cannot("the plan of the last run was not kept (rows of files, or a plan that is too large)"));
    }
    let plan = Plan::from_json(&last.plan).map_err(|e| cannot(&format!("its plan cannot be read: {e}")))?;
    printer.note(format_args!("taking back the run of {}", last.history.started));
    let manifest = run::manifest_of(&plan, &Generator::new(&plan));
    Ok(Some((manifest, plan, Some(last))))
}

/// Whether the journal's run made the manifest's rows, as far as the recorded data show.
fn is_run_of(manifest: &Manifest, run: &History) -> bool {
    let rows = |t: &dbmocker_files::manifest::TableEntry| {
        let planned = run.of.get(&TableName::new(&t.schema, &t.name));
        planned.is_some_and(|(_, planned, _)| *planned == t.rows)
    };
    run.seed == manifest.seed && run.entry.now == manifest.now && manifest.tables.iter().all(rows)
}

fn cannot(why: &str) -> Failure {
    Failure::new(Exit::Source, anyhow::anyhow!("nothing can be taken back: {why}"))
}

fn failure(e: UndoError) -> Failure {
    match e {
        UndoError::Schema(e) | UndoError::Rows(RowsError::Schema(e)) => config::schema_failure(e),
        UndoError::Interrupted | UndoError::Rows(RowsError::Interrupted) => Failure::new(Exit::Interrupted, e),
        UndoError::Rows(_) => Failure::new(Exit::Source, e),
        _ => Failure::new(Exit::Target, e),
    }
}
