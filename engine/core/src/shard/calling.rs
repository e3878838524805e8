//! What inventory asks for beside quotes: the last two stages of the ladder ([`crate::inventory`]).
//!
//! The ladder of an instrument takes what is held without doubt at every decision and whenever one of its orders moves. At the
//! stage `hedge` the hedger that has the instrument as a part works off what it would leave inside its band. At the stage
//! `liquidate` the position is closed at once ([`super::closing`]), and while that goes on the hedger leaves this side alone; where
//! nothing can be sent (no fresh market, a refusal) it hedges. Either ends when its stage is left. Inventories call before the
//! hedges decide, so that these never begin what is closed next.
//!
//! Quotes that lean on what is not hedged elsewhere are judged by that; no more of the position is closed then than is not hedged.
//! All others are judged by their own position though a hedge stands against it: what closes it leaves that hedge naked. The hedger
//! decides at each such fill and takes it back on the other side, which it is not told to leave alone, as far as it lies outside
//! its band and as urgently as its ladder says; what stays naked lies inside the band.
//!
//! Never here: a stage on what is not known, an order.

use ballast_model::{Digest, InstrumentId, Lots, Nanos, Rate, Side, TimeInForce};

use super::closing::Wish;
use super::hedger::Hedger;
use super::lane::Lane;
use super::lane_error::LaneError;
use super::{ShapingSpec, Shard, Turn, ids as ids_of};
use crate::gate::GateLimits;
use crate::hedge::HedgeCalls;
use crate::inventory::{Exposure, HedgeCall, InventoryLadder};
use crate::outbox::{Note, Outbox};
use crate::shape::shaper::ShaperParamError;

/// Calls for the inventory of one instrument.
#[derive(Debug)]
pub(super) struct Calling {
    ladder: InventoryLadder,
    /// How far through the midpoint the order goes that closes the position; `None` where that stage is left out.
    protection: Option<Rate>,
    /// Whether there is a stage at which the hedger acts.
    hedges: bool,
    /// What the ladder said last.
    call: HedgeCall,
    /// What is there without doubt on the side of the call, as it was then. Zero or more.
    certain: Lots,
    /// The quotes have not heard that something else is called for.
    unheard: bool,
}

impl Calling {
    /// `None` where nothing is asked for.
    pub(super) fn new(spec: &ShapingSpec, limits: &GateLimits) -> Result<Option<Self>, LaneError> {
        let (params, protection) = (spec.shaper.inventory, spec.liquidation_protection);
        let fits = |share: Rate| Rate(0) < share && share < Rate::ONE && share <= limits.collar_through_max;
        if params.liquidate.is_some() != protection.is_some() || !protection.is_none_or(fits) {
            return Err(LaneError::Liquidation);
        }
        let ladder = InventoryLadder::new(params);
        let ladder = ladder.map_err(|error| LaneError::Shaper(ShaperParamError::Inventory(error)))?;
        let (call, certain, hedges) = (HedgeCall::Rest, Lots::ZERO, params.hedge.is_some());
        let unheard = false;
        Ok(params.calls().then_some(Self { ladder, protection, hedges, call, certain, unheard }))
    }

    /// Takes what is held now; tells whether that calls for something else than before.
    fn climb(&mut self, exposure: Exposure) -> bool {
        let call = self.ladder.update(exposure).hedge;
        self.certain = match call {
            HedgeCall::Rest => Lots::ZERO,
            HedgeCall::Hedge(side) | HedgeCall::Liquidate(side) => {
                // A sale reduces what is long, which is what fills of a bid have led to.
                (-exposure.held_for(side)).max(Lots::ZERO)
            }
        };
        let changed = core::mem::replace(&mut self.call, call) != call;
        self.unheard |= changed;
        changed
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.ladder.digest(digest);
        self.call.digest(digest);
        digest.signed(self.certain.0);
        digest.word(u64::from(self.unheard));
    }
}

impl Lane {
    /// Whether its inventory calls the hedger at some stage.
    pub(super) fn calls_hedger(&self) -> bool {
        self.calling.as_ref().is_some_and(|calling| calling.hedges)
    }

    /// What the last stage of the ladder wants closed; `None` below it, and where nothing of that is held here.
    pub(super) fn to_liquidate(&self) -> Option<Wish> {
        let calling = self.calling.as_ref()?;
        let HedgeCall::Liquidate(side) = calling.call else { return None };
        let held = Lots((-self.ledger.position().signed(side).0).max(0));
        let (lots, protection) = (held.min(calling.certain), calling.protection?);
        (lots >= self.spec.size_min).then_some(Wish { side, lots, protection })
    }

    /// Adds what its inventory asks of the hedger.
    pub(super) fn add_calls(&self, calls: &mut HedgeCalls, now: Nanos) {
        let Some(calling) = &self.calling else { return };
        if let HedgeCall::Hedge(side) | HedgeCall::Liquidate(side) = calling.call {
            calls.work_on(side);
        }
        let able = !self.closer.is_refused() && self.fresh_mid(now).is_some();
        if let Some(wish) = self.to_liquidate().filter(|_| able) {
            calls.yield_on(wish.side);
        }
        // The stage may be left while an order that closes is still on its way.
        let closes = |tif: TimeInForce| !tif.may_rest() && calling.protection.is_some();
        self.orders
            .oms
            .open_orders()
            .filter(|order| closes(order.tif))
            .for_each(|order| calls.yield_on(order.side));
    }

    /// What is held without doubt, where its own position is all that counts.
    fn own_exposure(&self) -> Exposure {
        if self.in_doubt() {
            return Exposure::UNKNOWN;
        }
        let (position, missing) = (self.ledger.position(), self.orders.oms.missing_fills());
        let sold = self.orders.unknown(Side::Ask) + missing.ask;
        let bought = self.orders.unknown(Side::Bid) + missing.bid;
        Exposure::spanning(position - sold, position + bought)
    }
}

impl Shard {
    /// Lets the ladder of an instrument take what is held now; tells whether that calls for something else than before. What changes
    /// the one changes the other: the hedges decide at the same event.
    pub(super) fn call(&mut self, id: InstrumentId, out: &mut Outbox) -> bool {
        let Some(lane) = self.lanes.get(id.index()).filter(|lane| lane.calling.is_some()) else {
            return false;
        };
        let hedger = self.hedgers.iter().find(|hedger| hedger.wants_fill(id));
        let exposure = match hedger.filter(|_| lane.leans()) {
            Some(hedger) => hedger.seen_in(lane).unwrap_or(Exposure::UNKNOWN),
            None => lane.own_exposure(),
        };
        let calling = self.lanes.get_mut(id.index()).and_then(|lane| lane.calling.as_mut());
        let Some(calling) = calling else { return false };
        if !calling.climb(exposure) {
            return false;
        }
        if let Some(stage) = calling.call.stage() {
            out.note(Note::Inventory(id, stage));
        }
        self.unsettled = true;
        true
    }

    /// Lets inventories call by what is not hedged now, before the hedges decide: a hedge that decides by what was called for before
    /// would order what is closed next, call it back, and no longer know for certain what there is to close.
    pub(super) fn look(&mut self, now: Nanos, out: &mut Outbox) {
        let Self { hedgers, lanes, ids, risk, books, .. } = self;
        let turn = Turn { now, ids, risk: risk.as_mut(), books: books.as_mut(), out: &mut *out };
        hedgers.iter_mut().filter(|hedger| !hedger.is_put_off()).for_each(|hedger| hedger.look(lanes, &turn));
        for id in ids_of(self.lanes.len()) {
            self.call(id, out);
        }
    }

    /// Whether something else is called for than the quotes of an instrument have heard; now they do.
    pub(super) fn takes_call(&mut self, id: InstrumentId) -> bool {
        let calling = self.lanes.get_mut(id.index()).and_then(|lane| lane.calling.as_mut());
        calling.is_some_and(|calling| core::mem::take(&mut calling.unheard))
    }

    /// Sides on which orders of the hedge stand that an instrument is a part of.
    pub(super) fn hedging_beside(&self, id: InstrumentId) -> [bool; 2] {
        let mut sides = [false; 2];
        let lane = self.lanes.get(id.index()).filter(|lane| lane.calling.is_some());
        let hedgers = self.hedgers.iter().filter(|hedger| lane.is_some() && hedger.wants_fill(id));
        let venues = hedgers.flat_map(Hedger::venues).filter_map(|id| self.lanes.get(id.index()));
        for order in venues.flat_map(|lane| lane.orders.standing()) {
            if let Some(side) = sides.get_mut(order.side.index()) {
                *side = true;
            }
        }
        sides
    }
}
