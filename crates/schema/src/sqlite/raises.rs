//! The conditions under which an INSERT trigger raises, from its text.

use super::tokens::{Token, TokenKind, tokens};

/// For each `RAISE(ABORT | FAIL | ROLLBACK, ...)` of the trigger: the condition over `NEW` under which it is reached.
pub(super) fn refusals(sql: &str) -> Vec<String> {
    let all = tokens(sql);
    let Some(begin) = all.iter().position(|t| is(sql, t, "BEGIN")) else { return Vec::new() };
    let when = all[..begin].iter().position(|t| is(sql, t, "WHEN")).map(|w| span(sql, &all[w + 1..begin]));
    all[begin + 1..]
        .split(|t| is(sql, t, ";"))
        .flat_map(|statement| statement_refusals(sql, statement))
        .filter_map(|own| match (&when, own) {
            (Some(w), Some(o)) => Some(format!("({w}) AND ({o})")),
            (Some(w), None) => Some(w.clone()),
            (None, own) => own,
        })
        .collect()
}

fn is(sql: &str, token: &Token, word: &str) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::Sign) && sql[token.start..token.end].eq_ignore_ascii_case(word)
}

/// The text from the first token to the last.
fn span(sql: &str, tokens: &[Token]) -> String {
    match (tokens.first(), tokens.last()) {
        (Some(a), Some(b)) => sql[a.start..b.end].to_owned(),
        _ => String::new(),
    }
}

fn raises(sql: &str, tokens: &[Token]) -> bool {
    tokens.first().is_some_and(|t| is(sql, t, "RAISE")) && !tokens.iter().any(|t| is(sql, t, "IGNORE"))
}

/// `SELECT RAISE(...) [WHERE c]` and `SELECT CASE WHEN c THEN RAISE(...) ... END`; `None` is a raise without condition.
fn statement_refusals(sql: &str, statement: &[Token]) -> Vec<Option<String>> {
    let [select, rest @ ..] = statement else { return Vec::new() };
    if !is(sql, select, "SELECT") {
        return Vec::new();
    }
    if raises(sql, rest) {
        let end = (0..rest.len()).find(|&i| is(sql, &rest[i], "WHERE"));
        return vec![end.map(|w| span(sql, &rest[w + 1..]))];
    }
    if rest.first().is_some_and(|t| is(sql, t, "CASE")) && rest.get(1).is_some_and(|t| is(sql, t, "WHEN")) {
        return branches(sql, &rest[1..]);
    }
    Vec::new()
}

/// The conditions of a searched CASE whose branches raise; nested parentheses and CASEs are skipped.
fn branches(sql: &str, tokens: &[Token]) -> Vec<Option<String>> {
    let (mut out, mut depth, mut when, mut then) = (Vec::new(), 0usize, None, None);
    for (i, token) in tokens.iter().enumerate() {
        let ends = depth == 0 && ["WHEN", "ELSE", "END"].iter().any(|w| is(sql, token, w));
        if ends && let (Some(w), Some(t)) = (when, then) {
            let (w, t): (usize, usize) = (w, t);
            if raises(sql, &tokens[t + 1..i]) {
                out.push(Some(span(sql, &tokens[w + 1..t])));
            }
            (when, then) = (None, None);
        }
        if depth == 0 && is(sql, token, "WHEN") {
            when = Some(i);
        } else if depth == 0 && is(sql, token, "THEN") {
            then = Some(i);
        } else if is(sql, token, "(") || is(sql, token, "CASE") {
            depth += 1;
        } else if is(sql, token, ")") || is(sql, token, "END") {
            depth = depth.saturating_sub(1);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_raise() {
        assert_eq!(
            refusals(
                "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW WHEN NEW.x > 1 BEGIN
                 SELECT RAISE(ABORT, 'no; WHERE') WHERE NEW.y = ''; -- END
                 SELECT RAISE(IGNORE) WHERE NEW.y IS NULL;
                 SELECT RAISE(FAIL, 'x');
                 INSERT INTO log VALUES (NEW.x); END"
            ),
            ["(NEW.x > 1) AND (NEW.y = '')", "NEW.x > 1"]
        );
        assert_eq!(
            refusals(
                "CREATE TRIGGER t BEFORE INSERT ON a BEGIN SELECT CASE
                 WHEN (SELECT CASE WHEN 1 THEN id END FROM b WHERE id = NEW.b) IS NULL THEN RAISE(ABORT, 'b')
                 WHEN NEW.c < 0 THEN 1
                 WHEN NEW.d < 0 THEN RAISE(ROLLBACK, 'd') END; END"
            ),
            ["(SELECT CASE WHEN 1 THEN id END FROM b WHERE id = NEW.b) IS NULL", "NEW.d < 0"]
        );
        assert!(refusals("CREATE TRIGGER t BEFORE INSERT ON a BEGIN SELECT RAISE(ABORT, 'never'); END").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(sql in "[a-z();' ]*(BEGIN|SELECT|CASE|WHEN|THEN|RAISE|END|WHERE| |;|\\(){0,20}") {
            refusals(&sql);
        }
    }
}
