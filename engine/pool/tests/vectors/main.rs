//! The figures of real contracts, read from the folder named by `BALLAST_VECTORS` (default `../shared/defi/vectors` beside the workspace);
//! where it is not there this says so and is skipped.
#![cfg(test)]
#![forbid(unsafe_code)]

mod files;
mod maths;
mod positions;
mod scenario;
