//! CHECKs, domain CHECKs, partition bounds and index predicates: parsing, narrowing, solving and evaluation.
//!
//! Independent of any database: predicates in, narrowed [`Domain`](dbmocker_domain::Domain)s and row-wise
//! `CoupledColumns`s out. Conditions that cannot be solved are reported.

mod builtin;
mod composite_fields;
mod convert;
mod convert_call;
mod convert_type;
mod eval;
mod expr;
mod filters;
pub mod functions;
mod literal;
pub mod narrow;
mod oracle_terms;
mod parse;
mod printed;
mod solver;
#[cfg(test)]
mod tests;
mod value_set;

pub use builtin::{Builtin, NullRule, ValueType, builtins};
pub use composite_fields::numbered;
pub use convert::DISTINCT;
pub use eval::json_schema::keeps as json_schema_accepts;
pub use eval::{Env, EvalError, NoRow, OneColumn, Row};
pub use expr::{Arith, CastType, Cmp, Expr, Is};
pub use oracle_terms::{Placeholder, Placeholders, listed, take_out};
pub use parse::{ParseError, parse, parse_paths};
pub use solver::{
    ColumnInput, CoupledColumns, Exhausted, Filter, Impossible, MOST_TRIES, NamedCheck, Narrowed, Nulls, PATIENCE,
    RowSource, Solution, SolvedNumbers, TextPart, UnsolvedCheck, ValueSource, solve, unknown_function,
};
pub use value_set::InList;
