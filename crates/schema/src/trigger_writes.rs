//! Finds, by the text of a routine, the tables that it writes to and reads, and whether it raises errors.
//!
//! In: bodies of functions and triggers. Out: names of tables after INSERT INTO, UPDATE and DELETE FROM, and after FROM
//! and JOIN, including those of called functions. Dynamic SQL (`EXECUTE`) is not analysed.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

/// The effects of a body, by its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TriggerEffects {
    /// Names as written, folded: `table` or `schema.table`.
    pub writes: BTreeSet<String>,
    /// The same after FROM and JOIN.
    pub reads: BTreeSet<String>,
    /// Whether it may raise an error.
    pub raises: bool,
    /// `RETURN NULL`, by which a BEFORE trigger discards the row.
    pub returns_null: bool,
    /// Names before a parenthesis: functions, among others.
    calls: BTreeSet<String>,
}

/// The effects of a body without called functions.
pub(super) fn trigger_effects(body: &str) -> TriggerEffects {
    let mut out = TriggerEffects::default();
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, body).tokenize() else { return out };
    let tokens: Vec<Token> = tokens.into_iter().filter(|t| !matches!(t, Token::Whitespace(_))).collect();
    let is = |i: usize, word: &str| matches!(tokens.get(i), Some(Token::Word(w)) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word));
    for i in 0..tokens.len() {
        if is(i, "from") || is(i, "join") {
            out.reads.extend(table(&tokens, i + 1 + usize::from(is(i + 1, "only"))));
        }
        let name = if is(i, "insert") && is(i + 1, "into") {
            i + 2
        } else if is(i, "delete") && is(i + 1, "from") {
            i + 2 + usize::from(is(i + 2, "only"))
        } else if is(i, "update")
            && !(i > 0 && ["for", "do", "on", "or", "before", "after"].iter().any(|w| is(i - 1, w)))
        {
            i + 1 + usize::from(is(i + 1, "only"))
        } else {
            out.raises |= (is(i, "raise")
                && !["notice", "warning", "info", "log", "debug"].iter().any(|w| is(i + 1, w)))
                || is(i, "signal");
            out.returns_null |= is(i, "return") && is(i + 1, "null");
            if let (Some(Token::Word(w)), Some(Token::LParen)) = (tokens.get(i), tokens.get(i + 1)) {
                out.calls.insert(w.value.to_lowercase());
            }
            continue;
        };
        out.writes.extend(table(&tokens, name));
    }
    out
}

fn table(tokens: &[Token], at: usize) -> Option<String> {
    let word = |i: usize| match tokens.get(i) {
        Some(Token::Word(w)) if w.quote_style.is_some() => Some(w.value.clone()),
        Some(Token::Word(w)) => Some(w.value.to_lowercase()),
        _ => None,
    };
    let first = word(at)?;
    match (tokens.get(at + 1), word(at + 2)) {
        (Some(Token::Period), Some(second)) => Some(format!("{first}.{second}")),
        _ => Some(first),
    }
}

/// The names before a parenthesis in an expression.
pub(super) fn called(expression: &str) -> BTreeSet<String> {
    trigger_effects(expression).calls
}

/// The effects of a function, including all called functions; `all` are the functions by name.
pub(super) fn with_calls(name: &str, all: &BTreeMap<String, TriggerEffects>) -> TriggerEffects {
    let mut out = TriggerEffects::default();
    let mut open = vec![name.to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop() {
        let Some(trigger_effects) = all.get(&name).filter(|_| seen.insert(name.clone())) else { continue };
        out.writes.extend(trigger_effects.writes.iter().cloned());
        out.reads.extend(trigger_effects.reads.iter().cloned());
        out.raises |= trigger_effects.raises;
        out.returns_null |= trigger_effects.returns_null;
        open.extend(trigger_effects.calls.iter().cloned());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_after_the_words_that_write() {
        let body = "BEGIN
            IF TG_OP = 'UPDATE' THEN PERFORM touch(NEW.id); END IF; -- insert into nothing
            SELECT 1 FROM a FOR UPDATE;
            INSERT INTO Audit (x) VALUES (1) ON CONFLICT DO UPDATE SET x = 2;
            UPDATE ONLY shop.\"Stock\" SET n = n - 1;
            DELETE FROM cache c USING b;
            RAISE NOTICE 'fine';
            RETURN NEW; END";
        let found = trigger_effects(body);
        let writes: Vec<&str> = found.writes.iter().map(String::as_str).collect();
        assert_eq!(writes, ["audit", "cache", "shop.Stock"]);
        assert!(!found.raises && found.calls.contains("touch"));
        assert_eq!(found.reads.iter().map(String::as_str).collect::<Vec<_>>(), ["a", "cache"]);
        assert!(trigger_effects("BEGIN RAISE EXCEPTION 'no'; END").raises);
    }

    #[test]
    fn functions_do_what_those_do_that_they_call() {
        let all = [("a", "SELECT b(1); SELECT a(2)"), ("b", "BEGIN UPDATE t SET x = 1; RAISE 'no'; END")];
        let all = all.map(|(name, body)| (name.to_owned(), trigger_effects(body))).into();
        let found = with_calls("a", &all);
        assert!(found.writes.contains("t") && found.raises);
    }
}
