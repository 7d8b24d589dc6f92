//! Templates of texts with placeholders: `PLU-{digits:4}`, `{street_word} {street_kind} {int:1-99}`.
//!
//! A placeholder is `{digits:4}`, `{int:1-999}`, characters of an alphabet (`{hex:8}`, `{upper:3}`, ...), a list or
//! another template of the catalogue; `{a:list}` is a word with `a` or `an` before it. Other braces are literal, as in
//! JSON. Alternatives are separated by ` || ` and may have weights (`*3`).

use std::sync::OnceLock;

use super::NotationError;
use crate::PRACTICALLY_INFINITE;
use crate::fake::Words;
use crate::fold::fold;
use crate::string_arena::StringArena;
use crate::text_format;
use crate::text_index::{decoration, power};
use dbmocker_core::fast_format::Cursor;
use dbmocker_core::rng_stream::CellRng;

/// Maximum sum of weights for which [`Template::places`] is used.
const MAX_PLACES: u32 = 512;

/// Alternatives with their weights.
#[derive(Debug)]
pub struct Template {
    alternatives: Vec<Alternative>,
    /// Cumulative weights.
    totals: Vec<u32>,
    /// The alternative for each number below the last total, if that is small; empty otherwise.
    places: Vec<u8>,
    shortest: usize,
    longest: usize,
    /// The alternative with the most texts, of those whose different choices give different texts. Few templates are
    /// asked for it, and finding it takes most of the time of reading them all.
    numbered: OnceLock<Option<usize>>,
    /// Texts are sentences: they begin with a capital letter and end in a punctuation mark.
    prose: bool,
}

/// A list or template that a placeholder may name.
pub enum TemplateItem {
    List(&'static Words),
    Template(&'static Template),
}

#[derive(Debug)]
struct Alternative {
    parts: Vec<Part>,
    shortest: usize,
    longest: usize,
    /// The number of enumerated texts.
    size: u128,
}

#[derive(Debug)]
enum Part {
    /// One text.
    Text(StringArena),
    /// `count` characters of an alphabet in one letter case; `mixed`: letters have a random case.
    Chars {
        alphabet: &'static [u8],
        count: usize,
        mixed: bool,
    },
    Number {
        from: u64,
        count: u64,
    },
    List(&'static Words),
    /// A word with `a` or `an` before it; `capital`: `A` or `An`.
    Article {
        words: &'static Words,
        capital: bool,
    },
    Template(&'static Template),
}

/// The output of a template: a text, or a buffer of a batch.
pub trait Sink {
    fn text(&mut self, text: &str);
    fn packed(&mut self, texts: &StringArena, i: usize);
    fn number(&mut self, n: u64);
    /// The number of bytes written.
    fn at(&self) -> usize;
    /// Changes the byte at an offset to upper case.
    fn make_capital(&mut self, at: usize);
    /// Whether the output ends in a punctuation mark.
    fn ends_in_mark(&self) -> bool;
}

impl Sink for String {
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }

    fn packed(&mut self, texts: &StringArena, i: usize) {
        texts.write(i, self);
    }

    fn number(&mut self, n: u64) {
        text_format::number(n, self);
    }

    fn at(&self) -> usize {
        self.len()
    }

    fn make_capital(&mut self, at: usize) {
        if self.as_bytes().get(at).is_some_and(u8::is_ascii_lowercase) {
            self[at..=at].make_ascii_uppercase();
        }
    }

    fn ends_in_mark(&self) -> bool {
        self.ends_with(['.', '!', '?', '"'])
    }
}

impl Sink for Cursor<'_> {
    #[inline]
    fn text(&mut self, text: &str) {
        self.slice(text.as_bytes());
    }

    #[inline]
    fn packed(&mut self, texts: &StringArena, i: usize) {
        texts.write_on(i, self);
    }

    #[inline]
    fn number(&mut self, n: u64) {
        dbmocker_core::fast_format::put_u64(self, n);
    }

    #[inline]
    fn at(&self) -> usize {
        Cursor::at(self)
    }

    #[inline]
    fn make_capital(&mut self, at: usize) {
        if let Some(byte) = self.written_mut().get_mut(at) {
            byte.make_ascii_uppercase();
        }
    }

    #[inline]
    fn ends_in_mark(&self) -> bool {
        matches!(self.written().last(), Some(b'.' | b'!' | b'?' | b'"'))
    }
}

/// Alphabets by name: the characters in one letter case, and whether letters have a random case.
const ALPHABETS: &[(&str, &[u8], bool)] = &[
    ("digits", b"0123456789", false),
    ("hex", b"0123456789abcdef", false),
    ("upper", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", false),
    ("lower", b"abcdefghijklmnopqrstuvwxyz", false),
    ("upper36", b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", false),
    ("lower36", b"0123456789abcdefghijklmnopqrstuvwxyz", false),
    // Without characters that are easily confused.
    ("upper32", b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ", false),
    ("base32", b"0123456789BCDFGHJKLMNPQRSTVWXYZ", false),
    ("pluscode", b"23456789CFGHJMPQRVWX", false),
    ("base62", b"0123456789abcdefghijklmnopqrstuvwxyz", true),
    ("base64", b"0123456789abcdefghijklmnopqrstuvwxyz+/", true),
    ("base64url", b"0123456789abcdefghijklmnopqrstuvwxyz-_", true),
    ("bcrypt", b"0123456789abcdefghijklmnopqrstuvwxyz./", true),
];

type ItemLookup<'a> = &'a dyn Fn(&str) -> Option<TemplateItem>;

impl Template {
    /// Parses a template; `of`: the lists and templates that it may use.
    ///
    /// # Errors
    /// A description of the syntax error.
    pub fn parse(text: &str, of: ItemLookup<'_>, prose: bool) -> Result<Template, NotationError> {
        let (mut alternatives, mut totals, mut total) = (Vec::new(), Vec::new(), 0);
        for part in text.split(" || ") {
            let (part, weight) = match part.rsplit_once(" *") {
                Some((text, weight)) if !weight.is_empty() && weight.bytes().all(|b| b.is_ascii_digit()) => {
                    (text, weight.parse().map_err(|_| NotationError::TemplateWeight(weight.to_owned()))?)
                }
                _ => (part, 1),
            };
            total += weight;
            totals.push(total);
            alternatives.push(Alternative::parse(part, of)?);
        }
        let shortest = alternatives.iter().map(|a| a.shortest).min().unwrap_or(0);
        let longest = alternatives.iter().map(|a| a.longest).max().unwrap_or(0);
        let (places, numbered) = (Vec::new(), OnceLock::new());
        let mut template = Template { alternatives, totals, places, shortest, longest, numbered, prose };
        if total <= MAX_PLACES && template.alternatives.len() <= usize::from(u8::MAX) {
            template.places = (0..total).map(|at| template.place(at) as u8).collect();
        }
        Ok(template)
    }

    /// Appends a text of at most `room` bytes; nothing if none fits.
    pub fn draw(&self, room: usize, rng: &mut CellRng, out: &mut String) {
        let start = out.len();
        let first = self.pick(rng);
        let order = std::iter::once(first).chain((0..self.alternatives.len()).filter(|&i| i != first));
        let mark = usize::from(self.prose);
        for i in order {
            let alternative = &self.alternatives[i];
            if alternative.shortest + mark > room {
                continue;
            }
            alternative.draw(room - mark, rng, out);
            self.finish(start, out);
            if out.len() - start <= room {
                return;
            }
            out.truncate(start);
        }
    }

    fn numbered(&self) -> Option<usize> {
        *self.numbered.get_or_init(|| {
            let decodable = (0..self.alternatives.len()).filter(|&i| self.alternatives[i].is_decodable());
            decodable.max_by_key(|&i| self.alternatives[i].size)
        })
    }

    #[inline]
    fn pick(&self, rng: &mut CellRng) -> usize {
        let at = rng.below(u64::from(self.totals[self.totals.len() - 1])) as u32;
        self.places.get(at as usize).map_or_else(|| self.place(at), |&i| usize::from(i))
    }

    /// The alternative for a number below the last total.
    fn place(&self, at: u32) -> usize {
        self.totals.iter().filter(|&&total| total <= at).count()
    }

    /// Appends a part of another text, of at most `room` bytes if an alternative is that short.
    #[inline]
    fn draw_within(&self, room: usize, rng: &mut CellRng, out: &mut impl Sink) {
        let first = self.pick(rng);
        let mut order = std::iter::once(first).chain(0..self.alternatives.len());
        if let Some(i) = order.find(|&i| self.alternatives[i].shortest <= room) {
            self.alternatives[i].draw(room, rng, out);
        }
    }

    #[inline]
    fn finish(&self, start: usize, out: &mut impl Sink) {
        if self.prose {
            out.make_capital(start);
            if !out.ends_in_mark() {
                out.text(".");
            }
        }
    }

    /// As [`draw`](Self::draw) without a limit, to a buffer.
    #[inline]
    pub fn draw_on(&self, rng: &mut CellRng, line: &mut Cursor<'_>) {
        let start = line.at();
        self.alternatives[self.pick(rng)].draw(usize::MAX, rng, line);
        self.finish(start, line);
    }

    /// The bytes of the longest text, including its punctuation mark.
    pub fn longest_line(&self) -> usize {
        self.longest() + usize::from(self.prose)
    }

    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The bytes that the most frequent alternative usually needs.
    pub fn usual(&self) -> usize {
        let weight = |i: usize| self.totals[i] - if i == 0 { 0 } else { self.totals[i - 1] };
        let usual = (0..self.alternatives.len()).max_by_key(|&i| (weight(i), usize::MAX - i));
        usual.map_or(0, |i| self.alternatives[i].usual())
    }

    pub fn is_ascii(&self) -> bool {
        let ascii = |part: &Part| match part {
            Part::Text(text) => text.get(0).is_ascii(),
            Part::List(words) | Part::Article { words, .. } => words.is_ascii(),
            Part::Template(template) => template.is_ascii(),
            _ => true,
        };
        self.alternatives.iter().all(|a| a.parts.iter().all(ascii))
    }

    /// Whether an enumerated text may contain the character.
    pub fn holds(&self, c: char) -> bool {
        self.numbered().is_some_and(|i| self.alternatives[i].parts.iter().any(|part| part.holds(c)))
    }

    /// The number of enumerated texts; 0 if one of them exceeds `room` bytes.
    pub fn size(&self, room: usize) -> u128 {
        self.numbered().filter(|&i| self.alternatives[i].longest <= room).map_or(0, |i| self.alternatives[i].size)
    }

    /// The bytes of the shortest and of the longest enumerated text.
    pub fn numbered_lengths(&self) -> (usize, usize) {
        self.numbered().map_or((0, 0), |i| (self.alternatives[i].shortest, self.alternatives[i].longest))
    }

    /// Appends the `i`-th text, `i` below the size.
    pub fn write(&self, i: u128, out: &mut String) {
        if let Some(numbered) = self.numbered() {
            self.alternatives[numbered].write(i, out);
        }
    }
}

impl Alternative {
    fn parse(text: &str, of: ItemLookup<'_>) -> Result<Alternative, NotationError> {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            // A brace that does not begin a placeholder is literal.
            let close = rest[open..].find('}').map(|n| open + n);
            let placeholder = close.map(|close| &rest[open + 1..close]);
            let Some(placeholder) = placeholder.filter(|h| is_placeholder(h)) else {
                push_text(&mut parts, &rest[..=open]);
                rest = &rest[open + 1..];
                continue;
            };
            if open > 0 {
                push_text(&mut parts, &rest[..open]);
            }
            parts.push(Part::parse(placeholder, of)?);
            rest = &rest[open + placeholder.len() + 2..];
        }
        if !rest.is_empty() {
            push_text(&mut parts, rest);
        }
        let shortest = parts.iter().map(Part::shortest).sum();
        let longest = parts.iter().map(Part::longest).sum();
        let size = parts.iter().fold(1u128, |n, p| n.saturating_mul(p.size())).min(PRACTICALLY_INFINITE);
        Ok(Alternative { parts, shortest, longest, size })
    }

    fn usual(&self) -> usize {
        self.parts.iter().map(Part::usual).sum()
    }

    /// Whether different choices give different texts: each part has one length, or does not contain the literal after
    /// it.
    fn is_decodable(&self) -> bool {
        (0..self.parts.len()).all(|i| {
            let part = &self.parts[i];
            !matches!(part, Part::Template(_)) && part.shortest() == part.longest()
                || match self.parts.get(i + 1) {
                    None => true,
                    Some(Part::Text(text)) => fold(text.get(0)).chars().next().is_some_and(|c| !part.holds(c)),
                    Some(_) => false,
                }
        })
    }

    #[inline]
    fn draw(&self, room: usize, rng: &mut CellRng, out: &mut impl Sink) {
        // Bytes that remain for parts longer than their shortest text.
        let all = room >= self.longest;
        let mut slack = if all { usize::MAX } else { room.saturating_sub(self.shortest) };
        for part in &self.parts {
            let start = out.at();
            match part {
                Part::Text(text) => out.packed(text, 0),
                Part::List(words) if all => out.packed(words.packed(), words.pick_index(words.len(), rng)),
                Part::List(words) => draw_word(words, part, slack, rng, out),
                Part::Article { words, capital } => {
                    let fit = words.fitting(part.shortest().saturating_add(slack).saturating_sub(ARTICLE)).max(1);
                    let i = words.pick_index(fit, rng);
                    out.text(article(words.get(i), *capital));
                    out.packed(words.packed(), i);
                }
                Part::Number { from, count } => {
                    let n = from + rng.below(*count);
                    out.number(if all || digits(n) <= part.shortest().saturating_add(slack) { n } else { *from });
                }
                Part::Chars { alphabet, count, mixed } => {
                    for _ in 0..*count {
                        let word = rng.word();
                        let c = alphabet[(((word >> 32) * alphabet.len() as u64) >> 32) as usize];
                        let c = if word & 1 == 0 || !*mixed { c } else { c.to_ascii_uppercase() };
                        out.text(char::from(c).encode_utf8(&mut [0; 4]));
                    }
                }
                Part::Template(template) if all => template.alternatives[template.pick(rng)].draw(usize::MAX, rng, out),
                Part::Template(template) => {
                    template.draw_within(part.shortest().saturating_add(slack), rng, out);
                }
            }
            if !all {
                slack = slack.saturating_sub((out.at() - start).saturating_sub(part.shortest()));
            }
        }
    }

    /// Appends the `i`-th text: a number in mixed radix, with the first part as the least significant digit. Parts
    /// beyond the number's digits are random.
    fn write(&self, i: u128, out: &mut String) {
        let mut rng = decoration(i);
        let mut rest = text_format::scatter(text_format::shifted(i, self.size), self.size);
        let mut left = self.size;
        for part in &self.parts {
            let size = part.size();
            let digit =
                if left >= size { rest % size } else { rest + left * rng.below_u128((size / left.max(1)).max(1)) };
            (rest, left) = (rest / size, left.div_ceil(size));
            part.write(digit, &mut rng, out);
        }
    }
}

impl Part {
    fn parse(placeholder: &str, of: ItemLookup<'_>) -> Result<Part, NotationError> {
        if let Some((name, argument)) = placeholder.split_once(':') {
            if name == "int" {
                let range = argument.split_once('-').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
                return match range {
                    Some((from, to)) if from <= to => Ok(Part::Number { from, count: to - from + 1 }),
                    _ => Err(NotationError::Range(placeholder.to_owned())),
                };
            }
            if let ("a" | "A", Some(TemplateItem::List(words))) = (name, of(argument)) {
                return Ok(Part::Article { words, capital: name == "A" });
            }
            let count = argument.parse().ok().filter(|n| (1..=256).contains(n));
            let count = count.ok_or_else(|| NotationError::Length(placeholder.to_owned()))?;
            let found = ALPHABETS.iter().find(|(n, ..)| *n == name);
            let (_, alphabet, mixed) = found.ok_or_else(|| NotationError::Alphabet {
                placeholder: placeholder.to_owned(),
                alphabet: name.to_owned(),
            })?;
            return Ok(Part::Chars { alphabet, count, mixed: *mixed });
        }
        match of(placeholder) {
            Some(TemplateItem::List(words)) => Ok(Part::List(words)),
            Some(TemplateItem::Template(template)) => Ok(Part::Template(template)),
            None => Err(NotationError::UnknownItem(placeholder.to_owned())),
        }
    }

    /// The number of characters that depend on the text's number; the others are random.
    fn significant(alphabet: &[u8], count: usize) -> usize {
        (1..=count).find(|&n| power(alphabet.len(), n) == PRACTICALLY_INFINITE).unwrap_or(count)
    }

    fn size(&self) -> u128 {
        match self {
            Part::Text(_) => 1,
            Part::Chars { alphabet, count, .. } => {
                // Not limited to PRACTICALLY_INFINITE, as the digit is below the size.
                (alphabet.len() as u128).saturating_pow(Part::significant(alphabet, *count) as u32)
            }
            Part::Number { count, .. } => u128::from(*count),
            Part::List(words) | Part::Article { words, .. } => words.len() as u128,
            Part::Template(_) => 1,
        }
    }

    fn shortest(&self) -> usize {
        match self {
            Part::Number { from, .. } => digits(*from),
            Part::List(words) => words.get(0).len(),
            Part::Article { words, .. } => words.get(0).len() + ARTICLE,
            Part::Template(template) => template.shortest,
            _ => self.longest(),
        }
    }

    fn longest(&self) -> usize {
        match self {
            Part::Text(text) => text.longest(),
            Part::Chars { count, .. } => *count,
            Part::Number { from, count } => digits(from + count - 1),
            Part::List(words) => words.packed().longest(),
            Part::Article { words, .. } => words.packed().longest() + ARTICLE,
            Part::Template(template) => template.longest,
        }
    }

    fn usual(&self) -> usize {
        match self {
            Part::List(words) => (1..).find(|&n| words.share(n) >= 0.67).unwrap_or(usize::MAX),
            Part::Template(template) => template.usual(),
            _ => self.longest(),
        }
    }

    /// Whether a text of the part may contain the character, ignoring letter case.
    fn holds(&self, c: char) -> bool {
        match self {
            Part::Text(text) => fold(text.get(0)).contains(c),
            Part::Chars { alphabet, .. } => alphabet.iter().any(|a| char::from(a.to_ascii_lowercase()) == c),
            Part::Number { .. } => c.is_ascii_digit(),
            Part::List(words) => (0..words.len()).any(|i| fold(words.get(i)).contains(c)),
            // The end of such a part cannot be detected.
            Part::Article { .. } | Part::Template(_) => true,
        }
    }

    fn write(&self, digit: u128, rng: &mut CellRng, out: &mut String) {
        match self {
            Part::Text(text) => text.write(0, out),
            Part::Number { from, .. } => text_format::number(from + digit as u64, out),
            Part::List(words) => words.write(digit as usize, out),
            Part::Article { words, capital } => {
                out.push_str(article(words.get(digit as usize), *capital));
                words.write(digit as usize, out);
            }
            Part::Template(template) => template.draw(usize::MAX, rng, out),
            Part::Chars { alphabet, count, mixed } => {
                let start = out.len();
                let significant = Part::significant(alphabet, *count);
                text_format::fixed_base(digit, significant, alphabet, out);
                text_format::random_chars(alphabet, count - significant, rng, out);
                if *mixed {
                    let cased: String = out[start..]
                        .chars()
                        .map(|c| if rng.word() & 1 == 0 { c } else { c.to_ascii_uppercase() })
                        .collect();
                    out.replace_range(start.., &cased);
                }
            }
        }
    }
}

fn digits(n: u64) -> usize {
    n.checked_ilog10().map_or(1, |d| d as usize + 1)
}

/// The bytes of `an `.
const ARTICLE: usize = 3;

fn article(word: &str, capital: bool) -> &'static str {
    let an = word.starts_with(['a', 'e', 'i', 'o', 'u']) && !word.starts_with("uni") && !word.starts_with("use")
        || word.starts_with("hon")
        || word.starts_with("hour");
    match (an, capital) {
        (true, true) => "An ",
        (true, false) => "an ",
        (false, true) => "A ",
        (false, false) => "a ",
    }
}

#[inline]
fn draw_word(words: &Words, part: &Part, slack: usize, rng: &mut CellRng, out: &mut impl Sink) {
    match words.fitting(if slack == usize::MAX { slack } else { part.shortest().saturating_add(slack) }) {
        0 => {}
        n => out.packed(words.packed(), words.pick_index(n, rng)),
    }
}

/// Whether the text in braces is a placeholder: `name`, `digits:4`, `int:1-99`.
fn is_placeholder(text: &str) -> bool {
    let (name, argument) = text.split_once(':').unwrap_or((text, "1"));
    let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let range = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    (plain(name) || name == "A") && (range(argument) || plain(argument))
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(last)) => *last = one_text(&[last.get(0), text].concat()),
        _ => parts.push(Part::Text(one_text(text))),
    }
}

fn one_text(text: &str) -> StringArena {
    StringArena::new(&[text]).expect("a text of a catalogue is short")
}
