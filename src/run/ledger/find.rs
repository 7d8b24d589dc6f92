//! Looks for a ledger that an earlier run left, and decides whether its content can be trusted.
//!
//! Any role that may create objects in the schema may have created one of this name. On PostgreSQL a ledger is an
//! ordinary table that the current role owns and no other role may write to. On MySQL, where tables have no owner,
//! every line has a seal. On SQLite no statement is built from the ledger.

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::line::{Line, VERSION};
use super::seal::Seal;
use super::{Ledger, TABLE};
use crate::run::RunError;
use crate::run::sql_template::filled;

/// The object with the ledger's name.
#[derive(Debug)]
pub enum Found {
    Nothing,
    /// A ledger without lines: its run was killed before it changed anything.
    Blank(Ledger),
    Lines(Left),
}

/// A ledger that an earlier run left.
#[derive(Debug)]
pub struct Left {
    pub ledger: Ledger,
    pub lines: Vec<Line>,
    /// Only this account can have written the lines.
    pub sealed: bool,
}

impl Ledger {
    /// Looks for a ledger.
    ///
    /// # Errors
    /// [`RunError::ForeignLedger`]: the object of its name is not a ledger, or belongs to another role.
    pub fn find(loader: &mut dyn Loader, dialect: Dialect, schema: &str) -> Result<Found, RunError> {
        let transaction = dialect == Dialect::Postgres;
        if transaction {
            loader.execute("BEGIN")?;
        }
        let found = look(loader, dialect, schema);
        if transaction {
            // Nothing was written, so an error of the rollback is ignored.
            let ended = loader.execute("ROLLBACK");
            if found.is_ok() {
                ended?;
            }
        }
        found
    }
}

fn look(loader: &mut dyn Loader, dialect: Dialect, schema: &str) -> Result<Found, RunError> {
    let mut ledger = Ledger::named(dialect, schema, String::new());
    let foreign = |why: &str| RunError::ForeignLedger { table: format!("{schema}.{TABLE}"), why: why.to_owned() };
    let Some(first) = identity(loader, dialect, schema)? else { return Ok(Found::Nothing) };
    if let Some(why) = &first.1 {
        return Err(foreign(why));
    }
    let sql = format!(
        "SELECT run, what, subject, place, data, seal FROM {}{}",
        if dialect == Dialect::Postgres { "ONLY " } else { "" },
        ledger.table
    );
    let rows = loader.query(&sql)?;
    // On PostgreSQL the table that was read is now locked; a second check shows whether it is still the one that was
    // checked before.
    if identity(loader, dialect, schema)?.as_ref() != Some(&first) {
        return Err(foreign("it was replaced while it was read"));
    }
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect();
    let Some(run) = rows.first().map(|row| row[0].clone()) else { return Ok(Found::Blank(ledger)) };
    if rows.iter().any(|row| row[0] != run) {
        return Err(foreign("it holds lines of several runs"));
    }
    ledger.run = run;
    ledger.seal = if dialect == Dialect::Mysql { Seal::find(&ledger.run) } else { None };
    let sealed = dialect != Dialect::Mysql || rows.iter().all(|row| ledger.is_sealed(row));
    let lines: Result<Vec<Line>, _> = rows.iter().map(|row| serde_json::from_str(&row[4])).collect();
    let lines = lines.map_err(|e| foreign(&format!("one of its lines cannot be read ({e})")))?;
    let of_servers = |line: &Line| !matches!(line, Line::Run { .. } | Line::Table { .. });
    if dialect == Dialect::Sqlite && lines.iter().any(of_servers) {
        return Err(foreign("it holds lines that no run writes to a SQLite file"));
    }
    let known = |line: &Line| matches!(line, Line::Run { version: VERSION, .. });
    if !lines.iter().any(known) {
        return Err(foreign("it was written by another version, which can restore it"));
    }
    Ok(Found::Lines(Left { ledger, lines, sealed }))
}

/// The object with the name, and why it is not a ledger.
type Identity = (Option<String>, Option<String>);

fn identity(loader: &mut dyn Loader, dialect: Dialect, schema: &str) -> Result<Option<Identity>, LoadError> {
    let (place, name) = (ident::literal(dialect, schema), ident::literal(dialect, TABLE));
    let create = ident::literal(dialect, &super::create(dialect, &ident::quote(dialect, TABLE)));
    let sql = match dialect {
        Dialect::Postgres => include_str!("postgres.sql"),
        Dialect::Mysql => include_str!("mysql.sql"),
        Dialect::Sqlite => include_str!("sqlite.sql"),
    };
    let sql = filled(sql, &[("schema", &place), ("name", &name), ("create", &create)]);
    let mut rows = loader.query(&sql)?.into_iter();
    Ok(rows.next().map(|mut row| (row[0].take(), row[1].take())))
}
