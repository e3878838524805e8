//! The counterpart: a simulated venue to trade on, and a synthetic market to feed it.
//!
//! The venue is one front and a back end. The front ([`Venue`]) is what every order passes: latency, filters, ids, fees,
//! post-only, self-trade prevention, reject reasons. The back end ([`BackEnd`]) decides what trades: [`TapeVenue`] has
//! recorded history behind it, with a model of the queues our orders stand in. [`matching`] is an engine of many accounts that
//! trade with each other alone, and [`floor`] the venue around it: clients, a seeded crowd, latencies and a feed.
//!
//! Pure: the same events and commands in the same order give the same fills on any host.
//!
//! Never here: a clock, a socket, a file, a thread, randomness without a seed.
#![forbid(unsafe_code)]

// The venue uses `core` and `alloc` alone.
extern crate alloc;

mod account;
mod conditions;
mod counters;
pub mod floor;
mod funding;
mod in_flight;
pub mod matching;
mod place;
mod queue_rules;
mod spec;
pub mod synth;
mod tape;
mod venue;

pub use account::{Account, OpenOrder};
pub use conditions::{Conditions, ConditionsError, Gateway, LatencyRow, LoadSpec, Outage, OutageKind};
pub use counters::{Counters, Traded};
pub use place::Place;
pub use queue_rules::{CancelModel, Curve, Family, FillSizes, Impact, QueueRules};
pub use spec::{
    FeeSchedule, InstrumentRules, Latency, SelfTrade, TierSpec, VenueSpec, VenueSpecError, WalletSpec,
};
pub use tape::{FlowKind, OrderFlow, Resting, Tape, TapeVenue};
pub use venue::{BackEnd, Venue};
