//! Stories of a market that is well.

use alloc::vec;

use ballast_model::{
    BookKind, Event, InstrumentId, Last, LostReason, Lots, OrderReport, Rate, RejectReason, Side, Span, Ticks,
};

use super::desk::{Desk, Did, ETH, PARAMS, STEP, ask, bid, lane, model, quoting, slot};
use crate::gate::Rule;
use crate::model::{AfterFill, FixedSpreadParams, Hold, LiquidityMin};
use crate::outbox::Note;
use crate::quotes::Tolerance;
use crate::shard::{LaneSpec, QuotingSpec, Trigger};
use crate::volatility::{EwmaParams, VolatilityKind};

#[test]
fn a_book_brings_a_quote_on_each_side() {
    let desk = Desk::quoted();
    assert_eq!(desk.shard.best_quote(ETH, Side::Bid).unwrap().0, 10_000);
    assert_eq!(desk.shard.best_quote(ETH, Side::Ask).unwrap().0, 10_010);
    assert_eq!(desk.notes, []);
}

#[test]
fn nothing_is_quoted_before_a_snapshot() {
    let mut desk = Desk::with(|_| ());
    assert_eq!(desk.confirm(), []);
    assert_eq!(desk.touch(10_000, 10_010), []);
    assert_eq!(desk.public_trade(10_000), []);
    assert_eq!(desk.lose(), []);
    assert_eq!(desk.shard.next_deadline(), None);
}

#[test]
fn nothing_is_decided_in_the_middle_of_a_batch() {
    let mut desk = Desk::quoted();
    let begin = desk.begin(ETH, BookKind::Diff, 2);
    assert_eq!(desk.tell(&begin), []);
    assert_eq!(
        desk.tell_now(&slot(ETH, Side::Bid, 10_004, Last::No)),
        [],
        "a better bid, but the ask may move, too"
    );
    let after = desk.tell_now(&slot(ETH, Side::Ask, 10_008, Last::Yes));
    assert_eq!(after, [Did::Cancel(1), Did::Cancel(2), bid(3, 10_001), ask(4, 10_011)]);
}

#[test]
fn quotes_move_with_the_touch_and_stay_while_it_stands() {
    let mut desk = Desk::quoted();
    assert_eq!(desk.confirm(), []);
    assert_eq!(desk.public_trade(10_000), []);
    assert_eq!(desk.touch(10_000, 10_010), []);
    let moved = [Did::Cancel(1), Did::Cancel(2), bid(3, 10_002), ask(4, 10_012)];
    assert_eq!(desk.touch(10_002, 10_012), moved);
    assert_eq!(desk.cancelled(1), []);
    assert_eq!(desk.accepted(3), []);
}

#[test]
fn a_quote_a_little_deeper_than_wanted_keeps_its_place() {
    let mut desk =
        Desk::with(|quoting| quoting.tolerance = Tolerance { price: Ticks(2), size: Rate(0) }).then_quoted();
    assert_eq!(
        desk.touch(10_002, 10_010),
        [Did::Cancel(2), ask(3, 10_011)],
        "the bid is a tick too deep, the ask too bold"
    );
    assert_eq!(desk.accepted(3), []);
    let moved = [Did::Cancel(1), Did::Cancel(3), bid(4, 10_004), ask(5, 10_014)];
    assert_eq!(desk.touch(10_006, 10_012), moved, "now the bid is four ticks too deep");
}

#[test]
fn a_buy_moves_both_quotes_down_and_a_sale_both_up() {
    let tight = || {
        let mut desk = Desk::with(|_| ());
        assert_eq!(desk.snapshot(10_004, 10_006), [bid(1, 10_000), ask(2, 10_010)]);
        assert_eq!((desk.accepted(1), desk.accepted(2)), (vec![], vec![]));
        desk
    };
    let mut desk = tight();
    assert_eq!(desk.fill(1, Side::Bid, 10), [Did::Cancel(2), bid(3, 9_999), ask(4, 10_009)]);
    assert_eq!(desk.position(), 10);
    let mut desk = tight();
    assert_eq!(desk.fill(2, Side::Ask, 10), [Did::Cancel(1), bid(3, 10_001), ask(4, 10_011)]);
    assert_eq!(desk.position(), -10);
}

#[test]
fn inventory_brings_no_quote_beyond_the_touch() {
    let mut desk = Desk::quoted();
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)], "the ask stays at the best ask");
}

#[test]
fn at_the_inventory_limit_only_the_adding_side_stops() {
    let mut desk = Desk::quoted();
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)]);
    desk.accepted(3);
    assert_eq!(desk.fill(3, Side::Bid, 10), [bid(4, 9_998)]);
    desk.accepted(4);
    assert_eq!(desk.fill(4, Side::Bid, 10), [], "long thirty: no bid more");
    assert_eq!(desk.shard.best_quote(ETH, Side::Bid), None);
    assert_eq!(desk.shard.best_quote(ETH, Side::Ask).unwrap().0, 10_010, "and the ask stands");
    assert_eq!(desk.fill(2, Side::Ask, 10), [bid(5, 9_998), ask(6, 10_010)], "sold some: both sides again");
}

#[test]
fn at_the_gates_limit_only_the_adding_side_is_refused() {
    let mut desk = Desk::with(|quoting| quoting.limits.position_lots_max = Lots(15)).then_quoted();
    assert_eq!(desk.fill(1, Side::Bid, 10), [], "ten held and ten more would be twenty");
    let refusals = desk.shard.gate(ETH).unwrap().refusals(Rule::Position);
    assert!(refusals > 0 && matches!(desk.notes.last(), Some(Note::Refused(ETH, _))), "{:?}", desk.notes);
    assert_eq!(desk.fill(2, Side::Ask, 10), [bid(3, 10_000), ask(4, 10_010)], "flat again");
}

#[test]
fn refused_orders_use_up_no_ids() {
    let mut desk = Desk::with(|quoting| quoting.limits.position_lots_max = Lots(15)).then_quoted();
    desk.fill(1, Side::Bid, 10);
    // Each move of the touch wants a bid, which is refused, and a new ask.
    for (order, price) in (2..6).zip([10_030, 10_050, 10_070, 10_090]) {
        assert_eq!(desk.touch(price - 10, price), [Did::Cancel(order), ask(order + 1, price)]);
        desk.cancelled(order);
        desk.accepted(order + 1);
    }
    assert!(desk.shard.gate(ETH).unwrap().refusals(Rule::Position) >= 4);
}

#[test]
fn a_part_filled_quote_is_made_whole() {
    let mut desk = Desk::quoted();
    assert_eq!(desk.fill(1, Side::Bid, 4), [Did::Cancel(1), bid(3, 9_999)]);
    let tolerant = |quoting: &mut QuotingSpec| {
        quoting.tolerance = Tolerance { price: Ticks(0), size: Rate(50_000_000) };
    };
    // Half of it may be missing; four lots move the quotes by less than a tick, which rounds the bid down.
    let mut desk = Desk::with(tolerant).then_quoted();
    assert_eq!(desk.fill(2, Side::Ask, 4), [Did::Cancel(2), ask(3, 10_011)]);
}

#[test]
fn warm_up_is_waited_for_and_told_once() {
    let warm_up = EwmaParams {
        half_life: Span::from_secs(30),
        interval_min: Span::ZERO,
        elapsed_min: Span::ZERO,
        samples_min: 3,
    };
    let mut desk = Desk::with(|quoting| {
        let params = crate::model::AvellanedaParams {
            gamma: 0.01,
            k: 10.0,
            horizon: crate::model::Horizon::Session(Span::from_secs(60)),
            size: Lots(10),
            size_reducing_max: Lots(10),
            inventory_max: Lots(100),
            skew_max: Ticks(10),
        };
        let scales = crate::model::Scales::new(&super::desk::instrument());
        let model = crate::model::AvellanedaStoikov::new(params, scales).unwrap();
        quoting.model = crate::model::Model::AvellanedaStoikov(model);
        quoting.volatility = Some(VolatilityKind::Ewma(warm_up));
    });
    assert_eq!(desk.snapshot(10_000, 10_010), []);
    assert_eq!(desk.touch(10_001, 10_011), []);
    assert_eq!(desk.touch(10_000, 10_010), []);
    assert_eq!(desk.notes, [Note::Held(ETH, Hold::NoVolatility)]);
    let placed = desk.touch(10_001, 10_011);
    let [Did::Place(1, Side::Bid, bid, 10), Did::Place(2, Side::Ask, ask, 10)] = *placed else {
        panic!("{placed:?}")
    };
    assert!(bid < 10_006 && ask > 10_006 && bid < ask, "{bid} and {ask} around the mid");
}

#[test]
fn an_interval_quoter_decides_on_its_timer_alone() {
    let every = Span::from_millis(100);
    let mut desk = Desk::with(|quoting| quoting.trigger = Trigger::Every(every));
    assert_eq!(desk.snapshot(10_000, 10_010), []);
    let first = desk.now + every;
    assert_eq!(desk.shard.next_deadline(), Some(first));
    assert_eq!(desk.touch(10_004, 10_014), []);
    assert_eq!((desk.timer(), desk.now), (vec![bid(1, 10_004), ask(2, 10_014)], first));
    assert_eq!(desk.accepted(1), []);
    assert_eq!(desk.touch(10_010, 10_020), []);
    assert_eq!(desk.fill(1, Side::Bid, 10), [], "a fill waits for the timer, too");
    let second = desk.timer();
    assert_eq!((desk.now, desk.position()), (first + every, 10));
    assert_eq!(second, [Did::Cancel(2), bid(3, 10_009), ask(4, 10_020)]);
}

#[test]
fn a_model_that_pulls_the_other_side_is_asked_at_once_and_again_in_time() {
    let (every, pulled) = (Span::from_millis(100), Span::from_millis(30));
    let mut desk = Desk::with(|quoting| {
        quoting.trigger = Trigger::Every(every);
        quoting.model = model(FixedSpreadParams { after_fill: AfterFill::PullOther(pulled), ..PARAMS });
    });
    assert_eq!(desk.snapshot(10_000, 10_010), []);
    assert_eq!(desk.timer(), [bid(1, 10_000), ask(2, 10_010)]);
    let refresh = desk.now + every;
    assert_eq!(desk.accepted(1), []);
    assert_eq!(desk.accepted(2), []);
    assert_eq!(desk.fill(1, Side::Bid, 10), [Did::Cancel(2), bid(3, 9_999)], "no waiting for the refresh");
    let back = desk.now + pulled;
    assert_eq!(desk.fill_again(1, Side::Bid, 10), [], "a fill heard twice is one fill");
    assert_eq!(desk.cancelled(2), []);
    assert_eq!(desk.shard.next_deadline(), Some(back));
    assert_eq!(desk.timer(), [ask(4, 10_010)]);
    assert_eq!(desk.shard.next_deadline(), Some(refresh));
}

#[test]
fn what_a_model_remembers_is_part_of_the_state() {
    let desks = [30, 40].map(|millis| {
        let after_fill = AfterFill::PullOther(Span::from_millis(millis));
        let pulling = |quoting: &mut QuotingSpec| {
            quoting.model = model(FixedSpreadParams { after_fill, ..PARAMS });
        };
        let mut desk = Desk::with(pulling).then_quoted();
        let before = desk.shard.state_hash();
        (before, desk.fill(1, Side::Bid, 10), desk.shard.state_hash())
    });
    let [(before, did, after), (twin_before, twin_did, twin_after)] = desks;
    assert_eq!((before, did), (twin_before, twin_did));
    assert_ne!(after, twin_after, "the ask comes back at another time");
}

#[test]
fn a_book_thin_near_the_touch_is_not_quoted() {
    let min = |lots| LiquidityMin { lots: Lots(lots), within: Ticks(3) };
    let desk = |lots| {
        let params = FixedSpreadParams { liquidity_min: Some(min(lots)), ..PARAMS };
        let mut desk = Desk::with(|quoting| quoting.model = model(params));
        (desk.snapshot(10_000, 10_010), desk.notes)
    };
    assert_eq!(desk(500), (vec![bid(1, 10_000), ask(2, 10_010)], vec![]));
    assert_eq!(desk(501), (vec![], vec![Note::Held(ETH, Hold::ThinBook)]));
}

#[test]
fn instruments_of_a_shard_do_not_touch_each_other() {
    let spot = InstrumentId(1);
    let mut desk = Desk::new(vec![lane(&quoting()), lane(&quoting())]).then_quoted();
    assert_eq!(
        desk.snapshot_of(spot, 20_000, 20_010),
        [bid(3, 20_000), ask(4, 20_010)],
        "ids are the shard's"
    );
    let hash = desk.shard.market(spot).unwrap().touch();
    assert_eq!(desk.lose(), [Did::Cancel(1), Did::Cancel(2)]);
    assert_eq!(desk.shard.market(spot).unwrap().touch(), hash);
    assert_eq!(desk.shard.best_quote(spot, Side::Bid).unwrap().0, 20_000);
    assert_eq!(desk.shard.position(spot), Lots::ZERO);
}

#[test]
fn a_followed_instrument_is_never_quoted() {
    let mut desk = Desk::new(vec![LaneSpec { quoting: None, ..lane(&quoting()) }]);
    assert_eq!(desk.snapshot(10_000, 10_010), []);
    assert_eq!(desk.touch(10_001, 10_011), []);
    assert_eq!((desk.shard.mid(ETH).is_some(), desk.shard.next_deadline()), (true, None));
}

#[test]
fn an_old_touch_pulls_the_quotes_by_the_timer() {
    let mut desk = Desk::quoted();
    let confirmed = desk.shard.market(ETH).unwrap().confirmed_at();
    assert_eq!(desk.shard.next_deadline(), Some(confirmed + Span::from_secs(5)));
    assert_eq!(desk.timer(), [Did::Cancel(1), Did::Cancel(2)]);
    assert_eq!(desk.notes, [Note::Held(ETH, Hold::NoTouch)]);
    let asked = desk.now + Span::from_secs(2);
    assert_eq!(desk.shard.next_deadline(), Some(asked), "nothing stands; the cancels are asked about");
    assert_eq!((desk.cancelled(1), desk.cancelled(2)), (vec![], vec![]));
}

#[test]
fn a_confirmed_touch_is_young_again() {
    let mut desk = Desk::quoted();
    desk.now = desk.now + Span::from_secs(4);
    assert_eq!(desk.confirm(), []);
    assert_eq!(desk.timer(), [], "the first deadline finds the touch confirmed");
    let confirmed = desk.shard.market(ETH).unwrap().confirmed_at();
    assert_eq!(desk.shard.next_deadline(), Some(confirmed + Span::from_secs(5)));
    assert_eq!(desk.timer(), [Did::Cancel(1), Did::Cancel(2)]);
}

#[test]
fn quotes_return_when_the_venue_confirms_the_same_touch() {
    let mut desk = Desk::quoted();
    desk.timer();
    desk.cancelled(1);
    desk.cancelled(2);
    assert_eq!(desk.confirm(), [bid(3, 10_000), ask(4, 10_010)]);
}

#[test]
fn a_lost_book_pulls_the_quotes_and_a_snapshot_brings_them_back() {
    let mut desk = Desk::quoted();
    assert_eq!(desk.lose(), [Did::Cancel(1), Did::Cancel(2)]);
    assert_eq!(desk.notes, [Note::BookLost(ETH, LostReason::Gap), Note::Held(ETH, Hold::NoTouch)]);
    assert_eq!(desk.touch(10_001, 10_011), [], "best prices alone are no book");
    assert_eq!((desk.cancelled(1), desk.cancelled(2)), (vec![], vec![]));
    assert_eq!(desk.snapshot(10_000, 10_010), [bid(3, 10_000), ask(4, 10_010)]);
}

#[test]
fn a_lost_book_does_not_wait_for_the_interval() {
    let mut desk = Desk::with(|quoting| quoting.trigger = Trigger::Every(Span::from_secs(10)));
    desk.snapshot(10_000, 10_010);
    // The touch must be confirmed shortly before the timer, or it is too old to quote on.
    desk.now = desk.shard.next_deadline().unwrap() - STEP - STEP;
    desk.confirm();
    assert_eq!(desk.timer(), [bid(1, 10_000), ask(2, 10_010)]);
    assert_eq!(desk.lose(), [Did::Cancel(1), Did::Cancel(2)]);
}

#[test]
fn a_crossed_or_one_sided_touch_is_not_quoted_on() {
    for (bid, ask) in [(10_010, 10_010), (10_020, 10_010)] {
        let mut desk = Desk::quoted();
        assert_eq!(desk.touch(bid, ask), [Did::Cancel(1), Did::Cancel(2)], "{bid} over {ask}");
    }
}

#[test]
fn beyond_the_rate_new_orders_wait_and_cancels_do_not() {
    let mut desk = Desk::with(|quoting| {
        (quoting.limits.order_burst_max, quoting.limits.orders_per_second_max) = (2, 1);
    })
    .then_quoted();
    assert_eq!(desk.touch(10_020, 10_030), [Did::Cancel(1), Did::Cancel(2)]);
    assert!(desk.shard.gate(ETH).unwrap().refusals(Rule::OrderRate) > 0);
    desk.now = desk.now + Span::from_secs(1);
    assert_eq!(desk.touch(10_021, 10_031), [bid(3, 10_021)], "one second, one order");
}

#[test]
fn what_the_rate_refused_is_sent_when_the_rate_allows() {
    let mut desk = Desk::with(|quoting| {
        (quoting.limits.order_burst_max, quoting.limits.orders_per_second_max) = (2, 4);
    });
    desk.snapshot(10_000, 10_010);
    let spent = desk.now;
    assert_eq!(desk.touch(10_020, 10_030), [Did::Cancel(1), Did::Cancel(2)]);
    assert_eq!((desk.cancelled(1), desk.cancelled(2)), (vec![], vec![]));
    assert_eq!(desk.shard.next_deadline(), Some(spent + Span::from_millis(250)), "a token is back");
    assert_eq!(desk.timer(), [bid(3, 10_020)]);
    assert_eq!(desk.timer(), [ask(4, 10_030)], "and the next one");
    assert_eq!(desk.now, spent + Span::from_millis(500));
}

#[test]
fn a_refused_quote_is_replaced() {
    let mut desk = Desk::with(|_| ());
    desk.snapshot(10_000, 10_010);
    let again = desk.report(1, OrderReport::Rejected(RejectReason::WouldTake));
    assert_eq!(again, [bid(3, 10_000)]);
}

#[test]
fn the_same_story_leaves_the_same_state_and_another_one_another() {
    let tell = |skip: usize| {
        let mut desk = Desk::quoted();
        let events: [&dyn Fn(&mut Desk); 6] = [
            &|desk| drop(desk.touch(10_001, 10_011)),
            &|desk| drop(desk.fill(1, Side::Bid, 4)),
            &|desk| drop(desk.confirm()),
            &|desk| drop(desk.report(2, OrderReport::Expired)),
            &|desk| drop(desk.tell(&Event::Timer)),
            &|desk| drop(desk.lose()),
        ];
        events.iter().enumerate().filter(|(at, _)| *at != skip).for_each(|(_, event)| event(&mut desk));
        desk.shard.state_hash()
    };
    let whole = tell(usize::MAX);
    assert_eq!(tell(usize::MAX), whole);
    for skip in 0..6 {
        assert_ne!(tell(skip), whole, "without event {skip}");
    }
}
