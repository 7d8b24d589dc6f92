//! The evaluator: an [`Expr`] and a row in, a value or a truth value out, by the dialect's rules.
//!
//! Three-valued: `None` is UNKNOWN. An operation that the server would refuse (a cast that fails, division by zero in
//! PostgreSQL) is an [`EvalError`], and so is every unsupported function.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::builtin::builtin;
use super::expr::{Arith, CastType, Cmp, Expr, Is};
use dbmocker_core::schema::Dialect;
use dbmocker_core::time::MICROS_PER_DAY;
use dbmocker_core::value::Value;

pub(super) mod arrays;
pub(super) mod cast;
pub(super) mod compare;
pub(super) mod dates;
pub(super) mod json;
pub(super) mod json_schema;
pub(super) mod lookahead;
pub(super) mod matching;
pub(super) mod number;

pub(super) use dates::spans::of_digits;
pub(super) use dates::unit_micros;

/// The context of an evaluation besides the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Env {
    pub dialect: Dialect,
    /// The explicit "now": microseconds since 1970-01-01 UTC.
    pub now: i64,
}

/// One row's values by column name.
pub trait Row {
    /// `None` if there is no such column.
    fn get(&self, column: &str) -> Option<Value>;

    /// The value at a place, for rows that have places; `None` if it is not known.
    fn at(&self, _place: usize) -> Option<Value> {
        None
    }
}

impl Row for std::collections::BTreeMap<String, Value> {
    fn get(&self, column: &str) -> Option<Value> {
        std::collections::BTreeMap::get(self, column).cloned()
    }
}

/// A row without columns: constants.
#[derive(Debug, Clone, Copy)]
pub struct NoRow;

impl Row for NoRow {
    fn get(&self, _: &str) -> Option<Value> {
        None
    }
}

/// A row with one column.
#[derive(Debug, Clone, Copy)]
pub struct OneColumn<'a>(pub &'a str, pub &'a Value);

impl Row for OneColumn<'_> {
    fn get(&self, column: &str) -> Option<Value> {
        (column == self.0).then(|| self.1.clone())
    }
}

/// Why an expression cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    #[error("the function `{0}` is not known here")]
    UnknownFunction(String),
    #[error("there is no column `{0}`")]
    UnknownColumn(String),
    #[error("{0}")]
    Type(String),
    #[error("a number is out of range")]
    Overflow,
    #[error("division by zero")]
    DivisionByZero,
    #[error("the pattern `{0}` is not understood")]
    Pattern(String),
}

pub(crate) type Eval = Result<Value, EvalError>;

pub(crate) fn type_error(what: &str, v: &Value) -> EvalError {
    EvalError::Type(format!("{what} of `{v}` has no meaning here"))
}

impl Expr {
    /// `Some(true)`, `Some(false)`, or `None` for UNKNOWN. A CHECK is violated only by `Some(false)`.
    ///
    /// # Errors
    /// Unknown functions and columns, or values that the dialect would refuse.
    pub fn truth(&self, row: &dyn Row, env: Env) -> Result<Option<bool>, EvalError> {
        match self {
            Expr::And(items) => junction(items, row, env, false),
            Expr::Or(items) => junction(items, row, env, true),
            Expr::Not(e) => Ok(e.truth(row, env)?.map(|b| !b)),
            Expr::Compare { op, left, right } => compare_exprs(*op, left, right, row, env),
            Expr::Same { left, right, same } => {
                let (l, r) = (left.value(row, env)?, right.value(row, env)?);
                let equal = match (l.is_null(), r.is_null()) {
                    (false, false) => order(left, &l, right, &r, env)?.is_some_and(Ordering::is_eq),
                    (a, b) => a && b,
                };
                Ok(Some(equal == *same))
            }
            Expr::Is { expr, what, negated } => {
                let holds = match what {
                    Is::Null => match &**expr {
                        // a row is NULL if every field is, NOT NULL if none is
                        Expr::Row(fields) => {
                            let nulls = fields.iter().map(|f| Ok(f.value(row, env)?.is_null()));
                            let nulls = nulls.collect::<Result<Vec<_>, EvalError>>()?;
                            return Ok(Some(nulls.iter().all(|n| *n != *negated)));
                        }
                        e => e.value(row, env)?.is_null(),
                    },
                    Is::True => expr.truth(row, env)? == Some(true),
                    Is::False => expr.truth(row, env)? == Some(false),
                };
                Ok(Some(holds != *negated))
            }
            Expr::In { expr, list, negated } => {
                let mut unknown = false;
                let value = if matches!(**expr, Expr::Row(_)) { None } else { Some(expr.value(row, env)?) };
                if let Some(found) = value.as_ref().and_then(|x| list.holds(x, env.dialect)) {
                    return Ok(found.map(|found| found != *negated));
                }
                for item in list {
                    let same = match (&value, item) {
                        (Some(x), Expr::Literal(y)) => order(expr, x, item, y, env)?.map(|o| o.is_eq()),
                        _ => compare_exprs(Cmp::Eq, expr, item, row, env)?,
                    };
                    match same {
                        Some(true) => return Ok(Some(!*negated)),
                        Some(false) => {}
                        None => unknown = true,
                    }
                }
                Ok((!unknown).then_some(*negated))
            }
            Expr::Quantified { expr, op, array, all } => {
                let x = expr.value(row, env)?;
                let Some(items) = arrays::elements(&array.value(row, env)?)? else { return Ok(None) };
                let mut unknown = false;
                for item in &items {
                    match compare::compare(&x, item, env)?.map(|o| op.holds(o)) {
                        Some(b) if b != *all => return Ok(Some(b)),
                        Some(_) => {}
                        None => unknown = true,
                    }
                }
                Ok((!unknown).then_some(*all))
            }
            Expr::Matches { expr, pattern, kind, negated } => {
                let (x, p) = (expr.value(row, env)?, pattern.value(row, env)?);
                if x.is_null() || p.is_null() {
                    return Ok(None);
                }
                let (x, p) = (cast::text(&x, env), cast::text(&p, env));
                Ok(Some(matching::matches(&x, &p, *kind, env)? != *negated))
            }
            e => compare::truthy(&e.value(row, env)?, env),
        }
    }

    /// The expression's value; NULL is [`Value::Null`].
    ///
    /// # Errors
    /// As [`Expr::truth`].
    pub fn value(&self, row: &dyn Row, env: Env) -> Eval {
        match self {
            Expr::Literal(v) => Ok(v.clone()),
            Expr::Interval { months, micros } => Ok(Value::Interval(interval_micros(*months, *micros))),
            Expr::Column(c) => row.get(c).ok_or_else(|| EvalError::UnknownColumn(c.clone())),
            Expr::Place(place) => row.at(*place).ok_or_else(|| EvalError::UnknownColumn(self.to_string())),
            Expr::Neg(e) => number::negate(e.value(row, env)?),
            Expr::Arith { op, left, right } => arith(*op, left, right, row, env),
            Expr::Call { name, args } => match builtin(name) {
                Some(b) => b.call(args, row, env),
                None => Err(EvalError::UnknownFunction(name.clone())),
            },
            Expr::Case { operand, whens, otherwise } => {
                for (when, then) in whens {
                    let met = match operand {
                        Some(o) => compare_exprs(Cmp::Eq, o, when, row, env)?,
                        None => when.truth(row, env)?,
                    };
                    if met == Some(true) {
                        return then.value(row, env);
                    }
                }
                otherwise.as_ref().map_or(Ok(Value::Null), |e| e.value(row, env))
            }
            Expr::Cast { expr, to } => match (&**expr, to) {
                (Expr::Literal(Value::Text(t)), CastType::Array(of)) => arrays::parse(t, of, env),
                (e, to) => cast::cast(e.value(row, env)?, to, env),
            },
            Expr::Array(items) => Ok(Value::Array(items.iter().map(|e| e.value(row, env)).collect::<Result<_, _>>()?)),
            Expr::Row(_) => Err(EvalError::Type("a row value is only understood in a comparison".into())),
            boolean => Ok(boolean.truth(row, env)?.map_or(Value::Null, Value::Bool)),
        }
    }
}

/// PostgreSQL compares intervals as months of 30 days.
fn interval_micros(months: i32, micros: i64) -> i64 {
    micros.saturating_add(i64::from(months).saturating_mul(30 * MICROS_PER_DAY))
}

/// AND (`decisive` false) and OR (`decisive` true), left to right.
fn junction(items: &[Expr], row: &dyn Row, env: Env, decisive: bool) -> Result<Option<bool>, EvalError> {
    let mut unknown = false;
    for e in items {
        match e.truth(row, env)? {
            Some(b) if b == decisive => return Ok(Some(decisive)),
            Some(_) => {}
            None => unknown = true,
        }
    }
    Ok((!unknown).then_some(!decisive))
}

fn compare_exprs(op: Cmp, left: &Expr, right: &Expr, row: &dyn Row, env: Env) -> Result<Option<bool>, EvalError> {
    if let (Expr::Row(l), Expr::Row(r)) = (left, right) {
        return compare_rows(op, l, r, row, env);
    }
    let (l, r) = (left.value(row, env)?, right.value(row, env)?);
    Ok(order(left, &l, right, &r, env)?.map(|o| op.holds(o)))
}

/// The order of the values of two expressions; `None` if either is NULL.
fn order(left: &Expr, l: &Value, right: &Expr, r: &Value, env: Env) -> Result<Option<Ordering>, EvalError> {
    // SQLite converts a number to text if the other side is a column of texts, unless it is a column itself.
    let typed = |e: &Expr| matches!(e, Expr::Column(_) | Expr::Place(_) | Expr::Cast { .. });
    if env.dialect == Dialect::Sqlite && typed(left) != typed(right) {
        let number = |v: &Value| matches!(v, Value::Int(_) | Value::Decimal { .. } | Value::Float(_));
        match (l, r) {
            (Value::Text(l), r) if typed(left) && number(r) => return Ok(Some(l.as_str().cmp(&cast::text(r, env)))),
            (l, Value::Text(r)) if typed(right) && number(l) => return Ok(Some(cast::text(l, env).as_str().cmp(r))),
            _ => {}
        }
    }
    compare::compare(l, r, env)
}

/// Row-wise: equality field by field, order by the first field that differs.
fn compare_rows(op: Cmp, l: &[Expr], r: &[Expr], row: &dyn Row, env: Env) -> Result<Option<bool>, EvalError> {
    if l.len() != r.len() {
        return Err(EvalError::Type("rows of different lengths are compared".into()));
    }
    let mut unknown = false;
    for (a, b) in l.iter().zip(r) {
        match order(a, &a.value(row, env)?, b, &b.value(row, env)?, env)? {
            None if matches!(op, Cmp::Eq | Cmp::Ne) => unknown = true,
            None => return Ok(None),
            Some(o) if o.is_ne() => return Ok(Some(op.holds(o))),
            Some(_) => {}
        }
    }
    Ok((!unknown).then_some(op.holds(Ordering::Equal)))
}

fn arith(op: Arith, left: &Expr, right: &Expr, row: &dyn Row, env: Env) -> Eval {
    // months count by the calendar when added to a date
    if let (Arith::Add | Arith::Sub, Expr::Interval { months, micros }) = (op, right) {
        let l = left.value(row, env)?;
        let sign = if op == Arith::Add { 1 } else { -1 };
        return dates::shift(l, sign * months, i64::from(sign).saturating_mul(*micros), env);
    }
    if let (Arith::Add, Expr::Interval { months, micros }) = (op, left) {
        return dates::shift(right.value(row, env)?, *months, *micros, env);
    }
    let (l, r) = (left.value(row, env)?, right.value(row, env)?);
    if op == Arith::Concat {
        return arrays::concat(l, r, env);
    }
    if l.is_null() || r.is_null() {
        return Ok(Value::Null);
    }
    match op {
        Arith::JsonGet => json::get(&l, &r, false),
        Arith::JsonGetText => json::get(&l, &r, true),
        Arith::Overlaps => arrays::overlaps(&l, &r, env),
        Arith::Contains => arrays::contains(&l, &r, env),
        _ => match dates::arith(op, &l, &r, env) {
            Some(v) => v,
            None => number::arith(op, &l, &r, env),
        },
    }
}
