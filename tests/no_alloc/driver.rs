//! The plainest replay loop there can be: at every step the earliest of all things to come. It is also the twin of the
//! fast one in `ballast_runtime::replay`, which must come to the same outcome.

use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_exchange::TapeVenue;
use ballast_model::{BookBatch, Command, Digest, Event, Nanos, PackedLevel};
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::replay::Outcome;
use ballast_runtime::tape::{Cursor, Shift, Tape};

use crate::counting::counted;

/// What can happen next; the order decides between equal times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    MarketAtVenue(usize),
    CommandAtVenue,
    Answer,
    MarketAtUs(usize),
    Operator,
    Timer,
}

/// One end of a tape's journey.
struct End<'a> {
    cursor: Cursor<'a>,
    /// The time that the message before it happened at, which later ones do not precede.
    floor: Nanos,
}

impl<'a> End<'a> {
    fn new(tape: &'a Tape) -> Self {
        Self { cursor: Cursor::new(tape, Shift::default()), floor: Nanos::MIN }
    }

    fn events(&mut self, now: Nanos) -> Vec<Event> {
        self.floor = now;
        let mut events = Vec::new();
        self.cursor.next(|event| events.push(*event));
        events
    }
}

/// One session's history, on its way through the venue to us.
struct Feed<'a> {
    venue: End<'a>,
    us: End<'a>,
}

impl<'a> Feed<'a> {
    fn new(tape: &'a Tape) -> Self {
        Self { venue: End::new(tape), us: End::new(tape) }
    }

    /// When its next message reaches the venue, and when its next one reaches us.
    fn next(&self, index: usize) -> [(Option<Nanos>, Step); 2] {
        let at_venue = self.venue.cursor.venue_time().map(|at| at.max(self.venue.floor));
        let at_us = self.us.cursor.recv_time().map(|at| at.max(self.us.floor));
        [(at_venue, Step::MarketAtVenue(index)), (at_us, Step::MarketAtUs(index))]
    }
}

/// How the core is told of its markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feeding {
    /// By `Shard::on_event`, each slot of a batch on its own.
    Slots,
    /// By `Shard::on_batch`, as far as there are batches.
    Batches,
}

/// A run under way.
struct Driver<'a> {
    feeds: Vec<Feed<'a>>,
    /// What an operator is still to say.
    operator: &'a [(Nanos, Event)],
    shard: Shard,
    venue: TapeVenue,
    out: Outbox,
    decisions: Digest,
    outcome: Outcome,
    feeding: Feeding,
    /// Allocator calls inside `Shard::on_event` and `Shard::on_batch`.
    allocations: u64,
}

/// Plays everything prepared once; returns the outcome and the number of allocator calls inside `Shard::on_event` and
/// `Shard::on_batch`.
pub(crate) fn play(prepared: &Prepared<'_>, feeding: Feeding) -> (Outcome, u64) {
    let (shard, venue) = prepared.build(Mode::Quoting).unwrap();
    let mut driver = Driver {
        feeds: prepared.tapes.iter().map(Feed::new).collect(),
        operator: prepared.told(),
        out: Outbox::new(shard.commands_per_event_max()),
        shard,
        venue,
        decisions: Digest::new(),
        outcome: Outcome::default(),
        feeding,
        allocations: 0,
    };
    while let Some((now, step)) = driver.next() {
        driver.take(now, step);
    }
    let outcome = Outcome {
        decisions_hash: driver.decisions.value(),
        state_hash: driver.shard.state_hash(),
        ..driver.outcome
    };
    (outcome, driver.allocations)
}

impl Driver<'_> {
    /// Timers alone do not keep a run going.
    fn next(&self) -> Option<(Nanos, Step)> {
        let markets = self.feeds.iter().enumerate().flat_map(|(index, feed)| feed.next(index));
        let ours =
            [(self.venue.next_arrival(), Step::CommandAtVenue), (self.venue.next_response(), Step::Answer)];
        let first = markets.chain(ours).filter_map(|(at, step)| Some((at?, step))).min()?;
        let operator = self.operator.first().map(|(at, _)| (*at, Step::Operator));
        let timer = self.shard.next_deadline().map(|at| (at, Step::Timer));
        operator.into_iter().chain(timer).chain([first]).min()
    }

    fn take(&mut self, now: Nanos, step: Step) {
        self.outcome.ended_at = Some(now);
        match step {
            Step::MarketAtVenue(index) => {
                for event in self.feeds[index].venue.events(now) {
                    self.venue.on_market(&event, now);
                }
            }
            Step::CommandAtVenue => self.venue.on_arrival(),
            Step::Answer => {
                let event = self.venue.pop_response(now).unwrap();
                self.outcome.fills += u64::from(matches!(event, Event::Fill(_)));
                self.tell(&event, now);
            }
            Step::MarketAtUs(index) => {
                self.outcome.messages += 1;
                let events = self.feeds[index].us.events(now);
                for event in &events {
                    if let Event::BookBegin(begin) = event {
                        self.outcome.level_updates += u64::from(begin.levels);
                    }
                }
                self.tell_market(&events, now);
            }
            Step::Operator => {
                let ((_, event), rest) = self.operator.split_first().unwrap();
                self.operator = rest;
                self.tell(event, now);
            }
            Step::Timer => self.tell(&Event::Timer, now),
        }
    }

    /// The core learns what one message says of a market.
    fn tell_market(&mut self, events: &[Event], now: Nanos) {
        let mut rest = events;
        while let Some((event, after)) = rest.split_first() {
            rest = after;
            let Event::BookBegin(begin) = event else {
                self.tell(event, now);
                continue;
            };
            if self.feeding == Feeding::Slots {
                self.tell(event, now);
                continue;
            }
            let mut sides: [Vec<PackedLevel>; 2] = [Vec::new(), Vec::new()];
            while let Some((Event::BookLevels(slot), after)) = rest.split_first() {
                sides[slot.side.index()].extend_from_slice(slot.used());
                rest = after;
            }
            let batch = BookBatch::new(*begin, &sides[0], &sides[1]);
            let ((), calls) = counted(|| self.shard.on_batch(&batch, now, &mut self.out));
            self.took(calls, now);
        }
    }

    /// The core learns of an event, under the eyes of the counter.
    fn tell(&mut self, event: &Event, now: Nanos) {
        let ((), calls) = counted(|| self.shard.on_event(event, now, &mut self.out));
        self.took(calls, now);
    }

    /// The core has learned something: its commands leave.
    fn took(&mut self, calls: u64, now: Nanos) {
        self.allocations += calls;
        for command in self.out.commands() {
            match command {
                Command::New(_) => self.outcome.orders += 1,
                Command::Cancel(_) => self.outcome.cancels += 1,
                Command::Replace(_) => self.outcome.replaces += 1,
                Command::Query(_) => self.outcome.queries += 1,
            }
            command.digest(&mut self.decisions);
            self.venue.send(command, now);
        }
        self.out.reports().iter().for_each(|report| report.digest(&mut self.decisions));
        self.out.clear();
    }
}
