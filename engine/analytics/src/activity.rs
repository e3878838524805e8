//! Activity: what traded, how often, and what it cost.

use crate::record::FillRow;
use ballast_model::{FillReason, InstrumentSpec, Liquidity, Lots, Money, Side};

/// Totals over the fills of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Number of fills.
    pub fills: usize,
    /// Fills that bought.
    pub buys: usize,
    /// Fills that sold.
    pub sells: usize,
    /// Fills of resting orders.
    pub makers: usize,
    /// Fills of orders that took.
    pub takers: usize,
    /// Fills by reason; every reason is listed once.
    pub reasons: [(FillReason, usize); 7],
    /// Size bought.
    pub bought: Lots,
    /// Size sold.
    pub sold: Lots,
    /// Value traded, both sides, in the settlement currency: exact for linear contracts, each fill rounded down to
    /// 10⁻¹⁸ for inverse ones.
    pub turnover: Money,
    /// Fees of the fills minus their rebates, in the settlement currency: cost > 0.
    pub fees: Money,
}

impl Activity {
    /// Totals of `fills`; all zero for none.
    #[must_use]
    pub fn of(spec: &InstrumentSpec, fills: &[FillRow]) -> Self {
        let reasons = [
            FillReason::QueueExhausted,
            FillReason::TradeThrough,
            FillReason::BookCross,
            FillReason::Took,
            FillReason::Venue,
            FillReason::Liquidation,
            FillReason::AutoDeleveraging,
        ];
        let count = |wanted: &dyn Fn(&FillRow) -> bool| fills.iter().filter(|fill| wanted(fill)).count();
        let size = |side: Side| {
            fills.iter().filter(|fill| fill.side == side).fold(Lots::ZERO, |sum, fill| sum + fill.lots)
        };
        Self {
            fills: fills.len(),
            buys: count(&|fill| fill.side == Side::Bid),
            sells: count(&|fill| fill.side == Side::Ask),
            makers: count(&|fill| fill.liquidity == Liquidity::Maker),
            takers: count(&|fill| fill.liquidity == Liquidity::Taker),
            reasons: reasons.map(|reason| (reason, count(&|fill| fill.reason == reason))),
            bought: size(Side::Bid),
            sold: size(Side::Ask),
            turnover: fills.iter().map(|fill| spec.value_floor(fill.price, fill.lots)).sum(),
            fees: fills.iter().map(|fill| fill.fee).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, LOT_TICK, fill};
    use ballast_model::Contract;

    #[test]
    fn totals_by_hand() {
        let spec = fixture::spec(Contract::Linear);
        let took = FillRow {
            liquidity: Liquidity::Taker,
            reason: FillReason::Took,
            fee: Money(9),
            ..fill(1, Side::Ask, 101, 2)
        };
        let made = FillRow { fee: Money(-4), ..fill(0, Side::Bid, 100, 3) };
        let activity = Activity::of(&spec, &[made, took, made]);
        assert_eq!((activity.fills, activity.buys, activity.sells), (3, 2, 1));
        assert_eq!((activity.makers, activity.takers), (2, 1));
        assert_eq!((activity.bought, activity.sold), (Lots(6), Lots(2)));
        assert_eq!(activity.turnover, Money(802 * LOT_TICK));
        assert_eq!(activity.fees, Money(1));
        assert_eq!(activity.reasons.iter().map(|(_, count)| count).sum::<usize>(), 3);
        assert!(activity.reasons.contains(&(FillReason::QueueExhausted, 2)));
    }

    #[test]
    fn no_fills_make_no_totals() {
        let activity = Activity::of(&fixture::spec(Contract::Linear), &[]);
        assert_eq!((activity.fills, activity.turnover, activity.fees), (0, Money::ZERO, Money::ZERO));
    }
}
