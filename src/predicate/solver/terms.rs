//! Small facts about terms: where NULL goes, what the opposite is, which parts are constant.

use super::super::eval::{Env, NoRow};
use super::super::tree::{Arith, Cmp, Tree};
use crate::value::Value;

/// NULL if and only if an argument is.
pub(super) fn strict(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "lower",
        "upper",
        "initcap",
        "length",
        "octet_length",
        "bit_length",
        "btrim",
        "ltrim",
        "rtrim",
        "substr",
        "left",
        "right",
        "strpos",
        "replace",
        "reverse",
        "abs",
        "sign",
        "round",
        "floor",
        "ceil",
        "trunc",
        "date_trunc",
        "date_part",
        "starts_with",
        "cardinality",
        "now",
        "current_date",
        "repeat",
        "lpad",
        "rpad",
        "age",
    ];
    NAMES.contains(&name)
}

/// NULL whatever the columns hold.
pub(super) fn always_null(t: &Tree) -> bool {
    match t {
        Tree::Literal(v) => v.is_null(),
        Tree::Neg(e) | Tree::Cast { expr: e, .. } | Tree::Not(e) => always_null(e),
        Tree::Compare { left, right, .. } | Tree::Arith { left, right, .. } => always_null(left) || always_null(right),
        Tree::Matches { expr, pattern, .. } => always_null(expr) || always_null(pattern),
        Tree::In { expr, .. } | Tree::Quantified { expr, .. } => always_null(expr),
        Tree::Call { name, args } => strict(name) && args.iter().any(always_null),
        _ => false,
    }
}

/// NULL whenever `column` is: then TRUE means that it is not.
pub(super) fn strict_in(t: &Tree, column: &str) -> bool {
    match t {
        Tree::Column(c) => c == column,
        Tree::Literal(_) | Tree::Interval { .. } => false,
        Tree::Neg(e) | Tree::Cast { expr: e, .. } | Tree::Not(e) => strict_in(e, column),
        Tree::Compare { left, right, .. } | Tree::Arith { left, right, .. } => {
            strict_in(left, column) || strict_in(right, column)
        }
        Tree::Matches { expr, pattern, .. } => strict_in(expr, column) || strict_in(pattern, column),
        Tree::In { expr, .. } | Tree::Quantified { expr, .. } => strict_in(expr, column),
        Tree::Call { name, args } if strict(name) || name == "array_length" || name == "json_valid" => {
            args.iter().any(|a| strict_in(a, column))
        }
        // the first argument being NULL makes it NULL
        Tree::Call { name, args } if name == "nullif" => args.first().is_some_and(|a| strict_in(a, column)),
        _ => false,
    }
}

/// `NOT t` for an atom.
pub(super) fn negated(t: &Tree) -> Tree {
    match t {
        Tree::Compare { op, left, right } => {
            Tree::Compare { op: op.negate(), left: left.clone(), right: right.clone() }
        }
        Tree::In { expr, list, negated } => Tree::In { expr: expr.clone(), list: list.clone(), negated: !negated },
        Tree::Is { expr, what, negated } => Tree::Is { expr: expr.clone(), what: *what, negated: !negated },
        Tree::Matches { expr, pattern, kind, negated } => {
            Tree::Matches { expr: expr.clone(), pattern: pattern.clone(), kind: *kind, negated: !negated }
        }
        Tree::Quantified { expr, op, array, all } => {
            Tree::Quantified { expr: expr.clone(), op: op.negate(), array: array.clone(), all: !all }
        }
        Tree::Not(e) => (**e).clone(),
        t => Tree::Not(Box::new(t.clone())),
    }
}

/// `abs(x) > n` is on either side of 0.
pub(super) fn absolute(op: Cmp, left: &Tree, right: &Tree, env: Env) -> Option<Tree> {
    let Tree::Call { name, args } = left else { return None };
    let (true, [x], Tree::Literal(n)) = (name == "abs", args.as_slice(), fold(right, env)) else { return None };
    let minus = Tree::Neg(Box::new(right.clone())).value(&NoRow, env).ok()?;
    let positive = super::super::eval::compare::compare(&n, &Value::Int(0), env).ok()??.is_gt();
    if !positive || !matches!(op, Cmp::Gt | Cmp::Ge) {
        return None;
    }
    let above = Tree::compare(op, x.clone(), Tree::Literal(n));
    Some(Tree::Or(vec![above, Tree::compare(op.flip(), x.clone(), Tree::Literal(minus))]))
}

/// Comparisons of columns written one way, so that equal and opposite ones are seen to be.
pub(super) fn oriented(t: Tree) -> Tree {
    match t {
        Tree::Compare { op, left, right } => match (&*left, &*right) {
            (Tree::Column(a), Tree::Column(b)) if a > b => Tree::Compare { op: op.flip(), left: right, right: left },
            _ => Tree::Compare { op, left, right },
        },
        t => t,
    }
}

/// Row comparison field by field.
pub(super) fn rows(op: Cmp, l: &[Tree], r: &[Tree]) -> Option<Tree> {
    if l.len() != r.len() || l.is_empty() {
        return None;
    }
    let pairs = || l.iter().zip(r);
    Some(match op {
        Cmp::Eq => Tree::And(pairs().map(|(a, b)| Tree::compare(Cmp::Eq, a.clone(), b.clone())).collect()),
        Cmp::Ne => Tree::Or(pairs().map(|(a, b)| Tree::compare(Cmp::Ne, a.clone(), b.clone())).collect()),
        op => {
            let strict = match op {
                Cmp::Le => Cmp::Lt,
                Cmp::Ge => Cmp::Gt,
                op => op,
            };
            let last = l.len() - 1;
            let at = |i: usize| {
                let mut parts: Vec<Tree> = (0..i).map(|j| Tree::compare(Cmp::Eq, l[j].clone(), r[j].clone())).collect();
                parts.push(Tree::compare(if i == last { op } else { strict }, l[i].clone(), r[i].clone()));
                Tree::And(parts)
            };
            Tree::Or((0..=last).map(at).collect())
        }
    })
}

/// Constants computed, as far as they can be.
pub(super) fn fold(t: &Tree, env: Env) -> Tree {
    let t = t.map_children(&mut |c| fold(c, env));
    match &t {
        Tree::Literal(_) | Tree::Interval { .. } | Tree::Column(_) | Tree::Row(_) => t,
        // an interval's months are only known to date arithmetic
        _ if t.children().iter().any(|c| matches!(c, Tree::Interval { .. }))
            && !t.children().iter().any(|c| matches!(c, Tree::Literal(_))) =>
        {
            t
        }
        _ if t.children().iter().all(|c| matches!(c, Tree::Literal(_) | Tree::Interval { .. })) => {
            match t.value(&NoRow, env) {
                Ok(v) => Tree::Literal(v),
                Err(_) => t,
            }
        }
        Tree::Arith { op: Arith::Mul, left, right } => match (&**left, &**right) {
            // `n * INTERVAL '1 day'`
            (Tree::Literal(Value::Int(n)), Tree::Interval { months, micros })
            | (Tree::Interval { months, micros }, Tree::Literal(Value::Int(n))) => {
                match (
                    i32::try_from(*n).ok().and_then(|n| months.checked_mul(n)),
                    i64::try_from(*n).ok().and_then(|n| micros.checked_mul(n)),
                ) {
                    (Some(months), Some(micros)) => Tree::Interval { months, micros },
                    _ => t,
                }
            }
            _ => t,
        },
        _ => t,
    }
}
