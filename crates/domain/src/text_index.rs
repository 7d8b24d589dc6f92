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
use dbmocker_core::rng_stream::{CellRng, mix};

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
                // The limit is in characters.
                let more = out[start..].len() - out[start..].chars().count();
                draw::pad(&TextKind::Word, start, min + more, &mut decoration(i), out);
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

/// All strings over an alphabet of `min..=max` characters, shorter ones first; padded to `padded` characters.
#[derive(Debug, Clone)]
pub(super) struct AlphabetStrings {
    alphabet: &'static [u8],
    min: usize,
    max: usize,
    padded: usize,
    /// A permutation, so that texts of neighbouring numbers are not similar.
    scatter: Option<Scatter>,
    pad_kind: TextKind,
    /// The number of strings of each length of `min..=max`.
    sizes: Vec<u128>,
}

impl AlphabetStrings {
    fn new(kind: &TextKind, limits: Limits) -> Self {
        use TextKind as K;
        let (alphabet, natural): (&'static [u8], usize) = match kind {
            K::Hex { length } => (HEX, *length as usize),
            K::Uuid => (HEX, 32),
            K::PasswordHash => (HEX, 64),
            K::Digits { length } => (DIGITS, *length as usize),
            K::Phone | K::Zipcode => (DIGITS, 10),
            K::CreditCard => (DIGITS, 16),
            K::Isbn => (DIGITS, 13),
            K::Code { length } => (LOWER36, *length as usize),
            _ => (LOWER36, 10),
        };
        let longest = natural.max(limits.min).min(limits.max);
        let info = longest.min(limits.distinct_chars);
        let power = power(alphabet.len(), info);
        if alphabet == HEX && info <= 32 {
            // Hashes have one length.
            let scatter = Some(Scatter::Bits(4 * info as u32));
            return AlphabetStrings { scatter, ..AlphabetStrings::of(alphabet, info, info, longest, kind) };
        }
        let fixed = limits.fixed || power >= MIN_TEMPLATE_SIZE || limits.min >= info;
        let min = if fixed { info } else { limits.min.max(1) };
        let padded = if fixed { limits.min.max(info) } else { 0 };
        AlphabetStrings::of(alphabet, min, info, padded, kind)
    }

    fn of(alphabet: &'static [u8], min: usize, max: usize, padded: usize, kind: &TextKind) -> Self {
        let sizes = (min..=max).map(|n| power(alphabet.len(), n)).collect();
        AlphabetStrings { alphabet, min, max, padded, scatter: None, pad_kind: kind.clone(), sizes }
    }

    /// Codes of one to `max` letters and digits.
    pub fn codes(max: usize) -> Self {
        AlphabetStrings::of(LOWER36, 1, max, 0, &TextKind::Word)
    }

    /// The same strings in a pseudo-random order, if all have one length, so that small numbers have no leading zeros.
    fn scattered(mut self) -> Self {
        if self.min == self.max && self.scatter.is_none() {
            self.scatter = Some(match self.sizes[0] {
                // The exact size is unknown.
                PRACTICALLY_INFINITE => {
                    let bits = (self.max as f64 * (self.alphabet.len() as f64).log2()) as u32;
                    Scatter::Bits(bits.min(128))
                }
                size => Scatter::Below(size),
            });
        }
        self
    }

    pub fn size(&self) -> u128 {
        self.sizes.iter().fold(0u128, |sum, n| sum.saturating_add(*n)).min(PRACTICALLY_INFINITE)
    }

    pub fn write(&self, i: u128, out: &mut String) {
        let start = out.len();
        let (mut rest, mut length) = (i, self.min);
        for here in &self.sizes[..self.sizes.len().saturating_sub(1)] {
            if rest < *here {
                break;
            }
            rest -= here;
            length += 1;
        }
        let n = self.scatter.map_or(rest, |s| s.of(rest));
        // A long text has more characters than 128 bits determine: the others are random.
        let significant = match self.scatter {
            Some(Scatter::Bits(128)) => length.min((128.0 / (self.alphabet.len() as f64).log2()).ceil() as usize),
            _ => length,
        };
        if significant < length {
            text_format::random_chars(self.alphabet, length - significant, &mut decoration(!i), out);
        }
        text_format::fixed_base(n, significant, self.alphabet, out);
        if out.len() - start < self.padded {
            draw::pad(&self.pad_kind, start, self.padded, &mut decoration(i), out);
        }
    }

    /// The number of a text; `None` if it is not one of these strings.
    fn rank(&self, text: &str) -> Option<u128> {
        if self.scatter.is_some() || !(self.min..=self.max).contains(&text.len()) || text.len() < self.padded {
            return None;
        }
        let shorter: u128 = self.sizes[..text.len() - self.min].iter().sum();
        text.bytes()
            .try_fold(0u128, |n, b| {
                let digit = self.alphabet.iter().position(|a| *a == b)?;
                Some(n * self.alphabet.len() as u128 + digit as u128)
            })
            .map(|n| shorter + n)
    }
}

/// A pseudo-random permutation of numbers.
#[derive(Debug, Clone, Copy)]
enum Scatter {
    /// Of all numbers of this many bits.
    Bits(u32),
    /// Of all numbers below this one.
    Below(u128),
}

impl Scatter {
    fn of(self, i: u128) -> u128 {
        match self {
            Scatter::Bits(bits) => text_format::scramble(i, bits),
            Scatter::Below(size) => text_format::scatter(i, size),
        }
    }
}

/// `base^n`, saturating at [`PRACTICALLY_INFINITE`].
pub(super) fn power(base: usize, n: usize) -> u128 {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    (base as u128).saturating_pow(n).min(PRACTICALLY_INFINITE)
}

/// The canonical format of a kind with its own digits.
#[derive(Debug, Clone, Copy)]
pub(super) enum CanonicalFormat {
    Uuid,
    Ipv4,
    Ipv6,
    Mac,
    HexColor,
    Card,
    Iban,
    Isbn,
    LicensePlate,
    Phone,
    Zip9,
    Sku,
    Date,
    DateTime,
    Time,
    /// Whole numbers below `10^digits`.
    Number {
        digits: u8,
    },
    /// `{"id":"..."}` with this many letters and digits.
    Json {
        digits: u8,
    },
}

impl CanonicalFormat {
    /// The format of a kind; `None` if it has none, or if a text of it exceeds the limits.
    fn new(kind: &TextKind, limits: Limits) -> Option<Self> {
        use TextKind as K;
        let room = limits.max.min(limits.distinct_chars);
        let form = match kind {
            K::Uuid => CanonicalFormat::Uuid,
            K::IpAddress => CanonicalFormat::Ipv4,
            K::Ipv6 => CanonicalFormat::Ipv6,
            K::MacAddress => CanonicalFormat::Mac,
            K::HexColor => CanonicalFormat::HexColor,
            K::CreditCard => CanonicalFormat::Card,
            K::Iban => CanonicalFormat::Iban,
            K::Isbn => CanonicalFormat::Isbn,
            K::LicensePlate => CanonicalFormat::LicensePlate,
            K::Phone => CanonicalFormat::Phone,
            K::Zipcode => CanonicalFormat::Zip9,
            K::Sku => CanonicalFormat::Sku,
            K::DateText => CanonicalFormat::Date,
            K::DateTimeText => CanonicalFormat::DateTime,
            K::TimeText => CanonicalFormat::Time,
            K::NumberText => CanonicalFormat::Number { digits: u8::try_from(room.min(12)).ok()? },
            K::Json if room >= 15 => CanonicalFormat::Json { digits: u8::try_from(room.min(19) - 9).ok()? },
            K::Json => CanonicalFormat::Number { digits: u8::try_from(room.min(12)).ok()? },
            _ => return None,
        };
        let (shortest, longest) = form.lengths();
        let varies = limits.fixed && shortest != longest;
        (shortest >= limits.min && longest <= room && !varies).then_some(form)
    }

    /// Minimum and maximum length.
    fn lengths(self) -> (usize, usize) {
        let one = match self {
            CanonicalFormat::Uuid => 36,
            CanonicalFormat::Ipv4 => return (7, 15),
            CanonicalFormat::Ipv6 => 38,
            CanonicalFormat::Mac | CanonicalFormat::Phone if matches!(self, CanonicalFormat::Mac) => 17,
            CanonicalFormat::Mac | CanonicalFormat::Phone => 12,
            CanonicalFormat::HexColor => 7,
            CanonicalFormat::Card => 16,
            CanonicalFormat::Iban => 22,
            CanonicalFormat::Isbn => 13,
            CanonicalFormat::LicensePlate | CanonicalFormat::Sku => 9,
            CanonicalFormat::Zip9 | CanonicalFormat::Date => 10,
            CanonicalFormat::DateTime => 19,
            CanonicalFormat::Time => 8,
            CanonicalFormat::Number { digits } => return (1, usize::from(digits)),
            CanonicalFormat::Json { digits } => 9 + usize::from(digits),
        };
        (one, one)
    }

    fn size(self) -> u128 {
        let days = u128::from((TEXT_DAYS.1 - TEXT_DAYS.0).unsigned_abs()) + 1;
        match self {
            CanonicalFormat::Uuid => PRACTICALLY_INFINITE,
            CanonicalFormat::Ipv4 => 223 << 24,
            CanonicalFormat::Ipv6 => 1 << 96,
            CanonicalFormat::Mac => 1 << 40,
            CanonicalFormat::HexColor => 1 << 24,
            CanonicalFormat::Card => 100_000_000_000_000,
            CanonicalFormat::Iban => 1_000_000_000_000_000_000,
            CanonicalFormat::Isbn | CanonicalFormat::Zip9 => 1_000_000_000,
            CanonicalFormat::LicensePlate => 26 * 26 * 26 * 26 * 1000,
            CanonicalFormat::Phone => 8_000_000_000,
            CanonicalFormat::Sku => 26 * 26 * 26 * power(36, 5),
            CanonicalFormat::Date => days,
            CanonicalFormat::DateTime => days * 86_400,
            CanonicalFormat::Time => 86_400,
            CanonicalFormat::Number { digits } => power(10, usize::from(digits)),
            CanonicalFormat::Json { digits } => power(36, usize::from(digits)),
        }
    }

    fn write(self, i: u128, out: &mut String) {
        // All sizes except the largest are below 2^64, and `i` is below the size.
        let small = i as u64;
        let scattered = || text_format::scatter(i, self.size());
        match self {
            CanonicalFormat::Uuid => text_format::uuid(text_format::scramble(i, 122), out),
            CanonicalFormat::Ipv4 => checksummed::ipv4(host_address(i), out),
            CanonicalFormat::Ipv6 => {
                out.push_str("2001:db8:");
                text_format::hex_groups(text_format::scramble(i, 96), &[4; 6], ':', out);
            }
            CanonicalFormat::Mac => checksummed::mac(text_format::scramble(i, 40), 6, out),
            CanonicalFormat::HexColor => {
                out.push('#');
                text_format::fixed_base(text_format::scramble(i, 24), 6, HEX, out);
            }
            CanonicalFormat::Card => checksummed::credit_card(scattered() as u64, out),
            CanonicalFormat::Iban => checksummed::iban(scattered() as u64, out),
            CanonicalFormat::Isbn => checksummed::isbn(small, out),
            CanonicalFormat::LicensePlate => checksummed::license_plate(small, out),
            CanonicalFormat::Phone => {
                out.push_str("+1");
                text_format::number(2_000_000_000 + scattered() as u64, out);
            }
            CanonicalFormat::Zip9 => {
                text_format::fixed_base(i / 10_000, 5, DIGITS, out);
                out.push('-');
                text_format::fixed_base(i % 10_000, 4, DIGITS, out);
            }
            CanonicalFormat::Sku => {
                let i = scattered();
                text_format::fixed_base(i / power(36, 5), 3, checksummed::UPPER, out);
                out.push('-');
                text_format::fixed_base(i % power(36, 5), 5, LOWER36, out);
            }
            CanonicalFormat::Date => text_format::date(TEXT_DAYS.0 + small as i32, out),
            CanonicalFormat::DateTime => {
                text_format::date(TEXT_DAYS.0 + (small / 86_400) as i32, out);
                out.push(' ');
                text_format::clock((small % 86_400) as u32, out);
            }
            CanonicalFormat::Time => text_format::clock(small as u32, out),
            CanonicalFormat::Number { .. } => text_format::number(small, out),
            CanonicalFormat::Json { digits } => {
                out.push_str("{\"id\":\"");
                text_format::fixed_base(scattered(), usize::from(digits), LOWER36, out);
                out.push_str("\"}");
            }
        }
    }
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
