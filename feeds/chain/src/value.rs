//! What a position is worth at its pool's own price, in whole smallest units of one of its tokens, rounded down.

use alloy_primitives::{U256, U512};

use crate::state::{Pool, Position};

/// Which token of a pool values are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Token 0.
    Zero,
    /// Token 1.
    One,
}

impl Unit {
    /// Its place in a pair.
    #[must_use]
    pub const fn side(self) -> usize {
        match self {
            Self::Zero => 0,
            Self::One => 1,
        }
    }
}

/// What `amounts` are worth where the square root of the price of token 0 in token 1 is `sqrt_price`, times 2⁹⁶. `None` where the price
/// is zero or the value has more than 256 bits.
#[must_use]
pub fn of(amounts: [U256; 2], sqrt_price: U256, unit: Unit) -> Option<U256> {
    let [amount0, amount1] = amounts;
    let [root, scale] = [U512::from(sqrt_price), U512::from(1) << 96];
    // Prices of pools have up to 160 bits and amounts up to 256: one root at a time fits.
    let other = match unit {
        Unit::One => times(times(U512::from(amount0), root, scale)?, root, scale)?,
        Unit::Zero => times(times(U512::from(amount1), scale, root)?, scale, root)?,
    };
    let own = match unit {
        Unit::Zero => amount0,
        Unit::One => amount1,
    };
    let sum = other.checked_add(U512::from(own))?;
    U256::checked_from_limbs_slice(sum.as_limbs())
}

fn times(amount: U512, by: U512, over: U512) -> Option<U512> {
    amount.checked_mul(by)?.checked_div(over)
}

/// What a position is worth with the fees it is owed.
#[must_use]
pub fn of_position(position: &Position, pool: &Pool, unit: Unit) -> Option<U256> {
    let [amount0, amount1] = position.amounts;
    let [fee0, fee1] = position.fees.map(U256::from);
    let amounts = [amount0.checked_add(fee0)?, amount1.checked_add(fee1)?];
    of(amounts, pool.sqrt_price, unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The root of a price that is a square.
    fn root(of: u64) -> U256 {
        U256::from(of) << 96
    }

    #[test]
    fn values_follow_the_price_either_way() {
        let amounts = [U256::from(7), U256::from(100)];
        assert_eq!(of(amounts, root(5), Unit::One), Some(U256::from(7 * 25 + 100)));
        assert_eq!(of(amounts, root(5), Unit::Zero), Some(U256::from(7 + 4)));
        assert_eq!(of(amounts, root(6), Unit::Zero), Some(U256::from(7 + 2)), "rounded down");
        assert_eq!(of(amounts, U256::ZERO, Unit::Zero), None);
        assert_eq!(of(amounts, U256::ZERO, Unit::One), Some(U256::from(100)));
    }

    #[test]
    fn the_extremes_of_prices_are_no_accident() {
        let (least, most) = (U256::from(4_295_128_739_u64), U256::MAX >> 96);
        let big = U256::from(u128::MAX);
        for unit in [Unit::Zero, Unit::One] {
            assert_eq!(of([U256::ZERO; 2], most, unit), Some(U256::ZERO));
            assert!(of([big, big], least, unit).is_some());
            assert!(of([big, big], most, unit).is_some());
        }
        assert_eq!(of([U256::MAX; 2], most, Unit::One), None);
        assert_eq!(of([U256::MAX; 2], root(1), Unit::One), None, "the sum has 257 bits");
    }
}
