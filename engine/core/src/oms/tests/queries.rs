//! Questions: when they are due, and what their answers do.

use super::*;

const LIMITS: SweepLimits =
    SweepLimits { pending_max: Span(100), unknown_max: Span(50), live_max: Span(1_000), query_gap: Span(30) };

fn due(oms: &mut Oms, now: i64) -> Option<u64> {
    let first = oms.stale(Nanos(now), &LIMITS).count();
    let query = oms.next_query(Nanos(now), &LIMITS);
    assert_eq!(query.is_some(), first > 0);
    query.map(|query| query.client_id.0)
}

#[test]
fn orders_become_stale_by_their_state_and_are_not_asked_about_at_every_event() {
    let mut oms = oms_with_bid();
    assert_eq!((due(&mut oms, 99), oms.next_stale(&LIMITS)), (None, Some(Nanos(100))));
    assert_eq!(due(&mut oms, 100), Some(1));
    assert_eq!((due(&mut oms, 100), due(&mut oms, 129)), (None, None), "asked just now");
    assert_eq!(due(&mut oms, 130), Some(1));
    report_at(&mut oms, 1, OrderReport::FateUnknown, Nanos(200));
    assert_eq!((due(&mut oms, 249), due(&mut oms, 250)), (None, Some(1)));
    let answer = working(&oms, level(10_000, 10), 0);
    report_at(&mut oms, 1, answer, Nanos(300));
    assert_eq!((due(&mut oms, 1_299), due(&mut oms, 1_300)), (None, Some(1)), "a live order after longer");
    report_at(&mut oms, 1, OrderReport::Cancelled, Nanos(1_400));
    assert_eq!((due(&mut oms, 1 << 40), oms.next_stale(&LIMITS)), (None, None));
}

#[test]
fn the_longest_stale_is_asked_first() {
    let mut oms = oms_with_bid();
    oms.insert(&checked(order(2, Side::Ask, 10_000, 5)), Nanos(10)).unwrap();
    oms.insert(&checked(order(3, Side::Ask, 10_000, 5)), Nanos(5)).unwrap();
    assert_eq!([(); 4].map(|()| due(&mut oms, 200)), [Some(1), Some(3), Some(2), None]);
}

#[test]
fn time_alone_ends_nothing() {
    let mut oms = oms_with_bid();
    for now in [100, 1 << 40, 1 << 50] {
        assert_eq!(due(&mut oms, now), Some(1));
        assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::PendingNew, Lots(10)));
    }
}

#[test]
fn an_order_the_venue_never_had_ends_by_a_query_asked_late_enough() {
    let ask = |oms: &mut Oms, at| {
        oms.request_query(ClientOrderId(1), at).unwrap();
        let answer = not_found(oms);
        report(oms, 1, answer);
        state(oms, 1)
    };
    let mut oms = oms_with_bid();
    assert_eq!(ask(&mut oms, Nanos(SETTLE.0 - 1)), OrderState::Unknown);
    assert_eq!(ask(&mut oms.clone(), Nanos(SETTLE.0)), OrderState::Done(DoneReason::NeverPlaced));
    report(&mut oms, 1, OrderReport::NotFound { query: 0 });
    assert_eq!(state(&oms, 1), OrderState::Unknown, "an answer to no question");
    accepted(&mut oms, 1);
    assert_eq!(ask(&mut oms, Nanos(SETTLE.0)), OrderState::Unknown, "the venue had it");
    assert_eq!(oms.working(Side::Bid), Lots(10));
    let mut oms = oms_with_bid();
    ask(&mut oms, Nanos(SETTLE.0));
    assert_eq!(fill(&mut oms, 1, Side::Bid, 4, 1), FillOutcome::Late);
    assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::Unknown, Lots(6)), "never dead");
}

#[test]
fn an_answer_belongs_to_its_question() {
    let mut oms = oms_with_bid();
    let early = oms.request_query(ClientOrderId(1), Nanos(5)).unwrap();
    let late = oms.request_query(ClientOrderId(1), Nanos(SETTLE.0)).unwrap();
    report(&mut oms, 1, OrderReport::NotFound { query: early.number });
    assert_eq!(state(&oms, 1), OrderState::Unknown);
    report(&mut oms, 1, OrderReport::NotFound { query: late.number });
    assert_eq!(state(&oms, 1), OrderState::Done(DoneReason::NeverPlaced));
}

#[test]
fn a_lost_cancel_is_found_out() {
    let mut oms = oms_with_bid();
    accepted(&mut oms, 1);
    oms.request_cancel(ClientOrderId(1), Nanos(100)).unwrap();
    oms.request_query(ClientOrderId(1), Nanos(200)).unwrap();
    let answer = working(&oms, level(10_000, 10), 0);
    report(&mut oms, 1, answer);
    assert_eq!(state(&oms, 1), OrderState::PendingCancel(BeforeCancel::Live), "it may still arrive");
    oms.request_query(ClientOrderId(1), Nanos(100) + SETTLE).unwrap();
    let answer = working(&oms, level(10_000, 10), 0);
    report(&mut oms, 1, answer);
    assert_eq!(state(&oms, 1), OrderState::Live);
    assert!(oms.request_cancel(ClientOrderId(1), Nanos(200)).is_some());
}

#[test]
fn an_end_with_more_traded_than_booked_keeps_the_order_until_its_fills_come() {
    for (how, filled, missing) in [(Ending::Filled, 10, 6), (Ending::Cancelled, 7, 3), (Ending::Filled, 0, 6)]
    {
        let mut oms = oms_with_bid();
        fill(&mut oms, 1, Side::Bid, 4, 1);
        report_at(&mut oms, 1, ended(how, filled), Nanos(10));
        assert!(state(&oms, 1).is_done());
        assert_eq!((oms.missing_fills().orders, oms.missing_fills().bid), (1, Lots(missing)));
        assert_eq!((oms.open_count(), oms.working(Side::Bid)), (1, Lots(missing)));
        assert_eq!((due(&mut oms, 59), due(&mut oms, 60)), (None, Some(1)), "they are asked for");
        for id in 2..DONE_KEPT as u64 + 3 {
            oms.insert(&checked(order(id, Side::Bid, 10_000, 5)), Nanos(0)).unwrap();
            report(&mut oms, id, OrderReport::Cancelled);
        }
        assert_eq!(fill(&mut oms, 1, Side::Bid, missing, 2), FillOutcome::Late, "it was not forgotten");
        assert_eq!((oms.missing_fills(), oms.open_count()), (MissingFills::default(), 0));
    }
}

#[test]
fn spans_are_checked() {
    assert_eq!(SweepLimits::DEFAULT.check(), Ok(()));
    let none = |change: fn(&mut SweepLimits)| {
        let mut limits = LIMITS;
        change(&mut limits);
        limits.check()
    };
    assert_eq!(none(|limits| limits.pending_max = Span(0)), Err(SweepLimitsError));
    assert_eq!(none(|limits| limits.unknown_max = Span(0)), Err(SweepLimitsError));
    assert_eq!(none(|limits| limits.live_max = Span(-1)), Err(SweepLimitsError));
    assert_eq!(none(|limits| limits.query_gap = Span(0)), Err(SweepLimitsError));
}

#[test]
fn cancels_refused_again_and_again_do_not_put_off_the_question() {
    let mut oms = oms_with_bid();
    accepted(&mut oms, 1);
    let mut asked = Vec::new();
    // The venue has lost it, and every cancel meets "no such order".
    for now in (1_000..3_000).step_by(10) {
        oms.request_cancel(ClientOrderId(1), Nanos(now)).unwrap();
        let refused = OrderReport::CancelRejected(RejectReason::UnknownOrder);
        report_at(&mut oms, 1, refused, Nanos(now + 5));
        asked.extend(due(&mut oms, now + 6).map(|_| now + 6));
    }
    let first = 1_005 + LIMITS.unknown_max.0;
    assert!(asked.first().is_some_and(|at| (first..first + 10).contains(at)), "{asked:?}");
    assert!(asked.len() > 2, "and again while nobody answers: {asked:?}");
}

#[test]
fn an_order_that_the_venue_has_lost_ends_only_while_its_fate_is_unknown() {
    let lost = OrderReport::Ended { how: Ending::Lost, filled: Lots::ZERO };
    let mut oms = oms_with_bid();
    accepted(&mut oms, 1);
    report(&mut oms, 1, lost);
    assert_eq!(state(&oms, 1), OrderState::Live, "it has shown a sign of life since");
    report(&mut oms, 1, OrderReport::NotFound { query: 0 });
    assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::Unknown, Lots(10)));
    report(&mut oms, 1, lost);
    assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::Done(DoneReason::Lost), Lots(0)));
    // It was not: what it traded is booked, and what is left of it may be alive.
    assert_eq!(fill(&mut oms, 1, Side::Bid, 4, 1), FillOutcome::Late);
    assert!(FillOutcome::Late.must_book());
    assert_eq!((state(&oms, 1), oms.working(Side::Bid)), (OrderState::Unknown, Lots(6)));
}
