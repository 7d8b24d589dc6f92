//! Removes the rows whose keys the temporary tables hold, children first.

use arrow::record_batch::RecordBatch;

use super::keys::{delete_triggers, units};
use super::own_rows::{How, held, number};
use super::{Changed, UndoError, UndoWork, Undone, from, pieces};
use dbmocker_core::ident::quote;
use dbmocker_core::schema::{Dialect, Table};

impl UndoWork<'_> {
    /// Rows removed of each table.
    pub(super) fn remove(&mut self, found: &Undone) -> Result<Vec<u64>, UndoError> {
        let dialect = self.schema.dialect;
        let mut removed = vec![0; self.tables.len()];
        let superuser = dialect == Dialect::Postgres && {
            let shown = self.loader.query("SHOW is_superuser")?;
            shown.first().is_some_and(|row| row.first().is_some_and(|v| v.as_deref() == Some("on")))
        };
        let tables: Vec<&Table> = self.tables.iter().map(|own| own.run.table).collect();
        for unit in units(&tables) {
            if unit.iter().all(|&t| found.tables[t].removed == 0) {
                continue;
            }
            // Without an index on the foreign key, the server scans the child table once for each row. The rows are
            // locked, and nothing refers to them: its checks would find nothing.
            let unchecked = superuser && unit.iter().all(|&t| delete_triggers(tables[t]).next().is_none());
            self.unit(&unit, unchecked, &mut removed)?;
        }
        Ok(removed)
    }

    /// Removes a cycle of tables, or a table that refers to itself, in one transaction, other tables batch by batch.
    fn unit(&mut self, unit: &[usize], unchecked: bool, removed: &mut [u64]) -> Result<(), UndoError> {
        let refers_to_itself = |r: &super::IncomingReference| r.own == Some(unit[0]) && r.parent == unit[0];
        let together = unit.len() > 1 || self.references.iter().any(refers_to_itself);
        if !together && matches!(self.tables[unit[0]].how, How::Key(..)) {
            let t = unit[0];
            let (schema, source) = (self.tables[t].run.schema.clone(), self.tables[t].run.source);
            let held = self.batches_left(t)?;
            for piece in pieces(&schema, source) {
                self.go_on()?;
                let (n, batch) = piece.map_err(|message| self.not_made(t, message))?;
                if held.binary_search(&n).is_err() {
                    continue;
                }
                removed[t] += self.transaction(unchecked, |work| {
                    work.still_the_same(t, n, &batch)?;
                    work.still_unreferred(t, Some(n))?;
                    work.delete(&[(t, Some(n))])
                })?[0];
            }
            return Ok(());
        }
        let all: Vec<(usize, Option<usize>)> = unit.iter().map(|&t| (t, None)).collect();
        let done = self.transaction(unchecked, |work| {
            for &t in unit {
                work.lock_all(t)?;
            }
            unit.iter().try_for_each(|&t| work.still_unreferred(t, None))?;
            work.delete(&all)
        })?;
        for (&t, n) in unit.iter().zip(done) {
            removed[t] += n;
        }
        Ok(())
    }

    fn transaction<T>(
        &mut self,
        unchecked: bool,
        work: impl FnOnce(&mut Self) -> Result<T, UndoError>,
    ) -> Result<T, UndoError> {
        self.loader.execute(match self.schema.dialect {
            // Rows that others have committed must be visible once they are locked.
            Dialect::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Dialect::Mysql => "START TRANSACTION",
            Dialect::Sqlite => "BEGIN IMMEDIATE",
        })?;
        let begun = if unchecked {
            self.loader.execute("SET LOCAL session_replication_role = replica").map(drop)
        } else {
            Ok(())
        };
        let done = begun.map_err(UndoError::from).and_then(|()| work(self));
        match &done {
            Ok(_) => drop(self.loader.calling_functions().execute("COMMIT")?),
            // The error is reported, not a rollback that fails because the connection is closed.
            Err(_) => drop(self.loader.execute("ROLLBACK")),
        }
        done
    }

    /// Numbers of the batches that have rows to be removed, ascending.
    fn batches_left(&mut self, t: usize) -> Result<Vec<usize>, UndoError> {
        let How::Key(_, temporary) = &self.tables[t].how else { return Ok(Vec::new()) };
        let sql = format!("SELECT DISTINCT dbmocker_n FROM {temporary} ORDER BY dbmocker_n");
        let rows = self.loader.query(&sql)?;
        Ok(rows.iter().filter_map(|row| row.first()?.as_deref()?.parse().ok()).collect())
    }

    /// Locks the rows of a batch, and compares them again.
    fn still_the_same(&mut self, t: usize, n: usize, batch: &RecordBatch) -> Result<(), UndoError> {
        let rows = self.made(t, batch)?;
        let changed = self.differing(t, n, rows, true)?;
        let allowed = self.options.changed == Changed::Remove || self.written_by_triggers(t);
        let Some((key, difference)) = changed.first().filter(|_| !allowed) else { return Ok(()) };
        let what = format!("{}: {difference}", self.tables[t].key_text(key));
        Err(UndoError::Meanwhile { table: self.tables[t].name().clone(), what })
    }

    /// Whether removing rows of another table of the run changes rows of this one.
    fn written_by_triggers(&self, t: usize) -> bool {
        let name = self.tables[t].name();
        let named = |text: &String| *text == name.name || *text == name.to_string();
        self.tables.iter().flat_map(|own| delete_triggers(own.run.table)).any(|g| g.writes.iter().any(named))
    }

    /// Locks all rows of the run in a table, each batch compared again.
    fn lock_all(&mut self, t: usize) -> Result<(), UndoError> {
        if let How::All(rows) = self.tables[t].how {
            let table = from(self.schema.dialect, self.tables[t].run.table);
            if self.schema.dialect == Dialect::Postgres {
                self.loader.execute(&format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"))?;
            }
            if self.schema.dialect == Dialect::Mysql {
                // All rows, and the gaps between them.
                self.loader.query(&format!("SELECT count(*) FROM {table} FOR UPDATE"))?;
            }
            return self.still_alone(t, rows);
        }
        let (schema, source) = (self.tables[t].run.schema.clone(), self.tables[t].run.source);
        let held = self.batches_left(t)?;
        for piece in pieces(&schema, source) {
            self.go_on()?;
            let (n, batch) = piece.map_err(|message| self.not_made(t, message))?;
            if held.binary_search(&n).is_ok() {
                self.still_the_same(t, n, &batch)?;
            }
        }
        Ok(())
    }

    /// Removes rows of these tables, of one batch or all, and compares the counts.
    fn delete(&mut self, parts: &[(usize, Option<usize>)]) -> Result<Vec<u64>, UndoError> {
        let mut asked = Vec::new();
        for &(t, batch) in parts {
            asked.push(self.present(t, batch)?);
        }
        let mut removed = Vec::new();
        if self.schema.dialect == Dialect::Postgres && parts.len() > 1 {
            removed = self.delete_at_once(parts)?;
        } else {
            for &(t, batch) in parts {
                let statement = self.statement(t, batch);
                removed.push(self.loader.calling_functions().execute(&statement)?);
            }
        }
        for ((&(t, _), &asked), &removed) in parts.iter().zip(&asked).zip(&removed) {
            if asked != removed {
                let table = self.tables[t].run.table;
                let triggers: Vec<String> = delete_triggers(table).map(|t| format!("`{}`", t.name)).collect();
                let (name, triggers) = (table.name.clone(), triggers.join(", "));
                return Err(UndoError::NotRemoved { table: name, removed, asked, triggers });
            }
        }
        Ok(removed)
    }

    fn present(&mut self, t: usize, batch: Option<usize>) -> Result<u64, UndoError> {
        let (dialect, own) = (self.schema.dialect, &self.tables[t]);
        if own.how == How::Not {
            return Ok(0);
        }
        let table = from(dialect, own.run.table);
        let sql = format!("SELECT count(*) FROM {table} WHERE {}", own.in_temporary(dialect, batch));
        Ok(number(&self.loader.query(&sql)?))
    }

    fn statement(&self, t: usize, batch: Option<usize>) -> String {
        let (dialect, own) = (self.schema.dialect, &self.tables[t]);
        let table = from(dialect, own.run.table);
        match &own.how {
            How::All(_) => format!("DELETE FROM {table}"),
            How::Not => format!("DELETE FROM {table} WHERE 1 = 0"),
            // With a subquery, MySQL would scan the whole table.
            How::Key(_, temporary) if dialect == Dialect::Mysql => {
                let same = own
                    .key_columns()
                    .into_iter()
                    .map(|c| format!("t.{} = u.{}", quote(dialect, &own.run.table.columns[c].name), held(c)));
                let same = same.collect::<Vec<_>>().join(" AND ");
                let of = batch.map_or(String::new(), |n| format!(" WHERE u.dbmocker_n = {n}"));
                format!("DELETE t FROM {table} AS t JOIN {temporary} AS u ON {same}{of}")
            }
            How::Key(..) => format!("DELETE FROM {table} WHERE {}", own.in_temporary(dialect, batch)),
        }
    }

    /// PostgreSQL checks foreign keys at the end of a statement: the rows of a cycle are deleted in one statement.
    fn delete_at_once(&mut self, parts: &[(usize, Option<usize>)]) -> Result<Vec<u64>, UndoError> {
        let one = |(i, &(t, batch)): (usize, &(usize, Option<usize>))| {
            format!("d{i} AS ({} RETURNING 1)", self.statement(t, batch))
        };
        let with: Vec<String> = parts.iter().enumerate().map(one).collect();
        let counts: Vec<String> = (0..parts.len()).map(|i| format!("(SELECT count(*) FROM d{i})")).collect();
        let sql = format!("WITH {} SELECT {}", with.join(", "), counts.join(", "));
        let rows = self.loader.calling_functions().query(&sql)?;
        let row = rows.into_iter().next().unwrap_or_default();
        Ok(row.into_iter().map(|n| n.and_then(|n| n.parse().ok()).unwrap_or(0)).collect())
    }
}
