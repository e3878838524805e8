//! The risk gate: the only way from a decision to an order.
//!
//! [`Gate::check`] and [`Gate::check_in`] alone make a [`Checked`] order, and only a checked order is taken by the order
//! manager and the outbox. A gate has one instrument; what spans instruments is its [`portfolio`]. The rules are asked in
//! this order; the first that says no names the refusal, and refusals are counted by rule:
//!
//! 1. identity (instrument, client id), the venue's filters (price, size);
//! 2. halts: the instrument's, its strategy's, its venue's, everything's;
//! 3. the order alone: size, value, reference, collar;
//! 4. the instrument (only what adds): position, open orders, then its optional [`Controls`];
//! 5. the portfolio: own orders, funds, dead-man switch, liquidation, exposure and credit, owned budgets, messages;
//! 6. the rate of orders (only what adds).
//!
//! An order *reduces* where it, together with all that already works on its side, at most closes the position. Reducing
//! orders pass at every limit on position, order value, credit, loss, open orders and rate, and in every [`GateState`] (from
//! a pause on only when marked reduce-only); where [`ReducingQuotes::Wait`] says so quotes among them wait for the rate. The
//! venue's filters, the largest order, and the price collar hold for every order: a fat finger that reduces is still one. So
//! do our own orders (it would trade with ourselves) and known funds (what is not there cannot be sold), and an order not
//! marked reduce-only may not carry the net exposure of an asset, a venue or everything past its limit, though it closes one
//! instrument. Without a reference price no order passes at all.
//!
//! There is no order without a price: what takes at market is an IOC at the worst price it may have, and the collars hold
//! it.
//!
//! Cancels do not come here and are never held back; [`portfolio::Portfolio::on_message`] counts them.
//!
//! Never here: a clock, a decision what to send, an allocation after construction.

mod adopt;
mod bucket;
pub(crate) mod carry;
mod controls;
mod limits;
mod loss;
mod operator;
pub mod portfolio;
mod refusal;
mod replace;
mod watch;
mod window;

#[cfg(test)]
pub(crate) mod dice;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod history;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod twin;
#[cfg(test)]
mod twin_tests;

use ballast_model::{
    ClientOrderId, Digest, HalfTicks, InstrumentId, InstrumentSpec, Lots, MarkPrice, Money, Nanos, NewOrder,
    Price, Rate, ReduceOnly, Side, TimeInForce,
};

pub(crate) use adopt::Stands;
use bucket::TokenBucket;
pub use controls::{
    Controls, ControlsError, Executions, FillBreaker, OracleLimit, OrderToTrade, PeriodCollar,
    PeriodNotional, VolatilityBreaker,
};
use limits::{Effect, HaltBy, Halts};
pub use limits::{GateContext, GateLimits, GateState, Halt, LimitsError, ReducingQuotes};
pub use loss::LossLimits;
pub use operator::StillClosed;
use portfolio::Portfolio;
pub use refusal::{Refusal, Rule, Scope, StrategyId, VenueId};
pub use watch::INTENTS_KEPT;
use watch::{Verdict, Watch};

/// Proof that a value passed the gate. Nothing outside this module can make one, and it cannot be copied.
#[derive(Debug, PartialEq, Eq)]
pub struct Checked<T>(T);

impl<T> Checked<T> {
    /// What passed.
    #[must_use]
    pub const fn get(&self) -> &T {
        &self.0
    }

    /// What passed, for sending.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// The gate of one instrument.
#[derive(Clone, Debug)]
pub struct Gate {
    instrument: InstrumentId,
    spec: InstrumentSpec,
    limits: GateLimits,
    halts: Halts,
    bucket: TokenBucket,
    /// Memory of the optional controls; `None` where there are none.
    watch: Option<Watch>,
    /// Of the last order that passed.
    last_id: ClientOrderId,
    passed: u64,
    /// By [`Rule`].
    refusals: [u64; Rule::ALL.len()],
}

impl Gate {
    /// An open gate with a full allowance of orders and no optional control.
    ///
    /// # Errors
    /// The first [`LimitsError`] that applies.
    pub fn new(
        instrument: InstrumentId,
        spec: &InstrumentSpec,
        limits: GateLimits,
    ) -> Result<Self, LimitsError> {
        limits.check(spec)?;
        Ok(Self {
            instrument,
            spec: *spec,
            limits,
            halts: Halts::NONE,
            bucket: TokenBucket::new(limits.order_burst_max, limits.orders_per_second_max),
            watch: None,
            last_id: ClientOrderId(0),
            passed: 0,
            refusals: [0; Rule::ALL.len()],
        })
    }

    /// This gate with optional controls, their memory empty.
    ///
    /// # Errors
    /// The first [`ControlsError`] that applies.
    pub fn with_controls(mut self, controls: &Controls) -> Result<Self, ControlsError> {
        controls.check()?;
        self.watch = (*controls != Controls::NONE).then(|| Watch::new(&self.spec, controls));
        Ok(self)
    }

    /// Asks whether an order of an instrument that stands alone may be sent. An order that passes is charged to the rate,
    /// whether it is sent or not.
    ///
    /// # Errors
    /// The first rule that says no.
    pub fn check(
        &mut self,
        order: NewOrder,
        context: &GateContext,
        now: Nanos,
    ) -> Result<Checked<NewOrder>, Refusal> {
        self.decide(order, order.lots, context, None, now)
    }

    /// Asks whether an order may be sent, of the instrument and of its portfolio. An order that passes is charged to the rate
    /// and works in the portfolio, whether it is sent or not; the next telling of what works sets the latter right.
    ///
    /// # Errors
    /// The first rule that says no.
    pub fn check_in(
        &mut self,
        portfolio: &mut Portfolio,
        order: NewOrder,
        context: &GateContext,
        now: Nanos,
    ) -> Result<Checked<NewOrder>, Refusal> {
        self.decide(order, order.lots, context, Some(portfolio), now)
    }

    /// Takes a reference price, for the controls that look back. Orders bring theirs themselves; what is told here besides
    /// makes the range complete.
    #[inline]
    pub fn on_reference(&mut self, reference: HalfTicks, now: Nanos) {
        if let Some(watch) = self.watch.as_mut().filter(|_| reference.0 > 0) {
            watch.on_reference(reference, now);
        }
    }

    /// Takes the venue's mark and index price, heard at `now`.
    pub const fn on_oracle(&mut self, mark: &MarkPrice, now: Nanos) {
        if let Some(watch) = &mut self.watch {
            watch.on_oracle(mark, now);
        }
    }

    /// Takes a fill of one of our orders, booked once.
    /// Tells whether that has frozen the instrument.
    pub fn on_fill(&mut self, side: Side, lots: Lots, now: Nanos) -> bool {
        self.watch.as_mut().is_some_and(|watch| watch.on_fill(side, lots, now))
    }

    /// Takes the instrument's profit as it stands, in its settlement asset. A loss above its limit halts the instrument;
    /// tells whether one has.
    pub fn on_profit(&mut self, realised: Money, unrealised: Money) -> bool {
        let loss = self.watch.as_mut().and_then(|watch| watch.on_profit(realised, unrealised));
        loss.is_some_and(|loss| self.halts.close_more(HaltBy::Loss, loss.halt()))
    }

    /// How far the gate was closed: by name, by a loss, or because its position is in doubt.
    #[must_use]
    pub const fn state(&self) -> GateState {
        self.halts.worst().state
    }

    /// How far the gate is open at `now` for an instrument with this reference, breakers and oracle among what closes it;
    /// quotes are pulled at [`GateState::Paused`] and beyond. What the portfolio says comes on top.
    #[must_use]
    #[inline]
    pub fn posture(&self, reference: Option<HalfTicks>, now: Nanos) -> GateState {
        self.halt(reference, now).state
    }

    /// The same with the rule that speaks for it.
    #[must_use]
    #[inline]
    pub fn halt(&self, reference: Option<HalfTicks>, now: Nanos) -> Halt {
        let closed = self.halts.worst();
        let Some(watch) = &self.watch else {
            return closed;
        };
        let asked = match reference.filter(|mid| mid.0 > 0) {
            None => Err(Rule::NoReference),
            Some(_) if !watch.calm() => Err(Rule::Volatility),
            Some(mid) => watch.ask_oracle(mid, now).map_err(|(rule, ..)| rule),
        };
        let market = asked.err().map_or(Halt::NONE, |cause| Halt { state: GateState::ReduceOnly, cause });
        closed.or_worse(watch.halt(now)).or_worse(market)
    }

    /// When a freeze ends by itself, and quoting may begin anew; `None` where there is none, or none that ends.
    #[must_use]
    pub fn thaws_at(&self, now: Nanos) -> Option<Nanos> {
        self.watch.as_ref()?.thaws_at(now)
    }

    /// When an order refused for this rule at `now` may be asked for again, the world else the same; `None` where time alone
    /// does not help.
    #[must_use]
    pub fn retry_at(&self, rule: Rule, now: Nanos) -> Option<Nanos> {
        (rule == Rule::OrderRate).then(|| self.bucket.ready_at(1, now))
    }

    /// The limits in force.
    #[must_use]
    pub const fn limits(&self) -> &GateLimits {
        &self.limits
    }

    /// Orders that passed.
    #[must_use]
    pub const fn passed(&self) -> u64 {
        self.passed
    }

    /// Orders a rule refused.
    #[must_use]
    pub fn refusals(&self, rule: Rule) -> u64 {
        self.refusals.get(rule as usize).copied().unwrap_or(0)
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        self.halts.digest(digest);
        digest.word(self.last_id.0);
        digest.word(self.passed);
        self.refusals.iter().for_each(|count| digest.word(*count));
        self.bucket.digest(digest);
        if let Some(watch) = &self.watch {
            watch.digest(digest);
        }
    }

    /// Asks about an order of which this much may trade: all of it, unless a part has traded before it was amended.
    fn decide(
        &mut self,
        order: NewOrder,
        left: Lots,
        context: &GateContext,
        mut portfolio: Option<&mut Portfolio>,
        now: Nanos,
    ) -> Result<Checked<NewOrder>, Refusal> {
        if let Some(reference) = context.reference {
            self.on_reference(reference, now);
        }
        let working = NewOrder { lots: left, ..order };
        let together = portfolio.as_deref_mut().map(|portfolio| (portfolio, &working));
        if let Err(refusal) = self.ask_all(&order, context, together, now) {
            if let Some(count) = self.refusals.get_mut(refusal.rule as usize) {
                *count += 1;
            }
            return Err(refusal);
        }
        self.last_id = order.client_id;
        self.passed += 1;
        if let Some(watch) = &mut self.watch {
            watch.on_passed(&order, self.spec.notional(order.price, order.lots), now);
        }
        if let Some(portfolio) = portfolio {
            portfolio.on_passed(&working, now);
        }
        Ok(Checked(order))
    }

    fn ask_all(
        &mut self,
        order: &NewOrder,
        context: &GateContext,
        together: Option<(&mut Portfolio, &NewOrder)>,
        now: Nanos,
    ) -> Result<(), Refusal> {
        let scope = Scope::Instrument(self.instrument);
        let own =
            |verdict: Verdict| verdict.map_err(|(rule, found, limit)| Refusal { rule, scope, found, limit });
        own(self.ask_identity(order))?;
        own(self.ask_filters(order))?;
        let effect = Effect::of(order, context);
        let watch_halt = self.watch.as_ref().map_or(Halt::NONE, |watch| watch.halt(now));
        self.halts.worst().or_worse(watch_halt).ask(effect, scope)?;
        if let Some((portfolio, _)) = &together {
            portfolio.ask_halts(self.instrument, effect)?;
        }
        let notional = self.spec.notional(order.price, order.lots);
        own(self.ask_size(order, notional, effect))?;
        let reference = context.reference.unwrap_or_default();
        own(self.ask_collar(order.side, order.price, reference))?;
        if effect.adds() {
            own(self.ask_exposure(order, context))?;
            if let Some(watch) = &mut self.watch {
                own(watch.ask(order, notional, reference, now))?;
            }
        }
        if let Some((portfolio, working)) = together {
            portfolio.ask(working, effect, now)?;
        }
        // Last, so that only orders that pass are charged; a reducing order is charged while there are tokens.
        if !self.bucket.take(now) && (effect.adds() || self.waits(order)) {
            return own(Err((Rule::OrderRate, 1, 0)));
        }
        Ok(())
    }

    /// Whether an order that reduces waits for the rate all the same.
    fn waits(&self, order: &NewOrder) -> bool {
        self.limits.reducing_quotes == ReducingQuotes::Wait
            && order.tif == TimeInForce::PostOnly
            && order.reduce_only == ReduceOnly::No
    }

    fn ask_identity(&self, order: &NewOrder) -> Verdict {
        if order.instrument != self.instrument {
            return Err((Rule::Instrument, order.instrument.0.into(), self.instrument.0.into()));
        }
        if order.client_id <= self.last_id {
            return Err((Rule::ClientId, order.client_id.0.into(), self.last_id.0.into()));
        }
        Ok(())
    }

    /// The venue's own limits of price and size.
    fn ask_filters(&self, order: &NewOrder) -> Verdict {
        let spec = &self.spec;
        in_range(Rule::Price, order.price.0, spec.price_min.0, spec.price_max.0)?;
        in_range(Rule::Size, order.lots.0, spec.size_min.0, spec.size_max.0)
    }

    fn ask_size(&self, order: &NewOrder, notional: Money, effect: Effect) -> Verdict {
        let max = self.limits.order_lots_max;
        if order.lots > max {
            return Err((Rule::OrderLots, order.lots.0.into(), max.0.into()));
        }
        // Venues take the remainder of a position however little it is worth.
        if order.reduce_only == ReduceOnly::No && notional < self.spec.notional_min {
            return Err((Rule::NotionalMin, notional.0, self.spec.notional_min.0));
        }
        if effect.adds() && notional > self.limits.order_notional_max {
            return Err((Rule::OrderNotional, notional.0, self.limits.order_notional_max.0));
        }
        Ok(())
    }

    fn ask_collar(&self, side: Side, price: Price, reference: HalfTicks) -> Verdict {
        if reference.0 <= 0 {
            return Err((Rule::NoReference, reference.0.into(), 0));
        }
        let price = 2 * price.0;
        let through = (price - reference.0) * side.sign();
        let max = if through > 0 { self.limits.collar_through_max } else { self.limits.collar_away_max };
        if i128::from(through.abs()) * i128::from(Rate::ONE.0) > i128::from(reference.0) * i128::from(max.0) {
            return Err((Rule::Collar, price.into(), reference.0.into()));
        }
        Ok(())
    }

    /// What reducing orders are exempt from, but for the rate.
    fn ask_exposure(&self, order: &NewOrder, context: &GateContext) -> Verdict {
        let worst = context.position_worst(order.side, order.lots);
        let max = self.limits.position_lots_max;
        if worst.signed(order.side) > max {
            return Err((Rule::Position, worst.0.into(), max.signed(order.side).0.into()));
        }
        let max = self.limits.open_orders_max;
        if usize::try_from(max).is_ok_and(|max| context.open_orders >= max) {
            return Err((
                Rule::OpenOrders,
                i128::try_from(context.open_orders).unwrap_or(i128::MAX),
                max.into(),
            ));
        }
        Ok(())
    }
}

/// Refuses what is outside its range, with the end it passed.
fn in_range(rule: Rule, found: i64, min: i64, max: i64) -> Verdict {
    if found < min {
        Err((rule, found.into(), min.into()))
    } else if found > max {
        Err((rule, found.into(), max.into()))
    } else {
        Ok(())
    }
}
