use super::*;
use crate::book::Level;
use crate::fair::{ceil_to_tick, floor_to_tick};
use crate::model::tests::{inputs, linear, only, spec, wanted};
use ballast_model::{LOTS_MAX, Side};

mod exact;

/// γ, k, A, σ and `Q`, in one currency and seconds.
#[derive(Clone, Copy, Debug)]
struct Case {
    gamma: f64,
    k: f64,
    a: f64,
    sigma: f64,
    orders: i64,
}

/// One currency unit is 10⁶ ticks and one lot is one order, so that rounding to ticks says nothing.
const GRID: f64 = 1e6;

impl Case {
    /// A stock counted in ticks and seconds.
    const TICKS: Self = Self { gamma: 0.01, k: 0.3, a: 0.9, sigma: 0.3, orders: 30 };

    fn params(self, form: GlftForm) -> GlftParams {
        GlftParams {
            gamma: self.gamma,
            arrivals: ArrivalSource::Given { a_per_second: self.a, k: self.k },
            form,
            size: Lots(1),
            size_reducing_max: Lots(1),
            inventory_max: Lots(self.orders),
            skew_max: Ticks(i64::MAX),
        }
    }

    /// `δ_bid` and `δ_ask` at `q` as quoted around a mid of 50 000, in currency; `None` where a side is not quoted.
    fn offsets(self, form: GlftForm, q: i64) -> [Option<f64>; 2] {
        let mut model = Glft::new(self.params(form), linear("0.000001", "1")).unwrap();
        let fair_ticks = 50_000.0 * GRID;
        let at = QuoteInputs {
            fair_ticks,
            sigma_ticks_per_sqrt_s: Some(self.sigma * GRID),
            inventory: Lots(q),
            ..inputs(1, 100_000_000_000)
        };
        let quotes = wanted(&mut model, &at).unwrap();
        let offset = |side: Side| {
            let price = only(&quotes, side)?.price.0 as f64;
            Some(side.sign() as f64 * (fair_ticks - price) / GRID)
        };
        Side::BOTH.map(offset)
    }
}

#[test]
fn the_approximation_is_the_papers_formula() {
    for case in [Case::TICKS, Case { gamma: 0.2, k: 1.5, a: 140.0, sigma: 2.0, orders: 8 }] {
        let Case { gamma, k, a, sigma, orders } = case;
        // As printed.
        let constant = libm::log(1.0 + gamma / k) / gamma;
        let root =
            libm::sqrt(sigma * sigma * gamma / (2.0 * k * a) * libm::pow(1.0 + gamma / k, 1.0 + k / gamma));
        for q in -orders..=orders {
            let [bid, ask] = case.offsets(GlftForm::Approximate, q);
            let of = |twice: i64| constant + twice as f64 / 2.0 * root;
            assert!(bid.is_none_or(|bid| (bid - of(2 * q + 1)).abs() < 2e-6), "{case:?} {q}: {bid:?}");
            assert!(ask.is_none_or(|ask| (ask - of(1 - 2 * q)).abs() < 2e-6), "{case:?} {q}: {ask:?}");
            assert_eq!((bid.is_some(), ask.is_some()), (q < orders, q > -orders));
        }
    }
}

/// A realistic instrument: tick 0.01, lot 0.001, price near 2500, orders of 0.05.
const PARAMS: GlftParams = GlftParams {
    gamma: 0.05,
    arrivals: ArrivalSource::Given { a_per_second: 0.5, k: 20.0 },
    form: GlftForm::Approximate,
    size: Lots(50),
    size_reducing_max: Lots(80),
    inventory_max: Lots(500),
    skew_max: Ticks(30),
};

fn quotes_of(params: GlftParams, inputs: &QuoteInputs) -> Result<(Option<Level>, Option<Level>), Hold> {
    let mut model = Glft::new(params, linear("0.01", "0.001")).unwrap();
    wanted(&mut model, inputs).map(|quotes| (only(&quotes, Side::Bid), only(&quotes, Side::Ask)))
}

#[test]
fn one_unit_of_inventory_is_one_order_and_gamma_counts_its_base_units() {
    // Orders of 0.05 base with γ = 0.05 are the paper's with γ = 0.0025; σ = 200 ticks/√s is 2 in currency.
    let gamma = 0.05 * 0.05;
    let growth = libm::pow(1.0 + gamma / 20.0, 1.0 + 20.0 / gamma);
    let root = 2.0 * libm::sqrt(gamma / (2.0 * 20.0 * 0.5) * growth);
    let constant = libm::log(1.0 + gamma / 20.0) / gamma;
    let at =
        QuoteInputs { sigma_ticks_per_sqrt_s: Some(200.0), inventory: Lots(100), ..inputs(240_000, 260_000) };
    let (bid, ask) = quotes_of(PARAMS, &at).unwrap();
    // Two orders long.
    assert_eq!(bid.unwrap().price, floor_to_tick(250_000.0 - 100.0 * (constant + 2.5 * root)).unwrap());
    assert_eq!(ask.unwrap().price, ceil_to_tick(250_000.0 + 100.0 * (constant - 1.5 * root)).unwrap());
}

#[test]
fn inverse_orders_are_worth_their_base_amount() {
    // 1000 contracts of 100 USD at 10 000.0 are 10 base units; the linear twin trades 10 base units of lot 1.
    for form in [GlftForm::Approximate, GlftForm::Exact] {
        let of = |size: i64| GlftParams {
            gamma: 0.01,
            form,
            size: Lots(size),
            size_reducing_max: Lots(size),
            inventory_max: Lots(10 * size),
            ..PARAMS
        };
        let at =
            QuoteInputs { sigma_ticks_per_sqrt_s: Some(3.0), inventory: Lots(30), ..inputs(99_990, 100_010) };
        let twin = wanted(&mut Glft::new(of(10), linear("0.1", "1")).unwrap(), &at).unwrap();
        let inverse = Scales::new(&spec("0.1", "1", Contract::Inverse, 100));
        let inverse = wanted(
            &mut Glft::new(of(1_000), inverse).unwrap(),
            &QuoteInputs { inventory: Lots(3_000), ..at },
        )
        .unwrap();
        for side in Side::BOTH {
            assert_eq!(only(&inverse, side).map(|l| l.price), only(&twin, side).map(|l| l.price), "{side:?}");
        }
    }
}

#[test]
fn calibrated_arrivals_are_those_of_the_inputs() {
    // k = 20 per currency unit is 0.2 per tick of 0.01.
    let params = GlftParams { arrivals: ArrivalSource::Calibrated, ..PARAMS };
    let at = QuoteInputs { inventory: Lots(100), ..inputs(249_990, 250_010) };
    let arrivals = |a_per_second, k_per_tick| Some(Arrivals { a_per_second, k_per_tick });
    let known = QuoteInputs { arrivals: arrivals(0.5, 0.2), ..at };
    assert_eq!(quotes_of(params, &known), quotes_of(PARAMS, &at));
    assert_ne!(
        quotes_of(params, &QuoteInputs { arrivals: arrivals(0.5, 0.02), ..at }),
        quotes_of(PARAMS, &at)
    );
    assert_eq!(quotes_of(params, &at), Err(Hold::NoArrivals));
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        for arrivals in [arrivals(bad, 0.2), arrivals(0.5, bad)] {
            assert_eq!(quotes_of(params, &QuoteInputs { arrivals, ..at }), Err(Hold::NoArrivals));
        }
    }
    // Given ones are not overruled.
    assert_eq!(
        quotes_of(PARAMS, &QuoteInputs { arrivals: arrivals(9.0, 9.0), ..at }),
        quotes_of(PARAMS, &at)
    );
}

#[test]
fn what_is_missing_or_not_finite_holds() {
    let at = inputs(250_000, 250_001);
    for form in [GlftForm::Approximate, GlftForm::Exact] {
        let quotes = |inputs| quotes_of(GlftParams { form, ..PARAMS }, &inputs);
        assert_eq!(quotes(QuoteInputs { sigma_ticks_per_sqrt_s: None, ..at }), Err(Hold::NoVolatility));
        for bad in [f64::NAN, f64::INFINITY, 1e300] {
            let wild = QuoteInputs { sigma_ticks_per_sqrt_s: Some(bad), ..at };
            assert_eq!(quotes(wild), Err(Hold::NotFinite));
        }
        assert_eq!(quotes(QuoteInputs { fair_ticks: f64::NAN, ..at }), Err(Hold::NotFinite));
    }
}

#[test]
fn only_the_adding_side_stops_at_the_limit() {
    for form in [GlftForm::Approximate, GlftForm::Exact] {
        let sides = |inventory| {
            let at = QuoteInputs { inventory: Lots(inventory), ..inputs(250_000, 250_001) };
            let (bid, ask) = quotes_of(GlftParams { form, ..PARAMS }, &at).unwrap();
            (bid.map(|bid| bid.lots), ask.map(|ask| ask.lots))
        };
        assert_eq!(sides(0), (Some(Lots(50)), Some(Lots(50))));
        assert_eq!(sides(450), (Some(Lots(50)), Some(Lots(77))));
        assert_eq!(sides(451), (None, Some(Lots(77))));
        assert_eq!(sides(LOTS_MAX), (None, Some(Lots(80)))); // far beyond: still able to unwind
        assert_eq!(sides(-451), (Some(Lots(77)), None));
    }
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    let refused = |params| Glft::new(params, linear("0.01", "0.001")).err();
    let given = |a_per_second, k| ArrivalSource::Given { a_per_second, k };
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(GlftParams { gamma: bad, ..PARAMS }), Some(ModelParamError::Gamma));
        assert_eq!(refused(GlftParams { arrivals: given(1.0, bad), ..PARAMS }), Some(ModelParamError::K));
        let rate = GlftParams { arrivals: given(bad, 1.0), ..PARAMS };
        assert_eq!(refused(rate), Some(ModelParamError::ArrivalRate));
    }
    assert_eq!(refused(GlftParams { size: Lots(0), ..PARAMS }), Some(ModelParamError::Size));
    let exact = GlftParams { form: GlftForm::Exact, ..PARAMS };
    assert_eq!(refused(GlftParams { inventory_max: Lots(64 * 50 + 49), ..exact }), None);
    assert_eq!(
        refused(GlftParams { inventory_max: Lots(65 * 50), ..exact }),
        Some(ModelParamError::ExactOrders)
    );
    assert_eq!(refused(GlftParams { inventory_max: Lots(LOTS_MAX), ..PARAMS }), None);
}
