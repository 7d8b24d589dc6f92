//! Scalar functions by canonical name. A NULL argument gives NULL, except where noted.

use super::number::{Num, Rounding, num, round_to};
use super::texts::{count, int, text};
use super::{Env, Eval, EvalError, Row, arrays, cast, compare, dates, json, type_error};
use crate::composite_fields;
use crate::expr::{Arith, Expr};
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

pub(super) fn call(name: &str, args: &[Expr], row: &dyn Row, env: Env) -> Eval {
    // lazy ones first: the servers do not evaluate what they do not need
    if name == "coalesce" {
        for a in args {
            let v = a.value(row, env)?;
            if !v.is_null() {
                return Ok(v);
            }
        }
        return Ok(Value::Null);
    }
    if let ("date_part", [unit, Expr::Call { name: inner, args: dates }]) = (name, args)
        && inner == "age"
    {
        let dates = dates.iter().map(|a| a.value(row, env)).collect::<Result<Vec<_>, _>>()?;
        if dates.iter().any(Value::is_null) {
            return Ok(Value::Null);
        }
        return dates::age_part(&cast::text(&unit.value(row, env)?, env), &dates, env);
    }
    let values = args.iter().map(|a| a.value(row, env)).collect::<Result<Vec<_>, _>>()?;
    if let Some(v) = of_nulls(name, &values, env)? {
        return Ok(v);
    }
    if values.iter().any(Value::is_null) {
        // whether a function is known must not depend on the row: an unknown one is an error even for NULL
        return if known(name) { Ok(Value::Null) } else { Err(EvalError::UnknownFunction(name.to_owned())) };
    }
    if let Some(v) = text(name, &values, env)? {
        return Ok(v);
    }
    if let Some(v) = numeric(name, &values, env)? {
        return Ok(v);
    }
    if let Some(v) = dates::call(name, &values, env)? {
        return Ok(v);
    }
    if let Some(v) = json::call(name, &values, env)? {
        return Ok(v);
    }
    match array(name, &values, env)? {
        Some(v) => Ok(v),
        None => Err(EvalError::UnknownFunction(name.to_owned())),
    }
}

/// Functions of numbers.
const NUMERIC: &[&str] = &[
    "abs", "sign", "round", "floor", "ceil", "trunc", "sqrt", "cbrt", "exp", "ln", "log", "log10", "log2", "div",
    "gcd", "pi", "bitnot",
];

/// Names that return NULL for a NULL argument.
fn known(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "lower",
        "upper",
        "initcap",
        "length",
        "octet_length",
        "bit_length",
        "btrim",
        "ltrim",
        "rtrim",
        "substr",
        "left",
        "right",
        "strpos",
        "find_in_set",
        "strcmp",
        "field",
        "inet_aton",
        "is_ipv4",
        "is_ipv6",
        "is_uuid",
        "uuid_extract_version",
        "regexp_substr",
        "replace",
        "reverse",
        "repeat",
        "lpad",
        "rpad",
        "ascii",
        "unicode",
        "chr",
        "char",
        "starts_with",
        "split_part",
        "translate",
        "hex",
        "nullif",
        "now",
        "current_date",
        "current_time",
        "date_trunc",
        "date_part",
        "date",
        "datetime",
        "time",
        "strftime",
        "julianday",
        "unixepoch",
        "unix_timestamp",
        "datediff",
        "timestampdiff",
        "to_days",
        "last_day",
        "age",
        "make_date",
        "to_timestamp",
        "isfinite",
        "dayofweek",
        "weekday",
        "json_valid",
        "json_schema_valid",
        "json_matches_schema",
        "jsonb_matches_schema",
        "json_type",
        "json_typeof",
        "jsonb_typeof",
        "json_array_length",
        "jsonb_array_length",
        "json_length",
        "json_extract",
        "json_has_key",
        "json_has_any_key",
        "json_has_all_keys",
        "json_unquote",
        "array_length",
        "cardinality",
        "array_position",
        "array_ndims",
        "array_lower",
        "array_element",
        "array_remove",
        "composite_field",
        "isempty",
        "range_lower",
        "range_upper",
        "lower_inc",
        "upper_inc",
        "lower_inf",
        "upper_inf",
        "family",
        "masklen",
        "host",
        "nlevel",
        "string_to_array",
        "array_to_string",
        "time_to_sec",
        "sec_to_time",
        "timediff",
        "addtime",
        "subtime",
        "greatest",
        "least",
    ];
    NUMERIC.contains(&name) || NAMES.contains(&name)
}

/// Whether [`call`] may support the function.
pub fn function_known(name: &str) -> bool {
    const OTHERS: &[&str] = &[
        "coalesce",
        "num_nulls",
        "num_nonnulls",
        "typeof",
        "isnull",
        "concat",
        "concat_ws",
        "regexp_replace",
        "timestamp",
        "is_json",
        "json_value",
    ];
    known(name) || OTHERS.contains(&name)
}

/// Functions with their own handling of NULL.
fn of_nulls(name: &str, v: &[Value], env: Env) -> Result<Option<Value>, EvalError> {
    let nulls = || v.iter().filter(|x| x.is_null()).count() as i128;
    Ok(Some(match (name, v) {
        ("num_nulls", _) => Value::Int(nulls()),
        ("num_nonnulls", _) => Value::Int(v.len() as i128 - nulls()),
        ("nullif", [a, b]) => {
            if compare::compare(a, b, env)?.is_some_and(std::cmp::Ordering::is_eq) {
                Value::Null
            } else {
                a.clone()
            }
        }
        ("typeof", [x]) => Value::text(match x {
            Value::Null => "null",
            Value::Int(_) | Value::Bool(_) => "integer",
            Value::Float(_) | Value::Decimal { .. } => "real",
            Value::Bytes(_) => "blob",
            _ => "text",
        }),
        // SQLite treats NULL as an empty blob.
        ("hex", [Value::Null]) if env.dialect == Dialect::Sqlite => Value::text(""),
        ("isnull", [x]) => Value::Bool(x.is_null()),
        ("concat", _) if env.dialect != Dialect::Mysql => {
            Value::Text(v.iter().filter(|x| !x.is_null()).map(|x| cast::text(x, env)).collect())
        }
        ("concat", _) if nulls() == 0 => Value::Text(v.iter().map(|x| cast::text(x, env)).collect()),
        ("concat", _) => Value::Null,
        ("concat_ws", [Value::Null, ..]) => Value::Null,
        ("concat_ws", [sep, rest @ ..]) => {
            let parts: Vec<String> = rest.iter().filter(|x| !x.is_null()).map(|x| cast::text(x, env)).collect();
            Value::Text(parts.join(&cast::text(sep, env)))
        }
        ("greatest" | "least", _) => {
            // PostgreSQL ignores NULLs, the others return NULL
            if env.dialect != Dialect::Postgres && nulls() > 0 {
                return Ok(Some(Value::Null));
            }
            let mut best: Option<&Value> = None;
            for x in v.iter().filter(|x| !x.is_null()) {
                let better = match best {
                    None => true,
                    Some(b) => {
                        let o = compare::compare(x, b, env)?;
                        o.is_some_and(|o| if name == "greatest" { o.is_gt() } else { o.is_lt() })
                    }
                };
                if better {
                    best = Some(x);
                }
            }
            best.cloned().unwrap_or(Value::Null)
        }
        _ => return Ok(None),
    }))
}

fn numeric(name: &str, v: &[Value], env: Env) -> Result<Option<Value>, EvalError> {
    if !NUMERIC.contains(&name) {
        return Ok(None);
    }
    if let ("abs", [Value::Interval(i)]) = (name, v) {
        return Ok(Some(Value::Interval(i.saturating_abs())));
    }
    let n = |i: usize| v.get(i).map_or(Ok(Num::int(0)), |x| num(x, env));
    let digits = |i: usize| v.get(i).map_or(Ok(0), |x| int(x, env)).map(|d| d.clamp(-30, 30) as i32);
    let float = |x: f64| if x.is_finite() { Ok(Num::Float(x)) } else { Err(EvalError::Overflow) };
    let x = n(0)?;
    Ok(Some(
        match (name, v.len()) {
            ("abs", 1) => match x {
                Num::Exact { unscaled, scale, whole } => Num::Exact { unscaled: unscaled.abs(), scale, whole },
                Num::Float(f) => Num::Float(f.abs()),
            },
            ("sign", 1) => Num::int(x.compare(Num::int(0)) as i128),
            ("round", 1 | 2) => match round_to(x, digits(1)?, Rounding::HalfAway)? {
                Num::Exact { unscaled, .. } if env.dialect == Dialect::Sqlite => Num::Float(unscaled as f64),
                n => n,
            },
            ("floor", 1) => round_to(x, 0, Rounding::Floor)?,
            ("ceil", 1) => round_to(x, 0, Rounding::Ceil)?,
            ("trunc", 1 | 2) => round_to(x, digits(1)?, Rounding::Zero)?,
            ("sqrt", 1) => float(x.float().sqrt())?,
            ("cbrt", 1) => float(x.float().cbrt())?,
            ("exp", 1) => float(x.float().exp())?,
            ("ln", 1) => float(x.float().ln())?,
            ("log", 1) if env.dialect == Dialect::Mysql => float(x.float().ln())?,
            ("log" | "log10", 1) => float(x.float().log10())?,
            ("log", 2) => float(n(1)?.float().log(x.float()))?,
            ("log2", 1) => float(x.float().log2())?,
            ("pi", 0) => Num::Float(std::f64::consts::PI),
            ("bitnot", 1) => match x {
                Num::Exact { unscaled, scale: 0, .. } => Num::int(!unscaled),
                _ => return Err(type_error("the bits", &v[0])),
            },
            ("div", 2) => return super::number::arith(Arith::IntDiv, &v[0], &v[1], env).map(Some),
            ("gcd", 2) => match (x, n(1)?) {
                (Num::Exact { unscaled: mut a, scale: 0, .. }, Num::Exact { unscaled: mut b, scale: 0, .. }) => {
                    while b != 0 {
                        (a, b) = (b, a % b);
                    }
                    Num::int(a.abs())
                }
                _ => return Err(type_error("the divisor", &v[0])),
            },
            _ => return Ok(None),
        }
        .value(),
    ))
}

fn array(name: &str, v: &[Value], env: Env) -> Result<Option<Value>, EvalError> {
    let items = |i: usize| -> Result<Vec<Value>, EvalError> {
        Ok(arrays::elements(v.get(i).unwrap_or(&Value::Null))?.unwrap_or_default())
    };
    Ok(Some(match (name, v.len()) {
        // an empty array has no dimension: NULL, and only one-dimensional arrays are generated
        ("array_length" | "array_upper", 2) if int(&v[1], env)? == 1 => match items(0)?.len() {
            0 => Value::Null,
            n => count(n),
        },
        ("array_length" | "array_upper", 2) => Value::Null,
        ("array_lower", 2) => {
            if items(0)?.is_empty() || int(&v[1], env)? != 1 {
                Value::Null
            } else {
                Value::Int(1)
            }
        }
        ("array_ndims", 1) => {
            if items(0)?.is_empty() {
                Value::Null
            } else {
                Value::Int(1)
            }
        }
        ("cardinality", 1) => count(items(0)?.len()),
        ("array_position", 2) => {
            for (i, x) in items(0)?.iter().enumerate() {
                if compare::compare(x, &v[1], env)?.is_some_and(std::cmp::Ordering::is_eq) {
                    return Ok(Some(count(i + 1)));
                }
            }
            Value::Null
        }
        ("array_element", 2) => {
            let at = usize::try_from(int(&v[1], env)? - 1).ok();
            at.and_then(|i| items(0).ok()?.get(i).cloned()).unwrap_or(Value::Null)
        }
        ("array_remove", 2) => {
            let mut keep = vec![];
            for x in items(0)? {
                if !compare::compare(&x, &v[1], env)?.is_some_and(std::cmp::Ordering::is_eq) {
                    keep.push(x);
                }
            }
            Value::Array(keep)
        }
        ("string_to_array", 2) => {
            let t = cast::text(&v[0], env);
            Value::Array(t.split(&cast::text(&v[1], env)).map(Value::text).collect())
        }
        ("array_to_string", 2) => {
            let parts: Vec<String> = items(0)?.iter().filter(|x| !x.is_null()).map(|x| cast::text(x, env)).collect();
            Value::Text(parts.join(&cast::text(&v[1], env)))
        }
        ("composite_field", 2) => match (&v[0], &v[1]) {
            (Value::Text(t), Value::Int(i)) => {
                let field = usize::try_from(*i).ok().and_then(|i| composite_fields::field(t, i));
                field.ok_or_else(|| type_error("the field", &v[0]))?
            }
            (other, _) => return Err(type_error("the field", other)),
        },
        ("isempty", 1) => Value::Bool(range_bounds(&v[0])?.is_none()),
        ("range_lower" | "range_upper", 1) => match range_bounds(&v[0])? {
            None => Value::Null,
            Some((lo, hi, ..)) => {
                let bound = if name == "range_lower" { lo } else { hi };
                if bound.is_empty() { Value::Null } else { end_of_range(bound) }
            }
        },
        ("lower_inc", 1) => Value::Bool(range_bounds(&v[0])?.is_some_and(|b| b.2 && !b.0.is_empty())),
        ("upper_inc", 1) => Value::Bool(range_bounds(&v[0])?.is_some_and(|b| b.3 && !b.1.is_empty())),
        ("lower_inf", 1) => Value::Bool(range_bounds(&v[0])?.is_some_and(|b| b.0.is_empty())),
        ("upper_inf", 1) => Value::Bool(range_bounds(&v[0])?.is_some_and(|b| b.1.is_empty())),
        _ => return Ok(None),
    }))
}

/// A bound parsed as a number, date or timestamp if possible, because texts compare in another order.
fn end_of_range(bound: String) -> Value {
    let moment = || {
        let utc = bound.strip_suffix("+00").unwrap_or(&bound);
        dbmocker_core::time::parse_date(utc)
            .map(Value::Date)
            .or_else(|| dbmocker_core::time::parse_timestamp(utc).map(Value::Timestamp))
    };
    dbmocker_core::value::parse_number(&bound).or_else(moment).unwrap_or(Value::Text(bound))
}

/// Lower and upper bound (empty if unbounded) and whether each is inclusive; `None` for the empty range.
fn range_bounds(v: &Value) -> Result<Option<(String, String, bool, bool)>, EvalError> {
    let Value::Text(t) = v else { return Err(type_error("the range", v)) };
    let t = t.trim();
    if t.eq_ignore_ascii_case("empty") || t == "{}" {
        return Ok(None);
    }
    let t = t.trim_start_matches('{').trim_end_matches('}');
    let parsed = t.strip_prefix(['[', '(']).and_then(|rest| {
        let inner = rest.strip_suffix([']', ')'])?;
        let (lo, hi) = inner.split_once(',')?;
        let bare = |s: &str| s.trim().trim_matches('"').to_owned();
        Some((bare(lo), bare(hi), t.starts_with('['), t.ends_with(']')))
    });
    parsed.map(Some).ok_or_else(|| type_error("the range", v))
}
