//! The simulated venue: what real exchange clients speak to.
//!
//! [`Front`](seam::Front) is a protocol without sockets: requests, frames and time in, replies and frames out. What trades behind it is a
//! [`Back`](back::Back).
//!
//! Never here: knowledge of our own engine, a decision for it, a real venue.
#![forbid(unsafe_code)]

pub mod back;
pub mod binance;
pub mod carrier;
pub mod faults;
pub mod keys;
pub mod matching;
pub mod seam;
pub mod serve;
