use super::*;
use crate::amount::Token;
use crate::range::Range;
use alloc::vec::Vec;
use proptest::prelude::*;

fn tick(index: i32) -> Tick {
    Tick::new(index).unwrap()
}

fn range(lower: i32, upper: i32) -> Range {
    Range::new(tick(lower), tick(upper)).unwrap()
}

const PROTOCOL: [ProtocolFee; 2] = [ProtocolFee::OneIn(5), ProtocolFee::Off];

/// What a pool says of a swap that it did.
fn told(token: Token, trade: &Trade) -> Event {
    let after = &trade.after;
    let swap = Swap {
        token,
        paid: trade.paid,
        received: trade.received,
        price: after.price,
        tick: after.tick,
        liquidity: after.liquidity,
    };
    Event { block: 1, time: 1, what: What::Swap(swap) }
}

/// A pool, and what it said while this was traded and a position came and went.
fn recorded(swaps: &[(bool, u8, u128)]) -> Vec<Event> {
    let mut pool = Pool::new(tick(3).sqrt_price(), 500, 10, PROTOCOL).unwrap();
    pool.mint(&range(-200, 200), 1 << 70).unwrap();
    pool.mint(&range(-30, 40), 1 << 72).unwrap();
    let mut events = Vec::new();
    for (at, (is_zero, kind, amount)) in swaps.iter().enumerate() {
        let token = if *is_zero { Token::Zero } else { Token::One };
        let amount = U256::from(*amount);
        let quantity = if kind % 2 == 0 { Quantity::In(amount) } else { Quantity::Out(amount) };
        let here = pool.state().tick.index();
        let limit = if *is_zero { here - 15 } else { here + 15 };
        let limit = (kind / 2 == 1).then(|| tick(limit).sqrt_price());
        let limit = limit.or(Some(if *is_zero { tick(-195).sqrt_price() } else { tick(195).sqrt_price() }));
        if let Ok(trade) = pool.swap(token, quantity, limit) {
            events.push(told(token, &trade));
        }
        if at == 3 {
            pool.mint(&range(-10, 20), 1 << 73).unwrap();
            events.push(Event { block: 1, time: 1, what: What::Mint(range(-10, 20), 1 << 73) });
        } else if at == 9 {
            pool.burn(&range(-10, 20), 1 << 73).unwrap();
            events.push(Event { block: 1, time: 1, what: What::Burn(range(-10, 20), 1 << 73) });
            events.push(Event { block: 1, time: 1, what: What::Collect(range(-10, 20)) });
        }
    }
    events
}

proptest! {
    /// Swaps of every kind come out where the liquidity is proved.
    #[test]
    fn a_pools_own_record_comes_out(
        swaps in prop::collection::vec((any::<bool>(), 0..4_u8, 1_u128 << 20..1 << 66), 12..60),
    ) {
        let events = recorded(&swaps);
        let Some((mut replay, rest)) = Replay::new(&events, 500, 10, PROTOCOL).unwrap() else { return Ok(()) };
        for event in rest {
            replay.take(event).unwrap();
        }
        let found = replay.found();
        prop_assert_eq!(replay.depth().contradictions(), 0);
        prop_assert_eq!(found.steady.exact, found.steady.swaps);
        prop_assert_eq!(found.crossing.exact, found.crossing.swaps);
        prop_assert_eq!(found.refused, 0);
        let swaps = found.steady.swaps + found.crossing.swaps + found.unknown.swaps;
        let all = rest.len() as u64;
        prop_assert!(swaps + found.others == all || swaps + found.others == all + 1);
    }
}

#[test]
fn a_swap_that_cannot_be_is_counted_and_gone_on_from() {
    let swaps: Vec<_> = (0..20).map(|at| (at % 2 == 0, 0, 1_u128 << 60)).collect();
    let mut events = recorded(&swaps);
    let What::Swap(swap) = &mut events[2].what else { panic!("a swap") };
    swap.received = swap.received.wrapping_add(U256::ONE);
    let (mut replay, rest) = Replay::new(&events, 500, 10, PROTOCOL).unwrap().unwrap();
    for event in rest {
        replay.take(event).unwrap();
    }
    let found = replay.found();
    let total = Tally {
        swaps: found.steady.swaps + found.crossing.swaps + found.unknown.swaps,
        exact: found.steady.exact + found.crossing.exact + found.unknown.exact,
    };
    assert_eq!(total, Tally { swaps: 19, exact: 18 });
}

#[test]
fn without_a_swap_there_is_nothing_to_begin_with() {
    assert!(Replay::new(&[], 500, 10, PROTOCOL).unwrap().is_none());
    let only = [Event { block: 1, time: 1, what: What::Collect(range(-10, 10)) }];
    assert!(Replay::new(&only, 500, 10, PROTOCOL).unwrap().is_none());
}
