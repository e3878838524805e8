//! What a pool refuses.

use core::fmt;

/// Why there is no result. Contracts revert at the same places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolError {
    /// A tick below [`Tick::MIN`](crate::tick::Tick::MIN) or above [`Tick::MAX`](crate::tick::Tick::MAX), or one that the spacing of
    /// the pool does not divide.
    Tick,
    /// A price below [`SqrtPrice::MIN`](crate::tick::SqrtPrice::MIN) or above [`SqrtPrice::MAX`](crate::tick::SqrtPrice::MAX).
    Price,
    /// A range whose lower end is not below its upper end.
    Range,
    /// There is no liquidity to trade against.
    NoLiquidity,
    /// More is asked for than there is.
    TooMuch,
    /// A result beyond the width that the contract has for it.
    Overflow,
    /// A limit of price that lies on the wrong side of the price.
    Limit,
    /// A fee of a million millionths or more.
    Fee,
}

impl fmt::Display for PoolError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Tick => "no such tick",
            Self::Price => "the price is outside what a pool can have",
            Self::Range => "the lower tick is not below the upper one",
            Self::NoLiquidity => "no liquidity",
            Self::TooMuch => "more than there is",
            Self::Overflow => "the result is too large",
            Self::Limit => "the limit lies on the wrong side of the price",
            Self::Fee => "the fee is not below the whole",
        })
    }
}

impl core::error::Error for PoolError {}
