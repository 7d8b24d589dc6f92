//! What wins: a rule of agreeing rows where its rows have the learned figures, else what was learned.

use super::figures::Figures;
use super::{LearnedColumn, LearnedColumns};
use crate::context::PlanContext;
use dbmocker_generate::Unit;
use dbmocker_plan::{Law, Moment, Rule, TablePlan};

/// Cells that are measured in all, and for a column.
const CELLS: u64 = 1_500_000;
const SAMPLE: (u64, u64) = (300, 3_000);
/// Rows that agree may agree with others that gave way.
const ROUNDS: usize = 2;

/// Decides every learned column of every table, parents first.
pub(crate) fn settle(b: &mut PlanContext<'_>, tables: &mut [TablePlan]) {
    let mut open = std::mem::take(&mut b.learned);
    let columns: usize = open.values().map(std::collections::BTreeMap::len).sum();
    if columns == 0 {
        return;
    }
    let sample = (CELLS / 4 / columns as u64).clamp(SAMPLE.0, SAMPLE.1);
    for round in 0..ROUNDS {
        for p in 0..tables.len() {
            table(b, tables, p, &mut open, (sample, round + 1 == ROUNDS));
        }
    }
}

fn table(
    b: &mut PlanContext<'_>,
    tables: &mut [TablePlan],
    p: usize,
    open: &mut LearnedColumns,
    (sample, last): (u64, bool),
) {
    let Some(learned) = open.get_mut(&p) else { return };
    if tables[p].rows == 0 || b.has_failed(b.order[p]) {
        return;
    }
    let seed = b.options.seed;
    // As it would be by the profile alone, to be measured in the same way.
    let mut alone = tables[p].clone();
    for (&c, l) in learned.iter() {
        alone.columns[c] = l.column.clone();
    }
    b.generator.replace(seed, p, &alone);
    let units: Vec<Option<Unit>> = alone.columns.iter().map(Unit::of).collect();
    let measure = |b: &PlanContext<'_>, c: usize| Figures::of(&b.generator, p, c, units[c], sample).ok();
    let agrees = |column: &dbmocker_plan::ColumnPlan| {
        column.law.is_some() || column.correlated.is_some() || column.presence.is_some()
    };
    let wanted: Vec<(usize, Option<Figures>)> =
        learned.keys().map(|&c| (c, if agrees(&tables[p].columns[c]) { measure(b, c) } else { None })).collect();
    // What does not agree with anything has nothing to lose.
    for (c, figures) in &wanted {
        if figures.is_none() {
            replace(&mut tables[p], *c, &learned[c]);
        } else if tables[p].columns[*c].presence.is_none()
            && let Some(share) = learned[c].nulls
        {
            tables[p].columns[*c].null_share = share;
        }
    }
    b.generator.replace(seed, p, &tables[p]);
    let mut decided: Vec<usize> = wanted.iter().filter(|(_, f)| f.is_none()).map(|(c, _)| *c).collect();
    for (c, figures) in &wanted {
        let Some(figures) = figures else { continue };
        let found = measure(b, *c);
        let differs = found.as_ref().map_or(Some("rows"), |f| f.differs(figures));
        match (differs, &found) {
            (None, Some(f)) if learned[c].nulls.is_none_or(|share| f.has_nulls_of(share)) => {
                if last {
                    tables[p].columns[*c].reason += "; profile: its figures";
                }
            }
            (None, _) => {
                // Only NULLs by a status are too many or too few.
                let column = &mut tables[p].columns[*c];
                column.presence = None;
                column.null_share = learned[c].nulls.unwrap_or(column.null_share);
                column.reason += &format!("; profile: {:.1} % NULL", 100.0 * column.null_share);
                b.generator.replace(seed, p, &tables[p]);
            }
            (Some(figure), _) => {
                replace(&mut tables[p], *c, &learned[c]);
                tables[p].columns[*c].reason += &format!("; what rows agree on has other {figure}");
                decided.push(*c);
                b.generator.replace(seed, p, &tables[p]);
            }
        }
    }
    for c in decided {
        learned.remove(&c);
    }
}

/// The column as learned; moments that followed it follow it still.
fn replace(table: &mut TablePlan, c: usize, learned: &LearnedColumn) {
    let began = matches!(&table.columns[c].law, Some(l) if matches!(l.law, Law::Moment { at: Moment::Began, .. }));
    if table.columns[c].group.is_some() || !matches!(table.columns[c].rule, Rule::Draw { .. }) {
        return;
    }
    table.columns[c] = learned.column.clone();
    if !began {
        return;
    }
    for column in &mut table.columns {
        if let Some(law) = &mut column.law
            && let Law::Moment { at, .. } = &mut law.law
            && at.after() == Some(None)
        {
            match at {
                Moment::After { of, .. }
                | Moment::Since { of }
                | Moment::Recent { of, .. }
                | Moment::Ahead { of, .. } => {
                    *of = Some(c);
                }
                _ => {}
            }
        }
    }
}
