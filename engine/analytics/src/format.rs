//! Exact decimals: ticks, lots and money as people write them, without a float on the way.

use ballast_model::{HalfTicks, InstrumentSpec, Lots, Money, Price};
use core::fmt;

/// An exact decimal number, `units · 10^-scale`. Displays with all its `scale` digits; `{:#}` drops trailing zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// The number without its point.
    pub units: i128,
    /// Digits behind the point, at most 38.
    pub scale: u32,
}

impl Decimal {
    /// Largest number of digits behind the point.
    pub const SCALE_MAX: u32 = 38;

    /// The same number with `scale` digits behind the point; `None` where digits would be lost or the number grows too
    /// large.
    #[must_use]
    pub fn rescaled(self, scale: u32) -> Option<Self> {
        let units = match scale.checked_sub(self.scale) {
            Some(more) => self.units.checked_mul(10i128.checked_pow(more)?)?,
            None => {
                let power = 10i128.checked_pow(self.scale - scale)?;
                if self.units % power != 0 {
                    return None;
                }
                self.units / power
            }
        };
        Some(Self { units, scale })
    }

    /// The nearest number with at most `scale` digits behind the point, halves away from zero: for reading, not for
    /// reckoning.
    #[must_use]
    pub const fn rounded(self, scale: u32) -> Self {
        if scale >= self.scale {
            return self;
        }
        let power = 10i128.pow(self.scale - scale);
        let half = (power / 2) * self.units.signum();
        Self { units: (self.units + half) / power, scale }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut units, mut scale) = (self.units.unsigned_abs(), self.scale.min(Self::SCALE_MAX));
        while f.alternate() && scale > 0 && units.is_multiple_of(10) {
            units /= 10;
            scale -= 1;
        }
        let power = 10u128.pow(scale);
        let sign = if self.units < 0 { "-" } else { "" };
        if scale == 0 {
            return write!(f, "{sign}{units}");
        }
        let width = usize::try_from(scale).map_err(|_| fmt::Error)?;
        write!(f, "{sign}{}.{:0width$}", units / power, units % power)
    }
}

/// A price in quote currency, with the digits of the tick.
#[must_use]
pub const fn price(spec: &InstrumentSpec, price: Price) -> Decimal {
    Decimal { units: price.0 as i128 * spec.tick.mantissa as i128, scale: spec.tick.scale as u32 }
}

/// A midpoint in quote currency, with one digit more than the tick.
#[must_use]
pub const fn mid(spec: &InstrumentSpec, mid: HalfTicks) -> Decimal {
    Decimal { units: mid.0 as i128 * spec.tick.mantissa as i128 * 5, scale: spec.tick.scale as u32 + 1 }
}

/// A size or a position in units of size (base coin or contracts), with the digits of the lot.
#[must_use]
pub const fn lots(spec: &InstrumentSpec, lots: Lots) -> Decimal {
    Decimal { units: lots.0 as i128 * spec.lot.mantissa as i128, scale: spec.lot.scale as u32 }
}

/// An amount of money, with all its eighteen digits.
#[must_use]
pub const fn money(amount: Money) -> Decimal {
    Decimal { units: amount.0, scale: Money::SCALE }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use ballast_model::{Contract, Step};
    use proptest::prelude::*;

    #[test]
    fn grid_numbers_print_as_venues_write_them() {
        let spec = fixture::spec(Contract::Linear);
        assert_eq!(price(&spec, Price(26_816)).to_string(), "2681.6");
        assert_eq!(mid(&spec, HalfTicks(53_633)).to_string(), "2681.65");
        assert_eq!(lots(&spec, Lots(-7)).to_string(), "-0.07");
        let coarse = InstrumentSpec {
            tick: Step { mantissa: 5, scale: 1 },
            lot: Step { mantissa: 10, scale: 0 },
            ..spec
        };
        assert_eq!(price(&coarse, Price(3)).to_string(), "1.5");
        assert_eq!(mid(&coarse, HalfTicks(3)).to_string(), "0.75");
        assert_eq!(lots(&coarse, Lots(12)).to_string(), "120");
    }

    #[test]
    fn money_prints_exactly() {
        assert_eq!(money(Money(-1)).to_string(), "-0.000000000000000001");
        assert_eq!(format!("{:#}", money(Money(-1_500_000_000_000_000_000))), "-1.5");
        assert_eq!(format!("{:#}", money(Money(-3 * Money::ONE.0))), "-3");
        assert_eq!(format!("{:#}", money(Money::ZERO)), "0");
        assert_eq!(format!("{:#}", Decimal { units: 100, scale: 0 }), "100");
    }

    #[test]
    fn rounding_takes_halves_away_from_zero() {
        let of = |units, scale| Decimal { units, scale }.rounded(1).to_string();
        assert_eq!(
            [of(125, 2), of(-125, 2), of(124, 2), of(-4, 2), of(7, 0)],
            ["1.3", "-1.3", "1.2", "0.0", "7"].map(str::to_owned)
        );
    }

    #[test]
    fn rescaling_never_loses_a_digit() {
        assert_eq!(Decimal { units: 15, scale: 1 }.rescaled(3), Some(Decimal { units: 1_500, scale: 3 }));
        assert_eq!(Decimal { units: 1_500, scale: 3 }.rescaled(1), Some(Decimal { units: 15, scale: 1 }));
        assert_eq!(Decimal { units: 1_501, scale: 3 }.rescaled(1), None);
        assert_eq!(Decimal { units: i128::MAX, scale: 0 }.rescaled(1), None);
    }

    proptest! {
        #[test]
        fn printed_digits_are_the_units(units in -1_000_000_000_000i64..1_000_000_000_000, scale in 0u32..20) {
            let text = Decimal { units: units.into(), scale }.to_string();
            let digits: i128 = text.replace('.', "").parse().unwrap();
            prop_assert_eq!(digits, i128::from(units));
            prop_assert_eq!(text.split_once('.').map_or(0, |(_, fraction)| fraction.len()), scale as usize);
        }
    }
}
