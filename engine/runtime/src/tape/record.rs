//! Records of a tape: what one message is, and how it is kept in half the room.
//!
//! A message differs little from the one before it: in times by less than seconds, in its id by little from the last one of
//! its sequence. A [`Packed`] record keeps the differences; one that does not fit leaves a mark and stands whole among the
//! wide ones. Reading goes forward only, so no place but the one before is ever needed.
//!
//! Never here: levels. A record says how many there are and the tape where they lie.

use ballast_model::{InstrumentId, LostReason, Nanos, Side, Span};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Diff,
    Snapshot,
    Lost(LostReason),
    /// Both sides are levels.
    Ticker,
    /// The bid is a level, the ask lies [`Record::spread`] ticks above it, its size among the tape's sizes.
    NarrowTicker,
    /// A trade against a resting bid.
    BidTrade,
    /// A trade against a resting ask.
    AskTrade,
    /// The mark itself is the next of the tape's marks.
    Mark,
}

impl Kind {
    /// A trade by the side that rested.
    pub(super) const fn trade(maker: Side) -> Self {
        match maker {
            Side::Bid => Self::BidTrade,
            Side::Ask => Self::AskTrade,
        }
    }

    const fn is_trade(self) -> bool {
        matches!(self, Self::BidTrade | Self::AskTrade)
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) recv_time: Nanos,
    pub(super) venue_time: Nanos,
    /// Update id or trade id; of no meaning for others.
    pub(super) id: u64,
    /// Bids and asks of a book batch, two bytes of a narrow ticker's spread, zero for others.
    pub(super) counts: [u16; 2],
    pub(super) instrument: InstrumentId,
    pub(super) kind: Kind,
}

impl Record {
    /// A venue time equal to our receive time to the nanosecond is how "none" is written.
    #[inline]
    pub(super) fn has_venue_time(&self) -> bool {
        self.venue_time != self.recv_time
    }

    /// Ticks from bid to ask of a narrow ticker.
    #[inline]
    pub(super) fn spread(&self) -> i64 {
        let [low, high] = self.counts.map(i64::from);
        low | high << 8
    }
}

/// A record as its differences from those before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed {
    /// Nanoseconds since the receive time before.
    recv: u32,
    /// Nanoseconds since the venue time before; [`TIMELESS`] where there is no venue time.
    venue: i32,
    /// From the id before in the same sequence.
    id: i32,
    counts: [u8; 2],
    instrument: u8,
    /// `None`: the next of the wide records stands here.
    kind: Option<Kind>,
}

const _: () = assert!(size_of::<Packed>() == 16);

const TIMELESS: i32 = i32::MIN;

impl Packed {
    /// Stands for the next of the wide records.
    pub(super) const WIDE: Self =
        Self { recv: 0, venue: TIMELESS, id: 0, counts: [0; 2], instrument: 0, kind: None };
}

/// Sequences of ids told apart; more than that share, which costs room and nothing else.
const SEQUENCES: usize = 16;

/// What differences are taken from: the numbers of the records before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pub(super) recv_time: Nanos,
    venue_time: Nanos,
    ids: [u64; SEQUENCES],
}

impl Before {
    /// Before the first record.
    pub(super) const START: Self = Self { recv_time: Nanos(0), venue_time: Nanos(0), ids: [0; SEQUENCES] };

    /// The record as differences, where they fit. To be followed by [`Before::pass`].
    pub(super) fn pack(&self, record: &Record) -> Option<Packed> {
        let Record { kind, recv_time, venue_time, counts: [first, second], instrument, .. } = *record;
        let venue = if record.has_venue_time() {
            let difference = i32::try_from(venue_time.0.checked_sub(self.venue_time.0)?).ok()?;
            Some(difference).filter(|difference| *difference != TIMELESS)?
        } else {
            TIMELESS
        };
        let id = self.ids.get(sequence(kind, instrument))?;
        let has_id = !matches!(kind, Kind::Mark | Kind::Lost(_));
        Some(Packed {
            recv: u32::try_from(recv_time.0.checked_sub(self.recv_time.0)?).ok()?,
            venue,
            id: if has_id { i32::try_from(record.id.checked_signed_diff(*id)?).ok()? } else { 0 },
            counts: [u8::try_from(first).ok()?, u8::try_from(second).ok()?],
            instrument: u8::try_from(instrument.0).ok()?,
            kind: Some(kind),
        })
    }

    /// A record that stands whole is passed.
    pub(super) fn pass(&mut self, record: &Record) {
        self.recv_time = record.recv_time;
        if record.has_venue_time() {
            self.venue_time = record.venue_time;
        }
        if !matches!(record.kind, Kind::Mark | Kind::Lost(_))
            && let Some(id) = self.ids.get_mut(sequence(record.kind, record.instrument))
        {
            *id = record.id;
        }
    }

    /// The record that `packed` stands for, which is passed; `None` where it is a wide one. The kinds of messages come in no
    /// order a processor could foresee, so nothing here branches on them.
    #[inline]
    pub(super) fn unpack(&mut self, packed: &Packed) -> Option<Record> {
        let kind = packed.kind?;
        let instrument = InstrumentId(u16::from(packed.instrument));
        let is_timeless = packed.venue == TIMELESS;
        self.recv_time = self.recv_time + Span(i64::from(packed.recv));
        self.venue_time = self.venue_time + Span(i64::from(if is_timeless { 0 } else { packed.venue }));
        let id = self.ids.get_mut(sequence(kind, instrument))?;
        *id = id.wrapping_add_signed(i64::from(packed.id));
        Some(Record {
            recv_time: self.recv_time,
            venue_time: if is_timeless { self.recv_time } else { self.venue_time },
            id: *id,
            counts: packed.counts.map(u16::from),
            instrument,
            kind,
        })
    }
}

/// Index of a sequence: an instrument's trades or its updates.
#[inline]
const fn sequence(kind: Kind, instrument: InstrumentId) -> usize {
    (2 * instrument.index() + kind.is_trade() as usize) % SEQUENCES
}
