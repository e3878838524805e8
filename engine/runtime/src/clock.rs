//! The only reader of clocks.
#![expect(clippy::disallowed_methods, reason = "this module is the one place clocks are read")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Measures elapsed time for reports; nothing decided depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Seconds since the Unix epoch, for stamping reports.
#[must_use]
pub fn wall_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
