//! The messages of a parent to its loader process.
#![no_main]

use std::io::{Cursor, sink};

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = dbmocker::run::worker(Cursor::new(data.to_vec()), sink());
});
