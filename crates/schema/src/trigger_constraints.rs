//! Translates triggers to constraints: many schemas enforce references and rules by triggers that raise errors.
//!
//! In: the condition under which an inserted row (`NEW`) is refused. Out: the equivalent foreign key or CHECK, if there
//! is one. Other conditions are only tested by the trial, in which the trigger fires.

use sqlparser::ast::{BinaryOperator, Expr, ObjectNamePart, Query, Select, SetExpr, TableFactor, UnaryOperator, Value};
use sqlparser::dialect::{MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use dbmocker_core::schema::{Check, Deferrable, Dialect, ForeignKey, ParentAgreement, Side, Table};

/// Deeper parentheses are not parsed, because the parser recurses.
const RECURSION_LIMIT: usize = 60;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TriggerConstraint {
    /// A row of `parent` must have the values of the child's `columns` in `parent_columns`.
    Reference { columns: Vec<String>, parent: String, parent_columns: Vec<String> },
    /// Two parents must agree: for each the row's column, the parent, its column that is equal, its column that agrees.
    ParentAgreement { sides: [[String; 4]; 2] },
    /// A predicate over the row's columns that must not be false.
    Rule { text: String },
}

/// The constraint that refuses exactly the rows for which `refused` is true.
pub(super) fn trigger_constraint(refused: &str, dialect: Dialect) -> Option<TriggerConstraint> {
    let sql: &dyn sqlparser::dialect::Dialect = match dialect {
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::Mysql => &MySqlDialect {},
        Dialect::Sqlite => &SQLiteDialect {},
    };
    let tokens = Tokenizer::new(sql, refused).tokenize().ok()?;
    let expr = Parser::new(sql)
        .with_recursion_limit(RECURSION_LIMIT)
        .try_with_sql(refused)
        .ok()
        .and_then(|mut p| p.parse_expr().ok().filter(|_| p.peek_token().token == Token::EOF))?;
    let mut parts = Vec::new();
    conjuncts(&expr, &mut parts);
    // A reference that is NULL refers to no row; foreign keys accept it as well.
    parts.retain(|p| !matches!(p, Expr::IsNotNull(e) if new_column(e).is_some()));
    if let [only] = parts.as_slice()
        && let Some(reference) = reference(only)
    {
        return Some(reference);
    }
    if let [only] = parts.as_slice()
        && let Some(parent_agreement) = parent_agreement(only)
    {
        return Some(parent_agreement);
    }
    let queries =
        |t: &Token| matches!(t, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case("select"));
    (!tokens.iter().any(queries)).then(|| TriggerConstraint::Rule { text: format!("NOT ({})", without_new(&tokens)) })
}

/// Adds the constraint to table `t`, with the name of its trigger; one with unknown names is dropped.
pub(super) fn keep(tables: &mut [Table], t: usize, trigger: &str, trigger_constraint: TriggerConstraint) {
    match trigger_constraint {
        TriggerConstraint::ParentAgreement { sides } => {
            let [Some(a), Some(b)] = sides.map(|s| side(tables, t, s)) else { return };
            tables[t].parent_agreements.push(ParentAgreement { name: trigger.to_owned(), sides: [a, b] });
        }
        TriggerConstraint::Rule { text } => {
            tables[t].checks.push(Check { name: trigger.to_owned(), text, validated: true })
        }
        TriggerConstraint::Reference { columns, parent, parent_columns } => {
            let Some(p) = tables.iter().find(|t| t.name.name.eq_ignore_ascii_case(&parent)) else { return };
            let spelled = |table: &Table, names: &[String]| -> Option<Vec<String>> {
                let own = |n: &String| table.columns.iter().find(|c| c.name.eq_ignore_ascii_case(n));
                names.iter().map(|n| own(n).map(|c| c.name.clone())).collect()
            };
            let (Some(columns), Some(parent_columns)) = (spelled(&tables[t], &columns), spelled(p, &parent_columns))
            else {
                return;
            };
            let parent = p.name.clone();
            tables[t].foreign_keys.push(ForeignKey {
                name: trigger.to_owned(),
                columns,
                parent,
                parent_columns,
                match_full: false,
                deferrable: Deferrable::No,
                validated: true,
                actions: "kept by a trigger".into(),
            });
        }
    }
}

/// The names as declared by the tables.
fn side(tables: &[Table], t: usize, [column, parent, key, agrees]: [String; 4]) -> Option<Side> {
    let spelled = |table: &Table, name: &str| {
        table.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name)).map(|c| c.name.clone())
    };
    let parent = tables.iter().find(|p| p.name.name.eq_ignore_ascii_case(&parent))?;
    Some(Side {
        column: spelled(&tables[t], &column)?,
        parent: parent.name.clone(),
        key: spelled(parent, &key)?,
        agrees: spelled(parent, &agrees)?,
    })
}

/// The text with `NEW.` removed from its columns.
fn without_new(tokens: &[Token]) -> String {
    let mut out = String::new();
    let mut rest = tokens.iter().peekable();
    while let Some(token) = rest.next() {
        let new = matches!(token, Token::Word(w) if w.value.eq_ignore_ascii_case("new"));
        if new && rest.next_if(|t| **t == Token::Period).is_some() {
            continue;
        }
        out.push_str(&token.to_string());
    }
    out
}

fn bare(e: &Expr) -> &Expr {
    match e {
        Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

fn conjuncts<'a>(e: &'a Expr, out: &mut Vec<&'a Expr>) {
    match bare(e) {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(left, out);
            conjuncts(right, out);
        }
        other => out.push(other),
    }
}

/// `NEW.column`.
fn new_column(e: &Expr) -> Option<String> {
    match bare(e) {
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [new, column] if new.value.eq_ignore_ascii_case("new") => Some(column.value.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A column of the sub-query's table, with or without the table's name.
fn parent_column(e: &Expr) -> Option<String> {
    match bare(e) {
        Expr::Identifier(i) => Some(i.value.clone()),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [of, column] if !of.value.eq_ignore_ascii_case("new") => Some(column.value.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn is_zero(e: &Expr) -> bool {
    matches!(bare(e), Expr::Value(v) if matches!(&v.value, Value::Number(n, _) if *n == "0"))
}

/// The forms of conditions that refuse a missing parent row, or one with other values.
fn reference(refused: &Expr) -> Option<TriggerConstraint> {
    match refused {
        Expr::IsNull(e) => missing(query(e)?),
        Expr::Exists { subquery, negated: true } => missing(subquery),
        Expr::Exists { subquery, negated: false } => differing(subquery, None),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => match bare(expr) {
            Expr::Exists { subquery, negated: false } => missing(subquery),
            _ => None,
        },
        Expr::InSubquery { expr, subquery, negated: true } => {
            let (column, (parent, select)) = (new_column(expr)?, table(subquery)?);
            let parent_column = projected(select).filter(|_| select.selection.is_none())?;
            Some(TriggerConstraint::Reference { columns: vec![column], parent, parent_columns: vec![parent_column] })
        }
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            let counted = if is_zero(right) { left } else { Some(right).filter(|_| is_zero(left))? };
            missing(query(counted).filter(|q| counts(q))?)
        }
        Expr::BinaryOp { left, op: BinaryOperator::NotEq, right } => {
            let (column, query) = match (new_column(left), new_column(right)) {
                (Some(c), None) => (c, query(right)?),
                (None, Some(c)) => (c, query(left)?),
                _ => return None,
            };
            differing(query, Some(column))
        }
        _ => None,
    }
}

/// `(SELECT a FROM p WHERE id = NEW.x) <> (SELECT b FROM q WHERE id = NEW.y)`.
fn parent_agreement(refused: &Expr) -> Option<TriggerConstraint> {
    let Expr::BinaryOp { left, op: BinaryOperator::NotEq, right } = refused else { return None };
    let side = |e: &Expr| {
        let (parent, select) = table(query(e)?)?;
        let [(column, key, _)] = <[_; 1]>::try_from(pairs(select, &[BinaryOperator::Eq])?).ok()?;
        Some([column, parent, key, projected(select)?])
    };
    Some(TriggerConstraint::ParentAgreement { sides: [side(left)?, side(right)?] })
}

fn query(e: &Expr) -> Option<&Query> {
    match bare(e) {
        Expr::Subquery(q) => Some(q),
        _ => None,
    }
}

/// The only table of the sub-query, and its SELECT.
fn table(query: &Query) -> Option<(String, &Select)> {
    let SetExpr::Select(select) = &*query.body else { return None };
    let [from] = select.from.as_slice() else { return None };
    let TableFactor::Table { name, args: None, .. } = &from.relation else { return None };
    let Some(ObjectNamePart::Identifier(name)) = name.0.last() else { return None };
    from.joins.is_empty().then(|| (name.value.clone(), &**select))
}

fn projected(select: &Select) -> Option<String> {
    use sqlparser::ast::SelectItem::UnnamedExpr;
    match select.projection.as_slice() {
        [UnnamedExpr(e)] => parent_column(e),
        _ => None,
    }
}

fn counts(query: &Query) -> bool {
    use sqlparser::ast::SelectItem::UnnamedExpr;
    let Some((_, select)) = table(query) else { return false };
    matches!(select.projection.as_slice(), [UnnamedExpr(Expr::Function(f))] if f.name.to_string().eq_ignore_ascii_case("count"))
}

/// (child column, parent column) of every `parent_column op NEW.column` of the sub-query; `None` if it has other
/// conditions.
fn pairs(select: &Select, ops: &[BinaryOperator]) -> Option<Vec<(String, String, BinaryOperator)>> {
    let mut parts = Vec::new();
    conjuncts(select.selection.as_ref()?, &mut parts);
    let pair = |e: &&Expr| match e {
        Expr::BinaryOp { left, op, right } if ops.contains(op) => match (new_column(left), new_column(right)) {
            (None, Some(c)) => Some((c, parent_column(left)?, op.clone())),
            (Some(c), None) => Some((c, parent_column(right)?, op.clone())),
            _ => None,
        },
        _ => None,
    };
    parts.iter().map(pair).collect()
}

fn missing(query: &Query) -> Option<TriggerConstraint> {
    let (parent, select) = table(query)?;
    let (columns, parent_columns) = pairs(select, &[BinaryOperator::Eq])?.into_iter().map(|(c, p, _)| (c, p)).unzip();
    Some(TriggerConstraint::Reference { columns, parent, parent_columns })
}

/// The parent row exists with another value: `EXISTS (... a = NEW.x AND b <> NEW.y)`, `NEW.y <> (SELECT b ...)`.
fn differing(query: &Query, compared: Option<String>) -> Option<TriggerConstraint> {
    let (parent, select) = table(query)?;
    let mut found = pairs(select, &[BinaryOperator::Eq, BinaryOperator::NotEq])?;
    if let Some(column) = compared {
        found.push((column, projected(select)?, BinaryOperator::NotEq));
    }
    let differ = found.iter().filter(|(_, _, op)| *op == BinaryOperator::NotEq).count();
    let (columns, parent_columns) = found.iter().cloned().map(|(c, p, _)| (c, p)).unzip();
    (differ == 1 && found.len() > 1).then_some(TriggerConstraint::Reference { columns, parent, parent_columns })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(columns: &[&str], parent: &str, parent_columns: &[&str]) -> Option<TriggerConstraint> {
        let own = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        Some(TriggerConstraint::Reference {
            columns: own(columns),
            parent: parent.into(),
            parent_columns: own(parent_columns),
        })
    }

    #[test]
    fn a_missing_parent_is_a_foreign_key() {
        let to_shelf = reference(&["shelf"], "shelves", &["id"]);
        for text in [
            "(SELECT id FROM shelves WHERE id = NEW.shelf) IS NULL",
            "(new.shelf IS NOT NULL) AND ((SELECT id FROM shelves WHERE id = new.shelf) IS NULL)",
            "NOT EXISTS (SELECT 1 FROM shelves s WHERE s.id = NEW.shelf)",
            "(SELECT count(*) FROM shelves WHERE NEW.shelf = id) = 0",
            "NEW.shelf NOT IN (SELECT id FROM shelves)",
        ] {
            assert_eq!(trigger_constraint(text, Dialect::Sqlite), to_shelf, "{text}");
        }
    }

    #[test]
    fn a_parent_that_differs_is_a_wider_foreign_key() {
        let both = reference(&["shelf", "hall"], "shelves", &["id", "hall"]);
        for text in [
            "EXISTS (SELECT 1 FROM shelves WHERE shelves.id = NEW.shelf AND shelves.hall != NEW.hall)",
            "NEW.shelf IS NOT NULL AND NEW.hall <> (SELECT hall FROM shelves WHERE id = NEW.shelf)",
        ] {
            let Some(TriggerConstraint::Reference { columns, parent, parent_columns }) =
                trigger_constraint(text, Dialect::Sqlite)
            else {
                panic!("{text}")
            };
            assert_eq!(Some(TriggerConstraint::Reference { columns, parent, parent_columns }), both, "{text}");
        }
    }

    #[test]
    fn parents_that_differ_must_meet() {
        let text = "(SELECT hall FROM shelves WHERE id = NEW.shelf) != (SELECT hall FROM books WHERE NEW.book = isbn)";
        let sides = [["shelf", "shelves", "id", "hall"], ["book", "books", "isbn", "hall"]];
        let sides = sides.map(|side| side.map(String::from));
        assert_eq!(trigger_constraint(text, Dialect::Sqlite), Some(TriggerConstraint::ParentAgreement { sides }));
    }

    #[test]
    fn a_condition_on_the_row_alone_is_a_check() {
        assert_eq!(
            trigger_constraint("NEW.title = '' AND trim(\"NEW\".author)=''", Dialect::Sqlite),
            Some(TriggerConstraint::Rule { text: "NOT (title = '' AND trim(author)='')".into() })
        );
    }

    #[test]
    fn what_is_neither_is_left_alone() {
        for text in [
            "(SELECT max(n) FROM shelves) > NEW.n",
            "NEW.id IN (SELECT id FROM a UNION SELECT id FROM b)",
            "(SELECT id FROM shelves WHERE id = NEW.shelf AND open = 1) IS NULL",
            "NEW.a <> OLD",
            "what is (",
        ] {
            assert!(
                !matches!(trigger_constraint(text, Dialect::Sqlite), Some(TriggerConstraint::Reference { .. })),
                "{text}"
            );
        }
    }
}
