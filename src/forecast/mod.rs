//! What a load will take: time, disk and log, estimated from a sample of its rows and recorded rates; and what is
//! switched off, locked and dropped during the load.
//!
//! In: a plan, its generator, the schema, some settings of the server. Out: text, marked as an estimate. Nothing is written.

mod locks;
mod rates;
mod size;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use dbmocker_loaders::Connection;
use serde::Serialize;

use crate::run::early_tables;
use dbmocker_core::humanize;
use dbmocker_core::schema::{Dialect, Schema, Table, TableName};
use dbmocker_generate::batch::GenerateError;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{Plan, TablePlan};
use dbmocker_schema::SchemaError;
use dbmocker_schema::session::Session;
use rates::Rates;

/// Rows of a table that are made to measure them.
const SAMPLE: u64 = 1000;
/// Time for all samples; the tables after that get a small one.
const PATIENCE: Duration = Duration::from_secs(2);
const SMALL_SAMPLE: u64 = 50;
/// The sample if only the size is needed.
const LARGE_SAMPLE: u64 = 6000;
/// The number of row ranges that make up a sample: values and their lengths change with the row number.
const PLACES: u64 = 3;

/// How the load will run.
#[derive(Debug, Clone, Copy)]
pub struct LoadSetup {
    /// Threads that generate.
    pub workers: usize,
    /// Tables that are loaded at once.
    pub connections: usize,
    /// The server shares the processors.
    pub local: bool,
    /// The tables are emptied first.
    pub truncate: bool,
}

/// What the server logs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logging {
    /// PostgreSQL `wal_level`, MySQL `binlog_format` where a binary log is kept, SQLite `journal_mode`.
    pub mode: Option<String>,
}

/// An estimate, and the effects of the load on other sessions.
#[derive(Debug, Clone, Serialize)]
pub struct Forecast {
    pub seconds: f64,
    /// On disk, tables and indexes.
    pub bytes: u64,
    pub indexes: u64,
    /// The server's log: its name, and the bytes that are written to it.
    pub log: Option<(&'static str, u64)>,
    pub tables: Vec<TableForecast>,
    /// What is switched off, locked and dropped during the load, one line each.
    pub meanwhile: Vec<String>,
}

/// One table.
#[derive(Debug, Clone, Serialize)]
pub struct TableForecast {
    pub name: TableName,
    /// Of this table's load alone.
    pub seconds: f64,
    pub bytes: u64,
    pub indexes: u64,
    #[serde(skip)]
    generating: f64,
    #[serde(skip)]
    log: u64,
}

/// What the server logs of a load, as far as this account may read the settings.
///
/// # Errors
/// The server cannot be reached or queried.
pub fn logging(connection: &Connection) -> Result<Logging, SchemaError> {
    let sql = match connection.dialect {
        Dialect::Postgres => "SHOW wal_level",
        Dialect::Mysql => "SELECT @@binlog_format FROM DUAL WHERE @@log_bin = 1",
        Dialect::Sqlite => "PRAGMA journal_mode",
    };
    let mut session = Session::open(connection)?;
    let mut mode = None;
    let asked = session.each("what the server logs", sql, &mut |row| {
        mode = row.first().cloned().flatten();
        false
    });
    Ok(Logging { mode: asked.is_ok().then_some(mode).flatten() })
}

/// Estimates the load of a plan.
///
/// # Errors
/// Rows cannot be generated.
pub fn forecast(
    plan: &Plan,
    generator: &Arc<Generator>,
    schema: &Schema,
    machine: LoadSetup,
    logging: &Logging,
) -> Result<Forecast, GenerateError> {
    let rates = Rates::of(plan.dialect, schema.is_mariadb());
    let begun = Instant::now();
    let mut tables = Vec::new();
    for (t, planned) in plan.tables.iter().enumerate() {
        let Some(table) = schema.table(&planned.name) else { continue };
        let rows = if begun.elapsed() < PATIENCE { SAMPLE } else { SMALL_SAMPLE };
        tables.push(one(plan, generator, (t, planned), (table, schema.is_mariadb()), rows, &rates)?);
    }
    let seconds = elapsed(plan, &tables, machine, &rates);
    let [bytes, indexes, log] = [|t: &TableForecast| t.bytes, |t: &TableForecast| t.indexes, |t: &TableForecast| t.log]
        .map(|of| tables.iter().map(of).sum::<u64>());
    let log = logging.mode.as_deref().and_then(|mode| log_of(plan.dialect, mode, log, bytes));
    let early = if machine.connections > 1 { early_tables(schema, plan, generator) } else { Vec::new() };
    let meanwhile = locks::meanwhile(plan, schema, (&tables, &early), machine, logging);
    Ok(Forecast { seconds, bytes, indexes, log, tables, meanwhile })
}

/// The bytes that the plan's rows take on disk, tables and indexes.
///
/// # Errors
/// Rows cannot be generated.
pub fn stored(plan: &Plan, generator: &Generator, schema: &Schema) -> Result<f64, GenerateError> {
    let mut bytes = 0.0;
    for (t, planned) in plan.tables.iter().enumerate() {
        let Some(table) = schema.table(&planned.name) else { continue };
        let sizes = size::of(plan, (table, schema.is_mariadb()), planned, &sample(generator, t, LARGE_SAMPLE)?);
        bytes += sizes.fixed + (sizes.row + sizes.indexes) * planned.rows as f64;
    }
    Ok(bytes)
}

/// Rows from several ranges of a table.
fn sample(generator: &Generator, t: usize, most: u64) -> Result<RecordBatch, GenerateError> {
    let rows = generator.table(t).rows;
    if rows <= most {
        return generator.batch(t, 0..rows);
    }
    let (piece, apart) = (most / PLACES, rows / PLACES);
    let from = |place| place * apart + (apart - piece) / 2;
    let pieces: Result<Vec<_>, _> = (0..PLACES).map(|p| generator.batch(t, from(p)..from(p) + piece)).collect();
    let pieces = pieces?;
    Ok(concat_batches(&pieces[0].schema(), &pieces).expect("batches of one table have one schema"))
}

fn one(
    plan: &Plan,
    generator: &Generator,
    (t, planned): (usize, &TablePlan),
    table: (&Table, bool),
    sample: u64,
    rates: &Rates,
) -> Result<TableForecast, GenerateError> {
    let mut out =
        TableForecast { name: planned.name.clone(), seconds: 0.0, bytes: 0, indexes: 0, generating: 0.0, log: 0 };
    let sample = sample.min(planned.rows);
    if sample == 0 {
        return Ok(out);
    }
    // The first rows fill caches, and are not measured.
    generator.batch(t, 0..sample.min(SMALL_SAMPLE))?;
    let begun = Instant::now();
    let batch = self::sample(generator, t, sample)?;
    let (made, rows) = (begun.elapsed().as_secs_f64(), planned.rows as f64);
    let sizes = size::of(plan, table, planned, &batch);
    let per_row = rates.row + rates.byte * sizes.sent + rates.entry * sizes.entries;
    out.seconds = rates.table + per_row * rows;
    out.generating = made / sample as f64 * rows;
    out.bytes = (sizes.row * rows + sizes.fixed) as u64;
    out.indexes = (sizes.indexes * rows) as u64;
    out.log = (rates.logged(planned, &sizes) * rows) as u64;
    Ok(out)
}

/// The elapsed time: connections and workers run concurrently and share the processors, and a table's children wait for
/// it.
fn elapsed(plan: &Plan, tables: &[TableForecast], machine: LoadSetup, rates: &Rates) -> f64 {
    let generating: f64 = tables.iter().map(|t| t.generating).sum();
    let loading: f64 = tables.iter().map(|t| t.seconds).sum();
    let connections = (machine.connections.max(1) as f64).min(rates.connections);
    let workers = machine.workers.max(1) as f64;
    let mut levels = vec![0.0_f64; plan.tables.iter().map(|t| t.level + 1).max().unwrap_or(0)];
    let of: HashMap<&TableName, usize> = plan.tables.iter().map(|t| (&t.name, t.level)).collect();
    for table in tables {
        let level = of.get(&table.name).copied().unwrap_or(0);
        levels[level] = levels[level].max(table.seconds);
    }
    let longest: f64 = levels.iter().sum();
    let shared = if machine.local { (generating + loading) / workers } else { generating / workers };
    rates.run + (loading / connections).max(longest).max(shared)
}

fn log_of(dialect: Dialect, mode: &str, log: u64, stored: u64) -> Option<(&'static str, u64)> {
    match dialect {
        Dialect::Postgres => Some(("WAL", log)),
        Dialect::Mysql => Some(("binary log", log)),
        Dialect::Sqlite => (mode.eq_ignore_ascii_case("wal")).then_some(("write-ahead log, at most", stored)),
    }
}

/// The most lines about effects on other sessions in a summary.
const LISTED: usize = 5;

impl Forecast {
    /// The forecast as a few lines.
    pub fn summary(&self) -> String {
        let more = self.meanwhile.len().saturating_sub(LISTED);
        let mut lines: Vec<String> = self.meanwhile.iter().take(LISTED).map(|line| format!("  {line}")).collect();
        lines.extend((more > 0).then(|| format!("  and {more} more")));
        format!("switched off, locked, dropped meanwhile:\n{}\n{}", lines.join("\n"), self.estimate() + "\n")
    }
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "switched off, locked, dropped meanwhile:")?;
        self.meanwhile.iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        writeln!(f, "{}", self.estimate())
    }
}

impl Forecast {
    /// Returns time, disk and log of the whole load, on one line.
    pub fn estimate(&self) -> String {
        let size = humanize::bytes(self.bytes + self.indexes);
        let mut text = format!(
            "estimate (a sample of the rows, recorded rates): {}, {size} on disk ({} of it indexes)",
            about(self.seconds),
            humanize::bytes(self.indexes)
        );
        if let Some((name, bytes)) = self.log {
            text += &format!(", {} of {name}", humanize::bytes(bytes));
        }
        text
    }
}

/// `about 7 s`, `about 12 min`
pub fn about(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "under a second".into(),
        s if s < 120.0 => format!("about {s:.0} s"),
        s if s < 7200.0 => format!("about {:.0} min", s / 60.0),
        s => format!("about {:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::about;

    #[test]
    fn times_in_words() {
        for (seconds, text) in
            [(0.2, "under a second"), (7.4, "about 7 s"), (600.0, "about 10 min"), (9000.0, "about 2.5 h")]
        {
            assert_eq!(about(seconds), text);
        }
    }
}
