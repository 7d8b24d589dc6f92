//! Provides rows for the functions of a CHECK to read while the server evaluates candidates: temporary tables with the
//! names that the functions use, and temporary copies of these functions. Nothing outside of the session is written.

use std::collections::BTreeSet;

use dbmocker_loaders::Dialect as Sql;
use dbmocker_loaders::ident::{literal, qualified, quote};
use dbmocker_loaders::postgres::StatementMode;
use dbmocker_loaders::postgres::path::TRUSTED;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer, Word};

use super::DEPTH;
use crate::error::SchemaError;
use crate::session::Session;
use dbmocker_core::schema::{OracleQuery, Scene, TableName};
use dbmocker_core::value::Value;
use dbmocker_core::value::literal::server_text;

/// Rows per INSERT statement.
const AT_ONCE: usize = 500;

/// The statements before a query.
pub(super) struct Set {
    /// The statements that create the tables and functions.
    pub statements: String,
    /// The CHECK, rewritten to call these functions.
    pub expression: String,
}

/// A table, and the name of its temporary copy.
struct TempCopy<'a> {
    table: &'a TableName,
    temporary: String,
}

/// A function, and the statement that creates it.
struct FunctionDefinition {
    schema: String,
    name: String,
    definition: String,
}

/// The tables and functions for a query. `None`: it needs none, or they cannot be created, and the expression is
/// unchanged.
///
/// # Errors
/// The connection is lost.
pub(super) fn of(session: &mut Session, query: &OracleQuery<'_>) -> Result<Option<Set>, SchemaError> {
    if query.scenes.is_empty() || query.rows.is_empty() {
        return Ok(None);
    }
    let copies = copies(query.scenes);
    let functions = reached(all_functions(session)?, query.expression);
    let schemas: BTreeSet<(&str, &str)> = functions.iter().map(|f| (f.name.as_str(), f.schema.as_str())).collect();
    let names: BTreeSet<&str> = schemas.iter().map(|(name, _)| *name).collect();
    if names.len() < schemas.len() {
        // Their copies would have the same name.
        return Ok(None);
    }
    let mut statements: Vec<String> = query.scenes.iter().zip(&copies).flat_map(|(s, copy)| copied(s, copy)).collect();
    statements.push("set local check_function_bodies = off".to_owned());
    let made = functions.iter().map(|f| redirected(&without_path(&f.definition), &copies, &functions));
    statements.extend(made);
    let set = Set { statements: statements.join("; "), expression: redirected(query.expression, &copies, &functions) };
    let manner = StatementMode { scene: Some(&set.statements), ..StatementMode::default() };
    match session.rows_by("the tables that a CHECK reads", "select 1", manner) {
        Ok(_) => Ok(Some(set)),
        Err(SchemaError::Query { .. } | SchemaError::Privilege { .. }) => Ok(None),
        Err(e) => Err(e),
    }
}

fn copies<'a>(scenes: &'a [Scene<'a>]) -> Vec<TempCopy<'a>> {
    let mut copies: Vec<TempCopy<'_>> = Vec::new();
    for (i, scene) in scenes.iter().enumerate() {
        // Of two tables of one name, an unqualified name refers to the first.
        let taken = copies.iter().any(|c| c.temporary == scene.table.name);
        let temporary = if taken { format!("dbmocker_{i}") } else { scene.table.name.clone() };
        copies.push(TempCopy { table: scene.table, temporary });
    }
    copies
}

/// The functions of roles whose code may run in this session.
fn all_functions(session: &mut Session) -> Result<Vec<FunctionDefinition>, SchemaError> {
    let sql = include_str!("functions.sql").replace("{trusted}", TRUSTED);
    let rows = session.rows("the functions (pg_proc)", &sql)?;
    let function = |r: &crate::session::TextRow| {
        Ok(FunctionDefinition {
            schema: r.string("schema")?,
            name: r.string("name")?,
            definition: r.string("definition")?,
        })
    };
    rows.iter().map(function).collect()
}

/// The functions that an expression calls, and those that these call, each after those that it calls: a body that is
/// parsed at creation needs them.
fn reached(mut all: Vec<FunctionDefinition>, text: &str) -> Vec<FunctionDefinition> {
    let (mut levels, mut open) = (Vec::new(), vec![text.to_owned()]);
    for _ in 0..DEPTH {
        let called = |f: &mut FunctionDefinition| open.iter().any(|text| text.contains(f.name.as_str()));
        let next: Vec<FunctionDefinition> = all.extract_if(.., called).collect();
        open = next.iter().map(|f| f.definition.clone()).collect();
        levels.push(next);
    }
    let mut left: Vec<FunctionDefinition> = levels.into_iter().rev().flatten().collect();
    let mut out: Vec<FunctionDefinition> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let calls =
            |f: &FunctionDefinition, g: &FunctionDefinition| f.name != g.name && f.definition.contains(g.name.as_str());
        // Where all call each other, any is the first.
        let free = left.iter().position(|f| !left.iter().any(|g| calls(f, g))).unwrap_or(0);
        out.push(left.remove(free));
    }
    out
}

/// The statements that create a table and fill it.
fn copied(scene: &Scene<'_>, copy: &TempCopy<'_>) -> Vec<String> {
    let name = format!("pg_temp.{}", quote(Sql::Postgres, &copy.temporary));
    let table = qualified(Sql::Postgres, &copy.table.schema, &copy.table.name);
    // Without constraints, because only some columns are filled.
    let mut out = vec![format!("create table {name} as select * from {table} limit {}", scene.existing)];
    let list = |part: &dyn Fn(usize) -> String| (0..scene.columns.len()).map(part).collect::<Vec<_>>().join(", ");
    let columns = list(&|i| quote(Sql::Postgres, scene.columns[i].0));
    let casts = list(&|i| format!("c{i}::{}", scene.columns[i].1));
    let places = list(&|i| format!("c{i}"));
    let row = |row: &Vec<Value>| {
        let cell = |v: &Value| match v {
            Value::Null => "null::text".to_owned(),
            v => literal(Sql::Postgres, &server_text(v)),
        };
        format!("({})", row.iter().map(cell).collect::<Vec<_>>().join(", "))
    };
    // A table without used columns needs no rows.
    for some in scene.rows.chunks(AT_ONCE).filter(|_| !scene.columns.is_empty()) {
        let values = some.iter().map(row).collect::<Vec<_>>().join(", ");
        out.push(format!("insert into {name} ({columns}) select {casts} from (values {values}) v({places})"));
    }
    out
}

/// A function's definition without its SET clauses: its search path would not find the copies.
fn without_path(definition: &str) -> String {
    let header = definition.find("\nAS ").or_else(|| definition.find("\nBEGIN ATOMIC")).unwrap_or(definition.len());
    let (header, body) = definition.split_at(header);
    let kept: Vec<&str> = header.lines().filter(|line| !line.starts_with(" SET ")).collect();
    format!("{}{body}", kept.join("\n"))
}

/// The text with the names of tables and functions replaced by those of the temporary copies.
fn redirected(text: &str, copies: &[TempCopy<'_>], functions: &[FunctionDefinition]) -> String {
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, text).with_unescape(false).tokenize() else {
        return text.to_owned();
    };
    let word = |i: usize| if let Some(Token::Word(w)) = tokens.get(i) { Some(folded(w)) } else { None };
    let is = |i: usize, token: &Token| tokens.get(i) == Some(token);
    let known = |schema: Option<&str>, name: &str| {
        functions.iter().any(|f| f.name == name && schema.is_none_or(|schema| f.schema == schema))
    };
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while let Some(token) = tokens.get(i) {
        let beside = i > 0 && is(i - 1, &Token::Period);
        let pair = if is(i + 1, &Token::Period) { word(i).zip(word(i + 2)) } else { None };
        if let Token::DollarQuotedString(s) = token {
            let tag = s.tag.clone().unwrap_or_default();
            out += &format!("${tag}${}${tag}$", redirected(&s.value, copies, functions));
        } else if let Token::EscapedStringLiteral(s) = token {
            // The tokenizer has removed its escapes.
            out += &format!("E'{}'", s.replace('\\', "\\\\").replace('\'', "\\'"));
        } else if let Some((schema, name)) = pair.filter(|_| !beside) {
            let copy = copies.iter().find(|c| c.table.schema == schema && c.table.name == name);
            match copy {
                Some(copy) => {
                    out += &format!("pg_temp.{}", quote(Sql::Postgres, &copy.temporary));
                    i += 2;
                }
                None if is(i + 3, &Token::LParen) && known(Some(&schema), &name) => {
                    out += &format!("pg_temp.{}", tokens[i + 2]);
                    i += 2;
                }
                None => out += &token.to_string(),
            }
        } else if !beside && is(i + 1, &Token::LParen) && word(i).is_some_and(|name| known(None, &name)) {
            out += &format!("pg_temp.{token}");
        } else {
            out += &token.to_string();
        }
        i += 1;
    }
    out
}

/// Folds a name as the server does.
fn folded(w: &Word) -> String {
    if w.quote_style.is_some() { w.value.clone() } else { w.value.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_look_into_the_copies() {
        let table = TableName::new("shop", "Kinds");
        let copies = [TempCopy { table: &table, temporary: "Kinds".into() }];
        let function =
            |name: &str| FunctionDefinition { schema: "shop".into(), name: name.into(), definition: String::new() };
        let functions = [function("kind_of"), function("f")];
        let definition = "CREATE OR REPLACE FUNCTION shop.kind_of(i integer)\n RETURNS text\n LANGUAGE sql\n STABLE\n \
            SET search_path TO 'shop', 'pg_temp'\nAS $function$ select shop.f(k.name) from shop.\"Kinds\" k where k.id = i and '$1' <> E'\\'' $function$\n";
        assert_eq!(
            redirected(&without_path(definition), &copies, &functions),
            "CREATE OR REPLACE FUNCTION pg_temp.kind_of(i integer)\n RETURNS text\n LANGUAGE sql\n STABLE\nAS \
             $function$ select pg_temp.f(k.name) from pg_temp.\"Kinds\" k where k.id = i and '$1' <> E'\\'' $function$\n"
        );
        assert_eq!(
            redirected("kind_of(p) = 'x' AND kind_of IS NULL", &copies, &functions),
            "pg_temp.kind_of(p) = 'x' AND kind_of IS NULL"
        );
        // A function of that name in another schema is another function.
        assert_eq!(redirected("other.f(p)", &copies, &functions), "other.f(p)");
    }

    #[test]
    fn functions_come_after_those_that_they_call() {
        let function = |name: &str, definition: &str| FunctionDefinition {
            schema: "shop".into(),
            name: name.into(),
            definition: definition.into(),
        };
        let all = vec![
            function("aa", "aa: shop.bb(1) + shop.cc(1)"),
            function("bb", "bb: shop.cc(2)"),
            function("cc", "cc"),
            function("dd", "dd"),
        ];
        let order: Vec<String> = reached(all, "shop.aa(x)").into_iter().map(|f| f.name).collect();
        assert_eq!(order, ["cc", "bb", "aa"]);
    }
}
