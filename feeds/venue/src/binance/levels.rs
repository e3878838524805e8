//! Levels on their way from the decoder to the sink.

use alloc::vec::Vec;

use ballast_json as json;
use ballast_model::{
    BookBegin, BookKind, BookLevels, Event, InstrumentId, LEVELS_PER_SLOT, LOTS_MAX, Last, Lots, Nanos,
    PRICE_TICKS_MAX, PackedLevel, Price, Side, UpdateId,
};

/// Levels per side that one frame may carry. The largest snapshots venues serve have 5 000.
pub const LEVELS_PER_SIDE_MAX: usize = 10_000;

/// Levels that one frame may carry.
pub(super) const FRAME_LEVELS_MAX: usize = 2 * LEVELS_PER_SIDE_MAX;

/// Slots of the largest batch a session pushes: what a ring must hold at least.
pub const BATCH_SLOTS_MAX: usize = 1 + 2 * LEVELS_PER_SIDE_MAX.div_ceil(LEVELS_PER_SLOT);

const _: () =
    assert!(json::PRICE_TICKS_MAX == PRICE_TICKS_MAX.cast_unsigned(), "what the decoder passes on packs");
const _: () = assert!(json::LOTS_MAX == LOTS_MAX.cast_unsigned(), "what the decoder passes on packs");

/// A decoded level in the engine's words; `None` beyond their range.
pub(super) fn packed(ticks: u64, lots: u64) -> Option<PackedLevel> {
    PackedLevel::new(Price(i64::try_from(ticks).ok()?), Lots(i64::try_from(lots).ok()?))
}

/// The levels of the frame being decoded, by side. Allocated once.
///
/// A side that is full swallows what follows and remembers that it did, so that the frame is decoded to its end and it
/// is known whose book it was.
#[derive(Debug)]
pub(super) struct FrameLevels {
    bids: Vec<PackedLevel>,
    asks: Vec<PackedLevel>,
    fit: Fit,
    /// Levels between the points of the grid, of all frames.
    strays: u64,
}

/// Whether a frame's levels found room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Whole,
    Cut,
}

impl FrameLevels {
    pub(super) fn new() -> Self {
        Self {
            bids: Vec::with_capacity(LEVELS_PER_SIDE_MAX),
            asks: Vec::with_capacity(LEVELS_PER_SIDE_MAX),
            fit: Fit::Whole,
            strays: 0,
        }
    }

    pub(super) fn bids(&self) -> &[PackedLevel] {
        &self.bids
    }

    pub(super) fn asks(&self) -> &[PackedLevel] {
        &self.asks
    }

    /// Levels of both sides.
    pub(super) const fn len(&self) -> usize {
        self.bids.len() + self.asks.len()
    }

    /// Levels that were passed over so far, because they lie between the points of the grid.
    pub(super) const fn strays(&self) -> u64 {
        self.strays
    }

    pub(super) const fn fit(&self) -> Fit {
        self.fit
    }
}

impl json::LevelSink for FrameLevels {
    fn begin(&mut self) {
        self.bids.clear();
        self.asks.clear();
        self.fit = Fit::Whole;
    }

    #[inline]
    fn push(&mut self, side: json::Side, ticks: u64, lots: u64) -> Result<(), json::Full> {
        let level = packed(ticks, lots).ok_or(json::Full)?;
        let levels = match side {
            json::Side::Bid => &mut self.bids,
            json::Side::Ask => &mut self.asks,
        };
        if levels.len() == LEVELS_PER_SIDE_MAX {
            self.fit = Fit::Cut;
        } else {
            levels.push(level);
        }
        Ok(())
    }

    #[cold]
    fn pass_over(&mut self, _: json::Side) {
        self.strays += 1;
    }
}

/// What the first slot of a batch says, but for the number of levels.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchHead {
    pub(super) instrument: InstrumentId,
    pub(super) kind: BookKind,
    pub(super) update_id: UpdateId,
    pub(super) venue_time: Nanos,
    pub(super) recv_time: Nanos,
}

/// The slots of one book batch. Allocated once.
#[derive(Debug)]
pub(super) struct Batch {
    slots: Vec<Event>,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self { slots: Vec::with_capacity(BATCH_SLOTS_MAX) }
    }

    /// Lays the batch out: the begin slot, bids, asks, the last slot marked. Each side has at most
    /// [`LEVELS_PER_SIDE_MAX`] levels.
    pub(super) fn lay_out(
        &mut self,
        head: BatchHead,
        bids: &[PackedLevel],
        asks: &[PackedLevel],
    ) -> &[Event] {
        let BatchHead { instrument, kind, update_id, venue_time, recv_time } = head;
        let levels = u32::try_from(bids.len() + asks.len()).unwrap_or(u32::MAX);
        self.slots.clear();
        self.slots.push(Event::BookBegin(BookBegin {
            instrument,
            kind,
            levels,
            update_id,
            venue_time,
            recv_time,
        }));
        self.append(instrument, Side::Bid, bids);
        self.append(instrument, Side::Ask, asks);
        if let Some(Event::BookLevels(slot)) = self.slots.last_mut() {
            slot.last = Last::Yes;
        }
        &self.slots
    }

    fn append(&mut self, instrument: InstrumentId, side: Side, levels: &[PackedLevel]) {
        let (full, rest) = levels.as_chunks::<LEVELS_PER_SLOT>();
        let slot = |count: usize, levels: [PackedLevel; LEVELS_PER_SLOT]| {
            let count = u8::try_from(count).unwrap_or(u8::MAX);
            Event::BookLevels(BookLevels { instrument, side, last: Last::No, count, levels })
        };
        self.slots.extend(full.iter().map(|levels| slot(LEVELS_PER_SLOT, *levels)));
        if !rest.is_empty() {
            let mut levels = [PackedLevel::default(); LEVELS_PER_SLOT];
            for (to, from) in levels.iter_mut().zip(rest) {
                *to = *from;
            }
            self.slots.push(slot(rest.len(), levels));
        }
    }
}
