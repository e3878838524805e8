//! What the core decided in answer to one event: commands for the venue, reports for whoever divides
//! limits, notes for the log.
//!
//! A new order enters only as [`Checked`], so nothing that did not pass the gate can leave.

mod names;

use alloc::vec::Vec;
use core::mem::discriminant;

use ballast_model::{
    Access, AssetId, BudgetKind, BudgetReport, Cancel, CarriedKind, Command, InstrumentId, JournalHealth,
    LostReason, NewOrder, OperatorCommand, Query, Replace,
};

use crate::arbitrage::OpportunityId;
use crate::balance::HoldRefusal;
use crate::gate::{Checked, Refusal};
use crate::inventory::Stage;
use crate::model::Hold;
use crate::shard::{Configured, ExitKind, OperatorRefusal};

/// Notes kept per event; further ones are only counted.
const NOTES_MAX: usize = 32;

/// Reports of one event: one for each budget.
const REPORTS_MAX: usize = BudgetKind::ALL.len();

/// Most commands of a kind that one request to a venue may carry; zero means one, as for venues without batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchLimits {
    /// New orders.
    pub new: usize,
    /// Cancels.
    pub cancel: usize,
    /// Amendments.
    pub replace: usize,
}

impl BatchLimits {
    /// One command per request (Binance spot).
    pub const NONE: Self = Self { new: 1, cancel: 1, replace: 1 };
    /// Binance USD-M: `batchOrders` places or modifies 5, cancels 10.
    pub const BINANCE_USDM: Self = Self { new: 5, cancel: 10, replace: 5 };
    /// OKX: 20 of each.
    pub const OKX: Self = Self { new: 20, cancel: 20, replace: 20 };
    /// Bybit derivatives: 20 of each.
    pub const BYBIT_DERIVATIVES: Self = Self { new: 20, cancel: 20, replace: 20 };
    /// Bybit spot: 10 of each.
    pub const BYBIT_SPOT: Self = Self { new: 10, cancel: 10, replace: 10 };
    /// Coinbase: cancels only, in chunks of 100.
    pub const COINBASE: Self = Self { new: 1, cancel: 100, replace: 1 };

    fn of(self, command: &Command) -> usize {
        let most = match command {
            Command::New(_) => self.new,
            Command::Cancel(_) => self.cancel,
            Command::Replace(_) => self.replace,
            Command::Query(_) => 1,
        };
        most.max(1)
    }
}

/// Something worth a line in the log. Fixed size, formatted off the hot thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The gate refused an order.
    Refused(InstrumentId, Refusal),
    /// Quoting stopped, or stopped for another reason than before.
    Held(InstrumentId, Hold),
    /// The book was lost.
    BookLost(InstrumentId, LostReason),
    /// The table of open orders is full; an order was not sent.
    OrdersFull(InstrumentId),
    /// News of an order that is not ours.
    ForeignOrder(InstrumentId),
    /// A fill of an order that is not ours; booked.
    ForeignFill(InstrumentId),
    /// The venue traded in our place: liquidation or auto-deleveraging. Booked; only reducing orders from now on.
    ForcedFill(InstrumentId),
    /// A fill too old to tell whether it is booked; only reducing orders until reconciled.
    UnverifiableFill(InstrumentId),
    /// A fill the ledger cannot hold exactly; only reducing orders until reconciled.
    UnbookableFill(InstrumentId),
    /// A payment of funding in another asset, beyond what the ledger holds, or too old to tell whether it is booked; not
    /// booked.
    UnbookableFunding(InstrumentId),
    /// The books by strategy and sub-account cannot hold a fact that the instrument's ledger took: they no longer add up to it.
    UnbookableBook(InstrumentId),
    /// What an order needs could not be held, and a new one was not sent.
    Unheld(InstrumentId, HoldRefusal),
    /// The venue's figures of a balance cannot be kept; its last ones stand.
    UnbookableBalance(AssetId),
    /// A word that carries over from the run before has no place here, or came too late; it is left out.
    Uncarried(CarriedKind),
    /// The venue filled more than was ordered; booked.
    Overfilled(InstrumentId),
    /// An exit has fired: the position is closed.
    Exit(InstrumentId, ExitKind),
    /// An exit has fired while the position is not known: nothing is sent before it is.
    ExitHeld(InstrumentId, ExitKind),
    /// What is held without doubt has grown into this stage of the inventory ladder: the hedger is called, or the position closed.
    Inventory(InstrumentId, Stage),
    /// An operator's command, and whether it was obeyed; the first note of its event.
    Operator(OperatorCommand, Result<(), OperatorRefusal>),
    /// Another configuration came in, and what became of it.
    Configured(Configured),
    /// The journal keeps up, or does not: quotes stop until it does.
    Journal(JournalHealth),
    /// A venue takes our orders of an instrument, or does not: its quotes stop until it does.
    Access(Access),
    /// There are more orders to cancel than one event may.
    CancelsLeft(InstrumentId),
    /// A detector finds an opportunity where it found none before.
    OpportunitySeen(OpportunityId),
    /// The opportunity is gone or has expired.
    OpportunityGone(OpportunityId),
}

/// Commands, reports and notes of one event; the driver takes and clears it.
#[derive(Debug)]
pub struct Outbox {
    commands: Vec<Command>,
    reports: Vec<BudgetReport>,
    notes: Vec<Note>,
    notes_dropped: u64,
    latched: bool,
}

impl Outbox {
    /// Room for `commands_max` commands: [`crate::shard::Shard::commands_per_event_max`].
    #[must_use]
    pub fn new(commands_max: usize) -> Self {
        Self {
            commands: Vec::with_capacity(commands_max),
            reports: Vec::with_capacity(REPORTS_MAX),
            notes: Vec::with_capacity(NOTES_MAX),
            notes_dropped: 0,
            latched: false,
        }
    }

    /// The commands, in the order they were decided.
    #[must_use]
    #[inline]
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// The commands in batches that one request each may carry, in the order they were decided.
    ///
    /// A batch is a run of commands of one kind for one instrument, no longer than the venue takes. It is a way to send, not
    /// a unit: the venue acts on each command by itself, each is answered by a report of its own, and some may fail where
    /// others do not. Queries are sent one by one.
    pub fn batches(&self, limits: BatchLimits) -> impl Iterator<Item = &[Command]> {
        let mut rest = self.commands.as_slice();
        core::iter::from_fn(move || {
            let first = rest.first()?;
            let same = |next: &&Command| {
                discriminant(*next) == discriminant(first) && next.instrument() == first.instrument()
            };
            let run = rest.iter().take_while(same).count().min(limits.of(first));
            let (batch, left) = rest.split_at_checked(run)?;
            rest = left;
            Some(batch)
        })
    }

    /// What the shard owns and wants of limits that span shards, for whoever divides them.
    #[must_use]
    #[inline]
    pub fn reports(&self) -> &[BudgetReport] {
        &self.reports
    }

    /// The notes.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Notes that found no room since the outbox was made.
    #[must_use]
    pub const fn notes_dropped(&self) -> u64 {
        self.notes_dropped
    }

    /// True where there is neither command nor report nor note.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.notes.is_empty() && self.reports.is_empty()
    }

    /// Empties it for the next event.
    #[inline]
    pub fn clear(&mut self) {
        self.commands.clear();
        self.reports.clear();
        self.notes.clear();
        self.latched = false;
    }

    /// True where something that carries over has changed as no fact of our own account says: a halt, a freeze, an exit, an
    /// operator's word. Whoever keeps a record of the shard then stores what carries over.
    #[must_use]
    #[inline]
    pub const fn latched(&self) -> bool {
        self.latched
    }

    pub(crate) const fn latch(&mut self) {
        self.latched = true;
    }

    pub(crate) fn place(&mut self, order: Checked<NewOrder>) {
        self.push(Command::New(order.into_inner()));
    }

    pub(crate) fn cancel(&mut self, cancel: Cancel) {
        self.push(Command::Cancel(cancel));
    }

    /// Sends an amendment that passed the gate and that the order manager has noted.
    pub fn replace(&mut self, replace: Checked<Replace>) {
        self.push(Command::Replace(replace.into_inner()));
    }

    /// Sends a question.
    pub fn query(&mut self, query: Query) {
        self.push(Command::Query(query));
    }

    pub(crate) fn report(&mut self, report: BudgetReport) {
        assert!(self.reports.len() < REPORTS_MAX, "more reports than budgets");
        self.reports.push(report);
    }

    pub(crate) fn note(&mut self, note: Note) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push(note);
        } else {
            self.notes_dropped += 1;
        }
    }

    fn push(&mut self, command: Command) {
        assert!(self.commands.len() < self.commands.capacity(), "more commands than one event can make");
        self.commands.push(command);
    }
}

#[cfg(test)]
mod tests;
