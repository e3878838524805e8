//! What quotes an instrument: signals, model, and the way from wanted quotes to orders.

use ballast_model::{
    Digest, InstrumentId, InstrumentSpec, Lots, Nanos, ReduceOnly, Side, Span, TimeInForce, Trade, mutant,
};

use super::amending::Amending;
use super::blending::{Apart, BlendReading, BlendSpec};
use super::lane_error::LaneError;
use super::orders::{Intent, OrderDesk, Placed, Standing};
use super::shaping::{Beside, May, Shaping};
use super::{QuotingSpec, Trigger, Turn, earliest};
use crate::fair::{FairState, FairValue, MarketView, Touch};
use crate::gate::GateState;
use crate::intensity::IntensityEstimator;
use crate::market::Market;
use crate::model::{Arrivals, DesiredQuotes, HedgePrices, Hold, OwnFill, QuoteInputs, QuoteModel};
use crate::oms::Order;
use crate::outbox::Note;
use crate::quotes::{Actions, LiveQuote, LiveStatus, Planned, diff};
use crate::volatility::Volatility;

/// Quotes one instrument.
#[derive(Debug)]
pub(super) struct Quoter {
    spec: QuotingSpec,
    fair: FairState,
    volatility: Option<Volatility>,
    intensity: Option<IntensityEstimator>,
    /// What the model wants; written anew at every decision.
    wanted: DesiredQuotes,
    shaping: Option<Shaping>,
    actions: Actions,
    amending: Option<Amending>,
    /// Next interval of [`Trigger::Every`]; `None` before the first event.
    next_quote: Option<Nanos>,
    /// When the touch that quotes stand on is too old, unless it is confirmed again; `None` where nothing stands.
    stale_at: Option<Nanos>,
    /// When a cancel that the venue refused may be sent again, or an order that was refused for the rate.
    retry_at: Option<Nanos>,
    /// When the prices to hedge at are too old, unless they are confirmed again; `None` where none are read.
    hedge_stale_at: Option<Nanos>,
    /// Why nothing is quoted; `None` while quoting.
    held: Option<Hold>,
}

/// What goes on as it was while the rest is quoted by another specification.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each part for itself")]
pub(super) struct Keeps {
    pub(super) model: bool,
    pub(super) fair: bool,
    pub(super) volatility: bool,
    pub(super) intensity: bool,
    pub(super) shaping: bool,
    pub(super) trigger: bool,
}

impl Quoter {
    pub(super) fn new(quoting: &QuotingSpec, instrument: &InstrumentSpec) -> Result<Self, LaneError> {
        let interval = match quoting.trigger {
            Trigger::Touch => Span(1),
            Trigger::Every(interval) => interval,
        };
        if [interval, quoting.touch_age_max, quoting.order_expiry].iter().any(|span| span.0 <= 0) {
            return Err(LaneError::Span);
        }
        Ok(Self {
            fair: FairState::new(quoting.fair).map_err(LaneError::Fair)?,
            volatility: quoting.volatility.map(Volatility::new).transpose().map_err(LaneError::Volatility)?,
            intensity: quoting
                .intensity
                .map(IntensityEstimator::new)
                .transpose()
                .map_err(LaneError::Intensity)?,
            spec: quoting.clone(),
            wanted: DesiredQuotes::NONE,
            shaping: quoting.shaping.map(|shaping| Shaping::new(&shaping, instrument)).transpose()?,
            actions: Actions::new(),
            amending: Amending::new(quoting.amend),
            next_quote: None,
            stale_at: None,
            retry_at: None,
            hedge_stale_at: None,
            held: None,
        })
    }

    /// Changes places with a quoter that was built for another specification: what it keeps goes on as it was.
    pub(super) const fn adopt(&mut self, next: &mut Self, keeps: Keeps) {
        use core::mem::swap;
        if keeps.model {
            swap(&mut self.spec.model, &mut next.spec.model);
        }
        if keeps.fair {
            swap(&mut self.fair, &mut next.fair);
        }
        if keeps.volatility {
            swap(&mut self.volatility, &mut next.volatility);
        }
        if keeps.intensity {
            swap(&mut self.intensity, &mut next.intensity);
        }
        if keeps.shaping {
            swap(&mut self.shaping, &mut next.shaping);
        }
        if keeps.trigger {
            next.next_quote = self.next_quote;
        }
        (next.stale_at, next.retry_at) = (self.stale_at, self.retry_at);
        (next.hedge_stale_at, next.held) = (self.hedge_stale_at, self.held);
        swap(self, next);
    }

    /// Why nothing was quoted at the last decision; `None` where something was, and before the first.
    pub(super) const fn held(&self) -> Option<Hold> {
        self.held
    }

    /// The instrument a fill is hedged on.
    pub(super) const fn hedged_on(&self) -> Option<InstrumentId> {
        self.spec.hedged_on
    }

    pub(super) const fn touch_age_max(&self) -> Span {
        self.spec.touch_age_max
    }

    /// The size a hedge price is wanted for.
    pub(super) const fn hedge_lots(&self) -> Lots {
        self.spec.hedge_lots
    }

    /// What makes its fair value from several instruments.
    pub(super) const fn blend(&self) -> Option<&BlendSpec> {
        self.spec.blend.as_ref()
    }

    /// Whether an adjustment reads how far other instruments are.
    pub(super) fn reads_others(&self) -> bool {
        self.spec.shaping.is_some_and(|shaping| shaping.shaper.adjust.venues.is_some())
    }

    #[inline]
    pub(super) fn sigma_ticks_per_sqrt_s(&self) -> Option<f64> {
        self.volatility.as_ref().and_then(Volatility::sigma_ticks_per_sqrt_s)
    }

    /// When something is due.
    #[inline]
    pub(super) fn deadline(&self) -> Option<Nanos> {
        let put_off = self.shaping.as_ref().and_then(Shaping::deadline);
        earliest([
            self.next_quote,
            self.stale_at,
            self.hedge_stale_at,
            self.retry_at,
            self.spec.model.next_quote_at(),
            put_off,
        ])
    }

    /// Learns a trusted touch, or that there is none.
    #[inline]
    pub(super) fn on_touch(&mut self, touch: Option<Touch>, now: Nanos) {
        if let (Some(volatility), Some(touch)) = (&mut self.volatility, touch) {
            volatility.update(touch.mid(), now);
        }
        if let Some(shaping) = &mut self.shaping {
            shaping.on_touch(touch, now);
        }
        if let Some(intensity) = &mut self.intensity {
            intensity.on_mid(touch.map(|touch| touch.mid()), now);
        }
    }

    #[inline]
    pub(super) fn on_trade(&mut self, trade: &Trade, now: Nanos) {
        self.fair.on_trade(trade, now);
        if let Some(intensity) = &mut self.intensity {
            intensity.on_trade(trade, now);
        }
    }

    /// Public trades may be missing: what was made of them is forgotten.
    pub(super) fn on_trades_lost(&mut self) {
        self.fair.on_trades_lost();
    }

    pub(super) fn on_fill(&mut self, fill: &OwnFill) {
        self.spec.model.on_fill(fill);
    }

    /// Whether its interval has not begun.
    pub(super) const fn waits_to_start(&self) -> bool {
        self.next_quote.is_none()
    }

    /// True where a change of the touch is to be answered at once.
    pub(super) fn wants_touch(&mut self, now: Nanos) -> bool {
        match self.spec.trigger {
            Trigger::Touch => true,
            Trigger::Every(interval) => {
                self.next_quote.get_or_insert(now + interval);
                false
            }
        }
    }

    /// True where news of our own orders is to be answered at once.
    pub(super) fn wants_own(&self, now: Nanos) -> bool {
        self.spec.trigger == Trigger::Touch || self.asked(now)
    }

    /// True where time alone makes a decision due.
    pub(super) fn wants_timer(&mut self, market: &mut Market, now: Nanos) -> bool {
        let mut due = false;
        if let (Some(next), Trigger::Every(interval)) = (self.next_quote, self.spec.trigger)
            && next <= now
        {
            self.next_quote = Some(next + interval);
            due = true;
        }
        if self.stale_at.is_some_and(|stale| stale <= now) {
            let confirmed = market.confirmed_at() + self.spec.touch_age_max;
            self.stale_at = (confirmed > now).then_some(confirmed);
            if self.stale_at.is_none() && !mutant::is("stale-touch-quoted") {
                market.expire_touch();
                due = true;
            }
        }
        let put_off = self.shaping.as_ref().and_then(Shaping::deadline);
        let times = [self.retry_at, self.hedge_stale_at, put_off];
        due || times.into_iter().flatten().any(|at| at <= now) || self.asked(now)
    }

    /// Whether the model wants to be asked for quotes, whatever triggers them otherwise.
    fn asked(&self, now: Nanos) -> bool {
        self.spec.model.next_quote_at().is_some_and(|at| at <= now)
    }

    /// The fair value by its own market, in ticks; `None` where that is not known, and where it is blended from several.
    pub(super) fn fair_ticks(&self, market: &Market, now: Nanos) -> Option<f64> {
        if self.spec.blend.is_some() {
            return None;
        }
        let touch = market.touch();
        let view = MarketView { touch, book: market.book(), confirmed_at: market.confirmed_at() };
        touch.and_then(|_| self.fair.value(&view, now)).as_ref().map(FairValue::ticks)
    }

    /// What the model decides from, and what else is read of the fair value; an error where that cannot be said.
    fn inputs(
        &self,
        market: &Market,
        exposure: &Exposure<'_>,
        now: Nanos,
    ) -> (QuoteInputs, Result<Apart, Hold>) {
        let fresh = market.confirmed_at() + self.spec.touch_age_max > now || mutant::is("stale-touch-quoted");
        let touch = market.touch().filter(|_| fresh);
        let view = MarketView { touch, book: market.book(), confirmed_at: market.confirmed_at() };
        let own = || touch.and_then(|_| self.fair.value(&view, now));
        let (fair, apart) = match exposure.blended {
            None => (own(), Ok(Apart::NOTHING)),
            Some(blended) => blended.around(own),
        };
        let known = match (touch, fair) {
            (None, _) => Ok(Apart::NOTHING),
            (Some(_), None) => Err(apart.err().unwrap_or(Hold::NoFairValue)),
            (Some(_), Some(_)) => apart,
        };
        let within = self.spec.model.depth_within();
        let arrivals = self.intensity.as_ref().and_then(|intensity| intensity.intensity().ok());
        let inputs = QuoteInputs {
            now,
            touch,
            fair_ticks: fair.as_ref().map_or(0.0, FairValue::ticks),
            sigma_ticks_per_sqrt_s: self.sigma_ticks_per_sqrt_s(),
            inventory: exposure.inventory,
            arrivals: arrivals.map(|fit| Arrivals { a_per_second: fit.a_per_s, k_per_tick: fit.k_per_tick }),
            depth: touch.zip(within).map(|(touch, within)| market.near_depth(&touch, within)),
            hedge: exposure.hedge,
        };
        (inputs, known)
    }

    /// Decides what quotes to have and does what leads there. `inventory` is what the model leans on; the gate counts the
    /// position itself.
    pub(super) fn requote(
        &mut self,
        id: InstrumentId,
        market: &Market,
        orders: &mut OrderDesk,
        position: Lots,
        exposure: &Exposure<'_>,
        turn: &mut Turn<'_>,
    ) {
        let (inputs, known) = self.inputs(market, exposure, turn.now);
        self.hedge_stale_at = exposure.hedge.and(exposure.hedge_stale_at);
        self.wanted.clear();
        let gap_ticks = known.ok().and_then(|apart| apart.gap_ticks);
        let held = match exposure.stance.and(known) {
            Ok(apart) => {
                let held = self.spec.model.quote(&inputs, &mut self.wanted).err();
                self.wanted.widen(apart.widen_ticks);
                held
            }
            Err(hold) => {
                // Whoever waits to be asked has been: the answer is known.
                let unknown = QuoteInputs { touch: None, ..inputs };
                let _ = self.spec.model.quote(&unknown, &mut self.wanted);
                Some(hold)
            }
        };
        if let Some(hold) = held {
            self.wanted.clear();
            if self.held != held {
                turn.out.note(Note::Held(id, hold));
            }
        }
        self.held = held;
        let open = exposure.stance == Ok(GateState::Active);
        if !open {
            drop_adding(&mut self.wanted, position);
        }
        let mut quotes = &self.wanted;
        if let Some(shaping) = &mut self.shaping {
            // What was refused does not wait for a change that may, nor does what stands and may only add.
            let refused = orders.oms.open_orders().any(|order| order.cancel_retry_at().is_some())
                || self.retry_at.is_some_and(|at| at <= turn.now);
            let reads = turn.risk.as_deref().filter(|_| shaping.reads_equity());
            let equity = reads.and_then(|risk| risk.portfolio.equity(id));
            let beside = Beside { venues_gap_ticks: gap_ticks, equity };
            let may = shaping.shape(&self.wanted, &inputs, beside, market, orders);
            if may == May::Wait && !refused && open {
                return;
            }
            quotes = shaping.quotes();
        }
        // An order that cannot rest is no quote: it closes the position and ends by itself.
        let live = orders.oms.open_orders().filter(|order| order.tif.may_rest()).map(live_quote);
        if let Planned::CancelsLeft { .. } = diff(quotes, live, self.spec.tolerance, &mut self.actions) {
            turn.out.note(Note::CancelsLeft(id));
        }
        if let Some(amending) = &mut self.amending {
            let expires_at = turn.now + self.spec.order_expiry;
            amending.plan(id, &mut self.actions, orders, self.spec.tolerance, expires_at);
        }
        let standing = Standing { position, reference: inputs.touch.map(|touch| touch.mid()) };
        self.send(orders, &standing, turn);
        let stands = orders.oms.open_count() > 0 && inputs.touch.is_some();
        self.stale_at = stands.then(|| market.confirmed_at() + self.spec.touch_age_max);
    }

    /// Sends the plan: cancels, then amendments, then placements.
    fn send(&mut self, orders: &mut OrderDesk, standing: &Standing, turn: &mut Turn<'_>) {
        self.retry_at = None;
        for client_id in self.actions.cancels() {
            self.retry_at = earliest([self.retry_at, orders.cancel(*client_id, turn)]);
        }
        if let Some(amending) = &self.amending {
            let retry = amending.send(&mut self.actions, orders, standing, turn);
            self.retry_at = earliest([self.retry_at, retry]);
        }
        for place in self.actions.places() {
            let intent = Intent {
                side: place.side,
                price: place.price,
                lots: place.lots,
                tif: TimeInForce::PostOnly,
                reduce_only: ReduceOnly::No,
                expires_at: turn.now + self.spec.order_expiry,
            };
            if let Placed::Refused(until) = orders.place(&intent, standing, turn) {
                self.retry_at = earliest([self.retry_at, until]);
            }
        }
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.spec.model.digest(digest);
        self.fair.digest(digest);
        if let Some(volatility) = &self.volatility {
            volatility.digest(digest);
        }
        if let Some(intensity) = &self.intensity {
            intensity.digest(digest);
        }
        if let Some(shaping) = &self.shaping {
            shaping.digest(digest);
        }
        for time in [self.next_quote, self.stale_at, self.retry_at] {
            digest.signed(time.map_or(i64::MIN, |time| time.0));
        }
        if self.spec.hedged_on.is_some() {
            digest.signed(self.hedge_stale_at.map_or(i64::MIN, |time| time.0));
        }
    }
}

/// What quotes of an instrument lean on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exposure<'a> {
    /// Signed, in lots of the instrument: its position, or where it is hedged elsewhere what is not hedged yet.
    pub(super) inventory: Lots,
    /// See [`QuoteInputs::hedge`].
    pub(super) hedge: Option<HedgePrices>,
    /// When these prices are too old.
    pub(super) hedge_stale_at: Option<Nanos>,
    /// What the fair value from several instruments says; `None` where there is none.
    pub(super) blended: Option<&'a BlendReading>,
    /// How far the gate is open, or why nothing may be quoted.
    pub(super) stance: Result<GateState, Hold>,
}

/// Removes the side that adds to a position, of a flat one both: what stands there is pulled.
fn drop_adding(wanted: &mut DesiredQuotes, position: Lots) {
    for side in Side::BOTH {
        if position.0 * side.sign() >= 0 {
            wanted.side_mut(side).clear();
        }
    }
}

/// An open order as the diff sees it.
#[inline]
fn live_quote(order: &Order) -> LiveQuote {
    let status = LiveStatus::of(order.state);
    let (price, remaining) = order.aim();
    LiveQuote { client_id: order.client_id, side: order.side, price, remaining, status }
}
