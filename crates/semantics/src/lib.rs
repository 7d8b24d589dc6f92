//! From a column's type, name and table to a domain that the type allows and that looks real.
//!
//! Data in: a table and one of its columns. Data out: the domain, how often NULL, and the reason in words; or what has
//! no generator and the way out. Nothing here knows keys or CHECKs: those narrow the domain later.

mod amounts;
mod categories;
mod copies;
mod dates;
mod dictionary;
mod entities;
mod flags;
mod kinds;
mod legal;
mod life;
mod measures;
mod name_orderings;
mod names;
mod neighbours;
mod nulls;
mod numbers;
pub mod owners;
mod privacy;
pub mod references;
pub mod roles;
mod stages;
#[cfg(test)]
mod tests;
mod text;
pub mod totals;
mod types;

use thiserror::Error;

use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::schema::{Column, Dialect, Table};
use dbmocker_domain::catalogue::Named;
use dbmocker_domain::locale::{Locale, Locales};
use dbmocker_domain::text::{GENERATORS, TextKind};
use dbmocker_domain::{Domain, TextDomain};

pub use amounts::{Amount, amount, in_cents};
pub use categories::{List, few, plain, weights, yes_of};
pub use copies::{Child, Copied, copied};
pub use dictionary::{DictionaryError, add_dictionary};
pub use entities::{AttributeName, entities, kind_of_files, part, several};
pub use flags::yes;
pub use kinds::of_kind;
pub use legal::legal;
pub use life::{Life, happening};
pub use measures::{Measure, is_reading};
pub use name_orderings::soft_checks;
pub use names::Name;
pub use nulls::named as named_nulls;
pub use privacy::{Privacy, privacy};
pub use stages::{Stage, ages, delay, is_machine, is_planned, is_validity, stage, step};

/// Whether a column that is not a moment by type is one by name.
pub fn is_moment(name: &str) -> bool {
    dates::is_moment(&names::Name::new(name))
}

/// What inference needs to know beside the table.
#[derive(Debug, Clone, Copy)]
pub struct InferContext<'a> {
    pub dialect: Dialect,
    /// "Today", in microseconds since 1970-01-01 UTC.
    pub now_micros: i64,
    /// The column is part of a unique key: capacity counts more than looks.
    pub in_key: bool,
    /// Whose names and words were asked for.
    pub locales: &'a [(Locale, u32)],
    /// Telephone numbers that any check calls valid.
    pub valid_phones: bool,
    /// The database's character set has no letters beyond ASCII.
    pub ascii: bool,
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
pub fn infer(table: &Table, column: &Column, context: &InferContext<'_>) -> Result<Inferred, Unsupported> {
    let subject = types::Subject::new(table, column, context);
    let legal =
        legal(&column.ty, context).ok_or_else(|| unsupported(&column.type_name, &table.name.name, &column.name))?;
    let (domain, reason) =
        subject.infer(&column.ty).ok_or_else(|| unsupported(&column.type_name, &table.name.name, &column.name))?;
    let null_share = if column.nullable { nulls::share(subject.name()) } else { 0.0 };
    Ok(Inferred { domain, legal, null_share, reason })
}

/// Whose names and words a table's rows have: those that were asked for, or those of the language that it speaks; none
/// of the world's.
pub fn locales(table: &Table, asked: &[(Locale, u32)]) -> Locales {
    if !asked.is_empty() {
        return asked.to_vec();
    }
    let neighbours = neighbours::Neighbours::of(table);
    let called = |words: &[&str]| table.columns.iter().any(|c| words.contains(&c.name.to_lowercase().as_str()));
    let locale = match neighbours.language {
        Some("pt") if called(&["cpf", "cnpj", "cep", "uf", "celular", "endereco", "endereço"]) => "pt_BR",
        Some("es") if called(&["curp", "rfc", "colonia"]) => "es_MX",
        Some(code) => code,
        None => return Locales::new(),
    };
    Locale::parse(locale).map(|l| vec![(l, 1)]).unwrap_or_default()
}

/// What a value of this name and type looks like, wherever it stands.
pub fn alone(name: &str, ty: &dbmocker_core::schema::SqlType, context: &InferContext) -> Option<Domain> {
    Some(types::Subject::alone(name, context).infer(ty)?.0)
}

/// Texts of one kind.
pub fn plain_text(kind: TextKind, max_chars: u32) -> Domain {
    Domain::Text(TextDomain::new(kind, max_chars))
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

/// A kind of text that a configuration file may name.
#[derive(Debug, Clone, PartialEq)]
pub struct Generator {
    pub name: &'static str,
    /// The heading it stands under.
    pub subject: &'static str,
    pub kind: TextKind,
}

impl Generator {
    /// A text of the kind, always the same one.
    pub fn example(&self) -> String {
        Domain::Text(TextDomain::new(self.kind.clone(), 200)).draw(&mut CellRng::new(7)).to_string()
    }
}

/// Every kind of text by the name of the configuration file, by subject.
pub fn generators() -> Vec<Generator> {
    let coded = GENERATORS.iter().filter(|(name, _)| Named::find(name).is_none());
    let coded = coded.map(|(name, kind)| Generator { name, subject: "Common", kind: kind.clone() });
    let data =
        Named::all().map(|n| Generator { name: n.name(), subject: n.entry().subject, kind: TextKind::Catalogue(n) });
    coded.chain(data).collect()
}

/// The kind of text behind a generator's name, case and `-` apart.
pub fn generator(name: &str) -> Option<TextKind> {
    let name = name.trim().to_ascii_lowercase().replace('-', "_");
    let coded = || GENERATORS.iter().find(|(n, _)| *n == name).map(|(_, kind)| kind.clone());
    Named::find(&name).filter(|n| !n.name().starts_with('_')).map(TextKind::Catalogue).or_else(coded)
}
