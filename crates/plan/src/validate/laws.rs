//! Laws that look at cells: whether those are there, and what a column's value is made of.

use super::{Checked, Found, Place, holds, within};
use crate::{Drawn, DrawnValues, Fold, Formula, Law, LawPlan, TablePlan};

impl Checked<'_> {
    /// Every column that a column's law looks at is there.
    pub(super) fn law(&self, c: usize) -> Found {
        let columns = self.table.columns.len();
        let Some(LawPlan { law, .. }) = &self.table.columns[c].law else { return Ok(()) };
        match law {
            Law::Number { expr, least, most } => {
                holds("a number that has no room", least <= most)?;
                self.formula(expr)
            }
            Law::Copy { foreign, column, .. } => self.of_parent(*foreign, *column),
            Law::Slug { of, .. } | Law::Text { by: of, .. } | Law::Named { of, .. } => within("a column", *of, columns),
            Law::Moment { .. } => Ok(()),
            Law::Drawn(drawn) => holds("a distribution", is_lawful(drawn)),
        }
    }

    fn formula(&self, expr: &Formula) -> Found {
        expr.columns().into_iter().try_for_each(|c| within("a column", c, self.table.columns.len()))?;
        let mut found = Ok(());
        expr.visit(&mut |part| {
            let each = match part {
                Formula::Parent { foreign, column } => self.of_parent(*foreign, *column),
                Formula::Children { table, foreign, fold } => self.of_children(*table, *foreign, fold),
                Formula::Span { unit, .. } => holds("a span of no units", *unit > 0),
                _ => Ok(()),
            };
            if found.is_ok() {
                found = each;
            }
        });
        found
    }

    fn of_parent(&self, foreign: usize, column: usize) -> Found {
        within("a foreign key", foreign, self.table.foreign.len())?;
        let parent = self.table.foreign[foreign].parent_table.filter(|&p| p < self.tables.len());
        let parent = parent.ok_or("a cell of a parent that is not planned")?;
        within("a parent's column", column, self.tables[parent].columns.len())
    }

    fn of_children(&self, table: usize, foreign: usize, fold: &Fold) -> Found {
        within("a table", table, self.tables.len())?;
        let child = &self.tables[table];
        within("a foreign key", foreign, child.foreign.len())?;
        holds("rows that point at another table", child.foreign[foreign].parent_table == Some(self.t))?;
        fold.columns().into_iter().try_for_each(|c| within("a column", c, child.columns.len()))?;
        match fold {
            Fold::Sum(of) => Checked { tables: self.tables, t: table, table: child }.formula(of),
            _ => Ok(()),
        }
    }
}

fn is_lawful(drawn: &Drawn) -> bool {
    let values = match &drawn.values {
        DrawnValues::Numbers { law, least, most, step } => law.check().is_ok() && least <= most && *step > 0,
        DrawnValues::Ranked { ranks, .. } => ranks.size > 0 && ranks.head.iter().all(|s| s.is_finite() && *s >= 0.0),
        DrawnValues::Own => true,
    };
    values && drawn.order.is_finite() && drawn.lengths.as_ref().is_none_or(|law| law.check().is_ok())
}

/// The columns that a column's law looks at.
pub(super) fn looked_at(tables: &[TablePlan], (t, c): Place) -> Vec<Place> {
    let table = &tables[t];
    let Some(LawPlan { law, .. }) = &table.columns[c].law else { return Vec::new() };
    let above = |foreign: usize, column: usize| {
        let f = &table.foreign[foreign];
        // The key determines whether there is a parent.
        let keys = f.columns.iter().map(|&key| (t, key)).collect::<Vec<Place>>();
        f.parent_table.filter(|&p| p < tables.len()).map(|p| (p, column)).into_iter().chain(keys)
    };
    match law {
        Law::Number { expr, .. } => {
            let mut out: Vec<Place> = expr.columns().into_iter().map(|c| (t, c)).collect();
            expr.visit(&mut |part| match part {
                Formula::Parent { foreign, column } => out.extend(above(*foreign, *column)),
                // A table that is planned later generates its rows on demand.
                Formula::Children { table, foreign, fold } if *table < tables.len() => {
                    let keys = &tables[*table].foreign[*foreign].columns;
                    out.extend(fold.columns().into_iter().chain(keys.iter().copied()).map(|c| (*table, c)));
                }
                _ => {}
            });
            out
        }
        Law::Copy { foreign, column, .. } => above(*foreign, *column).collect(),
        Law::Slug { of, .. } | Law::Text { by: of, .. } | Law::Named { of, .. } => vec![(t, *of)],
        Law::Moment { at, .. } => at.of().map(|of| (t, of)).into_iter().collect(),
        Law::Drawn(_) => Vec::new(),
    }
}
