//! An instrument, limits and orders for tests.

use ballast_model::{
    AssetId, ClientOrderId, Contract, HalfTicks, InstrumentId, InstrumentSpec, Lots, Money, Nanos, NewOrder,
    Price, Rate, ReduceOnly, Side, Step, TimeInForce,
};

use super::limits::Halts;
use super::{Checked, Gate, GateContext, GateLimits, ReducingQuotes};

pub(crate) const INSTRUMENT: InstrumentId = InstrumentId(3);

/// Tick 0.01, lot 0.001; orders of 2 to 500 lots, priced 100 to 50 000 ticks and worth 0.50 at least.
pub(crate) fn spec() -> InstrumentSpec {
    InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: 2 },
        lot: Step { mantissa: 1, scale: 3 },
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(100),
        price_max: Price(50_000),
        size_min: Lots(2),
        size_max: Lots(500),
        notional_min: Money(Money::ONE.0 / 2),
        base: AssetId(0),
        quote: AssetId(1),
    })
    .unwrap()
}

/// Orders of up to 100 lots worth 15.00, 300 lots of position, 8 open orders, 5 % through and 40 % away, 3 orders at once
/// and 10 a second.
pub(crate) const fn limits() -> GateLimits {
    GateLimits {
        order_lots_max: Lots(100),
        order_notional_max: Money(15 * Money::ONE.0),
        position_lots_max: Lots(300),
        open_orders_max: 8,
        collar_through_max: Rate::from_bps(500),
        collar_away_max: Rate::from_bps(4_000),
        order_burst_max: 3,
        orders_per_second_max: 10,
        reducing_quotes: ReducingQuotes::Pass,
    }
}

/// Flat, nothing working, midpoint 100.00.
pub(crate) const fn flat() -> GateContext {
    GateContext {
        position: Lots(0),
        working_bid: Lots(0),
        working_ask: Lots(0),
        open_orders: 0,
        reference: Some(HalfTicks(20_000)),
    }
}

pub(crate) const fn order(id: u64, side: Side, price: i64, lots: i64) -> NewOrder {
    NewOrder {
        instrument: INSTRUMENT,
        client_id: ClientOrderId(id),
        side,
        price: Price(price),
        lots: Lots(lots),
        tif: TimeInForce::PostOnly,
        reduce_only: ReduceOnly::No,
        expires_at: Nanos::MAX,
    }
}

impl Gate {
    /// Lifts whatever closes the gate, and counts anew: everything an operator can lift, without asking whether he may.
    pub(crate) fn reopen(&mut self) {
        self.halts = Halts::NONE;
        if let Some(watch) = &mut self.watch {
            watch.thaw();
            watch.forgive();
        }
    }
}

/// An order that passed a gate.
pub(crate) fn checked(order: NewOrder) -> Checked<NewOrder> {
    Gate::new(INSTRUMENT, &spec(), limits()).unwrap().check(order, &flat(), Nanos(0)).unwrap()
}
