//! Looks for a ledger that an earlier run left, and decides whether its content can be trusted.
//!
//! Any role that may create objects in the schema may have created one of this name. On PostgreSQL a ledger is an
//! ordinary table that the current role owns and no other role may write to. On MySQL, where tables have no owner,
//! every line has a seal. On SQLite no statement is built from the ledger.

use dbmocker_loaders::{Dialect, Loader};

use super::line::{LedgerLine, VERSION};
use super::seal::Seal;
use super::{Ledger, TABLE};
use crate::run::RunError;

/// The object with the ledger's name.
#[derive(Debug)]
pub enum LedgerObject {
    Nothing,
    /// A ledger without lines: its run was killed before it changed anything.
    Blank(Ledger),
    Lines(LeftoverLedger),
}

/// A ledger that an earlier run left.
#[derive(Debug)]
pub struct LeftoverLedger {
    pub ledger: Ledger,
    pub lines: Vec<LedgerLine>,
    /// Only this account can have written the lines.
    pub sealed: bool,
}

impl Ledger {
    /// Looks for a ledger.
    ///
    /// # Errors
    /// [`RunError::ForeignLedger`]: the object of its name is not a ledger, or belongs to another role.
    pub fn find(loader: &mut dyn Loader, dialect: Dialect, schema: &str) -> Result<LedgerObject, RunError> {
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

fn look(loader: &mut dyn Loader, dialect: Dialect, schema: &str) -> Result<LedgerObject, RunError> {
    let mut ledger = Ledger::named((dialect, schema), String::new(), None);
    let foreign = |why: &str| RunError::ForeignLedger { table: format!("{schema}.{TABLE}"), why: why.to_owned() };
    let Some(first) = ledger.table.identity(loader)? else { return Ok(LedgerObject::Nothing) };
    if let Some(why) = &first.1 {
        return Err(foreign(why));
    }
    let rows = ledger.table.read(loader, "1 = 1")?;
    // On PostgreSQL the table that was read is locked now: checks that it is still the table that was examined before.
    if ledger.table.identity(loader)?.as_ref() != Some(&first) {
        return Err(foreign("it was replaced while it was read"));
    }
    let Some(run) = rows.first().map(|row| row.run.clone()) else { return Ok(LedgerObject::Blank(ledger)) };
    if rows.iter().any(|row| row.run != run) {
        return Err(foreign("it holds lines of several runs"));
    }
    ledger.run = run;
    ledger.table.seal = if dialect == Dialect::Postgres { None } else { Seal::find(&ledger.run) };
    let mut sealed = dialect == Dialect::Postgres || rows.iter().all(|row| ledger.table.is_sealed(row));
    let lines: Result<Vec<LedgerLine>, _> = rows.iter().map(|row| serde_json::from_str(&row.data)).collect();
    let lines = lines.map_err(|e| foreign(&format!("one of its lines cannot be read ({e})")))?;
    let of_servers = |line: &LedgerLine| {
        !matches!(line, LedgerLine::Run { .. } | LedgerLine::Table { .. } | LedgerLine::Parts { .. })
    };
    if dialect == Dialect::Sqlite && lines.iter().any(of_servers) {
        return Err(foreign("it holds lines that no run writes to a SQLite file"));
    }
    if !sealed && dialect == Dialect::Sqlite && !lines.iter().any(|line| matches!(line, LedgerLine::Parts { .. })) {
        // An empty ledger requires no action, so no seal is needed. A run that is resumed goes on with the seal that
        // it has.
        (ledger.table.seal, sealed) = (None, true);
    }
    let known = |line: &LedgerLine| matches!(line, LedgerLine::Run { version: VERSION, .. });
    if !lines.iter().any(known) {
        return Err(foreign("it was written by another version, which can restore it"));
    }
    Ok(LedgerObject::Lines(LeftoverLedger { ledger, lines, sealed }))
}

#[cfg(test)]
mod tests {
    use dbmocker_loaders::{Connection, connect};

    use super::super::seal;
    use super::*;
    use crate::run::Who;
    use dbmocker_core::schema::TableName;

    /// A run that was killed between two tables, resumed, and killed again within one.
    #[test]
    fn a_resumed_run_writes_lines_that_can_be_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        std::fs::write(&file, "").unwrap();
        let connection =
            Connection { dialect: Dialect::Sqlite, database: file.to_str().unwrap().into(), ..Connection::default() };
        let mut loader = connect(&connection).unwrap();
        let place = (Dialect::Sqlite, "main");
        let find = |loader: &mut dyn Loader| match Ledger::find(loader, place.0, place.1).unwrap() {
            LedgerObject::Lines(left) => left,
            other => panic!("{other:?}"),
        };
        Ledger::begin(&mut *loader, place, &[], (&seal::token().unwrap(), &Who::here(), "now")).unwrap();
        let left = find(&mut *loader);
        assert!(left.sealed);
        let parts = LedgerLine::Parts { table: TableName::new("main", "t") };
        left.ledger.add(&mut *loader, &[parts]).unwrap();
        let left = find(&mut *loader);
        assert!(left.sealed && left.lines.len() == 2, "{left:?}");
        left.ledger.end(&mut *loader).unwrap();
    }
}
