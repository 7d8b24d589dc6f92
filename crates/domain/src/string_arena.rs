//! Texts in one allocation, so that a short one is written with a copy of constant size.

use dbmocker_core::fast_format::Cursor;

/// Texts of at most this many bytes are copied with this size, then truncated.
pub(super) const SHORT: usize = 16;

/// Texts, in their original order.
#[derive(Debug, Clone)]
pub struct StringArena {
    /// All texts, then [`SHORT`] spaces.
    text: String,
    /// The offset of each text, and of the end.
    starts: Vec<u32>,
}

impl StringArena {
    /// `None` if the texts exceed 4 GiB.
    pub fn new(texts: &[&str]) -> Option<StringArena> {
        let ends = texts.iter().scan(0usize, |end, text| {
            *end += text.len();
            Some(*end)
        });
        let starts: Option<Vec<u32>> = std::iter::once(0).chain(ends).map(|n| u32::try_from(n).ok()).collect();
        Some(StringArena { starts: starts?, text: texts.concat() + &" ".repeat(SHORT) })
    }

    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Bytes of the longest text; 0 if there is none.
    pub fn longest(&self) -> usize {
        self.starts.windows(2).map(|ends| (ends[1] - ends[0]) as usize).max().unwrap_or(0)
    }

    #[inline]
    pub fn get(&self, i: usize) -> &str {
        &self.text[self.starts[i] as usize..self.starts[i + 1] as usize]
    }

    /// Appends text `i`.
    #[inline]
    pub fn write(&self, i: usize, out: &mut String) {
        let (from, to) = (self.starts[i] as usize, self.starts[i + 1] as usize);
        match self.text.get(from..from + SHORT) {
            Some(chunk) if to - from <= SHORT => {
                let end = out.len() + to - from;
                out.push_str(chunk);
                out.truncate(end);
            }
            // The text is longer, or the copy would end within a character of a later text.
            _ => out.push_str(&self.text[from..to]),
        }
    }

    /// Writes text `i` to a buffer, which must have at least [`SHORT`] bytes left.
    #[inline(always)]
    pub fn write_on(&self, i: usize, line: &mut Cursor<'_>) {
        let (from, to) = (self.starts[i] as usize, self.starts[i + 1] as usize);
        match self.text.as_bytes()[from..].first_chunk::<SHORT>() {
            Some(chunk) if to - from <= SHORT => line.first(chunk, to - from),
            _ => line.slice(&self.text.as_bytes()[from..to]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_written_unchanged() {
        let texts = ["", "a", "sixteen letters!", "seventeen letters", "b", "Düsseldorf", "東京", "éééééééé"];
        let packed = StringArena::new(&texts).expect("a few bytes");
        for (i, text) in texts.iter().enumerate() {
            let mut out = String::from("ü");
            packed.write(i, &mut out);
            assert_eq!((packed.get(i), &out[2..]), (*text, *text));
            let mut bytes = [b'-'; 40];
            let mut line = Cursor::new(&mut bytes, 2);
            packed.write_on(i, &mut line);
            assert_eq!(&line.written()[2..], text.as_bytes());
        }
        assert_eq!(packed.len(), texts.len());
    }
}
