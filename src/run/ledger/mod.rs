//! The run's table in the database: it lists what is being loaded, is created before the first row is written, and is
//! removed at every regular end. After a killed run it remains, and `dbmocker restore` and the next run read it.
//!
//! Its lines are data ([`line`]); whether they can be trusted is decided in [`find`].

mod find;
pub mod line;
pub mod seal;

use dbmocker_loaders::{Dialect, LoadError, Loader, ident};

pub use find::{Found, Left};
use line::{Line, VERSION, subject};
use seal::Seal;

use super::deferred_indexes::Index;
use super::disable_triggers::DroppedTrigger;
use super::jobs::TableJob;
use super::session::SessionId;
use super::sql_template::filled;
use super::{RunError, Who};
use dbmocker_core::schema::TableName;

/// Name of the ledger's table, in the default schema.
pub const TABLE: &str = "dbmocker_run";

/// Rows of one INSERT.
const AT_ONCE: usize = 200;

#[derive(Debug, Clone)]
pub struct Ledger {
    dialect: Dialect,
    schema: String,
    /// Quoted and qualified.
    table: String,
    /// The identifier of its run, which cannot be guessed.
    run: String,
    /// MySQL: the key that proves later that this account wrote the lines.
    seal: Option<Seal>,
}

impl Ledger {
    fn named(dialect: Dialect, schema: &str, run: String) -> Self {
        let table = ident::qualified(dialect, schema, TABLE);
        Ledger { dialect, schema: schema.to_owned(), table, run, seal: None }
    }

    /// The ledger of a worker process's run.
    pub fn joined(dialect: Dialect, schema: &str, (run, seal): &(String, Option<String>)) -> Self {
        let seal = seal.as_deref().and_then(Seal::from_text);
        Ledger { seal, ..Ledger::named(dialect, schema, run.clone()) }
    }

    /// The data with which a worker process calls [`Ledger::joined`].
    pub fn pass(&self) -> (String, Option<String>) {
        (self.run.clone(), self.seal.as_ref().map(Seal::to_text))
    }

    /// Creates the table, which must not exist, and writes what is about to be loaded.
    ///
    /// # Errors
    /// If the table cannot be created, e.g. without the privilege to create one.
    pub fn begin(
        loader: &mut dyn Loader,
        (dialect, schema): (Dialect, &str),
        jobs: &[TableJob],
        who: &Who,
        now: &str,
    ) -> Result<(Self, Option<String>), RunError> {
        let run = seal::token().map_err(|e| RunError::Lock { message: e.to_string() })?;
        let mut ledger = Ledger::named(dialect, schema, run);
        let mut note = None;
        if dialect == Dialect::Mysql {
            match Seal::new(&ledger.run) {
                Ok(seal) => ledger.seal = Some(seal),
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
        loader.execute(&create(self.dialect, &self.table))?;
        if self.dialect == Dialect::Postgres {
            // Default privileges may have granted access to other roles.
            let table = ident::literal(self.dialect, &self.table);
            let others = loader.query(&filled(include_str!("others.sql"), &[("table", &table)]))?;
            for other in others.into_iter().flatten().flatten() {
                loader.execute(&format!("REVOKE ALL ON TABLE {} FROM {other}", self.table))?;
            }
        }
        let mut lines = vec![Line::Run { version: VERSION, started: now.into(), by: who.line() }];
        lines.extend(jobs.iter().map(|j| Line::Table { table: j.name.clone(), before: j.existing, planned: j.rows }));
        self.add(loader, &lines)?;
        Ok(())
    }

    fn add(&self, loader: &mut dyn Loader, lines: &[Line]) -> Result<(), LoadError> {
        let mut places = 0_u64..;
        for some in lines.chunks(AT_ONCE) {
            let rows = some.iter().zip(&mut places).map(|(line, place)| {
                let (subject, place) = (line.subject(), place.to_string());
                let data = serde_json::to_string(line).expect("numbers and texts always fit JSON");
                let fields = [&*self.run, line.kind(), &subject, &place, &data];
                let code = self.seal.as_ref().map_or_else(String::new, |seal| seal.code(&self.sealed(fields)));
                let [run, what, subject, _, data] = fields.map(|text| ident::literal(self.dialect, text));
                format!("({run}, {what}, {subject}, {place}, {data}, '{code}')")
            });
            let rows: Vec<String> = rows.collect();
            loader.execute(&format!("INSERT INTO {} VALUES {}", self.table, rows.join(", ")))?;
        }
        Ok(())
    }

    /// The input of a line's code: it includes the database, so that the line is invalid in any other one.
    fn sealed<'a>(&'a self, [run, what, subject, place, data]: [&'a str; 5]) -> [&'a str; 6] {
        [&self.schema, run, what, subject, place, data]
    }

    /// Whether a row of the table, with all its columns, was written by this account.
    fn is_sealed(&self, row: &[String]) -> bool {
        let [run, what, subject, place, data, code] = row else { return false };
        self.seal.as_ref().is_some_and(|seal| seal.fits(&self.sealed([run, what, subject, place, data]), code))
    }

    /// This run's lines of a kind; those about one subject if it is given.
    fn lines(&self, loader: &mut dyn Loader, what: &str, about: Option<&str>) -> Result<Vec<Line>, RunError> {
        let literal = |text: &str| ident::literal(self.dialect, text);
        let about = about.map_or_else(String::new, |about| format!(" AND subject = {}", literal(about)));
        let sql = format!(
            "SELECT run, what, subject, place, data, seal FROM {} WHERE run = {} AND what = '{what}'{about} ORDER BY place",
            self.table,
            literal(&self.run)
        );
        let changed = || RunError::LedgerChanged { table: format!("{}.{TABLE}", self.schema) };
        let mut lines = Vec::new();
        for row in loader.query(&sql)? {
            let row: Vec<String> = row.into_iter().map(Option::unwrap_or_default).collect();
            if self.seal.is_some() && !self.is_sealed(&row) {
                return Err(changed());
            }
            lines.push(serde_json::from_str(&row[4]).map_err(|_| changed())?);
        }
        Ok(lines)
    }

    /// Records a session of the run.
    ///
    /// # Errors
    /// The ledger does not exist any more, or belongs to another run.
    pub fn add_session(&self, loader: &mut dyn Loader, session: &SessionId) -> Result<(), RunError> {
        if self.lines(loader, "run", None)?.is_empty() {
            return Err(RunError::LedgerChanged { table: format!("{}.{TABLE}", self.schema) });
        }
        Ok(self.add(loader, &[Line::Session { session: session.clone() }])?)
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
        self.add(loader, &[Line::Task { number }])
    }

    /// Whether a task was committed.
    ///
    /// # Errors
    /// If a query fails.
    pub fn has_task(&self, loader: &mut dyn Loader, number: u64) -> Result<bool, RunError> {
        let found = self.lines(loader, "task", Some(&Line::Task { number }.subject()))?;
        Ok(found.contains(&Line::Task { number }))
    }

    /// Records, in the opening transaction, that a table is loaded in parts, and which of its indexes are dropped
    /// meanwhile.
    ///
    /// # Errors
    /// If the server refuses a statement.
    pub fn add_parts(&self, loader: &mut dyn Loader, job: &TableJob, indexes: &[Index]) -> Result<(), LoadError> {
        let table = || job.name.clone();
        let mut lines = vec![Line::Parts { table: table() }];
        lines.extend(indexes.iter().map(|index| Line::Index { table: table(), index: index.clone() }));
        self.add(loader, &lines)
    }

    /// The indexes of a table that were dropped while it is loaded in parts.
    ///
    /// # Errors
    /// The ledger has no line for the table's load: another program has changed it.
    pub fn dropped(&self, loader: &mut dyn Loader, table: &TableName) -> Result<Vec<Index>, RunError> {
        let about = subject(table, "");
        if self.lines(loader, "parts", Some(&about))?.is_empty() {
            return Err(RunError::LedgerChanged { table: format!("{}.{TABLE}", self.schema) });
        }
        let index = |line| if let Line::Index { index, .. } = line { Some(index) } else { None };
        Ok(self.lines(loader, "index", Some(&about))?.into_iter().filter_map(index).collect())
    }

    /// All tables that are being loaded in parts, and the dropped indexes of each.
    ///
    /// # Errors
    /// If a query fails.
    pub fn parts(&self, loader: &mut dyn Loader) -> Result<Vec<(TableName, Vec<Index>)>, RunError> {
        let mut lines = self.lines(loader, "parts", None)?;
        lines.extend(self.lines(loader, "index", None)?);
        Ok(parts_of(&lines))
    }

    /// Removes the lines of a table whose load in parts is complete, in the closing transaction.
    ///
    /// # Errors
    /// If the server refuses a statement.
    pub fn forget_parts(&self, loader: &mut dyn Loader, table: &TableName) -> Result<(), LoadError> {
        self.strike(loader, "('parts', 'index')", &subject(table, ""))
    }

    fn strike(&self, loader: &mut dyn Loader, kinds: &str, about: &str) -> Result<(), LoadError> {
        let (run, about) = (ident::literal(self.dialect, &self.run), ident::literal(self.dialect, about));
        let sql = format!("DELETE FROM {} WHERE run = {run} AND what IN {kinds} AND subject = {about}", self.table);
        loader.execute(&sql).map(drop)
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
        self.add(loader, &[Line::Trigger { table: table.clone(), trigger: trigger.clone() }])
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
        self.strike(loader, "('trigger')", &subject(table, &trigger.name))
    }

    /// Removes the ledger.
    ///
    /// # Errors
    /// If the server refuses a statement.
    pub fn end(&self, loader: &mut dyn Loader) -> Result<(), LoadError> {
        loader.execute(&format!("DROP TABLE {}", self.table))?;
        Seal::forget(&self.run);
        Ok(())
    }

    /// Checks that the ledger still exists and belongs to this run.
    ///
    /// # Errors
    /// [`RunError::LedgerChanged`], or [`RunError::ForeignLedger`].
    pub fn is_there(&self, loader: &mut dyn Loader) -> Result<(), RunError> {
        match Ledger::find(loader, self.dialect, &self.schema)? {
            Found::Lines(left) if left.ledger.run == self.run => Ok(()),
            _ => Err(RunError::LedgerChanged { table: format!("{}.{TABLE}", self.schema) }),
        }
    }

    /// The same, but lines without a valid seal are accepted if `trust` is true, because the user has inspected them.
    #[must_use]
    pub fn believed(self, trust: bool) -> Self {
        if trust { Ledger { seal: None, ..self } } else { self }
    }
}

/// Tables that are being loaded in parts, and the dropped indexes of each.
pub(super) fn parts_of(lines: &[Line]) -> Vec<(TableName, Vec<Index>)> {
    let of = |wanted: &TableName| {
        let index = |line: &Line| match line {
            Line::Index { table, index } if table == wanted => Some(index.clone()),
            _ => None,
        };
        lines.iter().filter_map(index).collect()
    };
    let tables = lines.iter().filter_map(|line| if let Line::Parts { table } = line { Some(table) } else { None });
    tables.map(|table| (table.clone(), of(table))).collect()
}

/// Triggers that are dropped, with their tables, in their order.
pub(super) fn triggers_of(lines: &[Line]) -> Vec<(TableName, DroppedTrigger)> {
    let trigger = |line: &Line| match line {
        Line::Trigger { table, trigger } => Some((table.clone(), trigger.clone())),
        _ => None,
    };
    let mut all: Vec<_> = lines.iter().filter_map(trigger).collect();
    all.sort_by(|(a, x), (b, y)| (a, x.order).cmp(&(b, y.order)));
    all
}

/// The statement that creates the table.
fn create(dialect: Dialect, table: &str) -> String {
    // The lines of a task must be rolled back with it (InnoDB), and may contain any name (utf8mb4).
    let (short, long, text, more) = match dialect {
        Dialect::Mysql => (
            "varchar(64)",
            "varchar(500)",
            "longtext",
            " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        ),
        _ => ("text", "text", "text", ""),
    };
    format!(
        "CREATE TABLE {table} (run {short}, what {short}, subject {long}, place bigint, data {text}, seal {short}){more}"
    )
}

fn unsealed(e: &std::io::Error) -> String {
    format!(
        "no key to sign the ledger with could be kept ({e}): if this run is killed, `dbmocker restore` asks for --trust-ledger"
    )
}
