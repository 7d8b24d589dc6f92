//! Fast writers of the most frequent kinds of text, directly into the buffer of a [`Cursor`].

use super::catalogue::{EntryBody, Template};
use super::choice::ChoiceSampler;
use super::draw;
use super::fake::Words;
use super::prose;
use super::prose::LINE;
use super::string_arena::{SHORT, StringArena};
use super::text::TextKind;
use super::text_format;
use dbmocker_core::fast_format::{Cursor, WIDEST};
use dbmocker_core::rng_stream::{CellRng, SmallDraws};

/// Maximum length of random letters with a fast writer: buffers are reserved for many rows of the maximum length.
const MAX_LETTERS: usize = 64;
/// Maximum bytes of a template's texts with a fast writer.
const MAX_TEMPLATE: usize = 400;

/// A writer of texts into a buffer.
pub trait LineText {
    /// Maximum bytes of a text, including the bytes copied beyond its end, which the next text overwrites.
    fn most(&self) -> usize;

    /// Writes a text.
    fn write(&self, rng: &mut CellRng, line: &mut Cursor<'_>);
}

/// The fast writer of a domain. Its texts are those that the domain draws from the same random stream.
pub enum Lines<'a> {
    Choice(ChoiceLines<'a>),
    Word(WordLines),
    Letters(LetterLines),
    Prose(ProseLines),
    Template(TemplateLines),
}

/// Writes one of a list of texts with weights.
#[derive(Clone, Copy)]
pub struct ChoiceLines<'a> {
    pub(super) choice: &'a ChoiceSampler,
    pub(super) texts: &'a StringArena,
}

/// Writes one of the first `fitting` words of a list.
#[derive(Clone, Copy)]
pub struct WordLines {
    list: &'static Words,
    fitting: usize,
}

/// Writes `count` random letters.
#[derive(Clone, Copy)]
pub struct LetterLines {
    alphabet: &'static [u8],
    count: usize,
}

/// Writes texts of a template of the catalogue, all of which fit into the column.
#[derive(Clone, Copy)]
pub struct TemplateLines {
    template: &'static Template,
}

/// Writes several words.
#[derive(Clone, Copy)]
pub struct ProseLines {
    room: usize,
    write: fn(usize, &mut SmallDraws, &mut Cursor<'_>),
}

impl Lines<'_> {
    /// The fast writer of a kind in `room` characters; `None` for kinds without one, and if no text of the kind fits.
    pub fn of_kind(kind: &TextKind, room: usize) -> Option<Self> {
        if let Some(list) = draw::list(kind) {
            let fitting = list.fitting(room);
            return (fitting > 0).then_some(Lines::Word(WordLines { list, fitting }));
        }
        if let Some((alphabet, most)) = draw::letters(kind) {
            let count = room.min(most);
            return (1..=MAX_LETTERS).contains(&count).then_some(Lines::Letters(LetterLines { alphabet, count }));
        }
        if let TextKind::Catalogue(named) = kind
            && let EntryBody::Template(template) = named.entry().body
        {
            let fits = template.longest_line() <= room && template.longest_line() <= MAX_TEMPLATE;
            return fits.then_some(Lines::Template(TemplateLines { template }));
        }
        let write = match kind {
            TextKind::Words => prose::a_few_words,
            TextKind::Sentence => prose::a_sentence,
            _ => return None,
        };
        (room >= prose::MIN_ROOM).then_some(Lines::Prose(ProseLines { room, write }))
    }
}

impl LineText for ChoiceLines<'_> {
    fn most(&self) -> usize {
        self.texts.longest() + SHORT
    }

    #[inline]
    fn write(&self, rng: &mut CellRng, line: &mut Cursor<'_>) {
        self.texts.write_on(self.choice.pick_index(rng), line);
    }
}

impl LineText for WordLines {
    fn most(&self) -> usize {
        self.list.packed().longest() + SHORT
    }

    #[inline]
    fn write(&self, rng: &mut CellRng, line: &mut Cursor<'_>) {
        self.list.packed().write_on(self.list.pick_index(self.fitting, rng), line);
    }
}

impl LineText for LetterLines {
    fn most(&self) -> usize {
        self.count
    }

    #[inline]
    fn write(&self, rng: &mut CellRng, line: &mut Cursor<'_>) {
        text_format::random_letters(self.alphabet, self.count, rng, |letter| line.byte(letter));
    }
}

impl LineText for TemplateLines {
    fn most(&self) -> usize {
        self.template.longest_line() + WIDEST
    }

    #[inline]
    fn write(&self, rng: &mut CellRng, line: &mut Cursor<'_>) {
        self.template.draw_on(rng, line);
    }
}

impl LineText for ProseLines {
    fn most(&self) -> usize {
        LINE
    }

    #[inline]
    fn write(&self, rng: &mut CellRng, line: &mut Cursor<'_>) {
        (self.write)(self.room, &mut rng.picks(), line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::GENERATORS;

    fn written(text: &impl LineText, seed: u64) -> String {
        // To write more than `most()` bytes panics.
        let mut bytes = vec![0; text.most()];
        let mut line = Cursor::new(&mut bytes, 0);
        text.write(&mut CellRng::new(seed), &mut line);
        String::from_utf8(line.written().to_vec()).expect("UTF-8")
    }

    #[test]
    fn fast_writers_write_what_is_drawn() {
        let mut kinds = 0;
        for (name, kind) in GENERATORS {
            for room in 1..200 {
                let Some(lines) = Lines::of_kind(kind, room) else { continue };
                kinds += usize::from(room == 100);
                for seed in 0..50 {
                    let text = match &lines {
                        Lines::Choice(text) => written(text, seed),
                        Lines::Word(text) => written(text, seed),
                        Lines::Letters(text) => written(text, seed),
                        Lines::Prose(text) => written(text, seed),
                        Lines::Template(text) => written(text, seed),
                    };
                    let mut drawn = String::new();
                    draw::draw(kind, room, &mut CellRng::new(seed), &mut drawn);
                    assert_eq!(text, drawn, "{name} in {room}");
                }
            }
        }
        assert!(kinds > 20, "{kinds} kinds");
    }
}
