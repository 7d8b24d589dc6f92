//! Parses lists and literals in the text that servers print: `('a', 1, NULL)`, `lower(a), (b + 1)`.

/// The position of the parenthesis that closes the one at the start; quotes are skipped.
pub fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (i, c) in outside_quotes(text) {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(i);
        }
    }
    None
}

/// Characters outside of quotes of any kind, with their positions. A doubled quote closes and opens again.
fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut quote = None;
    text.char_indices().filter(move |(_, c)| match quote {
        Some(q) => {
            if *c == q {
                quote = None;
            }
            false
        }
        None if matches!(c, '\'' | '"' | '`') => {
            quote = Some(*c);
            false
        }
        None => true,
    })
}

/// The items of `(a, b, c)`.
pub fn items(list: &str) -> Option<Vec<&str>> {
    let list = list.trim();
    let end = closing(list)?;
    Some(split(&list[1..end]))
}

/// Splits at commas outside parentheses, brackets and quotes.
pub fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (i, c) in outside_quotes(text) {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    if !text[start..].trim().is_empty() {
        parts.push(text[start..].trim());
    }
    parts
}

/// `'2022-01-01'::date` -> `2022-01-01`, `('-5'::integer)` -> `-5`, `MINVALUE` unchanged.
pub fn literal(text: &str) -> String {
    let mut text = text.trim();
    while text.starts_with('(') && closing(text) == Some(text.len() - 1) {
        text = text[1..text.len() - 1].trim();
    }
    // A cast ends the literal; `::` inside quotes does not count.
    let colons: Vec<usize> = outside_quotes(text).filter(|(_, c)| *c == ':').map(|(i, _)| i).collect();
    if let Some(cast) = colons.windows(2).find(|w| w[1] == w[0] + 1) {
        return literal(&text[..cast[0]]);
    }
    let (escaped, quoted) = match text.strip_prefix(['E', 'e']).filter(|t| t.starts_with('\'')) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    match quoted.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        Some(inner) if escaped => inner.replace("''", "'").replace("\\\\", "\\"),
        Some(inner) => inner.replace("''", "'"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expression_lists() {
        assert_eq!(split("lower(a, 'x,y'), (b + 1)"), ["lower(a, 'x,y')", "(b + 1)"]);
        assert_eq!(split("`a,b`,`c`"), ["`a,b`", "`c`"]);
    }

    #[test]
    fn literals() {
        assert_eq!(literal(r"E'a\\b'"), r"a\b");
        assert_eq!(literal("('-5'::integer)"), "-5");
        assert_eq!(literal("'a::b'"), "a::b");
    }
}
