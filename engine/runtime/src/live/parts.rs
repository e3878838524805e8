//! What a shard owns of limits that shards share: each holds its orders against its own part, and the parts come to no more than
//! the whole.
//!
//! Divided are limits of everything, of a market and of a strategy, limits of cash (what several shards trade for), what accounts
//! are worth, balances of cash that spot orders are paid from, losses, messages to a venue, and budgets. An asset that is no cash
//! belongs to one shard, and so do its limits and those of instruments.
//!
//! Never here: another shard's part.

use ballast_core::balance::BalancePart;
use ballast_core::gate::LossLimits;
use ballast_core::gate::portfolio::{Account, CreditLimits, ExposureLimits, MessageLimits};
use ballast_core::shard::RiskSpec;
use ballast_model::{AssetId, BudgetGrant, Grant, Money, Rate, ShardId};

use super::assemble::is_cash;
use crate::config::{LiveConfig, Resolved};

/// A shard's part of what shards share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Which shard.
    pub(crate) shard: u16,
    /// Its share of the whole.
    pub(crate) share: Rate,
}

impl Part {
    /// The part of one of so many shards: as configured, else an equal one. `None` of a shard that shares with nobody.
    ///
    /// # Errors
    /// The rule that is broken where parts are configured for another number of shards.
    pub(crate) fn of(live: &LiveConfig, shard: usize, shards: usize) -> Result<Option<Self>, String> {
        let number = u16::try_from(shard).map_err(|_| "too many shards".to_owned())?;
        let share = match &live.parts {
            Some(parts) if parts.len() != shards => {
                return Err(format!("names {} parts, and there are {shards} shards", parts.len()));
            }
            Some(parts) => parts.get(shard).map_or(Rate(0), LiveConfig::share),
            None if shards < 2 => return Ok(None),
            None => Rate(Rate::ONE.0 / i64::try_from(shards).unwrap_or(i64::MAX)),
        };
        Ok(Some(Self { shard: number, share }))
    }

    /// Leaves a shard its part of what it was given whole. `assets` are the names of its assets.
    pub(crate) fn own(self, built: &mut Resolved, assets: &[String]) {
        if let Some(risk) = &mut built.shard.portfolio {
            self.own_risk(risk, assets);
        }
    }

    fn own_risk(self, risk: &mut RiskSpec, assets: &[String]) {
        risk.exposure = self.exposure(risk.exposure);
        risk.credit = self.credit(risk.credit);
        risk.loss = self.loss(risk.loss);
        for (asset, name) in risk.assets.iter_mut().zip(assets) {
            if is_cash(name) {
                asset.exposure = self.exposure(asset.exposure);
            }
        }
        for venue in &mut risk.venues {
            venue.exposure = self.exposure(venue.exposure);
            venue.credit = self.credit(venue.credit);
            venue.messages = venue.messages.map(|messages| self.messages(messages));
        }
        for strategy in &mut risk.strategies {
            strategy.exposure = self.exposure(strategy.exposure);
            strategy.loss = self.loss(strategy.loss);
        }
        for account in risk.accounts.iter_mut().flatten() {
            let Account { equity, maintenance } = *account;
            *account = Account { equity: self.money(equity), maintenance };
        }
        if let Some(holds) = &mut risk.holds {
            let cash = (0..).map(AssetId).zip(assets).filter(|(_, name)| is_cash(name));
            holds.parts = cash.map(|(asset, _)| BalancePart { asset, share: self.share }).collect();
        }
        if let Some(budgets) = &mut risk.budgets {
            budgets.shard = ShardId(self.shard);
        }
    }

    /// A grant of the whole as one of its part, to the shard's session.
    pub(crate) fn granted(self, grant: BudgetGrant, epoch: u32) -> BudgetGrant {
        let share = self.share.0.unsigned_abs().into();
        let amount = scaled(grant.grant.amount, share);
        BudgetGrant { grant: Grant { shard: ShardId(self.shard), epoch, amount, ..grant.grant }, ..grant }
    }

    fn money(self, whole: Money) -> Money {
        let one = i128::from(Rate::ONE.0);
        let share = i128::from(self.share.0);
        let (ones, rest) = (whole.0.div_euclid(one), whole.0.rem_euclid(one));
        Money(ones.saturating_mul(share).saturating_add(rest * share / one))
    }

    fn exposure(self, whole: ExposureLimits) -> ExposureLimits {
        ExposureLimits {
            net_max: whole.net_max.map(|max| self.money(max)),
            gross_max: whole.gross_max.map(|max| self.money(max)),
            open_max: whole.open_max.map(|max| self.money(max)),
        }
    }

    /// Shares of the equity stay: the equity is divided.
    fn credit(self, whole: CreditLimits) -> CreditLimits {
        CreditLimits { credit_max: whole.credit_max.map(|max| self.money(max)), ..whole }
    }

    fn loss(self, whole: LossLimits) -> LossLimits {
        LossLimits {
            realised_max: whole.realised_max.map(|max| self.money(max)),
            unrealised_max: whole.unrealised_max.map(|max| self.money(max)),
            drawdown_max: whole.drawdown_max.map(|max| self.money(max)),
            lost_before: self.money(whole.lost_before),
            ..whole
        }
    }

    /// The reserve rounded up, for cancels; what is left may be nothing, and is refused then.
    fn messages(self, whole: MessageLimits) -> MessageLimits {
        let share = self.share.0.unsigned_abs().into();
        let part = |count: u32| u32::try_from(scaled(count.into(), share)).unwrap_or(u32::MAX);
        let MessageLimits { burst, per_second, reserve } = whole;
        let reserve = part(reserve) + u32::from(scaled_rest(reserve.into(), share));
        MessageLimits { burst: part(burst), per_second: part(per_second), reserve }
    }
}

/// So much of a whole, rounded down.
const fn scaled(whole: u128, share: u128) -> u128 {
    let one = Rate::ONE.0.unsigned_abs() as u128;
    (whole / one).saturating_mul(share).saturating_add(whole % one * share / one)
}

/// Whether so much of a whole is rounded.
const fn scaled_rest(whole: u128, share: u128) -> bool {
    let one = Rate::ONE.0.unsigned_abs() as u128;
    !(whole % one * share).is_multiple_of(one)
}

#[cfg(test)]
mod tests {
    use ballast_model::BudgetKind;

    use super::*;

    fn half(shard: u16) -> Part {
        Part { shard, share: Rate(Rate::ONE.0 / 2) }
    }

    #[test]
    fn a_grant_is_the_shards_own_part() {
        let grant = Grant { shard: ShardId(0), epoch: 1, seq: 1, amount: 1_001 };
        let its = half(1).granted(BudgetGrant { kind: BudgetKind::Gross, grant }, 65_537).grant;
        assert_eq!((its.shard, its.epoch, its.seq, its.amount), (ShardId(1), 65_537, 1, 500));
    }

    #[test]
    fn messages_keep_a_reserve() {
        let whole = MessageLimits { burst: 101, per_second: 11, reserve: 21 };
        assert_eq!(half(0).messages(whole), MessageLimits { burst: 50, per_second: 5, reserve: 11 });
        let none = MessageLimits { burst: 2, per_second: 1, reserve: 1 };
        assert_eq!(half(0).messages(none), MessageLimits { burst: 1, per_second: 0, reserve: 1 });
    }

    #[test]
    fn parts_come_to_no_more_than_the_whole() {
        let of = |share: i64, units: i128| Part { shard: 0, share: Rate(share) }.money(Money(units)).0;
        let one = Rate::ONE.0;
        for units in
            [0, 1, 7, 99_999_999, 100_000_001, Money::ONE.0, 123_456_789_012_345_678_901, i128::MAX / 4]
        {
            for cut in [0, 1, 33_333_333, one / 2, one - 1, one] {
                let sum = of(cut, units) + of(one - cut, units);
                assert!(sum <= units && units - sum <= 2, "{cut} of {units}");
            }
            for shards in 1..9 {
                assert!(of(one / shards, units) * i128::from(shards) <= units, "{shards} of {units}");
            }
        }
        assert_eq!(of(one / 4, 4 * Money::ONE.0), Money::ONE.0);
    }
}
