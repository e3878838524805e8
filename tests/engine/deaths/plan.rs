//! When lives end: by a seed, so that a run that failed can be had again.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// A number with which the moments are those of an earlier run; it is printed.
const SEED: &str = "BALLAST_KILLS_SEED";

/// Shortest and longest time to a kill, in milliseconds.
const AFTER_MS: (f64, f64) = (10.0, 6_000.0);
/// The same from a segment that ends to the kill.
const ROLLING_MS: (f64, f64) = (0.1, 20.0);
/// The same from being told to stop.
const STOPPING_MS: (f64, f64) = (1.0, 400.0);

/// By when it is likely to trade.
const TRADES: Duration = Duration::from_millis(700);

/// How one life ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// How long it lives until it is killed, or what is waited for first happens.
    pub(super) after: Duration,
    /// What is waited for first, and how long after it the kill comes.
    pub(super) first: First,
    /// How long nobody lives then.
    pub(super) pause: Duration,
}

/// What comes before a kill: moments that chance alone would seldom hit.
#[derive(Clone, Copy, Debug)]
pub(super) enum First {
    Nothing,
    /// It is told to stop.
    Stop(Duration),
    /// A segment of its journal ends.
    Roll(Duration),
}

/// Plans without end.
pub(super) struct Plans {
    state: u64,
}

impl Plans {
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// SplitMix64 (Steele, Lea and Flood 2014, figure 17), from zero to below one.
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// As likely between one and two milliseconds as between one and two seconds.
    fn log_uniform(&mut self, (least, most): (f64, f64)) -> Duration {
        Duration::from_secs_f64(least * (most / least).powf(self.uniform()) / 1e3)
    }
}

impl Iterator for Plans {
    type Item = Plan;

    fn next(&mut self) -> Option<Plan> {
        let after = self.log_uniform(AFTER_MS);
        // One in six is told to stop, once it is likely to trade, and one in twelve dies with a segment.
        let (first, after) = match self.uniform() * 12.0 {
            ..2.0 => (First::Stop(self.log_uniform(STOPPING_MS)), after.max(TRADES)),
            ..3.0 => (First::Roll(self.log_uniform(ROLLING_MS)), TRADES),
            _ => (First::Nothing, after),
        };
        // Mostly it is restarted at once; else there is time for what it left at the venue to trade.
        let pause = if self.uniform() < 0.25 { self.uniform() * 2.0 } else { 0.0 };
        Some(Plan { after, first, pause: Duration::from_secs_f64(pause) })
    }
}

/// The seed that is asked for, or another each time.
pub(super) fn seed() -> u64 {
    let asked = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a seed is a whole number"));
    let seed = asked.unwrap_or_else(|| RandomState::new().build_hasher().finish() >> 32);
    println!("{SEED}={seed}");
    seed
}
