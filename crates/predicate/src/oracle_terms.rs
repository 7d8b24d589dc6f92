//! Predicates that only a server can evaluate: extracts the parts, and rebuilds the predicate from the rows that the
//! server accepted.
//!
//! In: a CHECK's text; rows of values that satisfy parts of it. Out: the parts; an [`Expr`] that holds for such rows
//! only.

use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator as Bin, Expr as Sql};

use super::convert::convert;
use super::expr::{Cmp, Expr, Is};
use super::parse::syntax;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::{Value, digest};

/// Maximum branches on one column: each is tried by the solver, and stored in the plan.
const BRANCHES: usize = 40;

/// A predicate in which the parts that cannot be evaluated here are replaced by placeholder columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Placeholders {
    pub tree: Expr,
    pub placeholders: Vec<Placeholder>,
}

/// An extracted condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Its placeholder column.
    pub name: String,
    pub text: String,
    /// Whether every row must satisfy it; otherwise the predicate can be satisfied without it.
    pub must: bool,
}

/// Extracts the conditions of a PostgreSQL predicate that are `unread`. They are only below AND and OR, so replacing
/// them by a stronger condition gives a stronger predicate. `None` if that is not possible.
pub fn take_out(text: &str, unread: &dyn Fn(&str) -> bool) -> Option<Placeholders> {
    let syntax = syntax(text, Dialect::Postgres).ok()?;
    let mut out = Placeholders { tree: Expr::boolean(true), placeholders: Vec::new() };
    out.tree = out.take(&syntax, unread, true)?;
    Some(out)
}

impl Placeholders {
    fn take(&mut self, e: &Sql, unread: &dyn Fn(&str) -> bool, must: bool) -> Option<Expr> {
        match e {
            Sql::Nested(e) => self.take(e, unread, must),
            Sql::BinaryOp { op: op @ (Bin::And | Bin::Or), .. } => {
                let must = must && *op == Bin::And;
                let mut sides = Vec::new();
                flat(e, op, &mut sides);
                let (taken, read): (Vec<&Sql>, Vec<&Sql>) = sides.into_iter().partition(|s| {
                    !matches!(bare(s), Sql::BinaryOp { op: Bin::And | Bin::Or, .. }) && unread(&s.to_string())
                });
                let mut all = read.into_iter().map(|s| self.take(s, unread, must)).collect::<Option<Vec<Expr>>>()?;
                if !taken.is_empty() {
                    let texts: Vec<String> = taken.iter().map(|s| format!("({s})")).collect();
                    all.push(self.placeholder(texts.join(if *op == Bin::And { " AND " } else { " OR " }), must));
                }
                Some(if *op == Bin::And { Expr::And(all) } else { Expr::Or(all) })
            }
            e => {
                let text = e.to_string();
                if unread(&text) { Some(self.placeholder(text, must)) } else { convert(e, Dialect::Postgres).ok() }
            }
        }
    }

    fn placeholder(&mut self, text: String, must: bool) -> Expr {
        let name = format!("condition {}", self.placeholders.len());
        self.placeholders.push(Placeholder { name: name.clone(), text, must });
        Expr::column(name)
    }

    /// The predicate with the known conditions substituted; `None` as long as one is unknown.
    pub fn filled(&self, known: &dyn Fn(&str) -> Option<Expr>) -> Option<Expr> {
        self.placeholders
            .iter()
            .all(|placeholder| known(&placeholder.name).is_some())
            .then(|| self.tree.substitute(known))
    }
}

fn bare(e: &Sql) -> &Sql {
    if let Sql::Nested(e) = e { bare(e) } else { e }
}

/// The sides of a chain of one operator.
fn flat<'e>(e: &'e Sql, of: &Bin, out: &mut Vec<&'e Sql>) {
    match bare(e) {
        Sql::BinaryOp { left, op, right } if op == of => {
            flat(left, of, out);
            flat(right, of, out);
        }
        e => out.push(e),
    }
}

/// TRUE for rows whose cells of `columns` are among `rows`, and for no others; some rows are left out if there are too
/// many for single conditions.
pub fn listed(columns: &[String], rows: &[Vec<Value>]) -> Expr {
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
    Expr::Is { expr: Box::new(branches(&names, &rows)), what: Is::True, negated: false }
}

fn one(column: &str, values: &[&Value], null: bool) -> Expr {
    let column = || Expr::column(column);
    let list = || values.iter().map(|v| Expr::Literal((*v).clone())).collect();
    let is_one = || Expr::In { expr: Box::new(column()), list: list(), negated: false };
    match (values.is_empty(), null) {
        (true, _) => column().is_null(false),
        (false, true) => Expr::Or(vec![column().is_null(false), is_one()]),
        (false, false) => Expr::And(vec![column().is_null(true), is_one()]),
    }
}

fn equal(column: &str, value: &Value) -> Expr {
    match value {
        Value::Null => Expr::column(column).is_null(false),
        value => Expr::compare(Cmp::Eq, Expr::column(column), Expr::Literal(value.clone())),
    }
}

fn branches(columns: &[&str], rows: &[&[&Value]]) -> Expr {
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
    // First the values that leave the most choice for the other columns.
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.len()));
    groups.truncate(BRANCHES);
    let branch =
        |(value, group): (&Value, Vec<&[&Value]>)| Expr::And(vec![equal(first, value), branches(rest, &group)]);
    let mut all: Vec<Expr> = groups.into_iter().map(branch).collect();
    if all.len() == 1 { all.remove(0) } else { Expr::Or(all) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Env, Row};

    fn taken(text: &str) -> Placeholders {
        take_out(text, &|t| t.contains("f(")).unwrap()
    }

    #[test]
    fn what_cannot_be_read_is_taken_out_below_and_and_or() {
        let texts =
            |h: &Placeholders| h.placeholders.iter().map(|placeholder| placeholder.text.clone()).collect::<Vec<_>>();
        let and = taken("((f(a, b) AND (c > 0)) AND (d = 'x AND y'::text))");
        assert_eq!((texts(&and), and.tree.columns().len()), (vec!["(f(a, b))".into()], 3));
        let or = taken("((kind <> 3) OR f(a) OR f(b))");
        assert_eq!(
            (texts(&or), or.placeholders[0].must, and.placeholders[0].must),
            (vec!["(f(a)) OR (f(b))".into()], false, true)
        );
        let deep = taken("(((a > 0) AND (NOT f(b))) OR (c AND (d OR f(e))))");
        assert_eq!(texts(&deep), ["(NOT f(b))", "(f(e))"]);
        // Below any other operator, the whole expression is extracted.
        assert_eq!(texts(&taken("CASE WHEN a THEN f(b) ELSE c END")).len(), 1);
        assert_eq!(deep.filled(&|name| (name == "condition 0").then(|| Expr::boolean(true))), None);
        assert!(deep.filled(&|name| name.starts_with("condition").then(|| Expr::boolean(true))).is_some());
    }

    struct TermValues(Value, Value);

    impl Row for TermValues {
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
                let held = tree.truth(&TermValues(a.clone(), b.clone()), env);
                assert_eq!(held, Ok(Some(expected)), "{a} {b}: {tree}");
            }
        }
    }
}
