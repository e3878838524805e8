use super::*;
use crate::model::tests::{inputs, level, spec, wanted};
use alloc::vec;
use ballast_model::Contract;
use proptest::prelude::*;

const PARAMS: GridParams = GridParams {
    range: GridRange::Prices(Price(900), Price(1_100)),
    spacing: GridSpacing::Arithmetic,
    cells: 4,
    levels_max: QUOTES_PER_SIDE_MAX,
    size: Lots(10),
    maker_fee: Rate(0),
};

/// A grid that has drawn its lines at a touch.
fn drawn(params: GridParams, bid: i64, ask: i64) -> Grid {
    let mut grid = Grid::new(params).unwrap();
    wanted(&mut grid, &inputs(bid, ask)).unwrap();
    grid
}

/// Prices and sizes of both sides, best first.
fn ladders(grid: &mut Grid, bid: i64, ask: i64, inventory: i64) -> [Vec<Level>; 2] {
    let quotes = wanted(grid, &QuoteInputs { inventory: Lots(inventory), ..inputs(bid, ask) }).unwrap();
    Side::BOTH.map(|side| quotes.side(side).levels().to_vec())
}

#[test]
fn a_flat_grid_bids_below_the_market_and_offers_above_it_with_one_line_free() {
    let mut grid = drawn(PARAMS, 1_009, 1_011);
    assert_eq!(grid.lines(), [900, 950, 1_000, 1_050, 1_100].map(Price));
    let [bids, asks] = ladders(&mut grid, 1_009, 1_011, 0);
    assert_eq!(bids, [level(1_000, 10), level(950, 10), level(900, 10)]);
    assert_eq!(asks, [level(1_100, 10)]);
}

#[test]
fn a_copy_has_room_for_all_its_lines() {
    let copy = Grid::new(PARAMS).unwrap().clone();
    assert!(copy.lines.is_empty() && copy.lines.capacity() > PARAMS.cells, "{}", copy.lines.capacity());
    let drawn = drawn(PARAMS, 1_009, 1_011);
    assert_eq!(drawn.clone().lines(), drawn.lines());
}

#[test]
fn the_capital_of_a_grid_is_known_before_it_is_drawn() {
    let spec = spec("0.01", "0.001", Contract::Linear, 1);
    for params in [PARAMS, GridParams { range: GridRange::AroundMid(Rate::from_bps(1_000)), ..PARAMS }] {
        for (bid, ask) in [(1_009, 1_011), (929, 931), (1_099, 1_101)] {
            let drawn = drawn(params, bid, ask);
            let capital = drawn.capital(&spec);
            assert!(capital.quote > Money::ZERO);
            let told = |grid: &Grid| grid.capital_at(HalfTicks(bid + ask), &spec);
            assert_eq!(told(&Grid::new(params).unwrap()), Ok(capital));
            assert_eq!(told(&drawn), Ok(capital), "whatever it has drawn before");
        }
    }
    let narrow = Grid::new(GridParams { range: GridRange::Prices(Price(1_000), Price(1_002)), ..PARAMS });
    assert_eq!(narrow.unwrap().capital_at(HalfTicks(2_001), &spec), Err(Hold::GridTooNarrow));
}

#[test]
fn a_buy_at_one_line_places_a_sell_at_the_next_and_the_other_way_round() {
    let mut grid = drawn(PARAMS, 1_009, 1_011);
    // The bid at 1000 is filled: it comes back as an offer at 1050.
    let [bids, asks] = ladders(&mut grid, 999, 1_001, 10);
    assert_eq!(bids, [level(950, 10), level(900, 10)]);
    assert_eq!(asks, [level(1_050, 10), level(1_100, 10)]);
    // Then the offer at 1050, and the one at 1100: a bid at 1050.
    let [bids, asks] = ladders(&mut grid, 1_099, 1_101, -10);
    assert_eq!(bids, [level(1_050, 10), level(1_000, 10), level(950, 10), level(900, 10)]);
    assert_eq!(asks, []);
}

#[test]
fn what_is_partly_filled_stands_on_both_lines_of_its_cell() {
    let mut grid = drawn(PARAMS, 1_009, 1_011);
    let [bids, asks] = ladders(&mut grid, 1_009, 1_011, 4);
    assert_eq!(bids, [level(1_000, 6), level(950, 10), level(900, 10)]);
    assert_eq!(asks, [level(1_050, 4), level(1_100, 10)]);
}

#[test]
fn lines_the_market_has_passed_are_quoted_one_at_a_time_at_a_passive_price() {
    let mut grid = drawn(PARAMS, 1_009, 1_011);
    let [bids, asks] = ladders(&mut grid, 929, 931, 0);
    assert_eq!((bids, asks), (vec![level(930, 10), level(900, 10)], vec![level(1_100, 10)]));
    // What is left of a partly filled line joins the next up to one order.
    let [_, asks] = ladders(&mut grid, 1_100, 1_102, 4);
    assert_eq!(asks, [level(1_101, 10)]);
    // Out of the range altogether.
    let [bids, _] = ladders(&mut grid, 809, 811, 0);
    assert_eq!(bids, [level(810, 10)]);
}

#[test]
fn the_nearest_levels_are_shown_where_there_are_too_many() {
    let mut grid = drawn(GridParams { levels_max: 1, ..PARAMS }, 1_009, 1_011);
    assert_eq!(ladders(&mut grid, 1_009, 1_011, 0), [vec![level(1_000, 10)], vec![level(1_100, 10)]]);
}

#[test]
fn one_cell_and_the_top_line_are_no_special_cases() {
    let one = drawn(GridParams { cells: 1, ..PARAMS }, 1_009, 1_011);
    assert_eq!(one.lines(), [900, 1_100].map(Price));
    // 200 ticks in 7 cells is no whole number: the top line is there all the same.
    let seven = drawn(GridParams { cells: 7, ..PARAMS }, 1_009, 1_011);
    assert_eq!(seven.lines(), [900, 929, 957, 986, 1_014, 1_043, 1_071, 1_100].map(Price));
    let geometric = drawn(GridParams { spacing: GridSpacing::Geometric, ..PARAMS }, 1_009, 1_011);
    // 900 · (11/9)^(i/4)
    assert_eq!(geometric.lines(), [900, 946, 995, 1_046, 1_100].map(Price));
    let around = GridParams { range: GridRange::AroundMid(Rate::from_bps(100)), cells: 2, ..PARAMS };
    // 1% of 1010.5 either way, outward.
    assert_eq!(drawn(around, 1_010, 1_011).lines(), [1_000, 1_011, 1_021].map(Price));
}

#[test]
fn a_grid_that_earns_nothing_holds() {
    let narrow = GridParams { range: GridRange::Prices(Price(1_000), Price(1_003)), cells: 4, ..PARAMS };
    assert_eq!(wanted(&mut Grid::new(narrow).unwrap(), &inputs(1_001, 1_002)), Err(Hold::GridTooNarrow));
    // 50 ticks of 1000 are 500 bp; fees of both sides eat them at a little under 250 bp each.
    let fee = |bps| GridParams { maker_fee: Rate::from_bps(bps), ..PARAMS };
    assert_eq!(wanted(&mut Grid::new(fee(250)).unwrap(), &inputs(1_009, 1_011)), Err(Hold::GridTooNarrow));
    let sound = drawn(fee(100), 1_009, 1_011);
    let trips: Vec<_> = sound.round_trips().collect();
    // 50 − 1% of (900 + 950)
    assert!((trips[0] - 31.5).abs() < 1e-9 && trips.len() == 4, "{trips:?}");
}

#[test]
fn capital_is_what_the_open_lines_would_cost() {
    let spec = spec("0.01", "0.001", Contract::Linear, 1);
    let capital = drawn(PARAMS, 1_009, 1_011).capital(&spec);
    // 0.010 base at 9.00, 9.50 and 10.00; one offer of 0.010.
    assert_eq!(capital, GridCapital { quote: Money(285 * 10i128.pow(15)), base: Lots(10) });
}

#[test]
fn wrong_parameters_are_refused() {
    for (params, error) in [
        (GridParams { cells: 0, ..PARAMS }, ModelParamError::Levels),
        (GridParams { cells: QUOTES_PER_SIDE_MAX + 1, ..PARAMS }, ModelParamError::Levels),
        (GridParams { levels_max: 0, ..PARAMS }, ModelParamError::Levels),
        (GridParams { size: Lots(0), ..PARAMS }, ModelParamError::Size),
        (GridParams { range: GridRange::Prices(Price(5), Price(5)), ..PARAMS }, ModelParamError::GridRange),
        (GridParams { range: GridRange::Prices(Price(0), Price(5)), ..PARAMS }, ModelParamError::GridRange),
        (GridParams { range: GridRange::AroundMid(Rate::ONE), ..PARAMS }, ModelParamError::GridRange),
        (GridParams { maker_fee: Rate(Rate::ONE.0 + 1), ..PARAMS }, ModelParamError::ProfitMin),
    ] {
        assert_eq!(Grid::new(params).err(), Some(error), "{params:?}");
    }
}

/// A venue that fills our orders at their own prices, whole or in part, as the market walks.
fn walk(params: GridParams, steps: &[(i64, u8)]) -> Result<(i64, i64, i64), TestCaseError> {
    let mut grid = Grid::new(params).unwrap();
    let (mut mid, mut inventory, mut cash) = (1_000i64, 0i64, 0i64);
    for (step, share) in steps {
        mid = (mid + step).clamp(700, 1_300);
        let [bids, asks] = ladders(&mut grid, mid - 1, mid + 1, inventory);
        prop_assert!(bids.first().zip(asks.first()).is_none_or(|(bid, ask)| bid.price < ask.price));
        // The market comes down to our best bid, or up to our best offer, and takes some of it.
        let (hit, sign) = if *step < 0 { (bids.first(), 1) } else { (asks.first(), -1) };
        if let Some(level) = hit {
            let lots = (level.lots.0 * i64::from(*share) / 255).max(1);
            inventory += sign * lots;
            cash -= sign * lots * level.price.0;
        }
        let room = params.size.0 * i64::try_from(params.cells).unwrap();
        prop_assert!((grid.held_flat.0 + inventory) >= 0 && grid.held_flat.0 + inventory <= room);
    }
    Ok((inventory, cash, grid.held_flat.0))
}

/// What the cells' own fills would have cost: the value at which each unit held or lacking was bought or sold.
fn even_value(params: GridParams, held_flat: i64, inventory: i64) -> i64 {
    let grid = drawn(params, 999, 1_001);
    let cells = i64::try_from(params.cells).unwrap();
    let lower = |unit: i64| {
        // Units fill the cells from the top down.
        grid.lines()[usize::try_from(cells - 1 - unit / params.size.0).unwrap()].0
    };
    let upper = |unit: i64| grid.lines()[usize::try_from(cells - unit / params.size.0).unwrap()].0;
    if inventory >= 0 {
        (held_flat..held_flat + inventory).map(lower).sum()
    } else {
        -(held_flat + inventory..held_flat).map(upper).sum::<i64>()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn round_trips_profit_before_fees_whatever_the_market_does(
        steps in prop::collection::vec((-60..60i64, any::<u8>()), 1..40),
        cells in 1..9usize, size in 1..7i64, geometric in any::<bool>(),
    ) {
        let spacing = if geometric { GridSpacing::Geometric } else { GridSpacing::Arithmetic };
        let params = GridParams { cells, size: Lots(size), spacing, ..PARAMS };
        let (inventory, cash, held_flat) = walk(params, &steps)?;
        // Cash beyond what the open units cost at their own lines was earned by round trips; passive prices only add to it.
        let earned = cash + even_value(params, held_flat, inventory);
        prop_assert!(earned >= 0, "{earned}");
        prop_assert!(inventory != 0 || cash == 0 || earned > 0);
    }

    #[test]
    fn long_inventory_lowers_the_bids_and_enlarges_the_offer(
        inventory in -20..30i64, more in 1..10i64, mid in 850..1_150i64,
    ) {
        let mut grid = drawn(PARAMS, 1_009, 1_011);
        let [bids, asks] = ladders(&mut grid, mid - 1, mid + 1, inventory);
        let [lower_bids, lower_asks] = ladders(&mut grid, mid - 1, mid + 1, inventory + more);
        let best = |levels: &[Level]| levels.first().map(|level| level.price);
        let sum = |levels: &[Level]| levels.iter().map(|level| level.lots.0).sum::<i64>();
        prop_assert!(best(&lower_bids).is_none_or(|low| best(&bids).is_some_and(|high| low <= high)));
        prop_assert!(best(&asks).is_none_or(|high| best(&lower_asks).is_some_and(|low| low <= high)));
        prop_assert!(sum(&lower_asks) >= sum(&asks));
    }
}
