use ballast_model::LOTS_MAX;
use proptest::prelude::*;

use super::*;

fn gone(model: CancelModel, excess: i64, ahead: i64, size: i64) -> i64 {
    model.ahead_gone(Lots(ahead), Lots(excess), Lots(size), 0.001).0
}

fn power(family: Family, power: f64) -> CancelModel {
    CancelModel::Odds(family, Curve::Power(power))
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
}

#[test]
fn a_share_of_the_cancels_moves_us_forward_in_proportion_and_rounded_down() {
    let share = |share, excess, ahead, size| gone(CancelModel::Share(share), excess, ahead, size);
    assert_eq!(share(Rate::ONE, 30, 40, 100), 12);
    assert_eq!(share(Rate(50_000_000), 30, 40, 100), 6);
    assert_eq!(share(Rate::ONE, 10, 33, 100), 3);
    assert_eq!(share(Rate(50_000_000), 10, 33, 100), 1);
    assert_eq!(share(Rate(0), 30, 40, 100), 0);
    assert_eq!(share(Rate::ONE, LOTS_MAX, LOTS_MAX, LOTS_MAX), LOTS_MAX);
}

#[test]
fn each_family_is_its_formula() {
    let (a, b) = (2.0, 6.0);
    let cubic = Curve::Power(3.0);
    close(part_ahead(Family::Ratio, cubic, a, b), 8.0 / (8.0 + 216.0));
    close(part_ahead(Family::Whole, cubic, a, b), 1.0 - 216.0 / 512.0);
    close(part_ahead(Family::Front, cubic, a, b), 8.0 / 512.0);
    let (ln3, ln7, ln9) = (3f64.ln(), 7f64.ln(), 9f64.ln());
    close(part_ahead(Family::Ratio, Curve::Log, a, b), ln3 / (ln3 + ln7));
    close(part_ahead(Family::Whole, Curve::Log, a, b), 1.0 - ln7 / ln9);
}

#[test]
fn the_logarithm_counts_in_units_of_size_and_not_in_lots() {
    // 2 and 6 units are 2 000 and 6 000 lots: ln 3 of ln 3 + ln 7.
    let log = CancelModel::Odds(Family::Ratio, Curve::Log);
    assert_eq!(gone(log, 1_000, 2_000, 8_000), 360);
}

#[test]
fn a_power_of_one_spreads_cancels_evenly() {
    for family in [Family::Ratio, Family::Whole, Family::Front] {
        for (excess, ahead, size) in [(30, 40, 100), (10, 33, 100), (1, 1, 7), (99, 1, 100)] {
            let evenly = gone(CancelModel::Share(Rate::ONE), excess, ahead, size);
            assert_eq!(gone(power(family, 1.0), excess, ahead, size), evenly, "{family:?}");
        }
    }
}

#[test]
fn nothing_vanishes_at_the_ends() {
    for curve in [Curve::Power(0.01), Curve::Power(400.0), Curve::Log] {
        for family in [Family::Ratio, Family::Whole, Family::Front] {
            close(part_ahead(family, curve, 0.0, 5.0), 0.0);
            close(part_ahead(family, curve, 5.0, 0.0), 1.0);
            close(part_ahead(family, curve, 0.0, 0.0), 0.0);
        }
    }
    let steep = |ahead| part_ahead(Family::Ratio, Curve::Power(5_000.0), ahead, 3.0);
    assert!(steep(2.0) < 1e-9 && steep(4.0) > 1.0 - 1e-9, "{} {}", steep(2.0), steep(4.0));
}

#[test]
fn numbers_out_of_range_are_told() {
    let rules = |cancels| QueueRules { cancels, ..QueueRules::sharing(Rate(0)) };
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(!rules(power(Family::Ratio, bad)).valid(), "{bad}");
    }
    for share in [Rate(-1), Rate(Rate::ONE.0 + 1)] {
        assert!(!rules(CancelModel::Share(share)).valid());
    }
    assert!(rules(power(Family::Front, 0.5)).valid());
    assert!(rules(CancelModel::Odds(Family::Whole, Curve::Log)).valid());
}

fn model() -> impl Strategy<Value = CancelModel> {
    let family = prop_oneof![Just(Family::Ratio), Just(Family::Whole), Just(Family::Front)];
    prop_oneof![
        (0..=Rate::ONE.0).prop_map(|share| CancelModel::Share(Rate(share))),
        (family, 0.05..8.0f64).prop_map(|(family, n)| power(family, n)),
        Just(CancelModel::Odds(Family::Ratio, Curve::Log)),
        Just(CancelModel::Odds(Family::Whole, Curve::Log)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    /// No more goes than was cancelled or stood ahead, and the further back we stand the more of it was ahead of us.
    #[test]
    fn what_goes_is_bounded_and_rises_with_what_is_ahead(
        model in model(),
        size in 1..1_000_000i64,
        ahead_of in 0..=1_000i64,
        excess_of in 0..=1_000i64,
    ) {
        let (ahead, excess) = (size * ahead_of / 1_000, size * excess_of / 1_000);
        let now = gone(model, excess, ahead, size);
        prop_assert!((0..=excess.min(ahead)).contains(&now));
        let deeper = (ahead + size / 50).min(size);
        prop_assert!(gone(model, excess, deeper, size) >= now);
    }
}
