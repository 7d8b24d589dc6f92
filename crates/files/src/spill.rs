//! Spilled files: written by the same sinks as exported ones, removed with their last handle, within a disk quota.
//!
//! Files of a killed process are removed by the next run that uses the same parent folder ([`sweep`]).

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use rustix::fs::OFlags;
use tempfile::TempDir;

use super::csv::{CsvLines, encode};
use super::parquet::{CHUNKS_OF_FILE, EncodedGroup, GroupEncoder};
use super::{
    BatchSink, Compression, CsvOptions, CsvSink, FileOptions, Format, OutFile, ParquetOptions, ParquetSink, StageError,
    file_name,
};

/// A limit of bytes on disk for all spilled files. Clones are the same quota.
#[derive(Debug, Clone)]
pub struct Quota(Arc<QuotaState>);

#[derive(Debug)]
struct QuotaState {
    limit: u64,
    used: AtomicU64,
    high_water: AtomicU64,
    total: AtomicU64,
}

impl Quota {
    /// A quota of `limit` bytes.
    pub fn new(limit: u64) -> Self {
        let zero = || AtomicU64::new(0);
        Quota(Arc::new(QuotaState { limit, used: zero(), high_water: zero(), total: zero() }))
    }

    /// Bytes on disk now.
    pub fn used(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Bytes that may still be written.
    pub fn left(&self) -> u64 {
        self.0.limit.saturating_sub(self.used())
    }

    pub(super) fn take(&self, bytes: u64) -> Result<(), StageError> {
        let limit = self.0.limit;
        let fits = |used: u64| used.checked_add(bytes).filter(|&total| total <= limit);
        match self.0.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(before) => {
                self.0.high_water.fetch_max(before + bytes, Ordering::Relaxed);
                self.0.total.fetch_add(bytes, Ordering::Relaxed);
                Ok(())
            }
            Err(used) => Err(StageError::DiskLimit { limit, used, asked: bytes }),
        }
    }

    pub(super) fn give_back(&self, bytes: u64) {
        self.0.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Creates spilled files in a separate folder, which is created with the first file and removed with the last handle.
#[derive(Debug)]
pub struct SpillStore {
    parent: PathBuf,
    format: Format,
    parquet: ParquetOptions,
    quota: Quota,
    next: AtomicU64,
    folder: Mutex<Option<Arc<Folder>>>,
}

impl SpillStore {
    /// A store below `parent` (the system's temporary folder if `None`) that holds at most `disk_limit` bytes.
    pub fn new(parent: Option<&Path>, format: Format, disk_limit: u64) -> Self {
        SpillStore {
            parent: parent.map_or_else(std::env::temp_dir, Path::to_owned),
            format,
            parquet: ParquetOptions { compression: Compression::None, plain: true, ..ParquetOptions::default() },
            quota: Quota::new(disk_limit),
            next: AtomicU64::new(0),
            folder: Mutex::new(None),
        }
    }

    /// Encoded bytes that a Parquet file gathers in memory.
    #[must_use]
    pub fn with_row_groups(self, bytes: usize) -> Self {
        SpillStore { parquet: ParquetOptions { row_group_bytes: bytes, ..self.parquet }, ..self }
    }

    /// The files' format; files of tables without columns are always CSV.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Bytes on disk now.
    pub fn used(&self) -> u64 {
        self.quota.used()
    }

    /// Bytes that may still be written.
    pub fn left(&self) -> u64 {
        self.quota.left()
    }

    /// The most bytes that were on disk at one time.
    pub fn high_water(&self) -> u64 {
        self.quota.0.high_water.load(Ordering::Relaxed)
    }

    /// All bytes ever spilled, for the report.
    pub fn total(&self) -> u64 {
        self.quota.0.total.load(Ordering::Relaxed)
    }

    /// Starts a file for rows of `purpose` (a table's label: it becomes part of the name).
    ///
    /// # Errors
    /// The folder or the file cannot be created.
    pub fn create(&self, purpose: &str, schema: SchemaRef) -> Result<SpillSink, StageError> {
        let folder = self.folder()?;
        // Parquet cannot store rows without columns.
        let format = if schema.fields().is_empty() { Format::Csv } else { self.format };
        // Not the part number of `file_name`: a store may spill more than 99 999 files.
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name = format!("{number:08}-{}", file_name(purpose, None, format.into()));
        let options = FileOptions {
            durable: false,
            checksum: false,
            quota: Some(self.quota.clone()),
            private: true,
            ..FileOptions::default()
        };
        let file = OutFile::create(folder.path(), &name, options)?;
        let inner = match format {
            Format::Csv => SpillInner::Csv(Box::new(CsvSink::new(file, schema.clone(), CsvOptions::default())?)),
            Format::Parquet => SpillInner::Parquet(Box::new(ParquetSink::new(file, schema.clone(), &self.parquet)?)),
        };
        Ok(SpillSink { inner, groups: 0, folder, schema, format, quota: self.quota.clone() })
    }

    fn folder(&self) -> Result<Arc<Folder>, StageError> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = &*folder {
            return Ok(made.clone());
        }
        sweep(&self.parent);
        let made = Folder::create(&self.parent, SPILL).map_err(|e| StageError::create(&self.parent, e))?;
        Ok(folder.insert(Arc::new(made)).clone())
    }
}

const SPILL: &str = "dbmocker-spill-";
/// Prefix of folders for files that worker processes write.
pub const PARTS: &str = "dbmocker-parts-";
/// Prefix of folders for throw-away databases.
pub const SCRATCH: &str = "dbmocker-ddl-";
const LOCK: &str = "lock";
/// Minimum age of an unlocked folder whose process is assumed to have ended.
const UNLOCKED: Duration = Duration::from_secs(3600);
/// Folders of this process that are not removed yet.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes every folder of spilled files of this process: for an exit that runs no destructors.
pub fn remove_folders() {
    for folder in FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // The process ends: folders that cannot be removed are left to the next process.
        let _ = fs::remove_dir_all(folder);
    }
}

/// A temporary folder that is locked while its process runs.
#[derive(Debug)]
pub struct Folder {
    dir: TempDir,
    _lock: File,
}

impl Folder {
    /// Creates one, whose name begins with a prefix known to [`sweep`].
    ///
    /// # Errors
    /// An I/O error.
    pub fn create(parent: &Path, prefix: &str) -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix(prefix).tempdir_in(parent)?;
        // Locked before it gets its name, so that no process finds it unlocked.
        let early = dir.path().join("early");
        let lock = File::create(&early)?;
        // Where the file system has no locks, folders are not swept either.
        let _ = lock.try_lock();
        fs::rename(&early, dir.path().join(LOCK))?;
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).push(dir.path().to_owned());
        Ok(Folder { dir, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let path = self.dir.path();
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).retain(|f| f != path);
    }
}

/// Removes the folders of this account's dead processes.
pub fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    let known = |name: &str| [SPILL, PARTS, SCRATCH].iter().any(|prefix| name.starts_with(prefix));
    for entry in entries.flatten().filter(|e| known(&e.file_name().to_string_lossy())) {
        // Skips symbolic links, and folders of other users.
        let Ok(found) = fs::symlink_metadata(entry.path()) else { continue };
        if found.is_dir() && is_own(&found) && is_left(&entry.path(), &found) {
            // A folder that cannot be removed is left to the next run.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_own(found: &Metadata) -> bool {
    found.uid() == rustix::process::geteuid().as_raw()
}

/// Whether the folder's process has ended.
fn is_left(folder: &Path, found: &Metadata) -> bool {
    // No link is followed, and a pipe is not waited for.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    match File::options().write(true).custom_flags(flags).open(folder.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(_) => found.modified().ok().and_then(|time| time.elapsed().ok()).is_some_and(|age| age > UNLOCKED),
    }
}

/// A spilled file being written. If dropped unfinished, it is removed and its quota is released.
#[must_use]
pub struct SpillSink {
    inner: SpillInner,
    /// Number of appended row groups.
    groups: usize,
    folder: Arc<Folder>,
    schema: SchemaRef,
    format: Format,
    quota: Quota,
}

impl SpillSink {
    /// Writes one batch.
    ///
    /// # Errors
    /// [`StageError::DiskLimit`], or an I/O error; the sink cannot be used after that.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), StageError> {
        self.inner.sink_mut().write(batch)
    }

    /// Encodes rows for this file, or for another one of the same table and store.
    pub fn encoder(&self) -> SpillEncoder {
        match &self.inner {
            SpillInner::Csv(_) => SpillEncoder::Csv(Arc::default()),
            SpillInner::Parquet(sink) => SpillEncoder::Parquet(sink.encoder()),
        }
    }

    /// Writes rows that an [`encoder`](Self::encoder) has encoded, possibly on another thread.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn append(&mut self, encoded: Encoded) -> Result<(), StageError> {
        match (&mut self.inner, encoded) {
            (SpillInner::Csv(sink), Encoded::Lines { rows, mut lines, spare }) => {
                sink.write_encoded(rows, &lines)?;
                lines.clear();
                spare.lock().unwrap_or_else(PoisonError::into_inner).push(lines);
                Ok(())
            }
            (SpillInner::Parquet(sink), Encoded::Group(group)) => {
                self.groups += 1;
                sink.append(group)
            }
            _ => unreachable!("an encoder encodes for files of one store, which are of one format"),
        }
    }

    /// Bytes of memory held for rows not yet written out.
    pub fn memory(&self) -> usize {
        self.inner.sink().memory()
    }

    /// Bytes written out so far.
    pub fn bytes(&self) -> u64 {
        self.inner.sink().bytes()
    }

    /// Whether the file should end, because the metadata of its row groups takes too much memory.
    pub fn is_crowded(&self) -> bool {
        self.groups * self.schema.fields().len() >= CHUNKS_OF_FILE
    }

    /// Completes the file.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn finish(self) -> Result<SpillFile, StageError> {
        let part = match self.inner {
            SpillInner::Csv(sink) => sink.finish()?,
            SpillInner::Parquet(sink) => sink.finish()?,
        };
        let path = self.folder.path().join(&part.path);
        let (rows, bytes) = (part.rows, part.bytes);
        Ok(SpillFile {
            path,
            rows,
            bytes,
            schema: self.schema,
            format: self.format,
            quota: self.quota,
            _folder: self.folder,
        })
    }
}

enum SpillInner {
    Csv(Box<CsvSink>),
    Parquet(Box<ParquetSink>),
}

impl SpillInner {
    fn sink(&self) -> &dyn BatchSink {
        match self {
            SpillInner::Csv(sink) => &**sink,
            SpillInner::Parquet(sink) => &**sink,
        }
    }

    fn sink_mut(&mut self) -> &mut dyn BatchSink {
        match self {
            SpillInner::Csv(sink) => &mut **sink,
            SpillInner::Parquet(sink) => &mut **sink,
        }
    }
}

/// Buffers are reused: new ones would cost a page fault for every page.
type Spare = Arc<Mutex<Vec<CsvLines>>>;

/// Encodes rows for the spilled files of one table, on any thread.
#[derive(Clone)]
pub enum SpillEncoder {
    Csv(Spare),
    Parquet(Arc<GroupEncoder>),
}

/// Encoded rows for a spilled file.
pub enum Encoded {
    Lines { rows: u64, lines: CsvLines, spare: Spare },
    Group(EncodedGroup),
}

impl SpillEncoder {
    /// Encodes a batch; as a separate row group, if the format has row groups.
    ///
    /// # Errors
    /// A type that the format cannot carry.
    pub fn encode(&self, batch: &RecordBatch) -> Result<Encoded, StageError> {
        match self {
            SpillEncoder::Csv(spare) => {
                let mut lines = spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
                encode(batch, &CsvOptions::default(), &mut lines)?;
                Ok(Encoded::Lines { rows: batch.num_rows() as u64, lines, spare: spare.clone() })
            }
            SpillEncoder::Parquet(encoder) => {
                let mut group = encoder.begin()?;
                group.write(batch)?;
                Ok(Encoded::Group(group.finish()?))
            }
        }
    }
}

impl Encoded {
    /// Its memory in bytes.
    pub fn memory(&self) -> u64 {
        match self {
            Encoded::Lines { lines, .. } => lines.memory() as u64,
            Encoded::Group(group) => group.bytes(),
        }
    }
}

/// A finished spilled file; dropping it removes it.
#[derive(Debug)]
#[must_use = "dropping a spilled file removes it"]
pub struct SpillFile {
    path: PathBuf,
    rows: u64,
    bytes: u64,
    schema: SchemaRef,
    format: Format,
    quota: Quota,
    /// Keeps the folder while any of its files exists.
    _folder: Arc<Folder>,
}

impl SpillFile {
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub fn format(&self) -> Format {
        self.format
    }
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        // A file that cannot be removed now is removed with the folder.
        let _ = fs::remove_file(&self.path);
        self.quota.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    fn batch(rows: i64) -> RecordBatch {
        let schema = Schema::new(vec![Field::new("n", DataType::Int64, false)]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int64Array::from_iter_values(0..rows))]).unwrap()
    }

    #[test]
    fn files_die_with_their_handle_and_the_folder_with_the_last() {
        let parent = tempfile::tempdir().unwrap();
        let count = || std::fs::read_dir(parent.path()).unwrap().count();
        let store = SpillStore::new(Some(parent.path()), Format::Csv, 1 << 20);
        assert_eq!(count(), 0, "made with the first file only");
        let batch = batch(10);
        let mut sink = store.create("shop/orders", batch.schema()).unwrap();
        sink.write(&batch).unwrap();
        let file = sink.finish().unwrap();
        assert_eq!(file.rows(), 10);
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "\"n\"\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
        assert_eq!(store.used(), file.bytes());
        assert_eq!(count(), 1);
        drop(store);
        assert!(file.path().exists(), "a handle outlives the store");
        drop(file);
        assert_eq!(count(), 0);
    }

    #[test]
    fn folders_of_processes_that_are_gone_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join("dbmocker-spill-left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        fs::write(left.join("rows.csv"), "1").unwrap();
        let store = || SpillStore::new(Some(parent.path()), Format::Csv, 1 << 20);
        let schema = batch(1).schema();
        let one = store().create("t", schema.clone()).unwrap().finish().unwrap();
        assert!(!left.exists());
        let other = store().create("t", schema).unwrap().finish().unwrap();
        assert!(one.path().exists(), "its process lives");
        drop((one, other));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn rows_encoded_elsewhere_are_those_of_the_file() {
        let parent = tempfile::tempdir().unwrap();
        for format in [Format::Csv, Format::Parquet] {
            let store = SpillStore::new(Some(parent.path()), format, 1 << 20);
            let (first, second) = (batch(3000), batch(70));
            let mut sink = store.create("t", first.schema()).unwrap();
            let encoder = sink.encoder();
            let encoded: Vec<Encoded> = std::thread::scope(|s| {
                s.spawn(|| [&first, &second].map(|b| encoder.encode(b).unwrap()).into()).join().unwrap()
            });
            assert!(encoded.iter().all(|e| e.memory() > 0));
            encoded.into_iter().for_each(|e| sink.append(e).unwrap());
            // The encoder of one file is reused for the next.
            let mut next = store.create("t", first.schema()).unwrap();
            next.append(encoder.encode(&second).unwrap()).unwrap();
            let (file, next) = (sink.finish().unwrap(), next.finish().unwrap());
            assert_eq!((file.rows(), next.rows()), (3070, 70), "{format:?}");
            if format == Format::Csv {
                let mut plain = store.create("t", first.schema()).unwrap();
                [&first, &second].into_iter().for_each(|b| plain.write(b).unwrap());
                let plain = plain.finish().unwrap();
                assert_eq!(fs::read(plain.path()).unwrap(), fs::read(file.path()).unwrap());
            }
        }
    }

    #[test]
    fn the_quota_is_kept_and_comes_back() {
        let parent = tempfile::tempdir().unwrap();
        for format in [Format::Csv, Format::Parquet] {
            let store = SpillStore::new(Some(parent.path()), format, 1000);
            let large = batch(200_000);
            let mut sink = store.create("t", large.schema()).unwrap();
            let error = sink.write(&large).and_then(|()| sink.finish().map(drop)).unwrap_err();
            assert!(matches!(error, StageError::DiskLimit { limit: 1000, .. }), "{error}");
            assert_eq!(store.used(), 0, "{error}");
            let mut small = store.create("t", large.schema()).unwrap();
            small.write(&batch(3)).unwrap();
            let small = small.finish().unwrap();
            assert!(store.used() > 0 && store.used() <= 1000);
            drop(small);
            assert_eq!((store.used(), store.high_water() <= 1000), (0, true));
        }
    }
}
