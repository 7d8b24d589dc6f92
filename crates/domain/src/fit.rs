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
    let words: &Words = &WORDS;
    let mut missing = chars - text.chars().count();
    let is_prose = text.contains(' ') || missing > SENTENCE;
    while is_prose && missing > 1 {
        let before = text.len();
        if !text.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        if missing > SENTENCE {
            sentence(missing - 1, rng, text);
            if !text.ends_with('.') {
                text.push('.');
            }
        } else if !append_word(words, "", start, missing - 1, rng, text) {
            text.truncate(before);
            break;
        }
        // Words and sentences are ASCII.
        missing = missing.saturating_sub(text.len() - before);
    }
    text_format::random_chars(if is_prose { b"s" } else { LOWER36 }, missing, rng, text);
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
}
