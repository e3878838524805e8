//! What the engine is configured as: the shipped quoter, at one instrument of the simulated venue.

use std::path::Path;

use ballast_runtime::config::Config;

use crate::run::SimError;

/// What the configuration calls the keys.
pub(crate) const KEYS: &str = "SIM";
/// What it would be called as a file.
pub(crate) const NAME: &str = "sim.toml";

/// The configuration; `width` tells those apart that take each other's place while a run goes on.
pub(crate) fn text(width: u32) -> String {
    let gamma = 50 + width;
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
[[live.venue]]
market = "usdm"
symbols = ["ETHUSDT"]
stream = "ws://venue"
rest = "http://venue"
api = "ws://venue/ws-fapi/v1"
credentials = "{KEYS}"
"#
    )
}

/// It, read.
///
/// # Errors
/// Where it is none, which only its writer can mend.
pub(crate) fn config() -> Result<Config, SimError> {
    Config::parse(&text(0), Path::new(NAME)).map_err(|error| SimError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_can_be_used_and_changed_while_it_is() {
        let before = config().unwrap();
        let after = Config::parse(&text(7), Path::new(NAME)).unwrap();
        before.may_become(&after, Path::new(NAME)).unwrap();
    }
}
