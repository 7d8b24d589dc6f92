//! Narrows a table's columns by CHECKs, CHECKs of domains, partition bounds, and the orders that names suggest.

use std::collections::BTreeSet;

use dbmocker_core::value::Value;
use dbmocker_domain::range_units::units;
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, RangeKind, Shape};
use dbmocker_loaders::ident;
use dbmocker_plan::Law;

use super::{Keys, PendingColumn, PlanContext, TablePlanner};
use crate::{exclusions, generated_columns, partitions, profile};
use dbmocker_predicate as predicate;
use dbmocker_predicate::{ColumnInput, Env, NamedCheck, Nulls, OneColumn, Solution, ValueSource};
use dbmocker_semantics as semantics;

impl TablePlanner<'_> {
    /// Replaces the domains of columns in CHECKs that failed, and of those that further CHECKs join with them, by all
    /// values of their types. Whether a domain has changed.
    pub(super) fn widen(&mut self, b: &PlanContext<'_>, failed: &Solution) -> bool {
        let checks: Vec<NamedCheck> = self.every_check(b).into_iter().filter(|c| !c.soft).collect();
        let names = &self.table.columns;
        let columns_of = |check: &NamedCheck| -> BTreeSet<usize> {
            let read = match &check.value {
                Some(column) => Some(BTreeSet::from([column.clone()])),
                None => check.tree(b.schema.dialect).ok().map(|tree| tree.columns().into_iter().collect()),
            };
            // A CHECK that is not parsed may read every column whose name its text contains.
            let reads = |name: &str| match &read {
                Some(read) => read.contains(name),
                None => check.text.contains(name),
            };
            (0..names.len()).filter(|&c| reads(&names[c].name)).collect()
        };
        let has_failed = |check: &NamedCheck| {
            let impossible = failed.impossible.iter().flat_map(|i| &i.checks);
            failed.unsolved.iter().map(|u| &u.check).chain(impossible).any(|name| *name == check.name)
        };
        let impossible = failed.impossible.iter().flat_map(|i| &i.columns);
        let mut widened: BTreeSet<usize> = impossible.filter_map(|name| self.table.column_index(name)).collect();
        let mut others: Vec<BTreeSet<usize>> = Vec::new();
        for check in &checks {
            let columns = columns_of(check);
            if has_failed(check) { widened.extend(columns) } else { others.push(columns) }
        }
        loop {
            let (joined, apart): (Vec<_>, Vec<_>) = others.into_iter().partition(|o| !o.is_disjoint(&widened));
            if joined.is_empty() {
                break;
            }
            widened.extend(joined.into_iter().flatten());
            others = apart;
        }
        let mut changed = false;
        for c in widened {
            let column = &mut self.columns[c];
            if column.legal.is_some() && column.domain != column.legal {
                // Numbers that are not negative by their name remain so, if they can.
                let usual = usual_legal(column);
                column.domain = if column.domain == usual { column.legal.clone() } else { usual };
                changed = true;
            }
        }
        changed
    }

    /// Extends the usual range of a number that a CHECK compares with a column whose range the user gives, by that range:
    /// the usual range of the one must not narrow the requested range of the other.
    pub(super) fn make_room(&mut self, b: &PlanContext<'_>) {
        let given = |c: usize| b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values());
        if !(0..self.columns.len()).any(given) {
            return;
        }
        for check in self.every_check(b).iter().filter(|c| !c.soft && c.value.is_none()) {
            let Ok(tree) = check.tree(b.schema.dialect) else { continue };
            let read: Vec<usize> = tree.columns().iter().filter_map(|n| self.table.column_index(n)).collect();
            let ranges: Vec<_> =
                read.iter().filter(|&&c| given(c)).filter_map(|&c| asked_range(&self.columns[c])).collect();
            let numbers: Vec<(f64, f64)> =
                read.iter().filter(|&&c| given(c)).filter_map(|&c| asked_numbers(&self.columns[c])).collect();
            let usual = |c: &usize| !given(*c) && !self.is_fixed(*c) && self.columns[*c].foreign.is_none();
            for c in read.iter().copied().filter(usual).collect::<Vec<usize>>() {
                let column = &mut self.columns[c];
                if let (Some(Domain::Float { lo, hi, .. }), Some(Domain::Float { lo: least, hi: most, .. })) =
                    (&mut column.domain, &column.legal)
                {
                    let (from, to) = numbers.iter().fold((*lo, *hi), |(a, z), (lo, hi)| (a.min(*lo), z.max(*hi)));
                    (*lo, *hi) = (from.max(*least).min(*lo), to.min(*most).max(*hi));
                    continue;
                }
                let (Some((kind, lo, hi)), Some((_, least, most))) =
                    (range(column.domain.as_ref()), range(column.legal.as_ref()))
                else {
                    continue;
                };
                let of_kind = ranges.iter().filter(|(of, ..)| *of == kind);
                let (from, to) = of_kind.fold((lo, hi), |(a, z), (_, lo, hi)| (a.min(*lo), z.max(*hi)));
                let (from, to) = (from.max(least).min(lo), to.min(most).max(hi));
                if let Some(Domain::Range { lo, hi, .. }) = &mut column.domain {
                    (*lo, *hi) = (from, to);
                }
            }
        }
    }

    /// Replaces suggested numbers of which a CHECK leaves less than half by the range that they span.
    pub(super) fn span_lists(&mut self, b: &PlanContext<'_>) {
        let env = Env { dialect: b.schema.dialect, now: b.options.now };
        for check in self.hard_checks(b).iter().filter(|c| c.value.is_none()) {
            let Ok(tree) = check.tree(b.schema.dialect) else { continue };
            let [name] = &tree.columns().into_iter().collect::<Vec<_>>()[..] else { continue };
            let Some(c) = self.table.column_index(name) else { continue };
            let given = b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values()) || self.is_fixed(c);
            let column = &mut self.columns[c];
            let (Some(Domain::Choice { values, .. }), Some(Domain::Range { kind, step: 1, .. })) =
                (&column.domain, &column.legal)
            else {
                continue;
            };
            let allowed = values.iter().filter(|v| tree.truth(&OneColumn(name, v), env) != Ok(Some(false))).count();
            let units: Option<Vec<i128>> = values.iter().map(|v| Some(units(*kind, v)?.0)).collect();
            let ends = units.and_then(|units| Some((*units.iter().min()?, *units.iter().max()?)));
            if let Some((lo, hi)) = ends.filter(|(lo, hi)| !given && allowed * 2 < values.len() && lo < hi) {
                column.domain =
                    Some(Domain::Range { kind: *kind, lo, hi, step: 1, except: Vec::new(), shape: Shape::Uniform });
            }
        }
    }

    /// Replaces suggested patterns, which no empty text matches, by all texts where a CHECK over several columns has a case
    /// for the empty text.
    pub(super) fn allow_empty_texts(&mut self, b: &PlanContext<'_>) {
        for check in self.hard_checks(b).iter().filter(|c| c.value.is_none() && c.text.contains("''")) {
            let Ok(tree) = check.tree(b.schema.dialect) else { continue };
            let read: Vec<usize> = tree.columns().iter().filter_map(|n| self.table.column_index(n)).collect();
            for c in read.iter().copied().filter(|_| read.len() > 1) {
                let given = b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values()) || self.is_fixed(c);
                let column = &mut self.columns[c];
                let pattern = |d: &Domain| matches!(d, Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. }));
                let suggested =
                    column.domain.as_ref().is_some_and(pattern) && !column.legal.as_ref().is_none_or(pattern);
                if suggested && !given {
                    column.domain = column.legal.clone();
                }
            }
        }
    }

    pub(super) fn solve(&self, b: &PlanContext<'_>, keys: Keys) -> Solution {
        self.solve_checks(b, keys, &self.every_check(b))
    }

    /// Solves only these CHECKs.
    pub(super) fn solve_checks(&self, b: &PlanContext<'_>, keys: Keys, checks: &[NamedCheck]) -> Solution {
        let domains: Vec<Option<Domain>> = self.columns.iter().map(|d| d.domain.clone()).collect();
        self.solve_within(b, keys, checks, &domains)
    }

    /// As [`solve_checks`](Self::solve_checks), with other domains.
    pub(super) fn solve_within(
        &self,
        b: &PlanContext<'_>,
        keys: Keys,
        checks: &[NamedCheck],
        domains: &[Option<Domain>],
    ) -> Solution {
        let key_columns = |c: usize| {
            let name = &self.table.columns[c].name;
            self.table.keys.iter().any(|k| k.plain_columns().is_some_and(|p| p == [name.as_str()]))
                || exclusions::starts_slots(self.table, name, b.schema.dialect)
        };
        let inputs: Vec<ColumnInput> = (0..self.columns.len())
            .map(|c| {
                let column = &self.table.columns[c];
                let d = &self.columns[c];
                let role = match (&column.generated, d.foreign) {
                    (Some(g), None) => ValueSource::Generated { expr: g.expression.clone() },
                    (_, Some((f, _))) => {
                        let fixed = self.in_key(&self.of_source(self.foreign[f].source));
                        ValueSource::Foreign { redraw: keys == Keys::Redrawn || !fixed }
                    }
                    (None, None) if self.is_fixed(c) || self.counted(b, c) => ValueSource::Key,
                    (None, None) if key_columns(c) && keys == Keys::Fixed => ValueSource::Key,
                    (None, None) => ValueSource::Free,
                };
                let null_share = match d.foreign {
                    Some((f, _)) => self.foreign[f].null_share,
                    None => d.null_share,
                };
                let same_parent = match &role {
                    ValueSource::Foreign { redraw: true } => d.foreign.map(|(f, _)| self.foreign[f].source),
                    _ => None,
                };
                ColumnInput {
                    same_parent,
                    name: column.name.clone(),
                    domain: if d.foreign.is_some() { d.parents.clone() } else { domains[c].clone() },
                    legal: usual_legal(d),
                    ty: column.ty.clone(),
                    nullable: b.nullable(self.index, c),
                    null_share,
                    role,
                }
            })
            .collect();
        let checks: Vec<NamedCheck> = checks.iter().filter(|c| !self.all_fixed(b, c)).cloned().collect();
        predicate::solve(&inputs, &checks, b.schema.dialect, b.options.now)
    }

    /// Returns every column that a parent selection determines.
    fn of_source(&self, source: usize) -> Vec<usize> {
        self.sources[source].members.iter().flat_map(|&m| self.foreign[m].columns.iter().copied()).collect()
    }

    /// Returns the constraints, and the orders that names suggest.
    pub(super) fn every_check(&self, b: &PlanContext<'_>) -> Vec<NamedCheck> {
        let mut checks = self.hard_checks(b);
        let tree = b.coherent(self.index) && self.table.foreign_keys.iter().any(|f| f.parent == self.table.name);
        let of_tree = |name: &str| name.split(" >= ").all(|c| semantics::roles::tree_column(c).is_some());
        let lawful = |c: usize| {
            self.laws.contains_key(&c)
                || self.moments.decide(c)
                || self.given_moments.as_ref().is_some_and(|given| given.moments.decide(c))
                || b.formulas.get(self.index, c).is_some()
                || profile::has_quantiles(b, self.index, &self.table.columns[c].name)
        };
        let soft = semantics::soft_checks(self.table, b.schema.dialect, &lawful);
        let soft = soft.iter().filter(|(name, _)| !(tree && of_tree(name)));
        checks.extend(soft.flat_map(|(name, text)| self.with_answers(NamedCheck::new(name, text).as_preference())));
        checks
    }

    /// Returns the constraints that rows must satisfy.
    pub(super) fn hard_checks(&self, b: &PlanContext<'_>) -> Vec<NamedCheck> {
        let solved = self.table.checks.iter().filter(|c| !self.is_given(&c.text));
        let mut checks: Vec<NamedCheck> = solved.map(|c| NamedCheck::new(&c.name, &c.text)).collect();
        for column in &self.table.columns {
            checks.extend(
                column.domain_checks.iter().map(|c| NamedCheck::new(&c.name, &c.text).over_value(&column.name)),
            );
        }
        checks.extend(self.missing_parents.iter().map(|(c, why)| {
            let column = ident::quote(b.schema.dialect, &self.table.columns[*c].name);
            NamedCheck::new(why.to_string(), format!("{column} IS NULL"))
        }));
        checks.extend(self.exclusion_checks.iter().cloned());
        checks.extend(self.full_matches(b, &checks));
        let castable = generated_columns::castable(self.table, b.schema.dialect);
        checks.extend(castable.iter().map(|c| NamedCheck::new(&c.name, &c.text)));
        if let Some(text) = partitions::predicate(self.table, b.schema.dialect) {
            checks.push(NamedCheck::new("partition bounds", &text));
        }
        checks.retain(|check| !self.reads_formula(b, check));
        checks.into_iter().flat_map(|c| self.with_answers(c)).collect()
    }

    /// If CHECKs restrict the NULLs of one column of a MATCH FULL foreign key, its other columns must be NULL in the
    /// same rows.
    fn full_matches(&self, b: &PlanContext<'_>, checks: &[NamedCheck]) -> Vec<NamedCheck> {
        let mentioned = |column: &String| checks.iter().any(|c| c.value.is_none() && c.text.contains(column.as_str()));
        let full = self.table.foreign_keys.iter().filter(|f| f.match_full && f.columns.iter().any(mentioned));
        let null = |column: &String| format!("({} IS NULL)", ident::quote(b.schema.dialect, column));
        let pairs = full.flat_map(|f| f.columns.windows(2).map(move |pair| (f, pair)));
        pairs.map(|(f, pair)| NamedCheck::new(&f.name, format!("{} = {}", null(&pair[0]), null(&pair[1])))).collect()
    }

    /// Narrows the domains by the single-column CHECKs that the solution contains.
    pub(super) fn apply(&mut self, solution: &Solution) {
        for (c, narrowed) in solution.columns.iter().enumerate() {
            let column = &mut self.columns[c];
            if let Some(domain) = &narrowed.domain {
                column.domain = Some(domain.clone());
            }
            match narrowed.nulls {
                Nulls::Free => {}
                Nulls::Never => {
                    column.null_share = 0.0;
                    if let Some(Law::StatusPath { nullable, .. }) = self.laws.get_mut(&c).map(|plan| &mut plan.law) {
                        *nullable = false;
                    }
                    if let Some((f, _)) = column.foreign {
                        let f = &mut self.foreign[f];
                        f.null_columns.retain(|&x| x != c);
                        if f.null_columns.is_empty() {
                            f.null_share = 0.0;
                        }
                    }
                }
                Nulls::Always => {
                    column.null_share = 1.0;
                    column.always_null = true;
                }
            }
            if narrowed.dropped && narrowed.nulls != Nulls::Always {
                column.reason = "what CHECKs leave of its type".to_owned();
            }
            if !narrowed.reasons.is_empty() {
                column.reason = format!("{}; {}", column.reason, narrowed.reasons.join("; "));
            }
        }
        for group in &solution.groups {
            for &c in group.columns().iter().filter(|c| solution.columns[**c].only_null) {
                let checks = group.checks().collect::<Vec<_>>().join(", ");
                self.columns[c].null_share = 1.0;
                self.columns[c].reason = format!("nothing else is left by {checks}");
            }
        }
        for (c, why) in &self.missing_parents {
            self.columns[*c].reason = format!("NULL: {why}");
        }
    }
}

/// Returns kind and bounds of a range that has all values between them.
fn range(domain: Option<&Domain>) -> Option<(RangeKind, i128, i128)> {
    match domain {
        Some(Domain::Range { kind, lo, hi, step: 1, except, .. }) if except.is_empty() => Some((*kind, *lo, *hi)),
        _ => None,
    }
}

/// Returns the numbers of a range that are not negative; `None` if it has no others, or none of them.
fn not_negative(domain: &Domain) -> Option<Domain> {
    let mut domain = domain.clone();
    match &mut domain {
        Domain::Range { kind: RangeKind::Int | RangeKind::Decimal { .. }, lo, hi, .. } if *lo < 0 && *hi > 0 => *lo = 0,
        _ => return None,
    }
    Some(domain)
}

/// Returns true for numbers of which none is negative.
fn is_not_negative(domain: &Domain) -> bool {
    match domain {
        Domain::Range { lo, .. } => *lo >= 0,
        Domain::Choice { values, .. } => values.iter().all(|v| match v {
            Value::Int(n) => *n >= 0,
            Value::Decimal { unscaled, .. } => *unscaled >= 0,
            _ => false,
        }),
        _ => false,
    }
}

/// Returns kind and bounds of what is asked of a column: a range, or a list of numbers.
fn asked_range(column: &PendingColumn) -> Option<(RangeKind, i128, i128)> {
    match (&column.domain, &column.legal) {
        (Some(Domain::Choice { values, .. }), Some(Domain::Range { kind, .. })) => {
            let units = || values.iter().filter_map(|v| Some(units(*kind, v)?.0));
            Some((*kind, units().min()?, units().max()?))
        }
        (domain, _) => range(domain.as_ref()),
    }
}

/// Returns the smallest and the largest number of a column's domain.
fn asked_numbers(column: &PendingColumn) -> Option<(f64, f64)> {
    match &column.domain {
        Some(Domain::Float { lo, hi, .. }) => Some((*lo, *hi)),
        Some(Domain::Choice { values, .. }) if matches!(column.legal, Some(Domain::Float { .. })) => {
            let numbers = || values.iter().filter_map(|v| if let Value::Float(x) = v { Some(*x) } else { None });
            let finite = || numbers().filter(|x| x.is_finite());
            let ends = (finite().reduce(f64::min)?, finite().reduce(f64::max)?);
            Some(ends)
        }
        _ => match asked_range(column)? {
            (RangeKind::Int, lo, hi) => Some((lo as f64, hi as f64)),
            (RangeKind::Decimal { scale }, lo, hi) => {
                let unit = 10f64.powi(scale.into());
                Some((lo as f64 / unit, hi as f64 / unit))
            }
            _ => None,
        },
    }
}

/// Returns the values that the solver may use beside the suggested ones: no negative numbers, if those have none.
fn usual_legal(column: &PendingColumn) -> Option<Domain> {
    let positive = column.legal.as_ref().and_then(not_negative);
    let suggested = column.domain.as_ref().is_some_and(is_not_negative);
    positive.filter(|_| suggested).or_else(|| column.legal.clone())
}
