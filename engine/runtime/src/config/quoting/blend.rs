//! What a table of a fair value means for one instrument: of its own market, or blended from several.

use ballast_core::fair::{
    BasisParamError, BasisParams, BasisSpec, Blend, BlendInput, BlendParamError, BlendParams, Decay,
    DepthMidParams, FairKind, FairState, FlowParams, ImbalanceParams, Need, Reach, StaleCurve,
    StaleParamError, VwapParams, WidenParamError,
};
use ballast_core::shard::{BlendSource, BlendSpec, QuoteAround};
use ballast_model::{HalfTicks, InstrumentId, InstrumentSpec, Rate};

use super::Quoting;
use crate::config::fair::{
    AroundConfig, BasisConfig, BlendConfig, BlendInputConfig, FairConfig, MarketFairConfig, NeedConfig,
};
use crate::config::resolve::{FoundInstrument, ResolvedInstrument};
use crate::config::{Bps, ConfigError, ModelConfig, QuotingConfig};
use ballast_venue::binance::Market;

/// The instrument of an input.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct InputVenue<'a> {
    pub(in crate::config) instrument: InstrumentId,
    pub(in crate::config) spec: &'a InstrumentSpec,
    pub(in crate::config) mid: HalfTicks,
}

/// The instruments of the inputs of a fair value, in their order; `None` for one the data does not have, or has no book of.
pub(in crate::config) fn input_venues<'a>(
    fair: &FairConfig,
    quoted: &FoundInstrument,
    instruments: &'a [ResolvedInstrument],
) -> Vec<Option<InputVenue<'a>>> {
    let FairConfig::Blend(blend) = fair else { return Vec::new() };
    let venue = |input: &BlendInputConfig| {
        let market = Market::from(input.market);
        let is_it = |other: &FoundInstrument| {
            let itself = market == quoted.instrument.market;
            other.instrument.market == market
                && match &input.symbol {
                    Some(symbol) => other.instrument.symbol == *symbol,
                    None if itself => other.instrument.symbol == quoted.instrument.symbol,
                    None => other.base == quoted.base,
                }
        };
        let its = (0..).map(InstrumentId).zip(instruments).filter(|(_, other)| is_it(&other.found));
        // Of several on one base asset, the one of the same quote currency.
        let (instrument, other) = its.min_by_key(|(_, other)| other.found.quote != quoted.quote)?;
        Some(InputVenue { instrument, spec: &other.found.spec, mid: other.reference? })
    };
    blend.inputs.iter().map(venue).collect()
}

impl Quoting<'_> {
    /// The fair value of the instrument's own market.
    ///
    /// # Errors
    /// A value outside its range.
    pub(super) fn fair(&self, fair: &FairConfig) -> Result<FairKind, ConfigError> {
        match fair {
            FairConfig::Own(own) => self.market_fair("fair", own),
            FairConfig::Blend(blend) => self.market_fair("fair.own", &blend.own),
        }
    }

    fn market_fair(&self, key: &str, fair: &MarketFairConfig) -> Result<FairKind, ConfigError> {
        let kind = match fair {
            MarketFairConfig::Mid => FairKind::Mid,
            MarketFairConfig::WeightedMid => FairKind::WeightedMid,
            MarketFairConfig::DepthMid(depth) => FairKind::DepthMid(DepthMidParams { levels: depth.levels }),
            MarketFairConfig::Imbalance(imbalance) => FairKind::Imbalance(ImbalanceParams {
                reach: Reach::Levels(imbalance.levels),
                strength: imbalance.strength,
            }),
            MarketFairConfig::TradeFlow(flow) => FairKind::TradeFlow(FlowParams {
                half_life: flow.half_life.span(),
                reference: self.size(&format!("{key}.trade-flow.reference"), &flow.reference)?,
                strength: flow.strength,
                elapsed_min: flow.warm_up.span(),
            }),
            MarketFairConfig::Vwap(vwap) => {
                FairKind::Vwap(VwapParams { window: vwap.window.span(), trades_full: vwap.trades_full })
            }
        };
        match FairState::new(kind) {
            Ok(_) => Ok(kind),
            Err(error) => Err(self.rule(key, error)),
        }
    }

    /// The fair value from several instruments; `None` where the table says none, or where the data lacks what it needs.
    ///
    /// # Errors
    /// The first rule that a value breaks, whether or not the data has the instruments.
    pub(super) fn blend(&self, quoting: &QuotingConfig) -> Result<Option<BlendSpec>, ConfigError> {
        let reads_others = quoting.shape.as_ref().is_some_and(|shape| shape.venues.is_some());
        let FairConfig::Blend(blend) = &quoting.fair else {
            return if reads_others {
                Err(self
                    .rule("shape.venues", "needs a fair value of `kind = \"blend\"`, which names the venues"))
            } else {
                Ok(None)
            };
        };
        self.check_readers(quoting, blend, reads_others)?;
        let params = self.blend_params(blend)?;
        let inputs: Vec<_> = blend.inputs.iter().map(blend_input).collect();
        if let Err(error) = Blend::new(params, &inputs) {
            return Err(self.rule(&format!("fair.{}", key_of(error)), error));
        }
        let mut sources = Vec::new();
        for (index, (config, input)) in blend.inputs.iter().zip(inputs).enumerate() {
            let venue = self.inputs.get(index).copied().flatten();
            let there = Quoting {
                key: self.key.clone(),
                spec: venue.map_or(self.spec, |venue| venue.spec),
                mid: venue.map_or(self.mid, |venue| venue.mid),
                ..*self
            };
            let fair = there.market_fair(&format!("fair.inputs.{index}.kind"), &config.kind)?;
            sources.push(venue.map(|venue| BlendSource { instrument: venue.instrument, fair, input }));
        }
        let around = match blend.around {
            AroundConfig::Blend => QuoteAround::Blend,
            AroundConfig::Own => QuoteAround::Own,
        };
        Ok(known(&sources, blend).map(|inputs| BlendSpec { params, inputs, around }))
    }

    /// Refuses a blend that nothing reads, and one whose widening would read what nothing measures.
    fn check_readers(
        &self,
        quoting: &QuotingConfig,
        blend: &BlendConfig,
        reads_others: bool,
    ) -> Result<(), ConfigError> {
        let prices = match quoting.model {
            ModelConfig::AvellanedaStoikov(..) | ModelConfig::Glft(..) => true,
            ModelConfig::FixedSpread(_) | ModelConfig::Grid(_) | ModelConfig::CrossVenue(_) => false,
        };
        match blend.around {
            AroundConfig::Blend if !prices => Err(self.rule(
                "fair.around",
                "only avellaneda-stoikov and glft quote around a fair value; with `own` a blend says how far others are",
            )),
            AroundConfig::Blend if quoting.volatility.is_none() => {
                Err(self.rule("volatility", "is missing: a blend widens by it as its inputs age"))
            }
            AroundConfig::Own if !reads_others => {
                Err(self.rule("fair.around", "with `own` only a table `shape.venues` reads the blend"))
            }
            AroundConfig::Blend | AroundConfig::Own => Ok(()),
        }
    }

    fn blend_params(&self, blend: &BlendConfig) -> Result<BlendParams, ConfigError> {
        let decay = blend
            .half_life
            .map_or(Decay::Linear, |half_life| Decay::Exponential { half_life: half_life.span() });
        let stale = StaleCurve::new(blend.fresh.span(), blend.stale.span(), decay).map_err(|error| {
            let key = match error {
                StaleParamError::Fresh => "fair.fresh",
                StaleParamError::StaleMax => "fair.stale",
                StaleParamError::HalfLife => "fair.half_life",
            };
            self.rule(key, error)
        })?;
        Ok(BlendParams {
            stale,
            apart_max_ticks: self.ticks(blend.apart_max_bps),
            widen_sigmas: blend.widen_sigmas,
            widen_max_ticks: self.ticks(blend.widen_max_bps),
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "a share is below 2^53 units")]
    fn ticks(&self, bps: Bps) -> f64 {
        bps.rate().0 as f64 / Rate::ONE.0 as f64 * self.mid.to_ticks_f64()
    }
}

/// How an input counts.
fn blend_input(config: &BlendInputConfig) -> BlendInput {
    let basis = |basis: &BasisConfig| BasisSpec {
        reference: basis.against,
        params: BasisParams {
            half_life: basis.half_life.span(),
            elapsed_min: basis.warm_up.span(),
            hold_max: basis.hold_max.span(),
            age_max: basis.age_max.span(),
        },
    };
    BlendInput {
        weight: config.weight,
        need: match config.need {
            NeedConfig::Required => Need::Required,
            NeedConfig::Optional => Need::Optional,
        },
        basis: config.basis.as_ref().map(basis),
    }
}

/// The inputs that the data has, their references renumbered; `None` where it lacks one that is required, or has none. An input
/// whose basis is measured against one that is not there is not there either.
fn known(sources: &[Option<BlendSource>], blend: &BlendConfig) -> Option<Vec<BlendSource>> {
    let source = |index: usize| sources.get(index).copied().flatten();
    let is_there = |index: usize| {
        let basis = source(index).map(|source| source.input.basis);
        basis.is_some_and(|basis| basis.is_none_or(|basis| source(basis.reference).is_some()))
    };
    let needed =
        |(index, input): (usize, &BlendInputConfig)| input.need == NeedConfig::Optional || is_there(index);
    let place = |index: usize| (0..index).filter(|before| is_there(*before)).count();
    let renumbered = |mut source: BlendSource| {
        if let Some(basis) = &mut source.input.basis {
            basis.reference = place(basis.reference);
        }
        source
    };
    let there = (0..sources.len()).filter(|index| is_there(*index));
    let found: Vec<_> = there.filter_map(source).map(renumbered).collect();
    (blend.inputs.iter().enumerate().all(needed) && !found.is_empty()).then_some(found)
}

/// The key of the parameter at fault.
fn key_of(error: BlendParamError) -> String {
    match error {
        BlendParamError::Inputs => "inputs".to_owned(),
        BlendParamError::Weight(index) => format!("inputs.{index}.weight"),
        BlendParamError::Reference(index) => format!("inputs.{index}.basis.against"),
        BlendParamError::Basis(index, error) => {
            let key = match error {
                BasisParamError::HalfLife => "half_life",
                BasisParamError::ElapsedMin => "warm_up",
                BasisParamError::HoldMax => "hold_max",
                BasisParamError::AgeMax => "age_max",
            };
            format!("inputs.{index}.basis.{key}")
        }
        BlendParamError::ApartMax => "apart_max_bps".to_owned(),
        BlendParamError::Widen(WidenParamError::Fresh) => "fresh".to_owned(),
        BlendParamError::Widen(WidenParamError::Sigmas) => "widen_sigmas".to_owned(),
        BlendParamError::Widen(WidenParamError::TicksMax) => "widen_max_bps".to_owned(),
    }
}
