//! What the tests and the bench of the pool's mathematics share: numbers in everybody's spelling.
#![forbid(unsafe_code)]

use alloy_primitives::U256 as Theirs;
use alloy_primitives::aliases::U160;
use ballast_pool::U256;
use ballast_pool::tick::SqrtPrice;

/// A number of ours as theirs.
#[must_use]
pub fn theirs(number: U256) -> Theirs {
    Theirs::from_limbs(number.words())
}

/// A number of theirs as ours.
#[must_use]
pub fn ours(number: Theirs) -> U256 {
    U256::from_words(number.into_limbs())
}

/// A price as they keep it.
#[must_use]
pub fn price(price: SqrtPrice) -> U160 {
    U160::from(theirs(price.root()))
}
