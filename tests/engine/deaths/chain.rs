//! What the journals of all lives say, one after the other: which orders were given, which fills were booked and how often, and where
//! each life stood when it came to know that all agrees.
//!
//! Cores are built as the journals say and told what theirs were told: what is booked is what they book.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ballast_analytics::format;
use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_journal::Entry;
use ballast_model::{Command, Event, Fill, InstrumentId, Liquidity, Nanos, OperatorAct};
use ballast_runtime::journal::{History, JournalError, Meta, Step, verify};
use ballast_runtime::live::STARTING;

use super::life::{epochs, folder_of};

/// A trade: of which market, and the venue's number of it.
pub(super) type TradeKey = (&'static str, u64);

/// Where a life stood when all agreed.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) at: Nanos,
    /// Its positions in units of 10⁻⁸, by instrument.
    pub(super) positions: Vec<i64>,
    /// Trades that it and those before had booked.
    pub(super) booked: BTreeSet<TradeKey>,
}

/// What one journal says.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// It took over what the life before left.
    pub(super) begun: bool,
    pub(super) known: Option<Known>,
    /// When its first order was given.
    pub(super) first_order: Option<Nanos>,
    /// Orders that were open, or of unknown fate, at its end.
    pub(super) open: usize,
    pub(super) problems: Vec<String>,
}

/// What all of them say.
#[derive(Debug)]
pub(super) struct Chain {
    markets: &'static [&'static str],
    pub(super) by_epoch: BTreeMap<u32, Told>,
    pub(super) given: BTreeSet<u64>,
    /// How often each trade was booked, and what it was.
    pub(super) booked: BTreeMap<TradeKey, (u32, Fill)>,
    /// Trades that a life booked which had happened before it had given an order.
    pub(super) found: usize,
    /// The core of the last life, at its end.
    pub(super) last: Option<Shard>,
}

/// Digits in units of 10⁻⁸.
pub(super) fn e8(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<8}").parse().unwrap()
}

/// Positions in units of 10⁻⁸.
fn positions(shard: &Shard, markets: &[&str]) -> Vec<i64> {
    let of = |id| e8(&format::lots(shard.spec(id).unwrap(), shard.position(id)).to_string());
    (0..).map(InstrumentId).zip(markets).map(|(id, _)| of(id)).collect()
}

fn booked(shard: &Shard, id: InstrumentId) -> u64 {
    let ledger = shard.ledger(id).unwrap();
    ledger.fills(Liquidity::Maker) + ledger.fills(Liquidity::Taker)
}

impl Chain {
    /// Follows all journals of a folder.
    pub(super) fn of(journal: &Path, markets: &'static [&'static str]) -> Self {
        let mut chain = Self {
            markets,
            by_epoch: BTreeMap::new(),
            given: BTreeSet::new(),
            booked: BTreeMap::new(),
            found: 0,
            last: None,
        };
        for epoch in epochs(journal) {
            let told = chain.follow(&folder_of(journal, epoch));
            chain.by_epoch.insert(epoch, told);
        }
        chain
    }

    fn follow(&mut self, folder: &Path) -> Told {
        let mut told = Told::default();
        let history = match History::open(folder) {
            Err(JournalError::Empty(_)) => return told,
            history => history.unwrap(),
        };
        let meta = Meta::parse(&history.header().meta).unwrap();
        let mut shard = meta.rebuild().unwrap().shard;
        let mut out = Outbox::new(shard.commands_per_event_max());
        // The first life of all has nothing to take over.
        told.begun = self.last.is_none();
        let walked = history.walk(|record| {
            match record.entry {
                Entry::Batch(batch) => shard.on_batch(&batch, record.now, &mut out),
                Entry::Event(event) => self.hear(&event, record.now, &mut shard, &mut out, &mut told),
                Entry::Command(Command::New(order)) => {
                    self.given.insert(order.client_id.0);
                    told.first_order.get_or_insert(record.now);
                }
                Entry::Command(_)
                | Entry::Checkpoint(_)
                | Entry::Carried(_)
                | Entry::Block(_)
                | Entry::End(_) => {}
            }
            out.clear();
            Ok::<_, JournalError>(Step::On)
        });
        let mut problem = |what: String| told.problems.push(format!("{}: {what}", folder.display()));
        if let Err(error) = walked {
            problem(error.to_string());
        }
        match verify(folder) {
            Ok(verified) if verified.difference.is_none() => {}
            other => problem(format!("verify: {other:?}")),
        }
        if told.begun {
            let ids = (0..).map(InstrumentId).take(self.markets.len());
            told.open = ids.map(|id| shard.orders(id).unwrap().open_count()).sum();
            self.last = Some(shard);
        }
        told
    }

    fn hear(&mut self, event: &Event, now: Nanos, shard: &mut Shard, out: &mut Outbox, told: &mut Told) {
        let fill = if let Event::Fill(fill) = event { Some(fill) } else { None };
        let before = fill.map_or(0, |fill| booked(shard, fill.instrument));
        let was_begun = told.begun;
        shard.on_event(event, now, out);
        if let Some(fill) = fill.filter(|fill| booked(shard, fill.instrument) > before) {
            let key = (self.markets[fill.instrument.index()], fill.trade_id.0);
            self.booked.entry(key).or_insert((0, *fill)).0 += 1;
            self.found += usize::from(told.first_order.is_none());
        }
        told.begun |= shard.is_carried();
        if let Some(last) = self.last.as_ref().filter(|_| told.begun && !was_begun) {
            let (left, taken) = (positions(last, self.markets), positions(shard, self.markets));
            if left != taken {
                told.problems.push(format!("the life before left {left:?}, and {taken:?} was taken over"));
            }
        }
        if let Event::Operator(command) = event
            && (command.reason, command.act) == (STARTING, OperatorAct::Resume)
        {
            let booked = self.booked.keys().copied().collect();
            told.known.get_or_insert(Known { at: now, positions: positions(shard, self.markets), booked });
        }
    }
}
