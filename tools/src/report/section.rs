//! One instrument's part of the page: headline numbers, figures and tables.

use super::figures::Figures;
use super::table::reason;
use super::text::{self, escape};
use super::time;
use crate::amounts;
use ballast_analytics::audit::Audit;
use ballast_analytics::drawdown::Drawdown;
use ballast_analytics::estimate::Estimate;
use ballast_analytics::format;
use ballast_analytics::markout::{Markout, Selection};
use ballast_analytics::record::{InstrumentRecord, MARKOUT_HORIZONS, Sample};
use ballast_analytics::sharpe::Sharpe;
use ballast_analytics::summary::Summary;
use ballast_model::{Lots, Money, Side};
use std::fmt::Write as _;

/// Levels of ours that the page shows markouts of; the tables beside it have all.
const LEVELS_SHOWN: usize = 8;

/// What is written where there is nothing to say.
pub(crate) const NONE: &str = "–";

/// Renders one instrument.
pub(super) struct Section<'a> {
    pub(super) record: &'a InstrumentRecord,
    pub(super) summary: &'a Summary,
    money_digits: u32,
}

impl<'a> Section<'a> {
    /// The part of `record`, whose `summary` is known.
    pub(super) fn new(record: &'a InstrumentRecord, summary: &'a Summary) -> Self {
        let amounts =
            summary.end.map_or([Money::ZERO; 4], |end| [end.gross, end.net(), end.fees, summary.captured]);
        Self { record, summary, money_digits: amounts::digits(&amounts) }
    }

    /// The HTML of the section; `budget` points per plotted series.
    pub(super) fn render(&self, budget: usize) -> String {
        let figures = Figures::new(self.record, self.summary, budget);
        let mut out = String::new();
        let _ = write!(out, "<section><h2>{}</h2>", escape(&self.record.name));
        out.push_str(&self.tiles());
        out.push_str(&figures.price());
        out.push_str(&figures.price_close_up().unwrap_or_default());
        for figure in [figures.profit(), figures.drawdown(), figures.inventory()] {
            out.push_str(&figure);
        }
        let _ = write!(out, r#"<div class="pair">{}{}</div>"#, figures.spread(), figures.markouts());
        out.push_str(&self.markout_table());
        out.push_str(&self.adverse_table());
        let _ = write!(
            out,
            r#"<div class="tables">{}{}{}{}{}{}</div></section>"#,
            rows("Profit", &self.profit()),
            self.attribution(),
            self.execution(),
            self.programme(),
            rows("Trading", &self.trading()),
            rows("Inventory, quoting and checks", &self.standing())
        );
        out
    }

    /// Net profit with its currency.
    pub(super) fn net(&self) -> String {
        self.summary.end.map_or_else(|| NONE.to_owned(), |end| self.money(end.net()))
    }

    /// Value traded, with its currency; its digits are its own, being so much larger than any profit.
    pub(super) fn turnover(&self) -> String {
        let turnover = self.summary.activity.turnover;
        format!("{} {}", text::money(turnover, amounts::digits(&[turnover])), self.record.currency)
    }

    /// An amount with its currency.
    pub(super) fn money(&self, amount: Money) -> String {
        format!("{} {}", text::money(amount, self.money_digits), self.record.currency)
    }

    fn size(&self, lots: Lots) -> String {
        format!("{} {}", text::decimal(format::lots(&self.record.spec, lots)), self.record.size_unit)
    }

    fn tiles(&self) -> String {
        let summary = self.summary;
        let [all, ..] = &summary.judgements;
        let [_, one_second, _] = all.markouts;
        let bps = |markout: Option<Markout>| {
            option(markout, |markout| format!("{} bps", text::float(markout.bps.mean, 3)))
        };
        let tiles = [
            ("Net profit", self.net()),
            ("Gross profit", option(summary.end, |end| self.money(end.gross))),
            ("Net per turnover", option(summary.net_bps, |bps| format!("{} bps", text::float(bps, 3)))),
            ("Turnover", self.turnover()),
            ("Fills", text::whole(summary.activity.fills)),
            ("Max drawdown", option(summary.drawdown, |drawdown| self.money(drawdown.value))),
            ("Max |position|", option(summary.inventory, |inventory| self.size(inventory.max_abs))),
            ("Spread captured", bps(all.spread)),
            ("Markout, 1 s", bps(one_second)),
            ("Two-sided", option(summary.quoting, |quoting| text::percent(quoting.two_sided))),
        ];
        let mut out = String::from(r#"<dl class="tiles">"#);
        for (name, value) in tiles {
            let _ = write!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", escape(&value));
        }
        out.push_str("</dl>");
        out
    }

    fn profit(&self) -> Vec<(String, String)> {
        let summary = self.summary;
        let end = |of: &dyn Fn(&Sample) -> Money| option(summary.end, |end| self.money(of(&end)));
        let mut list = vec![
            row("Gross", end(&|end| end.gross)),
            row("· captured as spread", self.money(summary.captured)),
            row("· from holding inventory", option(summary.held, |held| self.money(held))),
            row("Fees paid", end(&|end| end.fees)),
            row("Rebates received", end(&|end| end.rebates)),
            row("Funding received", end(&|end| end.funding)),
            row("Net", self.net()),
            row("Net / turnover", option(summary.net_bps, |bps| format!("{} bps", text::float(bps, 4)))),
            row("Max drawdown", option(summary.drawdown, |drawdown| self.drawdown(&drawdown))),
            row("Longest below a peak", option(summary.drawdown, |drawdown| text::span(drawdown.longest))),
        ];
        list.extend(self.ratios());
        list
    }

    fn drawdown(&self, drawdown: &Drawdown) -> String {
        if drawdown.value == Money::ZERO {
            return self.money(drawdown.value);
        }
        let recovered = match drawdown.recovered {
            Some(at) => format!("recovered {}", time::clock(at)),
            None => "not recovered".to_owned(),
        };
        let (peak, trough) = (time::clock(drawdown.peak), time::clock(drawdown.trough));
        format!("{} (peak {peak}, trough {trough}, {recovered})", self.money(drawdown.value))
    }

    fn trading(&self) -> Vec<(String, String)> {
        let activity = &self.summary.activity;
        let mut list = vec![
            row("Fills", text::whole(activity.fills)),
            row(
                "· buys / sells",
                format!("{} / {}", text::whole(activity.buys), text::whole(activity.sells)),
            ),
            row(
                "· maker / taker",
                format!("{} / {}", text::whole(activity.makers), text::whole(activity.takers)),
            ),
        ];
        for (why, count) in activity.reasons.iter().filter(|(_, count)| *count > 0) {
            list.push(row(&format!("· {}", reason(*why).replace('_', " ")), text::whole(*count)));
        }
        list.extend([
            row("Bought", self.size(activity.bought)),
            row("Sold", self.size(activity.sold)),
            row("Turnover", self.turnover()),
        ]);
        list
    }

    fn standing(&self) -> Vec<(String, String)> {
        let summary = self.summary;
        let lot = self.record.spec.lot;
        let mean = |lots: f64| {
            let digits = usize::from(lot.scale) + 1;
            format!("{} {}", text::float(lots * lot.to_f64(), digits), self.record.size_unit)
        };
        let inventory = summary.inventory;
        let quoting = summary.quoting;
        vec![
            row("Max |position|", option(inventory, |inventory| self.size(inventory.max_abs))),
            row(
                "Mean |position|, over time",
                option(inventory.and_then(|inventory| inventory.mean_abs), mean),
            ),
            row("Position at the end", option(inventory, |inventory| self.size(inventory.end))),
            row(
                "Time with a position",
                option(inventory.and_then(|inventory| inventory.in_market), text::percent),
            ),
            row(
                "Half-life of a position",
                option(summary.half_life_secs, |seconds| format!("{} s", text::float(seconds, 1))),
            ),
            row("Time quoting both sides", option(quoting, |quoting| text::percent(quoting.two_sided))),
            row("Time quoting one side", option(quoting, |quoting| text::percent(quoting.one_sided))),
            row(
                "Mean quoted spread",
                option(quoting.and_then(|quoting| quoting.spread_ticks), |ticks| {
                    format!("{} ticks", text::float(ticks, 2))
                }),
            ),
            row("Account recomputed from fills", option(summary.audit, |audit| self.audit(&audit))),
        ]
    }

    fn audit(&self, audit: &Audit) -> String {
        if audit.agrees() {
            let scope = if audit.gross.is_some() { "position, fees, gross profit" } else { "position, fees" };
            return format!("agrees ({scope})");
        }
        let exact = |amount: Money| format!("{:#} {}", format::money(amount), self.record.currency);
        format!(
            "DISAGREES: position by {}, fees by {}, gross by {}, {} fills out of sequence",
            self.size(audit.position),
            exact(audit.fees),
            option(audit.gross, exact),
            audit.breaks
        )
    }

    fn markout_table(&self) -> String {
        let mut out = String::from(concat!(
            r#"<div class="scroll"><table><caption>Spread captured and markouts</caption><thead><tr>"#,
            r#"<th scope="col">Fills</th><th scope="col">Midpoint taken</th><th class="n" scope="col">Count</th>"#,
            r#"<th class="n" scope="col">Mean ± standard error, ticks</th><th class="n" scope="col">Mean by size, ticks</th>"#,
            r#"<th class="n" scope="col">Mean ± standard error, bps</th></tr></thead><tbody>"#
        ));
        let levels = self.summary.levels.iter().take(LEVELS_SHOWN);
        for judgement in self.summary.judgements.iter().chain(levels) {
            let name = match judgement.selection {
                Selection::All => "all".to_owned(),
                Selection::Only(Side::Bid) => "buys".to_owned(),
                Selection::Only(Side::Ask) => "sells".to_owned(),
                Selection::Level(0) => "of our best price".to_owned(),
                Selection::Level(level) => format!("of our price {level} behind it"),
                Selection::Taken => "taken".to_owned(),
            };
            let later = MARKOUT_HORIZONS.iter().map(|span| format!("+{} s", span.as_secs_f64()));
            let names = std::iter::once("at the fill".to_owned()).chain(later);
            let values = std::iter::once(&judgement.spread).chain(&judgement.markouts);
            for (horizon, markout) in names.zip(values) {
                let cells = [
                    markout.map_or_else(|| "0".to_owned(), |markout| text::whole(markout.ticks.count)),
                    option(*markout, |markout| estimate(&markout.ticks)),
                    option(*markout, |markout| text::float(markout.ticks_by_size, 3)),
                    option(*markout, |markout| estimate(&markout.bps)),
                ];
                let _ = write!(out, "<tr><td>{name}</td><td>{horizon}</td>");
                for cell in cells {
                    let _ = write!(out, r#"<td class="n">{cell}</td>"#);
                }
                out.push_str("</tr>");
            }
        }
        out.push_str("</tbody></table></div>");
        out
    }
}

/// A ratio with its uncertainty and its sampling.
pub(super) fn describe_sharpe(sharpe: &Sharpe) -> String {
    format!(
        "{} ± {} ({} increments of {} s, year of 365 days)",
        text::float(sharpe.ratio, 1),
        text::float(sharpe.standard_error, 1),
        text::whole(sharpe.increments),
        sharpe.interval.as_secs_f64()
    )
}

/// A mean with its uncertainty.
pub(super) fn estimate(estimate: &Estimate) -> String {
    let error = option(estimate.standard_error, |error| text::float(error, 3));
    format!("{} ± {error}", text::float(estimate.mean, 3))
}

/// A value as shown, [`NONE`] where there is none.
pub(super) fn option<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| NONE.to_owned(), show)
}

/// A row of [`rows`].
pub(super) fn row(name: &str, value: String) -> (String, String) {
    (name.to_owned(), value)
}

/// A table of names and values with a caption.
pub(super) fn rows(caption: &str, rows: &[(String, String)]) -> String {
    let mut out = format!("<table><caption>{}</caption><tbody>", escape(caption));
    for (name, value) in rows {
        let _ = write!(
            out,
            r#"<tr><th scope="row">{}</th><td class="n">{}</td></tr>"#,
            escape(name),
            escape(value)
        );
    }
    out.push_str("</tbody></table>");
    out
}
