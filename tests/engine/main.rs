//! The engine and a simulated venue: two processes that speak over sockets of this host, with keys, signatures and orders.
#![cfg(test)]
#![forbid(unsafe_code)]

mod dead_man;
mod faults;
mod kills;
mod limits;
mod rig;
mod runs;
mod watchdog;
