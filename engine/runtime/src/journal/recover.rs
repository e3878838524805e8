//! What a run begins with that goes on where another ended: the state as the journal leaves it, whatever killed the writer.
//!
//! After every checkpoint, and whenever something was halted, the journal holds all that carries over
//! ([`ballast_model::Carried`]). Recovery reads the last such list that is whole and follows what came after it with the core's
//! own parts ([`Shard::follow_event`]): facts of our account and the commands that were sent, no market, no decision. It reads
//! back one segment at a time until there is a list, so that what it costs depends on the length of a segment and not of the
//! journal. Each order that may be alive comes out as one of unknown fate: what became of it is the venue's to say.
//!
//! Damage is named, and what is recovered is the state before it. Since nobody can say what was traded after it, every position is
//! in doubt then, and nothing adds to one before it is confirmed. A record that a dying writer left torn is no damage.
//!
//! One run, one journal: a run that goes on begins the next one in a folder beside ([`Recovery::next`]), with the list as its first
//! inputs and an epoch of its own, so that its journal is whole by itself and order ids tell whose they are.
//!
//! Never here: a socket, a rule of the core's.

mod onto;
mod past;
mod scan;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_model::{Carried, CarriedKind, ClientOrderId, Event, InstrumentId, Nanos, Span};

use super::history::{damaged, notice};
use super::left::{Left, Piece, is_written};
use super::{JournalError, Meta, files, settle};
use crate::clock::Stopwatch;
use crate::replay::Record;
use scan::{Followed, Scan};

pub use past::Past;
pub(crate) use past::{RUN_MAX, epoch_of, shard_folder};

/// Digits of the name of an epoch's folder.
const EPOCH_DIGITS: usize = 4;

/// How long before its last record a run is taken to have been without news, beside the time a connection may be dead unnoticed: clocks
/// differ, and trades are booked once.
const SINCE_MARGIN: Span = Span::from_secs(5);

/// Whose an order id is, by the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// Ours, and the journal saw it being sent.
    Known,
    /// Ours, and the journal never saw it: what was stored of it was lost, with power or a disk.
    Lost,
    /// Not ours.
    Foreign,
}

/// Which of our orders a journal has seen.
#[derive(Clone, Debug)]
pub struct Memory {
    epoch: u32,
    /// The next run's epoch: those between had runs of which nothing can be read.
    next: u32,
    /// The last order that the journal saw.
    last_id: ClientOrderId,
    /// Orders of epochs before that may be alive.
    carried: Vec<ClientOrderId>,
}

impl Memory {
    /// That of a run of this epoch, whose last order is `last_id`, and which knew these of runs before. Of epochs after it and before
    /// `next` there were runs that are lost.
    #[must_use]
    pub const fn new(epoch: u32, next: u32, last_id: ClientOrderId, carried: Vec<ClientOrderId>) -> Self {
        Self { epoch, next, last_id, carried }
    }

    /// Whose an order is that the venue knows.
    #[must_use]
    pub fn recognise(&self, id: ClientOrderId) -> Recognised {
        match id.epoch() {
            0 => Recognised::Foreign,
            epoch if epoch >= self.next => Recognised::Foreign,
            // Ids are on record in their order: what is not after the last one is there, and what is after it is not.
            epoch if epoch == self.epoch && id <= self.last_id => Recognised::Known,
            _ if self.carried.contains(&id) => Recognised::Known,
            _ => Recognised::Lost,
        }
    }
}

/// What the next run begins with.
#[derive(Debug)]
pub struct Recovery {
    /// What the journal that was read says of itself.
    pub meta: Meta,
    /// Names of the core's instruments, by their ids.
    pub instruments: Vec<String>,
    /// A core that stands where the journal ends; it has no market.
    pub shard: Shard,
    /// What carries over, its end included.
    pub carried: Vec<Carried>,
    /// When that held: the next run's time is never before it.
    pub at: Nanos,
    /// The epoch of the run that was recovered.
    pub epoch: u32,
    /// The epoch of the next run: above all that there were.
    pub next_epoch: u32,
    /// Records read, and facts and commands followed after the last list.
    pub records: u64,
    /// See [`Recovery::records`].
    pub followed: u64,
    /// What is damaged or missing, and where; empty where nothing is.
    pub damage: Vec<String>,
    /// Journals of later runs that died before they had begun: nothing was decided in them, and nothing is missing.
    pub unbegun: Vec<PathBuf>,
    /// What is to be told of how it was read: [`super::History::notice`].
    pub notice: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// Which of our orders the journal has seen.
    pub memory: Memory,
    /// Where the journals of all runs are.
    folder: PathBuf,
    whose: Whose,
}

/// Whose journals are recovered, and the number of the last run there was; zero where none is numbered.
#[derive(Clone, Copy, Debug)]
enum Whose {
    /// Those of the only shard.
    Only { last: u32 },
    /// Those of one of several.
    Shard { shard: u16, last: u32 },
}

impl Whose {
    /// The epoch of the next run, where the one that was recovered had this.
    fn next(self, epoch: u32) -> u32 {
        match self {
            Self::Only { last } => last.max(epoch) + 1,
            Self::Shard { shard, last } => epoch_of(last.max(past::run_of(epoch)) + 1, shard),
        }
    }
}

impl Recovery {
    /// Recovers what a folder holds: one journal, or one for each epoch in folders `0001`, `0002` and on. The last epoch counts that
    /// got as far as to take over what it was to begin with; one that died before that decided nothing.
    ///
    /// # Errors
    /// No journal, or none of which anything can be read. [`JournalError::Empty`] where every run died before it had begun.
    pub fn of(folder: &Path) -> Result<Self, JournalError> {
        let watch = Stopwatch::start();
        let epochs = epochs(folder)?;
        let Some((last, _)) = epochs.last() else {
            return recover(folder, folder, Whose::Only { last: 0 }, Vec::new(), &watch);
        };
        let whose = Whose::Only { last: *last };
        Self::last_begun(
            folder,
            epochs.into_iter().map(|(_, path)| path).collect(),
            whose,
            Vec::new(),
            &watch,
        )
    }

    /// Recovers the last journal that got as far as to take over what it was to begin with, of those of runs that went on from each other.
    fn last_begun(
        folder: &Path,
        journals: Vec<PathBuf>,
        whose: Whose,
        mut damage: Vec<String>,
        watch: &Stopwatch,
    ) -> Result<Self, JournalError> {
        let mut unbegun = Vec::new();
        let mut failed = None;
        for path in journals.into_iter().rev() {
            match recover(folder, &path, whose, damage.clone(), watch) {
                Ok(recovery) => return Ok(Self { unbegun, ..recovery }),
                Err(JournalError::Empty(_)) => unbegun.push(path),
                Err(error @ JournalError::Unbegun(_)) => {
                    unbegun.push(path);
                    failed = failed.or(Some(error));
                }
                Err(error) => {
                    damage.push(error.to_string());
                    failed = failed.or(Some(error));
                }
            }
        }
        Err(failed.unwrap_or_else(|| JournalError::Empty(folder.to_owned())))
    }

    /// What a run goes on with: as [`Recovery::of`], `None` where the folder is not there, or nothing was ever recorded in it.
    ///
    /// # Errors
    /// As [`Recovery::of`], and [`JournalError::Living`].
    pub fn if_any(folder: &Path) -> Result<Option<Self>, JournalError> {
        let is_empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
        if is_empty {
            return Ok(None);
        }
        let all = epochs(folder)?.into_iter().map(|(_, path)| path).chain([folder.to_owned()]);
        match all.rev().find(|path| is_written(path)) {
            Some(living) => Err(JournalError::Living(living)),
            None => match Self::of(folder) {
                Err(JournalError::Empty(_)) => Ok(None),
                found => found.map(Some),
            },
        }
    }

    /// Up to when, in every instrument, all that was traded is on record. The next run asks the venue for what came after it: the
    /// time of the last record where a run was with its venue to the end, and earlier where one died before it could ask.
    #[must_use]
    pub fn traded_until(&self) -> Nanos {
        let ids = (0..).map(InstrumentId).take(self.instruments.len());
        ids.filter_map(|id| self.shard.told_until(id)).min().map_or(self.at, |at| at.min(self.at))
    }

    /// From when on the next run asks its venues for trades, where a connection may be dead for so long before that is seen.
    #[must_use]
    pub fn asks_since(&self, silence_max: Span) -> Nanos {
        self.traded_until() - SINCE_MARGIN - silence_max
    }

    /// Where the journal of a run below a folder is that goes on from none, and its epoch: after all that died before they had begun.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn first(folder: &Path) -> Result<(PathBuf, u32), JournalError> {
        let before = if folder.exists() { epochs(folder)? } else { Vec::new() };
        let epoch = before.last().map_or(1, |(last, _)| last + 1);
        Ok((folder.join(format!("{epoch:0EPOCH_DIGITS$}")), epoch))
    }

    /// Where the next run's journal is to be, and what its headers say.
    #[must_use]
    pub fn next(&self) -> (PathBuf, Meta) {
        let run = |run: u32| self.folder.join(format!("{run:0EPOCH_DIGITS$}"));
        let folder = match self.whose {
            Whose::Only { .. } => run(self.next_epoch),
            Whose::Shard { shard, .. } => shard_folder(&run(past::run_of(self.next_epoch)), shard),
        };
        (folder, Meta { epoch: Some(self.next_epoch), ..self.meta.clone() })
    }

    /// Puts what carries over into the numbers of the next run, whose header this is: the venue may have changed tick or lot since.
    /// What has changed, for people.
    ///
    /// # Errors
    /// Other instruments, contracts, strategies or accounts; a position that the new lot does not divide. Nothing has changed then.
    pub fn onto(&mut self, next: &Meta) -> Result<Vec<String>, String> {
        let mut carried = self.carried.clone();
        let told = onto::onto(&mut carried, &self.meta, next)?;
        self.carried = carried;
        Ok(told)
    }

    /// Tells the next run's core what carries over, on record; returns the time. It has the same instruments by the same ids, in the
    /// same steps ([`Recovery::onto`]), and was told nothing before.
    pub fn tell(&self, shard: &mut Shard, record: &mut impl Record, out: &mut Outbox) -> Nanos {
        for carried in &self.carried {
            let event = Event::Carried(*carried);
            record.event(self.at, &event);
            shard.on_event(&event, self.at, out);
            record.after(self.at, shard, out);
            out.clear();
        }
        self.at
    }
}

/// The journals of a folder by epoch, ascending; none where it is one itself.
pub(super) fn epochs(folder: &Path) -> Result<Vec<(u32, PathBuf)>, JournalError> {
    let failed = |error| JournalError::Io { path: folder.to_owned(), error };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let digits = name.len() >= EPOCH_DIGITS && name.bytes().all(|byte| byte.is_ascii_digit());
        if let (true, Ok(epoch)) = (digits && path.is_dir(), name.parse()) {
            found.push((epoch, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn recover(
    root: &Path,
    folder: &Path,
    whose: Whose,
    mut damage: Vec<String>,
    watch: &Stopwatch,
) -> Result<Recovery, JournalError> {
    let Whole { segments, left, notice, damaged } = Whole::of(folder, &mut damage)?;
    if segments.is_empty() {
        return Err(JournalError::Empty(folder.to_owned()));
    }
    let scan = Scan::of(&segments, &left)?;
    damage.extend(scan.damage.iter().cloned());
    let ring = damaged.map(|(path, why)| JournalError::Ring { path, seq: scan.last, why });
    damage.extend(ring.map(|error| error.to_string()));
    damage.dedup();
    if scan.is_void() && damage.is_empty() && !is_written(folder) {
        return Err(JournalError::Empty(folder.to_owned()));
    }
    let why = |why| JournalError::Meta { path: segments.first().cloned().unwrap_or_default(), why };
    let meta = Meta::parse(&scan.meta).map_err(why)?;
    if let Some(first) = meta.cut_from.filter(|first| *first > 1) {
        let path = segments.first().cloned().unwrap_or_default();
        return Err(JournalError::Slice { path, first });
    }
    let rebuilt = meta.rebuild().map_err(why)?;
    let epoch = rebuilt.epoch;
    let mut shard = rebuilt.shard;
    let mut out = Outbox::new(shard.commands_per_event_max());
    let last_id = follow(&scan, &mut shard, &mut out);
    if scan.begins && !shard.is_carried() {
        return Err(JournalError::Unbegun(folder.to_owned()));
    }
    if !damage.is_empty() {
        shard.doubt();
    }
    shard.orphan(scan.at, &mut out);
    let mut carried = Vec::with_capacity(shard.carried_max());
    shard.carry(&mut |word| carried.push(word));
    if let Some(Carried { kind: CarriedKind::End, words: [_, last, ..], .. }) = carried.last_mut() {
        // The counter of an epoch ends with it.
        *last = 0;
    }
    let orders = carried.iter().filter(|word| word.kind == CarriedKind::Order && word.part == 0);
    let known = orders.filter_map(|order| order.words.first()).copied().map(ClientOrderId).collect();
    let next_epoch = whose.next(epoch);
    Ok(Recovery {
        memory: Memory::new(epoch, next_epoch, last_id, known),
        next_epoch,
        instruments: rebuilt.instruments,
        records: scan.records,
        followed: scan.tail.len() as u64,
        at: scan.at,
        folder: root.to_owned(),
        whose,
        took: watch.elapsed(),
        meta,
        shard,
        carried,
        epoch,
        damage,
        unbegun: Vec::new(),
        notice,
    })
}

/// A journal after what a writer that died left in it was made whole, as far as that can be.
struct Whole {
    segments: Vec<PathBuf>,
    /// What would become of them, where nothing can be written.
    left: Vec<Piece>,
    /// That nothing could.
    notice: Option<String>,
    /// The ring of which not all could be read, and why.
    damaged: Option<(PathBuf, &'static str)>,
}

impl Whole {
    /// Names what is left out because it cannot be read: behind a last segment that is damaged nothing can be moved, and from a
    /// ring that is none nothing.
    fn of(folder: &Path, damage: &mut Vec<String>) -> Result<Self, JournalError> {
        match settle(folder) {
            Err(JournalError::Unsettled { error, .. }) => {
                if let Some(left) = Left::find(folder)? {
                    let (segments, notice) = (left.segments(folder)?, Some(notice(&error.to_string())));
                    let damaged = left.damage.map(|why| (files::ring(folder), why));
                    return Ok(Self { segments, left: left.pieces, notice, damaged });
                }
            }
            // Of a journal without a segment nothing else is left to tell what was lost.
            Err(error) if files::segments(folder)?.is_empty() => return Err(error),
            settled => damage.extend(settled.err().map(|error| error.to_string())),
        }
        let segments = files::segments(folder)?;
        Ok(Self { segments, left: Vec::new(), notice: None, damaged: damaged(folder) })
    }
}

/// Follows the record from its last list; the last order sent.
fn follow(scan: &Scan, shard: &mut Shard, out: &mut Outbox) -> ClientOrderId {
    let mut last_id = ClientOrderId::FOREIGN;
    for carried in &scan.list {
        if let Carried { kind: CarriedKind::End, words: [_, last, ..], .. } = carried {
            last_id = ClientOrderId(*last);
        }
        shard.on_event(&Event::Carried(*carried), scan.listed_at, out);
    }
    for (now, one) in &scan.tail {
        match one {
            Followed::Event(event) => shard.follow_event(event, *now, out),
            Followed::Command(command) => {
                last_id = last_id.max(command.client_id());
                shard.follow_command(command, *now, out);
            }
        }
        out.clear();
    }
    last_id
}
