//! From wanted quotes to the fewest orders and cancels: what stands where it should keeps its place in the queue.
//!
//! Never here: cancel all and place again, a second order for a level that has one, an order forgotten because its fate
//! is unknown.

use ballast_model::{ClientOrderId, Lots, Price, Rate, Side, Ticks};

use crate::book::Level;
use crate::model::{DesiredQuotes, Ladder, QUOTES_PER_SIDE_MAX};

/// Most cancels one [`Actions`] holds: twice the orders that full ladders need.
pub const CANCELS_MAX: usize = 4 * QUOTES_PER_SIDE_MAX;

/// Most placements one [`Actions`] holds: one per wanted level.
pub const PLACES_MAX: usize = 2 * QUOTES_PER_SIDE_MAX;

/// How much the quoter knows of one of its orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveStatus {
    /// Sent, not acknowledged. Counts as standing where it was sent to.
    Pending,
    /// Resting.
    Live,
    /// A cancel is under way. Counts as gone, so that its replacement need not wait; the risk gate still counts it.
    Cancelling,
    /// Nobody can say whether it rests. It is to be cancelled, and until its fate is known it takes the place of a quote.
    Unknown,
    /// As [`LiveStatus::Unknown`], with a cancel under way.
    UnknownCancelling,
}

/// One of our orders as the diff sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveQuote {
    /// Our id; a lower one is older.
    pub client_id: ClientOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// Size not yet filled.
    pub remaining: Lots,
    /// What is known of it.
    pub status: LiveStatus,
}

/// How far a standing order may differ from what is wanted and still be kept for its place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// An order up to this much deeper than wanted is kept; one that is more aggressive than wanted never is. So a price
    /// that flickers by no more than this costs at most one replacement, and kept orders never cross wanted ones.
    pub price: Ticks,
    /// An order whose remaining size differs from the wanted size by at most this share of it is kept.
    pub size: Rate,
}

impl Tolerance {
    /// Only what is exactly as wanted is kept.
    pub const EXACT: Self = Self { price: Ticks(0), size: Rate(0) };

    /// How much deeper `quote` stands than `level`, where that and its size are tolerable.
    fn depth_below(&self, level: &Level, quote: &LiveQuote) -> Option<Ticks> {
        let depth = Ticks((level.price - quote.price).0 * quote.side.sign());
        let size_off = i128::from((quote.remaining - level.lots).abs().0) * i128::from(Rate::ONE.0);
        let size_fits = size_off <= i128::from(level.lots.0) * i128::from(self.size.0);
        (depth >= Ticks(0) && depth <= self.price && size_fits).then_some(depth)
    }
}

/// A quote to place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// Size, above zero.
    pub lots: Lots,
}

/// What has to be done, in this order: the cancels, then the placements.
#[derive(Clone, Debug)]
pub struct Actions {
    cancels: [ClientOrderId; CANCELS_MAX],
    cancels_len: usize,
    places: [Place; PLACES_MAX],
    places_len: usize,
}

/// Whether [`diff`] could name everything there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// Carrying the actions out leads to the wanted quotes.
    All,
    /// There are more orders to cancel than [`CANCELS_MAX`]. The actions hold that many cancels and no placement: new orders
    /// wait for a later diff, when the old ones are on their way out.
    CancelsLeft {
        /// Cancels that did not fit.
        count: usize,
    },
}

impl Actions {
    /// No actions.
    #[must_use]
    pub const fn new() -> Self {
        let nothing = Place { side: Side::Bid, price: Price(0), lots: Lots::ZERO };
        Self {
            cancels: [ClientOrderId(0); CANCELS_MAX],
            cancels_len: 0,
            places: [nothing; PLACES_MAX],
            places_len: 0,
        }
    }

    /// Orders to cancel, in the order the live orders were shown.
    #[must_use]
    #[inline]
    pub fn cancels(&self) -> &[ClientOrderId] {
        self.cancels.get(..self.cancels_len).unwrap_or_default()
    }

    /// Quotes to place: bids, then asks, each best first.
    #[must_use]
    #[inline]
    pub fn places(&self) -> &[Place] {
        self.places.get(..self.places_len).unwrap_or_default()
    }

    /// True where nothing has to be done.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.cancels_len == 0 && self.places_len == 0
    }
}

impl Default for Actions {
    fn default() -> Self {
        Self::new()
    }
}

/// Plans the steps from the live orders to the wanted quotes; what `actions` held before is forgotten.
///
/// Each wanted level keeps the one live order that stands nearest within the tolerance, the oldest of equals; every other
/// order is cancelled and every level left without one is placed. An order of unknown fate is cancelled too, and as long
/// as it may rest its size stands for wanted levels of its side, best first, so that the two together never show more than
/// is wanted.
#[inline]
pub fn diff(
    desired: &DesiredQuotes,
    live: impl IntoIterator<Item = LiveQuote>,
    tolerance: Tolerance,
    actions: &mut Actions,
) -> Planned {
    let mut planner = Planner {
        sides: Side::BOTH.map(|side| SidePlan {
            ladder: desired.side(side),
            kept: [None; QUOTES_PER_SIDE_MAX],
            unknown: Lots::ZERO,
        }),
        actions,
        cancels_left: 0,
    };
    planner.actions.cancels_len = 0;
    planner.actions.places_len = 0;
    for quote in live {
        planner.take(&quote, tolerance);
    }
    if planner.cancels_left > 0 {
        return Planned::CancelsLeft { count: planner.cancels_left };
    }
    planner.place_missing();
    Planned::All
}

/// The order a level keeps.
#[derive(Clone, Copy)]
struct Kept {
    client_id: ClientOrderId,
    depth: Ticks,
}

/// One side's plan as the live orders come in.
struct SidePlan<'a> {
    ladder: &'a Ladder,
    /// By index of the ladder's levels.
    kept: [Option<Kept>; QUOTES_PER_SIDE_MAX],
    /// Size of the orders that may or may not rest.
    unknown: Lots,
}

struct Planner<'a> {
    sides: [SidePlan<'a>; 2],
    actions: &'a mut Actions,
    cancels_left: usize,
}

impl Planner<'_> {
    #[inline]
    fn take(&mut self, quote: &LiveQuote, tolerance: Tolerance) {
        let [bids, asks] = &mut self.sides;
        let side = match quote.side {
            Side::Bid => bids,
            Side::Ask => asks,
        };
        let to_cancel = match quote.status {
            LiveStatus::Pending | LiveStatus::Live => side.keep(quote, tolerance),
            LiveStatus::Cancelling => None,
            LiveStatus::Unknown => {
                side.unknown += quote.remaining;
                Some(quote.client_id)
            }
            LiveStatus::UnknownCancelling => {
                side.unknown += quote.remaining;
                None
            }
        };
        if let Some(client_id) = to_cancel {
            self.cancel(client_id);
        }
    }

    fn cancel(&mut self, client_id: ClientOrderId) {
        match self.actions.cancels.get_mut(self.actions.cancels_len) {
            Some(slot) => {
                *slot = client_id;
                self.actions.cancels_len += 1;
            }
            None => self.cancels_left += 1,
        }
    }

    #[inline]
    fn place_missing(&mut self) {
        for plan in &mut self.sides {
            let missing = plan.ladder.levels().iter().zip(&plan.kept).filter(|(_, kept)| kept.is_none());
            for (level, _) in missing {
                if plan.unknown.0 > 0 {
                    plan.unknown -= level.lots;
                    continue;
                }
                // One slot per wanted level: there is always room.
                if let Some(slot) = self.actions.places.get_mut(self.actions.places_len) {
                    *slot = Place { side: plan.ladder.side(), price: level.price, lots: level.lots };
                    self.actions.places_len += 1;
                }
            }
        }
    }
}

impl SidePlan<'_> {
    /// Keeps the quote at the level it stands nearest to, or says which order has to go: this one, or the worse one kept
    /// there so far.
    #[inline]
    fn keep(&mut self, quote: &LiveQuote, tolerance: Tolerance) -> Option<ClientOrderId> {
        let mut nearest: Option<(&mut Option<Kept>, Ticks)> = None;
        for (level, kept) in self.ladder.levels().iter().zip(&mut self.kept) {
            if let Some(depth) = tolerance.depth_below(level, quote)
                && nearest.as_ref().is_none_or(|(_, least)| depth < *least)
            {
                nearest = Some((kept, depth));
            }
        }
        let Some((slot, depth)) = nearest else {
            return Some(quote.client_id);
        };
        match *slot {
            Some(other) if (other.depth, other.client_id) < (depth, quote.client_id) => Some(quote.client_id),
            other => {
                *slot = Some(Kept { client_id: quote.client_id, depth });
                other.map(|other| other.client_id)
            }
        }
    }
}

#[cfg(test)]
mod tests;
