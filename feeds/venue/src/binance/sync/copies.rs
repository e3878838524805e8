//! A book whose diffs come over several connections: which of them may be taken, and when none can go on.
//!
//! Each connection proves its own chain. The book moves with whichever brings the next diff first; one that has missed something
//! stands ahead of the book, and what it brings is kept, until another has led the book up to there. The book is lost where none
//! is left that could.
//!
//! ```text
//!   the book ──▶ next diff ──▶ … missing on A … ──▶ kept: A's diffs after its hole
//!                of B, which leads up                delivered once B has come so far
//! ```

use ballast_model::{Nanos, Span, UpdateId};

use super::super::buffer::Diff;
use super::super::copies::COPIES_MAX;
use super::{BookState, BookSync, DiffIds, Follows, Kept, OLD_DIFFS_MAX, Place};

/// How long a book may stand behind what one connection has told because another, which is to lead it up to there, has not: longer,
/// and the slower one is taken for dead.
pub const BEHIND_MAX: Span = Span::from_secs(1);

/// By connection, the id of the last diff; `None` where it is down, has told none since it stands, or contradicted itself.
#[derive(Debug, Default)]
pub(super) struct Chains([Option<UpdateId>; COPIES_MAX]);

impl Chains {
    /// Whether any connection has told nothing beyond this id, so that its next diff goes on from there at the latest.
    fn reach(&self, id: UpdateId) -> bool {
        self.0.iter().flatten().any(|last| *last <= id)
    }

    pub(super) fn clear(&mut self) {
        self.0 = [None; COPIES_MAX];
    }
}

/// How a diff stands to those of its own connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Proof {
    /// It follows them, or repeats what they said.
    Whole,
    /// It is the first.
    First,
    /// Something between them is missing.
    Hole,
    /// It contradicts itself.
    Contradiction,
}

/// What became of a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum OnCopy {
    /// The book is live: deliver it, and then what [`BookSync::caught_up`] says.
    Deliver,
    /// Another connection brought it before.
    Known,
    /// The book is live and behind it, and another connection leads there.
    Ahead,
    /// The book waits for a snapshot, and the diff with it.
    Waits(Kept),
    /// The book was live and no connection leads on from it. What is known of what comes after is kept.
    Lost,
}

impl BookSync {
    /// A connection brings a diff.
    pub(in super::super) fn hear(&mut self, copy: usize, ids: &DiffIds) -> Proof {
        let Some(last) = self.chains.0.get_mut(copy) else { return Proof::First };
        let proof = match *last {
            _ if ids.first > ids.last => Proof::Contradiction,
            None => Proof::First,
            Some(last) if (self.dialect.follows_diff)(last, ids) == Follows::Gap => Proof::Hole,
            Some(_) => Proof::Whole,
        };
        *last = (proof != Proof::Contradiction).then(|| last.map_or(ids.last, |last| last.max(ids.last)));
        proof
    }

    /// Judges a diff of a connection that was just [heard](Self::hear), and keeps it where it must wait. After [`OnCopy::Deliver`]
    /// the book counts as being there.
    pub(in super::super) fn on_copy(&mut self, diff: &Diff<'_>, proof: Proof) -> OnCopy {
        let ids = &diff.head.ids;
        let follows = match self.place {
            _ if proof == Proof::Contradiction => return self.without(),
            Place::AtSnapshot(id) => joined((self.dialect.follows_snapshot)(id, ids), id, ids, proof),
            Place::AtDiff(id) => joined((self.dialect.follows_diff)(id, ids), id, ids, proof),
            Place::Lost(_) => return self.wait(diff, proof),
        };
        match follows {
            Follows::Old => self.doubt(diff),
            Follows::Yes => {
                self.move_to(diff);
                self.place = Place::AtDiff(ids.last);
                OnCopy::Deliver
            }
            Follows::Gap => self.stand_behind(diff, proof),
        }
    }

    /// A diff is known by its id. Where those that are newer by their times keep being so, the numbering is another.
    fn doubt(&mut self, diff: &Diff<'_>) -> OnCopy {
        self.olds += u32::from(diff.head.venue_time > self.newest);
        if self.olds <= OLD_DIFFS_MAX {
            return OnCopy::Known;
        }
        self.buffer.clear();
        self.chains.clear();
        self.seen = diff.head.ids.last;
        let was_live = self.state() == BookState::Live;
        let kept = self.keep_next(diff);
        if was_live {
            self.give_up();
            return OnCopy::Lost;
        }
        OnCopy::Waits(kept)
    }

    /// The book is lost: what follows what waits does so too.
    fn wait(&mut self, diff: &Diff<'_>, proof: Proof) -> OnCopy {
        match self.behind_tail(diff, proof) {
            Follows::Old => self.doubt(diff),
            Follows::Yes => {
                self.seen = self.seen.max(diff.head.ids.last);
                OnCopy::Waits(self.keep_next(diff))
            }
            Follows::Gap if self.leads_to_tail(diff.head.recv_time) => OnCopy::Ahead,
            Follows::Gap => {
                self.seen = diff.head.ids.last;
                self.buffer.clear();
                OnCopy::Waits(self.keep_next(diff))
            }
        }
    }

    /// The book is live and something between it and this diff is missing.
    fn stand_behind(&mut self, diff: &Diff<'_>, proof: Proof) -> OnCopy {
        let now = diff.head.recv_time;
        self.behind = self.behind.or(Some(now));
        match self.behind_tail(diff, proof) {
            Follows::Old => {}
            Follows::Gap if self.leads_to_tail(now) => {}
            Follows::Yes => drop(self.keep(diff)),
            Follows::Gap => {
                self.buffer.clear();
                self.keep(diff);
            }
        }
        self.without()
    }

    /// How a diff stands to the last of those that wait.
    fn behind_tail(&self, diff: &Diff<'_>, proof: Proof) -> Follows {
        let Some(tail) = self.buffer.last().map(|head| head.ids.last) else { return Follows::Yes };
        joined((self.dialect.follows_diff)(tail, &diff.head.ids), tail, &diff.head.ids, proof)
    }

    /// Whether a connection can go on from the last of those that wait, and has had no more time than it may take.
    fn leads_to_tail(&self, now: Nanos) -> bool {
        let tail = self.buffer.last();
        tail.is_some_and(|tail| self.chains.reach(tail.ids.last) && now < tail.recv_time + BEHIND_MAX)
    }

    /// What becomes of the book with the connections there are: a live one is lost where none goes on from it.
    fn without(&mut self) -> OnCopy {
        let (Place::AtSnapshot(id) | Place::AtDiff(id)) = self.place else { return OnCopy::Ahead };
        if self.chains.reach(id) {
            return OnCopy::Ahead;
        }
        self.give_up();
        OnCopy::Lost
    }

    fn keep_next(&mut self, diff: &Diff<'_>) -> Kept {
        self.move_to(diff);
        self.keep(diff)
    }

    fn move_to(&mut self, diff: &Diff<'_>) {
        self.olds = 0;
        self.newest = diff.head.venue_time;
        if self.state() == BookState::Live {
            self.seen = self.seen.max(diff.head.ids.last);
        }
    }

    /// Gives up the book's place and keeps what waits.
    fn give_up(&mut self) {
        self.olds = 0;
        self.behind = None;
        self.place = Place::Lost(BookState::Stale);
    }

    /// After a diff was delivered: from which of those that wait on the book has been led up to, if it has. It then counts as being
    /// at the last of them: deliver them, or [`lose`](Self::lose) the book.
    pub(in super::super) fn caught_up(&mut self) -> Option<usize> {
        self.behind?;
        let Place::AtDiff(id) = self.place else { return None };
        let Some(from) = self.buffer.heads().position(|head| head.ids.last > id) else {
            self.behind = None;
            self.buffer.clear();
            return None;
        };
        // Each follows the one before: behind one that the book has passed the next one goes on from it.
        let first = self.buffer.heads().next().filter(|_| from == 0);
        if first.is_some_and(|head| (self.dialect.follows_diff)(id, &head.ids) != Follows::Yes) {
            return None;
        }
        let tail = self.buffer.last()?;
        (self.place, self.newest) = (Place::AtDiff(tail.ids.last), tail.venue_time);
        self.seen = self.seen.max(tail.ids.last);
        self.behind = None;
        Some(from)
    }

    /// A connection ended, and others go on. True where the book was live and none of them leads on from it; what waits stays.
    pub(in super::super) fn end_copy(&mut self, copy: usize) -> bool {
        if let Some(last) = self.chains.0.get_mut(copy) {
            *last = None;
        }
        self.without() == OnCopy::Lost
    }

    /// Until when a live book may stay behind; `None` where it is not.
    pub(in super::super) fn behind_until(&self) -> Option<Nanos> {
        self.behind.map(|since| since + BEHIND_MAX)
    }

    /// True where a live book was behind for too long, and now is lost; what waits stays.
    pub(in super::super) fn is_left_behind(&mut self, now: Nanos) -> bool {
        let is_late = self.behind_until().is_some_and(|until| until <= now);
        if is_late {
            self.give_up();
        }
        is_late
    }

    /// Whether the book is live and has all of a diff.
    pub(in super::super) fn has(&self, ids: &DiffIds) -> bool {
        matches!(self.place, Place::AtSnapshot(id) | Place::AtDiff(id) if ids.last <= id)
    }
}

/// How a diff stands to an id, where its connection's diffs may be cut elsewhere than those that led there: quantities are absolute, so
/// that one which reaches back beyond the id joins there too. That it does so is believed of a connection that proves its chain.
fn joined(strict: Follows, id: UpdateId, ids: &DiffIds, proof: Proof) -> Follows {
    let reaches_back = proof == Proof::Whole && ids.prev.is_some_and(|prev| prev <= id);
    if strict == Follows::Gap && reaches_back { Follows::Yes } else { strict }
}
