//! The venue and its naive twin tell the same over any history, and nothing is made or lost.

use std::collections::BTreeMap;

use ballast_core::replace::AmendKind;
use ballast_exchange::{
    CancelModel, Curve, Family, FillSizes, Impact, Latency, QueueRules, Resting, TapeVenue,
};
use ballast_model::{
    BookBatch, BookKind, BookLost, Cancel, ClientOrderId, Command, Ending, Event, LostReason, Lots, Nanos,
    NewOrder, Price, Query, Rate, ReduceOnly, Side, Span, Ticker, TimeInForce, Trade, TradeId, UpdateId,
};
use proptest::prelude::*;

use crate::rig::{ETH, Row, Told, batch, replace, row, spec};
use crate::twin_model::{Cancels, Happening, Queues, Twin};

const ORDERS_MAX: usize = 6;

/// One step of a random history; book ids and order ids are given out when it is played.
#[derive(Clone, Debug)]
enum Step {
    Diff(Vec<Row>, Vec<Row>),
    Snapshot(Vec<Row>, Vec<Row>),
    Lost,
    /// Best prices, this many updates after the book.
    Ticker(Row, Row, u64),
    Trade(Side, i64, i64),
    New(Side, i64, i64, TimeInForce, ReduceOnly),
    /// Of the order sent this many before.
    Cancel(u64),
    /// Of the order sent this many before, by its side, price and total size.
    Replace(u64, Side, i64, i64),
    /// Of the order sent this many before.
    Query(u64),
    /// The last order once more.
    Again,
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Bid), Just(Side::Ask)]
}

/// Distinct prices around `middle`, with sizes from `least` on; in a diff a size of zero removes.
fn rows(middle: i64, least: i64) -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::btree_map(middle - 4..=middle + 4, least..12i64, 0..6)
        .prop_map(|rows| rows.into_iter().collect())
}

fn diff() -> impl Strategy<Value = Step> {
    (rows(98, 0), rows(102, 0)).prop_map(|(bids, asks)| Step::Diff(bids, asks))
}

fn snapshot() -> impl Strategy<Value = Step> {
    (rows(98, 1), rows(102, 1)).prop_map(|(bids, asks)| Step::Snapshot(bids, asks))
}

fn tif() -> impl Strategy<Value = TimeInForce> {
    prop_oneof![
        4 => Just(TimeInForce::PostOnly),
        2 => Just(TimeInForce::GoodTillCancel),
        1 => Just(TimeInForce::ImmediateOrCancel),
        1 => Just(TimeInForce::FillOrKill),
        // From when it is sent.
        2 => (0..60i64).prop_map(|span| TimeInForce::GoodTillDate(Nanos(span))),
    ]
}

fn reduce_only() -> impl Strategy<Value = ReduceOnly> {
    prop_oneof![5 => Just(ReduceOnly::No), 1 => Just(ReduceOnly::Yes)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => diff(),
        1 => snapshot(),
        1 => Just(Step::Lost),
        3 => ((94..=102i64, 0..12i64), (98..=106i64, 0..12i64), 0..4u64)
            .prop_map(|(bid, ask, newer)| Step::Ticker(bid, ask, newer)),
        6 => (side(), 94..=106i64, 1..16i64).prop_map(|(maker, price, lots)| Step::Trade(maker, price, lots)),
        8 => (side(), 94..=106i64, 1..12i64, tif(), reduce_only())
            .prop_map(|(side, price, lots, tif, reduce)| Step::New(side, price, lots, tif, reduce)),
        2 => (0..6u64).prop_map(Step::Cancel),
        5 => (0..4u64, side(), 94..=106i64, 1..14i64)
            .prop_map(|(before, side, price, lots)| Step::Replace(before, side, price, lots)),
        2 => (0..6u64).prop_map(Step::Query),
        1 => Just(Step::Again),
    ]
}

/// A history, in nanoseconds between its steps.
fn history() -> impl Strategy<Value = Vec<(i64, Step)>> {
    (snapshot(), proptest::collection::vec((0..4i64, step()), 1..80)).prop_map(|(opening, mut steps)| {
        steps.insert(0, (0, opening));
        steps
    })
}

/// What a step is to the market, or to us.
enum Act {
    Market(Happening),
    Send(Command),
}

/// Gives out ids.
#[derive(Default)]
struct Script {
    book_id: u64,
    order_id: u64,
    last: Option<NewOrder>,
    /// By order sent, its side and price: most amendments change one number alone.
    levels: Vec<(Side, i64)>,
}

impl Script {
    fn order_before(&self, before: u64) -> u64 {
        self.order_id.saturating_sub(before)
    }

    fn replace(&mut self, before: u64, side: Side, price: i64, lots: i64) -> Command {
        let id = self.order_before(before);
        let Some(level) = usize::try_from(id).unwrap().checked_sub(1).and_then(|at| self.levels.get_mut(at))
        else {
            return Command::Replace(replace(id, side, price, lots));
        };
        // Now and then with another side or price.
        let side = if price == 94 { side } else { level.0 };
        level.1 = if price % 3 == 0 { price } else { level.1 };
        Command::Replace(replace(id, side, level.1, lots))
    }

    fn act(&mut self, step: &Step, now: i64) -> Act {
        let mut next_book = || {
            self.book_id += 2;
            self.book_id
        };
        let market = match step.clone() {
            Step::Diff(bids, asks) => Happening::Batch { kind: BookKind::Diff, id: next_book(), bids, asks },
            Step::Snapshot(bids, asks) => {
                Happening::Batch { kind: BookKind::Snapshot, id: next_book(), bids, asks }
            }
            Step::Lost => Happening::Lost,
            Step::Ticker(bid, ask, newer) => Happening::Ticker { id: self.book_id + newer, bid, ask },
            Step::Trade(maker, price, lots) => Happening::Trade { maker, price, lots },
            Step::New(side, price, lots, tif, reduce_only) => {
                self.order_id += 1;
                self.levels.push((side, price));
                let end = |span: Nanos| TimeInForce::GoodTillDate(Nanos(now + span.0));
                let tif = tif.good_till().map_or(tif, end);
                let order = NewOrder {
                    instrument: ETH,
                    client_id: ClientOrderId(self.order_id),
                    side,
                    price: Price(price),
                    lots: Lots(lots),
                    tif,
                    reduce_only,
                    expires_at: Nanos::MAX,
                };
                self.last = Some(order);
                return Act::Send(Command::New(order));
            }
            Step::Cancel(before) => {
                let client_id = ClientOrderId(self.order_before(before));
                return Act::Send(Command::Cancel(Cancel { instrument: ETH, client_id }));
            }
            Step::Replace(before, side, price, lots) => {
                return Act::Send(self.replace(before, side, price, lots));
            }
            Step::Query(before) => {
                let client_id = ClientOrderId(self.order_before(before));
                return Act::Send(Command::Query(Query { instrument: ETH, client_id, number: 1 }));
            }
            Step::Again => {
                return match self.last {
                    Some(order) => Act::Send(Command::New(order)),
                    None => Act::Market(Happening::Lost),
                };
            }
        };
        Act::Market(market)
    }
}

fn events(happening: &Happening) -> Vec<Event> {
    let (venue_time, recv_time) = (Nanos(0), Nanos(0));
    match happening {
        Happening::Batch { kind, id, bids, asks } => batch(*kind, UpdateId(*id), bids, asks),
        Happening::Lost => vec![Event::BookLost(BookLost { instrument: ETH, reason: LostReason::Gap })],
        Happening::Ticker { id, bid, ask } => {
            let (bid, ask) = (row(*bid), row(*ask));
            vec![Event::Ticker(Ticker {
                instrument: ETH,
                update_id: UpdateId(*id),
                bid,
                ask,
                venue_time,
                recv_time,
            })]
        }
        Happening::Trade { maker, price, lots } => vec![Event::Trade(Trade {
            instrument: ETH,
            maker: *maker,
            level: row((*price, *lots)),
            trade_id: TradeId(0),
            venue_time,
            recv_time,
        })],
    }
}

/// Merges what one event or command made an order trade at one price: the twin trades lot by lot.
fn merged(told: &[Told]) -> Vec<Told> {
    let mut merged: Vec<Told> = Vec::new();
    for next in told {
        if let (Some(Told::Filled(id, price, lots, reason)), Told::Filled(id2, price2, more, reason2)) =
            (merged.last_mut(), next)
            && (*id, *price, *reason) == (*id2, *price2, *reason2)
        {
            *lots += more;
            continue;
        }
        merged.push(*next);
    }
    merged
}

/// The venue, driven as it asks to be.
struct Driven {
    venue: TapeVenue,
    reports: Vec<Event>,
}

impl Driven {
    fn new(queues: Queues, latency: Latency, kind: AmendKind) -> Self {
        let mut spec = spec();
        spec.instruments[0].amend.kind = kind;
        spec.instruments[0].queue = rules(queues);
        spec.instruments[0].orders_max = ORDERS_MAX;
        spec.latency = latency;
        Self { venue: TapeVenue::new(&spec).unwrap(), reports: Vec::new() }
    }

    /// Acts on all that has reached the venue by `now`.
    fn arrive(&mut self, now: Nanos) {
        while self.venue.next_arrival().is_some_and(|at| at <= now) {
            self.venue.on_arrival();
            self.drain();
        }
    }

    fn drain(&mut self) -> Vec<Told> {
        let new: Vec<Event> = core::iter::from_fn(|| self.venue.pop_response(Nanos::MAX)).collect();
        self.reports.extend(&new);
        new.iter().map(Told::of).collect()
    }

    fn market(&mut self, happening: &Happening, at: Nanos) -> Vec<Told> {
        events(happening).iter().for_each(|event| self.venue.on_market(event, at));
        self.drain()
    }

    /// Others' lots ahead of each order that rests.
    fn ahead(&self) -> BTreeMap<u64, i64> {
        let ahead = |resting: &Resting| (resting.order().client_id.0, resting.ahead().0);
        self.venue.resting(ETH).map(ahead).collect()
    }

    /// As `market`, with a book batch in one piece.
    fn market_whole(&mut self, happening: &Happening, at: Nanos) -> Vec<Told> {
        let Happening::Batch { bids, asks, .. } = happening else { return self.market(happening, at) };
        let [bids, asks] = [bids, asks].map(|rows| rows.iter().copied().map(row).collect::<Vec<_>>());
        let slots = events(happening);
        let [Event::BookBegin(begin), ..] = slots[..] else { unreachable!("a batch has a beginning") };
        self.venue.on_batch(&BookBatch::new(begin, &bids, &asks), at);
        self.drain()
    }
}

fn rules(queues: Queues) -> QueueRules {
    let power = |family, n: u32| CancelModel::Odds(family, Curve::Power(f64::from(n)));
    QueueRules {
        cancels: match queues.cancels {
            Cancels::Share(percent) => CancelModel::Share(Rate(percent * 1_000_000)),
            Cancels::Ratio(n) => power(Family::Ratio, n),
            Cancels::Whole(n) => power(Family::Whole, n),
            Cancels::Front(n) => power(Family::Front, n),
        },
        fills: if queues.whole { FillSizes::Whole } else { FillSizes::Partial },
        impact: if queues.displaces { Impact::Displaces } else { Impact::None },
    }
}

fn queues() -> impl Strategy<Value = Queues> {
    let share = prop_oneof![Just(0), Just(100), 0..=100i64];
    let cancels = prop_oneof![
        3 => share.prop_map(Cancels::Share),
        1 => (1..4u32).prop_map(Cancels::Ratio),
        1 => (1..4u32).prop_map(Cancels::Whole),
        1 => (1..4u32).prop_map(Cancels::Front),
    ];
    let flag = || prop_oneof![2 => Just(false), 1 => Just(true)];
    (cancels, flag(), flag()).prop_map(|(cancels, whole, displaces)| Queues { cancels, whole, displaces })
}

fn amend_kind() -> impl Strategy<Value = AmendKind> {
    prop_oneof![
        1 => Just(AmendKind::Unsupported),
        2 => Just(AmendKind::ShrinkOnly),
        3 => Just(AmendKind::Requeues),
        3 => Just(AmendKind::ShrinkKeeps),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn the_venue_tells_what_its_naive_twin_tells(
        history in history(),
        queues in queues(),
        order_latency in 0..6i64,
        kind in amend_kind(),
    ) {
        let latency = Latency { order: Span(order_latency), response: Span(3) };
        let mut driven = Driven::new(queues, latency, kind);
        let mut twin = Twin::new(ORDERS_MAX, queues, kind);
        let mut script = Script::default();
        let mut pending: Vec<(i64, Command)> = Vec::new();
        let mut now = 0;
        for (pause, step) in history.into_iter().chain([(1_000, Step::Lost)]) {
            now += pause;
            while let Some(at) = driven.venue.next_arrival().filter(|at| *at < Nanos(now)) {
                driven.venue.on_arrival();
                let due = pending.first().map(|(due, _)| *due);
                match twin.next_end().filter(|end| due.is_none_or(|due| *end <= due)) {
                    Some(end) => {
                        prop_assert_eq!(at, Nanos(end));
                        twin.on_end(end);
                    }
                    None => {
                        let (due, command) = pending.remove(0);
                        prop_assert_eq!(at, Nanos(due));
                        twin.on_command(&command, due);
                    }
                }
                prop_assert_eq!(merged(&driven.drain()), merged(&core::mem::take(&mut twin.told)));
            }
            prop_assert!(pending.first().is_none_or(|(at, _)| *at >= now));
            prop_assert!(twin.next_end().is_none_or(|end| end >= now));
            match script.act(&step, now) {
                Act::Send(command) => {
                    driven.venue.send(&command, Nanos(now));
                    pending.push((now + order_latency, command));
                }
                Act::Market(happening) => {
                    let told = driven.market(&happening, Nanos(now));
                    twin.on_market(&happening);
                    prop_assert_eq!(merged(&told), merged(&core::mem::take(&mut twin.told)), "after {:?}", happening);
                }
            }
            prop_assert_eq!(driven.venue.position(ETH), Lots(twin.position));
            prop_assert_eq!(driven.ahead(), twin.ahead(), "others ahead of our orders");
        }
    }

    #[test]
    fn nothing_is_made_or_lost_and_batches_equal_their_slots(
        history in history(),
        queues in queues(),
        kind in amend_kind(),
    ) {
        let mut driven = Driven::new(queues, Latency { order: Span::ZERO, response: Span(3) }, kind);
        let mut again = Driven::new(queues, Latency { order: Span::ZERO, response: Span(3) }, kind);
        let mut script = Script::default();
        let mut ahead: BTreeMap<u64, (ClientOrderId, Lots)> = BTreeMap::new();
        let mut now = 0;
        for (pause, step) in history {
            now += pause + 1;
            for driven in [&mut driven, &mut again] {
                driven.arrive(Nanos(now - 1));
            }
            let act = script.act(&step, now);
            match &act {
                Act::Send(command) => {
                    for driven in [&mut driven, &mut again] {
                        driven.venue.send(command, Nanos(now));
                        driven.arrive(Nanos(now));
                    }
                    // An amended order may stand elsewhere.
                    if let Command::Replace(replace) = command {
                        ahead.retain(|_, (id, _)| *id != replace.client_id);
                    }
                }
                Act::Market(happening) => {
                    let in_slots = driven.market(happening, Nanos(now));
                    prop_assert_eq!(in_slots, again.market_whole(happening, Nanos(now)));
                }
            }
            prop_assert_eq!(driven.venue.state_hash(), again.venue.state_hash());
            let before = core::mem::take(&mut ahead);
            for resting in driven.venue.resting(ETH) {
                let id = resting.order().venue_id.0;
                prop_assert!(resting.ahead() >= Lots::ZERO);
                let grew = before.get(&id).is_some_and(|(_, before)| resting.ahead() > *before);
                prop_assert!(!grew, "the queue ahead grew");
                ahead.insert(id, (resting.order().client_id, resting.ahead()));
            }
        }
        check_reports(&driven)?;
    }
}

/// The life of each accepted order adds up: it fills at most its size, each trade has an id of its own, nothing follows its
/// end, and what rests is what was not filled.
fn check_reports(driven: &Driven) -> Result<(), TestCaseError> {
    // Lots filled; an order that filled to its end stays open here.
    let (mut open, mut ended) = (BTreeMap::<u64, Lots>::new(), BTreeMap::<u64, Lots>::new());
    let (mut position, mut next_trade) = (Lots::ZERO, 5_000);
    for event in &driven.reports {
        match Told::of(event) {
            Told::Accepted(id) => drop(open.insert(id, Lots::ZERO)),
            Told::Filled(id, ..) => {
                let Event::Fill(fill) = event else { unreachable!("told as a fill") };
                let filled = open.get_mut(&id);
                prop_assert!(filled.is_some(), "a fill of an order that is not open");
                *filled.unwrap() += fill.level.lots();
                position += fill.level.lots().signed(fill.side);
                prop_assert_eq!(fill.trade_id, TradeId(next_trade));
                next_trade += 1;
            }
            Told::Cancelled(id) | Told::Expired(id) => {
                let filled = open.remove(&id);
                prop_assert!(filled.is_some());
                ended.insert(id, filled.unwrap());
            }
            Told::Replaced(id, _, lots, filled) | Told::Working(id, _, lots, filled) => {
                prop_assert_eq!(open.get(&id), Some(&Lots(filled)));
                prop_assert!(lots > filled);
            }
            Told::Ended(id, how, filled) => {
                let all = if how == Ending::Filled { &open } else { &ended };
                prop_assert_eq!(all.get(&id), Some(&Lots(filled)));
            }
            Told::NotFound(id) => prop_assert!(!open.contains_key(&id) && !ended.contains_key(&id)),
            Told::Rejected(..) | Told::CancelRejected(..) | Told::ReplaceRejected(..) => {}
        }
    }
    prop_assert_eq!(driven.venue.position(ETH), position);
    for resting in driven.venue.resting(ETH) {
        let order = resting.order();
        prop_assert!(order.left > Lots::ZERO && open.contains_key(&order.client_id.0));
    }
    Ok(())
}
