//! The journal: a table that records the runs on a database, and what each of them has done. `dbmocker runs` lists
//! them, `dbmocker load --resume` continues the last one, and later runs read from it which rows dbmocker has added.
//!
//! Every task of a run writes a line here in its own transaction, so that the line is committed with the task's rows or
//! not at all.

mod entry;
mod history;

use dbmocker_loaders::{Dialect, LoadError, Loader};

pub use entry::RunEntry;
pub use entry::RunState;
use entry::{EMPTIED, Entry, PLAN, RUN, SCHEMA, STATE, TABLE as TABLES, TASK, VERSION};
pub use history::{History, NOT_SEALED, RunHistory, rows_made, runs};

use super::RunError;
use super::jobs::TableJob;
use super::ledger::line::subject;
use super::ledger::lines::{HeldLine, LineTable, NewLine};
use super::ledger::seal::Seal;
use dbmocker_core::schema::TableName;

/// Name of the journal's table, in the default schema.
pub const TABLE: &str = "dbmocker_journal";

/// Characters of a line that holds a piece of a plan, about.
const PIECE: usize = 256 << 10;

/// Bytes of plan and schema above which a run keeps neither, and cannot be resumed.
const MOST_KEPT: usize = 256 << 20;

/// A run's record for the journal.
#[derive(Debug, Clone)]
pub struct RunRecord {
    pub entry: RunEntry,
    /// The plan from which the run's rows can be generated again, and the schema that it fits, as JSON; `None` for rows
    /// of files.
    pub kept: Option<(String, String)>,
}

/// The journal, for one run.
#[derive(Debug, Clone)]
pub struct Journal {
    table: LineTable,
    run: String,
}

impl Journal {
    /// Removes the table, unless it holds the history of other runs; returns true if it is removed.
    ///
    /// # Errors
    /// The server refuses a statement.
    pub fn remove_if_alone(&self, loader: &mut dyn Loader) -> Result<bool, LoadError> {
        let others = self.table.has_others(loader, &self.run)?;
        if !others {
            self.table.drop_table(loader)?;
        }
        Ok(!others)
    }

    fn table(place: (Dialect, &str), seal: Option<Seal>) -> LineTable {
        LineTable::new(place, TABLE, seal)
    }

    /// The journal of the run that a worker process works for.
    pub fn joined(place: (Dialect, &str), (run, seal): &(String, Option<String>)) -> Self {
        Journal { table: Journal::table(place, seal.as_deref().and_then(Seal::from_text)), run: run.clone() }
    }

    /// What a worker process needs for [`Journal::joined`].
    pub fn pass(&self) -> (String, Option<String>) {
        (self.run.clone(), self.table.seal.as_ref().map(Seal::to_text))
    }

    /// The identifier of the run; its ledger has the same one while the run is active.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Writes the first lines of a run, and makes the table where there is none.
    ///
    /// # Errors
    /// [`RunError::ForeignJournal`]; or the table cannot be made.
    pub fn begin(
        loader: &mut dyn Loader,
        place: (Dialect, &str),
        run: &str,
        record: &RunRecord,
        jobs: &[TableJob],
    ) -> Result<(Self, Option<String>), RunError> {
        let (mut seal, mut note) = (None, None);
        if place.0 != Dialect::Postgres {
            match Seal::of_account() {
                Ok(of_account) => seal = Some(of_account),
                Err(e) => {
                    note =
                        Some(format!("no key to sign the journal with could be kept ({e}): this run cannot be resumed"))
                }
            }
        }
        let journal = Journal { table: Journal::table(place, seal), run: run.to_owned() };
        let there = own(loader, &journal.table)?;
        let too_large = |kept: &&(String, String)| kept.0.len() + kept.1.len() > MOST_KEPT;
        let kept = record.kept.as_ref().filter(|kept| !too_large(kept));
        if kept.is_none() && record.kept.is_some() {
            note = Some("the plan is too large to be kept in the database: this run cannot be resumed".into());
        }
        let dialect = place.0;
        if dialect == Dialect::Mysql {
            // Creating a table would end a transaction.
            if !there {
                journal.table.create(loader)?;
            }
            loader.execute("START TRANSACTION")?;
        } else {
            loader.execute("BEGIN")?;
        }
        let mut write = || -> Result<(), LoadError> {
            if !there && dialect != Dialect::Mysql {
                journal.table.create(loader)?;
            }
            journal.write(loader, record, kept, jobs)
        };
        let written = write();
        let ended = loader.execute(if written.is_ok() { "COMMIT" } else { "ROLLBACK" });
        written.and(ended.map(drop))?;
        Ok((journal, note))
    }

    fn write(
        &self,
        loader: &mut dyn Loader,
        record: &RunRecord,
        kept: Option<&(String, String)>,
        jobs: &[TableJob],
    ) -> Result<(), LoadError> {
        // Only the last run can be resumed.
        self.table.delete(loader, &format!("what IN ('{PLAN}', '{SCHEMA}')"))?;
        let entry = RunEntry { version: VERSION, ..record.entry.clone() };
        let mut lines = vec![line(&Entry::Run(entry), String::new(), 0)];
        for (job, place) in jobs.iter().zip(0..) {
            let entry = Entry::Table { table: job.name.clone(), before: job.existing, planned: job.rows };
            lines.push(line(&entry, subject(&job.name, ""), place));
        }
        let (plan, schema) = kept.map_or(("", ""), |(plan, schema)| (plan, schema));
        for (what, text) in [(PLAN, plan), (SCHEMA, schema)] {
            let pieces = pieces(text).zip(0..);
            lines.extend(pieces.map(|(text, place)| NewLine {
                what,
                subject: String::new(),
                place,
                data: text.into(),
            }));
        }
        self.table.add(loader, &self.run, &lines)
    }

    /// Records, in a task's transaction and with its next statement, that it is done, and the rows that it added.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn add_task(
        &self,
        loader: &mut dyn Loader,
        number: u64,
        table: &TableName,
        rows: Vec<(TableName, u64)>,
    ) -> Result<(), LoadError> {
        let line = line(&Entry::Task { number, rows }, subject(table, ""), number);
        self.table.add_with_next(loader, &self.run, &line)
    }

    /// Whether a task was committed.
    ///
    /// # Errors
    /// The server cannot be queried.
    pub fn has_task(&self, loader: &mut dyn Loader, number: u64) -> Result<bool, RunError> {
        let condition = format!("{} AND place = {number}", self.table.of(&self.run, &[TASK], None));
        let lines = self.table.read(loader, &condition)?;
        Ok(lines.iter().any(|line| self.table.seal.is_none() || self.table.is_sealed(line)))
    }

    /// Deletes the tasks of a table that was emptied again, in the transaction that empties it.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn forget_tasks(&self, loader: &mut dyn Loader, table: &TableName) -> Result<(), LoadError> {
        self.table.delete(loader, &self.table.of(&self.run, &[TASK], Some(&subject(table, ""))))
    }

    /// Records that the tables were emptied, before any rows are loaded.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn add_emptied(&self, loader: &mut dyn Loader) -> Result<(), LoadError> {
        self.table.add(loader, &self.run, &[line(&Entry::Emptied, String::new(), 0)])
    }

    /// Writes how the run ended, or that it was resumed. For a complete run, entries that only a resumed run needs are
    /// deleted.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn add_state(
        &self,
        loader: &mut dyn Loader,
        state: RunState,
        message: Option<String>,
    ) -> Result<(), LoadError> {
        let place = self.table.read(loader, &self.table.of(&self.run, &[STATE], None))?.len() as u64;
        let entry = Entry::State { state, at: super::clock(), message };
        self.table.add(loader, &self.run, &[line(&entry, String::new(), place)])?;
        if state == RunState::Complete {
            self.table.delete(loader, &self.table.of(&self.run, &[TASK, SCHEMA], None))?;
        }
        Ok(())
    }
}

/// Whether the journal exists.
///
/// # Errors
/// [`RunError::ForeignJournal`]: the object of that name is not a journal, or belongs to another role.
fn own(loader: &mut dyn Loader, table: &LineTable) -> Result<bool, RunError> {
    match table.identity(loader)? {
        None => Ok(false),
        Some((_, None)) => Ok(true),
        Some((_, Some(why))) => Err(RunError::ForeignJournal { table: table.full_name(), why }),
    }
}

fn line(entry: &Entry, subject: String, place: u64) -> NewLine {
    let data = serde_json::to_string(entry).expect("numbers and texts always fit JSON");
    NewLine { what: entry.kind(), subject, place, data }
}

/// A text in pieces, none of them in the middle of a character.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut at = PIECE.min(rest.len());
        while !rest.is_char_boundary(at) {
            at += 1;
        }
        let (piece, more) = rest.split_at(at);
        rest = more;
        (!piece.is_empty()).then_some(piece)
    })
}

fn whole(lines: &[HeldLine], what: &str) -> String {
    lines.iter().filter(|line| line.what == what).map(|line| line.data.as_str()).collect()
}

fn known(what: &str) -> bool {
    [RUN, TABLES, EMPTIED, TASK, STATE].contains(&what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_the_text_again() {
        for text in ["", "a", &"ä".repeat(PIECE), &"€".repeat(PIECE + 7)] {
            assert_eq!(pieces(text).collect::<String>(), text);
            assert!(pieces(text).all(|piece| piece.len() <= PIECE + 3));
        }
    }
}
