//! Which power the queues of a recorded run had, told from its fills.
//!
//! The commands of the journal reach the simulated venue again at the times they were sent at, whatever it now answers, under
//! one power after another. What each order has filled is then a curve over time, `S(t)` simulated and `R(t)` recorded, and the
//! **disagreement** is `Σ ∫ |R − S| dt / Σ ∫ lots dt`, over all orders, each from when it was sent to when it was recorded to
//! end, and for one that filled ten seconds more, since it may do so later in the simulation. Zero is perfect; it grows with
//! fills that come too early, too late, or not at all.
//!
//! The power of the least disagreement is searched on a grid of equal ratios and then between its neighbours there by golden
//! section. The error that is stated is half of the last interval: how well the search knows its minimum. How well the minimum
//! is founded, the disagreements beside it tell: few fills make a flat curve.

use std::collections::BTreeMap;

use ballast_exchange::{CancelModel, Curve, Family, TapeVenue};
use ballast_model::{ClientOrderId, Command, InstrumentId, Lots, Nanos, Rate, Span};

use super::{JobError, Mode, Prepared};
use crate::config::Quoted;
use crate::journal::{Happened, Heard, Told};
use crate::replay::play_commands;

/// The smallest and largest power tried.
const POWERS: (f64, f64) = (0.125, 16.0);
/// Powers on the grid.
const GRID: u8 = 15;
/// Steps of golden section after it.
const STEPS: u8 = 8;
/// How long after a recorded fill the simulated one is waited for.
const LATER: Span = Span::from_secs(10);

/// What a calibration found.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// The best power, and half of the interval that its search ended with.
    pub power: f64,
    /// See [`Calibration::power`].
    pub power_error: f64,
    /// What queues by trades alone come to.
    pub risk_averse: Trial,
    /// What the best power comes to.
    pub best: Trial,
    /// Everything tried, by rising power.
    pub tried: Vec<(f64, Trial)>,
    /// Size that was recorded to fill.
    pub recorded: Lots,
    /// Orders looked at.
    pub orders: usize,
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
        let mut tried = Vec::new();
        let (low, high) = (POWERS.0.ln(), POWERS.1.ln());
        for step in 0..GRID {
            let at = (low + (high - low) * f64::from(step) / f64::from(GRID - 1)).exp();
            tried.push((at, power(at)?));
        }
        let least = |tried: &[(f64, Trial)]| {
            let order = |one: &&(f64, Trial), other: &&(f64, Trial)| {
                one.1.disagreement.total_cmp(&other.1.disagreement)
            };
            tried.iter().min_by(order).map_or(1.0, |(at, _)| *at)
        };
        let ratio = ((high - low) / f64::from(GRID - 1)).exp();
        let (mut from, mut to) = (least(&tried) / ratio, least(&tried) * ratio);
        let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
        for _ in 0..STEPS {
            let (left, right) = (to - golden * (to - from), from + golden * (to - from));
            let found = (power(left)?, power(right)?);
            tried.extend([(left, found.0), (right, found.1)]);
            if found.0.disagreement <= found.1.disagreement { to = right } else { from = left }
        }
        tried.sort_by(|one, other| one.0.total_cmp(&other.0));
        let best = least(&tried);
        let found = power(best)?;
        Ok(Calibration {
            power: best,
            power_error: (to - from) / 2.0,
            risk_averse: trial(CancelModel::Share(Rate(0)))?,
            best: found,
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
