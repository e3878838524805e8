//! Exact money.

use core::iter::Sum;
use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// An exact amount of one currency in units of 10⁻¹⁸; which currency is said where it is stored. Received > 0, paid < 0.
///
/// Tick times lot of every supported instrument is a whole number of units ([`crate::InstrumentSpec::new`] checks), so
/// notionals and cash flows of linear instruments carry no rounding at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(pub i128);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Decimal digits behind the point.
    pub const SCALE: u32 = 18;
    /// Units in one whole currency unit.
    pub const ONE: Self = Self(10i128.pow(Self::SCALE));

    /// This amount in whole currency units, rounded to the nearest float; for models and reports only.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "leaves exact arithmetic on purpose")]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::ONE.0 as f64
    }

    /// An amount given in units of 10⁻⁸, the precision venues report fees in.
    #[must_use]
    pub const fn from_e8(amount: i64) -> Self {
        Self(amount as i128 * 10i128.pow(10))
    }

    /// Magnitude.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }
}

/// [`Money`] as bytes, for event slots: a 128-bit number would align every slot to sixteen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackedMoney([u8; 16]);

impl PackedMoney {
    /// Packs an amount; every amount fits.
    #[must_use]
    pub const fn new(money: Money) -> Self {
        Self(money.0.to_le_bytes())
    }

    /// The amount.
    #[must_use]
    pub const fn money(self) -> Money {
        Money(i128::from_le_bytes(self.0))
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// A signed fraction in units of 10⁻⁸ (one basis point is 10 000): fee rates, funding rates, shares. A fee rate above
/// zero costs, below zero it is a rebate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub i64);

impl Rate {
    /// The whole: a share of one.
    pub const ONE: Self = Self(100_000_000);

    /// A rate in basis points (hundredths of a percent).
    #[must_use]
    pub const fn from_bps(bps: i64) -> Self {
        Self(bps * 10_000)
    }

    /// `amount` times this rate as a fee in units of 10⁻⁸ of its currency, rounded up: a cost is never understated and a
    /// rebate never overstated. `None` where the result leaves 64 bits.
    #[must_use]
    pub fn fee_e8(self, amount: Money) -> Option<i64> {
        const UNITS: i128 = 10i128.pow(18);
        let product = amount.0.checked_mul(i128::from(self.0))?;
        // Division rounds towards zero, which is up for a rebate already.
        let towards_zero = product / UNITS;
        i64::try_from(towards_zero + i128::from(product > towards_zero * UNITS)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_loses_nothing() {
        for units in [0, 1, -1, i128::MAX, i128::MIN, -123_456_789_012_345_678_901] {
            assert_eq!(PackedMoney::new(Money(units)).money(), Money(units));
        }
        assert_eq!(align_of::<PackedMoney>(), 1);
    }

    #[test]
    fn fees_round_against_us() {
        let notional = Money(2_681_620_000_000_000_000); // 2.68162
        assert_eq!(Rate::from_bps(2).fee_e8(notional), Some(53_633)); // 0.000536324 -> 0.00053633
        assert_eq!(Rate(-5_000).fee_e8(notional), Some(-13_408)); // -0.00013408.1 -> -0.00013408
        assert_eq!(Rate::ONE.fee_e8(Money(i128::MAX)), None);
    }
}
