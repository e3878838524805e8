//! The world: one process after the other, each turned by one time, from one thing that happens to the next.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use ballast_core::shard::Shard;
use ballast_model::{Nanos, Span};
use ballast_runtime::config::Config;
use ballast_runtime::journal::Hand;
use ballast_runtime::live::{Ending, Helm, KilledBy, Loops, ShardSeat, Strangers, Turned, VenueSeat};
use ballast_runtime::replay::Journaled;
use ballast_venue::Now;

use crate::boot::{Booted, boot};
use crate::config::{NAME, text};
use crate::counterpart::INSTRUMENT;
use crate::disk::Full;
use crate::line::Channel;
use crate::net::{Reach, SimNetwork};
use crate::oracle::{PANIC, alive, at_rest, book, gate, verified};
use crate::plan::{Act, Plan};
use crate::report::{Coverage, Report, State};
use crate::run::SimError;
use crate::scratch::Scratch;
use crate::watch::{Shared, Watching};

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
/// After how long a process that could not begin is started again, doubled each time, and how often.
const AGAIN: (Span, u32) = (Span::from_secs(1), 60);
/// The longest time until it is.
const AGAIN_MAX: Span = Span::from_secs(30);

/// All that outlives a process.
pub(crate) struct World<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) start: Nanos,
    pub(crate) config: Config,
    pub(crate) scratch: Scratch,
    pub(crate) watch: Shared,
    now: Nanos,
    network: Option<SimNetwork>,
    full: Full,
    drift: Span,
    kills: bool,
    /// A kill of which the shard is yet to be told.
    signalled: Option<KilledBy>,
    reach: Reach,
    /// Acts that are done.
    done: usize,
    state: State,
    coverage: Coverage,
    notes: BTreeMap<&'static str, u64>,
    processes: u32,
    journals: Vec<PathBuf>,
}

/// A process while it runs.
struct Process<'j> {
    helm: Helm,
    shard: ShardSeat<Watching<Journaled<'j>>>,
    venue: VenueSeat<SimNetwork>,
    hand: Hand,
    ending: Option<Ending>,
    open: bool,
    look_at: Nanos,
}

/// How a process ended.
enum End {
    /// In order; whether it knows that no order is left.
    Stopped { empty: bool },
    /// It was killed, and is started again after so long.
    Killed(Span),
    /// Something was violated.
    Violated,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        config: Config,
        network: SimNetwork,
        start: Nanos,
        watch: Shared,
    ) -> Result<Self, SimError> {
        Ok(Self {
            plan,
            start,
            config,
            scratch: Scratch::new()?,
            watch,
            now: start,
            network: Some(network),
            full: Arc::new(AtomicBool::new(false)),
            drift: Span::ZERO,
            kills: false,
            signalled: None,
            reach: Reach::Yes,
            done: 0,
            state: State::Down,
            coverage: Coverage::default(),
            notes: BTreeMap::new(),
            processes: 0,
            journals: Vec::new(),
        })
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// What keeps the world itself from going on.
    pub(crate) fn run(&mut self) -> Result<Report, SimError> {
        let mut tries = 0;
        loop {
            let network = self.network.take().ok_or_else(|| SimError("the network is gone".to_owned()))?;
            let config = self.config.clone();
            let booted = match boot(&config, self.scratch.path(), &self.full, network) {
                Ok(booted) => booted,
                Err((mut network, why)) => {
                    network.abandon();
                    tries += 1;
                    if tries > AGAIN.1 {
                        return Err(SimError(format!("no process begins: {why}")));
                    }
                    self.watch.borrow_mut().say(self.now, format!("no process begins: {why}"));
                    self.wait(*network, AGAIN.0.doubled(tries - 1, AGAIN_MAX));
                    continue;
                }
            };
            tries = 0;
            self.processes += 1;
            match self.process(booted)? {
                End::Killed(down) => {
                    let network = self.network.take();
                    let mut network = network.ok_or_else(|| SimError("the network is gone".to_owned()))?;
                    network.abandon();
                    self.wait(network, down);
                }
                End::Stopped { .. } | End::Violated => return Ok(self.report()),
            }
        }
    }

    fn report(&mut self) -> Report {
        let watch = self.watch.borrow();
        let violation = watch.violation().cloned();
        let story = if violation.is_some() { watch.story(self.start) } else { Vec::new() };
        let mut report = Report {
            seed: self.plan.seed,
            lasted: self.now - self.start,
            fills: watch.fills.booked() as u64,
            processes: self.processes,
            coverage: std::mem::take(&mut self.coverage),
            notes: std::mem::take(&mut self.notes),
            violation,
            story,
            ..Report::default()
        };
        if let Some(network) = &self.network {
            report.orders = network.known().orders;
            report.digest = network.digest().value();
        }
        report
    }

    /// No process runs for so long.
    fn wait(&mut self, mut network: SimNetwork, down: Span) {
        self.state = State::Down;
        self.now = self.now.max(ballast_wire::Network::clock(&network)) + down;
        network.advance(self.now);
        while let Some(act) = self.due() {
            // Of a process that does not run nothing is asked; what is done to the host stays.
            self.apply(act, None);
        }
        network.set_reach(self.reach);
        self.look_at_venue(&network);
        self.network = Some(network);
    }

    /// One process, from its first turn to its end.
    fn process(&mut self, booted: Booted) -> Result<End, SimError> {
        let Booted { mut helm, seed, venue, mut journal, hand, folder, damage } = booted;
        self.journals.push(folder);
        self.watch.borrow_mut().fills.begin();
        self.now = self.now.max(ballast_wire::Network::clock(venue.venue_loop().network()));
        let begun = format!("process {} begins", self.processes);
        self.watch.borrow_mut().say(self.now, begun);
        damage.into_iter().for_each(|what| self.watch.borrow_mut().say(self.now, format!("damaged: {what}")));
        if self.kills {
            helm.obey(Some(KilledBy::File), Loops::Turn, self.now);
        }
        let record = Watching::new(Journaled::new(&mut journal.tap), Rc::clone(&self.watch));
        let (shard, look_at) = (seed.seat(record), self.now);
        let mut process = Process { helm, shard, venue, hand, ending: None, open: false, look_at };
        let end = self.turn(&mut process);
        let Process { shard, venue, hand, .. } = process;
        if let End::Stopped { empty } = end {
            let (_, shard, record) = shard.finish();
            record.into_inner().finish(&shard);
            let kept = hand.finish(journal).map_err(|error| error.to_string());
            let network = venue.into_network();
            self.judge_end(&shard, &network, empty, kept.err());
            self.network = Some(network);
        } else {
            // As if the process had died: the ring is left, and nothing said.
            drop((shard, hand));
            drop(journal);
            self.network = Some(venue.into_network());
        }
        Ok(end)
    }

    fn judge_end(&self, shard: &Shard, network: &SimNetwork, empty: bool, unkept: Option<String>) {
        let mut watch = self.watch.borrow_mut();
        let verdict = at_rest(shard, network.venue().front(), &watch.fills, empty);
        watch.judge(self.now, verdict);
        let kept = unkept.map_or(Ok(()), |why| Err(("verify", why)));
        watch.judge(self.now, kept);
        for folder in &self.journals {
            watch.judge(self.now, verified(folder));
        }
    }

    /// Turns a process until it ends.
    fn turn(&mut self, process: &mut Process<'_>) -> End {
        let mut spins = 0;
        loop {
            let next = self.next_at(process);
            spins = if next <= self.now { spins + 1 } else { 0 };
            self.now = next.max(self.now + TICK);
            process.venue.network_mut().advance(self.now);
            self.look_at_venue(process.venue.venue_loop().network());
            if spins > SPINS_MAX || !self.settle(process) {
                let verdict = Err((PANIC, format!("no rest: {}", self.dues(process))));
                self.watch.borrow_mut().judge(self.now, verdict);
            }
            if let Err(error) = process.hand.turn(self.now) {
                self.watch.borrow_mut().say(self.now, format!("the journal is given up: {error}"));
            }
            while let Some(act) = self.due() {
                if let Act::Crash(down) = act {
                    self.fired(act.name());
                    return End::Killed(down);
                }
                self.apply(act, Some(process));
            }
            if self.now >= process.look_at
                && let Some(empty) = self.steer(process)
            {
                return End::Stopped { empty };
            }
            self.state = self.state_of(process);
            if self.watch.borrow().violation().is_some() {
                return End::Violated;
            }
        }
    }

    /// When something is next to be done, by whom: helm, script, network, venue's loop, shard's loop.
    fn times(&self, process: &Process<'_>) -> [Option<Nanos>; 5] {
        let script = self.plan.script.get(self.done).map(|turn| self.start + turn.after);
        let venue = process.venue.venue_loop();
        let shard = process.shard.shard_loop().next_deadline();
        [Some(process.look_at), script, venue.network().next_at(), venue.next_deadline(), shard]
    }

    fn next_at(&self, process: &Process<'_>) -> Nanos {
        self.times(process).into_iter().flatten().min().unwrap_or(process.look_at)
    }

    /// When each is due, after now: for whoever looks for what spins.
    fn dues(&self, process: &Process<'_>) -> String {
        let names = ["helm", "script", "network", "venue", "shard"];
        let due = |(name, at): (&str, Option<Nanos>)| {
            at.map(|at| format!("{name} in {} ns", at.0.saturating_sub(self.now.0)))
        };
        names.into_iter().zip(self.times(process)).filter_map(due).collect::<Vec<_>>().join(", ")
    }

    /// Turns both loops until neither has anything to do; false where that never comes.
    fn settle(&self, process: &mut Process<'_>) -> bool {
        let now = Now { mono: self.now, wall: self.now + self.drift };
        for _ in 0..SPINS_MAX {
            let venue = process.venue.turn(now, Span::ZERO);
            self.watch.borrow_mut().known = process.venue.venue_loop().network().known().clone();
            let shard = process.shard.turn(self.now);
            if (venue, shard) == (Turned::Idle, Turned::Idle) {
                return true;
            }
        }
        false
    }

    /// What whoever runs an engine does now and then. Whether no order is left, once the run is over.
    fn steer(&mut self, process: &mut Process<'_>) -> Option<bool> {
        let Process { helm, shard, venue, ending, open, look_at, .. } = process;
        let notes = &mut self.notes;
        helm.notes(|_, _, note| *notes.entry(note.kind()).or_default() += 1);
        if let Some(ending) = ending {
            *look_at = self.now + LOOK_OFTEN;
            return ending.look(helm, Loops::Turn, self.now);
        }
        let front = venue.venue_loop().network().venue().front();
        let verdict = book(shard.shard_loop().shard(), front);
        self.watch.borrow_mut().judge(self.now, verdict);
        if let Some(by) = self.signalled.take() {
            helm.obey(Some(by), Loops::Turn, self.now);
        }
        let waits = helm.begin(Strangers::Refused, self.now);
        if waits.is_none() && !*open {
            let verdict = gate(shard.shard_loop().shard(), front);
            let mut watch = self.watch.borrow_mut();
            watch.say(self.now, "the start gate opens");
            watch.judge(self.now, verdict);
        }
        *open = waits.is_none();
        *look_at = self.now + if *open { LOOK_SELDOM } else { LOOK_OFTEN };
        if self.now >= self.start + self.plan.length {
            let mut watch = self.watch.borrow_mut();
            let verdict = alive(watch.ordered, self.now);
            watch.judge(self.now, verdict);
            watch.say(self.now, "the run is ended");
            *ending = Some(helm.end(PATIENCE, self.now));
        }
        None
    }

    fn state_of(&self, process: &Process<'_>) -> State {
        let orders = process.shard.shard_loop().shard().orders(INSTRUMENT);
        let doubtful = orders.is_some_and(|orders| orders.unknown_count() > 0);
        match process {
            Process { ending: Some(_), .. } => State::Ending,
            _ if self.kills => State::Killed,
            Process { open: false, .. } => State::Starting,
            _ if doubtful => State::Doubtful,
            _ if orders.is_some_and(|orders| orders.open_count() > 0) => State::Quoting,
            _ => State::Bare,
        }
    }

    /// The next act, where it is due.
    fn due(&mut self) -> Option<Act> {
        let turn = self.plan.script.get(self.done).filter(|turn| self.start + turn.after <= self.now)?;
        self.done += 1;
        Some(turn.act)
    }

    fn fired(&mut self, fault: &'static str) {
        self.coverage.fired(fault, self.state);
        self.watch.borrow_mut().say(self.now, format!("fault: {fault} ({})", self.state.name()));
    }

    fn apply(&mut self, act: Act, process: Option<&mut Process<'_>>) {
        if !matches!(act, Act::Release | Act::DiskHeals | Act::Reach(Reach::Yes)) {
            self.fired(act.name());
        }
        match act {
            Act::DiskFails => self.full.store(true, Relaxed),
            Act::DiskHeals => self.full.store(false, Relaxed),
            Act::WallJumps(drift) => self.drift = drift,
            Act::Kill => self.kills = true,
            Act::Release => self.kills = false,
            Act::Reach(reach) => self.reach = reach,
            Act::CutRequests | Act::CutAll | Act::Configure(_) | Act::Crash(_) => {}
        }
        let Some(process) = process else { return };
        match act {
            Act::CutRequests => process.venue.network_mut().cut(|channel| channel == Channel::Rest),
            Act::CutAll => process.venue.network_mut().cut(|_| true),
            Act::Reach(reach) => process.venue.network_mut().set_reach(reach),
            Act::Configure(width) => {
                let done = process.helm.configure(&text(width), Path::new(NAME));
                let said = done.map_or_else(|error| error.to_string(), |()| "configured".to_owned());
                self.watch.borrow_mut().say(self.now, said);
            }
            // As a signal does: the latch is set at once, and the shard is told when somebody looks.
            Act::Kill => {
                process.helm.kill();
                self.signalled = Some(KilledBy::File);
                process.look_at = self.now + LOOK_OFTEN;
            }
            Act::Release => {
                self.signalled = None;
                process.helm.obey(Some(KilledBy::File), Loops::Turn, self.now);
                process.helm.obey(None, Loops::Turn, self.now);
                process.look_at = self.now;
            }
            Act::DiskFails | Act::DiskHeals | Act::WallJumps(_) | Act::Crash(_) => {}
        }
    }

    /// What is true at the venue, and what went wrong there.
    fn look_at_venue(&mut self, network: &SimNetwork) {
        let venue = network.venue();
        let fired = venue.faults().borrow_mut().take_news();
        fired.iter().for_each(|fired| self.fired(fired.kind.name()));
        let mut watch = self.watch.borrow_mut();
        watch.look(venue.front(), self.now);
        let verdict = watch.kill.left(network.known());
        watch.judge(self.now, verdict);
    }
}
