//! Fees by volume: the trade that reaches a tier pays by it.

use ballast_core::ledger::FeeTier;
use ballast_exchange::{TapeVenue, TierSpec, VenueSpecError};
use ballast_model::{Money, Rate, Side, TimeInForce};

use crate::rig::{ETH, Rig, spec};

/// 4 bp for taking, 3 bp from 500 on, and from 1 000 on a rebate of 1 bp for whoever rests.
fn tiers(volume: i128) -> TierSpec {
    let tier = |volume: i128, maker, taker| FeeTier {
        volume_min: Money(volume * Money::ONE.0),
        maker: Rate::from_bps(maker),
        taker: Rate::from_bps(taker),
    };
    let tiers = vec![tier(0, 2, 4), tier(500, 1, 3), tier(1_000, -1, 2)];
    TierSpec { instruments: vec![ETH], tiers, volume: Money(volume * Money::ONE.0) }
}

/// What taking 1 coin at 100.00 and resting 1 coin at 99.00 cost, again and again, in 10⁻⁸.
fn fees(volume: i128, trades: usize) -> Vec<i64> {
    let mut rig = Rig::with(|spec| spec.tiers = vec![tiers(volume)]);
    for _ in 0..trades {
        rig.snapshot(&[(9_900, 900)], &[(10_000, 1_000)]);
        rig.order(Side::Bid, 10_000, 1_000, TimeInForce::ImmediateOrCancel);
        rig.ask(10_000, 1_000);
        rig.trade(Side::Ask, 10_001, 1_000);
    }
    rig.fills().iter().map(|fill| fill.fee_e8).collect()
}

#[test]
fn a_trade_is_charged_by_the_volume_it_makes() {
    let bp = 1_000_000; // of 100
    assert_eq!(fees(0, 1), [4 * bp, 2 * bp]);
    assert_eq!(fees(400, 1), [3 * bp, bp], "what was traded before counts");
    assert_eq!(fees(850, 2), [3 * bp, -bp, 2 * bp, -bp]);
}

#[test]
fn what_is_out_of_range_is_refused() {
    let with = |change: &dyn Fn(&mut TierSpec)| {
        let mut tier = tiers(0);
        change(&mut tier);
        let mut spec = spec();
        spec.tiers = vec![tier];
        TapeVenue::new(&spec).map(drop)
    };
    assert_eq!(with(&|_| ()), Ok(()));
    assert_eq!(with(&|tier| tier.volume = Money(-1)), Err(VenueSpecError::Volume));
    assert!(matches!(with(&|tier| tier.tiers.clear()), Err(VenueSpecError::Tiers(_))));
}
