//! The fair value, as configuration writes it: of one market, or blended from several.

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, de::IntoDeserializer};

use super::{Bps, Duration, MarketConfig, Size};

/// The fair value: that of the own market ([`MarketFairConfig`]), or a table of `kind = "blend"`.
#[derive(Clone, Debug)]
pub enum FairConfig {
    /// Of the own market.
    Own(MarketFairConfig),
    /// From several markets.
    Blend(BlendConfig),
}

/// The fair value of one market: `"mid"`, or a table of one key such as `{ vwap = { window = "10s", trades_full = 20 } }`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum MarketFairConfig {
    /// Midpoint.
    Mid,
    /// Midpoint weighted by the opposite sizes, commonly called micro-price.
    #[default]
    WeightedMid,
    /// The same over several levels a side.
    DepthMid(DepthMidConfig),
    /// Midpoint moved by the imbalance of the visible depth.
    Imbalance(ImbalanceConfig),
    /// Midpoint moved by the signed volume of the aggressors.
    TradeFlow(TradeFlowConfig),
    /// Average price by volume of the trades of a window.
    Vwap(VwapConfig),
}

/// Midpoint weighted over several levels.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DepthMidConfig {
    /// Levels a side.
    pub levels: usize,
}

/// Midpoint moved by the imbalance of the visible depth.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImbalanceConfig {
    /// Levels a side.
    pub levels: usize,
    /// Share of the half spread by which a one-sided book moves it.
    pub strength: f64,
}

/// Midpoint moved by the signed volume of the aggressors.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TradeFlowConfig {
    /// Time after which a trade weighs half.
    pub half_life: Duration,
    /// Volume at which a one-sided flow has half its full effect.
    pub reference: Size,
    /// Share of the half spread by which a one-sided flow moves it at the most.
    pub strength: f64,
    /// No value before this much time.
    pub warm_up: Duration,
}

/// Average price by volume.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VwapConfig {
    /// Length of the window.
    pub window: Duration,
    /// Trades from which on it is trusted in full.
    pub trades_full: u32,
}

/// A fair value from several markets. Each input counts by its weight, its confidence and its age.
#[derive(Clone, Debug)]
pub struct BlendConfig {
    /// The inputs; the quoted market may be among them, and any market more than once.
    pub inputs: Vec<BlendInputConfig>,
    /// What is quoted around.
    pub around: AroundConfig,
    /// The fair value of the own market: what `around = "own"` quotes around, and what the distance of other venues
    /// (`shape.venues`) is counted from.
    pub own: MarketFairConfig,
    /// Up to this age an input counts in full.
    pub fresh: Duration,
    /// From this age on it does not count at all.
    pub stale: Duration,
    /// What it counts for falls by half in this time in between; in proportion to the time where absent.
    pub half_life: Option<Duration>,
    /// Inputs further apart than this contradict each other: nothing is quoted.
    pub apart_max_bps: Bps,
    /// Each half spread is wider by so many deviations of the price since the freshest input ceased to be fresh.
    pub widen_sigmas: f64,
    /// Nothing is quoted where that would be wider than this.
    pub widen_max_bps: Bps,
}

/// One input of a blend.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlendInputConfig {
    /// Market of the instrument it is taken from: the one on the quoted instrument's base asset.
    pub market: MarketConfig,
    /// Its symbol, where it is another one.
    pub symbol: Option<String>,
    /// Which fair value of that instrument.
    #[serde(default)]
    pub kind: MarketFairConfig,
    /// What it counts for while fresh, relative to the others.
    pub weight: f64,
    /// Whether nothing is quoted without it.
    pub need: NeedConfig,
    /// What it usually lies above another input is taken off; nothing where absent.
    pub basis: Option<BasisConfig>,
}

/// Whether there is a blend without an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NeedConfig {
    /// No.
    Required,
    /// Yes.
    Optional,
}

/// How the usual distance of an input from another one is measured.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasisConfig {
    /// The other input by its place in the list, from 0; one without a basis of its own.
    pub against: usize,
    /// Time after which a distance weighs half.
    pub half_life: Duration,
    /// No basis before this much time, and without it no input.
    pub warm_up: Duration,
    /// A distance holds until the next one, but not for longer than this.
    pub hold_max: Duration,
    /// The basis is forgotten when no distance was seen for this long.
    pub age_max: Duration,
}

/// What is quoted around where there is a blend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AroundConfig {
    /// The blend, wider as its inputs age.
    #[default]
    Blend,
    /// The own market's fair value; the blend only says how far from it the other venues are.
    Own,
}

/// The fair value: the name or the one key of a fair value of the own market, or a table of `kind = "blend"`.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "describes what the visitor below reads")]
enum FairForms {
    Table(Box<FairTable>),
    Name(MarketFairConfig),
}

/// Which table of a fair value.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Blend,
}

/// The keys of a blend, and those of one market's fair values, in one table, so that an unknown key or a value of another type
/// is named with its line.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FairTable {
    /// `blend`; absent for a table of one key that names a fair value of the own market.
    kind: Option<Kind>,
    /// The inputs; the quoted market may be among them, and any market more than once.
    inputs: Option<Vec<BlendInputConfig>>,
    /// What is quoted around; the blend where absent.
    around: Option<AroundConfig>,
    /// The fair value of the own market: what `around = "own"` quotes around, and what the distance of other venues
    /// (`shape.venues`) is counted from; `weighted-mid` where absent.
    own: Option<MarketFairConfig>,
    /// Up to this age an input counts in full.
    fresh: Option<Duration>,
    /// From this age on it does not count at all.
    stale: Option<Duration>,
    /// What it counts for falls by half in this time in between; in proportion to the time where absent.
    half_life: Option<Duration>,
    /// Inputs further apart than this contradict each other: nothing is quoted.
    apart_max_bps: Option<Bps>,
    /// Each half spread is wider by so many deviations of the price since the freshest input ceased to be fresh.
    widen_sigmas: Option<f64>,
    /// Nothing is quoted where that would be wider than this.
    widen_max_bps: Option<Bps>,
    /// Midpoint weighted over several levels.
    #[serde(rename = "depth-mid")]
    depth_mid: Option<DepthMidConfig>,
    /// Midpoint moved by the imbalance of the visible depth.
    imbalance: Option<ImbalanceConfig>,
    /// Midpoint moved by the signed volume of the aggressors.
    #[serde(rename = "trade-flow")]
    trade_flow: Option<TradeFlowConfig>,
    /// Average price by volume of the trades of a window.
    vwap: Option<VwapConfig>,
}

impl Default for FairConfig {
    fn default() -> Self {
        Self::Own(MarketFairConfig::default())
    }
}

impl FairConfig {
    /// Whether a blend is what is quoted around.
    pub(super) fn is_quoted_around(&self) -> bool {
        matches!(self, Self::Blend(blend) if blend.around == AroundConfig::Blend)
    }
}

impl JsonSchema for FairConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FairConfig".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        FairForms::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for FairConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms)
    }
}

/// Reads a name or a table; asking serde to try one after the other would lose the place and the reason.
struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = FairConfig;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the name of a fair value, or a table")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<FairConfig, E> {
        let name: StrDeserializer<'_, E> = name.into_deserializer();
        MarketFairConfig::deserialize(name).map(FairConfig::Own)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FairConfig, A::Error> {
        let table = FairTable::deserialize(MapAccessDeserializer::new(map))?;
        FairConfig::try_from(table).map_err(Error::custom)
    }
}

fn needed<T>(key: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("missing key `{key}`"))
}

impl TryFrom<FairTable> for FairConfig {
    type Error = String;

    fn try_from(table: FairTable) -> Result<Self, String> {
        match table.kind {
            Some(Kind::Blend) => table.blend().map(Self::Blend),
            None => table.own().map(Self::Own),
        }
    }
}

impl FairTable {
    fn blend(self) -> Result<BlendConfig, String> {
        let strangers = [
            ("depth-mid", self.depth_mid.is_some()),
            ("imbalance", self.imbalance.is_some()),
            ("trade-flow", self.trade_flow.is_some()),
            ("vwap", self.vwap.is_some()),
        ];
        if let Some((key, _)) = strangers.into_iter().find(|(_, is_there)| *is_there) {
            return Err(format!(
                "`{key}` belongs to another kind of fair value: give it as the `kind` of an input"
            ));
        }
        Ok(BlendConfig {
            inputs: needed("inputs", self.inputs)?,
            around: self.around.unwrap_or_default(),
            own: self.own.unwrap_or_default(),
            fresh: needed("fresh", self.fresh)?,
            stale: needed("stale", self.stale)?,
            half_life: self.half_life,
            apart_max_bps: needed("apart_max_bps", self.apart_max_bps)?,
            widen_sigmas: needed("widen_sigmas", self.widen_sigmas)?,
            widen_max_bps: needed("widen_max_bps", self.widen_max_bps)?,
        })
    }

    fn own(self) -> Result<MarketFairConfig, String> {
        let strangers = [
            ("inputs", self.inputs.is_some()),
            ("around", self.around.is_some()),
            ("own", self.own.is_some()),
            ("fresh", self.fresh.is_some()),
            ("stale", self.stale.is_some()),
            ("half_life", self.half_life.is_some()),
            ("apart_max_bps", self.apart_max_bps.is_some()),
            ("widen_sigmas", self.widen_sigmas.is_some()),
            ("widen_max_bps", self.widen_max_bps.is_some()),
        ];
        if let Some((key, _)) = strangers.into_iter().find(|(_, is_there)| *is_there) {
            return Err(format!("`{key}` belongs to a table of `kind = \"blend\"`"));
        }
        let given = [
            self.depth_mid.map(MarketFairConfig::DepthMid),
            self.imbalance.map(MarketFairConfig::Imbalance),
            self.trade_flow.map(MarketFairConfig::TradeFlow),
            self.vwap.map(MarketFairConfig::Vwap),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => needed("kind", None),
            (Some(_), Some(_)) => Err("give one kind of fair value, not two".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
