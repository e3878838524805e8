//! What an account holds and has open, and the money its trades move.
//!
//! The value at which a position was entered is kept, not an average price: nothing is rounded but the share of it that a
//! partial close releases, and what that rounds away stays in the position. So a trade moves exactly its value between
//! two claims ([`Holding::claim`]), and claims, fund and fees always add up to what was paid in.
//!
//! Never here: a margin requirement.

use ballast_model::{Contract, Digest, InstrumentSpec, Lots, Money, Price, Rate, Side};

use crate::spec::FeeSchedule;

/// An account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holding {
    /// Long > 0.
    pub(super) position: Lots,
    /// What is left of its open orders, by side.
    pub(super) open: [Lots; 2],
    /// Number of its open and waiting orders.
    pub(super) orders: u32,
    /// What it pays for trading.
    pub(super) fees: FeeSchedule,
    /// Fees paid, rebates deducted, 10⁻⁸ of the settlement currency.
    pub(super) fees_e8: i128,
    /// Collateral.
    pub(super) wallet: Money,
    /// Value at which the position was entered, not negative; zero where there are no margin rules.
    pub(super) entry: Money,
}

impl Holding {
    pub(super) const fn new(fees: FeeSchedule) -> Self {
        Self {
            position: Lots::ZERO,
            open: [Lots::ZERO; 2],
            orders: 0,
            fees,
            fees_e8: 0,
            wallet: Money::ZERO,
            entry: Money::ZERO,
        }
    }

    /// What is open on a side.
    #[inline]
    pub(super) const fn open(&self, side: Side) -> Lots {
        let [bids, asks] = self.open;
        match side {
            Side::Bid => bids,
            Side::Ask => asks,
        }
    }

    #[inline]
    pub(super) const fn open_mut(&mut self, side: Side) -> &mut Lots {
        let [bids, asks] = &mut self.open;
        match side {
            Side::Bid => bids,
            Side::Ask => asks,
        }
    }

    /// Books a trade on the account's side: the position, what is realised, the entry value of what is opened.
    pub(super) fn trade(
        &mut self,
        instrument: &InstrumentSpec,
        side: Side,
        price: Price,
        lots: Lots,
        value: Money,
    ) {
        let held = self.position.abs();
        let reduces = self.position.signed(side) < Lots::ZERO;
        let closed = if reduces { lots.min(held) } else { Lots::ZERO };
        if !closed.is_zero() {
            let closing = if closed == lots { value } else { instrument.value_floor(price, closed) };
            let released = if closed == held { self.entry } else { self.share(closed, held) };
            // A long position closes on the ask side.
            let gain = (closing.0 - released.0) * sign(instrument.contract) * i128::from(-side.sign());
            self.wallet += Money(gain);
            self.entry -= released;
            self.entry += value - closing;
        } else {
            self.entry += value;
        }
        self.position += lots.signed(side);
    }

    /// The entry value of a part of the position, rounded down.
    fn share(&self, part: Lots, whole: Lots) -> Money {
        let (part, whole) = (i128::from(part.0), i128::from(whole.0));
        // Divided first: the product of value and size may not fit, that of a remainder and a size does.
        Money(self.entry.0 / whole * part + self.entry.0 % whole * part / whole)
    }

    /// Profit of the open position at a price.
    pub(super) fn unrealised(&self, instrument: &InstrumentSpec, mark: Price) -> Money {
        let value = instrument.value_floor(mark, self.position.abs());
        let sign = sign(instrument.contract) * i128::from(self.position.0.signum());
        Money((value.0 - self.entry.0) * sign)
    }

    /// What the account would have had of the others, were its position closed for nothing: what a trade moves exactly its
    /// value of.
    pub(super) fn claim(&self, contract: Contract) -> Money {
        Money(self.wallet.0 - self.entry.0 * sign(contract) * i128::from(self.position.0.signum()))
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.signed(self.position.0);
        digest.signed(self.fees.maker.0);
        digest.signed(self.fees.taker.0);
        for number in [self.fees_e8, self.wallet.0, self.entry.0] {
            digest.bytes(&number.to_le_bytes());
        }
    }
}

/// +1 where a long position gains with its value, −1 for inverse contracts, whose value in coin falls as the price rises.
pub(super) const fn sign(contract: Contract) -> i128 {
    match contract {
        Contract::Linear => 1,
        Contract::Inverse => -1,
    }
}

/// An amount of 10⁻⁸.
pub(super) const fn e8(amount: i128) -> Money {
    Money(amount * 10i128.pow(10))
}

/// A share of an amount that is not negative, rounded down; the product itself need not fit.
pub(super) const fn share_of(amount: Money, rate: Rate) -> Money {
    let (one, rate) = (Rate::ONE.0 as i128, rate.0 as i128);
    Money(amount.0 / one * rate + amount.0 % one * rate / one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_down_once() {
        let fees = FeeSchedule { maker: Rate(0), taker: Rate(0) };
        let holding = Holding { entry: Money(11), ..Holding::new(fees) };
        assert_eq!(holding.share(Lots(2), Lots(3)), Money(7));
        assert_eq!(share_of(Money(199_999_999), Rate(50_000_001)), Money(100_000_001));
        let vast = Holding { entry: Money(i128::MAX / 2), ..holding };
        assert_eq!(vast.share(Lots(1 << 55), Lots(1 << 56)), Money(i128::MAX / 4));
    }
}
