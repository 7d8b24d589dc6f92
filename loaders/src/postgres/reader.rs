//! A read-only session. Each message is a separate read-only transaction with its own settings, so that functions of
//! the schema cannot write, cannot affect the next message, and leave a pooler's server session unchanged.

use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use tokio_postgres::SimpleQueryMessage;

use super::connect::{self, ConnectFailure};
use super::failure::{self, chain};
use super::path::{self, Path};
use super::session::PostgresSession;
use crate::ident::literal;
use crate::{Connection, Dialect, LoadError};

/// Receives the column names and a row; returns `false` to stop reading.
pub type TakeRow<'t> = dyn FnMut(&[String], Vec<Option<String>>) -> bool + 't;

/// Makes the text of results independent of the server's defaults; dates in the one format that is parsed.
const SETTINGS: &str = "SET LOCAL client_encoding = 'UTF8'; SET LOCAL TimeZone = 'UTC'; \
    SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL standard_conforming_strings = on; \
    SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1";
/// After this, only the transaction's temporary tables can be written.
const READ_ONLY: &str = "SET TRANSACTION READ ONLY; ";
/// How long after the server's timeout the client stops waiting: a function may catch the server's cancellation.
const GRACE: Duration = Duration::from_secs(2);

/// An open session.
pub struct SessionReader {
    /// `None` after the session was abandoned.
    session: Option<PostgresSession>,
    to: Connection,
    path: Path,
}

/// How a statement runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct StatementMode<'a> {
    /// It may call functions of the schema, which run with the user's search path.
    pub calls_functions: bool,
    /// It reads the rows of tables, whose indexes and generated columns may call such functions: if a name is undefined, it
    /// runs again as one that calls functions.
    pub reads_rows: bool,
    /// It is cancelled after this time.
    pub limit: Option<Duration>,
    /// Statements that make temporary objects before it; its functions find these first, and they are dropped after it.
    pub scene: Option<&'a str>,
}

/// Why there is no session.
#[derive(Debug)]
pub enum NoSession {
    /// The server's refusal: SQLSTATE and message.
    Refused { code: String, message: String },
    /// The server wants a password and none was given.
    NoPassword,
    /// The requested encryption is not available.
    Tls(String),
    /// There is no answer, or not one of a PostgreSQL server.
    NoServer(String),
}

/// Why a statement returned no result.
#[derive(Debug)]
pub enum ReadError {
    /// The server's error: SQLSTATE and message.
    Server { code: String, message: String },
    /// It exceeded its time limit.
    Late(Duration),
    /// The session has ended.
    Lost(String),
}

/// SQLSTATE of a statement that the server cancelled.
const CANCELED: &str = "57014";

impl SessionReader {
    /// Opens a session.
    ///
    /// # Errors
    /// [`NoSession`].
    pub fn open(to: &Connection) -> Result<SessionReader, NoSession> {
        let (session, path) = begun(to)?;
        Ok(SessionReader { session: Some(session), to: to.clone(), path })
    }

    /// The session's original search path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs statements; passes each row with its column names to `take`, which returns whether to continue.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(&mut self, sql: &str, manner: StatementMode<'_>, take: &mut TakeRow<'_>) -> Result<(), ReadError> {
        if self.session.is_none() {
            let (session, _) = begun(&self.to).map_err(|e| ReadError::Lost(e.to_string()))?;
            self.session = Some(session);
        }
        let session = self.session.as_mut().expect("it was just opened");
        let found = if manner.calls_functions { &self.path.of_functions } else { path::OWN };
        // If it has to be terminated, it is found by its text: behind a pooler the next message may reach another
        // process.
        let mark = manner.limit.map(|_| mark());
        let mut message = mark.clone().unwrap_or_default();
        match manner.scene {
            Some(scene) => {
                let own = path::OWN;
                message += &format!("{SETTINGS}; SET LOCAL search_path = {own}; {scene}; {READ_ONLY}");
                message += &format!("SET LOCAL search_path = pg_temp, {found}; ");
            }
            None => message += &format!("{READ_ONLY}{SETTINGS}; SET LOCAL search_path = {found}; "),
        }
        if let Some(limit) = manner.limit {
            message += &format!("SET LOCAL statement_timeout = {}; ", limit.as_millis().max(1));
        }
        message += sql;
        if manner.scene.is_some() {
            message += "; ROLLBACK";
        }
        match stream(session, &message, manner.limit, take) {
            Some(done) => done,
            None => {
                if let Some(session) = self.session.take() {
                    session.abandon();
                }
                if let Some(mark) = mark {
                    end(&self.to, &mark);
                }
                Err(ReadError::Late(manner.limit.unwrap_or_default()))
            }
        }
    }
}

/// A comment that no other statement on the server begins with.
fn mark() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = std::time::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_nanos());
    format!("/* dbmocker {} {now} {} */ ", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn begun(to: &Connection) -> Result<(PostgresSession, Path), NoSession> {
    let mut session = connect::session(to, &to.database).map_err(|e| no_session(to, e))?;
    let settings = format!("{READ_ONLY}{SETTINGS}; SET LOCAL search_path = {}", path::OWN);
    session.begin(&settings, to).map_err(|e| NoSession::NoServer(chain(&e.error)))?;
    let path = session.path().clone();
    Ok((session, path))
}

/// `None` if it took too long.
fn stream(
    session: &mut PostgresSession,
    message: &str,
    limit: Option<Duration>,
    take: &mut TakeRow<'_>,
) -> Option<Result<(), ReadError>> {
    let mut names: Vec<String> = Vec::new();
    let outcome = session.run(limit.map(|l| l + GRACE), async |client| {
        let mut messages = pin!(client.simple_query_raw(message).await?);
        while let Some(message) = messages.next().await {
            match message? {
                SimpleQueryMessage::RowDescription(columns) => {
                    names = columns.iter().map(|c| c.name().to_lowercase()).collect();
                }
                SimpleQueryMessage::Row(row) => {
                    let values = (0..row.len()).map(|i| Ok(row.try_get(i)?.map(str::to_owned)));
                    let values = values.collect::<Result<Vec<_>, tokio_postgres::Error>>()?;
                    if !take(&names, values) {
                        break;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    })?;
    Some(outcome.map_err(|problem| match problem.error.as_db_error() {
        // A function may catch the cancellation and end with another error; this branch handles the server's own
        // timeout error.
        Some(db) if db.code().code() == CANCELED && limit.is_some() && db.message().contains("timeout") => {
            ReadError::Late(limit.unwrap_or_default())
        }
        Some(db) => {
            ReadError::Server { code: db.code().code().to_owned(), message: failure::text(db, problem.stopped) }
        }
        None => ReadError::Lost(chain(&problem.error)),
    }))
}

/// Terminates the server process that is still running the abandoned statement with this mark. Best effort.
fn end(to: &Connection, mark: &str) {
    let Ok((mut session, _)) = begun(to) else { return };
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND left(query, {}) = {}",
        mark.len(),
        literal(Dialect::Postgres, mark)
    );
    let _ = session.query(&sql);
}

fn no_session(to: &Connection, e: connect::Refused) -> NoSession {
    let failure = match e {
        connect::Refused::Setup(LoadError::Connect { message, .. }) => return NoSession::Tls(message),
        connect::Refused::Setup(e) => return NoSession::NoServer(e.to_string()),
        connect::Refused::Server(failure) => failure,
    };
    match &failure {
        ConnectFailure::Reach(e) if e.kind() == io::ErrorKind::TimedOut => {
            NoSession::NoServer(connect::explain(to, &failure, &[]))
        }
        ConnectFailure::Reach(e) => NoSession::NoServer(e.to_string()),
        ConnectFailure::Slow => NoSession::NoServer(connect::explain(to, &failure, &[])),
        ConnectFailure::Driver(e) => match e.as_db_error() {
            Some(db) => NoSession::Refused { code: db.code().code().to_owned(), message: db.message().to_owned() },
            None if connect::wants_password(e) => NoSession::NoPassword,
            None if connect::is_about_tls(e) => NoSession::Tls(connect::explain(to, &failure, &[])),
            None => NoSession::NoServer(connect::explain(to, &failure, &[])),
        },
    }
}

impl std::fmt::Display for NoSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoSession::Refused { message, .. } | NoSession::Tls(message) | NoSession::NoServer(message) => {
                f.write_str(message)
            }
            NoSession::NoPassword => f.write_str("the server asks for a password and none was given"),
        }
    }
}

/// Names of databases of the server, for an error's hint. Empty if they cannot be read.
pub fn databases(to: &Connection) -> Vec<String> {
    connect::databases(to)
}
