//! Splits identifiers into words, and expands English abbreviations.

use crate::dictionary::Dictionary;

/// Splits at every character that is not a letter or digit, at `aB`, at `ABc`, and between letters and digits.
pub(super) fn split(identifier: &str) -> Vec<String> {
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

/// Whether the token includes the digits that follow it: `md5`, `sha256`.
fn keeps_digits(token: &str) -> bool {
    matches!(
        token,
        "md" | "sha"
            | "ipv"
            | "crc"
            | "adler"
            | "base"
            | "utf"
            | "iso"
            | "mp"
            | "oauth"
            | "s"
            | "x"
            | "isbn"
            | "ean"
            | "gtin"
            | "icd"
            | "alpha"
            | "b"
            | "cvv"
            | "w"
            | "spo"
            | "co"
    ) || token.chars().last().is_some_and(|c| c.is_ascii_digit())
}

/// Appends the words of a token of an English name: an expanded abbreviation, the parts of a word without separators,
/// or the word in the singular.
pub(super) fn expand(d: &Dictionary, token: &str, words: &mut Vec<String>) {
    if let Some(translation) = d.languages[0].find(token) {
        words.extend(translation.english.iter().cloned());
        return;
    }
    if token.len() >= 7
        && token.is_ascii()
        && !d.never_cut.contains(token)
        && !d.vocabulary.contains(token)
        && let Some(cuts) = run_together(d, token, MOST_TOGETHER)
    {
        for part in cuts {
            expand(d, part, words);
        }
        return;
    }
    if let Some(thing) = token.strip_suffix("id").filter(|t| t.len() > 2 && !d.no_identifier.contains(token)) {
        words.extend([thing.to_owned(), "id".to_owned()]);
        return;
    }
    words.push(singular(d, token));
}

/// The most words of a part of a name that has separators.
const MOST_TOGETHER: usize = 3;

/// Splits a token without separators into at most `most` known words; `None` if it cannot be split.
fn run_together<'a>(d: &Dictionary, token: &'a str, most: usize) -> Option<Vec<&'a str>> {
    let known = |t: &str| {
        d.vocabulary.contains(t)
            || matches!(t, "id" | "at" | "ip")
            || (t.len() > 2 && d.languages[0].find(t).is_some_and(|e| !t.contains(' ') && !e.ambiguous))
    };
    // `age` is a word, and the end of many others.
    if known(token) && (most == MOST_TOGETHER || !d.never_a_part.contains(token)) {
        return Some(vec![token]);
    }
    if most < 2 || token.len() > MOST_SPLIT {
        return None;
    }
    // The longest first word wins: `postalcode` is `postal code`.
    (2..token.len()).rev().filter(|&i| token.is_char_boundary(i) && known(&token[..i])).find_map(|i| {
        let mut rest = run_together(d, &token[i..], most - 1)?;
        rest.insert(0, &token[..i]);
        Some(rest)
    })
}

/// Minimum letters of a known word within a name; shorter ones are listed.
pub const MIN_KNOWN: usize = 4;
/// Minimum letters of a name that is split into known words, and the most parts of one.
const MIN_SPLIT: usize = 6;
/// Longer tokens are no names.
const MOST_SPLIT: usize = 64;
const MOST_PARTS: usize = 6;
/// Shorter words within a name, wherever they are.
const SHORT: [&str; 41] = [
    "avg", "max", "min", "num", "qty", "amt", "pct", "day", "net", "tax", "vat", "fee", "sum", "url", "sms", "job",
    "key", "new", "lat", "lng", "lon", "std", "has", "kwh", "mwh", "kva", "mva", "dbm", "rpm", "kmh", "mph", "usd",
    "eur", "gbp", "pdf", "api", "utc", "gps", "vin", "sim", "co2",
];
/// The same, as the last part only.
const SHORT_LAST: [&str; 24] = [
    "at", "on", "by", "id", "no", "to", "kw", "mw", "kv", "cm", "kg", "km", "mm", "ml", "hz", "gb", "mb", "kb", "ms",
    "ha", "m2", "cd", "nm", "dt",
];
/// The same, as the first part only, and between other parts.
const SHORT_FIRST: [&str; 3] = ["is", "no", "ip"];
const SHORT_BETWEEN: [&str; 5] = ["of", "in", "on", "to", "per"];
/// Units of one letter, after a quantity: `voltagev`.
const LETTER_UNITS: [&str; 8] = ["v", "a", "c", "f", "m", "l", "w", "t"];

/// The known words that a name without separators consists of: as few and as long ones as possible. `None` if it is a
/// word itself, or not all of its letters belong to known words.
pub(super) fn parts(d: &Dictionary, token: &str) -> Option<Vec<String>> {
    let whole = |t: &str| {
        d.vocabulary.contains(t) || d.known.contains(t) || d.english.contains(t) || d.languages[0].find(t).is_some()
    };
    let letters = token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let kept =
        whole(token) || whole(&singular(d, token)) || d.never_cut.contains(token) || d.no_identifier.contains(token);
    if !(MIN_SPLIT..=MOST_SPLIT).contains(&token.len()) || !letters || kept {
        return None;
    }
    let known = |from: usize, to: usize| {
        let part = &token[from..to];
        let (first, last) = (from == 0, to == token.len());
        match part.len() {
            0 => false,
            1 => {
                let measured = |at: usize| d.numbers.contains_key(&format!("{} {part}", &token[at..from]));
                last && LETTER_UNITS.contains(&part) && (0..from).any(measured)
            }
            2 => {
                (last && SHORT_LAST.contains(&part))
                    || (first && SHORT_FIRST.contains(&part))
                    || (!first && !last && SHORT_BETWEEN.contains(&part))
            }
            3 => SHORT.contains(&part) || (!first && !last && SHORT_BETWEEN.contains(&part)),
            _ if d.never_a_part.contains(part) => false,
            _ => {
                d.vocabulary.contains(part)
                    || d.known.contains(part)
                    || d.known.contains(&singular(d, part))
                    || d.vocabulary.contains(&singular(d, part))
            }
        }
    };
    // The best split of each beginning: its number of parts, and where its last part begins. Of equally many parts, the
    // longest last part wins.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; token.len() + 1];
    best[0] = Some((0, 0));
    for to in 1..=token.len() {
        for from in 0..to {
            let Some((parts, _)) = best[from] else { continue };
            if parts < MOST_PARTS && best[to].is_none_or(|(fewest, _)| parts + 1 < fewest) && known(from, to) {
                best[to] = Some((parts + 1, from));
            }
        }
    }
    let mut found = Vec::new();
    let mut to = token.len();
    while to > 0 {
        let (_, from) = best[to]?;
        found.insert(0, token[from..to].to_owned());
        to = from;
    }
    // One short word and the likes of `at` are too weak a sign.
    let strong = found.iter().any(|part| part.len() >= MIN_KNOWN) || found.iter().all(|part| part.len() >= 3);
    (found.len() > 1 && strong).then_some(found)
}

/// The singular of a word with a regular plural; other words unchanged.
fn singular(d: &Dictionary, word: &str) -> String {
    let n = word.len();
    if d.keeps_its_s.contains(word) || !word.is_ascii() {
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
