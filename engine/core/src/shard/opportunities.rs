//! Watching a shard's markets for arbitrage, on a timer of its own.
//!
//! At each look every detector is shown the books as they stand. A market is shown where its touch can be trusted and its
//! book has that touch's prices: what is behind best prices that are no more is not counted on. An opportunity is ranked while
//! it is found, and leaves at the first look without it or when it expires, whichever is earlier; neither waits for an event.
//! The pair of a statistical detector is watched at the same looks, which are therefore no rarer than its samples.
//!
//! Never here: an order, work at an event of the market.

mod spec;
mod tally;

use alloc::boxed::Box;
use alloc::vec::Vec;

use ballast_model::{AssetId, Digest, InstrumentId, MarkPrice, Nanos, Side, Span};

use super::lane::Lane;
use crate::arbitrage::{
    Carry, NoOpportunity, Opportunity, OpportunityId, OpportunityKind, Ranking, Spatial, Statistical,
    Triangular, VenueMarket,
};
use crate::outbox::{Note, Outbox};
pub use spec::{ArbitrageError, ArbitrageSpec, DETECTORS_MAX, DetectorSpec, LegSpec};
pub use tally::Tally;

/// A detector, as a shard shows it.
#[derive(Clone, Copy, Debug)]
pub struct DetectorView<'a> {
    /// Whose opportunities it finds.
    pub id: OpportunityId,
    /// Which it is.
    pub kind: OpportunityKind,
    /// The asset its nets are counted in.
    pub asset: AssetId,
    /// Where it looks.
    pub legs: &'a [LegSpec],
    /// What it has found.
    pub tally: Tally,
}

/// A detector with what it remembers.
#[derive(Debug)]
enum Detector {
    Spatial(Spatial),
    Triangular(Triangular),
    /// Boxed: its samples are many times the size of the others.
    Statistical(Box<Statistical>),
    /// With the last mark price of its perpetual.
    Carry(Carry, Option<MarkPrice>),
}

/// An opportunity that is ranked.
#[derive(Clone, Copy, Debug)]
struct Standing {
    since: Nanos,
    expires_at: Nanos,
}

/// A detector, its markets, and what it has found.
#[derive(Debug)]
struct Watch {
    id: OpportunityId,
    kind: OpportunityKind,
    asset: AssetId,
    detector: Detector,
    legs: Vec<LegSpec>,
    /// Index of the ranking of its asset.
    ranking: usize,
    standing: Option<Standing>,
    tally: Tally,
}

/// The detectors of a shard and what they find.
#[derive(Debug)]
pub(super) struct Opportunities {
    interval: Span,
    watches: Vec<Watch>,
    /// One for each asset that nets are counted in; each has room for all of its detectors.
    rankings: Vec<Ranking>,
    /// `None` before the first look, which is due at once.
    next_look: Option<Nanos>,
    /// When anything is due, the next look or an end; as [`Opportunities::next_look`].
    next_due: Option<Nanos>,
}

impl Opportunities {
    pub(super) fn new(spec: &ArbitrageSpec, lanes: usize) -> Result<Self, ArbitrageError> {
        spec.check(lanes)?;
        let mut watches = spec.detectors.iter().map(Watch::new).collect::<Result<Vec<_>, _>>()?;
        let mut assets: Vec<AssetId> = watches.iter().map(|watch| watch.asset).collect();
        assets.sort_unstable();
        assets.dedup();
        for watch in &mut watches {
            watch.ranking = assets.partition_point(|asset| *asset < watch.asset);
        }
        let room = |asset: &AssetId| watches.iter().filter(|watch| watch.asset == *asset).count();
        let rankings = assets.iter().map(|asset| Ranking::new(*asset, room(asset)));
        let rankings = rankings.collect::<Option<_>>().ok_or(ArbitrageError::Detectors)?;
        Ok(Self { interval: spec.interval, watches, rankings, next_look: None, next_due: None })
    }

    /// Whether any detector looks at an instrument.
    pub(super) fn watches(&self, instrument: InstrumentId) -> bool {
        self.watches.iter().flat_map(|watch| &watch.legs).any(|leg| leg.instrument == instrument)
    }

    pub(super) fn deadline(&self, now: Nanos) -> Nanos {
        self.next_due.unwrap_or(now)
    }

    /// The rankings, by asset.
    pub(super) fn rankings(&self) -> &[Ranking] {
        &self.rankings
    }

    /// The detectors with what they have found by `now`.
    pub(super) fn detectors(&self, now: Nanos) -> impl Iterator<Item = DetectorView<'_>> {
        self.watches.iter().map(move |watch| watch.view(now))
    }

    pub(super) fn on_mark(&mut self, mark: &MarkPrice) {
        for watch in &mut self.watches {
            if let (Detector::Carry(_, last), [_, perp]) = (&mut watch.detector, watch.legs.as_slice())
                && perp.instrument == mark.instrument
            {
                *last = Some(*mark);
            }
        }
    }

    /// Ends what has expired, and looks again where that is due.
    pub(super) fn on_timer(&mut self, lanes: &[Lane], now: Nanos, out: &mut Outbox) {
        if self.next_due.is_some_and(|at| now < at) {
            return;
        }
        let due = self.next_look.is_none_or(|at| at <= now);
        for watch in &mut self.watches {
            let Some(ranking) = self.rankings.get_mut(watch.ranking) else { continue };
            if let Some(standing) = watch.standing.filter(|standing| standing.expires_at <= now) {
                watch.end(standing.expires_at, ranking, out);
            }
            if due {
                watch.look(lanes, ranking, now, out);
            }
        }
        if due {
            // On a grid, so that looks do not wander with the times at which timers happen to be served.
            let interval = self.interval.0;
            let next = (now.0.div_euclid(interval) + 1).saturating_mul(interval);
            self.next_look = Some(Nanos(next));
        }
        let ends = self.watches.iter().filter_map(|watch| Some(watch.standing?.expires_at));
        self.next_due = self.next_look.into_iter().chain(ends).min();
    }

    /// Takes everything that what is ranked, now or later, depends on into a digest.
    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.signed(self.next_look.map_or(i64::MIN, |at| at.0));
        for watch in &self.watches {
            match &watch.detector {
                Detector::Spatial(_) | Detector::Triangular(_) => {}
                Detector::Statistical(statistical) => statistical.digest(digest),
                Detector::Carry(_, mark) => {
                    digest.word(u64::from(mark.is_some()));
                    if let Some(mark) = mark {
                        digest.signed(mark.mark_e8);
                        digest.signed(i64::from(mark.funding_e8));
                        digest.word(u64::from(mark.funding_at_secs));
                        digest.signed(mark.recv_time.0);
                    }
                }
            }
        }
        self.rankings.iter().for_each(|ranking| ranking.digest(digest));
    }
}

impl Watch {
    fn new(spec: &DetectorSpec) -> Result<Self, ArbitrageError> {
        let detector = match spec {
            DetectorSpec::Spatial(params, _) => {
                Detector::Spatial(Spatial::new(*params).map_err(ArbitrageError::Spatial)?)
            }
            DetectorSpec::Triangular(params, _) => {
                Detector::Triangular(Triangular::new(*params).map_err(ArbitrageError::Triangular)?)
            }
            DetectorSpec::Statistical(params, _) => {
                let statistical = Statistical::new(*params).map_err(ArbitrageError::Statistical)?;
                Detector::Statistical(Box::new(statistical))
            }
            DetectorSpec::Carry(params, _) => {
                Detector::Carry(Carry::new(*params).map_err(ArbitrageError::Carry)?, None)
            }
        };
        Ok(Self {
            id: spec.id(),
            kind: spec.kind(),
            asset: spec.asset(),
            detector,
            legs: spec.legs().to_vec(),
            ranking: 0,
            standing: None,
            tally: Tally::default(),
        })
    }

    fn view(&self, now: Nanos) -> DetectorView<'_> {
        let mut tally = self.tally;
        if let Some(standing) = &self.standing {
            tally.stood(now.min(standing.expires_at) - standing.since);
        }
        DetectorView { id: self.id, kind: self.kind, asset: self.asset, legs: &self.legs, tally }
    }

    fn look(&mut self, lanes: &[Lane], ranking: &mut Ranking, now: Nanos, out: &mut Outbox) {
        let found = self.detector.detect(&self.legs, lanes, now);
        match found {
            Ok(found) if ranking.rank(&found, now).is_ok() => {
                let since = self.standing.map(|standing| standing.since);
                if since.is_none() {
                    out.note(Note::OpportunitySeen(self.id));
                }
                self.tally.found(&found, since.is_none());
                self.standing = Some(Standing { since: since.unwrap_or(now), expires_at: found.expires_at });
            }
            Ok(_) => self.end(now, ranking, out),
            Err(why) => {
                self.tally.nothing(why);
                self.end(now, ranking, out);
            }
        }
    }

    /// What was ranked is no more since `at`.
    fn end(&mut self, at: Nanos, ranking: &mut Ranking, out: &mut Outbox) {
        if let Some(standing) = self.standing.take() {
            ranking.withdraw(self.id);
            self.tally.stood(at - standing.since);
            out.note(Note::OpportunityGone(self.id));
        }
    }
}

impl Detector {
    fn detect(&mut self, legs: &[LegSpec], lanes: &[Lane], now: Nanos) -> Result<Opportunity, NoOpportunity> {
        let seen = |at: usize| legs.get(at).and_then(|leg| shown(leg, lanes));
        match (self, seen(0), seen(1)) {
            (Self::Spatial(spatial), Some(one), Some(other)) => {
                let (forth, back) = (spatial.detect(&one, &other, now), spatial.detect(&other, &one, now));
                better(&forth, &back)
            }
            (Self::Triangular(triangular), Some(one), Some(other)) => {
                let third = seen(2).ok_or(NoOpportunity::NoBook)?;
                triangular.detect([&one, &other, &third], now)
            }
            (Self::Statistical(statistical), Some(first), Some(second)) => {
                statistical.watch(&first, &second, now);
                statistical.detect(&first, &second, now)
            }
            (Self::Statistical(statistical), ..) => {
                statistical.watch_nothing(now);
                Err(NoOpportunity::NoBook)
            }
            (Self::Carry(carry, mark), Some(spot), Some(perp)) => {
                carry.detect(&spot, &perp, mark.as_ref().ok_or(NoOpportunity::Funding)?, now)
            }
            (Self::Spatial(_) | Self::Triangular(_) | Self::Carry(..), ..) => Err(NoOpportunity::NoBook),
        }
    }
}

/// Of two directions the one that leaves more; the reason of the first where there is none, unless the second alone had a size.
fn better(
    forth: &Result<Opportunity, NoOpportunity>,
    back: &Result<Opportunity, NoOpportunity>,
) -> Result<Opportunity, NoOpportunity> {
    match (forth, back) {
        (Ok(one), Ok(other)) => Ok(if other.net > one.net { *other } else { *one }),
        (Ok(one), Err(_)) | (Err(_), Ok(one)) => Ok(*one),
        (Err(NoOpportunity::NoSize), Err(why)) | (Err(why), Err(_)) => Err(*why),
    }
}

/// A market as detectors see it; `None` where it cannot be trusted, or its book has other best prices than its touch.
fn shown<'a>(leg: &LegSpec, lanes: &'a [Lane]) -> Option<VenueMarket<'a>> {
    let lane = lanes.get(leg.instrument.index())?;
    let (touch, book) = (lane.market.touch()?, lane.market.book());
    let best = |side| book.best(side).map(|level| level.price);
    let agrees = best(Side::Bid) == Some(touch.bid.price) && best(Side::Ask) == Some(touch.ask.price);
    agrees.then(|| VenueMarket {
        instrument: leg.instrument,
        spec: &lane.spec,
        book,
        seen_at: lane.market.confirmed_at(),
        taker_fee: leg.taker_fee,
        lots_max: leg.lots_max,
        conversion: leg.conversion,
    })
}
