//! The core of one shard: events in, commands out, single-threaded and repeatable.
//!
//! Each instrument has a lane: its market, its orders, its ledger, and where it is quoted a model behind a risk gate. A
//! decision is taken when the touch changes, when something happens to one of our orders, or when a timer of the lane is
//! due; never in the middle of a book batch, never on a touch that is unknown or too old.

mod adjusting;
mod amending;
mod away;
mod blending;
mod books;
mod calling;
mod carrying;
mod changing;
mod closing;
mod decide;
mod dooming;
mod doubt;
mod executable;
mod exits;
mod following;
mod funds;
mod hedger;
mod lane;
mod lane_error;
mod margin;
mod operator;
mod opportunities;
mod order_ids;
mod orders;
mod payments;
mod put_off;
mod quoter;
mod risk;
mod shaping;
mod spec;
mod told;
mod views;
mod waiting;

use alloc::vec::Vec;

use ballast_model::{
    BalanceUpdate, BookBatch, Event, Fill, FundingPayment, InstrumentId, MarkPrice, Nanos, OrderUpdate, Trade,
};

use crate::hedge::HEDGE_CANCELS_MAX;
use crate::hedge::split::HEDGE_VENUES_MAX;
use crate::market::MarketChange;
use crate::outbox::{Note, Outbox};
use crate::quotes::{CANCELS_MAX, PLACES_MAX};
use crate::trigger::{Seen, Watched};
use blending::Blending;
pub use blending::{BlendError, BlendSource, BlendSpec, QuoteAround};
use books::Books;
pub use books::LaneBook;
use carrying::Arrival;
use changing::Changing;
pub use changing::{Change, ChangeError, Configured};
pub use closing::EXIT_RETRY;
use closing::EXITS_MAX;
pub use doubt::Doubt;
pub use exits::{ExitError, ExitKind, ExitSpec};
pub use funds::HoldsSpec;
use funds::News;
use hedger::Hedger;
pub use hedger::{HedgingError, HedgingSpec, VenueFunding};
use lane::Lane;
pub use lane_error::LaneError;
pub use operator::OperatorRefusal;
use opportunities::Opportunities;
pub use opportunities::{
    ArbitrageError, ArbitrageSpec, DETECTORS_MAX, DetectorSpec, DetectorView, LegSpec, Tally,
};
use order_ids::OrderIds;
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
    /// Fair values from several instruments.
    blends: Vec<Blending>,
    risk: Option<Risk>,
    books: Option<Books>,
    opportunities: Option<Opportunities>,
    ids: OrderIds,
    arrival: Arrival,
    changing: Changing,
    /// Time of the last event.
    now: Nanos,
    /// See [`Shard::next_deadline`].
    deadline: Option<Nanos>,
    /// A deadline may have moved since it was last looked for.
    unsettled: bool,
    /// Something that spans instruments follows their markets: a portfolio, a hedge, a blend, a watch for arbitrage.
    many_watch: bool,
    /// A lane or a hedge waits for the end of a book batch.
    put_off: bool,
    /// An inventory may ask for more than quotes.
    calls: bool,
    /// Most orders that may be open.
    open_max: usize,
}

/// What acts at one event: the time, what spans lanes, and where ids come from and decisions go.
struct Turn<'a> {
    now: Nanos,
    ids: &'a mut OrderIds,
    risk: Option<&'a mut Risk>,
    books: Option<&'a mut Books>,
    out: &'a mut Outbox,
}

/// The earliest of some times; `None` where there is none.
#[inline]
fn earliest<const N: usize>(times: [Option<Nanos>; N]) -> Option<Nanos> {
    // By numbers: which of them is there changes with every event, and a branch on each would be guessed wrong.
    let least = times.iter().fold(Nanos::MAX, |least, time| least.min(time.unwrap_or(Nanos::MAX)));
    (least < Nanos::MAX).then_some(least)
}

impl Shard {
    /// Allocates everything the shard will ever need.
    ///
    /// # Errors
    /// The first lane whose numbers cannot be used, with its index; then the first hedge, with the index of its first venue;
    /// then the portfolio and the watch for arbitrage, with zero.
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
        let risk = spec.portfolio.as_ref().map(|risk| Risk::new(risk, &spec.lanes, spec.epoch)).transpose();
        let risk = risk.map_err(|error| (0, LaneError::Risk(error)))?;
        let blends = blends(&mut lanes)?;
        let opportunities = spec.arbitrage.as_ref().map(|watch| Opportunities::new(watch, lanes.len()));
        let opportunities = opportunities.transpose().map_err(|error| (0, LaneError::Arbitrage(error)))?;
        let deaf = |lane: &Lane| lane.calls_hedger() && !hedgers.iter().any(|one| one.wants_fill(lane.id()));
        if let Some(lane) = lanes.iter().find(|lane| deaf(lane)) {
            return Err((lane.id().index(), LaneError::Unheard));
        }
        for lane in &mut lanes {
            let watched = opportunities.as_ref().is_some_and(|one| one.watches(lane.id()));
            let hedges = hedgers.iter().any(|hedger| hedger.is_venue(lane.id()));
            lane.only_followed =
                lane.quoter.is_none() && lane.followers.is_empty() && !hedges && !watched && risk.is_none();
        }
        let many_watch =
            risk.is_some() || opportunities.is_some() || !hedgers.is_empty() || !blends.is_empty();
        Ok(Self {
            many_watch,
            calls: lanes.iter().any(|lane| lane.calling.is_some()),
            open_max: lanes.iter().map(|lane| lane.orders.oms.open_max()).sum(),
            lanes,
            hedgers,
            blends,
            risk,
            books: None,
            opportunities,
            ids: OrderIds::new(spec.epoch),
            arrival: Arrival::default(),
            changing: Changing::new(),
            now: Nanos::MIN,
            deadline: None,
            unsettled: true,
            put_off: false,
        })
    }

    /// Most commands one event can make.
    #[must_use]
    pub const fn commands_per_event_max(&self) -> usize {
        let once = self.lanes.len() * (CANCELS_MAX + PLACES_MAX + QUERIES_MAX + EXITS_MAX)
            + self.hedgers.len() * (HEDGE_CANCELS_MAX + HEDGE_VENUES_MAX);
        // What inventories call for may have quotes decided twice. Limits may forbid all that stands.
        if self.calls { 2 * once + self.open_max } else { once + self.open_max }
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
            Event::Trade(trade) => return self.on_trade(trade, now, out),
            Event::Order(update) => return self.on_order(update, now, out),
            Event::Fill(fill) => return self.on_fill(fill, now, out),
            Event::Mark(mark) => return self.on_mark(mark, now, out),
            Event::Grant(grant) => return self.on_grant(grant, now, out),
            Event::Operator(command) => return self.on_operator(command, now, out),
            Event::Journal(health) => return self.on_journal(*health, now, out),
            Event::Access(access) => return self.on_access(access, now, out),
            Event::Funding(payment) => return self.on_funding(payment, now, out),
            Event::Balance(update) => return self.on_balance(update, now, out),
            Event::Carried(carried) => return self.on_carried(carried, now, out),
            Event::Config(part) => return self.on_config(part, now, out),
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
        self.unsettled = false;
        let lanes = self.lanes.iter().filter_map(|lane| lane.deadline(self.now));
        let report = self.risk.as_ref().and_then(|risk| risk.portfolio.report_at());
        let hedgers = self.hedgers.iter().filter_map(Hedger::deadline);
        let blends = self.blends.iter().filter_map(Blending::deadline);
        let looks = self.opportunities.iter().map(|opportunities| opportunities.deadline(self.now));
        self.deadline = lanes.chain(hedgers).chain(blends).chain(report).chain(looks).min();
    }

    /// After an event has been acted on: tells what is in use of the shard's budgets, and looks for the next deadline.
    fn finish(&mut self, now: Nanos, out: &mut Outbox) {
        if let Some(risk) = &mut self.risk {
            risk.portfolio.report(now, |report| out.report(report));
        }
        self.find_deadline();
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
        if !self.blends.is_empty() {
            self.follow(instrument, change, now, out);
        }
        if change == MarketChange::None {
            if self.put_off {
                self.after_batch(instrument, now, out);
            }
            return;
        }
        self.tell(instrument, now, out, |lane, turn| lane.on_market_change(change, turn));
        let lane = self.lane(instrument);
        if lane.only_followed {
            return;
        }
        // Else a change of the market moves deadlines only where quotes are decided.
        let keeps_time = lane.keeps_time();
        self.unsettled |= keeps_time || self.many_watch;
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
        if self.put_off {
            self.after_batch(instrument, now, out);
        }
        if self.unsettled {
            self.spread_halt(now, out);
            self.finish(now, out);
        }
    }

    #[inline]
    fn on_trade(&mut self, trade: &Trade, now: Nanos, out: &mut Outbox) {
        self.blends.iter_mut().for_each(|blend| blend.on_trade(trade, now));
        let lane = self.lane(trade.instrument);
        lane.on_trade(trade, now);
        if lane.exits.is_some() {
            let seen = Some(Seen::last(trade.level.price()));
            self.tell(trade.instrument, now, out, |lane, turn| lane.watch(Watched::Last, seen, turn));
            self.finish(now, out);
        }
    }

    fn on_order(&mut self, update: &OrderUpdate, now: Nanos, out: &mut Outbox) {
        self.tell(update.instrument, now, out, |lane, turn| lane.on_order(update, turn));
        if self.calls && self.call(update.instrument, out) {
            self.requote(update.instrument, now, out);
        }
        let wants = |hedger: &mut Hedger| hedger.wants_order(update, now);
        if self.hedgers.iter_mut().map(wants).fold(false, |any, one| any | one) {
            self.hedge(now, out);
        }
        self.wake_wanting(now, out);
        self.finish(now, out);
    }

    fn on_fill(&mut self, fill: &Fill, now: Nanos, out: &mut Outbox) {
        let due = self.hear(fill.instrument, now, out, |lane, turn| lane.on_fill(fill, turn))
            | (self.calls && self.call(fill.instrument, out));
        // First the hedge: quotes lean on what it leaves.
        if self.hedgers.iter().any(|hedger| hedger.wants_fill(fill.instrument)) {
            self.hedge_but(Some(fill.instrument), now, out);
        }
        if due || self.calls && self.takes_call(fill.instrument) {
            self.requote(fill.instrument, now, out);
        }
        self.wake_wanting(now, out);
        self.spread_halt(now, out);
        self.finish(now, out);
    }

    fn on_mark(&mut self, mark: &MarkPrice, now: Nanos, out: &mut Outbox) {
        self.tell(mark.instrument, now, out, |lane, turn| lane.on_mark(mark, turn));
        if let Some(opportunities) = &mut self.opportunities {
            opportunities.on_mark(mark);
        }
        self.hedgers.iter_mut().for_each(|hedger| hedger.on_mark(mark));
        self.finish(now, out);
    }

    fn on_funding(&mut self, payment: &FundingPayment, now: Nanos, out: &mut Outbox) {
        self.tell(payment.instrument, now, out, |lane, turn| lane.on_funding(payment, turn));
        self.spread_halt(now, out);
        self.finish(now, out);
    }

    /// Where a balance is known for the first time, quotes may begin.
    fn on_balance(&mut self, update: &BalanceUpdate, now: Nanos, out: &mut Outbox) {
        let purse = self.risk.as_mut().and_then(|risk| risk.purse.as_mut());
        match purse.map(|purse| purse.on_balance(update)) {
            Some(Ok(News::First)) => {
                for id in ids(self.lanes.len()) {
                    self.tell(id, now, out, |lane, turn| lane.wants_own(turn.now));
                }
                self.finish(now, out);
            }
            Some(Err(_)) => out.note(Note::UnbookableBalance(update.asset)),
            Some(Ok(News::Again)) => {
                self.wake_wanting(now, out);
                self.finish(now, out);
            }
            None => {}
        }
    }

    /// Pulls quotes everywhere where a loss has just halted everything.
    #[inline]
    fn spread_halt(&mut self, now: Nanos, out: &mut Outbox) {
        if self.risk.as_mut().is_some_and(Risk::take_halted) {
            for id in ids(self.lanes.len()) {
                self.tell(id, now, out, |lane, turn| {
                    lane.pull(turn);
                    lane.halts(turn)
                });
            }
        }
    }

    fn on_timer(&mut self, now: Nanos, out: &mut Outbox) {
        for id in ids(self.lanes.len()) {
            self.tell(id, now, out, |lane, turn| lane.on_timer(turn));
        }
        for index in 0..self.blends.len() {
            let blend = self.blends.get(index).filter(|blend| blend.deadline().is_some_and(|at| at <= now));
            if let Some(quoted) = blend.map(Blending::quoted) {
                self.requote(quoted, now, out);
            }
        }
        if self.hedgers.iter().filter_map(Hedger::deadline).any(|at| at <= now) {
            self.hedge(now, out);
        }
        if let Some(opportunities) = &mut self.opportunities {
            opportunities.on_timer(&self.lanes, now, out);
        }
        self.finish(now, out);
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
        let Self { lanes, ids, risk, books, .. } = self;
        let lane = lane_of(lanes, instrument);
        let mut turn = Turn { now, ids, risk: risk.as_mut(), books: books.as_mut(), out };
        let due = news(lane, &mut turn);
        lane.tell_margin(&mut turn);
        due
    }
}

/// The blends of the lanes that have one; what they are made from gets them as followers.
fn blends(lanes: &mut [Lane]) -> Result<Vec<Blending>, (usize, LaneError)> {
    let mut blends = Vec::new();
    for (index, lane) in lanes.iter().enumerate() {
        let blend = Blending::new(lane, lanes).map_err(|error| (index, LaneError::Blend(error)))?;
        blends.extend(blend);
    }
    for blend in &blends {
        for instrument in blend.instruments().filter(|id| *id != blend.quoted()) {
            let followers = &mut lane_of(lanes, instrument).followers;
            if !followers.contains(&blend.quoted()) {
                followers.push(blend.quoted());
            }
        }
    }
    Ok(blends)
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
