//! SQLite: `INSERT ... SELECT` from a virtual table over the record batches, in one transaction per load.
//!
//! Data in: the path of an existing file, then payloads. Data out: rows in tables, counted by SQLite statement by
//! statement (rows that triggers write elsewhere do not count). Foreign keys are not enforced on this connection, so
//! the caller runs `PRAGMA foreign_key_check` afterwards. A failed load leaves no rows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::ValueRef;

use self::virtual_table::Feed;
use crate::ident::{literal, qualified, quote};
use crate::staged::{self, PayloadBatches};
use crate::{Connection, Dialect, LoadError, Loaded, Loader, Payload, Target, array_cells};

mod errors;
mod session;
mod values;
mod virtual_table;

pub use errors::{is_locked, way_out};
pub use session::CACHE_KIB;
pub use values::Affinity;
pub(crate) use values::{BoundColumn, of_batch as bound_columns};

/// Opens an existing file for writing.
///
/// # Errors
/// [`LoadError::Connect`]: no such folder or file, not a database, read-only, locked.
pub fn connect(connection: &Connection) -> Result<Box<dyn Loader>, LoadError> {
    let db = session::open(connection)?;
    let (feed, cancelled) = (Feed::default(), Arc::new(AtomicBool::new(false)));
    Ok(Box::new(Sqlite { db, feed, widths: BTreeSet::new(), cancelled }))
}

/// The load path for a table, and its reason, for a plan.
pub fn path() -> (&'static str, String) {
    ("INSERT SELECT", "from a virtual table over the record batches, one transaction a part".to_owned())
}

struct Sqlite {
    db: rusqlite::Connection,
    feed: Feed,
    /// Column counts whose virtual table is registered.
    widths: BTreeSet<usize>,
    /// Set by the canceller and never cleared: no load begins or continues after it.
    cancelled: Arc<AtomicBool>,
}

impl Loader for Sqlite {
    fn execute(&mut self, sql: &str) -> Result<u64, LoadError> {
        run(&self.db, sql).map_err(|e| errors::statement("running a statement", &e))
    }

    fn calling_functions(&mut self) -> &mut dyn Loader {
        self
    }

    fn query(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, LoadError> {
        texts(&self.db, sql).map_err(|e| errors::statement("running a query", &e))
    }

    fn load(&mut self, target: &Target, payload: Payload<'_>) -> Result<Loaded, LoadError> {
        let begun = Instant::now();
        let label = array_cells::label(target);
        let rows = staged::open(payload)?;
        let fail = |e| errors::table(&label, "", &e);
        let scope = SqliteRollback::begin(&self.db).map_err(fail)?;
        let loaded = self.insert(target, rows).and_then(|loaded| {
            scope.keep(&self.db).map_err(fail)?;
            Ok(loaded)
        });
        if loaded.is_err() {
            scope.undo(&self.db);
        }
        loaded.map(|loaded| Loaded { elapsed: begun.elapsed(), ..loaded })
    }

    fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        let (handle, flag) = (self.db.get_interrupt_handle(), Arc::clone(&self.cancelled));
        Box::new(move || {
            flag.store(true, Ordering::SeqCst);
            handle.interrupt();
        })
    }

    fn finish(self: Box<Self>) -> Result<(), LoadError> {
        if !self.db.is_autocommit() {
            run(&self.db, "ROLLBACK").map_err(|e| errors::statement("closing the file", &e))?;
        }
        self.db.close().map_err(|(_, e)| errors::statement("closing the file", &e))
    }
}

impl Sqlite {
    /// Writes all rows inside the open transaction or savepoint, and compares the counts.
    fn insert(&mut self, target: &Target, rows: PayloadBatches<'_>) -> Result<Loaded, LoadError> {
        let label = array_cells::label(target);
        let fail = |e| errors::table(&label, "", &e);
        let manner = InsertMode::of(&self.db, target).map_err(fail)?;
        let before = manner.count(&self.db, target).map_err(fail)?;
        let width = target.columns.len();
        if width > 0 && !self.widths.contains(&width) {
            self.feed.register(&self.db, width).map_err(fail)?;
            self.widths.insert(width);
        }
        let mut statement = self.db.prepare(&manner.statement(target)).map_err(fail)?;

        let mut loaded = Loaded::default();
        for batch in rows.batches {
            let batch = batch?;
            if self.cancelled.load(Ordering::SeqCst) {
                return Err(LoadError::Cancelled);
            }
            let columns = values::of_batch(target, &batch)?;
            loaded.bytes += batch.get_array_memory_size() as u64;
            // A table whose columns are all filled by the server has nothing to select: its statement is run for each
            // row.
            let times = if width == 0 { batch.num_rows() } else { 1 };
            self.feed.put(columns, batch.num_rows());
            for _ in 0..times {
                let stored = statement.execute([]).map_err(|e| {
                    let place = manner.place(loaded.sent, batch.num_rows(), self.feed.row());
                    errors::table(&label, &place, &e)
                })?;
                loaded.stored += stored as u64;
            }
            loaded.sent += batch.num_rows() as u64;
        }
        drop(statement);
        self.feed.put(Vec::new(), 0);
        if let (Some(before), Some(after)) = (before, manner.count(&self.db, target).map_err(fail)?) {
            loaded.stored = after.saturating_sub(before);
        }
        if loaded.sent != loaded.stored {
            return Err(LoadError::Short { table: label, sent: loaded.sent, stored: loaded.stored });
        }
        Ok(loaded)
    }
}

/// How conflicts are handled and rows counted, by the properties of the table.
#[derive(Debug, Clone, Copy)]
struct InsertMode {
    /// SQLite would apply the loader's conflict clause to the statements inside the triggers too, so there is none
    /// then; it also reads the whole batch before it writes a row.
    triggers: bool,
    /// A constraint may replace or skip rows by its own `ON CONFLICT`, which only counting the table shows.
    conflict_clauses: bool,
}

impl InsertMode {
    fn of(db: &rusqlite::Connection, target: &Target) -> rusqlite::Result<InsertMode> {
        let schema = quote(Dialect::Sqlite, &target.schema);
        let table = literal(Dialect::Sqlite, &target.table);
        let sql = format!(
            "SELECT coalesce(max(type = 'trigger'), 0), coalesce(max(type = 'table' AND sql LIKE '%ON%CONFLICT%'), 0) \
             FROM (SELECT type, sql, tbl_name FROM {schema}.sqlite_schema \
             UNION ALL SELECT type, sql, tbl_name FROM sqlite_temp_schema) WHERE tbl_name = {table} COLLATE NOCASE"
        );
        db.query_row(&sql, [], |row| Ok(InsertMode { triggers: row.get(0)?, conflict_clauses: row.get(1)? }))
    }

    /// `OR FAIL` avoids the journal that SQLite needs to undo a single statement: the load is rolled back as a whole.
    fn statement(self, target: &Target) -> String {
        let or_fail = if self.triggers { "" } else { " OR FAIL" };
        let table = qualified(Dialect::Sqlite, &target.schema, &target.table);
        let names: Vec<String> = target.columns.iter().map(|c| quote(Dialect::Sqlite, &c.name)).collect();
        if names.is_empty() {
            return format!("INSERT{or_fail} INTO {table} DEFAULT VALUES");
        }
        let width = names.len();
        let cells: Vec<String> = (0..width).map(|i| format!("c{i}")).collect();
        let (names, cells) = (names.join(","), cells.join(","));
        format!("INSERT{or_fail} INTO {table} ({names}) SELECT {cells} FROM dbmocker_rows_{width}")
    }

    /// The table's row count, where the counts of the statements do not suffice.
    fn count(self, db: &rusqlite::Connection, target: &Target) -> rusqlite::Result<Option<u64>> {
        if !(self.triggers && self.conflict_clauses) {
            return Ok(None);
        }
        let table = qualified(Dialect::Sqlite, &target.schema, &target.table);
        db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
            .map(|n| Some(n.unsigned_abs()))
    }

    /// Rows are counted from 1 over the whole load.
    fn place(self, before: u64, rows: usize, row: usize) -> String {
        if self.triggers {
            format!(" in rows {} to {} of this load", before + 1, before + rows as u64)
        } else {
            format!(" at row {} of this load", before + row as u64 + 1)
        }
    }
}

/// The scope to which one load can be rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SqliteRollback {
    /// The caller's transaction: a savepoint inside it.
    Savepoint,
    Transaction,
}

impl SqliteRollback {
    fn begin(db: &rusqlite::Connection) -> rusqlite::Result<SqliteRollback> {
        // IMMEDIATE waits for other writers here, rather than failing in the middle.
        let (scope, sql) = if db.is_autocommit() {
            (SqliteRollback::Transaction, "BEGIN IMMEDIATE")
        } else {
            (SqliteRollback::Savepoint, "SAVEPOINT dbmocker_load")
        };
        run(db, sql).map(|_| scope)
    }

    fn keep(self, db: &rusqlite::Connection) -> rusqlite::Result<()> {
        let sql = if self == SqliteRollback::Transaction { "COMMIT" } else { "RELEASE dbmocker_load" };
        run(db, sql).map(drop)
    }

    fn undo(self, db: &rusqlite::Connection) {
        // Some errors (full disk, interrupt) have rolled the whole transaction back already.
        if !db.is_autocommit() {
            let sql = match self {
                SqliteRollback::Transaction => "ROLLBACK",
                SqliteRollback::Savepoint => "ROLLBACK TO dbmocker_load; RELEASE dbmocker_load",
            };
            // The load's own error is reported; an open transaction is rolled back when the file is closed.
            let _ = run(db, sql);
        }
    }
}

/// Runs statements to their end; the rows that the last one changed.
fn run(db: &rusqlite::Connection, sql: &str) -> rusqlite::Result<u64> {
    let mut batch = rusqlite::Batch::new(db, sql);
    let mut affected = 0;
    while let Some(mut statement) = batch.next()? {
        let before = db.total_changes();
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        affected = if db.total_changes() == before { 0 } else { db.changes() };
    }
    Ok(affected)
}

/// Every value as text, bytes that are no UTF-8 as `0x...`.
fn texts(db: &rusqlite::Connection, sql: &str) -> rusqlite::Result<Vec<Vec<Option<String>>>> {
    let mut statement = db.prepare(sql)?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push((0..width).map(|i| row.get_ref(i).map(value_text)).collect::<rusqlite::Result<_>>()?);
    }
    Ok(all)
}

fn value_text(value: ValueRef<'_>) -> Option<String> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(x) => format!("{x:?}"),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        ValueRef::Blob(bytes) => std::str::from_utf8(bytes).map_or_else(
            |_| {
                let mut hex = b"0x".to_vec();
                crate::text::put_hex(&mut hex, bytes);
                String::from_utf8_lossy(&hex).into_owned()
            },
            str::to_owned,
        ),
    })
}
