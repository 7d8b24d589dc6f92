//! Generates the rows of a plan: pure functions of `(seed, table, column, row)`, collected into Arrow record batches.

pub mod activity;
pub mod arrow;
pub mod batch;
mod clock;
pub mod counted;
pub mod fanout;
pub mod generator;
mod law;
pub use law::{NumericUnit, grid};
pub mod permute;
pub mod spread;
#[cfg(any(test, feature = "testdata"))]
pub mod testdata;
mod weighted;
