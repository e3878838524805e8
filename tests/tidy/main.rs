//! Laws of the house that the compiler does not know.
#![cfg(test)]
#![forbid(unsafe_code)]

mod arrows;
mod crate_roots;
mod dead_files;
mod lengths;
mod purity;
mod texts;
mod tree;
mod unsafe_code;
