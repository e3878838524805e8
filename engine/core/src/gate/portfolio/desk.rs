//! A small desk for tests: five instruments, four assets, two venues, two strategies.
//!
//! | # | instrument | venue | strategy | book | paid |
//! |---|---|---|---|---|---|
//! | 0 | ETH/USDT spot | 0 | 0 | 0 | itself |
//! | 1 | ETH/USDT perpetual | 1 | 0 | 1 | 5 % |
//! | 2 | the same, another account | 1 | 1 | 1 | 5 % |
//! | 3 | ETH/BTC spot | 0 | 1 | 2 | itself |
//! | 4 | BTC/USD inverse | 1 | 1 | 3 | 10 % |

use alloc::vec::Vec;

use ballast_model::{
    AssetId, ClientOrderId, Contract, HalfTicks, InstrumentId, InstrumentSpec, Lots, Money, Nanos, NewOrder,
    Price, Rate, ReduceOnly, Side, Step, TimeInForce,
};

use super::*;
use crate::gate::{Gate, GateContext, GateLimits, LossLimits, ReducingQuotes, StrategyId};

pub(super) const USDT: AssetId = AssetId(0);
pub(super) const ETH: AssetId = AssetId(1);
pub(super) const BTC: AssetId = AssetId(2);
pub(super) const USD: AssetId = AssetId(3);
pub(super) const MEMBERS: u16 = 5;

/// An instrument's usual price in ticks.
pub(super) const fn usual_price(instrument: u16) -> i64 {
    match instrument {
        3 => 5_000,
        4 => 20_000,
        _ => 10_000,
    }
}

pub(super) fn spec(instrument: u16) -> InstrumentSpec {
    let linear = InstrumentSpec {
        tick: Step { mantissa: 1, scale: 2 },
        lot: Step { mantissa: 1, scale: 3 },
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(100_000),
        size_min: Lots(1),
        size_max: Lots(10_000),
        notional_min: Money::ZERO,
        base: ETH,
        quote: USDT,
    };
    let spec = match instrument {
        3 => InstrumentSpec { tick: Step { mantissa: 1, scale: 5 }, quote: BTC, ..linear },
        4 => InstrumentSpec {
            tick: Step { mantissa: 1, scale: 1 },
            lot: Step { mantissa: 1, scale: 1 },
            contract: Contract::Inverse,
            base: BTC,
            quote: USD,
            ..linear
        },
        _ => linear,
    };
    InstrumentSpec::new(spec).unwrap()
}

/// The desk's parts, to be bounded by each test.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) members: Vec<MemberSpec>,
    pub(super) assets: Vec<AssetSpec>,
    pub(super) venues: Vec<VenueSpec>,
    pub(super) strategies: Vec<StrategySpec>,
    pub(super) exposure: ExposureLimits,
    pub(super) credit: CreditLimits,
    pub(super) loss: LossLimits,
    pub(super) budgets: Option<BudgetsSpec>,
}

impl Desk {
    /// Nothing is limited.
    pub(super) fn new() -> Self {
        let member = |instrument: u16, venue, strategy, market, funding| MemberSpec {
            spec: spec(instrument),
            venue: VenueId(venue),
            strategy: StrategyId(strategy),
            market,
            funding,
            exposure: ExposureLimits::NONE,
            liquidation_distance_min: None,
            self_trade: SelfTrade::Allow,
        };
        let margin = |bps| Funding::Margin(Rate::from_bps(bps));
        let venue = VenueSpec {
            exposure: ExposureLimits::NONE,
            credit: CreditLimits::NONE,
            messages: None,
            dead_man: DeadMan::Optional,
        };
        let asset = AssetSpec { exposure: ExposureLimits::NONE, elsewhere: Elsewhere::Nothing };
        Self {
            members: Vec::from([
                member(0, 0, 0, 0, Funding::Spot),
                member(1, 1, 0, 1, margin(500)),
                member(2, 1, 1, 1, margin(500)),
                member(3, 0, 1, 2, Funding::Spot),
                member(4, 1, 1, 3, margin(1_000)),
            ]),
            assets: Vec::from([asset; 4]),
            venues: Vec::from([venue; 2]),
            strategies: Vec::from([StrategySpec::NONE; 2]),
            exposure: ExposureLimits::NONE,
            credit: CreditLimits::NONE,
            loss: LossLimits::NONE,
            budgets: None,
        }
    }

    pub(super) fn try_build(&self) -> Result<Portfolio, PortfolioError> {
        let portfolio = Portfolio::new(&PortfolioSpec {
            members: &self.members,
            assets: &self.assets,
            venues: &self.venues,
            strategies: &self.strategies,
            exposure: self.exposure,
            credit: self.credit,
            loss: self.loss,
        })?;
        Ok(match &self.budgets {
            Some(budgets) => portfolio.with_budgets(budgets, 1).unwrap(),
            None => portfolio,
        })
    }

    /// The portfolio with everything told: usual prices, a dollar a dollar, 2 000 dollars a bitcoin, plenty of funds.
    pub(super) fn build(&self) -> Portfolio {
        let mut portfolio = self.try_build().unwrap();
        for (asset, dollars) in [(USDT, 1), (USD, 1), (BTC, 2_000)] {
            portfolio.on_conversion(asset, Some(Rate(dollars * Rate::ONE.0)));
        }
        for instrument in 0..MEMBERS {
            let id = InstrumentId(instrument);
            portfolio.on_mark(id, Some(HalfTicks(2 * usual_price(instrument))));
            portfolio.on_funds(id, Some(Funds { base: Lots(1_000_000), quote: dollars(1_000_000) }));
        }
        portfolio
    }
}

pub(super) const fn dollars(amount: i64) -> Money {
    Money(amount as i128 * Money::ONE.0)
}

pub(super) const fn cents(amount: i64) -> Money {
    Money(amount as i128 * Money::ONE.0 / 100)
}

/// A gate that leaves everything but the largest order and the collars to the portfolio.
pub(super) fn gate(instrument: u16) -> Gate {
    let limits = GateLimits {
        order_lots_max: Lots(10_000),
        order_notional_max: dollars(1_000_000),
        position_lots_max: Lots(1_000_000),
        open_orders_max: 1_000_000,
        collar_through_max: Rate::from_bps(5_000),
        collar_away_max: Rate::from_bps(5_000),
        order_burst_max: 1_000_000,
        orders_per_second_max: 1_000_000,
        reducing_quotes: ReducingQuotes::Pass,
    };
    Gate::new(InstrumentId(instrument), &spec(instrument), limits).unwrap()
}

pub(super) const fn order(instrument: u16, id: u64, side: Side, price: i64, lots: i64) -> NewOrder {
    NewOrder {
        instrument: InstrumentId(instrument),
        client_id: ClientOrderId(id),
        side,
        price: Price(price),
        lots: Lots(lots),
        tif: TimeInForce::PostOnly,
        reduce_only: ReduceOnly::No,
        expires_at: Nanos::MAX,
    }
}

/// A position and nothing working, at the usual price.
pub(super) const fn held(instrument: u16, position: i64) -> GateContext {
    GateContext {
        position: Lots(position),
        working_bid: Lots(0),
        working_ask: Lots(0),
        open_orders: 0,
        reference: Some(HalfTicks(2 * usual_price(instrument))),
    }
}
