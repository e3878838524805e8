//! Every statistic of one instrument, in one place.

use crate::activity::Activity;
use crate::adverse::Adverse;
use crate::attribution::Attribution;
use crate::audit::Audit;
use crate::drawdown::Drawdown;
use crate::execution::Execution;
use crate::half_life::half_life_secs;
use crate::inventory::Inventory;
use crate::markout::{Markout, Selection};
use crate::programme::Presence;
use crate::quoting::Quoting;
use crate::ratios::Ratios;
use crate::record::{HORIZONS, InstrumentRecord, Sample};
use crate::spread;
use ballast_model::{Money, Span};

/// Spread captured and markouts of a selection of fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// Which fills.
    pub selection: Selection,
    /// Against the midpoint at the fill.
    pub spread: Option<Markout>,
    /// Against the midpoint at each of [`crate::record::MARKOUT_HORIZONS`].
    pub markouts: [Option<Markout>; HORIZONS],
}

/// What one instrument did and how well. `None` wherever there was nothing to judge.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The account at the end: the last sample.
    pub end: Option<Sample>,
    /// From the first sample to the last.
    pub duration: Option<Span>,
    /// Fills, sizes, turnover.
    pub activity: Activity,
    /// Spread captured, all fills, settlement currency.
    pub captured: Money,
    /// Gross profit not captured at the fills: earned or lost by holding inventory. `gross − captured`, exact.
    pub held: Option<Money>,
    /// What net profit is made of; adds up to it exactly.
    pub attribution: Option<Attribution>,
    /// Net profit in basis points of turnover, `10⁴ · net / turnover`.
    pub net_bps: Option<f64>,
    /// Of net profit.
    pub drawdown: Option<Drawdown>,
    /// Position statistics.
    pub inventory: Option<Inventory>,
    /// Time in which a position halves, seconds.
    pub half_life_secs: Option<f64>,
    /// Time in the book.
    pub quoting: Option<Quoting>,
    /// Time in the book as the record's programme asks for it.
    pub presence: Option<Presence>,
    /// What became of orders.
    pub execution: Execution,
    /// How far the midpoint went against fills, at each of [`crate::record::MARKOUT_HORIZONS`].
    pub adverse: [Option<Adverse>; HORIZONS],
    /// Of net profit.
    pub ratios: Option<Ratios>,
    /// All fills, buys, sells: in the order of [`Selection::EACH`].
    pub judgements: [Judgement; Selection::EACH.len()],
    /// By level, as [`Selection::levels`] has them.
    pub levels: Vec<Judgement>,
    /// Whether fills and samples tell the same story.
    pub audit: Option<Audit>,
}

impl Summary {
    /// Judges one instrument.
    #[must_use]
    pub fn of(record: &InstrumentRecord) -> Self {
        let end = record.samples.last().copied();
        let activity = Activity::of(&record.spec, &record.fills);
        let captured = spread::captured_total(&record.spec, &record.fills);
        let turnover = activity.turnover.to_f64();
        let judge = |selection| Judgement {
            selection,
            spread: spread::per_fill(&record.fills, selection),
            markouts: Markout::curve(&record.fills, selection),
        };
        Self {
            end,
            duration: record.duration(),
            activity,
            captured,
            held: end.map(|sample| sample.gross - captured),
            attribution: Attribution::of(record),
            net_bps: end.filter(|_| turnover > 0.0).map(|sample| 1e4 * sample.net().to_f64() / turnover),
            drawdown: Drawdown::of(record.net_curve()),
            inventory: Inventory::of(record),
            half_life_secs: half_life_secs(record),
            quoting: Quoting::of(&record.samples),
            presence: Presence::of(&record.samples, &record.programme),
            execution: Execution::of(record),
            adverse: Adverse::curve(&record.spec, &record.fills),
            ratios: Ratios::of(&record.net_curve().collect::<Vec<_>>()),
            judgements: Selection::EACH.map(judge),
            levels: Selection::levels(&record.fills).into_iter().map(judge).collect(),
            audit: Audit::of(record),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, LOT_TICK, fill, sample};
    use crate::record::FillRow;
    use ballast_model::{HalfTicks, Lots, Side};

    #[test]
    fn gross_profit_splits_into_spread_and_inventory() {
        let mut record = fixture::record();
        // Buys 4 at 100 with the mid at 100.5, which then falls to 99: captured +2, held −6, gross −4 lot ticks.
        record.fills =
            vec![FillRow { mid: HalfTicks(201), position_after: Lots(4), ..fill(1, Side::Bid, 100, 4) }];
        let end = Sample { mid: HalfTicks(198), position: Lots(4), gross: Money(-4 * LOT_TICK), ..sample(2) };
        record.samples = vec![sample(0), end];
        let summary = Summary::of(&record);
        assert_eq!((summary.captured, summary.held), (Money(2 * LOT_TICK), Some(Money(-6 * LOT_TICK))));
        assert!((summary.net_bps.unwrap() - -100.0).abs() < 1e-9); // −4 of 400 lot ticks
        assert!(summary.audit.unwrap().agrees());
        assert_eq!(summary.drawdown.unwrap().value, Money(4 * LOT_TICK));
        assert_eq!(summary.ratios.unwrap().sharpe, None);
        assert_eq!(summary.attribution.unwrap().net(), Money(-4 * LOT_TICK));
    }

    #[test]
    fn an_idle_run_is_judged_without_inventing_numbers() {
        let summary = Summary::of(&fixture::record());
        assert_eq!((summary.end, summary.held, summary.net_bps), (None, None, None));
        assert_eq!((summary.drawdown, summary.inventory, summary.quoting), (None, None, None));
        assert_eq!(summary.judgements.map(|judgement| judgement.spread), [None; 3]);
    }
}
