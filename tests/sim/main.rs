//! The engine in simulated worlds: oracles hold, seeds repeat, faults fire, and what is wrong on purpose is caught.
#![cfg(test)]
#![forbid(unsafe_code)]

#[cfg(mutant)]
mod mutants;
#[cfg(not(mutant))]
mod scenarios;
#[cfg(not(mutant))]
mod worlds;
