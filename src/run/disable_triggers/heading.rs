//! The heading of a MySQL trigger's statement, up to its body: the trigger's name and its table.

use std::iter::Peekable;

use dbmocker_core::schema::TableName;

/// A word or punctuation mark of the statement.
#[derive(Debug, PartialEq, Eq)]
enum HeadingToken {
    Word(String),
    /// A quoted name, or a string literal.
    Quoted(String),
    Mark(char),
}

/// Whether the statement is a CREATE TRIGGER of this name for INSERT on the table, with no statement before it. The
/// body is not analysed.
pub(super) fn makes(statement: &str, name: &str, table: &TableName) -> bool {
    let mut tokens = Tokens(statement).peekable();
    let is = |token: Option<&HeadingToken>, word: &str| matches!(token, Some(HeadingToken::Word(w)) if w.eq_ignore_ascii_case(word));
    if !is(tokens.next().as_ref(), "CREATE") {
        return false;
    }
    // Optional clauses: OR REPLACE, DEFINER = account.
    if !tokens.by_ref().take_while(|t| *t != HeadingToken::Mark(';')).any(|t| is(Some(&t), "TRIGGER")) {
        return false;
    }
    if is(tokens.peek(), "IF") {
        let all = ["IF", "NOT", "EXISTS"].iter().all(|word| is(tokens.next().as_ref(), word));
        if !all {
            return false;
        }
    }
    let same = |found: Option<(Option<String>, String)>, wanted: &str| {
        let alike = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        found.is_some_and(|(schema, name)| {
            alike(&name, wanted) && schema.is_none_or(|schema| alike(&schema, &table.schema))
        })
    };
    if !same(qualified(&mut tokens), name) {
        return false;
    }
    let events: Vec<HeadingToken> = tokens.by_ref().take_while(|t| !is(Some(t), "ON")).collect();
    let words = events.iter().all(|t| matches!(t, HeadingToken::Word(_)));
    let inserts = events.iter().any(|t| is(Some(t), "INSERT"));
    words
        && inserts
        && same(qualified(&mut tokens), &table.name)
        && ["FOR", "EACH", "ROW"].iter().all(|word| is(tokens.next().as_ref(), word))
}

/// A name, optionally with its schema.
fn qualified(tokens: &mut Peekable<Tokens<'_>>) -> Option<(Option<String>, String)> {
    let (HeadingToken::Word(first) | HeadingToken::Quoted(first)) = tokens.next()? else { return None };
    if tokens.next_if_eq(&HeadingToken::Mark('.')).is_none() {
        return Some((None, first));
    }
    let (HeadingToken::Word(second) | HeadingToken::Quoted(second)) = tokens.next()? else { return None };
    Some((Some(first), second))
}

/// Splits a statement into tokens, without comments; the content of executable comments (`/*!50003 ... */`) is
/// included.
struct Tokens<'a>(&'a str);

impl Tokens<'_> {
    fn skip(&mut self) {
        loop {
            let text = self.0.trim_start();
            self.0 = if let Some(rest) = text.strip_prefix("/*M!").or_else(|| text.strip_prefix("/*!")) {
                rest.trim_start_matches(|c: char| c.is_ascii_digit())
            } else if let Some(rest) = text.strip_prefix("*/") {
                rest
            } else if let Some(comment) = text.strip_prefix("/*") {
                comment.split_once("*/").map_or("", |(_, rest)| rest)
            } else if text.starts_with('#') || text.starts_with("-- ") || text.starts_with("--\n") {
                text.split_once('\n').map_or("", |(_, rest)| rest)
            } else {
                self.0 = text;
                return;
            };
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = HeadingToken;

    fn next(&mut self) -> Option<HeadingToken> {
        self.skip();
        let first = self.0.chars().next()?;
        if matches!(first, '`' | '"' | '\'') {
            let mut text = String::new();
            let mut rest = self.0[1..].char_indices();
            while let Some((at, c)) = rest.next() {
                if c != first {
                    text.push(c);
                } else if self.0[1 + at + 1..].starts_with(first) {
                    text.push(c);
                    rest.next();
                } else {
                    self.0 = &self.0[1 + at + 1..];
                    return Some(HeadingToken::Quoted(text));
                }
            }
            return None;
        }
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii();
        let end = self.0.find(|c| !is_word(c)).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(if end == 0 { first.len_utf8() } else { end });
        self.0 = rest;
        Some(if end == 0 { HeadingToken::Mark(first) } else { HeadingToken::Word(word.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_read() {
        let table = TableName::new("shop", "books");
        for good in [
            "CREATE TRIGGER known BEFORE INSERT ON books FOR EACH ROW SET @a = 1",
            "create definer=`a``b`@`%` trigger `shop`.`known`\nafter insert on `books`\nfor each row begin end",
            "CREATE DEFINER='x'@'localhost' /* hm */ TRIGGER IF NOT EXISTS Known -- so\n BEFORE INSERT ON shop.books FOR EACH ROW FOLLOWS a SET @a = 1",
            "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER known BEFORE INSERT ON books FOR EACH ROW SET @a=1 */",
            "CREATE OR REPLACE TRIGGER known BEFORE INSERT OR UPDATE ON books FOR EACH ROW SET @a = 1",
        ] {
            assert!(makes(good, "known", &table), "{good}");
        }
        for bad in [
            "DROP DATABASE shop",
            "CREATE TABLE x (i int); CREATE TRIGGER known BEFORE INSERT ON books FOR EACH ROW SET @a = 1",
            "CREATE TRIGGER other BEFORE INSERT ON books FOR EACH ROW SET @a = 1",
            "CREATE TRIGGER known BEFORE INSERT ON orders FOR EACH ROW SET @a = 1",
            "CREATE TRIGGER known BEFORE INSERT ON mysql.books FOR EACH ROW SET @a = 1",
            "CREATE TRIGGER known BEFORE DELETE ON books FOR EACH ROW SET @a = 1",
            "CREATE TRIGGER known BEFORE INSERT ON books",
            "CREATE TRIGGER `known",
            "",
        ] {
            assert!(!makes(bad, "known", &table), "{bad}");
        }
    }
}
