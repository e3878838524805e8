//! The hostile world: the production loops, sessions, order management and journal on one thread, in a time, over a network and at a
//! venue that are simulated, while things go wrong. A seed says everything: the same seed of the same program is the same run, byte for
//! byte.
//!
//! What is simulated is what lies behind the seams of the runtime: `ballast_wire::Network` (latency, order, cuts), the venue's protocol
//! over a matching engine (`ballast_simulator`, whose faults fire here too), the disk, the clock. What runs is the code that trades.
//! Oracles watch it at every step and once it has come to rest; the first that is violated ends the run and is the result.
//!
//! Never here: a thread, a clock, a socket, a decision of the engine's.
#![forbid(unsafe_code)]

mod agenda;
mod boot;
mod config;
mod counterpart;
mod dice;
mod disk;
mod fault;
mod line;
mod mutants;
mod net;
mod oracle;
mod plan;
mod process;
mod profile;
mod report;
mod run;
mod scenario;
mod scratch;
mod shrink;
mod watch;
mod world;

pub use fault::Fault;
#[cfg(mutant)]
pub use mutants::{Caught, hunt};
pub use mutants::{MUTANTS, Mutant};
pub use oracle::{ORACLES, Violation};
pub use plan::{Markets, Plan, Rings, faults};
pub use profile::{Latency, PROFILES, Profile};
pub use report::{Coverage, Report, State, never};
pub use run::{SimError, Sweep, play, run};
pub use scenario::{Scenario, ScenarioError};
pub use shrink::{Shrunk, shrink};
