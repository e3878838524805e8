//! The crossing: how what one thread knows reaches another, without a lock and without waiting.
//!
//! Never here: a thread, a clock, a decision.
#![forbid(unsafe_code)]
