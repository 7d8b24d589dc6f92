//! Maps function names of the three servers to canonical names.

use super::expr::{Arith, Expr, Is, MatchKind};
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

/// The call of `name`, as an operator if one exists, otherwise under its canonical name.
pub(super) fn canonical(name: &str, mut args: Vec<Expr>, d: Dialect) -> Expr {
    match (name, args.len()) {
        ("length" | "lengthb", 1) if d == Dialect::Mysql => Expr::call("octet_length", args),
        ("length" | "char_length" | "character_length" | "len", 1) => Expr::call("length", args),
        ("lcase", 1) => Expr::call("lower", args),
        ("ucase", 1) => Expr::call("upper", args),
        ("trim", 1 | 2) => Expr::call("btrim", args),
        ("substring" | "mid", 2 | 3) => Expr::call("substr", args),
        ("instr", 2) => Expr::call("strpos", args),
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
        ("ifnull" | "nvl", 2) => Expr::call("coalesce", args),
        ("if" | "iif", 3) => {
            let otherwise = args.pop().map(Box::new);
            let then = args.pop().unwrap_or(Expr::Literal(Value::Null));
            let when = args.pop().unwrap_or(Expr::Literal(Value::Null));
            Expr::Case { operand: None, whens: vec![(when, then)], otherwise }
        }
        ("ceiling", 1) => Expr::call("ceil", args),
        ("truncate", 1 | 2) => Expr::call("trunc", args),
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
        ("array_upper", 2) => Expr::call("array_length", args),
        _ => Expr::call(name, args),
    }
}

fn pair(mut args: Vec<Expr>, op: Arith) -> Expr {
    let right = args.pop().unwrap_or(Expr::Literal(Value::Null));
    let left = args.pop().unwrap_or(Expr::Literal(Value::Null));
    Expr::arith(op, left, right)
}

fn matching(mut args: Vec<Expr>, kind: MatchKind) -> Expr {
    args.truncate(2);
    let pattern = args.pop().unwrap_or(Expr::Literal(Value::Null));
    let expr = args.pop().unwrap_or(Expr::Literal(Value::Null));
    Expr::Matches { expr: Box::new(expr), pattern: Box::new(pattern), kind, negated: false }
}

pub(super) fn date_part(field: &str, from: Expr) -> Expr {
    Expr::call("date_part", vec![Expr::Literal(Value::Text(field.to_lowercase())), from])
}
