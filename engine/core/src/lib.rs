//! The decision: books, fair value, quoting, orders, the risk gate and the ledger, driven by events.
//!
//! Everything here is pure: the same events in the same order give the same commands, byte for byte, on any host.
//!
//! Never here: a clock, a socket, a file, a thread, a random number, an allocation after construction.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod accounts;
pub mod arbitrage;
pub mod balance;
pub mod book;
pub mod budget;
mod carry;
mod ewma;
pub mod fair;
pub mod gate;
pub mod hedge;
mod id_window;
pub mod intensity;
pub mod inventory;
pub mod ledger;
pub mod market;
pub mod model;
pub mod oms;
pub mod outbox;
pub mod quotes;
pub mod replace;
pub mod shape;
pub mod shard;
pub mod trigger;
pub mod volatility;
