//! `dbmocker load --resume`: continues the last run with its own plan; and what a run records for that.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use twox_hash::XxHash3_128;

use super::load_pipeline::Fill;
use crate::cli::args;
use crate::cli::args::LoadArgs;
use crate::cli::config;
use crate::cli::config::Source;
use crate::cli::file::Generation;
use crate::cli::guard;
use crate::cli::parse;
use crate::cli::printer::Printer;
use crate::cli::request::Request;
use crate::cli::resources::Resources;
use crate::cli::row_counts::RowCounts;
use crate::error::{Exit, Failure};
use crate::run;
use crate::run::{DisabledTriggers, LastRun};
use dbmocker_core::humanize;
use dbmocker_core::schema::Schema;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{Detail, Plan};
use dbmocker_planner::chunking::ROWS;
use dbmocker_planner::deferred_indexes::FROM_ROWS;

const SESSION: &str = "session";

/// The values of flags that affect rows, by the flags' names.
pub type FlagValues = BTreeMap<String, String>;

/// # Errors
/// There is no run to resume, its schema or its options differ, or the server refuses rows.
pub fn run(args: &LoadArgs, begun: Instant, printer: &Printer) -> Result<Exit, Failure> {
    let request = Request::new(&args.rows)?;
    let database = args.database.with_session(&request.session);
    let mut source = config::open_to_fill(&database, &args.turn, printer)?;
    guard::protected(&source, &request.protect)?;
    source.declare(&request.overrides)?;
    let last = match run::last_run(&source.connection).map_err(config::run_failure)? {
        LastRun::Stopped(last) => last,
        LastRun::Complete(last) => {
            printer.note(format_args!("the last run, of {}, is complete: nothing is left to load", last.started));
            return Ok(Exit::Ok);
        }
        LastRun::None => {
            return Err(cannot(
                "no run is recorded on this database: none was begun, or it came to its end (--journal keeps the record of \
             a complete run); load without --resume",
            ));
        }
    };
    if last.plan.is_empty() {
        return Err(cannot(
            "its plan was not kept (rows of files, or a plan that is too large); put back what it left with \
             `dbmocker restore`, and load again",
        ));
    }
    let settings = &source.connection.session.settings;
    same_options(&load_flags(args, settings), &last.history.entry.options)?;
    let unread = |what: &str, e: &dyn std::fmt::Display| cannot(&format!("its {what} cannot be read: {e}"));
    let kept: Schema = serde_json::from_str(&last.schema).map_err(|e| unread("schema", &e))?;
    let plan = Plan::from_json(&last.plan).map_err(|e| unread("plan", &e))?;
    last.fits(&kept, &source.schema).map_err(config::run_failure)?;
    printer.note(format_args!(
        "going on with the run of {}: {} of {} are in",
        last.history.started,
        humanize::count(last.history.rows),
        humanize::rows(last.history.rows_planned)
    ));
    printer.note(plan.describe(Detail::Tables));
    // The server's current settings, with the tables as they were when the run began.
    let Source { connection, schema: live, references, lock, scratch } = source;
    let schema = Schema { server: live.server, settings: live.settings, ..kept };
    let source = Source { connection, schema, references, lock, scratch };
    let entry = &last.history.entry;
    let fill = Fill {
        truncate: entry.truncate,
        disable_triggers: entry.disable_triggers,
        verify: !args.no_verify,
        report: args.report.as_deref(),
        manifest: args.manifest.as_deref(),
        pace: args.pace.clone(),
        resumed: Some(last.resumed()),
        keep_journal: args.safety.keeps_journal(),
        ..Fill::new("load", &source, Resources::new(&args.resources, &Generation::default()), &args.staging, begun)
    };
    let triggers_disabled =
        entry.triggers_disabled.iter().map(|(table, why)| DisabledTriggers { table: table.clone(), why: why.clone() });
    let generator = Arc::new(Generator::new(&plan));
    fill.planned((&plan, &generator), &triggers_disabled.collect::<Vec<_>>(), None, Vec::new(), printer)
}

fn cannot(why: &str) -> Failure {
    Failure::new(Exit::Source, anyhow::anyhow!("the last run cannot be resumed: {why}"))
}

/// Checks that every flag given now has the value that the interrupted run had.
fn same_options(now: &FlagValues, then: &FlagValues) -> Result<(), Failure> {
    if let Some(settings) = then.get(SESSION).filter(|_| !now.contains_key(SESSION)) {
        let message = format!("the run was begun with {settings}: give them again, by --session or --config");
        return Err(Failure::usage(message));
    }
    let other = now.iter().find(|(name, value)| then.get(*name) != Some(value));
    let Some((name, value)) = other else { return Ok(()) };
    let (now, then) = match (value.as_str(), then.get(name)) {
        ("", _) => (format!("--{name}"), "the run was begun without it".to_owned()),
        (value, None) => (format!("--{name} {value}"), "the run was begun without it".to_owned()),
        (value, Some(then)) => (format!("--{name} {value}"), format!("the run was begun with {then}")),
    };
    let message = format!("{now}: {then}, and goes on as it began; leave the option out, or load without --resume");
    Err(Failure::usage(message))
}

/// The flags of `load` that affect rows, and the settings of its sessions.
pub fn load_flags(args: &LoadArgs, settings: &[(String, String)]) -> FlagValues {
    let mut flags = filling((&args.rows, &args.tables, &args.indexes, &args.processes), args.truncate, settings);
    flag(&mut flags, "keep-triggers", args.keep_triggers);
    flags
}

/// The same of `generate`.
pub fn generate_flags(args: &args::Generate, settings: &[(String, String)]) -> FlagValues {
    let mut flags = filling((&args.rows, &args.tables, &args.indexes, &args.processes), args.truncate, settings);
    list(&mut flags, "use-existing-tables", &args.use_existing_tables);
    flags
}

type FillingArgs<'a> = (&'a args::RowsArgs, &'a args::TablesArgs, &'a args::Indexes, &'a args::Processes);

fn filling(
    (of_rows, of_tables, of_indexes, of_processes): FillingArgs<'_>,
    truncate: bool,
    settings: &[(String, String)],
) -> FlagValues {
    let mut flags = FlagValues::new();
    rows(&mut flags, of_rows);
    tables(&mut flags, of_tables);
    indexes(&mut flags, of_indexes);
    processes(&mut flags, of_processes);
    flag(&mut flags, "truncate", truncate);
    session(&mut flags, settings);
    flags
}

/// The same of `high-performance`, for flags that `load` also has.
pub fn high_performance_flags(args: &args::HighPerformance, settings: &[(String, String)]) -> FlagValues {
    let mut flags = FlagValues::new();
    tables(&mut flags, &args.tables);
    flag(&mut flags, "truncate", args.truncate);
    flag(&mut flags, "skip-unsolved", args.skip_unsolved);
    row_counts(&mut flags, &args.rows);
    session(&mut flags, settings);
    args.seed.map(|seed| flags.insert("seed".into(), seed.to_string()));
    flags
}

/// The names of the sessions' settings and a hash of their values, which may be secret.
fn session(flags: &mut FlagValues, settings: &[(String, String)]) {
    if !settings.is_empty() {
        let names: Vec<&str> = settings.iter().map(|(name, _)| name.as_str()).collect();
        let hash = XxHash3_128::oneshot(format!("{settings:?}").as_bytes());
        flags.insert(SESSION.into(), format!("settings of its sessions ({}; {:08x})", names.join(", "), hash as u32));
    }
}

fn flag(flags: &mut FlagValues, name: &str, is: bool) {
    if is {
        flags.insert(name.into(), String::new());
    }
}

fn list(flags: &mut FlagValues, name: &str, given: &[parse::TableList]) {
    let names: Vec<&str> = given.iter().flat_map(|t| t.0.iter().map(String::as_str)).collect();
    if !names.is_empty() {
        flags.insert(name.into(), names.join(","));
    }
}

fn rows(flags: &mut FlagValues, args: &args::RowsArgs) {
    row_counts(flags, &args.rows);
    args.seed.map(|seed| flags.insert("seed".into(), seed.to_string()));
    args.now.map(|now| flags.insert("now".into(), dbmocker_core::time::timestamp_text(now)));
    args.size.map(|size| flags.insert("size".into(), size.to_string()));
    args.edge_cases.map(|share| flags.insert("edge-cases".into(), share.to_string()));
    flag(flags, "shape", args.shape);
    flag(flags, "strict", args.strict);
    flag(flags, "skip-unsolved", args.skip_unsolved);
    flag(flags, "no-coherence", args.no_coherence);
    flag(flags, "valid-phones", args.values.valid_phones);
    args.values.locale.as_ref().map(|locale| flags.insert("locale".into(), format!("{:?}", locale.0)));
    args.scale.map(|scale| flags.insert("scale".into(), scale.to_string()));
    let files = [("config", &args.config), ("profile", &args.profile), ("dictionary", &args.values.dictionary)];
    for (name, path) in files {
        path.as_ref().map(|path| flags.insert(name.into(), file(path)));
    }
}

fn row_counts(flags: &mut FlagValues, given: &[RowCounts]) {
    if !given.is_empty() {
        flags.insert("rows".into(), given.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
    }
}

/// Identifies a file by a hash of its content, independent of its path.
fn file(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    format!("a file of {} bytes, {:032x}", bytes.len(), XxHash3_128::oneshot(&bytes))
}

fn tables(flags: &mut FlagValues, args: &args::TablesArgs) {
    list(flags, "tables", &args.tables);
    list(flags, "exclude-tables", &args.exclude_tables);
    list(flags, "schema", &args.schema);
}

fn indexes(flags: &mut FlagValues, args: &args::Indexes) {
    flag(flags, "keep-indexes", args.keep_indexes);
    if args.rebuild_from != FROM_ROWS {
        flags.insert("rebuild-from".into(), args.rebuild_from.to_string());
    }
}

fn processes(flags: &mut FlagValues, args: &args::Processes) {
    if args.processes != 1 {
        flags.insert("processes".into(), args.processes.to_string());
    }
    if args.rows_per_process != ROWS {
        flags.insert("rows-per-process".into(), args.rows_per_process.to_string());
    }
    args.part_rows.map(|rows| flags.insert("part-rows".into(), rows.to_string()));
}
