//! Object stores: `s3://`, `gs://` and `az://` URLs instead of folders.
//!
//! In: finished files of a local folder. Out: objects of the same names below a prefix; and the reverse. An object
//! becomes visible when its last part is uploaded, never partially; the manifest is uploaded last, as in a folder.
//! Credentials come from the environment, and are neither printed nor written.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use dbmocker_core::humanize;

#[cfg(feature = "objects")]
mod remote;
#[cfg(feature = "objects")]
pub use remote::Store;

/// Maximum bytes of a manifest.
const MOST_OF_MANIFEST: u64 = 1 << 30;

/// Why files cannot be written to a store or read from it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    #[error(
        "`{url}`: this dbmocker was built without object stores; take the wheel, or build with --features object-store; or \
         give a folder, and copy it by the store's own program, manifest.json last"
    )]
    NotBuilt { url: String },
    #[error(
        "`{url}` is none of s3://BUCKET/PREFIX, gs://BUCKET/PREFIX and az://CONTAINER/PREFIX; give one of them, or a folder"
    )]
    Url { url: String },
    #[error(
        "the URL of the store holds a user, a password or options, which would be printed; leave them to the environment \
         (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME and _KEY)"
    )]
    Secrets,
    #[error("`{url}` cannot be used; look at the environment's credentials, region and endpoint")]
    Open { url: String, source: Box<dyn Error + Send + Sync> },
    #[error("cannot {what} `{object}`")]
    Request { what: &'static str, object: String, source: Box<dyn Error + Send + Sync> },
    #[error("cannot use the temporary file `{}`; TMPDIR names another folder", path.display())]
    Local { path: PathBuf, source: io::Error },
    #[error("`{object}` has {found} bytes in the store, and {expected} were sent; write it again")]
    Short { object: String, expected: u64, found: u64 },
    #[error(
        "`{object}` has {found} bytes, and {most} at most are expected; the manifest is of another export, or damaged"
    )]
    TooLong { object: String, most: u64, found: u64 },
    #[error(
        "`{url}` has no manifest.json: the export was not finished, or it is of parts, which `dbmocker manifest --join {url}` \
         makes a whole"
    )]
    NoManifest { url: String },
    #[error("`{url}` holds no manifest of a part")]
    NoSlice { url: String },
    #[error("`{url}` holds an export already; choose another --out, or replace it with --overwrite")]
    Taken { url: String },
    #[error("`{object}` exists already; remove it, or replace it with --overwrite")]
    Exists { object: String },
    #[error(
        "the files of `{url}` are {}, and `{}` has {} free, where they are copied to before they are loaded; name another \
         folder by TMPDIR",
        humanize::bytes(*bytes), folder.display(), humanize::bytes(*free)
    )]
    NoSpace { url: String, bytes: u64, folder: PathBuf, free: u64 },
    #[error(transparent)]
    Manifest(#[from] super::ManifestError),
}

/// Whether a text names a store, not a folder.
///
/// ```
/// use dbmocker_files::objects::is_url;
/// assert!(is_url("s3://bucket/rows") && !is_url("C:/rows") && !is_url("./a://b"));
/// ```
pub fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+'))
}

/// Replaces the store in a program that was built without the feature `object-store`.
#[cfg(not(feature = "objects"))]
#[derive(Debug)]
pub struct Store(std::convert::Infallible);

#[cfg(not(feature = "objects"))]
impl Store {
    /// # Errors
    /// Always: [`StoreError::NotBuilt`].
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let shown = if url.contains('@') || url.contains('?') { return Err(StoreError::Secrets) } else { url };
        Err(StoreError::NotBuilt { url: shown.to_owned() })
    }

    pub fn url(&self) -> &str {
        match self.0 {}
    }

    pub fn has(&self, _: &str) -> Result<bool, StoreError> {
        match self.0 {}
    }

    pub fn put(&self, _: &Path, _: &str) -> Result<(), StoreError> {
        match self.0 {}
    }

    pub fn get(&self, _: &str, _: &Path, _: u64) -> Result<(), StoreError> {
        match self.0 {}
    }

    pub fn remove(&self, _: &str) -> Result<(), StoreError> {
        match self.0 {}
    }

    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        match self.0 {}
    }
}

impl Store {
    /// Copies an export into a folder: its manifest, and then the files that it lists.
    ///
    /// # Errors
    /// There is no whole export, no space for it, or a request fails.
    pub fn fetch(&self, folder: &Path) -> Result<(), StoreError> {
        if !self.has(super::manifest::FILE_NAME)? {
            return Err(StoreError::NoManifest { url: self.url().to_owned() });
        }
        self.get(super::manifest::FILE_NAME, folder, MOST_OF_MANIFEST)?;
        let manifest = super::Manifest::read(folder)?;
        let (bytes, free) = (manifest.bytes(), super::error::free_space(folder));
        if let Some(free) = free.filter(|&free| free < bytes) {
            return Err(StoreError::NoSpace { url: self.url().to_owned(), bytes, folder: folder.to_owned(), free });
        }
        let mut files = manifest.tables.iter().flat_map(|t| &t.files);
        files.try_for_each(|file| self.get(&file.path, folder, file.bytes))
    }

    /// Copies the manifests of parts into a folder.
    ///
    /// # Errors
    /// There is none, or a request fails.
    pub fn fetch_slices(&self, folder: &Path) -> Result<(), StoreError> {
        let names: Vec<String> = self.names()?.into_iter().filter(|n| super::slice::is_slice_manifest(n)).collect();
        if names.is_empty() {
            return Err(StoreError::NoSlice { url: self.url().to_owned() });
        }
        names.iter().try_for_each(|name| self.get(name, folder, MOST_OF_MANIFEST))
    }

    /// Removes an export of a slice: first its manifest, so that the remaining files are not taken for a complete
    /// export, and then the files that it lists.
    ///
    /// # Errors
    /// A request fails.
    pub fn remove_export(&self, slice: &super::Slice) -> Result<(), StoreError> {
        let folder = tempfile::tempdir().map_err(|source| StoreError::Local { path: std::env::temp_dir(), source })?;
        let name = slice.manifest_name();
        self.get(&name, folder.path(), MOST_OF_MANIFEST)?;
        // A manifest that cannot be read lists no files.
        let listed = super::Manifest::read_file(&folder.path().join(&name)).ok();
        self.remove(&name)?;
        if listed.as_ref().is_some_and(|m| m.has_script()) {
            self.remove(super::manifest::SQL_SCRIPT)?;
        }
        let files = listed.iter().flat_map(|m| &m.tables).flat_map(|t| &t.files);
        let mut ours = files.filter(|file| super::manifest::is_data_file(Path::new(&file.path)));
        ours.try_for_each(|file| self.remove(&file.path))
    }
}
