//! Worlds of some seeds.

use ballast_model::Span;
use ballast_sim::{PROFILES, Profile, Report, Sweep, run};

const LENGTH: Span = Span::from_secs(180);

fn world(seed: u64, profile: &str, length: Span) -> Report {
    run(seed, Profile::named(profile).unwrap(), length).unwrap()
}

fn sound(report: &Report) {
    let Report { seed, violation, story, .. } = report;
    assert!(violation.is_none(), "seed {seed}: {violation:?}\n{}", story.join("\n"));
}

#[test]
fn in_a_calm_world_nothing_is_violated_and_much_is_traded() {
    for seed in 1..4 {
        let report = world(seed, "calm", Span::from_secs(600));
        sound(&report);
        assert!(report.orders >= 1_000 && report.fills >= 50, "seed {seed}: {report:?}");
        assert_eq!((report.processes, report.coverage.total()), (1, 0));
    }
}

#[test]
fn in_a_hostile_world_nothing_is_violated_whatever_goes_wrong() {
    let mut sweep = Sweep::default();
    for seed in 1..31 {
        let report = world(seed, "mixed", LENGTH);
        sound(&report);
        sweep.add(report);
    }
    let faults = sweep.coverage.faults();
    assert!(faults.len() >= 20, "{faults:?}");
    assert!(sweep.processes > sweep.runs, "some process was killed and another went on");
    (31..36).for_each(|seed| sound(&world(seed, "storm", LENGTH)));
}

/// What a seed is does not depend on how often, after what or where it is asked for: all that was said, and when, is the same.
#[test]
fn a_seed_is_one_world() {
    for profile in &PROFILES {
        let once = run(7, profile, LENGTH).unwrap();
        world(8, "storm", LENGTH);
        let again =
            std::thread::scope(|scope| scope.spawn(|| run(7, profile, LENGTH).unwrap()).join().unwrap());
        assert_eq!(once, again);
        assert_ne!(once.digest, world(8, profile.name, LENGTH).digest);
    }
}
