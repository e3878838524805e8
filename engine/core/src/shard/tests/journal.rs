//! A journal that does not keep up: quotes are pulled, what reduces still passes, and quotes come back by themselves.

use alloc::vec;

use ballast_model::{Event, JournalHealth, Lots, OperatorAct, OperatorScope, Rate, ReduceOnly, Side, Span};

use super::desk::{Desk, Did, ETH, ask, bid};
use super::hedging::{PERP, SPOT, Story, news, on};
use super::{operator, together};
use crate::gate::{GateState, Rule};
use crate::outbox::Note;
use crate::shard::ExitSpec;
use crate::trigger::Watched;

const GOOD: Event = Event::Journal(JournalHealth::Good);
const BEHIND: Event = Event::Journal(JournalHealth::Behind);
const FAILED: Event = Event::Journal(JournalHealth::Failed);

#[test]
fn quotes_stop_while_it_is_behind_and_come_back() {
    for (bad, worse) in [(BEHIND, FAILED), (FAILED, BEHIND)] {
        let mut desk = Desk::quoted();
        assert_eq!(desk.tell(&GOOD), [], "nothing new");
        assert_eq!(desk.tell(&bad), [Did::Cancel(1), Did::Cancel(2)]);
        assert_eq!(desk.cancelled(1), []);
        assert_eq!(desk.cancelled(2), []);
        assert_eq!(desk.touch(10_020, 10_030), [], "nothing is quoted");
        assert_eq!(desk.tell(&worse), []);
        let halt = desk.shard.halt(ETH).unwrap();
        assert_eq!((halt.state, halt.cause), (GateState::Paused, Rule::Journal));
        assert_eq!(desk.tell(&GOOD), [bid(3, 10_020), ask(4, 10_030)]);
        let told = desk.notes.iter().filter_map(|note| {
            let Note::Journal(health) = note else { return None };
            Some((note.kind(), note.reason(), *health))
        });
        assert_eq!(told.count(), 4);
    }
}

#[test]
fn it_and_an_operator_close_each_for_himself() {
    let resume = Event::Operator(operator::command(OperatorScope::All, OperatorAct::Resume));
    let pause = Event::Operator(operator::command(OperatorScope::All, OperatorAct::Pause));
    let mut desk = Desk::quoted();
    desk.tell(&BEHIND);
    desk.tell(&pause);
    desk.cancelled(1);
    desk.cancelled(2);
    assert_eq!(desk.tell(&resume), [], "the journal is behind still");
    assert_eq!(desk.tell(&GOOD), [bid(3, 10_000), ask(4, 10_010)]);
    desk.tell(&pause);
    desk.tell(&BEHIND);
    desk.cancelled(3);
    desk.cancelled(4);
    assert_eq!(desk.tell(&GOOD), [], "the operator has not resumed");
    assert_eq!(desk.tell(&resume), [bid(5, 10_000), ask(6, 10_010)]);
}

#[test]
fn all_instruments_of_a_portfolio_stop() {
    let mut desk = together::with(|_| ());
    desk.snapshot_of(ETH, 10_000, 10_010);
    desk.snapshot_of(together::OTHER, 10_000, 10_010);
    assert_eq!(desk.tell(&BEHIND), [1, 2, 3, 4].map(Did::Cancel));
}

#[test]
fn what_is_decided_does_depend_on_it() {
    let (mut desk, mut other) = (Desk::quoted(), Desk::quoted());
    desk.tell(&FAILED);
    other.tell(&GOOD);
    assert_ne!(desk.shard.state_hash(), other.shard.state_hash());
}

#[test]
fn a_hedge_is_reduced_and_never_added_to() {
    for bad in [BEHIND, FAILED] {
        let (mut story, [spot_bid, spot_ask]) = Story::quoted();
        let hedge = on(PERP, &news(&story.fill(&spot_bid, 10)))[0];
        story.fill(&hedge, 5);
        let mut sent = news(&story.tell(&bad));
        sent.extend(news(&story.wait(Span::from_secs(1))));
        assert_eq!(sent, [], "what is hedged stays hedged");
        // The ask that is being cancelled trades, and more than was ordered: the hedge is on the wrong side now.
        sent = news(&story.fill(&spot_ask, 20));
        sent.extend(news(&story.wait(Span::from_secs(1))));
        assert_eq!((story.position(SPOT), story.position(PERP)), (Lots(-10), Lots(-5)));
        let [reducing] = sent[..] else { panic!("one order: {sent:?}") };
        let told = (reducing.instrument, reducing.side, reducing.lots, reducing.reduce_only);
        assert_eq!(told, (PERP, Side::Bid, Lots(5), ReduceOnly::Yes), "no more than closes it");
    }
}

#[test]
fn a_stop_closes_the_position_all_the_same() {
    let exits = ExitSpec {
        stop_loss: Some(Rate::from_bps(100)),
        take_profit: None,
        trailing: None,
        watched: Watched::Mid,
        protection: Rate::from_bps(50),
        cooldown: Span::from_secs(1),
    };
    let mut desk = Desk::with(|quoting| {
        quoting.exits = Some(exits);
        quoting.touch_age_max = Span::from_secs(100);
    })
    .then_quoted();
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)]);
    assert_eq!(desk.accepted(3), []);
    assert_eq!(desk.tell(&FAILED), [Did::Cancel(2), Did::Cancel(3)]);
    assert_eq!((desk.cancelled(2), desk.cancelled(3)), (vec![], vec![]));
    assert_eq!(desk.touch(9_890, 9_900), [Did::Exit(4, Side::Ask, 9_846, 10)]);
}
