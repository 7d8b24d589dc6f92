//! Resolves arguments with the environment, the schema and the machine, and maps errors to exit codes. It reads from
//! the server, and never writes.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dbmocker_loaders::{Connection, Dialect};

use super::planned::Planned;
use super::printer::Printer;
use super::request::Request;
use super::scratch;
use super::scratch::Scratch;
use super::{args, parse, size};
use crate::error::{Exit, Failure, OrExit};
use crate::forecast;
use crate::run;
use crate::run::{Holder, JOURNAL_TABLE, LEDGER_TABLE, Patience, RunError, RunLock, Stop, Unfit};
use dbmocker_core::humanize;
use dbmocker_core::schema;
use dbmocker_core::schema::{OracleQuery, Schema};
use dbmocker_core::value::Value;
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;
use dbmocker_planner as plan;
use dbmocker_planner::{
    DeclaredReference, ExistingRows, KeyRequest, LoaderPool, Overrides, PlanError, PlanOptions, QueryError, Selection,
    TableProblem, chunking, deferred_indexes,
};
use dbmocker_schema::{CheckAnswers, ServerCheckOracle};
use dbmocker_schema::{ConnectArgs, RequestedDatabase, SchemaError};

/// A working connection, and its schema.
#[derive(Debug)]
pub struct Source {
    pub connection: Connection,
    pub schema: Schema,
    /// References that the config file declares.
    pub references: Vec<DeclaredReference>,
    /// Excludes other runs, if rows are to be written.
    pub lock: Option<RunLock>,
    /// The throw-away database of `--ddl`.
    pub scratch: Option<Scratch>,
}

impl Source {
    /// The database as people know it: its URL, or the files of `--ddl`.
    pub fn origin(&self) -> String {
        if self.scratch.is_some() { self.schema.database.clone() } else { self.connection.to_string() }
    }

    /// Takes the references of the config file, which `verify` counts.
    ///
    /// # Errors
    /// [`Exit::Usage`] for a name that the schema does not have, or columns that cannot refer to each other.
    pub fn declare(&mut self, overrides: &Overrides) -> Result<(), Failure> {
        self.references = overrides.declared_references(&self.schema).map_err(plan_failure)?;
        Ok(())
    }
}

/// Resolves the server, prompts for a missing password, and reads the schema.
///
/// # Errors
/// [`Exit::Usage`] if the arguments name no database, [`Exit::Source`] if it cannot be reached or read.
pub fn open(typed: &args::DatabaseArgs, printer: &Printer) -> Result<Source, Failure> {
    let connection = connection(typed, printer)?;
    read(connection, None, printer)
}

/// As [`open`], or, with `--ddl`, of a throw-away database that is made of files.
///
/// # Errors
/// As [`open`], and as [`Scratch::make`].
pub fn open_schema(typed: &args::DatabaseArgs, ddl: &args::Ddl, printer: &Printer) -> Result<Source, Failure> {
    if ddl.ddl.is_empty() {
        return open(typed, printer);
    }
    let made = Scratch::make(ddl, printer)?;
    let mut source = read(made.connection().clone(), None, printer)?;
    source.schema.database = scratch::name(ddl);
    Ok(Source { scratch: Some(made), ..source })
}

/// As [`open`], from catalogues only: no statement reads a table's rows.
///
/// # Errors
/// As [`open`].
pub fn open_catalogue(typed: &args::DatabaseArgs, printer: &Printer) -> Result<Source, Failure> {
    let connection = connection(typed, printer)?;
    let schema = dbmocker_schema::read_catalogue(&connection).map_err(schema_failure)?;
    Ok(source(connection, schema, None))
}

/// As [`open`], for writing rows: takes the run's lock before the schema is read.
///
/// # Errors
/// As [`open`], and if another run is active on the database.
pub fn open_to_fill(typed: &args::DatabaseArgs, turn: &args::LockArgs, printer: &Printer) -> Result<Source, Failure> {
    let (connection, lock) = locked(typed, turn, false, printer)?;
    // Nothing has to be restored yet: an interrupt ends the program at once.
    run::no_active_run(&connection, &Stop::default()).map_err(run_failure)?;
    read(connection, Some(lock), printer)
}

/// The connection to the database, and the run's lock on it; `force` terminates the server session that holds it.
///
/// # Errors
/// As [`connection`], and if another run is active on the database.
pub fn locked(
    typed: &args::DatabaseArgs,
    turn: &args::LockArgs,
    force: bool,
    printer: &Printer,
) -> Result<(Connection, RunLock), Failure> {
    let told = |holder: &Holder| printer.note(format_args!("waiting for the run of {holder}"));
    let patience = Patience { wait: Duration::from_secs(turn.wait.into()), force, told: Some(&told) };
    let lock = |connection: &Connection| RunLock::take(connection, &patience).map_err(run_failure);
    let found = found(typed, printer)?;
    // A SQLite file that another run writes cannot be opened: its run lock identifies that run, and is waited for.
    let file = &found.connection;
    let early = file.dialect == Dialect::Sqlite && Path::new(&file.database).is_file();
    let early = early.then(|| lock(file)).transpose()?;
    let connection = dbmocker_schema::authenticate(&found).map_err(schema_failure)?;
    let lock = early.map_or_else(|| lock(&connection), Ok)?;
    Ok((connection, lock))
}

fn read(connection: Connection, lock: Option<RunLock>, printer: &Printer) -> Result<Source, Failure> {
    printer.phase(format_args!("reading the schema of {connection}"));
    let schema = dbmocker_schema::read(&connection);
    printer.phase_over();
    Ok(source(connection, schema.map_err(schema_failure)?, lock))
}

fn source(connection: Connection, mut schema: Schema, lock: Option<RunLock>) -> Source {
    // Ledger and journal are dbmocker's own, nothing to fill.
    let own = |name: &schema::TableName| [LEDGER_TABLE, JOURNAL_TABLE].contains(&&*name.name);
    schema.tables.retain(|t| !own(&t.name) || t.name.schema != schema.default_schema);
    schema.skipped.retain(|t| !own(&t.name) || t.name.schema != schema.default_schema);
    // If the URL names one schema, tables of other schemas are only referred to, not filled.
    if let Some(only) = &connection.session.schema {
        schema.tables.iter_mut().filter(|t| t.name.schema != *only).for_each(|t| t.outside = true);
    }
    Source { connection, schema, references: Vec::new(), lock, scratch: None }
}

/// The connection to the database, without reading its schema.
///
/// # Errors
/// As [`open`].
pub fn connection(typed: &args::DatabaseArgs, printer: &Printer) -> Result<Connection, Failure> {
    let found = found(typed, printer)?;
    dbmocker_schema::authenticate(&found).map_err(|e| match e {
        SchemaError::Locked { .. } => match RunLock::take(&found.connection, &Patience::default()) {
            Err(RunError::Busy { holder, .. }) => {
                Failure::new(Exit::Source, anyhow::anyhow!("{e}; the run of {holder} is writing to it"))
            }
            _ => schema_failure(e),
        },
        e => schema_failure(e),
    })
}

/// The database that the flags or the environment name.
fn found(typed: &args::DatabaseArgs, printer: &Printer) -> Result<RequestedDatabase, Failure> {
    let mut found = dbmocker_schema::connection(&connect_args(typed)).map_err(schema_failure)?;
    found.connection.trust_schema = typed.trust_schema;
    if !typed.session.is_empty() && found.connection.dialect == Dialect::Sqlite {
        return Err(Failure::usage(
            "SQLite has no settings of sessions; leave out --session, and `session` of the config file",
        ));
    }
    if let Some((name, _)) =
        typed.session.iter().find(|(name, _)| found.connection.dialect == Dialect::Postgres && name.starts_with('@'))
    {
        return Err(Failure::usage(format!(
            "session: `{name}` is a variable of MySQL; PostgreSQL has settings such as app.tenant_id"
        )));
    }
    found.connection.session.settings.clone_from(&typed.session);
    found.notes.iter().for_each(|note| printer.note(note));
    // The password prompt may follow: no phase is shown during it.
    printer.detail(format_args!("connecting to {}", found.connection));
    Ok(found)
}

/// `DBMOCKER_URL` is used if the command line names no database.
fn connect_args(typed: &args::DatabaseArgs) -> ConnectArgs {
    let from_environment = || std::env::var("DBMOCKER_URL").ok().filter(|url| !url.is_empty());
    let typed_nothing = typed.url.is_none() && typed.driver.is_none();
    ConnectArgs {
        url: typed.url.clone().or_else(|| typed_nothing.then(from_environment).flatten()),
        driver: typed.driver.clone(),
        host: typed.host.clone(),
        port: typed.port,
        database: typed.database.clone(),
        username: typed.username.clone(),
        password: typed.password.clone(),
    }
}

/// Shows the planning phase.
pub fn planning(source: &Source, printer: &Printer) {
    printer.phase(format_args!("planning {}", humanize::plural(source.schema.tables.len() as u64, "table")));
}

impl args::TablesArgs {
    pub fn selection(&self) -> Selection {
        let names = |given: &[parse::TableList]| given.iter().flat_map(|t| t.0.iter().cloned()).collect();
        Selection { include: names(&self.tables), exclude: names(&self.exclude_tables), schemas: names(&self.schema) }
    }
}

/// Plans the rows; with `--strict`, only if every table gets all requested rows.
///
/// # Errors
/// [`Exit::Usage`] for a table that does not exist, [`Exit::Source`] if there is no valid plan.
pub fn plan(
    source: &Source,
    tables: &args::TablesArgs,
    request: &Request,
    truncate: bool,
    memory: u64,
) -> Result<(Plan, Arc<Generator>), Failure> {
    let answers = CheckAnswers::default();
    Planning { source, tables, request, truncate, memory, postpone_from: None, loaders: None, files: None, answers }
        .build(&[])
}

/// Checks that the tables can be emptied, before anything is written.
///
/// # Errors
/// [`Exit::Source`] with the obstacle.
pub fn may_empty(source: &Source, tables: &[schema::TableName]) -> Result<(), Failure> {
    run::may_empty(&source.connection, &source.schema, tables).or_exit(Exit::Source)
}

/// The input of the planner; used again if the server has refused rows.
pub struct Planning<'a> {
    pub source: &'a Source,
    pub tables: &'a args::TablesArgs,
    pub request: &'a Request,
    pub truncate: bool,
    /// Bytes of `--memory-limit`.
    pub memory: u64,
    /// The argument of [`deferred_indexes::defer_indexes`].
    pub postpone_from: Option<u64>,
    /// The argument of [`chunking::chunk`]; `None` if nothing is loaded.
    pub loaders: Option<LoaderPool>,
    /// The function that gives the bytes of a plan's rows as files, with its name in messages; `None`: `--size` is the
    /// size of the database.
    pub files: Option<(&'a str, &'a FileBytes<'a>)>,
    /// The server's answers about CHECKs, for the next planning.
    pub answers: CheckAnswers,
}

/// The bytes of a plan's rows as files.
pub type FileBytes<'a> = dyn Fn(&Plan, &Arc<Generator>) -> Result<f64, Failure> + 'a;

impl Planning<'_> {
    /// The plan of a load, without the tables that the server has refused.
    ///
    /// # Errors
    /// As [`plan()`].
    pub fn plan(&self, refused: &[TableProblem]) -> Result<(Plan, Arc<Generator>), Failure> {
        let (plan, generator) = self.build(refused)?;
        Ok((self.finished(plan)?, generator))
    }

    /// The plan of a file, for this database.
    ///
    /// # Errors
    /// The file holds no plan, or the database is not that of the plan: every difference is named.
    pub fn saved(&self, path: &Path) -> Result<(Plan, Arc<Generator>), Failure> {
        let Planned { mut plan, .. } = Planned::read(path)?;
        let Source { connection, schema, .. } = self.source;
        let read = |table: &schema::Table, columns: &[usize], limit, each: &mut dyn FnMut(Vec<Value>)| {
            dbmocker_schema::read_rows(connection, table, columns, limit, each)
        };
        run::fit(&mut plan, schema, self.truncate, &read).map_err(|unfit| match unfit {
            Unfit::Read(e) => schema_failure(e),
            Unfit::Misfits(misfits) => {
                let lines: Vec<String> = misfits.iter().map(|m| format!("\n  {m}")).collect();
                let message = format!("the plan `{}` does not fit this database:{}", path.display(), lines.concat());
                Failure::new(Exit::Source, anyhow::anyhow!("{message}"))
            }
        })?;
        let generator = Arc::new(Generator::new(&plan));
        Ok((self.finished(plan)?, generator))
    }

    /// Decides how the rows reach this server.
    fn finished(&self, mut plan: Plan) -> Result<Plan, Failure> {
        deferred_indexes::defer_indexes(&mut plan, &self.source.schema, self.postpone_from);
        if let Some(loaders) = &self.loaders {
            chunking::chunk(&mut plan, &self.source.schema, loaders);
        }
        if self.truncate {
            let names: Vec<_> = plan.tables.iter().map(|t| t.name.clone()).collect();
            may_empty(self.source, &names)?;
        }
        Ok(plan)
    }

    pub(super) fn build(&self, refused: &[TableProblem]) -> Result<(Plan, Arc<Generator>), Failure> {
        let Some(size) = self.request.size else { return self.build_rows(self.request, refused) };
        let stored = |plan: &Plan, generator: &Arc<Generator>| {
            let mut plan = plan.clone();
            deferred_indexes::defer_indexes(&mut plan, &self.source.schema, self.postpone_from);
            forecast::stored(&plan, generator, &self.source.schema).or_exit(Exit::Source)
        };
        let (how, measure): (&str, &FileBytes<'_>) = match self.files {
            Some(files) => files,
            None => ("of tables and indexes (by the server's layout of some rows)", &stored),
        };
        size::plan_of_size(self.request, size, how, &|request| self.build_rows(request, refused), measure)
    }

    fn build_rows(&self, request: &Request, refused: &[TableProblem]) -> Result<(Plan, Arc<Generator>), Failure> {
        let Planning { source, tables, truncate, answers, .. } = self;
        let truncate = *truncate;
        let options = PlanOptions {
            rows: request.rows,
            shape: request.shape,
            seed: request.seed,
            now: request.now,
            selection: tables.selection(),
            truncate,
            overrides: request.overrides.clone(),
            profile: request.profile.clone(),
            skip_unsolved: request.skip_unsolved,
            no_coherence: request.no_coherence,
            edge_cases: request.edge_cases,
            memory: Some(self.memory),
            refused: refused.to_vec(),
            locales: request.locales.clone(),
            valid_phones: request.valid_phones,
        };
        let existing = ExistingRowReader {
            connection: &source.connection,
            check_oracle: ServerCheckOracle::new(&source.connection, answers).into(),
        };
        let built = plan::build(&source.schema, &options, &existing);
        let (plan, generator) = built.map_err(|e| with_reasons(e, &source.schema, tables))?;
        if request.strict {
            all_rows(&plan)?;
        }
        Ok((plan, Arc::new(generator)))
    }
}

/// Existing rows to which planning may refer, read from the server on demand.
struct ExistingRowReader<'a> {
    connection: &'a Connection,
    check_oracle: RefCell<ServerCheckOracle>,
}

impl ExistingRows for ExistingRowReader<'_> {
    fn read(&self, keys: &KeyRequest<'_>, each: &mut dyn FnMut(Vec<Value>)) -> Result<(), QueryError> {
        dbmocker_schema::read_rows(self.connection, keys.table, keys.columns, keys.limit, each).map_err(QueryError::new)
    }

    fn check_oracle(&self, oracle_query: &OracleQuery<'_>) -> Result<Option<Vec<bool>>, QueryError> {
        self.check_oracle.borrow_mut().check_oracle(oracle_query).map_err(QueryError::new)
    }

    fn sources(&self, expression: &str) -> Result<Vec<String>, QueryError> {
        self.check_oracle.borrow_mut().sources(expression).map_err(QueryError::new)
    }
}

fn all_rows(plan: &Plan) -> Result<(), Failure> {
    let limited = |t: &dbmocker_plan::TablePlan| {
        Some(format!("\n  `{}`: {} of {} rows: {}", t.name, t.rows, t.requested, t.limited_by.as_ref()?))
    };
    let short: Vec<String> = plan.tables.iter().filter_map(limited).collect();
    if short.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Source,
        anyhow::anyhow!(
            "--strict, and these tables cannot hold the rows; ask for fewer, or leave --strict out:{}",
            short.concat()
        ),
    ))
}

/// The reasons of all tables, if no table is left to fill.
fn with_reasons(e: PlanError, schema: &Schema, tables: &args::TablesArgs) -> Failure {
    let left_out = match (&e, plan::select(schema, &tables.selection())) {
        (PlanError::Nothing, Ok((_, left_out))) => left_out,
        _ => return plan_failure(e),
    };
    let reasons = schema::left_alone(left_out.iter().map(|l| (format!("`{}`", l.name), &*l.reason)));
    let reasons: String = reasons.iter().map(|line| format!("\n  {line}")).collect();
    Failure::new(Exit::Source, anyhow::anyhow!("{e}{reasons}"))
}

pub fn plan_failure(e: PlanError) -> Failure {
    let exit = if e.is_about_names() { Exit::Usage } else { Exit::Source };
    Failure::new(exit, e)
}

pub fn schema_failure(e: SchemaError) -> Failure {
    let exit = if matches!(e, SchemaError::Usage { .. }) { Exit::Usage } else { Exit::Source };
    Failure::new(exit, e)
}

pub fn run_failure(e: RunError) -> Failure {
    let exit = match e {
        RunError::Interrupted => Exit::Interrupted,
        RunError::Generate(_)
        | RunError::Refused { .. }
        | RunError::NoTrial { .. }
        | RunError::Orphans { .. }
        | RunError::Worker { generation: true, .. } => Exit::Source,
        _ => Exit::Target,
    };
    Failure::new(exit, e)
}
