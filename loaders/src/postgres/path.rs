//! The search path of a session. Unqualified names in this program's statements refer to `pg_catalog`; all others are
//! qualified with their schema. Otherwise, in a schema where others may create objects, a function or an operator that
//! matches a call better would be called instead of the server's own, with this session's privileges (the class of
//! CVE-2018-1058).
//!
//! Functions of the schema itself (triggers, CHECKs, expressions of indexes) often name tables without their schema.
//! They run with the session's original path, without the schemas in which other roles may have created objects
//! ([`Path::left_out`]).

use crate::Dialect;
use crate::ident::quote;

/// Roles whose functions may run in a session: the common table expressions `me` and `trusted`.
pub const TRUSTED: &str = include_str!("trusted.sql");

/// The search path of this program's statements. The schema of temporary objects comes last, because it is searched
/// first where the path does not name it.
pub const OWN: &str = "pg_catalog, pg_temp";

/// Run first, with the session's original path, which it keeps for [`oracle_query`]. Returns the schema to which
/// unqualified names refer.
pub const KEEP: &str = "SELECT pg_catalog.current_schema(), \
     pg_catalog.set_config('dbmocker.path', pg_catalog.current_schemas(false)::pg_catalog.text, true)";

/// Run in the transaction of [`KEEP`], with [`OWN`]: returns the rows that [`Path::new`] takes.
pub fn oracle_query() -> String {
    let lines =
        |sql: &str| -> String { sql.lines().filter(|l| !l.starts_with("--")).map(|l| format!("{l}\n")).collect() };
    lines(include_str!("search_path.sql")).replace("{trusted}", &lines(TRUSTED))
}

/// A session's original path, and the part of it that is used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path {
    /// The schema to which unqualified names refer.
    pub default_schema: Option<String>,
    /// The path with which functions of the schema run, as a SQL list.
    pub of_functions: String,
    /// Schemas removed from it, each with the role that may have created objects there.
    pub left_out: Vec<(String, String)>,
}

impl Path {
    /// `first`: the row of [`KEEP`]. `rows`: those of [`oracle_query`]. `trust`: nothing is left out.
    pub fn new(first: Option<String>, rows: Vec<Vec<Option<String>>>, trust: bool) -> Self {
        let mut path = Path { default_schema: first, ..Path::default() };
        let mut schemas = Vec::new();
        for row in rows {
            let mut cells = row.into_iter();
            let (Some(schema), role) = (cells.next().flatten(), cells.next().flatten()) else { continue };
            match role.filter(|_| !trust) {
                None => schemas.push(quote(Dialect::Postgres, &schema)),
                Some(role) => path.left_out.push((schema, role)),
            }
        }
        if schemas.is_empty() {
            schemas.push("pg_catalog".to_owned());
        }
        // `pg_catalog` is searched first where it is not named, and a function creates objects in the first schema
        // named.
        schemas.push("pg_temp".to_owned());
        path.of_functions = schemas.join(", ");
        path
    }

    /// The schemas left out and why, a line each.
    pub fn notes(&self) -> Vec<String> {
        let note = |(schema, role): &(String, String)| {
            format!(
                "functions of the database are run without the schema `{schema}` in their search path, because role \
                 `{role}` may have put functions of its own there: those that name things of it must name the schema \
                 too, or be given a search path (ALTER FUNCTION ... SET search_path); --trust-schema keeps it"
            )
        };
        self.left_out.iter().map(note).collect()
    }
}

/// Before [`KEEP`]: the path of a session for which the user names one schema.
pub fn only(schema: &str) -> String {
    format!("SET LOCAL search_path = {}; ", quote(Dialect::Postgres, schema))
}

/// `SET search_path`, for a SQL list.
pub fn set(list: &str) -> String {
    format!("SET search_path = {list}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(&str, Option<&str>)]) -> Vec<Vec<Option<String>>> {
        rows.iter().map(|(schema, role)| vec![Some((*schema).to_owned()), role.map(str::to_owned)]).collect()
    }

    #[test]
    fn schemas_of_others_are_left_out() {
        let found = rows(&[("mallory", Some("mallory")), ("App", None)]);
        let path = Path::new(Some("mallory".into()), found.clone(), false);
        assert_eq!(path.of_functions, "\"App\", pg_temp");
        assert_eq!(Path::new(None, Vec::new(), false).of_functions, OWN);
        assert_eq!(path.left_out, [("mallory".to_owned(), "mallory".to_owned())]);
        assert!(path.notes()[0].contains("--trust-schema"));
        let trusted = Path::new(None, found, true);
        assert_eq!(trusted.of_functions, "\"mallory\", \"App\", pg_temp");
        assert!(trusted.left_out.is_empty());
    }

    #[test]
    fn the_question_is_one_statement() {
        let sql = oracle_query();
        assert!(sql.starts_with("WITH me AS (") && !sql.contains("--") && !sql.contains('{'), "{sql}");
    }
}
