//! Inlines functions of the schema into the CHECKs that call them.
//!
//! In: the bodies in the server's catalogue, in SQL or PL/pgSQL. Out: text with the calls replaced. Only bodies of one
//! expression, or of a few IFs around RETURNs, are inlined; other calls are unchanged.

use dbmocker_core::schema::Function;
use sqlparser::ast::{SelectItem, SetExpr, Statement};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

/// Maximum depth of functions that call functions.
const DEPTH: usize = 8;
/// Maximum characters of a text; a longer text is not expanded further.
const LONGEST: usize = 20_000;

/// The function with this body; `None` if it is not an expression.
pub fn function(name: &str, arguments: Vec<String>, language: &str, strict: bool, source: &str) -> Option<Function> {
    let body = match language {
        "sql" => sql(source)?,
        "plpgsql" => plpgsql(source)?,
        _ => return None,
    };
    let sees_null = ["null", "coalesce", "concat"].iter().any(|w| body.to_ascii_lowercase().contains(w));
    let expression = if strict && sees_null && !arguments.is_empty() {
        let nulls: Vec<String> = (1..=arguments.len()).map(|i| format!("${i} IS NULL")).collect();
        format!("CASE WHEN {} THEN NULL ELSE {body} END", nulls.join(" OR "))
    } else {
        body
    };
    Some(Function { schema: String::new(), name: name.to_owned(), arguments, expression })
}

/// The function's body with these arguments substituted.
fn substituted(function: &Function, arguments: &[String]) -> Option<String> {
    let tokens = tokens(&function.expression)?;
    let mut out = String::from("(");
    for (i, token) in tokens.iter().enumerate() {
        let beside = |k: Option<usize>, t: Token| k.and_then(|k| tokens.get(k)).is_some_and(|x| *x == t);
        let argument = match token {
            Token::Placeholder(p) => p.strip_prefix('$').and_then(|n| n.parse::<usize>().ok()).map(|n| n - 1),
            Token::Word(w) if !beside(i.checked_sub(1), Token::Period) && !beside(Some(i + 1), Token::LParen) => {
                function.arguments.iter().position(|a| !a.is_empty() && *a == folded(w))
            }
            _ => None,
        };
        match argument {
            Some(n) => out.push_str(&format!("({})", arguments.get(n)?)),
            None => out.push_str(&token.to_string()),
        }
    }
    out.push(')');
    Some(out)
}

/// The text with calls of the functions replaced by their bodies; `None` if it has none.
pub fn inline(text: &str, functions: &[Function]) -> Option<String> {
    let mut current = text.to_owned();
    let mut changed = false;
    for _ in 0..DEPTH {
        let Some(next) = round(&current, functions).filter(|n| n.len() <= LONGEST) else { break };
        current = next;
        changed = true;
    }
    changed.then_some(current)
}

/// One call replaced; `None` if there is none to replace.
fn round(text: &str, functions: &[Function]) -> Option<String> {
    if !functions.iter().any(|f| text.contains(f.name.as_str())) {
        return None;
    }
    let tokens = tokens(text)?;
    let mut out = String::new();
    let mut changed = false;
    let mut i = 0;
    while i < tokens.len() {
        match call(&tokens, i, functions) {
            Some((said, after)) => {
                out.push_str(&said);
                changed = true;
                i = after;
            }
            None => {
                out.push_str(&tokens[i].to_string());
                i += 1;
            }
        }
    }
    changed.then_some(out)
}

/// A call that begins at token `i`, with or without its schema: its body, and the token after it.
fn call(tokens: &[Token], i: usize, functions: &[Function]) -> Option<(String, usize)> {
    let name_at = |k: usize| match tokens.get(k) {
        Some(Token::Word(w)) => Some(folded(w)),
        _ => None,
    };
    let start = if tokens.get(i + 1) == Some(&Token::Period) { i + 2 } else { i };
    let first = name_at(i)?;
    let name = name_at(start)?;
    let schema = Some(first).filter(|_| start > i);
    if tokens.get(start + 1) != Some(&Token::LParen) || (i > 0 && tokens[i - 1] == Token::Period) {
        return None;
    }
    let (arguments, after) = arguments(tokens, start + 2)?;
    let there = |f: &Function| f.schema.is_empty() || schema.as_ref().is_none_or(|schema| *schema == f.schema);
    let mut fitting = functions.iter().filter(|f| f.name == name && there(f) && f.arguments.len() == arguments.len());
    let function = fitting.next()?;
    // Overloaded functions can only be distinguished by types.
    if fitting.next().is_some() {
        return None;
    }
    Some((substituted(function, &arguments)?, after))
}

/// The comma-separated texts up to the closing parenthesis, and the token after that.
fn arguments(tokens: &[Token], from: usize) -> Option<(Vec<String>, usize)> {
    let mut all = vec![String::new()];
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().skip(from) {
        match token {
            Token::RParen if depth == 0 => {
                if all.len() == 1 && all[0].trim().is_empty() {
                    all.clear();
                }
                return Some((all, i + 1));
            }
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            Token::Comma if depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        all.last_mut()?.push_str(&token.to_string());
    }
    None
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    Tokenizer::new(&PostgreSqlDialect {}, text).with_unescape(false).tokenize().ok()
}

/// Folds a name as the server does.
fn folded(w: &sqlparser::tokenizer::Word) -> String {
    if w.quote_style.is_some() { w.value.clone() } else { w.value.to_lowercase() }
}

/// `SELECT expression`, `RETURN expression`.
fn sql(source: &str) -> Option<String> {
    let trimmed = source.trim().trim_end_matches(';').trim();
    let returned = trimmed.get(..6).filter(|w| w.eq_ignore_ascii_case("return")).map(|_| trimmed[6..].to_owned());
    if let Some(expression) = returned {
        return simple(&expression);
    }
    let statements = Parser::parse_sql(&PostgreSqlDialect {}, trimmed).ok()?;
    let [Statement::Query(query)] = statements.as_slice() else { return None };
    let SetExpr::Select(select) = &*query.body else { return None };
    let bare =
        select.from.is_empty() && select.selection.is_none() && query.with.is_none() && query.limit_clause.is_none();
    match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(e) | SelectItem::ExprWithAlias { expr: e, .. }] if bare => simple(&e.to_string()),
        _ => None,
    }
}

/// An expression without sub-queries.
fn simple(text: &str) -> Option<String> {
    let reads = |t: &Token| is(t, "select") || is(t, "with");
    let tokens = tokens(text)?;
    (!tokens.iter().any(reads)).then(|| text.trim().to_owned())
}

fn is(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
}

/// A body of IFs and RETURNs as one expression.
fn plpgsql(source: &str) -> Option<String> {
    let tokens: Vec<Token> = tokens(source)?;
    let mut body = Body { tokens, at: 0 };
    body.skip();
    if body.take("declare") {
        body.skip();
    }
    if !body.take("begin") {
        return None;
    }
    let statements = body.statements()?;
    body.take("end").then(|| said(&statements, &[]))?
}

enum FunctionBody {
    Return(String),
    /// (condition, block), and the ELSE block.
    If(Vec<(String, Vec<FunctionBody>)>, Vec<FunctionBody>),
}

/// The value of a block that is followed by `rest`.
fn said(block: &[FunctionBody], rest: &[&[FunctionBody]]) -> Option<String> {
    let Some((first, after)) = block.split_first() else {
        return match rest.split_first() {
            Some((next, further)) => said(next, further),
            None => Some("NULL".into()),
        };
    };
    match first {
        FunctionBody::Return(e) => Some(format!("({e})")),
        FunctionBody::If(branches, otherwise) => {
            if rest.len() > DEPTH {
                return None;
            }
            let mut following = vec![after];
            following.extend(rest);
            let mut out = String::from("CASE");
            for (condition, then) in branches {
                out.push_str(&format!(" WHEN {condition} THEN {}", said(then, &following)?));
            }
            out.push_str(&format!(" ELSE {} END", said(otherwise, &following)?));
            (out.len() <= LONGEST).then_some(out)
        }
    }
}

struct Body {
    tokens: Vec<Token>,
    at: usize,
}

impl Body {
    fn skip(&mut self) {
        while matches!(self.tokens.get(self.at), Some(Token::Whitespace(_))) {
            self.at += 1;
        }
    }

    fn sees(&mut self, word: &str) -> bool {
        self.skip();
        self.tokens.get(self.at).is_some_and(|t| is(t, word))
    }

    fn take(&mut self, word: &str) -> bool {
        let seen = self.sees(word);
        self.at += usize::from(seen);
        seen
    }

    /// The text up to a word or a semicolon, which is consumed as well.
    fn until(&mut self, end: &str) -> Option<String> {
        let from = self.at;
        let mut cases = 0usize;
        while let Some(token) = self.tokens.get(self.at) {
            cases += usize::from(is(token, "case"));
            let ends = if end == ";" { *token == Token::SemiColon } else { cases == 0 && is(token, end) };
            if cases > 0 && is(token, "end") {
                cases -= 1;
            }
            self.at += 1;
            if ends {
                let spaced = |t: &Token| if matches!(t, Token::Whitespace(_)) { " ".into() } else { t.to_string() };
                let text: String = self.tokens[from..self.at - 1].iter().map(spaced).collect();
                return simple(&text);
            }
        }
        None
    }

    /// Statements up to END, ELSE or ELSIF; `None` if one is neither IF, RETURN nor RAISE.
    fn statements(&mut self) -> Option<Vec<FunctionBody>> {
        let mut out = Vec::new();
        while !(self.sees("end") || self.sees("else") || self.sees("elsif") || self.sees("elseif")) {
            if self.take("return") {
                out.push(FunctionBody::Return(self.until(";")?));
            } else if self.take("raise") {
                let refuses = !["notice", "warning", "info", "log", "debug"].iter().any(|level| self.sees(level));
                self.until(";")?;
                if refuses {
                    out.push(FunctionBody::Return("FALSE".into()));
                }
            } else if self.take("null") {
                self.until(";")?;
            } else if self.take("if") {
                out.push(self.branches()?);
            } else {
                return None;
            }
        }
        Some(out)
    }

    fn branches(&mut self) -> Option<FunctionBody> {
        let mut branches = vec![(self.until("then")?, self.statements()?)];
        while self.take("elsif") || self.take("elseif") {
            branches.push((self.until("then")?, self.statements()?));
        }
        let otherwise = if self.take("else") { self.statements()? } else { Vec::new() };
        if !(self.take("end") && self.take("if")) {
            return None;
        }
        self.until(";")?;
        Some(FunctionBody::If(branches, otherwise))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, arguments: &[&str], language: &str, source: &str) -> Option<Function> {
        super::function(name, arguments.iter().map(|a| (*a).to_owned()).collect(), language, false, source)
    }

    fn squeezed(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn calls_are_replaced_by_what_the_function_says() {
        let functions = [
            function("canon", &[""], "sql", "\n SELECT replace(lower($1), '-', '_')\n").unwrap(),
            function("tidy", &["txt"], "sql", "select not padded(tidy.txt) and txt <> ''").unwrap(),
            function("padded", &["t", "chars"], "sql", "SELECT btrim(t, chars) <> t;").unwrap(),
        ];
        assert_eq!(
            inline("shop.canon((name)::text)", &functions).as_deref(),
            Some("(replace(lower(((name)::text)), '-', '_'))")
        );
        assert_eq!(inline("padded(a, ', (')", &functions).as_deref(), Some("(btrim((a), ( ', (')) <> (a))"));
        // Another number of arguments is another function.
        assert_eq!(inline("padded(a)", &functions), None);
        assert_eq!(inline("canonical(a) = canon", &functions), None);
    }

    #[test]
    fn a_function_of_another_schema_is_another_function() {
        let of = |schema: &str, source: &str| Function {
            schema: schema.into(),
            ..function("kind", &["a"], "sql", source).unwrap()
        };
        let functions = [of("shop", "select a = 1"), of("other", "select a = 2")];
        assert_eq!(inline("shop.kind(x)", &functions).as_deref(), Some("((x) = 1)"));
        assert_eq!(inline("third.kind(x)", &functions), None);
        // An unqualified name can only be resolved by the search path.
        assert_eq!(inline("kind(x)", &functions), None);
    }

    #[test]
    fn ifs_around_returns_are_a_case() {
        let source = "
            BEGIN
              -- nothing is always fine
              IF code IS NULL THEN RETURN true; ELSIF code = 'x' THEN
                RETURN false;
              END IF;
              IF length(code) > 3 THEN RAISE EXCEPTION 'too long: %', code; END IF;
              RETURN code ~ '^[a-z]+$';
            END;";
        let f = function("fine", &["code"], "plpgsql", source).unwrap();
        assert_eq!(
            squeezed(&f.expression),
            "CASE WHEN code IS NULL THEN (true) WHEN code = 'x' THEN (false) ELSE \
             CASE WHEN length(code) > 3 THEN (FALSE) ELSE (code ~ '^[a-z]+$') END END"
        );
    }

    #[test]
    fn bodies_that_read_or_compute_in_steps_are_left_alone() {
        for (language, source) in [
            ("sql", "SELECT count(*) = 0 FROM t WHERE a = $1"),
            ("sql", "SELECT 1; SELECT 2"),
            ("sql", "SELECT (SELECT max(a) FROM t) > $1"),
            ("plpgsql", "DECLARE n int; BEGIN n := 1; RETURN n; END"),
            ("plpgsql", "BEGIN PERFORM 1; RETURN true; END"),
            ("plpgsql", "BEGIN RETURN EXISTS (SELECT 1 FROM t); END"),
            ("c", "f"),
        ] {
            assert_eq!(function("f", &["a"], language, source), None, "{source}");
        }
    }

    #[test]
    fn a_strict_function_says_nothing_about_null() {
        let f = super::function("f", vec!["a".into()], "sql", true, "SELECT coalesce(a, '') <> ''").unwrap();
        assert!(f.expression.starts_with("CASE WHEN $1 IS NULL THEN NULL"), "{}", f.expression);
    }
}
