//! What a run connects to, as configuration writes it.
//!
//! Never here: a secret. Credentials are named, and read from the environment.

use std::path::{Path, PathBuf};

use ballast_model::{Money, Rate, Span};
use ballast_venue::binance::trade::{DeadMan, TradeMarket};
use ballast_venue::binance::{Copies, Market};
use ballast_wire::{LinkKind, is_address};
use schemars::JsonSchema;
use serde::Deserialize;

use super::dead_man::DeadManConfig;
use super::{Decimal, Duration, MarketConfig};
use crate::journal::Options;

/// What `run` connects to, and how.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveConfig {
    /// Whether orders are real. `live` also needs the flag `--live`.
    #[serde(default)]
    pub mode: ModeConfig,
    /// The markets, each of which gets a thread.
    pub venue: Vec<LiveVenueConfig>,
    /// Which instruments are decided on together.
    #[serde(default)]
    pub shards: ShardsConfig,
    /// What each shard owns of limits that shards share, as parts of one, such as `["0.6", "0.4"]`: of everything, of a market, of a
    /// strategy, of cash, of losses, messages and budgets. Equal parts where absent.
    pub parts: Option<Vec<Decimal>>,
    /// How much the rings between threads hold.
    #[serde(default)]
    pub rings: RingsConfig,
    /// What is done at the start about positions at a venue that the ledger does not know.
    #[serde(default)]
    pub strangers: StrangersConfig,
    /// Largest difference between a venue's clock and ours, half the round trip of its measurement included, with which is quoted:
    /// beyond it quotes are pulled until the clocks agree again.
    #[serde(default = "clock_offset")]
    pub clock_offset_max: Duration,
    /// How long one of a market's connections may say nothing before it is taken for dead.
    #[serde(default = "silence")]
    pub silence_max: Duration,
    /// How long a market that has a timer for it (USD-M) waits for a word of a live run before it cancels everything by itself, or
    /// `"off"`. Where nothing is said: ten seconds, or four for each of its symbols.
    pub dead_man: Option<DeadManConfig>,
    /// Bytes after which a segment of the journal ends and another begins, from 65536 to 1073741824: what the next run reads at most to
    /// recover where this one was.
    #[serde(default = "segment_bytes")]
    pub segment_bytes: u64,
    /// While this file, beside the configuration, exists no order leaves and everything is cancelled.
    pub kill_file: Option<PathBuf>,
}

/// Whether orders are real.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModeConfig {
    /// Real markets, simulated fills.
    #[default]
    Paper,
    /// Orders go to the venue.
    Live,
}

/// What is done about positions at a venue that the ledger does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StrangersConfig {
    /// Nothing is quoted while there are any.
    #[default]
    Refused,
    /// They are booked, at the middle of the market.
    Adopted,
}

/// Which instruments are decided on together, by one thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ShardsConfig {
    /// All.
    #[default]
    One,
    /// Those that have an asset besides cash in common.
    ByAsset,
}

/// One market of a run.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveVenueConfig {
    /// Which.
    pub market: MarketConfig,
    /// Symbols as the venue writes them.
    pub symbols: Vec<String>,
    /// Where streams are, scheme and host: that of the venue where absent.
    pub stream: Option<String>,
    /// Where requests go: that of the venue where absent.
    pub rest: Option<String>,
    /// Where orders go, scheme, host and path: that of the venue where absent.
    pub api: Option<String>,
    /// Over how many connections each of the market's streams comes, from 1 to 4: every message is taken from whichever brings it first,
    /// and a book stands while one of them is whole.
    #[serde(default = "one")]
    pub market_connections: u8,
    /// Of how many connections for orders the one that answers fastest is kept, from 1 to 4.
    #[serde(default = "one")]
    pub order_connections: u8,
    /// With what the names of the credentials in the environment begin: `NAME_KEY`, and `NAME_SECRET` or `NAME_PRIVATE_KEY_FILE`.
    pub credentials: Option<String>,
    /// File with the certificates (PEM) that are trusted besides those of the public authorities.
    pub certificates: Option<PathBuf>,
}

/// How much the rings between a venue's thread and a shard's hold.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RingsConfig {
    /// Slots for markets; at least twice the largest snapshot.
    pub public: usize,
    /// Events of our orders.
    pub private: usize,
}

impl Default for RingsConfig {
    fn default() -> Self {
        Self { public: 1 << 16, private: 1 << 14 }
    }
}

/// Most connections for orders that run against each other: each costs request weight to open.
const ORDER_CONNECTIONS_MAX: u8 = 4;
/// Smallest and largest segment of a journal.
const SEGMENT_MIN: u64 = 1 << 16;
const SEGMENT_MAX: u64 = 1 << 30;

/// Most slots of a ring.
const RING_MAX: usize = 1 << 24;
/// Least time after which a connection may be taken for dead.
const SILENCE_LEAST: Span = Span::from_millis(100);
/// Levels of the largest snapshot.
const SNAPSHOT_LEVELS_MAX: usize = 10_000;

const fn clock_offset() -> Duration {
    Duration::from_millis(250)
}

const fn one() -> u8 {
    1
}

fn segment_bytes() -> u64 {
    Options::default().segment_bytes
}

const fn silence() -> Duration {
    Duration::from_millis(10_000)
}

impl LiveVenueConfig {
    /// Scheme and host of the streams.
    #[must_use]
    pub fn stream(&self) -> &str {
        self.stream.as_deref().unwrap_or(match self.market() {
            Market::Spot => "wss://stream.binance.com:9443",
            Market::UsdM => "wss://fstream.binance.com",
            Market::CoinM => "wss://dstream.binance.com",
        })
    }

    /// Scheme and host of requests.
    #[must_use]
    pub fn rest(&self) -> &str {
        self.rest.as_deref().unwrap_or(match self.market() {
            Market::Spot => "https://api.binance.com",
            Market::UsdM => "https://fapi.binance.com",
            Market::CoinM => "https://dapi.binance.com",
        })
    }

    /// Where orders go.
    #[must_use]
    pub fn api(&self) -> &str {
        self.api.as_deref().unwrap_or(match self.market() {
            Market::Spot => "wss://ws-api.binance.com:443/ws-api/v3",
            Market::UsdM => "wss://ws-fapi.binance.com/ws-fapi/v1",
            Market::CoinM => "wss://ws-dapi.binance.com/ws-dapi/v1",
        })
    }

    /// The market as one that takes orders; `None` where none are sent.
    #[must_use]
    pub fn trade_market(&self) -> Option<TradeMarket> {
        match self.market() {
            Market::Spot => Some(TradeMarket::Spot),
            Market::UsdM => Some(TradeMarket::UsdM),
            Market::CoinM => None,
        }
    }

    /// Over how many connections each of the market's streams comes.
    #[must_use]
    pub fn market_connections(&self) -> Copies {
        Copies::new(self.market_connections).unwrap_or(Copies::ONE)
    }

    /// The market.
    #[must_use]
    pub fn market(&self) -> Market {
        self.market.into()
    }
}

impl LiveConfig {
    /// Where the kill file would be, with the configuration at `path`.
    #[must_use]
    pub fn kill_file(&self, path: &Path) -> Option<PathBuf> {
        self.kill_file.as_ref().map(|file| path.parent().unwrap_or(Path::new("")).join(file))
    }

    /// The timer to keep at a market of a live run; `None` where there is none.
    #[must_use]
    pub fn dead_man(&self, venue: &LiveVenueConfig) -> Option<DeadMan> {
        let market = venue.trade_market().filter(|_| self.mode == ModeConfig::Live)?;
        DeadManConfig::timer(self.dead_man, market, venue.symbols.len())
    }

    /// The first rule that is broken, by key.
    pub(super) fn broken_rule(&self) -> Option<(String, &'static str)> {
        let rule = |key: &str, rule| Some((format!("live.{key}"), rule));
        if !(crate::live::RingSizes::public_min(SNAPSHOT_LEVELS_MAX)..=RING_MAX).contains(&self.rings.public)
        {
            return rule("rings.public", "must be from 5 006 (twice the largest snapshot) to 16 777 216");
        }
        if !(64..=RING_MAX).contains(&self.rings.private) {
            return rule("rings.private", "must be from 64 to 16 777 216");
        }
        if !(SEGMENT_MIN..=SEGMENT_MAX).contains(&self.segment_bytes) {
            return rule("segment_bytes", "must be from 65536 to 1073741824");
        }
        if self.silence_max.span() < SILENCE_LEAST {
            return rule("silence_max", "must be 100ms at least: markets pause");
        }
        if self.clock_offset_max.span().0 <= 0 {
            return rule("clock_offset_max", "must be above zero");
        }
        if let Some(broken) = self.broken_parts() {
            return rule("parts", broken);
        }
        if self.kill_file.as_ref().is_some_and(|file| file.file_name().is_none()) {
            return rule("kill_file", "must name a file");
        }
        if self.venue.is_empty() {
            return rule("venue", "must name a market");
        }
        self.venue.iter().enumerate().find_map(|(index, venue)| {
            let before = self.venue.get(..index).unwrap_or_default();
            if before.iter().any(|other| other.market == venue.market) {
                return rule(&format!("venue.{index}.market"), "is named twice");
            }
            if self.mode == ModeConfig::Live && venue.trade_market().is_none() {
                let broken =
                    "orders are not sent to coin-margined markets, only simulated: `mode` must be \"paper\"";
                return rule(&format!("venue.{index}.market"), broken);
            }
            if self.mode == ModeConfig::Live && venue.credentials.is_none() {
                return rule(&format!("venue.{index}"), "live orders need `credentials`");
            }
            if let Some((dead_man, market)) = self.dead_man.zip(venue.trade_market())
                && let Some(broken) = dead_man.broken_rule(market, venue.symbols.len())
            {
                return rule("dead_man", broken);
            }
            let (key, broken) = venue.broken_rule()?;
            rule(&format!("venue.{index}.{key}"), broken)
        })
    }
}

impl LiveConfig {
    /// A part as a share of the whole, rounded down.
    pub(crate) fn share(part: &Decimal) -> Rate {
        let share = part.money().0 / (Money::ONE.0 / i128::from(Rate::ONE.0));
        Rate(i64::try_from(share).unwrap_or(i64::MAX))
    }

    fn broken_parts(&self) -> Option<&'static str> {
        let parts = self.parts.as_ref()?;
        if self.shards == ShardsConfig::One {
            return Some("one shard owns everything: `shards` is not \"by-asset\"");
        }
        let one = Money::ONE.0;
        if parts.is_empty() || parts.iter().any(|part| !(1..=one).contains(&part.money().0)) {
            return Some("each must be above zero and at most 1");
        }
        let sum = parts.iter().try_fold(0_i128, |sum, part| sum.checked_add(part.money().0));
        sum.is_none_or(|sum| sum > one).then_some("come to more than the whole, which is 1")
    }
}

impl LiveVenueConfig {
    fn broken_rule(&self) -> Option<(String, &'static str)> {
        let said = |(key, broken): (&str, _)| (key.to_owned(), broken);
        if let Some(at) = self.symbols.iter().position(|symbol| !is_symbol(symbol)) {
            return Some((format!("symbols.{at}"), SYMBOL));
        }
        if self.credentials.as_ref().is_some_and(|name| !is_variable(name)) {
            return Some(said((
                "credentials",
                "must be letters, digits and _: names in the environment begin with it",
            )));
        }
        self.broken_number().or_else(|| self.broken_address()).map(said)
    }

    fn broken_number(&self) -> Option<(&'static str, &'static str)> {
        let symbols = &self.symbols;
        let twice = |(at, symbol): (usize, &String)| symbols.get(..at).unwrap_or_default().contains(symbol);
        if symbols.is_empty() || symbols.len() > ballast_venue::binance::INSTRUMENTS_MAX {
            return Some(("symbols", "must be from 1 to 64"));
        }
        if symbols.iter().enumerate().any(twice) {
            return Some(("symbols", "names a symbol twice"));
        }
        if Copies::new(self.market_connections).is_none() {
            return Some(("market_connections", "must be from 1 to 4"));
        }
        if !(1..=ORDER_CONNECTIONS_MAX).contains(&self.order_connections) {
            return Some(("order_connections", "must be from 1 to 4"));
        }
        None
    }

    fn broken_address(&self) -> Option<(&'static str, &'static str)> {
        let path_of =
            |url: &str| url.split_once("://").and_then(|(_, rest)| rest.find(['/', '?', '#'])).is_some();
        let (stream, api, rest) = (self.stream(), self.api(), self.rest());
        for (key, url, schemes, kind, rule) in [
            ("stream", stream, ["ws://", "wss://"], LinkKind::WebSocket, SOCKETS),
            ("api", api, ["ws://", "wss://"], LinkKind::WebSocket, SOCKETS),
            ("rest", rest, ["http://", "https://"], LinkKind::Http, REQUESTS),
        ] {
            if !schemes.iter().any(|scheme| url.starts_with(scheme)) {
                return Some((key, rule));
            }
            if !is_address(kind, url) {
                return Some((key, "is no address: a host is missing, or the port is not from 1 to 65535"));
            }
            match (key, path_of(url)) {
                ("api", false) => return Some((key, "must name the path too, as in wss://host/ws-api/v3")),
                ("stream" | "rest", true) => {
                    return Some((key, "must end with the host or its port: paths are the venue's"));
                }
                _ => {}
            }
        }
        None
    }
}

/// How a symbol must be spelt.
const SYMBOL: &str = "must be spelt as the venue does, in capital letters and digits, such as ETHUSDT or ETHUSD_PERP: \
    1 to 50 of them, or . - _";
const SOCKETS: &str = "must begin with ws:// or wss://";
const REQUESTS: &str = "must begin with http:// or https://";

/// Longest symbol.
const SYMBOL_MAX: usize = 50;

fn is_symbol(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=SYMBOL_MAX).contains(&text.len()) && text.bytes().all(fits)
}

/// Whether names of the environment can begin so.
fn is_variable(text: &str) -> bool {
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    begins && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
