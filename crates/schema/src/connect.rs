//! From what a person typed (`--url`, or `--driver --host ...`) to a [`Connection`]; nothing is contacted here.

use std::path::PathBuf;

use dbmocker_loaders::{AuthMethod, ChannelBinding, Connection, Dialect, Identity, TlsMode};

use super::credentials;
use super::credentials::Environment;
use super::error::{SchemaError, nearest};

/// The flags as typed. `url` excludes the others.
#[derive(Clone, Default)]
pub struct ConnectArgs {
    pub url: Option<String>,
    /// `sqlite`, `postgresql`, `mysql` or one of their usual spellings.
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
/// PostgreSQL's variables that stand in for parameters of the URL.
const PG_VARIABLES: &[(&str, &str)] = &[
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGCHANNELBINDING", "channel-binding"),
    ("PGREQUIREAUTH", "require-auth"),
];
/// Those that ask for something which this program does not do.
const PG_REFUSED: &[&str] = &["PGSSLCRL", "PGSSLCRLDIR"];

/// What is known before defaults are filled in.
#[derive(Default)]
struct PartialConnection {
    host: Option<String>,
    port: Option<u16>,
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

/// Authorities that the server's certificate may come from.
#[derive(Debug, PartialEq, Eq)]
enum Roots {
    /// Those that the system trusts.
    System,
    File(PathBuf),
}

/// Resolves the flags, with defaults and passwords from the process's environment and `.pgpass`.
///
/// # Errors
/// [`SchemaError::Usage`] says what is missing, unknown or contradictory, and shows the right form.
pub fn connection(args: &ConnectArgs) -> Result<Connection, SchemaError> {
    resolve(args, &Environment::process())
}

/// [`connection`] with an environment of the caller's choice.
pub fn resolve(args: &ConnectArgs, env: &Environment) -> Result<Connection, SchemaError> {
    let Some(url) = args.url.as_deref() else {
        let Some(driver) = args.driver.as_deref() else {
            return Err(SchemaError::usage("no database given", format!("--url: {URL_FORMS}")));
        };
        let dialect = dialect(driver).ok_or_else(|| unknown_scheme("driver", driver))?;
        return finish(dialect, draft_of_flags(args), env);
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
    let (dialect, mut draft) = parse_url(url)?;
    draft.password = draft.password.or_else(|| args.password.clone());
    finish(dialect, draft, env)
}

fn draft_of_flags(args: &ConnectArgs) -> PartialConnection {
    PartialConnection {
        host: args.host.clone(),
        port: args.port,
        user: args.username.clone(),
        password: args.password.clone(),
        database: args.database.clone(),
        ..PartialConnection::default()
    }
}

fn finish(dialect: Dialect, mut draft: PartialConnection, env: &Environment) -> Result<Connection, SchemaError> {
    if dialect == Dialect::Sqlite {
        return sqlite(draft.database.unwrap_or_default());
    }
    let pg = dialect == Dialect::Postgres;
    if pg {
        draft.variables(env)?;
        draft.own_files(env);
    } else {
        draft.option_file(env)?;
    }
    let (tls, tls_root) = draft.encryption()?;
    let tls_identity = draft.identity()?;
    let from_env = |name: &str| if pg { env.var(name) } else { None };
    let port = match (draft.port, from_env("PGPORT")) {
        (Some(port), _) => port,
        (None, Some(text)) => text.parse().map_err(|_| {
            SchemaError::usage(format!("PGPORT is `{text}`"), "set it to a port number, or write the port in the URL")
        })?,
        (None, None) => default_port(dialect),
    };
    let user = draft.user.or_else(|| from_env("PGUSER")).unwrap_or_else(|| env.os_user());
    let database = match draft.database.filter(|d| !d.is_empty()).or_else(|| from_env("PGDATABASE")) {
        Some(database) => database,
        None if pg => user.clone(),
        None => {
            return Err(SchemaError::usage("no database named", "write mysql://user@host/DATABASE or --database NAME"));
        }
    };
    // Silence would be taken for protection.
    for (asked, what) in [
        (tls_identity.is_some(), "a client certificate (sslcert, sslkey)"),
        (draft.channel_binding == Some(ChannelBinding::Require), "channel_binding=require"),
        (draft.require_auth.is_some(), "require_auth"),
    ] {
        if asked {
            let way_out = "leave it out of the URL and the environment, and use sslmode=verify-full instead";
            return Err(SchemaError::usage(format!("{what} is not supported yet"), way_out));
        }
    }
    let mut conn = Connection {
        dialect,
        host: draft.host.or_else(|| from_env("PGHOST")).unwrap_or_else(|| "localhost".into()),
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
    };
    credentials::fill(&mut conn, env)?;
    Ok(conn)
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

fn dialect(name: &str) -> Option<Dialect> {
    match name.to_ascii_lowercase().as_str() {
        "postgres" | "postgresql" | "pgsql" | "pg" => Some(Dialect::Postgres),
        "mysql" | "mariadb" => Some(Dialect::Mysql),
        "sqlite" | "sqlite3" => Some(Dialect::Sqlite),
        _ => None,
    }
}

fn unknown_scheme(what: &str, given: &str) -> SchemaError {
    let known = ["postgres", "postgresql", "mysql", "mariadb", "sqlite"];
    let hint = nearest(given, known).map(|n| format!("did you mean `{n}`? ")).unwrap_or_default();
    SchemaError::usage(format!("unknown {what} `{given}`"), format!("{hint}{URL_FORMS}"))
}

/// Splits a URL. Messages show it without its password.
fn parse_url(text: &str) -> Result<(Dialect, PartialConnection), SchemaError> {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Err(SchemaError::usage(format!("`{text}` is not a URL"), URL_FORMS));
    };
    let dialect = dialect(scheme).ok_or_else(|| unknown_scheme("URL scheme", scheme))?;
    if dialect == Dialect::Sqlite {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if let Some((_, query)) = path.split_once('?') {
            return Err(SchemaError::usage(
                format!("a SQLite URL takes no parameters (`?{query}`)"),
                "write sqlite://path/to/file.db, a `?` that belongs to the file's name as %3F",
            ));
        }
        return Ok((
            dialect,
            PartialConnection { database: Some(decode(path, "path")?), ..PartialConnection::default() },
        ));
    }
    const ENCODE: &str = "characters such as `/ ? # @ :` in a user name or password are written %2F %3F %23 %40 %3A";
    let bad = |why: &str| SchemaError::usage(format!("`{}`: {why}", redacted(text)), URL_FORMS.to_owned());
    // An `@` behind the host is most likely the password's end, and what stands before it must not be shown.
    let (authority, behind) = text.split_at(authority_end(text));
    if behind.contains('@') && authority.matches(':').count() > 1 {
        return Err(bad(ENCODE));
    }
    if !rest.starts_with("//") {
        return Err(bad("`//` is missing after the scheme"));
    }
    let url = url::Url::parse(&with_host(text)).map_err(|e| bad(&format!("{e} ({ENCODE})")))?;
    if url.cannot_be_a_base() {
        return Err(bad("`//` is missing after the scheme"));
    }
    if url.fragment().is_some() {
        return Err(bad(ENCODE));
    }
    let mut draft = PartialConnection {
        host: url.host_str().filter(|h| !h.is_empty()).map(|h| decode(h, "host")).transpose()?,
        port: url.port(),
        user: Some(decode(url.username(), "user")?).filter(|u| !u.is_empty()),
        password: url.password().map(|p| decode(p, "password")).transpose()?,
        database: Some(decode(url.path().trim_start_matches('/'), "database")?).filter(|d| !d.is_empty()),
        ..PartialConnection::default()
    };
    if let Some(host) = &mut draft.host
        && let Some(inner) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'))
    {
        *host = inner.to_owned();
    }
    for (key, value) in url.query_pairs() {
        draft.parameter(dialect, &key, value.into_owned())?;
    }
    Ok((dialect, draft))
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
            "host" | "socket" => self.host = Some(value),
            "port" => {
                self.port = Some(value.parse().map_err(|_| {
                    SchemaError::usage(format!("`port={value}` is not a port"), "write a number from 1 to 65535")
                })?);
            }
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            _ => self.database = Some(value),
        }
        Ok(())
    }
}

impl PartialConnection {
    /// PostgreSQL's variables, for what the URL does not say.
    fn variables(&mut self, env: &Environment) -> Result<(), SchemaError> {
        if let Some(name) = PG_REFUSED.iter().find(|name| env.var(name).is_some()) {
            return Err(SchemaError::usage(
                format!("{name} is set, and lists of revoked certificates are not read"),
                "unset it to connect without them",
            ));
        }
        for (name, parameter) in PG_VARIABLES {
            let said = match *parameter {
                "sslmode" => self.tls.is_some(),
                "sslrootcert" => self.tls_root.is_some(),
                "sslcert" => self.certificate.is_some(),
                "sslkey" => self.key.is_some(),
                "channel-binding" => self.channel_binding.is_some(),
                _ => self.require_auth.is_some(),
            };
            if let Some(value) = env.var(name).filter(|_| !said) {
                self.parameter(Dialect::Postgres, parameter, value).map_err(|e| match e {
                    SchemaError::Usage { problem, help } => SchemaError::usage(format!("{name}: {problem}"), help),
                    other => other,
                })?;
            }
        }
        Ok(())
    }

    /// Files where libpq looks for them, if they are there.
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

    /// `[client]` of `~/.my.cnf`, for what neither the URL nor the flags say.
    fn option_file(&mut self, env: &Environment) -> Result<(), SchemaError> {
        for (key, value) in credentials::my_cnf(env)? {
            let said = match key.as_str() {
                "host" | "socket" => self.host.is_some(),
                "port" => self.port.is_some(),
                "user" => self.user.is_some(),
                // What the environment says comes first.
                "password" => self.password.is_some() || credentials::named_password(Dialect::Mysql, env).is_some(),
                "ssl-mode" => self.tls.is_some(),
                "ssl-ca" => self.tls_root.is_some(),
                "ssl-cert" => self.certificate.is_some(),
                "ssl-key" => self.key.is_some(),
                _ => true,
            };
            if !said {
                self.parameter(Dialect::Mysql, &key, value)?;
            }
        }
        Ok(())
    }

    /// Mode and root certificates, as libpq puts them together.
    fn encryption(&mut self) -> Result<(TlsMode, Option<PathBuf>), SchemaError> {
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

    fn identity(&mut self) -> Result<Option<Identity>, SchemaError> {
        match (self.certificate.take(), self.key.take()) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(Identity { certificate, key })),
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

/// `scram-sha-256,md5`, or `!password,!none` for all but these.
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
            // Never used, so that excluding them excludes nothing.
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

/// `%41` -> `A`; a `%` that starts no hex pair stays as it is.
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

    fn url(text: &str) -> Result<Connection, SchemaError> {
        resolve(&ConnectArgs { url: Some(text.into()), ..ConnectArgs::default() }, &env(&[]))
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
        let c = resolve(&args, &env(&[("PGUSER", "eve"), ("PGPASSWORD", "s3"), ("PGPORT", "77")])).unwrap();
        assert_eq!((c.user.as_str(), c.password.as_deref(), c.port), ("eve", Some("s3"), 77));
        let c = resolve(&args, &env(&[("DBMOCKER_PASSWORD", "first"), ("PGPASSWORD", "s3")])).unwrap();
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
            // Digits stand nowhere else, so their absence says that the password is not there.
            for scheme in ["postgres", "mysql"] {
                if let Err(e) = url(&format!("{scheme}://u:{junk}771{junk}@h{after}")) {
                    proptest::prop_assert!(!e.to_string().contains("771"), "{}", e);
                }
            }
        }
    }
}
