//! Makes a drawn text a given length, by truncation or by appending.

use super::fake::{WORDS, Words};
use super::prose::{append_word, sentence};
use super::text_format;
use super::text_format::LOWER36;
use dbmocker_core::rng_stream::CellRng;

/// Above this number of missing characters, whole sentences are appended.
const SENTENCE: usize = 60;

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
            text.push('.');
        } else if !append_word(words, "", start, missing - 1, rng, text) {
            text.truncate(before);
            break;
        }
        // Words and sentences are ASCII.
        missing = missing.saturating_sub(text.len() - before);
    }
    text_format::random_chars(if is_prose { b"s" } else { LOWER36 }, missing, rng, text);
}

#[cfg(test)]
mod tests {
    use super::*;

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
