//! The decoder through its public face: what frames mean, what is refused, and that its two paths, and a naive decoder on
//! simd-json, agree.
#![expect(clippy::panic, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a test that skips a case says so")]

mod captures;
mod errors;
mod frames;
mod grids;
mod kinds;
mod market;
mod oracle;
mod properties;
mod shapes;
