#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "counts of a few dozen lots"
)]

use alloc::vec::Vec;

use ballast_model::{Contract, InstrumentId, InstrumentSpec, Price};
use proptest::prelude::*;

use super::super::fixtures::{self, Terms};
use super::super::{Confidence, Conversion};
use super::*;
use crate::book::Book;

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;
const NOW: Nanos = Nanos(1_000 * HOUR);
const AGE_MAX: Span = Span(SECOND);
const MARK_AGE_MAX: Span = Span(5 * SECOND);

/// What so many milli-units of base cost or bring, and what they are worth at twice the mid, both in 10⁻⁵; `None` where
/// they are no whole lots or not on display.
fn taken(terms: &Terms, resting: Side, milli: u64) -> Option<(i128, i128)> {
    let lots = milli.is_multiple_of(terms.lot_milli).then_some(milli / terms.lot_milli)? as usize;
    let levels = if resting == Side::Bid { &terms.bids } else { &terms.asks };
    let all: Vec<i64> =
        levels.iter().flat_map(|(price, lots)| core::iter::repeat_n(*price, *lots as usize)).collect();
    let value: i64 = all.get(..lots)?.iter().sum::<i64>() * terms.lot_milli as i64;
    let twice = (terms.bids[0].0 + terms.asks[0].0) * milli as i64;
    Some((i128::from(value), i128::from(twice)))
}

fn market<'a>(id: u16, terms: &Terms, spec: &'a InstrumentSpec, book: &'a Book) -> VenueMarket<'a> {
    VenueMarket {
        instrument: InstrumentId(id),
        spec,
        book,
        seen_at: NOW,
        taker_fee: Rate(terms.fee),
        lots_max: Lots(1_000),
        conversion: Conversion::SAME,
    }
}

fn mark(cents: i64, funding_e8: i32, next: i64) -> MarkPrice {
    MarkPrice {
        instrument: InstrumentId(1),
        mark_e8: cents * 1_000_000,
        index_e8: None,
        funding_e8,
        funding_at_secs: ((NOW.0 + next) / SECOND) as u32,
        venue_time: NOW,
        recv_time: NOW,
    }
}

fn params() -> CarryParams {
    CarryParams {
        id: OpportunityId(7),
        asset: AssetId(1),
        age_max: AGE_MAX,
        mark_age_max: MARK_AGE_MAX,
        horizon: Span(24 * HOUR),
        funding_interval: Span(8 * HOUR),
        funding_cap: Rate(3_000_000),
        persistence: Rate(50_000_000),
        convergence: Rate(50_000_000),
        borrow_per_day: Some(Rate(1_000_000)),
    }
}

fn detect(
    params: CarryParams,
    spot: &Terms,
    perp: &Terms,
    mark: &MarkPrice,
) -> Result<Opportunity, NoOpportunity> {
    let (specs, books) = ([spot.spec(), perp.spec()], [spot.book(), perp.book()]);
    let (spot, perp) = (market(0, spot, &specs[0], &books[0]), market(1, perp, &specs[1], &books[1]));
    Carry::new(params).unwrap().detect(&spot, &perp, mark, NOW)
}

/// Units the naive nets are counted in: 10⁻¹⁹ of a 24th.
const UNIT: i128 = 24;

/// What a size leaves without any rounding. Exchanges are counted one by one.
fn naive(
    params: &CarryParams,
    buy: (&Terms, i64),
    sell: (&Terms, i64),
    mark: &MarkPrice,
    milli: u64,
) -> Option<i128> {
    let ((bought, rate_bought), (sold, rate_sold)) = (buy, sell);
    let (paid, mid_bought) = taken(bought, Side::Ask, milli)?;
    let (got, mid_sold) = taken(sold, Side::Bid, milli)?;
    let basis = mid_sold - mid_bought;
    // 2 · 10⁻⁵ · 10⁻⁸ → 10⁻¹⁹ is a factor of 5 · 10⁵.
    let kept = if basis > 0 { i128::from(params.convergence.0) } else { 100_000_000 };
    let gross = basis * kept * 500_000;
    let slippage = (2 * paid - mid_bought + mid_sold - 2 * got) * 10i128.pow(14);
    let fees = 2 * (paid * i128::from(bought.fee) + got * i128::from(sold.fee)) * 1_000_000;
    let (mut at, mut rate, mut rates) =
        (i64::from(mark.funding_at_secs) * SECOND, i128::from(rate_sold - rate_bought), 0);
    if rate > 0 {
        rate = rate.min(i128::from(params.funding_cap.0));
    }
    while at <= NOW.0 + params.horizon.0 {
        rates += rate;
        at += params.funding_interval.0;
        if rate > 0 {
            rate = rate * i128::from(params.persistence.0) / 100_000_000;
        }
    }
    let funding = i128::from(milli) * i128::from(mark.mark_e8) * rates;
    let hours = params.horizon.0 / HOUR + i64::from(params.horizon.0 % HOUR > 0);
    let borrow = match rate_bought != 0 {
        true => mid_sold * i128::from(params.borrow_per_day.unwrap().0) * i128::from(hours) * 500_000,
        false => 0,
    };
    Some((gross - slippage - fees + funding) * UNIT - borrow)
}

fn levels(best: i64, away: i64) -> impl Strategy<Value = Vec<(i64, i64)>> {
    fixtures::levels(best, away, (1..4, 1..12), 1..5)
}

fn terms(off: i64) -> impl Strategy<Value = Terms> {
    (1_000 - off..=1_000 + off, 1..4i64).prop_flat_map(|(bid, spread)| {
        (levels(bid, -1), levels(bid + spread, 1), 1..4u64, -2_000..60_000i64)
            .prop_map(|(bids, asks, lot_milli, fee)| Terms { lot_milli, fee, bids, asks })
    })
}

fn shares() -> impl Strategy<Value = CarryParams> {
    let rates = (0..=100_000_000i64, 0..=100_000_000i64, 0..400_000i64, 0..300_000i64);
    (rates, 1..200i64, 1..9i64).prop_map(|((persistence, convergence, cap, borrow), hours, every)| {
        CarryParams {
            persistence: Rate(persistence),
            convergence: Rate(convergence),
            funding_cap: Rate(cap),
            borrow_per_day: Some(Rate(borrow)),
            horizon: Span(hours * HOUR - 7 * SECOND),
            funding_interval: Span(every * HOUR),
            ..params()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn it_leaves_what_it_says_and_no_size_leaves_more(
        params in shares(),
        spot in terms(8),
        perp in terms(8),
        (rate, hours) in (-500_000..500_000i32, 1..40i64),
    ) {
        let mark = mark(1_003, if rate == 0 { 1 } else { rate }, hours * HOUR);
        let rate = i64::from(mark.funding_e8);
        let each = |way: bool, milli: u64| match way {
            true => naive(&params, (&spot, 0), (&perp, rate), &mark, milli),
            false => naive(&params, (&perp, rate), (&spot, 0), &mark, milli),
        };
        let best = (1..200).flat_map(|milli| [each(true, milli), each(false, milli)]).flatten().max();
        let atto = UNIT * 10;
        match detect(params, &spot, &perp, &mark) {
            Ok(found) => {
                let [bought, sold] = *found.legs.as_slice() else { panic!("two legs") };
                let (of_bought, of_sold) =
                    if bought.instrument == InstrumentId(0) { (&spot, &perp) } else { (&perp, &spot) };
                let milli = bought.lots.0 as u64 * of_bought.lot_milli;
                prop_assert_eq!(milli, sold.lots.0 as u64 * of_sold.lot_milli);
                prop_assert!(found.net > Money::ZERO);
                prop_assert_eq!(found.net, found.gross - found.costs.total());
                prop_assert!(found.costs.slippage >= Money::ZERO && found.costs.borrow >= Money::ZERO);
                let says = each(bought.instrument == InstrumentId(0), milli).unwrap();
                prop_assert!((found.net.0 * 10 * UNIT - says).abs() <= 16 * atto);
                prop_assert!(best.unwrap() - says <= 32 * atto);
                prop_assert!(found.expires_at <= NOW + AGE_MAX);
            }
            Err(NoOpportunity::NoEdge) => prop_assert!(best.unwrap() <= 16 * atto),
            Err(refusal) => {
                prop_assert_eq!(refusal, NoOpportunity::NoSize);
                prop_assert_eq!(best, None);
            }
        }
    }

    #[test]
    fn nothing_comes_of_an_input_too_old_or_of_no_known_age(
        ages in [-100..1_500i64, -100..1_500i64, -100..1_500i64, -100..6_000i64],
    ) {
        let [spot_age, perp_age, rate_age, mark_age] = ages.map(|millis| millis * 1_000_000);
        let (spot, perp) = (plain(998, 1_000), plain(1_010, 1_012));
        let (specs, books) = ([spot.spec(), perp.spec()], [spot.book(), perp.book()]);
        let conversion = Conversion { seen_at: Nanos(NOW.0 - rate_age), ..Conversion::SAME };
                let (spot, perp) = (market(0, &spot, &specs[0], &books[0]), market(1, &perp, &specs[1], &books[1]));
        let spot = VenueMarket { seen_at: Nanos(NOW.0 - spot_age), conversion, ..spot };
        let perp = VenueMarket { seen_at: Nanos(NOW.0 - perp_age), ..perp };
        let mark = MarkPrice { recv_time: Nanos(NOW.0 - mark_age), ..mark(1_011, 1_000_000, HOUR) };
        let found = Carry::new(params()).unwrap().detect(&spot, &perp, &mark, NOW);
        let young = [spot_age, perp_age, rate_age].iter().all(|age| (0..AGE_MAX.0).contains(age));
        if young && (0..MARK_AGE_MAX.0).contains(&mark_age) {
            let oldest = spot_age.max(perp_age).max(rate_age);
            let ends = (AGE_MAX.0 - oldest).min(MARK_AGE_MAX.0 - mark_age);
            prop_assert_eq!(found.unwrap().expires_at, NOW + Span(ends));
        } else {
            prop_assert!(matches!(found, Err(NoOpportunity::Stale | NoOpportunity::FromTheFuture)));
        }
    }

    #[test]
    fn one_mid_and_no_funding_leave_nothing(params in shares(), spot in terms(0), fee in 0..60_000i64, hours in 1..40i64) {
        let fair = Terms { fee, ..spot };
        prop_assert!(detect(params, &fair, &fair, &mark(1_000, 0, hours * HOUR)).is_err());
    }
}

fn plain(bid: i64, ask: i64) -> Terms {
    Terms { lot_milli: 1, fee: 100_000, bids: [(bid, 10)].to_vec(), asks: [(ask, 10)].to_vec() }
}

fn units(hundredth_of_micro: i128) -> Money {
    Money(hundredth_of_micro * 10i128.pow(10))
}

#[test]
fn cash_and_carry_by_hand() {
    // 0.010 at mids of 9.99 and 10.11, 10 bps, a cent from either mid: half of 0.0012; twice 0.0002; twice 0.0001 and
    // 0.000101. Exchanges after 1, 9 and 17 hours at 1 %, 0.5 % and 0.25 % of 0.1011.
    let found =
        detect(params(), &plain(998, 1_000), &plain(1_010, 1_012), &mark(1_011, 1_000_000, HOUR)).unwrap();
    let [bought, sold] = *found.legs.as_slice() else { panic!("two legs") };
    assert_eq!((bought.instrument, sold.instrument), (InstrumentId(0), InstrumentId(1)));
    assert_eq!((bought.price, sold.price), (Price(1_000), Price(1_010)));
    assert_eq!(found.gross, units(60_000));
    assert_eq!(found.costs.slippage, units(40_000));
    assert_eq!(found.costs.fees, units(40_200));
    assert_eq!(found.costs.funding, units(-176_925));
    assert_eq!((found.costs.borrow, found.costs.transfer, found.costs.dust), Default::default());
    assert_eq!(found.net, units(156_725));
    assert_eq!((found.confidence, found.expires_at), (Confidence::FULL, NOW + AGE_MAX));
}

#[test]
fn the_short_sale_by_hand() {
    // As above with the two exchanged, and a day of borrowing 0.1011 at 1 %; the mark is 9.99.
    let (spot, perp) = (plain(1_010, 1_012), plain(998, 1_000));
    let mark = mark(999, -1_000_000, HOUR);
    let found = detect(params(), &spot, &perp, &mark).unwrap();
    let [bought, sold] = *found.legs.as_slice() else { panic!("two legs") };
    assert_eq!((bought.instrument, sold.instrument), (InstrumentId(1), InstrumentId(0)));
    assert_eq!(found.costs.funding, units(-174_825));
    assert_eq!(found.costs.borrow, units(101_100));
    assert_eq!(found.net, units(53_525));
    let none = CarryParams { borrow_per_day: None, ..params() };
    assert_eq!(detect(none, &spot, &perp, &mark), Err(NoOpportunity::NotBorrowable));
}

#[test]
fn what_is_stale_or_unknown_leaves_nothing() {
    let (spot, perp) = (plain(998, 1_000), plain(1_010, 1_012));
    let good = mark(1_011, 1_000_000, HOUR);
    let with = |mark: MarkPrice| detect(params(), &spot, &perp, &mark);
    let aged = |age: i64| with(MarkPrice { recv_time: Nanos(NOW.0 - age), ..good });
    let found = aged(MARK_AGE_MAX.0 - SECOND / 2).unwrap();
    assert_eq!(found.expires_at, Nanos(NOW.0 + SECOND / 2));
    assert!((found.confidence.get() - 0.1).abs() < 1e-12);
    assert_eq!(aged(MARK_AGE_MAX.0), Err(NoOpportunity::Stale));
    assert_eq!(aged(-1), Err(NoOpportunity::FromTheFuture));
    assert_eq!(with(MarkPrice { funding_at_secs: 0, ..good }), Err(NoOpportunity::Funding));
    assert_eq!(with(mark(1_011, 1_000_000, 0)), Err(NoOpportunity::Funding));
    assert_eq!(with(MarkPrice { mark_e8: 0, ..good }), Err(NoOpportunity::Funding));
    assert_eq!(with(MarkPrice { instrument: InstrumentId(0), ..good }), Err(NoOpportunity::Assets));
    let (specs, books) = ([spot.spec(), perp.spec()], [spot.book(), perp.book()]);
    let inverse = InstrumentSpec { contract: Contract::Inverse, ..specs[1] };
    let of_spot = market(0, &spot, &specs[0], &books[0]);
    let of_perp = market(1, &perp, &specs[1], &books[1]);
    let detector = Carry::new(params()).unwrap();
    let odd = VenueMarket { spec: &inverse, ..of_perp };
    assert_eq!(detector.detect(&of_spot, &odd, &good, NOW), Err(NoOpportunity::NotLinear));
    let late = VenueMarket { seen_at: Nanos(NOW.0 - AGE_MAX.0), ..of_spot };
    assert_eq!(detector.detect(&late, &of_perp, &good, NOW), Err(NoOpportunity::Stale));
}

#[test]
fn it_ends_when_funding_is_exchanged_and_refuses_odd_parameters() {
    let slow = CarryParams { age_max: Span(9 * HOUR), mark_age_max: Span(9 * HOUR), ..params() };
    let good = mark(1_011, 1_000_000, HOUR);
    let found = detect(slow, &plain(998, 1_000), &plain(1_010, 1_012), &good).unwrap();
    assert_eq!(found.expires_at, NOW + Span(HOUR));
    let error = |params| Carry::new(params).unwrap_err();
    assert_eq!(error(CarryParams { mark_age_max: Span::ZERO, ..params() }), CarryParamError::AgeMax);
    assert_eq!(error(CarryParams { horizon: Span::ZERO, ..params() }), CarryParamError::Horizon);
    assert_eq!(error(CarryParams { horizon: Span(8 * 1_025 * HOUR), ..params() }), CarryParamError::Horizon);
    assert_eq!(error(CarryParams { convergence: Rate(-1), ..params() }), CarryParamError::Share);
    assert_eq!(
        error(CarryParams { borrow_per_day: Some(Rate(100_000_001)), ..params() }),
        CarryParamError::Share
    );
}
