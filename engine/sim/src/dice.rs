//! Chance, from a seed: Splitmix64 (Steele, Lea and Flood, 2014).

use ballast_model::Span;

/// What everything random of one part of a world is drawn from.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Of a seed, for the part of this name: parts that draw more or less do not change what others draw.
    pub(crate) fn new(seed: u64, part: &str) -> Self {
        let mix = |sum: u64, byte: u8| sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte);
        let mut dice = Self(part.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, mix));
        dice.draw();
        dice
    }

    /// The next word.
    pub(crate) const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below this, which is above zero; the bias of the remainder is nothing at such sizes.
    pub(crate) const fn below(&mut self, end: u64) -> u64 {
        self.draw() % end
    }

    /// True with this probability, in parts of a million.
    pub(crate) const fn falls(&mut self, per_million: u64) -> bool {
        self.below(1_000_000) < per_million
    }

    /// A span from the first up to the second, which is not below it.
    pub(crate) const fn span(&mut self, from: Span, to: Span) -> Span {
        let width = (to.0 - from.0).unsigned_abs() + 1;
        Span(from.0 + (self.below(width)).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_draw_apart_and_seeds_repeat() {
        let draw =
            |seed, part| (0..4).scan(Dice::new(seed, part), |dice, _| Some(dice.draw())).collect::<Vec<_>>();
        assert_eq!(draw(1, "net"), draw(1, "net"));
        assert_ne!(draw(1, "net"), draw(2, "net"));
        assert_ne!(draw(1, "net"), draw(1, "plan"));
    }

    #[test]
    fn draws_lie_in_their_range_and_reach_its_ends() {
        let mut dice = Dice::new(7, "range");
        let spans: Vec<_> = (0..1_000).map(|_| dice.span(Span(3), Span(6)).0).collect();
        assert_eq!((spans.iter().min(), spans.iter().max()), (Some(&3), Some(&6)));
        let hits = (0..10_000).filter(|_| dice.falls(250_000)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
    }
}
