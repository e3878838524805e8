//! Perpetuals: collateral, profit, funding, liquidation, the insurance fund, auto-deleveraging, fee tiers.

use ballast_core::ledger;
use ballast_exchange::FeeSchedule;
use ballast_exchange::matching::{
    AccountId, FeeTier, MarginRules, Matching, MatchingSpec, MatchingSpecError, Outcome, Reject,
};
use ballast_model::{Contract, Lots, Money, Nanos, Price, Rate, Step};
use proptest::prelude::*;

use crate::rig::{Change, IOC, Rig, ask, bid, spec, trades};

/// Money of one tick and lot: a tick of 0.01 and a lot of 0.001.
const UNIT: i128 = 10_000_000_000_000;

/// Initial margin 10 %, maintenance 5 %, clearance 1 %; no fees.
pub(crate) fn perpetual() -> MatchingSpec {
    let mut spec = spec();
    let percent = |percent: i64| Rate::from_bps(100 * percent);
    spec.margin = Some(MarginRules { initial: percent(10), maintenance: percent(5), clearance: percent(1) });
    spec.fees = FeeSchedule { maker: Rate(0), taker: Rate(0) };
    spec
}

/// Each account gets this many units of collateral.
fn rig(spec: &MatchingSpec, collateral: [i128; 4]) -> Rig {
    let mut rig = Rig::new(spec);
    for (account, units) in (0..).map(AccountId).zip(collateral) {
        rig.engine.transfer(account, Money(units * UNIT)).unwrap();
    }
    rig
}

/// Account 1 sells to account 2.
fn trade(rig: &mut Rig, price: i64, lots: i64) {
    rig.rests(ask(1, 901, price, lots));
    assert_eq!(rig.trades(bid(2, 902, price, lots).tif(IOC)).len(), 1);
}

fn wallet(rig: &Rig, account: u16) -> i128 {
    rig.engine.wallet(AccountId(account)).0 / UNIT
}

fn equity(rig: &Rig, account: u16) -> i128 {
    rig.engine.equity(AccountId(account)).0 / UNIT
}

#[test]
fn profit_is_realised_when_a_position_closes_and_when_it_turns() {
    let mut rig = rig(&perpetual(), [0, 100_000, 100_000, 100_000]);
    trade(&mut rig, 1_000, 10);
    assert_eq!((wallet(&rig, 2), rig.position(2)), (100_000, 10));
    // Half of it is sold 20 higher, then the rest and 5 more 10 lower.
    rig.rests(bid(3, 1, 1_020, 5));
    rig.trades(ask(2, 1, 1_020, 5));
    assert_eq!(wallet(&rig, 2), 100_100);
    rig.rests(bid(3, 2, 990, 10));
    rig.trades(ask(2, 2, 990, 10));
    assert_eq!((wallet(&rig, 2), rig.position(2)), (100_050, -5));
    rig.mark(980);
    assert_eq!((equity(&rig, 2), equity(&rig, 1)), (100_100, 100_200));
}

#[test]
fn an_inverse_contract_pays_in_coin() {
    let mut spec = perpetual();
    spec.instrument.contract = Contract::Inverse;
    spec.instrument.multiplier = 100;
    spec.instrument.lot = Step::parse("1").unwrap();
    spec.limits.position = Lots(100_000);
    let mut rig = Rig::new(&spec);
    for account in 1..3 {
        rig.engine.transfer(AccountId(account), Money::ONE).unwrap();
    }
    // 10 contracts of 100 at 500.00: 2 coins. At 625.00 they are 1.6.
    trade(&mut rig, 50_000, 10);
    rig.mark(62_500);
    let equity = |rig: &Rig, account| rig.engine.equity(AccountId(account)).0;
    assert_eq!(equity(&rig, 2), Money::ONE.0 / 10 * 14, "the long one gained 0.4 coins");
    trade(&mut rig, 62_500, 3);
    assert_eq!(equity(&rig, 1), Money::ONE.0 / 10 * 6);
}

#[test]
fn an_inverse_short_is_closed_at_any_price_where_the_fund_can_pay_all() {
    let mut spec = perpetual();
    spec.instrument.contract = Contract::Inverse;
    spec.instrument.multiplier = 100;
    spec.instrument.lot = Step::parse("1").unwrap();
    spec.limits.position = Lots(100_000);
    let mut rig = Rig::new(&spec);
    for (account, tenths) in [(1, 3), (2, 50), (3, 50)] {
        rig.engine.transfer(AccountId(account), Money(tenths * Money::ONE.0 / 10)).unwrap();
    }
    rig.act(|engine, _| engine.endow(Money(5 * Money::ONE.0)));
    trade(&mut rig, 50_000, 10);
    rig.rests(ask(3, 1, 60_100, 10));
    // Short 2 coins from 500.00 with 0.3: ruined at 600.00. More than its value is there to pay with.
    assert_eq!(trades(&rig.mark(60_000)), [(3, 1, 60_100, 10)]);
    assert_eq!((rig.position(1), rig.engine.wallet(AccountId(1))), (0, Money(0)));
}

#[test]
fn orders_need_the_initial_margin_of_what_they_could_make() {
    let mut rig = rig(&perpetual(), [0, 1_000_000, 1_000, 0]);
    assert_eq!(rig.refusal(bid(3, 1, 1_000, 1)), Reject::Margin);
    assert_eq!(rig.refusal(bid(2, 1, 1_000, 11)), Reject::Margin);
    rig.rests(bid(2, 1, 1_000, 6));
    assert_eq!(rig.refusal(bid(2, 2, 1_000, 5)), Reject::Margin, "with the open order 11 lots");
    rig.rests(ask(2, 3, 1_100, 9));
    rig.rests(bid(2, 2, 1_000, 4));
    rig.trades(ask(1, 1, 1_000, 10));
    // Ten lots long at 1 000: at 950 equity is 500, the margin of one lot more 1 045. Closing is possible at any time.
    rig.cancel(2, 3);
    rig.mark(951);
    assert_eq!(rig.refusal(bid(2, 4, 900, 1)), Reject::Margin);
    rig.rests(ask(2, 5, 1_000, 10));
    assert_eq!(rig.engine.transfer(AccountId(2), Money(-UNIT)), Err(Reject::Margin));
    assert_eq!(rig.engine.transfer(AccountId(3), Money(-1)), Err(Reject::Margin));
    assert_eq!(rig.engine.transfer(AccountId(9), Money(1)), Err(Reject::UnknownAccount));
    assert_eq!(rig.engine.transfer(AccountId(1), Money(-UNIT)), Ok(()));
}

#[test]
fn funding_goes_from_one_side_to_the_other() {
    let mut rig = rig(&perpetual(), [0, 100_000, 10_000, 0]);
    trade(&mut rig, 1_000, 10);
    rig.mark(2_000);
    let funded = |rig: &mut Rig, bps| rig.act(|engine, outbox| engine.fund(Rate::from_bps(bps), outbox));
    let outcomes = funded(&mut rig, 10);
    let [Outcome::Funded(AccountId(1), got), Outcome::Funded(AccountId(2), paid)] = outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(
        (got, paid),
        (Money(20 * UNIT), Money(-20 * UNIT - 2)),
        "0.1 % of 20 000, rounded against the payer"
    );
    assert_eq!(rig.engine.insurance(), Money(2));
    funded(&mut rig, -10);
    assert_eq!((wallet(&rig, 1), wallet(&rig, 2)), (99_999, 9_999));
    assert_eq!(funded(&mut rig, 0), []);
}

#[test]
fn a_ruined_account_is_closed_in_the_book_and_pays_the_clearance() {
    let mut rig = rig(&perpetual(), [0, 100_000, 1_000, 100_000]);
    trade(&mut rig, 1_000, 10);
    rig.rests(bid(2, 7, 500, 1));
    rig.rests(bid(3, 1, 945, 4));
    rig.rests(bid(3, 2, 940, 20));
    // At 948 equity is 480 and the maintenance margin 474; at 947 it is 470 of 473.5.
    assert_eq!(rig.mark(948), []);
    let outcomes = rig.mark(947);
    assert_eq!(outcomes[0], Outcome::Liquidated(AccountId(2), Lots(10)));
    assert!(matches!(outcomes[1..3], [Outcome::Cancelled(..), Outcome::AllCancelled(AccountId(2), 1)]));
    assert_eq!(trades(&outcomes), [(3, 1, 945, 4), (3, 2, 940, 6)]);
    // Lost: 4 · 55 + 6 · 60 = 580. Clearance: 1 % of 9 470, rounded to what is left.
    assert_eq!(outcomes[5], Outcome::Insured(AccountId(2), Money(-UNIT * 947 / 10)));
    assert_eq!(rig.engine.wallet(AccountId(2)), Money(UNIT * 420 - UNIT * 947 / 10));
    assert_eq!((rig.position(2), outcomes.len()), (0, 6));
}

#[test]
fn the_insurance_fund_pays_for_worse_prices() {
    let mut rig = rig(&perpetual(), [0, 100_000, 1_000, 100_000]);
    rig.act(|engine, _| engine.endow(Money(150 * UNIT)));
    trade(&mut rig, 1_000, 10);
    // Collateral pays down to 900, the fund 15 further: not 884.
    rig.rests(bid(3, 1, 890, 4));
    rig.rests(bid(3, 2, 885, 4));
    rig.rests(bid(3, 3, 884, 20));
    let outcomes = rig.mark(880);
    assert_eq!(trades(&outcomes), [(3, 1, 890, 4), (3, 2, 885, 4)]);
    // Lost 4 · 110 + 4 · 115 = 900: the collateral still pays it. The last two lots go at the price that leaves nothing.
    let Some(Outcome::Deleveraged(closed)) =
        outcomes.iter().find(|event| matches!(event, Outcome::Deleveraged(_)))
    else {
        panic!("{outcomes:?}");
    };
    assert_eq!((closed.price, closed.lots), (Price(950), Lots(2)));
    assert_eq!((closed.liquidated, closed.counterparty), (AccountId(2), AccountId(1)));
    assert_eq!((wallet(&rig, 2), rig.engine.insurance()), (0, Money(150 * UNIT)));
}

#[test]
fn what_collateral_cannot_pay_the_fund_does() {
    let mut rig = rig(&perpetual(), [0, 100_000, 1_000, 100_000]);
    rig.act(|engine, _| engine.endow(Money(150 * UNIT)));
    trade(&mut rig, 1_000, 10);
    rig.rests(bid(3, 1, 890, 10));
    let outcomes = rig.mark(880);
    assert_eq!(trades(&outcomes), [(3, 1, 890, 10)]);
    assert!(outcomes.contains(&Outcome::Insured(AccountId(2), Money(100 * UNIT))));
    assert_eq!((wallet(&rig, 2), rig.engine.insurance()), (0, Money(50 * UNIT)));
}

#[test]
fn the_most_profitable_and_leveraged_are_deleveraged_first() {
    // Account 2 is long 10; 0, 1 and 3 are short: 0 from a better price, 1 with much collateral, 3 with little.
    let mut rig = rig(&perpetual(), [3_000, 100_000, 2_005, 1_500]);
    for (account, price, lots) in [(0, 1_010, 2), (1, 1_000, 4), (3, 1_000, 4)] {
        rig.rests(ask(account, 1, price, lots));
    }
    rig.place(bid(2, 1, 1_010, 10));
    let outcomes = rig.mark(840);
    let closed = |outcome: &Outcome| {
        let Outcome::Deleveraged(closed) = outcome else { return None };
        Some((closed.counterparty.0, closed.lots.0, closed.price.0))
    };
    // Rank: profit share times leverage. 3: 0.16 · 3 360/2 140 = 0.25; 0: 0.168 · 1 680/3 340 = 0.08; 1: next to none.
    let closed: Vec<_> = outcomes.iter().filter_map(closed).collect();
    // 801.5 at first, rounded such that the account owes nothing; what that leaves over is cleared.
    assert_eq!(closed, [(3, 4, 802), (0, 2, 802), (1, 4, 801)]);
    assert_eq!(rig.engine.insurance(), Money(UNIT));
    assert_eq!([0, 1, 2, 3].map(|account| rig.position(account)), [0; 4]);
    assert_eq!(wallet(&rig, 2), 0);
}

#[test]
fn nobody_is_liquidated_without_a_mark_price() {
    let mut rig = rig(&perpetual(), [0, 100_000, 1_000, 100_000]);
    trade(&mut rig, 1_000, 10);
    rig.rests(bid(3, 1, 500, 1));
    assert_eq!(rig.trades(ask(1, 1, 500, 1)), [(3, 1, 500, 1)]);
    assert_eq!(rig.position(2), 10);
}

#[test]
fn fees_follow_what_was_traded_in_thirty_days() {
    let mut spec = spec();
    let cheap = FeeSchedule { maker: Rate(0), taker: Rate::from_bps(1) };
    let cheaper = FeeSchedule { maker: Rate::from_bps(-1), taker: Rate(0) };
    spec.tiers[0] = Some(FeeTier { volume: Money(2_000 * UNIT), fees: cheaper });
    spec.tiers[1] = Some(FeeTier { volume: Money(1_000 * UNIT), fees: cheap });
    let mut rig = Rig::new(&spec);
    let fees = |rig: &Rig, account| rig.engine.fees(AccountId(account)).unwrap();
    trade(&mut rig, 1_000, 1);
    assert_eq!(fees(&rig, 2), spec.fees);
    rig.act(|engine, _| engine.end_day());
    assert_eq!((fees(&rig, 1), fees(&rig, 2), fees(&rig, 3)), (cheap, cheap, spec.fees));
    trade(&mut rig, 1_000, 1);
    rig.act(|engine, _| engine.end_day());
    assert_eq!(fees(&rig, 2), cheaper);
    for day in 2..30 {
        rig.act(|engine, _| engine.end_day());
        assert_eq!(fees(&rig, 2), cheaper, "day {day}");
    }
    rig.act(|engine, _| engine.end_day());
    assert_eq!(fees(&rig, 2), cheap, "the first day no longer counts");
    rig.act(|engine, _| engine.end_day());
    assert_eq!(fees(&rig, 2), spec.fees);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Days without a trade among them, and more of them than the window holds.
    #[test]
    fn at_the_end_of_a_day_the_ledgers_schedule_finds_the_same_tier(days in prop::collection::vec(0..6i64, 1..80)) {
        let tiers = [(0, 2, 5), (40_000, 1, 4), (70_000, 0, 3)];
        let fees = |maker, taker| FeeSchedule { maker: Rate::from_bps(maker), taker: Rate::from_bps(taker) };
        let mut spec = spec();
        spec.fees = fees(2, 5);
        let expected = tiers.map(|(units, maker, taker)| {
            let FeeSchedule { maker, taker } = fees(maker, taker);
            ledger::FeeTier { volume_min: Money(units * UNIT), maker, taker }
        });
        for (place, (units, maker, taker)) in spec.tiers.iter_mut().zip(tiers.into_iter().skip(1)) {
            *place = Some(FeeTier { volume: Money(units * UNIT), fees: fees(maker, taker) });
        }
        let mut schedule = ledger::FeeSchedule::new(ledger::FeeCharge::Settlement, &expected).unwrap();
        let mut rig = Rig::new(&spec);
        for (day, lots) in (0..).zip(days) {
            let at = Nanos(day * 86_400_000_000_000 + 1);
            if lots > 0 {
                trade(&mut rig, 1_000, lots);
                schedule.record(Money(i128::from(1_000 * lots) * UNIT), at).unwrap();
            }
            rig.act(|engine, _| engine.end_day());
            let tier = schedule.tier_after(Money::ZERO, at);
            let found = rig.engine.fees(AccountId(2)).unwrap();
            prop_assert_eq!((found.maker, found.taker), (tier.maker, tier.taker), "day {}", day);
        }
    }
}

#[test]
fn margins_that_cannot_be_are_not_built() {
    let refused = |initial, maintenance, clearance| {
        let mut spec = spec();
        let [initial, maintenance, clearance] = [initial, maintenance, clearance].map(Rate);
        spec.margin = Some(MarginRules { initial, maintenance, clearance });
        Matching::new(&spec).err()
    };
    for (initial, maintenance, clearance) in [(5, 6, 0), (5, 0, 0), (Rate::ONE.0 + 1, 5, 0), (6, 5, -1)] {
        assert_eq!(refused(initial, maintenance, clearance), Some(MatchingSpecError::Margin));
    }
    assert_eq!(refused(6, 5, 0), None);
}
