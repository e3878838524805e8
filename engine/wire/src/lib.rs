//! The wire: sockets, TLS, WebSocket frames and HTTP requests, behind one trait that a simulated network can stand in for.
//!
//! Never here: a venue's protocol, a decision, a thread.
#![forbid(unsafe_code)]

mod seam;

pub use seam::{Address, Closed, HttpSend, Link, LinkKind, Network, News, Pulse, Refused};
