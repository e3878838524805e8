//! What a configuration means for the instruments found in the data.

use std::path::PathBuf;

use ballast_analytics::record::Programme;
use ballast_core::book::BookLimits;
use ballast_core::gate::Controls;
use ballast_core::oms::SweepLimits;
use ballast_core::shard::{HedgingSpec, LaneSpec, QuotingSpec, ShardSpec};
use ballast_exchange::{Conditions, FeeSchedule, InstrumentRules, Latency, VenueSpec};
use ballast_model::{
    AssetId, BudgetGrant, Contract, HalfTicks, InstrumentId, InstrumentSpec, Lots, Money, Price, Span,
    SpecError, Step, TradeId, VenueOrderId,
};
use ballast_venue::binance::Market;

use super::amend::amend_rules;
use super::fees::tiers;
use super::funds::Balances;
use super::quoting::{Hedge, Quoting, input_venues, whole_ticks};
use super::resolve_arbitrage::Arbitrage;
use super::resolve_hedge::{Hedges, are_alike, unheard};
use super::risk::Risk;
use super::unquoted::Unquoted;
use super::{BookNames, BudgetsConfig, Config, ConfigError, InstrumentConfig, ModelConfig, QuotingConfig};
use crate::capture::{Instrument, SeenInstrument};
use crate::live::OrderShare;

/// Most levels one side of a book holds: venues show 10 000 at most, the rest accumulates from diffs.
const BOOK_LEVELS_MAX: usize = 32_768;
/// Prices an instrument may reach where nothing else is known, in ticks.
const PRICE_TICKS_FLOOR: i64 = (1 << 26) - 1;
/// How many times the highest price seen an instrument may reach.
const PRICE_HEADROOM: i64 = 4;
/// Largest order of an instrument whose limits are not known, where money then is exact.
const SIZE_MAX: Lots = Lots(1 << 40);
/// Session epoch of replays: their order ids never meet a venue's.
pub(super) const REPLAY_EPOCH: u32 = 1;

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
    /// Its share of the venue's counts of new orders; `None` where it was not told.
    pub orders: Option<OrderShare>,
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
    /// The simulated venue, under no special conditions: those depend on when the data begin.
    pub venue: VenueSpec,
    /// What each instrument's trades are booked to; `None` where no books are kept.
    pub books: Option<BookNames>,
}

/// A configuration being applied; carries the file name for messages.
#[derive(Debug)]
pub struct Resolver<'a> {
    config: &'a Config,
    path: PathBuf,
    /// Asset names in the order they were met; an [`AssetId`] is the index.
    assets: Vec<String>,
    /// Those that a spot instrument trades, by whichever shard.
    spot: Vec<String>,
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
    let mut resolver = Resolver { config, path, assets: Vec::new(), spot: Vec::new() };
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
    let found: Vec<_> = merged.iter().map(|one| resolver.found(one)).collect::<Result<_, _>>()?;
    let spot = found.iter().filter(|one: &&FoundInstrument| one.instrument.market == Market::Spot);
    resolver.spot = spot.flat_map(|one| [one.base.clone(), one.quote.clone()]).collect();
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
    /// What the configuration says of an instrument, and where in its list.
    pub(super) fn facts(&self, symbol: &str, market: Market) -> Option<(usize, &InstrumentConfig)> {
        let is_it = |facts: &InstrumentConfig| facts.symbol == symbol && Market::from(facts.market) == market;
        self.config.instrument.iter().enumerate().find(|(_, facts)| is_it(facts))
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
        facts.map_or((None, None), |(_, facts)| (step(&facts.tick), step(&facts.lot)))
    }

    fn has_grid(&self, seen: &SeenInstrument) -> bool {
        let (tick, lot) = self.stated(seen);
        tick.or(seen.tick).is_some() && lot.or(seen.lot).is_some()
    }

    fn found(&mut self, seen: &SeenInstrument) -> Result<FoundInstrument, ConfigError> {
        let (base, quote) = assets_of(&seen.symbol);
        let (base_id, quote_id) = (self.asset(&base), self.asset(&quote));
        let (place, facts) = self.facts(&seen.symbol, seen.market).unzip();
        let facts = facts.cloned();
        let (tick, lot) = self.stated(seen);
        let rule = |rule: &dyn core::fmt::Display| {
            let key = place.map_or_else(|| "instrument".to_owned(), |index| format!("instrument.{index}"));
            self.config.rule(&self.path, &key, format_args!("{}: {rule}", seen.symbol))
        };
        let unknown = |what: &str| rule(&format_args!("no {what} is configured and the data shows none"));
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
            base: base_id,
            quote: quote_id,
        };
        let spec = with_size_max(spec).map_err(|error| rule(&error))?;
        Ok(FoundInstrument {
            instrument,
            spec,
            inferred: tick.is_none() || lot.is_none(),
            orders: None,
            base,
            quote,
        })
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
            let quoting = match (quoted, one.reference) {
                (Quoted::Yes, Some(mid)) => self.quoting(instruments, &one.found, mid)?.ok(),
                (Quoted::Yes, None) | (Quoted::No, _) => None,
            };
            let (quoting, controls, sweep) = match quoting {
                Some((quoting, controls, sweep)) => (Some(quoting), controls, sweep),
                None => (None, Controls::NONE, SweepLimits::DEFAULT),
            };
            lanes.push(LaneSpec { spec, book, quoting, hedge_limits: None, controls, sweep });
            let (maker, taker) = config.venue.fees_of(one.found.instrument.market);
            let fees = FeeSchedule { maker, taker };
            rules.push(InstrumentRules {
                spec,
                fees,
                queue: config.venue.queue_rules(),
                amend: amend_rules(one.found.instrument.market),
                orders_max: config.venue.orders_max,
                book,
            });
        }
        let wallet = match quoted {
            Quoted::Yes => {
                let (assets, spot) = (&*self.assets, &*self.spot);
                Balances { config, path: &self.path, assets, spot, instruments }.wallet()?
            }
            Quoted::No => None,
        };
        let venue = VenueSpec {
            instruments: rules,
            latency: latency(config),
            conditions: Conditions::default(),
            tiers: tiers(config, &self.path, instruments)?,
            wallet,
            self_trade: config.venue.self_trade.into(),
            first_order_id: VenueOrderId(1),
            first_trade_id: TradeId(1),
        };
        venue.check().map_err(|error| config.rule(&self.path, "venue", error))?;
        let portfolio = match quoted {
            Quoted::Yes => {
                let names = &self.names(instruments);
                Risk { config, path: &self.path, assets: &self.assets, instruments, names }.resolve()?
            }
            Quoted::No => None,
        };
        let hedges = match quoted {
            Quoted::Yes => self.hedges(instruments, &mut lanes)?,
            Quoted::No => Vec::new(),
        };
        share_orders(&mut lanes, instruments);
        let books = match quoted {
            Quoted::Yes => self.books(instruments),
            Quoted::No => None,
        };
        let arbitrage = match quoted {
            Quoted::Yes => self.arbitrage(instruments).resolve()?,
            Quoted::No => None,
        };
        let shard = ShardSpec { epoch: REPLAY_EPOCH, lanes, hedges, portfolio, arbitrage };
        Ok(Resolved { shard, venue, books })
    }

    /// What quotes are held against.
    pub(crate) fn programme(&self) -> Programme {
        self.config.report.programme()
    }

    /// Names of instruments that detectors of arbitrage need and that are not among these: those detectors are left out.
    #[must_use]
    pub fn absent(&self, instruments: &[ResolvedInstrument]) -> Vec<String> {
        let name = |leg: &super::LegConfig| format!("{} {}", market_name(leg.market.into()), leg.symbol);
        let mut names: Vec<_> = self.arbitrage(instruments).absent().map(name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What the shard owns of limits that span shards, from the beginning.
    pub(crate) fn grants(&self) -> Vec<BudgetGrant> {
        let budgets = self.config.risk.as_ref().and_then(|risk| risk.budgets.as_ref());
        budgets.into_iter().flat_map(BudgetsConfig::grants).collect()
    }

    fn arbitrage<'a>(&'a self, instruments: &'a [ResolvedInstrument]) -> Arbitrage<'a> {
        Arbitrage { config: self.config, path: &self.path, assets: &self.assets, instruments }
    }

    /// The hedges of what is quoted, and the limits of the lanes they trade in.
    fn hedges(
        &self,
        instruments: &[ResolvedInstrument],
        lanes: &mut [LaneSpec],
    ) -> Result<Vec<HedgingSpec>, ConfigError> {
        let (config, path) = (self.config, self.path.as_path());
        let hedge = config.hedge.as_ref();
        let hedges =
            hedge.map(|hedge| Hedges { config, path, hedge, instruments }.resolve(lanes)).transpose()?;
        let hedges = hedges.unwrap_or_default();
        if let Some(deaf) = unheard(lanes, &hedges).and_then(|id| instruments.get(id.index())) {
            let (key, _) = self.table(&deaf.found);
            let name = deaf.found.name();
            let rule = format!("no table `hedge` hedges {name} here: nobody would hear it; leave it out");
            return Err(config.rule(path, &format!("{key}.shape.inventory.hedge"), rule));
        }
        Ok(hedges)
    }

    /// The table an instrument is quoted by and its key: its own, else the common one.
    pub(super) fn table(&self, found: &FoundInstrument) -> (String, &QuotingConfig) {
        let facts = self.facts(&found.instrument.symbol, found.instrument.market);
        let own = facts.and_then(|(index, facts)| Some((index, facts.quoting.as_ref()?)));
        own.map_or_else(
            || ("quoting".to_owned(), &self.config.quoting),
            |(index, table)| (format!("instrument.{index}.quoting"), table),
        )
    }

    /// How an instrument is quoted and controlled, by its own table, else by the common one; or why it is not.
    pub(super) fn quoting(
        &self,
        instruments: &[ResolvedInstrument],
        found: &FoundInstrument,
        mid: HalfTicks,
    ) -> Result<Result<(QuotingSpec, Controls, SweepLimits), Unquoted>, ConfigError> {
        let market = found.instrument.market;
        let (key, table) = self.table(found);
        let is_common = key == "quoting";
        let left_out = |markets: &Vec<_>| !markets.iter().any(|listed| Market::from(*listed) == market);
        if is_common && table.markets.as_ref().is_some_and(left_out) {
            return Ok(Err(Unquoted::LeftOut));
        }
        let hedge = match &table.model {
            ModelConfig::CrossVenue(cross) => {
                let hedge = self.hedge(instruments, found, cross.hedge_market.into());
                if hedge.is_none() {
                    return Ok(Err(Unquoted::NoHedgeMarket(cross.hedge_market.into())));
                }
                hedge
            }
            ModelConfig::AvellanedaStoikov(..)
            | ModelConfig::Glft(..)
            | ModelConfig::FixedSpread(_)
            | ModelConfig::Grid(_) => None,
        };
        let maker_fee = self.config.venue.fees_of(market).0;
        let inputs = input_venues(&table.fair, found, instruments);
        let inputs = &*inputs;
        let (config, path, spec) = (self.config, self.path.as_path(), &found.spec);
        let quoting = Quoting { config, path, key, spec, mid, market, maker_fee, hedge, inputs };
        let spec = quoting.resolve(table)?;
        if table.fair.is_quoted_around() && spec.blend.is_none() {
            return Ok(Err(Unquoted::NoInput));
        }
        let controls = quoting.controls(&table.limits, spec.limits)?;
        Ok(Ok((spec, controls, quoting.sweep(&table.limits)?)))
    }

    /// The instrument in another market that hedges this one exactly; of several, the one of the same quote currency.
    fn hedge(
        &self,
        instruments: &[ResolvedInstrument],
        found: &FoundInstrument,
        market: Market,
    ) -> Option<Hedge> {
        let is_it = |other: &FoundInstrument| {
            other.instrument.market == market
                && are_alike(self.config, other, found)
                && other.name() != found.name()
        };
        let its = (0..).map(InstrumentId).zip(instruments).filter(|(_, other)| is_it(&other.found));
        let (instrument, _) = its.min_by_key(|(_, other)| other.found.quote != found.quote)?;
        Some(Hedge { instrument, taker_fee: self.config.venue.fees_of(market).1 })
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

/// Spans of an offset configured once for all files, or `None` for automatic.
#[must_use]
pub fn fixed_offset(config: &Config) -> Option<Span> {
    match config.venue.clock_offset {
        super::ClockOffset::Auto => None,
        super::ClockOffset::Fixed(offset) => Some(offset.span()),
    }
}

/// How long commands and answers travel.
const fn latency(config: &Config) -> Latency {
    Latency { order: config.venue.order_latency.span(), response: config.venue.response_latency.span() }
}

/// Lowers the throttles of lanes to their shares of what their venues count.
fn share_orders(lanes: &mut [LaneSpec], instruments: &[ResolvedInstrument]) {
    for (lane, one) in lanes.iter_mut().zip(instruments) {
        let limits = match &mut lane.quoting {
            Some(quoting) => Some(&mut quoting.limits),
            None => lane.hedge_limits.as_mut(),
        };
        if let Some((share, limits)) = one.found.orders.zip(limits) {
            share.slow(limits);
        }
    }
}
