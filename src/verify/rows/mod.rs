//! Compares rows regenerated from a plan with the rows of a database: missing, extra and changed ones of each table.
//!
//! Neither side is sorted or stored. The first pass adds the fingerprint of every row of one side to a bucket chosen by
//! its key, and subtracts those of the other side: buckets that are not zero differ. The second pass compares the rows
//! of those buckets only, a few buckets at a time. Memory does not grow with the rows.

use std::fmt;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use dbmocker_loaders::Connection;
use dbmocker_loaders::ident::qualified;
use serde::{Deserialize, Serialize};

use crate::report::{Align, Grid};
use dbmocker_core::humanize;
use dbmocker_core::schema::{Dialect, Table, TableName};
use dbmocker_schema::SchemaError;
use dbmocker_schema::key_reader::output;
use dbmocker_schema::session::Session;

mod canon;
mod checksum_buckets;
mod row_diff;

pub(crate) use canon::Canon;
use checksum_buckets::{ChecksumBuckets, Fingerprints};
use row_diff::RowDiff;

/// Differences of each kind that are shown per table.
const EXAMPLES: usize = 3;

/// The result for one table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableRows {
    pub name: TableName,
    /// Regenerated rows, and rows of the table.
    pub expected: u64,
    pub found: u64,
    pub missing: u64,
    /// Without rows that existed before, if their number matches.
    pub extra: u64,
    pub changed: u64,
    /// Number of differing buckets that were not compared row by row: if it is not 0, the counts are too low.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unseen_parts: usize,
    pub examples: Vec<RowDifference>,
    /// Notes for the user, e.g. columns that the server computes, which cannot be compared.
    pub notes: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// A row that differs from the generated one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowDifference {
    pub kind: RowKind,
    /// `id = 7`, or the whole row if there is no key.
    pub key: String,
    /// For changed rows: the cells that differ.
    pub cells: Vec<CellDifference>,
}

/// How it differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    Missing,
    Extra,
    Changed,
}

/// A cell that differs from the generated one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellDifference {
    pub column: String,
    /// `None` for NULL.
    pub expected: Option<String>,
    pub found: Option<String>,
}

/// Why a row cannot be regenerated.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RowSetError(Box<dyn std::error::Error + Send + Sync>);

impl RowSetError {
    /// The error of what generates the rows.
    pub fn new(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        RowSetError(Box::new(cause))
    }
}

/// A table whose rows can be regenerated.
pub trait RowSet {
    /// All of them, in the columns of the schema.
    fn batches(&self) -> Box<dyn Iterator<Item = Result<RecordBatch, RowSetError>> + '_>;

    /// One of them.
    ///
    /// # Errors
    /// The row cannot be generated.
    fn row(&self, row: u64) -> Result<RecordBatch, RowSetError>;
}

/// One table to compare.
pub struct RowComparison<'a> {
    /// The table as it is in the database now.
    pub table: &'a Table,
    /// The table's column for each field of the rows.
    pub columns: Vec<usize>,
    pub schema: SchemaRef,
    pub rows: u64,
    /// Rows that existed before the load.
    pub before: u64,
    pub source: &'a dyn RowSet,
}

/// Why rows could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error("`{table}`: its rows cannot be made again: {message}")]
    Generate { table: TableName, message: RowSetError },
    #[error("interrupted")]
    Interrupted,
}

/// Compares the rows of one table; `stop` is checked regularly.
///
/// # Errors
/// A query fails, or rows cannot be generated.
pub fn compare(
    conn: &Connection,
    dialect: Dialect,
    server: &str,
    comparison: &RowComparison<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<TableRows, RowsError> {
    let mut work = CompareWork::new(Session::open(conn)?, dialect, server, comparison, stop);
    let mut out = TableRows { name: comparison.table.name.clone(), notes: work.notes(), ..TableRows::default() };
    let mut checksums = ChecksumBuckets::new(comparison.rows.max(comparison.table.existing.rows));
    work.expected(&mut |_, prints| {
        checksums.add(prints);
        out.expected += 1;
    })?;
    work.found(&mut |prints, _| {
        checksums.take(prints);
        out.found += 1;
        true
    })?;
    let differing = checksums.differing();
    if !differing.is_empty() {
        let rows = out.expected.max(out.found);
        RowDiff::new(&mut work, checksums.buckets(), rows).look(&differing, &mut out)?;
    }
    if comparison.before > 0 && out.extra == comparison.before {
        out.extra = 0;
        out.examples.retain(|e| e.kind != RowKind::Extra);
        out.notes.push(format!("{} more, as many as were there before the load", humanize::rows(comparison.before)));
    }
    if !out.same() {
        out.notes.extend(triggers(comparison.table));
    }
    Ok(out)
}

/// Whether triggers may have changed the loaded rows.
fn triggers(table: &Table) -> Option<String> {
    let names: Vec<String> = table.triggers.iter().filter(|t| t.enabled).map(|t| format!("`{}`", t.name)).collect();
    (!names.is_empty()).then(|| format!("its triggers ({}) may have changed or made rows", names.join(", ")))
}

/// Both sides of one table, row by row in canonical form.
struct CompareWork<'a> {
    session: Session,
    dialect: Dialect,
    comparison: &'a RowComparison<'a>,
    canon: Vec<Canon>,
    /// Positions of the key's columns; empty: the whole row is the key.
    key: Vec<usize>,
    stop: &'a dyn Fn() -> bool,
}

type RowCells = [Option<String>];

impl<'a> CompareWork<'a> {
    fn new(
        session: Session,
        dialect: Dialect,
        server: &str,
        comparison: &'a RowComparison<'a>,
        stop: &'a dyn Fn() -> bool,
    ) -> Self {
        let mariadb = server.to_ascii_lowercase().contains("mariadb");
        let column = |c: &usize| Canon::new(&comparison.table.columns[*c], dialect, mariadb);
        let canon = comparison.columns.iter().map(column).collect();
        CompareWork { session, dialect, comparison, canon, key: key(comparison), stop }
    }

    fn notes(&self) -> Vec<String> {
        let table = self.comparison.table;
        let left = (0..table.columns.len()).filter(|c| !self.comparison.columns.contains(c));
        let names = |made: bool| -> Vec<String> {
            let wanted = left.clone().filter(|&c| table.columns[c].generated.is_some() == made);
            wanted.map(|c| format!("`{}`", table.columns[c].name)).collect()
        };
        let mut notes = Vec::new();
        for (made, why) in [(true, "the server computes"), (false, "the rows do not have, left to their defaults,")] {
            let names = names(made);
            if !names.is_empty() {
                notes.push(format!("columns that {why} are not compared: {}", names.join(", ")));
            }
        }
        notes
    }

    /// Passes every regenerated row to `take`, with its number.
    fn expected(&mut self, take: &mut dyn FnMut(u64, Fingerprints)) -> Result<(), RowsError> {
        let source = self.comparison.source;
        let mut number = 0;
        for batch in source.batches() {
            self.go_on()?;
            let batch = batch.map_err(|message| self.not_made(message))?;
            let columns = self.columns(&batch)?;
            let mut cells: Vec<Option<String>> = Vec::with_capacity(columns.len());
            for row in 0..batch.num_rows() {
                cells.clear();
                cells.extend(columns.iter().map(|c| c[row].clone()));
                take(number, self.prints(&cells));
                number += 1;
            }
        }
        Ok(())
    }

    /// One regenerated row.
    fn expected_row(&mut self, row: u64) -> Result<Vec<Option<String>>, RowsError> {
        let batch = self.comparison.source.row(row).map_err(|message| self.not_made(message))?;
        Ok(self.columns(&batch)?.into_iter().map(|mut c| c.swap_remove(0)).collect())
    }

    /// A batch's columns in canonical form.
    fn columns(&mut self, batch: &RecordBatch) -> Result<Vec<Vec<Option<String>>>, RowsError> {
        let mut out = Vec::with_capacity(self.canon.len());
        for (i, canon) in self.canon.iter().enumerate() {
            out.push(canon.made(batch.column(i).as_ref(), batch.schema_ref().field(i), &mut self.session)?);
        }
        Ok(out)
    }

    fn not_made(&self, message: RowSetError) -> RowsError {
        RowsError::Generate { table: self.comparison.table.name.clone(), message }
    }

    fn go_on(&self) -> Result<(), RowsError> {
        if (self.stop)() { Err(RowsError::Interrupted) } else { Ok(()) }
    }

    /// Passes every row of the table to `take`, until it returns false.
    fn found(&mut self, take: &mut dyn FnMut(Fingerprints, &RowCells) -> bool) -> Result<(), RowsError> {
        let sql = self.query();
        let (canon, key, stop) = (&self.canon, &self.key, self.stop);
        let mut cells: Vec<Option<String>> = Vec::with_capacity(canon.len());
        let (mut rows, mut stopped) = (0_u64, false);
        self.session.each(&format!("the rows of {}", self.comparison.table.name), &sql, &mut |texts| {
            rows += 1;
            stopped = rows.is_multiple_of(4096) && stop();
            cells.clear();
            let mut texts = texts;
            for c in canon {
                let (own, rest) = texts.split_at(c.width());
                cells.push(c.found(own));
                texts = rest;
            }
            !stopped && take(Fingerprints::of(&cells, key), &cells)
        })?;
        if stopped { Err(RowsError::Interrupted) } else { Ok(()) }
    }

    fn query(&self) -> String {
        let (table, dialect) = (self.comparison.table, self.dialect);
        let outputs: Vec<String> =
            self.comparison.columns.iter().map(|&c| output(dialect, &table.columns[c])).collect();
        let outputs = if outputs.is_empty() { "1".to_owned() } else { outputs.join(", ") };
        // Without the rows of tables that inherit from it, but with those of its partitions.
        let only = if self.dialect == Dialect::Postgres && !table.in_parts() { "only " } else { "" };
        format!("select {outputs} from {only}{}", qualified(dialect, &table.name.schema, &table.name.name))
    }

    fn prints(&self, cells: &RowCells) -> Fingerprints {
        Fingerprints::of(cells, &self.key)
    }

    /// `id = 7`, or all columns if there is no key.
    fn key_text(&self, cells: &RowCells) -> String {
        let shown: Vec<usize> = if self.key.is_empty() { (0..cells.len()).collect() } else { self.key.clone() };
        let name = |i: usize| &self.comparison.table.columns[self.comparison.columns[i]].name;
        let pairs: Vec<String> = shown.iter().map(|&i| format!("{} = {}", name(i), shown_cell(&cells[i]))).collect();
        pairs.join(", ")
    }

    fn column_name(&self, i: usize) -> String {
        self.comparison.table.columns[self.comparison.columns[i]].name.clone()
    }
}

/// The primary key, or a unique key that may not be NULL, if all its columns are compared.
fn key(comparison: &RowComparison<'_>) -> Vec<usize> {
    let table = comparison.table;
    let positions = |k: &dbmocker_core::schema::Key| -> Option<Vec<usize>> {
        let plain = k.plain_columns().filter(|_| k.predicate.is_none())?;
        let position = |name: &&str| {
            let c = table.column_index(name).filter(|&c| !table.columns[c].nullable)?;
            comparison.columns.iter().position(|&x| x == c)
        };
        plain.iter().map(position).collect()
    };
    let mut keys: Vec<_> = table.keys.iter().collect();
    keys.sort_by_key(|k| !k.primary);
    keys.into_iter().find_map(positions).unwrap_or_default()
}

/// A value for the screen: shortened, with NULL distinct from text.
pub(crate) fn shown_cell(cell: &Option<String>) -> String {
    const WIDEST: usize = 60;
    match cell {
        None => "NULL".into(),
        Some(text) if text.chars().count() > WIDEST => text.chars().take(WIDEST - 1).chain(['…']).collect(),
        Some(text) => text.clone(),
    }
}

impl TableRows {
    /// Nothing is missing, extra or changed.
    pub fn same(&self) -> bool {
        self.missing == 0 && self.extra == 0 && self.changed == 0 && self.unseen_parts == 0
    }
}

impl fmt::Display for RowDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            RowKind::Missing => "missing",
            RowKind::Extra => "extra",
            RowKind::Changed => "changed",
        };
        write!(f, "{kind}: {}", self.key)?;
        for (i, cell) in self.cells.iter().enumerate() {
            let (expected, found) = (shown_cell(&cell.expected), shown_cell(&cell.found));
            let before = if i == 0 { ": " } else { "; " };
            write!(f, "{before}`{}` should be {expected}, is {found}", cell.column)?;
        }
        Ok(())
    }
}

/// A line per table, then the differences.
pub fn describe(tables: &[TableRows]) -> String {
    let mut grid = Grid::new(&[
        ("table", Align::Left),
        ("made again", Align::Right),
        ("found", Align::Right),
        ("missing", Align::Right),
        ("extra", Align::Right),
        ("changed", Align::Right),
        ("", Align::Left),
    ]);
    for t in tables {
        let [expected, found, missing, extra, changed] =
            [t.expected, t.found, t.missing, t.extra, t.changed].map(humanize::count);
        let verdict = if t.same() { "same" } else { "differs" };
        grid.row([t.name.to_string(), expected, found, missing, extra, changed, verdict.into()]);
    }
    let mut out = grid.to_string();
    for t in tables {
        t.examples.iter().for_each(|e| out += &format!("{}: {e}\n", t.name));
        if t.unseen_parts > 0 {
            let parts = humanize::plural(t.unseen_parts as u64, "more part");
            out += &format!("{}: {parts} of the table differ; the counts are too low\n", t.name);
        }
        t.notes.iter().for_each(|n| out += &format!("{}: {n}\n", t.name));
    }
    out
}
