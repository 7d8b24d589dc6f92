//! Scalar functions by canonical name. NULL in, NULL out, except where said.

use super::number::{Num, Rounding, num, round_to};
use super::{Env, Eval, EvalError, Row, arrays, cast, compare, dates, json, type_error};
use crate::predicate::tree::{Arith, CastType, Tree};
use crate::schema::Dialect;
use crate::value::Value;

pub(super) fn call(name: &str, args: &[Tree], row: &dyn Row, env: Env) -> Eval {
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
    if let ("date_part", [unit, Tree::Call { name: inner, args: dates }]) = (name, args)
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
        // known or not must not depend on the row: an unknown function is an error even for NULL
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
        "abs",
        "sign",
        "round",
        "floor",
        "ceil",
        "trunc",
        "sqrt",
        "cbrt",
        "exp",
        "ln",
        "log",
        "log10",
        "log2",
        "div",
        "gcd",
        "pi",
        "bitnot",
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
        "greatest",
        "least",
    ];
    NAMES.contains(&name)
}

/// Whether [`call`] may know the function.
pub(in crate::predicate) fn function_known(name: &str) -> bool {
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

/// Functions with a say about NULL.
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
            // PostgreSQL ignores NULLs, the others answer NULL
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

fn int(v: &Value, env: Env) -> Result<i64, EvalError> {
    match cast::cast(v.clone(), &CastType::Int, env)? {
        Value::Int(i) => i64::try_from(i).map_err(|_| EvalError::Overflow),
        v => Err(type_error("the whole number", &v)),
    }
}

fn count(n: usize) -> Value {
    Value::Int(n as i128)
}

fn text(name: &str, v: &[Value], env: Env) -> Result<Option<Value>, EvalError> {
    let s = |i: usize| v.get(i).map(|x| cast::text(x, env)).unwrap_or_default();
    let n = |i: usize| v.get(i).map_or(Ok(0), |x| int(x, env));
    Ok(Some(match (name, v.len()) {
        ("lower", 1) => Value::Text(s(0).to_lowercase()),
        ("upper", 1) => Value::Text(s(0).to_uppercase()),
        ("initcap", 1) => Value::Text(initcap(&s(0))),
        ("length", 1) => match &v[0] {
            Value::Bytes(b) => count(b.len()),
            _ => count(s(0).chars().count()),
        },
        ("octet_length", 1) => match &v[0] {
            Value::Bytes(b) => count(b.len()),
            _ => count(s(0).len()),
        },
        ("bit_length", 1) => match &v[0] {
            Value::Bytes(b) => count(b.len() * 8),
            _ => count(s(0).len() * 8),
        },
        ("btrim" | "ltrim" | "rtrim", 1 | 2) => {
            let (t, set) = (s(0), if v.len() == 2 { s(1) } else { " ".into() });
            let cut = |c: char| set.contains(c);
            Value::text(match name {
                "ltrim" => t.trim_start_matches(cut),
                "rtrim" => t.trim_end_matches(cut),
                _ => t.trim_matches(cut),
            })
        }
        ("substr", 2 | 3) => Value::Text(substr(&s(0), n(1)?, if v.len() == 3 { Some(n(2)?) } else { None }, env)),
        ("left", 2) => {
            let t = s(0);
            let len = t.chars().count() as i64;
            let keep = if n(1)? < 0 { (len + n(1)?).max(0) } else { n(1)? };
            Value::Text(t.chars().take(usize::try_from(keep).unwrap_or(0)).collect())
        }
        ("right", 2) => {
            let t = s(0);
            let len = t.chars().count() as i64;
            let keep = if n(1)? < 0 { (len + n(1)?).max(0) } else { n(1)?.min(len) };
            Value::Text(t.chars().skip(usize::try_from(len - keep).unwrap_or(0)).collect())
        }
        ("strpos", 2) => {
            let (t, p) = (s(0), s(1));
            let (t, p) = if env.dialect == Dialect::Mysql { (t.to_lowercase(), p.to_lowercase()) } else { (t, p) };
            t.find(&p).map_or(Value::Int(0), |at| count(t[..at].chars().count() + 1))
        }
        ("replace", 3) if !s(1).is_empty() => Value::Text(s(0).replace(&s(1), &s(2))),
        ("replace", 3) => Value::Text(s(0)),
        ("reverse", 1) => Value::Text(s(0).chars().rev().collect()),
        ("repeat", 2) => {
            let times = usize::try_from(n(1)?.clamp(0, 10_000)).unwrap_or(0);
            Value::Text(s(0).repeat(times))
        }
        ("lpad" | "rpad", 2 | 3) => Value::Text(pad(&s(0), n(1)?, if v.len() == 3 { s(2) } else { " ".into() }, name)),
        ("ascii" | "unicode", 1) => s(0).chars().next().map_or(Value::Int(0), |c| Value::Int(i128::from(u32::from(c)))),
        ("chr" | "char", 1) => match u32::try_from(n(0)?).ok().and_then(char::from_u32) {
            Some(c) => Value::Text(c.to_string()),
            None => return Err(EvalError::Overflow),
        },
        ("starts_with", 2) => Value::Bool(s(0).starts_with(&s(1))),
        ("split_part", 3) if !s(1).is_empty() => {
            let t = s(0);
            let parts: Vec<&str> = t.split(&s(1)).collect();
            let at = if n(2)? < 0 { parts.len() as i64 + n(2)? } else { n(2)? - 1 };
            Value::text(usize::try_from(at).ok().and_then(|i| parts.get(i).copied()).unwrap_or(""))
        }
        ("translate", 3) => {
            let (from, to): (Vec<char>, Vec<char>) = (s(1).chars().collect(), s(2).chars().collect());
            let swap = |c: char| match from.iter().position(|f| *f == c) {
                Some(i) => to.get(i).copied(),
                None => Some(c),
            };
            Value::Text(s(0).chars().filter_map(swap).collect())
        }
        ("hex", 1) => match &v[0] {
            Value::Bytes(b) => Value::Text(b.iter().map(|x| format!("{x:02X}")).collect()),
            _ => Value::Text(s(0).bytes().map(|x| format!("{x:02X}")).collect()),
        },
        ("regexp_replace", 3 | 4) => {
            let flags = s(3);
            let re = super::matching::compile(&super::matching::search_regex(&s(1), flags.contains('i')))?;
            let with = regex::NoExpand(&s(2)).0.to_owned();
            Value::Text(match flags.contains('g') || env.dialect != Dialect::Postgres {
                true => re.replace_all(&s(0), regex::NoExpand(&with)).into_owned(),
                false => re.replace(&s(0), regex::NoExpand(&with)).into_owned(),
            })
        }
        ("masklen", 1) => match s(0).split_once('/') {
            Some((_, bits)) => Value::Int(bits.parse().map_err(|_| type_error("masklen", &v[0]))?),
            None => Value::Int(if s(0).contains(':') { 128 } else { 32 }),
        },
        ("family", 1) => Value::Int(if s(0).contains(':') { 6 } else { 4 }),
        ("host", 1) => Value::text(s(0).split('/').next().unwrap_or_default()),
        ("nlevel", 1) => count(if s(0).is_empty() { 0 } else { s(0).split('.').count() }),
        _ => return Ok(None),
    }))
}

fn initcap(t: &str) -> String {
    let mut start = true;
    t.chars()
        .flat_map(|c| {
            let out: Vec<char> = if start { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
            start = !c.is_alphanumeric();
            out
        })
        .collect()
}

/// One-based; SQLite and MySQL count negative starts from the end, PostgreSQL lets them eat into the length.
fn substr(t: &str, start: i64, len: Option<i64>, env: Env) -> String {
    let chars: Vec<char> = t.chars().collect();
    let total = chars.len() as i64;
    let (mut from, mut to) = (start, len.map_or(i64::MAX, |n| start.saturating_add(n)));
    if env.dialect != Dialect::Postgres {
        if start == 0 && env.dialect == Dialect::Mysql {
            return String::new();
        }
        if start < 0 {
            from = total + start + 1;
            to = len.map_or(i64::MAX, |n| from.saturating_add(n));
        }
        if env.dialect == Dialect::Sqlite
            && let Some(n) = len
            && n < 0
        {
            (from, to) = (from.saturating_add(n), from);
        }
    }
    let (from, to) = (from.max(1), to.min(total + 1));
    if to <= from {
        return String::new();
    }
    let skip = usize::try_from(from - 1).unwrap_or(usize::MAX);
    chars.iter().skip(skip).take(usize::try_from(to - from).unwrap_or(0)).collect()
}

fn pad(t: &str, to: i64, with: String, side: &str) -> String {
    let have = t.chars().count();
    let to = usize::try_from(to.clamp(0, 10_000)).unwrap_or(0);
    if have >= to {
        return t.chars().take(to).collect();
    }
    let fill: String = with.chars().cycle().take(to - have).collect();
    if side == "lpad" { fill + t } else { t.to_owned() + &fill }
}

fn numeric(name: &str, v: &[Value], env: Env) -> Result<Option<Value>, EvalError> {
    const NAMES: &[&str] = &[
        "abs",
        "sign",
        "round",
        "floor",
        "ceil",
        "trunc",
        "sqrt",
        "cbrt",
        "exp",
        "ln",
        "log",
        "log10",
        "log2",
        "div",
        "gcd",
        "pi",
        "bitnot",
        "to_number",
    ];
    if !NAMES.contains(&name) {
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
            ("sign", 1) => Num::int(x.compare(Num::int(0)).map_or(0, |o| o as i128)),
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
        // an empty array has no dimension: NULL, and only one-dimensional arrays are made here
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
        ("isempty", 1) => Value::Bool(range_bounds(&v[0])?.is_none()),
        ("range_lower" | "range_upper", 1) => match range_bounds(&v[0])? {
            None => Value::Null,
            Some((lo, hi, ..)) => {
                let bound = if name == "range_lower" { lo } else { hi };
                if bound.is_empty() { Value::Null } else { Value::Text(bound) }
            }
        },
        ("lower_inc", 1) => Value::Bool(range_bounds(&v[0])?.is_some_and(|b| b.2 && !b.0.is_empty())),
        ("upper_inc", 1) => Value::Bool(range_bounds(&v[0])?.is_some_and(|b| b.3 && !b.1.is_empty())),
        ("lower_inf", 1) => Value::Bool(range_bounds(&v[0])?.is_some_and(|b| b.0.is_empty())),
        ("upper_inf", 1) => Value::Bool(range_bounds(&v[0])?.is_some_and(|b| b.1.is_empty())),
        _ => return Ok(None),
    }))
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
