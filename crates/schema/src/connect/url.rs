//! A database's URL, split into parameters.

use super::{URL_FORMS, dialect, parameter, unknown_scheme};
use crate::error::SchemaError;
use crate::parameters::Parameter;
use dbmocker_loaders::Dialect;

/// Splits a URL. Messages show it without its password.
pub(super) fn parse_url(text: &str) -> Result<(Dialect, Vec<Parameter>), SchemaError> {
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

/// `mysql://user@/db?socket=...` names no host, which the URL standard does not allow together with a user.
fn with_host(text: &str) -> String {
    let end = authority_end(text);
    if text[..end].ends_with('@') { format!("{}localhost{}", &text[..end], &text[end..]) } else { text.to_owned() }
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
fn redacted(url: &str) -> String {
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
