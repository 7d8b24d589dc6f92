//! A staged Parquet file.
#![no_main]

use dbmocker_loaders::Payload;
use dbmocker_loaders::staged::open;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let file = tempfile::NamedTempFile::new().expect("the temporary folder is writable");
    std::fs::write(file.path(), data).expect("the temporary folder is writable");
    if let Ok(read) = open(Payload::Parquet { path: file.path().to_owned() }) {
        for batch in read.batches.take(100) {
            if batch.is_err() {
                break;
            }
        }
    }
});
