//! SQLite: an exclusive lock of the operating system on a file next to the database, whose name is derived from the
//! database's real path, so that every spelling and symbolic link resolves to it. The system releases the lock when the
//! process ends, for any reason.
//!
//! A database file with several hard links has several real paths: in that case the database file itself is locked as
//! well. Otherwise it is not, because closing it releases the locks that SQLite holds in this process.

use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::holder::{Holder, Who};
use super::{Attempt, Held, LockLoss};
use crate::run::RunError;

const SUFFIX: &str = "-dbmocker-lock";
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// Bytes of a lock file that are read.
const LINE: u64 = 200;

/// The lock file of this process, for an exit that runs no destructors.
static FILE: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Removes the lock file that this process holds, if any.
pub fn remove() {
    if let Some(path) = FILE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // The process ends: a remaining lock file is unlocked, and the next run reuses it.
        let _ = fs::remove_file(path);
    }
}

/// The lock of one database file, not yet taken.
pub(super) struct FileAttempt {
    database: PathBuf,
    path: PathBuf,
    who: Who,
    /// Kept open once it was opened, until the process ends.
    linked: Option<&'static File>,
}

/// A held lock. It is released when this value is dropped or the process ends.
struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileAttempt {
    /// # Errors
    /// The database file does not exist.
    pub(super) fn new(database: &str, who: Who) -> Result<Self, RunError> {
        let real = fs::canonicalize(database).map_err(|e| no_lock(Path::new(database), &e))?;
        let mut name = real.clone().into_os_string();
        name.push(SUFFIX);
        Ok(FileAttempt { database: real, path: name.into(), who, linked: None })
    }

    fn open(&self, database: &Metadata) -> Result<File, RunError> {
        let mut options = File::options();
        options.read(true).create(true).truncate(false).mode(database.mode() & 0o666);
        // A symbolic link of this name is not followed, and a pipe does not block.
        let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
        options.custom_flags(flags);
        let opened = match options.write(true).open(&self.path) {
            // Another user's file, left by a killed run: a lock needs no write permission.
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                File::options().read(true).custom_flags(flags).open(&self.path).map_err(|_| e)
            }
            other => other,
        };
        let file = opened.map_err(|e| no_lock(&self.path, &e))?;
        let found = file.metadata().map_err(|e| no_lock(&self.path, &e))?;
        if found.is_file() { Ok(file) } else { Err(no_lock(&self.path, &io::Error::other("it is no ordinary file"))) }
    }

    /// Locks the file itself if the database has several hard links; `false`: another process has locked it.
    fn take_links(&mut self, database: &Metadata) -> Result<bool, RunError> {
        if database.nlink() < 2 {
            return Ok(true);
        }
        let file = match self.linked {
            Some(file) => file,
            None => {
                let file = File::open(&self.database).map_err(|e| no_lock(&self.database, &e))?;
                self.linked.insert(Box::leak(Box::new(file)))
            }
        };
        taken(file, &self.database)
    }
}

impl Attempt for FileAttempt {
    fn attempt(&mut self) -> Result<Option<Box<dyn Held>>, RunError> {
        let database = fs::metadata(&self.database).map_err(|e| no_lock(&self.database, &e))?;
        loop {
            let file = self.open(&database)?;
            if !taken(&file, &self.path)? {
                return Ok(None);
            }
            if !is_at(&file, &self.path) {
                continue; // its last holder has removed it in the meantime
            }
            if !self.take_links(&database)? {
                // The holder's lock file is next to another hard link.
                let _ = fs::remove_file(&self.path);
                return Ok(None);
            }
            // If it cannot be written, other runs cannot read who holds the lock.
            let _ = file.set_len(0).and_then(|()| (&file).write_all(self.who.line().as_bytes()));
            *FILE.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.path.clone());
            return Ok(Some(Box::new(FileLock { file, path: self.path.clone() })));
        }
    }

    fn holder(&mut self) -> Result<Holder, RunError> {
        let mut line = String::new();
        if let Ok(file) = fs::metadata(&self.database).map_err(drop).and_then(|d| self.open(&d).map_err(drop)) {
            // Another user's file may have any content.
            let _ = file.take(LINE).read_to_string(&mut line);
        }
        Ok(Holder { who: Who::read(&line), session: None })
    }

    fn end_holder(&mut self) -> Result<(), RunError> {
        let holder = self.holder()?;
        let message =
            format!("the lock of `{}` is held by {holder}: end that process, and it is free", self.database.display());
        Err(RunError::Lock { message })
    }
}

impl Held for FileLock {
    fn check(&mut self) -> Result<(), LockLoss> {
        if is_at(&self.file, &self.path) { Ok(()) } else { Err(LockLoss::File(self.path.clone())) }
    }

    fn every(&self) -> Duration {
        CHECK_EVERY
    }

    fn release(self: Box<Self>) {
        if is_at(&self.file, &self.path) {
            // A remaining lock file is unlocked, and the next run reuses it.
            let _ = fs::remove_file(&self.path);
        }
        FILE.lock().unwrap_or_else(PoisonError::into_inner).take_if(|path| *path == self.path);
    }
}

/// Whether the lock was taken; `false`: another process holds it.
fn taken(file: &File, path: &Path) -> Result<bool, RunError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(e)) => Err(no_lock(path, &e)),
    }
}

/// Whether the path still refers to the file.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(own), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}

fn no_lock(path: &Path, e: &io::Error) -> RunError {
    let message = format!(
        "cannot lock `{}`: {e}; SQLite and dbmocker need the right to write to the database's folder, on a file system with locks",
        path.display()
    );
    RunError::Lock { message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(path: &Path) -> Result<Box<dyn Held>, Holder> {
        let mut attempt = FileAttempt::new(path.to_str().unwrap(), Who::here()).unwrap();
        attempt.attempt().unwrap().ok_or_else(|| attempt.holder().unwrap())
    }

    #[test]
    fn every_name_of_a_file_leads_to_one_lock() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        fs::write(&file, "").unwrap();
        let other = folder.path().join("sub");
        fs::create_dir(&other).unwrap();
        let symlink = other.join("link.db");
        std::os::unix::fs::symlink("../a.db", &symlink).unwrap();
        let hard = other.join("hard.db");
        let held = attempt(&file).map_err(|_| ()).unwrap();
        for name in [&symlink, &folder.path().join("sub/../a.db"), &folder.path().join("./a.db")] {
            let holder = attempt(name).err().unwrap();
            assert_eq!(holder.who.unwrap().pid, std::process::id(), "{}", name.display());
        }
        held.release();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the lock file is gone");

        fs::hard_link(&file, &hard).unwrap();
        let held = attempt(&file).map_err(|_| ()).unwrap();
        assert!(attempt(&hard).is_err());
        held.release();
    }

    #[test]
    fn what_a_killed_run_left_is_taken_over_and_a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        fs::write(&file, "").unwrap();
        let lock = folder.path().join(format!("a.db{SUFFIX}"));
        fs::write(&lock, "left behind").unwrap();
        attempt(&file).map_err(|_| ()).unwrap().release();
        assert!(!lock.exists());
        let victim = folder.path().join("victim");
        fs::write(&victim, "dear").unwrap();
        std::os::unix::fs::symlink(&victim, &lock).unwrap();
        let refused = FileAttempt::new(file.to_str().unwrap(), Who::here()).unwrap().attempt();
        assert!(refused.err().unwrap().to_string().contains("cannot lock"));
        assert_eq!(fs::read_to_string(&victim).unwrap(), "dear");
    }

    #[test]
    fn a_lock_file_that_somebody_removes_is_a_lost_lock() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        fs::write(&file, "").unwrap();
        let mut held = attempt(&file).map_err(|_| ()).unwrap();
        assert!(held.check().is_ok());
        fs::remove_file(folder.path().join(format!("a.db{SUFFIX}"))).unwrap();
        assert!(held.check().unwrap_err().to_string().contains("removed"));
    }
}
