//! The front: filters, reject reasons, ids, fees, latency, self-trade prevention, reduce-only.

use ballast_core::book::BookLimits;
use ballast_exchange::{Latency, QueueRules, SelfTrade, TapeVenue, VenueSpecError};
use ballast_model::FillReason::{QueueExhausted, Took, TradeThrough};
use ballast_model::{
    Cancel, ClientOrderId, Command, Contract, Event, InstrumentId, Liquidity, Lots, Money, Nanos, NewOrder,
    OrderReport, Price, Rate, RejectReason, Side, Span, TimeInForce, TradeId, VenueOrderId,
};

use crate::rig::{BASE, ETH, QUOTE, Rig, Told, spec};

const BIDS: [(i64, i64); 2] = [(100, 30), (99, 20)];
const ASKS: [(i64, i64); 2] = [(102, 30), (103, 20)];

fn rig() -> Rig {
    Rig::showing(&BIDS, &ASKS)
}

fn rig_with(mode: SelfTrade) -> Rig {
    Rig::with(|spec| spec.self_trade = mode).then_showing(&BIDS, &ASKS)
}

#[test]
fn an_instrument_is_closed_before_its_first_snapshot() {
    let mut rig = Rig::with(|_| ());
    rig.diff(&BIDS, &ASKS);
    let id = rig.bid(99, 5);
    assert_eq!(rig.told(), [Told::Rejected(id, RejectReason::Closed)]);
}

#[test]
fn a_lost_book_refuses_new_orders_and_still_cancels() {
    let mut rig = rig();
    let id = rig.bid(99, 5);
    rig.hush();
    rig.lose();
    let refused = rig.bid(99, 5);
    rig.cancel(id);
    assert_eq!(rig.told(), [Told::Rejected(refused, RejectReason::Closed), Told::Cancelled(id)]);
}

#[test]
fn orders_outside_the_filters_are_refused_by_name() {
    let mut rig = Rig::with(|spec| {
        let rules = &mut spec.instruments[0];
        rules.spec.size_min = Lots(2);
        // Five lots at one whole unit: 0.005 of the quote currency.
        rules.spec.notional_min = Money(Money::ONE.0 / 200);
    })
    .then_showing(&BIDS, &ASKS);
    for (price, lots, reason) in [
        (9, 5, RejectReason::Price),
        (10_001, 5, RejectReason::Price),
        (99, 1, RejectReason::Size),
        (99, 1_001, RejectReason::Size),
        (99, 5, RejectReason::NotionalMin),
    ] {
        let id = rig.bid(price, lots);
        assert_eq!(rig.told(), [Told::Rejected(id, reason)]);
        assert_eq!(rig.venue.counters().rejects(reason).min(1), 1);
    }
    let id = rig.bid(100, 5);
    assert_eq!(rig.told(), [Told::Accepted(id)]);
}

#[test]
fn an_instrument_not_listed_is_refused() {
    let mut rig = rig();
    let order =
        NewOrder { instrument: InstrumentId(9), ..rig.new_order(Side::Bid, 99, 5, TimeInForce::PostOnly) };
    rig.send(Command::New(order));
    rig.send(Command::Cancel(Cancel { instrument: InstrumentId(9), client_id: order.client_id }));
    let id = order.client_id.0;
    let expected =
        [Told::Rejected(id, RejectReason::Other), Told::CancelRejected(id, RejectReason::UnknownOrder)];
    assert_eq!(rig.told(), expected);
}

#[test]
fn an_id_in_use_is_refused() {
    let mut rig = rig();
    let order = rig.new_order(Side::Bid, 99, 5, TimeInForce::PostOnly);
    rig.send(Command::New(order));
    rig.send(Command::New(order));
    let id = order.client_id.0;
    assert_eq!(rig.told(), [Told::Accepted(id), Told::Rejected(id, RejectReason::DuplicateId)]);
}

#[test]
fn no_more_orders_rest_than_allowed_and_taking_stays_possible() {
    let mut rig = rig();
    for _ in 0..8 {
        rig.bid(99, 1);
    }
    rig.hush();
    let refused = rig.ask(103, 1);
    let taker = rig.order(Side::Ask, 100, 1, TimeInForce::ImmediateOrCancel);
    let expected = [
        Told::Rejected(refused, RejectReason::OrdersMax),
        Told::Accepted(taker),
        Told::Filled(taker, 100, 1, Took),
    ];
    assert_eq!(rig.told(), expected);
}

#[test]
fn a_post_only_order_never_takes() {
    let mut rig = rig();
    let taking = rig.bid(102, 5);
    let resting = rig.bid(101, 5);
    let taking_ours = rig.ask(101, 5);
    let expected = [
        Told::Rejected(taking, RejectReason::WouldTake),
        Told::Accepted(resting),
        Told::Rejected(taking_ours, RejectReason::WouldTake),
    ];
    assert_eq!(rig.told(), expected);
}

#[test]
fn self_trade_prevention_ends_whom_the_mode_says() {
    let outcome = |mode| {
        let mut rig = rig_with(mode);
        let makers = [rig.bid(101, 5), rig.bid(101, 6)];
        let beyond = rig.bid(99, 7);
        rig.hush();
        let taker = rig.order(Side::Ask, 100, 10, TimeInForce::ImmediateOrCancel);
        let open: Vec<u64> = rig.venue.resting(ETH).map(|resting| resting.order().client_id.0).collect();
        assert!(open.contains(&beyond), "an order out of reach stays");
        (makers, taker, rig.told())
    };
    let (_, taker, told) = outcome(SelfTrade::Reject);
    assert_eq!(told, [Told::Rejected(taker, RejectReason::SelfTrade)]);
    let (_, taker, told) = outcome(SelfTrade::ExpireTaker);
    assert_eq!(told, [Told::Accepted(taker), Told::Expired(taker)]);
    let (makers, taker, told) = outcome(SelfTrade::ExpireMaker);
    let gone = makers.map(Told::Expired);
    assert_eq!(told, [Told::Accepted(taker), gone[0], gone[1], Told::Filled(taker, 100, 10, Took)]);
    let (makers, taker, told) = outcome(SelfTrade::ExpireBoth);
    let gone = makers.map(Told::Expired);
    assert_eq!(told, [Told::Accepted(taker), gone[0], gone[1], Told::Expired(taker)]);
}

#[test]
fn self_trade_prevention_leaves_other_orders_alone() {
    for mode in [SelfTrade::Reject, SelfTrade::ExpireTaker, SelfTrade::ExpireMaker, SelfTrade::ExpireBoth] {
        let mut rig = rig_with(mode);
        rig.bid(99, 5);
        rig.hush();
        let taker = rig.order(Side::Ask, 100, 10, TimeInForce::ImmediateOrCancel);
        assert_eq!(rig.told(), [Told::Accepted(taker), Told::Filled(taker, 100, 10, Took)]);
    }
}

#[test]
fn a_reduce_only_order_that_would_add_is_refused() {
    let mut rig = rig();
    let flat = rig.reduce(Side::Ask, 103, 5, TimeInForce::PostOnly);
    rig.order(Side::Bid, 102, 5, TimeInForce::ImmediateOrCancel);
    let adding = rig.reduce(Side::Bid, 99, 5, TimeInForce::PostOnly);
    let too_large = rig.reduce(Side::Ask, 100, 6, TimeInForce::FillOrKill);
    let told = rig.told();
    for id in [flat, adding, too_large] {
        assert!(told.contains(&Told::Rejected(id, RejectReason::ReduceOnly)), "{told:?}");
    }
}

#[test]
fn a_reduce_only_order_trades_what_closes_the_position_and_expires() {
    let mut rig = rig();
    rig.order(Side::Bid, 102, 5, TimeInForce::ImmediateOrCancel);
    rig.hush();
    let resting = rig.reduce(Side::Ask, 103, 4, TimeInForce::PostOnly);
    let taking = rig.reduce(Side::Ask, 100, 3, TimeInForce::ImmediateOrCancel);
    assert_eq!(
        rig.told(),
        [Told::Accepted(resting), Told::Accepted(taking), Told::Filled(taking, 100, 3, Took)]
    );
    rig.trade(Side::Ask, 104, 1);
    assert_eq!(rig.told(), [Told::Filled(resting, 103, 2, TradeThrough), Told::Expired(resting)]);
    assert_eq!((rig.venue.position(ETH), rig.venue.resting(ETH).count()), (Lots::ZERO, 0));
}

#[test]
fn a_reduce_only_order_is_exempt_from_the_smallest_notional() {
    let mut rig = Rig::with(|spec| spec.instruments[0].spec.notional_min = Money(Money::ONE.0 / 200))
        .then_showing(&BIDS, &ASKS);
    rig.order(Side::Bid, 102, 5, TimeInForce::ImmediateOrCancel);
    rig.hush();
    let id = rig.reduce(Side::Ask, 103, 1, TimeInForce::PostOnly);
    assert_eq!(rig.told(), [Told::Accepted(id)]);
}

#[test]
fn commands_and_reports_take_their_time_and_keep_their_order() {
    let latency = Latency { order: Span(10), response: Span(20) };
    let mut rig = Rig::with(|spec| spec.latency = latency).then_showing(&BIDS, &ASKS);
    let order = rig.new_order(Side::Bid, 99, 5, TimeInForce::PostOnly);
    let venue = &mut rig.venue;
    assert_eq!(venue.next_due(), None);
    venue.send(&Command::New(order), Nanos(100));
    venue.send(&Command::Cancel(Cancel { instrument: ETH, client_id: order.client_id }), Nanos(105));
    assert_eq!((venue.next_due(), venue.next_arrival()), (Some(Nanos(110)), Some(Nanos(110))));
    venue.on_arrival();
    assert_eq!((venue.next_due(), venue.next_response()), (Some(Nanos(115)), Some(Nanos(130))));
    venue.on_arrival();
    assert_eq!((venue.next_due(), venue.next_arrival()), (Some(Nanos(130)), None));
    assert_eq!(venue.pop_response(Nanos(129)), None);
    let accepted = venue.pop_response(Nanos(130)).unwrap();
    assert!(matches!(accepted, Event::Order(update)
        if update.report == OrderReport::Accepted(VenueOrderId(1_000)) && update.venue_time == Nanos(110)));
    assert_eq!(venue.pop_response(Nanos(134)), None);
    assert_eq!(venue.pop_response(Nanos(135)).map(|event| Told::of(&event)), Some(Told::Cancelled(1)));
}

#[test]
fn a_fill_before_the_cancel_arrives_wins() {
    let mut rig = rig();
    let id = rig.bid(100, 5);
    rig.hush();
    rig.venue.send(&Command::Cancel(Cancel { instrument: ETH, client_id: ClientOrderId(id) }), Nanos(50));
    rig.trade(Side::Bid, 99, 1);
    rig.venue.on_arrival();
    let expected =
        [Told::Filled(id, 100, 5, TradeThrough), Told::CancelRejected(id, RejectReason::UnknownOrder)];
    assert_eq!(rig.told(), expected);
}

#[test]
fn a_cancelled_order_fills_no_more() {
    let mut rig = rig();
    let id = rig.bid(100, 5);
    rig.trade(Side::Bid, 100, 32);
    rig.cancel(id);
    rig.trade(Side::Bid, 99, 50);
    rig.cancel(id);
    let expected = [
        Told::Accepted(id),
        Told::Filled(id, 100, 2, QueueExhausted),
        Told::Cancelled(id),
        Told::CancelRejected(id, RejectReason::UnknownOrder),
    ];
    assert_eq!(rig.told(), expected);
}

#[test]
fn makers_earn_the_rebate_and_takers_pay_the_fee_in_the_settlement_asset() {
    let mut rig = rig();
    rig.bid(100, 5);
    rig.trade(Side::Bid, 99, 1);
    rig.order(Side::Bid, 102, 7, TimeInForce::ImmediateOrCancel);
    let fills = rig.fills();
    let kept: Vec<_> =
        fills.iter().map(|fill| (fill.liquidity, fill.fee_asset, fill.fee_e8, fill.trade_id)).collect();
    // 0.005 at 1.00 earns 0.5 bp; 0.007 at 1.02 costs 4 bp: rounded against us to 10^-8.
    let expected =
        [(Liquidity::Maker, QUOTE, -25, TradeId(5_000)), (Liquidity::Taker, QUOTE, 286, TradeId(5_001))];
    assert_eq!(kept, expected);
    let traded = rig.venue.traded(ETH);
    assert_eq!((rig.venue.position(ETH), traded.lots), (Lots(12), Lots(12)));
    assert_eq!((traded.value, traded.fees), (Money(12_140_000_000_000_000), Money::from_e8(261)));
}

#[test]
fn an_inverse_contract_pays_its_fee_in_coin() {
    let mut rig = Rig::with(|spec| {
        let rules = &mut spec.instruments[0].spec;
        (rules.contract, rules.multiplier) = (Contract::Inverse, 100);
    })
    .then_showing(&BIDS, &ASKS);
    rig.order(Side::Bid, 102, 1_000, TimeInForce::ImmediateOrCancel);
    let fill = rig.fills()[0];
    // 30 lots of 0.001 contracts of 100 at 1.02 are 2.941 coins.
    assert_eq!((fill.fee_asset, fill.fee_e8), (BASE, 117_648));
}

#[test]
fn everything_is_counted() {
    let mut rig = rig();
    let (cancelled, filled) = (rig.bid(99, 5), rig.bid(100, 5));
    rig.bid(102, 5);
    rig.cancel(cancelled);
    rig.cancel(cancelled);
    rig.trade(Side::Bid, 100, 31);
    rig.trade(Side::Bid, 99, 31);
    rig.order(Side::Bid, 102, 40, TimeInForce::ImmediateOrCancel);
    rig.cancel(filled);
    let counters = rig.venue.counters();
    assert_eq!((counters.orders, counters.accepted, counters.expired), (4, 3, 1));
    assert_eq!((counters.cancels, counters.cancelled), (3, 1));
    assert_eq!((counters.rejects_total(), counters.rejects(RejectReason::WouldTake)), (1, 1));
    let by_reason = [QueueExhausted, TradeThrough, Took].map(|reason| counters.fills(reason));
    assert_eq!((counters.fills_total(), by_reason), (3, [1, 1, 1]));
}

#[test]
fn a_venue_that_cannot_work_is_refused() {
    let refused = |change: fn(&mut ballast_exchange::VenueSpec)| {
        let mut spec = spec();
        change(&mut spec);
        TapeVenue::new(&spec).err()
    };
    assert_eq!(refused(|_| ()), None);
    assert_eq!(refused(|spec| spec.latency.order = Span(-1)), Some(VenueSpecError::Latency));
    assert_eq!(refused(|spec| spec.latency.response = Span(-1)), Some(VenueSpecError::Latency));
    let queue = |spec: &mut ballast_exchange::VenueSpec| {
        spec.instruments[0].queue = QueueRules::sharing(Rate(Rate::ONE.0 + 1));
    };
    assert_eq!(refused(queue), Some(VenueSpecError::Queue(ETH)));
    assert_eq!(refused(|spec| spec.instruments[0].orders_max = 0), Some(VenueSpecError::OrdersMax(ETH)));
    let book = |spec: &mut ballast_exchange::VenueSpec| {
        spec.instruments[0].book = BookLimits { price_ticks_max: 0, levels_max: 1 };
    };
    assert_eq!(refused(book), Some(VenueSpecError::Book(ETH)));
}

#[test]
fn the_state_hash_follows_every_part_of_the_state() {
    let story = |steps: usize| {
        let mut rig = Rig::with(|spec| spec.latency.response = Span(1_000)).then_showing(&BIDS, &ASKS);
        let mut hashes = vec![rig.venue.state_hash()];
        for step in 0..steps {
            match step {
                0 => assert_eq!(rig.bid(100, 5), 1),
                1 => rig.diff(&[(100, 40)], &[]),
                2 => rig.trade(Side::Bid, 100, 1),
                3 => rig.ticker((100, 39), (102, 30), 5),
                4 => assert_eq!(rig.order(Side::Bid, 102, 7, TimeInForce::ImmediateOrCancel), 2),
                5 => rig.hush(),
                6 => rig.venue.send(&Command::New(NewOrder { price: Price(98), ..order() }), Nanos(90)),
                _ => rig.lose(),
            }
            hashes.push(rig.venue.state_hash());
        }
        hashes
    };
    let (once, again) = (story(8), story(8));
    assert_eq!(once, again, "the same story gives the same hashes");
    let mut distinct = once.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), once.len(), "every step changes the hash");
}

fn order() -> NewOrder {
    Rig::with(|_| ()).new_order(Side::Bid, 99, 5, TimeInForce::PostOnly)
}
