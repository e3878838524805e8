//! Tiers at their boundaries, the window at its ends, and the window against a twin that keeps every trade.

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, FillReason, InstrumentId, PackedLevel, Step, TradeId};
use proptest::prelude::*;

use super::*;

const BASE: AssetId = AssetId(0);
const QUOTE: AssetId = AssetId(1);
const TOKEN: AssetId = AssetId(2);

const DAY: i64 = DAY_NANOS;

/// Whole units of the volume currency.
const fn units(amount: i128) -> Money {
    Money(amount * Money::ONE.0)
}

fn tier(volume: i128, maker: i64, taker: i64) -> FeeTier {
    FeeTier { volume_min: units(volume), maker: Rate(maker), taker: Rate(taker) }
}

/// 2 and 5 basis points, then 1 and 4 from 1 000 on, then a rebate of half a point and 3 from 5 000 on.
fn tiers() -> [FeeTier; 3] {
    [tier(0, 20_000, 50_000), tier(1_000, 10_000, 40_000), tier(5_000, -5_000, 30_000)]
}

fn schedule() -> FeeSchedule {
    FeeSchedule::new(FeeCharge::Settlement, &tiers()).unwrap()
}

fn spec(contract: Contract, multiplier: u64) -> InstrumentSpec {
    InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: 2 },
        lot: Step { mantissa: 1, scale: if contract == Contract::Linear { 3 } else { 0 } },
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

fn trade(side: Side, lots: i64, liquidity: Liquidity) -> FeeTrade {
    FeeTrade { side, price: Price(100_000), lots: Lots(lots), liquidity }
}

fn rate_after(schedule: &FeeSchedule, volume: Money) -> i64 {
    schedule.tier_after(volume, Nanos(0)).maker.0
}

#[test]
fn the_trade_that_reaches_a_tier_is_charged_by_it() {
    let mut schedule = schedule();
    schedule.record(units(900), Nanos(0)).unwrap();
    assert_eq!(rate_after(&schedule, units(100) - Money(1)), 20_000);
    assert_eq!(rate_after(&schedule, units(100)), 10_000);
    assert_eq!(rate_after(&schedule, units(4_100)), -5_000);
    // A tenth of a coin at 1 000.00 is 100 of volume: with it the threshold is reached.
    let (spec, order) = (spec(Contract::Linear, 1), trade(Side::Bid, 100, Liquidity::Maker));
    let expected = schedule.expect(&spec, order, units(100), Nanos(0)).unwrap();
    assert_eq!(expected, ExpectedFee { asset: QUOTE, fee_e8: 1_000_000, rate: Rate(10_000) });
    assert_eq!(schedule.on_trade(&spec, order, units(100), Nanos(0)), Ok(expected));
    assert_eq!(schedule.volume(Nanos(0)), units(1_000));
}

#[test]
fn makers_and_takers_have_their_own_rates_and_rebates_are_below_zero() {
    let mut schedule = schedule();
    schedule.record(units(5_000), Nanos(0)).unwrap();
    let spec = spec(Contract::Linear, 1);
    let fee = |liquidity| {
        let trade = trade(Side::Ask, 100, liquidity);
        schedule.expect(&spec, trade, units(100), Nanos(0)).unwrap().fee_e8
    };
    // Of 100: half a basis point back, three to pay.
    assert_eq!((fee(Liquidity::Maker), fee(Liquidity::Taker)), (-500_000, 3_000_000));
}

#[test]
fn a_day_leaves_the_window_when_the_thirtieth_after_it_begins() {
    let mut schedule = schedule();
    schedule.record(units(1_000), Nanos(DAY - 1)).unwrap();
    schedule.record(units(7), Nanos(DAY)).unwrap();
    assert_eq!(schedule.volume(Nanos(30 * DAY - 1)), units(1_007));
    assert_eq!(schedule.volume(Nanos(30 * DAY)), units(7));
    assert_eq!(schedule.volume(Nanos(31 * DAY)), Money::ZERO);
    // What comes late counts on its own day, and not at all where that has left the window.
    schedule.record(units(1), Nanos(30 * DAY)).unwrap();
    schedule.record(units(2), Nanos(DAY - 1)).unwrap();
    schedule.record(units(4), Nanos(DAY)).unwrap();
    assert_eq!(schedule.volume(Nanos(30 * DAY)), units(12));
    assert_eq!(schedule.volume(Nanos(0)), units(12));
    assert_eq!(schedule.volume(Nanos(31 * DAY)), units(1));
}

#[test]
fn an_inverse_trade_is_charged_in_coin() {
    // 100 contracts of 100 dollars at 1 000.00: 10 coins, at 5 basis points.
    let spec = spec(Contract::Inverse, 100);
    for charge in [FeeCharge::Settlement, FeeCharge::Received] {
        let schedule = FeeSchedule::new(charge, &tiers()).unwrap();
        let trade = trade(Side::Bid, 100, Liquidity::Taker);
        let fee = schedule.expect(&spec, trade, Money::ZERO, Nanos(0)).unwrap();
        assert_eq!((fee.asset, fee.fee_e8), (BASE, 500_000));
    }
}

#[test]
fn spot_may_be_charged_in_what_it_brings_in() {
    let schedule = FeeSchedule::new(FeeCharge::Received, &tiers()).unwrap();
    let spec = spec(Contract::Linear, 1);
    let fee = |side| {
        let trade = trade(side, 2_000, Liquidity::Taker);
        let fee = schedule.expect(&spec, trade, Money::ZERO, Nanos(0)).unwrap();
        (fee.asset, fee.fee_e8)
    };
    // 2 coins for 2 000, at 5 basis points.
    assert_eq!((fee(Side::Bid), fee(Side::Ask)), ((BASE, 100_000), (QUOTE, 100_000_000)));
}

#[test]
fn tiers_that_make_no_schedule_are_refused() {
    let refused = |tiers: &[FeeTier]| FeeSchedule::new(FeeCharge::Settlement, tiers).unwrap_err();
    assert_eq!(refused(&[]), FeeTierError::Count);
    assert_eq!(refused(&[FeeTier::default(); FEE_TIERS_MAX + 1]), FeeTierError::Count);
    assert_eq!(refused(&[tier(1, 0, 0)]), FeeTierError::First);
    assert_eq!(refused(&[tier(0, 0, 0), tier(5, 0, 0), tier(5, 0, 0)]), FeeTierError::Order);
    assert_eq!(refused(&[tier(0, 100_000_001, 0)]), FeeTierError::Rate);
    assert_eq!(refused(&[tier(0, 0, -100_000_001)]), FeeTierError::Rate);
}

#[test]
fn volume_that_cannot_be_counted_is_refused_whole() {
    let mut schedule = schedule();
    assert_eq!(schedule.record(Money(-1), Nanos(0)), Err(FeeError::Volume));
    schedule.record(Money(i128::MAX), Nanos(0)).unwrap();
    assert_eq!(schedule.record(Money(1), Nanos(0)), Err(FeeError::Volume));
    assert_eq!(schedule.volume(Nanos(0)), Money(i128::MAX));
    assert_eq!(schedule.record(Money(1), Nanos(30 * DAY)), Ok(()));
    assert_eq!(schedule.volume(Nanos(30 * DAY)), Money(1));
}

#[test]
fn the_difference_runs_in_one_asset() {
    let fill = |fee_asset, fee_e8| Fill {
        instrument: InstrumentId(0),
        side: Side::Bid,
        liquidity: Liquidity::Maker,
        reason: FillReason::Venue,
        fee_asset,
        level: PackedLevel::new(Price(100_000), Lots(100)).unwrap(),
        fee_e8,
        client_id: ClientOrderId(1),
        trade_id: TradeId(1),
        venue_time: Nanos(0),
    };
    let expected = ExpectedFee { asset: QUOTE, fee_e8: 100, rate: Rate(20_000) };
    let mut drift = FeeDrift::new(QUOTE);
    drift.add(&fill(QUOTE, 130), &expected);
    drift.add(&fill(QUOTE, 90), &expected);
    drift.add(&fill(TOKEN, 75), &expected);
    drift.add(&fill(QUOTE, 75), &ExpectedFee { asset: BASE, ..expected });
    assert_eq!((drift.difference(), drift.compared(), drift.elsewhere()), (Money::from_e8(20), 2, 1));
    assert_eq!(FeeTrade::from(&fill(QUOTE, 1)), trade(Side::Bid, 100, Liquidity::Maker));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_window_is_its_twin(trades in prop::collection::vec((-40..90i64, 0..DAY, 0..2_000i128), 1..25)) {
        let (mut schedule, mut kept) = (schedule(), Vec::new());
        let mut newest = i64::MIN;
        for (day, within, volume) in trades {
            let at = Nanos(day * DAY + within);
            schedule.record(units(volume), at).unwrap();
            newest = newest.max(day);
            kept.push((day, volume));
            for now in [day, newest, newest + 17] {
                let last = now.max(newest);
                let total: i128 =
                    kept.iter().filter(|(day, _)| (last - 29..=last).contains(day)).map(|(_, volume)| volume).sum();
                prop_assert_eq!(schedule.volume(Nanos(now * DAY)), units(total));
                let maker = if total >= 5_000 { -5_000 } else if total >= 1_000 { 10_000 } else { 20_000 };
                prop_assert_eq!(schedule.tier_after(Money::ZERO, Nanos(now * DAY)).maker.0, maker);
            }
        }
    }
}
