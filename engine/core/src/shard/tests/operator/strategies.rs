//! What is said or lost of a strategy, and of nobody else.

use ballast_model::InstrumentId;

use super::*;
use crate::gate::Rule;
use crate::gate::portfolio::{ExposureLimits, StrategySpec};
use crate::shard::RiskSpec;
use together::OTHER;

const THIRD: InstrumentId = InstrumentId(2);
const FIRST: OperatorScope = OperatorScope::Strategy(StrategyId(0));
const SECOND: OperatorScope = OperatorScope::Strategy(StrategyId(1));

/// Three instruments with two quotes each: the outer two are traded for the first strategy, that in the middle for the second.
fn desk(first: StrategySpec, change: impl FnOnce(&mut RiskSpec)) -> Desk {
    let mut risk = together::risk();
    risk.members.push(crate::gate::portfolio::MemberSpec { market: 2, ..risk.members[0] });
    risk.maintenance.push(None);
    risk.members[1].strategy = StrategyId(1);
    risk.strategies = vec![first, StrategySpec::NONE];
    change(&mut risk);
    let mut spec = together::spec(risk);
    spec.lanes.push(lane(&quoting()));
    let mut desk = Desk::of(spec);
    for id in [ETH, OTHER, THIRD] {
        assert_eq!(desk.snapshot_of(id, 10_000, 10_010).len(), 2);
    }
    desk
}

fn losing(loss: LossLimits) -> StrategySpec {
    StrategySpec { loss, ..StrategySpec::NONE }
}

#[test]
fn a_strategy_is_halted_with_all_its_instruments_and_no_other() {
    for act in [OperatorAct::Kill, OperatorAct::Pause, OperatorAct::ReduceOnly] {
        let mut desk = desk(StrategySpec::NONE, |_| ());
        assert_eq!(desk.operate(FIRST, act), (Ok(()), [1, 2, 5, 6].map(Did::Cancel).to_vec()), "{act:?}");
        assert_eq!(desk.operate(SECOND, act), (Ok(()), [3, 4].map(Did::Cancel).to_vec()), "{act:?}");
        for order in [3, 4] {
            desk.cancelled_of(OTHER, order);
        }
        assert_eq!(desk.operate(SECOND, OperatorAct::Resume).1, [bid(7, 10_000), ask(8, 10_010)]);
        let state = |id| desk.shard.portfolio().unwrap().state(id);
        assert!(state(ETH) > GateState::Active && state(THIRD) > GateState::Active);
        assert_eq!(state(OTHER), GateState::Active);
    }
}

#[test]
fn a_loss_of_a_strategy_halts_it_alone_until_it_is_cleared() {
    let max = Some(Money(Money::ONE.0 / 20));
    let loss = LossLimits { drawdown_max: max, then: GateState::Paused, ..LossLimits::NONE };
    let mut desk = desk(losing(loss), |_| ());
    desk.fill(1, Side::Bid, 10);
    assert_eq!(desk.touch(9_000, 9_010), [2, 7, 5, 6].map(Did::Cancel), "its other instrument too");
    let state = |desk: &Desk, id| desk.shard.portfolio().unwrap().state(id);
    assert_eq!([ETH, OTHER, THIRD].map(|id| state(&desk, id) == GateState::Paused), [true, false, true]);
    let no = |why| Err(OperatorRefusal::StillClosed(why));
    assert_eq!(desk.answer(SECOND, OperatorAct::ClearLoss), no(StillClosed::Nothing));
    assert_eq!(desk.answer(OperatorScope::All, OperatorAct::ClearLoss), no(StillClosed::Nothing));
    assert_eq!(desk.answer(FIRST, OperatorAct::Resume), no(StillClosed::LossLatched));
    assert_eq!(desk.answer(FIRST, OperatorAct::ClearLoss), Ok(()));
    assert_eq!(state(&desk, THIRD), GateState::Active);
    assert_eq!(desk.answer(FIRST, OperatorAct::ClearLoss), no(StillClosed::Nothing));
}

#[test]
fn another_strategys_loss_is_not_counted() {
    let max = Some(Money(Money::ONE.0 / 20));
    let loss = LossLimits { unrealised_max: max, then: GateState::Killed, ..LossLimits::NONE };
    let mut desk = desk(losing(loss), |_| ());
    let fill = ballast_model::Fill { instrument: OTHER, ..desk.fill_of(3, Side::Bid, 10, 900) };
    desk.tell(&Event::Fill(fill));
    desk.touch_of(OTHER, 9_000, 9_010);
    assert_eq!(
        [ETH, OTHER, THIRD].map(|id| desk.shard.portfolio().unwrap().state(id)),
        [GateState::Active; 3]
    );
}

#[test]
fn a_limit_of_a_strategy_counts_its_instruments_together() {
    // Each quote comes to a little more than one of the account currency.
    let net_max = Some(Money(Money::ONE.0 * 25 / 10));
    let first =
        StrategySpec { exposure: ExposureLimits { net_max, ..ExposureLimits::NONE }, ..StrategySpec::NONE };
    let mut desk = desk(first, |_| ());
    let net = |desk: &Desk, id| desk.shard.gate(id).unwrap().refusals(Rule::Net);
    desk.fill(1, Side::Bid, 10);
    assert_eq!([ETH, OTHER, THIRD].map(|id| net(&desk, id)), [1, 0, 0], "with the other bid, a third ten");
    let fill = ballast_model::Fill { instrument: OTHER, ..desk.fill_of(3, Side::Bid, 10, 900) };
    assert_eq!(desk.tell(&Event::Fill(fill)).len(), 1, "the second strategy bids on");
}
