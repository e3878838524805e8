//! Holds and true-ups step by step.

mod twin;
mod venue;

use ballast_model::{
    FillReason, InstrumentId, Liquidity, Nanos, PackedLevel, ReduceOnly, Step, TimeInForce, TradeId,
};

use super::*;

const BASE: AssetId = AssetId(0);
const QUOTE: AssetId = AssetId(1);
const TOKEN: AssetId = AssetId(2);
const ME: SubAccountId = SubAccountId(3);

/// A bid's fee may be up to this share of its value: no round number, so that allowances round.
const ALLOWANCE: Rate = Rate(7_531_111);

/// Ticks and lots of 10^-9: a lot at a tick is one unit of quote, and 10^9 units of base.
fn spec(contract: Contract) -> InstrumentSpec {
    InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: 9 },
        lot: Step { mantissa: 1, scale: 9 },
        multiplier: 1,
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

const fn order(id: u64, side: Side, price: i64, lots: i64) -> NewOrder {
    NewOrder {
        instrument: InstrumentId(0),
        client_id: ClientOrderId(id),
        side,
        price: Price(price),
        lots: Lots(lots),
        tif: TimeInForce::PostOnly,
        reduce_only: ReduceOnly::No,
        expires_at: Nanos(0),
    }
}

fn fill(id: u64, side: Side, price: i64, lots: i64) -> Fill {
    Fill {
        instrument: InstrumentId(0),
        side,
        liquidity: Liquidity::Maker,
        reason: FillReason::Venue,
        fee_asset: QUOTE,
        level: PackedLevel::new(Price(price), Lots(lots)).unwrap(),
        fee_e8: 0,
        client_id: ClientOrderId(id),
        trade_id: TradeId(1),
        venue_time: Nanos(0),
    }
}

/// Lots as units of base.
const fn base(lots: i128) -> Money {
    Money(lots * 1_000_000_000)
}

/// 100 lots of base and 10 000 units of quote, no allowance.
fn ledger() -> HoldLedger {
    let mut ledger = HoldLedger::new(Rate(0)).unwrap();
    ledger.true_up(ME, BASE, base(100), Money(0)).unwrap();
    ledger.true_up(ME, QUOTE, Money(10_000), Money(0)).unwrap();
    ledger
}

fn place(ledger: &mut HoldLedger, order: &NewOrder) -> Result<Money, HoldRefusal> {
    ledger.place(ME, &spec(Contract::Linear), order)
}

fn filled(ledger: &mut HoldLedger, fill: &Fill) {
    ledger.on_fill(ME, &spec(Contract::Linear), fill).unwrap();
}

fn free_and_held(ledger: &HoldLedger, asset: AssetId) -> (Money, Money) {
    ledger.balance(ME, asset).map(|line| (line.free, line.held)).unwrap()
}

fn digest(ledger: &HoldLedger) -> u64 {
    let mut digest = Digest::new();
    ledger.digest(&mut digest);
    digest.value()
}

#[test]
fn an_ask_never_exceeds_free_base_and_a_bid_never_free_quote() {
    let mut ledger = ledger();
    assert_eq!(place(&mut ledger, &order(1, Side::Ask, 50, 60)), Ok(base(60)));
    let short = HoldRefusal::Available { asset: BASE, needed: base(41), available: base(40) };
    assert_eq!(place(&mut ledger, &order(2, Side::Ask, 50, 41)), Err(short));
    assert_eq!(place(&mut ledger, &order(2, Side::Ask, 50, 40)), Ok(base(40)));
    assert_eq!(place(&mut ledger, &order(3, Side::Bid, 100, 75)), Ok(Money(7_500)));
    let short = HoldRefusal::Available { asset: QUOTE, needed: Money(2_501), available: Money(2_500) };
    assert_eq!(place(&mut ledger, &order(4, Side::Bid, 2_501, 1)), Err(short));
    assert_eq!(place(&mut ledger, &order(4, Side::Bid, 2_500, 1)), Ok(Money(2_500)));
    assert_eq!((ledger.available(ME, BASE), ledger.available(ME, QUOTE)), (Some(Money(0)), Some(Money(0))));
}

#[test]
fn of_a_shared_balance_only_the_part_is_spent() {
    let share = |share| alloc::vec![BalancePart { asset: QUOTE, share: Rate(share) }];
    let of = |parts| HoldLedger::new(Rate(0)).unwrap().with_parts(parts);
    let mut ours = of(share(Rate::ONE.0 / 2));
    ours.true_up(ME, BASE, base(100), Money(0)).unwrap();
    ours.true_up(ME, QUOTE, Money(9_001), Money(1_000)).unwrap();
    // Half of all of it, locked or not, rounded down; what is not shared is ours whole.
    assert_eq!((ours.available(ME, BASE), ours.available(ME, QUOTE)), (Some(base(100)), Some(Money(5_000))));
    let short = HoldRefusal::Available { asset: QUOTE, needed: Money(5_001), available: Money(5_000) };
    assert_eq!(place(&mut ours, &order(1, Side::Bid, 5_001, 1)), Err(short));
    place(&mut ours, &order(1, Side::Bid, 4_000, 1)).unwrap();
    // What others spend or earn is not ours, and binds only where less is left than our part is.
    for (free, left) in [(6_001, 1_000), (2_000, 1_000), (700, 700), (20_000, 1_000)] {
        ours.true_up(ME, QUOTE, Money(free), Money(4_000)).unwrap();
        assert_eq!(ours.available(ME, QUOTE), Some(Money(left)), "{free} are free at the venue");
    }
    // What was held before the venue told anything is of our own part.
    let mut again = of(share(Rate::ONE.0 / 2));
    again.recover(ME, &spec(Contract::Linear), &order(2, Side::Bid, 1_000, 1), Fate::Unknown).unwrap();
    again.true_up(ME, QUOTE, Money(9_000), Money(1_000)).unwrap();
    assert_eq!(again.available(ME, QUOTE), Some(Money(4_000)));
}

#[test]
fn a_bid_holds_its_fee_as_well() {
    let mut ledger = HoldLedger::new(Rate::from_bps(10)).unwrap();
    ledger.true_up(ME, QUOTE, Money(1_001), Money(0)).unwrap();
    // A thousandth of 1 000, and of 1 a whole unit.
    assert_eq!(place(&mut ledger, &order(1, Side::Bid, 100, 10)), Ok(Money(1_001)));
    assert_eq!(ledger.end(ClientOrderId(1)), Some(Money(1_001)));
    assert_eq!(place(&mut ledger, &order(2, Side::Bid, 1, 1)), Ok(Money(2)));
}

#[test]
fn a_partial_fill_moves_its_share_and_what_it_saved_comes_free() {
    let mut ledger = ledger();
    place(&mut ledger, &order(1, Side::Bid, 100, 10)).unwrap();
    filled(&mut ledger, &fill(1, Side::Bid, 90, 4));
    // 600 still held; 400 came free, 360 were paid.
    assert_eq!(free_and_held(&ledger, QUOTE), (Money(9_040), Money(600)));
    assert_eq!(free_and_held(&ledger, BASE), (base(104), Money(0)));
    filled(&mut ledger, &fill(1, Side::Bid, 100, 6));
    assert_eq!(free_and_held(&ledger, QUOTE), (Money(9_040), Money(0)));
    place(&mut ledger, &order(2, Side::Ask, 100, 10)).unwrap();
    filled(&mut ledger, &fill(2, Side::Ask, 110, 3));
    assert_eq!(free_and_held(&ledger, BASE), (base(100), base(7)));
    assert_eq!(free_and_held(&ledger, QUOTE), (Money(9_370), Money(0)));
    assert_eq!((ledger.end(ClientOrderId(2)), ledger.end(ClientOrderId(2))), (Some(base(7)), None));
    assert_eq!((free_and_held(&ledger, BASE), ledger.holds()), ((base(107), Money(0)), 0));
}

#[test]
fn fees_leave_the_asset_they_are_charged_in() {
    let mut ledger = ledger();
    place(&mut ledger, &order(1, Side::Bid, 100, 10)).unwrap();
    filled(&mut ledger, &Fill { fee_asset: TOKEN, fee_e8: 3, ..fill(1, Side::Bid, 100, 5) });
    filled(&mut ledger, &Fill { fee_asset: BASE, fee_e8: -2, ..fill(1, Side::Bid, 100, 5) });
    assert_eq!(free_and_held(&ledger, TOKEN), (-Money::from_e8(3), Money(0)));
    assert_eq!(free_and_held(&ledger, BASE), (base(110) + Money::from_e8(2), Money(0)));
    assert_eq!(ledger.available(ME, TOKEN), None);
}

#[test]
fn an_order_of_unknown_fate_keeps_its_hold() {
    let mut ledger = ledger();
    place(&mut ledger, &order(1, Side::Ask, 50, 60)).unwrap();
    ledger.set_fate(ClientOrderId(1), Fate::Unknown);
    assert_eq!((ledger.unknown(ME, BASE), ledger.unknown(ME, QUOTE)), (base(60), Money(0)));
    // The venue locks nothing, and yet.
    ledger.true_up(ME, BASE, base(100), Money(0)).unwrap();
    assert_eq!(ledger.available(ME, BASE), Some(base(40)));
    ledger.set_fate(ClientOrderId(1), Fate::Open);
    assert_eq!(ledger.unknown(ME, BASE), Money(0));
    ledger.end(ClientOrderId(1));
    assert_eq!(ledger.available(ME, BASE), Some(base(100)));
}

#[test]
fn orders_from_before_a_restart_hold_before_the_balance_is_told() {
    let mut ledger = HoldLedger::new(Rate(0)).unwrap();
    let spec = spec(Contract::Linear);
    assert_eq!(ledger.recover(ME, &spec, &order(1, Side::Ask, 50, 30), Fate::Open), Ok(base(30)));
    assert_eq!(ledger.recover(ME, &spec, &order(2, Side::Ask, 50, 10), Fate::Unknown), Ok(base(10)));
    let again = ledger.recover(ME, &spec, &order(2, Side::Ask, 50, 10), Fate::Open);
    assert_eq!(again, Err(HoldRefusal::Duplicate(ClientOrderId(2))));
    assert_eq!((ledger.available(ME, BASE), ledger.unknown(ME, BASE)), (None, base(10)));
    // The venue has 100, and locks only the first.
    let seen = ledger.true_up(ME, BASE, base(70), base(30)).unwrap();
    assert_eq!(seen, TrueUp { gap: base(10), drift: Money(0) });
    assert_eq!(free_and_held(&ledger, BASE), (base(60), base(40)));
    assert_eq!(ledger.available(ME, BASE), Some(base(60)));
    ledger.end(ClientOrderId(2));
    assert_eq!(ledger.available(ME, BASE), Some(base(70)));
}

#[test]
fn a_fill_that_is_not_the_holders_moves_coins_alone() {
    let mut ledger = ledger();
    place(&mut ledger, &order(1, Side::Bid, 100, 10)).unwrap();
    // The other side, and the same id in another sub-account.
    filled(&mut ledger, &fill(1, Side::Ask, 100, 5));
    ledger.on_fill(SubAccountId(9), &spec(Contract::Linear), &fill(1, Side::Bid, 100, 5)).unwrap();
    assert_eq!(free_and_held(&ledger, QUOTE), (Money(9_500), Money(1_000)));
    assert_eq!(free_and_held(&ledger, BASE), (base(95), Money(0)));
}

#[test]
fn an_order_made_smaller_holds_less() {
    let mut ledger = ledger();
    place(&mut ledger, &order(1, Side::Bid, 100, 10)).unwrap();
    assert_eq!(ledger.reduce(ClientOrderId(1), Lots(4)), Some(Money(600)));
    assert_eq!(free_and_held(&ledger, QUOTE), (Money(9_600), Money(400)));
    for (id, lots) in [(1, 4), (1, 5), (1, 0), (2, 1)] {
        assert_eq!(ledger.reduce(ClientOrderId(id), Lots(lots)), None);
    }
}

#[test]
fn the_lower_view_is_believed_until_it_is_explained() {
    let mut ledger = ledger();
    place(&mut ledger, &order(1, Side::Bid, 100, 10)).unwrap();
    // 500 have gone that nobody knows of.
    let seen = ledger.true_up(ME, QUOTE, Money(8_500), Money(1_000)).unwrap();
    assert_eq!(seen, TrueUp { gap: Money(-500), drift: Money(-500) });
    assert_eq!(free_and_held(&ledger, QUOTE), (Money(9_000), Money(1_000)));
    assert_eq!(ledger.available(ME, QUOTE), Some(Money(8_500)));
    ledger.end(ClientOrderId(1));
    assert_eq!(ledger.available(ME, QUOTE), Some(Money(9_500)));
    // 200 of it were a withdrawal; the rest stays.
    let left = ledger.explain(ME, QUOTE, Money(-200)).unwrap();
    assert_eq!((left.drift, ledger.available(ME, QUOTE)), (Money(-300), Some(Money(9_500))));
    let left = ledger.explain(ME, QUOTE, Money(-300)).unwrap();
    assert_eq!(left, TrueUp { gap: Money(0), drift: Money(0) });
    assert_eq!(free_and_held(&ledger, QUOTE), (Money(9_500), Money(0)));
    // More than ours is not believed before it is explained.
    ledger.true_up(ME, QUOTE, Money(9_900), Money(0)).unwrap();
    assert_eq!(ledger.available(ME, QUOTE), Some(Money(9_500)));
    ledger.explain(ME, QUOTE, Money(400)).unwrap();
    assert_eq!(ledger.available(ME, QUOTE), Some(Money(9_900)));
}

#[test]
fn what_the_venue_locks_beyond_ours_may_not_be_spent() {
    let mut ledger = ledger();
    let seen = ledger.true_up(ME, BASE, base(70), base(30)).unwrap();
    assert_eq!(seen, TrueUp { gap: base(-30), drift: Money(0) });
    assert_eq!(ledger.available(ME, BASE), Some(base(70)));
    ledger.true_up(ME, BASE, base(100), Money(0)).unwrap();
    assert_eq!(ledger.available(ME, BASE), Some(base(100)));
}

#[test]
fn a_hold_the_venue_never_had_brings_no_more_than_it_has() {
    let mut ledger = ledger();
    place(&mut ledger, &order(1, Side::Ask, 50, 10)).unwrap();
    // The order never arrived, and 5 lots have gone: free there is above ours, the total below.
    let seen = ledger.true_up(ME, BASE, base(95), Money(0)).unwrap();
    assert_eq!(seen, TrueUp { gap: base(5), drift: base(-5) });
    assert_eq!(ledger.available(ME, BASE), Some(base(85)));
    ledger.end(ClientOrderId(1));
    assert_eq!(ledger.available(ME, BASE), Some(base(95)));
}

#[test]
fn nothing_is_spent_before_the_venue_has_told_the_balance() {
    let mut ledger = HoldLedger::new(Rate(0)).unwrap();
    let unknown = Err(HoldRefusal::Unknown { asset: BASE });
    assert_eq!(place(&mut ledger, &order(1, Side::Ask, 1, 1)), unknown);
    filled(&mut ledger, &fill(9, Side::Bid, 5, 3));
    assert_eq!(place(&mut ledger, &order(1, Side::Ask, 1, 1)), unknown);
    assert_eq!(ledger.explain(ME, BASE, Money(1)), Err(BalanceError::Unknown));
    ledger.true_up(ME, BASE, base(2), base(1)).unwrap();
    // The venue's total, locked by something that is not ours.
    assert_eq!(free_and_held(&ledger, BASE), (base(3), Money(0)));
    assert_eq!(ledger.available(ME, BASE), Some(base(2)));
}

#[test]
fn what_cannot_be_held_is_refused_whole() {
    let mut ledger = ledger();
    place(&mut ledger, &order(1, Side::Ask, 1, 1)).unwrap();
    let before = digest(&ledger);
    assert_eq!(place(&mut ledger, &order(1, Side::Ask, 1, 1)), Err(HoldRefusal::Duplicate(ClientOrderId(1))));
    for (price, lots) in [(0, 1), (1, 0), (-1, 1), (1, -1), (i64::MAX, i64::MAX)] {
        assert_eq!(place(&mut ledger, &order(2, Side::Bid, price, lots)), Err(HoldRefusal::Range));
    }
    let inverse = ledger.place(ME, &spec(Contract::Inverse), &order(2, Side::Bid, 1, 1));
    assert_eq!(inverse, Err(HoldRefusal::Contract));
    let vast = Money(AMOUNT_MAX + 1);
    assert_eq!(ledger.true_up(ME, BASE, vast, Money(0)), Err(BalanceError::Range));
    assert_eq!(ledger.explain(ME, BASE, vast), Err(BalanceError::Range));
    for rate in [-1, Rate::ONE.0 + 1] {
        assert_eq!(HoldLedger::new(Rate(rate)).err(), Some(BalanceError::Allowance));
    }
    assert_eq!(digest(&ledger), before);
    ledger.set_fate(ClientOrderId(1), Fate::Unknown);
    assert_ne!(digest(&ledger), before);
}

#[test]
fn full_tables_refuse_whole() {
    let mut ledger = ledger();
    for (asset, _) in (10..).zip(ledger.balances().len()..BALANCES_MAX - 1) {
        ledger.true_up(ME, AssetId(asset), Money(0), Money(0)).unwrap();
    }
    let (spec, fill) = (spec(Contract::Linear), Fill { fee_asset: TOKEN, ..fill(1, Side::Bid, 1, 1) });
    let before = digest(&ledger);
    // Three balances of another sub-account, and room for one.
    assert_eq!(ledger.on_fill(SubAccountId(9), &spec, &fill), Err(BalanceError::BalancesFull));
    assert_eq!(digest(&ledger), before);
    ledger.on_fill(ME, &spec, &fill).unwrap();
    let one_more = ledger.true_up(ME, AssetId(9), Money(0), Money(0));
    assert_eq!(one_more, Err(BalanceError::BalancesFull));
    ledger.true_up(ME, QUOTE, Money(10_000), Money(0)).unwrap();
    for (id, _) in (1..).zip(0..HOLDS_MAX) {
        place(&mut ledger, &order(id, Side::Bid, 1, 1)).unwrap();
    }
    assert_eq!(place(&mut ledger, &order(9_999, Side::Bid, 1, 1)), Err(HoldRefusal::HoldsFull));
}
