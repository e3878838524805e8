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
    ClientOrderId, Command, Event, Fill, InstrumentId, Lots, Nanos, NewOrder, OrderReport, OrderUpdate,
    Replace, Side, TimeInForce,
};
use ballast_runtime::capture::SurveyedFile;
use ballast_runtime::config::{AmendConfig, Config};
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

/// What an order may still trade: as it is, and as it was last asked to be.
struct Open {
    side: Side,
    left: i64,
    asked: i64,
}

/// What one instrument has come to, by commands and answers alone.
#[derive(Default)]
struct Book {
    position: i64,
    open: BTreeMap<ClientOrderId, Open>,
}

impl Book {
    fn working(&self, side: Side) -> i64 {
        self.open.values().filter(|order| order.side == side).map(|order| order.left.max(order.asked)).sum()
    }

    fn hear(&mut self, event: &Event) {
        if let Event::Fill(fill) = event {
            let lots = fill.level.lots().0;
            self.position += lots * fill.side.sign();
            if let Some(order) = self.open.get_mut(&fill.client_id) {
                order.left -= lots;
                order.asked -= lots;
            }
            self.open.retain(|_, order| order.left.max(order.asked) > 0);
        } else if let Event::Order(OrderUpdate {
            client_id,
            report: OrderReport::Replaced { level, filled, .. },
            ..
        }) = event
        {
            if let Some(order) = self.open.get_mut(client_id) {
                order.left = (level.lots() - *filled).0;
                order.asked = order.left;
            }
        } else if let Event::Order(OrderUpdate {
            client_id, report: OrderReport::ReplaceRejected(_), ..
        }) = event
        {
            if let Some(order) = self.open.get_mut(client_id) {
                order.asked = order.left;
            }
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
    amended: u64,
}

impl Witness {
    fn tell(&mut self, event: &Event, now: Nanos) {
        if let Event::Fill(Fill { instrument, .. }) | Event::Order(OrderUpdate { instrument, .. }) = event {
            self.books[instrument.index()].hear(event);
        }
        self.shard.on_event(event, now, &mut self.out);
        let commands = self.out.commands().to_vec();
        for command in &commands {
            if let Command::New(order) = command {
                check(&self.name, &self.shard, &self.books[order.instrument.index()], order);
                let book = &mut self.books[order.instrument.index()];
                let (side, left) = (order.side, order.lots.0);
                book.open.insert(order.client_id, Open { side, left, asked: left });
                self.placed += 1;
            }
            if let Command::Replace(replace) = command {
                self.amend(replace);
            }
            self.venue.send(command, now);
        }
        self.out.clear();
    }
}

impl Witness {
    /// Looks at an amendment about to leave: what it makes of its order, which counts with the larger of the two sizes.
    fn amend(&mut self, replace: &Replace) {
        let book = &mut self.books[replace.instrument.index()];
        let Open { side, left, .. } = book.open.remove(&replace.client_id).unwrap();
        let order = self.shard.orders(replace.instrument).unwrap().order(replace.client_id).unwrap();
        let traded = order.filled.max(order.reported);
        let wanted = NewOrder {
            instrument: replace.instrument,
            client_id: replace.client_id,
            side,
            price: replace.price,
            lots: Lots(left.max((replace.lots - traded).0)),
            tif: order.tif,
            reduce_only: order.reduce_only,
            expires_at: replace.expires_at,
        };
        check(&self.name, &self.shard, book, &wanted);
        book.open.insert(replace.client_id, Open { side, left, asked: (replace.lots - traded).0 });
        self.amended += 1;
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

/// Plays one configuration; returns the numbers of orders and amendments.
fn play(name: &str, config: &Config, files: &[SurveyedFile]) -> (u64, u64) {
    let prepared = Prepared::from_surveyed(config, Path::new(name), files, |_| {}).unwrap();
    let (shard, venue) = prepared.build(Mode::Quoting).unwrap();
    let out = Outbox::new(shard.commands_per_event_max());
    let books = prepared.instruments.iter().map(|_| Book::default()).collect();
    let mut all = Witness { name: name.to_owned(), shard, venue, out, books, placed: 0, amended: 0 };
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
    (all.placed, all.amended)
}

#[test]
fn no_shipped_configuration_lets_a_crossing_quote_or_one_beyond_its_limits_leave() {
    let entries = std::fs::read_dir(ballast_tests::root().join("config")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let mut config = Config::parse(&std::fs::read_to_string(&path).unwrap(), &path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut play = |amend| {
            config.quoting.amend = amend;
            (0..SEEDS)
                .map(|seed| {
                    let lines = |dialect, seed| market::text(&market::lines(dialect, seed, SECONDS));
                    let files = [(Dialect::Spot, 2 * seed), (Dialect::UsdM, 2 * seed + 1)]
                        .map(|(dialect, seed)| market::surveyed("synthetic", lines(dialect, seed)));
                    play(&format!("{name}, seed {seed}"), &config, &files)
                })
                .fold((0, 0), |sum, (placed, amended)| (sum.0 + placed, sum.1 + amended))
        };
        let (placed, none) = play(AmendConfig::Never);
        let (anew, amended) = play(AmendConfig::Venue);
        println!("{name}: {placed} orders, or {anew} and {amended} amendments");
        assert!(placed > 0 && none == 0, "{name} quotes");
        // Spot amends only what becomes smaller, and nothing does there.
        let futures = name != "cross-venue.toml";
        assert!(!futures || amended > 0 && anew < placed, "{name} amends");
    }
}
