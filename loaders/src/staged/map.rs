//! A memory-mapped staged file. Pages that were read count as resident memory of the process until they are released,
//! so a reader releases them as it proceeds; a released page that is accessed later is read from the file again.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use memmap2::Mmap;

/// Bytes read before their pages are released.
const RESIDENT: usize = 4 << 20;

/// One mapped file. Clones share the map.
#[derive(Clone)]
pub struct Map(Arc<Mmap>);

impl Map {
    /// `None` for an empty file, which has nothing to map.
    ///
    /// # Errors
    /// The operating system refuses the mapping.
    pub fn open(path: &Path) -> io::Result<Option<Map>> {
        let file = File::open(path)?;
        if file.metadata()?.len() == 0 {
            return Ok(None);
        }
        // SAFETY: staged files are written once and renamed into place; this program truncates none that is being
        // loaded. If another program does, the process gets a SIGBUS, a known risk of memory maps.
        let map = unsafe { Mmap::map(&file) }?;
        Ok(Some(Map(Arc::new(map))))
    }

    /// The file's bytes, not copied.
    pub fn bytes(&self) -> Bytes {
        Bytes::from_owner(self.clone())
    }

    fn give_back(&self) {
        #[cfg(unix)]
        // SAFETY: the map is read-only and of a file: a page that is accessed again is read from the file again, with
        // the same bytes. If the call fails, the pages stay resident.
        let _ = unsafe { self.0.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Releases a map's pages whenever enough of it was read.
pub struct Resident {
    map: Map,
    read: usize,
}

impl Resident {
    pub fn new(map: Map) -> Self {
        Resident { map, read: 0 }
    }

    /// About `bytes` more of the file were read.
    pub fn read(&mut self, bytes: usize) {
        self.read += bytes;
        if self.read >= RESIDENT {
            self.read = 0;
            self.map.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_were_given_back_hold_the_same_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "").unwrap();
        assert!(Map::open(&path).unwrap().is_none());
        let bytes: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        std::fs::write(&path, &bytes).unwrap();
        let map = Map::open(&path).unwrap().unwrap();
        let shared = map.bytes();
        let mut resident = Resident::new(map);
        for _ in 0..3 {
            assert!(shared[..] == bytes);
            resident.read(RESIDENT);
        }
    }
}
