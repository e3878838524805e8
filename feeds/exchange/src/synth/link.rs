//! The way from the venue to us: when a published message is received.

use super::feed::MS;
use super::rng::Rng;

/// The venue's gateway collects messages for this long on average before it writes to the socket, in ns.
const BATCH_MEAN_NS: f64 = 400_000.0;
/// The shortest journey, in ns, and the lognormal part on top of it: median in ns, deviation of the logarithm.
const JOURNEY_NS: i64 = 900_000;
const JITTER_NS: (f64, f64) = (300_000.0, 0.7);
/// Probability that a batch is held up on its way, and for how long on average, in ns.
const STALL: f64 = 0.002;
const STALL_MEAN_NS: f64 = 9.0 * MS as f64;
/// Least time between two frames read from one socket, in ns, and the width of the uniform law above it.
const FRAME_GAP_NS: i64 = 400;
const FRAME_GAP_WIDTH_NS: u64 = 500;

/// One connection. It keeps order: no message overtakes another.
#[derive(Debug)]
pub(super) struct Link {
    rng: Rng,
    /// Venue time at which the open batch is written, in ns.
    batch_ns: i64,
    /// When the open batch arrives, by the venue's clock in ns.
    arrival_ns: i64,
    /// When the last frame was received, by the venue's clock in ns.
    received_ns: i64,
}

impl Link {
    /// A fresh connection.
    pub(super) fn new(rng: Rng) -> Self {
        Self { rng, batch_ns: i64::MIN, arrival_ns: i64::MIN, received_ns: i64::MIN }
    }

    /// When a message published at venue time `at_ns` is received, by the venue's clock in ns. To be asked in the order
    /// of publication.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "delays are far below the range of nanoseconds"
    )]
    pub(super) fn receive(&mut self, at_ns: i64) -> i64 {
        if at_ns > self.batch_ns {
            let (median, sigma) = JITTER_NS;
            let stall = if self.rng.chance(STALL) { self.rng.exponential(STALL_MEAN_NS) } else { 0.0 };
            let jitter = self.rng.lognormal(median, sigma) + stall;
            self.batch_ns = at_ns + self.rng.exponential(BATCH_MEAN_NS) as i64;
            self.arrival_ns = self.batch_ns + JOURNEY_NS + jitter as i64;
        }
        let gap = FRAME_GAP_NS + self.rng.below(FRAME_GAP_WIDTH_NS) as i64;
        self.received_ns = self.arrival_ns.max(self.received_ns.saturating_add(gap));
        self.received_ns
    }
}
