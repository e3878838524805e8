//! Ids of our orders: which comes next, and which are ours.

use ballast_model::ClientOrderId;

/// Makes client order ids: session epoch and counter.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderIds {
    epoch: u32,
    last: u64,
}

impl OrderIds {
    /// The ids of this session, none of which is taken.
    pub(super) const fn new(epoch: u32) -> Self {
        Self { epoch, last: 0 }
    }

    /// The id after the last one; it counts only once [`OrderIds::taken`] confirms it.
    pub(super) const fn next(self) -> ClientOrderId {
        ClientOrderId::new(self.epoch, self.last + 1)
    }

    /// The last id; zero before the first.
    pub(super) const fn last_taken(self) -> u64 {
        if self.last == 0 { 0 } else { ClientOrderId::new(self.epoch, self.last).0 }
    }

    pub(super) const fn taken(&mut self) {
        self.last += 1;
    }

    /// True for an id that was made here.
    pub(super) fn made(self, id: ClientOrderId) -> bool {
        (1..=self.last).contains(&id.counter()) && id == ClientOrderId::new(self.epoch, id.counter())
    }
}
