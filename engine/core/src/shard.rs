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

use alloc::vec::Vec;

use ballast_model::{
    ClientOrderId, Digest, Event, Fill, HalfTicks, InstrumentId, InstrumentSpec, Lots, Nanos, OrderUpdate,
    Price, Side, Span,
};

use crate::book::BookLimits;
use crate::fair::FairKind;
use crate::gate::portfolio::Portfolio;
use crate::gate::{Controls, Gate, GateLimits};
use crate::hedge::split::HEDGE_VENUES_MAX;
use crate::hedge::{HEDGE_CANCELS_MAX, HedgeController};
use crate::intensity::IntensityParams;
use crate::ledger::Ledger;
use crate::market::{BookBatch, Market, MarketChange};
use crate::model::Model;
use crate::oms::{Oms, SweepLimits};
use crate::outbox::Outbox;
use crate::quotes::{CANCELS_MAX, PLACES_MAX, Tolerance};
use crate::volatility::VolatilityKind;
use executable::{hedge_prices, hedge_stale_at};
use hedger::{Hedger, unhedged};
pub use hedger::{HedgingError, HedgingSpec};
pub use lane::LaneError;
use lane::{Elsewhere, Lane};
use orders::QUERIES_MAX;
use risk::Risk;
pub use risk::{RiskError, RiskSpec};
pub use shaping::ShapingSpec;

/// What a shard is built from.
#[derive(Clone, Debug)]
pub struct ShardSpec {
    /// Session epoch of the order ids; a later session has a greater one. Below 2²⁴.
    pub epoch: u32,
    /// Instruments; an [`InstrumentId`] is the index into this list.
    pub lanes: Vec<LaneSpec>,
    /// How base assets are hedged, one entry each.
    pub hedges: Vec<HedgingSpec>,
    /// What holds the instruments together; `None` where each stands alone.
    pub portfolio: Option<RiskSpec>,
}

/// One instrument of a shard.
#[derive(Clone, Debug)]
pub struct LaneSpec {
    /// Grid, limits and contract.
    pub spec: InstrumentSpec,
    /// Bounds of the book.
    pub book: BookLimits,
    /// How it is quoted; `None` to only follow its market.
    pub quoting: Option<QuotingSpec>,
    /// The gate's limits where it is not quoted but hedged on.
    pub hedge_limits: Option<GateLimits>,
    /// The gate's optional controls.
    pub controls: Controls,
    /// When the venue is asked about an order.
    pub sweep: SweepLimits,
}

/// How an instrument is quoted.
#[derive(Clone, Debug)]
pub struct QuotingSpec {
    /// The model.
    pub model: Model,
    /// What it quotes around.
    pub fair: FairKind,
    /// Volatility estimator; `None` where the model reads none.
    pub volatility: Option<VolatilityKind>,
    /// Calibration of how often orders arrive; `None` where the model reads none.
    pub intensity: Option<IntensityParams>,
    /// The instrument a fill is hedged on, whose market prices the quotes; `None` where the model reads none.
    pub hedged_on: Option<InstrumentId>,
    /// The size that the prices on [`QuotingSpec::hedged_on`] are wanted for, in lots of the quoted instrument.
    pub hedge_lots: Lots,
    /// When quotes are reconsidered.
    pub trigger: Trigger,
    /// How far standing quotes may differ from wanted ones.
    pub tolerance: Tolerance,
    /// How quotes are bent by market and inventory; `None` to quote what the model wants.
    pub shaping: Option<ShapingSpec>,
    /// The gate's limits.
    pub limits: GateLimits,
    /// A touch confirmed longer ago than this is not quoted on, and quotes that stand on it are pulled. Above zero.
    pub touch_age_max: Span,
    /// The venue thread drops an order that has waited longer than this. Above zero.
    pub order_expiry: Span,
}

/// When quotes are reconsidered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// At every change of the touch and every event of our own orders.
    Touch,
    /// At this interval, counted from the first event. Above zero.
    Every(Span),
}

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
        for (index, id) in (0..lanes.len()).zip((0..).map(InstrumentId)) {
            let followed = lanes.get(index).and_then(|lane| lane.quoter.as_ref()?.hedged_on());
            let Some(followed) = followed else { continue };
            let other = lanes.get_mut(followed.index()).filter(|_| followed != id);
            other.ok_or((index, LaneError::HedgedOn))?.followers.push(id);
        }
        let hedger = |hedging: &HedgingSpec| {
            let venue = hedging.hedge.venues.first().map_or(0, |venue| venue.instrument.index());
            Hedger::new(hedging, &lanes).map_err(|error| (venue, LaneError::Hedging(error)))
        };
        let hedgers = spec.hedges.iter().map(hedger).collect::<Result<_, _>>()?;
        let risk = spec.portfolio.as_ref().map(|risk| Risk::new(risk, &spec.lanes)).transpose();
        let risk = risk.map_err(|error| (0, LaneError::Risk(error)))?;
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
        match event {
            Event::BookLevels(slot) => {
                let change = self.lane(slot.instrument).market.on_levels(slot);
                if change == MarketChange::None {
                    return;
                }
                self.after_market(slot.instrument, change, now, out);
            }
            Event::BookBegin(begin) => {
                let change = self.lane(begin.instrument).market.on_begin(begin);
                if change == MarketChange::None {
                    return;
                }
                self.after_market(begin.instrument, change, now, out);
            }
            Event::Ticker(ticker) => {
                let change = self.lane(ticker.instrument).market.on_ticker(ticker);
                if change == MarketChange::None {
                    return;
                }
                self.after_market(ticker.instrument, change, now, out);
            }
            Event::BookLost(lost) => {
                let change = self.lane(lost.instrument).market.on_lost(lost);
                if change == MarketChange::None {
                    return;
                }
                self.after_market(lost.instrument, change, now, out);
            }
            Event::Order(update) => self.on_order(update, now, out),
            Event::Fill(fill) => self.on_fill(fill, now, out),
            Event::Timer => self.on_timer(now, out),
            Event::Trade(trade) => return self.lane(trade.instrument).on_trade(trade, now),
            Event::Mark(mark) => {
                self.tell(mark.instrument, now, out, |lane, turn| lane.on_mark(mark, turn));
            }
        }
        self.find_deadline();
    }

    /// Learns a whole book batch and decides: the same as [`Shard::on_event`] for each of its slots.
    ///
    /// # Panics
    /// As [`Shard::on_event`].
    pub fn on_batch(&mut self, batch: &BookBatch<'_>, now: Nanos, out: &mut Outbox) {
        self.advance(now);
        let instrument = batch.begin().instrument;
        let change = self.lane(instrument).market.on_batch(batch);
        if change != MarketChange::None {
            self.after_market(instrument, change, now, out);
            self.find_deadline();
        }
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

    /// Digest of everything decisions depend on.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut digest = Digest::new();
        digest.signed(self.now.0);
        digest.word(self.ids.next().0);
        self.lanes.iter().for_each(|lane| lane.digest(&mut digest));
        self.hedgers.iter().for_each(|hedger| hedger.digest(&mut digest));
        if let Some(risk) = &self.risk {
            risk.digest(&mut digest);
        }
        digest.value()
    }

    /// An instrument's grid, limits and contract.
    #[must_use]
    pub fn spec(&self, instrument: InstrumentId) -> Option<&InstrumentSpec> {
        self.lanes.get(instrument.index()).map(|lane| &lane.spec)
    }

    /// An instrument's market.
    #[must_use]
    pub fn market(&self, instrument: InstrumentId) -> Option<&Market> {
        self.lanes.get(instrument.index()).map(|lane| &lane.market)
    }

    /// An instrument's ledger.
    #[must_use]
    pub fn ledger(&self, instrument: InstrumentId) -> Option<&Ledger> {
        self.lanes.get(instrument.index()).map(|lane| &lane.ledger)
    }

    /// An instrument's orders.
    #[must_use]
    pub fn orders(&self, instrument: InstrumentId) -> Option<&Oms> {
        self.lanes.get(instrument.index()).map(|lane| &lane.orders.oms)
    }

    /// An instrument's gate; `None` where it is not quoted.
    #[must_use]
    pub fn gate(&self, instrument: InstrumentId) -> Option<&Gate> {
        self.lanes.get(instrument.index()).and_then(Lane::gate)
    }

    /// What holds the instruments together; `None` where each stands alone.
    #[must_use]
    pub fn portfolio(&self) -> Option<&Portfolio> {
        self.risk.as_ref().map(|risk| &risk.portfolio)
    }

    /// The hedge controllers, in the order of [`ShardSpec::hedges`].
    pub fn hedges(&self) -> impl Iterator<Item = &HedgeController> {
        self.hedgers.iter().map(Hedger::controller)
    }

    /// Signed position in an instrument: zero where it is unknown to the shard.
    #[must_use]
    pub fn position(&self, instrument: InstrumentId) -> Lots {
        self.ledger(instrument).map_or(Lots::ZERO, Ledger::position)
    }

    /// The best price at which an order of ours is open on a side.
    #[must_use]
    pub fn best_quote(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        let ours = self.orders(instrument)?.open_orders().filter(|order| order.side == side);
        ours.map(|order| order.price).max_by_key(|price| price.0 * side.sign())
    }

    /// The midpoint of an instrument's touch; `None` where it has none that can be trusted.
    #[must_use]
    pub fn mid(&self, instrument: InstrumentId) -> Option<HalfTicks> {
        self.market(instrument)?.touch().map(|touch| touch.mid())
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

    fn after_market(&mut self, instrument: InstrumentId, change: MarketChange, now: Nanos, out: &mut Outbox) {
        self.tell(instrument, now, out, |lane, turn| lane.on_market_change(change, turn));
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
    }

    fn on_order(&mut self, update: &OrderUpdate, now: Nanos, out: &mut Outbox) {
        self.tell(update.instrument, now, out, |lane, turn| lane.on_order(update, turn));
        let wants = |hedger: &mut Hedger| hedger.wants_order(update, now);
        if self.hedgers.iter_mut().map(wants).fold(false, |any, one| any | one) {
            self.hedge(now, out);
        }
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
    }

    /// Pulls quotes everywhere where a loss has just halted everything.
    #[inline]
    fn spread_halt(&mut self, now: Nanos, out: &mut Outbox) {
        if self.risk.as_mut().is_some_and(Risk::take_halted) {
            for id in (0..self.lanes.len()).zip((0..).map(InstrumentId)).map(|(_, id)| id) {
                self.tell(id, now, out, |lane, turn| lane.halts(turn));
            }
        }
    }

    fn on_timer(&mut self, now: Nanos, out: &mut Outbox) {
        for id in (0..self.lanes.len()).zip((0..).map(InstrumentId)).map(|(_, id)| id) {
            self.tell(id, now, out, |lane, turn| lane.on_timer(turn));
        }
        if self.hedgers.iter().filter_map(Hedger::deadline).any(|at| at <= now) {
            self.hedge(now, out);
        }
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

#[inline]
fn lane_of(lanes: &mut [Lane], instrument: InstrumentId) -> &mut Lane {
    let lane = lanes.get_mut(instrument.index());
    assert!(lane.is_some(), "an event of an instrument this shard does not have");
    #[expect(clippy::unwrap_used, reason = "checked by the line above")]
    lane.unwrap()
}

#[cfg(test)]
mod tests;
