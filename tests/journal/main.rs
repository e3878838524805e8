//! Journals of whole runs: decided again alike, killed at any moment, damaged anywhere.

mod kill;
mod repeat;
