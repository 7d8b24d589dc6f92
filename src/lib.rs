//! dbmocker fills a database with realistic rows that it accepts.
//!
//! `schema -> plan -> generate -> (memory | spilled file | shipped file) -> bulk load -> verify -> report`

pub mod cli;
mod digits;
pub mod domain;
pub mod error;
pub mod generate;
pub mod nullable;
pub mod number;
pub mod plan;
pub mod predicate;
pub mod report;
pub mod run;
pub mod schema;
pub mod stage;
pub mod stream;
pub mod time;
pub mod value;
pub mod verify;
pub mod wire;
