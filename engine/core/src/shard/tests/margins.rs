//! Stories of an account whose positions could be liquidated.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{AssetId, Event, Fill, FundingPayment, Money, PackedMoney, PaymentId, Rate, Side};

use super::desk::{Desk, Did, ETH, ask, bid};
use super::together::{OTHER, risk, spec, with};
use crate::gate::Rule;
use crate::gate::portfolio::Account;
use crate::shard::{LaneError, RiskError, RiskSpec, Shard};

/// An account of 0.3: ten lots are worth one, of which five per cent are to be kept, and the mark is to stay away from
/// liquidation by this.
fn margined(distance: Rate) -> impl FnOnce(&mut RiskSpec) {
    move |risk| {
        risk.accounts =
            vec![Some(Account { equity: Money(3 * Money::ONE.0 / 10), maintenance: Money::ZERO })];
        risk.maintenance = vec![Some(Rate::from_bps(500)); 2];
        risk.members.iter_mut().for_each(|member| member.liquidation_distance_min = Some(distance));
    }
}

fn refusals(desk: &Desk, rule: Rule) -> [u64; 2] {
    [ETH, OTHER].map(|id| desk.shard.gate(id).unwrap().refusals(rule))
}

fn places(did: &[Did]) -> Vec<Side> {
    let side = |did: &Did| if let Did::Place(_, side, ..) = did { Some(*side) } else { None };
    did.iter().filter_map(side).collect()
}

fn fill_other(desk: &mut Desk, order: u64, side: Side, trade: u64) -> Vec<Did> {
    let fill = Fill { instrument: OTHER, ..desk.fill_of(order, side, 10, trade) };
    desk.tell(&Event::Fill(fill))
}

#[test]
fn near_liquidation_only_what_reduces_passes() {
    assert_eq!(Rule::Liquidation as u8, 37);
    let mut long = with(margined(Rate::from_bps(2_000))).then_quoted();
    assert_eq!(long.fill(1, Side::Bid, 10), [bid(3, 9_999)], "26 per cent away");
    // Liquidation stays at 7 368.4: 18 per cent below 9 005.
    assert_eq!(places(&long.touch(9_000, 9_010)), [Side::Ask]);
    assert_eq!(refusals(&long, Rule::Liquidation), [1, 0]);
    long.cancelled(2);
    long.cancelled(3);
    assert_eq!(places(&long.touch(10_000, 10_010)), [Side::Bid, Side::Ask], "far enough again");

    let mut short = with(margined(Rate::from_bps(2_000))).then_quoted();
    assert_eq!(short.fill(2, Side::Ask, 10), [ask(3, 10_011)], "24 per cent away");
    // Liquidation stays at 12 390.5: 12 per cent above 11 005.
    assert_eq!(places(&short.touch(11_000, 11_010)), [Side::Bid]);
    assert_eq!(refusals(&short, Rule::Liquidation), [1, 0]);
}

#[test]
fn the_price_is_that_of_equity_with_profit_and_maintenance_at_the_mark() {
    // At 10 005: 0.3 + 0.0005 - 0.050025 = 0.250475, over 0.000095 a tick: 2 636.6 ticks down to 7 368.4, in half ticks
    // 14 737 of 20 010, that is 0.26351824 and a little more.
    for (distance, bids) in [(26_351_824, 1), (26_351_825, 0)] {
        let mut desk = with(margined(Rate(distance))).then_quoted();
        assert_eq!(desk.fill(1, Side::Bid, 10).len(), bids, "{distance}");
    }
}

#[test]
fn what_funding_takes_and_another_position_loses_brings_liquidation_nearer() {
    let mut paying = with(margined(Rate::from_bps(2_000))).then_quoted();
    paying.fill(1, Side::Bid, 10);
    let payment = FundingPayment {
        instrument: ETH,
        asset: AssetId(1),
        amount: PackedMoney::new(Money(-Money::ONE.0 / 10)),
        payment_id: PaymentId(1),
        venue_time: paying.now,
    };
    assert_eq!(paying.tell(&Event::Funding(payment)), []);
    assert_eq!(places(&paying.touch(10_002, 10_012)), [Side::Ask]);
    assert_eq!(refusals(&paying, Rule::Liquidation), [1, 0]);

    // Nineteen per cent away, with two maintenance margins.
    let mut both = with(margined(Rate::from_bps(1_500))).then_quoted();
    both.snapshot_of(OTHER, 10_000, 10_010);
    both.fill(1, Side::Bid, 10);
    fill_other(&mut both, 4, Side::Ask, 900);
    assert_eq!(refusals(&both, Rule::Liquidation), [0, 0]);
    both.touch_of(OTHER, 11_000, 11_010);
    assert_eq!(places(&both.touch(10_002, 10_012)), [Side::Ask], "the other's loss");
    assert_eq!(refusals(&both, Rule::Liquidation)[0], 1);
}

#[test]
fn an_account_with_a_position_that_has_no_mark_is_unknown() {
    let mut desk = with(margined(Rate::from_bps(100))).then_quoted();
    desk.snapshot_of(OTHER, 10_000, 10_010);
    desk.fill(1, Side::Bid, 10);
    fill_other(&mut desk, 3, Side::Bid, 900);
    assert_eq!(refusals(&desk, Rule::Unknown), [0, 0]);
    desk.lose();
    assert_eq!(places(&desk.touch_of(OTHER, 10_002, 10_012)), [Side::Ask]);
    assert_eq!(refusals(&desk, Rule::Unknown), [0, 1]);
}

#[test]
fn an_account_with_a_position_in_doubt_is_unknown() {
    let mut desk = with(margined(Rate::from_bps(100))).then_quoted();
    desk.snapshot_of(OTHER, 10_000, 10_010);
    fill_other(&mut desk, 3, Side::Bid, 900);
    let unbookable = desk.fill_of(1, Side::Bid, 10, 901);
    desk.tell(&Event::Fill(Fill { level: ballast_model::PackedLevel::default(), ..unbookable }));
    assert_eq!(places(&desk.touch_of(OTHER, 10_002, 10_012)), [Side::Ask]);
    assert_eq!(refusals(&desk, Rule::Unknown)[1], 1);
}

#[test]
fn a_rate_that_is_none_is_refused() {
    for rates in [vec![None], vec![None, Some(Rate(-1))], vec![None, Some(Rate::ONE)]] {
        let refused = Shard::new(&spec(RiskSpec { maintenance: rates, ..risk() })).unwrap_err();
        assert_eq!(refused, (0, LaneError::Risk(RiskError::Maintenance)));
    }
}
