//! What spans the instruments of a shard: the portfolio, and the profit of everything in its currency.
//!
//! Lanes tell it what is as it changes: marks, positions, working orders, profit. A halt of everything is noted, so that the
//! shard pulls the quotes of the other lanes too.
//!
//! Never here: a limit (the portfolio has them), a decision what to send.

use alloc::vec::Vec;

use ballast_model::{
    AssetId, BudgetGrant, BudgetKind, Contract, Digest, HalfTicks, InstrumentId, InstrumentSpec, Money,
    Nanos, Rate, Span,
};

use super::funds::{HoldsSpec, Purse};
use super::margin::Margins;
use super::{LaneSpec, Shard, ids};
use crate::balance::BalanceError;
use crate::gate::portfolio::{
    Account, AssetSpec, BudgetsError, BudgetsSpec, CreditLimits, ExposureLimits, MemberSpec, Portfolio,
    PortfolioError, PortfolioSpec, StrategySpec, VenueSpec,
};
use crate::gate::{LossLimits, StrategyId, VenueId};
use crate::ledger::Ledger;
use crate::outbox::Outbox;

/// What holds the instruments of a shard together. Money is in the account currency.
#[derive(Clone, Debug)]
pub struct RiskSpec {
    /// One for each lane, in their order, with its grid and contract.
    pub members: Vec<MemberSpec>,
    /// By [`AssetId`].
    pub assets: Vec<AssetSpec>,
    /// By [`VenueId`].
    pub venues: Vec<VenueSpec>,
    /// By [`StrategyId`]; losses after fees and funding in each instrument's settlement asset.
    pub strategies: Vec<StrategySpec>,
    /// Limits of everything together.
    pub exposure: ExposureLimits,
    /// Limits of everything against the equity of all venues.
    pub credit: CreditLimits,
    /// Losses of everything, after fees and funding in each instrument's settlement asset.
    pub loss: LossLimits,
    /// This shard's parts of limits that span shards; `None` where none does.
    pub budgets: Option<BudgetsSpec>,
    /// What one unit of each asset is worth, by [`AssetId`]; `None` where nobody knows.
    pub conversions: Vec<Option<Rate>>,
    /// What the account at each venue is worth, by [`VenueId`]; `None` where nobody knows.
    pub accounts: Vec<Option<Account>>,
    /// By instrument: the share of its position's value that the venue asks for to keep it open, from zero to below one. Where
    /// an instrument has one, the account at its venue is worth what `accounts` states and the net profit of all instruments
    /// there, and the portfolio is told where the instrument's position would be liquidated.
    pub maintenance: Vec<Option<Rate>>,
    /// A touch confirmed longer ago than this is no mark, and none to quote on. Above zero.
    pub mark_age_max: Span,
    /// What spot orders hold of an account's balances; `None` where nobody counts them, and no funds are ever known.
    pub holds: Option<HoldsSpec>,
}

/// Why the instruments cannot be held together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RiskError {
    /// There is not one member for each lane with that lane's grid and contract.
    Members,
    /// There is not one conversion for each asset, or not one account for each venue.
    Lists,
    /// There is not one maintenance rate, or none stated, for each instrument, or one is not from zero to below one.
    Maintenance,
    /// The mark's age is not above zero.
    MarkAge,
    /// The portfolio's limits.
    Portfolio(PortfolioError),
    /// The parts of limits that span shards.
    Budgets(BudgetsError),
    /// The holds on balances.
    Holds(BalanceError),
}

impl core::fmt::Display for RiskError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Members => {
                f.write_str("a portfolio needs one member for each lane, of the same instrument")
            }
            Self::Lists => f.write_str("conversions go by asset and accounts by venue, one each"),
            Self::Maintenance => f.write_str("maintenance goes by instrument, from zero to below one"),
            Self::MarkAge => f.write_str("mark_age_max must be above zero"),
            Self::Portfolio(error) => error.fmt(f),
            Self::Budgets(error) => error.fmt(f),
            Self::Holds(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RiskError {}

/// The profit of one instrument in the account currency, as last told.
#[derive(Clone, Copy, Debug)]
struct Profit {
    /// What one unit of the quote currency is worth.
    rate: Rate,
    /// For whom it is traded, where that strategy's losses are limited.
    strategy: Option<StrategyId>,
    realised: i128,
    unrealised: i128,
}

/// The portfolio of a shard.
#[derive(Debug)]
pub(super) struct Risk {
    pub(super) portfolio: Portfolio,
    pub(super) mark_age_max: Span,
    /// `None` where no order is paid from balances.
    pub(super) purse: Option<Purse>,
    /// By instrument; empty where no loss is limited. An instrument without a rate cannot be counted: it is refused by the
    /// portfolio as long as it is unknown.
    profits: Vec<Profit>,
    /// `None` where no position can be liquidated.
    margins: Option<Margins>,
    /// A loss has closed everything, or a strategy, further than before, and not all lanes know.
    halted: bool,
}

impl Risk {
    pub(super) fn new(spec: &RiskSpec, lanes: &[LaneSpec], epoch: u32) -> Result<Self, RiskError> {
        let same = spec.members.iter().zip(lanes).all(|(member, lane)| member.spec == lane.spec);
        if !same || spec.members.len() != lanes.len() {
            return Err(RiskError::Members);
        }
        if spec.conversions.len() != spec.assets.len() || spec.accounts.len() != spec.venues.len() {
            return Err(RiskError::Lists);
        }
        let below_one = |rate: &Rate| (0..Rate::ONE.0).contains(&rate.0);
        if spec.maintenance.len() != spec.members.len() || !spec.maintenance.iter().flatten().all(below_one) {
            return Err(RiskError::Maintenance);
        }
        if spec.mark_age_max.0 <= 0 {
            return Err(RiskError::MarkAge);
        }
        let mut portfolio = Portfolio::new(&PortfolioSpec {
            members: &spec.members,
            assets: &spec.assets,
            venues: &spec.venues,
            strategies: &spec.strategies,
            exposure: spec.exposure,
            credit: spec.credit,
            loss: spec.loss,
        })
        .map_err(RiskError::Portfolio)?;
        if let Some(budgets) = &spec.budgets {
            portfolio = portfolio.with_budgets(budgets, epoch).map_err(RiskError::Budgets)?;
        }
        for (asset, rate) in (0..).map(AssetId).zip(&spec.conversions) {
            portfolio.on_conversion(asset, *rate);
        }
        for (venue, account) in (0..).map(VenueId).zip(&spec.accounts) {
            portfolio.on_account(venue, *account);
        }
        let profit = |member: &MemberSpec| {
            let rate = spec.conversions.get(usize::from(member.spec.quote.0)).copied().flatten();
            let by_strategy = spec.strategies.get(usize::from(member.strategy.0));
            let limited = by_strategy.is_some_and(|strategy| strategy.loss.limits());
            let strategy = limited.then_some(member.strategy);
            Profit { rate: rate.unwrap_or(Rate(0)), strategy, realised: 0, unrealised: 0 }
        };
        let divided = portfolio.budget(BudgetKind::Loss).is_some();
        let by_strategy = spec.strategies.iter().any(|strategy| strategy.loss.limits());
        let limited = divided || by_strategy || spec.loss.limits();
        let profits = spec.members.iter().filter(|_| limited).map(profit).collect();
        let purse = spec.holds.as_ref().map(|holds| Purse::new(holds, &spec.members)).transpose();
        let purse = purse.map_err(RiskError::Holds)?;
        let (margins, mark_age_max) = (Margins::new(spec), spec.mark_age_max);
        Ok(Self { portfolio, mark_age_max, purse, profits, margins, halted: false })
    }

    /// Takes the price an instrument's position is valued at; `None` where there is none that can be trusted.
    pub(super) fn on_mark(&mut self, id: InstrumentId, mark: Option<HalfTicks>) {
        self.portfolio.on_mark(id, mark);
        if let Some(margins) = &mut self.margins {
            margins.on_mark(id, mark);
        }
    }

    /// Whether accounts follow what their instruments earn: [`Risk::tell_margin`].
    pub(super) const fn has_margins(&self) -> bool {
        self.margins.is_some()
    }

    /// Takes an instrument's ledger, `None` where it is in doubt.
    pub(super) fn tell_margin(&mut self, id: InstrumentId, ledger: Option<&Ledger>) {
        if let Some(margins) = &mut self.margins {
            margins.tell(id, ledger, &mut self.portfolio);
        }
    }

    /// Tells the gate what an instrument's orders can be paid with.
    pub(super) fn tell_funds(&mut self, id: InstrumentId) {
        if let Some(purse) = self.purse.as_ref().filter(|purse| purse.pays(id)) {
            self.portfolio.on_funds(id, purse.funds(id));
        }
    }

    /// Takes an instrument's ledger at a mid that can be trusted; notes where that halts others too. Tells whether anything was
    /// closed further.
    pub(super) fn on_profit(
        &mut self,
        id: InstrumentId,
        spec: &InstrumentSpec,
        ledger: &Ledger,
        mid: HalfTicks,
    ) -> bool {
        let Some(profit) = self.profits.get_mut(id.index()) else { return false };
        let (realised, unrealised) = profit_of(ledger, mid);
        profit.realised = converted(realised, spec, mid, profit.rate);
        profit.unrealised = converted(unrealised, spec, mid, profit.rate);
        let strategy = profit.strategy;
        let (realised, unrealised) = sum(self.profits.iter());
        let before = self.portfolio.state(id);
        let mut closed = self.portfolio.on_profit(realised, unrealised);
        if let Some(strategy) = strategy {
            let its = self.profits.iter().filter(|profit| profit.strategy == Some(strategy));
            let (realised, unrealised) = sum(its);
            closed |= self.portfolio.on_strategy_profit(strategy, realised, unrealised);
        }
        self.halted |= self.portfolio.state(id) != before;
        closed
    }

    /// Whether others were halted since this was last asked.
    pub(super) const fn take_halted(&mut self) -> bool {
        core::mem::replace(&mut self.halted, false)
    }

    /// Counts a message that is never held back.
    pub(super) fn on_message(&mut self, id: InstrumentId, now: Nanos) {
        self.portfolio.on_message(id, now);
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.portfolio.digest(digest);
        if let Some(purse) = &self.purse {
            purse.digest(digest);
        }
        for profit in &self.profits {
            digest.bytes(&profit.realised.to_le_bytes());
            digest.bytes(&profit.unrealised.to_le_bytes());
        }
        if let Some(margins) = &self.margins {
            margins.digest(digest);
        }
    }
}

/// Realised and unrealised profit of some instruments together.
fn sum<'a>(profits: impl Iterator<Item = &'a Profit>) -> (Money, Money) {
    let add = |(realised, unrealised): (i128, i128), profit: &Profit| {
        (realised.saturating_add(profit.realised), unrealised.saturating_add(profit.unrealised))
    };
    let (realised, unrealised) = profits.fold((0, 0), add);
    (Money(realised), Money(unrealised))
}

/// Realised profit after fees and funding, and the profit of the open position, in the settlement asset.
pub(super) fn profit_of(ledger: &Ledger, mid: HalfTicks) -> (Money, Money) {
    let unrealised = ledger.unrealised(mid);
    (ledger.net(mid) - unrealised, unrealised)
}

/// Money of an instrument's settlement asset in the account currency, rounded down; coins at the mid.
fn converted(amount: Money, spec: &InstrumentSpec, mid: HalfTicks, rate: Rate) -> i128 {
    let quote = match spec.contract {
        Contract::Linear => amount.0,
        Contract::Inverse => {
            // Whole ticks first: a coin's worth in ticks stays exact as far as it fits.
            let ticks = amount.0.saturating_mul(mid.0.into()).div_euclid(2);
            let tick = spec.tick;
            ticks.saturating_mul(tick.mantissa.into()).div_euclid(10i128.pow(u32::from(tick.scale)))
        }
    };
    let one = i128::from(Rate::ONE.0);
    let (whole, rest) = (quote.div_euclid(one), quote.rem_euclid(one));
    whole.saturating_mul(rate.0.into()).saturating_add((rest * i128::from(rate.0)).div_euclid(one))
}

impl Shard {
    /// Takes what the shard owns of a limit from here on, and lets quotes that waited for it leave.
    pub(super) fn on_grant(&mut self, grant: &BudgetGrant, now: Nanos, out: &mut Outbox) {
        let Some(risk) = &mut self.risk else { return };
        risk.portfolio.on_grant(grant);
        for id in ids(self.lanes.len()) {
            self.tell(id, now, out, |lane, turn| lane.is_moved(turn) || lane.wants_touch(now));
        }
        self.finish(now, out);
    }
}
