//! The values of connection settings that name something.

use crate::error::SchemaError;
use dbmocker_loaders::{AuthMethod, ChannelBinding, TlsMode};

pub(super) fn channel_binding(text: &str) -> Result<ChannelBinding, SchemaError> {
    match text {
        "disable" => Ok(ChannelBinding::Disable),
        "prefer" => Ok(ChannelBinding::Prefer),
        "require" => Ok(ChannelBinding::Require),
        _ => Err(SchemaError::usage(format!("unknown channel_binding `{text}`"), "known are disable, prefer, require")),
    }
}

/// `scram-sha-256,md5`, or `!password,!none` for all methods but these.
pub(super) fn auth_methods(text: &str) -> Result<Vec<AuthMethod>, SchemaError> {
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

pub(super) fn tls_mode(text: &str) -> Result<TlsMode, SchemaError> {
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
