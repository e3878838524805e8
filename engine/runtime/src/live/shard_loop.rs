//! One shard's loop: what came over the rings is recorded and told to the core, and what it decides leaves over the rings.
//!
//! Private news come before public, and an operator before both. Nothing is told to the core while a ring of commands has no room for
//! what one event can lead to: what waits stays in its rings, and what a public ring cannot hold its venue tells as a lost book.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use ballast_core::outbox::{Note, Outbox};
use ballast_core::shard::{Change, Shard};
use ballast_model::{
    BookBatch, BookBegin, BookLost, Digest, Event, InstrumentId, Last, LostReason, Nanos, OrderReport,
    OrderUpdate, PackedLevel, Side,
};
use ballast_sync::ring::{Consumer, Producer};

use super::board::Board;
use super::rings::{ShardEnds, used};
use super::unjournaled::Unjournaled;
use crate::replay::{Outcome, Record};

/// Batches of one venue's markets that are taken in a turn, before anything private is looked for again.
const BATCHES_PER_TURN: usize = 8;

/// What a shard's loop is made of.
#[derive(Debug)]
pub struct ShardParts<R> {
    /// The core.
    pub shard: Shard,
    /// What is told of everything the core learns and decides.
    pub record: R,
    /// Rings, by venue.
    pub venues: Vec<ShardEnds>,
    /// The venue of each instrument, by the shard's numbers.
    pub route: Vec<usize>,
    /// What an operator says and what is granted.
    pub control: Consumer<Event>,
    /// What the core notes, with its time; what finds no room is counted.
    pub notes: Producer<(Nanos, Note)>,
    /// Where what another configuration makes of the core comes from; `None` where none will come.
    pub handover: Option<Handover>,
    /// Counts turns, for whoever watches that there is progress.
    pub progress: Arc<AtomicU64>,
    /// Looks for orders of ours that no journal saw; `None` where the run goes on from none.
    pub unjournaled: Option<Unjournaled>,
    /// Most levels of a batch.
    pub levels_max: usize,
}

/// Where changes of a core come over, and go back to be dropped where there is time.
#[derive(Debug)]
pub struct Handover {
    /// What is to be in force with the text that follows.
    pub coming: Consumer<Change>,
    /// What is done.
    pub used: Producer<Change>,
}

impl Handover {
    /// Before the core is told part of a text: hands over what has come.
    fn before(&mut self, shard: &mut Shard) {
        while let Some(change) = self.coming.pop() {
            shard.hand(change);
        }
    }

    /// After it: gives back what is done. There is as much room as may come.
    fn after(&mut self, shard: &mut Shard) {
        while let Some(used) = shard.take_used() {
            let _ = self.used.push(used);
        }
    }
}

/// What a turn was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Something was told to the core.
    Worked,
    /// There was nothing to do.
    Idle,
    /// There was, and a ring of commands had no room for what might follow.
    Blocked,
}

/// One shard's loop.
#[derive(Debug)]
pub struct ShardLoop<R> {
    shard: Shard,
    record: R,
    venues: Vec<ShardEnds>,
    route: Vec<usize>,
    control: Consumer<Event>,
    notes: Producer<(Nanos, Note)>,
    handover: Option<Handover>,
    progress: Arc<AtomicU64>,
    unjournaled: Option<Unjournaled>,
    out: Outbox,
    /// Bids and asks of the batch at hand.
    sides: [Vec<PackedLevel>; 2],
    /// Whose books are lost and not yet told so.
    lost: Vec<InstrumentId>,
    /// Commands that one event may lead to.
    room: usize,
    /// Time of the last turn.
    now: Nanos,
    /// Turns in which the clock had fallen.
    falls: u64,
    /// Orders that came back without having left.
    unsent: u64,
    decisions: Digest,
    outcome: Outcome,
}

impl<R: Record> ShardLoop<R> {
    /// A loop; allocates all it will ever need.
    #[must_use]
    pub fn new(parts: ShardParts<R>) -> Self {
        let ShardParts {
            shard,
            record,
            venues,
            route,
            control,
            notes,
            handover,
            progress,
            unjournaled,
            levels_max,
        } = parts;
        let room = shard.commands_per_event_max();
        Self {
            out: Outbox::new(room),
            shard,
            record,
            venues,
            lost: Vec::with_capacity(route.len()),
            route,
            control,
            notes,
            handover,
            progress,
            unjournaled,
            sides: [Vec::with_capacity(levels_max), Vec::with_capacity(levels_max)],
            room,
            now: Nanos::MIN,
            falls: 0,
            unsent: 0,
            decisions: Digest::new(),
            outcome: Outcome::default(),
        }
    }

    /// Takes what is there. A time before that of the turn before is taken for that, and counted.
    ///
    /// # Panics
    /// Where a batch in a ring is torn, or names an instrument that the core does not have: its writer is wrong, and the shard must stop.
    pub fn turn(&mut self, now: Nanos) -> Turned {
        self.falls += u64::from(now < self.now);
        self.now = self.now.max(now);
        self.progress.store(self.progress.load(Relaxed) + 1, Relaxed);
        match self.take_all() {
            Ok(true) => Turned::Worked,
            Ok(false) => Turned::Idle,
            Err(Full) => Turned::Blocked,
        }
    }

    fn take_all(&mut self) -> Result<bool, Full> {
        Ok(self.take_health()?
            | self.take_control()?
            | self.take_private()?
            | self.take_timer()?
            | self.take_public()?)
    }

    /// When a turn is due though nothing comes in; `None` for never.
    #[must_use]
    #[inline]
    pub const fn next_deadline(&self) -> Option<Nanos> {
        self.shard.next_deadline()
    }

    /// True where nothing waits in its rings.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let quiet = |ends: &ShardEnds| {
            ends.private.waiting() + ends.public.waiting() == 0 && !ends.public.is_overflowed()
        };
        self.control.waiting() == 0 && self.venues.iter().all(quiet)
    }

    /// Shows how the core stands, where it is time to.
    #[inline]
    pub fn show(&self, board: &mut Board, now: Nanos) {
        let Outcome { orders, fills, messages, .. } = self.outcome;
        board.show(now, &self.shard, [orders, fills, messages]);
    }

    /// The core.
    #[must_use]
    pub const fn shard(&self) -> &Shard {
        &self.shard
    }

    /// Turns in which the clock had fallen behind the one before.
    #[must_use]
    pub const fn falls(&self) -> u64 {
        self.falls
    }

    /// Orders that came back without having left: too late, killed, over a budget, or with no way to the venue.
    #[must_use]
    pub const fn unsent(&self) -> u64 {
        self.unsent
    }

    /// Ends the loop: what happened, the core, and what recorded it.
    #[must_use]
    pub fn finish(mut self) -> (Outcome, Shard, R) {
        self.outcome.decisions_hash = self.decisions.value();
        self.outcome.state_hash = self.shard.state_hash();
        (self.outcome, self.shard, self.record)
    }

    /// True where whatever one event leads to finds room at every venue.
    #[inline]
    fn has_room(&mut self) -> bool {
        let room = self.room;
        self.venues.iter_mut().all(|ends| ends.commands.free() >= room)
    }

    /// How the journal stands, where that has changed: asked for only where it can be told.
    #[inline]
    fn take_health(&mut self) -> Result<bool, Full> {
        self.need_room()?;
        let news = self.record.news();
        if let Some(health) = news {
            self.tell(&Event::Journal(health));
        }
        Ok(news.is_some())
    }

    fn take_control(&mut self) -> Result<bool, Full> {
        let mut any = false;
        while self.control.waiting() > 0 {
            self.need_room()?;
            if let Some(event) = self.control.pop() {
                self.hear_control(&event);
                any = true;
            }
        }
        Ok(any)
    }

    fn hear_control(&mut self, event: &Event) {
        let changes = matches!(event, Event::Config(_));
        if let Some(handover) = self.handover.as_mut().filter(|_| changes) {
            handover.before(&mut self.shard);
        }
        self.tell(event);
        if let Some(handover) = self.handover.as_mut().filter(|_| changes) {
            handover.after(&mut self.shard);
        }
    }

    fn take_private(&mut self) -> Result<bool, Full> {
        let mut any = false;
        for venue in 0..self.venues.len() {
            while self.venues.get(venue).is_some_and(|ends| ends.private.waiting() > 0) {
                self.need_room()?;
                let Some(event) = self.venues.get_mut(venue).and_then(|ends| ends.private.pop()) else {
                    break;
                };
                if let Some(unjournaled) = &mut self.unjournaled {
                    unjournaled.look(&event);
                }
                self.outcome.fills += u64::from(matches!(event, Event::Fill(_)));
                self.unsent += u64::from(is_unsent(&event));
                self.tell(&event);
                any = true;
            }
        }
        Ok(any)
    }

    fn take_timer(&mut self) -> Result<bool, Full> {
        if self.shard.next_deadline().is_none_or(|at| at > self.now) {
            return Ok(false);
        }
        self.need_room()?;
        self.tell(&Event::Timer);
        Ok(true)
    }

    fn take_public(&mut self) -> Result<bool, Full> {
        let mut any = false;
        for venue in 0..self.venues.len() {
            any |= self.take_loss(venue)?;
            for _ in 0..BATCHES_PER_TURN {
                if self.venues.get(venue).is_none_or(|ends| ends.public.waiting() == 0) {
                    break;
                }
                self.need_room()?;
                let Some(event) = self.venues.get_mut(venue).and_then(|ends| ends.public.pop()) else {
                    break;
                };
                self.outcome.messages += 1;
                if let Event::BookBegin(begin) = event {
                    self.tell_batch(venue, begin);
                } else {
                    self.tell(&event);
                }
                any = true;
            }
        }
        Ok(any)
    }

    /// What a venue could not push is told once all that came before it is: no book of that venue can be trusted.
    #[inline]
    fn take_loss(&mut self, venue: usize) -> Result<bool, Full> {
        if self.venues.get_mut(venue).is_some_and(|ends| ends.public.take_overflow()) {
            let numbered = (0..=u16::MAX).map(InstrumentId).zip(&self.route);
            self.lost.extend(numbered.filter(|(_, of)| **of == venue).map(|(instrument, _)| instrument));
        }
        let any = !self.lost.is_empty();
        while !self.lost.is_empty() {
            self.need_room()?;
            if let Some(instrument) = self.lost.pop() {
                self.tell(&Event::BookLost(BookLost { instrument, reason: LostReason::RingFull }));
            }
        }
        Ok(any)
    }

    #[inline]
    fn need_room(&mut self) -> Result<(), Full> {
        if self.has_room() { Ok(()) } else { Err(Full) }
    }

    /// Takes the rest of a batch, which came whole, and tells it.
    fn tell_batch(&mut self, venue: usize, begin: BookBegin) {
        let Self { venues, sides: [bids, asks], .. } = self;
        bids.clear();
        asks.clear();
        let mut more = begin.levels > 0;
        while more {
            let slot = venues.get_mut(venue).and_then(|ends| ends.public.pop());
            assert!(matches!(slot, Some(Event::BookLevels(_))), "a book batch came torn over its ring");
            let Some(Event::BookLevels(slot)) = slot else { break };
            let side = match slot.side {
                Side::Bid => &mut *bids,
                Side::Ask => &mut *asks,
            };
            side.extend_from_slice(used(&slot));
            more = slot.last == Last::No;
        }
        let batch = BookBatch::new(begin, bids, asks);
        self.outcome.level_updates += u64::from(batch.begin().levels);
        self.record.batch(self.now, &batch);
        self.shard.on_batch(&batch, self.now, &mut self.out);
        self.deliver();
    }

    #[inline]
    fn tell(&mut self, event: &Event) {
        self.record.event(self.now, event);
        self.shard.on_event(event, self.now, &mut self.out);
        self.deliver();
    }

    /// Sends what was decided once it is recorded.
    #[inline]
    fn deliver(&mut self) {
        self.outcome.ended_at = Some(self.now);
        self.record.after(self.now, &self.shard, &self.out);
        for command in self.out.commands() {
            self.outcome.count(command);
            command.digest(&mut self.decisions);
            let venue = self.route.get(command.instrument().index());
            let ends = venue.and_then(|venue| self.venues.get_mut(*venue));
            let sent = ends.is_some_and(|ends| ends.commands.push(*command).is_ok());
            assert!(sent, "there was room for what one event leads to");
        }
        for note in self.out.notes() {
            self.outcome.notes_dropped += u64::from(self.notes.push((self.now, *note)).is_err());
        }
        self.out.clear();
    }
}

const fn is_unsent(event: &Event) -> bool {
    matches!(event, Event::Order(OrderUpdate { report: OrderReport::NotSent, .. }))
}

/// A ring of commands has no room.
struct Full;
