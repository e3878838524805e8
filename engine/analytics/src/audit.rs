//! Audit: the account recomputed from the fills, and what was booked by hand between them, alone.
//!
//! Fills and samples come from different hands (the exchange's trades, the ledger's books). Whoever reads a report
//! should see that they tell the same story, so the position, the fees and the gross profit are derived a second time,
//! by another road, and the differences are shown.

use crate::record::InstrumentRecord;
use ballast_model::{Contract, Lots, Money, Side};

/// What the samples claim beyond what the fills explain; all zero where both agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Position of the last sample minus the sum of signed fills and adjustments and the position before the first.
    pub position: Lots,
    /// Fees minus rebates of the last sample, minus the fees of the fills.
    pub fees: Money,
    /// Gross profit of the last sample minus cash flows and the open position at the last midpoint; `None` where the
    /// record starts with a position, whose cost it does not know.
    pub gross: Option<Money>,
    /// Fills and adjustments whose `position_after` does not follow from the one before.
    pub breaks: usize,
    /// Rounding a correct gross profit may differ by: 10⁻¹⁸ for each fill or adjustment and each end of the open position.
    pub rounding: Money,
}

impl Audit {
    /// Compares the last sample with the fills; `None` without samples.
    #[must_use]
    pub fn of(record: &InstrumentRecord) -> Option<Self> {
        let last = record.samples.last()?;
        let first = record.booked().next();
        let start = first.map_or(last.position, |first| first.position_after - first.lots.signed(first.side));
        let (mut position, mut breaks) = (start, 0);
        let (mut paid, mut fees) = (Money::ZERO, Money::ZERO);
        for fill in record.booked() {
            position += fill.lots.signed(fill.side);
            breaks += usize::from(position != fill.position_after);
            fees += fill.fee;
            paid += against(record.spec.value_floor(fill.price, fill.lots), fill.side);
        }
        let holder = if position < Lots::ZERO { Side::Ask } else { Side::Bid };
        let open = against(record.spec.value_at_mid_floor(last.mid, position.abs()), holder);
        let gained = match record.spec.contract {
            Contract::Linear => open - paid,
            Contract::Inverse => paid - open,
        };
        Some(Self {
            position: last.position - position,
            fees: last.fees - last.rebates - fees,
            gross: start.is_zero().then(|| last.gross - gained),
            breaks,
            rounding: Money(i128::try_from(record.booked().count()).unwrap_or(i128::MAX - 2) + 2),
        })
    }

    /// True where fills and samples tell the same story.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.position.is_zero()
            && self.fees == Money::ZERO
            && self.gross.is_none_or(|difference| difference.abs() <= self.rounding)
            && self.breaks == 0
    }
}

/// A value with the sign of the side that holds it: bought > 0, sold < 0.
fn against(value: Money, side: Side) -> Money {
    match side {
        Side::Bid => value,
        Side::Ask => -value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, LOT_TICK, fill, record, sample};
    use crate::record::{FillRow, Sample};
    use ballast_model::HalfTicks;

    /// Buys 3 at 100, sells 5 at 102; short 2 at a midpoint of 101.5: gross 5·102 − 3·100 − 2·101.5 = 7 lot ticks.
    fn consistent() -> InstrumentRecord {
        let mut record = record();
        record.fills = vec![
            FillRow { fee: Money(4), position_after: Lots(3), ..fill(1, Side::Bid, 100, 3) },
            FillRow { fee: Money(-9), position_after: Lots(-2), ..fill(2, Side::Ask, 102, 5) },
        ];
        let end = Sample {
            mid: HalfTicks(203),
            position: Lots(-2),
            gross: Money(7 * LOT_TICK),
            fees: Money(4),
            rebates: Money(9),
            ..sample(3)
        };
        record.samples = vec![sample(0), end];
        record
    }

    #[test]
    fn a_true_account_agrees() {
        let audit = Audit::of(&consistent()).unwrap();
        assert_eq!(
            audit,
            Audit {
                position: Lots::ZERO,
                fees: Money::ZERO,
                gross: Some(Money::ZERO),
                breaks: 0,
                rounding: Money(4)
            }
        );
        assert!(audit.agrees());
    }

    #[test]
    fn each_untruth_is_found() {
        let altered = |change: &dyn Fn(&mut InstrumentRecord)| {
            let mut record = consistent();
            change(&mut record);
            Audit::of(&record).unwrap()
        };
        let lost_fill = altered(&|record| record.fills.truncate(1));
        assert_eq!((lost_fill.position, lost_fill.agrees()), (Lots(-5), false));
        let fee = altered(&|record| record.samples[1].fees = Money(5));
        assert_eq!((fee.fees, fee.agrees()), (Money(1), false));
        let gross = altered(&|record| record.samples[1].gross += Money(5));
        assert_eq!((gross.gross, gross.agrees()), (Some(Money(5)), false));
        let broken = altered(&|record| record.fills[1].position_after = Lots(2));
        assert_eq!((broken.breaks, broken.agrees()), (1, false));
    }

    #[test]
    fn what_was_booked_by_hand_is_in_the_account() {
        let mut record = consistent();
        // 2 more bought at 100 close the short that is left: 1.5 ticks each below the midpoint it stood at.
        record.adjustments = vec![fixture::adjustment(3, Side::Bid, 2, 2)];
        record.samples[1].position = Lots(0);
        record.samples[1].gross = Money(10 * LOT_TICK);
        assert!(Audit::of(&record).unwrap().agrees(), "{:?}", Audit::of(&record));
        record.adjustments.clear();
        assert!(!Audit::of(&record).unwrap().agrees());
    }

    #[test]
    fn a_position_from_before_leaves_gross_unknown() {
        let mut record = consistent();
        for fill in &mut record.fills {
            fill.position_after += Lots(10);
        }
        record.samples[1].position += Lots(10);
        let audit = Audit::of(&record).unwrap();
        assert_eq!((audit.gross, audit.agrees()), (None, true));
    }

    #[test]
    fn inverse_profit_is_counted_in_coin() {
        let mut record = record();
        record.spec = fixture::spec(Contract::Inverse);
        record.fills = vec![FillRow { position_after: Lots(1), ..fill(1, Side::Bid, 100, 1) }];
        // 100 / 10 − 100 / 12.5 = 2 coins
        let end =
            Sample { mid: HalfTicks(250), position: Lots(1), gross: Money(2 * Money::ONE.0), ..sample(2) };
        record.samples = vec![sample(0), end];
        assert!(Audit::of(&record).unwrap().agrees());
    }

    #[test]
    fn no_samples_leave_nothing_to_audit() {
        assert_eq!(Audit::of(&record()), None);
    }
}
