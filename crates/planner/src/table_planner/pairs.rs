//! Pairs of a kind and an id: rows of several tables, named by the kind.

use super::{PlanContext, TablePlanner};
use crate::keys::KeyInput;
use crate::references::Pair;
use dbmocker_core::value::Value;
use dbmocker_domain::{Domain, RangeKind, Shape};
use dbmocker_plan::{AnyParent, ColumnPlan, Presence, Rule, TablePlan};

impl TablePlanner<'_> {
    /// The pairs of this table whose tables are planned, with those that are.
    fn pairs(&self, b: &PlanContext<'_>) -> Vec<(Pair, Vec<AnyParent>)> {
        let own = b.pairs.iter().filter(|p| p.table == self.index);
        let planned = |pair: &Pair| {
            let parents = pair.parents.iter().filter_map(|(value, table, column)| {
                let position = b.position(*table).filter(|&p| p < self.position)?;
                let rows = b.generator.table(position).rows;
                (rows > 0 && !b.has_failed(*table)).then(|| AnyParent {
                    value: Value::text(value),
                    table: position,
                    column: *column,
                })
            });
            (pair.clone(), parents.collect())
        };
        own.map(planned).filter(|(_, parents): &(Pair, Vec<AnyParent>)| !parents.is_empty()).collect()
    }

    /// Where the pair is in a key, its ids are numbers that rows of all its tables have.
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
            let reason = "; a row of each table that the kind names";
            self.columns[pair.id].reason += reason;
        }
    }

    /// The ids of pairs, which are no numbers to count by.
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
            id.reason = format!("a row of the table that `{kind}` names, though no foreign key says so");
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
