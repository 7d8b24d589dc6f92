//! `dbmocker verify`: whether the database keeps its own rules.

use crate::cli::args::Verify;
use crate::cli::config::{self, Source};
use crate::cli::printer::Printer;
use crate::error::{Exit, Failure};
use crate::plan::select;
use crate::report::number;
use crate::schema::TableName;
use crate::verify::{Verification, verify_tables};

/// # Errors
/// The database cannot be read.
pub fn run(args: &Verify, printer: &Printer) -> Result<Exit, Failure> {
    let source = config::open(&args.database)?;
    let (chosen, _) = select(&source.schema, &args.tables.selection()).map_err(config::plan_failure)?;
    let tables: Vec<_> = chosen.iter().map(|&t| &source.schema.tables[t]).collect();
    let found = verify_tables(&source.connection, &source.schema, &tables).map_err(config::schema_failure)?;
    if args.json {
        printer.json(&found)?;
    } else {
        printer.data(&found)?;
    }
    Ok(exit(&found, args.strict))
}

/// The verification at the end of a load: of the tables it filled.
///
/// # Errors
/// The database cannot be read.
pub fn after_load(source: &Source, filled: &[TableName], printer: &Printer) -> Result<Exit, Failure> {
    let tables: Vec<_> = filled.iter().filter_map(|name| source.schema.table(name)).collect();
    let found = verify_tables(&source.connection, &source.schema, &tables).map_err(config::schema_failure)?;
    if found.passed(false) {
        let (count, rows) = (number::plural(tables.len() as u64, "table"), number::rows(found.rows()));
        printer.note(format_args!("verified: {count}, {rows}, no mistake found"));
        found.findings().for_each(|(_, finding)| printer.detail(finding));
    } else {
        printer.warn(format_args!("the verification found mistakes\n{found}"));
    }
    Ok(exit(&found, false))
}

fn exit(found: &Verification, strict: bool) -> Exit {
    if found.passed(strict) { Exit::Ok } else { Exit::VerificationFailed }
}
