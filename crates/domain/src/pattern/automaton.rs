//! The deterministic automaton of several patterns, and the number of strings of each length that it accepts.

use std::collections::{BTreeSet, HashMap};

use super::Pattern;
use super::syntax::{CharSet, PatternPart, printable};
use crate::PRACTICALLY_INFINITE;

const MAX_STATES: usize = 6_000;
/// Maximum size of the counting table: states times lengths.
const MAX_CELLS: usize = 3_000_000;
const MAX_LENGTH: usize = 600;
/// Maximum difference in length between the enumerated strings.
const GROWTH: usize = 24;

/// The product automaton of all parts.
#[derive(Debug)]
pub(super) struct Automaton {
    steps: Vec<Vec<(Vec<char>, usize)>>,
    accepting: Vec<bool>,
}

impl Automaton {
    /// `None` if there would be more than [`MAX_STATES`]. `reduced`: of wide classes, only lower-case letters and
    /// digits.
    pub fn build(parts: &[PatternPart], reduced: bool) -> Option<Automaton> {
        let groups = alphabet(parts);
        let initial: Vec<Vec<usize>> = parts.iter().map(|p| p.close([p.start], true, false)).collect();
        let accepting = |sets: &[Vec<usize>], start| parts.iter().zip(sets).all(|(p, s)| p.accepts(s, start));
        let mut states: HashMap<Vec<Vec<usize>>, usize> = HashMap::new();
        let mut out = Automaton { steps: vec![], accepting: vec![accepting(&initial, true)] };
        // The initial state accepts `^`: it differs from a later state with the same nodes.
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
                if reduced
                    && !special
                    && !(c.is_ascii_lowercase()
                        || c.is_ascii_digit()
                        || parts.iter().zip(&sets).any(|(p, set)| p.wanted && p.reads_upper_only(set, c)))
                {
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

    /// The pattern with its counting table; `None` if no string is within the limits.
    pub fn count(&self, min_chars: u32, max_chars: u32, whole: Vec<(bool, regex::Regex)>) -> Option<Pattern> {
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

/// Groups of characters (equivalence classes) that are in the same classes of all parts.
fn alphabet(parts: &[PatternPart]) -> Vec<Vec<char>> {
    let classes: Vec<&CharSet> = parts.iter().flat_map(|p| &p.classes).collect();
    let mut chars: BTreeSet<char> = printable().collect();
    classes.iter().for_each(|c| chars.extend(c.foreign()));
    let mut groups: HashMap<(Vec<bool>, u8), Vec<char>> = HashMap::new();
    let mut order = vec![];
    for c in chars {
        // Letters of each case, digits and the rest are in separate groups, as wide classes offer only some of them.
        let char_kind = match c {
            'a'..='z' => 0,
            '0'..='9' => 1,
            'A'..='Z' => 2,
            _ => 3,
        };
        let key = (classes.iter().map(|s| s.has(c)).collect::<Vec<_>>(), char_kind);
        let group = groups.entry(key.clone()).or_default();
        if group.is_empty() {
            order.push(key);
        }
        group.push(c);
    }
    order.into_iter().filter_map(|k| groups.remove(&k)).collect()
}
