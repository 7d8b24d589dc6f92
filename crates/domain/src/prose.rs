//! Words, titles and sentences of at most so many characters.

use std::sync::LazyLock;

use super::fake::*;
use dbmocker_core::fast_format::Cursor;
use dbmocker_core::rng_stream::{CellRng, SmallDraws};

pub(super) fn capitalised(word: &str, out: &mut String) {
    let mut bytes = word.chars();
    out.extend(bytes.next().map(|c| c.to_ascii_uppercase()));
    out.push_str(bytes.as_str());
}

/// Puts `separator` and a word of the list, if one fits in what is left of `room` since `start`.
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
        let (joint, third): (&str, &Words) = if rng.below(2) == 0 { (" of ", &NOUNS) } else { (" and ", &THINGS) };
        append_word(third, joint, start, room, rng, out);
    }
}

pub(super) fn slug(room: usize, rng: &mut CellRng, out: &mut String) {
    let start = out.len();
    ADJECTIVES.put(room, rng, out);
    append_word(&MATERIALS, "-", start, room, rng, out);
    append_word(&THINGS, "-", start, room, rng, out);
}

pub(super) fn words(room: usize, rng: &mut CellRng, out: &mut String) {
    on_a_line(out, |line| a_few_words(room, &mut rng.picks(), line));
}

/// Bytes of a line that takes a sentence of the patterns or three words, and what is copied beyond a word.
pub(super) const LINE: usize = 160;

/// Characters in which a few words, or a sentence of them, are never nothing.
pub(super) const LEAST: usize = 8;

/// Appends what `write` writes: a text of several pieces is put together where its length is at hand.
#[inline]
fn on_a_line(out: &mut String, write: impl FnOnce(&mut Cursor<'_>)) {
    let mut bytes = [0; LINE];
    let mut line = Cursor::new(&mut bytes, 0);
    write(&mut line);
    out.push_str(std::str::from_utf8(line.written()).expect("words are ASCII"));
}

/// Two or three words of at most `room` characters together, on a line.
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

/// Part of a sentence.
enum SentencePart {
    This(&'static str),
    One(&'static LazyLock<Words>),
    /// With `a` or `an` before it.
    A(&'static LazyLock<Words>),
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) || word.starts_with("hon") { "an " } else { "a " }
}

/// Longest sentence of the patterns, in characters.
const SENTENCE: usize = 96;

pub(super) fn sentence(room: usize, rng: &mut CellRng, out: &mut String) {
    on_a_line(out, |line| a_sentence(room, &mut rng.picks(), line));
}

/// An English sentence by one of a few patterns; a few words where it does not fit.
pub(super) fn a_sentence(room: usize, picks: &mut SmallDraws, line: &mut Cursor<'_>) {
    use SentencePart::{A, One, This};
    static PATTERNS: [&[SentencePart]; 5] = [
        &[
            One(&ADJECTIVES),
            This(" "),
            One(&MATERIALS),
            This(" "),
            One(&THINGS),
            This(" with "),
            A(&ADJECTIVES),
            This(" "),
            One(&THINGS),
        ],
        &[
            This("The "),
            One(&NOUNS),
            This(" needs "),
            A(&ADJECTIVES),
            This(" "),
            One(&THINGS),
            This(" and "),
            A(&ADJECTIVES),
            This(" "),
            One(&NOUNS),
        ],
        &[
            This("We "),
            One(&VERBS),
            This(" every "),
            One(&NOUNS),
            This(" with "),
            One(&ADJECTIVES),
            This(" "),
            One(&MATERIALS),
        ],
        &[This("Please check the "), One(&ADJECTIVES), This(" "), One(&THINGS), This(" before the next "), One(&NOUNS)],
        &[One(&ADJECTIVES), This(" "), One(&NOUNS), This(", "), One(&ADJECTIVES), This(" "), One(&NOUNS)],
    ];
    let start = line.at();
    if room < SENTENCE {
        a_few_words(room - 1, picks, line);
    } else {
        for part in PATTERNS[picks.below(PATTERNS.len())] {
            match part {
                This(text) => line.slice(text.as_bytes()),
                One(list) => list.put_on(12, picks, line),
                A(list) => {
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

/// Latin, as printers use it.
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
    fn every_pick_of_a_sentence_is_a_random_one() {
        let last = (0..200).map(|seed| {
            let mut text = String::new();
            sentence(SENTENCE, &mut CellRng::new(seed), &mut text);
            text.rsplit(' ').next().map(str::to_owned)
        });
        assert!(last.collect::<std::collections::HashSet<_>>().len() > 80);
    }

    #[test]
    fn sentences_fit_and_have_the_right_articles() {
        for seed in 0..2000 {
            let mut text = String::new();
            sentence(SENTENCE, &mut CellRng::new(seed), &mut text);
            assert!(text.len() <= SENTENCE, "{text}");
            let words: Vec<&str> = text.split(' ').collect();
            for pair in words.windows(2).filter(|pair| matches!(pair[0], "a" | "an")) {
                assert_eq!(article(pair[1]).trim(), pair[0], "{text}");
            }
        }
        assert_eq!((article("honest"), article("small")), ("an ", "a "));
    }
}
