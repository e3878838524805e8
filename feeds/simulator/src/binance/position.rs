//! Futures positions as the venue shows them: size, mean entry price, profit made real.

use ballast_model::{HalfTicks, InstrumentSpec, Lots, Money, Price, Side};

/// One client's position in one contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Long > 0.
    pub(super) lots: Lots,
    /// What the lots held were entered at, as a value; at least zero.
    pub(super) cost: Money,
    /// Profit of all that was closed, fees apart.
    pub(super) realized: Money,
    /// Time of the last change, in milliseconds.
    pub(super) updated_ms: i64,
}

impl Position {
    /// Books a trade; returns the profit it made real.
    pub(super) fn trade(&mut self, spec: &InstrumentSpec, side: Side, price: Price, lots: Lots) -> Money {
        let against = self.lots.0 * side.sign() < 0;
        let closing = if against { self.lots.abs().min(lots) } else { Lots::ZERO };
        let mut profit = Money::ZERO;
        if closing > Lots::ZERO {
            let held = i128::from(self.lots.abs().0);
            let entered = Money(self.cost.0 * i128::from(closing.0) / held);
            let left = spec.value_floor(price, closing);
            profit = if self.lots > Lots::ZERO { left - entered } else { entered - left };
            self.cost -= entered;
        }
        self.cost += spec.value_floor(price, lots - closing);
        self.lots += lots.signed(side);
        self.realized += profit;
        profit
    }

    /// Mean entry price in 10⁻¹⁸; zero without a position.
    pub(super) fn entry(&self, spec: &InstrumentSpec) -> i128 {
        let base = super::decimal::lots_atto(spec, self.lots.abs());
        if base == 0 { 0 } else { per(self.cost.0, base) }
    }

    /// Profit at this mark price, in 10⁻¹⁸ as the price is.
    pub(super) fn unrealized(&self, spec: &InstrumentSpec, mark: i128) -> Money {
        let value = self.value(spec, mark);
        if self.lots < Lots::ZERO { self.cost - value } else { value - self.cost }
    }

    /// Value at this mark price; at least zero.
    pub(super) fn value(&self, spec: &InstrumentSpec, mark: i128) -> Money {
        let base = super::decimal::lots_atto(spec, self.lots.abs());
        // Both have 18 digits behind the point: eleven of them suffice of the price.
        Money(mark / 10_i128.pow(7) * (base / 10_i128.pow(3)) / 10_i128.pow(8))
    }
}

/// A value divided by an amount, both in 10⁻¹⁸, as a price in 10⁻¹⁸ with eight digits that count.
pub(super) fn per(value: i128, amount: i128) -> i128 {
    const DIGITS: i128 = 10_i128.pow(8);
    let scaled = value.checked_mul(DIGITS).unwrap_or(i128::MAX);
    scaled.checked_div(amount).unwrap_or(0).saturating_mul(10_i128.pow(10))
}

/// The middle of two prices in 10⁻¹⁸.
pub(super) const fn middle(spec: &InstrumentSpec, bid: Price, ask: Price) -> i128 {
    super::decimal::atto(spec.tick) * HalfTicks::mid(bid, ask).0 as i128 / 2
}

#[cfg(test)]
mod tests {
    use ballast_model::{AssetId, Contract, Step};

    use super::*;

    fn spec() -> InstrumentSpec {
        let step = |scale| Step { mantissa: 1, scale };
        let spec = InstrumentSpec {
            tick: step(2),
            lot: step(3),
            multiplier: 1,
            contract: Contract::Linear,
            price_min: Price(1),
            price_max: Price(100_000_000),
            size_min: Lots(1),
            size_max: Lots(1_000_000),
            notional_min: Money::ZERO,
            base: AssetId(0),
            quote: AssetId(1),
        };
        InstrumentSpec::new(spec).unwrap()
    }

    #[test]
    fn entry_is_the_mean_and_closing_makes_profit_real() {
        let (spec, mut position) = (spec(), Position::default());
        position.trade(&spec, Side::Ask, Price(200_000), Lots(1_000));
        position.trade(&spec, Side::Ask, Price(210_000), Lots(1_000));
        assert_eq!(position.entry(&spec), 2_050 * Money::ONE.0);
        assert_eq!(position.unrealized(&spec, 2_000 * Money::ONE.0), Money(100 * Money::ONE.0));
        // Buying three closes the two at a profit of 55 each, and one is long.
        let profit = position.trade(&spec, Side::Bid, Price(199_500), Lots(3_000));
        assert_eq!(profit, Money(110 * Money::ONE.0));
        assert_eq!((position.lots, position.entry(&spec)), (Lots(1_000), 1_995 * Money::ONE.0));
        assert_eq!(position.unrealized(&spec, 1_990 * Money::ONE.0), Money(-5 * Money::ONE.0));
    }
}
