//! `dbmocker plan`: prints the plan of a load, with reasons.

use crate::cli::args::Plan;
use crate::cli::config;
use crate::cli::config::Planning;
use crate::cli::planned::Planned;
use crate::cli::printer::Printer;
use crate::cli::request::Request;
use crate::error::{Exit, Failure};
use dbmocker_plan::Detail;

/// # Errors
/// The database cannot be read, or there is no valid plan.
pub fn run(args: &Plan, printer: &Printer) -> Result<Exit, Failure> {
    let request = Request::new(&args.rows)?;
    let source = config::open(&args.database, printer)?;
    let truncate = args.truncate || request.generation.truncate_existing;
    let postpone_from = args.indexes.postpone_from();
    let planning = Planning {
        source: &source,
        tables: &args.tables,
        request: &request,
        truncate,
        memory: config::default_memory(),
        postpone_from,
        hands: None,
    };
    let (plan, generator) = planning.plan(&[])?;
    let planned = Planned { plan, generator, server: source.schema.server.clone() };
    args.save.as_deref().map_or(Ok(()), |path| planned.save(path))?;
    let plan = planned.plan;
    if args.json {
        printer.json(&plan.outline())?;
    } else {
        printer.data(plan.describe(Detail::Columns))?;
        request.notes().for_each(|text| printer.note(text));
    }
    Ok(Exit::Ok)
}
