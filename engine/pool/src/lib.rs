//! The pool: the mathematics of concentrated liquidity (Uniswap V3 and those who took it over), to the last unit.
//!
//! What a pool's contract computes in integers is computed here in the same integers, rounded where it rounds: prices of
//! [`tick`]s, [`amount`]s between prices, [`range`]s, [`step`]s of a swap, [`fee`]s owed, and a whole [`pool`] with its [`ticks`]; a
//! [`position`] joins them. What decisions need of one as a function of price ([`curve`]: value, delta, gamma, loss against holding
//! and against rebalancing) is in floats. [`event`]s are what a recorded pool did, [`depth`] what liquidity they prove, and
//! [`replay`] computes them again.
//!
//! Words: a *price* is what one unit of token 0 costs in units of token 1, both counted in their smallest units; a *tick* `i` is the
//! price `1.0001^i`; *liquidity* is `L` of the white paper (Adams, Zinsmeister, Salem, Keefer and Robinson 2021, "Uniswap v3 Core").
//! `X96` and `X128` are fixed-point numbers with so many binary digits behind the point.
//!
//! Never here: a socket, a clock, a file, a dependency on any chain.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod amount;
pub mod backtest;
pub mod curve;
pub mod depth;
mod error;
pub mod event;
pub mod fee;
pub mod pool;
pub mod position;
pub mod range;
pub mod replay;
pub mod share;
pub mod step;
pub mod tick;
pub mod ticks;
pub mod wide;

pub use error::PoolError;
pub use wide::U256;
