//! Disables the triggers that prevent a table's load while it is loaded. PostgreSQL and SQLite do that in the
//! transaction that loads it: an error or a crash leaves them as they were. MySQL can only drop a trigger and create it
//! again (`mysql`), with its statement stored in the ledger meanwhile.
//!
//! Data in: a job; what the transaction wrote before and after its rows. Data out: statements, and reasons.

use std::collections::BTreeMap;

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::jobs::TableJob;
use super::ledger::Ledger;
use super::sql_template::filled;
use super::{RunError, facts, sql};
use dbmocker_core::schema::TableName;

mod heading;
mod mysql;

pub use mysql::DroppedTrigger;

/// Characters of a reason that are shown.
const LONGEST: usize = 200;
/// Tables counted in one statement; SQLite allows 500 parts of a UNION.
const AT_ONCE: usize = 200;

/// A table whose INSERT triggers are disabled while it is loaded.
#[derive(Debug, Clone)]
pub struct DisabledTriggers {
    pub table: TableName,
    /// The server's message, or a description of what the triggers did.
    pub why: String,
}

impl std::fmt::Display for DisabledTriggers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The server's message may quote whole functions.
        let mut why: String = self.why.chars().take(LONGEST).collect();
        if why.len() < self.why.len() {
            why.push_str(" ...");
        }
        write!(f, "`{}`: its triggers are off while its rows are loaded, and on again after them: {why}", self.table)
    }
}

/// Statements that enable a table's triggers again.
#[derive(Debug)]
#[must_use = "what was switched off must be switched on again"]
pub(super) struct TriggerSwitch {
    dialect: Dialect,
    restore: Vec<String>,
    /// MySQL: its triggers, as stored in the ledger.
    remembered: Vec<DroppedTrigger>,
    table: TableName,
    ledger: Option<Ledger>,
}

impl TriggerSwitch {
    /// Whether dropping and creating a trigger commits the transaction.
    pub(super) fn commits(dialect: Dialect) -> bool {
        dialect == Dialect::Mysql
    }

    /// Why the table's triggers cannot be disabled, if they cannot.
    ///
    /// # Errors
    /// If a query fails.
    pub(super) fn forbidden(
        loader: &mut dyn Loader,
        dialect: Dialect,
        job: &TableJob,
    ) -> Result<Option<String>, LoadError> {
        if dialect == Dialect::Mysql { mysql::forbidden(loader, job) } else { Ok(None) }
    }

    /// Disables the table's INSERT triggers, in the open transaction.
    ///
    /// # Errors
    /// The role does not own the table; the transaction must be rolled back.
    pub(super) fn begin(
        loader: &mut dyn Loader,
        dialect: Dialect,
        job: &TableJob,
        ledger: Option<&Ledger>,
    ) -> Result<Self, LoadError> {
        let mut all = TriggerSwitch {
            dialect,
            restore: Vec::new(),
            remembered: Vec::new(),
            table: job.name.clone(),
            ledger: ledger.cloned(),
        };
        match dialect {
            Dialect::Postgres => {
                let table = sql::table(dialect, job);
                let sql = filled(include_str!("silence.sql"), &[("table", &ident::literal(dialect, &table))]);
                all.switch(loader, &sql)?;
            }
            Dialect::Sqlite => {
                let schema = ident::quote(dialect, &job.target.schema);
                for name in &job.insert_triggers {
                    let off = format!("DROP TRIGGER {schema}.{}", ident::quote(dialect, name));
                    let sql = format!(
                        "SELECT {}, sql FROM {schema}.sqlite_schema WHERE type = 'trigger' AND name = {}",
                        ident::literal(dialect, &off),
                        ident::literal(dialect, name)
                    );
                    all.switch(loader, &sql)?;
                }
            }
            Dialect::Mysql => all.remembered = mysql::drop_triggers(loader, job, ledger)?,
        }
        Ok(all)
    }

    /// Executes the first statement of each row, and stores the second.
    fn switch(&mut self, loader: &mut dyn Loader, sql: &str) -> Result<(), LoadError> {
        for row in loader.query(sql)? {
            let mut cells = row.into_iter().flatten();
            if let (Some(off), Some(on)) = (cells.next(), cells.next()) {
                loader.execute(&off)?;
                self.restore.push(on);
            }
        }
        Ok(())
    }

    /// Enables them again.
    ///
    /// # Errors
    /// A deferred constraint is violated; the transaction must be rolled back. MySQL: a trigger could not be created
    /// again; the ledger keeps its statement.
    pub(super) fn end(self, loader: &mut dyn Loader) -> Result<(), LoadError> {
        if self.dialect == Dialect::Postgres {
            // PostgreSQL cannot alter a table with pending deferred checks.
            loader.calling_functions().execute("SET CONSTRAINTS ALL IMMEDIATE")?;
        }
        self.restore.iter().try_for_each(|on| loader.execute(on).map(drop))?;
        let Some(ledger) = &self.ledger else { return Ok(()) };
        self.remembered.iter().try_for_each(|trigger| mysql::restore(loader, ledger, &self.table, trigger))
    }
}

/// Creates triggers again that a run dropped and did not restore (MySQL); returns a line for each.
///
/// # Errors
/// If the server refuses a statement.
pub(super) fn recover(loader: &mut dyn Loader, ledger: &Ledger) -> Result<Vec<String>, RunError> {
    let mut lines = Vec::new();
    for (table, trigger) in ledger.triggers(loader)? {
        if facts::table(loader, Dialect::Mysql, &table)?.is_none() {
            ledger.forget_trigger(loader, &table, &trigger)?;
            lines.push(format!("{table} is gone, and its trigger `{}` with it", trigger.name));
        } else if mysql::recover(loader, ledger, &table, &trigger)? {
            lines.push(format!("{}.{}: the trigger was made again", table.schema, trigger.name));
        }
    }
    Ok(lines)
}

/// Creates those triggers of these tables again that a process dropped which has ended.
///
/// # Errors
/// The server refuses a statement.
pub(super) fn recover_of(loader: &mut dyn Loader, ledger: &Ledger, jobs: &[TableJob]) -> Result<(), RunError> {
    for (table, trigger) in ledger.triggers(loader)? {
        if jobs.iter().any(|job| job.name == table) {
            mysql::recover(loader, ledger, &table, &trigger)?;
        }
    }
    Ok(())
}

/// The writes of a transaction so far: rows of each table, and the number of relations.
#[derive(Debug, Default)]
pub(super) struct WriteLog {
    relations: i128,
    rows: BTreeMap<TableName, i128>,
}

impl WriteLog {
    /// Rows of each table by count, where the server has no statistics of a transaction's writes.
    ///
    /// # Errors
    /// If a query fails.
    pub(super) fn count(loader: &mut dyn Loader, dialect: Dialect, tables: &[&TableName]) -> Result<Self, LoadError> {
        let mut written = WriteLog::default();
        for some in tables.chunks(AT_ONCE) {
            let count = |(i, t): (usize, &&TableName)| {
                format!("SELECT {i} AS i, count(*) AS n FROM {}", ident::qualified(dialect, &t.schema, &t.name))
            };
            let sql: Vec<String> = some.iter().enumerate().map(count).collect();
            for row in loader.query(&sql.join(" UNION ALL "))? {
                let number = |i: usize| row.get(i).cloned().flatten().and_then(|n| n.parse::<i128>().ok());
                if let (Some(i), Some(n)) = (number(0).and_then(|i| usize::try_from(i).ok()), number(1)) {
                    written.rows.insert(some[i].clone(), n);
                }
            }
        }
        Ok(written)
    }

    /// The transaction's writes by PostgreSQL's statistics.
    ///
    /// # Errors
    /// If a query fails.
    pub(super) fn read(loader: &mut dyn Loader) -> Result<Self, LoadError> {
        let mut written = WriteLog::default();
        for row in loader.query(include_str!("written.sql"))? {
            let [schema, table, rows] = <[Option<String>; 3]>::try_from(row).unwrap_or_default();
            let rows = rows.and_then(|n| n.parse().ok()).unwrap_or_default();
            match (schema, table) {
                (Some(schema), Some(table)) => _ = written.rows.insert(TableName::new(schema, table), rows),
                _ => written.relations = rows,
            }
        }
        Ok(written)
    }

    /// Describes the changes since `before`, except rows for `own`: to tables that are `filled`, or to the schema
    /// itself.
    pub(super) fn besides(
        &self,
        before: &WriteLog,
        own: &TableName,
        filled: impl Fn(&TableName) -> bool,
    ) -> Option<String> {
        if self.relations != before.relations {
            return Some("they create tables".into());
        }
        let more = |(table, rows): &(&TableName, &i128)| before.rows.get(*table).is_none_or(|was| was < *rows);
        let tables = self.rows.iter().filter(more).filter(|(table, _)| *table != own && filled(table));
        let named: Vec<String> = tables.map(|(table, _)| format!("`{table}`")).collect();
        (!named.is_empty()).then(|| format!("they would also write to {}", named.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(relations: i128, rows: &[(&str, i128)]) -> WriteLog {
        let rows = rows.iter().map(|(name, n)| (TableName::new("s", *name), *n));
        WriteLog { relations, rows: rows.collect() }
    }

    #[test]
    fn only_other_tables_that_are_filled_count() {
        let own = TableName::new("s", "own");
        let besides = |before: &WriteLog, after: &WriteLog| after.besides(before, &own, |t| t.name != "log");
        let before = written(9, &[("own", 3), ("other", 5)]);
        assert_eq!(besides(&before, &written(9, &[("own", 8), ("other", 5), ("log", 1)])), None);
        let said = besides(&before, &written(9, &[("own", 8), ("other", 6)])).unwrap();
        assert!(said.contains("`s.other`"), "{said}");
        assert!(besides(&before, &written(10, &[("own", 8), ("other", 5)])).unwrap().contains("create"));
    }
}
