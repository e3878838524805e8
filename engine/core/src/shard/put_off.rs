//! Decisions that cannot be taken yet: between the slots of a book batch, and on a touch that is too old.
//!
//! News of our own orders, a timer or another market may come while a batch is incomplete. The touch is unknown then, and
//! deciding on that would pull quotes that stand well. What was put off is decided with the batch's last slot, or when the
//! book is lost. Where a touch was found too old, its confirmation is answered like a change.
//!
//! Never here: a decision.

use ballast_model::{InstrumentId, Nanos};

use super::{Shard, ids, lane_of};
use crate::gate::GateState;
use crate::outbox::Outbox;

impl Shard {
    /// Whether quotes of an instrument must wait: its own market, or one its quotes or its hedge are decided from, is in the
    /// middle of a batch. Notes that they do.
    #[inline]
    pub(super) fn waits(&mut self, instrument: InstrumentId) -> bool {
        let lane = lane_of(&mut self.lanes, instrument);
        let other = lane.quoter.as_ref().and_then(|quoter| quoter.hedged_on());
        let mut waits = lane.market.mid_batch();
        if let Some(other) = other {
            waits |= lane_of(&mut self.lanes, other).market.mid_batch();
            waits |= self.hedgers.iter().any(|hedger| hedger.is_put_off() && hedger.wants_fill(instrument));
        }
        let lane = lane_of(&mut self.lanes, instrument);
        // A halt pulls quotes at once: for that no market need be known.
        let above = self.risk.as_ref().map_or(GateState::Active, |risk| risk.portfolio.state(instrument));
        waits &= lane.gate().map_or(above, |gate| gate.state().max(above)) < GateState::Paused;
        lane.put_off = waits;
        self.put_off |= waits;
        waits
    }

    /// Asks to hear of it when a touch that is too old to quote on, here or where the quotes are priced from, is confirmed.
    pub(super) fn await_stale(&mut self, instrument: InstrumentId, now: Nanos) {
        let lane = lane_of(&mut self.lanes, instrument);
        let Some(quoter) = &lane.quoter else { return };
        let (age_max, other) = (quoter.touch_age_max(), quoter.hedged_on());
        for id in [Some(instrument), other].into_iter().flatten() {
            let market = &mut lane_of(&mut self.lanes, id).market;
            if market.touch().is_some() && market.confirmed_at() + age_max <= now {
                market.await_confirmation();
            }
        }
    }

    /// Decides what waited for the end of a batch, unless this instrument is still in the middle of one.
    #[cold]
    pub(super) fn after_batch(&mut self, instrument: InstrumentId, now: Nanos, out: &mut Outbox) {
        if lane_of(&mut self.lanes, instrument).market.mid_batch() {
            return;
        }
        self.put_off = false;
        if self.hedgers.iter().any(|hedger| hedger.is_put_off()) {
            self.hedge(now, out);
        }
        for id in ids(self.lanes.len()) {
            if lane_of(&mut self.lanes, id).put_off {
                self.requote(id, now, out);
            }
        }
        self.spread_halt(now, out);
        self.finish(now, out);
    }
}
