//! Maps function names of the three servers to canonical names.

use super::eval::lookahead::{Condition, leading};
use super::expr::{Arith, CastType, Expr, Is, MatchKind};
use crate::builtin::canonical_name;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

/// Whether an expression is a text constant.
fn is_text(e: &Expr) -> bool {
    match e {
        Expr::Literal(v) => matches!(v, Value::Text(_)),
        Expr::Cast { expr, to: CastType::Text { .. } } => is_text(expr),
        _ => false,
    }
}

/// The call of `name`, as an operator if one exists, otherwise under the name of its entry in the registry.
pub(super) fn canonical(name: &str, mut args: Vec<Expr>, d: Dialect) -> Expr {
    match (name, args.len()) {
        ("position", 2) | ("locate", 2) => {
            args.swap(0, 1);
            Expr::call("strpos", args)
        }
        ("json_exists", 2) if d == Dialect::Mysql => {
            let path = args.get(1).and_then(Expr::literal).map(ToString::to_string);
            let key = path.as_deref().and_then(|p| p.strip_prefix("$."));
            if let Some(key) = key.filter(|k| k.chars().all(|c| c.is_alphanumeric() || c == '_')) {
                args[1] = Expr::Literal(Value::text(key));
                return Expr::call("json_has_key", args);
            }
            // An existing member, even JSON's null, is not NULL.
            Expr::Is { expr: Box::new(Expr::call("json_extract", args)), what: Is::Null, negated: true }
        }
        ("substring" | "substr", 2) if d == Dialect::Postgres && is_text(&args[1]) => {
            Expr::call("substring_of_pattern", args)
        }
        ("if" | "iif", 3) => {
            let otherwise = args.pop().map(Box::new);
            let then = args.pop().unwrap_or(Expr::Literal(Value::Null));
            let when = args.pop().unwrap_or(Expr::Literal(Value::Null));
            Expr::Case { operand: None, whens: vec![(when, then)], otherwise }
        }
        ("pow", 2) => pair(args, Arith::Pow),
        ("power", 2) => pair(args, Arith::Pow),
        ("mod", 2) => pair(args, Arith::Mod),
        ("max", n) if n > 1 && d == Dialect::Sqlite => Expr::call("greatest", args),
        ("min", n) if n > 1 && d == Dialect::Sqlite => Expr::call("least", args),
        ("regexp_like", 2 | 3) => {
            let flags = match args.get(2).and_then(Expr::literal) {
                Some(Value::Text(t)) => t.clone(),
                _ => String::new(),
            };
            let insensitive = flags.contains('i') || (d == Dialect::Mysql && !flags.contains('c'));
            matching(args, MatchKind::Regex { insensitive })
        }
        ("textregexeq", 2) => matching(args, MatchKind::Regex { insensitive: false }),
        ("glob", 2) if d == Dialect::Sqlite => {
            args.swap(0, 1);
            matching(args, MatchKind::Glob)
        }
        ("like", 2) if d == Dialect::Sqlite => {
            args.swap(0, 1);
            matching(args, MatchKind::Like { insensitive: true, escape: None })
        }
        ("regexp", 2) if d == Dialect::Sqlite => {
            args.swap(0, 1);
            matching(args, MatchKind::Regex { insensitive: false })
        }
        ("year" | "month" | "day" | "hour" | "minute" | "second" | "quarter" | "week" | "microsecond", 1) => {
            args.pop().map_or(Expr::Literal(Value::Null), |e| date_part(name, e))
        }
        ("dayofmonth", 1) => args.pop().map_or(Expr::Literal(Value::Null), |e| date_part("day", e)),
        ("dayofyear", 1) => args.pop().map_or(Expr::Literal(Value::Null), |e| date_part("doy", e)),
        ("date_add" | "adddate", 2) => pair(args, Arith::Add),
        ("date_sub" | "subdate", 2) => pair(args, Arith::Sub),
        (
            "now"
            | "current_timestamp"
            | "localtimestamp"
            | "transaction_timestamp"
            | "statement_timestamp"
            | "clock_timestamp"
            | "sysdate"
            | "utc_timestamp",
            0 | 1,
        ) => Expr::call("now", vec![]),
        ("current_date" | "curdate" | "utc_date", 0) => Expr::call("current_date", vec![]),
        ("current_time" | "curtime" | "localtime" | "utc_time", 0 | 1) => Expr::call("current_time", vec![]),
        _ => Expr::call(canonical_name(name, d).unwrap_or(name), args),
    }
}

fn pair(mut args: Vec<Expr>, op: Arith) -> Expr {
    let right = args.pop().unwrap_or(Expr::Literal(Value::Null));
    let left = args.pop().unwrap_or(Expr::Literal(Value::Null));
    Expr::arith(op, left, right)
}

/// A match of a text with a pattern; one that begins with look-ahead is several.
pub(super) fn matching(mut args: Vec<Expr>, kind: MatchKind) -> Expr {
    args.truncate(2);
    let pattern = args.pop().unwrap_or(Expr::Literal(Value::Null));
    let expr = args.pop().unwrap_or(Expr::Literal(Value::Null));
    match (kind, constant_text(&pattern).and_then(leading)) {
        (MatchKind::Regex { .. }, Some(conditions)) => {
            let condition = |c: Condition| Expr::Matches {
                expr: Box::new(expr.clone()),
                pattern: Box::new(Expr::Literal(Value::Text(c.pattern))),
                kind,
                negated: c.negative,
            };
            Expr::And(conditions.into_iter().map(condition).collect())
        }
        _ => Expr::Matches { expr: Box::new(expr), pattern: Box::new(pattern), kind, negated: false },
    }
}

/// A constant text, also one that is cast to a type of texts.
fn constant_text(e: &Expr) -> Option<&str> {
    match e {
        Expr::Literal(Value::Text(text)) => Some(text),
        Expr::Cast { expr, to: CastType::Text { max_chars: None } } => constant_text(expr),
        Expr::Cast { expr, to: CastType::Other(name) } if name == "citext" => constant_text(expr),
        _ => None,
    }
}

pub(super) fn date_part(field: &str, from: Expr) -> Expr {
    Expr::call("date_part", vec![Expr::Literal(Value::Text(field.to_lowercase())), from])
}
