//! Each fill is booked once.

use std::collections::{BTreeMap, BTreeSet};

use ballast_core::ledger::{Ledger, booked_fee};
use ballast_core::shard::Shard;
use ballast_model::{Event, Fill, InstrumentId, Lots, Money, TradeId};
use ballast_simulator::binance::KnownTrade;

use super::Verdict;
use crate::counterpart::{Protocol, US};

pub(super) const NAME: &str = "fills-once";

/// Knows which trades the believed position of an instrument is made of.
#[derive(Debug)]
pub(crate) struct FillsOnce {
    instrument: InstrumentId,
    /// Position and fees that are believed.
    held: (Lots, i64),
    /// A process has begun, and not yet learned all that carries over.
    begins: bool,
    booked: BTreeSet<TradeId>,
    /// In the order in which they were booked: trade, lots, fee.
    sequence: Vec<(TradeId, Lots, i64)>,
    /// Booked and not yet held against the venue's trades.
    fresh: Vec<Fill>,
    /// The venue's, and how many of all were read.
    venue: BTreeMap<TradeId, KnownTrade>,
    read: u64,
}

impl FillsOnce {
    pub(crate) const fn new(instrument: InstrumentId) -> Self {
        Self {
            instrument,
            held: (Lots::ZERO, 0),
            begins: false,
            booked: BTreeSet::new(),
            sequence: Vec::new(),
            fresh: Vec::new(),
            venue: BTreeMap::new(),
            read: 0,
        }
    }

    /// Another process goes on.
    pub(crate) const fn begin(&mut self) {
        self.begins = true;
        self.held = (Lots::ZERO, 0);
    }

    /// How many trades of the venue are booked.
    pub(crate) fn booked(&self) -> usize {
        self.booked.len()
    }

    /// The believed state of a process that has begun is that after one of the trades booked before it: what was booked later is lost, as
    /// after a loss of power, and has to be booked again.
    fn rewind(&mut self) -> Verdict {
        let sums = self.sequence.iter().scan((Lots::ZERO, 0), |(position, fees), (_, lots, fee)| {
            (*position, *fees) = (*position + *lots, *fees + fee);
            Some((*position, *fees))
        });
        let sums: Vec<_> = core::iter::once((Lots::ZERO, 0)).chain(sums).collect();
        let Some(kept) = sums.iter().rposition(|sum| *sum == self.held) else {
            let (last, held) = (sums.last(), self.held);
            return Err((
                NAME,
                format!("{held:?} carries over, after no trade that was booked; the last: {last:?}"),
            ));
        };
        for (lost, ..) in self.sequence.drain(kept..) {
            self.booked.remove(&lost);
        }
        Ok(())
    }

    /// A trade of the venue that is not booked.
    pub(crate) fn missing(&self) -> Option<&KnownTrade> {
        self.venue.values().find(|trade| !self.booked.contains(&trade.id))
    }

    /// After the core has learned `coming`.
    pub(crate) fn after(&mut self, shard: &Shard, coming: Option<&Event>) -> Verdict {
        let position = shard.position(self.instrument);
        let before = core::mem::replace(&mut self.held, (position, fees(shard, self.instrument)));
        if self.begins {
            if matches!(coming, Some(Event::Carried(_))) {
                return Ok(());
            }
            self.begins = false;
            let after = core::mem::replace(&mut self.held, before);
            let rewound = self.rewind();
            self.held = after;
            rewound?;
        }
        let (before, _) = before;
        let moved = position - before;
        let Some(Event::Fill(fill)) = coming.filter(|event| event.instrument() == Some(self.instrument))
        else {
            let what = || format!("the position went from {before:?} to {position:?} at {coming:?}");
            return if moved == Lots::ZERO { Ok(()) } else { Err((NAME, what())) };
        };
        let (lots, id) = (fill.level.lots().signed(fill.side), fill.trade_id);
        match (moved == Lots::ZERO, self.booked.contains(&id)) {
            (true, true) => Ok(()),
            (true, false) => Err((NAME, format!("{fill:?} was not booked"))),
            (false, true) => Err((NAME, format!("{fill:?} was booked again"))),
            (false, false) if moved != lots => {
                Err((NAME, format!("{fill:?} moved the position by {moved:?}")))
            }
            (false, false) => {
                let paid = (fill.fee_asset, fill.fee_e8);
                let spec = shard.spec(self.instrument);
                let booked = spec.and_then(|spec| booked_fee(spec, fill.level.price(), paid));
                self.booked.insert(id);
                self.sequence.push((id, lots, booked.map_or(fill.fee_e8, |(_, fee_e8)| fee_e8)));
                self.fresh.push(*fill);
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

/// What was paid for the trades of an instrument, in 10⁻⁸ of its quote currency.
fn fees(shard: &Shard, instrument: InstrumentId) -> i64 {
    let lines = shard.ledger(instrument).into_iter().flat_map(Ledger::fee_lines);
    let paid = lines.map(|line| line.fees - line.rebates).sum::<Money>();
    i64::try_from(paid.0 / Money::from_e8(1).0).unwrap_or(i64::MAX)
}
