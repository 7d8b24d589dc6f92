//! Texts of a regular expression within a text domain's limits: one pattern for unique texts and one for drawn texts.

use std::collections::HashSet;

use super::pattern::{Pattern, both};
use super::text::{Case, TextDomain, TextKind};
use dbmocker_core::rng_stream::CellRng;

/// Maximum number of texts that are compared with each other, if the pattern alone does not ensure that they differ.
const COMPARED: u128 = 1 << 13;

const NO_UPPER: &str = "(?s:[^A-Z]*[^A-Z ])?";
const NO_LOWER: &str = "(?s:[^a-z]*[^a-z ])?";

#[derive(Debug, Clone)]
pub(super) struct PatternBody {
    drawn: Pattern,
    unique: Pattern,
    /// Numbers of texts that differ, if not all texts of the pattern do.
    distinct: Option<Vec<u128>>,
}

impl PatternBody {
    /// `None` if the pattern is invalid or unsupported, or matches no text within the limits.
    pub fn new(regex: &str, domain: &TextDomain) -> Option<Self> {
        let mut whole = regex.to_owned();
        if !(domain.prefix.is_empty() && domain.suffix.is_empty()) {
            let [prefix, suffix] = [&domain.prefix, &domain.suffix].map(|s| regex_syntax::escape(s));
            whole = both(&whole, &format!("{prefix}(?s:.*){suffix}"));
        }
        let compile = |spec: &str| Pattern::compile(spec, domain.min_chars, domain.longest()).ok();
        // Different texts in one letter case differ under every collation.
        let [lower, upper] = match domain.case {
            Case::Any => [Some(NO_UPPER), Some(NO_LOWER)],
            Case::Lower => [Some(NO_UPPER), None],
            Case::Upper => [None, Some(NO_LOWER)],
        }
        .map(|only| compile(&both(&whole, only?)));
        let one_case = match (lower, upper) {
            (Some(l), Some(u)) => Some(if u.size() > l.size() { u } else { l }),
            (l, u) => l.or(u),
        };
        let drawn = if domain.case == Case::Any { compile(&whole)? } else { one_case.clone()? };
        let mixed = one_case.is_none();
        let unique = one_case.unwrap_or_else(|| drawn.clone());
        let reach = domain.distinct_prefix.map_or(usize::MAX, |d| d as usize);
        let longest = unique.value(unique.size().saturating_sub(1)).chars().count();
        let compared = reach < longest || (mixed && unique.size() <= COMPARED);
        let distinct = compared.then(|| distinct(&unique, reach));
        Some(PatternBody { drawn, unique, distinct })
    }

    pub fn size(&self) -> u128 {
        self.distinct.as_ref().map_or(self.unique.size(), |d| d.len() as u128)
    }

    /// Whether the pattern matches the whole of `text`; for domains with any letter case.
    pub fn matches(&self, text: &str) -> bool {
        self.drawn.matches(text)
    }

    pub fn write(&self, i: u128, out: &mut String) {
        out.push_str(&match &self.distinct {
            Some(distinct) => self.unique.value(distinct[usize::try_from(i).unwrap_or(usize::MAX)]),
            None => self.unique.scattered(i),
        });
    }

    pub fn draw(&self, rng: &mut CellRng, out: &mut String) {
        out.push_str(&self.drawn.draw(rng));
    }
}

/// The first draw of a sampler of the domain, from the pattern's cache; a new sampler would also compile the patterns
/// for unique texts. `None` if the draw depends on more than the pattern.
pub(super) fn draw_once(domain: &TextDomain, rng: &mut CellRng) -> Option<String> {
    let TextKind::Pattern { regex } = &domain.kind else { return None };
    let bare = domain.prefix.is_empty() && domain.suffix.is_empty() && domain.except.is_empty();
    if !bare || domain.case != Case::Any {
        return None;
    }
    Some(Pattern::shared(regex, domain.min_chars, domain.longest()).ok()?.draw(rng))
}

/// Numbers of texts whose first `reach` characters differ, from all texts or from evenly distributed ones.
fn distinct(pattern: &Pattern, reach: usize) -> Vec<u128> {
    let tried = pattern.size().min(COMPARED);
    let step = (pattern.size() / tried.max(1)).max(1);
    let mut seen = HashSet::new();
    (0..tried)
        .map(|k| k * step)
        .filter(|&i| {
            let start: String = pattern.value(i).chars().take(reach).collect();
            seen.insert(start.trim_end_matches(' ').to_lowercase())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Domain;

    #[test]
    fn draw_once_equals_the_samplers_draw() {
        let pattern = |regex: &str| TextDomain::new(TextKind::Pattern { regex: regex.into() }, 30);
        let bare = pattern("(?s:.*)(?:^.*,draft_17$)(?s:.*)");
        for (domain, once) in [
            (TextDomain { max_bytes: Some(20), ..bare.clone() }, true),
            (TextDomain { min_chars: 12, ..bare.clone() }, true),
            (TextDomain { prefix: "a".into(), ..bare.clone() }, false),
            (TextDomain { except: vec!["a,draft_17".into()], ..bare.clone() }, false),
            (TextDomain { case: Case::Lower, ..bare.clone() }, false),
            (TextDomain { max_bytes: Some(3), ..bare.clone() }, false),
            (bare, true),
        ] {
            assert_eq!(draw_once(&domain, &mut CellRng::new(3)).is_some(), once, "{domain:?}");
            let domain = Domain::Text(domain);
            for seed in 0..20 {
                let sampled = domain.sampler().draw(&mut CellRng::new(seed));
                assert_eq!(domain.draw(&mut CellRng::new(seed)), sampled, "{domain:?}");
            }
        }
    }
}
