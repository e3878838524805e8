//! Journals of whole runs: decided again alike, killed at any moment, damaged anywhere.
#![cfg(test)]
#![forbid(unsafe_code)]

mod behind;
mod changing;
mod kill;
#[cfg(unix)]
mod readonly;
mod recover;
mod regrid;
mod repeat;
mod whatif;
