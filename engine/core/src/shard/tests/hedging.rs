//! What is quoted on one instrument and hedged on another.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    BookBegin, BookKind, ClientOrderId, Command, Event, Fill, InstrumentId, Last, Lots, Money, Nanos,
    NewOrder, OrderReport, OrderUpdate, Rate, Side, Span, Ticks, TimeInForce, TradeId, UpdateId,
    VenueOrderId,
};

use super::desk::{Desk, EPOCH, instrument, lane, level, quoting, slot};
use crate::hedge::{
    BandSpec, Base, ExposureSpec, HedgePolicy, HedgeSpec, HedgeVenueSpec, Interval, PartKind, PartSpec,
    PendingPolicy, Rung,
};
use crate::model::{CrossVenue, CrossVenueParams, Model};
use crate::outbox::Outbox;
use crate::replace::ReplaceRules;
use crate::shard::{
    HedgingError, HedgingSpec, LaneError, LaneSpec, QuotingSpec, Shard, ShardSpec, VenueFunding,
};

pub(super) const SPOT: InstrumentId = InstrumentId(0);
pub(super) const PERP: InstrumentId = InstrumentId(1);

/// One lot of base: a thousandth.
const LOT: i128 = 10i128.pow(15);

fn base(lots: i128) -> Base {
    Base(lots * LOT)
}

/// Nothing is hedged within five lots; passive for a second, at once after three.
pub(super) fn hedging() -> HedgingSpec {
    let rung = |seconds| Rung { age: Span::from_secs(seconds), excess: base(10_000), adverse: Rate::ONE };
    let policy = HedgePolicy {
        hedge_ratio: Rate::ONE,
        notional_max: Money(1_000_000 * Money::ONE.0),
        slippage_max: Rate::from_bps(50),
        cooldown: Span::from_millis(1),
        touch: rung(1),
        take: rung(3),
        reprice_tolerance: Rate(0),
        reprice_min: Span::ZERO,
        funding_horizon: Span::ZERO,
        funding_cost_max: Rate(0),
        unknown_penalty: Rate(0),
        reject_rest: Span::ZERO,
        check_interval: Span::from_millis(100),
    };
    let venue = HedgeVenueSpec {
        instrument: PERP,
        spec: instrument(),
        fee_maker: Rate::from_bps(1),
        fee_taker: Rate::from_bps(4),
        impact: Rate(0),
        margin: Rate::from_bps(1_000),
        order_lots_max: quoting().limits.order_lots_max,
    };
    let part = PartSpec {
        kind: PartKind::Spot,
        fresh_for: Span::from_secs(1),
        drift_per_second: Base::ZERO,
        unknown_after: Span::from_secs(1),
        bound: Interval::UNKNOWN,
    };
    HedgingSpec {
        hedge: HedgeSpec {
            exposure: ExposureSpec { parts: vec![part], pending: PendingPolicy::Never },
            band: BandSpec::Fixed(base(5)),
            policy,
            venues: vec![venue],
        },
        parts: vec![SPOT],
        volatility: None,
        funding: vec![VenueFunding::NotCounted],
        capital: Money(1_000_000 * Money::ONE.0),
        touch_age_max: Span::from_secs(60),
        order_expiry: Span::from_millis(500),
    }
}

/// Spot quotes of ten lots priced from the perpetual, at most a hundred unhedged.
pub(super) fn cross_venue() -> QuotingSpec {
    let params = CrossVenueParams {
        size: Lots(10),
        maker_fee: Rate(0),
        hedge_fee: Rate::from_bps(4),
        margin: Rate::from_bps(1),
        basis_half_life: None,
        improve_max: Ticks(0),
        unhedged_max: Lots(15),
    };
    QuotingSpec {
        model: Model::CrossVenue(CrossVenue::new(params).unwrap()),
        hedged_on: Some(PERP),
        hedge_lots: Lots(10),
        touch_age_max: Span::from_secs(60),
        ..quoting()
    }
}

pub(super) struct Story {
    pub(super) shard: Shard,
    out: Outbox,
    pub(super) now: Nanos,
    book_id: u64,
    trades: u64,
}

impl Story {
    fn new() -> Self {
        Self::of(cross_venue())
    }

    pub(super) fn of(spot: QuotingSpec) -> Self {
        let perp = LaneSpec { quoting: None, hedge_limits: Some(quoting().limits), ..lane(&quoting()) };
        let spec = ShardSpec {
            epoch: EPOCH,
            lanes: vec![lane(&spot), perp],
            hedges: vec![hedging()],
            portfolio: None,
            arbitrage: None,
        };
        Self::of_spec(&spec)
    }

    pub(super) fn of_spec(spec: &ShardSpec) -> Self {
        let shard = Shard::new(spec).unwrap();
        let out = Outbox::new(shard.commands_per_event_max());
        Self { shard, out, now: Nanos::from_millis(1_000), book_id: 0, trades: 0 }
    }

    pub(super) fn tell(&mut self, event: &Event) -> Vec<Command> {
        self.now = self.now + Span::from_millis(1);
        self.shard.on_event(event, self.now, &mut self.out);
        let commands = self.out.commands().to_vec();
        self.out.clear();
        commands
    }

    /// The book of an instrument begins anew; returns what its last slot led to.
    pub(super) fn book(&mut self, instrument: InstrumentId, bid: i64, ask: i64) -> Vec<Command> {
        self.book_id += 1;
        let (update_id, time) = (UpdateId(self.book_id), self.now);
        let kind = BookKind::Snapshot;
        let begin = BookBegin { instrument, kind, levels: 2, update_id, venue_time: time, recv_time: time };
        self.tell(&Event::BookBegin(begin));
        self.tell(&slot(instrument, Side::Bid, bid, Last::No));
        self.tell(&slot(instrument, Side::Ask, ask, Last::Yes))
    }

    pub(super) fn report(
        &mut self,
        instrument: InstrumentId,
        id: ClientOrderId,
        report: OrderReport,
    ) -> Vec<Command> {
        let venue_time = self.now;
        self.tell(&Event::Order(OrderUpdate { instrument, client_id: id, report, venue_time }))
    }

    pub(super) fn fill(&mut self, order: &NewOrder, lots: i64) -> Vec<Command> {
        self.trades += 1;
        let fill = Fill {
            instrument: order.instrument,
            level: level(order.price.0, lots),
            client_id: order.client_id,
            trade_id: TradeId(self.trades),
            ..Desk::quoted().fill_of(1, order.side, lots, self.trades)
        };
        self.tell(&Event::Fill(fill))
    }

    pub(super) fn position(&self, instrument: InstrumentId) -> Lots {
        self.shard.position(instrument)
    }

    /// Time passes; returns all that timers led to.
    pub(super) fn wait(&mut self, span: Span) -> Vec<Command> {
        let (end, mut commands) = (self.now + span, Vec::new());
        while let Some(at) = self.shard.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.shard.on_event(&Event::Timer, self.now, &mut self.out);
            commands.extend_from_slice(self.out.commands());
            self.out.clear();
        }
        self.now = end;
        commands
    }

    /// Both books, and the two spot quotes that follow, accepted.
    pub(super) fn quoted() -> (Self, [NewOrder; 2]) {
        Self::new().then_quoted()
    }

    fn then_quoted(mut self) -> (Self, [NewOrder; 2]) {
        let story = &mut self;
        assert_eq!(story.book(SPOT, 9_990, 10_010), [], "no price to hedge at yet");
        let commands = story.book(PERP, 10_000, 10_001);
        let placed = news(&commands);
        let [bid, ask] = placed[..] else { panic!("two quotes: {commands:?}") };
        for order in [bid, ask] {
            story.report(SPOT, order.client_id, OrderReport::Accepted(VenueOrderId(order.client_id.0)));
        }
        (self, [bid, ask])
    }
}

pub(super) fn news(commands: &[Command]) -> Vec<NewOrder> {
    let new = |command: &Command| if let Command::New(order) = command { Some(*order) } else { None };
    commands.iter().filter_map(new).collect()
}

pub(super) fn on(instrument: InstrumentId, orders: &[NewOrder]) -> Vec<NewOrder> {
    orders.iter().filter(|order| order.instrument == instrument).copied().collect()
}

#[test]
fn a_touch_where_fills_are_hedged_brings_quotes_here() {
    let (_, [bid, ask]) = Story::quoted();
    // 10 000 · 0.9996 · 0.9999 = 9 995.0 and 10 001 · 1.0004 · 1.0001 = 10 006.0; the best prices are at 9 990 and 10 010.
    assert_eq!((bid.instrument, bid.price.0, bid.lots), (SPOT, 9_990, Lots(10)));
    assert_eq!((ask.instrument, ask.price.0, ask.lots), (SPOT, 10_010, Lots(10)));
}

#[test]
fn a_fill_is_hedged_once_passively_then_at_once() {
    let (mut story, [bid, _]) = Story::quoted();
    let commands = story.fill(&bid, 10);
    let hedges = on(PERP, &news(&commands));
    let [hedge] = hedges[..] else { panic!("one hedge: {commands:?}") };
    // Ten lots long, five of them beyond the band.
    assert_eq!((hedge.side, hedge.lots, hedge.tif), (Side::Ask, Lots(5), TimeInForce::PostOnly));
    assert_eq!(hedge.price.0, 10_001, "at our own best price");
    // The same exposure again asks for nothing more.
    story.report(PERP, hedge.client_id, OrderReport::Accepted(VenueOrderId(77)));
    assert_eq!(on(PERP, &news(&story.wait(Span::from_millis(500)))), []);
    // Not filled for too long: it is called back and then the other side is taken.
    let mut later = story.wait(Span::from_secs(4));
    assert!(
        later.contains(&Command::Cancel(ballast_model::Cancel {
            instrument: PERP,
            client_id: hedge.client_id
        }))
    );
    assert_eq!(on(PERP, &news(&later)), [], "never two at once");
    later = story.report(PERP, hedge.client_id, OrderReport::Cancelled);
    later.extend(story.wait(Span::from_millis(200)));
    let hedges = on(PERP, &news(&later));
    let [taker] = hedges[..] else { panic!("one hedge: {later:?}") };
    assert_eq!((taker.side, taker.lots, taker.tif), (Side::Ask, Lots(5), TimeInForce::ImmediateOrCancel));
    story.fill(&taker, 5);
    assert_eq!(on(PERP, &news(&story.wait(Span::from_secs(5)))), [], "inside the band");
    assert_eq!((story.shard.position(SPOT), story.shard.position(PERP)), (Lots(10), Lots(-5)));
}

#[test]
fn a_hedge_of_unknown_fate_is_not_sent_twice() {
    let (mut story, [bid, _]) = Story::quoted();
    let hedges = on(PERP, &news(&story.fill(&bid, 10)));
    let mut commands = story.report(PERP, hedges[0].client_id, OrderReport::FateUnknown);
    commands.extend(story.wait(Span::from_secs(10)));
    assert_eq!(on(PERP, &news(&commands)), []);
    // It was filled after all: nothing is missing.
    commands = story.fill(&hedges[0], 5);
    commands.extend(story.wait(Span::from_secs(10)));
    assert_eq!(on(PERP, &news(&commands)), []);
}

#[test]
fn quotes_lean_on_what_is_not_hedged() {
    let (mut story, [bid, _]) = Story::quoted();
    // Ten of fifteen are used up: what is bid for next is the rest.
    let placed = on(SPOT, &news(&story.fill(&bid, 10)));
    assert_eq!(
        placed.iter().map(|order| (order.side, order.lots)).collect::<Vec<_>>(),
        [(Side::Bid, Lots(5))]
    );
}

#[test]
fn a_hedge_on_what_is_not_there_is_no_shard() {
    let lanes = || vec![lane(&quoting()), lane(&quoting())];
    let error = |lanes, hedging| {
        Shard::new(&ShardSpec {
            epoch: EPOCH,
            lanes,
            hedges: vec![hedging],
            portfolio: None,
            arbitrage: None,
        })
        .unwrap_err()
        .1
    };
    let instrument = LaneError::Hedging(HedgingError::Instrument);
    assert_eq!(error(vec![lane(&quoting())], hedging()), instrument);
    let follower = LaneSpec { quoting: None, ..lane(&quoting()) };
    assert_eq!(error(vec![lane(&quoting()), follower], hedging()), instrument);
    assert_eq!(error(lanes(), hedging()), instrument, "the venue is quoted");
    let lanes = || {
        let perp = LaneSpec { quoting: None, hedge_limits: Some(quoting().limits), ..lane(&quoting()) };
        vec![lane(&quoting()), perp]
    };
    assert_eq!(error(lanes(), HedgingSpec { parts: vec![], ..hedging() }), instrument);
    let at_once = HedgingSpec { order_expiry: Span::ZERO, ..hedging() };
    assert_eq!(error(lanes(), at_once), LaneError::Hedging(HedgingError::Span));
    let never = HedgingSpec { funding: vec![VenueFunding::Every(Span::ZERO)], ..hedging() };
    assert_eq!(error(lanes(), never), LaneError::Hedging(HedgingError::Span));
    let unsaid = HedgingSpec { funding: vec![], ..hedging() };
    assert_eq!(error(lanes(), unsaid), LaneError::Hedging(HedgingError::Funding));
    let itself = QuotingSpec { hedged_on: Some(SPOT), ..quoting() };
    let shard = Shard::new(&ShardSpec {
        epoch: EPOCH,
        lanes: vec![lane(&itself)],
        hedges: vec![],
        portfolio: None,
        arbitrage: None,
    });
    assert_eq!(shard.unwrap_err(), (0, LaneError::HedgedOn));
}

#[test]
fn news_in_the_middle_of_the_hedges_batch_waits_for_its_end() {
    let (mut story, [bid, _]) = Story::quoted();
    story.book_id += 1;
    let (update_id, time) = (UpdateId(story.book_id), story.now);
    let kind = BookKind::Diff;
    let begin = BookBegin { instrument: PERP, kind, levels: 2, update_id, venue_time: time, recv_time: time };
    assert_eq!(story.tell(&Event::BookBegin(begin)), []);
    assert_eq!(story.tell(&slot(PERP, Side::Bid, 9_999, Last::No)), []);
    assert_eq!(story.fill(&bid, 10), [], "neither a hedge nor a quote pulled");
    let commands = story.tell(&slot(PERP, Side::Ask, 10_001, Last::Yes));
    let placed: Vec<_> =
        news(&commands).iter().map(|order| (order.instrument, order.side, order.lots)).collect();
    assert_eq!(placed, [(PERP, Side::Ask, Lots(5)), (SPOT, Side::Bid, Lots(5))]);
}

#[test]
fn a_hedges_fill_moves_the_quotes_that_lean_on_it() {
    let (mut story, [bid, _]) = Story::quoted();
    let commands = news(&story.fill(&bid, 10));
    let ([hedge], [smaller]) = (&on(PERP, &commands)[..], &on(SPOT, &commands)[..]) else {
        panic!("a hedge and a smaller bid: {commands:?}")
    };
    assert_eq!(smaller.lots, Lots(5), "ten of fifteen are open");
    let commands = story.fill(hedge, 5);
    assert!(commands.contains(&Command::Cancel(ballast_model::Cancel {
        instrument: SPOT,
        client_id: smaller.client_id
    })));
    let placed = on(SPOT, &news(&commands));
    let [larger] = placed[..] else { panic!("one bid: {commands:?}") };
    assert_eq!((larger.side, larger.lots), (Side::Bid, Lots(10)), "five of fifteen are open");
}

#[test]
fn a_quote_that_only_becomes_smaller_keeps_its_place() {
    let (mut story, [bid, _]) =
        Story::of(QuotingSpec { amend: ReplaceRules::BINANCE_SPOT, ..cross_venue() }).then_quoted();
    // Somebody else's order on our account: eight of fifteen are open.
    let foreign = NewOrder { client_id: ClientOrderId::FOREIGN, ..bid };
    let commands = story.fill(&foreign, 8);
    let replaced = commands.iter().find_map(|command| match command {
        Command::Replace(replace) => Some((replace.client_id, replace.price, replace.lots)),
        Command::New(_) | Command::Cancel(_) | Command::Query(_) => None,
    });
    assert_eq!(replaced, Some((bid.client_id, bid.price, Lots(7))), "{commands:?}");
    assert_eq!(on(SPOT, &news(&commands)), []);
}
