//! Self-trade prevention: two orders of one account meet.

use ballast_exchange::matching::{Outcome, Prevention, Reject, Why};
use ballast_model::{Lots, Side};

use crate::rig::{Change, FOK, Rig, ask, bid, spec, trades};

/// Asks at 100: 4 of account 1 (id 1), then 6 of account 2 (id 2).
fn rig() -> Rig {
    let mut rig = Rig::new(&spec());
    rig.rests(ask(1, 1, 100, 4));
    rig.rests(ask(2, 2, 100, 6));
    rig
}

#[test]
fn none_lets_them_trade_and_the_position_stays() {
    let mut rig = rig();
    assert_eq!(rig.trades(bid(1, 9, 100, 4)), [(1, 1, 100, 4)]);
    assert_eq!(rig.position(1), 0);
}

#[test]
fn expire_taker_ends_what_is_left_of_the_arriving_order() {
    let mut rig = rig();
    let outcomes = rig.place(bid(2, 9, 100, 6).stp(Prevention::ExpireTaker));
    assert_eq!(trades(&outcomes), [(1, 1, 100, 4)], "those in front of its own trade as ever");
    assert!(matches!(outcomes.last(), Some(Outcome::Expired(_, Lots(2), Why::SelfTrade))));
    assert_eq!(rig.levels(Side::Ask), [(100, 6)]);
}

#[test]
fn expire_maker_ends_the_resting_order_and_goes_on() {
    let mut rig = rig();
    let outcomes = rig.place(bid(1, 9, 100, 5).stp(Prevention::ExpireMaker));
    assert!(
        matches!(outcomes[1], Outcome::Expired(order, Lots(4), Why::SelfTrade) if order.client_id.0 == 1)
    );
    assert_eq!(trades(&outcomes), [(2, 2, 100, 5)]);
}

#[test]
fn expire_both_ends_both() {
    let mut rig = rig();
    let outcomes = rig.place(bid(1, 9, 100, 5).stp(Prevention::ExpireBoth));
    let ended = |outcome: &Outcome| {
        let Outcome::Expired(order, left, Why::SelfTrade) = outcome else { return None };
        Some((order.client_id.0, left.0))
    };
    assert_eq!(outcomes.iter().filter_map(ended).collect::<Vec<_>>(), [(1, 4), (9, 5)]);
    assert_eq!(rig.levels(Side::Ask), [(100, 6)]);
}

#[test]
fn decrement_makes_both_smaller_by_the_smaller_one() {
    let mut rig = rig();
    // The resting order is the smaller one: it is gone, the arriving one goes on.
    let outcomes = rig.place(bid(1, 9, 100, 5).stp(Prevention::Decrement));
    assert!(matches!(outcomes[1], Outcome::Prevented { lots: Lots(4), .. }));
    assert_eq!((trades(&outcomes), rig.left(1, 1)), (vec![(2, 2, 100, 1)], None));
    // The arriving one is the smaller one: it is gone, the other one stays in its place.
    let outcomes = rig.place(bid(2, 8, 100, 3).stp(Prevention::Decrement));
    assert!(matches!(outcomes[..], [Outcome::Accepted(_), Outcome::Prevented { lots: Lots(3), .. }]));
    assert_eq!((rig.left(2, 2), rig.left(2, 8), rig.position(2)), (Some(2), None, -1));
}

#[test]
fn a_fill_or_kill_order_passes_its_own_only_where_its_mode_does() {
    let mut rig = rig();
    for mode in [Prevention::ExpireTaker, Prevention::ExpireBoth, Prevention::Decrement] {
        assert_eq!(rig.refusal(bid(1, 9, 100, 5).tif(FOK).stp(mode)), Reject::NothingToTake);
    }
    let passes = bid(1, 9, 100, 7).tif(FOK).stp(Prevention::ExpireMaker);
    assert_eq!(rig.refusal(passes), Reject::NothingToTake);
    assert_eq!(rig.trades(bid(1, 9, 100, 6).tif(FOK).stp(Prevention::ExpireMaker)), [(2, 2, 100, 6)]);
}
