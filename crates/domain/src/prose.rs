//! Words, titles and sentences with a maximum length in characters.

use std::sync::LazyLock;

use super::fake::*;
use dbmocker_core::fast_format::Cursor;
use dbmocker_core::rng_stream::{CellRng, SmallDraws};

pub(super) fn capitalised(word: &str, out: &mut String) {
    let mut bytes = word.chars();
    out.extend(bytes.next().map(|c| c.to_ascii_uppercase()));
    out.push_str(bytes.as_str());
}

/// Appends `separator` and a word of the list, if they fit into the `room` bytes from `start`. Returns whether they do.
#[inline]
pub(super) fn append_word(
    list: &Words,
    separator: &str,
    start: usize,
    room: usize,
    rng: &mut CellRng,
    out: &mut String,
) -> bool {
    match list.fitting(room.saturating_sub(out.len() - start + separator.len())) {
        0 => false,
        n => {
            out.push_str(separator);
            list.write(list.pick_index(n, rng), out);
            true
        }
    }
}

pub(super) fn title(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    let (first, second): (&Words, &Words) = match rng.below(4) {
        0 => (&BUZZ_ADJECTIVES, &BUZZ_NOUNS),
        1 => (&MATERIALS, &THINGS),
        _ => (&ADJECTIVES, &NOUNS),
    };
    capitalised(first.pick(room, rng), out);
    append_word(second, " ", start, room, rng, out);
    if rng.below(2) == 0 {
        let (link, third): (&str, &Words) = if rng.below(2) == 0 { (" of ", &NOUNS) } else { (" and ", &THINGS) };
        append_word(third, link, start, room, rng, out);
    }
}

pub(super) fn slug(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    ADJECTIVES.put(room, rng, out);
    append_word(&MATERIALS, "-", start, room, rng, out);
    append_word(&THINGS, "-", start, room, rng, out);
}

pub(super) fn words(room: usize, rng: &mut CellRng, out: &mut String) {
    with_buffer(out, |line| a_few_words(room, &mut rng.picks(), line));
}

/// Size in bytes of a buffer for a sentence of the patterns or three words, including the bytes copied beyond a word.
pub(super) const LINE: usize = 160;

/// Minimum characters in which a few words, or a sentence of them, are never empty.
pub(super) const MIN_ROOM: usize = 8;

/// Appends what `write` writes to a buffer on the stack.
#[inline]
fn with_buffer(out: &mut String, write: impl FnOnce(&mut Cursor<'_>)) {
    let mut bytes = [0; LINE];
    let mut line = Cursor::new(&mut bytes, 0);
    write(&mut line);
    out.push_str(std::str::from_utf8(line.written()).expect("words are ASCII"));
}

/// Writes two or three words of at most `room` characters in total.
#[inline]
pub(super) fn a_few_words(room: usize, picks: &mut SmallDraws, line: &mut Cursor<'_>) {
    let start = line.at();
    QUALITIES.put_on(room, picks, line);
    let more = if picks.below(3) == 0 { 2 } else { 1 };
    for _ in 0..more {
        match WORDS.fitting(room.saturating_sub(line.at() - start + 1)) {
            0 => {}
            n => {
                line.byte(b' ');
                WORDS.packed().write_on(picks.below(n), line);
            }
        }
    }
}

/// A part of a sentence's pattern.
enum SentencePart {
    Literal(&'static str),
    Word(&'static LazyLock<Words>),
    /// A word of the list with `a` or `an` before it.
    Article(&'static LazyLock<Words>),
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) || word.starts_with("hon") { "an " } else { "a " }
}

/// Maximum length of a sentence by the patterns, in characters.
const MAX_SENTENCE: usize = 96;

pub(super) fn sentence(room: usize, rng: &mut CellRng, out: &mut String) {
    with_buffer(out, |line| a_sentence(room, &mut rng.picks(), line));
}

/// Writes an English sentence by one of five patterns; a few words where `room` is too small for it.
pub(super) fn a_sentence(room: usize, picks: &mut SmallDraws, line: &mut Cursor<'_>) {
    use SentencePart::{Article, Literal, Word};
    static PATTERNS: [&[SentencePart]; 5] = [
        &[
            Word(&ADJECTIVES),
            Literal(" "),
            Word(&MATERIALS),
            Literal(" "),
            Word(&THINGS),
            Literal(" with "),
            Article(&ADJECTIVES),
            Literal(" "),
            Word(&THINGS),
        ],
        &[
            Literal("The "),
            Word(&NOUNS),
            Literal(" needs "),
            Article(&ADJECTIVES),
            Literal(" "),
            Word(&THINGS),
            Literal(" and "),
            Article(&ADJECTIVES),
            Literal(" "),
            Word(&NOUNS),
        ],
        &[
            Literal("We "),
            Word(&VERBS),
            Literal(" every "),
            Word(&NOUNS),
            Literal(" with "),
            Word(&ADJECTIVES),
            Literal(" "),
            Word(&MATERIALS),
        ],
        &[
            Literal("Please check the "),
            Word(&ADJECTIVES),
            Literal(" "),
            Word(&THINGS),
            Literal(" before the next "),
            Word(&NOUNS),
        ],
        &[Word(&ADJECTIVES), Literal(" "), Word(&NOUNS), Literal(", "), Word(&ADJECTIVES), Literal(" "), Word(&NOUNS)],
    ];
    let start = line.at();
    if room < MAX_SENTENCE {
        a_few_words(room - 1, picks, line);
    } else {
        for part in PATTERNS[picks.below(PATTERNS.len())] {
            match part {
                Literal(text) => line.slice(text.as_bytes()),
                Word(list) => list.put_on(12, picks, line),
                Article(list) => {
                    let word = list.get(picks.below(list.fitting(12)));
                    line.slice(article(word).as_bytes());
                    line.slice(word.as_bytes());
                }
            }
        }
    }
    if let Some(first) = line.written_mut()[start..].first_mut() {
        first.make_ascii_uppercase();
        line.byte(b'.');
    }
}

/// Appends filler text in Latin.
pub(super) fn lorem(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    LOREM.put(room, rng, out);
    for _ in 0..8 + rng.below(12) {
        if !append_word(&LOREM, " ", start, room - 1, rng, out) {
            break;
        }
    }
    if out.len() > start && out.len() - start < room {
        out[start..=start].make_ascii_uppercase();
        out.push('.');
    }
}

pub(super) fn paragraph(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    for i in 0..2 + rng.below(3) {
        let left = room - (out.len() - start);
        if i > 0 {
            if left < 40 {
                break;
            }
            out.push(' ');
        }
        sentence(left - usize::from(i > 0), rng, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_of_a_sentence_are_random() {
        let last = (0..200).map(|seed| {
            let mut text = String::new();
            sentence(MAX_SENTENCE, &mut CellRng::new(seed), &mut text);
            text.rsplit(' ').next().map(str::to_owned)
        });
        assert!(last.collect::<std::collections::HashSet<_>>().len() > 80);
    }

    #[test]
    fn sentences_fit_and_have_correct_articles() {
        for seed in 0..2000 {
            let mut text = String::new();
            sentence(MAX_SENTENCE, &mut CellRng::new(seed), &mut text);
            assert!(text.len() <= MAX_SENTENCE, "{text}");
            let words: Vec<&str> = text.split(' ').collect();
            for pair in words.windows(2).filter(|pair| matches!(pair[0], "a" | "an")) {
                assert_eq!(article(pair[1]).trim(), pair[0], "{text}");
            }
        }
        assert_eq!((article("honest"), article("small")), ("an ", "a "));
    }
}
