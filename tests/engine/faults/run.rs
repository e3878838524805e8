//! One case: the venue, the engine, the rules, and what both say at the end.

use std::process::{Command, Stdio};
use std::time::Duration;

use ballast_runtime::clock::Stopwatch;
use ballast_tests::program::{self, Run};

use super::cases::{Case, SILENCE_MAX};
use super::outcome::{Row, Said};
use crate::rig::{Venue, wait};

/// How long the engine may take to its first quote.
const START_MAX: Duration = Duration::from_secs(20);

/// The configuration: calm enough to stay below the venue's count of orders in ten seconds (50 on spot, 300 on USD-M), close enough to
/// the touch to trade with so few, and without threads that spin beside those of other cases.
fn config(venue: &Venue, case: &Case) -> String {
    let text = venue.config(&[case.market], "live");
    let (a_second, tolerance, tight) = if case.market == "spot" { (3, 10, "6.0") } else { (20, 2, "2.0") };
    let text = text.replace(
        "order_burst = 200\norders_per_second = 100\n",
        &format!("order_burst = 20\norders_per_second = {a_second}\n"),
    );
    let text = text.replace("price_tolerance_ticks = 2\n", &format!("price_tolerance_ticks = {tolerance}\n"));
    let text = text.replace("k_per_bp = 2.0\n", &format!("k_per_bp = {tight}\n"));
    let text = text.replace("[live]\n", &format!("[live]\nsilence_max = \"{SILENCE_MAX}\"\n"));
    let copies = case.copies;
    let connections = format!("market_connections = {copies}\norder_connections = {copies}\n");
    text + &connections + "[threads]\nwait = \"park\"\n"
}

/// Runs a case and judges it.
pub(super) fn run(case: &Case) -> Row {
    let (venue, folder) = (Venue::start("--seed 5"), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("run.toml"), config(&venue, case)).unwrap();
    let mut engine = venue.engine(folder.path(), "run --config run.toml --live --json");
    let engine = engine.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Stopwatch::start();
    while venue.client(case.market)["orders"].as_array().unwrap().is_empty() && began.elapsed() < START_MAX {
        wait(Duration::from_millis(50));
    }
    let given_ms = venue.state(case.market)["time"].as_i64().unwrap();
    venue.set_faults(case.market, &case.rules);
    wait(Duration::from_secs(case.seconds));
    let stopped = Command::new("kill").args(["-TERM", &engine.id().to_string()]).status();
    assert!(stopped.unwrap().success(), "the engine has ended by itself");
    let output = engine.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let run = Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    // What is under way when the engine ends arrives still.
    wait(Duration::from_millis(300));
    let verified = program::run(folder.path(), ["verify", "journal/0001"]);
    let said =
        Said { run, verified, state: venue.state(case.market), fired: venue.fired(case.market), given_ms };
    let row = said.judge(case);
    if !row.holds() && std::env::var("BALLAST_FAULTS_KEEP").is_ok() {
        let kept = folder.keep();
        std::fs::write(kept.join("state.json"), said.state.to_string()).unwrap();
        std::fs::write(kept.join("fired.json"), said.fired.to_string()).unwrap();
        std::fs::write(
            kept.join("said.txt"),
            format!("{}\n{}\ngiven {given_ms}", said.run.out, said.run.err),
        )
        .unwrap();
        eprintln!("{}: kept in {}", case.name, kept.display());
    }
    row
}
