//! Stories of quotes around a fair value from several instruments.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    BookKind, BookLost, Event, InstrumentId, InstrumentSpec, Last, LostReason, Lots, Nanos, Rate, Side, Span,
    Step, Ticks,
};

use super::desk::{Desk, Did, ETH, instrument, lane, quoting, slot};
use super::wakings::ring;
use crate::fair::{
    BasisParams, BasisSpec, BlendInput, BlendParamError, BlendParams, Decay, FairKind, Need, StaleCurve,
    VwapParams,
};
use crate::inventory::{Band, InventoryParams};
use crate::model::{AvellanedaParams, AvellanedaStoikov, Hold, Horizon, Model, Scales};
use crate::outbox::Note;
use crate::shape::adjust::{AdjustParams, VenuesAdjust};
use crate::shape::shaper::{LevelsFrom, ShaperParams};
use crate::shard::{
    BlendError, BlendSource, BlendSpec, LaneError, LaneSpec, QuoteAround, QuotingSpec, ShapingSpec, Shard,
    ShardSpec, Trigger,
};
use crate::volatility::{EwmaParams, VolatilityKind};

/// The instrument that [`ETH`] is priced from besides itself.
pub(super) const THERE: InstrumentId = InstrumentId(1);
/// Up to this age an input is fresh, and from this on stale.
pub(super) const FRESH: Span = Span::from_millis(100);
pub(super) const STALE: Span = Span::from_millis(1_100);

pub(super) const PLAIN: BlendInput = BlendInput { weight: 1.0, need: Need::Optional, basis: None };
const REQUIRED: BlendInput = BlendInput { need: Need::Required, ..PLAIN };

pub(super) fn params() -> BlendParams {
    BlendParams {
        stale: StaleCurve::new(FRESH, STALE, Decay::Linear).unwrap(),
        apart_max_ticks: 100.0,
        widen_sigmas: 1.0,
        widen_max_ticks: 50.0,
    }
}

pub(super) fn source(instrument: InstrumentId, input: BlendInput) -> BlendSource {
    BlendSource { instrument, fair: FairKind::Mid, input }
}

/// Both mids, the other one of double weight.
fn both(need: Need) -> BlendSpec {
    let there = BlendInput { weight: 2.0, need, ..PLAIN };
    spec(&[source(ETH, PLAIN), source(THERE, there)])
}

pub(super) fn spec(inputs: &[BlendSource]) -> BlendSpec {
    BlendSpec { params: params(), inputs: inputs.to_vec(), around: QuoteAround::Blend }
}

/// Quotes ten lots some ten ticks either side of the fair value, whatever the volatility.
pub(super) fn around(blend: Option<BlendSpec>) -> QuotingSpec {
    let params = AvellanedaParams {
        gamma: 100.0,
        k: 10.0,
        horizon: Horizon::Infinite,
        size: Lots(10),
        size_reducing_max: Lots(10),
        inventory_max: Lots(100),
        skew_max: Ticks(10),
    };
    let model = AvellanedaStoikov::new(params, Scales::new(&instrument())).unwrap();
    let volatility = EwmaParams {
        half_life: Span::from_secs(1_000),
        interval_min: Span(1),
        elapsed_min: Span::ZERO,
        samples_min: 1,
    };
    QuotingSpec {
        model: Model::AvellanedaStoikov(model),
        volatility: Some(VolatilityKind::Ewma(volatility)),
        blend,
        ..quoting()
    }
}

pub(super) fn followed(spec: InstrumentSpec) -> LaneSpec {
    LaneSpec { spec, quoting: None, ..lane(&quoting()) }
}

fn desk_of(quoting: &QuotingSpec) -> Desk {
    Desk::new(vec![lane(quoting), followed(instrument())])
}

fn desk(blend: BlendSpec) -> Desk {
    desk_of(&around(Some(blend)))
}

/// What a pair of new quotes stands around, in half ticks, and how far apart the two are; what they replace is left out.
fn pair(did: &[Did]) -> (i64, i64) {
    let places: Vec<_> = did.iter().filter(|did| matches!(did, Did::Place(..))).collect();
    let [Did::Place(_, Side::Bid, bid, _), Did::Place(_, Side::Ask, ask, _)] = *places else {
        panic!("{did:?}")
    };
    (bid + ask, ask - bid)
}

/// The orders that are neither gone nor about to be.
pub(super) fn standing(desk: &Desk) -> usize {
    let going = |state| matches!(state, crate::oms::OrderState::PendingCancel(_));
    desk.shard.orders(ETH).unwrap().open_orders().filter(|order| !going(order.state)).count()
}

/// The venue confirms every cancel, a step later each.
pub(super) fn settle(desk: &mut Desk, mut did: Vec<Did>) {
    while let Some(one) = did.pop() {
        if let Did::Cancel(order) = one {
            did.extend(desk.cancelled(order));
        }
    }
}

/// Lets this much time pass, a little more where cancels are confirmed in the end; the timer rings whenever it is due.
pub(super) fn pass(desk: &mut Desk, span: Span) {
    let until = desk.now + span;
    while let Some(at) = desk.shard.next_deadline().filter(|at| *at <= until.max(desk.now)) {
        let wait = at.max(desk.now) - desk.now;
        let did = ring(desk, wait);
        settle(desk, did);
    }
    desk.now = desk.now.max(until);
}

fn held(desk: &Desk) -> Option<Hold> {
    let hold = |note: &Note| if let Note::Held(ETH, hold) = note { Some(*hold) } else { None };
    desk.notes.iter().rev().find_map(hold)
}

/// Both markets are known, a hundred ticks wide; quotes stand.
fn then_both(mut desk: Desk) -> Desk {
    desk.snapshot_of(THERE, 10_030, 10_130);
    desk.snapshot(10_000, 10_100);
    assert_eq!(standing(&desk), 2, "{:?}", desk.notes);
    desk
}

#[test]
fn quotes_stand_around_the_weighted_mean_and_follow_each_market() {
    let mut desk = desk(both(Need::Required));
    desk.snapshot_of(THERE, 10_030, 10_130);
    // (10 050 + 2·10 080)/3 = 10 070.
    assert_eq!(pair(&desk.snapshot(10_000, 10_100)).0, 2 * 10_070);
    assert_eq!(pair(&desk.touch_of(THERE, 10_060, 10_160)).0, 2 * 10_090);
    assert_eq!(pair(&desk.touch(10_003, 10_103)).0, 2 * 10_091);
}

#[test]
fn values_are_converted_by_the_two_ticks() {
    let coarse = InstrumentSpec { tick: Step { mantissa: 5, scale: 2 }, ..instrument() };
    let there = spec(&[source(THERE, PLAIN)]);
    let mut desk = Desk::new(vec![lane(&around(Some(there))), followed(coarse)]);
    desk.snapshot_of(THERE, 2_005, 2_025);
    assert_eq!(pair(&desk.snapshot(10_000, 10_100)).0, 2 * 2_015 * 5);
}

#[test]
fn a_required_market_that_falls_silent_pulls_the_quotes_by_time_alone() {
    let mut desk = desk(both(Need::Required));
    desk.snapshot_of(THERE, 10_030, 10_130);
    let told = desk.now;
    desk.snapshot(10_000, 10_100);
    // The quoted market goes on without changing; nothing is ever heard of the other.
    while desk.now + Span::from_millis(60) < told + STALE {
        pass(&mut desk, Span::from_millis(45));
        let did = desk.confirm();
        settle(&mut desk, did);
        assert_eq!(standing(&desk), 2);
    }
    let left = told + STALE - desk.now;
    ring(&mut desk, Span(left.0 - 1));
    assert_eq!(standing(&desk), 2);
    ring(&mut desk, Span(1));
    assert_eq!((standing(&desk), held(&desk)), (0, Some(Hold::BlendInput)));
}

#[test]
fn an_optional_market_that_falls_silent_counts_for_less_and_less() {
    let mut desk = then_both(desk(both(Need::Optional)));
    let middle = |desk: &Desk| {
        let [bid, ask] = Side::BOTH.map(|side| desk.shard.best_quote(ETH, side).unwrap().0);
        bid + ask
    };
    let mut last = middle(&desk);
    assert_eq!(last, 2 * 10_070);
    for _ in 0..30 {
        pass(&mut desk, Span::from_millis(45));
        let did = desk.confirm();
        settle(&mut desk, did);
        assert!(middle(&desk) <= last, "towards the own market: {} after {last}", middle(&desk));
        last = middle(&desk);
    }
    assert_eq!(last, 2 * 10_050, "the own mid at last");
    assert_eq!(held(&desk), Some(Hold::NoTouch), "only before the first book");
}

#[test]
fn a_market_confirmed_unchanged_brings_back_what_its_age_took() {
    let mut desk = then_both(desk(both(Need::Required)));
    pass(&mut desk, STALE);
    assert_eq!(standing(&desk), 0);
    assert_eq!(desk.confirm(), [], "the other is still stale");
    let back = desk.confirm_of(THERE);
    assert_eq!(pair(&back).0, 2 * 10_070);
    assert_eq!(desk.confirm_of(THERE), [], "confirmed again, nothing is new");
}

#[test]
fn quotes_widen_as_the_freshest_input_ages_and_end_beyond_the_curve() {
    let mut desk = then_both(desk(both(Need::Required)));
    let told = shaken(&mut desk);
    let spread = |desk: &Desk| {
        let [bid, ask] = Side::BOTH.map(|side| desk.shard.best_quote(ETH, side).map(|price| price.0));
        ask.zip(bid).map(|(ask, bid)| ask - bid)
    };
    let mut last = spread(&desk).unwrap();
    let (first, mut steps) = (last, 0);
    while desk.now < told + STALE {
        pass(&mut desk, Span::from_millis(20));
        if let Some(spread) = spread(&desk) {
            assert!(spread >= last, "{spread} after {last}");
            steps += i64::from(spread > last);
            last = spread;
        }
    }
    assert!(steps > 8 && last > first + 30, "{steps} steps from {first} to {last}");
    assert!(last <= first + 2 * 51, "bounded: {last}");
    assert_eq!((standing(&desk), held(&desk)), (0, Some(Hold::BlendInput)), "stale at last");
}

/// Fifty moves of the mid by a tick, so that there is a volatility: about 31 ticks in a second. Returns when both markets were
/// told last.
fn shaken(desk: &mut Desk) -> Nanos {
    for step in 0..50 {
        let did = desk.touch(10_000 + 2 * (step % 2), 10_100);
        settle(desk, did);
    }
    let did = desk.touch_of(THERE, 10_030, 10_131);
    settle(desk, did);
    let did = desk.touch(10_000, 10_101);
    settle(desk, did);
    desk.now
}

#[test]
fn beyond_its_bound_the_widening_ends_the_quotes_at_that_very_moment() {
    let narrow = BlendParams { widen_max_ticks: 2.0, ..params() };
    let mut desk = then_both(desk(BlendSpec { params: narrow, ..both(Need::Required) }));
    shaken(&mut desk);
    let told = desk.shard.lanes[0].market.confirmed_at();
    let sigma = desk.shard.lanes[0].quoter.as_ref().unwrap().sigma_ticks_per_sqrt_s().unwrap();
    // 2 = σ·√t.
    let beyond = 4.0 / (sigma * sigma);
    assert!((0.001..0.05).contains(&beyond), "{sigma}: before the next step of the age");
    #[expect(clippy::cast_possible_truncation, reason = "below 10^9")]
    let end = told + FRESH + Span((beyond * 1e9) as i64);
    let left = end - desk.now;
    ring(&mut desk, Span(left.0 - 1_000));
    let before = desk.shard.orders(ETH).unwrap().open_count();
    assert!(before > 0 && held(&desk) == Some(Hold::NoTouch), "quoted until then");
    ring(&mut desk, Span(2_000));
    assert_eq!((standing(&desk), held(&desk)), (0, Some(Hold::BlendTooUncertain)));
}

#[test]
fn without_a_volatility_nothing_that_is_not_fresh_is_quoted_around() {
    let quoting = QuotingSpec { volatility: None, ..around(Some(both(Need::Optional))) };
    let mut desk = then_both(desk_of(&quoting));
    ring(&mut desk, FRESH);
    assert_eq!(standing(&desk), 2);
    ring(&mut desk, Span(1));
    assert_eq!((standing(&desk), held(&desk)), (0, Some(Hold::BlendTooUncertain)));
}

#[test]
fn a_lost_market_does_not_wait_for_the_interval() {
    let every = Trigger::Every(Span::from_millis(50));
    let quoting = QuotingSpec { trigger: every, ..around(Some(both(Need::Required))) };
    let mut desk = desk_of(&quoting);
    desk.snapshot_of(THERE, 10_030, 10_130);
    desk.snapshot(10_000, 10_100);
    assert_eq!(desk.timer().len(), 2);
    assert_eq!(desk.touch_of(THERE, 10_060, 10_160), [], "a change waits");
    let lost = Event::BookLost(BookLost { instrument: THERE, reason: LostReason::Gap });
    assert_eq!(desk.tell(&lost), [Did::Cancel(1), Did::Cancel(2)]);
    assert_eq!(held(&desk), Some(Hold::BlendInput));
}

#[test]
fn inputs_too_far_apart_are_not_averaged() {
    let mut desk = then_both(desk(both(Need::Optional)));
    desk.touch_of(THERE, 10_101, 10_201);
    assert_eq!((standing(&desk), held(&desk)), (0, Some(Hold::BlendContradiction)));
}

#[test]
fn nothing_is_read_of_a_market_in_the_middle_of_its_batch() {
    let mut desk = then_both(desk(both(Need::Required)));
    let begin = desk.begin(THERE, BookKind::Snapshot, 2);
    assert_eq!(desk.tell(&begin), []);
    assert_eq!(desk.tell_now(&slot(THERE, Side::Bid, 10_030, Last::No)), []);
    assert_eq!(desk.accepted(1), []);
    assert_eq!(standing(&desk), 2);
    assert_eq!(desk.tell_now(&slot(THERE, Side::Ask, 10_130, Last::Yes)), []);
}

#[test]
fn trades_feed_the_input_of_their_own_instrument() {
    let vwap = FairKind::Vwap(VwapParams { window: Span::from_secs(60), trades_full: 1 });
    let mut there = spec(&[BlendSource { fair: vwap, ..source(THERE, REQUIRED) }]);
    there.params.stale = StaleCurve::new(FRESH, Span::from_secs(2), Decay::Linear).unwrap();
    for (reason, forgotten) in [(LostReason::RingFull, true), (LostReason::Gap, false)] {
        let mut desk = desk(there.clone());
        desk.public_trade(10_010);
        desk.snapshot_of(THERE, 10_000, 10_100);
        assert_eq!(desk.snapshot(10_000, 10_100), [], "its own trades are not the other's");
        desk.public_trade_of(THERE, 10_040);
        assert_eq!(pair(&desk.touch(10_000, 10_099)).0, 2 * 10_040);
        desk.tell(&Event::BookLost(BookLost { instrument: THERE, reason }));
        desk.touch(10_000, 10_100);
        assert_eq!(standing(&desk) == 0, forgotten, "{reason:?}");
    }
}

#[test]
fn an_average_whose_last_trade_leaves_its_window_pulls_the_quotes_by_time_alone() {
    let window = Span::from_millis(300);
    let vwap = FairKind::Vwap(VwapParams { window, trades_full: 1 });
    let mut there = spec(&[BlendSource { fair: vwap, ..source(THERE, REQUIRED) }]);
    there.params.stale = StaleCurve::new(Span::from_secs(1), Span::from_secs(2), Decay::Linear).unwrap();
    let mut desk = desk(there);
    desk.public_trade_of(THERE, 10_040);
    let traded = desk.now;
    desk.snapshot(10_000, 10_100);
    let left = traded + window - desk.now;
    ring(&mut desk, Span(left.0 - 10_000_000));
    assert_eq!(standing(&desk), 2);
    ring(&mut desk, Span(10_000_000));
    assert_eq!((standing(&desk), held(&desk)), (0, Some(Hold::BlendInput)));
}

#[test]
fn a_basis_is_measured_whether_or_not_anything_is_quoted() {
    let basis = BasisParams {
        half_life: Span::from_secs(1),
        elapsed_min: Span::from_millis(50),
        hold_max: Span::from_secs(1),
        age_max: Span::from_secs(10),
    };
    let there = BlendInput { basis: Some(BasisSpec { reference: 0, params: basis }), ..REQUIRED };
    let every = Trigger::Every(Span::from_millis(80));
    let inputs = spec(&[source(ETH, REQUIRED), source(THERE, there)]);
    let mut desk = desk_of(&QuotingSpec { trigger: every, ..around(Some(inputs)) });
    desk.snapshot_of(THERE, 10_030, 10_130);
    desk.snapshot(10_000, 10_100);
    for step in 0..35 {
        desk.touch(10_000 + step, 10_100 + step);
        desk.touch_of(THERE, 10_030 + step, 10_130 + step);
    }
    // Thirty ticks for nearly the whole time; between two moves one market is a tick ahead.
    let (around, _) = pair(&desk.timer());
    assert!((around - 2 * 10_084).abs() <= 2, "{around}");
}

/// Shapes by the distance of other venues alone: half of it, at most twenty ticks.
fn towards_venues() -> ShapingSpec {
    let band = |enter, leave| Band { enter: Rate::from_bps(enter), leave: Rate::from_bps(leave) };
    let venues =
        VenuesAdjust { shift_share: 0.5, widen_share: 0.0, shift_max: Ticks(20), widen_max: Ticks(7) };
    ShapingSpec {
        shaper: ShaperParams {
            adjust: AdjustParams {
                volatility: None,
                liquidity: None,
                momentum: None,
                venues: Some(venues),
                shift_max: Ticks(50),
                widen_max: Ticks(50),
            },
            inventory: InventoryParams {
                limit: Lots(100),
                skew: band(1_000, 500),
                reduce: band(7_000, 6_000),
                hedge: None,
                liquidate: None,
            },
            skew_max: Ticks(0),
            levels: LevelsFrom::Model,
        },
        drift: None,
        depth_within: Ticks(0),
        liquidation_protection: None,
        throttle: None,
    }
}

#[test]
fn quotes_shift_towards_the_other_venues_and_widen_where_they_are_unknown() {
    let blend = |around| BlendSpec { around, ..both(Need::Optional) };
    // The others are thirty ticks above the own mid: half of that is the shift.
    for (what, unshifted) in [(QuoteAround::Own, 10_050), (QuoteAround::Blend, 10_070)] {
        let mut plain = desk_of(&around(Some(blend(what))));
        let shaped = QuotingSpec { shaping: Some(towards_venues()), ..around(Some(blend(what))) };
        let mut shaped = desk_of(&shaped);
        for desk in [&mut plain, &mut shaped] {
            desk.snapshot_of(THERE, 10_030, 10_130);
        }
        let (middle, spread) = pair(&plain.snapshot(10_000, 10_100));
        assert_eq!(middle, 2 * unshifted, "{what:?}");
        assert_eq!(pair(&shaped.snapshot(10_000, 10_100)), (middle + 2 * 15, spread), "{what:?}");
        for desk in [&mut plain, &mut shaped] {
            desk.tell(&Event::BookLost(BookLost { instrument: THERE, reason: LostReason::Gap }));
        }
        // Without the other market both stand around the own mid; how far the others are is unknown: wider by the cap.
        let standing = |desk: &Desk| Side::BOTH.map(|side| desk.shard.best_quote(ETH, side).unwrap().0);
        for desk in [&mut plain, &mut shaped] {
            for order in 1..=4 {
                desk.cancelled(order);
            }
            desk.touch(10_001, 10_099);
        }
        let ([bid, ask], [wide_bid, wide_ask]) = (standing(&plain), standing(&shaped));
        assert_eq!((wide_bid, wide_ask), (bid - 7, ask + 7), "{what:?}");
    }
}

#[test]
fn blends_that_cannot_be_built_are_named() {
    let error = |blend| {
        let lanes = vec![followed(instrument()), lane(&around(Some(blend)))];
        Shard::new(&ShardSpec { epoch: 1, lanes, hedges: Vec::new(), portfolio: None, arbitrage: None })
            .unwrap_err()
    };
    let unknown = spec(&[source(ETH, PLAIN), source(InstrumentId(2), PLAIN)]);
    assert_eq!(error(unknown), (1, LaneError::Blend(BlendError::Instrument(1))));
    assert_eq!(error(spec(&[])), (1, LaneError::Blend(BlendError::Params(BlendParamError::Inputs))));
    let levels = FairKind::DepthMid(crate::fair::DepthMidParams { levels: 0 });
    let broken = spec(&[BlendSource { fair: levels, ..source(ETH, PLAIN) }]);
    let levels = crate::fair::FairParamError::Levels;
    assert_eq!(error(broken), (1, LaneError::Blend(BlendError::Fair(0, levels))));
    assert!(LaneError::Blend(BlendError::Instrument(1)).to_string().contains("input 1"));
}
