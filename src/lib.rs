//! dbmocker fills a database with realistic rows that it accepts.
//!
//! `schema -> plan -> generate -> (memory | spilled file | shipped file) -> bulk load -> verify -> report`
//!
//! This crate is the program; the crates below `crates/` and `loaders/` do the work.

pub mod cli;
pub mod compare;
pub mod error;
pub mod forecast;
pub mod learn;
pub mod out_of_memory;
pub mod pages;
pub mod report;
pub mod run;
pub mod undo;
pub mod verify;
