//! Narrowing of texts: length, case, beginning and end, pattern.

use super::{Narrowing, bytes};
use dbmocker_domain::pattern;
use dbmocker_domain::pattern::{Pattern, PatternError};
use dbmocker_domain::text::{Case, TextDomain, TextKind};
use dbmocker_domain::{Domain, Special};

/// The part of a domain of texts that satisfies a condition.
pub trait NarrowTexts: Sized {
    /// Texts of `min..=max` characters.
    fn keep_chars(&self, min: u32, max: u32) -> Narrowing;

    /// Texts or byte strings of `min..=max` bytes.
    fn keep_bytes(&self, min: u32, max: u32) -> Narrowing;

    /// Texts that are all lower (upper) case.
    fn keep_case(&self, case: Case) -> Narrowing;

    /// Texts that match `spec` (see [`pattern`]) as a whole; the previous format of the texts is dropped.
    fn keep_pattern(&self, spec: &str) -> Narrowing;

    /// Texts with this prefix.
    fn keep_prefix(&self, prefix: &str) -> Narrowing;

    /// Texts with this suffix.
    fn keep_suffix(&self, suffix: &str) -> Narrowing;

    /// Texts that are numbers.
    fn keep_kind(&self, kind: TextKind) -> Narrowing;
}

impl NarrowTexts for Domain {
    fn keep_chars(&self, min: u32, max: u32) -> Narrowing {
        match self {
            Domain::Text(t) => {
                let mut t = t.clone();
                t.min_chars = t.min_chars.max(min);
                t.max_chars = t.max_chars.min(max);
                text(t)
            }
            Domain::Bytes { min: a, max: b } => bytes((*a).max(min), (*b).min(max)),
            Domain::Special(Special::Uuid) if min <= 36 && 36 <= max => Narrowing::Exact(self.clone()),
            _ => Narrowing::Unsupported,
        }
    }

    fn keep_bytes(&self, min: u32, max: u32) -> Narrowing {
        match self {
            Domain::Text(t) => {
                let mut t = t.clone();
                // at least as many bytes as characters
                t.min_chars = t.min_chars.max(min);
                t.max_chars = t.max_chars.min(max);
                t.max_bytes = Some(t.max_bytes.map_or(max, |b| b.min(max))).filter(|b| *b < u32::MAX);
                text(t)
            }
            Domain::Bytes { .. } => self.keep_chars(min, max),
            _ => Narrowing::Unsupported,
        }
    }

    fn keep_case(&self, case: Case) -> Narrowing {
        let Domain::Text(t) = self else { return Narrowing::Unsupported };
        let mut t = t.clone();
        let fits = |s: &str| match case {
            Case::Lower => s.to_lowercase() == s,
            Case::Upper => s.to_uppercase() == s,
            Case::Any => true,
        };
        if !fits(&t.prefix)
            || !fits(&t.suffix)
            || !matches!((t.case, case), (Case::Any, _) | (_, Case::Any)) && t.case != case
        {
            return Narrowing::Empty;
        }
        if let TextKind::Pattern { regex } = &t.kind {
            let only = if case == Case::Lower { "[^A-Z]*" } else { "[^a-z]*" };
            t.kind = TextKind::Pattern { regex: pattern::both(regex, only) };
        } else {
            t.case = case;
        }
        text(t)
    }

    fn keep_pattern(&self, spec: &str) -> Narrowing {
        let Domain::Text(t) = self else { return Narrowing::Unsupported };
        let mut regex = match &t.kind {
            TextKind::Pattern { regex } => pattern::both(regex, spec),
            _ => spec.to_owned(),
        };
        // the other limits become patterns too, so that the automaton includes them
        if !t.prefix.is_empty() || !t.suffix.is_empty() {
            let framed = format!("(?s){}.*{}", regex_syntax::escape(&t.prefix), regex_syntax::escape(&t.suffix));
            regex = pattern::both(&regex, &framed);
        }
        match t.case {
            Case::Any => {}
            Case::Lower => regex = pattern::both(&regex, "[^A-Z]*"),
            Case::Upper => regex = pattern::both(&regex, "[^a-z]*"),
        }
        for e in &t.except {
            regex = pattern::minus(&regex, &regex_syntax::escape(e));
        }
        text(TextDomain {
            kind: TextKind::Pattern { regex },
            case: Case::Any,
            prefix: String::new(),
            suffix: String::new(),
            except: vec![],
            ..t.clone()
        })
    }

    fn keep_prefix(&self, prefix: &str) -> Narrowing {
        let Domain::Text(t) = self else { return Narrowing::Unsupported };
        if matches!(t.kind, TextKind::Pattern { .. }) {
            return self.keep_pattern(&format!("(?s){}.*", regex_syntax::escape(prefix)));
        }
        let mut t = t.clone();
        if prefix.starts_with(&t.prefix) {
            t.prefix = prefix.to_owned();
        } else if !t.prefix.starts_with(prefix) {
            return Narrowing::Empty;
        }
        in_case(t)
    }

    fn keep_suffix(&self, suffix: &str) -> Narrowing {
        let Domain::Text(t) = self else { return Narrowing::Unsupported };
        if matches!(t.kind, TextKind::Pattern { .. }) {
            return self.keep_pattern(&format!("(?s).*{}", regex_syntax::escape(suffix)));
        }
        let mut t = t.clone();
        if suffix.ends_with(&t.suffix) {
            t.suffix = suffix.to_owned();
        } else if !t.suffix.ends_with(suffix) {
            return Narrowing::Empty;
        }
        in_case(t)
    }

    fn keep_kind(&self, kind: TextKind) -> Narrowing {
        let Domain::Text(t) = self else { return Narrowing::Unsupported };
        if t.kind == kind {
            return Narrowing::Exact(self.clone());
        }
        text(TextDomain { kind, ..t.clone() })
    }
}

/// A prefix or suffix in the wrong case gives the empty set.
fn in_case(t: TextDomain) -> Narrowing {
    let ok = |s: &str| match t.case {
        Case::Any => true,
        Case::Lower => s.to_lowercase() == s,
        Case::Upper => s.to_uppercase() == s,
    };
    if ok(&t.prefix) && ok(&t.suffix) { text(t) } else { Narrowing::Empty }
}

/// Empty if a text's limits contradict each other, or no text matches its pattern.
pub(super) fn text(mut t: TextDomain) -> Narrowing {
    let fixed = t.prefix.chars().count() + t.suffix.chars().count();
    t.min_chars = t.min_chars.max(u32::try_from(fixed).unwrap_or(u32::MAX));
    if t.min_chars > t.max_chars || t.max_bytes.is_some_and(|b| b < t.min_chars) {
        return Narrowing::Empty;
    }
    if let TextKind::Pattern { regex } = &t.kind {
        match Pattern::shared(regex, t.min_chars, t.longest()) {
            Ok(_) => {}
            Err(PatternError::Empty(..)) => return Narrowing::Empty,
            Err(_) => return Narrowing::Unsupported,
        }
    }
    Narrowing::Exact(Domain::Text(t))
}

#[cfg(test)]
mod tests {
    use super::super::Narrow as _;
    use super::*;
    use crate::Cmp;
    use dbmocker_core::schema::Dialect;
    use dbmocker_core::value::Value;

    #[test]
    fn texts() {
        let d = Domain::Text(TextDomain::new(TextKind::Word, 20));
        assert_eq!(d.keep_chars(30, 40), Narrowing::Empty);
        let Narrowing::Exact(d2) = d.keep_prefix("ab") else { panic!() };
        assert_eq!(d2.keep_prefix("xy"), Narrowing::Empty);
        assert!(matches!(d2.keep_case(Case::Upper), Narrowing::Empty));
        let Narrowing::Exact(d3) = d2.keep_pattern("[a-z]{4}") else { panic!() };
        let v = d3.keep_compare(Cmp::Eq, &Value::text("abcd"), Dialect::Postgres);
        assert_eq!(v, Narrowing::Exact(Domain::Choice { values: vec![Value::text("abcd")], weights: None }));
        assert_eq!(d3.keep_compare(Cmp::Eq, &Value::text("xbcd"), Dialect::Postgres), Narrowing::Empty);
    }
}
