//! Several connections for one way, of which the fastest is kept: all are opened and pinged, the one whose answer took least time goes
//! on, and the others are closed. Once it ends all run again.
//!
//! Never here: what runs over the one that is kept.

use ballast_model::{Nanos, Span};
use ballast_wire::{Link, Network};

/// Pings of each.
const PINGS: u32 = 4;
/// Time between them: venues count pings, and take five messages a second.
const PING_EVERY: Span = Span::from_millis(250);

/// Who runs for a way, and how far they are.
#[derive(Debug)]
pub(super) struct Race {
    /// By place, the shortest round trip so far.
    runners: Vec<(Link, Option<Span>)>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// None stands.
    Opening,
    /// Some do; so many times they were pinged, and next at this time.
    Running { pinged: u32, next: Nanos },
    /// This one is kept.
    Won(Link),
}

impl Race {
    /// Of these; `None` where there is nothing to choose.
    pub(super) fn new(runners: Vec<Link>) -> Option<Self> {
        let runners: Vec<_> = runners.into_iter().map(|link| (link, None)).collect();
        (runners.len() > 1).then_some(Self { runners, stage: Stage::Opening })
    }

    pub(super) fn runs(&self, link: Link) -> bool {
        self.runners.iter().any(|(runner, _)| *runner == link)
    }

    /// The one that is kept.
    pub(super) const fn winner(&self) -> Option<Link> {
        match self.stage {
            Stage::Won(link) => Some(link),
            Stage::Opening | Stage::Running { .. } => None,
        }
    }

    /// Whether it ran and is not kept.
    pub(super) fn has_lost(&self, link: Link) -> bool {
        self.runs(link) && self.winner().is_some_and(|winner| winner != link)
    }

    pub(super) const fn next_deadline(&self) -> Option<Nanos> {
        match self.stage {
            Stage::Running { next, .. } => Some(next),
            Stage::Opening | Stage::Won(_) => None,
        }
    }

    /// The one that was kept ended: all run again.
    pub(super) fn again(&mut self) {
        self.stage = Stage::Opening;
        self.runners.iter_mut().for_each(|(_, best)| *best = None);
    }

    /// Goes on, with those that stand; the winner, once it is known.
    pub(super) fn run(
        &mut self,
        network: &mut impl Network,
        now: Nanos,
        stands: impl Fn(Link) -> bool,
    ) -> Option<Link> {
        let any = self.runners.iter().any(|(link, _)| stands(*link));
        let (pinged, next) = match self.stage {
            Stage::Won(_) => return None,
            Stage::Opening | Stage::Running { .. } if !any => {
                self.again();
                return None;
            }
            Stage::Opening => (0, now),
            Stage::Running { pinged, next } => (pinged, next),
        };
        self.stage = Stage::Running { pinged, next };
        if next > now {
            return None;
        }
        for (link, best) in self.runners.iter_mut().filter(|(link, _)| stands(*link)) {
            let took = network.pulse(*link).and_then(|pulse| pulse.round_trip);
            *best = best.iter().copied().chain(took).min();
            // One that cannot even be pinged is never the fastest.
            let _ = network.ping(*link);
        }
        self.stage = Stage::Running { pinged: pinged + 1, next: now + PING_EVERY };
        if pinged < PINGS {
            return None;
        }
        let standing = self.runners.iter().filter(|(link, _)| stands(*link));
        let (winner, _) = standing.min_by_key(|(_, best)| best.map_or(i64::MAX, |best| best.0))?;
        self.stage = Stage::Won(*winner);
        Some(*winner)
    }
}
