//! Maps column types to the form of their values in COPY BINARY, and the forms of a table's columns to the COPY format.
//!
//! A type is identified by its receive function, which reads the bytes. For planning, without a server, it is
//! identified by its name.

use arrow::datatypes::{DataType, Schema, TimeUnit};

use super::failure;
use super::session::PostgresSession;
use crate::ident::{literal, qualified};
use crate::{Dialect, LoadError, Target};

/// The binary format that a type's receive function reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireForm {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    /// An amount in the smallest unit, which has this many digits after the point (`lc_monetary`).
    Money {
        digits: u8,
    },
    /// Character data, enum members and `json`: the text itself.
    Text,
    /// `jsonb`, `ltree`: a version byte, then the text.
    VersionedText,
    /// `"char"`: one byte.
    SingleChar,
    Bytea,
    Date,
    Time,
    Timestamp,
    Uuid,
    Oid,
}

impl WireForm {
    fn of_receive(function: &str) -> Option<WireForm> {
        Some(match function {
            "boolrecv" => WireForm::Bool,
            "int2recv" => WireForm::Int2,
            "int4recv" => WireForm::Int4,
            "int8recv" => WireForm::Int8,
            "float4recv" => WireForm::Float4,
            "float8recv" => WireForm::Float8,
            "numeric_recv" => WireForm::Numeric,
            "cash_recv" => WireForm::Money { digits: 2 },
            "textrecv" | "varcharrecv" | "bpcharrecv" | "namerecv" | "citextrecv" | "enum_recv" | "json_recv" => {
                WireForm::Text
            }
            "jsonb_recv" | "ltree_recv" => WireForm::VersionedText,
            "charrecv" => WireForm::SingleChar,
            "bytearecv" => WireForm::Bytea,
            "date_recv" => WireForm::Date,
            "time_recv" => WireForm::Time,
            "timestamp_recv" | "timestamptz_recv" => WireForm::Timestamp,
            "uuid_recv" => WireForm::Uuid,
            "oidrecv" => WireForm::Oid,
            // `xml` is omitted on purpose: its receive function converts from the encoding that a document declares,
            // its text input does not.
            _ => return None,
        })
    }

    /// The form of a type by its `format_type` name, without length and precision.
    fn of_spelling(sql_type: &str, is_enum: bool) -> Option<WireForm> {
        if sql_type.ends_with("[]") {
            return None;
        }
        if is_enum {
            return Some(WireForm::Text);
        }
        let (name, after) = sql_type
            .split_once('(')
            .map_or((sql_type, ""), |(name, rest)| (name, rest.split_once(')').map_or("", |(_, after)| after)));
        let plain = format!("{}{after}", name.trim_end());
        let bare = plain.strip_prefix("pg_catalog.").unwrap_or(&plain);
        let extension = bare.rsplit_once('.').map_or(bare, |(_, last)| last);
        Some(match bare {
            "boolean" | "bool" => WireForm::Bool,
            "smallint" | "int2" => WireForm::Int2,
            "integer" | "int" | "int4" => WireForm::Int4,
            "bigint" | "int8" => WireForm::Int8,
            "real" | "float4" => WireForm::Float4,
            "double precision" | "float8" => WireForm::Float8,
            "numeric" | "decimal" => WireForm::Numeric,
            "money" => WireForm::Money { digits: 2 },
            "text" | "character varying" | "varchar" | "character" | "bpchar" | "name" | "json" => WireForm::Text,
            "\"char\"" => WireForm::SingleChar,
            "jsonb" => WireForm::VersionedText,
            "bytea" => WireForm::Bytea,
            "date" => WireForm::Date,
            "time without time zone" | "time" => WireForm::Time,
            "timestamp without time zone" | "timestamp" | "timestamp with time zone" | "timestamptz" => {
                WireForm::Timestamp
            }
            "uuid" => WireForm::Uuid,
            "oid" => WireForm::Oid,
            _ if extension == "citext" => WireForm::Text,
            _ if extension == "ltree" => WireForm::VersionedText,
            _ => return None,
        })
    }

    /// Whether there is an encoder from an Arrow type to this form.
    pub fn takes(self, arrow: &DataType) -> bool {
        use DataType as D;
        let text = matches!(arrow, D::Utf8 | D::LargeUtf8);
        match self {
            WireForm::Bool => matches!(arrow, D::Boolean),
            WireForm::Int2 | WireForm::Int4 | WireForm::Int8 | WireForm::Oid => arrow.is_integer(),
            WireForm::Float4 | WireForm::Float8 => matches!(arrow, D::Float32 | D::Float64),
            WireForm::Numeric | WireForm::Money { .. } => arrow.is_integer() || matches!(arrow, D::Decimal128(..)),
            WireForm::Text | WireForm::VersionedText | WireForm::SingleChar => text,
            WireForm::Bytea => matches!(arrow, D::Binary | D::LargeBinary | D::FixedSizeBinary(_)),
            WireForm::Date => matches!(arrow, D::Date32),
            WireForm::Time => matches!(arrow, D::Time64(TimeUnit::Microsecond)),
            WireForm::Timestamp => matches!(arrow, D::Timestamp(TimeUnit::Microsecond, _)),
            WireForm::Uuid => text || matches!(arrow, D::FixedSizeBinary(16)),
        }
    }
}

/// A column of a table to be planned.
#[derive(Debug, Clone, Copy)]
pub struct ColumnType<'a> {
    pub name: &'a str,
    /// The server's type name, domains resolved.
    pub sql_type: &'a str,
    /// Whether it is an enum, which the type name does not show.
    pub is_enum: bool,
}

/// COPY's wire format and why it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyFormat {
    pub binary: bool,
    /// E.g. ``COPY text because column `words` is tsvector``.
    pub reason: String,
}

/// The format that a load of these columns uses: binary if each has a binary form here, else text.
///
/// Columns and the schema's fields correspond by position.
///
/// ```
/// use arrow::datatypes::{DataType, Field, Schema};
/// use dbmocker_loaders::postgres::{ColumnType, copy_format};
/// let schema = Schema::new(vec![Field::new("words", DataType::Utf8, true)]);
/// let column = ColumnType { name: "words", sql_type: "tsvector", is_enum: false };
/// assert_eq!(copy_format(&[column], &schema).reason, "COPY text because column `words` is tsvector");
/// ```
pub fn copy_format(columns: &[ColumnType<'_>], schema: &Schema) -> CopyFormat {
    let known = columns.iter().map(|c| (c.name, c.sql_type, WireForm::of_spelling(c.sql_type, c.is_enum)));
    choose(known, schema)
}

/// The format for columns of known form: name, type, form.
pub fn choose<'a>(columns: impl Iterator<Item = (&'a str, &'a str, Option<WireForm>)>, schema: &Schema) -> CopyFormat {
    for ((name, sql_type, form), field) in columns.zip(schema.fields()) {
        let reason = match form {
            None => format!("COPY text because column `{name}` is {sql_type}"),
            Some(form) if !form.takes(field.data_type()) => {
                format!("COPY text because column `{name}` is {sql_type}, given as {}", field.data_type())
            }
            Some(_) => continue,
        };
        return CopyFormat { binary: false, reason };
    }
    CopyFormat { binary: true, reason: "COPY binary: every column has a binary form".into() }
}

/// The properties of a table's columns, from the server's catalogue.
pub struct Resolved {
    /// The binary form of each column that is sent, if it has one.
    pub forms: Vec<Option<WireForm>>,
    /// Row-level security applies to this role: the server refuses COPY then.
    pub policies: bool,
}

/// The forms of the targets' columns by the server's catalogue, domains resolved to their base types. The COPYs must be
/// the next statements: the search path is then set to that of functions of the schema.
///
/// # Errors
/// [`LoadError::Table`] if a table does not exist or is not visible.
pub fn resolve(session: &mut PostgresSession, targets: &[&Target], label: &str) -> Result<Vec<Resolved>, LoadError> {
    let table = |(place, target): (usize, &&Target)| {
        let name = literal(Dialect::Postgres, &qualified(Dialect::Postgres, &target.schema, &target.table));
        format!("({place}, {name}::pg_catalog.regclass)")
    };
    let tables: Vec<String> = targets.iter().enumerate().map(table).collect();
    let sql = format!(include_str!("column_types.sql"), tables = tables.join(", "));
    let mut rows: Vec<Vec<Vec<Option<String>>>> = vec![Vec::new(); targets.len()];
    for row in session.query_before_copy(&sql).map_err(|e| failure::table(label, &e))? {
        let place = row.get(4).and_then(|place| place.as_ref()?.parse::<usize>().ok());
        if let Some(of_table) = place.and_then(|place| rows.get_mut(place)) {
            of_table.push(row);
        }
    }
    Ok(targets.iter().zip(rows).map(|(target, rows)| resolved(target, &rows)).collect())
}

fn resolved(target: &Target, rows: &[Vec<Option<String>>]) -> Resolved {
    let policies = rows.first().and_then(|row| row.get(3)?.as_deref()) == Some("t");
    // The server looks up the receive functions of all columns of a table, also of those that are not sent.
    if rows.iter().any(|row| row.get(1).is_some_and(|receive| receive.as_deref() == Some("none"))) {
        return Resolved { forms: vec![None; target.columns.len()], policies };
    }
    let mut forms = Vec::with_capacity(target.columns.len());
    for column in &target.columns {
        let row = rows.iter().find(|row| row.first().is_some_and(|name| name.as_deref() == Some(&column.name)));
        let receive = row.and_then(|row| row.get(1)?.as_deref());
        let digits = || row.and_then(|row| row.get(2)?.as_deref()?.parse().ok()).unwrap_or(2);
        forms.push(match receive.and_then(WireForm::of_receive) {
            Some(WireForm::Money { .. }) => Some(WireForm::Money { digits: digits() }),
            form => form,
        });
    }
    Resolved { forms, policies }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::Field;

    #[test]
    fn spellings() {
        for (sql_type, form) in [
            ("character varying(24)", Some(WireForm::Text)),
            ("numeric(10,2)", Some(WireForm::Numeric)),
            ("timestamp(3) with time zone", Some(WireForm::Timestamp)),
            ("time(0) without time zone", Some(WireForm::Time)),
            ("time with time zone", None),
            ("public.citext", Some(WireForm::Text)),
            ("\"char\"", Some(WireForm::SingleChar)),
            ("integer[]", None),
            ("xml", None),
            ("mood", None),
            ("bit varying(5)", None),
            ("numeric(", Some(WireForm::Numeric)),
        ] {
            assert_eq!(WireForm::of_spelling(sql_type, false), form, "{sql_type}");
        }
        assert_eq!(WireForm::of_spelling("mood", true), Some(WireForm::Text));
        assert_eq!(WireForm::of_spelling("mood[]", true), None);
    }

    #[test]
    fn the_reason_names_the_column() {
        let schema = Schema::new(vec![Field::new("a", DataType::Int32, true), Field::new("d", DataType::Utf8, true)]);
        let column = |name, sql_type| ColumnType { name, sql_type, is_enum: false };
        let binary = copy_format(&[column("a", "integer"), column("d", "text")], &schema);
        assert!(binary.binary, "{}", binary.reason);
        let text = copy_format(&[column("a", "integer"), column("d", "date")], &schema);
        assert_eq!(text.reason, "COPY text because column `d` is date, given as Utf8");
    }
}
