//! The limits a gate holds and the states it can be in.

use ballast_model::{
    Digest, HalfTicks, InstrumentSpec, LOTS_MAX, Lots, Money, NewOrder, Rate, ReduceOnly, Side, mutant,
};

use super::refusal::{Refusal, Rule, Scope};

/// The limits of one instrument, inclusive. There is no default: each is a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateLimits {
    /// Largest single order; at least the venue's smallest, or no position could ever be closed.
    pub order_lots_max: Lots,
    /// Largest single order value, in the quote currency. Reducing orders are exempt.
    pub order_notional_max: Money,
    /// Largest position, long or short, that may come about if all that works on one side trades. Up to [`LOTS_MAX`].
    pub position_lots_max: Lots,
    /// Most open orders, those of unknown fate among them. Below the order manager's capacity, which reducing orders may
    /// use up.
    pub open_orders_max: u32,
    /// How far through the reference a price may be (a bid above it, an ask below it), as a share of the reference: what an
    /// order can lose at once.
    pub collar_through_max: Rate,
    /// How far away from the reference a price may be (a bid below it, an ask above it), as a share of the reference. Such an
    /// order waits harmlessly, but a price with a lost digit belongs to a fault upstream and is stopped with it.
    pub collar_away_max: Rate,
    /// New orders that may be sent at once. With the rate below the venue's own limit by what cancels and reducing orders
    /// need: neither is ever held back here.
    pub order_burst_max: u32,
    /// New orders per second in the long run.
    pub orders_per_second_max: u32,
    /// Whether quotes that reduce the position wait for the rate too.
    pub reducing_quotes: ReducingQuotes,
}

/// Whether the rate of orders holds back quotes that reduce the position: orders that only rest, and that no exit and no hedge sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReducingQuotes {
    /// They pass and are counted, as every order that reduces.
    Pass,
    /// They wait as quotes that add do: the venue would turn away more than it takes, and then orders that must reduce too.
    Wait,
}

/// Why limits cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitsError {
    /// `order_lots_max` is below the venue's smallest order: nothing could ever be sent, not even to close a position.
    OrderLots,
    /// `order_notional_max` is not above zero or below the venue's smallest value.
    OrderNotional,
    /// `position_lots_max` is not in `1..=LOTS_MAX`.
    PositionLots,
    /// A collar is not above zero.
    Collar,
    /// Burst or rate is zero.
    OrderRate,
    /// `open_orders_max` is zero.
    OpenOrders,
}

impl core::fmt::Display for LimitsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::OrderLots => "order_lots_max is below the venue's smallest order",
            Self::OrderNotional => "order_notional_max is zero or below the venue's smallest order value",
            Self::PositionLots => "position_lots_max is zero or beyond the engine's bound",
            Self::Collar => "collar_through_max and collar_away_max must be above zero",
            Self::OrderRate => "order_burst_max and orders_per_second_max must be above zero",
            Self::OpenOrders => "open_orders_max is zero",
        })
    }
}

impl core::error::Error for LimitsError {}

impl GateLimits {
    /// Checks the limits against the instrument.
    pub(super) fn check(&self, spec: &InstrumentSpec) -> Result<(), LimitsError> {
        if self.order_lots_max < spec.size_min {
            return Err(LimitsError::OrderLots);
        }
        if self.order_notional_max <= Money::ZERO || self.order_notional_max < spec.notional_min {
            return Err(LimitsError::OrderNotional);
        }
        if !(1..=LOTS_MAX).contains(&self.position_lots_max.0) {
            return Err(LimitsError::PositionLots);
        }
        if self.collar_through_max.0 <= 0 || self.collar_away_max.0 <= 0 {
            return Err(LimitsError::Collar);
        }
        if self.order_burst_max == 0 || self.orders_per_second_max == 0 {
            return Err(LimitsError::OrderRate);
        }
        if self.open_orders_max == 0 {
            return Err(LimitsError::OpenOrders);
        }
        Ok(())
    }
}

/// How far the gate is open; ordered from open to closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum GateState {
    /// Within the limits, all orders.
    Active = 0,
    /// Only orders that reduce the position.
    ReduceOnly = 1,
    /// Quotes are to be pulled. Only orders that reduce the position and are marked reduce-only: those of a hedger or of
    /// whoever closes the position by hand. Some pauses end by themselves, and say so.
    Paused = 2,
    /// What passes is what passes a pause; only the operator ends it. A strategy that still quotes gets nothing through, on
    /// either side.
    Killed = 3,
}

impl GateState {
    /// The state's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::ReduceOnly => "reduce_only",
            Self::Paused => "paused",
            Self::Killed => "killed",
        }
    }

    /// The rule that speaks for a state that was set by name.
    pub(super) const fn rule(self) -> Rule {
        match self {
            Self::Active | Self::ReduceOnly => Rule::ReduceOnly,
            Self::Paused => Rule::Paused,
            Self::Killed => Rule::Killed,
        }
    }
}

/// A state and what led to it. The first cause of the worst state stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halt {
    /// How far it is open.
    pub state: GateState,
    /// The rule that speaks for it; says nothing of an active gate.
    pub cause: Rule,
}

impl Halt {
    /// Open.
    pub const NONE: Self = Self { state: GateState::Active, cause: Rule::ReduceOnly };

    /// The worse of the two; this one where they are equal.
    #[must_use]
    #[inline]
    pub fn or_worse(self, other: Self) -> Self {
        if other.state > self.state { other } else { self }
    }

    /// Asks for an order.
    pub(super) fn ask(self, effect: Effect, scope: Scope) -> Result<(), Refusal> {
        let passes_up_to = match effect {
            Effect::Adds => GateState::Active,
            Effect::Reduces => GateState::ReduceOnly,
            Effect::ReducesMarked => GateState::Killed,
        };
        if self.state <= passes_up_to {
            return Ok(());
        }
        let (found, limit) = (self.state as i128, passes_up_to as i128);
        Err(Refusal { rule: self.cause, scope, found, limit })
    }

    pub(super) fn digest(self, digest: &mut Digest) {
        digest.word(u64::from(self.cause.code()) << 8 | self.state as u64);
    }
}

/// What can close a gate, or everything, and must each be lifted by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HaltBy {
    /// Said by name: by the operator, or because the venue traded in our place.
    Name = 0,
    /// Said by name of everything, where no portfolio holds that.
    Everything = 1,
    /// A loss above its limit.
    Loss = 2,
    /// The position is in doubt.
    Doubt = 3,
    /// What would be decided might not be kept.
    Journal = 4,
    /// The venue takes no orders, or would not tell what becomes of them.
    Access = 5,
}

/// All that closes a gate. The worst holds; of equal ones the first that came, and once it is lifted the next in the order of
/// [`HaltBy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Halts {
    pub(super) by: [Halt; 6],
    pub(super) worst: Halt,
}

impl Halts {
    pub(super) const NONE: Self = Self { by: [Halt::NONE; 6], worst: Halt::NONE };

    /// What holds.
    #[inline]
    pub(super) const fn worst(&self) -> Halt {
        self.worst
    }

    /// How far one of them closes the gate.
    pub(super) fn state(&self, by: HaltBy) -> GateState {
        self.by.get(by as usize).map_or(GateState::Active, |halt| halt.state)
    }

    pub(super) fn close(&mut self, by: HaltBy, halt: Halt) {
        if let Some(own) = self.by.get_mut(by as usize) {
            *own = own.or_worse(halt);
        }
        self.worst = self.worst.or_worse(halt);
    }

    /// The same; tells whether that closes anything further.
    pub(super) fn close_more(&mut self, by: HaltBy, halt: Halt) -> bool {
        let before = *self;
        self.close(by, halt);
        *self != before
    }

    pub(super) fn lift(&mut self, by: HaltBy) {
        if let Some(own) = self.by.get_mut(by as usize) {
            *own = Halt::NONE;
        }
        self.worst = self.by.iter().fold(Halt::NONE, |worst, halt| worst.or_worse(*halt));
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.worst.digest(digest);
        // Nothing more of a gate that nothing closes.
        if self.worst.state != GateState::Active {
            self.by.iter().for_each(|halt| halt.digest(digest));
        }
    }
}

/// What an order does to its instrument's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It could add to it.
    Adds,
    /// It reduces it: with all that works on its side it closes it at most.
    Reduces,
    /// The same, and the venue has been told to see to it.
    ReducesMarked,
}

impl Effect {
    pub(super) fn of(order: &NewOrder, context: &GateContext) -> Self {
        match (context.reduces(order.side, order.lots), order.reduce_only) {
            (false, _) => Self::Adds,
            (true, ReduceOnly::No) => Self::Reduces,
            (true, ReduceOnly::Yes) => Self::ReducesMarked,
        }
    }

    pub(super) fn adds(self) -> bool {
        self == Self::Adds
    }
}

/// What the gate must know of the world to judge an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateContext {
    /// The ledger's position.
    pub position: Lots,
    /// What may still trade on the bid side, orders of unknown fate in full.
    pub working_bid: Lots,
    /// What may still trade on the ask side, orders of unknown fate in full.
    pub working_ask: Lots,
    /// Open orders, unknown ones among them.
    pub open_orders: usize,
    /// A live midpoint to hold prices against; `None` where there is none that can be trusted.
    pub reference: Option<HalfTicks>,
}

impl GateContext {
    /// What may still trade on a side.
    #[must_use]
    pub const fn working(&self, side: Side) -> Lots {
        match side {
            Side::Bid => self.working_bid,
            Side::Ask => self.working_ask,
        }
    }

    /// The position if all that works on `side`, and `lots` more, trade.
    #[must_use]
    pub fn position_worst(&self, side: Side, lots: Lots) -> Lots {
        let position = if mutant::is("position-ignored") { Lots::ZERO } else { self.position };
        let working = if mutant::is("working-ignored") { Lots::ZERO } else { self.working(side) };
        position + (working + lots).signed(side)
    }

    /// True where `lots` more (above zero) on `side`, together with all that already works there, at most close the
    /// position.
    #[must_use]
    pub fn reduces(&self, side: Side, lots: Lots) -> bool {
        self.position_worst(side, lots).signed(side) <= Lots::ZERO
    }
}
