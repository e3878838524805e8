//! What is known, in words and as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

use crate::config::Plan;
use crate::known::Look;
use crate::state::{Place, Pool, Position, State};
use crate::value::{Unit, of_position};

/// How many places behind the point are shown.
const PLACES: usize = 6;

/// How wide the gauge of a range is.
const WIDTH: usize = 20;

/// What a look gave, as an object. Amounts are texts, in whole tokens and in smallest units (`raw`).
#[must_use]
pub fn json(look: &Look<'_, State>, plan: &Plan) -> Value {
    let chain = plan.settings.manner.chain;
    match look {
        Look::Unknown { why, before } => json!({
            "known": false,
            "chain": chain,
            "why": why.to_string(),
            "age_ms": before.map(|(_, age)| milliseconds(age)),
            "last_block": before.map(|(state, _)| state.block.number),
        }),
        Look::Known { value: state, age } => json!({
            "known": true,
            "chain": chain,
            "age_ms": milliseconds(*age),
            "block": {
                "number": state.block.number,
                "hash": state.block.hash.to_string(),
                "time": state.block.time,
            },
            "finalized": state.finalized,
            "finality_depth": state.finality_depth(),
            "empty_nfts": state.empty,
            "pools": state.pools.iter().map(|pool| pool_json(pool, plan)).collect::<Vec<_>>(),
            "positions": positions(state).map(|(position, pool)| position_json(position, pool, plan)).collect::<Vec<_>>(),
        }),
    }
}

fn milliseconds(age: Duration) -> u64 {
    u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
}

/// Positions with their pools.
fn positions(state: &State) -> impl Iterator<Item = (&Position, &Pool)> {
    state.positions.iter().filter_map(|position| Some((position, state.pool(position)?)))
}

fn exchange<'a>(pool: &Pool, plan: &'a Plan) -> &'a str {
    plan.wanted.exchanges.get(pool.exchange).map_or("", |exchange| &exchange.name)
}

fn pool_json(pool: &Pool, plan: &Plan) -> Value {
    json!({
        "exchange": exchange(pool, plan),
        "address": pool.address.to_string(),
        "tokens": pool.tokens.each_ref().map(|token| json!({
            "address": token.address.to_string(),
            "symbol": token.symbol,
            "decimals": token.decimals,
        })),
        "fee_millionths": pool.fee,
        "tick_spacing": pool.tick_spacing,
        "tick": pool.tick,
        "sqrt_price_x96": pool.sqrt_price.to_string(),
        "liquidity": pool.liquidity.to_string(),
        "protocol_fee": pool.protocol_fee,
    })
}

fn position_json(position: &Position, pool: &Pool, plan: &Plan) -> Value {
    let [lower, upper] = position.ticks.map(|tick| tick.tick);
    let unit = unit(pool, &plan.quote);
    let value = of_position(position, pool, unit);
    let [token0, token1] = &pool.tokens;
    let amount =
        |raw: U256, decimals: u8| json!({ "amount": decimal(raw, decimals), "raw": raw.to_string() });
    let [amount0, amount1] = position.amounts;
    let [fee0, fee1] = position.fees.map(U256::from);
    let money = money(pool, unit);
    json!({
        "id": position.id.to_string(),
        "exchange": exchange(pool, plan),
        "pool": pool.address.to_string(),
        "owner": position.owner.to_string(),
        "holder": position.holder.to_string(),
        "staked": position.owner != position.holder,
        "tick_lower": lower,
        "tick_upper": upper,
        "place": place(position.place(pool.tick)),
        "gauge": gauge(position, pool.tick),
        "liquidity": position.liquidity.to_string(),
        "amounts": [amount(amount0, token0.decimals), amount(amount1, token1.decimals)],
        "fees": [amount(fee0, token0.decimals), amount(fee1, token1.decimals)],
        "value": value.map(|value| json!({
            "token": money.0,
            "amount": decimal(value, money.1),
            "raw": value.to_string(),
        })),
    })
}

/// What a look gave, for people.
#[must_use]
pub fn text(look: &Look<'_, State>, plan: &Plan) -> String {
    let mut text = String::new();
    let chain = plan.settings.manner.chain;
    match look {
        Look::Unknown { why, before } => {
            let before = before.as_ref().map_or_else(String::new, |(state, age)| {
                format!("; last known {} ago, at block {}", seconds(*age), state.block.number)
            });
            line(&mut text, format_args!("chain {chain}: UNKNOWN, {why}{before}"));
        }
        Look::Known { value: state, age } => {
            let depth = state.finality_depth();
            let depth = depth
                .map_or_else(|| "finality unknown".to_owned(), |depth| format!("final {depth} blocks below"));
            let (block, age) = (state.block, seconds(*age));
            line(&mut text, format_args!("chain {chain}, block {block}, {depth}, read {age} ago"));
            for (at, pool) in state.pools.iter().enumerate() {
                pool_text(&mut text, pool, plan);
                let there = state.positions.iter().filter(|position| position.pool == at);
                there.for_each(|position| position_text(&mut text, position, pool, plan));
            }
            if state.positions.is_empty() {
                line(&mut text, format_args!("no positions"));
            }
        }
    }
    text
}

fn line(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    if writeln!(text, "{words}").is_err() {
        text.clear();
    }
}

fn pool_text(text: &mut String, pool: &Pool, plan: &Plan) {
    let [token0, token1] = &pool.tokens;
    let percent = decimal(U256::from(pool.fee), 4);
    let (name, tick, address) = (exchange(pool, plan), pool.tick, pool.address);
    line(
        text,
        format_args!("{name} {}/{} {percent} %, tick {tick}, {address}", token0.symbol, token1.symbol),
    );
}

fn position_text(text: &mut String, position: &Position, pool: &Pool, plan: &Plan) {
    let [token0, token1] = &pool.tokens;
    let [lower, upper] = position.ticks.map(|tick| tick.tick);
    let pair = |amounts: [U256; 2]| {
        let [amount0, amount1] = amounts;
        let (amount0, amount1) = (short(amount0, token0.decimals), short(amount1, token1.decimals));
        format!("{amount0} {} + {amount1} {}", token0.symbol, token1.symbol)
    };
    let unit = unit(pool, &plan.quote);
    let (symbol, decimals) = money(pool, unit);
    let value =
        of_position(position, pool, unit).map_or_else(|| "?".to_owned(), |value| short(value, decimals));
    let staked = if position.owner == position.holder { "" } else { ", staked" };
    let (place, bar) = (place(position.place(pool.tick)), bar(position, pool.tick));
    let (held, fees) = (pair(position.amounts), pair(position.fees.map(U256::from)));
    line(text, format_args!("  #{} {bar} {place} [{lower}, {upper}]{staked}", position.id));
    line(text, format_args!("      {held}; fees {fees}; worth {value} {symbol}"));
}

fn seconds(age: Duration) -> String {
    format!("{:.1} s", age.as_secs_f64())
}

const fn place(place: Place) -> &'static str {
    match place {
        Place::Below => "below",
        Place::Within => "within",
        Place::Above => "above",
    }
}

/// Where in its range the tick is: 0 at or below its lower end, 1 at or above its upper one.
fn gauge(position: &Position, tick: i32) -> f64 {
    let [lower, upper] = position.ticks.map(|end| f64::from(end.tick));
    ((f64::from(tick) - lower) / (upper - lower)).clamp(0.0, 1.0)
}

/// The range as a line, with the price in or beside it.
fn bar(position: &Position, tick: i32) -> String {
    let [lower, upper] = position.ticks.map(|end| i64::from(end.tick));
    let width = i64::try_from(WIDTH).unwrap_or_default();
    let at = (i64::from(tick) - lower).saturating_mul(width).div_euclid((upper - lower).max(1));
    let inner = (0..width).map(|step| if step == at { '*' } else { '-' }).collect::<String>();
    match position.place(tick) {
        Place::Below => format!("*[{inner}] "),
        Place::Within => format!(" [{inner}] "),
        Place::Above => format!(" [{inner}]*"),
    }
}

/// The token to value a pool's positions in: the first that counts as money, else token 1.
fn unit(pool: &Pool, quote: &BTreeSet<Address>) -> Unit {
    let [token0, token1] = &pool.tokens;
    if quote.contains(&token0.address) && !quote.contains(&token1.address) { Unit::Zero } else { Unit::One }
}

fn money(pool: &Pool, unit: Unit) -> (&str, u8) {
    pool.tokens.get(unit.side()).map_or(("", 0), |token| (token.symbol.as_str(), token.decimals))
}

/// Smallest units as whole tokens, exactly.
fn decimal(raw: U256, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let digits = format!("{raw:0>width$}", width = decimals.saturating_add(1));
    let (whole, part) = digits.split_at(digits.len().saturating_sub(decimals));
    let part = part.trim_end_matches('0');
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

/// The same, cut to few places.
fn short(raw: U256, decimals: u8) -> String {
    let exact = decimal(raw, decimals);
    let Some((whole, part)) = exact.split_once('.') else { return exact };
    format!("{whole}.{}", part.get(..PLACES).unwrap_or(part))
}

#[cfg(test)]
mod tests;
