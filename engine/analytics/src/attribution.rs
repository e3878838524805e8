//! Attribution: what net profit is made of. The parts add up to it exactly, to the last unit.
//!
//! Gross profit splits at the midpoint: of a fill the distance from its midpoint to its price is *spread* (the effective
//! half-spread of Huang and Stoll 1996, in money), and what the midpoint moved afterwards while the position was held is
//! *inventory*. What was booked by hand is all
//! *inventory*: nobody knows the midpoint it traded at. Where an instrument hedges others, its spread, fees and rebates are what hedging cost.
//!
//! For a linear contract the inventory part is `Σ q·Δmid·u`, position by position; for an inverse one the same in coin.
//! Where values round to 10⁻¹⁸ the remainder is in the inventory part, so that nothing is lost.

use crate::pnl::Pnl;
use crate::record::{InstrumentRecord, Role};
use crate::spread;
use ballast_model::Money;

/// The parts of net profit, in one currency; each as it adds to profit, costs below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    /// Captured between price and midpoint at the fills of quotes.
    pub spread: Money,
    /// Earned or lost by holding positions, hedges included, while midpoints moved.
    pub inventory: Money,
    /// Fees of quotes; at most zero.
    pub fees: Money,
    /// Rebates of quotes; at least zero.
    pub rebates: Money,
    /// Funding received less funding paid.
    pub funding: Money,
    /// Spread, fees and rebates of hedges.
    pub hedging: Money,
}

impl Attribution {
    /// Of the account at the last sample; `None` without one.
    #[must_use]
    pub fn of(record: &InstrumentRecord) -> Option<Self> {
        let spread = spread::captured_total(&record.spec, &record.fills);
        Some(Self::split(record.role, spread, Pnl::from(record.samples.last()?)))
    }

    /// Of an account whose fills captured `spread`.
    #[must_use]
    pub fn split(role: Role, spread: Money, pnl: Pnl) -> Self {
        let Pnl { gross, fees, rebates, funding } = pnl;
        let parts = Self { inventory: gross - spread, funding, ..Self::default() };
        match role {
            Role::Quoted => Self { spread, fees: -fees, rebates, ..parts },
            Role::Hedge => Self { hedging: spread - fees + rebates, ..parts },
        }
    }

    /// The sum of all parts: net profit.
    #[must_use]
    pub fn net(self) -> Money {
        self.each().into_iter().map(|(_, part)| part).sum()
    }

    /// Name and amount of each part.
    #[must_use]
    pub const fn each(self) -> [(&'static str, Money); 6] {
        [
            ("spread", self.spread),
            ("inventory", self.inventory),
            ("fees", self.fees),
            ("rebates", self.rebates),
            ("funding", self.funding),
            ("hedging", self.hedging),
        ]
    }

    /// Both together; they must be of one currency.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            spread: self.spread + other.spread,
            inventory: self.inventory + other.inventory,
            fees: self.fees + other.fees,
            rebates: self.rebates + other.rebates,
            funding: self.funding + other.funding,
            hedging: self.hedging + other.hedging,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, LOT_TICK, fill, record, sample};
    use crate::record::{FillRow, Sample};
    use ballast_model::{Contract, HalfTicks, Lots, Price, Side};
    use proptest::prelude::*;

    /// Buys 4 at 100 with the midpoint at 100.5, which then falls to 99: captured 2 lot ticks, held −6.
    fn held() -> InstrumentRecord {
        let bought = FillRow { mid: HalfTicks(201), position_after: Lots(4), ..fill(1, Side::Bid, 100, 4) };
        let end = Sample {
            mid: HalfTicks(198),
            position: Lots(4),
            gross: Money(-4 * LOT_TICK),
            fees: Money(5),
            rebates: Money(7),
            funding: Money(-11),
            ..sample(2)
        };
        InstrumentRecord { fills: vec![bought], samples: vec![sample(0), end], ..record() }
    }

    #[test]
    fn quotes_earn_spread_and_hedges_cost_it() {
        let (spread, inventory) = (Money(2 * LOT_TICK), Money(-6 * LOT_TICK));
        let quoted = Attribution::of(&held()).unwrap();
        let expected = Attribution {
            spread,
            inventory,
            fees: Money(-5),
            rebates: Money(7),
            funding: Money(-11),
            hedging: Money::ZERO,
        };
        assert_eq!(quoted, expected);
        let hedge = Attribution::of(&InstrumentRecord { role: Role::Hedge, ..held() }).unwrap();
        let expected = Attribution {
            inventory,
            funding: Money(-11),
            hedging: spread + Money(2),
            ..Attribution::default()
        };
        assert_eq!(hedge, expected);
        assert_eq!(quoted.net(), Money(-4 * LOT_TICK - 9));
        assert_eq!(hedge.net(), quoted.net());
        assert_eq!(quoted.plus(hedge).net(), quoted.net() + hedge.net());
    }

    #[test]
    fn what_was_booked_by_hand_is_inventory() {
        let held = held();
        let before = Attribution::of(&held).unwrap();
        let mut adjusted = held;
        adjusted.adjustments = vec![fixture::adjustment(1, Side::Bid, 4, 1)];
        adjusted.samples[1].gross += Money(-8 * LOT_TICK);
        let after = Attribution::of(&adjusted).unwrap();
        assert_eq!(after, Attribution { inventory: before.inventory + Money(-8 * LOT_TICK), ..before });
    }

    #[test]
    fn nothing_has_no_parts() {
        assert_eq!(Attribution::of(&record()), None);
    }

    /// A run of fills, and what a ledger that only adds up flows says of it at the end.
    fn played(contract: Contract, fills: &[(bool, i64, i64, i64, i64)], last: i64) -> InstrumentRecord {
        let spec = fixture::spec(contract);
        let up = if contract == Contract::Linear { 1 } else { -1 };
        let (mut position, mut flows, mut fees, mut rebates) = (0, 0, 0, 0);
        let mut rows = Vec::new();
        for ((buys, price, lots, off, fee), at) in fills.iter().zip(0..) {
            let side = if *buys { Side::Bid } else { Side::Ask };
            position += side.sign() * lots;
            flows -= up * i128::from(side.sign()) * spec.value_floor(Price(*price), Lots(*lots)).0;
            *(if *fee > 0 { &mut fees } else { &mut rebates }) += i128::from(fee.abs());
            let row = fill(at, side, *price, *lots);
            let (mid, fee) = (HalfTicks(2 * price + off), Money((*fee).into()));
            rows.push(FillRow { mid, fee, position_after: Lots(position), ..row });
        }
        let open = spec.value_at_mid_floor(HalfTicks(last), Lots(position.abs())).0;
        let end = Sample {
            mid: HalfTicks(last),
            position: Lots(position),
            gross: Money(flows + up * i128::from(position.signum()) * open),
            fees: Money(fees),
            rebates: Money(rebates),
            funding: Money(-3),
            ..sample(i64::try_from(fills.len()).unwrap())
        };
        InstrumentRecord { spec, fills: rows, samples: vec![sample(0), end], ..record() }
    }

    /// The inventory part by another road: each position over each move of the midpoint.
    fn walked(record: &InstrumentRecord) -> i128 {
        let end = record.samples.last().unwrap();
        let mids = record.fills.iter().map(|fill| fill.mid).chain([end.mid]);
        let moves = record.fills.iter().zip(mids.skip(1));
        let value = |mid, lots: Lots| record.spec.value_at_mid_floor(mid, lots.abs()).0;
        let earned = moves.map(|(fill, next)| {
            let (lots, sign) = (fill.position_after, i128::from(fill.position_after.0.signum()));
            sign * (value(next, lots) - value(fill.mid, lots))
        });
        let sum: i128 = earned.sum();
        if record.spec.contract == Contract::Linear { sum } else { -sum }
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_last_unit(
            fills in proptest::collection::vec((any::<bool>(), 50i64..150, 1i64..40, -9i64..9, -500i64..500), 0..40),
            last in 100i64..300,
            inverse in any::<bool>(),
            hedges in any::<bool>(),
        ) {
            let contract = if inverse { Contract::Inverse } else { Contract::Linear };
            let role = if hedges { Role::Hedge } else { Role::Quoted };
            let record = InstrumentRecord { role, ..played(contract, &fills, last) };
            let parts = Attribution::of(&record).unwrap();
            prop_assert_eq!(parts.net(), record.samples[1].net());
            // Each value rounds by less than a unit: two of a fill's captured spread, two of each move, two at the end.
            let rounding = 6 * (fills.len() as i128 + 1);
            prop_assert!((parts.inventory.0 - walked(&record)).abs() <= rounding, "{:?}", parts);
        }
    }
}
