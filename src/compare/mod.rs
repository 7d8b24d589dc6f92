//! `dbmocker compare`: how similar a copy is to the database or profile it was made after.
//!
//! Data in: the copy's statistics, and a profile or the statistics of the other database. Data out: for every column
//! the figures of both sides, and how many columns are within the limits.

use std::fmt;

use dbmocker_core::schema::{Schema, Table};
use dbmocker_profile::Profile;
use dbmocker_schema::statistics::Statistics;
use serde::Serialize;

pub mod figures;
pub mod query_plans;

use figures::{ColumnFigures, Figure, NAMES};
use query_plans::QueryVerdict;

/// The number of columns, the worst first, that are shown.
const WORST: usize = 10;

/// A column's figures.
#[derive(Debug, Clone, Serialize)]
pub struct ColumnVerdict {
    /// `table.column`.
    pub column: String,
    pub within: bool,
    /// Why there are no figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    pub figures: Vec<Figure>,
}

/// A table's rows.
#[derive(Debug, Clone, Serialize)]
pub struct CompareVerdict {
    pub table: String,
    pub there: f64,
    /// `None`: the server has not counted them.
    pub here: Option<f64>,
}

/// The result.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Comparison {
    pub within: usize,
    pub of: usize,
    pub tables: Vec<CompareVerdict>,
    pub columns: Vec<ColumnVerdict>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<QueryVerdict>,
    /// A line for each column.
    #[serde(skip)]
    pub every_column: bool,
}

/// What the copy is compared with.
#[derive(Debug, Clone, Copy)]
pub enum Other<'a> {
    Profile(&'a Profile),
    Database(&'a Schema, &'a Statistics),
}

/// Compares every column for which the other side has figures.
pub fn compare(schema: &Schema, statistics: &Statistics, other: Other<'_>) -> Comparison {
    let mut out = Comparison::default();
    let here = Here { schema, statistics };
    match other {
        Other::Profile(profile) => {
            for (label, known) in &profile.tables {
                let rows = here.table(label, known.rows as f64, &mut out); // far below 2^53
                for (name, column) in &known.columns {
                    here.column(label, name, &mut out, |c| ColumnFigures::of_profile(name, column, known, rows, c));
                }
            }
        }
        Other::Database(there, known) => {
            for table in there.tables.iter().filter(|t| !t.outside) {
                let label = there.label(&table.name);
                let Some(of) = known.tables.get(&table.name) else { continue };
                let Some(rows) = of.rows else { continue };
                here.table(&label, rows, &mut out);
                for column in &table.columns {
                    let Some(of) = of.columns.get(&column.name) else { continue };
                    here.column(&label, &column.name, &mut out, |_| ColumnFigures::of_statistics(of, rows, column));
                }
            }
        }
    }
    out.of = out.columns.len();
    out.within = out.columns.iter().filter(|c| c.within).count();
    out
}

/// The copy.
#[derive(Clone, Copy)]
struct Here<'a> {
    schema: &'a Schema,
    statistics: &'a Statistics,
}

impl<'a> Here<'a> {
    fn find(self, label: &str) -> Option<&'a Table> {
        self.schema.tables.iter().find(|t| self.schema.label(&t.name) == label)
    }

    /// The copy's rows of the table, or the other side's if the copy's are unknown.
    fn table(self, label: &str, there: f64, out: &mut Comparison) -> f64 {
        let here = self.find(label).and_then(|t| self.statistics.tables.get(&t.name)?.rows);
        out.tables.push(CompareVerdict { table: label.to_owned(), there, here });
        here.unwrap_or(there)
    }

    fn column(
        self,
        label: &str,
        name: &str,
        out: &mut Comparison,
        there: impl FnOnce(&dbmocker_core::schema::Column) -> ColumnFigures,
    ) {
        let figures = match self.known(label, name) {
            Ok((column, here)) => Ok(there(column).compare(&here)),
            Err(missing) => Err(missing),
        };
        let (figures, missing) = match figures {
            Ok(figures) => (figures, None),
            Err(missing) => (Vec::new(), Some(missing.to_string())),
        };
        let within = missing.is_none() && figures.iter().all(Figure::is_within);
        out.columns.push(ColumnVerdict { column: format!("{label}.{name}"), within, missing, figures });
    }

    fn known(
        self,
        label: &str,
        name: &str,
    ) -> Result<(&'a dbmocker_core::schema::Column, ColumnFigures), MissingFigures> {
        let table = self.find(label).ok_or(MissingFigures::NoTable)?;
        let column = table.column(name).ok_or(MissingFigures::NoColumn)?;
        let known = self.statistics.tables.get(&table.name);
        let command = || known.map_or(String::new(), |k| format!("; run {}", k.command));
        let rows = known.and_then(|k| k.rows).ok_or_else(|| MissingFigures::NoTableStatistics(command()))?;
        if rows == 0.0 {
            return Err(MissingFigures::Empty);
        }
        let of =
            known.and_then(|k| k.columns.get(name)).ok_or_else(|| MissingFigures::NoColumnStatistics(command()))?;
        Ok((column, ColumnFigures::of_statistics(of, rows, column)))
    }
}

/// Why a column of the copy has no figures.
#[derive(Debug, thiserror::Error)]
enum MissingFigures {
    #[error("the copy has no such table")]
    NoTable,
    #[error("the copy has no such column")]
    NoColumn,
    #[error("the table is empty")]
    Empty,
    /// With the command that makes them, if there is one.
    #[error("no statistics of the table{0}")]
    NoTableStatistics(String),
    #[error("no statistics{0}")]
    NoColumnStatistics(String),
}

impl Comparison {
    /// Share of the columns that are within the limits; 1 if no column was compared.
    pub fn share(&self) -> f64 {
        if self.of == 0 { 1.0 } else { self.within as f64 / self.of as f64 } // small counts
    }

    /// The worst first.
    fn worst(&self) -> Vec<&ColumnVerdict> {
        let mut all: Vec<&ColumnVerdict> = self.columns.iter().filter(|c| !c.within).collect();
        let off = |c: &ColumnVerdict| c.figures.iter().map(|f| f.off).fold(0.0, f64::max);
        let key = |c: &ColumnVerdict| if c.missing.is_some() { f64::INFINITY } else { off(c) };
        all.sort_by(|a, b| key(b).total_cmp(&key(a)));
        all
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &self.tables {
            match table.here {
                Some(here) => writeln!(f, "{}: rows {} > {}", table.table, number(table.there), number(here))?,
                None => writeln!(f, "{}: rows {} > not known", table.table, number(table.there))?,
            }
        }
        if self.every_column {
            self.columns.iter().try_for_each(|c| writeln!(f, "{c}"))?;
        } else if self.within < self.of {
            writeln!(f, "the worst, there > here:")?;
            self.worst().into_iter().take(WORST).try_for_each(|c| writeln!(f, "  {c}"))?;
        }
        for query in &self.queries {
            writeln!(f, "{query}")?;
        }
        let per = NAMES.map(|name| {
            let of: Vec<&Figure> = self.columns.iter().flat_map(|c| &c.figures).filter(|f| f.figure == name).collect();
            format!("{name} {}/{}", of.iter().filter(|f| f.is_within()).count(), of.len())
        });
        writeln!(f, "within 10 %: {} of {} columns ({})", self.within, self.of, per.join(", "))?;
        if !self.queries.is_empty() {
            let count = |is: fn(&QueryVerdict) -> bool| self.queries.iter().filter(|q| is(q)).count();
            let all = self.queries.len();
            let (same, near) = (count(|q| q.same_plan), count(|q| q.near));
            writeln!(f, "same plan: {same} of {all} queries; estimate within 2x: {near} of {all}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ColumnVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.column)?;
        if let Some(missing) = &self.missing {
            return f.write_str(missing);
        }
        if self.within {
            return f.write_str("ok");
        }
        let off = self.figures.iter().filter(|f| !f.is_within());
        let text = off.map(|x| match x.figure {
            "common" => format!("common values {:.0} % > {:.0} % of the rows", x.there * 100.0, x.here * 100.0),
            "quantiles" => format!("quantiles {:.1} times as far off as allowed", x.off),
            "NULL" => format!("NULL {:.1} % > {:.1} %", x.there * 100.0, x.here * 100.0),
            name => format!("{name} {} > {}", number(x.there), number(x.here)),
        });
        f.write_str(&text.collect::<Vec<_>>().join("; "))
    }
}

/// Formats a number, with two decimals if it is small.
fn number(x: f64) -> String {
    if x.abs() < 10.0 && x.fract() != 0.0 { format!("{x:.2}") } else { format!("{x:.0}") }
}
