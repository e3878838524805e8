//! What several instruments made together: per currency, and across currencies only at rates that somebody stated.

use crate::attribution::Attribution;
use crate::conversion::{Conversion, converted};
use crate::drawdown::Drawdown;
use crate::estimate::Estimate;
use crate::execution::Execution;
use crate::markout;
use crate::pnl::Pnl;
use crate::ratios::Ratios;
use crate::record::{FillRow, HORIZONS, InstrumentRecord};
use crate::spread;
use ballast_model::{HalfTicks, Money, Nanos, Step};

/// Whose money a [`Total`] adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// That of the instruments that settle in its currency.
    Settled,
    /// That of all instruments, at stated rates.
    Converted,
}

/// The account of several instruments in one currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// What it is counted in.
    pub currency: String,
    /// Whose it is.
    pub scope: Scope,
    /// How many instruments.
    pub instruments: usize,
    /// At the end.
    pub pnl: Pnl,
    /// Number of fills.
    pub fills: usize,
    /// Value traded, both sides.
    pub turnover: Money,
    /// Spread captured by all fills.
    pub captured: Money,
    /// Net profit in basis points of turnover; `None` where nothing was traded.
    pub net_bps: Option<f64>,
    /// What the profit is made of; adds up to it exactly.
    pub attribution: Attribution,
    /// How the fills did.
    pub marks: Marks,
    /// What became of orders, by their number.
    pub execution: Execution,
    /// Of the net profit of all together.
    pub drawdown: Option<Drawdown>,
    /// Of the net profit of all together.
    pub ratios: Option<Ratios>,
}

/// Every total of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    /// One per settlement currency, by its name.
    pub settled: Vec<Total>,
    /// All together at stated rates; `None` where rates are missing, and where everything settles in one currency and is
    /// counted in it already.
    pub all: Option<Total>,
    /// How fills did at each venue, by its name.
    pub venues: Vec<(String, Marks)>,
}

impl Totals {
    /// Adds up what instruments made.
    #[must_use]
    pub fn of(records: &[InstrumentRecord], conversion: Option<&Conversion>) -> Self {
        let settled = Total::by_currency(records);
        let counted = |rates: &&Conversion| settled.iter().any(|total| total.currency != rates.currency);
        let all = conversion.filter(counted).and_then(|rates| Total::across(records, rates));
        let mut venues: Vec<&str> = records.iter().map(|record| record.venue.as_str()).collect();
        venues.sort_unstable();
        venues.dedup();
        let marks = |venue: &str| {
            let own = records.iter().filter(|record| record.venue == venue);
            (venue.to_owned(), Marks::of(own.flat_map(|record| &record.fills)))
        };
        Self { settled, all, venues: venues.into_iter().map(marks).collect() }
    }

    /// Each total, that of all together last.
    pub fn each(&self) -> impl Iterator<Item = &Total> {
        self.settled.iter().chain(&self.all)
    }

    /// The currencies whose profit is not added up, for want of rates; empty where there is one sum.
    #[must_use]
    pub fn apart(&self) -> Vec<&str> {
        let several = self.settled.len() > 1 && self.all.is_none();
        self.settled.iter().filter(|_| several).map(|total| total.currency.as_str()).collect()
    }
}

/// Fills of several instruments against the midpoints that followed, in basis points of each fill's price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marks {
    /// Number of fills.
    pub fills: usize,
    /// Against the midpoint at the fill: spread captured.
    pub spread: Option<Estimate>,
    /// Against the midpoint at each of [`crate::record::MARKOUT_HORIZONS`].
    pub later: [Option<Estimate>; HORIZONS],
}

impl Marks {
    /// Of all these fills.
    fn of<'a>(fills: impl Iterator<Item = &'a FillRow> + Clone) -> Self {
        let estimate = |mid_of: &dyn Fn(&FillRow) -> Option<HalfTicks>| {
            Estimate::of(fills.clone().filter_map(|fill| markout::bps(fill, mid_of(fill)?)))
        };
        Self {
            fills: fills.clone().count(),
            spread: estimate(&|fill| Some(fill.mid)),
            later: core::array::from_fn(|at| estimate(&|fill| fill.markouts.get(at).copied().flatten())),
        }
    }
}

/// An instrument, and what one unit of its currency counts.
type Part<'a> = (&'a InstrumentRecord, Step);

/// One unit for one.
const ONE: Step = Step { mantissa: 1, scale: 0 };

impl Total {
    /// One total per settlement currency, by its name.
    #[must_use]
    pub fn by_currency(records: &[InstrumentRecord]) -> Vec<Self> {
        let mut currencies: Vec<&str> = records.iter().map(|record| record.currency.as_str()).collect();
        currencies.sort_unstable();
        currencies.dedup();
        let settled = |currency: &str| {
            let own = records.iter().filter(|record| record.currency == currency);
            Self::of(currency, Scope::Settled, &own.map(|record| (record, ONE)).collect::<Vec<_>>())
        };
        currencies.into_iter().filter_map(settled).collect()
    }

    /// All instruments in the currency of `conversion`; `None` where it states no rate for one of theirs, or an amount
    /// grows too large.
    #[must_use]
    pub fn across(records: &[InstrumentRecord], conversion: &Conversion) -> Option<Self> {
        let rated = records.iter().map(|record| Some((record, conversion.rate(&record.currency)?)));
        Self::of(&conversion.currency, Scope::Converted, &rated.collect::<Option<Vec<_>>>()?)
    }

    fn of(currency: &str, scope: Scope, parts: &[Part<'_>]) -> Option<Self> {
        let sum = |of: &dyn Fn(&InstrumentRecord) -> Money| {
            let amounts = parts.iter().map(|(record, rate)| converted(of(record), *rate));
            amounts.sum::<Option<Money>>()
        };
        let turnover = sum(&|record| record.turnover())?;
        let captured = sum(&|record| spread::captured_total(&record.spec, &record.fills))?;
        let curve = curve(parts)?;
        let pnl = curve.last().map_or_else(Pnl::default, |(_, pnl)| *pnl);
        let net: Vec<_> = curve.iter().map(|(time, pnl)| (*time, pnl.net())).collect();
        let traded = turnover.to_f64();
        let marks = Marks::of(parts.iter().flat_map(|(record, _)| &record.fills));
        let shares = parts.iter().map(attributed).collect::<Option<Vec<_>>>()?;
        Some(Self {
            currency: currency.to_owned(),
            scope,
            instruments: parts.len(),
            pnl,
            fills: marks.fills,
            turnover,
            captured,
            net_bps: (traded > 0.0).then(|| 1e4 * pnl.net().to_f64() / traded),
            attribution: shares.into_iter().fold(Attribution::default(), Attribution::plus),
            marks,
            execution: Execution::together(parts.iter().map(|(record, _)| *record)),
            drawdown: Drawdown::of(net.iter().copied()),
            ratios: Ratios::of(&net),
        })
    }
}

/// What the profit of one part is made of.
fn attributed((record, rate): &Part<'_>) -> Option<Attribution> {
    let captured = converted(spread::captured_total(&record.spec, &record.fills), *rate)?;
    let pnl = record.samples.last().map_or_else(Pnl::default, Pnl::from);
    // Where there is no account there is no spread either: a fill without a sample is nobody's.
    let captured = if record.samples.is_empty() { Money::ZERO } else { captured };
    Some(Attribution::split(record.role, captured, pnl.map(|amount| converted(amount, *rate))?))
}

/// The account of all parts together: one point per time at which any of them was sampled, each holding what it last was.
fn curve(parts: &[Part<'_>]) -> Option<Vec<(Nanos, Pnl)>> {
    let mut points = Vec::new();
    for (part, (record, rate)) in parts.iter().enumerate() {
        for sample in &record.samples {
            points.push((sample.time, part, Pnl::from(sample).map(|amount| converted(amount, *rate))?));
        }
    }
    // Stable: of samples of one instrument at one time the last counts.
    points.sort_by_key(|(time, ..)| *time);
    let mut held = vec![Pnl::default(); parts.len()];
    let mut curve: Vec<(Nanos, Pnl)> = Vec::new();
    for (time, part, pnl) in points {
        if let Some(of_part) = held.get_mut(part) {
            *of_part = pnl;
        }
        let all = held.iter().copied().fold(Pnl::default(), Pnl::plus);
        match curve.last_mut() {
            Some((last, before)) if *last == time => *before = all,
            _ => curve.push((time, all)),
        }
    }
    Some(curve)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, LOT_TICK, fill, sample, seconds};
    use crate::record::Sample;
    use ballast_model::Side;

    fn earning(currency: &str, curve: &[(i64, i128)]) -> InstrumentRecord {
        let samples = curve.iter().map(|(at, gross)| Sample { gross: Money(*gross), ..sample(*at) });
        InstrumentRecord { currency: currency.to_owned(), samples: samples.collect(), ..fixture::record() }
    }

    #[test]
    fn a_total_follows_all_of_its_instruments() {
        // 0 5 5 2 with 0 0 -4 -4: together 0 5 1 -2, so the deepest fall is 7 although none alone fell by more than 4.
        let one = earning("USDT", &[(0, 0), (1, 5), (3, 2)]);
        let mut two = earning("USDT", &[(0, 0), (2, -4)]);
        two.fills = vec![FillRow { mid: HalfTicks(202), ..fill(1, Side::Bid, 100, 3) }];
        let coin = earning("ETH", &[(1, 8)]);
        let totals = Total::by_currency(&[one, coin, two]);
        let [eth, usdt] = &totals[..] else { panic!("two currencies") };
        assert_eq!((eth.currency.as_str(), eth.instruments, eth.pnl.net()), ("ETH", 1, Money(8)));
        assert_eq!((usdt.instruments, usdt.pnl.net(), usdt.fills), (2, Money(-2), 1));
        let drawdown = usdt.drawdown.unwrap();
        assert_eq!((drawdown.value, drawdown.peak, drawdown.trough), (Money(7), seconds(1), seconds(3)));
        assert_eq!((usdt.turnover, usdt.captured), (Money(300 * LOT_TICK), Money(3 * LOT_TICK)));
        assert!((usdt.marks.spread.unwrap().mean - 100.0).abs() < 1e-9);
        assert_eq!(usdt.marks.later, [None; HORIZONS]);
        assert_eq!(usdt.attribution.net(), usdt.pnl.net());
        assert_eq!(usdt.attribution.spread, Money(3 * LOT_TICK));
    }

    #[test]
    fn currencies_meet_only_at_stated_rates() {
        let rate = |name: &str, rate| (name.to_owned(), Step::parse(rate).unwrap());
        let records = [earning("USDT", &[(0, 10)]), earning("ETH", &[(0, -3), (2, 5)])];
        let conversion = Conversion { currency: "USDT".to_owned(), rates: vec![rate("ETH", "2.5")] };
        let all = Total::across(&records, &conversion).unwrap();
        // −3 at 2.5 is −7.5, down to −8; 5 is 12.5, down to 12.
        assert_eq!((all.pnl.net(), all.scope, all.instruments), (Money(22), Scope::Converted, 2));
        assert_eq!(all.drawdown.unwrap().value, Money::ZERO);
        assert_eq!(all.attribution.net(), all.pnl.net(), "nothing is lost in conversion");
        let poorer = Conversion { rates: vec![rate("BTC", "2.5")], ..conversion.clone() };
        assert_eq!(Total::across(&records, &poorer), None);
        let totals = Totals::of(&records, Some(&conversion));
        assert_eq!((totals.each().count(), totals.apart().len()), (3, 0));
        let totals = Totals::of(&records, Some(&poorer));
        assert_eq!((totals.each().count(), totals.apart()), (2, vec!["ETH", "USDT"]));
        let [usdt, _] = records;
        assert_eq!(Totals::of(&[usdt], Some(&conversion)).all, None, "it would be the same again");
    }

    #[test]
    fn venues_are_judged_apart() {
        let traded = |venue: &str, sides: &[Side]| {
            let fill = |side: &Side| FillRow { mid: HalfTicks(202), ..fill(1, *side, 100, 1) };
            let fills = sides.iter().map(fill).collect();
            InstrumentRecord { venue: venue.to_owned(), fills, ..earning("USDT", &[(0, 0)]) }
        };
        let (usdm, spot) = (traded("usdm", &[Side::Bid]), traded("spot", &[Side::Ask, Side::Ask]));
        let totals = Totals::of(&[usdm, spot, traded("usdm", &[Side::Ask])], None);
        let marks = |at: usize| (totals.venues[at].0.as_str(), totals.venues[at].1.fills);
        assert_eq!((marks(0), marks(1), totals.venues.len()), (("spot", 2), ("usdm", 2), 2));
        let mean = |at: usize| totals.venues[at].1.spread.unwrap().mean;
        assert!((mean(0) + 100.0).abs() < 1e-9 && mean(1).abs() < 1e-9);
    }

    #[test]
    fn nothing_has_no_totals() {
        assert_eq!(Total::by_currency(&[]), []);
        let [idle] = &Total::by_currency(&[fixture::record()])[..] else { panic!("one currency") };
        assert_eq!((idle.pnl.net(), idle.net_bps, idle.drawdown), (Money::ZERO, None, None));
    }
}
