//! The pool's mathematics: ticks and prices beside two other crates, what a position is worth, and a recorded day computed again
//! (`BALLAST_CAPTURES`, by default `../shared/captures`; without it a made one).
#![expect(clippy::expect_used, missing_docs, reason = "a benchmark whose data is broken must stop")]

use alloy_primitives::aliases::I24;
use ballast_pool::U256;
use ballast_pool::amount::{Rounding, Token, amount0};
use ballast_pool::curve::{Curve, Mark, Units};
use ballast_pool::event::{Event, Reader, Swap, What};
use ballast_pool::fee::{Growth, ProtocolFee};
use ballast_pool::pool::Pool;
use ballast_pool::position::{PoolView, Position};
use ballast_pool::range::Range;
use ballast_pool::replay::Replay;
use ballast_pool::step::Quantity;
use ballast_pool::tick::{SqrtPrice, Tick};
use ballast_pool_peers::{price, theirs};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::PathBuf;

const DAY: &str = "uniswap-v3/demeter-fetch_eth-usdc-005_2024-01-05/ethereum-0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640-2024-01-05.pool.tick.csv";
const COUNT: i32 = 1_024;

/// Something that was computed, and must have been.
fn keep<T>(computed: T) {
    let _ = black_box(computed);
}

fn tick(index: i32) -> Tick {
    Tick::new(index).expect("a tick")
}

/// Ticks all over, none like the one before.
fn some_ticks() -> Vec<Tick> {
    (0..COUNT).map(|at| tick((at * 7_919) % 1_700_000 - 850_000)).collect()
}

fn ticks(criterion: &mut Criterion) {
    let ticks = some_ticks();
    let prices: Vec<SqrtPrice> = ticks.iter().map(|tick| tick.sqrt_price()).collect();
    let roots: Vec<_> = prices.iter().map(|price| theirs(price.root())).collect();
    let others: Vec<I24> = ticks.iter().map(|tick| I24::try_from(tick.index()).expect("it fits")).collect();
    let mut group = criterion.benchmark_group("pool/ticks");
    group.throughput(Throughput::Elements(ticks.len() as u64));
    group.bench_function("price_of_tick/ballast", |bencher| {
        bencher.iter(|| ticks.iter().for_each(|tick| keep(black_box(*tick).sqrt_price())));
    });
    group.bench_function("price_of_tick/uniswap_v3_math", |bencher| {
        use uniswap_v3_math::tick_math::get_sqrt_ratio_at_tick;
        bencher
            .iter(|| ticks.iter().for_each(|tick| keep(get_sqrt_ratio_at_tick(black_box(tick.index())))));
    });
    group.bench_function("price_of_tick/uniswap-v3-sdk", |bencher| {
        use uniswap_v3_sdk::prelude::get_sqrt_ratio_at_tick;
        bencher.iter(|| others.iter().for_each(|tick| keep(get_sqrt_ratio_at_tick(black_box(*tick)))));
    });
    group.bench_function("tick_of_price/ballast", |bencher| {
        bencher.iter(|| prices.iter().for_each(|price| keep(Tick::at(black_box(*price)))));
    });
    group.bench_function("tick_of_price/uniswap_v3_math", |bencher| {
        use uniswap_v3_math::tick_math::get_tick_at_sqrt_ratio;
        bencher.iter(|| roots.iter().for_each(|root| keep(get_tick_at_sqrt_ratio(black_box(*root)))));
    });
    group.bench_function("tick_of_price/uniswap-v3-sdk", |bencher| {
        use uniswap_v3_sdk::prelude::get_tick_at_sqrt_ratio;
        bencher.iter(|| roots.iter().for_each(|root| keep(get_tick_at_sqrt_ratio(black_box(*root)))));
    });
    group.finish();
}

fn amounts(criterion: &mut Criterion) {
    let low = tick(-198_580).sqrt_price();
    let prices: Vec<SqrtPrice> = (0..COUNT).map(|at| tick(at - 198_500).sqrt_price()).collect();
    let roots: Vec<_> = prices.iter().map(|one| theirs(one.root())).collect();
    let liquidity = 551_647_414_977_011_183;
    let mut group = criterion.benchmark_group("pool/amount0");
    group.throughput(Throughput::Elements(prices.len() as u64));
    group.bench_function("ballast", |bencher| {
        let amount = |one| amount0(low, black_box(one), liquidity, Rounding::Down);
        bencher.iter(|| prices.iter().for_each(|price| keep(amount(*price))));
    });
    group.bench_function("uniswap_v3_math", |bencher| {
        use uniswap_v3_math::sqrt_price_math::_get_amount_0_delta;
        let low = theirs(low.root());
        let amount = |one| _get_amount_0_delta(low, black_box(one), liquidity, false);
        bencher.iter(|| roots.iter().for_each(|root| keep(amount(*root))));
    });
    group.bench_function("uniswap-v3-sdk", |bencher| {
        let low = price(low);
        let roots: Vec<_> = prices.iter().map(|one| price(*one)).collect();
        let amount = |one| uniswap_v3_sdk::prelude::get_amount_0_delta(low, black_box(one), liquidity, false);
        bencher.iter(|| roots.iter().for_each(|root| keep(amount(*root))));
    });
    group.finish();
}

/// Amounts, fees, value and delta of a position in range, at another price each time.
fn worth(criterion: &mut Criterion) {
    let units = Units::new(Token::Zero, (18, 6));
    let range = Range::new(tick(-202_080), tick(-194_080)).expect("a range");
    let growth = |number: u64| Growth {
        zero: U256::from(number).wrapping_shl(70),
        one: U256::from(number).wrapping_shl(50),
    };
    let position =
        Position { range, liquidity: 551_647_414_977_011_183, growth_last: growth(5), owed: (1, 2) };
    let curve = Curve::new(&range, position.liquidity, &units);
    let views: Vec<PoolView> = (0..COUNT)
        .map(|at| {
            let tick = tick(at - 198_500);
            PoolView {
                price: tick.sqrt_price(),
                tick,
                growth: growth(900),
                lower: growth(7),
                upper: growth(11),
            }
        })
        .collect();
    let mut group = criterion.benchmark_group("pool/worth");
    group.throughput(Throughput::Elements(views.len() as u64));
    group.bench_function("amounts_fees_delta", |bencher| {
        let mark = |view: &PoolView| {
            let worth = black_box(&position).worth(view);
            Mark::new(&worth, view.price, &curve, &units)
        };
        bencher.iter(|| views.iter().for_each(|view| keep(mark(black_box(view)))));
    });
    group.bench_function("curve_value", |bencher| {
        let value = |view: &PoolView| curve.value(units.price(view.price));
        bencher.iter(|| views.iter().for_each(|view| keep(value(black_box(view)))));
    });
    group.finish();
}

/// The recorded day, else swaps to and fro through a made pool.
fn events() -> (&'static str, Vec<Event>) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder =
        std::env::var_os("BALLAST_CAPTURES").map_or_else(|| root.join("../shared/captures"), PathBuf::from);
    if let Ok(text) = std::fs::read_to_string(folder.join(DAY)) {
        let events: Result<_, _> = Reader::new(&text).expect("a heading").collect();
        return ("recorded_day", events.expect("events"));
    }
    let mut pool = Pool::new(tick(5).sqrt_price(), 500, 10, [ProtocolFee::Off; 2]).expect("a pool");
    let range = |lower, upper| Range::new(tick(lower), tick(upper)).expect("a range");
    pool.mint(&range(-5_000, 5_000), 1 << 70).expect("minted");
    pool.mint(&range(-20, 30), 1 << 72).expect("minted");
    let swap = |at: u64| {
        let token = if at % 2 == 0 { Token::Zero } else { Token::One };
        let trade = pool.swap(token, Quantity::In(U256::from((1_u64 << 58) + at)), None).expect("a swap");
        let after = trade.after;
        let (paid, received) = (trade.paid, trade.received);
        let what = What::Swap(Swap {
            token,
            paid,
            received,
            price: after.price,
            tick: after.tick,
            liquidity: after.liquidity,
        });
        Event { block: at, time: 0, what }
    };
    ("made_day", (0..6_000).map(swap).collect())
}

fn replay(criterion: &mut Criterion) {
    let (name, events) = events();
    let swaps = events.iter().filter(|event| matches!(event.what, What::Swap(_))).count();
    let mut group = criterion.benchmark_group(format!("pool/replay/{name}"));
    group.throughput(Throughput::Elements(swaps as u64));
    group.bench_function("prove_depth_and_replay", |bencher| {
        bencher.iter(|| {
            let begun = Replay::new(&events, 500, 10, [ProtocolFee::Off; 2]).expect("a pool");
            let (mut replay, rest) = begun.expect("swaps");
            rest.iter().for_each(|event| replay.take(event).expect("it can be"));
            assert_eq!(replay.found().crossing.exact, replay.found().crossing.swaps);
            replay
        });
    });
    group.finish();
}

criterion_group!(benches, ticks, amounts, worth, replay);
criterion_main!(benches);
