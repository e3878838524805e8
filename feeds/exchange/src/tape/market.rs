//! One instrument's recorded market with our orders in it.

use ballast_core::book::BookFull;
use ballast_model::{
    BookBatch, BookBegin, BookKind, BookLevels, ClientOrderId, Digest, FillReason, Last, Lots, Nanos,
    NewOrder, PackedLevel, Price, Side, Ticker, Trade, UpdateId,
};

use super::depth::Depth;
use super::orders::{FlowKind, OrderFlow};
use super::queue::{OwnQueue, Resting};
use crate::account::{Account, OpenOrder};
use crate::queue_rules::{CancelModel, FillSizes};
use crate::spec::InstrumentRules;

/// Whether the venue's book is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not before the next snapshot.
    Lost,
    /// Up to its last complete batch.
    Live,
}

/// A book batch whose last slot has not come.
#[derive(Clone, Copy, Debug)]
struct Batch {
    kind: BookKind,
    /// Levels announced and not seen.
    missing: u32,
    update_id: UpdateId,
}

/// The prices of one side at which an update concerns our orders or what they took, as a range: the one test that the
/// levels of an idle market pay for.
#[derive(Clone, Copy, Debug)]
struct Watch {
    low: Price,
    high: Price,
}

impl Watch {
    const NOTHING: Self = Self { low: Price(i64::MAX), high: Price(i64::MIN) };

    #[inline]
    fn covers(self, price: Price) -> bool {
        self.low <= price && price <= self.high
    }

    #[inline]
    const fn is_empty(self) -> bool {
        self.low.0 > self.high.0
    }

    fn widen(&mut self, price: Price) {
        self.low = self.low.min(price);
        self.high = self.high.max(price);
    }
}

/// One value per side.
#[derive(Clone, Copy, Debug)]
struct PerSide<T> {
    bid: T,
    ask: T,
}

impl<T> PerSide<T> {
    #[inline]
    const fn of(&self, side: Side) -> &T {
        match side {
            Side::Bid => &self.bid,
            Side::Ask => &self.ask,
        }
    }

    const fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Bid => &mut self.bid,
            Side::Ask => &mut self.ask,
        }
    }
}

#[derive(Debug)]
pub(super) struct Market {
    depth: Depth,
    own: PerSide<OwnQueue>,
    /// Follows `own` and what `depth` has taken; may be wider while an event is handled.
    watch: PerSide<Watch>,
    state: State,
    batch: Option<Batch>,
    fills: FillSizes,
    told: Told,
    faults: u64,
}

/// What the feed tells of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// Sizes of levels, and trades.
    Levels,
    /// What becomes of each order; trades tell nothing new.
    Orders,
}

impl Market {
    pub(super) fn new(rules: &InstrumentRules) -> Self {
        let own = |side| OwnQueue::new(side, rules);
        Self {
            depth: Depth::new(rules.book),
            own: PerSide { bid: own(Side::Bid), ask: own(Side::Ask) },
            watch: PerSide { bid: Watch::NOTHING, ask: Watch::NOTHING },
            state: State::Lost,
            batch: None,
            fills: rules.queue.fills,
            told: match rules.queue.cancels {
                CancelModel::Orders => Told::Orders,
                CancelModel::Share(_) | CancelModel::Odds(..) => Told::Levels,
            },
            faults: 0,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == State::Live
    }

    pub(super) const fn faults(&self) -> u64 {
        self.faults
    }

    pub(super) fn resting(&self) -> impl Iterator<Item = &Resting> {
        self.own.bid.iter().chain(self.own.ask.iter())
    }

    /// A batch begins. Diffs of a lost book are passed over.
    pub(super) fn on_begin(&mut self, begin: &BookBegin, account: &mut Account) {
        if self.batch.is_some() {
            self.fail();
        }
        match (begin.kind, self.state) {
            (BookKind::Diff, State::Lost) => return,
            (BookKind::Diff, State::Live) => {}
            (BookKind::Snapshot, State::Lost | State::Live) => self.depth.clear(),
        }
        self.batch = Some(Batch { kind: begin.kind, missing: begin.levels, update_id: begin.update_id });
        if begin.levels == 0 {
            self.complete(account);
        }
    }

    #[inline]
    pub(super) fn on_levels(&mut self, slot: &BookLevels, account: &mut Account) {
        let Some(batch) = &mut self.batch else { return };
        let count = u32::from(slot.count);
        if count > batch.missing || (count == batch.missing) != (slot.last == Last::Yes) {
            return self.fail();
        }
        batch.missing -= count;
        match (self.apply(slot.side, slot.used()), slot.last) {
            (Ok(()), Last::No) => {}
            (Ok(()), Last::Yes) => self.complete(account),
            (Err(BookFull::Levels | BookFull::Price), Last::No | Last::Yes) => self.fail(),
        }
    }

    /// A whole batch: the same as its FIRST slot and then each of its levels' slots.
    pub(super) fn on_batch(&mut self, whole: &BookBatch<'_>, account: &mut Account) {
        self.on_begin(whole.begin(), account);
        let Some(batch) = &mut self.batch else { return };
        batch.missing = 0;
        for (side, levels) in whole.sides() {
            if self.apply(side, levels).is_err() {
                return self.fail();
            }
        }
        self.complete(account);
    }

    /// The book cannot be trusted before the next snapshot. Our orders stay: trades still reach them.
    pub(super) fn lose(&mut self) {
        self.state = State::Lost;
        self.batch = None;
    }

    #[cold]
    fn fail(&mut self) {
        self.faults += 1;
        self.lose();
    }

    #[inline]
    pub(super) fn on_ticker(&mut self, ticker: &Ticker, account: &mut Account) {
        if self.depth.on_ticker(ticker) && !self.idle() {
            self.cross(account);
        }
    }

    #[inline]
    pub(super) fn on_trade(&mut self, trade: &Trade, account: &mut Account) {
        let own = self.own.of_mut(trade.maker);
        let price = trade.level.price();
        let reached = own.best().is_some_and(|best| trade.maker.reaches(best.price, price));
        if reached && self.told == Told::Levels {
            own.on_trade(price, trade.level.lots(), account);
            self.watch_again();
        }
    }

    /// See [`OwnQueue::on_traded`] and [`OwnQueue::on_left`].
    pub(super) fn on_orders(&mut self, flow: &[OrderFlow], added: u64, account: &mut Account) {
        if self.told == Told::Levels || (self.own.bid.is_empty() && self.own.ask.is_empty()) {
            return;
        }
        for one in flow {
            let joined = UpdateId(one.joined.0.saturating_add(added));
            let own = self.own.of_mut(one.side);
            match one.kind {
                FlowKind::Traded => own.on_traded(one.level, joined, account),
                FlowKind::Left => own.on_left(one.level, joined),
            }
        }
        self.watch_again();
    }

    pub(super) fn takeable(&self, order: &NewOrder) -> Lots {
        self.depth.takeable(order)
    }

    pub(super) fn own_reached(&self, order: &NewOrder) -> Option<ClientOrderId> {
        let best = self.own.of(order.side.opposite()).best()?;
        order.side.reaches(order.price, best.price).then_some(best.client_id)
    }

    pub(super) fn take(&mut self, order: &mut OpenOrder, account: &mut Account) {
        self.depth.trade(order, FillReason::Took, account);
        self.watch_again();
    }

    pub(super) fn rest(&mut self, order: OpenOrder) {
        let (shown, seen_in) = (self.depth.queue_at(order.side, order.price), self.depth.book_id());
        let shown = if self.told == Told::Orders { Some(shown.unwrap_or(Lots::ZERO)) } else { shown };
        self.own.of_mut(order.side).insert(order, shown, seen_in);
        self.watch_again();
    }

    pub(super) fn remove(&mut self, client_id: ClientOrderId) -> Option<OpenOrder> {
        let removed = self.own.bid.remove(client_id).or_else(|| self.own.ask.remove(client_id));
        self.watch_again();
        removed
    }

    pub(super) fn shrink(&mut self, client_id: ClientOrderId, lots: Lots, left: Lots) {
        self.own.bid.shrink(client_id, lots, left);
        self.own.ask.shrink(client_id, lots, left);
    }

    /// Removes the first order whose end time has come.
    pub(super) fn remove_ended(&mut self, now: Nanos) -> Option<OpenOrder> {
        let has_ended = |resting: &&Resting| resting.order().tif.good_till().is_some_and(|end| end <= now);
        let client_id = self.resting().find(has_ended)?.order().client_id;
        self.remove(client_id)
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.depth.digest(digest);
        self.own.bid.digest(digest);
        self.own.ask.digest(digest);
        digest.word(self.state as u64);
        digest.word(self.batch.map_or(0, |batch| 1 + u64::from(batch.missing)));
        digest.word(self.faults);
    }

    /// Nothing of ours rests and nothing we took is outstanding.
    const fn idle(&self) -> bool {
        self.own.bid.is_empty() && self.own.ask.is_empty() && self.depth.untouched()
    }

    #[inline]
    fn apply(&mut self, side: Side, levels: &[PackedLevel]) -> Result<(), BookFull> {
        if self.watch.of(side).is_empty() {
            self.depth.apply_all(side, levels)
        } else {
            self.apply_watched(side, levels)
        }
    }

    /// Applies levels that may concern us. In a snapshot every level was zero before: none counts as cancelled.
    fn apply_watched(&mut self, side: Side, levels: &[PackedLevel]) -> Result<(), BookFull> {
        let watch = *self.watch.of(side);
        for run in levels.chunk_by(|one, next| watch.covers(one.price()) == watch.covers(next.price())) {
            if !run.first().is_some_and(|level| watch.covers(level.price())) {
                self.depth.apply_all(side, run)?;
                continue;
            }
            for level in run {
                let (price, after) = (level.price(), level.lots());
                let before = self.depth.apply(side, price, after)?;
                self.own.of_mut(side).on_level(price, before, after);
                self.depth.on_level(side, price, after);
            }
        }
        Ok(())
    }

    /// The batch under way has all its levels.
    fn complete(&mut self, account: &mut Account) {
        let Some(batch) = self.batch.take() else { return };
        self.state = State::Live;
        match batch.kind {
            BookKind::Diff => self.depth.complete_diff(batch.update_id),
            BookKind::Snapshot => {
                self.depth.complete_snapshot(batch.update_id);
                for side in Side::BOTH {
                    let (depth, own) = (&self.depth, self.own.of_mut(side));
                    match self.told {
                        Told::Levels => own.on_snapshot(|price| depth.queue_at(side, price)),
                        Told::Orders => own.requeue(batch.update_id, |price| depth.lots_at(side, price)),
                    }
                }
            }
        }
        if !self.idle() {
            self.depth.forget_gone();
            self.cross(account);
        }
    }

    /// Trades our resting orders with what the other side shows at or through their prices.
    fn cross(&mut self, account: &mut Account) {
        for side in Side::BOTH {
            let own = self.own.of_mut(side);
            let depth = &mut self.depth;
            let reached = |best: &OpenOrder| {
                depth.best_price(side.opposite()).is_some_and(|other| side.reaches(best.price, other))
            };
            if own.best().is_some_and(reached) {
                let fills = self.fills;
                own.trade_each(|order, place| {
                    account.places.set(Some(place));
                    match fills {
                        FillSizes::Partial => depth.trade(order, FillReason::BookCross, account),
                        FillSizes::Whole => depth.trade_whole(order, account),
                    }
                });
                account.places.set(None);
            }
        }
        self.watch_again();
    }

    /// Makes the watched ranges fit again.
    fn watch_again(&mut self) {
        for side in Side::BOTH {
            let mut watch = Watch::NOTHING;
            self.own.of(side).prices().for_each(|price| watch.widen(price));
            self.depth.taken_prices(side).for_each(|price| watch.widen(price));
            *self.watch.of_mut(side) = watch;
        }
    }
}
