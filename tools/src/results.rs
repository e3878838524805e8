//! Every figure of a run by name, for results that programs read: JSON, CSV and Parquet.

use ballast_analytics::format::{self, Decimal};
use ballast_analytics::markout::{Markout, Selection};
use ballast_analytics::record::{InstrumentRecord, MARKOUT_HORIZONS};
use ballast_analytics::summary::Summary;
use ballast_analytics::total::{Scope, Total};
use ballast_model::{Money, Side};
use serde_json::{Map, Value, json};

use crate::amounts;

/// A figure's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Figured {
    /// An amount, exact.
    Money(Money),
    /// A size, exact.
    Size(Decimal),
    /// A mean or a ratio.
    Real(f64),
    /// How often.
    Count(u64),
    /// There was nothing to judge.
    Nothing,
}

impl Figured {
    /// As a number; sizes and amounts as the nearest.
    pub(crate) fn real(self) -> Option<f64> {
        match self {
            Self::Money(amount) => amounts::number(amount).as_f64(),
            Self::Size(size) => size.to_string().parse().ok(),
            Self::Real(number) => Some(number),
            Self::Count(count) => Some(count as f64),
            Self::Nothing => None,
        }
    }

    /// All digits where the value is exact.
    pub(crate) fn exact(self) -> Option<String> {
        match self {
            Self::Money(amount) => Some(format!("{:#}", format::money(amount))),
            Self::Size(size) => Some(format!("{size:#}")),
            Self::Count(count) => Some(count.to_string()),
            Self::Real(_) | Self::Nothing => None,
        }
    }

    fn json(self) -> Value {
        match self {
            Self::Money(amount) => amounts::number(amount),
            Self::Count(count) => json!(count),
            Self::Size(_) | Self::Real(_) | Self::Nothing => json!(self.real()),
        }
    }
}

impl From<Option<Money>> for Figured {
    fn from(amount: Option<Money>) -> Self {
        amount.map_or(Self::Nothing, Self::Money)
    }
}

impl From<Option<f64>> for Figured {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Self::Nothing, Self::Real)
    }
}

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    /// What it belongs to.
    pub(crate) group: &'static str,
    /// Its name, of its own in its group.
    pub(crate) name: String,
    /// What it counts: a currency, a coin, `bps`, `s`, `share`; empty for plain numbers.
    pub(crate) unit: String,
    /// The value.
    pub(crate) value: Figured,
}

/// Collects the figures of one group after another.
struct Figures {
    list: Vec<Figure>,
    currency: String,
    group: &'static str,
}

impl Figures {
    fn new(currency: &str) -> Self {
        Self { list: Vec::new(), currency: currency.to_owned(), group: "" }
    }

    fn put(&mut self, name: &str, unit: &str, value: impl Into<Figured>) {
        let (name, unit) = (name.to_owned(), unit.to_owned());
        self.list.push(Figure { group: self.group, name, unit, value: value.into() });
    }

    fn money(&mut self, name: &str, amount: impl Into<Option<Money>>) {
        let currency = self.currency.clone();
        self.put(name, &currency, amount.into());
    }

    /// What was held and quoted.
    fn standing(&mut self, record: &InstrumentRecord, summary: &Summary) {
        self.group = "inventory";
        let (inventory, unit) = (summary.inventory, &record.size_unit);
        let size = |lots| Figured::Size(format::lots(&record.spec, lots));
        let or_nothing = |size: Option<Figured>| size.unwrap_or(Figured::Nothing);
        self.put("max", unit, or_nothing(inventory.map(|inventory| size(inventory.max_abs))));
        self.put("end", unit, or_nothing(inventory.map(|inventory| size(inventory.end))));
        let mean = inventory.and_then(|inventory| inventory.mean_abs);
        self.put("mean_abs", unit, mean.map(|lots| lots * record.spec.lot.to_f64()));
        self.put("time_held", "share", inventory.and_then(|inventory| inventory.in_market));
        self.put("half_life", "s", summary.half_life_secs);
        self.group = "quoting";
        let quoting = summary.quoting;
        self.put("two_sided", "share", quoting.map(|quoting| quoting.two_sided));
        self.put("one_sided", "share", quoting.map(|quoting| quoting.one_sided));
        self.put("spread", "ticks", quoting.and_then(|quoting| quoting.spread_ticks));
    }

    /// Spread captured and markouts, of all fills and by side.
    fn markouts(&mut self, summary: &Summary) {
        self.group = "markouts";
        for judgement in &summary.judgements {
            let fills = match judgement.selection {
                Selection::All => "all",
                Selection::Only(Side::Bid) => "buys",
                Selection::Only(Side::Ask) => "sells",
            };
            let bps = |markout: Option<Markout>| markout.map(|markout| markout.bps.mean);
            self.put(&format!("{fills}_at_fill"), "bps", bps(judgement.spread));
            for (horizon, markout) in MARKOUT_HORIZONS.iter().zip(judgement.markouts) {
                self.put(&format!("{fills}_after_{}s", horizon.as_secs_f64()), "bps", bps(markout));
            }
        }
    }
}

/// The figures of an instrument.
pub(crate) fn of_instrument(record: &InstrumentRecord, summary: &Summary) -> Vec<Figure> {
    let mut figures = Figures::new(&record.currency);
    figures.group = "profit";
    let end = summary.end;
    figures.money("gross", end.map(|end| end.gross));
    figures.money("captured", summary.captured);
    figures.money("held", summary.held);
    figures.money("fees", end.map(|end| end.fees));
    figures.money("rebates", end.map(|end| end.rebates));
    figures.money("funding", end.map(|end| end.funding));
    figures.money("net", end.map(|end| end.net()));
    figures.money("turnover", summary.activity.turnover);
    figures.put("net_per_turnover", "bps", summary.net_bps);
    figures.money("max_drawdown", summary.drawdown.map(|drawdown| drawdown.value));
    figures.put("fills", "", Figured::Count(summary.activity.fills as u64));
    figures.standing(record, summary);
    figures.markouts(summary);
    figures.list
}

/// The figures of several instruments together.
pub(crate) fn of_total(total: &Total) -> Vec<Figure> {
    let mut figures = Figures::new(&total.currency);
    figures.group = "profit";
    figures.money("gross", total.pnl.gross);
    figures.money("captured", total.captured);
    figures.money("held", total.pnl.gross - total.captured);
    figures.money("fees", total.pnl.fees);
    figures.money("rebates", total.pnl.rebates);
    figures.money("funding", total.pnl.funding);
    figures.money("net", total.pnl.net());
    figures.money("turnover", total.turnover);
    figures.put("net_per_turnover", "bps", total.net_bps);
    figures.money("max_drawdown", total.drawdown.map(|drawdown| drawdown.value));
    figures.put("fills", "", Figured::Count(total.fills as u64));
    figures.group = "markouts";
    figures.put("all_at_fill", "bps", total.spread_bps.map(|spread| spread.mean));
    for (horizon, markout) in MARKOUT_HORIZONS.iter().zip(total.markouts_bps) {
        let name = format!("all_after_{}s", horizon.as_secs_f64());
        figures.put(&name, "bps", markout.map(|markout| markout.mean));
    }
    figures.list
}

/// By group and name.
pub(crate) fn json(figures: &[Figure]) -> Value {
    let mut groups = Map::new();
    for figure in figures {
        let group = groups.entry(figure.group).or_insert_with(|| json!({}));
        if let Value::Object(group) = group {
            group.insert(figure.name.clone(), figure.value.json());
        }
    }
    Value::Object(groups)
}

/// What a total is of, in a few words.
pub(crate) const fn scope(total: &Total) -> &'static str {
    match total.scope {
        Scope::Settled => "total",
        Scope::Converted => "total, converted",
    }
}
