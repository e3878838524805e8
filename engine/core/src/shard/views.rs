//! What a shard shows of itself; nothing here decides.

use ballast_model::{Digest, HalfTicks, InstrumentId, InstrumentSpec, Lots, Nanos, Price, Side};

use super::Shard;
use super::doubt::Doubt;
use super::exits::Exits;
use super::funds::Purse;
use super::hedger::{Hedger, HedgingSpec};
use super::lane::Lane;
use super::opportunities::{DetectorView, Opportunities};
use crate::arbitrage::Ranking;
use crate::balance::HoldLedger;
use crate::gate::portfolio::Portfolio;
use crate::gate::{Gate, Halt};
use crate::hedge::HedgeController;
use crate::ledger::Ledger;
use crate::market::Market;
use crate::model::Hold;
use crate::oms::Oms;
use crate::trigger::Watched;

impl Shard {
    /// Digest of everything decisions depend on.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut digest = Digest::new();
        digest.signed(self.now.0);
        digest.word(self.ids.next().0);
        self.arrival.digest(&mut digest);
        self.changing.digest(&mut digest);
        self.lanes.iter().for_each(|lane| lane.digest(&mut digest));
        self.hedgers.iter().for_each(|hedger| hedger.digest(&mut digest));
        self.blends.iter().for_each(|blend| blend.digest(&mut digest));
        if let Some(risk) = &self.risk {
            risk.digest(&mut digest);
        }
        if let Some(opportunities) = &self.opportunities {
            opportunities.digest(&mut digest);
        }
        digest.value()
    }

    /// An instrument's grid, limits and contract.
    #[must_use]
    pub fn spec(&self, instrument: InstrumentId) -> Option<&InstrumentSpec> {
        self.lanes.get(instrument.index()).map(|lane| &lane.spec)
    }

    /// An instrument's market.
    #[must_use]
    pub fn market(&self, instrument: InstrumentId) -> Option<&Market> {
        self.lanes.get(instrument.index()).map(|lane| &lane.market)
    }

    /// An instrument's ledger.
    #[must_use]
    pub fn ledger(&self, instrument: InstrumentId) -> Option<&Ledger> {
        self.lanes.get(instrument.index()).map(|lane| &lane.ledger)
    }

    /// Why an instrument's ledger is not to be believed until its position is confirmed.
    #[must_use]
    pub fn doubt_of(&self, instrument: InstrumentId) -> Doubt {
        self.lanes.get(instrument.index()).map_or(Doubt::None, Lane::doubted)
    }

    /// Up to when everything that was traded in an instrument is on record; `None` where its venue was never asked.
    #[must_use]
    pub fn told_until(&self, instrument: InstrumentId) -> Option<Nanos> {
        self.lanes.get(instrument.index()).and_then(|lane| lane.told.until(self.now))
    }

    /// An instrument's orders.
    #[must_use]
    pub fn orders(&self, instrument: InstrumentId) -> Option<&Oms> {
        self.lanes.get(instrument.index()).map(|lane| &lane.orders.oms)
    }

    /// An instrument's gate; `None` where it is not quoted.
    #[must_use]
    pub fn gate(&self, instrument: InstrumentId) -> Option<&Gate> {
        self.lanes.get(instrument.index()).and_then(Lane::gate)
    }

    /// How far an instrument is open now and the rule that speaks for it, its own and those of what it is part of together;
    /// `None` where it sends no orders.
    #[must_use]
    pub fn halt(&self, instrument: InstrumentId) -> Option<Halt> {
        let lane = self.lanes.get(instrument.index()).filter(|lane| lane.gate().is_some())?;
        Some(lane.halt(self.risk.as_ref(), self.now))
    }

    /// True where an instrument is quoted, whether or not a quote stands.
    #[must_use]
    pub fn is_quoted(&self, instrument: InstrumentId) -> bool {
        self.lanes.get(instrument.index()).is_some_and(|lane| lane.quoter.is_some())
    }

    /// Why nothing of an instrument was quoted at the last decision; `None` where something was, before the first, and where it
    /// is not quoted at all.
    #[must_use]
    pub fn held(&self, instrument: InstrumentId) -> Option<Hold> {
        self.lanes.get(instrument.index())?.quoter.as_ref()?.held()
    }

    /// Until when only what reduces is quoted, because an exit has fired; `None` where none has of late.
    #[must_use]
    pub fn cools_until(&self, instrument: InstrumentId) -> Option<Nanos> {
        self.lanes.get(instrument.index())?.exits.as_ref()?.deadline()
    }

    /// The price that an instrument's exits watch; `None` where it has none.
    #[must_use]
    pub fn exits_watch(&self, instrument: InstrumentId) -> Option<Watched> {
        self.lanes.get(instrument.index())?.exits.as_ref().map(Exits::watched)
    }

    /// What holds the instruments together; `None` where each stands alone.
    #[must_use]
    pub fn portfolio(&self) -> Option<&Portfolio> {
        self.risk.as_ref().map(|risk| &risk.portfolio)
    }

    /// Balances and what orders hold of them; `None` where nobody counts them.
    #[must_use]
    pub fn holds(&self) -> Option<&HoldLedger> {
        self.risk.as_ref()?.purse.as_ref().map(Purse::holds)
    }

    /// The hedge controllers, in the order of [`super::ShardSpec::hedges`].
    pub fn hedges(&self) -> impl Iterator<Item = &HedgeController> {
        self.hedgers.iter().map(Hedger::controller)
    }

    /// How base assets are hedged, in the same order.
    pub fn hedgings(&self) -> impl Iterator<Item = &HedgingSpec> {
        self.hedgers.iter().map(Hedger::spec)
    }

    /// What could be earned now by orders that take, best first, one ranking for each asset; none where nothing is watched.
    #[must_use]
    pub fn opportunities(&self) -> &[Ranking] {
        self.opportunities.as_ref().map_or(&[], Opportunities::rankings)
    }

    /// The detectors of [`super::ShardSpec::arbitrage`] in their order, with what they have found.
    pub fn detectors(&self) -> impl Iterator<Item = DetectorView<'_>> {
        self.opportunities.iter().flat_map(|opportunities| opportunities.detectors(self.now))
    }

    /// Signed position in an instrument: zero where it is unknown to the shard.
    #[must_use]
    pub fn position(&self, instrument: InstrumentId) -> Lots {
        self.ledger(instrument).map_or(Lots::ZERO, Ledger::position)
    }

    /// The best price at which an order of ours is open on a side.
    #[must_use]
    pub fn best_quote(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        let ours = self.orders(instrument)?.open_orders().filter(|order| order.side == side);
        ours.map(|order| order.price).max_by_key(|price| price.0 * side.sign())
    }

    /// The midpoint of an instrument's touch; `None` where it has none that can be trusted.
    #[must_use]
    pub fn mid(&self, instrument: InstrumentId) -> Option<HalfTicks> {
        self.market(instrument)?.touch().map(|touch| touch.mid())
    }

    /// What an instrument is taken to be worth by its own market, in ticks; `None` where that is not known, where it is not
    /// quoted, and where its fair value is blended from several.
    #[must_use]
    pub fn fair_ticks(&self, instrument: InstrumentId) -> Option<f64> {
        let lane = self.lanes.get(instrument.index())?;
        lane.quoter.as_ref()?.fair_ticks(&lane.market, self.now)
    }
}
