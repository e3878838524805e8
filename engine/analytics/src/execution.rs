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
    /// Judges the orders of several instruments by their number: sizes of different instruments do not add up, nor do
    /// their queues.
    #[must_use]
    pub fn together<'a>(records: impl Iterator<Item = &'a InstrumentRecord>) -> Self {
        let (mut requests, mut orders_filled, mut fills) = (Requests::default(), 0, 0);
        for record in records {
            requests.orders += record.requests.orders;
            requests.amendments += record.requests.amendments;
            requests.cancels += record.requests.cancels;
            orders_filled += orders_of(&record.fills);
            fills += record.fills.len();
        }
        Self {
            requests,
            orders_filled,
            fill_ratio: over(orders_filled as f64, requests.orders as f64),
            fill_ratio_by_size: None,
            order_to_trade: over(messages(&requests), fills as f64).map(|ratio| ratio - 1.0),
            order_to_trade_by_size: None,
            queue: None,
        }
    }

    /// Judges the orders of an instrument.
    #[must_use]
    pub fn of(record: &InstrumentRecord) -> Self {
        let requests = record.requests;
        let orders_filled = orders_of(&record.fills);
        let traded = record.fills.iter().map(|fill| i128::from(fill.lots.0)).sum::<i128>() as f64;
        let asked = requests.lots.0 as f64;
        Self {
            requests,
            orders_filled,
            fill_ratio: over(orders_filled as f64, requests.orders as f64),
            fill_ratio_by_size: over(traded, asked),
            order_to_trade: over(messages(&requests), record.fills.len() as f64).map(|ratio| ratio - 1.0),
            order_to_trade_by_size: over(asked, traded).map(|ratio| ratio - 1.0),
            queue: Queue::of(&record.fills),
        }
    }
}

/// Number of orders that have these fills.
fn orders_of(fills: &[FillRow]) -> usize {
    let mut ids: Vec<_> = fills.iter().map(|fill| fill.client_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}

/// Number of messages sent.
fn messages(requests: &Requests) -> f64 {
    (requests.orders + requests.amendments + requests.cancels) as f64
}

fn over(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
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
    fn instruments_are_counted_together_and_their_sizes_are_not() {
        let requests = Requests { orders: 3, lots: Lots(9), amendments: 1, cancels: 2 };
        let one =
            InstrumentRecord { requests, fills: vec![filled(1, 4, None), filled(1, 4, None)], ..record() };
        let two = InstrumentRecord { requests, fills: vec![filled(1, 5, None)], ..record() };
        let both = Execution::together([&one, &two].into_iter());
        assert_eq!((both.requests.orders, both.orders_filled), (6, 2), "ids are those of an instrument");
        assert!((both.fill_ratio.unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(both.order_to_trade, Some(3.0), "12 messages for 3 fills");
        assert_eq!((both.fill_ratio_by_size, both.queue), (None, None));
        assert_eq!(Execution::together(std::iter::empty()).fill_ratio, None);
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
