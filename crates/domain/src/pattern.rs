//! Counts and enumerates the strings of a regular expression: [`TextKind::Pattern`](super::text::TextKind::Pattern).
//!
//! Data in: a pattern in Rust's syntax that the whole string must match, and limits in characters. Data out: the number
//! of strings, the `i`-th one, a realistic one. The pattern is compiled to a deterministic automaton with a table of
//! the number of strings of each length from each state to an accepting one.
//!
//! Several patterns joined by [`AND`] must all match; one that starts with [`NOT`] must not. Characters are printable
//! ASCII; of wide classes (`.`, `[^x]`, letters of both cases), lower-case letters and digits.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::text_index::decoration;
use super::{PRACTICALLY_INFINITE, text_format};
use dbmocker_core::rng_stream::CellRng;

mod automaton;
mod syntax;

use automaton::Automaton;
use syntax::PatternPart;

/// Joins patterns that must all match. It is not valid in a regular expression, so none contains it.
pub const AND: &str = "(?&)";
/// Starts a pattern that must not match.
pub const NOT: &str = "(?!)";

/// Maximum number of compiled patterns in a thread's cache.
const CACHE_SIZE: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("the pattern `{0}` is not understood: {1}")]
    Syntax(String, String),
    #[error("the pattern `{0}` is too large to be enumerated")]
    TooLarge(String),
    #[error("no text of {1} to {2} characters matches `{0}`")]
    Empty(String, u32, u32),
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// For each state, the transitions: characters and the next state.
    steps: Vec<Vec<(Vec<char>, usize)>>,
    /// `counts[length][state]`: the number of strings of exactly `length` characters accepted from `state`; saturating.
    counts: Vec<Vec<u128>>,
    /// The lengths of the enumerated strings, in increasing order.
    lengths: Vec<usize>,
    size: u128,
    whole: Vec<(bool, regex::Regex)>,
}

impl Pattern {
    /// Compiles `spec`, which must match the whole text, for texts of `min_chars..=max_chars` characters.
    ///
    /// # Errors
    /// Invalid or unsupported patterns (look-around, word boundaries), automata that are too large, and patterns that
    /// no text within the limits matches.
    pub fn compile(spec: &str, min_chars: u32, max_chars: u32) -> Result<Pattern, PatternError> {
        let parts: Vec<PatternPart> = spec.split(AND).map(PatternPart::parse).collect::<Result<_, _>>()?;
        let whole = whole_matchers(spec)?;
        let empty = || PatternError::Empty(spec.to_owned(), min_chars, max_chars);
        // First with reduced wide classes; with all of printable ASCII if no string is left.
        for reduced in [true, false] {
            let automaton = Automaton::build(&parts, reduced).ok_or_else(|| PatternError::TooLarge(spec.to_owned()))?;
            if let Some(p) = automaton.count(min_chars, max_chars, whole.clone()) {
                return Ok(p);
            }
        }
        Err(empty())
    }

    /// [`Pattern::compile`] with a cache for each thread, as planning compiles the same pattern many times.
    ///
    /// # Errors
    /// As [`Pattern::compile`].
    pub fn shared(spec: &str, min_chars: u32, max_chars: u32) -> Result<Arc<Pattern>, PatternError> {
        type Cache = HashMap<(String, u32, u32), Result<Arc<Pattern>, PatternError>>;
        thread_local! {
            static CACHE: RefCell<Cache> = RefCell::new(HashMap::new());
        }
        let key = (spec.to_owned(), min_chars, max_chars);
        if let Some(p) = CACHE.with_borrow(|k| k.get(&key).cloned()) {
            return p;
        }
        let p = Pattern::compile(spec, min_chars, max_chars).map(Arc::new);
        CACHE.with_borrow_mut(|k| {
            if k.len() >= CACHE_SIZE {
                k.clear();
            }
            k.insert(key, p.clone());
        });
        p
    }

    /// The number of strings; saturates at [`PRACTICALLY_INFINITE`].
    pub fn size(&self) -> u128 {
        self.size
    }

    /// The `i`-th string, shorter ones first; `i` beyond the size gives the last one.
    pub fn value(&self, i: u128) -> String {
        let mut rest = i.min(self.size.saturating_sub(1));
        for &len in &self.lengths {
            let n = self.counts[len][0];
            if rest < n {
                return self.unrank(len, rest);
            }
            rest -= n;
        }
        self.lengths.last().map_or_else(String::new, |&len| self.unrank(len, self.counts[len][0] - 1))
    }

    /// As [`value`](Self::value), in a pseudo-random order if all strings have one length, so that small numbers do not
    /// give strings with leading zeros.
    pub fn scattered(&self, i: u128) -> String {
        match self.lengths[..] {
            [_] if self.size < PRACTICALLY_INFINITE => self.value(text_format::scatter(i, self.size)),
            _ => self.value(i),
        }
    }

    /// A string of random length.
    pub fn draw(&self, rng: &mut CellRng) -> String {
        // Very short strings are unrealistic where longer ones exist.
        let usual: Vec<usize> = self.lengths.iter().copied().filter(|&l| l >= 4).collect();
        let len = *rng.pick(if usual.is_empty() { &self.lengths } else { &usual });
        let n = self.counts[len][0];
        self.unrank(len, rng.below_u128(n))
    }

    /// A random transition after which at least [`PRACTICALLY_INFINITE`] strings are left; `None` if there is none.
    fn decorated(&self, state: usize, left: usize, rng: &mut CellRng) -> Option<(char, usize)> {
        let enough = |to: usize| self.counts[left][to] >= PRACTICALLY_INFINITE;
        let steps = || self.steps[state].iter().filter(|(_, to)| enough(*to));
        let all: usize = steps().map(|(chars, _)| chars.len()).sum();
        if all == 0 {
            return None;
        }
        let mut at = rng.below(all as u64) as usize;
        for (chars, to) in steps() {
            if at < chars.len() {
                return Some((chars[at], *to));
            }
            at -= chars.len();
        }
        None
    }

    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        self.whole.iter().all(|(wanted, re)| re.is_match(text) == *wanted)
    }

    fn unrank(&self, len: usize, mut rest: u128) -> String {
        let mut out = String::with_capacity(len);
        let mut state = 0;
        let wide = self.counts[len][0] >= PRACTICALLY_INFINITE;
        let mut rng = decoration(rest);
        if wide {
            // There are more strings than numbers: the first characters are random, the last ones depend on the number.
            rest = text_format::scramble(rest, 100);
        }
        for left in (0..len).rev() {
            if wide && let Some((c, to)) = self.decorated(state, left, &mut rng) {
                out.push(c);
                state = to;
                continue;
            }
            let mut chosen = None;
            for (chars, to) in &self.steps[state] {
                let each = self.counts[left][*to];
                if each == 0 {
                    continue;
                }
                let all = each.saturating_mul(chars.len() as u128);
                if rest < all {
                    let at = usize::try_from(rest / each).unwrap_or(0).min(chars.len() - 1);
                    rest %= each;
                    chosen = Some((chars[at], *to));
                    break;
                }
                rest -= all;
            }
            let Some((c, to)) = chosen else { break };
            out.push(c);
            state = to;
        }
        out
    }
}

/// Whether `spec` matches the whole of `text`; `None` if `spec` is invalid or unsupported.
pub fn matches(spec: &str, text: &str) -> Option<bool> {
    let whole = whole_matchers(spec).ok()?;
    Some(whole.iter().all(|(wanted, re)| re.is_match(text) == *wanted))
}

/// A pattern that matches texts that both patterns match.
pub fn both(a: &str, b: &str) -> String {
    format!("{a}{AND}{b}")
}

/// A pattern that matches texts that `a` matches and `b` (a single pattern) does not.
pub fn minus(a: &str, b: &str) -> String {
    format!("{a}{AND}{NOT}{b}")
}

fn whole_matchers(spec: &str) -> Result<Vec<(bool, regex::Regex)>, PatternError> {
    let one = |part: &str| {
        let (wanted, body) = match part.strip_prefix(NOT) {
            Some(body) => (false, body),
            None => (true, part),
        };
        regex::RegexBuilder::new(&format!("^(?:{body})$"))
            .size_limit(8 << 20)
            .build()
            .map(|re| (wanted, re))
            .map_err(|e| PatternError::Syntax(body.to_owned(), e.to_string()))
    };
    spec.split(AND).map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn all(spec: &str, min: u32, max: u32) -> Vec<String> {
        let p = Pattern::compile(spec, min, max).unwrap();
        (0..p.size()).map(|i| p.value(i)).collect()
    }

    #[test]
    fn small_patterns_are_enumerated() {
        assert_eq!(all("[ab]{1,2}", 0, 9), ["a", "b", "aa", "ab", "ba", "bb"]);
        assert_eq!(all("x|yz?", 0, 9), ["x", "y", "yz"]);
        assert_eq!(all("^a$|^b$", 0, 9), ["a", "b"]);
    }

    #[test]
    fn classes_beyond_ascii_offer_no_nul_and_visible_characters_first() {
        let other = all("[^[:print:]]", 0, 9);
        assert!(!other.is_empty() && other.iter().all(|t| t.chars().all(|c| !c.is_control())), "{other:?}");
        let control = all("[[:cntrl:]]", 0, 9);
        assert!(!control.is_empty() && !control.iter().any(|t| t.contains('\0')), "{control:?}");
    }

    #[test]
    fn joined_and_excluded_patterns() {
        assert_eq!(all(&both("[abc]", "[bcd]"), 0, 9), ["b", "c"]);
        assert_eq!(all(&minus("[abc]", "b"), 0, 9), ["a", "c"]);
        let email = Pattern::compile(&both(".*@.*", "[^ ]+"), 3, 40).unwrap();
        assert!(email.value(1000).contains('@'));
    }

    #[test]
    fn unsupported_patterns_are_errors() {
        assert!(matches!(Pattern::compile(r"\bword\b", 0, 9), Err(PatternError::Syntax(..))));
        assert!(matches!(Pattern::compile("[a-z]{5}", 6, 9), Err(PatternError::Empty(..))));
        assert!(matches!(Pattern::compile("(", 0, 9), Err(PatternError::Syntax(..))));
        assert!(matches!(Pattern::compile("((a{100}){100}){100}", 0, 9), Err(PatternError::TooLarge(..))));
    }

    #[test]
    fn values_match_and_differ() {
        let specs = [
            "[A-Z]{2}[0-9]{4}",
            "[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}",
            "(?:[0-9]{1,3}\\.){3}[0-9]{1,3}",
            "[[:alpha:]_][[:alnum:]_]*",
            "#[0-9a-fA-F]{6}",
            ".*foo.*",
            "[^/]+/[^/]+",
            "(?i)abc[0-9]",
            "[а-я]{2,3}",
        ];
        for spec in specs {
            let p = Pattern::compile(spec, 0, 40).unwrap();
            assert!(p.size() > 1, "{spec}");
            let mut seen = HashSet::new();
            for i in (0..400).map(|i| i * (p.size() / 400).max(1)).filter(|i| *i < p.size()) {
                let s = p.value(i);
                assert!(p.matches(&s), "{spec}: {s}");
                assert!(seen.insert(s.clone()), "{spec}: {s} twice");
            }
            let mut rng = CellRng::new(7);
            for _ in 0..50 {
                let s = p.draw(&mut rng);
                assert!(p.matches(&s) && s.chars().count() <= 40, "{spec}: {s}");
            }
        }
    }

    proptest! {
        #[test]
        fn values_match_random_patterns(spec in "([a-c]|\\[[a-d]-[e-h]\\]|x\\*|\\(y\\|z\\)|\\.|[0-9]\\{1,2\\}){1,6}", i in any::<u64>()) {
            if let Ok(p) = Pattern::compile(&spec, 0, 20) {
                let s = p.value(u128::from(i) % p.size());
                prop_assert!(p.matches(&s), "{} {}", spec, s);
                prop_assert!(s.chars().count() <= 20);
            }
        }

        #[test]
        fn compile_never_panics(spec in ".{0,30}") {
            let _ = Pattern::compile(&spec, 0, 20);
        }
    }
}
