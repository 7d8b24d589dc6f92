//! `dbmocker explain`: the plans of queries, taken without running them, as a file.

use std::path::Path;

use crate::cli::args::Explain;
use crate::cli::config;
use crate::cli::printer::Printer;
use crate::compare::query_plans::{Plans, VERSION, explain, statements};
use crate::error::{Exit, Failure, OrExit};
use dbmocker_core::json_file::write_json;

/// # Errors
/// The queries cannot be read, one of them cannot be planned, or the file cannot be written.
pub fn run(args: &Explain, printer: &Printer) -> Result<Exit, Failure> {
    super::check_out(&args.out, args.overwrite)?;
    let queries = read_queries(&args.queries)?;
    let source = config::open_catalogue(&args.database, printer)?;
    let found = explain(&source.connection, &queries).map_err(config::schema_failure)?;
    let mut plans = Plans { dbmocker_plans: VERSION, server: source.schema.server.clone(), queries: Vec::new() };
    for (query, plan) in queries.iter().zip(found) {
        match plan {
            Ok(plan) => plans.queries.push(plan),
            Err(why) => return Err(Failure::new(Exit::Source, anyhow::anyhow!("no plan of `{query}`: {why}"))),
        }
    }
    write_json(&args.out, &plans).or_exit(Exit::Target)?;
    printer.note(format_args!("written: {}, plans of {} queries", args.out.display(), plans.queries.len()));
    Ok(Exit::Ok)
}

/// The statements of a file.
pub fn read_queries(path: &Path) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        Failure::new(Exit::Usage, anyhow::anyhow!("cannot read the queries `{}`: {e}; check --queries", path.display()))
    })?;
    let queries = statements(&text);
    if queries.is_empty() {
        return Err(Failure::usage(format!("`{}` has no statement; --queries names a file of SQL", path.display())));
    }
    Ok(queries)
}
