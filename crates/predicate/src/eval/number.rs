//! Exact arithmetic: integers and decimals in `i128`, floating point only where the server uses it.

use std::cmp::Ordering;

use super::dates::spans;
use super::{Env, Eval, EvalError, type_error};
use crate::expr::Arith;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::{Value, parse_number};

/// Digits kept after the point by a division of decimals.
const DIVISION_SCALE: u8 = 16;
/// Digits that are left of a factor or quotient whose digits do not fit.
const SHORT_SCALE: u8 = 12;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Num {
    /// `unscaled / 10^scale`; scale 0 is an integer.
    Exact {
        unscaled: i128,
        scale: u8,
        whole: bool,
    },
    Float(f64),
}

impl Num {
    pub fn int(i: i128) -> Num {
        Num::Exact { unscaled: i, scale: 0, whole: true }
    }

    pub fn value(self) -> Value {
        match self {
            Num::Exact { unscaled, whole: true, .. } => Value::Int(unscaled),
            Num::Exact { unscaled, scale, .. } => Value::Decimal { unscaled, scale },
            Num::Float(x) => Value::Float(x),
        }
    }

    pub fn float(self) -> f64 {
        match self {
            Num::Exact { unscaled, scale, .. } => unscaled as f64 / 10f64.powi(i32::from(scale)),
            Num::Float(x) => x,
        }
    }

    /// Order of two numbers; NaN equals itself and is above all others, as in PostgreSQL.
    pub fn compare(self, other: Num) -> Ordering {
        match align(self, other) {
            Some((a, b, _)) => a.cmp(&b),
            None => {
                let (a, b) = (self.float(), other.float());
                a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
            }
        }
    }
}

pub fn pow10(n: u8) -> Option<i128> {
    10i128.checked_pow(u32::from(n))
}

/// Both numbers at one scale.
fn align(a: Num, b: Num) -> Option<(i128, i128, u8)> {
    let (Num::Exact { unscaled: x, scale: s, .. }, Num::Exact { unscaled: y, scale: t, .. }) = (a, b) else {
        return None;
    };
    let scale = s.max(t);
    Some((x.checked_mul(pow10(scale - s)?)?, y.checked_mul(pow10(scale - t)?)?, scale))
}

/// A value as a number; texts as the dialect converts them.
pub fn num(v: &Value, env: Env) -> Result<Num, EvalError> {
    Ok(match v {
        Value::Int(i) => Num::int(*i),
        Value::Decimal { unscaled, scale } if env.dialect == Dialect::Sqlite => {
            Num::Float(Num::Exact { unscaled: *unscaled, scale: *scale, whole: false }.float())
        }
        Value::Decimal { unscaled, scale } => Num::Exact { unscaled: *unscaled, scale: *scale, whole: false },
        Value::Float(x) => Num::Float(*x),
        Value::Bool(b) if env.dialect != Dialect::Postgres => Num::int(i128::from(*b)),
        Value::Text(t) => match parse_number(t) {
            Some(n) => num(&n, env)?,
            None if env.dialect != Dialect::Postgres => numeric_prefix(t, env)?,
            None => return Err(type_error("the number", v)),
        },
        Value::Time(t) if env.dialect == Dialect::Mysql => spans::digits(*t),
        v => return Err(type_error("arithmetic", v)),
    })
}

/// SQLite and MySQL read `'12abc'` as 12 and `'abc'` as 0.
pub(crate) fn numeric_prefix(t: &str, env: Env) -> Result<Num, EvalError> {
    let t = t.trim_start();
    let mut end = 0;
    let (mut dot, mut digits) = (false, false);
    for (i, c) in t.char_indices() {
        match c {
            '+' | '-' if i == 0 => {}
            '.' if !dot => dot = true,
            '0'..='9' => digits = true,
            _ => break,
        }
        end = i + 1;
    }
    match parse_number(t[..end].trim_end_matches('.')) {
        Some(n) if digits => num(&n, env),
        _ => Ok(Num::int(0)),
    }
}

pub(crate) fn negate(v: Value) -> Eval {
    Ok(match v {
        Value::Null => Value::Null,
        Value::Int(i) => Value::Int(i.checked_neg().ok_or(EvalError::Overflow)?),
        Value::Bool(b) => Value::Int(-i128::from(b)),
        Value::Decimal { unscaled, scale } => {
            Value::Decimal { unscaled: unscaled.checked_neg().ok_or(EvalError::Overflow)?, scale }
        }
        Value::Float(x) => Value::Float(-x),
        Value::Interval(i) => Value::Interval(i.checked_neg().ok_or(EvalError::Overflow)?),
        v => return Err(type_error("the negative", &v)),
    })
}

pub(crate) fn arith(op: Arith, l: &Value, r: &Value, env: Env) -> Eval {
    let (a, b) = (num(l, env)?, num(r, env)?);
    arith_num(op, a, b, env).map(|n| n.map_or(Value::Null, Num::value))
}

/// `None` is NULL (division by zero outside PostgreSQL).
fn arith_num(op: Arith, a: Num, b: Num, env: Env) -> Result<Option<Num>, EvalError> {
    let overflow = EvalError::Overflow;
    let zero = b.float() == 0.0;
    let by_zero = || if env.dialect == Dialect::Postgres { Err(EvalError::DivisionByZero) } else { Ok(None) };
    let whole = matches!((a, b), (Num::Exact { whole: true, .. }, Num::Exact { whole: true, .. }));
    let exact = align(a, b);
    Ok(Some(match op {
        Arith::Add | Arith::Sub => match exact {
            Some((x, y, scale)) => {
                let sum = if op == Arith::Add { x.checked_add(y) } else { x.checked_sub(y) };
                Num::Exact { unscaled: sum.ok_or(overflow)?, scale, whole }
            }
            None if op == Arith::Add => Num::Float(a.float() + b.float()),
            None => Num::Float(a.float() - b.float()),
        },
        Arith::Mul => match (a, b) {
            (Num::Exact { .. }, Num::Exact { .. }) => {
                product(a, b).or_else(|| product(shorter(a)?, shorter(b)?)).ok_or(overflow)?
            }
            _ => Num::Float(a.float() * b.float()),
        },
        Arith::Div | Arith::IntDiv | Arith::Mod if zero => return by_zero(),
        Arith::Div => match exact {
            Some((x, y, _)) if whole && env.dialect != Dialect::Mysql => Num::int(x / y),
            Some((x, y, _)) => {
                let short = || {
                    let (x, y, _) = align(shorter(a)?, shorter(b)?)?;
                    quotient(x, y, DIVISION_SCALE).or_else(|| quotient(x, y, SHORT_SCALE))
                };
                quotient(x, y, DIVISION_SCALE).or_else(short).ok_or(overflow)?
            }
            // Numbers of many digits.
            None if matches!((a, b), (Num::Exact { .. }, Num::Exact { .. })) => {
                let aligned = shorter(a).zip(shorter(b)).and_then(|(a, b)| align(a, b));
                let (x, y, _) = aligned.ok_or(overflow.clone())?;
                quotient(x, y, SHORT_SCALE).ok_or(overflow)?
            }
            None => Num::Float(a.float() / b.float()),
        },
        Arith::IntDiv => match exact {
            Some((x, y, _)) => Num::int(x / y),
            None => Num::Float((a.float() / b.float()).trunc()),
        },
        Arith::Mod => match exact {
            Some((x, y, scale)) => Num::Exact { unscaled: x % y, scale, whole },
            // SQLite casts both sides to integers
            None if env.dialect == Dialect::Sqlite => {
                let (x, y) = (a.float().trunc() as i128, b.float().trunc() as i128);
                if y == 0 { return Ok(None) } else { Num::Float((x % y) as f64) }
            }
            None => Num::Float(a.float() % b.float()),
        },
        Arith::Pow => match (a, b) {
            (Num::Exact { unscaled: x, whole: true, .. }, Num::Exact { unscaled: y @ 0..=126, whole: true, .. }) => {
                let exponent = u32::try_from(y).map_err(|_| overflow.clone())?;
                x.checked_pow(exponent).map_or(Num::Float(a.float().powf(b.float())), Num::int)
            }
            _ => Num::Float(a.float().powf(b.float())),
        },
        Arith::BitAnd | Arith::BitOr | Arith::BitXor | Arith::Shl | Arith::Shr => match (a, b) {
            (Num::Exact { unscaled: x, scale: 0, .. }, Num::Exact { unscaled: y, scale: 0, .. }) => {
                let shift = u32::try_from(y.clamp(0, 64)).map_err(|_| overflow.clone())?;
                Num::int(match op {
                    Arith::BitAnd => x & y,
                    Arith::BitOr => x | y,
                    Arith::BitXor => x ^ y,
                    Arith::Shl => x.checked_shl(shift).ok_or(overflow)?,
                    _ => x >> shift,
                })
            }
            _ => return Err(EvalError::Type("bit operations need whole numbers".into())),
        },
        Arith::Concat | Arith::JsonGet | Arith::JsonGetText | Arith::Overlaps | Arith::Contains => {
            return Err(EvalError::Type(format!("`{op}` does not work on numbers")));
        }
    }))
}

/// Returns the product of two exact numbers; `None` if it has too many digits.
fn product(a: Num, b: Num) -> Option<Num> {
    let (Num::Exact { unscaled: x, scale: s, whole: v }, Num::Exact { unscaled: y, scale: t, whole: w }) = (a, b)
    else {
        return None;
    };
    Some(Num::Exact { unscaled: x.checked_mul(y)?, scale: s.checked_add(t)?, whole: v && w })
}

/// Returns a quotient with this many digits after the point; `None` if it has too many digits, or if it is rounded to 0.
fn quotient(x: i128, y: i128, scale: u8) -> Option<Num> {
    let unscaled = x.checked_mul(pow10(scale)?)?.checked_div(y)?;
    Some(Num::Exact { unscaled, scale, whole: false })
}

/// Returns a number without digits that it does not need; of a quotient, those that servers keep.
fn shorter(n: Num) -> Option<Num> {
    let Num::Exact { mut unscaled, mut scale, whole } = n else { return None };
    while scale > 0 && unscaled % 10 == 0 {
        (unscaled, scale) = (unscaled / 10, scale - 1);
    }
    let n = Num::Exact { unscaled, scale, whole };
    if scale > SHORT_SCALE { round_to(n, i32::from(SHORT_SCALE), Rounding::HalfAway).ok() } else { Some(n) }
}

/// Rounds to `digits` after the point, half away from zero; the result is a number of the same kind.
pub(crate) fn round_to(n: Num, digits: i32, up: Rounding) -> Result<Num, EvalError> {
    match n {
        Num::Exact { whole: true, .. } if digits >= 0 => Ok(n),
        Num::Exact { unscaled, scale, whole } => {
            let drop = i32::from(scale) - digits;
            if drop <= 0 {
                return Ok(n);
            }
            let unit = pow10(u8::try_from(drop).map_err(|_| EvalError::Overflow)?).ok_or(EvalError::Overflow)?;
            let rest = unscaled.rem_euclid(unit);
            let floor = unscaled.div_euclid(unit);
            let q = match up {
                Rounding::Floor => floor,
                Rounding::Ceil => floor + i128::from(rest != 0),
                Rounding::Zero => unscaled / unit,
                Rounding::HalfAway if unscaled >= 0 => floor + i128::from(rest >= unit - rest),
                Rounding::HalfAway => floor + i128::from(rest > unit - rest),
            };
            let scale = u8::try_from(digits.max(0)).map_err(|_| EvalError::Overflow)?;
            let back = if digits < 0 {
                pow10(u8::try_from(-digits).map_err(|_| EvalError::Overflow)?).ok_or(EvalError::Overflow)?
            } else {
                1
            };
            Ok(Num::Exact { unscaled: q.checked_mul(back).ok_or(EvalError::Overflow)?, scale, whole })
        }
        Num::Float(x) => {
            let f = 10f64.powi(digits);
            Ok(Num::Float(match up {
                Rounding::Floor => (x * f).floor() / f,
                Rounding::Ceil => (x * f).ceil() / f,
                Rounding::Zero => (x * f).trunc() / f,
                Rounding::HalfAway => (x * f).round() / f,
            }))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    Floor,
    Ceil,
    Zero,
    HalfAway,
}
