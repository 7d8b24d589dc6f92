//! A live schema, read once: data in is a [`Target`](connect::Target), data out is a [`Schema`](model::Schema).

pub mod model;
pub mod types;
#[cfg(test)]
pub mod fixtures;

pub use model::*;
pub use types::SqlType;
