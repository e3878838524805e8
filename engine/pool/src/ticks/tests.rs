use super::*;
use alloc::vec::Vec;
use proptest::prelude::*;

fn tick(index: i32) -> Tick {
    Tick::new(index).unwrap()
}

fn with(spacing: i32, indices: &[i32]) -> Ticks {
    let mut ticks = Ticks::new(spacing).unwrap();
    for index in indices {
        ticks.set(tick(*index), TickInfo { gross: 1, ..TickInfo::default() }).unwrap();
    }
    ticks
}

/// What the contract finds in its bitmap, looked for one usable tick after the other.
fn naive(ticks: &Ticks, from: i32, paid: Token) -> (i32, bool) {
    let spacing = ticks.spacing();
    let is_there = |compressed: i32| ticks.iter().any(|(tick, _)| tick == compressed * spacing);
    let first = from.div_euclid(spacing) + i32::from(paid == Token::One);
    let mut at = first;
    loop {
        let last_of_word = if paid == Token::Zero { 0 } else { 255 };
        if is_there(at) || at & 255 == last_of_word {
            return (at * spacing, is_there(at));
        }
        at += if paid == Token::Zero { -1 } else { 1 };
    }
}

proptest! {
    #[test]
    fn steps_end_where_the_contracts_do(
        spacing in prop_oneof![Just(1), Just(10), Just(60), Just(200)],
        places in prop::collection::btree_set(-700..700_i32, 0..6),
        from in -120_000..120_000_i32,
    ) {
        let indices: Vec<i32> = places.iter().map(|place| place * spacing).collect();
        let ticks = with(spacing, &indices);
        for from in indices.iter().flat_map(|index| [index - 1, *index, index + 1]).chain([from]) {
            for paid in [Token::Zero, Token::One] {
                let next = ticks.next(tick(from), paid);
                let found = (next.tick.index(), next.place.is_some());
                prop_assert_eq!(found, naive(&ticks, from, paid), "from {} {:?}", from, paid);
                if let Some(place) = next.place {
                    prop_assert_eq!(ticks.iter().nth(place).unwrap().0, next.tick.index());
                }
            }
        }
    }
}

#[test]
fn the_last_step_ends_at_the_last_tick() {
    let ticks = with(200, &[]);
    assert_eq!(ticks.next(tick(-887_200), Token::Zero).tick, Tick::MIN);
    assert_eq!(ticks.next(tick(887_200), Token::One).tick, Tick::MAX);
}

#[test]
fn what_the_spacing_does_not_divide_is_refused() {
    let mut ticks = with(10, &[20]);
    assert_eq!(ticks.set(tick(15), TickInfo { gross: 1, ..TickInfo::default() }), Err(PoolError::Tick));
    for spacing in [0, -10, 1 << 14] {
        assert_eq!(Ticks::new(spacing).err(), Some(PoolError::Tick));
    }
    assert_eq!(ticks.get(tick(20)).gross, 1);
    assert_eq!(ticks.get(tick(30)), TickInfo::default());
    ticks.set(tick(20), TickInfo::default()).unwrap();
    ticks.set(tick(30), TickInfo::default()).unwrap();
    assert_eq!(ticks.iter().count(), 0);
}

#[test]
fn a_tick_holds_as_much_as_in_the_contract() {
    // Of the contract's own tests (`Tick.spec.ts`), by spacing.
    for (spacing, most) in [
        (10, 1_917_569_901_783_203_986_719_870_431_555_990),
        (60, 11_505_743_598_341_114_571_880_798_222_544_994),
        (200, 38_350_317_471_085_141_830_651_933_667_504_588),
    ] {
        assert_eq!(with(spacing, &[]).liquidity_max(), most);
    }
}
