//! An allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator; counts its calls while [`counted`] runs, on the thread that runs it.
#[derive(Debug)]
pub(crate) struct Counting;

thread_local! {
    // Cells of plain values, made at compile time: to reach them allocates nothing.
    static IS_COUNTING: Cell<bool> = const { Cell::new(false) };
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// Runs `work`; returns what it returns and how often it allocated, grew or freed memory.
pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = CALLS.get();
    IS_COUNTING.set(true);
    let result = work();
    IS_COUNTING.set(false);
    (result, CALLS.get() - before)
}

fn count() {
    if IS_COUNTING.get() {
        CALLS.set(CALLS.get() + 1);
    }
}

#[expect(
    unsafe_code,
    reason = "an allocator is an unsafe trait; every call goes on to the system's as it came"
)]
// SAFETY: the system's allocator does the work, and counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise, passed on; the memory is the system's, as all is.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller's promise, passed on; the memory is the system's, as all is.
        unsafe { System.dealloc(memory, layout) }
    }
}
