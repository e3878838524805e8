//! What is hedged on several instruments: where it costs least, funding among it.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    Event, Fill, InstrumentId, Lots, MarkPrice, OrderReport, Rate, Side, Span, VenueOrderId,
};

use super::desk::{Desk, EPOCH, instrument, lane, level, quoting};
use super::hedging::{PERP, SPOT, Story, hedging, news, on};
use crate::hedge::{BandSpec, Base, CostBand, HedgeVenueSpec};
use crate::shard::{HedgingSpec, LaneSpec, QuotingSpec, ShardSpec, VenueFunding};
use crate::volatility::{EwmaParams, VolatilityKind};

/// The second instrument to hedge on.
const OTHER: InstrumentId = InstrumentId(2);
const HOUR: Span = Span::from_secs(3_600);

/// The second instrument is dearer by half a basis point at rest.
fn both() -> HedgingSpec {
    let mut spec = hedging();
    let first = spec.hedge.venues[0];
    let fee_maker = Rate(first.fee_maker.0 + 5_000);
    spec.hedge.venues.push(HedgeVenueSpec { instrument: OTHER, fee_maker, ..first });
    spec.funding = vec![VenueFunding::NotCounted; 2];
    spec
}

/// The same with funding over an hour, up to ten basis points.
fn funded() -> HedgingSpec {
    let mut spec = both();
    (spec.hedge.policy.funding_horizon, spec.hedge.policy.funding_cost_max) = (HOUR, Rate::from_bps(10));
    spec.funding = vec![VenueFunding::Every(HOUR); 2];
    spec
}

/// All three books, the same on both instruments to hedge on.
fn story(spec: HedgingSpec) -> Story {
    let hedged_on = LaneSpec { quoting: None, hedge_limits: Some(quoting().limits), ..lane(&quoting()) };
    let spot = lane(&QuotingSpec { touch_age_max: Span::from_secs(60), ..quoting() });
    let lanes = vec![spot, hedged_on.clone(), hedged_on];
    let mut story = Story::of_spec(&ShardSpec {
        epoch: EPOCH,
        lanes,
        hedges: vec![spec],
        portfolio: None,
        arbitrage: None,
    });
    for id in [PERP, OTHER, SPOT] {
        story.book(id, 10_000, 10_001);
    }
    story
}

fn bought(story: &mut Story, lots: i64) -> Vec<(InstrumentId, Side, i64)> {
    let trade_id = ballast_model::TradeId(story.now.0.unsigned_abs());
    let fill = Fill { trade_id, level: level(10_000, lots), ..Desk::fill_at(story.now, Side::Bid) };
    let commands = story.tell(&Event::Fill(fill));
    let orders = news(&commands);
    let hedges = [PERP, OTHER].into_iter().flat_map(|id| on(id, &orders));
    hedges.map(|order| (order.instrument, order.side, order.lots.0)).collect()
}

/// Longs pay shorts at this rate for the hour that ends so far from now.
fn rate(story: &mut Story, instrument: InstrumentId, rate: Rate, ends_in: Span) {
    let end = (story.now + ends_in).0 / 1_000_000_000;
    let mark = MarkPrice {
        instrument,
        mark_e8: 10_000_000_000,
        index_e8: None,
        funding_e8: i32::try_from(rate.0).unwrap(),
        funding_at_secs: u32::try_from(end).unwrap(),
        venue_time: story.now,
        recv_time: story.now,
    };
    assert_eq!(story.tell(&Event::Mark(mark)), []);
}

#[test]
fn of_two_instruments_the_cheaper_is_traded_and_the_other_when_that_one_cannot() {
    assert_eq!(bought(&mut story(both()), 20), [(PERP, Side::Ask, 15)]);
    let mut dearer = both();
    dearer.hedge.venues[0].fee_maker = Rate::from_bps(2);
    assert_eq!(bought(&mut story(dearer), 20), [(OTHER, Side::Ask, 15)]);
    // What one may not take at once the other does.
    let mut small = both();
    small.hedge.venues[0].order_lots_max = Lots(10);
    assert_eq!(bought(&mut story(small), 20), [(PERP, Side::Ask, 10), (OTHER, Side::Ask, 5)]);
    // An impact that grows with the size divides it: five hundred are shown at the best price.
    let mut steep = both();
    steep.hedge.venues.iter_mut().for_each(|venue| venue.impact = Rate::from_bps(100));
    let orders = bought(&mut story(steep), 45);
    assert_eq!(orders.iter().map(|(_, _, lots)| lots).sum::<i64>(), 40);
    assert!(matches!(orders[..], [(PERP, _, first), (OTHER, _, second)] if first > second), "{orders:?}");
}

#[test]
fn both_positions_count_in_what_is_left() {
    let mut story = story(both());
    assert_eq!(bought(&mut story, 20), [(PERP, Side::Ask, 15)]);
    for (instrument, side, lots) in [(PERP, Side::Ask, 9), (OTHER, Side::Ask, 4)] {
        let trade_id = ballast_model::TradeId(story.now.0.unsigned_abs());
        let fill =
            Fill { instrument, trade_id, level: level(10_000, lots), ..Desk::fill_at(story.now, side) };
        story.tell(&Event::Fill(fill));
    }
    // Seven are open, and fifteen more stand: enough.
    assert_eq!(bought(&mut story, 1), []);
}

#[test]
fn funding_moves_the_hedge_to_where_it_is_paid_for() {
    // A sale is paid by longs: a rate above the other's is worth more than half a basis point of fee.
    let mut paid = story(funded());
    rate(&mut paid, PERP, Rate(0), HOUR);
    rate(&mut paid, OTHER, Rate::from_bps(1), HOUR);
    assert_eq!(bought(&mut paid, 20), [(OTHER, Side::Ask, 15)]);
    let mut less = story(funded());
    rate(&mut less, PERP, Rate(0), HOUR);
    rate(&mut less, OTHER, Rate(4_000), HOUR);
    assert_eq!(bought(&mut less, 20), [(PERP, Side::Ask, 15)]);
    let mut unasked = story(both());
    rate(&mut unasked, OTHER, Rate::from_bps(1), HOUR);
    assert_eq!(bought(&mut unasked, 20), [(PERP, Side::Ask, 15)], "nobody asks for it");
}

#[test]
fn a_rate_that_is_not_known_or_no_longer_costs_the_bound() {
    let mut story = story(funded());
    rate(&mut story, OTHER, Rate(0), Span::from_secs(10));
    assert_eq!(bought(&mut story, 20), [(OTHER, Side::Ask, 15)], "the other's was never told");
    let mut over = self::story(funded());
    rate(&mut over, OTHER, Rate(0), Span::from_secs(10));
    over.wait(Span::from_secs(10));
    assert_eq!(bought(&mut over, 20), [(PERP, Side::Ask, 15)], "its period is over");
    let mut spot = funded();
    spot.funding[1] = VenueFunding::None;
    assert_eq!(bought(&mut self::story(spot), 20), [(OTHER, Side::Ask, 15)], "there is none");
}

#[test]
fn an_order_of_unknown_fate_makes_its_instrument_dearer() {
    for (penalty, then) in [(Rate(0), PERP), (Rate::from_bps(1), OTHER)] {
        let mut spec = both();
        spec.hedge.policy.unknown_penalty = penalty;
        let mut story = story(spec);
        let commands = {
            let fill = Fill { level: level(10_000, 20), ..Desk::fill_at(story.now, Side::Bid) };
            story.tell(&Event::Fill(fill))
        };
        let [hedge] = on(PERP, &news(&commands))[..] else { panic!("one hedge: {commands:?}") };
        story.report(PERP, hedge.client_id, OrderReport::Accepted(VenueOrderId(77)));
        story.report(PERP, hedge.client_id, OrderReport::FateUnknown);
        assert_eq!(bought(&mut story, 20), [(then, Side::Ask, 20)], "{penalty:?}");
    }
}

#[test]
fn volatility_is_that_of_the_first_instrument_alone() {
    let mut spec = both();
    let ewma = EwmaParams {
        half_life: Span::from_secs(1),
        interval_min: Span(1),
        elapsed_min: Span(1),
        samples_min: 2,
    };
    spec.volatility = Some(VolatilityKind::Ewma(ewma));
    let lots = |lots: i128| Base(lots * 10i128.pow(15));
    // Wide where the price hardly moves, narrow where nobody knows.
    let band = CostBand {
        gamma: 1e-9,
        flow: 1.0,
        half_width_min: lots(5),
        half_width_max: lots(90),
        shift_max: Base::ZERO,
    };
    spec.hedge.band = BandSpec::Cost(band);
    for (moves, hedges) in [(OTHER, vec![(PERP, Side::Ask, 15)]), (PERP, vec![])] {
        let mut story = story(spec.clone());
        for step in 0..6 {
            story.book(moves, 10_000 - step, 10_001 - step);
        }
        assert_eq!(bought(&mut story, 20), hedges, "{moves:?} moves");
    }
    assert_eq!(instrument().size_min, Lots(1));
}
