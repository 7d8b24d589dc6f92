//! Quoting of names and literals in SQL. No other module builds SQL text from names.

use crate::Dialect;

/// Quotes one identifier for a dialect, with any characters.
///
/// ```
/// use dbmocker_core::{Dialect, ident::quote};
/// assert_eq!(quote(Dialect::Postgres, r#"od"d"#), r#""od""d""#);
/// assert_eq!(quote(Dialect::Mysql, "od`d"), "`od``d`");
/// assert_eq!(quote(Dialect::Sqlite, "order"), r#""order""#);
/// ```
pub fn quote(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Mysql => format!("`{}`", name.replace('`', "``")),
        Dialect::Postgres | Dialect::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// `schema.table`, both quoted.
pub fn qualified(dialect: Dialect, schema: &str, table: &str) -> String {
    format!("{}.{}", quote(dialect, schema), quote(dialect, table))
}

/// A string literal. MySQL's depends on `NO_BACKSLASH_ESCAPES`; a text with doubled quotes means the same with either
/// setting only if it has no backslash, so a text with backslashes is written as hex.
pub fn literal(dialect: Dialect, text: &str) -> String {
    if dialect == Dialect::Mysql && text.contains('\\') {
        let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
        return format!("CONVERT(x'{hex}' USING utf8mb4)");
    }
    format!("'{}'", text.replace('\'', "''"))
}
