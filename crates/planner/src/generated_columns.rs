//! Expressions that the server evaluates for every row: inlines functions, and restricts the input values to those for
//! which evaluation succeeds.
//!
//! In: a table. Out: the table with calls of simple functions replaced by their bodies; CHECKs for texts that indexes
//! and generated columns cast, for numbers that a generated column holds, and for generated columns that are foreign
//! keys.

use dbmocker_core::schema::Function;
use dbmocker_core::schema::{Check, Column, Dialect, KeyPart, SqlType, Table};
use dbmocker_core::value::Value;
use dbmocker_predicate as predicate;
use dbmocker_predicate::functions::inline;
use dbmocker_predicate::{Arith, CastType, Expr, TextPart};

/// Returns the table with function calls replaced by their bodies; `None` if it calls none.
pub(super) fn inlined(table: &Table, functions: &[Function]) -> Option<Table> {
    let named = |text: &str| functions.iter().any(|f| text.contains(f.name.as_str()));
    let mut out = None;
    if functions.is_empty() || !texts(&mut table.clone()).into_iter().any(|text| named(text)) {
        return out;
    }
    let mut copy = table.clone();
    let mut changed = false;
    for text in texts(&mut copy) {
        if let Some(said) = inline(text, functions) {
            *text = said;
            changed = true;
        }
    }
    if changed {
        out = Some(copy);
    }
    out
}

/// Returns every expression of a table that the server evaluates for a row.
fn texts(table: &mut Table) -> Vec<&mut String> {
    let mut out: Vec<&mut String> = Vec::new();
    out.extend(table.checks.iter_mut().map(|c| &mut c.text));
    for column in &mut table.columns {
        out.extend(column.domain_checks.iter_mut().map(|c| &mut c.text));
        out.extend(column.inner.iter_mut().flat_map(|i| &mut i.checks).map(|c| &mut c.text));
        out.extend(column.generated.iter_mut().map(|g| &mut g.expression));
    }
    for key in &mut table.keys {
        out.extend(key.parts.iter_mut().filter_map(|p| p.expression.as_mut()));
        out.extend(&mut key.predicate);
    }
    out.extend(table.indexes.iter_mut().flat_map(|i| &mut i.expressions));
    out
}

/// Returns CHECKs that texts cast by an index or a generated column have the syntax of the target type.
pub(super) fn castable(table: &Table, dialect: Dialect) -> Vec<Check> {
    if dialect != Dialect::Postgres {
        return Vec::new();
    }
    let generated = table.columns.iter().filter_map(|c| Some((&c.name, &c.generated.as_ref()?.expression)));
    let indexed = table.indexes.iter().flat_map(|i| i.expressions.iter().map(move |e| (&i.name, e)));
    let keys = table.keys.iter().flat_map(|k| {
        let parts = k.parts.iter().filter_map(|p| p.expression.as_ref());
        parts.chain(&k.predicate).map(move |e| (&k.name, e))
    });
    let mut out: Vec<Check> = Vec::new();
    for (name, text) in
        generated.chain(indexed).chain(keys).filter(|(_, text)| text.contains("::") || text.contains('('))
    {
        let Ok(tree) = predicate::parse(text, dialect) else { continue };
        let mut found = Vec::new();
        casts(&tree, table, &mut found);
        for text in found {
            if !out.iter().any(|c| c.text == text) {
                out.push(Check { name: name.clone(), text, validated: true });
            }
        }
    }
    out
}

/// Collects conditions for every cast of a text column, of a part of it or of a member of a document, and for every
/// function that fails outside of its range.
fn casts(tree: &Expr, table: &Table, out: &mut Vec<String>) {
    let quoted = |column: &str| dbmocker_loaders::ident::quote(Dialect::Postgres, column);
    match tree {
        Expr::Cast { expr, to } => {
            if let Some(part) = text_part(expr, table) {
                let pattern = pattern(to, part.max_chars);
                let text = pattern.map(|p| format!("^{}{p}$", part.before).replace('\'', "''"));
                out.extend(text.map(|text| format!("{} ~ '{text}'", quoted(&part.column))));
            }
            if let (CastType::Int | CastType::Decimal { .. } | CastType::Float, Some((column, key))) =
                (to, member(expr))
            {
                out.push(format!("({} ->> '{}')::numeric >= 0", quoted(column), key.replace('\'', "''")));
            }
        }
        Expr::Call { name, args } => {
            if let (Some(condition), Some(Expr::Column(column))) = (range_of(name), args.last().map(uncast)) {
                out.push(format!("{} {condition}", quoted(column)));
            }
        }
        _ => {}
    }
    // A branch of a CASE may never be evaluated.
    if !matches!(tree, Expr::Case { .. }) {
        tree.children().into_iter().for_each(|t| casts(t, table, out));
    }
}

/// Returns the column and the key of `column ->> 'key'`.
fn member(expr: &Expr) -> Option<(&str, &str)> {
    match expr {
        Expr::Arith { op: Arith::JsonGetText, left, right } => match (&**left, uncast(right).literal()) {
            (Expr::Column(column), Some(Value::Text(key))) => Some((column, key)),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the condition outside of which a function of a number fails.
fn range_of(function: &str) -> Option<&'static str> {
    match function {
        "ln" | "log" | "log10" => Some("> 0"),
        "sqrt" => Some(">= 0"),
        _ => None,
    }
}

fn uncast(e: &Expr) -> &Expr {
    match e {
        Expr::Cast { expr, .. } => uncast(expr),
        e => e,
    }
}

/// Returns CHECKs that keep the values of generated columns within their type.
pub(super) fn agreements(table: &Table, dialect: Dialect) -> Vec<Check> {
    let generated = table.columns.iter().filter_map(|c| Some((c, c.generated.as_ref()?.expression.as_str())));
    let generated = generated.filter(|(_, expression)| !expression.is_empty());
    let check = |(column, expression): (&Column, &str)| {
        let chosen = table.every_foreign_key().iter().any(|f| f.columns.contains(&column.name));
        let text = if chosen {
            format!("{} = ({expression})", dbmocker_loaders::ident::quote(dialect, &column.name))
        } else {
            let (lo, hi) = whole_numbers(&column.ty).filter(|_| calculated(expression, dialect))?;
            format!("({expression}) between {lo} and {hi}")
        };
        Some(Check { name: format!("generated column {}", column.name), text, validated: true })
    };
    generated.filter_map(check).collect()
}

/// Returns true if the server computes the column from numbers by sums, differences and products, for which it has room,
/// and no constraint restricts it: then its inputs may have other values than those that they would draw.
pub(super) fn is_unrestricted(table: &Table, column: &Column, dialect: Dialect) -> bool {
    let Some(generated) = &column.generated else { return false };
    let name = column.name.as_str();
    let mentions = |text: &str| text.contains(name);
    let keyed = table.keys.iter().any(|k| {
        let part = |p: &KeyPart| p.column.as_deref() == Some(name) || p.expression.as_deref().is_some_and(mentions);
        k.parts.iter().any(part)
    });
    let other = |c: &Column| c.generated.as_ref().is_some_and(|g| mentions(&g.expression));
    let checked = !column.domain_checks.is_empty() || table.checks.iter().any(|check| mentions(&check.text));
    if keyed || checked || table.columns.iter().any(other) || !calculated(&generated.expression, dialect) {
        return false;
    }
    let Ok(tree) = predicate::parse(&generated.expression, dialect) else { return false };
    let room = match column.ty {
        SqlType::Float { .. } => i32::MAX,
        SqlType::Decimal { precision: 0, .. } if dialect == Dialect::Postgres => i32::MAX,
        SqlType::Decimal { precision, scale, .. } => i32::from(precision) - i32::from(scale),
        _ => return false,
    };
    whole_digits(&tree, table).is_some_and(|digits| digits <= room)
}

/// Returns the number of integer digits of the largest input; `None` for anything but sums, differences and products of
/// columns and constants. Laws give no larger values than draws, and quantities and rates are small, so a sum or product
/// has hardly more.
fn whole_digits(tree: &Expr, table: &Table) -> Option<i32> {
    match tree {
        Expr::Column(name) => match table.column(name)?.ty {
            SqlType::Int { .. } => Some(6),
            SqlType::Decimal { precision, scale, .. } if precision > 0 => Some(i32::from(precision) - i32::from(scale)),
            SqlType::Float { .. } => Some(9),
            _ => None,
        },
        Expr::Literal(_) => Some(0),
        Expr::Neg(of) => whole_digits(of, table),
        Expr::Arith { op: Arith::Add | Arith::Sub | Arith::Mul, left, right } => {
            Some(whole_digits(left, table)?.max(whole_digits(right, table)?))
        }
        _ => None,
    }
}

/// Returns the bounds of an integer type; `None` for 64 bits, where no restriction is needed.
fn whole_numbers(ty: &SqlType) -> Option<(i128, i128)> {
    let &SqlType::Int { bytes, unsigned, .. } = ty else { return None };
    let bits = u32::from(bytes) * 8;
    Some(if unsigned { (0, (1 << bits) - 1) } else { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) })
}

/// Returns true for arithmetic over columns with at least one operation: its result may exceed the column's type.
fn calculated(expression: &str, dialect: Dialect) -> bool {
    fn plain(tree: &Expr) -> bool {
        matches!(tree, Expr::Column(_) | Expr::Literal(_) | Expr::Arith { .. } | Expr::Neg(_))
            && tree.children().into_iter().all(plain)
    }
    dialect != Dialect::Sqlite
        && predicate::parse(expression, dialect).is_ok_and(|t| matches!(t, Expr::Arith { .. }) && plain(&t))
}

fn text_part(expr: &Expr, table: &Table) -> Option<TextPart> {
    TextPart::of(expr).filter(|p| table.column(&p.column).is_some_and(|c| matches!(c.ty, SqlType::Text { .. })))
}

/// Returns a pattern of texts of at most `max_chars` characters that can be cast.
fn pattern(to: &CastType, max_chars: Option<u32>) -> Option<String> {
    let body = match to {
        CastType::Int => {
            let digits = max_chars.unwrap_or(9).clamp(1, 9);
            return Some(format!("[1-9][0-9]{{0,{}}}", digits - 1));
        }
        _ if max_chars.is_some() => return None,
        CastType::Decimal { .. } | CastType::Float => "[1-9][0-9]{0,5}[.][0-9]{2}",
        CastType::Bool => "(true|false)",
        CastType::Date => "20[0-2][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
        CastType::Timestamp => {
            "20[0-2][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]) ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
        }
        CastType::Time => "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
        CastType::Other(name) if name.eq_ignore_ascii_case("uuid") => {
            "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
        }
        CastType::Other(name) if name.eq_ignore_ascii_case("inet") => {
            "10[.]([0-9]|[1-9][0-9])[.]([0-9]|[1-9][0-9])[.]([0-9]|[1-9][0-9])"
        }
        CastType::Other(name) if name.to_ascii_lowercase().starts_with("json") => "[1-9][0-9]{0,8}",
        _ => return None,
    };
    Some(body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::fixtures::{Fixture, table};
    use dbmocker_core::schema::{Generated, Index};

    fn with_index(expression: &str) -> Table {
        let mut t = Fixture::new().with(table("t").int("n").text("code")).schema().tables.remove(0);
        let index = Index { name: "ix".into(), definition: String::new(), expressions: vec![expression.into()] };
        t.indexes.push(index);
        t
    }

    #[test]
    fn a_text_cast_by_an_index_has_the_syntax_of_the_type() {
        let checks = |expression: &str| castable(&with_index(expression), Dialect::Postgres);
        let found = checks("((code)::integer)");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].text.as_str()), ("ix", "\"code\" ~ '^[1-9][0-9]{0,8}$'"));
        let part = checks("((split_part(code, '-'::text, 2))::integer)");
        assert_eq!(part[0].text, "\"code\" ~ '^(?:[a-z]{3,7}\\-){1}[1-9][0-9]{0,8}$'");
        assert_eq!(checks("ln((n)::double precision)")[0].text, "\"n\" > 0");
        assert_eq!(checks("((code)::text)").len() + checks("((n)::bigint)").len(), 0);
        assert_eq!(checks("CASE WHEN code ~ '^[0-9]+$' THEN code::integer END").len(), 0);
    }

    #[test]
    fn calculated_columns_stay_within_their_type() {
        let mut t = with_index("n");
        let generated = |expression: &str| Some(Generated { expression: expression.into(), stored: true });
        let texts = |t: &Table| agreements(t, Dialect::Mysql).into_iter().map(|c| c.text).collect::<Vec<_>>();
        t.columns[0].generated = generated("`code` * 2");
        assert_eq!(texts(&t), ["(`code` * 2) between -2147483648 and 2147483647"]);
        for plain in ["`code`", "char_length(`code`)", "`code` || 'x'"] {
            t.columns[0].generated = generated(plain);
            assert!(texts(&t).is_empty(), "{plain}");
        }
    }

    #[test]
    fn only_tables_that_call_functions_are_copied() {
        let twice = Function {
            schema: String::new(),
            name: "twice".into(),
            arguments: vec![String::new()],
            expression: "$1 * 2".into(),
        };
        let functions = [twice];
        assert!(inlined(&with_index("abs(n)"), &functions).is_none());
        let done = inlined(&with_index("public.twice(n)"), &functions).unwrap();
        assert_eq!(done.indexes[0].expressions, ["((n) * 2)"]);
    }
}
