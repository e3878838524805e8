//! Inventory: how much was held and for how long.

use crate::record::InstrumentRecord;
use ballast_model::{Lots, Nanos};

/// What was held over a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inventory {
    /// Largest `|position|` after any fill or adjustment, or at any sample.
    pub max_abs: Lots,
    /// Position at the end.
    pub end: Lots,
    /// `|position|` averaged over time, in lots; `None` where no time passed.
    pub mean_abs: Option<f64>,
    /// Share of time with a position other than zero, in `0..=1`; `None` where no time passed.
    pub in_market: Option<f64>,
}

impl Inventory {
    /// Follows the position through fills and samples together, each value holding until the next; `None` where the
    /// record has neither. Exact between samples too, since every change of position is a fill or an adjustment.
    #[must_use]
    pub fn of(record: &InstrumentRecord) -> Option<Self> {
        let mut path = path(record).peekable();
        let (mut max_abs, mut end) = (Lots::ZERO, None);
        let (mut total, mut held, mut area) = (0i64, 0i64, 0i128);
        while let Some((time, position)) = path.next() {
            max_abs = max_abs.max(position.abs());
            end = Some(position);
            let span = path.peek().map_or(0, |(next, _)| (*next - time).0);
            total += span;
            held += if position.is_zero() { 0 } else { span };
            area += i128::from(span) * i128::from(position.0.abs());
        }
        let over_time = |amount: f64| (total > 0).then(|| amount / total as f64);
        Some(Self { max_abs, end: end?, mean_abs: over_time(area as f64), in_market: over_time(held as f64) })
    }
}

/// The position in time order. Where a fill or an adjustment and a sample share an instant the sample comes last: the account is sampled
/// after.
pub(crate) fn path(record: &InstrumentRecord) -> impl Iterator<Item = (Nanos, Lots)> + '_ {
    let mut booked = record.booked().map(|booked| (booked.time, booked.position_after)).peekable();
    let mut samples = record.samples.iter().map(|sample| (sample.time, sample.position)).peekable();
    std::iter::from_fn(move || match (booked.peek(), samples.peek()) {
        (Some(change), Some(sample)) if change.0 <= sample.0 => booked.next(),
        (_, Some(_)) => samples.next(),
        (_, None) => booked.next(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{adjustment, fill, record, sample};
    use crate::record::{Adjustment, FillRow, Sample};
    use ballast_model::Side;

    #[test]
    fn a_position_counts_for_as_long_as_it_is_held() {
        let mut record = record();
        record.samples = vec![sample(0), Sample { position: Lots(-2), ..sample(8) }, sample(10)];
        record.fills = vec![
            FillRow { position_after: Lots(3), ..fill(2, Side::Bid, 100, 3) },
            FillRow { position_after: Lots(-2), ..fill(4, Side::Ask, 100, 5) },
            FillRow { position_after: Lots(0), ..fill(10, Side::Bid, 100, 2) },
        ];
        // 0 for 2 s, 3 for 2 s, −2 for 6 s, 0 at the end: |area| 18 over 10 s, held 8 s
        let inventory = Inventory::of(&record).unwrap();
        assert_eq!((inventory.max_abs, inventory.end), (Lots(3), Lots(0)));
        assert!((inventory.mean_abs.unwrap() - 1.8).abs() < 1e-12);
        assert!((inventory.in_market.unwrap() - 0.8).abs() < 1e-12);
    }

    #[test]
    fn an_adjustment_changes_what_is_held() {
        let mut record = record();
        record.samples = vec![sample(0), sample(10)];
        record.adjustments = vec![
            Adjustment { position_after: Lots(6), ..adjustment(5, Side::Bid, 6, 0) },
            adjustment(10, Side::Ask, 6, 0),
        ];
        let inventory = Inventory::of(&record).unwrap();
        assert_eq!((inventory.max_abs, inventory.end), (Lots(6), Lots(0)));
        assert!((inventory.mean_abs.unwrap() - 3.0).abs() < 1e-12);
    }

    #[test]
    fn of_one_instant_the_account_has_the_last_word() {
        let mut record = record();
        record.samples = vec![Sample { position: Lots(5), ..sample(1) }];
        record.fills = vec![FillRow { position_after: Lots(3), ..fill(1, Side::Bid, 100, 3) }];
        assert_eq!(Inventory::of(&record).unwrap().end, Lots(5));
    }

    #[test]
    fn no_time_has_no_average() {
        let mut record = record();
        assert_eq!(Inventory::of(&record), None);
        record.samples = vec![Sample { position: Lots(-4), ..sample(0) }];
        let inventory = Inventory::of(&record).unwrap();
        assert_eq!((inventory.max_abs, inventory.mean_abs, inventory.in_market), (Lots(4), None, None));
    }
}
