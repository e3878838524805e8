//! What the engine is configured as: the shipped quoter at one instrument, alone or hedged at another market.

use std::path::Path;

use ballast_runtime::config::Config;

use crate::plan::Markets;
use crate::run::SimError;

/// What the configuration calls the keys.
pub(crate) const KEYS: &str = "SIM";
/// What it would be called as a file.
pub(crate) const NAME: &str = "sim.toml";

/// The configuration; `width` tells those apart that take each other's place while a run goes on.
pub(crate) fn text(markets: Markets, width: u32) -> String {
    let gamma = 50 + width;
    let (quoted, rest) = match markets {
        Markets::One => ("usdm", USDM.to_owned()),
        Markets::Hedged => ("spot", format!("{HEDGE}{SPOT}{USDM}")),
    };
    format!(
        r#"
schema = 1
[venue]
order_latency = "1ms"
response_latency = "1ms"
clock_offset = "auto"
maker_fee_bps = 2.0
taker_fee_bps = 5.0
cancel_share = 0.0
orders_max = 200
self_trade = "expire-taker"
[quoting]
markets = ["{quoted}"]
requote = "250ms"
price_tolerance_ticks = 2
size_tolerance = 0.5
fair = "weighted-mid"
[quoting.model]
kind = "avellaneda-stoikov"
gamma = 0.{gamma:03}
k_per_bp = 2.0
session = "60s"
size = {{ quote = "1000" }}
inventory_max = {{ quote = "6000" }}
skew_max_bps = 5.0
[quoting.volatility]
half_life = "30s"
interval_min = "100ms"
warm_up = "2s"
samples_min = 10
[quoting.limits]
order_max = {{ quote = "5000" }}
order_notional_max = "10000"
position_max = {{ quote = "6000" }}
open_orders_max = 16
collar_bps = 100.0
order_burst = 40
orders_per_second = 8
touch_age_max = "5s"
order_expiry = "500ms"
[live]
mode = "live"
[live.rings]
public = 16384
private = 2048
{rest}"#
    )
}

/// What spot fills leave open is hedged.
const HEDGE: &str = r#"
[hedge]
market = "usdm"
ratio = 1.0
band = { fixed = { quote = "250" } }
order_max = { quote = "5000" }
notional_max = "20000"
capital = "50000"
margin = 0.1
impact_bps = 0.1
slippage_max_bps = 50.0
cooldown = "50ms"
touch = { age = "500ms", excess = { quote = "1500" }, adverse_bps = 1.0 }
take = { age = "2s", excess = { quote = "3000" }, adverse_bps = 2.0 }
reprice_tolerance_bps = 0.05
reprice_min = "100ms"
reject_rest = "500ms"
check_interval = "250ms"
[hedge.limits]
order_max = { quote = "5000" }
order_notional_max = "10000"
position_max = { quote = "20000" }
open_orders_max = 16
collar_bps = 100.0
order_burst = 40
orders_per_second = 8
touch_age_max = "5s"
order_expiry = "500ms"
"#;

/// Spot, under the same keys.
const SPOT: &str = r#"
[[live.venue]]
market = "spot"
symbols = ["ETHUSDT"]
stream = "ws://venue"
rest = "http://venue"
api = "ws://venue/ws-api/v3"
credentials = "SIM"
"#;

/// USD-M futures.
const USDM: &str = r#"
[[live.venue]]
market = "usdm"
symbols = ["ETHUSDT"]
stream = "ws://venue"
rest = "http://venue"
api = "ws://venue/ws-fapi/v1"
credentials = "SIM"
"#;

/// It, read.
///
/// # Errors
/// Where it is none, which only its writer can mend.
pub(crate) fn config(markets: Markets) -> Result<Config, SimError> {
    Config::parse(&text(markets, 0), Path::new(NAME)).map_err(|error| SimError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_used_and_changed_while_it_is() {
        for markets in [Markets::One, Markets::Hedged] {
            let before = config(markets).unwrap();
            let after = Config::parse(&text(markets, 7), Path::new(NAME)).unwrap();
            before.may_become(&after, Path::new(NAME)).unwrap();
        }
    }
}
