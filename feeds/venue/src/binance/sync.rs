//! When a book may be trusted: the states of one book between diffs and snapshots.
//!
//! ```text
//!            diff kept                     snapshot that reaches the buffered diffs
//!  Syncing ────────────▶ (buffering) ──────────────────────────────────────────────▶ Live
//!  Stale   ◀───────────────────────────────────────────────────────────────────────── │
//!            a hole, a lost connection, a full ring, a frame beyond all limits
//! ```
//!
//! Each market says by [`Dialect`] how a diff must follow; this file only keeps the books. A frame that cannot be
//! decoded needs no state here: if it was a diff, the next one does not follow and shows the hole.

mod copies;

use ballast_model::{Nanos, UpdateId};

use super::Dialect;
use super::buffer::{BufferFull, Diff, DiffBuffer};
pub use copies::BEHIND_MAX;
use copies::Chains;
pub(super) use copies::{OnCopy, Proof};

/// Diffs in a row that claim to be older than the book until the book's own place in the sequence is doubted: a venue
/// that restarts its numbering would otherwise leave a dead book looking live.
pub const OLD_DIFFS_MAX: u32 = 64;

/// Whether a book may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookState {
    /// Waiting for the first snapshot.
    Syncing,
    /// Every diff since the snapshot has been delivered.
    Live,
    /// Was live and lost its place; waiting for a snapshot.
    Stale,
}

/// The sequence numbers of a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DiffIds {
    /// First update id covered.
    pub(super) first: UpdateId,
    /// Last update id covered.
    pub(super) last: UpdateId,
    /// Last update id of the diff before; futures only.
    pub(super) prev: Option<UpdateId>,
}

/// How a diff stands to a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// The book plus the diff is the book at the diff's last id.
    Yes,
    /// The book has all of it.
    Old,
    /// Something between the book and the diff is missing.
    Gap,
}

/// What to do with a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnDiff {
    /// The book is live: deliver it.
    Deliver,
    /// The book waits: keep it.
    Keep,
    /// Forget it.
    Ignore,
    /// It shows a hole: the book and what was kept are lost. Keep the diff, it may be the first of the next book.
    KeepAfterGap,
    /// It contradicts itself: the book and what was kept are lost, and so is the diff.
    Lose,
}

/// What a snapshot brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnSnapshot {
    /// Deliver it, then the buffered diffs from this position on.
    Join {
        /// Buffered diffs that the snapshot has overtaken.
        overtaken: usize,
    },
    /// It does not reach the diffs at hand.
    Refuse,
    /// Nobody waits for it.
    Ignore,
}

/// Where a kept diff stands in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is the first.
    First,
    /// It follows others.
    Behind,
    /// It is the first after the buffer was full and was emptied.
    FirstAfterDropping(usize),
}

/// One book's place in its venue's sequence, and the diffs that wait.
#[derive(Debug)]
pub(super) struct BookSync {
    dialect: &'static Dialect,
    place: Place,
    buffer: DiffBuffer,
    /// Largest id seen since the stream began: an older snapshot must not turn the book back.
    seen: UpdateId,
    /// Old diffs since the last one that was not; of several connections those that are newer by their times.
    olds: u32,
    /// How far each connection has come, where there are several.
    chains: Chains,
    /// Since when a connection has been ahead of the live book; what it brought waits.
    behind: Option<Nanos>,
    /// The venue's time of the last diff that was delivered or waits, where there are several connections.
    newest: Nanos,
}

#[derive(Clone, Copy, Debug)]
enum Place {
    /// Not in the sequence; the state is [`BookState::Syncing`] or [`BookState::Stale`].
    Lost(BookState),
    /// A snapshot was delivered and no diff since.
    AtSnapshot(UpdateId),
    /// This diff was the last delivered.
    AtDiff(UpdateId),
}

impl BookSync {
    pub(super) fn new(dialect: &'static Dialect) -> Self {
        Self {
            dialect,
            place: Place::Lost(BookState::Syncing),
            buffer: DiffBuffer::new(),
            seen: UpdateId(0),
            olds: 0,
            chains: Chains::default(),
            behind: None,
            newest: Nanos::MIN,
        }
    }

    /// Judges a diff and moves the book's place: after [`OnDiff::Deliver`] the book counts as being at the diff, so a
    /// caller that fails to deliver it must [`lose`](Self::lose) the book, as after the two verdicts that say so.
    pub(super) fn on_diff(&mut self, ids: &DiffIds) -> OnDiff {
        if ids.first > ids.last {
            return OnDiff::Lose;
        }
        match self.judge(ids) {
            Follows::Old if self.olds < OLD_DIFFS_MAX => {
                self.olds += 1;
                OnDiff::Ignore
            }
            Follows::Yes => {
                self.olds = 0;
                self.seen = self.seen.max(ids.last);
                if matches!(self.place, Place::Lost(_)) {
                    OnDiff::Keep
                } else {
                    self.place = Place::AtDiff(ids.last);
                    OnDiff::Deliver
                }
            }
            Follows::Old | Follows::Gap => {
                self.seen = ids.last;
                OnDiff::KeepAfterGap
            }
        }
    }

    fn judge(&self, ids: &DiffIds) -> Follows {
        match (self.place, self.buffer.last()) {
            (Place::AtSnapshot(id), _) => (self.dialect.follows_snapshot)(id, ids),
            (Place::AtDiff(id), _) => (self.dialect.follows_diff)(id, ids),
            (Place::Lost(_), Some(head)) => (self.dialect.follows_diff)(head.ids.last, ids),
            (Place::Lost(_), None) => Follows::Yes,
        }
    }

    /// Keeps a diff for the snapshot to come.
    pub(super) fn keep(&mut self, diff: &Diff<'_>) -> Kept {
        if self.buffer.push(diff) == Err(BufferFull) {
            let dropped = self.buffer.clear();
            let retried = self.buffer.push(diff);
            debug_assert_eq!(retried, Ok(()), "an empty buffer takes any diff");
            return Kept::FirstAfterDropping(dropped);
        }
        if self.buffer.len() == 1 { Kept::First } else { Kept::Behind }
    }

    /// Judges a snapshot; changes nothing.
    pub(super) fn on_snapshot(&self, id: UpdateId) -> OnSnapshot {
        if self.state() == BookState::Live {
            return OnSnapshot::Ignore;
        }
        let mut overtaken = 0;
        for head in self.buffer.heads() {
            match (self.dialect.follows_snapshot)(id, &head.ids) {
                Follows::Old => overtaken += 1,
                Follows::Gap => return OnSnapshot::Refuse,
                // The buffer has no hole: with this diff all that follow it join.
                Follows::Yes => return OnSnapshot::Join { overtaken },
            }
        }
        if id < self.seen { OnSnapshot::Refuse } else { OnSnapshot::Join { overtaken } }
    }

    /// The snapshot was delivered: the book is live at the last diff that follows it. Deliver those diffs, or
    /// [`lose`](Self::lose) the book.
    pub(super) fn join(&mut self, id: UpdateId, overtaken: usize) {
        self.olds = 0;
        (self.place, self.newest) = match self.buffer.last() {
            Some(head) if self.buffer.len() > overtaken => (Place::AtDiff(head.ids.last), head.venue_time),
            Some(_) | None => (Place::AtSnapshot(id), Nanos::MIN),
        };
    }

    /// The buffered diffs from position `from` on.
    pub(super) fn buffered(&self, from: usize) -> impl Iterator<Item = Diff<'_>> {
        self.buffer.diffs_from(from)
    }

    /// Empties the buffer once its diffs are delivered.
    pub(super) fn delivered(&mut self) {
        self.buffer.clear();
    }

    /// Gives up the book's place and what was kept; returns how many diffs that were.
    pub(super) fn lose(&mut self) -> usize {
        self.olds = 0;
        self.behind = None;
        if self.state() == BookState::Live {
            self.place = Place::Lost(BookState::Stale);
        }
        self.buffer.clear()
    }

    /// The stream ended, and the next one may number anew; otherwise as [`lose`](Self::lose).
    pub(super) fn end_stream(&mut self) -> usize {
        self.seen = UpdateId(0);
        self.chains.clear();
        self.lose()
    }

    pub(super) const fn state(&self) -> BookState {
        match self.place {
            Place::Lost(state) => state,
            Place::AtSnapshot(_) | Place::AtDiff(_) => BookState::Live,
        }
    }
}
