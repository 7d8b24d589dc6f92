//! Joins manifests of slices into the manifest of the whole export.
//!
//! In: folders with exports of slices of one plan. Out: a manifest whose files contain every row exactly once, or an
//! error with the rows that are missing or duplicated. Data files are neither read nor moved.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::{FilePart, Manifest, ManifestError};

/// Why slices cannot be joined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    #[error("`{}` holds no manifest of a part; give folders that `dbmocker export --part I/N` wrote", folder.display())]
    NoSlice { folder: PathBuf },
    #[error("the parts in `{}` and `{}` are of different {what}; join parts of one plan only", first.display(), other.display())]
    Different { first: PathBuf, other: PathBuf, what: &'static str },
    #[error("rows {} to {} of `{table}` are in no part; export them by `--rows-range '{table}:{}..{}'`, or the part that is missing", rows.start, rows.end - 1, rows.start, rows.end)]
    Missing { table: String, rows: Range<u64> },
    #[error("`{file}` has rows of `{table}` beyond the {rows} that it has; export the part again")]
    Beyond { table: String, file: String, rows: u64 },
    #[error("rows {} to {} of `{table}` are in `{first}` and in `{second}`; leave one of them out", rows.start, rows.end - 1)]
    Twice { table: String, rows: Range<u64>, first: String, second: String },
    #[error("`{}` is not within `{}`: a manifest names files of its own folder; choose another --out", folder.display(), out.display())]
    Outside { folder: PathBuf, out: PathBuf },
    #[error("no folder is above all the parts; say by --out where the manifest goes")]
    NoCommonFolder,
    #[error("`{}` has a backslash or bytes that are not text in its name, which a manifest cannot hold; rename it", folder.display())]
    Name { folder: PathBuf },
    #[error("cannot use the folder `{}`", folder.display())]
    Folder { folder: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// Joins the slices in `folders` into a manifest for `out`; without it, for their innermost common folder. Returns the
/// manifest, which is not written, and its folder.
///
/// # Errors
/// [`JoinError`]: the slices are of different plans, do not contain every row exactly once, or a manifest cannot be
/// read.
pub fn join(folders: &[PathBuf], out: Option<&Path>) -> Result<(Manifest, PathBuf), JoinError> {
    let folders = folders.iter().map(|f| absolute(f)).collect::<Result<Vec<_>, _>>()?;
    let out = out.map_or_else(|| common(&folders).ok_or(JoinError::NoCommonFolder), absolute)?;
    let mut whole: Option<(PathBuf, Manifest)> = None;
    for folder in &folders {
        let inside =
            folder.strip_prefix(&out).map_err(|_| JoinError::Outside { folder: folder.clone(), out: out.clone() })?;
        let slices = Manifest::read_slices(folder)?;
        if slices.is_empty() {
            return Err(JoinError::NoSlice { folder: folder.clone() });
        }
        for mut slice in slices {
            for file in slice.tables.iter_mut().flat_map(|t| &mut t.files) {
                file.path =
                    slashed(&inside.join(&file.path)).ok_or_else(|| JoinError::Name { folder: folder.clone() })?;
            }
            match &mut whole {
                None => whole = Some((folder.clone(), slice)),
                Some((first, whole)) => add(first, whole, folder, slice)?,
            }
        }
    }
    let (_, mut whole) = whole.ok_or(JoinError::NoCommonFolder)?;
    whole.slice = super::Slice::Whole;
    whole.tables.iter_mut().try_for_each(|t| covered(&t.label, t.rows, &mut t.files))?;
    Ok((whole, out))
}

/// Checks that a table's files contain every row exactly once.
fn covered(table: &str, rows: u64, files: &mut [FilePart]) -> Result<(), JoinError> {
    let first = |f: &FilePart| f.first_row.unwrap_or(0);
    files.sort_by_key(|f| (first(f), f.partition.clone(), f.rows));
    each_row_once(table, rows, &spans(table, files)?)
}

/// The ranges of rows that files contain. Files of one range, in folders by a column's value, count as one.
fn spans(table: &str, files: &[FilePart]) -> Result<Vec<FilePart>, JoinError> {
    let mut spans: Vec<FilePart> = Vec::new();
    let among = |f: &FilePart| f.partition.as_ref().map(|p| p.among);
    for file in files {
        match spans.last_mut() {
            Some(last) if among(last).is_some() && (last.first_row, among(last)) == (file.first_row, among(file)) => {
                if last.partition == file.partition {
                    let (first, second) = (last.path.clone(), file.path.clone());
                    let start = file.first_row.unwrap_or(0);
                    let rows = start..start.saturating_add(among(file).unwrap_or(0));
                    return Err(JoinError::Twice { table: table.to_owned(), rows, first, second });
                }
                last.rows = last.rows.saturating_add(file.rows);
                last.partition.clone_from(&file.partition);
                last.path.clone_from(&file.path);
            }
            _ => spans.push(file.clone()),
        }
    }
    Ok(spans)
}

fn each_row_once(table: &str, rows: u64, files: &[FilePart]) -> Result<(), JoinError> {
    let first = |f: &FilePart| f.first_row.unwrap_or(0);
    let mut next = 0;
    let missing = |rows| JoinError::Missing { table: table.to_owned(), rows };
    for (i, file) in files.iter().enumerate() {
        if first(file) > next {
            return Err(missing(next..first(file)));
        }
        let end = first(file).saturating_add(file.rows);
        if end > rows {
            return Err(JoinError::Beyond { table: table.to_owned(), file: file.path.clone(), rows });
        }
        if first(file) < next && file.rows > 0 {
            let rows = first(file)..end.min(next);
            let before = files[..i].iter().rev().find(|f| first(f).saturating_add(f.rows) > first(file));
            let before = before.expect("a file before this one reaches beyond its first row");
            let (first, second) = (before.path.clone(), file.path.clone());
            return Err(JoinError::Twice { table: table.to_owned(), rows, first, second });
        }
        next = next.max(end);
    }
    if next < rows { Err(missing(next..rows)) } else { Ok(()) }
}

/// Adds the files of a slice to those of the others.
fn add(first: &Path, whole: &mut Manifest, folder: &Path, slice: Manifest) -> Result<(), JoinError> {
    let different = |what| JoinError::Different { first: first.to_owned(), other: folder.to_owned(), what };
    if slice.plan != whole.plan || slice.seed != whole.seed || slice.algorithm_version != whole.algorithm_version {
        return Err(different("plans"));
    }
    if (slice.format, slice.compression) != (whole.format, whole.compression) {
        return Err(different("formats"));
    }
    if (&slice.csv, slice.packing) != (&whole.csv, whole.packing) {
        return Err(different("formats of text"));
    }
    for table in slice.tables {
        match whole.tables.iter_mut().find(|t| t.label == table.label) {
            // UUIDs are 16 bytes or text.
            Some(there) if there.columns != table.columns => return Err(different("types of columns")),
            Some(there) => there.files.extend(table.files),
            None => return Err(different("tables")),
        }
    }
    Ok(())
}

fn absolute(folder: &Path) -> Result<PathBuf, JoinError> {
    folder.canonicalize().map_err(|source| JoinError::Folder { folder: folder.to_owned(), source })
}

/// Their innermost common folder.
fn common(folders: &[PathBuf]) -> Option<PathBuf> {
    let (first, others) = folders.split_first()?;
    let above = first.ancestors().find(|a| others.iter().all(|f| f.starts_with(a)))?;
    // The root of the file system is not used as the common folder.
    above.components().any(|c| matches!(c, Component::Normal(_))).then(|| above.to_owned())
}

/// A path in the form of manifests, the same on every operating system; `None` if it has none.
fn slashed(path: &Path) -> Option<String> {
    let parts = path.components().map(|c| c.as_os_str().to_str().filter(|part| !part.contains('\\')));
    parts.collect::<Option<Vec<_>>>().map(|parts| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HivePartition;

    fn file(path: &str, first_row: u64, rows: u64) -> FilePart {
        FilePart {
            path: path.into(),
            rows,
            first_row: Some(first_row),
            partition: None,
            bytes: 0,
            checksum: String::new(),
        }
    }

    #[test]
    fn gaps_and_doubles_are_named() {
        let check = |files: &[(&str, u64, u64)], rows| {
            let mut files: Vec<_> = files.iter().map(|&(p, first, n)| file(p, first, n)).collect();
            covered("t", rows, &mut files).map_err(|e| e.to_string())
        };
        assert_eq!(check(&[("b", 5, 5), ("a", 0, 5)], 10), Ok(()));
        assert_eq!(check(&[("a", 0, 0)], 0), Ok(()));
        let of = |path: &str, first: u64, rows, value: &str| FilePart {
            partition: Some(HivePartition { column: "c".into(), value: Some(value.into()), among: 5 }),
            ..file(path, first, rows)
        };
        let mut folders = vec![of("x", 5, 3, "x"), of("y", 0, 5, "y"), of("z", 5, 2, "y")];
        assert!(covered("t", 10, &mut folders).is_ok());
        folders.push(of("w", 5, 2, "y"));
        let told = covered("t", 10, &mut folders).unwrap_err().to_string();
        assert!(told.contains("rows 5 to 9 of `t` are in `w` and in `z`") || told.contains("`z` and in `w`"), "{told}");
        folders.truncate(2);
        assert!(covered("t", 10, &mut folders).unwrap_err().to_string().contains("in no part"));
        assert_eq!(check(&[("a", 0, 5), ("empty", 5, 0), ("b", 5, 5)], 10), Ok(()));
        let told = check(&[("a", 0, 5), ("b", 7, 3)], 10).unwrap_err();
        assert!(told.contains("rows 5 to 6 of `t`") && told.contains("t:5..7"), "{told}");
        assert!(check(&[("a", 0, 11)], 10).unwrap_err().contains("beyond the 10"));
        let told = check(&[("a", 0, 5)], 10).unwrap_err();
        assert!(told.contains("rows 5 to 9 of `t`"), "{told}");
        let told = check(&[("a", 0, 5), ("b", 3, 7)], 10).unwrap_err();
        assert!(told.contains("rows 3 to 4 of `t` are in `a` and in `b`"), "{told}");
        let told = check(&[("a", 0, 10), ("b", 2, 2), ("c", 9, 1)], 10).unwrap_err();
        assert!(told.contains("rows 2 to 3 of `t` are in `a` and in `b`"), "{told}");
    }
}
