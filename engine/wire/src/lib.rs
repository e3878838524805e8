//! The wire: sockets, TLS, WebSocket frames and HTTP requests, behind one trait that a simulated network can stand in for.
//!
//! Never here: a venue's protocol, a decision, a clock, a thread (but short ones that ask for the address of a name).
#![forbid(unsafe_code)]

pub mod buffer;
mod connection;
pub mod frame;
pub mod http;
mod names;
mod seam;
mod sockets;
mod speech;
pub mod tls;
mod transport;
mod upgrade;
mod url;

pub use seam::{Address, Closed, HttpSend, Link, LinkKind, Network, News, Pulse, Refused};
pub use sockets::{Options, SetupError, Sockets, Wake};
pub use url::is_address;
