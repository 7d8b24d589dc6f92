//! File names of tables: readable, valid on every file system, and different for different tables.

use super::FileType;
use super::slice::{Slice, ends_as_slice};

/// Maximum bytes of a label, so that with part number, extension and `.inprogress` the name stays below the usual limit
/// of 255.
const MAX_STEM: usize = 200;

/// The name of a table's file: `{label}.csv`, or `{label}.{part:05}.csv` when it has several.
///
/// ```
/// use dbmocker_files::{FileType, file_name};
/// assert_eq!(file_name("orders", None, FileType::Csv), "orders.csv");
/// assert_eq!(file_name("sales.orders", Some(3), FileType::Parquet), "sales.orders.00003.parquet");
/// assert_eq!(file_name("a/b", None, FileType::Csv), "a%2Fb.csv");
/// ```
pub fn file_name(label: &str, part: Option<u32>, file_type: FileType) -> String {
    sliced_file_name(label, &Slice::Whole, part, file_type)
}

/// As [`file_name`], for a slice: no two slices have a file of the same name.
///
/// ```
/// use dbmocker_files::{FileType, sliced_file_name};
/// let third = "3/16".parse().unwrap();
/// assert_eq!(sliced_file_name("orders", &third, None, FileType::Csv), "orders.part-00003-of-00016.csv");
/// ```
pub fn sliced_file_name(label: &str, slice: &Slice, part: Option<u32>, file_type: FileType) -> String {
    let mut name = safe(label);
    let suffixes = [slice.suffix(), part.map(|part| format!("{part:05}")), Some(file_type.extension().to_owned())];
    for suffix in suffixes.into_iter().flatten() {
        name.push('.');
        name.push_str(&suffix);
    }
    name
}

/// The part of file names that stands for the table: the folder of its files in folders by a column's value.
pub fn file_stem(label: &str) -> String {
    safe(label)
}

/// Percent-encodes characters that are not safe in file names. Letters of any script are kept; different labels give
/// different names.
pub(crate) fn safe(label: &str) -> String {
    let mut out = String::with_capacity(label.len());
    // `a.00001` is part 1 of table `a`.
    let numbered = looks_numbered(label).or_else(|| ends_as_slice(label));
    for (i, c) in label.char_indices() {
        let plain = match c {
            '.' => i > 0 && Some(i) != numbered && i + 1 < label.len(),
            '-' => i > 0,
            '_' => true,
            c => c.is_alphanumeric(),
        };
        if plain {
            out.push(c);
        } else {
            let mut utf8 = [0; 4];
            for byte in c.encode_utf8(&mut utf8).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    if out.len() <= MAX_STEM {
        return out;
    }
    // Too long for a file name: the beginning for readability, and a hash for uniqueness (`~` is always encoded above).
    let cut = (0..=MAX_STEM - 17).rev().find(|&i| out.is_char_boundary(i)).unwrap_or(0);
    let hash = dbmocker_core::rng_stream::Stream::new(0, label, "file name").key();
    format!("{}~{hash:016x}", &out[..cut])
}

/// The position of the dot if the label ends like a part number: a dot and at least five digits.
fn looks_numbered(label: &str) -> Option<usize> {
    let dot = label.rfind('.')?;
    let tail = &label[dot + 1..];
    (tail.len() >= 5 && tail.bytes().all(|b| b.is_ascii_digit())).then_some(dot)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn odd_labels_are_safe_and_differ() {
        let long = "x".repeat(300);
        let labels = [
            "plain",
            "with space",
            "with%20space",
            "a/b",
            "a\\b",
            "..",
            ".",
            "",
            ".hidden",
            "-dash",
            "dot.",
            "naïve",
            "a\nb",
            "a\0b",
            "a.00001",
            "a:b",
            "a*b",
            "CON\u{202e}",
            &long,
            &format!("{long}y"),
            "表",
            "a.b",
            "..a",
        ];
        let names: HashSet<String> = labels.iter().map(|l| file_name(l, None, FileType::Csv)).collect();
        assert_eq!(names.len(), labels.len());
        for name in &names {
            assert!(name.len() <= 220, "{name}");
            assert!(
                !name.contains(['/', '\\', '\0', ':', '*', '\n']) && !name.starts_with("..") && !name.starts_with('-')
            );
        }
        assert_ne!(file_name("a", Some(1), FileType::Csv), file_name("a.00001", None, FileType::Csv));
        let part = sliced_file_name("a", &Slice::Part { index: 1, of: 2 }, None, FileType::Csv);
        assert_ne!(part, file_name("a.part-00001-of-00002", None, FileType::Csv));
    }
}
