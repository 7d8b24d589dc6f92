//! Texts with holes: `PLU-{digits:4}`, `{street_word} {street_kind} {int:1-99}`.
//!
//! A hole is `{digits:4}`, `{int:1-999}`, letters of an alphabet (`{hex:8}`, `{upper:3}`, ...), a list or another
//! template of the catalogue. Alternatives are parted by ` || ` and may weigh (`*3`).

use crate::PRACTICALLY_INFINITE;
use crate::fake::Words;
use crate::fold::fold;
use crate::text_format;
use crate::text_index::{decoration, power};
use dbmocker_core::rng_stream::CellRng;

/// Alternatives with their weights.
#[derive(Debug)]
pub struct Template {
    alternatives: Vec<Alternative>,
    /// Running totals of the weights.
    totals: Vec<u32>,
    /// The alternative that numbers most texts, where its texts can be told apart.
    numbered: Option<usize>,
}

#[derive(Debug)]
struct Alternative {
    parts: Vec<Part>,
    longest: usize,
    /// How many texts it numbers.
    size: u128,
}

#[derive(Debug)]
enum Part {
    Text(String),
    /// So many characters; the alphabet in one letter case, and whether letters have both.
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
}

/// Alphabets by name: the characters in one letter case, and whether letters occur in both.
const ALPHABETS: &[(&str, &[u8], bool)] = &[
    ("digits", b"0123456789", false),
    ("hex", b"0123456789abcdef", false),
    ("upper", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", false),
    ("lower", b"abcdefghijklmnopqrstuvwxyz", false),
    ("upper36", b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", false),
    ("lower36", b"0123456789abcdefghijklmnopqrstuvwxyz", false),
    // Without those that are mistaken for one another.
    ("upper32", b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ", false),
    ("base32", b"0123456789BCDFGHJKLMNPQRSTVWXYZ", false),
    ("pluscode", b"23456789CFGHJMPQRVWX", false),
    ("base62", b"0123456789abcdefghijklmnopqrstuvwxyz", true),
    ("base64", b"0123456789abcdefghijklmnopqrstuvwxyz+/", true),
    ("base64url", b"0123456789abcdefghijklmnopqrstuvwxyz-_", true),
    ("bcrypt", b"0123456789abcdefghijklmnopqrstuvwxyz./", true),
];

type Lists<'a> = &'a dyn Fn(&str) -> Option<&'static Words>;

impl Template {
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str, list: Lists<'_>) -> Result<Template, String> {
        let (mut alternatives, mut totals, mut total) = (Vec::new(), Vec::new(), 0);
        for part in text.split(" || ") {
            let (part, weight) = match part.rsplit_once(" *") {
                Some((text, weight)) if !weight.is_empty() && weight.bytes().all(|b| b.is_ascii_digit()) => {
                    (text, weight.parse().map_err(|_| format!("weight `{weight}`"))?)
                }
                _ => (part, 1),
            };
            total += weight;
            totals.push(total);
            alternatives.push(Alternative::parse(part, list)?);
        }
        let most = (0..alternatives.len()).filter(|&i| alternatives[i].is_decodable());
        let numbered = most.max_by_key(|&i| alternatives[i].size);
        Ok(Template { alternatives, totals, numbered })
    }

    /// Appends a text of at most `room` bytes; nothing where none fits.
    pub fn draw(&self, room: usize, rng: &mut CellRng, out: &mut String) {
        let at = rng.below(u64::from(self.totals[self.totals.len() - 1])) as u32;
        let start = out.len();
        let first = self.totals.iter().filter(|&&total| total <= at).count();
        let order = std::iter::once(first).chain((0..self.alternatives.len()).filter(|&i| i != first));
        for i in order {
            let alternative = &self.alternatives[i];
            if alternative.longest > room && alternative.shortest() > room {
                continue;
            }
            alternative.draw(room, rng, out);
            if out.len() - start <= room {
                return;
            }
            out.truncate(start);
        }
    }

    pub fn longest(&self) -> usize {
        self.alternatives.iter().map(|a| a.longest).max().unwrap_or(0)
    }

    /// Bytes in which the commonest alternative has room.
    pub fn usual(&self) -> usize {
        let weight = |i: usize| self.totals[i] - if i == 0 { 0 } else { self.totals[i - 1] };
        let usual = (0..self.alternatives.len()).max_by_key(|&i| (weight(i), usize::MAX - i));
        usual.map_or(0, |i| self.alternatives[i].usual())
    }

    /// Whether a text that is numbered may hold the character.
    pub fn holds(&self, c: char) -> bool {
        self.numbered.is_some_and(|i| self.alternatives[i].parts.iter().any(|part| part.holds(c)))
    }

    /// How many texts of at most `room` bytes are numbered.
    pub fn size(&self, room: usize) -> u128 {
        self.numbered.filter(|&i| self.alternatives[i].longest <= room).map_or(0, |i| self.alternatives[i].size)
    }

    /// Bytes of the shortest and of the longest text that is numbered.
    pub fn numbered_lengths(&self) -> (usize, usize) {
        self.numbered.map_or((0, 0), |i| (self.alternatives[i].shortest(), self.alternatives[i].longest))
    }

    /// Appends text number `i`, below the size.
    pub fn write(&self, i: u128, out: &mut String) {
        if let Some(numbered) = self.numbered {
            self.alternatives[numbered].write(i, out);
        }
    }
}

impl Alternative {
    fn parse(text: &str, list: Lists<'_>) -> Result<Alternative, String> {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            // A brace that opens no hole is itself.
            let close = rest[open..].find('}').map(|n| open + n);
            let hole = close.map(|close| &rest[open + 1..close]);
            let Some(hole) = hole else { break };
            if open > 0 {
                parts.push(Part::Text(rest[..open].to_owned()));
            }
            parts.push(Part::parse(hole, list)?);
            rest = &rest[open + hole.len() + 2..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        let longest = parts.iter().map(Part::longest).sum();
        let size = parts.iter().fold(1u128, |n, p| n.saturating_mul(p.size())).min(PRACTICALLY_INFINITE);
        Ok(Alternative { parts, longest, size })
    }

    fn shortest(&self) -> usize {
        self.parts.iter().map(Part::shortest).sum()
    }

    fn usual(&self) -> usize {
        self.parts.iter().map(Part::usual).sum()
    }

    /// Whether different choices make different texts: a part of varying length ends where it cannot go on.
    fn is_decodable(&self) -> bool {
        (0..self.parts.len()).all(|i| {
            let part = &self.parts[i];
            part.shortest() == part.longest()
                || match self.parts.get(i + 1) {
                    None => true,
                    Some(Part::Text(text)) => fold(text).chars().next().is_some_and(|c| !part.holds(c)),
                    Some(_) => false,
                }
        })
    }

    fn draw(&self, room: usize, rng: &mut CellRng, out: &mut String) {
        // Beyond the shortest text.
        let mut slack = room.saturating_sub(self.shortest());
        for part in &self.parts {
            let start = out.len();
            match part {
                Part::Text(text) => out.push_str(text),
                Part::List(words) => words.put(part.shortest().saturating_add(slack), rng, out),
                Part::Number { from, count } => {
                    let n = from + rng.below(*count);
                    text_format::number(
                        if digits(n) <= part.shortest().saturating_add(slack) { n } else { *from },
                        out,
                    );
                }
                Part::Chars { alphabet, count, mixed: false } => text_format::random_chars(alphabet, *count, rng, out),
                Part::Chars { alphabet, count, mixed: true } => {
                    for _ in 0..*count {
                        let word = rng.word();
                        let c = alphabet[(((word >> 32) * alphabet.len() as u64) >> 32) as usize];
                        out.push(char::from(if word & 1 == 0 { c } else { c.to_ascii_uppercase() }));
                    }
                }
            }
            slack = slack.saturating_sub((out.len() - start).saturating_sub(part.shortest()));
        }
    }

    /// Mixed radix, the first part the least digit. What the number does not reach is decoration.
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
    fn parse(hole: &str, list: Lists<'_>) -> Result<Part, String> {
        if let Some((name, argument)) = hole.split_once(':') {
            if name == "int" {
                let range = argument.split_once('-').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
                return match range {
                    Some((from, to)) if from <= to => Ok(Part::Number { from, count: to - from + 1 }),
                    _ => Err(format!("`{{{hole}}}`: a range is like `{{int:1-99}}`")),
                };
            }
            let count = argument.parse().ok().filter(|n| (1..=256).contains(n));
            let count = count.ok_or_else(|| format!("`{{{hole}}}`: a number of characters from 1 to 256"))?;
            let found = ALPHABETS.iter().find(|(n, ..)| *n == name);
            let (_, alphabet, mixed) = found.ok_or_else(|| format!("`{{{hole}}}`: no alphabet `{name}`"))?;
            return Ok(Part::Chars { alphabet, count, mixed: *mixed });
        }
        list(hole).map(Part::List).ok_or_else(|| format!("`{{{hole}}}`: no list of this name"))
    }

    /// Characters that carry a number; the others are decoration.
    fn carrying(alphabet: &[u8], count: usize) -> usize {
        (1..=count).find(|&n| power(alphabet.len(), n) == PRACTICALLY_INFINITE).unwrap_or(count)
    }

    fn size(&self) -> u128 {
        match self {
            Part::Text(_) => 1,
            Part::Chars { alphabet, count, .. } => {
                // Not saturated: the digit is below it.
                (alphabet.len() as u128).saturating_pow(Part::carrying(alphabet, *count) as u32)
            }
            Part::Number { count, .. } => u128::from(*count),
            Part::List(words) => words.len() as u128,
        }
    }

    fn shortest(&self) -> usize {
        match self {
            Part::Number { from, .. } => digits(*from),
            Part::List(words) => words.get(0).len(),
            _ => self.longest(),
        }
    }

    fn longest(&self) -> usize {
        match self {
            Part::Text(text) => text.len(),
            Part::Chars { count, .. } => *count,
            Part::Number { from, count } => digits(from + count - 1),
            Part::List(words) => words.packed().longest(),
        }
    }

    fn usual(&self) -> usize {
        match self {
            Part::List(words) => (1..).find(|&n| words.share(n) >= 0.67).unwrap_or(usize::MAX),
            _ => self.longest(),
        }
    }

    /// Whether a text of the part may hold the character, letter case apart.
    fn holds(&self, c: char) -> bool {
        match self {
            Part::Text(text) => fold(text).contains(c),
            Part::Chars { alphabet, .. } => alphabet.iter().any(|a| char::from(a.to_ascii_lowercase()) == c),
            Part::Number { .. } => c.is_ascii_digit(),
            Part::List(words) => (0..words.len()).any(|i| fold(words.get(i)).contains(c)),
        }
    }

    fn write(&self, digit: u128, rng: &mut CellRng, out: &mut String) {
        match self {
            Part::Text(text) => out.push_str(text),
            Part::Number { from, .. } => text_format::number(from + digit as u64, out),
            Part::List(words) => words.write(digit as usize, out),
            Part::Chars { alphabet, count, mixed } => {
                let start = out.len();
                let carrying = Part::carrying(alphabet, *count);
                text_format::fixed_base(digit, carrying, alphabet, out);
                text_format::random_chars(alphabet, count - carrying, rng, out);
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
