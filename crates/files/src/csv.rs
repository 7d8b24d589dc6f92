//! dbmocker's CSV: record batches in, bytes out, with NULL distinct from the empty text.
//!
//! By default: UTF-8 without BOM, `,` between fields, `\n` after lines, a header line with the quoted column names.
//! NULL is an empty unquoted field. [`CsvOptions`] changes delimiter, quote, NULL and header. Text, JSON and binary (as
//! `\x` and hex) are always quoted, a quote inside doubled.
//! Numbers, `true`/`false`, `YYYY-MM-DD`, `HH:MM:SS[.ffffff]`, `YYYY-MM-DD HH:MM:SS[.ffffff][+00]` and UUIDs are not
//! quoted. A row of one NULL column is an empty line.
//!
//! [`encode`] is pure: a file's bytes do not depend on the batch boundaries, and threads other than the writing one may
//! encode ([`CsvSink::write_encoded`]).

use std::ops::Range;

use arrow::array::{
    Array, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float32Array,
    Float64Array, Int16Array, Int32Array, Int64Array, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
    UInt64Array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;

use serde::{Deserialize, Serialize};

use super::{BatchSink, FilePart, OutFile, StageError, check_schema};
use dbmocker_core::fast_format;
use dbmocker_core::fast_format::{Cursor, WIDEST};
use dbmocker_generate::arrow::{UUID_EXTENSION, extension};

/// Bytes of encoded rows buffered before they are written to the file.
const FLUSH_AT: usize = 1 << 20;
/// Maximum number of rows that are encoded column by column at a time, and their approximate bytes, which fit the L1
/// cache.
const SIDE_BY_SIDE: usize = 64;
const BYTES_SIDE_BY_SIDE: usize = 24 << 10;
/// Texts up to this size are copied without a `memcpy` call.
const SHORT: usize = 32;
/// Rows encoded between two checks of [`FLUSH_AT`].
const ROWS_AT_ONCE: usize = 4096;

/// Characters of CSV files. Other programs read files with any of them; dbmocker loads those with the default ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvOptions {
    /// Between fields: one ASCII character that no unquoted field contains.
    pub delimiter: char,
    /// Around texts; doubled inside them.
    pub quote: char,
    /// An unquoted field that represents NULL.
    pub null: String,
    /// Whether the first line has the column names.
    pub header: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions { delimiter: ',', quote: '"', null: String::new(), header: true }
    }
}

impl CsvOptions {
    /// Bytes of [`null`](Self::null) at most.
    pub const LONGEST_NULL: usize = 16;

    /// Checks that the options are unambiguous.
    ///
    /// # Errors
    /// The invalid option, and its allowed values.
    pub fn validate(&self) -> Result<(), CsvOptionsError> {
        // Unquoted are numbers, `true`, `NaN`, dates, times and UUIDs.
        let in_fields = |c: char| c.is_ascii_alphanumeric() || "+-.: ".contains(c);
        let separates = |c: char| c.is_ascii() && !in_fields(c) && !matches!(c, '\n' | '\r' | '\0');
        if !separates(self.delimiter) {
            return Err(CsvOptionsError::Delimiter(self.delimiter));
        }
        if !separates(self.quote) || self.quote == self.delimiter {
            return Err(CsvOptionsError::Quote(self.quote));
        }
        let apart = |c: char| c == self.delimiter || c == self.quote || matches!(c, '\n' | '\r');
        if self.null.len() > Self::LONGEST_NULL || self.null.contains(apart) {
            return Err(CsvOptionsError::Null(self.null.clone()));
        }
        Ok(())
    }

    fn bytes(&self) -> CsvBytes<'_> {
        let ascii = |c: char| u8::try_from(c).expect("`validate` allows ASCII only");
        CsvBytes { delimiter: ascii(self.delimiter), quote: ascii(self.quote), null: self.null.as_bytes() }
    }
}

/// Why fields of a CSV file would be ambiguous.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsvOptionsError {
    #[error(
        "{0:?} cannot separate fields; use a character such as , ; | or a tab, not one that numbers and dates contain"
    )]
    Delimiter(char),
    #[error("{0:?} cannot quote fields; use a character such as \" or ', and another one than the delimiter")]
    Quote(char),
    #[error(
        "{0:?} cannot stand for NULL; use at most {max} bytes without delimiter, quote and line ends, such as \\N",
        max = CsvOptions::LONGEST_NULL
    )]
    Null(String),
}

/// [`CsvOptions`] as bytes.
#[derive(Debug, Clone, Copy)]
struct CsvBytes<'a> {
    delimiter: u8,
    quote: u8,
    null: &'a [u8],
}

/// A buffer of encoded lines. Allocated space is never cleared: bytes after the lines are overwritten by the next ones.
#[derive(Debug, Default)]
pub struct CsvLines {
    bytes: Vec<u8>,
    len: usize,
}

impl CsvLines {
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Empties the buffer, and keeps its memory.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Its memory in bytes.
    pub fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    /// The space after the lines, of at least this many bytes.
    fn end(&mut self, room: usize) -> Cursor<'_> {
        let needed = self.len + room;
        if self.bytes.len() < needed {
            self.bytes.resize(needed, 0);
        }
        Cursor::new(&mut self.bytes, self.len)
    }
}

/// Appends the header line, if there is one.
pub fn header(schema: &Schema, options: &CsvOptions, lines: &mut CsvLines) {
    if !options.header {
        return;
    }
    let CsvBytes { delimiter, quote, .. } = options.bytes();
    let mut out = Vec::new();
    for (i, field) in schema.fields().iter().enumerate() {
        if i > 0 {
            out.push(delimiter);
        }
        out.push(quote);
        out.extend_from_slice(field.name().replace(options.quote, &options.quote.to_string().repeat(2)).as_bytes());
        out.push(quote);
    }
    out.push(b'\n');
    let mut end = lines.end(out.len());
    end.slice(&out);
    lines.len = end.at();
}

/// Appends every row of `batch`, one line each.
///
/// # Errors
/// [`StageError::Unsupported`] for an Arrow type that dbmocker's columns never have; nothing is appended then.
pub fn encode(batch: &RecordBatch, options: &CsvOptions, lines: &mut CsvLines) -> Result<(), StageError> {
    let schema = batch.schema_ref();
    let chars = options.bytes();
    let cells = batch.columns().iter().zip(schema.fields());
    let columns =
        cells.map(|(array, field)| CsvCells::of(array.as_ref(), field, chars)).collect::<Result<Vec<_>, _>>()?;
    let widest = 1 + columns.iter().map(|c| c.widest().max(chars.null.len()) + 1).sum::<usize>();
    let at_once = (BYTES_SIDE_BY_SIDE / widest).clamp(1, SIDE_BY_SIDE);
    let mut side = SideBySide { bytes: vec![0; at_once * widest], widest, ends: [0; SIDE_BY_SIDE] };
    for from in (0..batch.num_rows()).step_by(at_once) {
        let rows = from..batch.num_rows().min(from + at_once);
        side.ends.fill(0);
        for column in &columns {
            column.put(rows.clone(), &mut side);
        }
        side.put_lines(rows.len(), lines);
    }
    Ok(())
}

/// The lines of some rows, each with space for the widest row, so that a column is encoded for all of them at a time,
/// and the position of a row does not depend on the previous one.
struct SideBySide {
    bytes: Vec<u8>,
    /// Bytes of space per row.
    widest: usize,
    ends: [usize; SIDE_BY_SIDE],
}

impl SideBySide {
    /// Appends the first `rows` lines, with the last delimiter replaced by the line's end.
    fn put_lines(&self, rows: usize, lines: &mut CsvLines) {
        let ends = &self.ends[..rows];
        let mut out = lines.end(ends.iter().map(|&end| end.max(1)).sum());
        for (bytes, &end) in self.bytes.chunks_exact(self.widest).zip(ends) {
            out.slice(&bytes[..end.saturating_sub(1)]);
            out.byte(b'\n');
        }
        lines.len = out.at();
    }
}

/// A quoted field. `all[from..to]` is copied with a fixed size if it is short, as most are.
#[inline]
fn put_text(line: &mut Cursor<'_>, quote: u8, all: &[u8], from: usize, to: usize) {
    line.byte(quote);
    match all.get(from..from + SHORT).and_then(|more| more.first_chunk::<SHORT>()) {
        Some(more) if to - from <= SHORT => line.first(more, to - from),
        _ => line.slice(&all[from..to]),
    }
    line.byte(quote);
}

/// The same, with quotes inside it doubled.
fn put_doubling_quotes(line: &mut Cursor<'_>, quote: u8, text: &[u8]) {
    line.byte(quote);
    for (i, piece) in text.split(|&b| b == quote).enumerate() {
        if i > 0 {
            line.all(&[quote, quote]);
        }
        line.slice(piece);
    }
    line.byte(quote);
}

/// One column of a batch, with its type matched once.
struct CsvCells<'a> {
    nulls: Option<&'a NullBuffer>,
    values: CsvValues<'a>,
    chars: CsvBytes<'a>,
}

enum CsvValues<'a> {
    Bool(&'a BooleanArray),
    Int16(&'a Int16Array),
    Int32(&'a Int32Array),
    Int64(&'a Int64Array),
    UInt64(&'a UInt64Array),
    Decimal(&'a Decimal128Array, u8),
    Float32(&'a Float32Array),
    Float64(&'a Float64Array),
    Text(&'a StringArray),
    /// With quotes in some values.
    Quotes(&'a StringArray),
    Binary(&'a BinaryArray),
    Uuid(&'a FixedSizeBinaryArray),
    Fixed(&'a FixedSizeBinaryArray),
    Date(&'a Date32Array),
    Time(&'a Time64MicrosecondArray),
    Timestamp(&'a TimestampMicrosecondArray, &'static [u8]),
}

impl<'a> CsvCells<'a> {
    fn of(array: &'a dyn Array, field: &Field, chars: CsvBytes<'a>) -> Result<Self, StageError> {
        let values = match array.data_type() {
            DataType::Boolean => CsvValues::Bool(array.as_boolean()),
            DataType::Int16 => CsvValues::Int16(array.as_primitive()),
            DataType::Int32 => CsvValues::Int32(array.as_primitive()),
            DataType::Int64 => CsvValues::Int64(array.as_primitive()),
            DataType::UInt64 => CsvValues::UInt64(array.as_primitive()),
            DataType::Decimal128(_, scale @ 0..=38) => CsvValues::Decimal(array.as_primitive(), scale.unsigned_abs()),
            DataType::Float32 => CsvValues::Float32(array.as_primitive()),
            DataType::Float64 => CsvValues::Float64(array.as_primitive()),
            DataType::Utf8 => {
                let texts: &StringArray = array.as_string();
                let of = if texts.value_data().contains(&chars.quote) { CsvValues::Quotes } else { CsvValues::Text };
                of(texts)
            }
            DataType::Binary => CsvValues::Binary(array.as_binary()),
            DataType::FixedSizeBinary(16) if extension(field) == Some(UUID_EXTENSION) => {
                CsvValues::Uuid(array.as_fixed_size_binary())
            }
            DataType::FixedSizeBinary(_) => CsvValues::Fixed(array.as_fixed_size_binary()),
            DataType::Date32 => CsvValues::Date(array.as_primitive()),
            DataType::Time64(TimeUnit::Microsecond) => CsvValues::Time(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let suffix: &[u8] = if zone.is_some() { b"+00" } else { b"" };
                CsvValues::Timestamp(array.as_primitive(), suffix)
            }
            other => {
                return Err(StageError::Unsupported {
                    column: field.name().clone(),
                    arrow: other.to_string(),
                    format: "CSV",
                });
            }
        };
        Ok(CsvCells { nulls: array.nulls(), values, chars })
    }

    /// Maximum bytes of a cell, and the bytes that are written beyond a field and overwritten by the next.
    fn widest(&self) -> usize {
        let longest = |offsets: &[i32]| offsets.windows(2).map(|ends| ends[1] - ends[0]).max().unwrap_or(0) as usize;
        match &self.values {
            CsvValues::Text(a) => longest(a.value_offsets()) + SHORT + 3,
            CsvValues::Quotes(a) => 2 * longest(a.value_offsets()) + 3,
            CsvValues::Binary(a) => 2 * longest(a.value_offsets()) + 5,
            CsvValues::Fixed(a) => 2 * usize::try_from(a.value_length()).expect("Arrow has no negative widths") + 5,
            _ => WIDEST,
        }
    }

    /// Writes the cells of these rows, each followed by a delimiter.
    fn put(&self, rows: Range<usize>, side: &mut SideBySide) {
        let quote = self.chars.quote;
        match &self.values {
            CsvValues::Bool(a) => {
                self.each(rows, side, |i, line| line.slice(if a.value(i) { b"true" } else { b"false" }))
            }
            CsvValues::Int16(a) => self.each(rows, side, |i, line| fast_format::put_i64(line, a.value(i).into())),
            CsvValues::Int32(a) => self.each(rows, side, |i, line| fast_format::put_i64(line, a.value(i).into())),
            CsvValues::Int64(a) => self.each(rows, side, |i, line| fast_format::put_i64(line, a.value(i))),
            CsvValues::UInt64(a) => self.each(rows, side, |i, line| fast_format::put_u64(line, a.value(i))),
            CsvValues::Decimal(a, scale) => {
                self.each(rows, side, |i, line| fast_format::put_decimal(line, a.value(i), *scale))
            }
            CsvValues::Float32(a) => self.each(rows, side, |i, line| fast_format::put_float32(line, a.value(i))),
            CsvValues::Float64(a) => self.each(rows, side, |i, line| fast_format::put_float(line, a.value(i))),
            CsvValues::Text(a) => {
                let (offsets, bytes) = (a.value_offsets(), a.value_data());
                self.each(rows, side, |i, line| {
                    put_text(line, quote, bytes, offsets[i] as usize, offsets[i + 1] as usize);
                });
            }
            CsvValues::Quotes(a) => {
                self.each(rows, side, |i, line| put_doubling_quotes(line, quote, a.value(i).as_bytes()))
            }
            CsvValues::Binary(a) => self.each(rows, side, |i, line| put_binary(line, quote, a.value(i))),
            CsvValues::Fixed(a) => self.each(rows, side, |i, line| put_binary(line, quote, a.value(i))),
            CsvValues::Uuid(a) => self.each(rows, side, |i, line| {
                let bytes = a.value(i).try_into().expect("the column was taken for UUIDs because its width is 16");
                line.all(&fast_format::uuid(bytes));
            }),
            CsvValues::Date(a) => self.each(rows, side, |i, line| fast_format::put_date(line, a.value(i))),
            CsvValues::Time(a) => self.each(rows, side, |i, line| fast_format::put_time(line, a.value(i))),
            CsvValues::Timestamp(a, suffix) => self.each(rows, side, |i, line| {
                fast_format::put_timestamp(line, a.value(i));
                line.slice(suffix);
            }),
        }
    }

    #[inline(always)]
    fn each(&self, rows: Range<usize>, side: &mut SideBySide, put: impl Fn(usize, &mut Cursor<'_>)) {
        let CsvBytes { delimiter, null, .. } = self.chars;
        let lines = side.bytes.chunks_exact_mut(side.widest).zip(&mut side.ends);
        for (row, (bytes, end)) in rows.zip(lines) {
            let mut line = Cursor::new(bytes, *end);
            if !self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
                put(row, &mut line);
            } else if !null.is_empty() {
                line.slice(null);
            }
            line.byte(delimiter);
            *end = line.at();
        }
    }
}

fn put_binary(line: &mut Cursor<'_>, quote: u8, bytes: &[u8]) {
    line.all(&[quote, b'\\', b'x']);
    fast_format::put_hex(line, bytes);
    line.byte(quote);
}

/// Writes one CSV file.
#[must_use]
pub struct CsvSink {
    file: OutFile,
    schema: SchemaRef,
    options: CsvOptions,
    buffer: CsvLines,
    rows: u64,
}

impl CsvSink {
    /// Starts the file with its header line.
    ///
    /// # Errors
    /// A column type that CSV cannot carry, or a write fails.
    pub fn new(file: OutFile, schema: SchemaRef, options: CsvOptions) -> Result<Self, StageError> {
        let mut buffer = CsvLines::default();
        header(&schema, &options, &mut buffer);
        encode(&RecordBatch::new_empty(schema.clone()), &options, &mut buffer)?;
        Ok(CsvSink { file, schema, options, buffer, rows: 0 })
    }

    /// Writes `rows` lines that [`encode`] made of batches of the same schema, possibly on another thread.
    ///
    /// # Errors
    /// A write fails.
    pub fn write_encoded(&mut self, rows: u64, lines: &CsvLines) -> Result<(), StageError> {
        self.flush()?;
        self.file.put(lines.as_bytes())?;
        self.rows += rows;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StageError> {
        self.file.put(self.buffer.as_bytes())?;
        self.buffer.clear();
        Ok(())
    }
}

impl BatchSink for CsvSink {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), StageError> {
        check_schema(&self.file.path().display().to_string(), &self.schema, batch)?;
        let mut from = 0;
        while from < batch.num_rows() {
            let piece = batch.slice(from, ROWS_AT_ONCE.min(batch.num_rows() - from));
            encode(&piece, &self.options, &mut self.buffer)?;
            from += piece.num_rows();
            if self.buffer.as_bytes().len() >= FLUSH_AT {
                self.flush()?;
            }
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn memory(&self) -> usize {
        self.buffer.memory()
    }

    fn bytes(&self) -> u64 {
        self.file.bytes()
    }

    fn finish(mut self: Box<Self>) -> Result<FilePart, StageError> {
        self.flush()?;
        self.file.finish(self.rows)
    }
}

#[cfg(test)]
mod tests;
