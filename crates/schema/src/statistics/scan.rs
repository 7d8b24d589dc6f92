//! `--scan`: computes figures that are not in the statistics, with aggregate queries. No row leaves the database.
//!
//! Data in: the schema, the statistics, and the columns whose values may be read. Data out: [`Query`]s to be shown or
//! run, and [`Scanned`].

use std::collections::BTreeMap;
use std::time::Duration;

use dbmocker_loaders::postgres::StatementMode;
use dbmocker_loaders::{Connection, Dialect as Server};

use crate::error::SchemaError;
use crate::session::{Session, TextRow};
use dbmocker_core::schema::TableName;

mod queries;

pub use queries::{ScanRequest, correlations, counts, labels, queries};

/// The kind of a query's result, and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanResultKind {
    /// `n`, `k`: `k` parents have `n` children.
    Children { columns: Vec<String> },
    /// `n`, `k`: `k` texts have `n` characters.
    Lengths { column: String },
    /// `n`, `k`: `k` timestamps are in hour `n`.
    Hours { column: String },
    /// `n`, `k`: `k` timestamps are on weekday `n`; Monday is 0.
    Weekdays { column: String },
    /// `n`: the label; `k`: rows; `n0`, `n1` ...: values that are not NULL of these columns.
    Nulls { by: String, columns: Vec<String> },
    /// `k`: share of children that are not before the one with the next smaller key.
    Order { columns: Vec<String>, column: String },
    /// `n`: rows; for each column, the number of non-NULL and of distinct values (SQLite, which keeps no such figures).
    /// `least`, `greatest`: of the key, an integer.
    Counts { columns: Vec<String>, key: Option<String> },
    /// `k`: rows of each of the common values, most frequent first.
    Common { column: String },
    /// As `Common`, with the values `n`, for columns whose values may be read.
    Labels { column: String },
    /// `n`: percent, `k`: value.
    Quantiles { column: String },
    /// `n`: rows; `k`: the sum of the squared differences between a value's rank and its row's.
    Correlation { column: String },
}

/// A query that aggregates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub table: TableName,
    pub asked: ScanResultKind,
    pub sql: String,
}

/// By column: the number of rows that are not NULL, and of distinct values.
pub type ColumnCounts = BTreeMap<String, (f64, f64)>;

/// The results of the queries on a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scanned {
    pub children: BTreeMap<Vec<String>, Vec<(u64, u64)>>,
    pub lengths: BTreeMap<String, Vec<(u64, u64)>>,
    pub hours: BTreeMap<String, Vec<(u64, u64)>>,
    pub weekdays: BTreeMap<String, Vec<(u64, u64)>>,
    /// By column: the other column, and the share of NULLs for each of its labels.
    pub nulls: BTreeMap<String, (String, Vec<(String, f64)>)>,
    pub order: BTreeMap<Vec<String>, BTreeMap<String, f64>>,
    /// The number of rows; by column, the number of non-NULL and of distinct values.
    pub counts: Option<(f64, ColumnCounts)>,
    pub common: BTreeMap<String, Vec<f64>>,
    pub labels: BTreeMap<String, Vec<String>>,
    pub quantiles: BTreeMap<String, Vec<(f64, String)>>,
    /// The least and the greatest number of a key.
    pub ends: BTreeMap<String, (String, String)>,
    /// By column: the rank correlation with the physical order.
    pub correlations: BTreeMap<String, f64>,
}

/// Runs the queries; one that takes longer than the limit is left out and named.
///
/// # Errors
/// The session ends. Queries that the server refuses or that take too long are in the second part of the result.
pub fn run(
    conn: &Connection,
    queries: &[Query],
    limit: Duration,
) -> Result<(BTreeMap<TableName, Scanned>, Vec<String>), SchemaError> {
    let mut session = Session::open(conn)?;
    if conn.dialect == Server::Mysql {
        limit_mysql(&mut session, limit);
    }
    let (mut out, mut left_out) = (BTreeMap::new(), Vec::new());
    let manner = StatementMode { limit: Some(limit), ..StatementMode::default() };
    for query in queries {
        let scanned: &mut Scanned = out.entry(query.table.clone()).or_default();
        match session.rows_by("the scan of a table", &query.sql, manner) {
            Ok(rows) => take(scanned, &query.asked, &rows)?,
            Err(SchemaError::Late { .. }) => {
                left_out.push(format!(
                    "{}: a query took longer than {} s: {}",
                    query.table,
                    limit.as_secs(),
                    query.sql
                ));
            }
            Err(SchemaError::Query { message, .. } | SchemaError::Privilege { message, .. }) => {
                left_out.push(format!("{}: {message}: {}", query.table, query.sql));
            }
            Err(e) => return Err(e),
        }
    }
    Ok((out, left_out))
}

/// Sets the time limit: MariaDB's variable is in seconds, MySQL's in milliseconds; each server rejects the other's
/// variable.
fn limit_mysql(session: &mut Session, limit: Duration) {
    let seconds = format!("set session max_statement_time = {}", limit.as_secs());
    if session.rows("the time limit", &seconds).is_err() {
        let _ = session.rows("the time limit", &format!("set session max_execution_time = {}", limit.as_millis()));
    }
}

fn take(scanned: &mut Scanned, asked: &ScanResultKind, rows: &[TextRow]) -> Result<(), SchemaError> {
    let pairs = || {
        let pair = |row: &TextRow| Ok::<_, SchemaError>((row.number::<u64>("n")?, row.number::<u64>("k")?));
        rows.iter().filter(|r| r.opt("n").is_some()).map(pair).collect::<Result<Vec<_>, _>>()
    };
    match asked {
        ScanResultKind::Children { columns } => {
            scanned.children.insert(columns.clone(), pairs()?);
        }
        ScanResultKind::Lengths { column } => {
            scanned.lengths.insert(column.clone(), pairs()?);
        }
        ScanResultKind::Hours { column } => {
            scanned.hours.insert(column.clone(), pairs()?);
        }
        ScanResultKind::Weekdays { column } => {
            scanned.weekdays.insert(column.clone(), pairs()?);
        }
        ScanResultKind::Nulls { by, columns } => {
            for row in rows {
                let Some(label) = row.opt("n") else { continue };
                let all: f64 = row.number("k")?;
                for (i, column) in columns.iter().enumerate() {
                    let some: f64 = row.number(&format!("n{i}"))?;
                    let of = scanned.nulls.entry(column.clone()).or_insert_with(|| (by.clone(), Vec::new()));
                    of.1.push((label.to_owned(), 1.0 - some / all));
                }
            }
        }
        ScanResultKind::Order { columns, column } => {
            if let Some(share) = rows.first().map(|row| row.maybe("k")).transpose()?.flatten() {
                scanned.order.entry(columns.clone()).or_default().insert(column.clone(), share);
            }
        }
        ScanResultKind::Counts { columns, key } => {
            for row in rows {
                if let (Some(key), Some(least), Some(greatest)) = (key, row.opt("least"), row.opt("greatest")) {
                    scanned.ends.insert(key.clone(), (least.to_owned(), greatest.to_owned()));
                }
                let mut of = BTreeMap::new();
                for (i, column) in columns.iter().enumerate() {
                    of.insert(column.clone(), (row.number(&format!("n{i}"))?, row.number(&format!("d{i}"))?));
                }
                scanned.counts = Some((row.number("n")?, of));
            }
        }
        ScanResultKind::Common { column } => {
            let counts = rows.iter().map(|row| row.number("k")).collect::<Result<_, _>>()?;
            scanned.common.insert(column.clone(), counts);
        }
        ScanResultKind::Labels { column } => {
            let counts = rows.iter().map(|row| row.number("k")).collect::<Result<_, _>>()?;
            scanned.common.insert(column.clone(), counts);
            let labels = rows.iter().map(|row| row.opt("n").unwrap_or_default().to_owned());
            scanned.labels.insert(column.clone(), labels.collect());
        }
        ScanResultKind::Quantiles { column } => {
            let point = |row: &TextRow| Ok::<_, SchemaError>((row.number("n")?, row.string("k")?));
            scanned.quantiles.insert(column.clone(), rows.iter().map(point).collect::<Result<_, _>>()?);
        }
        ScanResultKind::Correlation { column } => {
            if let Some(row) = rows.first()
                && let (n, Some(squares)) = (row.number::<f64>("n")?, row.maybe::<f64>("k")?)
                && n > 1.0
            {
                scanned.correlations.insert(column.clone(), 1.0 - 6.0 * squares / (n * (n * n - 1.0)));
            }
        }
    }
    Ok(())
}
