//! A list of the files that a running export has finished, one line each, so that an export that was stopped can be
//! resumed.
//!
//! The first line identifies plan and file format, so that other files are not mistaken for this export's. A truncated
//! line is ignored, and every file is read again before it is kept.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_128;

use super::file::remove_file;
use super::manifest::{is_inside, verify_checksum};
use super::{FilePart, Slice};

/// The name of the list in the export's folder: exports of different slices may write into one folder concurrently.
pub fn file_name(slice: &Slice) -> String {
    slice.manifest_name().replace(".json", ".in-progress")
}

#[derive(Serialize, Deserialize)]
struct First {
    generator: String,
    /// XXH3 (128 bits) of the plan and of the options of the files.
    of: String,
}

/// The files that an earlier export has left in the folder.
#[derive(Debug)]
pub enum LeftoverFiles {
    Nothing,
    /// Files of another plan, or the list cannot be read.
    Other,
    /// Its files, by name.
    Files(BTreeMap<String, FilePart>),
}

/// Records finished files.
#[derive(Debug)]
pub struct InProgress {
    file: Mutex<File>,
}

/// The digest of the data from which files are made.
pub fn digest(of: &[&str]) -> String {
    let mut all = Vec::new();
    for text in of {
        all.extend_from_slice(&(text.len() as u64).to_be_bytes());
        all.extend_from_slice(text.as_bytes());
    }
    format!("{:032x}", XxHash3_128::oneshot(&all))
}

/// Reads what an earlier export of the same `digest` has finished.
pub fn left(folder: &Path, slice: &Slice, digest: &str) -> LeftoverFiles {
    let text = match fs::read_to_string(folder.join(file_name(slice))) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return LeftoverFiles::Nothing,
        Err(_) => return LeftoverFiles::Other,
    };
    let first: Option<First> = text.lines().next().and_then(|line| serde_json::from_str(line).ok());
    if first.is_none_or(|first| first.of != digest) {
        return LeftoverFiles::Other;
    }
    LeftoverFiles::Files(parts(&text).map(|part| (part.path.clone(), part)).collect())
}

fn parts(text: &str) -> impl Iterator<Item = FilePart> {
    text.lines().skip(1).map_while(|line| serde_json::from_str(line).ok())
}

/// Removes the files that a stopped export has finished, and their list.
///
/// # Errors
/// The system refuses the operation.
pub fn remove_all(folder: &Path, slice: &Slice) -> io::Result<()> {
    let text = fs::read_to_string(folder.join(file_name(slice))).unwrap_or_default();
    for part in parts(&text).filter(|part| is_inside(&part.path) && is_whole(folder, part)) {
        remove_file(folder, &part.path)?;
    }
    remove(folder, slice)
}

/// Whether a file exists and is unchanged since it was finished.
pub fn is_whole(folder: &Path, part: &FilePart) -> bool {
    let found = fs::symlink_metadata(folder.join(&part.path));
    found.is_ok_and(|f| f.is_file() && f.len() == part.bytes) && verify_checksum(folder, part, &mut |_| {}).is_ok()
}

/// Removes the list, once the manifest exists or the files are removed.
///
/// # Errors
/// The system refuses the operation.
pub fn remove(folder: &Path, slice: &Slice) -> io::Result<()> {
    match fs::remove_file(folder.join(file_name(slice))) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

impl InProgress {
    /// Begins the list, with the files that are kept.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn begin<'a>(
        folder: &Path,
        slice: &Slice,
        digest: &str,
        kept: impl IntoIterator<Item = &'a FilePart>,
    ) -> io::Result<InProgress> {
        let path = folder.join(file_name(slice));
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        let first = First { generator: super::Manifest::generator(), of: digest.to_owned() };
        writeln!(new, "{}", serde_json::to_string(&first)?)?;
        let file = new.persist(path)?;
        let notes = InProgress { file: Mutex::new(file) };
        kept.into_iter().try_for_each(|part| notes.finished(part))?;
        Ok(notes)
    }

    /// Records a file that is complete and has its final name.
    ///
    /// # Errors
    /// The system refuses the operation.
    pub fn finished(&self, part: &FilePart) -> io::Result<()> {
        let line = serde_json::to_string(part)? + "\n";
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_is_kept_and_a_cut_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert!(matches!(left(path, &Slice::Whole, "a"), LeftoverFiles::Nothing));
        let part = |name: &str| FilePart {
            path: name.into(),
            rows: 1,
            first_row: None,
            partition: None,
            bytes: 3,
            checksum: format!("{:032x}", XxHash3_128::oneshot(b"abc")),
        };
        let notes = InProgress::begin(path, &Slice::Whole, "a", [&part("x.csv")]).unwrap();
        notes.finished(&part("y.csv")).unwrap();
        let all = fs::read_to_string(path.join(file_name(&Slice::Whole))).unwrap();
        fs::write(path.join(file_name(&Slice::Whole)), &all[..all.len() - 9]).unwrap();
        let LeftoverFiles::Files(files) = left(path, &Slice::Whole, "a") else { panic!("the same digest") };
        assert_eq!(files.keys().collect::<Vec<_>>(), ["x.csv"]);
        assert!(matches!(left(path, &Slice::Whole, "b"), LeftoverFiles::Other));
        assert!(!is_whole(path, &files["x.csv"]));
        fs::write(path.join("x.csv"), "abd").unwrap();
        assert!(!is_whole(path, &files["x.csv"]));
        fs::write(path.join("x.csv"), "abc").unwrap();
        assert!(is_whole(path, &files["x.csv"]));
        remove(path, &Slice::Whole).unwrap();
        remove(path, &Slice::Whole).unwrap();
    }
}
