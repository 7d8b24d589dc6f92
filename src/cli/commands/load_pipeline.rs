//! The steps of every command that fills a database: trial, load, report, verification.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::resume::FlagValues;
use super::{check_report, close, no_manifest, verify, write_report};
use crate::cli::config;
use crate::cli::config::{Planning, Source};
use crate::cli::guard;
use crate::cli::guard::ConfirmPolicy;
use crate::cli::printer::Printer;
use crate::cli::progress::Bar;
use crate::cli::resources::Resources;
use crate::cli::{args, interrupt};
use crate::error::{Exit, Failure};
use crate::report::{LeftOut, Progress, Recorder, Report};
use crate::run;
use crate::run::{
    AcceptedTrial, DisabledTriggers, Flow, LoadOptions, Pace, Refusal, Resumed, RunEntry, RunError, RunRecord,
    TableJob, TableShare, WorkerConfig,
};
use dbmocker_core::humanize;
use dbmocker_core::json_file::STDOUT;
use dbmocker_core::schema::{Dialect, Schema, Table, TableName};
use dbmocker_core::time::timestamp_text;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{Detail, Plan};
use dbmocker_planner::TableProblem;
use dbmocker_schema::{LEFT_OUT, calls_functions};

/// One run.
pub struct Fill<'a> {
    pub command: &'static str,
    pub source: &'a Source,
    pub resources: Resources,
    pub staging: &'a args::StagingArgs,
    pub truncate: bool,
    pub append: bool,
    /// Try some rows on the server before anything is written.
    pub preflight: bool,
    /// Triggers that prevent a load may be disabled while their tables are loaded.
    pub disable_triggers: bool,
    pub verify: bool,
    pub report: Option<&'a Path>,
    /// The path of the manifest from which the rows can be regenerated.
    pub manifest: Option<&'a Path>,
    /// How fast rows are sent.
    pub pace: args::PaceArgs,
    /// When to ask before tables that hold other rows are emptied or added to.
    pub asks: ConfirmPolicy,
    /// The flags to record in the database's journal; `None`: no journal is written.
    pub journal: Option<FlagValues>,
    /// The journal is kept after the run has completed.
    pub keep_journal: bool,
    /// The run that is resumed.
    pub resumed: Option<Resumed>,
    pub begun: Instant,
}

impl<'a> Fill<'a> {
    /// The default run: with a trial, with triggers disabled if necessary, and verified.
    pub fn new(
        command: &'static str,
        source: &'a Source,
        resources: Resources,
        staging: &'a args::StagingArgs,
        begun: Instant,
    ) -> Self {
        Fill {
            command,
            source,
            resources,
            staging,
            truncate: false,
            append: false,
            preflight: true,
            disable_triggers: true,
            verify: true,
            report: None,
            manifest: None,
            pace: args::PaceArgs::default(),
            asks: ConfirmPolicy::Always,
            journal: None,
            keep_journal: false,
            resumed: None,
            begun,
        }
    }
}

impl Fill<'_> {
    /// Fills the tables of a plan, and returns the plan that was used: that of `planning`, without skipped tables whose
    /// rows the server refuses.
    ///
    /// # Errors
    /// The server refuses rows, in the trial or in the load, or cannot be written to.
    pub fn plan(
        &self,
        planning: &Planning<'_>,
        plan: Plan,
        generator: Arc<Generator>,
        printer: &Printer,
    ) -> Result<(Exit, Plan), Failure> {
        check_report(self.report)?;
        warn_search_path(&self.source.schema, printer);
        let (plan, generator, AcceptedTrial { disabled_triggers, untried }) =
            self.tried(planning, plan, generator, printer)?;
        for s in &disabled_triggers {
            printer.warn(s);
        }
        let no_trial =
            |r: &Refusal| format!("`{}`: no row was tried: the server makes no copy of it: {}", r.table, r.message);
        let untold: Vec<String> = untried.iter().map(no_trial).collect();
        untold.iter().for_each(|u| printer.warn(u));
        let unsolved = plan.unsolved();
        let untried = plan.tables.iter().filter(|t| !self.preflight || untried.iter().any(|r| r.table == t.name));
        if let Some(first) = untried.flat_map(dbmocker_plan::TablePlan::unsolved).next() {
            return Err(Failure::new(
                Exit::Source,
                anyhow::anyhow!(
                    "{first}; without a trial it is unknown whether rows satisfy it; leave such tables out by --skip-unsolved"
                ),
            ));
        }
        let accepted = |u| format!("{u}; the server accepted the rows that it was asked about");
        let notes = unsolved.into_iter().map(accepted).chain(untold).collect();
        let skip = Some(planning.request.skip_unsolved);
        let exit = self.planned((&plan, &generator), &disabled_triggers, skip, notes, printer)?;
        Ok((exit, plan))
    }

    /// Fills the tables of a plan whose rows have passed the trial. `skip`: whether tables that the server refuses are
    /// left out; `None` for commands without that flag.
    ///
    /// # Errors
    /// The server refuses rows, or cannot be written to.
    pub fn planned(
        &self,
        (plan, generator): (&Plan, &Arc<Generator>),
        disabled_triggers: &[DisabledTriggers],
        skip: Option<bool>,
        notes: Vec<String>,
        printer: &Printer,
    ) -> Result<Exit, Failure> {
        let schema = &self.source.schema;
        let report = Report {
            seed: plan.seed,
            now: timestamp_text(plan.now),
            left_out: plan.left_out.iter().map(LeftOut::from).collect(),
            notes: notes.into_iter().chain(disabled_triggers.iter().map(ToString::to_string)).collect(),
            ..Report::default()
        };
        let processes = plan.loaders.as_ref().map_or(1, |h| h.processes);
        // Every process has a copy of the plan.
        let copies = if processes > 1 { processes as u64 + 1 } else { 1 };
        let resources = self.resources.beside(plan.held(), copies)?;
        let worker_config =
            (processes > 1).then(|| WorkerConfig::new(processes, self.share(&resources, processes), plan, schema));
        let jobs = self.jobs(plan, generator, disabled_triggers, printer);
        let kept = || (plan.to_json(), serde_json::to_string(schema).expect("numbers and texts always fit JSON"));
        let record = self.record(&report, disabled_triggers, kept);
        let (exit, left_out) = self.load(jobs, &resources, worker_config, skip, (report, record), printer)?;
        if let Some(path) = self.manifest {
            let mut manifest = run::manifest_of(plan, generator);
            manifest.tables.retain(|t| !left_out.contains(&TableName::new(&t.schema, &t.name).to_string()));
            manifest.write_file(path).map_err(|e| no_manifest(path, e))?;
        }
        Ok(exit)
    }

    /// The run's record for the journal, if one is kept.
    fn record(
        &self,
        report: &Report,
        disabled_triggers: &[DisabledTriggers],
        kept: impl FnOnce() -> (String, String),
    ) -> Option<RunRecord> {
        let entry = self.entry(report, disabled_triggers)?;
        Some(RunRecord { entry, kept: Some(kept()) })
    }

    fn entry(&self, report: &Report, disabled_triggers: &[DisabledTriggers]) -> Option<RunEntry> {
        let options = self.journal.clone().filter(|_| self.resumed.is_none())?;
        let lock = self.source.lock.as_ref()?;
        Some(RunEntry {
            program: env!("CARGO_PKG_VERSION").into(),
            started: run::clock(),
            by: lock.who().line(),
            command: self.command.into(),
            seed: report.seed,
            now: report.now.clone(),
            truncate: self.truncate,
            disable_triggers: self.disable_triggers,
            triggers_disabled: disabled_triggers.iter().map(|s| (s.table.clone(), s.why.clone())).collect(),
            options,
            ..RunEntry::default()
        })
    }

    /// Fills tables with rows of files.
    ///
    /// # Errors
    /// The server refuses rows or cannot be written to.
    pub fn files(&self, jobs: Vec<TableJob>, report: Report, printer: &Printer) -> Result<Exit, Failure> {
        let record = self.entry(&report, &[]).map(|entry| RunRecord { entry, kept: None });
        Ok(self.load(jobs, &self.resources, None, None, (report, record), printer)?.0)
    }
}

impl Fill<'_> {
    /// The jobs of the plan, with the triggers that are disabled, or may be.
    fn jobs(
        &self,
        plan: &Plan,
        generator: &Arc<Generator>,
        disabled_triggers: &[DisabledTriggers],
        printer: &Printer,
    ) -> Vec<TableJob> {
        let schema = &self.source.schema;
        let mut jobs = run::jobs_from_plan(schema, plan, generator);
        run::disable_triggers(&mut jobs, disabled_triggers);
        let whole = jobs.iter().all(|job| job.rows <= run::TRIED_WHOLE);
        if self.disable_triggers {
            let tables = run::skip_refused_triggers(schema, &mut jobs);
            let names: Vec<String> = tables.iter().map(|t| format!("`{t}`")).collect();
            if self.preflight && !whole && !names.is_empty() {
                printer.note(format_args!(
                    "triggers of {} may refuse rows; only the first ones were tried. If they do, they are off while their table is loaded",
                    names.join(", ")
                ));
            }
        }
        jobs
    }

    /// The plan whose rows the server accepts in the trial, and the triggers that must be disabled for that.
    fn tried(
        &self,
        planning: &Planning<'_>,
        mut plan: Plan,
        mut generator: Arc<Generator>,
        printer: &Printer,
    ) -> Result<(Plan, Arc<Generator>, AcceptedTrial), Failure> {
        let Source { connection, schema, .. } = self.source;
        let mut refused: Vec<TableProblem> = Vec::new();
        if !self.preflight {
            return Ok((plan, generator, AcceptedTrial::default()));
        }
        loop {
            let all = plan.tables.len();
            let told = |table: usize| printer.phase_step(format_args!("trial {table}/{all}"));
            let (off, stop) = (self.disable_triggers, interrupt::stop());
            let refusals = match run::preflight(connection, schema, &plan, &generator, off, stop, &told) {
                Ok(tried) => return Ok((plan, generator, tried)),
                Err(RunError::Refused { refusals }) if planning.request.skip_unsolved => refusals,
                Err(e) => return Err(config::run_failure(e)),
            };
            for Refusal { table, message } in refusals {
                let problem = TableProblem { table, message: format!("the server refuses its rows: {message}") };
                printer.warn(format_args!("left out: {}: {}", problem.table, problem.message));
                refused.push(problem);
            }
            (plan, generator) = planning.plan(&refused)?;
            printer.note(plan.describe(Detail::Tables));
        }
    }

    /// A worker process's share of the resources and of the rate.
    fn share(&self, resources: &Resources, processes: usize) -> TableShare {
        let share = resources.share(processes);
        let Some(rate) = self.pace.max_rate.map(|rate| (rate / processes as u64).max(1)) else { return share };
        TableShare { rate: NonZero::new(rate), batch_rows: Some(smaller(share.batch_rows, rate)), ..share }
    }

    /// Applies the requested rate to the flow, with batches that take a fraction of a second.
    fn paced(&self, flow: Flow, workers: Option<&WorkerConfig>) -> Result<Flow, Failure> {
        if self.pace.pause_when.is_some() && (workers.is_some() || self.source.schema.dialect == Dialect::Sqlite) {
            return Err(Failure::usage(
                "--pause-when is for loads into a server, by one process; leave it out, or load with --processes 1",
            ));
        }
        let Some(rate) = self.pace.max_rate else { return Ok(flow) };
        let batch_rows = Some(smaller(flow.batch_rows, rate));
        Ok(Flow { pace: Arc::new(Pace::new(NonZero::new(rate))), batch_rows, ..flow })
    }

    /// Loads jobs within `resources`, by worker processes if there is a `worker_config`, and closes with the report.
    /// Returns the tables that were left out, if `skip` allows that.
    ///
    /// # Errors
    /// The server refuses rows or cannot be written to.
    fn load(
        &self,
        jobs: Vec<TableJob>,
        resources: &Resources,
        worker_config: Option<WorkerConfig>,
        skip: Option<bool>,
        (report, journal): (Report, Option<RunRecord>),
        printer: &Printer,
    ) -> Result<(Exit, Vec<String>), Failure> {
        let Source { connection, schema, lock, .. } = self.source;
        if self.resumed.is_none() {
            let tables: Vec<_> = jobs.iter().filter(|job| self.truncate || job.rows > 0).map(|job| &job.name).collect();
            guard::ask(self.source, &tables, self.truncate, self.asks, printer)?;
        }
        printer.phase_over();
        let lock = lock.as_ref().expect("a source that is opened to be filled has a lock");
        let flow = self.paced(resources.flow()?, worker_config.as_ref())?;
        let staging = resources.staging(self.staging, &flow)?;
        let options = LoadOptions {
            connections: resources.connections.unwrap_or(resources.streams),
            measures_connections: resources.measures_connections,
            truncate: self.truncate,
            append: self.append,
            started: run::clock(),
            staging,
            page_cache: resources.limit / 4,
            worker_config,
            skip_refused: skip,
            journal,
            keep_journal: self.keep_journal,
            pause_when: self.pace.pause_when.clone(),
            resumed: self.resumed.clone(),
        };
        let processes = options.worker_config.as_ref().map_or(1, |c| c.processes);
        let progress = Arc::new(Progress::new(jobs.iter().map(|j| (schema.label(&j.name), j.rows))));
        let bar = Bar::start(progress.clone(), printer);
        let recorder = self.report.map(|_| {
            let store = options.staging.store.clone();
            Recorder::start(progress.clone(), move || store.as_ref().map_or(0, |s| s.used()))
        });
        let loaded = run::load(connection, schema, jobs, lock, &options, &flow, &progress);
        let samples = recorder.map_or_else(Vec::new, Recorder::end);
        drop(bar);
        let loaded = loaded.map_err(config::run_failure)?;
        for left in &loaded.left_out {
            printer.warn(format_args!("left out: {}: {}", left.name, left.reason));
        }
        let left_out = loaded.left_out.iter().map(|l| l.name.clone()).collect();
        let report = Report {
            command: self.command.into(),
            target: connection.to_string(),
            server: schema.server.clone(),
            workers: self.resources.workers,
            processes,
            memory_limit: self.resources.limit,
            tables: loaded.tables,
            waits: loaded.waits,
            samples,
            tasks: loaded.tasks,
            workers_peak_memory: loaded.worker_peaks.iter().sum(),
            worker_peak_memory: loaded.worker_peaks.iter().max().copied().unwrap_or(0),
            spilled: loaded.spilled.0,
            spilled_at_once: loaded.spilled.1,
            notes: report.notes.iter().cloned().chain(loaded.notes).collect(),
            left_out: report.left_out.iter().cloned().chain(loaded.left_out).collect(),
            ..report
        };
        // On stdout a report is written once, with the verification.
        let on_stdout = self.report.is_some_and(|path| path.as_os_str() == STDOUT);
        let file = self.report.filter(|_| !(self.verify && on_stdout));
        let report = close(report, self.begun, file, printer)?;
        if self.command == "high-performance" {
            let stored: u64 = report.tables.iter().map(|t| t.rows).sum();
            let seconds = self.begun.elapsed().as_secs_f64();
            printer.note(format_args!("Generation completed: {} rows in {seconds:.2} s", humanize::count(stored)));
        }
        let exit = if self.verify { self.verified(report, printer)? } else { Exit::Ok };
        Ok((exit, left_out))
    }
}

impl Fill<'_> {
    /// Verifies the loaded tables, and writes the report again with the result.
    fn verified(&self, report: Report, printer: &Printer) -> Result<Exit, Failure> {
        let (exit, found) = verify::after_load(self.source, &report.tables, printer)?;
        write_report(&Report { verification: Some(found), ..report }, self.report)?;
        Ok(exit)
    }
}

fn smaller(batch_rows: Option<u64>, rate: u64) -> u64 {
    (rate / 4).clamp(1, batch_rows.unwrap_or(u64::MAX).max(1))
}

/// Warns of names that the database's functions will not find, if loading rows may call any function.
pub fn warn_search_path(schema: &Schema, printer: &Printer) {
    let calls = |t: &Table| !t.triggers.is_empty() || t.checks.iter().any(|c| calls_functions(&c.text));
    if let Some(notes) = schema.settings.get(LEFT_OUT).filter(|n| !n.is_empty())
        && schema.tables.iter().any(calls)
    {
        notes.lines().for_each(|note| printer.warn(note));
    }
}
