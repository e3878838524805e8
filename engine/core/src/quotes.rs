//! From wanted quotes to the fewest orders and cancels: what stands where it should keeps its place in the queue.
//!
//! Never here: cancel all and place again, a second order for a level that has one, an order forgotten because its fate
//! is unknown.

use ballast_model::{ClientOrderId, Lots, Price, Rate, Side, Ticks};

use crate::book::Level;
use crate::model::{DesiredQuotes, Ladder, QUOTES_PER_SIDE_MAX};
use crate::oms::{BeforeCancel, OrderState};

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

impl LiveStatus {
    /// What a state of the order manager means for quoting.
    #[must_use]
    #[inline]
    pub const fn of(state: OrderState) -> Self {
        match state {
            OrderState::PendingNew | OrderState::PendingReplace => Self::Pending,
            OrderState::Live => Self::Live,
            OrderState::Unknown => Self::Unknown,
            OrderState::PendingCancel(BeforeCancel::Unknown) => Self::UnknownCancelling,
            // An ended order among the open ones misses fills: it stands nowhere.
            OrderState::PendingCancel(BeforeCancel::New | BeforeCancel::Live | BeforeCancel::Replace)
            | OrderState::Done(_) => Self::Cancelling,
        }
    }
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

    /// True where what remains of `quote` is near enough to the size of `level`.
    pub(crate) fn fits_size(&self, level: &Level, quote: &LiveQuote) -> bool {
        let size_off = i128::from((quote.remaining - level.lots).abs().0) * i128::from(Rate::ONE.0);
        size_off <= i128::from(level.lots.0) * i128::from(self.size.0)
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
    /// Room for the plan: the order each wanted level keeps, by [`Side::index`]. Means nothing between two diffs.
    kept: [[Option<Kept>; QUOTES_PER_SIDE_MAX]; 2],
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
            kept: [[None; QUOTES_PER_SIDE_MAX]; 2],
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

    /// Keeps only the cancels of which this says yes.
    pub(crate) fn retain_cancels(&mut self, keep: impl FnMut(&ClientOrderId) -> bool) {
        self.cancels_len = retain(&mut self.cancels, self.cancels_len, keep);
    }

    /// Keeps only the placements of which this says yes.
    pub(crate) fn retain_places(&mut self, keep: impl FnMut(&Place) -> bool) {
        self.places_len = retain(&mut self.places, self.places_len, keep);
    }

    /// Takes a placement back that was not retained: there is room for it.
    pub(crate) fn place_after_all(&mut self, place: Place) {
        if let Some(slot) = self.places.get_mut(self.places_len) {
            *slot = place;
            self.places_len += 1;
        }
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
    let Actions { cancels, cancels_len, places, places_len, kept: [kept_bids, kept_asks] } = actions;
    let mut planner = Planner {
        bids: SidePlan::new(desired.side(Side::Bid), kept_bids),
        asks: SidePlan::new(desired.side(Side::Ask), kept_asks),
        cancels: Filling::new(cancels, cancels_len),
        places: Filling::new(places, places_len),
        cancels_left: 0,
    };
    for quote in live {
        planner.take(&quote, tolerance);
    }
    if planner.cancels_left > 0 {
        return Planned::CancelsLeft { count: planner.cancels_left };
    }
    planner.place_missing();
    Planned::All
}

/// Moves what is kept to the front; returns how much that is.
fn retain<T: Copy>(slots: &mut [T], len: usize, mut keep: impl FnMut(&T) -> bool) -> usize {
    let mut kept = 0;
    for index in 0..len {
        let Some(value) = slots.get(index).copied().filter(&mut keep) else { continue };
        if let Some(slot) = slots.get_mut(kept) {
            *slot = value;
            kept += 1;
        }
    }
    kept
}

/// The order a level keeps.
#[derive(Clone, Copy, Debug)]
struct Kept {
    client_id: ClientOrderId,
    depth: Ticks,
}

/// A list of bounded length being written.
struct Filling<'a, T> {
    slots: &'a mut [T],
    len: &'a mut usize,
}

impl<'a, T> Filling<'a, T> {
    const fn new(slots: &'a mut [T], len: &'a mut usize) -> Self {
        *len = 0;
        Self { slots, len }
    }

    /// Adds a value; `None` where there is no room.
    fn push(&mut self, value: T) -> Option<()> {
        *self.slots.get_mut(*self.len)? = value;
        *self.len += 1;
        Some(())
    }
}

/// One side's plan as the live orders come in.
struct SidePlan<'a> {
    ladder: &'a Ladder,
    /// One for each of the ladder's levels.
    kept: &'a mut [Option<Kept>],
    /// Size of the orders that may or may not rest.
    unknown: Lots,
}

struct Planner<'a> {
    bids: SidePlan<'a>,
    asks: SidePlan<'a>,
    cancels: Filling<'a, ClientOrderId>,
    places: Filling<'a, Place>,
    cancels_left: usize,
}

impl Planner<'_> {
    #[inline]
    fn take(&mut self, quote: &LiveQuote, tolerance: Tolerance) {
        let side = match quote.side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
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
        if let Some(client_id) = to_cancel
            && self.cancels.push(client_id).is_none()
        {
            self.cancels_left += 1;
        }
    }

    #[inline]
    fn place_missing(&mut self) {
        for plan in [&mut self.bids, &mut self.asks] {
            let missing = plan.ladder.levels().iter().zip(&*plan.kept).filter(|(_, kept)| kept.is_none());
            for (level, _) in missing {
                if plan.unknown.0 > 0 {
                    plan.unknown -= level.lots;
                    continue;
                }
                // One slot per wanted level: there is always room.
                let _ = self.places.push(Place {
                    side: plan.ladder.side(),
                    price: level.price,
                    lots: level.lots,
                });
            }
        }
    }
}

impl<'a> SidePlan<'a> {
    #[inline]
    fn new(ladder: &'a Ladder, kept: &'a mut [Option<Kept>]) -> Self {
        let kept = kept.get_mut(..ladder.levels().len()).unwrap_or_default();
        kept.fill(None);
        Self { ladder, kept, unknown: Lots::ZERO }
    }

    /// Keeps the quote at the level it stands nearest to, or says which order has to go: this one, or the worse one kept
    /// there so far.
    #[inline]
    fn keep(&mut self, quote: &LiveQuote, tolerance: Tolerance) -> Option<ClientOrderId> {
        let levels = self.ladder.levels();
        // Levels go from best to worst: the last of those the quote is not better than is the nearest.
        let at_or_above = levels.partition_point(|level| quote.side.reaches(level.price, quote.price));
        let depth_below = |level: &Level| Ticks((level.price - quote.price).0 * quote.side.sign());
        let nearest = levels
            .iter()
            .zip(&mut *self.kept)
            .take(at_or_above)
            .rev()
            .map(|(level, kept)| (level, kept, depth_below(level)))
            .take_while(|(_, _, depth)| *depth <= tolerance.price)
            .find(|(level, _, _)| tolerance.fits_size(level, quote));
        let Some((_, slot, depth)) = nearest else {
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
