//! Lists of values with fast membership tests, for CHECKs with a hundred thousand values.

use std::collections::HashSet;

use dbmocker_core::Dialect;
use dbmocker_core::value::Value;

use crate::eval::compare::order;

/// A list shorter than this is searched linearly.
const SHORT: usize = 16;

/// The values of a list, as the server compares them.
pub(crate) struct Members<'a> {
    values: &'a [Value],
    dialect: Dialect,
    /// The set of keys, if all values are integers, or all are texts.
    keys: Option<(ValueKind, HashSet<String>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueKind {
    Int,
    Text,
}

impl<'a> Members<'a> {
    pub fn of(values: &'a [Value], dialect: Dialect) -> Self {
        let keys = || {
            let kind = kind(values.first()?)?;
            let keys = values.iter().map(|v| key(v, dialect).filter(|(k, _)| *k == kind));
            Some((kind, keys.map(|key| Some(key?.1)).collect::<Option<HashSet<String>>>()?))
        };
        let keys = if values.len() < SHORT { None } else { keys() };
        Members { values, dialect, keys }
    }

    /// Whether a value equals one of the list.
    pub fn has(&self, v: &Value) -> bool {
        self.decided(v).unwrap_or_else(|| {
            self.values.iter().any(|x| order(v, x, self.dialect).is_some_and(std::cmp::Ordering::is_eq))
        })
    }

    /// Whether a value differs from every one of the list, and can be compared with each.
    pub fn lacks(&self, v: &Value) -> bool {
        self.decided(v).map_or_else(
            || self.values.iter().all(|x| order(v, x, self.dialect).is_some_and(std::cmp::Ordering::is_ne)),
            |has| !has,
        )
    }

    fn decided(&self, v: &Value) -> Option<bool> {
        let (kind, keys) = self.keys.as_ref()?;
        let (of, key) = key(v, self.dialect)?;
        (of == *kind).then(|| keys.contains(&key))
    }
}

fn kind(v: &Value) -> Option<ValueKind> {
    match v {
        Value::Int(_) => Some(ValueKind::Int),
        Value::Text(_) => Some(ValueKind::Text),
        _ => None,
    }
}

/// Equal for equal values of a kind. MySQL's usual collations fold case and ignore trailing spaces.
fn key(v: &Value, dialect: Dialect) -> Option<(ValueKind, String)> {
    match v {
        Value::Int(n) => Some((ValueKind::Int, n.to_string())),
        Value::Text(t) if dialect == Dialect::Mysql => Some((ValueKind::Text, t.trim_end_matches(' ').to_lowercase())),
        Value::Text(t) => Some((ValueKind::Text, t.clone())),
        _ => None,
    }
}

/// The values without repetitions, in their order.
pub(crate) fn distinct(values: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut simple = HashSet::new();
    let mut others: Vec<Value> = Vec::new();
    let new = |v: &Value| match key(v, Dialect::Postgres) {
        Some((kind, key)) => simple.insert((kind == ValueKind::Int, key)),
        None if others.contains(v) => false,
        None => {
            others.push(v.clone());
            true
        }
    };
    values.into_iter().filter(new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_answer_as_short_ones() {
        let long: Vec<Value> = (0..40).map(|i| Value::Int(i * 3)).chain((0..2).map(Value::Int)).collect();
        let texts: Vec<Value> = (0..40).map(|i| Value::text(format!("W{i}"))).collect();
        for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
            for list in [&long, &texts] {
                let all = Members::of(list, dialect);
                let each = Members { values: list, dialect, keys: None };
                let tried = list.iter().cloned().chain(["w3", "W3 ", "3", "x"].map(Value::text).into_iter().chain([
                    Value::Int(4),
                    Value::Null,
                    Value::Decimal { unscaled: 30, scale: 1 },
                ]));
                for v in tried {
                    assert_eq!((all.has(&v), all.lacks(&v)), (each.has(&v), each.lacks(&v)), "{dialect:?} {v:?}");
                }
            }
        }
        let some = [Value::Int(1), Value::text("1"), Value::Int(1), Value::Null, Value::Null, Value::text("1")];
        assert_eq!(distinct(some), [Value::Int(1), Value::text("1"), Value::Null]);
    }
}
