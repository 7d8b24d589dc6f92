//! `${NAME}` and `${NAME:-default}` in the text of a config file.

use super::FileError;

/// Why a variable is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unread {
    #[error("it may hold a password, which would stand in plans and rows; the URL and the flags read it")]
    Secret,
    #[error("no flag names this file, so that it reads no variables; name it by --config")]
    Found,
}

/// Variables with passwords of databases.
const SECRETS: [&str; 6] =
    ["DBMOCKER_PASSWORD", "DBMOCKER_URL", "DBMOCKER_WITH", "PGPASSWORD", "MYSQL_PWD", "DATABASE_URL"];

/// Returns the variable of the process.
pub(super) fn of_process(name: &str) -> Result<Option<String>, Unread> {
    if SECRETS.contains(&name) { Err(Unread::Secret) } else { Ok(std::env::var(name).ok()) }
}

/// Replaces the variables of a text; `value` returns that of a name. `$${` stands for `${`. Comments are left alone, as
/// is `${` before anything that is no name, such as the digits of a `format_string`.
///
/// # Errors
/// A variable that is not read, is not set and has no default, or whose value has several lines, with its place.
pub(super) fn expanded(
    text: &str,
    file: &str,
    value: &dyn Fn(&str) -> Result<Option<String>, Unread>,
) -> Result<String, FileError> {
    let mut out = String::with_capacity(text.len());
    for (i, line) in text.split_inclusive('\n').enumerate() {
        let (mut rest, end) = (line, comment(line));
        while let Some(at) = rest.find("${").filter(|at| line.len() - rest.len() + at < end) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            if out.ends_with('$') {
                out.push('{');
                rest = &rest[2..];
                continue;
            }
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
            let found = value(name).map_err(|why| failed(format!("the variable `{name}` is not read: {why}")))?;
            let found = found.or(default.map(str::to_owned));
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
            // Within a word it is an apostrophe.
            (None, '"' | '\'') if before.is_whitespace() || "[{,:".contains(before) => quote = Some(c),
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
        let value = |name: &str| match name {
            "SECRET" => Err(Unread::Secret),
            name => Ok((name == "ROWS").then(|| "20".to_owned())),
        };
        let of = |text: &str| expanded(text, "f", &value);
        assert_eq!(of("rows: ${ROWS} # ${NONE}\nseed: ${SEED:-7}\n").unwrap(), "rows: 20 # ${NONE}\nseed: 7\n");
        assert_eq!(
            of("format_string: \"${:06d}\", x: \"#${ROWS}\"").unwrap(),
            "format_string: \"${:06d}\", x: \"#20\""
        );
        assert_eq!(of("a: ${ROWS:-}").unwrap(), "a: 20");
        assert_eq!(of("a: [Hi $${name}, O'Hara] # ${NONE}").unwrap(), "a: [Hi ${name}, O'Hara] # ${NONE}");
        let error = of("a: ${SECRET:-x}").unwrap_err().to_string();
        assert!(error.contains("column 4: the variable `SECRET` is not read: it may hold a password"), "{error}");
        let error = of("a: 1\nb: ${NONE}\n").unwrap_err().to_string();
        assert!(error.starts_with("`f`, line 2, column 4: the variable `NONE` is not set"), "{error}");
    }
}
