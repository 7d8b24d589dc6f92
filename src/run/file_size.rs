//! Estimates the size of a table's files from files of some of its rows.
//!
//! In: a plan, the options of an export. Out: bytes of a row and of a file without rows. The estimate depends neither on
//! the machine nor on which part of the rows is exported.

use std::ops::Range;
use std::sync::Arc;

use super::export::{Groups, TableFile};
use super::{ExportOptions, Flow, RunError};
use crate::report::Progress;
use dbmocker_files::{Slice, StageError};
use dbmocker_generate::generator::Generator;
use dbmocker_plan::Plan;

/// Rows that are written from each sampled range of a table, and the memory that they may take.
const ROWS: u64 = 1 << 15;
const BYTES: u64 = 8 << 20;
/// The number of sampled ranges: values and their lengths change with the row number.
const PLACES: u64 = 3;

/// The size of a table's files.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FileSize {
    pub row: f64,
    /// Of a file without rows.
    pub empty: f64,
}

impl FileSize {
    /// Rows of a file of about so many bytes.
    pub fn rows_in(&self, bytes: u64) -> u64 {
        let rows = (bytes as f64 - self.empty) / self.row.max(f64::MIN_POSITIVE);
        // The conversion saturates.
        (rows.round() as u64).max(1)
    }

    /// Bytes of one file of so many rows.
    pub fn bytes(&self, rows: u64) -> f64 {
        self.empty + self.row * rows as f64
    }
}

/// Estimates the files of a table.
///
/// # Errors
/// A row cannot be generated, or a temporary file not be written.
pub fn of(
    plan: &Plan,
    generator: &Arc<Generator>,
    t: usize,
    options: &ExportOptions,
    flow: &Flow,
) -> Result<FileSize, RunError> {
    let folder = tempfile::tempdir().map_err(|e| StageError::create(&std::env::temp_dir(), e))?;
    let options = &ExportOptions {
        folder: folder.path().to_owned(),
        store: None,
        overwrite: true,
        slice: Slice::Whole,
        ..options.clone()
    };
    let groups = Groups::for_format(generator, t, options)?;
    let progress = &Progress::new(plan.tables.iter().map(|p| (p.label.clone(), 0)));
    let bytes = |rows: Range<u64>| {
        let file = TableFile { plan, generator, t, rows, options, flow, progress };
        Ok::<_, RunError>(file.write("sample", groups.as_ref())?.bytes as f64)
    };
    let rows = plan.tables[t].rows;
    let at_once = match &groups {
        // A dictionary belongs to a row group.
        Some(groups) => groups.rows,
        None => ROWS.min(BYTES / Groups::of(generator, t, &options.parquet)?.row_bytes).max(1),
    };
    let empty = bytes(0..0)?;
    let (mut written, mut sum) = (0, 0.0);
    for rows in samples(rows, at_once) {
        written += rows.end - rows.start;
        sum += bytes(rows)? - empty;
    }
    Ok(FileSize { row: if written > 0 { sum / written as f64 } else { 0.0 }, empty })
}

/// The bytes of all tables' files.
///
/// # Errors
/// As `of`.
pub fn file_bytes(
    plan: &Plan,
    generator: &Arc<Generator>,
    options: &ExportOptions,
    flow: &Flow,
) -> Result<f64, RunError> {
    let file = |t: usize| Ok::<_, RunError>(of(plan, generator, t, options, flow)?.bytes(plan.tables[t].rows));
    (0..plan.tables.len()).map(file).sum()
}

/// The ranges of rows to write: all rows, if these are not more than the sampled ones.
fn samples(rows: u64, at_once: u64) -> Vec<Range<u64>> {
    if rows <= at_once.saturating_mul(PLACES) {
        return std::iter::once(0..rows).collect();
    }
    let spare = rows / PLACES - at_once;
    (0..PLACES).map(|place| place * (rows / PLACES) + spare / 2).map(|from| from..from + at_once).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_lie_apart_within_the_table() {
        assert_eq!(samples(10, 4).as_slice(), std::slice::from_ref(&(0..10)));
        assert_eq!(samples(0, 4).as_slice(), std::slice::from_ref(&(0..0)));
        assert_eq!(samples(30, 4), [3..7, 13..17, 23..27]);
        let all = samples(u64::MAX, 1 << 15);
        assert!(all.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }
}
