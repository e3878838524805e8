//! Each fill is booked once.

use std::collections::BTreeMap;

use ballast_core::shard::Shard;
use ballast_model::{Event, Fill, Lots, TradeId};
use ballast_simulator::binance::KnownTrade;

use super::Verdict;
use crate::counterpart::{INSTRUMENT, Protocol, US};

pub(super) const NAME: &str = "fills-once";

/// Knows which trades the believed position is made of.
#[derive(Debug, Default)]
pub(crate) struct FillsOnce {
    position: Lots,
    /// What the core is about to learn.
    coming: Option<Event>,
    /// A process has begun, and not yet learned all that carries over.
    begins: bool,
    booked: BTreeMap<TradeId, Lots>,
    /// Booked and not yet held against the venue's trades.
    fresh: Vec<Fill>,
    /// The venue's, and how many of all were read.
    venue: BTreeMap<TradeId, KnownTrade>,
    read: u64,
}

impl FillsOnce {
    /// Another process goes on.
    pub(crate) const fn begin(&mut self) {
        self.begins = true;
    }

    pub(crate) const fn learned(&mut self, event: &Event) {
        self.coming = Some(*event);
    }

    /// How many trades of the venue are booked.
    pub(crate) fn booked(&self) -> usize {
        self.booked.len()
    }

    /// A trade of the venue that is not booked.
    pub(crate) fn missing(&self) -> Option<&KnownTrade> {
        self.venue.values().find(|trade| !self.booked.contains_key(&trade.id))
    }

    pub(crate) fn after(&mut self, shard: &Shard) -> Verdict {
        let position = shard.position(INSTRUMENT);
        let coming = self.coming.take();
        if self.begins {
            if matches!(coming, Some(Event::Carried(_))) {
                return Ok(());
            }
            self.begins = false;
        }
        let before = core::mem::replace(&mut self.position, position);
        let moved = position - before;
        let Some(Event::Fill(fill)) = coming else {
            let what = || format!("the position went from {before:?} to {position:?} at {coming:?}");
            return if moved == Lots::ZERO { Ok(()) } else { Err((NAME, what())) };
        };
        let (lots, id) = (fill.level.lots().signed(fill.side), fill.trade_id);
        match (moved == Lots::ZERO, self.booked.contains_key(&id)) {
            (true, true) => Ok(()),
            (true, false) => Err((NAME, format!("{fill:?} was not booked"))),
            (false, true) => Err((NAME, format!("{fill:?} was booked again"))),
            (false, false) if moved != lots => {
                Err((NAME, format!("{fill:?} moved the position by {moved:?}")))
            }
            (false, false) => {
                self.booked.insert(id, lots);
                self.fresh.push(fill);
                Ok(())
            }
        }
    }

    /// What was booked is a trade of the venue.
    pub(crate) fn look(&mut self, venue: &Protocol) -> Verdict {
        if venue.trades_booked() > self.read {
            self.venue.extend(venue.known_trades(US, self.read).map(|trade| (trade.id, trade)));
            self.read = venue.trades_booked();
        }
        for fill in self.fresh.drain(..) {
            let same = |trade: &&KnownTrade| {
                (trade.side, trade.price, trade.lots) == (fill.side, fill.level.price(), fill.level.lots())
                    && trade.fee_e8 == fill.fee_e8
            };
            if self.venue.get(&fill.trade_id).filter(same).is_none() {
                return Err((NAME, format!("{fill:?} is no trade of the venue")));
            }
        }
        Ok(())
    }
}
