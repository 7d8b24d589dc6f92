//! Makes a drawn text a given length, by truncation or by appending.

use super::fake::{WORDS, Words};
use super::prose::{append_word, sentence};
use super::text_format;
use super::text_format::LOWER36;
use dbmocker_core::rng_stream::CellRng;

/// Above this number of missing characters, whole sentences are appended.
const SENTENCE: usize = 60;

/// Up to this number of missing characters, no sentence is appended.
const SHORT_SENTENCE: usize = 25;

/// Makes a text exactly `chars` characters long. Words are appended to texts of words, letters and digits to others.
pub fn fit_text(text: &mut String, chars: usize, rng: &mut CellRng) {
    if let Some((end, _)) = text.char_indices().nth(chars) {
        text.truncate(end);
        if text.ends_with(' ') {
            text.pop();
            text.push('s');
        }
        return;
    }
    let missing = chars - text.chars().count();
    if text.contains(' ') || missing > SENTENCE {
        extend(missing, 0, rng, text);
    } else {
        text_format::random_chars(LOWER36, missing, rng, text);
    }
}

/// The fewest characters that are appended as a word, with the space before it.
pub(super) const SHORTEST: usize = 5;

/// Appends exactly `missing` characters of sentences and words to the text from `start`.
pub(super) fn extend(mut missing: usize, start: usize, rng: &mut CellRng, text: &mut String) {
    // What is appended is ASCII.
    while missing > SENTENCE {
        let before = text.len();
        if before > start {
            text.push_str(if text.ends_with(['.', '!', '?']) { " " } else { ". " });
        }
        sentence(missing - (text.len() - before) - 1, rng, text);
        if !text.ends_with('.') {
            text.push('.');
        }
        missing = missing.saturating_sub(text.len() - before);
    }
    // After a sentence, the last words are one as well.
    let after = text.len() > start && text.ends_with('.') && missing > SHORTEST;
    let first = text.len() + usize::from(text.len() > start);
    missing -= usize::from(after);
    while missing > 0 {
        let before = text.len();
        if !append_exactly(if before > start { " " } else { "" }, missing, rng, text) {
            break;
        }
        missing -= text.len() - before;
    }
    let last = if text.ends_with('.') { b"." } else { b"s" };
    text_format::random_chars(last, missing, rng, text);
    if after {
        text[first..].get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
        text.push('.');
    }
}

/// Appends `separator` and a word, which has all of `room` or leaves it to another word. Returns whether one fits.
fn append_exactly(separator: &str, room: usize, rng: &mut CellRng, text: &mut String) -> bool {
    let words: &Words = &WORDS;
    let room = room.saturating_sub(separator.len());
    let (shorter, fitting) = (words.fitting(room.saturating_sub(1)), words.fitting(room));
    let of = if room <= words.longest() && shorter < fitting {
        shorter..fitting
    } else {
        0..words.fitting(room.saturating_sub(SHORTEST))
    };
    if of.is_empty() {
        return false;
    }
    text.push_str(separator);
    words.write(of.start + rng.below(of.len() as u64) as usize, text);
    true
}

/// Makes a text about `chars` characters long, never longer: a longer one is cut between words if that loses at most
/// a fifth, a shorter one is extended by words.
pub fn fit_words(text: &mut String, chars: usize, rng: &mut CellRng) {
    let count = text.chars().count();
    if count > chars {
        let cut = text.char_indices().nth(chars).map_or(text.len(), |(end, _)| end);
        let between = text[..cut].rfind(' ').filter(|at| text[..*at].chars().count() * 5 >= chars * 4);
        text.truncate(if text[cut..].starts_with(' ') { cut } else { between.unwrap_or(cut) });
        text.truncate(text.trim_end().len());
        return;
    }
    let mut room = chars - count;
    let is_prose = room > SENTENCE || text.ends_with('.');
    while is_prose && room > SHORT_SENTENCE {
        let before = text.len();
        if !text.is_empty() {
            text.push(' ');
        }
        sentence(room - 1, rng, text);
        room -= text[before..].chars().count().min(room);
    }
    let start = text.len();
    let separator = |text: &str| if text.is_empty() { "" } else { " " };
    if !is_prose {
        while append_word(&WORDS, separator(text), start, room, rng, text) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_not_cut_where_that_is_avoidable() {
        for chars in 0..200 {
            for from in ["", "abc123", "A few words in a line", "Größe und Übermaß einer Straße"] {
                let mut text = from.to_owned();
                fit_words(&mut text, chars, &mut CellRng::new(chars as u64));
                let found = text.chars().count();
                assert!(found <= chars && !text.ends_with(' '), "{from}: {text}");
                assert!(found + SHORT_SENTENCE + 1 >= chars || found * 5 >= chars * 4, "{chars}: {text}");
            }
        }
        let mut text = "A few words in a line".to_owned();
        fit_words(&mut text, 15, &mut CellRng::new(1));
        assert_eq!(text, "A few words in");
    }

    #[test]
    fn texts_have_the_length_asked_for() {
        for from in ["", "a", "abc123", "Two words.", "Größe und Übermaß einer Straße"] {
            for chars in (0..300).chain([2000]) {
                let mut text = from.to_owned();
                fit_text(&mut text, chars, &mut CellRng::new(chars as u64));
                assert_eq!(text.chars().count(), chars, "{from}: {text}");
                assert!(!text.ends_with(' '), "{text}");
            }
        }
    }

    #[test]
    fn texts_are_extended_by_whole_words() {
        for chars in 40..200 {
            let mut text = "Kraków hat schöne Straßen".to_owned();
            fit_text(&mut text, chars, &mut CellRng::new(chars as u64));
            let added = text.split(' ').skip(4).map(|w| w.trim_end_matches(['.', ',']));
            let known = |w: &str| w.chars().all(|c| c.is_ascii_alphabetic() || "-'".contains(c));
            assert!(added.into_iter().all(known), "{text}");
            assert!(text.split(". ").all(|part| part.starts_with(|c: char| c.is_uppercase())), "{text}");
        }
    }
}
