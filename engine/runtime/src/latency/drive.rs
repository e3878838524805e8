//! One run: the loops are built, brought up to a book and an account, and turned while frames come by schedule.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use ballast_model::{Nanos, Span};
use ballast_sync::ring::ring;
use ballast_venue::Now;
use ballast_venue::binance::trade::Standing;
use ballast_venue::signing::Credentials;

use super::frames::Frames;
use super::join::Raw;
use super::kernel::Kernel;
use super::over::Over;
use super::played::{Market, Played, Room, Timetable};
use super::probe::{Decided, Probed, Sampling};
use super::wired::{Wired, WiredError};
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
const ROOM: (usize, usize) = (8, 1 << 23);
/// Frames that one which leads to an order may stand for, and the most that are kept.
const FRAMES: (usize, usize) = (64, 1 << 25);
/// Turns without work after which one thread has nothing more to do.
const QUIET_TURNS: u32 = 3;

impl Room {
    /// For what becomes of all frames, or of as many as it takes.
    fn of(frames: &Frames, until: Until) -> Self {
        let (frames, led) = match until {
            Until::Elapsed(_) => (frames.released_max(), frames.released_max()),
            Until::Ticks(ticks) => {
                let ticks = usize::try_from(ticks).unwrap_or(usize::MAX);
                (ticks.saturating_mul(FRAMES.0).saturating_add(1_024).min(FRAMES.1), ticks)
            }
        };
        Self { frames, orders: led.saturating_mul(ROOM.0).saturating_add(1_024).min(ROOM.1) }
    }
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
    /// The sockets of this host.
    #[error(transparent)]
    Wired(#[from] WiredError),
    /// A thread ended by itself.
    #[error("the shard's thread has ended by itself")]
    Broken,
}

/// How frames come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As recorded, so many times as fast; on two threads, and one more where there are sockets.
    Scheduled {
        /// Times as fast.
        rate: u32,
        /// For how long.
        until: Until,
    },
    /// So many at most, each once nothing is left to do; one thread turns both loops, in process.
    Alone(usize),
}

/// How long frames come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// For so long by our clock, or until there are no more.
    Elapsed(Span),
    /// Until so many have led to an order, or until there are no more: to be had from any market that is [looped](Frames::looped).
    Ticks(u64),
}

/// What is measured.
pub struct Rig {
    /// The quoter, the host's threads, and one venue to connect to.
    pub config: Config,
    /// The market.
    pub frames: Arc<Frames>,
    /// Cores that this process may run on.
    pub cores: Vec<usize>,
    /// What lies between venue and engine.
    pub over: Over,
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
struct Ready<N> {
    venue: VenueLoop<N>,
    shard: ShardAssembly,
    journal: Journal,
    progress: Arc<AtomicU64>,
    clock: Clock,
    plan: Plan,
    sampling: Sampling,
    /// Orders that its lists take.
    room: usize,
}

impl Rig {
    /// Runs once.
    ///
    /// # Errors
    /// [`LatencyError`].
    pub fn run(&self, measure: &Measure<'_>) -> Result<Measured, LatencyError> {
        let frames = || Arc::clone(&self.frames);
        let raw = match (measure.pace, &self.over) {
            (Pace::Alone(most), _) => {
                let all = Room::of(&self.frames, Until::Elapsed(Span::ZERO));
                let single = Sampling { bits: 0 };
                let network = |clock| Ok(Played::new(clock, frames(), single, all));
                self.ready(measure.folder, (single, all), network)?.alone(most)
            }
            (Pace::Scheduled { rate, until }, Over::Process) => {
                let room = Room::of(&self.frames, until);
                let network = |clock| Ok(Played::new(clock, frames(), SAMPLED, room));
                self.ready(measure.folder, (SAMPLED, room), network)?.by_schedule(&self.frames, rate, until)
            }
            (Pace::Scheduled { rate, until }, over @ (Over::Plain | Over::Tls(_))) => {
                let room = Room::of(&self.frames, until);
                let wait = self.plan().wait();
                let network = |clock| Ok(Wired::new(over, (clock, wait), &self.frames, SAMPLED, room)?);
                let ready = self.ready(measure.folder, (SAMPLED, room), network)?;
                let (plan, clock) = (ready.plan.clone(), ready.clock);
                let mut raw = ready.by_schedule(&self.frames, rate, until)?;
                let kernel = Kernel::measure(over, &plan, clock, raw.bytes()).map_err(WiredError::from)?;
                raw.kernel = Some(kernel);
                Ok(raw)
            }
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

    fn ready<N: Market>(
        &self,
        folder: &Path,
        (sampling, room): (Sampling, Room),
        network: impl FnOnce(Clock) -> Result<N, LatencyError>,
    ) -> Result<Ready<N>, LatencyError> {
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
            network: network(clock)?,
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
        let (plan, room) = (self.plan(), room.orders);
        Ok(Ready { venue, shard, journal, progress, clock, plan, sampling, room })
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

impl<N: Market + Send> Ready<N> {
    /// Two threads, frames by schedule.
    fn by_schedule(self, frames: &Frames, rate: u32, until: Until) -> Result<Raw, LatencyError> {
        let Self { mut venue, shard, mut journal, progress, clock, plan, sampling, room } = self;
        let stop = AtomicBool::new(false);
        let record = Probed::new(Journaled::new(&mut journal.tap), clock, sampling, room);
        let ticks = record.ticks();
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
                driver.come_up(|_| false)?;
                driver.release(frames, rate, until, &ticks);
                Ok(())
            });
            let came_up = driving.join().unwrap_or(Err(LatencyError::Broken));
            stop.store(true, Release);
            if turning.join().is_ok() { came_up } else { Err(LatencyError::Broken) }
        });
        came_up?;
        let told = Decisions::of(shard);
        Raw::new(told, &mut venue, journal.finish()?)
    }
}

impl Ready<Played> {
    /// One thread, each frame when nothing is left to do of the one before.
    fn alone(self, most: usize) -> Result<Raw, LatencyError> {
        let Self { mut venue, shard, mut journal, progress, clock, plan, sampling, room } = self;
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
        Raw::new(told, &mut venue, journal.finish()?)
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
struct Driver<'a, N> {
    venue: &'a mut VenueLoop<N>,
    clock: Clock,
    idle: Idle,
}

impl<N: Market> Driver<'_, N> {
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
        there: impl Fn(&VenueLoop<N>) -> bool,
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

    /// Lets the schedule run, and what it led to come to its end. `ticks` counts those that led to an order. A book that is lost is not
    /// to be had again, and what follows would measure nothing.
    fn release(&mut self, frames: &Frames, rate: u32, until: Until, ticks: &AtomicU64) {
        let (recorded, most) = match until {
            Until::Elapsed(lasts) => (Some(Span(lasts.0.saturating_mul(i64::from(rate)))), u64::MAX),
            Until::Ticks(most) => (None, ticks.load(Relaxed).saturating_add(most)),
        };
        let from = self.clock.now() + SETTLE;
        let Some(timetable) = Timetable::scheduled(frames, from, rate, recorded) else { return };
        self.venue.network_mut().schedule(timetable);
        let mut is_enough = false;
        while !self.venue.network().is_done() {
            self.turn();
            let is_lost = self.venue.counters().books_lost > 0;
            if !is_enough && (is_lost || ticks.load(Relaxed) >= most) {
                is_enough = true;
                self.venue.network_mut().enough();
            }
        }
        let ends = self.clock.now() + SETTLE;
        while self.clock.now() < ends {
            self.turn();
        }
    }
}
