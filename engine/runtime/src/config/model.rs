//! The model, as configuration writes it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Duration, Size};

/// The model.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "ModelTable")]
pub enum ModelConfig {
    /// Avellaneda and Stoikov (2008).
    AvellanedaStoikov {
        /// Risk aversion per unit of quote currency.
        gamma: f64,
        /// Decay of the fill rate per basis point of distance from the mid.
        k_per_bp: f64,
        /// Session length; absent for the infinite horizon.
        session: Option<Duration>,
        /// Size of a quote.
        size: Size,
        /// Size of the reducing side at the inventory limit; the same as `size` where absent.
        size_reducing_max: Option<Size>,
        /// The adding side stops here.
        inventory_max: Size,
        /// Inventory moves no quote further than this many basis points.
        skew_max_bps: f64,
    },
    /// Fixed distance around the mid.
    FixedSpread {
        /// Distance from the reservation price, in ticks.
        half_spread_ticks: u32,
        /// Ticks by which one base unit of position moves the reservation price against itself.
        skew_ticks_per_base: f64,
        /// Size of a quote.
        size: Size,
        /// The adding side stops here.
        inventory_max: Size,
    },
}

/// Which model.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    AvellanedaStoikov,
    FixedSpread,
}

/// The keys of all models in one table, so that an unknown key or a value of another type is named with its line: an enum
/// tagged by one of its keys would forget where they stand.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModelTable {
    kind: Kind,
    gamma: Option<f64>,
    k_per_bp: Option<f64>,
    session: Option<Duration>,
    size: Option<Size>,
    size_reducing_max: Option<Size>,
    inventory_max: Option<Size>,
    skew_max_bps: Option<f64>,
    half_spread_ticks: Option<u32>,
    skew_ticks_per_base: Option<f64>,
}

fn needed<T>(key: &str, value: Option<T>) -> Result<T, String> {
    value.ok_or_else(|| format!("missing key `{key}`"))
}

impl TryFrom<ModelTable> for ModelConfig {
    type Error = String;

    fn try_from(table: ModelTable) -> Result<Self, String> {
        table.check_strangers()?;
        let size = needed("size", table.size)?;
        let inventory_max = needed("inventory_max", table.inventory_max)?;
        Ok(match table.kind {
            Kind::AvellanedaStoikov => Self::AvellanedaStoikov {
                gamma: needed("gamma", table.gamma)?,
                k_per_bp: needed("k_per_bp", table.k_per_bp)?,
                session: table.session,
                size,
                size_reducing_max: table.size_reducing_max,
                inventory_max,
                skew_max_bps: needed("skew_max_bps", table.skew_max_bps)?,
            },
            Kind::FixedSpread => Self::FixedSpread {
                half_spread_ticks: needed("half_spread_ticks", table.half_spread_ticks)?,
                skew_ticks_per_base: needed("skew_ticks_per_base", table.skew_ticks_per_base)?,
                size,
                inventory_max,
            },
        })
    }
}

impl ModelTable {
    /// Refuses the keys of another model.
    fn check_strangers(&self) -> Result<(), String> {
        let avellaneda = [
            ("gamma", self.gamma.is_some()),
            ("k_per_bp", self.k_per_bp.is_some()),
            ("session", self.session.is_some()),
            ("size_reducing_max", self.size_reducing_max.is_some()),
            ("skew_max_bps", self.skew_max_bps.is_some()),
        ];
        let fixed = [
            ("half_spread_ticks", self.half_spread_ticks.is_some()),
            ("skew_ticks_per_base", self.skew_ticks_per_base.is_some()),
        ];
        let strangers: &[(&str, bool)] = match self.kind {
            Kind::AvellanedaStoikov => &fixed,
            Kind::FixedSpread => &avellaneda,
        };
        match strangers.iter().find(|(_, is_there)| *is_there) {
            Some((key, _)) => Err(format!("key `{key}` belongs to another kind of model")),
            None => Ok(()),
        }
    }
}
