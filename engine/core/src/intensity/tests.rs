use alloc::vec::Vec;

use ballast_model::{InstrumentId, Lots, PackedLevel, Price, TradeId};
use proptest::prelude::*;

use super::*;

const PARAMS: IntensityParams = IntensityParams {
    half_life: Span::from_secs(3_600),
    first: Ticks(0),
    step: Ticks(1),
    distances: 16,
    elapsed_min: Span::from_secs(60),
    orders_min: 50,
    k_min: 1e-3,
    k_max: 10.0,
    a_max: 1e6,
    r_squared_min: 0.5,
};
const MID: HalfTicks = HalfTicks(20_000);

/// Uniform on (0, 1): a linear congruential generator (Knuth, MMIX).
struct Chance(u64);

impl Chance {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn exponential(&mut self, rate: f64) -> f64 {
        -libm::log(self.uniform()) / rate
    }
}

fn trade(maker: Side, price: i64, venue_time: i64) -> Trade {
    Trade {
        instrument: InstrumentId(0),
        maker,
        level: PackedLevel::new(Price(price), Lots(1)).unwrap(),
        trade_id: TradeId(0),
        venue_time: Nanos(venue_time),
        recv_time: Nanos(venue_time),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "onto the grids of prices and time")]
fn whole(number: f64) -> i64 {
    libm::floor(number) as i64
}

/// `orders` market orders per second and side at rate `a`, whose reach is exponential with rate `k`, around a mid that
/// moves; each prints up to three trades on its way.
fn simulated(params: IntensityParams, a: f64, k: f64, orders: usize) -> IntensityEstimator {
    let mut chance = Chance(11);
    let mut estimator = IntensityEstimator::new(params).unwrap();
    let (mut seconds, mut centre) = (0.0, 10_000);
    estimator.on_mid(Some(HalfTicks(2 * centre)), Nanos(0));
    for _ in 0..orders {
        seconds += chance.exponential(2.0 * a);
        let now = Nanos(whole(seconds * 1e9));
        let reach = whole(chance.exponential(k));
        let maker = if chance.uniform() < 0.5 { Side::Ask } else { Side::Bid };
        for print in [reach / 3, reach / 2, reach] {
            estimator.on_trade(&trade(maker, centre - maker.sign() * print, now.0), now);
        }
        if chance.uniform() < 0.2 {
            centre += if chance.uniform() < 0.5 { 1 } else { -1 };
            estimator.on_mid(Some(HalfTicks(2 * centre)), now);
        }
    }
    estimator
}

fn digest_of(estimator: &IntensityEstimator) -> u64 {
    let mut digest = Digest::new();
    estimator.digest(&mut digest);
    digest.value()
}

#[test]
fn poisson_arrivals_give_back_a_and_k() {
    // 20 000 orders within the half-life at the least: an error of k of about 1 % by maximum likelihood; 5 % is allowed.
    for (a, k) in [(5.0, 0.3), (2.0, 0.15), (20.0, 0.8)] {
        let fit = simulated(PARAMS, a, k, 40_000).intensity().unwrap();
        assert!((fit.a_per_s / a - 1.0).abs() < 0.05, "A {a}, k {k}: {fit:?}");
        assert!((fit.k_per_tick / k - 1.0).abs() < 0.05, "A {a}, k {k}: {fit:?}");
        assert!(fit.r_squared > 0.99, "{fit:?}");
    }
}

#[test]
fn the_fit_does_not_depend_on_where_it_is_looked_at() {
    // An exponential is one from any distance on: A and k from 4 ticks on, every second tick, are the same.
    let params = IntensityParams { first: Ticks(4), step: Ticks(2), distances: 6, ..PARAMS };
    let fit = simulated(params, 20.0, 0.25, 60_000).intensity().unwrap();
    assert!((fit.a_per_s / 20.0 - 1.0).abs() < 0.08, "{fit:?}");
    assert!((fit.k_per_tick / 0.25 - 1.0).abs() < 0.05, "{fit:?}");
}

#[test]
fn an_order_counts_at_every_distance_it_reaches_and_at_no_other() {
    for (maker, price) in [(Side::Ask, 10_005), (Side::Bid, 9_995)] {
        let mut estimator = IntensityEstimator::new(PARAMS).unwrap();
        estimator.on_mid(Some(MID), Nanos(0));
        estimator.on_trade(&trade(maker, price, 1), Nanos(1_000_000_000));
        // One order on two sides in one second (its weight and the second's decay by nothing that shows).
        for index in 0..=5 {
            assert!((estimator.rate_per_s(index).unwrap() - 0.5).abs() < 1e-3, "{index}");
        }
        for index in 6..16 {
            assert_eq!(estimator.rate_per_s(index).map(f64::to_bits), Some(0), "{index}");
        }
        assert_eq!(estimator.rate_per_s(16), None);
    }
}

#[test]
fn a_trade_on_the_wrong_side_of_the_mid_reaches_nothing() {
    let mut estimator = IntensityEstimator::new(PARAMS).unwrap();
    estimator.on_mid(Some(MID), Nanos(0));
    estimator.on_trade(&trade(Side::Ask, 9_999, 1), Nanos(1_000_000_000));
    estimator.on_trade(&trade(Side::Bid, 10_001, 2), Nanos(1_000_000_000));
    assert_eq!(estimator.rate_per_s(0).map(f64::to_bits), Some(0));
}

#[test]
fn the_prints_of_one_order_are_one_order_as_deep_as_the_deepest() {
    let mut estimator = IntensityEstimator::new(PARAMS).unwrap();
    estimator.on_mid(Some(MID), Nanos(0));
    let second = Nanos(1_000_000_000);
    for price in [10_002, 10_004, 10_004, 10_007] {
        estimator.on_trade(&trade(Side::Ask, price, 7), second);
        // What it has done to the mid is not what it met.
        estimator.on_mid(Some(HalfTicks(2 * price)), second);
    }
    assert_eq!(estimator.orders, 1);
    assert!((estimator.rate_per_s(7).unwrap() - 0.5).abs() < 1e-3);
    assert!((estimator.rate_per_s(0).unwrap() - 0.5).abs() < 1e-3);
    assert_eq!(estimator.rate_per_s(8).map(f64::to_bits), Some(0));
    // The other side, and another time, are other orders.
    estimator.on_mid(Some(MID), second);
    estimator.on_trade(&trade(Side::Bid, 9_999, 7), second);
    estimator.on_trade(&trade(Side::Bid, 9_999, 8), second);
    assert_eq!(estimator.orders, 3);
}

#[test]
fn time_without_a_mid_is_not_counted_and_neither_are_its_trades() {
    let mut estimator = IntensityEstimator::new(PARAMS).unwrap();
    estimator.on_mid(Some(MID), Nanos(0));
    estimator.on_trade(&trade(Side::Ask, 10_001, 1), Nanos(1_000_000_000));
    estimator.on_mid(None, Nanos(1_000_000_000));
    estimator.on_trade(&trade(Side::Ask, 10_001, 2), Nanos(2_000_000_000));
    estimator.on_mid(Some(MID), Nanos(10_000_000_000));
    assert_eq!((estimator.orders, estimator.elapsed), (1, Span::from_secs(1)));
    assert!((estimator.rate_per_s(1).unwrap() - 0.5).abs() < 1e-3);
}

#[test]
fn what_cannot_be_used_says_why() {
    let mut estimator = IntensityEstimator::new(PARAMS).unwrap();
    assert_eq!(estimator.intensity(), Err(NoIntensity::Cold));
    estimator.on_mid(Some(MID), Nanos(0));
    for second in 1..=200 {
        estimator.on_trade(&trade(Side::Ask, 10_000, second), Nanos(second * 1_000_000_000));
    }
    assert_eq!(estimator.intensity(), Err(NoIntensity::TooFewDistances));
    for second in 201..=400 {
        estimator.on_trade(&trade(Side::Ask, 10_040, second), Nanos(second * 1_000_000_000));
    }
    // From the second distance on the rate does not fall: the line is poor.
    let strict = IntensityEstimator {
        params: IntensityParams { r_squared_min: 0.9, k_min: 1e-6, ..PARAMS },
        ..estimator
    };
    assert_eq!(strict.intensity(), Err(NoIntensity::PoorFit));
    let steep = IntensityEstimator { params: IntensityParams { k_min: 5.0, ..PARAMS }, ..estimator };
    assert_eq!(steep.intensity(), Err(NoIntensity::OutOfBounds));
    let warm = simulated(PARAMS, 5.0, 0.3, 2_000);
    let small = IntensityEstimator { params: IntensityParams { a_max: 1.0, ..PARAMS }, ..warm };
    assert_eq!(small.intensity(), Err(NoIntensity::OutOfBounds));
    let early = IntensityEstimator {
        params: IntensityParams { elapsed_min: Span::from_secs(86_400), ..PARAMS },
        ..warm
    };
    assert_eq!(early.intensity(), Err(NoIntensity::Cold));
}

#[test]
fn the_line_is_the_weighted_least_squares_line() {
    // Against the normal equations in raw sums.
    let points = [(0.0, 3.0, 10.0), (1.0, 2.5, 7.0), (2.0, 1.0, 4.0), (5.0, 0.7, 1.0)];
    let mut sums = Sums::default();
    points.iter().for_each(|(x, y, weight)| sums.add(*x, *y, *weight));
    let line = sums.line();
    let sum = |of: fn(f64, f64) -> f64| points.iter().map(|(x, y, w)| w * of(*x, *y)).sum::<f64>();
    let (w, x, y) = (sum(|_, _| 1.0), sum(|x, _| x), sum(|_, y| y));
    let (xx, xy) = (sum(|x, _| x * x), sum(|x, y| x * y));
    let slope = (w * xy - x * y) / (w * xx - x * x);
    assert!((line.slope - slope).abs() < 1e-12);
    assert!((line.intercept - (y - slope * x) / w).abs() < 1e-12);
    let residual: f64 = points
        .iter()
        .map(|(x, y, w)| w * (y - line.intercept - slope * x) * (y - line.intercept - slope * x))
        .sum();
    let total: f64 = points.iter().map(|(_, at, weight)| weight * (at - y / w) * (at - y / w)).sum();
    assert!((line.r_squared - (1.0 - residual / total)).abs() < 1e-12);
}

#[test]
fn the_fit_weighs_each_distance_by_its_orders_and_leaves_out_those_of_few() {
    let mut estimator = IntensityEstimator::new(IntensityParams { distances: 6, ..PARAMS }).unwrap();
    estimator.seconds = 100.0;
    estimator.elapsed = Span::from_secs(100);
    estimator.orders = 1_000;
    // Reached: 200, 100, 40, 10, 4.9, 4.
    for (count, orders) in estimator.deepest.iter_mut().zip([100.0, 60.0, 30.0, 5.1, 0.9, 4.0]) {
        *count = orders;
    }
    let mut sums = Sums::default();
    for (distance, reached) in [(0.0, 200.0), (1.0, 100.0), (2.0, 40.0), (3.0, 10.0)] {
        sums.add(distance, libm::log(reached / 200.0), reached);
    }
    let (line, fit) = (sums.line(), estimator.intensity().unwrap());
    assert_eq!(fit.distances, 4);
    assert!((fit.k_per_tick + line.slope).abs() < 1e-12, "{fit:?}");
    assert!((fit.a_per_s - libm::exp(line.intercept)).abs() < 1e-12, "{fit:?}");
    assert!((fit.orders - 200.0).abs() < 1e-12, "{fit:?}");
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    use IntensityParamError as Error;
    let p = PARAMS;
    for (params, error) in [
        (IntensityParams { half_life: Span::ZERO, ..p }, Error::HalfLife),
        (IntensityParams { first: Ticks(-1), ..p }, Error::Distance),
        (IntensityParams { step: Ticks(0), ..p }, Error::Distance),
        (IntensityParams { step: Ticks(i64::MAX), ..p }, Error::Distance),
        (IntensityParams { distances: 2, ..p }, Error::Distances),
        (IntensityParams { distances: 33, ..p }, Error::Distances),
        (IntensityParams { elapsed_min: Span(-1), ..p }, Error::ElapsedMin),
        (IntensityParams { orders_min: 0, ..p }, Error::OrdersMin),
        (IntensityParams { k_min: 0.0, ..p }, Error::KBounds),
        (IntensityParams { k_max: f64::NAN, ..p }, Error::KBounds),
        (IntensityParams { k_min: 2.0, k_max: 1.0, ..p }, Error::KBounds),
        (IntensityParams { a_max: f64::INFINITY, ..p }, Error::AMax),
        (IntensityParams { r_squared_min: f64::NAN, ..p }, Error::RSquaredMin),
        (IntensityParams { r_squared_min: 1.1, ..p }, Error::RSquaredMin),
    ] {
        assert_eq!(IntensityEstimator::new(params).err(), Some(error), "{params:?}");
    }
}

#[test]
#[should_panic(expected = "time went backward")]
fn time_never_falls() {
    let mut estimator = IntensityEstimator::new(PARAMS).unwrap();
    estimator.on_mid(Some(MID), Nanos(1));
    estimator.on_mid(None, Nanos(0));
}

/// Milliseconds, mid (or none), maker, price, venue milliseconds.
type Step = (i64, Option<i64>, bool, i64, i64);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let mid = prop::option::weighted(0.9, 19_990..20_010i64);
    prop::collection::vec((0..5_000i64, mid, any::<bool>(), 9_980..10_020i64, 0..3i64), 1..40)
}

fn after(params: IntensityParams, steps: &[Step], fine: i64) -> IntensityEstimator {
    let mut estimator = IntensityEstimator::new(params).unwrap();
    let mut millis = 0;
    for (gap, mid, bought, price, venue) in steps {
        millis += gap;
        let now = Nanos::from_millis(millis);
        let maker = if *bought { Side::Ask } else { Side::Bid };
        estimator.on_mid(mid.map(|mid| HalfTicks(mid * fine)), now);
        estimator.on_trade(&trade(maker, price * fine, *venue), now);
    }
    estimator
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn rates_fall_with_distance_and_match_a_list_of_orders(steps in steps()) {
        let estimator = after(PARAMS, &steps, 1);
        // The naive twin: a list of orders with reach and time, weighed at the end.
        let mut orders: Vec<(i64, i64, bool, i64, i64)> = Vec::new(); // time, mid, side, venue, reach
        let (mut time, mut mid, mut known, mut open) = (0, None, Vec::new(), false);
        for (gap, next, bought, price, venue) in &steps {
            if mid.is_some() {
                known.push((time, time + gap));
            }
            time += gap;
            mid = *next;
            let same = orders.last().is_some_and(|last| open && last.2 == *bought && last.3 == *venue);
            if !same {
                open = mid.is_some();
                let Some(mid) = mid else { continue };
                orders.push((time, mid, *bought, *venue, i64::MIN));
            }
            let last = orders.last_mut().unwrap();
            let reach = if *bought { 2 * price - last.1 } else { last.1 - 2 * price };
            last.4 = last.4.max(reach);
        }
        let weight = |at: i64| libm::exp2(-(time - at) as f64 / 3_600_000.0);
        let decayed = |(from, to): &(i64, i64)| (weight(*to) - weight(*from)) * 3_600.0 / core::f64::consts::LN_2;
        let seconds: f64 = known.iter().map(decayed).sum();
        let mut before = f64::INFINITY;
        for (index, distance) in (0..16).zip(0i64..) {
            let reached = orders.iter().filter(|order| order.4 >= 2 * distance).map(|order| weight(order.0));
            let count: f64 = reached.sum();
            let Some(rate) = estimator.rate_per_s(index) else { continue };
            prop_assert!((rate - count / (2.0 * seconds)).abs() <= 1e-6 * (1.0 + rate), "{rate} {count} {seconds}");
            prop_assert!(rate <= before);
            before = rate;
        }
    }

    #[test]
    fn twice_the_tick_is_twice_the_decay_per_tick(steps in steps()) {
        let loose = IntensityParams {
            elapsed_min: Span::ZERO, orders_min: 1, k_min: 1e-9, k_max: 1e9, r_squared_min: 0.0, ..PARAMS
        };
        let fine = after(IntensityParams { step: Ticks(2), ..loose }, &steps, 2).intensity();
        let coarse = after(loose, &steps, 1).intensity();
        match (fine, coarse) {
            (Ok(fine), Ok(coarse)) => {
                prop_assert!((fine.k_per_tick * 2.0 / coarse.k_per_tick - 1.0).abs() < 1e-9);
                prop_assert!((fine.a_per_s / coarse.a_per_s - 1.0).abs() < 1e-9);
            }
            (fine, coarse) => prop_assert_eq!(fine.err(), coarse.err()),
        }
    }

    #[test]
    fn any_input_gives_finite_numbers_or_a_reason(
        steps in prop::collection::vec(
            (any::<i64>(), prop::option::of(any::<i64>()), any::<bool>(), 0..=ballast_model::PRICE_TICKS_MAX), 1..20,
        ),
    ) {
        let loose = IntensityParams { elapsed_min: Span::ZERO, orders_min: 1, ..PARAMS };
        let mut estimator = IntensityEstimator::new(loose).unwrap();
        let mut times: Vec<_> = steps;
        times.sort_unstable_by_key(|step| step.0);
        for (time, mid, bought, price) in times {
            estimator.on_mid(mid.map(HalfTicks), Nanos(time));
            let maker = if bought { Side::Ask } else { Side::Bid };
            estimator.on_trade(&trade(maker, price, time), Nanos(time));
        }
        prop_assert!((0..16).filter_map(|index| estimator.rate_per_s(index)).all(|rate| rate >= 0.0));
        if let Ok(fit) = estimator.intensity() {
            prop_assert!(fit.a_per_s.is_finite() && fit.k_per_tick.is_finite() && fit.r_squared.is_finite());
        }
    }

    #[test]
    fn equal_states_have_equal_digests_and_others_do_not(steps in steps()) {
        let first = after(PARAMS, &steps, 1);
        prop_assert_eq!(digest_of(&first), digest_of(&after(PARAMS, &steps, 1)));
        let mut other = first;
        let now = Nanos(first.at.unwrap().0 + 1);
        other.on_trade(&trade(Side::Ask, 10_000, 99), now);
        prop_assert_ne!(digest_of(&first), digest_of(&other));
    }
}
