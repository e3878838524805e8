//! Every mutant is caught, by an oracle that is meant for it: see `tests/mutants.sh`.

use ballast_model::Span;
use ballast_sim::{Caught, MUTANTS, Profile, hunt};

const SEEDS: u64 = 1_000;
const LENGTH: Span = Span::from_secs(600);

#[test]
fn every_mutant_is_caught_by_the_oracle_meant_for_it() {
    let profile = Profile::named("mixed").unwrap();
    let mut missed = Vec::new();
    println!("{:<24}{:<16}{:>8}", "mutant", "oracle", "seeds");
    for mutant in &MUTANTS {
        match hunt(mutant, profile, LENGTH, SEEDS).unwrap() {
            Some(Caught { seed, oracle }) => {
                println!("{:<24}{oracle:<16}{seed:>8}", mutant.name);
                if !mutant.oracles.contains(&oracle) {
                    missed.push((mutant.name, oracle));
                }
            }
            None => missed.push((mutant.name, "none")),
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}
