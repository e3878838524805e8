//! What a shard makes of its parts: use, wishes, refusals.

use alloc::vec::Vec;

use ballast_model::{Grant, HalfTicks, InstrumentId, Lots, Side};

use super::super::desk::{Desk, cents, dollars, gate, held, order};
use super::*;

const SHARD: ShardId = ShardId(2);
const GAP: Span = Span::from_millis(100);
const PERP: InstrumentId = InstrumentId(1);

fn spec(kind: BudgetKind, step: u128) -> BudgetsSpec {
    let budgets = BudgetKind::ALL.map(|one| (one == kind).then_some(BudgetSpec { step }));
    BudgetsSpec { shard: SHARD, budgets, gap: GAP, repeat: Span::from_secs(1) }
}

/// A portfolio, and the time of its next event.
struct Story {
    portfolio: Portfolio,
    kind: BudgetKind,
    now: Nanos,
    grants: u32,
    ids: u64,
}

impl Story {
    fn new(kind: BudgetKind, step: u128) -> Self {
        let desk = Desk { budgets: Some(spec(kind, step)), ..Desk::new() };
        Self { portfolio: desk.build(), kind, now: Nanos(0), grants: 0, ids: 0 }
    }

    fn report(&mut self) -> Vec<(u128, u128)> {
        let (mut reports, kind) = (Vec::new(), self.kind);
        self.portfolio.report(self.now, |told| {
            assert_eq!((told.kind, told.report.shard, told.report.epoch), (kind, SHARD, 1));
            reports.push((told.report.owned, told.report.wanted));
        });
        reports
    }

    /// Some time later.
    fn after(&mut self, millis: i64) -> Vec<(u128, u128)> {
        self.now = self.now + Span::from_millis(millis);
        self.report()
    }

    fn grant(&mut self, amount: u128) -> Vec<(u128, u128)> {
        self.grants += 1;
        let grant = Grant { shard: SHARD, epoch: 1, seq: self.grants, amount };
        self.portfolio.on_grant(&BudgetGrant { kind: self.kind, grant });
        self.report()
    }

    /// Why a purchase of the perpetual is refused, with this position held.
    fn buy(&mut self, lots: i64, position: i64) -> Option<Refusal> {
        self.ids += 1;
        let wish = order(1, self.ids, Side::Bid, 10_000, lots);
        gate(1).check_in(&mut self.portfolio, wish, &held(1, position), self.now).err()
    }

    fn budget(&self) -> &OwnedBudget {
        self.portfolio.budget(self.kind).unwrap()
    }
}

fn money(amount: Money) -> u128 {
    amount.0.unsigned_abs()
}

fn says(rule: Rule, found: i128, limit: i128) -> Option<Refusal> {
    Some(Refusal { rule, scope: Scope::All, found, limit })
}

#[test]
fn what_is_not_owned_is_refused_and_what_reduces_passes() {
    let mut story = Story::new(BudgetKind::Gross, money(dollars(1)));
    assert_eq!(story.report(), [(0, money(dollars(1)))], "one step, to begin with");
    assert_eq!(story.buy(1, 0), says(Rule::BudgetGross, cents(10).0, 0));
    assert_eq!(story.grant(money(dollars(1))), [(money(dollars(1)), money(dollars(1)))], "an answer");
    assert_eq!(story.buy(10, 0), None);
    assert_eq!(story.buy(1, 0), says(Rule::BudgetGross, cents(110).0, dollars(1).0));
    story.portfolio.on_position(PERP, Lots(-50));
    story.report();
    assert_eq!((story.budget().in_use(), story.budget().overdrawn()), (money(dollars(5)), money(dollars(4))));
    assert_eq!(story.buy(20, -50), None, "it closes");
}

#[test]
fn wishes_follow_needs_in_steps_and_not_too_often() {
    let mut story = Story::new(BudgetKind::Gross, money(dollars(1)));
    story.report();
    story.buy(25, 0);
    assert_eq!(story.after(99), [], "not yet");
    assert_eq!(story.portfolio.report_at(), Some(Nanos::from_millis(100)));
    assert_eq!(story.after(1), [(0, money(dollars(4)))], "three steps for 2.50, and one more");
    assert_eq!(story.after(100), [], "a need is remembered for a while");
    story.grant(money(dollars(4)));
    story.portfolio.on_position(PERP, Lots(-30));
    assert_eq!(story.after(900), [], "forgotten, and what is in use needs as much");
    story.portfolio.on_position(PERP, Lots(-19));
    assert_eq!(story.after(50), [], "one step too many");
    story.portfolio.on_position(PERP, Lots(-10));
    assert_eq!(story.after(10), [(money(dollars(4)), money(dollars(2)))], "two are wished away");
    assert_eq!(story.after(999), []);
    assert_eq!(story.after(1).len(), 1, "the same once more: it may have been lost");
}

#[test]
fn an_exposure_nobody_knows_is_not_given_back() {
    let mut story = Story::new(BudgetKind::Gross, money(dollars(1)));
    story.report();
    story.grant(money(dollars(6)));
    story.portfolio.on_position(PERP, Lots(50));
    story.report();
    story.portfolio.on_mark(PERP, None);
    assert_eq!(story.after(100), [(money(dollars(6)), money(dollars(7)))], "all of it is taken for used");
    assert_eq!(story.grant(money(dollars(1))), [(money(dollars(6)), money(dollars(7)))]);
    assert_eq!(story.buy(1, 50).map(|refusal| refusal.rule), Some(Rule::Unknown));
    story.portfolio.on_mark(PERP, Some(HalfTicks(20_000)));
    story.portfolio.on_position(PERP, Lots(20));
    story.after(100);
    assert_eq!(story.budget().owned(), money(dollars(2)));
}

#[test]
fn margin_is_divided_as_gross_is() {
    let mut story = Story::new(BudgetKind::Margin, money(cents(10)));
    story.report();
    story.grant(money(cents(50)));
    assert_eq!(story.buy(100, 0), None, "ten dollars at five per cent");
    assert_eq!(story.buy(1, 0), says(Rule::BudgetMargin, Money::ONE.0 / 1_000 * 505, cents(50).0));
}

#[test]
fn orders_of_the_last_second_are_in_use_and_at_first_all_that_is_owned() {
    let mut story = Story::new(BudgetKind::OrderRate, 2);
    story.report();
    story.grant(2);
    assert_eq!(story.buy(1, 0), says(Rule::BudgetOrders, 3, 2), "its predecessor may have used it");
    story.grant(1);
    assert_eq!(story.budget().owned(), 2, "so nothing can be given back");
    story.after(1_000);
    assert_eq!(story.budget().owned(), 1);
    story.grant(2);
    assert_eq!((story.buy(1, 0), story.buy(1, 0)), (None, None));
    assert_eq!(story.buy(1, 0), says(Rule::BudgetOrders, 3, 2));
    assert_eq!(story.buy(1, -50), None, "it closes");
    story.report();
    assert_eq!((story.budget().in_use(), story.budget().overdrawn()), (3, 1));
    story.after(1_063);
    assert_eq!((story.budget().in_use(), story.buy(1, 0)), (0, None));
}

#[test]
fn a_loss_leaves_only_what_reduces_once_its_part_is_gone() {
    let mut story = Story::new(BudgetKind::Loss, 10);
    story.report();
    assert_eq!(story.portfolio.state(PERP), GateState::ReduceOnly, "nothing is owned yet");
    story.grant(10);
    story.portfolio.on_profit(Money(-12), Money(3));
    assert_eq!((story.buy(1, 0), story.portfolio.state(PERP)), (None, GateState::Active));
    story.portfolio.on_profit(Money(-12), Money(2));
    assert_eq!(story.buy(1, 0), says(Rule::BudgetLoss, 11, 10));
    assert_eq!((story.portfolio.state(PERP), story.buy(1, -5)), (GateState::ReduceOnly, None));
    assert_eq!(story.after(100), [(10, 30)]);
    story.grant(30);
    assert_eq!(story.portfolio.state(PERP), GateState::Active);
}

#[test]
fn budgets_that_cannot_be_kept_are_refused() {
    let portfolio = || Desk::new().build();
    let good = spec(BudgetKind::Gross, 1);
    assert!(portfolio().with_budgets(&good, 1).is_ok());
    assert_eq!(portfolio().with_budgets(&good, 0).err(), Some(BudgetsError::Epoch));
    for step in [0, AMOUNT_MAX + 1] {
        let bad = spec(BudgetKind::Loss, step);
        assert_eq!(portfolio().with_budgets(&bad, 1).err(), Some(BudgetsError::Step));
    }
    for (gap, repeat) in [(Span(0), Span(1)), (Span(2), Span(1))] {
        let bad = BudgetsSpec { gap, repeat, ..good };
        assert_eq!(portfolio().with_budgets(&bad, 1).err(), Some(BudgetsError::Gap));
    }
}
