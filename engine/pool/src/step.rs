//! One step of a swap: between two ticks, at one liquidity (`SqrtPriceMath.sol`, `SwapMath.sol` of v3-core).

use crate::amount::{Rounding, Token, amount};
use crate::error::PoolError;
use crate::fee::FEE_UNIT;
use crate::tick::SqrtPrice;
use crate::wide::U256;

/// How much is to be traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// So much is paid, the fee included.
    In(U256),
    /// So much is received.
    Out(U256),
}

impl Quantity {
    /// How much that is.
    #[must_use]
    pub const fn amount(self) -> U256 {
        match self {
            Self::In(amount) | Self::Out(amount) => amount,
        }
    }
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The price after it.
    pub price: SqrtPrice,
    /// Paid, without the fee.
    pub paid: U256,
    /// Received.
    pub received: U256,
    /// The fee, in the token that is paid.
    pub fee: U256,
}

/// A price after so much of token 0 came in or went out, rounded up (`getNextSqrtPriceFromAmount0RoundingUp`).
fn after_zero(price: SqrtPrice, liquidity: u128, quantity: Quantity) -> Result<SqrtPrice, PoolError> {
    let amount = quantity.amount();
    if amount.is_zero() {
        return Ok(price);
    }
    let root = price.root();
    let scaled = U256::from(liquidity).wrapping_shl(96);
    let product = amount.checked_mul(root);
    let next = match quantity {
        Quantity::In(_) => match product.and_then(|product| scaled.checked_add(product)) {
            Some(whole) => scaled.mul_div_up(root, whole),
            // Less precise, as the contract has it where the product has no room.
            None => scaled
                .checked_div(root)
                .and_then(|part| part.checked_add(amount))
                .and_then(|whole| scaled.checked_div_up(whole)),
        },
        Quantity::Out(_) => {
            let left = product.and_then(|product| scaled.checked_sub(product)).ok_or(PoolError::TooMuch)?;
            scaled.mul_div_up(root, left)
        }
    };
    SqrtPrice::new(next.ok_or(PoolError::TooMuch)?)
}

/// A price after so much of token 1 came in or went out, rounded down (`getNextSqrtPriceFromAmount1RoundingDown`).
fn after_one(price: SqrtPrice, liquidity: u128, quantity: Quantity) -> Result<SqrtPrice, PoolError> {
    let (unit, whole) = (U256::ONE.wrapping_shl(96), U256::from(liquidity));
    let next = match quantity {
        Quantity::In(amount) => amount.mul_div(unit, whole).and_then(|rise| price.root().checked_add(rise)),
        Quantity::Out(amount) => {
            amount.mul_div_up(unit, whole).and_then(|fall| price.root().checked_sub(fall))
        }
    };
    SqrtPrice::new(next.ok_or(PoolError::TooMuch)?)
}

/// The price after so much was traded against a liquidity, without fees (`getNextSqrtPriceFromInput`, `getNextSqrtPriceFromOutput`).
/// `paid` is the token that the pool receives. Rounded so that the pool never gives too much.
///
/// # Errors
/// [`PoolError::NoLiquidity`] where there is none, [`PoolError::TooMuch`] where the pool has not as much, [`PoolError::Price`] where the
/// price would leave what a pool can have.
pub fn price_after(
    price: SqrtPrice,
    liquidity: u128,
    paid: Token,
    quantity: Quantity,
) -> Result<SqrtPrice, PoolError> {
    if liquidity == 0 {
        return Err(PoolError::NoLiquidity);
    }
    let moved = match quantity {
        Quantity::In(_) => paid,
        Quantity::Out(_) => paid.other(),
    };
    match moved {
        Token::Zero => after_zero(price, liquidity, quantity),
        Token::One => after_one(price, liquidity, quantity),
    }
}

/// Trades from a price as far as a target, or until the quantity is used up (`computeSwapStep`). `fee` is in millionths of what is paid.
/// A target below the price is reached by paying token 0, one above it by paying token 1.
///
/// # Errors
/// As [`price_after`], and [`PoolError::Fee`] where the fee is not below the whole.
pub fn swap_step(
    price: SqrtPrice,
    target: SqrtPrice,
    liquidity: u128,
    quantity: Quantity,
    fee: u32,
) -> Result<Step, PoolError> {
    let rest = FEE_UNIT.checked_sub(fee).filter(|rest| *rest > 0).ok_or(PoolError::Fee)?;
    let [whole, rest, part] = [FEE_UNIT, rest, fee].map(|millionths| U256::from(u64::from(millionths)));
    let paid = if price >= target { Token::Zero } else { Token::One };
    let asked = |end| amount(paid, price, end, liquidity, Rounding::Up);
    let given = |end| amount(paid.other(), price, end, liquidity, Rounding::Down);
    let (next, paid_amount, received) = match quantity {
        Quantity::In(left) => {
            let to_trade = left.mul_div(rest, whole).ok_or(PoolError::Overflow)?;
            let needed = asked(target);
            if to_trade >= needed {
                (target, needed, given(target))
            } else {
                let next = price_after(price, liquidity, paid, Quantity::In(to_trade))?;
                let needed = if next == target { needed } else { asked(next) };
                (next, needed, given(next))
            }
        }
        Quantity::Out(left) => {
            let available = given(target);
            let next =
                if left >= available { target } else { price_after(price, liquidity, paid, quantity)? };
            let received = if next == target { available } else { given(next) };
            (next, asked(next), received.min(left))
        }
    };
    let fee = match quantity {
        // What is left over is no step of its own: it is taken as fee.
        Quantity::In(left) if next != target => left.wrapping_sub(paid_amount),
        Quantity::In(_) | Quantity::Out(_) => {
            paid_amount.mul_div_up(part, rest).ok_or(PoolError::Overflow)?
        }
    };
    Ok(Step { price: next, paid: paid_amount, received, fee })
}

#[cfg(test)]
mod tests;
