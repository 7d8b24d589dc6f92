//! The only place where a name becomes SQL text.

use crate::Dialect;

/// Quotes one identifier for a dialect, whatever it holds.
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

/// A string literal. MySQL's depends on `NO_BACKSLASH_ESCAPES`; doubling both is read the same with either setting only
/// if there is no backslash, so backslashes are written as hex there.
pub fn literal(dialect: Dialect, text: &str) -> String {
    if dialect == Dialect::Mysql && text.contains('\\') {
        let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
        return format!("CONVERT(x'{hex}' USING utf8mb4)");
    }
    format!("'{}'", text.replace('\'', "''"))
}
