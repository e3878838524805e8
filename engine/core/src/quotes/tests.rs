use super::*;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

fn wanted(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> DesiredQuotes {
    let mut desired = DesiredQuotes::NONE;
    for (side, levels) in [(Side::Bid, bids), (Side::Ask, asks)] {
        for &(ticks, lots) in levels {
            desired.side_mut(side).push(Level { price: Price(ticks), lots: Lots(lots) }).unwrap();
        }
    }
    desired
}

fn order(id: u64, side: Side, ticks: i64, lots: i64, status: LiveStatus) -> LiveQuote {
    LiveQuote { client_id: ClientOrderId(id), side, price: Price(ticks), remaining: Lots(lots), status }
}

fn place(side: Side, ticks: i64, lots: i64) -> Place {
    Place { side, price: Price(ticks), lots: Lots(lots) }
}

/// The planned actions, all of which fit.
fn plan(desired: &DesiredQuotes, live: &[LiveQuote], tolerance: Tolerance) -> (Vec<u64>, Vec<Place>) {
    let mut actions = Actions::new();
    assert_eq!(diff(desired, live.iter().copied(), tolerance, &mut actions), Planned::All);
    (actions.cancels().iter().map(|id| id.0).collect(), actions.places().to_vec())
}

/// What the live orders are once the actions are on their way.
fn carry_out(live: &mut Vec<LiveQuote>, actions: &Actions, next_id: &mut u64) {
    for quote in live.iter_mut().filter(|quote| actions.cancels().contains(&quote.client_id)) {
        quote.status = match quote.status {
            LiveStatus::Unknown => LiveStatus::UnknownCancelling,
            LiveStatus::Pending | LiveStatus::Live => LiveStatus::Cancelling,
            LiveStatus::Cancelling | LiveStatus::UnknownCancelling => panic!("cancelled twice"),
        };
    }
    for place in actions.places() {
        live.push(order(*next_id, place.side, place.price.0, place.lots.0, LiveStatus::Pending));
        *next_id += 1;
    }
}

fn standing(quote: &LiveQuote) -> bool {
    matches!(quote.status, LiveStatus::Pending | LiveStatus::Live)
}

#[test]
fn from_nothing_everything_is_placed_best_first() {
    let desired = wanted(&[(99, 5), (98, 7)], &[(101, 5)]);
    let expected = vec![place(Side::Bid, 99, 5), place(Side::Bid, 98, 7), place(Side::Ask, 101, 5)];
    assert_eq!(plan(&desired, &[], Tolerance::EXACT), (vec![], expected));
}

#[test]
fn an_order_at_a_wanted_price_keeps_its_place_in_the_queue() {
    let live = [order(1, Side::Bid, 99, 5, LiveStatus::Live), order(2, Side::Ask, 102, 5, LiveStatus::Live)];
    let desired = wanted(&[(99, 5)], &[(101, 5)]);
    assert_eq!(plan(&desired, &live, Tolerance::EXACT), (vec![2], vec![place(Side::Ask, 101, 5)]));
}

#[test]
fn a_pending_order_counts_as_present() {
    let live = [order(1, Side::Bid, 99, 5, LiveStatus::Pending)];
    assert_eq!(plan(&wanted(&[(99, 5)], &[]), &live, Tolerance::EXACT), (vec![], vec![]));
}

#[test]
fn an_order_being_cancelled_is_replaced_without_waiting() {
    let live = [order(1, Side::Bid, 99, 5, LiveStatus::Cancelling)];
    assert_eq!(
        plan(&wanted(&[(98, 5)], &[]), &live, Tolerance::EXACT),
        (vec![], vec![place(Side::Bid, 98, 5)])
    );
    assert_eq!(
        plan(&wanted(&[(99, 5)], &[]), &live, Tolerance::EXACT),
        (vec![], vec![place(Side::Bid, 99, 5)])
    );
}

#[test]
fn an_order_of_unknown_fate_is_cancelled_once_and_takes_the_place_of_a_quote() {
    let desired = wanted(&[(99, 5), (98, 5)], &[(101, 5)]);
    let rest = vec![place(Side::Bid, 98, 5), place(Side::Ask, 101, 5)];
    let unknown = order(1, Side::Bid, 90, 5, LiveStatus::Unknown);
    assert_eq!(plan(&desired, &[unknown], Tolerance::EXACT), (vec![1], rest.clone()));
    let cancelling = LiveQuote { status: LiveStatus::UnknownCancelling, ..unknown };
    assert_eq!(plan(&desired, &[cancelling], Tolerance::EXACT), (vec![], rest));
    let large = LiveQuote { remaining: Lots(6), ..unknown };
    assert_eq!(plan(&desired, &[large], Tolerance::EXACT), (vec![1], vec![place(Side::Ask, 101, 5)]));
}

#[test]
fn of_two_orders_at_one_level_the_older_stays() {
    let desired = wanted(&[(99, 5)], &[]);
    let (old, young) =
        (order(1, Side::Bid, 99, 5, LiveStatus::Live), order(2, Side::Bid, 99, 5, LiveStatus::Live));
    assert_eq!(plan(&desired, &[old, young], Tolerance::EXACT), (vec![2], vec![]));
    assert_eq!(plan(&desired, &[young, old], Tolerance::EXACT), (vec![2], vec![]));
}

#[test]
fn an_order_on_the_other_side_is_no_match() {
    let live = [order(1, Side::Ask, 99, 5, LiveStatus::Live)];
    assert_eq!(
        plan(&wanted(&[(99, 5)], &[]), &live, Tolerance::EXACT),
        (vec![1], vec![place(Side::Bid, 99, 5)])
    );
}

#[test]
fn the_price_tolerance_keeps_deeper_orders_only() {
    let tolerance = Tolerance { price: Ticks(2), size: Rate(0) };
    let kept = |side, ticks, desired: &DesiredQuotes| {
        plan(desired, &[order(1, side, ticks, 5, LiveStatus::Live)], tolerance) == (vec![], vec![])
    };
    let bid = wanted(&[(99, 5)], &[]);
    let stays = |ticks| kept(Side::Bid, ticks, &bid);
    assert_eq!([96, 97, 98, 99, 100].map(stays), [false, true, true, true, false]);
    let ask = wanted(&[], &[(101, 5)]);
    let stays = |ticks| kept(Side::Ask, ticks, &ask);
    assert_eq!([100, 101, 102, 103, 104].map(stays), [false, true, true, true, false]);
}

#[test]
fn a_price_that_flickers_within_the_tolerance_costs_one_replacement() {
    let tolerance = Tolerance { price: Ticks(1), size: Rate(0) };
    let (mut live, mut next_id, mut actions) =
        (vec![order(0, Side::Bid, 100, 5, LiveStatus::Live)], 1, Actions::new());
    for step in 0..10 {
        let _ = diff(&wanted(&[(100 - step % 2, 5)], &[]), live.iter().copied(), tolerance, &mut actions);
        carry_out(&mut live, &actions, &mut next_id);
    }
    assert_eq!(next_id, 2);
}

#[test]
fn the_size_tolerance_is_a_share_of_the_wanted_size() {
    let kept = |remaining, size| {
        let live = [order(1, Side::Bid, 99, remaining, LiveStatus::Live)];
        let (cancels, places) = plan(&wanted(&[(99, 100)], &[]), &live, Tolerance { price: Ticks(0), size });
        assert_eq!(cancels.len(), places.len());
        places.is_empty()
    };
    let tenth = Rate::from_bps(1_000);
    assert_eq!([89, 90, 100, 110, 111].map(|lots| kept(lots, tenth)), [false, true, true, true, false]);
    assert_eq!([99, 100, 101].map(|lots| kept(lots, Rate(0))), [false, true, false]);
    assert!(kept(1, Rate::ONE)); // the rest of a partial fill stays, however small
}

#[test]
fn more_cancels_than_fit_come_in_turns_and_nothing_is_placed_before() {
    let desired = wanted(&[(99, 5)], &[]);
    let mut live: Vec<_> =
        (0..CANCELS_MAX as u64 + 3).map(|id| order(id, Side::Bid, 50, 1, LiveStatus::Live)).collect();
    let (mut actions, mut next_id) = (Actions::new(), 1_000);
    assert_eq!(
        diff(&desired, live.iter().copied(), Tolerance::EXACT, &mut actions),
        Planned::CancelsLeft { count: 3 }
    );
    assert_eq!((actions.cancels().len(), actions.places().len()), (CANCELS_MAX, 0));
    carry_out(&mut live, &actions, &mut next_id);
    assert_eq!(diff(&desired, live.iter().copied(), Tolerance::EXACT, &mut actions), Planned::All);
    assert_eq!((actions.cancels().len(), actions.places().len()), (3, 1));
}

#[test]
fn full_ladders_fit() {
    let bids: Vec<_> = (1..).take(QUOTES_PER_SIDE_MAX).map(|depth| (100 - depth, 1)).collect();
    let asks: Vec<_> = (1..).take(QUOTES_PER_SIDE_MAX).map(|depth| (100 + depth, 1)).collect();
    assert_eq!(plan(&wanted(&bids, &asks), &[], Tolerance::EXACT).1.len(), PLACES_MAX);
}

/// How much deeper `quote` stands than `level`, where that and its size are tolerable.
fn depth_below(tolerance: Tolerance, level: &Level, quote: &LiveQuote) -> Option<Ticks> {
    let depth = Ticks((level.price - quote.price).0 * quote.side.sign());
    let size_off = i128::from((quote.remaining - level.lots).abs().0) * i128::from(Rate::ONE.0);
    let size_fits = size_off <= i128::from(level.lots.0) * i128::from(tolerance.size.0);
    (depth >= Ticks(0) && depth <= tolerance.price && size_fits).then_some(depth)
}

fn ladder(side: Side) -> impl Strategy<Value = Vec<(i64, i64)>> {
    proptest::collection::btree_map(0..15i64, 1..20i64, 0..=10).prop_map(move |levels| {
        levels.into_iter().map(|(depth, lots)| (Price(100).away(side, Ticks(depth + 1)).0, lots)).collect()
    })
}

fn desired() -> impl Strategy<Value = DesiredQuotes> {
    (ladder(Side::Bid), ladder(Side::Ask)).prop_map(|(bids, asks)| wanted(&bids, &asks))
}

fn live_order(known: bool) -> impl Strategy<Value = (Side, i64, i64, LiveStatus)> {
    let statuses = if known {
        vec![LiveStatus::Pending, LiveStatus::Live, LiveStatus::Cancelling]
    } else {
        vec![
            LiveStatus::Pending,
            LiveStatus::Live,
            LiveStatus::Cancelling,
            LiveStatus::Unknown,
            LiveStatus::UnknownCancelling,
        ]
    };
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    (side, 1..18i64, 1..20i64, proptest::sample::select(statuses))
}

/// Some live orders, in any order of age.
fn live(known: bool) -> impl Strategy<Value = Vec<LiveQuote>> {
    let orders = proptest::collection::vec(live_order(known), 0..25).prop_map(|orders| {
        let numbered = orders.into_iter().zip(1u64..);
        let quote = |((side, depth, lots, status), id)| {
            order(id, side, Price(100).away(side, Ticks(depth)).0, lots, status)
        };
        numbered.map(quote).collect::<Vec<_>>()
    });
    orders.prop_shuffle()
}

fn tolerance() -> impl Strategy<Value = Tolerance> {
    (0..4i64, 0..=10_000i64)
        .prop_map(|(ticks, bps)| Tolerance { price: Ticks(ticks), size: Rate::from_bps(bps) })
}

proptest! {
    #[test]
    fn the_actions_lead_to_the_wanted_quotes(desired in desired(), mut live in live(true), tolerance in tolerance()) {
        let (mut actions, mut next_id) = (Actions::new(), 1_000);
        prop_assert_eq!(diff(&desired, live.iter().copied(), tolerance, &mut actions), Planned::All);
        carry_out(&mut live, &actions, &mut next_id);
        for side in Side::BOTH {
            // Every standing order is one that its nearest level tolerates, and every level has exactly one.
            let mut answered: Vec<_> = live.iter().filter(|quote| standing(quote) && quote.side == side)
                .map(|quote| {
                    let levels = desired.side(side).levels().iter();
                    levels.filter_map(|level| depth_below(tolerance, level, quote).map(|depth| (depth, level.price))).min()
                })
                .map(|nearest| nearest.map(|(_, price)| price)).collect();
            let mut levels: Vec<_> = desired.side(side).levels().iter().map(|level| Some(level.price)).collect();
            answered.sort_unstable();
            levels.sort_unstable();
            prop_assert_eq!(answered, levels);
        }
    }

    #[test]
    fn a_second_diff_finds_nothing_to_do(desired in desired(), mut live in live(false), tolerance in tolerance()) {
        let (mut actions, mut next_id) = (Actions::new(), 1_000);
        let _ = diff(&desired, live.iter().copied(), tolerance, &mut actions);
        carry_out(&mut live, &actions, &mut next_id);
        prop_assert_eq!(diff(&desired, live.iter().copied(), tolerance, &mut actions), Planned::All);
        prop_assert!(actions.is_empty(), "{:?} {:?}", actions.cancels(), actions.places());
    }

    #[test]
    fn an_order_exactly_as_wanted_is_never_cancelled_unless_an_older_one_is(
        desired in desired(), live in live(false), tolerance in tolerance(),
    ) {
        let mut actions = Actions::new();
        let _ = diff(&desired, live.iter().copied(), tolerance, &mut actions);
        for quote in live.iter().filter(|quote| standing(quote)) {
            let mut levels = desired.side(quote.side).levels().iter();
            let Some(level) = levels.find(|level| level.price == quote.price) else { continue };
            let older = live.iter().any(|other| {
                standing(other) && other.side == quote.side && other.price == quote.price
                    && other.client_id < quote.client_id
            });
            if level.lots == quote.remaining && !older {
                prop_assert!(!actions.cancels().contains(&quote.client_id), "{quote:?}");
            }
        }
    }

    #[test]
    fn the_order_in_which_live_quotes_are_shown_does_not_matter(
        (one, other) in live(false).prop_flat_map(|live| (Just(live.clone()), Just(live).prop_shuffle())),
        desired in desired(), tolerance in tolerance(),
    ) {
        let ((mut cancels, places), (mut other_cancels, other_places)) =
            (plan(&desired, &one, tolerance), plan(&desired, &other, tolerance));
        cancels.sort_unstable();
        other_cancels.sort_unstable();
        prop_assert_eq!((cancels, places), (other_cancels, other_places));
    }

    #[test]
    fn orders_of_unknown_fate_and_new_ones_together_are_no_more_than_is_missing(
        desired in desired(), live in live(false), tolerance in tolerance(),
    ) {
        let mut actions = Actions::new();
        let _ = diff(&desired, live.iter().copied(), tolerance, &mut actions);
        let known: Vec<_> = live.iter().copied()
            .filter(|quote| !matches!(quote.status, LiveStatus::Unknown | LiveStatus::UnknownCancelling)).collect();
        let (_, missing) = plan(&desired, &known, tolerance);
        for side in Side::BOTH {
            let sum = |places: &[Place]| -> i64 {
                places.iter().filter(|place| place.side == side).map(|place| place.lots.0).sum()
            };
            let unknown = live.iter().filter(|quote| quote.side == side && !known.contains(quote));
            let room = sum(&missing) - unknown.map(|quote| quote.remaining.0).sum::<i64>();
            prop_assert!(sum(actions.places()) <= room.max(0));
        }
        for quote in live.iter().filter(|quote| quote.status == LiveStatus::Unknown) {
            prop_assert!(actions.cancels().contains(&quote.client_id));
        }
    }
}
