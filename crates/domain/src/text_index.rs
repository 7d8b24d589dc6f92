//! Enumeration of unique texts: the i-th text of a domain, different for different i under every collation.
//!
//! Data in: a kind and its limits. Data out: a [`TextUnranker`] with a size and a writer. "Different" means different
//! in the first `distinct_chars` characters, ignoring letter case and trailing spaces. Texts are ASCII, except for
//! words of lists and [`Signs`].
//!
//! The first of these that fits is used: a canonical format with its own digits (UUID, card number); a word
//! template, with words in mixed radix and a short code as the most significant digit (`anna.weber`,
//! `anna.weber.k3f9`); strings over an alphabet, so that the whole capacity of a short column is used, after the words
//! of the kind's list if it has one.

mod alphabet;
mod formats;

use super::PRACTICALLY_INFINITE;
use super::catalogue::{EntryBody, Named};
use super::checksummed;
use super::draw;
use super::draw::TEXT_DAYS;
use super::fake::*;
use super::signs::Signs;
use super::text::TextKind;
use super::text_format;
use super::text_format::{DIGITS, HEX, LOWER36};
use super::word_templates::{WordTemplate, best_template};
pub(super) use alphabet::AlphabetStrings;
use dbmocker_core::rng_stream::{CellRng, mix};
use formats::CanonicalFormat;

/// A word template with fewer texts than this is not used if strings over an alphabet have more.
const MIN_TEMPLATE_SIZE: u128 = 1 << 33;

/// The limits of a body: a text without its constant prefix and suffix.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Length in characters.
    pub min: usize,
    pub max: usize,
    /// Bodies must differ in this number of leading characters; at most `max`.
    pub distinct_chars: usize,
    /// All bodies must have one length, because a suffix within `distinct_chars` could make two texts equal.
    pub fixed: bool,
}

#[derive(Debug, Clone)]
pub(super) enum TextUnranker {
    /// A single text, as no characters may differ.
    One {
        kind: TextKind,
        min: usize,
    },
    Format(CanonicalFormat),
    Template(WordTemplate),
    Signs {
        signs: Signs,
        min: usize,
    },
    AlphabetStrings(AlphabetStrings),
    /// Codes and templates of the catalogue, with a suffix if there are too few.
    CatalogueTexts(CatalogueTexts),
    /// Words of a list, then with an adjective before them, then with a number after them.
    WordVariants(WordVariants),
    /// Words of a list, then other strings.
    Listed {
        words: &'static Words,
        fit: usize,
        rest: AlphabetStrings,
        skip: Vec<u128>,
    },
}

impl TextUnranker {
    pub fn new(kind: &TextKind, limits: Limits) -> Self {
        let kind = match kind {
            // Unique sentences are composed of words.
            TextKind::Prose(_) => &TextKind::Paragraph,
            TextKind::Catalogue(named) if named.is_prose() => &TextKind::Sentence,
            kind => kind,
        };
        if limits.distinct_chars == 0 {
            return TextUnranker::One { kind: kind.clone(), min: limits.min };
        }
        if let TextKind::Signs { wide } = kind {
            let one_length = limits.fixed || limits.min > 1;
            let signs = Signs::new(*wide, if one_length { limits.distinct_chars } else { 1 }, limits.distinct_chars);
            return TextUnranker::Signs { signs, min: limits.min };
        }
        if let Some(form) = CanonicalFormat::new(kind, limits) {
            return TextUnranker::Format(form);
        }
        if let Some(coded) = CatalogueTexts::new(kind, limits) {
            return TextUnranker::CatalogueTexts(coded);
        }
        let plain = AlphabetStrings::new(kind, limits);
        if let Some(counted) = single_list(kind).and_then(|words| WordVariants::new(words, kind, limits)) {
            return TextUnranker::WordVariants(counted);
        }
        let pieces = best_template(kind, limits);
        match pieces {
            Some(p) if p.size() >= MIN_TEMPLATE_SIZE || p.size() >= plain.size() => TextUnranker::Template(p),
            _ => match single_list(kind) {
                Some(words) => listed(words, plain, limits),
                None => TextUnranker::AlphabetStrings(plain.scattered()),
            },
        }
    }

    pub fn size(&self) -> u128 {
        match self {
            TextUnranker::One { .. } => 1,
            TextUnranker::Format(f) => f.size(),
            TextUnranker::Template(p) => p.size(),
            TextUnranker::Signs { signs, .. } => signs.size(),
            TextUnranker::AlphabetStrings(p) => p.size(),
            TextUnranker::CatalogueTexts(c) => c.size(),
            TextUnranker::WordVariants(c) => c.size(),
            TextUnranker::Listed { fit, rest, skip, .. } => rest.size() - skip.len() as u128 + *fit as u128,
        }
    }

    /// Appends the `i`-th body, `i` below [`size`](Self::size), in any letter case.
    pub fn write(&self, i: u128, out: &mut String) {
        let start = out.len();
        match self {
            TextUnranker::One { kind, min } => draw::pad(kind, start, *min, &mut decoration(0), out),
            TextUnranker::Format(f) => f.write(i, out),
            TextUnranker::Template(p) => p.write(i, out),
            TextUnranker::Signs { signs, min } => {
                signs.write(i, out);
                draw::pad(&TextKind::Word, start, *min, &mut decoration(i), out);
            }
            TextUnranker::AlphabetStrings(p) => p.write(i, out),
            TextUnranker::CatalogueTexts(c) => c.write(i, out),
            TextUnranker::WordVariants(c) => c.write(i, out),
            TextUnranker::Listed { words, fit, rest, skip } => match usize::try_from(i) {
                Ok(word) if word < *fit => out.push_str(words.get(word)),
                _ => rest.write(skipping(i - *fit as u128, skip), out),
            },
        }
    }
}

/// The `i`-th number that is not in `skip` (sorted).
pub(super) fn skipping(i: u128, skip: &[u128]) -> u128 {
    // `skip[k] - k` numbers are before the k-th skipped one: count those that are not above i.
    let (mut low, mut high) = (0, skip.len());
    while low < high {
        let middle = (low + high) / 2;
        if skip[middle] - middle as u128 <= i { low = middle + 1 } else { high = middle }
    }
    i + low as u128
}

/// A random stream for the parts of text `i` that uniqueness does not depend on.
pub(super) fn decoration(i: u128) -> CellRng {
    CellRng::new(mix((i as u64) ^ mix((i >> 64) as u64)))
}

/// The list of the kind's unique texts: as of its drawn ones, but without names with apostrophes.
fn single_list(kind: &TextKind) -> Option<&'static Words> {
    match kind {
        TextKind::LastName => Some(&PLAIN_LAST_NAMES),
        TextKind::Gender => Some(&GENDERS),
        TextKind::UserAgent => None,
        kind => draw::list(kind),
    }
}

fn listed(words: &'static Words, rest: AlphabetStrings, limits: Limits) -> TextUnranker {
    let fit = words.fitting(limits.max.min(limits.distinct_chars));
    if limits.fixed || fit == 0 || words.get(0).len() < limits.min {
        return TextUnranker::AlphabetStrings(rest.scattered());
    }
    let mut skip: Vec<u128> = (0..fit).filter_map(|i| rest.rank(&words.get(i).to_ascii_lowercase())).collect();
    skip.sort_unstable();
    TextUnranker::Listed { words, fit, rest, skip }
}

/// Codes and templates of the catalogue, with a suffix if there are fewer than [`SUFFICIENT_SIZE`].
#[derive(Debug, Clone)]
pub(super) struct CatalogueTexts {
    named: Named,
    base: u128,
    separator: char,
    codes: Option<AlphabetStrings>,
}

/// More texts than the rows of nearly all tables.
const SUFFICIENT_SIZE: u128 = 100_000_000;

impl CatalogueTexts {
    fn new(kind: &TextKind, limits: Limits) -> Option<Self> {
        let TextKind::Catalogue(named) = kind else { return None };
        let room = limits.max.min(limits.distinct_chars);
        let (base, (shortest, longest)) = match &named.entry().body {
            EntryBody::List(_) => return None,
            EntryBody::Code(code) => (code.size, (code.shortest, code.longest)),
            EntryBody::Template(template) => (template.size(room), template.numbered_lengths()),
        };
        if base == 0 || longest > room || shortest < limits.min || (limits.fixed && shortest != longest) {
            return None;
        }
        // A character that no text of the kind contains.
        let separator = match &named.entry().body {
            EntryBody::Template(template) => ['-', '.', '_', ' ', '~'].into_iter().find(|c| !template.holds(*c))?,
            _ => '~',
        };
        let left = room.saturating_sub(longest + 1).min(6);
        let codes = (base < SUFFICIENT_SIZE && left > 0).then(|| AlphabetStrings::codes(left));
        let mut coded = CatalogueTexts { named: *named, base, separator, codes };
        if let Some(digits) = coded.codes.is_some().then(|| AlphabetStrings::of(DIGITS, 1, left, 0, &TextKind::Word))
            && base.saturating_mul(1 + digits.size()) >= SUFFICIENT_SIZE
            && coded.is_of_digits()
        {
            coded.codes = Some(digits);
        }
        // In a short column, plain strings would hardly be more.
        let enough = || base.saturating_mul(4) >= AlphabetStrings::new(kind, limits).size();
        (base >= SUFFICIENT_SIZE || coded.size() >= SUFFICIENT_SIZE || enough()).then_some(coded)
    }

    /// Whether the texts without a suffix have no letters.
    fn is_of_digits(&self) -> bool {
        let mut text = String::new();
        self.named.entry().draw(usize::MAX, &mut CellRng::new(1), &mut text);
        !text.bytes().any(|b| b.is_ascii_alphabetic())
    }

    fn size(&self) -> u128 {
        let more = self.codes.as_ref().map_or(0, AlphabetStrings::size);
        self.base.saturating_mul(1 + more).min(PRACTICALLY_INFINITE)
    }

    fn write(&self, i: u128, out: &mut String) {
        let base = i % self.base;
        match &self.named.entry().body {
            // Templates permute their numbers themselves.
            EntryBody::Template(template) => template.write(base, out),
            EntryBody::Code(code) => {
                (code.write)(text_format::scatter(text_format::shifted(base, code.size), code.size), out)
            }
            EntryBody::List(_) => {}
        }
        if let (Some(codes), more @ 1..) = (&self.codes, i / self.base) {
            out.push(self.separator);
            codes.write(more - 1, out);
        }
    }
}

/// Variants of the words of a list: `Garden`, `Modern Garden`, `Garden 2`.
#[derive(Debug, Clone)]
pub(super) struct WordVariants {
    words: &'static Words,
    fit: u128,
    adjectives: u128,
    /// The number of numbers, which begin with 2.
    numbers: u128,
}

impl WordVariants {
    /// `None` if there are fewer than [`SUFFICIENT_SIZE`], or if two variants could be equal.
    fn new(words: &'static Words, kind: &TextKind, limits: Limits) -> Option<Self> {
        use super::text::Letters;
        if !matches!(kind.letters(), Letters::Capital | Letters::AsWritten) || limits.fixed || limits.min > 1 {
            return None;
        }
        let room = limits.max.min(limits.distinct_chars);
        let fit = words.fitting(room.min(28).saturating_sub(9));
        let longest = words.get(fit.checked_sub(1)?).len();
        let ambiguous = |text: &str| {
            let ends = text.rsplit(' ').next().is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit()));
            let starts = text.split_once(' ').is_some_and(|(first, _)| is_adjective(first));
            ends || starts
        };
        if (0..fit).any(|i| ambiguous(words.get(i))) {
            return None;
        }
        let named = matches!(kind.letters(), Letters::Capital) && words.get(0).starts_with(|c: char| c.is_uppercase());
        let widest = QUALITIES_OF_NAMES.packed().longest() + 1;
        let adjectives = if named && longest + widest <= room { QUALITIES_OF_NAMES.len() as u128 } else { 0 };
        let digits = room.saturating_sub(longest + 1).min(12) as u32;
        let numbers = 10u128.pow(digits).saturating_sub(2);
        let counted = WordVariants { words, fit: fit as u128, adjectives, numbers };
        (counted.size() >= SUFFICIENT_SIZE).then_some(counted)
    }

    fn size(&self) -> u128 {
        self.fit * (1 + self.adjectives + self.numbers)
    }

    fn write(&self, i: u128, out: &mut String) {
        let (word, round) = ((i % self.fit) as usize, i / self.fit);
        if round > 0 && round <= self.adjectives {
            QUALITIES_OF_NAMES.write((round - 1) as usize, out);
            out.push(' ');
        }
        self.words.write(word, out);
        if round > self.adjectives {
            out.push(' ');
            text_format::number((round - self.adjectives + 1) as u64, out);
        }
    }
}

fn is_adjective(word: &str) -> bool {
    (0..QUALITIES_OF_NAMES.len()).any(|i| QUALITIES_OF_NAMES.get(i).eq_ignore_ascii_case(word))
}

/// `base^n`, saturating at [`PRACTICALLY_INFINITE`].
pub(super) fn power(base: usize, n: usize) -> u128 {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    (base as u128).saturating_pow(n).min(PRACTICALLY_INFINITE)
}

/// Unicast addresses: first byte 1-223.
pub(super) fn host_address(i: u128) -> u32 {
    let first = 1 + (i % 223) as u32;
    (first << 24) | (text_format::scramble(i / 223, 24) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipping_omits_exactly_the_skipped_numbers() {
        let skip = [0, 1, 5, 9];
        let left: Vec<u128> = (0..6).map(|i| skipping(i, &skip)).collect();
        assert_eq!(left, [2, 3, 4, 6, 7, 8]);
        assert_eq!(skipping(6, &skip), 10);
        assert_eq!(skipping(7, &[]), 7);
    }

    #[test]
    fn rank_is_the_inverse_of_write() {
        let plain = AlphabetStrings::new(&TextKind::Word, Limits { min: 0, max: 3, distinct_chars: 3, fixed: false });
        assert_eq!(plain.size(), 36 + 36 * 36 + 36 * 36 * 36);
        for i in (0..plain.size()).step_by(7) {
            let mut s = String::new();
            plain.write(i, &mut s);
            assert_eq!(plain.rank(&s), Some(i), "{s}");
        }
    }
}
