//! The program as its users meet it: arguments, exit codes, what it prints and what it leaves behind.
#![cfg(test)]
#![forbid(unsafe_code)]

mod arguments;
mod assumptions;
mod by_order;
mod compare;
mod configuration;
mod demo;
mod doctor;
mod journals;
mod latency;
mod lp;
mod lp_backtest;
mod operator;
mod opportunities;
mod rig;
mod runs;
mod safeguards;
mod silence;
mod simulate;
mod view;
mod whatif;
