//! The engine at work: venues' loops and shards' loops, and the threads that turn them.
//!
//! A loop knows no thread: whoever drives it calls `turn` as often as it likes and says what time it is. A thread does so with the time
//! of its host, a simulation with a time of its own.

mod account;
mod assemble;
mod board;
mod contact;
mod engine;
mod facts;
mod guard;
mod heartbeat;
mod helm;
mod links;
mod order_share;
mod outside;
mod paper;
mod parts;
mod reconfigure;
mod regrid;
mod rings;
mod shard_loop;
mod standing;
mod start;
mod threads;
mod told;
mod trading;
mod trips;
mod unjournaled;
mod venue_loop;

pub use account::{AccountError, Traded, credentials, remind, session};
pub use assemble::{Assembly, ShardAssembly, Told, VenueAssembly, assemble};
pub use board::{Board, SHOWN_MAX, Shown, View, Window, board};
pub use contact::{Contact, LinkUse, LinkView, WindowView};
pub use engine::{Ended, Engine, Running, STOPPED, ShardEnd, VenueEnd, Way};
pub use facts::{Fact, FactsError, Filters, Refusals, facts, facts_in_time};
pub use guard::Guard;
pub use heartbeat::{Heart, Pulse, Verdict, Watch, heartbeat, pulse};
pub use helm::{Ending, Helm, Loops, ShardSeat, ShardSeed, VenueSeat};
pub use links::{LinkPolicy, LinkState, Urls};
pub use order_share::{ORDER_WINDOWS_MAX, OrderShare, OrderWindow, Slowed};
pub use outside::{BY_KEY, KILLED_BY_FILE, KILLED_BY_SIGNAL, KilledBy, Outside, Switched};
pub use paper::Paper;
pub(crate) use parts::Part;
pub use reconfigure::ConfigureError;
pub use regrid::{goes_over, is_regridded};
pub use rings::{Ends, Numbers, RingSizes, ShardEnds, VenueEnds};
pub use shard_loop::{Handover, ShardLoop, ShardParts, Turned};
pub use standing::{Asked, Reliance, StandingBoard, StandingWindow, VenueView, standing_board};
pub use start::{STARTING, Seat, Strangers, Waits, waits};
pub use told::recorded;
pub(crate) use told::relive;
pub use trading::{Live, Trading};
pub use trips::RoundTrips;
pub use unjournaled::{UNJOURNALED_MAX, Unjournaled};
pub use venue_loop::{VenueLoop, VenueParts};
