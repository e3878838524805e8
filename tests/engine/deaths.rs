//! An engine that is killed at random moments, life after life, while a simulated venue of another process goes on: what it believes,
//! what its journals say and what the venue knows are held against each other.
//!
//! One venue with USD-M and spot lives through all of it. Each life goes on from the journal of the one before; when it is killed
//! comes from a seed, so that kills hit the reading of the journal, the questions before it begins, its beginning, the start gate,
//! trading, the rolling of segments and stopping. `./tests/kills.sh` does it two hundred times and prints the table.

mod blind;
mod chain;
mod config;
mod damage;
mod life;
mod outcome;
mod plan;
mod still;

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use ballast_runtime::clock::Stopwatch;

use self::chain::Chain;
use self::life::{Life, Phase};
use self::outcome::Outcome;
use self::plan::Plans;
use crate::rig::{Venue, wait};

/// How long the last life lives, which is not killed.
const LAST: &str = "run --config run.toml --live --json --for 6s";

/// How long reading the journal before may take, in seconds.
const RECOVERY_MAX: f64 = 1.0;

/// Kills so many lives, lets a last one end in order, and judges all of them.
fn kill(kills: usize, seed: u64) -> Outcome {
    let venue = Venue::lasting(120 + 10 * kills as u64, "--seed 17");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("run.toml"), config::text(&venue)).unwrap();
    let (mut lives, mut starts) = (Vec::new(), VecDeque::new());
    for (nth, plan) in Plans::new(seed).take(kills).enumerate() {
        keep_pace(&mut starts);
        let born = Stopwatch::start();
        lives.push(Life::lived(&venue, folder.path(), &plan));
        starts.extend((lives[nth].phase != Phase::Recovering).then_some(born));
        eprintln!("{nth:>3} {}", lives[nth]);
        wait(plan.pause);
    }
    keep_pace(&mut starts);
    let last = venue.run(folder.path(), LAST);
    // What is under way when the engine ends arrives still.
    wait(Duration::from_millis(300));
    let outcome =
        Outcome::of(&venue, &lives, last, &Chain::of(&folder.path().join("journal"), &config::MARKETS));
    println!("{outcome}");
    if !outcome.problems.is_empty() {
        keep(folder, &venue);
    }
    assert!(outcome.problems.is_empty(), "seed {seed}: {:#?}", outcome.problems);
    outcome
}

/// Waits until another life may ask the venue all it asks at its start: what that weighs, on spot, is a fifteenth of what a minute allows.
fn keep_pace(starts: &mut VecDeque<Stopwatch>) {
    const MINUTE: Duration = Duration::from_secs(61);
    const STARTS: usize = 13;
    starts.retain(|start| start.elapsed() < MINUTE);
    while starts.len() >= STARTS {
        wait(Duration::from_millis(100));
        starts.retain(|start| start.elapsed() < MINUTE);
    }
}

/// Keeps everything there is of a run that failed, where that is asked for.
fn keep(folder: tempfile::TempDir, venue: &Venue) {
    if std::env::var("BALLAST_KILLS_KEEP").is_err() {
        return;
    }
    let kept = folder.keep();
    for market in config::MARKETS {
        write(&kept, market, &venue.state(market).to_string());
    }
    eprintln!("kept in {}", kept.display());
}

fn write(folder: &Path, market: &str, state: &str) {
    std::fs::write(folder.join(format!("{market}.json")), state).unwrap();
}

#[test]
fn a_dozen_kills_lose_and_double_nothing() {
    drop(kill(12, plan::seed()));
}

#[test]
#[ignore = "as often as BALLAST_KILLS says: by tests/kills.sh"]
fn many_kills_lose_and_double_nothing() {
    let kills = std::env::var("BALLAST_KILLS").map_or(200, |text| text.parse().unwrap());
    let outcome = kill(kills, plan::seed());
    // Of a build with all its checks no time is held against anything.
    assert!(cfg!(debug_assertions) || outcome.recovered_max() < RECOVERY_MAX, "recovered too late");
}
