//! Functions that choose among their arguments, or look at their types and NULLs.

use super::ValueType::{Any, Bool, Int, Text};
use super::{ALL, Args, Builtin, MYSQL, NOT_POSTGRES, NOT_SQLITE, NullRule, POSTGRES, SQLITE};
use crate::eval::compare::compare;
use crate::eval::{Env, Eval, Row};
use crate::expr::Expr;
use crate::solver::inverses;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;
use std::cmp::Ordering;

#[rustfmt::skip] // one entry, one paragraph
pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::new("coalesce", &[Any], Any, NullRule::Own, |a| Err(a.error()))
        .variadic().lazy(coalesce)
        .spelled(&[("coalesce", ALL), ("ifnull", NOT_POSTGRES), ("nvl", MYSQL)]),
    Builtin::new("nullif", &[Any, Any], Any, NullRule::Own, nullif)
        .spelled(&[("nullif", ALL)]),
    Builtin::new("greatest", &[Any], Any, NullRule::Own, |a| best(a, Ordering::is_gt))
        .variadic().spelled(&[("greatest", NOT_SQLITE)]),
    Builtin::new("least", &[Any], Any, NullRule::Own, |a| best(a, Ordering::is_lt))
        .variadic().spelled(&[("least", NOT_SQLITE)]),
    Builtin::new("num_nulls", &[Any], Int, NullRule::Never, |a| Ok(Value::Int(nulls(a))))
        .variadic().spelled(&[("num_nulls", POSTGRES)]),
    Builtin::new("num_nonnulls", &[Any], Int, NullRule::Never, |a| Ok(Value::Int(a.len() as i128 - nulls(a))))
        .variadic().spelled(&[("num_nonnulls", POSTGRES)]),
    Builtin::new("typeof", &[Any], Text, NullRule::Never, type_of)
        .spelled(&[("typeof", SQLITE)])
        .inverse(inverses::type_of),
    Builtin::new("isnull", &[Any], Bool, NullRule::Never, |a| Ok(Value::Bool(a.values[0].is_null())))
        .spelled(&[("isnull", MYSQL)]),
];

fn coalesce(args: &[Expr], row: &dyn Row, env: Env) -> Eval {
    for a in args {
        let v = a.value(row, env)?;
        if !v.is_null() {
            return Ok(v);
        }
    }
    Ok(Value::Null)
}

fn nulls(a: &Args<'_>) -> i128 {
    a.values.iter().filter(|x| x.is_null()).count() as i128
}

fn nullif(a: &Args<'_>) -> Eval {
    let equal = compare(&a.values[0], &a.values[1], a.env)?.is_some_and(Ordering::is_eq);
    Ok(if equal { Value::Null } else { a.values[0].clone() })
}

/// PostgreSQL ignores NULLs, the others return NULL.
fn best(a: &Args<'_>, better: fn(Ordering) -> bool) -> Eval {
    if !a.is(Dialect::Postgres) && nulls(a) > 0 {
        return Ok(Value::Null);
    }
    let mut best = &Value::Null;
    for x in a.values.iter().filter(|x| !x.is_null()) {
        if best.is_null() || compare(x, best, a.env)?.is_some_and(better) {
            best = x;
        }
    }
    Ok(best.clone())
}

fn type_of(a: &Args<'_>) -> Eval {
    Ok(Value::text(match &a.values[0] {
        Value::Null => "null",
        Value::Int(_) | Value::Bool(_) => "integer",
        Value::Float(_) | Value::Decimal { .. } => "real",
        Value::Bytes(_) => "blob",
        _ => "text",
    }))
}
