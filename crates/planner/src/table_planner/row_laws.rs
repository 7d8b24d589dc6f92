//! Columns that laws may determine: those without key, foreign key, CHECK over several columns, override or fixed rows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Keys, PendingColumn, PlanContext, TablePlanner};
use crate::coherence::{GrandparentLink, MomentColumn, ParentLink, RowLaws, TableMoments, asked, stated_formulas};
use crate::generated_columns;
use dbmocker_core::schema::{Key, SqlType};
use dbmocker_core::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use dbmocker_core::value::Value;
use dbmocker_domain::entity::Attribute;
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, RangeKind};
use dbmocker_generate::generator::ColumnGen;
use dbmocker_plan::{ColumnPlan, FkStep, ForeignKeyPlan, Form, Law, LawPlan, Rule};
use dbmocker_predicate::{Expr, NamedCheck};
use dbmocker_semantics as semantics;

impl TablePlanner<'_> {
    /// Finds the laws within the table's rows.
    pub(super) fn row_laws(&mut self, b: &PlanContext<'_>) {
        if !b.coherent(self.index) || self.rows_given() {
            return;
        }
        self.orderings = self.orderings(b);
        self.stated = stated_formulas(self.table);
        // The NULLs of a formula are those of its operands.
        let asked = |c: usize| b.overrides.column(self.index, c).is_some_and(|w| w.null_probability.is_some());
        self.stated.retain(|(c, _)| !asked(*c));
        self.stamps = self.stamps_in_order(b);
        self.find_sides(b);
        self.find_changes(b);
        let (coupled, open, allowed, kept, mut moments) = loop {
            let coupled = self.coupled(b);
            let open: BTreeSet<usize> = (0..self.columns.len()).filter(|&c| self.may_follow(b, &coupled, c)).collect();
            let allowed = self.allowed_by_checks(b, &open);
            let kept: Vec<MomentColumn> = open.iter().filter_map(|&c| self.moment_of(b, c, &allowed)).collect();
            let moments = TableMoments::new(self.table, &kept, None, &self.ordered_columns());
            self.keyed = self.keyed_moments(b, &coupled);
            // Whether the moments of keys have laws is known once the keys are assigned.
            let all: Vec<MomentColumn> = kept.iter().chain(&self.keyed).copied().collect();
            let ordered = match self.keyed.is_empty() {
                true => self.retain_given(&moments, &all),
                false => {
                    let moments = TableMoments::new(self.table, &all, None, &self.ordered_columns());
                    self.retain_given(&moments, &all)
                }
            };
            if ordered {
                break (coupled, open, allowed, kept, moments);
            }
        };
        self.given_moments = self.given_moments(b, &coupled, &kept);
        let alone = self.alone_in_keys(b);
        if open.is_empty() && alone.is_empty() {
            return;
        }
        let free: BTreeMap<usize, (i64, i64)> =
            open.iter().filter_map(|&c| Some((c, bounds(allowed[c].as_ref()?)?))).collect();
        let numbers = |d: &Domain| match d {
            Domain::Range { kind: RangeKind::Int, lo, hi, .. } => Some((0, *lo as f64, *hi as f64)),
            Domain::Range { kind: RangeKind::Decimal { scale }, lo, hi, .. } => {
                let unit = 10f64.powi(i32::from(*scale));
                Some((*scale, *lo as f64 / unit, *hi as f64 / unit))
            }
            Domain::Float { decimals, lo, hi, .. } => Some((*decimals, *lo, *hi)),
            _ => None,
        };
        // `seats_available` is a number, although `available` alone is a boolean.
        let several = |c: usize| self.table.columns[c].name.contains('_');
        let known = |c: usize| {
            let d = &self.columns[c];
            let flag = matches!(d.domain, Some(Domain::Choice { .. })) && several(c);
            d.domain.as_ref().and_then(numbers).or_else(|| d.legal.as_ref().filter(|_| flag).and_then(numbers))
        };
        let known: Vec<Option<(u8, f64, f64)>> = (0..self.columns.len()).map(known).collect();
        let scales = known.iter().map(|k| k.map(|(scale, ..)| scale)).collect();
        let likely = known.iter().map(|k| k.map_or((0.0, 0.0), |(_, lo, hi)| (lo, hi))).collect();
        self.free.clone_from(&free);
        let mut row = RowLaws::new(self.table, scales, likely, self.lists(&allowed), free);
        row.asked_nulls = open.iter().copied().filter(|&c| self.asked_nulls(b, c).is_some()).collect();
        row.aggregated = self.aggregated(b);
        row.nonzero = open.iter().filter_map(|&c| Some((c, bounds_without_zero(allowed[c].as_ref()?)?))).collect();
        if let Some(two) = self.two_sides.filter(|two| !two.null) {
            // A zero on the other side is no NULL.
            row.asked_nulls.retain(|&c| (c != two.debit && c != two.credit) || self.asked_nulls(b, c) != Some(0.0));
        }
        let texts: Vec<usize> = open.iter().copied().filter(|&c| self.is_loose(b, c)).collect();
        let leads = self.leads(b, &coupled);
        row.histories(&leads, &self.history_texts(b, &open, &allowed));
        row.stated(&self.stated);
        row.copies(&leads, &texts);
        row.properties(&texts);
        row.slugs(&texts, &alone, b.rows_before(self.index));
        row.spans(&moments, b.options.now);
        row.typical_numbers();
        let listed: Vec<usize> = open.iter().copied().filter(|c| row.lists.contains_key(c)).collect();
        row.part_statuses(&leads, &listed);
        row.flows(&leads, self.two_sides, &listed);
        row.readings(&leads, &texts, moments.main.or_else(|| self.keyed.first().map(|k| k.column)));
        row.arithmetic();
        row.parts_of_parents(&leads);
        (self.laws, self.commented) = (row.laws, row.commented);
        // Other moments may follow these.
        moments.laws.retain(|(c, ..)| !self.commented.contains(c));
        let follows =
            |f: &ForeignKeyPlan| f.parent_table.is_some_and(|p| p < self.position && b.generator.table(p).has_time());
        if moments.main.is_some() || self.foreign.iter().any(follows) {
            self.moments = moments;
        }
        self.kept = kept;
    }

    /// Returns the columns whose names tell that they aggregate rows of a table that refers to this one.
    fn aggregated(&self, b: &PlanContext<'_>) -> BTreeSet<usize> {
        let mut out = BTreeSet::new();
        for child in b.schema.tables.iter().filter(|t| t.name != self.table.name) {
            for f in child.foreign_keys.iter().filter(|f| f.parent == self.table.name) {
                let key: Vec<usize> = f.columns.iter().filter_map(|c| child.column_index(c)).collect();
                out.extend(asked(self.table, child, &key));
            }
        }
        out
    }

    /// Returns the share of NULLs that the config file requests for a column.
    pub(super) fn asked_nulls(&self, b: &PlanContext<'_>, c: usize) -> Option<f64> {
        b.overrides.column(self.index, c)?.null_probability
    }

    /// Returns the texts to which types and CHECKs limit columns.
    pub(super) fn limits(&self, allowed: &[Option<Domain>]) -> BTreeMap<usize, Vec<String>> {
        let texts = |domain: &Option<Domain>| match domain {
            Some(Domain::Choice { values, .. }) => Some(values.iter().map(ToString::to_string).collect()),
            _ => None,
        };
        allowed.iter().enumerate().filter_map(|(c, domain)| Some((c, texts(domain)?))).collect()
    }

    /// Returns the texts of columns that hold one of a list, by their type, a CHECK or their name.
    pub(super) fn lists(&self, allowed: &[Option<Domain>]) -> BTreeMap<usize, Vec<String>> {
        let listed = |c: usize| allowed[c].as_ref().filter(|d| matches!(d, Domain::Choice { .. }));
        let members = |c: usize, column: &PendingColumn| match listed(c).or(column.domain.as_ref())? {
            Domain::Choice { values, .. } => Some(values.clone()),
            Domain::Text(text) => text.members(),
            _ => None,
        };
        let texts = |values: Vec<Value>| values.iter().map(ToString::to_string).collect();
        self.columns.iter().enumerate().filter_map(|(c, column)| Some((c, texts(members(c, column)?)))).collect()
    }

    /// Returns the moments that are part of keys.
    fn keyed_moments(&self, b: &PlanContext<'_>, coupled: &BTreeSet<usize>) -> Vec<MomentColumn> {
        let keyed = |c: &usize| self.in_key(&[*c]) && self.may_follow_keyed(b, coupled, *c);
        let keyed: BTreeSet<usize> = (0..self.columns.len()).filter(keyed).collect();
        if keyed.is_empty() {
            return Vec::new();
        }
        let allowed = self.allowed_by_checks(b, &keyed);
        keyed.iter().filter_map(|&c| self.moment_of(b, c, &allowed)).collect()
    }

    /// Returns a column of moments and its representation, if CHECKs allow past moments.
    fn moment_of(&self, b: &PlanContext<'_>, c: usize, allowed: &[Option<Domain>]) -> Option<MomentColumn> {
        let (now, year) = (b.options.now, 365 * MICROS_PER_DAY);
        let usual = || semantics::infer(self.table, &self.table.columns[c], &b.context()).ok().map(|i| i.domain);
        let usual = if self.in_key(&[c]) { usual() } else { None };
        let likely = usual.as_ref().or(self.columns[c].domain.as_ref())?;
        if let Domain::Text(text) = likely {
            let form = match text.kind {
                TextKind::DateText if text.max_chars >= 10 => Form::DateText,
                TextKind::DateTimeText if text.max_chars >= 19 => Form::TimestampText,
                _ => return None,
            };
            return self.is_loose(b, c).then_some(MomentColumn { column: c, form, from: now - 3 * year, future: true });
        }
        let Domain::Range { kind, lo, hi, .. } = likely else { return None };
        let (form, unit) = match (kind, &self.table.columns[c].ty) {
            (RangeKind::Timestamp, SqlType::Timestamp { .. }) => (Form::Timestamp, 1),
            (RangeKind::Date, SqlType::Date) => (Form::Date, MICROS_PER_DAY),
            // Seconds or milliseconds since 1970, if the likely values are in that range.
            (RangeKind::Int, SqlType::Int { .. }) if semantics::is_moment(&self.table.columns[c].name) => match hi {
                1_000_000_000..=9_999_999_999 => (Form::Seconds, MICROS_PER_SECOND),
                1_000_000_000_000..=9_999_999_999_999 => (Form::Milliseconds, 1000),
                _ => return None,
            },
            _ => return None,
        };
        let Domain::Range { lo: least, hi: most, except, .. } = allowed[c].as_ref()? else { return None };
        let reaches = |n: &i128, to: i64| n.saturating_mul(unit.into()).cmp(&to.into());
        let past = except.is_empty() && reaches(least, now - 20 * year).is_le() && reaches(most, now).is_ge();
        let from = i64::try_from(lo.saturating_mul(unit.into())).ok()?.min(now - MICROS_PER_DAY);
        let from = if reaches(hi, now).is_gt() { now - 3 * year } else { from };
        past.then(|| MomentColumn { column: c, form, from, future: reaches(most, now + 3 * year).is_ge() })
    }

    /// Returns true if no CHECK reads the column.
    pub(super) fn is_loose(&self, b: &PlanContext<'_>, c: usize) -> bool {
        let column = &self.table.columns[c];
        let mentioned = |check: &NamedCheck| check.value.is_none() && check.text.contains(column.name.as_str());
        column.domain_checks.is_empty() && !self.hard_checks(b).iter().any(mentioned)
    }

    /// Returns texts that are a key by themselves and otherwise unrestricted.
    fn alone_in_keys(&self, b: &PlanContext<'_>) -> Vec<usize> {
        let alone = |c: &usize| {
            let name = self.table.columns[*c].name.as_str();
            let own = |k: &&Key| k.parts.iter().any(|p| p.column.as_deref() == Some(name));
            let mut keys = self.table.keys.iter().filter(own).peekable();
            let d = &self.columns[*c];
            let apply_override = b.overrides.column(self.index, *c).is_some_and(|w| w.shapes_values());
            let single = |k: &Key| {
                !k.primary
                    && k.parts.iter().all(|p| p.prefix.is_none())
                    && k.plain_columns().is_some_and(|p| p == [name])
            };
            keys.peek().is_some()
                && keys.all(single)
                && !apply_override
                && d.foreign.is_none()
                && d.duplicates.is_none()
        };
        let free = |c: &usize| alone(c) && !self.in_key_expression(*c) && self.is_loose(b, *c);
        (0..self.columns.len()).filter(free).collect()
    }

    /// Returns the single-column foreign keys to other planned tables that no CHECK couples.
    pub(super) fn leads<'b>(&self, b: &PlanContext<'b>, coupled: &BTreeSet<usize>) -> Vec<ParentLink<'b>> {
        let mut out = Vec::new();
        for (foreign, f) in self.foreign.iter().enumerate() {
            let (&[key], Some(p)) = (&f.columns[..], f.parent_table.filter(|&p| p < self.position)) else { continue };
            let table = &b.schema.tables[b.order[p]];
            if coupled.contains(&key) || !b.coherent(b.order[p]) {
                continue;
            }
            let compiled = b.generator.table(p);
            let scales = compiled.columns.iter().map(ColumnGen::decimals).collect();
            let filled = compiled.columns.iter().map(ColumnGen::is_filled).collect();
            let lawful = compiled.columns.iter().map(ColumnGen::has_law).collect();
            let texts = compiled.columns.iter().map(ColumnGen::texts).collect();
            let above = compiled.keys_up(p).into_iter().filter(|up| b.coherent(b.order[up.parent])).map(|up| {
                let of = b.generator.table(up.parent);
                GrandparentLink {
                    step: FkStep { table: p, foreign: up.foreign },
                    key: compiled.columns[up.column].name.clone(),
                    table: &b.schema.tables[b.order[up.parent]],
                    scales: of.columns.iter().map(ColumnGen::decimals).collect(),
                    filled: of.columns.iter().map(ColumnGen::is_filled).collect(),
                }
            });
            let (position, above) = (self.position, above.collect());
            out.push(ParentLink { position, foreign, key, parent: table, scales, filled, lawful, above, texts });
        }
        out
    }

    /// Returns the columns that CHECKs couple to others; a CHECK that the parser rejects couples all columns in its
    /// text.
    pub(super) fn coupled(&self, b: &PlanContext<'_>) -> BTreeSet<usize> {
        let mut out = BTreeSet::new();
        for check in self.hard_checks(b) {
            if check.value.is_some() {
                continue;
            }
            let of = |e: &Expr| e.columns().iter().filter_map(|c| self.table.column_index(c)).collect();
            let mentioned: Vec<Vec<usize>> = match check.tree(b.schema.dialect) {
                // Each condition of a conjunction holds by itself.
                Ok(Expr::And(all)) if check.answer.is_none() => all.iter().map(of).collect(),
                Ok(tree) => vec![of(&tree)],
                Err(_) => vec![
                    (0..self.columns.len())
                        .filter(|&c| check.text.contains(self.table.columns[c].name.as_str()))
                        .collect(),
                ],
            };
            let couples = |columns: &Vec<usize>| columns.len() > 1 || check.answer.is_some();
            out.extend(mentioned.into_iter().filter(couples).flatten());
        }
        out
    }

    pub(super) fn may_follow(&self, b: &PlanContext<'_>, coupled: &BTreeSet<usize>, c: usize) -> bool {
        self.may_follow_keyed(b, coupled, c) && !self.in_key(&[c])
    }

    /// As [`may_follow`](Self::may_follow), but columns of keys are allowed.
    fn may_follow_keyed(&self, b: &PlanContext<'_>, coupled: &BTreeSet<usize>, c: usize) -> bool {
        let apply_override = b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values());
        !apply_override && self.is_undetermined(coupled, c)
    }

    /// Returns true if no constraint but a key determines the column.
    pub(super) fn is_undetermined(&self, coupled: &BTreeSet<usize>, c: usize) -> bool {
        let (column, d) = (&self.table.columns[c], &self.columns[c]);
        let generated_from = self
            .table
            .columns
            .iter()
            .filter(|other| !generated_columns::is_unrestricted(self.table, other, self.dialect))
            .any(|other| other.generated.as_ref().is_some_and(|g| g.expression.contains(column.name.as_str())));
        column.generated.is_none()
            && column.auto.is_none()
            && !generated_from
            && !d.omit
            && !d.always_null
            && d.foreign.is_none()
            && d.duplicates.is_none()
            && !self.in_key_expression(c)
            && !coupled.contains(&c)
    }

    /// Returns true if an expression or predicate of a key, or an exclusion constraint, mentions the column.
    fn in_key_expression(&self, c: usize) -> bool {
        let name = self.table.columns[c].name.as_str();
        let parts = self
            .table
            .keys
            .iter()
            .flat_map(|k| k.parts.iter().filter_map(|p| p.expression.as_deref()).chain(k.predicate.as_deref()));
        parts
            .chain(self.table.exclusions.iter().flat_map(|e| e.elements.iter().map(|(of, _)| of.as_str())))
            .any(|text| text.contains(name))
    }

    /// Returns the domains of the types, narrowed by single-column CHECKs.
    pub(super) fn allowed_by_checks(&self, b: &PlanContext<'_>, open: &BTreeSet<usize>) -> Vec<Option<Domain>> {
        let legal: Vec<Option<Domain>> = self.columns.iter().map(|c| c.legal.clone().or(c.domain.clone())).collect();
        let mentioned = |text: &str| open.iter().any(|&c| text.contains(self.table.columns[c].name.as_str()));
        let checks: Vec<NamedCheck> =
            self.hard_checks(b).into_iter().filter(|c| c.value.is_some() || mentioned(&c.text)).collect();
        if checks.is_empty() {
            return legal;
        }
        let solution = self.solve_within(b, Keys::Fixed, &checks, &legal);
        legal.into_iter().zip(solution.columns).map(|(legal, narrowed)| narrowed.domain.or(legal)).collect()
    }

    /// Returns true if a law is NULL where one of the columns is that it reads.
    fn reads_nullable(&self, law: &LawPlan) -> bool {
        let Law::Number { expr, .. } = &law.law else { return false };
        expr.columns().iter().any(|&c| self.table.columns[c].nullable)
    }

    /// Sets the laws of columns whose rule is still a draw.
    pub(super) fn follow(&self, columns: &mut [ColumnPlan]) {
        // The attributes of one person or place are all copied, or none is. Currencies belong to amounts.
        let copied = |c: &usize| matches!(self.laws.get(c), Some(LawPlan { law: Law::Copy { .. }, .. }));
        let told = |c: usize| columns[c].correlated.as_ref().filter(|k| k.attribute != Attribute::Currency);
        let entity = |c: usize| told(c).map(|k| k.of.clone());
        let drawn: BTreeSet<String> = (0..columns.len()).filter(|c| !copied(c)).filter_map(entity).collect();
        let torn: Vec<usize> =
            (0..columns.len()).filter(|&c| entity(c).is_some_and(|of| drawn.contains(&of))).collect();
        for (&c, law) in self.laws.iter().filter(|(c, _)| !(torn.contains(c) && copied(c))) {
            let column = &mut columns[c];
            let numbered = matches!(law.law, Law::Slug { numbered: Some(_), .. });
            let replaced = match &column.rule {
                Rule::Draw { .. } => !numbered,
                Rule::Unique { size, total, .. } => numbered && size == total,
                Rule::Component { .. } => numbered,
                _ => false,
            };
            if !replaced || column.group.is_some() {
                continue;
            }
            column.correlated = None;
            column.law = Some(law.clone());
            if law.flow().is_some() {
                // Its NULLs are those of the other side.
                (column.null_share, column.presence) = (0.0, None);
            }
            let commented = self.commented.contains(&c);
            if commented && self.reads_nullable(law) {
                // Its NULLs are those of the columns that it is computed from.
                (column.null_share, column.presence) = (0.0, None);
            }
            column.reason += match law.law {
                Law::Number { .. } if commented => "; comment: a formula over the row's columns",
                Law::Number { .. } => "; names: the row's numbers agree",
                Law::Copy { .. } => "; names: of the parent row",
                Law::StatusPath { .. } => "; names: the path to the parent's status",
                Law::Among { .. } => "; names: by the parent's status",
                Law::Side { .. } => "; names: the side of the row's amount",
                Law::Slug { .. } | Law::Text { .. } | Law::Named { .. } => "; names: of the row",
                Law::Attribute { .. } | Law::Names { .. } | Law::Expression { .. } => "",
                Law::Moment { .. } => "; names: the row's moments are in order",
                Law::Drawn(_) => "",
            };
        }
    }
}

/// As [`bounds`], for a domain whose only gap is 0.
fn bounds_without_zero(domain: &Domain) -> Option<(i64, i64)> {
    let Domain::Range { kind, lo, hi, step, except, shape } = domain else { return None };
    if !matches!(kind, RangeKind::Int | RangeKind::Decimal { .. }) || except[..] != [0] {
        return None;
    }
    let whole = Domain::Range { kind: *kind, lo: *lo, hi: *hi, step: *step, except: Vec::new(), shape: *shape };
    bounds(&whole)
}

/// Returns the bounds of a law's result; `None` for domains with gaps and for domains that are not numeric.
fn bounds(domain: &Domain) -> Option<(i64, i64)> {
    let within = |n: i128| i64::try_from(n).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX });
    match domain {
        Domain::Range { kind, lo, hi, step, except, .. } => {
            let even = *step == 1 || !matches!(kind, RangeKind::Int | RangeKind::Decimal { .. });
            (except.is_empty() && even && lo <= hi).then(|| (within(*lo), within(*hi)))
        }
        Domain::Float { lo, hi, decimals, .. } => {
            let scaled = |x: f64| (x * 10f64.powi(i32::from(*decimals))).clamp(-9e18, 9e18) as i64;
            Some((scaled(*lo), scaled(*hi)))
        }
        _ => None,
    }
}
