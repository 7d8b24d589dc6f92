//! A manifest of an export folder, and the plan in it.
#![no_main]

use dbmocker_files::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let file = tempfile::NamedTempFile::new().expect("the temporary folder is writable");
    std::fs::write(file.path(), text).expect("the temporary folder is writable");
    if let Ok(manifest) = Manifest::find(file.path()) {
        let _ = manifest.plan(file.path());
        for table in &manifest.tables {
            let _ = table.arrow_schema();
        }
    }
});
