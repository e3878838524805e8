//! Tick to trade on this host: the production loops on two threads, driven by a market on a schedule, with stamps at the seams they have.
//!
//! A venue's thread turns a [`VenueLoop`](crate::live::VenueLoop) over a network of this module, which releases the frames of a capture
//! when their time has come and takes the orders; a shard's thread turns a [`ShardLoop`](crate::live::ShardLoop) with its journal. Nothing
//! is left out between them: market session, rings, core, journal, order session. What is not there is the kernel: `read`, `frame` and
//! `write` are the sockets' and not part of these figures.
//!
//! Latency is the moment the bytes of an order are handed to the network less the moment the frame that led to it was *scheduled* to
//! arrive: time in which the venue's thread was busy with something else counts. Of every order there are two stamps; between them
//! frames are sampled by their time of arrival, which both threads know, so that a sample is agreed without a word.
//!
//! Never here: a socket, a figure made up where one could not be measured.

mod alone;
mod answers;
mod drive;
mod frames;
mod join;
mod played;
mod probe;

pub use alone::{Alone, Crossing};
pub use drive::{LatencyError, Measure, Measured, Pace, Rig};
pub use frames::{Frames, FramesError, Kind};
pub use join::{Counts, Exemplar, Figures, Stage, Told};
