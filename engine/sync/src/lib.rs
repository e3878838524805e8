//! The crossing: how what one thread knows reaches another, without a lock and without waiting.
//!
//! A **ring** carries every event once, in order, from one thread to one other; a **snapshot** shows the newest of what one thread
//! keeps writing to whoever looks; a **bell** wakes a thread that went to sleep because there was nothing to do.
//!
//! Nothing here allocates once it is made, and nothing is unsafe: the ring is `rtrb`'s, the rest is made of atomics that `loom` checks
//! (`tests/loom.rs`) and ThreadSanitizer runs (`examples/crossing.rs`).
//!
//! Never here: a thread, a clock, a decision.
#![forbid(unsafe_code)]

mod atomic;
pub mod bell;
mod overflow;
mod padded;
pub mod ring;
pub mod seqlock;

pub use padded::Padded;
