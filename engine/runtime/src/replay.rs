//! The replay loop: recorded markets, a simulated venue and the core, in one order that never depends on the host.
//!
//! Six sources are merged by time on our clock. At equal times the order is: the market reaches the venue, our command
//! reaches the venue, the venue's answer reaches us, the market reaches us, an operator speaks, a timer of ours fires. So the venue always
//! knows a price before we do, and an order never meets a book older than itself.
//!
//! The venue may run ahead of us by the latency of our commands: nothing we have yet to hear can lead to one that meets it
//! earlier. While nothing of ours is at the venue or under way, what the market does there concerns nobody: it is then caught up in
//! longer stretches, and in any case before a command leaves. That changes no result and keeps one book in the cache at a
//! time.

mod feed;
mod notes;
mod record;
mod recorder;
mod scripted;

use ballast_core::outbox::{Note, Outbox};
use ballast_core::shard::Shard;
use ballast_exchange::{OrderFlow, Place, TapeVenue};
use ballast_model::{BookBatch, Command, Digest, Event, Fill, InstrumentId, Nanos, Span};

use crate::tape::{Listener, Tape};
use feed::{Feed, NEVER};
pub use notes::{InstrumentNotes, NoteCount, NoteCounts};
pub use record::{Journaled, Record, Unjournaled};
pub use recorder::{Recorder, RecorderSpec};
pub use scripted::play_commands;

/// Time between the last message of one repetition and the first of the next.
const REPEAT_GAP: Span = Span::from_millis(1);

/// Messages the venue may be behind us while it is quiet: few enough that the tape is still in the cache when it catches up.
const LAG_MAX: usize = 512;

/// What is replayed.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// One tape per session.
    pub tapes: &'a [Tape],
    /// How often the tapes are played; at least once.
    pub repeat: u32,
    /// What an operator says and what is granted, by time; what comes after the last message and all that follows from it is never
    /// said.
    pub operator: &'a [(Nanos, Event)],
    /// How much later than recorded market data reach us; not negative.
    pub feed_latency: Span,
    /// When they stop, by tape and time; those not listed never do.
    pub stops: &'a [Vec<Stop>],
}

/// A time in which no market data reach us: all of it does at the end, as over a connection that stalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The first moment.
    pub from: Nanos,
    /// The first moment after it.
    pub until: Nanos,
}

impl Stop {
    const fn holds(self, at: Nanos) -> bool {
        self.from.0 <= at.0 && at.0 < self.until.0
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Messages the core received from the market.
    pub messages: u64,
    /// Levels in the diffs and snapshots among them.
    pub level_updates: u64,
    /// New-order commands.
    pub orders: u64,
    /// Cancel commands.
    pub cancels: u64,
    /// Amend commands.
    pub replaces: u64,
    /// Queries.
    pub queries: u64,
    /// Fills the core received.
    pub fills: u64,
    /// Digest over every command's bytes, in order.
    pub decisions_hash: u64,
    /// Digest over the core's state at the end.
    pub state_hash: u64,
    /// Notes of the core that found no room: more than one event may leave.
    pub notes_dropped: u64,
    /// Last time on our clock.
    pub ended_at: Option<Nanos>,
}

impl Outcome {
    /// Counts a command that is sent.
    pub(crate) const fn count(&mut self, command: &Command) {
        match command {
            Command::New(_) => self.orders += 1,
            Command::Cancel(_) => self.cancels += 1,
            Command::Replace(_) => self.replaces += 1,
            Command::Query(_) => self.queries += 1,
        }
    }
}

/// Looks at a run without taking part in it.
pub trait Observer {
    /// Before the core learns something at `now`: what it knows has held since the event before.
    fn before(&mut self, now: Nanos, shard: &Shard);
    /// After the core learned of one of our fills or orders, or what an operator says or is granted.
    fn after(&mut self, event: &Event, now: Nanos, shard: &Shard);
    /// After [`Observer::after`] a fill of an order that rested at the venue, where the venue tells its place.
    fn placed(&mut self, _fill: &Fill, _place: &Place) {}
    /// A command leaves the core.
    fn sent(&mut self, _command: &Command) {}
    /// After the core noted something, in its order; the answer to an operator comes first.
    fn noted(&mut self, _notes: &[Note], _now: Nanos) {}
}

/// Observes nothing, for benchmarks.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn before(&mut self, _: Nanos, _: &Shard) {}
    fn after(&mut self, _: &Event, _: Nanos, _: &Shard) {}
}

/// Whose turn it is; in the order that decides equal times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    MarketAtVenue(usize),
    CommandAtVenue,
    Answer,
    MarketAtUs(usize),
    Operator,
    Timer,
    /// Last only where nothing happens at the venue then: whatever does exchanges funding first.
    Funding,
}

/// Plays the program from its first message to its last, and what was under way then to its end.
///
/// `record` is told of every input before the core is, and of every command before the venue is.
pub fn run(
    program: Program<'_>,
    shard: &mut Shard,
    venue: &mut TapeVenue,
    observer: &mut impl Observer,
    record: &mut impl Record,
) -> Outcome {
    let mut replay = Replay::new(program, shard, venue, record);
    while let Some(next) = replay.next_turn() {
        if !replay.hear_of_record(&next, observer) {
            replay.take_turn(&next, observer);
        }
    }
    replay.finish()
}

/// What happens next.
struct Next {
    now: Nanos,
    turn: Turn,
    /// Up to when its source may go on before anything else has its turn; before [`NEVER`].
    until: Nanos,
}

/// The two earliest of the things offered.
struct Order {
    first: (Nanos, Turn),
    rival: (Nanos, Turn),
}

impl Order {
    /// To be called in the order of turns, so that the one offered earlier comes first where times are equal.
    #[inline]
    fn offer(&mut self, at: Nanos, turn: Turn) {
        if at < self.first.0 {
            (self.rival, self.first) = (self.first, (at, turn));
        } else if at < self.rival.0 {
            self.rival = (at, turn);
        }
    }

    fn next(&self) -> Next {
        let ((now, turn), (rival_at, rival)) = (self.first, self.rival);
        let until = if turn < rival { rival_at } else { rival_at - Span(1) };
        Next { now, turn, until: until.min(NEVER - Span(1)) }
    }
}

/// The venue, as messages reach it.
struct AtVenue<'a> {
    venue: &'a mut TapeVenue,
    now: Nanos,
}

impl Listener for AtVenue<'_> {
    #[inline]
    fn on_batch(&mut self, batch: &BookBatch<'_>) {
        self.venue.on_batch(batch, self.now);
    }

    #[inline(always)]
    fn on_event(&mut self, event: &Event) {
        self.venue.on_market(event, self.now);
    }

    fn on_orders(&mut self, instrument: InstrumentId, flow: &[OrderFlow], added: u64) {
        self.venue.on_orders(instrument, flow, added, self.now);
    }
}

/// The core, as messages reach it.
struct AtUs<'a, R> {
    shard: &'a mut Shard,
    record: &'a mut R,
    out: &'a mut Outbox,
    level_updates: &'a mut u64,
    now: Nanos,
}

impl<R: Record> Listener for AtUs<'_, R> {
    #[inline]
    fn on_batch(&mut self, batch: &BookBatch<'_>) {
        *self.level_updates += u64::from(batch.begin().levels);
        self.record.batch(self.now, batch);
        self.shard.on_batch(batch, self.now, self.out);
    }

    #[inline]
    fn on_event(&mut self, event: &Event) {
        self.record.event(self.now, event);
        self.shard.on_event(event, self.now, self.out);
    }
}

struct Replay<'a, R> {
    feeds: Vec<Feed<'a>>,
    record: &'a mut R,
    /// What is still to be said.
    operator: &'a [(Nanos, Event)],
    shard: &'a mut Shard,
    venue: &'a mut TapeVenue,
    out: Outbox,
    decisions: Digest,
    outcome: Outcome,
}

impl<'a, R: Record> Replay<'a, R> {
    fn new(program: Program<'a>, shard: &'a mut Shard, venue: &'a mut TapeVenue, record: &'a mut R) -> Self {
        let out = Outbox::new(shard.commands_per_event_max());
        let feeds = Feed::all(&program, REPEAT_GAP);
        let (operator, decisions) = (program.operator, Digest::new());
        Self { feeds, record, operator, shard, venue, out, decisions, outcome: Outcome::default() }
    }

    /// The earliest thing to happen. Timers and funding still to come do not keep a run going.
    fn next_turn(&self) -> Option<Next> {
        let mut order = Order { first: (NEVER, Turn::Timer), rival: (NEVER, Turn::Timer) };
        let quiet = self.venue.is_quiet();
        for (index, feed) in self.feeds.iter().enumerate() {
            if !quiet || feed.lag() >= LAG_MAX || feed.at_us() == NEVER {
                order.offer(feed.at_venue(), Turn::MarketAtVenue(index));
            }
        }
        order.offer(self.venue.next_arrival().unwrap_or(NEVER), Turn::CommandAtVenue);
        order.offer(self.venue.next_response().unwrap_or(NEVER), Turn::Answer);
        for (index, feed) in self.feeds.iter().enumerate() {
            order.offer(feed.at_us(), Turn::MarketAtUs(index));
        }
        if order.first.0 == NEVER {
            return None;
        }
        order.offer(self.operator_at().unwrap_or(NEVER), Turn::Operator);
        order.offer(self.shard.next_deadline().unwrap_or(NEVER), Turn::Timer);
        order.offer(self.venue.next_funding().unwrap_or(NEVER), Turn::Funding);
        let next = order.next();
        Some(match next.turn {
            Turn::MarketAtVenue(index) => Next { until: self.venue_until(index), ..next },
            Turn::CommandAtVenue
            | Turn::Answer
            | Turn::MarketAtUs(_)
            | Turn::Operator
            | Turn::Timer
            | Turn::Funding => next,
        })
    }

    /// Up to when the market of one feed may go on at the venue: what we do in answer to anything that comes first for us
    /// needs its latency to get there.
    fn venue_until(&self, index: usize) -> Nanos {
        let times = [self.venue.next_response(), self.shard.next_deadline(), self.operator_at()];
        let ours = self.feeds.iter().map(Feed::at_us).chain(times.into_iter().flatten()).min();
        let earliest = self.feeds.iter().enumerate().filter(|(other, _)| *other != index);
        let others = earliest.map(|(other, feed)| match feed.at_venue() {
            NEVER => NEVER,
            at if other < index => at - Span(1),
            at => at,
        });
        let known = others.chain(self.venue.next_arrival()).min().unwrap_or(NEVER);
        let answered = ours.map_or(NEVER, |at| at.saturating_add(self.venue.order_latency()));
        known.min(answered).min(NEVER - Span(1))
    }

    fn take_turn(&mut self, next: &Next, observer: &mut impl Observer) {
        let now = next.now;
        self.outcome.ended_at = self.outcome.ended_at.max(Some(now));
        match next.turn {
            Turn::MarketAtVenue(index) => self.market_at_venue(index, next),
            Turn::MarketAtUs(index) => self.market_at_us(index, next, observer),
            Turn::CommandAtVenue => self.venue.on_arrival(),
            Turn::Funding => self.venue.on_funding(now),
            Turn::Answer => {
                if let Some(event) = self.venue.pop_response(now) {
                    observer.before(now, self.shard);
                    self.outcome.fills += u64::from(matches!(event, Event::Fill(_)));
                    self.record.event(now, &event);
                    self.shard.on_event(&event, now, &mut self.out);
                    self.record.after(now, self.shard, &self.out);
                    self.send(now, observer);
                    observer.after(&event, now, self.shard);
                    if let Event::Fill(fill) = &event
                        && let Some(place) = self.venue.take_place(fill.trade_id)
                    {
                        observer.placed(fill, &place);
                    }
                }
            }
            Turn::Operator => self.operate(now, observer),
            Turn::Timer => self.say(&Event::Timer, now, observer),
        }
    }

    fn operator_at(&self) -> Option<Nanos> {
        self.operator.first().map(|(at, _)| *at)
    }

    /// Tells the core what an operator says next.
    fn operate(&mut self, now: Nanos, observer: &mut impl Observer) {
        let Some(((_, event), rest)) = self.operator.split_first() else { return };
        self.operator = rest;
        self.say(event, now, observer);
    }

    /// Tells the core how its record stands, where that has changed and it is about to learn something anyway: what it does then
    /// meets the venue no earlier than it may. Whose turn it is is then to be asked again.
    #[inline]
    fn hear_of_record(&mut self, next: &Next, observer: &mut impl Observer) -> bool {
        let ours = match next.turn {
            Turn::MarketAtVenue(_) | Turn::CommandAtVenue | Turn::Funding => false,
            Turn::Answer | Turn::MarketAtUs(_) | Turn::Operator | Turn::Timer => true,
        };
        let Some(health) = (if ours { self.record.news() } else { None }) else { return false };
        self.outcome.ended_at = self.outcome.ended_at.max(Some(next.now));
        self.say(&Event::Journal(health), next.now, observer);
        true
    }

    /// Tells the core something that is neither of the market nor of the venue.
    fn say(&mut self, event: &Event, now: Nanos, observer: &mut impl Observer) {
        observer.before(now, self.shard);
        self.record.event(now, event);
        self.shard.on_event(event, now, &mut self.out);
        self.record.after(now, self.shard, &self.out);
        self.send(now, observer);
        observer.after(event, now, self.shard);
    }

    /// Plays messages to the venue for as long as nothing else comes first there.
    fn market_at_venue(&mut self, index: usize, next: &Next) {
        let Some(feed) = self.feeds.get_mut(index) else { return };
        let latency = self.venue.order_latency();
        let mut now = next.now;
        loop {
            feed.advance_venue(&mut AtVenue { venue: self.venue, now });
            now = feed.at_venue();
            let answered = |at: Nanos| at.saturating_add(latency) < now;
            if now > next.until || self.venue.next_response().is_some_and(answered) {
                return;
            }
        }
    }

    /// Brings the venue's markets up to `now`: what the order of times asks for before a command leaves.
    fn catch_up(&mut self, now: Nanos) {
        for feed in &mut self.feeds {
            while feed.at_venue() <= now {
                let now = feed.at_venue();
                feed.advance_venue(&mut AtVenue { venue: self.venue, now });
            }
        }
    }

    /// Plays messages to us for as long as nothing else comes first and we decide nothing.
    fn market_at_us(&mut self, index: usize, next: &Next, observer: &mut impl Observer) {
        let Some(feed) = self.feeds.get_mut(index) else { return };
        let Outcome { messages, level_updates, ended_at, .. } = &mut self.outcome;
        let mut now = next.now;
        loop {
            observer.before(now, self.shard);
            *messages += 1;
            *ended_at = Some(now);
            feed.advance_ours(&mut AtUs {
                shard: self.shard,
                record: self.record,
                out: &mut self.out,
                level_updates,
                now,
            });
            self.record.after(now, self.shard, &self.out);
            if !self.out.is_empty() {
                return self.send(now, observer);
            }
            now = feed.at_us();
            if feed.lag() >= LAG_MAX
                || now > next.until
                || self.shard.next_deadline().is_some_and(|at| at < now)
            {
                return;
            }
        }
    }

    /// Puts the core's commands on the wire, and tells what it noted.
    fn send(&mut self, now: Nanos, observer: &mut impl Observer) {
        if !self.out.notes().is_empty() {
            observer.noted(self.out.notes(), now);
        }
        if !self.out.commands().is_empty() {
            self.catch_up(now);
        }
        for command in self.out.commands() {
            self.outcome.count(command);
            observer.sent(command);
            command.digest(&mut self.decisions);
            self.venue.send(command, now);
        }
        self.out.reports().iter().for_each(|report| report.digest(&mut self.decisions));
        self.out.clear();
    }

    fn finish(self) -> Outcome {
        Outcome {
            decisions_hash: self.decisions.value(),
            state_hash: self.shard.state_hash(),
            notes_dropped: self.out.notes_dropped(),
            ..self.outcome
        }
    }
}
