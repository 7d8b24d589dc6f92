//! A file that is written atomically: as `NAME.inprogress`, synced, then renamed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::OFlags;
use twox_hash::XxHash3_128;

use super::packing::{Packer, Packing};
use super::spill::Quota;
use super::{FilePart, StageError};

/// Ending of an incomplete file.
pub const IN_PROGRESS: &str = ".inprogress";
/// Bytes buffered before they are hashed and written.
const BUFFER: usize = 256 << 10;

/// Options for creating a file.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// Replace a finished file of the same name.
    pub overwrite: bool,
    /// Sync to the disk before the file gets its name.
    pub durable: bool,
    /// Compute XXH3 (128 bits).
    pub checksum: bool,
    /// The quota to which it counts.
    pub quota: Option<Quota>,
    /// Compress the file as a whole.
    pub packing: Option<Packing>,
    /// Only this account may read it.
    pub private: bool,
}

impl Default for FileOptions {
    fn default() -> Self {
        FileOptions { overwrite: false, durable: true, checksum: true, quota: None, packing: None, private: false }
    }
}

/// A file being written. If dropped unfinished, it is removed.
#[must_use]
pub struct OutFile {
    file: File,
    path: PathBuf,
    unfinished: PathBuf,
    name: String,
    options: FileOptions,
    buffer: Vec<u8>,
    packer: Option<Packer>,
    hash: Option<Checksum>,
    bytes: u64,
    failure: FileFailure,
    /// The bytes counted by the quota for this file; released unless the file was finished.
    leased: u64,
    done: bool,
}

impl OutFile {
    /// Starts `name` in `dir`, which must exist; folders in `name` are made.
    ///
    /// An `.inprogress` file left by a killed run is replaced; one that another process is writing is an error.
    ///
    /// # Errors
    /// [`StageError::Exists`], [`StageError::Busy`], or an I/O error.
    pub fn create(dir: &Path, name: &str, options: FileOptions) -> Result<Self, StageError> {
        make_folders(dir, name)?;
        let path = dir.join(name);
        let unfinished = dir.join(format!("{name}{IN_PROGRESS}"));
        let refuse = |e| StageError::create(&path, e);
        match fs::symlink_metadata(&path) {
            Ok(_) if !options.overwrite => return Err(StageError::Exists { path }),
            Ok(found) if found.is_dir() => return Err(StageError::Planted { path, what: "a folder" }),
            _ => {}
        }
        let file = loop {
            let file = open(&unfinished, options.private)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(StageError::Busy { path: unfinished }),
                // The file system has no locks, so this cannot be checked.
                Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(e)) => return Err(refuse(e)),
            }
            // Its last writer may have given it its final name in the meantime.
            let found = file.metadata().map_err(refuse)?;
            if fs::symlink_metadata(&unfinished).is_ok_and(|now| (now.dev(), now.ino()) == (found.dev(), found.ino())) {
                break file;
            }
        };
        file.set_len(0).map_err(refuse)?;
        let hash = options.checksum.then(Checksum::default);
        let packer = options.packing.map(Packer::new).transpose().map_err(refuse)?;
        Ok(OutFile {
            file,
            path,
            unfinished,
            name: name.to_owned(),
            options,
            buffer: Vec::with_capacity(BUFFER),
            packer,
            hash,
            bytes: 0,
            failure: FileFailure::default(),
            leased: 0,
            done: false,
        })
    }

    /// The final path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes accepted so far, including buffered ones; compressed bytes where they were compressed.
    pub fn bytes(&self) -> u64 {
        self.bytes + self.buffer.len() as u64
    }

    /// Writes, with the path in the error.
    ///
    /// # Errors
    /// Disk full, quota used up, or another I/O error.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), StageError> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.drain()?;
        }
        if bytes.len() >= BUFFER {
            return self.send(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Where to find the original error behind an [`io::Error`] that this file's `Write` returned to an intermediate
    /// writer.
    pub(super) fn failure(&self) -> FileFailure {
        self.failure.clone()
    }

    /// Syncs, checks that the final name is still free, and renames.
    ///
    /// # Errors
    /// As for [`put`](Self::put) and [`create`](Self::create); the file is removed then.
    pub fn finish(mut self, rows: u64) -> Result<FilePart, StageError> {
        self.drain()?;
        if let Some(packer) = self.packer.take() {
            let last = packer.finish().map_err(|e| StageError::write(&self.path, e))?;
            self.send(&last)?;
        }
        if self.options.durable {
            self.file.sync_all().map_err(|e| StageError::write(&self.path, e))?;
        }
        if !self.options.overwrite && fs::symlink_metadata(&self.path).is_ok() {
            return Err(StageError::Exists { path: self.path.clone() });
        }
        fs::rename(&self.unfinished, &self.path).map_err(|e| StageError::create(&self.path, e))?;
        self.done = true;
        if self.options.durable {
            sync_folder(&self.path)?;
        }
        let checksum = self.hash.take().map(|h| h.text()).unwrap_or_default();
        Ok(FilePart { path: self.name.clone(), rows, first_row: None, partition: None, bytes: self.bytes, checksum })
    }

    fn drain(&mut self) -> Result<(), StageError> {
        let buffer = std::mem::take(&mut self.buffer);
        let result = if buffer.is_empty() { Ok(()) } else { self.send(&buffer) };
        self.buffer = buffer;
        self.buffer.clear();
        result
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), StageError> {
        let packed;
        let bytes = match &mut self.packer {
            None => bytes,
            Some(packer) => {
                packed = packer.pack(bytes).map_err(|e| StageError::write(&self.path, e))?;
                &packed
            }
        };
        let more = bytes.len() as u64;
        if let Some(quota) = &self.options.quota {
            quota.take(more)?;
            self.leased += more;
        }
        self.file.write_all(bytes).map_err(|e| StageError::write(&self.path, e))?;
        if let Some(hash) = &mut self.hash {
            hash.update(bytes);
        }
        self.bytes += more;
        Ok(())
    }
}

/// Creates the folders of a file below `dir`. Symbolic links of their names are not followed.
fn make_folders(dir: &Path, name: &str) -> Result<(), StageError> {
    let mut folders: Vec<&Path> = Path::new(name).ancestors().skip(1).filter(|f| !f.as_os_str().is_empty()).collect();
    folders.reverse();
    for folder in folders {
        let path = dir.join(folder);
        match fs::create_dir(&path) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                if !fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
                    return Err(StageError::Planted { path, what: "no folder" });
                }
            }
            Err(e) => return Err(StageError::create(&path, e)),
        }
    }
    Ok(())
}

/// Removes a file below `dir`, and the folders between them that are empty then.
///
/// # Errors
/// The file cannot be removed.
pub fn remove_file(dir: &Path, name: &str) -> io::Result<()> {
    fs::remove_file(dir.join(name))?;
    for folder in Path::new(name).ancestors().skip(1).filter(|f| !f.as_os_str().is_empty()) {
        if fs::remove_dir(dir.join(folder)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Opens a file for reading. What is no ordinary file is refused: a pipe without a writer would never end.
pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    let file = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    Ok(file)
}

/// Opens an unfinished file, or creates it. A symbolic link of its name is not followed, and a pipe does not block.
fn open(path: &Path, private: bool) -> Result<File, StageError> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut options = File::options();
    options.write(true).custom_flags(flags).mode(if private { 0o600 } else { 0o666 });
    let planted = |what| StageError::Planted { path: path.to_owned(), what };
    let file = match options.clone().create_new(true).open(path) {
        Ok(file) => return Ok(file),
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(StageError::create(path, e)),
        // The file may have been left by a killed run.
        Err(_) => options.open(path),
    };
    let file = match file {
        Ok(file) => file,
        Err(_) if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) => {
            return Err(planted("no ordinary file"));
        }
        // Its writer has finished or removed it in the meantime.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return open(path, private),
        Err(e) => return Err(StageError::create(path, e)),
    };
    let found = file.metadata().map_err(|e| StageError::create(path, e))?;
    match () {
        () if !found.is_file() => Err(planted("no ordinary file")),
        () if found.uid() != rustix::process::geteuid().as_raw() => Err(planted("a file of another account")),
        () if found.nlink() > 1 => Err(planted("a file that has another name as well")),
        () => Ok(file),
    }
}

/// The first failure of a file, stored because an intermediate writer may pass on only its text, and may not exist any
/// more.
#[derive(Debug, Clone, Default)]
pub(super) struct FileFailure(Arc<Mutex<Option<StageError>>>);

impl FileFailure {
    fn note(&self, error: StageError) -> io::Error {
        let said = io::Error::other(error.to_string());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        said
    }

    pub(super) fn take(&self) -> Option<StageError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes).map_err(|e| self.failure.note(e))?;
        Ok(bytes.len())
    }

    /// Does nothing: the buffer is written when it is full, and at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        // Errors cannot be reported here, and a remaining file is replaced by the next run.
        let name = format!("{}{IN_PROGRESS}", self.name);
        let dir = self.unfinished.ancestors().nth(Path::new(&name).components().count());
        let _ = dir.map(|dir| remove_file(dir, &name));
        if let Some(quota) = &self.options.quota {
            quota.give_back(self.leased);
        }
    }
}

/// Makes a rename in the folder of `path` survive a power failure.
///
/// # Errors
/// An I/O error; that a file system cannot sync folders is not an error.
pub(super) fn sync_folder(path: &Path) -> Result<(), StageError> {
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let Ok(folder) = File::open(folder) else { return Ok(()) };
    match folder.sync_all() {
        Err(e) if !matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Err(StageError::write(path, e))
        }
        _ => Ok(()),
    }
}

/// XXH3 with 128 bits, as `xxhsum -H2` prints it: detects damage in transfer, at memory speed.
pub(super) struct Checksum(XxHash3_128);

impl Default for Checksum {
    fn default() -> Self {
        Checksum(XxHash3_128::new())
    }
}

impl Checksum {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// Lower-case hex.
    pub fn text(&self) -> String {
        format!("{:032x}", self.0.finish_128())
    }
}

#[cfg(test)]
mod tests;
