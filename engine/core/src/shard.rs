//! The core of one shard: events in, commands out, single-threaded and repeatable.
//!
//! Each instrument has a lane: its market, its orders, its ledger, and where it is quoted a model behind a risk gate. A
//! decision is taken when the touch changes, when something happens to one of our orders, or when a timer of the lane is
//! due; never in the middle of a book batch, never on a touch that is unknown or too old.

mod executable;
mod hedger;
mod lane;
mod orders;
mod quoter;
mod risk;
mod shaping;
mod spec;
mod views;

use alloc::vec::Vec;

use ballast_model::{BookBatch, ClientOrderId, Event, Fill, InstrumentId, MarkPrice, Nanos, OrderUpdate};

use crate::hedge::HEDGE_CANCELS_MAX;
use crate::hedge::split::HEDGE_VENUES_MAX;
use crate::market::MarketChange;
use crate::outbox::Outbox;
use crate::quotes::{CANCELS_MAX, PLACES_MAX};
use executable::{hedge_prices, hedge_stale_at};
use hedger::{Hedger, unhedged};
pub use hedger::{HedgingError, HedgingSpec};
pub use lane::LaneError;
use lane::{Elsewhere, Lane};
use orders::QUERIES_MAX;
use risk::Risk;
pub use risk::{RiskError, RiskSpec};
pub use shaping::ShapingSpec;
pub use spec::{LaneSpec, QuotingSpec, ShardSpec, Trigger};

/// One shard.
#[derive(Debug)]
pub struct Shard {
    lanes: Vec<Lane>,
    hedgers: Vec<Hedger>,
    risk: Option<Risk>,
    ids: OrderIds,
    /// Time of the last event.
    now: Nanos,
    /// See [`Shard::next_deadline`].
    deadline: Option<Nanos>,
}

/// What acts at one event: the time, what spans lanes, and where ids come from and decisions go.
struct Turn<'a> {
    now: Nanos,
    ids: &'a mut OrderIds,
    risk: Option<&'a mut Risk>,
    out: &'a mut Outbox,
}

/// The earliest of some times; `None` where there is none.
#[inline]
fn earliest<const N: usize>(times: [Option<Nanos>; N]) -> Option<Nanos> {
    // By numbers: which of them is there changes with every event, and a branch on each would be guessed wrong.
    let least = times.iter().fold(Nanos::MAX, |least, time| least.min(time.unwrap_or(Nanos::MAX)));
    (least < Nanos::MAX).then_some(least)
}

/// Makes client order ids: session epoch and counter.
#[derive(Clone, Copy, Debug)]
struct OrderIds {
    epoch: u32,
    last: u64,
}

impl OrderIds {
    /// The id after the last one; it counts only once [`OrderIds::taken`] confirms it.
    const fn next(self) -> ClientOrderId {
        ClientOrderId::new(self.epoch, self.last + 1)
    }

    const fn taken(&mut self) {
        self.last += 1;
    }
}

impl Shard {
    /// Allocates everything the shard will ever need.
    ///
    /// # Errors
    /// The first lane whose numbers cannot be used, with its index; then the first hedge, with the index of its first venue;
    /// then the portfolio, with zero.
    pub fn new(spec: &ShardSpec) -> Result<Self, (usize, LaneError)> {
        let lane = |(index, lane): (usize, &LaneSpec)| {
            let id = u16::try_from(index).map(InstrumentId).map_err(|_| (index, LaneError::TooMany))?;
            Lane::new(id, lane).map_err(|error| (index, error))
        };
        let mut lanes = spec.lanes.iter().enumerate().map(lane).collect::<Result<Vec<_>, _>>()?;
        for (index, id) in ids(lanes.len()).enumerate() {
            let followed = lanes.get(index).and_then(|lane| lane.quoter.as_ref()?.hedged_on());
            let Some(followed) = followed else { continue };
            let other = lanes.get_mut(followed.index()).filter(|_| followed != id);
            other.ok_or((index, LaneError::HedgedOn))?.followers.push(id);
        }
        let hedger = |hedging: &HedgingSpec| {
            let venue = hedging.hedge.venues.first().map_or(0, |venue| venue.instrument.index());
            Hedger::new(hedging, &lanes).map_err(|error| (venue, LaneError::Hedging(error)))
        };
        let hedgers = spec.hedges.iter().map(hedger).collect::<Result<Vec<_>, _>>()?;
        let risk = spec.portfolio.as_ref().map(|risk| Risk::new(risk, &spec.lanes)).transpose();
        let risk = risk.map_err(|error| (0, LaneError::Risk(error)))?;
        for lane in &mut lanes {
            let hedges = hedgers.iter().any(|hedger| hedger.is_venue(lane.id()));
            lane.only_followed =
                lane.quoter.is_none() && lane.followers.is_empty() && !hedges && risk.is_none();
        }
        Ok(Self {
            lanes,
            hedgers,
            risk,
            ids: OrderIds { epoch: spec.epoch, last: 0 },
            now: Nanos::MIN,
            deadline: None,
        })
    }

    /// Most commands one event can make.
    #[must_use]
    pub const fn commands_per_event_max(&self) -> usize {
        self.lanes.len() * (CANCELS_MAX + PLACES_MAX + QUERIES_MAX)
            + self.hedgers.len() * (HEDGE_CANCELS_MAX + HEDGE_VENUES_MAX)
    }

    /// Learns one thing and decides.
    ///
    /// # Panics
    /// Where `now` is before the last event, or an instrument is unknown: the driver is wrong and the shard must stop.
    pub fn on_event(&mut self, event: &Event, now: Nanos, out: &mut Outbox) {
        self.advance(now);
        let (instrument, change) = match event {
            Event::BookLevels(slot) => (slot.instrument, self.lane(slot.instrument).market.on_levels(slot)),
            Event::BookBegin(begin) => (begin.instrument, self.lane(begin.instrument).market.on_begin(begin)),
            Event::Ticker(ticker) => {
                (ticker.instrument, self.lane(ticker.instrument).market.on_ticker(ticker))
            }
            Event::BookLost(lost) => (lost.instrument, self.lane(lost.instrument).market.on_lost(lost)),
            Event::Trade(trade) => return self.lane(trade.instrument).on_trade(trade, now),
            Event::Order(update) => return self.on_order(update, now, out),
            Event::Fill(fill) => return self.on_fill(fill, now, out),
            Event::Mark(mark) => return self.on_mark(mark, now, out),
            Event::Timer => return self.on_timer(now, out),
        };
        self.after_market(instrument, change, now, out);
    }

    /// Learns a whole book batch and decides: the same as [`Shard::on_event`] for each of its slots.
    ///
    /// # Panics
    /// As [`Shard::on_event`].
    pub fn on_batch(&mut self, batch: &BookBatch<'_>, now: Nanos, out: &mut Outbox) {
        self.advance(now);
        let instrument = batch.begin().instrument;
        let change = self.lane(instrument).market.on_batch(batch);
        self.after_market(instrument, change, now, out);
    }

    /// When the shard wants an [`Event::Timer`]; `None` for never.
    #[must_use]
    #[inline]
    pub const fn next_deadline(&self) -> Option<Nanos> {
        self.deadline
    }

    /// Looks for the next deadline anew: after every event that may have moved one. Drivers ask for it far more often.
    fn find_deadline(&mut self) {
        let lanes = self.lanes.iter().filter_map(|lane| lane.deadline(self.now));
        self.deadline = lanes.chain(self.hedgers.iter().filter_map(Hedger::deadline)).min();
    }

    #[inline]
    fn advance(&mut self, now: Nanos) {
        assert!(now >= self.now, "time went backward");
        self.now = now;
        if let Some(risk) = &mut self.risk {
            risk.portfolio.beat(now);
        }
    }

    #[inline]
    fn lane(&mut self, instrument: InstrumentId) -> &mut Lane {
        lane_of(&mut self.lanes, instrument)
    }

    #[inline]
    fn after_market(&mut self, instrument: InstrumentId, change: MarketChange, now: Nanos, out: &mut Outbox) {
        if change == MarketChange::None {
            return;
        }
        self.tell(instrument, now, out, |lane, turn| lane.on_market_change(change, turn));
        if self.lane(instrument).only_followed {
            return;
        }
        let followers = self.lane(instrument).followers.len();
        for index in 0..followers {
            if let Some(follower) = self.lane(instrument).followers.get(index).copied() {
                // A lost market cannot wait for an interval, neither here nor there.
                let lost = matches!(change, MarketChange::Lost(_));
                let wants = |lane: &mut Lane, _: &mut Turn<'_>| lane.wants_touch(now) || lost;
                self.tell(follower, now, out, wants);
            }
        }
        let lanes = &self.lanes;
        let wants = |hedger: &mut Hedger| {
            lanes.get(instrument.index()).is_some_and(|lane| hedger.wants_touch(lane, now))
        };
        let due = self.hedgers.iter_mut().map(wants).fold(false, |any, one| any | one);
        if due {
            self.hedge(now, out);
        }
        self.spread_halt(now, out);
        self.find_deadline();
    }

    fn on_order(&mut self, update: &OrderUpdate, now: Nanos, out: &mut Outbox) {
        self.tell(update.instrument, now, out, |lane, turn| lane.on_order(update, turn));
        let wants = |hedger: &mut Hedger| hedger.wants_order(update, now);
        if self.hedgers.iter_mut().map(wants).fold(false, |any, one| any | one) {
            self.hedge(now, out);
        }
        self.find_deadline();
    }

    fn on_fill(&mut self, fill: &Fill, now: Nanos, out: &mut Outbox) {
        let due = self.hear(fill.instrument, now, out, |lane, turn| lane.on_fill(fill, turn));
        // First the hedge: quotes lean on what it leaves.
        if self.hedgers.iter().any(|hedger| hedger.wants_fill(fill.instrument)) {
            self.hedge(now, out);
        }
        if due {
            self.requote(fill.instrument, now, out);
        }
        self.spread_halt(now, out);
        self.find_deadline();
    }

    fn on_mark(&mut self, mark: &MarkPrice, now: Nanos, out: &mut Outbox) {
        self.tell(mark.instrument, now, out, |lane, turn| lane.on_mark(mark, turn));
        self.find_deadline();
    }

    /// Pulls quotes everywhere where a loss has just halted everything.
    #[inline]
    fn spread_halt(&mut self, now: Nanos, out: &mut Outbox) {
        if self.risk.as_mut().is_some_and(Risk::take_halted) {
            for id in ids(self.lanes.len()) {
                self.tell(id, now, out, |lane, turn| lane.halts(turn));
            }
        }
    }

    fn on_timer(&mut self, now: Nanos, out: &mut Outbox) {
        for id in ids(self.lanes.len()) {
            self.tell(id, now, out, |lane, turn| lane.on_timer(turn));
        }
        if self.hedgers.iter().filter_map(Hedger::deadline).any(|at| at <= now) {
            self.hedge(now, out);
        }
        self.find_deadline();
    }

    /// Lets every hedge decide: one base asset's orders never depend on another's, and a decision that finds nothing new does
    /// nothing.
    fn hedge(&mut self, now: Nanos, out: &mut Outbox) {
        let mut turn = Turn { now, ids: &mut self.ids, risk: self.risk.as_mut(), out };
        for hedger in &mut self.hedgers {
            hedger.decide(&mut self.lanes, &mut turn);
        }
    }

    /// Tells a lane something and lets it quote anew where that asks for it.
    #[inline]
    fn tell(
        &mut self,
        instrument: InstrumentId,
        now: Nanos,
        out: &mut Outbox,
        news: impl FnOnce(&mut Lane, &mut Turn<'_>) -> bool,
    ) {
        if self.hear(instrument, now, out, news) {
            self.requote(instrument, now, out);
        }
    }

    /// Tells a lane something; says whether that asks for new quotes.
    #[inline]
    fn hear(
        &mut self,
        instrument: InstrumentId,
        now: Nanos,
        out: &mut Outbox,
        news: impl FnOnce(&mut Lane, &mut Turn<'_>) -> bool,
    ) -> bool {
        let Self { lanes, ids, risk, .. } = self;
        news(lane_of(lanes, instrument), &mut Turn { now, ids, risk: risk.as_mut(), out })
    }

    #[inline]
    fn requote(&mut self, instrument: InstrumentId, now: Nanos, out: &mut Outbox) {
        let elsewhere = self.elsewhere(instrument, now);
        let Self { lanes, ids, risk, .. } = self;
        lane_of(lanes, instrument).requote(elsewhere, &mut Turn { now, ids, risk: risk.as_mut(), out });
    }

    /// What the quotes of an instrument whose fills are hedged on another one read of that.
    #[inline]
    fn elsewhere(&self, instrument: InstrumentId, now: Nanos) -> Elsewhere {
        let lane = self.lanes.get(instrument.index());
        let on = lane.and_then(|lane| Some((lane, lane.quoter.as_ref()?.hedged_on()?)));
        let Some((lane, other)) = on else { return Elsewhere::NOTHING };
        let other = self.lanes.get(other.index());
        let prices = other.and_then(|other| hedge_prices(lane, other, now));
        let stale_at = other.and_then(|other| hedge_stale_at(lane, other));
        match self.hedgers.iter().find(|hedger| hedger.wants_fill(instrument)).and_then(Hedger::view) {
            Some(view) => match unhedged(view, lane) {
                Some(lots) => Elsewhere { prices, stale_at, unhedged: Some(lots) },
                // How much is hedged is unknown: there is nothing to quote on.
                None => Elsewhere::NOTHING,
            },
            None => Elsewhere { prices, stale_at, unhedged: None },
        }
    }
}

/// The first ids, as many as there are lanes.
fn ids(lanes: usize) -> impl Iterator<Item = InstrumentId> {
    (0..).map(InstrumentId).take(lanes)
}

#[inline]
fn lane_of(lanes: &mut [Lane], instrument: InstrumentId) -> &mut Lane {
    let lane = lanes.get_mut(instrument.index());
    assert!(lane.is_some(), "an event of an instrument this shard does not have");
    #[expect(clippy::unwrap_used, reason = "checked by the line above")]
    lane.unwrap()
}

#[cfg(test)]
mod tests;
