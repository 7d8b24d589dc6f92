//! Names of columns and tables as words: `fname`, `FirstName`, `c_first_name`, `vorname` and `PRENOM` all end in
//! `first name`.
//!
//! Data in: an identifier, and the language that its table speaks. Data out: lower-case English words, abbreviations
//! written out, singular where the plural is plain.

use super::dictionary::{Dictionary, Language, dictionary};
use dbmocker_core::schema::Table;
use dbmocker_domain::fold::fold;

mod split;

use split::split;

/// The words of a name, and whether phrases occur in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub words: Vec<String>,
    /// As it was written, in lower case.
    pub whole: String,
}

impl Name {
    /// A name that stands alone.
    pub fn new(identifier: &str) -> Self {
        Name::spoken(identifier, None)
    }

    /// A name in a table that speaks this language (a code such as `de`).
    pub fn spoken(identifier: &str, language: Option<&str>) -> Self {
        let d = dictionary();
        let tokens = tokens(identifier);
        let words = translated(d, &tokens, language).unwrap_or_else(|| english(d, &tokens));
        Name { words: without_prefix(words), whole: identifier.to_lowercase() }
    }

    /// The words end in the phrase's words.
    pub fn ends(&self, phrase: &str) -> bool {
        let n = phrase.split(' ').count();
        self.words.len() >= n && self.words[self.words.len() - n..].iter().map(String::as_str).eq(phrase.split(' '))
    }

    /// The phrase's words stand somewhere in the name, one after the other.
    pub fn has(&self, phrase: &str) -> bool {
        let n = phrase.split(' ').count();
        self.words.windows(n).any(|w| w.iter().map(String::as_str).eq(phrase.split(' ')))
    }

    pub fn has_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|p| self.has(p))
    }

    pub fn ends_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|p| self.ends(p))
    }

    pub fn last(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// The entry that fits best: the longest phrase that the name ends in, else the longest and last that it holds.
    pub fn best<'a, T>(&self, entries: &'a std::collections::HashMap<String, T>) -> Option<(String, &'a T)> {
        let n = self.words.len();
        let ends = (0..n).map(|from| &self.words[from..]);
        let holds = (1..n).rev().flat_map(|width| (0..n - width).rev().map(move |from| (from, width)));
        let holds = holds.map(|(from, width)| &self.words[from..from + width]);
        ends.chain(holds).find_map(|words| {
            let phrase = words.join(" ");
            entries.get(&phrase).map(|entry| (phrase, entry))
        })
    }
}

fn tokens(identifier: &str) -> Vec<String> {
    split(identifier).iter().map(|t| fold(t)).collect()
}

/// The phrase in the words that names become.
pub fn canonical(d: &Dictionary, phrase: &str) -> String {
    english(d, &tokens(phrase)).join(" ")
}

/// A table's letter before its columns' names (`c_name`, `o_orderdate`) says nothing.
fn without_prefix(mut words: Vec<String>) -> Vec<String> {
    while words.len() > 1 && words[0].len() == 1 && words[0].is_ascii() {
        words.remove(0);
    }
    words
}

/// English words: abbreviations written out, run-together ones cut.
fn english(d: &Dictionary, tokens: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    let Some(language) = d.languages.first() else { return tokens.to_vec() };
    let mut at = 0;
    while at < tokens.len() {
        // Phrases of several words first: `st_cd` is no street.
        match language.at(&tokens[at..]).filter(|(n, _)| *n > 1) {
            Some((n, translation)) => {
                words.extend(translation.english.iter().cloned());
                at += n;
            }
            None => {
                split::expand(d, &tokens[at], &mut words);
                at += 1;
            }
        }
    }
    words
}

/// Words that only join others: `numero de cliente`.
const JOINTS: [&str; 22] = [
    "de", "du", "des", "del", "la", "le", "les", "da", "do", "das", "dos", "di", "della", "dello", "van", "der", "den",
    "el", "los", "las", "en", "em",
];

/// How a language reads a name.
struct Reading {
    words: Vec<String>,
    /// Tokens that it knows, and those of them that mean nothing in English.
    known: usize,
    own: usize,
}

fn read(d: &Dictionary, tokens: &[String], language: &Language, speaks: bool) -> Reading {
    let mut chunks: Vec<Vec<String>> = Vec::new();
    let (mut known, mut own, mut at) = (0, 0, 0);
    while at < tokens.len() {
        let token = &tokens[at];
        if let Some((n, translation)) = language.at(&tokens[at..]).filter(|(_, t)| speaks || !t.among_others) {
            let is_own = n > 1 || translation.among_others || !is_english(d, token);
            if is_own || speaks {
                known += n;
                own += if translation.among_others { 0 } else { usize::from(is_own) * n };
                chunks.push(translation.english.clone());
                at += n;
                continue;
            }
        }
        let parts = if is_english(d, token) && !speaks { None } else { language.parts(token) };
        if let Some(parts) = parts {
            (known, own) = (known + 1, own + 1);
            chunks.push(parts.iter().flat_map(|t| t.english.iter().cloned()).collect());
        } else if !JOINTS.contains(&token.as_str()) {
            let mut words = Vec::new();
            split::expand(d, token, &mut words);
            chunks.push(words);
        }
        at += 1;
    }
    if language.noun_first {
        turn(&mut chunks);
    }
    Reading { words: chunks.concat(), known, own }
}

/// English order: what comes after the noun goes before it. Verbs and numbers stay where they are.
fn turn(chunks: &mut [Vec<String>]) {
    let fixed = |c: &Vec<String>| {
        let first = c.first().map_or("", String::as_str);
        matches!(first, "is" | "has" | "can") || first.bytes().all(|b| b.is_ascii_digit())
    };
    let from = chunks.iter().position(|c| !fixed(c)).unwrap_or(0);
    let to = chunks.iter().rposition(|c| !fixed(c)).map_or(0, |i| i + 1);
    if from < to {
        chunks[from..to].reverse();
    }
}

fn is_english(d: &Dictionary, token: &str) -> bool {
    d.english.contains(token) || d.vocabulary.contains(token) || d.languages[0].find(token).is_some()
}

/// The words by the language that knows most of them; `None` if English does.
fn translated(d: &Dictionary, tokens: &[String], language: Option<&str>) -> Option<Vec<String>> {
    let others = || d.languages.iter().skip(1);
    if let Some(spoken) = language.and_then(|code| others().find(|l| l.code == code)) {
        let reading = read(d, tokens, spoken, true);
        if reading.known > 0 {
            return Some(reading.words);
        }
    }
    let readings = others().map(|l| read(d, tokens, l, false)).filter(|r| r.own > 0);
    // The first of equals: the languages' order is the files'.
    readings.reduce(|best, r| if r.own > best.own { r } else { best }).map(|r| r.words)
}

/// The language that the names of a table's columns are of; `None` if that is English, or cannot be told.
pub fn language(table: &Table) -> Option<&'static str> {
    let mut scores: Vec<(f64, usize)> = Vec::new();
    let d = dictionary();
    for (i, language) in d.languages.iter().enumerate().skip(1) {
        scores.push((0.0, i));
        let own = |identifier: &str| read(d, &tokens(identifier), language, false).own > 0;
        let names = table.columns.iter().map(|c| c.name.as_str()).chain([table.name.name.as_str()]);
        scores.last_mut().expect("just pushed").0 = names.filter(|name| own(name)).count() as f64;
    }
    let best = scores.iter().fold((0.0, 0), |best, s| if s.0 > best.0 { *s } else { best });
    // One word that other languages have as well says little of a whole table.
    let alone = table.columns.len() <= 4 && best.0 >= 1.0;
    (best.0 >= 2.0 || alone).then(|| d.languages[best.1].code.as_str())
}

#[cfg(test)]
mod tests;
