//! `dbmocker generate`: fills the database by a config file.

use std::time::Instant;

use super::load_pipeline::Fill;
use super::{check_manifest, check_report, resume};
use crate::cli::args::Generate;
use crate::cli::config;
use crate::cli::config::Planning;
use crate::cli::connections::Connections;
use crate::cli::guard;
use crate::cli::guard::ConfirmPolicy;
use crate::cli::printer::Printer;
use crate::cli::request::Request;
use crate::cli::resources::Resources;
use crate::error::{Exit, Failure};
use dbmocker_plan::Detail;

/// # Errors
/// The database or the config file cannot be read, there is no valid plan, or the server refuses rows.
pub fn run(args: &Generate, printer: &Printer) -> Result<Exit, Failure> {
    let begun = Instant::now();
    check_report(args.closing.report.as_deref())?;
    check_manifest(args.manifest.as_deref())?;
    let mut request = Request::new(&args.rows)?;
    let database = args.database.with_session(&request.session);
    let mut source = match args.dry_run {
        true => config::open(&database, printer),
        false => config::open_to_fill(&database, &args.turn, printer),
    }?;
    if !args.dry_run {
        guard::protected(&source, &request.protect)?;
    }
    source.declare(&request.overrides)?;
    for name in args.use_existing_tables.iter().flat_map(|t| &t.0) {
        let override_ = request.overrides.table_of(&source.schema, name, "--use-existing-tables");
        override_.map_err(config::plan_failure)?.use_existing = Some(true);
    }
    let truncate = args.truncate || request.generation.truncate_existing == Some(true);
    let resources = Resources::new(&args.resources, &request.generation);
    // Prefetched and staged rows are for one connection per table, so tables are not loaded in parts.
    let staged = args.staging.is_asked();
    let connections = Connections::choose(&args.processes, staged, resources.streams, &source.connection);
    let connections = connections.map_err(config::run_failure)?;
    let resources = connections.apply(resources, printer);
    let planning = Planning {
        source: &source,
        tables: &args.tables,
        request: &request,
        truncate,
        memory: resources.limit,
        postpone_from: args.indexes.postpone_from(),
        loaders: Some(args.processes.loaders(&connections, staged)),
        files: None,
        answers: Default::default(),
    };
    config::planning(&source, printer);
    let (plan, generator) = planning.plan(&[])?;
    request.notes.iter().for_each(|text| printer.note(text));
    if args.dry_run {
        printer.data(plan.describe(Detail::Columns))?;
        printer.note("dry run: nothing was written");
        return Ok(Exit::Ok);
    }
    printer.note(plan.describe(Detail::Tables));
    let fill = Fill {
        truncate,
        verify: !args.closing.no_verify,
        report: args.closing.report.as_deref(),
        manifest: args.manifest.as_deref(),
        pace: args.pace.clone(),
        asks: if args.safety.yes { ConfirmPolicy::Never } else { ConfirmPolicy::Elsewhere },
        keep_journal: args.safety.keeps_journal(),
        journal: (!args.safety.no_journal).then(|| resume::generate_flags(args, &source.connection.session.settings)),
        ..Fill::new("generate", &source, resources, &args.staging, begun)
    };
    Ok(fill.plan(&planning, plan, generator, printer)?.0)
}
