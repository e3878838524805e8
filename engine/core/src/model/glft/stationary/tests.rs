use super::*;
use proptest::prelude::*;

fn solved(orders: usize, r: f64) -> Solution {
    let mut solution = Solution::new(orders);
    solution.solve(r);
    solution
}

#[test]
fn the_eigenvalue_is_mathieus() {
    // Without a bound the system is that of the even Fourier coefficients of Mathieu's equation: r = 4/p and −m = a₀(p)/p.
    // Characteristic values a₀ of Abramowitz and Stegun (1964), table 20.1.
    for (p, a0) in [(5.0, -5.800_046_02), (10.0, -13.936_979_96), (25.0, -40.256_779_55)] {
        // Row 0 of the system: m = 2·v_1/v_0.
        let m = 2.0 * libm::exp(-solved(EXACT_ORDERS_MAX, 4.0 / p).log_ratio(0.0));
        assert!((m * p + a0).abs() < 2e-8, "{p}: {}", m * p);
    }
}

#[test]
fn without_risk_the_eigenvector_is_a_cosine() {
    for orders in [1, 2, 7, EXACT_ORDERS_MAX] {
        let mut stationary = Stationary::new(orders).unwrap();
        stationary.solve(0.0);
        let v = |q: usize| libm::cos(core::f64::consts::FRAC_PI_2 * q as f64 / (orders + 1) as f64);
        for q in 0..orders {
            let expected = libm::log(v(q) / v(q + 1));
            assert!((stationary.log_ratio(q as f64) - expected).abs() < 1e-9, "{orders} {q}");
        }
    }
}

#[test]
fn no_more_orders_than_there_is_room_for() {
    assert!(Stationary::new(0).is_none());
    assert!(Stationary::new(EXACT_ORDERS_MAX).is_some());
    assert!(Stationary::new(EXACT_ORDERS_MAX + 1).is_none());
    assert!(Stationary::new(usize::MAX).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn every_row_of_the_system_holds(log_r in -40.0..40.0f64, orders in 1..=EXACT_ORDERS_MAX) {
        let r = libm::exp(log_r);
        let solution = solved(orders, r);
        let ratio = |q: usize| libm::exp(solution.log_ratio(q as f64));
        let m = 2.0 / ratio(0);
        for q in 1..=orders {
            // r·q² + m = v_{q−1}/v_q + v_{q+1}/v_q, and nothing beyond the bound.
            let beyond = if q < orders { 1.0 / ratio(q) } else { 0.0 };
            let row = r * (q * q) as f64 + m;
            prop_assert!((row - ratio(q - 1) - beyond).abs() <= 1e-9 * row, "{q} of {orders}");
            prop_assert!(solution.log_ratio(q as f64 - 1.0) >= 0.0, "all of one sign: the smallest eigenvalue's");
        }
    }

    #[test]
    fn straight_lines_between_points_of_the_grid_are_close(log_r in -39.0..39.0f64, orders in 1..=EXACT_ORDERS_MAX) {
        let mut joined = Stationary::new(orders).unwrap();
        joined.solve(libm::exp(log_r));
        let solved = solved(orders, libm::exp(log_r));
        for q in 0..orders {
            let (joined, solved) = (joined.log_ratio(q as f64), solved.log_ratio(q as f64));
            prop_assert!((joined - solved).abs() <= solved / 8_000.0 + 1e-9, "{q} of {orders}: {joined} {solved}");
        }
    }

    #[test]
    fn the_ratios_rise_with_inventory_and_risk(
        log_r in -12.0..3.0f64, orders in 1..=EXACT_ORDERS_MAX, more in 0.01..3.0f64,
    ) {
        let at = |log_r: f64| {
            let mut stationary = Stationary::new(orders).unwrap();
            stationary.solve(libm::exp(log_r));
            stationary
        };
        let (calm, wild) = (at(log_r), at(log_r + more));
        let bound = orders as f64;
        let mut last = f64::NEG_INFINITY;
        for half in -2 * orders.cast_signed()..2 * orders.cast_signed() {
            let q = half as f64 / 2.0;
            let here = calm.log_ratio(q);
            // Odd about −1/2, to the right of which a wilder market moves the offset out.
            let mirrored = calm.log_ratio(-1.0 - q);
            prop_assert!(here >= last, "{q}: {last} {here}");
            prop_assert!((here + mirrored).abs() <= 1e-9 * here.abs().max(1e-6) || q >= bound - 1.0, "{q}");
            prop_assert!(q < -0.5 || wild.log_ratio(q) >= here, "{q}");
            last = here;
        }
    }
}
