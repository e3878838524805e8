//! The best opportunities, in order.
//!
//! Never here: one that has expired, nets in different assets compared.

use alloc::vec::Vec;
use core::cmp::Ordering;

use ballast_model::{AssetId, Digest, Nanos};

use super::{Opportunity, OpportunityId};

/// Most opportunities a ranking may hold.
pub const OPPORTUNITIES_MAX: usize = 256;

/// Why an opportunity was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankRefusal {
    /// Its net is counted in another asset.
    Asset,
    /// It has expired.
    Expired,
    /// The ranking is full of better ones.
    Worse,
}

/// A bounded list of every kind, best first: by net times confidence, ties by id. One opportunity for each id: a newer one replaces.
#[derive(Debug)]
pub struct Ranking {
    asset: AssetId,
    capacity: usize,
    ranked: Vec<Opportunity>,
}

/// Better first. A total order over ids: floats by `totalOrder` (IEEE 754-2019, 5.10).
fn order(a: &Opportunity, b: &Opportunity) -> Ordering {
    let score = |opportunity: &Opportunity| opportunity.net.to_f64() * opportunity.confidence.get();
    score(b).total_cmp(&score(a)).then(a.id.cmp(&b.id))
}

impl Ranking {
    /// An empty ranking of nets in `asset`; its memory is reserved here. `None` where the capacity is outside
    /// `1..=`[`OPPORTUNITIES_MAX`].
    #[must_use]
    pub fn new(asset: AssetId, capacity: usize) -> Option<Self> {
        (1..=OPPORTUNITIES_MAX).contains(&capacity).then(|| Self {
            asset,
            capacity,
            ranked: Vec::with_capacity(capacity),
        })
    }

    /// Takes one in at its place, instead of an earlier one of the same id; the worst leaves where there is no room. Those
    /// that have expired at `now` leave first.
    ///
    /// # Errors
    /// [`RankRefusal`]; an earlier one of the same id is gone even so, unless the asset is wrong.
    pub fn rank(&mut self, opportunity: &Opportunity, now: Nanos) -> Result<(), RankRefusal> {
        if opportunity.asset != self.asset {
            return Err(RankRefusal::Asset);
        }
        self.withdraw(opportunity.id);
        self.expire(now);
        if opportunity.expires_at <= now {
            return Err(RankRefusal::Expired);
        }
        let place = self.ranked.partition_point(|other| order(other, opportunity) == Ordering::Less);
        if self.ranked.len() == self.capacity {
            if place == self.capacity {
                return Err(RankRefusal::Worse);
            }
            self.ranked.pop();
        }
        self.ranked.insert(place, *opportunity);
        Ok(())
    }

    /// Removes the one of this id: its detector finds it no more.
    pub fn withdraw(&mut self, id: OpportunityId) {
        self.ranked.retain(|other| other.id != id);
    }

    /// Removes those that have expired at `now`.
    pub fn expire(&mut self, now: Nanos) {
        self.ranked.retain(|other| other.expires_at > now);
    }

    /// Best first. Call [`Self::expire`] before reading at a later time.
    #[must_use]
    pub fn best_first(&self) -> &[Opportunity] {
        &self.ranked
    }

    /// Takes what is ranked into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.word(self.ranked.len() as u64);
        for opportunity in &self.ranked {
            digest.word(u64::from(opportunity.id.0));
            digest.word(opportunity.kind as u64);
            digest.bytes(&opportunity.net.0.to_le_bytes());
            digest.word(opportunity.confidence.get().to_bits());
            digest.signed(opportunity.expires_at.0);
        }
    }
}

#[cfg(test)]
mod tests;
