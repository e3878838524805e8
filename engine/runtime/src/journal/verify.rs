//! Decides again from a journal's inputs and compares every command and every checkpoint.

use std::collections::VecDeque;
use std::path::Path;

use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_journal::{Checkpoint, Entry, Record};
use ballast_model::{BookBegin, Carried, Command, Event, Nanos};

use super::{History, JournalError, Meta, Step, Walked};

/// What came of deciding again.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Records read.
    pub records: u64,
    /// Inputs the core was told again.
    pub inputs: u64,
    /// Commands that were the same, byte for byte.
    pub commands: u64,
    /// Checkpoints whose state was the same.
    pub checkpoints: u64,
    /// Digest of the core's state at the end.
    pub state_hash: u64,
    /// The first difference; nothing after it was looked at.
    pub difference: Option<Difference>,
    /// How the journal ended.
    pub walked: Walked,
    /// What is to be told of how it was read: [`History::notice`].
    pub notice: Option<String>,
}

/// Where a decision was not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Number of the record.
    pub seq: u64,
    /// Time of the record.
    pub now: Nanos,
    /// What differs.
    pub found: Found,
    /// Number of the input that led there.
    pub cause_seq: u64,
    /// That input.
    pub cause: Input,
}

/// What the core was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing yet.
    None,
    /// An event.
    Event(Event),
    /// A book batch that began so.
    Batch(BookBegin),
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Another command than was recorded; either may be missing.
    Command {
        /// What the journal has.
        recorded: Option<Command>,
        /// What was decided now.
        decided: Option<Command>,
    },
    /// An input that no core can have been told.
    Input(&'static str),
    /// Another state at a checkpoint.
    State {
        /// What the journal has.
        recorded: Checkpoint,
        /// What it is now.
        now: Checkpoint,
    },
    /// Another word of what carries over.
    Carried {
        /// What the journal has.
        recorded: Carried,
        /// What it is now.
        now: Carried,
    },
}

impl core::fmt::Display for Difference {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "record {} at {} ns: ", self.seq, self.now.0)?;
        match &self.found {
            Found::Command { recorded: Some(recorded), decided: Some(decided) } => {
                write!(f, "recorded {recorded:?}, decided {decided:?}")?;
            }
            Found::Command { recorded: Some(recorded), decided: None } => {
                write!(f, "recorded {recorded:?}, decided nothing")?;
            }
            Found::Command { recorded: None, decided } => write!(f, "recorded nothing, decided {decided:?}")?,
            Found::Input(why) => f.write_str(why)?,
            Found::State { recorded, now } => write!(
                f,
                "recorded state {:016x} after {} inputs and {} commands, found {:016x} after {} and {}",
                recorded.state_hash,
                recorded.inputs,
                recorded.commands,
                now.state_hash,
                now.inputs,
                now.commands
            )?,
            Found::Carried { recorded, now } => {
                write!(f, "recorded that {recorded:?} carries over, found {now:?}")?;
            }
        }
        write!(f, "; the input before it is record {}: {:?}", self.cause_seq, self.cause)
    }
}

/// Decides again from the inputs of a journal.
///
/// # Errors
/// Damage, or a header no core can be built from.
pub fn verify(folder: &Path) -> Result<Verified, JournalError> {
    let history = History::open_whole(folder)?;
    history.whole()?;
    let meta =
        |why| JournalError::Meta { path: history.segments().first().cloned().unwrap_or_default(), why };
    let rebuilt = Meta::parse(&history.header().meta).and_then(|meta| meta.rebuild()).map_err(meta)?;
    let mut again = Again::new(rebuilt.shard);
    let walked = history.walk(|record| Ok::<_, JournalError>(again.take(record)))?;
    Ok(Verified { notice: history.notice(), ..again.finish(walked) })
}

/// The core deciding again.
struct Again {
    shard: Shard,
    out: Outbox,
    /// Decided and not yet met in the journal.
    decided: VecDeque<Command>,
    /// The rest of a list of what carries over.
    carried: VecDeque<Carried>,
    told: Checkpoint,
    /// The last input, its number and time.
    cause: (u64, Nanos, Input),
    done: Verified,
}

impl Again {
    fn new(shard: Shard) -> Self {
        let out = Outbox::new(shard.commands_per_event_max());
        let (decided, carried, told) = (VecDeque::new(), VecDeque::new(), Checkpoint::default());
        Self {
            shard,
            out,
            decided,
            carried,
            told,
            cause: (0, Nanos::MIN, Input::None),
            done: Verified::default(),
        }
    }

    fn take(&mut self, record: &Record<'_>) -> Step {
        self.done.records += 1;
        let found = match record.entry {
            Entry::Event(_) | Entry::Batch(_) => self.input(record),
            Entry::Command(recorded) => self.compare(recorded),
            Entry::Checkpoint(recorded) => self.unrecorded().or_else(|| self.checkpoint(recorded)),
            Entry::Carried(recorded) => self.unrecorded().or_else(|| self.word(recorded)),
            Entry::Block(_) | Entry::End(_) => None,
        };
        let Some(found) = found else { return Step::On };
        let (cause_seq, _, cause) = self.cause;
        self.done.difference = Some(Difference { seq: record.seq, now: record.now, found, cause_seq, cause });
        Step::Stop
    }

    fn input(&mut self, record: &Record<'_>) -> Option<Found> {
        if let Some(found) = self.unrecorded() {
            return Some(found);
        }
        self.carried.clear();
        let input = match record.entry {
            Entry::Event(event) => Input::Event(event),
            Entry::Batch(batch) => Input::Batch(*batch.begin()),
            Entry::Command(_)
            | Entry::Checkpoint(_)
            | Entry::Carried(_)
            | Entry::Block(_)
            | Entry::End(_) => Input::None,
        };
        let instrument = match &input {
            Input::Event(event) => event.instrument(),
            Input::Batch(begin) => Some(begin.instrument),
            Input::None => None,
        };
        let (_, before, _) = core::mem::replace(&mut self.cause, (record.seq, record.now, input));
        if record.now < before {
            return Some(Found::Input("it was told at an earlier time than the one before it"));
        }
        if instrument.is_some_and(|id| self.shard.spec(id).is_none()) {
            return Some(Found::Input("it is of an instrument that the core does not have"));
        }
        match record.entry {
            Entry::Event(event) => self.shard.on_event(&event, record.now, &mut self.out),
            Entry::Batch(batch) => self.shard.on_batch(&batch, record.now, &mut self.out),
            Entry::Command(_)
            | Entry::Checkpoint(_)
            | Entry::Carried(_)
            | Entry::Block(_)
            | Entry::End(_) => {}
        }
        self.decided.extend(self.out.commands());
        self.out.clear();
        self.told.inputs += 1;
        self.told.commands += self.decided.len() as u64;
        None
    }

    /// A command that was decided and not recorded before the next input.
    fn unrecorded(&mut self) -> Option<Found> {
        self.decided.pop_front().map(|decided| Found::Command { recorded: None, decided: Some(decided) })
    }

    fn compare(&mut self, recorded: Command) -> Option<Found> {
        let decided = self.decided.pop_front();
        if decided.is_some_and(|decided| decided.to_bytes() == recorded.to_bytes()) {
            self.done.commands += 1;
            return None;
        }
        Some(Found::Command { recorded: Some(recorded), decided })
    }

    fn checkpoint(&mut self, recorded: Checkpoint) -> Option<Found> {
        let now = Checkpoint { state_hash: self.shard.state_hash(), ..self.told };
        if now == recorded {
            self.done.checkpoints += 1;
            return None;
        }
        Some(Found::State { recorded, now })
    }

    /// A word of what carries over; the first of a list has all of them told.
    fn word(&mut self, recorded: Carried) -> Option<Found> {
        if self.carried.is_empty() {
            let carried = &mut self.carried;
            self.shard.carry(&mut |word| carried.push_back(word));
        }
        let now = self.carried.pop_front()?;
        (now != recorded).then_some(Found::Carried { recorded, now })
    }

    fn finish(mut self, walked: Walked) -> Verified {
        self.done.inputs = self.told.inputs;
        self.done.state_hash = self.shard.state_hash();
        self.done.walked = walked;
        self.done
    }
}
