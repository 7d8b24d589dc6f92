//! Predicates that only a server can evaluate: taken apart where they can be, and said again by the rows that it accepted.
//!
//! In: a CHECK's text; rows of values that keep it. Out: its conjuncts; a [`Tree`] that holds for such rows only.

use std::collections::BTreeSet;

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::tree::{Cmp, Is, Tree};
use crate::value::{Value, digest};

/// Branches on one column: each is tried by the solver, and kept in the plan.
const BRANCHES: usize = 40;

/// The parts of `a AND b AND c`, in the server's own spelling: it brackets each, and writes BETWEEN as two comparisons.
pub fn conjuncts(text: &str) -> Vec<String> {
    let whole = || vec![text.trim().to_owned()];
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, text).with_unescape(false).tokenize() else {
        return whole();
    };
    let tokens: Vec<Token> = tokens.into_iter().skip_while(|t| matches!(t, Token::Whitespace(_))).collect();
    let mut parts = vec![String::new()];
    let (mut depth, mut brackets, mut cases) = (0usize, 0usize, 0usize);
    for token in &tokens {
        match token {
            Token::LParen | Token::LBracket => depth += 1,
            Token::RParen | Token::RBracket => depth = depth.saturating_sub(1),
            Token::Word(w) if w.quote_style.is_none() && depth == 0 => match w.value.to_ascii_lowercase().as_str() {
                "and" if cases == 0 => {
                    parts.push(String::new());
                    continue;
                }
                // Binds less than AND, or more in a way of its own.
                "or" | "between" | "not" | "is" => return whole(),
                "case" => cases += 1,
                "end" => cases = cases.saturating_sub(1),
                _ => {}
            },
            _ => {}
        }
        brackets += usize::from(depth == 0 && *token == Token::RParen);
        let last = parts.len() - 1;
        parts[last].push_str(&token.to_string());
    }
    let inside = parts[0].trim().strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    match (parts.len(), inside) {
        // The brackets around everything.
        (1, Some(inside)) if brackets == 1 => conjuncts(inside),
        (1, _) => whole(),
        _ => parts.iter().flat_map(|p| conjuncts(p)).collect(),
    }
}

/// TRUE for rows whose cells of `columns` are among `rows`, and for no others; some rows are left out where they are too
/// many to tell apart one by one.
pub fn listed(columns: &[String], rows: &[Vec<Value>]) -> Tree {
    if let [column] = columns {
        let (nulls, values): (Vec<&Value>, Vec<&Value>) = rows.iter().map(|r| &r[0]).partition(|v| v.is_null());
        return one(column, &values, !nulls.is_empty());
    }
    // Few branches first.
    let different = |c: usize| rows.iter().map(|r| digest(&r[c..=c])).collect::<BTreeSet<_>>().len();
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|&c| different(c));
    let names: Vec<&str> = order.iter().map(|&c| columns[c].as_str()).collect();
    let rows: Vec<Vec<&Value>> = rows.iter().map(|r| order.iter().map(|&c| &r[c]).collect()).collect();
    let rows: Vec<&[&Value]> = rows.iter().map(Vec::as_slice).collect();
    Tree::Is { expr: Box::new(branches(&names, &rows)), what: Is::True, negated: false }
}

fn one(column: &str, values: &[&Value], null: bool) -> Tree {
    let column = || Tree::column(column);
    let list = || values.iter().map(|v| Tree::Literal((*v).clone())).collect();
    let is_one = || Tree::In { expr: Box::new(column()), list: list(), negated: false };
    match (values.is_empty(), null) {
        (true, _) => column().is_null(false),
        (false, true) => Tree::Or(vec![column().is_null(false), is_one()]),
        (false, false) => Tree::And(vec![column().is_null(true), is_one()]),
    }
}

fn equal(column: &str, value: &Value) -> Tree {
    match value {
        Value::Null => Tree::column(column).is_null(false),
        value => Tree::compare(Cmp::Eq, Tree::column(column), Tree::Literal(value.clone())),
    }
}

fn branches(columns: &[&str], rows: &[&[&Value]]) -> Tree {
    let (first, rest) = (columns[0], &columns[1..]);
    if rest.is_empty() {
        let values: Vec<&Value> = rows.iter().map(|r| r[0]).filter(|v| !v.is_null()).collect();
        return one(first, &values, rows.iter().any(|r| r[0].is_null()));
    }
    let mut groups: Vec<(&Value, Vec<&[&Value]>)> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|(v, _)| *v == row[0]) {
            Some((_, group)) => group.push(&row[1..]),
            None => groups.push((row[0], vec![&row[1..]])),
        }
    }
    // Those that leave the others most choice.
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
    groups.truncate(BRANCHES);
    let branch =
        |(value, group): (&Value, Vec<&[&Value]>)| Tree::And(vec![equal(first, value), branches(rest, &group)]);
    let mut all: Vec<Tree> = groups.into_iter().map(branch).collect();
    if all.len() == 1 { all.remove(0) } else { Tree::Or(all) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predicate::{Env, Row};
    use crate::schema::Dialect;

    #[test]
    fn conjuncts_as_the_server_writes_them() {
        assert_eq!(
            conjuncts("((f(a, b) AND (c > 0)) AND (d = 'x AND y'::text))"),
            ["f(a, b)", "c > 0", "d = 'x AND y'::text"]
        );
        for whole in [
            "((a > 0) OR f(b)) AND_NOT",
            "((a > 0) OR f(b))",
            "f(a)",
            "CASE WHEN a THEN b AND c ELSE d END",
            "(a) + (b)",
        ] {
            assert_eq!(conjuncts(whole).len(), 1, "{whole}: {:?}", conjuncts(whole));
        }
    }

    struct Pair(Value, Value);

    impl Row for Pair {
        fn get(&self, column: &str) -> Option<Value> {
            Some(if column == "a" { self.0.clone() } else { self.1.clone() })
        }
    }

    #[test]
    fn a_list_of_rows_holds_for_these_alone() {
        let (x, y, null) = (Value::text("x"), Value::text("y"), Value::Null);
        let rows = [vec![x.clone(), Value::Int(1)], vec![x.clone(), null.clone()], vec![null.clone(), Value::Int(2)]];
        let tree = listed(&["a".into(), "b".into()], &rows);
        let env = Env { dialect: Dialect::Postgres, now: 0 };
        for a in [&x, &y, &null] {
            for b in [Value::Int(1), Value::Int(2), null.clone()] {
                let expected = rows.contains(&vec![a.clone(), b.clone()]);
                let held = tree.truth(&Pair(a.clone(), b.clone()), env);
                assert_eq!(held, Ok(Some(expected)), "{a} {b}: {tree}");
            }
        }
    }
}
