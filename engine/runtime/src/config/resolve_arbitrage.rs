//! What the tables of arbitrage mean for the instruments found in the data.

use std::path::Path;

use ballast_core::arbitrage::{
    Carry, CarryParamError, CarryParams, Conversion, HedgeRatio, OpportunityId, Spatial, SpatialParamError,
    SpatialParams, Statistical, StatisticalParamError, StatisticalParams, TransferCost, Triangular,
    TriangularParamError, TriangularParams,
};
use ballast_core::shard::{ArbitrageSpec, DETECTORS_MAX, DetectorSpec, LegSpec};
use ballast_model::{AssetId, Contract, InstrumentId, InstrumentSpec, Money, Rate, Span};
use ballast_venue::binance::Market;

use super::arbitrage::{CarryConfig, LegConfig, SpatialConfig, StatisticalConfig, TriangularConfig};
use super::quoting::{Quoting, share};
use super::{Config, ConfigError, Decimal, ResolvedInstrument, Size};

/// The tables being applied.
pub(super) struct Arbitrage<'a> {
    pub(super) config: &'a Config,
    pub(super) path: &'a Path,
    pub(super) assets: &'a [String],
    pub(super) instruments: &'a [ResolvedInstrument],
}

/// A table's key, and the id of what is found by it.
struct Table {
    key: String,
    id: OpportunityId,
}

/// An instrument of a detector that is in the data.
struct Leg<'a> {
    key: String,
    leg: LegSpec,
    spec: &'a InstrumentSpec,
    market: Market,
}

impl<'a> Arbitrage<'a> {
    /// The detectors all of whose instruments are there; `None` where there is none.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub(super) fn resolve(&self) -> Result<Option<ArbitrageSpec>, ConfigError> {
        let arbitrage = &self.config.arbitrage;
        let interval = arbitrage.interval.span();
        if interval <= Span::ZERO {
            return Err(self.rule("arbitrage.interval", "must be above zero"));
        }
        let mut ids = (0..).map(OpportunityId);
        let mut table = |kind: &str, index: usize| Table {
            key: format!("arbitrage.{kind}.{index}"),
            id: ids.next().unwrap_or_default(),
        };
        let mut detectors = Vec::new();
        for (index, one) in arbitrage.spatial.iter().enumerate() {
            detectors.extend(self.spatial(&table("spatial", index), one)?);
        }
        for (index, one) in arbitrage.triangular.iter().enumerate() {
            detectors.extend(self.triangular(&table("triangular", index), one)?);
        }
        for (index, one) in arbitrage.statistical.iter().enumerate() {
            detectors.extend(self.statistical(&table("statistical", index), one)?);
        }
        for (index, one) in arbitrage.carry.iter().enumerate() {
            detectors.extend(self.carry(&table("carry", index), one)?);
        }
        if detectors.len() > DETECTORS_MAX {
            return Err(self.rule("arbitrage", format_args!("has more than {DETECTORS_MAX} detectors")));
        }
        Ok((!detectors.is_empty()).then_some(ArbitrageSpec { interval, detectors }))
    }

    /// The instruments named that are not in the data.
    pub(super) fn absent(&self) -> impl Iterator<Item = &'a LegConfig> {
        self.config.arbitrage.legs().filter(|leg| self.place(leg).is_none())
    }

    fn spatial(&self, table: &Table, one: &SpatialConfig) -> Result<Option<DetectorSpec>, ConfigError> {
        let named = [("first", &one.first), ("second", &one.second)];
        let Some(legs) = self.legs(table, named, &one.order_max)? else { return Ok(None) };
        let asset = self.same_assets(&legs)?;
        let money = |decimal: &Option<Decimal>| decimal.as_ref().map_or(Money::ZERO, Decimal::money);
        let transfer =
            TransferCost { per_unit: money(&one.transfer_per_unit), fixed: money(&one.transfer_fixed) };
        let params = SpatialParams { id: table.id, asset, age_max: one.age_max.span(), transfer };
        Spatial::new(params).map_err(|error| {
            let key = match error {
                SpatialParamError::AgeMax => "age_max",
                SpatialParamError::Transfer => "transfer_per_unit",
            };
            self.rule_of(table, key, error)
        })?;
        Ok(Some(DetectorSpec::Spatial(params, legs.map(|leg| leg.leg))))
    }

    fn triangular(&self, table: &Table, one: &TriangularConfig) -> Result<Option<DetectorSpec>, ConfigError> {
        let named = [("first", &one.first), ("second", &one.second), ("third", &one.third)];
        let Some(legs) = self.legs(table, named, &one.order_max)? else { return Ok(None) };
        let [first, others @ ..] = &legs;
        if let Some(other) = others.iter().find(|leg| leg.market != first.market) {
            return Err(self.rule(&other.key, "is on another market than the first"));
        }
        let start = self.assets.iter().position(|name| *name == one.start);
        let start = start.and_then(|index| u16::try_from(index).ok()).map(AssetId);
        let ends: Vec<_> = legs.iter().flat_map(|leg| [leg.spec.base, leg.spec.quote]).collect();
        let count = |asset: AssetId| ends.iter().filter(|end| **end == asset).count();
        let Some(start) = start.filter(|start| count(*start) > 0) else {
            return Err(self.rule_of(table, "start", "is an asset of none of the three"));
        };
        if ends.iter().any(|end| count(*end) != 2) {
            return Err(self.rule_of(table, "third", "closes no cycle of three assets with the other two"));
        }
        let params = TriangularParams { id: table.id, start, age_max: one.age_max.span() };
        Triangular::new(params).map_err(|error| {
            let key = match error {
                TriangularParamError::AgeMax => "age_max",
            };
            self.rule_of(table, key, error)
        })?;
        Ok(Some(DetectorSpec::Triangular(params, legs.map(|leg| leg.leg))))
    }

    fn statistical(
        &self,
        table: &Table,
        one: &StatisticalConfig,
    ) -> Result<Option<DetectorSpec>, ConfigError> {
        let named = [("first", &one.first), ("second", &one.second)];
        let Some(legs) = self.legs(table, named, &one.order_max)? else { return Ok(None) };
        let asset = self.same_quote(&legs)?;
        if one.step.span() < self.config.arbitrage.interval.span() {
            return Err(self.rule_of(table, "step", "must be at least arbitrage.interval"));
        }
        let params = StatisticalParams {
            id: table.id,
            asset,
            age_max: one.age_max.span(),
            step: one.step.span(),
            half_life: one.half_life.span(),
            hold_max: one.hold_max.span(),
            pairs_min: one.pairs_min,
            hedge: self.hedge(table, one)?,
            entry_z: one.entry_z,
            spread_half_life_max: one.spread_half_life_max.span(),
            horizon: one.horizon,
            holding_per_day: one.holding_bps_per_day.rate(),
        };
        Statistical::new(params).map_err(|error| {
            let key = match error {
                StatisticalParamError::AgeMax if one.age_max.span() > Span::ZERO => "spread_half_life_max",
                StatisticalParamError::AgeMax => "age_max",
                StatisticalParamError::Step => "step",
                StatisticalParamError::PairsMin => "pairs_min",
                StatisticalParamError::Hedge => "hedge_ratio",
                StatisticalParamError::EntryZ => "entry_z",
                StatisticalParamError::Horizon => "horizon",
                StatisticalParamError::Holding => "holding_bps_per_day",
            };
            self.rule_of(table, key, error)
        })?;
        Ok(Some(DetectorSpec::Statistical(params, legs.map(|leg| leg.leg))))
    }

    fn hedge(&self, table: &Table, one: &StatisticalConfig) -> Result<HedgeRatio, ConfigError> {
        let Some(ratio) = &one.hedge_ratio else { return Ok(HedgeRatio::Regressed) };
        // Money has 18 digits behind the point, a rate has eight.
        let (rate, rest) = (ratio.money().0 / 10i128.pow(10), ratio.money().0 % 10i128.pow(10));
        match i64::try_from(rate) {
            Ok(rate) if rest == 0 => Ok(HedgeRatio::Given(Rate(rate))),
            _ => {
                Err(self.rule_of(table, "hedge_ratio", "must be a multiple of 0.00000001 that fits 64 bits"))
            }
        }
    }

    fn carry(&self, table: &Table, one: &CarryConfig) -> Result<Option<DetectorSpec>, ConfigError> {
        let named = [("spot", &one.spot), ("perpetual", &one.perpetual)];
        let Some(legs) = self.legs(table, named, &one.order_max)? else { return Ok(None) };
        let [spot, perpetual] = &legs;
        if spot.market != Market::Spot {
            return Err(self.rule(&spot.key, "is not on the spot market"));
        }
        if perpetual.market == Market::Spot {
            return Err(self.rule(&perpetual.key, "is on the spot market"));
        }
        let asset = self.same_assets(&legs)?;
        for (key, value) in [("persistence", one.persistence), ("convergence", one.convergence)] {
            if !(0.0..=1.0).contains(&value) {
                return Err(self.rule_of(table, key, "must be from 0 to 1"));
            }
        }
        let params = CarryParams {
            id: table.id,
            asset,
            age_max: one.age_max.span(),
            mark_age_max: one.mark_age_max.span(),
            horizon: one.horizon.span(),
            funding_interval: one.funding_interval.span(),
            funding_cap: one.funding_cap_bps.rate(),
            persistence: share(one.persistence),
            convergence: share(one.convergence),
            borrow_per_day: one.borrow_bps_per_day.map(super::Bps::rate),
        };
        Carry::new(params).map_err(|error| {
            let key = match error {
                CarryParamError::AgeMax if one.age_max.span() > Span::ZERO => "mark_age_max",
                CarryParamError::AgeMax => "age_max",
                CarryParamError::Horizon => "horizon",
                CarryParamError::Share if params.funding_cap < Rate(0) => "funding_cap_bps",
                CarryParamError::Share => "borrow_bps_per_day",
            };
            self.rule_of(table, key, error)
        })?;
        Ok(Some(DetectorSpec::Carry(params, legs.map(|leg| leg.leg))))
    }

    /// The instruments of a detector; `None` where one is not in the data, or has no price there.
    fn legs<const N: usize>(
        &self,
        table: &Table,
        named: [(&str, &LegConfig); N],
        order_max: &Size,
    ) -> Result<Option<[Leg<'a>; N]>, ConfigError> {
        let mut legs = Vec::with_capacity(N);
        for (name, leg) in named {
            let Some((instrument, one)) = self.place(leg) else { return Ok(None) };
            let Some(mid) = one.reference else { return Ok(None) };
            let (spec, market) = (&one.found.spec, one.found.instrument.market);
            let key = format!("{}.{name}", table.key);
            if spec.contract != Contract::Linear {
                return Err(self.rule(&key, "is an inverse contract, which is not compared"));
            }
            if legs.iter().any(|earlier: &Leg<'_>| earlier.leg.instrument == instrument) {
                return Err(self.rule(&key, "is named twice"));
            }
            let (maker_fee, taker_fee) = self.config.venue.fees_of(market);
            let sizes = Quoting {
                config: self.config,
                path: self.path,
                key: table.key.clone(),
                spec,
                mid,
                market,
                maker_fee,
                hedge: None,
                inputs: &[],
            };
            let lots_max = sizes.size("order_max", order_max)?;
            let leg = LegSpec { instrument, taker_fee, lots_max, conversion: Conversion::SAME };
            legs.push(Leg { key, leg, spec, market });
        }
        Ok(legs.try_into().ok())
    }

    fn place(&self, leg: &LegConfig) -> Option<(InstrumentId, &'a ResolvedInstrument)> {
        let market = Market::from(leg.market);
        let is_it = |one: &&ResolvedInstrument| {
            one.found.instrument.market == market && one.found.instrument.symbol == leg.symbol
        };
        let at = self.instruments.iter().position(|one| is_it(&one))?;
        Some((InstrumentId(u16::try_from(at).ok()?), self.instruments.get(at)?))
    }

    /// The quote asset of both.
    fn same_quote(&self, [first, second]: &[Leg<'_>; 2]) -> Result<AssetId, ConfigError> {
        if first.spec.quote == second.spec.quote {
            return Ok(first.spec.quote);
        }
        Err(self.rule(&second.key, "is quoted in another currency than the first"))
    }

    /// The quote asset of two on the same base asset.
    fn same_assets(&self, legs: &[Leg<'_>; 2]) -> Result<AssetId, ConfigError> {
        let [first, second] = legs;
        if first.spec.base != second.spec.base {
            return Err(self.rule(&second.key, "is on another asset than the first"));
        }
        self.same_quote(legs)
    }

    fn rule_of(&self, table: &Table, key: &str, rule: impl core::fmt::Display) -> ConfigError {
        self.rule(&format!("{}.{key}", table.key), rule)
    }

    fn rule(&self, key: &str, rule: impl core::fmt::Display) -> ConfigError {
        self.config.rule(self.path, key, rule)
    }
}

#[cfg(test)]
mod tests;
