//! No limit is breached at the worse end at any instant, by what stands at the venue.

use ballast_core::shard::Shard;
use ballast_model::{InstrumentId, Lots, Side};

use super::Verdict;
use crate::counterpart::{Protocol, US, held};

pub(super) const NAME: &str = "exposure";

/// Knows the limit.
#[derive(Debug)]
pub(crate) struct Exposure {
    instrument: InstrumentId,
    most: Option<Lots>,
}

impl Exposure {
    pub(crate) const fn new(instrument: InstrumentId) -> Self {
        Self { instrument, most: None }
    }

    /// What the core holds itself to.
    pub(crate) fn limits(&mut self, shard: &Shard) {
        let gate = shard.gate(self.instrument);
        self.most = gate.map(|gate| gate.limits().position_lots_max);
    }

    pub(crate) fn look(&self, venue: &Protocol) -> Verdict {
        let Some(most) = self.most else { return Ok(()) };
        let position = held(venue);
        let open = |side| -> Lots {
            let orders = venue.known_orders(US).filter(|order| order.side == side && !order.reduce_only);
            Lots(orders.map(|order| order.left.0).sum())
        };
        for side in [Side::Bid, Side::Ask] {
            let worst = position.signed(side) + open(side);
            if worst > most {
                let (at, open) = (position.0, open(side).0);
                let what =
                    format!("{side:?}: position {at} and {open} open come to {worst:?}, limit {most:?}");
                return Err((NAME, what));
            }
        }
        Ok(())
    }
}
