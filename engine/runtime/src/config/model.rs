//! The model, as configuration writes it.

use ballast_core::model::{GlftForm, GridSpacing};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bps, Decimal, Duration, MarketConfig, Size};

/// The model.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "ModelTable")]
pub enum ModelConfig {
    /// Avellaneda and Stoikov (2008).
    AvellanedaStoikov(DealerConfig, AvellanedaConfig),
    /// Guéant, Lehalle and Fernandez-Tapia (2013).
    Glft(DealerConfig, GlftConfig),
    /// Fixed distance around the mid.
    FixedSpread(FixedConfig),
    /// Fixed prices, each unit bought at one sold at the next.
    Grid(GridConfig),
    /// Quotes here, priced from the market a fill is hedged on.
    CrossVenue(CrossConfig),
}

/// What the models of an inventory-averse dealer share.
#[derive(Clone, Debug, JsonSchema)]
pub struct DealerConfig {
    /// Risk aversion per unit of quote currency.
    pub gamma: f64,
    /// Size of a quote.
    pub size: Size,
    /// Size of the reducing side at the inventory limit; the same as `size` where absent.
    pub size_reducing_max: Option<Size>,
    /// The adding side stops here.
    pub inventory_max: Size,
    /// Inventory moves no quote further than this many basis points.
    pub skew_max_bps: f64,
}

/// Avellaneda and Stoikov.
#[derive(Clone, Debug, JsonSchema)]
pub struct AvellanedaConfig {
    /// Decay of the fill rate per basis point of distance from the mid.
    pub k_per_bp: f64,
    /// Session length; absent for the infinite horizon.
    pub session: Option<Duration>,
}

/// Guéant, Lehalle and Fernandez-Tapia.
#[derive(Clone, Debug, JsonSchema)]
pub struct GlftConfig {
    /// Fills per second of a quote at the mid, and decay of that rate per basis point of distance; absent to calibrate both
    /// from public trades.
    pub arrivals: Option<(f64, f64)>,
    /// The closed form, or the exact stationary quotes.
    pub form: FormConfig,
}

/// Fixed distance around the mid.
#[derive(Clone, Debug, JsonSchema)]
pub struct FixedConfig {
    /// Distance from the reservation price.
    pub half_spread: HalfSpreadConfig,
    /// Ticks by which one base unit of position moves the reservation price against itself.
    pub skew_ticks_per_base: f64,
    /// Size of a quote.
    pub size: Size,
    /// The adding side stops here.
    pub inventory_max: Size,
    /// Quotes a side.
    pub levels: usize,
    /// Ticks between the levels of a side.
    pub step_ticks: u32,
    /// Least size each side of the book must show, and how far behind the best price it counts, in ticks.
    pub liquidity_min: Option<(Size, u32)>,
    /// What two fills, one each side, must leave after fees, basis points for each.
    pub profit_margin_bps: Option<Bps>,
    /// How long a fill of one side pulls the other; absent to leave it.
    pub pull_other: Option<Duration>,
}

/// A half spread in ticks, or as a share of the mid.
#[derive(Clone, Copy, Debug, JsonSchema)]
pub enum HalfSpreadConfig {
    /// In ticks.
    Ticks(u32),
    /// In basis points of the mid.
    Bps(Bps),
}

/// A grid.
#[derive(Clone, Debug, JsonSchema)]
pub struct GridConfig {
    /// Where it ends.
    pub range: RangeConfig,
    /// Spacing of its lines.
    pub spacing: SpacingConfig,
    /// Cells between its lines.
    pub cells: usize,
    /// Orders shown on a side at most.
    pub levels: Option<usize>,
    /// Size of each order.
    pub size: Size,
    /// Most that it may bind, in quote currency: what all its bids come to and what it offers at the first midpoint. Absent for
    /// no bound but the limits.
    pub capital: Option<Decimal>,
}

/// Where a grid ends.
#[derive(Clone, Debug, JsonSchema)]
pub enum RangeConfig {
    /// At two prices.
    Prices(Decimal, Decimal),
    /// This far either side of the first midpoint.
    Bps(Bps),
}

/// Cross-venue market making.
#[derive(Clone, Debug, JsonSchema)]
pub struct CrossConfig {
    /// Market of the instrument that a fill is hedged on: the one on the same base asset and in the same quote currency, or in one that
    /// `[risk]` says is worth as much.
    pub hedge_market: MarketConfig,
    /// Size of a quote.
    pub size: Size,
    /// What is not hedged yet stops the adding side here.
    pub inventory_max: Size,
    /// What a hedged fill is to leave after fees, basis points.
    pub margin_bps: Bps,
    /// Half-life of the mean distance between the two markets; absent to take none off.
    pub basis_half_life: Option<Duration>,
    /// A quote is at most this many ticks better than the best price of its side.
    pub improve_max_ticks: u32,
}

/// Closed form or exact.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FormConfig {
    /// The paper's closed-form approximation.
    #[default]
    Approximate,
    /// The stationary solution itself.
    Exact,
}

/// Spacing of a grid's lines.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SpacingConfig {
    /// Equal distances.
    Arithmetic,
    /// Equal ratios.
    Geometric,
}

impl From<FormConfig> for GlftForm {
    fn from(form: FormConfig) -> Self {
        match form {
            FormConfig::Approximate => Self::Approximate,
            FormConfig::Exact => Self::Exact,
        }
    }
}

impl From<SpacingConfig> for GridSpacing {
    fn from(spacing: SpacingConfig) -> Self {
        match spacing {
            SpacingConfig::Arithmetic => Self::Arithmetic,
            SpacingConfig::Geometric => Self::Geometric,
        }
    }
}

/// Which model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    AvellanedaStoikov,
    Glft,
    FixedSpread,
    Grid,
    CrossVenue,
}

/// The keys of all models in one table, so that an unknown key or a value of another type is named with its line: an enum
/// tagged by one of its keys would forget where they stand. Which key belongs to which model, and what it means, is said by
/// the types above.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModelTable {
    kind: Kind,
    gamma: Option<f64>,
    k_per_bp: Option<f64>,
    a_per_second: Option<f64>,
    form: Option<FormConfig>,
    session: Option<Duration>,
    size: Option<Size>,
    size_reducing_max: Option<Size>,
    inventory_max: Option<Size>,
    skew_max_bps: Option<f64>,
    half_spread_ticks: Option<u32>,
    half_spread_bps: Option<Bps>,
    skew_ticks_per_base: Option<f64>,
    levels: Option<usize>,
    step_ticks: Option<u32>,
    liquidity_min: Option<Size>,
    liquidity_within_ticks: Option<u32>,
    profit_margin_bps: Option<Bps>,
    pull_other: Option<Duration>,
    low: Option<Decimal>,
    high: Option<Decimal>,
    range_bps: Option<Bps>,
    spacing: Option<SpacingConfig>,
    cells: Option<usize>,
    capital: Option<Decimal>,
    hedge_market: Option<MarketConfig>,
    margin_bps: Option<Bps>,
    basis_half_life: Option<Duration>,
    improve_max_ticks: Option<u32>,
}

fn needed<T>(key: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("missing key `{key}`"))
}

impl ModelConfig {
    /// Size of a quote.
    pub(super) const fn size(&self) -> &Size {
        match self {
            Self::AvellanedaStoikov(dealer, _) | Self::Glft(dealer, _) => &dealer.size,
            Self::FixedSpread(fixed) => &fixed.size,
            Self::Grid(grid) => &grid.size,
            Self::CrossVenue(cross) => &cross.size,
        }
    }
}

impl TryFrom<ModelTable> for ModelConfig {
    type Error = String;

    fn try_from(table: ModelTable) -> Result<Self, String> {
        table.check_strangers()?;
        Ok(match table.kind {
            Kind::AvellanedaStoikov => {
                let own = AvellanedaConfig {
                    k_per_bp: needed("k_per_bp", table.k_per_bp)?,
                    session: table.session,
                };
                Self::AvellanedaStoikov(table.dealer()?, own)
            }
            Kind::Glft => {
                let arrivals = match (table.a_per_second, table.k_per_bp) {
                    (None, None) => None,
                    (a, k) => Some((needed("a_per_second", a)?, needed("k_per_bp", k)?)),
                };
                let own = GlftConfig { arrivals, form: table.form.unwrap_or_default() };
                Self::Glft(table.dealer()?, own)
            }
            Kind::FixedSpread => Self::FixedSpread(table.fixed()?),
            Kind::Grid => Self::Grid(table.grid()?),
            Kind::CrossVenue => Self::CrossVenue(CrossConfig {
                hedge_market: needed("hedge_market", table.hedge_market)?,
                size: needed("size", table.size)?,
                inventory_max: needed("inventory_max", table.inventory_max)?,
                margin_bps: needed("margin_bps", table.margin_bps)?,
                basis_half_life: table.basis_half_life,
                improve_max_ticks: table.improve_max_ticks.unwrap_or(0),
            }),
        })
    }
}

impl ModelTable {
    fn dealer(self) -> Result<DealerConfig, String> {
        Ok(DealerConfig {
            gamma: needed("gamma", self.gamma)?,
            size: needed("size", self.size)?,
            size_reducing_max: self.size_reducing_max,
            inventory_max: needed("inventory_max", self.inventory_max)?,
            skew_max_bps: needed("skew_max_bps", self.skew_max_bps)?,
        })
    }

    fn fixed(self) -> Result<FixedConfig, String> {
        let half_spread = match (self.half_spread_ticks, self.half_spread_bps) {
            (Some(ticks), None) => HalfSpreadConfig::Ticks(ticks),
            (None, Some(bps)) => HalfSpreadConfig::Bps(bps),
            (None, None) => return needed("half_spread_ticks", None),
            (Some(_), Some(_)) => {
                return Err("give half_spread_ticks or half_spread_bps, not both".to_owned());
            }
        };
        let within = self.liquidity_within_ticks;
        if self.liquidity_min.is_none() && within.is_some() {
            return needed("liquidity_min", None);
        }
        Ok(FixedConfig {
            half_spread,
            skew_ticks_per_base: needed("skew_ticks_per_base", self.skew_ticks_per_base)?,
            size: needed("size", self.size)?,
            inventory_max: needed("inventory_max", self.inventory_max)?,
            levels: self.levels.unwrap_or(1),
            step_ticks: self.step_ticks.unwrap_or(1),
            liquidity_min: self.liquidity_min.map(|size| (size, within.unwrap_or(0))),
            profit_margin_bps: self.profit_margin_bps,
            pull_other: self.pull_other,
        })
    }

    fn grid(self) -> Result<GridConfig, String> {
        let range = match (self.low, self.high, self.range_bps) {
            (None, None, range) => RangeConfig::Bps(needed("range_bps", range)?),
            (low, high, None) => RangeConfig::Prices(needed("low", low)?, needed("high", high)?),
            (_, _, Some(_)) => return Err("give low and high, or range_bps, not both".to_owned()),
        };
        Ok(GridConfig {
            range,
            spacing: needed("spacing", self.spacing)?,
            cells: needed("cells", self.cells)?,
            levels: self.levels,
            size: needed("size", self.size)?,
            capital: self.capital,
        })
    }

    /// Refuses the keys of other models.
    fn check_strangers(&self) -> Result<(), String> {
        use Kind::{AvellanedaStoikov, CrossVenue, FixedSpread, Glft, Grid};
        let keys: [(&str, bool, &[Kind]); 27] = [
            ("gamma", self.gamma.is_some(), &[AvellanedaStoikov, Glft]),
            ("k_per_bp", self.k_per_bp.is_some(), &[AvellanedaStoikov, Glft]),
            ("a_per_second", self.a_per_second.is_some(), &[Glft]),
            ("form", self.form.is_some(), &[Glft]),
            ("session", self.session.is_some(), &[AvellanedaStoikov]),
            ("size_reducing_max", self.size_reducing_max.is_some(), &[AvellanedaStoikov, Glft]),
            (
                "inventory_max",
                self.inventory_max.is_some(),
                &[AvellanedaStoikov, Glft, FixedSpread, CrossVenue],
            ),
            ("skew_max_bps", self.skew_max_bps.is_some(), &[AvellanedaStoikov, Glft]),
            ("half_spread_ticks", self.half_spread_ticks.is_some(), &[FixedSpread]),
            ("half_spread_bps", self.half_spread_bps.is_some(), &[FixedSpread]),
            ("skew_ticks_per_base", self.skew_ticks_per_base.is_some(), &[FixedSpread]),
            ("levels", self.levels.is_some(), &[FixedSpread, Grid]),
            ("step_ticks", self.step_ticks.is_some(), &[FixedSpread]),
            ("liquidity_min", self.liquidity_min.is_some(), &[FixedSpread]),
            ("liquidity_within_ticks", self.liquidity_within_ticks.is_some(), &[FixedSpread]),
            ("profit_margin_bps", self.profit_margin_bps.is_some(), &[FixedSpread]),
            ("pull_other", self.pull_other.is_some(), &[FixedSpread]),
            ("low", self.low.is_some(), &[Grid]),
            ("high", self.high.is_some(), &[Grid]),
            ("range_bps", self.range_bps.is_some(), &[Grid]),
            ("spacing", self.spacing.is_some(), &[Grid]),
            ("cells", self.cells.is_some(), &[Grid]),
            ("capital", self.capital.is_some(), &[Grid]),
            ("hedge_market", self.hedge_market.is_some(), &[CrossVenue]),
            ("margin_bps", self.margin_bps.is_some(), &[CrossVenue]),
            ("basis_half_life", self.basis_half_life.is_some(), &[CrossVenue]),
            ("improve_max_ticks", self.improve_max_ticks.is_some(), &[CrossVenue]),
        ];
        let stranger = keys.iter().find(|(_, is_there, kinds)| *is_there && !kinds.contains(&self.kind));
        match stranger {
            Some((key, ..)) => Err(format!("key `{key}` belongs to another kind of model")),
            None => Ok(()),
        }
    }
}
