//! The run's table in the database: it lists what is being loaded, is created before the first row is written, and is
//! removed at every regular end. After a killed run it remains, and `dbmocker restore` and the next run read it.
//!
//! Its lines are data ([`line`]); whether they can be trusted is decided in [`find`].

mod find;
pub mod line;
pub mod lines;
pub mod seal;

use dbmocker_loaders::{Dialect, LoadError, Loader};

pub use find::{LedgerObject, LeftoverLedger};
use line::{LedgerLine, VERSION, subject};
use lines::{LineTable, NewLine};
use seal::Seal;

use super::deferred_indexes::IndexDefinition;
use super::disable_triggers::DroppedTrigger;
use super::jobs::TableJob;
use super::session::SessionId;
use super::{RunError, Who};
use dbmocker_core::schema::TableName;

/// Name of the ledger's table, in the default schema.
pub const TABLE: &str = "dbmocker_run";

#[derive(Debug, Clone)]
pub struct Ledger {
    table: LineTable,
    /// The unguessable identifier of its run.
    run: String,
}

impl Ledger {
    fn named(place: (Dialect, &str), run: String, seal: Option<Seal>) -> Self {
        Ledger { table: LineTable::new(place, TABLE, seal), run }
    }

    /// The ledger of the run that a worker process works for.
    pub fn joined(place: (Dialect, &str), (run, seal): &(String, Option<String>)) -> Self {
        Ledger::named(place, run.clone(), seal.as_deref().and_then(Seal::from_text))
    }

    /// The data with which a worker process calls [`Ledger::joined`].
    pub fn pass(&self) -> (String, Option<String>) {
        (self.run.clone(), self.table.seal.as_ref().map(Seal::to_text))
    }

    /// Creates the table, which must not exist, and writes what is about to be loaded by `run`.
    ///
    /// # Errors
    /// If the table cannot be created, e.g. without the privilege to create one.
    pub fn begin(
        loader: &mut dyn Loader,
        (dialect, schema): (Dialect, &str),
        jobs: &[TableJob],
        (run, who, now): (&str, &Who, &str),
    ) -> Result<(Self, Option<String>), RunError> {
        let mut ledger = Ledger::named((dialect, schema), run.to_owned(), None);
        let mut note = None;
        if dialect != Dialect::Postgres {
            match Seal::new(&ledger.run) {
                Ok(seal) => ledger.table.seal = Some(seal),
                Err(e) => note = Some(unsealed(&e)),
            }
        }
        let outcome = if dialect == Dialect::Mysql {
            ledger.write(loader, jobs, who, now)
        } else {
            loader.execute("BEGIN")?;
            let written = ledger.write(loader, jobs, who, now);
            let ended = loader.execute(if written.is_ok() { "COMMIT" } else { "ROLLBACK" });
            written.and(ended.map(drop).map_err(RunError::from))
        };
        match outcome {
            Ok(()) => Ok((ledger, note)),
            Err(e) => {
                Seal::forget(&ledger.run);
                Err(e)
            }
        }
    }

    fn write(&self, loader: &mut dyn Loader, jobs: &[TableJob], who: &Who, now: &str) -> Result<(), RunError> {
        self.table.create(loader)?;
        let mut lines = vec![LedgerLine::Run { version: VERSION, started: now.into(), by: who.line() }];
        lines.extend(jobs.iter().map(|j| LedgerLine::Table {
            table: j.name.clone(),
            before: j.existing,
            planned: j.rows,
        }));
        self.add(loader, &lines)?;
        Ok(())
    }

    fn add(&self, loader: &mut dyn Loader, lines: &[LedgerLine]) -> Result<(), LoadError> {
        let line = |(line, place): (&LedgerLine, u64)| NewLine {
            what: line.kind(),
            subject: line.subject(),
            place,
            data: serde_json::to_string(line).expect("numbers and texts always fit JSON"),
        };
        let lines: Vec<NewLine> = lines.iter().zip(0..).map(line).collect();
        self.table.add(loader, &self.run, &lines)
    }

    /// This run's lines of a kind; those about one subject if it is given.
    fn lines(&self, loader: &mut dyn Loader, what: &str, about: Option<&str>) -> Result<Vec<LedgerLine>, RunError> {
        let changed = || RunError::LedgerChanged { table: self.table.full_name() };
        let mut lines = Vec::new();
        for row in self.table.read(loader, &self.table.of(&self.run, &[what], about))? {
            if self.table.seal.is_some() && !self.table.is_sealed(&row) {
                return Err(changed());
            }
            lines.push(serde_json::from_str(&row.data).map_err(|_| changed())?);
        }
        Ok(lines)
    }

    /// Records a session of the run.
    ///
    /// # Errors
    /// The ledger does not exist any more, or belongs to another run.
    pub fn add_session(&self, loader: &mut dyn Loader, session: &SessionId) -> Result<(), RunError> {
        if self.lines(loader, "run", None)?.is_empty() {
            return Err(RunError::LedgerChanged { table: self.table.full_name() });
        }
        Ok(self.add(loader, &[LedgerLine::Session { session: session.clone() }])?)
    }

    /// The identifier of the run, for marking its sessions.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Records, in a task's transaction, that the task is done.
    ///
    /// # Errors
    /// If the server refuses a statement.
    pub fn add_task(&self, loader: &mut dyn Loader, number: u64) -> Result<(), LoadError> {
        self.add(loader, &[LedgerLine::Task { number }])
    }

    /// Whether a task was committed.
    ///
    /// # Errors
    /// If a query fails.
    pub fn has_task(&self, loader: &mut dyn Loader, number: u64) -> Result<bool, RunError> {
        let found = self.lines(loader, "task", Some(&LedgerLine::Task { number }.subject()))?;
        Ok(found.contains(&LedgerLine::Task { number }))
    }

    /// Records, in the opening transaction, that a table is loaded in parts, and which of its indexes are dropped
    /// meanwhile.
    ///
    /// # Errors
    /// If the server refuses a statement.
    pub fn add_parts(
        &self,
        loader: &mut dyn Loader,
        job: &TableJob,
        indexes: &[IndexDefinition],
    ) -> Result<(), LoadError> {
        let table = || job.name.clone();
        let mut lines = vec![LedgerLine::Parts { table: table() }];
        lines.extend(indexes.iter().map(|index| LedgerLine::Index { table: table(), index: index.clone() }));
        self.add(loader, &lines)
    }

    /// The indexes of a table that were dropped while it is loaded in parts.
    ///
    /// # Errors
    /// The ledger has no line for the table's load: another program has changed it.
    pub fn dropped(&self, loader: &mut dyn Loader, table: &TableName) -> Result<Vec<IndexDefinition>, RunError> {
        let about = subject(table, "");
        if self.lines(loader, "parts", Some(&about))?.is_empty() {
            return Err(RunError::LedgerChanged { table: self.table.full_name() });
        }
        let index = |line| if let LedgerLine::Index { index, .. } = line { Some(index) } else { None };
        Ok(self.lines(loader, "index", Some(&about))?.into_iter().filter_map(index).collect())
    }

    /// All tables that are being loaded in parts, and the dropped indexes of each.
    ///
    /// # Errors
    /// If a query fails.
    pub fn parts(&self, loader: &mut dyn Loader) -> Result<Vec<(TableName, Vec<IndexDefinition>)>, RunError> {
        let mut lines = self.lines(loader, "parts", None)?;
        lines.extend(self.lines(loader, "index", None)?);
        Ok(parts_of(&lines))
    }

    /// Removes the lines of a table whose load in parts is complete, in the closing transaction.
    ///
    /// # Errors
    /// If the server refuses a statement.
    pub fn forget_parts(&self, loader: &mut dyn Loader, table: &TableName) -> Result<(), LoadError> {
        self.delete_lines(loader, &["parts", "index"], &subject(table, ""))
    }

    /// Removes the lines of a table's indexes, which the server refused to drop.
    ///
    /// # Errors
    /// If the server refuses a statement.
    pub fn forget_indexes(&self, loader: &mut dyn Loader, table: &TableName) -> Result<(), LoadError> {
        self.delete_lines(loader, &["index"], &subject(table, ""))
    }

    fn delete_lines(&self, loader: &mut dyn Loader, kinds: &[&str], about: &str) -> Result<(), LoadError> {
        self.table.delete(loader, &self.table.of(&self.run, kinds, Some(about)))
    }

    /// Records the definition of a trigger before it is dropped.
    ///
    /// # Errors
    /// If the server refuses a statement.
    pub fn add_trigger(
        &self,
        loader: &mut dyn Loader,
        table: &TableName,
        trigger: &DroppedTrigger,
    ) -> Result<(), LoadError> {
        self.add(loader, &[LedgerLine::Trigger { table: table.clone(), trigger: trigger.clone() }])
    }

    /// Triggers that are dropped, with their tables.
    ///
    /// # Errors
    /// If a query fails.
    pub fn triggers(&self, loader: &mut dyn Loader) -> Result<Vec<(TableName, DroppedTrigger)>, RunError> {
        Ok(triggers_of(&self.lines(loader, "trigger", None)?))
    }

    /// Removes the line of a trigger that exists again.
    ///
    /// # Errors
    /// If the server refuses a statement.
    pub fn forget_trigger(
        &self,
        loader: &mut dyn Loader,
        table: &TableName,
        trigger: &DroppedTrigger,
    ) -> Result<(), LoadError> {
        self.delete_lines(loader, &["trigger"], &subject(table, &trigger.name))
    }

    /// Removes the ledger.
    ///
    /// # Errors
    /// If the server refuses a statement.
    pub fn end(&self, loader: &mut dyn Loader) -> Result<(), LoadError> {
        self.table.drop_table(loader)?;
        Seal::forget(&self.run);
        Ok(())
    }

    /// Checks that the ledger still exists and belongs to this run.
    ///
    /// # Errors
    /// [`RunError::LedgerChanged`], or [`RunError::ForeignLedger`].
    pub fn is_there(&self, loader: &mut dyn Loader) -> Result<(), RunError> {
        match Ledger::find(loader, self.table.dialect, &self.table.schema)? {
            LedgerObject::Lines(left) if left.ledger.run == self.run => Ok(()),
            _ => Err(RunError::LedgerChanged { table: self.table.full_name() }),
        }
    }

    /// The same, but lines without a valid seal are accepted if `trust` is true, because the user has inspected them.
    #[must_use]
    pub fn trusted(mut self, trust: bool) -> Self {
        self.table.seal = self.table.seal.filter(|_| !trust);
        self
    }
}

/// Tables that are being loaded in parts, and the dropped indexes of each.
pub(super) fn parts_of(lines: &[LedgerLine]) -> Vec<(TableName, Vec<IndexDefinition>)> {
    let of = |wanted: &TableName| {
        let index = |line: &LedgerLine| match line {
            LedgerLine::Index { table, index } if table == wanted => Some(index.clone()),
            _ => None,
        };
        lines.iter().filter_map(index).collect()
    };
    let tables =
        lines.iter().filter_map(|line| if let LedgerLine::Parts { table } = line { Some(table) } else { None });
    tables.map(|table| (table.clone(), of(table))).collect()
}

/// Triggers that are dropped, with their tables, in their order.
pub(super) fn triggers_of(lines: &[LedgerLine]) -> Vec<(TableName, DroppedTrigger)> {
    let trigger = |line: &LedgerLine| match line {
        LedgerLine::Trigger { table, trigger } => Some((table.clone(), trigger.clone())),
        _ => None,
    };
    let mut all: Vec<_> = lines.iter().filter_map(trigger).collect();
    all.sort_by(|(a, x), (b, y)| (a, x.order).cmp(&(b, y.order)));
    all
}

fn unsealed(e: &std::io::Error) -> String {
    format!(
        "no key to sign the ledger with could be kept ({e}): if this run is killed, `dbmocker restore` asks for --trust-ledger"
    )
}
