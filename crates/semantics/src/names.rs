//! Normalizes names of columns and tables to English words: `fname`, `FirstName`, `c_first_name`, `vorname` and
//! `PRENOM` all become `first name`.
//!
//! Data in: an identifier, and the language of its table. Data out: lower-case English words, with abbreviations
//! expanded and regular plurals in the singular.

use std::cell::RefCell;
use std::collections::HashMap;

use super::dictionary::{Dictionary, Translations, dictionary};
use dbmocker_core::schema::Table;
use dbmocker_domain::fold::fold;

pub mod split;

use split::split;

/// A normalized name, which can be searched for phrases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub words: Vec<String>,
    /// The identifier in lower case.
    pub whole: String,
}

/// Normalized names by identifier, one for each language of a table that has it.
type Cache = HashMap<String, Vec<(Option<String>, Name)>>;

/// Maximum number of identifiers cached.
const MAX_CACHED: usize = 1 << 16;

impl Name {
    /// Normalizes a name whose table's language is unknown.
    pub fn new(identifier: &str) -> Self {
        Name::in_language(identifier, None)
    }

    /// Normalizes a name in a table of this language (a code such as `de`). Results are cached, as planning asks for
    /// each name many times.
    pub fn in_language(identifier: &str, language: Option<&str>) -> Self {
        thread_local! {
            static CACHE: RefCell<Cache> = RefCell::default();
        }
        CACHE.with_borrow_mut(|cache| {
            let of_language = |(known, _): &&(Option<String>, Name)| known.as_deref() == language;
            if let Some((_, name)) = cache.get(identifier).and_then(|names| names.iter().find(of_language)) {
                return name.clone();
            }
            if cache.len() >= MAX_CACHED {
                cache.clear();
            }
            let name = Name::normalized(identifier, language);
            let names = cache.entry(identifier.to_owned()).or_default();
            names.push((language.map(str::to_owned), name.clone()));
            name
        })
    }

    fn normalized(identifier: &str, language: Option<&str>) -> Self {
        let d = dictionary();
        let tokens = tokens(identifier);
        let words = translated(d, &tokens, language).unwrap_or_else(|| match tokens.as_slice() {
            // A name without separators, such as SQL Server's `BatteryLevelPct` on a server that folds names.
            [only] if let Some(parts) = split::parts(d, only) => english(d, &parts),
            tokens => english(d, tokens),
        });
        Name { words: without_prefix(words), whole: identifier.to_lowercase() }
    }

    /// Whether the name's last words are the phrase's words.
    pub fn ends(&self, phrase: &str) -> bool {
        let mut words = self.words.iter().rev();
        phrase.rsplit(' ').all(|of_phrase| words.next().is_some_and(|word| word == of_phrase))
    }

    /// Whether the name contains the phrase's words as a sequence.
    pub fn has(&self, phrase: &str) -> bool {
        (0..self.words.len()).any(|from| {
            let mut words = self.words[from..].iter();
            phrase.split(' ').all(|of_phrase| words.next().is_some_and(|word| word == of_phrase))
        })
    }

    pub fn has_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|p| self.has(p))
    }

    /// The role in the name of a foreign key column: `customer` for `customer_id`.
    pub fn key_role(mut self) -> Vec<String> {
        let suffix = |w: &String| ["id", "key", "code", "number", "uuid", "ref"].contains(&w.as_str());
        if self.words.len() > 1 && self.words.last().is_some_and(suffix) {
            self.words.pop();
        }
        self.words
    }

    pub fn ends_any(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|p| self.ends(p))
    }

    pub fn last(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// The best matching entry with its phrase: the longest phrase that the name ends in, else the longest and then
    /// last one that it contains. `None` if it contains none.
    pub fn best<'a, T>(&self, entries: &'a HashMap<String, T>) -> Option<(String, &'a T)> {
        self.best_in(entries, &[])
    }

    /// As [`best`](Self::best), where an entry of a trade counts more than the entry of the same words without it:
    /// `sport team name` is an entry for `team name` in tables of sports. The phrase is without the trade.
    pub fn best_in<'a, T>(&self, entries: &'a HashMap<String, T>, trades: &[String]) -> Option<(String, &'a T)> {
        let n = self.words.len();
        let ends = (0..n).map(|from| &self.words[from..]);
        let holds = (1..n).rev().flat_map(|width| (0..n - width).rev().map(move |from| (from, width)));
        let holds = holds.map(|(from, width)| &self.words[from..from + width]);
        ends.chain(holds).find_map(|words| {
            let phrase = words.join(" ");
            let of_trade = trades.iter().find_map(|trade| entries.get(&format!("{trade} {phrase}")));
            of_trade.or_else(|| entries.get(&phrase)).map(|entry| (phrase, entry))
        })
    }
}

/// The identifier's parts in lower case, without accents.
fn tokens(identifier: &str) -> Vec<String> {
    split(identifier).iter().map(|t| fold(t)).collect()
}

/// Normalizes a phrase of a dictionary file.
pub fn canonical(d: &Dictionary, phrase: &str) -> String {
    english(d, &tokens(phrase)).join(" ")
}

/// Removes single letters at the beginning, which abbreviate the table's name: `c_name`, `o_orderdate`.
fn without_prefix(mut words: Vec<String>) -> Vec<String> {
    while words.len() > 1 && words[0].len() == 1 && words[0].is_ascii() {
        words.remove(0);
    }
    words
}

/// The English words of tokens: abbreviations expanded, words without separators split.
fn english(d: &Dictionary, tokens: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    let Some(language) = d.languages.first() else { return tokens.to_vec() };
    let mut at = 0;
    while at < tokens.len() {
        // Phrases of several words come first: `st_cd` is a state code, although `st` alone is a street.
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

/// Particles, which are dropped: `numero de cliente`.
const PARTICLES: [&str; 22] = [
    "de", "du", "des", "del", "la", "le", "les", "da", "do", "das", "dos", "di", "della", "dello", "van", "der", "den",
    "el", "los", "las", "en", "em",
];

/// The translation of a name from one language.
struct Translated {
    words: Vec<String>,
    /// The number of tokens that the language contains.
    known: usize,
    /// The number of those that are not English words.
    foreign: usize,
}

/// Translates a name; `certain`: the table is known to be in the language, so ambiguous words count.
fn translate(d: &Dictionary, tokens: &[String], language: &Translations, certain: bool) -> Translated {
    let mut chunks: Vec<Vec<String>> = Vec::new();
    let (mut known, mut foreign, mut at) = (0, 0, 0);
    while at < tokens.len() {
        let token = &tokens[at];
        if let Some((n, translation)) = language.at(&tokens[at..]).filter(|(_, t)| certain || !t.ambiguous) {
            let is_foreign = n > 1 || translation.ambiguous || !is_english(d, token);
            if is_foreign || certain {
                known += n;
                foreign += if translation.ambiguous { 0 } else { usize::from(is_foreign) * n };
                chunks.push(translation.english.clone());
                at += n;
                continue;
            }
        }
        let parts = if is_english(d, token) && !certain { None } else { language.parts(token) };
        if let Some(parts) = parts {
            (known, foreign) = (known + 1, foreign + 1);
            chunks.push(parts.iter().flat_map(|t| t.english.iter().cloned()).collect());
        } else if !PARTICLES.contains(&token.as_str()) {
            let mut words = Vec::new();
            split::expand(d, token, &mut words);
            chunks.push(words);
        }
        at += 1;
    }
    if language.noun_first {
        reverse_noun_phrase(&mut chunks);
    }
    Translated { words: chunks.concat(), known, foreign }
}

/// Reverses the words into English order, where the noun comes last. Verbs and numbers at either end stay in place.
fn reverse_noun_phrase(chunks: &mut [Vec<String>]) {
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

/// The translation from the table's language, else from the language that contains most of the tokens; `None` if no
/// language contains one that is not English.
fn translated(d: &Dictionary, tokens: &[String], language: Option<&str>) -> Option<Vec<String>> {
    let others = || d.languages.iter().skip(1);
    if let Some(table_language) = language.and_then(|code| others().find(|l| l.code == code)) {
        let translated = translate(d, tokens, table_language, true);
        if translated.known > 0 {
            return Some(translated.words);
        }
    }
    let candidates = others().map(|l| translate(d, tokens, l, false)).filter(|r| r.foreign > 0);
    // Of equal counts, the first language wins.
    candidates.reduce(|best, r| if r.foreign > best.foreign { r } else { best }).map(|r| r.words)
}

/// The language of the names of a table and its columns; `None` if it is English or unknown.
pub fn language(table: &Table) -> Option<&'static str> {
    let mut scores: Vec<(f64, usize)> = Vec::new();
    let d = dictionary();
    for (i, language) in d.languages.iter().enumerate().skip(1) {
        scores.push((0.0, i));
        let foreign = |identifier: &str| translate(d, &tokens(identifier), language, false).foreign > 0;
        let names = table.columns.iter().map(|c| c.name.as_str()).chain([table.name.name.as_str()]);
        scores.last_mut().expect("just pushed").0 = names.filter(|name| foreign(name)).count() as f64;
    }
    let best = scores.iter().fold((0.0, 0), |best, s| if s.0 > best.0 { *s } else { best });
    // One foreign word is not enough, except in a table of few columns.
    let alone = table.columns.len() <= 4 && best.0 >= 1.0;
    (best.0 >= 2.0 || alone).then(|| d.languages[best.1].code.as_str())
}

#[cfg(test)]
mod tests;
