//! The risk gate: the only way from a decision to an order.
//!
//! [`Gate::check`] alone makes a [`Checked`] order, and only a checked order is taken by the order manager and the outbox.
//! Rules are asked in the order of [`Rule`]; the first that says no names the refusal, and refusals are counted by rule.
//!
//! An order *reduces* where it, together with all that already works on its side, at most closes the position. Reducing
//! orders pass at every limit on position, order value, open orders and rate, and in every [`GateState`] (after a kill only
//! when marked reduce-only). The venue's filters, the largest order, and the price collar hold for every order: a fat finger
//! that reduces is still one. Without a reference price no order passes at all.
//!
//! Cancels do not come here and are never held back.
//!
//! Never here: a clock, a decision what to send, an allocation.

mod bucket;
mod limits;
mod refusal;
mod replace;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod history;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod twin;

use ballast_model::{
    ClientOrderId, Digest, HalfTicks, InstrumentId, InstrumentSpec, Nanos, NewOrder, Rate, ReduceOnly,
};

use bucket::TokenBucket;
pub use limits::{GateContext, GateLimits, GateState, LimitsError};
pub use refusal::{Refusal, Rule};

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
    state: GateState,
    bucket: TokenBucket,
    /// Of the last order that passed.
    last_id: ClientOrderId,
    passed: u64,
    /// By [`Rule`].
    refusals: [u64; Rule::ALL.len()],
}

impl Gate {
    /// An open gate with a full allowance of orders.
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
            state: GateState::Active,
            bucket: TokenBucket::new(limits.order_burst_max, limits.orders_per_second_max),
            last_id: ClientOrderId(0),
            passed: 0,
            refusals: [0; Rule::ALL.len()],
        })
    }

    /// Asks whether an order may be sent. An order that passes is charged to the rate, whether it is sent or not.
    ///
    /// # Errors
    /// The first rule that says no.
    pub fn check(
        &mut self,
        order: NewOrder,
        context: &GateContext,
        now: Nanos,
    ) -> Result<Checked<NewOrder>, Refusal> {
        match self.ask_all(&order, context, now) {
            Ok(()) => {
                self.last_id = order.client_id;
                self.passed += 1;
                Ok(Checked(order))
            }
            Err(refusal) => {
                if let Some(count) = self.refusals.get_mut(refusal.rule() as usize) {
                    *count += 1;
                }
                Err(refusal)
            }
        }
    }

    /// How far the gate is open.
    #[must_use]
    pub const fn state(&self) -> GateState {
        self.state
    }

    /// Closes the gate as far as `state`; never opens it.
    pub fn tighten(&mut self, state: GateState) {
        self.state = self.state.max(state);
    }

    /// Opens the gate again. For the operator alone: no rule and no strategy lifts a kill.
    pub const fn reopen(&mut self) {
        self.state = GateState::Active;
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
        digest.word(self.state as u64);
        digest.word(self.last_id.0);
        digest.word(self.passed);
        self.refusals.iter().for_each(|count| digest.word(*count));
        self.bucket.digest(digest);
    }

    fn ask_all(&mut self, order: &NewOrder, context: &GateContext, now: Nanos) -> Result<(), Refusal> {
        self.ask_identity(order)?;
        self.ask_filters(order)?;
        let reduces = context.reduces(order.side, order.lots);
        self.ask_state(order, reduces)?;
        self.ask_size(order, reduces)?;
        self.ask_collar(order, context.reference)?;
        if !reduces {
            self.ask_exposure(order, context)?;
        }
        // Last, so that only orders that pass are charged; a reducing order is charged while there are tokens.
        if !self.bucket.take(now) && !reduces {
            return Err(Refusal::OrderRate);
        }
        Ok(())
    }

    fn ask_identity(&self, order: &NewOrder) -> Result<(), Refusal> {
        if order.instrument != self.instrument {
            return Err(Refusal::Instrument(self.instrument));
        }
        if order.client_id <= self.last_id {
            return Err(Refusal::ClientId(self.last_id));
        }
        Ok(())
    }

    /// The venue's own limits of price and size.
    fn ask_filters(&self, order: &NewOrder) -> Result<(), Refusal> {
        let spec = &self.spec;
        if order.price < spec.price_min || order.price > spec.price_max {
            return Err(Refusal::Price { min: spec.price_min, max: spec.price_max });
        }
        if order.lots < spec.size_min || order.lots > spec.size_max {
            return Err(Refusal::Size { min: spec.size_min, max: spec.size_max });
        }
        Ok(())
    }

    fn ask_state(&self, order: &NewOrder, reduces: bool) -> Result<(), Refusal> {
        match self.state {
            GateState::Active => Ok(()),
            GateState::ReduceOnly if reduces => Ok(()),
            GateState::ReduceOnly => Err(Refusal::ReduceOnly),
            GateState::Killed if reduces && order.reduce_only == ReduceOnly::Yes => Ok(()),
            GateState::Killed => Err(Refusal::Killed),
        }
    }

    fn ask_size(&self, order: &NewOrder, reduces: bool) -> Result<(), Refusal> {
        if order.lots > self.limits.order_lots_max {
            return Err(Refusal::OrderLots { max: self.limits.order_lots_max });
        }
        let notional = self.spec.notional(order.price, order.lots);
        // Venues take the remainder of a position however little it is worth.
        if order.reduce_only == ReduceOnly::No && notional < self.spec.notional_min {
            return Err(Refusal::NotionalMin { notional, min: self.spec.notional_min });
        }
        if !reduces && notional > self.limits.order_notional_max {
            return Err(Refusal::OrderNotional { notional, max: self.limits.order_notional_max });
        }
        Ok(())
    }

    fn ask_collar(&self, order: &NewOrder, reference: Option<HalfTicks>) -> Result<(), Refusal> {
        let Some(reference) = reference.filter(|mid| mid.0 > 0) else {
            return Err(Refusal::NoReference);
        };
        let through = (2 * order.price.0 - reference.0) * order.side.sign();
        let max = if through > 0 { self.limits.collar_through_max } else { self.limits.collar_away_max };
        if i128::from(through.abs()) * i128::from(Rate::ONE.0) > i128::from(reference.0) * i128::from(max.0) {
            return Err(Refusal::Collar { reference });
        }
        Ok(())
    }

    /// What reducing orders are exempt from, but for the rate.
    fn ask_exposure(&self, order: &NewOrder, context: &GateContext) -> Result<(), Refusal> {
        let worst = context.position_worst(order.side, order.lots);
        if worst.signed(order.side) > self.limits.position_lots_max {
            return Err(Refusal::Position { worst, max: self.limits.position_lots_max });
        }
        let max = self.limits.open_orders_max;
        if usize::try_from(max).is_ok_and(|max| context.open_orders >= max) {
            return Err(Refusal::OpenOrders { max });
        }
        Ok(())
    }
}
