//! Every figure of a run by name, for results that programs read: JSON, CSV and Parquet.

use ballast_analytics::attribution::Attribution;
use ballast_analytics::execution::Execution;
use ballast_analytics::format::{self, Decimal};
use ballast_analytics::markout::{Markout, Selection};
use ballast_analytics::ratios::Ratios;
use ballast_analytics::record::{InstrumentRecord, MARKOUT_HORIZONS};
use ballast_analytics::summary::Summary;
use ballast_analytics::total::{Marks, Scope, Total};
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

impl From<Option<Decimal>> for Figured {
    fn from(number: Option<Decimal>) -> Self {
        number.map_or(Self::Nothing, Self::Size)
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

    fn attribution(&mut self, attribution: Option<Attribution>) {
        self.group = "attribution";
        for (name, part) in attribution.into_iter().flat_map(Attribution::each) {
            self.money(name, part);
        }
    }

    fn ratios(&mut self, ratios: Option<Ratios>) {
        self.group = "ratios";
        let sharpe = ratios.and_then(|ratios| ratios.sharpe);
        self.put("sharpe", "", sharpe.map(|sharpe| sharpe.ratio));
        self.put("sharpe_standard_error", "", sharpe.map(|sharpe| sharpe.standard_error));
        self.put("sortino", "", ratios.and_then(|ratios| ratios.sortino));
        self.put("calmar", "", ratios.and_then(|ratios| ratios.calmar));
        self.put("sampled_every", "s", ratios.map(|ratios| ratios.interval.as_secs_f64()));
        self.put("duration", "s", ratios.map(|ratios| ratios.duration.as_secs_f64()));
    }

    /// Time in the book as a market maker's programme asks for it.
    fn programme(&mut self, record: &InstrumentRecord, summary: &Summary) {
        self.group = "programme";
        let (terms, presence, quote) = (record.programme, summary.presence, record.price_unit.clone());
        self.put("within", "bps", Some(Decimal { units: terms.within.0.into(), scale: 4 }));
        self.put("notional_min", &quote, Some(terms.notional_min));
        self.put("both_sides", "share", presence.map(|presence| presence.both));
        for (side, name) in Side::BOTH.into_iter().zip(["bid", "ask"]) {
            let of = |sides: [f64; 2]| sides.get(side.index()).copied();
            self.put(name, "share", presence.and_then(|presence| of(presence.sides)));
            self.put(&format!("{name}_depth"), &quote, presence.and_then(|presence| of(presence.depth)));
        }
    }

    /// What became of orders, and from where in the queue they traded.
    fn execution(&mut self, record: &InstrumentRecord, execution: &Execution) {
        self.messages(execution);
        self.put("fill_ratio_by_size", "share", execution.fill_ratio_by_size);
        self.put("order_to_trade_by_size", "", execution.order_to_trade_by_size);
        let (queue, unit) = (execution.queue, &record.size_unit);
        let size = |lots: f64| lots * record.spec.lot.to_f64();
        self.put("queue_known_fills", "", Figured::Count(queue.map_or(0, |queue| queue.ahead.count as u64)));
        self.put("queue_joined", unit, queue.map(|queue| size(queue.joined.mean)));
        self.put("queue_ahead", unit, queue.map(|queue| size(queue.ahead.mean)));
        self.put("queue_front", "share", queue.map(|queue| queue.front));
    }

    /// What was sent and what of it traded, by number.
    fn messages(&mut self, execution: &Execution) {
        self.group = "execution";
        let requests = execution.requests;
        let filled = execution.orders_filled as u64;
        for (name, count) in [
            ("orders", requests.orders),
            ("amendments", requests.amendments),
            ("cancels", requests.cancels),
            ("orders_filled", filled),
        ] {
            self.put(name, "", Figured::Count(count));
        }
        self.put("fill_ratio", "share", execution.fill_ratio);
        self.put("order_to_trade", "", execution.order_to_trade);
    }

    /// Markouts of fills of several instruments.
    fn marks(&mut self, fills: &str, marks: &Marks) {
        self.group = "markouts";
        self.put(&format!("{fills}_at_fill"), "bps", marks.spread.map(|spread| spread.mean));
        for (horizon, markout) in MARKOUT_HORIZONS.iter().zip(marks.later) {
            let name = format!("{fills}_after_{}s", horizon.as_secs_f64());
            self.put(&name, "bps", markout.map(|markout| markout.mean));
        }
    }

    fn adverse(&mut self, summary: &Summary) {
        self.group = "adverse_selection";
        for (horizon, adverse) in MARKOUT_HORIZONS.iter().zip(summary.adverse) {
            let name = |what: &str| format!("{what}_after_{}s", horizon.as_secs_f64());
            self.put(&name("impact"), "bps", adverse.map(|adverse| adverse.impact.mean));
            self.put(&name("against"), "share", adverse.map(|adverse| adverse.against));
            self.money(&name("cost"), adverse.map(|adverse| adverse.cost));
        }
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

    /// Spread captured and markouts, of all fills, by side and by level.
    fn markouts(&mut self, summary: &Summary) {
        self.group = "markouts";
        for judgement in summary.judgements.iter().chain(&summary.levels) {
            let fills = match judgement.selection {
                Selection::All => "all".to_owned(),
                Selection::Only(Side::Bid) => "buys".to_owned(),
                Selection::Only(Side::Ask) => "sells".to_owned(),
                Selection::Level(level) => format!("level_{level}"),
                Selection::Taken => "taken".to_owned(),
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
    figures.attribution(summary.attribution);
    figures.ratios(summary.ratios);
    figures.standing(record, summary);
    figures.programme(record, summary);
    figures.execution(record, &summary.execution);
    figures.markouts(summary);
    figures.adverse(summary);
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
    figures.attribution(Some(total.attribution));
    figures.ratios(total.ratios);
    figures.messages(&total.execution);
    figures.marks("all", &total.marks);
    figures.list
}

/// How fills did at a venue.
pub(crate) fn of_venue(marks: &Marks) -> Vec<Figure> {
    let mut figures = Figures::new("");
    figures.group = "markouts";
    figures.put("fills", "", Figured::Count(marks.fills as u64));
    figures.marks("all", marks);
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
