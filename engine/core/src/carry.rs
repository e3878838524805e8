//! Words that carry over from one run to the next: how numbers stand in them. Each part of the core has a module of the same name
//! that writes its own and reads them back.
//!
//! Never here: what carries.

use ballast_model::{Carried, CarriedKind, Money, Nanos};

/// Where words go.
pub(crate) type Tell<'a> = dyn FnMut(Carried) + 'a;

/// Whose a word is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Of {
    pub(crate) kind: CarriedKind,
    pub(crate) of: u16,
    pub(crate) account: u16,
    pub(crate) strategy: u16,
}

impl Of {
    pub(crate) const fn new(kind: CarriedKind, of: u16) -> Self {
        Self { kind, of, account: 0, strategy: 0 }
    }

    /// One part of it.
    pub(crate) const fn word(self, part: u8, words: [u64; 6]) -> Carried {
        let Self { kind, of, account, strategy } = self;
        Carried { kind, part, of, account, strategy, words }
    }

    /// Tells one part of it, unless it is what a new core has.
    pub(crate) fn tell(self, part: u8, words: [u64; 6], tell: &mut Tell<'_>) {
        if words != [0; 6] {
            tell(self.word(part, words));
        }
    }
}

/// An amount as two words.
#[expect(clippy::cast_possible_truncation, reason = "cut into halves on purpose")]
pub(crate) const fn halves(amount: Money) -> [u64; 2] {
    let bits = amount.0.cast_unsigned();
    [bits as u64, (bits >> 64) as u64]
}

/// The amount of two words.
pub(crate) const fn amount(low: u64, high: u64) -> Money {
    Money(((high as u128) << 64 | low as u128).cast_signed())
}

/// A time that may not be as a word.
pub(crate) fn time(at: Option<Nanos>) -> u64 {
    at.map_or(i64::MIN, |at| at.0).cast_unsigned()
}

/// The time of a word.
pub(crate) fn at(word: u64) -> Option<Nanos> {
    Some(Nanos(word.cast_signed())).filter(|at| *at != Nanos::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for units in [0, 1, -1, i128::MAX, i128::MIN, -123_456_789_012_345_678_901] {
            let [low, high] = halves(Money(units));
            assert_eq!(amount(low, high), Money(units));
        }
        for one in [None, Some(Nanos(0)), Some(Nanos(-5)), Some(Nanos::MAX)] {
            assert_eq!(at(time(one)), one);
        }
    }
}
