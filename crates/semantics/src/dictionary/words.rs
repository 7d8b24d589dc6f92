//! How columns are called in a language, in English words.

use std::collections::HashMap;

use dbmocker_domain::fold::fold;

/// The words of one language.
#[derive(Debug, Clone)]
pub struct Language {
    pub code: String,
    /// `numero de cliente` is a number of a client: English has the words the other way round.
    pub noun_first: bool,
    /// By the folded phrase, words parted by spaces; those in a script without spaces as they are.
    phrases: HashMap<String, Translation>,
    /// Words of the longest phrase.
    most: usize,
    /// Characters of the longest phrase that is written without spaces.
    longest: usize,
}

/// What a phrase is in English.
#[derive(Debug, Clone)]
pub struct Translation {
    pub english: Vec<String>,
    /// It means something in English, too: it counts only where the table speaks the language.
    pub among_others: bool,
}

/// The ways to write a phrase that are found: without accents, umlauts with an `e`, Cyrillic by another scheme.
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

/// Words of a compound.
const MOST: usize = 3;

/// A script that is written without spaces.
pub fn without_spaces(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

impl Language {
    pub fn new(code: &str) -> Self {
        Language { code: code.to_owned(), noun_first: false, phrases: HashMap::new(), most: 1, longest: 1 }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.phrases.len()
    }

    /// A phrase, with a `?` behind it if it means something in English, too.
    pub fn add(&mut self, phrase: &str, english: &str) {
        let (phrase, among_others) = match phrase.strip_suffix('?') {
            Some(phrase) => (phrase.trim(), true),
            None => (phrase, false),
        };
        let english = english.split(' ').map(str::to_owned).collect();
        let translation = Translation { english, among_others };
        for spelling in spellings(phrase) {
            self.most = self.most.max(spelling.split(' ').count());
            if spelling.chars().any(without_spaces) {
                self.longest = self.longest.max(spelling.chars().count());
            }
            self.phrases.insert(spelling, translation.clone());
        }
    }

    pub fn find(&self, phrase: &str) -> Option<&Translation> {
        self.phrases.get(phrase)
    }

    /// The longest phrase at the beginning of the words, and how many of them it has.
    pub fn at(&self, words: &[String]) -> Option<(usize, &Translation)> {
        (1..=self.most.min(words.len())).rev().find_map(|n| Some((n, self.phrases.get(&words[..n].join(" "))?)))
    }

    /// The word as parts that the language has: a compound, or words of a script without spaces.
    pub fn parts(&self, word: &str) -> Option<Vec<&Translation>> {
        if word.chars().any(without_spaces) {
            return self.script(word);
        }
        // Languages that build compounds: English has the same order of words.
        if !matches!(self.code.as_str(), "de" | "nl") || word.len() < 6 || !word.is_ascii() {
            return None;
        }
        self.compound(word, MOST)
    }

    fn script(&self, word: &str) -> Option<Vec<&Translation>> {
        let chars: Vec<char> = word.chars().collect();
        let (mut at, mut parts) = (0, Vec::new());
        while at < chars.len() {
            let longest = (1..=self.longest.min(chars.len() - at)).rev();
            let found = longest.filter_map(|n| {
                let text: String = chars[at..at + n].iter().collect();
                Some((n, self.phrases.get(&text)?))
            });
            match found.take(1).next() {
                Some((n, translation)) => {
                    parts.push(translation);
                    at += n;
                }
                // A particle, a number, something unknown.
                None => at += 1,
            }
        }
        (!parts.is_empty()).then_some(parts)
    }

    /// At most so many words with a linking `s`, `n` or `en` between them.
    fn compound(&self, word: &str, most: usize) -> Option<Vec<&Translation>> {
        // Within a compound a word means what it means in the language.
        if let Some(whole) = self.phrases.get(word).filter(|t| most < MOST || !t.among_others) {
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
