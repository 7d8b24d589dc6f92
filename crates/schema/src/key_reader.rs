//! Key tuples of existing rows, for foreign keys that may refer to them.

use dbmocker_loaders::ident::{qualified, quote};
use dbmocker_loaders::{Connection, Dialect as Sql};

use super::error::SchemaError;
use super::session::Session;
use dbmocker_core::schema::SqlType;
use dbmocker_core::schema::{Column, Table};
use dbmocker_core::time::{date_text, parse_date, parse_time, parse_timestamp, time_text, timestamp_text};
use dbmocker_core::value::Value;

/// Passes at most `limit` tuples of `columns` (positions in the table), or all of them: ordered by the primary key, or
/// by the columns if there is none, and at even steps in that order if the table has more. Left out are tuples with a
/// NULL and tuples with a value that no generated row could repeat exactly (infinity, NaN, a date before our era, a
/// SQLite value of another type than declared).
///
/// # Errors
/// [`SchemaError`] if a query fails or is not permitted.
pub fn read_rows(
    conn: &Connection,
    table: &Table,
    columns: &[usize],
    limit: Option<u64>,
    each: &mut dyn FnMut(Vec<Value>),
) -> Result<(), SchemaError> {
    if columns.is_empty() || limit == Some(0) {
        return Ok(());
    }
    let chosen: Vec<&Column> = columns.iter().map(|i| &table.columns[*i]).collect();
    let sql = query(conn.dialect, table, &chosen, limit);
    Session::open(conn)?.each(&format!("the rows of {}", table.name), &sql, &mut |cells| {
        let value = |(i, c): (usize, &&Column)| match conn.dialect {
            Sql::Sqlite => sqlite_value(&c.ty, cells[2 * i].as_deref()?, cells[2 * i + 1].as_deref()?),
            _ => server_value(&c.ty, cells[i].as_deref()?),
        };
        if let Some(tuple) = chosen.iter().enumerate().map(value).collect() {
            each(tuple);
        }
        true
    })
}

fn query(dialect: Sql, table: &Table, columns: &[&Column], limit: Option<u64>) -> String {
    let name = |c: &str| quote(dialect, c);
    let outputs: Vec<String> = columns.iter().map(|c| output(dialect, c)).collect();
    let outputs = outputs.join(", ");
    let not_null: Vec<String> = columns.iter().map(|c| format!("{} is not null", name(&c.name))).collect();
    // A foreign key to a table with inheriting tables refers only to the table's own rows.
    let only = if dialect == Sql::Postgres && !table.in_parts() { "only " } else { "" };
    let from = qualified(dialect, &table.name.schema, &table.name.name);
    let rows = format!("from {only}{from} where {}", not_null.join(" and "));
    let Some(limit) = limit else { return format!("select {outputs} {rows}") };
    let primary = table.primary_key().and_then(|k| k.plain_columns());
    let order: Vec<String> = match primary {
        Some(primary) => primary.into_iter().map(name).collect(),
        None => columns.iter().map(|c| name(&c.name)).collect(),
    };
    let order = order.join(", ");
    if table.existing.rows <= limit {
        return format!("select {outputs} {rows} order by {order} limit {limit}");
    }
    let every = table.existing.rows.div_ceil(limit);
    let plain: Vec<String> = columns.iter().map(|c| name(&c.name)).collect();
    format!(
        "select {outputs} from (select {}, row_number() over (order by {order}) as dbmocker_row {rows}) as dbmocker_rows \
         where dbmocker_row % {every} = 1 order by dbmocker_row limit {limit}",
        plain.join(", ")
    )
}

/// The column as text without loss. SQLite: storage class and text.
pub fn output(dialect: Sql, column: &Column) -> String {
    let c = quote(dialect, &column.name);
    match (dialect, &column.ty) {
        (Sql::Postgres, SqlType::Binary { .. }) => format!("encode({c}, 'hex')"),
        (Sql::Postgres, SqlType::Money) => format!("({c}::numeric)::text"),
        // Without padding.
        (Sql::Postgres, SqlType::Text { fixed: true, .. }) => format!("{c}::text"),
        // All values come as text. A cast could be a function of the type's owner.
        (Sql::Postgres, _) => c,
        (Sql::Mysql, SqlType::Binary { .. }) => format!("hex({c})"),
        (Sql::Mysql, SqlType::Bit { length, .. }) => format!("lpad(bin({c} + 0), {length}, '0')"),
        (Sql::Mysql, SqlType::Float { .. }) => format!("cast(cast({c} as double) as char)"),
        (Sql::Mysql, SqlType::Spatial { .. }) => format!("st_astext({c})"),
        (Sql::Mysql, _) => format!("cast({c} as char)"),
        (Sql::Sqlite, _) => format!(
            "typeof({c}), case typeof({c}) when 'blob' then hex({c}) when 'real' then printf('%!.17g', {c}) \
             else cast({c} as text) end"
        ),
    }
}

/// Converts a server's text to the value that a generator would make for the type.
pub fn server_value(ty: &SqlType, text: &str) -> Option<Value> {
    Some(match ty {
        SqlType::Bool => Value::Bool(matches!(text, "true" | "t" | "1")),
        SqlType::Int { .. } | SqlType::Year | SqlType::Oid => Value::Int(text.parse().ok()?),
        SqlType::Decimal { scale, .. } => decimal(text, *scale)?,
        SqlType::Money => decimal(text, 2)?,
        SqlType::Float { .. } => Value::Float(text.parse().ok().filter(|x: &f64| x.is_finite())?),
        SqlType::Binary { .. } => Value::Bytes(bytes(text)?),
        SqlType::Date => Value::Date(parse_date(text)?),
        SqlType::Time { tz: false, .. } => Value::Time(parse_time(text)?),
        SqlType::Timestamp { .. } => Value::Timestamp(parse_timestamp(text)?),
        _ => Value::text(text),
    })
}

/// In SQLite the storage class decides; a date is accepted only in dbmocker's format.
pub fn sqlite_value(ty: &SqlType, class: &str, text: &str) -> Option<Value> {
    match class {
        "blob" => {
            let fits = matches!(ty, SqlType::Binary { .. } | SqlType::Untyped);
            if fits { bytes(text).map(Value::Bytes) } else { None }
        }
        "integer" => match ty {
            SqlType::Bool => match text {
                "0" => Some(Value::Bool(false)),
                "1" => Some(Value::Bool(true)),
                _ => None,
            },
            SqlType::Decimal { scale, .. } => decimal(text, *scale),
            SqlType::Float { .. } => text.parse().ok().map(Value::Float),
            SqlType::Int { .. } | SqlType::Year | SqlType::Untyped => text.parse().ok().map(Value::Int),
            _ => None,
        },
        "real" => match ty {
            SqlType::Float { .. } | SqlType::Untyped => text.parse().ok().map(Value::Float),
            SqlType::Decimal { scale, .. } => {
                let digits = usize::try_from(*scale).unwrap_or(0);
                let number: f64 = text.parse().ok()?;
                let rounded = format!("{number:.digits$}");
                if rounded.parse() == Ok(number) { decimal(&rounded, *scale) } else { None }
            }
            _ => None,
        },
        _ => {
            let same = |shown: String, value: Value| (shown == text).then_some(value);
            match ty {
                SqlType::Date => parse_date(text).and_then(|d| same(date_text(d), Value::Date(d))),
                SqlType::Time { .. } => parse_time(text).and_then(|t| same(time_text(t), Value::Time(t))),
                SqlType::Timestamp { .. } => {
                    parse_timestamp(text).and_then(|t| same(timestamp_text(t), Value::Timestamp(t)))
                }
                SqlType::Bool
                | SqlType::Int { .. }
                | SqlType::Decimal { .. }
                | SqlType::Float { .. }
                | SqlType::Year
                | SqlType::Binary { .. } => None,
                _ => Some(Value::text(text)),
            }
        }
    }
}

/// `-12.50` with the column's scale, or with the text's if it has more digits.
fn decimal(text: &str, scale: i16) -> Option<Value> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let scale = usize::try_from(scale).unwrap_or(0).max(fraction.len());
    let unscaled = format!("{whole}{fraction:0<scale$}").parse().ok()?;
    Some(Value::Decimal { unscaled, scale: u8::try_from(scale).ok()? })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(hex.get(i..i + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_servers() {
        let of = |ty: &SqlType, text| server_value(ty, text);
        let numeric = SqlType::Decimal { precision: 10, scale: 2, unsigned: false };
        assert_eq!(of(&numeric, "-0.5"), Some(Value::Decimal { unscaled: -50, scale: 2 }));
        assert_eq!(of(&numeric, "NaN"), None);
        let any = SqlType::Decimal { precision: 0, scale: 0, unsigned: false };
        assert_eq!(of(&any, "1.250"), Some(Value::Decimal { unscaled: 1250, scale: 3 }));
        assert_eq!(of(&SqlType::Binary { max_bytes: None, fixed: false }, "00fF"), Some(Value::Bytes(vec![0, 255])));
        let tz = SqlType::Timestamp { precision: 6, tz: true, epoch_range: false };
        assert_eq!(of(&tz, "1970-01-01 00:00:01.5+00"), Some(Value::Timestamp(1_500_000)));
        assert_eq!(of(&tz, "infinity"), None);
        assert_eq!(of(&SqlType::Date, "0044-03-15 BC"), None);
        assert_eq!(of(&SqlType::Uuid, "a"), Some(Value::text("a")));
    }

    #[test]
    fn sqlite_values_by_storage_class() {
        let int = SqlType::Int { bytes: 8, unsigned: false, tinyint1: false };
        assert_eq!(sqlite_value(&int, "integer", "5"), Some(Value::Int(5)));
        assert_eq!(sqlite_value(&int, "text", "x"), None);
        let stamp = SqlType::Timestamp { precision: 0, tz: false, epoch_range: false };
        assert_eq!(sqlite_value(&stamp, "text", "1970-01-01 00:00:01"), Some(Value::Timestamp(1_000_000)));
        assert_eq!(sqlite_value(&stamp, "text", "1970-01-01T00:00:01Z"), None);
        let price = SqlType::Decimal { precision: 10, scale: 2, unsigned: false };
        assert_eq!(
            sqlite_value(&price, "real", "1.1000000000000001"),
            Some(Value::Decimal { unscaled: 110, scale: 2 })
        );
        assert_eq!(sqlite_value(&price, "real", "1.123"), None);
        assert_eq!(sqlite_value(&SqlType::Untyped, "blob", "FF"), Some(Value::Bytes(vec![255])));
    }
}
