//! Resolves the flags (`--url`, or `--driver --host ...`) to a [`Connection`], without contacting a server.

use std::path::PathBuf;

use dbmocker_loaders::{AuthMethod, ChannelBinding, ClientCertificate, Connection, Dialect, SessionOptions, TlsMode};

use super::credentials;
use super::credentials::Environment;
use super::error::{SchemaError, nearest};
use super::parameters;
use super::parameters::{Parameter, SessionAttributes, SessionSettings};
use super::session::Session;

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
            "an in-memory SQLite database would be gone at the end",
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

/// Splits a URL. Messages show it without its password.
fn parse_url(text: &str) -> Result<(Dialect, Vec<Parameter>), SchemaError> {
    let text = text.strip_prefix("jdbc:").unwrap_or(text);
    let Some((scheme, rest)) = text.split_once(':') else {
        return Err(SchemaError::usage(format!("`{text}` is not a URL"), URL_FORMS));
    };
    let dialect = dialect(scheme).ok_or_else(|| unknown_scheme("URL scheme", scheme))?;
    if dialect == Dialect::Sqlite {
        return Ok((dialect, sqlite_url(rest)?));
    }
    const ENCODE: &str = "characters such as `/ ? # @ :` in a user name or password are written %2F %3F %23 %40 %3A";
    let bad = |why: &str| SchemaError::usage(format!("`{}`: {why}", redacted(text)), URL_FORMS.to_owned());
    // An `@` after the host is most likely the end of the password, and the text before it must not be shown.
    let (authority, behind) = text.split_at(authority_end(text));
    if behind.contains('@') && authority.matches(':').count() > 1 {
        return Err(bad(ENCODE));
    }
    if !rest.starts_with("//") {
        return Err(bad("`//` is missing after the scheme"));
    }
    let (single, several) = first_host(text);
    let url = url::Url::parse(&with_host(&single)).map_err(|e| bad(&format!("{e} ({ENCODE})")))?;
    if url.cannot_be_a_base() {
        return Err(bad("`//` is missing after the scheme"));
    }
    if url.fragment().is_some() {
        return Err(bad(ENCODE));
    }
    let mut all = Vec::new();
    let mut add = |key: &str, value: String| all.push(parameter(key, &value, "the URL"));
    match several {
        Some((hosts, ports)) => {
            add("host", decode(&hosts, "host")?);
            add("port", ports);
        }
        None => {
            // `with_host` has inserted one if the URL has none.
            let named = url.host_str().filter(|h| !h.is_empty() && !single[..authority_end(&single)].ends_with('@'));
            if let Some(host) = named {
                let host = decode(host, "host")?;
                let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
                add("host", inner.unwrap_or(&host).to_owned());
            }
            if let Some(port) = url.port() {
                add("port", port.to_string());
            }
        }
    }
    for (key, value) in [("user", url.username()), ("password", url.password().unwrap_or_default())] {
        if !value.is_empty() {
            add(key, decode(value, key)?);
        }
    }
    let database = decode(url.path().trim_start_matches('/'), "database")?;
    if !database.is_empty() {
        add("dbname", database);
    }
    let named: Vec<String> = all.iter().map(|p| p.key.clone()).collect();
    for (key, value) in url.query_pairs() {
        let key = if matches!(&*key, "socket") { "host" } else { &key };
        // As in libpq: a parameter overrides the same setting in the rest of the URL.
        if named.iter().any(|name| name == key) {
            all.retain(|p| p.key != key);
        }
        all.push(parameter(key, &value, "the URL"));
    }
    Ok((dialect, all))
}

/// The path of an SQLite URL; irrelevant parameters of other programs are ignored.
fn sqlite_url(rest: &str) -> Result<Vec<Parameter>, SchemaError> {
    const HARMLESS: [&str; 8] =
        ["mode=rw", "mode=rwc", "cache=", "connection_limit=", "timeout=", "busy_timeout=", "pool=", "socket_timeout="];
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut all = vec![parameter("dbname", &decode(path, "path")?, "the URL")];
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if !HARMLESS.iter().any(|known| pair == *known || (known.ends_with('=') && pair.starts_with(known))) {
            return Err(SchemaError::usage(
                format!("a SQLite URL takes no parameters (`?{query}`)"),
                "write sqlite://path/to/file.db, a `?` that belongs to the file's name as %3F",
            ));
        }
        let key = pair.split('=').next().unwrap_or_default();
        all.push(parameter("note", &format!("`{key}` of the URL is passed over: it is for another client"), "the URL"));
    }
    Ok(all)
}

/// The URL with only its first host; and, if there are several, the comma-separated hosts and ports.
fn first_host(text: &str) -> (String, Option<(String, String)>) {
    let end = authority_end(text);
    let start = text.find("://").map_or(0, |i| i + 3);
    let start = text[start..end].rfind('@').map_or(start, |i| start + i + 1);
    if !text[start..end].contains(',') {
        return (text.to_owned(), None);
    }
    let split = |host: &str| match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') && !name.ends_with(':') => (name.to_owned(), port.to_owned()),
        _ => (host.to_owned(), String::new()),
    };
    let all: Vec<(String, String)> = text[start..end].split(',').map(split).collect();
    let bare = |name: &String| name.trim_start_matches('[').trim_end_matches(']').to_owned();
    let hosts: Vec<String> = all.iter().map(|(name, _)| bare(name)).collect();
    let ports: Vec<&str> = all.iter().map(|(_, port)| port.as_str()).collect();
    let single = format!("{}{}{}", &text[..start], all[0].0, &text[end..]);
    (single, Some((hosts.join(","), ports.join(","))))
}

/// Where `scheme://user:password@host:port` ends.
fn authority_end(text: &str) -> usize {
    let start = text.find("://").map_or(0, |i| i + 3);
    text[start..].find(['/', '?', '#']).map_or(text.len(), |i| start + i)
}

/// `mysql://user@/db?socket=...` names no host, which the URL standard does not allow beside a user.
fn with_host(text: &str) -> String {
    let end = authority_end(text);
    if text[..end].ends_with('@') { format!("{}localhost{}", &text[..end], &text[end..]) } else { text.to_owned() }
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
        // The parameter that all clients know has priority over those of single clients.
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

fn channel_binding(text: &str) -> Result<ChannelBinding, SchemaError> {
    match text {
        "disable" => Ok(ChannelBinding::Disable),
        "prefer" => Ok(ChannelBinding::Prefer),
        "require" => Ok(ChannelBinding::Require),
        _ => Err(SchemaError::usage(format!("unknown channel_binding `{text}`"), "known are disable, prefer, require")),
    }
}

/// `scram-sha-256,md5`, or `!password,!none` for all methods but these.
fn auth_methods(text: &str) -> Result<Vec<AuthMethod>, SchemaError> {
    const METHODS: &[(&str, AuthMethod)] = &[
        ("none", AuthMethod::None),
        ("password", AuthMethod::Password),
        ("md5", AuthMethod::Md5),
        ("scram-sha-256", AuthMethod::ScramSha256),
    ];
    let names: Vec<&str> = text.split(',').map(str::trim).filter(|n| !n.is_empty()).collect();
    let not = names.iter().filter(|n| n.starts_with('!')).count();
    if not != 0 && not != names.len() {
        return Err(SchemaError::usage(
            format!("require_auth={text} both asks for methods and excludes some"),
            "write either a list of methods, or a list with `!` before each",
        ));
    }
    let mut named = Vec::new();
    for name in &names {
        let bare = name.strip_prefix('!').unwrap_or(name);
        match METHODS.iter().find(|(known, _)| *known == bare) {
            Some((_, method)) => named.push(*method),
            // These methods are never used, so excluding them has no effect.
            None if matches!(bare, "gss" | "sspi") => {}
            None => {
                return Err(SchemaError::usage(
                    format!("unknown method `{bare}` in require_auth"),
                    "known are none, password, md5, scram-sha-256",
                ));
            }
        }
    }
    let chosen: Vec<AuthMethod> =
        METHODS.iter().map(|(_, method)| *method).filter(|m| named.contains(m) == (not == 0)).collect();
    if chosen.is_empty() {
        return Err(SchemaError::usage(
            format!("require_auth={text} leaves no way to log in that this program has"),
            "it has none, password, md5 and scram-sha-256",
        ));
    }
    Ok(chosen)
}

fn tls_mode(text: &str) -> Result<TlsMode, SchemaError> {
    const MODES: &[(&str, TlsMode)] = &[
        ("disable", TlsMode::Disable),
        ("disabled", TlsMode::Disable),
        ("allow", TlsMode::Prefer),
        ("prefer", TlsMode::Prefer),
        ("preferred", TlsMode::Prefer),
        ("require", TlsMode::Require),
        ("required", TlsMode::Require),
        ("verify-ca", TlsMode::VerifyCa),
        ("verify-full", TlsMode::VerifyFull),
        ("verify-identity", TlsMode::VerifyFull),
    ];
    let wanted = text.to_ascii_lowercase().replace('_', "-");
    MODES.iter().find(|(name, _)| *name == wanted).map(|(_, mode)| *mode).ok_or_else(|| {
        SchemaError::usage(
            format!("unknown sslmode `{text}`"),
            "known are disable, prefer, require, verify-ca, verify-full (MySQL's spellings too)",
        )
    })
}

fn decode(text: &str, what: &str) -> Result<String, SchemaError> {
    percent_decode(text).ok_or_else(|| {
        SchemaError::usage(
            format!("the URL's {what} is not UTF-8 after percent-decoding"),
            "write it as %XX of UTF-8 bytes",
        )
    })
}

/// `%41` -> `A`; a `%` without two hex digits is unchanged.
fn percent_decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let pair = bytes.get(i + 1..i + 3).and_then(|p| std::str::from_utf8(p).ok());
        match pair.filter(|_| bytes[i] == b'%').and_then(|p| u8::from_str_radix(p, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

/// The URL with everything between `user:` and the last `@` hidden, and no parameters.
pub fn redacted(url: &str) -> String {
    let (base, _) = url.split_once('?').unwrap_or((url, ""));
    let Some((scheme, rest)) = base.split_once("://") else {
        // Without its slashes the scheme may have become part of the login.
        return match base.rsplit_once('@') {
            Some((login, host)) => format!("{}:***@{host}", login.split(':').next().unwrap_or_default()),
            None => base.split_once(':').map_or_else(|| base.to_owned(), |(scheme, _)| format!("{scheme}:***")),
        };
    };
    // A password that holds `?` or `#` may have lost its `@`: then hide all that follows `user:`.
    let (login, host) = rest.rsplit_once('@').unwrap_or((rest, ""));
    match login.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
        None => base.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&str, &str)]) -> Environment {
        Environment::fixed(vars, "anna")
    }

    fn found(text: &str, vars: &[(&str, &str)]) -> Result<RequestedDatabase, SchemaError> {
        let url = Some(text.to_owned()).filter(|t| !t.is_empty());
        resolve(&ConnectArgs { url, ..ConnectArgs::default() }, &env(vars))
    }

    fn url(text: &str) -> Result<Connection, SchemaError> {
        found(text, &[]).map(|f| f.connection)
    }

    #[test]
    fn several_hosts() {
        let of = |text: &str| found(text, &[]).unwrap().addresses;
        let pairs = |list: &[(&str, u16)]| list.iter().map(|(h, p)| ((*h).to_owned(), *p)).collect::<Vec<_>>();
        assert_eq!(of("postgres://u:p@a:1,b,[::1]:3/d"), pairs(&[("a", 1), ("b", 5432), ("::1", 3)]));
        assert_eq!(of("postgres://u@/d?host=a,b&port=7"), pairs(&[("a", 7), ("b", 7)]));
        let error = found("postgres://u@/d?host=a,b&port=1,2,3", &[]).unwrap_err().to_string();
        assert!(error.contains("2 hosts and 3 ports"), "{error}");
    }

    #[test]
    fn login_paths_of_mysql_are_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let notes = |url: &str, more: &[(&str, &str)]| {
            found(url, &[&[("MYSQL_TEST_LOGIN_FILE", path)], more].concat()).unwrap().notes
        };
        assert!(notes("mysql://u@h/d", &[])[0].contains("are not read; write user and password to [client]"));
        assert!(notes("mysql://u:p@h/d", &[]).is_empty() && notes("postgres://u@h/d", &[]).is_empty());
        assert!(notes("mysql://u@h/d", &[("MYSQL_PWD", "p")]).is_empty());
    }

    #[test]
    fn urls_of_other_programs() {
        for text in ["jdbc:postgresql://h/d?currentSchema=a", "postgresql+asyncpg://h/d?schema=a"] {
            assert_eq!(url(text).unwrap().session.schema.as_deref(), Some("a"), "{text}");
        }
        assert_eq!(url("mysql+pymysql://h/d?charset=utf8mb4").unwrap().dialect, Dialect::Mysql);
        let c = url("mysql://h/d?ssl=true&sslmode=verify-full").unwrap();
        assert_eq!((c.tls, url("mysql://h/d?ssl=true").unwrap().tls), (TlsMode::VerifyFull, TlsMode::Require));
        let file = found("file:./dev.db?connection_limit=1", &[]).unwrap();
        assert_eq!((file.connection.database.as_str(), file.notes.len()), ("./dev.db", 1));
        let c = url("postgres://h/d?options=-csearch_path%3Da,b&application_name=x&connect_timeout=0").unwrap();
        assert_eq!(c.session.options.as_deref(), Some("-csearch_path=a,b"));
        assert_eq!((c.session.application_name.as_deref(), c.session.connect_timeout), (Some("x"), None));
    }

    #[test]
    fn the_environment_names_a_database_where_nothing_else_does() {
        let libpq = found("", &[("PGHOST", "a,b"), ("PGPORT", "5,6"), ("PGDATABASE", "d"), ("PGSSLMODE", "require")]);
        let libpq = libpq.unwrap();
        assert_eq!((libpq.addresses.len(), libpq.connection.tls), (2, TlsMode::Require));
        assert!(libpq.notes[0].contains("PGHOST and PGDATABASE"), "{:?}", libpq.notes);
        let url = found("", &[("DATABASE_URL", "mysql://u:s3cret@h/d"), ("PGUSER", "x")]).unwrap();
        assert!(url.notes[0].contains("DATABASE_URL") && !url.notes[0].contains("s3cret"), "{:?}", url.notes);
        assert!(found("", &[("DATABASE_URL", "sqlserver://h")]).unwrap_err().to_string().contains("DATABASE_URL"));
        // The command line has priority over the environment.
        let typed = found(
            "postgres://h:1/x?sslmode=disable",
            &[("PGHOSTADDR", "a"), ("PGPORT", "x"), ("PGSSLMODE", "require")],
        );
        let typed = typed.unwrap().connection;
        assert_eq!((typed.host.as_str(), typed.port, typed.tls), ("h", 1, TlsMode::Disable));
    }

    #[test]
    fn services_come_between_what_is_typed_and_the_environment() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[shop]\nhost=db.example\nport=6000\ndbname=shop\nuser=eve\n").unwrap();
        let path = file.path().to_str().unwrap();
        let vars = [("PGSERVICEFILE", path), ("PGUSER", "env"), ("PGDATABASE", "env")];
        let c = found("postgres:///other?service=shop", &vars).unwrap().connection;
        assert_eq!(
            (c.host.as_str(), c.port, c.user.as_str(), c.database.as_str()),
            ("db.example", 6000, "eve", "other")
        );
        let c = found("", &[("PGSERVICEFILE", path), ("PGSERVICE", "shop")]).unwrap().connection;
        assert_eq!((c.host.as_str(), c.database.as_str()), ("db.example", "shop"));
        let error = found("postgres:///?service=none", &vars).unwrap_err().to_string();
        assert!(error.contains("no service `none`") && error.contains(path), "{error}");
    }

    #[test]
    fn servers() {
        let c = url("postgresql://j%40ne:p%3Aw%2F%23@db.example:6000/my%20db?sslmode=verify-full&sslrootcert=/ca.pem")
            .unwrap();
        assert_eq!((c.user.as_str(), c.password.as_deref()), ("j@ne", Some("p:w/#")));
        assert_eq!((c.host.as_str(), c.port, c.database.as_str()), ("db.example", 6000, "my db"));
        assert_eq!((c.tls, c.tls_root), (TlsMode::VerifyFull, Some(PathBuf::from("/ca.pem"))));

        let c = url("postgres://[::1]/x?sslmode=require&sslrootcert=ca.pem").unwrap();
        assert_eq!((c.host.as_str(), c.port, c.user.as_str(), c.tls), ("::1", 5432, "anna", TlsMode::VerifyCa));
        let c = url("postgres:///shop?host=/run/postgresql&user=bob").unwrap();
        assert_eq!((c.host.as_str(), c.database.as_str(), c.user.as_str()), ("/run/postgresql", "shop", "bob"));
        assert_eq!(url("postgres://%2Frun%2Fpg/shop").unwrap().host, "/run/pg");
        assert_eq!(url("postgres://").unwrap().database, "anna");

        let c = url("mariadb://root@127.0.0.1/shop?ssl-mode=VERIFY_IDENTITY&ssl_ca=x.pem").unwrap();
        assert_eq!((c.dialect, c.port, c.tls), (Dialect::Mysql, 3306, TlsMode::VerifyFull));
        assert_eq!(url("mysql://root@/shop?socket=/run/s.sock").unwrap().host, "/run/s.sock");
    }

    #[test]
    fn sqlite_paths() {
        for (text, path) in [
            ("sqlite://demo.db", "demo.db"),
            ("sqlite:///tmp/a.db", "/tmp/a.db"),
            ("sqlite:demo.db", "demo.db"),
            ("sqlite:/tmp/a.db", "/tmp/a.db"),
            ("sqlite://../x/100%.db", "../x/100%.db"),
            ("sqlite://a%20b.db", "a b.db"),
        ] {
            assert_eq!(url(text).unwrap().database, path, "{text}");
        }
        assert!(url("sqlite::memory:").unwrap_err().to_string().contains("in-memory"));
        assert!(url("sqlite://x.db?mode=ro").is_err());
    }

    #[test]
    fn flags_and_environment() {
        let args =
            ConnectArgs { driver: Some("postgresql".into()), database: Some("d".into()), ..ConnectArgs::default() };
        let c = resolve(&args, &env(&[("PGUSER", "eve"), ("PGPASSWORD", "s3"), ("PGPORT", "77")])).unwrap().connection;
        assert_eq!((c.user.as_str(), c.password.as_deref(), c.port), ("eve", Some("s3"), 77));
        let c = resolve(&args, &env(&[("DBMOCKER_PASSWORD", "first"), ("PGPASSWORD", "s3")])).unwrap().connection;
        assert_eq!(c.password.as_deref(), Some("first"));
        let both = ConnectArgs { url: Some("sqlite:x".into()), ..args };
        assert!(resolve(&both, &env(&[])).unwrap_err().to_string().contains("--driver"));
        assert!(resolve(&ConnectArgs::default(), &env(&[])).unwrap_err().to_string().contains("sqlite://"));
    }

    #[test]
    fn mistakes_are_named_and_passwords_hidden() {
        assert!(url("postgrse://x").unwrap_err().to_string().contains("did you mean `postgres`"));
        assert!(url("postgres://h/d?sslmod=require").unwrap_err().to_string().contains("`sslmode`"));
        assert!(url("postgres://h/d?sslmode=on").unwrap_err().to_string().contains("verify-ca"));
        assert!(url("mysql://h").unwrap_err().to_string().contains("no database named"));
        for bad in [
            "postgres://u:secret#x@h/d",
            "postgres://u:sec/ret@h/d",
            "postgres://u:secret@h:port/d",
            "postgres:u:secret@h/d",
            "postgres:u:secret",
            "postgres:/u:secret@h/d",
            "mysql:u:secret@h/d?x=y",
            "mysql:secret@h",
        ] {
            let text = url(bad).unwrap_err().to_string();
            assert!(!text.contains("sec"), "{text}");
        }
        let c = url("mysql://u:secret@h/d").unwrap();
        assert!(!format!("{c:?}{c}").contains("secret"));
    }

    fn encoded(text: &str) -> String {
        text.bytes().map(|b| format!("%{b:02X}")).collect()
    }

    proptest::proptest! {
        #[test]
        fn any_name_and_password_survive_the_url(user in ".+", password in "\\PC{4,}", database in "[^.].*") {
            let text = format!("postgres://{}:{}@h/{}", encoded(&user), encoded(&password), encoded(&database));
            let c = url(&text).unwrap();
            proptest::prop_assert_eq!((&c.user, c.password.as_ref(), &c.database), (&user, Some(&password), &database));
        }

        #[test]
        fn no_mistake_shows_the_password(junk in "[a-z/?#@:%&=]{0,6}", after in "[a-z/?#@:%&=]{0,9}") {
            // The text has no other digits, so their absence shows that the password is hidden.
            for scheme in ["postgres", "mysql"] {
                if let Err(e) = url(&format!("{scheme}://u:{junk}771{junk}@h{after}")) {
                    proptest::prop_assert!(!e.to_string().contains("771"), "{}", e);
                }
            }
        }
    }
}
