//! What a configuration means for the instruments found in the data.

use std::path::PathBuf;

use ballast_core::book::BookLimits;
use ballast_core::fair::FairKind;
use ballast_core::gate::GateLimits;
use ballast_core::model::{
    AvellanedaParams, AvellanedaStoikov, FixedSpread, FixedSpreadParams, Horizon, Model, Scales,
};
use ballast_core::quotes::Tolerance;
use ballast_core::shard::{LaneSpec, QuotingSpec, ShardSpec, Trigger};
use ballast_core::volatility::EwmaParams;
use ballast_exchange::{FeeSchedule, InstrumentRules, Latency, VenueSpec};
use ballast_model::{
    AssetId, Contract, HalfTicks, InstrumentSpec, Lots, Money, Price, Rate, Span, SpecError, Step, Ticks,
    TradeId, VenueOrderId,
};
use ballast_venue::binance::Market;

use super::{Config, ConfigError, FairConfig, InstrumentConfig, ModelConfig, QuotingConfig, Requote, Size};
use crate::capture::{Instrument, SeenInstrument};

/// Most levels one side of a book holds: venues show 10 000 at most, the rest accumulates from diffs.
const BOOK_LEVELS_MAX: usize = 32_768;
/// Prices an instrument may reach where nothing else is known, in ticks.
const PRICE_TICKS_FLOOR: i64 = (1 << 26) - 1;
/// How many times the highest price seen an instrument may reach.
const PRICE_HEADROOM: i64 = 4;
/// Largest order of an instrument whose limits are not known, where money then is exact.
const SIZE_MAX: Lots = Lots(1 << 40);
/// Session epoch of replays: their order ids never meet a venue's.
const REPLAY_EPOCH: u32 = 1;

/// Quote currencies symbols end in, the longer before the shorter.
const QUOTES: [&str; 14] =
    ["FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "BTC", "ETH", "BNB", "EUR", "GBP", "TRY", "BRL", "JPY"];

/// An instrument of the data with its grid settled.
#[derive(Clone, Debug)]
pub struct FoundInstrument {
    /// What is decoded.
    pub instrument: Instrument,
    /// Grid, limits and contract.
    pub spec: InstrumentSpec,
    /// Whether tick or lot was inferred from the data.
    pub inferred: bool,
    /// Name of the base asset.
    pub base: String,
    /// Name of the quote asset.
    pub quote: String,
}

impl FoundInstrument {
    /// Name in reports: market and symbol.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", market_name(self.instrument.market), self.instrument.symbol)
    }

    /// Name of the currency profits are counted in.
    #[must_use]
    pub fn settlement(&self) -> &str {
        match self.spec.contract {
            Contract::Linear => &self.quote,
            Contract::Inverse => &self.base,
        }
    }
}

/// Market as reports and configuration write it.
#[must_use]
pub const fn market_name(market: Market) -> &'static str {
    match market {
        Market::Spot => "spot",
        Market::UsdM => "usdm",
        Market::CoinM => "coinm",
    }
}

/// An instrument together with the price that quote-valued sizes are converted at.
#[derive(Clone, Debug)]
pub struct ResolvedInstrument {
    /// The instrument.
    pub found: FoundInstrument,
    /// First midpoint of the data; `None` where there is no book at all.
    pub reference: Option<HalfTicks>,
}

/// What to build.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The core.
    pub shard: ShardSpec,
    /// The simulated venue.
    pub venue: VenueSpec,
}

/// A configuration being applied; carries the file name for messages.
#[derive(Debug)]
pub struct Resolver<'a> {
    config: &'a Config,
    path: PathBuf,
    /// Asset names in the order they were met; an [`AssetId`] is the index.
    assets: Vec<String>,
}

/// Settles the grid of every instrument seen: the configuration's word first, else what was inferred. An instrument of which
/// neither says what tick and lot are is left out where others are known: its frames are then strangers.
///
/// # Errors
/// Where no instrument has tick and lot, or the numbers cannot be used.
pub fn resolve<'a>(
    config: &'a Config,
    path: PathBuf,
    seen: &[SeenInstrument],
) -> Result<(Vec<FoundInstrument>, Resolver<'a>), ConfigError> {
    let mut resolver = Resolver { config, path, assets: Vec::new() };
    let mut merged: Vec<SeenInstrument> = Vec::new();
    for one in seen {
        match merged.iter_mut().find(|known| known.symbol == one.symbol && known.market == one.market) {
            Some(known) => *known = together(known, one),
            None => merged.push(one.clone()),
        }
    }
    if merged.iter().any(|one| resolver.has_grid(one)) {
        merged.retain(|one| resolver.has_grid(one));
    }
    let found = merged.iter().map(|one| resolver.found(one)).collect::<Result<_, _>>()?;
    Ok((found, resolver))
}

/// The same instrument in two files: the grid that holds both, the wider range.
fn together(a: &SeenInstrument, b: &SeenInstrument) -> SeenInstrument {
    let (tick, lot) = (common(a.tick, b.tick), common(a.lot, b.lot));
    let highest = |seen: &SeenInstrument| tick.map_or(0, |tick| ticks_max(seen, tick));
    SeenInstrument { tick, lot, price_ticks_max: highest(a).max(highest(b)), ..a.clone() }
}

/// The largest step that divides both; the other where one is unknown.
fn common(a: Option<Step>, b: Option<Step>) -> Option<Step> {
    let (Some(first), Some(second)) = (a, b) else { return a.or(b) };
    let scale = first.scale.max(second.scale);
    let scaled = |step: Step| u128::from(step.mantissa) * 10u128.pow(u32::from(scale - step.scale));
    let (mut divisor, mut rest) = (scaled(first), scaled(second));
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    u64::try_from(divisor).ok().map(|mantissa| Step { mantissa, scale })
}

impl Resolver<'_> {
    fn rule(&self, key: &str, rule: impl core::fmt::Display) -> ConfigError {
        ConfigError::Rule { path: self.path.clone(), key: key.to_owned(), rule: rule.to_string() }
    }

    fn facts(&self, symbol: &str, market: Market) -> Option<&InstrumentConfig> {
        self.config
            .instrument
            .iter()
            .find(|facts| facts.symbol == symbol && Market::from(facts.market) == market)
    }

    fn asset(&mut self, name: &str) -> AssetId {
        let index = self.assets.iter().position(|known| known == name).unwrap_or_else(|| {
            self.assets.push(name.to_owned());
            self.assets.len() - 1
        });
        AssetId(u16::try_from(index).unwrap_or(u16::MAX))
    }

    /// Tick and lot as configured.
    fn stated(&self, seen: &SeenInstrument) -> (Option<Step>, Option<Step>) {
        let step = |decimal: &Option<super::Decimal>| decimal.as_ref().map(super::Decimal::step);
        let facts = self.facts(&seen.symbol, seen.market);
        facts.map_or((None, None), |facts| (step(&facts.tick), step(&facts.lot)))
    }

    fn has_grid(&self, seen: &SeenInstrument) -> bool {
        let (tick, lot) = self.stated(seen);
        tick.or(seen.tick).is_some() && lot.or(seen.lot).is_some()
    }

    fn found(&mut self, seen: &SeenInstrument) -> Result<FoundInstrument, ConfigError> {
        let facts = self.facts(&seen.symbol, seen.market).cloned();
        let (tick, lot) = self.stated(seen);
        let key = format!("instrument {}", seen.symbol);
        let unknown =
            |what: &str| self.rule(&key, format!("no {what} is configured and the data shows none"));
        let (base, quote) = assets_of(&seen.symbol);
        let (contract, multiplier) = match seen.market {
            Market::Spot | Market::UsdM => (Contract::Linear, 1),
            Market::CoinM => (Contract::Inverse, if base == "BTC" { 100 } else { 10 }),
        };
        let instrument = Instrument {
            symbol: seen.symbol.clone(),
            market: seen.market,
            tick: tick.or(seen.tick).ok_or_else(|| unknown("tick"))?,
            lot: lot.or(seen.lot).ok_or_else(|| unknown("lot"))?,
        };
        let spec = InstrumentSpec {
            tick: instrument.tick,
            lot: instrument.lot,
            multiplier: facts.as_ref().and_then(|facts| facts.multiplier).unwrap_or(multiplier),
            contract,
            price_min: Price(1),
            price_max: price_max(seen, instrument.tick),
            size_min: Lots(1),
            size_max: SIZE_MAX,
            notional_min: facts
                .as_ref()
                .and_then(|facts| facts.notional_min.as_ref())
                .map_or(Money::ZERO, super::Decimal::money),
            base: self.asset(&base),
            quote: self.asset(&quote),
        };
        let spec = with_size_max(spec).map_err(|error| self.rule(&key, error))?;
        Ok(FoundInstrument { instrument, spec, inferred: tick.is_none() || lot.is_none(), base, quote })
    }

    /// Names of assets by [`AssetId`].
    #[must_use]
    pub fn assets(&self) -> &[String] {
        &self.assets
    }

    /// What to build for these instruments. Without `quoted`, the markets are only followed.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub fn build(&self, instruments: &[ResolvedInstrument], quoted: Quoted) -> Result<Resolved, ConfigError> {
        let config = self.config;
        let mut lanes = Vec::new();
        let mut rules = Vec::new();
        for one in instruments {
            let spec = one.found.spec;
            let book = BookLimits { price_ticks_max: spec.price_max.0, levels_max: BOOK_LEVELS_MAX };
            let own = self
                .facts(&one.found.instrument.symbol, one.found.instrument.market)
                .and_then(|facts| facts.quoting.as_ref());
            let quoting = match (quoted, one.reference) {
                (Quoted::Yes, Some(mid)) => Some(self.quoting(own.unwrap_or(&config.quoting), &spec, mid)?),
                (Quoted::Yes, None) | (Quoted::No, _) => None,
            };
            lanes.push(LaneSpec { spec, book, quoting });
            let fees = FeeSchedule {
                maker: config.venue.maker_fee_bps.rate(),
                taker: config.venue.taker_fee_bps.rate(),
            };
            let cancel_share = share(config.venue.cancel_share);
            rules.push(InstrumentRules {
                spec,
                fees,
                cancel_share,
                orders_max: config.venue.orders_max,
                book,
            });
        }
        let latency = Latency {
            order: config.venue.order_latency.span(),
            response: config.venue.response_latency.span(),
        };
        let venue = VenueSpec {
            instruments: rules,
            latency,
            self_trade: config.venue.self_trade.into(),
            first_order_id: VenueOrderId(1),
            first_trade_id: TradeId(1),
        };
        venue.check().map_err(|error| self.rule("venue", error))?;
        Ok(Resolved { shard: ShardSpec { epoch: REPLAY_EPOCH, lanes }, venue })
    }

    fn quoting(
        &self,
        quoting: &QuotingConfig,
        spec: &InstrumentSpec,
        mid: HalfTicks,
    ) -> Result<QuotingSpec, ConfigError> {
        if !(0.0..=1.0).contains(&quoting.size_tolerance) {
            return Err(self.rule("quoting.size_tolerance", "must be from 0 to 1"));
        }
        let limits = &quoting.limits;
        let collar = limits.collar_bps.rate();
        Ok(QuotingSpec {
            model: self.model(&quoting.model, spec, mid)?,
            fair: match quoting.fair {
                FairConfig::Mid => FairKind::Mid,
                FairConfig::WeightedMid => FairKind::WeightedMid,
            },
            volatility: quoting.volatility.map(|v| EwmaParams {
                half_life: v.half_life.span(),
                interval_min: v.interval_min.span(),
                elapsed_min: v.warm_up.span(),
                samples_min: v.samples_min,
            }),
            trigger: match quoting.requote {
                Requote::Touch => Trigger::Touch,
                Requote::Every(interval) => Trigger::Every(interval.span()),
            },
            tolerance: Tolerance {
                price: Ticks(i64::from(quoting.price_tolerance_ticks)),
                size: share(quoting.size_tolerance),
            },
            limits: GateLimits {
                order_lots_max: self.size("quoting.limits.order_max", &limits.order_max, spec, mid)?,
                order_notional_max: limits.order_notional_max.money(),
                position_lots_max: self.size(
                    "quoting.limits.position_max",
                    &limits.position_max,
                    spec,
                    mid,
                )?,
                open_orders_max: u32::try_from(limits.open_orders_max).unwrap_or(u32::MAX),
                collar_through_max: collar,
                collar_away_max: collar,
                order_burst_max: limits.order_burst,
                orders_per_second_max: limits.orders_per_second,
            },
            touch_age_max: limits.touch_age_max.span(),
            order_expiry: limits.order_expiry.span(),
        })
    }

    fn model(
        &self,
        model: &ModelConfig,
        spec: &InstrumentSpec,
        mid: HalfTicks,
    ) -> Result<Model, ConfigError> {
        let scales = Scales::new(spec);
        let refused = |error: &dyn core::fmt::Display| self.rule("quoting.model", error);
        let size = |key: &str, size: &Size| self.size(&format!("quoting.model.{key}"), size, spec, mid);
        match model {
            ModelConfig::AvellanedaStoikov {
                gamma,
                k_per_bp,
                session,
                size: quote,
                size_reducing_max,
                inventory_max,
                skew_max_bps,
            } => {
                let ticks_per_bp = mid.to_ticks_f64() * 1e-4;
                let lots = size("size", quote)?;
                let params = AvellanedaParams {
                    gamma: *gamma,
                    k: k_per_bp / (ticks_per_bp * spec.tick.to_f64()),
                    horizon: session.map_or(Horizon::Infinite, |session| Horizon::Session(session.span())),
                    size: lots,
                    size_reducing_max: match size_reducing_max {
                        Some(reducing) => size("size_reducing_max", reducing)?,
                        None => lots,
                    },
                    inventory_max: size("inventory_max", inventory_max)?,
                    skew_max: whole_ticks(skew_max_bps * ticks_per_bp),
                };
                AvellanedaStoikov::new(params, scales)
                    .map(Model::AvellanedaStoikov)
                    .map_err(|error| refused(&error))
            }
            ModelConfig::FixedSpread {
                half_spread_ticks,
                skew_ticks_per_base,
                size: quote,
                inventory_max,
            } => {
                let params = FixedSpreadParams {
                    half_spread: Ticks(i64::from(*half_spread_ticks)),
                    skew_ticks_per_base: *skew_ticks_per_base,
                    size: size("size", quote)?,
                    inventory_max: size("inventory_max", inventory_max)?,
                };
                FixedSpread::new(params, scales).map(Model::FixedSpread).map_err(|error| refused(&error))
            }
        }
    }

    fn size(
        &self,
        key: &str,
        size: &Size,
        spec: &InstrumentSpec,
        mid: HalfTicks,
    ) -> Result<Lots, ConfigError> {
        let lots = match size {
            Size::Lots(lots) => *lots,
            Size::Base(base) => {
                base.steps(spec.lot).ok_or_else(|| self.rule(key, "is not a whole number of lots"))?
            }
            Size::Quote(quote) => {
                let lot = spec.notional(Price((mid.0 / 2).max(1)), Lots(1));
                i64::try_from(quote.money().0 / lot.0.max(1)).unwrap_or(i64::MAX).max(1)
            }
        };
        if lots > 0 { Ok(Lots(lots)) } else { Err(self.rule(key, "must be above zero")) }
    }
}

/// Whether instruments are quoted or only followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoted {
    /// Quoted as configured.
    Yes,
    /// Followed.
    No,
}

/// A symbol's base and quote assets: `ETHUSDT` is ETH and USDT, `BTCUSD_PERP` is BTC and USD.
fn assets_of(symbol: &str) -> (String, String) {
    let pair = symbol.split_once('_').map_or(symbol, |(pair, _)| pair);
    let split = QUOTES.iter().find_map(|quote| Some((pair.strip_suffix(quote)?, *quote)));
    let (base, quote) = split.filter(|(base, _)| !base.is_empty()).unwrap_or((pair, "QUOTE"));
    (base.to_owned(), quote.to_owned())
}

/// The instrument with the largest order whose value is still exact.
fn with_size_max(spec: InstrumentSpec) -> Result<InstrumentSpec, SpecError> {
    let checked = InstrumentSpec::new(spec);
    let smaller = Lots(spec.size_max.0 / 2);
    if checked == Err(SpecError::TooLarge) && smaller >= spec.size_min {
        return with_size_max(InstrumentSpec { size_max: smaller, ..spec });
    }
    checked
}

/// The highest price of an instrument: some times what was seen, and never less than a floor.
fn price_max(seen: &SeenInstrument, tick: Step) -> Price {
    let highest = ticks_max(seen, tick).saturating_mul(PRICE_HEADROOM);
    Price(highest.clamp(PRICE_TICKS_FLOOR, BookLimits::PRICE_TICKS_MAX))
}

/// The highest price seen, in steps of `tick` or a little more.
fn ticks_max(seen: &SeenInstrument, tick: Step) -> i64 {
    let finer = seen.tick.map_or(1.0, |inferred| (inferred.to_f64() / tick.to_f64()).max(1.0));
    seen.price_ticks_max.saturating_mul(whole_ticks(finer.ceil()).0)
}

/// A share from 0 to 1 as a rate.
#[expect(clippy::cast_possible_truncation, reason = "at most 10^8 where the share was checked")]
fn share(share: f64) -> Rate {
    Rate((share * 1e8).round() as i64)
}

#[expect(clippy::cast_possible_truncation, reason = "saturates; a negative bound is refused by the model")]
fn whole_ticks(ticks: f64) -> Ticks {
    Ticks(ticks.floor() as i64)
}

/// Spans of an offset configured once for all files, or `None` for automatic.
#[must_use]
pub fn fixed_offset(config: &Config) -> Option<Span> {
    match config.venue.clock_offset {
        super::ClockOffset::Auto => None,
        super::ClockOffset::Fixed(offset) => Some(offset.span()),
    }
}
