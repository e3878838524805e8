//! Runs worlds: one of a seed, or many.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use ballast_model::{Nanos, Span};
use ballast_simulator::binance::Market;

use crate::config::config;
use crate::counterpart::counterpart;
use crate::dice::Dice;
use crate::net::SimNetwork;
use crate::oracle::{PANIC, Violation};
use crate::plan::Plan;
use crate::profile::Profile;
use crate::report::{Coverage, Report};
use crate::watch::Watch;
use crate::world::World;

/// Funding is exchanged then.
const FUNDED: Nanos = Nanos::from_millis(1_786_147_200_000);
/// How long before that a run begins at most: most are there when it is.
const BEFORE_MAX: Span = Span::from_secs(700);

/// Why a world itself could not be or go on: nothing is said of the engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SimError(pub(crate) String);

/// Runs the world of a seed for so long in simulated time, the end not counted.
///
/// # Errors
/// [`SimError`]: what the oracles say is in the report.
pub fn run(seed: u64, profile: &Profile, length: Span) -> Result<Report, SimError> {
    play(&Plan::draw(seed, profile, length), profile)
}

/// Runs a plan.
///
/// # Errors
/// As [`run`].
pub fn play(plan: &Plan, profile: &Profile) -> Result<Report, SimError> {
    let start = FUNDED - Dice::new(plan.seed, "start").span(Span::from_secs(1), BEFORE_MAX);
    let watch = Rc::new(RefCell::new(Watch::of(plan.markets)));
    let told = Rc::clone(&watch);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let network = |(nth, market): (u64, &Market)| -> Result<SimNetwork, SimError> {
            // The last of them is of the same seed as where it is alone.
            let seed = plan.seed.wrapping_add((plan.markets.venues().len() as u64 - 1 - nth) << 32);
            let venue = counterpart(seed, *market, profile.flow, start)?;
            Ok(SimNetwork::new(venue, profile.latency, seed, start))
        };
        let networks = (0..).zip(plan.markets.venues()).map(network).collect::<Result<_, SimError>>()?;
        World::new(plan, config(plan.markets)?, networks, start, told)?.run()
    }));
    ran.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let what = text.unwrap_or_else(|| "a panic without words".to_owned());
        let story = watch.try_borrow().map_or_else(|_| Vec::new(), |watch| watch.story(start));
        let violation = Some(Violation { oracle: PANIC, at: start, what });
        Ok(Report { seed: plan.seed, violation, story, ..Report::default() })
    })
}

/// What came of many runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// How many.
    pub runs: u64,
    /// Simulated time that went by in all.
    pub lasted: Span,
    /// Orders in all, and fewest in one run.
    pub orders: (u64, u64),
    /// Trades of ours in all.
    pub fills: u64,
    /// Fewest faults that fired in one run.
    pub faults_least: u64,
    /// Processes in all.
    pub processes: u64,
    /// What went wrong, and when.
    pub coverage: Coverage,
    /// Runs in which something was violated, in the order of their seeds.
    pub violated: Vec<Report>,
    /// Of all digests.
    pub digest: u64,
}

impl Sweep {
    /// Takes in one run.
    pub fn add(&mut self, report: Report) {
        let (orders, faults) = (report.orders, report.coverage.total());
        let first = self.runs == 0;
        self.runs += 1;
        self.lasted.0 += report.lasted.0;
        self.orders = (self.orders.0 + orders, if first { orders } else { self.orders.1.min(orders) });
        self.fills += report.fills;
        self.faults_least = if first { faults } else { self.faults_least.min(faults) };
        self.processes += u64::from(report.processes);
        self.coverage.join(&report.coverage);
        // The order in which runs end is not the order of their seeds: a sum does not know it.
        self.digest = self.digest.wrapping_add(report.digest.rotate_left((report.seed % 64) as u32));
        if report.violation.is_some() {
            let at = self.violated.partition_point(|other| other.seed < report.seed);
            self.violated.insert(at, report);
        }
    }
}
