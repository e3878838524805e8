//! Execution: what became of the orders that were sent, and from where in the queue they traded.
//!
//! Order-to-trade ratio: messages over fills, less one, as Regulation (EU) 2017/566 (RTS 9), articles 1 and 3, counts it:
//! each submission, amendment and cancellation is one message, each fill one transaction. In volume: size asked for over
//! size traded, less one. A venue's annex may weigh messages differently.

use crate::estimate::Estimate;
use crate::record::{FillRow, InstrumentRecord, Place, Requests};
use ballast_model::Lots;

/// What became of the orders of one instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Execution {
    /// What was sent.
    pub requests: Requests,
    /// Orders that traded, at least in part.
    pub orders_filled: usize,
    /// Orders that traded over orders sent, in `0..=1`; `None` where none was sent.
    pub fill_ratio: Option<f64>,
    /// Size traded over size first asked for; above one only where amendments made orders larger. `None` where nothing
    /// was asked for.
    pub fill_ratio_by_size: Option<f64>,
    /// Messages over fills, less one; `None` without a fill.
    pub order_to_trade: Option<f64>,
    /// Size asked for over size traded, less one; `None` without a fill.
    pub order_to_trade_by_size: Option<f64>,
    /// From where in the queue; `None` where the venue told of no fill.
    pub queue: Option<Queue>,
}

/// Where filled orders stood in their queues. Of fills whose places are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// Others' lots ahead when the order joined.
    pub joined: Estimate,
    /// Others' lots ahead just before the event that filled it.
    pub ahead: Estimate,
    /// Share of fills with nobody ahead by then, in `0..=1`.
    pub front: f64,
}

impl Execution {
    /// Judges the orders of an instrument.
    #[must_use]
    pub fn of(record: &InstrumentRecord) -> Self {
        let Requests { orders, lots, amendments, cancels } = record.requests;
        let mut ids: Vec<_> = record.fills.iter().map(|fill| fill.client_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let over = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let traded = record.fills.iter().map(|fill| i128::from(fill.lots.0)).sum::<i128>() as f64;
        let (asked, sent) = (lots.0 as f64, orders as f64);
        let messages = (orders + amendments + cancels) as f64;
        Self {
            requests: record.requests,
            orders_filled: ids.len(),
            fill_ratio: over(ids.len() as f64, sent),
            fill_ratio_by_size: over(traded, asked),
            order_to_trade: over(messages, record.fills.len() as f64).map(|ratio| ratio - 1.0),
            order_to_trade_by_size: over(asked, traded).map(|ratio| ratio - 1.0),
            queue: Queue::of(&record.fills),
        }
    }
}

impl Queue {
    fn of(fills: &[FillRow]) -> Option<Self> {
        let known = || {
            let places = fills.iter().filter_map(|fill| fill.place);
            places.filter_map(|Place { joined, ahead, .. }| Some((joined?, ahead?)))
        };
        let lots = |lots: Lots| lots.0 as f64;
        let ahead = Estimate::of(known().map(|(_, ahead)| lots(ahead)))?;
        Some(Self {
            joined: Estimate::of(known().map(|(joined, _)| lots(joined)))?,
            front: known().filter(|(_, ahead)| ahead.is_zero()).count() as f64 / ahead.count as f64,
            ahead,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{fill, record};
    use ballast_model::{ClientOrderId, Side};

    fn filled(order: u64, lots: i64, place: Option<(Option<i64>, Option<i64>)>) -> FillRow {
        let place =
            place.map(|(joined, ahead)| Place { level: 0, joined: joined.map(Lots), ahead: ahead.map(Lots) });
        FillRow { client_id: ClientOrderId(order), place, ..fill(0, Side::Bid, 100, lots) }
    }

    #[test]
    fn by_hand() {
        let requests = Requests { orders: 8, lots: Lots(40), amendments: 2, cancels: 5 };
        let fills = vec![
            filled(1, 4, Some((Some(30), Some(6)))),
            filled(1, 1, Some((Some(30), Some(0)))),
            filled(2, 5, None),
            filled(3, 2, Some((None, Some(4)))),
            filled(3, 3, Some((Some(0), Some(0)))),
        ];
        let execution = Execution::of(&InstrumentRecord { requests, fills, ..record() });
        assert_eq!(execution.orders_filled, 3);
        assert_eq!((execution.fill_ratio, execution.fill_ratio_by_size), (Some(0.375), Some(0.375)));
        assert_eq!(execution.order_to_trade, Some(2.0), "15 messages for 5 fills");
        assert!((execution.order_to_trade_by_size.unwrap() - 5.0 / 3.0).abs() < 1e-12);
        let queue = execution.queue.unwrap();
        assert_eq!((queue.joined.count, queue.joined.mean, queue.ahead.mean), (3, 20.0, 2.0));
        assert!((queue.front - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_sent_has_no_ratio() {
        let execution = Execution::of(&record());
        assert_eq!((execution.fill_ratio, execution.order_to_trade, execution.queue), (None, None, None));
        let requests = Requests { orders: 3, lots: Lots(9), ..Requests::default() };
        let unfilled = Execution::of(&InstrumentRecord { requests, ..record() });
        assert_eq!((unfilled.fill_ratio, unfilled.order_to_trade_by_size), (Some(0.0), None));
    }
}
