//! CHECKs, domain CHECKs, partition bounds and index predicates: parsed, narrowed, branched, evaluated.
//!
//! A small algebra that knows no database: predicates in, narrowed [`Domain`](crate::domain::Domain)s and row-wise
//! `Group`s out. What it cannot solve it names; nothing is ever guessed.

mod answers;
mod convert;
mod convert_call;
mod convert_type;
mod eval;
mod fields;
mod literal;
pub mod narrow;
mod parse;
mod printed;
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
