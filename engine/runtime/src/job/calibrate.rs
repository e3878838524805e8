//! Which power the queues of a recorded run had, told from its fills.
//!
//! The commands of the journal reach the simulated venue again at the times they were sent at, whatever it now answers, under
//! one power after another. What each order has filled is then a curve over time, `S(t)` simulated and `R(t)` recorded, and the
//! **disagreement** is `Σ ∫ |R − S| dt / Σ ∫ lots dt`, over all orders, each from when it was sent to when it was recorded to
//! end, and for one that filled ten seconds more, since it may do so later in the simulation. Zero is perfect; it grows with
//! fills that come too early, too late, or not at all.
//!
//! Powers are tried on a grid of equal ratios. What is found is the best one, of several that are as good the middle by ratio. Its
//! error is the range of neighbours whose disagreement lies within a fiftieth of the whole spread above the least: orders are
//! few and fill by steps, so that many powers come to nearly the same. A range that goes on to an end of the grid has none there.

use std::collections::BTreeMap;

use ballast_exchange::{CancelModel, Curve, Family, TapeVenue};
use ballast_model::{ClientOrderId, Command, InstrumentId, Lots, Nanos, Rate, Span};

use super::{JobError, Mode, Prepared};
use crate::config::Quoted;
use crate::journal::{Happened, Heard, Told};
use crate::replay::play_commands;

/// Powers of two of the smallest and the largest power tried, and the powers between two of them.
const POWERS: (i8, i8, i8) = (-3, 4, 8);
/// Above the least disagreement, in the spread between least and most.
const ALIKE: f64 = 0.02;
/// How long after a recorded fill the simulated one is waited for.
const LATER: Span = Span::from_secs(10);

/// What a calibration found.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// The best power; of several that are as good, their middle by ratio.
    pub power: f64,
    /// The least and the largest power that the fills do not tell from the best one.
    pub range: (f64, f64),
    /// What queues by trades alone come to.
    pub risk_averse: Trial,
    /// What that power comes to.
    pub best: Trial,
    /// Everything tried, by rising power.
    pub tried: Vec<(f64, Trial)>,
    /// Size that was recorded to fill.
    pub recorded: Lots,
    /// Orders looked at.
    pub orders: usize,
}

impl Calibration {
    /// Whether the fills tell the best power from any other that was tried.
    #[must_use]
    pub fn is_identified(&self) -> bool {
        let ends = self.tried.first().zip(self.tried.last()).map(|(first, last)| (first.0, last.0));
        ends != Some(self.range)
    }
}

/// What one model comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// The disagreement; from 0.
    pub disagreement: f64,
    /// Size that fills in the simulation.
    pub filled: Lots,
}

/// An order of the journal.
#[derive(Debug)]
struct Life {
    lots: Lots,
    sent: Nanos,
    /// When it was recorded to end, or the journal did.
    until: Nanos,
    /// Recorded fills.
    fills: Vec<(Nanos, Lots)>,
}

type Lives = BTreeMap<(InstrumentId, ClientOrderId), Life>;

impl Prepared<'_> {
    /// Searches the power of a family under which the recorded commands come closest to the recorded fills.
    ///
    /// # Errors
    /// A venue that cannot be built.
    pub fn calibrate(&self, told: &Told, family: Family) -> Result<Calibration, JobError> {
        let lives = lives(told);
        let trial = |cancels| self.try_queue(told, &lives, cancels);
        let power = |power: f64| trial(CancelModel::Odds(family, Curve::Power(power)));
        let (low, high, between) = POWERS;
        let mut tried = Vec::new();
        for step in low * between..=high * between {
            let at = (f64::from(step) / f64::from(between)).exp2();
            tried.push((at, power(at)?));
        }
        let (range, best) = (alike(&tried, ALIKE), alike(&tried, 0.0));
        let middle = (best.0 * best.1).sqrt();
        Ok(Calibration {
            power: middle,
            range,
            risk_averse: trial(CancelModel::Share(Rate(0)))?,
            best: power(middle)?,
            tried,
            recorded: lives.values().flat_map(|life| &life.fills).fold(Lots::ZERO, |sum, fill| sum + fill.1),
            orders: lives.len(),
        })
    }

    /// Plays the recorded commands with queues of this model.
    fn try_queue(&self, told: &Told, lives: &Lives, cancels: CancelModel) -> Result<Trial, JobError> {
        let quoted = if told.meta.mode() == Mode::Quoting { Quoted::Yes } else { Quoted::No };
        let mut spec = self.resolver.build(&self.instruments, quoted)?.venue;
        spec.conditions = self.conditions.clone();
        spec.instruments.iter_mut().for_each(|rules| rules.queue.cancels = cancels);
        let mut venue = TapeVenue::new(&spec)?;
        let mut again: BTreeMap<_, Vec<(Nanos, Lots)>> = BTreeMap::new();
        play_commands(&self.tapes, &told.commands, &mut venue, |event| {
            if let Some(Heard { at, instrument, client_id, what: Happened::Filled(lots) }) = Heard::of(event)
            {
                again.entry((instrument, client_id)).or_default().push((at, lots));
            }
        });
        let (mut apart, mut whole, mut filled) = (0_i128, 0_i128, Lots::ZERO);
        for (order, life) in lives {
            let simulated = again.get(order).map_or(&[][..], Vec::as_slice);
            apart += distance(&life.fills, simulated, life.until);
            whole += i128::from(life.lots.0) * i128::from((life.until - life.sent).0.max(0));
            filled = simulated.iter().fold(filled, |sum, (_, lots)| sum + *lots);
        }
        Ok(Trial { disagreement: apart as f64 / whole.max(1) as f64, filled })
    }
}

/// The ends of the range of neighbours that come to as little disagreement as the best one, or to more by no more than this share
/// of the spread.
fn alike(tried: &[(f64, Trial)], share: f64) -> (f64, f64) {
    let all = || tried.iter().map(|(_, trial)| trial.disagreement);
    let (least, most) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let is_alike = |trial: &Trial| trial.disagreement <= least + share * (most - least);
    let runs = tried.chunk_by(|one, next| is_alike(&one.1) == is_alike(&next.1));
    let mut found = runs.filter(|run| run.iter().any(|(_, trial)| trial.disagreement <= least));
    let ends = found.next().and_then(|run| Some((run.first()?.0, run.last()?.0)));
    ends.unwrap_or((1.0, 1.0))
}

/// The orders of a journal.
fn lives(told: &Told) -> Lives {
    let mut lives = Lives::new();
    for (at, command) in &told.commands {
        match command {
            Command::New(new) => {
                let life = Life { lots: new.lots, sent: *at, until: told.ended_at, fills: Vec::new() };
                lives.insert((new.instrument, new.client_id), life);
            }
            Command::Replace(replace) => {
                if let Some(life) = lives.get_mut(&(replace.instrument, replace.client_id)) {
                    life.lots = life.lots.max(replace.lots);
                }
            }
            Command::Cancel(_) | Command::Query(_) => {}
        }
    }
    for heard in &told.reports {
        let Some(life) = lives.get_mut(&(heard.instrument, heard.client_id)) else { continue };
        match heard.what {
            Happened::Ended => life.until = heard.at.min(told.ended_at),
            Happened::Filled(lots) => {
                life.fills.push((heard.at, lots));
                let filled = life.fills.iter().fold(Lots::ZERO, |sum, fill| sum + fill.1);
                if filled >= life.lots {
                    life.until = (heard.at + LATER).min(told.ended_at);
                }
            }
        }
    }
    lives
}

/// `∫ |R − S| dt` up to a time, in lots times nanoseconds; both curves begin at zero and rise by steps.
fn distance(recorded: &[(Nanos, Lots)], simulated: &[(Nanos, Lots)], until: Nanos) -> i128 {
    let steps = |fills: &[(Nanos, Lots)], sign: i64| -> Vec<(Nanos, i64)> {
        fills.iter().map(|(at, lots)| (*at, sign * lots.0)).collect()
    };
    let mut steps = [steps(recorded, 1), steps(simulated, -1)].concat();
    steps.sort_unstable();
    let ends = steps.iter().skip(1).map(|(at, _)| *at).chain([until]);
    let mut difference = 0;
    let mut sum = 0;
    for ((at, step), end) in steps.iter().zip(ends) {
        difference += step;
        sum += i128::from(difference.abs()) * i128::from((end.min(until) - *at).0.max(0));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(steps: &[(i64, i64)]) -> Vec<(Nanos, Lots)> {
        steps.iter().map(|(at, lots)| (Nanos(*at), Lots(*lots))).collect()
    }

    #[test]
    fn powers_that_come_to_the_same_are_one_range() {
        let tried = |disagreements: &[f64]| -> Vec<(f64, Trial)> {
            let trial = |disagreement| Trial { disagreement, filled: Lots(1) };
            (1..).map(f64::from).zip(disagreements.iter().map(|&one| trial(one))).collect()
        };
        let range = |disagreements: &[f64]| {
            let (low, high) = alike(&tried(disagreements), ALIKE);
            format!("{low:.0} to {high:.0}")
        };
        assert_eq!(range(&[1.0, 0.3, 0.201, 0.2, 0.21, 0.3]), "3 to 5");
        assert_eq!(range(&[0.201, 1.0, 0.2, 0.9]), "3 to 3", "neighbours alone");
        assert_eq!(range(&[0.5, 0.5, 0.5]), "1 to 3", "nothing is told apart");
        assert_eq!(range(&[]), "1 to 1");
        let (low, high) = alike(&tried(&[1.0, 0.201, 0.2, 0.2, 0.3]), 0.0);
        assert_eq!(format!("{low:.0} to {high:.0}"), "3 to 4", "the best ones alone");
    }

    #[test]
    fn the_distance_of_two_curves_is_the_area_between_them() {
        let one = curve(&[(10, 3), (20, 2)]);
        assert_eq!(distance(&one, &one, Nanos(100)), 0);
        assert_eq!(distance(&one, &[], Nanos(30)), 3 * 10 + 5 * 10);
        assert_eq!(distance(&one, &curve(&[(15, 5)]), Nanos(30)), 3 * 5 + 2 * 5);
        assert_eq!(distance(&[], &one, Nanos(15)), 3 * 5, "nothing after the end counts");
        assert_eq!(distance(&[], &one, Nanos(5)), 0);
        assert_eq!(distance(&[], &[], Nanos(5)), 0);
    }
}
