//! Decisions that inventories ask for beside the band.

use proptest::prelude::*;

use super::*;

fn working(side: Side) -> HedgeCalls {
    let mut calls = HedgeCalls::default();
    calls.work_on(side);
    calls
}

fn yielding(side: Side) -> HedgeCalls {
    let mut calls = HedgeCalls::default();
    calls.yield_on(side);
    calls
}

#[test]
fn what_lies_inside_the_band_is_worked_off_while_called() {
    for (delta, side) in [(8, Side::Ask), (-8, Side::Bid)] {
        let mut desk = Desk::new(delta, 0);
        assert_eq!((desk.decide(0).state, desk.placed()), (HedgeState::Inside, vec![]));
        desk.calls = working(side);
        // To the smallest order of two.
        assert_eq!(desk.decide(1).state, HedgeState::Outside(side));
        assert_eq!(desk.placed(), [(side, 6, ReduceOnly::No)]);
        desk.order(side, 6, LiveStatus::Live);
        desk.decide(50);
        assert_eq!((desk.placed(), desk.actions.cancels().len()), (vec![], 0), "it is under way");
        // The call has ended: what stands is called back.
        desk.calls = HedgeCalls::default();
        assert_eq!(desk.decide(60).state, HedgeState::Inside);
        assert_eq!((desk.placed(), desk.actions.cancels().len()), (vec![], 1));
    }
}

#[test]
fn a_call_for_the_other_side_changes_nothing() {
    let mut desk = Desk::new(8, 0);
    desk.calls = working(Side::Bid);
    assert_eq!((desk.decide(0).state, desk.placed()), (HedgeState::Inside, vec![]));
    let mut desk = Desk::new(30, 0);
    desk.calls = yielding(Side::Bid);
    desk.decide(0);
    assert_eq!(desk.placed(), [(Side::Ask, 20, ReduceOnly::No)]);
}

#[test]
fn a_side_that_somebody_else_closes_is_left_alone() {
    let mut desk = Desk::new(30, 0);
    desk.calls = yielding(Side::Ask);
    desk.order(Side::Ask, 20, LiveStatus::Live);
    assert_eq!(desk.decide(0).state, HedgeState::Outside(Side::Ask), "it still is outside");
    assert_eq!((desk.placed(), desk.actions.cancels().len()), (vec![], 1));
    desk.orders.clear();
    desk.decide(100);
    assert_eq!(desk.placed(), [], "not even what both ask for");
    desk.calls = HedgeCalls::default();
    desk.decide(200);
    assert_eq!(desk.placed(), [(Side::Ask, 20, ReduceOnly::No)]);
}

#[test]
fn a_hedge_whose_part_was_closed_is_taken_back_at_once_to_the_band() {
    // Of 100 that were hedged somebody else closes 60, then all, by sales that the hedge leaves to them.
    let mut desk = Desk::new(100, -100);
    desk.calls = yielding(Side::Ask);
    assert_eq!((desk.decide(0).state, desk.placed()), (HedgeState::Inside, vec![]));
    for (delta, taken) in [(40, 50), (0, 90)] {
        let mut desk = Desk::new(delta, -100);
        desk.calls = yielding(Side::Ask);
        assert_eq!(desk.decide(0).state, HedgeState::Outside(Side::Bid));
        assert_eq!(desk.placed(), [(Side::Bid, taken, ReduceOnly::Yes)], "what stays lies inside the band");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    /// Called or not, an order never carries any possible residual through zero.
    #[test]
    fn a_call_never_turns_the_sign(
        delta in -60..60i128, position in -60..60i64, unknown in 0..30i64, sold in any::<bool>(),
        work in prop::array::uniform2(any::<bool>()),
    ) {
        let mut desk = Desk::new(delta, position);
        desk.calls.work = work;
        if unknown > 0 {
            desk.order(if sold { Side::Ask } else { Side::Bid }, unknown, LiveStatus::UnknownCancelling);
        }
        let view = desk.decide(0);
        for (side, lots, _) in desk.placed() {
            let end = match side {
                Side::Ask => view.settled.lo().unwrap(),
                Side::Bid => Base(-view.settled.hi().unwrap().0),
            };
            prop_assert!(i128::from(lots) * MILLI <= end.0, "{side:?} {lots} at {view:?}");
            // Inside the band only on a side that was called for.
            prop_assert!(end.0 > 10 * MILLI || work[side.index()]);
        }
    }
}
