//! Long seeded stories of spot trading with little to trade with: no order ever asks for more than there is.

use ballast_core::gate::Rule;
use ballast_model::{
    AssetId, InstrumentSpec, Lots, Money, Price, Rate, RejectReason, Side, Span, SubAccountId,
};

use crate::chance::Random;
use crate::world::{ETH, SETTING, Setting, World};

const SEEDS: u64 = 500;
const STEPS: u32 = 300;

/// What an order may take of what it is paid in: asset and amount, the highest fee included.
fn needs(spec: &InstrumentSpec, side: Side, price: Price, lots: Lots) -> (AssetId, Money) {
    match side {
        Side::Ask => (spec.base, Money(spec.lot_amount().unwrap().0 * i128::from(lots.0))),
        Side::Bid => {
            let value = spec.value_floor(price, lots).0;
            let (fee, one) = (i128::from(Rate::from_bps(4).0), i128::from(Rate::ONE.0));
            (spec.quote, Money(value + (value * fee + one - 1) / one))
        }
    }
}

/// What rests may take just what is bound, and nothing is spent that is not there.
fn check_venue(world: &World, story: &str) {
    let spec = world.shard.spec(ETH).unwrap();
    for asset in [spec.base, spec.quote] {
        let resting = world.venue.resting(ETH).map(|resting| resting.order());
        let needs = resting.map(|order| needs(spec, order.side, order.price, order.left));
        let sum: Money = needs.filter(|(of, _)| *of == asset).map(|(_, amount)| amount).sum();
        let (free, bound) = world.venue.balance(asset).unwrap();
        assert_eq!(sum, bound, "{story}, asset {}", asset.0);
        assert!(free >= Money::ZERO, "{story}, asset {}: {free:?} free", asset.0);
    }
    assert!(!world.rejects.contains(&RejectReason::Margin), "{story}: an order without funds");
}

/// Refusals for want of base and of quote.
fn tell(seed: u64) -> [u64; 2] {
    let mut random = Random(seed);
    let setting = Setting {
        feed_delay: Span::from_micros(random.below(20_000)),
        funds: Some((random.below(45), 1 + random.below(5))),
        lost_every: [0, 3, 10][usize::try_from(seed % 3).unwrap()],
        ..SETTING
    };
    let mut world = World::showing(&setting, 10_000, 10_002);
    let mut mid = 10_000;
    for step in 0..STEPS {
        match random.below(20) {
            0..8 => {
                mid = (mid + random.below(9) - 4).clamp(5_000, 15_000);
                world.show(mid, mid + 1 + random.below(6));
            }
            8..15 => {
                let maker = Side::BOTH[usize::try_from(random.below(2)).unwrap()];
                let price = mid - maker.sign() * random.below(12);
                world.trade(maker, price, 1 + random.below(150));
            }
            15 => world.pass(Span::from_secs(random.below(4))),
            _ => {}
        }
        world.pass(Span::from_micros(random.below(3_000)));
        check_venue(&world, &format!("seed {seed}, step {step}"));
    }
    world.pass(Span::from_secs(30));
    world.check_agreement();
    check_venue(&world, &format!("seed {seed}, end"));
    let (spec, holds) = (world.shard.spec(ETH).unwrap(), world.shard.holds().unwrap());
    for asset in [spec.base, spec.quote] {
        let ours = holds.balance(SubAccountId(0), asset).unwrap();
        assert_eq!(Some((ours.free, ours.held)), world.venue.balance(asset), "seed {seed}");
    }
    assert!(holds.holds() == world.resting().len());
    [Rule::FreeBase, Rule::FreeQuote].map(|rule| world.shard.gate(ETH).unwrap().refusals(rule))
}

#[test]
fn no_order_asks_for_more_than_there_is_whatever_is_lost_or_late() {
    let refused = (0..SEEDS).map(tell).fold([0, 0], |sum, one| [sum[0] + one[0], sum[1] + one[1]]);
    assert!(refused.iter().all(|count| *count > 1_000), "funds are short: {refused:?}");
}
