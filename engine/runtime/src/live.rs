//! The engine at work: venues' loops and shards' loops, and the threads that turn them.
//!
//! A loop knows no thread: whoever drives it calls `turn` as often as it likes and says what time it is. A thread does so with the time
//! of its host, a simulation with a time of its own.

mod assemble;
mod facts;
mod links;
mod paper;
mod rings;
mod shard_loop;
mod venue_loop;

pub use assemble::{Assembly, ShardAssembly, Told, VenueAssembly, assemble};
pub use facts::{Fact, FactsError, Filters, facts};
pub use links::LinkPolicy;
pub use paper::Paper;
pub use rings::{Ends, Numbers, RingSizes, ShardEnds, VenueEnds};
pub use shard_loop::{ShardLoop, ShardParts, Turned};
pub use venue_loop::{Trading, VenueLoop, VenueParts};
