//! Ticks and the square roots of their prices, as `TickMath.sol` of Uniswap v3-core computes them, rounding included.
//!
//! Never here: a float. Two hosts, and the contract, agree on every digit.

use crate::error::PoolError;
use crate::wide::U256;

/// `1.0001^(-2^k / 2)` for `k` from 0 on, 128 binary digits behind the point, rounded as in the contract.
const POWERS: [u128; 20] = [
    0xfffc_b933_bd6f_ad37_aa2d_162d_1a59_4001,
    0xfff9_7272_373d_4132_59a4_6990_580e_213a,
    0xfff2_e50f_5f65_6932_ef12_357c_f3c7_fdcc,
    0xffe5_caca_7e10_e4e6_1c36_24ea_a094_1cd0,
    0xffcb_9843_d60f_6159_c9db_5883_5c92_6644,
    0xff97_3b41_fa98_c081_472e_6896_dfb2_54c0,
    0xff2e_a164_66c9_6a38_43ec_78b3_26b5_2861,
    0xfe5d_ee04_6a99_a2a8_11c4_61f1_969c_3053,
    0xfcbe_86c7_900a_88ae_dcff_c83b_479a_a3a4,
    0xf987_a725_3ac4_1317_6f2b_074c_f781_5e54,
    0xf339_2b08_22b7_0005_940c_7a39_8e4b_70f3,
    0xe715_9475_a2c2_9b74_43b2_9c7f_a6e8_89d9,
    0xd097_f3bd_fd20_22b8_845a_d8f7_92aa_5825,
    0xa9f7_4646_2d87_0fdf_8a65_dc1f_90e0_61e5,
    0x70d8_69a1_56d2_a1b8_90bb_3df6_2baf_32f7,
    0x31be_135f_97d0_8fd9_8123_1505_542f_cfa6,
    0x09aa_508b_5b7a_84e1_c677_de54_f3e9_9bc9,
    0x005d_6af8_dedb_8119_6699_c329_225e_e604,
    0x0000_2216_e584_f5fa_1ea9_2604_1bed_fe98,
    0x0000_0000_048a_1703_91f7_dc42_444e_8fa2,
];

/// `2⁶⁴ ÷ log₂ √1.0001`: from binary logarithms to ticks.
const TICKS_PER_DOUBLING: u128 = 255_738_958_999_603_826_347_141;
/// How far the approximate logarithm may lie above the tick, and below it, in 2⁻¹²⁸ ticks.
const ERROR_BELOW: u128 = 3_402_992_956_809_132_418_596_140_100_660_247_210;
const ERROR_ABOVE: u128 = 291_339_464_771_989_622_907_027_621_153_398_088_495;
/// Binary digits of the logarithm that are computed one by one.
const LOG_DIGITS: u32 = 14;

/// A tick, from [`Tick::MIN`] to [`Tick::MAX`]: the price `1.0001^tick`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(i32);

impl Tick {
    /// The lowest tick of any pool.
    pub const MIN: Self = Self(-887_272);
    /// The highest tick of any pool.
    pub const MAX: Self = Self(887_272);

    /// This tick.
    ///
    /// # Errors
    /// [`PoolError::Tick`] where no pool has it.
    pub const fn new(index: i32) -> Result<Self, PoolError> {
        if index < Self::MIN.0 || index > Self::MAX.0 { Err(PoolError::Tick) } else { Ok(Self(index)) }
    }

    /// The nearest tick that there is.
    #[must_use]
    pub fn clamped(index: i32) -> Self {
        Self(index.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Its number.
    #[must_use]
    pub const fn index(self) -> i32 {
        self.0
    }

    /// The greatest tick whose price is not above this one (`getTickAtSqrtRatio`, which refuses [`SqrtPrice::MAX`]; here that is
    /// [`Tick::MAX`]).
    ///
    /// A pool whose price fell exactly to a tick that it crossed says the tick below: see [`SqrtPrice::allows`].
    #[must_use]
    pub fn at(price: SqrtPrice) -> Self {
        let ratio = price.0.wrapping_shl(32);
        let digits = ratio.bits();
        // The first digit of the logarithm's argument is moved to the highest place of 128.
        let mut argument =
            if digits > 128 { ratio.shr(digits - 128) } else { ratio.wrapping_shl(128 - digits) }.lower();
        let mut logarithm = (i128::from(digits) - 129) << 64;
        for digit in 0..LOG_DIGITS {
            let (lower, upper) = argument.carrying_mul(argument, 0);
            let is_doubled = upper >> 127 == 1;
            argument = if is_doubled { upper } else { upper << 1 | lower >> 127 };
            logarithm |= i128::from(is_doubled) << (63 - digit);
        }
        let (lower, upper) = logarithm.unsigned_abs().carrying_mul(TICKS_PER_DOUBLING, 0);
        let magnitude = U256::from_halves(upper, lower);
        let ticks = if logarithm < 0 { U256::ZERO.wrapping_sub(magnitude) } else { magnitude };
        let below = whole(ticks.wrapping_sub(U256::from(ERROR_BELOW)));
        let above = whole(ticks.wrapping_add(U256::from(ERROR_ABOVE)));
        if below == above || above.sqrt_price() > price { below } else { above }
    }

    /// The square root of its price (`getSqrtRatioAtTick`).
    #[must_use]
    pub fn sqrt_price(self) -> SqrtPrice {
        let magnitude = self.0.unsigned_abs();
        let mut ratio: Option<u128> = None;
        for (place, power) in POWERS.into_iter().enumerate() {
            if magnitude >> place & 1 == 1 {
                // The first factor stands for itself: it is multiplied by one, 2¹²⁸, which has no room.
                ratio = Some(ratio.map_or(power, |ratio| ratio.carrying_mul(power, 0).1));
            }
        }
        let Some(ratio) = ratio else { return SqrtPrice(U256::from_words([0, 1 << 32, 0, 0])) };
        let ratio = U256::from(ratio);
        let ratio = if self.0 > 0 { U256::MAX.checked_div(ratio).unwrap_or(U256::MAX) } else { ratio };
        let rounded_off = ratio.words()[0] << 32 != 0;
        SqrtPrice(ratio.shr(32).wrapping_add(U256::from(u64::from(rounded_off))))
    }
}

/// The tick whose 128 upper digits these are.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a logarithm of a price in 2⁻¹²⁸ ticks is a tick above the point"
)]
fn whole(ticks: U256) -> Tick {
    Tick::clamped(ticks.upper().cast_signed() as i32)
}

/// The square root of a price as pools keep it: times 2⁹⁶, from [`SqrtPrice::MIN`] to [`SqrtPrice::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SqrtPrice(U256);

impl SqrtPrice {
    /// That of [`Tick::MIN`].
    pub const MIN: Self = Self(U256::from_words([4_295_128_739, 0, 0, 0]));
    /// That of [`Tick::MAX`]. A pool's own price stays below it.
    pub const MAX: Self =
        Self(U256::from_words([0x5d95_1d52_6398_8d26, 0xefd1_fc6a_5064_8849, 0xfffd_8963, 0]));

    /// The price of this square root, times 2⁹⁶.
    ///
    /// # Errors
    /// [`PoolError::Price`] where no tick has a price as low or as high.
    pub fn new(root: U256) -> Result<Self, PoolError> {
        let price = Self(root);
        if price < Self::MIN || price > Self::MAX { Err(PoolError::Price) } else { Ok(price) }
    }

    /// The square root, times 2⁹⁶.
    #[must_use]
    pub const fn root(self) -> U256 {
        self.0
    }

    /// The square root as a float, not multiplied.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        libm::scalbn(self.0.to_f64(), -96)
    }

    /// True where a pool at this price may say that it is at this tick: that of the price or, where the price is exactly that of a
    /// tick, the one below, as after a swap that fell to it.
    #[must_use]
    pub fn allows(self, tick: Tick) -> bool {
        let at = Tick::at(self);
        at == tick || (at.0 == tick.0 + 1 && at.sqrt_price() == self)
    }
}

#[cfg(test)]
mod tests;
