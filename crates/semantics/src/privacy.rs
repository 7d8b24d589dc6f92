//! Classifies columns by privacy, by their names and the kinds of text that the names indicate.
//!
//! Data in: a table and one of its columns. Data out: the class of its values, with the phrase or kind that matched.
//! The phrases are data (`data/privacy.txt`).

use super::dictionary::{Meaning, dictionary};
use super::names::Name;
use super::neighbours::Neighbours;
use super::text;
use dbmocker_core::schema::{Column, SqlType, Table};
use dbmocker_domain::text::{GENERATORS, TextKind};

/// The privacy class of a column's values, in decreasing need of protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Privacy {
    /// Passwords, tokens, keys.
    Secret,
    /// Names, addresses, numbers of persons.
    Identifier,
    /// Salaries, dates of birth, diagnoses.
    Personal,
    FreeText,
    /// Countries, currencies.
    Public,
    /// None of these.
    Open,
}

impl Privacy {
    /// Parses a class of the dictionary; `None` for other texts.
    pub fn parse(text: &str) -> Option<Privacy> {
        Some(match text {
            "secret" => Privacy::Secret,
            "identifier" => Privacy::Identifier,
            "personal" => Privacy::Personal,
            "free text" => Privacy::FreeText,
            "public" => Privacy::Public,
            "open" => Privacy::Open,
            _ => return None,
        })
    }
}

/// The class of a column's values, with the phrase or kind that matched; `None` if none does.
pub fn privacy(table: &Table, column: &Column) -> Option<(Privacy, String)> {
    let neighbours = Neighbours::of(table);
    let name = neighbours.name(column);
    let d = dictionary();
    let by_name = name.best(&d.privacy).map(|(phrase, privacy)| (*privacy, phrase));
    let of_text = kind(&name, &neighbours, column).filter(|_| !is_fraction(&column.ty));
    let by_kind = of_text.and_then(|(label, subject)| {
        let found = d.privacy_of_kinds.get(&label).or_else(|| d.privacy_of_kinds.get(subject));
        found.map(|privacy| (*privacy, label.replace('_', " ")))
    });
    match (by_name, by_kind) {
        // The longer phrase `file name` overrides the kind of `name`; and a boolean is not an e-mail address.
        (Some(open @ (Privacy::Open, _)), Some((kind, _))) if kind != Privacy::Secret || is_flag(column) => Some(open),
        (Some(name), Some(kind)) => Some(if kind.0 < name.0 { kind } else { name }),
        (one, other) => one.or(other),
    }
}

/// An amount of `vat` is no VAT number.
fn is_fraction(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Decimal { scale: 1.., .. } | SqlType::Float { .. } | SqlType::Money)
}

fn is_flag(column: &Column) -> bool {
    matches!(column.ty, SqlType::Bool)
}

/// The name and subject of the kind of text that a column's name indicates, independent of the column's type.
fn kind(name: &Name, neighbours: &Neighbours, column: &Column) -> Option<(String, &'static str)> {
    let comment = column.comment.as_deref().map(Name::new);
    let text_column = text::TextColumn { name, neighbours, room: u32::MAX, comment: comment.as_ref() };
    match text::meaning(&text_column)?.1 {
        Meaning::Kind(TextKind::Catalogue(named)) => Some((named.name().to_owned(), named.entry().subject)),
        Meaning::Kind(TextKind::Hex { .. }) => Some(("hex".into(), "")),
        Meaning::Kind(TextKind::Prose(_)) => Some(("sentence".into(), "")),
        Meaning::Kind(kind) => {
            GENERATORS.iter().find(|(_, k)| *k == kind).map(|(name, _)| ((*name).to_owned(), "Common"))
        }
        Meaning::OneOf(_) | Meaning::Flag(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use dbmocker_core::schema::TableName;

    use super::*;

    fn of(table: &str, column: &str) -> Option<Privacy> {
        let text = SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: false };
        let mut all = Table::new(TableName::new("public", table));
        all.columns.push(Column::new(column, text, "text"));
        privacy(&all, &all.columns[0]).map(|(privacy, _)| privacy)
    }

    #[test]
    fn privacy_by_name() {
        use Privacy::*;
        for (table, column, expected) in [
            ("users", "email", Some(Identifier)),
            ("users", "E_Mail_Adresse", Some(Identifier)),
            ("kunden", "geburtsdatum", Some(Personal)),
            ("kunden", "vorname", Some(Identifier)),
            ("customers", "name", Some(Identifier)),
            ("customers", "full_name", Some(Identifier)),
            ("users", "password_hash", Some(Secret)),
            ("users", "api_token", Some(Secret)),
            ("users", "gender", Some(Personal)),
            ("employees", "salary", Some(Personal)),
            ("visits", "diagnosis", Some(Personal)),
            ("tickets", "body", Some(FreeText)),
            ("tickets", "assignee", Some(Identifier)),
            ("tickets", "priority", Some(Open)),
            ("users", "ssn", Some(Identifier)),
            ("users", "credit_card_number", Some(Identifier)),
            ("orders", "currency", Some(Public)),
            ("customers", "country", Some(Public)),
            ("files", "file_name", Some(Open)),
            ("events", "event_type", Some(Open)),
            ("orders", "status", Some(Open)),
            ("users", "login_count", Some(Open)),
        ] {
            assert_eq!(of(table, column), expected, "{table}.{column}");
        }
    }
}
