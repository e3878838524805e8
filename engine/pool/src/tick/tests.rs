use super::*;
use proptest::prelude::*;

fn root(digits: &str) -> SqrtPrice {
    SqrtPrice::new(digits.parse().unwrap()).unwrap()
}

#[test]
fn the_ends_are_those_of_the_contract() {
    assert_eq!(Tick::MIN.sqrt_price(), SqrtPrice::MIN);
    assert_eq!(Tick::MAX.sqrt_price(), SqrtPrice::MAX);
    assert_eq!(SqrtPrice::MIN, root("4295128739"));
    assert_eq!(SqrtPrice::MAX, root("1461446703485210103287273052203988822378723970342"));
    assert_eq!(Tick::at(SqrtPrice::MIN), Tick::MIN);
    assert_eq!(Tick::at(SqrtPrice::MAX), Tick::MAX);
    let last = SqrtPrice::MAX.root().wrapping_sub(U256::ONE);
    assert_eq!(Tick::at(SqrtPrice(last)).index(), 887_271);
}

#[test]
fn prices_near_one_are_those_of_the_contract() {
    for (tick, expected) in [
        (0, "79228162514264337593543950336"),
        (1, "79232123823359799118286999568"),
        (-1, "79224201403219477170569942574"),
        (50, "79426470787362580746886972461"),
        (-50, "79030349367926598376800521322"),
        (100, "79625275426524748796330556128"),
        (-100, "78833030112140176575862854579"),
    ] {
        assert_eq!(Tick::new(tick).unwrap().sqrt_price(), root(expected), "{tick}");
    }
}

#[test]
fn what_is_beyond_the_ends_is_refused() {
    assert_eq!(Tick::new(887_273), Err(PoolError::Tick));
    assert_eq!(Tick::new(-887_273), Err(PoolError::Tick));
    assert_eq!(Tick::new(i32::MIN), Err(PoolError::Tick));
    assert_eq!(SqrtPrice::new(U256::from(4_295_128_738_u64)), Err(PoolError::Price));
    assert_eq!(SqrtPrice::new(SqrtPrice::MAX.root().wrapping_add(U256::ONE)), Err(PoolError::Price));
    assert_eq!(SqrtPrice::new(U256::MAX), Err(PoolError::Price));
}

#[test]
fn a_pool_that_fell_to_a_tick_may_say_the_tick_below() {
    let tick = Tick::new(1_620).unwrap();
    let below = Tick::new(1_619).unwrap();
    let at = tick.sqrt_price();
    assert!(at.allows(tick) && at.allows(below));
    assert!(!at.allows(Tick::new(1_621).unwrap()) && !at.allows(Tick::new(1_618).unwrap()));
    let above = SqrtPrice(at.root().wrapping_add(U256::ONE));
    assert!(above.allows(tick) && !above.allows(below));
}

#[test]
fn ticks_near_powers_of_two_come_back() {
    for power in 0..20 {
        for index in [(1 << power) - 1, 1 << power, (1 << power) + 1] {
            for tick in [index, -index].map(Tick::clamped) {
                assert_eq!(Tick::at(tick.sqrt_price()), tick);
            }
        }
    }
}

proptest! {
    #[test]
    fn a_tick_is_the_greatest_not_above_its_price(index in -887_272..887_272_i32, part in 0..1_000_000_000_u64) {
        let tick = Tick::new(index).unwrap();
        let (low, high) = (tick.sqrt_price(), Tick::new(index + 1).unwrap().sqrt_price());
        prop_assert!(low < high);
        prop_assert_eq!(Tick::at(low), tick);
        let last = SqrtPrice(high.root().wrapping_sub(U256::ONE));
        prop_assert_eq!(Tick::at(last), tick);
        let step = high.root().wrapping_sub(low.root());
        let within = low.root().wrapping_add(step.mul_div(U256::from(part), U256::from(1_000_000_000_u64)).unwrap());
        prop_assert_eq!(Tick::at(SqrtPrice(within)), tick);
    }

    #[test]
    fn a_price_is_that_of_the_power(index in -887_272..=887_272_i32) {
        let expected = libm::exp(f64::from(index) * 0.5 * libm::log1p(1e-4));
        let root = Tick::new(index).unwrap().sqrt_price().to_f64();
        // The lowest prices have ten digits only.
        prop_assert!((root / expected - 1.0).abs() < 1e-9, "{} for {}", root, expected);
    }
}
