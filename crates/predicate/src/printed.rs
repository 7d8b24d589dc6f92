//! Prints expressions for plans and messages: similar to SQL, but not for building statements.

use std::fmt;

use super::expr::{Arith, CastType, Cmp, Expr, Is, MatchKind};
use dbmocker_core::value::Value;

fn list(f: &mut fmt::Formatter<'_>, items: &[Expr], sep: &str) -> fmt::Result {
    for (i, e) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(sep)?;
        }
        write!(f, "{e}")?;
    }
    Ok(())
}

impl fmt::Display for Cmp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cmp::Eq => "=",
            Cmp::Ne => "<>",
            Cmp::Lt => "<",
            Cmp::Le => "<=",
            Cmp::Gt => ">",
            Cmp::Ge => ">=",
        })
    }
}

impl fmt::Display for Arith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Arith::Add => "+",
            Arith::Sub => "-",
            Arith::Mul => "*",
            Arith::Div => "/",
            Arith::IntDiv => "DIV",
            Arith::Mod => "%",
            Arith::Concat => "||",
            Arith::BitAnd => "&",
            Arith::BitOr => "|",
            Arith::BitXor => "#",
            Arith::Shl => "<<",
            Arith::Shr => ">>",
            Arith::Pow => "^",
            Arith::JsonGet => "->",
            Arith::JsonGetText => "->>",
            Arith::Overlaps => "&&",
            Arith::Contains => "@>",
        })
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = |n: &bool| if *n { "NOT " } else { "" };
        match self {
            Expr::Literal(v @ (Value::Null | Value::Bool(_) | Value::Int(_) | Value::Decimal { .. })) => {
                write!(f, "{v}")
            }
            Expr::Literal(v) => write!(f, "'{v}'"),
            Expr::Interval { months, micros } => {
                write!(f, "INTERVAL '{months} months {}'", dbmocker_core::time::interval_text(*micros))
            }
            Expr::Column(c) => f.write_str(c),
            Expr::Place(place) => write!(f, "column {place}"),
            Expr::Not(e) => write!(f, "NOT ({e})"),
            Expr::Neg(e) => write!(f, "-({e})"),
            Expr::And(v) | Expr::Or(v) => {
                f.write_str("(")?;
                list(f, v, if matches!(self, Expr::And(_)) { " AND " } else { " OR " })?;
                f.write_str(")")
            }
            Expr::Compare { op, left, right } => write!(f, "{left} {op} {right}"),
            Expr::Same { left, right, same } => write!(f, "{left} IS {}DISTINCT FROM {right}", not(same)),
            Expr::Is { expr, what, negated } => {
                let what = match what {
                    Is::Null => "NULL",
                    Is::True => "TRUE",
                    Is::False => "FALSE",
                };
                write!(f, "({expr}) IS {}{what}", not(negated))
            }
            Expr::In { expr, list: items, negated } => {
                write!(f, "{expr} {}IN (", not(negated))?;
                list(f, items, ", ")?;
                f.write_str(")")
            }
            Expr::Quantified { expr, op, array, all } => {
                write!(f, "{expr} {op} {}({array})", if *all { "ALL" } else { "ANY" })
            }
            Expr::Matches { expr, pattern, kind, negated } => {
                let word = match kind {
                    MatchKind::Like { insensitive: false, .. } => "LIKE",
                    MatchKind::Like { .. } => "ILIKE",
                    MatchKind::Similar { .. } => "SIMILAR TO",
                    MatchKind::Regex { insensitive: false } => "~",
                    MatchKind::Regex { .. } => "~*",
                    MatchKind::Glob => "GLOB",
                };
                write!(f, "{expr} {}{word} {pattern}", not(negated))
            }
            Expr::Arith { op, left, right } => write!(f, "({left} {op} {right})"),
            Expr::Call { name, args } => {
                write!(f, "{name}(")?;
                list(f, args, ", ")?;
                f.write_str(")")
            }
            Expr::Case { operand, whens, otherwise } => {
                f.write_str("CASE")?;
                operand.iter().try_for_each(|e| write!(f, " {e}"))?;
                whens.iter().try_for_each(|(c, r)| write!(f, " WHEN {c} THEN {r}"))?;
                otherwise.iter().try_for_each(|e| write!(f, " ELSE {e}"))?;
                f.write_str(" END")
            }
            Expr::Cast { expr, to: CastType::Other(name) } => write!(f, "({expr})::{name}"),
            Expr::Cast { expr, to } => write!(f, "({expr})::{}", format!("{to:?}").to_lowercase()),
            Expr::Array(v) => {
                f.write_str("ARRAY[")?;
                list(f, v, ", ")?;
                f.write_str("]")
            }
            Expr::Row(v) => {
                f.write_str("(")?;
                list(f, v, ", ")?;
                f.write_str(")")
            }
        }
    }
}
