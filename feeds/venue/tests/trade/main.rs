//! Trading sessions against what the venue says and must hear.

mod account;
mod answers;
mod golden;
mod histories;
mod limits;
mod links;
mod rig;
mod sweep;
