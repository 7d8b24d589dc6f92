//! Foreign rows that refer to the run's rows: they must neither be removed by ON DELETE CASCADE nor lose their parent
//! row.

use dbmocker_loaders::{LoadError, Loader};

use super::own_rows::{How, held, number};
use super::{Changed, EXAMPLES, UndoError, UndoWork, Undone, from};
use crate::verify::rows::shown_cell;
use dbmocker_core::ident::{literal, qualified, quote};
use dbmocker_core::schema::{Dialect, Schema, Table, TableName};

/// A foreign key to a table of the run.
#[derive(Debug, Clone)]
pub(super) struct IncomingReference {
    /// The table with the foreign key, among those of the schema.
    child: usize,
    /// The same among those of the run.
    pub own: Option<usize>,
    columns: Vec<String>,
    pub parent: usize,
    /// In the parent's table.
    pub parent_columns: Vec<usize>,
}

/// All foreign keys to the tables of the run.
pub(super) fn all(schema: &Schema, run: &[TableName]) -> Vec<IncomingReference> {
    let mut out = Vec::new();
    for (child, table) in schema.tables.iter().enumerate() {
        for fk in table.every_foreign_key() {
            // A foreign key may refer to one partition of a table.
            let of = |name: &&TableName| {
                let partitioning = schema.table(name).and_then(|t| t.partitioning.as_ref());
                **name == fk.parent || partitioning.is_some_and(|p| is_part(p, &fk.parent))
            };
            let Some(parent) = run.iter().position(|name| of(&name)) else { continue };
            let Some(to) = schema.table(&run[parent]) else { continue };
            let columns: Option<Vec<usize>> = fk.parent_columns.iter().map(|c| to.column_index(c)).collect();
            let Some(parent_columns) = columns else { continue };
            let own = run.iter().position(|name| *name == table.name);
            out.push(IncomingReference { child, own, columns: fk.columns.clone(), parent, parent_columns });
        }
    }
    out
}

/// Checks that no table outside of the schema that was read has rows that may refer to the run's.
///
/// # Errors
/// [`UndoError::Elsewhere`]; or a query fails.
pub(super) fn none_elsewhere(loader: &mut dyn Loader, schema: &Schema, run: &[&TableName]) -> Result<(), UndoError> {
    let dialect = schema.dialect;
    for &table in run {
        let (of, name) = (literal(dialect, &table.schema), literal(dialect, &table.name));
        let sql = match dialect {
            Dialect::Sqlite => return Ok(()),
            Dialect::Mysql => include_str!("referring_mysql.sql"),
            Dialect::Postgres => include_str!("referring_postgres.sql"),
        };
        for row in loader.query(&crate::run::filled(sql, &[("schema", &of), ("table", &name)]))? {
            let [Some(child_schema), Some(child)] = &row[..] else { continue };
            let child = TableName::new(child_schema, child);
            let parts = schema.tables.iter().filter_map(|t| t.partitioning.as_ref());
            let known = schema.table(&child).is_some() || parts.into_iter().any(|p| is_part(p, &child));
            if known {
                continue;
            }
            let first = format!("SELECT 1 FROM {} LIMIT 1", qualified(dialect, &child.schema, &child.name));
            let empty = match loader.query(&first) {
                Ok(rows) => rows.is_empty(),
                // A table that cannot be read may hold rows.
                Err(LoadError::Statement { .. }) => false,
                Err(e) => return Err(e.into()),
            };
            if !empty {
                return Err(UndoError::Elsewhere { table: table.clone(), child: child.to_string() });
            }
        }
    }
    Ok(())
}

fn is_part(partitioning: &dbmocker_core::schema::Partitioning, name: &TableName) -> bool {
    let part = |p: &dbmocker_core::schema::Partition| p.name == *name || p.sub.iter().any(|s| is_part(s, name));
    partitioning.partitions.iter().any(part)
}

impl UndoWork<'_> {
    fn child(&self, r: &IncomingReference) -> &Table {
        &self.schema.tables[r.child]
    }

    /// The condition for foreign rows that refer to rows to be removed, of one batch or of all; `None`: there can be
    /// none.
    fn others(&self, r: &IncomingReference, batch: Option<usize>) -> Option<String> {
        let dialect = self.schema.dialect;
        let table = from(dialect, self.child(r));
        let columns: Vec<String> = r.columns.iter().map(|c| format!("c.{}", quote(dialect, c))).collect();
        let row = if columns.len() == 1 { columns[0].clone() } else { format!("({})", columns.join(", ")) };
        let parent = &self.tables[r.parent];
        let referred = match &parent.how {
            How::Key(_, temporary) => {
                let of = batch.map_or(String::new(), |n| format!(" WHERE dbmocker_n = {n}"));
                let held: Vec<String> = r.parent_columns.iter().map(|&c| held(c)).collect();
                format!("{row} IN (SELECT {} FROM {temporary}{of})", held.join(", "))
            }
            How::All(_) => columns.iter().map(|c| format!("{c} IS NOT NULL")).collect::<Vec<_>>().join(" AND "),
            How::Not => return None,
        };
        let own = match r.own.map(|own| (&self.tables[own], &self.tables[own].how)) {
            // All rows of the child are removed.
            Some((_, How::All(_))) => return None,
            Some((own, How::Key(_, temporary))) => {
                let same = own
                    .key_columns()
                    .into_iter()
                    .map(|c| format!("u.{} = c.{}", held(c), quote(dialect, &own.run.table.columns[c].name)));
                let same = same.collect::<Vec<_>>().join(" AND ");
                let temporary = self.second(r, temporary);
                format!(" AND NOT EXISTS (SELECT 1 FROM {temporary} AS u WHERE {same})")
            }
            Some((_, How::Not)) | None => String::new(),
        };
        Some(format!("FROM {table} AS c WHERE {referred}{own}"))
    }

    /// MySQL proper cannot read a temporary table twice in a statement: a self reference needs a copy.
    fn second(&self, r: &IncomingReference, temporary: &str) -> String {
        let twice = r.own == Some(r.parent) && self.schema.dialect == Dialect::Mysql && !self.schema.is_mariadb();
        if twice { format!("{temporary}_again") } else { temporary.to_owned() }
    }

    /// Creates the copy again.
    fn copy(&mut self, r: &IncomingReference) -> Result<(), UndoError> {
        let Some(How::Key(_, temporary)) = r.own.map(|own| self.tables[own].how.clone()) else { return Ok(()) };
        let again = self.second(r, &temporary);
        if again != temporary {
            self.loader.execute(&format!("DROP TEMPORARY TABLE IF EXISTS {again}"))?;
            self.loader.execute(&format!("CREATE TEMPORARY TABLE {again} AS SELECT * FROM {temporary}"))?;
        }
        Ok(())
    }

    /// Counts and names the foreign rows that refer to rows to be removed. If referenced rows are kept, the rows that
    /// they refer to are kept as well, until no kept row refers to a removed one.
    pub(super) fn references_of_others(&mut self, found: &mut Undone) -> Result<(), UndoError> {
        let keep = self.options.changed == Changed::Keep;
        loop {
            let mut kept = 0;
            for r in self.references.clone() {
                self.go_on()?;
                self.copy(&r)?;
                let Some(others) = self.others(&r, None) else { continue };
                let rows = number(&self.loader.query(&format!("SELECT count(*) {others}"))?);
                if rows == 0 {
                    continue;
                }
                let examples = self.examples(&r, &others)?;
                let table = &mut found.tables[r.parent];
                table.referring += rows;
                let room = (2 * EXAMPLES).saturating_sub(table.examples.len());
                table.examples.extend(examples.into_iter().take(room));
                if keep {
                    kept += self.keep(&r, &others)?;
                }
            }
            if kept == 0 {
                return Ok(());
            }
        }
    }

    /// `referred to by public.orders: id = 7`
    fn examples(&mut self, r: &IncomingReference, others: &str) -> Result<Vec<String>, UndoError> {
        let (dialect, child) = (self.schema.dialect, self.child(r));
        let key = child.primary_key().and_then(|k| k.plain_columns()).unwrap_or_default();
        let key: Vec<String> =
            if key.is_empty() { r.columns.clone() } else { key.into_iter().map(str::to_owned).collect() };
        let columns: Vec<String> = key.iter().map(|c| format!("c.{}", quote(dialect, c))).collect();
        let name = child.name.clone();
        let rows = self.loader.query(&format!("SELECT {} {others} LIMIT {EXAMPLES}", columns.join(", ")))?;
        let line = |row: &Vec<Option<String>>| {
            let pairs = key.iter().zip(row).map(|(name, cell)| format!("{name} = {}", shown_cell(cell)));
            format!("referred to by {name}: {}", pairs.collect::<Vec<_>>().join(", "))
        };
        Ok(rows.iter().map(line).collect())
    }

    /// Removes the keys of referenced rows from the temporary table, so that these rows are kept.
    fn keep(&mut self, r: &IncomingReference, others: &str) -> Result<u64, UndoError> {
        let dialect = self.schema.dialect;
        let How::Key(_, temporary) = self.tables[r.parent].how.clone() else {
            self.tables[r.parent].how = How::Not;
            return Ok(1);
        };
        let columns: Vec<String> = r.columns.iter().map(|c| format!("c.{}", quote(dialect, c))).collect();
        let needed = format!("{}.dbmocker_needed", temporary.rsplit_once('.').map_or("", |(schema, _)| schema));
        let names: Vec<String> = (0..columns.len()).map(|i| format!("k{i}")).collect();
        let outputs: Vec<String> = columns.iter().zip(&names).map(|(c, k)| format!("{c} AS {k}")).collect();
        self.loader
            .execute(&format!("CREATE TEMPORARY TABLE {needed} AS SELECT DISTINCT {} {others}", outputs.join(", ")))?;
        let held: Vec<String> = r.parent_columns.iter().map(|&c| held(c)).collect();
        let row = if held.len() == 1 { held[0].clone() } else { format!("({})", held.join(", ")) };
        let kept = self.loader.execute(&if dialect == Dialect::Mysql {
            let same: Vec<String> = held.iter().zip(&names).map(|(h, k)| format!("u.{h} = k.{k}")).collect();
            format!("DELETE u FROM {temporary} AS u JOIN {needed} AS k ON {}", same.join(" AND "))
        } else {
            format!("DELETE FROM {temporary} WHERE {row} IN (SELECT {} FROM {needed})", names.join(", "))
        })?;
        self.loader.execute(&format!("DROP TABLE {needed}"))?;
        Ok(kept)
    }

    /// Checks that no new row refers to the rows of a batch, which are locked now.
    pub(super) fn still_unreferred(&mut self, t: usize, batch: Option<usize>) -> Result<(), UndoError> {
        for r in self.references.clone().iter().filter(|r| r.parent == t) {
            let Some(others) = self.others(r, batch) else { continue };
            // A plain read of MySQL shows the rows as they were when the transaction began to read.
            let latest = if self.schema.dialect == Dialect::Mysql { " LOCK IN SHARE MODE" } else { "" };
            if !self.loader.query(&format!("SELECT 1 {others} LIMIT 1{latest}"))?.is_empty() {
                let what = format!("rows of `{}` refer to them", self.child(r).name);
                return Err(UndoError::Meanwhile { table: self.tables[t].name().clone(), what });
            }
        }
        Ok(())
    }
}
