//! What is written is what is read, at the ends of every range too.

use proptest::prelude::*;

use super::*;

fn signed() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), Just(0)]
}

fn halts() -> impl Strategy<Value = Option<Halt>> {
    let halt = (0..STATES.len(), 0..Rule::ALL.len());
    prop::option::of(halt.prop_map(|(state, cause)| Halt { state: STATES[state], cause: Rule::ALL[cause] }))
}

prop_compose! {
    fn any_shown()(
        amounts in prop::array::uniform10(signed()),
        known in prop::array::uniform3(any::<bool>()),
        counts in prop::array::uniform4(any::<u64>()),
        fair in 1e-9..1e15,
        (held, doubt) in (0..=Hold::ALL.len(), 0..DOUBTS.len()),
        (halt, mid, net, unrealised) in (halts(), signed(), signed(), signed()),
    ) -> Shown {
        let [position, position_max, bid, ask, best_bid, best_ask, realised_e6, fees_e6, rebates_e6, turnover_e6] = amounts;
        let [open, open_max, makers, takers] = counts;
        Shown {
            position, position_max, quotes: [bid, ask], touch: [best_bid, best_ask], mid,
            fair: known[0].then_some(fair), open, open_max, net_e6: known[1].then_some(net), realised_e6,
            unrealised_e6: known[2].then_some(unrealised), fees_e6, rebates_e6, turnover_e6,
            fills: [makers, takers], halt, held: Hold::ALL.get(held).copied(), doubt: DOUBTS[doubt],
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(shown in any_shown()) {
        prop_assert_eq!(Shown::of(shown.words()), shown);
    }
}

#[test]
fn every_reason_has_a_number() {
    for (place, hold) in Hold::ALL.into_iter().enumerate() {
        assert_eq!(hold as usize, place, "{}", hold.name());
    }
    assert_eq!(Hold::QuotesCrossed as usize + 1, Hold::ALL.len());
}

#[test]
fn money_beyond_what_is_shown_is_at_its_end_and_not_nothing() {
    assert_eq!(micro(Money(1_500_000_000_000_000_000)), 1_500_000);
    assert_eq!(micro(Money(-1_500_000_000_000_000_000)), -1_500_000);
    assert_eq!([micro(Money(i128::MAX)), micro(Money(i128::MIN))], [i64::MAX, i64::MIN]);
}
