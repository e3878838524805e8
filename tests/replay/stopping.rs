//! Market data that stop while the venue is out: nothing is heard, all of it afterwards, and the core knows that it is blind.

use std::path::Path;

use ballast_core::shard::Shard;
use ballast_exchange::synth::Dialect;
use ballast_model::{Command, Event, InstrumentId, Nanos, Side, Span};
use ballast_runtime::job::{Mode, Played, Prepared};
use ballast_runtime::replay::{Observer, Unobserved};
use ballast_tests::market::{self, Line, QUOTER, config};

use crate::rig::file;

const OUTAGE: &str = "[[venue.outages]]\noffset = \"8s\"\nduration = \"10s\"\nanswers = \"none\"\n";

/// What the core knew and sent, by time after the first message.
#[derive(Default)]
struct Seen {
    begin: Option<Nanos>,
    now: Span,
    mids: Vec<(Span, i64)>,
    orders: Vec<Span>,
}

impl Observer for Seen {
    fn before(&mut self, now: Nanos, shard: &Shard) {
        self.now = now - *self.begin.get_or_insert(now);
        self.mids.extend(shard.mid(InstrumentId(0)).map(|mid| (self.now, mid.0)));
    }

    fn after(&mut self, _: &Event, _: Nanos, _: &Shard) {}

    fn sent(&mut self, command: &Command) {
        if matches!(command, Command::New(_)) {
            self.orders.push(self.now);
        }
    }
}

fn play(tables: &str, lines: &[Line], observer: &mut impl Observer) -> Played {
    let config = config(&format!("{QUOTER}\n{tables}\n"));
    let prepared = Prepared::from_surveyed(&config, Path::new("test.toml"), &[file(lines)], |_| {}).unwrap();
    prepared.play(Mode::Quoting, 1, observer).unwrap()
}

#[test]
fn nothing_is_heard_in_the_outage_and_everything_afterwards() {
    let lines = market::lines(Dialect::UsdM, 21, 30);
    let plain = play(OUTAGE, &lines, &mut Unobserved);
    let mut seen = Seen::default();
    let stopped = play(&format!("{OUTAGE}feed = \"stops\""), &lines, &mut seen);
    let id = InstrumentId(0);
    let (messages, levels) = (stopped.outcome.messages, stopped.outcome.level_updates);
    assert_eq!((messages, levels), (plain.outcome.messages, plain.outcome.level_updates), "nothing is lost");
    assert_eq!(stopped.shard.mid(id), plain.shard.mid(id), "the book is right again");
    let within = |at: Span, from: i64, until: i64| at > Span::from_secs(from) && at < Span::from_secs(until);
    let mids = |from, until| {
        let mut mids: Vec<_> =
            seen.mids.iter().filter(|(at, _)| within(*at, from, until)).map(|(_, mid)| *mid).collect();
        mids.dedup();
        mids.len()
    };
    assert_eq!(mids(8, 18), 1, "the price stands still");
    assert!(mids(18, 28) > 10 && mids(1, 8) > 10);
    // A touch may be five seconds old: after that nothing new is quoted.
    let orders = |from, until| seen.orders.iter().filter(|at| within(**at, from, until)).count();
    assert_eq!(orders(14, 18), 0, "{:?}", seen.orders);
    assert!(orders(19, 30) > 10, "it quotes again");
    assert_eq!(stopped.shard.position(id), stopped.venue.position(id));
    assert_eq!(stopped.shard.orders(id).unwrap().unknown_count(), 0);
    let best = Side::BOTH.map(|side| stopped.shard.best_quote(id, side));
    assert!(best.iter().any(Option::is_some), "{best:?}");
    let again = play(&format!("{OUTAGE}feed = \"stops\""), &lines, &mut Unobserved);
    assert_eq!(again.outcome, stopped.outcome);
    let on = play(&format!("{OUTAGE}feed = \"goes-on\""), &lines, &mut Unobserved);
    assert_eq!(on.outcome, plain.outcome);
}
