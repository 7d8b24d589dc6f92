//! One atom over one column: which part of the column's domain makes it TRUE.

use std::cmp::Ordering;

use super::super::eval::matching::{search_form, whole_form};
use super::super::eval::{Env, OneColumn};
use super::super::tree::{Arith, CastType, Cmp, Is, MatchKind, Tree};
use super::isolate::{isolate, trimmed};
use super::normal::{fold, negated};
use crate::domain::narrow::{Kept, of_units, units};
use crate::domain::text::{Case, TextKind};
use crate::domain::{Domain, JsonKind, RangeKind, Special};
use crate::generate::stream::CellRng;
use crate::schema::Dialect;
use crate::value::Value;

/// Draws looked at before a realistic kind of text is given up for a pattern.
const SAMPLES: u32 = 48;
/// The largest number of days, months ... that is listed one by one.
const MAX_LISTED: usize = 4096;

/// Whether a value that fails can be drawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Redraw {
    /// Yes: keep what looks real and try again where it fails.
    Possible,
    /// Yes, and a row waits for the answer: only what is quick.
    Now,
    /// No: only what is proven counts.
    Never,
}

impl Redraw {
    /// Values of a range tried one by one.
    fn listed(self) -> u32 {
        if self == Redraw::Now { 64 } else { 4096 }
    }
}

/// The part of `d` on which `t`, whose only column is `column`, is TRUE.
pub(super) fn narrow(d: &Domain, column: &str, t: &Tree, env: Env, redraw: Redraw) -> Kept {
    let by_trying =
        |d: &Domain| d.keep_where(redraw.listed(), &|v| t.truth(&OneColumn(column, v), env) == Ok(Some(true)));
    if matches!(d, Domain::Choice { .. }) {
        return by_trying(d);
    }
    match structural(d, column, t, env, redraw) {
        Kept::Unknown => match by_trying(d) {
            Kept::Unknown if redraw == Redraw::Now => Kept::Unknown,
            Kept::Unknown => bisect(d, column, t, env),
            kept => kept,
        },
        // a coarse cut may leave few enough to try
        Kept::Loose(d) => match by_trying(&d) {
            Kept::Unknown => Kept::Loose(d),
            kept => kept,
        },
        kept => kept,
    }
}

fn structural(d: &Domain, column: &str, t: &Tree, env: Env, redraw: Redraw) -> Kept {
    match t {
        Tree::And(items) => items.iter().fold(Kept::Exact(d.clone()), |kept, t| match kept {
            Kept::Exact(d) => narrow(&d, column, t, env, redraw),
            Kept::Loose(d) => match narrow(&d, column, t, env, redraw) {
                Kept::Exact(d) => Kept::Loose(d),
                other => other,
            },
            other => other,
        }),
        Tree::Or(items) => union_of(items.iter().map(|t| narrow(d, column, t, env, redraw))),
        Tree::Compare { op, left, right } => match (left.mentions(column), right.mentions(column)) {
            (true, true) => same_column(d, *op, left, right, env),
            (true, false) => with_constant(right, env, &|v| isolate(d, column, left, *op, v, env)),
            (false, true) => with_constant(left, env, &|v| isolate(d, column, right, op.flip(), v, env)),
            (false, false) => Kept::Unknown,
        },
        Tree::In { expr, list, negated } => in_list(d, column, expr, list, *negated, env),
        Tree::Matches { expr, pattern, kind, negated } => match (bare(expr, column), &**pattern) {
            (true, Tree::Literal(p)) if !p.is_null() => {
                matching(d, column, t, &p.to_string(), *kind, *negated, env, redraw)
            }
            _ => Kept::Unknown,
        },
        Tree::Quantified { expr, op: Cmp::Eq, array, all } if bare(array, column) => {
            // `5 = ANY (column)`, `5 = ALL (column)`
            with_constant(expr, env, &|v| {
                let only = d.keep_elements(&|e| e.keep_values(std::slice::from_ref(v), env.dialect));
                match only {
                    Kept::Exact(d) if *all => Kept::Exact(d),
                    Kept::Exact(d) => d.keep_items(1, u32::MAX),
                    other => other,
                }
            })
        }
        Tree::Quantified { expr, op: Cmp::Ne, array, all: true } if bare(array, column) => {
            with_constant(expr, env, &|v| d.keep_elements(&|e| e.drop_values(std::slice::from_ref(v), env.dialect)))
        }
        Tree::Quantified { array, .. } if !array.mentions(column) => Kept::Unknown,
        Tree::Is { expr, what: Is::Null, negated } => match &**expr {
            Tree::Call { name, args } if matches!(name.as_str(), "array_length" | "array_lower" | "array_ndims") => {
                match args.first() {
                    Some(a) if bare(a, column) && *negated => d.keep_items(1, u32::MAX),
                    Some(a) if bare(a, column) => d.keep_items(0, 0),
                    _ => Kept::Unknown,
                }
            }
            // `date(x) IS NOT NULL`: a text that is a date
            Tree::Call { name, args }
                if *negated
                    && matches!(name.as_str(), "date" | "datetime" | "julianday" | "unixepoch" | "strftime")
                    && args.iter().any(|a| bare(a, column)) =>
            {
                match d {
                    Domain::Range { kind: RangeKind::Date | RangeKind::Timestamp, .. } => Kept::Exact(d.clone()),
                    Domain::Text(t) if matches!(t.kind, TextKind::DateText | TextKind::DateTimeText) => {
                        Kept::Loose(d.clone())
                    }
                    d => match d.keep_kind(TextKind::DateText) {
                        Kept::Exact(d) => Kept::Loose(d),
                        other => other,
                    },
                }
            }
            Tree::Call { name, args } if name == "array_position" && args.first().is_some_and(|a| bare(a, column)) => {
                match fold(&args[1], env) {
                    // elements are never NULL
                    Tree::Literal(Value::Null) if !negated && matches!(d, Domain::Array { .. }) => {
                        Kept::Exact(d.clone())
                    }
                    Tree::Literal(v) if !negated => {
                        d.keep_elements(&|e| e.drop_values(std::slice::from_ref(&v), env.dialect))
                    }
                    _ => Kept::Unknown,
                }
            }
            _ => Kept::Unknown,
        },
        Tree::Call { name, args } => call(d, column, name, args, env),
        Tree::Arith { op: op @ (Arith::Contains | Arith::Overlaps), left, right } => {
            sets(d, column, *op, left, right, env)
        }
        Tree::Not(inner) => match &**inner {
            Tree::Arith { op: Arith::Overlaps, left, right } => {
                let other = if bare(left, column) { right } else { left };
                with_constant(other, env, &|v| match v {
                    Value::Array(items) => d.keep_elements(&|e| e.drop_values(items, env.dialect)),
                    _ => Kept::Unknown,
                })
            }
            inner if negated(inner) != *t => narrow(d, column, &negated(inner), env, redraw),
            // documents, ranges and the like are made valid and non-empty
            Tree::Call { name, args } if name == "isempty" && args.first().is_some_and(|a| bare(a, column)) => {
                if matches!(d, Domain::Special(Special::RangeOf { .. })) {
                    Kept::Loose(d.clone())
                } else {
                    Kept::Unknown
                }
            }
            _ => Kept::Unknown,
        },
        _ => Kept::Unknown,
    }
}

/// The column itself, casts to what it is anyway included.
pub(super) fn bare(t: &Tree, column: &str) -> bool {
    match t {
        Tree::Column(c) => c == column,
        Tree::Cast { expr, to: CastType::Text { max_chars: None } | CastType::Other(_) | CastType::Array(_) } => {
            bare(expr, column)
        }
        _ => false,
    }
}

/// `f` of a constant expression's value.
pub(super) fn with_constant(t: &Tree, env: Env, f: &dyn Fn(&Value) -> Kept) -> Kept {
    match fold(t, env) {
        Tree::Literal(Value::Null) => Kept::Empty,
        Tree::Literal(v) => f(&v),
        Tree::Interval { .. } => match t.value(&super::super::eval::NoRow, env) {
            Ok(v) => f(&v),
            Err(_) => Kept::Unknown,
        },
        _ => Kept::Unknown,
    }
}

fn union_of(parts: impl Iterator<Item = Kept>) -> Kept {
    let mut all: Option<Domain> = None;
    for kept in parts {
        match kept {
            Kept::Empty => {}
            Kept::Exact(d) => {
                all = Some(match all {
                    None => d,
                    Some(a) => match union(&a, &d) {
                        Some(u) => u,
                        None => return Kept::Unknown,
                    },
                });
            }
            _ => return Kept::Unknown,
        }
    }
    all.map_or(Kept::Empty, Kept::Exact)
}

/// One domain that holds both, if there is one of a simple form.
pub(super) fn union(a: &Domain, b: &Domain) -> Option<Domain> {
    if a == b {
        return Some(a.clone());
    }
    if let (
        Domain::Range { kind, lo, hi, step, except, shape },
        Domain::Range { kind: k, lo: l, hi: h, step: s, except: e, .. },
    ) = (a, b)
        && kind == k
        && step == s
        && (lo - l) % step == 0
        && except.is_empty()
        && e.is_empty()
        && *l <= hi.saturating_add(*step)
        && *lo <= h.saturating_add(*s)
    {
        let (lo, hi) = (*lo.min(l), *hi.max(h));
        return Some(Domain::Range { kind: *kind, lo, hi, step: *step, except: vec![], shape: *shape });
    }
    let listed = |d: &Domain| -> Option<Vec<Value>> {
        match d {
            Domain::Choice { values, .. } => Some(values.clone()),
            Domain::Range { .. } => {
                let s = d.sampler();
                (s.size() <= 512).then(|| (0..s.size()).map(|i| s.value(i)).collect())
            }
            _ => None,
        }
    };
    let (mut values, more) = (listed(a)?, listed(b)?);
    more.into_iter().for_each(|v| {
        if !values.contains(&v) {
            values.push(v)
        }
    });
    Some(Domain::Choice { values, weights: None })
}

fn in_list(d: &Domain, column: &str, expr: &Tree, list: &[Tree], negated: bool, env: Env) -> Kept {
    let mut values = vec![];
    for t in list {
        match fold(t, env) {
            Tree::Literal(v) => values.push(v),
            _ => return Kept::Unknown,
        }
    }
    if bare(expr, column) {
        return if negated { d.drop_values(&values, env.dialect) } else { d.keep_values(&values, env.dialect) };
    }
    if negated {
        let each = values.iter().map(|v| Tree::compare(Cmp::Ne, expr.clone(), Tree::Literal(v.clone()))).collect();
        return structural(d, column, &Tree::And(each), env, Redraw::Never);
    }
    if let Tree::Call { name, args } = expr
        && matches!(name.as_str(), "json_typeof" | "jsonb_typeof" | "json_type")
        && args.len() == 1
        && bare(&args[0], column)
    {
        let kinds: Vec<JsonKind> = values.iter().filter_map(json_kind).collect();
        return d.keep_json(&kinds);
    }
    union_of(values.iter().map(|v| isolate(d, column, expr, Cmp::Eq, v, env)))
}

pub(super) fn json_kind(v: &Value) -> Option<JsonKind> {
    let Value::Text(t) = v else { return None };
    Some(match t.to_lowercase().as_str() {
        "object" => JsonKind::Object,
        "array" => JsonKind::Array,
        "string" | "text" => JsonKind::String,
        "number" | "integer" => JsonKind::Number,
        "boolean" => JsonKind::Bool,
        "null" => JsonKind::Null,
        _ => return None,
    })
}

/// Comparisons of a column with a function of itself: `x = lower(x)`, `date_trunc('minute', x) = x`.
fn same_column(d: &Domain, op: Cmp, left: &Tree, right: &Tree, env: Env) -> Kept {
    let Some(column) = left.columns().into_iter().next() else { return Kept::Unknown };
    let (f, op) = match (bare(left, &column), bare(right, &column)) {
        (true, true) => {
            return if matches!(op, Cmp::Eq | Cmp::Le | Cmp::Ge) { Kept::Exact(d.clone()) } else { Kept::Empty };
        }
        (true, false) => (right, op),
        (false, true) => (left, op.flip()),
        (false, false) => return Kept::Unknown,
    };
    if op != Cmp::Eq {
        return Kept::Unknown;
    }
    let f = match f {
        // a date truncated is a timestamp cast back
        Tree::Cast {
            expr,
            to: CastType::Date | CastType::Timestamp | CastType::Text { max_chars: None } | CastType::Other(_),
        } => expr,
        f => f,
    };
    match f {
        Tree::Call { name, args } => match (name.as_str(), args.as_slice()) {
            ("lower", [a]) if bare(a, &column) => d.keep_case(Case::Lower),
            ("upper", [a]) if bare(a, &column) => d.keep_case(Case::Upper),
            // `lower(btrim(x))`: both
            ("lower" | "upper", [Tree::Call { name: inner, args }])
                if args.len() == 1 && bare(&args[0], &column) && inner.ends_with("trim") =>
            {
                match trimmed(d) {
                    Kept::Exact(d) => d.keep_case(if name == "lower" { Case::Lower } else { Case::Upper }),
                    other => other,
                }
            }
            ("btrim", [Tree::Call { name: inner, args }]) if args.len() == 1 && bare(&args[0], &column) => {
                match inner.as_str() {
                    "lower" => d.keep_case(Case::Lower),
                    "upper" => d.keep_case(Case::Upper),
                    _ => Kept::Unknown,
                }
            }
            ("btrim" | "ltrim" | "rtrim", [a]) if bare(a, &column) => trimmed(d),
            ("initcap", [a]) if bare(a, &column) => d.keep_pattern("[A-Z][a-z]+(?: [A-Z][a-z]+)*"),
            ("abs", [a]) if bare(a, &column) => d.keep_compare(Cmp::Ge, &Value::Int(0), env.dialect),
            ("round" | "trunc" | "floor" | "ceil", [a, ..]) if bare(a, &column) => {
                let digits = match args.get(1).map(|t| fold(t, env)) {
                    Some(Tree::Literal(Value::Int(n))) => n,
                    None => 0,
                    _ => return Kept::Unknown,
                };
                match d {
                    Domain::Range { kind: RangeKind::Decimal { scale }, .. } => {
                        let drop = u32::try_from(i128::from(*scale) - digits).unwrap_or(0);
                        10i128.checked_pow(drop).map_or(Kept::Unknown, |m| d.keep_step(m, 0))
                    }
                    Domain::Range { kind: RangeKind::Int, .. } if digits >= 0 => Kept::Exact(d.clone()),
                    _ => Kept::Unknown,
                }
            }
            ("date" | "datetime" | "time", [a]) if bare(a, &column) => dated(d, name),
            ("strftime", [Tree::Literal(Value::Text(f)), a]) if bare(a, &column) => match f.as_str() {
                "%Y-%m-%d" | "%F" => dated(d, "date"),
                "%Y-%m-%d %H:%M:%S" => dated(d, "datetime"),
                "%H:%M:%S" => dated(d, "time"),
                _ => Kept::Unknown,
            },
            ("date_trunc", [Tree::Literal(Value::Text(unit)), a]) if bare(a, &column) => truncated(d, unit),
            _ => Kept::Unknown,
        },
        _ => Kept::Unknown,
    }
}

/// Texts (or dates) that SQLite reads as a date, a timestamp or a time.
fn dated(d: &Domain, what: &str) -> Kept {
    match (d, what) {
        (Domain::Range { kind: RangeKind::Date, .. }, "date") => Kept::Exact(d.clone()),
        (Domain::Range { kind: RangeKind::Timestamp, .. }, "datetime") => d.keep_step(1_000_000, 0),
        (_, "date") => d.keep_kind(TextKind::DateText),
        (_, "datetime") => d.keep_kind(TextKind::DateTimeText),
        _ => d.keep_kind(TextKind::TimeText),
    }
}

fn truncated(d: &Domain, unit: &str) -> Kept {
    let size = crate::predicate::eval::unit_micros(unit);
    match (d, size) {
        (Domain::Range { kind: RangeKind::Timestamp | RangeKind::Interval | RangeKind::Time, .. }, Some(m)) => {
            d.keep_step(i128::from(m), 0)
        }
        (Domain::Range { kind: RangeKind::Date, .. }, Some(_)) => Kept::Exact(d.clone()),
        (Domain::Range { kind: RangeKind::Date, .. }, None) if unit == "week" => d.keep_step(7, 4),
        _ => Kept::Unknown,
    }
}

fn call(d: &Domain, column: &str, name: &str, args: &[Tree], env: Env) -> Kept {
    match (name, args) {
        ("json_valid" | "is_json", [a]) if bare(a, column) => match d {
            Domain::Special(Special::Json { .. }) => Kept::Exact(d.clone()),
            d => d.keep_kind(TextKind::Json),
        },
        ("starts_with", [a, p]) if bare(a, column) => with_constant(p, env, &|v| d.keep_prefix(&v.to_string())),
        ("isempty", _) => Kept::Unknown,
        _ => Kept::Unknown,
    }
}

/// `column @> {...}`, `column <@ {...}`, `column && {...}`.
fn sets(d: &Domain, column: &str, op: Arith, left: &Tree, right: &Tree, env: Env) -> Kept {
    let of = |t: &Tree, f: &dyn Fn(&[Value]) -> Kept| {
        with_constant(t, env, &|v| match v {
            Value::Array(items) => f(items),
            _ => Kept::Unknown,
        })
    };
    match op {
        Arith::Contains if bare(right, column) => of(left, &|v| d.keep_elements(&|e| e.keep_values(v, env.dialect))),
        Arith::Contains if bare(left, column) => of(right, &|v| match v {
            [] => Kept::Exact(d.clone()),
            [one] => match d.keep_elements(&|e| e.keep_values(std::slice::from_ref(one), env.dialect)) {
                Kept::Exact(d) => d.keep_items(1, u32::MAX),
                other => other,
            },
            several => Kept::Exact(Domain::Choice { values: vec![Value::Array(several.to_vec())], weights: None }),
        }),
        Arith::Overlaps => {
            let other = if bare(left, column) { right } else { left };
            of(other, &|v| match d.keep_elements(&|e| e.keep_values(v, env.dialect)) {
                Kept::Exact(d) => d.keep_items(1, u32::MAX),
                other => other,
            })
        }
        _ => Kept::Unknown,
    }
}

#[allow(clippy::too_many_arguments)]
fn matching(
    d: &Domain,
    column: &str,
    t: &Tree,
    p: &str,
    kind: MatchKind,
    negated: bool,
    env: Env,
    redraw: Redraw,
) -> Kept {
    if let (MatchKind::Like { escape, .. }, false) = (kind, negated) {
        let special = |c: char| c == '%' || c == '_' || Some(c) == escape;
        let inner = p.trim_matches('%');
        if p.chars().all(|c| c == '%') && !p.is_empty() {
            return Kept::Exact(d.clone());
        }
        if !inner.contains(special) {
            match (p.starts_with('%'), p.ends_with('%') && !p.is_empty()) {
                (false, false) => return d.keep_values(&[Value::text(p)], env.dialect),
                (false, true) => return d.keep_prefix(inner),
                (true, false) => return d.keep_suffix(inner),
                (true, true) => {}
            }
        }
    }
    if redraw != Redraw::Never && !matches!(d, Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. })) {
        let sampler = d.sampler();
        let good = (0..SAMPLES).filter(|i| {
            let v = sampler.draw(&mut CellRng::new(u64::from(*i)));
            t.truth(&OneColumn(column, &v), env) == Ok(Some(true))
        });
        if good.count() * 5 >= SAMPLES as usize * 2 {
            return Kept::Loose(d.clone());
        }
    }
    let insensitive = env.dialect == Dialect::Mysql || matches!(kind, MatchKind::Like { insensitive: true, .. });
    let whole = match kind {
        MatchKind::Regex { .. } => format!("(?s:.*)(?:{})(?s:.*)", search_form(p, kind, env)),
        // a match in the case of the pattern is a match; to exclude, every case counts
        _ if negated && insensitive => format!("(?si)(?:{})", whole_form(p, kind)),
        _ => format!("(?s)(?:{})", whole_form(p, kind)),
    };
    if negated {
        return d.keep_pattern(&format!("(?s).*{}{}{whole}", crate::domain::pattern::AND, crate::domain::pattern::NOT));
    }
    d.keep_pattern(&whole)
}

/// Where `t` holds on a stretch of a range, found by trying: functions that only rise or only fall.
fn bisect(d: &Domain, column: &str, t: &Tree, env: Env) -> Kept {
    const POINTS: i128 = 96;
    let Domain::Range { kind, lo, hi, step, .. } = d else { return Kept::Unknown };
    let step = (*step).max(1);
    let steps = hi.saturating_sub(*lo) / step;
    let holds = |k: i128| {
        let v = of_units(*kind, lo + k * step);
        t.truth(&OneColumn(column, &v), env) == Ok(Some(true))
    };
    if let Some(listed) = list_days(d, *kind, steps, &holds) {
        return listed;
    }
    let at = |i: i128| steps / POINTS * i + steps % POINTS * i / POINTS;
    let tried: Vec<bool> = (0..=POINTS).map(|i| holds(at(i))).collect();
    // the longest run of points that hold
    let mut best: Option<(i128, i128)> = None;
    let mut start = None;
    for i in 0..=POINTS + 1 {
        let on = usize::try_from(i).ok().and_then(|i| tried.get(i).copied()).unwrap_or(false);
        match (on, start) {
            (true, None) => start = Some(i),
            (false, Some(s)) => {
                if best.is_none_or(|(a, b)| i - 1 - s > b - a) {
                    best = Some((s, i - 1));
                }
                start = None;
            }
            _ => {}
        }
    }
    let Some((first, last)) = best else { return Kept::Unknown };
    let edge = |mut out: i128, mut inside: i128| {
        while (out - inside).abs() > 1 {
            let mid = out + (inside - out) / 2;
            if holds(mid) { inside = mid } else { out = mid }
        }
        inside
    };
    let from = if first == 0 { 0 } else { edge(at(first - 1), at(first)) };
    let to = if last == POINTS { steps } else { edge(at(last + 1), at(last)) };
    match d.keep_range(lo + from * step, lo + to * step) {
        Kept::Exact(d) => Kept::Loose(d),
        other => other,
    }
}

/// Days (or other few values) for which it holds, if they can be listed: `extract(dow from day) = 1`.
fn list_days(d: &Domain, kind: RangeKind, steps: i128, holds: &dyn Fn(i128) -> bool) -> Option<Kept> {
    let Domain::Range { lo, step, .. } = d else { return None };
    if kind != RangeKind::Date || steps > 40_000 {
        return None;
    }
    let found: Vec<i128> = (0..=steps).filter(|k| holds(*k)).collect();
    let contiguous = found.windows(2).all(|w| w[1] - w[0] == 1);
    match (found.first(), found.last()) {
        (Some(a), Some(b)) if contiguous => Some(d.keep_range(lo + a * step, lo + b * step)),
        (Some(_), _) if found.len() <= MAX_LISTED => {
            let values = found.iter().map(|k| of_units(kind, lo + k * step)).collect();
            Some(Kept::Exact(Domain::Choice { values, weights: None }))
        }
        (None, _) => Some(Kept::Empty),
        _ => None,
    }
}

/// Smallest and largest value of a domain that has an order.
pub(super) fn bounds(d: &Domain, env: Env) -> Option<(Value, Value)> {
    match d {
        Domain::Range { kind, lo, hi, .. } => Some((of_units(*kind, *lo), of_units(*kind, *hi))),
        Domain::Float { lo, hi, .. } => Some((Value::Float(*lo), Value::Float(*hi))),
        Domain::Choice { values, .. } => {
            if values.iter().any(|v| matches!(v, Value::Text(_))) {
                return None;
            }
            let order = |a: &&Value, b: &&Value| {
                super::super::eval::compare::compare(a, b, env).ok().flatten().unwrap_or(Ordering::Equal)
            };
            Some((values.iter().min_by(order)?.clone(), values.iter().max_by(order)?.clone()))
        }
        _ => None,
    }
}

/// The one value of a domain that has just one.
pub(super) fn single(d: &Domain) -> Option<Value> {
    match d {
        Domain::Choice { values, .. } if values.len() == 1 => values.first().cloned(),
        Domain::Range { kind, lo, hi, .. } if lo == hi => Some(of_units(*kind, *lo)),
        _ => None,
    }
}

/// `v` as the domain writes its values: 5.00 for 5 in a decimal column.
pub(super) fn canonical(d: Option<&Domain>, v: Value) -> Value {
    match d {
        Some(Domain::Range { kind, .. }) => match units(*kind, &v) {
            Some((n, true)) => of_units(*kind, n),
            _ => v,
        },
        _ => v,
    }
}
