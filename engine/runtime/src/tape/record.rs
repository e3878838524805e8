//! Records of a tape: what one message is, and how it is kept in half the room.
//!
//! A message differs little from the one before it: in times by less than seconds, in its id by little from the last one of
//! its sequence. A [`Packed`] record keeps the differences; one that does not fit leaves a mark and stands whole among the
//! wide ones. Reading goes forward only, so no place but the one before is ever needed.
//!
//! Never here: levels. A record says how many there are and the tape where they lie.

use ballast_model::{InstrumentId, LostReason, Nanos, Side, Span};

use super::Shift;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Diff,
    /// A diff that comes of orders told by id.
    OrderDiff,
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

    /// With times and id shifted.
    pub(super) fn shifted(&self, shift: Shift) -> Self {
        let added = if self.kind.is_trade() { shift.trade_id } else { shift.update_id };
        Self {
            recv_time: self.recv_time + shift.time,
            venue_time: self.venue_time + shift.time,
            id: self.id.saturating_add(added),
            ..*self
        }
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
    /// Stands for the next of the wide records, which is `record`.
    pub(super) fn wide(record: &Record) -> Self {
        let venue = if record.has_venue_time() { 0 } else { TIMELESS };
        Self { recv: 0, venue, id: 0, counts: [0; 2], instrument: 0, kind: None }
    }

    /// Whether the next of the wide records stands here.
    #[inline]
    pub(super) const fn is_wide(&self) -> bool {
        self.kind.is_none()
    }

    #[inline]
    const fn is_timeless(&self) -> bool {
        self.venue == TIMELESS
    }
}

/// Sequences of ids told apart; more than that share, which costs room and nothing else.
const SEQUENCES: usize = 16;

/// The range that ids take.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ids(pub(super) Option<(u64, u64)>);

impl Ids {
    pub(super) fn take(&mut self, id: u64) {
        let (low, high) = self.0.unwrap_or((id, id));
        self.0 = Some((low.min(id), high.max(id)));
    }

    /// What must be added to ids so that they follow these.
    pub(super) fn length(self) -> u64 {
        self.0.map_or(0, |(low, high)| (high - low).saturating_add(1))
    }
}

/// What differences are taken from: the numbers of the records before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pub(super) recv_time: Nanos,
    venue_time: Nanos,
    ids: [u64; SEQUENCES],
}

impl Before {
    /// Before the first record, with every number shifted.
    pub(super) fn new(shift: Shift) -> Self {
        let start = Nanos(0) + shift.time;
        let mut ids = [shift.update_id; SEQUENCES];
        ids.iter_mut().skip(1).step_by(2).for_each(|id| *id = shift.trade_id);
        Self { recv_time: start, venue_time: start, ids }
    }

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

    /// A record is passed.
    pub(super) fn pass(&mut self, record: &Record) {
        self.pass_times(record);
        self.pass_id(record);
    }

    /// The times of a record are passed.
    pub(super) fn pass_times(&mut self, record: &Record) {
        self.recv_time = record.recv_time;
        if record.has_venue_time() {
            self.venue_time = record.venue_time;
        }
    }

    /// The id of a record is passed.
    pub(super) fn pass_id(&mut self, record: &Record) {
        if !matches!(record.kind, Kind::Mark | Kind::Lost(_))
            && let Some(id) = self.ids.get_mut(sequence(record.kind, record.instrument))
        {
            *id = record.id;
        }
    }

    /// The times of `packed` are passed. The kinds of messages come in no order a processor could foresee, so nothing here
    /// branches on them, nor does [`Before::unpack`].
    #[inline]
    pub(super) fn step(&mut self, packed: &Packed) {
        self.recv_time = self.recv_time + Span(i64::from(packed.recv));
        let since = if packed.is_timeless() { 0 } else { packed.venue };
        self.venue_time = self.venue_time + Span(i64::from(since));
    }

    /// The venue time of the record whose times were passed last, mapped by `offset`, or where it carries none, its receive
    /// time; never after that.
    #[inline]
    pub(super) fn mapped(&self, packed: &Packed, offset: Span) -> Nanos {
        let mapped = (self.venue_time + offset).min(self.recv_time);
        if packed.is_timeless() { self.recv_time } else { mapped }
    }

    /// The record that `packed` stands for, whose times were passed last; its id is passed now. `None` where it is a wide one.
    #[inline]
    pub(super) fn unpack(&mut self, packed: &Packed) -> Option<Record> {
        let kind = packed.kind?;
        let instrument = InstrumentId(u16::from(packed.instrument));
        let before = self.ids.get_mut(sequence(kind, instrument))?;
        let id = before.saturating_add_signed(i64::from(packed.id));
        *before = id;
        Some(Record {
            recv_time: self.recv_time,
            venue_time: if packed.is_timeless() { self.recv_time } else { self.venue_time },
            id,
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
