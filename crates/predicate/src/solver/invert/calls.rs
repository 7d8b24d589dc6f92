//! Inverts functions: the part of a column's domain for which `f(column) op constant` holds.

use super::{calculate, cast, invert, loose, then};
use crate::eval::Env;
use crate::eval::compare::order;
use crate::expr::{Arith, CastType, Cmp, Expr, MatchKind};
use crate::narrow::{Narrow as _, NarrowTexts as _, Narrowing};
use crate::solver::atom;
use crate::solver::atom::{bare, json_kind};
use crate::solver::terms::fold;
use dbmocker_core::value::Value;
use dbmocker_domain::range_units::units;
use dbmocker_domain::text::{Case, TextKind};
use dbmocker_domain::{Domain, JsonKind, RangeKind};

/// The integers `n` with `n op v`, as bounds.
fn limits(op: Cmp, v: &Value) -> Option<(u32, u32)> {
    let (n, exact) = units(RangeKind::Int, v)?;
    let clip = |n: i128| u32::try_from(n.clamp(0, i128::from(u32::MAX))).unwrap_or(u32::MAX);
    Some(match op {
        Cmp::Eq if exact => (clip(n), clip(n)),
        Cmp::Lt => (0, clip(n - i128::from(exact))),
        Cmp::Le => (0, clip(n)),
        Cmp::Gt => (clip(n + 1), u32::MAX),
        Cmp::Ge => (clip(n + i128::from(!exact)), u32::MAX),
        Cmp::Ne if n == 0 => (1, u32::MAX),
        _ => return None,
    })
    .filter(|_| !(matches!(op, Cmp::Lt) && n <= 0 && exact || matches!(op, Cmp::Le | Cmp::Eq) && n < 0))
}

pub(super) fn call(d: &Domain, column: &str, name: &str, args: &[Expr], op: Cmp, v: &Value, env: Env) -> Narrowing {
    let Some(first) = args.first() else { return Narrowing::Unsupported };
    let own = bare(first, column);
    let limited = |f: &dyn Fn(u32, u32) -> Narrowing| match limits(op, v) {
        Some((min, max)) => f(min, max),
        None => Narrowing::Unsupported,
    };
    // `length(btrim(x))`, `lower(btrim(x))`: generated texts are not padded
    if let Expr::Call { name: inner, args: inner_args } = first
        && matches!(inner.as_str(), "btrim" | "ltrim" | "rtrim" | "lower" | "upper")
        && inner_args.len() == 1
        && matches!(name, "length" | "octet_length" | "btrim" | "ltrim" | "rtrim")
    {
        let stripped = Expr::call(name, vec![inner_args[0].clone()]);
        let kept = invert(d, column, &stripped, op, v, env);
        return if inner.ends_with("trim") { then(kept, trimmed) } else { kept };
    }
    match name {
        "length" if own => limited(&|min, max| d.keep_chars(min, max)),
        "octet_length" if own => limited(&|min, max| d.keep_bytes(min, max)),
        "bit_length" if own => limited(&|min, max| d.keep_bytes(min.div_ceil(8), max / 8)),
        "array_length" if own => limited(&|min, max| d.keep_items(min.max(1), max)),
        "cardinality" if own => limited(&|min, max| d.keep_items(min, max)),
        "btrim" | "ltrim" | "rtrim" if own && args.len() == 1 => {
            then(trimmed(d), |d| d.keep_compare(op, v, env.dialect))
        }
        "lower" | "upper" if own || matches!(first, Expr::Call { .. }) => {
            let case = if name == "lower" { Case::Lower } else { Case::Upper };
            match op {
                // a value that maps to `v`: `v` itself
                Cmp::Eq => invert(d, column, first, op, v, env),
                _ if own => then(d.keep_case(case), |d| d.keep_compare(op, v, env.dialect)),
                _ => Narrowing::Unsupported,
            }
        }
        "abs" => absolute(d, column, first, op, v, env),
        "strpos" | "left" | "substr" | "right" if own => part_of_text(d, column, name, args, op, v, env),
        "json_typeof" | "jsonb_typeof" | "json_type" if own && args.len() == 1 => kind_of_json(d, op, v),
        "json_array_length" | "jsonb_array_length" if own => match limits(op, v) {
            Some((0, 0)) => d.keep_json(&[JsonKind::EmptyArray]),
            Some(_) => loose(d.keep_json(&[JsonKind::Array])),
            None => Narrowing::Unsupported,
        },
        "typeof" if own => typed(d, op, v),
        "date_part" => match args {
            [Expr::Literal(Value::Text(unit)), x] if unit == "year" && bare(x, column) => year(d, op, v, env),
            [Expr::Literal(Value::Text(unit)), x]
                if op == Cmp::Eq && bare(x, column) && (unit == "minute" || unit == "second") =>
            {
                clock(d, unit, v)
            }
            [Expr::Literal(Value::Text(unit)), x] if unit == "epoch" && bare(x, column) => epoch(d, op, v, env),
            _ => Narrowing::Unsupported,
        },
        "date" if own => cast(d, column, first, &CastType::Date, op, v, env),
        _ => Narrowing::Unsupported,
    }
}

/// A prefix, a suffix, or a substring of a text.
fn part_of_text(d: &Domain, column: &str, name: &str, args: &[Expr], op: Cmp, v: &Value, env: Env) -> Narrowing {
    match name {
        "strpos" => match (args.get(1).map(|t| fold(t, env)), op, limits(op, v)) {
            (Some(Expr::Literal(Value::Text(p))), Cmp::Gt | Cmp::Ge | Cmp::Ne, Some((1, _))) => {
                containing(d, column, &p, false, env)
            }
            (Some(Expr::Literal(Value::Text(p))), Cmp::Eq | Cmp::Lt | Cmp::Le, Some((_, 0))) => {
                containing(d, column, &p, true, env)
            }
            _ => Narrowing::Unsupported,
        },
        "left" if op == Cmp::Eq => prefix(d, args.get(1), v, env),
        "substr" if op == Cmp::Eq => match args.get(1).map(|t| fold(t, env)) {
            Some(Expr::Literal(Value::Int(1))) => prefix(d, args.get(2), v, env),
            Some(Expr::Literal(Value::Int(n))) if n > 1 && n < 1000 => {
                let part = regex_syntax::escape(&v.to_string());
                let tail = if args.len() == 3 { ".*" } else { "" };
                d.keep_pattern(&format!("(?s).{{{}}}{part}{tail}", n - 1))
            }
            _ => Narrowing::Unsupported,
        },
        "right" if op == Cmp::Eq => match args.get(1).map(|t| fold(t, env)) {
            Some(Expr::Literal(Value::Int(n))) if n == v.to_string().chars().count() as i128 => {
                d.keep_suffix(&v.to_string())
            }
            _ => Narrowing::Unsupported,
        },
        _ => Narrowing::Unsupported,
    }
}

fn kind_of_json(d: &Domain, op: Cmp, v: &Value) -> Narrowing {
    match (op, json_kind(v)) {
        (Cmp::Eq, Some(kind)) => match d {
            Domain::Text(_) => match json_text(kind) {
                Some(pattern) => d.keep_pattern(pattern),
                None => loose(d.keep_kind(TextKind::Json)),
            },
            d => d.keep_json(&[kind]),
        },
        (Cmp::Ne, Some(kind)) => {
            let all = [JsonKind::Object, JsonKind::Array, JsonKind::String, JsonKind::Number];
            let rest: Vec<JsonKind> = all.into_iter().filter(|k| *k != kind).collect();
            d.keep_json(&rest)
        }
        _ => Narrowing::Unsupported,
    }
}

/// Generated texts have no leading or trailing spaces, except perhaps those of a pattern.
pub(in crate::solver) fn trimmed(d: &Domain) -> Narrowing {
    match d {
        Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. }) => d.keep_pattern("|[^ ]|[^ ].*[^ ]"),
        Domain::Text(t) if t.prefix.starts_with(' ') || t.suffix.ends_with(' ') => Narrowing::Empty,
        Domain::Text(_) => Narrowing::Exact(d.clone()),
        _ => Narrowing::Unsupported,
    }
}

fn prefix(d: &Domain, len: Option<&Expr>, v: &Value, env: Env) -> Narrowing {
    let text = v.to_string();
    match len.map(|t| fold(t, env)) {
        Some(Expr::Literal(Value::Int(n))) if n == text.chars().count() as i128 => d.keep_prefix(&text),
        Some(Expr::Literal(Value::Int(n))) if n > text.chars().count() as i128 => {
            d.keep_values(&[Value::Text(text)], env.dialect)
        }
        Some(Expr::Literal(Value::Int(_))) => Narrowing::Empty,
        _ => Narrowing::Unsupported,
    }
}

fn containing(d: &Domain, column: &str, p: &str, negated: bool, env: Env) -> Narrowing {
    let like = Expr::Matches {
        expr: Box::new(Expr::column(column)),
        pattern: Box::new(Expr::Literal(Value::Text(format!(
            "*{}*",
            p.replace('[', "[[]").replace('*', "[*]").replace('?', "[?]")
        )))),
        kind: MatchKind::Glob,
        negated,
    };
    atom::narrow(d, column, &like, env, atom::RetryPolicy::Possible)
}

fn absolute(d: &Domain, column: &str, inner: &Expr, op: Cmp, v: &Value, env: Env) -> Narrowing {
    let minus = calculate(Arith::Sub, &Value::Int(0), v, env);
    let Some(minus) = minus else { return Narrowing::Unsupported };
    if order(v, &Value::Int(0), env.dialect).is_some_and(|o| o.is_lt()) {
        // no absolute value is negative
        return if matches!(op, Cmp::Gt | Cmp::Ge | Cmp::Ne) { Narrowing::Exact(d.clone()) } else { Narrowing::Empty };
    }
    match op {
        Cmp::Lt | Cmp::Le => {
            then(invert(d, column, inner, op, v, env), |d| invert(d, column, inner, op.flip(), &minus, env))
        }
        // normal form has split it, unless it is `> 0`
        Cmp::Gt if bare(inner, column) && minus == *v => d.keep_compare(Cmp::Ne, v, env.dialect),
        Cmp::Ge if minus == *v => Narrowing::Exact(d.clone()),
        Cmp::Eq if bare(inner, column) => d.keep_values(&[v.clone(), minus], env.dialect),
        Cmp::Ne if bare(inner, column) => d.drop_values(&[v.clone(), minus], env.dialect),
        _ => Narrowing::Unsupported,
    }
}

/// The format of JSON of a kind in a text column, whose documents are otherwise objects.
fn json_text(kind: JsonKind) -> Option<&'static str> {
    match kind {
        JsonKind::Array => Some(r#"\["[a-z]{3,9}"(, "[a-z]{3,9}"){0,2}\]"#),
        JsonKind::String => Some(r#""[a-z]{3,9}""#),
        JsonKind::Number => Some("[1-9][0-9]{0,3}"),
        _ => None,
    }
}

/// `typeof(x) = 'text'`: known from the values of the domain.
fn typed(d: &Domain, op: Cmp, v: &Value) -> Narrowing {
    let is = match d {
        Domain::Range { kind: RangeKind::Int, .. } => "integer",
        Domain::Range { kind: RangeKind::Decimal { .. }, .. } | Domain::Float { .. } => "real",
        Domain::Bytes { .. } => "blob",
        Domain::Text(_) | Domain::Special(_) | Domain::Range { .. } => "text",
        _ => return Narrowing::Unsupported,
    };
    let equal = v.to_string().eq_ignore_ascii_case(is);
    match op {
        Cmp::Eq | Cmp::Ne if equal == (op == Cmp::Eq) => Narrowing::Exact(d.clone()),
        Cmp::Eq | Cmp::Ne => Narrowing::Empty,
        _ => Narrowing::Unsupported,
    }
}

/// `extract(year from x) op n`.
fn year(d: &Domain, op: Cmp, v: &Value, env: Env) -> Narrowing {
    let Some((n, true)) = units(RangeKind::Int, v) else { return Narrowing::Unsupported };
    let start = |y: i128| {
        i32::try_from(y)
            .ok()
            .filter(|y| (-4000..10_000).contains(y))
            .map(|y| Value::Date(dbmocker_core::time::days(y, 1, 1)))
    };
    let (Some(from), Some(next)) = (start(n), start(n + 1)) else { return Narrowing::Unsupported };
    match op {
        Cmp::Lt => d.keep_compare(Cmp::Lt, &from, env.dialect),
        Cmp::Le => d.keep_compare(Cmp::Lt, &next, env.dialect),
        Cmp::Gt => d.keep_compare(Cmp::Ge, &next, env.dialect),
        Cmp::Ge => d.keep_compare(Cmp::Ge, &from, env.dialect),
        Cmp::Eq => then(d.keep_compare(Cmp::Ge, &from, env.dialect), |d| d.keep_compare(Cmp::Lt, &next, env.dialect)),
        Cmp::Ne => Narrowing::Unsupported,
    }
}

/// `extract(minute from x) = v`, or the second: some of the values: those in which all smaller units are 0.
fn clock(d: &Domain, unit: &str, v: &Value) -> Narrowing {
    let Domain::Range { kind: RangeKind::Timestamp | RangeKind::Time, .. } = d else { return Narrowing::Unsupported };
    let micros: i128 = if unit == "minute" { 60_000_000 } else { 1_000_000 };
    match units(RangeKind::Int, v) {
        Some((n, true)) if (0..60).contains(&n) => d.keep_step(60 * micros, n * micros),
        Some(_) => Narrowing::Empty,
        None => Narrowing::Unsupported,
    }
}

/// `extract(epoch from x) op seconds`.
fn epoch(d: &Domain, op: Cmp, v: &Value, env: Env) -> Narrowing {
    let Some(micros) = units(RangeKind::Decimal { scale: 6 }, v).and_then(|(n, _)| i64::try_from(n).ok()) else {
        return Narrowing::Unsupported;
    };
    let v = match d {
        Domain::Range { kind: RangeKind::Interval, .. } => Value::Interval(micros),
        Domain::Range { kind: RangeKind::Time, .. } => Value::Time(micros),
        _ => Value::Timestamp(micros),
    };
    d.keep_compare(op, &v, env.dialect)
}
