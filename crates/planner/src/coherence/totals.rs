//! Columns that aggregate rows of other tables; computed after all tables are planned.
//!
//! In: the plan's tables, compiled. Out: laws for columns of numbers and moments that nothing else determines.

use std::collections::BTreeMap;

use crate::context::PlanContext;
use dbmocker_core::schema::{Column, SqlType, Table};
use dbmocker_generate::generator::ColumnGen;
use dbmocker_plan::{Depths, Flow, FlowKind, FlowPart, Fold, Formula, Law, LawPlan, Moment, Rule, TablePlan};
use dbmocker_semantics::flows::{is_counter, is_last_reading};
use dbmocker_semantics::roles::is_place;
use dbmocker_semantics::totals::{
    ChildAggregate, ChildTable, SUMMED, are_lines, counts_by, is_mean_of, leads_to, money, stated_total, total,
};
use dbmocker_semantics::{Amount, Name, amount, in_cents, language};

/// A foreign key from another table.
struct ChildForeignKey {
    table: usize,
    foreign: usize,
    /// Numeric columns of the child table that are not part of a key.
    numbers: Vec<usize>,
    /// The key's first column.
    key: usize,
}

/// A law and its text.
struct TotalLaw {
    fold: Fold,
    text: String,
}

/// Returns true if a column of the parent aggregates the rows of the child table that refer to it.
pub fn is_asked(parent: &Table, child: &Table, key: &[usize]) -> bool {
    !asked(parent, child, key).is_empty()
}

/// Returns the columns of the parent that aggregate the rows of the child table that refer to it.
pub fn asked(parent: &Table, child: &Table, key: &[usize]) -> Vec<usize> {
    let number = |c: &usize| {
        let ty = &child.columns[*c].ty;
        !key.contains(c) && matches!(ty, SqlType::Int { .. } | SqlType::Decimal { .. } | SqlType::Float { .. })
    };
    let numbers: Vec<usize> = (0..child.columns.len()).filter(number).collect();
    let named = named(child, &numbers);
    let branch = ChildTable { table: &child.name.name, parent: &parent.name.name, numbers: &named };
    let asks = |c: &usize| parent.columns[*c].generated.is_none() && total_of(&parent.columns[*c], branch).is_some();
    (0..parent.columns.len()).filter(asks).collect()
}

/// Returns the aggregate that a column of the parent holds, by its comment or its name, with a score.
fn total_of(column: &Column, branch: ChildTable<'_>) -> Option<(ChildAggregate, u8)> {
    let stated = column.comment.as_deref().and_then(|comment| stated_total(comment, branch));
    let is_moment = matches!(column.ty, SqlType::Timestamp { .. } | SqlType::Date);
    let fits = |what: &ChildAggregate| matches!(what, ChildAggregate::First | ChildAggregate::Last) == is_moment;
    stated.filter(|(what, _)| fits(what)).or_else(|| total(&column.name, branch))
}

fn named<'a>(table: &'a Table, columns: &[usize]) -> Vec<(usize, &'a str)> {
    columns.iter().map(|&c| (c, table.columns[c].name.as_str())).collect()
}

/// Adds sums, counts, means and last moments over child rows to the columns of every table.
pub fn fold(b: &mut PlanContext<'_>, tables: &mut [TablePlan]) {
    for p in 0..tables.len() {
        let index = b.order[p];
        let given = b.free.get(&p).is_none_or(BTreeMap::is_empty);
        if given || tables[p].rows == 0 || !b.coherent(index) || b.has_failed(index) || is_read(b, index) {
            continue;
        }
        let leads = leads(b, tables, p);
        let mut changed = closings(b, tables, p, &leads);
        for c in 0..tables[p].columns.len() {
            changed |= summed(b, tables, p, c, &leads);
        }
        changed |= documents(b, tables, p, &leads);
        changed |= means(b, tables, p);
        changed |= places(b, tables, p);
        if changed {
            b.generator.replace(b.options.seed, p, &tables[p]);
        }
    }
}

/// Returns true if CHECKs of other tables read the table's rows.
fn is_read(b: &PlanContext<'_>, index: usize) -> bool {
    b.schema.tables.iter().any(|t| t.reads.contains(&b.schema.tables[index].name))
}

/// Returns the foreign keys of other tables that refer to the table.
fn leads(b: &PlanContext<'_>, tables: &[TablePlan], p: usize) -> Vec<ChildForeignKey> {
    let mut out = Vec::new();
    for (t, child) in tables.iter().enumerate().filter(|(t, _)| *t != p && b.coherent(b.order[*t])) {
        if b.has_failed(b.order[t]) || child.rows == 0 {
            continue;
        }
        let keyed = |c: &usize| child.foreign.iter().any(|f| f.columns.contains(c));
        let compiled = &b.generator.table(t).columns;
        let number = |c: &usize| !keyed(c) && ColumnGen::decimals(&compiled[*c]).is_some();
        let numbers: Vec<usize> = (0..child.columns.len()).filter(number).collect();
        for (foreign, f) in child.foreign.iter().enumerate().filter(|(_, f)| f.parent_table == Some(p)) {
            out.push(ChildForeignKey { table: t, foreign, numbers: numbers.clone(), key: f.columns[0] });
        }
    }
    out
}

/// Returns true if a law may still determine the column.
fn is_open(b: &PlanContext<'_>, tables: &[TablePlan], p: usize, c: usize) -> bool {
    let column = &tables[p].columns[c];
    let law = match &column.law {
        None => true,
        Some(LawPlan { law: Law::Moment { at, .. }, .. }) => *at != Moment::Began,
        Some(_) => false,
    };
    law && column.group.is_none()
        && matches!(column.rule, Rule::Draw { .. })
        && b.free.get(&p).is_some_and(|free| free.contains_key(&c))
}

/// Adds the law of a column whose name refers to child rows.
fn summed(b: &PlanContext<'_>, tables: &mut [TablePlan], p: usize, c: usize, leads: &[ChildForeignKey]) -> bool {
    if !is_open(b, tables, p, c) {
        return false;
    }
    let parent = &b.schema.tables[b.order[p]];
    let name = &parent.columns[c].name;
    let mut best: Option<(u8, &ChildForeignKey, ChildAggregate)> = None;
    for lead in leads {
        let child = &b.schema.tables[b.order[lead.table]];
        let numbers = named(child, &lead.numbers);
        let branch = ChildTable { table: &child.name.name, parent: &parent.name.name, numbers: &numbers };
        let Some((what, rank)) = total_of(&parent.columns[c], branch) else { continue };
        // Of several keys of one table, prefer the one named after the parent.
        let key = |lead: &ChildForeignKey| child.columns[lead.key].name.as_str();
        let others: Vec<_> = leads.iter().filter(|l| l.table == lead.table && l.foreign != lead.foreign).collect();
        let named = others.iter().find_map(|l| counts_by(name, key(lead), key(l)));
        if !others.is_empty() && !named.unwrap_or_else(|| leads_to(key(lead), &parent.name.name)) {
            continue;
        }

        if best.as_ref().is_none_or(|b| rank > b.0) {
            best = Some((rank, lead, what));
        }
    }
    let Some((_, lead, what)) = best else { return false };
    let Some(found) = folded(b, tables, (p, c), lead, what) else { return false };
    if !b.generator.has_inverse(lead.table, lead.foreign) {
        tables[p].columns[c].reason += &format!("; not the {}: those do not follow from the row", found.text);
        return false;
    }
    take(b, tables, (p, c), lead, found, Formula::whole(0))
}

/// Returns the aggregate over the child table's columns for a kind of total.
fn folded(
    b: &PlanContext<'_>,
    tables: &[TablePlan],
    at: (usize, usize),
    lead: &ChildForeignKey,
    what: ChildAggregate,
) -> Option<TotalLaw> {
    let (p, c) = at;
    let child = &tables[lead.table];
    let label = &child.name.name;
    let column = &tables[p].columns[c];
    let is_moment = matches!(column.ty, SqlType::Timestamp { .. } | SqlType::Date);
    let is_number = b.generator.table(p).columns[c].decimals().is_some();
    let called = |c: usize| format!("{label}.{}", child.columns[c].name);
    let same_money = |of: usize| in_cents(&column.name) == in_cents(&child.columns[of].name);
    let found = match what {
        ChildAggregate::Count => TotalLaw { fold: Fold::Count, text: format!("number of {label}") },
        ChildAggregate::Sum(of) => {
            TotalLaw { fold: Fold::Sum(Formula::Cell(of)), text: format!("sum of {}", called(of)) }
        }
        ChildAggregate::Mean(of) => {
            let scale = b.generator.table(p).columns[c].decimals()?;
            TotalLaw { fold: Fold::Mean(of, scale), text: format!("mean of {}", called(of)) }
        }
        ChildAggregate::Money => {
            let numbers = named(&b.schema.tables[b.order[lead.table]], &lead.numbers);
            let parts = [Amount::Total, Amount::Gross, Amount::Line, Amount::Subtotal, Amount::Net, Amount::Price];
            let of = money(&numbers, &parts, in_cents(&column.name))?;
            TotalLaw { fold: Fold::Sum(Formula::Cell(of)), text: format!("sum of {}", called(of)) }
        }
        ChildAggregate::First | ChildAggregate::Last => {
            let began = |c: &usize| {
                matches!(&child.columns[*c].law, Some(LawPlan { law: Law::Moment { at: Moment::Began, .. }, .. }))
            };
            let of = (0..child.columns.len()).find(began)?;
            let (fold, word) = match what {
                ChildAggregate::First => (Fold::First(of), "first"),
                _ => (Fold::Last(of), "last"),
            };
            TotalLaw { fold, text: format!("{word} of {}", called(of)) }
        }
    };
    let fits = match (&found.fold, what) {
        (Fold::First(_) | Fold::Last(_), _) => is_moment,
        (_, ChildAggregate::Sum(of)) => is_number && same_money(of),
        _ => is_number,
    };
    fits.then_some(found)
}

/// A balance, or the state of a counter: the level after the last row that changed or read it.
fn closings(b: &PlanContext<'_>, tables: &mut [TablePlan], p: usize, leads: &[ChildForeignKey]) -> bool {
    let flow = |lead: &ChildForeignKey| {
        let flows = tables[lead.table].columns.iter().filter_map(|c| {
            let law = c.law.as_ref()?;
            let is_level = matches!(&law.law, Law::Number { expr: Formula::Flow { part: FlowPart::After, .. }, .. });
            law.flow().filter(|flow| is_level && flow.foreign == Some(lead.foreign))
        });
        let certain = b.generator.has_inverse(lead.table, lead.foreign)
            && !b.generator.foreign_may_be_null(lead.table, lead.foreign);
        flows.into_iter().next().filter(|_| certain)
    };
    let found: Vec<(usize, Flow)> = leads.iter().filter_map(|lead| Some((lead.table, flow(lead)?))).collect();
    let [(table, flow)] = found[..] else { return false };
    let mut changed = false;
    for c in 0..tables[p].columns.len() {
        let name = tables[p].columns[c].name.clone();
        let holds = match flow.kind {
            FlowKind::Counter => {
                let of = &b.schema.tables[b.order[p]];
                is_counter(&Name::in_language(&name, language(of)), &of.name.name) || is_last_reading(&name)
            }
            _ => matches!(amount(&name), Some(Amount::Balance | Amount::After | Amount::OnHand)),
        };
        let same = b.generator.table(p).columns[c].decimals() == Some(flow.scale);
        if holds && same && is_open(b, tables, p, c) {
            let expr = Formula::Closing { table, flow }.or(Formula::whole(0));
            let label = tables[table].name.clone();
            changed |= put(b, tables, (p, c), expr, format!("the level after the last of {label}"));
        }
    }
    changed
}

/// An amount of a document: the sum of its lines.
fn documents(b: &PlanContext<'_>, tables: &mut [TablePlan], p: usize, leads: &[ChildForeignKey]) -> bool {
    let compiled = &b.generator.table(p).columns;
    let number = |c: &usize| ColumnGen::decimals(&compiled[*c]).is_some();
    let numbers: Vec<usize> = (0..compiled.len()).filter(number).collect();
    let parent = &b.schema.tables[b.order[p]];
    let known = named(parent, &numbers);
    let has = |part: Amount| known.iter().any(|(_, name)| amount(name) == Some(part));
    let parts: Vec<Amount> = SUMMED
        .into_iter()
        // A net amount alone does not belong to a document.
        .filter(|part| *part != Amount::Net || has(Amount::Total) || has(Amount::Gross) || has(Amount::Tax))
        .collect();
    let found = [false, true].into_iter().find_map(|cents| Some((money(&known, &parts, cents)?, cents)));
    let Some((c, cents)) = found.filter(|(c, _)| is_open(b, tables, p, *c)) else { return false };
    for lead in leads {
        let child = &b.schema.tables[b.order[lead.table]];
        let numbers = named(child, &lead.numbers);
        let line = [false, true].into_iter().any(|cents| {
            money(&numbers, &[Amount::Quantity], false).is_some()
                && money(&numbers, &[Amount::UnitPrice, Amount::Price], cents).is_some()
        });
        let plain = leads_to(&child.columns[lead.key].name, &parent.name.name)
            && leads.iter().filter(|l| l.table == lead.table).count() == 1;
        let only = leads.iter().filter(|l| l.table == lead.table).count() == 1;
        if !are_lines(&child.name.name, line) || !(plain || only && are_lines(&child.name.name, false)) {
            continue;
        }
        let own = known.iter().find(|(of, _)| *of == c).and_then(|(_, name)| amount(name));
        let Some(found) = lines(child, &numbers, cents, own) else { continue };
        // A document without lines may still have an amount, unless a column counts the lines.
        let otherwise = if is_counted(&tables[p], lead) { Formula::whole(0) } else { Formula::Own };
        if b.generator.has_inverse(lead.table, lead.foreign) && take(b, tables, (p, c), lead, found, otherwise) {
            return true;
        }
    }
    false
}

/// Returns true if a column of the parent counts the rows.
fn is_counted(parent: &TablePlan, lead: &ChildForeignKey) -> bool {
    let counts = |law: &LawPlan| match &law.law {
        Law::Number { expr: Formula::Children { table, foreign, fold }, .. } => {
            (*table, *foreign) == (lead.table, lead.foreign) && **fold == Fold::Count
        }
        _ => false,
    };
    parent.columns.iter().any(|c| c.law.as_ref().is_some_and(counts))
}

/// Returns the sum of the lines' amounts, or of quantity times price.
fn lines(child: &Table, numbers: &[(usize, &str)], cents: bool, own: Option<Amount>) -> Option<TotalLaw> {
    let (label, name) = (&child.name.name, |c: usize| &child.columns[c].name);
    // The sum of net amounts is a net amount.
    let net = own.filter(|own| *own == Amount::Net).unwrap_or(Amount::Line);
    let parts = [net, Amount::Line, Amount::Total, Amount::Gross, Amount::Subtotal, Amount::Net];
    if let Some(of) = money(numbers, &parts, cents) {
        return Some(TotalLaw { fold: Fold::Sum(Formula::Cell(of)), text: format!("sum of {label}.{}", name(of)) });
    }
    let price = money(numbers, &[Amount::UnitPrice, Amount::Price], cents)?;
    let quantity = money(numbers, &[Amount::Quantity], false)?;
    let of = Formula::Cell(quantity).times(Formula::Cell(price), 2);
    Some(TotalLaw { fold: Fold::Sum(of), text: format!("sum of {label}.{} x {}", name(quantity), name(price)) })
}

/// Positions and line numbers count the rows of the parent.
fn places(b: &PlanContext<'_>, tables: &mut [TablePlan], p: usize) -> bool {
    let lies = |f: &usize| {
        let parent = tables[p].foreign[*f].parent_table;
        parent.is_some_and(|of| of != p) && b.generator.child(p, *f, 0).is_some()
    };
    let Some(foreign) = (0..tables[p].foreign.len()).find(lies) else { return false };
    let mut changed = false;
    for c in 0..tables[p].columns.len() {
        let whole = b.generator.table(p).columns[c].decimals() == Some(0);
        if whole && is_place(&tables[p].columns[c].name) && is_open(b, tables, p, c) {
            let of = tables[p].foreign[foreign].parent.name.clone();
            let expr = Formula::Ordinal { foreign }.or(Formula::Own);
            changed |= put(b, tables, (p, c), expr, format!("1, 2, 3, ... of each {of}"));
        }
    }
    changed
}

/// A mean is NULL where the row's count is 0.
fn means(b: &PlanContext<'_>, tables: &mut [TablePlan], p: usize) -> bool {
    let mut changed = false;
    for c in 0..tables[p].columns.len() {
        let name = tables[p].columns[c].name.clone();
        let Some(scale) = b.generator.table(p).columns[c].decimals() else { continue };
        let counts = |of: &usize| {
            let column = &b.generator.table(p).columns[*of];
            column.decimals() == Some(0) && is_mean_of(&name, &tables[p].columns[*of].name)
        };
        let count = (0..tables[p].columns.len()).filter(|of| *of != c).find(counts);
        let Some(count) = count.filter(|_| tables[p].columns[c].law.is_none() && is_open(b, tables, p, c)) else {
            continue;
        };
        // 0 / 0 is NULL.
        let expr = Formula::Own.times(Formula::Cell(count), scale).over(Formula::Cell(count), scale);
        let text = format!("any number, where {} is above 0", tables[p].columns[count].name);
        changed |= put(b, tables, (p, c), expr, text);
    }
    changed
}

/// Sets a column's law to the aggregate of its child rows, unless it would depend on itself. `otherwise`: the sum of no
/// rows.
fn take(
    b: &PlanContext<'_>,
    tables: &mut [TablePlan],
    at: (usize, usize),
    lead: &ChildForeignKey,
    found: TotalLaw,
    otherwise: Formula,
) -> bool {
    let children = |fold| Formula::Children { table: lead.table, foreign: lead.foreign, fold: Box::new(fold) };
    let expr = match found.fold {
        fold @ Fold::Sum(_) => children(fold).or(otherwise),
        fold => children(fold),
    };
    put(b, tables, at, expr, found.text)
}

/// Returns true if an expression is never NULL.
fn is_always(expr: &Formula) -> bool {
    matches!(expr, Formula::Children { fold, .. } if **fold == Fold::Count) || matches!(expr, Formula::Or(..))
}

fn put(b: &PlanContext<'_>, tables: &mut [TablePlan], (p, c): (usize, usize), expr: Formula, text: String) -> bool {
    let nullable = b.nullable(b.order[p], c);
    let table = &mut tables[p];
    let is_moment = matches!(table.columns[c].ty, SqlType::Timestamp { .. } | SqlType::Date);
    let expr = match (nullable, is_moment) {
        (true, _) => expr,
        (false, false) if !is_always(&expr) => expr.or(Formula::whole(0)),
        (false, false) => expr,
        // Without rows, the row's own start time.
        (false, true) => {
            let same = |o: &usize| {
                let other = &table.columns[*o];
                matches!(&other.law, Some(LawPlan { law: Law::Moment { at: Moment::Began, .. }, .. }))
                    && std::mem::discriminant(&other.ty) == std::mem::discriminant(&table.columns[c].ty)
            };
            match (0..table.columns.len()).find(same) {
                Some(began) => expr.or(Formula::Nullable(began)),
                None => return false,
            }
        }
    };
    let Some(&(least, most)) = b.free.get(&p).and_then(|free| free.get(&c)) else { return false };
    let before = table.columns[c].clone();
    let column = &mut table.columns[c];
    column.law = Some(LawPlan { law: Law::Number { expr, least, most }, text });
    (column.correlated, column.null_share, column.edges) = (None, 0.0, None);
    if is_moment {
        column.presence = None;
    }
    column.reason += "; names: of the rows that belong to it";
    if Depths::is_endless(tables, p, c) {
        tables[p].columns[c] = before;
        return false;
    }
    true
}
