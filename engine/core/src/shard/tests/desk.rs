//! A shard, and the words to tell it a story.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    AssetId, BookBegin, BookKind, BookLevels, BookLost, ClientOrderId, Command, Contract, Event, Fill,
    FillReason, InstrumentId, InstrumentSpec, Last, Liquidity, LostReason, Lots, Money, Nanos, OrderReport,
    OrderUpdate, PackedLevel, Price, Rate, ReduceOnly, Side, Span, Step, Ticker, Ticks, TimeInForce, Trade,
    TradeId, UpdateId, VenueOrderId,
};

use crate::book::BookLimits;
use crate::fair::FairKind;
use crate::gate::{Controls, GateLimits};
use crate::model::{FixedSpread, FixedSpreadParams, Model, Scales};
use crate::oms::SweepLimits;
use crate::outbox::{Note, Outbox};
use crate::quotes::Tolerance;
use crate::replace::ReplaceRules;
use crate::shard::{LaneSpec, QuotingSpec, Shard, ShardSpec, Trigger};

pub(super) const ETH: InstrumentId = InstrumentId(0);
pub(super) const EPOCH: u32 = 3;
/// Time between two events of a story.
pub(super) const STEP: Span = Span::from_millis(1);

/// Tick 0.01, lot 0.001.
pub(super) fn instrument() -> InstrumentSpec {
    InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: 2 },
        lot: Step { mantissa: 1, scale: 3 },
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(100_000),
        size_min: Lots(1),
        size_max: Lots(100_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    })
    .unwrap()
}

/// Five ticks either side of the mid, ten lots each, moved by one tick per ten lots of position; up to thirty lots of it.
pub(super) const PARAMS: FixedSpreadParams = FixedSpreadParams::plain(Ticks(5), 100.0, Lots(10), Lots(30));

pub(super) fn model(params: FixedSpreadParams) -> Model {
    Model::FixedSpread(FixedSpread::new(params, Scales::new(&instrument())).unwrap())
}

/// Quotes by [`PARAMS`].
pub(super) fn quoting() -> QuotingSpec {
    QuotingSpec {
        model: model(PARAMS),
        fair: FairKind::Mid,
        blend: None,
        volatility: None,
        intensity: None,
        hedged_on: None,
        hedge_lots: Lots::ZERO,
        shaping: None,
        exits: None,
        trigger: Trigger::Touch,
        tolerance: Tolerance::EXACT,
        amend: ReplaceRules::NONE,
        limits: GateLimits {
            order_lots_max: Lots(50),
            order_notional_max: Money(1_000_000 * Money::ONE.0),
            position_lots_max: Lots(100),
            open_orders_max: 8,
            collar_through_max: Rate::from_bps(100),
            collar_away_max: Rate::from_bps(100),
            order_burst_max: 1_000,
            orders_per_second_max: 1_000,
            reducing_quotes: crate::gate::ReducingQuotes::Pass,
        },
        touch_age_max: Span::from_secs(5),
        order_expiry: Span::from_millis(500),
    }
}

pub(super) fn lane(quoting: &QuotingSpec) -> LaneSpec {
    let book = BookLimits { price_ticks_max: 100_000, levels_max: 64 };
    LaneSpec {
        spec: instrument(),
        book,
        quoting: Some(quoting.clone()),
        hedge_limits: None,
        controls: Controls::NONE,
        sweep: SweepLimits::DEFAULT,
    }
}

/// What the shard did, in short. An order is named by the counter in its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did {
    /// Order, side, price, lots.
    Place(u64, Side, i64, i64),
    Cancel(u64),
    /// Reduce-only IOC: order, side, price, lots.
    Exit(u64, Side, i64, i64),
    /// Order, new price, new total of lots.
    Amend(u64, i64, i64),
    /// Order asked about, number of the question.
    Ask(u64, u16),
}

pub(super) fn bid(order: u64, price: i64) -> Did {
    Did::Place(order, Side::Bid, price, 10)
}

pub(super) fn ask(order: u64, price: i64) -> Did {
    Did::Place(order, Side::Ask, price, 10)
}

pub(super) struct Desk {
    pub(super) shard: Shard,
    out: Outbox,
    pub(super) now: Nanos,
    book_id: u64,
    trades: u64,
    /// Notes since the story began.
    pub(super) notes: Vec<Note>,
}

impl Desk {
    pub(super) fn new(lanes: Vec<LaneSpec>) -> Self {
        Self::of(ShardSpec { epoch: EPOCH, lanes, hedges: Vec::new(), portfolio: None, arbitrage: None })
    }

    pub(super) fn of(spec: ShardSpec) -> Self {
        let shard = Shard::new(&spec).unwrap();
        let out = Outbox::new(shard.commands_per_event_max());
        Self { shard, out, now: Nanos::from_millis(1_000), book_id: 0, trades: 0, notes: Vec::new() }
    }

    pub(super) fn with(change: impl FnOnce(&mut QuotingSpec)) -> Self {
        let mut quoting = quoting();
        change(&mut quoting);
        Self::new(vec![lane(&quoting)])
    }

    /// Two quotes rest: order 1, a bid at 10 000, and order 2, an ask at 10 010, both at the touch.
    pub(super) fn quoted() -> Self {
        Self::with(|_| ()).then_quoted()
    }

    pub(super) fn then_quoted(mut self) -> Self {
        assert_eq!(self.snapshot(10_000, 10_010), [bid(1, 10_000), ask(2, 10_010)]);
        assert_eq!(self.accepted(1), []);
        assert_eq!(self.accepted(2), []);
        self
    }

    /// Tells the shard at the present time.
    pub(super) fn tell_now(&mut self, event: &Event) -> Vec<Did> {
        self.shard.on_event(event, self.now, &mut self.out);
        self.notes.extend_from_slice(self.out.notes());
        let did = self.out.commands().iter().map(|command| did(command, self.now)).collect();
        self.out.clear();
        did
    }

    /// Tells the shard one step later.
    pub(super) fn tell(&mut self, event: &Event) -> Vec<Did> {
        self.now = self.now + STEP;
        self.tell_now(event)
    }

    /// The book of an instrument begins anew with one level a side.
    pub(super) fn snapshot_of(&mut self, instrument: InstrumentId, bid: i64, ask: i64) -> Vec<Did> {
        self.book_id += 10;
        let mut did = self.tell(&self.begin(instrument, BookKind::Snapshot, 2));
        for (side, price, last) in [(Side::Bid, bid, Last::No), (Side::Ask, ask, Last::Yes)] {
            assert_eq!(did, [], "nothing is decided in the middle of a batch");
            did = self.tell_now(&slot(instrument, side, price, last));
        }
        did
    }

    pub(super) fn snapshot(&mut self, bid: i64, ask: i64) -> Vec<Did> {
        self.snapshot_of(ETH, bid, ask)
    }

    pub(super) fn begin(&self, instrument: InstrumentId, kind: BookKind, levels: u32) -> Event {
        let (update_id, time) = (UpdateId(self.book_id), self.now + STEP);
        Event::BookBegin(BookBegin { instrument, kind, levels, update_id, venue_time: time, recv_time: time })
    }

    /// A diff that changes nothing: the venue confirms the book.
    pub(super) fn confirm(&mut self) -> Vec<Did> {
        self.confirm_of(ETH)
    }

    pub(super) fn confirm_of(&mut self, instrument: InstrumentId) -> Vec<Did> {
        self.book_id += 10;
        self.tell(&self.begin(instrument, BookKind::Diff, 0))
    }

    /// The best prices move.
    pub(super) fn touch(&mut self, bid: i64, ask: i64) -> Vec<Did> {
        self.touch_of(ETH, bid, ask)
    }

    pub(super) fn touch_of(&mut self, instrument: InstrumentId, bid: i64, ask: i64) -> Vec<Did> {
        self.book_id += 10;
        let (update_id, time) = (UpdateId(self.book_id), self.now + STEP);
        self.tell(&Event::Ticker(Ticker {
            instrument,
            update_id,
            bid: level(bid, 500),
            ask: level(ask, 500),
            venue_time: time,
            recv_time: time,
        }))
    }

    pub(super) fn lose(&mut self) -> Vec<Did> {
        self.tell(&Event::BookLost(BookLost { instrument: ETH, reason: LostReason::Gap }))
    }

    /// Somebody else trades.
    pub(super) fn public_trade(&mut self, price: i64) -> Vec<Did> {
        self.public_trade_of(ETH, price)
    }

    pub(super) fn public_trade_of(&mut self, instrument: InstrumentId, price: i64) -> Vec<Did> {
        self.trades += 1;
        let (trade_id, now) = (TradeId(self.trades), self.now);
        let (maker, level) = (Side::Bid, level(price, 5));
        let trade = Trade { instrument, maker, level, trade_id, venue_time: now, recv_time: now };
        self.tell(&Event::Trade(trade))
    }

    pub(super) fn report(&mut self, order: u64, report: OrderReport) -> Vec<Did> {
        self.report_of(ETH, order, report)
    }

    fn report_of(&mut self, instrument: InstrumentId, order: u64, report: OrderReport) -> Vec<Did> {
        let client_id = ClientOrderId::new(EPOCH, order);
        let venue_time = self.now;
        self.tell(&Event::Order(OrderUpdate { instrument, client_id, report, venue_time }))
    }

    pub(super) fn accepted(&mut self, order: u64) -> Vec<Did> {
        self.report(order, OrderReport::Accepted(VenueOrderId(1_000 + order)))
    }

    pub(super) fn cancelled(&mut self, order: u64) -> Vec<Did> {
        self.report(order, OrderReport::Cancelled)
    }

    pub(super) fn cancelled_of(&mut self, instrument: InstrumentId, order: u64) -> Vec<Did> {
        self.report_of(instrument, order, OrderReport::Cancelled)
    }

    /// The next trade of ours: `lots` of an order, at a price of the story's choice.
    pub(super) fn fill(&mut self, order: u64, side: Side, lots: i64) -> Vec<Did> {
        self.trades += 1;
        self.fill_again(order, side, lots)
    }

    /// The same trade once more.
    pub(super) fn fill_again(&mut self, order: u64, side: Side, lots: i64) -> Vec<Did> {
        let fill = self.fill_of(order, side, lots, self.trades);
        self.tell(&Event::Fill(fill))
    }

    pub(super) fn fill_of(&self, order: u64, side: Side, lots: i64, trade: u64) -> Fill {
        let price = match side {
            Side::Bid => 10_000,
            Side::Ask => 10_010,
        };
        let (client_id, trade_id) = (ClientOrderId::new(EPOCH, order), TradeId(trade));
        Fill { level: level(price, lots), client_id, trade_id, ..Self::fill_at(self.now, side) }
    }

    /// A fill of nothing yet.
    pub(super) fn fill_at(now: Nanos, side: Side) -> Fill {
        Fill {
            instrument: ETH,
            side,
            liquidity: Liquidity::Maker,
            reason: FillReason::Venue,
            fee_asset: AssetId(1),
            level: PackedLevel::default(),
            fee_e8: 0,
            client_id: ClientOrderId::FOREIGN,
            trade_id: TradeId(0),
            venue_time: now,
        }
    }

    /// Time passes until the shard's own deadline, which it is told of.
    pub(super) fn timer(&mut self) -> Vec<Did> {
        self.now = self.shard.next_deadline().expect("a deadline");
        self.tell_now(&Event::Timer)
    }

    pub(super) fn position(&self) -> i64 {
        self.shard.position(ETH).0
    }
}

pub(super) fn level(price: i64, lots: i64) -> PackedLevel {
    PackedLevel::new(Price(price), Lots(lots)).unwrap()
}

pub(super) fn slot(instrument: InstrumentId, side: Side, price: i64, last: Last) -> Event {
    let mut levels = [PackedLevel::default(); 4];
    levels[0] = level(price, 500);
    Event::BookLevels(BookLevels { instrument, side, last, count: 1, levels })
}

/// A command in short; what no story varies is checked here.
fn did(command: &Command, now: Nanos) -> Did {
    match command {
        Command::Cancel(cancel) => Did::Cancel(cancel.client_id.counter()),
        Command::New(order) if order.tif == TimeInForce::ImmediateOrCancel => {
            assert_eq!(order.reduce_only, ReduceOnly::Yes);
            Did::Exit(order.client_id.counter(), order.side, order.price.0, order.lots.0)
        }
        Command::New(order) => {
            assert_eq!((order.tif, order.reduce_only), (TimeInForce::PostOnly, ReduceOnly::No));
            assert_eq!(order.expires_at, now + Span::from_millis(500));
            assert_eq!(order.client_id, ClientOrderId::new(EPOCH, order.client_id.counter()));
            Did::Place(order.client_id.counter(), order.side, order.price.0, order.lots.0)
        }
        Command::Query(query) => Did::Ask(query.client_id.counter(), query.number),
        Command::Replace(replace) => {
            assert_eq!(replace.expires_at, now + Span::from_millis(500));
            Did::Amend(replace.client_id.counter(), replace.price.0, replace.lots.0)
        }
    }
}
