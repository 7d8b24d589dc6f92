//! Rows for the functions of a CHECK to read while the server judges candidates: temporary tables of the names that the
//! functions use, and temporary copies of the functions that look there. Nothing outside the session is written.

use std::collections::BTreeSet;

use dbmocker_loaders::Dialect as Sql;
use dbmocker_loaders::ident::{literal, qualified, quote};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer, Word};

use super::DEPTH;
use crate::error::SchemaError;
use crate::session::Session;
use dbmocker_core::schema::TableName;
use dbmocker_core::value::Value;
use dbmocker_core::value::literal::server_text;

/// Rows of one statement.
const AT_ONCE: usize = 500;

/// A table that functions read, with rows that it will hold.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    pub table: &'a TableName,
    /// Name, and type as the server spells it.
    pub columns: Vec<(&'a str, &'a str)>,
    pub rows: Vec<Vec<Value>>,
    /// So many of the rows that it holds already are there as well.
    pub existing: u64,
}

/// A table, and the name of its temporary copy.
struct Copy<'a> {
    table: &'a TableName,
    temporary: String,
}

/// Makes the tables and functions; gives the expression that uses them. `None`: the account may not, or the server
/// cannot, and the expression stays as it is.
///
/// # Errors
/// The connection is lost.
pub(super) fn set(session: &mut Session, scenes: &[Scene<'_>], text: &str) -> Result<Option<String>, SchemaError> {
    let mut copies: Vec<Copy<'_>> = Vec::new();
    for (i, scene) in scenes.iter().enumerate() {
        // Of two tables of one name, the functions can mean only the first without its schema.
        let taken = copies.iter().any(|c| c.temporary == scene.table.name);
        let temporary = if taken { format!("dbmocker_{i}") } else { scene.table.name.clone() };
        let copy = Copy { table: scene.table, temporary };
        if !allowed(copied(session, scene, &copy))? {
            return Ok(None);
        }
        copies.push(copy);
    }
    let rows = session.rows("the functions (pg_proc)", include_str!("functions.sql"))?;
    let all = rows.iter().map(|r| Ok((r.string("name")?, r.string("definition")?)));
    let mut all = all.collect::<Result<Vec<_>, SchemaError>>()?;
    let (mut reached, mut open) = (Vec::new(), vec![text.to_owned()]);
    for _ in 0..DEPTH {
        let called = |(name, _): &mut (String, String)| open.iter().any(|text| text.contains(name.as_str()));
        let next: Vec<(String, String)> = all.extract_if(.., called).collect();
        open = next.iter().map(|(_, definition)| definition.clone()).collect();
        reached.extend(next);
    }
    let names: BTreeSet<String> = reached.iter().map(|(name, _)| name.clone()).collect();
    let there = |text: &str| redirected(text, &copies, &names);
    session.rows("the session", "set check_function_bodies = off")?;
    let mut left: Vec<String> = reached.iter().map(|(_, definition)| there(&without_path(definition))).collect();
    // A body that is parsed when it is made needs the functions that it calls.
    for _ in 0..=DEPTH {
        let mut refused = Vec::new();
        for definition in left {
            if !allowed(session.rows("a function's copy", &definition))? {
                refused.push(definition);
            }
        }
        left = refused;
    }
    if left.is_empty() { Ok(Some(there(text))) } else { Ok(None) }
}

/// Whether the server did it; an error that is about the statement is no error here.
fn allowed<T>(done: Result<T, SchemaError>) -> Result<bool, SchemaError> {
    match done {
        Ok(_) => Ok(true),
        Err(SchemaError::Query { .. } | SchemaError::Privilege { .. }) => Ok(false),
        Err(e) => Err(e),
    }
}

fn copied(session: &mut Session, scene: &Scene<'_>, copy: &Copy<'_>) -> Result<(), SchemaError> {
    let name = format!("pg_temp.{}", quote(Sql::Postgres, &copy.temporary));
    let table = qualified(Sql::Postgres, &copy.table.schema, &copy.table.name);
    // Without constraints, since only some columns are filled.
    session
        .rows("a copy of a table", &format!("create table {name} as select * from {table} limit {}", scene.existing))?;
    let columns: Vec<String> = scene.columns.iter().map(|(name, _)| quote(Sql::Postgres, name)).collect();
    let casts: Vec<String> = scene.columns.iter().enumerate().map(|(i, (_, ty))| format!("c{i}::{ty}")).collect();
    let places: Vec<String> = (0..casts.len()).map(|i| format!("c{i}")).collect();
    let row = |row: &Vec<Value>| {
        let cell = |v: &Value| match v {
            Value::Null => "null::text".to_owned(),
            v => literal(Sql::Postgres, &server_text(v)),
        };
        format!("({})", row.iter().map(cell).collect::<Vec<_>>().join(", "))
    };
    for some in scene.rows.chunks(AT_ONCE) {
        let values: Vec<String> = some.iter().map(row).collect();
        let (columns, casts, places) = (columns.join(", "), casts.join(", "), places.join(", "));
        let values = values.join(", ");
        session.rows(
            "rows for a CHECK's functions",
            &format!("insert into {name} ({columns}) select {casts} from (values {values}) v({places})"),
        )?;
    }
    Ok(())
}

/// A function's definition without settings of its own: its search path would lead past the copies.
fn without_path(definition: &str) -> String {
    let header = definition.find("\nAS ").or_else(|| definition.find("\nBEGIN ATOMIC")).unwrap_or(definition.len());
    let (header, body) = definition.split_at(header);
    let kept: Vec<&str> = header.lines().filter(|line| !line.starts_with(" SET ")).collect();
    format!("{}{body}", kept.join("\n"))
}

/// The text with the tables and functions of the session in the place of those that it names.
fn redirected(text: &str, copies: &[Copy<'_>], functions: &BTreeSet<String>) -> String {
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, text).with_unescape(false).tokenize() else {
        return text.to_owned();
    };
    let word = |i: usize| if let Some(Token::Word(w)) = tokens.get(i) { Some(folded(w)) } else { None };
    let is = |i: usize, token: &Token| tokens.get(i) == Some(token);
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while let Some(token) = tokens.get(i) {
        let beside = i > 0 && is(i - 1, &Token::Period);
        let pair = if is(i + 1, &Token::Period) { word(i).zip(word(i + 2)) } else { None };
        if let Token::DollarQuotedString(s) = token {
            let tag = s.tag.clone().unwrap_or_default();
            out += &format!("${tag}${}${tag}$", redirected(&s.value, copies, functions));
        } else if let Token::EscapedStringLiteral(s) = token {
            // The tokenizer has taken its escapes away.
            out += &format!("E'{}'", s.replace('\\', "\\\\").replace('\'', "\\'"));
        } else if let Some((schema, name)) = pair.filter(|_| !beside) {
            let copy = copies.iter().find(|c| c.table.schema == schema && c.table.name == name);
            match copy {
                Some(copy) => {
                    out += &format!("pg_temp.{}", quote(Sql::Postgres, &copy.temporary));
                    i += 2;
                }
                None if is(i + 3, &Token::LParen) && functions.contains(&name) => {
                    out += &format!("pg_temp.{}", tokens[i + 2]);
                    i += 2;
                }
                None => out += &token.to_string(),
            }
        } else if !beside && is(i + 1, &Token::LParen) && word(i).is_some_and(|name| functions.contains(&name)) {
            out += &format!("pg_temp.{token}");
        } else {
            out += &token.to_string();
        }
        i += 1;
    }
    out
}

/// As the server folds a name.
fn folded(w: &Word) -> String {
    if w.quote_style.is_some() { w.value.clone() } else { w.value.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_look_into_the_copies() {
        let table = TableName::new("shop", "Kinds");
        let copies = [Copy { table: &table, temporary: "Kinds".into() }];
        let functions = ["kind_of".to_owned(), "f".to_owned()].into();
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
    }
}
