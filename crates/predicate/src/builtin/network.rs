//! Functions of network addresses, UUIDs and label trees, which are texts here.

use super::ValueType::{Bool, Int, Network, Text};
use super::{Args, Builtin, MYSQL, NullRule, POSTGRES, count};
use crate::eval::{Eval, type_error};
use dbmocker_core::value::Value;
use std::net::{Ipv4Addr, Ipv6Addr};

#[rustfmt::skip] // one entry, one paragraph
pub(super) const FUNCTIONS: &[Builtin] = &[
    Builtin::propagates("inet_aton", &[Text], Int, inet_aton)
        .spelled(&[("inet_aton", MYSQL)]),
    Builtin::new("is_ipv4", &[Text], Bool, NullRule::Never, |a| Ok(is_address::<Ipv4Addr>(a)))
        .spelled(&[("is_ipv4", MYSQL)]),
    Builtin::new("is_ipv6", &[Text], Bool, NullRule::Never, |a| Ok(is_address::<Ipv6Addr>(a)))
        .spelled(&[("is_ipv6", MYSQL)]),
    // MySQL alone has it, not MariaDB.
    Builtin::propagates("is_uuid", &[Text], Bool, |a| Ok(Value::Bool(hex_of_uuid(&a.text(0)).is_some()))),
    Builtin::propagates("uuid_extract_version", &[Text], Int, uuid_version),
    Builtin::propagates("masklen", &[Network], Int, masklen)
        .spelled(&[("masklen", POSTGRES)]),
    Builtin::propagates("family", &[Network], Int, |a| Ok(Value::Int(if a.text(0).contains(':') { 6 } else { 4 })))
        .spelled(&[("family", POSTGRES)]),
    Builtin::propagates("host", &[Network], Text, |a| Ok(Value::text(a.text(0).split('/').next().unwrap_or_default())))
        .spelled(&[("host", POSTGRES)]),
    // Of PostgreSQL's extension ltree.
    Builtin::propagates("nlevel", &[Text], Int, nlevel),
];

/// False for NULL, as in MariaDB.
fn is_address<T: std::str::FromStr>(a: &Args<'_>) -> Value {
    Value::Bool(!a.values[0].is_null() && a.text(0).parse::<T>().is_ok())
}

fn inet_aton(a: &Args<'_>) -> Eval {
    Ok(a.text(0).parse::<Ipv4Addr>().map_or(Value::Null, |address| Value::Int(u32::from(address).into())))
}

fn uuid_version(a: &Args<'_>) -> Eval {
    Ok(match hex_of_uuid(&a.text(0)).as_deref().map(str::as_bytes) {
        // Other variants than RFC 9562's have no version.
        Some(hex) if matches!(hex[16], b'8' | b'9' | b'a' | b'b') => {
            char::from(hex[12]).to_digit(16).map_or(Value::Null, |n| Value::Int(n.into()))
        }
        _ => Value::Null,
    })
}

/// The 32 lower-case hex digits of a UUID's text; `None` for another text.
fn hex_of_uuid(text: &str) -> Option<String> {
    let inner = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let hex = inner.replace('-', "").to_ascii_lowercase();
    let grouped = inner.len() == 32 || inner.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    (grouped && hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hex)
}

fn masklen(a: &Args<'_>) -> Eval {
    Ok(match a.text(0).split_once('/') {
        Some((_, bits)) => Value::Int(bits.parse().map_err(|_| type_error("masklen", &a.values[0]))?),
        None => Value::Int(if a.text(0).contains(':') { 128 } else { 32 }),
    })
}

fn nlevel(a: &Args<'_>) -> Eval {
    let t = a.text(0);
    Ok(count(if t.is_empty() { 0 } else { t.split('.').count() }))
}
