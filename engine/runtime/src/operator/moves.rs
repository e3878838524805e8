//! Moves between books, as a script writes them.
//!
//! ```toml
//! [[at]]
//! offset = "60s"
//! command = "split"                     # or "merge": all of it
//! scope = "usdm ETHUSDT"
//! from = { strategy = "default" }
//! to = { strategy = "carry" }           # and `account`, where that is not `default`
//! size = "0.25"
//!
//! [[at]]
//! offset = "90s"
//! command = "transfer"
//! scope = "all"
//! from = { account = "default" }
//! to = { account = "second" }
//! asset = "USDT"
//! amount = "100"
//! ```
//!
//! Never here: what a move does.

use ballast_model::{
    AssetId, BookOwner, Lots, Money, OperatorAct, OperatorScope, PackedMoney, StrategyId, SubAccountId,
};
use serde::Deserialize;

use super::{Act, lots};
use crate::config::{BookNames, DEFAULT_BOOK, Decimal, ResolvedInstrument};

/// What a move says beside its command and scope.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Owner {
    /// `default` where absent.
    strategy: Option<String>,
    /// `default` where absent.
    account: Option<String>,
}

/// The keys of an entry that only moves have.
#[derive(Debug)]
pub(super) struct Move<'a> {
    pub(super) from: Option<&'a Owner>,
    pub(super) to: Option<&'a Owner>,
    pub(super) size: Option<&'a str>,
    pub(super) asset: Option<&'a str>,
    pub(super) amount: Option<&'a Decimal>,
}

/// A key and the rule its value breaks.
type Broken = (&'static str, String);

impl Move<'_> {
    /// The first key that the command has no use for.
    pub(super) fn unused(&self, act: Act) -> Result<(), Broken> {
        let (owners, size, asset, amount) = match act {
            Act::Split => (true, true, false, false),
            Act::Merge => (true, false, false, false),
            Act::Transfer => (true, false, true, true),
            Act::Grant => (false, false, false, true),
            Act::ReduceOnly
            | Act::Pause
            | Act::Kill
            | Act::Resume
            | Act::ClearLoss
            | Act::Thaw
            | Act::Confirm
            | Act::Adjust
            | Act::Arm => (false, false, false, false),
        };
        let keys = [
            ("from", self.from.is_some(), owners),
            ("to", self.to.is_some(), owners),
            ("size", self.size.is_some(), size),
            ("asset", self.asset.is_some(), asset),
            ("amount", self.amount.is_some(), amount),
        ];
        for (key, there, used) in keys {
            if there && !used {
                return Err((key, "is for another command".to_owned()));
            }
            if used && !there {
                return Err(("command", format!("needs a `{key}`")));
            }
        }
        Ok(())
    }

    /// A move of a position: all of a book where no size is said.
    pub(super) fn position(
        &self,
        scope: OperatorScope,
        names: Option<&BookNames>,
        instruments: &[ResolvedInstrument],
    ) -> Result<OperatorAct, Broken> {
        let OperatorScope::Instrument(id) = scope else {
            return Err(("scope", "a position is one instrument's".to_owned()));
        };
        let names = kept(names)?;
        let (from, to) = (owner("from", self.from, names)?, owner("to", self.to, names)?);
        if from == to {
            return Err(("to", "is the same book".to_owned()));
        }
        let Some(size) = self.size else {
            if from.account != to.account {
                return Err(("to", "has another account: a whole book is merged within one".to_owned()));
            }
            return Ok(OperatorAct::Merge { from, into: to });
        };
        let lot = instruments.get(id.index()).map(|one| one.found.spec.lot);
        let lots = lot.and_then(|lot| lots(size, lot)).filter(|lots| *lots > Lots::ZERO);
        let rule = || ("size", format!("`{size}` is no whole number of lots above zero"));
        Ok(OperatorAct::Split { from, to, lots: lots.ok_or_else(rule)? })
    }

    /// A move of cash.
    pub(super) fn cash(
        &self,
        scope: OperatorScope,
        names: Option<&BookNames>,
        assets: &[String],
    ) -> Result<OperatorAct, Broken> {
        if scope != OperatorScope::All {
            return Err(("scope", "cash is no instrument's: `all`".to_owned()));
        }
        let names = kept(names)?;
        for (key, owner) in [("from", self.from), ("to", self.to)] {
            if owner.is_some_and(|owner| owner.strategy.is_some()) {
                return Err((key, "cash is an account's, not a strategy's".to_owned()));
            }
        }
        let (from, to) = (owner("from", self.from, names)?, owner("to", self.to, names)?);
        if from == to {
            return Err(("to", "is the same account".to_owned()));
        }
        let place = assets.iter().position(|known| Some(known.as_str()) == self.asset);
        let asset = place.and_then(|place| u16::try_from(place).ok()).map(AssetId);
        let asset = asset.ok_or_else(|| ("asset", format!("is none of: {}", assets.join(", "))))?;
        let amount = self.amount.map_or(Money::ZERO, Decimal::money);
        if amount <= Money::ZERO {
            return Err(("amount", "must be above zero".to_owned()));
        }
        let amount = PackedMoney::new(amount);
        Ok(OperatorAct::Transfer { from: from.account, to: to.account, asset, amount })
    }
}

/// The names of the books, where any are kept.
fn kept(names: Option<&BookNames>) -> Result<&BookNames, Broken> {
    let rule = "no books are kept: no [[instrument]] names a strategy or an account";
    names.ok_or_else(|| ("command", rule.to_owned()))
}

fn owner(key: &'static str, owner: Option<&Owner>, names: &BookNames) -> Result<BookOwner, Broken> {
    let place = |what: &str, known: &[String], name: Option<&String>| {
        let name = name.map_or(DEFAULT_BOOK, String::as_str);
        let place = known.iter().position(|known| known == name);
        place.ok_or_else(|| (key, format!("no {what} `{name}`: there are {}", known.join(", "))))
    };
    let strategy = owner.and_then(|owner| owner.strategy.as_ref());
    let account = owner.and_then(|owner| owner.account.as_ref());
    let strategy = place("strategy", &names.strategies, strategy)?;
    let account = place("account", &names.accounts, account)?;
    Ok(BookOwner {
        account: SubAccountId(u16::try_from(account).unwrap_or(u16::MAX)),
        strategy: StrategyId(u8::try_from(strategy).unwrap_or(u8::MAX)),
    })
}
