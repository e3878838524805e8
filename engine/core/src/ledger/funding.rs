//! Funding of perpetuals: what it should be, and what the venue has moved.
//!
//! Never here: a payment worked out here and booked as if the venue had made it.

#[cfg(test)]
mod tests;

use ballast_model::{Contract, Digest, InstrumentSpec, Lots, Money, Rate, mutant};

use super::{Ledger, TURNOVER_MAX, Unbookable, digest_money, mul_div_floor};

/// Funding one ledger holds in each direction. With [`TURNOVER_MAX`] it keeps every sum within 128 bits.
const FUNDING_MAX: i128 = TURNOVER_MAX / 4;

/// Units of 10⁻⁸ in one whole, for the mark price and once more for the rate.
const E8_TWICE: i128 = 10i128.pow(16);

/// The funding a position (signed) is due at a mark price (10⁻⁸ of the quote currency, above zero) and a rate, in the
/// settlement asset; received > 0. A positive rate is paid by longs to shorts.
///
/// `−rate · value at the mark`, as venues of perpetual futures define it (Binance, "Introduction to Binance futures funding
/// rates": nominal value of the position times the rate): `−rate · size · mark` for linear, `−rate · size · face / mark` for
/// inverse. Rounded down once, against us. `None` where the mark is not above zero or the result does not fit.
#[must_use]
pub fn funding_due(spec: &InstrumentSpec, position: Lots, mark_e8: i64, rate: Rate) -> Option<Money> {
    let mark = Some(i128::from(mark_e8)).filter(|mark| *mark > 0)?;
    let amount = spec.lot_amount()?.0.checked_mul(i128::from(position.0))?;
    let rate = -i128::from(rate.0);
    match spec.contract {
        Contract::Linear => mul_div_floor(amount.checked_mul(rate)?, mark, E8_TWICE).map(Money),
        Contract::Inverse => mul_div_floor(amount, rate, mark).map(Money),
    }
}

/// Funding moved so far, each not below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FundingSums {
    received: Money,
    paid: Money,
}

impl FundingSums {
    pub(super) const NONE: Self = Self { received: Money::ZERO, paid: Money::ZERO };

    /// The sums of these two.
    pub(super) const fn of(received: Money, paid: Money) -> Self {
        Self { received, paid }
    }

    /// Received and paid.
    pub(super) const fn parts(self) -> (Money, Money) {
        (self.received, self.paid)
    }

    /// These sums and `other`'s; `None` where they leave their range.
    #[must_use]
    pub(super) fn with(self, other: Self) -> Option<Self> {
        let within =
            |one: Money, two: Money| one.0.checked_add(two.0).filter(|sum| *sum <= FUNDING_MAX).map(Money);
        Some(Self { received: within(self.received, other.received)?, paid: within(self.paid, other.paid)? })
    }

    pub(super) fn digest(self, digest: &mut Digest) {
        digest_money(self.received, digest);
        digest_money(self.paid, digest);
    }
}

impl Ledger {
    /// Books a funding payment as the venue made it, in the settlement asset: received > 0, paid < 0.
    ///
    /// # Errors
    /// [`Unbookable::Funding`] where the sums would leave their range; nothing is booked.
    pub fn on_funding(&mut self, payment: Money) -> Result<(), Unbookable> {
        let payment = if mutant::is("funding-lost") { Money::ZERO } else { payment };
        let magnitude = Money(payment.0.checked_abs().ok_or(Unbookable::Funding)?);
        let one = if payment > Money::ZERO {
            FundingSums { received: magnitude, paid: Money::ZERO }
        } else {
            FundingSums { received: Money::ZERO, paid: magnitude }
        };
        self.funding = self.funding.with(one).ok_or(Unbookable::Funding)?;
        Ok(())
    }

    /// Funding received less funding paid, in the settlement asset.
    #[must_use]
    pub fn funding(&self) -> Money {
        self.funding.received - self.funding.paid
    }

    /// Funding received, not below zero.
    #[must_use]
    pub const fn funding_received(&self) -> Money {
        self.funding.received
    }

    /// Funding paid, not below zero.
    #[must_use]
    pub const fn funding_paid(&self) -> Money {
        self.funding.paid
    }
}
