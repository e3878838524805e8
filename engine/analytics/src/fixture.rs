//! Small records the unit tests build on: tick 0.1, lot 0.01, so that one lot over one tick is worth 0.001.

use crate::record::{
    Adjustment, FillRow, GridSource, HORIZONS, InstrumentRecord, Programme, Requests, Role, Sample,
};
use ballast_model::{
    AssetId, ClientOrderId, Contract, FillReason, HalfTicks, InstrumentSpec, Liquidity, Lots, Money, Nanos,
    Price, Rate, Side, Step, TradeId,
};

/// Money units of one lot over one tick: 0.1 · 0.01 = 0.001.
pub(crate) const LOT_TICK: i128 = Money::ONE.0 / 1_000;

pub(crate) fn spec(contract: Contract) -> InstrumentSpec {
    InstrumentSpec::new(InstrumentSpec {
        tick: Step::parse("0.1").unwrap(),
        lot: Step::parse(if contract == Contract::Linear { "0.01" } else { "1" }).unwrap(),
        multiplier: if contract == Contract::Linear { 1 } else { 100 },
        contract,
        price_min: Price(1),
        price_max: Price(1_000_000),
        size_min: Lots(1),
        size_max: Lots(1_000_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    })
    .unwrap()
}

pub(crate) fn record() -> InstrumentRecord {
    InstrumentRecord {
        name: "TEST".to_owned(),
        venue: "usdm".to_owned(),
        role: Role::Quoted,
        spec: spec(Contract::Linear),
        grid: GridSource::Configured,
        currency: "USDT".to_owned(),
        price_unit: "USDT".to_owned(),
        size_unit: "ETH".to_owned(),
        programme: Programme { within: Rate::from_bps(10), notional_min: Money::ZERO },
        requests: Requests::default(),
        fills: Vec::new(),
        adjustments: Vec::new(),
        samples: Vec::new(),
    }
}

pub(crate) const fn seconds(seconds: i64) -> Nanos {
    Nanos(seconds * 1_000_000_000)
}

/// A correction at a price of 100, after so many fills, that leaves a position of zero.
pub(crate) const fn adjustment(at_secs: i64, side: Side, lots: i64, fills_before: usize) -> Adjustment {
    let (time, price, lots) = (seconds(at_secs), Price(100), Lots(lots));
    Adjustment { time, side, price, lots, position_after: Lots(0), fills_before }
}

/// A maker fill at its own midpoint, free of fees, with no markout.
pub(crate) const fn fill(at_secs: i64, side: Side, ticks: i64, lots: i64) -> FillRow {
    FillRow {
        time: seconds(at_secs),
        side,
        price: Price(ticks),
        lots: Lots(lots),
        liquidity: Liquidity::Maker,
        reason: FillReason::QueueExhausted,
        fee: Money::ZERO,
        client_id: ClientOrderId(1),
        trade_id: TradeId(1),
        mid: HalfTicks(2 * ticks),
        markouts: [None; HORIZONS],
        position_after: Lots::ZERO,
        place: None,
    }
}

/// A flat, unquoted account at a midpoint of 100 ticks.
pub(crate) const fn sample(at_secs: i64) -> Sample {
    Sample {
        time: seconds(at_secs),
        mid: HalfTicks(200),
        bid: None,
        ask: None,
        depth: [Money::ZERO; 2],
        position: Lots::ZERO,
        gross: Money::ZERO,
        fees: Money::ZERO,
        rebates: Money::ZERO,
        funding: Money::ZERO,
    }
}
