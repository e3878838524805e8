//! A price level in twelve bytes.

use crate::num::{LOTS_MAX, Lots, PRICE_TICKS_MAX, Price};

/// A price and a size packed into 96 bits: 40 bits of ticks, 56 bits of lots.
///
/// Depth is most of all market data; twelve bytes let a 64-byte event slot carry four levels and a recorded day fit memory.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct PackedLevel([u32; 3]);

impl PackedLevel {
    /// Packs a level; `None` where the price is outside `0..=PRICE_TICKS_MAX` or the size outside `0..=LOTS_MAX`.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the fields are cut to their bits on purpose"
    )]
    pub const fn new(price: Price, lots: Lots) -> Option<Self> {
        if price.0 < 0 || price.0 > PRICE_TICKS_MAX || lots.0 < 0 || lots.0 > LOTS_MAX {
            return None;
        }
        let (ticks, size) = (price.0 as u64, lots.0 as u64);
        Some(Self([ticks as u32, (ticks >> 32) as u32 | (size << 8) as u32, (size >> 24) as u32]))
    }

    /// The price.
    #[must_use]
    #[inline]
    pub const fn price(self) -> Price {
        Price((self.0[0] as i64) | ((self.0[1] & 0xff) as i64) << 32)
    }

    /// The size; zero removes the level from a book.
    #[must_use]
    #[inline]
    pub const fn lots(self) -> Lots {
        Lots((self.0[1] >> 8) as i64 | (self.0[2] as i64) << 24)
    }
}

/// What is packed, not how.
impl core::fmt::Debug for PackedLevel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PackedLevel").field("price", &self.price()).field("lots", &self.lots()).finish()
    }
}

const _: () = assert!(size_of::<PackedLevel>() == 12);

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packing_loses_nothing(ticks in 0..=PRICE_TICKS_MAX, lots in 0..=LOTS_MAX) {
            let level = PackedLevel::new(Price(ticks), Lots(lots)).unwrap();
            prop_assert_eq!((level.price(), level.lots()), (Price(ticks), Lots(lots)));
        }
    }

    #[test]
    fn a_level_is_shown_by_what_it_holds() {
        let level = PackedLevel::new(Price(267_840), Lots(1_234)).unwrap();
        assert_eq!(std::format!("{level:?}"), "PackedLevel { price: Price(267840), lots: Lots(1234) }");
    }

    #[test]
    fn values_outside_the_fields_are_refused() {
        assert_eq!(PackedLevel::new(Price(-1), Lots(0)), None);
        assert_eq!(PackedLevel::new(Price(0), Lots(-1)), None);
        assert_eq!(PackedLevel::new(Price(PRICE_TICKS_MAX + 1), Lots(0)), None);
        assert_eq!(PackedLevel::new(Price(0), Lots(LOTS_MAX + 1)), None);
    }
}
