//! What a table of hedging means for the instruments found in the data.

use std::path::Path;

use ballast_core::gate::{Gate, GateLimits};
use ballast_core::hedge::{
    BandError, BandSpec, Base, CostBand, ExposureSpec, HedgeController, HedgeError, HedgePolicy, HedgeSpec,
    HedgeVenueSpec, Interval, PartKind, PartSpec, PendingPolicy, PolicyError, Rung, VenueError,
};
use ballast_core::shard::{HedgingSpec, LaneSpec, VenueFunding};
use ballast_model::{HalfTicks, InstrumentId, Rate, Span};
use ballast_venue::binance::Market;

use super::hedge::{HedgeBandConfig, HedgeConfig, RungConfig};
use super::quoting::{Quoting, share};
use super::resolve::{FoundInstrument, ResolvedInstrument};
use super::{Config, ConfigError, Size};

/// A part is read from the ledger at every decision: its age is nothing.
const PART_AGE_MAX: Span = Span::from_secs(1);

/// The first instrument whose inventory calls a hedge that none of these is.
pub(super) fn unheard(lanes: &[LaneSpec], hedges: &[HedgingSpec]) -> Option<InstrumentId> {
    let calls = |lane: &LaneSpec| {
        let shaping = lane.quoting.as_ref().and_then(|quoting| quoting.shaping);
        shaping.is_some_and(|shaping| shaping.shaper.inventory.hedge.is_some())
    };
    let heard = |id| hedges.iter().any(|hedging| hedging.parts.contains(&id));
    (0..).map(InstrumentId).zip(lanes).find(|(id, lane)| calls(lane) && !heard(*id)).map(|(id, _)| id)
}

/// Whether one instrument hedges the other: the same base asset, against the same quote currency or one that `[risk]` says is worth
/// as much. Prices and sizes in two currencies of unlike worth do not compare.
pub(super) fn are_alike(config: &Config, one: &FoundInstrument, other: &FoundInstrument) -> bool {
    let worth = |found: &FoundInstrument| config.risk.as_ref().and_then(|risk| risk.worth(&found.quote));
    let pegged = || worth(one).is_some_and(|known| worth(other) == Some(known));
    one.base == other.base && (one.quote == other.quote || pegged())
}

/// A table of hedging being applied to the instruments of the data.
pub(super) struct Hedges<'a> {
    pub(super) config: &'a Config,
    /// The file, for messages.
    pub(super) path: &'a Path,
    pub(super) hedge: &'a HedgeConfig,
    pub(super) instruments: &'a [ResolvedInstrument],
}

impl<'a> Hedges<'a> {
    /// The hedges of what is quoted, one for all instruments that hedge one another; the lanes they trade in get their limits.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub(super) fn resolve(&self, lanes: &mut [LaneSpec]) -> Result<Vec<HedgingSpec>, ConfigError> {
        let markets = self.hedge.markets();
        let listed = |one: &ResolvedInstrument| {
            one.reference.is_some()
                && markets.iter().any(|market| Market::from(*market) == one.found.instrument.market)
        };
        let mut kinds: Vec<&FoundInstrument> = Vec::new();
        for one in self.instruments.iter().filter(|one| listed(one)) {
            if !kinds.iter().any(|kind| are_alike(self.config, kind, &one.found)) {
                kinds.push(&one.found);
            }
        }
        let mut hedges = Vec::new();
        for kind in kinds {
            let parts = self.parts(kind, lanes);
            let venues = self.venues(kind, &parts)?;
            let Some(first) = venues.first().filter(|_| !parts.is_empty()) else { continue };
            let (spec, limits) = Hedging { hedge: self.hedge, first, venues: &venues }.resolve(&parts)?;
            for (venue, limits) in venues.iter().zip(limits) {
                if let Some(lane) = lanes.get_mut(venue.instrument.index()) {
                    lane.hedge_limits = Some(limits);
                }
            }
            hedges.push(spec);
        }
        Ok(hedges)
    }

    /// The quoted instruments alike to this one, with their markets.
    fn parts(&self, kind: &FoundInstrument, lanes: &[LaneSpec]) -> Vec<(InstrumentId, Market)> {
        let all = (0..).map(InstrumentId).zip(self.instruments.iter().zip(lanes));
        let alike = |one: &ResolvedInstrument| are_alike(self.config, kind, &one.found);
        let quoted = all.filter(|(_, (one, lane))| alike(one) && lane.quoting.is_some());
        quoted.map(|(id, (one, _))| (id, one.found.instrument.market)).collect()
    }

    /// Where the quoted instruments alike to this one, which are these, are hedged, by the order of the markets.
    fn venues(
        &self,
        kind: &FoundInstrument,
        parts: &[(InstrumentId, Market)],
    ) -> Result<Vec<Venue<'a>>, ConfigError> {
        let mut venues = Vec::new();
        for market in self.hedge.markets().iter().map(|market| Market::from(*market)) {
            for (id, one) in (0..).map(InstrumentId).zip(self.instruments) {
                let (found, Some(mid)) = (&one.found, one.reference) else { continue };
                if found.instrument.market != market || !are_alike(self.config, kind, found) {
                    continue;
                }
                let venue = self.venue(id, one, mid);
                if !parts.iter().any(|(part, _)| *part == id) {
                    venues.push(venue);
                } else if parts.len() > 1 {
                    let rule = "is quoted itself: leave it out of quoting.markets";
                    return Err(venue.quoting.rule(self.hedge.markets_key(), rule));
                }
            }
        }
        Ok(venues)
    }

    fn venue(&self, instrument: InstrumentId, one: &'a ResolvedInstrument, mid: HalfTicks) -> Venue<'a> {
        let market = one.found.instrument.market;
        let (maker_fee, taker_fee) = self.config.venue.fees_of(market);
        let (config, path, spec) = (self.config, self.path, &one.found.spec);
        let key = "hedge".to_owned();
        let quoting = Quoting { config, path, key, spec, mid, market, maker_fee, hedge: None, inputs: &[] };
        Venue { quoting, instrument, taker_fee }
    }
}

/// One instrument to hedge on.
struct Venue<'a> {
    /// For sizes, limits and messages.
    quoting: Quoting<'a>,
    instrument: InstrumentId,
    taker_fee: Rate,
}

/// A table of hedging being applied to one base asset.
struct Hedging<'a> {
    hedge: &'a HedgeConfig,
    /// The first of all: sizes that are no instrument's own are of this one.
    first: &'a Venue<'a>,
    venues: &'a [Venue<'a>],
}

impl Hedging<'_> {
    /// The hedge of what these instruments hold, and the limits of its orders by venue.
    fn resolve(
        &self,
        parts: &[(InstrumentId, Market)],
    ) -> Result<(HedgingSpec, Vec<GateLimits>), ConfigError> {
        let hedge = self.hedge;
        let quoting = &self.first.quoting;
        let limits = self.venues.iter().map(|venue| venue.quoting.limits(&hedge.limits));
        let limits = limits.collect::<Result<Vec<_>, _>>()?;
        self.check_bounds(&limits)?;
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
            band: quoting.band(hedge)?,
            policy: quoting.policy(hedge)?,
            venues: self.venues.iter().map(|venue| venue.spec(hedge)).collect::<Result<_, _>>()?,
        };
        if let Err(error) = HedgeController::new(&spec) {
            return Err(quoting.rule(key_of(error, hedge), error));
        }
        for (venue, limits) in self.venues.iter().zip(&limits) {
            if let Err(error) = Gate::new(venue.instrument, venue.quoting.spec, *limits) {
                return Err(quoting.rule("limits", error));
            }
        }
        let volatility = quoting.volatility(hedge.volatility)?;
        if volatility.is_none() && matches!(hedge.band, HedgeBandConfig::Cost { .. }) {
            return Err(quoting.rule("volatility", "is missing: a band of cost against risk reads it"));
        }
        let hedging = HedgingSpec {
            hedge: spec,
            parts: parts.iter().map(|(id, _)| *id).collect(),
            volatility,
            funding: self.venues.iter().map(|venue| venue.funding(hedge)).collect::<Result<_, _>>()?,
            capital: hedge.capital.money(),
            touch_age_max: hedge.limits.touch_age_max.span(),
            order_expiry: hedge.limits.order_expiry.span(),
        };
        Ok((hedging, limits))
    }
}

impl Hedging<'_> {
    /// What the gate would refuse of every hedge is refused here.
    fn check_bounds(&self, limits: &[GateLimits]) -> Result<(), ConfigError> {
        let hedge = self.hedge;
        for (venue, limits) in self.venues.iter().zip(limits) {
            if hedge.slippage_max_bps.rate() > limits.collar_through_max {
                return Err(venue.quoting.rule("slippage_max_bps", "is above limits.collar_bps"));
            }
            if venue.quoting.size("order_max", &hedge.order_max)? > limits.order_lots_max {
                return Err(venue.quoting.rule("order_max", "is above limits.order_max"));
            }
        }
        if !(0.0..=1.0).contains(&hedge.margin) {
            return Err(self.first.quoting.rule("margin", "must be above zero and at most 1"));
        }
        Ok(())
    }
}

impl Quoting<'_> {
    /// A size of the hedge instrument in base units.
    fn base(&self, key: &str, size: &Size) -> Result<Base, ConfigError> {
        let lots = self.size(key, size)?;
        let lot =
            Base::of_lot(self.spec).ok_or_else(|| self.rule(key, "a lot is too large for exact amounts"))?;
        Ok(Base(lot.0.saturating_mul(i128::from(lots.0))))
    }

    fn band(&self, hedge: &HedgeConfig) -> Result<BandSpec, ConfigError> {
        Ok(match &hedge.band {
            HedgeBandConfig::Fixed(half_width) => BandSpec::Fixed(self.base("band.fixed", half_width)?),
            HedgeBandConfig::Cost { shift_max: Some(_), .. } if hedge.funding.is_none() => {
                return Err(
                    self.rule("band.cost.shift_max", "needs a table `funding`: what would move the band")
                );
            }
            HedgeBandConfig::Cost { gamma, flow, min, max, shift_max } => BandSpec::Cost(CostBand {
                gamma: *gamma,
                flow: *flow,
                half_width_min: self.base("band.cost.min", min)?,
                half_width_max: self.base("band.cost.max", max)?,
                shift_max: match shift_max {
                    Some(shift_max) => self.base("band.cost.shift_max", shift_max)?,
                    None => Base::ZERO,
                },
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
            // Where nothing is said of it, funding neither costs nor earns.
            funding_horizon: hedge.funding.map_or(Span::ZERO, |funding| funding.horizon.span()),
            funding_cost_max: hedge.funding.map_or(Rate(0), |funding| funding.cost_max_bps.rate()),
            unknown_penalty: hedge.unknown_penalty_bps.map_or(Rate(0), super::Bps::rate),
            reject_rest: hedge.reject_rest.span(),
            check_interval: hedge.check_interval.span(),
        })
    }
}

impl Venue<'_> {
    fn spec(&self, hedge: &HedgeConfig) -> Result<HedgeVenueSpec, ConfigError> {
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

    /// Nothing is exchanged on spot.
    fn funding(&self, hedge: &HedgeConfig) -> Result<VenueFunding, ConfigError> {
        let Some(funding) = hedge.funding else { return Ok(VenueFunding::NotCounted) };
        let interval = funding.interval.span();
        if interval <= Span::ZERO {
            return Err(self.quoting.rule("funding.interval", "must be above zero"));
        }
        let spot = self.quoting.market == Market::Spot;
        Ok(if spot { VenueFunding::None } else { VenueFunding::Every(interval) })
    }
}

/// The key of the parameter at fault.
fn key_of(error: HedgeError, hedge: &HedgeConfig) -> &'static str {
    match error {
        HedgeError::Venues
        | HedgeError::Exposure(_)
        | HedgeError::Venue(VenueError::Inverse | VenueError::Lot) => hedge.markets_key(),
        HedgeError::Venue(VenueError::OrderLots) => "order_max",
        HedgeError::Venue(VenueError::Rate) if hedge.impact_bps.rate() < Rate(0) => "impact_bps",
        HedgeError::Venue(VenueError::Rate) => "margin",
        HedgeError::Policy(error) => policy_key(error, hedge),
        HedgeError::Band(BandError::Gamma) => "band.cost.gamma",
        HedgeError::Band(BandError::Flow) => "band.cost.flow",
        HedgeError::Band(BandError::HalfWidth) => "band.cost.max",
        HedgeError::Band(BandError::Shift) => "band.cost.shift_max",
    }
}

/// The key of the policy's parameter at fault.
fn policy_key(error: PolicyError, hedge: &HedgeConfig) -> &'static str {
    let negative_horizon = hedge.funding.is_some_and(|funding| funding.horizon.span() < Span::ZERO);
    let negative_cost = hedge.funding.is_some_and(|funding| funding.cost_max_bps.rate() < Rate(0));
    let negative_penalty = hedge.unknown_penalty_bps.is_some_and(|penalty| penalty.rate() < Rate(0));
    match error {
        PolicyError::HedgeRatio => "ratio",
        PolicyError::Notional => "notional_max",
        PolicyError::Slippage => "slippage_max_bps",
        PolicyError::Span if hedge.cooldown.span() <= Span::ZERO => "cooldown",
        PolicyError::Span if hedge.check_interval.span() <= Span::ZERO => "check_interval",
        PolicyError::Span if hedge.reprice_min.span() < Span::ZERO => "reprice_min",
        PolicyError::Span if negative_horizon => "funding.horizon",
        PolicyError::Span => "reject_rest",
        PolicyError::Rung if hedge.touch.age.span() < Span::ZERO => "touch.age",
        PolicyError::Rung if hedge.touch.adverse_bps.rate() <= Rate(0) => "touch.adverse_bps",
        PolicyError::Rung if hedge.take.age.span() < Span::ZERO => "take.age",
        PolicyError::Rung => "take.adverse_bps",
        PolicyError::RungOrder => "take",
        PolicyError::Cost if negative_cost => "funding.cost_max_bps",
        PolicyError::Cost if negative_penalty => "unknown_penalty_bps",
        PolicyError::Cost => "reprice_tolerance_bps",
    }
}
