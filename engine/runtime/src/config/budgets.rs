//! A shard's parts of limits that span shards, as configuration writes them for a run without an allocator.
//!
//! Never here: another shard's part.

use std::path::Path;

use ballast_core::budget::AMOUNT_MAX;
use ballast_core::gate::portfolio::{BudgetSpec, BudgetsSpec};
use ballast_model::{BudgetGrant, BudgetKind, Grant, Money, ShardId, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use super::resolve::REPLAY_EPOCH;
use super::{Config, ConfigError, Decimal};

/// The one shard of a run.
const SHARD: ShardId = ShardId(0);
/// Least time between two reports of a budget.
const GAP: Span = Span::from_millis(100);
/// Time after which a report is said again though nothing is new.
const REPEAT: Span = Span::from_secs(1);

/// Limits that are owned in parts: what is absent is not divided. What is granted is owned from the first message on; an
/// operator's `grant` makes it more or less. Where a run has several shards it is what they own together, in parts as `live.parts` says.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetsConfig {
    /// Gross exposure of everything, in the account currency.
    pub gross: Option<BudgetConfig>,
    /// Margin of everything, in the account currency.
    pub margin: Option<BudgetConfig>,
    /// New orders a second.
    pub orders_per_second: Option<OrderBudgetConfig>,
    /// Loss of everything since the run began, in the account currency.
    pub loss: Option<BudgetConfig>,
}

/// Part of a limit on money.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetConfig {
    /// What is owned.
    pub granted: Decimal,
    /// What wishes for more or less are whole multiples of; 1 where absent.
    pub step: Option<Decimal>,
}

/// Part of a limit on the rate of orders.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderBudgetConfig {
    /// What is owned.
    pub granted: u32,
    /// What wishes for more or less are whole multiples of; 1 where absent.
    pub step: Option<u32>,
}

/// What is granted of a budget, and its step.
struct Part {
    granted: u128,
    step: u128,
}

/// The name of a budget, as configuration and operators write it.
pub(crate) const fn budget_name(kind: BudgetKind) -> &'static str {
    match kind {
        BudgetKind::Gross => "gross",
        BudgetKind::Margin => "margin",
        BudgetKind::OrderRate => "orders_per_second",
        BudgetKind::Loss => "loss",
    }
}

/// Money as an amount of a budget.
pub(crate) fn amount_of(money: &Decimal) -> u128 {
    money.money().0.unsigned_abs()
}

/// A grant of this run's shard; the first of a budget has number one.
pub(crate) const fn grant(kind: BudgetKind, seq: u32, amount: u128) -> BudgetGrant {
    BudgetGrant { kind, grant: Grant { shard: SHARD, epoch: REPLAY_EPOCH, seq, amount } }
}

impl BudgetsConfig {
    /// What the core is to keep.
    ///
    /// # Errors
    /// The first rule that a value breaks.
    pub(super) fn spec(&self, config: &Config, path: &Path) -> Result<BudgetsSpec, ConfigError> {
        let rule = |key: &str, rule: &str| config.rule(path, &format!("risk.budgets{key}"), rule);
        let mut budgets = [None; BudgetKind::ALL.len()];
        for (place, kind) in budgets.iter_mut().zip(BudgetKind::ALL) {
            let Some(Part { granted, step }) = self.part(kind) else { continue };
            let key = |name: &str| format!(".{}.{name}", budget_name(kind));
            if !(1..=AMOUNT_MAX).contains(&granted) {
                return Err(rule(&key("granted"), "must be above zero, and not too large"));
            }
            if !(1..=AMOUNT_MAX).contains(&step) {
                return Err(rule(&key("step"), "must be above zero, and not too large"));
            }
            *place = Some(BudgetSpec { step });
        }
        if budgets.iter().all(Option::is_none) {
            return Err(rule("", "divides nothing"));
        }
        Ok(BudgetsSpec { shard: SHARD, budgets, gap: GAP, repeat: REPEAT })
    }

    /// What is owned from the beginning.
    pub(crate) fn grants(&self) -> impl Iterator<Item = BudgetGrant> {
        let granted = |kind| Some(grant(kind, 1, self.part(kind)?.granted));
        BudgetKind::ALL.into_iter().filter_map(granted)
    }

    fn part(&self, kind: BudgetKind) -> Option<Part> {
        let money = |budget: &Option<BudgetConfig>| {
            let budget = budget.as_ref()?;
            let step = budget.step.as_ref().map_or(Money::ONE.0.unsigned_abs(), amount_of);
            Some(Part { granted: amount_of(&budget.granted), step })
        };
        match kind {
            BudgetKind::Gross => money(&self.gross),
            BudgetKind::Margin => money(&self.margin),
            BudgetKind::Loss => money(&self.loss),
            BudgetKind::OrderRate => self
                .orders_per_second
                .map(|budget| Part { granted: budget.granted.into(), step: budget.step.unwrap_or(1).into() }),
        }
    }
}

#[cfg(test)]
mod tests;
