//! How quotes are bent between the model and the orders, as configuration writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bps, Decimal, Duration, Size};

/// Adjustments, inventory ladder, levels and sizes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShapeConfig {
    /// All shifts together go no further than this many basis points of the mid.
    pub shift_max_bps: Bps,
    /// All adjustments together widen a side by no more than this many basis points of the mid.
    pub widen_max_bps: Bps,
    /// Depth counts this many ticks behind the best price and around a level.
    pub depth_within_ticks: u32,
    /// Wider with volatility.
    pub volatility: Option<VolatilityShape>,
    /// Wider where the book is thin.
    pub liquidity: Option<LiquidityShape>,
    /// With the drift, and wider against it.
    pub momentum: Option<MomentumShape>,
    /// Towards other venues: the inputs of a blended fair value ([`super::FairConfig`]) that are of other instruments.
    pub venues: Option<VenuesShape>,
    /// Hold, skew, reduce, hedge, liquidate.
    pub inventory: InventoryShape,
    /// Levels and sizes anew; the model's own where absent.
    pub size: Option<SizeShape>,
}

/// `slope · max(0, σ/reference − 1)`, at most `widen_max`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VolatilityShape {
    /// The volatility the model's spread is meant for, basis points of the mid per square root of a second.
    pub reference_bps_per_sqrt_s: f64,
    /// Extra half spread for each reference volatility above the first, basis points.
    pub slope_bps: f64,
    /// Never wider than this.
    pub widen_max_bps: Bps,
}

/// `widen_max · max(0, 1 − depth/reference)`, each side by its own depth.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiquidityShape {
    /// From this depth on a side is not thin.
    pub reference: Size,
    /// Wider by this where nothing stands.
    pub widen_max_bps: Bps,
}

/// Both quotes shift by `drift · horizon`, the side against the drift is wider by `widen_share` of that.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MomentumShape {
    /// Time after which a move weighs half in the drift.
    pub half_life: Duration,
    /// No drift before this much time.
    pub warm_up: Duration,
    /// How far ahead the drift is trusted.
    pub horizon: Duration,
    /// Extra distance of the side against the drift per tick of expected move.
    pub widen_share: f64,
    /// No shift beyond this.
    pub shift_max_bps: Bps,
    /// Never wider than this.
    pub widen_max_bps: Bps,
}

/// With the distance `g` from the own market's fair value to that of other venues, both quotes shift by `shift_share · g` and
/// both are wider by `widen_share · |g|`; wider by the whole `widen_max` while `g` is not known.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VenuesShape {
    /// How much of the distance the quotes go, 0 to 1.
    pub shift_share: f64,
    /// Extra half spread per tick of distance.
    pub widen_share: f64,
    /// No shift beyond this.
    pub shift_max_bps: Bps,
    /// Never wider than this.
    pub widen_max_bps: Bps,
}

/// The inventory ladder: each stage is entered at the first share of the limit and left at the second. The last two go by what is
/// held without doubt, and may be left out. None is entered beyond `limits.position_max`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InventoryShape {
    /// The limit the shares are shares of.
    pub limit: Size,
    /// A full skew moves quotes this many basis points; zero where the model skews by itself.
    pub skew_max_bps: Bps,
    /// Quotes are moved.
    pub skew: [f64; 2],
    /// The adding side stops.
    pub reduce: [f64; 2],
    /// The hedge works off what it would leave inside its band. Needs a table `hedge` that hedges the instrument.
    pub hedge: Option<[f64; 2]>,
    /// The position is closed by reduce-only orders that take, and quotes are pulled. Needs `protection_bps`.
    pub liquidate: Option<[f64; 2]>,
    /// The order that closes goes at most this many basis points through the midpoint; no more than the collar.
    pub protection_bps: Option<Bps>,
}

/// Levels and sizes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SizeShape {
    /// Size of the best level when flat.
    pub best: SizeRuleConfig,
    /// Smallest order.
    pub min: Size,
    /// Largest order.
    pub max: Size,
    /// What becomes of a smaller size.
    pub below_min: BelowMinConfig,
    /// How large the reducing side is at the limit, as a multiple of its size when flat.
    pub reducing_at_limit: f64,
    /// Levels a side behind the model's best; the model's own levels where absent.
    pub levels: Option<LevelsShape>,
}

/// How large the best level is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SizeRuleConfig {
    /// This size.
    Fixed(Size),
    /// This value in the quote currency.
    Notional(Decimal),
    /// This share of what others show near the level.
    ShareOfDepth(f64),
    /// What this share of the account's equity at the instrument's market buys, up to 10: of `equity` in `[risk.market]`, and what
    /// was earned since where `maintenance_bps` is stated.
    ShareOfEquity(f64),
}

/// What becomes of a size below the smallest order.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BelowMinConfig {
    /// It is raised.
    Raise,
    /// It is not quoted.
    Drop,
}

/// The levels of a side.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelsShape {
    /// How many.
    pub count: usize,
    /// How far apart.
    pub step: StepShape,
    /// Growth from level to level.
    pub profile: ProfileShape,
}

/// How far apart levels are.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum StepShape {
    /// In ticks.
    Ticks(u32),
    /// In basis points of the price before.
    Bps(Bps),
}

/// How sizes grow behind the best level.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ProfileShape {
    /// All alike.
    Flat,
    /// By this share of the best size a level.
    Linear(f64),
    /// By this factor a level.
    Geometric(f64),
}

/// When quotes may change.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThrottleConfig {
    /// Least time between two re-quotes.
    pub interval_min: Duration,
    /// Most time a small change waits.
    pub wait_max: Duration,
    /// A change is large where the mid has moved by this many basis points.
    pub mid_move_bps: Option<Bps>,
    /// A change is large where a best wanted price has moved by this many ticks.
    pub quote_move_ticks: Option<u32>,
    /// A change is large where the position has moved by this much.
    pub inventory_move: Option<Size>,
}
