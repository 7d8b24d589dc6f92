//! A list of the files that a running export has finished, one line each, so that an export that was stopped can be
//! resumed.
//!
//! The first line identifies plan and file format, so that other files are not mistaken for this export's. A truncated
//! line is ignored, and every file is read again before it is kept.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_128;

use super::file::{open_to_read, remove_file};
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

/// The notes, locked by this export: no other one writes the same slice into the folder meanwhile. The system releases
/// the lock however the process ends.
#[derive(Debug)]
pub struct FolderLock {
    file: File,
    path: PathBuf,
}

impl FolderLock {
    /// Returns `None` while another process holds the lock.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn take(folder: &Path, slice: &Slice) -> io::Result<Option<FolderLock>> {
        let path = folder.join(file_name(slice));
        // A pipe does not block; a link of its name is not followed.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .custom_flags(flags.bits().cast_signed())
                .open(&path)?;
            if !file.metadata()?.is_file() {
                return Err(io::Error::other(format!("`{}` is no ordinary file; remove it", path.display())));
            }
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                // Some network file systems have no locks; parts have names of their own there.
                Err(TryLockError::Error(e)) if no_locks(&e) => {}
                Err(TryLockError::Error(e)) => return Err(e),
            }
            // The holder before may have replaced or removed the file meanwhile.
            if is_at(&file, &path)? {
                return Ok(Some(FolderLock { file, path }));
            }
        }
    }
}

/// Returns true if the file system has no locks, or no server for them.
fn no_locks(e: &io::Error) -> bool {
    e.kind() == io::ErrorKind::Unsupported || e.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error())
}

/// Returns true if the path names the open file.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (ours, now) = (file.metadata()?, fs::symlink_metadata(path));
    Ok(now.is_ok_and(|now| (now.dev(), now.ino()) == (ours.dev(), ours.ino())))
}

impl Drop for FolderLock {
    /// Notes that were never begun are removed.
    fn drop(&mut self) {
        let empty = self.file.metadata().is_ok_and(|m| m.len() == 0);
        // Notes that have replaced these are another's.
        if empty && is_at(&self.file, &self.path).unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Notes finished files.
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

fn read(folder: &Path, slice: &Slice) -> io::Result<String> {
    let mut text = String::new();
    open_to_read(&folder.join(file_name(slice)))?.read_to_string(&mut text)?;
    Ok(text)
}

/// Reads what an earlier export of the same `digest` has finished.
pub fn left(folder: &Path, slice: &Slice, digest: &str) -> LeftoverFiles {
    let text = match read(folder, slice) {
        Ok(text) if text.is_empty() => return LeftoverFiles::Nothing,
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
    let text = read(folder, slice).unwrap_or_default();
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
    /// Begins the notes, with the files that are kept. They are locked as the notes before them.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn begin<'a>(
        lock: FolderLock,
        folder: &Path,
        slice: &Slice,
        digest: &str,
        kept: impl IntoIterator<Item = &'a FilePart>,
    ) -> io::Result<InProgress> {
        let path = folder.join(file_name(slice));
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        let first = First { generator: super::Manifest::generator(), of: digest.to_owned() };
        writeln!(new, "{}", serde_json::to_string(&first)?)?;
        // No other process has opened a file without its name.
        let _ = new.as_file().try_lock();
        let file = new.persist(path)?;
        drop(lock);
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

    /// A pipe of the list's name would never give what is read from it.
    #[test]
    fn a_list_that_is_no_ordinary_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file_name(&Slice::Whole));
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let error = FolderLock::take(folder.path(), &Slice::Whole).unwrap_err().to_string();
        assert!(error.contains("in-progress` is no ordinary file"), "{error}");
    }

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
        let lock = FolderLock::take(path, &Slice::Whole).unwrap().unwrap();
        assert!(FolderLock::take(path, &Slice::Whole).unwrap().is_none());
        let notes = InProgress::begin(lock, path, &Slice::Whole, "a", [&part("x.csv")]).unwrap();
        assert!(FolderLock::take(path, &Slice::Whole).unwrap().is_none());
        notes.finished(&part("y.csv")).unwrap();
        drop(notes);
        drop(FolderLock::take(path, &Slice::Whole).unwrap().unwrap());
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
        drop(FolderLock::take(path, &Slice::Whole).unwrap().unwrap());
        assert!(!path.join(file_name(&Slice::Whole)).exists());
    }
}
