//! JSON values as YAML, in block style; short ones on one line if requested.

use std::fmt::Write;

use serde_json::Value;

/// The whole document.
pub fn yaml(value: &Value) -> String {
    yaml_within(value, 0)
}

/// As [`yaml`], with lists and mappings of plain values in flow style, in lines of up to `width` characters.
pub fn yaml_within(value: &Value, width: usize) -> String {
    let mut out = String::new();
    block(value, YamlPosition { indent: 0, width }, &mut out);
    out
}

#[derive(Clone, Copy)]
struct YamlPosition {
    indent: usize,
    width: usize,
}

fn block(value: &Value, at: YamlPosition, out: &mut String) {
    let indent = at.indent;
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                write!(out, "{:indent$}{}:", "", scalar(&Value::from(key.as_str())))
                    .expect("writing to memory is infallible");
                below(value, at, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                write!(out, "{:indent$}-", "").expect("writing to memory is infallible");
                below(item, at, out);
            }
        }
        other => writeln!(out, "{:indent$}{}", "", scalar(other)).expect("writing to memory is infallible"),
    }
}

fn below(value: &Value, at: YamlPosition, out: &mut String) {
    let nested = match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if !nested {
        out.push(' ');
        return block(value, YamlPosition { indent: 0, ..at }, out);
    }
    let line = out.rfind('\n').map_or(out.len(), |end| out.len() - end - 1);
    match flow(value, line, at) {
        Some(text) => {
            out.push(' ');
            out.push_str(&text);
            out.push('\n');
        }
        None => {
            out.push('\n');
            block(value, YamlPosition { indent: at.indent + 2, ..at }, out);
        }
    }
}

/// A list or mapping in flow style, if it fits after the `used` characters of the line; a list of scalars, or a mapping
/// of numbers, may continue on further lines.
fn flow(value: &Value, used: usize, at: YamlPosition) -> Option<String> {
    let line = one_line(value);
    if at.width == 0 || used + line.chars().count() < at.width {
        return (at.width > 0).then_some(line);
    }
    let (open, items, close) = match value {
        Value::Array(items) if !items.iter().any(is_nested) => ('[', items.iter().map(scalar).collect(), ']'),
        Value::Object(map) if map.keys().all(|k| is_number(k)) && !map.values().any(is_nested) => {
            ('{', map.iter().map(entry).collect::<Vec<_>>(), '}')
        }
        _ => return None,
    };
    let (mut text, mut length) = (String::from(open), used + 2);
    for (i, item) in items.iter().enumerate() {
        let width = item.chars().count() + 2;
        if length + width > at.width {
            write!(text, "\n{:1$}", "", at.indent + 2).expect("writing to memory is infallible");
            length = at.indent + 2;
        } else if i > 0 {
            text.push(' ');
        }
        length += width;
        text.push_str(item);
        if i + 1 < items.len() {
            text.push(',');
        }
    }
    text.push(close);
    Some(text)
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", ")),
        other => scalar(other),
    }
}

fn entry((key, value): (&String, &Value)) -> String {
    let key = if is_number(key) { key.clone() } else { scalar(&Value::from(key.as_str())) };
    format!("{key}: {}", one_line(value))
}

fn is_nested(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// Digits, with a point between them at most: the text of a number. `00` is the text of none, since it is read as `0`.
fn is_number(key: &str) -> bool {
    let zeros = key.len() > 1 && key.starts_with('0') && !key.starts_with("0.");
    !zeros
        && key.starts_with(|c: char| c.is_ascii_digit())
        && key.ends_with(|c: char| c.is_ascii_digit())
        && key.bytes().all(|b| b.is_ascii_digit() || b == b'.')
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

    #[test]
    fn short_values_in_one_line() {
        let value = json!({"a": [1, 2], "b": {"x": "y z", "z": null}, "c": {"d": [{"e": [1, 2, 3, 4, 5, 6, 7, 8]}]},
                           "q": {"0": 1, "2.5": 22, "100": 333}});
        let text = "a: [1, 2]\nb: {x: \"y z\", z: null}\nc:\n  d:\n    -\n      e: [1, 2, 3, 4, 5,\n        6, 7, 8]\n\
                    q: {0: 1, 2.5: 22,\n  100: 333}\n";
        assert_eq!(yaml_within(&value, 26), text);
    }
}
