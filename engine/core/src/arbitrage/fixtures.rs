//! Instruments and books for the tests of all detectors.

use alloc::vec::Vec;

use ballast_model::{AssetId, Contract, InstrumentSpec, Lots, Money, Price, Side, Step};

use proptest::prelude::*;

use crate::book::{Book, BookLimits};

/// A linear instrument of asset 0 in asset 1: ticks of a cent, lots of so many thousandths, sizes of 1 to 1000 lots.
pub(super) const fn linear(lot_milli: u64) -> InstrumentSpec {
    InstrumentSpec {
        tick: Step { mantissa: 1, scale: 2 },
        lot: Step { mantissa: lot_milli, scale: 3 },
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(100_000),
        size_min: Lots(1),
        size_max: Lots(1_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    }
}

/// A book with these levels, ticks and lots.
pub(super) fn book_of(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Book {
    let mut book = Book::new(BookLimits { price_ticks_max: 2_000, levels_max: 16 });
    for (side, levels) in [(Side::Bid, bids), (Side::Ask, asks)] {
        for (price, lots) in levels {
            book.apply(side, Price(*price), Lots(*lots)).unwrap();
        }
    }
    book
}

/// A market: its book, best first, and its terms.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) lot_milli: u64,
    pub(super) fee: i64,
    pub(super) bids: Vec<(i64, i64)>,
    pub(super) asks: Vec<(i64, i64)>,
}

impl Terms {
    pub(super) fn spec(&self) -> InstrumentSpec {
        InstrumentSpec::new(linear(self.lot_milli)).unwrap()
    }

    pub(super) fn book(&self) -> Book {
        book_of(&self.bids, &self.asks)
    }
}

/// One side of a book from its best price on: each further level `away` times a step deeper. Steps and sizes are in these
/// ranges, and so is the number of levels.
pub(super) fn levels(
    best: i64,
    away: i64,
    steps: (core::ops::Range<i64>, core::ops::Range<i64>),
    count: core::ops::Range<usize>,
) -> impl Strategy<Value = Vec<(i64, i64)>> {
    proptest::collection::vec(steps, count).prop_map(move |steps| {
        let mut price = best - away;
        let deeper = |(step, lots): (i64, i64)| {
            price += away * step;
            (price, lots)
        };
        steps.into_iter().map(deeper).collect()
    })
}
