//! The network against real servers on loopback: plain and under TLS, and misbehaving.
#![cfg(test)]
#![forbid(unsafe_code)]

mod faults;
mod names;
mod requests;
mod rig;
mod secure;
mod sockets;
