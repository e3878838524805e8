//! What a table of shaping means for one instrument.

use ballast_core::inventory::{Band, InventoryParams};
use ballast_core::shape::adjust::{
    AdjustParams, LiquidityAdjust, MomentumAdjust, VenuesAdjust, VolatilityAdjust,
};
use ballast_core::shape::drift::{DriftParamError, DriftParams, EwmaDrift};
use ballast_core::shape::shaper::{LevelsFrom, Shaper, ShaperParams};
use ballast_core::shape::size::{BelowMin, LevelParams, PriceStep, Profile, SizeParams, SizeRule};
use ballast_core::shape::throttle::{Throttle, ThrottleParams};
use ballast_core::shard::ShapingSpec;
use ballast_model::{HalfTicks, Lots, Rate, Ticks};

use super::shape_rules::key_of;
use super::{Quoting, whole_ticks};
use crate::config::shape::{
    BelowMinConfig, InventoryShape, LevelsShape, MomentumShape, ProfileShape, ShapeConfig, SizeRuleConfig,
    SizeShape, StepShape, ThrottleConfig, VenuesShape,
};
use crate::config::{Bps, ConfigError, QuotingConfig, Size, market_name};

impl Quoting<'_> {
    /// How quotes are bent; `None` where the table says neither shape nor throttle.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub(super) fn shaping(&self, quoting: &QuotingConfig) -> Result<Option<ShapingSpec>, ConfigError> {
        let Some(shape) = &quoting.shape else {
            let alone = quoting.throttle.is_some();
            return if alone {
                Err(self.rule("throttle", "needs a table `shape` beside it"))
            } else {
                Ok(None)
            };
        };
        let shaper = self.shaper(shape)?;
        if let Err(error) = Shaper::new(&shaper, self.spec) {
            return Err(self.rule(key_of(error), error));
        }
        self.check_reach(&shape.inventory, shaper.inventory.limit, &quoting.limits.position_max)?;
        let throttle = quoting.throttle.as_ref().map(|throttle| self.throttle(throttle)).transpose()?;
        if let Some(Err(error)) = throttle.map(Throttle::new) {
            return Err(self.rule("throttle", error));
        }
        let drift = shape.momentum.as_ref().map(|momentum| DriftParams {
            half_life: momentum.half_life.span(),
            elapsed_min: momentum.warm_up.span(),
        });
        if let Some(Err(error)) = drift.map(EwmaDrift::new) {
            let key = match error {
                DriftParamError::HalfLife => "half_life",
                DriftParamError::ElapsedMin => "warm_up",
            };
            return Err(self.rule(&format!("shape.momentum.{key}"), error));
        }
        Ok(Some(ShapingSpec {
            shaper,
            drift,
            depth_within: Ticks(i64::from(shape.depth_within_ticks)),
            liquidation_protection: self.liquidation(&shape.inventory, quoting.limits.collar_bps)?,
            throttle,
        }))
    }

    fn bps_ticks(&self, bps: Bps) -> Ticks {
        whole_ticks(rate_share(bps.rate()) * self.mid.to_ticks_f64())
    }

    fn shaper(&self, shape: &ShapeConfig) -> Result<ShaperParams, ConfigError> {
        let ticks_per_bp = self.mid.to_ticks_f64() * 1e-4;
        let liquidity = shape.liquidity.as_ref().map(|liquidity| {
            let reference = self.size("shape.liquidity.reference", &liquidity.reference)?;
            Ok(LiquidityAdjust { reference, widen_max: self.bps_ticks(liquidity.widen_max_bps) })
        });
        let levels = shape.size.as_ref().map(|size| self.levels(size, &shape.inventory)).transpose()?;
        Ok(ShaperParams {
            adjust: AdjustParams {
                volatility: shape.volatility.as_ref().map(|volatility| VolatilityAdjust {
                    reference_ticks_per_sqrt_s: volatility.reference_bps_per_sqrt_s * ticks_per_bp,
                    slope_ticks: volatility.slope_bps * ticks_per_bp,
                    widen_max: self.bps_ticks(volatility.widen_max_bps),
                }),
                liquidity: liquidity.transpose()?,
                momentum: shape.momentum.as_ref().map(|momentum| self.momentum(momentum)),
                venues: shape.venues.as_ref().map(|venues| self.venues(venues)),
                shift_max: self.bps_ticks(shape.shift_max_bps),
                widen_max: self.bps_ticks(shape.widen_max_bps),
            },
            inventory: self.inventory(&shape.inventory)?,
            skew_max: self.bps_ticks(shape.inventory.skew_max_bps),
            levels: levels.unwrap_or(LevelsFrom::Model),
        })
    }

    fn venues(&self, venues: &VenuesShape) -> VenuesAdjust {
        VenuesAdjust {
            shift_share: venues.shift_share,
            widen_share: venues.widen_share,
            shift_max: self.bps_ticks(venues.shift_max_bps),
            widen_max: self.bps_ticks(venues.widen_max_bps),
        }
    }

    fn momentum(&self, momentum: &MomentumShape) -> MomentumAdjust {
        MomentumAdjust {
            horizon_s: momentum.horizon.span().as_secs_f64(),
            widen_share: momentum.widen_share,
            shift_max: self.bps_ticks(momentum.shift_max_bps),
            widen_max: self.bps_ticks(momentum.widen_max_bps),
        }
    }

    fn inventory(&self, inventory: &InventoryShape) -> Result<InventoryParams, ConfigError> {
        let band = |[enter, leave]: [f64; 2]| Band { enter: multiple(enter), leave: multiple(leave) };
        Ok(InventoryParams {
            limit: self.size("shape.inventory.limit", &inventory.limit)?,
            skew: band(inventory.skew),
            reduce: band(inventory.reduce),
            hedge: inventory.hedge.map(band),
            liquidate: inventory.liquidate.map(band),
        })
    }

    /// A stage that begins beyond the largest position would never act.
    fn check_reach(
        &self,
        inventory: &InventoryShape,
        limit: Lots,
        position_max: &Size,
    ) -> Result<(), ConfigError> {
        let reach = i128::from(self.size("limits.position_max", position_max)?.0) * i128::from(Rate::ONE.0);
        let stages = [
            ("skew", Some(inventory.skew)),
            ("reduce", Some(inventory.reduce)),
            ("hedge", inventory.hedge),
            ("liquidate", inventory.liquidate),
        ];
        for (stage, band) in stages {
            if band.is_some_and(|[enter, _]| i128::from(multiple(enter).0) * i128::from(limit.0) > reach) {
                let rule = "is entered beyond limits.position_max, where no position gets";
                return Err(self.rule(&format!("shape.inventory.{stage}"), rule));
            }
        }
        Ok(())
    }

    /// How far the order goes that closes the position at the last stage; `None` where that is left out.
    fn liquidation(&self, inventory: &InventoryShape, collar: Bps) -> Result<Option<Rate>, ConfigError> {
        let key = "shape.inventory.protection_bps";
        let protection = match (inventory.liquidate, inventory.protection_bps) {
            (None, None) => return Ok(None),
            (Some(_), None) => {
                let key = "shape.inventory.liquidate";
                return Err(
                    self.rule(key, "needs `protection_bps` beside it: how far the order goes that closes")
                );
            }
            (None, Some(_)) => return Err(self.rule(key, "needs a stage `liquidate` beside it")),
            (Some(_), Some(protection)) => protection.rate(),
        };
        if protection <= Rate(0) || protection >= Rate::ONE || protection > collar.rate() {
            return Err(self.rule(key, "must be above zero and at most the collar"));
        }
        Ok(Some(protection))
    }

    fn levels(&self, size: &SizeShape, inventory: &InventoryShape) -> Result<LevelsFrom, ConfigError> {
        let key = |key: &str| format!("shape.size.{key}");
        let levels = size.levels.as_ref().map(level_params);
        let one = LevelParams { count: 1, step: PriceStep::Ticks(Ticks(1)), profile: Profile::Flat };
        let params = SizeParams {
            rule: match &size.best {
                SizeRuleConfig::Fixed(fixed) => SizeRule::Fixed(self.size(&key("best"), fixed)?),
                SizeRuleConfig::Notional(value) => SizeRule::Notional(value.money()),
                SizeRuleConfig::ShareOfDepth(share) => SizeRule::ShareOfDepth(multiple(*share)),
                SizeRuleConfig::ShareOfEquity(share) => SizeRule::ShareOfEquity(self.equity_share(*share)?),
            },
            min: self.size(&key("min"), &size.min)?,
            max: self.size(&key("max"), &size.max)?,
            below_min: match size.below_min {
                BelowMinConfig::Raise => BelowMin::Raise,
                BelowMinConfig::Drop => BelowMin::Drop,
            },
            limit: self.size("shape.inventory.limit", &inventory.limit)?,
            reducing_at_limit: multiple(size.reducing_at_limit),
            levels: levels.unwrap_or(one),
        };
        Ok(if levels.is_some() { LevelsFrom::Built(params) } else { LevelsFrom::ModelResized(params) })
    }

    /// A share of an equity that somebody states: of any other nothing would ever be quoted.
    fn equity_share(&self, share: f64) -> Result<Rate, ConfigError> {
        if self.config.risk.as_ref().is_none_or(|risk| !risk.states_equity(self.market)) {
            let rule = format_args!("needs `equity` in [risk.market.{}]", market_name(self.market));
            return Err(self.rule("shape.size.best", rule));
        }
        Ok(multiple(share))
    }

    fn throttle(&self, throttle: &ThrottleConfig) -> Result<ThrottleParams, ConfigError> {
        if throttle.mid_move_bps.is_some_and(|bps| bps.rate() <= Rate(0)) {
            return Err(self.rule("throttle.mid_move_bps", "must be above zero"));
        }
        let moved = throttle.inventory_move.as_ref();
        let moved = moved.map(|size| self.size("throttle.inventory_move", size)).transpose()?;
        Ok(ThrottleParams {
            interval_min: throttle.interval_min.span(),
            wait_max: throttle.wait_max.span(),
            mid_move_min: throttle.mid_move_bps.map(|bps| HalfTicks(2 * self.bps_ticks(bps).0.max(1))),
            quote_move_min: throttle.quote_move_ticks.map(|ticks| Ticks(i64::from(ticks))),
            inventory_move_min: moved,
        })
    }
}

fn level_params(levels: &LevelsShape) -> LevelParams {
    LevelParams {
        count: levels.count,
        step: match levels.step {
            StepShape::Ticks(ticks) => PriceStep::Ticks(Ticks(i64::from(ticks))),
            StepShape::Bps(bps) => PriceStep::Share(bps.rate()),
        },
        profile: match levels.profile {
            ProfileShape::Flat => Profile::Flat,
            ProfileShape::Linear(share) => Profile::Linear(multiple(share)),
            ProfileShape::Geometric(factor) => Profile::Geometric(multiple(factor)),
        },
    }
}

/// A multiple as a rate.
#[expect(clippy::cast_possible_truncation, reason = "saturates; the rules bound it")]
fn multiple(multiple: f64) -> Rate {
    Rate((multiple * 1e8).round() as i64)
}

#[expect(clippy::cast_precision_loss, reason = "a share is below 2^53 units")]
fn rate_share(rate: Rate) -> f64 {
    rate.0 as f64 / Rate::ONE.0 as f64
}
