//! One atom over one column: the part of the column's domain for which it is TRUE.

pub mod self_comparison;

use super::super::eval::matching::{search_form, whole_form};
use super::super::eval::{Env, OneColumn};
use super::super::expr::{Arith, CastType, Cmp, Expr, Is, MatchKind};
use super::domain_ops::{bisect, union};
use super::invert::{invert, loose};
use super::ranges;
use super::terms::{fold, negated};
use super::text_part::narrow_part;
use crate::builtin::range;
use crate::narrow::{Narrow as _, NarrowTexts as _, Narrowing};
use crate::solver::atom::self_comparison::same_column;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;
use dbmocker_domain::text::TextKind;
use dbmocker_domain::{Domain, JsonKind, RangeKind, Special};

/// Number of draws that are tried before a realistic kind of text is replaced by a pattern.
const SAMPLES: u32 = 48;

/// Whether a value that fails can be drawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryPolicy {
    /// Yes: keep realistic values and draw again those that fail.
    Possible,
    /// Yes, while a row is generated: only fast methods are used.
    Now,
    /// No: only proven results are used.
    Never,
}

impl RetryPolicy {
    /// Values of a range tried one by one.
    fn listed(self) -> u32 {
        if self == RetryPolicy::Now { 64 } else { 4096 }
    }
}

/// The part of `d` on which `t`, whose only column is `column`, is TRUE.
pub(super) fn narrow(d: &Domain, column: &str, t: &Expr, env: Env, redraw: RetryPolicy) -> Narrowing {
    let by_trying =
        |d: &Domain| d.keep_where(redraw.listed(), &|v| t.truth(&OneColumn(column, v), env) == Ok(Some(true)));
    if matches!(d, Domain::Choice { .. }) {
        // Two long lists, compared value by value, would take the product of their lengths.
        return match t {
            Expr::In { expr, list, negated } if bare(expr, column) => {
                match in_list(d, column, expr, list, *negated, env) {
                    Narrowing::Unsupported => by_trying(d),
                    kept => kept,
                }
            }
            _ => by_trying(d),
        };
    }
    let narrowed = match structural(d, column, t, env, redraw) {
        Narrowing::Unsupported => narrow_part(d, column, t, env, redraw),
        kept => kept,
    };
    match narrowed {
        Narrowing::Unsupported => match by_trying(d) {
            Narrowing::Unsupported if redraw == RetryPolicy::Now => Narrowing::Unsupported,
            Narrowing::Unsupported => bisect(d, column, t, env),
            kept => kept,
        },
        // coarse narrowing may leave few enough values to try
        Narrowing::Over(d) => match by_trying(&d) {
            Narrowing::Unsupported => Narrowing::Over(d),
            kept => kept,
        },
        kept => kept,
    }
}

fn structural(d: &Domain, column: &str, t: &Expr, env: Env, redraw: RetryPolicy) -> Narrowing {
    if let Domain::Special(Special::RangeOf { .. }) = d
        && !matches!(t, Expr::And(_) | Expr::Or(_))
    {
        return ranges::narrow(d, column, t, env, redraw);
    }
    match t {
        Expr::And(items) => items.iter().fold(Narrowing::Exact(d.clone()), |kept, t| match kept {
            Narrowing::Exact(d) => narrow(&d, column, t, env, redraw),
            Narrowing::Over(d) => loose(narrow(&d, column, t, env, redraw)),
            other => other,
        }),
        Expr::Or(items) => union_of(items.iter().map(|t| narrow(d, column, t, env, redraw))),
        Expr::Compare { op, left, right } => match (left.mentions(column), right.mentions(column)) {
            (true, true) => same_column(d, *op, left, right, env),
            (true, false) => with_constant(right, env, &|v| invert(d, column, left, *op, v, env)),
            (false, true) => with_constant(left, env, &|v| invert(d, column, right, op.flip(), v, env)),
            (false, false) => Narrowing::Unsupported,
        },
        Expr::In { expr, list, negated } => in_list(d, column, expr, list, *negated, env),
        Expr::Matches { expr, pattern, kind, negated } => match (bare(expr, column), &**pattern) {
            (true, Expr::Literal(p)) if !p.is_null() => {
                let wanted = PatternGoal { pattern: &p.to_string(), kind: *kind, negated: *negated };
                matching(d, column, t, &wanted, env, redraw)
            }
            _ => Narrowing::Unsupported,
        },
        Expr::Quantified { expr, op: Cmp::Eq, array, all } if bare(array, column) => {
            // `5 = ANY (column)`, `5 = ALL (column)`
            with_constant(expr, env, &|v| {
                let only = d.keep_elements(&|e| e.keep_values(std::slice::from_ref(v), env.dialect));
                match only {
                    Narrowing::Exact(d) if *all => Narrowing::Exact(d),
                    Narrowing::Exact(d) => d.keep_items(1, u32::MAX),
                    other => other,
                }
            })
        }
        Expr::Quantified { expr, op: Cmp::Ne, array, all: true } if bare(array, column) => {
            with_constant(expr, env, &|v| d.keep_elements(&|e| e.drop_values(std::slice::from_ref(v), env.dialect)))
        }
        Expr::Quantified { array, .. } if !array.mentions(column) => Narrowing::Unsupported,
        Expr::Is { expr, what: Is::Null, negated } => is_null(d, column, expr, *negated, env),
        Expr::Call { name, args } => call(d, column, name, args, env),
        Expr::Arith { op: op @ (Arith::Contains | Arith::Overlaps), left, right } => {
            sets(d, column, *op, left, right, env)
        }
        Expr::Not(inner) => match &**inner {
            Expr::Arith { op: Arith::Overlaps, left, right } => {
                let other = if bare(left, column) { right } else { left };
                with_constant(other, env, &|v| match v {
                    Value::Array(items) => d.keep_elements(&|e| e.drop_values(items, env.dialect)),
                    _ => Narrowing::Unsupported,
                })
            }
            inner if negated(inner) != *t => narrow(d, column, &negated(inner), env, redraw),
            _ => Narrowing::Unsupported,
        },
        _ => Narrowing::Unsupported,
    }
}

/// `f(column) IS NULL`, or not.
fn is_null(d: &Domain, column: &str, expr: &Expr, negated: bool, env: Env) -> Narrowing {
    match expr {
        Expr::Call { name, args } if matches!(name.as_str(), "array_length" | "array_lower" | "array_ndims") => {
            match args.first() {
                Some(a) if bare(a, column) && negated => d.keep_items(1, u32::MAX),
                Some(a) if bare(a, column) => d.keep_items(0, 0),
                _ => Narrowing::Unsupported,
            }
        }
        // `date(x) IS NOT NULL`: a text that is a date
        Expr::Call { name, args } if negated && name == "time" && args.iter().any(|a| bare(a, column)) => match d {
            Domain::Range { kind: RangeKind::Date | RangeKind::Timestamp | RangeKind::Time, .. } => {
                Narrowing::Exact(d.clone())
            }
            Domain::Text(t) if matches!(t.kind, TextKind::DateText | TextKind::DateTimeText | TextKind::TimeText) => {
                Narrowing::Over(d.clone())
            }
            d => loose(d.keep_kind(TextKind::TimeText)),
        },
        Expr::Call { name, args }
            if negated
                && matches!(name.as_str(), "date" | "datetime" | "julianday" | "unixepoch" | "strftime")
                && args.iter().any(|a| bare(a, column)) =>
        {
            match d {
                Domain::Range { kind: RangeKind::Date | RangeKind::Timestamp, .. } => Narrowing::Exact(d.clone()),
                Domain::Text(t) if matches!(t.kind, TextKind::DateText | TextKind::DateTimeText) => {
                    Narrowing::Over(d.clone())
                }
                d => loose(d.keep_kind(TextKind::DateText)),
            }
        }
        Expr::Call { name, args } if name == "array_position" && args.first().is_some_and(|a| bare(a, column)) => {
            match fold(&args[1], env) {
                // elements are never NULL
                Expr::Literal(Value::Null) if !negated && matches!(d, Domain::Array { .. }) => {
                    Narrowing::Exact(d.clone())
                }
                Expr::Literal(v) if !negated => {
                    d.keep_elements(&|e| e.drop_values(std::slice::from_ref(&v), env.dialect))
                }
                _ => Narrowing::Unsupported,
            }
        }
        _ => Narrowing::Unsupported,
    }
}

/// The column itself, including casts to its own type.
pub(super) fn bare(t: &Expr, column: &str) -> bool {
    match t {
        Expr::Column(c) => c == column,
        Expr::Cast { expr, to: CastType::Text { max_chars: None } | CastType::Other(_) | CastType::Array(_) } => {
            bare(expr, column)
        }
        _ => false,
    }
}

/// `f` of a constant expression's value.
pub(super) fn with_constant(t: &Expr, env: Env, f: &dyn Fn(&Value) -> Narrowing) -> Narrowing {
    match fold(t, env) {
        Expr::Literal(Value::Null) => Narrowing::Empty,
        Expr::Literal(v) => f(&v),
        Expr::Interval { .. } => match t.value(&super::super::eval::NoRow, env) {
            Ok(v) => f(&v),
            Err(_) => Narrowing::Unsupported,
        },
        _ => Narrowing::Unsupported,
    }
}

fn union_of(parts: impl Iterator<Item = Narrowing>) -> Narrowing {
    let mut all: Option<Domain> = None;
    for kept in parts {
        match kept {
            Narrowing::Empty => {}
            Narrowing::Exact(d) => {
                all = Some(match all {
                    None => d,
                    Some(a) => match union(&a, &d) {
                        Some(u) => u,
                        None => return Narrowing::Unsupported,
                    },
                });
            }
            _ => return Narrowing::Unsupported,
        }
    }
    all.map_or(Narrowing::Empty, Narrowing::Exact)
}

fn in_list(d: &Domain, column: &str, expr: &Expr, list: &[Expr], negated: bool, env: Env) -> Narrowing {
    let mut values = vec![];
    for t in list {
        match fold(t, env) {
            Expr::Literal(v) => values.push(v),
            _ => return Narrowing::Unsupported,
        }
    }
    if bare(expr, column) {
        return if negated { d.drop_values(&values, env.dialect) } else { d.keep_values(&values, env.dialect) };
    }
    if negated {
        let each = values.iter().map(|v| Expr::compare(Cmp::Ne, expr.clone(), Expr::Literal(v.clone()))).collect();
        return structural(d, column, &Expr::And(each), env, RetryPolicy::Never);
    }
    if let Expr::Call { name, args } = expr
        && matches!(name.as_str(), "json_typeof" | "jsonb_typeof" | "json_type")
        && args.len() == 1
        && bare(&args[0], column)
    {
        let kinds: Vec<JsonKind> = values.iter().filter_map(json_kind).collect();
        return match (d, values.first()) {
            (Domain::Text(_), Some(first)) => invert(d, column, expr, Cmp::Eq, first, env),
            _ => d.keep_json(&kinds),
        };
    }
    union_of(values.iter().map(|v| invert(d, column, expr, Cmp::Eq, v, env)))
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

fn call(d: &Domain, column: &str, name: &str, args: &[Expr], env: Env) -> Narrowing {
    match (name, args) {
        ("json_valid" | "is_json", [a]) if bare(a, column) => match d {
            Domain::Special(Special::Json { .. } | Special::Document { .. }) => Narrowing::Exact(d.clone()),
            // Another condition defines its format: values are tested to find out whether that is JSON.
            Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. }) => Narrowing::Unsupported,
            d => d.keep_kind(TextKind::Json),
        },
        ("is_ipv4", [a]) if bare(a, column) => d.keep_kind(TextKind::IpAddress),
        ("is_ipv6", [a]) if bare(a, column) => d.keep_kind(TextKind::Ipv6),
        ("is_uuid", [a]) if bare(a, column) => d.keep_kind(TextKind::Uuid),
        ("starts_with", [a, p]) if bare(a, column) => with_constant(p, env, &|v| d.keep_prefix(&v.to_string())),
        ("isempty", _) => Narrowing::Unsupported,
        _ => Narrowing::Unsupported,
    }
}

/// `column @> {...}`, `column <@ {...}`, `column && {...}`.
fn sets(d: &Domain, column: &str, op: Arith, left: &Expr, right: &Expr, env: Env) -> Narrowing {
    let of = |t: &Expr, f: &dyn Fn(&[Value]) -> Narrowing| {
        with_constant(t, env, &|v| match v {
            Value::Array(items) => f(items),
            _ => Narrowing::Unsupported,
        })
    };
    match op {
        Arith::Contains if bare(right, column) && matches!(d, Domain::Range { .. } | Domain::Float { .. }) => {
            with_constant(left, env, &|v| {
                let Some(limits) = range::limits(v) else { return Narrowing::Unsupported };
                limits.iter().fold(Narrowing::Exact(d.clone()), |kept, (op, at)| match kept {
                    Narrowing::Exact(d) => d.keep_compare(*op, at, env.dialect),
                    other => other,
                })
            })
        }
        Arith::Contains if bare(right, column) => of(left, &|v| d.keep_elements(&|e| e.keep_values(v, env.dialect))),
        Arith::Contains if bare(left, column) => of(right, &|v| match v {
            [] => Narrowing::Exact(d.clone()),
            [one] => match d.keep_elements(&|e| e.keep_values(std::slice::from_ref(one), env.dialect)) {
                Narrowing::Exact(d) => d.keep_items(1, u32::MAX),
                other => other,
            },
            several => Narrowing::Exact(Domain::Choice { values: vec![Value::Array(several.to_vec())], weights: None }),
        }),
        Arith::Overlaps => {
            let other = if bare(left, column) { right } else { left };
            of(other, &|v| match d.keep_elements(&|e| e.keep_values(v, env.dialect)) {
                Narrowing::Exact(d) => d.keep_items(1, u32::MAX),
                other => other,
            })
        }
        _ => Narrowing::Unsupported,
    }
}

/// A constant pattern that a text must match, or must not match.
struct PatternGoal<'a> {
    pattern: &'a str,
    kind: MatchKind,
    negated: bool,
}

/// `t`, by which the column matches the `wanted` pattern.
fn matching(d: &Domain, column: &str, t: &Expr, wanted: &PatternGoal<'_>, env: Env, redraw: RetryPolicy) -> Narrowing {
    let PatternGoal { pattern: p, kind, negated } = *wanted;
    if let (MatchKind::Like { escape, .. }, false) = (kind, negated) {
        let special = |c: char| c == '%' || c == '_' || Some(c) == escape;
        let inner = p.trim_matches('%');
        if p.chars().all(|c| c == '%') && !p.is_empty() {
            return Narrowing::Exact(d.clone());
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
    if redraw != RetryPolicy::Never && !matches!(d, Domain::Text(t) if matches!(t.kind, TextKind::Pattern { .. })) {
        let sampler = d.sampler();
        let good = (0..SAMPLES).filter(|i| {
            let v = sampler.draw(&mut CellRng::new(u64::from(*i)));
            t.truth(&OneColumn(column, &v), env) == Ok(Some(true))
        });
        if good.count() * 5 >= SAMPLES as usize * 2 {
            return Narrowing::Over(d.clone());
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
        return d.keep_pattern(&format!(
            "(?s).*{}{}{whole}",
            dbmocker_domain::pattern::AND,
            dbmocker_domain::pattern::NOT
        ));
    }
    d.keep_pattern(&whole)
}
