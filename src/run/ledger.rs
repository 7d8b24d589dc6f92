//! The run's own table in the database: what is being loaded, written before the first row and removed at every regular
//! end. A run that was killed leaves it behind, and the next one reads there what happened.

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::jobs::TableJob;

/// Name of the ledger's table, in the default schema.
pub const TABLE: &str = "dbmocker_run";

pub struct Ledger {
    dialect: Dialect,
    table: String,
}

impl Ledger {
    pub fn new(dialect: Dialect, schema: &str) -> Self {
        Ledger { dialect, table: ident::qualified(dialect, schema, TABLE) }
    }

    /// What an earlier run left unfinished, in words; `None` if there was none.
    ///
    /// # Errors
    /// If the server cannot be asked.
    pub fn unfinished(&self, loader: &mut dyn Loader) -> Result<Option<String>, LoadError> {
        let Ok(rows) = loader.query(&format!(
            "SELECT table_name, rows_before, rows_planned, started FROM {} ORDER BY table_name",
            self.table
        )) else {
            return Ok(None); // no such table: no such run
        };
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
        let text = if self.dialect == Dialect::Mysql { "varchar(500)" } else { "text" };
        self.end(loader)?;
        loader.execute(&format!(
            "CREATE TABLE {} (table_name {text}, rows_before bigint, rows_planned bigint, started {text})",
            self.table
        ))?;
        let row = |j: &TableJob| {
            let name = ident::literal(self.dialect, &ident::qualified(self.dialect, &j.target.schema, &j.target.table));
            format!("({name}, {}, {}, {})", j.existing, j.rows, ident::literal(self.dialect, now))
        };
        for some in jobs.chunks(200) {
            let values: Vec<String> = some.iter().map(row).collect();
            loader.execute(&format!("INSERT INTO {} VALUES {}", self.table, values.join(", ")))?;
        }
        Ok(())
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
