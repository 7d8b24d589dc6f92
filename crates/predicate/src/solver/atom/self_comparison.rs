//! A column compared with a function of itself.

use super::bare;
use crate::builtin::builtin;
use crate::eval::{Env, unit_micros};
use crate::expr::{CastType, Cmp, Expr};
use crate::narrow::{Narrow as _, NarrowTexts as _, Narrowing};
use crate::solver::invert::calls::ColumnCall;
use crate::solver::invert::trimmed;
use dbmocker_core::time::{MICROS_PER_DAY, civil};
use dbmocker_core::value::Value;
use dbmocker_domain::text::{Case, TextKind};
use dbmocker_domain::{Domain, RangeKind};

/// Comparisons of a column with a function of itself: `x = lower(x)`, `date_trunc('minute', x) = x`.
pub(super) fn same_column(d: &Domain, op: Cmp, left: &Expr, right: &Expr, env: Env) -> Narrowing {
    let Some(column) = left.columns().into_iter().next() else { return Narrowing::Unsupported };
    let (f, op) = match (bare(left, &column), bare(right, &column)) {
        (true, true) => {
            return if matches!(op, Cmp::Eq | Cmp::Le | Cmp::Ge) {
                Narrowing::Exact(d.clone())
            } else {
                Narrowing::Empty
            };
        }
        (true, false) => (right, op),
        (false, true) => (left, op.flip()),
        (false, false) => return Narrowing::Unsupported,
    };
    if op != Cmp::Eq {
        return Narrowing::Unsupported;
    }
    let f = match f {
        // a date truncated is a timestamp cast back
        Expr::Cast {
            expr,
            to: CastType::Date | CastType::Timestamp | CastType::Text { max_chars: None } | CastType::Other(_),
        } => expr,
        f => f,
    };
    match f {
        Expr::Call { name, args } => unchanged_by(d, &column, name, args, env),
        _ => Narrowing::Unsupported,
    }
}

/// The values of a column that a call does not change.
pub type Unchanged = fn(&ColumnCall<'_>) -> Narrowing;

/// Values that a function does not change, by its entry.
fn unchanged_by(d: &Domain, column: &str, name: &str, args: &[Expr], env: Env) -> Narrowing {
    match builtin(name).filter(|b| b.accepts(args.len())).and_then(|b| b.unchanged) {
        Some(unchanged) => unchanged(&ColumnCall { d, column, name, args, env }),
        None => Narrowing::Unsupported,
    }
}

pub fn lower(c: &ColumnCall<'_>) -> Narrowing {
    cased(c, Case::Lower)
}

pub fn upper(c: &ColumnCall<'_>) -> Narrowing {
    cased(c, Case::Upper)
}

/// `lower(x)`, `lower(btrim(x))`.
fn cased(c: &ColumnCall<'_>, case: Case) -> Narrowing {
    match c.args {
        [a] if bare(a, c.column) => c.d.keep_case(case),
        [Expr::Call { name, args }] if args.len() == 1 && bare(&args[0], c.column) && name.ends_with("trim") => {
            match trimmed(c.d) {
                Narrowing::Exact(d) => d.keep_case(case),
                other => other,
            }
        }
        _ => Narrowing::Unsupported,
    }
}

/// `btrim(x)`, `btrim(lower(x))`.
pub fn trim(c: &ColumnCall<'_>) -> Narrowing {
    match c.args {
        [a] if bare(a, c.column) => trimmed(c.d),
        [Expr::Call { name, args }] if c.name == "btrim" && args.len() == 1 && bare(&args[0], c.column) => {
            match name.as_str() {
                "lower" => c.d.keep_case(Case::Lower),
                "upper" => c.d.keep_case(Case::Upper),
                _ => Narrowing::Unsupported,
            }
        }
        _ => Narrowing::Unsupported,
    }
}

pub fn initcap(c: &ColumnCall<'_>) -> Narrowing {
    if c.own() { c.d.keep_pattern("[A-Z][a-z]+(?: [A-Z][a-z]+)*") } else { Narrowing::Unsupported }
}

pub fn abs(c: &ColumnCall<'_>) -> Narrowing {
    if c.own() { c.d.keep_compare(Cmp::Ge, &Value::Int(0), c.env.dialect) } else { Narrowing::Unsupported }
}

/// Numbers that rounding to this many digits does not change.
pub fn rounded(c: &ColumnCall<'_>) -> Narrowing {
    let digits = match (c.args.len(), c.constant(1)) {
        _ if !c.own() => return Narrowing::Unsupported,
        (_, Some(Value::Int(n))) => n,
        (1, _) => 0,
        _ => return Narrowing::Unsupported,
    };
    let d = c.d;
    match d {
        Domain::Range { kind: RangeKind::Decimal { scale }, .. } => {
            let drop = u32::try_from(i128::from(*scale) - digits).unwrap_or(0);
            10i128.checked_pow(drop).map_or(Narrowing::Unsupported, |m| d.keep_step(m, 0))
        }
        Domain::Range { kind: RangeKind::Int, .. } if digits >= 0 => Narrowing::Exact(d.clone()),
        _ => Narrowing::Unsupported,
    }
}

/// `date(x)`, `datetime(x)`, `time(x)`.
pub fn dated(c: &ColumnCall<'_>) -> Narrowing {
    if c.own() && c.args.len() == 1 { dates(c.d, c.name) } else { Narrowing::Unsupported }
}

/// `strftime(format, x)`.
pub fn strftime(c: &ColumnCall<'_>) -> Narrowing {
    match c.args {
        [Expr::Literal(Value::Text(f)), a] if bare(a, c.column) => match f.as_str() {
            "%Y-%m-%d" | "%F" => dates(c.d, "date"),
            "%Y-%m-%d %H:%M:%S" => dates(c.d, "datetime"),
            "%H:%M:%S" => dates(c.d, "time"),
            f => moment_pattern(f, c.env.now).map_or(Narrowing::Unsupported, |pattern| c.d.keep_pattern(&pattern)),
        },
        _ => Narrowing::Unsupported,
    }
}

/// Texts (or dates) that SQLite reads as a date, a timestamp or a time.
fn dates(d: &Domain, what: &str) -> Narrowing {
    match (d, what) {
        (Domain::Range { kind: RangeKind::Date, .. }, "date") => Narrowing::Exact(d.clone()),
        (Domain::Range { kind: RangeKind::Timestamp, .. }, "datetime") => d.keep_step(1_000_000, 0),
        (_, "date") => d.keep_kind(TextKind::DateText),
        (_, "datetime") => d.keep_kind(TextKind::DateTimeText),
        _ => d.keep_kind(TextKind::TimeText),
    }
}

/// The number of past years from which moments of a format are taken.
const YEARS: i32 = 3;

/// The texts of recent moments, or times of day, in a format that SQLite reads as well as it writes it:
/// `%Y-%m-%dT%H:%M:%SZ`, `%H:%M`.
fn moment_pattern(format: &str, now: i64) -> Option<String> {
    let format = format.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S");
    let (clock, end) = format.strip_suffix('Z').map_or((&*format, ""), |clock| (clock, "Z"));
    let (day, clock) = match clock.strip_prefix("%Y-%m-%d") {
        None => (String::new(), clock),
        Some(rest) => {
            let (separator, clock) = rest.split_at_checked(1).filter(|(s, _)| matches!(*s, "T" | " "))?;
            let (year, ..) = civil(i32::try_from(now.div_euclid(MICROS_PER_DAY)).ok()?);
            let years: Vec<String> = (year - YEARS..year).map(|y| format!("{y:04}")).collect();
            // Every month has 28 days.
            (format!("({})-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]){separator}", years.join("|")), clock)
        }
    };
    let clock = match clock {
        "%H:%M" => "([01][0-9]|2[0-3]):[0-5][0-9]",
        "%H:%M:%S" => "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
        "%H:%M:%f" => r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}",
        _ => return None,
    };
    Some(format!("{day}{clock}{end}"))
}

/// `date_trunc(unit, x)`.
pub fn truncated(c: &ColumnCall<'_>) -> Narrowing {
    let (d, unit) = match c.args {
        [Expr::Literal(Value::Text(unit)), a] if bare(a, c.column) => (c.d, unit.as_str()),
        _ => return Narrowing::Unsupported,
    };
    let size = unit_micros(unit);
    match (d, size) {
        (Domain::Range { kind: RangeKind::Timestamp | RangeKind::Interval | RangeKind::Time, .. }, Some(m)) => {
            d.keep_step(i128::from(m), 0)
        }
        (Domain::Range { kind: RangeKind::Date, .. }, Some(_)) => Narrowing::Exact(d.clone()),
        (Domain::Range { kind: RangeKind::Date, .. }, None) if unit == "week" => d.keep_step(7, 4),
        _ => Narrowing::Unsupported,
    }
}
