#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "counts of a few dozen lots"
)]

use alloc::vec::Vec;

use ballast_model::{Contract, InstrumentId, InstrumentSpec, Lots, Price, Step};
use proptest::prelude::*;

use super::super::{Conversion, Opportunity};
use super::*;
use crate::book::{Book, BookLimits};

const NOW: Nanos = Nanos(1_000_000);
const AGE_MAX: Span = Span(1_000);
const START: AssetId = AssetId(0);

/// One instrument: the assets it joins, its grid, its terms and both sides of its book, best first.
#[derive(Clone, Debug)]
struct Terms {
    base: u16,
    quote: u16,
    lot_milli: u64,
    fee: i64,
    size_min: i64,
    lots_max: i64,
    notional_min_milli: i128,
    bids: Vec<(i64, i64)>,
    asks: Vec<(i64, i64)>,
}

impl Terms {
    fn spec(&self) -> InstrumentSpec {
        InstrumentSpec::new(InstrumentSpec {
            tick: Step { mantissa: 1, scale: 2 },
            lot: Step { mantissa: self.lot_milli, scale: 3 },
            multiplier: 1,
            contract: Contract::Linear,
            price_min: Price(1),
            price_max: Price(100_000),
            size_min: Lots(self.size_min),
            size_max: Lots(1_000),
            notional_min: Money(self.notional_min_milli * 10i128.pow(15)),
            base: AssetId(self.base),
            quote: AssetId(self.quote),
        })
        .unwrap()
    }

    fn book(&self) -> Book {
        let mut book = Book::new(BookLimits { price_ticks_max: 2_000, levels_max: 16 });
        for (side, levels) in [(Side::Bid, &self.bids), (Side::Ask, &self.asks)] {
            for (price, lots) in levels {
                book.apply(side, Price(*price), Lots(*lots)).unwrap();
            }
        }
        book
    }

    /// What each count of lots spends and brings in 10⁻¹⁸ when `asset` is spent, from none up; `None` where the venue's minimums
    /// refuse it. A cent times a thousandth is 10⁻⁵, and a fee is a count of 10⁻⁸.
    fn table(&self, asset: u16) -> Vec<(i128, i128, bool)> {
        let buys = self.quote == asset;
        let levels = if buys { &self.asks } else { &self.bids };
        let lots = levels.iter().flat_map(|(price, lots)| core::iter::repeat_n(*price, *lots as usize));
        let (mut base, mut value) = (0, 0);
        let mut table = [(0, 0, false)].to_vec();
        for (before, price) in lots.enumerate().take(self.lots_max as usize) {
            let milli = i128::from(self.lot_milli);
            let count = before as i128 + 1;
            base += milli * 10i128.pow(15);
            value += milli * i128::from(price) * 10i128.pow(13);
            let (spent, gross) = if buys { (value, base) } else { (base, value) };
            let one = 10i128.pow(8);
            let kept = (gross * (one - i128::from(self.fee))).div_euclid(one);
            let notional = count * milli * i128::from(price) * 10i128.pow(13);
            let accepted =
                count >= i128::from(self.size_min) && notional >= self.notional_min_milli * 10i128.pow(15);
            table.push((spent, kept, accepted));
        }
        table
    }
}

fn market<'a>(id: u16, terms: &Terms, spec: &'a InstrumentSpec, book: &'a Book) -> VenueMarket<'a> {
    VenueMarket {
        instrument: InstrumentId(id),
        spec,
        book,
        seen_at: NOW,
        taker_fee: Rate(terms.fee),
        lots_max: Lots(terms.lots_max),
        conversion: Conversion::SAME,
    }
}

fn detector() -> Triangular {
    Triangular::new(TriangularParams { id: OpportunityId(7), start: START, age_max: AGE_MAX }).unwrap()
}

/// The detector's word, with the three in the order given.
fn detect(terms: &[Terms; 3], order: [usize; 3]) -> Result<Opportunity, NoOpportunity> {
    let specs = terms.each_ref().map(Terms::spec);
    let books = terms.each_ref().map(Terms::book);
    let of = |at: usize| market(at as u16, &terms[at], &specs[at], &books[at]);
    let markets = order.map(of);
    detector().detect(markets.each_ref(), NOW)
}

/// Both ways around: the indices of the instruments, and the assets spent.
const WAYS: [([usize; 3], [u16; 3]); 2] = [([0, 1, 2], [0, 1, 2]), ([2, 1, 0], [0, 2, 1])];

/// The best of all sizes of all three legs, one by one.
fn brute(terms: &[Terms; 3]) -> Option<i128> {
    let mut best = None;
    for (order, assets) in WAYS {
        let [first, second, third] = [0, 1, 2].map(|leg: usize| terms[order[leg]].table(assets[leg]));
        for (spent, kept, _) in first.iter().filter(|row| row.2) {
            for (next, kept, _) in second.iter().filter(|row| row.2 && row.0 <= *kept) {
                let _ = next;
                for (_, back, _) in third.iter().filter(|row| row.2 && row.0 <= *kept) {
                    best = best.max(Some(back - spent));
                }
            }
        }
    }
    best
}

fn levels(best: i64, away: i64, count: usize) -> impl Strategy<Value = Vec<(i64, i64)>> {
    proptest::collection::vec((1..3i64, 1..6i64), 1..=count).prop_map(move |steps| {
        let mut price = best - away;
        steps
            .iter()
            .map(|(step, lots)| {
                price += away * step;
                (price, *lots)
            })
            .collect()
    })
}

/// An instrument of the two assets, either way around, near the ratio of their worths; `lots` bounds what may be taken.
fn terms(one: u16, other: u16, worths: [i64; 3], lots: i64) -> impl Strategy<Value = Terms> {
    (any::<bool>(), -4..=4i64, 1..3i64).prop_flat_map(move |(turned, off, spread)| {
        let (base, quote) = if turned { (one, other) } else { (other, one) };
        let fair = 100 * worths[usize::from(base)] / worths[usize::from(quote)];
        let bid = fair + off;
        let sides = (levels(bid, -1, 5), levels(bid + spread, 1, 5));
        let limits = (1..4i64, 1..=lots, 0..8i128);
        (sides, 1..6u64, -30_000..300_000i64, limits).prop_map(
            move |((bids, asks), lot_milli, fee, (size_min, lots_max, notional_min_milli))| Terms {
                base,
                quote,
                lot_milli,
                fee,
                size_min,
                lots_max,
                notional_min_milli,
                bids,
                asks,
            },
        )
    })
}

fn triangles(lots: i64) -> impl Strategy<Value = [Terms; 3]> {
    (prop::sample::select([1, 2].as_slice()), prop::sample::select([1, 2].as_slice())).prop_flat_map(
        move |(one, other)| {
            let worths = [1, one, other];
            [0, 1, 2].map(|leg: u16| terms(leg, (leg + 1) % 3, worths, lots).boxed())
        },
    )
}

/// What the legs say, told again from the books: feasible, and what it leaves. Also what would be left without any loss.
fn retold(terms: &[Terms; 3], found: &Opportunity) -> (i128, f64) {
    let legs = found.legs.as_slice();
    let order: Vec<usize> = legs.iter().map(|leg| usize::from(leg.instrument.0)).collect();
    let assets = if order == [0, 1, 2] { [0, 1, 2] } else { [0, 2, 1] };
    assert!(order == [0, 1, 2] || order == [2, 1, 0]);
    let (mut have, mut begun, mut lossless) = (i128::MAX, None, 1.0);
    for ((leg, at), asset) in legs.iter().zip(order).zip(assets) {
        let of = &terms[at];
        assert_eq!(leg.side, if of.quote == asset { Side::Bid } else { Side::Ask });
        let (spent, kept, accepted) = of.table(asset)[leg.lots.0 as usize];
        assert!(accepted && spent <= have);
        let base = i128::from(leg.lots.0) * i128::from(of.lot_milli) * 10i128.pow(15);
        let (given, taken) = if leg.side == Side::Bid { (leg.value.0, base) } else { (base, leg.value.0) };
        assert_eq!(given, spent);
        lossless *= taken as f64 / given as f64;
        have = kept;
        begun = begun.or(Some(spent));
    }
    let begun = begun.unwrap();
    (have - begun, (lossless - 1.0) * begun as f64)
}

fn check_found(terms: &[Terms; 3], found: &Opportunity) -> Result<(), TestCaseError> {
    let (left, lossless) = retold(terms, found);
    prop_assert!(found.net > Money::ZERO);
    prop_assert_eq!(found.net.0, left);
    prop_assert_eq!(found.net, found.gross - found.costs.total());
    prop_assert!(found.costs.dust >= Money::ZERO);
    prop_assert!((found.gross.0 as f64 - lossless).abs() <= 16.0 + 1e-9 * left.abs() as f64 + 1e3);
    prop_assert_eq!(found.expires_at, NOW + AGE_MAX);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn it_leaves_what_it_says_and_no_size_leaves_more(
        terms in triangles(12).prop_map(|terms| terms.map(|one| Terms { notional_min_milli: 0, ..one })),
    ) {
        let best = brute(&terms);
        match detect(&terms, [0, 1, 2]) {
            Ok(found) => {
                check_found(&terms, &found)?;
                prop_assert_eq!(Some(found.net.0), best);
            }
            Err(NoOpportunity::NoEdge) => prop_assert!(best.unwrap() <= 0),
            Err(refusal) => {
                prop_assert_eq!(refusal, NoOpportunity::NoSize);
                prop_assert_eq!(best, None);
            }
        }
        prop_assert_eq!(detect(&terms, [1, 2, 0]), detect(&terms, [2, 0, 1]));
    }

    #[test]
    fn with_minimum_values_it_still_leaves_what_it_says(terms in triangles(25)) {
        if let Ok(found) = detect(&terms, [0, 1, 2]) {
            check_found(&terms, &found)?;
            prop_assert!(found.net.0 <= brute(&terms).unwrap());
        }
    }
}
