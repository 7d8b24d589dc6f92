//! dbmocker's CSV dialect to record batches: a header line, `,`, `\n`, every non-NULL text in quotes, NULL empty and
//! unquoted. General CSV readers do not report whether a field was quoted, so they cannot distinguish NULL from `''`.

use std::path::Path;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::map::{Map, Resident};
use super::{BATCH_ROWS, file_error};
use crate::LoadError;
use crate::staged::csv::column::{CsvColumn, CsvColumnError};

mod column;

const BATCH_BYTES: usize = super::BATCH_BYTES;

/// Iterates over the batches of one file. The first error ends it.
pub struct CsvReader {
    path: String,
    schema: SchemaRef,
    map: Option<Map>,
    resident: Option<Resident>,
    /// Byte offset of the next row.
    at: usize,
    /// Rows read so far.
    rows: u64,
    columns: Vec<CsvColumn>,
    scratch: Vec<u8>,
    failed: bool,
}

impl CsvReader {
    pub fn open(path: &Path, schema: SchemaRef) -> Result<CsvReader, LoadError> {
        let shown = path.display().to_string();
        let map = Map::open(path).map_err(|e| file_error(&shown, e.to_string()))?;
        let resident = map.clone().map(Resident::new);
        let columns = schema.fields().iter().map(|f| CsvColumn::new(f)).collect::<Result<_, _>>();
        let columns = columns.map_err(|e: CsvColumnError| file_error(&shown, e.to_string()))?;
        let mut reader = CsvReader {
            path: shown,
            schema,
            map,
            resident,
            at: 0,
            rows: 0,
            columns,
            scratch: Vec::new(),
            failed: false,
        };
        reader.header()?;
        Ok(reader)
    }

    fn error(&self, message: &str) -> LoadError {
        file_error(&self.path, format!("row {}: {message}", self.rows + 1))
    }

    /// The first line must name the schema's columns, in order.
    fn header(&mut self) -> Result<(), LoadError> {
        let data = self.map.as_ref().map(Map::as_ref).unwrap_or_default();
        let wanted: Vec<&str> = self.schema.fields().iter().map(|f| f.name().as_str()).collect();
        let mut found = Vec::new();
        let (mut at, mut last) = (0, data.is_empty());
        while !last {
            let field = RawField::parse(data, at).map_err(|m| file_error(&self.path, format!("header: {m}")))?;
            found.push(String::from_utf8_lossy(field.text(&mut self.scratch)).into_owned());
            (at, last) = (field.next, field.ends_row);
        }
        if wanted.is_empty() && found == [""] {
            found.clear();
        }
        if found != wanted {
            let message = format!("its header names {found:?}, expected {wanted:?}; export it again");
            return Err(file_error(&self.path, message));
        }
        self.at = at;
        Ok(())
    }

    /// Parses one row into the column builders.
    fn row(&mut self, data: &[u8]) -> Result<(), LoadError> {
        let mut at = self.at;
        let count = self.columns.len();
        for i in 0..count {
            let field = RawField::parse(data, at).map_err(|e| self.error(&e.to_string()))?;
            if field.ends_row != (i + 1 == count) {
                let seen = if field.ends_row { "fewer" } else { "more" };
                return Err(self.error(&format!("{seen} than {count} fields; the file is damaged, export it again")));
            }
            let value = if field.is_null() { None } else { Some(field.text(&mut self.scratch)) };
            if let Err(why) = self.columns[i].push(value) {
                let name = self.schema.field(i).name();
                return Err(self.error(&format!("column `{name}`: {why}")));
            }
            at = field.next;
        }
        if count == 0 {
            let field = RawField::parse(data, at).map_err(|e| self.error(&e.to_string()))?;
            if !field.is_null() || !field.ends_row {
                return Err(self.error("more than 0 fields; the file is damaged, export it again"));
            }
            at = field.next;
        }
        self.at = at;
        self.rows += 1;
        Ok(())
    }

    fn batch(&mut self, data: &[u8]) -> Result<Option<RecordBatch>, LoadError> {
        let (from, mut rows) = (self.at, 0);
        while self.at < data.len() && rows < BATCH_ROWS && self.at - from < BATCH_BYTES {
            self.row(data)?;
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let arrays = self.columns.iter_mut().map(CsvColumn::finish).collect::<Result<_, _>>();
        let arrays = arrays.map_err(|e| self.error(&e.to_string()))?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
            .map(Some)
            .map_err(|e| file_error(&self.path, format!("rows before {}: {e}", self.rows + 1)))
    }
}

impl Iterator for CsvReader {
    type Item = Result<RecordBatch, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let map = self.map.take();
        let from = self.at;
        let batch = self.batch(map.as_ref().map(Map::as_ref).unwrap_or_default());
        self.map = map;
        if let Some(resident) = &mut self.resident {
            resident.read(self.at - from);
        }
        self.failed = batch.is_err();
        batch.transpose()
    }
}

/// One field as read from the file, before unquoting.
struct RawField<'a> {
    /// The text between the quotes, or the whole field.
    raw: &'a [u8],
    quoted: bool,
    /// Whether the text contains doubled quotes.
    escaped: bool,
    /// Offset of the byte after the separator.
    next: usize,
    ends_row: bool,
}

/// Why a field cannot be read.
#[derive(Debug, thiserror::Error)]
enum CsvSyntaxError {
    #[error("a quoted field has no end; the file is damaged, export it again")]
    OpenQuote,
    #[error("text after a closing quote; the file is damaged, export it again")]
    AfterQuote,
}

impl<'a> RawField<'a> {
    fn parse(data: &'a [u8], at: usize) -> Result<RawField<'a>, CsvSyntaxError> {
        let rest = data.get(at..).unwrap_or_default();
        if rest.first() != Some(&b'"') {
            let len = rest.iter().position(|&b| b == b',' || b == b'\n').unwrap_or(rest.len());
            let (next, ends_row) = Self::separator(data, at + len)?;
            return Ok(RawField { raw: &rest[..len], quoted: false, escaped: false, next, ends_row });
        }
        let (mut end, mut escaped) = (1, false);
        loop {
            match rest[end..].iter().position(|&b| b == b'"') {
                None => return Err(CsvSyntaxError::OpenQuote),
                Some(i) if rest.get(end + i + 1) == Some(&b'"') => {
                    escaped = true;
                    end += i + 2;
                }
                Some(i) => {
                    end += i;
                    break;
                }
            }
        }
        let (next, ends_row) = Self::separator(data, at + end + 1)?;
        Ok(RawField { raw: &rest[1..end], quoted: true, escaped, next, ends_row })
    }

    fn separator(data: &[u8], at: usize) -> Result<(usize, bool), CsvSyntaxError> {
        match data.get(at) {
            Some(b',') => Ok((at + 1, false)),
            Some(b'\n') => Ok((at + 1, true)),
            None => Ok((at, true)),
            Some(_) => Err(CsvSyntaxError::AfterQuote),
        }
    }

    fn is_null(&self) -> bool {
        !self.quoted && self.raw.is_empty()
    }

    /// The value, with doubled quotes unescaped.
    fn text<'b>(&self, scratch: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        if !self.escaped {
            return self.raw;
        }
        scratch.clear();
        let mut rest = self.raw;
        while let Some(i) = rest.iter().position(|&b| b == b'"') {
            scratch.extend_from_slice(&rest[..=i]);
            rest = &rest[i + 2..];
        }
        scratch.extend_from_slice(rest);
        scratch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use arrow::array::{Array, ArrayRef, AsArray};
    use arrow::datatypes::{DataType, Decimal128Type, Int32Type, Schema, TimeUnit, TimestampMicrosecondType};

    fn read(text: &str, schema: Schema) -> Result<Vec<RecordBatch>, LoadError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        CsvReader::open(&path, Arc::new(schema))?.collect()
    }

    fn schema(fields: &[(&str, DataType)]) -> Schema {
        Schema::new(fields.iter().map(|(n, t)| arrow::datatypes::Field::new(*n, t.clone(), true)).collect::<Vec<_>>())
    }

    fn strings(array: &ArrayRef) -> Vec<Option<&str>> {
        array.as_string::<i32>().iter().collect()
    }

    #[test]
    fn null_and_empty_and_quotes_are_told_apart() {
        let text = "id,t\n1,\"\"\n2,\n,\"a,\"\"b\"\"\nc\"\n4,\"\\N\"\n5,\"\"\"\"";
        let batches = read(text, schema(&[("id", DataType::Int32), ("t", DataType::Utf8)])).unwrap();
        let ids: Vec<_> = batches[0].column(0).as_primitive::<Int32Type>().iter().collect();
        assert_eq!(ids, [Some(1), Some(2), None, Some(4), Some(5)]);
        assert_eq!(strings(batches[0].column(1)), [Some(""), None, Some("a,\"b\"\nc"), Some("\\N"), Some("\"")]);
    }

    #[test]
    fn every_type() {
        let text = "b,d,bin,day,t,ts,u\n\
                    true,-12.5,\"00ff\",2024-02-29,23:59:59.5,2024-01-01 00:00:00.000001,00000000-0000-0000-0000-0000000000ff\n\
                    ,,,,,,\n";
        let types = [
            ("b", DataType::Boolean),
            ("d", DataType::Decimal128(10, 2)),
            ("bin", DataType::Binary),
            ("day", DataType::Date32),
            ("t", DataType::Time64(TimeUnit::Microsecond)),
            ("ts", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
            ("u", DataType::FixedSizeBinary(16)),
        ];
        let batch = read(text, schema(&types)).unwrap().remove(0);
        assert!(batch.column(0).as_boolean().value(0));
        assert_eq!(batch.column(1).as_primitive::<Decimal128Type>().value(0), -1250);
        assert_eq!(batch.column(2).as_binary::<i32>().value(0), [0, 255]);
        let micros = batch.column(5).as_primitive::<TimestampMicrosecondType>().value(0);
        assert_eq!(micros, 1_704_067_200_000_001);
        assert_eq!(batch.column(6).as_fixed_size_binary().value(0)[15], 255);
        assert!(batch.columns().iter().all(|c| c.is_null(1)));
    }

    #[test]
    fn single_nullable_column_and_no_columns() {
        let one = read("a\n\n\"\"\n", schema(&[("a", DataType::Utf8)])).unwrap();
        assert_eq!(strings(one[0].column(0)), [None, Some("")]);
        let none = read("\n\n\n", schema(&[])).unwrap();
        assert_eq!(none[0].num_rows(), 2);
    }

    #[test]
    fn damage_is_named() {
        let types = [("a", DataType::Int32), ("b", DataType::Utf8)];
        for (text, part) in [
            ("a\n", "header"),
            ("", "header"),
            ("a,b\n1,\"x\"\n2\n", "row 2: fewer than 2 fields"),
            ("a,b\n1,\"x\",3\n", "row 1: more than 2 fields"),
            ("a,b\n1,\"x\n", "no end"),
            ("a,b\n1,\"x\"y\n", "after a closing quote"),
            ("a,b\nz,\"x\"\n", "column `a`: `z` is not"),
            ("a,b\n5000000000,\"x\"\n", "column `a`: `5000000000` is not"),
        ] {
            let error = read(text, schema(&types)).unwrap_err().to_string();
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }

    #[test]
    fn many_rows_make_many_batches() {
        let mut text = String::from("a\n");
        (0..20_000).for_each(|i| text.push_str(&format!("{i}\n")));
        let batches = read(&text, schema(&[("a", DataType::Int32)])).unwrap();
        assert_eq!(batches.len(), 3);
        assert_eq!(batches[2].column(0).as_primitive::<Int32Type>().value(0), 16_384);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let text = [b"a,b\n".as_slice(), &bytes].concat();
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.csv");
            std::fs::write(&path, text).unwrap();
            let types = [("a", DataType::Decimal128(38, 10)), ("b", DataType::Utf8)];
            let _ = CsvReader::open(&path, Arc::new(schema(&types))).map(|r| r.count());
        }
    }
}
