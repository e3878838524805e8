//! Adverse selection: how far the midpoint went against our fills.
//!
//! Of a fill and a horizon `h`, with sign +1 for a buy and −1 for a sell (Huang and Stoll 1996, "Dealer versus auction
//! markets", equations for effective and realised half-spread):
//!
//! `effective = sign · (mid − price)`, `realised = sign · (mid(t + h) − price)`, `impact = effective − realised`,
//!
//! so that impact above zero is what those who knew more took of the spread. Effective is the spread captured, realised
//! the markout.

use crate::estimate::Estimate;
use crate::markout;
use crate::record::{FillRow, HORIZONS};
use ballast_model::{Contract, HalfTicks, InstrumentSpec, Money};

/// Adverse selection of the fills whose midpoint at one horizon is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adverse {
    /// Captured at the fill, in basis points of its price.
    pub effective: Estimate,
    /// Lost of it by the horizon, in basis points of the fill's price: against us > 0.
    pub impact: Estimate,
    /// Share of fills against which the midpoint went, in `0..=1`.
    pub against: f64,
    /// What the moves cost over all these fills, in the settlement currency: against us > 0; each value rounded down to
    /// 10⁻¹⁸.
    pub cost: Money,
}

impl Adverse {
    /// At each of [`crate::record::MARKOUT_HORIZONS`]; `None` where no fill has a midpoint there.
    #[must_use]
    pub fn curve(spec: &InstrumentSpec, fills: &[FillRow]) -> [Option<Self>; HORIZONS] {
        core::array::from_fn(|horizon| {
            let later = |fill: &FillRow| fill.markouts.get(horizon).copied().flatten();
            Self::of(spec, fills.iter().filter_map(|fill| Some((fill, later(fill)?))))
        })
    }

    fn of<'a>(
        spec: &InstrumentSpec,
        fills: impl Iterator<Item = (&'a FillRow, HalfTicks)> + Clone,
    ) -> Option<Self> {
        let effective = |fill: &FillRow| markout::bps(fill, fill.mid);
        let impact = |fill: &FillRow, later| Some(effective(fill)? - markout::bps(fill, later)?);
        let against = |fill: &FillRow, later: HalfTicks| fill.side.sign() * (later.0 - fill.mid.0) < 0;
        let judged = fills.clone().count();
        Some(Self {
            effective: Estimate::of(fills.clone().filter_map(|(fill, _)| effective(fill)))?,
            impact: Estimate::of(fills.clone().filter_map(|(fill, later)| impact(fill, later)))?,
            against: fills.clone().filter(|(fill, later)| against(fill, *later)).count() as f64
                / judged as f64,
            cost: fills.map(|(fill, later)| cost(spec, fill, later)).sum(),
        })
    }
}

/// What the move of the midpoint since a fill has cost its size.
fn cost(spec: &InstrumentSpec, fill: &FillRow, later: HalfTicks) -> Money {
    let (then, now) =
        (spec.value_at_mid_floor(fill.mid, fill.lots), spec.value_at_mid_floor(later, fill.lots));
    let gained = match spec.contract {
        Contract::Linear => now - then,
        Contract::Inverse => then - now,
    };
    Money(-i128::from(fill.side.sign()) * gained.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, LOT_TICK, fill};
    use ballast_model::Side;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn by_hand() {
        let judged = |side, mid, later| FillRow {
            mid: HalfTicks(mid),
            markouts: [Some(HalfTicks(later)), None, None],
            ..fill(0, side, 100, 3)
        };
        // Bought at 100 under a midpoint of 101 that falls to 99; sold at 100 under 98 (2 away) that rises to 99.
        let fills = [judged(Side::Bid, 202, 198), judged(Side::Ask, 196, 198), fill(2, Side::Bid, 100, 9)];
        let [first, second, _] = Adverse::curve(&fixture::spec(Contract::Linear), &fills);
        let adverse = first.unwrap();
        // effective +100 and +200 bp, realised −100 and +100 bp
        assert!(close(adverse.effective.mean, 150.0) && close(adverse.impact.mean, 150.0));
        assert_eq!((adverse.impact.count, adverse.cost), (2, Money((3 * 2 + 3) * LOT_TICK)));
        assert!(close(adverse.against, 1.0));
        assert_eq!(second, None);
        let kind = FillRow { markouts: [Some(HalfTicks(204)), None, None], ..fills[0] };
        let [both, ..] = Adverse::curve(&fixture::spec(Contract::Linear), &[fills[0], kind]);
        let both = both.unwrap();
        assert!(close(both.against, 0.5) && close(both.impact.mean, 50.0), "{both:?}");
        assert_eq!(both.cost, Money(3 * LOT_TICK));
        let still = FillRow { markouts: [Some(fills[0].mid), None, None], ..fills[0] };
        let [unmoved, ..] = Adverse::curve(&fixture::spec(Contract::Linear), &[still]);
        assert!(close(unmoved.unwrap().against, 0.0), "what does not move goes against nobody");
    }

    #[test]
    fn inverse_moves_cost_coin() {
        let spec = fixture::spec(Contract::Inverse);
        let later = [Some(HalfTicks(200)), None, None];
        // Bought 1 contract of 100 at a midpoint of 12.5, which falls to 10: 100 / 10 − 100 / 12.5 = 2 coins lost.
        let bought = FillRow { mid: HalfTicks(250), markouts: later, ..fill(0, Side::Bid, 120, 1) };
        let [adverse, ..] = Adverse::curve(&spec, &[bought]);
        assert_eq!(adverse.unwrap().cost, Money(2 * Money::ONE.0));
    }
}
