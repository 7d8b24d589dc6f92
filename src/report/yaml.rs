//! JSON values as YAML, in block style.

use std::fmt::Write;

use serde_json::Value;

/// The whole document.
pub fn yaml(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                write!(out, "{:indent$}{}:", "", scalar(&Value::from(key.as_str())))
                    .expect("writing to memory is infallible");
                below(value, indent, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                write!(out, "{:indent$}-", "").expect("writing to memory is infallible");
                below(item, indent, out);
            }
        }
        other => writeln!(out, "{:indent$}{}", "", scalar(other)).expect("writing to memory is infallible"),
    }
}

fn below(value: &Value, indent: usize, out: &mut String) {
    let nested = match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if nested {
        out.push('\n');
        block(value, indent + 2, out);
    } else {
        out.push(' ');
        block(value, 0, out);
    }
}

/// Plain words are not quoted; others are quoted as in JSON, which is valid YAML.
fn scalar(value: &Value) -> String {
    const WORDS: [&str; 10] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"];
    match value {
        Value::String(s)
            if s.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                && !WORDS.contains(&s.to_ascii_lowercase().as_str()) =>
        {
            s.clone()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks() {
        let value = json!({"a b": [1, {"c": null, "no": "no"}, []], "d": {}, "e": "x: y"});
        let text = "\"a b\":\n  - 1\n  -\n    c: null\n    \"no\": \"no\"\n  - []\nd: {}\ne: \"x: y\"\n";
        assert_eq!(yaml(&value), text);
    }
}
