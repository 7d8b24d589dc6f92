//! What is meant: typed arguments resolved with the environment, the schema and the machine, and errors given their exit
//! code. Contacts the server to read, never to write.

use std::num::NonZero;
use std::sync::Arc;

use dbmocker_loaders::Connection;

use super::args;
use crate::error::{Exit, Failure, OrExit};
use crate::generate::table::Generator;
use crate::plan::{self, ExistingRows, Options, Plan, PlanError, Selection};
use crate::run::{LEDGER_TABLE, RunError, pool};
use crate::schema::{self, ConnectArgs, Schema, SchemaError, Table};
use crate::stage::memory::Available;
use crate::value::Value;

/// A connection that logs in, and the schema behind it.
#[derive(Debug)]
pub struct Source {
    pub connection: Connection,
    pub schema: Schema,
}

/// Finds the server, asks for a password where one is missing, and reads the schema.
///
/// # Errors
/// [`Exit::Usage`] if the arguments do not say where to go, [`Exit::Source`] if that cannot be reached or read.
pub fn open(typed: &args::Database) -> Result<Source, Failure> {
    let connection = schema::connection(&connect_args(typed)).and_then(schema::authenticate).map_err(schema_failure)?;
    let mut schema = schema::read(&connection).map_err(schema_failure)?;
    // What a killed run left behind is dbmocker's own, nothing to fill.
    schema.tables.retain(|t| t.name.name != LEDGER_TABLE || t.name.schema != schema.default_schema);
    Ok(Source { connection, schema })
}

/// `DBMOCKER_URL` counts where nothing on the command line says which database.
fn connect_args(typed: &args::Database) -> ConnectArgs {
    let from_environment = || std::env::var("DBMOCKER_URL").ok().filter(|url| !url.is_empty());
    let typed_nothing = typed.url.is_none() && typed.driver.is_none();
    ConnectArgs {
        url: typed.url.clone().or_else(|| typed_nothing.then(from_environment).flatten()),
        driver: typed.driver.clone(),
        host: typed.host.clone(),
        port: typed.port,
        database: typed.database.clone(),
        username: typed.username.clone(),
        password: typed.password.clone(),
    }
}

impl args::Tables {
    pub fn selection(&self) -> Selection {
        Selection { include: self.tables.clone(), exclude: self.exclude_tables.clone() }
    }
}

/// Plans the rows; with `--strict`, only if every table gets all of its.
///
/// # Errors
/// [`Exit::Usage`] for a table that does not exist, [`Exit::Source`] where no plan fits.
pub fn plan(
    source: &Source,
    tables: &args::Tables,
    rows: &args::Rows,
    truncate: bool,
) -> Result<(Plan, Arc<Generator>), Failure> {
    let options = Options {
        rows: rows.rows,
        seed: rows.seed,
        now: rows.now,
        selection: tables.selection(),
        truncate,
        ..Options::default()
    };
    let built = plan::build(&source.schema, &options, &Existing(&source.connection));
    let (plan, generator) = built.map_err(|e| with_reasons(e, &source.schema, tables))?;
    if rows.strict {
        all_rows(&plan)?;
    }
    Ok((plan, Arc::new(generator)))
}

/// Rows that planning may refer to, read from the server when they are asked for.
struct Existing<'a>(&'a Connection);

impl ExistingRows for Existing<'_> {
    fn read(&self, table: &Table, columns: &[usize], limit: u64) -> Result<Vec<Vec<Value>>, String> {
        schema::read_rows(self.0, table, columns, limit).map_err(|e| e.to_string())
    }
}

fn all_rows(plan: &Plan) -> Result<(), Failure> {
    let limited = |t: &plan::TablePlan| {
        Some(format!("\n  `{}`: {} of {} rows: {}", t.name, t.rows, t.requested, t.limited_by.as_ref()?))
    };
    let short: Vec<String> = plan.tables.iter().filter_map(limited).collect();
    if short.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Source,
        anyhow::anyhow!(
            "--strict, and these tables cannot hold the rows; ask for fewer, or leave --strict out:{}",
            short.concat()
        ),
    ))
}

/// Where nothing is left to fill, every table's reason.
fn with_reasons(e: PlanError, schema: &Schema, tables: &args::Tables) -> Failure {
    let left_out = match (&e, plan::select(schema, &tables.selection())) {
        (PlanError::Nothing, Ok((_, left_out))) => left_out,
        _ => return plan_failure(e),
    };
    let reasons: Vec<String> = left_out.iter().map(|l| format!("\n  `{}`: {}", l.name, l.reason)).collect();
    Failure::new(Exit::Source, anyhow::anyhow!("{e}{}", reasons.concat()))
}

pub fn plan_failure(e: PlanError) -> Failure {
    let exit = if e.is_about_names() { Exit::Usage } else { Exit::Source };
    Failure::new(exit, e)
}

pub fn schema_failure(e: SchemaError) -> Failure {
    let exit = if matches!(e, SchemaError::Usage { .. }) { Exit::Usage } else { Exit::Source };
    Failure::new(exit, e)
}

pub fn run_failure(e: RunError) -> Failure {
    let exit = match e {
        RunError::Interrupted => Exit::Interrupted,
        RunError::Generate(_) | RunError::Refused { .. } => Exit::Source,
        _ => Exit::Target,
    };
    Failure::new(exit, e)
}

/// Threads, connections and the sizes of what is on its way between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resources {
    /// Threads that generate.
    pub workers: usize,
    /// Tables written or loaded side by side.
    pub streams: usize,
    /// Batches generated ahead for each stream.
    pub ahead: usize,
    pub batch_rows: u64,
}

/// A guess at what a row takes in memory on its way, generously: twice what a wide table of the real world needs.
const ROW_BYTES: u64 = 2048;
const LARGEST_BATCH: u64 = 8192;
/// A power of two that every larger one is a multiple of, so that Parquet files do not depend on the memory.
const SMALLEST_BATCH: u64 = 1024;
const MOST_STREAMS: usize = 8;

impl Resources {
    /// From the flags, or else from the machine.
    pub fn new(typed: &args::Resources) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let limit = typed.memory_limit.or_else(|| Available::now().map(|a| a.default_limit()));
        Resources::of(typed.workers.map_or(cores, usize::from), limit.unwrap_or(u64::MAX))
    }

    /// As many rows on their way as `limit` bytes hold: smaller batches first, then fewer of them.
    fn of(workers: usize, limit: u64) -> Self {
        let mut resources = Resources {
            workers,
            streams: workers.clamp(1, MOST_STREAMS),
            ahead: workers + 1,
            batch_rows: LARGEST_BATCH,
        };
        while resources.bytes() > limit {
            if resources.batch_rows > SMALLEST_BATCH {
                resources.batch_rows /= 2;
            } else if resources.streams > 1 {
                resources.streams -= 1;
            } else if resources.ahead > 1 {
                resources.ahead -= 1;
            } else {
                break;
            }
        }
        resources
    }

    fn bytes(&self) -> u64 {
        let batches = self.streams.saturating_mul(self.ahead + 1);
        u64::try_from(batches).unwrap_or(u64::MAX).saturating_mul(self.batch_rows).saturating_mul(ROW_BYTES)
    }

    /// The threads that generate.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn pool(&self) -> Result<Arc<rayon::ThreadPool>, Failure> {
        pool(self.workers).or_exit(Exit::Target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_memory_makes_small_batches_then_few() {
        let free = Resources::of(4, u64::MAX);
        assert_eq!((free.streams, free.ahead, free.batch_rows), (4, 5, 8192));
        let some = Resources::of(4, 128 << 20);
        assert_eq!((some.streams, some.ahead, some.batch_rows), (4, 5, 2048));
        let least = Resources::of(4, 1);
        assert_eq!((least.streams, least.ahead, least.batch_rows), (1, 1, 1024));
        for limit in [64 << 20, 100 << 20, 1 << 30] {
            assert!(Resources::of(64, limit).bytes() <= limit);
        }
    }
}
