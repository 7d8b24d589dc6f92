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

    /// Returns true if a text will be cut to this number of characters.
    fn cuts(&self, text: &str, chars: usize) -> bool {
        let count = text.chars().count();
        match self.fit {
            LengthFit::Exact => count > chars,
            LengthFit::Words => count > chars + chars / NEAR,
            LengthFit::Nearest => false,
        }
    }

    /// Cuts or extends a text.
    pub fn fit(&self, text: &mut String, chars: usize, key: u64) {
        let rng = &mut CellRng::new(key);
        match self.fit {
            LengthFit::Exact => fit_text(text, chars, rng),
            LengthFit::Words if text.chars().count().abs_diff(chars) > chars / NEAR => fit_words(text, chars, rng),
            LengthFit::Words | LengthFit::Nearest => {}
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
    stored: OnceLock<Vec<Value>>,
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

    /// Returns the value for a uniform number.
    pub fn value(&self, u: f64, lengths: &Lengths) -> Value {
        let rank = self.ranks.rank(u);
        if let Some(value) = usize::try_from(rank).ok().and_then(|i| self.first.get(i)) {
            return value.clone();
        }
        if self.natural && self.ranks.size() <= STORED {
            let stored = self.stored.get_or_init(|| self.store(lengths));
            return usize::try_from(rank).ok().and_then(|i| stored.get(i)).cloned().unwrap_or(Value::Null);
        }
        let chars = self.chars(rank, lengths);
        if self.natural { self.drawn(rank, chars, lengths) } else { self.numbered(rank, chars, lengths) }
    }

    /// Returns the length of a rank's text: lengths are distributed by the same shares as the ranks.
    fn chars(&self, rank: u64, lengths: &Lengths) -> Option<usize> {
        lengths.number((self.ranks.before(rank) + self.ranks.before(rank + 1)) / 2.0)
    }

    /// Returns the values of all ranks, which differ in any letter case.
    fn store(&self, lengths: &Lengths) -> Vec<Value> {
        let mut seen: HashSet<String> = HashSet::new();
        let mut value = |rank: u64| {
            let chars = self.chars(rank, lengths);
            let mut new = |attempt: u64| {
                let value = self.fitted(self.draw(rank, attempt), chars, lengths, rank);
                (!seen.contains(&value.to_string().to_lowercase())).then_some(value)
            };
            let found = nearest((0..ATTEMPTS).filter_map(&mut new), chars);
            let found = found.unwrap_or_else(|| self.numbered(rank, chars, lengths));
            seen.insert(found.to_string().to_lowercase());
            found
        };
        (0..self.ranks.size()).map(&mut value).collect()
    }

    fn draw(&self, rank: u64, attempt: u64) -> Value {
        self.own.draw(&mut CellRng::new(mix(self.key ^ mix(rank ^ attempt << 56))))
    }

    fn drawn(&self, rank: u64, chars: Option<usize>, lengths: &Lengths) -> Value {
        let rounds = rounds(chars, lengths, MOST_ROUNDS);
        let found = nearest((0..rounds).map(|attempt| self.draw(rank, attempt)), chars);
        self.fitted(found.unwrap_or(Value::Null), chars, lengths, rank)
    }

    fn numbered(&self, rank: u64, chars: Option<usize>, lengths: &Lengths) -> Value {
        let most = u64::try_from(self.own.size() / u128::from(self.ranks.size().max(1))).unwrap_or(MOST_ROUNDS);
        let rounds = rounds(chars, lengths, most.clamp(1, MOST_ROUNDS));
        let found = nearest((0..rounds).map(|round| self.member(rank, round)), chars);
        self.fitted(found.unwrap_or(Value::Null), chars, lengths, rank)
    }

    /// Returns a member of the domain. Each round has other members, which no other rank has.
    fn member(&self, rank: u64, round: u64) -> Value {
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
        match if self.own.size() == 0 { Value::Null } else { self.own.value(place) } {
            // Ranks beyond the domain's size repeat its values, with a number appended.
            Value::Text(text) if repeated > 0 && self.longest > 0 => {
                Value::Text(with_number(&text, repeated + 1, self.longest))
            }
            value => value,
        }
    }

    fn fitted(&self, value: Value, chars: Option<usize>, lengths: &Lengths, rank: u64) -> Value {
        let Some(chars) = chars else { return value };
        let mut text = match value {
            Value::Text(text) => text,
            other => return other,
        };
        let key = mix(self.key ^ rank);
        // Distinct texts may have a common prefix.
        if lengths.cuts(&text, chars) && chars < SHORT {
            let code = code(rank, self.ranks.size());
            lengths.fit(&mut text, chars.saturating_sub(code.len()), key);
            text.push_str(&code);
        } else {
            lengths.fit(&mut text, chars, key);
        }
        Value::Text(text)
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

/// Returns the first value with about this number of characters, or the nearest.
fn nearest(values: impl Iterator<Item = Value>, chars: Option<usize>) -> Option<Value> {
    let mut best: Option<(usize, Value)> = None;
    for value in values {
        let (Value::Text(text), Some(chars)) = (&value, chars) else { return Some(value) };
        let off = text.chars().count().abs_diff(chars);
        if best.as_ref().is_none_or(|(least, _)| off < *least) {
            best = Some((off, value));
        }
        if off <= (chars / 12).max(1) {
            break;
        }
    }
    best.map(|(_, value)| value)
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
