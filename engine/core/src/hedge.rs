//! The hedge controller of one base asset: from exposure, an interval, to orders that surely bring it nearer to its band.
//!
//! Signed quantities: long > 0, short < 0. With `D` all exposure but perpetuals and `P` all perpetuals, the target is
//! `P* = −hedge_ratio · D` and the *residual* is `hedge_ratio · D + P`: what a hedge still has to undo. The residual is an
//! interval. What is stale, missing or of unknown fate widens it, an open hedge order stretches it towards the side it may
//! trade to, and nothing is placed unless the whole of it lies outside the no-trade band. What is placed then brings the end
//! nearest to the band up to the band's edge: whatever the truth in the interval is, it is not carried past the band, and
//! what is already under way is never hedged twice.
//!
//! [`amount`] holds exact amounts and intervals, [`exposure`] the parts and their ages, [`band`] the band from cost against
//! risk, [`venue`] the hedge venues, their costs and prices, [`split`] the choice between them, [`controller`] the state
//! machine that joins them.
//!
//! Never here: a command for a venue (an intent still has to pass the gate), a memory of deviations that adds up, a float in a quantity.

pub mod amount;
pub mod band;
pub mod controller;
pub mod exposure;
mod ladder;
pub mod split;
pub mod venue;
mod words;

pub use amount::{Base, Interval};
pub use band::{Band, BandError, BandSpec, CostBand, RiskInputs};
pub use controller::HedgeController;
pub use exposure::{
    Exposure, ExposureError, ExposureSpec, PartId, PartKind, PartSpec, PendingPolicy, Reading,
};
pub use ladder::{HedgePolicy, PolicyError, Rung, Stage};
pub use venue::{Funding, HedgeIntent, HedgeOrder, HedgeVenueSpec, HedgeVenueState, VenueAccess, VenueError};
pub use words::{
    HEDGE_CANCELS_MAX, HedgeActions, HedgeCalls, HedgeError, HedgeInputs, HedgeMetrics, HedgeSpec,
    HedgeState, HedgeView,
};
