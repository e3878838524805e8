//! One order asked for: of a gate alone, with all its controls, and in a portfolio that limits everything.
#![expect(clippy::expect_used, reason = "a benchmark of what cannot be built must stop")]

use std::hint::black_box;

use ballast_core::gate::portfolio::{
    Account, AssetSpec, CreditLimits, DeadMan, Elsewhere, ExposureLimits, Funding, Liquidation, MemberSpec,
    MessageLimits, Portfolio, PortfolioSpec, SelfTrade, StrategySpec, VenueSpec, Work,
};
use ballast_core::gate::{
    Controls, Executions, FillBreaker, Gate, GateContext, GateLimits, LossLimits, OracleLimit, OrderToTrade,
    PeriodCollar, PeriodNotional, StrategyId, VenueId, VolatilityBreaker,
};
use ballast_model::{
    AssetId, ClientOrderId, Contract, HalfTicks, InstrumentId, InstrumentSpec, Lots, MarkPrice, Money, Nanos,
    NewOrder, Price, Rate, ReduceOnly, Side, Span, Step, TimeInForce,
};
use criterion::{Criterion, criterion_group, criterion_main};

const INSTRUMENT: InstrumentId = InstrumentId(0);
const MEMBERS: u16 = 8;
const WINDOW: Span = Span::from_secs(1);
const PLENTY: Money = Money(1_000_000_000 * Money::ONE.0);

fn spec() -> InstrumentSpec {
    InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: 2 },
        lot: Step { mantissa: 1, scale: 3 },
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(1_000_000),
        size_min: Lots(1),
        size_max: Lots(100_000),
        notional_min: Money::ZERO,
        base: AssetId(1),
        quote: AssetId(0),
    })
    .expect("a sound instrument")
}

fn gate() -> Gate {
    let limits = GateLimits {
        order_lots_max: Lots(10_000),
        order_notional_max: PLENTY,
        position_lots_max: Lots(1_000_000),
        open_orders_max: 1_000,
        collar_through_max: Rate::from_bps(500),
        collar_away_max: Rate::from_bps(5_000),
        order_burst_max: u32::MAX,
        orders_per_second_max: u32::MAX,
        reducing_quotes: ballast_core::gate::ReducingQuotes::Pass,
    };
    Gate::new(INSTRUMENT, &spec(), limits).expect("sound limits")
}

/// Every control, none of which is met.
fn controls() -> Controls {
    let (trip, calm) = (Rate::from_bps(700), Rate::from_bps(400));
    Controls {
        period_collar: Some(PeriodCollar { window: WINDOW, through_max: Rate::from_bps(300) }),
        period_notional: Some(PeriodNotional { window: WINDOW, max: Money(i128::MAX) }),
        duplicate_window: Some(Span(1)),
        executions: Some(Executions { window: WINDOW, max: 1_000 }),
        order_to_trade: Some(OrderToTrade { window: WINDOW, free: u32::MAX, per_fill: 1 }),
        volatility: Some(VolatilityBreaker { window: WINDOW, trip, calm }),
        oracle: Some(OracleLimit { divergence_max: trip, age_max: Span::from_secs(86_400) }),
        fills: Some(FillBreaker {
            window: WINDOW,
            fills_max: Some(100),
            lots_max: None,
            net_max: None,
            frozen_for: None,
        }),
        loss: Some(LossLimits::NONE),
    }
}

/// Eight instruments in four books, every sum limited, none of it met.
fn portfolio() -> Portfolio {
    let exposure = ExposureLimits { net_max: Some(PLENTY), gross_max: Some(PLENTY), open_max: Some(PLENTY) };
    let credit = CreditLimits {
        credit_max: Some(PLENTY),
        credit_share_max: Some(Rate::ONE),
        leverage_max: Some(Rate::ONE),
        maintenance_share_max: Some(Rate::ONE),
    };
    let members: Vec<_> = (0..MEMBERS)
        .map(|index| MemberSpec {
            spec: spec(),
            venue: VenueId(0),
            strategy: StrategyId(0),
            market: index / 2,
            funding: Funding::Margin(Rate::from_bps(500)),
            exposure,
            liquidation_distance_min: Some(Rate::from_bps(500)),
            self_trade: SelfTrade::Refuse,
        })
        .collect();
    let messages = Some(MessageLimits { burst: u32::MAX, per_second: u32::MAX, reserve: 10 });
    let venue = VenueSpec { exposure, credit, messages, dead_man: DeadMan::Optional };
    let asset = AssetSpec { exposure, elsewhere: Elsewhere::Nothing };
    let loss = LossLimits::NONE;
    let (assets, venues) = ([asset; 2], [venue]);
    let spec = PortfolioSpec {
        members: &members,
        assets: &assets,
        venues: &venues,
        strategies: &[StrategySpec::NONE],
        exposure,
        credit,
        loss,
    };
    let mut portfolio = Portfolio::new(&spec).expect("a sound portfolio");
    portfolio.on_conversion(AssetId(0), Some(Rate::ONE));
    portfolio.on_account(VenueId(0), Some(Account { equity: PLENTY, maintenance: Money::ZERO }));
    for id in (0..MEMBERS).map(InstrumentId) {
        portfolio.on_mark(id, Some(HalfTicks(20_000)));
        portfolio.on_position(id, Lots(10));
        portfolio.on_liquidation(id, Liquidation::At(HalfTicks(10_000)));
    }
    portfolio
}

/// The next order and its time, a microsecond after the last.
fn next(count: &mut u32) -> (NewOrder, Nanos) {
    *count += 1;
    let (side, price) = if count.is_multiple_of(2) { (Side::Bid, 9_990) } else { (Side::Ask, 10_010) };
    let order = NewOrder {
        instrument: INSTRUMENT,
        client_id: ClientOrderId((*count).into()),
        side,
        price: Price(price),
        lots: Lots(5),
        tif: TimeInForce::PostOnly,
        reduce_only: ReduceOnly::No,
        expires_at: Nanos::MAX,
    };
    (black_box(order), Nanos(1_600_000_000_000_000_000 + i64::from(*count) * 1_000))
}

fn check(criterion: &mut Criterion) {
    let context = GateContext {
        position: Lots(10),
        working_bid: Lots(10),
        working_ask: Lots(10),
        open_orders: 4,
        reference: Some(HalfTicks(20_000)),
    };
    let controlled = || {
        let mut gate = gate().with_controls(&controls()).expect("sound controls");
        let now = Nanos(1_600_000_000_000_000_000);
        let mark = MarkPrice {
            instrument: INSTRUMENT,
            mark_e8: 10_000_000_000,
            index_e8: Some(10_000_000_000),
            funding_e8: 0,
            funding_at_secs: 0,
            venue_time: now,
            recv_time: now,
        };
        gate.on_oracle(&mark, now);
        gate
    };
    let mut group = criterion.benchmark_group("gate");
    for (name, mut gate) in [("alone", gate()), ("controls", controlled())] {
        let mut count = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let (order, now) = next(&mut count);
                gate.check(order, &context, now).is_ok()
            });
        });
    }
    for (name, mut gate) in [("portfolio", gate()), ("controls and portfolio", controlled())] {
        let (mut portfolio, mut count) = (portfolio(), 0);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let (order, now) = next(&mut count);
                // What works is told anew now and then, or it would grow without end.
                if count.is_multiple_of(64) {
                    portfolio.on_work(INSTRUMENT, &Work::NONE);
                }
                gate.check_in(&mut portfolio, order, &context, now).is_ok()
            });
        });
    }
    let (mut portfolio, mut count) = (portfolio(), 0i64);
    group.bench_function("mark", |bencher| {
        bencher.iter(|| {
            count += 1;
            portfolio.on_mark(INSTRUMENT, Some(HalfTicks(20_000 + count % 8)));
        });
    });
    group.finish();
}

criterion_group!(benches, check);
criterion_main!(benches);
