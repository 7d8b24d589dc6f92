//! One atom over one column: which part of the column's domain makes it TRUE.

mod itself;

use self::itself::same_column;
use super::super::eval::matching::{search_form, whole_form};
use super::super::eval::{Env, OneColumn};
use super::super::tree::{Arith, CastType, Cmp, Is, MatchKind, Tree};
use super::isolate::{isolate, loose};
use super::listing::{bisect, union};
use super::ranges;
use super::terms::{fold, negated};
use crate::domain::text::TextKind;
use crate::domain::{Domain, JsonKind, RangeKind, Special};
use crate::predicate::narrow::Kept;
use crate::schema::Dialect;
use crate::stream::CellRng;
use crate::value::Value;

/// Draws looked at before a realistic kind of text is given up for a pattern.
const SAMPLES: u32 = 48;

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
    if let Domain::Special(Special::RangeOf { .. }) = d
        && !matches!(t, Tree::And(_) | Tree::Or(_))
    {
        return ranges::narrow(d, column, t, env, redraw);
    }
    match t {
        Tree::And(items) => items.iter().fold(Kept::Exact(d.clone()), |kept, t| match kept {
            Kept::Exact(d) => narrow(&d, column, t, env, redraw),
            Kept::Loose(d) => loose(narrow(&d, column, t, env, redraw)),
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
                let wanted = Wanted { pattern: &p.to_string(), kind: *kind, negated: *negated };
                matching(d, column, t, &wanted, env, redraw)
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
        Tree::Is { expr, what: Is::Null, negated } => is_null(d, column, expr, *negated, env),
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
            _ => Kept::Unknown,
        },
        _ => Kept::Unknown,
    }
}

/// `f(column) IS NULL`, or not.
fn is_null(d: &Domain, column: &str, expr: &Tree, negated: bool, env: Env) -> Kept {
    match expr {
        Tree::Call { name, args } if matches!(name.as_str(), "array_length" | "array_lower" | "array_ndims") => {
            match args.first() {
                Some(a) if bare(a, column) && negated => d.keep_items(1, u32::MAX),
                Some(a) if bare(a, column) => d.keep_items(0, 0),
                _ => Kept::Unknown,
            }
        }
        // `date(x) IS NOT NULL`: a text that is a date
        Tree::Call { name, args } if negated && name == "time" && args.iter().any(|a| bare(a, column)) => match d {
            Domain::Range { kind: RangeKind::Date | RangeKind::Timestamp | RangeKind::Time, .. } => {
                Kept::Exact(d.clone())
            }
            Domain::Text(t) if matches!(t.kind, TextKind::DateText | TextKind::DateTimeText | TextKind::TimeText) => {
                Kept::Loose(d.clone())
            }
            d => loose(d.keep_kind(TextKind::TimeText)),
        },
        Tree::Call { name, args }
            if negated
                && matches!(name.as_str(), "date" | "datetime" | "julianday" | "unixepoch" | "strftime")
                && args.iter().any(|a| bare(a, column)) =>
        {
            match d {
                Domain::Range { kind: RangeKind::Date | RangeKind::Timestamp, .. } => Kept::Exact(d.clone()),
                Domain::Text(t) if matches!(t.kind, TextKind::DateText | TextKind::DateTimeText) => {
                    Kept::Loose(d.clone())
                }
                d => loose(d.keep_kind(TextKind::DateText)),
            }
        }
        Tree::Call { name, args } if name == "array_position" && args.first().is_some_and(|a| bare(a, column)) => {
            match fold(&args[1], env) {
                // elements are never NULL
                Tree::Literal(Value::Null) if !negated && matches!(d, Domain::Array { .. }) => Kept::Exact(d.clone()),
                Tree::Literal(v) if !negated => {
                    d.keep_elements(&|e| e.drop_values(std::slice::from_ref(&v), env.dialect))
                }
                _ => Kept::Unknown,
            }
        }
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

fn call(d: &Domain, column: &str, name: &str, args: &[Tree], env: Env) -> Kept {
    match (name, args) {
        ("json_valid" | "is_json", [a]) if bare(a, column) => match d {
            Domain::Special(Special::Json { .. }) => Kept::Exact(d.clone()),
            // Another condition says what it looks like: whether that is JSON is found by trying.
            Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. }) => Kept::Unknown,
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

/// A constant pattern that a text is to match, or not.
struct Wanted<'a> {
    pattern: &'a str,
    kind: MatchKind,
    negated: bool,
}

/// `t`, which says that the column matches what is `wanted`.
fn matching(d: &Domain, column: &str, t: &Tree, wanted: &Wanted<'_>, env: Env, redraw: Redraw) -> Kept {
    let Wanted { pattern: p, kind, negated } = *wanted;
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
