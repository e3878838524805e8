//! Stories of spot balances: what orders bind, what trades move, and who is refused.

use ballast_exchange::WalletSpec;
use ballast_model::{Event, Lots, Money, RejectReason, Side, TimeInForce};

use crate::rig::{BASE, ETH, QUOTE, Rig, Told};

/// In 10⁻⁸.
fn e8(money: Money) -> i128 {
    assert_eq!(money.0 % 10i128.pow(10), 0, "{money:?}");
    money.0 / 10i128.pow(10)
}

/// Free and bound, in 10⁻⁸: base, then quote.
fn balances(rig: &Rig) -> [(i128, i128); 2] {
    [BASE, QUOTE].map(|asset| rig.venue.balance(asset).unwrap()).map(|(free, locked)| (e8(free), e8(locked)))
}

/// A venue showing 90.00 and 91.00, where we have 1 coin and 100 of quote; it charges 4 bp for taking and gives 0.5 bp back.
fn rig() -> Rig {
    let whole = |whole: i128| Money(whole * Money::ONE.0);
    let wallet = WalletSpec { instruments: vec![ETH], balances: vec![(BASE, whole(1)), (QUOTE, whole(100))] };
    Rig::with(|spec| {
        spec.wallet = Some(wallet);
        spec.instruments[0].spec.size_max = Lots(10_000);
    })
    .then_showing(&[(9_000, 900)], &[(9_100, 900)])
}

/// Reports other than of balances; and the last balances told, free and bound in 10⁻⁸.
fn told(rig: &mut Rig) -> (Vec<Told>, [Option<(i128, i128)>; 2]) {
    let (mut reports, mut last) = (Vec::new(), [None; 2]);
    for event in rig.events() {
        if let Event::Balance(update) = event {
            last[usize::from(update.asset.0)] = Some((e8(update.free.money()), e8(update.locked.money())));
        } else {
            reports.push(Told::of(&event));
        }
    }
    (reports, last)
}

const COIN: i128 = 100_000_000;

#[test]
fn balances_are_told_first_of_all() {
    let mut rig = rig();
    assert_eq!(told(&mut rig), (vec![], [Some((COIN, 0)), Some((100 * COIN, 0))]));
    assert!(rig.venue.is_quiet());
}

#[test]
fn an_order_binds_what_it_may_take_until_it_ends() {
    let mut rig = rig();
    rig.hush();
    // 0.5 at 90.00 is 45, and 4 bp of it 0.018.
    let bid = rig.bid(9_000, 500);
    assert_eq!(balances(&rig), [(COIN, 0), (5_498_200_000, 4_501_800_000)]);
    assert_eq!(told(&mut rig), (vec![Told::Accepted(bid)], [None, Some((5_498_200_000, 4_501_800_000))]));
    let ask = rig.ask(9_100, 300);
    assert_eq!(told(&mut rig), (vec![Told::Accepted(ask)], [Some((70_000_000, 30_000_000)), None]));
    rig.cancel(bid);
    rig.cancel(ask);
    assert_eq!(balances(&rig), [(COIN, 0), (100 * COIN, 0)]);
    assert_eq!(told(&mut rig).1, [Some((COIN, 0)), Some((100 * COIN, 0))]);
}

#[test]
fn who_has_too_little_is_refused() {
    let mut rig = rig();
    rig.hush();
    let first = rig.ask(9_100, 600);
    let second = rig.ask(9_100, 401);
    assert_eq!(told(&mut rig).0, [Told::Accepted(first), Told::Rejected(second, RejectReason::Margin)]);
    let third = rig.ask(9_100, 400);
    // 1.111 at 90.00 is 99.99, but with 4 bp of it 100.029996.
    let (much, less) = (rig.bid(9_000, 1_111), rig.bid(9_000, 1_110));
    let told = told(&mut rig).0;
    assert_eq!(
        told,
        [Told::Accepted(third), Told::Rejected(much, RejectReason::Margin), Told::Accepted(less),]
    );
    assert_eq!(rig.venue.counters().rejects(RejectReason::Margin), 2);
}

#[test]
fn trades_move_both_assets_and_the_fee() {
    let mut rig = rig();
    // Others trade what is ahead, and 0.2 of ours.
    let bid = rig.bid(9_000, 500);
    rig.trade(Side::Bid, 9_000, 1_100);
    // Paid 18, 0.5 bp of it given back; 27 and 4 bp of it stay bound.
    assert_eq!(balances(&rig), [(120_000_000, 0), (5_498_920_000 + 90_000, 2_701_080_000)]);
    rig.cancel(bid);
    assert_eq!(balances(&rig), [(120_000_000, 0), (82 * COIN + 90_000, 0)]);
    // A limit of 91.50 buys 0.1 at 91.00: what was bound beyond that comes free.
    rig.order(Side::Bid, 9_150, 100, TimeInForce::ImmediateOrCancel);
    assert_eq!(balances(&rig), [(130_000_000, 0), (82 * COIN + 90_000 - 910_000_000 - 364_000, 0)]);
    rig.order(Side::Ask, 9_000, 1_300, TimeInForce::ImmediateOrCancel);
    // 0.9 are shown: sold for 81 less 4 bp, and the rest expires.
    let quote = 82 * COIN + 90_000 - 910_000_000 - 364_000 + 81 * COIN - 3_240_000;
    assert_eq!(balances(&rig), [(40_000_000, 0), (quote, 0)]);
}

#[test]
fn a_smaller_order_binds_less() {
    let mut rig = rig();
    let bid = rig.bid(9_000, 1_000);
    rig.hush();
    // Binance USD-M rules: queued again, at a price of its own choice, if there is enough.
    rig.replace(bid, 8_000, 500);
    assert_eq!(balances(&rig)[1], (100 * COIN - 4_001_600_000, 4_001_600_000));
    rig.hush();
    rig.replace(bid, 8_000, 1_250);
    assert_eq!(told(&mut rig).0, [Told::ReplaceRejected(bid, RejectReason::Margin)]);
    rig.replace(bid, 9_000, 1_110);
    assert_eq!(balances(&rig)[1].1, 9_993_996_000);
}
