//! Trading sessions against what the venue says and must hear.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets what it does not expect must fail"
)]

mod access;
mod account;
mod answers;
mod denied;
mod golden;
mod histories;
mod limits;
mod links;
mod rig;
mod sweep;
