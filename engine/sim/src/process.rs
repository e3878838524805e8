//! One process while it runs: its loops, and what whoever runs an engine does now and then.

use std::path::Path;

use ballast_core::shard::Shard;
use ballast_model::{InstrumentId, Nanos, Span};
use ballast_runtime::journal::Hand;
use ballast_runtime::live::{Ending, Helm, KilledBy, Loops, ShardSeat, Strangers, Turned, VenueSeat};
use ballast_runtime::replay::Journaled;
use ballast_venue::Now;

use crate::config::{NAME, text};
use crate::counterpart::held;
use crate::line::Channel;
use crate::net::{Reach, SimNetwork};
use crate::oracle::{PANIC, alive, book, gate};
use crate::plan::{Markets, OVERFLOWS};
use crate::report::State;
use crate::watch::Watching;
use crate::world::World;

/// How often the helm is looked at while the gate is shut, or the run is being ended.
const LOOK_OFTEN: Span = Span::from_millis(20);
/// How often it is otherwise.
const LOOK_SELDOM: Span = Span::from_secs(1);
/// How long orders may take to be gone at the end.
const PATIENCE: Span = Span::from_secs(5);
/// The least that time goes on.
const TICK: Span = Span::from_micros(1);
/// Turns at one moment, or moments that follow each other at once, after which nothing comes to rest any more.
const SPINS_MAX: u32 = 10_000;
/// After how long an operator who was told that a venue refuses the key starts the run again.
const LOOKED_AT: Span = Span::from_secs(5);

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In order; whether it knows that no order is left, and after how long it is started again.
    Stopped { empty: bool, again: Option<Span> },
    /// It was killed, and is started again after so long.
    Killed(Span),
    /// Its host lost power, and it is started again after so long.
    Dark(Span),
    /// Something was violated.
    Violated,
}

/// How an ending that has begun goes on, and after how long the run is started again once it is over.
type Stopping = (Ending, Option<Span>);

/// A process while it runs.
pub(crate) struct Process<'j> {
    pub(crate) helm: Helm,
    pub(crate) shard: ShardSeat<Watching<Journaled<'j>>>,
    pub(crate) venues: Vec<VenueSeat<SimNetwork>>,
    pub(crate) hand: Hand,
    ending: Option<Stopping>,
    open: bool,
    /// The shard waits for room in a ring of commands.
    blocked: bool,
    look_at: Nanos,
}

impl<'j> Process<'j> {
    pub(crate) const fn new(
        helm: Helm,
        shard: ShardSeat<Watching<Journaled<'j>>>,
        venues: Vec<VenueSeat<SimNetwork>>,
        hand: Hand,
        now: Nanos,
    ) -> Self {
        Self { helm, shard, venues, hand, ending: None, open: false, blocked: false, look_at: now }
    }

    fn core(&self) -> &Shard {
        self.shard.shard_loop().shard()
    }

    fn networks(&self) -> impl Iterator<Item = (usize, &SimNetwork)> {
        self.venues.iter().map(|venue| venue.venue_loop().network()).enumerate()
    }

    /// Turns it until it ends.
    pub(crate) fn run(&mut self, world: &mut World<'_>) -> End {
        let mut spins = 0;
        loop {
            let next = self.next_at(world);
            spins = if next <= world.now { spins + 1 } else { 0 };
            world.now = next.max(world.now + TICK);
            for venue in &mut self.venues {
                venue.network_mut().advance(world.now);
            }
            for (nth, network) in self.networks() {
                world.look_at_venue(nth, network);
            }
            if spins > SPINS_MAX || !self.settle(world) {
                let verdict = Err((PANIC, format!("no rest: {}", self.dues(world))));
                world.watch.borrow_mut().judge(world.now, verdict);
            }
            if let Err(error) = self.hand.turn(world.now) {
                world.watch.borrow_mut().say(world.now, format!("the journal is given up: {error}"));
            }
            while let Some(turn) = world.agenda.due(world.now, world.state) {
                if let Some(end) = world.turn(turn, Some(self)) {
                    return end;
                }
            }
            if world.now >= self.look_at
                && let Some(end) = self.steer(world)
            {
                return end;
            }
            world.state = self.state(world);
            if world.watch.borrow().violation().is_some() {
                return End::Violated;
            }
        }
    }

    /// When something is next to be done, by whom: helm, script, networks, venues' loops, shard's loop.
    fn times(&self, world: &World<'_>) -> [Option<Nanos>; 5] {
        let [venues_stall, shard_stalls] = world.stalled.map(|until| until > world.now);
        let first = |times: &mut dyn Iterator<Item = Option<Nanos>>| times.flatten().min();
        let networks = first(&mut self.networks().map(|(_, network)| network.next_at()));
        let venues = first(&mut self.venues.iter().map(|venue| venue.venue_loop().next_deadline()));
        let shard = self.shard.shard_loop().next_deadline();
        [
            Some(self.look_at),
            world.agenda.next_at(),
            networks,
            venues.filter(|_| !venues_stall),
            shard.filter(|_| !shard_stalls && !self.blocked),
        ]
    }

    fn next_at(&self, world: &World<'_>) -> Nanos {
        self.times(world).into_iter().flatten().min().unwrap_or(self.look_at)
    }

    /// When each is due, after now: for whoever looks for what spins.
    fn dues(&self, world: &World<'_>) -> String {
        let names = ["helm", "script", "networks", "venues", "shard"];
        let due = |(name, at): (&str, Option<Nanos>)| {
            at.map(|at| format!("{name} in {} ns", at.0.saturating_sub(world.now.0)))
        };
        names.into_iter().zip(self.times(world)).filter_map(due).collect::<Vec<_>>().join(", ")
    }

    /// Turns all loops that run until none has anything to do; false where that never comes.
    fn settle(&mut self, world: &mut World<'_>) -> bool {
        let now = Now { mono: world.now, wall: world.now + world.drift };
        let [venues_stall, shard_stalls] = world.stalled.map(|until| until > world.now);
        for _ in 0..SPINS_MAX {
            let mut idle = true;
            if !venues_stall {
                for (nth, venue) in self.venues.iter_mut().enumerate() {
                    idle &= venue.turn(now, Span::ZERO) == Turned::Idle;
                    if let Some(known) = world.watch.borrow_mut().known.get_mut(nth) {
                        known.clone_from(venue.venue_loop().network().known());
                    }
                }
            }
            let shard = if shard_stalls { Turned::Idle } else { self.shard.turn(world.now) };
            self.blocked = shard == Turned::Blocked;
            if idle && (shard == Turned::Idle || (self.blocked && venues_stall)) {
                let [commands_full, ring_overflow] = OVERFLOWS;
                if self.blocked {
                    world.fired(commands_full);
                }
                let overflows = world.watch.borrow_mut().take_overflows();
                (0..overflows).for_each(|_| world.fired(ring_overflow));
                return true;
            }
        }
        false
    }

    /// What whoever runs an engine does now and then. How it ended, once it is over.
    fn steer(&mut self, world: &mut World<'_>) -> Option<End> {
        let halted = world.note(&mut self.helm);
        if let Some((ending, again)) = &mut self.ending {
            self.look_at = world.now + LOOK_OFTEN;
            let empty = ending.look(&mut self.helm, Loops::Turn, world.now)?;
            return Some(End::Stopped { empty, again: *again });
        }
        let over = world.now >= world.start + world.plan.length;
        if halted && !over {
            self.stop(Some(LOOKED_AT), world.now);
            return None;
        }
        let watching = world.watch.clone();
        for (nth, network) in (0..).map(InstrumentId).zip(self.networks().map(|(_, network)| network)) {
            let verdict = book(self.core(), nth, network.venue().front());
            watching.borrow_mut().judge(world.now, verdict);
        }
        let truth: Vec<_> = self.networks().map(|(_, network)| held(network.venue().front())).collect();
        watching.borrow_mut().hedge.look(self.core(), &truth, world.now);
        if let Some(by) = world.signalled.take() {
            self.helm.obey(Some(by), Loops::Turn, world.now);
        }
        let waits = self.helm.begin(Strangers::Refused, world.now);
        if waits.is_none() && !self.open {
            let mut watch = watching.borrow_mut();
            watch.say(world.now, "the start gate opens");
            for (nth, network) in (0..).map(InstrumentId).zip(self.networks().map(|(_, network)| network)) {
                watch.judge(world.now, gate(self.core(), nth, network.venue().front()));
            }
        }
        self.open = waits.is_none();
        self.look_at = world.now + if self.open { LOOK_SELDOM } else { LOOK_OFTEN };
        if over {
            let mut watch = watching.borrow_mut();
            let verdict = alive(watch.ordered, world.now).and(watch.hedge.at_end(world.now));
            watch.judge(world.now, verdict);
            watch.say(world.now, "the run is ended");
            self.stop(None, world.now);
        }
        None
    }

    fn state(&self, world: &World<'_>) -> State {
        let shard = self.core();
        let instruments = || (0..).map(InstrumentId).zip(&self.venues).map(|(instrument, _)| instrument);
        let orders = || instruments().filter_map(|instrument| shard.orders(instrument));
        match self {
            Process { ending: Some(_), .. } => State::Ending,
            _ if world.kills => State::Killed,
            Process { open: false, .. } if world.goes_on => State::Recovering,
            Process { open: false, .. } => State::Starting,
            _ if orders().any(|orders| orders.unknown_count() > 0) => State::Doubtful,
            _ if orders().any(|orders| orders.open_count() > 0) => State::Quoting,
            _ if instruments().any(|instrument| !shard.position(instrument).is_zero()) => State::Holding,
            _ => State::Bare,
        }
    }

    /// Begins to end it in order; it is started again after so long.
    pub(crate) fn stop(&mut self, again: Option<Span>, now: Nanos) {
        if self.ending.is_none() {
            self.ending = Some((self.helm.end(PATIENCE, now), again));
            self.look_at = now;
        }
    }

    pub(crate) fn cut_requests(&mut self) {
        self.venues.iter_mut().for_each(|venue| venue.network_mut().cut(|channel| channel == Channel::Rest));
    }

    pub(crate) fn cut_all(&mut self) {
        self.venues.iter_mut().for_each(|venue| venue.network_mut().cut(|_| true));
    }

    pub(crate) fn set_reach(&mut self, reach: Reach) {
        self.venues.iter_mut().for_each(|venue| venue.network_mut().set_reach(reach));
    }

    /// Puts another configuration in force; what came of that.
    pub(crate) fn configure(&mut self, markets: Markets, width: u32) -> String {
        let done = self.helm.configure(&text(markets, width), Path::new(NAME));
        done.map_or_else(|error| error.to_string(), |()| "configured".to_owned())
    }

    /// The latch is set.
    pub(crate) fn kill(&mut self, now: Nanos) {
        self.helm.kill();
        self.look_at = self.look_at.min(now + LOOK_OFTEN);
    }

    /// No operator kills any more. A run that is being ended keeps its latch.
    pub(crate) fn release(&mut self, now: Nanos) {
        if self.ending.is_none() {
            self.helm.obey(Some(KilledBy::File), Loops::Turn, now);
            self.helm.obey(None, Loops::Turn, now);
        }
        self.look_at = now;
    }
}
