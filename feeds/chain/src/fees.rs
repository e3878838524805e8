//! Fees owed to a position, as its contracts work them out. Growth is counted per unit of liquidity, in units of 2⁻¹²⁸, and overflows by
//! design: every difference wraps modulo 2²⁵⁶.
//!
//! From the Uniswap V3 core whitepaper (Adams, Zinsmeister, Salem, Keefer, Robinson, 2021), section 6.3 and equations 6.17 to 6.19, and
//! 6.29; and from `NonfungiblePositionManager.collect` for what is modulo 2¹²⁸.

use alloy_primitives::U256;

/// Growth inside a range: `global` less what grew below `lower` and above `upper`, each known as growth on the other side of its tick
/// from the current one.
#[must_use]
pub fn growth_inside(tick: i32, range: [i32; 2], outside: [U256; 2], global: U256) -> U256 {
    let [lower, upper] = range;
    let [lower_outside, upper_outside] = outside;
    let below = if tick >= lower { lower_outside } else { global.wrapping_sub(lower_outside) };
    let above = if tick < upper { upper_outside } else { global.wrapping_sub(upper_outside) };
    global.wrapping_sub(below).wrapping_sub(above)
}

/// What a position may collect: `stored` as of its last change, and its liquidity's part of what has grown inside since.
#[must_use]
pub fn owed(liquidity: u128, inside: U256, inside_last: U256, stored: u128) -> u128 {
    let grown = inside.wrapping_sub(inside_last);
    // The contracts divide a product of 512 bits and keep 128 bits of the quotient: those are bits 128 to 255 of the product.
    let limbs = grown.wrapping_mul(U256::from(liquidity)).into_limbs();
    let [_, _, low, high] = limbs.map(u128::from);
    stored.wrapping_add(low | high << 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q128(whole: u64) -> U256 {
        U256::from(whole) << 128
    }

    #[test]
    fn growth_inside_is_what_neither_side_has() {
        let of = |tick| growth_inside(tick, [-10, 10], [U256::from(30), U256::from(5)], U256::from(100));
        // Below: the lower tick's outside is above it. Inside: 100 - 30 - 5. Above: the upper tick's outside is below it.
        assert_eq!(of(-11), U256::from(30).wrapping_sub(U256::from(5)));
        assert_eq!(of(-10), U256::from(65));
        assert_eq!(of(9), U256::from(65));
        assert_eq!(of(10), U256::from(5).wrapping_sub(U256::from(30)));
    }

    #[test]
    fn differences_wrap_and_still_count() {
        // A younger tick makes the growth inside "negative", then it grows by three.
        let last = U256::ZERO.wrapping_sub(q128(2));
        assert_eq!(owed(7, q128(1), last, 11), 7 * 3 + 11);
        assert_eq!(owed(7, q128(1), last, u128::MAX), 7 * 3 - 1, "what is stored wraps, as on chain");
    }

    #[test]
    fn fees_are_rounded_down() {
        let half = U256::from(1) << 127;
        assert_eq!(owed(3, half, U256::ZERO, 0), 1);
        assert_eq!(owed(1, half, U256::ZERO, 0), 0);
        assert_eq!(owed(u128::MAX, half, U256::ZERO, 0), u128::MAX / 2);
    }
}
