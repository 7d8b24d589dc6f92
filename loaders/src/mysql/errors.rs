//! Converts the driver's and the server's errors to [`LoadError`], with hints for the user.
//!
//! Error numbers: <https://mariadb.com/kb/en/mariadb-error-code-reference/>. Messages never hold the password: they are
//! built from [`Connection`]'s `Display` and the server's text.

use mysql_async::{DriverError, Error, IoError};

use crate::{Connection, LoadError};

pub const UNKNOWN_DATABASE: u16 = 1049;
const ACCESS_DENIED_TO_DATABASE: u16 = 1044;
const ACCESS_DENIED: u16 = 1045;
const TOO_MANY_CONNECTIONS: u16 = 1040;
const INTERRUPTED: u16 = 1317;
const LOCK_WAIT: u16 = 1205;
const DEADLOCK: u16 = 1213;
const RIGHT_DENIED: u16 = 1142;
const TABLE_FULL: u16 = 1114;
/// The only error code that MariaDB gives for failures when it builds the keys of an empty table in bulk.
const DURING_COMMIT: u16 = 1180;

/// Either side does not allow `LOAD DATA LOCAL`.
pub fn is_local_infile_refused(error: &Error) -> bool {
    matches!(error, Error::Server(e) if matches!(e.code, 1148 | 2068 | 3948 | 4166))
}

pub fn is_interrupted(error: &Error) -> bool {
    matches!(error, Error::Server(e) if e.code == INTERRUPTED)
}

/// Whether the connection failed because of TLS.
pub fn is_tls(error: &Error) -> bool {
    match error {
        Error::Driver(DriverError::NoClientSslFlagFromServer) | Error::Io(IoError::Tls(_)) => true,
        // If the server aborts a handshake, the error is an I/O error that wraps rustls's own.
        Error::Io(IoError::Io(e)) => e.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()),
        _ => false,
    }
}

/// The first host name in a certificate, if a wrong host name was its only fault.
pub fn name_of_certificate(error: &Error) -> Option<String> {
    let Error::Io(IoError::Io(e)) = error else { return None };
    match e.get_ref()?.downcast_ref()? {
        rustls::Error::InvalidCertificate(rustls::CertificateError::NotValidForNameContext { presented, .. }) => {
            // `DnsName("*.example.org")` or `IpAddress(10.0.0.1)`
            let name = presented.first()?.split(['"', '(', ')']).filter(|part| !part.is_empty()).nth(1)?;
            Some(name.replace('*', "any"))
        }
        _ => None,
    }
}

pub fn connect(connection: &Connection, message: String) -> LoadError {
    LoadError::Connect { target: connection.to_string(), message }
}

/// Why a connection could not be made.
pub fn connecting(connection: &Connection, error: &Error) -> LoadError {
    let message = match error {
        Error::Server(e) => match e.code {
            ACCESS_DENIED => format!("{}; check user and password", lower_first(&e.message)),
            ACCESS_DENIED_TO_DATABASE => {
                format!("{}; grant the user rights on the database", lower_first(&e.message))
            }
            TOO_MANY_CONNECTIONS => format!("{}; use fewer workers or raise max_connections", lower_first(&e.message)),
            _ => format!("{} (error {})", lower_first(&e.message), e.code),
        },
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            "the server offers no TLS; use `ssl-mode=disabled` if the way to it is safe".to_owned()
        }
        _ if crate::tls::is_version_1(error) => format!("TLS failed: {}", crate::tls::VERSION_1_REMEDY),
        _ if is_tls(error) => {
            format!("TLS failed: {}; check `ssl-mode` and the certificate authority's file", root_cause(error))
        }
        Error::Io(IoError::Io(e)) => match e.kind() {
            std::io::ErrorKind::ConnectionRefused => "nothing listens there; is the server running?".to_owned(),
            std::io::ErrorKind::TimedOut => "no answer; check host, port and firewall".to_owned(),
            std::io::ErrorKind::NotFound => "no such socket; is the server running?".to_owned(),
            _ => format!("{}; check host and port", root_cause(error)),
        },
        _ => root_cause(error),
    };
    connect(connection, message)
}

pub fn unknown_database(connection: &Connection, names: &[String]) -> LoadError {
    let hint = match nearest(&connection.database, names).as_slice() {
        [] => "create it first, or check the name".to_owned(),
        near => format!("did you mean {}?", near.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or ")),
    };
    connect(connection, format!("no database `{}` on this server; {hint}", connection.database))
}

/// A statement that is not a load. `stopped`: this program cancelled it.
pub fn statement(connection: &Connection, context: &str, error: &Error, stopped: bool) -> LoadError {
    if stopped && is_interrupted(error) {
        return LoadError::Cancelled;
    }
    let (message, code) = explain(connection, error);
    LoadError::Statement { context: context.to_owned(), message, code }
}

/// A load, or the transaction around it. `stopped` as for [`statement`].
pub fn table(connection: &Connection, table: &str, error: &Error, stopped: bool) -> LoadError {
    if stopped && is_interrupted(error) {
        return LoadError::Cancelled;
    }
    let (message, code) = explain(connection, error);
    LoadError::Table { table: table.to_owned(), message, code }
}

/// Message with a hint, and the SQLSTATE.
fn explain(connection: &Connection, error: &Error) -> (String, Option<String>) {
    let Error::Server(e) = error else {
        let lost = matches!(error, Error::Io(_) | Error::Driver(DriverError::ConnectionClosed));
        let hint = if lost {
            format!("; the connection to `{connection}` broke, see the server's log")
        } else {
            String::new()
        };
        return (format!("{}{hint}", root_cause(error)), None);
    };
    let hint = match e.code {
        DEADLOCK => "; the server chose this session as the victim of a deadlock: load this table over one connection",
        LOCK_WAIT => "; another session holds a lock on these rows: end it, or raise innodb_lock_wait_timeout",
        RIGHT_DENIED => "; grant the user that right",
        INTERRUPTED => "; another session stopped it (`KILL QUERY`)",
        DURING_COMMIT => {
            "; most likely a duplicate key, found when the server built the indexes of the empty table in bulk: compare \
             the rows with its unique keys"
        }
        TABLE_FULL => "; the disk or the tablespace is full",
        _ => "",
    };
    let code = if e.code == DURING_COMMIT { "23000" } else { e.state.as_str() };
    (format!("{} (error {}){hint}", lower_first(&e.message), e.code), Some(code.to_owned()))
}

/// The innermost cause: the driver repeats it at each level of its chain.
fn root_cause(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    lower_first(cause.to_string().trim_end_matches('.'))
}

fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => message.to_owned(),
    }
}

/// Up to three names within a small edit distance, nearest first.
fn nearest<'a>(wanted: &str, names: &'a [String]) -> Vec<&'a str> {
    let reach = (wanted.chars().count() / 3).max(1) + 1;
    let lower = wanted.to_lowercase();
    let mut near: Vec<(usize, &str)> =
        names.iter().map(|n| (distance(&lower, &n.to_lowercase()), n.as_str())).filter(|(d, _)| *d <= reach).collect();
    near.sort();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// The Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_only() {
        let names = ["shop", "shelf", "mysql", "Shop_test"].map(str::to_owned);
        assert_eq!(nearest("shpo", &names), ["shop"]);
        assert_eq!(nearest("sohp_test", &names), ["Shop_test"]);
        assert!(nearest("warehouse", &names).is_empty());
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn messages_start_small_unless_they_start_with_a_name() {
        assert_eq!(lower_first("Access denied"), "access denied");
        assert_eq!(lower_first("CONSTRAINT `x` failed"), "CONSTRAINT `x` failed");
    }
}
