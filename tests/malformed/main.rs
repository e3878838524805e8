//! Broken input, all of it made here: counted and named with file and line, never fatal, never silent, never a panic.
//!
//! Where a line cannot be used, the run is the one that the capture without that line gives.
#![cfg(test)]
#![forbid(unsafe_code)]

mod books;
mod clocks;
mod extremes;
mod files;
mod flips;
mod lines;
mod order;
mod program;
mod rig;
mod spelling;
