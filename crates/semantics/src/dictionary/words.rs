//! Translations of the words of column names from one language into English.

use std::collections::HashMap;

use dbmocker_domain::fold::fold;

/// The translations from one language.
#[derive(Debug, Clone)]
pub struct Translations {
    pub code: String,
    /// The noun comes before what describes it (`numero de cliente`); in English it comes last.
    pub noun_first: bool,
    /// Keyed by the folded phrase, with spaces between words; phrases in a script without spaces are keys as they are.
    phrases: HashMap<String, Translation>,
    /// The number of words of the longest phrase.
    max_words: usize,
    /// The number of characters of the longest phrase in a script without spaces.
    max_chars: usize,
}

/// The English translation of a phrase.
#[derive(Debug, Clone)]
pub struct Translation {
    pub english: Vec<String>,
    /// The phrase is an English word, too: the translation counts only in tables of the language.
    pub ambiguous: bool,
}

/// The spellings under which a phrase is found: without accents, umlauts with an `e`, Cyrillic in two transliterations.
fn spellings(phrase: &str) -> Vec<String> {
    let phrase = phrase.to_lowercase();
    let umlauts = phrase.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
    let scheme = [("щ", "sch"), ("ж", "j"), ("й", "j"), ("х", "h"), ("ц", "c"), ("ю", "ju"), ("я", "ja"), ("ы", "i")];
    let other = scheme.iter().fold(phrase.clone(), |p, (from, to)| p.replace(from, to));
    let mut all = vec![fold(&phrase), fold(&umlauts), fold(&other)];
    all.sort_unstable();
    all.dedup();
    all
}

/// Maximum words of a compound.
const MAX_PARTS: usize = 3;

/// Whether the character belongs to a script without spaces (Japanese, Chinese).
pub fn without_spaces(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

impl Translations {
    pub fn new(code: &str) -> Self {
        Translations { code: code.to_owned(), noun_first: false, phrases: HashMap::new(), max_words: 1, max_chars: 1 }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.phrases.len()
    }

    /// Adds a phrase; a `?` after it marks it as ambiguous.
    pub fn add(&mut self, phrase: &str, english: &str) {
        let (phrase, ambiguous) = match phrase.strip_suffix('?') {
            Some(phrase) => (phrase.trim(), true),
            None => (phrase, false),
        };
        let english = english.split(' ').map(str::to_owned).collect();
        let translation = Translation { english, ambiguous };
        for spelling in spellings(phrase) {
            self.max_words = self.max_words.max(spelling.split(' ').count());
            if spelling.chars().any(without_spaces) {
                self.max_chars = self.max_chars.max(spelling.chars().count());
            }
            self.phrases.insert(spelling, translation.clone());
        }
    }

    pub fn find(&self, phrase: &str) -> Option<&Translation> {
        self.phrases.get(phrase)
    }

    /// The longest phrase at the beginning of the words, and its number of words; `None` if there is none.
    pub fn at(&self, words: &[String]) -> Option<(usize, &Translation)> {
        (1..=self.max_words.min(words.len())).rev().find_map(|n| Some((n, self.phrases.get(&words[..n].join(" "))?)))
    }

    /// The translations of a word's parts: of a compound, or of a word in a script without spaces; `None` if it cannot
    /// be split.
    pub fn parts(&self, word: &str) -> Option<Vec<&Translation>> {
        if word.chars().any(without_spaces) {
            return self.script(word);
        }
        // Languages with compounds; their parts have the same order as in English.
        if !matches!(self.code.as_str(), "de" | "nl") || word.len() < 6 || !word.is_ascii() {
            return None;
        }
        self.compound(word, MAX_PARTS)
    }

    fn script(&self, word: &str) -> Option<Vec<&Translation>> {
        let chars: Vec<char> = word.chars().collect();
        let (mut at, mut parts) = (0, Vec::new());
        while at < chars.len() {
            let longest = (1..=self.max_chars.min(chars.len() - at)).rev();
            let found = longest.filter_map(|n| {
                let text: String = chars[at..at + n].iter().collect();
                Some((n, self.phrases.get(&text)?))
            });
            match found.take(1).next() {
                Some((n, translation)) => {
                    parts.push(translation);
                    at += n;
                }
                // A particle, a number or an unknown character is skipped.
                None => at += 1,
            }
        }
        (!parts.is_empty()).then_some(parts)
    }

    /// Splits a compound into at most `most` words, with a linking `s`, `n` or `en` between them.
    fn compound(&self, word: &str, most: usize) -> Option<Vec<&Translation>> {
        // Ambiguous words count within a compound only.
        if let Some(whole) = self.phrases.get(word).filter(|t| most < MAX_PARTS || !t.ambiguous) {
            return Some(vec![whole]);
        }
        if most < 2 {
            return None;
        }
        (3..word.len().saturating_sub(1)).rev().find_map(|cut| {
            let (first, rest) = (&word[..cut], &word[cut..]);
            let linked = ["", "s", "es", "n", "en", "e"].iter().find_map(|l| self.phrases.get(first.strip_suffix(l)?));
            let linked = linked.filter(|_| rest.len() > 1)?;
            let mut parts = self.compound(rest, most - 1)?;
            parts.insert(0, linked);
            Some(parts)
        })
    }
}
