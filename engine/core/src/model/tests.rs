use alloc::vec;

use super::*;
use crate::book::Level;
use ballast_model::{AssetId, Money, PRICE_TICKS_MAX, Span, Step};

/// An instrument with this tick and lot.
pub(super) fn spec(tick: &str, lot: &str, contract: Contract, multiplier: u64) -> InstrumentSpec {
    InstrumentSpec {
        tick: Step::parse(tick).unwrap(),
        lot: Step::parse(lot).unwrap(),
        multiplier,
        contract,
        price_min: Price(1),
        price_max: Price(PRICE_TICKS_MAX),
        size_min: Lots(1),
        size_max: Lots(1_000_000_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    }
}

/// The scales of a linear instrument.
pub(super) fn linear(tick: &str, lot: &str) -> Scales {
    Scales::new(&spec(tick, lot, Contract::Linear, 1))
}

/// A flat position at a touch of one lot a side, quoted around its mid.
pub(super) fn inputs(bid: i64, ask: i64) -> QuoteInputs {
    let touch = Touch { bid: level(bid, 1), ask: level(ask, 1) };
    QuoteInputs {
        now: Nanos(0),
        touch: Some(touch),
        fair_ticks: touch.mid().to_ticks_f64(),
        sigma_ticks_per_sqrt_s: Some(1.0),
        inventory: Lots::ZERO,
        arrivals: None,
        depth: None,
        hedge: None,
    }
}

pub(super) fn level(ticks: i64, lots: i64) -> Level {
    Level { price: Price(ticks), lots: Lots(lots) }
}

/// What a model wants.
pub(super) fn wanted(model: &mut impl QuoteModel, inputs: &QuoteInputs) -> Result<DesiredQuotes, Hold> {
    let mut quotes = DesiredQuotes::NONE;
    model.quote(inputs, &mut quotes).map(|()| quotes)
}

/// The only level of a side.
pub(super) fn only(quotes: &DesiredQuotes, side: Side) -> Option<Level> {
    assert!(quotes.side(side).levels().len() <= 1);
    quotes.side(side).levels().first().copied()
}

#[test]
fn base_amount_counts_lot_and_multiplier() {
    let base = |scales: Scales, lots, ticks| scales.base(Lots(lots), ticks);
    assert!((base(linear("0.01", "0.001"), 500, 250_000.0) - 0.5).abs() < 1e-15);
    assert!((base(linear("0.01", "0.001"), -500, 250_000.0) + 0.5).abs() < 1e-15);
    let of_ten = Scales::new(&spec("0.5", "1", Contract::Linear, 10));
    assert!((base(of_ten, 3, 100.0) - 30.0).abs() < 1e-12);
}

#[test]
fn inverse_contracts_are_worth_less_base_at_a_higher_price() {
    // 7 contracts of 100 USD at 50 000.0 are 0.014 BTC, at 100 000.0 half of that.
    let scales = Scales::new(&spec("0.1", "1", Contract::Inverse, 100));
    assert!((scales.base(Lots(7), 500_000.0) - 0.014).abs() < 1e-12);
    assert!((scales.base(Lots(7), 1_000_000.0) - 0.007).abs() < 1e-12);
}

#[test]
fn a_ladder_takes_levels_best_first_and_none_twice() {
    let mut bids = Ladder::new(Side::Bid);
    assert_eq!(bids.push(level(100, 0)), Err(LadderError::NoSize));
    assert_eq!(bids.push(level(100, 2)), Ok(()));
    assert_eq!(bids.push(level(100, 2)), Err(LadderError::NotBehind));
    assert_eq!(bids.push(level(101, 2)), Err(LadderError::NotBehind));
    assert_eq!(bids.push(level(97, 1)), Ok(()));
    assert_eq!(bids.levels(), [level(100, 2), level(97, 1)]);

    let mut asks = Ladder::new(Side::Ask);
    assert_eq!(asks.push(level(100, 2)), Ok(()));
    assert_eq!(asks.push(level(99, 2)), Err(LadderError::NotBehind));
    assert_eq!(asks.push(level(101, 2)), Ok(()));
}

#[test]
fn a_full_ladder_says_so_and_stays_as_it_is() {
    let mut asks = Ladder::new(Side::Ask);
    for ticks in (100..).take(QUOTES_PER_SIDE_MAX) {
        assert_eq!(asks.push(level(ticks, 1)), Ok(()));
    }
    let before = asks.clone();
    assert_eq!(asks.push(level(200, 1)), Err(LadderError::Full));
    assert_eq!(asks, before);
}

#[test]
fn widening_moves_both_sides_away_by_whole_ticks_and_drops_what_has_no_price() {
    let level = |price, lots| Level { price: Price(price), lots: Lots(lots) };
    let filled = || {
        let mut quotes = DesiredQuotes::NONE;
        for (side, prices) in [(Side::Bid, [12, 3]), (Side::Ask, [15, PRICE_TICKS_MAX - 2])] {
            for (price, lots) in prices.into_iter().zip([1, 2]) {
                quotes.side_mut(side).push(level(price, lots)).unwrap();
            }
        }
        quotes
    };
    let widened = |ticks: f64| {
        let mut quotes = filled();
        quotes.widen(ticks);
        Side::BOTH.map(|side| quotes.side(side).levels().to_vec())
    };
    for none in [0.0, -3.0, f64::NAN] {
        assert_eq!(widened(none), Side::BOTH.map(|side| filled().side(side).levels().to_vec()));
    }
    let top = PRICE_TICKS_MAX;
    assert_eq!(widened(1.2), [vec![level(10, 1), level(1, 2)], vec![level(17, 1), level(top, 2)]]);
    assert_eq!(widened(3.0), [vec![level(9, 1)], vec![level(18, 1)]]);
    assert_eq!(widened(f64::INFINITY), [vec![], vec![]]);
}

#[test]
fn every_model_holds_without_a_sound_touch() {
    let fixed = FixedSpreadParams::plain(Ticks(3), 1.0, Lots(1), Lots(10));
    let avellaneda = AvellanedaParams {
        gamma: 0.1,
        k: 1.5,
        horizon: Horizon::Session(Span::from_secs(60)),
        size: Lots(1),
        size_reducing_max: Lots(1),
        inventory_max: Lots(10),
        skew_max: Ticks(20),
    };
    let scales = linear("0.01", "0.001");
    let models = [
        Model::FixedSpread(FixedSpread::new(fixed, scales).unwrap()),
        Model::AvellanedaStoikov(AvellanedaStoikov::new(avellaneda, scales).unwrap()),
    ];
    for mut model in models {
        assert!(wanted(&mut model, &inputs(100, 101)).is_ok());
        let blind = QuoteInputs { touch: None, ..inputs(100, 101) };
        assert_eq!(wanted(&mut model, &blind), Err(Hold::NoTouch));
        assert_eq!(wanted(&mut model, &inputs(101, 101)), Err(Hold::TouchCrossed));
        assert_eq!(wanted(&mut model, &inputs(102, 101)), Err(Hold::TouchCrossed));
    }
}
