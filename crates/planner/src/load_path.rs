//! The load method of each table and the reason for it, as the loaders describe it.

use std::borrow::Cow;

use arrow::datatypes::Schema as ArrowSchema;
use dbmocker_loaders::postgres::{ColumnType, copy_format};
use dbmocker_loaders::{mysql, sqlite};

use dbmocker_core::schema::{Column, Dialect, Schema, SqlType, Table};

/// Returns the load method, e.g. ``COPY text because column `words` is tsvector``; `sent`: the columns that are sent as
/// `arrow`'s fields.
pub fn load_path(schema: &Schema, table: &Table, sent: &[usize], arrow: &ArrowSchema) -> String {
    let said = |(path, reason): (&str, String)| format!("{path}: {reason}");
    match schema.dialect {
        Dialect::Mysql => said(mysql::path(&schema.settings)),
        Dialect::Sqlite => said(sqlite::path()),
        Dialect::Postgres => {
            let columns: Vec<(&Column, Cow<'_, str>)> =
                sent.iter().map(|&c| &table.columns[c]).map(|c| (c, base(c))).collect();
            let types: Vec<ColumnType<'_>> = columns
                .iter()
                .map(|(c, base)| ColumnType {
                    name: &c.name,
                    sql_type: base,
                    is_enum: matches!(c.ty, SqlType::Enum { .. }),
                })
                .collect();
            copy_format(&types, arrow).reason
        }
    }
}

/// Returns the base type of a column's domain, for types that are sent in binary.
fn base(column: &Column) -> Cow<'_, str> {
    Cow::Borrowed(match &column.ty {
        SqlType::Bool => "boolean",
        SqlType::Int { bytes: 2, .. } => "smallint",
        SqlType::Int { bytes: 4, .. } => "integer",
        SqlType::Int { bytes: 8, .. } => "bigint",
        SqlType::Float { bytes: 4, .. } => "real",
        SqlType::Float { .. } => "double precision",
        SqlType::Decimal { .. } => "numeric",
        SqlType::Text { case_insensitive: false, fixed: false, .. } => "text",
        SqlType::Date => "date",
        SqlType::Uuid => "uuid",
        _ => return Cow::Borrowed(&column.type_name),
    })
}
