//! From what both threads stamped to figures: which order was led to by which frame, and how long each part of the way took.

use std::collections::{BTreeMap, VecDeque};

use ballast_model::{ClientOrderId, Nanos};
use hdrhistogram::Histogram;

use super::answers::Ask;
use super::drive::{Decisions, LatencyError, Measured};
use super::frames::{Frames, Kind};
use super::kernel::Kernel;
use super::played::{Market, Released, Seen, Sent};
use super::probe::Decided;
use super::wired::WiredError;
use crate::journal::Kept;
use crate::live::{Trading, VenueLoop};

/// Longest time that is told apart.
const NANOS_MAX: u64 = 60_000_000_000;
/// Digits that are told apart.
const DIGITS: u8 = 3;
/// What a level of a batch may take.
const LEVEL_NANOS: u64 = 35;
/// Ticks that are shown singly.
const WORST: usize = 5;

/// All that a run saw.
#[derive(Debug)]
pub(super) struct Raw {
    told: Decisions,
    seen: Seen,
    /// Orders that the session sent, and commands that it did not.
    sent: u64,
    unsent: u64,
    books_lost: u64,
    unread: u64,
    records: u64,
    /// What the way takes without us, where there was a socket.
    pub(super) kernel: Option<Kernel>,
}

impl Raw {
    pub(super) fn new<N: Market>(
        told: Decisions,
        venue: &mut VenueLoop<N>,
        kept: Kept,
    ) -> Result<Self, LatencyError> {
        let (sent, unsent) = match venue.trading() {
            Trading::Live(live) => {
                let counters = live.session().counters();
                (counters.sent, counters.unsent.iter().sum())
            }
            Trading::Paper(_) | Trading::Nobody => (0, 0),
        };
        let (books_lost, unread) = (venue.counters().books_lost, venue.unread());
        let seen = venue.network_mut().seen().map_err(WiredError::from)?;
        let records = kept.records;
        Ok(Self { told, seen, sent, unsent, books_lost, unread, records, kernel: None })
    }

    /// Mean bytes of a frame and of an order on a socket.
    pub(super) const fn bytes(&self) -> (usize, usize) {
        self.seen.bytes
    }
}

/// A part of the way. Those of sockets take no time in process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From the scheduled time to the venue's write, or in process to the arrival: whoever hands it over was busy, or asleep.
    Wait,
    /// From the venue's write until the engine has read the bytes: the venue's sealing and the kernel.
    Read,
    /// From there until the frame is found in them: TLS and WebSocket.
    Frame,
    /// From the frame to the events in the ring.
    Decode,
    /// From there until the core is told.
    RingIn,
    /// Book, fair value, quotes, orders, risk, and the journal.
    Core,
    /// From there until the venue's thread turns to its commands.
    RingOut,
    /// From there to the text of the order, signed where it has to be.
    Encode,
    /// From there until the socket has taken it: WebSocket, TLS, and the kernel's call.
    Write,
    /// From there until the venue has read the order.
    Away,
}

impl Stage {
    /// In the order of the way.
    pub const ALL: [Self; 10] = [
        Self::Wait,
        Self::Read,
        Self::Frame,
        Self::Decode,
        Self::RingIn,
        Self::Core,
        Self::RingOut,
        Self::Encode,
        Self::Write,
        Self::Away,
    ];

    /// True where it is there without a socket too.
    #[must_use]
    pub const fn is_in_process(self) -> bool {
        !matches!(self, Self::Read | Self::Frame | Self::Write | Self::Away)
    }

    /// Its name in tables and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Read => "read",
            Self::Frame => "frame",
            Self::Decode => "decode",
            Self::RingIn => "ring in",
            Self::Core => "core",
            Self::RingOut => "ring out",
            Self::Encode => "encode",
            Self::Write => "write",
            Self::Away => "away",
        }
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames released by the schedule.
    pub frames: u64,
    /// Those among them that led to an order or an amendment.
    pub triggers: u64,
    /// Commands that the core decided, and bytes of commands that left.
    pub decided: u64,
    /// Commands that left as bytes.
    pub sent: u64,
    /// Commands that the session did not send, which is told to the core.
    pub unsent: u64,
    /// Commands of both lists that belong to each other.
    pub matched: u64,
    /// Commands that some list had no room for.
    pub missed: u64,
    /// Books that were lost and built anew.
    pub books_lost: u64,
    /// Frames that could not be decoded.
    pub unread: u64,
    /// Messages that the core was told.
    pub messages: u64,
    /// Records in the journal.
    pub records: u64,
    /// Turns in which the clock had fallen.
    pub clock_falls: u64,
}

/// A tick that took long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exemplar {
    /// Nanoseconds from its scheduled arrival to its order.
    pub nanos: u64,
    /// What it was.
    pub kind: Kind,
    /// Its line in the capture, from 1.
    pub line: u64,
    /// How often the whole capture had been released before it.
    pub passes: i64,
    /// Its number among what the core learned, from 1.
    pub input: u64,
    /// Nanoseconds of it before it arrived.
    pub wait: u64,
}

/// Times of one kind of frame, in nanoseconds.
#[derive(Clone, Debug)]
pub struct Told {
    /// From the scheduled time to the first order: to its bytes in process, and until the venue has read it over sockets.
    pub total: Histogram<u64>,
    /// Of it, from the bytes that were read to the bytes that the socket has taken: what is ours, and the kernel's call that writes.
    pub ours: Histogram<u64>,
    /// By stage, of those that were sampled.
    pub stages: [Histogram<u64>; Stage::ALL.len()],
    /// Levels of the batches that led to orders.
    pub levels: Histogram<u64>,
    /// Total less 35 ns for each level: what a batch of any size is held against.
    pub less_levels: Histogram<u64>,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Figures {
    /// What was counted.
    pub counts: Counts,
    /// From best bid and ask to order.
    pub ticker: Told,
    /// From a change of the book to order.
    pub depth: Told,
    /// The slowest ticks, slowest first.
    pub worst: Vec<Exemplar>,
    /// What the way there and back takes without us; none in process.
    pub kernel: Option<Kernel>,
}

#[expect(clippy::expect_used, reason = "these bounds and digits are among those that a histogram takes")]
pub(super) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, NANOS_MAX, DIGITS).expect("a histogram")
}

pub(super) fn nanos(from: Nanos, until: Nanos) -> u64 {
    u64::try_from((until - from).0).unwrap_or_default()
}

impl Told {
    fn new() -> Self {
        let stages = core::array::from_fn(|_| histogram());
        let [total, ours, levels, less_levels] = core::array::from_fn(|_| histogram());
        Self { total, ours, stages, levels, less_levels }
    }

    fn add(&mut self, released: &Released, decided: &Decided, sent: &Sent) {
        let total = nanos(released.due, sent.got);
        self.total.saturating_record(total);
        self.ours.saturating_record(nanos(released.read, sent.left));
        self.levels.saturating_record(u64::from(decided.levels));
        self.less_levels.saturating_record(total.saturating_sub(LEVEL_NANOS * u64::from(decided.levels)));
        if decided.told.0 == 0 || released.decoded.0 == 0 {
            return;
        }
        let stamps = [
            released.due,
            released.written,
            released.read,
            released.arrived,
            released.decoded,
            decided.told,
            decided.done,
            sent.turned,
            sent.at,
            sent.left,
            sent.got,
        ];
        for (stage, pair) in self.stages.iter_mut().zip(stamps.windows(2)) {
            if let [from, until] = pair {
                // A stage that was over before the one before it was stamped took no time of its own.
                stage.saturating_record(nanos(*from, *until));
            }
        }
    }
}

impl Measured {
    /// Counts and times.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let Raw { told, seen, kernel, .. } = &self.raw;
        let mut joined = Joined { frames: &self.frames, seen, sent: BTreeMap::new(), seen_last: Nanos::MIN };
        for sent in &seen.sent {
            joined.sent.entry((sent.client_id, sent.ask)).or_default().push_back(sent);
        }
        let (ticker, depth, kernel) = (Told::new(), Told::new(), kernel.clone());
        let mut figures = Figures { counts: self.counts(), ticker, depth, worst: Vec::new(), kernel };
        for decided in &told.log {
            joined.take(decided, &mut figures);
        }
        figures.worst.sort_by_key(|one| core::cmp::Reverse(one.nanos));
        figures.worst.truncate(WORST);
        figures
    }

    fn counts(&self) -> Counts {
        let Raw { told, seen, sent, unsent, books_lost, unread, records, .. } = &self.raw;
        Counts {
            frames: seen.released.len() as u64,
            decided: told.log.len() as u64,
            sent: *sent,
            unsent: *unsent,
            missed: told.missed + seen.missed,
            books_lost: *books_lost,
            unread: *unread,
            messages: told.outcome.messages,
            records: *records,
            clock_falls: told.clock_falls,
            ..Counts::default()
        }
    }
}

/// Both threads' lists, by what belongs to each other.
struct Joined<'a> {
    frames: &'a Frames,
    seen: &'a Seen,
    /// By order and what was asked of it, in the order in which that left.
    sent: BTreeMap<(ClientOrderId, Ask), VecDeque<&'a Sent>>,
    /// The frame of the last trigger: only its first order counts.
    seen_last: Nanos,
}

impl Joined<'_> {
    fn take(&mut self, decided: &Decided, figures: &mut Figures) {
        let left = self.sent.get_mut(&(decided.client_id, decided.ask)).and_then(VecDeque::pop_front);
        let Some(sent) = left else { return };
        figures.counts.matched += 1;
        if decided.ask == Ask::Cancel || decided.arrived == self.seen_last {
            return;
        }
        let at = self.seen.released.binary_search_by_key(&decided.arrived, |one| one.arrived);
        let Some(released) = at.ok().and_then(|at| self.seen.released.get(at)) else { return };
        let Some((frame, passes)) = self.frames.get(released.frame) else { return };
        self.seen_last = decided.arrived;
        figures.counts.triggers += 1;
        match frame.kind {
            Kind::Ticker => figures.ticker.add(released, decided, sent),
            Kind::Depth => figures.depth.add(released, decided, sent),
            Kind::Other => {}
        }
        let worst = Exemplar {
            nanos: nanos(released.due, sent.got),
            kind: frame.kind,
            line: frame.line,
            passes,
            input: decided.input,
            wait: nanos(released.due, released.written),
        };
        // Kept short: what is worse than the best of many is kept, the rest is thrown away now and then.
        figures.worst.push(worst);
        if figures.worst.len() > 64 * WORST {
            figures.worst.sort_by_key(|one| core::cmp::Reverse(one.nanos));
            figures.worst.truncate(WORST);
        }
    }
}

#[cfg(test)]
mod tests;
