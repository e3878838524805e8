//! What a table of hedging means for the instruments found in the data.

use ballast_core::gate::{Gate, GateLimits};
use ballast_core::hedge::{
    BandError, BandSpec, Base, CostBand, ExposureSpec, HedgeController, HedgeError, HedgePolicy, HedgeSpec,
    HedgeVenueSpec, Interval, PartKind, PartSpec, PendingPolicy, PolicyError, Rung, VenueError,
};
use ballast_core::shard::HedgingSpec;
use ballast_model::{InstrumentId, Rate, Span};
use ballast_venue::binance::Market;

use super::hedge::{HedgeBandConfig, HedgeConfig, RungConfig};
use super::quoting::{Quoting, share};
use super::{ConfigError, Size};

/// A part is read from the ledger at every decision: its age is nothing.
const PART_AGE_MAX: Span = Span::from_secs(1);

/// A table of hedging being applied to the instrument hedged on.
pub(super) struct Hedging<'a> {
    /// For sizes, limits and messages.
    pub(super) quoting: Quoting<'a>,
    pub(super) instrument: InstrumentId,
    pub(super) taker_fee: Rate,
}

impl Hedging<'_> {
    /// The hedge of what these instruments hold, and the limits of its orders.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub(super) fn resolve(
        &self,
        hedge: &HedgeConfig,
        parts: &[(InstrumentId, Market)],
    ) -> Result<(HedgingSpec, GateLimits), ConfigError> {
        let limits = self.quoting.limits(&hedge.limits)?;
        let part = |market: &Market| PartSpec {
            kind: if *market == Market::Spot { PartKind::Spot } else { PartKind::Perp },
            fresh_for: PART_AGE_MAX,
            drift_per_second: Base::ZERO,
            unknown_after: PART_AGE_MAX,
            bound: Interval::UNKNOWN,
        };
        let spec = HedgeSpec {
            exposure: ExposureSpec {
                parts: parts.iter().map(|(_, market)| part(market)).collect(),
                pending: PendingPolicy::Never,
            },
            band: self.band(&hedge.band)?,
            policy: self.policy(hedge)?,
            venues: vec![self.venue(hedge)?],
        };
        if let Err(error) = HedgeController::new(&spec) {
            return Err(self.quoting.rule(key_of(error, hedge), error));
        }
        if let Err(error) = Gate::new(self.instrument, self.quoting.spec, limits) {
            return Err(self.quoting.rule("limits", error));
        }
        let volatility = self.quoting.volatility(hedge.volatility)?;
        if volatility.is_none() && matches!(hedge.band, HedgeBandConfig::Cost { .. }) {
            return Err(self.quoting.rule("volatility", "is missing: a band of cost against risk reads it"));
        }
        let hedging = HedgingSpec {
            hedge: spec,
            parts: parts.iter().map(|(id, _)| *id).collect(),
            volatility,
            capital: hedge.capital.money(),
            touch_age_max: hedge.limits.touch_age_max.span(),
            order_expiry: hedge.limits.order_expiry.span(),
        };
        Ok((hedging, limits))
    }

    /// A size of the hedge instrument in base units.
    fn base(&self, key: &str, size: &Size) -> Result<Base, ConfigError> {
        let lots = self.quoting.size(key, size)?;
        let lot = Base::of_lot(self.quoting.spec)
            .ok_or_else(|| self.quoting.rule("market", "has an inverse contract, which has no fixed size"))?;
        Ok(Base(lot.0.saturating_mul(i128::from(lots.0))))
    }

    fn band(&self, band: &HedgeBandConfig) -> Result<BandSpec, ConfigError> {
        Ok(match band {
            HedgeBandConfig::Fixed(half_width) => BandSpec::Fixed(self.base("band.fixed", half_width)?),
            HedgeBandConfig::Cost { gamma, flow, min, max } => BandSpec::Cost(CostBand {
                gamma: *gamma,
                flow: *flow,
                half_width_min: self.base("band.cost.min", min)?,
                half_width_max: self.base("band.cost.max", max)?,
                shift_max: Base::ZERO,
            }),
        })
    }

    fn policy(&self, hedge: &HedgeConfig) -> Result<HedgePolicy, ConfigError> {
        let rung = |key: &str, rung: &RungConfig| {
            let excess = self.base(&format!("{key}.excess"), &rung.excess)?;
            Ok(Rung { age: rung.age.span(), excess, adverse: rung.adverse_bps.rate() })
        };
        Ok(HedgePolicy {
            hedge_ratio: share(hedge.ratio),
            notional_max: hedge.notional_max.money(),
            slippage_max: hedge.slippage_max_bps.rate(),
            cooldown: hedge.cooldown.span(),
            touch: rung("touch", &hedge.touch)?,
            take: rung("take", &hedge.take)?,
            reprice_tolerance: hedge.reprice_tolerance_bps.rate(),
            reprice_min: hedge.reprice_min.span(),
            // Recorded data carries no funding: it neither costs nor earns.
            funding_horizon: Span::ZERO,
            funding_cost_max: Rate(0),
            unknown_penalty: Rate(0),
            reject_rest: hedge.reject_rest.span(),
            check_interval: hedge.check_interval.span(),
        })
    }

    fn venue(&self, hedge: &HedgeConfig) -> Result<HedgeVenueSpec, ConfigError> {
        Ok(HedgeVenueSpec {
            instrument: self.instrument,
            spec: *self.quoting.spec,
            fee_maker: self.quoting.maker_fee,
            fee_taker: self.taker_fee,
            impact: hedge.impact_bps.rate(),
            margin: share(hedge.margin),
            order_lots_max: self.quoting.size("order_max", &hedge.order_max)?,
        })
    }
}

/// The key of the parameter at fault.
fn key_of(error: HedgeError, hedge: &HedgeConfig) -> &'static str {
    match error {
        HedgeError::Venues
        | HedgeError::Exposure(_)
        | HedgeError::Venue(VenueError::Inverse | VenueError::Lot) => "market",
        HedgeError::Venue(VenueError::OrderLots) => "order_max",
        HedgeError::Venue(VenueError::Rate) if hedge.impact_bps.rate() < Rate(0) => "impact_bps",
        HedgeError::Venue(VenueError::Rate) => "margin",
        HedgeError::Policy(error) => policy_key(error, hedge),
        HedgeError::Band(BandError::Gamma) => "band.cost.gamma",
        HedgeError::Band(BandError::Flow) => "band.cost.flow",
        HedgeError::Band(BandError::HalfWidth | BandError::Shift) => "band.cost.max",
    }
}

/// The key of the policy's parameter at fault.
fn policy_key(error: PolicyError, hedge: &HedgeConfig) -> &'static str {
    match error {
        PolicyError::HedgeRatio => "ratio",
        PolicyError::Notional => "notional_max",
        PolicyError::Slippage => "slippage_max_bps",
        PolicyError::Span if hedge.cooldown.span() <= Span::ZERO => "cooldown",
        PolicyError::Span if hedge.check_interval.span() <= Span::ZERO => "check_interval",
        PolicyError::Span if hedge.reprice_min.span() < Span::ZERO => "reprice_min",
        PolicyError::Span => "reject_rest",
        PolicyError::Rung if hedge.touch.age.span() < Span::ZERO => "touch.age",
        PolicyError::Rung if hedge.touch.adverse_bps.rate() <= Rate(0) => "touch.adverse_bps",
        PolicyError::Rung if hedge.take.age.span() < Span::ZERO => "take.age",
        PolicyError::Rung => "take.adverse_bps",
        PolicyError::RungOrder => "take",
        PolicyError::Cost => "reprice_tolerance_bps",
    }
}
