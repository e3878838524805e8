use super::*;
use crate::amount::Token;
use crate::event::Swap;
use crate::step::Quantity;
use crate::wide::U256;

const FREE: Costs = Costs { mint: 0.0, burn: 0.0, swap: 0.0, swap_part: 0.0 };
const NEVER: Rule = Rule { half_width: Some(100), recentre_after: None };
const SOON: Rule = Rule { half_width: Some(100), recentre_after: Some(60) };
const WHOLE: Rule = Rule { half_width: None, recentre_after: None };

fn tick(index: i32) -> Tick {
    Tick::new(index).unwrap()
}

fn terms(costs: Costs) -> Terms {
    let units = Units::new(Token::Zero, (6, 6));
    Terms { fee: 3_000, spacing: 10, protocol: [ProtocolFee::Off; 2], units, costs, capital: 1_000.0 }
}

fn near(one: f64, other: f64, error: f64) -> bool {
    (one - other).abs() <= error * one.abs().max(other.abs()).max(1e-9)
}

/// Swaps that take the price to these ticks, a minute apart.
fn events(path: &[i32]) -> Vec<Event> {
    let mut pool = Pool::new(tick(5).sqrt_price(), 3_000, 10, [ProtocolFee::Off; 2]).unwrap();
    pool.mint(&Range::new(tick(-5_000), tick(5_000)).unwrap(), 1 << 60).unwrap();
    let walk = |(minute, end): (i64, &i32)| {
        let token = if *end < pool.state().tick.index() { Token::Zero } else { Token::One };
        let much = Quantity::In(U256::ONE.wrapping_shl(100));
        let trade = pool.swap(token, much, Some(tick(*end).sqrt_price())).unwrap();
        let after = trade.after;
        let (paid, received) = (trade.paid, trade.received);
        let (price, tick, liquidity) = (after.price, after.tick, after.liquidity);
        let what = What::Swap(Swap { token, paid, received, price, tick, liquidity });
        Event { block: 1, time: DAY * 19_000 + minute * 60, what }
    };
    (0..).zip(path).map(walk).collect()
}

fn play(path: &[i32], costs: Costs, rules: &[Rule]) -> Backtest {
    run(&events(path), &terms(costs), rules).unwrap().unwrap()
}

#[test]
fn the_parts_are_the_whole() {
    let costs = Costs { mint: 2.0, burn: 1.0, swap: 0.5, swap_part: 0.001 };
    let path = [6, 50, -70, 150, 160, 170, 20, -180, -190, -200, 33];
    for account in play(&path, costs, &[NEVER, SOON, WHOLE]).accounts {
        let sums = account.sums();
        let position = account.curve.value(account.price) + account.open_fees();
        assert!(near(sums.equity, position - sums.gas, 1e-12));
        let parts = sums.held + sums.divergence() + sums.fees - sums.gas - sums.swaps;
        assert!(near(sums.equity, parts, 1e-12));
        assert!(near(sums.held, account.held.0 * account.price + account.held.1, 1e-12));
        assert!(sums.fees > 0.0 && sums.rebalancing > 0.0, "{sums:?}");
    }
}

#[test]
fn where_nothing_moves_what_is_lost_to_rebalancing_is_what_the_value_lost() {
    let path = [6, 20, -30, 60, 80, 6];
    let account = &play(&path, FREE, &[NEVER]).accounts[0];
    let sums = account.sums();
    // Back at the price of the beginning holding lost nothing and the position earned its fees: divergence is nil, rebalancing made much.
    assert!(sums.divergence().abs() < 1e-6 * sums.held, "{sums:?}");
    let units = terms(FREE).units;
    let prices: Vec<f64> = path.iter().map(|index| units.price(tick(*index).sqrt_price())).collect();
    let steps = prices.iter().zip(&prices[1..]);
    let rebalanced: f64 = steps.map(|(before, after)| account.curve.base(*before) * (after - before)).sum();
    assert!(near(sums.rebalancing, rebalanced, 1e-6), "{} {rebalanced}", sums.rebalancing);
    assert!(near(account.terms.capital, sums.held, 1e-6));
}

#[test]
fn fees_are_the_share_of_what_was_paid() {
    let events = events(&[6, 50]);
    let What::Swap(swap) = events[1].what else { panic!("a swap") };
    let account = &run(&events, &terms(FREE), &[NEVER]).unwrap().unwrap().accounts[0];
    let ours = account.share().liquidity();
    let part = U256::from(ours).to_f64() / U256::from(ours + (1 << 60)).to_f64();
    let expected = swap.paid.to_f64() * 0.003 * part / 1e6;
    assert!(near(account.sums().fees, expected, 1e-3), "{} {expected}", account.sums().fees);
}

#[test]
fn a_position_out_of_range_moves_after_its_time() {
    let costs = Costs { mint: 2.0, burn: 1.0, swap: 0.5, swap_part: 0.001 };
    // Out at minute 2, still out one and two minutes later.
    let path = [6, 50, 250, 260, 270, 280];
    let back = play(&path, costs, &[NEVER, SOON]);
    let [never, soon] = [&back.accounts[0], &back.accounts[1]].map(Account::sums);
    assert_eq!((never.moves, soon.moves), (0, 1));
    assert!(near(never.gas, 2.0, 1e-12) && near(soon.gas, 2.0 + 3.5, 1e-12));
    assert!(near(never.swaps, 0.0, 1e-12));
    // All is quote, and about half of it is swapped.
    assert!(near(soon.swaps, 0.001 * 500.0, 0.1), "{soon:?}");
    assert_eq!((never.in_range, soon.in_range), (120, 120 + 120));
    assert!(back.accounts[1].share().range().lower() > tick(100));
    assert_eq!((back.swaps, back.seconds), (6, 300));
    assert!(soon.fees > never.fees);
}

#[test]
fn ranges_are_what_the_pool_can_use() {
    let range = |half_width, at| {
        let range = Rule { half_width, recentre_after: None }.range(tick(at), 60).unwrap();
        (range.lower().index(), range.upper().index())
    };
    assert_eq!(range(None, 77), (-887_220, 887_220));
    assert_eq!(range(Some(100), 0), (-120, 120));
    assert_eq!(range(Some(0), 60), (60, 120));
    assert_eq!(range(Some(0), 119), (60, 120));
    assert_eq!(range(Some(i32::MAX), -5), (-887_220, 887_220));
    assert_eq!(range(Some(60), -887_270), (-887_220, -887_160));
}

#[test]
fn each_day_has_a_row() {
    let mut events = events(&[6, 50, -70, 20, 10, 30]);
    for (event, day) in events.iter_mut().zip([0, 0, 1, 1, 3, 3]) {
        event.time += day * DAY;
    }
    let account = &run(&events, &terms(FREE), &[NEVER]).unwrap().unwrap().accounts[0];
    let days: Vec<_> = account.rows().iter().map(|row| row.day).collect();
    assert_eq!(days, [19_000, 19_001, 19_003]);
    let fees: Vec<_> = account.rows().iter().map(|row| row.sums.fees).collect();
    assert!(fees[0] < fees[1] && fees[1] < fees[2]);
    assert_eq!(account.rows()[2].sums, account.sums());
    assert!(run(&[], &terms(FREE), &[NEVER]).unwrap().is_none());
}
