//! Resets sequences that were not used since the run, so that the next number follows the largest remaining one.

use super::own_rows::OwnRows;
use super::{UndoError, UndoWork, from};
use dbmocker_core::ident::{literal, qualified, quote};
use dbmocker_core::schema::{Auto, Column, Dialect};

impl UndoWork<'_> {
    /// Returns a line for each sequence that was not reset, with the reason.
    pub(super) fn put_sequences_back(&mut self) -> Result<Vec<String>, UndoError> {
        let mut notes = Vec::new();
        for t in 0..self.tables.len() {
            let own = &self.tables[t];
            let mut statements = Vec::new();
            for (&field, &largest) in &own.largest {
                let column = &own.run.table.columns[own.run.columns[field]];
                let Some(auto) = &column.auto else { continue };
                if let Some(sequence) = auto.sequence() {
                    let columns = self.schema.tables.iter().flat_map(|t| &t.columns);
                    let same = |c: &&Column| c.auto.as_ref().and_then(|a| a.sequence()) == Some(sequence);
                    if columns.filter(same).count() > 1 {
                        notes.push(format!("{sequence} stays where it is: several columns take their numbers from it"));
                        continue;
                    }
                }
                statements.extend(statement(self.schema.dialect, own, &column.name, auto, largest));
            }
            for (used, put_back) in statements {
                let unused = self.loader.query(&used)?;
                if unused.is_empty() {
                    notes.push(format!(
                        "`{}`: its sequence is not reset: it has advanced since the run",
                        self.tables[t].name()
                    ));
                    continue;
                }
                if let Err(e) = self.loader.execute(&put_back) {
                    notes.push(format!("`{}`: its numbering stays where it is: {e}", self.tables[t].name()));
                }
            }
        }
        Ok(notes)
    }
}

/// A query that returns a row if the sequence has the value that the run left, and the statement that resets it. `None`
/// if the server derives the next number from the rows.
fn statement(
    dialect: Dialect,
    own: &OwnRows<'_>,
    column: &str,
    auto: &Auto,
    largest: i128,
) -> Option<(String, String)> {
    let table = from(dialect, own.run.table);
    let max = format!("SELECT max({}) AS m FROM {table}", quote(dialect, column));
    let name = literal(dialect, &own.run.table.name.name);
    if let Some(sequence) = auto.sequence() {
        // MariaDB cannot set a sequence back.
        if dialect != Dialect::Postgres {
            return None;
        }
        let oid = literal(dialect, sequence);
        return Some((
            format!("SELECT 1 FROM {sequence} WHERE last_value = {largest} AND is_called"),
            format!(
                "SELECT pg_catalog.setval({oid}::pg_catalog.regclass, coalesce(m, seqstart), m IS NOT NULL) \
                 FROM ({max}) AS x, pg_catalog.pg_sequence WHERE seqrelid = {oid}::pg_catalog.regclass"
            ),
        ));
    }
    match auto {
        // InnoDB continues from the largest existing number.
        Auto::AutoIncrement => Some((
            format!(
                "SELECT 1 FROM information_schema.tables WHERE table_schema = {} AND table_name = {name} AND auto_increment = {}",
                literal(dialect, &own.run.table.name.schema),
                largest + 1
            ),
            format!(
                "ALTER TABLE {} AUTO_INCREMENT = 1",
                qualified(dialect, &own.run.table.name.schema, &own.run.table.name.name)
            ),
        )),
        Auto::Rowid { autoincrement: true } => Some((
            format!("SELECT 1 FROM sqlite_sequence WHERE name = {name} AND seq = {largest}"),
            format!("UPDATE sqlite_sequence SET seq = coalesce(({max}), 0) WHERE name = {name}"),
        )),
        _ => None,
    }
}
