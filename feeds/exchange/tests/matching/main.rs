//! The matching back end: an example for each rule, and a naive second implementation it must equal.
#![cfg(test)]

mod amend;
mod arrival;
mod margin;
mod money;
mod prevention;
mod reports;
mod rig;
mod twin;
mod twin_model;
mod venue_rules;
mod waiting;
