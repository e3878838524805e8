//! A shard's parts of limits that span shards: how much of each is in use, what is wanted, and what is refused.
//!
//! What is in use is measured, never counted up: gross exposure and margin at their worse ends, all that works among them;
//! orders within the last second; the loss since the shard began and what was lost before. It is set after every event, so that what is owned follows.
//! An adding order that would take more than is free is refused, and what it needed is remembered as a need.
//!
//! Wanted is what is in use, or was needed by an order refused within the last [`BudgetsSpec::repeat`], in whole steps and one
//! step more. It is raised where it is too small and lowered where it is more than a step too large, once a
//! [`BudgetsSpec::gap`] at most.
//!
//! A shard that begins has no memory of the orders its predecessor sent within the last second: until a second has passed
//! it takes all it owns of the order rate for used, and sends nothing that adds. Its positions it must be told before its
//! first grant: what is in use is what it knows of.
//!
//! Never here: another shard's part, a channel.

#[cfg(test)]
mod tests;

use ballast_model::{BudgetGrant, BudgetKind, BudgetReport, Digest, Money, Nanos, Rate, ShardId, Span};

use super::group::{Group, Leg, Way};
use super::member::Measure;
use super::{GateState, Portfolio, Refusal, Rule, Scope};
use crate::budget::{AMOUNT_MAX, Adopted, OwnedBudget};
use crate::gate::watch::Verdict;
use crate::gate::window::SlidingSum;

/// How far back orders are counted.
const RATE_WINDOW: Span = Span::from_secs(1);

const KINDS: usize = BudgetKind::ALL.len();

/// The budgets of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetsSpec {
    /// Which shard this is.
    pub shard: ShardId,
    /// By [`BudgetKind`]; `None` where the limit does not span shards.
    pub budgets: [Option<BudgetSpec>; KINDS],
    /// Least time between two reports of a budget, but for answers to grants. Above zero.
    pub gap: Span,
    /// Time after which a report is said again though nothing is new: it may have been lost. Not below the gap.
    pub repeat: Span,
}

/// One budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSpec {
    /// What wishes are whole multiples of, in the unit of [`BudgetKind`]. Above zero.
    pub step: u128,
}

/// Why budgets cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetsError {
    /// A shard's epoch is above zero.
    Epoch,
    /// A step is not in `1..=`[`AMOUNT_MAX`].
    Step,
    /// The gap is not above zero, or longer than the repeat.
    Gap,
}

impl core::fmt::Display for BudgetsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Epoch => "a shard with budgets needs an epoch above zero",
            Self::Step => "the step of a budget must be above zero and within the largest budget",
            Self::Gap => "the gap between reports must be above zero and at most the repeat",
        })
    }
}

impl core::error::Error for BudgetsError {}

/// One budget and what is to be told of it.
#[derive(Clone, Debug)]
struct Line {
    kind: BudgetKind,
    spec: BudgetSpec,
    owned: OwnedBudget,
    /// The most a refused order needed of late, and when the last one was refused.
    refused: u128,
    refused_at: Nanos,
    /// What was told last, and when.
    told: Option<(BudgetReport, Nanos)>,
    /// A grant waits for its answer.
    asked: bool,
}

impl Line {
    fn new(kind: BudgetKind, spec: BudgetSpec, shard: ShardId, epoch: u32) -> Self {
        let owned = OwnedBudget::new(shard, epoch, 0);
        Self { kind, spec, owned, refused: 0, refused_at: Nanos::MIN, told: None, asked: false }
    }

    /// Refuses a use of `is` where `was` is in use, and remembers it.
    fn ask(&mut self, rule: Rule, was: u128, is: u128, now: Nanos) -> Verdict {
        let target = self.owned.journaled().target;
        if is <= was || is <= target {
            return Ok(());
        }
        (self.refused, self.refused_at) = (self.refused.max(is), now);
        Err((rule, signed(is), signed(target)))
    }

    /// What should be wanted; what is, where that is near enough.
    fn wish(&self) -> u128 {
        let step = self.spec.step;
        let need = self.owned.in_use().max(self.refused).min(AMOUNT_MAX);
        let wish = need.div_ceil(step).saturating_mul(step).saturating_add(step).min(AMOUNT_MAX);
        let wanted = self.owned.journaled().wanted;
        if wish > wanted || wish.saturating_add(step) < wanted { wish } else { wanted }
    }

    /// What is to be told now.
    fn report(&mut self, spec: &BudgetsSpec, now: Nanos) -> Option<BudgetReport> {
        let due = self.told.is_none_or(|(_, at)| now >= at + spec.gap);
        if now >= self.refused_at.saturating_add(spec.repeat) {
            self.refused = 0;
        }
        if due {
            self.owned.want(self.wish());
        }
        let report = BudgetReport { kind: self.kind, report: self.owned.report() };
        let news = self.told.is_none_or(|(told, at)| told != report || now >= at + spec.repeat);
        if !(self.asked || due && news) {
            return None;
        }
        self.told = Some((report, now));
        self.asked = false;
        Some(report)
    }

    /// When something may be to be told; `None` for at once.
    fn deadline(&self, spec: &BudgetsSpec) -> Option<Nanos> {
        let (told, at) = self.told?;
        let changed = told.report != self.owned.report() || told.report.wanted != self.wish();
        Some(at + if changed { spec.gap } else { spec.repeat })
    }

    fn digest(&self, digest: &mut Digest) {
        self.owned.digest(digest);
        digest.bytes(&self.refused.to_le_bytes());
        digest.signed(self.refused_at.0);
        digest.word(u64::from(self.asked));
        if let Some((told, at)) = &self.told {
            told.digest(digest);
            digest.signed(at.0);
        }
    }
}

/// The budgets of a shard, and the memory of what is measured.
#[derive(Clone, Debug)]
pub(super) struct Budgets {
    spec: BudgetsSpec,
    lines: [Option<Line>; KINDS],
    orders: SlidingSum,
    /// When all orders of the window are ones this shard remembers; `None` before the first event.
    warm_at: Option<Nanos>,
    /// What was lost before the beginning.
    lost_before: Money,
    loss: u128,
}

impl Budgets {
    fn new(spec: &BudgetsSpec, epoch: u32, lost_before: Money) -> Result<Self, BudgetsError> {
        if epoch == 0 {
            return Err(BudgetsError::Epoch);
        }
        if spec.budgets.iter().flatten().any(|budget| !(1..=AMOUNT_MAX).contains(&budget.step)) {
            return Err(BudgetsError::Step);
        }
        if spec.gap.0 <= 0 || spec.repeat < spec.gap {
            return Err(BudgetsError::Gap);
        }
        let line = |kind: BudgetKind| {
            let budget = spec.budgets.get(kind as usize).copied().flatten();
            budget.map(|budget| Line::new(kind, budget, spec.shard, epoch))
        };
        let orders = SlidingSum::new(RATE_WINDOW);
        let (lines, loss) = (BudgetKind::ALL.map(line), unsigned(lost_before.0));
        Ok(Self { spec: *spec, lines, orders, warm_at: None, lost_before, loss })
    }

    fn line(&mut self, kind: BudgetKind) -> Option<&mut Line> {
        self.lines.get_mut(kind as usize)?.as_mut()
    }

    /// Asks for an order that adds, and makes of everything what `is` says.
    pub(super) fn ask(&mut self, was: &Measure, is: &Measure, now: Nanos) -> Result<(), Refusal> {
        let (orders, loss) = (self.orders_in_use(now), self.loss);
        let questions = [
            (BudgetKind::Gross, Rule::BudgetGross, unsigned(was.gross), unsigned(is.gross)),
            (BudgetKind::Margin, Rule::BudgetMargin, margin(was), margin(is)),
            (BudgetKind::OrderRate, Rule::BudgetOrders, orders, orders + 1),
            // A loss takes nothing in advance: there must be some left.
            (BudgetKind::Loss, Rule::BudgetLoss, loss, loss + 1),
        ];
        for (kind, rule, was, is) in questions {
            let Some(line) = self.line(kind) else { continue };
            line.ask(rule, was, is, now).map_err(|(rule, found, limit)| {
                let scope = Scope::All;
                Refusal { rule, scope, found, limit }
            })?;
        }
        Ok(())
    }

    pub(super) fn on_order(&mut self, now: Nanos) {
        self.orders.add(1, now);
    }

    pub(super) fn on_profit(&mut self, realised: Money, unrealised: Money) {
        let profit = realised.0.saturating_add(unrealised.0);
        self.loss = unsigned(self.lost_before.0.saturating_sub(profit));
    }

    /// Quotes that add are pulled where the loss has used up its part.
    pub(super) fn state(&self) -> GateState {
        let line = self.lines.get(BudgetKind::Loss as usize).and_then(Option::as_ref);
        if line.is_some_and(|line| self.loss >= line.owned.journaled().target) {
            GateState::ReduceOnly
        } else {
            GateState::Active
        }
    }

    /// Orders within the last second; all that is owned where nobody remembers.
    fn orders_in_use(&mut self, now: Nanos) -> u128 {
        let orders = unsigned(self.orders.at(now));
        if self.warm_at.is_some_and(|at| now >= at) {
            return orders;
        }
        let line = self.line(BudgetKind::OrderRate);
        line.map_or(orders, |line| orders.max(line.owned.owned()))
    }

    /// Sets what is in use.
    fn measure(&mut self, all: &Measure, now: Nanos) {
        self.warm_at.get_or_insert(now + RATE_WINDOW);
        let orders = self.orders_in_use(now);
        let uses = [unsigned(all.gross), margin(all), orders, self.loss];
        for (line, mut in_use) in self.lines.iter_mut().zip(uses) {
            let Some(line) = line else { continue };
            if all.unknown > 0 && matches!(line.kind, BudgetKind::Gross | BudgetKind::Margin) {
                // What is unknown is not zero: nothing is given back until somebody knows.
                in_use = in_use.max(line.owned.owned());
            }
            line.owned.set_in_use(in_use);
        }
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.lines.iter().flatten().for_each(|line| line.digest(digest));
        self.orders.digest(digest);
        digest.signed(self.warm_at.map_or(i64::MIN, |at| at.0));
        digest.bytes(&self.loss.to_le_bytes());
    }
}

impl Portfolio {
    /// This portfolio with parts of limits that span shards; it owns nothing of them yet. Before anything is told.
    ///
    /// # Errors
    /// [`BudgetsError`].
    pub fn with_budgets(mut self, spec: &BudgetsSpec, epoch: u32) -> Result<Self, BudgetsError> {
        let budgets = Budgets::new(spec, epoch, self.loss.lost_before())?;
        let [gross, margin, ..] = &budgets.lines;
        if gross.is_some() || margin.is_some() {
            let group = self.groups.len() - 1;
            self.groups.last_mut().map(Group::keep);
            for member in &mut self.members {
                member.legs.add(Leg { group, way: Way::Straight });
            }
        }
        self.budgets = Some(budgets);
        Ok(self)
    }

    /// Takes a grant; an answer is due at the next [`Portfolio::report`].
    pub fn on_grant(&mut self, grant: &BudgetGrant) {
        let Some(line) = self.budgets.as_mut().and_then(|budgets| budgets.line(grant.kind)) else { return };
        line.asked |= line.owned.on_grant(&grant.grant) != Adopted::Ignored;
    }

    /// Measures what is in use, and gives what is to be told of it. After every event.
    pub fn report(&mut self, now: Nanos, mut tell: impl FnMut(BudgetReport)) {
        let Some(budgets) = &mut self.budgets else { return };
        let all = self.groups.last().map(Group::sum).unwrap_or_default();
        budgets.measure(&all, now);
        for line in budgets.lines.iter_mut().flatten() {
            line.report(&budgets.spec, now).into_iter().for_each(&mut tell);
        }
    }

    /// When there may be something to tell of a budget; `None` where there is none.
    #[must_use]
    pub fn report_at(&self) -> Option<Nanos> {
        let budgets = self.budgets.as_ref()?;
        budgets.lines.iter().flatten().filter_map(|line| line.deadline(&budgets.spec)).min()
    }

    /// A shard's part of a limit; `None` where it does not span shards.
    #[must_use]
    pub fn budget(&self, kind: BudgetKind) -> Option<&OwnedBudget> {
        self.budgets.as_ref()?.lines.get(kind as usize)?.as_ref().map(|line| &line.owned)
    }
}

/// Margin in the account currency, rounded up.
fn margin(measure: &Measure) -> u128 {
    unsigned(measure.need).div_ceil(Rate::ONE.0.unsigned_abs().into())
}

/// A magnitude; nothing where it is below zero.
fn unsigned(amount: i128) -> u128 {
    u128::try_from(amount).unwrap_or(0)
}

fn signed(amount: u128) -> i128 {
    i128::try_from(amount).unwrap_or(i128::MAX)
}
