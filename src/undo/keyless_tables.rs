//! Tables without a key: the run's rows can be identified only if the table holds no other rows.

use super::own_rows::How;
use super::{Changed, UndoError, UndoWork, UndoneTable};
use crate::verify::rows;
use crate::verify::rows::{RowComparison, TableRows};

impl UndoWork<'_> {
    /// Compares the whole table with the run's rows, in any order.
    pub(super) fn look_at_all(&mut self, t: usize) -> Result<UndoneTable, UndoError> {
        let found = self.compare_all(t)?;
        let mut out = UndoneTable {
            name: self.tables[t].name().clone(),
            made: found.expected,
            gone: found.missing,
            ..UndoneTable::default()
        };
        let others = found.extra + found.changed;
        if others > 0 || found.unseen_parts > 0 {
            if self.options.changed != Changed::Keep {
                return Err(UndoError::NoKey { table: out.name, others });
            }
            out.examples
                .push("it has no key: the run's rows cannot be distinguished from others, so all are kept".into());
            return Ok(out);
        }
        self.tables[t].how = How::All(found.found);
        Ok(out)
    }

    /// Checks that the table, which is locked now, still holds the rows that were compared.
    pub(super) fn still_alone(&mut self, t: usize, rows: u64) -> Result<(), UndoError> {
        let found = self.compare_all(t)?;
        let others = found.extra + found.changed;
        if others == 0 && found.unseen_parts == 0 && found.found == rows {
            return Ok(());
        }
        let what = format!("it holds {} rows, {others} of them not the run's, and held {rows}", found.found);
        Err(UndoError::Meanwhile { table: self.tables[t].name().clone(), what })
    }

    fn compare_all(&self, t: usize) -> Result<TableRows, UndoError> {
        let run = &self.tables[t].run;
        let comparison = RowComparison {
            table: run.table,
            columns: run.columns.clone(),
            schema: run.schema.clone(),
            rows: run.rows,
            before: 0,
            source: run.source,
        };
        let UndoWork { connection, schema, options, .. } = self;
        Ok(rows::compare(connection, schema.dialect, &schema.server, &comparison, &|| (options.stop)())?)
    }
}
