//! Amendments: what an order counts for while one is under way, and every way it can end.

use super::*;

const NOW: Nanos = Nanos(100);

/// A live bid of 10 lots at 10 000, id 1, with an amendment under way.
fn amending(price: i64, lots: i64) -> Oms {
    let mut oms = oms_with_bid();
    accepted(&mut oms, 1);
    replace(&mut oms, 1, price, lots, NOW).unwrap();
    assert_eq!(state(&oms, 1), OrderState::PendingReplace);
    oms
}

fn numbers(oms: &Oms) -> (i64, i64, i64) {
    let order = oms.order(ClientOrderId(1)).unwrap();
    (order.price.0, order.lots.0, oms.working(Side::Bid).0)
}

fn reached(oms: &Oms, price: i64) -> bool {
    oms.own_reached(Side::Ask, Price(price)).is_some()
}

#[test]
fn an_amendment_counts_the_larger_size_and_both_prices_until_it_is_answered() {
    let mut oms = amending(10_005, 15);
    assert_eq!(numbers(&oms), (10_000, 10, 15));
    assert!(reached(&oms, 10_005) && reached(&oms, 9_990) && !reached(&oms, 10_006));
    assert!(oms.own_reached(Side::Bid, Price(10_010)).is_none(), "orders of one side do not meet");
    assert_eq!(oms.order(ClientOrderId(1)).unwrap().aim(), (Price(10_005), Lots(15)));
    report(&mut oms, 1, replaced(level(10_005, 15), 0));
    assert_eq!((state(&oms, 1), numbers(&oms)), (OrderState::Live, (10_005, 15, 15)));
    replace(&mut oms, 1, 9_995, 6, NOW).unwrap();
    assert_eq!(oms.working(Side::Bid), Lots(15), "smaller only once the venue says so");
    assert!(reached(&oms, 10_005), "the old price still stands");
    report(&mut oms, 1, replaced(level(9_995, 6), 0));
    assert_eq!(numbers(&oms), (9_995, 6, 6));
    assert!(!reached(&oms, 9_996) && reached(&oms, 9_995));
    assert_eq!(oms.order(ClientOrderId(1)).unwrap().amendments, 2);
}

#[test]
fn only_a_live_order_takes_a_sensible_amendment() {
    let mut oms = oms_with_bid();
    assert_eq!(replace(&mut oms, 1, 10_001, 10, NOW), Err(NotReplaceable), "not acknowledged");
    accepted(&mut oms, 1);
    assert_eq!(replace(&mut oms, 1, 10_000, 10, NOW), Err(NotReplaceable), "no change");
    fill(&mut oms, 1, Side::Bid, 4, 1);
    assert_eq!(replace(&mut oms, 1, 10_000, 4, NOW), Err(NotReplaceable), "that much has traded");
    replace(&mut oms, 1, 10_000, 5, NOW).unwrap();
    assert_eq!(replace(&mut oms, 1, 10_000, 6, NOW), Err(NotReplaceable), "one at a time");
    assert_eq!(replace(&mut oms, 2, 10_000, 6, NOW), Err(NotReplaceable), "no such order");
}

#[test]
fn a_refused_or_unsent_amendment_leaves_the_order_as_it_was() {
    for answer in [OrderReport::ReplaceRejected(RejectReason::RateLimit), OrderReport::NotSent] {
        let mut oms = amending(10_005, 15);
        report(&mut oms, 1, answer);
        assert_eq!((state(&oms, 1), numbers(&oms)), (OrderState::Live, (10_000, 10, 10)));
        assert!(!reached(&oms, 10_005));
        let mut oms = amending(10_005, 15);
        oms.request_cancel(ClientOrderId(1), NOW).unwrap();
        report(&mut oms, 1, answer);
        let cancelling = OrderState::PendingCancel(BeforeCancel::Live);
        assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (cancelling, Lots(10)));
    }
}

#[test]
fn an_amendment_that_crosses_the_last_fill_ends_with_the_order() {
    // Enlarged: the old size has traded, and the larger one may be at the venue.
    let mut oms = amending(10_000, 15);
    assert_eq!(fill(&mut oms, 1, Side::Bid, 10, 1), FillOutcome::Partial);
    assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::PendingReplace, Lots(5)));
    report(&mut oms, 1, OrderReport::ReplaceRejected(RejectReason::UnknownOrder));
    assert_eq!((state(&oms, 1), oms.open_count()), (OrderState::Done(DoneReason::Filled), 0));
    // Or it is there.
    let mut oms = amending(10_000, 15);
    fill(&mut oms, 1, Side::Bid, 10, 1);
    report(&mut oms, 1, replaced(level(10_000, 15), 10));
    assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::Live, Lots(5)));
    // Made smaller than what has traded meanwhile.
    let mut oms = amending(10_000, 5);
    fill(&mut oms, 1, Side::Bid, 7, 1);
    assert_eq!(oms.working(Side::Bid), Lots(3));
    report(&mut oms, 1, replaced(level(10_000, 5), 7));
    assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::Done(DoneReason::Filled), Lots(0)));
}

#[test]
fn a_fill_the_amendment_knows_and_we_do_not_is_missing_until_it_comes() {
    let mut oms = amending(10_000, 15);
    report(&mut oms, 1, replaced(level(10_000, 15), 4));
    let missing = MissingFills { orders: 1, bid: Lots(4), ask: Lots(0) };
    assert_eq!((oms.missing_fills(), oms.working(Side::Bid)), (missing, Lots(15)));
    assert_eq!(fill(&mut oms, 1, Side::Bid, 3, 1), FillOutcome::Partial);
    assert_eq!((oms.missing_fills().bid, oms.working(Side::Bid)), (Lots(1), Lots(12)));
    fill(&mut oms, 1, Side::Bid, 1, 2);
    assert_eq!((oms.missing_fills(), oms.working(Side::Bid)), (MissingFills::default(), Lots(11)));
}

#[test]
fn a_cancel_during_an_amendment_waits_for_both() {
    let mut oms = amending(10_000, 15);
    oms.request_cancel(ClientOrderId(1), NOW).unwrap();
    assert_eq!(
        (state(&oms, 1), oms.working(Side::Bid)),
        (OrderState::PendingCancel(BeforeCancel::Replace), Lots(15))
    );
    report(&mut oms, 1, OrderReport::CancelRejected(RejectReason::RateLimit));
    assert_eq!(state(&oms, 1), OrderState::PendingReplace);
    oms.request_cancel(ClientOrderId(1), NOW).unwrap();
    report(&mut oms, 1, replaced(level(10_000, 15), 0));
    assert_eq!(state(&oms, 1), OrderState::PendingCancel(BeforeCancel::Live));
    report(&mut oms, 1, OrderReport::Cancelled);
    assert_eq!((oms.open_count(), oms.working(Side::Bid)), (0, Lots(0)));
}

#[test]
fn an_amendment_of_unknown_fate_counts_until_a_query_asked_late_enough_tells() {
    let mut oms = amending(10_005, 15);
    report_at(&mut oms, 1, OrderReport::FateUnknown, NOW);
    accepted(&mut oms, 1);
    assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::Unknown, Lots(15)));
    let ask = |oms: &mut Oms, at| assert!(oms.request_query(ClientOrderId(1), at).is_some());
    ask(&mut oms, NOW + Span(1));
    let answer = working(&oms, level(10_000, 10), 0);
    report(&mut oms, 1, answer);
    assert_eq!(state(&oms, 1), OrderState::Unknown, "it may still be on its way");
    assert!(reached(&oms, 10_005));
    let mut taken = oms.clone();
    ask(&mut taken, NOW + Span(2));
    let answer = working(&taken, level(10_005, 15), 0);
    report(&mut taken, 1, answer);
    assert_eq!((state(&taken, 1), numbers(&taken)), (OrderState::Live, (10_005, 15, 15)), "it arrived");
    ask(&mut oms, NOW + SETTLE);
    let answer = working(&oms, level(10_000, 10), 0);
    report(&mut oms, 1, answer);
    assert_eq!((state(&oms, 1), numbers(&oms)), (OrderState::Live, (10_000, 10, 10)), "it was lost");
}

#[test]
fn an_answer_older_than_an_amendment_does_not_undo_it() {
    let mut oms = oms_with_bid();
    accepted(&mut oms, 1);
    oms.request_query(ClientOrderId(1), Nanos(50)).unwrap();
    replace(&mut oms, 1, 10_000, 15, NOW).unwrap();
    report_at(&mut oms, 1, replaced(level(10_000, 15), 0), Nanos(110));
    let answer = working(&oms, level(10_000, 10), 0);
    report_at(&mut oms, 1, answer, Nanos(120));
    assert_eq!(oms.working(Side::Bid), Lots(15));
}

#[test]
fn an_amendment_by_somebody_else_is_taken_as_told() {
    let mut oms = oms_with_bid();
    accepted(&mut oms, 1);
    report(&mut oms, 1, replaced(level(9_990, 20), 0));
    assert_eq!((state(&oms, 1), numbers(&oms)), (OrderState::Live, (9_990, 20, 20)));
    // Ours is still to be answered.
    replace(&mut oms, 1, 10_000, 8, NOW).unwrap();
    report(&mut oms, 1, replaced(level(9_980, 25), 0));
    assert_eq!((state(&oms, 1), numbers(&oms)), (OrderState::PendingReplace, (9_980, 25, 25)));
}
