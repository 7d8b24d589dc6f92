//! Laws whose results CHECKs and types leave no room for.
//!
//! A law's result is clamped to the bounds of its column, so that the row is valid; but it is then no longer the sum, the
//! product or the copy. Where this happens in some of the rows, the columns from which it is computed are narrowed; where
//! that does not help, the law is left out.

use std::collections::BTreeSet;

use crate::context::PlanContext;
use dbmocker_domain::Domain;
use dbmocker_plan::{ColumnPlan, Formula, Law, LawPlan, Rule, TablePlan};

/// Number of rows for which the laws are evaluated, and of the rows of other tables that these read.
const ROWS: u64 = 256;
const CHILDREN: u64 = 1 << 13;
/// Number of rows of other tables up to which one row is evaluated, if every row reads more than `CHILDREN`.
const MOST_CHILDREN: u64 = 1 << 17;
/// A law is left out if it is clamped in more than one of this number of rows.
const RARE: u64 = 20;
/// How many times a range is narrowed for one law.
const ATTEMPTS: usize = 10;
/// Minimum number of values in a narrowed range.
const VALUES: i128 = 10;

/// Narrows the columns from which laws are computed, or leaves the laws out, where their results exceed the bounds.
pub fn keep_within(b: &mut PlanContext<'_>, tables: &mut [TablePlan]) {
    for p in 0..tables.len() {
        let index = b.order[p];
        if tables[p].rows == 0 || !b.coherent(index) || b.has_failed(index) {
            continue;
        }
        let mut settled = BTreeSet::new();
        while let Some((c, cut, of)) = first_cut(b, &tables[p], p, &settled) {
            settled.insert(c);
            if !narrowed(b, tables, (p, c), cut) {
                leave(b, tables, (p, c), cut, of);
            }
        }
    }
}

/// Rows in which a law gives less than the bounds allow, and more.
type Cut = [u64; 2];

/// Returns the first column whose law is clamped although those of the columns that it reads are not, and the number of
/// rows that were evaluated.
fn first_cut(b: &PlanContext<'_>, table: &TablePlan, p: usize, settled: &BTreeSet<usize>) -> Option<(usize, Cut, u64)> {
    let exact = |c: &usize| number(&table.columns[*c]).is_some_and(is_exact);
    let columns: Vec<usize> = (0..table.columns.len()).filter(|c| !settled.contains(c)).filter(exact).collect();
    if columns.is_empty() {
        return None;
    }
    let rows = sample(b, table, &columns);
    let of = rows.len() as u64;
    let cuts = b.generator.cut(p, &columns, rows).ok()?;
    let cut: Vec<(usize, Cut)> = columns.into_iter().zip(cuts).filter(|(_, cut)| *cut != [0; 2]).collect();
    let reads = |c: usize| {
        let inputs = inputs(table, c);
        cut.iter().any(|(other, _)| *other != c && inputs.contains(other))
    };
    let first = cut.iter().find(|(c, _)| !reads(*c)).or(cut.first())?;
    Some((first.0, first.1, of))
}

fn number(column: &ColumnPlan) -> Option<&Formula> {
    match &column.law {
        Some(LawPlan { law: Law::Number { expr, .. }, .. }) if column.group.is_none() => Some(expr),
        _ => None,
    }
}

/// Returns true if an expression is computed from other cells, without any draw of its own.
fn is_exact(expr: &Formula) -> bool {
    // The draw is that of rows without a parent or children.
    if let Formula::Or(first, _) = expr {
        return is_exact(first);
    }
    let (mut reads, mut draws) = (false, false);
    expr.visit(&mut |part| match part {
        Formula::OneOf { .. }
        | Formula::Between { .. }
        | Formula::Normal { .. }
        | Formula::Wave { .. }
        | Formula::Own
        // Flows keep within the bounds.
        | Formula::Flow { .. }
        | Formula::Closing { .. } => draws = true,
        Formula::Cell(_)
        | Formula::Nullable(_)
        | Formula::Parent { .. }
        | Formula::Above { .. }
        | Formula::Portion { .. }
        | Formula::Ordinal { .. }
        | Formula::Children { .. }
        | Formula::Span { .. }
        | Formula::Years { .. } => reads = true,
        _ => {}
    });
    reads && !draws
}

/// Returns evenly spaced rows, as many as have few rows of other tables.
fn sample(b: &PlanContext<'_>, table: &TablePlan, columns: &[usize]) -> Vec<u64> {
    let mut children = BTreeSet::new();
    for expr in columns.iter().filter_map(|&c| number(&table.columns[c])) {
        expr.visit(&mut |part| {
            if let Formula::Children { table, foreign, .. } = part {
                children.insert((*table, *foreign));
            }
        });
    }
    let step = usize::try_from((table.rows / ROWS).max(1)).unwrap_or(usize::MAX);
    let mut left = CHILDREN;
    let counted = (0..table.rows).step_by(step).map(|row| {
        (children.iter().map(|&(t, foreign)| b.generator.children_count(t, foreign, row)).sum::<u64>(), row)
    });
    let counted: Vec<(u64, u64)> = counted.collect();
    let rows = counted.iter().filter(|(count, _)| {
        let fits = *count <= left;
        left -= if fits { *count } else { 0 };
        fits
    });
    let rows: Vec<u64> = rows.map(|(_, row)| *row).collect();
    match counted.iter().min() {
        Some((count, row)) if rows.is_empty() && *count <= MOST_CHILDREN => vec![*row],
        _ => rows,
    }
}

/// Returns the columns of the row from which a column's law is computed, transitively.
fn inputs(table: &TablePlan, c: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut open = vec![c];
    while let Some(of) = open.pop() {
        for next in number(&table.columns[of]).map(Formula::columns).unwrap_or_default() {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

/// Narrows the columns from which a law is computed until it keeps within the bounds; returns false, and leaves them
/// unchanged, if that is not possible.
fn narrowed(b: &mut PlanContext<'_>, tables: &mut [TablePlan], (p, c): (usize, usize), mut cut: Cut) -> bool {
    if b.options.profile.is_some() {
        return false;
    }
    let before = tables[p].columns.clone();
    let open: Vec<usize> = inputs(&tables[p], c).into_iter().filter(|&of| is_free(b, &tables[p], p, of)).collect();
    let name = tables[p].columns[c].name.clone();
    for _ in 0..ATTEMPTS {
        let largest = open.iter().copied().filter(|&of| narrower(&tables[p].columns[of], cut).is_some());
        let size =
            |of: &usize| range(&tables[p].columns[*of]).map_or(0.0, |(lo, hi, unit)| lo.abs().max(hi.abs()) / unit);
        let Some(of) = largest.max_by(|a, b| size(a).total_cmp(&size(b))) else { break };
        let column = &tables[p].columns[of];
        let Some(domain) = narrower(column, cut) else { break };
        let column = &mut tables[p].columns[of];
        column.rule = Rule::Draw { domain };
        let why = format!("; within what `{name}` allows");
        if !column.reason.ends_with(&why) {
            column.reason += &why;
        }
        b.generator.replace(b.options.seed, p, &tables[p]);
        let rows = sample(b, &tables[p], &[c]);
        match b.generator.cut(p, &[c], rows).ok().and_then(|cuts| cuts.first().copied()) {
            Some([0, 0]) => return true,
            Some(still) => cut = still,
            None => break,
        }
    }
    tables[p].columns = before;
    b.generator.replace(b.options.seed, p, &tables[p]);
    false
}

/// Returns true if nothing but its type and name determines the range from which a column is drawn.
fn is_free(b: &PlanContext<'_>, table: &TablePlan, p: usize, c: usize) -> bool {
    let column = &table.columns[c];
    let asked = b.overrides.column(b.order[p], c).is_some_and(|w| w.shapes_values());
    let open = b.free.get(&p).is_some_and(|free| free.contains_key(&c));
    let drawn = column.law.is_none() || number(column).is_some_and(is_drawn);
    open && !asked && drawn && column.group.is_none() && range(column).is_some()
}

/// Returns true if an expression only gives a column's own draw another form: a price with a usual ending.
fn is_drawn(expr: &Formula) -> bool {
    let (mut own, mut others) = (false, false);
    expr.visit(&mut |part| match part {
        Formula::Own => own = true,
        Formula::Number { .. }
        | Formula::OneOf { .. }
        | Formula::Between { .. }
        | Formula::Add(..)
        | Formula::Sub(..)
        | Formula::Mul(..)
        | Formula::Percent(_)
        | Formula::Least(..)
        | Formula::Most(..) => {}
        _ => others = true,
    });
    own && !others
}

/// Returns the bounds of a column's draw, and the number of its units in 1.
fn range(column: &ColumnPlan) -> Option<(f64, f64, f64)> {
    match &column.rule {
        Rule::Draw { domain: Domain::Range { kind, lo, hi, except, step: 1, .. } } if except.is_empty() => {
            let scale = match kind {
                dbmocker_domain::RangeKind::Int => 0,
                dbmocker_domain::RangeKind::Decimal { scale } => *scale,
                _ => return None,
            };
            Some((*lo as f64, *hi as f64, 10f64.powi(scale.into())))
        }
        Rule::Draw { domain: Domain::Float { lo, hi, .. } } => Some((*lo, *hi, 1.0)),
        _ => None,
    }
}

/// Returns the column's domain with a smaller range, away from the bound that is exceeded in more rows; `None` if too few
/// values would be left.
fn narrower(column: &ColumnPlan, [below, above]: Cut) -> Option<Domain> {
    let Rule::Draw { domain } = &column.rule else { return None };
    let mut domain = domain.clone();
    match &mut domain {
        Domain::Range { lo, hi, .. } => {
            let half = (*hi - *lo) / 2;
            if half < VALUES {
                return None;
            }
            if above >= below { *hi -= half } else { *lo += half }
        }
        Domain::Float { lo, hi, .. } => {
            let half = (*hi - *lo) / 2.0;
            if above >= below { *hi -= half } else { *lo += half }
        }
        _ => return None,
    }
    Some(domain)
}

/// Leaves a law out, or, where it is rarely clamped, says so.
fn leave(b: &mut PlanContext<'_>, tables: &mut [TablePlan], (p, c): (usize, usize), [below, above]: Cut, of: u64) {
    let column = &mut tables[p].columns[c];
    let cut = below + above;
    let Some(LawPlan { text, .. }) = &mut column.law else { return };
    if cut * RARE <= of {
        *text += ", within the bounds of the column";
        return;
    }
    column.reason += &format!("; not {text}: the column's bounds leave no room for it");
    column.law = None;
    b.generator.replace(b.options.seed, p, &tables[p]);
}
