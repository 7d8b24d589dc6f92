//! Exclusion constraints as keys: rows that differ in one of the key's columns cannot conflict.
//!
//! In: a constraint's elements. Out: the columns that keep rows from conflicting. A range that must not overlap others
//! gets its own slot; slots are numbered for each row of a parent, or each value of a short list, that another
//! element compares for equality. A constraint of equalities only is a unique key.

use dbmocker_core::schema::{Deferrable, Dialect, Exclusion, Key, KeyPart, SqlType, Table};
use dbmocker_predicate as predicate;
use dbmocker_predicate::Expr;

/// The columns that keep the rows of an exclusion constraint from conflicting.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ExclusionStrategy {
    /// A column whose values are slots.
    Slots(String),
    /// Two columns: the first is the start of a slot, the second is within the slot.
    Between { from: String, to: String },
    /// Distinct values of these.
    Values(Vec<KeyPart>),
}

/// Returns how the rows of an exclusion constraint are kept from conflicting; `None` if it is not supported.
pub(super) fn strategy(exclusion: &Exclusion, table: &Table, dialect: Dialect) -> Option<ExclusionStrategy> {
    let owned = |name: &str| {
        let foreign = table.every_foreign_key().into_iter().any(|f| f.columns.iter().any(|c| c == name));
        table.column(name).filter(|c| !foreign && c.generated.is_none())
    };
    let overlap = |of: &str| -> Option<ExclusionStrategy> {
        if let Some(column) = owned(of) {
            return match column.ty {
                SqlType::Range { .. } => Some(ExclusionStrategy::Slots(of.to_owned())),
                // Single addresses, or networks of one size, overlap only if they are equal.
                SqlType::Inet | SqlType::Cidr => Some(ExclusionStrategy::Values(vec![part(of, table)])),
                SqlType::Spatial { .. } if dialect == Dialect::Postgres => {
                    Some(ExclusionStrategy::Slots(of.to_owned()))
                }
                SqlType::Geometric { ref kind } if matches!(kind.as_str(), "box" | "circle") => {
                    Some(ExclusionStrategy::Slots(of.to_owned()))
                }
                _ => None,
            };
        }
        match predicate::parse(of, dialect).ok()? {
            Expr::Call { name, args } if name.ends_with("range") && args.len() >= 2 => {
                let (from, to) = (column_of(&args[0])?, column_of(&args[1])?);
                (from != to && owned(&from).is_some() && owned(&to).is_some())
                    .then_some(ExclusionStrategy::Between { from, to })
            }
            _ => None,
        }
    };
    let equal = exclusion.elements.iter().filter(|(_, op)| op == "=").map(|(of, _)| part(of, table));
    let found = exclusion.elements.iter().filter(|(_, op)| op == "&&").find_map(|(of, _)| overlap(of));
    found.or_else(|| {
        let equal: Vec<KeyPart> = equal.collect();
        (!equal.is_empty()).then_some(ExclusionStrategy::Values(equal))
    })
}

/// Returns a key that implies the constraint.
pub(super) fn key(exclusion: &Exclusion, table: &Table, dialect: Dialect) -> Option<Key> {
    let parts = match strategy(exclusion, table, dialect)? {
        ExclusionStrategy::Slots(start) | ExclusionStrategy::Between { from: start, .. } => {
            groups(exclusion, table).into_iter().chain([start.as_str()]).map(|of| part(of, table)).collect()
        }
        ExclusionStrategy::Values(parts) => parts,
    };
    Some(Key {
        name: exclusion.name.clone(),
        primary: false,
        parts,
        nulls_distinct: true,
        predicate: None,
        constraint: false,
        deferrable: Deferrable::No,
    })
}

/// Returns the columns compared for equality: each of their values has separate slots.
pub(super) fn groups<'e>(exclusion: &'e Exclusion, table: &Table) -> Vec<&'e str> {
    let equal = exclusion.elements.iter().filter(|(_, op)| op == "=").map(|(of, _)| of.as_str());
    equal.filter(|of| table.column(of).is_some_and(|c| c.generated.is_none())).collect()
}

/// Returns true if a column is the start of slots, which the end of each depends on.
pub(super) fn starts_slots(table: &Table, column: &str, dialect: Dialect) -> bool {
    let start = |e: &Exclusion| matches!(strategy(e, table, dialect), Some(ExclusionStrategy::Between { from, .. }) if from == column);
    table.exclusions.iter().any(start)
}

fn part(of: &str, table: &Table) -> KeyPart {
    let column = table.column(of).map(|c| c.name.clone());
    let expression = if column.is_none() { Some(of.to_owned()) } else { None };
    KeyPart { column, expression, prefix: None, collation: None }
}

/// Returns the column of a bound, without the function that makes it infinite where it is NULL.
fn column_of(t: &Expr) -> Option<String> {
    match t {
        Expr::Column(name) => Some(name.clone()),
        Expr::Cast { expr, .. } => column_of(expr),
        Expr::Call { name, args } if name == "coalesce" => column_of(args.first()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::fixtures::{Fixture, table};

    fn of(elements: &[(&str, &str)]) -> Option<ExclusionStrategy> {
        let element = Box::new(SqlType::Int { bytes: 4, unsigned: false, tinyint1: false });
        let range = SqlType::Range { element, multi: false };
        let t = table("t").int("room").int("a").int("b").column("during", range, "int4range", false);
        let t = Fixture::new().with(t).schema().tables.remove(0);
        let elements = elements.iter().map(|(of, op)| ((*of).to_owned(), (*op).to_owned())).collect();
        let exclusion = Exclusion { name: "x".into(), elements, predicate: None, definition: String::new() };
        strategy(&exclusion, &t, Dialect::Postgres)
    }

    #[test]
    fn ranges_take_precedence_over_equalities() {
        assert_eq!(of(&[("room", "="), ("during", "&&")]), Some(ExclusionStrategy::Slots("during".into())));
        let between = ExclusionStrategy::Between { from: "a".into(), to: "b".into() };
        assert_eq!(of(&[("room", "="), ("int4range(a, COALESCE(b, 9))", "&&")]), Some(between));
        assert!(
            matches!(of(&[("room", "="), ("a", "<>")]), Some(ExclusionStrategy::Values(parts)) if parts.len() == 1)
        );
        assert_eq!(of(&[("polygon(b)", "&&")]), None);
    }
}
