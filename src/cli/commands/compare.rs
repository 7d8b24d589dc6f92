//! `dbmocker compare`: how similar a copy is to its profile, or to another database.

use std::path::Path;
use std::time::Duration;

use crate::cli::args::{self, Compare};
use crate::cli::config;
use crate::cli::config::Source;
use crate::cli::printer::Printer;
use crate::compare::query_plans::{NoQueryPlan, Plans, QueryPlan, QueryVerdict, VERSION, explain};
use crate::compare::{Comparison, Other, compare};
use crate::error::{Exit, Failure, OrExit};
use crate::learn::labels::LabelOptions;
use crate::learn::scan;
use dbmocker_planner::select;
use dbmocker_profile::Profile;
use dbmocker_schema::statistics;
use dbmocker_schema::statistics::Statistics;

/// The time limit of a query of --scan.
const LIMIT: Duration = Duration::from_secs(60);

/// # Errors
/// A database or a file cannot be read.
pub fn run(args: &Compare, printer: &Printer) -> Result<Exit, Failure> {
    let profile = args.profile.as_deref().map(Profile::read).transpose().or_exit(Exit::Usage)?;
    let copy = config::open_catalogue(&args.database, printer)?;
    let here = figures(&copy, args, printer)?;
    let (mut found, other) = match (&profile, &args.with) {
        (Some(profile), _) => {
            let mut profile = profile.clone();
            let chosen = chosen(&copy, args)?;
            profile.tables.retain(|label, _| chosen.as_ref().is_none_or(|chosen| chosen.contains(label)));
            (compare(&copy.schema, &here, Other::Profile(&profile)), None)
        }
        (None, url) => {
            let database = args::DatabaseArgs { url: url.clone(), ..args::DatabaseArgs::default() };
            let mut other = config::open_catalogue(&database, printer)?;
            let (tables, _) = select(&other.schema, &args.tables.selection()).map_err(config::plan_failure)?;
            other.schema.tables.iter_mut().enumerate().for_each(|(i, t)| t.outside |= !tables.contains(&i));
            let there = figures(&other, args, printer)?;
            (compare(&copy.schema, &here, Other::Database(&other.schema, &there)), Some(other))
        }
    };
    if let Some(path) = &args.queries {
        found.queries = queries(path, other.as_ref(), &copy)?;
    }
    found.every_column = args.columns;
    if args.json {
        printer.json(&found)?;
    } else {
        printer.data(&found)?;
    }
    Ok(exit(&found, args.at_least))
}

/// Reads the statistics; with --scan, also counts what the server has no statistics for.
fn figures(source: &Source, args: &Compare, printer: &Printer) -> Result<Statistics, Failure> {
    let mut known = statistics::read(&source.connection, &source.schema).map_err(config::schema_failure)?;
    if args.scan {
        let label_options = LabelOptions::default();
        let left_out = scan::count(&source.connection, &source.schema, &mut known, &label_options, LIMIT);
        left_out.map_err(config::schema_failure)?.iter().for_each(|query| printer.warn(query));
    }
    Ok(known)
}

/// The labels of the requested tables; `None`: all.
fn chosen(copy: &Source, args: &Compare) -> Result<Option<Vec<String>>, Failure> {
    let selection = args.tables.selection();
    if selection.include.is_empty() && selection.exclude.is_empty() {
        return Ok(None);
    }
    let (tables, _) = select(&copy.schema, &selection).map_err(config::plan_failure)?;
    Ok(Some(tables.iter().map(|&t| copy.schema.label(&copy.schema.tables[t].name)).collect()))
}

fn exit(found: &Comparison, at_least: Option<f64>) -> Exit {
    if at_least.is_some_and(|limit| found.share() < limit) { Exit::VerificationFailed } else { Exit::Ok }
}

/// Pairs the other side's plans, from the file that `explain` wrote or from the other database, with the copy's.
fn queries(path: &Path, other: Option<&Source>, copy: &Source) -> Result<Vec<QueryVerdict>, Failure> {
    let there = match (saved(path)?, other) {
        (Some(plans), _) => plans.queries,
        (None, Some(other)) => {
            let queries = super::explain::read_queries(path)?;
            let found = explain(&other.connection, &queries).map_err(config::schema_failure)?;
            let plan = |(query, plan): (&String, Result<QueryPlan, NoQueryPlan>)| {
                plan.map_err(|why| Failure::new(Exit::Source, anyhow::anyhow!("no plan of `{query}`: {why}")))
            };
            queries.iter().zip(found).map(plan).collect::<Result<_, _>>()?
        }
        (None, None) => {
            return Err(Failure::usage(format!(
                "`{0}` has queries, and a profile has no plans of them; take them first: dbmocker explain --url PRODUCTION \
                 --queries {0} --out plans.json, then compare with --queries plans.json",
                path.display()
            )));
        }
    };
    let queries: Vec<String> = there.iter().map(|p| p.query.clone()).collect();
    let here = explain(&copy.connection, &queries).map_err(config::schema_failure)?;
    Ok(there.iter().zip(here).map(|(there, here)| QueryVerdict::new(there, here)).collect())
}

/// The plans of a file that `explain` wrote; `None` for a file of SQL.
fn saved(path: &Path) -> Result<Option<Plans>, Failure> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(None) };
    if !text.trim_start().starts_with('{') {
        return Ok(None);
    }
    let plans: Plans = serde_json::from_str(&text)
        .map_err(|e| Failure::usage(format!("`{}`: these are no plans of dbmocker explain: {e}", path.display())))?;
    if plans.dbmocker_plans != VERSION {
        let message = format!("`{}`: plans of another version; take them again with dbmocker explain", path.display());
        return Err(Failure::usage(message));
    }
    Ok(Some(plans))
}
