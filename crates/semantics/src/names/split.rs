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
        && let Some(cuts) = run_together(d, token, 3)
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

/// Splits a token without separators into at most `most` known words; `None` if it cannot be split.
fn run_together<'a>(d: &Dictionary, token: &'a str, most: usize) -> Option<Vec<&'a str>> {
    let known = |t: &str| {
        d.vocabulary.contains(t)
            || matches!(t, "id" | "at" | "ip")
            || (t.len() > 2 && d.languages[0].find(t).is_some_and(|e| !t.contains(' ') && !e.ambiguous))
    };
    if known(token) {
        return Some(vec![token]);
    }
    if most < 2 {
        return None;
    }
    // The longest first word wins: `postalcode` is `postal code`.
    (2..token.len()).rev().filter(|&i| token.is_char_boundary(i) && known(&token[..i])).find_map(|i| {
        let mut rest = run_together(d, &token[i..], most - 1)?;
        rest.insert(0, &token[..i]);
        Some(rest)
    })
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
