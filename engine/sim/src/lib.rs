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

mod boot;
mod config;
mod counterpart;
mod dice;
mod disk;
mod line;
mod mutants;
mod net;
mod oracle;
mod plan;
mod profile;
mod report;
mod run;
mod scratch;
mod watch;
mod world;

#[cfg(mutant)]
pub use mutants::{Caught, hunt};
pub use mutants::{MUTANTS, Mutant};
pub use net::Reach;
pub use oracle::{ORACLES, Violation};
pub use plan::{Act, Plan, Turn};
pub use profile::{Latency, PROFILES, Profile};
pub use report::{Coverage, Report, State};
pub use run::{SimError, Sweep, play, run};
