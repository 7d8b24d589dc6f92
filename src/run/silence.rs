//! Triggers that stand in the way of a table's rows are switched off while it is loaded, in the transaction that loads it: an
//! error or a crash leaves them as they were. PostgreSQL only; elsewhere a trigger cannot be switched off.
//!
//! Data in: a table; what the transaction wrote before and after its rows. Data out: statements, and why.

use std::collections::BTreeMap;

use dbmocker_loaders::{Dialect, LoadError, Loader, Target, ident};

use crate::schema::TableName;

/// Characters of a reason that are shown.
const LONGEST: usize = 200;

/// A table whose INSERT triggers are switched off while it is loaded.
#[derive(Debug, Clone)]
pub struct Silenced {
    pub table: TableName,
    /// The server's words, or what the triggers did.
    pub why: String,
}

impl std::fmt::Display for Silenced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The server's words may quote whole functions.
        let mut why: String = self.why.chars().take(LONGEST).collect();
        if why.len() < self.why.len() {
            why.push_str(" ...");
        }
        write!(f, "`{}`: its triggers are off while its rows are loaded, and on again after them: {why}", self.table)
    }
}

/// Statements that switch a table's triggers on again.
#[derive(Debug, Default)]
#[must_use = "what was switched off must be switched on again"]
pub(super) struct Silence {
    restore: Vec<String>,
}

impl Silence {
    /// Switches the table's INSERT triggers off, in the transaction that is open.
    ///
    /// # Errors
    /// The role does not own the table; the transaction must be rolled back.
    pub(super) fn begin(loader: &mut dyn Loader, target: &Target) -> Result<Self, LoadError> {
        let table = ident::qualified(Dialect::Postgres, &target.schema, &target.table);
        let sql = include_str!("silence.sql").replace("{table}", &ident::literal(Dialect::Postgres, &table));
        let mut restore = Vec::new();
        for row in loader.query(&sql)? {
            let mut cells = row.into_iter().flatten();
            if let (Some(off), Some(on)) = (cells.next(), cells.next()) {
                loader.execute(&off)?;
                restore.push(on);
            }
        }
        Ok(Silence { restore })
    }

    /// Switches them on again.
    ///
    /// # Errors
    /// A deferred constraint does not hold; the transaction must be rolled back.
    pub(super) fn end(self, loader: &mut dyn Loader) -> Result<(), LoadError> {
        // PostgreSQL alters no table that checks still wait for.
        loader.execute("SET CONSTRAINTS ALL IMMEDIATE")?;
        self.restore.iter().try_for_each(|on| loader.execute(on).map(drop))
    }
}

/// What a transaction wrote so far: rows of each table, and the number of relations.
#[derive(Debug, Default)]
pub(super) struct Written {
    relations: i128,
    rows: BTreeMap<TableName, i128>,
}

impl Written {
    /// # Errors
    /// If the server cannot be asked.
    pub(super) fn read(loader: &mut dyn Loader) -> Result<Self, LoadError> {
        let mut written = Written::default();
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

    /// What happened since `before` besides rows for `own`, in words: to tables that are `filled`, or to the schema itself.
    pub(super) fn besides(
        &self,
        before: &Written,
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

    fn written(relations: i128, rows: &[(&str, i128)]) -> Written {
        let rows = rows.iter().map(|(name, n)| (TableName::new("s", *name), *n));
        Written { relations, rows: rows.collect() }
    }

    #[test]
    fn only_other_tables_that_are_filled_count() {
        let own = TableName::new("s", "own");
        let besides = |before: &Written, after: &Written| after.besides(before, &own, |t| t.name != "log");
        let before = written(9, &[("own", 3), ("other", 5)]);
        assert_eq!(besides(&before, &written(9, &[("own", 8), ("other", 5), ("log", 1)])), None);
        let said = besides(&before, &written(9, &[("own", 8), ("other", 6)])).unwrap();
        assert!(said.contains("`s.other`"), "{said}");
        assert!(besides(&before, &written(10, &[("own", 8), ("other", 5)])).unwrap().contains("create"));
    }
}
