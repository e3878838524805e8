use ballast_model::{Contract, Money, Side};

use super::*;
use crate::fixture::{adjustment, fill, record, sample, spec};

/// What was done on ticks of 0.1 and lots of 0.01, and then on ticks and lots of these sizes.
fn two(tick: &str, lot: &str) -> [InstrumentRecord; 2] {
    let fills = |at: i64| vec![FillRow { position_after: Lots(3), ..fill(at, Side::Bid, 100, 3) }];
    let requests = Requests { orders: 2, lots: Lots(30), amendments: 1, cancels: 4 };
    let one = |at: i64, spec| InstrumentRecord {
        spec,
        requests,
        fills: fills(at),
        adjustments: vec![adjustment(at, Side::Ask, 2, 1)],
        samples: vec![Sample {
            bid: Some(Price(99)),
            position: Lots(3),
            gross: Money(at.into()),
            ..sample(at)
        }],
        ..record()
    };
    let before = spec(Contract::Linear);
    let after = InstrumentSpec { tick: Step::parse(tick).unwrap(), lot: Step::parse(lot).unwrap(), ..before };
    [one(1, before), one(2, InstrumentSpec::new(after).unwrap())]
}

#[test]
fn one_grid_is_kept_and_what_follows_comes_behind() {
    let [before, after] = two("0.1", "0.01");
    let all = before.clone().join(after.clone()).unwrap();
    assert_eq!(all.spec, before.spec);
    assert_eq!(all.fills, [before.fills, after.fills].concat());
    assert_eq!(all.samples, [before.samples, after.samples].concat());
    assert_eq!(all.requests, Requests { orders: 4, lots: Lots(60), amendments: 2, cancels: 8 });
    assert_eq!(all.adjustments.iter().map(|one| one.fills_before).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(all.check(), Ok(()));
}

#[test]
fn prices_and_sizes_stay_what_they_are_on_another_grid() {
    // Ticks of 0.1 and 0.25 are both in ticks of 0.05; lots of 0.01 and 0.1 in those of 0.01.
    let [before, after] = two("0.25", "0.1");
    let turnover = |record: &InstrumentRecord| record.turnover();
    let worth = turnover(&before) + turnover(&after);
    let all = before.join(after).unwrap();
    assert_eq!((all.spec.tick, all.spec.lot), (Step::parse("0.05").unwrap(), Step::parse("0.01").unwrap()));
    assert_eq!(all.turnover(), worth);
    let prices: Vec<_> = all.fills.iter().map(|fill| (fill.price.0, fill.lots.0, fill.mid.0)).collect();
    assert_eq!(prices, [(200, 3, 400), (500, 30, 1_000)]);
    let samples: Vec<_> = all.samples.iter().map(|one| (one.bid, one.mid.0, one.position.0)).collect();
    assert_eq!(samples, [(Some(Price(198)), 400, 3), (Some(Price(495)), 1_000, 30)]);
    let booked: Vec<_> = all.booked().map(|one| (one.lots.0, one.position_after.0)).collect();
    assert_eq!(booked, [(3, 3), (2, 0), (30, 30), (20, 0)]);
    assert_eq!(all.requests.lots, Lots(330));
}

#[test]
fn grids_that_no_instrument_can_hold_together_are_left_apart() {
    let [before, mut after] = two("0.1", "0.01");
    after.spec.tick = Step::parse("0.00000000001").unwrap();
    let apart = before.clone().join(after.clone()).unwrap_err();
    assert_eq!(*apart, [before, after]);
}
