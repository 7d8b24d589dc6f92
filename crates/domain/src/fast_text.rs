//! Texts that are written straight where they stay, on a [`Cursor`]: the commonest kinds, column by column.

use super::catalogue::{Body, Template};
use super::choice::Choice;
use super::draw;
use super::fake::Words;
use super::prose;
use super::prose::LINE;
use super::string_arena::{SHORT, StringArena};
use super::text::TextKind;
use super::text_format;
use dbmocker_core::fast_format::{Cursor, WIDEST};
use dbmocker_core::rng_stream::{CellRng, SmallDraws};

/// Letters that are worth a line; room is made for many rows of them.
const MOST_LETTERS: usize = 64;
/// Texts of templates that are worth a line.
const LONGEST: usize = 400;

/// Writes texts on a line.
pub trait LineText {
    /// Bytes that one takes at most, and what is copied beyond it and overwritten by the next.
    fn most(&self) -> usize;

    fn write(&self, rng: &mut CellRng, line: &mut Cursor<'_>);
}

/// How a domain's texts are written on a line. What each writes is what the domain draws from the same random stream.
pub enum Lines<'a> {
    Choice(ChoiceLines<'a>),
    Word(WordLines),
    Letters(LetterLines),
    Prose(ProseLines),
    Template(TemplateLines),
}

/// One of a choice of texts.
#[derive(Clone, Copy)]
pub struct ChoiceLines<'a> {
    pub(super) choice: &'a Choice,
    pub(super) texts: &'a StringArena,
}

/// One of the first words of a list.
#[derive(Clone, Copy)]
pub struct WordLines {
    list: &'static Words,
    fitting: usize,
}

/// Random letters, a few.
#[derive(Clone, Copy)]
pub struct LetterLines {
    alphabet: &'static [u8],
    count: usize,
}

/// A template of the catalogue whose texts all have room.
#[derive(Clone, Copy)]
pub struct TemplateLines {
    template: &'static Template,
}

/// Several words.
#[derive(Clone, Copy)]
pub struct ProseLines {
    room: usize,
    write: fn(usize, &mut SmallDraws, &mut Cursor<'_>),
}

impl Lines<'_> {
    /// `None` for kinds that are not written on a line, and where nothing of the kind fits.
    pub fn of_kind(kind: &TextKind, room: usize) -> Option<Self> {
        if let Some(list) = draw::list(kind) {
            let fitting = list.fitting(room);
            return (fitting > 0).then_some(Lines::Word(WordLines { list, fitting }));
        }
        if let Some((alphabet, most)) = draw::letters(kind) {
            let count = room.min(most);
            return (1..=MOST_LETTERS).contains(&count).then_some(Lines::Letters(LetterLines { alphabet, count }));
        }
        if let TextKind::Catalogue(named) = kind
            && let Body::Template(template) = named.entry().body
        {
            let fits = template.longest_line() <= room && template.longest_line() <= LONGEST;
            return fits.then_some(Lines::Template(TemplateLines { template }));
        }
        let write = match kind {
            TextKind::Words => prose::a_few_words,
            TextKind::Sentence => prose::a_sentence,
            _ => return None,
        };
        (room >= prose::LEAST).then_some(Lines::Prose(ProseLines { room, write }))
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
        // No longer than promised: to write beyond it panics.
        let mut bytes = vec![0; text.most()];
        let mut line = Cursor::new(&mut bytes, 0);
        text.write(&mut CellRng::new(seed), &mut line);
        String::from_utf8(line.written().to_vec()).expect("UTF-8")
    }

    #[test]
    fn what_is_written_on_a_line_is_what_is_drawn() {
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
