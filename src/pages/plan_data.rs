//! A plan as data for its page: what `dbmocker plan` prints, sample rows, distributions, references.

use rayon::prelude::*;
use serde::Serialize;

use super::fan_out::{FanOutPicture, fan_out, spread};
use super::sample::ColumnPicture;
use super::shortened;
use crate::forecast::{Forecast, TableForecast};
use dbmocker_core::schema::left_alone;
use dbmocker_core::time::timestamp_text;
use dbmocker_core::value::Value;
use dbmocker_generate::batch::GenerateError;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::{Plan, Rule, TablePlan};

/// Rows that the page shows of each table.
const SHOWN: u64 = 10;
/// The sample of rows for a column's distribution, at most and at least.
const SAMPLE: (u64, u64) = (1000, 50);
/// Cells that are generated for all distributions.
const CELLS: u64 = 1_000_000;
/// Rows of a table whose references are counted one by one, at most and at least.
const COUNTED: (u64, u64) = (200_000, 1000);

/// What the page renders.
#[derive(Debug, Serialize)]
pub struct PlanPage {
    version: &'static str,
    target: String,
    server: String,
    seed: u64,
    now: String,
    rows: u64,
    levels: usize,
    estimate: Estimate,
    meanwhile: Vec<String>,
    left_out: Vec<String>,
    cycles: Vec<Vec<String>>,
    processes: Option<String>,
    /// What the page leaves out, because it would be too large.
    shortened: Option<String>,
    tables: Vec<TableData>,
}

#[derive(Debug, Serialize)]
struct Estimate {
    text: String,
    seconds: f64,
    bytes: u64,
    indexes: u64,
}

#[derive(Debug, Serialize)]
struct TableData {
    name: String,
    level: usize,
    rows: u64,
    requested: u64,
    existing: u64,
    limited_by: Option<String>,
    estimate: Option<Estimate>,
    columns: Vec<ColumnData>,
    keys: Vec<KeyData>,
    references: Vec<ReferenceData>,
    /// How the rows are loaded, and notes.
    load: Vec<String>,
    /// CHECKs that could not be solved, and settings that have no effect.
    warnings: Vec<String>,
    /// Columns of the sample rows, by index.
    sent: Vec<usize>,
    /// The first rows; `null` is NULL.
    sample: Vec<Vec<Option<String>>>,
}

#[derive(Debug, Serialize)]
struct ColumnData {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
    rule: String,
    reason: String,
    /// `None` for columns that the server fills.
    values: Option<ColumnPicture>,
}

#[derive(Debug, Serialize)]
struct KeyData {
    name: String,
    primary: bool,
    columns: Vec<String>,
    how: String,
    /// Text, as the numbers of a browser are not exact enough.
    capacity: Option<String>,
}

#[derive(Debug, Serialize)]
struct ReferenceData {
    name: String,
    columns: Vec<String>,
    /// The parent's position in `tables`, if the plan fills it.
    to: Option<usize>,
    parent: String,
    /// Whether the parent is loaded later, or at the same time.
    back: bool,
    reason: String,
    rows: Option<FanOutPicture>,
}

/// Where the plan comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    pub target: &'a str,
    pub server: &'a str,
}

/// How much data of the rows a page shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Characters of a value.
    pub width: usize,
    /// Rows of each table.
    pub rows: u64,
}

impl Room {
    /// From the most data to the least: a page uses the first one with which it fits.
    pub const ALL: [Room; 5] = [
        Room { width: 60, rows: SHOWN },
        Room { width: 24, rows: SHOWN },
        Room { width: 12, rows: SHOWN },
        Room { width: 12, rows: 3 },
        Room { width: 12, rows: 0 },
    ];
}

impl PlanPage {
    /// # Errors
    /// A row cannot be generated.
    pub(super) fn new(
        plan: &Plan,
        generator: &Generator,
        forecast: &Forecast,
        origin: Origin<'_>,
        room: Room,
    ) -> Result<Self, GenerateError> {
        let columns: u64 = plan.tables.iter().map(|t| t.columns.len() as u64).sum();
        let keys: u64 = plan.tables.iter().map(|t| t.foreign.len() as u64).sum();
        let within = |(most, least): (u64, u64), over: u64| (CELLS / over.max(1)).clamp(least, most);
        let data =
            Data { plan, generator, forecast, room, sample: within(SAMPLE, columns), counted: within(COUNTED, keys) };
        let tables = (0..plan.tables.len()).into_par_iter().map(|t| data.table(t)).collect::<Result<Vec<_>, _>>()?;
        Ok(PlanPage {
            version: env!("CARGO_PKG_VERSION"),
            target: origin.target.to_owned(),
            server: origin.server.to_owned(),
            seed: plan.seed,
            now: timestamp_text(plan.now),
            rows: plan.rows(),
            levels: plan.tables.iter().map(|t| t.level + 1).max().unwrap_or(0),
            estimate: Estimate {
                text: forecast.estimate(),
                seconds: forecast.seconds,
                bytes: forecast.bytes,
                indexes: forecast.indexes,
            },
            meanwhile: forecast.meanwhile.clone(),
            left_out: left_alone(plan.left_out.iter().map(|l| (l.name.to_string(), &*l.reason))),
            cycles: plan.cycles.iter().map(|c| c.iter().map(ToString::to_string).collect()).collect(),
            processes: plan.loaders.as_ref().map(|h| format!("{}: {}", h.processes, h.reason)),
            shortened: None,
            tables,
        })
    }

    /// Notes on the page that its rows are shown shortened.
    pub(super) fn shortened(mut self, room: Room) -> Self {
        let rows = if room.rows == 0 { "no rows".to_owned() } else { format!("{} rows", room.rows) };
        self.shortened = Some(format!(
            "So that this page stays small, it shows {rows} of each table, and {} characters of each value.",
            room.width
        ));
        self
    }
}

struct Data<'a> {
    plan: &'a Plan,
    generator: &'a Generator,
    forecast: &'a Forecast,
    room: Room,
    sample: u64,
    counted: u64,
}

impl Data<'_> {
    fn table(&self, t: usize) -> Result<TableData, GenerateError> {
        let table = &self.plan.tables[t];
        let sent = &self.generator.table(t).sent;
        let text = |v: &Value| (!v.is_null()).then(|| shortened(&v.to_string(), self.room.width));
        let sample = (0..table.rows.min(self.room.rows))
            .map(|row| Ok(self.generator.cells(t, sent, row)?.iter().map(text).collect()))
            .collect::<Result<Vec<_>, GenerateError>>()?;
        let forecast = self.forecast.tables.iter().find(|f| f.name == table.name);
        Ok(TableData {
            name: table.name.to_string(),
            level: table.level,
            rows: table.rows,
            requested: table.requested,
            existing: table.existing,
            limited_by: table.limited_by.clone(),
            estimate: forecast.map(Estimate::from),
            columns: self.columns(t, table, sent)?,
            keys: table.keys.iter().map(KeyData::from).collect(),
            references: self.references(t, table)?,
            load: table.load_texts(self.plan.dialect),
            warnings: warnings(table),
            sent: sent.clone(),
            sample,
        })
    }

    fn columns(&self, t: usize, table: &TablePlan, sent: &[usize]) -> Result<Vec<ColumnData>, GenerateError> {
        let mut cells: Vec<Vec<Value>> = vec![Vec::new(); sent.len()];
        for row in spread(table.rows, self.sample) {
            let values = self.generator.cells(t, sent, row)?;
            cells.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        }
        let values = |c: usize| {
            let place = sent.iter().position(|s| *s == c)?;
            Some(ColumnPicture::of(&cells[place], self.room.width.min(24)))
        };
        let column = |c: usize| {
            let (rule, reason) = table.column_texts(c);
            let column = &table.columns[c];
            ColumnData {
                name: column.name.clone(),
                type_name: column.type_name.clone(),
                rule,
                reason,
                values: values(c),
            }
        };
        Ok((0..table.columns.len()).map(column).collect())
    }

    fn references(&self, t: usize, table: &TablePlan) -> Result<Vec<ReferenceData>, GenerateError> {
        let name = |c: &usize| table.columns[*c].name.clone();
        let foreign = table.foreign.iter().enumerate().map(|(i, f)| {
            Ok(ReferenceData {
                name: f.name.clone(),
                columns: f.columns.iter().map(name).collect(),
                to: f.parent_table,
                parent: f.parent.to_string(),
                back: f.parent_table.is_some_and(|p| p > t),
                reason: table.sources[f.source].reason.clone(),
                rows: fan_out((self.plan, self.generator), (t, i), self.counted)?,
            })
        });
        let any = table.columns.iter().flat_map(|c| match &c.rule {
            Rule::AnyOf { by, parents } => parents.iter().map(|p| (c, *by, p.table)).collect::<Vec<_>>(),
            _ => Vec::new(),
        });
        let any = any.map(|(column, by, parent)| {
            Ok(ReferenceData {
                name: column.name.clone(),
                columns: vec![name(&by), column.name.clone()],
                to: Some(parent),
                parent: self.plan.tables[parent].name.to_string(),
                back: parent > t,
                reason: column.reason.clone(),
                rows: None,
            })
        });
        foreign.chain(any).collect()
    }
}

/// The warnings that a table's plan contains.
fn warnings(table: &TablePlan) -> Vec<String> {
    let unsolved = table.unsolved.iter().map(|u| format!("unsolved CHECK {}: {} ({})", u.check, u.text, u.why));
    unsolved.chain(table.fallbacks.iter().cloned()).collect()
}

impl From<&TableForecast> for Estimate {
    fn from(f: &TableForecast) -> Self {
        Estimate { text: crate::forecast::about(f.seconds), seconds: f.seconds, bytes: f.bytes, indexes: f.indexes }
    }
}

impl From<&dbmocker_plan::KeyPlan> for KeyData {
    fn from(k: &dbmocker_plan::KeyPlan) -> Self {
        KeyData {
            name: k.name.clone(),
            primary: k.primary,
            columns: k.columns.clone(),
            how: k.how.clone(),
            capacity: k.limit().map(|most| most.to_string()),
        }
    }
}
