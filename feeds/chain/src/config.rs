//! Configuration: strict TOML. Unknown keys are refused, and what is wrong is named by its place.
//!
//! Never here: a key. An endpoint whose address holds one is written `env:NAME` and read from the environment.

use std::collections::BTreeSet;
use std::time::Duration;

use alloy_primitives::{Address, address};
use serde::Deserialize;
use thiserror::Error;

use crate::node::{Endpoint, Hashes, Manner};
use crate::read::{Exchange, Wanted};
use crate::watch::Settings;

/// Where `Multicall3` is on most chains.
const MULTICALL: Address = address!("0xcA11bde05977b3631167028862bE2a173976CA11");

/// What is written in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The chain and how it is asked.
    pub chain: ChainConfig,
    /// Exchanges on it, by `[[exchange]]`.
    #[serde(default)]
    pub exchange: Vec<ExchangeConfig>,
}

/// `[chain]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// Its number (EIP-155): 1 is Ethereum, 56 BNB Smart Chain. Endpoints on another are refused.
    pub id: u64,
    /// Nodes in the order of preference, `ws://…`, `wss://…` or `env:NAME` for one whose address is in the environment.
    pub endpoints: Vec<String>,
    /// Whose positions.
    pub owners: Vec<String>,
    /// Tokens that count as money: positions are valued in them.
    #[serde(default)]
    pub quote: Vec<String>,
    /// How long one answer may take.
    #[serde(default = "default_timeout")]
    pub timeout_ms: u64,
    /// After how long without a new block a state is no longer known.
    #[serde(default = "default_stale")]
    pub stale_after_ms: u64,
    /// How often the head is asked for where none is announced.
    #[serde(default = "default_poll")]
    pub poll_ms: u64,
    /// Over how many blocks branches and gaps are followed; beyond, everything is read anew.
    #[serde(default = "default_reach")]
    pub reach_blocks: usize,
    /// After how many blocks more a block counts as final where the node does not tell.
    pub confirmations: Option<u64>,
    /// How many other endpoints have to read the same state before it counts.
    #[serde(default)]
    pub witnesses: usize,
    /// Whether headers are checked against their hashes: wrong only for chains whose headers are not Ethereum's.
    #[serde(default)]
    pub headers: Headers,
    /// How many NFTs are read at most.
    #[serde(default = "default_most")]
    pub most_positions: usize,
    /// The `Multicall3` contract, where it is not at its usual address.
    pub multicall: Option<String>,
}

/// `headers`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Headers {
    /// A header has to have the hash the node says.
    #[default]
    Checked,
    /// The node is believed.
    Believed,
}

/// `[[exchange]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeConfig {
    /// Its name, for people.
    pub name: String,
    /// Its `NonfungiblePositionManager`.
    pub positions: String,
    /// The `MasterChefV3` in which positions are staked.
    pub staking: Option<String>,
    /// Pools to watch besides those of the positions.
    #[serde(default)]
    pub pools: Vec<String>,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// It is no such TOML.
    #[error("{0}")]
    Syntax(String),
    /// A value breaks a rule.
    #[error("{place}: {rule}")]
    Rule {
        /// Which value.
        place: String,
        /// Which rule.
        rule: String,
    },
}

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How the chain is watched.
    pub settings: Settings,
    /// By whom.
    pub endpoints: Vec<Endpoint>,
    /// What is read.
    pub wanted: Wanted,
    /// In which tokens positions are valued.
    pub quote: BTreeSet<Address>,
}

const fn default_timeout() -> u64 {
    3_000
}

const fn default_stale() -> u64 {
    60_000
}

const fn default_poll() -> u64 {
    2_000
}

const fn default_reach() -> usize {
    128
}

const fn default_most() -> usize {
    200
}

fn rule<T>(place: impl Into<String>, rule: impl Into<String>) -> Result<T, ConfigError> {
    Err(ConfigError::Rule { place: place.into(), rule: rule.into() })
}

impl Config {
    /// Reads TOML and sees that it can be used; `env` looks names up in the environment.
    ///
    /// # Errors
    /// What is wrong with it, by its place.
    pub fn plan(text: &str, env: impl Fn(&str) -> Option<String>) -> Result<Plan, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| ConfigError::Syntax(error.to_string()))?;
        let chain = &config.chain;
        let endpoints = chain.endpoints.iter().enumerate();
        let endpoints: Vec<_> =
            endpoints.map(|(at, text)| endpoint(at, text, &env)).collect::<Result<_, _>>()?;
        if endpoints.is_empty() {
            return rule("chain.endpoints", "there has to be one at least");
        }
        if chain.witnesses >= endpoints.len() {
            return rule(
                "chain.witnesses",
                "there have to be more endpoints than witnesses: one is asked first",
            );
        }
        if config.exchange.is_empty() {
            return rule("exchange", "there has to be one at least");
        }
        let exchanges = config.exchange.iter().enumerate();
        let exchanges = exchanges.map(|(at, exchange)| exchange.plan(at)).collect::<Result<_, _>>()?;
        let multicall = chain.multicall.as_deref();
        let wanted = Wanted {
            exchanges,
            owners: addresses("chain.owners", &chain.owners)?,
            most: chain.most_positions,
            multicall: multicall.map_or(Ok(MULTICALL), |text| one_address("chain.multicall", text))?,
        };
        let quote = addresses("chain.quote", &chain.quote)?.into_iter().collect();
        Ok(Plan { settings: chain.settings()?, endpoints, wanted, quote })
    }
}

impl ChainConfig {
    fn settings(&self) -> Result<Settings, ConfigError> {
        let timeout = span("chain.timeout_ms", self.timeout_ms)?;
        let limit = span("chain.stale_after_ms", self.stale_after_ms)?;
        let poll = span("chain.poll_ms", self.poll_ms)?;
        if limit <= timeout {
            return rule("chain.stale_after_ms", "it has to be longer than one answer may take (timeout_ms)");
        }
        if !(1..=10_000).contains(&self.reach_blocks) {
            return rule("chain.reach_blocks", "it has to be between 1 and 10000");
        }
        if !(1..=10_000).contains(&self.most_positions) {
            return rule("chain.most_positions", "it has to be between 1 and 10000");
        }
        let hashes = match self.headers {
            Headers::Checked => Hashes::Checked,
            Headers::Believed => Hashes::Believed,
        };
        Ok(Settings {
            manner: Manner { chain: self.id, patience: timeout, hashes },
            limit,
            poll,
            reach: self.reach_blocks,
            confirmations: self.confirmations,
            witnesses: self.witnesses,
        })
    }
}

impl ExchangeConfig {
    fn plan(&self, at: usize) -> Result<Exchange, ConfigError> {
        let place = |key: &str| format!("exchange[{at}].{key}");
        let staking = self.staking.as_deref().map(|text| one_address(&place("staking"), text)).transpose()?;
        Ok(Exchange {
            name: self.name.clone(),
            positions: one_address(&place("positions"), &self.positions)?,
            staking,
            pools: addresses(&place("pools"), &self.pools)?,
        })
    }
}

fn span(place: &str, milliseconds: u64) -> Result<Duration, ConfigError> {
    if !(1..=86_400_000).contains(&milliseconds) {
        return rule(place, "it has to be between 1 ms and a day");
    }
    Ok(Duration::from_millis(milliseconds))
}

fn endpoint(at: usize, text: &str, env: impl Fn(&str) -> Option<String>) -> Result<Endpoint, ConfigError> {
    let place = format!("chain.endpoints[{at}]");
    let url = match text.strip_prefix("env:") {
        Some(name) => {
            env(name).map_or_else(|| rule(&place, format!("{name} is not in the environment")), Ok)?
        }
        None => text.to_owned(),
    };
    Endpoint::new(url).or_else(|why| rule(place, why))
}

fn addresses(place: &str, texts: &[String]) -> Result<Vec<Address>, ConfigError> {
    let mut addresses = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let place = format!("{place}[{at}]");
        let address = one_address(&place, text)?;
        if addresses.contains(&address) {
            return rule(place, "it is there already");
        }
        addresses.push(address);
    }
    Ok(addresses)
}

/// An address; its capital letters, where it has any, are its checksum (EIP-55).
fn one_address(place: &str, text: &str) -> Result<Address, ConfigError> {
    let Ok(address) = text.parse::<Address>() else {
        return rule(place, "it is no address of 20 bytes in hexadecimal digits");
    };
    let digits = text.trim_start_matches("0x");
    let is_plain = digits == digits.to_ascii_lowercase() || digits == digits.to_ascii_uppercase();
    if !is_plain && address.to_checksum(None).trim_start_matches("0x") != digits {
        return rule(place, "its capital letters are not its checksum: a letter or digit is wrong");
    }
    Ok(address)
}

#[cfg(test)]
mod tests;
