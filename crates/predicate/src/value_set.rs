//! Lists of values with fast membership tests, for CHECKs with a hundred thousand values.
//!
//! Data in: values, or the items of an `IN`. Data out: whether a value is among them, as the dialect compares.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use dbmocker_core::Dialect;
use dbmocker_core::value::Value;
use serde::{Deserialize, Serialize};

use crate::eval::compare::order;
use crate::expr::Expr;

/// A list shorter than this is searched linearly.
const SHORT: usize = 16;

/// The keys of values that are all numbers, or all texts.
#[derive(Debug)]
pub(crate) struct ValueKeys {
    dialect: Dialect,
    keys: Keys,
}

#[derive(Debug)]
enum Keys {
    Numbers(HashSet<(i128, u8)>),
    Texts(HashSet<String>),
}

impl ValueKeys {
    /// `None` if the list is short, or if it has values of several kinds, which the server may convert.
    pub fn of<'v>(values: impl ExactSizeIterator<Item = &'v Value> + Clone, dialect: Dialect) -> Option<Self> {
        if values.len() < SHORT {
            return None;
        }
        let keys = match values.clone().next()? {
            Value::Text(_) => {
                Keys::Texts(values.map(|v| text_key(v, dialect).map(Cow::into_owned)).collect::<Option<_>>()?)
            }
            _ => Keys::Numbers(values.map(|v| number_key(v, dialect)).collect::<Option<_>>()?),
        };
        Some(ValueKeys { dialect, keys })
    }

    /// Whether one of the values equals `v`; `None` if that is not known, since `v` is of another kind.
    pub fn has(&self, v: &Value, dialect: Dialect) -> Option<bool> {
        if dialect != self.dialect {
            return None;
        }
        match &self.keys {
            Keys::Numbers(keys) => Some(keys.contains(&number_key(v, dialect)?)),
            Keys::Texts(keys) => Some(keys.contains(text_key(v, dialect)?.as_ref())),
        }
    }
}

/// Equal for equal numbers, without the zeros at their end. SQLite has no exact decimals.
fn number_key(v: &Value, dialect: Dialect) -> Option<(i128, u8)> {
    match v {
        Value::Int(n) => Some((*n, 0)),
        Value::Decimal { unscaled, scale } if dialect != Dialect::Sqlite => {
            let (mut unscaled, mut scale) = (*unscaled, *scale);
            while scale > 0 && unscaled % 10 == 0 {
                (unscaled, scale) = (unscaled / 10, scale - 1);
            }
            Some((unscaled, scale))
        }
        _ => None,
    }
}

/// Equal for equal texts. MySQL's usual collations fold case and ignore trailing spaces.
fn text_key(v: &Value, dialect: Dialect) -> Option<Cow<'_, str>> {
    match v {
        Value::Text(t) if dialect == Dialect::Mysql => Some(Cow::Owned(t.trim_end_matches(' ').to_lowercase())),
        Value::Text(t) => Some(Cow::Borrowed(t)),
        _ => None,
    }
}

/// The values of a list, as the server compares them.
pub(crate) struct Members<'a> {
    values: &'a [Value],
    dialect: Dialect,
    keys: Option<ValueKeys>,
}

impl<'a> Members<'a> {
    pub fn of(values: &'a [Value], dialect: Dialect) -> Self {
        Members { values, dialect, keys: ValueKeys::of(values.iter(), dialect) }
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
        self.keys.as_ref()?.has(v, self.dialect)
    }
}

/// The items of an `IN`. A long list of constants of one kind is searched by hash.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InList {
    items: Vec<Expr>,
    /// Made when the list is first searched.
    #[serde(skip)]
    constants: OnceLock<Option<Arc<Constants>>>,
}

/// The items of a list that has only constants.
struct Constants {
    keys: ValueKeys,
    has_null: bool,
}

impl InList {
    /// `x IN (list)`, if the hash decides it: true, false or UNKNOWN.
    pub(crate) fn holds(&self, x: &Value, dialect: Dialect) -> Option<Option<bool>> {
        if self.items.len() < SHORT {
            return None;
        }
        let constants = self.constants.get_or_init(|| {
            let values: Option<Vec<&Value>> = self.items.iter().map(Expr::literal).collect();
            let mut values = values?;
            values.retain(|v| !v.is_null());
            let has_null = values.len() < self.items.len();
            Some(Arc::new(Constants { keys: ValueKeys::of(values.into_iter(), dialect)?, has_null }))
        });
        let constants = constants.as_deref()?;
        let found = constants.keys.has(x, dialect)?;
        Some((found || !constants.has_null).then_some(found))
    }
}

impl From<Vec<Expr>> for InList {
    fn from(items: Vec<Expr>) -> Self {
        InList { items, constants: OnceLock::new() }
    }
}

impl FromIterator<Expr> for InList {
    fn from_iter<I: IntoIterator<Item = Expr>>(items: I) -> Self {
        items.into_iter().collect::<Vec<_>>().into()
    }
}

impl std::ops::Deref for InList {
    type Target = [Expr];

    fn deref(&self) -> &[Expr] {
        &self.items
    }
}

impl<'a> IntoIterator for &'a InList {
    type Item = &'a Expr;
    type IntoIter = std::slice::Iter<'a, Expr>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl PartialEq for InList {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl std::fmt::Debug for InList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.items.fmt(f)
    }
}

/// The values without repetitions, in their order.
pub(crate) fn distinct(values: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let (mut ints, mut texts) = (HashSet::new(), HashSet::new());
    let mut others: Vec<Value> = Vec::new();
    let new = |v: &Value| match v {
        Value::Int(n) => ints.insert(*n),
        Value::Text(t) => texts.insert(t.clone()),
        v if others.contains(v) => false,
        v => {
            others.push(v.clone());
            true
        }
    };
    values.into_iter().filter(new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Env, OneColumn};
    use crate::expr::Cmp;

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
                    Value::Decimal { unscaled: 305, scale: 1 },
                    Value::Float(3.0),
                    Value::Bool(true),
                ]));
                for v in tried {
                    assert_eq!((all.has(&v), all.lacks(&v)), (each.has(&v), each.lacks(&v)), "{dialect:?} {v:?}");
                }
            }
        }
        let some = [Value::Int(1), Value::text("1"), Value::Int(1), Value::Null, Value::Null, Value::text("1")];
        assert_eq!(distinct(some), [Value::Int(1), Value::text("1"), Value::Null]);
    }
    #[test]
    fn an_in_list_is_searched_by_hash_as_one_by_one() {
        let of = |values: Vec<Value>| values.into_iter().map(Expr::Literal).collect::<Vec<_>>();
        let numbers = (0..40).map(|i| Value::Int(i * 3)).chain([Value::Decimal { unscaled: 50, scale: 2 }]);
        let texts: Vec<Value> = (0..40).map(|i| Value::text(format!("W{i}"))).collect();
        let mut with_null = texts.clone();
        with_null.push(Value::Null);
        let mut mixed = texts.clone();
        mixed.extend([Value::text("3"), Value::Int(7)]);
        for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
            let env = Env { dialect, now: 0 };
            for values in [numbers.clone().collect(), texts.clone(), with_null.clone(), mixed.clone()] {
                let list = of(values);
                let tried = ["w3", "W3 ", "W3", "3", "7", "07", "x"].map(Value::text).into_iter().chain([
                    Value::Int(3),
                    Value::Int(4),
                    Value::Null,
                    Value::Decimal { unscaled: 5, scale: 1 },
                    Value::Float(3.0),
                ]);
                for x in tried {
                    let column = |list: Vec<Expr>, negated| Expr::In {
                        expr: Box::new(Expr::column("x")),
                        list: list.into(),
                        negated,
                    };
                    let row = OneColumn("x", &x);
                    let each = Expr::Or(
                        list.iter().map(|item| Expr::compare(Cmp::Eq, Expr::column("x"), item.clone())).collect(),
                    );
                    // PostgreSQL refuses to compare a text with a number.
                    let Ok(expected) = each.truth(&row, env) else { continue };
                    let held = |negated| column(list.clone(), negated).truth(&row, env);
                    assert_eq!(held(false), Ok(expected), "{dialect:?} {x:?}");
                    assert_eq!(held(true), Ok(expected.map(|b| !b)), "{dialect:?} {x:?}");
                }
            }
        }
    }

    #[test]
    fn a_long_list_of_constants_has_a_hash() {
        let ints: InList = (0..1000).map(|i| Expr::int(i * 2)).collect();
        assert_eq!(ints.holds(&Value::Int(500), Dialect::Postgres), Some(Some(true)));
        assert_eq!(ints.holds(&Value::Int(501), Dialect::Postgres), Some(Some(false)));
        assert_eq!(ints.holds(&Value::text("500"), Dialect::Sqlite), None);
        assert_eq!(ints.clone(), ints);
        let columns: InList = (0..1000).map(|i| Expr::column(format!("c{i}"))).collect();
        assert_eq!(columns.holds(&Value::Int(1), Dialect::Postgres), None);
        let json = serde_json::to_string(&ints).unwrap();
        assert!(json.starts_with("[{"), "{json}");
        assert_eq!(serde_json::from_str::<InList>(&json).unwrap(), ints);
    }
}
