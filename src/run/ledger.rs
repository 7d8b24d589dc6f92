//! The run's own table in the database: what is being loaded, written before the first row and removed at every regular
//! end. A run that was killed leaves it behind, and `dbmocker restore` and the next run read there what happened.
//!
//! One line for each table; one for each session of the run; one for each task that a worker process has committed, in
//! the task's own transaction; while a table is loaded in parts, the statements that put it back as it was; and those
//! that make triggers again which MySQL has to drop.

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::jobs::TableJob;
use super::sql;

/// Name of the ledger's table, in the default schema.
pub const TABLE: &str = "dbmocker_run";

#[derive(Debug, Clone)]
pub struct Ledger {
    dialect: Dialect,
    table: String,
}

/// What would put one table back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Undo {
    /// The table or trigger, quoted and qualified.
    pub table: String,
    /// In order: for a table the first one empties it, the others make again what was dropped.
    pub statements: Vec<String>,
}

impl Ledger {
    pub fn new(dialect: Dialect, schema: &str) -> Self {
        Ledger { dialect, table: ident::qualified(dialect, schema, TABLE) }
    }

    /// Whether an earlier run left it behind.
    pub fn exists(&self, loader: &mut dyn Loader) -> bool {
        loader.query(&format!("SELECT count(*) FROM {} WHERE what = 'table'", self.table)).is_ok()
    }

    /// What an earlier run left unfinished, in words; `None` if there was none.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub fn unfinished(&self, loader: &mut dyn Loader) -> Result<Option<String>, LoadError> {
        if !self.exists(loader) {
            return Ok(None);
        }
        let half: Vec<String> = self.undo(loader)?.into_iter().map(|u| u.table).collect();
        let rows = loader.query(&format!(
            "SELECT table_name, rows_before, rows_planned, note FROM {} WHERE what = 'table' ORDER BY table_name",
            self.table
        ))?;
        let mut lines = Vec::new();
        let mut started = String::new();
        for row in rows {
            let text = |i: usize| row.get(i).cloned().flatten().unwrap_or_default();
            let (name, before, planned) = (text(0), number(&text(1)), number(&text(2)));
            started = text(3);
            let held = match loader.query(&format!("SELECT count(*) FROM {name}")) {
                Ok(count) => number(count.first().and_then(|r| r.first()).and_then(Option::as_deref).unwrap_or("0")),
                Err(_) => continue,
            };
            lines.push(match held.saturating_sub(before) {
                n if half.contains(&name) => {
                    format!("  {name}: {n} of {planned} rows, in parts; its indexes may be missing")
                }
                0 => format!("  {name}: nothing was loaded ({before} rows before)"),
                n if n >= planned => format!("  {name}: complete, {n} rows"),
                n => format!("  {name}: {n} of {planned} rows"),
            });
        }
        Ok(Some(format!("it started {started}\n{}", lines.join("\n"))))
    }

    /// Writes the ledger.
    ///
    /// # Errors
    /// If the table cannot be made, e.g. without the privilege to create one.
    pub fn begin(&self, loader: &mut dyn Loader, jobs: &[TableJob], now: &str) -> Result<(), LoadError> {
        // Lines of a task must be rolled back with it.
        let (name, note, engine) = match self.dialect {
            Dialect::Mysql => ("varchar(500)", "longtext", " ENGINE = InnoDB"),
            _ => ("text", "text", ""),
        };
        loader.execute(&format!(
            "CREATE TABLE {} (what {name}, table_name {name}, place bigint, rows_before bigint, rows_planned bigint, \
             note {note}){engine}",
            self.table
        ))?;
        let row = |j: &TableJob| {
            let (name, now) =
                (ident::literal(self.dialect, &sql::table(self.dialect, j)), ident::literal(self.dialect, now));
            format!("('table', {name}, 0, {}, {}, {now})", j.existing, j.rows)
        };
        for some in jobs.chunks(200) {
            let values: Vec<String> = some.iter().map(row).collect();
            loader.execute(&format!("INSERT INTO {} VALUES {}", self.table, values.join(", ")))?;
        }
        Ok(())
    }

    fn add(&self, loader: &mut dyn Loader, what: &str, table: &str, place: u64, note: &str) -> Result<(), LoadError> {
        let [what, table, note] = [what, table, note].map(|t| ident::literal(self.dialect, t));
        loader.execute(&format!(
            "INSERT INTO {} (what, table_name, place, note) VALUES ({what}, {table}, {place}, {note})",
            self.table
        ))?;
        Ok(())
    }

    /// Notes a session of the run.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn add_session(&self, loader: &mut dyn Loader, session: &str) -> Result<(), LoadError> {
        self.add(loader, "session", "", 0, session)
    }

    /// The sessions of the run.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub fn sessions(&self, loader: &mut dyn Loader) -> Result<Vec<String>, LoadError> {
        let rows = loader.query(&format!("SELECT note FROM {} WHERE what = 'session'", self.table))?;
        Ok(rows.into_iter().flatten().flatten().collect())
    }

    /// Notes, in a task's transaction, that it is done.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn add_task(&self, loader: &mut dyn Loader, number: u64) -> Result<(), LoadError> {
        self.add(loader, "task", "", number, "")
    }

    /// Whether a task was committed.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub fn has_task(&self, loader: &mut dyn Loader, number: u64) -> Result<bool, LoadError> {
        let sql = format!("SELECT 1 FROM {} WHERE what = 'task' AND place = {number}", self.table);
        Ok(!loader.query(&sql)?.is_empty())
    }

    /// Writes down what will undo the load of a table, in the transaction that begins it.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn add_undo(&self, loader: &mut dyn Loader, job: &TableJob, statements: &[String]) -> Result<(), LoadError> {
        let name = sql::table(self.dialect, job);
        let mut all = statements.iter().zip(0..);
        all.try_for_each(|(statement, place)| self.add(loader, "undo", &name, place, statement))
    }

    /// What would undo loads that are under way.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub fn undo(&self, loader: &mut dyn Loader) -> Result<Vec<Undo>, LoadError> {
        self.statements(loader, "undo")
    }

    fn statements(&self, loader: &mut dyn Loader, what: &str) -> Result<Vec<Undo>, LoadError> {
        let sql =
            format!("SELECT table_name, note FROM {} WHERE what = '{what}' ORDER BY table_name, place", self.table);
        let mut all: Vec<Undo> = Vec::new();
        for row in loader.query(&sql)? {
            let [Some(table), Some(statement)] = &row[..] else { continue };
            if all.last().is_none_or(|u| &u.table != table) {
                all.push(Undo { table: table.clone(), statements: Vec::new() });
            }
            all.last_mut().expect("just pushed").statements.push(statement.clone());
        }
        Ok(all)
    }

    /// What makes a table's dropped indexes again; `None` where the ledger does not know of the table's load.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub fn rebuild(&self, loader: &mut dyn Loader, job: &TableJob) -> Result<Option<Vec<String>>, LoadError> {
        let name = sql::table(self.dialect, job);
        let found = self.undo(loader)?.into_iter().find(|u| u.table == name);
        Ok(found.map(|undo| undo.statements.into_iter().skip(1).collect()))
    }

    /// Strikes out what would undo a table's load, in the transaction that ends it.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn forget(&self, loader: &mut dyn Loader, table: &str) -> Result<(), LoadError> {
        self.strike(loader, "undo", table)
    }

    fn strike(&self, loader: &mut dyn Loader, what: &str, table: &str) -> Result<(), LoadError> {
        let name = ident::literal(self.dialect, table);
        loader.execute(&format!("DELETE FROM {} WHERE what = '{what}' AND table_name = {name}", self.table)).map(drop)
    }

    /// Writes down what makes a trigger again, before it is dropped.
    ///
    /// # Errors
    /// If the server refuses, e.g. because there is no ledger.
    pub fn add_trigger(&self, loader: &mut dyn Loader, name: &str, statements: &[String]) -> Result<(), LoadError> {
        let mut all = statements.iter().zip(0..);
        all.try_for_each(|(statement, place)| self.add(loader, "trigger", name, place, statement))
    }

    /// Triggers that are dropped, by quoted name, with what makes each again.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub fn triggers(&self, loader: &mut dyn Loader) -> Result<Vec<Undo>, LoadError> {
        self.statements(loader, "trigger")
    }

    /// Strikes out a trigger that is there again.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn forget_trigger(&self, loader: &mut dyn Loader, name: &str) -> Result<(), LoadError> {
        self.strike(loader, "trigger", name)
    }

    /// Removes the ledger.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn end(&self, loader: &mut dyn Loader) -> Result<(), LoadError> {
        loader.execute(&format!("DROP TABLE IF EXISTS {}", self.table)).map(drop)
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}
