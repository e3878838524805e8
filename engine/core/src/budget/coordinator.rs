//! The side that holds the limit.
//!
//! Never here: what a shard uses its budget for.

use alloc::vec::Vec;

use ballast_model::Digest;

use super::{AMOUNT_MAX, Grant, Report, SHARDS_MAX, ShardId};

/// Why a coordinator cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoordinatorError {
    /// No shard, or more than [`SHARDS_MAX`].
    Shards,
    /// The limit is above [`AMOUNT_MAX`].
    Limit,
}

impl core::fmt::Display for CoordinatorError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Shards => "a budget needs 1 to 16 shards",
            Self::Limit => "the limit is beyond the largest budget",
        })
    }
}

impl core::error::Error for CoordinatorError {}

/// What a report was good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It answers the latest grant.
    Answer,
    /// It is of the shard's epoch, and answers an earlier grant or none.
    News,
    /// The shard has come back under a new epoch.
    NewEpoch,
    /// It is of an earlier epoch, or of epoch zero.
    Stale,
    /// There is no such shard.
    UnknownShard,
    /// The shard owns more than it can have been granted, or has heard a grant that was never made: one of the two has lost
    /// its past. The shard is believed, and nobody is raised until the sum fits again; somebody should be told.
    Contradiction,
}

/// What the coordinator knows of one shard.
#[derive(Clone, Copy, Debug)]
struct Link {
    /// The highest heard of; 0 before the first report.
    epoch: u32,
    /// The latest grant, and what it says.
    seq: u32,
    amount: u128,
    /// The latest grant of this epoch that the shard has answered.
    answered: u32,
    /// The first grant of this epoch: no decrease before it, or a later one, is answered.
    opening: u32,
    /// The most the shard can believe it owns.
    bound: u128,
    /// The bound when the latest grant was made: no answer to it can say more.
    ceiling: u128,
    wanted: u128,
    number: u32,
}

impl Link {
    const UNHEARD: Self = Self {
        epoch: 0,
        seq: 0,
        amount: 0,
        answered: 0,
        opening: 0,
        bound: 0,
        ceiling: 0,
        wanted: 0,
        number: 0,
    };

    /// Makes a grant of `amount` the latest. At the last number there is none any more, and the budget stands as it is.
    fn grant(&mut self, amount: u128) {
        if let Some(seq) = self.seq.checked_add(1) {
            self.seq = seq;
            self.amount = amount;
            self.bound = self.bound.max(amount);
            self.ceiling = self.bound;
        }
    }

    /// Believes a shard that says it owns more, or has heard more, than this side knows of.
    fn believe(&mut self, report: &Report) {
        if report.seq > self.seq {
            self.seq = report.seq;
            self.amount = report.owned.min(AMOUNT_MAX);
        }
        self.bound = self.bound.max(report.owned.min(AMOUNT_MAX));
        self.ceiling = self.bound;
    }

    /// True where the shard has a grant of its epoch that covers what its predecessor can have owned.
    const fn is_open(&self) -> bool {
        self.answered >= self.opening
    }
}

/// Divides a limit among shards by what they want.
#[derive(Clone, Debug)]
pub struct Coordinator {
    limit: u128,
    /// By shard number.
    links: Vec<Link>,
}

impl Coordinator {
    /// A coordinator of the shards `0..shards`, none of which owns anything.
    ///
    /// # Errors
    /// [`CoordinatorError`].
    pub fn new(limit: u128, shards: usize) -> Result<Self, CoordinatorError> {
        if !(1..=SHARDS_MAX).contains(&shards) {
            return Err(CoordinatorError::Shards);
        }
        if limit > AMOUNT_MAX {
            return Err(CoordinatorError::Limit);
        }
        let mut links = Vec::with_capacity(shards);
        links.resize(shards, Link::UNHEARD);
        Ok(Self { limit, links })
    }

    /// The limit.
    #[must_use]
    pub const fn limit(&self) -> u128 {
        self.limit
    }

    /// Changes the limit (to [`AMOUNT_MAX`] at most). Where it falls, the bounds stay above it until the shards have given
    /// back, and no bound rises before.
    pub fn set_limit(&mut self, limit: u128) {
        self.limit = limit.min(AMOUNT_MAX);
        self.plan();
    }

    /// The most a shard can believe it owns; `None` where there is no such shard.
    #[must_use]
    pub fn bound(&self, shard: ShardId) -> Option<u128> {
        self.links.get(usize::from(shard.0)).map(|link| link.bound)
    }

    /// What the bounds leave of the limit.
    #[must_use]
    pub fn free(&self) -> u128 {
        let bounds: u128 = self.links.iter().map(|link| link.bound).sum();
        self.limit.saturating_sub(bounds)
    }

    /// The grants not answered yet: to be journaled when new, sent, and sent again by a timer.
    pub fn unanswered(&self) -> impl Iterator<Item = Grant> {
        let numbered = (0..).map(ShardId).zip(&self.links);
        numbered.filter(|(_, link)| link.answered != link.seq).map(|(shard, link)| {
            let Link { epoch, seq, amount, .. } = *link;
            Grant { shard, epoch, seq, amount }
        })
    }

    /// Takes note of a report. There may be new grants in [`Self::unanswered`] then.
    pub fn on_report(&mut self, report: &Report) -> Heard {
        let Some(link) = self.links.get_mut(usize::from(report.shard.0)) else { return Heard::UnknownShard };
        if report.epoch < link.epoch || report.epoch == 0 {
            return Heard::Stale;
        }
        let renewed = report.epoch > link.epoch;
        if renewed {
            *link = Link { epoch: report.epoch, number: 0, ..*link };
            link.grant(link.bound);
            link.opening = link.seq;
        }
        if report.number >= link.number {
            (link.number, link.wanted) = (report.number, report.wanted.min(AMOUNT_MAX));
        }
        let answers = report.seq == link.seq;
        let heard = if renewed {
            Heard::NewEpoch
        } else if report.seq > link.seq || (answers && report.owned > link.ceiling) {
            link.believe(report);
            Heard::Contradiction
        } else if answers {
            // An answer overtaken by a later one says more than is owned by now.
            link.bound = link.bound.min(report.owned);
            Heard::Answer
        } else {
            Heard::News
        };
        link.answered = link.answered.max(report.seq);
        self.plan();
        heard
    }

    /// Grants what the shards should own, as far as it can be granted now: decreases first, then raises out of what is free.
    fn plan(&mut self) {
        let split = self.split();
        for (link, target) in self.links.iter_mut().zip(split) {
            if target < link.amount && link.is_open() {
                link.grant(target);
            }
        }
        let mut free = self.free();
        for (link, target) in self.links.iter_mut().zip(split) {
            let amount = target.min(link.bound.saturating_add(free));
            if amount > link.amount {
                free = free.saturating_sub(amount.saturating_sub(link.bound));
                link.grant(amount);
            }
        }
    }

    /// What each shard should own: what it wants where the limit reaches, else max-min fair (Bertsekas and Gallager 1992, "Data
    /// Networks", section 6.5.2): small wishes are met, the others share the rest equally, and what does not divide goes to
    /// the largest.
    #[must_use]
    pub fn split(&self) -> [u128; SHARDS_MAX] {
        let mut wishes = [(u128::MAX, 0); SHARDS_MAX];
        for ((place, link), wish) in self.links.iter().enumerate().zip(&mut wishes) {
            *wish = (link.wanted, place);
        }
        wishes.sort_unstable();
        let mut split = [0; SHARDS_MAX];
        let mut rest = self.limit;
        for ((wanted, place), left) in wishes.iter().zip((1..=self.links.len() as u128).rev()) {
            let own = rest.checked_div(left).map_or(0, |share| share.min(*wanted));
            rest -= own;
            if let Some(slot) = split.get_mut(*place) {
                *slot = own;
            }
        }
        split
    }

    /// Takes the state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.bytes(&self.limit.to_le_bytes());
        for link in &self.links {
            for word in [link.epoch, link.seq, link.answered, link.opening, link.number] {
                digest.word(u64::from(word));
            }
            for amount in [link.amount, link.bound, link.wanted] {
                digest.bytes(&amount.to_le_bytes());
            }
        }
    }
}
