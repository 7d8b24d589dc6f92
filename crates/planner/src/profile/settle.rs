//! Chooses between a rule that makes rows consistent and the learned column: the rule is kept if its rows have the
//! learned statistics.

use super::columns::{order_text, without_ties};
use super::figures::ProfileFigures;
use super::{LearnedColumn, LearnedColumns, groups, moments, null_shares, pairs};
use crate::context::PlanContext;
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_generate::NumericUnit;
use dbmocker_plan::{DrawnValues, Law, Moment, Rule, TablePlan};
use std::collections::BTreeMap;

/// Number of cells sampled in total; below, the bounds for one column.
const CELLS: u64 = 1_500_000;
const SAMPLE: (u64, u64) = (300, 3_000);
/// A rule may read columns whose own rule was replaced in the first round.
const ROUNDS: usize = 2;

/// Decides for every learned column of every table, parents first.
pub(crate) fn settle(b: &mut PlanContext<'_>, tables: &mut [TablePlan]) {
    let mut open = std::mem::take(&mut b.learned);
    let columns: usize = open.values().map(BTreeMap::len).sum();
    if columns == 0 {
        return;
    }
    let sample = (CELLS / 4 / columns as u64).clamp(SAMPLE.0, SAMPLE.1);
    for round in 0..ROUNDS {
        for p in 0..tables.len() {
            table(b, tables, p, &mut open, (sample, round + 1 == ROUNDS));
        }
    }
    pairs::apply(b, tables);
    groups::apply(b, tables);
    null_shares::apply(b, tables);
    for (p, table) in tables.iter_mut().enumerate() {
        moments::note_order(b, b.order[p], table);
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
    if !last {
        b.generator.replace(seed, p, &tables[p]);
        for (&c, l) in learned.iter_mut() {
            named(b, p, c, l, sample);
            keep_order(b, (p, c), l, NumericUnit::of(&tables[p].columns[c]), sample);
        }
    }
    // The table as the profile alone determines it, to be measured in the same way.
    let mut alone = tables[p].clone();
    for (&c, l) in learned.iter() {
        alone.columns[c] = l.column.clone();
    }
    b.generator.replace(seed, p, &alone);
    let units: Vec<Option<NumericUnit>> = alone.columns.iter().map(NumericUnit::of).collect();
    let measure = |b: &PlanContext<'_>, c: usize| ProfileFigures::of(&b.generator, p, c, units[c], sample).ok();
    let agrees = |column: &dbmocker_plan::ColumnPlan| {
        column.law.is_some() || column.correlated.is_some() || column.presence.is_some()
    };
    let wanted: Vec<(usize, Option<ProfileFigures>)> =
        learned.keys().map(|&c| (c, if agrees(&tables[p].columns[c]) { measure(b, c) } else { None })).collect();
    // A column without such a rule is always learned.
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
                // Only the NULLs by status differ.
                let column = &mut tables[p].columns[*c];
                column.presence = None;
                column.null_share = learned[c].nulls.unwrap_or(column.null_share);
                column.reason += &format!("; profile: {:.1} % NULL", 100.0 * column.null_share);
                b.generator.replace(seed, p, &tables[p]);
            }
            (Some(figure), _) => {
                replace(&mut tables[p], *c, &learned[c]);
                tables[p].columns[*c].reason += &format!("; the rule that makes rows agree has another {figure}");
                decided.push(*c);
                b.generator.replace(seed, p, &tables[p]);
            }
        }
    }
    for c in decided {
        learned.remove(&c);
    }
}

/// Gives a learned column, whose correlation with the physical order is not known, that of the rule it would replace.
fn keep_order(
    b: &PlanContext<'_>,
    (p, c): (usize, usize),
    learned: &mut LearnedColumn,
    unit: Option<NumericUnit>,
    sample: u64,
) {
    let (Some(ties), Some(law)) = (learned.order_open, &mut learned.column.law) else { return };
    let Law::Drawn(drawn) = &mut law.law else { return };
    if matches!(drawn.values, DrawnValues::Numbers { .. })
        && let Ok(figures) = ProfileFigures::of(&b.generator, p, c, unit, sample)
    {
        drawn.order = without_ties(figures.order, ties);
        let text = order_text(drawn.order);
        law.text += &text;
        learned.column.reason += &text;
    }
}

/// Maximum number of masked values that are replaced by those that the column's name suggests.
const NAMED: u64 = 256;
/// If the mean lengths differ by more than this share, the suggested values are not used.
const LIKE: f64 = 0.15;

/// Assigns masked frequencies to the values that the column's name suggests, in the order of their usual frequency.
fn named(b: &PlanContext<'_>, p: usize, c: usize, learned: &mut LearnedColumn, sample: u64) {
    if !learned.masked {
        return;
    }
    let rows = b.generator.table(p).rows;
    let mut counts: BTreeMap<String, (u64, Value)> = BTreeMap::new();
    for i in 0..rows.min(sample) {
        let row = (u128::from(i) * u128::from(rows) / u128::from(rows.min(sample))) as u64;
        match b.generator.cell(p, c, row) {
            Ok(Value::Null) => {}
            Ok(value) => counts.entry(value.to_string()).or_insert((0, value)).0 += 1,
            Err(_) => return,
        }
    }
    let mut found: Vec<(u64, Value)> = counts.into_values().collect();
    found.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let law = learned.column.law.as_mut().map(|l| &mut l.law);
    match (law, &mut learned.column.rule) {
        (None, Rule::Draw { domain: Domain::Choice { values, weights: Some(weights) } }) => {
            weights.sort_by_key(|w| std::cmp::Reverse(*w));
            let place = |v: &Value| found.iter().position(|(_, f)| f == v).unwrap_or(usize::MAX);
            values.sort_by_key(place);
        }
        (Some(Law::Drawn(drawn)), _) => {
            let DrawnValues::Ranked { ranks, first, .. } = &mut drawn.values else { return };
            let enough = ranks.size <= NAMED && found.len() as u64 >= ranks.size && first.is_empty();
            if !enough {
                return;
            }
            found.truncate(ranks.size as usize);
            let sampler = ranks.sampler();
            let share = |i: u64| sampler.before(i + 1) - sampler.before(i);
            let chars = |v: &Value| v.to_string().chars().count() as f64;
            let mean: f64 = found.iter().zip(0..).map(|((_, v), i)| share(i) * chars(v)).sum();
            let near = |wanted: f64| (mean - wanted).abs() <= LIKE * wanted.max(1.0);
            if learned.chars.is_none_or(near) {
                *first = found.into_iter().map(|(_, value)| value).collect();
            }
        }
        _ => {}
    }
}

/// Replaces a column by the learned one; moments that follow it still do.
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
                | Moment::Until { of, .. }
                | Moment::Ahead { of, .. } => {
                    *of = Some(c);
                }
                _ => {}
            }
        }
    }
}
