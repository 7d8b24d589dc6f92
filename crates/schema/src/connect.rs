//! From what a person typed (`--url`, or `--driver --host ...`) to a [`Connection`]; nothing is contacted here.

use std::path::PathBuf;

use dbmocker_loaders::{Connection, Dialect, TlsMode};

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
const PG_PARAMETERS: &[&str] = &["sslmode", "sslrootcert", "host", "port", "user", "password", "dbname"];
const MYSQL_PARAMETERS: &[&str] = &["ssl-mode", "ssl-ca", "sslmode", "socket", "host", "port", "user", "password"];

/// What is known before defaults are filled in.
#[derive(Default)]
struct PartialConnection {
    host: Option<String>,
    port: Option<u16>,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    tls: TlsMode,
    tls_root: Option<PathBuf>,
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

fn finish(dialect: Dialect, draft: PartialConnection, env: &Environment) -> Result<Connection, SchemaError> {
    if dialect == Dialect::Sqlite {
        return sqlite(draft.database.unwrap_or_default());
    }
    let pg = dialect == Dialect::Postgres;
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
    let mut conn = Connection {
        dialect,
        host: draft.host.or_else(|| from_env("PGHOST")).unwrap_or_else(|| "localhost".into()),
        port,
        user,
        password: draft.password,
        database,
        // As libpq has it: `require` together with a root certificate verifies the chain.
        tls: match (draft.tls, &draft.tls_root) {
            (TlsMode::Require, Some(_)) => TlsMode::VerifyCa,
            (mode, _) => mode,
        },
        tls_root: draft.tls_root,
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
    Ok(Connection {
        dialect: Dialect::Sqlite,
        host: String::new(),
        port: 0,
        user: String::new(),
        password: None,
        database: path,
        tls: TlsMode::Disable,
        tls_root: None,
    })
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
            "sslmode" | "ssl-mode" => self.tls = tls_mode(&value)?,
            "sslrootcert" if value == "system" => self.tls_root = None,
            "sslrootcert" | "ssl-ca" => self.tls_root = Some(PathBuf::from(value)),
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
    let Some((scheme, rest)) = base.split_once("://") else { return base.to_owned() };
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
        for bad in ["postgres://u:secret#x@h/d", "postgres://u:sec/ret@h/d", "postgres://u:secret@h:port/d"] {
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
