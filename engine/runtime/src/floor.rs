//! A run at the venue of traders: one core, quoting as configured, where a seeded crowd trades. No data is needed.
//!
//! At equal times the order is that of a replay: the venue acts, its answer reaches us, the market reaches us, a timer of ours fires.
//!
//! Never here: a tape, an operator.

use std::path::Path;
use std::time::Duration;

use ballast_analytics::record::RunRecord;
use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_exchange::floor::{
    ClientId, CrowdSpec, FloorSpec, FloorSpecError, FundingSpec, MarketNews, MatchingVenue,
};
use ballast_exchange::matching::{
    MarginRules, MatchingLimits, MatchingSpec, Prevention, PriceBand, TIERS_MAX, VolatilityHalt,
};
use ballast_exchange::{InstrumentRules, SelfTrade, VenueSpec};
use ballast_model::{Digest, Event, HalfTicks, InstrumentId, Lots, Money, Nanos, Price, Rate, Span, Step};
use ballast_venue::binance::Market;

use crate::capture::SeenInstrument;
use crate::clock::Stopwatch;
use crate::config::{Config, Quoted, ResolvedInstrument, resolve};
use crate::job::{JobError, build_core, record_of};
use crate::journal::Meta;
use crate::replay::{Observer, Outcome, Record, Recorder, RecorderSpec};

/// What we trade: the only client.
const US: ClientId = ClientId(0);
/// The crowd's accounts.
const CROWD: u16 = 40;
/// Where the crowd begins, in ticks of a cent, and when.
const START_PRICE: Price = Price(268_162);
const START: Nanos = Nanos::from_millis(1_786_147_200_000);

/// A run to be made.
#[derive(Clone, Copy, Debug)]
pub struct FloorPlan {
    /// Decides everything that is random.
    pub seed: u64,
    /// How long the crowd trades. Above zero.
    pub duration: Span,
    /// How it is recorded.
    pub recorder: RecorderSpec,
}

/// A finished run.
#[derive(Debug)]
pub struct FloorRun {
    /// What happened.
    pub outcome: Outcome,
    /// The core at the end.
    pub shard: Shard,
    /// The venue at the end.
    pub venue: MatchingVenue,
    /// Our account there.
    pub client: ClientId,
    /// What the core did.
    pub record: RunRecord,
    /// What the venue was made of.
    pub spec: FloorSpec,
    /// Time the run took.
    pub running: Duration,
}

/// An ETH perpetual that is quoted as configured where a crowd trades it, ready to be played. Tick and lot are those of Binance
/// where the configuration does not say otherwise; fees, latencies and self-trade prevention are its own.
#[derive(Debug)]
pub struct Floor {
    shard: Shard,
    venue: MatchingVenue,
    spec: FloorSpec,
    recorder: Recorder,
    duration: Span,
    meta: Meta,
}

impl Floor {
    /// Builds core, venue and crowd.
    ///
    /// # Errors
    /// [`JobError`], naming the place and the rule.
    pub fn new(config: &Config, config_path: &Path, plan: &FloorPlan) -> Result<Self, JobError> {
        let seen = [SeenInstrument {
            symbol: "ETHUSDT".to_owned(),
            market: Market::UsdM,
            tick: Some(Step { mantissa: 1, scale: 2 }),
            lot: Some(Step { mantissa: 1, scale: 3 }),
            price_ticks_max: START_PRICE.0,
        }];
        let (found, resolver) = resolve(config, config_path.to_owned(), &seen)?;
        let reference = Some(HalfTicks(2 * START_PRICE.0 + 1));
        let instruments: Vec<_> =
            found.into_iter().map(|found| ResolvedInstrument { found, reference }).collect();
        let resolved = resolver.build(&instruments, Quoted::Yes)?;
        let shard = build_core(&resolved, &instruments)?;
        let rules = resolved.venue.instruments.first().ok_or(FloorSpecError::Clients)?;
        let spec = spec(&resolved.venue, rules, plan.seed);
        let venue = MatchingVenue::new(&spec)?;
        let programme = resolver.programme();
        let records = instruments.iter().map(|one| record_of(one, programme)).collect();
        let recorder = Recorder::new(plan.recorder, records);
        let meta = Meta::new(config, config_path, &seen, &instruments, Vec::new());
        Ok(Self { shard, venue, spec, recorder, duration: plan.duration, meta })
    }

    /// What a journal of the run must say to be decided again. It names no feed: nothing here can be played to another venue.
    #[must_use]
    pub const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Trades to the end, and records it.
    pub fn play(self, record: &mut impl Record) -> FloorRun {
        let Self { mut shard, mut venue, spec, mut recorder, duration, .. } = self;
        let watch = Stopwatch::start();
        let outcome = run(&mut shard, &mut venue, US, spec.start + duration, &mut recorder, record);
        let running = watch.elapsed();
        let instruments = recorder.finish(outcome.ended_at, &shard);
        FloorRun { outcome, shard, venue, client: US, record: RunRecord { instruments }, spec, running }
    }
}

/// The venue that the configuration asks for, as far as it says.
fn spec(venue: &VenueSpec, rules: &InstrumentRules, seed: u64) -> FloorSpec {
    let whole = |units: i64| Money(Money::ONE.0 * i128::from(units));
    FloorSpec {
        matching: MatchingSpec {
            instrument: rules.spec,
            fees: rules.fees,
            tiers: [None; TIERS_MAX],
            margin: Some(MarginRules {
                initial: Rate::from_bps(200),
                maintenance: Rate::from_bps(100),
                clearance: Rate::from_bps(125),
            }),
            amend: rules.amend,
            market_protection: Rate::from_bps(500),
            band: Some(PriceBand { up: Rate(105_000_000), down: Rate(95_000_000) }),
            halt: Some(VolatilityHalt {
                band: Rate::from_bps(200),
                window: Span::from_secs(10),
                pause: Span::from_millis(500),
            }),
            limits: MatchingLimits {
                accounts: 1 + CROWD,
                orders: 1 << 13,
                waiting: 1 << 11,
                orders_per_account: u32::try_from(rules.orders_max).unwrap_or(u32::MAX).max(400),
                pages: 1 << 11,
                position: Lots(3_000_000),
                batch: 5,
            },
            first_order_id: venue.first_order_id,
            first_trade_id: venue.first_trade_id,
        },
        instrument: InstrumentId(0),
        clients: 1,
        collateral: whole(100_000),
        self_trade: prevention(venue.self_trade),
        latency: venue.latency,
        feed_latency: venue.latency.response,
        diff_every: Span::from_millis(50),
        depth: 1_000,
        funding: Some(FundingSpec {
            mark_every: Span::from_secs(1),
            period: Span::from_secs(60),
            interest: Rate(20),
            cap: Rate::from_bps(75),
        }),
        crowd: CrowdSpec {
            seed,
            requests_per_second: 1_000,
            orders: 600,
            start_price: START_PRICE,
            collateral: whole(1_000_000),
            insurance: whole(100_000),
        },
        start: START,
    }
}

/// The mode by the name that comes nearest: an engine that matches does not refuse, it expires.
const fn prevention(mode: SelfTrade) -> Prevention {
    match mode {
        SelfTrade::Reject | SelfTrade::ExpireTaker => Prevention::ExpireTaker,
        SelfTrade::ExpireMaker => Prevention::ExpireMaker,
        SelfTrade::ExpireBoth => Prevention::ExpireBoth,
    }
}

/// Whose turn it is; in the order that decides equal times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Venue,
    Answer,
    News,
    Timer,
}

/// Lets one core trade as a client until `end`. `record` is told of every input before the core is, and of every command
/// before the venue is.
pub fn run(
    shard: &mut Shard,
    venue: &mut MatchingVenue,
    client: ClientId,
    end: Nanos,
    observer: &mut impl Observer,
    record: &mut impl Record,
) -> Outcome {
    let out = Outbox::new(shard.commands_per_event_max());
    let outcome = Outcome::default();
    let mut trading = Trading { shard, venue, client, record, out, decisions: Digest::new(), outcome };
    while let Some((now, turn)) = trading.next().filter(|(now, _)| *now <= end) {
        trading.outcome.ended_at = Some(now);
        if !trading.hear_of_record(now, turn, observer) {
            trading.take(now, turn, observer);
        }
    }
    let Trading { shard, out, decisions, outcome, .. } = trading;
    Outcome {
        decisions_hash: decisions.value(),
        state_hash: shard.state_hash(),
        notes_dropped: out.notes_dropped(),
        ..outcome
    }
}

struct Trading<'a, R> {
    shard: &'a mut Shard,
    venue: &'a mut MatchingVenue,
    client: ClientId,
    record: &'a mut R,
    out: Outbox,
    decisions: Digest,
    outcome: Outcome,
}

impl<R: Record> Trading<'_, R> {
    fn next(&self) -> Option<(Nanos, Turn)> {
        let times = [
            (self.venue.next_arrival(), Turn::Venue),
            (self.venue.next_response(), Turn::Answer),
            (self.venue.next_news(), Turn::News),
            (self.shard.next_deadline(), Turn::Timer),
        ];
        times.into_iter().filter_map(|(at, turn)| Some((at?, turn))).min()
    }

    /// Whether there is news of the record, which the core then hears first.
    fn hear_of_record(&mut self, now: Nanos, turn: Turn, observer: &mut impl Observer) -> bool {
        let Some(health) = (if turn == Turn::Venue { None } else { self.record.news() }) else {
            return false;
        };
        self.tell(&Event::Journal(health), now, observer);
        true
    }

    fn take(&mut self, now: Nanos, turn: Turn, observer: &mut impl Observer) {
        match turn {
            Turn::Venue => self.venue.on_arrival(),
            Turn::Answer => {
                if let Some((client, event)) = self.venue.pop_response(now)
                    && client == self.client
                {
                    self.outcome.fills += u64::from(matches!(event, Event::Fill(_)));
                    self.tell(&event, now, observer);
                    observer.after(&event, now, self.shard);
                }
            }
            Turn::News => {
                self.outcome.messages += 1;
                match self.venue.pop_news(now) {
                    Some(MarketNews::Event(event)) => self.tell(&event, now, observer),
                    Some(MarketNews::Book(book)) => {
                        let batch = book.batch();
                        self.outcome.level_updates += u64::from(batch.begin().levels);
                        observer.before(now, self.shard);
                        self.record.batch(now, &batch);
                        self.shard.on_batch(&batch, now, &mut self.out);
                        self.send(now, observer);
                    }
                    None => {}
                }
            }
            Turn::Timer => self.tell(&Event::Timer, now, observer),
        }
    }

    fn tell(&mut self, event: &Event, now: Nanos, observer: &mut impl Observer) {
        observer.before(now, self.shard);
        self.record.event(now, event);
        self.shard.on_event(event, now, &mut self.out);
        self.send(now, observer);
    }

    fn send(&mut self, now: Nanos, observer: &mut impl Observer) {
        self.record.after(now, self.shard, &self.out);
        if !self.out.notes().is_empty() {
            observer.noted(self.out.notes(), now);
        }
        for command in self.out.commands() {
            self.outcome.count(command);
            observer.sent(command);
            command.digest(&mut self.decisions);
            self.venue.send(self.client, command, now);
        }
        self.out.reports().iter().for_each(|report| report.digest(&mut self.decisions));
        self.out.clear();
    }
}
