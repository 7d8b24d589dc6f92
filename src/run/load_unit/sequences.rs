//! Sequences after a load.

use dbmocker_loaders::{Dialect, ident};

use super::UnitLoad;
use crate::run::jobs::TableJob;
use crate::run::sql_template::filled;
use crate::run::{RunError, sql};

impl UnitLoad<'_> {
    /// Advances sequences, so that the next value is greater than the last one loaded.
    pub(super) fn move_sequences(&mut self, job: &TableJob) -> Result<(), RunError> {
        for (column, sequence) in self.sequences(job)? {
            let column = ident::quote(self.run.dialect, &column);
            let literal = ident::literal(self.run.dialect, &sequence);
            self.loader.query(&format!(
                "SELECT setval({literal}::regclass, m) FROM (SELECT max({column}) AS m FROM {}) AS x \
                 WHERE m BETWEEN (SELECT last_value FROM {sequence}) \
                 AND (SELECT seqmax FROM pg_catalog.pg_sequence WHERE seqrelid = {literal}::regclass)",
                sql::table(self.run.dialect, job)
            ))?;
        }
        Ok(())
    }

    /// (column, sequence) of the sequences in the columns' defaults, and of those that the columns own.
    fn sequences(&mut self, job: &TableJob) -> Result<Vec<(String, String)>, RunError> {
        let mut all = job.sequences.clone();
        if self.run.dialect == Dialect::Postgres {
            let table = ident::literal(Dialect::Postgres, &sql::table(self.run.dialect, job));
            for row in self.loader.query(&filled(include_str!("owned_sequences.sql"), &[("table", &table)]))? {
                let [Some(column), Some(sequence)] = &row[..] else { continue };
                let owned = (column.clone(), sequence.clone());
                if !all.contains(&owned) {
                    all.push(owned);
                }
            }
        }
        Ok(all)
    }
}
