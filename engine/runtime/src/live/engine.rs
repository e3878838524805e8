//! The threads: one for each venue, one for each shard, each turning its loop.
//!
//! Never here: a decision, a report. Whoever runs the engine looks at its windows, and makes the report of its journals.

mod looking;
mod starting;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use ballast_core::outbox::Note;
use ballast_model::{Event, Nanos, OperatorAct, OperatorCommand, OperatorId, OperatorScope, ReasonCode};
use ballast_sync::ring::{Consumer, Producer};
use ballast_venue::Counters;
use ballast_venue::binance::trade::TradeSession;
use ballast_wire::Network;

use super::account::RECV_WINDOW;
use super::assemble::{Assembly, VenueAssembly};
use super::board::{View, Window};
use super::contact::{ContactBoard, ContactWindow, contact_board};
use super::heartbeat::Heart;
use super::links::LinkPolicy;
use super::outside::{KilledBy, Switched};
use super::paper::Paper;
use super::reconfigure::Changes;
use super::standing::{Reliance, StandingBoard, StandingWindow, VenueView, standing_board};
use super::start::{Seat, Waits};
use super::threads::{Caller, Doze, ThreadSeat, spawn, start_shard, turn_venue};
use super::trading::{Live, Trading};
use super::venue_loop::{VenueLoop, VenueParts};
use crate::clock::{Clock, Stopwatch};
use crate::config::{LiveConfig, LiveVenueConfig, ThreadsConfig};
use crate::host::{Obtained, Plan, Role, Tree, cores};
use crate::job::JobError;
use crate::journal::recording::FrameTap;
use crate::journal::{JournalError, Kept};
use crate::replay::Outcome;

/// How often the end is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long venues may take to switch off their timers.
const SWITCH_OFF_MAX: Duration = Duration::from_secs(1);

/// Why a stop pulls all quotes, in the record.
pub const STOPPED: ReasonCode = ReasonCode(u16::MAX);

/// A shard's thread is done.
#[derive(Debug)]
pub struct ShardEnd {
    /// What happened.
    pub outcome: Outcome,
    /// Its journal.
    pub kept: Result<Kept, JournalError>,
    /// Turns in which the clock had fallen.
    pub clock_falls: u64,
    /// Orders that came back without having left.
    pub unsent: u64,
}

/// A venue's thread is done.
#[derive(Clone, Copy, Debug)]
pub struct VenueEnd {
    /// What its session counted.
    pub counters: Counters,
    /// Connections that stood and were lost.
    pub lost: u64,
    /// Frames that could not be decoded.
    pub unread: u64,
}

/// A running shard.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) control: Producer<Event>,
    pub(super) handover: Changes,
    pub(super) notes: Consumer<(Nanos, Note)>,
    pub(super) window: Window,
    pub(super) progress: Arc<AtomicU64>,
    /// Orders of ours that no journal saw.
    pub(super) unjournaled: Arc<AtomicU64>,
    pub(super) thread: JoinHandle<ShardEnd>,
}

/// A running venue.
#[derive(Debug)]
struct Venue {
    window: StandingWindow,
    contact: ContactWindow,
    thread: JoinHandle<VenueEnd>,
}

/// A venue's network, what wakes it, and where its commands go.
pub struct Way<N> {
    /// The network.
    pub network: N,
    /// Ends its wait for something to come in.
    pub wake: Box<dyn Fn() + Send>,
    /// The session of its orders; `None` where fills are simulated.
    pub session: Option<TradeSession>,
    /// Where its markets are recorded; `None` where they are not.
    pub tap: Option<FrameTap>,
}

impl<N> core::fmt::Debug for Way<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Way").field("session", &self.session).finish_non_exhaustive()
    }
}

/// How an engine is run.
#[derive(Clone, Debug)]
pub struct Running<'a> {
    /// What it connects to.
    pub live: &'a LiveConfig,
    /// What is asked of the host.
    pub threads: &'a ThreadsConfig,
    /// Where journals are.
    pub folder: &'a Path,
    /// The time.
    pub clock: Clock,
}

/// Everything that runs.
#[derive(Debug)]
pub struct Engine {
    pub(super) shards: Vec<Shard>,
    venues: Vec<Venue>,
    seats: Vec<Seat>,
    stop_shards: Arc<AtomicBool>,
    stop_venues: Arc<AtomicBool>,
    /// While it is set no order leaves.
    kill: Arc<AtomicBool>,
    clock: Clock,
    folders: Vec<PathBuf>,
    obtained: Receiver<Obtained>,
    /// Until when nothing more is asked of the venues by the start gate; `None` once it is open.
    gate: Option<Nanos>,
    /// What it waited for when it was last looked at.
    waited: Vec<Waits>,
    /// What a venue said of our account before this does not open the gate.
    gate_since: Nanos,
    /// What kills from outside.
    killed: Option<KilledBy>,
    /// Shards that have not been told so yet.
    untold: Vec<usize>,
    /// Tells whoever watches from outside that there is progress.
    heart: Option<Heart>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Ended {
    /// By shard; `None` for one that panicked.
    pub shards: Vec<Option<ShardEnd>>,
    /// By venue; `None` for one that panicked.
    pub venues: Vec<Option<VenueEnd>>,
    /// Whether all orders were known to be gone before the threads were stopped.
    pub empty: bool,
}

impl Engine {
    /// Starts the threads, paused: see [`Engine::begin`]. The journal of each shard is in the folder, or where there are several in a
    /// folder of its own there.
    ///
    /// # Errors
    /// A journal that cannot be begun, or a thread.
    pub fn start<N: Network + Send + 'static>(
        assembly: Assembly,
        ways: Vec<Way<N>>,
        running: &Running<'_>,
    ) -> Result<Self, JobError> {
        let Running { live, threads, clock, .. } = *running;
        let roles = roles(assembly.shards.len(), live);
        let plan = Plan::new(threads, &roles, cores());
        let (tell, obtained) = std::sync::mpsc::channel();
        plan.told().iter().for_each(|told| drop(tell.send(told.clone())));
        let mut engine = Self::still(assembly.seats, clock, obtained);
        let seat = |role, stop: &Arc<AtomicBool>| ThreadSeat {
            plan: plan.clone(),
            role,
            tell: tell.clone(),
            clock,
            stop: Arc::clone(stop),
        };
        let bells: Vec<_> = assembly.shards.iter().map(|_| Arc::new(OnceLock::new())).collect();
        let (mut calls, mut doors) = (Vec::new(), Vec::new());
        for Way { network, wake, session, tap } in ways {
            let (doze, theirs) = Doze::pair();
            calls.push(Caller::several(theirs, wake, assembly.shards.len()));
            doors.push((network, session, doze, tap));
        }
        let several = assembly.shards.len() > 1;
        for (number, ((shard, role), bell)) in assembly.shards.into_iter().zip(&roles).zip(&bells).enumerate()
        {
            let folder = if several {
                running.folder.join(format!("shard-{number}"))
            } else {
                running.folder.to_owned()
            };
            let calls = calls.iter_mut().filter_map(Vec::pop).collect();
            let seat = seat(*role, &engine.stop_shards);
            engine.shards.push(start_shard(
                shard,
                (&folder, live.segment_bytes),
                seat,
                calls,
                Arc::clone(bell),
            )?);
            engine.folders.push(folder);
        }
        for ((venue, (network, session, doze, tap)), asked) in
            assembly.venues.into_iter().zip(doors).zip(&live.venue)
        {
            let instruments = venue.instruments.len();
            let turned = VenueLoop::new(engine.venue(live, asked, venue, network, session)).tapped(tap);
            let seat = seat(Role::Venue(asked.market), &engine.stop_venues);
            let (boards, (window, contact)) = boards(instruments);
            let (asked, bells) = (Arc::clone(&window.asked), bells.clone());
            let name = seat.role.to_string();
            let turning = move || turn_venue(turned, boards, &asked, &seat, &doze, &bells);
            engine.venues.push(Venue { window, contact, thread: spawn(name, turning)? });
        }
        plan.memory(&Tree::host()).into_iter().for_each(|told| drop(tell.send(told)));
        Ok(engine)
    }

    /// One without threads.
    fn still(seats: Vec<Seat>, clock: Clock, obtained: Receiver<Obtained>) -> Self {
        let flag = || Arc::new(AtomicBool::new(false));
        Self {
            shards: Vec::new(),
            venues: Vec::new(),
            seats,
            stop_shards: flag(),
            stop_venues: flag(),
            kill: flag(),
            clock,
            folders: Vec::new(),
            obtained,
            gate: Some(Nanos::MIN),
            waited: Vec::new(),
            gate_since: Nanos::MIN,
            killed: None,
            untold: Vec::new(),
            heart: None,
        }
    }

    /// What a venue's loop is made of.
    fn venue<N>(
        &self,
        live: &LiveConfig,
        asked: &LiveVenueConfig,
        venue: VenueAssembly,
        network: N,
        session: Option<TradeSession>,
    ) -> VenueParts<N> {
        let VenueAssembly { market, paper, ends, numbers, .. } = venue;
        let trading = match session {
            Some(session) => Trading::Live(Box::new(Live::new(session))),
            None => Trading::Paper(Box::new(Paper::new(paper))),
        };
        VenueParts {
            network,
            market,
            trading,
            urls: asked.into(),
            policy: LinkPolicy::of(live),
            shards: ends,
            numbers,
            kill: Arc::clone(&self.kill),
            progress: self.shards.iter().map(|shard| Arc::clone(&shard.progress)).collect(),
        }
    }

    /// What a shard noted since the last time.
    pub fn notes(&mut self, mut each: impl FnMut(usize, Nanos, &Note)) {
        for (number, shard) in self.shards.iter_mut().enumerate() {
            while let Some((at, note)) = shard.notes.pop() {
                each(number, at, &note);
            }
        }
    }

    /// Tells every shard something; false where one has no room for it.
    pub fn tell(&mut self, event: &Event) -> bool {
        self.shards
            .iter_mut()
            .map(|shard| shard.control.push(*event).is_ok())
            .fold(true, |all, one| all & one)
    }

    /// From now on [`Engine::beat`] beats this heart.
    pub fn set_heart(&mut self, heart: Heart) {
        self.heart = Some(heart);
    }

    /// Beats where every thread that is not over has turned since the last time.
    pub fn beat(&mut self) {
        let shards = self.shards.iter().map(|shard| shard.progress.load(Relaxed));
        let turns: Vec<_> =
            shards.chain(self.venues.iter().map(|venue| venue.window.asked.turns())).collect();
        if let Some(heart) = &mut self.heart {
            heart.beat(&turns);
        }
    }

    /// From now on no order leaves, and venues cancel everything, whatever the shards do.
    pub fn kill(&self) {
        self.kill.store(true, Release);
    }

    /// The latch that [`Engine::kill`] sets: for a signal, which finds it set before anybody has looked.
    #[must_use]
    pub fn latch(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.kill)
    }

    /// Obeys a kill from outside while there is one: the latch is set at once, and each shard told as soon as it has room to hear it. Where
    /// there is none any more the latch is opened, and the start gate closed until all is known again. What changed is returned.
    pub fn obey(&mut self, kills: Option<KilledBy>) -> Option<Switched> {
        if kills.is_some() {
            self.kill();
        }
        let before = core::mem::replace(&mut self.killed, kills);
        let switched = match (before, kills) {
            (_, Some(by)) if before != kills => {
                self.untold = (0..self.shards.len()).collect();
                Some(Switched::Killed(by))
            }
            (Some(_), None) if !self.is_broken() => {
                self.untold.clear();
                self.gate = Some(Nanos::MIN);
                self.gate_since = self.clock.now();
                self.kill.store(false, Release);
                self.venues.iter().for_each(|venue| venue.window.asked.sweep());
                Some(Switched::Released)
            }
            _ => None,
        };
        if let Some(by) = kills {
            let Self { untold, shards, .. } = self;
            let is_full = |shard: &mut Shard| shard.control.push(by.command()).is_err();
            untold.retain(|number| shards.get_mut(*number).is_some_and(is_full));
        }
        switched
    }

    /// True where a thread has ended though nobody stopped it. No order leaves from then on.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        let shards = self.shards.iter().any(|shard| shard.thread.is_finished());
        let broken = shards || self.venues.iter().any(|venue| venue.thread.is_finished());
        if broken {
            self.kill();
        }
        broken
    }

    /// Cancels everything, waits at most so long until no order is left, and ends the threads.
    #[must_use]
    pub fn stop(mut self, patience: Duration) -> Ended {
        // No kill: that would carry over to the next run, for an operator to end.
        let (scope, act) = (OperatorScope::All, OperatorAct::Pause);
        let pause = OperatorCommand { scope, act, operator: OperatorId::default(), reason: STOPPED };
        self.tell(&Event::Operator(pause));
        let (from, watch) = (self.clock.now(), Stopwatch::start());
        let is_empty = |views: &[View]| {
            views.iter().all(|view| view.at > from && view.instruments.iter().all(|one| one.open == 0))
        };
        let mut empty = false;
        while !empty && watch.elapsed() < patience && !self.is_broken() {
            std::thread::park_timeout(LOOK_EVERY);
            self.beat();
            empty = is_empty(&self.look());
        }
        // An order whose fate a shard does not know may be on its way until the venue takes it no more; from then on the venues'
        // own lists have the last word. The shards listen meanwhile, for fills that only the venues' lists of trades tell.
        let late = watch.elapsed() >= RECV_WINDOW.duration();
        self.kill();
        let empty = self.is_empty_at_venues(patience) && (empty || late);
        if empty {
            self.switch_off_timers();
        }
        std::thread::park_timeout(LOOK_EVERY);
        self.stop_shards.store(true, Release);
        let shards: Vec<_> = core::mem::take(&mut self.shards);
        // A journal may take its time to be closed: the venues' threads go on meanwhile.
        while !shards.iter().all(|shard| shard.thread.is_finished()) {
            std::thread::park_timeout(LOOK_EVERY);
            self.beat();
        }
        let shards = shards.into_iter().map(|shard| shard.thread.join().ok()).collect();
        // Of a run that leaves orders whoever watches is not told that it has ended.
        if let Some(heart) = self.heart.as_mut().filter(|_| empty) {
            heart.end();
        }
        self.stop_venues.store(true, Release);
        let venues = self.venues.into_iter().map(|venue| venue.thread.join().ok()).collect();
        Ended { shards, venues, empty }
    }

    /// Lets the venues switch off their dead-man timers, over nothing: where one does not answer in time its timer runs out.
    fn switch_off_timers(&mut self) {
        self.venues.iter().for_each(|venue| venue.window.asked.switch_off_dead_man());
        let watch = Stopwatch::start();
        while watch.elapsed() < SWITCH_OFF_MAX && self.standing().iter().any(|view| !view.dead_man_off) {
            std::thread::park_timeout(LOOK_EVERY);
            self.beat();
        }
    }

    /// Asks the venues for their lists of open orders until they are empty, at most so long.
    fn is_empty_at_venues(&mut self, patience: Duration) -> bool {
        let (from, watch) = (self.clock.now(), Stopwatch::start());
        let mut asked = Duration::ZERO;
        self.venues.iter().for_each(|venue| venue.window.asked.sweep());
        loop {
            let known = |view: &VenueView| matches!(view.reliance, Reliance::Whole(since) if since >= from);
            let views = self.standing();
            if views.iter().all(|view| known(view) && view.open_orders == 0) {
                return true;
            }
            let ended = self.venues.iter().any(|venue| venue.thread.is_finished());
            if watch.elapsed() >= patience || ended {
                return false;
            }
            if watch.elapsed() - asked >= Duration::from_secs(1) {
                asked = watch.elapsed();
                self.venues.iter().for_each(|venue| venue.window.asked.sweep());
            }
            std::thread::park_timeout(LOOK_EVERY);
            self.beat();
        }
    }
}

/// What a venue's thread shows, and what is seen of it.
fn boards(instruments: usize) -> ((StandingBoard, ContactBoard), (StandingWindow, ContactWindow)) {
    let (standing, standing_window) = standing_board(instruments);
    let (contact, contact_window) = contact_board();
    ((standing, contact), (standing_window, contact_window))
}

/// The threads of shards, and then those of venues.
fn roles(shards: usize, live: &LiveConfig) -> Vec<Role> {
    let shards = (0..shards).map(|number| Role::Shard(u16::try_from(number).unwrap_or(u16::MAX)));
    shards.chain(live.venue.iter().map(|venue| Role::Venue(venue.market))).collect()
}
