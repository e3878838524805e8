//! Orders of ours that the venue knows and no journal does: what was stored of them was lost, with power or a disk.
//!
//! A run that goes on from a journal hears of them by the venue's lists. They are cancelled like all that was left open, and their
//! trades are booked; that there were any is an alarm.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use ballast_model::{ClientOrderId, Event};

use crate::journal::{Memory, Recognised};

/// Orders that are told apart; of more it is only known that there are so many.
pub const UNJOURNALED_MAX: usize = 64;

/// Looks for them among what a venue tells.
#[derive(Debug)]
pub struct Unjournaled {
    memory: Memory,
    found: Vec<ClientOrderId>,
    /// How many were found, for whoever watches.
    count: Arc<AtomicU64>,
}

impl Unjournaled {
    /// Looks for what `memory` does not know. Allocates all it will ever need.
    #[must_use]
    pub fn new(memory: Memory, count: Arc<AtomicU64>) -> Self {
        Self { memory, found: Vec::with_capacity(UNJOURNALED_MAX), count }
    }

    /// Looks at one event of our account.
    #[inline]
    pub(super) fn look(&mut self, event: &Event) {
        let (Event::Order(ballast_model::OrderUpdate { client_id, .. })
        | Event::Fill(ballast_model::Fill { client_id, .. })) = event
        else {
            return;
        };
        if self.memory.recognise(*client_id) == Recognised::Lost
            && self.found.len() < UNJOURNALED_MAX
            && !self.found.contains(client_id)
        {
            self.found.push(*client_id);
            self.count.store(self.found.len() as u64, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use ballast_model::{InstrumentId, Nanos, OrderReport, OrderUpdate, VenueOrderId};

    use super::*;

    fn told(client_id: ClientOrderId) -> Event {
        let report = OrderReport::Accepted(VenueOrderId(1));
        Event::Order(OrderUpdate { instrument: InstrumentId(0), client_id, report, venue_time: Nanos(1) })
    }

    #[test]
    fn what_no_journal_saw_is_counted_once() {
        let count = Arc::new(AtomicU64::new(0));
        let carried = vec![ClientOrderId::new(1, 3)];
        let memory = Memory::new(2, 4, ClientOrderId::new(2, 9), carried);
        let mut looking = Unjournaled::new(memory, Arc::clone(&count));
        for known in [ClientOrderId::new(2, 9), ClientOrderId::new(1, 3), ClientOrderId::new(4, 1)] {
            looking.look(&told(known));
        }
        looking.look(&told(ClientOrderId::FOREIGN));
        looking.look(&Event::Timer);
        assert_eq!(count.load(Relaxed), 0, "known, ours of this run, and a stranger's");
        for _ in 0..2 {
            looking.look(&told(ClientOrderId::new(2, 10)));
            looking.look(&told(ClientOrderId::new(1, 4)));
            looking.look(&told(ClientOrderId::new(3, 1)));
        }
        assert_eq!(count.load(Relaxed), 3, "of the run that is lost too");
        (0..100).for_each(|nth| looking.look(&told(ClientOrderId::new(2, 20 + nth))));
        assert_eq!(count.load(Relaxed), UNJOURNALED_MAX as u64);
    }
}
