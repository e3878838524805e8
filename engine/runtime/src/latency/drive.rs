//! One run: the loops are built, brought up to a book and an account, and turned while frames come by schedule.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use ballast_model::{Nanos, Span};
use ballast_sync::ring::ring;
use ballast_venue::Now;
use ballast_venue::binance::trade::Standing;
use ballast_venue::signing::Credentials;

use super::frames::Frames;
use super::join::Raw;
use super::played::Played;
use super::probe::{Decided, Probed, Sampling};
use crate::clock::{Clock, Stopwatch};
use crate::config::{Config, LiveConfig, MarketConfig};
use crate::host::{Idle, Plan, Role, Turn};
use crate::job::JobError;
use crate::journal::{Journal, JournalError, Options, Pace as JournalPace};
use crate::live::{
    AccountError, LinkPolicy, Live, ShardAssembly, ShardLoop, ShardParts, Traded, Trading, Turned, Urls,
    VenueLoop, VenueParts, assemble, session,
};
use crate::replay::{Journaled, Outcome};

/// How long book and account may take.
const BOOT_MAX: Duration = Duration::from_secs(10);
/// From there to the first frame of the schedule, and from the last to the end.
const SETTLE: Span = Span::from_millis(50);
/// Levels of the largest batch.
const LEVELS_MAX: usize = 1 << 15;
/// Notes of the core that are kept; nobody reads them.
const NOTES_MAX: usize = 64;
/// How long a record may wait for room before it is lost.
const JOURNAL_PATIENCE: Span = Span::from_millis(10);
/// One frame in 2^4 is stamped on its way.
const SAMPLED: Sampling = Sampling { bits: 4 };
/// Commands that a frame may lead to on average, and the most that are kept.
const ROOM: (usize, usize) = (8, 1 << 22);
/// Turns without work after which one thread has nothing more to do.
const QUIET_TURNS: u32 = 3;

/// Room for what becomes of so many frames.
pub(super) const fn room(frames: usize) -> usize {
    let wanted = frames.saturating_mul(ROOM.0).saturating_add(1_024);
    if wanted < ROOM.1 { wanted } else { ROOM.1 }
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum LatencyError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The session cannot be built.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The configuration is not one that this can be measured with.
    #[error("the configuration must have one `live.venue`, with `market = \"usdm\"`")]
    Venue,
    /// The loops did not come up.
    #[error("no {0} within 10 s")]
    Boot(&'static str),
    /// A thread ended by itself.
    #[error("the shard's thread has ended by itself")]
    Broken,
}

/// How frames come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As recorded, so many times as fast, for so long by our clock; on two threads.
    Scheduled {
        /// Times as fast.
        rate: u32,
        /// For how long.
        lasts: Span,
    },
    /// So many at most, each once nothing is left to do; one thread turns both loops.
    Alone(usize),
}

/// What is measured.
pub struct Rig {
    /// The quoter, the host's threads, and one venue to connect to.
    pub config: Config,
    /// The market.
    pub frames: Arc<Frames>,
    /// Cores that this process may run on.
    pub cores: Vec<usize>,
    /// The key of the session's account: anything that signs.
    pub credentials: Box<dyn Fn() -> Result<Credentials, AccountError>>,
}

impl core::fmt::Debug for Rig {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Rig").field("cores", &self.cores).finish_non_exhaustive()
    }
}

/// One run of a rig.
#[derive(Clone, Copy, Debug)]
pub struct Measure<'a> {
    /// How frames come.
    pub pace: Pace,
    /// Where the journal is: a folder that holds none.
    pub folder: &'a Path,
}

/// What a run came to, not yet looked at.
#[derive(Debug)]
pub struct Measured {
    pub(super) raw: Raw,
    pub(super) frames: Arc<Frames>,
}

/// Loops, not yet turned.
struct Ready {
    venue: VenueLoop<Played>,
    shard: ShardAssembly,
    journal: Journal,
    progress: Arc<AtomicU64>,
    clock: Clock,
    plan: Plan,
    sampling: Sampling,
}

impl Rig {
    /// Runs once.
    ///
    /// # Errors
    /// [`LatencyError`].
    pub fn run(&self, measure: &Measure<'_>) -> Result<Measured, LatencyError> {
        let sampling = match measure.pace {
            Pace::Scheduled { .. } => SAMPLED,
            Pace::Alone(_) => Sampling { bits: 0 },
        };
        let ready = self.ready(measure.folder, sampling)?;
        let raw = match measure.pace {
            Pace::Scheduled { rate, lasts } => ready.by_schedule(rate, lasts),
            Pace::Alone(most) => ready.alone(most),
        }?;
        Ok(Measured { raw, frames: Arc::clone(&self.frames) })
    }

    /// What the threads wait like, and what is to be said of it.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let roles = [Role::Shard(0), Role::Venue(MarketConfig::Usdm)];
        Plan::new(&self.config.threads, &roles, self.cores.clone())
    }

    fn live(&self) -> Result<LiveConfig, LatencyError> {
        let mut live = self.config.live.clone().ok_or(LatencyError::Venue)?;
        match &mut *live.venue {
            [venue] if venue.market == MarketConfig::Usdm => {
                venue.symbols = vec![self.frames.symbol().to_owned()];
            }
            _ => return Err(LatencyError::Venue),
        }
        Ok(live)
    }

    fn ready(&self, folder: &Path, sampling: Sampling) -> Result<Ready, LatencyError> {
        let live = self.live()?;
        let told = vec![vec![self.frames.fact().clone()]];
        let assembly = assemble(&self.config, Path::new("latency.toml"), &live, &told, 1)?;
        let clock = Clock::start(Nanos::MIN);
        let (mut shards, mut venues) = (assembly.shards, assembly.venues);
        let (Some(shard), Some(venue), Some(asked)) = (shards.pop(), venues.pop(), live.venue.first()) else {
            return Err(LatencyError::Venue);
        };
        let traded = Traded {
            market: asked.market(),
            instruments: &venue.instruments,
            assets: &assembly.assets,
            since: clock.begin(),
            clock_offset_max: live.clock_offset_max.span(),
            dead_man: None,
        };
        let session = session(&traded, (self.credentials)()?)?;
        let progress = Arc::new(AtomicU64::new(0));
        let day = Span::from_secs(24 * 3_600);
        let venue = VenueLoop::new(VenueParts {
            network: Played::new(clock, Arc::clone(&self.frames), sampling),
            market: venue.market,
            trading: Trading::Live(Box::new(Live::new(session))),
            urls: Urls {
                stream: "ws://in.process".to_owned(),
                rest: "http://in.process".to_owned(),
                api: "ws://in.process/ws-fapi/v1".to_owned(),
            },
            policy: LinkPolicy { silence_max: day, ..LinkPolicy::DEFAULT },
            shards: venue.ends,
            numbers: venue.numbers,
            kill: Arc::new(AtomicBool::new(false)),
            progress: vec![Arc::clone(&progress)],
        });
        let options =
            Options { pace: JournalPace::Live { patience: JOURNAL_PATIENCE }, ..Options::default() };
        let journal = Journal::open(folder, shard.meta.to_bytes(), &options)?;
        Ok(Ready { venue, shard, journal, progress, clock, plan: self.plan(), sampling })
    }
}

/// A shard's loop as this builds it.
type Measuring<'a> = ShardLoop<Probed<Journaled<'a>>>;

fn shard_loop(
    shard: ShardAssembly,
    record: Probed<Journaled<'_>>,
    progress: Arc<AtomicU64>,
) -> Measuring<'_> {
    let (mut granted, control) = ring(2 * shard.grants.len() + 1);
    for grant in shard.grants {
        // There is twice the room.
        let _ = granted.push(grant);
    }
    let (notes, _) = ring(NOTES_MAX);
    ShardLoop::new(ShardParts {
        shard: shard.shard,
        record,
        venues: shard.ends,
        route: shard.route,
        control,
        notes,
        handover: None,
        progress,
        unjournaled: None,
        levels_max: LEVELS_MAX,
    })
}

impl Ready {
    /// Two threads, frames by schedule.
    fn by_schedule(self, rate: u32, lasts: Span) -> Result<Raw, LatencyError> {
        let Self { mut venue, shard, mut journal, progress, clock, plan, sampling } = self;
        let stop = AtomicBool::new(false);
        let room = venue.network().room();
        let record = Probed::new(Journaled::new(&mut journal.tap), clock, sampling, room);
        let mut shard = shard_loop(shard, record, progress);
        let came_up = std::thread::scope(|scope| {
            let (plan, stop, shard, venue) = (&plan, &stop, &mut shard, &mut venue);
            let turning = scope.spawn(move || {
                drop(plan.enter(Role::Shard(0)));
                turn_shard(shard, clock, plan, stop);
            });
            let driving = scope.spawn(move || {
                drop(plan.enter(Role::Venue(MarketConfig::Usdm)));
                let mut driver = Driver { venue, clock, idle: Idle::new(plan.wait()) };
                let came_up = driver.come_up(|_| false);
                if came_up.is_ok() {
                    driver.release(rate, lasts);
                }
                came_up
            });
            let came_up = driving.join().unwrap_or(Err(LatencyError::Broken));
            stop.store(true, Release);
            if turning.join().is_ok() { came_up } else { Err(LatencyError::Broken) }
        });
        came_up?;
        let told = Decisions::of(shard);
        Ok(Raw::new(told, &venue, journal.finish()?))
    }

    /// One thread, each frame when nothing is left to do of the one before.
    fn alone(self, most: usize) -> Result<Raw, LatencyError> {
        let Self { mut venue, shard, mut journal, progress, clock, plan, sampling } = self;
        let room = venue.network().room();
        let record = Probed::new(Journaled::new(&mut journal.tap), clock, sampling, room);
        let mut shard = shard_loop(shard, record, progress);
        let mut driver = Driver { venue: &mut venue, clock, idle: Idle::new(plan.wait()) };
        driver.come_up(|now| shard.turn(now) == Turned::Worked)?;
        driver.venue.network_mut().single(most);
        let mut quiet = 0;
        while quiet < QUIET_TURNS || !driver.venue.network().is_done() {
            if quiet >= QUIET_TURNS {
                driver.venue.network_mut().want();
            }
            let worked = driver.turn() | (shard.turn(clock.now()) == Turned::Worked);
            quiet = if worked { 0 } else { quiet + 1 };
        }
        let told = Decisions::of(shard);
        Ok(Raw::new(told, &venue, journal.finish()?))
    }
}

/// What the shard's side of a run came to.
#[derive(Debug)]
pub(super) struct Decisions {
    pub(super) log: Vec<Decided>,
    pub(super) missed: u64,
    pub(super) outcome: Outcome,
    pub(super) clock_falls: u64,
}

impl Decisions {
    fn of(shard: Measuring<'_>) -> Self {
        let clock_falls = shard.falls();
        let (outcome, core, record) = shard.finish();
        let (record, log, missed) = record.into_parts();
        record.finish(&core);
        Self { log, missed, outcome, clock_falls }
    }
}

fn turn_shard(shard: &mut Measuring<'_>, clock: Clock, plan: &Plan, stop: &AtomicBool) {
    let mut idle = Idle::new(plan.wait());
    while !stop.load(Acquire) {
        let now = clock.now();
        let turn = if shard.turn(now) == Turned::Worked { Turn::Busy } else { Turn::Idle };
        let most = shard.next_deadline().map_or(Duration::MAX, |at| (at - now).duration());
        idle.after(turn, most, || shard.is_idle());
    }
}

/// Turns a venue's loop.
struct Driver<'a> {
    venue: &'a mut VenueLoop<Played>,
    clock: Clock,
    idle: Idle,
}

impl Driver<'_> {
    /// One turn, as a venue's thread does it; true where there was something to do.
    #[inline]
    fn turn(&mut self) -> bool {
        let mono = self.clock.now();
        let worked = self.venue.turn(Now { mono, wall: mono }, Span::ZERO) == Turned::Worked;
        self.idle.after(if worked { Turn::Busy } else { Turn::Idle }, Duration::ZERO, || true);
        worked
    }

    /// Turns until account and book are there. `beside` turns the shard where no thread of its own does.
    fn come_up(&mut self, mut beside: impl FnMut(Nanos) -> bool) -> Result<(), LatencyError> {
        self.until("account", &mut beside, |venue| match venue.trading() {
            Trading::Live(live) => matches!(live.session().standing(), Standing::Whole(_)),
            Trading::Paper(_) | Trading::Nobody => true,
        })?;
        self.venue.network_mut().release_book();
        self.until("book", &mut beside, |venue| venue.network().has_book())?;
        let ends = self.clock.now() + SETTLE;
        while self.clock.now() < ends {
            self.turn();
            beside(self.clock.now());
        }
        Ok(())
    }

    fn until(
        &mut self,
        what: &'static str,
        beside: &mut impl FnMut(Nanos) -> bool,
        there: impl Fn(&VenueLoop<Played>) -> bool,
    ) -> Result<(), LatencyError> {
        let watch = Stopwatch::start();
        while !there(self.venue) {
            self.turn();
            beside(self.clock.now());
            if watch.elapsed() > BOOT_MAX {
                return Err(LatencyError::Boot(what));
            }
        }
        Ok(())
    }

    /// Lets the schedule run, and what it led to come to its end.
    fn release(&mut self, rate: u32, lasts: Span) {
        let recorded = Span(lasts.0.saturating_mul(i64::from(rate)));
        let from = self.clock.now() + SETTLE;
        self.venue.network_mut().schedule(from, rate, recorded);
        while !self.venue.network().is_done() {
            self.turn();
        }
        let ends = self.clock.now() + SETTLE;
        while self.clock.now() < ends {
            self.turn();
        }
    }
}
