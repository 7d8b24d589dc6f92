//! `dbmocker learn`: the shape of a database, from its statistics, as a file; and the JSON Schema of such files.

use std::path::Path;
use std::time::Duration;

use crate::cli::args::{DEFAULT_SEED, Learn, Mask};
use crate::cli::config;
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure, OrExit};
use crate::learn::labels::LabelOptions;
use crate::learn::{LearnOptions, Learned, learn, learn_file, scan_queries};
use dbmocker_core::humanize;
use dbmocker_core::schema::{Dialect, Schema};
use dbmocker_core::time::date_text;
use dbmocker_planner::{nearest, select};
use dbmocker_profile::{Labels, json_schema};
use dbmocker_schema::statistics::dump::Dump;

const SECONDS_PER_DAY: u64 = 86_400;

/// # Errors
/// The catalogue cannot be read, no table has statistics, or the file cannot be written.
pub fn run(args: &Learn, printer: &Printer) -> Result<Exit, Failure> {
    args.out.as_deref().map_or(Ok(()), |out| super::check_out(out, args.overwrite))?;
    if let Some(path) = &args.dictionary {
        dbmocker_semantics::add_dictionary(path).or_exit(Exit::Usage)?;
    }
    let mut source = config::open_catalogue(&args.database, printer)?;
    let (chosen, _) = select(&source.schema, &args.tables.selection()).map_err(config::plan_failure)?;
    for (i, table) in source.schema.tables.iter_mut().enumerate() {
        table.outside |= !chosen.contains(&i);
    }
    known_columns(&source.schema, &args.keep)?;
    let options = LearnOptions {
        label_options: LabelOptions { mask_all: args.mask == Some(Mask::All), keep: args.keep.clone() },
        seed: args.seed.unwrap_or(DEFAULT_SEED),
        scan: args.scan.then(|| Duration::from_secs(args.query_limit.into())),
        day: today(),
    };
    let Some(out) = args.out.as_deref().filter(|_| !args.dry_run) else {
        let queries = scan_queries(&source.connection, &source.schema, &options).map_err(config::schema_failure)?;
        queries.iter().try_for_each(|query| printer.data(format_args!("{};\n", query.sql)))?;
        return Ok(Exit::Ok);
    };
    let learned = match &args.statistics {
        Some(file) => from_file(file, &source.schema, &options, printer)?,
        None => learn(&source.connection, &source.schema, &options).map_err(config::schema_failure)?,
    };
    let also = if args.scan { "; and aggregates of the tables, which --dry-run shows" } else { "" };
    printer.note(format_args!("read, and nothing else: {}{also}", learned.read.join(", ")));
    learned.notes.iter().for_each(|note| printer.warn(note));
    if learned.profile.tables.is_empty() {
        let message =
            "nothing to learn: the server has statistics of no table; run the commands above first, or use --scan";
        return Err(Failure::new(Exit::Source, anyhow::anyhow!(message)));
    }
    learned.profile.write(out).or_exit(Exit::Target)?;
    printer.note(format_args!("written: {}; {}", out.display(), summary(&learned)));
    Ok(Exit::Ok)
}

/// The profile of the statistics that a file holds.
fn from_file(file: &Path, schema: &Schema, options: &LearnOptions, printer: &Printer) -> Result<Learned, Failure> {
    if schema.dialect != Dialect::Postgres {
        return Err(Failure::usage(
            "--statistics is for PostgreSQL; give the URL of a PostgreSQL database with the schema",
        ));
    }
    let told = |e: anyhow::Error| Failure::new(Exit::Source, e.context(format!("cannot read `{}`", file.display())));
    let text = std::fs::read_to_string(file).map_err(|e| told(e.into()))?;
    let dump = Dump::read(&text, schema).map_err(|e| told(e.into()))?;
    if !dump.unknown.is_empty() {
        let names = dump.unknown.join(", ");
        printer.warn(format_args!("`{}` has statistics of tables that this database lacks: {names}", file.display()));
    }
    Ok(learn_file(&dump, schema, options))
}

/// # Errors
/// stdout is closed.
pub fn schema(printer: &Printer) -> Result<Exit, Failure> {
    printer.json(&json_schema())?;
    Ok(Exit::Ok)
}

fn summary(learned: &Learned) -> String {
    let columns = || learned.profile.tables.values().flat_map(|t| t.columns.values());
    let kept = columns().filter(|c| c.labels == Some(Labels::Kept)).count();
    let count = |n: usize, thing: &str| humanize::plural(n as u64, thing);
    format!(
        "{}, {}, labels of {} of them kept",
        count(learned.profile.tables.len(), "table"),
        count(columns().count(), "column"),
        kept
    )
}

fn today() -> Option<String> {
    let seconds = std::time::UNIX_EPOCH.elapsed().ok()?.as_secs();
    i32::try_from(seconds / SECONDS_PER_DAY).ok().map(date_text)
}

/// Checks that every column of `--keep` exists.
fn known_columns(schema: &Schema, keep: &[String]) -> Result<(), Failure> {
    let all: Vec<String> =
        schema.tables.iter().flat_map(|t| t.columns.iter().map(move |c| format!("{}.{}", t.name, c.name))).collect();
    let short = |t: &dbmocker_core::schema::Table, c: &str| format!("{}.{c}", schema.label(&t.name));
    let is_there = |wanted: &String| {
        all.contains(wanted) || schema.tables.iter().any(|t| t.columns.iter().any(|c| short(t, &c.name) == *wanted))
    };
    let Some(missing) = keep.iter().find(|k| !is_there(k)) else { return Ok(()) };
    let hint = match nearest(missing, all.into_iter()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write schema.table.column".to_owned(),
    };
    Err(Failure::usage(format!("--keep: there is no column `{missing}`; {hint}")))
}
