//! CHECKs, domain CHECKs, partition bounds and index predicates: parsed, narrowed, branched, evaluated.
//!
//! A small algebra that knows no database: predicates in, narrowed [`Domain`](crate::domain::Domain)s and row-wise
//! `Group`s out. What it cannot solve it names; nothing is ever guessed.

mod convert;
mod convert_call;
pub mod eval;
pub mod expr;
mod literal;
mod parse;

pub use eval::{Env, EvalError, NoRow, Row};
pub use expr::Expr;
pub use parse::{ParseError, parse};
