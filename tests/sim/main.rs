//! The engine in simulated worlds: oracles hold, seeds repeat, faults fire.

mod worlds;
