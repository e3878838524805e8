//! What holds all instruments together, as configuration writes it, and what it means for those found in the data.

use std::collections::BTreeMap;
use std::path::Path;

use ballast_core::gate::portfolio::{
    Account, AssetSpec, CreditLimits, DeadMan, Elsewhere, ExposureLimits, Funding, MEMBERS_MAX, MemberSpec,
    MessageLimits, SelfTrade, StrategySpec, VenueSpec,
};
use ballast_core::gate::{LossLimits, VenueId};
use ballast_core::shard::RiskSpec;
use ballast_model::{InstrumentId, Money, Rate, Step};
use ballast_venue::binance::Market;
use schemars::JsonSchema;
use serde::Deserialize;

use super::books::DEFAULT;
use super::controls::LossConfig;
use super::funds::holds;
use super::resolve::ResolvedInstrument;
use super::{BookNames, Bps, BudgetsConfig, Config, ConfigError, Decimal, Duration, market_name};

/// Limits of all instruments together. Money is in the account currency.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskConfig {
    /// The account currency, as symbols write it.
    pub account: String,
    /// What one unit of every other quote currency is worth in it: fixed, for currencies that hold a peg. The account
    /// currency itself is worth one.
    #[serde(default)]
    pub conversion: BTreeMap<String, Decimal>,
    /// A touch that was confirmed longer ago than this values nothing and is not quoted on.
    pub mark_age_max: Duration,
    /// Orders that would meet one of ours.
    #[serde(default)]
    pub own_orders: OwnOrdersConfig,
    /// Share of a futures position's value that its market asks for to keep it open: from 0 to below 10 000. Where it is
    /// stated, the account at a futures market is worth its stated equity and what its instruments have earned.
    pub maintenance_bps: Option<Bps>,
    /// Least distance between a futures instrument's mark and the price its position would be liquidated at, as a share of the
    /// mark: only orders that reduce pass below it. Above zero; needs `maintenance_bps`.
    pub liquidation_distance_min_bps: Option<Bps>,
    /// Exposure of everything.
    #[serde(default)]
    pub exposure: ExposureConfig,
    /// Credit of everything against the equity of all markets.
    #[serde(default)]
    pub credit: CreditConfig,
    /// Losses of everything.
    pub loss: Option<LossConfig>,
    /// Exposure by asset: as base, and with the opposite sign as quote currency.
    #[serde(default)]
    pub asset: BTreeMap<String, ExposureConfig>,
    /// Limits by market.
    #[serde(default)]
    pub market: MarketsConfig,
    /// Limits by strategy, as an `[[instrument]]` names it; `default` is that of those that name none.
    #[serde(default)]
    pub strategy: BTreeMap<String, StrategyRiskConfig>,
    /// Parts of limits that span shards; none where absent.
    pub budgets: Option<BudgetsConfig>,
}

/// Limits of one strategy: of its instruments together.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrategyRiskConfig {
    /// Its exposure.
    #[serde(default)]
    pub exposure: ExposureConfig,
    /// Its losses; an operator's `clear-loss` of the strategy forgives them.
    pub loss: Option<LossConfig>,
}

/// Orders that would trade with an order of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OwnOrdersConfig {
    /// Left to the venue.
    #[default]
    Allow,
    /// Refused.
    Refuse,
}

/// Bounds of exposure; what is absent is not limited.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExposureConfig {
    /// Longs less shorts, at the worse end of what may trade.
    pub net_max: Option<Decimal>,
    /// Magnitudes of positions, each at its worse end.
    pub gross_max: Option<Decimal>,
    /// Unexecuted orders.
    pub open_max: Option<Decimal>,
}

/// Bounds of credit; what is absent is not limited.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditConfig {
    /// Margin at the worse end of what may trade.
    pub credit_max: Option<Decimal>,
    /// The same, as a share of equity.
    pub credit_share_max: Option<Decimal>,
    /// Gross exposure as a multiple of equity.
    pub leverage_max: Option<Decimal>,
}

/// Limits by market.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarketsConfig {
    /// Spot.
    pub spot: Option<MarketRiskConfig>,
    /// USD-margined futures.
    pub usdm: Option<MarketRiskConfig>,
    /// Coin-margined futures.
    pub coinm: Option<MarketRiskConfig>,
}

/// Limits of one market.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarketRiskConfig {
    /// What the account there is taken to be worth, whatever trades; unknown where absent.
    pub equity: Option<Decimal>,
    /// Share of a position's value that it binds as margin; all of it where absent, as where positions are paid in full.
    pub margin_share: Option<Decimal>,
    /// Exposure there.
    #[serde(default)]
    pub exposure: ExposureConfig,
    /// Credit there.
    #[serde(default)]
    pub credit: CreditConfig,
    /// The market's allowance of messages, orders and cancels together.
    pub messages: Option<MessagesConfig>,
    /// Whether the market is quoted without a dead man's switch: one that cancels all orders there if nothing is heard of us.
    #[serde(default)]
    pub dead_man: DeadManConfig,
}

/// Whether a market is quoted without a dead man's switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeadManConfig {
    /// It is.
    #[default]
    Optional,
    /// Only orders that reduce pass while no operator's `arm` says that the switch is armed.
    Required,
}

/// An allowance of messages.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessagesConfig {
    /// Messages at once.
    pub burst: u32,
    /// Messages per second in the long run.
    pub per_second: u32,
    /// Messages kept for cancels and reducing orders; below `burst`.
    pub reserve: u32,
}

/// The markets, each in the place of its [`VenueId`].
const MARKETS: [Market; 3] = [Market::Spot, Market::UsdM, Market::CoinM];

/// The venue of the market with this name.
pub(crate) fn venue_named(name: &str) -> Option<VenueId> {
    MARKETS.into_iter().find(|market| market_name(*market) == name).map(venue_of)
}

/// The market of a venue.
pub(crate) fn market_of(venue: VenueId) -> Option<Market> {
    MARKETS.get(usize::from(venue.0)).copied()
}

const fn venue_of(market: Market) -> VenueId {
    VenueId(match market {
        Market::Spot => 0,
        Market::UsdM => 1,
        Market::CoinM => 2,
    })
}

impl RiskConfig {
    /// Whether it says what the account at a market is worth.
    pub(super) fn states_equity(&self, market: Market) -> bool {
        self.market.of(market).is_some_and(|table| table.equity.is_some())
    }

    /// What a unit of a quote currency is worth in the account currency; `None` where nothing says so.
    pub(super) fn worth(&self, currency: &str) -> Option<Money> {
        if currency == self.account {
            return Some(Money::ONE);
        }
        self.conversion.get(currency).map(Decimal::money)
    }
}

/// A table of risk being applied to the instruments of the data.
pub(super) struct Risk<'a> {
    pub(super) config: &'a Config,
    /// The file, for messages.
    pub(super) path: &'a Path,
    /// Names by [`ballast_model::AssetId`].
    pub(super) assets: &'a [String],
    pub(super) instruments: &'a [ResolvedInstrument],
    /// For whom each is traded.
    pub(super) names: &'a BookNames,
}

impl Risk<'_> {
    /// What the core is to hold together; `None` where there is no such table.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub(super) fn resolve(&self) -> Result<Option<RiskSpec>, ConfigError> {
        let Some(table) = &self.config.risk else { return Ok(None) };
        if table.mark_age_max.span().0 <= 0 {
            return Err(self.rule("mark_age_max", "must be above zero"));
        }
        if self.instruments.len() > MEMBERS_MAX {
            return Err(self.rule("account", format_args!("more than {MEMBERS_MAX} instruments")));
        }
        self.check_liquidation(table)?;
        let spec = RiskSpec {
            maintenance: self.futures(table.maintenance_bps),
            members: self.members(table)?,
            assets: self.assets(table)?,
            venues: MARKETS.iter().map(|market| self.venue(table, *market)).collect::<Result<_, _>>()?,
            strategies: self.strategies(table)?,
            exposure: table.exposure.limits(),
            credit: self.credit("credit", &table.credit)?,
            loss: self.loss(table, "loss", table.loss.as_ref())?,
            budgets: table
                .budgets
                .as_ref()
                .map(|budgets| budgets.spec(self.config, self.path))
                .transpose()?,
            conversions: self.conversions(table)?,
            accounts: MARKETS.iter().map(|market| self.account(table, *market)).collect(),
            mark_age_max: table.mark_age_max.span(),
            holds: holds(self.config),
        };
        self.check_equity(&spec)?;
        Ok(Some(spec))
    }

    fn rule(&self, key: &str, rule: impl core::fmt::Display) -> ConfigError {
        self.config.rule(self.path, &format!("risk.{key}"), rule)
    }

    fn members(&self, table: &RiskConfig) -> Result<Vec<MemberSpec>, ConfigError> {
        let self_trade = match table.own_orders {
            OwnOrdersConfig::Allow => SelfTrade::Allow,
            OwnOrdersConfig::Refuse => SelfTrade::Refuse,
        };
        let distances = self.futures(table.liquidation_distance_min_bps);
        let member = |((index, one), distance): ((u16, &ResolvedInstrument), Option<Rate>)| {
            let market = one.found.instrument.market;
            let margin = table.market.of(market).and_then(|table| table.margin_share.as_ref());
            let key = format!("market.{}.margin_share", market_name(market));
            let margin = margin.map_or(Ok(Rate::ONE), |share| self.share(&key, share))?;
            if margin > Rate::ONE {
                return Err(self.rule(&key, "must be at most 1"));
            }
            let funding = if market == Market::Spot && self.config.venue.balances.is_some() {
                if margin != Rate::ONE {
                    return Err(self.rule(&key, "orders are paid from venue.balances"));
                }
                Funding::Spot
            } else {
                Funding::Margin(margin)
            };
            Ok(MemberSpec {
                spec: one.found.spec,
                venue: venue_of(market),
                strategy: self.names.strategy(InstrumentId(index)),
                // One account: every instrument of the data is a book of its own.
                market: index,
                funding,
                exposure: ExposureLimits::NONE,
                liquidation_distance_min: distance,
                self_trade,
            })
        };
        (0..).zip(self.instruments).zip(distances).map(member).collect()
    }

    fn loss(
        &self,
        table: &RiskConfig,
        key: &str,
        loss: Option<&LossConfig>,
    ) -> Result<LossLimits, ConfigError> {
        let Some(loss) = loss else { return Ok(LossLimits::NONE) };
        let limits = loss.limits();
        // What was lost before counts against a budget too.
        let budget = table.budgets.as_ref().is_some_and(|budgets| budgets.loss.is_some());
        let used = limits.limits() || key == "loss" && budget && limits.lost_before > Money::ZERO;
        if used { Ok(limits) } else { Err(self.rule(key, "limits nothing")) }
    }

    /// The limits of each strategy of these instruments; of one whose instruments the data has not, there is nothing to limit.
    fn strategies(&self, table: &RiskConfig) -> Result<Vec<StrategySpec>, ConfigError> {
        for name in table.strategy.keys() {
            if !self.config.instrument.iter().any(|one| one.strategy.as_ref() == Some(name))
                && name != DEFAULT
            {
                return Err(self.rule(&format!("strategy.{name}"), "no [[instrument]] names this strategy"));
            }
        }
        let spec = |name: &String| {
            let Some(of) = table.strategy.get(name) else { return Ok(StrategySpec::NONE) };
            let loss = self.loss(table, &format!("strategy.{name}.loss"), of.loss.as_ref())?;
            Ok(StrategySpec { exposure: of.exposure.limits(), loss })
        };
        self.names.strategies.iter().map(spec).collect()
    }

    /// A rate for each instrument that can be liquidated.
    fn futures(&self, rate: Option<Bps>) -> Vec<Option<Rate>> {
        let market = |one: &ResolvedInstrument| one.found.instrument.market;
        let rate = |one| rate.map(Bps::rate).filter(|_| market(one) != Market::Spot);
        self.instruments.iter().map(rate).collect()
    }

    /// A distance nobody can compute would refuse every order.
    fn check_liquidation(&self, table: &RiskConfig) -> Result<(), ConfigError> {
        if table.maintenance_bps.is_some_and(|bps| !(0..Rate::ONE.0).contains(&bps.rate().0)) {
            return Err(self.rule("maintenance_bps", "must be from 0 to below 10000"));
        }
        let Some(distance) = table.liquidation_distance_min_bps else { return Ok(()) };
        if distance.rate().0 <= 0 {
            return Err(self.rule("liquidation_distance_min_bps", "must be above zero"));
        }
        if table.maintenance_bps.is_none() {
            return Err(self.rule("liquidation_distance_min_bps", "needs maintenance_bps"));
        }
        Ok(())
    }

    fn assets(&self, table: &RiskConfig) -> Result<Vec<AssetSpec>, ConfigError> {
        if let Some(name) = table.asset.keys().find(|name| !self.assets.contains(name)) {
            return Err(self.rule(&format!("asset.{name}"), "no instrument has this asset"));
        }
        let limits =
            |name: &String| table.asset.get(name).map_or(ExposureLimits::NONE, ExposureConfig::limits);
        let spec = |name| AssetSpec { exposure: limits(name), elsewhere: Elsewhere::Nothing };
        Ok(self.assets.iter().map(spec).collect())
    }

    /// What each asset is worth; that of every quote currency must be known.
    fn conversions(&self, table: &RiskConfig) -> Result<Vec<Option<Rate>>, ConfigError> {
        if table.conversion.contains_key(&table.account) {
            let key = format!("conversion.{}", table.account);
            return Err(self.rule(&key, "the account currency is worth one"));
        }
        for quote in self.instruments.iter().map(|one| &one.found.quote) {
            if *quote != table.account && !table.conversion.contains_key(quote) {
                let rule = format_args!("{quote} is quoted in: say what it is worth in {}", table.account);
                return Err(self.rule("conversion", rule));
            }
        }
        let rate = |name: &String| {
            if *name == table.account {
                return Ok(Some(Rate::ONE));
            }
            let stated = table.conversion.get(name);
            stated.map(|worth| self.share(&format!("conversion.{name}"), worth)).transpose()
        };
        self.assets.iter().map(rate).collect()
    }

    fn venue(&self, table: &RiskConfig, market: Market) -> Result<VenueSpec, ConfigError> {
        let absent = MarketRiskConfig::default();
        let of = table.market.of(market).unwrap_or(&absent);
        let key = format!("market.{}", market_name(market));
        let messages = of.messages.map(|messages| MessageLimits {
            burst: messages.burst,
            per_second: messages.per_second,
            reserve: messages.reserve,
        });
        if messages.is_some_and(|limits| limits.burst <= limits.reserve || limits.per_second == 0) {
            let rule = "burst must be above reserve, and per_second above zero";
            return Err(self.rule(&format!("{key}.messages"), rule));
        }
        Ok(VenueSpec {
            exposure: of.exposure.limits(),
            credit: self.credit(&format!("{key}.credit"), &of.credit)?,
            messages,
            dead_man: match of.dead_man {
                DeadManConfig::Optional => DeadMan::Optional,
                DeadManConfig::Required => DeadMan::Required,
            },
        })
    }

    /// A market without instruments holds nothing; elsewhere equity is what is stated.
    fn account(&self, table: &RiskConfig, market: Market) -> Option<Account> {
        let stated = table.market.of(market).and_then(|table| table.equity.as_ref());
        let used = self.instruments.iter().any(|one| one.found.instrument.market == market);
        let equity = match stated {
            Some(equity) => equity.money(),
            None if used => return None,
            None => Money::ZERO,
        };
        Some(Account { equity, maintenance: Money::ZERO })
    }

    /// Limits against an equity that nobody states would refuse every order.
    fn check_equity(&self, spec: &RiskSpec) -> Result<(), ConfigError> {
        let needs = |credit: &CreditLimits| credit.credit_share_max.or(credit.leverage_max).is_some();
        for ((market, venue), account) in MARKETS.iter().zip(&spec.venues).zip(&spec.accounts) {
            if account.is_none() && (needs(&venue.credit) || needs(&spec.credit)) {
                let key = format!("market.{}.equity", market_name(*market));
                return Err(self.rule(&key, "limits against equity need it stated"));
            }
            let followed = || {
                let mut members = spec.members.iter().zip(&spec.maintenance);
                members.any(|(member, rate)| member.venue == venue_of(*market) && rate.is_some())
            };
            if account.is_none() && followed() {
                let key = format!("market.{}.equity", market_name(*market));
                return Err(self.rule(&key, "maintenance_bps needs it stated"));
            }
        }
        Ok(())
    }

    fn credit(&self, key: &str, credit: &CreditConfig) -> Result<CreditLimits, ConfigError> {
        let share = |name: &str, share: &Option<Decimal>| {
            share.as_ref().map(|share| self.share(&format!("{key}.{name}"), share)).transpose()
        };
        Ok(CreditLimits {
            credit_max: credit.credit_max.as_ref().map(Decimal::money),
            credit_share_max: share("credit_share_max", &credit.credit_share_max)?,
            leverage_max: share("leverage_max", &credit.leverage_max)?,
            maintenance_share_max: None,
        })
    }

    /// A multiple as a rate.
    fn share(&self, key: &str, share: &Decimal) -> Result<Rate, ConfigError> {
        let steps = share.steps(Step { mantissa: 1, scale: 8 });
        steps.map(Rate).ok_or_else(|| self.rule(key, "must be a multiple of 0.00000001, and not too large"))
    }
}

impl MarketsConfig {
    /// Those of one market.
    pub(crate) const fn of(&self, market: Market) -> Option<&MarketRiskConfig> {
        match market {
            Market::Spot => self.spot.as_ref(),
            Market::UsdM => self.usdm.as_ref(),
            Market::CoinM => self.coinm.as_ref(),
        }
    }
}

impl ExposureConfig {
    fn limits(&self) -> ExposureLimits {
        let money = |max: &Option<Decimal>| max.as_ref().map(Decimal::money);
        ExposureLimits {
            net_max: money(&self.net_max),
            gross_max: money(&self.gross_max),
            open_max: money(&self.open_max),
        }
    }
}

#[cfg(test)]
mod tests;
