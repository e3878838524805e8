//! The symbols that are traded, and the venue each of them is.

use ballast_core::replace::ReplaceRules;
use ballast_exchange::floor::{CrowdSpec, FloorSpec, FundingSpec};
use ballast_exchange::matching::{
    MarginRules, MatchingLimits, MatchingSpec, Prevention, PriceBand, TIERS_MAX,
};
use ballast_exchange::{FeeSchedule, Latency};
use ballast_model::{
    AssetId, Contract, InstrumentId, InstrumentSpec, Lots, Money, Price, Rate, Span, Step, TradeId,
    VenueOrderId,
};

use super::MatchingBackSpec;
use crate::back::Symbol;

/// What a client begins with: collateral of futures, and on spot the same of the quote currency.
pub(super) const COLLATERAL: Money = Money(100_000 * Money::ONE.0);
/// What a client begins with of each base asset on spot, in units.
pub(super) const BASE: Money = Money(20 * Money::ONE.0);
/// What margin is paid in.
pub(super) const MARGIN_ASSET: &str = "USDT";
/// The crowd's accounts.
const CROWD: u16 = 40;

/// Which market is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketKind {
    /// Spot: balances, no margin.
    Spot,
    /// Perpetual futures settled in dollars: margin, marks, funding.
    UsdM,
}

/// One base asset.
#[derive(Clone, Copy, Debug)]
struct Traded {
    base: &'static str,
    /// Tick and lot.
    spot: (&'static str, &'static str),
    /// Tick and lot.
    futures: (&'static str, &'static str),
    /// The first price, in cents.
    cents: i64,
}

const TRADED: [Traded; 2] = [
    Traded { base: "ETH", spot: ("0.01", "0.0001"), futures: ("0.01", "0.001"), cents: 268_162 },
    Traded { base: "BTC", spot: ("0.01", "0.00001"), futures: ("0.1", "0.001"), cents: 6_180_330 },
];

impl MarketKind {
    /// What is traded: ETHUSDT and BTCUSDT, on the venue's grids of 2026.
    pub(super) fn symbols(self) -> Vec<Symbol> {
        let numbered = TRADED.iter().zip((0..).map(InstrumentId));
        let symbols = numbered.filter_map(|(traded, id)| {
            let (tick, lot) = if self == Self::Spot { traded.spot } else { traded.futures };
            let (tick, lot) = (Step::parse(tick)?, Step::parse(lot)?);
            let first = price(traded.cents, tick);
            let whole = 10i64.pow(u32::from(lot.scale));
            let spec = InstrumentSpec {
                tick,
                lot,
                multiplier: 1,
                contract: Contract::Linear,
                price_min: Price(100),
                price_max: Price(first.0 * 10),
                size_min: Lots(1),
                size_max: Lots(10_000 * whole),
                notional_min: Money(Money::ONE.0 * if self == Self::Spot { 5 } else { 20 }),
                base: AssetId(1 + id.0),
                quote: AssetId(0),
            };
            let name = format!("{}{MARGIN_ASSET}", traded.base);
            let (base, quote) = (traded.base.to_owned(), MARGIN_ASSET.to_owned());
            Some(Symbol { name, base, quote, id, spec: InstrumentSpec::new(spec).ok()? })
        });
        symbols.collect()
    }
}

/// A price given in cents, in ticks of at least a cent.
fn price(cents: i64, tick: Step) -> Price {
    Price(if tick.scale == 2 { cents } else { cents / 10 })
}

/// The venue of one symbol.
pub(super) fn floor(back: &MatchingBackSpec, symbol: &Symbol) -> FloorSpec {
    let futures = back.kind == MarketKind::UsdM;
    let whole = 10i64.pow(u32::from(symbol.spec.lot.scale));
    let cents = TRADED.get(symbol.id.index()).map_or(200_000, |traded| traded.cents);
    FloorSpec {
        matching: MatchingSpec {
            instrument: symbol.spec,
            fees: fees(back.kind),
            tiers: [None; TIERS_MAX],
            margin: futures.then_some(MarginRules {
                initial: Rate::from_bps(500),
                maintenance: Rate::from_bps(100),
                clearance: Rate::from_bps(125),
            }),
            amend: if futures { ReplaceRules::BINANCE_USDM } else { ReplaceRules::BINANCE_SPOT },
            market_protection: Rate::from_bps(500),
            band: Some(if futures {
                PriceBand { up: Rate(105_000_000), down: Rate(95_000_000) }
            } else {
                PriceBand { up: Rate(500_000_000), down: Rate(20_000_000) }
            }),
            halt: None,
            limits: MatchingLimits {
                accounts: back.clients + CROWD,
                orders: 1 << 13,
                waiting: 1 << 11,
                orders_per_account: 1 << 10,
                pages: 1 << 12,
                position: Lots(3_000 * whole),
                batch: 5,
            },
            first_order_id: VenueOrderId(8_000_000_000),
            first_trade_id: TradeId(5_000_000_000),
        },
        instrument: symbol.id,
        clients: back.clients,
        collateral: COLLATERAL,
        self_trade: Prevention::ExpireMaker,
        latency: Latency { order: Span::ZERO, response: Span::ZERO },
        feed_latency: Span::ZERO,
        diff_every: Span::from_millis(100),
        depth: 1_000,
        funding: futures.then_some(FundingSpec {
            mark_every: Span::from_secs(1),
            period: Span::from_secs(8 * 3_600),
            interest: Rate(10_000),
            cap: Rate::from_bps(75),
        }),
        crowd: CrowdSpec {
            seed: back.seed.wrapping_add(symbol.id.0.into()),
            requests_per_second: back.flow.requests_per_second,
            orders: back.flow.orders,
            start_price: price(cents, symbol.spec.tick),
            collateral: Money(1_000_000 * Money::ONE.0),
            insurance: Money(100_000 * Money::ONE.0),
        },
        start: back.start,
    }
}

/// The venue's lowest tier (2026).
const fn fees(kind: MarketKind) -> FeeSchedule {
    match kind {
        MarketKind::Spot => FeeSchedule { maker: Rate::from_bps(10), taker: Rate::from_bps(10) },
        MarketKind::UsdM => FeeSchedule { maker: Rate::from_bps(2), taker: Rate::from_bps(5) },
    }
}
