//! Maps SQLite's declared types to [`SqlType`]: the name is a hint in addition to the affinity that SQLite derives from
//! it.

use dbmocker_core::schema::Collation;
use dbmocker_core::schema::SqlType;

/// `strict` tables have six types, which SQLite enforces.
pub(super) fn declared(text: &str, strict: bool) -> SqlType {
    let upper = text.trim().to_uppercase();
    let (name, arguments) = match upper.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.split_once(')').map_or(rest, |(inner, _)| inner)),
        None => (upper.as_str(), ""),
    };
    let numbers: Vec<u32> = arguments.split(',').filter_map(|a| a.trim().parse().ok()).collect();
    if strict && matches!(name, "INT" | "INTEGER") {
        return int(8, false, false);
    }
    if strict && name == "ANY" {
        return SqlType::Untyped;
    }
    hinted(name, &numbers).unwrap_or_else(|| by_affinity(name, &numbers))
}

fn int(bytes: u8, unsigned: bool, tinyint1: bool) -> SqlType {
    SqlType::Int { bytes, unsigned, tinyint1 }
}

/// Names with more information than the affinity.
fn hinted(name: &str, numbers: &[u32]) -> Option<SqlType> {
    let precision = numbers.first().and_then(|n| u8::try_from(*n).ok()).unwrap_or(0).min(6);
    Some(match name {
        "" | "ANY" | "NULL" => SqlType::Untyped,
        "BIT" if numbers.first().is_some_and(|n| *n > 1) => int(8, false, false),
        "BOOL" | "BOOLEAN" | "LOGICAL" | "BIT" => SqlType::Bool,
        "UUID" | "GUID" | "UNIQUEIDENTIFIER" => SqlType::Uuid,
        "JSON" | "JSONB" => SqlType::Json { binary: false },
        "DATE" => SqlType::Date,
        "TIME" => SqlType::Time { precision, tz: false, span: false },
        "YEAR" => SqlType::Year,
        "SERIAL" | "BIGSERIAL" | "LONG" => int(8, false, false),
        "STRING" | "XML" | "ENUM" => SqlType::Text {
            max_chars: numbers.first().copied(),
            max_bytes: None,
            fixed: false,
            case_insensitive: false,
        },
        "VARBINARY" | "BINARY" | "BYTEA" | "IMAGE" | "RAW" => {
            SqlType::Binary { max_bytes: numbers.first().copied(), fixed: false }
        }
        // Spatial libraries keep their own binary format in these; by affinity `POINT` would be an integer.
        "POINT" | "MULTIPOINT" | "LINESTRING" | "MULTILINESTRING" | "POLYGON" | "MULTIPOLYGON" | "GEOMETRY"
        | "GEOMETRYCOLLECTION" => SqlType::Binary { max_bytes: None, fixed: false },
        n if n.starts_with("DATETIME") || n.starts_with("TIMESTAMP") => {
            SqlType::Timestamp { precision, tz: false, epoch_range: false }
        }
        _ => return None,
    })
}

/// The five rules of <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>, in their order.
fn by_affinity(name: &str, numbers: &[u32]) -> SqlType {
    let has = |part: &str| name.contains(part);
    if has("INT") {
        // Eight bytes are always signed.
        let bytes = int_bytes(name);
        return int(bytes, bytes < 8 && has("UNSIGNED"), name == "TINYINT" && numbers == [1]);
    }
    if has("CHAR") || has("CLOB") || has("TEXT") {
        let max_chars = numbers.first().copied().filter(|n| *n > 0);
        return SqlType::Text { max_chars, max_bytes: None, fixed: false, case_insensitive: false };
    }
    if has("BLOB") || has("BINARY") {
        return SqlType::Binary { max_bytes: numbers.first().copied(), fixed: false };
    }
    if has("REAL") || has("FLOA") || has("DOUB") {
        return SqlType::Float { bytes: 8, unsigned: has("UNSIGNED") };
    }
    if has("DEC") || has("NUM") || has("MONEY") || has("CURRENCY") {
        return decimal(numbers, has("UNSIGNED"));
    }
    SqlType::Untyped
}

/// The width that the name suggests; SQLite itself always stores 64 bits.
fn int_bytes(name: &str) -> u8 {
    match name.trim_start_matches("UNSIGNED ").split(' ').next().unwrap_or_default() {
        "TINYINT" | "INT1" => 1,
        "SMALLINT" | "INT2" => 2,
        "MEDIUMINT" | "INT3" => 3,
        "INT" | "INT4" => 4,
        _ => 8,
    }
}

/// Fractions are stored as doubles, whole numbers in 64 bits: no more digits than these represent exactly.
fn decimal(numbers: &[u32], unsigned: bool) -> SqlType {
    let scale = numbers.get(1).and_then(|s| i16::try_from(*s).ok()).unwrap_or(0);
    let exact = if scale == 0 { 18 } else { 15 };
    let precision = numbers.first().and_then(|p| u16::try_from(*p).ok()).unwrap_or(0).min(exact);
    SqlType::Decimal { precision, scale: scale.min(i16::try_from(exact).unwrap_or(15)), unsigned }
}

pub(super) fn collation(name: &str) -> Collation {
    let is = |n: &str| name.eq_ignore_ascii_case(n);
    Collation { name: name.into(), case_insensitive: is("NOCASE"), pad_space: is("RTRIM"), ..Collation::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        format!("{:?}", declared(text, false))
    }

    #[test]
    fn names() {
        let text = |max_chars| SqlType::Text { max_chars, max_bytes: None, fixed: false, case_insensitive: false };
        assert_eq!(declared("varchar( 20 )", false), text(Some(20)));
        assert_eq!(declared("NATIVE CHARACTER(70)", false), text(Some(70)));
        assert_eq!(declared("TEXT", true), text(None));
        assert_eq!(declared("INTEGER", false), int(8, false, false));
        assert_eq!(declared("int", false), int(4, false, false));
        assert_eq!(declared("int", true), int(8, false, false));
        assert_eq!(declared("UNSIGNED BIG INT", false), int(8, false, false));
        assert_eq!(declared("smallint unsigned", false), int(2, true, false));
        assert_eq!(declared("TINYINT(1)", false), int(1, false, true));
        assert_eq!(declared("DECIMAL(10,2)", false), SqlType::Decimal { precision: 10, scale: 2, unsigned: false });
        assert_eq!(declared("numeric(38)", false), SqlType::Decimal { precision: 18, scale: 0, unsigned: false });
        assert_eq!(declared("DOUBLE PRECISION", false), SqlType::Float { bytes: 8, unsigned: false });
        assert_eq!(
            declared("timestamp with time zone", false),
            SqlType::Timestamp { precision: 0, tz: false, epoch_range: false }
        );
        assert_eq!(declared("REFERENCE blob", false), SqlType::Binary { max_bytes: None, fixed: false });
        assert_eq!(declared("POINT", false), SqlType::Binary { max_bytes: None, fixed: false });
        assert_eq!(
            [shown("boolean"), shown(""), shown("any"), shown("frob")],
            ["Bool", "Untyped", "Untyped", "Untyped"]
        );
    }
}
