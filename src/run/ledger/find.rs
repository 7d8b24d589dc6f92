//! Looks for a ledger that an earlier run left, and says whether what it holds can be believed.
//!
//! Anybody who may create objects in the schema may have made something of this name. On PostgreSQL a ledger is an
//! ordinary table that the current role owns and nobody else may write to; on MySQL, where tables have no owner, every
//! line is sealed; in a SQLite file nothing of the ledger is ever run.

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

use super::line::{Line, VERSION};
use super::seal::Seal;
use super::{Ledger, TABLE};
use crate::run::RunError;
use crate::run::sql_template::filled;

/// What bears the ledger's name.
#[derive(Debug)]
pub enum Found {
    Nothing,
    /// A ledger without lines: its run was killed before it had done anything.
    Blank(Ledger),
    Lines(Left),
}

/// A ledger that an earlier run left.
#[derive(Debug)]
pub struct Left {
    pub ledger: Ledger,
    pub lines: Vec<Line>,
    /// Nobody but this account can have written the lines.
    pub sealed: bool,
}

impl Ledger {
    /// Looks for a ledger.
    ///
    /// # Errors
    /// [`RunError::ForeignLedger`]: what bears its name is none, or another role's.
    pub fn find(loader: &mut dyn Loader, dialect: Dialect, schema: &str) -> Result<Found, RunError> {
        let transaction = dialect == Dialect::Postgres;
        if transaction {
            loader.execute("BEGIN")?;
        }
        let found = look(loader, dialect, schema);
        if transaction {
            // Nothing was written; an error matters more.
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
    // On PostgreSQL the table that was read is locked now: it is the one that was looked at, or another by now.
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

/// Which object bears the name, and why it is no ledger.
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
