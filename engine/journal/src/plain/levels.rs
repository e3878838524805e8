//! Levels as words: two of them in three.

use ballast_model::{Lots, PackedLevel, Price};

/// Bits of a price.
const PRICE_BITS: u32 = 40;
/// Bits of a size beside the price in one word; the others are a third of the word that two levels share.
const LOTS_LOW_BITS: u32 = 64 - PRICE_BITS;

/// Words that so many levels take.
#[must_use]
#[inline]
pub const fn level_words(levels: usize) -> usize {
    levels + levels.div_ceil(2)
}

/// Two levels.
#[must_use]
#[inline]
pub const fn pair_words(pair: [PackedLevel; 2]) -> [u64; 3] {
    let [one, other] = pair;
    [low(one), low(other), thirds(one, other)]
}

/// The last of an odd number of levels.
#[must_use]
#[inline]
pub const fn single_words(level: PackedLevel) -> [u64; 2] {
    [low(level), high(level)]
}

/// The levels of [`pair_words`]; `None` where those are none.
#[must_use]
#[inline]
pub fn pair_of(words: [u64; 3]) -> Option<[PackedLevel; 2]> {
    let [one, other, sizes] = words;
    Some([take_level(one, sizes & u64::from(u32::MAX))?, take_level(other, sizes >> 32)?])
}

/// The level of [`single_words`]; `None` where that is none.
#[must_use]
#[inline]
pub fn single_of(words: [u64; 2]) -> Option<PackedLevel> {
    let [low, high] = words;
    take_level(low, high)
}

/// Price and the lower bits of the size.
#[inline]
pub(super) const fn low(level: PackedLevel) -> u64 {
    level.price().0.cast_unsigned() | level.lots().0.cast_unsigned() << PRICE_BITS
}

/// The higher bits of the size.
#[inline]
pub(super) const fn high(level: PackedLevel) -> u64 {
    level.lots().0.cast_unsigned() >> LOTS_LOW_BITS
}

/// The higher bits of two sizes.
#[inline]
pub(super) const fn thirds(one: PackedLevel, other: PackedLevel) -> u64 {
    high(one) | high(other) << 32
}

#[inline]
pub(super) fn take_level(low: u64, high: u64) -> Option<PackedLevel> {
    let price = low & ((1 << PRICE_BITS) - 1);
    let lots = (high <= u64::from(u32::MAX)).then_some(low >> PRICE_BITS | high << LOTS_LOW_BITS)?;
    PackedLevel::new(Price(price.cast_signed()), Lots(lots.cast_signed()))
}
