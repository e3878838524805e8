#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts of a few dozen lots"
)]

use alloc::vec::Vec;

use ballast_model::{Contract, InstrumentId, InstrumentSpec};
use proptest::prelude::*;

use super::super::fixtures::{self, book_of, linear};
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
            size_min: Lots(self.size_min),
            notional_min: Money(self.notional_min_milli * 10i128.pow(15)),
            base: AssetId(self.base),
            quote: AssetId(self.quote),
            ..linear(self.lot_milli)
        })
        .unwrap()
    }

    fn book(&self) -> Book {
        book_of(&self.bids, &self.asks)
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
            for (_, kept, _) in second.iter().filter(|row| row.2 && row.0 <= *kept) {
                for (_, back, _) in third.iter().filter(|row| row.2 && row.0 <= *kept) {
                    best = best.max(Some(back - spent));
                }
            }
        }
    }
    best
}

fn levels(best: i64, away: i64, count: usize) -> impl Strategy<Value = Vec<(i64, i64)>> {
    fixtures::levels(best, away, (1..3, 1..6), 1..count + 1)
}

/// How the books lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Near {
    /// No bid above what the worths of the assets make fair, no ask below.
    Fair,
    /// A little beside it.
    Off,
}

/// An instrument of the two assets, either way around, near the ratio of their worths; `lots` bounds what may be taken.
fn terms(one: u16, other: u16, worths: [i64; 3], lots: i64, near: Near) -> impl Strategy<Value = Terms> {
    (any::<bool>(), -4..=4i64, 1..3i64).prop_flat_map(move |(turned, off, spread)| {
        let (off, spread) =
            if near == Near::Fair { (-off.abs(), off.abs().max(spread)) } else { (off, spread) };
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
                fee: if near == Near::Fair { fee.max(0) } else { fee },
                size_min,
                lots_max,
                notional_min_milli,
                bids,
                asks,
            },
        )
    })
}

fn triangles(lots: i64, near: Near) -> impl Strategy<Value = [Terms; 3]> {
    (prop::sample::select([1, 2].as_slice()), prop::sample::select([1, 2].as_slice())).prop_flat_map(
        move |(one, other)| {
            let worths = [1, one, other];
            [0, 1, 2].map(|leg: u16| terms(leg, (leg + 1) % 3, worths, lots, near).boxed())
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
    prop_assert!((found.gross.0 as f64 - lossless).abs() <= 1e-9 * left.abs() as f64 + 1e4);
    prop_assert_eq!(found.expires_at, NOW + AGE_MAX);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn it_leaves_what_it_says_and_no_size_leaves_more(
        terms in triangles(12, Near::Off).prop_map(|terms| terms.map(|one| Terms { notional_min_milli: 0, ..one })),
    ) {
        let best = brute(&terms);
        match detect(&terms, [0, 1, 2]) {
            Ok(found) => {
                check_found(&terms, &found)?;
                prop_assert_eq!(Some(found.net.0), best);
            }
            Err(NoOpportunity::NoEdge) => prop_assert!(best.is_none_or(|best| best <= 0)),
            Err(refusal) => {
                prop_assert_eq!(refusal, NoOpportunity::NoSize);
                prop_assert_eq!(best, None);
            }
        }
        prop_assert_eq!(detect(&terms, [1, 2, 0]), detect(&terms, [2, 0, 1]));
    }

    #[test]
    fn with_minimum_values_it_still_leaves_what_it_says(terms in triangles(25, Near::Off)) {
        if let Ok(found) = detect(&terms, [0, 1, 2]) {
            check_found(&terms, &found)?;
            prop_assert!(found.net.0 <= brute(&terms).unwrap());
        }
    }

    #[test]
    fn nothing_comes_of_an_input_too_old_or_of_no_known_age(ages in [-100..1_500i64, -100..1_500i64, -100..1_500i64]) {
        let terms = [plain(1, 0, 199, 200), plain(2, 1, 49, 50), plain(2, 0, 110, 111)];
        let specs = terms.each_ref().map(Terms::spec);
        let books = terms.each_ref().map(Terms::book);
        let [a, b, c] = [0, 1, 2].map(|at: usize| VenueMarket {
            seen_at: Nanos(NOW.0 - ages[at]),
            ..market(at as u16, &terms[at], &specs[at], &books[at])
        });
        let found = detector().detect([&a, &b, &c], NOW);
        if ages.iter().all(|age| (0..AGE_MAX.0).contains(age)) {
            prop_assert_eq!(found.unwrap().expires_at, Nanos(NOW.0 - ages.iter().max().unwrap()) + AGE_MAX);
        } else {
            prop_assert!(matches!(found, Err(NoOpportunity::Stale | NoOpportunity::FromTheFuture)));
        }
    }

    #[test]
    fn fair_prices_leave_nothing(terms in triangles(25, Near::Fair)) {
        prop_assert!(detect(&terms, [0, 1, 2]).is_err());
    }

    #[test]
    fn among_many_lots_it_falls_short_by_a_few_at_most(
        terms in triangles(400, Near::Off).prop_map(|terms| terms.map(deep)),
    ) {
        let best = brute_of_last(&terms);
        let lots: i128 = terms.iter().map(|one| 2 * i128::from(one.lot_milli) * 22 * 10i128.pow(14)).sum();
        match detect(&terms, [0, 1, 2]) {
            Ok(found) => {
                check_found(&terms, &found)?;
                prop_assert!(found.net.0 <= best.unwrap());
                prop_assert!(best.unwrap() - found.net.0 <= lots);
            }
            Err(NoOpportunity::NoEdge) => prop_assert!(best.is_none_or(|best| best <= lots)),
            Err(refusal) => prop_assert_eq!(refusal, NoOpportunity::NoSize),
        }
    }
}

/// Twenty times the lots on display, and no minimums.
fn deep(terms: Terms) -> Terms {
    let more = |levels: Vec<(i64, i64)>| levels.iter().map(|(price, lots)| (*price, lots * 20)).collect();
    Terms {
        bids: more(terms.bids),
        asks: more(terms.asks),
        size_min: 1,
        lots_max: 400,
        notional_min_milli: 0,
        ..terms
    }
}

/// The best of all sizes of the last leg, each reached by the fewest lots of those before: for many lots and no minimums.
fn brute_of_last(terms: &[Terms; 3]) -> Option<i128> {
    let mut best = None;
    for (order, assets) in WAYS {
        let [first, second, third] = [0, 1, 2].map(|leg: usize| terms[order[leg]].table(assets[leg]));
        let (mut one, mut two) = (0, 0);
        for (needed, back, _) in third.iter().skip(1) {
            while two < second.len() && second[two].1 < *needed {
                two += 1;
            }
            let Some((needed, ..)) = second.get(two) else { break };
            while one < first.len() && first[one].1 < *needed {
                one += 1;
            }
            let Some((spent, ..)) = first.get(one) else { break };
            best = best.max(Some(back - spent));
        }
    }
    best
}

/// One level a side, far enough apart.
fn plain(base: u16, quote: u16, bid: i64, ask: i64) -> Terms {
    Terms {
        base,
        quote,
        lot_milli: 1,
        fee: 100_000,
        size_min: 1,
        lots_max: 1_000,
        notional_min_milli: 0,
        bids: [(bid, 1_000)].to_vec(),
        asks: [(ask, 1_000)].to_vec(),
    }
}

#[test]
fn by_hand() {
    // 10 bps each. 0.500 at 2.00 cost 1.000 and bring 0.4995, of which 0.999 at 0.50 take all and bring 0.998001; of that
    // 0.998 at 1.10 bring 1.0978 less 0.0010978. One lot more at the start would cost 0.002 for 0.0011 more at the end.
    let terms = [plain(1, 0, 199, 200), plain(2, 1, 49, 50), plain(2, 0, 110, 111)];
    let found = detect(&terms, [0, 1, 2]).unwrap();
    let units = |tenth_of_micro: i128| Money(tenth_of_micro * 10i128.pow(11));
    let lots: Vec<_> = found.legs.as_slice().iter().map(|leg| leg.lots.0).collect();
    assert_eq!(lots, [500, 999, 998]);
    assert_eq!(found.net, units(967_022));
    // Fees of 0.0005, 0.000999 and 0.0010978 at 2.2, 1.1 and 1; a dust of 0.000001 at 1.1.
    assert_eq!(found.costs.fees, units(32_967));
    assert_eq!(found.costs.dust, units(11));
    assert_eq!(found.costs.total(), units(32_978));
    assert_eq!(found.gross, units(1_000_000));
    assert!((found.edge_bps - 967.022).abs() < 1e-9);
    assert_eq!((found.kind, found.asset), (OpportunityKind::Triangular, START));
}

#[test]
fn age_and_odd_markets() {
    let terms = [plain(1, 0, 199, 200), plain(2, 1, 49, 50), plain(2, 0, 110, 111)];
    let specs = terms.each_ref().map(Terms::spec);
    let books = terms.each_ref().map(Terms::book);
    let [a, b, c] = [0, 1, 2].map(|at: usize| market(at as u16, &terms[at], &specs[at], &books[at]));
    let aged = |age: i64| VenueMarket { seen_at: Nanos(NOW.0 - age), ..b };
    let found = detector().detect([&a, &aged(250), &c], NOW).unwrap();
    assert!((found.confidence.get() - 0.75).abs() < 1e-12);
    assert_eq!(found.expires_at, Nanos(NOW.0 + 750));
    assert_eq!(detector().detect([&a, &aged(1_000), &c], NOW), Err(NoOpportunity::Stale));
    assert_eq!(detector().detect([&a, &aged(-1), &c], NOW), Err(NoOpportunity::FromTheFuture));
    assert_eq!(detector().detect([&a, &b, &b], NOW), Err(NoOpportunity::Assets));
    let inverse = InstrumentSpec { contract: Contract::Inverse, ..specs[1] };
    let odd = VenueMarket { spec: &inverse, ..b };
    assert_eq!(detector().detect([&a, &odd, &c], NOW), Err(NoOpportunity::NotLinear));
    let nothing = Book::new(BookLimits { price_ticks_max: 2_000, levels_max: 16 });
    let blank = VenueMarket { book: &nothing, ..b };
    assert_eq!(detector().detect([&a, &blank, &c], NOW), Err(NoOpportunity::NoBook));
    let dear = VenueMarket { taker_fee: Rate::ONE, ..b };
    assert_eq!(detector().detect([&a, &dear, &c], NOW), Err(NoOpportunity::Rates));
    let params = TriangularParams { id: OpportunityId(7), start: START, age_max: Span::ZERO };
    assert_eq!(Triangular::new(params).unwrap_err(), TriangularParamError::AgeMax);
}
