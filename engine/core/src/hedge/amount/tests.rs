//! Interval arithmetic holds every value it stands for.

use ballast_model::{AssetId, Money, Price, Step};
use proptest::prelude::*;

use super::*;

fn interval(ends: (i128, i128)) -> Interval {
    Interval::new(Base(ends.0.min(ends.1)), Base(ends.0.max(ends.1))).unwrap()
}

/// BTCUSD: contracts of 100 USD, tick 0.1.
fn inverse() -> InstrumentSpec {
    InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: 1 },
        lot: Step { mantissa: 1, scale: 0 },
        multiplier: 100,
        contract: Contract::Inverse,
        price_min: Price(1),
        price_max: Price(10_000_000),
        size_min: Lots(1),
        size_max: Lots(1_000_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    })
    .unwrap()
}

#[test]
fn inverse_lots_are_an_interval_of_both_roundings() {
    // 300 USD at 61 803.0: 0.004854133294500266.8 coin.
    let mid = Some(HalfTicks(1_236_060));
    let long = Interval::of_lots(&inverse(), Lots(3), mid);
    assert_eq!(Some(long), Interval::new(Base(4_854_133_294_500_266), Base(4_854_133_294_500_267)));
    let short = Interval::of_lots(&inverse(), Lots(-3), mid);
    assert_eq!(Some(short), Interval::new(Base(-4_854_133_294_500_267), Base(-4_854_133_294_500_266)));
    assert_eq!(Interval::of_lots(&inverse(), Lots(3), None), Interval::UNKNOWN);
    assert_eq!(Base::of_lot(&inverse()), None);
}

#[test]
fn what_leaves_the_range_is_unbounded_and_stays_so() {
    let huge = Interval::exact(AMOUNT_MAX);
    let sum = huge.plus(Interval::exact(Base(1)));
    assert_eq!(sum, Interval::UNKNOWN);
    assert_eq!(sum.plus(Interval::exact(Base(-5))), Interval::UNKNOWN);
    let half = Interval::HOLDING.plus(Interval::exact(Base(-7)));
    assert_eq!((half.lo(), half.hi()), (Some(Base(-7)), None));
    assert_eq!(half.within(interval((-100, 100))), Some(interval((-7, 100))));
    assert_eq!(interval((0, 1)).within(interval((2, 3))), None);
    assert_eq!(Interval::UNKNOWN.stretched(Base(1), Base(1)), Interval::UNKNOWN);
    assert_eq!(Base::floor_of(f64::NAN), None);
    assert_eq!(Base::floor_of(-1.0), None);
    assert_eq!(Base::floor_of(1.5), Some(Base(15 * 10i128.pow(17))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn sums_stretches_and_shares_hold_the_truth(
        a in (-1_000_000..1_000_000i128, -1_000_000..1_000_000i128),
        b in (-1_000_000..1_000_000i128, -1_000_000..1_000_000i128),
        at in (0..=100i128, 0..=100i128), share in 0..=200_000_000i64, moved in (0..1_000i128, 0..1_000i128),
    ) {
        let (x, y) = (interval(a), interval(b));
        let inside = |i: Interval, at: i128| {
            let (lo, hi) = (i.lo().unwrap().0, i.hi().unwrap().0);
            lo + (hi - lo) * at / 100
        };
        let (p, q) = (inside(x, at.0), inside(y, at.1));
        prop_assert!(x.plus(y).holds(Base(p + q)));
        let stretched = x.stretched(Base(moved.0), Base(moved.1));
        prop_assert!(stretched.holds(Base(p + moved.0)) && stretched.holds(Base(p - moved.1)));
        // Exact: the share of a truth lies between the scaled ends, compared without division.
        let scaled = x.scaled(Rate(share));
        let exact = p * i128::from(share);
        let one = i128::from(Rate::ONE.0);
        prop_assert!(scaled.lo().unwrap().0 * one <= exact && exact <= scaled.hi().unwrap().0 * one);
        let width = (a.0 - a.1).abs() * i128::from(share);
        prop_assert!((scaled.hi().unwrap().0 - scaled.lo().unwrap().0) * one <= width + 2 * one);
    }
}
