//! What of a configuration may change while a run goes on, by key.
//!
//! How instruments are quoted may, and the numbers of limits: of orders and positions, of losses, and of everything together. What is
//! laid out at the start may not: instruments, markets, connections, threads, fees, hedges, what is watched for arbitrage, and what
//! memory is reserved for.
//!
//! Never here: a value that breaks a rule of its own.

use std::path::Path;

use toml::{Table, Value};

use super::{Config, ConfigError};

/// Keys of a table `quoting` that are laid out at the start; those of losses below the last are not.
const LAID_OUT: [&str; 4] = ["markets", "limits.open_orders_max", "limits.sweep", "limits.controls"];
/// The controls whose numbers may change.
const LOSSES: &str = "limits.controls.loss.";
/// Keys of a table `risk`, and of a market and a strategy there, that may change.
const LIMITS: [&str; 4] = ["exposure", "credit", "loss", "messages"];

impl Config {
    /// Refuses what cannot change while a run of this configuration goes on: the first key of `next` that is otherwise and may not be.
    ///
    /// # Errors
    /// [`ConfigError::Rule`], naming the place in `next` and the rule.
    pub fn may_become(&self, next: &Self, path: &Path) -> Result<(), ConfigError> {
        let table = |config: &Self| config.text.parse::<Table>().unwrap_or_default();
        let mut changed = Vec::new();
        differences(&Value::Table(table(self)), &Value::Table(table(next)), String::new(), &mut changed);
        match changed.into_iter().find(|key| !may_change(key)) {
            Some(key) => Err(next.rule(path, &key, "cannot change while running: start anew for it")),
            None => Ok(()),
        }
    }
}

/// The keys of what is otherwise, tables of an array by number.
fn differences(one: &Value, other: &Value, key: String, into: &mut Vec<String>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match (one, other) {
        (Value::Table(one), Value::Table(other)) => {
            let nothing = Value::Table(Table::new());
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            for name in names {
                match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => differences(one, other, below(name), into),
                    // A table that comes or goes is told by what is in it.
                    (Some(table @ Value::Table(_)), None) | (None, Some(table @ Value::Table(_))) => {
                        differences(table, &nothing, below(name), into);
                    }
                    (Some(_), None) | (None, Some(_)) => into.push(below(name)),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(one), Value::Array(other))
            if one.len() == other.len() && one.iter().chain(other).all(Value::is_table) =>
        {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differences(one, other, below(&index.to_string()), into);
            }
        }
        (one, other) if one == other => {}
        _ => into.push(key),
    }
}

fn may_change(key: &str) -> bool {
    let of_instrument = || {
        let (index, rest) = key.strip_prefix("instrument.")?.split_once('.')?;
        index.parse::<usize>().ok().and(rest.strip_prefix("quoting."))
    };
    if let Some(quoting) = key.strip_prefix("quoting.").or_else(of_instrument) {
        let laid_out = |fixed: &str| {
            quoting == fixed || quoting.strip_prefix(fixed).is_some_and(|rest| rest.starts_with('.'))
        };
        return quoting.starts_with(LOSSES) || !LAID_OUT.iter().any(|fixed| laid_out(fixed));
    }
    let Some(risk) = key.strip_prefix("risk.") else { return false };
    let mut parts = risk.split('.');
    match parts.next() {
        Some("asset") => true,
        Some("market" | "strategy") => parts.nth(1).is_some_and(|part| LIMITS.contains(&part)),
        Some(part) => LIMITS.contains(&part),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLAY: &str = include_str!("../../../../config/replay.toml");
    const MORE: &str = "[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\n[risk.exposure]\ngross_max = \"100000\"\n\
                        [[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"usdm\"\n";

    fn becomes(text: &str, other: &str) -> Result<(), String> {
        let path = Path::new("next.toml");
        let read = |text: &str| Config::parse(text, path).unwrap();
        read(text).may_become(&read(other), path).map_err(|error| error.to_string())
    }

    fn refused(text: &str, from: &str, to: &str, key: &str) {
        // The last: what comes before may be a remark.
        let at = text.rfind(from).unwrap();
        let other = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
        let line = 1 + text[..at].matches('\n').count();
        let message = becomes(text, &other).unwrap_err();
        let place = format!("next.toml: line {line}: {key}: cannot change while running");
        assert!(message.starts_with(&place), "{message}");
    }

    #[test]
    fn how_it_is_quoted_may_change_and_limits_too() {
        let text = format!("{REPLAY}\n{MORE}");
        assert_eq!(becomes(&text, &text), Ok(()));
        assert_eq!(becomes(&text, &format!("# a remark\n{text}")), Ok(()));
        assert_eq!(becomes(&text, &text.replace("\"100000\"", "\"5\"")), Ok(()));
        for key in [
            "quoting.model.gamma",
            "quoting.requote",
            "quoting.shape.inventory.skew",
            "quoting.throttle.wait_max",
            "quoting.exits.cooldown",
            "quoting.limits.position_max.lots",
            "quoting.limits.controls.loss.realised_max",
            "instrument.3.quoting.limits.order_max.lots",
            "risk.exposure.net_max",
            "risk.asset.ETH.gross_max",
            "risk.market.usdm.credit.leverage_max",
            "risk.strategy.carry.loss.drawdown_max",
        ] {
            assert!(may_change(key), "{key}");
        }
    }

    #[test]
    fn what_is_laid_out_at_the_start_is_named_by_its_place() {
        for key in [
            "quoting.markets",
            "quoting.limits.open_orders_max",
            "quoting.limits.sweep.live_max",
            "quoting.limits.controls.fills.fills_max",
            "instrument.0.quoting.markets",
            "instrument.0.tick",
            "instrument.0.strategy",
            "risk.account",
            "risk.mark_age_max",
            "risk.budgets.gross.granted",
            "risk.market.usdm.equity",
            "hedge.ratio",
            "live.mode",
            "threads.wait",
            "venue.maker_fee_bps",
            "quotings.model",
        ] {
            assert!(!may_change(key), "{key}");
        }
        let text = format!("{REPLAY}\n{MORE}");
        refused(&text, "symbol = \"ETHUSDT\"", "symbol = \"BTCUSDT\"", "instrument.0.symbol");
        refused(&text, "mark_age_max = \"5s\"", "mark_age_max = \"6s\"", "risk.mark_age_max");
        let two = format!("{text}[[instrument]]\nsymbol = \"BTCUSDT\"\nmarket = \"usdm\"\n");
        let message = becomes(&text, &two).unwrap_err();
        assert!(message.contains(": instrument: cannot change"), "{message}");
    }
}
