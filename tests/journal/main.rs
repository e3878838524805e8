//! Journals of whole runs: decided again alike, killed at any moment, damaged anywhere.
#![cfg(test)]
#![forbid(unsafe_code)]

mod behind;
mod kill;
#[cfg(unix)]
mod readonly;
mod repeat;
mod whatif;
