//! The world: one process after the other, each turned by one time, from one thing that happens to the next.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use ballast_core::shard::Shard;
use ballast_model::{InstrumentId, Nanos, Span};
use ballast_runtime::config::Config;
use ballast_runtime::live::{Helm, KilledBy, Loops};
use ballast_runtime::replay::Journaled;
use ballast_simulator::faults::{Faults, FaultsFile};
use ballast_wire::Network as _;

use crate::agenda::{Agenda, Turn};
use crate::boot::{Booted, boot};
use crate::dice::Dice;
use crate::disk::{self, NewRing, new_ring};
use crate::fault::{Act, Fault};
use crate::net::{Reach, SimNetwork};
use crate::oracle::{Power, accounts, at_rest, ended, verified};
use crate::plan::{Plan, QUIET_LAST};
use crate::process::{End, Process};
use crate::report::{Coverage, Report, State};
use crate::run::SimError;
use crate::scratch::Scratch;
use crate::watch::{Shared, Watching};

/// After how long a process that could not begin is started again, doubled each time, and how often.
const AGAIN: (Span, u32) = (Span::from_secs(1), 60);
/// The longest time until it is.
const AGAIN_MAX: Span = Span::from_secs(30);

/// All that outlives a process.
pub(crate) struct World<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) start: Nanos,
    pub(crate) watch: Shared,
    pub(crate) now: Nanos,
    pub(crate) agenda: Agenda,
    pub(crate) drift: Span,
    pub(crate) kills: bool,
    /// A kill of which the shard is yet to be told.
    pub(crate) signalled: Option<KilledBy>,
    /// Until when the threads of venues, and that of the shard, do not run.
    pub(crate) stalled: [Nanos; 2],
    pub(crate) state: State,
    /// Whether a process has gone on from another.
    pub(crate) goes_on: bool,
    pub(crate) notes: BTreeMap<&'static str, u64>,
    config: Config,
    scratch: Scratch,
    /// Of the venues, while no process has them.
    networks: Vec<SimNetwork>,
    faults: Vec<Rc<RefCell<Faults>>>,
    disk: disk::Shared,
    dice: Dice,
    reach: Reach,
    coverage: Coverage,
    processes: u32,
    /// Of all processes; whether their disk has lost power under them.
    journals: Vec<(PathBuf, Power)>,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        config: Config,
        networks: Vec<SimNetwork>,
        start: Nanos,
        watch: Shared,
    ) -> Result<Self, SimError> {
        Ok(Self {
            plan,
            start,
            watch,
            now: start,
            agenda: Agenda::new(&plan.faults, start, Span(plan.length.0 - QUIET_LAST.0)),
            drift: Span::ZERO,
            kills: false,
            signalled: None,
            stalled: [Nanos::MIN; 2],
            state: State::Down,
            goes_on: false,
            notes: BTreeMap::new(),
            config,
            scratch: Scratch::new()?,
            faults: networks.iter().map(|network| Rc::clone(network.venue().faults())).collect(),
            networks,
            disk: disk::Shared::default(),
            dice: Dice::new(plan.seed, "power"),
            reach: Reach::Yes,
            coverage: Coverage::default(),
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
            let networks = core::mem::take(&mut self.networks);
            let config = self.config.clone();
            self.disk.begin();
            let booted = match boot(&config, (self.scratch.path(), &self.disk), self.plan.rings, networks) {
                Ok(booted) => booted,
                Err((networks, why)) => {
                    tries += 1;
                    if tries > AGAIN.1 {
                        return Err(SimError(format!("no process begins: {why}")));
                    }
                    self.watch.borrow_mut().say(self.now, format!("no process begins: {why}"));
                    self.wait(networks, AGAIN.0.doubled(tries - 1, AGAIN_MAX));
                    continue;
                }
            };
            tries = 0;
            self.processes += 1;
            let (end, ring) = self.process(booted)?;
            let down = match end {
                End::Stopped { again: Some(down), .. } | End::Killed(down) => down,
                End::Dark(down) => {
                    let lost = self.disk.lose_power(&ring, &mut self.dice);
                    lost.map_err(|error| SimError(format!("files: {error}")))?;
                    self.journals.last_mut().into_iter().for_each(|(_, power)| *power = Power::Lost);
                    down
                }
                End::Stopped { again: None, .. } | End::Violated => return Ok(self.report()),
            };
            let networks = core::mem::take(&mut self.networks);
            self.wait(networks, down);
        }
    }

    fn report(&mut self) -> Report {
        let watch = self.watch.borrow();
        let violation = watch.violation().cloned();
        let story = if violation.is_some() { watch.story(self.start) } else { Vec::new() };
        let digests = self.networks.iter().map(|network| network.digest().value());
        Report {
            seed: self.plan.seed,
            lasted: self.now - self.start,
            orders: self.networks.iter().map(|network| network.known().orders).sum(),
            fills: watch.fills.iter().map(|fills| fills.booked() as u64).sum(),
            processes: self.processes,
            coverage: core::mem::take(&mut self.coverage),
            notes: core::mem::take(&mut self.notes),
            digest: digests.fold(0, |all: u64, one| all.rotate_left(1) ^ one),
            violation,
            story,
        }
    }

    /// No process runs for so long.
    fn wait(&mut self, mut networks: Vec<SimNetwork>, down: Span) {
        self.state = State::Down;
        self.stalled = [Nanos::MIN; 2];
        let clocks = networks.iter().map(ballast_wire::Network::clock);
        self.now = clocks.fold(self.now, Nanos::max) + down;
        for network in &mut networks {
            network.abandon();
            network.advance(self.now);
        }
        while let Some(turn) = self.agenda.due(self.now, self.state) {
            // Of a process that does not run nothing is asked; what is done to the host stays.
            let _ = self.turn(turn, None);
        }
        for (nth, network) in networks.iter_mut().enumerate() {
            network.set_reach(self.reach);
            self.look_at_venue(nth, network);
        }
        self.networks = networks;
    }

    /// One process, from its first turn to its end; and its ring when it was new.
    fn process(&mut self, booted: Booted) -> Result<(End, NewRing), SimError> {
        let Booted { mut helm, seed, venues, mut journal, hand, folder, damage, goes_on } = booted;
        let loses = self.plan.faults.iter().any(|fault| matches!(fault.act(), Some(Act::PowerLoss(_))));
        let ring = if loses { new_ring(&folder) } else { None };
        self.journals.push((folder, Power::Kept));
        self.goes_on = goes_on;
        let clocks = venues.iter().map(|venue| venue.venue_loop().network().clock());
        self.now = clocks.fold(self.now, Nanos::max);
        {
            let mut watch = self.watch.borrow_mut();
            watch.fills.iter_mut().for_each(|fills| fills.begin());
            watch.say(self.now, format!("process {} begins", self.processes));
            damage.into_iter().for_each(|what| watch.say(self.now, format!("damaged: {what}")));
        }
        if self.kills {
            helm.obey(Some(KilledBy::File), Loops::Turn, self.now);
        }
        let record = Watching::new(Journaled::new(&mut journal.tap), Rc::clone(&self.watch));
        let mut process = Process::new(helm, seed.seat(record), venues, hand, self.now);
        let end = process.run(self);
        let Process { shard, venues, hand, .. } = process;
        let networks: Vec<_> =
            venues.into_iter().map(ballast_runtime::live::VenueSeat::into_network).collect();
        if let End::Stopped { empty, again } = end {
            let (_, shard, record) = shard.finish();
            record.into_inner().finish(&shard);
            let kept = hand.finish(journal).map_err(|error| error.to_string());
            match again {
                None => self.judge_end(&shard, &networks, empty, kept.err()),
                Some(_) => self.judge_stop(&networks, empty),
            }
        } else {
            // As if the process had died: the ring is left, and nothing said.
            drop((shard, hand));
            drop(journal);
        }
        self.networks = networks;
        Ok((end, ring))
    }

    /// A process has ended in order, and another is to go on: nothing is said of what went wrong meanwhile but that it is known.
    fn judge_stop(&self, networks: &[SimNetwork], empty: bool) {
        let mut watch = self.watch.borrow_mut();
        for network in networks {
            watch.judge(self.now, ended(network.venue().front(), empty));
        }
    }

    fn judge_end(&self, shard: &Shard, networks: &[SimNetwork], empty: bool, unkept: Option<String>) {
        let mut watch = self.watch.borrow_mut();
        for (nth, network) in (0..).map(InstrumentId).zip(networks) {
            let front = network.venue().front();
            watch.judge(self.now, at_rest(shard, nth, front, empty));
            let told =
                watch.fills.get(nth.index()).map_or(Ok(()), |fills| accounts(shard, nth, front, fills));
            watch.judge(self.now, told);
        }
        let kept = unkept.map_or(Ok(()), |why| Err(("verify", why)));
        watch.judge(self.now, kept);
        for (folder, power) in &self.journals {
            watch.judge(self.now, verified(folder, *power));
        }
    }

    pub(crate) fn fired(&mut self, fault: &'static str) {
        self.coverage.fired(fault, self.state);
        self.watch.borrow_mut().say(self.now, format!("fault: {fault} ({})", self.state.name()));
    }

    /// A fault begins, or is over. How that ends the process, where it does.
    pub(crate) fn turn(&mut self, turn: Turn, process: Option<&mut Process<'_>>) -> Option<End> {
        let (Turn::Begin(nth) | Turn::End(nth)) = turn;
        let plan = self.plan;
        let fault = plan.faults.get(nth)?;
        if turn == Turn::End(nth) {
            self.end(fault, process);
            return None;
        }
        if let Some(state) = fault.during.filter(|state| *state != self.state) {
            self.agenda.wait(nth, state);
            return None;
        }
        let Some((act, name)) = fault.act().zip(fault.name()) else {
            self.at_venues(fault);
            return None;
        };
        // Nothing is killed that does not run.
        if process.is_some() || !matches!(act, Act::Crash(_) | Act::PowerLoss(_) | Act::Stop(_)) {
            self.fired(name);
        }
        self.begin((nth, fault), act, process)
    }

    /// The rule goes to the venues that it is for.
    fn at_venues(&mut self, fault: &Fault) {
        let Ok(file) = FaultsFile::parse(&fault.rule()) else { return };
        for (nth, faults) in self.faults.iter().enumerate() {
            if fault.venue.is_none_or(|venue| venue == nth) {
                faults.borrow_mut().add(&file, self.now);
            }
        }
    }

    fn begin(
        &mut self,
        (nth, fault): (usize, &Fault),
        act: Act,
        process: Option<&mut Process<'_>>,
    ) -> Option<End> {
        let (plan, until) = (self.plan, self.now + fault.lasts.unwrap_or_default());
        let mut ends = true;
        match act {
            Act::DiskFull => self.disk.full.store(true, Relaxed),
            Act::WallJump(drift) => self.drift = drift,
            Act::Kill => self.kills = true,
            Act::Unreachable(reach) => self.reach = reach,
            Act::VenueStall | Act::ShardStall if process.is_some() => {
                let [venue, shard] = &mut self.stalled;
                let stalled = if act == Act::VenueStall { venue } else { shard };
                *stalled = until.max(*stalled);
            }
            Act::CutRequests
            | Act::CutAll
            | Act::Configure(_)
            | Act::Crash(_)
            | Act::PowerLoss(_)
            | Act::Stop(_)
            | Act::VenueStall
            | Act::ShardStall => ends = false,
        }
        if ends {
            self.agenda.put(until, Turn::End(nth));
        }
        let process = process?;
        match act {
            Act::Crash(down) => return Some(End::Killed(down)),
            Act::PowerLoss(down) => return Some(End::Dark(down)),
            Act::Stop(down) => process.stop(Some(down), self.now),
            Act::CutRequests => process.cut_requests(),
            Act::CutAll => process.cut_all(),
            Act::Unreachable(reach) => {
                process.cut_all();
                process.set_reach(reach);
            }
            Act::Configure(width) => {
                let said = process.configure(plan.markets, width);
                self.watch.borrow_mut().say(self.now, said);
            }
            // As a signal does: the latch is set at once, and the shard is told when somebody looks.
            Act::Kill => {
                self.signalled = Some(KilledBy::File);
                process.kill(self.now);
            }
            Act::DiskFull | Act::WallJump(_) | Act::VenueStall | Act::ShardStall => {}
        }
        None
    }

    fn end(&mut self, fault: &Fault, process: Option<&mut Process<'_>>) {
        match fault.act() {
            Some(Act::DiskFull) => self.disk.full.store(false, Relaxed),
            Some(Act::WallJump(_)) => self.drift = Span::ZERO,
            Some(Act::Unreachable(_)) => {
                self.reach = Reach::Yes;
                process.into_iter().for_each(|process| process.set_reach(Reach::Yes));
            }
            Some(Act::Kill) => {
                (self.kills, self.signalled) = (false, None);
                process.into_iter().for_each(|process| process.release(self.now));
            }
            _ => {}
        }
    }

    /// What is true at a venue, and what went wrong there.
    pub(crate) fn look_at_venue(&mut self, nth: usize, network: &SimNetwork) {
        let venue = network.venue();
        let fired = venue.faults().borrow_mut().take_news();
        fired.iter().for_each(|fired| self.fired(fired.name));
        let mut watch = self.watch.borrow_mut();
        watch.look(nth, venue.front(), self.now);
        let verdict = watch.kill.left(network.known());
        watch.judge(self.now, verdict);
    }

    /// What an operator is told of the run, and counts.
    pub(crate) fn note(&mut self, helm: &mut Helm) -> bool {
        use ballast_venue::binance::trade::Notice;
        let notes = &mut self.notes;
        let mut halted = false;
        helm.notes(|_, _, note| *notes.entry(note.kind()).or_default() += 1);
        helm.venue_notices(|_, _, notice| {
            *notes.entry(notice.name()).or_default() += 1;
            halted |= matches!(notice, Notice::Halted(_));
        });
        halted
    }
}
