//! Memory exhaustion: ends the program with an error and an exit code where the standard library would abort.
//!
//! Allocations fail because of an address-space limit (`ulimit -v`), a container's limit, or exhausted memory of the
//! machine. The server rolls back open transactions, and `restore` undoes the rest with the ledger, as after a kill.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::Exit;

const MESSAGE: &[u8] = b"error: out of memory: the system gives no more; lower --memory-limit, --workers or --processes, or raise the limit \
(`ulimit -v`, the container's); what a load left is put back by `dbmocker restore`\n";

/// The system's allocator, which ends the program if an allocation fails.
#[derive(Debug, Clone, Copy)]
pub struct Memory;

// SAFETY: every method passes its arguments to the system's allocator unchanged and returns its result; if that is
// null, the program ends.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller guarantees what the system allocator requires.
        there(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        there(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        there(unsafe { System.realloc(at, layout, size) })
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[inline]
fn there(at: *mut u8) -> *mut u8 {
    if at.is_null() { end() } else { at }
}

#[cold]
fn end() -> ! {
    static ENDING: AtomicBool = AtomicBool::new(false);
    // The first thread whose allocation fails ends the program; others wait for that.
    while ENDING.swap(true, Ordering::SeqCst) {
        std::thread::sleep(Duration::from_secs(1));
    }
    // Nothing here may allocate.
    let _ = std::io::stderr().write_all(MESSAGE);
    #[cfg(unix)]
    // SAFETY: ends the process at once; exit handlers could allocate memory.
    unsafe {
        libc::_exit(Exit::Target as i32)
    }
    #[cfg(not(unix))]
    std::process::exit(Exit::Target as i32)
}
