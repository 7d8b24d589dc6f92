//! A live schema, read once: data in is a [`Target`](connect::Target), data out is a [`Schema`](model::Schema).

#[cfg(test)]
pub mod fixtures;
pub mod model;
pub mod types;

pub use model::*;
pub use types::SqlType;
