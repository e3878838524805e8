//! How far two runs agree on what they traded.
//!
//! A lot that one run traded is matched by a lot of the other at the same side and price, where the two are no further apart in
//! time than a span; each lot matches once, and of several the earlier. What is not matched was traded by one run alone.

use ballast_model::{Lots, Span};

use crate::record::FillRow;

/// What two runs have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Fills of the first run.
    pub fills: usize,
    /// Of these, those whose whole size the other run has.
    pub matched_fills: usize,
    /// Size of all fills of the first run.
    pub lots: Lots,
    /// Size of all fills of the other run.
    pub other_lots: Lots,
    /// Size that both have.
    pub matched_lots: Lots,
    /// Mean distance in time of what both have, by size; zero where that is nothing.
    pub apart: Span,
}

impl Agreement {
    /// Compares the fills of one instrument, both in the order of times.
    #[must_use]
    pub fn of(first: &[FillRow], other: &[FillRow], within: Span) -> Self {
        let mut left: Vec<Lots> = other.iter().map(|fill| fill.lots).collect();
        let mut found =
            Self { fills: first.len(), lots: sum(first), other_lots: sum(other), ..Self::default() };
        let mut apart = 0_i128;
        let mut begin = 0;
        for fill in first {
            while other.get(begin).is_some_and(|early| early.time + within < fill.time) {
                begin += 1;
            }
            let mut missing = fill.lots;
            for (row, left) in other.iter().zip(&mut left).skip(begin) {
                if row.time > fill.time + within || missing.is_zero() {
                    break;
                }
                if (row.side, row.price) == (fill.side, fill.price) {
                    let both = missing.min(*left);
                    missing -= both;
                    *left -= both;
                    found.matched_lots += both;
                    apart += i128::from(both.0) * i128::from((row.time - fill.time).0.abs());
                }
            }
            found.matched_fills += usize::from(missing.is_zero());
        }
        let mean = apart.checked_div(i128::from(found.matched_lots.0)).unwrap_or(0);
        // At most `within`, so it fits.
        found.apart = Span(i64::try_from(mean).unwrap_or(within.0));
        found
    }

    /// The share of the larger of the two volumes that both have, from 0 to 1; one where neither traded.
    #[must_use]
    pub fn share(&self) -> f64 {
        let larger = self.lots.max(self.other_lots);
        if larger.is_zero() { 1.0 } else { self.matched_lots.0 as f64 / larger.0 as f64 }
    }
}

fn sum(fills: &[FillRow]) -> Lots {
    fills.iter().fold(Lots::ZERO, |sum, fill| sum + fill.lots)
}

#[cfg(test)]
mod tests {
    use ballast_model::{
        ClientOrderId, FillReason, HalfTicks, Liquidity, Money, Nanos, Price, Side, TradeId,
    };
    use proptest::prelude::*;

    use super::*;

    fn fill(time: i64, side: Side, price: i64, lots: i64) -> FillRow {
        FillRow {
            time: Nanos(time),
            side,
            price: Price(price),
            lots: Lots(lots),
            liquidity: Liquidity::Maker,
            reason: FillReason::QueueExhausted,
            fee: Money::ZERO,
            client_id: ClientOrderId(1),
            trade_id: TradeId(1),
            mid: HalfTicks(200),
            markouts: [None; crate::record::HORIZONS],
            position_after: Lots::ZERO,
            place: None,
        }
    }

    fn bid(time: i64, price: i64, lots: i64) -> FillRow {
        fill(time, Side::Bid, price, lots)
    }

    #[test]
    fn a_run_agrees_with_itself() {
        let run = [bid(10, 100, 5), bid(10, 100, 5), fill(30, Side::Ask, 101, 7)];
        let itself = Agreement::of(&run, &run, Span::ZERO);
        assert_eq!((itself.matched_fills, itself.matched_lots, itself.apart), (3, Lots(17), Span::ZERO));
        assert!((itself.share() - 1.0).abs() < 1e-12);
        let nothing = Agreement::of(&[], &[], Span(5));
        assert_eq!((nothing.matched_fills, nothing.share().to_bits()), (0, 1.0_f64.to_bits()));
    }

    #[test]
    fn side_price_and_time_have_to_match_and_parts_add_up() {
        let one = [bid(100, 50, 10)];
        let share = |other: &[FillRow]| Agreement::of(&one, other, Span(20)).matched_lots.0;
        assert_eq!(share(&[fill(100, Side::Ask, 50, 10)]), 0);
        assert_eq!(share(&[bid(100, 51, 10)]), 0);
        assert_eq!(share(&[bid(79, 50, 10)]), 0);
        assert_eq!(share(&[bid(80, 50, 10)]), 10);
        assert_eq!(share(&[bid(120, 50, 10)]), 10);
        assert_eq!(share(&[bid(121, 50, 10)]), 0);
        let parts = Agreement::of(&one, &[bid(90, 50, 4), bid(115, 50, 4), bid(116, 50, 9)], Span(20));
        assert_eq!((parts.matched_fills, parts.matched_lots, parts.other_lots), (1, Lots(10), Lots(17)));
        // 4 lots 10 apart, 4 lots 15 apart, 2 lots 16 apart.
        assert_eq!(parts.apart, Span((40 + 60 + 32) / 10));
        assert!((parts.share() - 10.0 / 17.0).abs() < 1e-12);
    }

    #[test]
    fn no_lot_matches_twice() {
        let two = [bid(100, 50, 10), bid(101, 50, 10)];
        let found = Agreement::of(&two, &[bid(100, 50, 15)], Span(20));
        assert_eq!((found.matched_fills, found.matched_lots), (1, Lots(15)));
    }

    proptest! {
        /// What is matched is the same from either side, and never more than either has.
        #[test]
        fn agreement_is_bounded_and_grows_with_the_span(
            one in proptest::collection::vec((0..200i64, 99..101i64, 1..9i64), 0..20),
            two in proptest::collection::vec((0..200i64, 99..101i64, 1..9i64), 0..20),
        ) {
            let run = |rows: Vec<(i64, i64, i64)>| {
                let mut run: Vec<_> = rows.into_iter().map(|(at, price, lots)| bid(at, price, lots)).collect();
                run.sort_by_key(|fill| fill.time);
                run
            };
            let (one, two) = (run(one), run(two));
            let found = Agreement::of(&one, &two, Span(30));
            prop_assert!(found.matched_lots <= found.lots.min(found.other_lots));
            prop_assert!((0.0..=1.0).contains(&found.share()));
            let all = Agreement::of(&one, &two, Span(1_000));
            let by_price = |price: i64| {
                let of = |run: &[FillRow]| {
                    run.iter().filter(|fill| fill.price.0 == price).map(|fill| fill.lots.0).sum::<i64>()
                };
                of(&one).min(of(&two))
            };
            prop_assert_eq!(all.matched_lots.0, by_price(99) + by_price(100));
        }
    }
}
