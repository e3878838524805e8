//! A shard's decisions: one instrument's quotes, and the hedges.

use ballast_model::{InstrumentId, Nanos};

use super::blending::BlendReading;
use super::executable::{hedge_prices, hedge_stale_at};
use super::hedger::{Hedger, unhedged};
use super::lane::Elsewhere;
use super::{Shard, Turn, ids, lane_of};
use crate::outbox::Outbox;

impl Shard {
    /// Lets every hedge decide: one base asset's orders never depend on another's, and a decision that finds nothing new does
    /// nothing.
    pub(super) fn hedge(&mut self, now: Nanos, out: &mut Outbox) {
        self.hedge_but(None, now, out);
    }

    /// As [`Shard::hedge`]. Quotes that lean on what is not hedged follow where that has changed, but those of `quoted`, which
    /// are about to be decided anyway.
    pub(super) fn hedge_but(&mut self, quoted: Option<InstrumentId>, now: Nanos, out: &mut Outbox) {
        for hedger in &mut self.hedgers {
            self.put_off |= hedger.waits(&self.lanes);
        }
        if self.calls {
            self.look(now, out);
        }
        let mut turn =
            Turn { now, ids: &mut self.ids, risk: self.risk.as_mut(), books: self.books.as_mut(), out };
        for hedger in self.hedgers.iter_mut().filter(|hedger| !hedger.is_put_off()) {
            hedger.decide(&mut self.lanes, &mut turn);
        }
        if self.calls || self.hedgers.iter().any(Hedger::has_moved) {
            for id in ids(self.lanes.len()).filter(|id| Some(*id) != quoted) {
                let moved = self.hedgers.iter().any(|hedger| hedger.has_moved() && hedger.wants_fill(id));
                self.call(id, out);
                let called = self.takes_call(id);
                self.tell(id, now, out, |lane, _| {
                    moved && lane.leans() && lane.wants_own(now) || called || lane.wants_close()
                });
            }
        }
    }

    #[inline]
    pub(super) fn requote(&mut self, instrument: InstrumentId, now: Nanos, out: &mut Outbox) {
        self.unsettled = true;
        if self.waits(instrument) {
            return;
        }
        self.await_stale(instrument, now);
        let mut elsewhere = self.elsewhere(instrument, now);
        if self.calls {
            self.call(instrument, out);
            self.takes_call(instrument);
            elsewhere.hedging = self.hedging_beside(instrument);
        }
        let blended = self.blended(instrument, now);
        let Self { lanes, ids, risk, books, .. } = self;
        let mut turn = Turn { now, ids, risk: risk.as_mut(), books: books.as_mut(), out };
        lane_of(lanes, instrument).requote(elsewhere, blended.as_ref(), &mut turn);
    }

    /// What the blend of an instrument says; `None` where it has none.
    #[inline]
    pub(super) fn blended(&mut self, instrument: InstrumentId, now: Nanos) -> Option<BlendReading> {
        let Self { blends, lanes, .. } = self;
        let its = blends.iter_mut().find(|blend| blend.quoted() == instrument)?;
        Some(its.read(lanes, now))
    }

    /// What the quotes of an instrument whose fills are hedged on another one read of that.
    #[inline]
    pub(super) fn elsewhere(&self, instrument: InstrumentId, now: Nanos) -> Elsewhere {
        let lane = self.lanes.get(instrument.index());
        let on = lane.and_then(|lane| Some((lane, lane.quoter.as_ref()?.hedged_on()?)));
        let Some((lane, other)) = on else { return Elsewhere::NOTHING };
        let other = self.lanes.get(other.index());
        let prices = other.and_then(|other| hedge_prices(lane, other, now));
        let stale_at = other.and_then(|other| hedge_stale_at(lane, other));
        let Some(hedger) = self.hedgers.iter().find(|hedger| hedger.wants_fill(instrument)) else {
            return Elsewhere { prices, stale_at, ..Elsewhere::NOTHING };
        };
        match hedger.view().and_then(|view| unhedged(view, lane)) {
            Some(lots) => Elsewhere { prices, stale_at, unhedged: Some(lots), ..Elsewhere::NOTHING },
            // How much is hedged is unknown, or nobody has looked yet: there is nothing to quote on. The position alone would
            // count as open what another instrument holds against it.
            None => Elsewhere::NOTHING,
        }
    }
}
