//! What a venue counts of new orders, and what of it each instrument may spend.
//!
//! A venue counts the new orders of an account in windows of time and turns the rest away until the next: whoever spends a window at
//! its beginning has no quotes for what is left of it. What a configuration allows all instruments of an account together is therefore
//! held against these counts at the start, and the gate's throttle of each is lowered to an equal share where it is more. A tenth of
//! each count is left to orders that reduce a position, which nothing holds back.

use core::fmt;

use ballast_core::gate::{GateLimits, ReducingQuotes};
use serde::{Deserialize, Serialize};

/// Windows that are kept of a venue.
pub const ORDER_WINDOWS_MAX: usize = 4;

/// Longer windows are not divided: nobody quotes as fast as he may for a whole day.
const WINDOW_MAX: u32 = 3_600;

/// Percent of a count that the throttle may use: what reduces a position is never throttled, and is counted all the same.
const USED_PERCENT: u32 = 90;

/// A count of new orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderWindow {
    /// Its length in seconds.
    pub seconds: u32,
    /// New orders that the venue takes of an account in it.
    pub count: u32,
}

/// What an instrument may spend of a venue's counts: an equal share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderShare {
    /// The venue's counts.
    pub windows: [Option<OrderWindow>; ORDER_WINDOWS_MAX],
    /// Instruments of the account that send orders, at least one.
    pub lanes: u32,
}

impl OrderShare {
    /// Lowers the throttle of a gate so that burst and rate × window stay within the share of every window. A fifth of the share is kept for the
    /// burst before the rate is lowered; neither falls below one, so that what is quoted at all can be.
    /// Quotes that reduce wait for it too, so that what must reduce finds room at the venue.
    pub fn slow(&self, limits: &mut GateLimits) {
        limits.reducing_quotes = ReducingQuotes::Wait;
        for window in self.divided() {
            let share = window.count / 100 * USED_PERCENT + window.count % 100 * USED_PERCENT / 100;
            let share = share / self.lanes.max(1);
            let (burst, rate) = (limits.order_burst_max, limits.orders_per_second_max);
            if sent(burst, rate, window.seconds) <= u64::from(share) {
                continue;
            }
            let kept = burst.min(share / 5).max(1);
            let rate = rate.min(share.saturating_sub(kept) / window.seconds.max(1)).max(1);
            limits.orders_per_second_max = rate;
            limits.order_burst_max =
                burst.min(share.saturating_sub(rate.saturating_mul(window.seconds))).max(1);
        }
    }

    /// Windows that are divided.
    fn divided(&self) -> impl Iterator<Item = OrderWindow> {
        self.windows.into_iter().flatten().filter(|window| window.seconds <= WINDOW_MAX)
    }
}

/// New orders that a throttle lets through in a window at most.
fn sent(burst: u32, per_second: u32, seconds: u32) -> u64 {
    u64::from(burst) + u64::from(per_second) * u64::from(seconds)
}

/// A throttle that is lowered, or that would be were it longer: what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slowed {
    /// Whose.
    pub instrument: String,
    /// Burst and rate as configured.
    pub asked: (u32, u32),
    /// Burst and rate in force.
    pub given: (u32, u32),
    /// Instruments that share the counts.
    pub lanes: u32,
    /// The window that all of them could go beyond furthest, and how many new orders that would be.
    pub window: (OrderWindow, u64),
}

impl Slowed {
    /// What is to be said of an instrument with these limits where it has this share; `None` where all of them stay within every count.
    #[must_use]
    pub fn of(instrument: &str, share: &OrderShare, limits: &GateLimits) -> Option<Self> {
        let pace = |limits: &GateLimits| (limits.order_burst_max, limits.orders_per_second_max);
        let asked = pace(limits);
        let mut slow = *limits;
        share.slow(&mut slow);
        let all = |window: OrderWindow| {
            (window, sent(asked.0, asked.1, window.seconds) * u64::from(share.lanes.max(1)))
        };
        let beyond =
            |(window, all): &(OrderWindow, u64)| *all > u64::from(window.count) || pace(&slow) != asked;
        let furthest = |(window, all): &(OrderWindow, u64)| all * 1_000 / u64::from(window.count.max(1));
        let window = share.divided().map(all).filter(beyond).max_by_key(furthest)?;
        Some(Self {
            instrument: instrument.to_owned(),
            asked,
            given: pace(&slow),
            lanes: share.lanes,
            window,
        })
    }
}

impl fmt::Display for Slowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instrument, asked, given, lanes, window: (OrderWindow { seconds, count }, all) } = self;
        write!(
            f,
            "{instrument}: order_burst {} and orders_per_second {} are {all} new orders of {lanes} instrument(s) in {seconds} s, of which \
             the venue takes {count}: lowered to {} and {}",
            asked.0, asked.1, given.0, given.1
        )
    }
}

#[cfg(test)]
mod tests;
