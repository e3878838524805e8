//! Positions that move between ledgers of one instrument with the basis they stand at.
//!
//! A parcel carries its basis: the flows of both ledgers together are the same before and after, to the last unit. Where it
//! meets a position the other way the ledger that takes it closes, and realises what that earns.
//!
//! Never here: a fill, a fee, turnover. A parcel is no trade.

use ballast_model::{Lots, Money, Side};

use super::{Ledger, TURNOVER_MAX, Unbookable, mul_div_floor, share_ceil};

/// Part of a position and its basis, both signed as in the ledger it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub(crate) position: Lots,
    pub(crate) basis: Money,
}

impl Ledger {
    /// Takes `lots` (above zero) out of the position with their share of the basis; what does not divide leaves with them only
    /// when all leave. `None` where the position is smaller.
    #[must_use]
    pub(crate) fn take(&mut self, lots: Lots) -> Option<Parcel> {
        let whole = self.position.abs();
        if lots <= Lots::ZERO || lots > whole {
            return None;
        }
        let side = if self.position > Lots::ZERO { Side::Bid } else { Side::Ask };
        let parcel = Parcel { position: lots.signed(side), basis: share_ceil(self.basis, lots, whole) };
        self.position -= parcel.position;
        self.basis -= parcel.basis;
        Some(parcel)
    }

    /// Takes a parcel in. Leaves the ledger undefined where it fails: meant for a copy that is then dropped.
    pub(crate) fn put(&mut self, parcel: Parcel) -> Result<(), Unbookable> {
        if parcel.position == Lots::ZERO {
            return Ok(());
        }
        let held = |money: Money| money.0.unsigned_abs() <= TURNOVER_MAX.unsigned_abs();
        let position = self.position + parcel.position;
        if position.abs() > self.position_max {
            return Err(Unbookable::Position);
        }
        if !held(parcel.basis) || !held(self.basis) {
            return Err(Unbookable::Turnover);
        }
        let side = if parcel.position > Lots::ZERO { Side::Bid } else { Side::Ask };
        let lots = parcel.position.abs();
        let closed = self.closed_by(side, lots);
        // The parcel costs its basis. The closing part is rounded down: against the profit it realises.
        let flow = -parcel.basis;
        let closing = mul_div_floor(flow.0, i128::from(closed.0), i128::from(lots.0));
        self.settle(closed, Money(closing.ok_or(Unbookable::Turnover)?), flow);
        self.position = position;
        if held(self.basis) && held(self.realised) { Ok(()) } else { Err(Unbookable::Turnover) }
    }

    /// Takes over all that `other`, of the same instrument, holds and has been through. Leaves the ledger undefined where it
    /// fails: meant for a copy that is then dropped.
    pub(crate) fn absorb(&mut self, other: &Self) -> Result<(), Unbookable> {
        self.put(Parcel { position: other.position, basis: other.basis })?;
        let add = |one: Money, two: Money| {
            one.0.checked_add(two.0).filter(|sum| sum.abs() <= TURNOVER_MAX).map(Money)
        };
        let lots = |one: Lots, two: Lots| one.0.checked_add(two.0).map(Lots);
        self.realised = add(self.realised, other.realised).ok_or(Unbookable::Turnover)?;
        self.turnover = add(self.turnover, other.turnover).ok_or(Unbookable::Turnover)?;
        self.bought = lots(self.bought, other.bought).ok_or(Unbookable::Turnover)?;
        self.sold = lots(self.sold, other.sold).ok_or(Unbookable::Turnover)?;
        self.rounding_max += other.rounding_max;
        self.fills_maker += other.fills_maker;
        self.fills_taker += other.fills_taker;
        self.funding = self.funding.with(other.funding).ok_or(Unbookable::Funding)?;
        for line in other.fees.lines() {
            self.fees.add_line(line).ok_or(Unbookable::FeeAssets)?;
        }
        Ok(())
    }
}
