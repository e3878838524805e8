//! What several instruments made together: per currency, and across currencies only at rates that somebody stated.

use crate::conversion::{Conversion, converted};
use crate::drawdown::Drawdown;
use crate::estimate::Estimate;
use crate::markout;
use crate::pnl::Pnl;
use crate::record::{FillRow, HORIZONS, InstrumentRecord};
use crate::sharpe::Sharpe;
use crate::spread;
use crate::summary::SHARPE_INTERVAL;
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
    /// Spread captured per fill in basis points of its price.
    pub spread_bps: Option<Estimate>,
    /// Markouts per fill in basis points of its price, at each of [`crate::record::MARKOUT_HORIZONS`].
    pub markouts_bps: [Option<Estimate>; HORIZONS],
    /// Of the net profit of all together.
    pub drawdown: Option<Drawdown>,
    /// Of the net profit of all together, sampled every [`SHARPE_INTERVAL`].
    pub sharpe: Option<Sharpe>,
}

/// Every total of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    /// One per settlement currency, by its name.
    pub settled: Vec<Total>,
    /// All together at stated rates; `None` where rates are missing, and where everything settles in one currency and is
    /// counted in it already.
    pub all: Option<Total>,
}

impl Totals {
    /// Adds up what instruments made.
    #[must_use]
    pub fn of(records: &[InstrumentRecord], conversion: Option<&Conversion>) -> Self {
        let settled = Total::by_currency(records);
        let counted = |rates: &&Conversion| settled.iter().any(|total| total.currency != rates.currency);
        let all = conversion.filter(counted).and_then(|rates| Total::across(records, rates));
        Self { settled, all }
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
        let net = || curve.iter().map(|(time, pnl)| (*time, pnl.net()));
        let traded = turnover.to_f64();
        let fills = || parts.iter().flat_map(|(record, _)| &record.fills);
        let estimate = |mid_of: &dyn Fn(&FillRow) -> Option<HalfTicks>| {
            Estimate::of(fills().filter_map(|fill| markout::bps(fill, mid_of(fill)?)))
        };
        Some(Self {
            currency: currency.to_owned(),
            scope,
            instruments: parts.len(),
            pnl,
            fills: fills().count(),
            turnover,
            captured,
            net_bps: (traded > 0.0).then(|| 1e4 * pnl.net().to_f64() / traded),
            spread_bps: estimate(&|fill| Some(fill.mid)),
            markouts_bps: core::array::from_fn(|at| {
                estimate(&|fill| fill.markouts.get(at).copied().flatten())
            }),
            drawdown: Drawdown::of(net()),
            sharpe: Sharpe::of(net(), SHARPE_INTERVAL),
        })
    }
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
        assert!((usdt.spread_bps.unwrap().mean - 100.0).abs() < 1e-9);
        assert_eq!(usdt.markouts_bps, [None; HORIZONS]);
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
    fn nothing_has_no_totals() {
        assert_eq!(Total::by_currency(&[]), []);
        let [idle] = &Total::by_currency(&[fixture::record()])[..] else { panic!("one currency") };
        assert_eq!((idle.pnl.net(), idle.net_bps, idle.drawdown), (Money::ZERO, None, None));
    }
}
