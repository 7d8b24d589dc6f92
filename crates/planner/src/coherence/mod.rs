//! Laws that make the rows of a schema consistent: found by names and types, after keys and CHECKs are planned.
//!
//! In: a table's columns, and which of them are not determined otherwise. Out: a [`LawPlan`](super::LawPlan) for
//! columns computed from other cells. See `docs/decisions/019-rows-agree-across-tables.md`.

mod copies;
mod habits;
mod moments;
mod money;
mod readings;
mod row;
mod slugs;
mod spans;
mod totals;

pub(super) use copies::Lead;
pub(super) use moments::{Kept, Moments};
pub(super) use row::Row;
pub(super) use totals::{fold, is_asked};
