//! Every mutant is caught, by an oracle that is meant for it: see `tests/mutants.sh`.

use std::sync::{Mutex, PoisonError};

use ballast_model::{Span, mutant};
use ballast_sim::{Caught, MUTANTS, Plan, Profile, Scenario, hunt, shrink};

const SEEDS: u64 = 1_000;
const LENGTH: Span = Span::from_secs(600);
/// Which mutant is chosen is said to the whole program.
static CHOICE: Mutex<()> = Mutex::new(());

#[test]
fn every_mutant_is_caught_by_the_oracle_meant_for_it() {
    let _choice = CHOICE.lock().unwrap_or_else(PoisonError::into_inner);
    let profile = Profile::named("mixed").unwrap();
    let only = std::env::var("BALLAST_MUTANT").unwrap_or_default();
    let mut missed = Vec::new();
    println!("{:<24}{:<16}{:>8}{:>8}", "mutant", "oracle", "seeds", "others");
    for mutant in MUTANTS.iter().filter(|mutant| only.is_empty() || mutant.name == only) {
        match hunt(mutant, profile, LENGTH, SEEDS).unwrap() {
            Some(Caught { seed, oracle, others }) => {
                println!("{:<24}{oracle:<16}{seed:>8}{others:>8}", mutant.name);
            }
            None => missed.push(mutant.name),
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn a_failing_run_is_shrunk_to_a_few_faults_that_fail_alike() {
    let _choice = CHOICE.lock().unwrap_or_else(PoisonError::into_inner);
    let profile = Profile::named("mixed").unwrap();
    for name in ["trades-not-restored", "unknown-is-dead", "latch-ignored"] {
        let meant = MUTANTS.iter().find(|mutant| mutant.name == name).unwrap();
        let Caught { seed, oracle, .. } = hunt(meant, profile, LENGTH, SEEDS).unwrap().unwrap();
        mutant::choose(name);
        let scenario = Scenario { profile, plan: Plan::draw(seed, profile, LENGTH) };
        let shrunk = shrink(&scenario).unwrap().unwrap();
        println!(
            "{name}: {} of {} faults, {} runs",
            shrunk.scenario.plan.faults.len(),
            scenario.plan.faults.len(),
            shrunk.runs
        );
        assert!(shrunk.scenario.plan.faults.len() <= 3, "{}", shrunk.scenario.text());
        let read = Scenario::parse(&shrunk.scenario.text()).unwrap();
        let again = ballast_sim::play(&read.plan, read.profile).unwrap();
        assert_eq!(
            (again.violation.as_ref().map(|found| found.oracle), &again),
            (Some(oracle), &shrunk.report)
        );
        mutant::choose("");
        let sound = ballast_sim::play(&read.plan, read.profile).unwrap();
        assert!(sound.violation.is_none(), "nothing is wrong with an engine that is not: {sound:?}");
    }
}
