//! The simulated venue over recorded history, by its public interface: stories for every rule, and a naive twin.
#![cfg(test)]

mod amend;
mod conditions;
mod front;
mod funding;
mod market;
mod orders;
mod places;
mod queue;
mod rig;
mod tiers;
mod twin;
mod twin_model;
mod wallet;
