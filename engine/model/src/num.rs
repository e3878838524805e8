//! Prices, distances and sizes as integers on the venue's grid.

use core::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// Largest price any part of Ballast handles, in ticks (40 bits: a million million ticks).
pub const PRICE_TICKS_MAX: i64 = (1 << 40) - 1;

/// Largest size any part of Ballast handles, in lots (56 bits).
pub const LOTS_MAX: i64 = (1 << 56) - 1;

/// Side of the book: buyers bid, sellers ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Side {
    /// Buy side.
    Bid = 0,
    /// Sell side.
    Ask = 1,
}

impl Side {
    /// Both sides, bid first.
    pub const BOTH: [Self; 2] = [Self::Bid, Self::Ask];

    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Bid => Self::Ask,
            Self::Ask => Self::Bid,
        }
    }

    /// +1 for a bid (a fill makes us longer), −1 for an ask.
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Bid => 1,
            Self::Ask => -1,
        }
    }

    /// Dense index: bid 0, ask 1.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// True where `a` is at least as aggressive as `b` on this side: a bid at or above, an ask at or below.
    #[must_use]
    pub const fn reaches(self, a: Price, b: Price) -> bool {
        match self {
            Self::Bid => a.0 >= b.0,
            Self::Ask => a.0 <= b.0,
        }
    }
}

/// A price: a point on the instrument's tick grid, in ticks. In `0..=PRICE_TICKS_MAX`.
///
/// Two prices subtract to a distance ([`Ticks`]); they do not add.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(pub i64);

/// A distance between two prices, in ticks; signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(pub i64);

/// A size or a position, in lots. Sizes are positive; positions are signed: long > 0, short < 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lots(pub i64);

/// Midpoint of two prices in half ticks: bid + ask, exact where a mid in ticks would need a fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HalfTicks(pub i64);

impl HalfTicks {
    /// Midpoint of a bid and an ask.
    #[must_use]
    pub const fn mid(bid: Price, ask: Price) -> Self {
        Self(bid.0 + ask.0)
    }

    /// The midpoint in ticks, for models and reports.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "prices are below 2^41 half ticks, exact in f64")]
    pub const fn to_ticks_f64(self) -> f64 {
        self.0 as f64 * 0.5
    }
}

impl Price {
    /// This price moved away from the touch by `distance`: down for a bid, up for an ask.
    #[must_use]
    pub const fn away(self, side: Side, distance: Ticks) -> Self {
        Self(self.0 - side.sign() * distance.0)
    }
}

impl Sub for Price {
    type Output = Ticks;
    fn sub(self, other: Self) -> Ticks {
        Ticks(self.0 - other.0)
    }
}

impl Add<Ticks> for Price {
    type Output = Self;
    fn add(self, distance: Ticks) -> Self {
        Self(self.0 + distance.0)
    }
}

impl Sub<Ticks> for Price {
    type Output = Self;
    fn sub(self, distance: Ticks) -> Self {
        Self(self.0 - distance.0)
    }
}

impl Lots {
    /// No lots.
    pub const ZERO: Self = Self(0);

    /// Magnitude.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// A positive size as the change of position that filling it on `side` makes.
    #[must_use]
    pub const fn signed(self, side: Side) -> Self {
        Self(self.0 * side.sign())
    }

    /// True for exactly zero lots.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add for Lots {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Lots {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Lots {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Lots {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Lots {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn away_moves_bids_down_and_asks_up() {
        assert_eq!(Price(100).away(Side::Bid, Ticks(3)), Price(97));
        assert_eq!(Price(100).away(Side::Ask, Ticks(3)), Price(103));
    }

    #[test]
    fn a_side_reaches_prices_at_least_as_aggressive() {
        assert!(Side::Bid.reaches(Price(101), Price(100)));
        assert!(!Side::Bid.reaches(Price(99), Price(100)));
        assert!(Side::Ask.reaches(Price(99), Price(100)));
        assert!(!Side::Ask.reaches(Price(101), Price(100)));
    }
}
