use ballast_model::{
    AssetId, Contract, HalfTicks, InstrumentSpec, Lots, Money, PRICE_TICKS_MAX, Price, Rate, Step,
};
use proptest::prelude::*;

use super::{Account, Holding, Liquidation};

/// Linear: tick 0.01, lot 0.001. Inverse: tick 0.1, contracts of 100.
fn spec(contract: Contract) -> InstrumentSpec {
    let (tick, lot, multiplier) = match contract {
        Contract::Linear => (2, 3, 1),
        Contract::Inverse => (1, 0, 100),
    };
    InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: tick },
        lot: Step { mantissa: 1, scale: lot },
        multiplier,
        contract,
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

/// A thousand lots, one coin at 2 000 or 100 000 of the quote currency at 50 000; one per cent is to be kept.
fn holding(contract: Contract, lots: i64) -> Holding {
    let mark = match contract {
        Contract::Linear => HalfTicks(400_000),
        Contract::Inverse => HalfTicks(1_000_000),
    };
    let (conversion, maintenance) = (Rate::ONE, Rate::from_bps(100));
    Holding { spec: spec(contract), position: Lots(lots), mark, conversion, maintenance }
}

fn cents(cents: i128) -> Money {
    Money(cents * Money::ONE.0 / 100)
}

fn at(holding: &Holding, equity: Money) -> Liquidation {
    holding.liquidation(&Account { equity, maintenance: holding.maintenance().unwrap() })
}

fn price(half_ticks: i64) -> Liquidation {
    Liquidation::At(HalfTicks(half_ticks))
}

#[test]
fn a_linear_long_is_liquidated_below_its_mark() {
    let long = holding(Contract::Linear, 1_000);
    assert_eq!(long.maintenance(), Some(cents(2_000)));
    // 2 000 - 480 / 0.99 = 1 515.1515...
    assert_eq!(at(&long, cents(50_000)), price(303_031));
    // 2 000 - 1 979.99 / 0.99 = 0.0101..., and a cent more leaves nothing.
    assert_eq!(at(&long, cents(199_999)), price(3));
    assert_eq!(at(&long, cents(200_000)), Liquidation::Never);
    // Ten are missing: 2 000 + 10 / 0.99 = 2 010.1010...
    assert_eq!(at(&long, cents(1_000)), price(402_021));
    assert_eq!(at(&long, cents(-10_000_000_000_000)), price(2 * PRICE_TICKS_MAX));
}

#[test]
fn a_linear_short_is_liquidated_above_its_mark() {
    let short = holding(Contract::Linear, -1_000);
    assert_eq!(short.maintenance(), Some(cents(2_000)));
    // 2 000 + 480 / 1.01 = 2 475.2475...
    assert_eq!(at(&short, cents(50_000)), price(495_049));
    // Ten are missing: 2 000 - 10 / 1.01 = 1 990.0990...
    assert_eq!(at(&short, cents(1_000)), price(398_019));
    assert_eq!(at(&short, cents(-1_000_000)), price(1), "at every price, and not at none");
    assert_eq!(at(&short, cents(10_000_000_000_000)), Liquidation::Never, "above all prices");
}

#[test]
fn an_inverse_long_is_liquidated_where_its_coin_runs_out() {
    let long = holding(Contract::Inverse, 1_000);
    assert_eq!(long.maintenance(), Some(cents(100_000)));
    // A coin of equity: 1/p = 1/50 000 + 0.98/101 000 = 3/101 000.
    assert_eq!(at(&long, cents(5_000_000)), price(673_334));
    // A coin is missing beside the maintenance of 0.02: 1/p = 1/50 000 - 1.02/101 000 = 1/101 000.
    assert_eq!(at(&long, cents(-5_000_000)), price(2_020_000));
    assert_eq!(at(&long, cents(-10_100_000)), price(2 * PRICE_TICKS_MAX), "at every price");
}

#[test]
fn an_inverse_short_with_its_face_in_coin_is_never_liquidated() {
    let short = holding(Contract::Inverse, -1_000);
    assert_eq!(short.maintenance(), Some(cents(100_000)));
    // A coin of equity: 1/p = 1/50 000 - 0.98/99 000 = 1/99 000.
    assert_eq!(at(&short, cents(5_000_000)), price(1_980_000));
    // Two coins: 1/p = 1/50 000 - 1.98/99 000 = 0.
    assert_eq!(at(&short, cents(10_000_000)), Liquidation::Never);
    // 0.02 and 0.02 are missing: 1/p = 1/50 000 + 0.04/99 000 = 2.02/99 000, p = 49 009.9...
    assert_eq!(at(&short, cents(-100_000)), price(980_198));
}

#[test]
fn a_quote_currency_of_another_worth_counts_by_it() {
    let half = Holding { conversion: Rate(50_000_000), ..holding(Contract::Linear, 1_000) };
    assert_eq!(half.maintenance(), Some(cents(1_000)));
    assert_eq!(at(&half, cents(25_000)), price(303_031), "half of everything");
    assert_eq!(half.worth(Money(-3)), Some(Money(-2)), "rounded down");
    let coin = holding(Contract::Inverse, 1_000);
    assert_eq!(coin.worth(Money::ONE), Some(cents(5_000_000)));
    let least = Holding { maintenance: Rate(1), ..holding(Contract::Linear, 1) };
    assert_eq!(least.maintenance(), Some(Money(20_000_000_000)), "2 units at 10^-8");
    let third = Holding { conversion: Rate(33_333_333), mark: HalfTicks(1), ..least };
    assert_eq!(third.maintenance(), Some(Money(16_667)), "16 666.67 units of 10^-18");
}

#[test]
fn nothing_held_is_never_liquidated_and_what_does_not_fit_is_unknown() {
    let flat = holding(Contract::Linear, 0);
    assert_eq!((at(&flat, Money::ZERO), flat.maintenance()), (Liquidation::Never, Some(Money::ZERO)));
    for contract in [Contract::Linear, Contract::Inverse] {
        let long = holding(contract, 1_000);
        let account = Account { equity: Money(i128::MIN), maintenance: Money(1) };
        assert_eq!(long.liquidation(&account), Liquidation::Unknown);
        let worthless = Holding { conversion: Rate(1), ..long };
        assert_eq!(at(&worthless, Money(i128::MAX)), Liquidation::Unknown);
    }
    assert_eq!(holding(Contract::Inverse, 1).worth(Money(i128::MAX)), None);
}

/// What is free in the settlement asset at another mark, all else unchanged: in 10⁻⁸ of 10⁻¹⁸, and for a coin times that mark
/// and the first one, so that it is exact. From the words, not from the formula: what is free now, what the position gains,
/// and less what its maintenance does.
fn free_at(holding: &Holding, free: i128, mark: i128) -> i128 {
    let (lots, first) = (i128::from(holding.position.0), i128::from(holding.mark.0));
    let rate = i128::from(holding.maintenance.0);
    match holding.spec.contract {
        Contract::Linear => {
            let lot = 5;
            100_000_000 * (free + lot * lots * (mark - first)) - rate * lot * lots.abs() * (mark - first)
        }
        Contract::Inverse => {
            // Coin in a lot at half a tick.
            let lot = 20_000;
            100_000_000 * (free * mark * first + lot * lots * (mark - first))
                - rate * lot * lots.abs() * (first - mark)
        }
    }
}

/// Lots so fine that all of the above fits.
fn holdings() -> impl Strategy<Value = Holding> {
    let contract = prop_oneof![Just(Contract::Linear), Just(Contract::Inverse)];
    let size = 1_000_000_000..100_000_000_000i64;
    let lots = prop_oneof![size.clone(), size.prop_map(|size| -size)];
    (contract, lots, 1_000..100_000i64, 0..10_000_000i64).prop_map(|(contract, lots, mark, maintenance)| {
        let lot = Step { mantissa: 1, scale: 15 };
        let spec = InstrumentSpec { lot, multiplier: 1, size_max: Lots(100_000_000_000), ..spec(contract) };
        Holding {
            spec: InstrumentSpec::new(spec).unwrap(),
            position: Lots(lots),
            mark: HalfTicks(mark),
            conversion: Rate::ONE,
            maintenance: Rate(maintenance),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// Half a tick nearer to the mark than the price the account is above its maintenance, half a tick beyond it is not: at
    /// the price, the two are equal up to what half a tick is worth.
    #[test]
    fn the_price_is_where_equity_meets_maintenance(holding in holdings(), share in 1..3_000i128) {
        // Up to three times what the position is worth.
        let whole = Holding { maintenance: Rate::ONE, ..holding }.maintenance().unwrap().0;
        let free = whole * share / 1_000;
        let in_settlement = holding.in_settlement(free).unwrap();
        let found = holding.liquidation(&Account { equity: Money(free), maintenance: Money::ZERO });
        let side = holding.sign();
        let free_at = |mark: i128| free_at(&holding, in_settlement, mark);
        match found {
            Liquidation::At(HalfTicks(price)) => {
                let price = i128::from(price);
                prop_assert!(side * (i128::from(holding.mark.0) - price) >= 0);
                prop_assert!(free_at(price + side) > 0, "nearer: {found:?}");
                prop_assert!(free_at(price - side) <= 0, "beyond: {found:?}");
            }
            Liquidation::Never if side > 0 => prop_assert!(free_at(1) > 0),
            Liquidation::Never => prop_assert!(free_at(100_000_000_000) > 0),
            Liquidation::Unknown => prop_assert!(false, "it fits"),
        }
    }
}
