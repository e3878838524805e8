//! What holds for every model, whatever the market.

use super::tests::{inputs, linear, wanted};
use super::*;
use crate::book::Level;
use alloc::vec::Vec;
use ballast_model::{LOTS_MAX, PRICE_TICKS_MAX, Rate, Span};
use proptest::prelude::*;

/// Tick 0.01 and lot 0.001; orders of 0.05 base and at most ten of them, unless a case says otherwise.
const SIZE: Lots = Lots(50);
const INVENTORY_MAX: Lots = Lots(500);

/// The models under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Session,
    Infinite,
    Approximate,
    Exact,
    Plain,
    Ladder,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Session, Self::Infinite, Self::Approximate, Self::Exact, Self::Plain, Self::Ladder];
    /// Those whose spread and skew come from γ and σ.
    const RISKY: [Self; 3] = [Self::Session, Self::Approximate, Self::Exact];
}

/// What differs between two models of a kind.
#[derive(Clone, Copy, Debug)]
struct Knobs {
    gamma: f64,
    k: f64,
    a: f64,
    skew_max: Ticks,
    half: i64,
    skew: f64,
    levels: usize,
    step: i64,
}

impl Knobs {
    fn dealer(self, horizon: Horizon) -> Model {
        let Self { gamma, k, skew_max, .. } = self;
        let params = AvellanedaParams {
            gamma,
            k,
            horizon,
            size: SIZE,
            size_reducing_max: Lots(80),
            inventory_max: INVENTORY_MAX,
            skew_max,
        };
        Model::AvellanedaStoikov(AvellanedaStoikov::new(params, linear("0.01", "0.001")).unwrap())
    }

    fn glft(self, form: GlftForm, arrivals: ArrivalSource) -> Model {
        let Self { gamma, skew_max, .. } = self;
        let params = GlftParams {
            gamma,
            arrivals,
            form,
            size: SIZE,
            size_reducing_max: Lots(80),
            inventory_max: INVENTORY_MAX,
            skew_max,
        };
        Model::Glft(Glft::new(params, linear("0.01", "0.001")).unwrap())
    }

    fn fixed(self, change: impl FnOnce(&mut FixedSpreadParams)) -> Model {
        let mut params = FixedSpreadParams::plain(Ticks(self.half), self.skew, SIZE, INVENTORY_MAX);
        change(&mut params);
        Model::FixedSpread(FixedSpread::new(params, linear("0.01", "0.001")).unwrap())
    }

    fn model(self, kind: Kind) -> Model {
        let given = ArrivalSource::Given { a_per_second: self.a, k: self.k };
        match kind {
            Kind::Session => self.dealer(Horizon::Session(Span::from_secs(60))),
            Kind::Infinite => self.dealer(Horizon::Infinite),
            Kind::Approximate => self.glft(GlftForm::Approximate, given),
            Kind::Exact => self.glft(GlftForm::Exact, given),
            Kind::Plain => self.fixed(|_| ()),
            Kind::Ladder => self.fixed(|params| {
                params.half_spread = HalfSpread::OfMid(Rate(self.half * 1_000));
                params.levels = self.levels;
                params.step = Ticks(self.step);
                params.profit_min = Some(ProfitMin { maker_fee: Rate(-500), margin: Rate(3_000) });
            }),
        }
    }
}

prop_compose! {
    fn knobs()(
        gamma in -6.0..0.0f64, k in 0.0..4.0f64, a in -3.0..4.0f64, skew_max in 0..200i64,
        half in 0..60i64, skew in 0.0..50.0f64, levels in 1..=8usize, step in 1..20i64,
    ) -> Knobs {
        let [gamma, k, a] = [gamma, k, a].map(libm::exp);
        Knobs { gamma, k, a, skew_max: Ticks(skew_max), half, skew, levels, step }
    }
}

prop_compose! {
    /// Any market of the instrument, up to a wild volatility.
    fn market()(
        bid in 100_000..400_000i64, spread in 1..50i64, sigma in 0.0..300.0f64, now in 0..120_000i64,
        inventory in -700..700i64, share in 0.0..1.0f64,
    ) -> QuoteInputs {
        let near = inputs(bid, bid + spread);
        QuoteInputs {
            now: Nanos::from_millis(now),
            fair_ticks: bid as f64 + spread as f64 * share,
            sigma_ticks_per_sqrt_s: Some(sigma),
            inventory: Lots(inventory),
            ..near
        }
    }
}

/// The same with a touch too wide to clamp a quote, and the fair value in its middle.
fn far_from_the_touch(at: QuoteInputs) -> QuoteInputs {
    let mid = at.touch.unwrap().bid.price.0;
    QuoteInputs { fair_ticks: mid as f64, ..QuoteInputs { touch: wide(mid), ..at } }
}

fn wide(mid: i64) -> Option<Touch> {
    inputs(mid - 99_000, mid + 99_000).touch
}

/// Levels of both sides, or nothing where the model holds.
fn levels(model: &mut Model, at: &QuoteInputs) -> Option<[Vec<Level>; 2]> {
    let quotes = wanted(model, at).ok()?;
    Some(Side::BOTH.map(|side| quotes.side(side).levels().to_vec()))
}

fn total(levels: &[Level]) -> i64 {
    levels.iter().map(|level| level.lots.0).sum()
}

fn assert_sound(quotes: &[Vec<Level>; 2], touch: &Touch) -> Result<(), TestCaseError> {
    let [bids, asks] = quotes;
    prop_assert!(bids.iter().all(|bid| bid.price < touch.ask.price));
    prop_assert!(asks.iter().all(|ask| ask.price > touch.bid.price));
    prop_assert!(bids.first().zip(asks.first()).is_none_or(|(bid, ask)| bid.price < ask.price));
    for level in bids.iter().chain(asks) {
        prop_assert!((1..=PRICE_TICKS_MAX).contains(&level.price.0) && level.lots.0 > 0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn more_inventory_never_raises_a_quote_nor_shrinks_the_asks(
        knobs in knobs(), at in market(), more in 1..400i64,
    ) {
        let longer = QuoteInputs { inventory: at.inventory + Lots(more), ..at };
        for kind in Kind::ALL {
            let mut model = knobs.model(kind);
            let Some((now, then)) = levels(&mut model, &at).zip(levels(&mut model, &longer)) else { continue };
            for (now, then) in now.iter().zip(&then) {
                prop_assert!(now.iter().zip(then).all(|(now, then)| then.price <= now.price), "{kind:?}");
            }
            prop_assert!(total(&then[0]) <= total(&now[0]) && total(&then[1]) >= total(&now[1]), "{kind:?}");
        }
    }

    #[test]
    fn a_long_position_lowers_both_quotes_and_enlarges_the_ask(
        knobs in knobs(), at in market(), inventory in 200..450i64,
    ) {
        // Risk enough for more than a tick of skew.
        let half = 80 + knobs.half;
        let knobs = Knobs { gamma: 0.5, k: 2.0, a: 1.0, skew_max: Ticks(100), half, skew: 10.0, ..knobs };
        let at = QuoteInputs { sigma_ticks_per_sqrt_s: Some(100.0), now: Nanos(0), ..at };
        for kind in Kind::ALL {
            let mut model = knobs.model(kind);
            let dealer = !matches!(kind, Kind::Plain | Kind::Ladder);
            // The fixed spread is never better than the touch, the others may improve it.
            let at = if dealer { far_from_the_touch(at) } else { at };
            let [flat, long] = [0, inventory]
                .map(|inventory| levels(&mut model, &QuoteInputs { inventory: Lots(inventory), ..at }).unwrap());
            for (flat, long) in flat.iter().zip(&long) {
                // The ladder's last levels of the bid may be gone already.
                prop_assert!(!long.is_empty());
                prop_assert!(flat.iter().zip(long).all(|(flat, long)| long.price < flat.price), "{kind:?}");
            }
            prop_assert!(total(&long[1]) - total(&flat[1]) > if dealer { 0 } else { -1 }, "{kind:?}");
        }
    }

    #[test]
    fn earlier_questions_change_no_answer(knobs in knobs(), at in market(), earlier in market()) {
        for kind in Kind::ALL {
            let mut asked = knobs.model(kind);
            levels(&mut asked, &earlier);
            prop_assert_eq!(levels(&mut asked, &at), levels(&mut knobs.model(kind), &at), "{:?}", kind);
        }
    }

    #[test]
    fn no_quote_crosses(knobs in knobs(), at in market()) {
        for kind in Kind::ALL {
            if let Some(quotes) = levels(&mut knobs.model(kind), &at) {
                assert_sound(&quotes, &at.touch.unwrap())?;
            }
        }
    }

    #[test]
    fn only_the_adding_side_stops_at_a_limit(knobs in knobs(), at in market(), beyond in 0..LOTS_MAX - 500) {
        for kind in Kind::ALL {
            let mut model = knobs.model(kind);
            for (inventory, open) in [
                (INVENTORY_MAX.0 + beyond, [false, true]),
                (-INVENTORY_MAX.0 - beyond, [true, false]),
                (at.inventory.0.clamp(-450, 450), [true, true]),
            ] {
                if let Some(quotes) = levels(&mut model, &QuoteInputs { inventory: Lots(inventory), ..at }) {
                    prop_assert_eq!(quotes.map(|side| !side.is_empty()), open, "{:?} {}", kind, inventory);
                }
            }
        }
    }

    #[test]
    fn a_wilder_market_widens_the_spread_and_deepens_the_skew(
        knobs in knobs(), at in market(), more in 0.0..300.0f64, inventory in 50..=450i64,
    ) {
        let knobs = Knobs { skew_max: Ticks(i64::MAX), ..knobs };
        let at = QuoteInputs { inventory: Lots(0), ..far_from_the_touch(at) };
        let wilder = QuoteInputs { sigma_ticks_per_sqrt_s: at.sigma_ticks_per_sqrt_s.map(|s| s + more), ..at };
        for kind in Kind::ALL {
            let mut model = knobs.model(kind);
            let Some((calm, wild)) = levels(&mut model, &at).zip(levels(&mut model, &wilder)) else { continue };
            if !Kind::RISKY.contains(&kind) {
                prop_assert_eq!(calm, wild);
                continue;
            }
            prop_assert!(wild[0].first().zip(calm[0].first()).is_none_or(|(w, c)| w.price <= c.price));
            prop_assert!(wild[1].first().zip(calm[1].first()).is_none_or(|(w, c)| w.price >= c.price));
            // From one order on, risk lowers both quotes of a long position.
            let long = |at: &QuoteInputs| levels(&mut knobs.model(kind), &QuoteInputs { inventory: Lots(inventory), ..*at });
            let Some((calm, wild)) = long(&at).zip(long(&wilder)) else { continue };
            for (calm, wild) in calm.iter().zip(&wild) {
                prop_assert!(wild.iter().zip(calm).all(|(w, c)| w.price <= c.price), "{kind:?}");
            }
        }
    }

    #[test]
    fn aversion_lowers_the_centre_of_a_long_position(
        knobs in knobs(), at in market(), more in 0.0..3.0f64, inventory in 1..=450i64,
    ) {
        // The spread has no such law: ln(1 + γ/k)/γ falls with γ, the risk rises. Nor has the infinite horizon: its
        // offsets are logarithms over γ.
        let knobs = Knobs { skew_max: Ticks(i64::MAX), ..knobs };
        let at = QuoteInputs { inventory: Lots(inventory), ..far_from_the_touch(at) };
        let averse = Knobs { gamma: knobs.gamma * libm::exp(more), ..knobs };
        for kind in Kind::RISKY {
            let centre = |knobs: Knobs| {
                let [bids, asks] = levels(&mut knobs.model(kind), &at)?;
                Some(bids.first()?.price.0 + asks.first()?.price.0)
            };
            if let Some((before, after)) = centre(knobs).zip(centre(averse)) {
                // Two prices rounded apart: their sum is within one tick of its true value.
                prop_assert!(after <= before + 2, "{kind:?}: {before} {after}");
            }
        }
    }

    #[test]
    fn a_short_position_mirrors_a_long_one(knobs in knobs(), at in market(), shift in 0.0..1.0f64) {
        // Around a fair value half of the time off the grid. The infinite horizon of the paper has no such symmetry: its
        // bid is −ln(1 − x) away where its ask is ln(1 + x).
        let touch = at.touch.unwrap();
        let sum = touch.bid.price.0 + touch.ask.price.0;
        let knobs = Knobs { skew: knobs.skew + shift, ..knobs };
        let long = QuoteInputs { fair_ticks: touch.mid().to_ticks_f64(), ..at };
        let short = QuoteInputs { inventory: Lots(-at.inventory.0), ..long };
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Infinite) {
            let mut model = knobs.model(kind);
            let mirrored = levels(&mut model, &short).map(|[bids, asks]| {
                [asks, bids].map(|side| {
                    let mirror = |level: &Level| Level { price: Price(sum - level.price.0), ..*level };
                    side.iter().map(mirror).collect::<Vec<_>>()
                })
            });
            prop_assert_eq!(levels(&mut model, &long), mirrored, "{:?}", kind);
        }
    }
}

/// Any finite number, and often one of a plausible size.
fn finite() -> impl Strategy<Value = f64> {
    let any = any::<f64>().prop_map(|number| if number.is_finite() { number } else { 0.0 });
    prop_oneof![any, -1e6..1e6f64, Just(0.0)]
}

/// Any number a parameter may be.
fn positive() -> impl Strategy<Value = f64> {
    finite().prop_map(|number| if number == 0.0 { 1.0 } else { number.abs() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn no_finite_input_brings_a_panic_or_an_unsound_quote(
        [gamma, k, a, skew] in [positive(), positive(), positive(), positive()],
        [fair_ticks, sigma, a_per_second, k_per_tick] in [finite(), finite(), finite(), finite()],
        (bid, spread) in (0..PRICE_TICKS_MAX - 1, 1..PRICE_TICKS_MAX),
        (inventory, now) in (-LOTS_MAX..=LOTS_MAX, any::<i64>()),
        knobs in knobs(),
    ) {
        let knobs = Knobs { gamma, k, a, skew, ..knobs };
        let at = QuoteInputs {
            now: Nanos(now),
            fair_ticks,
            sigma_ticks_per_sqrt_s: Some(sigma),
            inventory: Lots(inventory),
            arrivals: Some(Arrivals { a_per_second, k_per_tick }),
            ..inputs(bid, (bid + spread).min(PRICE_TICKS_MAX))
        };
        let calibrated = [GlftForm::Approximate, GlftForm::Exact]
            .map(|form| knobs.glft(form, ArrivalSource::Calibrated));
        for mut model in Kind::ALL.map(|kind| knobs.model(kind)).into_iter().chain(calibrated) {
            if let Some(quotes) = levels(&mut model, &at) {
                assert_sound(&quotes, &at.touch.unwrap())?;
            }
        }
    }
}
