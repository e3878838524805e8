#![expect(clippy::cast_possible_truncation, reason = "a few eighths")]

use alloc::vec::Vec;

use ballast_model::{InstrumentId, Lots, Money, Price, Side};
use proptest::prelude::*;

use super::super::{Confidence, Costs, Leg, Legs, OpportunityKind};
use super::*;

fn found(id: u32, net: i128, eighths: u8, expires_at: i64) -> Opportunity {
    let leg = |id, side| Leg {
        instrument: InstrumentId(id),
        side,
        price: Price(1),
        lots: Lots(1),
        value: Money::ONE,
    };
    // The kind has no say in the order.
    let kind = match id % 4 {
        0 => OpportunityKind::Spatial,
        1 => OpportunityKind::Triangular,
        2 => OpportunityKind::Statistical,
        _ => OpportunityKind::Carry,
    };
    Opportunity {
        id: OpportunityId(id),
        kind,
        legs: Legs::new([leg(0, Side::Bid), leg(1, Side::Ask)]),
        asset: AssetId(1),
        gross: Money(net * Money::ONE.0),
        costs: Costs::default(),
        net: Money(net * Money::ONE.0),
        edge_bps: 1.0,
        confidence: Confidence::new(f64::from(eighths) / 8.0).unwrap(),
        expires_at: Nanos(expires_at),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_order_of_arrival_does_not_matter(
        all in proptest::collection::vec((1..6i128, 1..=8u8, 0..20i64), 1..12),
        by in 0..12usize,
    ) {
        let now = Nanos(10);
        let all: Vec<_> =
            (0..).zip(&all).map(|(id, (net, eighths, expires))| found(id, *net, *eighths, *expires)).collect();
        // Scores are whole eighths, exact as floats: the naive order is that of integers.
        let eighths = |one: &Opportunity| -(one.net.0 / Money::ONE.0 * (one.confidence.get() * 8.0) as i128);
        let mut naive: Vec<_> = all.iter().filter(|one| one.expires_at > now).copied().collect();
        naive.sort_by_key(|one| (eighths(one), one.id));
        naive.truncate(4);
        let mut turned = all;
        let by = by % turned.len();
        turned.rotate_left(by);
        let mut ranking = Ranking::new(AssetId(1), 4).unwrap();
        for one in turned {
            let kept = ranking.rank(&one, now).is_ok();
            prop_assert_eq!(kept, ranking.best_first().contains(&one));
        }
        prop_assert_eq!(ranking.best_first(), &naive[..]);
        ranking.expire(Nanos(15));
        naive.retain(|one| one.expires_at.0 > 15);
        prop_assert_eq!(ranking.best_first(), &naive[..]);
    }
}

#[test]
fn one_for_each_id_and_one_asset() {
    let mut ranking = Ranking::new(AssetId(1), 2).unwrap();
    ranking.rank(&found(1, 5, 8, 9), Nanos(0)).unwrap();
    ranking.rank(&found(1, 3, 8, 9), Nanos(0)).unwrap();
    assert_eq!(ranking.best_first(), &[found(1, 3, 8, 9)]);
    let other = Opportunity { asset: AssetId(2), ..found(2, 9, 8, 9) };
    assert_eq!(ranking.rank(&other, Nanos(0)), Err(RankRefusal::Asset));
    assert_eq!(ranking.rank(&found(1, 3, 8, 9), Nanos(9)), Err(RankRefusal::Expired));
    assert!(ranking.best_first().is_empty());
    assert!(Ranking::new(AssetId(1), 0).is_none());
    assert!(Ranking::new(AssetId(1), OPPORTUNITIES_MAX + 1).is_none());
}
