//! Opens a [`PostgresSession`] for a [`Connection`] and makes its settings; errors include a remedy.

use std::convert::Infallible;
use std::error::Error as _;
use std::io;
use std::net::ToSocketAddrs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::timeout;
use tokio_postgres::config::{self, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{CancelToken, Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::chain;
use super::path;
use super::session::{Drive, PostgresSession};
use super::watch::{Seen, UntilClosed, Watched, WatchedTls};
use crate::{ChannelBinding, Connection, LoadError, TlsMode, tls};

/// Limit for reaching one address.
const REACH_LIMIT: Duration = Duration::from_secs(10);
/// Limit for the server's answers until it is ready, TLS and authentication included.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Number of database names in one message.
const MOST_NAMES: usize = 5;

/// The settings of every session. They make the text of results independent of the server's defaults.
const SETTINGS: &str = "SET search_path = pg_catalog, pg_temp; SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; \
    SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET standard_conforming_strings = on; \
    SET bytea_output = 'hex'; SET extra_float_digits = 3";

/// Rows that a crash may lose are loaded again. A setting of the user's takes precedence.
const NO_WAIT: (&str, &str) = ("synchronous_commit", "SET synchronous_commit = off; ");

/// A loader waits for rows, and for other sessions of the run, for longer than the server may let sessions be idle
/// (PostgreSQL 14). After [`SETTINGS`]; the row that it returns is empty.
const IDLE: (&str, &str) = (
    "idle_session_timeout",
    "; SELECT CASE WHEN pg_catalog.current_setting('idle_session_timeout', true) IS NOT NULL THEN \
     CASE WHEN pg_catalog.set_config('idle_session_timeout', '0', false) IS NULL THEN '' END END",
);

trait Socket: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Socket for T {}

/// Why the server or the network refused a session.
pub enum ConnectFailure {
    /// Before the first byte was exchanged.
    Reach(io::Error),
    Slow,
    Driver(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for ConnectFailure {
    fn from(e: tokio_postgres::Error) -> Self {
        ConnectFailure::Driver(e)
    }
}

/// Why there is no session.
pub enum Refused {
    /// The connection cannot be attempted.
    Setup(LoadError),
    Server(ConnectFailure),
}

/// Opens a session and makes its settings.
///
/// # Errors
/// [`LoadError::Connect`], worded for the user who typed the URL.
pub fn open(to: &Connection) -> Result<PostgresSession, LoadError> {
    let fail = |message: String| LoadError::Connect { target: to.to_string(), message };
    let mut session = plain(to)?;
    let unless_set = |(name, sql): (&str, &'static str)| if to.session.setting(name).is_some() { "" } else { sql };
    let begun = session.begin(&format!("{}{SETTINGS}{}", unless_set(NO_WAIT), unless_set(IDLE)), to);
    begun.map_err(|e| fail(format!("cannot prepare the session: {}", chain(&e.error))))?;
    Ok(session)
}

/// As [`open`], with the server's default settings.
///
/// # Errors
/// As [`open`].
pub fn plain(to: &Connection) -> Result<PostgresSession, LoadError> {
    session(to, &to.database).map_err(|refused| match refused {
        Refused::Setup(e) => e,
        Refused::Server(failure) => {
            let near = if code(&failure) == Some("3D000") { databases(to) } else { Vec::new() };
            LoadError::Connect { target: to.to_string(), message: explain(to, &failure, &near) }
        }
    })
}

/// Opens a session with the server's default settings.
///
/// # Errors
/// [`Refused`].
pub fn session(to: &Connection, database: &str) -> Result<PostgresSession, Refused> {
    let setup =
        |message: &str| Refused::Setup(LoadError::Connect { target: to.to_string(), message: message.to_owned() });
    if Handle::try_current().is_ok() {
        return Err(setup("a loader cannot be opened inside an asynchronous runtime; open it on a thread of its own"));
    }
    let tls = if is_socket(&to.host) { None } else { tls::client_config(to).map_err(Refused::Setup)? };
    start(to, database, tls).map_err(Refused::Server)
}

fn is_socket(host: &str) -> bool {
    host.starts_with('/')
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn start(
    to: &Connection,
    database: &str,
    tls: Option<rustls::ClientConfig>,
) -> Result<PostgresSession, ConnectFailure> {
    let runtime = runtime().map_err(ConnectFailure::Reach)?;
    let encrypted = tls.is_some();
    let mut outcome = runtime.block_on(negotiate(to, database, tls));
    if let Err(failure) = &outcome
        && encrypted
        && to.tls == TlsMode::Prefer
        && code(failure) == Some("28000")
    {
        // `pg_hba.conf` may admit this user only without encryption; `Prefer` allows that.
        outcome = runtime.block_on(negotiate(to, database, None));
    }
    let (client, connection, seen) = outcome?;
    Ok(PostgresSession::new(runtime, client, connection, seen))
}

type Opened = (Client, Box<dyn Drive>, Arc<Seen>);

async fn negotiate(
    to: &Connection,
    database: &str,
    tls: Option<rustls::ClientConfig>,
) -> Result<Opened, ConnectFailure> {
    let socket = reach(to).await.map_err(ConnectFailure::Reach)?;
    let mut config = Config::new();
    config.user(&to.user).dbname(database);
    let named = to.session.setting("application_name").or(to.session.application_name.as_deref());
    config.application_name(named.unwrap_or("dbmocker"));
    if let Some(options) = to.session.postgres_options() {
        config.options(&options);
    }
    config.channel_binding(match to.channel_binding {
        ChannelBinding::Disable => config::ChannelBinding::Disable,
        ChannelBinding::Prefer => config::ChannelBinding::Prefer,
        ChannelBinding::Require => config::ChannelBinding::Require,
    });
    if let Some(password) = &to.password {
        config.password(password);
    }
    let seen = Arc::new(Seen::allowing(to.require_auth.clone()));
    let opening = async {
        let (client, connection): (Client, Box<dyn Drive>) = match tls {
            None => {
                config.ssl_mode(SslMode::Disable);
                let stream = Watched::new(socket, false, seen.clone());
                let (client, connection) = config.connect_raw(stream, NoTls).await?;
                (client, Box::new(connection))
            }
            Some(tls) => {
                config.ssl_mode(ssl_mode(to.tls));
                let stream = Watched::new(socket, true, seen.clone());
                let tls =
                    WatchedTls { inner: rustls_connect::<Watched<Box<dyn Socket>>>(tls, &to.host), seen: seen.clone() };
                let (client, connection) = config.connect_raw(stream, tls).await?;
                (client, Box::new(connection))
            }
        };
        Ok((client, connection))
    };
    let (client, connection) = timeout(START_LIMIT, opening).await.unwrap_or(Err(ConnectFailure::Slow))?;
    Ok((client, connection, seen))
}

fn ssl_mode(mode: TlsMode) -> SslMode {
    match mode {
        TlsMode::Disable => SslMode::Disable,
        TlsMode::Prefer => SslMode::Prefer,
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
    }
}

type Connector<S> = <MakeRustlsConnect as MakeTlsConnect<S>>::TlsConnect;

fn rustls_connect<S: Socket + 'static>(tls: rustls::ClientConfig, host: &str) -> Connector<S>
where
    MakeRustlsConnect: MakeTlsConnect<S, Error = Infallible>,
{
    let Ok(connector) = MakeTlsConnect::<S>::make_tls_connect(&mut MakeRustlsConnect::new(tls), host);
    connector
}

/// The first address that accepts a connection.
async fn reach(to: &Connection) -> io::Result<Box<dyn Socket>> {
    let late = || io::Error::from(io::ErrorKind::TimedOut);
    let limit = to.session.connect_timeout.unwrap_or(REACH_LIMIT);
    if is_socket(&to.host) {
        let stream = timeout(limit, UnixStream::connect(socket_path(to))).await.map_err(|_| late())??;
        return Ok(Box::new(stream));
    }
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("host name `{}` has no address", to.host));
    for address in (to.host.as_str(), to.port).to_socket_addrs()? {
        match timeout(limit, TcpStream::connect(address)).await.unwrap_or_else(|_| Err(late())) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(Box::new(stream));
            }
            Err(e) => last = e,
        }
    }
    Err(last)
}

/// The socket file of a folder, or the file itself if the path is one.
fn socket_path(to: &Connection) -> String {
    let name = format!("{}/.s.PGSQL.{}", to.host.trim_end_matches('/'), to.port);
    if Path::new(&to.host).is_dir() || !Path::new(&to.host).exists() { name } else { to.host.clone() }
}

/// Stops the statement in progress on the session that `token` belongs to. Best effort: the server answers nothing, but
/// it closes the connection when it has forwarded the request, and this function waits for that.
pub fn cancel(to: &Connection, token: CancelToken) {
    let to = to.clone();
    // On a separate thread, because the caller may run inside an asynchronous runtime.
    let worker = std::thread::Builder::new().spawn(move || {
        let tls = if is_socket(&to.host) { None } else { tls::client_config(&to).ok().flatten() };
        let Ok(runtime) = runtime() else { return };
        let request = async {
            let socket = reach(&to).await.map_err(ConnectFailure::Reach)?;
            match tls {
                None => token.cancel_query_raw(UntilClosed(socket), NoTls).await?,
                Some(tls) => {
                    let tls = rustls_connect::<UntilClosed<Box<dyn Socket>>>(tls, &to.host);
                    token.cancel_query_raw(UntilClosed(socket), tls).await?;
                }
            }
            Ok::<_, ConnectFailure>(())
        };
        let _ = runtime.block_on(async { timeout(REACH_LIMIT, request).await });
    });
    let _ = worker.map(std::thread::JoinHandle::join);
}

fn code(failure: &ConnectFailure) -> Option<&str> {
    match failure {
        ConnectFailure::Driver(e) => e.code().map(|c| c.code()),
        _ => None,
    }
}

/// Databases with similar names, nearest first.
pub fn databases(to: &Connection) -> Vec<String> {
    let sql = "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate";
    let listed = ["postgres", "template1"].into_iter().find_map(|database| {
        let mut session = session(to, database).ok()?;
        let settings = format!("SET LOCAL search_path = {}", path::OWN);
        session.begin(&settings, &Connection { trust_schema: true, ..Connection::default() }).ok()?;
        session.query(sql).ok()
    });
    let mut names: Vec<String> = listed.unwrap_or_default().into_iter().flatten().flatten().collect();
    names.sort_by_cached_key(|name| (distance(name, &to.database), name.clone()));
    names
}

/// Edit distance (Levenshtein) of two names, ignoring case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// The failure, worded for the user who typed the URL; `near`: databases with similar names.
pub fn explain(to: &Connection, failure: &ConnectFailure, near: &[String]) -> String {
    let place =
        if is_socket(&to.host) { format!("`{}`", socket_path(to)) } else { format!("`{}:{}`", to.host, to.port) };
    match failure {
        ConnectFailure::Reach(e) => unreachable(to, &place, e),
        ConnectFailure::Slow => {
            let limit = START_LIMIT.as_secs();
            format!("{place} gave no answer within {limit} seconds; is it a PostgreSQL server, and is it overloaded?")
        }
        ConnectFailure::Driver(e) => match e.as_db_error() {
            Some(db) => refused(to, db, near),
            None => no_session(to, &place, e),
        },
    }
}

fn unreachable(to: &Connection, place: &str, e: &io::Error) -> String {
    let start = "start it (`systemctl start postgresql`, `pg_ctl start`), or correct the host and port";
    let check = if is_socket(&to.host) {
        format!("pg_isready -h {} -p {}", Path::new(&to.host).display(), to.port)
    } else {
        format!("pg_isready -h {} -p {}", to.host, to.port)
    };
    match e.kind() {
        io::ErrorKind::ConnectionRefused => format!("no server listens on {place}; {start}; check with `{check}`"),
        io::ErrorKind::NotFound if is_socket(&to.host) => {
            format!("there is no socket {place}; {start}; check with `{check}`")
        }
        io::ErrorKind::PermissionDenied => format!("this account may not use {place}; connect by TCP (`127.0.0.1`)"),
        io::ErrorKind::TimedOut => {
            format!("no answer from {place}; check the address and the firewalls; check with `{check}`")
        }
        _ => format!("cannot reach {place} ({e}); check the host name and the network"),
    }
}

/// The server answered with an error.
fn refused(to: &Connection, db: &tokio_postgres::error::DbError, near: &[String]) -> String {
    let (user, database) = (&to.user, &to.database);
    let said = db.message();
    match db.code().code() {
        "28P01" if to.password.is_none() => format!("{said}; give a password"),
        "28P01" => format!("{said}; check the user name and the password"),
        "28000" if said.contains("pg_hba.conf") => {
            format!("{said}; admit user `{user}` in the server's pg_hba.conf, or change `sslmode`")
        }
        "28000" if said.contains("certificate") => {
            format!("{said}; name one for user `{user}` and its key (`sslcert`, `sslkey`)")
        }
        "28000" => format!("{said}; create the role (`createuser {user}`), or name another user"),
        "3D000" if near.is_empty() => format!("{said}; create it (`createdb {database}`), or name another database"),
        "3D000" => {
            let near = near.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join("`, `");
            format!("{said}; there are `{near}`; or create it (`createdb {database}`)")
        }
        "53300" => format!("{said}; close other sessions, use fewer workers, or raise max_connections"),
        "57P03" => format!("{said}; try again in a moment"),
        "42501" => format!("{said}; grant the right (`GRANT CONNECT`), or name another user"),
        _ => format!("{said}; the server's log may say more"),
    }
}

/// There is no session, and the server sent no error.
fn no_session(to: &Connection, place: &str, e: &tokio_postgres::Error) -> String {
    let text = chain(e);
    if let Some(tls) = tls::rustls_cause(e) {
        return bad_certificate(to, place, tls);
    }
    if wants_password(e) {
        return format!("the server asks user `{}` for a password and none was given; give one", to.user);
    }
    if text.contains("did not use channel binding") {
        return format!(
            "{place} did not bind the login to its certificate, which `channel_binding=require` asks for; it takes TLS and \
             a scram-sha-256 password"
        );
    }
    if let Some(refused) = wrapped_io(e).filter(|e| e.kind() == io::ErrorKind::PermissionDenied) {
        return refused.to_string();
    }
    if is_about_tls(e) {
        return format!("{place} does not offer TLS; switch it on there (`ssl = on`), or use `sslmode=disable`");
    }
    format!("{text}; is {place} a PostgreSQL server?")
}

/// The driver has a message, but no kind, for this and the next.
pub fn wants_password(e: &tokio_postgres::Error) -> bool {
    chain(e).contains("password missing")
}

/// Whether the encryption failed.
pub fn is_about_tls(e: &tokio_postgres::Error) -> bool {
    tls::is_of_tls(e) || chain(e).contains("does not support TLS")
}

/// An I/O error that a stream of this program made.
fn wrapped_io(e: &tokio_postgres::Error) -> Option<&io::Error> {
    e.source().and_then(|inner| inner.downcast_ref())
}

fn bad_certificate(to: &Connection, place: &str, e: &rustls::Error) -> String {
    use rustls::CertificateError as C;
    let hint = match e {
        rustls::Error::AlertReceived(alert) if to.tls_identity.is_some() => {
            return format!(
                "{place} does not take the client certificate ({alert:?}); name one of an authority that it knows \
                 (`sslcert`, `sslkey`)"
            );
        }
        rustls::Error::InvalidCertificate(C::UnknownIssuer) => "name its authority's file (`sslrootcert`)",
        rustls::Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            return format!(
                "the certificate of {place} is not made out to `{}` ({e}); name the host as the certificate does, or use \
                 `sslmode=verify-ca`",
                to.host
            );
        }
        _ => "check the server's certificate, or lower `sslmode`",
    };
    format!("TLS with {place} failed: {e}; {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;

    #[test]
    fn distances() {
        for (a, b, d) in
            [("shop", "shop", 0), ("Shop", "shpo", 2), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a, b), d, "{a} {b}");
        }
    }

    #[test]
    fn inside_a_runtime_it_is_an_error_not_a_panic() {
        let to = Connection {
            dialect: Dialect::Postgres,
            host: "127.0.0.1".into(),
            port: 1,
            user: "u".into(),
            password: Some("secret".into()),
            database: "d".into(),
            tls: TlsMode::Disable,
            ..Connection::default()
        };
        let error = runtime().unwrap().block_on(async { open(&to).map(|_| ()) }).unwrap_err().to_string();
        assert!(error.contains("asynchronous runtime"), "{error}");
        let error = open(&to).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("no server listens on `127.0.0.1:1`") && !error.contains("secret"), "{error}");
    }
}
