//! hftbacktest replaying a loaded tape: idle at two cadences, and with a two-sided quoter.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum;
use hftbacktest::backtest::assettype::LinearAsset;
use hftbacktest::backtest::data::DataSource;
use hftbacktest::backtest::models::{
    CommonFees, ConstantLatency, RiskAdverseQueueModel, TradingValueFeeModel,
};
use hftbacktest::backtest::{Backtest, ExchangeKind, L2AssetBuilder};
use hftbacktest::depth::{HashMapMarketDepth, L2MarketDepth, MarketDepth, ROIVectorMarketDepth};
use hftbacktest::types::{Bot, ElapseResult, OrdType, OrderId, Side, Status, TimeInForce};

use super::convert::Tape;
use crate::race::Timing;

const NS_PER_MS: i64 = 1_000_000;
const STEP_NS: i64 = 100 * NS_PER_MS;
const ORDER_LATENCY_NS: i64 = NS_PER_MS;
const MAKER_FEE: f64 = -0.00005;
const TAKER_FEE: f64 = 0.0007;
/// Far above what division costs, far below what the quoter moves by, in ticks.
const ROUNDING: f64 = 1e-6;
/// Sell ids are price ticks above this, so that a bid and an ask at one price differ.
const SELL_ID_BASE: OrderId = 1_000_000_000;

/// The instrument's grid, and the price range hftbacktest's vector book allocates for.
#[derive(Debug, Clone, Copy)]
pub struct Market {
    /// Price step.
    pub tick: f64,
    /// Size step.
    pub lot: f64,
    /// Lowest and highest price of the vector book.
    pub range: (f64, f64),
}

/// Which of hftbacktest's books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Book {
    /// `HashMapMarketDepth`.
    HashMap,
    /// `ROIVectorMarketDepth`.
    RoiVector,
}

/// What the strategy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Nothing, woken every 100 ms.
    Elapse,
    /// Nothing, woken by every feed event.
    EveryFeed,
    /// A post-only bid and ask three ticks from the inventory-skewed mid, looked at every 100 ms.
    Quoter,
}

impl Mode {
    /// The name of the task in tables; another engine's run of the same task goes by the same name.
    #[must_use]
    pub const fn task(self) -> &'static str {
        match self {
            Self::Elapse => "idle, every 100 ms",
            Self::EveryFeed => "idle, every event",
            Self::Quoter => "quoter, every 100 ms",
        }
    }
}

/// One replay of the tape; only the replay itself is timed.
///
/// # Errors
/// What hftbacktest reports.
pub fn hft(tape: &Tape, market: Market, book: Book, mode: Mode) -> Result<Timing> {
    let Market { tick, lot, range: (low, high) } = market;
    match book {
        Book::HashMap => timed(tape, market, mode, move || HashMapMarketDepth::new(tick, lot)),
        Book::RoiVector => timed(tape, market, mode, move || ROIVectorMarketDepth::new(tick, lot, low, high)),
    }
}

/// How much of an order hftbacktest fills at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// All of it: `NoPartialFillExchange`.
    Whole,
    /// What is there: `PartialFillExchange`.
    Partial,
}

/// A fill as the quoter saw it.
#[derive(Debug, Clone, Copy)]
pub struct Fill {
    /// When it happened, by the venue's clock in nanoseconds.
    pub exch_ts: i64,
    /// Whether we bought.
    pub bought: bool,
    /// Price in ticks.
    pub price_tick: i64,
    /// Size.
    pub size: f64,
}

/// What the quoter did.
#[derive(Debug, Clone)]
pub struct Quoted {
    /// Orders sent.
    pub orders: u64,
    /// Size traded.
    pub volume: f64,
    /// Position at the end.
    pub position: f64,
    /// Its fills, as it found them at its looks, by their time; parts that filled between two looks are one.
    pub fills: Vec<Fill>,
}

/// The quoter alone, its first look `phase` nanoseconds after the first event.
///
/// # Errors
/// What hftbacktest reports.
pub fn quote_alone(tape: &Tape, market: Market, exchange: Exchange, phase: i64) -> Result<Quoted> {
    let mut bot = bot(tape, exchange, move || HashMapMarketDepth::new(market.tick, market.lot))?;
    if phase > 0 {
        bot.elapse(phase)?;
    }
    let mut fills = Vec::new();
    let orders = quote(&mut bot, market, Some(&mut fills))?;
    fills.sort_by_key(|fill: &Fill| fill.exch_ts);
    let state = bot.state_values(0);
    Ok(Quoted { orders, volume: state.trading_volume, position: state.position, fills })
}

fn timed<D>(tape: &Tape, market: Market, mode: Mode, depth: impl Fn() -> D + 'static) -> Result<Timing>
where
    D: MarketDepth + L2MarketDepth + 'static,
{
    let mut bot = bot(tape, Exchange::Whole, depth)?;
    let start = Instant::now();
    let orders = match mode {
        Mode::Elapse => {
            while bot.elapse(STEP_NS)? == ElapseResult::Ok {}
            0
        }
        Mode::EveryFeed => {
            while bot.wait_next_feed(false, 100 * STEP_NS)? != ElapseResult::EndOfData {}
            0
        }
        Mode::Quoter => quote(&mut bot, market, None)?,
    };
    black_box(bot.depth(0).best_bid_tick());
    let seconds = start.elapsed().as_secs_f64();
    let fills = bot.state_values(0).num_trades;
    Ok(Timing { seconds, level_updates: tape.level_updates, events: tape.events, orders, fills })
}

fn bot<D>(tape: &Tape, exchange: Exchange, depth: impl Fn() -> D + 'static) -> Result<Backtest<D>>
where
    D: MarketDepth + L2MarketDepth + 'static,
{
    let asset = L2AssetBuilder::new()
        .data(vec![DataSource::Data(tape.data.clone())])
        .latency_model(ConstantLatency::new(ORDER_LATENCY_NS, ORDER_LATENCY_NS))
        .asset_type(LinearAsset::new(1.0))
        .fee_model(TradingValueFeeModel::new(CommonFees::new(MAKER_FEE, TAKER_FEE)))
        .queue_model(RiskAdverseQueueModel::new())
        .exchange(match exchange {
            Exchange::Whole => ExchangeKind::NoPartialFillExchange,
            Exchange::Partial => ExchangeKind::PartialFillExchange,
        })
        .depth(depth)
        .build()?;
    Ok(Backtest::builder().add_asset(asset).build()?)
}

/// The two-sided quoter. Wanted prices lie three ticks from `mid - position * tick` and never inside the
/// touch; an order elsewhere is cancelled, a missing one is sent, and at ten times the order size the adding
/// side stops. (Prices are NaN while a side of the book is empty; the first diffs of a capture fill both.)
/// Returns the number of orders sent; what filled is kept where that is asked for.
fn quote<D: MarketDepth>(
    bot: &mut Backtest<D>,
    market: Market,
    mut fills: Option<&mut Vec<Fill>>,
) -> Result<u64> {
    let Market { tick, lot, .. } = market;
    let (half, size) = (3.0 * tick, 10.0 * lot);
    // Sums of sizes are a rounding error beside whole lots: a position of the limit must not pass for one below it.
    let limit = 10.0 * size - lot / 2.0;
    let mut stray: Vec<OrderId> = Vec::with_capacity(16);
    let mut orders = 0;
    while bot.elapse(STEP_NS)? == ElapseResult::Ok {
        if let Some(fills) = &mut fills {
            keep_fills(bot, fills);
        }
        bot.clear_inactive_orders(Some(0));
        let depth = bot.depth(0);
        let (best_bid, best_ask) = (depth.best_bid(), depth.best_ask());
        let position = bot.position(0);
        let reservation = (best_bid + best_ask) / 2.0 - position * tick;
        // A price on the grid divided by the tick may lie a rounding error beside the whole number it stands for.
        let bid_tick = ((reservation - half).min(best_bid) / tick + ROUNDING).floor() as i64;
        let ask_tick = ((reservation + half).max(best_ask) / tick - ROUNDING).ceil() as i64;
        let (mut has_bid, mut has_ask) = (false, false);
        stray.clear();
        for order in bot.orders(0).values() {
            let (wanted, has) = match order.side {
                Side::Buy => (bid_tick, &mut has_bid),
                Side::Sell | Side::None | Side::Unsupported => (ask_tick, &mut has_ask),
            };
            if order.price_tick == wanted {
                *has = true;
            } else if order.cancellable() {
                stray.push(order.order_id);
            }
        }
        for &id in &stray {
            bot.cancel(0, id, false)?;
        }
        if !has_bid && position < limit {
            let (id, price) = (bid_tick.unsigned_abs(), bid_tick as f64 * tick);
            bot.submit_buy_order(0, id, price, size, TimeInForce::GTX, OrdType::Limit, false)?;
            orders += 1;
        }
        if !has_ask && position > -limit {
            let (id, price) = (ask_tick.unsigned_abs() + SELL_ID_BASE, ask_tick as f64 * tick);
            bot.submit_sell_order(0, id, price, size, TimeInForce::GTX, OrdType::Limit, false)?;
            orders += 1;
        }
    }
    Ok(orders)
}

/// Keeps what filled since the last look.
fn keep_fills<D: MarketDepth>(bot: &Backtest<D>, fills: &mut Vec<Fill>) {
    for order in bot.orders(0).values() {
        if order.exec_qty > 0.0 && matches!(order.status, Status::Filled) {
            fills.push(Fill {
                exch_ts: order.exch_timestamp,
                bought: order.side == Side::Buy,
                price_tick: order.exec_price_tick,
                size: order.qty,
            });
        }
    }
}
