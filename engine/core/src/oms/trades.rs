//! Which trades are already booked.

use alloc::collections::VecDeque;

use ballast_model::{Digest, TradeId};

/// Trade ids an order manager remembers one by one. Replays after a reconnect are far shorter.
pub const TRADES_KEPT: usize = 1_024;

/// What the window can say of a trade id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Never: it is on record from now on.
    Never,
    /// It is on record.
    Before,
    /// It is older than everything on record, so nobody can say.
    Forgotten,
}

/// The newest [`TRADES_KEPT`] trade ids, exactly.
///
/// Needs ids that grow with time on each instrument, as matching engines number them; they may arrive out of order.
#[derive(Clone, Debug)]
pub(super) struct TradeWindow {
    /// Ascending; at most [`TRADES_KEPT`].
    pub(super) ids: VecDeque<TradeId>,
    /// The largest id pushed out; `None` while all are on record.
    pub(super) forgotten: Option<TradeId>,
}

impl TradeWindow {
    pub(super) fn new() -> Self {
        Self { ids: VecDeque::with_capacity(TRADES_KEPT), forgotten: None }
    }

    /// Looks a trade up and puts it on record where it is new.
    pub(super) fn admit(&mut self, id: TradeId) -> Seen {
        if self.forgotten.is_some_and(|forgotten| id <= forgotten) {
            return Seen::Forgotten;
        }
        // Nearly every id is the newest.
        let mut place = match self.ids.back() {
            Some(newest) if *newest >= id => self.ids.partition_point(|known| *known < id),
            Some(_) | None => self.ids.len(),
        };
        if self.ids.get(place) == Some(&id) {
            return Seen::Before;
        }
        if self.ids.len() == TRADES_KEPT {
            if place == 0 {
                self.forgotten = Some(id);
                return Seen::Never;
            }
            self.forgotten = self.ids.pop_front();
            place -= 1;
        }
        self.ids.insert(place, id);
        Seen::Never
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.word(self.forgotten.map_or(0, |id| id.0));
        digest.word(self.ids.len() as u64);
        self.ids.iter().for_each(|id| digest.word(id.0));
    }
}
