//! Queues of orders told by id: what a small quoter trades in a replay of what the matching engine published is what the same
//! orders trade in the engine itself.
//!
//! Each order is compared in an engine of its own, in which the crowd does what it did: there an order of ours takes from
//! others only what they would have traded at its expense, so that until it has ended nobody's behaviour differs. Together, the
//! orders of one quoter would meet what an earlier one left over: that is where history ends.

use std::collections::BTreeMap;
use std::path::Path;

use ballast_core::shard::Shard;
use ballast_exchange::Place;
use ballast_exchange::matching::{Outbox, Outcome};
use ballast_model::{ClientOrderId, Command, Event, Fill, FillReason, Lots, Nanos, NewOrder, Price, Span};
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::replay::Observer;
use ballast_tests::market::{config, surveyed};

use crate::crowd::{Crowd, US, engine, placement, time_of};
use crate::rig::interval;

/// What an order traded: when at the venue, at which price, how much.
type Trades = BTreeMap<(Nanos, Price), Lots>;

/// One of our orders.
#[derive(Debug, Default)]
struct Ours {
    /// It, and when it arrived.
    placed: Option<(Nanos, NewOrder)>,
    /// When its first cancel arrived.
    cancelled: Option<Nanos>,
    trades: Trades,
}

/// Keeps what became of each order.
#[derive(Default)]
struct Keeps {
    now: Nanos,
    orders: BTreeMap<ClientOrderId, Ours>,
    reasons: BTreeMap<String, u32>,
    /// Fills of orders that had somebody ahead when they joined, and of such that had still.
    queued: u32,
    ahead: u32,
    places: u32,
}

/// From our sending to the venue's acting.
const LATENCY: Span = Span::from_millis(1);

impl Observer for Keeps {
    fn before(&mut self, now: Nanos, _: &Shard) {
        self.now = now;
    }

    fn after(&mut self, event: &Event, _: Nanos, _: &Shard) {
        let Event::Fill(fill) = event else { return };
        let order = self.orders.get_mut(&fill.client_id).unwrap();
        *order.trades.entry((fill.venue_time, fill.level.price())).or_default() += fill.level.lots();
        *self.reasons.entry(format!("{:?}", fill.reason)).or_default() += 1;
    }

    fn placed(&mut self, fill: &Fill, place: &Place) {
        self.places += 1;
        self.queued += u32::from(place.joined.is_some_and(|joined| !joined.is_zero()));
        let first = place.ahead == Some(Lots::ZERO);
        self.ahead += u32::from(fill.reason == FillReason::QueueExhausted && !first);
    }

    fn sent(&mut self, command: &Command) {
        let at = self.now + LATENCY;
        match command {
            Command::New(order) => {
                self.orders.entry(order.client_id).or_default().placed = Some((at, *order));
            }
            Command::Cancel(cancel) => {
                self.orders.entry(cancel.client_id).or_default().cancelled.get_or_insert(at);
            }
            Command::Replace(_) | Command::Query(_) => panic!("{command:?}"),
        }
    }
}

/// What an order trades in the engine, where the crowd does the same as ever.
fn in_engine(crowd: &Crowd, (arrives, order): (Nanos, NewOrder), cancelled: Option<Nanos>) -> Trades {
    let (mut engine, mut outbox) = (engine(), Outbox::new(5_000));
    let (mut trades, mut placed, mut ended) = (Trades::new(), false, false);
    for (number, request) in crowd.requests.iter().enumerate() {
        let now = time_of(number);
        outbox.clear();
        if !placed && arrives < now {
            placed = true;
            let order = NewOrder { expires_at: Nanos::MAX, ..order };
            engine.place(&placement(US, order), &mut outbox);
            let taken = outbox.outcomes().iter().any(|outcome| matches!(outcome, Outcome::Traded(_)));
            assert!(!taken, "the quoter only makes");
        }
        if !ended && cancelled.is_some_and(|at| at < now) {
            ended = true;
            engine.cancel(US, order.client_id, &mut outbox);
        }
        outbox.clear();
        engine.apply(request, &mut outbox);
        for outcome in outbox.outcomes() {
            if let Outcome::Traded(trade) = outcome
                && trade.maker.order.account == US
            {
                *trades.entry((now, trade.price)).or_default() += trade.lots;
            }
        }
    }
    assert_eq!(outbox.lost(), 0);
    trades
}

fn play(crowd: &Crowd, orders: &str) -> (Keeps, u64) {
    let text = interval().replace("size = { lots = 200 }", "size = { lots = 37 }");
    let text = text.replace("cancel_share = 0.0", "cancel_share = 1.0");
    let config = config(&format!("{text}\n[venue.queue]\norders = \"{orders}\"\n"));
    let file = surveyed("usdm.ETHUSDT.csv", crowd.csv.as_str());
    let prepared = Prepared::from_surveyed(&config, Path::new("test.toml"), &[file], |_| {}).unwrap();
    assert_eq!(prepared.problems.named(), []);
    let mut keeps = Keeps::default();
    let played = prepared.play(Mode::Quoting, 1, &mut keeps).unwrap();
    assert_eq!(played.venue.book_faults(), 0);
    (keeps, played.outcome.decisions_hash)
}

#[test]
fn a_replay_of_orders_by_id_trades_what_the_engine_trades() {
    for seed in [7, 8] {
        let crowd = Crowd::new(seed, 9_000);
        let (keeps, _) = play(&crowd, "found");
        let mut filled = 0;
        for (id, order) in &keeps.orders {
            let expected = in_engine(&crowd, order.placed.unwrap(), order.cancelled);
            assert_eq!(order.trades, expected, "seed {seed}, {id:?}: {order:?}");
            filled += u32::from(!expected.is_empty());
        }
        assert!(filled >= 50 && keeps.orders.len() >= 200, "{filled} of {} traded", keeps.orders.len());
        assert!(keeps.queued >= 20, "{} of {} had somebody ahead", keeps.queued, keeps.places);
        assert_eq!(keeps.ahead, 0, "who trades has nobody ahead");
        for reason in ["QueueExhausted", "TradeThrough"] {
            assert!(keeps.reasons.get(reason).is_some_and(|count| *count >= 3), "{:?}", keeps.reasons);
        }
    }
}

#[test]
fn without_the_orders_the_queue_is_a_model_that_errs() {
    let crowd = Crowd::new(7, 3_000);
    let (keeps, hash) = play(&crowd, "ignored");
    let differs = |order: &&Ours| in_engine(&crowd, order.placed.unwrap(), order.cancelled) != order.trades;
    assert!(keeps.orders.values().filter(differs).count() >= 3);
    assert_ne!(hash, play(&crowd, "found").1);
}
