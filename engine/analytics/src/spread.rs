//! Spread captured: how far from the midpoint our fills traded, in our favour.
//!
//! Of one fill it is `sign · (mid at the fill − price)`, the markout at horizon zero. In money it splits the gross
//! profit: what is not captured at the fill was earned or lost by holding inventory while the midpoint moved.

use crate::markout::{Markout, Selection};
use crate::record::FillRow;
use ballast_model::{Contract, InstrumentSpec, Money, Side};

/// Money captured by one fill against the midpoint, in the settlement currency: `sign · (V(mid) − V(price))` for linear
/// contracts, whose profit grows with the price, and `sign · (V(price) − V(mid))` for inverse ones, whose value in coin
/// falls with it. Exact to 10⁻¹⁸, each value rounded down.
#[must_use]
pub fn captured(spec: &InstrumentSpec, fill: &FillRow) -> Money {
    let (at_mid, at_price) =
        (spec.value_at_mid_floor(fill.mid, fill.lots), spec.value_floor(fill.price, fill.lots));
    let up = match spec.contract {
        Contract::Linear => at_mid - at_price,
        Contract::Inverse => at_price - at_mid,
    };
    match fill.side {
        Side::Bid => up,
        Side::Ask => -up,
    }
}

/// Money captured by all fills; zero for none.
#[must_use]
pub fn captured_total(spec: &InstrumentSpec, fills: &[FillRow]) -> Money {
    fills.iter().map(|fill| captured(spec, fill)).sum()
}

/// Spread captured per fill in ticks and basis points, as a markout against the midpoint at the fill itself; `None` for
/// no fill.
#[must_use]
pub fn per_fill(fills: &[FillRow], selection: Selection) -> Option<Markout> {
    Markout::of(fills, selection, |fill| Some(fill.mid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, LOT_TICK};
    use ballast_model::HalfTicks;

    #[test]
    fn a_quote_half_a_tick_from_the_mid_captures_half_a_tick() {
        let spec = fixture::spec(Contract::Linear);
        let buy = FillRow { mid: HalfTicks(201), ..fixture::fill(0, Side::Bid, 100, 4) };
        let sell = FillRow { mid: HalfTicks(201), ..fixture::fill(0, Side::Ask, 102, 4) };
        assert_eq!(captured(&spec, &buy), Money(2 * LOT_TICK));
        assert_eq!(captured(&spec, &sell), Money(6 * LOT_TICK));
        assert_eq!(captured_total(&spec, &[buy, sell]), Money(8 * LOT_TICK));
        assert_eq!(captured_total(&spec, &[]), Money::ZERO);
        let per = per_fill(&[buy, sell], Selection::All).unwrap();
        assert!((per.ticks.mean - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_inverse_buy_below_the_mid_captures_coin() {
        let spec = fixture::spec(Contract::Inverse);
        // one contract of 100 at 10.0, mid 12.5: 100 / 10 − 100 / 12.5 = 2 coins
        let buy = FillRow { mid: HalfTicks(250), ..fixture::fill(0, Side::Bid, 100, 1) };
        assert_eq!(captured(&spec, &buy), Money(2 * Money::ONE.0));
    }
}
