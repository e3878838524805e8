//! A venue that takes no orders, or would not tell what becomes of them: quotes are pulled at once and come back by themselves.

use ballast_model::{Access, AccessState, Event, InstrumentId, OperatorAct, OperatorScope};

use super::desk::{Desk, Did, ETH, ask, bid};
use super::operator;
use crate::gate::{GateState, Rule};
use crate::outbox::Note;

const fn told(state: AccessState) -> Event {
    Event::Access(Access { instrument: ETH, state })
}

const OPEN: Event = told(AccessState::Open);
const BAD: [AccessState; 4] =
    [AccessState::Unseen, AccessState::Clock, AccessState::Rules, AccessState::Refused];

#[test]
fn quotes_stop_while_nothing_may_be_added_and_come_back() {
    for (state, worse) in BAD.into_iter().zip(BAD.into_iter().cycle().skip(1)) {
        let mut desk = Desk::quoted();
        assert_eq!(desk.tell(&OPEN), [], "nothing new");
        assert_eq!(desk.tell(&told(state)), [Did::Cancel(1), Did::Cancel(2)], "{state:?}");
        assert_eq!(desk.cancelled(1), []);
        assert_eq!(desk.cancelled(2), []);
        assert_eq!(desk.touch(10_020, 10_030), [], "nothing is quoted");
        assert_eq!(desk.tell(&told(worse)), []);
        let halt = desk.shard.halt(ETH).unwrap();
        assert_eq!((halt.state, halt.cause), (GateState::Paused, Rule::Access));
        assert_eq!(desk.tell(&OPEN), [bid(3, 10_020), ask(4, 10_030)]);
        let said = desk.notes.iter().filter_map(|note| {
            let Note::Access(access) = note else { return None };
            Some((note.kind(), note.reason(), access.state))
        });
        let expected = [AccessState::Open, state, worse, AccessState::Open];
        assert!(said.eq(expected.map(|state| ("access", Some(state.name()), state))));
    }
}

#[test]
fn it_and_an_operator_close_each_for_himself_and_others_are_not_concerned() {
    let command = |act| Event::Operator(operator::command(OperatorScope::All, act));
    let mut desk = Desk::quoted();
    desk.tell(&told(AccessState::Unseen));
    desk.tell(&command(OperatorAct::Pause));
    desk.cancelled(1);
    desk.cancelled(2);
    assert_eq!(desk.tell(&command(OperatorAct::Resume)), [], "the venue is not seen still");
    assert_eq!(desk.tell(&OPEN), [bid(3, 10_000), ask(4, 10_010)]);
    assert_eq!(desk.shard.halt(ETH).unwrap().state, GateState::Active);
    assert_eq!(ETH, InstrumentId(0), "the only one of this desk");
}
