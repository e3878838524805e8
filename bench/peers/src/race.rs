//! Contenders run in turns, round after round, so that what disturbs the host disturbs all of them alike.

use std::fmt;

use anyhow::Result;

/// What one run of a contender took and did.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Wall time of the measured part, seconds.
    pub seconds: f64,
    /// Book levels in diffs and snapshots that the run replayed: the denominator all contenders share.
    pub level_updates: u64,
    /// The contender's own events (hftbacktest: rows of its tape; ours: messages of the market).
    pub events: u64,
    /// Orders of the strategy; 0 when idle.
    pub orders: u64,
    /// Fills of the strategy; 0 when idle.
    pub fills: i64,
}

/// Something that can be run and timed again and again.
pub struct Contender<'a> {
    /// What is done. Contenders with the same task are compared with the first of them.
    pub task: &'static str,
    /// Who does it.
    pub name: String,
    /// One complete run.
    pub run: Box<dyn FnMut() -> Result<Timing> + 'a>,
}

impl fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender")
            .field("task", &self.task)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<'a> Contender<'a> {
    /// A contender that does `task` by calling `run`.
    pub fn new(
        task: &'static str,
        name: impl Into<String>,
        run: impl FnMut() -> Result<Timing> + 'a,
    ) -> Self {
        Self { task, name: name.into(), run: Box::new(run) }
    }
}

/// What a contender showed over all rounds.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The contender's task.
    pub task: &'static str,
    /// The contender's name.
    pub name: String,
    /// The timing of the last run: its counts are the same in each.
    pub last: Timing,
    /// Seconds.
    pub seconds: Rounds,
}

impl Standing {
    /// How many times as fast as `other` this one is, each by the level updates it applied itself: the median of the
    /// rounds' own ratios.
    #[must_use]
    pub fn times_as_fast(&self, other: &Self) -> f64 {
        other.seconds.times(&self.seconds) * self.last.level_updates as f64 / other.last.level_updates as f64
    }
}

/// One figure per round, in round order.
#[derive(Debug, Clone, Default)]
pub struct Rounds(pub Vec<f64>);

impl Rounds {
    /// The smallest; NaN when there is none.
    #[must_use]
    pub fn best(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::min)
    }

    /// The median, the upper of the middle two; NaN when there is none.
    #[must_use]
    pub fn median(&self) -> f64 {
        let mut ascending = self.0.clone();
        ascending.sort_by(f64::total_cmp);
        ascending.get(ascending.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// How many times `reference`: the median of the rounds' own ratios, so that a disturbance that lasts a round
    /// cancels out.
    #[must_use]
    pub fn times(&self, reference: &Self) -> f64 {
        Self(self.0.iter().zip(&reference.0).map(|(own, other)| own / other).collect()).median()
    }
}

/// Runs every contender once to warm up, then `rounds` times each in turns.
///
/// # Errors
/// Whatever a contender's run reports.
pub fn race(contenders: &mut [Contender<'_>], rounds: u32) -> Result<Vec<Standing>> {
    let mut standings = Vec::with_capacity(contenders.len());
    for Contender { task, name, run } in contenders.iter_mut() {
        standings.push(Standing { task, name: name.clone(), last: run()?, seconds: Rounds::default() });
    }
    for _ in 0..rounds {
        for (contender, standing) in contenders.iter_mut().zip(&mut standings) {
            standing.last = (contender.run)()?;
            standing.seconds.0.push(standing.last.seconds);
        }
    }
    Ok(standings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_alternate_and_the_warm_up_is_not_counted() {
        let order = std::cell::RefCell::new(String::new());
        let run = |name: char| {
            let order = &order;
            Contender::new("a task", name, move || {
                order.borrow_mut().push(name);
                let seconds = order.borrow().len() as f64;
                Ok(Timing { seconds, level_updates: 1, events: 1, orders: 0, fills: 0 })
            })
        };
        let mut standings = race(&mut [run('a'), run('b')], 3).unwrap();
        assert_eq!(*order.borrow(), "abababab");
        assert_eq!(standings[0].seconds.0, [3.0, 5.0, 7.0]);
        assert_eq!((standings[1].seconds.best(), standings[1].seconds.median()), (4.0, 6.0));
        assert_eq!(standings[0].times_as_fast(&standings[1]), 6.0 / 5.0);
        standings[0].last.level_updates = 2;
        assert_eq!(standings[0].times_as_fast(&standings[1]), 2.0 * 6.0 / 5.0, "by the levels of each");
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let (own, reference) = (Rounds(vec![2.0, 40.0, 6.0]), Rounds(vec![1.0, 20.0, 2.0]));
        assert_eq!(own.times(&reference), 2.0);
        assert!(Rounds::default().median().is_nan());
    }
}
