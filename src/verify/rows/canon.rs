//! The canonical form of a value, both as it was generated and as a server returns it.
//!
//! Numbers by value, timestamps to the column's precision, text without padding. Types that a server normalises
//! (`jsonb`, ranges, arrays, geometry) are printed by the server on both sides.

use arrow::array::Array;
use arrow::datatypes::Field;
use dbmocker_loaders::ident::literal;

use dbmocker_core::schema::{Column, Dialect, SqlType};
use dbmocker_core::time::{date_text, interval_text, timestamp_text};
use dbmocker_core::value::{Value, decimal_text};
use dbmocker_generate::arrow::value_at;
use dbmocker_schema::SchemaError;
use dbmocker_schema::key_reader::{server_value, sqlite_value};
use dbmocker_schema::session::Session;

/// Values printed by the server in one statement.
const AT_ONCE: usize = 500;

/// How the values of one column are converted to the canonical form.
pub(crate) struct Canon {
    ty: SqlType,
    dialect: Dialect,
    /// The SQL text before and after a literal that the server converts.
    spelled: Option<(String, String)>,
}

impl Canon {
    pub fn new(column: &Column, dialect: Dialect, mariadb: bool) -> Self {
        let spelled = match dialect {
            Dialect::Postgres => {
                // By the type's output function, not by a cast, which could be a function of the type's owner.
                postgres_spells(&column.ty).then(|| ("format('%s', (".into(), format!(")::{})", column.sql_type())))
            }
            Dialect::Mysql => mysql_spells(column, mariadb),
            Dialect::Sqlite => None,
        };
        Canon { ty: column.ty.clone(), dialect, spelled }
    }

    /// The number of texts that the query returns for the column.
    pub fn width(&self) -> usize {
        if self.dialect == Dialect::Sqlite { 2 } else { 1 }
    }

    /// The values of an array of generated rows.
    ///
    /// # Errors
    /// A query fails.
    pub fn made(
        &self,
        array: &dyn Array,
        field: &Field,
        session: &mut Session,
    ) -> Result<Vec<Option<String>>, SchemaError> {
        let value = |row| match value_at(array, field, row) {
            Value::Null => None,
            value => Some(self.text(value)),
        };
        let mut out: Vec<Option<String>> = (0..array.len()).map(value).collect();
        if let Some((before, after)) = &self.spelled {
            let given: Vec<usize> = (0..out.len()).filter(|&i| out[i].is_some()).collect();
            for some in given.chunks(AT_ONCE) {
                let select = |(n, &i): (usize, &usize)| {
                    let text = literal(self.dialect, out[i].as_deref().unwrap_or_default());
                    format!("select {n} as i, {before}{text}{after} as v")
                };
                let sql: Vec<String> = some.iter().enumerate().map(select).collect();
                let rows = session.rows("the server's spelling of values", &sql.join("\nunion all\n"))?;
                for row in rows {
                    out[some[row.number::<usize>("i")?]] = row.opt("v").map(str::to_owned);
                }
            }
        }
        Ok(out)
    }

    /// A value as returned by the query: for SQLite storage class and text, else text.
    pub fn found(&self, texts: &[Option<String>]) -> Option<String> {
        let text = texts.last()?.as_deref()?;
        if self.spelled.is_some() {
            return Some(text.to_owned());
        }
        let value = match self.dialect {
            Dialect::Sqlite => {
                let class = texts[0].as_deref()?;
                sqlite_value(&self.ty, class, text).unwrap_or_else(|| match class {
                    "integer" => text.parse().map_or_else(|_| Value::text(text), Value::Int),
                    "real" => text.parse().map_or_else(|_| Value::text(text), Value::Float),
                    _ => Value::text(text),
                })
            }
            _ => server_value(&self.ty, text).unwrap_or_else(|| Value::text(text)),
        };
        Some(self.text(value))
    }

    fn text(&self, value: Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::Bool(b) => u8::from(b).to_string(),
            Value::Int(i) => i.to_string(),
            Value::Decimal { unscaled, scale } => self.decimal(unscaled, scale),
            Value::Float(x) => self.float(x),
            Value::Text(s) => self.written(s),
            Value::Bytes(bytes) => self.bytes(&bytes),
            Value::Date(d) => date_text(d),
            Value::Time(t) => interval_text(self.rounded(t)),
            Value::Timestamp(t) => timestamp_text(self.rounded(t)),
            Value::Interval(t) => interval_text(t),
            array @ Value::Array(_) => array.to_string(),
        }
    }

    fn decimal(&self, unscaled: i128, scale: u8) -> String {
        let text = decimal_text(unscaled, scale);
        // SQLite stores fractions as doubles.
        if matches!(self.ty, SqlType::Float { .. }) || (self.dialect == Dialect::Sqlite && scale > 0) {
            return text.parse().map_or(text, |x| self.float(x));
        }
        if scale == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
    }

    fn float(&self, x: f64) -> String {
        if matches!(self.ty, SqlType::Float { bytes: 4, .. }) {
            // The single-precision number, and its text read as a double, are both rounded to the same single-precision
            // number.
            let x = x as f32;
            return if x == 0.0 { "0".into() } else { x.to_string() };
        }
        if x == 0.0 { "0".into() } else { x.to_string() }
    }

    fn written(&self, s: String) -> String {
        match &self.ty {
            SqlType::Text { fixed: true, .. } => s.trim_end_matches(' ').to_owned(),
            SqlType::Uuid => s.to_ascii_lowercase(),
            SqlType::Set { members } => {
                let mut chosen: Vec<&str> = s.split(',').filter(|m| !m.is_empty()).collect();
                chosen.sort_by_key(|c| members.iter().position(|m| m == c));
                chosen.join(",")
            }
            SqlType::Bit { length, varying: false } if self.dialect == Dialect::Mysql => {
                format!("{s:0>width$}", width = usize::try_from(*length).unwrap_or(0))
            }
            SqlType::Bool => match s.as_str() {
                "true" | "t" => "1".into(),
                "false" | "f" => "0".into(),
                _ => s,
            },
            SqlType::Int { .. }
            | SqlType::Decimal { .. }
            | SqlType::Float { .. }
            | SqlType::Year
            | SqlType::Time { span: true, .. } => match server_value(&self.ty, &s) {
                Some(value @ (Value::Int(_) | Value::Decimal { .. } | Value::Float(_) | Value::Time(_))) => {
                    self.text(value)
                }
                _ => s,
            },
            _ => s,
        }
    }

    /// Hex digits; the server pads fixed-length columns with zeros.
    fn bytes(&self, bytes: &[u8]) -> String {
        let kept = match &self.ty {
            SqlType::Binary { fixed: true, .. } => bytes.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1),
            _ => bytes.len(),
        };
        if self.ty == SqlType::Uuid && bytes.len() == 16 {
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            return [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
        }
        bytes[..kept].iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Microseconds, rounded to the digits of the column.
    fn rounded(&self, micros: i64) -> i64 {
        let (SqlType::Time { precision, .. } | SqlType::Timestamp { precision, .. }) = &self.ty else { return micros };
        if self.dialect == Dialect::Sqlite || *precision >= 6 {
            return micros;
        }
        let unit = 10_i64.pow(6 - u32::from(*precision));
        (micros + unit / 2).div_euclid(unit) * unit
    }
}

/// Types whose text PostgreSQL normalises.
fn postgres_spells(ty: &SqlType) -> bool {
    matches!(
        ty,
        SqlType::Time { tz: true, .. }
            | SqlType::Interval
            | SqlType::Json { binary: true }
            | SqlType::Xml
            | SqlType::Inet
            | SqlType::Cidr
            | SqlType::MacAddr { .. }
            | SqlType::Array { .. }
            | SqlType::Composite { .. }
            | SqlType::Range { .. }
            | SqlType::Geometric { .. }
            | SqlType::Spatial { .. }
            | SqlType::TsVector
            | SqlType::TsQuery
            | SqlType::Hstore
            | SqlType::Ltree
            | SqlType::Reg { .. }
            | SqlType::PgLsn
            | SqlType::Vector { .. }
            | SqlType::Unsupported { .. }
    )
}

/// As for PostgreSQL; MariaDB's JSON is text that is not normalised.
fn mysql_spells(column: &Column, mariadb: bool) -> Option<(String, String)> {
    match &column.ty {
        SqlType::Spatial { srid, .. } => {
            let srid = srid.map_or_else(String::new, |s| format!(", {s}"));
            Some(("st_astext(st_geomfromtext(".into(), format!("{srid}))")))
        }
        SqlType::Json { .. } if !mariadb => Some(("cast(cast(".into(), " as json) as char)".into())),
        SqlType::Inet | SqlType::Inet6 => Some(("cast(cast(".into(), format!(" as {}) as char)", column.type_name))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canon(ty: SqlType, dialect: Dialect) -> Canon {
        Canon { ty, dialect, spelled: None }
    }

    fn found(canon: &Canon, class: &str, text: &str) -> String {
        let texts: Vec<Option<String>> = [class, text].iter().map(|t| Some((*t).to_owned())).collect();
        canon.found(&texts[2 - canon.width()..]).unwrap()
    }

    #[test]
    fn numbers_by_value() {
        let price = SqlType::Decimal { precision: 10, scale: 2, unsigned: false };
        let made = Value::Decimal { unscaled: 1250, scale: 2 };
        for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
            let c = canon(price.clone(), dialect);
            assert_eq!(c.text(made.clone()), "12.5");
            assert_eq!(found(&c, "real", if dialect == Dialect::Sqlite { "12.5" } else { "12.50" }), "12.5");
            assert_eq!(c.text(Value::Decimal { unscaled: 500, scale: 2 }), "5");
            assert_eq!(found(&c, "integer", "5"), "5");
        }
        let real = canon(SqlType::Float { bytes: 4, unsigned: false }, Dialect::Mysql);
        assert_eq!(real.text(Value::Float(0.1_f32.into())), found(&real, "", "0.10000000149011612"));
        let flag = canon(SqlType::Bool, Dialect::Postgres);
        assert_eq!(flag.text(Value::Bool(true)), found(&flag, "", "true"));
    }

    #[test]
    fn moments_and_padding() {
        let stamp = SqlType::Timestamp { precision: 0, tz: true, epoch_range: false };
        let c = canon(stamp, Dialect::Postgres);
        assert_eq!(c.text(Value::Timestamp(1_400_000)), found(&c, "", "1970-01-01 00:00:01+00"));
        let fixed = SqlType::Text { max_chars: Some(4), max_bytes: None, fixed: true, case_insensitive: false };
        let c = canon(fixed, Dialect::Postgres);
        assert_eq!(c.text(Value::text("ab")), found(&c, "", "ab  "));
        let set = canon(SqlType::Set { members: vec!["x".into(), "a".into()] }, Dialect::Mysql);
        assert_eq!(set.text(Value::text("a,x")), found(&set, "", "x,a"));
        let bit = canon(SqlType::Bit { length: 4, varying: false }, Dialect::Mysql);
        assert_eq!(bit.text(Value::text("101")), found(&bit, "", "0101"));
    }

    #[test]
    fn a_real_difference_stays_one() {
        let text = SqlType::Text { max_chars: None, max_bytes: None, fixed: false, case_insensitive: false };
        let c = canon(text, Dialect::Postgres);
        assert_ne!(c.text(Value::text("a")), found(&c, "", "A"));
        assert_ne!(c.text(Value::text("a")), found(&c, "", "a "));
    }
}
