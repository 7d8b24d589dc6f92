//! Functions and operators in which the evaluator is known to differ from a server, found by these tests and still to
//! be fixed: expressions with them are not compared. An entry is removed with its fault.

use dbmocker_core::schema::Dialect;

const SQLITE: &[&str] = &[
    // Months beyond the end of a month go on into the next one.
    "date(",
    "datetime(",
    "julianday(",
    "strftime(",
    "unixepoch(",
    // No character, characters beyond Unicode's, NULL.
    "char(",
    "unicode(",
    // Negative numbers of digits; an empty text to replace by NULL.
    "round(",
    "replace(",
];

const POSTGRES: &[&str] = &[
    // NULL as an element, empty texts and separators, quotes.
    "array_remove(",
    "array_to_string(",
    "split_part(",
    "string_to_array(",
    // Errors that are not raised.
    "chr(",
    "log(",
    "regexp_replace(",
    "substr(",
    "substring(",
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
    // NULL where numbers have no value, or an argument has none.
    "exp(",
    "field(",
    "inet_aton(",
    "is_ipv4(",
    "is_ipv6(",
    "ln(",
    "log(",
    "log10(",
    "log2(",
    "sqrt(",
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
    "left(",
    "lpad(",
    "mid(",
    "repeat(",
    "right(",
    "rpad(",
    "substr(",
    "substring(",
    // Collations.
    " LIKE ",
    "greatest(",
    "least(",
    "regexp_replace(",
    "regexp_substr(",
    "strcmp(",
];

/// Whether an expression contains one of them.
pub fn differs(expression: &str, dialect: Dialect) -> bool {
    let known = match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
        Dialect::Mysql => MARIADB,
    };
    let word = |at: usize| expression[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    known.iter().any(|k| expression.match_indices(k).any(|(at, _)| k.starts_with(' ') || !word(at)))
}
