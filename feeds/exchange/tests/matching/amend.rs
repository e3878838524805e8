//! Amendments by the rules of different venues.

use ballast_core::replace::ReplaceRules;
use ballast_exchange::matching::{Outcome, Prevention, Reject, Why};
use ballast_model::{Lots, Price, Side};

use crate::rig::{Change, POST, Rig, ask, bid, spec, trades};

/// Two asks at 100, 5 (id 1) before 5 (id 2), both of account 1.
fn rig(rules: ReplaceRules) -> Rig {
    let mut spec = spec();
    spec.amend = rules;
    let mut rig = Rig::new(&spec);
    rig.rests(ask(1, 1, 100, 5));
    rig.rests(ask(1, 2, 100, 5));
    rig
}

fn refusal(outcomes: &[Outcome]) -> Reject {
    match outcomes {
        [Outcome::ReplaceRejected(_, _, why)] => *why,
        _ => panic!("{outcomes:?}"),
    }
}

#[test]
fn a_smaller_size_keeps_its_place_where_the_rules_say_so() {
    for (rules, first) in [
        (ReplaceRules::BINANCE_SPOT, 1),
        (ReplaceRules::DERIBIT, 1),
        (ReplaceRules::BINANCE_USDM, 2),
        (ReplaceRules::HYPERLIQUID, 2),
    ] {
        let mut rig = rig(rules);
        rig.amend(1, 1, 100, 3);
        assert_eq!(rig.levels(Side::Ask), [(100, 8)]);
        assert_eq!(rig.trades(bid(2, 1, 100, 1)), [(1, first, 100, 1)], "{rules:?}");
    }
}

#[test]
fn a_larger_size_or_another_price_goes_behind() {
    let mut rig = rig(ReplaceRules::DERIBIT);
    rig.amend(1, 1, 100, 6);
    assert_eq!(rig.trades(bid(2, 1, 100, 5)), [(1, 2, 100, 5)]);
    rig.rests(ask(1, 3, 101, 1));
    rig.amend(1, 1, 101, 6);
    assert_eq!(rig.trades(bid(2, 1, 101, 2)), [(1, 3, 101, 1), (1, 1, 101, 1)]);
}

#[test]
fn the_new_total_counts_what_has_traded() {
    let mut rig = rig(ReplaceRules::DERIBIT);
    rig.trades(bid(2, 1, 100, 2));
    let outcomes = rig.amend(1, 1, 100, 4);
    assert!(matches!(outcomes[..], [Outcome::Replaced { lots: Lots(4), filled: Lots(2), .. }]));
    assert_eq!(rig.left(1, 1), Some(2));
    assert_eq!(refusal(&rig.amend(1, 1, 100, 2)), Reject::SizeMin);
    let mut usdm = self::rig(ReplaceRules::BINANCE_USDM);
    usdm.trades(bid(2, 1, 100, 2));
    assert!(matches!(usdm.amend(1, 1, 100, 2)[..], [Outcome::Cancelled(_, Lots(3))]));
}

#[test]
fn an_amended_order_may_take() {
    let mut rig = rig(ReplaceRules::BINANCE_USDM);
    rig.rests(bid(2, 1, 99, 3));
    let outcomes = rig.amend(1, 1, 99, 5);
    assert!(matches!(outcomes[0], Outcome::Replaced { price: Price(99), .. }));
    assert_eq!((trades(&outcomes), rig.left(1, 1)), (vec![(2, 1, 99, 3)], Some(2)));
}

#[test]
fn a_post_only_order_is_not_amended_into_a_taker() {
    let mut rig = rig(ReplaceRules::DERIBIT);
    rig.rests(bid(2, 1, 99, 3).tif(POST));
    assert_eq!(refusal(&rig.amend(2, 1, 100, 3)), Reject::WouldTake);
    let mut usdm = self::rig(ReplaceRules::BINANCE_USDM);
    usdm.rests(bid(2, 1, 99, 3).tif(POST));
    assert!(matches!(usdm.amend(2, 1, 100, 3)[..], [Outcome::Expired(_, Lots(3), Why::WouldTake)]));
}

#[test]
fn what_the_rules_do_not_allow_is_refused() {
    let mut spot = rig(ReplaceRules::BINANCE_SPOT);
    assert_eq!(refusal(&spot.amend(1, 1, 101, 3)), Reject::NotAmendable);
    assert_eq!(refusal(&spot.amend(1, 1, 100, 6)), Reject::NotAmendable);
    assert_eq!(refusal(&spot.amend(1, 7, 100, 3)), Reject::UnknownOrder);
    assert_eq!(refusal(&spot.amend(2, 1, 100, 3)), Reject::UnknownOrder, "of another account");
    let mut none = rig(ReplaceRules::POLYMARKET);
    assert_eq!(refusal(&none.amend(1, 1, 100, 3)), Reject::NotAmendable);
    let mut deribit = rig(ReplaceRules::DERIBIT);
    assert_eq!(refusal(&deribit.amend(1, 1, 100, 5)), Reject::Unchanged);
    assert_eq!(refusal(&deribit.amend(1, 1, 0, 5)), Reject::PriceMin);
}

#[test]
fn amendments_are_counted_and_reset_prevention_where_the_venue_does() {
    let mut rules = ReplaceRules::BINANCE_USDM;
    rules.amendments_max = 2;
    let mut rig = rig(rules);
    rig.rests(bid(1, 3, 90, 5).stp(Prevention::ExpireTaker));
    rig.amend(1, 3, 91, 5);
    // Its prevention is gone: it trades with the account's own ask.
    assert_eq!(trades(&rig.amend(1, 3, 100, 6)), [(1, 1, 100, 5), (1, 2, 100, 1)]);
    rig.amend(1, 2, 102, 5);
    rig.amend(1, 2, 103, 5);
    assert_eq!(refusal(&rig.amend(1, 2, 104, 5)), Reject::AmendmentsMax);
}
