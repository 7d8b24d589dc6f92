//! `dbmocker high-performance`: the command of the Python tool of the same name, flag for flag, on this engine.

use std::fmt::Write;
use std::time::Instant;

use super::load_pipeline::Fill;
use super::{check_report, resume};
use crate::cli::args;
use crate::cli::args::HighPerformance;
use crate::cli::conda::Conda;
use crate::cli::config;
use crate::cli::config::{Planning, Source};
use crate::cli::guard;
use crate::cli::guard::ConfirmPolicy;
use crate::cli::host::{Adaptive, Machine};
use crate::cli::printer::Printer;
use crate::cli::request::Request;
use crate::cli::resources::Resources;
use crate::error::{Exit, Failure};
use dbmocker_core::humanize;
use dbmocker_core::schema::{Schema, left_alone};
use dbmocker_plan::{Duplicates, Plan};
use dbmocker_planner::chunking::PART_ROWS;
use dbmocker_planner::deferred_indexes::FROM_ROWS;
use dbmocker_planner::{ColumnOverride, LoaderPool};

const WORKERS: u16 = 8;
/// Rows of the largest table from which processes are used.
const PROCESSES_FROM: u64 = 100_000;
const PROBABILITY: f64 = 0.5;
const MAX_VALUES: u32 = 10;

/// # Errors
/// The database cannot be read, a name is not in it, there is no valid plan, or the server refuses rows.
pub fn run(args: &HighPerformance, printer: &Printer) -> Result<Exit, Failure> {
    let begun = Instant::now();
    check_report(args.closing.report.as_deref())?;
    let mut request = Request::new(&rows(args))?;
    let database = args.database.with_session(&request.session);
    let mut source = match args.dry_run {
        true => config::open(&database, printer),
        false => config::open_to_fill(&database, &args.turn, printer),
    }?;
    if !args.dry_run {
        guard::protected(&source, &request.protect)?;
    }
    source.declare(&request.overrides)?;
    repeat(&mut request, &args.duplicates, &source.schema)?;
    let truncate = args.truncate || request.generation.truncate_existing == Some(true);
    let machine = Machine::now();
    let sizes = RunSizes::new(args, &request, &machine);
    let planning = Planning {
        source: &source,
        tables: &args.tables,
        request: &request,
        truncate,
        memory: sizes.resources.limit,
        postpone_from: Some(FROM_ROWS),
        loaders: Some(sizes.loaders(args)),
        files: None,
        answers: Default::default(),
    };
    config::planning(&source, printer);
    let (plan, generator) = planning.plan(&[])?;
    let text = described(&plan, &sizes, &machine);
    if args.dry_run {
        printer.data(text)?;
        printer.note("dry run: nothing was written");
        return Ok(Exit::Ok);
    }
    printer.note(text);
    let fill = Fill {
        truncate,
        verify: !args.closing.no_verify,
        report: args.closing.report.as_deref(),
        asks: if args.safety.yes { ConfirmPolicy::Never } else { ConfirmPolicy::Elsewhere },
        keep_journal: args.safety.keeps_journal(),
        journal: (!args.safety.no_journal)
            .then(|| resume::high_performance_flags(args, &source.connection.session.settings)),
        ..Fill::new("high-performance", &source, sizes.resources, &args.staging, begun)
    };
    let (exit, plan) = fill.plan(&planning, plan, generator, printer)?;
    printer.note(batches(&plan));
    printer.note(constraints(&plan, &source));
    Ok(exit)
}

/// Rows of each table if neither flags nor the config file set a number.
const ROWS_OF_EACH: u64 = 1_000_000;

fn rows(args: &HighPerformance) -> args::RowsArgs {
    args::RowsArgs {
        rows: if args.rows.iter().any(|r| r.all.is_some()) {
            args.rows.clone()
        } else {
            args.rows.iter().cloned().chain([ROWS_OF_EACH.into()]).collect()
        },
        size: None,
        shape: false,
        seed: args.seed,
        now: args.now,
        strict: false,
        skip_unsolved: args.skip_unsolved,
        no_coherence: args.no_coherence,
        edge_cases: None,
        config: args.config.clone(),
        profile: None,
        scale: None,
        values: args.values.clone(),
    }
}

/// Adds the flags for repeated values to the config file's settings.
fn repeat(request: &mut Request, typed: &args::DuplicatesArgs, schema: &Schema) -> Result<(), Failure> {
    if typed.smart_duplicates.is_empty() {
        let given = [
            (typed.duplicate_probability.is_some(), "--duplicate-probability"),
            (
                typed.max_duplicate_values.is_some() && typed.global_duplicate_probability.is_none(),
                "--max-duplicate-values",
            ),
        ];
        if let Some((_, flag)) = given.iter().find(|(given, _)| *given) {
            return Err(Failure::usage(format!(
                "{flag} is for --smart-duplicates table.column; add that, or leave it out"
            )));
        }
    }
    let smart = |p: Option<f64>| Duplicates::SmartDuplicates {
        probability: p.unwrap_or(PROBABILITY),
        max_values: typed.max_duplicate_values.unwrap_or(MAX_VALUES),
    };
    let allow = Duplicates::AllowDuplicates { value: None };
    let lists = [
        (&typed.enable_duplicates, "--enable-duplicates", allow.clone()),
        (&typed.smart_duplicates, "--smart-duplicates", smart(typed.duplicate_probability)),
    ];
    for (names, flag, mode) in lists {
        for name in names.iter().map(|n| n.trim()).filter(|n| !n.is_empty()) {
            let found = request.overrides.column_of(schema, name, flag);
            let override_: &mut ColumnOverride = found.map_err(|e| {
                config::plan_failure(dbmocker_planner::PlanError::At { origin: flag.into(), error: Box::new(e) })
            })?;
            if override_.origin == "--enable-duplicates"
                && flag == "--smart-duplicates"
                && override_.duplicates.is_some()
            {
                return Err(Failure::usage(format!(
                    "`{name}` is in --enable-duplicates and in --smart-duplicates; keep one of them"
                )));
            }
            override_.origin = flag.into();
            // A value in the file applies only to the mode in the file.
            if !matches!(
                (&override_.duplicates, &mode),
                (Some(Duplicates::AllowDuplicates { .. }), Duplicates::AllowDuplicates { .. })
            ) {
                override_.duplicates = Some(mode.clone());
            }
        }
    }
    if typed.allow_duplicates_global {
        let few = typed.global_duplicate_probability.map(|p| smart(Some(p)));
        request.overrides.duplicates = Some(few.unwrap_or(allow));
    }
    Ok(())
}

/// The sizes of the run: flags override the config file, which overrides the adaptive rules.
struct RunSizes {
    resources: Resources,
    adaptive: Adaptive,
    batch_rows: u64,
    batch_given: bool,
    max_processes: usize,
}

impl RunSizes {
    fn new(args: &HighPerformance, request: &Request, machine: &Machine) -> Self {
        let adaptive = machine.adaptive();
        let workers = usize::from(args.max_workers.or(request.generation.max_workers).unwrap_or(WORKERS));
        let limit = machine.memory.as_ref().map_or(u64::MAX, |m| m.default_limit());
        let given = args.batch_size.or(request.generation.batch_size);
        let batch_rows = given.unwrap_or(adaptive.batch_rows);
        let resources = Resources { batch_rows: Some(batch_rows), ..Resources::of(workers, limit) };
        let processes = args.max_processes.map_or(4, usize::from);
        RunSizes {
            resources,
            max_processes: if args.max_processes.is_some() { processes } else { processes.min(adaptive.processes) },
            adaptive,
            batch_rows,
            batch_given: given.is_some(),
        }
    }
}

impl RunSizes {
    /// Threads for smaller tables, processes for larger ones.
    fn loaders(&self, args: &HighPerformance) -> LoaderPool {
        let (processes, because) = match args.max_processes {
            _ if args.staging.is_asked() => (1, "rows that wait on disk are made by this process".to_owned()),
            Some(request) => (self.max_processes, format!("--max-processes {request}")),
            None => (self.max_processes, self.adaptive.because.clone()),
        };
        LoaderPool {
            processes,
            connections: if args.staging.is_asked() { 1 } else { self.resources.streams },
            shared: None,
            nearby: false,
            rows: args.rows_per_process,
            part_rows: (!args.staging.is_asked()).then_some(PART_ROWS),
            parts_asked: false,
            from: PROCESSES_FROM.min(args.rows_per_process.saturating_add(1)),
            asked: args.max_processes.is_some(),
            because,
        }
    }
}

/// The plan as the original prints it.
fn described(plan: &Plan, sizes: &RunSizes, machine: &Machine) -> String {
    let RunSizes { resources, adaptive, batch_rows, .. } = sizes;
    let mut out = String::new();
    let mut line = |text: String| {
        writeln!(out, "{text}").expect("writing to memory is infallible");
    };
    line("High-Performance Generation Plan".into());
    line(format!("Tables to process: {}", plan.tables.len()));
    line(format!("High-performance run: {}, seed {}", humanize::plural(plan.tables.len() as u64, "table"), plan.seed));
    for table in &plan.tables {
        let limited =
            table.limited_by.as_ref().map(|why| format!(" (of {} asked: {why})", humanize::count(table.requested)));
        line(format!("  {}: {} rows{}", table.label, humanize::count(table.rows), limited.unwrap_or_default()));
    }
    line(format!("Total rows: {}", humanize::count(plan.rows())));
    let why = if sizes.batch_given { "as asked".into() } else { format!("by {}", adaptive.because) };
    line(format!("Batch size: {} rows ({why})", humanize::count(*batch_rows)));
    let more = if resources.workers > machine.cores { ", more than there are" } else { "" };
    line(format!("Workers: {} threads ({}{more})", resources.workers, humanize::plural(machine.cores as u64, "core")));
    let loaders = plan.loaders.clone().unwrap_or_default();
    line(format!("Processes: {} of at most {} ({})", loaders.processes, sizes.max_processes, loaders.reason));
    line(format!("Multiprocessing: {}", if loaders.processes > 1 { "on" } else { "off" }));
    for table in &plan.tables {
        let cut = table.chunks.iter().filter(|_| loaders.processes > 1);
        cut.for_each(|cut| line(format!("  {}: {}", table.label, cut.describe(table))));
    }
    line(format!("Memory: at most {} for rows in flight", humanize::bytes(resources.limit)));
    let repeated = repeated(plan);
    line(format!("Duplicate columns: {}", if repeated.is_empty() { "none" } else { "" }).trim_end().into());
    repeated.into_iter().for_each(|r| line(format!("  {r}")));
    for table in &plan.tables {
        table.fallbacks.iter().for_each(|f| line(format!("  {f}")));
    }
    for left in left_alone(plan.left_out.iter().map(|l| (l.name.to_string(), &*l.reason))) {
        line(format!("Left out: {left}"));
    }
    line(Conda::here().line());
    out
}

/// `orders: priority (allow_duplicates)`, one line per column.
fn repeated(plan: &Plan) -> Vec<String> {
    let of = |t: &dbmocker_plan::TablePlan| -> Vec<String> {
        let modes = t.columns.iter().filter_map(|c| Some((c, c.duplicates.as_ref()?)));
        modes.map(|(c, mode)| format!("{}: {} ({mode})", t.label, c.name)).collect()
    };
    plan.tables.iter().flat_map(of).collect()
}

/// The tables that were filled concurrently, in order.
fn batches(plan: &Plan) -> String {
    let last = plan.tables.iter().map(|t| t.level).max().unwrap_or(0);
    let line = |level: usize| {
        let names: Vec<&str> = plan.tables.iter().filter(|t| t.level == level).map(|t| t.label.as_str()).collect();
        format!("\n  {}. {}", level + 1, names.join(", "))
    };
    let all = last + 1;
    let said = format!("Dependency-aware processing: {all} batches processed in order");
    format!("{said}\nDependency batches: {all}{}", (0..=last).map(line).collect::<String>())
}

/// The constraints of the filled tables, and the duplicates that they prevented.
fn constraints(plan: &Plan, source: &Source) -> String {
    let tables: Vec<_> = plan.tables.iter().filter_map(|t| source.schema.table(&t.name)).collect();
    let keys = || tables.iter().flat_map(|t| &t.keys);
    let count = |n: usize, what: &str| humanize::plural(n as u64, what);
    let mut out = format!(
        "Constraints: {}, {}, {}, {}, {}",
        count(keys().filter(|k| k.primary).count(), "primary key"),
        count(keys().filter(|k| !k.primary && k.parts.len() == 1).count(), "unique column"),
        count(keys().filter(|k| !k.primary && k.parts.len() > 1).count(), "composite unique key"),
        count(tables.iter().map(|t| t.foreign_keys.len()).sum(), "foreign key"),
        count(tables.iter().map(|t| t.checks.len()).sum(), "CHECK"),
    );
    let columns = |want: &dyn Fn(&dbmocker_core::schema::Column) -> bool| {
        tables.iter().flat_map(|t| &t.columns).filter(|c| want(c)).count()
    };
    out += &format!(
        ", {}, {}",
        count(columns(&|c| !c.nullable), "NOT NULL column"),
        count(columns(&|c| c.auto.is_some()), "auto-increment column")
    );
    for table in &plan.tables {
        table.fallbacks.iter().for_each(|f| out += &format!("\n  {f}"));
        if let Some(why) = &table.limited_by {
            out += &format!("\n  {}: {} of {} rows: {why}", table.label, table.rows, table.requested);
        }
    }
    out
}
