//! Infers a column's domain of realistic values from its type, its name and its table.
//!
//! Data in: a table and one of its columns. Data out: the domain, the share of NULLs, and the reason as text; or
//! [`Unsupported`] for a type without a generator. Keys and CHECKs are not considered here; the planner narrows the
//! domain by them later.

mod amounts;
mod categories;
pub mod common_ancestors;
mod copies;
mod dates;
mod dictionary;
mod edges;
mod entities;
mod flags;
pub mod flows;
pub mod histories;
mod kinds;
mod legal;
mod life_cycle;
mod measures;
pub mod memberships;
mod name_orderings;
mod names;
mod neighbours;
mod nulls;
pub mod number_parts;
mod numbers;
pub mod occasions;
pub mod part_statuses;
pub mod periods;
mod privacy;
pub mod references;
pub mod role_values;
pub mod roles;
mod stages;
pub mod stated;
#[cfg(test)]
mod tests;
mod text;
pub mod totals;
mod types;
mod verbs;

use thiserror::Error;

use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::schema::{Column, Dialect, Table};
use dbmocker_domain::catalogue::Named;
use dbmocker_domain::locale::{Locale, Locales};
use dbmocker_domain::text::{GENERATORS, TextKind};
use dbmocker_domain::{Domain, TextDomain};

pub use amounts::{Amount, amount, amount_in, in_cents};
pub use categories::{List, default_text, distinct_values, true_index, weights};
pub use copies::{ChildColumn, CopyMode, copied};
pub use dictionary::{DictionaryError, EntryError, add_dictionary};
pub use edges::edge_cases;
pub use entities::{AttributeName, attribute_of, correlations, keep_distinct, kind_of_files, named_attribute};
pub use flags::true_percent;
pub use kinds::of_kind;
pub use legal::legal;
pub use life_cycle::{LifeCycle, event_name, flagged};
pub use measures::{Measure, is_reading};
pub use name_orderings::soft_checks;
pub use names::{Name, language};
pub use nulls::{named as named_nulls, undoing as undoing_nulls};
pub use numbers::is_count;
pub use privacy::{Privacy, privacy};
pub use stages::{Stage, ages, course, delay, is_billed, is_leave, is_machine, is_planned, is_validity, stage, step};

/// Whether a column holds a point in time by its name, for columns whose type is not a date or timestamp.
pub fn is_moment(name: &str) -> bool {
    dates::is_moment(&names::Name::new(name))
}

/// Input of the inference in addition to the table.
#[derive(Debug, Clone, Copy)]
pub struct InferContext<'a> {
    pub dialect: Dialect,
    /// "Today", in microseconds since 1970-01-01 UTC.
    pub now_micros: i64,
    /// The column is part of a unique key: the size of the domain matters more than realistic values.
    pub in_key: bool,
    /// The requested locales with their weights; empty if none were requested.
    pub locales: &'a [(Locale, u32)],
    /// Telephone numbers must pass validation libraries.
    pub valid_phones: bool,
    /// The database's character set has no letters beyond ASCII.
    pub ascii: bool,
}

impl InferContext<'_> {
    /// The context without requests of the user.
    pub fn new(dialect: Dialect, now_micros: i64) -> Self {
        InferContext { dialect, now_micros, in_key: false, locales: &[], valid_phones: false, ascii: false }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Inferred {
    pub domain: Domain,
    /// All values of the type, within practical limits; narrowed instead of `domain` where CHECKs leave no value of
    /// `domain`.
    pub legal: Domain,
    /// Share of NULLs, from 0 to 1; 0 for columns that are NOT NULL.
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
    /// What the user can do about it.
    pub way_out: String,
}

/// The domain of a column that no foreign key fills.
///
/// # Errors
/// [`Unsupported`] where no value of the type can be made.
pub fn infer(table: &Table, column: &Column, context: &InferContext<'_>) -> Result<Inferred, Unsupported> {
    let inference = types::ColumnInference::new(table, column, context);
    let legal = legal(&inference.stored_type(&column.ty), context)
        .ok_or_else(|| unsupported(&column.type_name, &table.name.name, &column.name))?;
    let (domain, reason) =
        inference.infer(&column.ty).ok_or_else(|| unsupported(&column.type_name, &table.name.name, &column.name))?;
    let null_share = if column.nullable { nulls::share(inference.name(), inference.table()) } else { 0.0 };
    Ok(Inferred { domain, legal, null_share, reason })
}

/// Whether the numbers of a column are never negative, by the meaning of its name: ages, prices, quantities.
pub fn is_never_negative(table: &Table, column: &Column) -> bool {
    /// Years are never negative in any year.
    const YEAR: i32 = 2000;
    let neighbours = neighbours::Neighbours::of(table);
    let scale = numbers::scale_of(&neighbours, &neighbours.name(column), YEAR);
    scale.is_some_and(|(_, scale)| scale.lo >= 0.0)
}

/// The locales of a table's values: the requested ones, else that of the language of its column names. Empty means no
/// particular locale.
pub fn locales(table: &Table, requested: &[(Locale, u32)]) -> Locales {
    if !requested.is_empty() {
        return requested.to_vec();
    }
    let neighbours = neighbours::Neighbours::of(table);
    let has_column = |words: &[&str]| table.columns.iter().any(|c| words.contains(&c.name.to_lowercase().as_str()));
    let locale = match neighbours.language {
        Some("pt") if has_column(&["cpf", "cnpj", "cep", "uf", "celular", "endereco", "endereço"]) => "pt_BR",
        Some("es") if has_column(&["curp", "rfc", "colonia"]) => "es_MX",
        Some(code) => code,
        None => return Locales::new(),
    };
    Locale::parse(locale).map(|l| vec![(l, 1)]).unwrap_or_default()
}

/// The domain by a name and type only, without a table; `None` for a type without a generator.
pub fn infer_by_name(name: &str, ty: &dbmocker_core::schema::SqlType, context: &InferContext) -> Option<Domain> {
    Some(types::ColumnInference::by_name(name, context).infer(ty)?.0)
}

/// The domain of all texts of one kind.
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

/// A kind of text that a config file may name.
#[derive(Debug, Clone, PartialEq)]
pub struct TextGenerator {
    pub name: &'static str,
    /// The heading under which `dbmocker generators` lists it.
    pub subject: &'static str,
    pub kind: TextKind,
}

impl TextGenerator {
    /// An example text, the same one on every call.
    pub fn example(&self) -> String {
        Domain::Text(TextDomain::new(self.kind.clone(), 200)).draw(&mut CellRng::new(7)).to_string()
    }
}

/// All kinds of text with their names in config files, grouped by subject.
pub fn generators() -> Vec<TextGenerator> {
    let built_in = GENERATORS.iter().filter(|(name, _)| Named::find(name).is_none());
    let built_in = built_in.map(|(name, kind)| TextGenerator { name, subject: "Common", kind: kind.clone() });
    let data = Named::all().map(|n| TextGenerator {
        name: n.name(),
        subject: n.entry().subject,
        kind: TextKind::Catalogue(n),
    });
    built_in.chain(data).collect()
}

/// The kind of text of a generator's name; ignores case, and `-` equals `_`.
pub fn generator(name: &str) -> Option<TextKind> {
    let name = name.trim().to_ascii_lowercase().replace('-', "_");
    let built_in = || GENERATORS.iter().find(|(n, _)| *n == name).map(|(_, kind)| kind.clone());
    Named::find(&name).filter(|n| !n.name().starts_with('_')).map(TextKind::Catalogue).or_else(built_in)
}
