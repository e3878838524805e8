#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "counts of a few dozen lots, and statistics"
)]

use alloc::vec::Vec;

use ballast_model::{InstrumentId, InstrumentSpec};
use proptest::prelude::*;

use super::super::fixtures::{self, Terms};
use super::super::{Conversion, Opportunity};
use super::moments::Moments;
use super::*;
use crate::book::Book;

const SECOND: i64 = 1_000_000_000;
const AGE_MAX: Span = Span(SECOND);
/// Where the sampling of [`warm`] begins; on the grid.
const BEGIN: Nanos = Nanos(1_000 * SECOND);

/// Reproducible noise of mean 0 and deviation 1: twelve uniforms (Irwin 1927, Hall 1927).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            sum += (self.0 >> 11) as f64 / (1u64 << 53) as f64;
        }
        sum
    }
}

fn params() -> StatisticalParams {
    StatisticalParams {
        id: OpportunityId(7),
        asset: AssetId(1),
        age_max: AGE_MAX,
        step: Span(SECOND),
        half_life: Span(2_000 * SECOND),
        hold_max: Span(5 * SECOND),
        pairs_min: 100,
        hedge: HedgeRatio::Regressed,
        entry_z: 2.0,
        spread_half_life_max: Span(60 * SECOND),
        horizon: 3,
        holding_per_day: Rate(0),
    }
}

/// A detector that has sampled an Ornstein–Uhlenbeck spread with this coefficient around a second price that wanders.
fn warm(params: StatisticalParams, beta: f64, phi: f64, count: i64, seed: u64) -> (Statistical, Nanos) {
    let mut detector = Statistical::new(params).unwrap();
    let (mut noise, mut second, mut spread) = (Noise(seed), 0.0, 0.0);
    for at in 0..count {
        second += 0.002 * noise.next();
        spread = phi * spread + 0.01 * libm::sqrt(1.0 - phi * phi) * noise.next();
        let logs = [libm::log(1_000.0) + beta * second + spread, libm::log(500.0) + second];
        detector.spread.update(Some(logs), Nanos(BEGIN.0 + at * SECOND + 1));
    }
    (detector, Nanos(BEGIN.0 + count * SECOND))
}

/// Value of the first so many lots when they are taken, and at the mid.
fn taken(terms: &Terms, resting: Side, lots: usize) -> Option<(f64, f64)> {
    let levels = if resting == Side::Bid { &terms.bids } else { &terms.asks };
    let mut all = Vec::new();
    for (price, lots) in levels {
        (0..*lots).for_each(|_| all.push(*price));
    }
    let unit = terms.lot_milli as f64 * 1e-5;
    let value = all.get(..lots).filter(|taken| !taken.is_empty())?.iter().sum::<i64>() as f64 * unit;
    Some((value, mid_of(terms) * lots as f64 * unit))
}

fn mid_of(terms: &Terms) -> f64 {
    (terms.bids[0].0 + terms.asks[0].0) as f64 / 2.0
}

fn market<'a>(
    id: u16,
    terms: &Terms,
    spec: &'a InstrumentSpec,
    book: &'a Book,
    at: Nanos,
) -> VenueMarket<'a> {
    VenueMarket {
        instrument: InstrumentId(id),
        spec,
        book,
        seen_at: at,
        taker_fee: Rate(terms.fee),
        lots_max: Lots(1_000),
        conversion: Conversion::SAME,
    }
}

fn detect(
    detector: &Statistical,
    first: &Terms,
    second: &Terms,
    now: Nanos,
) -> Result<Opportunity, NoOpportunity> {
    let (specs, books) = ([first.spec(), second.spec()], [first.book(), second.book()]);
    let first = market(0, first, &specs[0], &books[0], now);
    detector.detect(&first, &market(1, second, &specs[1], &books[1], now), now)
}

/// What so many lots of the first are expected to leave, by floats, and what they are worth.
fn naive(fit: &SpreadFit, horizon: u32, first: &Terms, second: &Terms, lots: usize) -> Option<f64> {
    let off = libm::log(mid_of(first)) - fit.hedge_ratio * libm::log(mid_of(second)) - fit.mean;
    let (bids, asks) = (Side::Bid, Side::Ask);
    let (resting, other) = if off > 0.0 { (bids, asks) } else { (asks, bids) };
    let (value, mid) = taken(first, resting, lots)?;
    let lot = mid_of(second) * second.lot_milli as f64 * 1e-5;
    let hedging = libm::floor(mid * fit.hedge_ratio / lot + 1e-7) as usize;
    let (hedge_value, hedge_mid) = taken(second, other, hedging)?;
    let gone = 1.0 - 0.5f64.powi(horizon as i32);
    let gross = (1.0 - (-off.abs() * gone).exp()) * mid.min(hedge_mid / fit.hedge_ratio);
    let way = (value - mid).abs() + (hedge_value - hedge_mid).abs();
    let fees = value * first.fee as f64 * 1e-8 + hedge_value * second.fee as f64 * 1e-8;
    Some(gross - 2.0 * way - 2.0 * fees)
}

fn levels(best: i64, away: i64) -> impl Strategy<Value = Vec<(i64, i64)>> {
    fixtures::levels(best, away, (1..4, 1..12), 1..5)
}

fn terms(centre: i64, off: i64) -> impl Strategy<Value = Terms> {
    (centre - off..=centre + off, 1..3i64).prop_flat_map(|(bid, spread)| {
        (levels(bid, -1), levels(bid + spread, 1), 1..5u64, 0..200_000i64)
            .prop_map(|(bids, asks, lot_milli, fee)| Terms { lot_milli, fee, bids, asks })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn it_leaves_what_it_says_and_no_size_leaves_more(first in terms(1_000, 60), second in terms(500, 20), given: bool) {
        let hedge = if given { HedgeRatio::Given(Rate(80_000_000)) } else { HedgeRatio::Regressed };
        let (detector, now) = warm(StatisticalParams { hedge, ..params() }, 0.8, 0.9, 400, 3);
        let fit = detector.fit(now).unwrap();
        let off = libm::log(mid_of(&first)) - fit.hedge_ratio * libm::log(mid_of(&second)) - fit.mean;
        let each = |lots: usize| naive(&fit, 3, &first, &second, lots);
        let best = (1..60).filter_map(each).fold(f64::NEG_INFINITY, f64::max);
        let lots = mid_of(&first) * first.lot_milli as f64 + mid_of(&second) * second.lot_milli as f64;
        let near = 4.0 * lots * 1e-5 * off.abs();
        match detect(&detector, &first, &second, now) {
            Ok(found) => {
                let [bought, sold] = *found.legs.as_slice() else { panic!("two legs") };
                prop_assert_eq!((bought.side, sold.side), (Side::Bid, Side::Ask));
                let leg = if off > 0.0 { sold } else { bought };
                prop_assert_eq!(leg.instrument, InstrumentId(0));
                prop_assert!(off.abs() >= 2.0 * fit.deviation);
                prop_assert!(found.net > Money::ZERO);
                prop_assert_eq!(found.net, found.gross - found.costs.total());
                prop_assert!(found.costs.slippage >= Money::ZERO && found.costs.fees >= Money::ZERO);
                let says = each(leg.lots.0 as usize).unwrap();
                // A hundred-millionth of the value of a few dozen lots, for the gain is rounded down to that.
                prop_assert!((says - found.net.to_f64()).abs() < 1e-7, "{says} {}", found.net.to_f64());
                prop_assert!(best - says <= near + 1e-7, "{best} {says} {near}");
                prop_assert!(found.expires_at <= now + AGE_MAX && found.expires_at > now);
                prop_assert!(found.confidence.get() <= fit.confidence);
            }
            Err(NoOpportunity::NoSignal) => prop_assert!(off.abs() < 2.0 * fit.deviation),
            Err(NoOpportunity::NoEdge) => prop_assert!(best <= near + 1e-7),
            Err(refusal) => {
                prop_assert_eq!(refusal, NoOpportunity::NoSize);
            }
        }
    }

    #[test]
    fn nothing_comes_of_an_input_too_old_or_of_no_known_age(ages in [-100..1_500i64, -100..1_500i64]) {
        let (detector, now) = warm(params(), 0.8, 0.9, 400, 3);
        let level = |price| [(price, 10)].to_vec();
        let far = Terms { lot_milli: 1, fee: 0, bids: level(1_100), asks: level(1_101) };
        let fair = Terms { lot_milli: 1, fee: 0, bids: level(500), asks: level(501) };
        let (specs, books) = ([far.spec(), fair.spec()], [far.book(), fair.book()]);
        let seen = ages.map(|millis| Nanos(now.0 - millis * 1_000_000));
        let one = market(0, &far, &specs[0], &books[0], seen[0]);
        let other = market(1, &fair, &specs[1], &books[1], seen[1]);
        let found = detector.detect(&one, &other, now);
        if ages.iter().all(|age| (0..1_000).contains(age)) {
            prop_assert_eq!(found.unwrap().expires_at, seen[0].min(seen[1]) + AGE_MAX);
        } else {
            prop_assert!(matches!(found, Err(NoOpportunity::Stale | NoOpportunity::FromTheFuture)));
        }
    }

    #[test]
    fn a_spread_at_its_mean_leaves_nothing(first in terms(1_000, 60), second in terms(500, 20), sells: bool) {
        let (specs, books) = ([first.spec(), second.spec()], [first.book(), second.book()]);
        let one = market(0, &first, &specs[0], &books[0], BEGIN);
        let other = market(1, &second, &specs[1], &books[1], BEGIN);
        let side = if sells { Side::Ask } else { Side::Bid };
        let plan = Plan {
            first: Taking::new(&one, side).unwrap(),
            second: Taking::new(&other, side.opposite()).unwrap(),
            hedge: Rate(80_000_000),
            gain: Rate(0),
            held: Span(SECOND),
        };
        let found = Statistical::new(params()).unwrap().best(&plan);
        prop_assert!(matches!(found, Err(NoOpportunity::NoEdge | NoOpportunity::NoSize)));
    }

    #[test]
    fn moments_are_those_of_the_weighted_samples(
        all in proptest::collection::vec((-1.0..1.0f64, -1.0..1.0f64, -1.0..1.0f64, -1.0..1.0f64), 1..12),
        decay in 0.2..0.99f64,
        picks in (-1.0..1.0f64, -1.0..1.0f64),
    ) {
        let (one, other) = ([1.0, picks.0, 0.5, 0.0], [picks.1, 0.0, 1.0, -1.0]);
        let mut moments = Moments::new(decay);
        all.iter().for_each(|(a, b, c, d)| moments.push([*a, *b], [*c, *d]));
        let last = all.len() as i32 - 1;
        let weights: Vec<f64> = (0..=last).map(|at| decay.powi(last - at)).collect();
        let picked = |pick: [f64; 4]| -> Vec<f64> {
            all.iter().map(|(a, b, c, d)| a * pick[0] + b * pick[1] + c * pick[2] + d * pick[3]).collect()
        };
        let sum: f64 = weights.iter().sum();
        let mean = |values: &[f64]| values.iter().zip(&weights).map(|(value, w)| value * w).sum::<f64>() / sum;
        let (x, y) = (picked(one), picked(other));
        let (mean_x, mean_y) = (mean(&x), mean(&y));
        let products: Vec<f64> = x.iter().zip(&y).map(|(x, y)| (x - mean_x) * (y - mean_y)).collect();
        prop_assert!((moments.mean(one) - mean_x).abs() < 1e-9);
        prop_assert!((moments.covariance(one, other) - mean(&products)).abs() < 1e-9);
        let squares: f64 = weights.iter().map(|w| w * w).sum();
        prop_assert!((moments.pairs() - sum * sum / squares).abs() < 1e-9);
    }
}

#[test]
fn the_fit_finds_what_the_samples_were_made_of() {
    let mut worst = 0.0f64;
    for seed in 1..6 {
        let slow = StatisticalParams { half_life: Span(20_000 * SECOND), ..params() };
        let (detector, now) = warm(slow, 0.8, 0.9, 20_000, seed);
        let fit = detector.fit(now).unwrap();
        // ln 2 / −ln 0.9 is 6.58 steps.
        worst = worst.max((fit.half_life.as_secs_f64() / 6.578_8 - 1.0).abs());
        assert!((fit.hedge_ratio - 0.8).abs() < 0.05, "{fit:?}");
        assert!((fit.deviation / 0.01 - 1.0).abs() < 0.1, "{fit:?}");
        assert!(fit.tau > 20.0 && fit.confidence > 0.97, "{fit:?}");
    }
    assert!(worst < 0.12, "{worst}");
}

#[test]
fn a_random_walk_seldom_passes_for_a_return() {
    let given = StatisticalParams {
        hedge: HedgeRatio::Given(Rate::ONE),
        half_life: Span(1_000_000 * SECOND),
        spread_half_life_max: Span(i64::MAX),
        ..params()
    };
    let passed = (1..400).filter(|seed| {
        let mut detector = Statistical::new(given).unwrap();
        let (mut noise, mut walk) = (Noise(*seed), 0.0);
        for at in 0..300 {
            walk += 0.01 * noise.next();
            detector.spread.update(Some([walk, 0.0]), Nanos(at * SECOND + 1));
        }
        detector.fit(Nanos(300 * SECOND)).is_ok()
    });
    // One in twenty of 399 is 20; 9 is two and a half deviations of that.
    let passed = passed.count();
    assert!((9..=31).contains(&passed), "{passed}");
}

#[test]
fn sizes_and_costs_by_hand() {
    // 0.010 sold at 9.99 with a mid of 10.00, hedged by half its value at 5.00: 0.010 bought at 5.01. A gain of 1 % of 0.1; a
    // cent a unit on both, twice; 10 bps of 0.0999 and 0.0501, twice; two hours begun at 1.2 % a day.
    let detector =
        Statistical::new(StatisticalParams { holding_per_day: Rate(1_200_000), ..params() }).unwrap();
    let side = |bid: i64, ask: i64| Terms {
        lot_milli: 1,
        fee: 100_000,
        bids: [(bid, 10)].to_vec(),
        asks: [(ask, 10)].to_vec(),
    };
    let (first, second) = (side(999, 1_001), side(499, 501));
    let (specs, books) = ([first.spec(), second.spec()], [first.book(), second.book()]);
    let (one, other) =
        (market(0, &first, &specs[0], &books[0], BEGIN), market(1, &second, &specs[1], &books[1], BEGIN));
    let plan = Plan {
        first: Taking::new(&one, Side::Ask).unwrap(),
        second: Taking::new(&other, Side::Bid).unwrap(),
        hedge: Rate(50_000_000),
        gain: Rate(1_000_000),
        held: Span(5_400 * SECOND),
    };
    let best = detector.best(&plan).unwrap();
    let units = |tenth_of_milli: i128| Money(tenth_of_milli * 10i128.pow(14));
    assert_eq!((best.first.lots, best.second.lots), (10, 10));
    assert_eq!(best.gross, units(10));
    assert_eq!(best.costs.slippage, units(4));
    assert_eq!(best.costs.fees, units(3));
    assert_eq!(best.costs.borrow, units(1));
    assert_eq!(best.net, units(2));
    assert_eq!(best.paid, units(501));
}

#[test]
fn what_is_stale_or_unknown_leaves_nothing() {
    let (detector, now) = warm(params(), 0.8, 0.9, 400, 3);
    let level = |price| [(price, 10)].to_vec();
    let far = Terms { lot_milli: 1, fee: 0, bids: level(1_060), asks: level(1_061) };
    let fair = Terms { lot_milli: 1, fee: 0, bids: level(500), asks: level(501) };
    let (specs, books) = ([far.spec(), fair.spec()], [far.book(), fair.book()]);
    let one = market(0, &far, &specs[0], &books[0], now);
    let other = market(1, &fair, &specs[1], &books[1], now);
    let found = detector.detect(&one, &other, now).unwrap();
    assert_eq!(found.expires_at, now + AGE_MAX);
    let aged = |age: i64| VenueMarket { seen_at: Nanos(now.0 - age), ..other };
    assert_eq!(detector.detect(&one, &aged(SECOND / 2), now).unwrap().expires_at, now + Span(SECOND / 2));
    assert_eq!(detector.detect(&one, &aged(SECOND), now), Err(NoOpportunity::Stale));
    assert_eq!(detector.detect(&one, &aged(-1), now), Err(NoOpportunity::FromTheFuture));
    assert_eq!(detector.detect(&one, &one, now), Err(NoOpportunity::Assets));
    let cold = Statistical::new(params()).unwrap();
    assert_eq!(cold.detect(&one, &other, now), Err(NoOpportunity::Unfitted));
    // The samples are too old, though the books are not.
    let late = now + Span(5 * SECOND);
    let (one, other) = (VenueMarket { seen_at: late, ..one }, VenueMarket { seen_at: late, ..other });
    assert_eq!(detector.detect(&one, &other, late), Err(NoOpportunity::Unfitted));
    let (walk, now) = warm(params(), 0.8, 1.0, 400, 3);
    assert_eq!(walk.fit(now), Err(NoOpportunity::NoReversion));
    let fast = StatisticalParams { spread_half_life_max: Span(SECOND), ..params() };
    let (slow, now) = warm(fast, 0.8, 0.9, 400, 3);
    assert_eq!(slow.fit(now), Err(NoOpportunity::NoReversion));
}

#[test]
fn it_expires_with_the_samples_and_with_the_spread() {
    let young = StatisticalParams { age_max: Span(100 * SECOND), ..params() };
    let level = |price| [(price, 10)].to_vec();
    let far = Terms { lot_milli: 1, fee: 0, bids: level(1_060), asks: level(1_061) };
    let fair = Terms { lot_milli: 1, fee: 0, bids: level(500), asks: level(501) };
    let (detector, now) = warm(young, 0.8, 0.9, 400, 3);
    let found = detect(&detector, &far, &fair, now).unwrap();
    assert_eq!(found.expires_at, Nanos(BEGIN.0 + 399 * SECOND) + Span(5 * SECOND));
    let held = StatisticalParams { hold_max: Span(50 * SECOND), ..young };
    let (detector, now) = warm(held, 0.8, 0.9, 400, 3);
    let found = detect(&detector, &far, &fair, now).unwrap();
    assert_eq!(found.expires_at, now + detector.fit(now).unwrap().half_life);
}

#[test]
fn what_was_not_seen_is_not_sampled() {
    let level = |price| [(price, 10)].to_vec();
    let first = Terms { lot_milli: 1, fee: 0, bids: level(1_000), asks: level(1_001) };
    let second = Terms { lot_milli: 1, fee: 0, bids: level(500), asks: level(501) };
    let (specs, books) = ([first.spec(), second.spec()], [first.book(), second.book()]);
    let mut detector = Statistical::new(params()).unwrap();
    let mut watch = |seen_at: i64, now: i64| {
        let one = market(0, &first, &specs[0], &books[0], Nanos(seen_at));
        let other = market(1, &second, &specs[1], &books[1], Nanos(now));
        detector.watch(&one, &other, Nanos(now));
        detector.spread.pushed()
    };
    let half = SECOND / 2;
    assert_eq!(watch(half, half), 0);
    // The points at 1, 2 and 3 seconds: two pairs.
    assert_eq!(watch(3 * SECOND + half, 3 * SECOND + half), 2);
    // The first price was lost: what held until then counts for the point at 4, and what follows begins anew.
    assert_eq!(watch(3 * SECOND + half, 4 * SECOND + half), 3);
    assert_eq!(watch(6 * SECOND + half, 6 * SECOND + half), 3);
    assert_eq!(watch(8 * SECOND + half, 8 * SECOND + half), 4);
    // Held for 5 seconds of 91: the points from 9 to 13, and none before the next.
    assert_eq!(watch(100 * SECOND + half, 100 * SECOND + half), 9);
    assert_eq!(watch(101 * SECOND + half, 101 * SECOND + half), 9);
    assert_eq!(watch(102 * SECOND + half, 102 * SECOND + half), 10);
}

#[test]
fn odd_parameters_are_refused() {
    let error = |params| Statistical::new(params).unwrap_err();
    let base = params();
    assert_eq!(error(StatisticalParams { age_max: Span::ZERO, ..base }), StatisticalParamError::AgeMax);
    assert_eq!(error(StatisticalParams { hold_max: Span(SECOND - 1), ..base }), StatisticalParamError::Step);
    assert_eq!(
        error(StatisticalParams { hold_max: Span(257 * SECOND), ..base }),
        StatisticalParamError::Step
    );
    assert_eq!(error(StatisticalParams { half_life: Span(1), ..base }), StatisticalParamError::Step);
    assert_eq!(error(StatisticalParams { pairs_min: 2, ..base }), StatisticalParamError::PairsMin);
    let none = HedgeRatio::Given(Rate(0));
    assert_eq!(error(StatisticalParams { hedge: none, ..base }), StatisticalParamError::Hedge);
    assert_eq!(error(StatisticalParams { entry_z: f64::NAN, ..base }), StatisticalParamError::EntryZ);
    assert_eq!(error(StatisticalParams { horizon: 17, ..base }), StatisticalParamError::Horizon);
    assert_eq!(
        error(StatisticalParams { holding_per_day: Rate(-1), ..base }),
        StatisticalParamError::Holding
    );
}
