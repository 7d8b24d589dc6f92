//! The lexical rules of the three dialects, as far as splitting and recognising statements needs them.

use dbmocker_core::Dialect;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A bare word: keyword or name.
    Word,
    /// A quoted name.
    Quoted,
    /// A literal text, dollar-quoted ones included.
    Text,
    Number,
    /// Any other single character.
    Sign,
    /// The beginning `/*!50003` or the end `*/` of a comment that MySQL executes.
    Hint,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct DdlToken {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
    /// A quote that is not closed runs to the end of the text.
    pub closed: bool,
}

/// Reads tokens one after the other; blanks and comments are skipped.
pub(crate) struct Lexer<'a> {
    pub dialect: Dialect,
    pub text: &'a str,
    pub at: usize,
}

impl Lexer<'_> {
    fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    fn starts(&self, what: &str) -> bool {
        self.bytes()[self.at..].starts_with(what.as_bytes())
    }

    /// Skips blanks and comments.
    pub fn skip_blanks(&mut self) {
        while let Some(byte) = self.bytes().get(self.at) {
            let mysql = self.dialect == Dialect::Mysql;
            match byte {
                b if b.is_ascii_whitespace() || *b == 0x0b => self.at += 1,
                b'#' if mysql => self.skip_line(),
                b'-' if self.starts("--") && (!mysql || self.is_mysql_comment()) => self.skip_line_comment(),
                b'/' if self.starts("/*") && !(mysql && self.hint().is_some()) => self.skip_comment(),
                _ => return,
            }
        }
    }

    /// MySQL requires a blank after `--`.
    fn is_mysql_comment(&self) -> bool {
        self.bytes().get(self.at + 2).is_none_or(|b| b.is_ascii_whitespace() || b.is_ascii_control())
    }

    /// Moves past the end of the line.
    pub fn skip_line(&mut self) {
        self.at = find(self.bytes(), self.at, b"\n");
    }

    /// Moves past a `--` comment, which in PostgreSQL also ends at a carriage return.
    fn skip_line_comment(&mut self) {
        let ends = |b: &u8| *b == b'\n' || (*b == b'\r' && self.dialect == Dialect::Postgres);
        let end = self.bytes()[self.at..].iter().position(ends);
        self.at = end.map_or(self.text.len(), |n| self.at + n + 1);
    }

    fn skip_comment(&mut self) {
        if self.dialect != Dialect::Postgres {
            self.at = find(self.bytes(), self.at + 2, b"*/");
            return;
        }
        let mut depth = 0;
        while self.at < self.text.len() {
            if self.starts("/*") {
                (depth, self.at) = (depth + 1, self.at + 2);
            } else if self.starts("*/") {
                (depth, self.at) = (depth - 1, self.at + 2);
                if depth == 0 {
                    return;
                }
            } else {
                self.at += 1;
            }
        }
    }

    /// The end of `/*!`, `/*!50003` or `/*M!100100`. Version 999999 is for no server: a plain comment.
    fn hint(&self) -> Option<usize> {
        let rest = &self.bytes()[self.at..];
        let length = if rest.starts_with(b"/*!") {
            3
        } else if rest.starts_with(b"/*M!") {
            4
        } else {
            return None;
        };
        let end = run(self.bytes(), self.at + length, |b| b.is_ascii_digit());
        (&self.text[self.at + length..end] != "999999").then_some(end)
    }

    /// The next token.
    pub fn token(&mut self) -> Option<DdlToken> {
        self.skip_blanks();
        let (bytes, start) = (self.text.as_bytes(), self.at);
        let mysql = self.dialect == Dialect::Mysql;
        let (kind, end) = match *bytes.get(start)? {
            b'\'' => (TokenKind::Text, quoted(bytes, start, mysql)),
            b'"' if mysql => (TokenKind::Text, quoted(bytes, start, true)),
            b'"' => (TokenKind::Quoted, quoted(bytes, start, false)),
            b'`' if self.dialect != Dialect::Postgres => (TokenKind::Quoted, quoted(bytes, start, false)),
            b'[' if self.dialect == Dialect::Sqlite => (TokenKind::Quoted, closing(bytes, start + 1, b"]")),
            b'$' if self.dialect == Dialect::Postgres => match dollar_quoted(self.text, start) {
                Some(end) => (TokenKind::Text, end),
                None => (TokenKind::Sign, Some(start + 1)),
            },
            b'/' if mysql && self.hint().is_some() => (TokenKind::Hint, self.hint()),
            b'*' if mysql && self.starts("*/") => (TokenKind::Hint, Some(start + 2)),
            b'0'..=b'9' => (TokenKind::Number, Some(run(bytes, start, |b| is_word(b) || b == b'.'))),
            b if is_word(b) => {
                let end = run(bytes, start, is_word);
                let escapes = self.dialect == Dialect::Postgres && self.text[start..end].eq_ignore_ascii_case("e");
                match bytes.get(end) {
                    Some(b'\'') if escapes => (TokenKind::Text, quoted(bytes, end, true)),
                    _ => (TokenKind::Word, Some(end)),
                }
            }
            _ => (TokenKind::Sign, Some(start + 1)),
        };
        self.at = end.unwrap_or(self.text.len());
        Some(DdlToken { kind, start, end: self.at, closed: end.is_some() })
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80
}

/// Where a run of such bytes ends.
fn run(bytes: &[u8], from: usize, fits: impl Fn(u8) -> bool) -> usize {
    (from..bytes.len()).find(|i| !fits(bytes[*i])).unwrap_or(bytes.len())
}

/// The position after the next `what`, or the end.
fn find(bytes: &[u8], from: usize, what: &[u8]) -> usize {
    closing(bytes, from, what).unwrap_or(bytes.len())
}

fn closing(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    (from..bytes.len()).find(|i| bytes[*i..].starts_with(what)).map(|i| i + what.len())
}

/// The position after the closing quote. A doubled quote stands for itself, and so does one after a backslash, if
/// backslashes escape.
fn quoted(bytes: &[u8], from: usize, escapes: bool) -> Option<usize> {
    let quote = bytes[from];
    let mut i = from + 1;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' if escapes => i += 1,
            b if b == quote && bytes.get(i + 1) == Some(&quote) => i += 1,
            b if b == quote => return Some(i + 1),
            _ => {}
        }
        i += 1;
    }
    None
}

/// The position after `$tag$ ... $tag$`; `None` if no such text begins here, an inner `None` if it does not end.
fn dollar_quoted(text: &str, from: usize) -> Option<Option<usize>> {
    let bytes = text.as_bytes();
    let end = run(bytes, from + 1, |b| is_word(b) && b != b'$');
    let tag = text.get(from..=end).filter(|tag| tag.ends_with('$'))?;
    let digit = tag.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    (!digit).then(|| closing(bytes, end + 1, tag.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(dialect: Dialect, text: &str) -> Vec<&str> {
        let mut lexer = Lexer { dialect, text, at: 0 };
        std::iter::from_fn(|| lexer.token()).map(|t| &text[t.start..t.end]).collect()
    }

    #[test]
    fn each_dialect_has_its_quotes_and_comments() {
        assert_eq!(
            texts(Dialect::Postgres, r#"a$b $x$ ; $$ $x$ $1 E'\';' 'a\' /* /* ; */ */ -- ;"#),
            ["a$b", "$x$ ; $$ $x$", "$", "1", r"E'\';'", r"'a\'"]
        );
        assert_eq!(
            texts(Dialect::Mysql, "/*!50003 CREATE*/ 'a\\';' \"b\" `c;` a--1 -- ;\n# ;\n/*M!999999\\- x */ d"),
            ["/*!50003", "CREATE", "*/", "'a\\';'", "\"b\"", "`c;`", "a", "-", "-", "1", "d"]
        );
        assert_eq!(texts(Dialect::Sqlite, "[a;b] `c` 'd\\' -- ;"), ["[a;b]", "`c`", "'d\\'"]);
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_tokens_follow_each_other(text in "(\\PC|['\"$/*-])*", d in 0..3_usize) {
            let dialect = [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite][d];
            let mut lexer = Lexer { dialect, text: &text, at: 0 };
            let mut end = 0;
            while let Some(t) = lexer.token() {
                proptest::prop_assert!(t.start >= end && t.end > t.start && text.get(t.start..t.end).is_some());
                end = t.end;
            }
        }
    }
}
