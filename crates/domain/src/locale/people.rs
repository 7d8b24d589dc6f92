//! Names of people, with their spelling in Latin letters for e-mail addresses.

use super::{StringArena, fold};
use crate::fake::Words;
use dbmocker_core::rng_stream::CellRng;

/// A list of names, each with its plain spelling in lower-case ASCII letters.
#[derive(Debug)]
pub struct People {
    shown: StringArena,
    plain: StringArena,
    /// Each name's index, repeated by its weight; empty for equal weights.
    by_weight: Vec<u16>,
    east_asian: bool,
}

/// A name of a list, with its plain spelling and its weight.
struct Listed<'a> {
    shown: &'a str,
    plain: String,
    weight: u32,
}

/// The file's text without the Latin spellings after names (`~Akemi`).
pub(super) fn without_latin(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut skipping = false;
    for c in text.chars() {
        match c {
            '~' => skipping = true,
            ' ' | '\n' => skipping = false,
            _ => {}
        }
        if !skipping {
            out.push(c);
        }
    }
    out
}

/// The plain spelling of a name in a language.
fn plain(name: &str, code: &str) -> String {
    let name = name.to_lowercase();
    let name = match code {
        "de" => name.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue"),
        _ => name,
    };
    fold(&name).chars().filter(char::is_ascii_lowercase).collect()
}

/// Parses `Anna *3` to the name and its weight, which is 1 if there is none.
fn weighted(item: &str) -> (&str, u32) {
    let found = item.rsplit_once(" *").and_then(|(name, weight)| Some((name, weight.parse().ok()?)));
    found.unwrap_or((item, 1))
}

impl People {
    /// The list `name` in a language's file; `None` if there is none.
    pub(super) fn of(text: &str, name: &str, code: &str) -> Option<People> {
        let mut lines = text.lines().skip_while(|l| !l.strip_prefix(name).is_some_and(|rest| rest.starts_with(" =")));
        let first = lines.next()?.split_once('=')?.1;
        let rest: Vec<&str> = lines.take_while(|l| l.starts_with(' ')).collect();
        let whole = format!("{first} {}", rest.join(" "));
        let items = whole.split('|').map(str::trim).filter(|i| !i.is_empty());
        let read = |item| {
            let (name, weight) = weighted(item);
            let (shown, latin) = name.split_once('~').unwrap_or((name, name));
            Listed { shown, plain: plain(latin, code), weight }
        };
        People::new(&items.map(read).collect::<Vec<_>>())
    }

    pub fn of_words(words: &Words) -> People {
        let each = (0..words.len()).map(|i| words.get(i));
        let listed: Vec<Listed> = each.map(|shown| Listed { shown, plain: plain(shown, "en"), weight: 1 }).collect();
        People::new(&listed).expect("a list of names")
    }

    fn new(listed: &[Listed]) -> Option<People> {
        (!listed.is_empty()).then_some(())?;
        let shown: Vec<&str> = listed.iter().map(|n| n.shown).collect();
        let plain: Vec<&str> = listed.iter().map(|n| n.plain.as_str()).collect();
        let uniform = listed.iter().all(|n| n.weight == 1);
        let places = (0u16..).zip(listed).filter(|_| !uniform);
        let by_weight = places.flat_map(|(place, n)| std::iter::repeat_n(place, n.weight as usize)).collect();
        let east_asian = shown.iter().any(|name| name.starts_with(|c: char| c > '\u{2e7f}'));
        Some(People { shown: StringArena::new(&shown)?, plain: StringArena::new(&plain)?, by_weight, east_asian })
    }

    /// The index of a random name, by weight.
    #[inline]
    pub fn pick(&self, rng: &mut CellRng) -> usize {
        match self.by_weight.as_slice() {
            [] => rng.below(self.len() as u64) as usize,
            by_weight => usize::from(by_weight[rng.below(by_weight.len() as u64) as usize]),
        }
    }

    pub fn len(&self) -> usize {
        self.shown.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The `i`-th name in the language's script.
    pub fn shown(&self, i: usize) -> &str {
        self.shown.get(i)
    }

    /// Appends the `i`-th name in the language's script.
    #[inline]
    pub fn write_shown(&self, i: usize, out: &mut String) {
        self.shown.write(i, out);
    }

    /// Appends the `i`-th name in lower-case ASCII letters.
    #[inline]
    pub fn write_plain(&self, i: usize, out: &mut String) {
        self.plain.write(i, out);
    }

    /// Whether some names are in an East Asian script.
    #[inline]
    pub fn is_east_asian(&self) -> bool {
        self.east_asian
    }

    /// The `i`-th name in lower-case ASCII letters.
    pub fn plain(&self, i: usize) -> &str {
        self.plain.get(i)
    }
}
