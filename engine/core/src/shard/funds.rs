//! What spot orders of a shard are paid with: one account's balances, and what its orders hold of them.
//!
//! The portfolio's gate is told what is free before it is asked; what passes is held before it leaves. A hold follows what its
//! order may still take as the order manager has it, and stays while nobody knows what became of the order.
//!
//! Never here: a verdict on an order. The gate refuses; that nothing can be held is the last line behind it.

use alloc::vec::Vec;

use ballast_model::{
    BalanceUpdate, ClientOrderId, Digest, Fill, InstrumentId, InstrumentSpec, Lots, Money, NewOrder, Rate,
    SubAccountId,
};

use crate::balance::{BalanceError, BalancePart, Fate, HoldLedger, HoldRefusal};
use crate::gate::portfolio::{Funding, Funds, MemberSpec};
use crate::ledger::mul_div_floor;
use crate::oms::{Oms, Order, OrderState};

/// How the balances of a shard's spot instruments are held. The instruments are those whose [`MemberSpec::funding`] is
/// [`Funding::Spot`].
#[derive(Clone, Debug)]
pub struct HoldsSpec {
    /// Whose balances.
    pub account: SubAccountId,
    /// Share of a bid's value that is held for its fee: at least the highest rate it may be charged in quote. Within 0..=1.
    pub fee_allowance: Rate,
    /// Balances of which only a part is the shard's, because others spend of them too.
    pub parts: Vec<BalancePart>,
}

/// Balances and holds.
#[derive(Debug)]
pub(super) struct Purse {
    account: SubAccountId,
    fee_allowance: Rate,
    holds: HoldLedger,
    /// By instrument; `None` where its orders are not paid from balances.
    spot: Vec<Option<InstrumentSpec>>,
    /// An order was refused for want of money, and its lane has not been asked since.
    pub(super) wanted: bool,
}

/// Whether a balance was known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It is known for the first time.
    First,
    /// It was known.
    Again,
}

impl Purse {
    pub(super) fn new(spec: &HoldsSpec, members: &[MemberSpec]) -> Result<Self, BalanceError> {
        let spot = |member: &MemberSpec| (member.funding == Funding::Spot).then_some(member.spec);
        Ok(Self {
            account: spec.account,
            fee_allowance: spec.fee_allowance,
            holds: HoldLedger::new(spec.fee_allowance)?.with_parts(spec.parts.clone()),
            spot: members.iter().map(spot).collect(),
            wanted: false,
        })
    }

    pub(super) const fn holds(&self) -> &HoldLedger {
        &self.holds
    }

    pub(super) const fn holds_mut(&mut self) -> &mut HoldLedger {
        &mut self.holds
    }

    /// Whether an instrument's orders are paid from balances.
    pub(super) fn pays(&self, id: InstrumentId) -> bool {
        self.spot.get(id.index()).is_some_and(Option::is_some)
    }

    /// What a spot instrument's orders can be paid with: base in whole lots, quote with the fee set aside, both rounded down.
    /// `None` where a balance is not known.
    pub(super) fn funds(&self, id: InstrumentId) -> Option<Funds> {
        let spec = self.spot.get(id.index())?.as_ref()?;
        let base = self.holds.available(self.account, spec.base)?;
        let quote = self.holds.available(self.account, spec.quote)?;
        let lots = base.0.div_euclid(spec.lot_amount()?.0);
        let (one, fee) = (i128::from(Rate::ONE.0), i128::from(self.fee_allowance.0));
        Some(Funds {
            base: Lots(i64::try_from(lots).unwrap_or(i64::MAX)),
            quote: Money(mul_div_floor(quote.0, one, one + fee)?),
        })
    }

    /// Holds what an order that passed the gate needs, before it leaves.
    pub(super) fn hold(&mut self, order: &NewOrder) -> Result<(), HoldRefusal> {
        let Some(spec) = self.spot.get(order.instrument.index()).and_then(Option::as_ref) else {
            return Ok(());
        };
        self.holds.place(self.account, spec, order).map(|_| ())
    }

    /// Makes an order's hold what the order may still take, after news of it: nothing once it has ended and no fill of it is
    /// missing; all that remains while nobody knows. One that comes back to life holds again, whatever is left.
    pub(super) fn follow(
        &mut self,
        id: InstrumentId,
        oms: &Oms,
        client_id: ClientOrderId,
    ) -> Result<(), HoldRefusal> {
        let Some(spec) = self.spot.get(id.index()).and_then(Option::as_ref) else { return Ok(()) };
        let Some(order) = oms.order(client_id).filter(Order::is_open) else {
            self.holds.end(client_id);
            return Ok(());
        };
        let fate = if order.state == OrderState::Unknown { Fate::Unknown } else { Fate::Open };
        let (working, standing) = (order.working(), left_of(id, &order));
        match self.holds.recover(self.account, spec, &standing, fate) {
            Ok(_) => {}
            Err(HoldRefusal::Duplicate(_)) => {
                self.holds.set_fate(client_id, fate);
                self.holds.reduce(client_id, working);
            }
            Err(refusal) => return Err(refusal),
        }
        Ok(())
    }

    /// Books what a fill moves.
    pub(super) fn on_fill(&mut self, fill: &Fill) -> Result<(), BalanceError> {
        let Some(spec) = self.spot.get(fill.instrument.index()).and_then(Option::as_ref) else {
            return Ok(());
        };
        self.holds.on_fill(self.account, spec, fill)
    }

    /// Takes the venue's figures of a balance.
    pub(super) fn on_balance(&mut self, update: &BalanceUpdate) -> Result<News, BalanceError> {
        let known = self.holds.available(update.account, update.asset).is_some();
        self.holds.true_up(update.account, update.asset, update.free.money(), update.locked.money())?;
        Ok(if known { News::Again } else { News::First })
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.holds.digest(digest);
    }
}

/// What is left of an order, as one that is sent.
fn left_of(instrument: InstrumentId, order: &Order) -> NewOrder {
    NewOrder {
        instrument,
        client_id: order.client_id,
        side: order.side,
        price: order.price,
        lots: order.working(),
        tif: order.tif,
        reduce_only: order.reduce_only,
        expires_at: ballast_model::Nanos::MAX,
    }
}
