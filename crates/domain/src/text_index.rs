//! Numbering of unique texts: the i-th text of a domain, different for different i under the strictest comparison.
//!
//! Data in: a kind and its limits. Data out: a [`TextUnranker`] with a size and a writer. "Different" means different in
//! the first `reach` characters without regard to letter case and trailing spaces. Texts come out in ASCII.
//!
//! Three ways, in this order: a *form* with digits of its own (UUID, card number); *pieces*, words in mixed radix with
//! a short code as the most significant digit (`anna.weber`, `anna.weber.k3f9`); *plain* letters and digits, so that
//! the whole capacity of a short column counts. Plain ones start with the kind's own words where it has any.

use super::PRACTICALLY_INFINITE;
use super::catalogue::{Body, Named};
use super::checksummed;
use super::draw;
use super::draw::TEXT_DAYS;
use super::fake::*;
use super::signs::Signs;
use super::text::TextKind;
use super::text_format;
use super::text_format::{DIGITS, HEX, LOWER36};
use super::word_templates::{WordTemplate, forms_of};
use dbmocker_core::rng_stream::{CellRng, mix};

/// Pieces that number fewer texts than this give way to plain letters and digits if those number more.
const ENOUGH: u128 = 1 << 33;

/// What a body (a text without its constant prefix and suffix) may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Length in characters.
    pub min: usize,
    pub max: usize,
    /// Only so many leading characters tell two bodies apart; at most `max`.
    pub reach: usize,
    /// Whatever follows what tells bodies apart could be mistaken for it (a constant suffix within reach).
    pub fixed: bool,
}

#[derive(Debug, Clone)]
pub(super) enum TextUnranker {
    /// Nothing may vary.
    One {
        kind: TextKind,
        min: usize,
    },
    Form(UnrankForm),
    Pieces(WordTemplate),
    Signs {
        signs: Signs,
        min: usize,
    },
    Plain(Plain),
    /// Codes and templates of the catalogue.
    Coded(Coded),
    /// Words, the same with a quality before them, the same with numbers behind them.
    Counted(Counted),
    /// Real words first, then everything else.
    Listed {
        words: &'static Words,
        fit: usize,
        rest: Plain,
        skip: Vec<u128>,
    },
}

impl TextUnranker {
    pub fn new(kind: &TextKind, limits: Limits) -> Self {
        let kind = match kind {
            // Sentences that differ are put together of words.
            TextKind::Prose(_) => &TextKind::Paragraph,
            TextKind::Catalogue(named) if named.is_prose() => &TextKind::Sentence,
            kind => kind,
        };
        if limits.reach == 0 {
            return TextUnranker::One { kind: kind.clone(), min: limits.min };
        }
        if let TextKind::Signs { wide } = kind {
            let one_length = limits.fixed || limits.min > 1;
            let signs = Signs::new(*wide, if one_length { limits.reach } else { 1 }, limits.reach);
            return TextUnranker::Signs { signs, min: limits.min };
        }
        if let Some(form) = UnrankForm::new(kind, limits) {
            return TextUnranker::Form(form);
        }
        if let Some(coded) = Coded::new(kind, limits) {
            return TextUnranker::Coded(coded);
        }
        let plain = Plain::new(kind, limits);
        if let Some(counted) = single_list(kind).and_then(|words| Counted::new(words, kind, limits)) {
            return TextUnranker::Counted(counted);
        }
        let pieces = forms_of(kind, limits);
        match pieces {
            Some(p) if p.size() >= ENOUGH || p.size() >= plain.size() => TextUnranker::Pieces(p),
            _ => match single_list(kind) {
                Some(words) => listed(words, plain, limits),
                None => TextUnranker::Plain(plain.scattered()),
            },
        }
    }

    pub fn size(&self) -> u128 {
        match self {
            TextUnranker::One { .. } => 1,
            TextUnranker::Form(f) => f.size(),
            TextUnranker::Pieces(p) => p.size(),
            TextUnranker::Signs { signs, .. } => signs.size(),
            TextUnranker::Plain(p) => p.size(),
            TextUnranker::Coded(c) => c.size(),
            TextUnranker::Counted(c) => c.size(),
            TextUnranker::Listed { fit, rest, skip, .. } => rest.size() - skip.len() as u128 + *fit as u128,
        }
    }

    /// Appends body number `i`, below [`size`](Self::size), in any letter case.
    pub fn write(&self, i: u128, out: &mut String) {
        let start = out.len();
        match self {
            TextUnranker::One { kind, min } => draw::pad(kind, start, *min, &mut decoration(0), out),
            TextUnranker::Form(f) => f.write(i, out),
            TextUnranker::Pieces(p) => p.write(i, out),
            TextUnranker::Signs { signs, min } => {
                signs.write(i, out);
                // Bytes beyond one a character do not count.
                let more = out[start..].len() - out[start..].chars().count();
                draw::pad(&TextKind::Word, start, min + more, &mut decoration(i), out);
            }
            TextUnranker::Plain(p) => p.write(i, out),
            TextUnranker::Coded(c) => c.write(i, out),
            TextUnranker::Counted(c) => c.write(i, out),
            TextUnranker::Listed { words, fit, rest, skip } => match usize::try_from(i) {
                Ok(word) if word < *fit => out.push_str(words.get(word)),
                _ => rest.write(skipping(i - *fit as u128, skip), out),
            },
        }
    }
}

/// The `i`-th number that is not in `skip` (sorted).
pub(super) fn skipping(i: u128, skip: &[u128]) -> u128 {
    // `skip[k] - k` numbers lie before the k-th gap: those gaps at or before i have been passed.
    let (mut low, mut high) = (0, skip.len());
    while low < high {
        let middle = (low + high) / 2;
        if skip[middle] - middle as u128 <= i { low = middle + 1 } else { high = middle }
    }
    i + low as u128
}

/// The random stream of what decorates text `i` without telling it apart.
pub(super) fn decoration(i: u128) -> CellRng {
    CellRng::new(mix((i as u64) ^ mix((i >> 64) as u64)))
}

/// The list whose words are the kind's unique texts: that of the drawn ones, but for names with apostrophes.
fn single_list(kind: &TextKind) -> Option<&'static Words> {
    match kind {
        TextKind::LastName => Some(&PLAIN_LAST_NAMES),
        TextKind::Gender => Some(&GENDERS),
        TextKind::UserAgent => None,
        kind => draw::list(kind),
    }
}

fn listed(words: &'static Words, rest: Plain, limits: Limits) -> TextUnranker {
    let fit = words.fitting(limits.max.min(limits.reach));
    if limits.fixed || fit == 0 || words.get(0).len() < limits.min {
        return TextUnranker::Plain(rest.scattered());
    }
    let mut skip: Vec<u128> = (0..fit).filter_map(|i| rest.rank(&words.get(i).to_ascii_lowercase())).collect();
    skip.sort_unstable();
    TextUnranker::Listed { words, fit, rest, skip }
}

/// Codes and templates of the catalogue; where a table may want more, a suffix tells them apart.
#[derive(Debug, Clone)]
pub(super) struct Coded {
    named: Named,
    base: u128,
    separator: char,
    codes: Option<Plain>,
}

/// As many texts as hardly any table has rows.
const MANY: u128 = 100_000_000;

impl Coded {
    fn new(kind: &TextKind, limits: Limits) -> Option<Self> {
        let TextKind::Catalogue(named) = kind else { return None };
        let room = limits.max.min(limits.reach);
        let (base, (shortest, longest)) = match &named.entry().body {
            Body::List(_) => return None,
            Body::Code(code) => (code.size, (code.shortest, code.longest)),
            Body::Template(template) => (template.size(room), template.numbered_lengths()),
        };
        if base == 0 || longest > room || shortest < limits.min || (limits.fixed && shortest != longest) {
            return None;
        }
        // What no text of the kind holds.
        let separator = match &named.entry().body {
            Body::Template(template) => ['-', '.', '_', ' ', '~'].into_iter().find(|c| !template.holds(*c))?,
            _ => '~',
        };
        let left = room.saturating_sub(longest + 1).min(6);
        let codes = (base < MANY && left > 0).then(|| Plain::codes(left));
        let coded = Coded { named: *named, base, separator, codes };
        (base >= MANY || coded.size() >= MANY).then_some(coded)
    }

    fn size(&self) -> u128 {
        let more = self.codes.as_ref().map_or(0, Plain::size);
        self.base.saturating_mul(1 + more).min(PRACTICALLY_INFINITE)
    }

    fn write(&self, i: u128, out: &mut String) {
        let base = i % self.base;
        match &self.named.entry().body {
            // Templates scatter their numbers themselves.
            Body::Template(template) => template.write(base, out),
            Body::Code(code) => {
                (code.write)(text_format::scatter(text_format::shifted(base, code.size), code.size), out)
            }
            Body::List(_) => {}
        }
        if let (Some(codes), more @ 1..) = (&self.codes, i / self.base) {
            out.push(self.separator);
            codes.write(more - 1, out);
        }
    }
}

/// `Garden`, `Modern Garden`, `Garden 2`: what people call things of which there are more than words.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    words: &'static Words,
    fit: u128,
    qualities: u128,
    /// Numbers from 2 on.
    numbers: u128,
}

impl Counted {
    /// `None` where the column has not the room, or texts could be mistaken for one another.
    fn new(words: &'static Words, kind: &TextKind, limits: Limits) -> Option<Self> {
        use super::text::Letters;
        if !matches!(kind.letters(), Letters::Capital | Letters::AsWritten) || limits.fixed || limits.min > 1 {
            return None;
        }
        let room = limits.max.min(limits.reach);
        let fit = words.fitting(room.min(28).saturating_sub(9));
        let longest = words.get(fit.checked_sub(1)?).len();
        let ambiguous = |text: &str| {
            let ends = text.rsplit(' ').next().is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit()));
            let starts = text.split_once(' ').is_some_and(|(first, _)| is_quality(first));
            ends || starts
        };
        if (0..fit).any(|i| ambiguous(words.get(i))) {
            return None;
        }
        let named = matches!(kind.letters(), Letters::Capital) && words.get(0).starts_with(|c: char| c.is_uppercase());
        let widest = QUALITIES_OF_NAMES.packed().longest() + 1;
        let qualities = if named && longest + widest <= room { QUALITIES_OF_NAMES.len() as u128 } else { 0 };
        let digits = room.saturating_sub(longest + 1).min(12) as u32;
        let numbers = 10u128.pow(digits).saturating_sub(2);
        let counted = Counted { words, fit: fit as u128, qualities, numbers };
        (counted.size() >= MANY).then_some(counted)
    }

    fn size(&self) -> u128 {
        self.fit * (1 + self.qualities + self.numbers)
    }

    fn write(&self, i: u128, out: &mut String) {
        let (word, round) = ((i % self.fit) as usize, i / self.fit);
        if round > 0 && round <= self.qualities {
            QUALITIES_OF_NAMES.write((round - 1) as usize, out);
            out.push(' ');
        }
        self.words.write(word, out);
        if round > self.qualities {
            out.push(' ');
            text_format::number((round - self.qualities + 1) as u64, out);
        }
    }
}

fn is_quality(word: &str) -> bool {
    (0..QUALITIES_OF_NAMES.len()).any(|i| QUALITIES_OF_NAMES.get(i).eq_ignore_ascii_case(word))
}

/// Characters of an alphabet in every length of `min..=max`, shorter ones first; padded to `padded` characters.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    alphabet: &'static [u8],
    min: usize,
    max: usize,
    padded: usize,
    /// Where texts of neighbouring numbers should not look alike.
    scatter: Option<Scatter>,
    pad_kind: TextKind,
    /// How many there are of each length of `min..=max`.
    sizes: Vec<u128>,
}

impl Plain {
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
        let info = longest.min(limits.reach);
        let power = power(alphabet.len(), info);
        if alphabet == HEX && info <= 32 {
            // Hashes have one length.
            let scatter = Some(Scatter::Bits(4 * info as u32));
            return Plain { scatter, ..Plain::of(alphabet, info, info, longest, kind) };
        }
        let fixed = limits.fixed || power >= ENOUGH || limits.min >= info;
        let min = if fixed { info } else { limits.min.max(1) };
        let padded = if fixed { limits.min.max(info) } else { 0 };
        Plain::of(alphabet, min, info, padded, kind)
    }

    fn of(alphabet: &'static [u8], min: usize, max: usize, padded: usize, kind: &TextKind) -> Self {
        let sizes = (min..=max).map(|n| power(alphabet.len(), n)).collect();
        Plain { alphabet, min, max, padded, scatter: None, pad_kind: kind.clone(), sizes }
    }

    /// Codes of one to `max` letters and digits.
    pub fn codes(max: usize) -> Self {
        Plain::of(LOWER36, 1, max, 0, &TextKind::Word)
    }

    /// The same texts in another order, if all have one length: no row of zeros before a small number.
    fn scattered(mut self) -> Self {
        if self.min == self.max && self.scatter.is_none() {
            self.scatter = Some(match self.sizes[0] {
                // There are more of them than are counted.
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
        // 128 bits end long before a wide text does: what they do not reach is decoration.
        let carrying = match self.scatter {
            Some(Scatter::Bits(128)) => length.min((128.0 / (self.alphabet.len() as f64).log2()).ceil() as usize),
            _ => length,
        };
        if carrying < length {
            text_format::random_chars(self.alphabet, length - carrying, &mut decoration(!i), out);
        }
        text_format::fixed_base(n, carrying, self.alphabet, out);
        if out.len() - start < self.padded {
            draw::pad(&self.pad_kind, start, self.padded, &mut decoration(i), out);
        }
    }

    /// The number of a text, if it is one of these.
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

/// How numbers are scattered over more of them.
#[derive(Debug, Clone, Copy)]
enum Scatter {
    /// Over all of so many bits.
    Bits(u32),
    /// Over all below.
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

/// Kinds with one spelling and digits of their own.
#[derive(Debug, Clone, Copy)]
pub(super) enum UnrankForm {
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
    /// `{"id":"..."}` with so many letters and digits.
    Json {
        digits: u8,
    },
}

impl UnrankForm {
    /// The form of a kind, if every text of it keeps the limits.
    fn new(kind: &TextKind, limits: Limits) -> Option<Self> {
        use TextKind as K;
        let room = limits.max.min(limits.reach);
        let form = match kind {
            K::Uuid => UnrankForm::Uuid,
            K::IpAddress => UnrankForm::Ipv4,
            K::Ipv6 => UnrankForm::Ipv6,
            K::MacAddress => UnrankForm::Mac,
            K::HexColor => UnrankForm::HexColor,
            K::CreditCard => UnrankForm::Card,
            K::Iban => UnrankForm::Iban,
            K::Isbn => UnrankForm::Isbn,
            K::LicensePlate => UnrankForm::LicensePlate,
            K::Phone => UnrankForm::Phone,
            K::Zipcode => UnrankForm::Zip9,
            K::Sku => UnrankForm::Sku,
            K::DateText => UnrankForm::Date,
            K::DateTimeText => UnrankForm::DateTime,
            K::TimeText => UnrankForm::Time,
            K::NumberText => UnrankForm::Number { digits: u8::try_from(room.min(12)).ok()? },
            K::Json if room >= 15 => UnrankForm::Json { digits: u8::try_from(room.min(19) - 9).ok()? },
            K::Json => UnrankForm::Number { digits: u8::try_from(room.min(12)).ok()? },
            _ => return None,
        };
        let (shortest, longest) = form.lengths();
        let varies = limits.fixed && shortest != longest;
        (shortest >= limits.min && longest <= room && !varies).then_some(form)
    }

    fn lengths(self) -> (usize, usize) {
        let one = match self {
            UnrankForm::Uuid => 36,
            UnrankForm::Ipv4 => return (7, 15),
            UnrankForm::Ipv6 => 38,
            UnrankForm::Mac | UnrankForm::Phone if matches!(self, UnrankForm::Mac) => 17,
            UnrankForm::Mac | UnrankForm::Phone => 12,
            UnrankForm::HexColor => 7,
            UnrankForm::Card => 16,
            UnrankForm::Iban => 22,
            UnrankForm::Isbn => 13,
            UnrankForm::LicensePlate | UnrankForm::Sku => 9,
            UnrankForm::Zip9 | UnrankForm::Date => 10,
            UnrankForm::DateTime => 19,
            UnrankForm::Time => 8,
            UnrankForm::Number { digits } => return (1, usize::from(digits)),
            UnrankForm::Json { digits } => 9 + usize::from(digits),
        };
        (one, one)
    }

    fn size(self) -> u128 {
        let days = u128::from((TEXT_DAYS.1 - TEXT_DAYS.0).unsigned_abs()) + 1;
        match self {
            UnrankForm::Uuid => PRACTICALLY_INFINITE,
            UnrankForm::Ipv4 => 223 << 24,
            UnrankForm::Ipv6 => 1 << 96,
            UnrankForm::Mac => 1 << 40,
            UnrankForm::HexColor => 1 << 24,
            UnrankForm::Card => 100_000_000_000_000,
            UnrankForm::Iban => 1_000_000_000_000_000_000,
            UnrankForm::Isbn | UnrankForm::Zip9 => 1_000_000_000,
            UnrankForm::LicensePlate => 26 * 26 * 26 * 26 * 1000,
            UnrankForm::Phone => 8_000_000_000,
            UnrankForm::Sku => 26 * 26 * 26 * power(36, 5),
            UnrankForm::Date => days,
            UnrankForm::DateTime => days * 86_400,
            UnrankForm::Time => 86_400,
            UnrankForm::Number { digits } => power(10, usize::from(digits)),
            UnrankForm::Json { digits } => power(36, usize::from(digits)),
        }
    }

    fn write(self, i: u128, out: &mut String) {
        // Every size but the largest is below 2^64, and `i` is below the size.
        let small = i as u64;
        let scattered = || text_format::scatter(i, self.size());
        match self {
            UnrankForm::Uuid => text_format::uuid(text_format::scramble(i, 122), out),
            UnrankForm::Ipv4 => checksummed::ipv4(host_address(i), out),
            UnrankForm::Ipv6 => {
                out.push_str("2001:db8:");
                text_format::hex_groups(text_format::scramble(i, 96), &[4; 6], ':', out);
            }
            UnrankForm::Mac => checksummed::mac(text_format::scramble(i, 40), 6, out),
            UnrankForm::HexColor => {
                out.push('#');
                text_format::fixed_base(text_format::scramble(i, 24), 6, HEX, out);
            }
            UnrankForm::Card => checksummed::credit_card(scattered() as u64, out),
            UnrankForm::Iban => checksummed::iban(scattered() as u64, out),
            UnrankForm::Isbn => checksummed::isbn(small, out),
            UnrankForm::LicensePlate => checksummed::license_plate(small, out),
            UnrankForm::Phone => {
                out.push_str("+1");
                text_format::number(2_000_000_000 + scattered() as u64, out);
            }
            UnrankForm::Zip9 => {
                text_format::fixed_base(i / 10_000, 5, DIGITS, out);
                out.push('-');
                text_format::fixed_base(i % 10_000, 4, DIGITS, out);
            }
            UnrankForm::Sku => {
                let i = scattered();
                text_format::fixed_base(i / power(36, 5), 3, checksummed::UPPER, out);
                out.push('-');
                text_format::fixed_base(i % power(36, 5), 5, LOWER36, out);
            }
            UnrankForm::Date => text_format::date(TEXT_DAYS.0 + small as i32, out),
            UnrankForm::DateTime => {
                text_format::date(TEXT_DAYS.0 + (small / 86_400) as i32, out);
                out.push(' ');
                text_format::clock((small % 86_400) as u32, out);
            }
            UnrankForm::Time => text_format::clock(small as u32, out),
            UnrankForm::Number { .. } => text_format::number(small, out),
            UnrankForm::Json { digits } => {
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
    fn skipping_leaves_out_exactly_the_gaps() {
        let skip = [0, 1, 5, 9];
        let left: Vec<u128> = (0..6).map(|i| skipping(i, &skip)).collect();
        assert_eq!(left, [2, 3, 4, 6, 7, 8]);
        assert_eq!(skipping(6, &skip), 10);
        assert_eq!(skipping(7, &[]), 7);
    }

    #[test]
    fn rank_is_the_inverse_of_write() {
        let plain = Plain::new(&TextKind::Word, Limits { min: 0, max: 3, reach: 3, fixed: false });
        assert_eq!(plain.size(), 36 + 36 * 36 + 36 * 36 * 36);
        for i in (0..plain.size()).step_by(7) {
            let mut s = String::new();
            plain.write(i, &mut s);
            assert_eq!(plain.rank(&s), Some(i), "{s}");
        }
    }
}
