//! Short stories of the core and the simulated venue together, with all that is on its way between them.
#![cfg(test)]
#![forbid(unsafe_code)]

mod chance;
mod floor;
mod funds;
mod shipped;
mod stories;
mod world;
