//! A config file, YAML or JSON.
#![no_main]

use dbmocker::cli::file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = file::parse(text, "dbmocker.yaml");
    let _ = file::parse(text, "dbmocker.json");
});
