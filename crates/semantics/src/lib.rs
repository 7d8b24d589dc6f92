//! From a column's type, name and table to a domain that the type allows and that looks real.
//!
//! Data in: a table and one of its columns. Data out: the domain, how often NULL, and the reason in words; or what has
//! no generator and the way out. Nothing here knows keys or CHECKs: those narrow the domain later.

mod amounts;
mod copies;
mod dates;
mod dictionary;
mod entities;
mod legal;
mod name_orderings;
mod names;
mod nulls;
mod numbers;
mod semantic_types;
mod stages;
#[cfg(test)]
mod tests;
mod text;
mod types;

use thiserror::Error;

use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::schema::{Column, Dialect, Table};
use dbmocker_domain::text::{GENERATORS, TextKind};
use dbmocker_domain::{Domain, TextDomain};

pub(super) use amounts::{Amount, amount, in_cents};
pub(super) use copies::{Child, Copied, copied};
pub(super) use entities::{AttributeName, entities, part, several};
pub use legal::legal;
pub use name_orderings::soft_checks;
pub(super) use stages::{Stage, ages, delay, is_catalogue, is_detail, is_machine, stage};

/// Whether a column that is not a moment by type is one by name.
pub(super) fn is_moment(name: &str) -> bool {
    dates::is_moment(&names::Name::new(name))
}

/// What inference needs to know beside the table.
#[derive(Debug, Clone, Copy)]
pub struct InferContext {
    pub dialect: Dialect,
    /// "Today", in microseconds since 1970-01-01 UTC.
    pub now_micros: i64,
    /// The column is part of a unique key: capacity counts more than looks.
    pub in_key: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Inferred {
    pub domain: Domain,
    /// Everything the type allows (within reason): where CHECKs leave nothing of `domain`, narrow this one.
    pub legal: Domain,
    /// Between 0 and 1; 0 for columns that are NOT NULL.
    pub null_share: f64,
    /// `name "email"`, `type numeric(10,2)`, ...
    pub reason: String,
}

/// A type without a generator.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no generator for {what}; {way_out}")]
pub struct Unsupported {
    /// The type as the server spells it.
    pub what: String,
    /// What the person can do.
    pub way_out: String,
}

/// The domain of a column that no foreign key fills.
///
/// # Errors
/// [`Unsupported`] where no value of the type can be made.
pub fn infer(table: &Table, column: &Column, context: &InferContext) -> Result<Inferred, Unsupported> {
    let name = names::Name::new(&column.name);
    let subject = types::Subject::new(table, column, context);
    let legal =
        legal(&column.ty, context).ok_or_else(|| unsupported(&column.type_name, &table.name.name, &column.name))?;
    let (domain, reason) =
        subject.infer(&column.ty).ok_or_else(|| unsupported(&column.type_name, &table.name.name, &column.name))?;
    let null_share = if column.nullable { nulls::share(&name) } else { 0.0 };
    Ok(Inferred { domain, legal, null_share, reason })
}

fn unsupported(type_name: &str, table: &str, column: &str) -> Unsupported {
    Unsupported {
        what: format!("type `{type_name}`"),
        way_out: format!(
            "give the column a rule in the config file, e.g. tables: {table}: column_configs: {column}: \
             {{possible_values: [...]}} or {{pattern: \"...\"}}"
        ),
    }
}

/// Every generator name of the configuration file with its kind of text and an example, always the same one.
pub fn generator_names() -> Vec<(&'static str, TextKind, String)> {
    GENERATORS
        .iter()
        .map(|(name, kind)| {
            let domain = Domain::Text(TextDomain::new(kind.clone(), 200));
            (*name, kind.clone(), domain.draw(&mut CellRng::new(7)).to_string())
        })
        .collect()
}

/// The kind of text behind a generator's name, case and `-` apart.
pub fn generator(name: &str) -> Option<TextKind> {
    let name = name.trim().to_ascii_lowercase().replace('-', "_");
    GENERATORS.iter().find(|(n, _)| *n == name).map(|(_, kind)| kind.clone())
}
