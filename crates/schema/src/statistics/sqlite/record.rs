//! SQLite's record format, in which `sqlite_stat4` keeps samples: a header of serial types, and the fields.

/// A field of a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob,
}

impl Field {
    /// The value as text; `None` for NULL and binary values.
    pub fn text(&self) -> Option<String> {
        match self {
            Field::Integer(n) => Some(n.to_string()),
            Field::Real(x) => Some(x.to_string()),
            Field::Text(text) => Some(text.clone()),
            Field::Null | Field::Blob => None,
        }
    }

    /// The characters of a text.
    pub fn chars(&self) -> Option<u32> {
        match self {
            Field::Text(text) => u32::try_from(text.chars().count()).ok(),
            _ => None,
        }
    }
}

/// The first field of a record in hexadecimal digits; `None` if the record is not valid.
pub(super) fn first_field(hex: &str) -> Option<Field> {
    let digits = |i: usize| hex.get(2 * i..2 * i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Vec<u8> = (0..hex.len() / 2).map(digits).collect::<Option<_>>()?;
    let (header, begin) = varint(&bytes)?;
    let (serial, _) = varint(bytes.get(begin..)?)?;
    let body = bytes.get(usize::try_from(header).ok()?..)?;
    let integer = |len: usize| {
        let bytes = body.get(..len)?;
        let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
        Some(Field::Integer(bytes.iter().fold(sign, |n, byte| n << 8 | i64::from(*byte))))
    };
    match serial {
        0 => Some(Field::Null),
        1..=4 => integer(usize::try_from(serial).ok()?),
        5 => integer(6),
        6 => integer(8),
        7 => Some(Field::Real(f64::from_be_bytes(body.get(..8)?.try_into().ok()?))),
        8 | 9 => Some(Field::Integer(i64::from(serial == 9))),
        12.. if serial % 2 == 0 => Some(Field::Blob),
        13.. => {
            let text = body.get(..usize::try_from((serial - 13) / 2).ok()?)?;
            Some(Field::Text(String::from_utf8_lossy(text).into_owned()))
        }
        _ => None,
    }
}

/// A number of one to nine bytes, and how many these are.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut n = 0u64;
    for (i, byte) in bytes.iter().take(9).enumerate() {
        if i == 8 {
            return Some((n << 8 | u64::from(*byte), 9));
        }
        n = n << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((n, i + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_every_type() {
        for (hex, field) in [
            ("0300017F", Some(Field::Null)),
            ("030101FF05", Some(Field::Integer(-1))),
            ("0302010100", Some(Field::Integer(256))),
            ("0205FFFFFFFFFFFE", Some(Field::Integer(-2))),
            ("02073FF8000000000000", Some(Field::Real(1.5))),
            ("030901", Some(Field::Integer(1))),
            ("02136E6577", Some(Field::Text("new".into()))),
            ("020EFF", Some(Field::Blob)),
            ("0213AA", None),
            ("", None),
        ] {
            assert_eq!(first_field(hex), field, "{hex}");
        }
    }
}
