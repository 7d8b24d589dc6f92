//! PostgreSQL's text forms of arrays and composites, quoted as its input functions read them.

use std::fmt::Write;

use super::Value;

/// `{1,2}`, `{a,"b c",NULL}`, `{{1,2},{3,4}}`: what `array_in` reads.
///
/// ```
/// use dbmocker_core::value::literal::array_literal;
/// use dbmocker_core::value::Value;
/// let array = [Value::text("a"), Value::text("b \"c\""), Value::text("null"), Value::Null];
/// assert_eq!(array_literal(&array), r#"{a,"b \"c\"","null",NULL}"#);
/// ```
pub fn array_literal(elements: &[Value]) -> String {
    let mut out = String::new();
    write_array(elements, ',', &mut out);
    out
}

/// As [`array_literal`], for element types with another delimiter (`box` has `;`).
pub fn write_array(elements: &[Value], delimiter: char, out: &mut String) {
    out.push('{');
    for (i, element) in elements.iter().enumerate() {
        if i > 0 {
            out.push(delimiter);
        }
        match element {
            Value::Null => out.push_str("NULL"),
            Value::Array(inner) => write_array(inner, delimiter, out),
            other => {
                let text = server_text(other);
                let special = |c: char| matches!(c, '{' | '}' | '"' | '\\') || c == delimiter || c.is_whitespace();
                if text.is_empty() || text.eq_ignore_ascii_case("null") || text.contains(special) {
                    quoted(&text, "\\\"", out);
                } else {
                    out.push_str(&text);
                }
            }
        }
    }
    out.push('}');
}

/// `(a,"b c",)`: what `record_in` reads; NULL is the empty text.
pub fn composite_literal(fields: &[Value]) -> String {
    let mut out = String::from("(");
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        if field.is_null() {
            continue;
        }
        let text = server_text(field);
        if text.is_empty() || text.contains(|c: char| matches!(c, '(' | ')' | ',' | '"' | '\\') || c.is_whitespace()) {
            quoted(&text, "\"\"", &mut out);
        } else {
            out.push_str(&text);
        }
    }
    out.push(')');
    out
}

fn quoted(text: &str, quote: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str(quote),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A value in the server's input syntax, unquoted.
pub fn server_text(value: &Value) -> String {
    match value {
        Value::Array(elements) => array_literal(elements),
        Value::Bytes(bytes) => {
            let mut s = String::from("\\x");
            for b in bytes {
                // Writing to a String cannot fail.
                let _ = write!(s, "{b:02x}");
            }
            s
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays() {
        let nested = [Value::Array(vec![Value::Int(1), Value::Null]), Value::Array(vec![Value::Int(2), Value::Int(3)])];
        assert_eq!(array_literal(&nested), "{{1,NULL},{2,3}}");
        assert_eq!(array_literal(&[]), "{}");
        assert_eq!(array_literal(&[Value::text(""), Value::Bytes(vec![0, 255])]), r#"{"","\\x00ff"}"#);
        assert_eq!(array_literal(&[Value::Timestamp(0)]), r#"{"1970-01-01 00:00:00"}"#);
    }

    #[test]
    fn composites() {
        let row = [Value::Int(1), Value::Null, Value::text("a \"b\""), Value::text(""), Value::Bool(true)];
        assert_eq!(composite_literal(&row), r#"(1,,"a ""b""","",true)"#);
        let with_array = [Value::Array(vec![Value::text("x y")]), Value::Null];
        assert_eq!(composite_literal(&with_array), r#"("{""x y""}",)"#);
    }
}
