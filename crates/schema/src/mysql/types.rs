//! Maps `information_schema.columns` to [`SqlType`], and parses the names of collations.

use crate::error::SchemaError;
use crate::session::TextRow;
use dbmocker_core::schema::Collation;
use dbmocker_core::schema::{SPATIAL_KINDS, SqlType};

/// `srid` is the column's spatial reference system, if it is in another catalogue (MariaDB).
pub(super) fn column_type(row: &TextRow, srid: Option<i32>) -> Result<SqlType, SchemaError> {
    let full = row.text("column_type")?.to_lowercase();
    let declared = Declared {
        full: row.text("column_type")?,
        unsigned: full.contains("unsigned") || full.contains("zerofill"),
        chars: row.maybe("character_maximum_length")?,
        octets: row.maybe("character_octet_length")?,
        precision: row.maybe("numeric_precision")?,
        scale: row.maybe("numeric_scale")?,
        fraction: row.maybe("datetime_precision")?.unwrap_or(0),
        srid: row.maybe("srs_id")?.or(srid),
    };
    Ok(declared.resolve(&row.text("data_type")?.to_lowercase()))
}

/// The catalogue's data of one column's type.
#[derive(Default)]
struct Declared<'a> {
    full: &'a str,
    unsigned: bool,
    chars: Option<u64>,
    octets: Option<u64>,
    precision: Option<u16>,
    scale: Option<i16>,
    fraction: u8,
    srid: Option<i32>,
}

impl Declared<'_> {
    fn resolve(&self, data_type: &str) -> SqlType {
        let unsigned = self.unsigned;
        match data_type {
            "tinyint" => self.int(1),
            "smallint" => self.int(2),
            "mediumint" => self.int(3),
            "int" | "integer" => self.int(4),
            "bigint" => self.int(8),
            "decimal" | "numeric" => {
                SqlType::Decimal { precision: self.precision.unwrap_or(10), scale: self.scale.unwrap_or(0), unsigned }
            }
            "float" => self.float(4, 6),
            "double" | "real" => self.float(8, 15),
            "char" | "varchar" => SqlType::Text {
                max_chars: saturated(self.chars),
                max_bytes: saturated(self.octets),
                fixed: data_type == "char",
                case_insensitive: false,
            },
            "tinytext" | "text" | "mediumtext" | "longtext" => SqlType::Text {
                max_chars: None,
                max_bytes: saturated(self.octets),
                fixed: false,
                case_insensitive: false,
            },
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
                SqlType::Binary { max_bytes: saturated(self.octets), fixed: data_type == "binary" }
            }
            "date" => SqlType::Date,
            "time" => SqlType::Time { precision: self.fraction, tz: false, span: true },
            "datetime" => SqlType::Timestamp { precision: self.fraction, tz: false, epoch_range: false },
            "timestamp" => SqlType::Timestamp { precision: self.fraction, tz: false, epoch_range: true },
            "year" => SqlType::Year,
            "json" => SqlType::Json { binary: false },
            "enum" => SqlType::Enum { members: members(self.full) },
            "set" => SqlType::Set { members: members(self.full) },
            "bit" => SqlType::Bit { length: self.precision.map_or(1, u32::from), varying: false },
            "uuid" => SqlType::Uuid,
            "inet4" => SqlType::Inet,
            "inet6" => SqlType::Inet6,
            "vector" => SqlType::Vector { dimensions: parenthesised(self.full) },
            "geomcollection" => SqlType::Spatial { kind: "geometrycollection".into(), srid: self.srid },
            kind if SPATIAL_KINDS.contains(&kind) => SqlType::Spatial { kind: kind.into(), srid: self.srid },
            _ => SqlType::Unsupported { name: self.full.into() },
        }
    }

    /// `float(m,d)` holds `m` digits, `d` of them after the point; `exact` digits are stored exactly.
    fn float(&self, bytes: u8, exact: u16) -> SqlType {
        let (Some(precision), Some(scale)) = (self.precision, self.scale.and_then(|s| u16::try_from(s).ok())) else {
            return SqlType::Float { bytes, unsigned: self.unsigned };
        };
        let before = precision.saturating_sub(scale).min(exact - scale.min(2));
        let scale = scale.min(exact - before);
        SqlType::Decimal { precision: before + scale, scale: scale.cast_signed(), unsigned: self.unsigned }
    }

    fn int(&self, bytes: u8) -> SqlType {
        let tinyint1 = bytes == 1 && self.full.to_lowercase().starts_with("tinyint(1)") && !self.unsigned;
        SqlType::Int { bytes, unsigned: self.unsigned, tinyint1 }
    }
}

fn saturated(n: Option<u64>) -> Option<u32> {
    n.map(|n| u32::try_from(n).unwrap_or(u32::MAX))
}

/// The number in `vector(3)`.
fn parenthesised(full: &str) -> Option<u32> {
    full.split_once('(')?.1.split_once(')')?.0.parse().ok()
}

/// The members in `enum('a','it''s')`.
fn members(full: &str) -> Vec<String> {
    let inner = full.split_once('(').map_or("", |(_, rest)| rest);
    let mut members = Vec::new();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\'' {
            continue;
        }
        let mut member = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\'' if chars.peek() == Some(&'\'') => member.extend(chars.next()),
                // The servers escape these, unless the session's mode is NO_BACKSLASH_ESCAPES.
                '\\' if chars.peek().is_some_and(|c| "\\nr0".contains(*c)) => {
                    member.extend(chars.next().map(|c| match c {
                        'n' => '\n',
                        'r' => '\r',
                        '0' => '\0',
                        c => c,
                    }));
                }
                '\'' => break,
                c => member.push(c),
            }
        }
        members.push(member);
    }
    members
}

/// A collation's flags from its name. Every `_ci` collation without `_as_` is assumed to ignore accents: most do, and
/// values that differ without accents also differ with them.
pub(super) fn collation(name: Option<&str>, charset: Option<&str>) -> Collation {
    let Some(name) = name else { return Collation::default() };
    let lower = name.to_lowercase();
    let binary = lower == "binary" || lower.ends_with("_bin");
    let case_insensitive = !binary && lower.ends_with("_ci");
    Collation {
        name: name.into(),
        case_insensitive,
        accent_insensitive: !binary && (lower.contains("_ai") || (case_insensitive && !lower.contains("_as_"))),
        pad_space: lower != "binary" && !lower.contains("_nopad") && !lower.contains("_0900_"),
        charset: charset.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_with_quotes_commas_and_parentheses() {
        assert_eq!(members("enum('a','it''s','x,(y)','','\\')"), ["a", "it's", "x,(y)", "", "\\"]);
        assert_eq!(members("set('r','w')"), ["r", "w"]);
        assert_eq!(members(r"enum('a\\b','c\nd','e\f')"), [r"a\b", "c\nd", r"e\f"]);
    }

    #[test]
    fn numbers() {
        let of = |full: &str, data_type: &str| {
            let unsigned = full.contains("unsigned");
            Declared { full, unsigned, precision: Some(8), ..Declared::default() }.resolve(data_type)
        };
        assert_eq!(of("tinyint(1)", "tinyint"), SqlType::Int { bytes: 1, unsigned: false, tinyint1: true });
        assert_eq!(of("tinyint(1) unsigned", "tinyint"), SqlType::Int { bytes: 1, unsigned: true, tinyint1: false });
        assert_eq!(
            of("mediumint(8) unsigned", "mediumint"),
            SqlType::Int { bytes: 3, unsigned: true, tinyint1: false }
        );
        assert_eq!(of("bit(8)", "bit"), SqlType::Bit { length: 8, varying: false });
        assert_eq!(of("vector(3)", "vector"), SqlType::Vector { dimensions: Some(3) });
        assert_eq!(of("strange", "strange"), SqlType::Unsupported { name: "strange".into() });
    }

    #[test]
    fn floats_with_a_number_of_digits_keep_to_it() {
        let of = |precision, scale| Declared { precision: Some(precision), scale, ..Declared::default() };
        let decimal = |precision, scale| SqlType::Decimal { precision, scale, unsigned: false };
        assert_eq!(of(12, None).resolve("float"), SqlType::Float { bytes: 4, unsigned: false });
        assert_eq!(of(4, Some(2)).resolve("float"), decimal(4, 2));
        assert_eq!(of(10, Some(2)).resolve("float"), decimal(6, 2));
        assert_eq!(of(10, Some(8)).resolve("float"), decimal(6, 4));
        assert_eq!(of(8, Some(8)).resolve("double"), decimal(8, 8));
        assert_eq!(of(255, Some(30)).resolve("double"), decimal(15, 2));
    }

    #[test]
    fn collations() {
        let flags = |name| {
            let c = collation(Some(name), None);
            (c.case_insensitive, c.accent_insensitive, c.pad_space)
        };
        assert_eq!(flags("utf8mb4_general_ci"), (true, true, true));
        assert_eq!(flags("utf8mb4_0900_ai_ci"), (true, true, false));
        assert_eq!(flags("utf8mb4_0900_as_cs"), (false, false, false));
        assert_eq!(flags("utf8mb4_uca1400_as_ci"), (true, false, true));
        assert_eq!(flags("utf8mb4_uca1400_nopad_ai_cs"), (false, true, false));
        assert_eq!(flags("utf8mb4_bin"), (false, false, true));
        assert_eq!(flags("binary"), (false, false, false));
    }
}
