//! Tables of one instrument's judgement: what profit is made of, its ratios, execution, presence and adverse selection.

use super::section::{NONE, Section, describe_sharpe, estimate, option, row, rows};
use super::text::{self, escape};
use crate::assumptions;
use ballast_analytics::execution::Queue;
use ballast_analytics::programme::Presence;
use ballast_analytics::ratios::Ratios;
use ballast_analytics::record::MARKOUT_HORIZONS;
use ballast_model::Side;
use std::fmt::Write as _;

impl Section<'_> {
    /// What net profit is made of.
    pub(super) fn attribution(&self) -> String {
        let Some(attribution) = self.summary.attribution else { return String::new() };
        let mut list: Vec<_> = attribution
            .each()
            .into_iter()
            .zip([
                "Spread of quotes",
                "Inventory",
                "Fees",
                "Rebates",
                "Funding",
                "Hedging: spread, fees, rebates",
            ])
            .map(|((_, part), name)| row(name, self.money(part)))
            .collect();
        list.push(row("Net, the sum", self.money(attribution.net())));
        rows("Net profit by cause", &list)
    }

    /// Sharpe, Sortino and Calmar with their sampling.
    pub(super) fn ratios(&self) -> Vec<(String, String)> {
        ratio_rows(self.summary.ratios)
    }

    /// What became of orders.
    pub(super) fn execution(&self) -> String {
        let execution = self.summary.execution;
        let requests = execution.requests;
        let share = |share: Option<f64>| option(share, |share| format!("{}%", text::float(100.0 * share, 2)));
        let ratio = |ratio: Option<f64>| option(ratio, |ratio| text::float(ratio, 1));
        let mut list = vec![
            row("Orders", requests.orders.to_string()),
            row("Amendments", requests.amendments.to_string()),
            row("Cancels", requests.cancels.to_string()),
            row("Orders that traded", share(execution.fill_ratio)),
            row("Size that traded", share(execution.fill_ratio_by_size)),
            row("Order-to-trade ratio (RTS 9)", ratio(execution.order_to_trade)),
            row("· by size", ratio(execution.order_to_trade_by_size)),
        ];
        list.extend(execution.queue.iter().flat_map(|queue| self.queue(queue)));
        rows("Execution", &list)
    }

    fn queue(&self, queue: &Queue) -> [(String, String); 4] {
        let lot = self.record.spec.lot;
        let digits = usize::from(lot.scale);
        let size =
            |lots: f64| format!("{} {}", text::float(lots * lot.to_f64(), digits), self.record.size_unit);
        [
            row("Fills with a known place in the queue", text::whole(queue.ahead.count)),
            row("· ahead when the order joined, mean", size(queue.joined.mean)),
            row("· ahead before the fill, mean", size(queue.ahead.mean)),
            row("· nobody ahead before the fill", text::percent(queue.front)),
        ]
    }

    /// Time in the book as the programme asks for it.
    pub(super) fn programme(&self) -> String {
        let (terms, quote) = (self.record.programme, &self.record.price_unit);
        let presence = self.summary.presence;
        let share = |of: &dyn Fn(Presence) -> f64| option(presence.map(of), text::percent);
        let side = |of: [f64; 2], side: Side| of.get(side.index()).copied().unwrap_or(0.0);
        let depth = |which: Side| {
            let mean = presence.map(|presence| side(presence.depth, which));
            option(mean, |mean| format!("{} {quote}", text::float(mean, 2)))
        };
        rows(
            &format!("Programme: {} of mid", assumptions::terms(&terms)),
            &[
                row("Time with both sides", share(&|presence| presence.both)),
                row("Time with the bid", share(&|presence| side(presence.sides, Side::Bid))),
                row("Time with the ask", share(&|presence| side(presence.sides, Side::Ask))),
                row("Mean depth of the bid", depth(Side::Bid)),
                row("Mean depth of the ask", depth(Side::Ask)),
            ],
        )
    }

    /// What the midpoint took back of the spread captured.
    pub(super) fn adverse_table(&self) -> String {
        let mut out = String::from(concat!(
            r#"<div class="scroll"><table><caption>Adverse selection: spread captured that the midpoint took back</caption>"#,
            r#"<thead><tr><th scope="col">Midpoint taken</th><th class="n" scope="col">Fills</th>"#,
            r#"<th class="n" scope="col">Captured, bps</th><th class="n" scope="col">Lost by then, bps</th>"#,
            r#"<th class="n" scope="col">Fills it went against</th><th class="n" scope="col">Cost</th></tr></thead><tbody>"#,
        ));
        for (horizon, adverse) in MARKOUT_HORIZONS.iter().zip(self.summary.adverse) {
            let cells = [
                adverse.map_or_else(|| "0".to_owned(), |adverse| text::whole(adverse.impact.count)),
                option(adverse, |adverse| estimate(&adverse.effective)),
                option(adverse, |adverse| estimate(&adverse.impact)),
                option(adverse, |adverse| text::percent(adverse.against)),
                option(adverse, |adverse| self.money(adverse.cost)),
            ];
            let _ = write!(out, "<tr><td>+{} s</td>", horizon.as_secs_f64());
            for cell in cells {
                let _ = write!(out, r#"<td class="n">{}</td>"#, escape(&cell));
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table></div>");
        out
    }
}

/// Sharpe, Sortino and Calmar with their sampling.
pub(super) fn ratio_rows(ratios: Option<Ratios>) -> Vec<(String, String)> {
    let sampled = |ratios: Ratios| format!("sampled every {} s", ratios.interval.as_secs_f64());
    let over = |ratios: Ratios| format!("over {}", text::span(ratios.duration));
    let ratio = |of: fn(Ratios) -> Option<f64>, how: &dyn Fn(Ratios) -> String| {
        let known = ratios.and_then(|ratios| Some((of(ratios)?, ratios)));
        known
            .map_or_else(|| NONE.to_owned(), |(ratio, of)| format!("{} ({})", text::float(ratio, 1), how(of)))
    };
    vec![
        row(
            "Sharpe ratio, annualised",
            option(ratios.and_then(|ratios| ratios.sharpe), |sharpe| describe_sharpe(&sharpe)),
        ),
        row("Sortino ratio, annualised", ratio(|ratios| ratios.sortino, &sampled)),
        row("Calmar ratio, annualised", ratio(|ratios| ratios.calmar, &over)),
    ]
}
