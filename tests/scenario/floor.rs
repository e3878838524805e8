//! Shards that quote where a crowd trades: the matching engine with latencies, funding, liquidation and its own feed.

use ballast_core::book::BookLimits;
use ballast_core::fair::FairKind;
use ballast_core::gate::{Controls, GateLimits};
use ballast_core::model::{FixedSpread, FixedSpreadParams, Model, Scales};
use ballast_core::oms::SweepLimits;
use ballast_core::outbox::Outbox;
use ballast_core::quotes::Tolerance;
use ballast_core::replace::ReplaceRules;
use ballast_core::shard::{LaneSpec, QuotingSpec, Shard, ShardSpec, Trigger};
use ballast_exchange::floor::{ClientId, CrowdSpec, FloorSpec, FundingSpec, MarketNews, MatchingVenue};
use ballast_exchange::matching::{
    MarginRules, MatchingLimits, MatchingSpec, Prevention, PriceBand, TIERS_MAX, VolatilityHalt,
};
use ballast_exchange::{FeeSchedule, Latency};
use ballast_model::{
    AssetId, Command, Contract, Digest, Event, FillReason, HalfTicks, InstrumentSpec, Liquidity, Lots, Money,
    Nanos, OperatorAct, OperatorCommand, OperatorId, OperatorScope, Price, Rate, ReasonCode, ReduceOnly,
    Side, Span, Step, Ticks, TradeId, VenueOrderId,
};

use crate::world::ETH;

/// Where the crowd begins.
const START: i64 = 268_162;
/// Steps between two looks at every invariant of the engine.
const VALIDATED: u64 = 64;
const POSITION_MAX: i64 = 6_000;

fn instrument(contract: Contract) -> InstrumentSpec {
    let (lot, multiplier) = match contract {
        Contract::Linear => ("0.001", 1),
        Contract::Inverse => ("1", 10),
    };
    let spec = InstrumentSpec {
        tick: Step::parse("0.01").unwrap(),
        lot: Step::parse(lot).unwrap(),
        multiplier,
        contract,
        price_min: Price(1),
        price_max: Price(1_000_000),
        size_min: Lots(1),
        size_max: Lots(2_000_000),
        notional_min: Money(5 * Money::ONE.0),
        base: AssetId(0),
        quote: AssetId(1),
    };
    InstrumentSpec::new(spec).unwrap()
}

const fn percent(percent: i64) -> Rate {
    Rate::from_bps(100 * percent)
}

/// A perpetual of 14 accounts, two of them clients'.
fn floor(seed: u64, collateral: i64) -> FloorSpec {
    let money = |units: i64| Money(Money::ONE.0 * i128::from(units));
    let limits = MatchingLimits {
        accounts: 14,
        orders: 4_096,
        waiting: 512,
        orders_per_account: 200,
        pages: 512,
        position: Lots(3_000_000),
        batch: 20,
    };
    FloorSpec {
        matching: MatchingSpec {
            instrument: instrument(Contract::Linear),
            fees: FeeSchedule { maker: Rate(-5_000), taker: Rate::from_bps(4) },
            tiers: [None; TIERS_MAX],
            margin: Some(MarginRules {
                initial: percent(2),
                maintenance: percent(1),
                clearance: Rate(5_000),
            }),
            amend: ReplaceRules::BINANCE_USDM,
            market_protection: percent(5),
            band: Some(PriceBand { up: Rate(105_000_000), down: Rate(95_000_000) }),
            halt: Some(VolatilityHalt {
                band: Rate::from_bps(30),
                window: Span::from_secs(10),
                pause: Span::from_millis(200),
            }),
            limits,
            first_order_id: VenueOrderId(1),
            first_trade_id: TradeId(1),
        },
        instrument: ETH,
        clients: 2,
        collateral: money(collateral),
        self_trade: Prevention::ExpireTaker,
        latency: Latency { order: Span::from_millis(1), response: Span::from_millis(1) },
        feed_latency: Span::from_micros(700),
        diff_every: Span::from_millis(100),
        depth: 200,
        funding: Some(FundingSpec {
            mark_every: Span::from_millis(500),
            period: Span::from_secs(20),
            interest: Rate::from_bps(1),
            cap: Rate::from_bps(75),
        }),
        crowd: CrowdSpec {
            seed,
            requests_per_second: 500,
            orders: 500,
            start_price: Price(START),
            collateral: money(400_000),
            insurance: money(10_000),
        },
        start: Nanos::from_millis(1_786_147_200_000),
    }
}

/// Half a coin on each side, so many ticks from the mid.
fn shard(epoch: u32, half_spread: i64, amend: ReplaceRules) -> Shard {
    shard_of(instrument(Contract::Linear), epoch, half_spread, amend)
}

fn shard_of(spec: InstrumentSpec, epoch: u32, half_spread: i64, amend: ReplaceRules) -> Shard {
    let params = FixedSpreadParams::plain(Ticks(half_spread), 100.0, Lots(500), Lots(5_000));
    let quoting = QuotingSpec {
        model: Model::FixedSpread(FixedSpread::new(params, Scales::new(&spec)).unwrap()),
        fair: FairKind::Mid,
        blend: None,
        volatility: None,
        intensity: None,
        hedged_on: None,
        hedge_lots: Lots::ZERO,
        shaping: None,
        exits: None,
        trigger: Trigger::Touch,
        tolerance: Tolerance { price: Ticks(1), size: Rate(50_000_000) },
        amend,
        limits: GateLimits {
            order_lots_max: Lots(1_000),
            order_notional_max: Money(1_000_000 * Money::ONE.0),
            position_lots_max: Lots(POSITION_MAX),
            open_orders_max: 16,
            collar_through_max: percent(1),
            collar_away_max: percent(1),
            order_burst_max: 10_000,
            orders_per_second_max: 10_000,
            reducing_quotes: ballast_core::gate::ReducingQuotes::Pass,
        },
        touch_age_max: Span::from_secs(5),
        order_expiry: Span::from_millis(500),
    };
    let lane = LaneSpec {
        spec,
        book: BookLimits { price_ticks_max: 1_000_000, levels_max: 1_024 },
        quoting: Some(quoting),
        hedge_limits: None,
        controls: Controls::NONE,
        sweep: SweepLimits::DEFAULT,
    };
    let (lanes, hedges) = (vec![lane], Vec::new());
    Shard::new(&ShardSpec { epoch, lanes, hedges, portfolio: None, arbitrage: None }).unwrap()
}

/// What happens next; the order decides between equal times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Arrival,
    Response,
    News,
    Timer(usize),
}

struct Floor {
    venue: MatchingVenue,
    shards: Vec<(Shard, Outbox)>,
    now: Nanos,
    decisions: Digest,
    steps: u64,
    /// Fills by resting orders, and forced ones.
    made: u64,
    forced: u64,
    payments: u64,
    /// Since the market last moved, a book was shown.
    shown: u64,
}

impl Floor {
    fn new(spec: &FloorSpec, shards: Vec<Shard>) -> Self {
        let with_outbox = |shard: Shard| {
            let out = Outbox::new(shard.commands_per_event_max());
            (shard, out)
        };
        Self {
            venue: MatchingVenue::new(spec).unwrap(),
            shards: shards.into_iter().map(with_outbox).collect(),
            now: spec.start,
            decisions: Digest::new(),
            steps: 0,
            made: 0,
            forced: 0,
            payments: 0,
            shown: 0,
        }
    }

    fn next(&self) -> Option<(Nanos, Next)> {
        let timers = self.shards.iter().enumerate();
        let timers = timers.map(|(nth, (shard, _))| (shard.next_deadline(), Next::Timer(nth)));
        let times = [
            (self.venue.next_arrival(), Next::Arrival),
            (self.venue.next_response(), Next::Response),
            (self.venue.next_news(), Next::News),
        ];
        times.into_iter().chain(timers).filter_map(|(at, next)| Some((at?, next))).min()
    }

    fn step(&mut self, (now, next): (Nanos, Next)) {
        self.now = now;
        self.steps += 1;
        match next {
            Next::Arrival => {
                self.venue.on_arrival();
                if self.steps.is_multiple_of(VALIDATED) {
                    assert_eq!(self.venue.validate(), Ok(()), "step {}", self.steps);
                }
            }
            Next::Response => {
                let (client, event) = self.venue.pop_response(now).unwrap();
                self.look_at(&event);
                self.tell(usize::from(client.0), |shard, out| shard.on_event(&event, now, out));
            }
            Next::News => {
                let news = self.venue.pop_news(now).unwrap();
                for nth in 0..self.shards.len() {
                    self.tell(nth, |shard, out| match &news {
                        MarketNews::Event(event) => shard.on_event(event, now, out),
                        MarketNews::Book(book) => shard.on_batch(&book.batch(), now, out),
                    });
                }
                self.shown += u64::from(matches!(news, MarketNews::Book(_)));
            }
            Next::Timer(nth) => self.tell(nth, |shard, out| shard.on_event(&Event::Timer, now, out)),
        }
    }

    fn look_at(&mut self, event: &Event) {
        if let Event::Fill(fill) = event {
            let forced = fill.reason.is_forced();
            assert!(forced || fill.liquidity == Liquidity::Maker, "a post-only quoter never takes");
            assert!(forced || fill.reason == FillReason::Venue);
            self.made += u64::from(!forced);
            self.forced += u64::from(forced);
        }
        self.payments += u64::from(matches!(event, Event::Funding(_)));
    }

    fn tell(&mut self, nth: usize, learn: impl FnOnce(&mut Shard, &mut Outbox)) {
        let (shard, out) = &mut self.shards[nth];
        learn(shard, out);
        let client = ClientId(u16::try_from(nth).unwrap());
        for command in out.commands() {
            check(shard, command);
            command.digest(&mut self.decisions);
            self.venue.send(client, command, self.now);
        }
        out.clear();
    }

    /// Lets things happen until so many requests have reached the engine.
    fn run(&mut self, requests: u64) {
        while self.venue.requests() < requests {
            let next = self.next().unwrap();
            self.step(next);
        }
    }

    /// The crowd goes home, the shards are told to stop, and all that is under way arrives.
    fn finish(&mut self) {
        self.venue.close();
        let (scope, act) = (OperatorScope::Instrument(ETH), OperatorAct::Kill);
        let stop = OperatorCommand { scope, act, operator: OperatorId(1), reason: ReasonCode(1) };
        for nth in 0..self.shards.len() {
            let now = self.now;
            self.tell(nth, |shard, out| shard.on_event(&Event::Operator(stop), now, out));
        }
        let end = self.now + Span::from_secs(30);
        while let Some(next) = self.next().filter(|(at, _)| *at <= end) {
            self.step(next);
        }
        assert_eq!(self.venue.validate(), Ok(()));
    }

    /// No order stands at either end, and both know the same position and the same money to the last unit.
    fn check_agreement(&self) {
        for ((shard, _), client) in self.shards.iter().zip((0..).map(ClientId)) {
            let (ledger, orders) = (shard.ledger(ETH).unwrap(), shard.orders(ETH).unwrap());
            assert_eq!((orders.unknown_count(), orders.open_orders().count()), (0, 0));
            assert_eq!(self.venue.open_orders(client), 0);
            assert_eq!(ledger.position(), self.venue.position(client));
            assert_eq!(ledger.funding(), self.venue.funding(client));
            let mark = self.venue.engine().mark_price().unwrap();
            let apart = (ledger.net(HalfTicks(2 * mark.0)) - self.venue.profit(client)).abs();
            // A coin's value is a quotient: each fill, and the open position, is rounded once at either end.
            let rounded = match shard.spec(ETH).unwrap().contract {
                Contract::Linear => 0,
                Contract::Inverse => 2 * ledger.rounding_max().0 + 2,
            };
            assert!(apart.0 <= rounded, "{client:?}: {apart:?} apart, {rounded} by rounding");
        }
    }

    fn hash(&self) -> [u64; 4] {
        let [first, second] =
            [0, 1].map(|nth: usize| self.shards.get(nth).map_or(0, |one| one.0.state_hash()));
        [self.decisions.value(), self.venue.state_hash(), first, second]
    }
}

/// Whatever leaves crosses nothing that its shard sees.
fn check(shard: &Shard, command: &Command) {
    let (side, price) = match command {
        Command::New(order) if order.reduce_only == ReduceOnly::Yes => return,
        Command::New(order) => (order.side, order.price),
        Command::Replace(replace) => (replace.side, replace.price),
        Command::Cancel(_) | Command::Query(_) => return,
    };
    let touch = shard.market(ETH).unwrap().touch().unwrap();
    let meets = match side {
        Side::Bid => price >= touch.ask.price,
        Side::Ask => price <= touch.bid.price,
    };
    assert!(!meets, "{command:?} crosses {touch:?}");
    let worst = shard.position(ETH) + shard.orders(ETH).unwrap().working(side).signed(side);
    assert!(worst.signed(side).0 <= POSITION_MAX, "{command:?} may lead to {worst:?}");
}

fn story(seed: u64, requests: u64, amend: ReplaceRules) -> Floor {
    let mut floor = Floor::new(&floor(seed, 1_000_000), vec![shard(1, 4, amend), shard(2, 9, amend)]);
    floor.run(requests);
    floor.finish();
    floor.check_agreement();
    floor
}

#[test]
fn two_shards_and_a_crowd_agree_with_the_venue_to_the_last_unit() {
    let told = story(7, 100_000, ReplaceRules::NONE);
    println!(
        "{} requests, {} steps, {} fills, {} payments, {} books",
        told.venue.requests(),
        told.steps,
        told.made,
        told.payments,
        told.shown
    );
    assert!(told.made > 500 && told.payments > 10 && told.shown > 500, "{} {}", told.made, told.payments);
    assert_eq!(told.forced, 0);
    assert!(told.venue.refusals(ClientId(0)).iter().all(|(_, count)| *count > 0));
}

#[test]
fn the_same_seed_is_the_same_story_and_another_is_not() {
    let hash = |seed| story(seed, 8_000, ReplaceRules::NONE).hash();
    assert_eq!(hash(3), hash(3));
    assert_ne!(hash(3), hash(4));
}

#[test]
fn amended_quotes_agree_as_well() {
    let told = story(11, 20_000, ReplaceRules::BINANCE_USDM);
    let taken = told.venue.counters(ClientId(0)).replaced;
    assert!(taken > 100 && told.made > 50, "{taken} amendments, {} fills", told.made);
}

#[test]
fn a_ruined_client_is_liquidated_and_its_ledger_follows() {
    let (mut forced, mut insured) = (0, Money::ZERO);
    for seed in 0..6 {
        // A thousandfold leverage, and fees that eat the collateral.
        let mut spec = floor(seed, 6);
        spec.matching.fees.maker = Rate::from_bps(4);
        let (initial, maintenance) = (Rate::from_bps(10), Rate::from_bps(8));
        spec.matching.margin = Some(MarginRules { initial, maintenance, clearance: Rate(5_000) });
        let mut floor = Floor::new(&spec, vec![shard(1, 4, ReplaceRules::NONE)]);
        floor.run(12_000);
        floor.finish();
        floor.check_agreement();
        forced += floor.forced;
        insured += floor.venue.insured(ClientId(0));
    }
    println!("{forced} forced fills, {insured:?} of the insurance fund");
    assert!(forced > 3 && insured < Money::ZERO, "{forced} {insured:?}");
}

#[test]
fn coin_margined_accounts_agree_but_for_the_rounding_of_each_fill() {
    let mut spec = floor(5, 1_000);
    spec.matching.instrument = instrument(Contract::Inverse);
    let shards = [(1, 4), (2, 9)];
    let shards = shards.map(|(epoch, half_spread)| {
        shard_of(instrument(Contract::Inverse), epoch, half_spread, ReplaceRules::NONE)
    });
    let mut floor = Floor::new(&spec, shards.into());
    floor.run(20_000);
    floor.finish();
    floor.check_agreement();
    assert!(floor.made > 50 && floor.payments > 1, "{} {}", floor.made, floor.payments);
}
