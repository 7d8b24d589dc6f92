//! The values of keys that the CHECKs of referring columns require: `model text CHECK (model = 'Grant')` in a foreign
//! key needs parents whose `model` is `Grant`.

use std::collections::BTreeMap;

use dbmocker_core::schema::{Dialect, Schema, Table};
use dbmocker_core::value::Value;
use dbmocker_domain::Domain;
use dbmocker_predicate as predicate;
use dbmocker_predicate::{ColumnInput, NamedCheck, NoRow, ValueSource};
use dbmocker_semantics as semantics;
use dbmocker_semantics::InferContext;

/// Maximum number of values that a CHECK may list to count.
const LISTED: usize = 64;

/// (table, column) of keys, with the values that referring columns are restricted to, transitively.
pub(super) type WantedKeys = BTreeMap<(usize, usize), Wanted>;

/// Values of a key, and the tables whose CHECKs require them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Wanted {
    pub values: Vec<Value>,
    /// What CHECKs leave that list no values.
    pub narrower: Vec<Domain>,
    pub by: Vec<String>,
}

/// Returns the wanted values of keys; `order`: tables, parents first.
pub(super) fn wanted_keys(schema: &Schema, order: &[usize], context: &InferContext<'_>) -> WantedKeys {
    let mut out = WantedKeys::new();
    for &t in order.iter().rev() {
        let table = &schema.tables[t];
        for fk in table.every_foreign_key() {
            let Some(p) = schema.tables.iter().position(|p| p.name == fk.parent).filter(|p| *p != t) else { continue };
            for (own, above) in fk.columns.iter().zip(&fk.parent_columns) {
                let places = table.column_index(own).zip(schema.tables[p].column_index(above));
                let Some((own, above)) = places else { continue };
                let by = vec![table.name.to_string()];
                let asked = match asked_for(table, own, context) {
                    Some(Asked::Values(values)) => Some(Wanted { values, by, narrower: Vec::new() }),
                    Some(Asked::Part(domain)) => Some(Wanted { values: Vec::new(), by, narrower: vec![domain] }),
                    None => None,
                };
                let Some(asked) = asked.or_else(|| out.get(&(t, own)).cloned()) else { continue };
                let wanted = out.entry((p, above)).or_default();
                wanted.by.extend(asked.by.into_iter().filter(|b| !wanted.by.contains(b)).collect::<Vec<_>>());
                let new: Vec<Value> = asked.values.into_iter().filter(|v| !wanted.values.contains(v)).collect();
                wanted.values.extend(new);
                let new: Vec<Domain> = asked.narrower.into_iter().filter(|d| !wanted.narrower.contains(d)).collect();
                wanted.narrower.extend(new);
            }
        }
    }
    out
}

/// What the CHECKs over a column alone leave.
enum Asked {
    Values(Vec<Value>),
    Part(Domain),
}

/// Returns the values that the CHECKs over a column alone list, or the part of its type that they leave.
fn asked_for(table: &Table, c: usize, context: &InferContext<'_>) -> Option<Asked> {
    let column = &table.columns[c];
    if let Some(generated) = &column.generated {
        let tree = predicate::parse(&generated.expression, context.dialect).ok()?;
        let env = predicate::Env { dialect: context.dialect, now: context.now_micros };
        let value = tree.columns().is_empty().then(|| tree.value(&NoRow, env).ok())??;
        return (!value.is_null()).then(|| Asked::Values(vec![value]));
    }
    let legal = semantics::legal(&column.ty, context)?;
    Some(match narrowed_alone(table, c, &legal, context)? {
        Domain::Choice { values, .. } if values.len() <= LISTED => Asked::Values(values),
        part => Asked::Part(part),
    })
}

/// Returns the part of a column's domain that the CHECKs over it alone leave; `None` if none restricts it.
pub(super) fn narrowed_alone(table: &Table, c: usize, domain: &Domain, context: &InferContext<'_>) -> Option<Domain> {
    let column = &table.columns[c];
    let checks = checks_alone(table, c, context.dialect);
    if checks.is_empty() {
        return None;
    }
    let input = ColumnInput {
        name: column.name.clone(),
        domain: Some(domain.clone()),
        legal: Some(domain.clone()),
        ty: column.ty.clone(),
        nullable: false,
        null_share: 0.0,
        role: ValueSource::Free,
        same_parent: None,
    };
    let solution = predicate::solve(&[input], &checks, context.dialect, context.now_micros);
    if !solution.impossible.is_empty() || !solution.unsolved.is_empty() {
        return None;
    }
    solution.columns.into_iter().next()?.domain.filter(|d| d != domain)
}

fn checks_alone(table: &Table, c: usize, dialect: Dialect) -> Vec<NamedCheck> {
    let column = &table.columns[c];
    let alone = |text: &str| {
        text.contains(column.name.as_str())
            && predicate::parse(text, dialect).is_ok_and(|e| e.columns().into_iter().eq([column.name.clone()]))
    };
    let own = table.checks.iter().filter(|k| alone(&k.text)).map(|k| NamedCheck::new(&k.name, &k.text));
    let of_domain = column.domain_checks.iter().map(|k| NamedCheck::new(&k.name, &k.text).over_value(&column.name));
    own.chain(of_domain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::fixtures::{Fixture, table};

    #[test]
    fn a_constant_of_a_grandchild_is_asked_of_the_key() {
        let schema = Fixture::new()
            .with(table("a").text("kind").primary(&["kind"]))
            .with(table("b").text("kind").primary(&["kind"]).foreign(&["kind"], "a", &["kind"]))
            .with(table("c").text("kind").check("kind = 'Grant'").foreign(&["kind"], "b", &["kind"]))
            .with(table("d").text("kind").check("length(kind) > 2").foreign(&["kind"], "b", &["kind"]))
            .schema();
        let context = InferContext {
            dialect: schema.dialect,
            now_micros: 0,
            in_key: false,
            locales: &[],
            valid_phones: false,
            ascii: false,
        };
        let found = wanted_keys(&schema, &[0, 1, 2, 3], &context);
        let grant = vec![Value::text("Grant")];
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [(0, 0), (1, 0)]);
        assert!(found.values().all(|w| w.values == grant && w.narrower.len() == 1), "{found:?}");
    }
}
