//! Functions of numbers.

use super::ValueType::{Int, Number};
use super::{ALL, Args, Builtin, MYSQL, NOT_POSTGRES, POSTGRES};
use crate::eval::number::{Num, Rounding, arith, round_to};
use crate::eval::{Eval, EvalError};
use crate::expr::Arith;
use crate::solver::{inverses, unchanged};
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

#[rustfmt::skip] // one entry, one paragraph
pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::strict("abs", &[Number], Number, abs)
        .spelled(&[("abs", ALL)])
        .inverse(inverses::abs).unchanged(unchanged::abs),
    Builtin::strict("sign", &[Number], Int, |a| Ok(Value::Int(a.num(0)?.compare(Num::int(0)) as i128)))
        .spelled(&[("sign", ALL)]),
    Builtin::strict("round", &[Number, Int], Number, round)
        .optional(1).spelled(&[("round", ALL)])
        .unchanged(unchanged::rounded),
    Builtin::strict("floor", &[Number], Number, |a| Ok(round_to(a.num(0)?, 0, Rounding::Floor)?.value()))
        .spelled(&[("floor", ALL)])
        .unchanged(unchanged::rounded),
    Builtin::strict("ceil", &[Number], Number, |a| Ok(round_to(a.num(0)?, 0, Rounding::Ceil)?.value()))
        .spelled(&[("ceil", ALL), ("ceiling", ALL)])
        .unchanged(unchanged::rounded),
    Builtin::strict("trunc", &[Number, Int], Number, |a| Ok(round_to(a.num(0)?, digits(a)?, Rounding::Zero)?.value()))
        .optional(1).spelled(&[("trunc", POSTGRES), ("truncate", MYSQL)])
        .unchanged(unchanged::rounded),
    Builtin::propagates("sqrt", &[Number], Number, |a| defined(a, a.num(0)?.float().sqrt()))
        .spelled(&[("sqrt", ALL)]),
    Builtin::propagates("cbrt", &[Number], Number, |a| float(a.num(0)?.float().cbrt()))
        .spelled(&[("cbrt", POSTGRES)]),
    Builtin::propagates("exp", &[Number], Number, |a| float(a.num(0)?.float().exp()))
        .spelled(&[("exp", ALL)]),
    Builtin::propagates("ln", &[Number], Number, |a| defined(a, a.num(0)?.float().ln()))
        .spelled(&[("ln", ALL)]),
    Builtin::propagates("log", &[Number, Number], Number, log)
        .optional(1).spelled(&[("log", ALL)]),
    Builtin::propagates("log10", &[Number], Number, |a| defined(a, a.num(0)?.float().log10()))
        .spelled(&[("log10", ALL)]),
    Builtin::propagates("log2", &[Number], Number, |a| defined(a, a.num(0)?.float().log2()))
        .spelled(&[("log2", NOT_POSTGRES)]),
    Builtin::propagates("pi", &[], Number, |_| Ok(Value::Float(std::f64::consts::PI)))
        .spelled(&[("pi", ALL)]),
    // The operator `~`.
    Builtin::propagates("bitnot", &[Int], Int, bitnot),
    Builtin::propagates("div", &[Number, Number], Number, |a| arith(Arith::IntDiv, &a.values[0], &a.values[1], a.env))
        .spelled(&[("div", POSTGRES)]),
    Builtin::propagates("gcd", &[Int, Int], Int, gcd)
        .spelled(&[("gcd", POSTGRES)]),
];

/// Digits after the point; 0 if they are left out.
fn digits(a: &Args<'_>) -> Result<i32, EvalError> {
    Ok(a.int(1)?.clamp(-30, 30) as i32)
}

fn float(x: f64) -> Eval {
    if x.is_finite() { Ok(Value::Float(x)) } else { Err(EvalError::Overflow) }
}

/// MySQL has NULL where a number has no logarithm or root, others an error.
fn defined(a: &Args<'_>, x: f64) -> Eval {
    if !x.is_finite() && a.is(Dialect::Mysql) { Ok(Value::Null) } else { float(x) }
}

fn abs(a: &Args<'_>) -> Eval {
    if let Value::Interval(i) = &a.values[0] {
        return Ok(Value::Interval(i.saturating_abs()));
    }
    Ok(match a.num(0)? {
        Num::Exact { unscaled, scale, whole } => Num::Exact { unscaled: unscaled.abs(), scale, whole },
        Num::Float(f) => Num::Float(f.abs()),
    }
    .value())
}

fn round(a: &Args<'_>) -> Eval {
    Ok(match round_to(a.num(0)?, digits(a)?, Rounding::HalfAway)? {
        Num::Exact { unscaled, .. } if a.is(Dialect::Sqlite) => Num::Float(unscaled as f64),
        n => n,
    }
    .value())
}

/// Of one argument: to base e in MySQL, to base 10 elsewhere.
fn log(a: &Args<'_>) -> Eval {
    let x = a.num(0)?.float();
    defined(
        a,
        match a.len() {
            1 if a.is(Dialect::Mysql) => x.ln(),
            1 => x.log10(),
            // With a base that has no logarithm, MySQL's LOG is NULL.
            _ if a.is(Dialect::Mysql) && x <= 0.0 => f64::NAN,
            _ => a.num(1)?.float().log(x),
        },
    )
}

fn bitnot(a: &Args<'_>) -> Eval {
    match a.num(0)? {
        Num::Exact { unscaled, scale: 0, .. } => Ok(Value::Int(!unscaled)),
        _ => Err(a.error()),
    }
}

fn gcd(a: &Args<'_>) -> Eval {
    match (a.num(0)?, a.num(1)?) {
        (Num::Exact { unscaled: mut x, scale: 0, .. }, Num::Exact { unscaled: mut y, scale: 0, .. }) => {
            while y != 0 {
                (x, y) = (y, x % y);
            }
            Ok(Value::Int(x.abs()))
        }
        _ => Err(a.error()),
    }
}
