//! Comparison and truth of values, with the servers' conversions.

use std::cmp::Ordering;

use super::number::{Num, num};
use super::{Env, EvalError, arrays, cast, type_error};
use crate::expr::CastType;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::{Value, parse_number};

/// `None` if either is NULL.
///
/// # Errors
/// Values of types that the dialect does not compare.
pub fn compare(a: &Value, b: &Value, env: Env) -> Result<Option<Ordering>, EvalError> {
    use Value as V;
    let numeric = |v: &Value| matches!(v, V::Int(_) | V::Decimal { .. } | V::Float(_));
    Ok(Some(match (a, b) {
        (V::Null, _) | (_, V::Null) => return Ok(None),
        (V::Int(x), V::Int(y)) => x.cmp(y),
        (V::Bool(x), V::Bool(y)) => x.cmp(y),
        (V::Text(x), V::Text(y)) => texts(x, y, env),
        (V::Bool(_), V::Text(_)) => return compare(a, &cast::cast(b.clone(), &CastType::Bool, env)?, env),
        (V::Text(_), V::Bool(_)) => return compare(&cast::cast(a.clone(), &CastType::Bool, env)?, b, env),
        (V::Bool(x), n) if numeric(n) => Num::int(i128::from(*x)).compare(num(n, env)?),
        (n, V::Bool(x)) if numeric(n) => num(n, env)?.compare(Num::int(i128::from(*x))),
        (x, y) if numeric(x) && numeric(y) => num(x, env)?.compare(num(y, env)?),
        (V::Time(_), n) | (n, V::Time(_)) if numeric(n) && env.dialect == Dialect::Mysql => {
            num(a, env)?.compare(num(b, env)?)
        }
        (x, V::Text(t)) if numeric(x) => match number_of_text(t, env)? {
            Some(n) => num(x, env)?.compare(n),
            None => Ordering::Less,
        },
        (V::Text(t), y) if numeric(y) => match number_of_text(t, env)? {
            Some(n) => n.compare(num(y, env)?),
            None => Ordering::Greater,
        },
        (V::Bytes(x), V::Bytes(y)) => x.cmp(y),
        (V::Bytes(x), V::Text(y)) => x.as_slice().cmp(y.as_bytes()),
        (V::Text(x), V::Bytes(y)) => x.as_bytes().cmp(y.as_slice()),
        (V::Array(_), V::Text(t)) => {
            return compare(a, &arrays::parse(t, &CastType::Text { max_chars: None }, env)?, env);
        }
        (V::Text(t), V::Array(_)) => {
            return compare(&arrays::parse(t, &CastType::Text { max_chars: None }, env)?, b, env);
        }
        (V::Array(x), V::Array(y)) => {
            // NULLs in arrays equal each other and come after all else.
            for (p, q) in x.iter().zip(y) {
                match compare(p, q, env)?.unwrap_or_else(|| p.is_null().cmp(&q.is_null())) {
                    Ordering::Equal => {}
                    o => return Ok(Some(o)),
                }
            }
            x.len().cmp(&y.len())
        }
        (x, y) => match temporal(x, y, env) {
            Some(o) => o,
            None => return Err(EvalError::Type(format!("`{x}` and `{y}` cannot be compared"))),
        },
    }))
}

/// How the dialect orders two values; `None` if it does not, or if either is NULL.
pub fn order(a: &Value, b: &Value, dialect: Dialect) -> Option<Ordering> {
    compare(a, b, Env { dialect, now: 0 }).ok().flatten()
}

/// A text compared with a number: `None` if SQLite keeps it as text (which sorts after every number).
fn number_of_text(t: &str, env: Env) -> Result<Option<Num>, EvalError> {
    match num(&Value::Text(t.to_owned()), env) {
        Ok(_) if env.dialect == Dialect::Sqlite && parse_number(t).is_none() => Ok(None),
        other => other.map(Some),
    }
}

/// MySQL's usual collations fold case and ignore trailing spaces; the others compare bytes here.
fn texts(x: &str, y: &str, env: Env) -> Ordering {
    if env.dialect != Dialect::Mysql || x == y {
        return x.cmp(y);
    }
    x.trim_end_matches(' ').to_lowercase().cmp(&y.trim_end_matches(' ').to_lowercase())
}

fn temporal(a: &Value, b: &Value, env: Env) -> Option<Ordering> {
    use Value as V;
    if let (V::Text(x), other) | (other, V::Text(x)) = (a, b)
        && env.dialect == Dialect::Sqlite
        && !matches!(other, V::Interval(_) | V::Time(_))
    {
        // SQLite keeps dates as text: compare what would be stored
        let o = cast::text(other, env).as_str().cmp(x.as_str());
        return Some(if matches!(a, V::Text(_)) { o.reverse() } else { o });
    }
    let key = |v: &Value, like: &Value| -> Option<i128> {
        Some(match v {
            V::Date(d) => i128::from(*d) * i128::from(dbmocker_core::time::MICROS_PER_DAY),
            V::Timestamp(t) | V::Time(t) | V::Interval(t) => (*t).into(),
            V::Text(_) => {
                let to = match like {
                    V::Date(_) | V::Timestamp(_) => CastType::Timestamp,
                    V::Time(_) => CastType::Time,
                    V::Interval(_) => CastType::Interval,
                    _ => return None,
                };
                match cast::cast(v.clone(), &to, env).ok()? {
                    V::Timestamp(t) | V::Time(t) | V::Interval(t) => t.into(),
                    _ => return None,
                }
            }
            _ => return None,
        })
    };
    let same_kind = |a: &Value, b: &Value| {
        matches!(
            (a, b),
            (V::Date(_) | V::Timestamp(_), V::Date(_) | V::Timestamp(_) | V::Text(_))
                | (V::Time(_) | V::Interval(_), V::Time(_) | V::Interval(_) | V::Text(_))
                | (V::Text(_), _)
        )
    };
    same_kind(a, b).then(|| Some(key(a, b)?.cmp(&key(b, a)?))).flatten()
}

/// A value used as a truth value.
pub fn truthy(v: &Value, env: Env) -> Result<Option<bool>, EvalError> {
    match v {
        Value::Null => Ok(None),
        Value::Bool(b) => Ok(Some(*b)),
        v if env.dialect != Dialect::Postgres => Ok(Some(num(v, env)?.float() != 0.0)),
        Value::Text(_) => match cast::cast(v.clone(), &CastType::Bool, env)? {
            Value::Bool(b) => Ok(Some(b)),
            _ => Ok(None),
        },
        v => Err(type_error("the truth", v)),
    }
}
