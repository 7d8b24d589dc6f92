//! Laws that make the rows of a schema consistent: found by names and types, after keys and CHECKs are planned.
//!
//! In: a table's columns, and which of them are not determined otherwise. Out: a [`LawPlan`](dbmocker_plan::LawPlan)
//! for columns computed from other cells. See `docs/decisions/019-rows-agree-across-tables.md`.

mod bills;
mod bounds;
mod copies;
mod flows;
mod histories;
mod measures;
mod moments;
mod money;
mod number_parts;
mod part_statuses;
mod payroll;
mod progress;
mod readings;
mod relations;
mod row;
mod slugs;
mod spans;
mod stated;
mod totals;
mod typical_numbers;

pub(super) use bounds::keep_within;
pub(super) use copies::{GrandparentLink, PORTION, ParentLink, paid, shares_out};
pub(super) use flows::{TwoColumns, two_columns};
pub(super) use moments::{MomentColumn, TableMoments};
pub(super) use row::RowLaws;
pub(super) use stated::stated_formulas;
pub(super) use totals::{asked, fold, is_asked};
