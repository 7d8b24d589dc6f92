//! Functions and collations that only the application of the file registers.
//!
//! In: the texts of CHECKs, generated columns and indexes, and the functions and collations of the library. Out:
//! [`Table::unfit`]. SQLite compiles all of them into every INSERT, so no row can be written without them. A collation
//! is not substituted: the index would have another order than the application expects, which is a damaged file.

use std::collections::BTreeSet;

use dbmocker_loaders::Dialect as Sql;
use dbmocker_loaders::ident::qualified;

use super::SqliteCatalog;
use super::tokens::{TokenKind, name, tokens};
use crate::error::SchemaError;
use crate::session::Session;
use dbmocker_core::schema::*;

/// Words that may precede a parenthesis without being function calls.
const NO_CALLS: [&str; 25] = [
    "in", "and", "or", "not", "exists", "cast", "case", "when", "then", "else", "between", "like", "glob", "regexp",
    "match", "is", "isnull", "notnull", "values", "select", "from", "where", "on", "over", "filter",
];

/// The collations of the library. (`PRAGMA collation_list` also lists unknown ones that a schema uses.)
const COLLATIONS: [&str; 3] = ["BINARY", "NOCASE", "RTRIM"];

/// The library's functions.
#[derive(Debug, Default)]
struct KnownFunctions(BTreeSet<String>);

fn has(collation: &str) -> bool {
    COLLATIONS.iter().any(|c| c.eq_ignore_ascii_case(collation))
}

impl SqliteCatalog {
    /// Marks the tables to which SQLite cannot write on this connection.
    pub(super) fn unknown(&self, session: &mut Session, tables: &mut [Table]) -> Result<(), SchemaError> {
        let functions =
            session.rows("the functions", "select distinct lower(name) as name from pragma_function_list")?;
        let known = KnownFunctions(functions.iter().map(|row| row.string("name")).collect::<Result<_, _>>()?);
        for table in tables {
            let mut unfit = known.expressions(table);
            for row in self.indexes.get(&table.name.name.to_lowercase()).into_iter().flatten() {
                let collation = row.opt("collation").unwrap_or("BINARY");
                if !has(collation) {
                    let part = row.opt("column_name").map_or("an expression".to_owned(), |c| format!("column `{c}`"));
                    unfit.push(unsorted(&part, row.text("name")?, row.opt("origin") == Some("c"), collation));
                }
            }
            if !unfit.is_empty() && refused(session, table)? {
                table.unfit = unfit;
            }
        }
        Ok(())
    }
}

impl KnownFunctions {
    fn expressions(&self, table: &Table) -> Vec<String> {
        let checks = table.checks.iter().map(|c| (format!("CHECK `{}`", c.name), c.text.as_str()));
        let generated = table.columns.iter().filter_map(|c| Some((&c.name, c.generated.as_ref()?)));
        let generated = generated.map(|(name, g)| (format!("generated column `{name}`"), g.expression.as_str()));
        let of_key = |k: &Key| -> Vec<String> {
            k.parts.iter().filter_map(|p| p.expression.clone()).chain(k.predicate.clone()).collect()
        };
        let keys = table.keys.iter().map(|k| (format!("unique index `{}`", k.name), of_key(k).join(" ; ")));
        let keys: Vec<(String, String)> = keys.collect();
        let index = |i: &Index| i.definition.split_once('(').map_or(String::new(), |(_, rest)| rest.to_owned());
        let indexes = table.indexes.iter().map(|i| (format!("index `{}`", i.name), index(i)));
        let indexes: Vec<(String, String)> = indexes.collect();
        let of_indexes = keys.iter().chain(&indexes).map(|(place, text)| (place.clone(), text.as_str()));
        let own: Vec<(&str, &str)> =
            table.columns.iter().map(|c| (c.name.as_str(), c.collation.name.as_str())).collect();
        let calls = checks.clone().chain(generated).chain(of_indexes).flat_map(|(place, text)| {
            self.calls(text).into_iter().map(move |f| {
                format!(
                    "{place} calls `{f}`, which SQLite does not have: only the program that made the file can write \
                     its rows"
                )
            })
        });
        let compared = checks.flat_map(|(place, text)| {
            compares(text, &own).into_iter().map(move |c| {
                format!("{place} compares by the collation `{c}`, which only the program that made the file defines")
            })
        });
        calls.chain(compared).collect()
    }

    fn calls(&self, text: &str) -> BTreeSet<String> {
        let all = tokens(text);
        let called = all.windows(2).filter(|w| w[0].kind == TokenKind::Word && &text[w[1].start..w[1].end] == "(");
        let names = called.map(|w| text[w[0].start..w[0].end].to_lowercase());
        names.filter(|n| !NO_CALLS.contains(&n.as_str()) && !self.0.contains(n)).collect()
    }
}

/// Unknown collations in a CHECK, or of columns in it.
fn compares(text: &str, columns: &[(&str, &str)]) -> BTreeSet<String> {
    let names = tokens(text).into_iter().filter(|t| t.kind != TokenKind::Text);
    let all: Vec<String> = names.map(|t| name(&text[t.start..t.end])).collect();
    let named = all.windows(2).filter(|w| w[0].eq_ignore_ascii_case("collate")).map(|w| w[1].clone());
    let own = columns.iter().filter(|(c, _)| all.iter().any(|t| t.eq_ignore_ascii_case(c)));
    let collations = named.chain(own.map(|(_, collation)| (*collation).to_owned()));
    collations.filter(|c| !c.is_empty() && !has(c)).collect()
}

fn unsorted(part: &str, index: &str, droppable: bool, collation: &str) -> String {
    let way_out = if droppable {
        format!("; or drop the index, load, and make it again by that program (in SQL: DROP INDEX \"{index}\")")
    } else {
        String::new()
    };
    format!(
        "index `{index}` sorts {part} by the collation `{collation}`, which only the program that made the file defines: \
         rows written without it would stand in a wrong order{way_out}"
    )
}

/// Lets SQLite decide: EXPLAIN compiles everything that an INSERT evaluates, without executing it.
fn refused(session: &mut Session, table: &Table) -> Result<bool, SchemaError> {
    let name = qualified(Sql::Sqlite, &table.name.schema, &table.name.name);
    match session.rows("a statement's compilation", &format!("explain insert into {name} default values")) {
        Ok(_) => Ok(false),
        Err(SchemaError::Query { .. }) => Ok(true),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_functions_that_are_not_there() {
        let known = KnownFunctions(["length", "lower"].map(String::from).into());
        let calls = |text| Vec::from_iter(known.calls(text));
        assert_eq!(calls("length(a) > 0 AND (b IN (1, 2) OR NOT(soundslike(Lower(c), 'x(')))"), ["soundslike"]);
        assert!(calls("\"f\" (1) AND a IN(1) AND 'g(1)' <> b").is_empty());
    }

    #[test]
    fn collations_by_name_and_by_column() {
        let columns = [("title", "localized"), ("code", "NOCASE"), ("plain", "")];
        let compares = |text| Vec::from_iter(compares(text, &columns));
        assert_eq!(compares("\"Title\" <> '' AND code > 'a' AND plain <> 'b' COLLATE [de]"), ["de", "localized"]);
        assert!(compares("code > 'title' COLLATE nocase").is_empty());
    }
}
