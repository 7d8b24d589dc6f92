//! Frequencies of values drawn at random: list members by meaning, flags by name, columns with few values, NULLs of
//! foreign keys.

use std::cell::RefCell;

use super::{PlanContext, TablePlanner};
use crate::keys::KeyInput;
use dbmocker_core::rng_stream::{CellRng, Stream, mix};
use dbmocker_core::value::Value;
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, TextDomain};
use dbmocker_plan::{ColumnPlan, ForeignKeyPlan, Law, ParentChoice, ParentSelection, Rule};
use dbmocker_predicate::CoupledColumns;
use dbmocker_semantics as semantics;
use dbmocker_semantics::{LifeCycle, List, Name};

impl TablePlanner<'_> {
    /// Sets the weights of a table's lists and flags.
    pub(super) fn weigh(
        &self,
        b: &PlanContext<'_>,
        columns: &mut [ColumnPlan],
        keys: &[KeyInput],
        groups: &mut [CoupledColumns],
    ) {
        let free: Vec<usize> = (0..columns.len()).filter(|&c| self.is_drawn(b, &columns[c], c, keys)).collect();
        for &c in &free {
            let Rule::Draw { domain } = &columns[c].rule else { continue };
            if let Some((weighed, why)) = self.weighed(b, c, domain, columns[c].group.is_some()) {
                columns[c].reason += &format!("; {why}");
                columns[c].rule = Rule::Draw { domain: weighed };
            }
        }
        for group in groups {
            // Many branches have the same list.
            let known: RefCell<Vec<(usize, Domain, Option<Domain>)>> = RefCell::default();
            group.weigh(&|c, domain| {
                if !free.contains(&c) || !matches!(domain, Domain::Choice { .. }) {
                    return None;
                }
                let same = |(of, list, _): &&(usize, Domain, Option<Domain>)| *of == c && list == domain;
                if let Some((.., weighed)) = known.borrow().iter().find(same) {
                    return weighed.clone();
                }
                let weighed = self.weighed(b, c, domain, true).map(|(domain, _)| domain);
                known.borrow_mut().push((c, domain.clone(), weighed.clone()));
                weighed
            });
            for &c in &free {
                if let Rule::Draw { domain: domain @ Domain::Choice { weights: Some(_), .. } } = &columns[c].rule
                    && columns[c].null_share <= 0.0
                {
                    group.lead(c, domain);
                }
            }
        }
    }

    /// Returns true if the column is drawn independently of other constraints.
    fn is_drawn(&self, b: &PlanContext<'_>, column: &ColumnPlan, c: usize, keys: &[KeyInput]) -> bool {
        let overridden = b.overrides.column(self.index, c).is_some_and(|w| w.shapes_values());
        matches!(column.rule, Rule::Draw { .. })
            && column.correlated.is_none()
            && column.law.as_ref().is_none_or(|l| matches!(l.law, Law::Named { .. }))
            && column.duplicates.is_none()
            && !column.computed
            && !overridden
            && !keys.iter().any(|k| k.columns.contains(&c))
    }

    /// Returns the weighted domain and the reason; `None` if it stays unchanged.
    fn weighed(&self, b: &PlanContext<'_>, c: usize, domain: &Domain, coupled: bool) -> Option<(Domain, String)> {
        let column = &self.table.columns[c];
        let default = column.default.as_deref().map(semantics::default_text);
        let mut usual = Vec::new();
        let (values, ordered) = match domain {
            Domain::Choice { values, .. } if is_flag(values) => return Some(flag(&column.name, default, values)),
            Domain::Choice { values, weights: None } => (values.clone(), true),
            Domain::Text(text) if !coupled => match (self.usual(text, c), text.weighted_members()) {
                (Some(statuses), _) => (statuses, true),
                (None, Some(members)) => {
                    let (values, weights): (Vec<Value>, Vec<u64>) = members.into_iter().unzip();
                    usual = weights;
                    (values, false)
                }
                (None, None) => (self.few(b, text, c)?, false),
            },
            _ => return None,
        };
        let (column, table) = (&column.name, &semantics::roles::singular(&self.table.name.name));
        let list = List { column, table, default: default.as_deref(), values: &values, usual: &usual, ordered };
        let (kept, weights, why) = semantics::weights(&list)?;
        let values: Vec<Value> = kept.into_iter().map(|i| values[i].clone()).collect();
        let most = values.iter().zip(&weights).max_by_key(|(_, w)| **w)?;
        let total: f64 = weights.iter().map(|w| f64::from(*w)).sum();
        let why = format!("{why}: {:.0} % {}", 100.0 * f64::from(*most.1) / total, most.0);
        Some((Domain::Choice { values, weights: Some(weights) }, why))
    }

    /// Returns usual statuses for a status column without a list.
    fn usual(&self, text: &TextDomain, c: usize) -> Option<Vec<Value>> {
        if text.kind != TextKind::Status {
            return None;
        }
        let others = self.table.columns.iter().enumerate().filter(|(i, _)| *i != c);
        let names: Vec<Name> = others.map(|(_, column)| Name::new(&column.name)).collect();
        let domain = Domain::Text(text.clone()).sampler();
        let list =
            LifeCycle::usual(&semantics::roles::singular(&self.table.name.name), &names).into_iter().map(Value::Text);
        let list: Vec<Value> = list.filter(|v| domain.contains(v)).collect();
        (list.len() > 1).then_some(list)
    }

    /// Returns the values of a column that has few distinct ones by its name: models, carriers, versions.
    fn few(&self, b: &PlanContext<'_>, text: &TextDomain, c: usize) -> Option<Vec<Value>> {
        let column = &self.table.columns[c].name;
        let unknown = is_unknown(text);
        let table = semantics::roles::singular(&self.table.name.name);
        let most = semantics::distinct_values(&Name::new(column), &table, unknown)?;
        let key = Stream::new(b.options.seed, &b.schema.label(&self.table.name), &format!("{column} kinds")).key();
        let sampler = Domain::Text(text.clone()).sampler();
        let mut values: Vec<Value> = Vec::new();
        for i in 0..4 * most as u64 {
            let value = sampler.draw(&mut CellRng::new(mix(key ^ i)));
            if values.len() < most && !values.contains(&value) {
                values.push(value);
            }
        }
        (values.len() > 1).then_some(values)
    }

    /// Sets the NULL shares of foreign keys by name: most orders have no coupon, most rows have a parent.
    pub(super) fn foreign_nulls(
        &self,
        b: &PlanContext<'_>,
        foreign: &mut [ForeignKeyPlan],
        sources: &[ParentSelection],
    ) {
        for f in foreign.iter_mut().filter(|f| !f.null_columns.is_empty() && f.null_share > 0.0 && f.null_share < 1.0) {
            if matches!(sources[f.source].pick, ParentChoice::Tree { .. }) {
                // The tree determines which rows are roots.
                f.null_share = 0.0;
                continue;
            }
            if self.override_null_share(b, &f.columns).is_some() {
                continue;
            }
            let table = Name::new(&self.table.name.name);
            let named = |c: &usize| semantics::named_nulls(&Name::new(&self.table.columns[*c].name), &table);
            if let Some(share) = f.columns.iter().find_map(named) {
                f.null_share = share;
            }
        }
    }
}

/// Characters of a text that may be a sentence of the row's own.
const OWN_SENTENCE: u32 = 80;

/// Returns true for texts of which the dictionary knows at most that they are words, a code or a short sentence.
fn is_unknown(text: &TextDomain) -> bool {
    match &text.kind {
        TextKind::Word | TextKind::Words | TextKind::Code { .. } => true,
        TextKind::Sentence => text.max_chars <= OWN_SENTENCE,
        TextKind::Catalogue(named) => named.is_prose() && text.max_chars <= OWN_SENTENCE,
        _ => false,
    }
}

/// Returns true for two values, one of which means yes.
fn is_flag(values: &[Value]) -> bool {
    yes_of(values).is_some()
}

fn yes_of(values: &[Value]) -> Option<usize> {
    match values {
        [Value::Bool(first), Value::Bool(second)] if first != second => Some(usize::from(*second)),
        [_, _] => semantics::true_index(values),
        _ => None,
    }
}

fn flag(column: &str, default: Option<String>, values: &[Value]) -> (Domain, String) {
    let yes = yes_of(values).expect("a flag");
    let default = default.and_then(|d| match d.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "y" | "yes" | "b'1" => Some(true),
        "false" | "f" | "0" | "n" | "no" | "b'0" => Some(false),
        _ => None,
    });
    let (share, _) = semantics::true_percent(column, default);
    let mut weights = vec![100 - share; 2];
    weights[yes] = share;
    (Domain::Choice { values: values.to_vec(), weights: Some(weights) }, format!("{share} % {}", values[yes]))
}
