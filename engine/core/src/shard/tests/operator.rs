//! What an operator may do, in every state, and what no sequence of commands can bring about.

mod books;
mod shouting;
mod strategies;

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    Command, Event, Lots, Money, OperatorAct, OperatorCommand, OperatorId, OperatorScope, OrderReport,
    ReasonCode, ReduceOnly, RejectReason, Side, Span, StrategyId, VenueId, VenueOrderId,
};

use super::desk::{Desk, Did, ETH, ask, bid, lane, quoting};
use super::hedging::{PERP, SPOT, Story, news, on};
use super::together;
use crate::gate::{Controls, FillBreaker, GateState, LossLimits, StillClosed};
use crate::oms::TRADES_KEPT;
use crate::outbox::Note;
use crate::shard::{LaneSpec, OperatorRefusal};

const HERE: OperatorScope = OperatorScope::Instrument(ETH);

pub(super) fn command(scope: OperatorScope, act: OperatorAct) -> OperatorCommand {
    OperatorCommand { scope, act, operator: OperatorId(7), reason: ReasonCode(12) }
}

impl Desk {
    /// A command at the present time: how it was answered, and what was done.
    fn operate(&mut self, scope: OperatorScope, act: OperatorAct) -> (Result<(), OperatorRefusal>, Vec<Did>) {
        let told = self.notes.len();
        let did = self.tell_now(&Event::Operator(command(scope, act)));
        let Note::Operator(heard, outcome) = self.notes[told] else {
            panic!("the first note of a command answers it: {:?}", self.notes[told]);
        };
        assert_eq!(heard, command(scope, act));
        (outcome, did)
    }

    fn answer(&mut self, scope: OperatorScope, act: OperatorAct) -> Result<(), OperatorRefusal> {
        self.operate(scope, act).0
    }
}

fn with(controls: &Controls) -> Desk {
    Desk::new(vec![LaneSpec { controls: *controls, ..lane(&quoting()) }]).then_quoted()
}

fn named(act: OperatorAct) -> Desk {
    let mut desk = Desk::quoted();
    assert_eq!(desk.answer(HERE, act), Ok(()));
    desk
}

/// Ten lots long, and a loss of five cents was passed; the market is at `bid` now.
fn lost(bid: i64) -> Desk {
    let max = Some(Money(Money::ONE.0 / 20));
    let loss = LossLimits { unrealised_max: max, ..LossLimits::NONE };
    let mut desk = with(&Controls { loss: Some(loss), ..Controls::NONE });
    desk.fill(1, Side::Bid, 10);
    desk.touch(9_000, 9_010);
    desk.touch(bid, bid + 10);
    desk
}

fn frozen() -> Desk {
    let fills = FillBreaker {
        window: Span::from_secs(10),
        fills_max: Some(0),
        lots_max: None,
        net_max: None,
        frozen_for: None,
    };
    let mut desk = with(&Controls { fills: Some(fills), ..Controls::NONE });
    desk.fill(1, Side::Bid, 10);
    desk
}

/// One lot long, as far as anybody knows.
fn doubted() -> Desk {
    let mut desk = Desk::quoted();
    for trade in 0..=TRADES_KEPT as u64 {
        let side = if trade % 2 == 0 { Side::Bid } else { Side::Ask };
        let fill = desk.fill_of(900, side, 1, 10 + trade);
        desk.tell(&Event::Fill(fill));
    }
    let old = desk.fill_of(900, Side::Bid, 5, 3);
    desk.tell(&Event::Fill(old));
    desk
}

#[test]
fn every_command_in_every_state() {
    use OperatorAct::{ClearLoss, Confirm, Kill, Pause, ReduceOnly, Resume, Thaw};
    use StillClosed::{Doubt, Frozen, LossHolds, LossLatched, Nothing};
    type Row = (&'static str, fn() -> Desk, [Result<(), OperatorRefusal>; 8]);
    let no = |why| Err(OperatorRefusal::StillClosed(why));
    let further = |state| Err(OperatorRefusal::ClosedFurther(state));
    let killed = further(GateState::Killed);
    let acts = [ReduceOnly, Pause, Kill, Resume, ClearLoss, Thaw, Confirm(Lots(1)), Confirm(Lots(2))];
    let nothing = no(Nothing);
    let mismatch = Err(OperatorRefusal::Mismatch(Lots(1)));
    let table: [Row; 8] = [
        ("open", Desk::quoted, [Ok(()), Ok(()), Ok(()), nothing, nothing, nothing, nothing, nothing]),
        (
            "reduce only",
            || named(ReduceOnly),
            [Ok(()), Ok(()), Ok(()), Ok(()), nothing, nothing, nothing, nothing],
        ),
        (
            "paused",
            || named(Pause),
            [further(GateState::Paused), Ok(()), Ok(()), Ok(()), nothing, nothing, nothing, nothing],
        ),
        ("killed", || named(Kill), [killed, killed, Ok(()), Ok(()), nothing, nothing, nothing, nothing]),
        (
            "a loss that holds",
            || lost(9_000),
            [Ok(()), Ok(()), Ok(()), no(LossLatched), no(LossHolds), nothing, nothing, nothing],
        ),
        (
            "a loss that is past",
            || lost(10_000),
            [Ok(()), Ok(()), Ok(()), no(LossLatched), Ok(()), nothing, nothing, nothing],
        ),
        ("frozen", frozen, [Ok(()), Ok(()), Ok(()), no(Frozen), nothing, Ok(()), nothing, nothing]),
        ("in doubt", doubted, [Ok(()), Ok(()), Ok(()), no(Doubt), nothing, nothing, Ok(()), mismatch]),
    ];
    for (state, make, answers) in table {
        for (act, expected) in acts.into_iter().zip(answers) {
            let mut desk = make();
            let gate = |desk: &Desk| desk.shard.gate(ETH).unwrap().posture(desk.shard.mid(ETH), desk.now);
            let (before, hash) = (gate(&desk), desk.shard.state_hash());
            assert_eq!(desk.answer(HERE, act), expected, "{act:?} where {state}");
            let after = match (act, expected) {
                (_, Err(_)) => before,
                (ReduceOnly, _) => before.max(GateState::ReduceOnly),
                (Pause, _) => before.max(GateState::Paused),
                (Kill, _) => GateState::Killed,
                (Resume | ClearLoss | Thaw | Confirm(_), _) => GateState::Active,
                _ => unreachable!("not among these"),
            };
            assert_eq!(gate(&desk), after, "{act:?} where {state}");
            if expected.is_err() {
                assert_eq!(desk.shard.state_hash(), hash, "refused, nothing changes: {act:?} where {state}");
            }
        }
    }
}

#[test]
fn a_halt_pulls_quotes_at_once_and_a_resumption_brings_them_back() {
    let mut desk = Desk::quoted();
    assert_eq!(desk.operate(HERE, OperatorAct::Pause).1, [Did::Cancel(1), Did::Cancel(2)]);
    desk.cancelled(1);
    desk.cancelled(2);
    assert_eq!(desk.touch(10_020, 10_030), []);
    assert_eq!(desk.operate(HERE, OperatorAct::Resume).1, [bid(3, 10_020), ask(4, 10_030)]);
    desk.accepted(3);
    assert_eq!(desk.fill(3, Side::Bid, 10), [bid(5, 10_019)]);
    assert_eq!(desk.operate(HERE, OperatorAct::ReduceOnly).1, [Did::Cancel(5)], "the sale stands");
}

#[test]
fn what_was_lifted_leaves_what_else_was_said() {
    let mut desk = lost(10_000);
    assert_eq!(desk.answer(HERE, OperatorAct::Kill), Ok(()));
    assert_eq!(desk.answer(HERE, OperatorAct::ClearLoss), Ok(()));
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::Killed, "the kill was another's");
    assert_eq!(desk.answer(HERE, OperatorAct::Resume), Ok(()));
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::Active);
    desk.touch(9_000, 9_010);
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::ReduceOnly, "the limit is what it was");
}

#[test]
fn a_position_is_not_confirmed_while_fills_are_missing() {
    let mut desk = doubted();
    desk.report(1, OrderReport::Ended { how: ballast_model::Ending::Filled, filled: Lots(10) });
    assert_eq!(desk.answer(HERE, OperatorAct::Confirm(Lots(1))), Err(OperatorRefusal::FillsMissing));
    let missing = desk.fill_of(1, Side::Bid, 10, 9_000);
    desk.tell(&Event::Fill(missing));
    assert_eq!(desk.answer(HERE, OperatorAct::Confirm(Lots(1))), Err(OperatorRefusal::Mismatch(Lots(11))));
    assert_eq!(desk.answer(HERE, OperatorAct::Confirm(Lots(11))), Ok(()));
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::Active);
}

#[test]
fn scopes_are_those_of_the_portfolio_and_each_is_resumed_by_itself() {
    let scopes =
        [OperatorScope::Strategy(StrategyId(0)), OperatorScope::Venue(VenueId(0)), OperatorScope::All];
    for scope in scopes {
        let mut desk = together::with(|_| ());
        desk.snapshot_of(ETH, 10_000, 10_010);
        desk.snapshot_of(together::OTHER, 10_000, 10_010);
        let all = [1, 2, 3, 4].map(Did::Cancel);
        assert_eq!(desk.operate(scope, OperatorAct::Kill), (Ok(()), all.to_vec()));
        for other in scopes.into_iter().chain([HERE]).filter(|other| *other != scope) {
            let nothing = OperatorRefusal::StillClosed(StillClosed::Nothing);
            assert_eq!(desk.answer(other, OperatorAct::Resume), Err(nothing), "{other:?} of {scope:?}");
        }
        assert_eq!(desk.operate(scope, OperatorAct::Resume).1.len(), 4);
    }
    let mut desk = together::with(|_| ());
    let unknown = [
        OperatorScope::Strategy(StrategyId(1)),
        OperatorScope::Venue(VenueId(1)),
        OperatorScope::Instrument(ballast_model::InstrumentId(2)),
    ];
    for scope in unknown {
        for act in [OperatorAct::Pause, OperatorAct::Resume] {
            assert_eq!(desk.answer(scope, act), Err(OperatorRefusal::NoSuchScope), "{scope:?}");
        }
    }
    for (scope, act) in [
        (scopes[1], OperatorAct::ClearLoss),
        (scopes[1], OperatorAct::Thaw),
        (scopes[2], OperatorAct::Confirm(Lots(0))),
    ] {
        assert_eq!(desk.answer(scope, act), Err(OperatorRefusal::WrongScope), "{act:?}");
    }
}

#[test]
fn a_loss_of_everything_is_cleared_before_everything_is_resumed() {
    let max = Some(Money(Money::ONE.0 / 20));
    let loss = LossLimits { drawdown_max: max, unrealised_max: max, ..LossLimits::NONE };
    let mut desk = together::with(|risk| risk.loss = loss);
    desk.snapshot_of(ETH, 10_000, 10_010);
    desk.fill(1, Side::Bid, 10);
    desk.touch(9_000, 9_010);
    let no = |why| Err(OperatorRefusal::StillClosed(why));
    let all = OperatorScope::All;
    assert_eq!(desk.answer(all, OperatorAct::Pause), Ok(()));
    assert_eq!(desk.answer(all, OperatorAct::Resume), no(StillClosed::LossLatched));
    assert_eq!(desk.answer(all, OperatorAct::ClearLoss), no(StillClosed::LossHolds));
    desk.touch(9_990, 10_000);
    assert_eq!(desk.answer(all, OperatorAct::ClearLoss), Ok(()));
    assert_eq!(desk.shard.portfolio().unwrap().state(ETH), GateState::Paused);
    assert_eq!(desk.answer(all, OperatorAct::Resume), Ok(()));
    assert_eq!(desk.shard.portfolio().unwrap().state(ETH), GateState::Active);
}

#[test]
fn where_a_dead_mans_switch_is_required_quotes_wait_until_it_is_armed() {
    let required = |risk: &mut crate::shard::RiskSpec| {
        risk.venues[0].dead_man = crate::gate::portfolio::DeadMan::Required;
    };
    let mut desk = together::with(required);
    let venue = OperatorScope::Venue(VenueId(0));
    assert_eq!(desk.snapshot_of(ETH, 10_000, 10_010), []);
    let until = desk.now + Span::from_secs(3);
    assert_eq!(desk.operate(HERE, OperatorAct::Arm(until)).0, Err(OperatorRefusal::WrongScope));
    let other = OperatorScope::Venue(VenueId(1));
    assert_eq!(desk.operate(other, OperatorAct::Arm(until)).0, Err(OperatorRefusal::NoSuchScope));
    assert_eq!(desk.operate(venue, OperatorAct::Arm(until)), (Ok(()), vec![bid(1, 10_000), ask(2, 10_010)]));
    desk.now = until;
    let moved = desk.touch(10_020, 10_030);
    assert_eq!(moved, [1, 2].map(Did::Cancel), "what stands may go, and nothing new comes");
}

#[test]
fn without_a_portfolio_everything_is_each_gate() {
    let mut desk = Desk::quoted();
    let strategy = OperatorScope::Strategy(StrategyId(0));
    assert_eq!(desk.answer(strategy, OperatorAct::Kill), Err(OperatorRefusal::NoSuchScope));
    assert_eq!(desk.operate(OperatorScope::All, OperatorAct::Kill).1, [Did::Cancel(1), Did::Cancel(2)]);
    let nothing = Err(OperatorRefusal::StillClosed(StillClosed::Nothing));
    assert_eq!(desk.answer(HERE, OperatorAct::Resume), nothing, "it was not closed here");
    assert_eq!(desk.answer(OperatorScope::All, OperatorAct::ClearLoss), nothing);
    assert_eq!(desk.answer(OperatorScope::All, OperatorAct::Resume), Ok(()));
    assert_eq!(desk.answer(OperatorScope::All, OperatorAct::Resume), nothing);
}

#[test]
fn a_kill_calls_back_a_hedge_until_it_is_gone() {
    let (mut story, [spot_bid, _]) = Story::quoted();
    let commands = story.fill(&spot_bid, 10);
    let hedges = news(&commands);
    let hedge = hedges.iter().find(|order| order.instrument == PERP).unwrap();
    story.report(PERP, hedge.client_id, OrderReport::Accepted(VenueOrderId(77)));
    let killed = story.tell(&Event::Operator(command(OperatorScope::All, OperatorAct::Kill)));
    let cancels = |commands: &[Command]| {
        let of = |command: &&Command| matches!(command, Command::Cancel(cancel) if cancel.client_id == hedge.client_id);
        commands.iter().filter(of).count()
    };
    assert_eq!((cancels(&killed), news(&killed)), (1, vec![]));
    let refused = OrderReport::CancelRejected(RejectReason::RateLimit);
    let answer = story.report(PERP, hedge.client_id, refused);
    assert_eq!(cancels(&answer), 0, "not at once");
    let later = story.wait(Span::from_secs(5));
    assert!(cancels(&later) >= 1, "{later:?}");
    assert_eq!(news(&later), []);
}

#[test]
fn a_killed_hedge_is_reduced_and_never_added_to() {
    let scope = OperatorScope::Instrument(PERP);
    for act in [OperatorAct::Pause, OperatorAct::Kill] {
        let (mut story, [spot_bid, spot_ask]) = Story::quoted();
        let hedge = on(PERP, &news(&story.fill(&spot_bid, 10)))[0];
        story.fill(&hedge, 5);
        assert_eq!((story.position(SPOT), story.position(PERP)), (Lots(10), Lots(-5)));
        let mut sent = news(&story.tell(&Event::Operator(command(scope, act))));
        sent.extend(news(&story.wait(Span::from_secs(1))));
        assert_eq!(on(PERP, &sent), [], "{act:?}: what is hedged stays hedged");
        // Spot sells all it has and as much again: the hedge is on the wrong side now.
        sent = news(&story.fill(&spot_ask, 10));
        sent.extend(news(&story.wait(Span::from_secs(1))));
        assert_eq!(on(PERP, &sent), [], "{act:?}: inside the band");
        let mut asks = on(SPOT, &sent).into_iter().filter(|order| order.side == Side::Ask);
        let next = asks.next_back().expect("an ask after the first");
        sent = news(&story.fill(&next, next.lots.0));
        let [reducing] = on(PERP, &sent)[..] else { panic!("{act:?}: one order: {sent:?}") };
        let told = (reducing.side, reducing.lots, reducing.reduce_only);
        assert_eq!(told, (Side::Bid, Lots(5), ReduceOnly::Yes), "{act:?}: no more than closes it");
        story.report(PERP, reducing.client_id, OrderReport::Accepted(VenueOrderId(78)));
        // Said again, it takes back nothing that reduces.
        assert_eq!(story.tell(&Event::Operator(command(scope, act))), [], "{act:?}");
        sent = news(&story.fill(&reducing, 5));
        sent.extend(news(&story.wait(Span::from_secs(10))));
        assert_eq!(
            (story.position(PERP), on(PERP, &sent)),
            (Lots(0), vec![]),
            "{act:?}: flat, and no further"
        );
    }
}
