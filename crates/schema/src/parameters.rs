//! Parameters of URLs, service files and the environment of other programs: supported, ignored with a note because they
//! have no meaning here, or refused because they matter and are not supported.

use std::path::PathBuf;
use std::time::Duration;

use dbmocker_loaders::{Dialect, TlsMode};

use super::credentials::Environment;
use super::error::SchemaError;

/// A parameter, and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    pub key: String,
    pub value: String,
    pub origin: String,
}

impl Parameter {
    /// The key without `_`, `-` and capitals, because clients write keys differently.
    pub fn bare(&self) -> String {
        let bare = self.key.chars().filter(|c| !matches!(c, '_' | '-' | '.'));
        bare.collect::<String>().to_ascii_lowercase()
    }
}

/// libpq's variables and the corresponding parameters; passwords are resolved elsewhere.
const VARIABLES: &[(&str, &str)] = &[
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGOPTIONS", "options"),
    ("PGAPPNAME", "application_name"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGREQUIREPEER", "requirepeer"),
    ("PGGSSENCMODE", "gssencmode"),
];

/// The parameters of which one suffices to name a database.
const NAMING: &[&str] = &["PGSERVICE", "PGHOST", "PGHOSTADDR", "PGDATABASE"];

/// The variables that name a PostgreSQL database if the command line names none.
pub(super) fn naming(env: &Environment) -> Vec<&'static str> {
    NAMING.iter().copied().filter(|name| env.var(name).is_some()).collect()
}

/// The environment's parameters for a PostgreSQL server.
pub(super) fn of_environment(env: &Environment) -> Vec<Parameter> {
    let one =
        |&(name, key): &(&str, &str)| Some(Parameter { key: key.into(), value: env.var(name)?, origin: name.into() });
    VARIABLES.iter().filter_map(one).collect()
}

/// The parameters of a service in the user's service file, or else the system's.
///
/// # Errors
/// A file cannot be read, or none of them has the service.
pub(super) fn of_service(name: &str, env: &Environment) -> Result<Vec<Parameter>, SchemaError> {
    let own = env.var("PGSERVICEFILE").map(PathBuf::from);
    let own = own.or_else(|| Some(PathBuf::from(env.var("HOME")?).join(".pg_service.conf")));
    let system = env.var("PGSYSCONFDIR").map(|folder| PathBuf::from(folder).join("pg_service.conf"));
    let mut looked_at = Vec::new();
    for path in [own, system].into_iter().flatten() {
        let shown = path.display().to_string();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                looked_at.push(format!("`{shown}`, which does not exist"));
                continue;
            }
            Err(e) => return Err(SchemaError::File { path: shown, message: e.to_string() }),
        };
        if let Some(found) = section(&text, name) {
            let origin = format!("service `{name}` of `{shown}`");
            let parameter = |(key, value)| Parameter { key, value, origin: origin.clone() };
            return Ok(found.into_iter().map(parameter).collect());
        }
        looked_at.push(format!("`{shown}`"));
    }
    Err(SchemaError::usage(
        format!("no service `{name}` (looked for in {})", looked_at.join(", ")),
        "name a file that has it in PGSERVICEFILE, or write the address in the URL",
    ))
}

/// The `key=value` lines below `[name]`.
fn section(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) == Some(name))?;
    let lines = lines.take_while(|line| !line.starts_with('['));
    let pairs = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    Some(pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect())
}

/// The required kind of server, if there are several addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionAttributes {
    #[default]
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// Settings by parameters besides the address.
#[derive(Debug, Clone, Default)]
pub(super) struct SessionSettings {
    /// The selected schema (Prisma's `schema`, JDBC's `currentSchema`).
    pub schema: Option<String>,
    pub options: Option<String>,
    pub application_name: Option<String>,
    pub connect_timeout: Option<Duration>,
    pub attributes: SessionAttributes,
    pub passfile: Option<PathBuf>,
    pub tls: Option<TlsMode>,
    /// Notes on ignored parameters.
    pub notes: Vec<String>,
}

const OTHER_PROGRAM: &str = "it is for another client";
const POOL: &str = "dbmocker keeps no pool of connections; --workers bounds them";
const UTF8: &str = "text is always sent as UTF-8";
const NETWORK: &str = "the system's settings for connections are used";
const TLS_DETAIL: &str = "encryption is negotiated as the server offers it";
const UTC: &str = "sessions use UTC, and the server's types are read as they are";

/// Parameters without meaning here, without `_`, `-` and capitals.
const IGNORED: &[(&[&str], &str)] = &[
    (
        &[
            "connectionlimit",
            "pool",
            "poolsize",
            "poolmaxsize",
            "maxpoolsize",
            "minpoolsize",
            "pooltimeout",
            "maxidleconnectionlifetime",
            "maxconnectionlifetime",
            "singleuseconnections",
            "poolmode",
        ],
        POOL,
    ),
    (
        &[
            "clientencoding",
            "charset",
            "encoding",
            "characterencoding",
            "useunicode",
            "collation",
            "connectioncollation",
        ],
        UTF8,
    ),
    (
        &[
            "keepalives",
            "keepalivesidle",
            "keepalivesinterval",
            "keepalivescount",
            "tcpusertimeout",
            "tcpkeepalive",
            "loadbalancehosts",
            "sockettimeout",
            "readtimeout",
            "writetimeout",
            "timeout",
        ],
        NETWORK,
    ),
    (
        &[
            "sslcompression",
            "sslsni",
            "sslnegotiation",
            "sslmaxprotocolversion",
            "sslcertmode",
            "requiressl",
            "allowpublickeyretrieval",
        ],
        TLS_DETAIL,
    ),
    (
        &[
            "timezone",
            "servertimezone",
            "connectiontimezone",
            "loc",
            "parsetime",
            "zerodatetimebehavior",
            "usejdbccomplianttimezoneshift",
            "uselegacydatetimecode",
        ],
        UTC,
    ),
    (
        &[
            "statementcachesize",
            "preparethreshold",
            "rewritebatchedstatements",
            "rewritebatchedinserts",
            "cacheprepstmts",
            "useserverprepstmts",
            "prepstmtcachesize",
            "prepstmtcachesqllimit",
            "allowmultiqueries",
            "multistatements",
            "autoreconnect",
            "reconnect",
            "retry",
            "fallbackapplicationname",
            "krbsrvname",
            "gsslib",
            "gssdelegation",
            "adapter",
            "schemacache",
            "uselocalsessionstate",
            "allowloadlocalinfile",
            "localinfile",
            "interpolateparams",
            "allownativepasswords",
            "dateStrings",
            "datestrings",
            "supportbignumbers",
            "maxallowedpacket",
            "nullcatalogmeansurrent",
            "createdatabaseifnotexist",
            "stringtype",
            "preferquerymode",
            "sslfactory",
            "driver",
        ],
        OTHER_PROGRAM,
    ),
];

/// Parameters that matter and are not supported.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &["sslcrl", "sslcrldir"],
        "certificate revocation lists are not read; leave it out, or check the certificate another way",
    ),
    (&["requirepeer"], "the owner of a socket's server is not checked; leave it out, or connect by TCP and TLS"),
    (&["replication"], "a connection for replication takes no rows; leave it out"),
    (&["initcommand", "sessionvariables"], "statements of a URL are not run; let the server's settings say it"),
    (
        &["readdefaultfile", "defaultsfile", "defaultsgroup"],
        "option files are not read; write what they say in the URL",
    ),
];

impl SessionSettings {
    /// Applies a parameter; `false` if it is unknown.
    ///
    /// # Errors
    /// An invalid value, or an unsupported setting.
    pub(super) fn take(&mut self, dialect: Dialect, parameter: &Parameter) -> Result<bool, SchemaError> {
        let Parameter { key, value, origin } = parameter;
        let bare = parameter.bare();
        let postgres = dialect == Dialect::Postgres;
        let odd = |hint: &str| SchemaError::usage(format!("`{key}={value}` of {origin} is not understood"), hint);
        match bare.as_str() {
            "schema" | "currentschema" if postgres => self.schema = Some(value.clone()),
            "options" if postgres => self.options = Some(value.clone()),
            "applicationname" if postgres => self.application_name = Some(value.clone()),
            "passfile" if postgres => self.passfile = Some(PathBuf::from(value)),
            "connecttimeout" => {
                let seconds: u64 = value.parse().map_err(|_| odd("write seconds, e.g. connect_timeout=10"))?;
                // As in libpq: 0 waits without limit, and values below two seconds are raised to two.
                self.connect_timeout = (seconds > 0).then(|| Duration::from_secs(seconds.max(2)));
            }
            "targetsessionattrs" if postgres => {
                self.attributes = match value.as_str() {
                    "any" => SessionAttributes::Any,
                    "read-write" => SessionAttributes::ReadWrite,
                    "read-only" => SessionAttributes::ReadOnly,
                    "primary" => SessionAttributes::Primary,
                    "standby" => SessionAttributes::Standby,
                    "prefer-standby" => SessionAttributes::PreferStandby,
                    _ => return Err(odd("known are any, read-write, read-only, primary, standby, prefer-standby")),
                };
            }
            "ssl" | "usessl" | "requiressl" | "tls" | "sslaccept" if !(postgres && bare == "requiressl") => {
                self.tls = Some(encryption(&bare, value).ok_or_else(|| odd("say it with sslmode (ssl-mode)"))?);
            }
            "gssencmode" if value == "require" => {
                return Err(refused(key, origin, "encryption by GSSAPI is not spoken; use TLS (sslmode)"));
            }
            "gssencmode" if postgres => {}
            "sslminprotocolversion" => match value.as_str() {
                "TLSv1" | "TLSv1.1" | "TLSv1.2" => {}
                _ => return Err(refused(key, origin, "at least TLS 1.2 is spoken, and no more can be demanded")),
            },
            "pgbouncer" if postgres => self.note(
                key,
                origin,
                "a session of its own is needed all the same: name the server itself, not a pool that hands out transactions",
            ),
            _ => {
                let found = |list: &[(&[&str], &'static str)]| {
                    list.iter().find(|(names, _)| names.contains(&bare.as_str())).map(|(_, why)| *why)
                };
                match (found(IGNORED), found(REFUSED)) {
                    (Some(why), _) => self.note(key, origin, why),
                    (None, Some(why)) => return Err(refused(key, origin, why)),
                    (None, None) => return Ok(false),
                }
            }
        }
        Ok(true)
    }

    fn note(&mut self, key: &str, origin: &str, why: &str) {
        self.notes.push(format!("`{key}` of {origin} is passed over: {why}"));
    }
}

fn refused(key: &str, origin: &str, why: &str) -> SchemaError {
    SchemaError::usage(format!("`{key}` of {origin} cannot be kept"), why)
}

/// The meaning of other clients' values for encryption.
fn encryption(key: &str, value: &str) -> Option<TlsMode> {
    let value = value.to_ascii_lowercase();
    Some(match value.as_str() {
        "false" | "0" | "disabled" => TlsMode::Disable,
        "preferred" => TlsMode::Prefer,
        // Go's driver verifies by default.
        "true" | "1" if key == "tls" => TlsMode::VerifyFull,
        "strict" => TlsMode::VerifyFull,
        "true" | "1" | "skip-verify" | "accept_invalid_certs" => TlsMode::Require,
        json if json.starts_with('{') => {
            let json: String = json.chars().filter(|c| !c.is_whitespace()).collect();
            if json.contains("\"rejectunauthorized\":false") { TlsMode::Require } else { TlsMode::VerifyFull }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(dialect: Dialect, pairs: &[(&str, &str)]) -> Result<SessionSettings, SchemaError> {
        let mut asked = SessionSettings::default();
        for (key, value) in pairs {
            let parameter = Parameter { key: (*key).into(), value: (*value).into(), origin: "the URL".into() };
            assert!(asked.take(dialect, &parameter)?, "{key}");
        }
        Ok(asked)
    }

    #[test]
    fn what_matters_is_kept_and_the_rest_is_said() {
        let asked = taken(
            Dialect::Postgres,
            &[
                ("schema", "app"),
                ("connection_limit", "5"),
                ("pgbouncer", "true"),
                ("connect_timeout", "1"),
                ("application_name", "seed"),
                ("target_session_attrs", "read-write"),
                ("sslaccept", "strict"),
            ],
        )
        .unwrap();
        assert_eq!((asked.schema.as_deref(), asked.application_name.as_deref()), (Some("app"), Some("seed")));
        assert_eq!(asked.connect_timeout, Some(Duration::from_secs(2)));
        assert_eq!((asked.attributes, asked.tls), (SessionAttributes::ReadWrite, Some(TlsMode::VerifyFull)));
        assert_eq!(asked.notes.len(), 2);
        assert!(asked.notes[0].contains("`connection_limit` of the URL is passed over"), "{:?}", asked.notes);
        let asked =
            taken(Dialect::Mysql, &[("charset", "utf8"), ("serverTimezone", "UTC"), ("useSSL", "false")]).unwrap();
        assert_eq!((asked.tls, asked.notes.len()), (Some(TlsMode::Disable), 2));
        let ssl = taken(Dialect::Mysql, &[("ssl", r#"{"rejectUnauthorized":false}"#)]).unwrap();
        assert_eq!(ssl.tls, Some(TlsMode::Require));
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for (dialect, key, value, said) in [
            (Dialect::Postgres, "sslcrl", "/x", "revocation"),
            (Dialect::Postgres, "gssencmode", "require", "GSSAPI"),
            (Dialect::Postgres, "target_session_attrs", "master", "read-write"),
            (Dialect::Postgres, "connect_timeout", "soon", "seconds"),
            (Dialect::Mysql, "init_command", "SET x = 1", "not run"),
        ] {
            let error = taken(dialect, &[(key, value)]).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn sections_of_service_files() {
        let text = "# all\n[a]\nhost=x\n\n[shop]\n # old\nhost = db.example\nport=6000\noptions=-c search_path=a\n[b]\nuser=y\n";
        let shop = section(text, "shop").unwrap();
        let pairs: Vec<(&str, &str)> = shop.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("host", "db.example"), ("port", "6000"), ("options", "-c search_path=a")]);
        assert_eq!(section(text, "c"), None);
    }
}
