//! A venue's loop and a shard's loop, turned on one thread by a time and a network of the test's own.
#![cfg(test)]
#![forbid(unsafe_code)]

mod dead_man;
mod latch;
mod net;
mod recorded;
mod regrid;
mod rig;
mod runs;
mod shown;
