//! Rows in MySQL's text syntax, for `LOAD DATA` and for `INSERT`.
//!
//! Data in: record batches and, for each column, its transfer format ([`Travel`]). Data out: bytes appended to a
//! caller's buffer, one row a call, without allocation per value. The `LOAD DATA` form is tab separated, `\` escaped,
//! `\N` for NULL, one line a row; the `INSERT` form is a parenthesised list of literals.

use arrow::datatypes::{DataType, SchemaRef};

use crate::array_cells::ArrayCells;
use crate::{Target, TargetColumn, text};

/// How a column's value is sent, and how the server converts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Travel {
    /// As text that the server converts itself.
    Plain,
    /// Bytes as hex digits.
    Hex,
    /// Binary digits for a `bit` column.
    BinaryDigits,
    /// A number for a `bit` column.
    Number,
    /// Well-known text, or well-known bytes as hex.
    Geometry { srid: Option<i32>, bytes: bool },
    /// `[1,2,3]` for a `vector` column.
    Vector { mariadb: bool },
}

impl Travel {
    pub fn of(column: &TargetColumn, arrow: &DataType, mariadb: bool) -> Travel {
        let ty = column.sql_type.to_ascii_lowercase();
        let name = ty.split(['(', ' ']).next().unwrap_or_default();
        let bytes = is_bytes(arrow);
        match name {
            "bit" if is_text(arrow) || *arrow == DataType::Boolean => Travel::BinaryDigits,
            "bit" if bytes => Travel::Hex,
            "bit" => Travel::Number,
            "point" | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon" | "geometry"
            | "geometrycollection" | "geomcollection" => Travel::Geometry { srid: column.srid, bytes },
            "vector" if is_text(arrow) => Travel::Vector { mariadb },
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Travel::Hex,
            // MariaDB's own `uuid`, and text columns, take the text form.
            _ if *arrow == DataType::FixedSizeBinary(16) => Travel::Plain,
            _ if bytes => Travel::Hex,
            _ => Travel::Plain,
        }
    }

    /// The SQL text before and after the value in an expression.
    pub fn wrap(&self) -> (&'static str, String) {
        match self {
            Travel::Plain => ("", String::new()),
            Travel::Hex => ("UNHEX(", ")".to_owned()),
            Travel::BinaryDigits => ("CAST(CONV(", ",2,10) AS UNSIGNED)".to_owned()),
            Travel::Number => ("CAST(", " AS UNSIGNED)".to_owned()),
            Travel::Geometry { srid, bytes } => {
                let close = srid.map_or_else(|| ")".to_owned(), |srid| format!(",{srid})"));
                if *bytes { ("ST_GeomFromWKB(UNHEX(", format!("){close}")) } else { ("ST_GeomFromText(", close) }
            }
            Travel::Vector { mariadb: true } => ("VEC_FromText(", ")".to_owned()),
            Travel::Vector { mariadb: false } => ("STRING_TO_VECTOR(", ")".to_owned()),
        }
    }

    fn hex(&self) -> bool {
        matches!(self, Travel::Hex | Travel::Geometry { bytes: true, .. })
    }
}

/// One [`Travel`] a target column.
pub fn travels(target: &Target, schema: &SchemaRef, mariadb: bool) -> Vec<Travel> {
    target.columns.iter().zip(schema.fields()).map(|(c, f)| Travel::of(c, f.data_type(), mariadb)).collect()
}

/// Which bytes are escaped by `\`, and the letter that represents each.
type Escapes = [u8; 256];

const fn escapes(pairs: &[(u8, u8)]) -> Escapes {
    let mut table = [0; 256];
    let mut i = 0;
    while i < pairs.len() {
        table[pairs[i].0 as usize] = pairs[i].1;
        i += 1;
    }
    table
}

const LOAD_DATA: Escapes = escapes(&[(b'\\', b'\\'), (b'\t', b't'), (b'\n', b'n'), (0, b'0'), (b'\r', b'r')]);
const LITERAL: Escapes = escapes(&[(b'\\', b'\\'), (b'\'', b'\''), (0, b'0')]);

/// Appends one row of `LOAD DATA` text, with its newline.
pub fn load_data_row(out: &mut Vec<u8>, cells: &[ArrayCells], travels: &[Travel], row: usize) {
    for (i, (cells, travel)) in cells.iter().zip(travels).enumerate() {
        if i > 0 {
            out.push(b'\t');
        }
        if cells.is_null(row) {
            out.extend_from_slice(b"\\N");
        } else if let (ArrayCells::Text(texts), false) = (cells, travel.hex()) {
            put_escaped(out, texts.value(row).as_bytes(), &LOAD_DATA);
        } else {
            put_value(out, cells, row, travel);
        }
    }
    out.push(b'\n');
}

/// Writes rows as `(...)` lists of an `INSERT`.
#[derive(Debug)]
pub struct Literals {
    travels: Vec<Travel>,
    wraps: Vec<(&'static str, String)>,
    /// `\` means itself in a literal (sql_mode `NO_BACKSLASH_ESCAPES`).
    plain_backslash: bool,
}

impl Literals {
    pub fn new(travels: Vec<Travel>, plain_backslash: bool) -> Self {
        let wraps = travels.iter().map(Travel::wrap).collect();
        Literals { travels, wraps, plain_backslash }
    }

    pub fn row(&self, out: &mut Vec<u8>, cells: &[ArrayCells], row: usize) {
        out.push(b'(');
        for (i, (cells, travel)) in cells.iter().zip(&self.travels).enumerate() {
            if i > 0 {
                out.push(b',');
            }
            if cells.is_null(row) {
                out.extend_from_slice(b"NULL");
                continue;
            }
            let (before, after) = &self.wraps[i];
            out.extend_from_slice(before.as_bytes());
            out.push(b'\'');
            match cells {
                ArrayCells::Text(texts) if !travel.hex() => self.put_text(out, texts.value(row).as_bytes()),
                _ => put_value(out, cells, row, travel),
            }
            out.push(b'\'');
            out.extend_from_slice(after.as_bytes());
        }
        out.push(b')');
    }

    fn put_text(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        if !self.plain_backslash {
            return put_escaped(out, bytes, &LITERAL);
        }
        for (i, part) in bytes.split(|b| *b == b'\'').enumerate() {
            if i > 0 {
                out.extend_from_slice(b"''");
            }
            out.extend_from_slice(part);
        }
    }
}

/// The text of a value that needs no escaping: numbers, dates, UUIDs, hex digits.
fn put_value(out: &mut Vec<u8>, cells: &ArrayCells, row: usize, travel: &Travel) {
    match cells {
        ArrayCells::Null => {}
        ArrayCells::Bool(a) => out.push(if a.value(row) { b'1' } else { b'0' }),
        ArrayCells::Int(a) => text::put_i64(out, a.value(row)),
        ArrayCells::UInt(a) => text::put_u64(out, a.value(row)),
        ArrayCells::F32(a) => text::put_f32(out, a.value(row)),
        ArrayCells::F64(a) => text::put_f64(out, a.value(row)),
        ArrayCells::Decimal(a) => text::put_decimal(out, a.value(row), a.scale()),
        ArrayCells::Text(a) => text::put_hex(out, a.value(row).as_bytes()),
        ArrayCells::Bytes(a) => text::put_hex(out, a.value(row)),
        ArrayCells::Uuid(a) if travel.hex() => text::put_hex(out, a.value(row)),
        ArrayCells::Uuid(a) => text::put_uuid(out, a.value(row)),
        ArrayCells::Date(a) => text::put_date(out, a.value(row)),
        ArrayCells::Time(a) => text::put_time(out, a.value(row)),
        ArrayCells::Timestamp(a) => text::put_timestamp(out, a.value(row)),
        ArrayCells::Duration(a) => text::put_time(out, a.value(row)),
    }
}

fn put_escaped(out: &mut Vec<u8>, bytes: &[u8], escapes: &Escapes) {
    let mut from = 0;
    for (i, b) in bytes.iter().enumerate() {
        let letter = escapes[usize::from(*b)];
        if letter != 0 {
            out.extend_from_slice(&bytes[from..i]);
            out.extend_from_slice(&[b'\\', letter]);
            from = i + 1;
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

fn is_text(arrow: &DataType) -> bool {
    match arrow {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

fn is_bytes(arrow: &DataType) -> bool {
    match arrow {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => true,
        DataType::Dictionary(_, value) => is_bytes(value),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BinaryArray, Int32Array, StringArray};

    use super::*;

    fn column(sql_type: &str) -> TargetColumn {
        TargetColumn { name: "c".into(), sql_type: sql_type.into(), srid: None }
    }

    fn cells(arrays: Vec<ArrayRef>) -> Vec<ArrayCells> {
        arrays.iter().map(|a| ArrayCells::of(a).unwrap()).collect()
    }

    #[test]
    fn null_and_its_spelling_differ() {
        let cells = cells(vec![
            Arc::new(StringArray::from(vec![None, Some("\\N"), Some(""), Some("a\tb\nc\\\0'")])),
            Arc::new(Int32Array::from(vec![Some(-1), None, Some(0), Some(7)])),
        ]);
        let mut out = Vec::new();
        for row in 0..4 {
            load_data_row(&mut out, &cells, &[Travel::Plain, Travel::Plain], row);
        }
        assert_eq!(out, b"\\N\t-1\n\\\\N\t\\N\n\t0\na\\tb\\nc\\\\\\0'\t7\n");
    }

    #[test]
    fn literals_follow_the_mode_of_the_session() {
        let cells = cells(vec![
            Arc::new(StringArray::from(vec!["it's \\ here"])),
            Arc::new(BinaryArray::from(vec![&b"\x00\xff"[..]])),
        ]);
        let row = |plain| {
            let mut out = Vec::new();
            Literals::new(vec![Travel::Plain, Travel::Hex], plain).row(&mut out, &cells, 0);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(row(false), r"('it\'s \\ here',UNHEX('00ff'))");
        assert_eq!(row(true), r"('it''s \ here',UNHEX('00ff'))");
    }

    #[test]
    fn columns_travel_by_type() {
        let of = |sql: &str, arrow| Travel::of(&column(sql), &arrow, true);
        assert_eq!(of("bit(8)", DataType::Utf8), Travel::BinaryDigits);
        assert_eq!(of("bit(1)", DataType::Boolean), Travel::BinaryDigits);
        assert_eq!(of("bit(8)", DataType::Int64), Travel::Number);
        assert_eq!(of("binary(16)", DataType::FixedSizeBinary(16)), Travel::Hex);
        assert_eq!(of("uuid", DataType::FixedSizeBinary(16)), Travel::Plain);
        assert_eq!(of("char(36)", DataType::FixedSizeBinary(16)), Travel::Plain);
        assert_eq!(of("POINT", DataType::Utf8), Travel::Geometry { srid: None, bytes: false });
        assert_eq!(of("int(10) unsigned", DataType::Int64), Travel::Plain);
        let at = Travel::Geometry { srid: Some(4326), bytes: true };
        assert_eq!(at.wrap(), ("ST_GeomFromWKB(UNHEX(", "),4326)".to_owned()));
    }
}
