//! Rivals of Ballast, measured in one process: replay, decoding, rings, and what the same quoter trades.
//!
//! Absolute figures belong to a host; what is kept is the ratio between contenders that took turns in the
//! same run.

pub mod capture;
pub mod decode;
pub mod fills;
pub mod race;
pub mod replay;
pub mod rings;
mod table;
