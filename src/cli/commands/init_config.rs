//! `dbmocker init-config` and `config-schema`: a config file to start from, and the JSON Schema of config files.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use crate::cli::args::{DEFAULT_NOW, DEFAULT_ROWS, DEFAULT_SEED, InitConfig};
use crate::cli::file::{json_schema, template};
use crate::cli::printer::Printer;
use crate::cli::request::Request;
use crate::cli::{config, parse, resources};
use crate::error::{Exit, Failure};
use dbmocker_core::json_file::STDOUT;

/// # Errors
/// The database cannot be read, or the file cannot be written.
pub fn run(args: &InitConfig, printer: &Printer) -> Result<Exit, Failure> {
    let source = config::open_schema(&args.database, &args.ddl, printer)?;
    let now = parse::instant(DEFAULT_NOW).map_err(|e| Failure::usage(e.to_string()))?;
    let request = Request { rows: DEFAULT_ROWS, seed: DEFAULT_SEED, now, ..Request::default() };
    // The file is also written, and most useful, if the schema cannot be planned.
    let planned = config::plan(&source, &args.tables, &request, false, resources::default_memory());
    if source.schema.tables.is_empty() {
        // There are no tables.
        planned?;
        return Ok(Exit::Ok);
    }
    let problem = planned.as_ref().err().map(ToString::to_string);
    // Where a table cannot be planned, the others keep their rules.
    let planned = planned.or_else(|_| {
        let request = Request { skip_unsolved: true, ..request.clone() };
        config::plan(&source, &args.tables, &request, false, resources::default_memory())
    });
    let plan = planned.as_ref().ok().map(|(plan, _)| plan);
    let text = template::template(&source.schema, plan, problem.as_deref(), request.rows, args.full);
    match args.output.as_ref().filter(|path| path.as_os_str() != STDOUT) {
        Some(path) => {
            write(path, &text, args.overwrite)?;
            printer.note(format_args!("written: {}; use it with --config {0}", path.display()));
        }
        None => printer.data(text)?,
    }
    Ok(Exit::Ok)
}

/// # Errors
/// stdout is closed.
pub fn schema(printer: &Printer) -> Result<Exit, Failure> {
    printer.json(&json_schema::json_schema())?;
    Ok(Exit::Ok)
}

fn write(path: &Path, text: &str, overwrite: bool) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    if !overwrite {
        options.create_new(true);
    }
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|e| {
        let hint = if e.kind() == std::io::ErrorKind::AlreadyExists { "; replace it with --overwrite" } else { "" };
        Failure::new(Exit::Target, anyhow::anyhow!("cannot write `{}`: {e}{hint}", path.display()))
    })
}
