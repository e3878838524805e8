//! Stories of markets that are watched for arbitrage.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    AssetId, BookKind, Event, InstrumentId, InstrumentSpec, Last, Lots, MarkPrice, Money, Nanos, Rate, Side,
    Span,
};
use proptest::prelude::*;

use super::desk::{Desk, EPOCH, ETH, STEP, instrument, lane, quoting, slot};
use crate::arbitrage::{
    CarryParams, Conversion, HedgeRatio, NoOpportunity, Opportunity, OpportunityId, OpportunityKind,
    SpatialParamError, SpatialParams, StatisticalParams, TransferCost, TriangularParams,
};
use crate::outbox::Note;
use crate::shard::{
    ArbitrageError, ArbitrageSpec, DetectorSpec, DetectorView, LaneError, LaneSpec, LegSpec, Shard, ShardSpec,
};

const OTHER: InstrumentId = InstrumentId(1);
const THIRD: InstrumentId = InstrumentId(2);
const BASE: AssetId = AssetId(0);
const QUOTE: AssetId = AssetId(1);
const AGE_MAX: Span = Span::from_millis(250);
const LOOKS: Span = Span::from_millis(100);
const FIRST: OpportunityId = OpportunityId(7);

fn leg(instrument: InstrumentId) -> LegSpec {
    LegSpec { instrument, taker_fee: Rate::from_bps(1), lots_max: Lots(200), conversion: Conversion::SAME }
}

fn spatial_of(id: OpportunityId) -> DetectorSpec {
    let params = SpatialParams { id, asset: QUOTE, age_max: AGE_MAX, transfer: TransferCost::default() };
    DetectorSpec::Spatial(params, [leg(ETH), leg(OTHER)])
}

fn statistical() -> StatisticalParams {
    StatisticalParams {
        id: FIRST,
        asset: QUOTE,
        age_max: AGE_MAX,
        step: LOOKS,
        half_life: Span::from_secs(20),
        hold_max: Span::from_secs(1),
        pairs_min: 30,
        hedge: HedgeRatio::Given(Rate::ONE),
        entry_z: 1.0,
        spread_half_life_max: Span::from_secs(60),
        horizon: 2,
        holding_per_day: Rate(0),
    }
}

fn carry() -> CarryParams {
    CarryParams {
        id: FIRST,
        asset: QUOTE,
        age_max: AGE_MAX,
        mark_age_max: Span::from_secs(5),
        horizon: Span::from_secs(86_400),
        funding_interval: Span::from_secs(28_800),
        funding_cap: Rate::from_bps(75),
        persistence: Rate::ONE,
        convergence: Rate::ONE,
        borrow_per_day: None,
    }
}

/// A market that is only followed.
fn followed(spec: InstrumentSpec) -> LaneSpec {
    LaneSpec { spec, quoting: None, ..lane(&quoting()) }
}

fn spec(detectors: Vec<DetectorSpec>) -> ShardSpec {
    let arbitrage = Some(ArbitrageSpec { interval: LOOKS, detectors });
    let lanes = vec![followed(instrument()); 2];
    ShardSpec { epoch: EPOCH, lanes, hedges: Vec::new(), portfolio: None, arbitrage }
}

fn desk(detectors: Vec<DetectorSpec>) -> Desk {
    Desk::of(spec(detectors))
}

fn best(desk: &Desk) -> Option<Opportunity> {
    desk.shard.opportunities().first().and_then(|ranking| ranking.best_first().first()).copied()
}

fn first(desk: &Desk) -> DetectorView<'_> {
    desk.shard.detectors().next().unwrap()
}

/// Both books anew, at one moment as far as freshness goes.
fn books(desk: &mut Desk, eth: (i64, i64), other: (i64, i64)) {
    assert_eq!(desk.snapshot_of(ETH, eth.0, eth.1), []);
    assert_eq!(desk.snapshot_of(OTHER, other.0, other.1), []);
}

/// Time passes to the next look, whatever is due before.
fn look(desk: &mut Desk) {
    let looks = first(desk).tally.looks;
    while first(desk).tally.looks == looks {
        assert_eq!(desk.timer(), []);
    }
}

#[test]
fn an_opportunity_is_seen_ranked_and_expires_without_events() {
    let mut desk = desk(vec![spatial_of(FIRST)]);
    assert_eq!(desk.shard.next_deadline(), None, "nothing is known");
    books(&mut desk, (10_000, 10_010), (10_050, 10_060));
    assert_eq!(desk.shard.next_deadline(), Some(desk.now), "the first look is due at once");
    let (oldest, found_at) = (desk.now - STEP, desk.now);
    look(&mut desk);
    assert_eq!(desk.shard.next_deadline(), Some(Nanos::from_millis(1_100)), "looks are on a grid");
    let found = best(&desk).unwrap();
    assert_eq!((found.id, found.kind, found.asset), (FIRST, OpportunityKind::Spatial, QUOTE));
    // 0.2 bought at 100.10 and sold at 100.50: 0.08 less 1 bp of 20.02 and of 20.10.
    assert_eq!((found.gross, found.costs.fees), (Money(8 * 10i128.pow(16)), Money(4_012 * 10i128.pow(12))));
    assert_eq!(found.expires_at, oldest + AGE_MAX);
    assert_eq!(desk.notes, [Note::OpportunitySeen(FIRST)]);
    while best(&desk).is_some() {
        assert_eq!(desk.timer(), []);
    }
    assert_eq!(desk.now, found.expires_at, "to the nanosecond, between two looks");
    assert_eq!(desk.notes, [Note::OpportunitySeen(FIRST), Note::OpportunityGone(FIRST)]);
    let tally = first(&desk).tally;
    assert_eq!((tally.seen, tally.found, tally.alive), (1, 3, found.expires_at - found_at));
    assert_eq!((tally.net_best, tally.net_mean()), (found.net, Some(found.net)));
    assert_eq!((tally.edge_best_bps, tally.edge_mean_bps()), (found.edge_bps, Some(found.edge_bps)));
    look(&mut desk);
    assert_eq!((best(&desk), first(&desk).tally.nothing_for(NoOpportunity::Stale)), (None, 1));
}

#[test]
fn both_directions_are_looked_at() {
    let mut desk = desk(vec![spatial_of(FIRST)]);
    books(&mut desk, (10_050, 10_060), (10_000, 10_010));
    look(&mut desk);
    let legs = best(&desk).unwrap().legs;
    let legs: Vec<_> = legs.as_slice().iter().map(|leg| (leg.instrument, leg.side)).collect();
    assert_eq!(legs, [(OTHER, Side::Bid), (ETH, Side::Ask)]);
}

#[test]
fn it_leaves_at_the_first_look_that_does_not_find_it() {
    let mut desk = desk(vec![spatial_of(FIRST)]);
    books(&mut desk, (10_000, 10_010), (10_050, 10_060));
    look(&mut desk);
    let (since, shown) = (desk.now, best(&desk));
    books(&mut desk, (10_000, 10_010), (10_000, 10_010));
    assert_eq!(best(&desk), shown, "nothing is done at events");
    look(&mut desk);
    assert_eq!((best(&desk), first(&desk).tally.alive), (None, desk.now - since));
    assert_eq!(first(&desk).tally.nothing_for(NoOpportunity::NoEdge), 1);
    assert_eq!(desk.notes.last(), Some(&Note::OpportunityGone(FIRST)));
    books(&mut desk, (10_000, 10_010), (10_050, 10_060));
    look(&mut desk);
    assert_eq!((first(&desk).tally.seen, desk.notes.len()), (2, 3), "again");
}

#[test]
fn a_book_that_is_lost_or_behind_its_best_prices_shows_nothing() {
    let mut desk = desk(vec![spatial_of(FIRST)]);
    books(&mut desk, (10_000, 10_010), (10_050, 10_060));
    desk.touch(10_001, 10_010);
    look(&mut desk);
    assert_eq!((best(&desk), first(&desk).tally.nothing_for(NoOpportunity::NoBook)), (None, 1));
    books(&mut desk, (10_000, 10_010), (10_050, 10_060));
    desk.touch(10_000, 10_010);
    look(&mut desk);
    assert!(best(&desk).is_some(), "the same prices");
    desk.lose();
    look(&mut desk);
    assert_eq!((best(&desk), first(&desk).tally.nothing_for(NoOpportunity::NoBook)), (None, 2));
}

#[test]
fn the_middle_of_a_batch_is_not_looked_at() {
    let mut desk = desk(vec![spatial_of(FIRST)]);
    books(&mut desk, (10_000, 10_010), (10_050, 10_060));
    look(&mut desk);
    assert!(best(&desk).is_some());
    desk.tell(&desk.begin(ETH, BookKind::Diff, 2));
    desk.tell_now(&slot(ETH, Side::Bid, 10_001, Last::No));
    look(&mut desk);
    assert_eq!(best(&desk), None);
}

#[test]
fn the_better_one_comes_first() {
    let small = LegSpec { lots_max: Lots(10), ..leg(OTHER) };
    let DetectorSpec::Spatial(params, _) = spatial_of(OpportunityId(3)) else { unreachable!() };
    let detectors = vec![DetectorSpec::Spatial(params, [leg(ETH), small]), spatial_of(FIRST)];
    let mut desk = desk(detectors);
    books(&mut desk, (10_000, 10_010), (10_050, 10_060));
    look(&mut desk);
    let ranked: Vec<_> = desk.shard.opportunities()[0].best_first().iter().map(|one| one.id.0).collect();
    assert_eq!(ranked, [7, 3]);
    assert_eq!(desk.shard.detectors().map(|one| one.id.0).collect::<Vec<_>>(), [3, 7], "as configured");
}

#[test]
fn nets_in_different_assets_are_not_ranked_together() {
    let third = InstrumentSpec { base: AssetId(2), quote: BASE, ..instrument() };
    let other = InstrumentSpec { base: AssetId(2), quote: QUOTE, ..instrument() };
    let triangle = |id, start| {
        let params = TriangularParams { id: OpportunityId(id), start, age_max: AGE_MAX };
        DetectorSpec::Triangular(params, [ETH, OTHER, THIRD].map(leg))
    };
    let mut spec = spec(vec![triangle(1, QUOTE), triangle(2, BASE), triangle(3, AssetId(2))]);
    spec.lanes = [instrument(), other, third].map(followed).to_vec();
    let mut desk = Desk::of(spec);
    // One base for 100.10, for which one and a half of the third asset, for 100.00 each.
    books(&mut desk, (10_000, 10_010), (10_000, 10_010));
    desk.snapshot_of(THIRD, 60, 67);
    look(&mut desk);
    let ranked = desk.shard.opportunities().iter().flat_map(|ranking| ranking.best_first());
    let ranked: Vec<_> = ranked.map(|one| (one.id.0, one.asset, one.kind)).collect();
    let kind = OpportunityKind::Triangular;
    assert_eq!(ranked, [(2, BASE, kind), (1, QUOTE, kind), (3, AssetId(2), kind)]);
}

fn mark(now: Nanos, funding_bps: i32) -> Event {
    let (instrument, mark_e8) = (OTHER, 10_050 * 1_000_000);
    let funding_at_secs = u32::try_from(now.0 / 1_000_000_000).unwrap() + 3_600;
    let (venue_time, recv_time, index_e8) = (now, now, None);
    let funding_e8 = funding_bps * 10_000;
    Event::Mark(MarkPrice {
        instrument,
        mark_e8,
        index_e8,
        funding_e8,
        funding_at_secs,
        venue_time,
        recv_time,
    })
}

#[test]
fn carry_reads_the_mark_of_its_perpetual_alone() {
    let mut desk = desk(vec![DetectorSpec::Carry(carry(), [leg(ETH), leg(OTHER)])]);
    books(&mut desk, (10_000, 10_010), (10_000, 10_010));
    look(&mut desk);
    assert_eq!(first(&desk).tally.nothing_for(NoOpportunity::Funding), 1);
    let Event::Mark(told) = mark(desk.now, 30) else { unreachable!() };
    desk.tell(&Event::Mark(MarkPrice { instrument: ETH, ..told }));
    books(&mut desk, (10_000, 10_010), (10_000, 10_010));
    look(&mut desk);
    assert_eq!(first(&desk).tally.nothing_for(NoOpportunity::Funding), 2, "the spot's is none");
    let before = desk.shard.state_hash();
    desk.tell_now(&Event::Mark(told));
    assert_ne!(desk.shard.state_hash(), before, "the mark is part of the state");
    books(&mut desk, (10_000, 10_010), (10_000, 10_010));
    look(&mut desk);
    let found = best(&desk).unwrap();
    assert_eq!(found.kind, OpportunityKind::Carry);
    assert!(found.costs.funding < Money::ZERO, "shorts are paid");
    assert_eq!(found.legs.as_slice()[0].instrument, ETH, "the spot is bought");
}

#[test]
fn every_part_of_a_mark_that_counts_is_part_of_the_state() {
    let hash = |change: fn(&mut MarkPrice)| {
        let mut desk = desk(vec![DetectorSpec::Carry(carry(), [leg(ETH), leg(OTHER)])]);
        books(&mut desk, (10_000, 10_010), (10_000, 10_010));
        let Event::Mark(mut told) = mark(desk.now, 30) else { unreachable!() };
        change(&mut told);
        desk.tell(&Event::Mark(told));
        desk.shard.state_hash()
    };
    let same = hash(|_| ());
    assert_eq!(hash(|mark| mark.index_e8 = Some(1)), same, "nothing depends on the index");
    let changes: [fn(&mut MarkPrice); 4] = [
        |mark| mark.mark_e8 += 1,
        |mark| mark.funding_e8 += 1,
        |mark| mark.funding_at_secs += 1,
        |mark| mark.recv_time = mark.recv_time - STEP,
    ];
    for change in changes {
        assert_ne!(hash(change), same);
    }
}

#[test]
fn a_spread_is_sampled_at_the_looks() {
    let mut desk = desk(vec![DetectorSpec::Statistical(statistical(), [leg(ETH), leg(OTHER)])]);
    // A spread that swings around a mean of its own, half-way back within a look or so.
    let mut off = 0;
    for turn in 0..120_i64 {
        let shock = turn * turn * 7_919 % 13 - 6;
        off = off / 2 + 4 * shock;
        books(&mut desk, (10_000 + off, 10_001 + off), (10_000, 10_001));
        look(&mut desk);
    }
    let tally = first(&desk).tally;
    assert!(tally.nothing_for(NoOpportunity::Unfitted) >= 30, "{tally:?}");
    assert!(tally.found > 0, "{tally:?}");
    assert_eq!(tally.looks, 120);
    let hash = desk.shard.state_hash();
    desk.lose();
    look(&mut desk);
    assert_ne!(desk.shard.state_hash(), hash);
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let refused = |change: &dyn Fn(&mut ArbitrageSpec)| {
        let mut bad = spec(vec![spatial_of(FIRST)]);
        change(bad.arbitrage.as_mut().unwrap());
        match Shard::new(&bad).unwrap_err() {
            (0, LaneError::Arbitrage(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&|bad| bad.interval = Span::ZERO), ArbitrageError::Interval);
    assert_eq!(refused(&|bad| bad.detectors.clear()), ArbitrageError::Detectors);
    assert_eq!(refused(&|bad| bad.detectors.push(spatial_of(FIRST))), ArbitrageError::Twice(FIRST));
    let with = |detector: DetectorSpec| {
        refused(&move |bad: &mut ArbitrageSpec| bad.detectors = vec![detector.clone()])
    };
    let DetectorSpec::Spatial(params, legs) = spatial_of(FIRST) else { unreachable!() };
    assert_eq!(with(DetectorSpec::Spatial(params, [legs[0], leg(THIRD)])), ArbitrageError::Instrument(FIRST));
    let old = SpatialParams { age_max: Span::ZERO, ..params };
    assert_eq!(with(DetectorSpec::Spatial(old, legs)), ArbitrageError::Spatial(SpatialParamError::AgeMax));
    let quick = StatisticalParams { step: Span::from_millis(99), ..statistical() };
    assert_eq!(with(DetectorSpec::Statistical(quick, legs)), ArbitrageError::Step(FIRST));
}

/// Something that happens to both markets, or time that passes.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Books(i64, i64),
    Lost,
    Look,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        3 => (9_900..10_100i64, 9_900..10_100i64).prop_map(|(eth, other)| Turn::Books(eth, other)),
        1 => Just(Turn::Lost),
        4 => Just(Turn::Look),
    ];
    proptest::collection::vec(turn, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// What is ranked is what a detector of its own finds in the books of the look, nothing stands beyond its time, and
    /// every appearance is followed by one end.
    #[test]
    fn what_is_ranked_was_found_at_the_last_look_and_has_not_expired(turns in turns()) {
        let mut desk = desk(vec![spatial_of(FIRST)]);
        books(&mut desk, (10_000, 10_010), (10_000, 10_010));
        for turn in turns {
            match turn {
                Turn::Books(eth, other) => books(&mut desk, (eth, eth + 10), (other, other + 10)),
                Turn::Lost => assert_eq!(desk.lose(), []),
                Turn::Look => {
                    look(&mut desk);
                    let now = desk.now;
                    let market = |id| desk.shard.market(id).unwrap();
                    let fresh = |id| {
                        market(id).touch().is_some() && now - market(id).confirmed_at() < AGE_MAX
                    };
                    let asks = [ETH, OTHER].map(|id| market(id).book().best(Side::Ask).unwrap().price.0);
                    // Ten ticks from bid to ask; two fees of a basis point are two ticks and a little.
                    let apart = (asks[0] - asks[1]).abs() - 10;
                    if apart != 2 {
                        let open = fresh(ETH) && fresh(OTHER) && apart > 2;
                        prop_assert_eq!(best(&desk).is_some(), open, "{} apart", apart);
                    }
                }
            }
            let tally = first(&desk).tally;
            let ended = desk.notes.iter().filter(|note| **note == Note::OpportunityGone(FIRST)).count() as u64;
            prop_assert_eq!(tally.seen, ended + u64::from(best(&desk).is_some()));
            prop_assert!(desk.shard.next_deadline().is_some());
        }
    }
}
