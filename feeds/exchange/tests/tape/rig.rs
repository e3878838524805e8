//! A venue with one instrument and the words to tell it a story.

use ballast_core::book::BookLimits;
use ballast_core::replace::ReplaceRules;
use ballast_exchange::{
    Conditions, FeeSchedule, InstrumentRules, Latency, OrderFlow, QueueRules, SelfTrade, TapeVenue, VenueSpec,
};
use ballast_model::{
    AccountEvent, AssetId, BookBegin, BookKind, BookLevels, BookLost, Cancel, ClientOrderId, Command,
    Contract, Ending, Event, Fill, FillReason, InstrumentId, InstrumentSpec, LEVELS_PER_SLOT, Last,
    LostReason, Lots, Money, Nanos, NewOrder, OrderReport, PackedLevel, Price, Query, Rate, ReduceOnly,
    RejectReason, Replace, Side, Span, Step, Ticker, TimeInForce, Trade, TradeId, UpdateId, VenueOrderId,
};

pub(crate) const ETH: InstrumentId = InstrumentId(0);
pub(crate) const BASE: AssetId = AssetId(0);
pub(crate) const QUOTE: AssetId = AssetId(1);

/// Tick 0.01, lot 0.001; maker rebate 0.5 bp, taker fee 4 bp; no latency; only trades move queues.
pub(crate) fn spec() -> VenueSpec {
    let spec = InstrumentSpec {
        tick: Step::parse("0.01").unwrap(),
        lot: Step::parse("0.001").unwrap(),
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(10),
        price_max: Price(10_000),
        size_min: Lots(1),
        size_max: Lots(1_000),
        notional_min: Money::ZERO,
        base: BASE,
        quote: QUOTE,
    };
    VenueSpec {
        instruments: vec![InstrumentRules {
            spec: InstrumentSpec::new(spec).unwrap(),
            fees: FeeSchedule { maker: Rate(-5_000), taker: Rate::from_bps(4) },
            queue: QueueRules::sharing(Rate(0)),
            amend: ReplaceRules::BINANCE_USDM,
            orders_max: 8,
            book: BookLimits { price_ticks_max: 20_000, levels_max: 64 },
        }],
        latency: Latency { order: Span::ZERO, response: Span::ZERO },
        conditions: Conditions::default(),
        tiers: Vec::new(),
        wallet: None,
        self_trade: SelfTrade::Reject,
        first_order_id: VenueOrderId(1_000),
        first_trade_id: TradeId(5_000),
    }
}

/// Price and size.
pub(crate) type Row = (i64, i64);

/// What the venue told, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Accepted(u64),
    Rejected(u64, RejectReason),
    Cancelled(u64),
    CancelRejected(u64, RejectReason),
    Expired(u64),
    /// Order, price, total lots, lots filled.
    Replaced(u64, i64, i64, i64),
    ReplaceRejected(u64, RejectReason),
    /// Order, price, total lots, lots filled.
    Working(u64, i64, i64, i64),
    /// Order, how, lots filled.
    Ended(u64, Ending, i64),
    NotFound(u64),
    /// Order, price, lots, reason.
    Filled(u64, i64, i64, FillReason),
}

impl Told {
    pub(crate) fn of(event: &Event) -> Self {
        match event.account() {
            Some(AccountEvent::Order(update)) => {
                let id = update.client_id.0;
                match update.report {
                    OrderReport::Accepted(_) => Self::Accepted(id),
                    OrderReport::Rejected(reason) => Self::Rejected(id, reason),
                    OrderReport::Cancelled => Self::Cancelled(id),
                    OrderReport::CancelRejected(reason) => Self::CancelRejected(id, reason),
                    OrderReport::Expired => Self::Expired(id),
                    OrderReport::Replaced { level, filled, .. } => {
                        Self::Replaced(id, level.price().0, level.lots().0, filled.0)
                    }
                    OrderReport::ReplaceRejected(reason) => Self::ReplaceRejected(id, reason),
                    OrderReport::Working { level, filled, .. } => {
                        Self::Working(id, level.price().0, level.lots().0, filled.0)
                    }
                    OrderReport::Ended { how, filled } => Self::Ended(id, how, filled.0),
                    OrderReport::NotFound { .. } => Self::NotFound(id),
                    OrderReport::NotSent | OrderReport::FateUnknown => {
                        panic!("not a venue's report: {update:?}")
                    }
                }
            }
            Some(AccountEvent::Fill(fill)) => {
                Self::Filled(fill.client_id.0, fill.level.price().0, fill.level.lots().0, fill.reason)
            }
            Some(AccountEvent::Funding(_) | AccountEvent::Balance(_)) | None => {
                panic!("not a report: {event:?}")
            }
        }
    }
}

pub(crate) struct Rig {
    pub(crate) venue: TapeVenue,
    now: Nanos,
    book_id: u64,
    trades: u64,
    orders: u64,
}

impl Rig {
    pub(crate) fn with(change: impl FnOnce(&mut VenueSpec)) -> Self {
        let mut spec = spec();
        change(&mut spec);
        Self { venue: TapeVenue::new(&spec).unwrap(), now: Nanos(0), book_id: 100, trades: 0, orders: 0 }
    }

    /// A venue that shows these levels.
    pub(crate) fn showing(bids: &[Row], asks: &[Row]) -> Self {
        Self::with(|_| ()).then_showing(bids, asks)
    }

    pub(crate) fn then_showing(mut self, bids: &[Row], asks: &[Row]) -> Self {
        self.snapshot(bids, asks);
        self
    }

    /// Time passes, and nothing happens.
    pub(crate) fn wait_until(&mut self, at: Nanos) {
        assert!(at >= self.now, "time only passes");
        self.now = at;
    }

    pub(crate) fn market(&mut self, event: Event) {
        self.now = self.now + Span(1);
        self.venue.on_market(&event, self.now);
    }

    pub(crate) fn snapshot(&mut self, bids: &[Row], asks: &[Row]) {
        self.book_id += 10;
        self.batch(BookKind::Snapshot, bids, asks);
    }

    pub(crate) fn diff(&mut self, bids: &[Row], asks: &[Row]) {
        self.book_id += 10;
        self.batch(BookKind::Diff, bids, asks);
    }

    /// Number of the last book batch.
    pub(crate) const fn book_id(&self) -> u64 {
        self.book_id
    }

    /// Something becomes of others' orders, before the book is told of it.
    pub(crate) fn orders(&mut self, flow: &[OrderFlow]) {
        self.orders_shifted(flow, 0);
    }

    /// The same with so much added to the updates they joined with.
    pub(crate) fn orders_shifted(&mut self, flow: &[OrderFlow], added: u64) {
        self.now = self.now + Span(1);
        self.venue.on_orders(ETH, flow, added, self.now);
    }

    fn batch(&mut self, kind: BookKind, bids: &[Row], asks: &[Row]) {
        for event in batch(kind, UpdateId(self.book_id), bids, asks) {
            self.market(event);
        }
    }

    pub(crate) fn lose(&mut self) {
        self.market(Event::BookLost(BookLost { instrument: ETH, reason: LostReason::Gap }));
    }

    /// Somebody trades against resting orders of side `maker`.
    pub(crate) fn trade(&mut self, maker: Side, price: i64, lots: i64) {
        self.trades += 1;
        self.market(Event::Trade(Trade {
            instrument: ETH,
            maker,
            level: row((price, lots)),
            trade_id: TradeId(self.trades),
            venue_time: self.now,
            recv_time: self.now,
        }));
    }

    /// Best prices `newer` updates after the book (none or fewer: not newer).
    pub(crate) fn ticker(&mut self, bid: Row, ask: Row, newer: i64) {
        let update_id = UpdateId(self.book_id.saturating_add_signed(newer));
        self.market(Event::Ticker(Ticker {
            instrument: ETH,
            update_id,
            bid: row(bid),
            ask: row(ask),
            venue_time: self.now,
            recv_time: self.now,
        }));
    }

    /// An order of the next id, as it would be sent.
    pub(crate) fn new_order(&mut self, side: Side, price: i64, lots: i64, tif: TimeInForce) -> NewOrder {
        self.orders += 1;
        NewOrder {
            instrument: ETH,
            client_id: ClientOrderId(self.orders),
            side,
            price: Price(price),
            lots: Lots(lots),
            tif,
            reduce_only: ReduceOnly::No,
            expires_at: Nanos::MAX,
        }
    }

    /// Sends an order, lets everything on its way arrive, and returns its id.
    pub(crate) fn order(&mut self, side: Side, price: i64, lots: i64, tif: TimeInForce) -> u64 {
        let order = self.new_order(side, price, lots, tif);
        self.send(Command::New(order));
        order.client_id.0
    }

    pub(crate) fn bid(&mut self, price: i64, lots: i64) -> u64 {
        self.order(Side::Bid, price, lots, TimeInForce::PostOnly)
    }

    pub(crate) fn ask(&mut self, price: i64, lots: i64) -> u64 {
        self.order(Side::Ask, price, lots, TimeInForce::PostOnly)
    }

    pub(crate) fn reduce(&mut self, side: Side, price: i64, lots: i64, tif: TimeInForce) -> u64 {
        let order = NewOrder { reduce_only: ReduceOnly::Yes, ..self.new_order(side, price, lots, tif) };
        self.send(Command::New(order));
        order.client_id.0
    }

    pub(crate) fn cancel(&mut self, id: u64) {
        self.send(Command::Cancel(Cancel { instrument: ETH, client_id: ClientOrderId(id) }));
    }

    /// Amends a bid to this price and total size.
    pub(crate) fn replace(&mut self, id: u64, price: i64, lots: i64) {
        self.send(Command::Replace(replace(id, Side::Bid, price, lots)));
    }

    pub(crate) fn query(&mut self, id: u64) {
        self.send(Command::Query(Query { instrument: ETH, client_id: ClientOrderId(id), number: 1 }));
    }

    pub(crate) fn send(&mut self, command: Command) {
        self.now = self.now + Span(1);
        self.venue.send(&command, self.now);
        while self.venue.next_arrival().is_some_and(|at| at <= self.now) {
            self.venue.on_arrival();
        }
    }

    /// Everything told since the last call, whether it has reached us yet or not.
    pub(crate) fn told(&mut self) -> Vec<Told> {
        self.events().iter().map(Told::of).collect()
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        core::iter::from_fn(|| self.venue.pop_response(Nanos::MAX)).collect()
    }

    pub(crate) fn fills(&mut self) -> Vec<Fill> {
        let fill = |event: Event| if let Event::Fill(fill) = event { Some(fill) } else { None };
        self.events().into_iter().filter_map(fill).collect()
    }

    /// Forgets what was told so far.
    pub(crate) fn hush(&mut self) {
        self.events();
    }

    /// Others' lots ahead of a resting order.
    pub(crate) fn ahead(&self, id: u64) -> i64 {
        let resting = self.venue.resting(ETH).find(|resting| resting.order().client_id.0 == id);
        resting.expect("the order rests").ahead().0
    }
}

pub(crate) const fn replace(id: u64, side: Side, price: i64, lots: i64) -> Replace {
    Replace {
        instrument: ETH,
        client_id: ClientOrderId(id),
        side,
        price: Price(price),
        lots: Lots(lots),
        expires_at: Nanos::MAX,
    }
}

pub(crate) fn row((price, lots): Row) -> PackedLevel {
    PackedLevel::new(Price(price), Lots(lots)).unwrap()
}

/// The slots of one batch.
pub(crate) fn batch(kind: BookKind, update_id: UpdateId, bids: &[Row], asks: &[Row]) -> Vec<Event> {
    let levels = u32::try_from(bids.len() + asks.len()).unwrap();
    let (venue_time, recv_time) = (Nanos(0), Nanos(0));
    let mut events =
        vec![Event::BookBegin(BookBegin { instrument: ETH, kind, levels, update_id, venue_time, recv_time })];
    for (side, rows) in [(Side::Bid, bids), (Side::Ask, asks)] {
        for chunk in rows.chunks(LEVELS_PER_SLOT) {
            let mut levels = [PackedLevel::default(); LEVELS_PER_SLOT];
            chunk.iter().zip(&mut levels).for_each(|(from, to)| *to = row(*from));
            let count = u8::try_from(chunk.len()).unwrap();
            events.push(Event::BookLevels(BookLevels {
                instrument: ETH,
                side,
                last: Last::No,
                count,
                levels,
            }));
        }
    }
    if let Some(Event::BookLevels(slot)) = events.last_mut() {
        slot.last = Last::Yes;
    }
    events
}
