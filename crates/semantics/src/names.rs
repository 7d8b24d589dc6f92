//! Names of columns and tables as words: `fname`, `FirstName`, `c_first_name` and `FIRSTNAME` all end in `first name`.
//!
//! Data in: an identifier. Data out: lower-case words, abbreviations written out, singular where the plural is plain.

use super::dictionary::{KEPT, NO_IDENTIFIERS, VOCABULARY, WHOLE, WRITTEN_OUT};

/// The words of a name, and whether phrases occur in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub words: Vec<String>,
    /// As it was written, in lower case.
    pub whole: String,
}

impl Name {
    pub fn new(identifier: &str) -> Self {
        let mut words = Vec::new();
        for token in split(identifier) {
            expand(&token, &mut words);
        }
        // A table's letter before its columns' names (`c_name`, `o_orderdate`) says nothing.
        while words.len() > 1 && words[0].len() == 1 {
            words.remove(0);
        }
        Name { words, whole: identifier.to_ascii_lowercase() }
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

    /// The entry of a table of phrases that fits best: the longest the name ends in, else the longest it holds.
    pub fn best<'a, T>(&self, table: &'a [(&'a [&'a str], T)]) -> Option<(&'a str, &'a T)> {
        let longest = |fits: &dyn Fn(&str) -> bool| {
            table
                .iter()
                .flat_map(|(phrases, entry)| phrases.iter().map(move |p| (*p, entry)))
                .filter(|(p, _)| fits(p))
                .max_by_key(|(p, _)| p.split(' ').count())
        };
        longest(&|p| self.ends(p)).or_else(|| longest(&|p| self.has(p)))
    }
}

/// Cuts at everything that is not a letter or digit, at `aB`, at `ABc` and between letters and digits.
fn split(identifier: &str) -> Vec<String> {
    let chars: Vec<char> = identifier.chars().collect();
    let mut tokens: Vec<String> = Vec::new();
    let mut token = String::new();
    let mut cut = |token: &mut String| {
        if !token.is_empty() {
            tokens.push(std::mem::take(token));
        }
    };
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            cut(&mut token);
            continue;
        }
        let before = i.checked_sub(1).map(|j| chars[j]);
        let after = chars.get(i + 1);
        let hump = c.is_uppercase()
            && before
                .is_some_and(|b| b.is_lowercase() || (b.is_uppercase() && after.is_some_and(|a| a.is_lowercase())));
        let number = before.is_some_and(|b| b.is_alphanumeric() && b.is_ascii_digit() != c.is_ascii_digit());
        if hump || (number && !c.is_lowercase() && !(c.is_ascii_digit() && keeps_digits(&token))) {
            cut(&mut token);
        }
        token.extend(c.to_lowercase());
    }
    cut(&mut token);
    tokens
}

/// Words that carry a number as part of the word.
fn keeps_digits(token: &str) -> bool {
    matches!(token, "md" | "sha" | "ipv" | "crc" | "adler" | "base" | "utf" | "iso" | "mp" | "oauth" | "s" | "x")
        || token.chars().last().is_some_and(|c| c.is_ascii_digit())
}

fn expand(token: &str, words: &mut Vec<String>) {
    if let Ok(i) = WRITTEN_OUT.binary_search_by_key(&token, |(short, _)| short) {
        words.extend(WRITTEN_OUT[i].1.split(' ').map(String::from));
        return;
    }
    if token.len() >= 7
        && !WHOLE.contains(&token)
        && VOCABULARY.binary_search(&token).is_err()
        && let Some(cuts) = run_together(token, 3)
    {
        for part in cuts {
            expand(part, words);
        }
        return;
    }
    if let Some(thing) = token.strip_suffix("id").filter(|t| t.len() > 2 && !NO_IDENTIFIERS.contains(&token)) {
        words.extend([thing.to_owned(), "id".to_owned()]);
        return;
    }
    words.push(singular(token));
}

/// The token as at most `most` known words.
fn run_together(token: &str, most: usize) -> Option<Vec<&str>> {
    let known = |t: &str| {
        VOCABULARY.binary_search(&t).is_ok()
            || matches!(t, "id" | "at" | "ip")
            || (t.len() > 2 && WRITTEN_OUT.binary_search_by_key(&t, |(short, _)| short).is_ok())
    };
    if known(token) {
        return Some(vec![token]);
    }
    if most < 2 {
        return None;
    }
    // The longest first word wins: `postalcode` is not `post alcode`.
    token
        .char_indices()
        .map(|(i, _)| i)
        .skip(2)
        .filter(|i| known(&token[..*i]))
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .find_map(|i| {
            let mut rest = run_together(&token[i..], most - 1)?;
            rest.insert(0, &token[..i]);
            Some(rest)
        })
}

fn singular(word: &str) -> String {
    let n = word.len();
    if KEPT.contains(&word) {
        return word.to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|s| s.len() > 2 && *s != "ser" && *s != "mov") {
        return format!("{stem}y");
    }
    if ["sses", "shes", "ches", "xes"].iter().any(|e| word.ends_with(e)) {
        return word[..n - 2].to_owned();
    }
    let keep = ["ss", "us", "is", "ous"].iter().any(|e| word.ends_with(e));
    match word.strip_suffix('s').filter(|s| s.len() > 2 && !keep) {
        Some(stem) => stem.to_owned(),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str) -> String {
        Name::new(name).words.join(" ")
    }

    #[test]
    fn lists_are_sorted_for_the_binary_search() {
        assert!(WRITTEN_OUT.is_sorted_by_key(|(short, _)| *short));
        assert!(VOCABULARY.is_sorted());
    }

    #[test]
    fn names_become_words() {
        for (name, expected) in [
            ("first_name", "first name"),
            ("FirstName", "first name"),
            ("FIRSTNAME", "first name"),
            ("fname", "first name"),
            ("c_first", "first"),
            ("CustomerID", "customer id"),
            ("IPAddress", "ip address"),
            ("o_orderdate", "order date"),
            ("unitprice", "unit price"),
            ("partkey", "part key"),
            ("trackid", "track id"),
            ("objid", "obj id"),
            ("android", "android"),
            ("UnitPrice", "unit price"),
            ("createdat", "created at"),
            ("address2", "address 2"),
            ("address_line_2", "address line 2"),
            ("md5_checksum", "md5 checksum"),
            ("sha256", "sha256"),
            ("categories", "category"),
            ("addresses", "address"),
            ("status", "status"),
            ("timestamp", "timestamp"),
            ("dob", "birth date"),
            ("BillingPostalCode", "billing postal code"),
            ("lastmodifieddate", "last modified date"),
            ("update", "update"),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }

    /// A phrase that no name becomes would never be found.
    #[test]
    fn every_phrase_is_what_a_name_becomes() {
        let meanings = dbmocker_planner::meanings::MEANINGS.iter().flat_map(|(phrases, _)| *phrases);
        let tables = dbmocker_planner::meanings::TABLES.iter().flat_map(|(phrases, _)| *phrases);
        let scales = dbmocker_planner::numbers::SCALES.iter().flat_map(|(phrases, _)| *phrases);
        let windows = dbmocker_planner::dates::WINDOWS.iter().flat_map(|(phrases, _)| *phrases);
        let orders =
            dbmocker_planner::soft::MOMENTS.iter().chain(dbmocker_planner::soft::NUMBERS).flat_map(|(a, b)| [a, b]);
        let told = dbmocker_planner::entities::PHRASES.iter().flat_map(|(phrases, _)| *phrases);
        let amounts = dbmocker_planner::amounts::AMOUNTS.iter().flat_map(|(phrases, _)| *phrases);
        let stages = dbmocker_planner::stages::STAGES.iter().flat_map(|(phrases, _)| *phrases);
        let all =
            meanings.chain(told).chain(amounts).chain(stages).chain(tables).chain(scales).chain(windows).chain(orders);
        let lost: Vec<String> = all.filter(|p| words(p) != **p).map(|p| format!("{p}: {}", words(p))).collect();
        assert_eq!(lost, Vec::<String>::new());
    }

    #[test]
    fn phrases() {
        let name = Name::new("billing_address_line1");
        assert!(name.has("address line") && !name.ends("address"));
        let table: &[(&[&str], u8)] = &[(&["address"], 1), (&["address line 1", "line 1"], 2)];
        assert_eq!(name.best(table), Some(("address line 1", &2)));
    }
}
