//! dbmocker fills a database with realistic rows that it accepts.
//!
//! `schema -> plan -> generate -> (memory | spilled file | shipped file) -> bulk load -> verify -> report`

pub mod cli;
// MOVED digits -> core::fast_format

// MOVED domain -> domain::

pub mod error;
// MOVED generate -> generate::

// MOVED nullable -> core::nullable_vec

// MOVED number -> core::humanize

// MOVED plan -> planner::

// MOVED predicate -> predicate::

pub mod report;
pub mod run;
// MOVED schema -> schema::

// MOVED stage -> files::

// MOVED stream -> core::rng_stream

// MOVED time -> core::time

// MOVED value -> core::value

pub mod verify;
// MOVED wire -> core::serde_ext
