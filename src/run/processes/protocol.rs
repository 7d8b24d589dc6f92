//! The messages between parent and worker, one JSON value per line. Passwords are sent through the pipe, never in
//! arguments or the environment.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dbmocker_loaders::{AuthMethod, ChannelBinding, ClientCertificate, Connection, SessionOptions, TlsMode};
use serde::{Deserialize, Serialize};

use crate::report::TableReport;
use crate::run::refused::refused;
use crate::run::session::SessionId;
use crate::run::tasks::Task;
use crate::run::{Flow, Pace, RunError, Stop, pool};
use dbmocker_core::schema::{Dialect, TableName};
use dbmocker_files::Budget;

/// The first line to a worker. The plan and the schema follow, one line each, then tasks.
#[derive(Serialize, Deserialize)]
pub struct Begin {
    pub address: Address,
    pub share: TableShare,
    /// The run's ledger, as the argument of [`crate::run::ledger::Ledger::joined`].
    pub ledger: Option<(String, Option<String>)>,
    /// The run's journal, as the argument of [`crate::run::journal::Journal::joined`].
    pub journal: Option<(String, Option<String>)>,
    /// Tables whose triggers are switched off while they are loaded.
    pub triggers_disabled: Vec<TableName>,
    /// Tables whose triggers are disabled once they have refused rows.
    pub may_be_disabled: Vec<TableName>,
}

/// A worker's share of threads and memory.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct TableShare {
    pub threads: usize,
    /// Bytes of rows in memory.
    pub memory: u64,
    pub ahead: usize,
    pub batch_bytes: u64,
    pub batch_rows: Option<u64>,
    /// Rows a second at most.
    pub rate: Option<NonZero<u64>>,
}

impl TableShare {
    /// # Errors
    /// The system cannot start the threads.
    pub fn flow(&self, stop: Stop) -> Result<Flow, RunError> {
        Ok(Flow {
            pool: pool(self.threads)?,
            budget: Budget::new(self.memory),
            stop,
            ahead: self.ahead,
            batch_bytes: self.batch_bytes,
            batch_rows: self.batch_rows,
            pace: Arc::new(Pace::new(self.rate)),
            wait_stats: Arc::default(),
        })
    }
}

/// A [`Connection`] with its password. Not `Debug`, so that it is never printed.
#[derive(Serialize, Deserialize)]
pub struct Address {
    dialect: Dialect,
    host: String,
    port: u16,
    user: String,
    password: Option<String>,
    database: String,
    tls: u8,
    tls_root: Option<PathBuf>,
    /// Certificate and key.
    tls_identity: Option<(PathBuf, PathBuf)>,
    channel_binding: u8,
    require_auth: Option<Vec<u8>>,
    trust_schema: bool,
    session: WireSessionOptions,
}

/// As [`SessionOptions`].
#[derive(Serialize, Deserialize)]
struct WireSessionOptions {
    schema: Option<String>,
    options: Option<String>,
    application_name: Option<String>,
    connect_timeout: Option<Duration>,
    #[serde(default)]
    settings: Vec<(String, String)>,
}

impl From<SessionOptions> for WireSessionOptions {
    fn from(o: SessionOptions) -> Self {
        let SessionOptions { schema, options, application_name, connect_timeout, settings } = o;
        WireSessionOptions { schema, options, application_name, connect_timeout, settings }
    }
}

impl From<WireSessionOptions> for SessionOptions {
    fn from(o: WireSessionOptions) -> Self {
        let WireSessionOptions { schema, options, application_name, connect_timeout, settings } = o;
        SessionOptions { schema, options, application_name, connect_timeout, settings }
    }
}

const TLS: [TlsMode; 5] = [TlsMode::Disable, TlsMode::Prefer, TlsMode::Require, TlsMode::VerifyCa, TlsMode::VerifyFull];

const BINDING: [ChannelBinding; 3] = [ChannelBinding::Disable, ChannelBinding::Prefer, ChannelBinding::Require];
const METHODS: [AuthMethod; 4] = [AuthMethod::None, AuthMethod::Password, AuthMethod::Md5, AuthMethod::ScramSha256];

fn number<T: PartialEq>(all: &[T], one: &T) -> u8 {
    let at = all.iter().position(|x| x == one).expect("every one is listed");
    u8::try_from(at).expect("a handful")
}

impl Address {
    pub fn of(dialect: Dialect, c: &Connection) -> Self {
        Address {
            dialect,
            host: c.host.clone(),
            port: c.port,
            user: c.user.clone(),
            password: c.password.clone(),
            database: c.database.clone(),
            tls: number(&TLS, &c.tls),
            tls_root: c.tls_root.clone(),
            tls_identity: c.tls_identity.clone().map(|i| (i.certificate, i.key)),
            channel_binding: number(&BINDING, &c.channel_binding),
            require_auth: c.require_auth.as_ref().map(|all| all.iter().map(|m| number(&METHODS, m)).collect()),
            trust_schema: c.trust_schema,
            session: c.session.clone().into(),
        }
    }

    pub fn connection(self) -> Connection {
        // Unknown numbers become the strictest value: verified TLS, channel binding required, no such login method.
        let methods = |all: Vec<u8>| all.iter().filter_map(|m| METHODS.get(usize::from(*m)).copied()).collect();
        Connection {
            dialect: self.dialect,
            host: self.host,
            port: self.port,
            user: self.user,
            password: self.password,
            database: self.database,
            tls: TLS.get(usize::from(self.tls)).copied().unwrap_or(TlsMode::VerifyFull),
            tls_root: self.tls_root,
            tls_identity: self.tls_identity.map(|(certificate, key)| ClientCertificate { certificate, key }),
            channel_binding: BINDING.get(usize::from(self.channel_binding)).copied().unwrap_or(ChannelBinding::Require),
            require_auth: self.require_auth.map(methods),
            trust_schema: self.trust_schema,
            session: self.session.into(),
        }
    }
}

/// To a worker, after the plan.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerOrder {
    Task(Task),
}

/// From a worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerReply {
    /// The worker is connected; this is its session on the server.
    Ready { session: Option<SessionId> },
    /// The change in the number of stored rows of the table at this position; negative where some are loaded again.
    Progress { table: usize, rows: i64, bytes: i64 },
    /// The task is committed. `peak`: the worker's largest resident memory so far, in bytes; 0 where the system does
    /// not report it.
    Done { reports: Vec<TableReport>, notes: Vec<String>, peak: u64 },
    /// The task, or the start, failed and was rolled back.
    Failed { message: String, failure: WorkerFailure },
}

/// The category of an error, which decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerFailure {
    Generation,
    Writing,
    /// The server refused rows.
    Refused,
    Stopped,
}

impl WorkerReply {
    pub fn failed(error: RunError, dialect: dbmocker_loaders::Dialect) -> Self {
        let failure = match &error {
            RunError::Interrupted | RunError::Load(dbmocker_loaders::LoadError::Cancelled) => WorkerFailure::Stopped,
            RunError::Generate(_) => WorkerFailure::Generation,
            _ if refused(dialect, &error).is_some() => WorkerFailure::Refused,
            _ => WorkerFailure::Writing,
        };
        WorkerReply::Failed { message: format!("{:#}", anyhow::Error::new(error)), failure }
    }
}
