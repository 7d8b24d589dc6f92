//! Unique texts composed of words: a number in mixed radix, whose digits are words and whose most significant digit is
//! a short code.
//!
//! The first texts differ in their words only (`anna.weber`); after the last combination a code follows
//! (`anna.weber.k3`). Uniqueness depends on the words and the code; padding and a tail (`@example.com`) follow them.

use std::sync::LazyLock;

use super::draw;
use super::fake::*;
use super::prose;
use super::text::TextKind;
use super::text_format;
use super::text_format::LOWER36;
use super::text_index::{AlphabetStrings, Limits, decoration, power};

/// The preferred number of texts: more than any table needs, so that longer codes have no use.
const PREFERRED_SIZE: u128 = 1 << 40;
/// The number of texts below which a template is the last choice.
const ACCEPTABLE_SIZE: u128 = 1 << 33;
/// Maximum characters of a code.
const MAX_CODE: usize = 8;

/// An element of a [`TextForm`], with short names because [`forms`] is a table of them.
#[derive(Clone, Copy)]
enum Spec {
    /// A word of the list.
    W(&'static LazyLock<Words>),
    /// A literal.
    L(&'static str),
    /// One of `count` numbers from `from`.
    N { from: u64, count: u64 },
}

/// The end of a text, which uniqueness does not depend on.
#[derive(Debug, Clone, Copy, PartialEq)]
enum TextEnd {
    None,
    Mail,
    Fixed(&'static str),
    /// A sentence; the maximum length is that of the whole text, in characters.
    Prose(usize),
}

impl TextEnd {
    fn length(self) -> usize {
        match self {
            TextEnd::None | TextEnd::Prose(_) => 0,
            TextEnd::Mail => 12,
            TextEnd::Fixed(s) => s.len(),
        }
    }
}

/// An arrangement of words for a kind of text.
struct TextForm {
    specs: &'static [Spec],
    /// The character before the code; no word of the last list contains it.
    separator: char,
    tail: TextEnd,
}

#[derive(Debug, Clone)]
enum TemplatePiece {
    Word { words: &'static Words, fit: usize },
    Literal(&'static str),
    Number { from: u64, count: u64 },
}

#[derive(Debug, Clone)]
pub(super) struct WordTemplate {
    kind: TextKind,
    pieces: Vec<TemplatePiece>,
    combinations: u128,
    separator: char,
    code: usize,
    /// The code always has `code` characters, because other text may follow it.
    fixed: bool,
    /// Codes of one to `code` characters.
    codes: AlphabetStrings,
    tail: TextEnd,
    min: usize,
    max: usize,
}

/// The template of the first arrangement of a kind that fits the limits, with as many texts as possible of the three
/// targets; `None` if none fits.
pub(super) fn best_template(kind: &TextKind, limits: Limits) -> Option<WordTemplate> {
    let forms = forms(kind);
    [PREFERRED_SIZE, ACCEPTABLE_SIZE, 1].into_iter().find_map(|target| {
        // Longer words are preferred; words of up to three letters are the last choice.
        let narrowest = if target == 1 { 1 } else { 4 };
        forms
            .iter()
            .find_map(|form| (narrowest..=32).rev().find_map(|widest| arrange(kind, form, limits, widest, target)))
    })
}

/// The template of an arrangement with words of at most `widest` letters; `None` if it does not fit the limits or has
/// fewer than `target` texts.
fn arrange(kind: &TextKind, form: &TextForm, limits: Limits, widest: usize, target: u128) -> Option<WordTemplate> {
    let room = limits.max.checked_sub(form.tail.length())?.min(limits.distinct_chars);
    let (mut longest, mut shortest, mut combinations) = (0, 0, 1u128);
    let mut pieces = Vec::with_capacity(form.specs.len());
    for spec in form.specs {
        let (piece, low, high, count) = match *spec {
            Spec::W(words) => {
                let words: &'static Words = words;
                let fit = words.fitting(widest);
                (fit > 0).then_some(())?;
                (TemplatePiece::Word { words, fit }, words.get(0).len(), words.get(fit - 1).len(), fit as u128)
            }
            Spec::L(s) => (TemplatePiece::Literal(s), s.len(), s.len(), 1),
            Spec::N { from, count } => {
                let digits = |n: u64| n.checked_ilog10().map_or(1, |d| d as usize + 1);
                (TemplatePiece::Number { from, count }, digits(from), digits(from + count - 1), u128::from(count))
            }
        };
        (shortest, longest, combinations) = (shortest + low, longest + high, combinations * count);
        pieces.push(piece);
    }
    let fixed = limits.fixed || matches!(form.tail, TextEnd::Prose(_)) || limits.min > shortest + form.tail.length();
    let code = (0..=MAX_CODE).find(|&n| combinations.saturating_mul(codes(n, fixed)) >= target)?;
    let code = if target == 1 { room.saturating_sub(longest + 1).min(MAX_CODE) } else { code };
    let code_length = if code == 0 { 0 } else { code + 1 };
    (longest + code_length <= room).then(|| WordTemplate {
        kind: kind.clone(),
        pieces,
        combinations,
        separator: form.separator,
        code,
        fixed,
        codes: AlphabetStrings::codes(code),
        tail: form.tail,
        min: limits.min,
        max: limits.max,
    })
}

/// The number of codes of at most (if `fixed`, exactly) `n` letters and digits, including the empty code.
fn codes(n: usize, fixed: bool) -> u128 {
    if fixed || n == 0 { power(36, n) } else { 1 + AlphabetStrings::codes(n).size() }
}

impl WordTemplate {
    pub fn size(&self) -> u128 {
        self.combinations.saturating_mul(codes(self.code, self.fixed)).min(super::PRACTICALLY_INFINITE)
    }

    pub fn write(&self, i: u128, out: &mut String) {
        let start = out.len();
        let (rest, code) = match (u64::try_from(i), u64::try_from(self.combinations)) {
            // A 128-bit division would take longer than all the rest.
            (Ok(i), Ok(n)) => (i % n, u128::from(i / n)),
            _ => ((i % self.combinations) as u64, i / self.combinations),
        };
        self.words(rest, out);
        if self.code > 0 && (self.fixed || code > 0) {
            out.push(self.separator);
            match self.fixed {
                true => {
                    text_format::fixed_base(text_format::scatter(code, power(36, self.code)), self.code, LOWER36, out)
                }
                false => self.codes.write(code - 1, out),
            }
        }
        self.finish(i, start, out);
    }

    /// Appends the words of combination number `rest`.
    fn words(&self, mut rest: u64, out: &mut String) {
        for piece in &self.pieces {
            match piece {
                TemplatePiece::Literal(s) => out.push_str(s),
                TemplatePiece::Word { words, fit } => {
                    words.write((rest % *fit as u64) as usize, out);
                    rest /= *fit as u64;
                }
                TemplatePiece::Number { from, count } => {
                    text_format::number(from + rest % count, out);
                    rest /= count;
                }
            }
        }
    }

    /// Appends padding up to the minimum length, then the tail.
    fn finish(&self, i: u128, start: usize, out: &mut String) {
        let mut rng = decoration(i);
        draw::pad(&self.kind, start, self.min.saturating_sub(self.tail.length()), &mut rng, out);
        match self.tail {
            TextEnd::None => {}
            TextEnd::Fixed(s) => out.push_str(s),
            TextEnd::Mail => {
                out.push('@');
                out.push_str(rng.pick::<&str>(&MAIL_DOMAINS));
            }
            TextEnd::Prose(most) => {
                let left = most.min(self.max).saturating_sub(out.len() - start);
                if left >= 40 {
                    out.push_str(". ");
                    prose::sentence(left - 2, &mut rng, out);
                }
            }
        }
    }
}

/// A macro, because slices in a function's arguments would not live long enough.
macro_rules! form {
    ($specs:expr, $separator:literal) => {
        form!($specs, $separator, TextEnd::None)
    };
    ($specs:expr, $separator:literal, $tail:expr) => {
        TextForm { specs: $specs, separator: $separator, tail: $tail }
    };
}

/// The arrangements of a kind, in order of preference.
fn forms(kind: &TextKind) -> &'static [TextForm] {
    use Spec::{L, N, W};
    use TextKind as K;
    match kind {
        K::FirstName => const { &[form!(&[W(&FIRST_NAMES)], '-')] },
        K::LastName => const { &[form!(&[W(&LAST_NAMES)], '-')] },
        K::Name => const { &[form!(&[W(&FIRST_NAMES), L(" "), W(&LAST_NAMES)], ' '), form!(&[W(&FIRST_NAMES)], ' ')] },
        K::Username | K::Password => {
            const { &[form!(&[W(&FIRST_NAMES), L("."), W(&PLAIN_LAST_NAMES)], '.'), form!(&[W(&FIRST_NAMES)], '.')] }
        }
        K::Email => {
            const {
                &[
                    form!(&[W(&FIRST_NAMES), L("."), W(&PLAIN_LAST_NAMES)], '.', TextEnd::Mail),
                    form!(&[W(&FIRST_NAMES)], '.', TextEnd::Mail),
                    form!(&[W(&FIRST_NAMES)], '.', TextEnd::Fixed("@x.test")),
                ]
            }
        }
        K::StreetAddress => {
            const {
                &[
                    form!(
                        &[N { from: 1, count: 9999 }, L(" "), W(&PLAIN_LAST_NAMES), L(" "), W(&STREET_SUFFIXES)],
                        '-'
                    ),
                    form!(&[N { from: 1, count: 999 }, L(" "), W(&PLAIN_LAST_NAMES)], '-'),
                ]
            }
        }
        K::SecondaryAddress => const { &[form!(&[L("apt. "), N { from: 1, count: 9999 }], '-')] },
        K::City => {
            const { &[form!(&[W(&CITY_PREFIXES), L(" "), W(&PLAIN_LAST_NAMES)], '-'), form!(&[W(&PLAIN_LAST_NAMES)], '-')] }
        }
        K::Company => {
            const {
                &[
                    form!(&[W(&PLAIN_LAST_NAMES), L("-"), W(&PLAIN_LAST_NAMES), L(" "), W(&COMPANY_SUFFIXES)], '-'),
                    form!(&[W(&PLAIN_LAST_NAMES), L("-"), W(&PLAIN_LAST_NAMES)], '-'),
                    form!(&[W(&PLAIN_LAST_NAMES)], '-'),
                ]
            }
        }
        K::JobTitle => {
            const { &[form!(&[W(&JOB_FIELDS), L(" "), W(&JOB_POSITIONS)], '-'), form!(&[W(&JOB_POSITIONS)], '-')] }
        }
        K::Product | K::Words => {
            const {
                &[
                    form!(&[W(&ADJECTIVES), L(" "), W(&MATERIALS), L(" "), W(&THINGS)], ' '),
                    form!(&[W(&MATERIALS), L(" "), W(&THINGS)], ' '),
                    form!(&[W(&THINGS)], ' '),
                ]
            }
        }
        K::Title => {
            const {
                &[
                    form!(&[W(&BUZZ_ADJECTIVES), L(" "), W(&NOUNS), L(" of "), W(&THINGS)], ' '),
                    form!(&[W(&ADJECTIVES), L(" "), W(&NOUNS)], ' '),
                    form!(&[W(&THINGS)], ' '),
                ]
            }
        }
        K::Slug => {
            const {
                &[
                    form!(&[W(&ADJECTIVES), L("-"), W(&MATERIALS), L("-"), W(&THINGS)], '-'),
                    form!(&[W(&COLORS), L("-"), W(&THINGS)], '-'),
                    form!(&[W(&THINGS)], '-'),
                ]
            }
        }
        K::Sentence | K::Paragraph | K::Lorem => {
            const {
                &[
                    form!(&[W(&ADJECTIVES), L(" "), W(&MATERIALS), L(" "), W(&THINGS)], ' ', TextEnd::Prose(160)),
                    form!(&[W(&ADJECTIVES), L(" "), W(&THINGS)], ' '),
                    form!(&[W(&THINGS)], ' '),
                ]
            }
        }
        K::Url => {
            const {
                &[
                    form!(&[L("https://example.com/"), W(&NOUNS), L("/"), W(&ADJECTIVES), L("-"), W(&THINGS)], '-'),
                    form!(&[L("https://example.com/"), W(&NOUNS)], '-'),
                    form!(&[W(&PLAIN_LAST_NAMES)], '-', TextEnd::Fixed(".test")),
                ]
            }
        }
        K::Hostname => {
            const {
                &[
                    form!(&[W(&COLORS), L("-"), W(&THINGS)], '-', TextEnd::Fixed(".example.com")),
                    form!(&[W(&COLORS), L("-"), W(&THINGS)], '-'),
                    form!(&[W(&THINGS)], '-'),
                ]
            }
        }
        K::Domain => {
            const {
                &[
                    form!(&[W(&COLORS), L("-"), W(&THINGS)], '-', TextEnd::Fixed(".test")),
                    form!(&[W(&THINGS)], '-', TextEnd::Fixed(".test")),
                ]
            }
        }
        K::Path => {
            const {
                &[
                    form!(
                        &[L("/srv/"), W(&NOUNS), L("/"), W(&ADJECTIVES), L("-"), W(&THINGS)],
                        '-',
                        TextEnd::Fixed(".txt")
                    ),
                    form!(&[L("/srv/"), W(&NOUNS)], '-'),
                    form!(&[L("/"), W(&NOUNS)], '-'),
                ]
            }
        }
        K::FileName => {
            const {
                &[
                    form!(&[W(&ADJECTIVES), L("-"), W(&THINGS)], '-', TextEnd::Fixed(".txt")),
                    form!(&[W(&THINGS)], '-', TextEnd::Fixed(".txt")),
                ]
            }
        }
        K::Html => {
            const {
                &[form!(
                    &[L("<p>"), W(&ADJECTIVES), L(" "), W(&MATERIALS), L(" "), W(&THINGS)],
                    ' ',
                    TextEnd::Fixed("</p>")
                )]
            }
        }
        K::Version => {
            const {
                &[form!(
                    &[N { from: 0, count: 10 }, L("."), N { from: 0, count: 100 }, L("."), N { from: 0, count: 1000 }],
                    '-'
                )]
            }
        }
        K::State => const { &[form!(&[W(&STATES)], '-')] },
        K::Country => const { &[form!(&[W(&COUNTRIES)], '_')] },
        K::Department => const { &[form!(&[W(&DEPARTMENTS)], '-')] },
        K::Category => const { &[form!(&[W(&CATEGORIES)], '-')] },
        K::Brand => const { &[form!(&[W(&PLAIN_LAST_NAMES)], '-')] },
        K::Word => const { &[form!(&[W(&WORDS)], '-')] },
        K::Color => const { &[form!(&[W(&COLORS)], '-')] },
        K::Locale => const { &[form!(&[W(&LOCALES)], '.')] },
        K::TimeZone => const { &[form!(&[W(&TIME_ZONES)], ':')] },
        K::MimeType => const { &[form!(&[W(&MIME_TYPES)], ';')] },
        K::UserAgent => {
            const { &[form!(&[L("mozilla/5.0 (x11; linux x86_64) client/"), N { from: 1, count: 999 }], '.')] }
        }
        K::Status => const { &[form!(&[W(&STATUSES)], '-')] },
        K::Priority => const { &[form!(&[W(&PRIORITIES)], '-')] },
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The enumeration is one-to-one because no word contains the character after it.
    #[test]
    fn words_do_not_contain_the_following_separator() {
        for (_, kind) in super::super::text::GENERATORS {
            for form in forms(kind) {
                for (i, spec) in form.specs.iter().enumerate() {
                    let Spec::W(words) = spec else { continue };
                    let mut ends = vec![];
                    match form.specs.get(i + 1) {
                        Some(Spec::L(s)) => ends.extend(s.chars().next()),
                        Some(_) => panic!("{kind:?}: a word must be followed by a literal"),
                        None => {
                            ends.push(form.separator);
                            ends.extend(match form.tail {
                                TextEnd::Mail => Some('@'),
                                TextEnd::Fixed(s) => s.chars().next(),
                                _ => None,
                            });
                        }
                    }
                    for w in 0..words.len() {
                        assert!(!words.get(w).contains(&ends[..]), "{kind:?}: {}", words.get(w));
                    }
                }
            }
        }
    }
}
