//! Amounts of the two tokens between two prices, as `SqrtPriceMath.sol` (v3-core) and `LiquidityAmounts.sol` (v3-periphery).
//!
//! With the square roots `a < b` of two prices a liquidity `L` holds `L·(b − a)/(a·b)` of token 0 or `L·(b − a)` of token 1 (Adams et al.
//! 2021, equations 6.14 and 6.16).

use crate::tick::SqrtPrice;
use crate::wide::U256;

/// Which way a remainder goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Away: what a pool pays, and what a position is worth.
    Down,
    /// To the next unit: what a pool asks for.
    Up,
}

/// One of the two tokens of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// The token with the lower address, whose price pools keep.
    Zero,
    /// The token prices are in.
    One,
}

impl Token {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Zero => Self::One,
            Self::One => Self::Zero,
        }
    }
}

/// Amounts of both tokens in their smallest units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Of token 0.
    pub zero: U256,
    /// Of token 1.
    pub one: U256,
}

impl Amounts {
    /// That of one of them.
    #[must_use]
    pub const fn of(&self, token: Token) -> U256 {
        match token {
            Token::Zero => self.zero,
            Token::One => self.one,
        }
    }
}

/// The lower of two prices, and how far the other one lies above.
fn ordered(one: SqrtPrice, other: SqrtPrice) -> (U256, U256, U256) {
    let (low, high) = if one <= other { (one.root(), other.root()) } else { (other.root(), one.root()) };
    (low, high, high.wrapping_sub(low))
}

/// Token 0 between two prices (`getAmount0Delta`).
#[must_use]
pub fn amount0(one: SqrtPrice, other: SqrtPrice, liquidity: u128, rounding: Rounding) -> U256 {
    let (low, high, difference) = ordered(one, other);
    let scaled = U256::from(liquidity).wrapping_shl(96);
    // No price is zero, and the quotient is below the scaled liquidity, so that neither division refuses.
    let amount = match rounding {
        Rounding::Down => scaled.mul_div(difference, high).and_then(|part| part.checked_div(low)),
        Rounding::Up => scaled.mul_div_up(difference, high).and_then(|part| part.checked_div_up(low)),
    };
    amount.unwrap_or(U256::MAX)
}

/// Token 1 between two prices (`getAmount1Delta`).
#[must_use]
pub fn amount1(one: SqrtPrice, other: SqrtPrice, liquidity: u128, rounding: Rounding) -> U256 {
    let (_, _, difference) = ordered(one, other);
    // 128 digits by 160, less 96: nothing is lost at the upper end.
    let amount = U256::from(liquidity).mul_shift::<96>(difference);
    match rounding {
        Rounding::Up if !amount.is_exact => amount.quotient.wrapping_add(U256::ONE),
        Rounding::Up | Rounding::Down => amount.quotient,
    }
}

/// One of the tokens between two prices.
#[must_use]
pub fn amount(token: Token, one: SqrtPrice, other: SqrtPrice, liquidity: u128, rounding: Rounding) -> U256 {
    match token {
        Token::Zero => amount0(one, other, liquidity, rounding),
        Token::One => amount1(one, other, liquidity, rounding),
    }
}

/// The liquidity that so much of token 0 is between two prices (`getLiquidityForAmount0`); `None` where it has more than 128 digits or
/// the prices are the same.
#[must_use]
pub fn liquidity0(one: SqrtPrice, other: SqrtPrice, amount: U256) -> Option<u128> {
    let (low, high, difference) = ordered(one, other);
    let mean = low.mul_shift::<96>(high);
    if !mean.fits {
        return None;
    }
    amount.mul_div(mean.quotient, difference)?.to_u128()
}

/// The liquidity that so much of token 1 is between two prices (`getLiquidityForAmount1`); `None` as for [`liquidity0`].
#[must_use]
pub fn liquidity1(one: SqrtPrice, other: SqrtPrice, amount: U256) -> Option<u128> {
    let (_, _, difference) = ordered(one, other);
    amount.mul_div(U256::ONE.wrapping_shl(96), difference)?.to_u128()
}

#[cfg(test)]
mod tests;
