//! Slow and silent venues in whole runs: no order's fate stays unknown, and the same conditions give the same run.

use std::path::Path;

use ballast_core::shard::Shard;
use ballast_exchange::synth::Dialect;
use ballast_model::{Command, Event, InstrumentId, Nanos, Side, Span};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Played, Prepared};
use ballast_runtime::replay::{Observer, Unobserved};
use ballast_tests::market::{self, Line, QUOTER, config};

use crate::rig::{FUTURES, file, interval};

fn play(config: &Config) -> Played {
    let prepared =
        Prepared::from_surveyed(config, Path::new("test.toml"), &[file(&FUTURES)], |_| {}).unwrap();
    prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap()
}

fn with(quoter: &str, tables: &str) -> Config {
    config(&format!("{quoter}\n{tables}\n"))
}

const OUTAGE: &str = "[[venue.outages]]\noffset = \"6s\"\nduration = \"4s\"\nanswers = ";

#[test]
fn after_an_outage_the_fate_of_every_order_is_found() {
    let id = InstrumentId(0);
    for quoter in [QUOTER, &interval()] {
        for (answers, swallows) in [("\"none\"", true), ("\"refusals\"", false)] {
            let played = play(&with(quoter, &format!("{OUTAGE}{answers}")));
            assert_eq!(played.venue.counters().lost > 0, swallows, "{answers}");
            assert!(played.venue.counters().fills_total() > 0);
            assert!(played.outcome.queries > 0 || !swallows, "the core asked");
            let orders = played.shard.orders(id).unwrap();
            assert_eq!(orders.unknown_count(), 0, "{answers}");
            assert_eq!(orders.missing_fills(), ballast_core::oms::MissingFills::default(), "{answers}");
            assert_eq!(played.shard.position(id), played.venue.position(id), "{answers}");
            let mut ours: Vec<_> = orders.open_orders().map(|order| order.client_id).collect();
            let mut theirs: Vec<_> =
                played.venue.resting(id).map(|resting| resting.order().client_id).collect();
            ours.sort();
            theirs.sort();
            assert_eq!(ours, theirs, "{answers}");
            let since = play(&with(quoter, &format!("{OUTAGE}{answers}")));
            assert_eq!(since.outcome, played.outcome, "the same again");
            let best = Side::BOTH.map(|side| played.shard.best_quote(id, side));
            assert!(best.iter().any(Option::is_some), "it quotes again: {best:?}");
        }
    }
}

#[test]
fn market_data_reach_us_later_by_the_latency_of_the_feed() {
    let plain = play(&config(QUOTER));
    let none = play(&with(QUOTER, "[venue.latency]\nfeed = \"0ms\""));
    assert_eq!(none.outcome, plain.outcome);
    let late = play(&with(QUOTER, "[venue.latency]\nfeed = \"250ms\""));
    assert_eq!(late.outcome.messages, plain.outcome.messages);
    let ends = [&late, &plain].map(|played| played.outcome.ended_at.unwrap());
    assert!(ends[0] >= ends[1] + Span::from_millis(240), "{ends:?}");
    let refusals = [&late, &plain].map(|played| played.venue.counters().rejects_total());
    assert!(refusals[0] > refusals[1], "quotes placed on old prices would take more often: {refusals:?}");
}

#[test]
fn a_busy_venue_is_slower_and_otherwise_the_same() {
    let load = |per_message: &str| {
        let keys =
            format!("window = \"100ms\", free_messages = 0, per_message = \"{per_message}\", max = \"50ms\"");
        play(&with(QUOTER, &format!("[venue.latency]\nload = {{ {keys} }}")))
    };
    assert_eq!(load("0us").outcome, play(&config(QUOTER)).outcome, "a load that costs nothing");
    let slow = load("500us");
    assert_ne!(slow.outcome, play(&config(QUOTER)).outcome);
    assert_eq!(slow.outcome, load("500us").outcome, "nothing is random");
    assert_eq!(slow.shard.position(InstrumentId(0)), slow.venue.position(InstrumentId(0)));
}

/// What left, by the second after the first message: orders and amendments, and cancels.
#[derive(Default)]
struct Sent {
    begin: Option<Nanos>,
    seconds: Vec<[u64; 2]>,
}

impl Sent {
    fn of(config: &Config, lines: &[Line]) -> (Self, Played) {
        let mut sent = Self::default();
        let prepared =
            Prepared::from_surveyed(config, Path::new("test.toml"), &[file(lines)], |_| {}).unwrap();
        let played = prepared.play(Mode::Quoting, 1, &mut sent).unwrap();
        (sent, played)
    }

    /// The most of one second, and all, from one second to another.
    fn between(&self, from: usize, to: usize) -> [(u64, u64); 2] {
        [0, 1].map(|kind| {
            let seconds = || self.seconds.get(from..to).unwrap().iter().map(|second| second[kind]);
            (seconds().max().unwrap(), seconds().sum())
        })
    }
}

impl Observer for Sent {
    fn before(&mut self, now: Nanos, _: &Shard) {
        let begin = *self.begin.get_or_insert(now);
        self.seconds.resize(usize::try_from((now - begin).0 / 1_000_000_000).unwrap() + 1, [0; 2]);
    }

    fn after(&mut self, _: &Event, _: Nanos, _: &Shard) {}

    fn sent(&mut self, command: &Command) {
        let second = self.seconds.last_mut().unwrap();
        match command {
            Command::New(_) | Command::Replace(_) => second[0] += 1,
            Command::Cancel(_) => second[1] += 1,
            Command::Query(_) => {}
        }
    }
}

#[test]
fn a_venue_that_refuses_everything_for_half_a_minute_is_not_asked_without_end() {
    let lines = market::lines(Dialect::UsdM, 21, 45);
    let refusals = "[[venue.outages]]\noffset = \"6s\"\nduration = \"30s\"\nanswers = \"refusals\"";
    let (plain, _) = Sent::of(&config(QUOTER), &lines);
    let (refused, played) = Sent::of(&with(QUOTER, refusals), &lines);
    let [(_, all), _] = refused.between(7, 35);
    let [(most, _), (cancels, _)] = refused.between(12, 35);
    // A second between two attempts once the wait has grown: at most both sides of two of them.
    assert!(most <= 4 && all <= 90, "{most} in a second, {all} in all");
    // What stands there is to go: each of both orders is asked for five times a second.
    assert!((1..=15).contains(&cancels), "{cancels} cancels in a second");
    let [(_, wanted), _] = plain.between(7, 35);
    assert!(wanted > 4 * all, "it would have sent {wanted}");
    assert!(all >= 20, "and still it tries");
    let [(_, after), _] = refused.between(38, 44);
    assert!(after > 10, "it quotes again: {after}");
    let id = InstrumentId(0);
    assert_eq!(played.shard.position(id), played.venue.position(id));
    assert_eq!(played.shard.orders(id).unwrap().unknown_count(), 0);
}
