//! The world: clocks, files, captures, configuration, the replay loop and the loop at the venue of traders.
#![deny(unsafe_code)]

pub mod book_check;
pub mod capture;
pub mod clock;
pub mod config;
pub mod config_check;
pub mod floor;
pub mod host;
pub mod job;
pub mod journal;
pub mod latency;
pub mod live;
pub mod operator;
pub mod reload;
pub mod replay;
pub mod tape;
