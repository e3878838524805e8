#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "counts of a few dozen lots"
)]

use alloc::vec::Vec;

use ballast_model::{InstrumentId, InstrumentSpec, Lots, Price, Rate, Step};
use proptest::prelude::*;

use super::super::fixtures::{book_of, linear};
use super::super::{Confidence, Conversion};
use super::*;
use crate::book::Book;

const NOW: Nanos = Nanos(1_000_000);
const AGE_MAX: Span = Span(1_000);
/// 10⁻¹⁸ in the units the exact nets below are counted in.
const ATTO: i128 = 10i128.pow(16);

/// One venue: what its book and its terms are.
#[derive(Clone, Debug)]
struct Terms {
    tick_cents: u64,
    lot_milli: u64,
    levels: Vec<(i64, i64)>,
    fee: i64,
    rate: i64,
    size_min: i64,
    lots_max: i64,
    notional_min_e16: i128,
}

impl Terms {
    fn spec(&self) -> InstrumentSpec {
        InstrumentSpec::new(InstrumentSpec {
            tick: Step { mantissa: self.tick_cents, scale: 2 },
            size_min: Lots(self.size_min),
            notional_min: Money(self.notional_min_e16 * 10i128.pow(16)),
            ..linear(self.lot_milli)
        })
        .unwrap()
    }

    fn book(&self, side: Side) -> Book {
        match side {
            Side::Bid => book_of(&self.levels, &[]),
            Side::Ask => book_of(&[], &self.levels),
        }
    }

    /// Every lot on display by its price, best first.
    fn lots(&self, side: Side) -> Vec<i64> {
        let mut levels = self.levels.clone();
        levels.sort_unstable();
        levels.dedup_by_key(|level| level.0);
        if side == Side::Bid {
            levels.reverse();
        }
        levels.iter().flat_map(|(price, lots)| core::iter::repeat_n(*price, *lots as usize)).collect()
    }

    /// What the first so many lots are worth in 10⁻¹⁸: a tick of cents times a lot of thousandths is 10⁻⁵.
    fn worth(&self, lots: &[i64]) -> i128 {
        let unit = i128::from(self.tick_cents * self.lot_milli) * 10i128.pow(13);
        lots.iter().map(|price| i128::from(*price) * unit).sum()
    }

    fn takes(&self, lots: &[i64]) -> bool {
        let order = vec_of(*lots.last().unwrap(), lots.len());
        let size = lots.len() as i64;
        size >= self.size_min
            && size <= self.lots_max
            && self.worth(&order) >= self.notional_min_e16 * 10i128.pow(16)
    }
}

fn vec_of(price: i64, lots: usize) -> Vec<i64> {
    core::iter::repeat_n(price, lots).collect()
}

fn market<'a>(id: u16, terms: &Terms, spec: &'a InstrumentSpec, book: &'a Book) -> VenueMarket<'a> {
    VenueMarket {
        instrument: InstrumentId(id),
        spec,
        book,
        seen_at: NOW,
        taker_fee: Rate(terms.fee),
        lots_max: Lots(terms.lots_max),
        conversion: Conversion { rate: Rate(terms.rate), ..Conversion::SAME },
    }
}

fn detector(transfer: TransferCost) -> Spatial {
    Spatial::new(SpatialParams { id: OpportunityId(7), asset: AssetId(1), age_max: AGE_MAX, transfer })
        .unwrap()
}

/// What buying and selling the first so many lots leaves, without any rounding, in 10⁻³⁴.
fn executed(buy: &Terms, bought: &[i64], sell: &Terms, sold: &[i64], transfer: TransferCost) -> i128 {
    let one = i128::from(Rate::ONE.0);
    let paid = buy.worth(bought) * (one + i128::from(buy.fee)) * i128::from(buy.rate);
    let got = sell.worth(sold) * (one - i128::from(sell.fee)) * i128::from(sell.rate);
    let milli = bought.len() as i128 * i128::from(buy.lot_milli);
    got - paid - (transfer.fixed.0 + milli * transfer.per_unit.0 / 1_000) * ATTO
}

/// The best of every size there is, and none where no size is taken by both.
fn brute(buy: &Terms, sell: &Terms, transfer: TransferCost) -> Option<i128> {
    let (asks, bids) = (buy.lots(Side::Ask), sell.lots(Side::Bid));
    (1..=asks.len())
        .filter_map(|bought| {
            let milli = bought as u64 * buy.lot_milli;
            let sold = (milli.is_multiple_of(sell.lot_milli)).then_some(milli / sell.lot_milli)?;
            let (asks, bids) = (asks.get(..bought)?, bids.get(..sold as usize)?);
            (buy.takes(asks) && sell.takes(bids)).then(|| executed(buy, asks, sell, bids, transfer))
        })
        .max()
}

fn terms(best: i64, tick_cents: u64) -> impl Strategy<Value = Terms> {
    let levels = proptest::collection::vec((best - 12..best + 12, 1..12i64), 1..6);
    let limits = (1..5i64, 1..40i64, 0..60i128);
    (levels, 1..5u64, -3_000..30_000i64, 99_900_000..100_100_000i64, limits).prop_map(
        move |(levels, lot_milli, fee, rate, (size_min, lots_max, notional_min_e16))| Terms {
            tick_cents,
            lot_milli,
            levels: levels.into_iter().fold(Vec::new(), |mut kept, level| {
                if kept.iter().all(|(price, _)| *price != level.0) {
                    kept.push(level);
                }
                kept
            }),
            fee,
            rate,
            size_min,
            lots_max,
            notional_min_e16,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn it_leaves_what_it_says_and_no_size_leaves_more(
        buy in terms(1_000, 1),
        sell in terms(503, 2),
        per_unit in 0..50i128,
        fixed in 0..20i128,
    ) {
        let transfer =
            TransferCost { per_unit: Money(per_unit * 10i128.pow(15)), fixed: Money(fixed * 10i128.pow(14)) };
        let (buy_spec, sell_spec) = (buy.spec(), sell.spec());
        let (asks, bids) = (buy.book(Side::Ask), sell.book(Side::Bid));
        let (buying, selling) = (market(0, &buy, &buy_spec, &asks), market(1, &sell, &sell_spec, &bids));
        let best = brute(&buy, &sell, transfer);
        match detector(transfer).detect(&buying, &selling, NOW) {
            Ok(found) => {
                let [bought, sold] = *found.legs.as_slice() else { panic!("two legs") };
                let (asks, bids) = (buy.lots(Side::Ask), sell.lots(Side::Bid));
                // Slicing fails where more is reported than is on display.
                let (asks, bids) = (&asks[..bought.lots.0 as usize], &bids[..sold.lots.0 as usize]);
                prop_assert!(buy.takes(asks) && sell.takes(bids));
                prop_assert_eq!(asks.len() as u64 * buy.lot_milli, bids.len() as u64 * sell.lot_milli);
                prop_assert_eq!((bought.price, sold.price), (Price(asks[asks.len() - 1]), Price(bids[bids.len() - 1])));
                prop_assert_eq!((bought.value.0, sold.value.0), (buy.worth(asks), sell.worth(bids)));
                prop_assert!(found.net > Money::ZERO);
                prop_assert_eq!(found.net, found.gross - found.costs.total());
                prop_assert!(executed(&buy, asks, &sell, bids, transfer) >= found.net.0 * ATTO);
                prop_assert!(best.unwrap() - found.net.0 * ATTO <= 8 * ATTO);
            }
            Err(NoOpportunity::NoEdge) => prop_assert!(best.unwrap() <= 8 * ATTO),
            Err(refusal) => {
                prop_assert_eq!(refusal, NoOpportunity::NoSize);
                prop_assert_eq!(best, None);
            }
        }
    }
}

fn plain(best: i64) -> Terms {
    let levels = [(best, 10)].to_vec();
    let (size_min, lots_max, notional_min_e16) = (1, 100, 0);
    Terms {
        tick_cents: 1,
        lot_milli: 1,
        levels,
        fee: 0,
        rate: Rate::ONE.0,
        size_min,
        lots_max,
        notional_min_e16,
    }
}

#[test]
fn by_hand() {
    // 0.010 bought at 10.00 and sold at 10.10 at 10 bps each: 0.001 less 0.0001 and 0.000101.
    let (buy, sell) = (Terms { fee: 100_000, ..plain(1_000) }, Terms { fee: 100_000, ..plain(1_010) });
    let (spec, asks, bids) = (buy.spec(), buy.book(Side::Ask), sell.book(Side::Bid));
    let (buying, selling) = (market(0, &buy, &spec, &asks), market(1, &sell, &spec, &bids));
    let found = detector(TransferCost::default()).detect(&buying, &selling, NOW).unwrap();
    assert_eq!(found.gross, Money(1_000_000_000_000_000));
    assert_eq!(found.costs.fees, Money(201_000_000_000_000));
    assert_eq!(found.net, Money(799_000_000_000_000));
    assert!((found.edge_bps - 79.9).abs() < 1e-9);
    assert_eq!((found.confidence, found.expires_at), (Confidence::FULL, NOW + AGE_MAX));
}

#[test]
fn age_takes_confidence_away_and_then_the_opportunity() {
    let (buy, sell) = (plain(1_000), plain(1_010));
    let (spec, asks, bids) = (buy.spec(), buy.book(Side::Ask), sell.book(Side::Bid));
    let (buying, selling) = (market(0, &buy, &spec, &asks), market(1, &sell, &spec, &bids));
    let detector = detector(TransferCost::default());
    let aged = |age: i64| VenueMarket { seen_at: Nanos(NOW.0 - age), ..buying };
    let found = detector.detect(&aged(250), &selling, NOW).unwrap();
    assert!((found.confidence.get() - 0.75).abs() < 1e-12);
    assert_eq!(found.expires_at, Nanos(NOW.0 + 750));
    assert_eq!(detector.detect(&aged(1_000), &selling, NOW), Err(NoOpportunity::Stale));
    assert_eq!(detector.detect(&aged(-1), &selling, NOW), Err(NoOpportunity::FromTheFuture));
    let conversion = Conversion { seen_at: Nanos(NOW.0 - 1_000), ..Conversion::SAME };
    let stale = VenueMarket { conversion, ..selling };
    assert_eq!(detector.detect(&buying, &stale, NOW), Err(NoOpportunity::Stale));
    assert_eq!(detector.detect(&buying, &buying, NOW), Err(NoOpportunity::Assets));
}
