//! Single decisions: signs, netting, phantoms, guards. The small venue is in `world`.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{AssetId, ClientOrderId, Contract, InstrumentSpec, Money, Price, Step, TimeInForce};

use super::*;
use crate::book::Level;
use crate::hedge::{
    BandError, Funding, HedgeCalls, HedgePolicy, HedgeVenueState, Interval, PartId, PartKind, PartSpec,
    PendingPolicy, PolicyError, Reading, RiskInputs, Rung, VenueAccess, VenueError, exposure::ExposureSpec,
};

mod calls;
mod world;

pub(super) const VENUES: [InstrumentId; 2] = [InstrumentId(4), InstrumentId(7)];
/// 0.001 base: one lot of the first venue.
pub(super) const MILLI: i128 = 10i128.pow(15);
pub(super) const LP: PartId = PartId(0);

/// Lot of each venue, in 0.001.
pub(super) const LOTS: [i64; 2] = [1, 5];

/// Tick 0.01, lot 0.001 and orders from 2 lots; at the second venue lot 0.005 and orders worth 0.90.
pub(super) fn instrument(index: usize) -> InstrumentSpec {
    InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: 2 },
        lot: Step { mantissa: LOTS[index].unsigned_abs(), scale: 3 },
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(100),
        price_max: Price(1_000_000),
        size_min: Lots([2, 1][index]),
        size_max: Lots(100_000),
        notional_min: Money([0, 9 * Money::ONE.0 / 10][index]),
        base: AssetId(0),
        quote: AssetId(1),
    })
    .unwrap()
}

pub(super) fn venue(index: usize) -> HedgeVenueSpec {
    let dearer = i64::try_from(index).unwrap();
    HedgeVenueSpec {
        instrument: VENUES[index],
        spec: instrument(index),
        fee_maker: Rate::from_bps(2 + dearer),
        fee_taker: Rate::from_bps(4 + dearer),
        impact: Rate::from_bps(2),
        margin: Rate::from_bps(1_000),
        order_lots_max: Lots(400),
    }
}

pub(super) fn policy() -> HedgePolicy {
    let rung = |secs, milli: i128, bps| Rung {
        age: Span::from_secs(secs),
        excess: Base(milli * MILLI),
        adverse: Rate::from_bps(bps),
    };
    HedgePolicy {
        hedge_ratio: Rate::ONE,
        notional_max: Money(60 * Money::ONE.0),
        slippage_max: Rate::from_bps(20),
        cooldown: Span::from_millis(10),
        touch: rung(2, 5_000, 10),
        take: rung(5, 20_000, 30),
        reprice_tolerance: Rate(0),
        reprice_min: Span::from_millis(500),
        funding_horizon: Span::from_secs(8 * 3_600),
        funding_cost_max: Rate::from_bps(10),
        unknown_penalty: Rate::from_bps(10),
        reject_rest: Span::from_millis(300),
        check_interval: Span::from_millis(200),
    }
}

/// Two venues, a band of ±0.010, one part that is unknown after a second.
pub(super) fn spec(venues: usize) -> HedgeSpec {
    let part = PartSpec {
        kind: PartKind::LpAmount,
        fresh_for: Span::from_secs(1),
        drift_per_second: Base::ZERO,
        unknown_after: Span::from_secs(1),
        bound: Interval::UNKNOWN,
    };
    HedgeSpec {
        exposure: ExposureSpec { parts: vec![part], pending: PendingPolicy::Never },
        band: BandSpec::Fixed(Base(10 * MILLI)),
        policy: policy(),
        venues: (0..venues).map(venue).collect(),
    }
}

/// 100.00 at 100.02, ten base units a side.
pub(super) fn state(position: i64) -> HedgeVenueState {
    let level = |ticks| Level { price: Price(ticks), lots: Lots(10_000) };
    HedgeVenueState {
        position: Some(Lots(position)),
        touch: Touch::from_sides(Some(level(10_000)), Some(level(10_002))),
        reference: Some(HalfTicks(20_002)),
        funding: Some(Funding { rate: Rate(0), period: Span::from_secs(8 * 3_600) }),
        margin_free: Some(Money(1_000 * Money::ONE.0)),
        access: VenueAccess::Open,
    }
}

pub(super) fn reading(milli: i128, at: i64) -> Reading {
    Reading { amount: Interval::exact(Base(milli * MILLI)), at: Nanos::from_millis(at) }
}

struct Desk {
    hedge: HedgeController,
    states: Vec<HedgeVenueState>,
    orders: Vec<HedgeOrder>,
    calls: HedgeCalls,
    actions: HedgeActions,
}

impl Desk {
    /// One venue with a position, and a delta without it.
    fn new(delta: i128, position: i64) -> Self {
        let mut hedge = HedgeController::new(&spec(1)).unwrap();
        hedge.exposure_mut().read(LP, reading(delta, 0));
        let (orders, calls, actions) = (Vec::new(), HedgeCalls::default(), HedgeActions::new());
        Self { hedge, states: vec![state(position)], orders, calls, actions }
    }

    fn decide(&mut self, millis: i64) -> HedgeView {
        let inputs = HedgeInputs {
            now: Nanos::from_millis(millis),
            venues: &self.states,
            orders: &self.orders,
            risk: RiskInputs::default(),
            calls: self.calls,
        };
        self.hedge.decide(&inputs, &mut self.actions)
    }

    fn order(&mut self, side: Side, lots: i64, status: LiveStatus) {
        let client_id = ClientOrderId(self.orders.len() as u64 + 1);
        let price = Price(if side == Side::Bid { 10_000 } else { 10_002 });
        let (tif, sent_at) = (TimeInForce::PostOnly, Nanos(0));
        let remaining = Lots(lots);
        let instrument = VENUES[0];
        self.orders.push(HedgeOrder { instrument, client_id, side, price, remaining, tif, status, sent_at });
    }

    fn placed(&self) -> Vec<(Side, i64, ReduceOnly)> {
        self.actions.places().iter().map(|place| (place.side, place.lots.0, place.reduce_only)).collect()
    }
}

#[test]
fn all_four_signs_of_delta_and_perp() {
    // perp* = −delta; the band keeps 10.
    let cases = [
        (100, -30, (Side::Ask, 60, ReduceOnly::No)), // under-hedged long: sell more
        (100, -200, (Side::Bid, 90, ReduceOnly::Yes)), // over-hedged long: buy some back
        (100, 50, (Side::Ask, 140, ReduceOnly::No)), // long on both: sell all of it
        (-100, 30, (Side::Bid, 60, ReduceOnly::No)), // under-hedged short
        (-100, 200, (Side::Ask, 90, ReduceOnly::Yes)), // over-hedged short
        (-100, -50, (Side::Bid, 140, ReduceOnly::No)), // short on both
        (0, -25, (Side::Bid, 15, ReduceOnly::Yes)),  // nothing to hedge: unwind
    ];
    for (delta, perp, expected) in cases {
        let mut desk = Desk::new(delta, perp);
        assert_eq!(desk.decide(0).state, HedgeState::Outside(expected.0));
        assert_eq!(desk.placed(), [expected], "{delta} {perp}");
    }
    assert!({
        let mut desk = Desk::new(100, -95);
        desk.decide(0);
        desk.placed().is_empty()
    });
}

#[test]
fn the_hedge_ratio_scales_the_delta_alone() {
    let mut half = spec(1);
    half.policy.hedge_ratio = Rate::from_bps(5_000);
    let mut desk = Desk::new(0, -30);
    desk.hedge = HedgeController::new(&half).unwrap();
    desk.hedge.exposure_mut().read(LP, reading(100, 0));
    desk.decide(0);
    assert_eq!(desk.placed(), [(Side::Ask, 10, ReduceOnly::No)]);
}

#[test]
fn the_same_snapshot_twice_orders_nothing_twice() {
    let mut desk = Desk::new(100, 0);
    desk.decide(0);
    assert_eq!(desk.placed(), [(Side::Ask, 90, ReduceOnly::No)]);
    desk.order(Side::Ask, 90, LiveStatus::Pending);
    for millis in 1..400 {
        desk.hedge.exposure_mut().read(LP, reading(100, millis));
        let view = desk.decide(millis);
        assert!(desk.placed().is_empty() && desk.actions.cancels().is_empty());
        assert_eq!(view.state, HedgeState::Outside(Side::Ask));
    }
}

#[test]
fn an_order_of_unknown_fate_counts_as_traded_and_as_not() {
    let mut desk = Desk::new(100, 0);
    desk.order(Side::Ask, 90, LiveStatus::UnknownCancelling);
    let view = desk.decide(0);
    assert_eq!(view.state, HedgeState::Unsure);
    assert!(desk.placed().is_empty());
    desk.orders[0].remaining = Lots(30);
    desk.decide(20);
    assert_eq!(desk.placed(), [(Side::Ask, 60, ReduceOnly::No)], "the part that is sure");
}

#[test]
fn what_is_unknown_closes_no_hedge() {
    let mut desk = Desk::new(100, -100);
    for millis in [0, 900, 1_001, 5_000, 100_000] {
        let view = desk.decide(millis);
        assert!(desk.placed().is_empty(), "{millis}");
        assert_eq!(view.state == HedgeState::Unsure, millis > 1_000);
    }
    assert_eq!(desk.hedge.metrics().unsure, Span::from_millis(98_999));
    desk.states[0].position = None;
    desk.hedge.exposure_mut().read(LP, reading(100, 100_000));
    assert_eq!(desk.decide(100_000).state, HedgeState::Unsure);
    assert!(desk.placed().is_empty());
}

#[test]
fn superseded_orders_are_cancelled_and_not_replaced_before_their_end_is_known() {
    let mut desk = Desk::new(-100, 0);
    desk.order(Side::Ask, 50, LiveStatus::Live);
    desk.decide(0);
    assert_eq!((desk.actions.cancels().len(), desk.placed().len()), (1, 0));
    desk.orders[0].status = LiveStatus::Cancelling;
    desk.decide(20);
    assert_eq!((desk.actions.cancels().len(), desk.placed().len()), (0, 0));
    desk.orders.clear();
    desk.decide(40);
    assert_eq!(desk.placed(), [(Side::Bid, 90, ReduceOnly::No)]);
}

#[test]
fn urgency_climbs_by_age_size_and_adverse_move() {
    let tif = |desk: &Desk| desk.actions.places().first().map(|place| (place.tif, place.price.0));
    for (millis, expected) in [
        (0, (TimeInForce::PostOnly, 10_002)),
        (2_000, (TimeInForce::GoodTillCancel, 10_000)),
        (5_000, (TimeInForce::ImmediateOrCancel, 9_981)),
    ] {
        let mut desk = Desk::new(100, 0);
        desk.decide(0);
        desk.hedge.exposure_mut().read(LP, reading(100, millis));
        desk.decide(millis.max(20));
        assert_eq!(tif(&desk), Some(expected));
    }
    for (delta, expected) in [(6_000, TimeInForce::GoodTillCancel), (30_000, TimeInForce::ImmediateOrCancel)]
    {
        let mut desk = Desk::new(delta, 0);
        desk.decide(0);
        assert_eq!(tif(&desk).map(|(tif, _)| tif), Some(expected));
    }
    let mut desk = Desk::new(100, 0);
    desk.decide(0);
    desk.order(Side::Ask, 90, LiveStatus::Live);
    desk.states[0].reference = Some(HalfTicks(20_002 - 25));
    desk.decide(20);
    assert_eq!(desk.actions.cancels().len(), 1, "the passive order makes way at once");
}

#[test]
fn without_margin_only_reducing_is_left() {
    let mut desk = Desk::new(100, 30);
    desk.states[0].margin_free = None;
    desk.decide(0);
    assert_eq!(desk.placed(), [(Side::Ask, 30, ReduceOnly::Yes)]);
    let mut desk = Desk::new(100, 0);
    // 10 % of 100.2 a unit: 0.5 carries 0.0499.
    desk.states[0].margin_free = Some(Money(Money::ONE.0 / 2));
    desk.decide(0);
    assert_eq!(desk.placed(), [(Side::Ask, 49, ReduceOnly::No)]);
}

#[test]
fn without_a_reference_nothing_is_placed() {
    for broken in [true, false] {
        let mut desk = Desk::new(100, 0);
        if broken {
            desk.states[0].reference = None
        } else {
            desk.states[0].touch = None
        }
        assert_eq!(desk.decide(0).state, HedgeState::Outside(Side::Ask));
        assert!(desk.placed().is_empty());
    }
}

#[test]
fn a_refusing_venue_rests_and_the_other_takes_over() {
    let mut hedge = HedgeController::new(&spec(2)).unwrap();
    hedge.exposure_mut().read(LP, reading(20, 0));
    let states = [state(0), state(0)];
    let mut actions = HedgeActions::new();
    let mut decide = |hedge: &mut HedgeController, millis| {
        let now = Nanos::from_millis(millis);
        hedge.decide(
            &HedgeInputs {
                now,
                venues: &states,
                orders: &[],
                risk: RiskInputs::default(),
                calls: HedgeCalls::default(),
            },
            &mut actions,
        );
        actions.places().iter().map(|place| place.instrument).collect::<Vec<_>>()
    };
    assert_eq!(decide(&mut hedge, 0)[0], VENUES[0]);
    hedge.on_rejected(VENUES[0], RejectReason::Margin, Nanos::from_millis(5));
    assert_eq!(decide(&mut hedge, 20), [VENUES[1]]);
    assert_eq!(decide(&mut hedge, 400)[0], VENUES[0]);
}

#[test]
fn funding_chooses_the_venue() {
    let mut hedge = HedgeController::new(&spec(2)).unwrap();
    hedge.exposure_mut().read(LP, reading(20, 0));
    let mut states = [state(0), state(0)];
    // Longs pay 5 bps at the second venue: a seller goes there.
    states[1].funding = Some(Funding { rate: Rate::from_bps(5), period: Span::from_secs(8 * 3_600) });
    let mut actions = HedgeActions::new();
    let inputs = HedgeInputs {
        now: Nanos(0),
        venues: &states,
        orders: &[],
        risk: RiskInputs::default(),
        calls: HedgeCalls::default(),
    };
    hedge.decide(&inputs, &mut actions);
    assert!(actions.places().iter().all(|place| place.instrument == VENUES[1]));
    assert_eq!(actions.places().len(), 1);
}

#[test]
fn an_order_that_could_turn_the_sign_is_called_back() {
    let mut desk = Desk::new(30, 0);
    desk.order(Side::Ask, 20, LiveStatus::Live);
    desk.order(Side::Ask, 11, LiveStatus::Live);
    desk.decide(0);
    let cancels: Vec<_> = desk.actions.cancels().iter().map(|cancel| cancel.client_id.0).collect();
    assert_eq!(cancels, [2], "the first fits, both together do not");
}

#[test]
fn an_order_under_cancel_may_still_trade() {
    let mut desk = Desk::new(30, 0);
    desk.order(Side::Ask, 25, LiveStatus::Cancelling);
    assert_eq!(desk.decide(0).state, HedgeState::Unsure);
}

#[test]
fn reduce_only_counts_what_may_already_have_reduced() {
    let mut desk = Desk::new(0, 100);
    desk.order(Side::Ask, 40, LiveStatus::UnknownCancelling);
    desk.states[0].margin_free = None;
    desk.decide(0);
    assert_eq!(desk.placed(), [(Side::Ask, 50, ReduceOnly::Yes)]);
    let mut desk = Desk::new(50, 60);
    desk.order(Side::Ask, 40, LiveStatus::UnknownCancelling);
    desk.decide(0);
    assert_eq!(desk.placed(), [(Side::Ask, 60, ReduceOnly::No)]);
}

#[test]
fn no_price_passes_the_slippage_guard() {
    // The venue trades at 100.00; the reference says 101.00, and a sale may go 20 bps below that.
    for (delta, side, mid, guard) in [(100, Side::Ask, 20_200, 10_080), (-100, Side::Bid, 19_800, 9_919)] {
        for millis in [20, 2_000, 5_000] {
            let mut desk = Desk::new(delta, 0);
            desk.states[0].reference = Some(HalfTicks(mid));
            desk.states[0].margin_free = Some(Money::ZERO);
            desk.decide(0);
            desk.states[0].margin_free = Some(Money(1_000 * Money::ONE.0));
            desk.hedge.exposure_mut().read(LP, reading(delta, millis));
            desk.decide(millis);
            let place = desk.actions.places()[0];
            assert_eq!((place.side, place.price.0), (side, guard), "{millis}");
            assert_ne!(place.tif, TimeInForce::ImmediateOrCancel, "there is nothing to take");
        }
    }
}

#[test]
fn time_unhedged_is_counted_until_the_residual_is_back() {
    let mut desk = Desk::new(100, 0);
    desk.states[0].access = VenueAccess::Closed;
    for millis in [0, 300, 900] {
        desk.decide(millis);
    }
    desk.states[0].position = Some(Lots(-95));
    assert_eq!(desk.decide(1_000).state, HedgeState::Inside);
    let metrics = *desk.hedge.metrics();
    assert_eq!((metrics.outside, metrics.episodes), (Span::from_millis(1_000), 1));
    assert_eq!(metrics.outside_longest, Span::from_millis(1_000));
}

#[test]
fn the_state_has_a_digest() {
    let digest = |desk: &Desk| {
        let mut digest = Digest::new();
        desk.hedge.digest(&mut digest);
        digest.value()
    };
    let (mut one, mut other) = (Desk::new(100, 0), Desk::new(100, 0));
    one.decide(0);
    other.decide(0);
    assert_eq!(digest(&one), digest(&other));
    other.decide(1);
    assert_ne!(digest(&one), digest(&other));
}

#[test]
fn one_standing_order_a_venue_and_none_against_our_own() {
    let mut hedge = HedgeController::new(&spec(2)).unwrap();
    hedge.exposure_mut().read(LP, reading(100, 0));
    let states = [state(0), state(0)];
    let mut desk = Desk::new(100, 0);
    for (side, status) in [
        (Side::Ask, LiveStatus::Live),
        (Side::Ask, LiveStatus::Cancelling),
        (Side::Bid, LiveStatus::Cancelling),
        (Side::Bid, LiveStatus::UnknownCancelling),
    ] {
        desk.orders.clear();
        desk.order(side, 5, status);
        let mut hedge = hedge.clone();
        let (now, orders) = (Nanos(0), &desk.orders[..]);
        let inputs = HedgeInputs {
            now,
            venues: &states,
            orders,
            risk: RiskInputs::default(),
            calls: HedgeCalls::default(),
        };
        hedge.decide(&inputs, &mut desk.actions);
        let places: Vec<_> = desk.actions.places().iter().map(|place| place.instrument).collect();
        assert_eq!(places, [VENUES[1]], "{side:?} {status:?}");
    }
}

#[test]
fn a_spec_out_of_range_is_refused() {
    let refused = |change: fn(&mut HedgeSpec)| {
        let mut spec = spec(2);
        change(&mut spec);
        HedgeController::new(&spec).err()
    };
    assert_eq!(refused(|_| {}), None);
    assert_eq!(refused(|spec| spec.venues.clear()), Some(HedgeError::Venues));
    assert_eq!(refused(|spec| spec.venues[1].instrument = VENUES[0]), Some(HedgeError::Venues));
    let inverse = |spec: &mut HedgeSpec| spec.venues[0].spec.contract = Contract::Inverse;
    assert_eq!(refused(inverse), Some(HedgeError::Venue(VenueError::Inverse)));
    let policy = |error| Some(HedgeError::Policy(error));
    assert_eq!(refused(|spec| spec.policy.hedge_ratio = Rate(-1)), policy(PolicyError::HedgeRatio));
    assert_eq!(refused(|spec| spec.policy.slippage_max = Rate::ONE), policy(PolicyError::Slippage));
    assert_eq!(refused(|spec| spec.policy.cooldown = Span(0)), policy(PolicyError::Span));
    assert_eq!(refused(|spec| spec.policy.take.age = Span(0)), policy(PolicyError::RungOrder));
    let band = Some(HedgeError::Band(BandError::HalfWidth));
    assert_eq!(refused(|spec| spec.band = BandSpec::Fixed(Base::ZERO)), band);
}
