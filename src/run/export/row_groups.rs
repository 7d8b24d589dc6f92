//! The boundaries of a table's row groups and Parquet files.

use arrow::array::{Array as _, ArrayRef, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::DataType;

use super::ExportOptions;
use crate::run::RunError;
use dbmocker_files::parquet::{CHUNKS_OF_FILE, CUT_ROWS};
use dbmocker_files::{FileType, ParquetOptions};
use dbmocker_generate::generator::Generator;

/// The boundaries of a table's row groups and Parquet files, computed from its first rows, so that they depend neither
/// on the machine nor on the workers.
pub(in crate::run) struct Groups {
    /// Bytes of a row in memory.
    pub(in crate::run) row_bytes: u64,
    /// Rows of a group, and those generated at once for it.
    pub(in crate::run) rows: u64,
    pub(in crate::run) at_once: u64,
    pub(in crate::run) rows_of_file: u64,
    /// The writer's properties, without a dictionary for columns with too many values.
    pub(in crate::run) options: ParquetOptions,
}

impl Groups {
    /// The row groups of a table's Parquet files; `None` for other formats.
    pub(in crate::run) fn for_format(
        generator: &Generator,
        t: usize,
        options: &ExportOptions,
    ) -> Result<Option<Self>, RunError> {
        match options.format {
            FileType::Csv | FileType::Arrow | FileType::Ndjson | FileType::Sql => Ok(None),
            FileType::Parquet => Groups::of(generator, t, &options.parquet).map(Some),
        }
    }

    pub(in crate::run) fn of(generator: &Generator, t: usize, options: &ParquetOptions) -> Result<Self, RunError> {
        let (mut row_bytes, mut distinct) = (1, Vec::new());
        for rows in SAMPLES.map(|n| n.min(generator.table(t).rows)) {
            if row_bytes * rows > SAMPLE_BYTES {
                break;
            }
            let sample = generator.batch(t, 0..rows)?;
            row_bytes = (sample.get_array_memory_size() as u64).div_ceil(rows.max(1)).max(1);
            let schema = sample.schema();
            let many = schema.fields().iter().zip(sample.columns()).filter(|(_, column)| too_many_values(column));
            distinct = many.map(|(field, _)| field.name().clone()).collect();
        }
        let rows = options.rows_of_group(usize::try_from(row_bytes).unwrap_or(usize::MAX)) as u64;
        let at_once = if row_bytes <= NARROW_BYTES { NARROW_ROWS } else { CUT_ROWS as u64 };
        let columns = generator.table(t).schema.fields().len().max(1);
        let rows_of_file = rows * (CHUNKS_OF_FILE / columns).max(1) as u64;
        Ok(Groups { row_bytes, rows, at_once, rows_of_file, options: ParquetOptions { distinct, ..options.clone() } })
    }
}

/// Rows that show how wide a table's rows are; the more rows, the smaller the share of the arrays' fixed overhead.
const SAMPLES: [u64; 3] = [8, 256, 4096];
const SAMPLE_BYTES: u64 = 1 << 20;
/// Rows generated at once for a row group, if they are narrow: a multiple of the encoder's batch size.
const NARROW_ROWS: u64 = 4 * CUT_ROWS as u64;
const NARROW_BYTES: u64 = 512;
/// Whether a dictionary of the column's values would take longer than it saves. Delta-encoded numbers are about as
/// small as dictionary-encoded ones, unless there are few distinct values; for texts this holds only if nearly all
/// differ.
fn too_many_values(column: &ArrayRef) -> bool {
    let Ok(compare) = make_comparator(column, column, SortOptions::default()) else { return false };
    let mut order: Vec<usize> = (0..column.len()).filter(|&i| column.is_valid(i)).collect();
    order.sort_unstable_by(|&a, &b| compare(a, b));
    let repeats = order.windows(2).filter(|pair| compare(pair[0], pair[1]).is_eq()).count();
    let text = matches!(column.data_type(), DataType::Utf8 | DataType::Binary);
    let (different, held) = (order.len() - repeats, order.len());
    held > 1 && if text { different * 4 >= held * 3 } else { different * 8 > held }
}
