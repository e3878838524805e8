//! Where a venue would liquidate a position: the mark at which the account is worth no more than its maintenance margin.
//!
//! One account margins all positions at a venue (cross margin). Let `E` be what it is worth and `M` its maintenance margin at
//! the mark `p₀`, both in the settlement asset, `q` the signed position in units of it per unit of price, `r` its own
//! maintenance rate; all else stays as it is. The venue liquidates where equity has fallen to maintenance.
//!
//! *Linear.* Equity moves by `q·(p − p₀)`, the position's maintenance by `r·|q|·(p − p₀)`:
//!
//! `E + q·(p − p₀) = M + r·|q|·(p − p₀)`, so `p = p₀ − (E − M) / (q − r·|q|)`.
//!
//! This is Binance's "liquidation price" of USD-margined futures in cross margin mode (its support pages, 2019 and later), for
//! one bracket without a cumulative amount.
//!
//! *Inverse.* The account is coin, and a position of face value `f` (signed) is worth `−f/p` of it, its maintenance `r·|f|/p`:
//!
//! `E + f/p₀ − f/p = M − r·|f|/p₀ + r·|f|/p`, so `1/p = 1/p₀ + (E − M) / (f + r·|f|)`.
//!
//! With `w = |f|·(1 ± r)`, plus for a long, this is `p = w·p₀ / (w ± (E − M)·p₀)`. A short whose divisor is not above zero holds
//! coin enough for any price.
//!
//! Prices are rounded towards the mark, so that the distance to them is never overstated.
//!
//! Never here: what an account is worth, a limit.

use ballast_model::{Contract, HalfTicks, InstrumentSpec, Lots, Money, PRICE_TICKS_MAX, Price, Rate};

use super::limits::{Account, Liquidation};
use crate::ledger::mul_div_floor;

/// One, as rates count.
const ONE: i128 = Rate::ONE.0 as i128;

/// The highest mark there can be.
const MARK_MAX: i128 = 2 * PRICE_TICKS_MAX as i128;

/// A position in an account, at a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Grid and contract.
    pub spec: InstrumentSpec,
    /// Signed.
    pub position: Lots,
    /// What it is valued at. Above zero.
    pub mark: HalfTicks,
    /// What one unit of the quote currency is worth in the account currency. Above zero.
    pub conversion: Rate,
    /// Share of the position's value that the venue asks for to keep it open. From zero to below one.
    pub maintenance: Rate,
}

impl Holding {
    /// An amount of the settlement asset in the account currency, coins at the mark: rounded down. `None` where it does not
    /// fit.
    #[must_use]
    pub fn worth(&self, amount: Money) -> Option<Money> {
        let quote = match self.spec.contract {
            Contract::Linear => amount.0,
            Contract::Inverse => mul_div_floor(amount.0, self.mark_mantissa(), self.mark_divisor())?,
        };
        mul_div_floor(quote, self.conversion.0.into(), ONE).map(Money)
    }

    /// The position's maintenance margin in the account currency: rounded up. `None` where it does not fit.
    #[must_use]
    pub fn maintenance(&self) -> Option<Money> {
        let lots = i128::from(self.position.0).abs();
        let unit = self.spec.notional(Price(1), Lots(1)).0;
        // Negative throughout: what is rounded down is rounded up as a magnitude.
        let debt = unit.checked_mul(lots)?.checked_neg()?;
        let debt = match self.spec.contract {
            Contract::Linear => mul_div_floor(debt, self.mark.0.into(), 2)?,
            Contract::Inverse => debt,
        };
        let debt = mul_div_floor(debt, self.conversion.0.into(), ONE)?;
        mul_div_floor(debt, self.maintenance.0.into(), ONE)?.checked_neg().map(Money)
    }

    /// The mark at which the account would be liquidated, if nothing but this mark moved. An account worth no more than its
    /// maintenance already is liquidated at the mark or on the far side of it. Unknown where the numbers do not fit.
    #[must_use]
    pub fn liquidation(&self, account: &Account) -> Liquidation {
        if self.position.is_zero() {
            return Liquidation::Never;
        }
        let free = account.equity.0.checked_sub(account.maintenance.0);
        let free = free.and_then(|free| self.in_settlement(free));
        let price = free.and_then(|free| match self.spec.contract {
            Contract::Linear => self.linear(free),
            Contract::Inverse => self.inverse(free),
        });
        price.unwrap_or(Liquidation::Unknown)
    }

    /// What is free in the account currency, in the settlement asset: rounded down.
    fn in_settlement(&self, free: i128) -> Option<i128> {
        let quote = mul_div_floor(free, ONE, self.conversion.0.into())?;
        match self.spec.contract {
            Contract::Linear => Some(quote),
            Contract::Inverse => mul_div_floor(quote, self.mark_divisor(), self.mark_mantissa()),
        }
    }

    fn linear(&self, free: i128) -> Option<Liquidation> {
        let unit = self.spec.notional(Price(1), Lots(1)).0;
        // A long's maintenance falls with its price, and a short's rises.
        let share = ONE - self.sign() * i128::from(self.maintenance.0);
        let slope = unit.checked_mul(i128::from(self.position.0).abs())?.checked_mul(share)?;
        let away = mul_div_floor(free, 2 * ONE, slope)?;
        let price = i128::from(self.mark.0).checked_sub(self.sign().checked_mul(away)?)?;
        Some(self.at(price))
    }

    fn inverse(&self, free: i128) -> Option<Liquidation> {
        // Coin in one lot at one tick.
        let unit = self.spec.value_floor(Price(1), Lots(1)).0;
        let lots = i128::from(self.position.0).abs();
        let share = ONE + self.sign() * i128::from(self.maintenance.0);
        // The weight at half a tick, negative and rounded down: a larger one brings the price nearer.
        let weight = mul_div_floor(unit.checked_mul(-2 * lots)?, share, ONE)?;
        let mark = i128::from(self.mark.0);
        let divisor = self.sign().checked_mul(free)?.checked_mul(mark)?.checked_sub(weight)?;
        if divisor <= 0 {
            // No price above zero: a short that any price leaves standing, or a long that none does.
            return Some(if self.sign() < 0 { Liquidation::Never } else { self.at(MARK_MAX) });
        }
        let price = if self.sign() > 0 {
            mul_div_floor(weight, mark, divisor)?.checked_neg()?
        } else {
            mul_div_floor(weight.checked_neg()?, mark, divisor)?
        };
        Some(self.at(price))
    }

    /// A price in half ticks that may be none: beyond the far end of all prices a position is never liquidated, beyond the near
    /// end at all of them.
    fn at(&self, price: i128) -> Liquidation {
        let never = if self.sign() > 0 { price <= 0 } else { price > MARK_MAX };
        let price = i64::try_from(price.clamp(1, MARK_MAX));
        match price {
            Ok(price) if !never => Liquidation::At(HalfTicks(price)),
            Ok(_) | Err(_) => Liquidation::Never,
        }
    }

    /// One for a long, minus one for a short.
    fn sign(&self) -> i128 {
        i128::from(self.position.0).signum()
    }

    /// The mark in the quote currency is this over [`Self::mark_divisor`].
    fn mark_mantissa(&self) -> i128 {
        i128::from(self.mark.0) * i128::from(self.spec.tick.mantissa)
    }

    fn mark_divisor(&self) -> i128 {
        2 * 10i128.pow(u32::from(self.spec.tick.scale))
    }
}

#[cfg(test)]
mod tests;
