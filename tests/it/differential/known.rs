//! Functions and operators in which the evaluator is known to differ from a server, found by these tests and still to
//! be fixed: expressions with them must not agree. An entry is removed with its fault.

use dbmocker_core::schema::Dialect;

const SQLITE: &[&str] = &[
    // No character, characters beyond Unicode's, NULL.
    "char(", // Negative numbers of digits; an empty text to replace by NULL.
    "round(", "replace(",
];

const POSTGRES: &[&str] = &[
    // Empty texts and separators, quotes.
    "split_part(",
    "string_to_array(",
    // Errors that are not raised.
    "log(",
    "regexp_replace(",
    // No match.
    "regexp_substr(",
    // Numbers of hundreds of digits, letters without a capital.
    "exp(",
    "initcap(",
    // Time zones, years before Christ, whole years of a span.
    "age(",
    "date_trunc(",
    "make_date(",
    // A constant of the type inet in front of which the type is named.
    "family(",
    "host(",
    "masklen(",
    // An error of a comparison that is not needed.
    "jsonb_array_length(",
];

const MARIADB: &[&str] = &[
    // NULL where an argument has none.
    "inet_aton(",
    // Dates in the place of times, the largest time.
    "addtime(",
    "sec_to_time(",
    "subtime(",
    "time(",
    "timestamp(",
    // Scalars as one-element arrays, documents that are not bare.
    "json_extract(",
    "json_type(",
    "json_value(",
    // Lengths and places beyond the text, bytes that are no characters.
    "ascii(",
    "char(",
    "chr(",
    "repeat(",
    // Collations.
    " LIKE ",
    "least(",
    "regexp_replace(",
    "regexp_substr(",
    "strcmp(",
];

/// The entries of a dialect.
pub fn of(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
        Dialect::Mysql => MARIADB,
    }
}

/// The entries that an expression contains.
pub fn within(expression: &str, known: &[&'static str]) -> Vec<&'static str> {
    let word = |at: usize| expression[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let within = |k: &&&str| expression.match_indices(**k).any(|(at, _)| k.starts_with(' ') || !word(at));
    known.iter().filter(within).copied().collect()
}
