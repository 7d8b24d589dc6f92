//! Re-checks a database from its catalogue alone: row counts, orphans of every foreign key, every CHECK, sequences.
//!
//! Data in is a [`Schema`] and its connection, data out is a [`Verification`]. Every check is one set-based query on
//! the server, so the result does not depend on the generator.

use std::fmt;

use dbmocker_loaders::{Connection, Dialect as Sql};
use serde::{Deserialize, Serialize};

use crate::report::{Align, Grid};
use dbmocker_core::humanize;
use dbmocker_core::schema::{Schema, Table, TableName};
use dbmocker_planner::DeclaredReference;
use dbmocker_schema::SchemaError;
use dbmocker_schema::session::Session;

mod queries;
pub mod rows;
mod sequences;

use rows::TableRows;

/// The findings of each table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    pub tables: Vec<TableVerdict>,
    /// Findings that concern no single table, such as a damaged SQLite file.
    pub database: Vec<Finding>,
    /// The tables' rows against those of a manifest, if requested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows_made_again: Vec<TableRows>,
}

/// The checks of one table, and the findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableVerdict {
    pub name: TableName,
    pub rows: u64,
    /// Foreign keys, CHECKs and sequences that were checked.
    pub foreign_keys: usize,
    pub checks: usize,
    pub sequences: usize,
    pub findings: Vec<Finding>,
}

/// An error in the data, or a check that could not be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub kind: FindingKind,
    /// The constraint's or column's name.
    pub name: String,
    /// Number of rows; 0 for findings that do not concern rows.
    pub rows: u64,
    /// The expected and the actual state.
    pub detail: String,
}

/// The kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Loaded rows that do not exist any more.
    Rows,
    /// Rows whose foreign key refers to no row.
    Orphans,
    /// Rows for which a CHECK is false.
    Check,
    /// The next number of a sequence exists already.
    Sequence,
    /// SQLite's `integrity_check` or `foreign_key_check`.
    Integrity,
    /// The server could not evaluate the check; this does not prove an error.
    Unchecked,
}

/// The name of the finding about a table whose rows could not be counted.
const UNCOUNTED: &str = "rows";

impl Finding {
    /// Whether the table's rows could not be counted.
    pub fn is_of_rows(&self) -> bool {
        self.kind == FindingKind::Unchecked && self.name == UNCOUNTED
    }
}

impl Verification {
    /// Whether there is no error. Checks that could not be made count as errors only if `strict` is set.
    pub fn passed(&self, strict: bool) -> bool {
        self.findings().all(|(_, f)| !strict && f.kind == FindingKind::Unchecked)
            && self.rows_made_again.iter().all(TableRows::same)
    }

    /// All findings with their table, those of the database first.
    pub fn findings(&self) -> impl Iterator<Item = (Option<&TableName>, &Finding)> {
        let of_tables = self.tables.iter().flat_map(|t| t.findings.iter().map(move |f| (Some(&t.name), f)));
        self.database.iter().map(|f| (None, f)).chain(of_tables)
    }

    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|t| t.rows).sum()
    }
}

/// Checks every table of `schema`. Constraints that the server itself does not guarantee (`NOT VALID`, not enforced)
/// are left out, as are those whose enforcement no session can disable (types, NOT NULL).
///
/// # Errors
/// [`SchemaError`] if the server cannot be reached or a table cannot be counted. A check that the server cannot
/// evaluate is a [`FindingKind::Unchecked`], not an error.
pub fn verify(conn: &Connection, schema: &Schema) -> Result<Verification, SchemaError> {
    let tables: Vec<&Table> = schema.tables.iter().filter(|t| !t.outside).collect();
    verify_tables(conn, schema, &tables, &[], Depth::Everything)
}

/// The checks of an SQLite file beyond the tables' constraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Errors that a load could cause: SQLite maintained the indexes during the load, and every foreign key of the
    /// tables is checked by a separate query, so only pages, CHECKs and NOT NULLs remain (`quick_check`).
    Loaded,
    /// Indexes entry by entry, and the foreign keys of all tables (`integrity_check`, `foreign_key_check`): takes ten
    /// times as long.
    Everything,
}

/// [`verify`] for some of the schema's tables, with references that a config file declares.
///
/// # Errors
/// As [`verify`].
pub fn verify_tables(
    conn: &Connection,
    schema: &Schema,
    tables: &[&Table],
    references: &[DeclaredReference],
    depth: Depth,
) -> Result<Verification, SchemaError> {
    let mut session = Session::open(conn)?;
    if conn.dialect == Sql::Mysql {
        // The texts of CHECKs are written for the default mode: literals with backslash escapes.
        session.rows("session settings", "set session sql_mode = ''")?;
    }
    let mut verification = Verification::default();
    for table in tables {
        verification.tables.push(TableVerdict {
            name: table.name.clone(),
            rows: 0,
            foreign_keys: 0,
            checks: 0,
            sequences: 0,
            findings: Vec::new(),
        });
    }
    queries::count_rows(&mut session, schema, tables, &mut verification.tables)?;
    queries::foreign_keys(&mut session, schema, tables, &mut verification.tables)?;
    queries::references(&mut session, schema, tables, references, &mut verification.tables);
    queries::checks(&mut session, schema, tables, &mut verification.tables);
    sequences::check(&mut session, schema, tables, &mut verification.tables)?;
    if conn.dialect == Sql::Sqlite {
        verification.database = queries::sqlite_integrity(&mut session, &verification.tables, depth)?;
    }
    Ok(verification)
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FindingKind::Rows => "rows",
            FindingKind::Orphans => "orphans",
            FindingKind::Check => "CHECK",
            FindingKind::Sequence => "sequence",
            FindingKind::Integrity => "integrity",
            FindingKind::Unchecked => "not checked",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.kind, self.name)?;
        if self.rows > 0 {
            write!(f, "{}, ", humanize::rows(self.rows))?;
        }
        f.write_str(&self.detail)
    }
}

/// One line per table with the checks and `ok` or the number of findings; each finding below its table.
impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut grid = Grid::new(&[
            ("table", Align::Left),
            ("rows", Align::Right),
            ("foreign keys", Align::Right),
            ("checks", Align::Right),
            ("sequences", Align::Right),
            ("", Align::Left),
        ]);
        for t in &self.tables {
            let wrong = t.findings.iter().filter(|x| x.kind != FindingKind::Unchecked).count();
            let verdict = match (wrong, t.findings.len()) {
                (0, 0) => "ok".to_owned(),
                (0, n) => format!("ok, {n} not checked"),
                (n, _) => humanize::plural(n as u64, "finding"),
            };
            let cells = [t.foreign_keys, t.checks, t.sequences].map(|n| humanize::count(n as u64));
            let [foreign_keys, checks, sequences] = cells;
            grid.row([t.name.to_string(), humanize::count(t.rows), foreign_keys, checks, sequences, verdict]);
        }
        write!(f, "{grid}")?;
        for (table, finding) in self.findings() {
            match table {
                Some(table) => writeln!(f, "{table}: {finding}")?,
                None => writeln!(f, "{finding}")?,
            }
        }
        if !self.rows_made_again.is_empty() {
            write!(f, "\n{}", rows::describe(&self.rows_made_again))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_verdict() {
        let finding = |kind, rows, detail: &str| Finding { kind, name: "fk".into(), rows, detail: detail.into() };
        let table = |name: &str, findings| TableVerdict {
            name: TableName::new("public", name),
            rows: 1200,
            foreign_keys: 1,
            checks: 2,
            sequences: 0,
            findings,
        };
        let mut v = Verification { tables: vec![table("a", vec![])], database: vec![], ..Verification::default() };
        assert!(v.passed(true));
        v.tables.push(table("b", vec![finding(FindingKind::Unchecked, 0, "no such function: f")]));
        assert!(v.passed(false) && !v.passed(true));
        v.tables.push(table("c", vec![finding(FindingKind::Orphans, 1, "(x) has no row in public.a")]));
        assert!(!v.passed(false));
        assert_eq!(
            v.to_string(),
            "table      rows  foreign keys  checks  sequences\n\
             public.a  1,200             1       2          0  ok\n\
             public.b  1,200             1       2          0  ok, 1 not checked\n\
             public.c  1,200             1       2          0  1 finding\n\
             public.b: not checked fk: no such function: f\n\
             public.c: orphans fk: 1 row, (x) has no row in public.a\n"
        );
    }
}
