//! LIKE, SIMILAR TO, GLOB and the servers' regular expressions, as Rust regular expressions.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex::Regex;

use super::lookahead::of_one_character;
use super::{Env, EvalError};
use crate::expr::MatchKind;
use dbmocker_core::schema::Dialect;

/// Maximum number of cached compiled expressions.
const CACHE: usize = 512;

/// `None`: the pattern is not understood.
type Compiled = Option<Rc<Regex>>;

thread_local! {
    // Only caches: results do not depend on them. A clone of an expression would have memory of its own to search with.
    static COMPILED: RefCell<HashMap<String, Compiled>> = RefCell::new(HashMap::new());
    static OF_KIND: RefCell<HashMap<(MatchKind, Dialect), HashMap<String, Compiled>>> = RefCell::new(HashMap::new());
}

/// # Errors
/// A pattern that Rust's regular expressions do not support (look-around, back-references).
pub(crate) fn compile(regex: &str) -> Result<Rc<Regex>, EvalError> {
    let compiled = COMPILED.with_borrow_mut(|cache| {
        cached(cache, regex, || regex::RegexBuilder::new(regex).size_limit(4 << 20).build().ok().map(Rc::new))
    });
    compiled.ok_or_else(|| EvalError::Pattern(regex.to_owned()))
}

fn cached(cache: &mut HashMap<String, Compiled>, text: &str, compile: impl FnOnce() -> Compiled) -> Compiled {
    if let Some(compiled) = cache.get(text) {
        return compiled.clone();
    }
    let compiled = compile();
    if cache.len() >= CACHE {
        cache.clear();
    }
    cache.insert(text.to_owned(), compiled.clone());
    compiled
}

/// # Errors
/// As [`compile`].
pub(crate) fn matches(text: &str, pattern: &str, kind: MatchKind, env: Env) -> Result<bool, EvalError> {
    of_kind(pattern, kind, env).map(|regex| regex.is_match(text))
}

/// The compiled form of a pattern, to be searched for.
///
/// # Errors
/// As [`compile`].
pub(crate) fn of_kind(pattern: &str, kind: MatchKind, env: Env) -> Result<Rc<Regex>, EvalError> {
    let compiled = OF_KIND.with_borrow_mut(|caches| {
        let cache = caches.entry((kind, env.dialect)).or_default();
        cached(cache, pattern, || compile(&search_form(pattern, kind, env)).ok())
    });
    compiled.ok_or_else(|| EvalError::Pattern(pattern.to_owned()))
}

/// The Rust regular expression to search for.
pub fn search_form(pattern: &str, kind: MatchKind, env: Env) -> String {
    match kind {
        MatchKind::Regex { insensitive } => search_regex(pattern, insensitive),
        kind => {
            let insensitive = matches!(kind, MatchKind::Like { insensitive: true, .. })
                || (env.dialect == Dialect::Mysql && !matches!(kind, MatchKind::Glob));
            let flag = if insensitive { "(?si)" } else { "(?s)" };
            format!("{flag}^(?:{})$", whole_form(pattern, kind))
        }
    }
}

/// The expression that the whole text must match, for the kinds that are anchored.
pub fn whole_form(pattern: &str, kind: MatchKind) -> String {
    match kind {
        MatchKind::Like { escape, .. } => like(pattern, escape),
        MatchKind::Similar { escape } => similar(pattern, escape),
        MatchKind::Glob => glob(pattern),
        MatchKind::Regex { .. } => search_regex(pattern, false),
    }
}

pub(crate) fn search_regex(pattern: &str, insensitive: bool) -> String {
    let flag = if insensitive { "(?si)" } else { "(?s)" };
    format!("{flag}{}", server_regex(pattern))
}

fn literal(c: char) -> String {
    regex_syntax::escape(c.encode_utf8(&mut [0; 4]))
}

fn like(pattern: &str, escape: Option<char>) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            c if Some(c) == escape => out += &chars.next().map_or_else(|| literal(c), literal),
            '%' => out += ".*",
            '_' => out.push('.'),
            c => out += &literal(c),
        }
    }
    out
}

fn similar(pattern: &str, escape: Option<char>) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if Some(c) == escape => out += &chars.next().map_or_else(|| literal(c), literal),
            '%' => out += ".*",
            '_' => out.push('.'),
            '.' | '^' | '$' | '\\' => out += &literal(c),
            '[' => out += &class(&mut chars),
            c => out.push(c),
        }
    }
    out
}

fn glob(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' => out += ".*",
            '?' => out.push('.'),
            '[' => {
                // a backslash is an ordinary character in a GLOB class
                let inside = class(&mut chars);
                out += &inside;
            }
            c => out += &literal(c),
        }
    }
    out
}

/// A bracket expression after its `[`, in Rust's syntax.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut out = String::from("[");
    if chars.peek() == Some(&'^') {
        chars.next();
        out.push('^');
    }
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            ']' if !first => {
                out.push(']');
                return out;
            }
            ']' => out += "\\]",
            '[' => match chars.peek() {
                // `[:alpha:]`, `[.x.]`, `[=x=]`
                Some(&mark @ (':' | '.' | '=')) => {
                    chars.next();
                    let mut name = String::new();
                    while let Some(n) = chars.next() {
                        if n == mark && chars.peek() == Some(&']') {
                            chars.next();
                            break;
                        }
                        name.push(n);
                    }
                    if mark == ':' {
                        out += &format!("[:{name}:]");
                    } else {
                        name.chars().for_each(|n| out += &literal(n));
                    }
                }
                _ => out += "\\[",
            },
            '\\' => match chars.next() {
                Some(n) if n.is_ascii_alphanumeric() => {
                    out.push('\\');
                    out.push(n);
                }
                Some(n) => out += &literal(n),
                None => out += "\\\\",
            },
            '&' | '~' | '#' | '^' => {
                out.push('\\');
                out.push(c);
            }
            '-' if chars.peek() == Some(&']') || first || out.ends_with('-') => out += "\\-",
            c => out.push(c),
        }
        first = false;
    }
    out
}

/// POSIX and PCRE spelling to Rust's: constraint escapes, literal braces, bracket expressions.
fn server_regex(pattern: &str) -> String {
    let pattern = pattern.strip_prefix("***:").unwrap_or(pattern);
    if let Some(fixed) = pattern.strip_prefix("***=") {
        return regex_syntax::escape(fixed);
    }
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('y') => out += "\\b",
                Some('Y') => out += "\\B",
                Some('m') => out += "\\b{start}",
                Some('M') => out += "\\b{end}",
                Some('Z') => out += "\\z",
                Some('e') => out += "\\x1B",
                Some(n) if n.is_ascii_alphanumeric() => {
                    out.push('\\');
                    out.push(n);
                }
                Some(n) => out += &literal(n),
                None => out += "\\\\",
            },
            '[' => out += &class(&mut chars),
            '{' => {
                let bound: String = chars.clone().take_while(|c| *c != '}').collect();
                let is_bound = bound.starts_with(|c: char| c.is_ascii_digit())
                    && bound.chars().all(|c| c.is_ascii_digit() || c == ',')
                    && chars.clone().any(|c| c == '}');
                out += if is_bound { "{" } else { "\\{" };
                if is_bound {
                    for _ in 0..=bound.len() {
                        out.extend(chars.next());
                    }
                }
            }
            '}' => out += "\\}",
            c => out.push(c),
        }
    }
    of_one_character(out)
}
