//! One order of ours: what it may still trade, and what each report teaches of it.

use core::mem::discriminant;

use ballast_model::{
    ClientOrderId, Digest, Ending, InstrumentId, LOTS_MAX, Lots, Nanos, NewOrder, OrderReport, PackedLevel,
    Price, ReduceOnly, RejectReason, Side, Span, TimeInForce, VenueOrderId,
};

use super::Adopted;
use super::state::{BeforeCancel, Input, OrderState, next};

/// How long a refused cancel should not be repeated. Whoever refuses one refuses the next at once, and requests are limited.
pub const CANCEL_RETRY: Span = Span::from_millis(100);

/// The same where the venue says that it has no such order: a question about it comes first and tells more than another cancel would,
/// which is only for an order that shows up after all.
pub const UNKNOWN_CANCEL_RETRY: Span = Span::from_secs(3);

/// How long after a request was sent the venue must have acted on it, or never will: sessions sign requests so that the
/// venue drops older ones (Binance: `recvWindow`, 5 s unless set). Only an answer to a query asked later than this tells that
/// a request was lost.
pub const SETTLE: Span = Span::from_secs(10);

/// Price and size an order has been asked to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// New limit price.
    pub price: Price,
    /// New total size.
    pub lots: Lots,
    /// When it was sent.
    pub sent_at: Nanos,
}

/// One of our orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Our id.
    pub client_id: ClientOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// Total size, above zero, what has traded included.
    pub lots: Lots,
    /// Traded so far by the fills that were booked; above `lots` only where the venue overfilled.
    pub filled: Lots,
    /// Traded so far by the venue's own count, as far as it told; zero where it did not.
    pub reported: Lots,
    /// An amendment without an answer. The order may have its price and size, or those above.
    pub amendment: Option<Amendment>,
    /// Amendments sent.
    pub amendments: u32,
    /// The venue has refused to amend it: it would again.
    pub amend_refused: bool,
    /// What is known of it.
    pub state: OrderState,
    /// The venue's id, once it told.
    pub venue_id: Option<VenueOrderId>,
    /// Whether the venue ever showed a sign of the order.
    pub acknowledged: bool,
    /// When it was sent.
    pub sent_at: Nanos,
    /// From when on its cancel may be repeated, where the venue refused it.
    pub cancel_retry_at: Option<Nanos>,
    /// When it last changed from one kind of state to another.
    pub state_since: Nanos,
    /// Since when nobody can say whether it is alive, whatever cancels were tried in between; `None` while it is known.
    pub doubtful_since: Option<Nanos>,
    /// When its price and size were last asked to change, or told.
    pub level_since: Nanos,
    /// When the venue last showed that it has the order.
    pub confirmed_at: Nanos,
    /// Since when fills are missing.
    pub missing_since: Option<Nanos>,
    /// When the venue was last asked about it.
    pub queried_at: Option<Nanos>,
    /// The number of that query; zero before the first.
    pub query: u16,
    /// Lifetime.
    pub tif: TimeInForce,
    /// Whether it may only reduce the position.
    pub reduce_only: ReduceOnly,
}

impl Order {
    /// An order about to be sent.
    pub(super) const fn sent(order: &NewOrder, now: Nanos) -> Self {
        Self {
            client_id: order.client_id,
            side: order.side,
            price: order.price,
            lots: order.lots,
            filled: Lots::ZERO,
            reported: Lots::ZERO,
            amendment: None,
            amendments: 0,
            amend_refused: false,
            state: OrderState::PendingNew,
            venue_id: None,
            acknowledged: false,
            sent_at: now,
            cancel_retry_at: None,
            state_since: now,
            doubtful_since: None,
            level_since: now,
            confirmed_at: now,
            missing_since: None,
            queried_at: None,
            query: 0,
            tif: order.tif,
            reduce_only: order.reduce_only,
        }
    }

    /// An order found at the venue.
    pub(super) const fn found(order: &Adopted, now: Nanos) -> Self {
        let sent = NewOrder {
            instrument: InstrumentId(0),
            client_id: order.client_id,
            side: order.side,
            price: order.price,
            lots: order.lots,
            tif: order.tif,
            reduce_only: order.reduce_only,
            expires_at: now,
        };
        Self {
            filled: order.filled,
            reported: order.filled,
            state: OrderState::Live,
            venue_id: Some(order.venue_id),
            acknowledged: true,
            ..Self::sent(&sent, now)
        }
    }

    /// What has not traded: never below zero.
    #[must_use]
    pub fn remaining(&self) -> Lots {
        self.left_of(self.lots)
    }

    /// When a cancel should be sent again; `None` where none was refused.
    #[must_use]
    pub const fn cancel_retry_at(&self) -> Option<Nanos> {
        self.cancel_retry_at
    }

    /// What traded by the venue's count and was not booked: its fills are missing.
    #[must_use]
    pub fn missing(&self) -> Lots {
        (self.reported - self.filled).max(Lots::ZERO)
    }

    /// What may still change the position: of an open order all that remains, by the larger of the sizes it may have; of
    /// any order the fills that are missing.
    #[must_use]
    pub fn working(&self) -> Lots {
        let left = if self.state.is_done() { Lots::ZERO } else { self.left_of(self.lots_worst()) };
        left + self.missing()
    }

    /// True while the order may trade or its fills are missing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.state.is_done() || !self.missing().is_zero()
    }

    /// Whether an order of the other side with this limit would meet this one, at any price it may have.
    #[must_use]
    pub fn met_by(&self, price: Price) -> bool {
        let other = self.side.opposite();
        let meets = |own| other.reaches(price, own);
        !self.state.is_done() && (meets(self.price) || self.amendment.is_some_and(|aim| meets(aim.price)))
    }

    /// Price and remaining size once the amendment under way, if any, has succeeded.
    #[must_use]
    pub fn aim(&self) -> (Price, Lots) {
        self.amendment.map_or((self.price, self.remaining()), |aim| (aim.price, self.left_of(aim.lots)))
    }

    /// The larger of the total sizes it may have.
    pub(super) fn lots_worst(&self) -> Lots {
        self.amendment.map_or(self.lots, |aim| aim.lots.max(self.lots))
    }

    /// This order after an input.
    pub(super) fn after(mut self, input: Input, now: Nanos) -> Self {
        let state = next(self.state, input);
        if discriminant(&state) != discriminant(&self.state) {
            self.state_since = now;
        }
        self.state = state;
        self.doubtful_since = state.is_doubtful().then(|| self.doubtful_since.unwrap_or(now));
        if state.is_done() {
            self.amendment = None;
        }
        self
    }

    /// This order after a fill of this size.
    pub(super) fn after_fill(mut self, lots: Lots, now: Nanos) -> Self {
        self.filled = Lots(self.filled.0.saturating_add(lots.0));
        self.seen(now);
        let last = self.left_of(self.lots_worst()).is_zero();
        self.after(if last { Input::LastFill } else { Input::PartFill }, now).marked(now)
    }

    /// This order after a report.
    pub(super) fn after_report(mut self, report: OrderReport, now: Nanos) -> Self {
        let input = self.learn(report, now);
        let all_traded = !self.state.is_done() && self.left_of(self.lots_worst()).is_zero();
        let input = if all_traded { Some(Input::Completed) } else { input };
        match input {
            Some(input) => self.after(input, now).marked(now),
            None => self.marked(now),
        }
    }

    /// Takes in what a report says of the order's numbers; `None` where it says nothing of the state.
    fn learn(&mut self, report: OrderReport, now: Nanos) -> Option<Input> {
        Some(match report {
            OrderReport::Accepted(venue_id) => {
                self.venue_id = Some(venue_id);
                self.seen(now);
                return self.amendment.is_none().then_some(Input::Confirmed);
            }
            OrderReport::Replaced { venue_id, level, filled } => {
                self.venue_id = Some(venue_id);
                return self.replaced(level, filled, now);
            }
            OrderReport::Working { venue_id, level, filled, query } => {
                self.venue_id = Some(venue_id);
                return self.stands(level, filled, query, now);
            }
            OrderReport::Ended { how, filled } => self.ended(how, filled, now),
            // That the id is in use is no sign of this order: a query says whether the venue has it.
            OrderReport::Rejected(RejectReason::DuplicateId) => Input::IdInUse,
            OrderReport::Rejected(reason) => Input::Rejected(reason),
            OrderReport::Cancelled => Input::Cancelled,
            OrderReport::Expired => Input::Expired,
            OrderReport::CancelRejected(reason) => {
                let is_unknown = reason == RejectReason::UnknownOrder;
                self.cancel_retry_at =
                    Some(now + if is_unknown { UNKNOWN_CANCEL_RETRY } else { CANCEL_RETRY });
                if is_unknown { Input::NotFound } else { Input::CancelRefused }
            }
            OrderReport::ReplaceRejected(reason) => {
                self.amend_refused = true;
                self.amendment = None;
                self.level_since = now;
                if reason == RejectReason::UnknownOrder { Input::NotFound } else { Input::ReplaceRefused }
            }
            OrderReport::NotSent => {
                use OrderState::{PendingCancel, PendingReplace};
                if matches!(self.state, PendingReplace | PendingCancel(BeforeCancel::Replace)) {
                    self.amendment = None;
                }
                Input::NotSent
            }
            OrderReport::FateUnknown => Input::FateUnknown,
            OrderReport::NotFound { query } => {
                let settled = self.asked_at(query).is_some_and(|asked| asked >= self.sent_at + SETTLE);
                if settled && !self.acknowledged { Input::NeverPlaced } else { Input::NotFound }
            }
        })
    }

    /// The venue amended the order. Where it took other numbers than the last amendment asked for, that one is yet to be
    /// answered.
    fn replaced(&mut self, level: PackedLevel, filled: Lots, now: Nanos) -> Option<Input> {
        self.seen(now);
        self.count(filled);
        self.take_level(level, now);
        let aim = (level.price(), level.lots());
        if self.amendment.is_some_and(|asked| (asked.price, asked.lots) == aim) {
            self.amendment = None;
        }
        self.amendment.is_none().then_some(Input::Confirmed)
    }

    /// A query found the order resting. The answer tells price and size where it was asked after they were last in question,
    /// and that an amendment or a cancel was lost where it was asked [`SETTLE`] after it.
    fn stands(&mut self, level: PackedLevel, filled: Lots, query: u16, now: Nanos) -> Option<Input> {
        self.seen(now);
        self.count(filled);
        let asked = self.asked_at(query).unwrap_or(Nanos::MIN);
        if asked > self.level_since {
            let shown = (level.price(), level.lots());
            let answered = |aim: Amendment| (aim.price, aim.lots) == shown || asked >= aim.sent_at + SETTLE;
            if self.amendment.is_none_or(answered) {
                self.amendment = None;
                self.take_level(level, now);
            }
        }
        let settled = asked >= self.state_since + SETTLE;
        let input = if settled { Input::Stands } else { Input::Confirmed };
        self.amendment.is_none().then_some(input)
    }

    fn ended(&mut self, how: Ending, filled: Lots, now: Nanos) -> Input {
        if how != Ending::Lost {
            self.seen(now);
        }
        self.count(filled);
        match how {
            Ending::Filled => {
                // A venue that does not count says no less than this.
                self.count(if filled.is_zero() { self.lots } else { filled });
                Input::Completed
            }
            Ending::Cancelled => Input::Cancelled,
            Ending::Expired => Input::Expired,
            Ending::Rejected(reason) => Input::Rejected(reason),
            Ending::Lost => Input::Lost,
        }
    }

    /// When the query with this number was sent, where it is the last one: of earlier ones nothing is remembered.
    fn asked_at(&self, query: u16) -> Option<Nanos> {
        self.queried_at.filter(|_| query == self.query)
    }

    /// The venue says that price and total size are these. An ended order that proves alive keeps the larger size.
    fn take_level(&mut self, level: PackedLevel, now: Nanos) {
        let least = if self.state.is_done() { self.lots } else { self.filled.max(self.reported) };
        self.price = level.price();
        self.lots = level.lots().max(least);
        self.level_since = now;
    }

    const fn seen(&mut self, now: Nanos) {
        self.acknowledged = true;
        self.confirmed_at = now;
    }

    /// The venue's count never falls: an answer can be overtaken. Nor is it taken for more than an order can be.
    fn count(&mut self, filled: Lots) {
        self.reported = self.reported.max(filled.min(Lots(LOTS_MAX)));
    }

    /// Notes since when fills are missing.
    fn marked(mut self, now: Nanos) -> Self {
        self.missing_since = if self.missing().is_zero() { None } else { self.missing_since.or(Some(now)) };
        self
    }

    fn left_of(&self, lots: Lots) -> Lots {
        (lots - self.filled.max(self.reported)).max(Lots::ZERO)
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        let time = |time: Option<Nanos>| time.map_or(i64::MIN, |at| at.0);
        digest.word(self.client_id.0);
        let seen = u8::from(self.acknowledged) | u8::from(self.amend_refused) << 1;
        let flags = [self.side as u8, self.tif.code(), self.reduce_only as u8, seen];
        digest.word(u64::from(u32::from_le_bytes(flags)) | u64::from(self.amendments) << 32);
        digest.word(self.state.word());
        digest.word(self.venue_id.map_or(0, |id| id.0));
        let amendment = self.amendment.map_or([i64::MIN; 3], |aim| [aim.price.0, aim.lots.0, aim.sent_at.0]);
        let numbers = [self.price.0, self.lots.0, self.filled.0, self.reported.0];
        let times = [self.sent_at.0, self.state_since.0, self.level_since.0, self.confirmed_at.0];
        let asked = [self.missing_since, self.queried_at, self.cancel_retry_at].map(time);
        let end = [time(self.tif.good_till()), i64::from(self.query)];
        if let Some(since) = self.doubtful_since {
            digest.signed(since.0);
        }
        for number in amendment.into_iter().chain(numbers).chain(times).chain(asked).chain(end) {
            digest.signed(number);
        }
    }
}
