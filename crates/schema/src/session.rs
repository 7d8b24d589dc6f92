//! One read-only connection with a synchronous interface: SQL text in, rows of text out.
//!
//! Every value is the server's text, so that introspection reads rows of all servers in the same way. Must not be
//! called from inside a tokio runtime.

use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

use dbmocker_loaders::postgres::path::Path;
use dbmocker_loaders::postgres::{NoSession, ReadError, SessionReader, StatementMode, TakeRow, databases};
use dbmocker_loaders::{Connection, Dialect, TlsMode, tls};
use futures_util::TryStreamExt;
use serde::de::DeserializeOwned;
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteError};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection as _, Row as _};
use sqlx::{MySqlConnection, SqliteConnection};

use super::error::{SchemaError, nearest};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// The time limit of reading rows that call functions of the schema.
const FUNCTIONS_LIMIT: Duration = Duration::from_secs(600);
/// SQLSTATEs of PostgreSQL: undefined_function, undefined_table, undefined_object.
const UNDEFINED: [&str; 3] = ["42883", "42P01", "42704"];

enum Client {
    Postgres(Box<SessionReader>),
    Mysql(tokio::runtime::Runtime, MySqlConnection),
    Sqlite(tokio::runtime::Runtime, SqliteConnection),
}

pub struct Session {
    client: Client,
    target: String,
}

/// A row whose values are read by column name.
pub struct TextRow {
    names: Rc<[String]>,
    values: Vec<Option<String>>,
    /// The catalogue being read, for messages.
    context: Rc<str>,
}

impl Session {
    pub fn open(conn: &Connection) -> Result<Session, SchemaError> {
        let client = match conn.dialect {
            Dialect::Postgres => {
                Client::Postgres(Box::new(SessionReader::open(conn).map_err(|e| no_session(conn, e))?))
            }
            Dialect::Mysql => {
                let runtime = runtime()?;
                let client = attempt(&runtime, conn, mysql(conn)).map_err(|e| {
                    connect_error(conn, &e, |sql| {
                        let elsewhere = Connection { database: String::new(), ..conn.clone() };
                        let client = attempt(&runtime, conn, mysql(&elsewhere)).ok()?;
                        runtime.block_on(first_column(client, sql)).ok()
                    })
                })?;
                Client::Mysql(runtime, client)
            }
            Dialect::Sqlite => {
                there_is_a_file(&conn.database)?;
                let runtime = runtime()?;
                let client = attempt(&runtime, conn, sqlite(conn)).map_err(|e| connect_error(conn, &e, |_| None))?;
                Client::Sqlite(runtime, client)
            }
        };
        Ok(Session { client, target: conn.to_string() })
    }

    /// PostgreSQL: the session's original search path.
    pub fn path(&self) -> Option<&Path> {
        match &self.client {
            Client::Postgres(reader) => Some(reader.path()),
            _ => None,
        }
    }

    /// Runs one statement; `context` describes the query in messages.
    pub fn rows(&mut self, context: &str, sql: &str) -> Result<Vec<TextRow>, SchemaError> {
        self.rows_by(context, sql, StatementMode::default())
    }

    /// As [`Session::rows`]; on PostgreSQL the statement runs with the options in `manner`.
    pub fn rows_by(
        &mut self,
        context: &str,
        sql: &str,
        manner: StatementMode<'_>,
    ) -> Result<Vec<TextRow>, SchemaError> {
        let context: Rc<str> = context.into();
        let mut names: Rc<[String]> = Rc::new([]);
        let mut rows = Vec::new();
        self.stream(&context, sql, manner, &mut |columns, values| {
            if *names != *columns {
                names = columns.into();
            }
            rows.push(TextRow { names: names.clone(), values, context: context.clone() });
            true
        })?;
        Ok(rows)
    }

    /// Runs one query and passes its rows one by one, so that memory does not grow with them. `take` returns whether to
    /// continue.
    pub fn each(
        &mut self,
        context: &str,
        sql: &str,
        take: &mut dyn FnMut(&[Option<String>]) -> bool,
    ) -> Result<(), SchemaError> {
        let manner = StatementMode { reads_rows: true, ..StatementMode::default() };
        self.stream(context, sql, manner, &mut |_, values| take(&values))
    }

    fn stream(
        &mut self,
        context: &str,
        sql: &str,
        manner: StatementMode<'_>,
        take: &mut TakeRow<'_>,
    ) -> Result<(), SchemaError> {
        macro_rules! stream {
            ($runtime:expr, $client:expr) => {{
                $runtime.block_on(async {
                    let mut rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch($client);
                    let mut names: Vec<String> = Vec::new();
                    while let Some(row) = rows.try_next().await.map_err(|e| query_error(&self.target, context, &e))? {
                        if names.is_empty() {
                            names = row.columns().iter().map(|c| c.name().to_lowercase()).collect();
                        }
                        let values = (0..names.len()).map(|i| row.try_get_unchecked::<Option<String>, _>(i));
                        let values = values.collect::<Result<Vec<_>, _>>();
                        let values = values.map_err(|e| SchemaError::unexpected(context, e.to_string()))?;
                        if !take(&names, values) {
                            break;
                        }
                    }
                    Ok(())
                })
            }};
        }
        match &mut self.client {
            Client::Postgres(reader) => {
                let mut taken = false;
                let mut read = reader.read(sql, manner, &mut |columns, values| {
                    taken = true;
                    take(columns, values)
                });
                if let Err(ReadError::Server { code, .. }) = &read
                    && UNDEFINED.contains(&code.as_str())
                    && manner.reads_rows
                    && !(taken || manner.calls_functions)
                {
                    let limit = manner.limit.or(Some(FUNCTIONS_LIMIT));
                    read = reader.read(sql, StatementMode { calls_functions: true, limit, ..manner }, take);
                }
                read.map_err(|e| read_error(&self.target, context, e))
            }
            Client::Mysql(runtime, client) => stream!(runtime, &mut *client),
            Client::Sqlite(runtime, client) => stream!(runtime, &mut *client),
        }
    }

    /// [`Session::rows`] grouped by a key, each group in the query's order.
    pub fn grouped<K: Hash + Eq>(
        &mut self,
        context: &str,
        sql: &str,
        key: impl Fn(&TextRow) -> Result<K, SchemaError>,
    ) -> Result<HashMap<K, Vec<TextRow>>, SchemaError> {
        let mut groups: HashMap<K, Vec<TextRow>> = HashMap::new();
        for row in self.rows(context, sql)? {
            groups.entry(key(&row)?).or_default().push(row);
        }
        Ok(groups)
    }

    /// [`Session::rows`] for a query that returns one row.
    pub fn row(&mut self, context: &str, sql: &str) -> Result<TextRow, SchemaError> {
        self.rows(context, sql)?.pop().ok_or_else(|| SchemaError::unexpected(context, "no row where one must be"))
    }
}

impl TextRow {
    /// A value that may be NULL; also `None` for a column this server's version does not have.
    pub fn opt(&self, name: &str) -> Option<&str> {
        let i = self.names.iter().position(|n| n == name)?;
        self.values[i].as_deref()
    }

    pub fn text(&self, name: &str) -> Result<&str, SchemaError> {
        self.opt(name).ok_or_else(|| SchemaError::unexpected(&*self.context, format!("`{name}` is missing")))
    }

    pub fn string(&self, name: &str) -> Result<String, SchemaError> {
        self.text(name).map(str::to_owned)
    }

    pub fn number<T: FromStr>(&self, name: &str) -> Result<T, SchemaError> {
        let text = self.text(name)?;
        text.parse().map_err(|_| SchemaError::unexpected(&*self.context, format!("`{name}` is `{text}`, not a number")))
    }

    /// A number, or `None` for NULL.
    pub fn maybe<T: FromStr>(&self, name: &str) -> Result<Option<T>, SchemaError> {
        if self.opt(name).is_none() { Ok(None) } else { self.number(name).map(Some) }
    }

    /// Any server's spelling of true; NULL is false.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.opt(name), Some("t" | "true" | "1" | "YES" | "yes" | "ON" | "on"))
    }

    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, SchemaError> {
        serde_json::from_str(self.opt(name).unwrap_or("null"))
            .map_err(|e| SchemaError::unexpected(&*self.context, format!("`{name}`: {e}")))
    }

    /// All values in the query's order.
    pub fn values(&self) -> &[Option<String>] {
        &self.values
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, SchemaError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|e| SchemaError::unexpected("the runtime's start", e.to_string()))
}

fn attempt<T>(
    runtime: &tokio::runtime::Runtime,
    conn: &Connection,
    connect: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let limit = conn.session.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
    let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, format!("no answer in {} s", limit.as_secs()));
    runtime
        .block_on(async { tokio::time::timeout(limit, connect).await.unwrap_or_else(|_| Err(sqlx::Error::Io(late()))) })
}

async fn first_column(mut client: MySqlConnection, sql: &'static str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::raw_sql(sql).fetch_all(&mut client).await?.iter().map(|r| r.try_get_unchecked(0)).collect()
}

async fn mysql(conn: &Connection) -> Result<MySqlConnection, sqlx::Error> {
    let options = mysql_options(conn);
    let mut client = match MySqlConnection::connect_with(&options).await {
        // As the loader does: encryption is preferred, and the handshake failed.
        Err(e) if conn.tls == TlsMode::Prefer && is_tls(&e) => {
            MySqlConnection::connect_with(&options.ssl_mode(MySqlSslMode::Disabled)).await?
        }
        client => client?,
    };
    if let Some(statement) = conn.session.mysql_statement() {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut client).await?;
    }
    sqlx::raw_sql("set session transaction read only").execute(&mut client).await?;
    Ok(client)
}

async fn sqlite(conn: &Connection) -> Result<SqliteConnection, sqlx::Error> {
    // Opened for writing although it is only read: otherwise a journal left by a killed run cannot be rolled back.
    let options = SqliteConnectOptions::new()
        .filename(&conn.database)
        .foreign_keys(false)
        .with_regexp()
        .disable_statement_logging();
    let mut client = SqliteConnection::connect_with(&options).await?;
    // Opening reads nothing; this query does, so that a file of another format is detected here.
    sqlx::raw_sql("select count(*) from sqlite_schema").fetch_one(&mut client).await?;
    sqlx::raw_sql("pragma query_only = on").execute(&mut client).await?;
    Ok(client)
}

fn mysql_options(conn: &Connection) -> MySqlConnectOptions {
    // The session keeps the server's sql_mode, because it is one of the settings to be read.
    let mut options = MySqlConnectOptions::new()
        .port(conn.port)
        .username(&conn.user)
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(Some("+00:00".to_owned()))
        .ssl_mode(match conn.tls {
            TlsMode::Disable => MySqlSslMode::Disabled,
            TlsMode::Prefer => MySqlSslMode::Preferred,
            TlsMode::Require => MySqlSslMode::Required,
            TlsMode::VerifyCa => MySqlSslMode::VerifyCa,
            TlsMode::VerifyFull => MySqlSslMode::VerifyIdentity,
        })
        .disable_statement_logging();
    if !conn.database.is_empty() {
        options = options.database(&conn.database);
    }
    options = if conn.host.starts_with('/') { options.socket(&conn.host) } else { options.host(&conn.host) };
    if let Some(password) = &conn.password {
        options = options.password(password);
    }
    if let Some(root) = &conn.tls_root {
        options = options.ssl_ca(root);
    }
    if let Some(own) = &conn.tls_identity {
        options = options.ssl_client_cert(&own.certificate).ssl_client_key(&own.key);
    }
    options
}

/// SQLSTATE, MySQL's error number or SQLite's extended code; and the server's message.
fn server_error(e: &sqlx::Error) -> Option<(String, String)> {
    let e = e.as_database_error()?;
    let code = match e.try_downcast_ref::<MySqlDatabaseError>() {
        Some(my) => my.number().to_string(),
        None => e.code().unwrap_or_default().into_owned(),
    };
    let way_out = match e.try_downcast_ref::<SqliteError>() {
        Some(_) => code.parse().map_or("", dbmocker_loaders::sqlite::way_out),
        None => "",
    };
    Some((code, format!("{}{way_out}", e.message())))
}

fn query_error(target: &str, context: &str, e: &sqlx::Error) -> SchemaError {
    let context = context.to_owned();
    match server_error(e) {
        Some((code, message)) if matches!(code.as_str(), "42501" | "1044" | "1142" | "1143" | "1227" | "1370") => {
            SchemaError::Privilege { context, message }
        }
        Some((code, message)) => SchemaError::Query { context, message, code: Some(code) },
        None => match e {
            sqlx::Error::Io(_) => SchemaError::Lost { target: target.into(), context, message: e.to_string() },
            _ => SchemaError::Query { context, message: e.to_string(), code: None },
        },
    }
}

/// PostgreSQL's error of a statement.
fn read_error(target: &str, context: &str, e: ReadError) -> SchemaError {
    let context = context.to_owned();
    match e {
        ReadError::Server { code, message } if code == "42501" => SchemaError::Privilege { context, message },
        ReadError::Server { code, message } => SchemaError::Query { context, message, code: Some(code) },
        ReadError::Late(limit) => SchemaError::Late { context, seconds: limit.as_secs() },
        ReadError::Lost(message) => SchemaError::Lost { target: target.into(), context, message },
    }
}

/// Why PostgreSQL refused a session.
fn no_session(conn: &Connection, e: NoSession) -> SchemaError {
    match e {
        NoSession::Refused { code, message } => refused(conn, &code, message, || Some(databases(conn))),
        NoSession::NoPassword => {
            refused(conn, "28P01", format!("it asks user `{}` for a password and none was given", conn.user), || None)
        }
        NoSession::Tls(message) => SchemaError::Tls { target: conn.to_string(), message },
        NoSession::NoServer(message) => SchemaError::NoServer { target: address(conn), message },
    }
}

fn is_tls(e: &sqlx::Error) -> bool {
    matches!(e, sqlx::Error::Tls(_)) || tls::is_of_tls(e)
}

/// `names` queries the names of existing databases, without connecting to one.
fn connect_error(
    conn: &Connection,
    e: &sqlx::Error,
    names: impl Fn(&'static str) -> Option<Vec<String>>,
) -> SchemaError {
    let Some((code, message)) = server_error(e) else {
        let message = match e {
            e if tls::is_version_1(e) => tls::VERSION_1_REMEDY.to_owned(),
            sqlx::Error::Io(io) => io.to_string(),
            sqlx::Error::Protocol(_) => {
                format!("what answers there does not speak {}'s protocol", conn.dialect)
            }
            e => e.to_string(),
        };
        return match e {
            e if is_tls(e) => SchemaError::Tls { target: conn.to_string(), message },
            _ if conn.dialect == Dialect::Sqlite => SchemaError::NotADatabase { path: conn.database.clone(), message },
            _ => SchemaError::NoServer { target: address(conn), message },
        };
    };
    if conn.dialect == Dialect::Sqlite {
        let path = conn.database.clone();
        return match code.parse() {
            Ok(number) if dbmocker_loaders::sqlite::is_locked(number) => SchemaError::Locked { path, message },
            _ => SchemaError::NotADatabase { path, message },
        };
    }
    refused(conn, &code, message, || names("show databases"))
}

/// A server's refusal, by its code; `names`: the existing databases.
fn refused(conn: &Connection, code: &str, message: String, names: impl FnOnce() -> Option<Vec<String>>) -> SchemaError {
    match code {
        "3D000" | "1049" => no_database(conn, &names().unwrap_or_default()),
        "28P01" | "28000" | "1045" | "1698" | "1044" => {
            let given = conn.password.is_some();
            let variable = if conn.dialect == Dialect::Postgres { "PGPASSWORD" } else { "MYSQL_PWD" };
            let help = if given {
                "check user and password".to_owned()
            } else {
                format!("give a password in the URL, in DBMOCKER_PASSWORD or in {variable}")
            };
            // A password does not help if pg_hba.conf has no line for the client, or the account may not use the
            // database.
            let hopeless = code == "1044" || (code == "28000" && message.contains("pg_hba.conf"));
            let help = if hopeless { "ask the server's administrator for access".to_owned() } else { help };
            SchemaError::Login {
                target: address(conn),
                user: conn.user.clone(),
                message,
                help,
                password_given: given || hopeless,
            }
        }
        // It is starting or stopping.
        "57P03" | "57P01" | "1053" => SchemaError::NoServer { target: address(conn), message },
        _ => {
            let set = !conn.session.settings.is_empty() || conn.session.options.is_some();
            let help = if set { "check the settings of `session`" } else { "see the server's log" };
            SchemaError::Refused { target: address(conn), message, help: help.into() }
        }
    }
}

fn address(conn: &Connection) -> String {
    if conn.host.starts_with('/') { conn.host.clone() } else { format!("{}:{}", conn.host, conn.port) }
}

fn no_database(conn: &Connection, names: &[String]) -> SchemaError {
    let create = if conn.dialect == Dialect::Postgres { "createdb" } else { "CREATE DATABASE" };
    let help = match nearest(&conn.database, names.iter().map(String::as_str)) {
        Some(name) => format!("did you mean `{name}`?"),
        None if names.is_empty() => format!("create it first ({create})"),
        None => {
            let mut names = names.to_vec();
            names.sort_unstable();
            format!("there are {}; or create it first ({create})", names.join(", "))
        }
    };
    SchemaError::NoDatabase { target: address(conn), database: conn.database.clone(), help }
}

fn there_is_a_file(path: &str) -> Result<(), SchemaError> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            let message = "it is a folder; name a database file".to_owned();
            Err(SchemaError::NotADatabase { path: path.into(), message })
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(no_file(path)),
        Err(e) => {
            let message = format!("{e}; check the permissions of the file and of its folder");
            Err(SchemaError::NotADatabase { path: path.into(), message })
        }
        Ok(_) => Ok(()),
    }
}

fn no_file(path: &str) -> SchemaError {
    let file = std::path::Path::new(path);
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    if !folder.is_dir() {
        let help = format!("its folder `{}` does not exist either; check the path", folder.display());
        return SchemaError::NoFile { path: path.into(), help };
    }
    let siblings: Vec<String> = std::fs::read_dir(folder)
        .map(|d| d.filter_map(|e| e.ok()?.file_name().into_string().ok()).collect())
        .unwrap_or_default();
    let wanted = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let help = match nearest(&wanted, siblings.iter().map(String::as_str)) {
        Some(name) => format!("did you mean `{}`?", folder.join(name).display()),
        None => format!("create it with its tables first, e.g. sqlite3 {path} < schema.sql"),
    };
    SchemaError::NoFile { path: path.into(), help }
}
