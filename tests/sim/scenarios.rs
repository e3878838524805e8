//! Worlds in which something was once violated: nothing is any more.

use std::path::Path;

use ballast_sim::{Scenario, play};

#[test]
fn what_was_violated_once_is_not_any_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sim/scenarios");
    let mut ran = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let Scenario { profile, plan } =
            Scenario::parse(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let report = play(&plan, profile).unwrap();
        let (violation, story) = (&report.violation, report.story.join("\n"));
        assert!(violation.is_none(), "{}: {violation:?}\n{story}", path.display());
        assert!(
            report.coverage.total() >= plan.faults.len() as u64,
            "{}: some fault never fired",
            path.display()
        );
        ran += 1;
    }
    assert!(ran >= 2, "{ran} in {}", folder.display());
}
