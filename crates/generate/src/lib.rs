//! Plan -> rows: pure functions of `(seed, table, column, row)`, gathered into Arrow record batches.

pub mod arrow;
pub mod batch;
pub mod fanout;
pub mod generator;
pub mod permute;
pub mod spread;
