//! What an instrument is: its grid, its limits and how its contract turns prices and sizes into money.

use crate::ids::AssetId;
use crate::money::Money;
use crate::num::{HalfTicks, LOTS_MAX, Lots, PRICE_TICKS_MAX, Price};

/// A decimal step, `mantissa · 10^-scale`: a tick of 0.05 is `Step { mantissa: 5, scale: 2 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// In `1..=1_000_000_000`.
    pub mantissa: u64,
    /// Digits behind the point, in `0..=15`.
    pub scale: u8,
}

impl Step {
    /// Largest mantissa.
    pub const MANTISSA_MAX: u64 = 1_000_000_000;
    /// Largest number of digits behind the point.
    pub const SCALE_MAX: u8 = 15;

    /// The step as a float, for models and reports.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the mantissa is at most 10^9")]
    pub fn to_f64(self) -> f64 {
        let power: u64 = 10u64.pow(u32::from(self.scale));
        self.mantissa as f64 / power as f64
    }

    /// Steps in `decimal` (plain digits with at most one point), rounded down; `None` where it is no such number or too large.
    #[must_use]
    pub fn steps_floor(self, decimal: &str) -> Option<i64> {
        let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
        if whole.is_empty() {
            return None;
        }
        let kept = fraction.get(..fraction.len().min(usize::from(self.scale)))?;
        if !decimal.bytes().all(|b| b.is_ascii_digit() || b == b'.') || fraction.contains('.') {
            return None;
        }
        let mut value: i128 = 0;
        for digit in whole.bytes().chain(kept.bytes()) {
            value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        let missing = u32::from(self.scale).checked_sub(u32::try_from(kept.len()).ok()?)?;
        value = value.checked_mul(10i128.pow(missing))?;
        i64::try_from(value / i128::from(self.mantissa)).ok()
    }

    /// A decimal as the venue writes it, as a step: `"0.0500"` is 5 · 10⁻². `None` unless it is a positive plain decimal in range.
    #[must_use]
    pub fn parse(decimal: &str) -> Option<Self> {
        let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
        let fraction = fraction.trim_end_matches('0');
        let scale = u8::try_from(fraction.len()).ok().filter(|scale| *scale <= Self::SCALE_MAX)?;
        let finest = Self { mantissa: 1, scale };
        let mantissa = u64::try_from(finest.steps_floor(decimal)?).ok()?;
        (1..=Self::MANTISSA_MAX)
            .contains(&mantissa)
            .then_some(Self { mantissa, scale })
            .filter(|_| !whole.is_empty())
    }

    /// Units of 10⁻¹⁸ in one step.
    const fn atto(self) -> i128 {
        self.mantissa as i128 * 10i128.pow(Money::SCALE - self.scale as u32)
    }
}

/// How a position earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contract {
    /// Spot and USD-margined: value in the quote currency is size · price · multiplier; profit in quote.
    Linear,
    /// Coin-margined: one contract is worth a fixed amount of quote; value in the base coin is size · face / price; profit in base.
    Inverse,
}

/// Everything the core knows of an instrument. Build it with [`InstrumentSpec::new`], which checks the arithmetic bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstrumentSpec {
    /// Smallest price step, in quote currency.
    pub tick: Step,
    /// Smallest size step: base currency for linear, contracts for inverse.
    pub lot: Step,
    /// Quote value of one unit of size for inverse contracts (100 for BTCUSD_PERP); base units per contract for linear.
    pub multiplier: u64,
    /// Linear or inverse.
    pub contract: Contract,
    /// Lowest price an order may carry.
    pub price_min: Price,
    /// Highest price an order may carry.
    pub price_max: Price,
    /// Smallest order.
    pub size_min: Lots,
    /// Largest order.
    pub size_max: Lots,
    /// Smallest order value in quote currency; zero where the venue sets none.
    pub notional_min: Money,
    /// Base asset.
    pub base: AssetId,
    /// Quote asset.
    pub quote: AssetId,
}

/// Why an instrument's numbers cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// Tick or lot outside [`Step`]'s ranges.
    StepOutOfRange,
    /// Tick · lot is finer than 10⁻¹⁸ of the quote currency, so money would not be exact; for inverse contracts, the coin in
    /// one lot at one tick is no whole number of 10⁻¹⁸.
    TooFine,
    /// The largest order at the largest price does not fit 127 bits.
    TooLarge,
    /// A price or size limit is negative, inverted or beyond the engine's own bounds.
    Limits,
    /// The multiplier is zero.
    Multiplier,
}

impl core::fmt::Display for SpecError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::StepOutOfRange => "tick or lot out of range (mantissa 1..=10^9, at most 15 decimals)",
            Self::TooFine => "tick and lot do not make whole units of 10^-18, money would not be exact",
            Self::TooLarge => "the largest order at the largest price does not fit exact money",
            Self::Limits => "price or size limits are negative, inverted or beyond the engine's bounds",
            Self::Multiplier => "the contract multiplier is zero",
        })
    }
}

impl core::error::Error for SpecError {}

impl InstrumentSpec {
    /// Checks the numbers and returns the instrument unchanged.
    ///
    /// # Errors
    /// The first [`SpecError`] that applies.
    pub fn new(spec: Self) -> Result<Self, SpecError> {
        let step_ok =
            |step: Step| (1..=Step::MANTISSA_MAX).contains(&step.mantissa) && step.scale <= Step::SCALE_MAX;
        if !step_ok(spec.tick) || !step_ok(spec.lot) {
            return Err(SpecError::StepOutOfRange);
        }
        if spec.multiplier == 0 {
            return Err(SpecError::Multiplier);
        }
        if u32::from(spec.tick.scale) + u32::from(spec.lot.scale) > Money::SCALE {
            return Err(SpecError::TooFine);
        }
        let prices =
            0 < spec.price_min.0 && spec.price_min <= spec.price_max && spec.price_max.0 <= PRICE_TICKS_MAX;
        let sizes = 0 < spec.size_min.0 && spec.size_min <= spec.size_max && spec.size_max.0 <= LOTS_MAX;
        if !prices || !sizes || spec.notional_min.0 < 0 {
            return Err(SpecError::Limits);
        }
        let price_worst = match spec.contract {
            Contract::Linear => spec.price_max.0,
            Contract::Inverse => 1,
        };
        // Twice, because midpoints count half ticks.
        let worst = 2 * i128::from(price_worst) * i128::from(spec.size_max.0);
        spec.unit_checked()?.checked_mul(worst).map(|_| spec).ok_or(SpecError::TooLarge)
    }

    /// [`Self::unit`] where it fits and, for inverse, is a whole number of 10⁻¹⁸ (so that a value is rounded once, not twice).
    fn unit_checked(&self) -> Result<i128, SpecError> {
        let (tick, lot) = (self.tick, self.lot);
        let multiplier = i128::from(self.multiplier);
        match self.contract {
            Contract::Linear => {
                let power = Money::SCALE - u32::from(tick.scale) - u32::from(lot.scale);
                let step = i128::from(tick.mantissa) * i128::from(lot.mantissa) * 10i128.pow(power);
                step.checked_mul(multiplier).ok_or(SpecError::TooLarge)
            }
            Contract::Inverse => {
                let face = lot.atto().checked_mul(multiplier).ok_or(SpecError::TooLarge)?;
                // The face value is what notional limits count.
                face.checked_mul(i128::from(self.size_max.0)).ok_or(SpecError::TooLarge)?;
                let scaled =
                    face.checked_mul(10i128.pow(u32::from(tick.scale))).ok_or(SpecError::TooLarge)?;
                let mantissa = i128::from(tick.mantissa);
                if scaled % mantissa == 0 { Ok(scaled / mantissa) } else { Err(SpecError::TooFine) }
            }
        }
    }

    /// Linear: money in one lot at one tick. Inverse: coin in one lot at a price of one tick.
    const fn unit(&self) -> i128 {
        match self.contract {
            // 10^(18 - tick.scale - lot.scale): both scales sum to at most 18.
            Contract::Linear => {
                let power = Money::SCALE - self.tick.scale as u32 - self.lot.scale as u32;
                self.tick.mantissa as i128
                    * self.lot.mantissa as i128
                    * self.multiplier as i128
                    * 10i128.pow(power)
            }
            Contract::Inverse => {
                self.lot.atto() * self.multiplier as i128 * 10i128.pow(self.tick.scale as u32)
                    / self.tick.mantissa as i128
            }
        }
    }

    /// Value of `lots` (positive) at `price` in the settlement currency: quote for linear, exact; base coin for inverse,
    /// rounded down to 10⁻¹⁸ (the ledger books that rounding). The price must be above zero.
    #[must_use]
    pub fn value_floor(&self, price: Price, lots: Lots) -> Money {
        let amount = self.unit() * i128::from(lots.0);
        match self.contract {
            Contract::Linear => Money(amount * i128::from(price.0)),
            Contract::Inverse => Money(amount.div_euclid(i128::from(price.0.max(1)))),
        }
    }

    /// Value of `lots` (positive) at a midpoint, in the settlement currency, rounded down to 10⁻¹⁸: what an open position
    /// is marked at. The midpoint must be above zero.
    #[must_use]
    pub fn value_at_mid_floor(&self, mid: HalfTicks, lots: Lots) -> Money {
        let amount = self.unit() * i128::from(lots.0);
        match self.contract {
            Contract::Linear => Money((amount * i128::from(mid.0)).div_euclid(2)),
            Contract::Inverse => Money((amount * 2).div_euclid(i128::from(mid.0.max(1)))),
        }
    }

    /// Value of `lots` (positive) in the quote currency, exact for both kinds: what notional limits and filters count.
    #[must_use]
    pub const fn notional(&self, price: Price, lots: Lots) -> Money {
        match self.contract {
            Contract::Linear => Money(self.unit() * price.0 as i128 * lots.0 as i128),
            Contract::Inverse => Money(self.lot.atto() * self.multiplier as i128 * lots.0 as i128),
        }
    }

    /// What one lot is, exactly: an amount of the base asset for linear, of the quote currency for inverse. `None` where it
    /// does not fit.
    #[must_use]
    pub const fn lot_amount(&self) -> Option<Money> {
        match self.lot.atto().checked_mul(self.multiplier as i128) {
            Some(amount) => Some(Money(amount)),
            None => None,
        }
    }

    /// The currency profit and fees of this instrument are counted in.
    #[must_use]
    pub const fn settlement(&self) -> AssetId {
        match self.contract {
            Contract::Linear => self.quote,
            Contract::Inverse => self.base,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(tick: &str, lot: &str, contract: Contract, multiplier: u64) -> InstrumentSpec {
        InstrumentSpec {
            tick: Step::parse(tick).unwrap(),
            lot: Step::parse(lot).unwrap(),
            multiplier,
            contract,
            price_min: Price(1),
            price_max: Price(100_000_000),
            size_min: Lots(1),
            size_max: Lots(1_000_000_000),
            notional_min: Money::ZERO,
            base: AssetId(0),
            quote: AssetId(1),
        }
    }

    #[test]
    fn steps_read_as_written() {
        assert_eq!(Step::parse("0.0500"), Some(Step { mantissa: 5, scale: 2 }));
        assert_eq!(Step::parse("10"), Some(Step { mantissa: 10, scale: 0 }));
        for bad in ["", ".", "0", "0.0", "-1", "1e3", "1.2.3", ".5"] {
            assert_eq!(Step::parse(bad), None, "{bad}");
        }
        assert_eq!(Step { mantissa: 5, scale: 1 }.steps_floor("1.7"), Some(3));
        assert_eq!(Step { mantissa: 1, scale: 3 }.steps_floor("20"), Some(20_000));
    }

    #[test]
    fn linear_value_is_exact() {
        let eth = InstrumentSpec::new(spec("0.01", "0.001", Contract::Linear, 1)).unwrap();
        // 1.234 ETH at 2681.62
        assert_eq!(eth.value_floor(Price(268_162), Lots(1_234)), Money(3_309_119_080_000_000_000_000));
        assert_eq!(eth.notional(Price(268_162), Lots(1_234)), Money(3_309_119_080_000_000_000_000));
        assert_eq!(eth.lot_amount(), Some(Money(1_000_000_000_000_000)));
    }

    #[test]
    fn inverse_value_divides_and_rounds_down() {
        let btc = InstrumentSpec::new(spec("0.1", "1", Contract::Inverse, 100)).unwrap();
        // 3 contracts of 100 USD at 61 803.0: 300 / 61803 BTC
        assert_eq!(btc.value_floor(Price(618_030), Lots(3)), Money(4_854_133_294_500_266));
        assert_eq!(btc.notional(Price(618_030), Lots(3)), Money(300 * Money::ONE.0));
        assert_eq!(btc.settlement(), AssetId(0));
        assert_eq!(btc.lot_amount(), Some(Money(100 * Money::ONE.0)));
        let vast =
            InstrumentSpec { multiplier: u64::MAX, lot: Step { mantissa: 1_000_000_000, scale: 0 }, ..btc };
        assert_eq!(vast.lot_amount(), None);
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        assert_eq!(
            InstrumentSpec::new(spec("0.0000000001", "0.000000001", Contract::Linear, 1)),
            Err(SpecError::TooFine)
        );
        let inverted =
            InstrumentSpec { size_min: Lots(2), size_max: Lots(1), ..spec("1", "1", Contract::Linear, 1) };
        assert_eq!(InstrumentSpec::new(inverted), Err(SpecError::Limits));
        let huge =
            InstrumentSpec { price_max: Price(PRICE_TICKS_MAX), ..spec("1", "1", Contract::Linear, 1) };
        assert_eq!(InstrumentSpec::new(huge), Err(SpecError::TooLarge));
        for contract in [Contract::Linear, Contract::Inverse] {
            let many = spec("1000000000", "1000000000", contract, u64::MAX);
            assert_eq!(InstrumentSpec::new(many), Err(SpecError::TooLarge));
        }
        assert_eq!(InstrumentSpec::new(spec("3", "1", Contract::Inverse, 100)), Err(SpecError::TooFine));
    }
}
