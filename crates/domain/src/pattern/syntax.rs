//! The non-deterministic automaton of a pattern, and the characters that its classes offer.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::{NOT, PatternError};

const MAX_NFA: usize = 20_000;
/// A class with at least this many printable characters is wide: it is reduced to letters and digits.
const WIDE: usize = 30;

/// One node of the non-deterministic automaton.
#[derive(Debug, Clone)]
enum PatternNode {
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
pub(super) struct PatternPart {
    pub wanted: bool,
    nodes: Vec<PatternNode>,
    pub start: usize,
    pub classes: Vec<CharSet>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct CharSet {
    ranges: Vec<(char, char)>,
    /// The class is reduced to lower-case letters (if it has any) and digits.
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

    pub fn has(&self, c: char) -> bool {
        in_ranges(&self.ranges, c)
    }

    /// Whether `c` may be generated from the class: of wide classes only lower-case letters and digits.
    pub fn offers(&self, c: char) -> bool {
        self.has(c)
            && (!self.wide
                || c.is_ascii_digit()
                || if self.has_lower { c.is_ascii_lowercase() } else { c.is_ascii_alphanumeric() })
    }

    /// Characters beyond printable ASCII, for a class without printable ASCII; else empty. At most 64; control
    /// characters only if there are no others, and never NUL, which texts cannot hold.
    pub fn foreign(&self) -> Vec<char> {
        if printable().any(|c| self.has(c)) {
            return vec![];
        }
        let all = || self.ranges.iter().flat_map(|(a, b)| *a..=*b).filter(|c| *c != '\0');
        let visible: Vec<char> = all().filter(|c| !c.is_control()).take(64).collect();
        if visible.is_empty() { all().take(64).collect() } else { visible }
    }
}

pub(super) fn printable() -> impl Iterator<Item = char> {
    ' '..='~'
}

fn in_ranges(ranges: &[(char, char)], c: char) -> bool {
    ranges.iter().any(|(a, b)| (*a..=*b).contains(&c))
}

/// Why a part of a pattern has no automaton.
enum PartError {
    TooLarge,
    /// What it contains.
    Unsupported(&'static str),
}

impl PatternPart {
    pub fn parse(text: &str) -> Result<PatternPart, PatternError> {
        let (wanted, body) = match text.strip_prefix(NOT) {
            Some(body) => (false, body),
            None => (true, text),
        };
        let hir = regex_syntax::ParserBuilder::new()
            .nest_limit(100)
            .build()
            .parse(body)
            .map_err(|e| PatternError::Syntax(body.to_owned(), e.to_string()))?;
        let mut part = PatternPart { wanted, nodes: vec![PatternNode::Match], start: 0, classes: vec![] };
        part.start = part.add(&hir, 0).map_err(|e| match e {
            PartError::TooLarge => PatternError::TooLarge(body.to_owned()),
            PartError::Unsupported(what) => PatternError::Syntax(body.to_owned(), what.to_owned()),
        })?;
        Ok(part)
    }

    fn push(&mut self, node: PatternNode) -> Result<usize, PartError> {
        if self.nodes.len() >= MAX_NFA {
            return Err(PartError::TooLarge);
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    fn read(&mut self, ranges: Vec<(char, char)>, next: usize) -> Result<usize, PartError> {
        let set = CharSet::new(ranges);
        let class = self.classes.iter().position(|c| *c == set).unwrap_or_else(|| {
            self.classes.push(set);
            self.classes.len() - 1
        });
        self.push(PatternNode::Read { class, next })
    }

    /// Adds the nodes of `hir` before the node `next`. Returns the index of its first node.
    fn add(&mut self, hir: &Hir, next: usize) -> Result<usize, PartError> {
        match hir.kind() {
            HirKind::Empty => Ok(next),
            HirKind::Literal(l) => {
                let text = std::str::from_utf8(&l.0).map_err(|_| PartError::Unsupported("bytes that are not UTF-8"))?;
                text.chars().rev().try_fold(next, |next, c| self.read(vec![(c, c)], next))
            }
            HirKind::Class(Class::Unicode(c)) => {
                self.read(c.ranges().iter().map(|r| (r.start(), r.end())).collect(), next)
            }
            HirKind::Class(Class::Bytes(c)) => {
                self.read(c.ranges().iter().map(|r| (char::from(r.start()), char::from(r.end()))).collect(), next)
            }
            HirKind::Look(Look::Start) => self.push(PatternNode::Start(next)),
            HirKind::Look(Look::End) => self.push(PatternNode::End(next)),
            HirKind::Look(_) => Err(PartError::Unsupported("word boundaries and line anchors cannot be enumerated")),
            HirKind::Repetition(r) => {
                let mut tail = next;
                match r.max {
                    None => {
                        let fork = self.push(PatternNode::Fork(vec![]))?;
                        let body = self.add(&r.sub, fork)?;
                        self.nodes[fork] = PatternNode::Fork(vec![body, next]);
                        tail = fork;
                    }
                    Some(max) => {
                        for _ in r.min..max {
                            let body = self.add(&r.sub, tail)?;
                            tail = self.push(PatternNode::Fork(vec![body, next]))?;
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
                self.push(PatternNode::Fork(heads))
            }
        }
    }

    /// The epsilon closure: all nodes reachable without reading a character.
    pub fn close(&self, from: impl IntoIterator<Item = usize>, at_start: bool, at_end: bool) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<usize> = from.into_iter().collect();
        while let Some(n) = todo.pop() {
            if !seen.insert(n) {
                continue;
            }
            match &self.nodes[n] {
                PatternNode::Fork(to) => todo.extend(to),
                PatternNode::Start(to) if at_start => todo.push(*to),
                PatternNode::End(to) if at_end => todo.push(*to),
                _ => {}
            }
        }
        seen.into_iter().collect()
    }

    pub fn accepts(&self, set: &[usize], at_start: bool) -> bool {
        self.close(set.iter().copied(), at_start, true).contains(&0) == self.wanted
    }

    /// Whether `c` is an upper-case letter in a class without lower-case letters.
    pub fn reads_upper_only(&self, set: &[usize], c: char) -> bool {
        c.is_ascii_uppercase()
            && set.iter().any(|&n| match &self.nodes[n] {
                PatternNode::Read { class, .. } => self.classes[*class].has(c) && !self.classes[*class].has_lower,
                _ => false,
            })
    }

    /// The nodes after reading `c`, and whether a narrow class offers it.
    pub fn step(&self, set: &[usize], c: char) -> (Vec<usize>, bool) {
        let mut offered = false;
        let next: Vec<usize> = set
            .iter()
            .filter_map(|&n| match &self.nodes[n] {
                PatternNode::Read { class, next } if self.classes[*class].has(c) => {
                    offered |= self.classes[*class].offers(c) && !self.classes[*class].wide;
                    Some(*next)
                }
                _ => None,
            })
            .collect();
        (self.close(next, false, false), offered)
    }
}
