//! `${NAME}` and `${NAME:-default}` in the text of a config file.

use super::FileError;

/// Replaces the variables of a text; `value` returns that of a name. Comments are left alone, as is `${` before anything
/// that is no name, such as the digits of a `format_string`.
///
/// # Errors
/// A variable that is not set and has no default, or whose value has several lines, with its place.
pub(super) fn expanded(text: &str, file: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, FileError> {
    let mut out = String::with_capacity(text.len());
    for (i, line) in text.split_inclusive('\n').enumerate() {
        let (mut rest, end) = (line, comment(line));
        while let Some(at) = rest.find("${").filter(|at| line.len() - rest.len() + at < end) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let Some((name, default, length)) = variable(rest) else {
                out.push_str("${");
                rest = &rest[2..];
                continue;
            };
            let failed = |message: String| FileError::At {
                file: file.into(),
                line: i + 1,
                column: line[..line.len() - rest.len()].chars().count() + 1,
                message,
            };
            let found = value(name).or(default.map(str::to_owned));
            let found = found.ok_or_else(|| {
                failed(format!("the variable `{name}` is not set; set it, or give a default: `${{{name}:-7}}`"))
            })?;
            if found.contains(['\n', '\r']) {
                return Err(failed(format!("the variable `{name}` has several lines; a value has one")));
            }
            out.push_str(&found);
            rest = &rest[length..];
        }
        out.push_str(rest);
    }
    Ok(out)
}

/// The name, the default and the length of the variable with which a text begins.
fn variable(text: &str) -> Option<(&str, Option<&str>, usize)> {
    let end = text.find('}')?;
    let inside = &text[2..end];
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (begins && name.chars().all(named)).then_some((name, default, end + 1))
}

/// Where the comment of a line begins; its length if it has none.
fn comment(line: &str) -> usize {
    let mut quote = None;
    let mut before = ' ';
    for (i, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return i,
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
        before = c;
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_outside_of_comments() {
        let value = |name: &str| (name == "ROWS").then(|| "20".to_owned());
        let of = |text: &str| expanded(text, "f", &value);
        assert_eq!(of("rows: ${ROWS} # ${NONE}\nseed: ${SEED:-7}\n").unwrap(), "rows: 20 # ${NONE}\nseed: 7\n");
        assert_eq!(
            of("format_string: \"${:06d}\", x: \"#${ROWS}\"").unwrap(),
            "format_string: \"${:06d}\", x: \"#20\""
        );
        assert_eq!(of("a: ${ROWS:-}").unwrap(), "a: 20");
        let error = of("a: 1\nb: ${NONE}\n").unwrap_err().to_string();
        assert!(error.starts_with("`f`, line 2, column 4: the variable `NONE` is not set"), "{error}");
    }
}
