//! What is wrong on purpose, to see that it is caught: by the oracle meant for it, within some seeds.

/// One mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// The name by which its place in the engine asks: `ballast_model::mutant`.
    pub name: &'static str,
    /// Oracles that are meant for it: whichever sees it first. In other worlds others may.
    pub oracles: &'static [&'static str],
}

const fn mutant(name: &'static str, oracles: &'static [&'static str]) -> Mutant {
    Mutant { name, oracles }
}

/// All mutants.
pub const MUTANTS: [Mutant; 24] = [
    mutant("duplicate-fill-booked", &["fills-once"]),
    mutant("late-fill-lost", &["fills-once", "position"]),
    mutant("fee-lost", &["ledger"]),
    mutant("funding-lost", &["ledger"]),
    mutant("unknown-is-dead", &["exposure", "empty"]),
    mutant("position-ignored", &["exposure"]),
    mutant("working-ignored", &["exposure"]),
    mutant("kill-ignored", &["kill-holds"]),
    mutant("latch-ignored", &["kill-holds"]),
    mutant("access-ignored", &["fresh-inputs"]),
    mutant("stale-touch-quoted", &["fresh-inputs"]),
    mutant("gap-unseen", &["book"]),
    mutant("sweep-without-trades", &["position", "exposure", "alive", "start-gate"]),
    mutant("ledger-not-restored", &["fills-once"]),
    mutant("trades-not-restored", &["fills-once"]),
    mutant("ring-forgotten", &["fills-once", "alive"]),
    mutant("command-unrecorded", &["verify"]),
    mutant("timer-unrecorded", &["verify"]),
    mutant("gate-opens-early", &["start-gate"]),
    mutant("end-unproved", &["empty"]),
    mutant("never-reconnects", &["alive"]),
    mutant("spins-while-closing", &["no-panic"]),
    mutant("hedge-doubled", &["hedge"]),
    mutant("hedge-asleep", &["hedge"]),
];

/// How a mutant was caught.
#[cfg(mutant)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caught {
    /// In the world of this seed.
    pub seed: u64,
    /// By this oracle, which is meant for it.
    pub oracle: &'static str,
    /// Worlds before it in which another oracle saw something first.
    pub others: u64,
}

/// Runs worlds of a profile, from seed 1 on, until in one of at most so many an oracle that is meant for it catches the mutant.
///
/// # Errors
/// A world that could not be.
#[cfg(mutant)]
pub fn hunt(
    mutant: &Mutant,
    profile: &crate::Profile,
    length: ballast_model::Span,
    seeds: u64,
) -> Result<Option<Caught>, crate::SimError> {
    ballast_model::mutant::choose(mutant.name);
    let mut others = 0;
    let caught = (1..=seeds).find_map(|seed| {
        let report = match crate::run(seed, profile, length) {
            Ok(report) => report,
            Err(error) => return Some(Err(error)),
        };
        let oracle = report.violation?.oracle;
        if mutant.oracles.contains(&oracle) {
            return Some(Ok(Caught { seed, oracle, others }));
        }
        others += 1;
        None
    });
    ballast_model::mutant::choose("");
    caught.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::ORACLES;

    #[test]
    fn oracles_are_those_there_are_and_each_catches_something() {
        let known = |name: &str| ORACLES.iter().any(|(oracle, _)| *oracle == name);
        assert!(MUTANTS.iter().flat_map(|mutant| mutant.oracles).all(|name| known(name)));
        for (oracle, _) in &ORACLES {
            assert!(MUTANTS.iter().any(|mutant| mutant.oracles.contains(oracle)), "{oracle} catches none");
        }
    }
}
