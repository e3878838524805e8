//! Slow ways and a venue that does not answer: nothing overtakes, nothing that happened is kept from us for good.

use ballast_exchange::{
    Conditions, ConditionsError, LatencyRow, LoadSpec, Outage, OutageKind, TapeVenue, VenueSpecError,
};
use ballast_model::FillReason::QueueExhausted;
use ballast_model::{
    Cancel, ClientOrderId, Command, Ending, Event, Nanos, NewOrder, RejectReason, Side, Span, TimeInForce,
};
use proptest::prelude::*;

use crate::rig::{ETH, Rig, Told, spec};

const BIDS: [(i64, i64); 2] = [(100, 30), (99, 20)];
const ASKS: [(i64, i64); 2] = [(102, 30), (103, 20)];

fn rig(conditions: Conditions) -> Rig {
    Rig::with(|spec| {
        spec.latency.response = Span(20);
        spec.conditions = conditions;
    })
    .then_showing(&BIDS, &ASKS)
}

fn out(from: i64, until: i64, kind: OutageKind) -> Conditions {
    let outage = Outage { from: Nanos(from), until: Nanos(until), kind, gateway: None };
    Conditions { outages: vec![outage], ..Conditions::default() }
}

#[test]
fn a_silent_venue_loses_commands_and_tells_the_rest_when_it_is_back() {
    let mut rig = rig(out(100, 200, OutageKind::Silent));
    let stands = rig.bid(100, 5);
    rig.hush();
    rig.wait_until(Nanos(120));
    let lost = rig.bid(99, 5);
    rig.cancel(stands);
    rig.query(stands);
    rig.trade(Side::Bid, 100, 32);
    let filled = rig.venue.next_response();
    assert_eq!(filled, Some(Nanos(220)), "told when the outage has ended");
    assert_eq!(rig.told(), [Told::Filled(stands, 100, 2, QueueExhausted)]);
    assert_eq!(rig.venue.counters().lost, 3);
    rig.wait_until(Nanos(200));
    rig.query(stands);
    rig.query(lost);
    assert_eq!(rig.told(), [Told::Working(stands, 100, 5, 2), Told::NotFound(lost)]);
    rig.cancel(stands);
    rig.query(stands);
    assert_eq!(rig.told(), [Told::Cancelled(stands), Told::Ended(stands, Ending::Cancelled, 2)]);
}

#[test]
fn a_venue_that_refuses_answers_queries_and_lets_orders_stand() {
    let mut rig = rig(out(100, 200, OutageKind::Refuses));
    let stands = rig.bid(100, 5);
    rig.hush();
    rig.wait_until(Nanos(120));
    let refused = rig.bid(99, 5);
    rig.cancel(stands);
    rig.replace(stands, 99, 5);
    rig.query(stands);
    let closed = RejectReason::Closed;
    let expected = [
        Told::Rejected(refused, closed),
        Told::CancelRejected(stands, closed),
        Told::ReplaceRejected(stands, closed),
        Told::Working(stands, 100, 5, 0),
    ];
    assert_eq!(rig.told(), expected);
    assert_eq!(rig.venue.counters().lost, 0);
}

#[test]
fn commands_wait_while_the_market_is_busy_and_their_answers_leave_later() {
    let load = LoadSpec { window: Span(1_000), free: 2, per_message: Span(7), max: Span(100) };
    let mut rig = rig(Conditions { load: Some(load), ..Conditions::default() });
    for _ in 0..4 {
        rig.trade(Side::Bid, 90, 1);
    }
    let order = rig.new_order(Side::Bid, 99, 5, TimeInForce::PostOnly);
    // The snapshot's and the four trades' messages, two of them free, make three.
    rig.venue.send(&Command::New(order), Nanos(30));
    assert_eq!(rig.venue.next_arrival(), Some(Nanos(30)));
    rig.venue.on_arrival();
    assert_eq!((rig.venue.next_arrival(), rig.venue.next_response()), (Some(Nanos(51)), None));
    rig.venue.on_arrival();
    assert_eq!((rig.venue.next_arrival(), rig.venue.next_response()), (None, Some(Nanos(51 + 20 + 21))));
}

#[test]
fn recorded_latencies_hold_instead_of_the_constant_ones() {
    let row = |sent, acted, heard| LatencyRow { sent: Nanos(sent), acted: Nanos(acted), heard: Nanos(heard) };
    let recorded = vec![row(100, 110, 115), row(200, 230, 255)];
    let mut rig = rig(Conditions { recorded, ..Conditions::default() });
    let order = rig.new_order(Side::Bid, 99, 5, TimeInForce::PostOnly);
    assert_eq!(rig.venue.order_latency(), Span(10), "the least there is");
    rig.venue.send(&Command::New(order), Nanos(150));
    assert_eq!(rig.venue.next_arrival(), Some(Nanos(170)));
    rig.venue.on_arrival();
    assert_eq!(rig.venue.next_response(), Some(Nanos(170 + 15)));
}

#[test]
fn conditions_that_cannot_hold_are_refused() {
    let mut spec = spec();
    spec.conditions = out(200, 100, OutageKind::Silent);
    let error = VenueSpecError::Conditions(ConditionsError::Outage(0));
    assert_eq!(TapeVenue::new(&spec).err(), Some(error));
}

/// A new order or a cancel of the one sent so many before, after a pause, and then a trade or none.
type Deed = (i64, Option<u64>, bool);

/// What came of deeds.
#[derive(Debug, PartialEq, Eq)]
struct Course {
    /// When the venue came to each command, and how many it had by then.
    acted: Vec<(Nanos, u64)>,
    /// When we heard of what.
    heard: Vec<(Nanos, Told)>,
    lost: u64,
}

/// Plays deeds.
fn play(conditions: &Conditions, deeds: &[Deed]) -> Course {
    let mut spec = spec();
    spec.latency.order = Span(5);
    spec.latency.response = Span(5);
    spec.instruments[0].orders_max = 1_000;
    spec.conditions = conditions.clone();
    let mut venue = TapeVenue::new(&spec).unwrap();
    let mut maker = Rig::with(|_| ());
    let mut now = Nanos(10);
    for event in
        crate::rig::batch(ballast_model::BookKind::Snapshot, ballast_model::UpdateId(1), &BIDS, &ASKS)
    {
        venue.on_market(&event, now);
    }
    let (mut acted, mut heard) = (Vec::new(), Vec::new());
    let mut turn = |venue: &mut TapeVenue, until: Nanos| {
        while let Some(at) = venue.next_due().filter(|at| *at <= until) {
            let before = (venue.counters().orders, venue.counters().cancels);
            if venue.next_arrival() == Some(at) {
                venue.on_arrival();
                let after = (venue.counters().orders, venue.counters().cancels);
                if before != after {
                    acted.push((at, after.0 + after.1));
                }
            }
            while let Some(event) = venue.pop_response(at) {
                heard.push((at, Told::of(&event)));
            }
        }
    };
    for (sent, (pause, cancels, trades)) in deeds.iter().enumerate() {
        now = now + Span(*pause);
        turn(&mut venue, now);
        let order = maker.new_order(Side::Bid, 99, 1, TimeInForce::PostOnly);
        let command = match cancels {
            Some(before) => Command::Cancel(Cancel {
                instrument: ETH,
                client_id: ClientOrderId((sent as u64 + 1).saturating_sub(*before)),
            }),
            None => Command::New(NewOrder { client_id: ClientOrderId(sent as u64 + 1), ..order }),
        };
        if *trades {
            let level = crate::rig::row((99, 1));
            let (venue_time, recv_time) = (now, now);
            venue.on_market(
                &Event::Trade(ballast_model::Trade {
                    instrument: ETH,
                    maker: Side::Bid,
                    level,
                    trade_id: ballast_model::TradeId(sent as u64),
                    venue_time,
                    recv_time,
                }),
                now,
            );
        }
        venue.send(&command, now);
    }
    turn(&mut venue, Nanos(1_000_000));
    Course { acted, heard, lost: venue.counters().lost }
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let cancels = prop_oneof![2 => Just(None), 1 => (1..4u64).prop_map(Some)];
    proptest::collection::vec((0..40i64, cancels, any::<bool>()), 1..60)
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let rows = proptest::collection::vec((0..100i64, 0..60i64, 0..60i64), 0..8).prop_map(|steps| {
        let mut at = 0;
        let row = |(pause, there, back)| {
            at += pause;
            LatencyRow { sent: Nanos(at), acted: Nanos(at + there), heard: Nanos(at + there + back) }
        };
        steps.into_iter().map(row).collect()
    });
    let load = (1..200i64, 0..10u32, 0..30i64, 0..200i64).prop_map(|(window, free, per_message, max)| {
        LoadSpec { window: Span(window), free, per_message: Span(per_message), max: Span(max) }
    });
    let kind = prop_oneof![Just(OutageKind::Silent), Just(OutageKind::Refuses)];
    let outages = proptest::collection::vec((0..300i64, 0..200i64, kind), 0..4).prop_map(|windows| {
        let mut at = 0;
        let outage = |(pause, length, kind)| {
            let from = at + pause;
            at = from + length;
            Outage { from: Nanos(from), until: Nanos(at), kind, gateway: None }
        };
        windows.into_iter().map(outage).collect()
    });
    (rows, proptest::option::of(load), outages).prop_map(|(recorded, load, outages)| Conditions {
        gateways: Vec::new(),
        recorded,
        load,
        outages,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    /// The venue comes to commands in the order they were sent, all of them that no outage swallowed, and what it tells reaches us in the order
    /// it happened.
    #[test]
    fn nothing_overtakes_and_nothing_is_told_before_it_happened(deeds in deeds(), conditions in conditions()) {
        let course = play(&conditions, &deeds);
        prop_assert_eq!(course.acted.len() as u64 + course.lost, deeds.len() as u64);
        prop_assert!(course.acted.is_sorted(), "each comes after the one before: {:?}", course);
        prop_assert!(course.heard.is_sorted_by_key(|(at, _)| *at));
        let accepted = |(_, told): &(Nanos, Told)| if let Told::Accepted(id) = told { Some(*id) } else { None };
        let accepted: Vec<u64> = course.heard.iter().filter_map(accepted).collect();
        prop_assert!(accepted.is_sorted(), "{:?}", accepted);
        prop_assert_eq!(play(&conditions, &deeds), course);
    }

    /// Latencies recorded as they are configured, a load that costs nothing and an outage that is over before it begins change
    /// nothing.
    #[test]
    fn conditions_that_say_nothing_change_nothing(deeds in deeds(), at in 0..500i64, window in 1..100i64) {
        let idle = LoadSpec { window: Span(window), free: 0, per_message: Span(0), max: Span(50) };
        let same = Conditions { gateways: Vec::new(),
            recorded: vec![LatencyRow { sent: Nanos(at), acted: Nanos(at + 5), heard: Nanos(at + 10) }],
            load: Some(idle),
            outages: vec![Outage { from: Nanos(at), until: Nanos(at), kind: OutageKind::Silent, gateway: None }],
        };
        prop_assert_eq!(play(&same, &deeds), play(&Conditions::default(), &deeds));
    }
}
