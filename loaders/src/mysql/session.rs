//! One connection to a MySQL or MariaDB server: TLS, the session's settings, and statements run to their end.
//!
//! Data in: a [`Connection`]. Data out: [`MysqlSession`], with a synchronous interface; the driver's runtime is private to
//! this module.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mysql_async::consts::StatusFlags;
use mysql_async::prelude::Queryable;
use mysql_async::{ClientIdentity, Conn, Opts, OptsBuilder, SslOpts, Value};
use tokio::runtime::{Builder, Runtime};

use super::errors;
use crate::gate::Gate;
use crate::{Connection, LoadError, TlsMode};

/// Longer than a working server takes to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long closing may take before the connection is simply dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// Warnings kept by the server for `SHOW WARNINGS`: as many as it can keep, and count in its answer.
pub const KEPT_WARNINGS: u16 = u16::MAX;

/// Settings that the server reported when the session began.
#[derive(Debug, Clone, Default)]
pub struct ServerSettings {
    pub mariadb: bool,
    /// The server allows `LOAD DATA LOCAL`.
    pub local_infile: bool,
    /// `\` means itself in string literals.
    pub plain_backslash: bool,
    /// What `unique_checks` is during loads.
    pub unique_checks: bool,
    /// Bytes.
    pub max_allowed_packet: usize,
}

pub struct MysqlSession {
    pub(super) runtime: Runtime,
    /// `None` only after [`MysqlSession::close`].
    pub(super) conn: Option<Conn>,
    pub(super) facts: ServerSettings,
    /// Set by the canceller and never cleared: no load begins or continues after it.
    pub(super) cancelled: Arc<AtomicBool>,
    pub(super) gate: Arc<Gate>,
    pub(super) connection: Connection,
    /// Statements that restore the session's original settings, for servers behind a connection pool.
    restore: Option<String>,
    /// Statements without rows that are sent together with the next one.
    waiting: Vec<String>,
}

impl MysqlSession {
    pub fn open(connection: &Connection) -> Result<MysqlSession, LoadError> {
        let (runtime, conn) = MysqlSession::plain(connection)?;
        let cancelled = Arc::new(AtomicBool::new(false));
        let connection = connection.clone();
        let (facts, gate) = (ServerSettings::default(), Arc::default());
        let mut session = MysqlSession {
            runtime,
            conn: Some(conn),
            facts,
            cancelled,
            gate,
            connection,
            restore: None,
            waiting: Vec::new(),
        };
        session.prepare()?;
        Ok(session)
    }

    /// A connection with the server's settings.
    ///
    /// # Errors
    /// As [`MysqlSession::open`].
    pub fn plain(connection: &Connection) -> Result<(Runtime, Conn), LoadError> {
        let runtime = runtime().map_err(|e| errors::connect(connection, format!("no event loop: {e}")))?;
        let conn = runtime.block_on(connect(connection))?;
        Ok((runtime, conn))
    }

    /// Reads the relevant settings of the server, and sets the session to strict mode, UTC and no key checks.
    fn prepare(&mut self) -> Result<(), LoadError> {
        let names = [
            "version()",
            "@@sql_mode",
            "@@local_infile",
            "@@max_allowed_packet",
            "@@time_zone",
            "@@unique_checks",
            "@@foreign_key_checks",
            "@@max_error_count",
            "@@character_set_client",
        ];
        let row = self.query("reading the server's settings", &format!("SELECT {}", names.join(", ")))?.pop();
        let values: Vec<String> = row.unwrap_or_default().into_iter().map(Option::unwrap_or_default).collect();
        let was: BTreeMap<&str, String> = names.into_iter().zip(values).collect();
        let get = |name: &str| was.get(name).map_or("", String::as_str);

        // With a change buffer, switched-off unique checks could let a duplicate into a page that is not in memory.
        let buffering = self.query("reading the server's settings", "SHOW VARIABLES LIKE 'innodb_change_buffering'")?;
        let buffers = buffering.iter().flatten().flatten().last().is_some_and(|v| v != "none");

        self.facts = ServerSettings {
            mariadb: get("version()").to_ascii_lowercase().contains("mariadb"),
            local_infile: matches!(get("@@local_infile"), "1" | "ON"),
            plain_backslash: get("@@sql_mode").split(',').any(|m| m == "NO_BACKSLASH_ESCAPES"),
            unique_checks: buffers,
            max_allowed_packet: get("@@max_allowed_packet").parse().unwrap_or(1 << 20),
        };
        self.restore = Some(format!(
            "SET sql_mode = '{}', time_zone = '{}', unique_checks = {}, foreign_key_checks = {}, max_error_count = {}",
            get("@@sql_mode"),
            get("@@time_zone"),
            get("@@unique_checks"),
            get("@@foreign_key_checks"),
            get("@@max_error_count"),
        ));
        let set = format!(
            "SET NAMES utf8mb4; SET sql_mode = '{}', time_zone = '+00:00', unique_checks = {}, \
             foreign_key_checks = 0, max_error_count = {KEPT_WARNINGS}",
            strict(get("@@sql_mode")),
            u8::from(self.facts.unique_checks)
        );
        self.execute("preparing the session", &set).map(drop)
    }

    pub fn conn(&mut self) -> &mut Conn {
        self.conn.as_mut().expect("the connection is only taken by close, which consumes the loader")
    }

    /// Sends a statement without rows together with the next one.
    pub fn send_with_next(&mut self, sql: &str) {
        self.waiting.push(sql.to_owned());
    }

    /// Sends the statements that wait.
    pub fn send_waiting(&mut self) -> Result<(), LoadError> {
        if self.waiting.is_empty() { Ok(()) } else { self.execute("running a statement", "DO 0").map(drop) }
    }

    /// Runs one or more statements; returns the rows affected by the last.
    pub fn execute(&mut self, context: &str, sql: &str) -> Result<u64, LoadError> {
        self.waiting.push(sql.to_owned());
        let sql = std::mem::take(&mut self.waiting).join("; ");
        let done = self.running(|runtime, conn| {
            runtime.block_on(async {
                conn.query_iter(sql).await?.drop_result().await?;
                Ok(conn.affected_rows())
            })
        });
        done.map_err(|e| errors::statement(&self.connection, context, &e, self.is_cancelled()))
    }

    /// Runs an operation that a canceller may stop.
    pub fn running<T>(
        &mut self,
        statement: impl FnOnce(&Runtime, &mut Conn) -> Result<T, mysql_async::Error>,
    ) -> Result<T, mysql_async::Error> {
        let _running = self.gate.begin();
        let conn = self.conn.as_mut().expect("the connection is only taken by close, which consumes the loader");
        let done = statement(&self.runtime, conn);
        if self.gate.was_cancelled() && !done.as_ref().is_err_and(errors::is_interrupted) {
            // The cancel request arrived after the end of the statement: it must not stop the next one.
            let _ = self.runtime.block_on(conn.query_drop("DO 0"));
        }
        done
    }

    /// Runs one query; every value as the server's text, bytes that are no UTF-8 as `0x...`.
    pub fn query(&mut self, context: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>, LoadError> {
        self.waiting.push(sql.to_owned());
        let statements = std::mem::take(&mut self.waiting);
        let rows: Result<Vec<mysql_async::Row>, _> = self.running(|runtime, conn| {
            runtime.block_on(async {
                let mut results = conn.query_iter(statements.join("; ")).await?;
                for _ in 1..statements.len() {
                    results.collect::<mysql_async::Row>().await?;
                }
                results.collect_and_drop().await
            })
        });
        let rows = rows.map_err(|e| errors::statement(&self.connection, context, &e, self.is_cancelled()))?;
        Ok(rows.into_iter().map(|row| row.unwrap().into_iter().map(value_text).collect()).collect())
    }

    /// Whether a transaction is open, as the server reported it with its last answer without rows.
    pub fn in_transaction(&mut self) -> Result<bool, LoadError> {
        if !self.waiting.is_empty() || self.conn().last_ok_packet().is_none() {
            self.execute("asking for the state of the transaction", "DO 0")?;
        }
        let packet = self.conn().last_ok_packet();
        Ok(packet.is_some_and(|p| p.status_flags().contains(StatusFlags::SERVER_STATUS_IN_TRANS)))
    }

    /// Warnings of the last statement.
    pub fn warning_count(&mut self) -> u16 {
        self.conn().get_warnings()
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Stops the running statement through a second connection. A failure here is not reported: the load checks the
    /// flag at its next chunk.
    pub fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        let (connection, flag, gate) = (self.connection.clone(), self.cancelled.clone(), self.gate.clone());
        let id = self.conn.as_ref().map_or(0, Conn::id);
        Box::new(move || {
            flag.store(true, Ordering::SeqCst);
            let connection = connection.clone();
            gate.cancel(|| {
                // On a separate thread, because the caller may run inside another asynchronous runtime.
                let kill = std::thread::Builder::new().spawn(move || {
                    let runtime = runtime().ok()?;
                    runtime.block_on(async {
                        let mut conn = connect(&connection).await.ok()?;
                        conn.query_drop(format!("KILL QUERY {id}")).await.ok()?;
                        conn.disconnect().await.ok()
                    })
                });
                let _ = kill.map(std::thread::JoinHandle::join);
            });
        })
    }

    /// Rolls back what is open, restores the session's settings and closes the connection. Idempotent.
    pub fn close(&mut self) -> Result<(), LoadError> {
        let Some(mut conn) = self.conn.take() else { return Ok(()) };
        let restore = self.restore.take();
        let closed = self.runtime.block_on(async {
            tokio::time::timeout(CLOSE_TIMEOUT, async {
                let restore = restore.map_or_else(String::new, |sql| format!("; {sql}"));
                conn.query_drop(format!("ROLLBACK{restore}")).await?;
                conn.disconnect().await
            })
            .await
        });
        match closed {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(e)) => Err(errors::statement(&self.connection, "closing the session", &e, self.is_cancelled())),
        }
    }
}

impl Drop for MysqlSession {
    fn drop(&mut self) {
        // An error here cannot be reported, and the server rolls back and discards a session whose connection is
        // closed.
        let _ = self.close();
    }
}

fn value_text(value: Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8(bytes).unwrap_or_else(|e| {
            let mut hex = b"0x".to_vec();
            crate::text::put_hex(&mut hex, e.as_bytes());
            String::from_utf8_lossy(&hex).into_owned()
        })),
        other => Some(other.as_sql(true).trim_matches('\'').to_owned()),
    }
}

/// The session's mode: errors instead of adjusted values, 0 kept in AUTO_INCREMENT columns, `''` distinct from NULL.
fn strict(mode: &str) -> String {
    let dropped = |m: &&str| !m.is_empty() && *m != "EMPTY_STRING_IS_NULL";
    let mut modes: Vec<&str> = mode.split(',').filter(dropped).collect();
    for wanted in ["STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "NO_AUTO_VALUE_ON_ZERO"] {
        if !modes.contains(&wanted) {
            modes.push(wanted);
        }
    }
    modes.join(",")
}

fn runtime() -> Result<Runtime, std::io::Error> {
    Builder::new_current_thread().enable_all().build()
}

/// Connects with the given TLS mode.
async fn connect(connection: &Connection) -> Result<Conn, LoadError> {
    // Idempotent; without it rustls cannot select one of several compiled-in providers.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match negotiate(connection, &connection.database).await {
        Ok(conn) => with_settings(connection, conn).await,
        Err(mysql_async::Error::Server(e)) if e.code == errors::UNKNOWN_DATABASE => {
            Err(errors::unknown_database(connection, &databases(connection).await))
        }
        Err(e) => Err(errors::connecting(connection, &e)),
    }
}

/// Sets what the user wants every session to have.
async fn with_settings(connection: &Connection, mut conn: Conn) -> Result<Conn, LoadError> {
    if let Some(statement) = connection.session.mysql_statement() {
        conn.query_drop(statement).await.map_err(|e| errors::connecting(connection, &e))?;
    }
    Ok(conn)
}

/// `Prefer` falls back to plain text where encryption is not available. `VerifyCa` accepts a certificate of the
/// authority for any host. The driver does not support this, so it gets the host name of the certificate, whose chain
/// has been verified before.
async fn negotiate(connection: &Connection, database: &str) -> Result<Conn, mysql_async::Error> {
    let options = (connection.tls != TlsMode::Disable).then(|| ssl(connection));
    match (open(connection, database, options.clone()).await, connection.tls) {
        (Err(e), TlsMode::Prefer) if errors::is_tls(&e) => open(connection, database, None).await,
        (Err(e), TlsMode::VerifyCa) => match errors::name_of_certificate(&e) {
            Some(name) => {
                let options = options.map(|o| o.with_danger_tls_hostname_override(Some(name)));
                open(connection, database, options).await
            }
            None => Err(e),
        },
        (result, _) => result,
    }
}

async fn open(connection: &Connection, database: &str, tls: Option<SslOpts>) -> Result<Conn, mysql_async::Error> {
    let mut builder = OptsBuilder::default()
        .user(Some(connection.user.as_str()))
        .pass(connection.password.as_deref())
        .db_name((!database.is_empty()).then_some(database))
        .prefer_socket(false)
        .tcp_nodelay(true);
    if connection.host.starts_with('/') {
        builder = builder.socket(Some(connection.host.as_str()));
    } else {
        builder = builder.ip_or_hostname(connection.host.as_str()).tcp_port(connection.port);
        builder = builder.ssl_opts(tls);
    }
    let limit = connection.session.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
    match tokio::time::timeout(limit, Conn::new(Opts::from(builder))).await {
        Ok(result) => result,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

fn ssl(connection: &Connection) -> SslOpts {
    let own = connection.tls_identity.as_ref();
    roots(connection)
        .with_client_identity(own.map(|i| ClientIdentity::new(i.certificate.clone().into(), i.key.clone().into())))
}

fn roots(connection: &Connection) -> SslOpts {
    let options = match connection.tls {
        TlsMode::Disable | TlsMode::Prefer | TlsMode::Require => {
            return SslOpts::default().with_danger_accept_invalid_certs(true);
        }
        TlsMode::VerifyCa | TlsMode::VerifyFull => SslOpts::default(),
    };
    match &connection.tls_root {
        Some(path) => options.with_root_certs(vec![path.clone().into()]).with_disable_built_in_roots(true),
        None => {
            let system = rustls_native_certs::load_native_certs().certs;
            options.with_root_certs(system.into_iter().map(|c| c.to_vec().into()).collect())
        }
    }
}

/// The databases this user may see, for a helpful error; empty if the query fails.
async fn databases(connection: &Connection) -> Vec<String> {
    let Ok(mut conn) = negotiate(connection, "").await else { return Vec::new() };
    let names = conn.query("SHOW DATABASES").await.unwrap_or_default();
    let _ = conn.disconnect().await;
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_becomes_strict_and_keeps_the_rest() {
        assert_eq!(strict(""), "STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO");
        assert_eq!(
            strict("NO_BACKSLASH_ESCAPES,EMPTY_STRING_IS_NULL,STRICT_TRANS_TABLES"),
            "NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO"
        );
    }
}
