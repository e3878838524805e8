//! News of our account, of operators and of budgets as bytes and back: rare, so nothing is counted from what was before.

use ballast_model::{
    AssetId, BalanceUpdate, BookOwner, BudgetGrant, FundingPayment, Grant, InstrumentId, Lots, Money, Nanos,
    OperatorAct, OperatorCommand, OperatorId, OperatorScope, PackedMoney, PaymentId, Price, ReasonCode,
    ShardId, StrategyId, SubAccountId, VenueId,
};

use super::take_instrument;
use crate::codes::Coded;
use crate::varint::{Put, Take};

/// Kinds of scopes of an operator's command.
mod scope {
    pub(super) const INSTRUMENT: u8 = 0;
    pub(super) const STRATEGY: u8 = 1;
    pub(super) const VENUE: u8 = 2;
    pub(super) const ALL: u8 = 3;
}

/// Kinds of an operator's commands.
mod act {
    pub(super) const REDUCE_ONLY: u8 = 0;
    pub(super) const PAUSE: u8 = 1;
    pub(super) const KILL: u8 = 2;
    pub(super) const RESUME: u8 = 3;
    pub(super) const CLEAR_LOSS: u8 = 4;
    pub(super) const THAW: u8 = 5;
    pub(super) const CONFIRM: u8 = 6;
    pub(super) const SPLIT: u8 = 7;
    pub(super) const MERGE: u8 = 8;
    pub(super) const TRANSFER: u8 = 9;
    pub(super) const ADJUST: u8 = 10;
    pub(super) const ARM: u8 = 11;
}

fn put_owner(owner: BookOwner, put: &mut Put<'_>) {
    put.word(owner.account.0.into());
    put.byte(owner.strategy.0);
}

fn take_owner(take: &mut Take<'_>) -> Option<BookOwner> {
    Some(BookOwner { account: SubAccountId(take.short()?), strategy: StrategyId(take.byte()?) })
}

fn put_money(money: PackedMoney, put: &mut Put<'_>) {
    put.signed(money.money().0);
}

fn take_money(take: &mut Take<'_>) -> Option<PackedMoney> {
    take.signed().map(|units| PackedMoney::new(Money(units)))
}

pub(super) fn put_funding(payment: &FundingPayment, now: Nanos, put: &mut Put<'_>) {
    put.word(payment.instrument.0.into());
    put.word(payment.asset.0.into());
    put_money(payment.amount, put);
    put.word(payment.payment_id.0);
    put.time(now.0, payment.venue_time.0);
}

pub(super) fn take_funding(now: Nanos, take: &mut Take<'_>) -> Option<FundingPayment> {
    Some(FundingPayment {
        instrument: take_instrument(take)?,
        asset: AssetId(take.short()?),
        amount: take_money(take)?,
        payment_id: PaymentId(take.word()?),
        venue_time: Nanos(take.time(now.0)?),
    })
}

pub(super) fn put_balance(update: &BalanceUpdate, now: Nanos, put: &mut Put<'_>) {
    put.word(update.account.0.into());
    put.word(update.asset.0.into());
    put_money(update.free, put);
    put_money(update.locked, put);
    put.time(now.0, update.venue_time.0);
}

pub(super) fn take_balance(now: Nanos, take: &mut Take<'_>) -> Option<BalanceUpdate> {
    Some(BalanceUpdate {
        account: SubAccountId(take.short()?),
        asset: AssetId(take.short()?),
        free: take_money(take)?,
        locked: take_money(take)?,
        venue_time: Nanos(take.time(now.0)?),
    })
}

pub(super) fn put_operator(command: &OperatorCommand, put: &mut Put<'_>) {
    match command.scope {
        OperatorScope::Instrument(InstrumentId(id)) => {
            put.byte(scope::INSTRUMENT);
            put.word(id.into());
        }
        OperatorScope::Strategy(StrategyId(id)) => put.bytes([scope::STRATEGY, id]),
        OperatorScope::Venue(VenueId(id)) => put.bytes([scope::VENUE, id]),
        OperatorScope::All => put.byte(scope::ALL),
    }
    match command.act {
        OperatorAct::ReduceOnly => put.byte(act::REDUCE_ONLY),
        OperatorAct::Pause => put.byte(act::PAUSE),
        OperatorAct::Kill => put.byte(act::KILL),
        OperatorAct::Resume => put.byte(act::RESUME),
        OperatorAct::ClearLoss => put.byte(act::CLEAR_LOSS),
        OperatorAct::Thaw => put.byte(act::THAW),
        OperatorAct::Confirm(Lots(lots)) => {
            put.byte(act::CONFIRM);
            put.delta(0, lots);
        }
        OperatorAct::Arm(until) => {
            put.byte(act::ARM);
            put.delta(0, until.0);
        }
        OperatorAct::Adjust { position, price } => {
            put.byte(act::ADJUST);
            put.delta(0, position.0);
            put.delta(0, price.0);
        }
        OperatorAct::Split { from, to, lots } => {
            put.byte(act::SPLIT);
            put_owner(from, put);
            put_owner(to, put);
            put.delta(0, lots.0);
        }
        OperatorAct::Merge { from, into } => {
            put.byte(act::MERGE);
            put_owner(from, put);
            put_owner(into, put);
        }
        OperatorAct::Transfer { from, to, asset, amount } => {
            put.byte(act::TRANSFER);
            put.word(from.0.into());
            put.word(to.0.into());
            put.word(asset.0.into());
            put_money(amount, put);
        }
    }
    put.word(command.operator.0.into());
    put.word(command.reason.0.into());
}

pub(super) fn take_operator(take: &mut Take<'_>) -> Option<OperatorCommand> {
    let scope = match take.byte()? {
        scope::INSTRUMENT => OperatorScope::Instrument(take_instrument(take)?),
        scope::STRATEGY => OperatorScope::Strategy(StrategyId(take.byte()?)),
        scope::VENUE => OperatorScope::Venue(VenueId(take.byte()?)),
        scope::ALL => OperatorScope::All,
        _ => return None,
    };
    let act = match take.byte()? {
        act::REDUCE_ONLY => OperatorAct::ReduceOnly,
        act::PAUSE => OperatorAct::Pause,
        act::KILL => OperatorAct::Kill,
        act::RESUME => OperatorAct::Resume,
        act::CLEAR_LOSS => OperatorAct::ClearLoss,
        act::THAW => OperatorAct::Thaw,
        act::CONFIRM => OperatorAct::Confirm(Lots(take.delta(0)?)),
        act::ARM => OperatorAct::Arm(Nanos(take.delta(0)?)),
        act::ADJUST => OperatorAct::Adjust { position: Lots(take.delta(0)?), price: Price(take.delta(0)?) },
        act::SPLIT => {
            let (from, to) = (take_owner(take)?, take_owner(take)?);
            OperatorAct::Split { from, to, lots: Lots(take.delta(0)?) }
        }
        act::MERGE => OperatorAct::Merge { from: take_owner(take)?, into: take_owner(take)? },
        act::TRANSFER => OperatorAct::Transfer {
            from: SubAccountId(take.short()?),
            to: SubAccountId(take.short()?),
            asset: AssetId(take.short()?),
            amount: take_money(take)?,
        },
        _ => return None,
    };
    let (operator, reason) = (OperatorId(take.short()?), ReasonCode(take.short()?));
    Some(OperatorCommand { scope, act, operator, reason })
}

pub(super) fn put_grant(told: &BudgetGrant, put: &mut Put<'_>) {
    let Grant { shard, epoch, seq, amount } = told.grant;
    put.byte(told.kind.code());
    put.word(shard.0.into());
    put.word(epoch.into());
    put.word(seq.into());
    put.unsigned(amount);
}

pub(super) fn take_grant(take: &mut Take<'_>) -> Option<BudgetGrant> {
    let kind = Coded::of(take.byte()?)?;
    let (shard, epoch, seq) = (ShardId(take.short()?), take.int()?, take.int()?);
    Some(BudgetGrant { kind, grant: Grant { shard, epoch, seq, amount: take.unsigned()? } })
}
