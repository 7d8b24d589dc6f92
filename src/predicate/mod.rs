//! CHECKs, domain CHECKs, partition bounds and index predicates: parsed, narrowed, branched, evaluated.
//!
//! A small algebra that knows no database: predicates in, narrowed [`Domain`](crate::domain::Domain)s and row-wise
//! `Group`s out. What it cannot solve it names; nothing is ever guessed.

mod answers;
mod convert;
mod convert_call;
mod eval;
mod fields;
mod literal;
mod parse;
mod solver;
#[cfg(test)]
mod tests;
mod tree;

pub use answers::{Hole, Holes, listed, take_out};
pub use eval::{Env, EvalError, NoRow, OneColumn, Row};
pub use fields::numbered;
pub use parse::{ParseError, parse};
pub use solver::{
    ColumnInput, Draws, Exhausted, Filter, Group, Impossible, NamedCheck, Narrowed, Nulls, Numbers, Role, Solution,
    UnsolvedCheck, solve, unknown_function,
};
pub use tree::{CastType, Cmp, Tree, Tree as Expr};

pub(crate) use literal::number as parse_number;

/// Order of two values by the dialect's rules; `None` if either is NULL.
pub(crate) fn compare_values(
    a: &crate::value::Value,
    b: &crate::value::Value,
    dialect: crate::schema::Dialect,
) -> Result<Option<std::cmp::Ordering>, EvalError> {
    eval::compare::compare(a, b, eval::Env { dialect, now: 0 })
}
