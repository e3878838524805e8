//! The first swap of a record: nobody says at which price it began.

use crate::amount::Token;
use crate::event::Swap;
use crate::fee::{FEE_UNIT, ProtocolFee};
use crate::pool::Pool;
use crate::step::Quantity;
use crate::tick::{SqrtPrice, Tick};
use crate::wide::U256;

/// How far rounding may have moved the price, in units of it.
const ROUNDED_MAX: u64 = 3;

/// About the price before a swap at one liquidity: the step of the swap turned round.
fn before(swap: &Swap, fee: u32) -> Option<U256> {
    let rest = U256::from(u64::from(FEE_UNIT.checked_sub(fee)?));
    let traded = swap.paid.mul_div(rest, U256::from(u64::from(FEE_UNIT)))?;
    let (after, liquidity) = (swap.price.root(), U256::from(swap.liquidity));
    match swap.token {
        Token::One => after.checked_sub(traded.mul_div(U256::ONE.wrapping_shl(96), liquidity)?),
        Token::Zero => {
            let scaled = liquidity.wrapping_shl(96);
            scaled.mul_div(after, scaled.checked_sub(traded.checked_mul(after)?)?)
        }
    }
}

/// Whether a swap comes out from the price before it; `None` where it did not stay between two usable ticks, so that the liquidity before
/// it is not known.
pub(super) fn is_exact(swap: &Swap, fee: u32, spacing: i32) -> Option<bool> {
    let about = before(swap, fee)?;
    let least = about.checked_sub(U256::from(ROUNDED_MAX / 2))?;
    let starts =
        (0..=ROUNDED_MAX).filter_map(|more| SqrtPrice::new(least.wrapping_add(U256::from(more))).ok());
    let interval = |tick: Tick| tick.index().div_euclid(spacing);
    let mut stays = starts.filter(|start| interval(Tick::at(*start)) == interval(swap.tick)).peekable();
    stays.peek()?;
    Some(stays.any(|start| comes_out(swap, start, fee, spacing)))
}

fn comes_out(swap: &Swap, start: SqrtPrice, fee: u32, spacing: i32) -> bool {
    let pool = Pool::new(start, fee, spacing, [ProtocolFee::Off; 2]);
    let trade = pool.and_then(|mut pool| {
        pool.adopt(start, Tick::at(start), swap.liquidity)?;
        pool.trade(swap.token, Quantity::In(swap.paid), None)
    });
    trade.is_ok_and(|trade| super::agrees(&trade, swap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_swap_comes_out_from_the_price_before_it(
            at in -20_000..20_000_i32, is_zero: bool, paid in 1_000_u64..1 << 50, liquidity in 1_u128 << 70..1 << 80,
        ) {
            let start = Tick::new(at * 10 + 5).unwrap();
            let mut pool = Pool::new(start.sqrt_price(), 500, 10, [ProtocolFee::Off; 2]).unwrap();
            pool.adopt(start.sqrt_price(), start, liquidity).unwrap();
            let token = if is_zero { Token::Zero } else { Token::One };
            let trade = pool.trade(token, Quantity::In(U256::from(paid)), None).unwrap();
            let after = trade.after;
            let swap = Swap {
                token,
                paid: trade.paid,
                received: trade.received,
                price: after.price,
                tick: after.tick,
                liquidity: after.liquidity,
            };
            let stays = after.tick.index().div_euclid(10) == at;
            if let Some(is_exact) = is_exact(&swap, 500, 10) {
                prop_assert!(is_exact || !stays);
                let more = Swap { received: swap.received.wrapping_add(U256::ONE), ..swap };
                prop_assert!(!super::is_exact(&more, 500, 10).unwrap());
            } else {
                prop_assert!(!stays);
            }
        }
    }
}
