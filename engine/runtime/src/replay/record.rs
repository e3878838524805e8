//! Recording a run while it is played.

use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_journal::Checkpoint;
use ballast_model::{BookBatch, Event, JournalHealth, Nanos, mutant};

use crate::journal::Tap;

/// Is told what the core learns and decides, in order: enough to decide the same again.
pub trait Record {
    /// The core is about to learn this.
    fn event(&mut self, now: Nanos, event: &Event);
    /// The core is about to learn this book batch.
    fn batch(&mut self, now: Nanos, batch: &BookBatch<'_>);
    /// The core has learned the input before and decided this; nothing of it has left yet.
    fn after(&mut self, now: Nanos, shard: &Shard, out: &Outbox);
    /// What the core is to be told of the record itself, where that has changed; told and recorded like any other input.
    fn news(&mut self) -> Option<JournalHealth>;
}

/// Records nothing.
#[derive(Clone, Copy, Debug)]
pub struct Unjournaled;

impl Record for Unjournaled {
    #[inline]
    fn event(&mut self, _: Nanos, _: &Event) {}
    #[inline]
    fn batch(&mut self, _: Nanos, _: &BookBatch<'_>) {}
    #[inline]
    fn after(&mut self, _: Nanos, _: &Shard, _: &Outbox) {}
    #[inline]
    fn news(&mut self) -> Option<JournalHealth> {
        None
    }
}

/// Inputs between two checkpoints.
const CHECKPOINT_INPUTS: u64 = 1 << 16;

/// Records into a journal, with a checkpoint and what carries over now and then, and the latter whenever something was halted.
#[derive(Debug)]
pub struct Journaled<'a> {
    tap: &'a mut Tap,
    checkpoint: Checkpoint,
    now: Nanos,
}

impl<'a> Journaled<'a> {
    /// Records into this journal.
    #[must_use]
    pub fn new(tap: &'a mut Tap) -> Self {
        Self { tap, checkpoint: Checkpoint::default(), now: Nanos::MIN }
    }

    /// Records where the core stands at the end.
    pub fn finish(mut self, shard: &Shard) {
        self.mark(shard);
    }

    fn mark(&mut self, shard: &Shard) {
        self.checkpoint.state_hash = shard.state_hash();
        self.tap.checkpoint(self.now, &self.checkpoint);
        self.tap.carried(self.now, shard);
    }
}

impl Record for Journaled<'_> {
    #[inline]
    fn event(&mut self, now: Nanos, event: &Event) {
        if *event == Event::Timer && mutant::is("timer-unrecorded") {
            return;
        }
        let told = self.tap.event(now, event);
        assert!(told.is_ok(), "a slot of a book batch came alone");
        self.checkpoint.inputs += 1;
    }

    #[inline]
    fn batch(&mut self, now: Nanos, batch: &BookBatch<'_>) {
        self.tap.batch(now, batch);
        self.checkpoint.inputs += 1;
    }

    #[inline]
    fn after(&mut self, now: Nanos, shard: &Shard, out: &Outbox) {
        self.now = now;
        for command in out.commands() {
            if !mutant::is("command-unrecorded") {
                self.tap.command(now, command);
            }
            self.checkpoint.commands += 1;
        }
        if self.checkpoint.inputs.is_multiple_of(CHECKPOINT_INPUTS) {
            self.mark(shard);
        } else if out.latched() {
            self.tap.carried(now, shard);
        }
    }

    #[inline]
    fn news(&mut self) -> Option<JournalHealth> {
        self.tap.news()
    }
}
