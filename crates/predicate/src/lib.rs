//! CHECKs, domain CHECKs, partition bounds and index predicates: parsed, narrowed, branched, evaluated.
//!
//! A small algebra that knows no database: predicates in, narrowed [`Domain`](dbmocker_domain::Domain)s and row-wise
//! `CoupledColumns`s out. What it cannot solve it names; nothing is ever guessed.

mod oracle_terms;
mod convert;
mod convert_call;
mod convert_type;
mod eval;
mod composite_fields;
mod literal;
pub mod narrow;
mod parse;
mod printed;
mod solver;
#[cfg(test)]
mod tests;
mod expr;
pub mod functions;

pub use oracle_terms::{Placeholder, Placeholders, listed, take_out};
pub use eval::{Env, EvalError, NoRow, OneColumn, Row};
pub use composite_fields::numbered;
pub use parse::{ParseError, parse};
pub use solver::{
    ColumnInput, RowSource, Exhausted, Filter, CoupledColumns, Impossible, NamedCheck, Narrowed, Nulls, Numbers, Role, Solution,
    UnsolvedCheck, solve, unknown_function,
};
pub use expr::{CastType, Cmp, Expr};
