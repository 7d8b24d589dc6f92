//! Texts that a column's domain allows.

use crate::text::TextKind;
use crate::{Domain, Sampler};
use dbmocker_core::value::Value;

/// A domain, prepared to check which of several spellings it allows.
pub(super) struct AllowedTexts<'a> {
    domain: &'a Domain,
    sampler: Sampler,
}

impl<'a> AllowedTexts<'a> {
    pub fn new(domain: &'a Domain) -> Self {
        AllowedTexts { domain, sampler: domain.sampler() }
    }

    /// The first spelling that the domain allows, unchanged, else in upper or lower case; `None` if it allows none.
    pub fn first(&self, spellings: &[&str]) -> Option<String> {
        match self.domain {
            Domain::Text(_) | Domain::Choice { .. } => {}
            _ => return None,
        }
        let written = spellings.iter().find(|s| self.allows(s)).map(|s| (*s).to_owned());
        let cased = || spellings.iter().flat_map(|s| [s.to_uppercase(), s.to_lowercase()]).find(|s| self.allows(s));
        written.or_else(cased)
    }

    fn allows(&self, text: &str) -> bool {
        let fits = |t: &crate::TextDomain| t.max_bytes.is_none_or(|most| text.len() <= most as usize);
        self.sampler.contains(&Value::text(text)) && !matches!(self.domain, Domain::Text(t) if !fits(t))
    }
}

/// Whether a kind is one of these kinds of the catalogue.
pub(super) fn is_one_of(kind: &TextKind, names: &[&str]) -> bool {
    matches!(kind, TextKind::Catalogue(named) | TextKind::Prose(named) if names.contains(&named.name()))
}
