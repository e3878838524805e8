//! Tick to trade on this host: the production loops on two threads, driven by a market on a schedule, with stamps at the seams they have.
//!
//! A venue's thread turns a [`VenueLoop`](crate::live::VenueLoop) over a network of this module, which releases the frames of a capture
//! when their time has come and takes the orders; a shard's thread turns a [`ShardLoop`](crate::live::ShardLoop) with its journal. Nothing
//! is left out between them: market session, rings, core, journal, order session. In process there is no kernel; over sockets of this host
//! ([`Over`]) a third thread is the venue, the engine reads and sends by its own wire, and what the kernel takes for the way there and back
//! is measured beside it.
//!
//! Latency is the moment the bytes of an order are handed to the network, or over sockets have been read by the venue, less the moment the
//! frame that led to it was *scheduled* to arrive: time in which a thread was busy with something else counts. Of every order there are two stamps; between them
//! frames are sampled by their time of arrival, which both threads know, so that a sample is agreed without a word.
//!
//! Never here: a figure made up where one could not be measured.

mod alone;
mod answers;
mod drive;
mod frames;
mod join;
mod kernel;
mod looped;
mod over;
mod played;
mod probe;
mod served;
mod wired;

pub use alone::{Alone, Crossing};
pub use drive::{LatencyError, Measure, Measured, Pace, Rig, Until};
pub use frames::{Frames, FramesError, Kind};
pub use join::{Counts, Exemplar, Figures, Stage, Told};
pub use kernel::Kernel;
pub use over::{Over, Secured};
pub use wired::WiredError;
