//! What the core decided in answer to one event: commands for the venue, notes for the log.
//!
//! A new order enters only as [`Checked`], so nothing that did not pass the gate can leave.

use alloc::vec::Vec;

use ballast_model::{Cancel, Command, InstrumentId, LostReason, NewOrder};

use crate::gate::{Checked, Refusal};
use crate::model::Hold;

/// Notes kept per event; further ones are only counted.
const NOTES_MAX: usize = 32;

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
    /// A fill too old to tell whether it is booked; only reducing orders until reconciled.
    UnverifiableFill(InstrumentId),
    /// A fill the ledger cannot hold exactly; only reducing orders until reconciled.
    UnbookableFill(InstrumentId),
    /// The venue filled more than was ordered; booked.
    Overfilled(InstrumentId),
    /// There are more orders to cancel than one event may.
    CancelsLeft(InstrumentId),
}

/// Commands and notes of one event; the driver takes and clears it.
#[derive(Debug)]
pub struct Outbox {
    commands: Vec<Command>,
    notes: Vec<Note>,
    notes_dropped: u64,
}

impl Outbox {
    /// Room for `commands_max` commands: [`crate::shard::Shard::commands_per_event_max`].
    #[must_use]
    pub fn new(commands_max: usize) -> Self {
        Self {
            commands: Vec::with_capacity(commands_max),
            notes: Vec::with_capacity(NOTES_MAX),
            notes_dropped: 0,
        }
    }

    /// The commands, in the order they were decided.
    #[must_use]
    #[inline]
    pub fn commands(&self) -> &[Command] {
        &self.commands
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

    /// True where there is neither command nor note.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.notes.is_empty()
    }

    /// Empties it for the next event.
    #[inline]
    pub fn clear(&mut self) {
        self.commands.clear();
        self.notes.clear();
    }

    pub(crate) fn place(&mut self, order: Checked<NewOrder>) {
        self.push(Command::New(order.into_inner()));
    }

    pub(crate) fn cancel(&mut self, cancel: Cancel) {
        self.push(Command::Cancel(cancel));
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
