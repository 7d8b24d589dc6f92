//! Texts that are one word of a list: which ones a domain allows.

use super::draw::list;
use super::text::{Case, TextKind};
use super::{Domain, TextDomain};
use dbmocker_core::value::Value;

/// Lists whose members are kinds of things, of which few are common. Names of persons are lists, too, but no kinds.
fn is_of_kinds(kind: &TextKind) -> bool {
    use TextKind as K;
    !matches!(kind, K::FirstName | K::LastName | K::Word)
}

impl TextDomain {
    /// All that the domain draws from, if that is a list of kinds of things.
    pub fn members(&self) -> Option<Vec<Value>> {
        let words = list(&self.kind).filter(|_| is_of_kinds(&self.kind))?;
        if !(self.prefix.is_empty() && self.suffix.is_empty()) {
            return None;
        }
        let cased = |word: &str| match self.case {
            Case::Any => word.to_owned(),
            Case::Lower => word.to_lowercase(),
            Case::Upper => word.to_uppercase(),
        };
        let domain = Domain::Text(self.clone()).sampler();
        let words = (0..words.len()).map(|i| Value::Text(cased(words.get(i)))).filter(|v| domain.contains(v));
        Some(words.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_those_of_the_domain() {
        let members = |kind, max| TextDomain::new(kind, max).members().map(|m| m.len());
        assert_eq!(members(TextKind::Priority, 100), Some(6));
        assert_eq!(members(TextKind::Priority, 4), Some(2));
        assert_eq!(members(TextKind::LastName, 100), None);
        assert_eq!(members(TextKind::Sentence, 100), None);
        let upper = TextDomain { case: Case::Upper, ..TextDomain::new(TextKind::Priority, 3) };
        assert_eq!(upper.members(), Some(vec![Value::text("LOW")]));
    }
}
