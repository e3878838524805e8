use ballast_model::{InstrumentId, Lots, PackedLevel, Price, Side, Ticks, TradeId};
use proptest::prelude::*;

use super::*;
use crate::book::BookLimits;
use crate::fair::{FlowParams, ImbalanceParams, VwapParams};

const DEPTH: FairKind = FairKind::DepthMid(DepthMidParams { levels: 3 });
const IMBALANCE: FairKind = FairKind::Imbalance(ImbalanceParams { reach: Reach::Levels(3), strength: 1.0 });
const FLOW: FlowParams =
    FlowParams { half_life: Span::from_secs(1), reference: Lots(10), strength: 1.0, elapsed_min: Span::ZERO };
const VWAP: VwapParams = VwapParams { window: Span::from_secs(10), trades_full: 1 };
const KINDS: [FairKind; 6] =
    [FairKind::Mid, FairKind::WeightedMid, DEPTH, IMBALANCE, FairKind::TradeFlow(FLOW), FairKind::Vwap(VWAP)];

fn trade(maker: Side, price: i64, lots: i64) -> Trade {
    Trade {
        instrument: InstrumentId(0),
        maker,
        level: PackedLevel::new(Price(price), Lots(lots)).unwrap(),
        trade_id: TradeId(0),
        venue_time: Nanos(0),
        recv_time: Nanos(0),
    }
}

fn book(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Book {
    let mut book = Book::new(BookLimits { price_ticks_max: 3_000, levels_max: 16 });
    for (side, levels) in [(Side::Bid, bids), (Side::Ask, asks)] {
        for (price, lots) in levels {
            book.apply(side, Price(*price), Lots(*lots)).unwrap();
        }
    }
    book
}

fn view(book: &Book) -> MarketView<'_> {
    let touch = Touch::from_sides(book.best(Side::Bid), book.best(Side::Ask));
    MarketView { touch, book, confirmed_at: Nanos(7) }
}

fn digest_of(state: &FairState) -> u64 {
    let mut digest = Digest::new();
    state.digest(&mut digest);
    digest.value()
}

#[test]
fn every_kind_values_the_same_market_in_its_own_way() {
    let book = book(&[(100, 3), (99, 6)], &[(104, 1), (106, 2)]);
    // Depth: V_b = 99⅓ with 9 lots, V_a = 105⅓ with 3. Flow: 20 of 20 + 10.
    let expected = [102.0, 103.0, 103.0 + 5.0 / 6.0, 103.0, 102.0 + 4.0 / 3.0, 101.0];
    for (kind, ticks) in KINDS.into_iter().zip(expected) {
        let mut state = FairState::new(kind).unwrap();
        state.on_trade(&trade(Side::Ask, 101, 20), Nanos(9));
        let value = state.value(&view(&book), Nanos(9)).unwrap();
        assert!((value.ticks() - ticks).abs() < 1e-9, "{kind:?}: {value:?}");
        let at = if matches!(kind, FairKind::Vwap(_)) { Nanos(9) } else { Nanos(7) };
        assert_eq!(value.as_of(), at, "{kind:?}");
    }
}

#[test]
fn without_a_touch_only_trades_have_a_value_and_without_trades_only_the_touch() {
    let (full, empty) = (book(&[(100, 3)], &[(104, 1)]), book(&[(100, 3)], &[]));
    for kind in KINDS {
        let mut state = FairState::new(kind).unwrap();
        let of_trades = matches!(kind, FairKind::TradeFlow(_) | FairKind::Vwap(_));
        assert_eq!(state.value(&view(&full), Nanos(9)).is_none(), of_trades, "{kind:?}");
        state.on_trade(&trade(Side::Ask, 101, 20), Nanos(9));
        assert!(state.value(&view(&full), Nanos(9)).is_some(), "{kind:?}");
        let vwap = matches!(kind, FairKind::Vwap(_));
        assert_eq!(state.value(&view(&empty), Nanos(9)).is_some(), vwap, "{kind:?}");
        state.on_trades_lost();
        assert_eq!(state.value(&view(&full), Nanos(9)).is_none(), of_trades, "{kind:?}");
    }
}

#[test]
fn the_digest_holds_what_is_remembered_and_nothing_else() {
    let empty = Digest::new().value();
    for kind in KINDS {
        let mut state = FairState::new(kind).unwrap();
        let fresh = digest_of(&state);
        state.on_trade(&trade(Side::Ask, 101, 20), Nanos(9));
        let remembers = matches!(kind, FairKind::TradeFlow(_) | FairKind::Vwap(_));
        assert_eq!(digest_of(&state) != fresh, remembers, "{kind:?}");
        assert_eq!(digest_of(&state) != empty, remembers, "{kind:?}");
        state.on_trades_lost();
        assert_eq!(digest_of(&state), fresh, "{kind:?}");
    }
}

#[test]
fn parameters_outside_their_ranges_are_refused() {
    use FairParamError as Error;
    let imbalance = |reach, strength| FairKind::Imbalance(ImbalanceParams { reach, strength });
    for (kind, error) in [
        (FairKind::DepthMid(DepthMidParams { levels: 0 }), Error::Levels),
        (FairKind::DepthMid(DepthMidParams { levels: DEPTH_LEVELS_MAX + 1 }), Error::Levels),
        (imbalance(Reach::Levels(0), 1.0), Error::Levels),
        (imbalance(Reach::Distance(Ticks(-1)), 1.0), Error::Distance),
        (imbalance(Reach::Levels(1), 0.0), Error::Strength),
        (imbalance(Reach::Levels(1), 1.1), Error::Strength),
        (imbalance(Reach::Levels(1), f64::NAN), Error::Strength),
        (FairKind::TradeFlow(FlowParams { half_life: Span::ZERO, ..FLOW }), Error::HalfLife),
        (FairKind::TradeFlow(FlowParams { reference: Lots(0), ..FLOW }), Error::Reference),
        (FairKind::TradeFlow(FlowParams { strength: f64::NAN, ..FLOW }), Error::Strength),
        (FairKind::TradeFlow(FlowParams { elapsed_min: Span(-1), ..FLOW }), Error::ElapsedMin),
        (FairKind::Vwap(VwapParams { window: Span(63), ..VWAP }), Error::Window),
        (FairKind::Vwap(VwapParams { trades_full: 0, ..VWAP }), Error::TradesFull),
    ] {
        assert_eq!(FairState::new(kind).err(), Some(error), "{kind:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn all_but_the_average_of_trades_stay_inside_the_touch(
        bid in 1..1_000i64, spread in 1..1_000i64, sizes in prop::array::uniform4(1..=ballast_model::LOTS_MAX),
        bought in any::<bool>(), traded in 1..=ballast_model::LOTS_MAX,
    ) {
        let ask = bid + spread;
        let book = book(&[(bid, sizes[0]), (bid - 1, sizes[1])], &[(ask, sizes[2]), (ask + 1, sizes[3])]);
        for kind in &KINDS[..5] {
            let mut state = FairState::new(*kind).unwrap();
            let maker = if bought { Side::Ask } else { Side::Bid };
            state.on_trade(&trade(maker, bid, traded), Nanos(0));
            let ticks = state.value(&view(&book), Nanos(1_000)).unwrap().ticks();
            prop_assert!(ticks >= bid as f64 && ticks <= ask as f64, "{kind:?}: {ticks}");
        }
    }
}
