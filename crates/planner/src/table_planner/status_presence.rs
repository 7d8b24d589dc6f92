//! Presence of values by the row's status: moments of past events, reasons, actors.

use std::collections::BTreeMap;

use super::{PlanContext, TablePlanner};
use crate::keys::KeyInput;
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, RangeKind, Shape};
use dbmocker_plan::{ColumnPlan, ForeignKeyPlan, Law, Presence, Rule};
use dbmocker_predicate::{Nulls, Solution};
use dbmocker_semantics as semantics;
use dbmocker_semantics::{LifeCycle, Name};

/// Maximum time since the last contact of an active object.
const SEEN: i64 = 3 * MICROS_PER_DAY;

/// Below this share of rows, a status counts as one that does not set a column.
const HARDLY: f64 = 0.05;

/// A column on whose values the presence of others depends.
struct Decider {
    column: usize,
    values: Vec<Value>,
    weights: Vec<u32>,
    life: Option<LifeCycle>,
}

impl Decider {
    /// Whether each value means true; `None` for a column that is not a boolean.
    fn truths(&self) -> Option<Vec<bool>> {
        let truth = |v: &Value| match v {
            Value::Bool(is) => Some(*is),
            Value::Int(n @ 0..=1) => Some(*n == 1),
            _ => None,
        };
        self.values.iter().map(truth).collect()
    }
}

impl TablePlanner<'_> {
    /// Makes the presence of values depend on statuses, and on types after which columns are named.
    pub(super) fn apply_life_cycles(
        &self,
        b: &PlanContext<'_>,
        columns: &mut [ColumnPlan],
        keys: &[KeyInput],
        foreign: &mut [ForeignKeyPlan],
        solution: &Solution,
    ) {
        let deciders: Vec<Decider> = (0..columns.len()).filter_map(|c| decider(c, &columns[c])).collect();
        if deciders.is_empty() {
            return;
        }
        for c in 0..columns.len() {
            if self.may_differ(b, columns, keys, c)
                && let Some(presence) = self.replaced(b, &deciders, columns, c)
            {
                let by = columns[presence.by].name.clone();
                columns[c].reason += &format!("; by `{by}` otherwise");
                columns[c].presence = Some(presence);
                continue;
            }
            if solution.columns[c].nulls != Nulls::Free || !self.may_lack(b, columns, foreign, keys, c) {
                continue;
            }
            let Some(presence) = decided(&deciders, columns, c).filter(|p| !decides(columns, c, p.by)) else {
                continue;
            };
            // No value sets it: a column of nothing but NULL is of no use.
            if presence.shares.iter().all(|share| *share < HARDLY) {
                continue;
            }
            columns[c].null_share = 1.0 - expected(&deciders, &presence);
            if let Rule::Foreign { foreign: f, .. } = columns[c].rule {
                foreign[f].null_share = 0.0;
            }
            let (by, always) = (&columns[presence.by].name, presence.always());
            let when = match always.is_empty() {
                true => format!("; hardly ever set, by `{by}`"),
                false => format!("; set where `{by}` is {}", always.join(", ")),
            };
            columns[c].reason += &when;
            columns[c].presence = Some(presence);
        }
    }

    /// Makes columns of one event, such as a moment and the person who acted, NULL in the same rows, if no status
    /// determines them.
    pub(super) fn pair_nulls(
        &self,
        b: &PlanContext<'_>,
        columns: &mut [ColumnPlan],
        keys: &[KeyInput],
        foreign: &mut [ForeignKeyPlan],
        solution: &Solution,
    ) {
        let free = |c: &usize| {
            columns[*c].presence.is_none()
                && columns[*c].group.is_none()
                && solution.columns[*c].nulls == Nulls::Free
                && self.may_lack(b, columns, foreign, keys, *c)
        };
        let mut happened: BTreeMap<String, Vec<(bool, usize)>> = BTreeMap::new();
        for c in (0..columns.len()).filter(free) {
            if let Some((what, stamp)) = semantics::event_name(&Name::new(&columns[c].name)) {
                happened.entry(what).or_default().push((!stamp, c));
            }
        }
        for mut together in happened.into_values().filter(|t| t.len() > 1) {
            together.sort_unstable();
            let (_, first) = together[0];
            let (name, share) = (columns[first].name.clone(), columns[first].null_share);
            for &(_, c) in &together[1..] {
                let column = &mut columns[c];
                column.nulls_of = Some(name.clone());
                column.null_share = share;
                column.reason += &format!("; with `{name}`");
                if let Rule::Foreign { foreign: f, .. } = column.rule {
                    foreign[f].null_share = share;
                }
            }
        }
    }

    /// Returns true if nothing else determines the column's values.
    fn may_differ(&self, b: &PlanContext<'_>, columns: &[ColumnPlan], keys: &[KeyInput], c: usize) -> bool {
        let column = &columns[c];
        let overridden = b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values());
        matches!(column.rule, Rule::Draw { .. })
            && column.law.is_none()
            && column.group.is_none()
            && column.duplicates.is_none()
            && !column.computed
            && !overridden
            && !keys.iter().any(|k| k.columns.contains(&c))
    }

    /// Replaces values in rows of some statuses: zero amounts for events that have not happened, a recent contact for
    /// active objects.
    fn replaced(
        &self,
        b: &PlanContext<'_>,
        deciders: &[Decider],
        columns: &[ColumnPlan],
        c: usize,
    ) -> Option<Presence> {
        let Some(Domain::Range { kind, lo, hi, step, .. }) = columns[c].rule.domain() else { return None };
        let name = Name::new(&columns[c].name);
        let legal = self.columns[c].legal.as_ref()?;
        let narrow =
            |lo: i128, hi: i128| Domain::Range { kind: *kind, lo, hi, step: *step, except: vec![], shape: Shape::High };
        for d in deciders.iter().filter(|d| d.column != c) {
            let Some(life) = &d.life else { continue };
            let amount = || {
                let none = matches!(kind, RangeKind::Int | RangeKind::Decimal { .. });
                let nothing = narrow(0, 0);
                let allowed = none && legal.contains(&nothing.value(0)) && !self.is_checked(c);
                Some((life.amount(&name).filter(|_| allowed)?, nothing))
            };
            let sign = || {
                let micros = *kind == RangeKind::Timestamp;
                let since = b.options.now - SEEN;
                let lately = (i128::from(since) > *lo
                    && i128::from(b.options.now) - 1 <= (*hi).max(i128::from(b.options.now)))
                .then(|| narrow(since.into(), (b.options.now - MICROS_PER_SECOND).into()))?;
                Some((life.out_of_contact(&name).filter(|_| micros && !self.is_checked(c))?, lately))
            };
            // No status sets it: a column of nothing but zeros is of no use.
            let sets = |(shares, _): &(Vec<f64>, Domain)| shares.iter().any(|share| *share >= HARDLY);
            if let Some((shares, instead)) = amount().or_else(sign).filter(sets) {
                let of = format!("{} life", columns[d.column].name);
                return Some(Presence {
                    by: d.column,
                    of,
                    values: d.values.clone(),
                    shares,
                    otherwise: 1.0,
                    instead: Some(instead),
                });
            }
        }
        None
    }

    /// Returns true if a CHECK reads the column.
    pub(super) fn is_checked(&self, c: usize) -> bool {
        let column = &self.table.columns[c];
        !column.domain_checks.is_empty()
            || self.table.checks.iter().any(|check| check.text.contains(column.name.as_str()))
    }

    /// Returns true if nothing else determines the column's NULLs.
    fn may_lack(
        &self,
        b: &PlanContext<'_>,
        columns: &[ColumnPlan],
        foreign: &[ForeignKeyPlan],
        keys: &[KeyInput],
        c: usize,
    ) -> bool {
        let column = &columns[c];
        let by_rule = match column.rule {
            Rule::Draw { .. } => true,
            Rule::Foreign { foreign: f, .. } => {
                let tree = foreign[f].parent == self.table.name;
                foreign[f].null_columns == [c] && foreign[f].columns == [c] && !tree
            }
            _ => false,
        };
        let overridden = b.overrides.column(self.index, c).is_some_and(|w| w.null_probability.is_some());
        by_rule
            && b.nullable(self.index, c)
            && column.duplicates.is_none()
            && !column.computed
            && !overridden
            && !keys.iter().any(|k| k.columns.contains(&c))
    }
}

/// Returns the column if it holds one of a list of values and is never NULL.
fn decider(c: usize, column: &ColumnPlan) -> Option<Decider> {
    let Rule::Draw { domain: Domain::Choice { values, weights } } = &column.rule else { return None };
    let lawful = column.law.as_ref().is_some_and(|plan| !matches!(plan.law, Law::Among { .. }));
    if column.null_share > 0.0 || values.len() > MOST || column.correlated.is_some() || lawful {
        return None;
    }
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let life = LifeCycle::of(&Name::new(&column.name), &texts);
    let weights = weights.clone().unwrap_or_else(|| vec![1; values.len()]);
    Some(Decider { column: c, values: values.clone(), weights, life })
}

/// Longer lists are not lists of statuses or types.
const MOST: usize = 40;

fn decided(deciders: &[Decider], columns: &[ColumnPlan], c: usize) -> Option<Presence> {
    let name = Name::new(&columns[c].name);
    let by_life =
        deciders.iter().filter(|d| d.column != c).filter_map(|d| Some((d, d.life.as_ref()?.presence(&name)?)));
    // A flag of the event itself comes first; a status list that names the event takes precedence over one that does
    // not, and a column called a status over other lists.
    let flagged = deciders.iter().filter(|d| d.column != c).find_map(|d| {
        let happened = semantics::flagged(&Name::new(&columns[d.column].name), &name)?;
        Some((d, d.truths()?.iter().map(|&is| f64::from(is == happened)).collect(), "flag"))
    });
    let called = |d: &Decider| ["status", "state", "phase"].contains(&Name::new(&columns[d.column].name).last());
    let lived = by_life.min_by_key(|(d, (_, listed))| (!listed, !called(d)));
    let lived = flagged.or(lived.map(|(d, (shares, _))| (d, shares, "life")));
    let of_kind = || {
        let kinds = deciders.iter().filter(|d| d.column != c);
        kinds
            .filter_map(|d| {
                Some((d, semantics::of_kind(&Name::new(&columns[d.column].name), &d.values, &name)?, "kinds"))
            })
            .next()
    };
    let (d, shares, what) = lived.or_else(of_kind)?;
    let of = format!("{} {what}", columns[d.column].name);
    let otherwise = 1.0 - columns[c].null_share;
    Some(Presence { by: d.column, of, values: d.values.clone(), shares, otherwise, instead: None })
}

/// Returns true if the presence of column `other` depends on column `c`, transitively.
pub(crate) fn decides(columns: &[ColumnPlan], c: usize, other: usize) -> bool {
    let by = |at: &usize| columns[*at].presence.as_ref().map(|p| p.by);
    std::iter::successors(Some(other), by).any(|at| at == c)
}

/// Returns the share of all rows that have a value.
fn expected(deciders: &[Decider], presence: &Presence) -> f64 {
    let d = deciders.iter().find(|d| d.column == presence.by).expect("one of the deciders");
    let total: f64 = d.weights.iter().map(|w| f64::from(*w)).sum();
    d.weights.iter().zip(&presence.shares).map(|(w, share)| f64::from(*w) / total * share).sum()
}
