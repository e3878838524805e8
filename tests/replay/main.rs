//! Replays of synthetic markets: the same on every host and in every build, never wiser than their time, and true to the last
//! sample.
#![cfg(test)]
#![forbid(unsafe_code)]

mod amending;
mod books;
mod by_order;
mod conditions;
mod crowd;
mod ending;
mod foresight;
mod funding;
mod funds;
mod golden;
mod hedged;
mod judging;
mod ladder;
mod merging;
mod rig;
mod stopping;
