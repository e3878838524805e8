//! What one account hears.

use ballast_exchange::matching::{AccountId, Outcome, Prevention, Reports};
use ballast_model::{
    AssetId, ClientOrderId, Ending, Event, FillReason, InstrumentId, Liquidity, Lots, Money, Nanos,
    OrderReport, PackedLevel, Price, RejectReason, Side, VenueOrderId,
};

use crate::margin::perpetual;
use crate::rig::{Change, Rig, ask, bid, spec};

fn heard(outcomes: &[Outcome], account: u16) -> Vec<Event> {
    let reports = Reports { account: AccountId(account), instrument: InstrumentId(7), fee_asset: AssetId(1) };
    let mut events = Vec::new();
    outcomes.iter().for_each(|outcome| reports.hear(outcome, Nanos(5), |event| events.push(event)));
    events
}

/// The reports of orders: client id and what it says.
fn orders(events: &[Event]) -> Vec<(u64, OrderReport)> {
    let order = |event: &Event| {
        let Event::Order(update) = event else { return None };
        assert_eq!((update.instrument, update.venue_time), (InstrumentId(7), Nanos(5)));
        Some((update.client_id.0, update.report))
    };
    events.iter().filter_map(order).collect()
}

#[test]
fn each_side_of_a_trade_hears_its_own() {
    let mut rig = Rig::new(&spec());
    let rests = rig.place(ask(1, 3, 200_000, 1_000));
    assert_eq!(orders(&heard(&rests, 1)), [(3, OrderReport::Accepted(VenueOrderId(1)))]);
    assert_eq!(heard(&rests, 2), []);
    let outcomes = rig.place(bid(2, 4, 200_000, 400));
    let [Event::Fill(maker)] = heard(&outcomes, 1)[..] else { panic!("{outcomes:?}") };
    let [Event::Order(_), Event::Fill(taker)] = heard(&outcomes, 2)[..] else { panic!("{outcomes:?}") };
    let level = PackedLevel::new(Price(200_000), Lots(400)).unwrap();
    assert_eq!((maker.client_id.0, maker.side, maker.liquidity), (3, Side::Ask, Liquidity::Maker));
    assert_eq!((taker.client_id.0, taker.side, taker.liquidity), (4, Side::Bid, Liquidity::Taker));
    assert_eq!((maker.level, taker.level, taker.reason), (level, level, FillReason::Took));
    // 800 of quote at 2 and 5 basis points.
    assert_eq!((maker.fee_e8, taker.fee_e8), (16_000_000, 40_000_000));
    assert_eq!(maker.trade_id, taker.trade_id);
}

#[test]
fn amendments_cancels_and_refusals_are_heard() {
    let mut rig = Rig::new(&spec());
    rig.rests(bid(1, 1, 100, 5));
    let level = PackedLevel::new(Price(101), Lots(6)).unwrap();
    let replaced = OrderReport::Replaced { venue_id: VenueOrderId(1), level, filled: Lots(0) };
    assert_eq!(orders(&heard(&rig.amend(1, 1, 101, 6), 1)), [(1, replaced)]);
    let refused = |reason| [(1, OrderReport::ReplaceRejected(reason))];
    assert_eq!(orders(&heard(&rig.amend(1, 1, 0, 6), 1)), refused(RejectReason::Price));
    assert_eq!(orders(&heard(&rig.cancel(1, 1), 1)), [(1, OrderReport::Cancelled)]);
    let unknown = OrderReport::CancelRejected(RejectReason::UnknownOrder);
    assert_eq!(orders(&heard(&rig.cancel(1, 1), 1)), [(1, unknown)]);
    let outcomes = rig.place(bid(1, 1, 0, 6));
    assert_eq!(orders(&heard(&outcomes, 1)), [(1, OrderReport::Rejected(RejectReason::Price))]);
}

#[test]
fn prevention_tells_what_is_left_of_both() {
    let mut rig = Rig::new(&spec());
    rig.rests(ask(1, 1, 100, 5));
    let outcomes = rig.place(bid(1, 2, 100, 3).stp(Prevention::Decrement));
    let level = PackedLevel::new(Price(100), Lots(2)).unwrap();
    let ended = OrderReport::Ended { how: Ending::Expired, filled: Lots(0) };
    let smaller = OrderReport::Replaced { venue_id: VenueOrderId(1), level, filled: Lots(0) };
    assert_eq!(orders(&heard(&outcomes, 1))[1..], [(2, ended), (1, smaller)]);
}

#[test]
fn forced_fills_bear_no_id_of_ours() {
    let mut rig = Rig::new(&perpetual());
    for account in 1..4 {
        let units = if account == 2 { 1_000 } else { 100_000 };
        rig.engine.transfer(AccountId(account), Money(units * 10_000_000_000_000)).unwrap();
    }
    rig.rests(ask(1, 1, 1_000, 10));
    rig.place(bid(2, 1, 1_000, 10));
    rig.rests(bid(3, 1, 930, 4));
    let outcomes = rig.mark(900);
    let fills = |account| {
        let fill = |event: &Event| {
            let Event::Fill(fill) = event else { return None };
            Some((fill.reason, fill.side, fill.client_id, fill.level.lots().0))
        };
        heard(&outcomes, account).iter().filter_map(fill).collect::<Vec<_>>()
    };
    let nobody = ClientOrderId::FOREIGN;
    let (liquidation, adl) = (FillReason::Liquidation, FillReason::AutoDeleveraging);
    assert_eq!(fills(2), [(liquidation, Side::Ask, nobody, 4), (adl, Side::Ask, nobody, 6)]);
    assert_eq!(fills(3), [(FillReason::Venue, Side::Bid, ClientOrderId(1), 4)]);
    assert_eq!(fills(1), [(adl, Side::Bid, nobody, 6)]);
}
