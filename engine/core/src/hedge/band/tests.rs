//! The band against its formula's sources, its own minimum and its bounds.

use proptest::prelude::*;

use super::*;

fn cost_band() -> CostBand {
    CostBand {
        gamma: 0.01,
        flow: 0.02,
        half_width_min: Base(1),
        half_width_max: Base(1_000_000 * Base::ONE.0),
        shift_max: Base(Base::ONE.0),
    }
}

fn risk(sigma: f64, lp_gamma: f64) -> RiskInputs {
    RiskInputs { sigma: Some(sigma), lp_gamma: Some(lp_gamma) }
}

fn costs(trade: f64, carry: f64) -> CostInputs {
    CostInputs { trade: Some(trade), carry }
}

fn exact(lo: i128, hi: i128) -> Interval {
    Interval::new(Base(lo), Base(hi)).unwrap()
}

#[test]
fn without_flow_it_is_the_band_of_whalley_and_wilmott() {
    // (3/2 · λS·Γ²/γ)^⅓ with λ = 5 bps, S = 2 000, Γ = −0.4, γ = 0.01: (1.5 · 1 · 0.16 / 0.01)^⅓ = 24^⅓.
    let band = CostBand { flow: 0.0, ..cost_band() };
    let width = band.half_width(&risk(0.3, -0.4), &costs(0.0005 * 2_000.0, 0.0)).to_f64();
    assert!((width - 2.884_499_140_614_816_7).abs() < 1e-12, "{width}");
}

#[test]
fn what_is_unknown_gives_the_narrowest_band() {
    let band = cost_band();
    let sound = costs(1.0, 0.0);
    let missing = RiskInputs { sigma: None, lp_gamma: Some(0.0) };
    for (risk, costs) in [
        (missing, sound),
        (RiskInputs { sigma: Some(1.0), lp_gamma: None }, sound),
        (risk(1.0, 0.0), CostInputs { trade: None, carry: 0.0 }),
        (risk(f64::NAN, 0.0), sound),
        (risk(1.0, f64::NAN), sound),
        (risk(-1.0, 0.0), sound),
    ] {
        assert_eq!(band.half_width(&risk, &costs), band.half_width_min);
    }
    assert_eq!(band.half_width(&risk(0.0, 0.0), &sound), band.half_width_max, "flow without risk");
}

#[test]
fn funding_moves_the_band_against_who_pays() {
    let band = cost_band();
    let centre = |carry| band.centre(&risk(1.0, 0.0), &costs(1.0, carry)).to_f64();
    assert!((centre(0.001) + 0.1).abs() < 1e-12, "longs pay: be shorter");
    assert!((centre(-0.001) - 0.1).abs() < 1e-12);
    assert!((centre(1e9) + 1.0).abs() < 1e-12, "bounded");
    assert_eq!(band.centre(&risk(1.0, 0.0), &costs(1.0, f64::NAN)), Base::ZERO);
}

#[test]
fn only_a_whole_interval_outside_is_excess() {
    let band = Band::around(Base::ZERO, Base(10), Base(1));
    let excess =
        |lo, hi| band.excess(&exact(lo, hi)).map(|excess| (excess.side, excess.amount.0, excess.to_zero.0));
    assert_eq!(excess(11, 50), Some((Side::Ask, 1, 11)));
    assert_eq!(excess(-50, -12), Some((Side::Bid, 2, 12)));
    for (lo, hi) in [(10, 50), (-50, -10), (-50, 50), (0, 0)] {
        assert_eq!(excess(lo, hi), None, "{lo} {hi}");
    }
    assert_eq!(band.excess(&Interval::UNKNOWN), None);
    assert!(
        band.covers(&exact(-10, 10)) && !band.covers(&exact(-11, 10)) && !band.covers(&Interval::HOLDING)
    );
    let shifted = Band::around(Base(-100), Base(10), Base(4));
    assert_eq!(
        (shifted.lo(), shifted.hi()),
        (Base(-16), Base(4)),
        "zero stays inside, an order from each edge"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_half_width_is_where_the_costs_are_least(
        sigma in 0.01..10.0f64, lp_gamma in -1.0..0.0f64, trade in 0.001..10.0f64, off in 0.2..5.0f64,
    ) {
        let band = cost_band();
        let width = band.half_width(&risk(sigma, lp_gamma), &costs(trade, 0.0)).to_f64();
        let total = |width: f64| {
            let rates = band.costs(width, sigma, lp_gamma, trade);
            rates.risk + rates.trading
        };
        prop_assert!(total(width) <= total(width * off) * (1.0 + 1e-9));
        let lvr = band.costs(width, sigma, lp_gamma, trade).lvr;
        prop_assert!((lvr - 0.5 * lp_gamma.abs() * sigma * sigma).abs() < 1e-12);
    }
}
