//! Facts from the catalogue about a table of which only the name is known.

use dbmocker_loaders::{Connection, Dialect, LoadError, Loader, connect, ident};

use super::RunError;
use super::sql_template::filled;
use dbmocker_core::schema::TableName;

/// An existing ordinary table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TableFacts {
    /// PostgreSQL: it has partitions.
    pub partitioned: bool,
    /// PostgreSQL: row security policies decide which rows a role sees, by functions that any role may own.
    pub policies: bool,
}

/// `None` if no ordinary table has the name.
///
/// # Errors
/// A query fails.
pub(super) fn table(
    loader: &mut dyn Loader,
    dialect: Dialect,
    name: &TableName,
) -> Result<Option<TableFacts>, LoadError> {
    let (schema, table) = (ident::literal(dialect, &name.schema), ident::literal(dialect, &name.name));
    let sql = match dialect {
        Dialect::Postgres => include_str!("facts/postgres.sql"),
        Dialect::Mysql => include_str!("facts/mysql.sql"),
        Dialect::Sqlite if name.schema != "main" => return Ok(None),
        Dialect::Sqlite => include_str!("facts/sqlite.sql"),
    };
    let rows = loader.query(&filled(sql, &[("schema", &schema), ("table", &table)]))?;
    let flag = |row: &[Option<String>], i: usize| row.get(i).is_some_and(|v| matches!(v.as_deref(), Some("t" | "1")));
    Ok(rows.first().map(|row| TableFacts { partitioned: flag(row, 0), policies: flag(row, 1) }))
}

/// The comment on the database, if the server supports comments on databases.
///
/// # Errors
/// The server cannot be reached or queried.
pub fn database_comment(connection: &Connection) -> Result<Option<String>, RunError> {
    let sql = match connection.dialect {
        Dialect::Sqlite => return Ok(None),
        Dialect::Postgres => {
            "SELECT pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database \
             WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()"
        }
        Dialect::Mysql => "SELECT schema_comment FROM information_schema.schemata WHERE schema_name = database()",
    };
    let mut loader = connect(connection)?;
    if connection.dialect == Dialect::Mysql {
        // Only MariaDB has this column.
        let known = "SELECT 1 FROM information_schema.columns WHERE table_schema = 'information_schema' \
                     AND lower(table_name) = 'schemata' AND lower(column_name) = 'schema_comment'";
        if loader.query(known)?.is_empty() {
            return Ok(None);
        }
    }
    let comment = loader.query(sql)?.into_iter().next().and_then(|row| row.into_iter().next()).flatten();
    loader.finish()?;
    Ok(comment)
}

/// Restricts an index to that of a constraint: another one of its name does not replace it.
const CONSTRAINT: &str = " AND EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k \
     WHERE k.conindid OPERATOR(pg_catalog.=) c.oid AND k.contype OPERATOR(pg_catalog.=) ANY (ARRAY['p', 'u', 'x']::pg_catalog.\"char\"[]))";

/// Whether the table has an index of this name; PostgreSQL: whether its schema holds an index, or anything else, of this
/// name.
///
/// # Errors
/// A query fails.
pub(super) fn has_index(
    loader: &mut dyn Loader,
    dialect: Dialect,
    table: &TableName,
    (index, of_constraint): (&str, bool),
) -> Result<bool, LoadError> {
    let literal = |text: &str| ident::literal(dialect, text);
    if dialect == Dialect::Mysql {
        let [schema, table, index] = [&table.schema, &table.name, index].map(literal);
        let sql = format!(
            "SELECT 1 FROM information_schema.statistics WHERE table_schema = {schema} AND table_name = {table} \
             AND index_name = {index} LIMIT 1"
        );
        return Ok(!loader.query(&sql)?.is_empty());
    }
    let sql = format!(
        "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace \
         WHERE n.nspname OPERATOR(pg_catalog.=) {} AND c.relname OPERATOR(pg_catalog.=) {}{}",
        literal(&table.schema),
        literal(index),
        if of_constraint { CONSTRAINT } else { "" }
    );
    Ok(!loader.query(&sql)?.is_empty())
}
