//! Properties of terms: propagation of NULL, negation, constant parts.

use super::super::eval::{Env, NoRow};
use super::super::expr::{Arith, Cmp, Expr};
use crate::builtin::propagates_null;
use dbmocker_core::value::Value;

/// NULL for all values of the columns.
pub(super) fn always_null(t: &Expr) -> bool {
    match t {
        Expr::Literal(v) => v.is_null(),
        Expr::Neg(e) | Expr::Cast { expr: e, .. } | Expr::Not(e) => always_null(e),
        Expr::Compare { left, right, .. } | Expr::Arith { left, right, .. } => always_null(left) || always_null(right),
        Expr::Matches { expr, pattern, .. } => always_null(expr) || always_null(pattern),
        Expr::In { expr, .. } | Expr::Quantified { expr, .. } => always_null(expr),
        Expr::Call { name, args } => propagates_null(name) && args.iter().any(always_null),
        _ => false,
    }
}

/// NULL whenever `column` is: then TRUE means that it is not.
pub(super) fn strict_in(t: &Expr, column: &str) -> bool {
    match t {
        Expr::Column(c) => c == column,
        Expr::Literal(_) | Expr::Interval { .. } => false,
        Expr::Neg(e) | Expr::Cast { expr: e, .. } | Expr::Not(e) => strict_in(e, column),
        Expr::Compare { left, right, .. } | Expr::Arith { left, right, .. } => {
            strict_in(left, column) || strict_in(right, column)
        }
        Expr::Matches { expr, pattern, .. } => strict_in(expr, column) || strict_in(pattern, column),
        Expr::In { expr, .. } | Expr::Quantified { expr, .. } => strict_in(expr, column),
        Expr::Call { name, args } if propagates_null(name) => args.iter().any(|a| strict_in(a, column)),
        // the first argument being NULL makes it NULL
        Expr::Call { name, args } if name == "nullif" => args.first().is_some_and(|a| strict_in(a, column)),
        _ => false,
    }
}

/// `NOT t` for an atom.
pub(super) fn negated(t: &Expr) -> Expr {
    match t {
        Expr::Compare { op, left, right } => {
            Expr::Compare { op: op.negate(), left: left.clone(), right: right.clone() }
        }
        Expr::In { expr, list, negated } => Expr::In { expr: expr.clone(), list: list.clone(), negated: !negated },
        Expr::Is { expr, what, negated } => Expr::Is { expr: expr.clone(), what: *what, negated: !negated },
        Expr::Matches { expr, pattern, kind, negated } => {
            Expr::Matches { expr: expr.clone(), pattern: pattern.clone(), kind: *kind, negated: !negated }
        }
        Expr::Quantified { expr, op, array, all } => {
            Expr::Quantified { expr: expr.clone(), op: op.negate(), array: array.clone(), all: !all }
        }
        Expr::Not(e) => (**e).clone(),
        t => Expr::Not(Box::new(t.clone())),
    }
}

/// Splits `abs(x) > n` into both sides of 0.
pub(super) fn absolute(op: Cmp, left: &Expr, right: &Expr, env: Env) -> Option<Expr> {
    let Expr::Call { name, args } = left else { return None };
    let (true, [x], Expr::Literal(n)) = (name == "abs", args.as_slice(), fold(right, env)) else { return None };
    let minus = Expr::Neg(Box::new(right.clone())).value(&NoRow, env).ok()?;
    let positive = super::super::eval::compare::compare(&n, &Value::Int(0), env).ok()??.is_gt();
    if !positive || !matches!(op, Cmp::Gt | Cmp::Ge) {
        return None;
    }
    let above = Expr::compare(op, x.clone(), Expr::Literal(n));
    Some(Expr::Or(vec![above, Expr::compare(op.flip(), x.clone(), Expr::Literal(minus))]))
}

/// Comparisons of columns in canonical form, so that equal and opposite ones are recognised.
pub(super) fn oriented(t: Expr) -> Expr {
    match t {
        Expr::Compare { op, left, right } => match (&*left, &*right) {
            (Expr::Column(a), Expr::Column(b)) if a > b => Expr::Compare { op: op.flip(), left: right, right: left },
            _ => Expr::Compare { op, left, right },
        },
        t => t,
    }
}

/// Row comparison field by field.
pub(super) fn rows(op: Cmp, l: &[Expr], r: &[Expr]) -> Option<Expr> {
    if l.len() != r.len() || l.is_empty() {
        return None;
    }
    let pairs = || l.iter().zip(r);
    Some(match op {
        Cmp::Eq => Expr::And(pairs().map(|(a, b)| Expr::compare(Cmp::Eq, a.clone(), b.clone())).collect()),
        Cmp::Ne => Expr::Or(pairs().map(|(a, b)| Expr::compare(Cmp::Ne, a.clone(), b.clone())).collect()),
        op => {
            let strict = match op {
                Cmp::Le => Cmp::Lt,
                Cmp::Ge => Cmp::Gt,
                op => op,
            };
            let last = l.len() - 1;
            let at = |i: usize| {
                let mut parts: Vec<Expr> = (0..i).map(|j| Expr::compare(Cmp::Eq, l[j].clone(), r[j].clone())).collect();
                parts.push(Expr::compare(if i == last { op } else { strict }, l[i].clone(), r[i].clone()));
                Expr::And(parts)
            };
            Expr::Or((0..=last).map(at).collect())
        }
    })
}

/// Evaluates constant parts, as far as possible.
pub(super) fn fold(t: &Expr, env: Env) -> Expr {
    folded(t.map_children(&mut |c| fold(c, env)), env)
}

/// The expression with the known values of a row in their places, folded.
pub(super) fn bound(t: &Expr, values: &[Option<Value>], env: Env) -> Expr {
    match t {
        Expr::Place(place) => values[*place].clone().map_or_else(|| t.clone(), Expr::Literal),
        t => folded(t.map_children(&mut |c| bound(c, values, env)), env),
    }
}

/// Evaluates an expression of folded parts, if they are constant.
fn folded(t: Expr, env: Env) -> Expr {
    match &t {
        Expr::Literal(_) | Expr::Interval { .. } | Expr::Column(_) | Expr::Place(_) | Expr::Row(_) => t,
        // an interval's months have a meaning only in date arithmetic
        _ if t.children().iter().any(|c| matches!(c, Expr::Interval { .. }))
            && !t.children().iter().any(|c| matches!(c, Expr::Literal(_))) =>
        {
            t
        }
        _ if t.children().iter().all(|c| matches!(c, Expr::Literal(_) | Expr::Interval { .. })) => {
            match t.value(&NoRow, env) {
                Ok(v) => Expr::Literal(v),
                Err(_) => t,
            }
        }
        Expr::Arith { op: Arith::Mul, left, right } => match (&**left, &**right) {
            // `n * INTERVAL '1 day'`
            (Expr::Literal(Value::Int(n)), Expr::Interval { months, micros })
            | (Expr::Interval { months, micros }, Expr::Literal(Value::Int(n))) => {
                match (
                    i32::try_from(*n).ok().and_then(|n| months.checked_mul(n)),
                    i64::try_from(*n).ok().and_then(|n| micros.checked_mul(n)),
                ) {
                    (Some(months), Some(micros)) => Expr::Interval { months, micros },
                    _ => t,
                }
            }
            _ => t,
        },
        _ => t,
    }
}
