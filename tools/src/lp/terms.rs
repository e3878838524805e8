//! Configuration of `ballast lp backtest`.

use ballast_model::Span;
use ballast_pool::amount::Token;
use ballast_pool::backtest::{Costs, Rule, Terms};
use ballast_pool::curve::Units;
use ballast_pool::fee::{FEE_UNIT, ProtocolFee};
use ballast_runtime::config::Duration;
use serde::Deserialize;
use std::path::Path;

use super::FileError;

/// More digits than any token has.
const DECIMALS_MAX: u8 = 77;
/// Wei in a gwei, turned round: gas is priced in gwei, and paid in whole coins of 10⁹ gwei.
const COINS_PER_GWEI: f64 = 1e-9;
const SPACING_MAX: i32 = (1 << 14) - 1;

/// A file, as it is spelled.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    pool: RawPool,
    position: RawPosition,
    costs: RawCosts,
}

/// The pool whose events are played.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPool {
    /// `uniswap` or `pancakeswap`: how `fee_protocol` is spelled.
    dex: Dex,
    /// In millionths of what is paid.
    fee: u32,
    tick_spacing: i32,
    /// The word `feeProtocol` of the pool's `slot0`.
    #[serde(default)]
    fee_protocol: u32,
    /// Of token 0 and of token 1.
    decimals: (u8, u8),
    /// The token whose price is looked at.
    base: Base,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Dex {
    Uniswap,
    PancakeSwap,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Base {
    Token0,
    Token1,
}

/// What is put in, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPosition {
    /// In quote.
    capital: f64,
    /// From the price to either end, as a part of it: 0.05 is 5 %.
    half_width: f64,
    /// Time out of range after which it is put around the price again; never where it is not stated.
    recentre_after: Option<Duration>,
}

/// What moving costs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCosts {
    /// Gwei for a unit of gas.
    gas_price: f64,
    /// What a coin that gas is paid in is worth, in quote.
    coin_price: f64,
    #[serde(default = "mint_gas")]
    mint_gas: u32,
    #[serde(default = "burn_gas")]
    burn_gas: u32,
    #[serde(default = "swap_gas")]
    swap_gas: u32,
    /// Fee and slippage of swaps, in bp of what is swapped.
    swap_bps: f64,
}

/// Gas as measured with the contracts of Uniswap V3 on a node of one's own, rounded up.
const fn mint_gas() -> u32 {
    450_000
}

const fn burn_gas() -> u32 {
    300_000
}

const fn swap_gas() -> u32 {
    200_000
}

/// Reads a configuration: the terms, and the rule that is configured.
///
/// # Errors
/// [`FileError`] where it cannot be read or breaks a rule, which is named with the key.
pub(crate) fn read(path: &Path) -> Result<(Terms, Rule), FileError> {
    let error = |wrong: String| FileError::config(path.display().to_string(), wrong);
    let text = std::fs::read_to_string(path).map_err(|source| error(source.to_string()))?;
    let raw: Raw = toml::from_str(&text).map_err(|source| error(source.to_string()))?;
    raw.checked().map_err(|(key, wrong)| error(format!("{key}: {wrong}")))
}

/// A key and what is wrong with its value.
type Broken = (&'static str, String);

/// A number from one to another, both included.
fn within(key: &'static str, number: f64, from: f64, to: f64) -> Result<f64, Broken> {
    if (from..=to).contains(&number) {
        Ok(number)
    } else {
        Err((key, format!("must be from {from} to {to}")))
    }
}

impl Raw {
    fn checked(&self) -> Result<(Terms, Rule), Broken> {
        let pool = &self.pool;
        if pool.fee >= FEE_UNIT {
            return Err(("pool.fee", format!("must be below {FEE_UNIT} (millionths)")));
        }
        if !(1..=SPACING_MAX).contains(&pool.tick_spacing) {
            return Err(("pool.tick_spacing", format!("must be from 1 to {SPACING_MAX}")));
        }
        if pool.decimals.0.max(pool.decimals.1) > DECIMALS_MAX {
            return Err(("pool.decimals", format!("must not be above {DECIMALS_MAX}")));
        }
        let protocol = |token| match pool.dex {
            Dex::Uniswap => ProtocolFee::uniswap(pool.fee_protocol, token),
            Dex::PancakeSwap => ProtocolFee::pancake(pool.fee_protocol, token),
        };
        let no_word = |_| ("pool.fee_protocol", "is no such word of a pool of this dex".to_owned());
        let protocol = [protocol(Token::Zero).map_err(no_word)?, protocol(Token::One).map_err(no_word)?];
        let base = match pool.base {
            Base::Token0 => Token::Zero,
            Base::Token1 => Token::One,
        };
        let terms = Terms {
            fee: pool.fee,
            spacing: pool.tick_spacing,
            protocol,
            units: Units::new(base, pool.decimals),
            costs: self.costs.checked()?,
            capital: within("position.capital", self.position.capital, 1e-6, 1e15)?,
        };
        Ok((terms, self.position.rule()?))
    }
}

impl RawCosts {
    fn checked(&self) -> Result<Costs, Broken> {
        let gas_price = within("costs.gas_price", self.gas_price, 0.0, 1e6)?;
        let coin = within("costs.coin_price", self.coin_price, 0.0, 1e12)?;
        let gas = |units: u32| f64::from(units) * gas_price * COINS_PER_GWEI * coin;
        Ok(Costs {
            mint: gas(self.mint_gas),
            burn: gas(self.burn_gas),
            swap: gas(self.swap_gas),
            swap_part: within("costs.swap_bps", self.swap_bps, 0.0, 10_000.0)? / 1e4,
        })
    }
}

impl RawPosition {
    fn rule(&self) -> Result<Rule, Broken> {
        let half_width = within("position.half_width", self.half_width, 1e-4, 1e6)?;
        let recentre_after = match self.recentre_after.map(Duration::span) {
            Some(span) if span < Span::ZERO => {
                return Err(("position.recentre_after", "must not be negative".to_owned()));
            }
            span => span.map(|span| span.0 / Span::from_millis(1_000).0),
        };
        Ok(Rule { half_width: Some(ticks_of(half_width)), recentre_after })
    }
}

/// The nearest tick to a rise of price by this part.
#[expect(clippy::cast_possible_truncation, reason = "a rise by a million is 138 163 ticks")]
fn ticks_of(rise: f64) -> i32 {
    (rise.ln_1p() / 1.0001_f64.ln()).round() as i32
}
