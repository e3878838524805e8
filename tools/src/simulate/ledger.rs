//! Wallets of futures clients: what they began with and what their fills realised, fees deducted.
//!
//! Never here: margin, a limit.

use ballast_model::{Fill, InstrumentId, InstrumentSpec, Money};
use ballast_simulator::back::{ClientId, Symbol};
use std::collections::BTreeMap;

/// A position and what it cost, both signed.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    lots: i64,
    cost: i128,
}

#[derive(Debug)]
pub(super) struct Ledger {
    specs: Vec<InstrumentSpec>,
    begin: Money,
    held: BTreeMap<(ClientId, InstrumentId), Held>,
    earned: BTreeMap<ClientId, Money>,
}

impl Ledger {
    pub(super) fn new(symbols: &[Symbol], begin: Money) -> Self {
        let specs = symbols.iter().map(|symbol| symbol.spec).collect();
        Self { specs, begin, held: BTreeMap::new(), earned: BTreeMap::new() }
    }

    pub(super) fn wallet(&self, client: ClientId) -> Money {
        self.begin + self.earned.get(&client).copied().unwrap_or(Money::ZERO)
    }

    /// Books a fill: what reduces the position realises its share of the cost, rounded down.
    pub(super) fn fill(&mut self, client: ClientId, fill: &Fill) {
        let Some(spec) = self.specs.get(fill.instrument.index()) else { return };
        let (lots, sign) = (fill.level.lots(), fill.side.sign());
        let value = spec.value_floor(fill.level.price(), lots).0 * i128::from(sign);
        let held = self.held.entry((client, fill.instrument)).or_default();
        let change = lots.0 * sign;
        let closes = if held.lots.signum() * sign < 0 { lots.0.min(held.lots.abs()) } else { 0 };
        let mut realised = -Money::from_e8(fill.fee_e8).0;
        if closes > 0 {
            let cost = (held.cost * i128::from(closes)).div_euclid(i128::from(held.lots.abs()));
            let got = value * i128::from(closes) / i128::from(lots.0);
            realised -= got + cost;
            held.cost -= cost;
            held.cost += value - got;
        } else {
            held.cost += value;
        }
        held.lots += change;
        *self.earned.entry(client).or_default() += Money(realised);
    }
}

#[cfg(test)]
mod tests {
    use ballast_model::{
        AssetId, ClientOrderId, Contract, FillReason, Liquidity, Lots, Nanos, PackedLevel, Price, Side, Step,
        TradeId,
    };

    use super::*;

    fn ledger() -> Ledger {
        let spec = InstrumentSpec {
            tick: Step::parse("1").unwrap(),
            lot: Step::parse("1").unwrap(),
            multiplier: 1,
            contract: Contract::Linear,
            price_min: Price(1),
            price_max: Price(1_000_000),
            size_min: Lots(1),
            size_max: Lots(1_000_000),
            notional_min: Money::ZERO,
            base: AssetId(1),
            quote: AssetId(0),
        };
        let id = InstrumentId(0);
        let symbol = Symbol { name: String::new(), base: String::new(), quote: String::new(), id, spec };
        Ledger::new(&[symbol], Money::ZERO)
    }

    #[test]
    fn what_is_closed_is_realised_on_both_sides() {
        let mut ledger = ledger();
        let fill = |side, price, lots, fee| Fill {
            instrument: InstrumentId(0),
            side,
            liquidity: Liquidity::Taker,
            reason: FillReason::Took,
            fee_asset: AssetId(0),
            level: PackedLevel::new(Price(price), Lots(lots)).unwrap(),
            fee_e8: fee,
            client_id: ClientOrderId(1),
            trade_id: TradeId(1),
            venue_time: Nanos(0),
        };
        let us = ClientId(0);
        let mut books = |side, price, lots, fee| {
            ledger.fill(us, &fill(side, price, lots, fee));
            ledger.wallet(us).0 / Money::ONE.0
        };
        assert_eq!(books(Side::Bid, 100, 2, 100_000_000), -1);
        assert_eq!(books(Side::Ask, 110, 1, 0), 9);
        // One closes at a loss of 10, two open short at 90, which close at 80.
        assert_eq!(books(Side::Ask, 90, 3, 0), -1);
        assert_eq!(books(Side::Bid, 80, 2, 0), 19);
    }
}
