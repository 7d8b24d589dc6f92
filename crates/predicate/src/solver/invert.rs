//! `f(x) op constant`, with `f` inverted layer by layer until only the column is left.

pub mod calls;

pub(super) use calls::trimmed;

use super::super::eval::compare::order;
use super::super::eval::{Env, NoRow};
use super::super::expr::{Arith, CastType, Cmp, Expr};
use super::atom::bare;
use super::terms::fold;
use super::text_part::numbers;
use crate::narrow::{Narrow as _, Narrowing};
use crate::solver::invert::calls::call;
use dbmocker_core::schema::Dialect;
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_core::value::Value;
use dbmocker_domain::range_units::units;
use dbmocker_domain::{Domain, RangeKind};

/// The part of `d` for which `expr op v` holds; `column` is in `expr`.
pub(super) fn invert(d: &Domain, column: &str, expr: &Expr, op: Cmp, v: &Value, env: Env) -> Narrowing {
    if let Value::Float(limit) = v
        && !limit.is_finite()
        && bare(expr, column)
    {
        // Generated numbers are finite: below NaN and infinity, above negative infinity.
        let below = *limit != f64::NEG_INFINITY;
        let holds =
            op == Cmp::Ne || if below { matches!(op, Cmp::Lt | Cmp::Le) } else { matches!(op, Cmp::Gt | Cmp::Ge) };
        return if holds { Narrowing::Exact(d.clone()) } else { Narrowing::Empty };
    }
    match expr {
        e if bare(e, column) => match (e, d) {
            // a number or a date compared as text
            (Expr::Cast { .. }, Domain::Range { .. } | Domain::Float { .. }) if !matches!(op, Cmp::Eq | Cmp::Ne) => {
                Narrowing::Unsupported
            }
            (_, Domain::Array { .. }) if matches!(op, Cmp::Eq | Cmp::Ne) => empty_array(d, op, v),
            _ => d.keep_compare(op, v, env.dialect),
        },
        Expr::Cast { expr, to } => cast(d, column, expr, to, op, v, env),
        Expr::Neg(e) => match calculate(Arith::Sub, &Value::Int(0), v, env) {
            Some(v) => invert(d, column, e, op.flip(), &v, env),
            None => Narrowing::Unsupported,
        },
        Expr::Arith { op: a, left, right } => {
            let on_left = left.mentions(column);
            if on_left && right.mentions(column) {
                return Narrowing::Unsupported;
            }
            let (inner, other) = if on_left { (left, right) } else { (right, left) };
            arith(d, column, &Operation { op: *a, inner, other: &fold(other, env), on_left }, op, v, env)
        }
        Expr::Call { name, args } => call(d, column, name, args, op, v, env),
        _ => Narrowing::Unsupported,
    }
}

fn empty_array(d: &Domain, op: Cmp, v: &Value) -> Narrowing {
    let empty = match v {
        Value::Array(items) => items.is_empty(),
        Value::Text(t) => t.trim() == "{}",
        _ => false,
    };
    match (op, empty) {
        (Cmp::Eq, true) => d.keep_items(0, 0),
        (Cmp::Ne, true) => d.keep_items(1, u32::MAX),
        (Cmp::Eq, false) => d.keep_values(std::slice::from_ref(v), Dialect::Postgres),
        _ => Narrowing::Over(d.clone()),
    }
}

fn calculate(op: Arith, l: &Value, r: &Value, env: Env) -> Option<Value> {
    match Expr::arith(op, Expr::Literal(l.clone()), Expr::Literal(r.clone())).value(&NoRow, env) {
        Ok(Value::Null) | Err(_) => None,
        Ok(v) => Some(v),
    }
}

fn cast(d: &Domain, column: &str, inner: &Expr, to: &CastType, op: Cmp, v: &Value, env: Env) -> Narrowing {
    let numeric =
        matches!(d, Domain::Range { kind: RangeKind::Int | RangeKind::Decimal { .. }, .. } | Domain::Float { .. });
    let after = |day: i32, days: i64| (i64::from(day) + days).checked_mul(MICROS_PER_DAY).map(Value::Timestamp);
    let day = |days: i64| match v {
        Value::Date(n) => after(*n, days),
        Value::Timestamp(t) if t % MICROS_PER_DAY == 0 => t.checked_add(days * MICROS_PER_DAY).map(Value::Timestamp),
        Value::Text(t) => dbmocker_core::time::parse_date(t).and_then(|n| after(n, days)),
        _ => None,
    };
    match (to, d) {
        (CastType::Decimal { scale: None } | CastType::Float, _) if numeric => invert(d, column, inner, op, v, env),
        (CastType::Decimal { scale: Some(s) }, Domain::Range { kind: RangeKind::Decimal { scale }, .. })
            if scale <= s =>
        {
            invert(d, column, inner, op, v, env)
        }
        (CastType::Int | CastType::Decimal { .. }, Domain::Range { kind: RangeKind::Int, .. }) => {
            invert(d, column, inner, op, v, env)
        }
        (CastType::Text { max_chars: Some(n) }, Domain::Text(t)) if t.max_chars <= *n => {
            invert(d, column, inner, op, v, env)
        }
        (CastType::Timestamp, Domain::Range { kind: RangeKind::Date | RangeKind::Timestamp, .. })
        | (CastType::Date, Domain::Range { kind: RangeKind::Date, .. })
        | (CastType::Interval, Domain::Range { kind: RangeKind::Interval | RangeKind::Time, .. })
        | (CastType::Time, Domain::Range { kind: RangeKind::Time, .. })
        | (CastType::Bool, _) => invert(d, column, inner, op, v, env),
        (CastType::Int, Domain::Text(_)) if bare(inner, column) => numbers(d, op, v, env),
        (CastType::Date, Domain::Range { kind: RangeKind::Timestamp, .. }) if bare(inner, column) => {
            let (Some(start), Some(end)) = (day(0), day(1)) else { return Narrowing::Unsupported };
            match op {
                Cmp::Lt => d.keep_compare(Cmp::Lt, &start, env.dialect),
                Cmp::Le => d.keep_compare(Cmp::Lt, &end, env.dialect),
                Cmp::Gt => d.keep_compare(Cmp::Ge, &end, env.dialect),
                Cmp::Ge => d.keep_compare(Cmp::Ge, &start, env.dialect),
                Cmp::Eq => {
                    then(d.keep_compare(Cmp::Ge, &start, env.dialect), |d| d.keep_compare(Cmp::Lt, &end, env.dialect))
                }
                Cmp::Ne => Narrowing::Unsupported,
            }
        }
        _ => Narrowing::Unsupported,
    }
}

fn then(kept: Narrowing, f: impl Fn(&Domain) -> Narrowing) -> Narrowing {
    match kept {
        Narrowing::Exact(d) => f(&d),
        Narrowing::Over(d) => loose(f(&d)),
        other => other,
    }
}

/// Its domain is not known more precisely.
pub(super) fn loose(kept: Narrowing) -> Narrowing {
    match kept {
        Narrowing::Exact(d) => Narrowing::Over(d),
        other => other,
    }
}

/// `inner op other`, or the other way round: the column is in `inner`.
struct Operation<'a> {
    op: Arith,
    inner: &'a Expr,
    other: &'a Expr,
    on_left: bool,
}

fn arith(d: &Domain, column: &str, operation: &Operation<'_>, op: Cmp, v: &Value, env: Env) -> Narrowing {
    let Operation { op: a, inner, other, on_left } = *operation;
    if let Expr::Interval { months, micros } = other {
        // inverted by the opposite interval; ends of months must be checked again
        let undo = Expr::Interval { months: -months, micros: -micros };
        let back = match (a, on_left) {
            (Arith::Add, _) => undo,
            (Arith::Sub, true) => other.clone(),
            _ => return Narrowing::Unsupported,
        };
        let Ok(v) = Expr::arith(Arith::Add, Expr::Literal(v.clone()), back).value(&NoRow, env) else {
            return Narrowing::Unsupported;
        };
        let kept = invert(d, column, inner, op, &v, env);
        return if *months == 0 { kept } else { loose(kept) };
    }
    let Expr::Literal(k) = other else { return Narrowing::Unsupported };
    if k.is_null() {
        return Narrowing::Empty;
    }
    let undone = |x: Option<Value>, op: Cmp| match x {
        Some(x) => invert(d, column, inner, op, &x, env),
        None => Narrowing::Unsupported,
    };
    match (a, on_left) {
        (Arith::Add, _) => undone(calculate(Arith::Sub, v, k, env), op),
        (Arith::Sub, true) => undone(calculate(Arith::Add, v, k, env), op),
        (Arith::Sub, false) => undone(calculate(Arith::Sub, k, v, env), op.flip()),
        (Arith::Mul, _) => multiplied(d, column, inner, k, op, v, env),
        (Arith::Div, true) => divided(d, column, inner, k, op, v, env),
        (Arith::IntDiv, true) => divided(d, column, inner, k, op, v, env),
        (Arith::Mod, true) if bare(inner, column) && op == Cmp::Eq => {
            let Domain::Range { kind, .. } = d else { return Narrowing::Unsupported };
            match (units(*kind, k), units(*kind, v)) {
                (Some((m, true)), Some((r, true))) => d.keep_step(m.abs(), r),
                _ => Narrowing::Unsupported,
            }
        }
        (Arith::Mod, false) if bare(inner, column) && op == Cmp::Eq => divisors(d, k, v, env),
        (Arith::Concat, _) if op == Cmp::Eq => {
            let (whole, part) = (v.to_string(), k.to_string());
            let rest = if on_left { whole.strip_suffix(&part) } else { whole.strip_prefix(&part) };
            rest.map_or(Narrowing::Empty, |r| invert(d, column, inner, op, &Value::text(r), env))
        }
        _ => Narrowing::Unsupported,
    }
}

fn multiplied(d: &Domain, column: &str, inner: &Expr, k: &Value, op: Cmp, v: &Value, env: Env) -> Narrowing {
    let zero = Value::Int(0);
    let Some(sign) = order(k, &zero, env.dialect) else { return Narrowing::Unsupported };
    if sign.is_eq() {
        let holds = order(&zero, v, env.dialect).is_some_and(|o| op.holds(o));
        return if holds { Narrowing::Exact(d.clone()) } else { Narrowing::Empty };
    }
    let op = if sign.is_lt() { op.flip() } else { op };
    // as decimals, so that whole numbers do not lose their fraction
    let decimal = |v: &Value| match v {
        Value::Int(i) => Value::Decimal { unscaled: *i, scale: 0 },
        v => v.clone(),
    };
    let Some(q) = calculate(Arith::Div, &decimal(v), &decimal(k), env) else { return Narrowing::Unsupported };
    let exact =
        calculate(Arith::Mul, &q, k, env).is_some_and(|back| order(&back, v, env.dialect).is_some_and(|o| o.is_eq()));
    match (exact, op) {
        (true, _) => invert(d, column, inner, op, &q, env),
        (false, Cmp::Eq) => Narrowing::Empty,
        (false, Cmp::Ne) => Narrowing::Exact(d.clone()),
        (false, op) => loose(invert(d, column, inner, op, &q, env)),
    }
}

/// `x / k op v`: integer division satisfies `[v * k, v * k + k)`.
fn divided(d: &Domain, column: &str, inner: &Expr, k: &Value, op: Cmp, v: &Value, env: Env) -> Narrowing {
    let whole = matches!(d, Domain::Range { kind: RangeKind::Int, .. }) && matches!(k, Value::Int(_));
    let product = |v: &Value| calculate(Arith::Mul, v, k, env);
    let positive = |v: &Value| order(v, &Value::Int(0), env.dialect).is_some_and(|o| o.is_gt());
    if !positive(k) {
        return Narrowing::Unsupported;
    }
    if !whole || env.dialect == Dialect::Mysql {
        return product(v).map_or(Narrowing::Unsupported, |p| invert(d, column, inner, op, &p, env));
    }
    let Value::Int(n) = v else { return Narrowing::Unsupported };
    if *n < 0 {
        return Narrowing::Unsupported;
    }
    let (Some(mut start), Some(end)) = (product(v), product(&Value::Int(n + 1))) else { return Narrowing::Unsupported };
    if let (0, Value::Int(k)) = (n, k) {
        // division truncates towards 0: all values above -k give 0
        start = Value::Int(1 - k);
    }
    match op {
        Cmp::Lt => invert(d, column, inner, Cmp::Lt, &start, env),
        Cmp::Le => invert(d, column, inner, Cmp::Lt, &end, env),
        Cmp::Gt => invert(d, column, inner, Cmp::Ge, &end, env),
        Cmp::Ge => invert(d, column, inner, Cmp::Ge, &start, env),
        Cmp::Eq => {
            then(invert(d, column, inner, Cmp::Ge, &start, env), |d| invert(d, column, inner, Cmp::Lt, &end, env))
        }
        _ => Narrowing::Unsupported,
    }
}

/// `k % x = 0`: the divisors of `k`.
fn divisors(d: &Domain, k: &Value, v: &Value, env: Env) -> Narrowing {
    let (Value::Int(k), Value::Int(0)) = (k, v) else { return Narrowing::Unsupported };
    let k = k.abs();
    if k == 0 {
        return d.keep_compare(Cmp::Ne, &Value::Int(0), env.dialect);
    }
    if k > 1_000_000_000 {
        return Narrowing::Unsupported;
    }
    let small = (1..).take_while(|i| i * i <= k).filter(|i| k % i == 0);
    let all: Vec<Value> = small.flat_map(|i| [i, k / i]).map(Value::Int).collect();
    d.keep_values(&all, env.dialect)
}

/// Whether `t` can be solved for `column` once everything else in it is known.
pub(super) fn solvable(t: &Expr, column: &str) -> bool {
    fn path(t: &Expr, column: &str) -> bool {
        match t {
            Expr::Column(c) => c == column,
            Expr::Cast { expr, .. } | Expr::Neg(expr) => path(expr, column),
            Expr::Arith { op: Arith::Add | Arith::Sub | Arith::Mul, left, right } => {
                path(left, column) != path(right, column)
            }
            Expr::Arith { op: Arith::Div | Arith::Mod | Arith::IntDiv, left, right } => {
                path(left, column) && !right.mentions(column)
            }
            Expr::Call { name, args } => {
                matches!(name.as_str(), "abs" | "lower" | "upper" | "length")
                    && args.len() == 1
                    && path(&args[0], column)
            }
            _ => false,
        }
    }
    match t {
        Expr::Compare { left, right, .. } => path(left, column) != path(right, column),
        Expr::In { expr, list, .. } => path(expr, column) && !list.iter().any(|l| l.mentions(column)),
        _ => false,
    }
}
