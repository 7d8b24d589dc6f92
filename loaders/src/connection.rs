//! The parameters of a connection to a server. `Debug` and `Display` never show the password.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use dbmocker_core::Dialect;

/// `sslmode` / `ssl-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    Disable,
    /// Encrypted if the server offers it, certificate not verified.
    #[default]
    Prefer,
    /// Encrypted, certificate not verified.
    Require,
    /// Encrypted, certificate chain verified.
    VerifyCa,
    /// Encrypted, chain and host name verified.
    VerifyFull,
}

/// `channel_binding`: whether the login is bound to the server's certificate (PostgreSQL).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChannelBinding {
    Disable,
    #[default]
    Prefer,
    Require,
}

/// An authentication method that a server may request (PostgreSQL's `require_auth`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// The server requests no authentication.
    None,
    Password,
    Md5,
    ScramSha256,
}

/// Files of the client's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// PEM, the certificate first, those of its authorities after it.
    pub certificate: PathBuf,
    /// PEM, not encrypted, readable by its owner only.
    pub key: PathBuf,
}

/// Options of a session besides the login (PostgreSQL only, except the time limit and the settings).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionOptions {
    /// The one schema in which names are looked up.
    pub schema: Option<String>,
    /// Options of the server's command line, as in libpq's `options`.
    pub options: Option<String>,
    /// The application name of the session; `dbmocker` by default.
    pub application_name: Option<String>,
    /// Time limit for connecting to the server.
    pub connect_timeout: Option<Duration>,
    /// Settings of every session, by name; `role` of PostgreSQL is one, and `@name` of MySQL is a user variable.
    pub settings: Vec<(String, String)>,
}

impl SessionOptions {
    /// Returns a setting; names ignore case.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns PostgreSQL's command-line options of a session: those given, then the settings.
    pub fn postgres_options(&self) -> Option<String> {
        // The server splits options at white space.
        let escaped = |text: &str| {
            let one =
                |c: char| if c == '\\' || c.is_ascii_whitespace() || c == '\u{b}' { vec!['\\', c] } else { vec![c] };
            text.chars().flat_map(one).collect::<String>()
        };
        let settings = self.settings.iter().map(|(name, value)| format!("-c {name}={}", escaped(value)));
        let all: Vec<String> = self.options.iter().cloned().chain(settings).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// Returns the statement that sets MySQL's settings.
    pub fn mysql_statement(&self) -> Option<String> {
        let text = |value: &str| format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"));
        let one = |(name, value): &(String, String)| match value.parse::<f64>() {
            // A user's variable is a text: `007` stays one.
            _ if name.starts_with('@') => format!("{name} = {}", text(value)),
            Ok(_) if value.bytes().all(|b| b.is_ascii_digit() || b"-.".contains(&b)) => {
                format!("SESSION {name} = {value}")
            }
            _ => format!("SESSION {name} = {}", text(value)),
        };
        let all: Vec<String> = self.settings.iter().map(one).collect();
        (!all.is_empty()).then(|| format!("SET {}", all.join(", ")))
    }
}

/// The address of a server, and the credentials.
#[derive(Clone, Default)]
pub struct Connection {
    pub dialect: Dialect,
    /// Host name, address, or the folder of a PostgreSQL socket / the path of a MySQL socket (leading `/`).
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Option<String>,
    /// Database name; for SQLite the path of the file.
    pub database: String,
    pub tls: TlsMode,
    /// PEM file of the certificate authority; `None`: the authorities that the system trusts.
    pub tls_root: Option<PathBuf>,
    pub tls_identity: Option<ClientCertificate>,
    pub channel_binding: ChannelBinding,
    /// Authentication methods that the server may request; `None`: any.
    pub require_auth: Option<Vec<AuthMethod>>,
    /// Functions of other roles may run in this session (`--trust-schema`).
    pub trust_schema: bool,
    pub session: SessionOptions,
}

/// `postgres://user@host:5432/db`: never with the password.
impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dialect {
            Dialect::Sqlite => write!(f, "sqlite://{}", self.database),
            Dialect::Postgres => write!(f, "postgres://{}@{}:{}/{}", self.user, self.host, self.port, self.database),
            Dialect::Mysql => write!(f, "mysql://{}@{}:{}/{}", self.user, self.host, self.port, self.database),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({self})")
    }
}
