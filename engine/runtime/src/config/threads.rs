//! Threads of a live run, and what is asked of the host for them.
//!
//! Never here: what the host gives; see [`crate::host`].

use schemars::JsonSchema;
use serde::Deserialize;

use super::MarketConfig;

/// The highest number a core may have: as many as a set of cores holds on Linux.
const CORE_MAX: u16 = 1_023;

/// Threads of a live run. What the host does not give is a warning at the start, never a failure.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadsConfig {
    /// What a thread of a venue or a shard does that has nothing to do; `auto` where absent.
    #[serde(default)]
    pub wait: WaitConfig,
    /// The core of each shard, the first shard's first, as Linux numbers them; a shard without one is not pinned. No core twice in
    /// this table.
    #[serde(default)]
    pub shard_cores: Vec<u16>,
    /// The cores of the venues' threads, such as `{ spot = 2, usdm = 3 }`; one without is not pinned.
    #[serde(default)]
    pub venue_cores: VenueCoresConfig,
    /// The core of the journal's thread; not pinned where absent.
    pub journal_core: Option<u16>,
    /// The real-time priority (`SCHED_FIFO`, 1 to 99) of the venues' and the shards' threads; ordinary where absent.
    pub fifo: Option<u8>,
    /// Whether all memory is kept from being paged out (`mlockall`).
    #[serde(default)]
    pub mlock: bool,
    /// Whether large pages are asked for where memory is large enough.
    #[serde(default)]
    pub huge_pages: bool,
}

/// The core of each venue's thread.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VenueCoresConfig {
    /// Spot.
    pub spot: Option<u16>,
    /// USD-margined futures.
    pub usdm: Option<u16>,
    /// Coin-margined futures.
    pub coinm: Option<u16>,
}

/// What a thread does that has nothing to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WaitConfig {
    /// Look again at once: the fastest, for as many threads as there are cores to give away.
    Spin,
    /// Let others go first, and look again.
    Yield,
    /// Sleep until there is something.
    Park,
    /// Spin where cores are left over beside the threads of venues and shards, yield where there are just as many, park where there are
    /// fewer.
    #[default]
    Auto,
}

impl VenueCoresConfig {
    /// That of a market.
    #[must_use]
    pub const fn of(&self, market: MarketConfig) -> Option<u16> {
        match market {
            MarketConfig::Spot => self.spot,
            MarketConfig::Usdm => self.usdm,
            MarketConfig::Coinm => self.coinm,
        }
    }
}

impl ThreadsConfig {
    /// Cores that are named for venues and shards.
    pub(crate) fn hot_cores(&self) -> impl Iterator<Item = u16> {
        let VenueCoresConfig { spot, usdm, coinm } = self.venue_cores;
        self.shard_cores.iter().copied().chain([spot, usdm, coinm].into_iter().flatten())
    }

    /// Threads of venues and shards that there are at least: those that a core is named for, and one of each.
    pub(crate) fn hot_threads(&self) -> usize {
        let shards = self.shard_cores.len();
        shards.max(1) + (self.hot_cores().count() - shards).max(1)
    }

    /// Every core that is named, with its key.
    fn cores(&self) -> impl Iterator<Item = (String, u16)> {
        let shards = self.shard_cores.iter().enumerate();
        let shards = shards.map(|(index, core)| (format!("shard_cores.{index}"), Some(*core)));
        let VenueCoresConfig { spot, usdm, coinm } = self.venue_cores;
        let others = [
            ("venue_cores.spot", spot),
            ("venue_cores.usdm", usdm),
            ("venue_cores.coinm", coinm),
            ("journal_core", self.journal_core),
        ];
        let others = others.into_iter().map(|(key, core)| (key.to_owned(), core));
        shards.chain(others).filter_map(|(key, core)| Some((key, core?)))
    }

    /// The first rule broken.
    pub(super) fn broken_rule(&self) -> Option<(String, &'static str)> {
        if self.fifo.is_some_and(|priority| !(1..=99).contains(&priority)) {
            return Some(("fifo".to_owned(), "must be from 1 to 99"));
        }
        let cores: Vec<_> = self.cores().collect();
        for (index, (key, core)) in cores.iter().enumerate() {
            if *core > CORE_MAX {
                return Some((key.clone(), "must be at most 1023"));
            }
            if cores.iter().take(index).any(|(_, other)| other == core) {
                return Some((key.clone(), "is the core of another thread already"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
