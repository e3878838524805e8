//! When quotes may change: not too often, and not for too little.
//!
//! A throttle remembers what was last quoted. It is asked at every occasion to quote; what it puts off it names a time for,
//! so that nothing is forgotten. Reasons that cut risk always pass.
//!
//! Never here: a pull that waits, a change put off for ever.

use ballast_model::{Digest, HalfTicks, Lots, Nanos, Price, Side, Span, Ticks};

use crate::fair::Touch;
use crate::inventory::Quoting;

/// What a [`Throttle`] is built from.
///
/// A change is large once any of the three moves reaches its minimum; a move whose minimum is `None` is not looked at, and
/// where none is looked at every change is large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleParams {
    /// Least time between two re-quotes. Not negative.
    pub interval_min: Span,
    /// Most time a change waits for being small, counted from the last re-quote. At least `interval_min` and above zero.
    pub wait_max: Span,
    /// Least move of the mid, half ticks. Above zero.
    pub mid_move_min: Option<HalfTicks>,
    /// Least move of a side's best wanted price. Above zero. A side that appears or vanishes always is a large change.
    pub quote_move_min: Option<Ticks>,
    /// Least move of the position. Above zero.
    pub inventory_move_min: Option<Lots>,
}

/// Which parameter of [`ThrottleParams`] is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottleParamError {
    /// The least time between two re-quotes is negative.
    IntervalMin,
    /// The longest wait is below the least time, or not above zero.
    WaitMax,
    /// The least move of the mid is not above zero.
    MidMoveMin,
    /// The least move of a quote is not above zero.
    QuoteMoveMin,
    /// The least move of the position is not above zero.
    InventoryMoveMin,
}

impl core::fmt::Display for ThrottleParamError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::IntervalMin => "the least time between re-quotes must not be negative",
            Self::WaitMax => {
                "the longest wait must be above zero and not below the least time between re-quotes"
            }
            Self::MidMoveMin => "the least move of the mid must be above zero",
            Self::QuoteMoveMin => "the least move of a quote must be above zero",
            Self::InventoryMoveMin => "the least move of the position must be above zero",
        })
    }
}

impl core::error::Error for ThrottleParamError {}

/// What a decision to quote rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteState {
    /// Midpoint of the touch; `None` where there is none.
    pub mid: Option<HalfTicks>,
    /// Best wanted price of each side, by [`Side::index`]; `None` where a side is not wanted.
    pub wanted: [Option<Price>; 2],
    /// Our position.
    pub inventory: Lots,
}

/// A reason that never waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgent {
    /// There is no touch to quote from any more.
    TouchLost,
    /// Something stands on a side that inventory has stopped.
    SideStopped,
    /// A quote of ours stands at or through the opposite best price.
    WouldCross,
    /// The quoter, or somebody above it, wants every quote gone.
    Pull,
}

/// Why a re-quote passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Nothing has been quoted yet.
    First,
    /// It cuts risk.
    Urgent(Urgent),
    /// The change is large.
    Moved,
    /// The change is small and has waited long enough.
    Waited,
}

/// Whether to quote now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Quote; the state asked with is now the last quoted one.
    Quote(Pass),
    /// Not before this time, unless something happens first. [`Throttle::next_deadline`] keeps it.
    Wait(Nanos),
}

/// The throttle of one instrument.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    params: ThrottleParams,
    /// What was last quoted, and when.
    last: Option<(Nanos, QuoteState)>,
    /// When what has been put off is due; `None` where nothing has.
    deadline: Option<Nanos>,
}

impl Throttle {
    /// A throttle that has let nothing pass yet.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn new(params: ThrottleParams) -> Result<Self, ThrottleParamError> {
        if params.interval_min < Span::ZERO {
            return Err(ThrottleParamError::IntervalMin);
        }
        if params.wait_max <= Span::ZERO || params.wait_max < params.interval_min {
            return Err(ThrottleParamError::WaitMax);
        }
        if params.mid_move_min.is_some_and(|least| least.0 <= 0) {
            return Err(ThrottleParamError::MidMoveMin);
        }
        if params.quote_move_min.is_some_and(|least| least.0 <= 0) {
            return Err(ThrottleParamError::QuoteMoveMin);
        }
        if params.inventory_move_min.is_some_and(|least| least.0 <= 0) {
            return Err(ThrottleParamError::InventoryMoveMin);
        }
        Ok(Self { params, last: None, deadline: None })
    }

    /// Decides whether to quote `state` now. To be asked whenever there is an occasion to quote and when
    /// [`Throttle::next_deadline`] is reached, each time with the state of that moment.
    #[inline]
    pub fn ask(&mut self, now: Nanos, state: &QuoteState, urgent: Option<Urgent>) -> Verdict {
        let verdict = self.verdict(now, state, urgent);
        match verdict {
            Verdict::Quote(_) => {
                self.last = Some((now, *state));
                self.deadline = None;
            }
            Verdict::Wait(until) => self.deadline = Some(until),
        }
        verdict
    }

    /// When the throttle has to be asked again for what it has put off; `None` where it has put nothing off.
    #[must_use]
    #[inline]
    pub const fn next_deadline(&self) -> Option<Nanos> {
        self.deadline
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.signed(self.deadline.map_or(i64::MIN, |deadline| deadline.0));
        let Some((at, state)) = self.last else { return digest.word(0) };
        digest.word(1);
        digest.signed(at.0);
        digest.signed(state.mid.map_or(i64::MIN, |mid| mid.0));
        for price in state.wanted {
            digest.signed(price.map_or(i64::MIN, |price| price.0));
        }
        digest.signed(state.inventory.0);
    }

    #[inline]
    fn verdict(&self, now: Nanos, state: &QuoteState, urgent: Option<Urgent>) -> Verdict {
        if let Some(urgent) = urgent {
            return Verdict::Quote(Pass::Urgent(urgent));
        }
        let Some((at, last)) = &self.last else { return Verdict::Quote(Pass::First) };
        let large = self.is_large(last, state);
        let due = *at + if large { self.params.interval_min } else { self.params.wait_max };
        match (now >= due, large) {
            (false, _) => Verdict::Wait(due),
            (true, true) => Verdict::Quote(Pass::Moved),
            (true, false) => Verdict::Quote(Pass::Waited),
        }
    }

    #[inline]
    fn is_large(&self, last: &QuoteState, state: &QuoteState) -> bool {
        let ThrottleParams { mid_move_min, quote_move_min, inventory_move_min, .. } = self.params;
        if mid_move_min.is_none() && quote_move_min.is_none() && inventory_move_min.is_none() {
            return true;
        }
        let reached = |from: i64, to: i64, least: Option<i64>| {
            least.is_some_and(|least| from.abs_diff(to) >= least.unsigned_abs())
        };
        let mid = match (last.mid, state.mid) {
            (Some(from), Some(to)) => reached(from.0, to.0, mid_move_min.map(|least| least.0)),
            (None, None) => false,
            (Some(_), None) | (None, Some(_)) => true,
        };
        let quote = last.wanted.iter().zip(&state.wanted).any(|pair| match pair {
            (Some(from), Some(to)) => reached(from.0, to.0, quote_move_min.map(|least| least.0)),
            (None, None) => false,
            (Some(_), None) | (None, Some(_)) => true,
        });
        let least = inventory_move_min.map(|least| least.0);
        mid || quote || reached(last.inventory.0, state.inventory.0, least)
    }
}

/// The reason that what stands cannot wait, if there is one: `standing` are the best prices of our resting orders, by
/// [`Side::index`], without those whose cancel is under way.
#[must_use]
#[inline]
pub fn urgency(standing: [Option<Price>; 2], touch: Option<&Touch>, quoting: Quoting) -> Option<Urgent> {
    if standing == [None, None] {
        return None;
    }
    let Some(touch) = touch else { return Some(Urgent::TouchLost) };
    let stands = || Side::BOTH.into_iter().zip(standing).filter_map(|(side, price)| Some((side, price?)));
    if stands().any(|(side, _)| !quoting.permits(side)) {
        return Some(Urgent::SideStopped);
    }
    let opposite = |side| match side {
        Side::Bid => touch.ask.price,
        Side::Ask => touch.bid.price,
    };
    stands().any(|(side, price)| side.reaches(price, opposite(side))).then_some(Urgent::WouldCross)
}

#[cfg(test)]
mod tests;
