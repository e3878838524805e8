//! A shard and a venue, the wires between them, and the words to tell them a story.

use std::collections::VecDeque;

use ballast_core::book::BookLimits;
use ballast_core::fair::FairKind;
use ballast_core::gate::portfolio::{
    AssetSpec, CreditLimits, DeadMan, Elsewhere, ExposureLimits, Funding, MemberSpec,
    SelfTrade as SelfTradeLimit, StrategySpec, VenueSpec as VenueLimits,
};
use ballast_core::gate::{Controls, GateLimits, LossLimits, StrategyId, VenueId};
use ballast_core::model::{FixedSpread, FixedSpreadParams, Model, Scales};
use ballast_core::oms::SweepLimits;
use ballast_core::outbox::{Note, Outbox};
use ballast_core::quotes::Tolerance;
use ballast_core::replace::ReplaceRules;
use ballast_core::shard::{ExitSpec, HoldsSpec, LaneSpec, QuotingSpec, RiskSpec, Shard, ShardSpec, Trigger};
use ballast_exchange::{
    Conditions, FeeSchedule, InstrumentRules, Latency, QueueRules, SelfTrade, TapeVenue, VenueSpec,
    WalletSpec,
};
use ballast_model::{
    AssetId, BookBegin, BookKind, BookLevels, BookLost, Command, Contract, Event, Fill, InstrumentId,
    InstrumentSpec, Last, Liquidity, LostReason, Lots, Money, Nanos, OrderReport, OrderUpdate, PackedLevel,
    Price, Rate, ReduceOnly, RejectReason, Side, Span, Step, SubAccountId, Ticks, Trade, TradeId, UpdateId,
    VenueOrderId,
};

pub(crate) const ETH: InstrumentId = InstrumentId(0);
/// Each way between us and the venue.
pub(crate) const WIRE: Span = Span::from_millis(1);
/// Size of every level others show.
pub(crate) const SHOWN: i64 = 100;
/// The gate's limit.
pub(crate) const POSITION_MAX: i64 = 50;

/// What a world is made with.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    /// From the venue's book to our eyes.
    pub(crate) feed_delay: Span,
    /// Position at which the model stops adding.
    pub(crate) inventory_max: i64,
    pub(crate) tolerance: Tolerance,
    pub(crate) trigger: Trigger,
    /// How orders are amended, if at all.
    pub(crate) amend: ReplaceRules,
    /// When the position is closed at once.
    pub(crate) exits: Option<ExitSpec>,
    /// What there is to trade with, base lots and whole quote; `None` where no order needs funds.
    pub(crate) funds: Option<(i64, i64)>,
    /// Every so many answers to new orders are lost; zero for none.
    pub(crate) lost_every: u64,
}

pub(crate) const SETTING: Setting = Setting {
    feed_delay: WIRE,
    inventory_max: 40,
    tolerance: Tolerance::EXACT,
    trigger: Trigger::Touch,
    amend: ReplaceRules::NONE,
    exits: None,
    funds: None,
    lost_every: 0,
};

pub(crate) struct World {
    pub(crate) shard: Shard,
    pub(crate) venue: TapeVenue,
    out: Outbox,
    pub(crate) now: Nanos,
    feed_delay: Span,
    /// Positions may be closed at once.
    exits: bool,
    lost_every: u64,
    reports: u64,
    /// What the market did, on its way to us.
    feed: VecDeque<(Nanos, Event)>,
    book_id: u64,
    trades: u64,
    pub(crate) notes: Vec<Note>,
    pub(crate) commands: Vec<Command>,
    pub(crate) fills: Vec<Fill>,
    /// Fills that took.
    pub(crate) taken: usize,
    pub(crate) rejects: Vec<RejectReason>,
}

/// What happens next; the order decides between equal times, as in a replay.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Arrival,
    Response,
    Market,
    Timer,
}

fn instrument() -> InstrumentSpec {
    InstrumentSpec::new(InstrumentSpec {
        tick: Step::parse("0.01").unwrap(),
        lot: Step::parse("0.001").unwrap(),
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

/// Ten lots three ticks off the mid or at the touch, moved by a tick per ten lots of position.
fn quoting(setting: &Setting) -> QuotingSpec {
    let params = FixedSpreadParams::plain(Ticks(3), 100.0, Lots(10), Lots(setting.inventory_max));
    QuotingSpec {
        model: Model::FixedSpread(FixedSpread::new(params, Scales::new(&instrument())).unwrap()),
        fair: FairKind::Mid,
        blend: None,
        volatility: None,
        intensity: None,
        hedged_on: None,
        hedge_lots: Lots::ZERO,
        shaping: None,
        exits: setting.exits,
        trigger: setting.trigger,
        tolerance: setting.tolerance,
        amend: setting.amend,
        limits: GateLimits {
            order_lots_max: Lots(10),
            order_notional_max: Money(1_000_000 * Money::ONE.0),
            position_lots_max: Lots(POSITION_MAX),
            open_orders_max: 16,
            collar_through_max: Rate::from_bps(100),
            collar_away_max: Rate::from_bps(100),
            order_burst_max: 10_000,
            orders_per_second_max: 10_000,
            reducing_quotes: ballast_core::gate::ReducingQuotes::Pass,
        },
        touch_age_max: Span::from_secs(5),
        order_expiry: Span::from_millis(500),
    }
}

/// The instrument pays from balances, and nothing else is limited.
fn portfolio() -> RiskSpec {
    let asset = AssetSpec { exposure: ExposureLimits::NONE, elsewhere: Elsewhere::Nothing };
    RiskSpec {
        members: vec![MemberSpec {
            spec: instrument(),
            venue: VenueId(0),
            strategy: StrategyId(0),
            market: 0,
            funding: Funding::Spot,
            exposure: ExposureLimits::NONE,
            liquidation_distance_min: None,
            self_trade: SelfTradeLimit::Allow,
        }],
        assets: vec![asset; 2],
        venues: vec![VenueLimits {
            exposure: ExposureLimits::NONE,
            credit: CreditLimits::NONE,
            messages: None,
            dead_man: DeadMan::Optional,
        }],
        strategies: vec![StrategySpec::NONE],
        exposure: ExposureLimits::NONE,
        credit: CreditLimits::NONE,
        loss: LossLimits::NONE,
        conversions: vec![None, Some(Rate::ONE)],
        accounts: vec![None],
        maintenance: vec![None],
        mark_age_max: Span::from_secs(60),
        budgets: None,
        holds: Some(HoldsSpec {
            account: SubAccountId(0),
            fee_allowance: Rate::from_bps(4),
            parts: Vec::new(),
        }),
    }
}

fn wallet((base, quote): (i64, i64)) -> WalletSpec {
    let base = instrument().lot_amount().unwrap().0 * i128::from(base);
    let quote = Money::ONE.0 * i128::from(quote);
    WalletSpec {
        instruments: vec![ETH],
        balances: vec![(AssetId(0), Money(base)), (AssetId(1), Money(quote))],
    }
}

impl World {
    pub(crate) fn new(setting: &Setting) -> Self {
        let book = BookLimits { price_ticks_max: 100_000, levels_max: 64 };
        let lane = LaneSpec {
            spec: instrument(),
            book,
            quoting: Some(quoting(setting)),
            hedge_limits: None,
            controls: Controls::NONE,
            sweep: SweepLimits::DEFAULT,
        };
        let portfolio = setting.funds.map(|_| portfolio());
        let shard = Shard::new(&ShardSpec {
            epoch: 1,
            lanes: vec![lane],
            hedges: Vec::new(),
            portfolio,
            arbitrage: None,
        })
        .unwrap();
        let venue = VenueSpec {
            instruments: vec![InstrumentRules {
                spec: instrument(),
                fees: FeeSchedule { maker: Rate(-5_000), taker: Rate::from_bps(4) },
                queue: QueueRules::sharing(Rate(0)),
                amend: if setting.amend == ReplaceRules::NONE {
                    ReplaceRules::BINANCE_USDM
                } else {
                    setting.amend
                },
                orders_max: 32,
                book,
            }],
            latency: Latency { order: WIRE, response: WIRE },
            conditions: Conditions::default(),
            tiers: Vec::new(),
            wallet: setting.funds.map(wallet),
            self_trade: SelfTrade::ExpireTaker,
            first_order_id: VenueOrderId(1),
            first_trade_id: TradeId(1),
        };
        Self {
            out: Outbox::new(shard.commands_per_event_max()),
            shard,
            venue: TapeVenue::new(&venue).unwrap(),
            now: Nanos::from_millis(1_000),
            feed_delay: setting.feed_delay,
            exits: setting.exits.is_some(),
            taken: 0,
            lost_every: setting.lost_every,
            reports: 0,
            feed: VecDeque::new(),
            book_id: 0,
            trades: 0,
            notes: Vec::new(),
            commands: Vec::new(),
            fills: Vec::new(),
            rejects: Vec::new(),
        }
    }

    /// A world whose book shows levels from `bid` down and `ask` up, after everybody has heard of it.
    pub(crate) fn showing(setting: &Setting, bid: i64, ask: i64) -> Self {
        let mut world = Self::new(setting);
        world.show(bid, ask);
        world.pass(Span::from_millis(10));
        world
    }

    /// The venue's book is now these ten levels a side.
    pub(crate) fn show(&mut self, bid: i64, ask: i64) {
        self.book_id += 1;
        let (venue_time, recv_time) = (self.now, self.now + self.feed_delay);
        let begin = BookBegin {
            instrument: ETH,
            kind: BookKind::Snapshot,
            levels: 20,
            update_id: UpdateId(self.book_id),
            venue_time,
            recv_time,
        };
        self.happen(Event::BookBegin(begin));
        for (side, best) in [(Side::Bid, bid), (Side::Ask, ask)] {
            for from in [0, 4, 8] {
                let count = 4.min(10 - from);
                let price = |index: i64| best - side.sign() * (from + index);
                let level = |index: i64| PackedLevel::new(Price(price(index)), Lots(SHOWN)).unwrap();
                let mut levels = [PackedLevel::default(); 4];
                (0..count).zip(&mut levels).for_each(|(index, place)| *place = level(index));
                let last = if side == Side::Ask && from == 8 { Last::Yes } else { Last::No };
                let count = u8::try_from(count).unwrap();
                self.happen(Event::BookLevels(BookLevels { instrument: ETH, side, last, count, levels }));
            }
        }
    }

    /// Somebody trades `lots` with what rests on a side.
    pub(crate) fn trade(&mut self, maker: Side, price: i64, lots: i64) {
        self.trades += 1;
        let level = PackedLevel::new(Price(price), Lots(lots)).unwrap();
        let (trade_id, venue_time, recv_time) = (TradeId(self.trades), self.now, self.now + self.feed_delay);
        self.happen(Event::Trade(Trade { instrument: ETH, maker, level, trade_id, venue_time, recv_time }));
    }

    pub(crate) fn lose(&mut self) {
        self.happen(Event::BookLost(BookLost { instrument: ETH, reason: LostReason::Gap }));
    }

    /// The venue knows at once, we after the delay.
    fn happen(&mut self, event: Event) {
        self.venue.on_market(&event, self.now);
        self.feed.push_back((self.now + self.feed_delay, event));
    }

    /// Time passes; everything under way arrives in its turn.
    pub(crate) fn pass(&mut self, span: Span) {
        let end = self.now + span;
        while let Some((at, next)) = self.next().filter(|(at, _)| *at <= end) {
            self.now = at;
            self.take(next);
        }
        self.now = end;
    }

    fn next(&self) -> Option<(Nanos, Next)> {
        let times = [
            (self.venue.next_arrival(), Next::Arrival),
            (self.venue.next_response(), Next::Response),
            (self.feed.front().map(|(at, _)| *at), Next::Market),
            (self.shard.next_deadline(), Next::Timer),
        ];
        times.into_iter().filter_map(|(at, next)| Some((at?, next))).min()
    }

    fn take(&mut self, next: Next) {
        match next {
            Next::Arrival => self.venue.on_arrival(),
            Next::Response => {
                let event = self.venue.pop_response(self.now).unwrap();
                let event = self.maybe_lost(event);
                if let Event::Fill(fill) = event {
                    let maker = fill.liquidity == Liquidity::Maker;
                    assert!(maker || self.exits, "a post-only quoter never takes");
                    self.taken += usize::from(!maker);
                    self.fills.push(fill);
                } else if let Event::Order(update) = event
                    && let OrderReport::Rejected(reason) = update.report
                {
                    self.rejects.push(reason);
                }
                self.tell(&event);
            }
            Next::Market => {
                let (_, event) = self.feed.pop_front().unwrap();
                self.tell(&event);
            }
            Next::Timer => self.tell(&Event::Timer),
        }
    }

    /// The answer to a new order, or that nobody knows what became of it.
    fn maybe_lost(&mut self, event: Event) -> Event {
        let Event::Order(update) = event else { return event };
        if !matches!(update.report, OrderReport::Accepted(_)) {
            return event;
        }
        self.reports += 1;
        let lost = self.reports.is_multiple_of(self.lost_every);
        if lost { Event::Order(OrderUpdate { report: OrderReport::FateUnknown, ..update }) } else { event }
    }

    fn tell(&mut self, event: &Event) {
        self.shard.on_event(event, self.now, &mut self.out);
        self.notes.extend_from_slice(self.out.notes());
        for command in self.out.commands() {
            self.check(command);
            self.venue.send(command, self.now);
            self.commands.push(*command);
        }
        self.out.clear();
    }

    /// Whatever leaves crosses nothing that we see, and with all that works stays within the limit.
    fn check(&self, command: &Command) {
        let (side, price) = match command {
            Command::New(order) if order.reduce_only == ReduceOnly::Yes => {
                let working = self.shard.orders(ETH).unwrap().working(order.side);
                let worst = self.shard.position(ETH) + working.signed(order.side);
                assert!(worst.signed(order.side).0 <= 0, "{order:?} may turn the position to {worst:?}");
                return;
            }
            Command::New(order) => (order.side, order.price),
            Command::Replace(replace) => (replace.side, replace.price),
            Command::Cancel(_) | Command::Query(_) => return,
        };
        let touch = self.shard.market(ETH).unwrap().touch().unwrap();
        let meets = match side {
            Side::Bid => price >= touch.ask.price,
            Side::Ask => price <= touch.bid.price,
        };
        assert!(!meets, "{command:?} crosses {touch:?}");
        let (orders, position) = (self.shard.orders(ETH).unwrap(), self.shard.position(ETH));
        let worst = (position + orders.working(side).signed(side)).signed(side);
        assert!(worst.0 <= POSITION_MAX, "{command:?} may lead to {worst:?}");
    }

    pub(crate) fn position(&self) -> i64 {
        self.shard.position(ETH).0
    }

    /// What rests at the venue: side, price, lots; bids first, best first.
    pub(crate) fn resting(&self) -> Vec<(Side, i64, i64)> {
        let resting = self.venue.resting(ETH).map(|resting| resting.order());
        resting.map(|order| (order.side, order.price.0, order.left.0)).collect()
    }

    /// With nothing under way, both ends know the same.
    pub(crate) fn check_agreement(&self) {
        let orders = self.shard.orders(ETH).unwrap();
        let mut ours: Vec<_> = orders
            .open_orders()
            .map(|order| (order.client_id, order.side, order.price, order.remaining()))
            .collect();
        let theirs = self.venue.resting(ETH).map(|resting| resting.order());
        let mut theirs: Vec<_> =
            theirs.map(|order| (order.client_id, order.side, order.price, order.left)).collect();
        ours.sort_unstable_by_key(|order| order.0);
        theirs.sort_unstable_by_key(|order| order.0);
        assert_eq!(ours, theirs, "the orders that are open");
        assert_eq!(self.shard.position(ETH), self.venue.position(ETH));
        assert_eq!(orders.unknown_count(), 0);
        assert_eq!(self.fills.len() as u64, self.venue.counters().fills_total());
    }
}
