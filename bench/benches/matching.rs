//! The matching engine: single operations, and a seeded mixed flow at full speed and at given rates.
//!
//! **Flow.** One million requests of 16 accounts about a price that walks: of a hundred, 46 places that mostly rest, 44
//! cancels, 4 amendments, 6 orders that take. They are made beforehand; a first third fills the book and is not timed. The
//! same flow gives the same last state hash, which is printed.
//!
//! **Full speed** is the time of the whole rest, best and median of [`RUNS`]. **At a rate**, requests arrive in batches of
//! [`BATCH`] at scheduled times, and the latency recorded is from a batch's scheduled time to its completion, the wait behind
//! earlier ones in it. One reading of the clock costs tens of nanoseconds, so a batch shares two; the cost is printed, and
//! with it the longest pauses that the machine itself made in an idle loop of readings.
//!
//! Never here: a budget that fails a run. Machines differ, and this prints what there is.
#![expect(clippy::expect_used, reason = "a benchmark of what cannot be built must stop")]
#![expect(clippy::print_stdout, reason = "the figures are printed")]
#![expect(clippy::indexing_slicing, reason = "indices are below lengths fixed here; another one must stop")]

use std::hint::black_box;

use ballast_core::replace::ReplaceRules;
use ballast_exchange::FeeSchedule;
use ballast_exchange::matching::{
    AccountId, Amendment, Matching, MatchingLimits, MatchingSpec, Outcome, Placement, Prevention, Pricing,
    Request, Sink, TIERS_MAX,
};
use ballast_model::{
    AssetId, ClientOrderId, Contract, InstrumentId, InstrumentSpec, Lots, Money, Nanos, NewOrder, Price,
    Rate, ReduceOnly, Side, Step, TimeInForce, TradeId, VenueOrderId,
};
use ballast_runtime::clock::Stopwatch;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hdrhistogram::Histogram;

/// Requests of the flow.
const REQUESTS: usize = 1_000_000;
/// Of these, the first fill the book.
const WARM: usize = REQUESTS / 3;
/// Timed runs at full speed.
const RUNS: usize = 9;
/// Requests that arrive together.
const BATCH: usize = 32;
/// Rates, in millions of requests a second.
const RATES: [f64; 6] = [0.5, 1.0, 2.0, 3.0, 4.0, 5.0];
const ACCOUNTS: u16 = 16;

fn spec() -> MatchingSpec {
    let instrument = InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: 2 },
        lot: Step { mantissa: 1, scale: 3 },
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(10_000_000),
        size_min: Lots(1),
        size_max: Lots(1_000_000),
        notional_min: Money::ZERO,
        base: AssetId(1),
        quote: AssetId(0),
    });
    MatchingSpec {
        instrument: instrument.expect("a sound instrument"),
        fees: FeeSchedule { maker: Rate::from_bps(-1), taker: Rate::from_bps(4) },
        tiers: [None; TIERS_MAX],
        margin: None,
        amend: ReplaceRules::DERIBIT,
        market_protection: Rate::from_bps(500),
        band: None,
        halt: None,
        limits: MatchingLimits {
            accounts: ACCOUNTS,
            orders: 1 << 16,
            waiting: 1 << 12,
            orders_per_account: 1 << 16,
            pages: 1 << 10,
            position: Lots(1 << 50),
            batch: 128,
        },
        first_order_id: VenueOrderId(1),
        first_trade_id: TradeId(1),
    }
}

fn engine() -> Matching {
    Matching::new(&spec()).expect("a sound engine")
}

/// Looks at every outcome and keeps none.
#[derive(Default)]
struct Seen {
    outcomes: u64,
    trades: u64,
    refusals: u64,
}

impl Sink for Seen {
    fn put(&mut self, outcome: &Outcome) {
        let outcome = black_box(outcome);
        self.outcomes += 1;
        self.trades += u64::from(matches!(outcome, Outcome::Traded(_)));
        let refused = matches!(
            outcome,
            Outcome::Rejected(..) | Outcome::CancelRejected(..) | Outcome::ReplaceRejected(..)
        );
        self.refusals += u64::from(refused);
    }
}

/// xorshift64* (Vigna, 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % n
    }

    fn ticks(&mut self, n: u64) -> i64 {
        self.below(n).cast_signed()
    }
}

fn placement(account: AccountId, id: u64, side: Side, price: i64, lots: i64, tif: TimeInForce) -> Placement {
    Placement {
        account,
        order: NewOrder {
            instrument: InstrumentId(0),
            client_id: ClientOrderId(id),
            side,
            price: Price(price),
            lots: Lots(lots),
            tif,
            reduce_only: ReduceOnly::No,
            expires_at: Nanos::MAX,
        },
        pricing: Pricing::Limit,
        prevention: Prevention::ExpireTaker,
        display: Lots::ZERO,
        trigger: None,
    }
}

/// The flow: every request of it, from a seed.
fn flow(seed: u64) -> Vec<Request> {
    let mut random = Random(seed);
    let mut mid = 200_000;
    // Orders that were placed to rest; some will have traded by the time they are asked for again.
    let mut live: Vec<Placement> = Vec::new();
    let mut requests = Vec::with_capacity(REQUESTS);
    for id in 1..=REQUESTS as u64 {
        mid += if id.is_multiple_of(50) { random.ticks(3) - 1 } else { 0 };
        let side = if random.below(2) == 0 { Side::Bid } else { Side::Ask };
        let account = AccountId(u16::try_from(random.below(ACCOUNTS.into())).expect("few accounts"));
        let lots = 1 + random.ticks(50);
        let picked = usize::try_from(random.below(live.len().max(1) as u64)).expect("an index");
        let request = match random.below(100) {
            0..46 => {
                // The deeper, the rarer: a product of two uniform numbers.
                let depth = 1 + random.ticks(40) * random.ticks(40) / 20;
                let price = mid - side.sign() * depth;
                let new = placement(account, id, side, price, lots, TimeInForce::GoodTillCancel);
                live.push(new);
                Request::Place(new)
            }
            46..90 if !live.is_empty() => {
                let gone = live.swap_remove(picked);
                Request::Cancel(gone.account, gone.order.client_id)
            }
            90..94 if !live.is_empty() => {
                let Placement { account, order, .. } = live[picked];
                let lots = Lots(1 + order.lots.0 / 2);
                let price = Price(order.price.0 - order.side.sign() * random.ticks(2));
                Request::Amend(Amendment { account, client_id: order.client_id, price, lots })
            }
            _ => {
                let price = mid + side.sign() * 10;
                Request::Place(placement(account, id, side, price, 2 * lots, TimeInForce::ImmediateOrCancel))
            }
        };
        requests.push(request);
    }
    requests
}

/// An engine with the first third of the flow done.
fn warmed(requests: &[Request]) -> Matching {
    let (mut engine, mut seen) = (engine(), Seen::default());
    for request in &requests[..WARM] {
        engine.apply(request, &mut seen);
    }
    engine
}

fn full_speed(requests: &[Request]) {
    let mut times = Vec::with_capacity(RUNS);
    for run in 0..RUNS {
        let (mut engine, mut seen) = (warmed(requests), Seen::default());
        let open = engine.open_orders();
        let watch = Stopwatch::start();
        for request in &requests[WARM..] {
            engine.apply(request, &mut seen);
        }
        times.push(watch.elapsed().as_secs_f64());
        if run == 0 {
            println!(
                "flow: {} requests timed, {open} orders open before, {} after",
                REQUESTS - WARM,
                engine.open_orders()
            );
            println!("{} outcomes, {} trades, {} refusals", seen.outcomes, seen.trades, seen.refusals);
            println!("state hash {:016x}, {:?}", engine.state_hash(), engine.validate());
        }
    }
    times.sort_by(f64::total_cmp);
    let rate = |time: f64| (REQUESTS - WARM) as f64 / time / 1e6;
    let (best, median) = (times[0], times[RUNS / 2]);
    println!("full speed, M requests/s: best {:.2}, median {:.2} of {RUNS}", rate(best), rate(median));
}

fn nanos(watch: &Stopwatch) -> u64 {
    u64::try_from(watch.elapsed().as_nanos()).expect("a short run")
}

/// From a nanosecond to ten seconds.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 10_000_000_000, 3).expect("a histogram")
}

/// What the clock costs, and what the machine does while nothing is done.
fn idle() {
    let mut gaps = histogram();
    let watch = Stopwatch::start();
    let mut before = nanos(&watch);
    for _ in 0..2_000_000 {
        let now = nanos(&watch);
        gaps.saturating_record(now - before);
        before = now;
    }
    let at = |p: f64| gaps.value_at_quantile(p);
    println!(
        "idle clock gaps, ns: p50 {} (one reading), p99.9 {}, p99.99 {}, max {}",
        at(0.5),
        at(0.999),
        at(0.9999),
        gaps.max()
    );
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "schedules are whole nanoseconds"
)]
fn at_rate(requests: &[Request], rate: f64) {
    let (mut engine, mut seen) = (warmed(requests), Seen::default());
    let mut latencies = histogram();
    let watch = Stopwatch::start();
    let begin = nanos(&watch) + 1_000;
    for (batch, number) in requests[WARM..].chunks(BATCH).zip(0u32..) {
        let due = begin + (f64::from(number) * BATCH as f64 * 1e3 / rate) as u64;
        // Waits by reading the clock alone: a pause instruction may hand a virtual core to somebody else.
        while nanos(&watch) < due {}
        for request in batch {
            engine.apply(request, &mut seen);
        }
        latencies.saturating_record(nanos(&watch) - due);
    }
    let at = |p: f64| latencies.value_at_quantile(p);
    println!(
        "| {rate:>4} | {:>6} | {:>6} | {:>6} | {:>7} | {:>8} | {:>8} |",
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        at(0.9999),
        latencies.max()
    );
}

fn rates(_: &mut Criterion) {
    let requests = flow(7);
    idle();
    full_speed(&requests);
    println!("ns from a batch of {BATCH} being due to all of it being done");
    println!("|  M/s |    p50 |    p90 |    p99 |   p99.9 |   p99.99 |      max |");
    for rate in RATES {
        at_rate(&requests, rate);
    }
    idle();
}

fn single(criterion: &mut Criterion) {
    let requests = flow(7);
    let mut group = criterion.benchmark_group("matching");
    let (mut engine, mut seen, mut id) = (warmed(&requests), Seen::default(), u64::from(u32::MAX));
    let bid = engine.best(Side::Bid).expect("a bid").0;
    group.bench_function("place_and_cancel", |bencher| {
        bencher.iter(|| {
            id += 1;
            let new = placement(AccountId(1), id, Side::Bid, bid - 5, 3, TimeInForce::PostOnly);
            engine.place(&new, &mut seen);
            engine.cancel(AccountId(1), ClientOrderId(id), &mut seen);
        });
    });
    group.bench_function("rest_and_match", |bencher| {
        bencher.iter(|| {
            id += 2;
            let price = bid + 1;
            engine.place(&placement(AccountId(1), id, Side::Bid, price, 3, TimeInForce::PostOnly), &mut seen);
            let taker = placement(AccountId(2), id + 1, Side::Ask, price, 3, TimeInForce::ImmediateOrCancel);
            engine.place(&taker, &mut seen);
        });
    });
    let placed = |request: &Request| match request {
        Request::Place(new) => Some((new.account, new.order.client_id)),
        Request::Cancel(..) | Request::Amend(_) | Request::CancelAll(_) => None,
    };
    let open = |(account, id): &(AccountId, ClientOrderId)| engine.order(*account, *id).is_some();
    let ids: Vec<_> = requests[..WARM].iter().filter_map(placed).filter(open).collect();
    let mut ids = ids.iter().cycle();
    group.bench_function("lookup", |bencher| {
        bencher.iter(|| {
            let (account, client_id) = ids.next().expect("a cycle");
            black_box(engine.order(*account, *client_id))
        });
    });
    group.bench_function("batch_of_100", |bencher| {
        let batch = |id: u64| -> Vec<Request> {
            let new = |n: u64| {
                placement(AccountId(3), id + n, Side::Bid, bid - n.cast_signed(), 2, TimeInForce::PostOnly)
            };
            let places = (0..50).map(|n| Request::Place(new(n)));
            places.chain((0..50).map(|n| Request::Cancel(AccountId(3), ClientOrderId(id + n)))).collect()
        };
        let batch = batch(1 << 50);
        bencher.iter_batched(|| (), |()| engine.batch(&batch, &mut seen), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, single, rates);
criterion_main!(benches);
