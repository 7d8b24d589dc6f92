//! Removes exactly the rows that a run has added, and no other rows of the same tables.
//!
//! In: the run's tables, whose rows are generated again from its plan, and the database. First every row is looked up
//! by its key and compared; the keys of unchanged rows are stored in a temporary table, so that memory does not grow.
//! Changed rows, and rows that foreign rows refer to, stop the command at this point, before anything is removed.
//! ("Foreign" rows, or rows of others, are rows that the run has not added.) Then the rows are removed, children first,
//! in batches of one transaction each. No progress is recorded: a removed row is no longer found, so after a kill the
//! same command continues.

mod error;
mod keyless_tables;
mod keys;
mod own_rows;
mod references;
mod remove;
mod sequences;

use std::fmt;

use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use dbmocker_loaders::{Connection, Loader, connect};
use serde::Serialize;

pub use error::UndoError;

use crate::report::{Align, Grid};
use crate::verify::rows::{RowSet, RowSetError};
use dbmocker_core::humanize;
use dbmocker_core::schema::{Dialect, Schema, Table, TableName};
use dbmocker_schema::session::Session;
use own_rows::OwnRows;
use references::IncomingReference;

/// Rows of one statement.
const BATCH: usize = 1000;
/// Rows of each kind that are named for each table.
const EXAMPLES: usize = 3;

/// A table of the run.
pub struct RunTable<'a> {
    /// As it is in the database now.
    pub table: &'a Table,
    /// The table's column for each field of the rows.
    pub columns: Vec<usize>,
    pub schema: SchemaRef,
    pub rows: u64,
    pub source: &'a dyn RowSet,
}

/// What happens to rows that the run made and that were changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// They stop the command, as do rows that foreign rows refer to.
    Stop,
    /// They are kept, as are rows that foreign rows refer to, and the rows that kept rows refer to.
    Keep,
    /// They are removed. Rows that foreign rows refer to stop the command.
    Remove,
}

/// What is to be done.
#[derive(Clone, Copy)]
pub struct UndoOptions<'a> {
    pub changed: Changed,
    /// Checked regularly; true stops the command.
    pub stop: &'a dyn Fn() -> bool,
}

/// The rows of a run, as they were found, and what is to be removed.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Undone {
    /// Parents first.
    pub tables: Vec<UndoneTable>,
    /// `true`: rows are not to be removed.
    pub dry_run: bool,
    pub notes: Vec<String>,
}

/// One table of the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct UndoneTable {
    pub name: TableName,
    /// Rows that the run made.
    pub made: u64,
    /// Those that no longer exist.
    pub gone: u64,
    /// Those that hold other values now.
    pub changed: u64,
    /// Foreign rows that refer to the run's rows, of all tables.
    pub referring: u64,
    /// Rows that are, or would be, removed.
    pub removed: u64,
    /// Some of the changed and the referring rows.
    pub examples: Vec<String>,
}

/// Rows that were looked up and are ready to be removed.
pub struct PreparedUndo<'a> {
    work: UndoWork<'a>,
    found: Undone,
}

/// The parts of one undo.
struct UndoWork<'a> {
    connection: &'a Connection,
    loader: Box<dyn Loader>,
    /// Prints values as the server does.
    session: Session,
    schema: &'a Schema,
    tables: Vec<OwnRows<'a>>,
    references: Vec<IncomingReference>,
    options: UndoOptions<'a>,
}

/// Looks up the run's rows and checks that they can be removed.
///
/// # Errors
/// [`UndoError::Blocked`] lists the obstacles; or a table has no key that identifies the run's rows; or a query fails.
pub fn prepare<'a>(
    connection: &'a Connection,
    schema: &'a Schema,
    tables: Vec<RunTable<'a>>,
    options: UndoOptions<'a>,
) -> Result<PreparedUndo<'a>, UndoError> {
    let mut loader = connect(connection)?;
    if schema.dialect == Dialect::Postgres {
        // Rows that a policy hides may refer to the run's rows: a query that would leave them out is an error.
        loader.execute("SET row_security = off")?;
    }
    let tables = keys::parents_first(schema, tables);
    if let Some((t, why)) = tables.iter().find_map(|t| Some((t, t.table.unfit.first()?))) {
        return Err(UndoError::Unfit { table: t.table.name.clone(), why: why.clone() });
    }
    let elsewhere: Vec<&TableName> = tables.iter().map(|t| &t.table.name).collect();
    references::none_elsewhere(&mut *loader, schema, &elsewhere)?;
    let names: Vec<TableName> = tables.iter().map(|t| t.table.name.clone()).collect();
    let references = references::all(schema, &names);
    let own = |(number, table)| OwnRows::new(schema, number, table, &references);
    let tables = tables.into_iter().enumerate().map(own).collect();
    let mut work =
        UndoWork { connection, loader, session: Session::open(connection)?, schema, tables, references, options };
    let found = work.look()?;
    Ok(PreparedUndo { work, found })
}

impl PreparedUndo<'_> {
    /// The rows that were found, and those that would be removed.
    pub fn found(&self) -> &Undone {
        &self.found
    }

    /// Removes the rows.
    ///
    /// # Errors
    /// The server refuses, or rows were changed or referred to meanwhile; batches before that are removed.
    pub fn remove(mut self) -> Result<Undone, UndoError> {
        let removed = self.work.remove(&self.found)?;
        let mut undone = self.found;
        for (table, removed) in undone.tables.iter_mut().zip(removed) {
            table.removed = removed;
        }
        undone.notes.extend(self.work.put_sequences_back()?);
        self.work.loader.finish()?;
        undone.dry_run = false;
        Ok(undone)
    }
}

impl UndoWork<'_> {
    fn look(&mut self) -> Result<Undone, UndoError> {
        let mut found = Undone { dry_run: true, notes: self.trigger_notes(), ..Undone::default() };
        for t in 0..self.tables.len() {
            let table = self.look_up(t)?;
            found.tables.push(table);
        }
        self.references_of_others(&mut found)?;
        let open = |t: &UndoneTable| t.changed > 0 && self.options.changed == Changed::Stop;
        let referred = |t: &UndoneTable| t.referring > 0 && self.options.changed != Changed::Keep;
        if found.tables.iter().any(|t| open(t) || referred(t)) {
            return Err(UndoError::Blocked { found: Box::new(found) });
        }
        for t in 0..self.tables.len() {
            found.tables[t].removed = self.left(t)?;
        }
        Ok(found)
    }

    fn go_on(&self) -> Result<(), UndoError> {
        if (self.options.stop)() { Err(UndoError::Interrupted) } else { Ok(()) }
    }

    /// Notes on triggers: rows that triggers have added are not the run's.
    fn trigger_notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for run in self.tables.iter().map(|own| &own.run) {
            let compared = |c: usize| run.columns.contains(&c) || run.table.columns[c].generated.is_some();
            let others = (0..run.table.columns.len()).filter(|&c| !compared(c));
            let names: Vec<String> = others.map(|c| format!("`{}`", run.table.columns[c].name)).collect();
            if !names.is_empty() {
                notes.push(format!(
                    "`{}`: {} are not the run's, and are not compared",
                    run.table.name,
                    names.join(", ")
                ));
            }
        }
        for own in &self.tables {
            let table = own.run.table;
            let mut elsewhere: Vec<&str> =
                table.insert_triggers().flat_map(|t| &t.writes).map(String::as_str).collect();
            elsewhere.sort_unstable();
            elsewhere.dedup();
            if !elsewhere.is_empty() {
                notes.push(format!(
                    "`{}`: rows that its triggers wrote to {} when it was loaded stay there",
                    table.name,
                    elsewhere.iter().map(|t| format!("`{t}`")).collect::<Vec<_>>().join(", ")
                ));
            }
            let fired: Vec<String> = keys::delete_triggers(table).map(|t| format!("`{}`", t.name)).collect();
            if !fired.is_empty() {
                notes.push(format!("`{}`: every removed row fires its triggers {}", table.name, fired.join(", ")));
            }
        }
        notes
    }
}

/// The rows of all batches in pieces of exactly [`BATCH`], with the pieces' numbers: the sizes of generated batches
/// depend on the free memory, but the same rows must get the same number in each pass.
fn pieces<'s>(
    schema: &'s SchemaRef,
    source: &'s dyn RowSet,
) -> impl Iterator<Item = Result<(usize, RecordBatch), RowSetError>> + 's {
    let mut batches = source.batches().fuse();
    let mut rest: Option<RecordBatch> = None;
    let slices = std::iter::from_fn(move || {
        while rest.as_ref().is_none_or(|rest| rest.num_rows() < BATCH) {
            let Some(batch) = batches.next() else { break };
            let joined = batch.and_then(|batch| match rest.take() {
                None => Ok(batch),
                Some(rest) => concat_batches(schema, [&rest, &batch]).map_err(RowSetError::new),
            });
            match joined {
                Ok(joined) => rest = Some(joined),
                Err(e) => return Some(Err(e)),
            }
        }
        let all = rest.take().filter(|rest| rest.num_rows() > 0)?;
        let rows = all.num_rows().min(BATCH);
        rest = Some(all.slice(rows, all.num_rows() - rows));
        Some(Ok(all.slice(0, rows)))
    });
    slices.enumerate().map(|(n, slice)| Ok((n, slice?)))
}

impl Undone {
    /// Rows that are, or would be, removed.
    pub fn removed(&self) -> u64 {
        self.tables.iter().map(|t| t.removed).sum()
    }
}

/// A line for each table, then examples and notes.
impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let removed = if self.dry_run { "to remove" } else { "removed" };
        let mut grid = Grid::new(&[
            ("table", Align::Left),
            ("made", Align::Right),
            ("gone", Align::Right),
            ("changed", Align::Right),
            ("referred to by", Align::Right),
            (removed, Align::Right),
        ]);
        for t in &self.tables {
            let [made, gone, changed, referring, removed] =
                [t.made, t.gone, t.changed, t.referring, t.removed].map(humanize::count);
            grid.row([t.name.to_string(), made, gone, changed, referring, removed]);
        }
        write!(f, "{grid}")?;
        for t in &self.tables {
            t.examples.iter().try_for_each(|e| writeln!(f, "{}: {}", t.name, plain(e)))?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "{}", plain(note)))
    }
}

/// Removes control characters, which must not reach the terminal, from values of untrusted rows.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The table without tables that inherit from it, but with its partitions.
fn from(dialect: Dialect, table: &Table) -> String {
    let only = if dialect == Dialect::Postgres && !table.in_parts() { "ONLY " } else { "" };
    format!("{only}{}", dbmocker_core::ident::qualified(dialect, &table.name.schema, &table.name.name))
}
