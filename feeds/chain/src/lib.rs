//! The chain: concentrated liquidity at Uniswap V3 and its kin, read from a node as one state per block.
//!
//! What is decided is pure and in modules without sockets: [`follow`] turns announced heads into an unbroken chain of blocks with their
//! events, over reorganisations and gaps; [`known`] keeps what was read apart from what was not; [`endpoints`] chooses whom to ask.
//! [`node`] is the thin glue to alloy, with a limit of time on every request; [`read`] reads a whole state at one block; [`watch`]
//! joins them, and [`worker`] leaves what it knows to other threads.
//!
//! Never here: a key, a transaction, a decision on orders. Nothing of the engine or of the venues uses this crate, so that their builds
//! know nothing of alloy.
#![forbid(unsafe_code)]

#[expect(clippy::too_many_arguments, reason = "made by a macro from functions that return many values")]
mod abi;
pub mod block;
pub mod config;
pub mod endpoints;
pub mod events;
pub mod fees;
pub mod follow;
pub mod inventory;
pub mod known;
pub mod node;
pub mod read;
pub mod report;
pub mod state;
pub mod value;
pub mod watch;
pub mod worker;
