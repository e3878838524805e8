//! What each thread does: turn its loop, and wait where there is nothing to do.

use std::path::Path;
use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, fence};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use ballast_model::Span;
use ballast_sync::bell::Bell;
use ballast_venue::Now;
use ballast_wire::Network;

use super::engine::{ShardEnd, VenueEnd};
use super::helm::{ShardSeat, ShardSeed, VenueSeat};
use super::shard_loop::Turned;
use crate::clock::Clock;
use crate::host::{Idle, Obtained, Plan, Role, Turn, Wait};
use crate::job::JobError;
use crate::journal::{Journal, JournalError, Options, Pace};
use crate::replay::Journaled;

/// How often a venue's thread compares its clock with the wall's.
const WALL_EVERY: Span = Span::from_secs(1);
/// Longest wait for something to come in.
const REST: Span = Span::from_millis(1);
/// How long a record may wait for room before it is lost.
const JOURNAL_PATIENCE: Span = Span::from_millis(10);

/// What a thread needs besides its loop.
#[derive(Debug)]
pub(super) struct ThreadSeat {
    pub(super) plan: Plan,
    pub(super) role: Role,
    pub(super) tell: Sender<Obtained>,
    pub(super) clock: Clock,
    pub(super) stop: Arc<AtomicBool>,
}

impl ThreadSeat {
    /// Asks the host for what this thread is to have.
    fn enter(&self) {
        self.plan.enter(self.role).into_iter().for_each(|told| drop(self.tell.send(told)));
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Acquire)
    }
}

/// A venue's thread waits for its network.
#[derive(Clone, Debug, Default)]
pub(super) struct Doze(Arc<AtomicBool>);

impl Doze {
    /// The end of the thread, and that of those who wake it.
    pub(super) fn pair() -> (Self, Self) {
        let doze = Self::default();
        (doze.clone(), doze)
    }
}

/// Wakes a venue's thread where it waits.
pub(super) struct Caller {
    doze: Doze,
    wake: Arc<Mutex<Box<dyn Fn() + Send>>>,
}

impl Caller {
    /// So many who can wake the same thread.
    pub(super) fn several(doze: Doze, wake: Box<dyn Fn() + Send>, count: usize) -> Vec<Self> {
        let wake = Arc::new(Mutex::new(wake));
        (0..count).map(|_| Self { doze: doze.clone(), wake: Arc::clone(&wake) }).collect()
    }

    /// To be called after what it should see was pushed.
    fn call(&self) {
        fence(SeqCst);
        // Of several that see it asleep one wakes it: the lock is never waited for.
        if self.doze.0.load(Relaxed)
            && let Ok(wake) = self.wake.try_lock()
        {
            wake();
        }
    }
}

pub(super) fn spawn<T: Send + 'static>(
    name: String,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, JobError> {
    let spawned = std::thread::Builder::new().name(name).spawn(work);
    spawned.map_err(|error| JobError::Journal(JournalError::Thread(error.to_string())))
}

/// Starts a shard's thread, with its journal, whose headers say this.
pub(super) fn start_shard(
    seed: ShardSeed,
    meta: Vec<u8>,
    (folder, segment_bytes): (&Path, u64),
    seat: ThreadSeat,
    calls: Vec<Caller>,
    bell: Arc<OnceLock<Bell>>,
) -> Result<JoinHandle<ShardEnd>, JobError> {
    let pace = Pace::Live { patience: JOURNAL_PATIENCE };
    let options = Options { segment_bytes, pace, ..Options::default() };
    let mut journal = Journal::open(folder, meta, &options)?;
    let name = seat.role.to_string();
    let turning = move || {
        seat.enter();
        let mut turned = seed.seat(Journaled::new(&mut journal.tap));
        turn_shard(&mut turned, &seat, &calls, &bell);
        let (clock_falls, unsent) = (turned.shard_loop().falls(), turned.shard_loop().unsent());
        let (outcome, shard, record) = turned.finish();
        record.finish(&shard);
        ShardEnd { outcome, kept: journal.finish(), clock_falls, unsent }
    };
    spawn(name, turning)
}

fn turn_shard(
    shard: &mut ShardSeat<Journaled<'_>>,
    seat: &ThreadSeat,
    calls: &[Caller],
    bell: &OnceLock<Bell>,
) {
    let mut idle = Idle::new(seat.plan.wait());
    if let Some(mine) = idle.bell() {
        let _ = bell.set(mine);
    }
    while !seat.is_stopped() {
        let now = seat.clock.now();
        let turned = shard.turn(now);
        if turned == Turned::Worked && seat.plan.wait() == Wait::Park {
            calls.iter().for_each(Caller::call);
        }
        let turn = if turned == Turned::Worked { Turn::Busy } else { Turn::Idle };
        let shard = shard.shard_loop();
        let most = shard.next_deadline().map_or(Duration::MAX, |at| (at - now).duration());
        idle.after(turn, most, || shard.is_idle());
    }
}

/// Turns a venue's loop until it is stopped.
pub(super) fn turn_venue<N: Network>(
    mut venue: VenueSeat<N>,
    seat: &ThreadSeat,
    doze: &Doze,
    bells: &[Arc<OnceLock<Bell>>],
) -> VenueEnd {
    seat.enter();
    let clock = seat.clock;
    let mut idle = Idle::new(seat.plan.wait());
    let (mut drift, mut drift_at) = (clock.drift(), clock.now());
    let mut last = Turned::Worked;
    while !seat.is_stopped() {
        let mono = clock.now();
        if mono - drift_at > WALL_EVERY {
            (drift, drift_at) = (clock.drift(), mono);
        }
        let now = Now { mono, wall: mono + drift };
        last = if seat.plan.wait() == Wait::Park && last != Turned::Worked {
            rest(&mut venue, now, doze)
        } else {
            venue.turn(now, Span::ZERO)
        };
        if last == Turned::Worked {
            bells.iter().filter_map(|bell| bell.get()).for_each(Bell::ring);
        }
        if seat.plan.wait() != Wait::Park {
            let turn = if last == Turned::Worked { Turn::Busy } else { Turn::Idle };
            idle.after(turn, Duration::ZERO, || true);
        }
    }
    let venue = venue.venue_loop();
    VenueEnd { counters: *venue.counters(), lost: venue.lost(), unread: venue.unread() }
}

/// A turn that waits until something comes in, a shard calls, or a deadline is there.
fn rest<N: Network>(venue: &mut VenueSeat<N>, now: Now, doze: &Doze) -> Turned {
    let most = venue.venue_loop().next_deadline();
    let most = most.map_or(REST, |at| Span((at - now.mono).0.clamp(0, REST.0)));
    doze.0.store(true, Relaxed);
    fence(SeqCst);
    let patience = if venue.venue_loop().has_commands() { Span::ZERO } else { most };
    let turned = venue.turn(now, patience);
    doze.0.store(false, Relaxed);
    turned
}
