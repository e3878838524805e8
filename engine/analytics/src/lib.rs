//! The judgement: pure statistics over what a run did.
//!
//! A run hands over its [`record`]: fills with the midpoints that followed, and samples of the account. From it come
//! markouts, spread captured, drawdown, inventory and its half-life, quoting time, Sharpe ratio, totals of several instruments, and an
//! audit that recomputes the account from its fills.
//!
//! Money is exact from end to end; `f64` appears where a mean or a ratio does. Statistics of nothing are `None`, never
//! zero.
//!
//! Never here: a file, a clock, a socket, a random number.
#![forbid(unsafe_code)]

pub mod activity;
pub mod adverse;
pub mod agreement;
pub mod attribution;
pub mod audit;
pub mod conversion;
pub mod drawdown;
pub mod estimate;
pub mod execution;
pub mod format;
pub mod half_life;
pub mod histogram;
pub mod inventory;
pub mod markout;
pub mod pnl;
pub mod programme;
pub mod quoting;
pub mod ratios;
pub mod record;
pub mod sharpe;
pub mod spread;
pub mod summary;
pub mod total;

#[cfg(test)]
mod fixture;
