//! What a table of a model means for one instrument.

use ballast_core::model::{
    AfterFill, ArrivalSource, AvellanedaParams, AvellanedaStoikov, CrossVenue, CrossVenueParams, FixedSpread,
    FixedSpreadParams, Glft, GlftParams, Grid, GridParams, GridRange, HalfSpread, Horizon, LiquidityMin,
    Model, ModelParamError, ProfitMin, QUOTES_PER_SIDE_MAX, Scales,
};
use ballast_model::{Contract, Lots, Money, Price, Rate, Ticks};

use super::{Quoting, whole_ticks};
use crate::config::{
    AvellanedaConfig, ConfigError, CrossConfig, DealerConfig, Decimal, FixedConfig, GlftConfig, GridConfig,
    HalfSpreadConfig, ModelConfig, RangeConfig, Size,
};

/// Sizes and bounds of a dealer, in the instrument's own steps.
struct Dealer {
    size: Lots,
    size_reducing_max: Lots,
    inventory_max: Lots,
    skew_max: Ticks,
}

impl Quoting<'_> {
    /// The model a table describes.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub(super) fn model(&self, model: &ModelConfig) -> Result<Model, ConfigError> {
        let scales = Scales::new(self.spec);
        let refused = |error: ModelParamError| self.rule(&format!("model.{}", key_of(error, model)), error);
        match model {
            ModelConfig::AvellanedaStoikov(dealer, own) => {
                let params = self.avellaneda(dealer, own)?;
                AvellanedaStoikov::new(params, scales).map(Model::AvellanedaStoikov).map_err(refused)
            }
            ModelConfig::Glft(dealer, own) => {
                Glft::new(self.glft(dealer, own)?, scales).map(Model::Glft).map_err(refused)
            }
            ModelConfig::FixedSpread(fixed) => {
                FixedSpread::new(self.fixed(fixed)?, scales).map(Model::FixedSpread).map_err(refused)
            }
            ModelConfig::Grid(grid) => {
                let model = Grid::new(self.grid(grid)?).map_err(refused)?;
                self.check_capital(grid, &model)?;
                Ok(Model::Grid(model))
            }
            ModelConfig::CrossVenue(cross) => {
                CrossVenue::new(self.cross(cross)?).map(Model::CrossVenue).map_err(refused)
            }
        }
    }

    /// The size that prices on the instrument to hedge on are wanted for.
    ///
    /// # Errors
    /// A size that is none.
    pub(super) fn hedge_lots(&self, model: &ModelConfig) -> Result<Lots, ConfigError> {
        match model {
            ModelConfig::CrossVenue(cross) => self.model_size("size", &cross.size),
            ModelConfig::AvellanedaStoikov(..)
            | ModelConfig::Glft(..)
            | ModelConfig::FixedSpread(_)
            | ModelConfig::Grid(_) => Ok(Lots::ZERO),
        }
    }

    fn model_size(&self, key: &str, size: &Size) -> Result<Lots, ConfigError> {
        self.size(&format!("model.{key}"), size)
    }

    fn ticks_per_bp(&self) -> f64 {
        self.mid.to_ticks_f64() * 1e-4
    }

    /// A decay per basis point as one per unit of the quote currency.
    fn per_quote(&self, per_bp: f64) -> f64 {
        per_bp / (self.ticks_per_bp() * self.spec.tick.to_f64())
    }

    fn dealer(&self, dealer: &DealerConfig) -> Result<Dealer, ConfigError> {
        let size = self.model_size("size", &dealer.size)?;
        Ok(Dealer {
            size,
            size_reducing_max: match &dealer.size_reducing_max {
                Some(reducing) => self.model_size("size_reducing_max", reducing)?,
                None => size,
            },
            inventory_max: self.model_size("inventory_max", &dealer.inventory_max)?,
            skew_max: whole_ticks(dealer.skew_max_bps * self.ticks_per_bp()),
        })
    }

    fn avellaneda(
        &self,
        dealer: &DealerConfig,
        own: &AvellanedaConfig,
    ) -> Result<AvellanedaParams, ConfigError> {
        let Dealer { size, size_reducing_max, inventory_max, skew_max } = self.dealer(dealer)?;
        Ok(AvellanedaParams {
            gamma: dealer.gamma,
            k: self.per_quote(own.k_per_bp),
            horizon: own.session.map_or(Horizon::Infinite, |session| Horizon::Session(session.span())),
            size,
            size_reducing_max,
            inventory_max,
            skew_max,
        })
    }

    fn glft(&self, dealer: &DealerConfig, own: &GlftConfig) -> Result<GlftParams, ConfigError> {
        let Dealer { size, size_reducing_max, inventory_max, skew_max } = self.dealer(dealer)?;
        Ok(GlftParams {
            gamma: dealer.gamma,
            arrivals: own.arrivals.map_or(ArrivalSource::Calibrated, |(a_per_second, k_per_bp)| {
                ArrivalSource::Given { a_per_second, k: self.per_quote(k_per_bp) }
            }),
            form: own.form.into(),
            size,
            size_reducing_max,
            inventory_max,
            skew_max,
        })
    }

    fn fixed(&self, fixed: &FixedConfig) -> Result<FixedSpreadParams, ConfigError> {
        let liquidity_min = fixed.liquidity_min.as_ref().map(|(size, within)| {
            let lots = self.model_size("liquidity_min", size)?;
            Ok(LiquidityMin { lots, within: Ticks(i64::from(*within)) })
        });
        Ok(FixedSpreadParams {
            half_spread: match fixed.half_spread {
                HalfSpreadConfig::Ticks(ticks) => HalfSpread::Ticks(Ticks(i64::from(ticks))),
                HalfSpreadConfig::Bps(bps) => HalfSpread::OfMid(bps.rate()),
            },
            skew_ticks_per_base: fixed.skew_ticks_per_base,
            size: self.model_size("size", &fixed.size)?,
            inventory_max: self.model_size("inventory_max", &fixed.inventory_max)?,
            levels: fixed.levels,
            step: Ticks(i64::from(fixed.step_ticks)),
            liquidity_min: liquidity_min.transpose()?,
            profit_min: fixed
                .profit_margin_bps
                .map(|margin| ProfitMin { maker_fee: self.maker_fee, margin: margin.rate() }),
            after_fill: fixed.pull_other.map_or(AfterFill::Keep, |span| AfterFill::PullOther(span.span())),
        })
    }

    fn grid(&self, grid: &GridConfig) -> Result<GridParams, ConfigError> {
        let price = |key: &str, price: &Decimal| {
            let ticks = price.steps(self.spec.tick).map(Price);
            ticks.ok_or_else(|| self.rule(&format!("model.{key}"), "is not a whole number of ticks"))
        };
        Ok(GridParams {
            range: match &grid.range {
                RangeConfig::Prices(low, high) => GridRange::Prices(price("low", low)?, price("high", high)?),
                RangeConfig::Bps(bps) => GridRange::AroundMid(bps.rate()),
            },
            spacing: grid.spacing.into(),
            cells: grid.cells,
            levels_max: grid.levels.unwrap_or(QUOTES_PER_SIDE_MAX),
            size: self.model_size("size", &grid.size)?,
            maker_fee: self.maker_fee,
        })
    }

    /// A grid must not need more than it may bind. One that has no lines at the first midpoint needs nothing, and says so when it
    /// is asked for quotes.
    fn check_capital(&self, grid: &GridConfig, model: &Grid) -> Result<(), ConfigError> {
        let stated = grid.capital.as_ref().map(Decimal::money);
        let Some((stated, capital)) = stated.zip(model.capital_at(self.mid, self.spec).ok()) else {
            return Ok(());
        };
        // An inverse contract is worth a fixed amount of quote currency, whatever the price.
        let offered = match self.spec.contract {
            Contract::Linear => self.spec.value_at_mid_floor(self.mid, capital.base),
            Contract::Inverse => self.spec.notional(Price(1), capital.base),
        };
        let needed = Money(capital.quote.0.saturating_add(offered.0));
        if needed <= stated {
            return Ok(());
        }
        let [stated, needed, bids, offered] = [stated, needed, capital.quote, offered].map(in_quote);
        let rule = format_args!(
            "is {stated}, and the grid needs {needed}: {bids} for its bids, {offered} for its offers"
        );
        Err(self.rule("model.capital", rule))
    }

    fn cross(&self, cross: &CrossConfig) -> Result<CrossVenueParams, ConfigError> {
        if self.hedge.is_some_and(|hedge| hedge.taker_fee < Rate(0)) {
            let key = self.config.venue.taker_key(cross.hedge_market.into());
            let rule = "must not be below zero: quotes are priced from what taking there costs";
            return Err(self.config.rule(self.path, &key, rule));
        }
        Ok(CrossVenueParams {
            size: self.model_size("size", &cross.size)?,
            maker_fee: self.maker_fee,
            hedge_fee: self.hedge.map_or(Rate(0), |hedge| hedge.taker_fee),
            margin: cross.margin_bps.rate(),
            basis_half_life: cross.basis_half_life.map(|half_life| half_life.span()),
            improve_max: Ticks(i64::from(cross.improve_max_ticks)),
            unhedged_max: self.model_size("inventory_max", &cross.inventory_max)?,
        })
    }
}

/// Money as configuration writes it, to whole cents and never less than it is.
fn in_quote(amount: Money) -> String {
    let cents = -(-amount.0).div_euclid(Money::ONE.0 / 100);
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The key of the parameter at fault.
const fn key_of(error: ModelParamError, model: &ModelConfig) -> &'static str {
    let in_bps = matches!(
        model,
        ModelConfig::FixedSpread(FixedConfig { half_spread: HalfSpreadConfig::Bps(_), .. })
            | ModelConfig::Grid(GridConfig { range: RangeConfig::Bps(_), .. })
    );
    let crossing = matches!(model, ModelConfig::CrossVenue(_));
    let cells =
        matches!(model, ModelConfig::Grid(grid) if grid.cells == 0 || grid.cells > QUOTES_PER_SIDE_MAX);
    match error {
        ModelParamError::Gamma => "gamma",
        ModelParamError::K => "k_per_bp",
        ModelParamError::ArrivalRate => "a_per_second",
        ModelParamError::Horizon => "session",
        ModelParamError::Size => "size",
        ModelParamError::SizeReducingMax => "size_reducing_max",
        ModelParamError::InventoryMax | ModelParamError::ExactOrders => "inventory_max",
        ModelParamError::SkewMax => "skew_max_bps",
        ModelParamError::HalfSpread if in_bps => "half_spread_bps",
        ModelParamError::HalfSpread => "half_spread_ticks",
        ModelParamError::Skew => "skew_ticks_per_base",
        ModelParamError::LiquidityMin => "liquidity_min",
        ModelParamError::LiquidityWithin => "liquidity_within_ticks",
        ModelParamError::ProfitMin if crossing => "margin_bps",
        ModelParamError::ProfitMin => "profit_margin_bps",
        ModelParamError::Pull => "pull_other",
        ModelParamError::Levels if cells => "cells",
        ModelParamError::Levels => "levels",
        ModelParamError::Step => "step_ticks",
        ModelParamError::GridRange if in_bps => "range_bps",
        ModelParamError::GridRange => "low",
        ModelParamError::Basis => "basis_half_life",
        ModelParamError::Improve => "improve_max_ticks",
    }
}
