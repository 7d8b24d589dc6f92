//! Names and codes of things whose names the dictionary does not have: `Machine 12`, `North substation`, `WC-04817`.
//!
//! Data in: the words of the column and its table. Data out: a pattern, the same for all rows of the column.

use super::ColumnInference;
use crate::dictionary::dictionary;
use dbmocker_domain::text::TextKind;

/// Words at the end of the names of columns that hold a name, and a code.
const NAMES: [&str; 2] = ["name", "label"];
const CODES: [&str; 6] = ["code", "number", "identifier", "key", "id", "reference"];
const SHORT_NAMES: [&str; 3] = ["abbreviation", "acronym", "symbol"];
/// Words that do not say what a thing is.
const NO_THING: [&str; 18] = [
    "short",
    "long",
    "display",
    "group",
    "legal",
    "official",
    "common",
    "public",
    "external",
    "legacy",
    "internal",
    "own",
    "tbl",
    "tab",
    "local",
    "old",
    "new",
    "alternate",
];
/// Most words of a thing.
const MOST_WORDS: usize = 3;
/// Characters up to which a text column is filled by its codes.
const FILLED: u32 = 12;
/// Digits of a code, and those with which a key has enough codes.
const DIGITS: u32 = 6;
const DIGITS_OF_KEY: (u32, u32) = (7, 8);

impl ColumnInference<'_> {
    /// A pattern for the names of what the column or its table is about; `None` if that is unknown, or does not fit into
    /// `room` characters.
    pub(super) fn label(&self, room: u32) -> Option<TextKind> {
        if self.context.in_key || self.neighbours.language.is_some() || !self.locales.is_empty() {
            return None;
        }
        let thing = self.thing(&NAMES)?;
        let text = thing.join(" ");
        let last = thing.last()?;
        let d = dictionary();
        let regex = if d.sites.contains(last) && !text.starts_with("work") {
            let longest = d.site_names.iter().map(String::len).max()?;
            if text.len() + 1 + longest > room as usize {
                return None;
            }
            let mut names: Vec<&str> = d.site_names.iter().map(String::as_str).collect();
            names.sort_unstable();
            format!("({}) {text}", names.join("|"))
        } else {
            let numbered = |text: &str| format!("{text} [1-9][0-9]?");
            let long = text.len() + 3 <= room as usize;
            let short = thing.iter().filter_map(|w| w.chars().next()).collect::<String>().to_uppercase();
            match long {
                true => numbered(&capital(&text)),
                false if short.len() + 3 <= room as usize => numbered(&short),
                false => return None,
            }
        };
        Some(TextKind::Pattern { regex })
    }

    /// A pattern for codes of what the column or its table is about: the same letters, then as many digits in all rows.
    /// `None` if the column does not hold codes, or a key of it needs more of them.
    pub(super) fn code(&self, room: u32, fixed: bool) -> Option<TextKind> {
        let last = self.name.last();
        if SHORT_NAMES.contains(&last) && !self.context.in_key {
            let letters = if fixed { room } else { room.min(4) };
            return (1..=4).contains(&letters).then(|| pattern(format!("[A-Z]{{{letters}}}")));
        }
        if !CODES.contains(&last) {
            return None;
        }
        let thing = self.thing(&CODES)?;
        let letters: String = match thing.as_slice() {
            [only] => only.chars().take(if room >= 9 { 3 } else { 2 }).collect(),
            several => several.iter().filter_map(|w| w.chars().next()).collect(),
        };
        let letters = letters.to_uppercase();
        let prefix = match room {
            0..=2 => return None,
            3..=5 => letters.get(..1)?.to_owned(),
            6 | 7 => letters.clone(),
            _ => format!("{letters}-"),
        };
        let left = room.checked_sub(u32::try_from(prefix.len()).ok()?)?;
        let digits = if self.context.in_key {
            left.min(DIGITS_OF_KEY.1)
        } else if fixed && room <= FILLED {
            left
        } else {
            left.min(DIGITS)
        };
        let enough = digits >= if self.context.in_key { DIGITS_OF_KEY.0 } else { 2 };
        // A code stands for one of few kinds, which many rows have; a number is a row's own.
        let numbers = match (last, self.context.in_key) {
            ("code", false) if fixed => format!("{}[0-3][0-9]", "0".repeat(digits.saturating_sub(2) as usize)),
            ("code", false) => "[0-3][0-9]".to_owned(),
            _ => format!("[0-9]{{{digits}}}"),
        };
        enough.then(|| pattern(format!("{prefix}{numbers}")))
    }

    /// What a column names, in words: those before the last one if it is one of `ends`; else, or where they abbreviate the
    /// table's name, the table's.
    fn thing(&self, ends: &[&str]) -> Option<Vec<String>> {
        let words = &self.name.words;
        let before = match words.split_last() {
            Some((last, before)) if ends.contains(&last.as_str()) => before,
            _ => return None,
        };
        let says = |words: &[String]| -> Vec<String> {
            words.iter().filter(|w| !NO_THING.contains(&w.as_str())).cloned().collect()
        };
        let (own, table) = (says(before), says(&self.table().words));
        let thing = match own.as_slice() {
            [] => table,
            [short] if abbreviates(short, &table) => table,
            _ => own,
        };
        let plain = |w: &String| w.bytes().all(|b| b.is_ascii_lowercase());
        let known = !thing.is_empty() && thing.len() <= MOST_WORDS && thing.iter().all(plain);
        (known && thing.iter().any(|w| w.len() > 2)).then_some(thing)
    }
}

/// Whether a short word consists of letters of the words, in their order, from the first letter on: `wc`, `mch`.
fn abbreviates(short: &str, words: &[String]) -> bool {
    let all = words.concat();
    let mut letters = all.chars();
    short.len() <= 4
        && short.len() < all.len()
        && short.chars().next() == all.chars().next()
        && short.chars().all(|c| letters.any(|l| l == c))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn pattern(regex: String) -> TextKind {
    TextKind::Pattern { regex }
}
