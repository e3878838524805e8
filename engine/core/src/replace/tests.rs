//! Each venue's rules, by the commands they make, byte for byte.

use ballast_model::{
    ClientOrderId, Command, NewOrder, OrderReport, OrderUpdate, Price, Rate, ReduceOnly, Side, VenueOrderId,
};

use super::*;
use crate::gate::fixture::{INSTRUMENT, checked, order as new_order};
use crate::oms::Oms;

/// A live bid of 10 lots at 10 000, id 1.
fn live(tif: TimeInForce) -> Order {
    let mut oms = Oms::new(INSTRUMENT, 4);
    let order = NewOrder { tif, ..new_order(1, Side::Bid, 10_000, 10) };
    oms.insert(&checked(order), Nanos(0)).unwrap();
    let report = OrderReport::Accepted(VenueOrderId(7));
    let client_id = ClientOrderId(1);
    oms.on_update(&OrderUpdate { instrument: INSTRUMENT, client_id, report, venue_time: Nanos(0) }, Nanos(0));
    oms.order(client_id).unwrap()
}

const fn want(price: i64, lots: i64) -> Place {
    Place { side: Side::Bid, price: Price(price), lots: Lots(lots) }
}

fn decide(rules: ReplaceRules, order: &Order, wanted: Place) -> Decision {
    rules.decide(INSTRUMENT, order, wanted, Tolerance::EXACT, Nanos(0x0a0b))
}

/// The bytes of a replace of order 1 to `price` and `lots` in all.
fn replace_bytes(price: u8, lots: u8) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[..6].copy_from_slice(&[2, 0, 0, 0, 3, 0]);
    bytes[8] = 1;
    // 0x2700 is 9 984.
    bytes[16..18].copy_from_slice(&[price, 0x27]);
    bytes[24] = lots;
    bytes[32..34].copy_from_slice(&[0x0b, 0x0a]);
    bytes
}

fn amends(decision: Decision, bytes: [u8; 48]) {
    let Decision::Amend(replace) = decision else { panic!("{decision:?}") };
    assert_eq!(Command::Replace(replace).to_bytes(), bytes);
}

/// Cancelled, and placed anew as a post-only order of id 2.
fn places_anew(decision: Decision, price: u8, lots: u8) {
    let Decision::CancelAndNew(cancel, place) = decision else { panic!("{decision:?}") };
    let mut bytes = [0; 48];
    bytes[0] = 1;
    bytes[4] = 3;
    bytes[8] = 1;
    assert_eq!(Command::Cancel(cancel).to_bytes(), bytes);
    let order = NewOrder {
        instrument: cancel.instrument,
        client_id: ClientOrderId(2),
        side: place.side,
        price: place.price,
        lots: place.lots,
        tif: TimeInForce::PostOnly,
        reduce_only: ReduceOnly::No,
        expires_at: Nanos(0x0a0b),
    };
    bytes = replace_bytes(price, lots);
    (bytes[0], bytes[8]) = (0, 2);
    assert_eq!(Command::New(order).to_bytes(), bytes);
}

// 0x10 is 10 000, 0x12 two ticks above.

#[test]
fn binance_spot_amends_only_what_becomes_smaller_in_its_place() {
    let order = live(TimeInForce::PostOnly);
    let rules = ReplaceRules::BINANCE_SPOT;
    assert_eq!(decide(rules, &order, want(10_000, 10)), Decision::Keep);
    amends(decide(rules, &order, want(10_000, 6)), replace_bytes(0x10, 6));
    places_anew(decide(rules, &order, want(10_000, 12)), 0x10, 12);
    places_anew(decide(rules, &order, want(10_002, 10)), 0x12, 10);
    places_anew(decide(rules, &order, want(10_002, 6)), 0x12, 6);
    let traded = Order { filled: Lots(3), ..order };
    amends(decide(rules, &traded, want(10_000, 5)), replace_bytes(0x10, 8));
    places_anew(decide(rules, &traded, want(10_000, 8)), 0x10, 8);
}

#[test]
fn binance_usdm_amends_what_cannot_meet_us_and_always_queues_again() {
    let rules = ReplaceRules::BINANCE_USDM;
    let order = live(TimeInForce::PostOnly);
    assert_eq!(decide(rules, &order, want(10_000, 10)), Decision::Keep);
    amends(decide(rules, &order, want(10_000, 6)), replace_bytes(0x10, 6));
    amends(decide(rules, &order, want(10_002, 12)), replace_bytes(0x12, 12));
    let standing = Level { price: Price(10_000), lots: Lots(10) };
    let smaller = Level { lots: Lots(6), ..standing };
    assert_eq!(rules.place_after((standing, Lots::ZERO), smaller), Some(PlaceAfter::Lost));
    // Without self-trade prevention an order that may take could meet our own.
    for tif in [TimeInForce::GoodTillCancel, TimeInForce::GoodTillDate(Nanos(5))] {
        places_anew(decide(rules, &live(tif), want(10_002, 12)), 0x12, 12);
    }
    let worn = Order { amendments: 9_999, ..order };
    places_anew(decide(rules, &worn, want(10_002, 12)), 0x12, 12);
    amends(decide(rules, &Order { amendments: 9_998, ..order }, want(10_002, 12)), replace_bytes(0x12, 12));
}

#[test]
fn venues_of_the_usual_kind_amend_all_and_keep_the_place_of_what_does_not_grow() {
    let order = live(TimeInForce::GoodTillCancel);
    let standing = Level { price: Price(10_000), lots: Lots(10) };
    let after = |rules: ReplaceRules, price, lots| {
        rules.place_after((standing, Lots(2)), Level { price: Price(price), lots: Lots(lots) })
    };
    for rules in [ReplaceRules::DERIBIT, ReplaceRules::BYBIT, ReplaceRules::OKX, ReplaceRules::COINBASE] {
        amends(decide(rules, &order, want(10_002, 12)), replace_bytes(0x12, 12));
        amends(decide(rules, &order, want(10_000, 6)), replace_bytes(0x10, 6));
        assert_eq!(after(rules, 10_000, 6), Some(PlaceAfter::Kept));
        assert_eq!(after(rules, 10_000, 11), Some(PlaceAfter::Lost));
        assert_eq!(after(rules, 9_999, 6), Some(PlaceAfter::Lost));
    }
    amends(decide(ReplaceRules::HYPERLIQUID, &order, want(10_000, 6)), replace_bytes(0x10, 6));
    assert_eq!(after(ReplaceRules::HYPERLIQUID, 10_000, 6), Some(PlaceAfter::Lost));
    assert_eq!(after(ReplaceRules::BINANCE_SPOT, 10_000, 2), None, "that much has traded");
    assert_eq!(after(ReplaceRules::BINANCE_SPOT, 10_000, 3), Some(PlaceAfter::Kept));
    places_anew(decide(ReplaceRules::POLYMARKET, &order, want(10_000, 6)), 0x10, 6);
    assert_eq!(after(ReplaceRules::POLYMARKET, 10_000, 6), None);
}

#[test]
fn orders_within_the_tolerance_are_kept_and_others_than_live_ones_waited_for() {
    let order = live(TimeInForce::PostOnly);
    let tolerance = Tolerance { price: Ticks(2), size: Rate(Rate::ONE.0 / 10) };
    let decide = |order: &Order, wanted| {
        ReplaceRules::BINANCE_USDM.decide(INSTRUMENT, order, wanted, tolerance, Nanos(1))
    };
    assert_eq!(decide(&order, want(10_002, 11)), Decision::Keep);
    assert!(matches!(decide(&order, want(10_003, 10)), Decision::Amend(_)), "too deep");
    assert!(matches!(decide(&order, want(9_999, 10)), Decision::Amend(_)), "more aggressive than wanted");
    for state in [OrderState::PendingNew, OrderState::PendingReplace, OrderState::Unknown] {
        assert_eq!(decide(&Order { state, ..order }, want(10_009, 5)), Decision::Wait);
    }
    let other_side = Place { side: Side::Ask, ..want(10_009, 5) };
    assert_eq!(decide(&order, other_side), Decision::Wait);
}
