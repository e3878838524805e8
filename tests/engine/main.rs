//! The engine and a simulated venue: two processes that speak over sockets of this host, with keys, signatures and orders.
#![cfg(test)]
#![forbid(unsafe_code)]

mod changing;
mod coins;
mod dead_man;
mod deaths;
mod faults;
mod kills;
mod limits;
mod mismatch;
mod records;
mod regrid;
mod rig;
mod runs;
mod shards;
mod soak;
mod watchdog;
