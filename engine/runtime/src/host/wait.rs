//! What a thread does that finds nothing to do.

use std::time::Duration;

use ballast_sync::bell::{Bell, Sleeper};

use super::obtained::Obtained;
use crate::config::WaitConfig;

/// Turns without work after which a thread that may yield or sleep stops looking again at once: some microseconds, so that what comes
/// in a burst finds it awake.
const EAGER_TURNS: u32 = 1_000;
/// Longest sleep at once: whatever forgets to ring the bell is found after it.
const SLEEP_MAX: Duration = Duration::from_millis(1);

/// How a thread waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It looks again at once.
    Spin,
    /// It lets others go first.
    Yield,
    /// It sleeps until its bell is rung, a millisecond at most.
    Park,
}

impl Wait {
    /// What is asked for so many threads of venues and shards on so many cores, and what is to be said of it.
    pub(super) fn of(asked: WaitConfig, threads: usize, cores: usize) -> (Self, Obtained) {
        let said = format!("{threads} threads of venues and shards on {cores} cores");
        let auto = match threads.cmp(&cores) {
            std::cmp::Ordering::Less => Self::Spin,
            std::cmp::Ordering::Equal => Self::Yield,
            std::cmp::Ordering::Greater => Self::Park,
        };
        match asked {
            WaitConfig::Auto => (auto, Obtained::got("wait auto", format!("{}, for {said}", auto.name()))),
            WaitConfig::Yield => (Self::Yield, Obtained::got("wait yield", "yield")),
            WaitConfig::Park => (Self::Park, Obtained::got("wait park", "park")),
            WaitConfig::Spin if threads <= cores => (Self::Spin, Obtained::got("wait spin", "spin")),
            WaitConfig::Spin => {
                let why = format!("they spin and wait for each other: {said}");
                let mend = "name cores for fewer threads, or write wait = \"auto\"";
                (Self::Spin, Obtained::missing("wait spin, each on a core of its own", why, mend))
            }
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Spin => "spin",
            Self::Yield => "yield",
            Self::Park => "park",
        }
    }
}

/// What a turn of a thread's loop came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It did something.
    Busy,
    /// There was nothing to do.
    Idle,
}

/// Waits between the turns of a thread's loop, on that thread.
#[derive(Debug)]
pub struct Idle {
    wait: Wait,
    sleeper: Sleeper,
    /// Turns without work since the last with.
    idle: u32,
}

impl Idle {
    /// For the calling thread.
    #[must_use]
    pub fn new(wait: Wait) -> Self {
        Self { wait, sleeper: Sleeper::new(), idle: 0 }
    }

    /// What others ring after they brought something; `None` where this thread never sleeps.
    #[must_use]
    pub fn bell(&self) -> Option<Bell> {
        (self.wait == Wait::Park).then(|| self.sleeper.bell())
    }

    /// After a turn. `most` is the time to the next deadline, and `is_idle` is asked once more before the thread sleeps: whether nothing came
    /// meanwhile.
    pub fn after(&mut self, turn: Turn, most: Duration, is_idle: impl FnOnce() -> bool) {
        if turn == Turn::Busy {
            self.idle = 0;
            return;
        }
        self.idle = self.idle.saturating_add(1);
        if self.wait == Wait::Spin || self.idle < EAGER_TURNS {
            std::hint::spin_loop();
        } else if self.wait == Wait::Yield {
            std::thread::yield_now();
        } else {
            self.sleeper.sleep(most.min(SLEEP_MAX), is_idle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Stopwatch;

    #[test]
    fn auto_spins_no_more_threads_than_there_are_cores_to_give() {
        for (threads, cores, wait) in [
            (1, 2, Wait::Spin),
            (2, 2, Wait::Yield),
            (3, 2, Wait::Park),
            (3, 8, Wait::Spin),
            (1, 0, Wait::Park),
        ] {
            let (resolved, told) = Wait::of(WaitConfig::Auto, threads, cores);
            assert_eq!((resolved, told.is_missing()), (wait, false), "{threads} on {cores}: {told}");
        }
    }

    #[test]
    fn what_is_asked_is_done_and_told_where_it_is_unwise() {
        let (wait, told) = Wait::of(WaitConfig::Spin, 3, 2);
        assert_eq!((wait, told.is_missing()), (Wait::Spin, true));
        assert!(told.to_string().contains("3 threads of venues and shards on 2 cores; name cores"), "{told}");
        assert!(!Wait::of(WaitConfig::Spin, 2, 2).1.is_missing());
        assert_eq!(Wait::of(WaitConfig::Yield, 9, 2).0, Wait::Yield);
        assert_eq!(Wait::of(WaitConfig::Park, 1, 8).0, Wait::Park);
    }

    #[test]
    fn only_a_thread_that_parks_sleeps_and_only_when_it_has_been_idle_for_a_while() {
        let long = Duration::from_secs(3_600);
        for (wait, asked) in [(Wait::Spin, 0), (Wait::Yield, 0), (Wait::Park, 11)] {
            let mut idle = Idle::new(wait);
            assert_eq!(idle.bell().is_some(), wait == Wait::Park);
            let mut count = 0;
            let mut nothing = |idle: &mut Idle, turns| {
                for _ in 0..turns {
                    idle.after(Turn::Idle, long, || {
                        count += 1;
                        false
                    });
                }
            };
            nothing(&mut idle, EAGER_TURNS + 9);
            idle.after(Turn::Busy, long, || true);
            nothing(&mut idle, EAGER_TURNS);
            assert_eq!(count, asked, "{wait:?}");
        }
        let mut idle = Idle::new(Wait::Park);
        let watch = Stopwatch::start();
        (0..EAGER_TURNS).for_each(|_| idle.after(Turn::Idle, long, || true));
        assert!(watch.elapsed() < long, "it wakes by itself");
    }
}
