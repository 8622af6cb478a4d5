//! Calls `sync` with its argument, and prints the result and how often the program's own allocator was used.

#![allow(clippy::print_stdout)] // it is a program

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting(AtomicUsize);

// SAFETY: it is the system's allocator, which keeps the rules; it counts beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the rules of this same function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the rules of this same function, and all memory is the system's.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting(AtomicUsize::new(0));

fn main() {
    let token = std::env::args().nth(1).expect("a token");
    let before = ALLOCATOR.0.load(Ordering::Relaxed);
    let code = match autopilot_sync::sync(&token) {
        Ok(outcome) => outcome.answer().code(),
        Err(error) => error.kind().code(),
    };
    println!("{code} {}", ALLOCATOR.0.load(Ordering::Relaxed) - before);
}
