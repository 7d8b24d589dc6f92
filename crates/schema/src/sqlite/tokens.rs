//! SQLite's lexical rules: a tokenizer that suffices to parse a CREATE statement with quotes and comments.

/// The kind of a token; its text is the slice `start..end` of the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A bare word: keyword or name.
    Word,
    /// A name in `"..."`, `` `...` `` or `[...]`.
    Quoted,
    /// `'...'`.
    Text,
    Number,
    /// Any other single character.
    Sign,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
}

/// The tokens of `sql`; comments and blanks are dropped. An unclosed quote runs to the end.
pub(super) fn tokens(sql: &str) -> Vec<Token> {
    let bytes = sql.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let start = i;
        let kind = match bytes[i] {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c => {
                i += 1;
                continue;
            }
            b'-' if bytes.get(i + 1) == Some(&b'-') => {
                i = find(bytes, i, b"\n");
                continue;
            }
            b'/' if bytes.get(i + 1) == Some(&b'*') => {
                i = find(bytes, i + 2, b"*/");
                continue;
            }
            b'\'' => {
                i = quoted(bytes, i, b'\'');
                TokenKind::Text
            }
            q @ (b'"' | b'`') => {
                i = quoted(bytes, i, q);
                TokenKind::Quoted
            }
            b'[' => {
                i = find(bytes, i, b"]");
                TokenKind::Quoted
            }
            b'0'..=b'9' => {
                i = run(bytes, i, |b| is_word(b) || b == b'.');
                TokenKind::Number
            }
            b if is_word(b) => {
                i = run(bytes, i, is_word);
                TokenKind::Word
            }
            _ => {
                i += 1;
                TokenKind::Sign
            }
        };
        out.push(Token { kind, start, end: i });
    }
    out
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80
}

fn run(bytes: &[u8], from: usize, fits: impl Fn(u8) -> bool) -> usize {
    (from..bytes.len()).find(|i| !fits(bytes[*i])).unwrap_or(bytes.len())
}

/// The position after the next `what`, or the end.
fn find(bytes: &[u8], from: usize, what: &[u8]) -> usize {
    (from..bytes.len()).find(|i| bytes[*i..].starts_with(what)).map_or(bytes.len(), |i| i + what.len())
}

/// The position after the closing quote; a doubled quote stands for itself.
fn quoted(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut i = from + 1;
    while i < bytes.len() {
        if bytes[i] == quote {
            if bytes.get(i + 1) != Some(&quote) {
                return i + 1;
            }
            i += 1;
        }
        i += 1;
    }
    bytes.len()
}

/// The name in a token, without quotes. SQLite also accepts `'text'` as a name where only a name is allowed.
pub(super) fn name(text: &str) -> String {
    let inner = |open: char, close: char| text.strip_prefix(open).and_then(|t| t.strip_suffix(close));
    for quote in ['"', '`', '\''] {
        if let Some(inner) = inner(quote, quote) {
            return inner.replace(&format!("{quote}{quote}"), &quote.to_string());
        }
    }
    inner('[', ']').unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        tokens(sql).into_iter().map(|t| &sql[t.start..t.end]).collect()
    }

    #[test]
    fn quotes_and_comments() {
        assert_eq!(
            texts("a -- it's (\n\"b\"\"x\" [c d] `e``` /* ) */ 'f''g' 1.5e3 x'00' é<=2"),
            ["a", "\"b\"\"x\"", "[c d]", "`e```", "'f''g'", "1.5e3", "x", "'00'", "é", "<", "=", "2"]
        );
        assert_eq!(texts("'open"), ["'open"]);
        assert_eq!(texts("/* open"), Vec::<&str>::new());
        assert_eq!([name("\"a\"\"b\""), name("[a]"), name("`a`"), name("a")], ["a\"b", "a", "a", "a"]);
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_tokens_follow_each_other(sql in "\\PC*") {
            let mut end = 0;
            for t in tokens(&sql) {
                proptest::prop_assert!(t.start >= end && t.end > t.start && sql.get(t.start..t.end).is_some());
                end = t.end;
            }
        }
    }
}
