//! The members of text domains that draw from a list.

use super::draw::list;
use super::text::{Case, TextKind};
use super::{Domain, TextDomain};
use dbmocker_core::value::Value;

/// Whether the kind's list is one of categories, of which few are common. Lists of people's names and of words are not.
fn is_of_kinds(kind: &TextKind) -> bool {
    use TextKind as K;
    !matches!(kind, K::FirstName | K::LastName | K::Word)
}

impl TextDomain {
    /// All values that the domain draws from, if it is a list of categories; else `None`.
    pub fn members(&self) -> Option<Vec<Value>> {
        self.weighted_members().map(|members| members.into_iter().map(|(value, _)| value).collect())
    }

    /// As [`members`](Self::members), with the weights of the list; 1 for each if it has none.
    pub fn weighted_members(&self) -> Option<Vec<(Value, u64)>> {
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
        let weights: Vec<u64> = words.weights().map_or_else(|| vec![1; words.len()], Iterator::collect);
        let members = weights.into_iter().enumerate().map(|(i, weight)| (Value::Text(cased(words.get(i))), weight));
        Some(members.filter(|(value, _)| domain.contains(value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_fit_the_domains_limits() {
        let members = |kind, max| TextDomain::new(kind, max).members().map(|m| m.len());
        assert_eq!(members(TextKind::Priority, 100), Some(6));
        assert_eq!(members(TextKind::Priority, 4), Some(2));
        assert_eq!(members(TextKind::LastName, 100), None);
        assert_eq!(members(TextKind::Sentence, 100), None);
        let upper = TextDomain { case: Case::Upper, ..TextDomain::new(TextKind::Priority, 3) };
        assert_eq!(upper.members(), Some(vec![Value::text("LOW")]));
    }
}
