//! The strings of a regular expression, counted and numbered: [`TextKind::Pattern`](super::text::TextKind::Pattern).
//!
//! Data in: a pattern in Rust's syntax that the whole string must match, and limits in characters. Data out: how many
//! strings there are, the `i`-th one, a realistic one. The pattern becomes an automaton; a table of how many strings of
//! each length lead from each state to the end does the rest.
//!
//! Several patterns joined by [`AND`] must all match; one that starts with [`NOT`] must not. Characters are chosen from
//! printable ASCII; where a class is wide (`.`, `[^x]`, letters of both cases), from lower-case letters and digits.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::PRACTICALLY_INFINITE;
use crate::stream::CellRng;

/// Joins patterns that must all match. (No regular expression contains it: it is no valid syntax.)
pub const AND: &str = "(?&)";
/// Starts a pattern that must not match.
pub const NOT: &str = "(?!)";

/// Compiled patterns kept by each thread.
const REMEMBERED: usize = 128;
const MAX_NFA: usize = 20_000;
const MAX_STATES: usize = 6_000;
/// States times lengths of the counting table.
const MAX_CELLS: usize = 3_000_000;
const MAX_LENGTH: usize = 600;
/// Beyond the shortest string, strings grow by at most so many characters.
const GROWTH: usize = 24;
/// A class with so many printable characters is thinned out to letters and digits.
const WIDE: usize = 30;

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
    /// For each state: the characters that lead on, grouped by where they lead.
    steps: Vec<Vec<(Vec<char>, usize)>>,
    /// `counts[length][state]`: strings of exactly `length` characters that end well from `state`; saturating.
    counts: Vec<Vec<u128>>,
    /// Lengths in use.
    lengths: Vec<usize>,
    size: u128,
    whole: Vec<(bool, regex::Regex)>,
}

impl Pattern {
    /// Compiles `spec`, matched as a whole, for texts of `min_chars..=max_chars` characters.
    ///
    /// # Errors
    /// Unreadable or unsupported patterns (look-around, word boundaries), automata that are too large, and patterns
    /// that no text within the limits matches.
    pub fn compile(spec: &str, min_chars: u32, max_chars: u32) -> Result<Pattern, PatternError> {
        let parts: Vec<Part> = spec.split(AND).map(Part::parse).collect::<Result<_, _>>()?;
        let whole = whole_matchers(spec)?;
        let empty = || PatternError::Empty(spec.to_owned(), min_chars, max_chars);
        // thinned-out classes first; all of printable ASCII if that leaves nothing
        for nice in [true, false] {
            let automaton = Automaton::build(&parts, nice).ok_or_else(|| PatternError::TooLarge(spec.to_owned()))?;
            if let Some(p) = automaton.count(min_chars, max_chars, whole.clone()) {
                return Ok(p);
            }
        }
        Err(empty())
    }

    /// [`Pattern::compile`], remembered: planning asks for the same pattern many times.
    ///
    /// # Errors
    /// As [`Pattern::compile`].
    pub fn shared(spec: &str, min_chars: u32, max_chars: u32) -> Result<Arc<Pattern>, PatternError> {
        type Known = HashMap<(String, u32, u32), Result<Arc<Pattern>, PatternError>>;
        thread_local! {
            static KNOWN: RefCell<Known> = RefCell::new(HashMap::new());
        }
        let key = (spec.to_owned(), min_chars, max_chars);
        if let Some(p) = KNOWN.with_borrow(|k| k.get(&key).cloned()) {
            return p;
        }
        let p = Pattern::compile(spec, min_chars, max_chars).map(Arc::new);
        KNOWN.with_borrow_mut(|k| {
            if k.len() >= REMEMBERED {
                k.clear();
            }
            k.insert(key, p.clone());
        });
        p
    }

    /// How many strings there are; saturates at [`PRACTICALLY_INFINITE`].
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

    /// A string of random length.
    pub fn draw(&self, rng: &mut CellRng) -> String {
        // very short ones look odd where longer ones exist
        let usual: Vec<usize> = self.lengths.iter().copied().filter(|&l| l >= 4).collect();
        let len = *rng.pick(if usual.is_empty() { &self.lengths } else { &usual });
        let n = self.counts[len][0];
        self.unrank(len, rng.below_u128(n))
    }

    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        self.whole.iter().all(|(wanted, re)| re.is_match(text) == *wanted)
    }

    fn unrank(&self, len: usize, mut rest: u128) -> String {
        let mut out = String::with_capacity(len);
        let mut state = 0;
        for left in (0..len).rev() {
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

/// Whether the whole of `text` matches `spec`; `None` if `spec` is not understood.
pub fn matches(spec: &str, text: &str) -> Option<bool> {
    let whole = whole_matchers(spec).ok()?;
    Some(whole.iter().all(|(wanted, re)| re.is_match(text) == *wanted))
}

/// Both patterns at once.
pub fn both(a: &str, b: &str) -> String {
    format!("{a}{AND}{b}")
}

/// Everything that `a` matches and `b` (a single pattern) does not.
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

/// One node of the non-deterministic automaton.
#[derive(Debug, Clone)]
enum Node {
    /// Reads a character of the class.
    Read {
        class: usize,
        next: usize,
    },
    Fork(Vec<usize>),
    Start(usize),
    End(usize),
    Match,
}

#[derive(Debug, Clone)]
struct Part {
    wanted: bool,
    nodes: Vec<Node>,
    start: usize,
    classes: Vec<CharSet>,
}

#[derive(Debug, Clone, PartialEq)]
struct CharSet {
    ranges: Vec<(char, char)>,
    /// What is offered when characters are chosen from a wide class.
    wide: bool,
    has_lower: bool,
}

impl CharSet {
    fn new(ranges: Vec<(char, char)>) -> Self {
        let printable = printable().filter(|c| in_ranges(&ranges, *c));
        let all: Vec<char> = printable.collect();
        let has = |f: fn(&char) -> bool| all.iter().any(f);
        let has_lower = has(char::is_ascii_lowercase);
        let wide = all.len() >= WIDE && (has_lower || has(char::is_ascii_digit));
        CharSet { ranges, wide, has_lower }
    }

    fn has(&self, c: char) -> bool {
        in_ranges(&self.ranges, c)
    }

    /// Whether `c` is offered: from wide classes only lower-case letters and digits.
    fn offers(&self, c: char) -> bool {
        self.has(c)
            && (!self.wide
                || c.is_ascii_digit()
                || if self.has_lower { c.is_ascii_lowercase() } else { c.is_ascii_alphanumeric() })
    }

    /// Characters to choose from that are not printable ASCII: only where there is no other choice.
    fn foreign(&self) -> Vec<char> {
        if printable().any(|c| self.has(c)) {
            return vec![];
        }
        self.ranges.iter().flat_map(|(a, b)| *a..=*b).take(64).collect()
    }
}

fn printable() -> impl Iterator<Item = char> {
    ' '..='~'
}

fn in_ranges(ranges: &[(char, char)], c: char) -> bool {
    ranges.iter().any(|(a, b)| (*a..=*b).contains(&c))
}

impl Part {
    fn parse(text: &str) -> Result<Part, PatternError> {
        let (wanted, body) = match text.strip_prefix(NOT) {
            Some(body) => (false, body),
            None => (true, text),
        };
        let hir = regex_syntax::ParserBuilder::new()
            .nest_limit(100)
            .build()
            .parse(body)
            .map_err(|e| PatternError::Syntax(body.to_owned(), e.to_string()))?;
        let mut part = Part { wanted, nodes: vec![Node::Match], start: 0, classes: vec![] };
        part.start = part.add(&hir, 0).map_err(|what| match what {
            "size" => PatternError::TooLarge(body.to_owned()),
            what => PatternError::Syntax(body.to_owned(), what.to_owned()),
        })?;
        Ok(part)
    }

    fn push(&mut self, node: Node) -> Result<usize, &'static str> {
        if self.nodes.len() >= MAX_NFA {
            return Err("size");
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    fn read(&mut self, ranges: Vec<(char, char)>, next: usize) -> Result<usize, &'static str> {
        let set = CharSet::new(ranges);
        let class = self.classes.iter().position(|c| *c == set).unwrap_or_else(|| {
            self.classes.push(set);
            self.classes.len() - 1
        });
        self.push(Node::Read { class, next })
    }

    /// Adds `hir` in front of `next`; the index of its first node.
    fn add(&mut self, hir: &Hir, next: usize) -> Result<usize, &'static str> {
        match hir.kind() {
            HirKind::Empty => Ok(next),
            HirKind::Literal(l) => {
                let text = std::str::from_utf8(&l.0).map_err(|_| "bytes that are no text")?;
                text.chars().rev().try_fold(next, |next, c| self.read(vec![(c, c)], next))
            }
            HirKind::Class(Class::Unicode(c)) => {
                self.read(c.ranges().iter().map(|r| (r.start(), r.end())).collect(), next)
            }
            HirKind::Class(Class::Bytes(c)) => {
                self.read(c.ranges().iter().map(|r| (char::from(r.start()), char::from(r.end()))).collect(), next)
            }
            HirKind::Look(Look::Start) => self.push(Node::Start(next)),
            HirKind::Look(Look::End) => self.push(Node::End(next)),
            HirKind::Look(_) => Err("word boundaries and line anchors cannot be enumerated"),
            HirKind::Repetition(r) => {
                let mut tail = next;
                match r.max {
                    None => {
                        let fork = self.push(Node::Fork(vec![]))?;
                        let body = self.add(&r.sub, fork)?;
                        self.nodes[fork] = Node::Fork(vec![body, next]);
                        tail = fork;
                    }
                    Some(max) => {
                        for _ in r.min..max {
                            let body = self.add(&r.sub, tail)?;
                            tail = self.push(Node::Fork(vec![body, next]))?;
                        }
                    }
                }
                for _ in 0..r.min {
                    tail = self.add(&r.sub, tail)?;
                }
                Ok(tail)
            }
            HirKind::Capture(c) => self.add(&c.sub, next),
            HirKind::Concat(items) => items.iter().rev().try_fold(next, |next, h| self.add(h, next)),
            HirKind::Alternation(items) => {
                let heads = items.iter().map(|h| self.add(h, next)).collect::<Result<Vec<_>, _>>()?;
                self.push(Node::Fork(heads))
            }
        }
    }

    /// Everything reachable without reading.
    fn close(&self, from: impl IntoIterator<Item = usize>, at_start: bool, at_end: bool) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<usize> = from.into_iter().collect();
        while let Some(n) = todo.pop() {
            if !seen.insert(n) {
                continue;
            }
            match &self.nodes[n] {
                Node::Fork(to) => todo.extend(to),
                Node::Start(to) if at_start => todo.push(*to),
                Node::End(to) if at_end => todo.push(*to),
                _ => {}
            }
        }
        seen.into_iter().collect()
    }

    fn accepts(&self, set: &[usize], at_start: bool) -> bool {
        self.close(set.iter().copied(), at_start, true).contains(&0) == self.wanted
    }

    /// Nodes after reading `c`, and whether some class offers it.
    fn step(&self, set: &[usize], c: char) -> (Vec<usize>, bool) {
        let mut offered = false;
        let next: Vec<usize> = set
            .iter()
            .filter_map(|&n| match &self.nodes[n] {
                Node::Read { class, next } if self.classes[*class].has(c) => {
                    offered |= self.classes[*class].offers(c) && !self.classes[*class].wide;
                    Some(*next)
                }
                _ => None,
            })
            .collect();
        (self.close(next, false, false), offered)
    }
}

/// The deterministic product of all parts.
#[derive(Debug)]
struct Automaton {
    steps: Vec<Vec<(Vec<char>, usize)>>,
    accepting: Vec<bool>,
}

impl Automaton {
    /// `None` if it grows too large.
    fn build(parts: &[Part], nice: bool) -> Option<Automaton> {
        let groups = alphabet(parts);
        let initial: Vec<Vec<usize>> = parts.iter().map(|p| p.close([p.start], true, false)).collect();
        let accepting = |sets: &[Vec<usize>], start| parts.iter().zip(sets).all(|(p, s)| p.accepts(s, start));
        let mut states: HashMap<Vec<Vec<usize>>, usize> = HashMap::new();
        let mut out = Automaton { steps: vec![], accepting: vec![accepting(&initial, true)] };
        // the initial state passes `^`: it is not the same as one with equal nodes later
        let mut todo = vec![initial];
        while let Some(sets) = todo.get(out.steps.len()).cloned() {
            let mut row: Vec<(Vec<char>, usize)> = vec![];
            for group in &groups {
                let Some(&c) = group.first() else { continue };
                let stepped: Vec<_> = parts.iter().zip(&sets).map(|(p, s)| p.step(s, c)).collect();
                let dead = parts.iter().zip(&stepped).any(|(p, (s, _))| p.wanted && s.is_empty());
                if dead {
                    continue;
                }
                let special = parts.iter().zip(&stepped).any(|(p, (_, offered))| p.wanted && *offered);
                if nice && !special && !(c.is_ascii_lowercase() || c.is_ascii_digit() || upper_only(parts, &sets, c)) {
                    continue;
                }
                let next: Vec<Vec<usize>> = stepped.into_iter().map(|(s, _)| s).collect();
                let known = states.get(&next).copied();
                let to = match known {
                    Some(i) => i,
                    None => {
                        let i = todo.len();
                        if i >= MAX_STATES {
                            return None;
                        }
                        out.accepting.push(accepting(&next, false));
                        states.insert(next.clone(), i);
                        todo.push(next);
                        i
                    }
                };
                match row.iter_mut().find(|(_, t)| *t == to) {
                    Some((chars, _)) => chars.extend(group),
                    None => row.push((group.clone(), to)),
                }
            }
            row.iter_mut().for_each(|(chars, _)| chars.sort_unstable());
            out.steps.push(row);
        }
        Some(out)
    }

    /// The counting table, or `None` if no string fits.
    fn count(&self, min_chars: u32, max_chars: u32, whole: Vec<(bool, regex::Regex)>) -> Option<Pattern> {
        let n = self.steps.len();
        let longest = (max_chars as usize).min(MAX_LENGTH.max(min_chars as usize + GROWTH)).min(MAX_CELLS / n);
        let mut counts: Vec<Vec<u128>> = vec![self.accepting.iter().map(|a| u128::from(*a)).collect()];
        let mut shortest = None;
        for len in 0.. {
            if shortest.is_none() && len >= min_chars as usize && counts[len][0] > 0 {
                shortest = Some(len);
            }
            if len >= longest || shortest.is_some_and(|s| len >= s + GROWTH) {
                break;
            }
            let before = &counts[len];
            let now = self.steps.iter().map(|row| {
                row.iter()
                    .fold(0u128, |sum, (chars, to)| sum.saturating_add(before[*to].saturating_mul(chars.len() as u128)))
            });
            let now: Vec<u128> = now.collect();
            if now.iter().all(|c| *c == 0) {
                break;
            }
            counts.push(now);
        }
        let lengths: Vec<usize> = (shortest?..counts.len()).filter(|&l| counts[l][0] > 0).collect();
        let size = lengths.iter().fold(0u128, |s, &l| s.saturating_add(counts[l][0])).min(PRACTICALLY_INFINITE);
        Some(Pattern { steps: self.steps.clone(), counts, lengths, size, whole })
    }
}

/// Whether `c` is upper case and every wide class that reads it has no lower case.
fn upper_only(parts: &[Part], sets: &[Vec<usize>], c: char) -> bool {
    c.is_ascii_uppercase()
        && parts.iter().zip(sets).filter(|(p, _)| p.wanted).any(|(p, set)| {
            set.iter().any(|&n| match &p.nodes[n] {
                Node::Read { class, .. } => p.classes[*class].has(c) && !p.classes[*class].has_lower,
                _ => false,
            })
        })
}

/// Characters grouped so that all of a group are read alike by every class.
fn alphabet(parts: &[Part]) -> Vec<Vec<char>> {
    let classes: Vec<&CharSet> = parts.iter().flat_map(|p| &p.classes).collect();
    let mut chars: BTreeSet<char> = printable().collect();
    classes.iter().for_each(|c| chars.extend(c.foreign()));
    let mut groups: HashMap<(Vec<bool>, u8), Vec<char>> = HashMap::new();
    let mut order = vec![];
    for c in chars {
        // letters of each case, digits and the rest stay apart: only some are offered from wide classes
        let look = match c {
            'a'..='z' => 0,
            '0'..='9' => 1,
            'A'..='Z' => 2,
            _ => 3,
        };
        let key = (classes.iter().map(|s| s.has(c)).collect::<Vec<_>>(), look);
        let group = groups.entry(key.clone()).or_default();
        if group.is_empty() {
            order.push(key);
        }
        group.push(c);
    }
    order.into_iter().filter_map(|k| groups.remove(&k)).collect()
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
    fn counts_by_hand() {
        assert_eq!(all("[ab]{1,2}", 0, 9), ["a", "b", "aa", "ab", "ba", "bb"]);
        assert_eq!(all("x|yz?", 0, 9), ["x", "y", "yz"]);
        assert_eq!(all("^a$|^b$", 0, 9), ["a", "b"]);
    }

    #[test]
    fn joined_and_excluded() {
        assert_eq!(all(&both("[abc]", "[bcd]"), 0, 9), ["b", "c"]);
        assert_eq!(all(&minus("[abc]", "b"), 0, 9), ["a", "c"]);
        let email = Pattern::compile(&both(".*@.*", "[^ ]+"), 3, 40).unwrap();
        assert!(email.value(1000).contains('@'));
    }

    #[test]
    fn refuses_what_it_cannot_enumerate() {
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
        fn any_pattern_gives_what_it_matches(spec in "([a-c]|\\[[a-d]-[e-h]\\]|x\\*|\\(y\\|z\\)|\\.|[0-9]\\{1,2\\}){1,6}", i in any::<u64>()) {
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
