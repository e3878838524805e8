//! Filters, bounds, batches, halts, codes.

use ballast_exchange::matching::{
    AccountId, Dialect, Matching, MatchingSpec, MatchingSpecError, Outbox, Outcome, Phase, PriceBand, Reject,
    Request, VolatilityHalt, Why,
};
use ballast_model::{ClientOrderId, LOTS_MAX, Lots, Money, Nanos, Rate, RejectReason, Side, Span};

use crate::rig::{Change, FOK, IOC, POST, Rig, ask, bid, spec, trades};

#[test]
fn filters_refuse_by_name() {
    let mut spec = spec();
    spec.instrument.notional_min = Money::ONE;
    let mut rig = Rig::new(&spec);
    rig.rests(bid(1, 1, 1_000, 100));
    for (placement, why) in [
        (bid(4, 2, 1_000, 100), Reject::UnknownAccount),
        (bid(1, 2, 0, 100), Reject::PriceMin),
        (bid(1, 2, 1_000_001, 100), Reject::PriceMax),
        (bid(1, 2, 1_000, 0), Reject::SizeMin),
        (bid(1, 2, 1_000, 10_001), Reject::SizeMax),
        (bid(1, 2, 1_000, 99), Reject::NotionalMin),
        (bid(1, 1, 1_000, 100), Reject::DuplicateId),
    ] {
        assert_eq!(rig.refusal(placement), why);
    }
    rig.rests(bid(2, 1, 1_000, 100));
    assert!(matches!(rig.cancel(1, 9)[..], [Outcome::CancelRejected(_, _, Reject::UnknownOrder)]));
}

#[test]
fn the_band_is_about_the_mark_else_the_last_trade() {
    let mut spec = spec();
    spec.band = Some(PriceBand { up: Rate(110_000_000), down: Rate(90_000_000) });
    let mut rig = Rig::new(&spec);
    rig.rests(ask(1, 1, 1_000, 1));
    assert_eq!(rig.trades(bid(2, 1, 5_000, 1)), [(1, 1, 1_000, 1)], "no reference yet");
    assert_eq!(rig.refusal(bid(2, 1, 1_101, 1)), Reject::Band(Side::Bid));
    assert_eq!(rig.refusal(ask(2, 1, 899, 1)), Reject::Band(Side::Ask));
    rig.rests(ask(2, 1, 1_100, 1));
    rig.mark(2_000);
    assert_eq!(rig.refusal(ask(2, 2, 1_799, 1)), Reject::Band(Side::Ask));
    rig.rests(ask(2, 2, 1_800, 1));
}

#[test]
fn every_full_structure_is_a_refusal() {
    let mut spec = spec();
    (spec.limits.orders, spec.limits.orders_per_account) = (3, 2);
    (spec.limits.pages, spec.limits.position) = (1, Lots(50));
    let mut rig = Rig::new(&spec);
    rig.rests(bid(1, 1, 640, 10));
    assert_eq!(rig.refusal(bid(1, 2, 639, 1)), Reject::LevelsFull);
    assert_eq!(rig.refusal(bid(1, 2, 641, 41)), Reject::PositionMax);
    rig.rests(bid(1, 2, 703, 40));
    assert_eq!(rig.refusal(bid(1, 3, 640, 1)), Reject::OrdersMax);
    rig.rests(ask(2, 1, 9_000, 1));
    assert_eq!(rig.refusal(bid(3, 1, 640, 1)), Reject::VenueFull);
    // What does not rest needs no room.
    assert_eq!(rig.trades(ask(3, 1, 703, 1).tif(IOC)), [(1, 2, 703, 1)]);
    // A long position of 1 and 49 open lots leave no room; the other side has it.
    rig.cancel(1, 1);
    assert_eq!(rig.refusal(bid(1, 1, 640, 11)), Reject::PositionMax);
    rig.rests(ask(1, 1, 9_000, 50));
}

#[test]
fn an_outbox_that_is_full_says_so() {
    let mut engine = Matching::new(&spec()).unwrap();
    let mut outbox = Outbox::new(1);
    engine.place(&bid(1, 1, 100, 1), &mut outbox);
    engine.place(&bid(1, 2, 100, 1), &mut outbox);
    assert_eq!((outbox.outcomes().len(), outbox.lost()), (1, 1));
}

#[test]
fn a_batch_answers_each_request_as_if_it_had_come_alone() {
    let mut spec = spec();
    spec.limits.batch = 4;
    let mut rig = Rig::new(&spec);
    let cancel = Request::Cancel(AccountId(1), ClientOrderId(1));
    let requests = [
        Request::Place(bid(1, 1, 100, 1)),
        Request::Place(bid(1, 2, 0, 1)),
        cancel,
        Request::Place(ask(1, 3, 200, 1)),
        cancel,
    ];
    let outcomes = rig.act(|engine, outbox| engine.batch(&requests, outbox));
    let [
        Outcome::Accepted(_),
        Outcome::Rejected(_, _, Reject::PriceMin),
        Outcome::Cancelled(..),
        Outcome::Accepted(_),
        Outcome::CancelRejected(_, _, Reject::BatchMax),
    ] = outcomes[..]
    else {
        panic!("{outcomes:?}");
    };
}

#[test]
fn cancel_all_ends_the_orders_of_one_account() {
    let mut rig = Rig::new(&spec());
    for id in 1..=3 {
        rig.rests(bid(1, id, 100 + id.cast_signed(), 1));
        rig.rests(ask(1, 10 + id, 200, 1));
        rig.rests(bid(2, id, 100, 1));
    }
    let outcomes = rig.act(|engine, outbox| engine.cancel_all(AccountId(1), outbox));
    assert_eq!(outcomes.len(), 7);
    assert_eq!(outcomes.last(), Some(&Outcome::AllCancelled(AccountId(1), 6)));
    assert_eq!((rig.engine.open_orders(), rig.levels(Side::Bid)), (3, vec![(100, 3)]));
}

#[test]
fn too_large_a_move_halts_matching_until_its_time() {
    let mut spec = spec();
    let (window, pause) = (Span(100), Span(1_000));
    spec.halt = Some(VolatilityHalt { band: Rate::from_bps(100), window, pause });
    let mut rig = Rig::new(&spec);
    rig.advance(10);
    for (id, price) in (1..).zip([10_000, 10_100, 10_101]) {
        rig.rests(ask(1, id, price, 1));
    }
    assert_eq!(rig.refusal(bid(2, 1, 10_101, 3).tif(FOK)), Reject::NothingToTake, "the halt would cut it");
    let outcomes = rig.place(bid(2, 1, 10_101, 3));
    assert_eq!(trades(&outcomes), [(1, 1, 10_000, 1), (1, 2, 10_100, 1)]);
    assert!(matches!(outcomes[3..], [Outcome::Halted, Outcome::Expired(_, Lots(1), Why::Halted)]));
    assert_eq!(rig.engine.phase(), Phase::Halted(Nanos(1_010)));
    // Orders that would not take may rest; others may not.
    assert_eq!(rig.refusal(bid(2, 1, 10_101, 1)), Reject::Halted);
    assert_eq!(rig.refusal(bid(2, 1, 10_101, 1).tif(IOC)), Reject::Halted);
    rig.rests(bid(2, 1, 10_099, 1));
    rig.cancel(2, 1);
    assert_eq!(rig.engine.next_deadline(), Some(Nanos(1_010)));
    assert_eq!(rig.advance(1_010), [Outcome::Resumed]);
    assert_eq!(rig.trades(bid(2, 1, 10_101, 1)), [(1, 3, 10_101, 1)]);
    // The next window is measured from the last trade before it: 1 % above 10 101 and no further.
    rig.advance(1_200);
    rig.rests(ask(1, 4, 10_203, 1));
    assert!(rig.place(bid(2, 2, 10_203, 1)).contains(&Outcome::Halted));
}

#[test]
fn refusals_have_the_venues_codes() {
    assert_eq!(Reject::WouldTake.code(Dialect::BinanceUsdm), -5022);
    assert_eq!(Reject::WouldTake.code(Dialect::BinanceSpot), -2010);
    for (why, code) in [
        (Reject::PriceMin, -4013),
        (Reject::PriceMax, -4002),
        (Reject::Band(Side::Bid), -4016),
        (Reject::Band(Side::Ask), -4024),
        (Reject::SizeMin, -4004),
        (Reject::SizeMax, -4005),
        (Reject::UnknownOrder, -2011),
    ] {
        assert_eq!(why.code(Dialect::BinanceUsdm), code, "{why:?}");
    }
    assert_eq!(Reject::Band(Side::Ask).code(Dialect::BinanceSpot), -1013);
    assert_eq!(Reject::UnknownOrder.code(Dialect::BinanceSpot), -2011);
    assert_eq!(Reject::LevelsFull.reason(), RejectReason::OrdersMax);
    assert_eq!(Reject::Halted.reason(), RejectReason::Closed);
}

#[test]
fn an_engine_that_cannot_be_is_not_built() {
    let refused = |change: fn(&mut MatchingSpec)| {
        let mut spec = spec();
        change(&mut spec);
        Matching::new(&spec).err()
    };
    assert_eq!(refused(|spec| spec.limits.accounts = 0), Some(MatchingSpecError::Accounts));
    assert_eq!(refused(|spec| spec.limits.orders = 0), Some(MatchingSpecError::Orders));
    assert_eq!(refused(|spec| spec.limits.batch = 0), Some(MatchingSpecError::Orders));
    assert_eq!(refused(|spec| spec.limits.pages = 0), Some(MatchingSpecError::Pages));
    assert_eq!(refused(|spec| spec.limits.position = Lots(0)), Some(MatchingSpecError::Position));
    assert_eq!(
        refused(|spec| {
            spec.instrument.size_max = Lots(LOTS_MAX);
            spec.limits.orders = 200;
        }),
        Some(MatchingSpecError::Sizes)
    );
    assert_eq!(refused(|spec| spec.market_protection = Rate(-1)), Some(MatchingSpecError::Protection));
    let band = |up, down| Some(PriceBand { up: Rate(up), down: Rate(down) });
    let mut spec = spec();
    spec.band = band(99_999_999, 0);
    assert_eq!(Matching::new(&spec).err(), Some(MatchingSpecError::Band));
    spec.band = None;
    spec.halt = Some(VolatilityHalt { band: Rate(1), window: Span(0), pause: Span(1) });
    assert_eq!(Matching::new(&spec).err(), Some(MatchingSpecError::Halt));
    assert_eq!(refused(|_| {}), None);
}

#[test]
fn the_state_hash_sees_what_decides() {
    let hash = |place: i64| {
        let mut rig = Rig::new(&spec());
        rig.rests(bid(1, 1, 100 + place, 1).tif(POST));
        rig.engine.state_hash()
    };
    assert_eq!(hash(0), hash(0));
    assert_ne!(hash(0), hash(1));
}
