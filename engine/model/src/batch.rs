//! A book batch in one piece.

use crate::event::{BookBegin, BookLevels, LEVELS_PER_SLOT, Last};
use crate::level::PackedLevel;
use crate::num::Side;

/// A book batch in one piece: what its slots say, for whoever has all of its levels at hand.
#[derive(Clone, Copy, Debug)]
pub struct BookBatch<'a> {
    begin: BookBegin,
    bids: &'a [PackedLevel],
    asks: &'a [PackedLevel],
}

impl<'a> BookBatch<'a> {
    /// The batch that `begin` and these levels make; `begin.levels` is set to their number.
    #[must_use]
    #[inline]
    pub fn new(mut begin: BookBegin, bids: &'a [PackedLevel], asks: &'a [PackedLevel]) -> Self {
        begin.levels = u32::try_from(bids.len() + asks.len()).unwrap_or(u32::MAX);
        Self { begin, bids, asks }
    }

    /// The FIRST slot.
    #[must_use]
    pub const fn begin(&self) -> &BookBegin {
        &self.begin
    }

    /// The levels, in the order of the slots.
    #[must_use]
    pub const fn sides(&self) -> [(Side, &'a [PackedLevel]); 2] {
        [(Side::Bid, self.bids), (Side::Ask, self.asks)]
    }

    /// The slots that follow the FIRST.
    pub fn slots(&self) -> impl Iterator<Item = BookLevels> + use<'a> {
        let BookBegin { instrument, levels: mut left, .. } = self.begin;
        let chunks = |(side, levels): (_, &'a [PackedLevel])| {
            levels.chunks(LEVELS_PER_SLOT).zip(core::iter::repeat(side))
        };
        self.sides().into_iter().flat_map(chunks).map(move |(used, side)| {
            let mut levels = [PackedLevel::default(); LEVELS_PER_SLOT];
            levels.iter_mut().zip(used).for_each(|(to, from)| *to = *from);
            let count = u8::try_from(used.len()).unwrap_or_default();
            left -= u32::from(count);
            let last = if left == 0 { Last::Yes } else { Last::No };
            BookLevels { instrument, side, last, count, levels }
        })
    }
}
