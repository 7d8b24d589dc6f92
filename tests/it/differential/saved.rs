//! Expressions on which the evaluator and a server once differed.

use dbmocker_core::schema::Dialect;

const SQLITE: &[&str] = &[];

const POSTGRES: &[&str] = &[];

const MARIADB: &[&str] = &[];

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
