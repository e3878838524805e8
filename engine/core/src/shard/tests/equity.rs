//! Stories of sizes that follow what the account is worth.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{AssetId, Event, FundingPayment, Lots, Money, PackedMoney, PaymentId, Rate, Side};

use super::desk::{Desk, Did, EPOCH, ETH, lane, quoting};
use super::throttled::shaping;
use super::together::risk;
use crate::gate::portfolio::Account;
use crate::shape::shaper::LevelsFrom;
use crate::shape::size::{BelowMin, LevelParams, PriceStep, Profile, SizeParams, SizeRule};
use crate::shard::{QuotingSpec, ShapingSpec, ShardSpec};

/// Quotes worth half of the account, which is worth this many units.
fn desk(equity: Option<i128>) -> Desk {
    let mut shaping = ShapingSpec { throttle: None, ..shaping() };
    shaping.shaper.levels = LevelsFrom::ModelResized(SizeParams {
        rule: SizeRule::ShareOfEquity(Rate(Rate::ONE.0 / 2)),
        min: Lots(1),
        max: Lots(1_000),
        below_min: BelowMin::Drop,
        limit: shaping.shaper.inventory.limit,
        reducing_at_limit: Rate::ONE,
        levels: LevelParams {
            count: 1,
            step: PriceStep::Ticks(ballast_model::Ticks(1)),
            profile: Profile::Flat,
        },
    });
    let mut risk = risk();
    let equity = equity.map(|units| Money(units * Money::ONE.0));
    risk.accounts = vec![equity.map(|equity| Account { equity, maintenance: Money::ZERO })];
    risk.maintenance = vec![Some(Rate(0)); 2];
    let lanes = vec![lane(&QuotingSpec { shaping: Some(shaping), ..quoting() }), lane(&quoting())];
    Desk::of(ShardSpec { epoch: EPOCH, lanes, hedges: vec![], portfolio: Some(risk), arbitrage: None })
}

fn sizes(did: &[Did]) -> Vec<(Side, i64)> {
    let size = |did: &Did| if let Did::Place(_, side, _, lots) = did { Some((*side, *lots)) } else { None };
    did.iter().filter_map(size).collect()
}

#[test]
fn sizes_follow_the_account_and_what_it_earns() {
    let mut desk = desk(Some(3));
    // A lot is worth 0.1 at 10 000 and 0.1001 at 10 010: half of three buys fifteen of the one and fourteen of the other.
    assert_eq!(sizes(&desk.snapshot(10_000, 10_010)), [(Side::Bid, 15), (Side::Ask, 14)]);
    for order in [1, 2] {
        desk.accepted(order);
    }
    let payment = FundingPayment {
        instrument: ETH,
        asset: AssetId(1),
        amount: PackedMoney::new(Money(Money::ONE.0)),
        payment_id: PaymentId(1),
        venue_time: desk.now,
    };
    desk.tell(&Event::Funding(payment));
    let grown = desk.touch(10_000, 10_011);
    assert_eq!(sizes(&grown), [(Side::Bid, 20), (Side::Ask, 19)], "half of four");
}

#[test]
fn an_account_that_nobody_knows_is_no_size() {
    assert_eq!(desk(None).snapshot(10_000, 10_010), []);
    assert_eq!(desk(Some(0)).snapshot(10_000, 10_010), []);
}
