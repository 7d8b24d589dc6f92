//! Passwords: from the environment, from `.pgpass`, or from a prompt on the terminal if the server requires one.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;

use dbmocker_loaders::{Connection, Dialect};

use super::error::SchemaError;

/// The variables and the user name that resolving depends on: the process's own, or fixed ones.
#[derive(Clone)]
pub struct Environment {
    fixed: Option<(BTreeMap<String, String>, String)>,
}

impl Environment {
    pub fn process() -> Self {
        Environment { fixed: None }
    }

    #[cfg(test)]
    pub fn fixed(vars: &[(&str, &str)], user: &str) -> Self {
        let vars = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Environment { fixed: Some((vars, user.to_owned())) }
    }

    /// A variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<String> {
        match &self.fixed {
            Some((vars, _)) => vars.get(name).cloned(),
            None => std::env::var(name).ok(),
        }
        .filter(|v| !v.is_empty())
    }

    /// The operating system's user, the default user name of `psql` and `mysql`.
    pub fn os_user(&self) -> String {
        match &self.fixed {
            Some((_, user)) => user.clone(),
            None => user_of_process()
                .or_else(|| ["LOGNAME", "USER", "USERNAME"].iter().find_map(|v| self.var(v)))
                .unwrap_or_else(|| "root".into()),
        }
    }
}

/// The operating system's user of this process.
pub fn os_user() -> String {
    Environment::process().os_user()
}

#[cfg(unix)]
fn user_of_process() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users
        .lines()
        .map(|l| l.split(':').collect::<Vec<_>>())
        .find(|f| f.get(2) == Some(&uid.as_str()))
        .map(|f| f[0].into())
}

#[cfg(not(unix))]
fn user_of_process() -> Option<String> {
    None
}

/// Fills in a missing password: `DBMOCKER_PASSWORD`, then `PGPASSWORD` or `MYSQL_PWD`, then `.pgpass`.
///
/// # Errors
/// A password file that others may read is not used, as in `psql`, but with an error.
pub fn fill(conn: &mut Connection, env: &Environment, passfile: Option<PathBuf>) -> Result<(), SchemaError> {
    if conn.password.is_some() || conn.dialect == Dialect::Sqlite {
        return Ok(());
    }
    conn.password = named_password(conn.dialect, env);
    if conn.password.is_none() && conn.dialect == Dialect::Postgres {
        conn.password = pgpass(conn, env, passfile)?;
    }
    Ok(())
}

/// The password that the environment names.
pub fn named_password(dialect: Dialect, env: &Environment) -> Option<String> {
    let own = if dialect == Dialect::Postgres { "PGPASSWORD" } else { "MYSQL_PWD" };
    env.var("DBMOCKER_PASSWORD").or_else(|| env.var(own))
}

/// The options of `[client]` in `~/.my.cnf`: the last value of each, with the names of URL parameters.
///
/// # Errors
/// A world-writable file is not used, as in `mysql`, but with an error.
pub fn my_cnf(env: &Environment) -> Result<BTreeMap<String, String>, SchemaError> {
    let Some(path) = env.var("HOME").map(|home| PathBuf::from(home).join(".my.cnf")) else {
        return Ok(BTreeMap::new());
    };
    let Ok(meta) = std::fs::metadata(&path) else { return Ok(BTreeMap::new()) };
    if !meta.is_file() {
        return Ok(BTreeMap::new());
    }
    let shown = path.display().to_string();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if meta.mode() & 0o002 != 0 {
            return Err(SchemaError::usage(
                format!("option file `{shown}` can be written by everybody"),
                format!("run: chmod 600 {shown}"),
            ));
        }
    }
    let text = std::fs::read_to_string(&path).map_err(|e| SchemaError::File { path: shown, message: e.to_string() })?;
    Ok(options(&text))
}

/// A note where the only password may be one that is not read.
pub fn unread_login_path(conn: &Connection, env: &Environment) -> Option<String> {
    if conn.dialect != Dialect::Mysql || conn.password.is_some() {
        return None;
    }
    let named = env.var("MYSQL_TEST_LOGIN_FILE").map(PathBuf::from);
    let path = named.or_else(|| env.var("HOME").map(|home| PathBuf::from(home).join(".mylogin.cnf")))?;
    path.is_file().then(|| {
        format!(
            "login paths of `{}` are not read; write user and password to [client] of ~/.my.cnf, or to MYSQL_PWD",
            path.display()
        )
    })
}

fn options(text: &str) -> BTreeMap<String, String> {
    const WANTED: [&str; 9] =
        ["host", "socket", "port", "user", "password", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key"];
    let mut found = BTreeMap::new();
    let mut for_clients = false;
    for line in text.lines().map(str::trim) {
        if let Some(group) = line.strip_prefix('[').and_then(|l| l.split(']').next()) {
            for_clients = matches!(group.trim(), "client" | "client-server" | "client-mariadb");
            continue;
        }
        if !for_clients || line.is_empty() || line.starts_with(['#', ';', '!']) {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let key = key.trim().to_ascii_lowercase().replace('_', "-");
        if WANTED.contains(&key.as_str()) {
            found.insert(key, option_value(value.trim()));
        }
    }
    found
}

/// The value without quotes or trailing comment, unescaped.
fn option_value(text: &str) -> String {
    let quote = text.chars().next().filter(|q| matches!(q, '"' | '\''));
    let inner = match quote {
        Some(q) => text[1..].rsplit_once(q).map_or(&text[1..], |(inner, _)| inner),
        None => text.split(" #").next().unwrap_or(text).trim_end(),
    };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('s') => out.push(' '),
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('b') => out.push('\u{8}'),
                Some(c @ ('\\' | '"' | '\'')) => out.push(c),
                // As in MySQL's programs: an unknown escape is kept as both characters.
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            (c, false) => out.push(c),
        }
    }
    out
}

fn pgpass(conn: &Connection, env: &Environment, named: Option<PathBuf>) -> Result<Option<String>, SchemaError> {
    let named = named.or_else(|| env.var("PGPASSFILE").map(PathBuf::from));
    let Some(path) = named.or_else(|| Some(PathBuf::from(env.var("HOME")?).join(".pgpass"))) else {
        return Ok(None);
    };
    let Ok(meta) = std::fs::metadata(&path) else { return Ok(None) };
    let shown = path.display().to_string();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if meta.mode() & 0o077 != 0 {
            return Err(SchemaError::usage(
                format!("password file `{shown}` can be read by others"),
                format!("run: chmod 600 {shown}"),
            ));
        }
    }
    if !meta.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).map_err(|e| SchemaError::File { path: shown, message: e.to_string() })?;
    Ok(pgpass_entry(&text, conn))
}

/// The first line `host:port:database:user:password` that matches; `*` matches all, `\` escapes `:` and `\`.
fn pgpass_entry(text: &str, conn: &Connection) -> Option<String> {
    // libpq uses `localhost` for sockets in the default folder.
    let host = if conn.host.starts_with('/') { "localhost" } else { &conn.host };
    let port = conn.port.to_string();
    let wanted = [host, &port, &conn.database, &conn.user];
    text.lines().filter(|l| !l.starts_with('#')).find_map(|line| {
        let mut fields = split_escaped(line);
        let fits = fields.len() == 5 && fields.iter().zip(wanted).all(|(f, w)| f == "*" || f == w);
        let literal_host = fields.first().is_some_and(|f| *f == conn.host);
        let fits = fits
            || (fields.len() == 5
                && literal_host
                && fields[1..].iter().zip(&wanted[1..]).all(|(f, w)| f == "*" || f == w));
        if fits { fields.pop() } else { None }
    })
}

fn split_escaped(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let field = fields.last_mut().expect("fields is never empty because it starts with one");
        match c {
            '\\' => field.extend(chars.next()),
            ':' => fields.push(String::new()),
            c => field.push(c),
        }
    }
    fields
}

/// Prompts for the password on the terminal, without echo. `None` if there is no terminal.
///
/// # Errors
/// The terminal could not be read.
pub fn prompt(conn: &Connection) -> Result<Option<String>, SchemaError> {
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    rpassword::prompt_password(format!("Password for {conn}: "))
        .map(Some)
        .map_err(|e| SchemaError::File { path: "the terminal".into(), message: e.to_string() })
}

#[cfg(test)]
mod tests {
    use dbmocker_loaders::TlsMode;

    use super::*;

    fn conn() -> Connection {
        Connection {
            dialect: Dialect::Postgres,
            host: "db".into(),
            port: 5432,
            user: "eve".into(),
            password: None,
            database: "shop".into(),
            tls: TlsMode::Disable,
            ..Connection::default()
        }
    }

    #[test]
    fn pgpass_lines() {
        let text = "# db:5432:shop:eve:no\nother:*:*:*:no\ndb:*:shop:eve:a\\:b\\\\c\n*:*:*:*:last";
        assert_eq!(pgpass_entry(text, &conn()).as_deref(), Some("a:b\\c"));
        assert_eq!(pgpass_entry("db:1:*:*:x", &conn()), None);
        let socket = Connection { host: "/run/pg".into(), ..conn() };
        assert_eq!(pgpass_entry("localhost:*:*:eve:s", &socket).as_deref(), Some("s"));
        assert_eq!(pgpass_entry("/run/pg:*:*:eve:t", &socket).as_deref(), Some("t"));
    }

    #[test]
    fn option_files_of_mysql() {
        let text = "user = early\n[mysqld]\nuser=mysql\n[client]\n# no\nuser = \"eve\" \npassword='a#b\\\\c \"d\"'\n\
                    ssl_ca=/ca.pem # mine\ndefault-character-set=utf8mb4\nskip-x\n[mysql]\nport=1\n[client-server]\nport = 3307";
        let found = options(text);
        let of = |key: &str| found.get(key).map(String::as_str);
        assert_eq!((of("user"), of("password")), (Some("eve"), Some("a#b\\c \"d\"")));
        assert_eq!((of("ssl-ca"), of("port"), found.len()), (Some("/ca.pem"), Some("3307"), 4));
        assert_eq!(option_value(r"C:\\dir\x\sy"), r"C:\dir\x y");
    }

    #[cfg(unix)]
    #[test]
    fn a_password_file_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "*:*:*:*:pw").unwrap();
        let env = Environment::fixed(&[("PGPASSFILE", file.path().to_str().unwrap())], "eve");
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(fill(&mut conn(), &env, None).unwrap_err().to_string().contains("chmod 600"));
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
        let mut c = conn();
        fill(&mut c, &env, None).unwrap();
        assert_eq!(c.password.as_deref(), Some("pw"));
    }
}
