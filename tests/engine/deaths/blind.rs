//! A life that dies before its venue could tell it what it had missed: the next one asks for all of it.

use std::time::Duration;

use super::chain::Chain;
use super::config::{self, MARKETS};
use super::outcome::Outcome;
use crate::rig::{Running, Venue, wait, within};

/// By more than this the last record of a life is after what it missed: what any life asks again (5 s), and how long a connection may
/// be dead unnoticed (2 s).
const LATER: Duration = Duration::from_secs(8);

/// Where nobody listens.
const NOWHERE: &str = "ws://127.0.0.1:9/ws-api/v3";

#[test]
fn what_a_life_never_learned_the_next_one_asks_for() {
    let (venue, folder) = (Venue::start("--seed 23"), tempfile::tempdir().unwrap());
    let text = config::text(&venue);
    // Spot tells of our account where it takes orders: without that nothing is cancelled there, and nothing swept up.
    let there = format!("api = \"{}/ws-api/v3\"", venue.url("spot", "ws"));
    assert!(text.contains(&there));
    std::fs::write(folder.path().join("run.toml"), &text).unwrap();
    let blind = text.replace(&there, &format!("api = \"{NOWHERE}\""));
    std::fs::write(folder.path().join("blind.toml"), blind).unwrap();

    let life = Running::start(&mut venue.engine(folder.path(), "run --config run.toml --live --json"));
    assert!(within(30_000, || venue.open_orders("spot") >= 2), "{}", life.ended().err);
    life.signal("KILL");
    drop(life.ended());
    let trades = || venue.client("spot")["trades"].as_array().unwrap().len();
    let before = trades();
    let life = Running::start(&mut venue.engine(folder.path(), "run --config blind.toml --live --json"));
    let has_traded = within(30_000, || trades() > before);
    wait(if has_traded { LATER } else { Duration::ZERO });
    life.signal("KILL");
    let said = life.ended().err;
    assert!(has_traded, "nothing of {} orders has traded: {said}", venue.open_orders("spot"));
    assert!(said.contains("running; journal") && !said.contains("all is known"), "{said}");
    let last = venue.run(folder.path(), "run --config run.toml --live --json --for 4s");
    wait(Duration::from_millis(300));
    let chain = Chain::of(&folder.path().join("journal"), &MARKETS);
    let outcome = Outcome::of(&venue, &[], last, &chain);
    assert!(outcome.problems.is_empty(), "{:#?}", outcome.problems);
    assert!(chain.found > 0, "the last life found what the one before had missed");
}
