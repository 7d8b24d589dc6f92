//! No more memory: an error with an exit code where the standard library aborts.
//!
//! What the system refuses is an address-space limit (`ulimit -v`), a container's, or the machine's end. The server
//! rolls back what its connections leave, and the ledger tells `restore` the rest, as after a kill.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::Exit;

const MESSAGE: &[u8] = b"error: out of memory: the system gives no more; lower --memory-limit, --workers or --processes, or raise the limit \
(`ulimit -v`, the container's); what a load left is put back by `dbmocker restore`\n";

/// The system's allocator, but for what happens when it has nothing left.
#[derive(Debug, Clone, Copy)]
pub struct Memory;

// SAFETY: every method hands its arguments to the system's allocator as they are, and its answer back; where there is
// none the program ends.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the system allocator's own.
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
    // The first thread that gets nothing ends the program; others wait for that.
    while ENDING.swap(true, Ordering::SeqCst) {
        std::thread::sleep(Duration::from_secs(1));
    }
    // Nothing here may allocate.
    let _ = std::io::stderr().write_all(MESSAGE);
    #[cfg(unix)]
    // SAFETY: ends the process at once; what would run at a usual exit might ask for memory.
    unsafe {
        libc::_exit(Exit::Target as i32)
    }
    #[cfg(not(unix))]
    std::process::exit(Exit::Target as i32)
}
