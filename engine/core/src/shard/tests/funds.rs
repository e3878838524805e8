//! Stories of a spot instrument that trades with what its balances hold.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    AssetId, BalanceUpdate, Ending, Event, Lots, Money, Nanos, OrderReport, PackedMoney, Rate, RejectReason,
    Side, SubAccountId,
};

use proptest::prelude::*;

use super::desk::{Desk, Did, EPOCH, ETH, ask, bid, lane, quoting};
use super::together::{OTHER, risk};
use crate::balance::BalanceError;
use crate::gate::Rule;
use crate::gate::portfolio::Funding;
use crate::outbox::Note;
use crate::shard::{HoldsSpec, LaneError, RiskError, Shard, ShardSpec};

const ACCOUNT: SubAccountId = SubAccountId(4);
const BASE: AssetId = AssetId(0);
const QUOTE: AssetId = AssetId(1);

fn spec(fee_allowance: Rate) -> ShardSpec {
    let mut risk = risk();
    risk.members.truncate(1);
    risk.maintenance.truncate(1);
    risk.members[0].funding = Funding::Spot;
    risk.holds = Some(HoldsSpec { account: ACCOUNT, fee_allowance, parts: Vec::new() });
    ShardSpec {
        epoch: EPOCH,
        lanes: vec![lane(&quoting())],
        hedges: Vec::new(),
        portfolio: Some(risk),
        arbitrage: None,
    }
}

/// Thousandths of an asset.
fn milli(amount: i128) -> Money {
    Money(amount * Money::ONE.0 / 1_000)
}

fn balance(asset: AssetId, free: i128, locked: i128) -> Event {
    let [free, locked] = [free, locked].map(|amount| PackedMoney::new(milli(amount)));
    Event::Balance(BalanceUpdate { account: ACCOUNT, asset, free, locked, venue_time: Nanos(0) })
}

/// Told these balances, free of any hold: lots of base, thousandths of quote. Ten lots at 100.00 are worth one quote.
fn with(base: i128, quote: i128) -> Desk {
    let mut desk = Desk::of(spec(Rate(0)));
    desk.tell(&balance(BASE, base, 0));
    desk.tell(&balance(QUOTE, quote, 0));
    desk
}

fn refused(desk: &Desk, rule: Rule) -> u64 {
    desk.shard.gate(ETH).unwrap().refusals(rule)
}

/// Available base and quote in thousandths.
fn available(desk: &Desk) -> [i128; 2] {
    let holds = desk.shard.holds().unwrap();
    [BASE, QUOTE].map(|asset| holds.available(ACCOUNT, asset).unwrap().0 / (Money::ONE.0 / 1_000))
}

#[test]
fn nothing_is_quoted_before_the_balances_are_known() {
    let mut desk = Desk::of(spec(Rate(0)));
    assert_eq!(desk.snapshot(10_000, 10_010), []);
    assert_eq!(refused(&desk, Rule::Unknown), 2);
    assert_eq!(desk.tell(&balance(BASE, 50, 0)), []);
    let did = desk.tell(&balance(QUOTE, 5_000, 0));
    assert_eq!(did, [bid(1, 10_000), ask(2, 10_010)], "and at once when they are");
}

#[test]
fn each_side_needs_what_it_is_paid_in() {
    let mut desk = with(9, 1_000);
    assert_eq!(desk.snapshot(10_000, 10_010), [bid(1, 10_000)], "an ask of ten lots needs ten");
    assert_eq!((refused(&desk, Rule::FreeBase), refused(&desk, Rule::FreeQuote)), (1, 0));
    let mut desk = with(10, 999);
    assert_eq!(desk.snapshot(10_000, 10_010), [ask(1, 10_010)]);
    assert_eq!((refused(&desk, Rule::FreeBase), refused(&desk, Rule::FreeQuote)), (0, 1));
    // The fee counts: one quote and 10 bp of it are 1.001.
    for (quote, quoted) in [(1_000, false), (1_001, true)] {
        let mut desk = Desk::of(spec(Rate::from_bps(10)));
        desk.tell(&balance(BASE, 0, 0));
        desk.tell(&balance(QUOTE, quote, 0));
        assert_eq!(!desk.snapshot(10_000, 10_010).is_empty(), quoted, "{quote}");
    }
}

#[test]
fn what_an_order_holds_comes_free_when_it_ends_and_not_before() {
    let mut desk = with(15, 1_500).then_quoted();
    assert_eq!(available(&desk), [5, 500]);
    assert_eq!(desk.touch(10_020, 10_030), [Did::Cancel(1), Did::Cancel(2)], "held until they are gone");
    assert_eq!((refused(&desk, Rule::FreeBase), refused(&desk, Rule::FreeQuote)), (1, 1));
    assert_eq!(desk.cancelled(1), [bid(3, 10_020)]);
    assert_eq!(desk.cancelled(2), [ask(4, 10_030)]);
    assert_eq!(desk.report(4, OrderReport::Rejected(RejectReason::WouldTake)).len(), 1);
    assert_eq!(desk.shard.holds().unwrap().holds(), 2);
}

/// Two instruments paid from the same balances; the second has its book only after the first has taken what it needs.
fn two(base: i128, quote: i128) -> Desk {
    let mut risk = risk();
    risk.members.iter_mut().for_each(|member| member.funding = Funding::Spot);
    risk.holds = Some(HoldsSpec { account: ACCOUNT, fee_allowance: Rate(0), parts: Vec::new() });
    let lanes = vec![lane(&quoting()), lane(&quoting())];
    let portfolio = Some(risk);
    let spec = ShardSpec { epoch: EPOCH, lanes, hedges: Vec::new(), portfolio, arbitrage: None };
    let mut desk = Desk::of(spec);
    desk.tell(&balance(BASE, base, 0));
    desk.tell(&balance(QUOTE, quote, 0));
    desk.then_quoted()
}

#[test]
fn a_lane_refused_for_funds_is_woken_when_they_come_free_elsewhere() {
    let mut desk = two(15, 1_500);
    assert_eq!(desk.snapshot_of(OTHER, 10_000, 10_010), [], "neither side can be paid");
    let short = |desk: &Desk| {
        let gate = desk.shard.gate(OTHER).unwrap();
        [Rule::FreeBase, Rule::FreeQuote].map(|rule| gate.refusals(rule))
    };
    assert_eq!(short(&desk), [1, 1]);
    // Four lots come in: nine of the ten an ask needs, and the bid is no nearer.
    assert_eq!(on_other(&desk.fill(1, Side::Bid, 4)), [], "nobody is asked for too little");
    assert_eq!(short(&desk), [1, 1]);
    let did = desk.fill(1, Side::Bid, 1);
    assert_eq!(on_other(&did).len(), 1, "ten are there: {did:?}");
    assert!(matches!(on_other(&did)[0], Did::Place(_, Side::Ask, 10_010, 10)), "{did:?}");
    assert_eq!(short(&desk), [1, 2], "its bid was asked for too, and waits on");
}

#[test]
fn a_cancel_or_a_balance_wakes_a_lane_as_a_fill_does() {
    let mut desk = two(100, 1_500);
    assert_eq!(desk.snapshot_of(OTHER, 10_000, 10_010), [ask(3, 10_010)]);
    assert_eq!(desk.lose(), [Did::Cancel(1), Did::Cancel(2)]);
    assert_eq!(desk.cancelled(2), [], "the base was not what it lacked");
    assert_eq!(desk.cancelled(1), [bid(4, 10_000)]);
    let mut desk = two(100, 1_500);
    desk.tell(&balance(QUOTE, 100, 1_000));
    desk.snapshot_of(OTHER, 10_000, 10_010);
    assert_eq!(desk.tell(&balance(QUOTE, 500, 1_000)), [], "half of what a bid needs");
}

/// What was placed beside the first two orders' own instrument.
fn on_other(did: &[Did]) -> Vec<Did> {
    did.iter().copied().filter(|did| matches!(did, Did::Place(_, _, 10_000 | 10_010, 10))).collect()
}

#[test]
fn an_order_nobody_knows_the_fate_of_keeps_its_hold() {
    let mut desk = with(15, 1_500).then_quoted();
    desk.report(2, OrderReport::FateUnknown);
    let holds = |desk: &Desk| desk.shard.holds().unwrap().unknown(ACCOUNT, BASE);
    assert_eq!((available(&desk), holds(&desk)), ([5, 500], milli(10)));
    desk.touch(10_020, 10_030);
    assert_eq!(available(&desk), [5, 500], "and no other ask is sent");
    desk.report(2, OrderReport::Ended { how: Ending::Cancelled, filled: Lots::ZERO });
    assert_eq!(holds(&desk), Money::ZERO);
}

#[test]
fn fills_move_both_assets_and_a_duplicate_moves_nothing() {
    let mut desk = with(15, 1_500).then_quoted();
    desk.fill(1, Side::Bid, 4);
    // Four lots came in; the bid's last six hold 0.6, and what quotes the fill led to hold the rest.
    let balances = |desk: &Desk| {
        let holds = desk.shard.holds().unwrap();
        [BASE, QUOTE].map(|asset| {
            let line = holds.balance(ACCOUNT, asset).unwrap();
            line.free + line.held
        })
    };
    assert_eq!(balances(&desk), [milli(19), milli(1_100)]);
    desk.fill_again(1, Side::Bid, 4);
    assert_eq!(balances(&desk), [milli(19), milli(1_100)]);
    desk.fill(2, Side::Ask, 10);
    assert_eq!(balances(&desk), [milli(9), Money(milli(1_100).0 + 10 * 10_010 * Money::ONE.0 / 100_000)]);
}

#[test]
fn a_lower_figure_of_the_venue_is_believed_until_it_is_explained() {
    let mut desk = with(15, 1_500).then_quoted();
    desk.tell(&balance(QUOTE, 200, 1_000));
    assert_eq!(available(&desk), [5, 200], "three tenths are gone");
    desk.tell(&balance(QUOTE, 900, 1_000));
    assert_eq!(available(&desk), [5, 500], "a higher one is not spent");
}

#[test]
fn what_cannot_be_kept_is_noted() {
    let mut desk = with(15, 1_500);
    let free = PackedMoney::new(Money(i128::MAX));
    let update = BalanceUpdate { account: ACCOUNT, asset: BASE, free, locked: free, venue_time: Nanos(0) };
    desk.tell(&Event::Balance(update));
    assert_eq!(desk.notes.last(), Some(&Note::UnbookableBalance(BASE)));
    assert_eq!(available(&desk), [15, 1_500]);
    let error = Shard::new(&spec(Rate(-1))).unwrap_err();
    assert_eq!(error, (0, LaneError::Risk(RiskError::Holds(BalanceError::Allowance))));
}

proptest! {
    /// What an order needs, worked out from the words alone: its value and the fee on it, rounded up; or its lots.
    #[test]
    fn an_order_passes_exactly_where_the_balance_pays_for_it(
        price in 5_000..15_000i64,
        fee in 0..5_000_000i64,
        more in -3..=3i128,
        base_more in -3..=3i128,
    ) {
        let value = i128::from(price) * 10 * Money::ONE.0 / 100_000;
        let need = value + (value * i128::from(fee) + 99_999_999) / 100_000_000;
        let tell = |asset, units| {
            let free = PackedMoney::new(Money(units));
            let locked = PackedMoney::default();
            Event::Balance(BalanceUpdate { account: ACCOUNT, asset, free, locked, venue_time: Nanos(0) })
        };
        let mut desk = Desk::of(spec(Rate(fee)));
        desk.tell(&tell(BASE, milli(10).0 + base_more));
        desk.tell(&tell(QUOTE, need + more));
        let did = desk.snapshot(price, price + 10);
        let placed = |side| did.iter().any(|did| matches!(did, Did::Place(_, one, ..) if *one == side));
        prop_assert_eq!([placed(Side::Bid), placed(Side::Ask)], [more >= 0, base_more >= 0]);
    }
}

#[test]
fn holds_are_in_the_state() {
    let hash = |events: &[Event]| {
        let mut desk = Desk::of(spec(Rate(0)));
        events.iter().for_each(|event| drop(desk.tell_now(event)));
        desk.shard.state_hash()
    };
    assert_ne!(hash(&[]), hash(&[balance(BASE, 1, 0)]));
    assert_ne!(hash(&[balance(BASE, 1, 0)]), hash(&[balance(BASE, 2, 0)]));
}
