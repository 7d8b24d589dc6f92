//! Calls on which the evaluator and a server once differed, or that random arguments do not find.

use dbmocker_core::schema::Dialect;

const SQLITE: &[&str] = &[
    "date('2024-01-31', '+1 month')",
    "date('2024-03-31', '-1 month')",
    "date('2024-02-29', '+1 year')",
    "substr('abc', 0, 2)",
    "substr('abc', -5, 4)",
    "unicode('')",
];

const POSTGRES: &[&str] = &[
    "array_length(ARRAY[1, 2], 1)",
    "array_length(ARRAY[1, 2], 2)",
    "array_position(ARRAY['a', NULL, 'b'], NULL)",
    "array_remove(ARRAY['a', NULL, 'b'], NULL)",
    "lpad('abc', -1)",
    "left('abc', -5)",
    "right('abc', -2)",
];

const MARIADB: &[&str] = &[
    "field(NULL, 'a')",
    "field('B', 'a', 'b')",
    "is_ipv4('1.2.3')",
    "is_ipv6('::1')",
    "log(0, 2)",
    "log(1, 2)",
    "log(-2, 8)",
    "log(2, 8)",
    "ln(0)",
    "sqrt(-1)",
    "lpad('abc', 5, '')",
];

/// Those of a dialect.
pub fn cases(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
        Dialect::Mysql => MARIADB,
    }
    .iter()
    .copied()
}
