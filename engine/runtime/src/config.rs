//! Configuration: what was typed ([`Config`], strict TOML), and what it means for given instruments ([`resolve()`]).
//!
//! Unknown keys are refused; an error names file, line and key. Values carry their unit in the key or in the text
//! (`"250us"`); floats appear only where a model takes a float, and are finite wherever they appear.

mod amend;
mod arbitrage;
mod books;
mod budgets;
mod change;
mod conditions;
mod controls;
mod dead_man;
mod exits;
mod fair;
mod fees;
#[cfg(test)]
mod fixtures;
mod funds;
mod hedge;
mod hot;
mod line;
mod live;
mod model;
mod queue;
mod quoting;
mod report;
mod resolve;
mod resolve_arbitrage;
mod resolve_hedge;
mod risk;
mod rules;
mod shape;
mod signals;
mod size;
mod threads;
mod units;
mod unquoted;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ballast_exchange::SelfTrade;
use ballast_venue::binance::{Market, TradeSource};
use schemars::JsonSchema;
use serde::Deserialize;

pub use amend::AmendConfig;
pub use arbitrage::{
    ArbitrageConfig, CarryConfig, LegConfig, SpatialConfig, StatisticalConfig, TriangularConfig,
};
pub use books::BookNames;
pub(crate) use books::DEFAULT as DEFAULT_BOOK;
pub use budgets::{BudgetConfig, BudgetsConfig, OrderBudgetConfig};
pub(crate) use budgets::{amount_of, budget_name, grant};
pub use conditions::{
    AnswersConfig, LatencyConfig, LoadConfig, OutageConfig, OutageFeedConfig, conditions, latencies_hash,
    stops,
};
pub use controls::{
    ControlsConfig, ExecutionsConfig, FillBreakerConfig, HaltConfig, LossConfig, OracleConfig,
    OrderToTradeConfig, PeriodCollarConfig, PeriodNotionalConfig, SweepConfig, VolatilityBreakerConfig,
};
pub use dead_man::DeadManConfig as DeadManTimerConfig;
pub use exits::{ExitsConfig, WatchConfig};
pub use fair::{
    AroundConfig, BasisConfig, BlendConfig, BlendInputConfig, DepthMidConfig, FairConfig, ImbalanceConfig,
    MarketFairConfig, NeedConfig, TradeFlowConfig, VwapConfig,
};
pub use fees::TierConfig;
pub use hedge::{HedgeBandConfig, HedgeConfig, HedgeFundingConfig, RungConfig};
pub use live::{LiveConfig, LiveVenueConfig, ModeConfig, RingsConfig, ShardsConfig, StrangersConfig};
pub use model::{
    AvellanedaConfig, CrossConfig, DealerConfig, FixedConfig, FormConfig, GlftConfig, GridConfig,
    HalfSpreadConfig, ModelConfig, RangeConfig, SpacingConfig,
};
pub use queue::{CancelsConfig, FillsConfig, ImpactConfig, OrdersConfig, QueueConfig};
pub use report::{ConversionConfig, ProgrammeConfig, ReportConfig};
pub use resolve::{
    FoundInstrument, Quoted, Resolved, ResolvedInstrument, Resolver, fixed_offset, market_name, resolve,
};
pub use risk::{
    CreditConfig, DeadManConfig, ExposureConfig, MarketRiskConfig, MarketsConfig, MessagesConfig,
    OwnOrdersConfig, RiskConfig, StrategyRiskConfig,
};
pub(crate) use risk::{market_of, venue_named};
pub use shape::{ShapeConfig, ThrottleConfig};
pub use signals::{IntensityConfig, VolatilityConfig, VolatilityKindConfig};
pub use size::Size;
pub use threads::{ThreadsConfig, VenueCoresConfig, WaitConfig};
pub use units::{Balance, Bps, Decimal, Duration};
pub use unquoted::Unquoted;

/// A whole configuration file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Version of this layout; 1.
    pub schema: u32,
    /// The simulated venue.
    pub venue: VenueConfig,
    /// What the report samples.
    #[serde(default)]
    pub report: ReportConfig,
    /// How every instrument is quoted that has no table of its own.
    pub quoting: QuotingConfig,
    /// Limits of all instruments together; each stands alone where absent.
    pub risk: Option<RiskConfig>,
    /// How what quotes leave open is hedged; not at all where absent.
    pub hedge: Option<HedgeConfig>,
    /// What is watched for arbitrage; nothing where absent.
    #[serde(default)]
    pub arbitrage: ArbitrageConfig,
    /// What `run` connects to; a replay needs none.
    pub live: Option<LiveConfig>,
    /// Threads of a live run and what is asked of the host for them; no decision depends on it.
    #[serde(default)]
    pub threads: ThreadsConfig,
    /// Facts and exceptions of single instruments.
    #[serde(default)]
    pub instrument: Vec<InstrumentConfig>,
    /// What was read, to name the line of a value.
    #[serde(skip)]
    text: String,
    /// What was set besides.
    #[serde(skip)]
    set: Vec<String>,
}

/// The simulated venue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VenueConfig {
    /// From sending a command to the venue's acting on it.
    pub order_latency: Duration,
    /// From something happening to an order to our learning of it.
    pub response_latency: Duration,
    /// How venue time maps to ours.
    pub clock_offset: ClockOffset,
    /// Maker fee in basis points; below zero a rebate.
    pub maker_fee_bps: Bps,
    /// Taker fee in basis points.
    pub taker_fee_bps: Bps,
    /// Fees of single markets, where not as above.
    #[serde(default)]
    pub fees: Vec<MarketFees>,
    /// What there is of each asset to trade spot with, such as `{ USDT = "10000", ETH = "5" }`; of assets not named there is
    /// nothing. Where absent, no order needs funds. Needs a table `risk`.
    pub balances: Option<BTreeMap<String, Balance>>,
    /// Share of cancels at our level taken to have been ahead of us, 0 to 1; 0 where absent.
    #[serde(default)]
    pub cancel_share: f64,
    /// How our orders stand in queues; as `cancel_share` says, with partial fills, where absent.
    #[serde(default)]
    pub queue: QueueConfig,
    /// What makes messages slower; nothing where absent.
    #[serde(default)]
    pub latency: LatencyConfig,
    /// Windows in which the venue does not work, one after another.
    #[serde(default)]
    pub outages: Vec<OutageConfig>,
    /// Most orders of ours that may rest in one instrument.
    pub orders_max: usize,
    /// What happens to an order that would trade with one of ours.
    pub self_trade: SelfTradeConfig,
}

/// Fees of one market in basis points.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarketFees {
    /// Which.
    pub market: MarketConfig,
    /// Maker fee; below zero a rebate.
    pub maker_bps: Bps,
    /// Taker fee.
    pub taker_bps: Bps,
    /// Other fees from a volume on: that of all instruments of the market over 30 days, which are taken to be quoted in one
    /// currency. Rising volumes; a trade that reaches one is charged by it already.
    #[serde(default)]
    pub tiers: Vec<TierConfig>,
    /// What had been traded there before; nothing where absent.
    pub volume: Option<Decimal>,
}

/// How venue time maps to ours.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub enum ClockOffset {
    /// Per file: the smallest receive time minus venue time in it, so that its fastest message took no time.
    Auto,
    /// Our clock minus the venue's, at most 86400s either way.
    Fixed(Duration),
}

/// See [`SelfTrade`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SelfTradeConfig {
    /// Refuse the arriving order.
    Reject,
    /// Expire the arriving order.
    ExpireTaker,
    /// Expire our resting order.
    ExpireMaker,
    /// Expire both.
    ExpireBoth,
}

/// How an instrument is quoted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotingConfig {
    /// The model.
    pub model: ModelConfig,
    /// When quotes are reconsidered.
    pub requote: Requote,
    /// How far a standing quote may be deeper than wanted, in ticks, and still keep its place.
    #[serde(default)]
    pub price_tolerance_ticks: u32,
    /// How much a standing quote's size may differ from the wanted, as a share of it, and still keep its place.
    #[serde(default)]
    pub size_tolerance: f64,
    /// Whether orders are amended rather than cancelled and placed anew.
    #[serde(default)]
    pub amend: AmendConfig,
    /// What quotes are placed around.
    #[serde(default)]
    pub fair: FairConfig,
    /// Volatility estimator; needed by models that read one.
    pub volatility: Option<VolatilityConfig>,
    /// Calibration of how often orders arrive; needed by models that are not told.
    pub intensity: Option<IntensityConfig>,
    /// Markets whose instruments are quoted, others being only followed; all where absent.
    pub markets: Option<Vec<MarketConfig>>,
    /// How quotes are bent by market and inventory; as the model wants them where absent.
    pub shape: Option<ShapeConfig>,
    /// When quotes may change; at every decision where absent.
    pub throttle: Option<ThrottleConfig>,
    /// When the position is closed at once; never where absent.
    pub exits: Option<ExitsConfig>,
    /// Limits of the risk gate.
    pub limits: LimitsConfig,
}

/// When quotes are reconsidered.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub enum Requote {
    /// At every change of best bid or ask, price or size, and after every event of our own orders.
    Touch,
    /// At this interval, at least 1us.
    Every(Duration),
}

/// Limits of the risk gate. Every one is a hard bound.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Largest single order.
    pub order_max: Size,
    /// Largest value of a single order in quote currency.
    pub order_notional_max: Decimal,
    /// Largest position either way, working orders at their worst included.
    pub position_max: Size,
    /// Most orders open at once.
    pub open_orders_max: usize,
    /// How far an order's price may be from the mid, in basis points.
    pub collar_bps: Bps,
    /// New orders that may go out in a burst.
    pub order_burst: u32,
    /// New orders per second in the long run.
    pub orders_per_second: u32,
    /// No quoting on a touch that was confirmed longer ago than this; quotes that stand are pulled.
    pub touch_age_max: Duration,
    /// An order dropped unsent after this time.
    pub order_expiry: Duration,
    /// Optional controls; none where absent.
    pub controls: Option<ControlsConfig>,
    /// When the venue is asked about an order; as usual where absent.
    pub sweep: Option<SweepConfig>,
}

/// Facts and exceptions of one instrument.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstrumentConfig {
    /// Symbol as the venue writes it.
    pub symbol: String,
    /// Market.
    pub market: MarketConfig,
    /// Price step; inferred from the data where absent.
    pub tick: Option<Decimal>,
    /// Size step; inferred from the data where absent.
    pub lot: Option<Decimal>,
    /// Quote value of one contract (COIN-M); 1 where absent, 100 for BTC on COIN-M and 10 for its other coins.
    pub multiplier: Option<u64>,
    /// Smallest order value in quote currency; none where absent.
    pub notional_min: Option<Decimal>,
    /// The strategy it is traded for; `default` where absent. Its trades are booked to it, and with a table `risk` an operator
    /// halts its instruments together. Books are kept where any instrument names a strategy or an account.
    pub strategy: Option<String>,
    /// The sub-account its trades are booked to; `default` where absent.
    pub account: Option<String>,
    /// How this instrument is quoted, where not as the others.
    pub quoting: Option<QuotingConfig>,
}

/// A market of the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MarketConfig {
    /// Spot.
    Spot,
    /// USD-margined futures.
    Usdm,
    /// Coin-margined futures.
    Coinm,
}

impl From<MarketConfig> for Market {
    fn from(market: MarketConfig) -> Self {
        match market {
            MarketConfig::Spot => Self::Spot,
            MarketConfig::Usdm => Self::UsdM,
            MarketConfig::Coinm => Self::CoinM,
        }
    }
}

impl From<SelfTradeConfig> for SelfTrade {
    fn from(mode: SelfTradeConfig) -> Self {
        match mode {
            SelfTradeConfig::Reject => Self::Reject,
            SelfTradeConfig::ExpireTaker => Self::ExpireTaker,
            SelfTradeConfig::ExpireMaker => Self::ExpireMaker,
            SelfTradeConfig::ExpireBoth => Self::ExpireBoth,
        }
    }
}

impl TryFrom<String> for ClockOffset {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text == "auto" { Ok(Self::Auto) } else { text.try_into().map(Self::Fixed) }
    }
}

impl TryFrom<String> for Requote {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text == "touch" {
            return Ok(Self::Touch);
        }
        let every = Duration::try_from(text)?;
        if every.span().0 > 0 {
            Ok(Self::Every(every))
        } else {
            Err("the interval must be above zero".to_owned())
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The text is no configuration: syntax, an unknown key, a value outside its form. Names line and key.
    #[error("{}: {error}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        error: toml::de::Error,
    },
    /// A value breaks a rule.
    #[error("{}: {}{key}: {rule}", path.display(), place(*line))]
    Rule {
        /// The file.
        path: PathBuf,
        /// The line, from 1; `None` for what the file does not say.
        line: Option<usize>,
        /// The key, its tables before it; tables of an array by number, from 0.
        key: String,
        /// The rule.
        rule: String,
    },
}

/// Most orders that a configuration may allow to be open at once: memory for them is reserved at boot.
pub(crate) const ORDERS_MAX: usize = 10_000;

/// What the trade stream of a market is taken from in captures.
pub(crate) const TRADE_SOURCE: TradeSource = TradeSource::Trades;

impl Config {
    /// The JSON schema of configuration files (draft 2020-12).
    #[must_use]
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Self).into()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`], naming the place and the rule.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
        Self::parse(&text, path)
    }

    /// Reads a text; `path` is only for messages.
    ///
    /// # Errors
    /// [`ConfigError`], naming the place and the rule.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        if let Some(key) = line::not_finite(text) {
            return Err(rule_of(path, text, &key, "must be a finite number"));
        }
        let config: Self =
            toml::from_str(text).map_err(|error| ConfigError::Malformed { path: path.to_owned(), error })?;
        let config = Self { text: text.to_owned(), ..config };
        match config.broken_rule() {
            Some((key, rule)) => Err(config.rule(path, &key, rule)),
            None => Ok(config),
        }
    }

    /// The text that was read.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A rule that the value of this key breaks.
    pub(crate) fn rule(&self, path: &Path, key: &str, rule: impl core::fmt::Display) -> ConfigError {
        rule_of(path, &self.text, key, rule)
    }
}

/// A rule that the value of a key of this text breaks.
pub(crate) fn rule_of(path: &Path, text: &str, key: &str, rule: impl core::fmt::Display) -> ConfigError {
    let line = line::of_key(text, key);
    ConfigError::Rule { path: path.to_owned(), line, key: key.to_owned(), rule: rule.to_string() }
}

/// The line as messages name it.
fn place(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!("line {line}: "))
}

#[cfg(test)]
mod tests;
