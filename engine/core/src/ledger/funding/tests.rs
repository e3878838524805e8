//! Worked payments, and the expected payment against plain fractions.

use ballast_model::{AssetId, HalfTicks, Price, Step};
use proptest::prelude::*;

use super::*;

fn spec(contract: Contract) -> InstrumentSpec {
    let (lot, multiplier) = match contract {
        Contract::Linear => (Step { mantissa: 1, scale: 3 }, 1),
        Contract::Inverse => (Step { mantissa: 1, scale: 0 }, 100),
    };
    InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: 2 },
        lot,
        multiplier,
        contract,
        price_min: Price(1),
        price_max: Price(10_000_000),
        size_min: Lots(1),
        size_max: Lots(1_000_000_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    })
    .unwrap()
}

/// Money from millionths.
const fn micros(amount: i128) -> Money {
    Money(amount * 1_000_000_000_000)
}

#[test]
fn longs_pay_shorts_when_the_rate_is_positive() {
    let due = |contract, lots, rate| funding_due(&spec(contract), Lots(lots), 250_000_000_000, Rate(rate));
    // 2 coins at 2 500: 5 000, of it one basis point.
    for (lots, rate, paid) in
        [(2_000, 10_000, -500_000), (-2_000, 10_000, 500_000), (-2_000, -10_000, -500_000)]
    {
        assert_eq!(due(Contract::Linear, lots, rate), Some(micros(paid)));
    }
    // 50 contracts of 100 at 2 500: 2 coins, of it one basis point.
    for (lots, rate, paid) in [(50, 10_000, -200), (-50, 10_000, 200), (50, -10_000, 200)] {
        assert_eq!(due(Contract::Inverse, lots, rate), Some(micros(paid)));
    }
    assert_eq!(due(Contract::Linear, 0, 10_000), Some(Money::ZERO));
}

#[test]
fn a_mark_that_is_no_price_and_a_sum_that_does_not_fit_give_nothing() {
    for contract in [Contract::Linear, Contract::Inverse] {
        for mark in [0, -1] {
            assert_eq!(funding_due(&spec(contract), Lots(1), mark, Rate(1)), None);
        }
    }
    assert_eq!(funding_due(&spec(Contract::Linear), Lots(i64::MAX), i64::MAX, Rate(i64::MAX)), None);
}

#[test]
fn what_the_venue_moved_is_profit_beside_the_fills() {
    let mut ledger = Ledger::new(&spec(Contract::Linear));
    for payment in [micros(500), micros(-200), micros(30)] {
        ledger.on_funding(payment).unwrap();
    }
    assert_eq!((ledger.funding_received(), ledger.funding_paid()), (micros(530), micros(200)));
    assert_eq!((ledger.funding(), ledger.net(HalfTicks(2))), (micros(330), micros(330)));
    assert_eq!(ledger.gross(HalfTicks(2)), Money::ZERO);
    let before = ledger.clone();
    for payment in [Money(i128::MIN), Money(i128::MAX), Money(FUNDING_MAX)] {
        assert_eq!(ledger.on_funding(payment), Err(Unbookable::Funding));
        assert_eq!(ledger, before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn what_is_due_is_the_exact_payment_rounded_down_once(
        lots in -5_000..5_000i64,
        mark in 1..1_000_000_000i64,
        rate in -300_000..300_000i64,
    ) {
        let product = -i128::from(lots) * i128::from(rate);
        // A lot is 10^15, mark and rate are in 10^-8 each: 10^-1 of the product is a unit.
        let linear = funding_due(&spec(Contract::Linear), Lots(lots), mark, Rate(rate)).unwrap().0;
        let tenths = product * i128::from(mark);
        prop_assert!((0..10).contains(&(tenths - linear * 10)));
        // A contract is 10^20; the two 10^-8 cancel.
        let inverse = funding_due(&spec(Contract::Inverse), Lots(lots), mark, Rate(rate)).unwrap().0;
        let rest = product * 10i128.pow(20) - inverse * i128::from(mark);
        prop_assert!((0..i128::from(mark)).contains(&rest));
    }
}
