//! Orders and the trades that are booked, as words and back.
//!
//! Orders carry exactly, ended ones that are still findable among them: news that was late meets its order in the next run as it
//! would have in this one. What nobody can know after a restart is said apart from it, by [`ballast_model::OrderReport::FateUnknown`].

use ballast_model::{
    Carried, CarriedKind, ClientOrderId, Lots, Nanos, Price, ReduceOnly, RejectReason, Side, TimeInForce,
    VenueOrderId,
};

use super::order::{Amendment, Order};
use super::state::{BeforeCancel, DoneReason, OrderState};
use super::{DONE_KEPT, Oms};
use crate::carry::{Of, Tell, at, time};

/// Words of one order.
pub(crate) const ORDER_PARTS: usize = 4;

/// The numbers of an order's words.
pub(crate) type OrderWords = [[u64; 6]; ORDER_PARTS];

/// Bits of an order's flags.
mod flag {
    pub(super) const ACKNOWLEDGED: u8 = 1;
    pub(super) const AMEND_REFUSED: u8 = 2;
    pub(super) const HAS_VENUE_ID: u8 = 4;
    pub(super) const AMENDED: u8 = 8;
}

impl Oms {
    /// Tells all it holds: at most four words for each order and one for every six trades.
    pub(crate) fn carry(&self, tell: &mut Tell<'_>) {
        self.trades.carry(Of::new(CarriedKind::Trades, self.instrument.0), tell);
        let of = Of::new(CarriedKind::Order, self.instrument.0);
        for order in self.open.iter().chain(&self.done) {
            for (part, words) in (0..).zip(order.words()) {
                tell(of.word(part, words));
            }
        }
    }

    /// Takes back a word of its trades.
    pub(crate) fn restore_trades(&mut self, carried: &Carried) -> bool {
        self.trades.restore(carried)
    }

    /// Takes back an order; false where there is no room, or one with its id.
    pub(crate) fn restore(&mut self, words: &OrderWords) -> bool {
        let Some(order) = Order::of_words(words) else { return false };
        if self.find(order.client_id).is_some() || self.open.len() >= self.open_max() {
            return false;
        }
        *self.working_mut(order.side) += order.working();
        self.missing.orders += usize::from(!order.missing().is_zero());
        match order.side {
            Side::Bid => self.missing.bid += order.missing(),
            Side::Ask => self.missing.ask += order.missing(),
        }
        self.unknown += usize::from(order.state == OrderState::Unknown);
        if order.is_open() {
            self.open.push(order);
        } else if self.done.len() < DONE_KEPT {
            self.done.push_back(order);
        } else {
            return false;
        }
        true
    }
}

impl Order {
    /// All that is known of it.
    fn words(&self) -> OrderWords {
        let set = |holds: bool, bit: u8| if holds { bit } else { 0 };
        let flags = set(self.acknowledged, flag::ACKNOWLEDGED)
            | set(self.amend_refused, flag::AMEND_REFUSED)
            | set(self.venue_id.is_some(), flag::HAS_VENUE_ID)
            | set(self.amendment.is_some(), flag::AMENDED);
        let [state, detail, reject, ..] = self.state.word().to_le_bytes();
        let head =
            [self.side as u8, self.tif.code(), self.reduce_only as u8, flags, state, detail, reject, 0];
        let aim =
            self.amendment.unwrap_or(Amendment { price: Price(0), lots: Lots::ZERO, sent_at: Nanos(0) });
        let [price, lots] = [self.price.0, self.lots.0].map(i64::cast_unsigned);
        let [filled, reported] = [self.filled.0, self.reported.0].map(i64::cast_unsigned);
        let [aim_price, aim_lots] = [aim.price.0, aim.lots.0].map(i64::cast_unsigned);
        let sent = time(Some(self.sent_at));
        let counts = u64::from(self.amendments) | u64::from(self.query) << 32;
        let venue_id = self.venue_id.map_or(0, |id| id.0);
        let [state_since, level_since] = [self.state_since, self.level_since].map(|at| time(Some(at)));
        let asked = [self.cancel_retry_at, self.missing_since, self.queried_at].map(time);
        let [cancel_retry, missing_since, queried] = asked;
        let (doubtful, confirmed) = (time(self.doubtful_since), time(Some(self.confirmed_at)));
        [
            [self.client_id.0, u64::from_le_bytes(head), price, lots, filled, reported],
            [aim_price, aim_lots, time(Some(aim.sent_at)), counts, venue_id, sent],
            [cancel_retry, state_since, doubtful, level_since, confirmed, missing_since],
            [queried, time(self.tif.good_till()), 0, 0, 0, 0],
        ]
    }

    /// The order of these words; `None` where they are no order's.
    fn of_words(words: &OrderWords) -> Option<Self> {
        let [first, second, third, [queried, good_till, ..]] = *words;
        let [client_id, head, price, lots, filled, reported] = first;
        let [aim_price, aim_lots, aim_sent, counts, venue_id, sent] = second;
        let [cancel_retry, state_since, doubtful, level_since, confirmed, missing_since] = third;
        let [side, tif, reduce_only, flags, state, detail, reject, _] = head.to_le_bytes();
        let known = |at: u64| Nanos(at.cast_signed());
        let lots_of = |word: u64| Lots(word.cast_signed());
        let price_of = |word: u64| Price(word.cast_signed());
        let aim = Amendment { price: price_of(aim_price), lots: lots_of(aim_lots), sent_at: known(aim_sent) };
        Some(Self {
            client_id: ClientOrderId(client_id),
            side: if side == 0 { Side::Bid } else { Side::Ask },
            price: price_of(price),
            lots: lots_of(lots),
            filled: lots_of(filled),
            reported: lots_of(reported),
            amendment: (flags & flag::AMENDED != 0).then_some(aim),
            amendments: u32::try_from(counts & u64::from(u32::MAX)).ok()?,
            amend_refused: flags & flag::AMEND_REFUSED != 0,
            state: state_of(state, detail, reject)?,
            venue_id: (flags & flag::HAS_VENUE_ID != 0).then_some(VenueOrderId(venue_id)),
            acknowledged: flags & flag::ACKNOWLEDGED != 0,
            sent_at: known(sent),
            cancel_retry_at: at(cancel_retry),
            state_since: known(state_since),
            doubtful_since: at(doubtful),
            level_since: known(level_since),
            confirmed_at: known(confirmed),
            missing_since: at(missing_since),
            queried_at: at(queried),
            query: u16::try_from(counts >> 32).ok()?,
            tif: TimeInForce::of(tif, known(good_till))?,
            reduce_only: if reduce_only == 0 { ReduceOnly::No } else { ReduceOnly::Yes },
        })
    }
}

/// The state that [`OrderState::word`] says.
fn state_of(kind: u8, detail: u8, reject: u8) -> Option<OrderState> {
    use BeforeCancel as Before;
    Some(match (kind, detail) {
        (0, 0) => OrderState::PendingNew,
        (1, 0) => OrderState::Live,
        (2, 0) => OrderState::PendingCancel(Before::New),
        (2, 1) => OrderState::PendingCancel(Before::Live),
        (2, 2) => OrderState::PendingCancel(Before::Replace),
        (2, 3) => OrderState::PendingCancel(Before::Unknown),
        (3, 0) => OrderState::Unknown,
        (4, 0) => OrderState::Done(DoneReason::Filled),
        (4, 1) => OrderState::Done(DoneReason::Cancelled),
        (4, 2) => OrderState::Done(DoneReason::Rejected(*RejectReason::ALL.get(usize::from(reject))?)),
        (4, 3) => OrderState::Done(DoneReason::Expired),
        (4, 4) => OrderState::Done(DoneReason::NotSent),
        (4, 5) => OrderState::Done(DoneReason::NeverPlaced),
        (4, 6) => OrderState::Done(DoneReason::Lost),
        (5, 0) => OrderState::PendingReplace,
        _ => return None,
    })
}
