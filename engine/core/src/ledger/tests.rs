//! Worked examples, and the identity between profit and the sum of all flows for any sequence of fills.

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, FillReason, InstrumentId, Nanos, PackedLevel, Step, TradeId};
use proptest::prelude::*;

use super::*;

const BASE: AssetId = AssetId(0);
const QUOTE: AssetId = AssetId(1);
const TOKEN: AssetId = AssetId(2);

/// ETH quoted in dollars: tick 0.01, lot 0.001.
fn linear() -> InstrumentSpec {
    spec(Step { mantissa: 1, scale: 2 }, Step { mantissa: 1, scale: 3 }, Contract::Linear, 1)
}

/// Contracts of 100 dollars settled in BTC: tick 0.1.
fn inverse() -> InstrumentSpec {
    spec(Step { mantissa: 1, scale: 1 }, Step { mantissa: 1, scale: 0 }, Contract::Inverse, 100)
}

fn spec(tick: Step, lot: Step, contract: Contract, multiplier: u64) -> InstrumentSpec {
    InstrumentSpec::new(InstrumentSpec {
        tick,
        lot,
        multiplier,
        contract,
        price_min: Price(1),
        price_max: Price(10_000_000),
        size_min: Lots(1),
        size_max: Lots(1_000_000_000),
        notional_min: Money::ZERO,
        base: BASE,
        quote: QUOTE,
    })
    .unwrap()
}

fn fill(side: Side, price: i64, lots: i64) -> Fill {
    Fill {
        instrument: InstrumentId(0),
        side,
        liquidity: Liquidity::Maker,
        reason: FillReason::Venue,
        fee_asset: QUOTE,
        level: PackedLevel::new(Price(price), Lots(lots)).unwrap(),
        fee_e8: 0,
        client_id: ClientOrderId(1),
        trade_id: TradeId(1),
        venue_time: Nanos(0),
    }
}

fn booked(spec: &InstrumentSpec, fills: &[(Side, i64, i64)]) -> Ledger {
    let mut ledger = Ledger::new(spec);
    for (side, price, lots) in fills {
        ledger.on_fill(&fill(*side, *price, *lots)).unwrap();
    }
    ledger
}

/// Money from millionths.
const fn micros(amount: i128) -> Money {
    Money(amount * 1_000_000_000_000)
}

#[test]
fn a_long_round_trip_earns_the_difference() {
    let ledger = booked(&linear(), &[(Side::Bid, 250_000, 1_000), (Side::Ask, 251_000, 1_000)]);
    assert_eq!(
        (ledger.realised(), ledger.basis(), ledger.position()),
        (micros(10_000_000), Money(0), Lots(0))
    );
    assert_eq!(ledger.turnover(), micros(5_010_000_000));
    assert_eq!(
        (ledger.bought(), ledger.sold(), ledger.fills(Liquidity::Maker)),
        (Lots(1_000), Lots(1_000), 2)
    );
}

#[test]
fn a_short_earns_when_the_price_falls() {
    let ledger = booked(&linear(), &[(Side::Ask, 250_000, 1_000)]);
    assert_eq!(ledger.basis(), micros(-2_500_000_000));
    assert_eq!(ledger.position_value(HalfTicks(2 * 249_000)), micros(-2_490_000_000));
    assert_eq!(ledger.unrealised(HalfTicks(2 * 249_000)), micros(10_000_000));
    assert_eq!(ledger.unrealised(HalfTicks(2 * 251_000)), micros(-10_000_000));
}

#[test]
fn average_cost_is_the_mean_of_the_entries() {
    let fills = [(Side::Bid, 100_000, 1_000), (Side::Bid, 110_000, 3_000), (Side::Ask, 120_000, 2_000)];
    let ledger = booked(&linear(), &fills);
    // Mean entry 1 075: two sold at 1 200 earn 250, two are left for 2 150.
    assert_eq!((ledger.realised(), ledger.basis()), (micros(250_000_000), micros(2_150_000_000)));
    assert_eq!(ledger.gross(HalfTicks(240_000)), micros(500_000_000));
}

#[test]
fn the_average_price_is_that_of_the_entries() {
    assert_eq!(booked(&linear(), &[]).average_price_e8(), None);
    for side in Side::BOTH {
        let entries = [(side, 100_000, 1_000), (side, 110_000, 3_000), (side.opposite(), 120_000, 2_000)];
        assert_eq!(booked(&linear(), &entries).average_price_e8(), Some(107_500 * 100_000_000), "{side:?}");
        // An inverse contract's entries average by their coins: 4 000 / (1 000/100 000 + 3 000/150 000).
        let ledger = booked(&inverse(), &[(side, 100_000, 1_000), (side, 150_000, 3_000)]);
        let off = ledger.average_price_e8().unwrap() - 13_333_333_333_333;
        assert!(off.abs() <= 1_000_000, "{side:?}: {off}");
    }
}

#[test]
fn a_share_that_does_not_divide_stays_in_the_basis() {
    // Three lots for 10 units of money in all: 10/3 cannot be had.
    let fine = spec(Step { mantissa: 1, scale: 9 }, Step { mantissa: 1, scale: 9 }, Contract::Linear, 1);
    let mut ledger = booked(&fine, &[(Side::Bid, 3, 2), (Side::Bid, 4, 1)]);
    assert_eq!(ledger.basis(), Money(10));
    for (lots, realised, basis) in [(1, 1, 6), (1, 3, 3), (1, 5, 0)] {
        ledger.on_fill(&fill(Side::Ask, 5, lots)).unwrap();
        assert_eq!((ledger.realised(), ledger.basis()), (Money(realised), Money(basis)));
    }
}

#[test]
fn a_fill_through_zero_closes_first_and_opens_the_rest() {
    let ledger = booked(&linear(), &[(Side::Bid, 100_000, 1_000), (Side::Ask, 101_000, 3_000)]);
    assert_eq!((ledger.position(), ledger.realised()), (Lots(-2_000), micros(10_000_000)));
    assert_eq!(ledger.basis(), micros(-2_020_000_000));
}

#[test]
fn an_inverse_long_earns_coin_when_the_price_rises() {
    // 600 contracts bought at 60 000.0 (1 BTC of value), sold at 75 000.0 (0.8 BTC).
    let fills = [(Side::Bid, 600_000, 600), (Side::Ask, 750_000, 600)];
    let ledger = booked(&inverse(), &fills);
    assert_eq!((ledger.realised(), ledger.basis()), (micros(200_000), Money(0)));
    assert_eq!((ledger.turnover(), ledger.rounding_max()), (micros(1_800_000), Money(0)));
    let short = booked(&inverse(), &[(Side::Ask, 600_000, 600)]);
    assert_eq!(short.unrealised(HalfTicks(1_500_000)), micros(-200_000));
}

#[test]
fn inverse_rounding_is_against_us_and_bounded() {
    // 100/3 · 10^-1 of a coin cannot be had: less on the way in, more on the way out.
    let ledger = booked(&inverse(), &[(Side::Bid, 30_000, 1), (Side::Ask, 30_000, 1)]);
    assert_eq!((ledger.realised(), ledger.rounding_max()), (Money(-1), Money(2)));
    assert_eq!(ledger.basis(), Money(0));
}

#[test]
fn fees_and_rebates_are_kept_by_asset() {
    let mut ledger = Ledger::new(&linear());
    let paid =
        |fee_asset, fee_e8, liquidity| Fill { fee_asset, fee_e8, liquidity, ..fill(Side::Bid, 100_000, 1) };
    ledger.on_fill(&paid(QUOTE, 70, Liquidity::Taker)).unwrap();
    ledger.on_fill(&paid(QUOTE, -20, Liquidity::Maker)).unwrap();
    ledger.on_fill(&paid(TOKEN, 5, Liquidity::Taker)).unwrap();
    assert_eq!((ledger.fees(QUOTE), ledger.rebates(QUOTE)), (Money::from_e8(70), Money::from_e8(20)));
    assert_eq!((ledger.fees(TOKEN), ledger.fees(BASE)), (Money::from_e8(5), Money::ZERO));
    assert_eq!((ledger.fills(Liquidity::Maker), ledger.fills(Liquidity::Taker)), (1, 2));
    // At the price paid there is no profit: the net is the fees of the settlement asset and nothing of the token's.
    assert_eq!(ledger.net(HalfTicks(200_000)), -Money::from_e8(50));
    let assets: Vec<_> = ledger.fee_lines().map(|line| line.asset).collect();
    assert_eq!(assets, [QUOTE, TOKEN]);
}

#[test]
fn fees_in_coins_are_booked_at_the_price_of_the_trade() {
    let mut ledger = Ledger::new(&linear());
    let paid = |fee_e8, price| Fill { fee_asset: BASE, fee_e8, ..fill(Side::Bid, price, 1) };
    // A coin at 1 000.00 and at 0.01; what is part of a unit costs a whole one.
    ledger.on_fill(&paid(7, 100_000)).unwrap();
    ledger.on_fill(&paid(101, 1)).unwrap();
    assert_eq!((ledger.fees(QUOTE), ledger.fees(BASE)), (Money::from_e8(7_000 + 2), Money::ZERO));
    ledger.on_fill(&paid(-3, 100_000)).unwrap();
    assert_eq!(ledger.rebates(QUOTE), Money::from_e8(3_000));
    assert_eq!(ledger.position(), Lots(3), "what was traded");
    assert_eq!(booked_fee(&linear(), Price(100_000), (TOKEN, 5)), Some((TOKEN, 5)));
    assert_eq!(booked_fee(&inverse(), Price(100_000), (BASE, 5)), Some((BASE, 5)), "it settles in coins");
    let before = ledger.clone();
    assert_eq!(ledger.on_fill(&paid(i64::MAX, 10_000_000)), Err(Unbookable::Turnover));
    assert_eq!(ledger, before);
}

#[test]
fn what_cannot_be_held_is_refused_whole() {
    let mut ledger = booked(&linear(), &[(Side::Bid, 100_000, 5)]);
    for asset in 2..5 {
        ledger.on_fill(&Fill { fee_asset: AssetId(asset), fee_e8: 1, ..fill(Side::Bid, 1, 1) }).unwrap();
    }
    let before = ledger.clone();
    let max = ledger.position_max.0;
    for (bad, why) in [
        (fill(Side::Bid, 0, 1), Unbookable::Price),
        (fill(Side::Bid, 1, 0), Unbookable::Size),
        (fill(Side::Bid, 1, max), Unbookable::Position),
        (Fill { fee_asset: AssetId(9), ..fill(Side::Bid, 1, 1) }, Unbookable::FeeAssets),
    ] {
        assert_eq!(ledger.on_fill(&bad), Err(why));
        assert_eq!(ledger, before);
    }
}

#[test]
fn the_largest_fills_do_not_overflow() {
    for spec in [linear(), inverse()] {
        let mut ledger = Ledger::new(&spec);
        let max = ledger.position_max.0;
        assert!(max > 1_000_000_000_000);
        let mut refused = None;
        ledger.on_fill(&fill(Side::Bid, PRICE_TICKS_MAX, max)).unwrap();
        for turn in 0..10_000 {
            let side = if turn % 2 == 0 { Side::Ask } else { Side::Bid };
            let price = if turn % 3 == 0 { 1 } else { PRICE_TICKS_MAX };
            refused = ledger.on_fill(&fill(side, price, (2 * max).min(LOTS_MAX))).err();
            for mid in [1, 2 * PRICE_TICKS_MAX] {
                assert!(ledger.net(HalfTicks(mid)).abs().0 < i128::MAX);
            }
            if refused.is_some() {
                break;
            }
        }
        assert_eq!(refused, Some(Unbookable::Turnover));
    }
}

#[test]
fn flows_agree_with_the_instrument() {
    for (spec, price) in [(linear(), 268_162), (inverse(), 618_030)] {
        let ledger = booked(&spec, &[(Side::Bid, price, 1_234)]);
        assert_eq!(ledger.turnover(), spec.value_floor(Price(price), Lots(1_234)));
        let short = booked(&spec, &[(Side::Ask, price, 1_234)]);
        let mid = HalfTicks(2 * price + 1);
        let rounded_up = short.position_value(mid).abs() - spec.value_at_mid_floor(mid, Lots(1_234));
        assert!((0..=1).contains(&rounded_up.0));
    }
}

#[test]
fn the_digest_tells_ledgers_apart() {
    let digest = |ledger: &Ledger| {
        let mut digest = Digest::new();
        ledger.digest(&mut digest);
        digest.value()
    };
    let one = booked(&linear(), &[(Side::Bid, 100, 1), (Side::Bid, 200, 1)]);
    let other = booked(&linear(), &[(Side::Bid, 100, 1), (Side::Bid, 201, 1)]);
    let again = booked(&linear(), &[(Side::Bid, 100, 1), (Side::Bid, 200, 1)]);
    assert_eq!(digest(&one), digest(&again));
    assert_ne!(digest(&one), digest(&other));
}

fn fills(prices: impl Strategy<Value = i64>) -> impl Strategy<Value = Vec<(Side, i64, i64)>> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let lots = prop_oneof![6 => 1..50i64, 1 => 1..1_000_000i64];
    prop::collection::vec((side, prices, lots), 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn linear_profit_is_the_sum_of_all_flows(fills in fills(1..9_999_999i64), mid in 1..20_000_000i64) {
        let mut ledger = Ledger::new(&linear());
        // In units of a lot at a tick (10^13 of money); the value at a midpoint in halves of it.
        let (mut cash, mut position) = (0i128, 0i128);
        for (side, price, lots) in fills {
            ledger.on_fill(&fill(side, price, lots)).unwrap();
            let signed = i128::from(side.sign() * lots);
            cash -= signed * i128::from(price);
            position += signed;
            let profit = (2 * cash + position * i128::from(mid)) * 10i128.pow(13) / 2;
            prop_assert_eq!(ledger.gross(HalfTicks(mid)), Money(profit));
            prop_assert_eq!(ledger.realised() + ledger.unrealised(HalfTicks(mid)), Money(profit));
            prop_assert_eq!(i128::from(ledger.position().0), position);
            if position == 0 {
                prop_assert_eq!(ledger.basis(), Money::ZERO);
            }
        }
        prop_assert_eq!(ledger.rounding_max(), Money::ZERO);
    }

    #[test]
    fn inverse_profit_is_the_sum_of_all_flows_less_bounded_rounding(
        fills in fills(1..=12i64),
        mid in prop::sample::select([2i64, 6, 10, 14, 24].as_slice()),
    ) {
        // All prices, and all midpoints in half ticks, divide this: exact quotients become whole numbers.
        const COMMON: i128 = 27_720;
        let mut ledger = Ledger::new(&inverse());
        let unit = inverse().value_floor(Price(1), Lots(1)).0;
        let (mut cash, mut position) = (0i128, 0i128);
        for (side, price, lots) in fills {
            ledger.on_fill(&fill(side, price, lots)).unwrap();
            let signed = i128::from(side.sign() * lots);
            cash += signed * unit * (COMMON / i128::from(price));
            position += signed;
            let exact = cash - position * unit * (2 * COMMON / i128::from(mid));
            let lost = exact - ledger.gross(HalfTicks(mid)).0 * COMMON;
            // The mark itself rounds once more.
            let bound = (ledger.rounding_max().0 + 1) * COMMON;
            prop_assert!((0..bound).contains(&lost) || lost == 0, "{lost} of {bound}");
            if position == 0 {
                prop_assert_eq!(ledger.basis(), Money::ZERO);
            }
        }
    }

    #[test]
    fn a_closed_share_is_the_exact_share_rounded_up(basis in any::<i128>(), part in 1..LOTS_MAX, more in 0..LOTS_MAX) {
        let whole = (part + more).min(LOTS_MAX);
        let share = share_ceil(Money(basis >> 2), Lots(part), Lots(whole)).0;
        // share · whole, less basis · part, is in 0..whole: compared modulo 2^128, which is enough for the sign and size.
        let over = share.wrapping_mul(i128::from(whole)).wrapping_sub((basis >> 2).wrapping_mul(i128::from(part)));
        prop_assert!((0..i128::from(whole)).contains(&over));
    }
}
