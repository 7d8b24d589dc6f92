//! Text functions.

use super::{Env, EvalError, cast, type_error};
use crate::expr::CastType;
use dbmocker_core::schema::Dialect;
use dbmocker_core::value::Value;

pub(super) fn int(v: &Value, env: Env) -> Result<i64, EvalError> {
    match cast::cast(v.clone(), &CastType::Int, env)? {
        Value::Int(i) => i64::try_from(i).map_err(|_| EvalError::Overflow),
        v => Err(type_error("the whole number", &v)),
    }
}

pub(super) fn count(n: usize) -> Value {
    Value::Int(n as i128)
}

pub(super) fn text(name: &str, v: &[Value], env: Env) -> Result<Option<Value>, EvalError> {
    let s = |i: usize| v.get(i).map(|x| cast::text(x, env)).unwrap_or_default();
    let n = |i: usize| v.get(i).map_or(Ok(0), |x| int(x, env));
    Ok(Some(match (name, v.len()) {
        ("lower", 1) => Value::Text(cased(&s(0), false, env)),
        ("upper", 1) => Value::Text(cased(&s(0), true, env)),
        ("initcap", 1) => Value::Text(initcap(&s(0))),
        ("length", 1) => match &v[0] {
            Value::Bytes(b) => count(b.len()),
            _ => count(s(0).chars().count()),
        },
        ("octet_length", 1) => match &v[0] {
            Value::Bytes(b) => count(b.len()),
            _ => count(s(0).len()),
        },
        ("bit_length", 1) => match &v[0] {
            Value::Bytes(b) => count(b.len() * 8),
            _ => count(s(0).len() * 8),
        },
        ("btrim" | "ltrim" | "rtrim", 1 | 2) => {
            let (t, set) = (s(0), if v.len() == 2 { s(1) } else { " ".into() });
            let cut = |c: char| set.contains(c);
            Value::text(match name {
                "ltrim" => t.trim_start_matches(cut),
                "rtrim" => t.trim_end_matches(cut),
                _ => t.trim_matches(cut),
            })
        }
        ("substr", 2 | 3) => Value::Text(substr(&s(0), n(1)?, if v.len() == 3 { Some(n(2)?) } else { None }, env)),
        ("left", 2) => {
            let t = s(0);
            let len = t.chars().count() as i64;
            let keep = if n(1)? < 0 { (len + n(1)?).max(0) } else { n(1)? };
            Value::Text(t.chars().take(usize::try_from(keep).unwrap_or(0)).collect())
        }
        ("right", 2) => {
            let t = s(0);
            let len = t.chars().count() as i64;
            let keep = if n(1)? < 0 { (len + n(1)?).max(0) } else { n(1)?.min(len) };
            Value::Text(t.chars().skip(usize::try_from(len - keep).unwrap_or(0)).collect())
        }
        ("strpos", 2) => {
            let (t, p) = (s(0), s(1));
            let (t, p) = if env.dialect == Dialect::Mysql { (t.to_lowercase(), p.to_lowercase()) } else { (t, p) };
            t.find(&p).map_or(Value::Int(0), |at| count(t[..at].chars().count() + 1))
        }
        ("find_in_set", 2) => {
            let (wanted, list) = (s(0).to_lowercase(), s(1).to_lowercase());
            let found = list.split(',').position(|member| member == wanted).filter(|_| !list.is_empty());
            found.map_or(Value::Int(0), |at| count(at + 1))
        }
        ("strcmp", 2) => {
            let order = super::compare::compare(&Value::Text(s(0)), &Value::Text(s(1)), env)?;
            order.map_or(Value::Null, |o| Value::Int(o as i128))
        }
        ("field", 2..) => {
            let mut found = Value::Int(0);
            for (i, candidate) in v.iter().enumerate().skip(1).rev() {
                if super::compare::compare(&v[0], candidate, env)?.is_some_and(std::cmp::Ordering::is_eq) {
                    found = count(i);
                }
            }
            found
        }
        ("inet_aton", 1) => match s(0).parse::<std::net::Ipv4Addr>() {
            Ok(address) => Value::Int(u32::from(address).into()),
            Err(_) => Value::Null,
        },
        ("is_ipv4", 1) => Value::Bool(s(0).parse::<std::net::Ipv4Addr>().is_ok()),
        ("is_ipv6", 1) => Value::Bool(s(0).parse::<std::net::Ipv6Addr>().is_ok()),
        ("is_uuid", 1) => Value::Bool(hex_of_uuid(&s(0)).is_some()),
        ("uuid_extract_version", 1) => match hex_of_uuid(&s(0)).as_deref().map(str::as_bytes) {
            // Other variants than RFC 9562's have no version.
            Some(hex) if matches!(hex[16], b'8' | b'9' | b'a' | b'b') => {
                char::from(hex[12]).to_digit(16).map_or(Value::Null, |n| Value::Int(n.into()))
            }
            _ => Value::Null,
        },
        ("regexp_substr", 2) => {
            let re = super::matching::compile(&super::matching::search_regex(&s(1), env.dialect == Dialect::Mysql))?;
            let found = re.find(&s(0)).map(|m| m.as_str().to_owned());
            // MariaDB returns an empty text where others return NULL.
            Value::Text(found.unwrap_or_default())
        }
        ("replace", 3) if !s(1).is_empty() => Value::Text(s(0).replace(&s(1), &s(2))),
        ("replace", 3) => Value::Text(s(0)),
        ("reverse", 1) => Value::Text(s(0).chars().rev().collect()),
        ("repeat", 2) => {
            let times = usize::try_from(n(1)?.clamp(0, 10_000)).unwrap_or(0);
            Value::Text(s(0).repeat(times))
        }
        ("lpad" | "rpad", 2 | 3) => Value::Text(pad(&s(0), n(1)?, if v.len() == 3 { s(2) } else { " ".into() }, name)),
        ("ascii" | "unicode", 1) => s(0).chars().next().map_or(Value::Int(0), |c| Value::Int(i128::from(u32::from(c)))),
        ("chr" | "char", 1) => match u32::try_from(n(0)?).ok().and_then(char::from_u32) {
            Some(c) => Value::Text(c.to_string()),
            None => return Err(EvalError::Overflow),
        },
        ("starts_with", 2) => Value::Bool(s(0).starts_with(&s(1))),
        ("split_part", 3) if !s(1).is_empty() => {
            let t = s(0);
            let parts: Vec<&str> = t.split(&s(1)).collect();
            let at = if n(2)? < 0 { parts.len() as i64 + n(2)? } else { n(2)? - 1 };
            Value::text(usize::try_from(at).ok().and_then(|i| parts.get(i).copied()).unwrap_or(""))
        }
        ("translate", 3) => {
            let (from, to): (Vec<char>, Vec<char>) = (s(1).chars().collect(), s(2).chars().collect());
            let swap = |c: char| match from.iter().position(|f| *f == c) {
                Some(i) => to.get(i).copied(),
                None => Some(c),
            };
            Value::Text(s(0).chars().filter_map(swap).collect())
        }
        ("hex", 1) => match &v[0] {
            Value::Bytes(b) => Value::Text(b.iter().map(|x| format!("{x:02X}")).collect()),
            _ => Value::Text(s(0).bytes().map(|x| format!("{x:02X}")).collect()),
        },
        ("regexp_replace", 3 | 4) => {
            let flags = s(3);
            let re = super::matching::compile(&super::matching::search_regex(&s(1), flags.contains('i')))?;
            let with = regex::NoExpand(&s(2)).0.to_owned();
            Value::Text(match flags.contains('g') || env.dialect != Dialect::Postgres {
                true => re.replace_all(&s(0), regex::NoExpand(&with)).into_owned(),
                false => re.replace(&s(0), regex::NoExpand(&with)).into_owned(),
            })
        }
        ("masklen", 1) => match s(0).split_once('/') {
            Some((_, bits)) => Value::Int(bits.parse().map_err(|_| type_error("masklen", &v[0]))?),
            None => Value::Int(if s(0).contains(':') { 128 } else { 32 }),
        },
        ("family", 1) => Value::Int(if s(0).contains(':') { 6 } else { 4 }),
        ("host", 1) => Value::text(s(0).split('/').next().unwrap_or_default()),
        ("nlevel", 1) => count(if s(0).is_empty() { 0 } else { s(0).split('.').count() }),
        _ => return Ok(None),
    }))
}

pub(super) fn initcap(t: &str) -> String {
    let mut start = true;
    t.chars()
        .flat_map(|c| {
            let out: Vec<char> = if start { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
            start = !c.is_alphanumeric();
            out
        })
        .collect()
}

/// One-based; SQLite and MySQL count negative starts from the end, in PostgreSQL they reduce the length.
pub(super) fn substr(t: &str, start: i64, len: Option<i64>, env: Env) -> String {
    let chars: Vec<char> = t.chars().collect();
    let total = chars.len() as i64;
    let (mut from, mut to) = (start, len.map_or(i64::MAX, |n| start.saturating_add(n)));
    if env.dialect != Dialect::Postgres {
        if start == 0 && env.dialect == Dialect::Mysql {
            return String::new();
        }
        if start < 0 {
            from = total + start + 1;
            to = len.map_or(i64::MAX, |n| from.saturating_add(n));
        }
        if env.dialect == Dialect::Sqlite
            && let Some(n) = len
            && n < 0
        {
            (from, to) = (from.saturating_add(n), from);
        }
    }
    let (from, to) = (from.max(1), to.min(total + 1));
    if to <= from {
        return String::new();
    }
    let skip = usize::try_from(from - 1).unwrap_or(usize::MAX);
    chars.iter().skip(skip).take(usize::try_from(to - from).unwrap_or(0)).collect()
}

pub(super) fn pad(t: &str, to: i64, with: String, side: &str) -> String {
    let have = t.chars().count();
    let to = usize::try_from(to.clamp(0, 10_000)).unwrap_or(0);
    if have >= to {
        return t.chars().take(to).collect();
    }
    let fill: String = with.chars().cycle().take(to - have).collect();
    if side == "lpad" { fill + t } else { t.to_owned() + &fill }
}

/// Letter by letter, as on the servers (no `SS` for `ß`); SQLite converts only ASCII.
fn cased(t: &str, upper: bool, env: Env) -> String {
    let one = |c: char| -> char {
        if env.dialect == Dialect::Sqlite {
            return if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        }
        let mut to: Vec<char> = if upper { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
        if to.len() == 1 { to.remove(0) } else { c }
    };
    t.chars().map(one).collect()
}

/// The 32 lower-case hex digits of a UUID's text; `None` for another text.
fn hex_of_uuid(text: &str) -> Option<String> {
    let inner = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let hex = inner.replace('-', "").to_ascii_lowercase();
    let grouped = inner.len() == 32 || inner.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    (grouped && hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hex)
}
