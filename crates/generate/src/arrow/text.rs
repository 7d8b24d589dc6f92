//! Builds an array of texts, each written in place.

use std::fmt::Write as _;

use arrow::array::{NullBufferBuilder, StringArray};
use arrow::buffer::OffsetBuffer;

use dbmocker_core::fast_format::Cursor;
use dbmocker_core::rng_stream::CellRng;
use dbmocker_core::time;
use dbmocker_core::value::Value;
use dbmocker_core::value::literal::array_literal;
use dbmocker_domain::LineText;

/// Rows by which the capacity grows.
const ROWS_OF_ROOM: usize = 64;

/// As Arrow's own string builder, but the writer of a text appends it directly to the buffer.
pub(super) struct TextBuilder {
    texts: String,
    /// Holds the texts instead of `texts` while they come from streams: UTF-8 is validated once, for the whole array.
    lines: Vec<u8>,
    /// Byte offset of each text, and the end of the last one.
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl TextBuilder {
    pub fn with_capacity(rows: usize, bytes: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        TextBuilder {
            texts: String::with_capacity(bytes),
            lines: Vec::new(),
            offsets,
            nulls: NullBufferBuilder::new(rows),
        }
    }

    /// Appends the text that `write` writes. `None`, with nothing appended, if the offsets would overflow.
    #[inline]
    pub fn append_with(&mut self, write: impl FnOnce(&mut String)) -> Option<()> {
        if !self.lines.is_empty() {
            let lines = std::mem::take(&mut self.lines);
            self.texts = String::from_utf8(lines).expect("what is written on lines is UTF-8");
        }
        write(&mut self.texts);
        // Arrow's offsets have 32 bits.
        let Ok(end) = i32::try_from(self.texts.len()) else {
            self.texts.truncate(self.offsets[self.offsets.len() - 1] as usize);
            return None;
        };
        self.offsets.push(end);
        self.nulls.append_non_null();
        Some(())
    }

    /// Appends one text for each stream, NULL where there is no stream. `None` if the offsets would overflow; the
    /// builder must not be used after that.
    pub fn append_lines(
        &mut self,
        mut streams: impl Iterator<Item = Option<CellRng>>,
        texts: &impl LineText,
    ) -> Option<()> {
        let room = ROWS_OF_ROOM * texts.most();
        let mut bytes = self.take_bytes();
        let mut end = bytes.len();
        loop {
            bytes.resize(bytes.len().max(end + room), 0);
            // Arrow's offsets have 32 bits.
            i32::try_from(bytes.len()).ok()?;
            let mut line = Cursor::new(&mut bytes, end);
            let mut left = ROWS_OF_ROOM;
            for stream in streams.by_ref().take(ROWS_OF_ROOM) {
                match stream {
                    Some(mut rng) => {
                        texts.write(&mut rng, &mut line);
                        self.nulls.append_non_null();
                    }
                    None => self.nulls.append_null(),
                }
                self.offsets.push(line.at() as i32);
                left -= 1;
            }
            end = line.at();
            if left > 0 {
                break;
            }
        }
        bytes.truncate(end);
        self.lines = bytes;
        Some(())
    }

    fn take_bytes(&mut self) -> Vec<u8> {
        let (texts, lines) = (std::mem::take(&mut self.texts), std::mem::take(&mut self.lines));
        if lines.is_empty() { texts.into_bytes() } else { lines }
    }

    pub fn append_null(&mut self) {
        self.offsets.push(self.offsets[self.offsets.len() - 1]);
        self.nulls.append_null();
    }

    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub fn finish(&mut self) -> StringArray {
        let (bytes, offsets) = (self.take_bytes(), std::mem::take(&mut self.offsets));
        StringArray::new(OffsetBuffer::new(offsets.into()), bytes.into(), self.nulls.finish())
    }
}

/// Appends a value that is not NULL in the syntax that all servers accept. `zone`: the suffix of a time of day.
pub(super) fn push_value(out: &mut String, value: &Value, zone: &str) {
    match value {
        Value::Text(s) => out.push_str(s),
        Value::Bytes(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
        Value::Array(items) => out.push_str(&array_literal(items)),
        Value::Time(t) => {
            out.push_str(&time::time_text(*t));
            out.push_str(zone);
        }
        other => write!(out, "{other}").expect("writing to a String cannot fail"),
    }
}
