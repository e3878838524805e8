//! From a run in which something is violated to a short one in which the same oracle is: faults are dropped in halves, then in ever
//! smaller parts down to one by one (delta debugging: Zeller and Hildebrandt, 2002), and what is left is made shorter and simpler.

use ballast_model::Span;

use crate::fault::{Fault, millis};
use crate::plan::{Markets, Plan, Rings};
use crate::report::Report;
use crate::run::{SimError, play};
use crate::scenario::Scenario;

/// The shortest run it tries.
const LENGTH_MIN: Span = Span::from_secs(30);

/// What a run was shrunk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The short one.
    pub scenario: Scenario,
    /// What comes of it.
    pub report: Report,
    /// Runs that it took.
    pub runs: u32,
}

/// Shrinks a run; `None` where nothing is violated in it.
///
/// # Errors
/// A world that could not be.
pub fn shrink(scenario: &Scenario) -> Result<Option<Shrunk>, SimError> {
    let report = play(&scenario.plan, scenario.profile)?;
    let Some(violation) = &report.violation else { return Ok(None) };
    let oracle = violation.oracle;
    let mut shrinking = Shrinking { best: Shrunk { scenario: scenario.clone(), report, runs: 1 }, oracle };
    shrinking.drop_parts()?;
    shrinking.simplify()?;
    shrinking.shorten()?;
    shrinking.drop_parts()?;
    Ok(Some(shrinking.best))
}

struct Shrinking {
    best: Shrunk,
    oracle: &'static str,
}

impl Shrinking {
    /// Takes another plan where the same oracle is violated in it too.
    fn take(&mut self, plan: Plan) -> Result<bool, SimError> {
        let report = play(&plan, self.best.scenario.profile)?;
        self.best.runs += 1;
        let same = report.violation.as_ref().is_some_and(|violation| violation.oracle == self.oracle);
        if same {
            self.best.scenario.plan = plan;
            self.best.report = report;
        }
        Ok(same)
    }

    fn plan(&self) -> Plan {
        self.best.scenario.plan.clone()
    }

    /// Drops as many faults as can be: halves first, then quarters, and so on; whenever something could be dropped, once more.
    fn drop_parts(&mut self) -> Result<(), SimError> {
        let mut size = self.plan().faults.len().div_ceil(2);
        while size > 0 {
            let (mut at, mut dropped) = (0, false);
            while at < self.plan().faults.len() {
                let mut plan = self.plan();
                let end = (at + size).min(plan.faults.len());
                plan.faults.drain(at..end);
                if self.take(plan)? {
                    dropped = true;
                } else {
                    at += size;
                }
            }
            size = match (size, dropped) {
                (1, false) => 0,
                (1, true) => 1,
                _ => size.div_ceil(2).min(size - 1),
            };
        }
        Ok(())
    }

    /// Tries what is more common: rings that are roomy, one market.
    fn simplify(&mut self) -> Result<(), SimError> {
        if self.plan().rings != Rings::Roomy {
            self.take(Plan { rings: Rings::Roomy, ..self.plan() })?;
        }
        if self.plan().markets != Markets::One {
            let all = |fault: Fault| Fault { venue: None, ..fault };
            let faults = self.plan().faults.into_iter().map(all).collect();
            self.take(Plan { markets: Markets::One, faults, ..self.plan() })?;
        }
        Ok(())
    }

    /// Makes the run shorter by a quarter as often as can be, and what lasts in it by half.
    fn shorten(&mut self) -> Result<(), SimError> {
        loop {
            let plan = self.plan();
            let seconds = Span::from_secs(millis(plan.length) / 1_000 * 3 / 4);
            if seconds < LENGTH_MIN || !self.take(Plan { length: seconds, ..plan })? {
                break;
            }
        }
        for nth in 0..self.plan().faults.len() {
            loop {
                let mut plan = self.plan();
                let lasts = plan.faults.get_mut(nth).and_then(|fault| fault.lasts.as_mut());
                let Some(lasts) = lasts.filter(|lasts| millis(**lasts) > 1) else { break };
                *lasts = Span::from_millis(millis(*lasts) / 2);
                if !self.take(plan)? {
                    break;
                }
            }
        }
        Ok(())
    }
}
