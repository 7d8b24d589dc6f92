//! A store behind the `object_store` crate, whose runtime is private to this module.

use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use tokio::runtime::{Builder, Runtime};

use super::StoreError;

/// Bytes of a part; more for a file that would need more parts than stores take.
const PART: u64 = 8 << 20;
const MOST_PARTS: u64 = 9_000;

/// A prefix of a bucket.
pub struct Store {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
    url: String,
    runtime: Runtime,
}

impl fmt::Debug for Store {
    /// Without the store, which holds credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Store {
    /// Takes credentials, region and endpoint from the environment; nothing is sent yet.
    ///
    /// # Errors
    /// The URL names no store, holds secrets, or the environment lacks something.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        if url.contains('@') || url.contains('?') {
            return Err(StoreError::Secrets);
        }
        let unknown = || StoreError::Url { url: url.to_owned() };
        let (scheme, rest) = url.split_once("://").ok_or_else(unknown)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(unknown());
        }
        // A default that is set already is the database drivers' one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let open = |e: object_store::Error| StoreError::Open { url: url.to_owned(), source: Box::new(e) };
        let store: Arc<dyn ObjectStore> = match scheme {
            "s3" => Arc::new(AmazonS3Builder::from_env().with_bucket_name(bucket).build().map_err(open)?),
            "gs" => Arc::new(GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).build().map_err(open)?),
            "az" => Arc::new(MicrosoftAzureBuilder::from_env().with_container_name(bucket).build().map_err(open)?),
            _ => return Err(unknown()),
        };
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|e| StoreError::Open { url: url.to_owned(), source: Box::new(e) })?;
        let prefix = Key::parse(prefix.trim_end_matches('/')).map_err(|_| unknown())?;
        Ok(Store { store, prefix, url: url.trim_end_matches('/').to_owned(), runtime })
    }

    /// The URL as it was given.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The object of a file; names are not encoded.
    fn key(&self, name: &str) -> Key {
        let whole = if self.prefix.as_ref().is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) };
        // File names of exports are valid keys; any other name is encoded.
        Key::parse(&whole).unwrap_or_else(|_| Key::from(whole))
    }

    fn failed(&self, what: &'static str, name: &str) -> impl FnOnce(object_store::Error) -> StoreError + use<> {
        let object = format!("{}/{name}", self.url);
        move |source| StoreError::Request { what, object, source: Box::new(source) }
    }

    /// # Errors
    /// The request fails.
    pub fn has(&self, name: &str) -> Result<bool, StoreError> {
        match self.runtime.block_on(self.store.head(&self.key(name))) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(e) => Err(self.failed("look for", name)(e)),
        }
    }

    /// Puts a file of a folder as the object of its name, in parts if it is long. One part is in memory at a time.
    ///
    /// # Errors
    /// The file cannot be read, or a request fails; uploaded parts are removed then.
    pub fn put(&self, folder: &Path, name: &str) -> Result<(), StoreError> {
        let path = folder.join(name);
        let local = |source| StoreError::Local { path: path.clone(), source };
        let mut file = File::open(&path).map_err(local)?;
        let bytes = file.metadata().map_err(local)?.len();
        let mut next = |size: u64| {
            let mut part = Vec::new();
            Read::by_ref(&mut file).take(size).read_to_end(&mut part).map_err(local).map(|_| part)
        };
        if bytes <= PART {
            let whole = PutPayload::from(next(PART)?);
            self.runtime.block_on(self.store.put(&self.key(name), whole)).map_err(self.failed("write", name))?;
        } else {
            let size = PART.max(bytes.div_ceil(MOST_PARTS));
            let begun = self.runtime.block_on(self.store.put_multipart(&self.key(name)));
            let mut upload = begun.map_err(self.failed("write", name))?;
            if let Err(e) = self.parts(&mut *upload, size, &mut next, name) {
                // An upload that cannot be aborted is not an object, and expires by the bucket's rules.
                let _ = self.runtime.block_on(upload.abort());
                return Err(e);
            }
        }
        let there = self.runtime.block_on(self.store.head(&self.key(name))).map_err(self.failed("look for", name))?;
        if there.size != bytes {
            let object = format!("{}/{name}", self.url);
            return Err(StoreError::Short { object, expected: bytes, found: there.size });
        }
        Ok(())
    }

    fn parts(
        &self,
        upload: &mut dyn MultipartUpload,
        size: u64,
        next: &mut dyn FnMut(u64) -> Result<Vec<u8>, StoreError>,
        name: &str,
    ) -> Result<(), StoreError> {
        loop {
            let part = next(size)?;
            if part.is_empty() {
                break;
            }
            let sent = self.runtime.block_on(upload.put_part(PutPayload::from(part)));
            sent.map_err(self.failed("write a part of", name))?;
        }
        self.runtime.block_on(upload.complete()).map(drop).map_err(self.failed("complete", name))
    }

    /// Copies the object of a file, of `most` bytes at most, into a folder.
    ///
    /// # Errors
    /// The request fails, the object is longer, or the file cannot be written.
    pub fn get(&self, name: &str, folder: &Path, most: u64) -> Result<(), StoreError> {
        let path = folder.join(name);
        let local = |source| StoreError::Local { path: path.clone(), source };
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(local)?;
        let mut file = File::create(&path).map_err(local)?;
        self.runtime.block_on(async {
            let found = self.store.get(&self.key(name)).await.map_err(self.failed("read", name))?;
            if found.meta.size > most {
                return Err(StoreError::TooLong { object: name.to_owned(), most, found: found.meta.size });
            }
            let mut bytes = found.into_stream();
            while let Some(bytes) = bytes.next().await {
                file.write_all(&bytes.map_err(self.failed("read", name))?).map_err(local)?;
            }
            Ok(())
        })
    }

    /// Removes an object; a missing object is not an error.
    ///
    /// # Errors
    /// The request fails.
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        match self.runtime.block_on(self.store.delete(&self.key(name))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(self.failed("remove", name)(e)),
        }
    }

    /// The names of the objects directly below the prefix.
    ///
    /// # Errors
    /// The request fails.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let listed = self.runtime.block_on(self.store.list_with_delimiter(Some(&self.prefix)));
        let listed = listed.map_err(self.failed("list", ""))?;
        let names = listed.objects.iter().filter_map(|object| object.location.filename().map(str::to_owned));
        Ok(names.collect())
    }
}
