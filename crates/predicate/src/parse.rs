//! Parses SQL text, as printed by the servers, to [`Expr`].
//!
//! Data in: the text of a CHECK, a domain's CHECK, a partial index's predicate or a generated column's expression, and
//! the dialect. Data out: an [`Expr`], or the text that could not be parsed. Tokenizer and grammar are those of
//! `sqlparser`; forms that it does not support are first rewritten at the level of tokens.

use std::collections::BTreeMap;

use sqlparser::ast;
use sqlparser::dialect::{MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer, Word};

use super::convert::convert;
use super::expr::{Cmp, Expr};
use super::filters;
use dbmocker_core::schema::Dialect;

/// Deeper parentheses are refused, because the parser recurses.
const MAX_NESTING: usize = 60;
/// Maximum operators in one expression: the parser's tree is as deep as the length of an operator chain.
const MAX_OPERATORS: usize = 1200;
/// The same in a thread with [`LONG_STACK`].
const MAX_LONG_OPERATORS: usize = 20_000;
/// Conditions of such an expression, lists counted once.
const MAX_ATOMS: usize = 100;
/// Stack size in bytes; only pages that are used take memory.
const LONG_STACK: usize = 256 << 20;
/// Maximum depth of an [`Expr`], on which all later steps recurse.
const MAX_DEPTH: usize = 150;
/// `sqlparser`'s recursion limit, in its units.
const RECURSION_LIMIT: usize = 90;

/// Why a predicate's text cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("the expression is not understood: {0}")]
    Syntax(String),
    #[error("`{0}` is not supported in predicates")]
    Unsupported(String),
    #[error("`{function}` is a function of {}, and {dialect} has none of this name", listed(dialects))]
    Elsewhere { function: String, dialects: Vec<Dialect>, dialect: Dialect },
    #[error("the expression is nested too deep or too long to be read")]
    TooDeep,
}

fn listed(dialects: &[Dialect]) -> String {
    dialects.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

/// Parses one boolean (or scalar) expression. A leading `CHECK (...)` is accepted and dropped.
///
/// # Errors
/// The text is not an expression of the dialect, or contains a construct that [`Expr`] does not support (sub-queries,
/// windows).
pub fn parse(text: &str, dialect: Dialect) -> Result<Expr, ParseError> {
    let tree = match tree(text, dialect, MAX_OPERATORS) {
        Err(ParseError::TooDeep) if text.len() > MAX_OPERATORS => parse_long(text, dialect)?,
        tree => tree?,
    };
    if tree.depth() > MAX_DEPTH { Err(ParseError::TooDeep) } else { Ok(tree) }
}

/// As [`parse`], but names of several parts stay whole: `a.b` is the column `a.b`; aggregates may have a filter.
///
/// # Errors
/// As [`parse`].
pub fn parse_paths(text: &str, dialect: Dialect) -> Result<Expr, ParseError> {
    let tree =
        convert(&syntax_of(text, dialect, MAX_OPERATORS, |tokens| filters::rewritten(joined(tokens)))?, dialect)?;
    if tree.depth() > MAX_DEPTH { Err(ParseError::TooDeep) } else { Ok(tree) }
}

/// Names of several parts as one quoted name.
fn joined(tokens: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if token == Token::Period
            && let (Some(Token::Word(before)), Some(Token::Word(after))) = (out.last().cloned(), tokens.peek().cloned())
        {
            tokens.next();
            out.pop();
            let value = format!("{}.{}", before.value, after.value);
            out.push(Token::Word(Word { value, quote_style: Some('"'), keyword: Keyword::NoKeyword }));
            continue;
        }
        out.push(token);
    }
    out
}

fn tree(text: &str, dialect: Dialect, operators: usize) -> Result<Expr, ParseError> {
    convert(&limited(text, dialect, operators)?, dialect)
}

/// A long chain of operators (`a = 1 OR a = 2 OR ...`): only the parser's own tree is deep, and needs the stack of a
/// separate thread until it is converted.
fn parse_long(text: &str, dialect: Dialect) -> Result<Expr, ParseError> {
    std::thread::scope(|scope| {
        let parsing = std::thread::Builder::new().stack_size(LONG_STACK);
        let parsing = parsing.spawn_scoped(scope, || tree(text, dialect, MAX_LONG_OPERATORS).map(lists));
        parsing.map_or(Err(ParseError::TooDeep), |thread| thread.join().unwrap_or(Err(ParseError::TooDeep)))
    })
    // The solver's time grows with the number of conditions.
    .and_then(|tree| if atoms(&tree) > MAX_ATOMS { Err(ParseError::TooDeep) } else { Ok(tree) })
}

/// `a = 1 OR a = 2 OR ...` as `a IN (1, 2, ...)`.
fn lists(tree: Expr) -> Expr {
    match tree {
        Expr::And(items) => Expr::And(items.into_iter().map(lists).collect()),
        Expr::Or(items) => {
            let (mut of, mut rest): (BTreeMap<String, Vec<Expr>>, Vec<Expr>) = Default::default();
            for item in items {
                match item {
                    Expr::Compare { op: Cmp::Eq, left, right } => match (*left, *right) {
                        (Expr::Column(c), value @ Expr::Literal(_)) | (value @ Expr::Literal(_), Expr::Column(c)) => {
                            of.entry(c).or_default().push(value);
                        }
                        (left, right) => rest.push(Expr::compare(Cmp::Eq, left, right)),
                    },
                    other => rest.push(lists(other)),
                }
            }
            let list = |(c, list): (String, Vec<Expr>)| {
                let expr = Box::new(Expr::Column(c));
                Expr::In { expr, list: list.into(), negated: false }
            };
            let mut all: Vec<Expr> = of.into_iter().map(list).collect();
            all.extend(rest);
            if all.len() == 1 { all.remove(0) } else { Expr::Or(all) }
        }
        other => other,
    }
}

/// Conditions that are joined by AND and OR.
fn atoms(tree: &Expr) -> usize {
    match tree {
        Expr::And(items) | Expr::Or(items) => items.iter().map(atoms).sum(),
        _ => 1,
    }
}

/// The expression as the parser's syntax tree.
pub(super) fn syntax(text: &str, dialect: Dialect) -> Result<ast::Expr, ParseError> {
    limited(text, dialect, MAX_OPERATORS)
}

fn limited(text: &str, dialect: Dialect, most: usize) -> Result<ast::Expr, ParseError> {
    syntax_of(text, dialect, most, |tokens| tokens)
}

fn syntax_of(
    text: &str,
    dialect: Dialect,
    most: usize,
    change: fn(Vec<Token>) -> Vec<Token>,
) -> Result<ast::Expr, ParseError> {
    let text = text.trim().trim_end_matches(';');
    let text = strip_check(text);
    let text = if dialect == Dialect::Mysql { unescape_catalogue(text) } else { text.to_owned() };
    let sql_dialect: &dyn sqlparser::dialect::Dialect = match dialect {
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::Mysql => &MySqlDialect {},
        Dialect::Sqlite => &SQLiteDialect {},
    };
    let tokens = Tokenizer::new(sql_dialect, &text)
        .with_unescape(true)
        .tokenize()
        .map_err(|e| ParseError::Syntax(e.to_string()))?;
    if nesting(&tokens) > MAX_NESTING || operators(&tokens) > most {
        return Err(ParseError::TooDeep);
    }
    let tokens = rewrite(change(tokens), dialect);
    let mut parser = Parser::new(sql_dialect).with_recursion_limit(RECURSION_LIMIT).with_tokens(tokens);
    let parsed = parser.parse_expr().map_err(|e| ParseError::Syntax(e.to_string()))?;
    match parser.peek_token().token {
        Token::EOF => {}
        // `NOT VALID`, `NO INHERIT`, `NOT ENFORCED` follow the predicate of `pg_get_constraintdef`
        Token::Word(w) if matches!(w.keyword, Keyword::NOT | Keyword::NO) => {}
        other => return Err(ParseError::Syntax(format!("unexpected `{other}` after the expression"))),
    }
    Ok(parsed)
}

/// Tokens that each add one level to the parser's tree.
fn operators(tokens: &[Token]) -> usize {
    let plain = |t: &&Token| {
        !matches!(
            t,
            Token::Whitespace(_)
                | Token::Comma
                | Token::Number(..)
                | Token::SingleQuotedString(_)
                | Token::DoubleQuotedString(_)
                | Token::Period
                | Token::LParen
                | Token::RParen
        ) && !matches!(t, Token::Word(w) if w.keyword == Keyword::NoKeyword)
    };
    tokens.iter().filter(plain).count()
}

fn strip_check(text: &str) -> &str {
    match text.get(..5) {
        Some(word) if word.eq_ignore_ascii_case("check") && text[5..].trim_start().starts_with('(') => &text[5..],
        _ => text,
    }
}

/// MySQL's catalogue prints string literals as `_utf8mb4\'text\'`.
fn unescape_catalogue(text: &str) -> String {
    if text.contains("\\'") && text.split("\\'").next().is_some_and(|head| !head.contains('\'')) {
        text.replace("\\'", "'").replace("\\\\", "\\")
    } else {
        text.to_owned()
    }
}

fn nesting(tokens: &[Token]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut prefixes = 0;
    for t in tokens {
        match t {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            Token::Word(w) if matches!(w.keyword, Keyword::CASE | Keyword::NOT) => prefixes += 1,
            Token::Minus | Token::Plus | Token::ExclamationMark | Token::Tilde | Token::AtSign => prefixes += 1,
            Token::Whitespace(_) => {}
            _ => prefixes = 0,
        }
        deepest = deepest.max(depth + prefixes);
    }
    deepest
}

fn keyword(t: &Token) -> Keyword {
    match t {
        Token::Word(w) if w.quote_style.is_none() => w.keyword,
        _ => Keyword::NoKeyword,
    }
}

fn word(text: &str) -> Token {
    Token::make_keyword(text)
}

/// SQLite's general `IS`, MySQL's `||` and `&&`, TRIM without characters, and names that only the parser treats as
/// keywords.
fn rewrite(tokens: Vec<Token>, dialect: Dialect) -> Vec<Token> {
    let tokens: Vec<Token> = tokens.into_iter().filter(|t| !matches!(t, Token::Whitespace(_))).collect();
    let mut out = Vec::with_capacity(tokens.len() + 4);
    let mut i = 0;
    while i < tokens.len() {
        let next = |k: usize| tokens.get(i + k).map_or(Keyword::NoKeyword, keyword);
        match (&tokens[i], dialect) {
            (Token::StringConcat, Dialect::Mysql) => out.push(word("OR")),
            (Token::Overlap, Dialect::Mysql) => out.push(word("AND")),
            // SQLite has no SIMILAR TO: its syntax node represents NOT GLOB, which the parser does not support
            (t, Dialect::Sqlite) if keyword(t) == Keyword::NOT && next(1) == Keyword::GLOB => {
                out.extend([word("NOT"), word("SIMILAR"), word("TO")]);
                i += 1;
            }
            (Token::ExclamationMark, Dialect::Mysql) => out.push(word("NOT")),
            // PostgreSQL prints `btrim(x)` as `TRIM(BOTH FROM x)`: the parser expects characters before FROM.
            (t, _) if trims(t) && next(1) == Keyword::FROM => {
                out.push(t.clone());
                i += 1;
            }
            // MariaDB prints `mod(a, b)` and `a % b` in this form.
            (Token::Word(w), Dialect::Mysql)
                if w.quote_style.is_none() && w.value.eq_ignore_ascii_case("mod") && ends_operand(out.last()) =>
            {
                out.push(Token::Mod);
            }
            (Token::DoubleEq, Dialect::Sqlite) => out.push(Token::Eq),
            (t, Dialect::Sqlite) if keyword(t) == Keyword::IS => {
                let negated = next(1) == Keyword::NOT;
                let after = next(1 + usize::from(negated));
                out.push(word("IS"));
                if !matches!(after, Keyword::NULL | Keyword::TRUE | Keyword::FALSE | Keyword::DISTINCT) {
                    // `a IS b` is `a IS NOT DISTINCT FROM b`
                    if !negated {
                        out.push(word("NOT"));
                    }
                    out.push(word("DISTINCT"));
                    out.push(word("FROM"));
                    i += usize::from(negated);
                }
            }
            (Token::Word(w), d)
                if d != Dialect::Mysql
                    && w.quote_style.is_none()
                    && w.value.eq_ignore_ascii_case("isnull")
                    && i > 0 =>
            {
                out.extend([word("IS"), word("NULL")]);
            }
            (t, _) if keyword(t) == Keyword::NOTNULL => out.extend([word("IS"), word("NOT"), word("NULL")]),
            (Token::Word(w), _) if is_plain_name(w, &tokens, i) => {
                let quote = if dialect == Dialect::Mysql { '`' } else { '"' };
                out.push(Token::Word(Word {
                    value: w.value.clone(),
                    quote_style: Some(quote),
                    keyword: Keyword::NoKeyword,
                }));
            }
            (t, _) => out.push(t.clone()),
        }
        i += 1;
    }
    out
}

fn trims(t: &Token) -> bool {
    matches!(keyword(t), Keyword::BOTH | Keyword::LEADING | Keyword::TRAILING)
}

/// Whether an operator may follow.
fn ends_operand(before: Option<&Token>) -> bool {
    match before {
        Some(Token::Word(w)) => w.quote_style.is_some() || w.keyword == Keyword::NoKeyword,
        Some(t) => matches!(t, Token::Number(..) | Token::RParen | Token::SingleQuotedString(_)),
        None => false,
    }
}

/// Column names that the parser would read as keywords: `interval > 0`, `date IS NULL`.
fn is_plain_name(w: &Word, tokens: &[Token], i: usize) -> bool {
    const AMBIGUOUS: [Keyword; 14] = [
        Keyword::INTERVAL,
        Keyword::DATE,
        Keyword::TIME,
        Keyword::TIMESTAMP,
        Keyword::TYPE,
        Keyword::POSITION,
        Keyword::EXTRACT,
        Keyword::STRUCT,
        Keyword::MAP,
        Keyword::FLOOR,
        Keyword::CEIL,
        Keyword::MATCH,
        Keyword::PRIOR,
        Keyword::LAMBDA,
    ];
    if w.quote_style.is_some() || !AMBIGUOUS.contains(&w.keyword) {
        return false;
    }
    // after `::` or `AS` it is a type's name, after WITH a part of one
    let before = i.checked_sub(1).map(|b| &tokens[b]);
    if before.is_some_and(|t| {
        *t == Token::DoubleColon || matches!(keyword(t), Keyword::AS | Keyword::WITH | Keyword::WITHOUT | Keyword::AT)
    }) {
        return false;
    }
    let typed = matches!(w.keyword, Keyword::INTERVAL | Keyword::DATE | Keyword::TIME | Keyword::TIMESTAMP);
    match tokens.get(i + 1) {
        None => true,
        Some(Token::LParen) => false,
        // `interval 1 day`, `timestamp with time zone '...'`, `date '...'`
        Some(Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) | Token::EscapedStringLiteral(_)) => !typed,
        Some(Token::Number(..)) => w.keyword != Keyword::INTERVAL,
        Some(Token::Minus | Token::Word(_)) if w.keyword == Keyword::INTERVAL => {
            // `interval x day`: a unit follows the amount
            !matches!(
                tokens.get(i + 2).map_or(Keyword::NoKeyword, keyword),
                Keyword::SECOND
                    | Keyword::MINUTE
                    | Keyword::HOUR
                    | Keyword::DAY
                    | Keyword::WEEK
                    | Keyword::MONTH
                    | Keyword::QUARTER
                    | Keyword::YEAR
            ) && tokens.get(i + 3).is_none_or(|t| !matches!(keyword(t), Keyword::DAY | Keyword::MONTH | Keyword::YEAR))
        }
        Some(t) => !typed || !matches!(keyword(t), Keyword::WITH | Keyword::WITHOUT),
    }
}

/// The identifier's text; the servers have folded unquoted names already.
pub(super) fn ident_text(i: &ast::Ident) -> String {
    i.value.clone()
}
