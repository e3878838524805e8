use super::*;
use crate::amount::Token;
use crate::step::Quantity;
use crate::wide::U256;
use proptest::prelude::*;

fn tick(index: i32) -> Tick {
    Tick::new(index).unwrap()
}

fn range(lower: i32, upper: i32) -> Range {
    Range::new(tick(lower), tick(upper)).unwrap()
}

fn place(index: i32) -> Place {
    (tick(index).sqrt_price(), tick(index))
}

fn event(what: What) -> Event {
    Event { block: 1, time: 1, what }
}

fn swap(at: i32, liquidity: u128) -> Swap {
    let price = tick(at).sqrt_price();
    Swap { token: Token::One, paid: U256::ONE, received: U256::ZERO, price, tick: tick(at), liquidity }
}

fn swapped(at: i32, liquidity: u128) -> Event {
    event(What::Swap(swap(at, liquidity)))
}

#[test]
fn what_is_known_on_both_sides_of_a_tick_begins_or_ends_there() {
    let events = [swapped(5, 100), swapped(12, 150), swapped(25, 150), swapped(31, 40)];
    let depth = Depth::of(&events, 10);
    assert_eq!((depth.contradictions(), depth.intervals()), (0, 4));
    let pool = depth.pool(&swap(5, 100), 500, [ProtocolFee::Off; 2]).unwrap();
    let found: Vec<_> = pool.ticks().iter().map(|(tick, info)| (tick, info.net, info.gross)).collect();
    assert_eq!(found, [(10, 50, 50), (30, -110, 110)]);
    let knows = |one, other| depth.knows(place(one), place(other));
    assert!(knows(1, 39) && knows(39, 1));
    assert!(!knows(1, 41) && !knows(-1, 5));
    // A price exactly at a tick touches both sides of it, whichever tick the pool says.
    assert!(knows(10, 30) && !knows(0, 5) && !knows(5, 40));
    assert!(!depth.knows((tick(40).sqrt_price(), tick(39)), place(5)));
    assert!(depth.knows((tick(30).sqrt_price(), tick(29)), place(5)));
}

#[test]
fn what_came_or_went_meanwhile_is_taken_off() {
    let events = [
        swapped(5, 100),
        event(What::Mint(range(0, 20), 7)),
        swapped(5, 107),
        swapped(15, 207),
        event(What::Burn(range(10, 30), 150)),
        swapped(15, 57),
        swapped(5, 107),
    ];
    let depth = Depth::of(&events, 10);
    assert_eq!(depth.contradictions(), 0);
    let pool = depth.pool(&swap(5, 100), 500, [ProtocolFee::Off; 2]).unwrap();
    assert_eq!(pool.ticks().get(tick(10)).net, 100);
    // As much as was burned at a tick must have been there, and what is left over of the net besides.
    assert_eq!(pool.ticks().get(tick(10)).gross, 200);
    assert_eq!((pool.ticks().get(tick(30)).net, pool.ticks().get(tick(30)).gross), (0, 300));
    // What is minted first and was not there before leaves no trace.
    assert_eq!(pool.ticks().get(tick(0)).gross, 0);
}

#[test]
fn swaps_that_disagree_are_counted() {
    let depth = Depth::of(&[swapped(5, 100), swapped(6, 101), swapped(15, 1)], 10);
    assert_eq!(depth.contradictions(), 1);
}

#[test]
fn a_difference_across_the_unknown_is_put_at_its_end_and_not_called_known() {
    let depth = Depth::of(&[swapped(5, 100), swapped(25, 60)], 10);
    let pool = depth.pool(&swap(5, 100), 500, [ProtocolFee::Off; 2]).unwrap();
    assert_eq!(pool.ticks().get(tick(20)).net, -40);
    assert!(!depth.knows(place(5), place(25)));
}

proptest! {
    /// A pool whose swaps end in every interval is found whole.
    #[test]
    fn a_pool_is_found_from_what_it_tells(
        positions in prop::collection::vec((0..12_i32, 1..8_i32, 1_u128..1 << 80), 1..6),
        changed in (0..12_i32, 1..8_i32, 1_u128..1 << 80),
    ) {
        let mut pool = Pool::new(tick(0).sqrt_price(), 500, 10, [ProtocolFee::Off; 2]).unwrap();
        for (lower, width, liquidity) in positions {
            pool.mint(&range(lower * 10, (lower + width) * 10), liquidity).unwrap();
        }
        pool.mint(&range(-100, 300), 1 << 80).unwrap();
        let first = pool.clone();
        let mut events = Vec::new();
        let mut walk = |pool: &mut Pool, token, ends: &mut dyn Iterator<Item = i32>| {
            for end in ends {
                let quantity = Quantity::In(U256::ONE.wrapping_shl(200));
                let trade = pool.swap(token, quantity, Some(tick(end).sqrt_price())).unwrap();
                let state = pool.state();
                events.push(event(What::Swap(Swap {
                    token,
                    paid: trade.paid,
                    received: trade.received,
                    price: state.price,
                    tick: state.tick,
                    liquidity: state.liquidity,
                })));
            }
        };
        walk(&mut pool, Token::One, &mut (0..21).map(|interval| interval * 10 + 5));
        let range = range(changed.0 * 10, (changed.0 + changed.1) * 10);
        pool.mint(&range, changed.2).unwrap();
        walk(&mut pool, Token::Zero, &mut (0..20).rev().map(|interval| interval * 10 + 5));
        events.insert(21, event(What::Mint(range, changed.2)));
        let depth = Depth::of(&events, 10);
        prop_assert_eq!(depth.contradictions(), 0);
        let What::Swap(start) = events[0].what else { panic!("a swap") };
        let found = depth.pool(&start, 500, [ProtocolFee::Off; 2]).unwrap();
        for interval in 1..21 {
            let (one, other) = (found.ticks().get(tick(interval * 10)), first.ticks().get(tick(interval * 10)));
            prop_assert_eq!(one.net, other.net, "at {}", interval * 10);
        }
    }
}
