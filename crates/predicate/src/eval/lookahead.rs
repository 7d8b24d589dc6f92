//! Look-ahead in the servers' regular expressions, which Rust's do not have.
//!
//! In: a pattern with look-ahead. Out: patterns without: those at the beginning become patterns of their own
//! ([`leading`]), and those of one character become part of the character after them ([`of_one_character`]).

/// Maximum number of look-aheads that are rewritten in a pattern, and maximum bytes of the result.
const MOST: usize = 32;
const LONGEST: usize = 4000;

/// A pattern as several: the text must match each, or must not where `negative`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub pattern: String,
    pub negative: bool,
}

/// `^(?=a)(?!b)c` as `^a`, not `^b`, `^c`; `None` if the pattern does not begin so.
pub(crate) fn leading(pattern: &str) -> Option<Vec<Condition>> {
    let mut rest = pattern.strip_prefix('^')?;
    let mut conditions = Vec::new();
    while let Some(negative) = begins(rest) {
        let inner = rest[3..].split_at_checked(group_end(&rest[3..], server_class_end)?)?;
        conditions.push(Condition { pattern: format!("^(?:{})", inner.0), negative });
        rest = inner.1.strip_prefix(')')?;
        // A repeated look-ahead, or one that may be left out.
        if rest.starts_with(['*', '+', '?', '{']) {
            return None;
        }
    }
    if conditions.is_empty() || concatenation_end(rest, server_class_end)? < rest.len() {
        return None;
    }
    if !rest.is_empty() {
        conditions.push(Condition { pattern: format!("^{rest}"), negative: false });
    }
    Some(conditions)
}

/// Whether a text begins with a look-ahead, and a negative one.
fn begins(text: &str) -> Option<bool> {
    if text.starts_with("(?=") { Some(false) } else { text.starts_with("(?!").then_some(true) }
}

/// A pattern, in Rust's syntax but for look-ahead, without the look-aheads that concern one character: `(?!-)[a-z-]+`
/// is `[[a-z-]&&[^-]][a-z-]*`. Others stay.
pub(crate) fn of_one_character(pattern: String) -> String {
    let mut current = pattern;
    for _ in 0..MOST {
        let Some(at) = last(&current) else { break };
        match rewritten(&current, at).filter(|next| next.len() <= LONGEST) {
            Some(next) => current = next,
            None => break,
        }
    }
    current
}

/// The place of the last look-ahead, after which there is no other. An escaped parenthesis, or one in a class, is none.
fn last(pattern: &str) -> Option<usize> {
    let (mut at, mut found) = (0, None);
    while at < pattern.len() {
        if begins(&pattern[at..]).is_some() {
            found = Some(at);
        }
        at += token_end(&pattern[at..], class_end)?;
    }
    found
}

fn rewritten(pattern: &str, at: usize) -> Option<String> {
    let (negative, after) = (begins(&pattern[at..])?, &pattern[at + 3..]);
    let unwanted = &after[..character_end(after)?];
    let after = after[unwanted.len()..].strip_prefix(')')?;
    let next = &after[..character_end(after)?];
    let (least, most, quantified) = quantifier(&after[next.len()..])?;
    let tail = &after[next.len() + quantified..];
    let end = concatenation_end(tail, class_end)?;
    let (rest, outside) = tail.split_at(end);
    let class = |text: &str| if text == "." { "\\s\\S".to_owned() } else { text.to_owned() };
    let not = if negative { "^" } else { "" };
    let first = format!("[{}&&[{not}{}]]", class(next), class(unwanted));
    let others = match (least.saturating_sub(1), most) {
        (least, None) => format!("{next}{{{least},}}"),
        (_, Some(0)) => return None,
        (least, Some(most)) => format!("{next}{{{least},{}}}", most - 1),
    };
    let before = &pattern[..at];
    if least > 0 {
        return Some(format!("{before}{first}{others}{rest}{outside}"));
    }
    // Without the repeated character, the look-ahead concerns the rest, which must have a character.
    let again = &pattern[at..at + 3 + unwanted.len() + 1];
    character_end(rest)?;
    Some(format!("{before}(?:{first}{others}{rest}|{again}{rest}){outside}"))
}

/// The length of the character or class that a text begins with; `None` if it begins with something else.
fn character_end(text: &str) -> Option<usize> {
    let mut chars = text.chars();
    match chars.next()? {
        '[' => class_end(text),
        '\\' => match chars.next()? {
            // `\b` and its like are no characters, and some escapes are longer.
            c if c.is_ascii_alphanumeric() => "dswDSWntrf".contains(c).then_some(2),
            c => Some(1 + c.len_utf8()),
        },
        '(' | ')' | '|' | '^' | '$' | '*' | '+' | '?' | '{' | '}' => None,
        c => Some(c.len_utf8()),
    }
}

/// The length of the class, in the servers' syntax, that a text begins with: another `[` in it is a character or begins
/// `[:alpha:]`, `[.x.]`, `[=x=]`, and a `]` that comes first is a character.
fn server_class_end(text: &str) -> Option<usize> {
    let mut at = 1 + usize::from(text[1..].starts_with('^'));
    at += usize::from(text[at..].starts_with(']'));
    loop {
        let rest = &text[at..];
        let mut chars = rest.chars();
        at += match (chars.next()?, chars.next()) {
            (']', _) => return Some(at + 1),
            ('\\', escaped) => 1 + escaped?.len_utf8(),
            ('[', Some(mark @ (':' | '.' | '='))) => 4 + rest[2..].find(&format!("{mark}]"))?,
            (c, _) => c.len_utf8(),
        };
    }
}

/// The length of the class, in Rust's syntax, that a text begins with.
fn class_end(text: &str) -> Option<usize> {
    let (mut depth, mut escaped) = (0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => depth += 1,
            ']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Least and most repetitions, and the length of the quantifier that a text begins with.
fn quantifier(text: &str) -> Option<(u32, Option<u32>, usize)> {
    let (least, most, length) = match text.chars().next() {
        Some('*') => (0, None, 1),
        Some('+') => (1, None, 1),
        Some('?') => (0, Some(1), 1),
        Some('{') => {
            let inner = &text[1..text.find('}')?];
            let (least, most) = inner
                .split_once(',')
                .map_or((inner, Some(inner)), |(least, most)| (least, Some(most).filter(|most| !most.is_empty())));
            (least.parse().ok()?, most.map(str::parse).transpose().ok()?, inner.len() + 2)
        }
        _ => return Some((1, Some(1), 0)),
    };
    // A lazy quantifier matches the same texts.
    let lazy = usize::from(text[length..].starts_with('?'));
    Some((least, most, length + lazy))
}

/// Finds the length of the class that a text begins with.
type ClassEnd = fn(&str) -> Option<usize>;

/// The length of the text up to the parenthesis that closes a group.
fn group_end(text: &str, class: ClassEnd) -> Option<usize> {
    scan(text, class, |c, depth| c == ')' && depth == 0).filter(|&end| end < text.len())
}

/// The length of the text up to the end of its group or the next alternative.
fn concatenation_end(text: &str, class: ClassEnd) -> Option<usize> {
    scan(text, class, |c, depth| depth == 0 && matches!(c, ')' | '|'))
}

/// The length of the character, escaped character or class that a text begins with.
fn token_end(text: &str, class: ClassEnd) -> Option<usize> {
    let mut chars = text.chars();
    match chars.next()? {
        '\\' => Some(1 + chars.next()?.len_utf8()),
        '[' => class(text),
        c => Some(c.len_utf8()),
    }
}

/// The place where `ends` is true for a character outside of classes, or the text's end; `None` if it is not balanced.
fn scan(text: &str, class: ClassEnd, ends: impl Fn(char, usize) -> bool) -> Option<usize> {
    let (mut depth, mut at) = (0usize, 0);
    while let Some(c) = text[at..].chars().next() {
        if ends(c, depth) {
            return Some(at);
        }
        at += token_end(&text[at..], class)?;
        match c {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    (depth == 0).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ahead_at_the_beginning_is_a_pattern_of_its_own() {
        let of = |pattern| {
            let conditions = leading(pattern)?;
            Some(
                conditions.into_iter().map(|c| format!("{}{}", if c.negative { "!" } else { "" }, c.pattern)).collect(),
            )
        };
        let some = |patterns: &[&str]| Some(patterns.iter().map(|&p| p.to_owned()).collect::<Vec<_>>());
        assert_eq!(of(r"^(?=.*[A-Z])(?=.*\d).{8,}$"), some(&["^(?:.*[A-Z])", r"^(?:.*\d)", "^.{8,}$"]));
        assert_eq!(of("^(?!(admin|root)$)[a-z]+$"), some(&["!^(?:(admin|root)$)", "^[a-z]+$"]));
        assert_eq!(of("^(?!.*--)"), some(&["!^(?:.*--)"]));
        assert_eq!(of(r"^(?=[)\]]x)y"), some(&[r"^(?:[)\]]x)", "^y"]));
        assert_eq!(of("^(?=.*[])]x)y"), some(&["^(?:.*[])]x)", "^y"]));
        assert_eq!(of("^(?!.*[^])[])y"), some(&["!^(?:.*[^])[])", "^y"]));
        assert_eq!(of("^(?=[[:digit:])(])[([|]z"), some(&["^(?:[[:digit:])(])", "^[([|]z"]));
        assert_eq!(of(r"^(?=[[.).]|]\(?=b)[(?!c)]"), some(&[r"^(?:[[.).]|]\(?=b)", "^[(?!c)]"]));
        for other in ["^abc", "(?=a)b", "^(?=a)b|c", "^(?=a)*b", "^(?=a", "^a(?!b)"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn look_ahead_of_one_character_is_part_of_the_next() {
        let host = r"^(?!-)[a-z0-9-]{0,4}[a-z0-9](\.((?!-)[a-z0-9-]{0,4}[a-z0-9]))*$";
        let matches = |pattern: &str, text: &str| {
            regex::Regex::new(&of_one_character(pattern.to_owned())).unwrap().is_match(text)
        };
        for (text, wanted) in [
            ("a", true),
            ("a-b.c", true),
            ("-a", false),
            ("a.-b", false),
            ("a.b-", false),
            ("a..b", false),
            ("9", true),
        ] {
            assert_eq!(matches(host, text), wanted, "{text}");
        }
        assert!(matches("^(?!0)[0-9]+$", "10") && !matches("^(?!0)[0-9]+$", "01"));
        assert!(matches(r"^x(?=\d)\w*y$", "x1zy") && !matches(r"^x(?=\d)\w*y$", "xz1y"));
        assert!(matches("^(?!a).b$", "cb") && !matches("^(?!a).b$", "ab"));
        // Only the text of a look-ahead: escaped, or in a class. The look-aheads before it are rewritten.
        for text in [r"\(?=a\)b", "[(?=a)b]", "[(?!a)b]", r"[(?!]", r"[\[(?=]"] {
            assert_eq!(of_one_character(text.to_owned()), text);
            assert_eq!(of_one_character(format!("^(?!0)[0-9]{text}")), format!("^[[0-9]&&[^0]][0-9]{{0,0}}{text}"));
        }
        assert!(matches("^(?!0)[0-9][(?=]$", "1?") && !matches("^(?!0)[0-9][(?=]$", "0?"));
        for other in ["(?!ab)c", "a(?!b)", "a(?!b)$", "a(?!b)c*", "(?<!a)b", r"\(?=a"] {
            assert_eq!(of_one_character(other.to_owned()), other);
        }
    }
}
