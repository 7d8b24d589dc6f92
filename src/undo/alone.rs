//! Tables without a key: their rows can be told from those of others only where there are no others.

use super::own_rows::How;
use super::{Changed, UndoError, UndoneTable, Work};
use crate::verify::rows;
use crate::verify::rows::Comparison;

impl Work<'_> {
    /// Compares the whole table with the run's rows, in any order.
    pub(super) fn look_at_all(&mut self, t: usize) -> Result<UndoneTable, UndoError> {
        let run = &self.tables[t].run;
        let comparison = Comparison {
            table: run.table,
            columns: run.columns.clone(),
            schema: run.schema.clone(),
            rows: run.rows,
            before: 0,
            source: run.source,
        };
        let Work { connection, schema, options, .. } = self;
        let found = rows::compare(connection, schema.dialect, &schema.server, &comparison, &|| (options.stop)())?;
        let mut out = UndoneTable { name: run.table.name.clone(), made: found.expected, ..UndoneTable::default() };
        out.gone = found.missing;
        let others = found.extra + found.changed;
        if others > 0 || found.unseen_parts > 0 {
            if self.options.changed != Changed::Keep {
                return Err(UndoError::NoKey { table: out.name, others });
            }
            out.examples.push("it has no key: none of its rows can be told from those of others, so all stay".into());
            return Ok(out);
        }
        self.tables[t].how = How::All(found.found);
        Ok(out)
    }
}
