//! The venue of traders from a client's side: commands, answers, refusals and the feed.
#![cfg(test)]
#![forbid(unsafe_code)]

use ballast_core::replace::ReplaceRules;
use ballast_exchange::floor::{
    ClientId, CrowdSpec, FloorSpec, FloorSpecError, FundingSpec, MarketNews, MatchingVenue,
};
use ballast_exchange::matching::{
    MarginRules, MatchingLimits, MatchingSpec, MatchingSpecError, Prevention, Reject, TIERS_MAX,
};
use ballast_exchange::{FeeSchedule, Latency};
use ballast_model::{
    AssetId, BookKind, Cancel, ClientOrderId, Command, Contract, Ending, Event, InstrumentId, InstrumentSpec,
    Lots, Money, Nanos, NewOrder, OrderReport, Price, Query, Rate, ReduceOnly, RejectReason, Replace, Side,
    Span, Step, TimeInForce, TradeId, VenueOrderId,
};

const HERE: InstrumentId = InstrumentId(3);
const US: ClientId = ClientId(0);
const START: Nanos = Nanos::from_millis(1_000);
const WIRE: Span = Span::from_millis(2);

fn spec() -> FloorSpec {
    let instrument = InstrumentSpec {
        tick: Step::parse("0.01").unwrap(),
        lot: Step::parse("0.001").unwrap(),
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(1_000_000),
        size_min: Lots(1),
        size_max: Lots(2_000_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    };
    let limits = MatchingLimits {
        accounts: 8,
        orders: 1_000,
        waiting: 100,
        orders_per_account: 200,
        pages: 512,
        position: Lots(10_000_000),
        batch: 20,
    };
    FloorSpec {
        matching: MatchingSpec {
            instrument: InstrumentSpec::new(instrument).unwrap(),
            fees: FeeSchedule { maker: Rate(0), taker: Rate::from_bps(4) },
            tiers: [None; TIERS_MAX],
            margin: Some(MarginRules {
                initial: Rate::from_bps(200),
                maintenance: Rate::from_bps(100),
                clearance: Rate(0),
            }),
            amend: ReplaceRules::BINANCE_USDM,
            market_protection: Rate::from_bps(500),
            band: None,
            halt: None,
            limits,
            first_order_id: VenueOrderId(1),
            first_trade_id: TradeId(1),
        },
        instrument: HERE,
        clients: 2,
        collateral: Money(10_000 * Money::ONE.0),
        self_trade: Prevention::ExpireTaker,
        latency: Latency { order: WIRE, response: WIRE },
        feed_latency: Span::from_millis(1),
        diff_every: Span::from_millis(50),
        depth: 20,
        funding: Some(FundingSpec {
            mark_every: Span::from_millis(100),
            period: Span::from_secs(2),
            interest: Rate::from_bps(1),
            cap: Rate::from_bps(75),
        }),
        crowd: CrowdSpec {
            seed: 5,
            requests_per_second: 200,
            orders: 200,
            start_price: Price(268_162),
            collateral: Money(1_000_000 * Money::ONE.0),
            insurance: Money::ZERO,
        },
        start: START,
    }
}

/// A client's view of a venue whose crowd is asleep.
struct Rig {
    venue: MatchingVenue,
    now: Nanos,
}

impl Rig {
    fn quiet() -> Self {
        let mut venue = MatchingVenue::new(&spec()).unwrap();
        venue.close();
        Self { venue, now: START }
    }

    /// Sends a command; what comes back and when, and whose it is.
    fn say(&mut self, command: &Command) -> Vec<(ClientId, OrderReport)> {
        self.venue.send(US, command, self.now);
        let sent = self.now;
        self.now = sent + WIRE;
        while self.venue.next_arrival().is_some_and(|at| at <= self.now) {
            self.venue.on_arrival();
        }
        assert_eq!(self.venue.pop_response(self.now), None, "answers travel, too");
        self.now = self.now + WIRE;
        let mut heard = Vec::new();
        while let Some((client, event)) = self.venue.pop_response(self.now) {
            if let Event::Order(update) = event {
                assert_eq!(update.venue_time, sent + WIRE);
                heard.push((client, update.report));
            }
        }
        heard
    }

    fn one(&mut self, command: &Command) -> OrderReport {
        let heard = self.say(command);
        let [(US, report)] = heard[..] else { panic!("{heard:?}") };
        report
    }
}

fn new(id: u64, side: Side, price: Price, lots: i64, tif: TimeInForce) -> NewOrder {
    NewOrder {
        instrument: HERE,
        client_id: ClientOrderId(id),
        side,
        price,
        lots: Lots(lots),
        tif,
        reduce_only: ReduceOnly::No,
        expires_at: Nanos::MAX,
    }
}

fn query(id: u64) -> Command {
    Command::Query(Query { instrument: HERE, client_id: ClientOrderId(id), number: 9 })
}

#[test]
fn commands_are_answered_after_both_latencies() {
    let mut rig = Rig::quiet();
    let best = rig.venue.engine().best(Side::Bid).unwrap();
    let order = new(1, Side::Bid, best, 500, TimeInForce::PostOnly);
    assert!(matches!(rig.one(&Command::New(order)), OrderReport::Accepted(_)));
    let OrderReport::Working { level, filled, query: 9, .. } = rig.one(&query(1)) else { panic!() };
    assert_eq!((level.price(), level.lots(), filled), (best, Lots(500), Lots::ZERO));
    let replace = Replace {
        instrument: HERE,
        client_id: ClientOrderId(1),
        side: Side::Bid,
        price: best,
        lots: Lots(300),
        expires_at: Nanos::MAX,
    };
    assert!(matches!(rig.one(&Command::Replace(replace)), OrderReport::Replaced { .. }));
    let other_side = Command::Replace(Replace { side: Side::Ask, ..replace });
    assert_eq!(rig.one(&other_side), OrderReport::ReplaceRejected(RejectReason::UnknownOrder));
    let cancel = Command::Cancel(Cancel { instrument: HERE, client_id: ClientOrderId(1) });
    assert_eq!(rig.one(&cancel), OrderReport::Cancelled);
    assert_eq!(rig.one(&query(1)), OrderReport::Ended { how: Ending::Cancelled, filled: Lots::ZERO });
    assert_eq!(rig.one(&query(2)), OrderReport::NotFound { query: 9 });
    let counters = rig.venue.counters(US);
    assert_eq!((counters.orders, counters.accepted, counters.cancelled), (1, 1, 1));
    assert_eq!((counters.replaces, counters.replaced, counters.queries), (2, 1, 3));
    assert_eq!(rig.venue.validate(), Ok(()));
}

#[test]
fn refusals_are_told_and_counted_by_the_venues_own_reason() {
    let mut rig = Rig::quiet();
    let ask = rig.venue.engine().best(Side::Ask).unwrap();
    let post = new(1, Side::Bid, ask, 1, TimeInForce::PostOnly);
    let elsewhere = NewOrder { instrument: InstrumentId(0), ..post };
    let vast = new(2, Side::Bid, Price(268_000), 2_000_000, TimeInForce::GoodTillCancel);
    for (order, reason) in [
        (post, RejectReason::WouldTake),
        (vast, RejectReason::Margin),
        (NewOrder { lots: Lots(0), ..post }, RejectReason::Size),
        (elsewhere, RejectReason::Other),
    ] {
        assert_eq!(rig.one(&Command::New(order)), OrderReport::Rejected(reason));
    }
    let refused = [(Reject::WouldTake, 1), (Reject::Margin, 1), (Reject::SizeMin, 1)];
    for (why, count) in refused {
        let seen = rig.venue.refusals(US).iter().find(|(reason, _)| *reason == why);
        assert_eq!(seen.map_or(0, |(_, count)| *count), count, "{why:?}");
    }
    let cancel = Command::Cancel(Cancel { instrument: InstrumentId(0), client_id: ClientOrderId(1) });
    assert_eq!(rig.one(&cancel), OrderReport::CancelRejected(RejectReason::UnknownOrder));
}

#[test]
fn a_taker_trades_with_the_crowd_and_ends_filled() {
    let mut rig = Rig::quiet();
    let ask = rig.venue.engine().best(Side::Ask).unwrap();
    let order = new(1, Side::Bid, ask, 1, TimeInForce::ImmediateOrCancel);
    assert!(matches!(rig.one(&Command::New(order)), OrderReport::Accepted(_)));
    assert_eq!(rig.venue.position(US), Lots(1));
    assert_eq!(rig.one(&query(1)), OrderReport::Ended { how: Ending::Filled, filled: Lots(1) });
    assert_eq!(rig.venue.open_orders(US), 0);
    let mut trades = 0;
    while let Some(news) = rig.venue.pop_news(rig.now) {
        if let MarketNews::Event(Event::Trade(trade)) = news {
            assert_eq!((trade.maker, trade.level.price(), trade.instrument), (Side::Ask, ask, HERE));
            trades += 1;
        }
    }
    assert_eq!(trades, 1);
}

#[test]
fn the_feed_is_the_book_of_the_engine() {
    let mut venue = MatchingVenue::new(&spec()).unwrap();
    let mut sides = [Side::Bid, Side::Ask].map(|_| std::collections::BTreeMap::new());
    let (mut books, mut tickers, mut marks) = (0, 0, 0);
    for _ in 0..3_000 {
        let at = venue.next_arrival().unwrap();
        venue.on_arrival();
        // Read ahead of its arrival: nothing has happened since.
        while let Some(news) = venue.pop_news(at + Span::from_millis(1)) {
            match news {
                MarketNews::Book(book) => {
                    let batch = book.batch();
                    assert_eq!(
                        (batch.begin().kind == BookKind::Snapshot, batch.begin().venue_time),
                        (books == 0, at)
                    );
                    books += 1;
                    for (side, levels) in batch.sides() {
                        let known = &mut sides[side.index()];
                        known.extend(levels.iter().map(|level| (level.price(), level.lots())));
                        known.retain(|_, lots: &mut Lots| !lots.is_zero());
                        let mut ours: Vec<_> = known.iter().map(|(price, lots)| (*price, *lots)).collect();
                        if side == Side::Bid {
                            ours.reverse();
                        }
                        assert!(venue.engine().levels(side).take(20).eq(ours), "{side:?} at {at:?}");
                    }
                }
                MarketNews::Event(Event::Ticker(ticker)) => {
                    assert!(ticker.bid.price() < ticker.ask.price());
                    tickers += 1;
                }
                MarketNews::Event(Event::Mark(mark)) => {
                    assert!(mark.mark_e8 > 0 && mark.recv_time == mark.venue_time + Span::from_millis(1));
                    marks += 1;
                }
                MarketNews::Event(_) => {}
            }
        }
    }
    assert!(books > 100 && tickers > 200 && marks > 50, "{books} {tickers} {marks}");
    assert_eq!(venue.validate(), Ok(()));
}

#[test]
fn the_crowd_keeps_a_market() {
    let mut venue = MatchingVenue::new(&spec()).unwrap();
    let (mut trades, mut makers, mut widest) = (0, [0; 2], 0);
    for _ in 0..20_000 {
        let at = venue.next_arrival().unwrap();
        venue.on_arrival();
        while let Some(news) = venue.pop_news(at + Span::from_millis(1)) {
            if let MarketNews::Event(Event::Trade(trade)) = news {
                trades += 1;
                makers[trade.maker.index()] += 1;
            }
        }
        let [bid, ask] = Side::BOTH.map(|side| venue.engine().best(side).unwrap());
        assert!(bid < ask);
        widest = widest.max((ask - bid).0);
    }
    let open = venue.engine().open_orders();
    println!(
        "{trades} trades {makers:?}, {open} open, {} wait, widest {widest}",
        venue.engine().waiting_orders()
    );
    assert!(trades > 300 && makers.iter().all(|count| *count > 100), "{trades} {makers:?}");
    assert!((100..300).contains(&open) && venue.engine().waiting_orders() > 0, "{open}");
    assert!(widest < 2_000, "{widest} ticks");
    assert_eq!(venue.validate(), Ok(()));
}

#[test]
fn a_spec_out_of_range_is_refused_by_name() {
    type Fault = fn(&mut FloorSpec);
    let cases: [(Fault, FloorSpecError); 11] = [
        (|spec| spec.matching.limits.accounts = 0, FloorSpecError::Matching(MatchingSpecError::Accounts)),
        (|spec| spec.clients = 0, FloorSpecError::Clients),
        (|spec| spec.clients = 8, FloorSpecError::Clients),
        (|spec| spec.feed_latency = Span(-1), FloorSpecError::Latency),
        (|spec| spec.diff_every = Span::ZERO, FloorSpecError::Feed),
        (|spec| spec.depth = 0, FloorSpecError::Feed),
        (|spec| spec.collateral = Money(-1), FloorSpecError::Collateral),
        (|spec| spec.funding = None, FloorSpecError::Funding),
        (|spec| spec.matching.margin = None, FloorSpecError::Funding),
        (|spec| spec.crowd.start_price = Price(1_999), FloorSpecError::Crowd),
        (|spec| spec.start = Nanos(-1), FloorSpecError::Start),
    ];
    for (fault, expected) in cases {
        let mut spec = spec();
        assert_eq!(spec.check(), Ok(()));
        fault(&mut spec);
        assert_eq!(spec.check(), Err(expected));
        assert_eq!(MatchingVenue::new(&spec).err(), Some(expected));
        assert!(!expected.to_string().is_empty());
    }
}
