//! `f(x) op constant`, with `f` undone layer by layer until the column stands alone.

use super::super::eval::compare::order;
use super::super::eval::{Env, NoRow};
use super::super::tree::{Arith, CastType, Cmp, Tree};
use super::atom::{bare, json_kind};
use super::terms::fold;
use crate::domain::text::{Case, TextKind};
use crate::domain::units::units;
use crate::domain::{Domain, JsonKind, RangeKind};
use crate::predicate::narrow::Kept;
use crate::schema::Dialect;
use crate::time::MICROS_PER_DAY;
use crate::value::Value;

/// The part of `d` for which `expr op v` holds; `column` is in `expr`.
pub(super) fn isolate(d: &Domain, column: &str, expr: &Tree, op: Cmp, v: &Value, env: Env) -> Kept {
    if let Value::Float(limit) = v
        && !limit.is_finite()
        && bare(expr, column)
    {
        // Generated numbers are finite: below NaN and infinity, above its opposite.
        let below = *limit != f64::NEG_INFINITY;
        let holds =
            op == Cmp::Ne || if below { matches!(op, Cmp::Lt | Cmp::Le) } else { matches!(op, Cmp::Gt | Cmp::Ge) };
        return if holds { Kept::Exact(d.clone()) } else { Kept::Empty };
    }
    match expr {
        e if bare(e, column) => match (e, d) {
            // a number or a date compared as text
            (Tree::Cast { .. }, Domain::Range { .. } | Domain::Float { .. }) if !matches!(op, Cmp::Eq | Cmp::Ne) => {
                Kept::Unknown
            }
            (_, Domain::Array { .. }) if matches!(op, Cmp::Eq | Cmp::Ne) => empty_array(d, op, v),
            _ => d.keep_compare(op, v, env.dialect),
        },
        Tree::Cast { expr, to } => cast(d, column, expr, to, op, v, env),
        Tree::Neg(e) => match calculate(Arith::Sub, &Value::Int(0), v, env) {
            Some(v) => isolate(d, column, e, op.flip(), &v, env),
            None => Kept::Unknown,
        },
        Tree::Arith { op: a, left, right } => {
            let on_left = left.mentions(column);
            if on_left && right.mentions(column) {
                return Kept::Unknown;
            }
            let (inner, other) = if on_left { (left, right) } else { (right, left) };
            arith(d, column, *a, inner, &fold(other, env), on_left, op, v, env)
        }
        Tree::Call { name, args } => call(d, column, name, args, op, v, env),
        _ => Kept::Unknown,
    }
}

fn empty_array(d: &Domain, op: Cmp, v: &Value) -> Kept {
    let empty = match v {
        Value::Array(items) => items.is_empty(),
        Value::Text(t) => t.trim() == "{}",
        _ => false,
    };
    match (op, empty) {
        (Cmp::Eq, true) => d.keep_items(0, 0),
        (Cmp::Ne, true) => d.keep_items(1, u32::MAX),
        (Cmp::Eq, false) => d.keep_values(std::slice::from_ref(v), Dialect::Postgres),
        _ => Kept::Loose(d.clone()),
    }
}

fn calculate(op: Arith, l: &Value, r: &Value, env: Env) -> Option<Value> {
    match Tree::arith(op, Tree::Literal(l.clone()), Tree::Literal(r.clone())).value(&NoRow, env) {
        Ok(Value::Null) | Err(_) => None,
        Ok(v) => Some(v),
    }
}

fn cast(d: &Domain, column: &str, inner: &Tree, to: &CastType, op: Cmp, v: &Value, env: Env) -> Kept {
    let numeric =
        matches!(d, Domain::Range { kind: RangeKind::Int | RangeKind::Decimal { .. }, .. } | Domain::Float { .. });
    let day = |days: i64| match v {
        Value::Date(n) => Some(Value::Timestamp((i64::from(*n) + days) * MICROS_PER_DAY)),
        Value::Timestamp(t) if t % MICROS_PER_DAY == 0 => Some(Value::Timestamp(t + days * MICROS_PER_DAY)),
        Value::Text(t) => crate::time::parse_date(t).map(|n| Value::Timestamp((i64::from(n) + days) * MICROS_PER_DAY)),
        _ => None,
    };
    match (to, d) {
        (CastType::Decimal { scale: None } | CastType::Float, _) if numeric => isolate(d, column, inner, op, v, env),
        (CastType::Decimal { scale: Some(s) }, Domain::Range { kind: RangeKind::Decimal { scale }, .. })
            if scale <= s =>
        {
            isolate(d, column, inner, op, v, env)
        }
        (CastType::Int | CastType::Decimal { .. }, Domain::Range { kind: RangeKind::Int, .. }) => {
            isolate(d, column, inner, op, v, env)
        }
        (CastType::Text { max_chars: Some(n) }, Domain::Text(t)) if t.max_chars <= *n => {
            isolate(d, column, inner, op, v, env)
        }
        (CastType::Timestamp, Domain::Range { kind: RangeKind::Date | RangeKind::Timestamp, .. })
        | (CastType::Date, Domain::Range { kind: RangeKind::Date, .. })
        | (CastType::Interval, Domain::Range { kind: RangeKind::Interval | RangeKind::Time, .. })
        | (CastType::Time, Domain::Range { kind: RangeKind::Time, .. })
        | (CastType::Bool, _) => isolate(d, column, inner, op, v, env),
        (CastType::Date, Domain::Range { kind: RangeKind::Timestamp, .. }) if bare(inner, column) => {
            let (Some(start), Some(end)) = (day(0), day(1)) else { return Kept::Unknown };
            match op {
                Cmp::Lt => d.keep_compare(Cmp::Lt, &start, env.dialect),
                Cmp::Le => d.keep_compare(Cmp::Lt, &end, env.dialect),
                Cmp::Gt => d.keep_compare(Cmp::Ge, &end, env.dialect),
                Cmp::Ge => d.keep_compare(Cmp::Ge, &start, env.dialect),
                Cmp::Eq => {
                    then(d.keep_compare(Cmp::Ge, &start, env.dialect), |d| d.keep_compare(Cmp::Lt, &end, env.dialect))
                }
                Cmp::Ne => Kept::Unknown,
            }
        }
        _ => Kept::Unknown,
    }
}

fn then(kept: Kept, f: impl Fn(&Domain) -> Kept) -> Kept {
    match kept {
        Kept::Exact(d) => f(&d),
        Kept::Loose(d) => loose(f(&d)),
        other => other,
    }
}

fn loose(kept: Kept) -> Kept {
    match kept {
        Kept::Exact(d) => Kept::Loose(d),
        other => other,
    }
}

#[allow(clippy::too_many_arguments)]
fn arith(
    d: &Domain,
    column: &str,
    a: Arith,
    inner: &Tree,
    other: &Tree,
    on_left: bool,
    op: Cmp,
    v: &Value,
    env: Env,
) -> Kept {
    if let Tree::Interval { months, micros } = other {
        // undone by the opposite interval; the ends of months need a second look
        let undo = Tree::Interval { months: -months, micros: -micros };
        let back = match (a, on_left) {
            (Arith::Add, _) => undo,
            (Arith::Sub, true) => other.clone(),
            _ => return Kept::Unknown,
        };
        let Ok(v) = Tree::arith(Arith::Add, Tree::Literal(v.clone()), back).value(&NoRow, env) else {
            return Kept::Unknown;
        };
        let kept = isolate(d, column, inner, op, &v, env);
        return if *months == 0 { kept } else { loose(kept) };
    }
    let Tree::Literal(k) = other else { return Kept::Unknown };
    if k.is_null() {
        return Kept::Empty;
    }
    let undone = |x: Option<Value>, op: Cmp| match x {
        Some(x) => isolate(d, column, inner, op, &x, env),
        None => Kept::Unknown,
    };
    match (a, on_left) {
        (Arith::Add, _) => undone(calculate(Arith::Sub, v, k, env), op),
        (Arith::Sub, true) => undone(calculate(Arith::Add, v, k, env), op),
        (Arith::Sub, false) => undone(calculate(Arith::Sub, k, v, env), op.flip()),
        (Arith::Mul, _) => multiplied(d, column, inner, k, op, v, env),
        (Arith::Div, true) => divided(d, column, inner, k, op, v, env),
        (Arith::IntDiv, true) => divided(d, column, inner, k, op, v, env),
        (Arith::Mod, true) if bare(inner, column) && op == Cmp::Eq => {
            let Domain::Range { kind, .. } = d else { return Kept::Unknown };
            match (units(*kind, k), units(*kind, v)) {
                (Some((m, true)), Some((r, true))) => d.keep_step(m.abs(), r),
                _ => Kept::Unknown,
            }
        }
        (Arith::Mod, false) if bare(inner, column) && op == Cmp::Eq => divisors(d, k, v, env),
        (Arith::Concat, _) if op == Cmp::Eq => {
            let (whole, part) = (v.to_string(), k.to_string());
            let rest = if on_left { whole.strip_suffix(&part) } else { whole.strip_prefix(&part) };
            rest.map_or(Kept::Empty, |r| isolate(d, column, inner, op, &Value::text(r), env))
        }
        _ => Kept::Unknown,
    }
}

fn multiplied(d: &Domain, column: &str, inner: &Tree, k: &Value, op: Cmp, v: &Value, env: Env) -> Kept {
    let zero = Value::Int(0);
    let Some(sign) = order(k, &zero, env.dialect) else { return Kept::Unknown };
    if sign.is_eq() {
        let holds = order(&zero, v, env.dialect).is_some_and(|o| op.holds(o));
        return if holds { Kept::Exact(d.clone()) } else { Kept::Empty };
    }
    let op = if sign.is_lt() { op.flip() } else { op };
    // as decimals, so that whole numbers do not lose their fraction
    let decimal = |v: &Value| match v {
        Value::Int(i) => Value::Decimal { unscaled: *i, scale: 0 },
        v => v.clone(),
    };
    let Some(q) = calculate(Arith::Div, &decimal(v), &decimal(k), env) else { return Kept::Unknown };
    let exact =
        calculate(Arith::Mul, &q, k, env).is_some_and(|back| order(&back, v, env.dialect).is_some_and(|o| o.is_eq()));
    match (exact, op) {
        (true, _) => isolate(d, column, inner, op, &q, env),
        (false, Cmp::Eq) => Kept::Empty,
        (false, Cmp::Ne) => Kept::Exact(d.clone()),
        (false, op) => loose(isolate(d, column, inner, op, &q, env)),
    }
}

/// `x / k op v`: whole-number division keeps `[v * k, v * k + k)`.
fn divided(d: &Domain, column: &str, inner: &Tree, k: &Value, op: Cmp, v: &Value, env: Env) -> Kept {
    let whole = matches!(d, Domain::Range { kind: RangeKind::Int, .. }) && matches!(k, Value::Int(_));
    let product = |v: &Value| calculate(Arith::Mul, v, k, env);
    let positive = |v: &Value| order(v, &Value::Int(0), env.dialect).is_some_and(|o| o.is_gt());
    if !positive(k) {
        return Kept::Unknown;
    }
    if !whole || env.dialect == Dialect::Mysql {
        return product(v).map_or(Kept::Unknown, |p| isolate(d, column, inner, op, &p, env));
    }
    let Value::Int(n) = v else { return Kept::Unknown };
    if *n < 0 {
        return Kept::Unknown;
    }
    let (Some(mut start), Some(end)) = (product(v), product(&Value::Int(n + 1))) else { return Kept::Unknown };
    if let (0, Value::Int(k)) = (n, k) {
        // division cuts towards 0: everything above -k gives 0
        start = Value::Int(1 - k);
    }
    match op {
        Cmp::Lt => isolate(d, column, inner, Cmp::Lt, &start, env),
        Cmp::Le => isolate(d, column, inner, Cmp::Lt, &end, env),
        Cmp::Gt => isolate(d, column, inner, Cmp::Ge, &end, env),
        Cmp::Ge => isolate(d, column, inner, Cmp::Ge, &start, env),
        Cmp::Eq => {
            then(isolate(d, column, inner, Cmp::Ge, &start, env), |d| isolate(d, column, inner, Cmp::Lt, &end, env))
        }
        _ => Kept::Unknown,
    }
}

/// `k % x = 0`: the divisors of `k`.
fn divisors(d: &Domain, k: &Value, v: &Value, env: Env) -> Kept {
    let (Value::Int(k), Value::Int(0)) = (k, v) else { return Kept::Unknown };
    let k = k.abs();
    if k == 0 {
        return d.keep_compare(Cmp::Ne, &Value::Int(0), env.dialect);
    }
    if k > 1_000_000_000 {
        return Kept::Unknown;
    }
    let small = (1..).take_while(|i| i * i <= k).filter(|i| k % i == 0);
    let all: Vec<Value> = small.flat_map(|i| [i, k / i]).map(Value::Int).collect();
    d.keep_values(&all, env.dialect)
}

/// The whole numbers `n` with `n op v`, as limits.
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

fn call(d: &Domain, column: &str, name: &str, args: &[Tree], op: Cmp, v: &Value, env: Env) -> Kept {
    let Some(first) = args.first() else { return Kept::Unknown };
    let own = bare(first, column);
    let limited = |f: &dyn Fn(u32, u32) -> Kept| match limits(op, v) {
        Some((min, max)) => f(min, max),
        None => Kept::Unknown,
    };
    // `length(btrim(x))`, `lower(btrim(x))`: generated texts are not padded
    if let Tree::Call { name: inner, args: inner_args } = first
        && matches!(inner.as_str(), "btrim" | "ltrim" | "rtrim" | "lower" | "upper")
        && inner_args.len() == 1
        && matches!(name, "length" | "octet_length" | "btrim" | "ltrim" | "rtrim")
    {
        let stripped = Tree::call(name, vec![inner_args[0].clone()]);
        let kept = isolate(d, column, &stripped, op, v, env);
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
        "lower" | "upper" if own || matches!(first, Tree::Call { .. }) => {
            let case = if name == "lower" { Case::Lower } else { Case::Upper };
            match op {
                // any value that becomes `v`: `v` itself
                Cmp::Eq => isolate(d, column, first, op, v, env),
                _ if own => then(d.keep_case(case), |d| d.keep_compare(op, v, env.dialect)),
                _ => Kept::Unknown,
            }
        }
        "abs" => absolute(d, column, first, op, v, env),
        "strpos" if own => match (args.get(1).map(|t| fold(t, env)), op, limits(op, v)) {
            (Some(Tree::Literal(Value::Text(p))), Cmp::Gt | Cmp::Ge | Cmp::Ne, Some((1, _))) => {
                containing(d, column, &p, false, env)
            }
            (Some(Tree::Literal(Value::Text(p))), Cmp::Eq | Cmp::Lt | Cmp::Le, Some((_, 0))) => {
                containing(d, column, &p, true, env)
            }
            _ => Kept::Unknown,
        },
        "left" if own && op == Cmp::Eq => prefix(d, args.get(1), v, env),
        "substr" if own && op == Cmp::Eq => match args.get(1).map(|t| fold(t, env)) {
            Some(Tree::Literal(Value::Int(1))) => prefix(d, args.get(2), v, env),
            Some(Tree::Literal(Value::Int(n))) if n > 1 && n < 1000 => {
                let part = regex_syntax::escape(&v.to_string());
                let tail = if args.len() == 3 { ".*" } else { "" };
                d.keep_pattern(&format!("(?s).{{{}}}{part}{tail}", n - 1))
            }
            _ => Kept::Unknown,
        },
        "right" if own && op == Cmp::Eq => match args.get(1).map(|t| fold(t, env)) {
            Some(Tree::Literal(Value::Int(n))) if n == v.to_string().chars().count() as i128 => {
                d.keep_suffix(&v.to_string())
            }
            _ => Kept::Unknown,
        },
        "json_typeof" | "jsonb_typeof" | "json_type" if own && args.len() == 1 => match (op, json_kind(v)) {
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
            _ => Kept::Unknown,
        },
        "json_array_length" | "jsonb_array_length" if own => match limits(op, v) {
            Some((0, 0)) => d.keep_json(&[JsonKind::EmptyArray]),
            Some(_) => loose(d.keep_json(&[JsonKind::Array])),
            None => Kept::Unknown,
        },
        "typeof" if own => typed(d, op, v),
        "date_part" => match args {
            [Tree::Literal(Value::Text(unit)), x] if unit == "year" && bare(x, column) => year(d, op, v, env),
            [Tree::Literal(Value::Text(unit)), x]
                if op == Cmp::Eq && bare(x, column) && (unit == "minute" || unit == "second") =>
            {
                clock(d, unit, v)
            }
            [Tree::Literal(Value::Text(unit)), x] if unit == "epoch" && bare(x, column) => epoch(d, op, v, env),
            _ => Kept::Unknown,
        },
        "date" if own => cast(d, column, first, &CastType::Date, op, v, env),
        _ => Kept::Unknown,
    }
}

/// Generated texts have no spaces at their ends, except perhaps those of a pattern.
pub(super) fn trimmed(d: &Domain) -> Kept {
    match d {
        Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. }) => d.keep_pattern("|[^ ]|[^ ].*[^ ]"),
        Domain::Text(t) if t.prefix.starts_with(' ') || t.suffix.ends_with(' ') => Kept::Empty,
        Domain::Text(_) => Kept::Exact(d.clone()),
        _ => Kept::Unknown,
    }
}

fn prefix(d: &Domain, len: Option<&Tree>, v: &Value, env: Env) -> Kept {
    let text = v.to_string();
    match len.map(|t| fold(t, env)) {
        Some(Tree::Literal(Value::Int(n))) if n == text.chars().count() as i128 => d.keep_prefix(&text),
        Some(Tree::Literal(Value::Int(n))) if n > text.chars().count() as i128 => {
            d.keep_values(&[Value::Text(text)], env.dialect)
        }
        Some(Tree::Literal(Value::Int(_))) => Kept::Empty,
        _ => Kept::Unknown,
    }
}

fn containing(d: &Domain, column: &str, p: &str, negated: bool, env: Env) -> Kept {
    let like = Tree::Matches {
        expr: Box::new(Tree::column(column)),
        pattern: Box::new(Tree::Literal(Value::Text(format!(
            "*{}*",
            p.replace('[', "[[]").replace('*', "[*]").replace('?', "[?]")
        )))),
        kind: super::super::tree::MatchKind::Glob,
        negated,
    };
    super::atom::narrow(d, column, &like, env, super::atom::Redraw::Possible)
}

fn absolute(d: &Domain, column: &str, inner: &Tree, op: Cmp, v: &Value, env: Env) -> Kept {
    let minus = calculate(Arith::Sub, &Value::Int(0), v, env);
    let Some(minus) = minus else { return Kept::Unknown };
    if order(v, &Value::Int(0), env.dialect).is_some_and(|o| o.is_lt()) {
        // no absolute value is negative
        return if matches!(op, Cmp::Gt | Cmp::Ge | Cmp::Ne) { Kept::Exact(d.clone()) } else { Kept::Empty };
    }
    match op {
        Cmp::Lt | Cmp::Le => {
            then(isolate(d, column, inner, op, v, env), |d| isolate(d, column, inner, op.flip(), &minus, env))
        }
        // normal form has split it, unless it is `> 0`
        Cmp::Gt if bare(inner, column) && minus == *v => d.keep_compare(Cmp::Ne, v, env.dialect),
        Cmp::Ge if minus == *v => Kept::Exact(d.clone()),
        Cmp::Eq if bare(inner, column) => d.keep_values(&[v.clone(), minus], env.dialect),
        Cmp::Ne if bare(inner, column) => d.drop_values(&[v.clone(), minus], env.dialect),
        _ => Kept::Unknown,
    }
}

/// What JSON of a kind looks like in a column of text, whose documents are objects otherwise.
fn json_text(kind: JsonKind) -> Option<&'static str> {
    match kind {
        JsonKind::Array => Some(r#"\["[a-z]{3,9}"(, "[a-z]{3,9}"){0,2}\]"#),
        JsonKind::String => Some(r#""[a-z]{3,9}""#),
        JsonKind::Number => Some("[1-9][0-9]{0,3}"),
        _ => None,
    }
}

/// `typeof(x) = 'text'`: known from what the domain makes.
fn typed(d: &Domain, op: Cmp, v: &Value) -> Kept {
    let is = match d {
        Domain::Range { kind: RangeKind::Int, .. } => "integer",
        Domain::Range { kind: RangeKind::Decimal { .. }, .. } | Domain::Float { .. } => "real",
        Domain::Bytes { .. } => "blob",
        Domain::Text(_) | Domain::Special(_) | Domain::Range { .. } => "text",
        _ => return Kept::Unknown,
    };
    let equal = v.to_string().eq_ignore_ascii_case(is);
    match op {
        Cmp::Eq | Cmp::Ne if equal == (op == Cmp::Eq) => Kept::Exact(d.clone()),
        Cmp::Eq | Cmp::Ne => Kept::Empty,
        _ => Kept::Unknown,
    }
}

/// `extract(year from x) op n`.
fn year(d: &Domain, op: Cmp, v: &Value, env: Env) -> Kept {
    let Some((n, true)) = units(RangeKind::Int, v) else { return Kept::Unknown };
    let start = |y: i128| {
        i32::try_from(y).ok().filter(|y| (-4000..10_000).contains(y)).map(|y| Value::Date(crate::time::days(y, 1, 1)))
    };
    let (Some(from), Some(next)) = (start(n), start(n + 1)) else { return Kept::Unknown };
    match op {
        Cmp::Lt => d.keep_compare(Cmp::Lt, &from, env.dialect),
        Cmp::Le => d.keep_compare(Cmp::Lt, &next, env.dialect),
        Cmp::Gt => d.keep_compare(Cmp::Ge, &next, env.dialect),
        Cmp::Ge => d.keep_compare(Cmp::Ge, &from, env.dialect),
        Cmp::Eq => then(d.keep_compare(Cmp::Ge, &from, env.dialect), |d| d.keep_compare(Cmp::Lt, &next, env.dialect)),
        Cmp::Ne => Kept::Unknown,
    }
}

/// `extract(minute from x) = v`, or the second: some of the values, those without anything below the unit.
fn clock(d: &Domain, unit: &str, v: &Value) -> Kept {
    let Domain::Range { kind: RangeKind::Timestamp | RangeKind::Time, .. } = d else { return Kept::Unknown };
    let micros: i128 = if unit == "minute" { 60_000_000 } else { 1_000_000 };
    match units(RangeKind::Int, v) {
        Some((n, true)) if (0..60).contains(&n) => d.keep_step(60 * micros, n * micros),
        Some(_) => Kept::Empty,
        None => Kept::Unknown,
    }
}

/// `extract(epoch from x) op seconds`.
fn epoch(d: &Domain, op: Cmp, v: &Value, env: Env) -> Kept {
    let Some(micros) = units(RangeKind::Decimal { scale: 6 }, v).and_then(|(n, _)| i64::try_from(n).ok()) else {
        return Kept::Unknown;
    };
    let v = match d {
        Domain::Range { kind: RangeKind::Interval, .. } => Value::Interval(micros),
        Domain::Range { kind: RangeKind::Time, .. } => Value::Time(micros),
        _ => Value::Timestamp(micros),
    };
    d.keep_compare(op, &v, env.dialect)
}

/// Whether `t` can be solved for `column` once everything else in it is known.
pub(super) fn solvable(t: &Tree, column: &str) -> bool {
    fn path(t: &Tree, column: &str) -> bool {
        match t {
            Tree::Column(c) => c == column,
            Tree::Cast { expr, .. } | Tree::Neg(expr) => path(expr, column),
            Tree::Arith { op: Arith::Add | Arith::Sub | Arith::Mul, left, right } => {
                path(left, column) != path(right, column)
            }
            Tree::Arith { op: Arith::Div | Arith::Mod | Arith::IntDiv, left, right } => {
                path(left, column) && !right.mentions(column)
            }
            Tree::Call { name, args } => {
                matches!(name.as_str(), "abs" | "lower" | "upper" | "length")
                    && args.len() == 1
                    && path(&args[0], column)
            }
            _ => false,
        }
    }
    match t {
        Tree::Compare { left, right, .. } => path(left, column) != path(right, column),
        Tree::In { expr, list, .. } => path(expr, column) && !list.iter().any(|l| l.mentions(column)),
        _ => false,
    }
}
