//! What goes into a decision of the hedge controller and what comes out of it.
//!
//! Never here: a decision.

use alloc::vec::Vec;

use ballast_model::{Cancel, Nanos, Side, Span};

use super::amount::Interval;
use super::band::{Band, BandError, BandSpec, RiskInputs};
use super::exposure::{ExposureError, ExposureSpec};
use super::ladder::{HedgePolicy, PolicyError, Stage};
use super::split::HEDGE_VENUES_MAX;
use super::venue::{HedgeIntent, HedgeOrder, HedgeVenueSpec, HedgeVenueState, VenueError};

/// Most cancels of one decision; what is left waits for the next.
pub const HEDGE_CANCELS_MAX: usize = 32;

/// What a controller is built from.
#[derive(Clone, Debug)]
pub struct HedgeSpec {
    /// The parts of the exposure.
    pub exposure: ExposureSpec,
    /// The band.
    pub band: BandSpec,
    /// When and how to hedge.
    pub policy: HedgePolicy,
    /// Where, one to [`HEDGE_VENUES_MAX`]; of equal costs the first is preferred.
    pub venues: Vec<HedgeVenueSpec>,
}

/// Why a controller cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HedgeError {
    /// No venue, too many, or one twice.
    Venues,
    /// A venue.
    Venue(VenueError),
    /// The policy.
    Policy(PolicyError),
    /// The band.
    Band(BandError),
    /// The exposure.
    Exposure(ExposureError),
}

impl core::fmt::Display for HedgeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Venues => f.write_str("a hedge needs one to eight different venues"),
            Self::Venue(error) => error.fmt(f),
            Self::Policy(error) => error.fmt(f),
            Self::Band(error) => error.fmt(f),
            Self::Exposure(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for HedgeError {}

/// What a decision is taken from besides the exposure.
#[derive(Clone, Copy, Debug)]
pub struct HedgeInputs<'a> {
    /// The driver's time.
    pub now: Nanos,
    /// The venues, in the order of [`HedgeSpec::venues`].
    pub venues: &'a [HedgeVenueState],
    /// Every open order on the hedge instruments.
    pub orders: &'a [HedgeOrder],
    /// The risk as it is now.
    pub risk: RiskInputs,
    /// What inventories ask for beside the band.
    pub calls: HedgeCalls,
}

/// What inventories ask for beside the band, by [`Side::index`] of the side that reduces them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HedgeCalls {
    /// Work off on this side what lies inside the band too, to the smallest order.
    pub work: [bool; 2],
    /// Order nothing on this side: somebody else is closing what would be hedged.
    pub yields: [bool; 2],
}

impl HedgeCalls {
    /// Asks for work on a side.
    pub fn work_on(&mut self, side: Side) {
        if let Some(work) = self.work.get_mut(side.index()) {
            *work = true;
        }
    }

    /// Asks for a side to be left alone.
    pub fn yield_on(&mut self, side: Side) {
        if let Some(yields) = self.yields.get_mut(side.index()) {
            *yields = true;
        }
    }

    /// Whether a side is to be left alone.
    #[must_use]
    pub fn yields_on(&self, side: Side) -> bool {
        self.yields.get(side.index()).copied().unwrap_or(false)
    }
}

/// What has to be done: the cancels, then the orders.
#[derive(Clone, Debug)]
pub struct HedgeActions {
    pub(super) cancels: Vec<Cancel>,
    pub(super) places: Vec<HedgeIntent>,
}

impl HedgeActions {
    /// Nothing to do, with room for every decision.
    #[must_use]
    pub fn new() -> Self {
        Self { cancels: Vec::with_capacity(HEDGE_CANCELS_MAX), places: Vec::with_capacity(HEDGE_VENUES_MAX) }
    }

    /// Orders to cancel, at most [`HEDGE_CANCELS_MAX`].
    #[must_use]
    pub fn cancels(&self) -> &[Cancel] {
        &self.cancels
    }

    /// Orders to place: at most one for each venue.
    #[must_use]
    pub fn places(&self) -> &[HedgeIntent] {
        &self.places
    }

    pub(super) fn clear(&mut self) {
        self.cancels.clear();
        self.places.clear();
    }
}

impl Default for HedgeActions {
    fn default() -> Self {
        Self::new()
    }
}

/// Where the settled residual is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HedgeState {
    /// Wholly inside the band.
    Inside,
    /// Perhaps inside, perhaps outside: nothing is placed and standing orders are called back; the positions stay as they are.
    Unsure,
    /// Wholly outside; the side reduces it.
    Outside(Side),
}

/// What a decision found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HedgeView {
    /// Where the settled residual is.
    pub state: HedgeState,
    /// What is still unhedged, orders of unknown fate as traded or not.
    pub settled: Interval,
    /// The same with all standing hedge orders as traded or not.
    pub reach: Interval,
    /// The band.
    pub band: Band,
    /// How urgent it is; [`Stage::Passive`] unless outside.
    pub stage: Stage,
    /// When to decide again at the latest.
    pub next: Nanos,
}

/// How long the residual was where, and what was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HedgeMetrics {
    /// Time unhedged: wholly outside the band.
    pub outside: Span,
    /// Time in which nobody could say.
    pub unsure: Span,
    /// Longest single time outside.
    pub outside_longest: Span,
    /// Times the residual left the band.
    pub episodes: u64,
    /// Orders asked for.
    pub placed: u64,
    /// Cancels asked for.
    pub cancelled: u64,
}
