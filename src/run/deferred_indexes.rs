//! Deferred work of a plan: indexes are dropped before a table's rows and created again after them, foreign keys are
//! checked by one join. All this is done inside the unit's transaction, so that an error or a crash restores the
//! original state. A table that is loaded in parts has several transactions, and the ledger holds its dropped indexes;
//! MySQL, where each ALTER TABLE commits, drops them only there.
//!
//! Data in: the job's list of names and the catalogue. Data out: statements, kept until [`IndexDeferral::end`].

use std::collections::BTreeMap;

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::jobs::TableJob;
use super::sql_template::filled;
use super::{RunError, Stop, facts, sql};
use crate::run::deferred_indexes::sqlite_schema_edit::Hidden;

mod index;
mod mysql_index;
mod sqlite_schema_edit;

pub use index::IndexDefinition;

/// Memory for the sorts of index builds, if the server's setting is lower.
const BUILD_MEMORY_KB: u64 = 256 << 10;

/// SQLite's page cache while it builds indexes, which is also the size of its sort runs: it should fit in the CPU's
/// cache (2 M rows, two indexes: 2.1 CPU s at 4 MiB, 2.5 at 8, 3.1 at 16, 4.8 at 64; entirely in memory 4.8).
const SORT_KIB: u64 = 4 << 10;

/// Why PostgreSQL's indexes stay.
const NOT_AGAIN: &str = "this account could not make it again as it is, or other objects depend on it";

/// The work left when the rows are stored.
#[derive(Debug, Default)]
#[must_use = "what was dropped must be made again"]
pub struct IndexDeferral {
    drops: Vec<String>,
    rebuild: Vec<String>,
    /// PostgreSQL and MySQL: the definitions from which `rebuild` is built.
    indexes: Vec<IndexDefinition>,
    /// Planned indexes that are not dropped: name, and the reason.
    kept: Vec<(String, &'static str)>,
    /// SQLite: the indexes of the table's constraints, hidden from its schema.
    hidden: Option<Hidden>,
    checks: Vec<DeferredForeignKey>,
    /// The role of the session before, where it was changed.
    role: Option<String>,
    /// The table was emptied in this transaction.
    frozen: bool,
}

/// A foreign key that was not checked row by row.
#[derive(Debug)]
struct DeferredForeignKey {
    name: String,
    lock: String,
    orphan: String,
}

impl IndexDeferral {
    /// Drops indexes and disables checks, in the open transaction.
    ///
    /// # Errors
    /// The server refuses a statement; the transaction must be rolled back.
    pub fn begin(loader: &mut dyn Loader, dialect: Dialect, job: &TableJob) -> Result<Self, LoadError> {
        let mut all = IndexDeferral::default();
        if dialect != Dialect::Mysql {
            all = IndexDeferral::indexes(loader, dialect, job)?;
            all.drop_indexes(loader, dialect, job)?;
        }
        if !job.deferred_indexes.keys.is_empty() {
            all.hidden = Hidden::begin(loader, &job.target)?;
        }
        all.frozen = job.deferred_indexes.freeze && empty_again(loader, job)?;
        all.checks = IndexDeferral::checks(loader, dialect, job)?;
        all.suspend(loader)?;
        Ok(all)
    }

    /// Whether the rows may be stored frozen.
    pub fn freezes(&self) -> bool {
        self.frozen
    }

    /// The deferred indexes, read from the catalogue, not yet dropped.
    ///
    /// # Errors
    /// A query fails.
    pub fn indexes(loader: &mut dyn Loader, dialect: Dialect, job: &TableJob) -> Result<Self, LoadError> {
        let mut all = IndexDeferral::default();
        match dialect {
            _ if job.deferred_indexes.indexes.is_empty() => {}
            Dialect::Mysql => {
                let planned = mysql_index::read(loader, job)?;
                (all.indexes, all.kept) = (planned.dropped, planned.kept);
            }
            Dialect::Sqlite => all.sqlite_indexes(loader, job)?,
            Dialect::Postgres => all.postgres_indexes(loader, job)?,
        }
        Ok(all)
    }

    /// Drops the deferred indexes. MySQL drops all or none, and has committed the transaction.
    ///
    /// # Errors
    /// The server refuses a statement; the transaction must be rolled back.
    pub fn drop_indexes(&self, loader: &mut dyn Loader, dialect: Dialect, job: &TableJob) -> Result<(), LoadError> {
        if dialect == Dialect::Mysql {
            return mysql_index::drop_all(loader, &job.name, &self.indexes);
        }
        self.drops.iter().try_for_each(|statement| loader.execute(statement).map(drop))
    }

    /// Notes on planned indexes that stay in place, one for each reason.
    pub fn notes(&self, job: &TableJob) -> Vec<String> {
        let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, why) in &self.kept {
            by_reason.entry(*why).or_default().push(format!("`{name}`"));
        }
        let note = |(why, names): (&str, Vec<String>)| {
            let stay = if names.len() == 1 { "stays" } else { "stay" };
            format!("`{}`: {} {stay} in place while it is loaded: {why}", job.name, names.join(", "))
        };
        by_reason.into_iter().map(note).collect()
    }

    /// Their definitions.
    pub fn dropped(&self) -> &[IndexDefinition] {
        &self.indexes
    }

    /// Disables the checks of foreign keys for the transaction that loads one part of a table.
    ///
    /// # Errors
    /// The server refuses a statement; the transaction must be rolled back.
    pub fn unchecked(loader: &mut dyn Loader, dialect: Dialect, job: &TableJob) -> Result<(), LoadError> {
        let mut all =
            IndexDeferral { checks: IndexDeferral::checks(loader, dialect, job)?, ..IndexDeferral::default() };
        all.suspend(loader)
    }

    /// The work left once all parts of a table are stored: the dropped indexes, and the checks.
    ///
    /// # Errors
    /// A query fails.
    pub fn of_parts(
        loader: &mut dyn Loader,
        dialect: Dialect,
        job: &TableJob,
        indexes: Vec<IndexDefinition>,
    ) -> Result<Self, LoadError> {
        let checks = IndexDeferral::checks(loader, dialect, job)?;
        let mut all = IndexDeferral { checks, ..IndexDeferral::default() };
        if dialect == Dialect::Mysql {
            // After a kill or a lost connection, they may be there already.
            for index in indexes {
                if !facts::has_index(loader, dialect, &job.name, (&index.name, false))? {
                    all.indexes.push(index);
                }
            }
            all.rebuild =
                mysql_index::create(all.indexes.iter(), &job.name).map_err(|e| unread(job, &e.to_string()))?;
        } else {
            indexes.into_iter().try_for_each(|index| all.wait_for(job, index))?;
        }
        Ok(all)
    }

    /// Whether the foreign keys are checked at the end: the rows of their parents are not needed before.
    pub fn checks_later(&self) -> bool {
        !self.checks.is_empty()
    }

    /// Creates the dropped indexes again.
    ///
    /// # Errors
    /// A row violates a key; the transaction must be rolled back.
    pub fn rebuild(&mut self, loader: &mut dyn Loader, dialect: Dialect, stop: &Stop) -> Result<(), RunError> {
        if dialect == Dialect::Mysql {
            return Ok(mysql_index::build(loader, &self.rebuild, &|| stop.is_set())?);
        }
        if let Some(hidden) = self.hidden.take() {
            self.rebuild.splice(0..0, hidden.end(loader)?);
        }
        if dialect == Dialect::Postgres && !self.rebuild.is_empty() {
            more_memory(loader)?;
        }
        let cache = if dialect == Dialect::Sqlite { single(loader, "PRAGMA cache_size")? } else { None };
        if cache.is_some() && !self.rebuild.is_empty() {
            loader.execute(&format!("PRAGMA cache_size = -{SORT_KIB}"))?;
        }
        for statement in &self.rebuild {
            loader.calling_functions().execute(statement)?;
        }
        if let Some(cache) = cache {
            loader.execute(&format!("PRAGMA cache_size = {cache}"))?;
        }
        Ok(())
    }

    /// Checks the deferred foreign keys, once the indexes are there again and the parents' rows are committed.
    ///
    /// # Errors
    /// A row has no parent row; the transaction must be rolled back.
    pub fn end(self, loader: &mut dyn Loader, dialect: Dialect, job: &TableJob) -> Result<(), RunError> {
        let nothing = self.rebuild.is_empty() && self.checks.is_empty() && !self.frozen;
        if let Some(role) = &self.role {
            let role = ident::literal(dialect, role);
            loader.execute(&format!("SET LOCAL session_replication_role = {role}"))?;
        }
        for check in &self.checks {
            loader.execute(&check.lock)?;
            if let Some(row) = loader.query(&check.orphan)?.into_iter().next() {
                let value = row.into_iter().next().flatten().unwrap_or_default();
                let message =
                    format!("foreign key `{}`: no parent row has `{value}`; its rows were rolled back", check.name);
                return Err(RunError::Table { table: job.name.to_string(), message });
            }
        }
        if !nothing {
            analyze(loader, dialect, job)?;
        }
        Ok(())
    }

    fn postgres_indexes(&mut self, loader: &mut dyn Loader, job: &TableJob) -> Result<(), LoadError> {
        let sql = filled(include_str!("deferred_indexes/postgres_indexes.sql"), &[("table", &table_literal(job))]);
        for text in loader.query(&sql)?.into_iter().flatten().flatten() {
            let index: IndexDefinition = serde_json::from_str(&text).map_err(|e| unread(job, &e.to_string()))?;
            // An index that cannot be created again exactly is not dropped.
            if job.deferred_indexes.indexes.contains(&index.name) && index.create(&job.name).is_ok() {
                self.wait_for(job, index)?;
            }
        }
        let kept = job.deferred_indexes.indexes.iter().filter(|name| !self.indexes.iter().any(|i| &i.name == *name));
        self.kept = kept.map(|name| (name.clone(), NOT_AGAIN)).collect();
        Ok(())
    }

    fn wait_for(&mut self, job: &TableJob, index: IndexDefinition) -> Result<(), LoadError> {
        self.drops.push(index.drop(&job.name));
        self.rebuild.extend(index.create(&job.name).map_err(|e| unread(job, &e.to_string()))?);
        self.indexes.push(index);
        Ok(())
    }

    fn checks(loader: &mut dyn Loader, dialect: Dialect, job: &TableJob) -> Result<Vec<DeferredForeignKey>, LoadError> {
        let mut checks = Vec::new();
        if dialect != Dialect::Postgres || job.deferred_indexes.foreign_keys.is_empty() {
            return Ok(checks);
        }
        let sql = filled(include_str!("deferred_indexes/postgres_foreign_keys.sql"), &[("table", &table_literal(job))]);
        for row in loader.query(&sql)? {
            if let [Some(name), Some(lock), Some(orphan)] = &row[..] {
                checks.push(DeferredForeignKey { name: name.clone(), lock: lock.clone(), orphan: orphan.clone() });
            }
        }
        // Either for all foreign keys or for none: the setting applies to the session, not to a key.
        if job.deferred_indexes.foreign_keys.iter().any(|name| !checks.iter().any(|c| &c.name == name)) {
            checks.clear();
        }
        Ok(checks)
    }

    /// Disables the triggers that check foreign keys until the transaction ends, or [`IndexDeferral::end`].
    fn suspend(&mut self, loader: &mut dyn Loader) -> Result<(), LoadError> {
        if !self.checks.is_empty() {
            self.role = single(loader, "SHOW session_replication_role")?;
            loader.execute("SET LOCAL session_replication_role = replica")?;
        }
        Ok(())
    }

    fn sqlite_indexes(&mut self, loader: &mut dyn Loader, job: &TableJob) -> Result<(), LoadError> {
        let table = ident::literal(Dialect::Sqlite, &job.target.table);
        let schema = ident::quote(Dialect::Sqlite, &job.target.schema);
        let sql =
            filled(include_str!("deferred_indexes/sqlite_indexes.sql"), &[("table", &table), ("schema", &schema)]);
        for row in loader.query(&sql)? {
            let [Some(name), Some(drop), Some(create)] = &row[..] else { continue };
            if job.deferred_indexes.indexes.contains(name) {
                self.drops.push(drop.clone());
                self.rebuild.push(create.clone());
            }
        }
        Ok(())
    }
}

/// Executes the statements that create a table's dropped indexes again.
///
/// # Errors
/// The server refuses a statement.
pub(super) fn build_indexes(loader: &mut dyn Loader, dialect: Dialect, statements: &[String]) -> Result<(), LoadError> {
    match dialect {
        Dialect::Mysql => mysql_index::build(loader, statements, &|| false),
        _ => statements.iter().try_for_each(|s| loader.calling_functions().execute(s).map(drop)),
    }
}

fn unread(job: &TableJob, message: &str) -> LoadError {
    LoadError::Table { table: job.name.to_string(), message: format!("its indexes: {message}"), code: None }
}

/// Truncates an empty table, which allows COPY to freeze its rows. `false`: the table is not empty any more, and is
/// left unchanged.
fn empty_again(loader: &mut dyn Loader, job: &TableJob) -> Result<bool, LoadError> {
    let table = sql::table(Dialect::Postgres, job);
    // The lock prevents other sessions from adding rows between the check and the TRUNCATE.
    loader.execute(&format!("LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE"))?;
    let empty = loader.query(&format!("SELECT FROM ONLY {table} LIMIT 1"))?.is_empty();
    if empty {
        loader.execute(&format!("TRUNCATE ONLY {table}"))?;
    }
    Ok(empty)
}

/// The table's quoted name as a literal, for `::regclass`.
fn table_literal(job: &TableJob) -> String {
    let name = sql::table(Dialect::Postgres, job);
    ident::literal(Dialect::Postgres, &name)
}

fn single(loader: &mut dyn Loader, sql: &str) -> Result<Option<String>, LoadError> {
    Ok(loader.query(sql)?.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
}

fn more_memory(loader: &mut dyn Loader) -> Result<(), LoadError> {
    let sql = "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'maintenance_work_mem'";
    let held = single(loader, sql)?.and_then(|v| v.parse::<u64>().ok());
    if held.is_some_and(|kb| kb < BUILD_MEMORY_KB) {
        loader.execute(&format!("SET LOCAL maintenance_work_mem = '{BUILD_MEMORY_KB}kB'"))?;
    }
    Ok(())
}

/// Fresh statistics for the planner: those of an empty table mislead it, and dropping an index drops the index's
/// statistics.
fn analyze(loader: &mut dyn Loader, dialect: Dialect, job: &TableJob) -> Result<(), LoadError> {
    let table = sql::table(dialect, job);
    let kept = match dialect {
        Dialect::Postgres => true,
        Dialect::Mysql => false,
        // Only where statistics exist: otherwise ANALYZE would create the statistics table.
        Dialect::Sqlite => {
            let schema = ident::quote(dialect, &job.target.schema);
            let sql = format!("SELECT count(*) FROM {schema}.sqlite_schema WHERE name = 'sqlite_stat1'");
            single(loader, &sql)?.is_some_and(|n| n != "0")
        }
    };
    if kept {
        loader.calling_functions().execute(&format!("ANALYZE {table}"))?;
    }
    Ok(())
}
