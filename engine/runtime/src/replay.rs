//! The replay loop: recorded markets, a simulated venue and the core, in one order that never depends on the host.
//!
//! Five sources are merged by time on our clock. At equal times the order is: the market reaches the venue, our command
//! reaches the venue, the venue's answer reaches us, the market reaches us, a timer of ours fires. So the venue always
//! knows a price before we do, and an order never meets a book older than itself.
//!
//! While nothing of ours is at the venue or under way, what the market does there concerns nobody: it is then caught up in
//! longer stretches, and in any case before a command leaves. That changes no result and keeps one book in the cache at a
//! time.

mod feed;
mod recorder;

use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_exchange::TapeVenue;
use ballast_model::{Command, Digest, Event, Nanos, Span};

use crate::tape::Tape;
use feed::Feed;
pub use recorder::{Recorder, RecorderSpec};

/// Time between the last message of one repetition and the first of the next.
const REPEAT_GAP: Span = Span::from_millis(1);

/// Messages the venue may be behind us while it is quiet: few enough that the tape is still in the cache when it catches up.
const LAG_MAX: usize = 512;

/// What is replayed.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// One tape per session, each with the offset that maps its venue's clock to ours.
    pub tapes: &'a [(Tape, Span)],
    /// How often the tapes are played; at least once.
    pub repeat: u32,
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
    /// Fills the core received.
    pub fills: u64,
    /// Digest over every command's bytes, in order.
    pub decisions_hash: u64,
    /// Digest over the core's state at the end.
    pub state_hash: u64,
    /// Last time on our clock.
    pub ended_at: Option<Nanos>,
}

/// Looks at a run without taking part in it.
pub trait Observer {
    /// Before the core learns something at `now`: what it knows has held since the event before.
    fn before(&mut self, now: Nanos, shard: &Shard);
    /// After the core learned of one of our fills or orders.
    fn after(&mut self, event: &Event, now: Nanos, shard: &Shard);
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
    Timer,
}

/// Plays the program from its first message to its last, and what was under way then to its end.
pub fn run(
    program: Program<'_>,
    shard: &mut Shard,
    venue: &mut TapeVenue,
    observer: &mut impl Observer,
) -> Outcome {
    let mut replay = Replay::new(program, shard, venue);
    while let Some((now, turn, rival)) = replay.next_turn() {
        replay.take_turn(now, turn, rival, observer);
    }
    replay.finish()
}

/// The two earliest of the things offered.
struct Order {
    first: (Nanos, Turn),
    rival: (Nanos, Turn),
}

impl Order {
    #[inline]
    fn offer(&mut self, at: Option<Nanos>, turn: Turn) {
        let Some(at) = at else { return };
        if (at, turn) < self.first {
            (self.rival, self.first) = (self.first, (at, turn));
        } else if (at, turn) < self.rival {
            self.rival = (at, turn);
        }
    }
}

/// The earliest thing to happen besides the turn being taken.
#[derive(Clone, Copy)]
struct Rival((Nanos, Turn));

impl Rival {
    /// True where this comes after `turn` at `at`.
    #[inline]
    fn after(self, at: Nanos, turn: Turn) -> bool {
        let Self((time, other)) = self;
        at < time || (at == time && turn < other)
    }
}

struct Replay<'a> {
    feeds: Vec<Feed<'a>>,
    shard: &'a mut Shard,
    venue: &'a mut TapeVenue,
    out: Outbox,
    decisions: Digest,
    outcome: Outcome,
}

impl<'a> Replay<'a> {
    fn new(program: Program<'a>, shard: &'a mut Shard, venue: &'a mut TapeVenue) -> Self {
        let out = Outbox::new(shard.commands_per_event_max());
        let feeds = Feed::all(program.tapes, program.repeat.max(1), REPEAT_GAP);
        Self { feeds, shard, venue, out, decisions: Digest::new(), outcome: Outcome::default() }
    }

    /// The earliest thing to happen, and when the next other thing does. Timers alone do not keep a run going.
    fn next_turn(&self) -> Option<(Nanos, Turn, Rival)> {
        let mut order = Order { first: (Nanos::MAX, Turn::Timer), rival: (Nanos::MAX, Turn::Timer) };
        let quiet = self.venue.is_quiet();
        for (index, feed) in self.feeds.iter().enumerate() {
            order.offer(feed.at_us(), Turn::MarketAtUs(index));
            if !quiet || feed.lag() >= LAG_MAX || feed.at_us().is_none() {
                order.offer(feed.at_venue(), Turn::MarketAtVenue(index));
            }
        }
        order.offer(self.venue.next_arrival(), Turn::CommandAtVenue);
        order.offer(self.venue.next_response(), Turn::Answer);
        if order.first.0 == Nanos::MAX {
            return None;
        }
        order.offer(self.shard.next_deadline(), Turn::Timer);
        Some((order.first.0, order.first.1, Rival(order.rival)))
    }

    fn take_turn(&mut self, now: Nanos, turn: Turn, rival: Rival, observer: &mut impl Observer) {
        self.outcome.ended_at = self.outcome.ended_at.max(Some(now));
        match turn {
            Turn::MarketAtVenue(index) => self.market_at_venue(index, now, turn, rival),
            Turn::MarketAtUs(index) => self.market_at_us(index, now, turn, rival, observer),
            Turn::CommandAtVenue => self.venue.on_arrival(),
            Turn::Answer => {
                if let Some(event) = self.venue.pop_response(now) {
                    observer.before(now, self.shard);
                    self.outcome.fills += u64::from(matches!(event, Event::Fill(_)));
                    self.shard.on_event(&event, now, &mut self.out);
                    self.send(now);
                    observer.after(&event, now, self.shard);
                }
            }
            Turn::Timer => {
                observer.before(now, self.shard);
                self.shard.on_event(&Event::Timer, now, &mut self.out);
                self.send(now);
            }
        }
    }

    /// Plays messages to the venue for as long as nothing else comes first.
    fn market_at_venue(&mut self, index: usize, mut now: Nanos, turn: Turn, rival: Rival) {
        let Some(feed) = self.feeds.get_mut(index) else { return };
        loop {
            feed.advance_venue(|event| self.venue.on_market(event, now));
            match feed.at_venue() {
                Some(next)
                    if rival.after(next, turn) && self.venue.next_response().is_none_or(|at| at > next) =>
                {
                    now = next
                }
                Some(_) | None => return,
            }
        }
    }

    /// Brings the venue's markets up to `now`: what the order of times asks for before a command leaves.
    fn catch_up(&mut self, now: Nanos) {
        for feed in &mut self.feeds {
            while let Some(at) = feed.at_venue().filter(|at| *at <= now) {
                feed.advance_venue(|event| self.venue.on_market(event, at));
            }
        }
    }

    /// Plays messages to us for as long as nothing else comes first and we decide nothing.
    fn market_at_us(
        &mut self,
        index: usize,
        mut now: Nanos,
        turn: Turn,
        rival: Rival,
        observer: &mut impl Observer,
    ) {
        loop {
            observer.before(now, self.shard);
            let Some(feed) = self.feeds.get_mut(index) else { return };
            let (shard, out, outcome) = (&mut *self.shard, &mut self.out, &mut self.outcome);
            outcome.messages += 1;
            outcome.ended_at = Some(now);
            feed.advance_ours(|event| {
                if let Event::BookBegin(begin) = event {
                    outcome.level_updates += u64::from(begin.levels);
                }
                shard.on_event(event, now, out);
            });
            let next = feed.at_us().filter(|_| feed.lag() < LAG_MAX);
            if !self.out.is_empty() {
                return self.send(now);
            }
            match next {
                Some(next)
                    if rival.after(next, turn) && self.shard.next_deadline().is_none_or(|at| at >= next) =>
                {
                    now = next
                }
                Some(_) | None => return,
            }
        }
    }

    /// Puts the core's commands on the wire.
    fn send(&mut self, now: Nanos) {
        if !self.out.commands().is_empty() {
            self.catch_up(now);
        }
        for command in self.out.commands() {
            match command {
                Command::New(_) => self.outcome.orders += 1,
                Command::Cancel(_) => self.outcome.cancels += 1,
            }
            command.digest(&mut self.decisions);
            self.venue.send(command, now);
        }
        self.out.clear();
    }

    fn finish(self) -> Outcome {
        Outcome {
            decisions_hash: self.decisions.value(),
            state_hash: self.shard.state_hash(),
            ..self.outcome
        }
    }
}
