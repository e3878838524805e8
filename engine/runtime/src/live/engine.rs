//! The threads: one for each venue, one for each shard, each turning its loop.
//!
//! Never here: a decision, a report. Whoever runs the engine looks at its windows, and makes the report of its journals.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::thread::JoinHandle;
use std::time::Duration;

use ballast_core::outbox::Note;
use ballast_model::{
    Event, Nanos, OperatorAct, OperatorCommand, OperatorId, OperatorScope, ReasonCode, Span,
};
use ballast_sync::ring::{Consumer, Producer, ring};
use ballast_venue::{Counters, Now};
use ballast_wire::Network;

use super::assemble::{Assembly, ShardAssembly, VenueAssembly};
use super::board::{Board, View, Window, board};
use super::links::LinkPolicy;
use super::paper::Paper;
use super::shard_loop::{ShardLoop, ShardParts, Turned};
use super::trading::Trading;
use super::venue_loop::{VenueLoop, VenueParts};
use crate::clock::Clock;
use crate::config::LiveConfig;
use crate::job::JobError;
use crate::journal::{Journal, JournalError, Kept, Options, Pace};
use crate::replay::{Journaled, Outcome};

/// Levels of the largest batch.
const LEVELS_MAX: usize = 1 << 15;
/// Commands of operators that wait.
const CONTROL_MAX: usize = 64;
/// Notes that wait for whoever reads them.
const NOTES_MAX: usize = 1 << 14;
/// How often a venue's thread compares its clock with the wall's.
const WALL_EVERY: Span = Span::from_secs(1);

/// Why a stop says that everything is cancelled, in the record.
pub const STOPPED: ReasonCode = ReasonCode(u16::MAX);

/// What a thread does while there is nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Looks again at once.
    Spin,
    /// Lets others run, then looks again.
    Yield,
    /// Sleeps a little, or until something comes in.
    Rest,
}

/// A shard's thread is done.
#[derive(Debug)]
pub struct ShardEnd {
    /// What happened.
    pub outcome: Outcome,
    /// Its journal.
    pub kept: Result<Kept, JournalError>,
    /// Turns in which the clock had fallen.
    pub clock_falls: u64,
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
struct Shard {
    control: Producer<Event>,
    notes: Consumer<(Nanos, Note)>,
    window: Window,
    progress: Arc<AtomicU64>,
    thread: JoinHandle<ShardEnd>,
}

/// Everything that runs.
#[derive(Debug)]
pub struct Engine {
    shards: Vec<Shard>,
    venues: Vec<JoinHandle<VenueEnd>>,
    stop_shards: Arc<AtomicBool>,
    stop_venues: Arc<AtomicBool>,
    /// While it is set no order leaves.
    kill: Arc<AtomicBool>,
    clock: Clock,
    folders: Vec<PathBuf>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Ended {
    /// By shard; `None` for one that panicked.
    pub shards: Vec<Option<ShardEnd>>,
    /// By venue; `None` for one that panicked.
    pub venues: Vec<Option<VenueEnd>>,
    /// Whether all orders were gone before the threads were stopped.
    pub empty: bool,
}

impl Engine {
    /// Starts the threads. The journal of each shard is in `folder`, or where there are several in a folder of its own there.
    ///
    /// # Errors
    /// A journal that cannot be begun, or a thread.
    pub fn start<N: Network + Send + 'static>(
        assembly: Assembly,
        networks: Vec<N>,
        live: &LiveConfig,
        folder: &Path,
        idle: Idle,
        clock: Clock,
    ) -> Result<Self, JobError> {
        let flag = || Arc::new(AtomicBool::new(false));
        let mut engine = Self {
            shards: Vec::new(),
            venues: Vec::new(),
            stop_shards: flag(),
            stop_venues: flag(),
            kill: flag(),
            clock,
            folders: Vec::new(),
        };
        let several = assembly.shards.len() > 1;
        for (number, shard) in assembly.shards.into_iter().enumerate() {
            let folder = if several { folder.join(format!("shard-{number}")) } else { folder.to_owned() };
            let running = engine.start_shard(shard, &folder, number, idle)?;
            engine.shards.push(running);
            engine.folders.push(folder);
        }
        for ((venue, network), asked) in assembly.venues.into_iter().zip(networks).zip(&live.venue) {
            let VenueAssembly { market, paper, ends, numbers } = venue;
            let parts = VenueParts {
                network,
                market,
                trading: Trading::Paper(Box::new(Paper::new(paper))),
                stream_url: asked.stream().to_owned(),
                rest_url: asked.rest().to_owned(),
                api_url: asked.api().to_owned(),
                policy: LinkPolicy { silence_max: live.silence_max.span(), ..LinkPolicy::DEFAULT },
                shards: ends,
                numbers,
                kill: Arc::clone(&engine.kill),
                progress: engine.shards.iter().map(|shard| Arc::clone(&shard.progress)).collect(),
            };
            let name = format!("venue-{}", crate::config::market_name(asked.market()));
            let stop = Arc::clone(&engine.stop_venues);
            let turning = move || turn_venue(VenueLoop::new(parts), clock, idle, &stop);
            engine.venues.push(spawn(name, turning)?);
        }
        Ok(engine)
    }

    fn start_shard(
        &self,
        shard: ShardAssembly,
        folder: &Path,
        number: usize,
        idle: Idle,
    ) -> Result<Shard, JobError> {
        let ShardAssembly { shard, instruments, meta, route, ends, grants } = shard;
        let patience = Span::from_millis(10);
        let options = Options { pace: Pace::Live { patience }, ..Options::default() };
        let mut journal = Journal::open(folder, meta.to_bytes(), &options)?;
        let (mut control, commands) = ring(CONTROL_MAX.max(2 * grants.len()));
        let (noted, notes) = ring(NOTES_MAX);
        let (mut board, window) = board(instruments.len());
        let progress = Arc::new(AtomicU64::new(0));
        for grant in grants {
            // There is twice the room.
            let _ = control.push(grant);
        }
        let (stop, clock, counted) = (Arc::clone(&self.stop_shards), self.clock, Arc::clone(&progress));
        let turning = move || {
            let record = Journaled::new(&mut journal.tap);
            let parts = ShardParts {
                shard,
                record,
                venues: ends,
                route,
                control: commands,
                notes: noted,
                progress: counted,
                levels_max: LEVELS_MAX,
            };
            let mut turned = ShardLoop::new(parts);
            turn_shard(&mut turned, &mut board, clock, idle, &stop);
            let clock_falls = turned.falls();
            let (outcome, shard, record) = turned.finish();
            record.finish(&shard);
            ShardEnd { outcome, kept: journal.finish(), clock_falls }
        };
        let thread = spawn(format!("shard-{number}"), turning)?;
        Ok(Shard { control, notes, window, progress, thread })
    }

    /// Folder of each shard's journal.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// What each shard shows of itself.
    pub fn look(&mut self) -> Vec<View> {
        self.shards.iter_mut().map(|shard| shard.window.look()).collect()
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

    /// Turns of each shard so far: who does not turn is stuck.
    #[must_use]
    pub fn progress(&self) -> Vec<u64> {
        self.shards.iter().map(|shard| shard.progress.load(std::sync::atomic::Ordering::Relaxed)).collect()
    }

    /// True where a thread has ended though nobody stopped it. No order leaves from then on.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        let shards = self.shards.iter().any(|shard| shard.thread.is_finished());
        let broken = shards || self.venues.iter().any(JoinHandle::is_finished);
        if broken {
            self.kill.store(true, Release);
        }
        broken
    }

    /// Cancels everything, waits at most so long until no order is left, and ends the threads.
    #[must_use]
    pub fn stop(mut self, patience: Duration) -> Ended {
        let (scope, act) = (OperatorScope::All, OperatorAct::Kill);
        let kill = OperatorCommand { scope, act, operator: OperatorId::default(), reason: STOPPED };
        self.tell(&Event::Operator(kill));
        let from = self.clock.now();
        let watch = crate::clock::Stopwatch::start();
        let is_empty = |views: &[View]| {
            views.iter().all(|view| view.at > from && view.instruments.iter().all(|one| one.open == 0))
        };
        let mut empty = false;
        while !empty && watch.elapsed() < patience && !self.is_broken() {
            std::thread::park_timeout(Duration::from_millis(5));
            empty = is_empty(&self.look());
        }
        self.stop_shards.store(true, Release);
        let shards = self.shards.into_iter().map(|shard| shard.thread.join().ok()).collect();
        self.stop_venues.store(true, Release);
        let venues = self.venues.into_iter().map(|thread| thread.join().ok()).collect();
        Ended { shards, venues, empty }
    }
}

fn spawn<T: Send + 'static>(
    name: String,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, JobError> {
    let spawned = std::thread::Builder::new().name(name).spawn(work);
    spawned.map_err(|error| JobError::Journal(JournalError::Thread(error.to_string())))
}

/// Longest rest of a thread that rests.
const REST: Duration = Duration::from_micros(200);

fn turn_shard(
    shard: &mut ShardLoop<Journaled<'_>>,
    board: &mut Board,
    clock: Clock,
    idle: Idle,
    stop: &AtomicBool,
) {
    while !stop.load(Acquire) {
        let now = clock.now();
        let turned = shard.turn(now);
        shard.show(board, now);
        match (turned, idle) {
            (Turned::Worked, _) => {}
            (Turned::Idle | Turned::Blocked, Idle::Spin) => std::hint::spin_loop(),
            (Turned::Idle | Turned::Blocked, Idle::Yield) => std::thread::yield_now(),
            (Turned::Idle | Turned::Blocked, Idle::Rest) => std::thread::park_timeout(REST),
        }
    }
}

fn turn_venue<N: Network>(mut venue: VenueLoop<N>, clock: Clock, idle: Idle, stop: &AtomicBool) -> VenueEnd {
    let (mut drift, mut drift_at) = (clock.drift(), clock.now());
    while !stop.load(Acquire) {
        let mono = clock.now();
        if mono - drift_at > WALL_EVERY {
            (drift, drift_at) = (clock.drift(), mono);
        }
        let patience = match idle {
            Idle::Spin | Idle::Yield => Span::ZERO,
            Idle::Rest => Span::from_millis(1),
        };
        let turned = venue.turn(Now { mono, wall: mono + drift }, patience);
        match (turned, idle) {
            (Turned::Worked, _) | (_, Idle::Rest) => {}
            (Turned::Idle | Turned::Blocked, Idle::Spin) => std::hint::spin_loop(),
            (Turned::Idle | Turned::Blocked, Idle::Yield) => std::thread::yield_now(),
        }
    }
    VenueEnd { counters: *venue.counters(), lost: venue.lost(), unread: venue.unread() }
}
