//! `dbmocker plan`: prints the plan of a load, with reasons.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::args;
use crate::cli::args::PlanArgs;
use crate::cli::config;
use crate::cli::config::{Planning, Source};
use crate::cli::effects;
use crate::cli::guard;
use crate::cli::planned::Planned;
use crate::cli::printer::Printer;
use crate::cli::request::Request;
use crate::cli::resources;
use crate::cli::resources::Resources;
use crate::error::{Exit, Failure, OrExit};
use crate::forecast;
use crate::forecast::{Forecast, LoadSetup};
use crate::pages;
use crate::pages::PageFormat;
use crate::pages::plan::Origin;
use dbmocker_core::json_file;
use dbmocker_core::json_file::STDOUT;
use dbmocker_plan::Detail;

/// What `--json` prints.
#[derive(Serialize)]
struct PlanOutput {
    #[serde(flatten)]
    plan: dbmocker_plan::Plan,
    forecast: Forecast,
}

/// # Errors
/// The database cannot be read, or there is no valid plan.
pub fn run(args: &PlanArgs, printer: &Printer) -> Result<Exit, Failure> {
    let on_stdout = |path: &&PathBuf| path.as_os_str() == STDOUT;
    let files_on_stdout = args.save.iter().chain(&args.html).filter(on_stdout).count();
    if files_on_stdout + usize::from(args.json) > 1 {
        return Err(Failure::usage("stdout takes one of `--save -`, `--html -` and `--json`; give the others a file"));
    }
    if let Some(path) = &args.html {
        json_file::can_write(path).map_err(|e| no_page(path, e))?;
    }
    let request = Request::new(&args.rows)?;
    let source = config::open_schema(&args.database.with_session(&request.session), &args.ddl, printer)?;
    let truncate = args.truncate || request.generation.truncate_existing == Some(true);
    let postpone_from = args.indexes.postpone_from();
    let planning = Planning {
        source: &source,
        tables: &args.tables,
        request: &request,
        truncate,
        memory: resources::default_memory(),
        postpone_from,
        loaders: None,
        files: None,
        answers: Default::default(),
    };
    config::planning(&source, printer);
    let (plan, generator) = planning.plan(&[])?;
    let resources = Resources::new(&args::ResourceArgs { workers: None, memory_limit: None }, &request.generation);
    let machine = LoadSetup {
        workers: resources.workers,
        connections: resources.streams,
        local: !guard::elsewhere(&source.connection),
        truncate,
    };
    let logging = forecast::logging(&source.connection).map_err(config::schema_failure)?;
    let forecast = forecast::forecast(&plan, &generator, &source.schema, machine, &logging).or_exit(Exit::Source)?;
    let planned = Planned { plan, generator, server: source.schema.server.clone() };
    args.save.as_deref().map_or(Ok(()), |path| planned.save(path))?;
    if let Some(path) = &args.html {
        write_page(path, &planned, &forecast, &source.origin())?;
    }
    if files_on_stdout > 0 {
        return Ok(Exit::Ok);
    }
    let one = args.table.as_ref().map(|name| planned.table(name)).transpose()?;
    let plan = planned.plan;
    if args.json {
        printer.json(&PlanOutput { plan: plan.outline(), forecast })?;
    } else {
        printer.data(match one {
            Some(table) => plan.describe_table(table),
            None if args.summary => plan.summary() + &forecast.summary(),
            None => plan.describe(Detail::Columns) + &forecast.to_string(),
        })?;
        request.notes().for_each(|text| printer.note(text));
        if one.is_none() {
            told_rules(args, &request, &source, &plan, printer)?;
        }
    }
    Ok(Exit::Ok)
}

/// Prints what each rule of the config file did, and warns of those that changed nothing.
fn told_rules(
    args: &PlanArgs,
    request: &Request,
    source: &Source,
    plan: &dbmocker_plan::Plan,
    printer: &Printer,
) -> Result<(), Failure> {
    if args.rows.config.is_none() || !effects::has_columns(&request.overrides) {
        return Ok(());
    }
    let bare = Request { overrides: effects::without_columns(&request.overrides), ..request.clone() };
    let truncate = args.truncate || request.generation.truncate_existing == Some(true);
    let without = config::plan(source, &args.tables, &bare, truncate, resources::default_memory());
    let without = without.ok().map(|(plan, _)| plan);
    let (idle, output): (Vec<_>, Vec<_>) = effects::effects(&source.schema, &request.overrides, plan, without.as_ref())
        .into_iter()
        .partition(|effect| effect.idle);
    let lines: String = output.iter().map(|effect| format!("    {}\n", effect.text)).collect();
    if !lines.is_empty() {
        printer.data(format_args!("rules of the config file:\n{lines}"))?;
    }
    idle.iter().for_each(|effect| printer.warn(format_args!("rule of {}", effect.text)));
    Ok(())
}

/// Writes the plan's page: HTML, or Markdown or JSON if the file's name ends so.
fn write_page(path: &Path, planned: &Planned, forecast: &Forecast, target: &str) -> Result<(), Failure> {
    let Planned { plan, generator, server } = planned;
    let origin = Origin { target, server };
    match PageFormat::of(path) {
        Some(PageFormat::Json) => {
            let output = PlanOutput { plan: plan.clone().outline(), forecast: forecast.clone() };
            json_file::write_json(path, &output).map_err(|e| no_page(path, e))
        }
        Some(PageFormat::Markdown) => {
            pages::write(path, &pages::plan::text(plan, forecast, origin)).or_exit(Exit::Target)
        }
        Some(PageFormat::Html) | None => {
            let html = pages::plan::html(plan, generator, forecast, origin).or_exit(Exit::Source)?;
            pages::write(path, &html).or_exit(Exit::Target)
        }
    }
}

fn no_page(path: &Path, error: std::io::Error) -> Failure {
    let context = format!("cannot write the page `{}`; choose another --html", path.display());
    Failure::new(Exit::Target, anyhow::Error::new(error).context(context))
}
