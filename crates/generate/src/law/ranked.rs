//! Values by rank, most frequent first: given ones, texts as the column usually has them, or numbered members of its
//! domain; with given lengths.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::permute::Permutation;
use dbmocker_core::rng_stream::{CellRng, mix};
use dbmocker_core::value::Value;
use dbmocker_domain::distribution::{InverseCdf, RankSampler, Ranks};
use dbmocker_domain::{Domain, Sampler, fit_text, fit_words};
use dbmocker_plan::LengthFit;

/// Texts of at least this length are distinct even if truncated.
const SHORT: usize = 32;
/// Texts of words longer than this are extended, instead of one being selected by its length.
const LONG: usize = 48;
/// The part of its length by which a text may be longer or shorter.
const NEAR: usize = 8;
/// Maximum number of values of which one is selected by its length.
const MOST_ROUNDS: u64 = 12;
/// Maximum number of values that are stored, so that all of them differ.
const STORED: u64 = 8192;
/// Attempts to draw a stored value that differs from the others.
const ATTEMPTS: u64 = 32;

/// The lengths of texts.
#[derive(Debug)]
pub struct Lengths {
    pub law: Option<InverseCdf>,
    pub fit: LengthFit,
}

impl Lengths {
    /// Returns a number of characters, or of elements, for a uniform number; `None` if they are not given.
    pub fn number(&self, u: f64) -> Option<usize> {
        let law = self.law.as_ref()?;
        Some(usize::try_from(law.number(u.min(1.0 - f64::EPSILON))).unwrap_or(0))
    }

    /// Returns true if a text of `count` characters will be cut to this number of characters.
    fn cuts(&self, count: usize, chars: usize) -> bool {
        match self.fit {
            LengthFit::Exact => count > chars,
            LengthFit::Words => count > chars + chars / NEAR,
            LengthFit::Nearest => false,
        }
    }

    /// Cuts or extends a text.
    pub fn fit(&self, text: &mut String, chars: usize, key: u64) {
        match self.fit {
            LengthFit::Exact => fit_text(text, chars, &mut CellRng::new(key)),
            LengthFit::Words if characters(text).abs_diff(chars) > chars / NEAR => {
                fit_words(text, chars, &mut CellRng::new(key));
            }
            LengthFit::Words | LengthFit::Nearest => {}
        }
    }
}

/// The text of a cell, and the text that is tried next: buffers used again for each cell.
#[derive(Debug, Default)]
pub struct TextBuffers {
    pub found: String,
    tried: String,
}

impl TextBuffers {
    /// Writes texts until one has about this number of characters, and keeps the nearest.
    fn nearest(&mut self, chars: Option<usize>, rounds: u64, mut write: impl FnMut(u64, &mut String)) {
        self.found.clear();
        write(0, &mut self.found);
        let Some(chars) = chars.filter(|_| rounds > 1) else { return };
        let near = (chars / 12).max(1);
        let mut off = characters(&self.found).abs_diff(chars);
        for round in 1..rounds {
            if off <= near {
                return;
            }
            self.tried.clear();
            write(round, &mut self.tried);
            let next = characters(&self.tried).abs_diff(chars);
            if next < off {
                off = next;
                std::mem::swap(&mut self.found, &mut self.tried);
            }
        }
    }
}

/// Values by rank.
#[derive(Debug)]
pub struct RankedGen {
    ranks: RankSampler,
    first: Vec<Value>,
    own: Sampler,
    /// Texts are drawn by the rank, as those of a column without ranks.
    natural: bool,
    /// Maximum number of characters of a text.
    longest: usize,
    places: Option<Permutation>,
    key: u64,
    stored: OnceLock<Vec<String>>,
}

impl RankedGen {
    pub fn new(ranks: &Ranks, first: &[Value], natural: bool, domain: &Domain, key: u64) -> RankedGen {
        let own = domain.sampler();
        let listed = matches!(domain, Domain::Choice { .. });
        let longest = if let Domain::Text(text) = domain { usize::try_from(text.max_chars).unwrap_or(0) } else { 0 };
        // List members are in rank order; the ranks of other values are scattered over their domain.
        let size = u64::try_from(own.size()).ok().filter(|n| !listed && *n < 1 << 62);
        let places = size.map(|size| Permutation::new(key, size.max(1)));
        RankedGen {
            ranks: ranks.sampler(),
            first: first.to_vec(),
            own,
            natural: natural && !listed,
            longest,
            places,
            key,
            stored: OnceLock::new(),
        }
    }

    /// Returns true if all values are texts, so that [`text`](Self::text) gives them.
    pub fn is_text(&self) -> bool {
        self.draws_text() && self.first.iter().all(|value| matches!(value, Value::Text(_)))
    }

    fn draws_text(&self) -> bool {
        self.own.is_text() && self.own.size() > 0
    }

    /// Returns the value for a uniform number.
    pub fn value(&self, u: f64, lengths: &Lengths) -> Value {
        let rank = self.ranks.rank(u);
        match usize::try_from(rank).ok().and_then(|i| self.first.get(i)) {
            Some(value) => value.clone(),
            None if self.draws_text() => {
                Value::Text(self.of_rank(rank, lengths, &mut TextBuffers::default()).to_owned())
            }
            None if self.natural => self.own.draw(&mut self.stream(rank, 0)),
            None if self.own.size() == 0 => Value::Null,
            None => self.own.value(self.member(rank, 0).0),
        }
    }

    /// Returns the text for a uniform number, without an allocation.
    pub fn text<'a>(&'a self, u: f64, lengths: &Lengths, buffers: &'a mut TextBuffers) -> &'a str {
        let rank = self.ranks.rank(u);
        match usize::try_from(rank).ok().and_then(|i| self.first.get(i)) {
            Some(Value::Text(text)) => text,
            _ => self.of_rank(rank, lengths, buffers),
        }
    }

    fn of_rank<'a>(&'a self, rank: u64, lengths: &Lengths, buffers: &'a mut TextBuffers) -> &'a str {
        if self.natural && self.ranks.size() <= STORED {
            let stored = self.stored.get_or_init(|| self.store(lengths));
            return usize::try_from(rank).ok().and_then(|i| stored.get(i)).map_or("", String::as_str);
        }
        let chars = self.chars(rank, lengths);
        if self.natural {
            buffers.nearest(chars, rounds(chars, lengths, MOST_ROUNDS), |round, out| self.draw(rank, round, out));
        } else {
            self.numbered(rank, chars, lengths, buffers);
        }
        self.fit(&mut buffers.found, chars, lengths, rank);
        &buffers.found
    }

    /// Returns the length of a rank's text: lengths are distributed by the same shares as the ranks.
    fn chars(&self, rank: u64, lengths: &Lengths) -> Option<usize> {
        lengths.law.as_ref()?;
        lengths.number((self.ranks.before(rank) + self.ranks.before(rank + 1)) / 2.0)
    }

    /// Returns the texts of all ranks, which differ in any letter case.
    fn store(&self, lengths: &Lengths) -> Vec<String> {
        let mut seen: HashSet<String> = HashSet::new();
        let mut buffers = TextBuffers::default();
        let mut text = |rank: u64| {
            let chars = self.chars(rank, lengths);
            let near = chars.map_or(usize::MAX, |chars| (chars / 12).max(1));
            let mut best: Option<(usize, String, String)> = None;
            for attempt in 0..ATTEMPTS {
                buffers.tried.clear();
                self.draw(rank, attempt, &mut buffers.tried);
                self.fit(&mut buffers.tried, chars, lengths, rank);
                let off = chars.map_or(0, |chars| characters(&buffers.tried).abs_diff(chars));
                if best.as_ref().is_some_and(|(least, ..)| *least <= off) {
                    continue;
                }
                let lower = buffers.tried.to_lowercase();
                if !seen.contains(&lower) {
                    best = Some((off, buffers.tried.clone(), lower));
                    if off <= near {
                        break;
                    }
                }
            }
            let (found, lower) = best.map_or_else(
                || {
                    self.numbered(rank, chars, lengths, &mut buffers);
                    self.fit(&mut buffers.found, chars, lengths, rank);
                    (buffers.found.clone(), buffers.found.to_lowercase())
                },
                |(_, found, lower)| (found, lower),
            );
            seen.insert(lower);
            found
        };
        (0..self.ranks.size()).map(&mut text).collect()
    }

    fn stream(&self, rank: u64, attempt: u64) -> CellRng {
        CellRng::new(mix(self.key ^ mix(rank ^ attempt << 56)))
    }

    fn draw(&self, rank: u64, attempt: u64, out: &mut String) {
        self.own.draw_text(&mut self.stream(rank, attempt), out);
    }

    /// Writes a member of the domain that no other rank has.
    fn numbered(&self, rank: u64, chars: Option<usize>, lengths: &Lengths, buffers: &mut TextBuffers) {
        let most = u64::try_from(self.own.size() / u128::from(self.ranks.size().max(1))).unwrap_or(MOST_ROUNDS);
        let rounds = rounds(chars, lengths, most.clamp(1, MOST_ROUNDS));
        buffers.nearest(chars, rounds, |round, out| {
            let (place, repeated) = self.member(rank, round);
            self.own.value_text(place, out);
            // Ranks beyond the domain's size repeat its values, with a number appended.
            if repeated > 0 && self.longest > 0 {
                *out = with_number(out, repeated + 1, self.longest);
            }
        });
    }

    /// Returns the number of a member of the domain, and how often lower ranks had it before. Each round has other
    /// members, which no other rank has. The domain must not be empty.
    fn member(&self, rank: u64, round: u64) -> (u128, u64) {
        let size = self.own.size().max(1);
        let wanted = rank.saturating_add(round.saturating_mul(self.ranks.size()));
        let (member, repeated) = match u64::try_from(size) {
            Ok(size) => (wanted % size, wanted / size),
            Err(_) => (wanted, 0),
        };
        let place = match &self.places {
            Some(places) => u128::from(places.apply(member % places.size())),
            None if size <= u128::from(u64::MAX) => u128::from(member) % size,
            None => {
                let wide = u128::from(mix(self.key ^ wanted)) << 64 | u128::from(mix(self.key ^ !wanted));
                wide % size
            }
        };
        (place, repeated)
    }

    fn fit(&self, text: &mut String, chars: Option<usize>, lengths: &Lengths, rank: u64) {
        let Some(chars) = chars else { return };
        let key = mix(self.key ^ rank);
        // Distinct texts may have a common prefix.
        if chars < SHORT && lengths.cuts(characters(text), chars) {
            let code = code(rank, self.ranks.size());
            lengths.fit(text, chars.saturating_sub(code.len()), key);
            text.push_str(&code);
        } else {
            lengths.fit(text, chars, key);
        }
    }
}

/// Returns how many values are made, of which one is selected by its length.
fn rounds(chars: Option<usize>, lengths: &Lengths, most: u64) -> u64 {
    match (chars, lengths.fit) {
        (None, _) | (_, LengthFit::Exact) => 1,
        (Some(chars), LengthFit::Words) if chars > LONG => 1,
        _ => most,
    }
}

/// Returns the number of characters of a text.
fn characters(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// Returns letters and digits that identify a rank, of equal length for all ranks.
fn code(mut rank: u64, size: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut most = size.max(1) - 1;
    let mut digits = Vec::new();
    loop {
        digits.push(DIGITS[(rank % 36) as usize]);
        (rank, most) = (rank / 36, most / 36);
        if most == 0 {
            break;
        }
    }
    digits.iter().rev().map(|&d| char::from(d)).collect()
}

/// Returns a text with a number appended, of at most `most` characters.
fn with_number(text: &str, number: u64, most: usize) -> String {
    let number = format!(" {number}");
    let room = most.saturating_sub(number.len());
    text.chars().take(room).collect::<String>() + &number
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_domain::TextDomain;
    use dbmocker_domain::distribution::{Distribution, NumberGrid, Point};
    use dbmocker_domain::text::TextKind;

    fn lengths(from: f64, to: f64, fit: LengthFit) -> Lengths {
        let points = vec![Point { p: 0.0, value: from }, Point { p: 1.0, value: to }];
        let grid = NumberGrid { lo: 0, hi: 200, step: 1, unit: 1.0, days: false };
        Lengths { law: InverseCdf::new(&Distribution::Quantiles { points }, grid).ok(), fit }
    }

    fn values(kind: TextKind, size: u64, natural: bool, lengths: &Lengths) -> Vec<String> {
        let ranks = Ranks { size, head: Vec::new(), exponent: Some(0.0) };
        let domain = Domain::Text(TextDomain::new(kind, 200));
        let made = RankedGen::new(&ranks, &[], natural, &domain, 7);
        let u = |i: u64| (i as f64 + 0.5) / size as f64;
        (0..size).map(|i| made.value(u(i), lengths).to_string()).collect()
    }

    #[test]
    fn stored_values_differ() {
        let none = Lengths { law: None, fit: LengthFit::Exact };
        for lengths in [none, lengths(3.0, 30.0, LengthFit::Words), lengths(5.0, 12.0, LengthFit::Nearest)] {
            let cities = values(TextKind::City, 1000, true, &lengths);
            let distinct: HashSet<String> = cities.iter().map(|c| c.to_lowercase()).collect();
            assert_eq!(distinct.len(), 1000, "{:?}", lengths.fit);
        }
    }

    #[test]
    fn formats_keep_their_form_and_lengths_are_approached() {
        let lengths = lengths(9.0, 12.0, LengthFit::Nearest);
        for natural in [true, false] {
            let addresses = values(TextKind::IpAddress, 3000, natural, &lengths);
            assert!(addresses.iter().all(|a| a.parse::<std::net::Ipv4Addr>().is_ok()));
            let mean = addresses.iter().map(String::len).sum::<usize>() as f64 / 3000.0;
            assert!(mean < 12.5, "{natural}: {mean}, usually 13.3");
        }
    }
}
