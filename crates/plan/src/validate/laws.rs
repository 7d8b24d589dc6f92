//! Checks of laws: the columns that they read exist, and do not depend on themselves.

use super::{ColumnId, PlanChecker, Validity, holds, within};
use crate::{Drawn, DrawnValues, FkStep, Flow, FlowKind, Fold, Formula, InputOf, Law, LawPlan, TablePlan};

impl PlanChecker<'_> {
    /// Checks that every column that a column's law reads exists.
    pub(super) fn law(&self, c: usize) -> Validity {
        let columns = self.table.columns.len();
        let Some(LawPlan { law, .. }) = &self.table.columns[c].law else { return Ok(()) };
        match law {
            Law::Number { expr, least, most } => {
                holds("a number that has no room", least <= most)?;
                self.formula(expr)
            }
            Law::Copy { foreign, column, up, .. } if up.is_empty() => self.of_parent(*foreign, *column),
            Law::Copy { foreign, column, up, .. } => {
                let first = FkStep { table: self.t, foreign: *foreign };
                self.of_ancestor(std::iter::once(first).chain(up.iter().copied()), *column)
            }
            Law::Among { foreign, column, cases } => {
                holds("a status without texts that agree", cases.iter().all(|(_, texts)| !texts.is_empty()))?;
                self.of_parent(*foreign, *column)
            }
            Law::StatusPath { foreign, column, paths, .. } => {
                holds("a path without statuses", paths.iter().all(|path| !path.steps.is_empty()))?;
                self.of_parent(*foreign, *column)
            }
            Law::Slug { of, .. } | Law::Text { by: of, .. } | Law::Named { of, .. } => within("a column", *of, columns),
            Law::Attribute { by, .. } => within("a column", *by, columns),
            Law::Names { names, .. } => names.all().try_for_each(|c| within("a column", c, columns)),
            Law::Moment { at, .. } => at.period().map_or(Ok(()), |(foreign, period)| {
                period.from.into_iter().chain([period.to]).try_for_each(|c| self.of_parent(foreign, c))
            }),
            Law::Side { flow, ins, outs } => {
                holds("a side without texts", !ins.is_empty() && !outs.is_empty())?;
                flow_of(self.table, flow)
            }
            Law::Drawn(drawn) => holds("a distribution", is_lawful(drawn)),
            Law::Expression { inputs, .. } => inputs.iter().try_for_each(|input| self.input(&input.of)),
        }
    }

    fn input(&self, input: &InputOf) -> Validity {
        match input {
            InputOf::Cell(c) => within("a column", *c, self.table.columns.len()),
            InputOf::Season { season, at } => {
                holds("factors of a season", season.is_valid())?;
                within("a column", *at, self.table.columns.len())
            }
            InputOf::Own { group, .. } => group.iter().try_for_each(|(g, place)| {
                within("a group", *g, self.table.groups.len())?;
                within("a group's column", *place, self.table.groups[*g].columns().len())
            }),
            InputOf::Drawn(of) => super::domain(of).and(holds("a column without values", of.size() > 0)),
            InputOf::RowNumber { foreign, .. } | InputOf::Series { foreign, .. } | InputOf::Walk { foreign, .. } => {
                match input {
                    InputOf::Series { series, .. } => holds("a series", series.is_valid())?,
                    InputOf::Walk { walk, .. } => holds("a random walk", walk.is_valid())?,
                    _ => {}
                }
                foreign.iter().try_for_each(|f| within("a foreign key", *f, self.table.foreign.len()))
            }
            InputOf::Parent { path, column } => {
                let mut at = self.t;
                for step in path {
                    holds("a path that is broken", step.table == at)?;
                    within("a foreign key", step.foreign, self.tables[at].foreign.len())?;
                    let parent = self.tables[at].foreign[step.foreign].parent_table;
                    at = parent.filter(|&p| p < self.tables.len()).ok_or("a cell of a parent that is not planned")?;
                }
                within("a parent's column", *column, self.tables[at].columns.len())
            }
            InputOf::Children { table, foreign, columns, .. } => {
                within("a table", *table, self.tables.len())?;
                let child = &self.tables[*table];
                within("a foreign key", *foreign, child.foreign.len())?;
                holds("rows that point at another table", child.foreign[*foreign].parent_table == Some(self.t))?;
                columns.iter().try_for_each(|(_, c)| within("a column", *c, child.columns.len()))
            }
        }
    }

    fn formula(&self, expr: &Formula) -> Validity {
        expr.columns().into_iter().try_for_each(|c| within("a column", c, self.table.columns.len()))?;
        let mut found = Ok(());
        expr.visit(&mut |part| {
            let each = match part {
                Formula::Parent { foreign, column } => self.of_parent(*foreign, *column),
                Formula::Above { path, column } => self.of_ancestor(path.iter().copied(), *column),
                Formula::Portion { foreign, column, .. } => self.of_parent(*foreign, *column),
                Formula::Ordinal { foreign } => within("a foreign key", *foreign, self.table.foreign.len()),
                Formula::Children { table, foreign, fold } => self.of_children(*table, *foreign, fold),
                Formula::Flow { flow, .. } => flow_of(self.table, flow),
                Formula::Closing { table, flow } => within("a table", *table, self.tables.len()).and_then(|()| {
                    let child = &self.tables[*table];
                    flow_of(child, flow)?;
                    let parent = flow.foreign.and_then(|f| child.foreign[f].parent_table);
                    holds("rows that point at another table", parent == Some(self.t))
                }),
                Formula::Span { unit, .. } => holds("a span of no units", *unit > 0),
                _ => Ok(()),
            };
            if found.is_ok() {
                found = each;
            }
        });
        found
    }

    /// Checks that a path up from the table leads through tables that are planned before it.
    fn of_ancestor(&self, path: impl Iterator<Item = FkStep>, column: usize) -> Validity {
        let mut at = self.t;
        for step in path {
            holds("a path that is broken", step.table == at)?;
            within("a foreign key", step.foreign, self.tables[at].foreign.len())?;
            let parent = self.tables[at].foreign[step.foreign].parent_table;
            at = parent.filter(|&p| p < at).ok_or("a path to a table that is planned later")?;
        }
        holds("a path without steps", at != self.t)?;
        within("a parent's column", column, self.tables[at].columns.len())
    }

    fn of_parent(&self, foreign: usize, column: usize) -> Validity {
        within("a foreign key", foreign, self.table.foreign.len())?;
        let parent = self.table.foreign[foreign].parent_table.filter(|&p| p < self.tables.len());
        let parent = parent.ok_or("a cell of a parent that is not planned")?;
        within("a parent's column", column, self.tables[parent].columns.len())
    }

    fn of_children(&self, table: usize, foreign: usize, fold: &Fold) -> Validity {
        within("a table", table, self.tables.len())?;
        let child = &self.tables[table];
        within("a foreign key", foreign, child.foreign.len())?;
        holds("rows that point at another table", child.foreign[foreign].parent_table == Some(self.t))?;
        fold.columns().into_iter().try_for_each(|c| within("a column", c, child.columns.len()))?;
        match fold {
            Fold::Sum(of) => PlanChecker { tables: self.tables, t: table, table: child }.formula(of),
            _ => Ok(()),
        }
    }
}

/// Checks the columns and amounts of a flow of a table's rows.
fn flow_of(table: &TablePlan, flow: &Flow) -> Validity {
    within("a column", flow.by, table.columns.len())?;
    flow.foreign.iter().try_for_each(|f| within("a foreign key", *f, table.foreign.len()))?;
    holds("a flow without owner", flow.kind == FlowKind::Single || flow.foreign.is_some())?;
    holds("a flow without amounts", 0 < flow.least && flow.least <= flow.most && flow.scale <= 18)
}

fn is_lawful(drawn: &Drawn) -> bool {
    let values = match &drawn.values {
        DrawnValues::Numbers { law, least, most, step } => {
            let reach = -(1 << 62)..=1 << 62;
            law.check().is_ok() && least <= most && *step > 0 && reach.contains(least) && reach.contains(most)
        }
        DrawnValues::Ranked { ranks, .. } => ranks.size > 0 && ranks.head.iter().all(|s| s.is_finite() && *s >= 0.0),
        DrawnValues::Own => true,
    };
    values && drawn.order.is_finite() && drawn.lengths.as_ref().is_none_or(|law| law.check().is_ok())
}

/// Returns the columns that a column's law reads.
pub(super) fn looked_at(tables: &[TablePlan], (t, c): ColumnId) -> Vec<ColumnId> {
    let table = &tables[t];
    let Some(LawPlan { law, .. }) = &table.columns[c].law else { return Vec::new() };
    let above = |foreign: usize, column: usize| {
        let f = &table.foreign[foreign];
        // The key determines whether there is a parent.
        let keys = f.columns.iter().map(|&key| (t, key)).collect::<Vec<ColumnId>>();
        f.parent_table.filter(|&p| p < tables.len()).map(|p| (p, column)).into_iter().chain(keys)
    };
    match law {
        Law::Number { expr, .. } => {
            let mut out: Vec<ColumnId> = expr.columns().into_iter().map(|c| (t, c)).collect();
            expr.visit(&mut |part| match part {
                Formula::Parent { foreign, column } | Formula::Portion { foreign, column, .. } => {
                    out.extend(above(*foreign, *column))
                }
                Formula::Above { path, column } => out.extend(ancestor(tables, (t, c), path.iter().copied(), *column)),
                // A table that is planned later generates its rows on demand.
                Formula::Children { table, foreign, fold } if *table < tables.len() => {
                    let keys = &tables[*table].foreign[*foreign].columns;
                    out.extend(fold.columns().into_iter().chain(keys.iter().copied()).map(|c| (*table, c)));
                }
                Formula::Flow { flow, .. } => out.extend(keys_of(tables, t, flow)),
                Formula::Closing { table, flow } if *table < tables.len() => out.extend(keys_of(tables, *table, flow)),
                _ => {}
            });
            out
        }
        Law::Copy { foreign, column, up, .. } if !up.is_empty() => {
            let first = FkStep { table: t, foreign: *foreign };
            ancestor(tables, (t, c), std::iter::once(first).chain(up.iter().copied()), *column)
        }
        Law::Copy { foreign, column, .. }
        | Law::Among { foreign, column, .. }
        | Law::StatusPath { foreign, column, .. } => above(*foreign, *column).collect(),
        Law::Slug { of, .. } | Law::Text { by: of, .. } | Law::Named { of, .. } => vec![(t, *of)],
        Law::Expression { inputs, .. } => inputs.iter().flat_map(|input| read_by(tables, (t, c), &input.of)).collect(),
        Law::Attribute { by, .. } => vec![(t, *by)],
        Law::Names { names, .. } => names.all().map(|c| (t, c)).collect(),
        Law::Side { flow, .. } => keys_of(tables, t, flow),
        Law::Moment { at, .. } => {
            let mut out: Vec<ColumnId> = at.of().map(|of| (t, of)).into_iter().collect();
            if let Some((foreign, period)) = at.period() {
                out.extend(period.from.into_iter().chain([period.to]).flat_map(|c| above(foreign, c)));
            }
            out
        }
        Law::Drawn(_) => Vec::new(),
    }
}

/// Returns the columns of the foreign key of a flow: they determine whether the row has an entry or an owner.
fn keys_of(tables: &[TablePlan], t: usize, flow: &Flow) -> Vec<ColumnId> {
    let key = flow.foreign.and_then(|foreign| tables[t].foreign.get(foreign));
    key.into_iter().flat_map(|f| f.columns.iter().map(move |&c| (t, c))).collect()
}

/// Returns the columns that an input of an expression reads; the column itself if a table of the path is not planned.
fn read_by(tables: &[TablePlan], (t, own): ColumnId, input: &InputOf) -> Vec<ColumnId> {
    match input {
        InputOf::Cell(c) | InputOf::Season { at: c, .. } => vec![(t, *c)],
        // These inputs do not depend on columns with laws: a group's columns depend on each other only.
        InputOf::RowNumber { .. }
        | InputOf::Series { .. }
        | InputOf::Walk { .. }
        | InputOf::Own { .. }
        | InputOf::Drawn(_) => Vec::new(),
        InputOf::Parent { path, column } => ancestor(tables, (t, own), path.iter().copied(), *column),
        // A table that is planned later generates its rows on demand.
        InputOf::Children { table, foreign, columns, .. } => {
            let Some(child) = tables.get(*table) else { return Vec::new() };
            let keys = child.foreign.get(*foreign).map_or(&[][..], |f| &f.columns[..]);
            columns.iter().map(|(_, c)| *c).chain(keys.iter().copied()).map(|c| (*table, c)).collect()
        }
    }
}

/// Returns the columns that are read along a path up from the table, and the ancestor's column; the column itself if a
/// table of the path is not planned.
fn ancestor(
    tables: &[TablePlan],
    (t, own): ColumnId,
    path: impl Iterator<Item = FkStep>,
    column: usize,
) -> Vec<ColumnId> {
    let (mut out, mut at) = (Vec::new(), t);
    for step in path {
        let Some(f) = tables.get(at).and_then(|table| table.foreign.get(step.foreign)) else {
            return vec![(t, own)];
        };
        out.extend(f.columns.iter().map(|&key| (at, key)));
        match f.parent_table.filter(|&p| p < tables.len()) {
            Some(parent) => at = parent,
            None => return out,
        }
    }
    out.push((at, column));
    out
}
