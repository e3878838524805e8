//! The host: what a live run asks of it for threads and memory, what it gave, and what stands in the way.
//!
//! What cannot be had is a warning with its mend, never a failure: a run on a host that is not made for it works, and is slow.
//!
//! Never here: what the threads do.

pub mod doctor;
mod memory;
mod obtained;
mod plan;
mod sys;
mod tree;
mod wait;

pub use obtained::{Missing, Obtained};
pub use plan::{Plan, Role, cores};
pub use tree::Tree;
pub use wait::{Idle, Turn, Wait};
