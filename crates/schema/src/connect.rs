//! Resolves the flags (`--url`, or `--driver --host ...`) to a [`Connection`], without contacting a server.

use std::path::PathBuf;

use dbmocker_loaders::{AuthMethod, ChannelBinding, ClientCertificate, Connection, Dialect, SessionOptions, TlsMode};

use super::credentials;
use super::credentials::Environment;
use super::error::{SchemaError, nearest};
use super::parameters;
use super::parameters::{Parameter, SessionAttributes, SessionSettings};
use super::session::Session;

mod settings;
mod url;

use settings::{auth_methods, channel_binding, tls_mode};
use url::parse_url;

/// The flags as typed. `url` excludes the others.
#[derive(Clone, Default)]
pub struct ConnectArgs {
    pub url: Option<String>,
    /// `sqlite`, `postgresql`, `mysql` or one of their usual aliases.
    pub driver: Option<String>,
    pub host: Option<String>,
    pub port: Option<u16>,
    pub database: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
}

const URL_FORMS: &str =
    "write postgres://user@host:5432/database, mysql://user@host:3306/database or sqlite://path/to/file.db";
const PG_PARAMETERS: &[&str] = &[
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "channel-binding",
    "require-auth",
    "host",
    "port",
    "user",
    "password",
    "dbname",
];
const MYSQL_PARAMETERS: &[&str] =
    &["ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "sslmode", "socket", "host", "port", "user", "password"];
/// The requested database.
#[derive(Debug, Clone)]
pub struct RequestedDatabase {
    /// The first address.
    pub connection: Connection,
    /// All addresses, in order.
    pub addresses: Vec<(String, u16)>,
    attributes: SessionAttributes,
    /// Notes on ignored parameters, and the source of the address if it is not from the command line.
    pub notes: Vec<String>,
}

impl RequestedDatabase {
    /// The kind of server.
    pub fn of(connection: Connection) -> Self {
        let addresses = vec![(connection.host.clone(), connection.port)];
        RequestedDatabase { connection, addresses, attributes: SessionAttributes::Any, notes: Vec::new() }
    }

    /// The requirement on a server, for each pass over all addresses.
    pub(super) fn attempts(&self) -> Vec<SessionAttributes> {
        match self.attributes {
            SessionAttributes::PreferStandby => vec![SessionAttributes::Standby, SessionAttributes::Any],
            other => vec![other],
        }
    }
}

/// Checks that a server meets the requirement.
///
/// # Errors
/// It does not, or a query fails.
pub(super) fn fits(session: &mut Session, conn: &Connection, wanted: SessionAttributes) -> Result<(), SchemaError> {
    there_is_the_schema(session, conn)?;
    if wanted == SessionAttributes::Any {
        return Ok(());
    }
    // Not `transaction_read_only`: this session only reads.
    let sql = "select pg_is_in_recovery() as standby, current_setting('default_transaction_read_only') as read_only";
    let row = session.row("the server's role", sql)?;
    let standby = row.flag("standby");
    let read_only = standby || row.flag("read_only");
    let (fits, is) = match wanted {
        SessionAttributes::ReadWrite => (!read_only, "read-only"),
        SessionAttributes::ReadOnly => (read_only, "not read-only"),
        SessionAttributes::Primary => (!standby, "a standby"),
        SessionAttributes::Standby | SessionAttributes::PreferStandby => (standby, "no standby"),
        SessionAttributes::Any => (true, ""),
    };
    if fits {
        return Ok(());
    }
    Err(SchemaError::usage(
        format!("the server at `{}:{}` is {is}, and target_session_attrs asks for another", conn.host, conn.port),
        "name one that fits, or leave target_session_attrs out",
    ))
}

/// Checks that the user may use the schema that the URL names.
fn there_is_the_schema(session: &mut Session, conn: &Connection) -> Result<(), SchemaError> {
    let Some(schema) = &conn.session.schema else { return Ok(()) };
    if session.path().is_none_or(|path| path.default_schema.as_ref() == Some(schema)) {
        return Ok(());
    }
    let sql = "select nspname as name from pg_namespace
                where nspname !~ '^pg_' and nspname <> 'information_schema' and has_schema_privilege(oid, 'USAGE') order by 1";
    let rows = session.rows("the schemas (pg_namespace)", sql)?;
    let names = rows.iter().map(|row| row.string("name")).collect::<Result<Vec<_>, _>>()?;
    let hint = match nearest(schema, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`? "),
        None => String::new(),
    };
    Err(SchemaError::usage(
        format!("database `{}` has no schema `{schema}` that user `{}` may use", conn.database, conn.user),
        format!("{hint}there are `{}`", names.join("`, `")),
    ))
}

/// The connection's parameters before defaults are filled in.
#[derive(Default)]
struct PartialConnection {
    /// Several hosts with commas.
    host: Option<String>,
    /// A path to a socket instead of a host name.
    address: Option<String>,
    /// One for each host, or one for all.
    ports: Vec<Option<u16>>,
    asked: SessionSettings,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    tls: Option<TlsMode>,
    tls_root: Option<Roots>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    channel_binding: Option<ChannelBinding>,
    require_auth: Option<Vec<AuthMethod>>,
}

/// Accepted authorities of the server's certificate.
#[derive(Debug, PartialEq, Eq)]
enum Roots {
    /// The authorities that the system trusts.
    System,
    File(PathBuf),
}

/// Resolves the flags, with defaults and passwords from the process's environment, service files and `.pgpass`. If no
/// flag names a database, the environment does: libpq's variables, or `DATABASE_URL`.
///
/// # Errors
/// [`SchemaError::Usage`] for missing, unknown or contradictory settings, with the correct form.
pub fn connection(args: &ConnectArgs) -> Result<RequestedDatabase, SchemaError> {
    resolve(args, &Environment::process())
}

/// [`connection`] with a given environment.
pub fn resolve(args: &ConnectArgs, env: &Environment) -> Result<RequestedDatabase, SchemaError> {
    let Some(url) = args.url.as_deref() else {
        let Some(driver) = args.driver.as_deref() else { return untyped(env) };
        let dialect = dialect(driver).ok_or_else(|| unknown_scheme("driver", driver))?;
        return finish(dialect, of_flags(args), env);
    };
    let typed = [
        ("--driver", args.driver.is_some()),
        ("--host", args.host.is_some()),
        ("--port", args.port.is_some()),
        ("--database", args.database.is_some()),
        ("--username", args.username.is_some()),
    ];
    if let Some((flag, _)) = typed.iter().find(|(_, typed)| *typed) {
        return Err(SchemaError::usage(
            format!("--url and {flag} were both given"),
            "say it in the URL, or use the single flags without --url",
        ));
    }
    let (dialect, mut parameters) = parse_url(url)?;
    if !parameters.iter().any(|p| p.key == "password") {
        parameters.extend(args.password.iter().map(|password| parameter("password", password, "--password")));
    }
    finish(dialect, parameters, env)
}

/// The database that the environment names, if the command line names none.
fn untyped(env: &Environment) -> Result<RequestedDatabase, SchemaError> {
    let naming = parameters::naming(env);
    let mut found = if !naming.is_empty() {
        let mut found = finish(Dialect::Postgres, Vec::new(), env)?;
        found.notes.insert(0, format!("the database is `{}`, as {} say", found.connection, naming.join(" and ")));
        found
    } else if let Some(url) = env.var("DATABASE_URL") {
        let (dialect, parameters) = parse_url(&url).map_err(|e| match e {
            SchemaError::Usage { problem, help } => SchemaError::usage(format!("DATABASE_URL: {problem}"), help),
            other => other,
        })?;
        let mut found = finish(dialect, parameters, env)?;
        found.notes.insert(0, format!("the database is `{}`, as DATABASE_URL says", found.connection));
        found
    } else {
        return Err(SchemaError::usage("no database given", format!("--url: {URL_FORMS}")));
    };
    found.notes.dedup();
    Ok(found)
}

fn parameter(key: &str, value: &str, origin: &str) -> Parameter {
    Parameter { key: key.to_owned(), value: value.to_owned(), origin: origin.to_owned() }
}

fn of_flags(args: &ConnectArgs) -> Vec<Parameter> {
    let port = args.port.map(|p| p.to_string());
    [
        ("host", &args.host, "--host"),
        ("port", &port, "--port"),
        ("user", &args.username, "--username"),
        ("password", &args.password, "--password"),
        ("dbname", &args.database, "--database"),
    ]
    .into_iter()
    .filter_map(|(key, value, flag)| Some(parameter(key, value.as_ref()?, flag)))
    .collect()
}

/// Precedence: the command line, then a service file, then the environment.
fn ranked(typed: Vec<Parameter>, env: &Environment) -> Result<Vec<Parameter>, SchemaError> {
    let mut all = typed;
    let add = |all: &mut Vec<Parameter>, more: Vec<Parameter>| {
        let named = all.iter().any(|p| p.key == "host" || p.key == "hostaddr");
        let known: Vec<String> = all.iter().map(Parameter::bare).collect();
        let said = |p: &Parameter| known.contains(&p.bare()) || named && p.key == "hostaddr";
        all.extend(more.into_iter().filter(|p| !said(p)));
    };
    let service = all.iter().position(|p| p.key == "service").map(|at| all.remove(at).value);
    if let Some(name) = service.or_else(|| env.var("PGSERVICE")) {
        add(&mut all, parameters::of_service(&name, env)?);
    }
    add(&mut all, parameters::of_environment(env));
    Ok(all)
}

/// Precedence: the command line, then `[client]` of `~/.my.cnf`.
fn with_option_file(typed: Vec<Parameter>, env: &Environment) -> Result<Vec<Parameter>, SchemaError> {
    let mut all = typed;
    let mut known: Vec<String> = all.iter().map(Parameter::bare).collect();
    // A password in the environment has priority.
    known.extend(credentials::named_password(Dialect::Mysql, env).map(|_| "password".to_owned()));
    let options = credentials::my_cnf(env)?;
    let options = options.iter().map(|(key, value)| {
        let key = if key == "socket" { "host" } else { key };
        parameter(key, value, "~/.my.cnf")
    });
    all.extend(options.filter(|p| !known.contains(&p.bare())));
    Ok(all)
}

fn finish(dialect: Dialect, typed: Vec<Parameter>, env: &Environment) -> Result<RequestedDatabase, SchemaError> {
    if dialect == Dialect::Sqlite {
        let path = typed.iter().find(|p| p.key == "dbname").map(|p| p.value.clone());
        let notes = typed.iter().filter(|p| p.key == "note").map(|p| p.value.clone()).collect();
        return Ok(RequestedDatabase { notes, ..RequestedDatabase::of(sqlite(path.unwrap_or_default())?) });
    }
    let pg = dialect == Dialect::Postgres;
    let mut draft = PartialConnection::default();
    for p in if pg { ranked(typed, env)? } else { with_option_file(typed, env)? } {
        draft.take(dialect, p)?;
    }
    if pg {
        draft.own_files(env);
    }
    let (tls, tls_root) = draft.encryption()?;
    let tls_identity = draft.identity()?;
    let PartialConnection { asked, .. } = draft;
    let user = draft.user.filter(|u| !u.is_empty()).unwrap_or_else(|| env.os_user());
    let database = match draft.database.filter(|d| !d.is_empty()) {
        Some(database) => database,
        None if pg => user.clone(),
        None => {
            return Err(SchemaError::usage("no database named", "write mysql://user@host/DATABASE or --database NAME"));
        }
    };
    let hosts = draft.host.or(draft.address).unwrap_or_else(|| "localhost".into());
    let addresses = addresses(&hosts, &draft.ports, default_port(dialect))?;
    let (host, port) = addresses[0].clone();
    let mut conn = Connection {
        dialect,
        host,
        port,
        user,
        password: draft.password,
        database,
        tls,
        tls_root,
        tls_identity,
        channel_binding: draft.channel_binding.unwrap_or_default(),
        require_auth: draft.require_auth,
        trust_schema: false,
        session: SessionOptions {
            schema: asked.schema,
            options: asked.options,
            application_name: asked.application_name,
            connect_timeout: asked.connect_timeout,
            settings: Vec::new(),
        },
    };
    credentials::fill(&mut conn, env, asked.passfile)?;
    let mut notes = asked.notes;
    notes.extend(credentials::unread_login_path(&conn, env));
    Ok(RequestedDatabase { addresses, attributes: asked.attributes, notes, ..RequestedDatabase::of(conn) })
}

/// Comma-separated hosts, each with its port or with the common one.
fn addresses(hosts: &str, ports: &[Option<u16>], default: u16) -> Result<Vec<(String, u16)>, SchemaError> {
    let hosts: Vec<&str> = hosts.split(',').collect();
    if ports.len() > 1 && ports.len() != hosts.len() {
        return Err(SchemaError::usage(
            format!("{} hosts and {} ports were given", hosts.len(), ports.len()),
            "write one port for each host, or one for all",
        ));
    }
    let port = |i: usize| ports.get(i).or(ports.first().filter(|_| ports.len() == 1)).copied().flatten();
    let host = |host: &str| if host.is_empty() { "localhost".to_owned() } else { host.to_owned() };
    Ok(hosts.iter().enumerate().map(|(i, h)| (host(h), port(i).unwrap_or(default))).collect())
}

fn sqlite(path: String) -> Result<Connection, SchemaError> {
    if path.is_empty() {
        return Err(SchemaError::usage(
            "no SQLite file named",
            "write sqlite://demo.db, sqlite:///absolute/path.db or --driver sqlite --database demo.db",
        ));
    }
    if path == ":memory:" {
        return Err(SchemaError::usage(
            "an in-memory SQLite database would be lost at the end",
            "name a file: sqlite://demo.db",
        ));
    }
    Ok(Connection { dialect: Dialect::Sqlite, database: path, tls: TlsMode::Disable, ..Connection::default() })
}

fn default_port(dialect: Dialect) -> u16 {
    if dialect == Dialect::Mysql { 3306 } else { 5432 }
}

/// The server's kind; a driver's name after `+` is ignored.
fn dialect(name: &str) -> Option<Dialect> {
    match name.to_ascii_lowercase().split('+').next().unwrap_or_default() {
        "postgres" | "postgresql" | "pgsql" | "pg" | "postgis" => Some(Dialect::Postgres),
        "mysql" | "mysql2" | "mariadb" => Some(Dialect::Mysql),
        "sqlite" | "sqlite3" | "file" => Some(Dialect::Sqlite),
        _ => None,
    }
}

fn unknown_scheme(what: &str, given: &str) -> SchemaError {
    let known = ["postgres", "postgresql", "mysql", "mariadb", "sqlite"];
    let hint = nearest(given, known).map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
    SchemaError::usage(format!("unknown {what} `{given}`"), format!("{hint}{URL_FORMS}"))
}

impl PartialConnection {
    fn take(&mut self, dialect: Dialect, p: Parameter) -> Result<(), SchemaError> {
        match p.key.as_str() {
            "host" => self.host = Some(p.value),
            "hostaddr" => self.address = Some(p.value),
            "dbname" => self.database = Some(p.value),
            "port" => {
                let port = |text: &str| match text.trim() {
                    "" => Ok(None),
                    text => text.parse().map(Some).map_err(|_| {
                        let said = if p.origin == "the URL" { format!("`port={text}`") } else { p.origin.clone() };
                        SchemaError::usage(format!("{said} is `{text}`, no port"), "write a number from 1 to 65535")
                    }),
                };
                self.ports = p.value.split(',').map(port).collect::<Result<_, _>>()?;
            }
            _ if self.asked.take(dialect, &p)? => {}
            _ => self.parameter(dialect, &p.key, p.value)?,
        }
        Ok(())
    }

    fn parameter(&mut self, dialect: Dialect, key: &str, value: String) -> Result<(), SchemaError> {
        let known = if dialect == Dialect::Mysql { MYSQL_PARAMETERS } else { PG_PARAMETERS };
        let name = key.to_ascii_lowercase().replace('_', "-");
        if !known.contains(&name.as_str()) {
            let hint =
                nearest(&name, known.iter().copied()).map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
            return Err(SchemaError::usage(
                format!("unknown parameter `{key}` in the URL"),
                format!("{hint}known are {}", known.join(", ")),
            ));
        }
        match name.as_str() {
            "sslmode" | "ssl-mode" => self.tls = Some(tls_mode(&value)?),
            "sslrootcert" if value == "system" => self.tls_root = Some(Roots::System),
            "sslrootcert" | "ssl-ca" => self.tls_root = Some(Roots::File(value.into())),
            "sslcert" | "ssl-cert" => self.certificate = Some(value.into()),
            "sslkey" | "ssl-key" => self.key = Some(value.into()),
            "channel-binding" => self.channel_binding = Some(channel_binding(&value)?),
            "require-auth" => self.require_auth = Some(auth_methods(&value)?),
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            _ => self.database = Some(value),
        }
        Ok(())
    }
}

impl PartialConnection {
    /// Files in libpq's default locations, if they exist.
    fn own_files(&mut self, env: &Environment) {
        let Some(folder) = env.var("HOME").map(|home| PathBuf::from(home).join(".postgresql")) else { return };
        let there = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        if self.tls_root.is_none() {
            self.tls_root = there("root.crt").map(Roots::File);
        }
        if self.certificate.is_none() && self.key.is_none() {
            self.certificate = there("postgresql.crt");
            self.key = self.certificate.as_ref().and_then(|_| there("postgresql.key"));
            if self.key.is_none() {
                self.certificate = None;
            }
        }
    }

    /// Mode and root certificates, combined as in libpq.
    fn encryption(&mut self) -> Result<(TlsMode, Option<PathBuf>), SchemaError> {
        // The parameter that all clients support has priority over those of single clients.
        self.tls = self.tls.or(self.asked.tls);
        match self.tls_root.take() {
            Some(Roots::System) => match self.tls.unwrap_or(TlsMode::VerifyFull) {
                TlsMode::VerifyFull => Ok((TlsMode::VerifyFull, None)),
                _ => Err(SchemaError::usage(
                    "sslrootcert=system, and an sslmode that does not verify the server's name",
                    "anybody gets such a certificate for a host of their own: use sslmode=verify-full",
                )),
            },
            // `require` together with a root certificate verifies the chain.
            Some(Roots::File(path)) => {
                let mode = self.tls.unwrap_or_default();
                Ok((if mode == TlsMode::Require { TlsMode::VerifyCa } else { mode }, Some(path)))
            }
            None => Ok((self.tls.unwrap_or_default(), None)),
        }
    }

    fn identity(&mut self) -> Result<Option<ClientCertificate>, SchemaError> {
        match (self.certificate.take(), self.key.take()) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(ClientCertificate { certificate, key })),
            (Some(_), None) => Err(SchemaError::usage("a client certificate without its key", "add sslkey (ssl-key)")),
            (None, Some(_)) => {
                Err(SchemaError::usage("the key of a client certificate without it", "add sslcert (ssl-cert)"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
