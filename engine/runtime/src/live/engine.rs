//! The threads: one for each venue, one for each shard, each turning its loop.
//!
//! Never here: a decision, a report. What is decided about a run is its helm's; whoever runs the engine looks at its windows, and makes
//! the report of its journals.

mod looking;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Release;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use ballast_core::outbox::Note;
use ballast_model::{Event, Nanos, ReasonCode, Span};
use ballast_venue::Counters;
use ballast_venue::binance::trade::{Notice, TradeSession};
use ballast_wire::Network;

use super::assemble::Assembly;
use super::heartbeat::Heart;
use super::helm::{Helm, Loops};
use super::outside::{KilledBy, Switched};
use super::reconfigure::ConfigureError;
use super::start::{Seat, Strangers, Waits};
use super::threads::{Caller, Doze, ThreadSeat, spawn, start_shard, turn_venue};
use crate::clock::Clock;
use crate::config::{LiveConfig, ThreadsConfig};
use crate::host::{Obtained, Plan, Role, Tree, cores};
use crate::job::JobError;
use crate::journal::recording::FrameTap;
use crate::journal::{JournalError, Kept, shard_folder};
use crate::replay::Outcome;

/// How often the end is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(5);

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
    helm: Helm,
    shards: Vec<JoinHandle<ShardEnd>>,
    venues: Vec<JoinHandle<VenueEnd>>,
    stop_shards: Arc<AtomicBool>,
    stop_venues: Arc<AtomicBool>,
    clock: Clock,
    folders: Vec<PathBuf>,
    obtained: Receiver<Obtained>,
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
        let flag = || Arc::new(AtomicBool::new(false));
        let mut engine = Self {
            helm: Helm::new(assembly.seats),
            shards: Vec::new(),
            venues: Vec::new(),
            stop_shards: flag(),
            stop_venues: flag(),
            clock,
            folders: Vec::new(),
            obtained,
            heart: None,
        };
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
        let homes = homes(running.folder, assembly.shards.len())?;
        for (((shard, folder), role), bell) in assembly.shards.into_iter().zip(homes).zip(&roles).zip(&bells)
        {
            let calls = calls.iter_mut().filter_map(Vec::pop).collect();
            let seat = seat(*role, &engine.stop_shards);
            let meta = shard.meta.to_bytes();
            let seed = engine.helm.shard(shard)?;
            engine.shards.push(start_shard(
                seed,
                meta,
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
            let turned = engine.helm.venue((live, asked), venue, network, session, tap);
            let seat = seat(Role::Venue(asked.market), &engine.stop_venues);
            let (name, bells) = (seat.role.to_string(), bells.clone());
            let turning = move || turn_venue(turned, &seat, &doze, &bells);
            engine.venues.push(spawn(name, turning)?);
        }
        plan.memory(&Tree::host()).into_iter().for_each(|told| drop(tell.send(told)));
        Ok(engine)
    }

    /// See [`Helm::begin`].
    pub fn begin(&mut self, strangers: Strangers) -> Option<Vec<Waits>> {
        self.helm.begin(strangers, self.clock.now())
    }

    /// What a shard noted since the last time.
    pub fn notes(&mut self, each: impl FnMut(usize, Nanos, &Note)) {
        self.helm.notes(each);
    }

    /// See [`Helm::venue_notices`].
    pub fn venue_notices(&mut self, each: impl FnMut(usize, Option<Seat>, Notice)) {
        self.helm.venue_notices(each);
    }

    /// Tells every shard something; false where one has no room for it.
    pub fn tell(&mut self, event: &Event) -> bool {
        self.helm.tell(event)
    }

    /// See [`Helm::configure`].
    ///
    /// # Errors
    /// [`ConfigureError`]; nothing has changed then.
    pub fn configure(&mut self, text: &str, path: &Path) -> Result<(), ConfigureError> {
        self.helm.configure(text, path)
    }

    /// From now on [`Engine::beat`] beats this heart.
    pub fn set_heart(&mut self, heart: Heart) {
        self.heart = Some(heart);
    }

    /// Beats where every thread that is not over has turned since the last time.
    pub fn beat(&mut self) {
        let turns = self.helm.turns();
        if let Some(heart) = &mut self.heart {
            heart.beat(&turns);
        }
    }

    /// From now on no order leaves, and venues cancel everything, whatever the shards do.
    pub fn kill(&self) {
        self.helm.kill();
    }

    /// The latch that [`Engine::kill`] sets: for a signal, which finds it set before anybody has looked.
    #[must_use]
    pub fn latch(&self) -> Arc<AtomicBool> {
        self.helm.latch()
    }

    /// See [`Helm::obey`].
    pub fn obey(&mut self, kills: Option<KilledBy>) -> Option<Switched> {
        let loops = self.loops();
        self.helm.obey(kills, loops, self.clock.now())
    }

    /// Where a thread has ended though nobody stopped it, no order leaves from then on.
    fn loops(&self) -> Loops {
        let loops = if self.venues.iter().any(JoinHandle::is_finished) {
            Loops::VenueEnded
        } else if self.shards.iter().any(JoinHandle::is_finished) {
            Loops::ShardEnded
        } else {
            return Loops::Turn;
        };
        self.kill();
        loops
    }

    /// True where a thread has ended though nobody stopped it. No order leaves from then on.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.loops() != Loops::Turn
    }

    /// Cancels everything, waits at most so long until no order is left, and ends the threads.
    #[must_use]
    pub fn stop(self, patience: Duration) -> Ended {
        let (ended, heart) = self.hand_over(patience);
        // Of a run that leaves orders whoever watches is not told that it has ended.
        if let Some(mut heart) = heart.filter(|_| ended.empty) {
            heart.end();
        }
        ended
    }

    /// As [`Engine::stop`], for a run that another engine goes on with: its heart is to beat on there.
    #[must_use]
    pub fn hand_over(mut self, patience: Duration) -> (Ended, Option<Heart>) {
        let patience = Span(i64::try_from(patience.as_nanos()).unwrap_or(i64::MAX));
        let mut ending = self.helm.end(patience, self.clock.now());
        let empty = loop {
            std::thread::park_timeout(LOOK_EVERY);
            self.beat();
            let (loops, now) = (self.loops(), self.clock.now());
            if let Some(empty) = ending.look(&mut self.helm, loops, now) {
                break empty;
            }
        };
        std::thread::park_timeout(LOOK_EVERY);
        self.stop_shards.store(true, Release);
        let shards: Vec<_> = core::mem::take(&mut self.shards);
        // A journal may take its time to be closed: the venues' threads go on meanwhile.
        while !shards.iter().all(JoinHandle::is_finished) {
            std::thread::park_timeout(LOOK_EVERY);
            self.beat();
        }
        let shards = shards.into_iter().map(|shard| shard.join().ok()).collect();
        self.stop_venues.store(true, Release);
        let venues = self.venues.into_iter().map(|venue| venue.join().ok()).collect();
        (Ended { shards, venues, empty }, self.heart)
    }
}

/// The folders of the shards' journals: where there are several, all are there before any of them records, so that one that is
/// missing later was taken away.
fn homes(folder: &Path, shards: usize) -> Result<Vec<PathBuf>, JobError> {
    if shards < 2 {
        return Ok(vec![folder.to_owned()]);
    }
    let number = |shard| u16::try_from(shard).unwrap_or(u16::MAX);
    let homes: Vec<_> = (0..shards).map(|shard| shard_folder(folder, number(shard))).collect();
    for home in &homes {
        let failed = |error| JournalError::Io { path: home.clone(), error };
        std::fs::create_dir_all(home).map_err(failed)?;
    }
    Ok(homes)
}

/// The threads of shards, and then those of venues.
fn roles(shards: usize, live: &LiveConfig) -> Vec<Role> {
    let shards = (0..shards).map(|number| Role::Shard(u16::try_from(number).unwrap_or(u16::MAX)));
    shards.chain(live.venue.iter().map(|venue| Role::Venue(venue.market))).collect()
}
