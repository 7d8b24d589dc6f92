//! Splits a script into its statements, as the server's own client does.

use dbmocker_core::Dialect;

use crate::rules::object;
use crate::token::{DdlToken, Lexer, TokenKind};

/// One statement, or one command line of the client program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Statement(Statement),
    /// `\connect shop`, `.mode box`.
    Client {
        text: String,
        line: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Statement {
    /// Without the delimiter at its end, and without MySQL's DEFINER.
    pub sql: String,
    /// Words in capitals, names in quotes, `'` for a text, single signs; no numbers.
    pub words: Vec<String>,
    /// The line of its first word, from 1.
    pub line: usize,
    /// The line of a quote that is not closed.
    pub unclosed: Option<usize>,
}

/// All statements of a script.
pub(crate) fn split(dialect: Dialect, text: &str) -> Vec<Item> {
    let lexer = Lexer { dialect, text, at: 0 };
    let mut splitter = Splitter { lexer, delimiter: ";".into(), counted: 0, line: 1 };
    std::iter::from_fn(|| splitter.next()).collect()
}

struct Splitter<'a> {
    lexer: Lexer<'a>,
    /// MySQL's client command DELIMITER changes it.
    delimiter: String,
    /// The position up to which lines were counted, and the line number there.
    counted: usize,
    line: usize,
}

impl Splitter<'_> {
    /// The line number of a position, which must be after all positions of earlier calls.
    fn line_at(&mut self, at: usize) -> usize {
        let lines = self.lexer.text.as_bytes()[self.counted..at].iter().filter(|b| **b == b'\n').count();
        (self.line, self.counted) = (self.line + lines, at);
        self.line
    }

    fn next(&mut self) -> Option<Item> {
        loop {
            self.lexer.skip_blanks();
            let at = self.lexer.at;
            let rest = &self.lexer.text[at..];
            if rest.is_empty() {
                return None;
            }
            let first_of_line = self.lexer.text[..at].ends_with('\n') || at == 0;
            let client = match self.lexer.dialect {
                Dialect::Postgres => rest.starts_with('\\'),
                Dialect::Sqlite => rest.starts_with('.') && first_of_line,
                Dialect::Mysql => false,
            };
            if client {
                return Some(self.client_line());
            }
            if self.lexer.dialect == Dialect::Mysql && self.delimiter_line(rest) {
                continue;
            }
            if let Some(statement) = self.statement() {
                return Some(Item::Statement(statement));
            }
        }
    }

    fn client_line(&mut self) -> Item {
        let start = self.lexer.at;
        let line = self.line_at(start);
        self.lexer.skip_line();
        Item::Client { text: self.lexer.text[start..self.lexer.at].trim().to_owned(), line }
    }

    /// Whether the text continues with `DELIMITER //`; if so, sets the delimiter.
    fn delimiter_line(&mut self, rest: &str) -> bool {
        let line = rest.lines().next().unwrap_or_default();
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(|w| w.eq_ignore_ascii_case("delimiter")) {
            return false;
        }
        words.next().unwrap_or(";").clone_into(&mut self.delimiter);
        self.lexer.skip_line();
        true
    }

    /// Whether the client's delimiter follows, after blanks.
    fn at_delimiter(&mut self) -> bool {
        self.lexer.skip_blanks();
        self.delimiter != ";" && self.lexer.text[self.lexer.at..].starts_with(&self.delimiter)
    }

    /// The next token, up to the delimiter: `END$$` are two.
    fn token(&mut self) -> Option<DdlToken> {
        let mut token = self.lexer.token()?;
        let text = &self.lexer.text[token.start..token.end];
        if let Some(at) = text.find(&self.delimiter).filter(|at| *at > 0 && token.kind == TokenKind::Word) {
            token.end = token.start + at;
            self.lexer.at = token.end;
        }
        Some(token)
    }

    /// The next statement; `None` if there are only blanks before a delimiter.
    fn statement(&mut self) -> Option<Statement> {
        let mut statement = Statement::default();
        let (mut start, mut end) = (None, self.lexer.at);
        let mut blocks = Blocks::default();
        let mut tokens = Vec::new();
        loop {
            if self.at_delimiter() {
                self.lexer.at += self.delimiter.len();
                break;
            }
            let Some(token) = self.token() else { break };
            let text = &self.lexer.text[token.start..token.end];
            if text == ";" && self.delimiter == ";" && !blocks.open() {
                break;
            }
            end = token.end;
            if start.is_none() {
                start = Some(token.start);
                statement.line = self.line_at(token.start);
            }
            let word = match token.kind {
                TokenKind::Word => text.to_uppercase(),
                TokenKind::Quoted => text.to_owned(),
                TokenKind::Text => "'".to_owned(),
                TokenKind::Sign => text.to_owned(),
                TokenKind::Number | TokenKind::Hint => String::new(),
            };
            if !token.closed {
                statement.unclosed = Some(self.line_at(token.start));
            }
            tokens.push(token);
            if !word.is_empty() {
                let mut ahead = Lexer { at: self.lexer.at, ..self.lexer };
                let next = ahead.token().map(|t| self.lexer.text[t.start..t.end].to_uppercase());
                blocks.see(self.lexer.dialect, &statement.words, &word, next.as_deref());
                statement.words.push(word);
            }
        }
        let start = start.filter(|_| !statement.words.is_empty())?;
        statement.sql = match self.lexer.dialect {
            Dialect::Mysql => without_definer(self.lexer.text, start, end, &tokens),
            _ => self.lexer.text[start..end].to_owned(),
        };
        if is_copy_from_stdin(&statement.words) {
            self.skip_copied_rows();
        }
        Some(statement)
    }

    fn skip_copied_rows(&mut self) {
        self.lexer.skip_line();
        while self.lexer.at < self.lexer.text.len() {
            let start = self.lexer.at;
            self.lexer.skip_line();
            if self.lexer.text[start..self.lexer.at].trim_end() == "\\." {
                return;
            }
        }
    }
}

/// Whether rows follow the statement, up to `\.`.
pub(crate) fn is_copy_from_stdin(words: &[String]) -> bool {
    words.first().is_some_and(|w| w == "COPY") && words.windows(2).any(|w| w[0] == "FROM" && w[1] == "STDIN")
}

/// Parentheses, and the bodies of routines and triggers, in which a `;` ends no statement.
#[derive(Default)]
struct Blocks {
    parentheses: usize,
    begun: usize,
}

impl Blocks {
    fn open(&self) -> bool {
        self.parentheses > 0 || self.begun > 0
    }

    /// Updates the nesting for a word that follows the words `before`.
    fn see(&mut self, dialect: Dialect, before: &[String], word: &str, next: Option<&str>) {
        match word {
            "(" => self.parentheses += 1,
            ")" => self.parentheses = self.parentheses.saturating_sub(1),
            "BEGIN" if has_body(dialect, before) => self.begun += 1,
            "CASE" if self.begun > 0 && before.last().is_none_or(|w| w != "END") => self.begun += 1,
            // END IF and the like end a statement of the body that was not counted.
            "END" if !matches!(next, Some("IF" | "LOOP" | "WHILE" | "REPEAT" | "FOR")) => {
                self.begun = self.begun.saturating_sub(1);
            }
            _ => {}
        }
    }
}

/// Whether a statement that begins so may have a body of statements.
fn has_body(dialect: Dialect, words: &[String]) -> bool {
    let objects: &[&str] = match dialect {
        Dialect::Postgres => &["FUNCTION", "PROCEDURE"],
        Dialect::Sqlite => &["TRIGGER"],
        Dialect::Mysql => &["TRIGGER", "FUNCTION", "PROCEDURE", "EVENT"],
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.first() == Some(&"CREATE") && objects.contains(&object(&words))
}

/// The statement without `DEFINER = user@host`: the throw-away server has only its own account.
fn without_definer(text: &str, start: usize, end: usize, tokens: &[DdlToken]) -> String {
    let of = |i: usize| tokens.get(i).map_or("", |t| &text[t.start..t.end]);
    let found = (0..tokens.len()).find(|&i| of(i).eq_ignore_ascii_case("definer") && of(i + 1) == "=");
    let Some(from) = found.filter(|_| of(0).eq_ignore_ascii_case("create") || tokens[0].kind == TokenKind::Hint) else {
        return text[start..end].to_owned();
    };
    let mut last = from + 2;
    if of(last + 1) == "@" || of(last + 1) == "(" && of(last + 2) == ")" {
        last += 2;
    }
    let Some(last) = tokens.get(last) else { return text[start..end].to_owned() };
    format!("{}{}", &text[start..tokens[from].start], &text[last.end..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqls(dialect: Dialect, text: &str) -> Vec<String> {
        let sql = |item| match item {
            Item::Statement(s) => format!("{}: {}", s.line, s.sql),
            Item::Client { text, line } => format!("{line}: client {text}"),
        };
        split(dialect, text).into_iter().map(sql).collect()
    }

    #[test]
    fn postgres() {
        let text = "\\connect shop\n-- a; b\nCREATE TABLE a (x text DEFAULT ';');;\nCOPY a (x) FROM stdin;\n1;\n\\.\n\
            CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;\n\
            CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$;\n\
            CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2);\nSELECT 1";
        let found = sqls(Dialect::Postgres, text);
        assert_eq!(found.len(), 7, "{found:#?}");
        assert_eq!(found[0], "1: client \\connect shop");
        assert_eq!(found[1], "3: CREATE TABLE a (x text DEFAULT ';')");
        assert!(found[2].starts_with("4: COPY") && found[3].ends_with("SELECT 2; END"), "{found:#?}");
        assert_eq!(found[6], "10: SELECT 1");
    }

    #[test]
    fn mysql() {
        let text = "/*!40101 SET NAMES utf8 */;\nDELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 \
            TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @x = 1; END */;;\nDELIMITER ;\n\
            CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT CASE WHEN 1 THEN 1 END; END IF; CASE 1 WHEN 1 THEN SELECT 1; END CASE; END;\n\
            CREATE TABLE b (c int);\nDELIMITER $$\nCREATE TABLE c$d (e int)$$CREATE TABLE f$$";
        let found = sqls(Dialect::Mysql, text);
        assert_eq!(found.len(), 6, "{found:#?}");
        assert!(found[1].contains("/*!50017 */") && !found[1].contains("root"), "{}", found[1]);
        assert_eq!(found[3], "6: CREATE TABLE b (c int)");
    }

    #[test]
    fn sqlite() {
        let text = "PRAGMA foreign_keys=ON;\nCREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM b; END;\n\
            .mode box\nCREATE TABLE [a;b] (c);";
        let found = sqls(Dialect::Sqlite, text);
        assert_eq!(found.len(), 4, "{found:#?}");
        assert_eq!((&*found[2], &*found[3]), ("3: client .mode box", "4: CREATE TABLE [a;b] (c)"));
    }

    #[test]
    fn an_open_quote_is_seen() {
        let Item::Statement(s) = &split(Dialect::Postgres, "SELECT 1;\nCREATE TABLE a\n (b text DEFAULT 'x);")[1]
        else {
            panic!("a statement")
        };
        assert_eq!((s.line, s.unclosed), (2, Some(3)));
    }
}
