//! Every shipped configuration on seeded synthetic markets: no crossing quote ever leaves, and none beyond the limits.
//!
//! Each command is looked at in the moment of decision, before the venue sees it. Positions and open orders are booked here
//! from commands and answers: what the core thinks it has is not asked.

use std::collections::BTreeMap;
use std::path::Path;

use ballast_core::market::Market;
use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_exchange::TapeVenue;
use ballast_exchange::synth::Dialect;
use ballast_model::{
    ClientOrderId, Command, Event, Fill, InstrumentId, Lots, Nanos, NewOrder, OrderReport, OrderUpdate, Side,
    TimeInForce,
};
use ballast_runtime::capture::SurveyedFile;
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::tape::{Cursor, Shift};
use ballast_tests::market;

/// Seeds of each configuration.
const SEEDS: u64 = 20;
/// Length of each market.
const SECONDS: i64 = 20;

/// What happens next; the order decides between equal times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    MarketAtVenue(usize),
    Arrival,
    Answer,
    MarketAtUs(usize),
    Timer,
}

/// What one instrument has come to, by commands and answers alone.
#[derive(Default)]
struct Book {
    position: i64,
    /// What each order may still trade.
    open: BTreeMap<ClientOrderId, (Side, i64)>,
}

impl Book {
    fn working(&self, side: Side) -> i64 {
        self.open.values().filter(|order| order.0 == side).map(|order| order.1).sum()
    }

    fn hear(&mut self, event: &Event) {
        if let Event::Fill(fill) = event {
            let lots = fill.level.lots().0;
            self.position += lots * fill.side.sign();
            if let Some(order) = self.open.get_mut(&fill.client_id) {
                order.1 -= lots;
            }
            self.open.retain(|_, order| order.1 > 0);
        } else if let Event::Order(update) = event
            && matches!(
                update.report,
                OrderReport::Rejected(_)
                    | OrderReport::Cancelled
                    | OrderReport::Expired
                    | OrderReport::NotSent
                    | OrderReport::Ended { .. }
            )
        {
            self.open.remove(&update.client_id);
        }
    }
}

/// A core and a venue with all that is on its way between them.
struct Witness {
    name: String,
    shard: Shard,
    venue: TapeVenue,
    out: Outbox,
    books: Vec<Book>,
    placed: u64,
}

impl Witness {
    fn tell(&mut self, event: &Event, now: Nanos) {
        if let Event::Fill(Fill { instrument, .. }) | Event::Order(OrderUpdate { instrument, .. }) = event {
            self.books[instrument.index()].hear(event);
        }
        self.shard.on_event(event, now, &mut self.out);
        for command in self.out.commands() {
            if let Command::New(order) = command {
                check(&self.name, &self.shard, &self.books[order.instrument.index()], order);
                let book = &mut self.books[order.instrument.index()];
                book.open.insert(order.client_id, (order.side, order.lots.0));
                self.placed += 1;
            }
            self.venue.send(command, now);
        }
        self.out.clear();
    }
}

/// Looks at an order about to leave.
fn check(name: &str, shard: &Shard, book: &Book, order: &NewOrder) {
    let id = order.instrument;
    let touch = shard.market(id).and_then(Market::touch);
    let touch = touch.unwrap_or_else(|| panic!("{name}: {order:?} leaves without a touch"));
    let passive = match order.side {
        Side::Bid => order.price < touch.ask.price,
        Side::Ask => order.price > touch.bid.price,
    };
    // A hedge may take; it has a limit price all the same, which the collar below bounds.
    let hedges = name.starts_with("cross-venue") && shard.best_quote(id, order.side).is_some();
    let may_take = order.tif != TimeInForce::PostOnly && hedges;
    assert!(passive || may_take, "{name}: {order:?} crosses {touch:?}");
    let (gate, spec) = (shard.gate(id).unwrap(), shard.spec(id).unwrap());
    let limits = gate.limits();
    let working = book.working(order.side) + order.lots.0;
    let worst = book.position * order.side.sign() + working;
    let reduces = worst <= 0;
    assert!(order.lots <= limits.order_lots_max, "{name}: {order:?}");
    assert!(reduces || worst <= limits.position_lots_max.0, "{name}: {order:?} at {}", book.position);
    assert!(reduces || book.open.len() < limits.open_orders_max as usize, "{name}: {order:?}");
    let value = spec.notional(order.price, order.lots);
    assert!(reduces || value <= limits.order_notional_max, "{name}: {order:?}");
    let off = i128::from((2 * order.price.0 - touch.mid().0).abs()) * 100_000_000;
    let collar = limits.collar_through_max.max(limits.collar_away_max);
    assert!(off <= i128::from(touch.mid().0) * i128::from(collar.0), "{name}: {order:?} far off {touch:?}");
    assert!(order.lots > Lots::ZERO && order.price >= spec.price_min && order.price <= spec.price_max);
}

/// Plays one configuration; returns the number of orders.
fn play(name: &str, config: &Config, files: &[SurveyedFile]) -> u64 {
    let prepared = Prepared::from_surveyed(config, Path::new(name), files, |_| {}).unwrap();
    let (shard, venue) = prepared.build(Mode::Quoting).unwrap();
    let out = Outbox::new(shard.commands_per_event_max());
    let books = prepared.instruments.iter().map(|_| Book::default()).collect();
    let mut all = Witness { name: name.to_owned(), shard, venue, out, books, placed: 0 };
    let ends = || prepared.tapes.iter().map(|tape| (Cursor::new(tape, Shift::default()), Nanos::MIN));
    let (mut at_venue, mut at_us): (Vec<_>, Vec<_>) = (ends().collect(), ends().collect());
    loop {
        let theirs = at_venue
            .iter()
            .enumerate()
            .filter_map(|(index, end)| Some((end.0.venue_time()?.max(end.1), Step::MarketAtVenue(index))));
        let ours = at_us.iter().enumerate();
        let ours =
            ours.filter_map(|(index, end)| Some((end.0.recv_time()?.max(end.1), Step::MarketAtUs(index))));
        let arrival = all.venue.next_arrival().map(|at| (at, Step::Arrival));
        let answer = all.venue.next_response().map(|at| (at, Step::Answer));
        let Some(first) = theirs.chain(ours).chain(arrival).chain(answer).min() else {
            break;
        };
        let timer = all.shard.next_deadline().map(|at| (at, Step::Timer));
        let (now, step) = timer.map_or(first, |timer| timer.min(first));
        match step {
            Step::MarketAtVenue(index) => {
                at_venue[index].1 = now;
                at_venue[index].0.next(|event| all.venue.on_market(event, now));
            }
            Step::Arrival => all.venue.on_arrival(),
            Step::Answer => {
                let event = all.venue.pop_response(now).unwrap();
                all.tell(&event, now);
            }
            Step::MarketAtUs(index) => {
                at_us[index].1 = now;
                at_us[index].0.next(|event| all.tell(event, now));
            }
            Step::Timer => all.tell(&Event::Timer, now),
        }
    }
    for (id, book) in (0..).map(InstrumentId).zip(&all.books) {
        assert_eq!(all.shard.position(id).0, book.position, "{name}: the position, booked twice");
    }
    all.placed
}

#[test]
fn no_shipped_configuration_lets_a_crossing_quote_or_one_beyond_its_limits_leave() {
    let entries = std::fs::read_dir(ballast_tests::root().join("config")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let config = Config::parse(&std::fs::read_to_string(&path).unwrap(), &path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let placed: u64 = (0..SEEDS)
            .map(|seed| {
                let lines = |dialect, seed| market::text(&market::lines(dialect, seed, SECONDS));
                let files = [(Dialect::Spot, 2 * seed), (Dialect::UsdM, 2 * seed + 1)]
                    .map(|(dialect, seed)| market::surveyed("synthetic", lines(dialect, seed)));
                play(&format!("{name}, seed {seed}"), &config, &files)
            })
            .sum();
        println!("{name}: {placed} orders");
        assert!(placed > 0, "{name} quotes");
    }
}
