//! Pairs of a type and an id that refer to rows of several tables, depending on the type.

use super::{PlanContext, TablePlanner};
use crate::error::parents::{PairConflict, PairError};
use crate::keys::KeyInput;
use crate::references::PolymorphicReference;
use dbmocker_core::schema::SqlType;
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, RangeKind, Shape};
use dbmocker_plan::{AnyParent, ColumnPlan, Presence, Rule, TablePlan};

/// Suffix of the reason of a pair's id that is part of a key.
const OF_PAIR: &str = "; a row of each table that the kind names";

impl TablePlanner<'_> {
    /// Returns the pairs of this table, with those of their tables that are planned.
    fn pairs(&self, b: &PlanContext<'_>) -> Vec<(PolymorphicReference, Vec<AnyParent>)> {
        let coherent = b.coherent(self.index);
        let own = b.pairs.iter().filter(|p| p.table == self.index && (coherent || p.declared.is_some()));
        let planned = |pair: &PolymorphicReference| {
            let parents = pair.parents.iter().filter_map(|(value, table, column)| {
                let position = b.position(*table).filter(|&p| p < self.position)?;
                let rows = b.generator.table(position).rows;
                (rows > 0 && !b.has_failed(*table)).then(|| AnyParent {
                    value: self.kind_value(pair, value),
                    table: position,
                    column: *column,
                })
            });
            (pair.clone(), parents.collect())
        };
        own.map(planned).filter(|(_, parents): &(PolymorphicReference, Vec<AnyParent>)| !parents.is_empty()).collect()
    }

    /// Returns the value of the type column, in the column's type.
    fn kind_value(&self, pair: &PolymorphicReference, value: &str) -> Value {
        match (&self.table.columns[pair.kind].ty, value.parse()) {
            (SqlType::Int { .. }, Ok(n)) => Value::Int(n),
            _ => Value::text(value),
        }
    }

    /// Checks that the rows of declared pairs refer to rows.
    ///
    /// # Errors
    /// The constraint that determines the columns otherwise, or that no table is filled.
    pub(super) fn keeps_pairs(&self, b: &PlanContext<'_>, plan: &TablePlan) -> Result<(), PairError> {
        for pair in b.pairs.iter().filter(|p| p.table == self.index && plan.rows > 0) {
            if let Some(origin) = &pair.declared
                && let Err(why) = self.keeps_pair(b, plan, pair)
            {
                let (column, origin) = (plan.columns[pair.id].name.clone(), origin.clone());
                return Err(PairError { column, origin, why: Box::new(why) });
            }
        }
        Ok(())
    }

    fn keeps_pair(
        &self,
        b: &PlanContext<'_>,
        plan: &TablePlan,
        pair: &PolymorphicReference,
    ) -> Result<(), PairConflict> {
        let (kind, id) = (&plan.columns[pair.kind], &plan.columns[pair.id]);
        if !self.pairs(b).iter().any(|(p, parents)| p.id == pair.id && parents.len() == pair.parents.len()) {
            return Err(PairConflict::NotFilled);
        }
        let keyed = self.in_key(&[pair.id]) && id.reason.ends_with(OF_PAIR);
        if !matches!(id.rule, Rule::AnyOf { .. }) && !keyed {
            return Err(PairConflict::Decided {
                kind: kind.name.clone(),
                kind_reason: kind.reason.clone(),
                id: id.name.clone(),
                id_reason: id.reason.clone(),
            });
        }
        let Rule::Draw { domain: Domain::Choice { values, .. } } = &kind.rule else { return Ok(()) };
        let all: Vec<Value> = pair.parents.iter().map(|(value, ..)| self.kind_value(pair, value)).collect();
        if let Some(value) = all.iter().find(|v| !values.contains(v)) {
            return Err(PairConflict::Never { kind: kind.name.clone(), value: value.clone() });
        }
        match values.iter().find(|v| !all.contains(v)) {
            Some(other) if !id.nullable => {
                Err(PairConflict::Unnamed { kind: kind.name.clone(), value: other.clone(), id: id.name.clone() })
            }
            _ => Ok(()),
        }
    }

    /// If a pair is part of a key, restricts its ids to numbers that rows of all its tables have.
    pub(super) fn pair_keys(&mut self, b: &PlanContext<'_>, parents: &[TablePlan]) {
        for (pair, tables) in self.pairs(b) {
            if !self.in_key(&[pair.id]) {
                continue;
            }
            let first = |p: &AnyParent| match parents[p.table].columns[p.column].rule {
                Rule::Sequence { start: 1, step: 1 } => Some(i128::from(parents[p.table].rows)),
                _ => None,
            };
            let Some(most) = tables.iter().map(first).collect::<Option<Vec<_>>>().and_then(|r| r.into_iter().min())
            else {
                continue;
            };
            let kinds = tables.iter().map(|p| p.value.clone()).collect::<Vec<_>>();
            // A key of the pair alone holds each parent row once.
            if most * (kinds.len() as i128) < i128::from(b.rows(self.index)) {
                continue;
            }
            let ids =
                Domain::Range { kind: RangeKind::Int, lo: 1, hi: most, step: 1, except: vec![], shape: Shape::Uniform };
            self.columns[pair.id].domain = Some(ids);
            if !pair.listed {
                self.columns[pair.kind].domain = Some(Domain::Choice { values: kinds, weights: None });
            }
            self.columns[pair.id].reason += OF_PAIR;
        }
    }

    /// Returns true for the ids of pairs, which are not numbered.
    pub(super) fn is_pair_id(&self, b: &PlanContext<'_>, c: usize) -> bool {
        b.pairs.iter().any(|p| p.table == self.index && p.id == c)
    }

    /// Otherwise, sets the id to that of a row of the table that the row's type names.
    pub(super) fn pair_rows(&self, b: &PlanContext<'_>, columns: &mut [ColumnPlan], keys: &[KeyInput]) {
        for (pair, parents) in self.pairs(b) {
            let drawn = |c: usize| {
                matches!(columns[c].rule, Rule::Draw { .. })
                    && columns[c].law.is_none()
                    && columns[c].group.is_none()
                    && columns[c].duplicates.is_none()
                    && !keys.iter().any(|k| k.columns.contains(&c))
            };
            let listed = |c: usize| matches!(&columns[c].rule, Rule::Draw { domain: Domain::Choice { .. } });
            if !drawn(pair.id) || !(drawn(pair.kind) || listed(pair.kind)) {
                continue;
            }
            let names = parents.iter().map(|p| p.value.clone()).collect::<Vec<_>>();
            if !pair.listed {
                let domain = Domain::Choice { values: names.clone(), weights: None };
                columns[pair.kind].rule = Rule::Draw { domain };
                columns[pair.kind].reason = "tables that the pair may refer to".into();
            }
            let kind = columns[pair.kind].name.clone();
            let id = &mut columns[pair.id];
            id.reason = match &pair.declared {
                None => format!("a row of the table that `{kind}` names, without a foreign key"),
                Some(_) => format!("a row of the table that `{kind}` names, as the config file says"),
            };
            id.null_share = 0.0;
            if id.nullable && self.table.columns[pair.id].nullable {
                let shares = vec![1.0; names.len()];
                let of = format!("{kind} names");
                id.presence =
                    Some(Presence { by: pair.kind, of, values: names, shares, otherwise: 0.0, instead: None });
            } else if columns[pair.kind].null_share > 0.0 {
                columns[pair.kind].null_share = 0.0;
            }
            columns[pair.id].rule = Rule::AnyOf { by: pair.kind, parents };
        }
    }
}
