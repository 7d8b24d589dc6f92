//! Laws by which rows agree with each other: found by names and types, once keys and CHECKs have had their say.
//!
//! In: a table's columns and which of them nothing else decides. Out: a [`LawPlan`](super::LawPlan) for columns whose
//! cells are worked out from others. See `docs/decisions/019-rows-agree-across-tables.md`.

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
