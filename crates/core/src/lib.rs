//! Types that all parts of dbmocker use: values, time and number text, random streams, dialects and the schema model.
//!
//! Depends on no other crate of the project and on no database driver.

pub mod dialect;
pub mod fast_format;
pub mod humanize;
pub mod ident;
pub mod json_file;
pub mod nullable_vec;
pub mod rng_stream;
pub mod schema;
pub mod serde_ext;
pub mod time;
pub mod value;
pub mod yaml;

pub use dialect::Dialect;
