//! Proves who wrote a ledger on servers whose tables have no owner (MySQL, MariaDB, SQLite): each line has a code made
//! with a key that only this account of this machine has. The key is in a file that is deleted when the run has ended;
//! the journals' key is kept.
//!
//! A line that another account wrote or changed, or that was copied from an earlier run, fails the check.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// Keys of runs whose database no longer exists are removed after this time.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
const KEY_BYTES: usize = 32;
/// The file name of the key for journals, in the folder of the runs' keys.
const ACCOUNT: &str = "journal";

/// The key of one run.
#[derive(Clone)]
pub struct Seal {
    key: [u8; KEY_BYTES],
}

/// Never prints the key.
impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

/// An unguessable identifier for a run, of 32 hexadecimal digits.
///
/// # Errors
/// The system gives no random bytes.
pub fn token() -> io::Result<String> {
    let mut bytes = [0; 16];
    random(&mut bytes)?;
    Ok(hex(&bytes))
}

fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

impl Seal {
    /// Creates a key for the run, and stores it.
    ///
    /// # Errors
    /// There is no folder to store it in.
    pub fn new(token: &str) -> io::Result<Seal> {
        Seal::within(&folder()?, token)
    }

    fn within(folder: &Path, token: &str) -> io::Result<Seal> {
        let mut key = [0; KEY_BYTES];
        random(&mut key)?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        prune(folder);
        let path = folder.join(token);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(hex(&key).as_bytes())?;
        file.sync_all()?;
        Ok(Seal { key })
    }

    /// The key of this account's lines in journals, which outlive their runs; created if there is none.
    ///
    /// # Errors
    /// There is no folder to keep it in, or the existing key cannot be trusted.
    pub fn of_account() -> io::Result<Seal> {
        let folder = folder()?;
        match Seal::read(&folder, ACCOUNT) {
            Some(seal) => Ok(seal),
            None => Seal::kept(&folder),
        }
    }

    fn kept(folder: &Path) -> io::Result<Seal> {
        let name = token()?;
        let seal = Seal::within(folder, &name)?;
        // The link appears atomically, and does not replace a key that another run has just created.
        let linked = fs::hard_link(folder.join(&name), folder.join(ACCOUNT));
        fs::remove_file(folder.join(&name))?;
        match linked {
            Ok(()) => Ok(seal),
            Err(e) => Seal::read(folder, ACCOUNT).ok_or(e),
        }
    }

    /// The same, if it exists.
    pub fn of_account_if_any() -> Option<Seal> {
        Seal::read(&folder().ok()?, ACCOUNT)
    }

    /// The key of a run of this account that has not ended; `None` if there is none that can be trusted.
    pub fn find(token: &str) -> Option<Seal> {
        Seal::found(&folder().ok()?, token)
    }

    fn found(folder: &Path, token: &str) -> Option<Seal> {
        if is_token(token) { Seal::read(folder, token) } else { None }
    }

    fn read(folder: &Path, token: &str) -> Option<Seal> {
        let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
        let file = File::options().read(true).custom_flags(flags).open(folder.join(token)).ok()?;
        let found = file.metadata().ok()?;
        let own = found.uid() == rustix::process::geteuid().as_raw();
        if !(own && found.is_file() && found.mode() & 0o077 == 0) {
            return None;
        }
        let mut text = String::new();
        file.take(2 * KEY_BYTES as u64 + 1).read_to_string(&mut text).ok()?;
        Seal::from_text(&text)
    }

    /// Deletes the key of a run that has ended.
    pub fn forget(token: &str) {
        if let (true, Ok(folder)) = (is_token(token), folder()) {
            // A key that cannot be deleted matches no ledger any more.
            let _ = fs::remove_file(folder.join(token));
        }
    }

    /// For a worker process.
    pub fn to_text(&self) -> String {
        hex(&self.key)
    }

    pub fn from_text(text: &str) -> Option<Seal> {
        let digits = text.as_bytes();
        let mut key = [0; KEY_BYTES];
        if digits.len() != 2 * KEY_BYTES {
            return None;
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Seal { key })
    }

    /// The HMAC of a line's fields.
    pub fn code(&self, fields: &[&str]) -> String {
        hex(hmac::sign(&self.hmac(), &message(fields)).as_ref())
    }

    /// Whether a code is the HMAC of the fields.
    pub fn fits(&self, fields: &[&str], code: &str) -> bool {
        let mut bytes = Vec::new();
        for pair in code.as_bytes().chunks(2) {
            let Some(byte) = std::str::from_utf8(pair).ok().and_then(|p| u8::from_str_radix(p, 16).ok()) else {
                return false;
            };
            bytes.push(byte);
        }
        hmac::verify(&self.hmac(), &message(fields), &bytes).is_ok()
    }

    fn hmac(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.key)
    }
}

/// The fields with their lengths, so that different fields give different bytes.
fn message(fields: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in fields {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field.as_bytes());
    }
    bytes
}

fn random(bytes: &mut [u8]) -> io::Result<()> {
    SystemRandom::new().fill(bytes).map_err(|_| io::Error::other("the system gives no random bytes"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to memory is infallible");
        text
    })
}

/// The folder for data of this account that outlives a process.
fn folder() -> io::Result<PathBuf> {
    let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::home_dir().filter(|path| path.is_absolute()).map(|home| home.join(".local/state"));
    let state = named.or_else(home).ok_or_else(|| io::Error::other("this account has no home folder"))?;
    Ok(state.join("dbmocker").join("runs"))
}

fn prune(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|e| e.file_name().to_str().is_some_and(is_token)) {
        let age = entry.metadata().and_then(|m| m.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_code_fits_its_own_fields_only() {
        let folder = tempfile::tempdir().unwrap();
        let token = token().unwrap();
        let seal = Seal::within(folder.path(), &token).unwrap();
        let code = seal.code(&["a", "bc"]);
        let again = Seal::found(folder.path(), &token).unwrap();
        assert!(again.fits(&["a", "bc"], &code) && Seal::from_text(&seal.to_text()).unwrap().fits(&["a", "bc"], &code));
        assert!(!again.fits(&["ab", "c"], &code) && !again.fits(&["a", "bc"], "") && !again.fits(&["a", "bc"], "xy"));
        assert!(Seal::within(folder.path(), &token).is_err(), "a run's key is made once");
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_a_link_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (token().unwrap(), token().unwrap());
        let _ = Seal::within(folder.path(), &one).unwrap();
        std::os::unix::fs::symlink(folder.path().join(&one), folder.path().join(&other)).unwrap();
        assert!(Seal::found(folder.path(), &other).is_none());
        fs::set_permissions(folder.path().join(&one), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Seal::found(folder.path(), &one).is_none());
        for name in ["../../etc/passwd", "", "x"] {
            assert!(Seal::found(folder.path(), name).is_none());
        }
    }
}
